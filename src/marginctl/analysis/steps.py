"""The steps of an explanation, and how a formula is put together from other steps.

A formula is a text with the operands as ``{0}``, ``{1}``, ...: shown once with their names and once with their values,
and reckoned again by the tests. Nothing here computes a figure.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from re import split
from typing import TypeAlias

from marginctl.core.account import Account, Equality, Position
from marginctl.core.contract import Contract, ContractType
from marginctl.core.exact import ONE, sign
from marginctl.core.liquidation import PoolState, pool_state
from marginctl.core.pool import partition
from marginctl.core.report import Report
from marginctl.results.explanation import Solution, Step, TierUsed, Value

Parts: TypeAlias = list[str | Step]
"""A formula in the making: texts and the steps that stand between them."""

FRACTION, MULTIPLE, DAYS, HOURS, CONTRACTS = "fraction", "multiple", "days", "hours", "contracts"


def made(
    name: str,
    value: Value,
    unit: str,
    *parts: "str | Step",
    of: str = "",
    figure: str = "",
    note: str = "",
    solution: Solution | None = None,
) -> Step:
    """A step whose formula is the parts one after the other: texts as they stand, steps by their names."""
    order: list[Step] = []
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        if not any(part is one for one in order):
            order.append(part)
        text += f"{{{next(k for k, one in enumerate(order) if one is part)}}}"
    return Step(
        name=name,
        of=of,
        value=value,
        unit=unit,
        formula=text,
        operands=tuple(order),
        figure=figure,
        note=note,
        solution=solution,
    )


def filled(formula: str, steps: Mapping[str, Step]) -> Parts:
    """A formula in names as parts: every name that stands for a step is that step."""
    return [steps.get(word, word) for word in split(r"([a-z_]+)", formula) if word]


def stated(name: str, value: Value, unit: str, key: str, *, of: str = "", figure: str = "", note: str = "") -> Step:
    """A step that follows from nothing: an input, known by its key to ``origins``."""
    return Step(name=name, of=of, value=value, unit=unit, key=key, figure=figure, note=note)


def absent(name: str, unit: str, note: str, *because: Step, of: str = "", figure: str = "") -> Step:
    """A figure that does not exist, why, and what shows it."""
    return Step(name=name, of=of, value=None, unit=unit, operands=because, figure=figure, note=note)


def product(*factors: Step | None) -> Parts:
    """``a x b x c`` of the factors that are there."""
    return joined(" x ", [factor for factor in factors if factor is not None])


def joined(between: str, steps: Iterable[Step]) -> Parts:
    """The steps with a text between them; 0 for none."""
    parts: Parts = []
    for step in steps:
        parts += [between, step] if parts else [step]
    return parts or ["0"]


def signed(terms: Iterable[tuple[int, Step]]) -> Parts:
    """A sum of steps with their signs; 0 for none."""
    parts: Parts = []
    for side, step in terms:
        lead = (" + " if parts else "") if side > 0 else (" - " if parts else "-")
        parts += [lead, step] if lead else [step]
    return parts or ["0"]


def in_tier(step: Step, tier: TierUsed) -> Step:
    """The step with the row of the table that it is taken from."""
    return Step(
        name=step.name,
        of=step.of,
        value=step.value,
        unit=step.unit,
        key=step.key,
        figure=step.figure,
        note=step.note,
        tier=tier,
    )


class Book:
    """An account with its report and pools, and the steps of its inputs; every step is made once."""

    def __init__(self, account: Account, report: Report, given: Mapping[str, Value]) -> None:
        self.account, self.report, self._given = account, report, given
        self.states = [pool_state(pool) for pool in partition(account)]
        self.state_of = {state.pool.name: state for state in self.states}
        self.money = account.currency
        self.builders: dict[str, Callable[[], Step]] = {}
        self._steps: dict[str, Step] = {}

    def figure(self, path: str) -> Step:
        """The step of a figure of the report. Raises KeyError."""
        return self.once(path, lambda _: self.builders[path]())

    def once(self, key: str, build: Callable[[str], Step]) -> Step:
        """The step of a key, made where it is asked for first."""
        if key not in self._steps:
            self._steps[key] = build(key)
        return self._steps[key]

    def is_stated(self, key: str) -> bool:
        """Whether the user wrote this input."""
        return key in self._given

    def stated_value(self, key: str) -> Value:
        """What the user wrote."""
        return self._given[key]

    def pool_of(self, position: Position) -> PoolState:
        """The pool in which a position stands."""
        return next(one for one in self.states if any(held is position for held in one.pool.positions))

    def counts_equality(self, state: PoolState) -> bool:
        """Whether equity exactly at the level is liquidated."""
        return state.pool.rules.equality is Equality.LIQUIDATED

    def level(self, state: PoolState) -> Step:
        """The multiple of the maintenance margin below which a pool is liquidated."""
        section = "isolated_rules" if state.pool.rules is self.account.isolated_rules else "rules"
        return self.once(f"{section}.level", lambda key: stated("level", state.pool.rules.level, "", key))

    def price(self, asset: str) -> Step:
        """Price of one unit of an asset: given, assumed, or that which the mark of a contract gives."""
        return self.once(f"prices.{asset}", lambda key: self._price(asset, key))

    def _price(self, asset: str, key: str) -> Step:
        value = self.account.prices[asset]
        for position in self.account.positions if not self.is_stated(key) else ():
            contract = position.contract
            quote = self.account.prices[contract.quote]
            is_marked = contract.base == asset and self.is_stated(f"marks.{contract.symbol}")
            if is_marked and is_same(position.mark_price * quote, value):
                parts = product(self.mark(contract, position.mark_price), self.money_price(contract.quote))
                return made("price", value, self.money, *parts, of=asset)
        return stated("price", value, self.money, key, of=asset)

    def money_price(self, asset: str) -> Step | None:
        """The price of an asset as a factor, none for the account's currency."""
        return None if asset == self.account.currency else self.price(asset)

    def mark(self, contract: Contract, value: Decimal) -> Step:
        """The mark of a contract: given, or price of the base / price of the quote."""
        return self.once(f"marks.{contract.symbol}", lambda key: self._mark(contract, value, key))

    def _mark(self, contract: Contract, value: Decimal, key: str) -> Step:
        unit = price_unit(contract)
        base, quote = (self.account.prices[asset] for asset in (contract.base, contract.quote))
        if self.is_stated(key) or not is_same(base / quote, value):
            return stated("mark_price", value, unit, key, of=contract.symbol)
        parts = joined(" / ", filter(None, (self.price(contract.base), self.money_price(contract.quote))))
        return made("mark_price", value, unit, *parts, of=contract.symbol)

    def given(self, position: Position, name: str, unit: str, figure: str = "") -> Step:
        """A field of a position, as it was given."""
        key = f"positions.{position.key}.{name}"
        value = getattr(position, name)
        return self.once(f"given {key}", lambda _: stated(f"{name}", value, unit, key, of=position.key, figure=figure))

    def of(self, position: Position, name: str) -> Step:
        """A figure of a position's row."""
        return self.figure(f"positions.{position.key}.{name}")

    def size(self, contract: Contract) -> Step | None:
        """The contract size as a factor; none where a contract is one unit of the base."""
        linear = contract.type is ContractType.LINEAR
        if linear and contract.contract_size == ONE:
            return None
        unit = contract.base if linear else contract.quote
        key = f"contracts.{contract.symbol}.contract_size"
        return self.once(key, lambda _: stated("contract_size", contract.contract_size, unit, key, of=contract.symbol))

    def collateral_path(self, asset: str, state: PoolState) -> str:
        """The path of a row of ``collateral``."""
        several = sum(row.asset == asset for row in self.report.collateral) > 1
        return f"collateral.{asset}@{state.pool.name}" if several else f"collateral.{asset}"


def price_unit(contract: Contract) -> str:
    """``USDT per BTC``."""
    return f"{contract.quote} per {contract.base}"


def quantity_unit(contract: Contract) -> str:
    """Units of the base where one contract is one of them, else contracts."""
    is_unit = contract.type is ContractType.LINEAR and contract.contract_size == ONE
    return contract.base if is_unit else CONTRACTS


def is_same(one: Decimal, other: Decimal) -> bool:
    """Whether two figures are one, but for what division leaves."""
    return not sign(one - other, abs(one))


def is_linear(position: Position) -> bool:
    """Whether a position settles in its quote."""
    return position.contract.type is ContractType.LINEAR
