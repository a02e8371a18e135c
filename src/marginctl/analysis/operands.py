"""What the names of formula lines stand for, subject by subject: inputs, other subjects, the engine's own parts."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache, partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from marginctl.analysis import solutions
from marginctl.analysis.formula_lines import Operand
from marginctl.analysis.subjects import FRACTION, ExplainedAccount, Named, Subject, price_unit
from marginctl.core.account import Basis, CloseFee, Position, PriceShown
from marginctl.core.contract import Contract, ContractType, TiersBy
from marginctl.core.exact import ONE, ZERO
from marginctl.core.liquidation import PoolState, moves_alone
from marginctl.core.opaque import OpaqueRow
from marginctl.core.position_figures import Reached, moves_base, reached, underlying_of
from marginctl.core.report import CollateralFigures, PositionFigures, UnderlyingFigures
from marginctl.core.risk import own_deltas
from marginctl.core.value import basis_value, exposure_side
from marginctl.results.explanation import Step, TierUsed, Value

INPUT_UNITS = {
    "leverage": "multiple",
    "funding_interval": "hours",
    **dict.fromkeys(("initial_rate", "maintenance_rate", "funding_rate", "taker_fee", "loan_rate"), FRACTION),
}
RATED = frozenset(
    (
        *("initial_rate", "leverage", "initial_margin"),
        *("maintenance_rate", "maintenance_deduction", "maintenance_margin", "tier"),
    )
)
"""Figures of a position that ask for its rates."""
FACTORS = {"contract_size", "requirement_factor", "liability_factor"}
"""Inputs that say nothing where they are 1."""


class Given(Struct, frozen=True):
    """What somebody wrote, by its key; what is a figure as well is called so."""

    book: ExplainedAccount
    prefix: str
    of: str
    source: Struct
    units: Mapping[str, str] = {}

    def operand(self, name: str) -> Operand:
        """The input; None where there is none, but for a funding rate: without one nothing is known."""
        key = f"{self.prefix}.{name}"
        value: Value = getattr(self.source, name, self.book.given.get(key))
        if (value is None and name != "funding_rate") or (name in FACTORS and value == ONE):
            return None
        unit = self.units.get(name) or INPUT_UNITS.get(name, "")
        is_figure = isinstance(self.source, Position) and name in PositionFigures.__struct_fields__
        label = f"{name} given" if is_figure else name
        return self.book.stated(label, value, unit, key, self.of)


class Tiered(Struct, frozen=True):
    """The row of a contract's table that holds for a position."""

    book: ExplainedAccount
    position: Position
    basis: Basis

    def operand(self, name: str) -> Operand:
        """Its rates, its deduction, its number, each with the borders of the row."""
        used, contract = self._used(), self.position.contract
        row = contract.tiers[used.number - 1]
        value = used.number if name == "tier" else getattr(row, name) or ZERO
        unit = {"deduction": contract.settle, "tier": ""}.get(name, FRACTION)
        label = "initial_rate of the tier" if name == "initial_rate" else name
        key = f"contracts.{contract.symbol}.tiers.{used.number - 1}"
        step = self.book.stated(label, value, unit, key, self.position.key)
        return self.book.once(f"{label} of {self.position.key} by its tier", lambda: replace(step, tier=used))

    def _used(self) -> TierUsed:
        position, contract = self.position, self.position.contract
        prices = self.book.account.prices
        size = basis_value(position, self.basis, prices) / prices[contract.settle]
        index = min(contract.tier_index(size, position.quantity), len(contract.tiers) - 1)
        by_notional = contract.tiers_by is TiersBy.NOTIONAL
        return TierUsed(
            number=index + 1,
            measure="notional" if by_notional else "quantity",
            size=size if by_notional else position.quantity,
            unit=contract.settle if by_notional else quantity_unit(contract),
            above=(contract.tiers[index - 1].up_to or ZERO) if index else ZERO,
            up_to=contract.tiers[index].up_to,
        )


def quantity_unit(contract: Contract) -> str:
    """Units of the base where one contract is one of them, else contracts."""
    return contract.base if _is_unit(contract) else "contracts"


def _is_unit(contract: Contract) -> bool:
    return contract.type is ContractType.LINEAR and contract.contract_size == ONE


def formula_word(contract: Contract) -> str:
    """Which lines are for a contract: a quanto is worth what a linear one is, but for the price of its settle asset."""
    return "inverse" if contract.type is ContractType.INVERSE else "linear"


def contract_names(book: ExplainedAccount, contract: Contract) -> dict[str, Any]:
    """What a contract says of itself, and what its settle asset costs."""
    unit = {ContractType.LINEAR: contract.base, ContractType.INVERSE: contract.quote}.get(contract.type, contract.third)
    units = {"contract_size": unit, "tick_size": price_unit(contract)}
    return {
        "contract": Given(book, f"contracts.{contract.symbol}", contract.symbol, contract, units),
        "settle_price": partial(book.unit_price, contract.settle),
    }


def terms_of(book: ExplainedAccount, state: PoolState, asset: str) -> Given:
    """How an asset counts in a pool."""
    return Given(book, f"collateral.{asset}", asset, state.pool.terms[asset])


def given_to(book: ExplainedAccount, position: Position) -> Given:
    """What a position was given."""
    settled = ("initial_margin", "maintenance_deduction", "isolated_margin")
    units = {"notional": position.contract.quote, **dict.fromkeys(settled, position.contract.settle)}
    return Given(book, f"positions.{position.key}", position.key, position, units)


# Positions.


def position_subject(book: ExplainedAccount, prefix: str, row: PositionFigures) -> Subject:
    """A position: its inputs, its tiers, its fees, and the moves that liquidate it."""
    position = next(one for one in book.account.positions if one.key == row.key)
    state, contract = book.pool_of(position), position.contract
    rules, asset = state.pool.rules, underlying_of(position, book.account)
    is_alone = moves_alone(state, asset, contract)
    words = {formula_word(contract), "base" if moves_base(book.account, contract, asset) else "quote"}
    words |= {"alone"} if is_alone else set()
    is_ticked = contract.tick_size and rules.shown_liquidation_price is PriceShown.ONE_TICK_TOWARD_MARK
    words |= {"ticked"} if is_ticked else set()
    words |= {"on-mark"} if rules.close_fee is CloseFee.MARK else set()
    units = {"price": price_unit(contract), "units": quantity_unit(contract), "crossing": price_unit(contract)}
    units |= dict.fromkeys(("base_size", "entry_size"), contract.base)
    leg = next(one for one in state.pool.legs if one.position is position)
    subject = Subject(
        *(book, ("PositionFigures",), row.key, prefix, row, frozenset(words), units),
        unknown=frozenset() if leg.is_known else RATED,
    )
    subject.names = {
        **contract_names(book, contract),
        **_margin_names(subject, position, state),
        **_move_names(subject, position, state, asset, is_alone=is_alone),
        "given": given_to(book, position),
        "account": Given(book, "account", "", position),
        "mark": partial(book.mark, contract, position.mark_price),
        "base_price": partial(book.price, contract.base),
        "quote_price": partial(book.unit_price, contract.quote),
        "side": position.side,
        "exposure": exposure_side(position),
    }
    return subject


def _margin_names(subject: Subject, position: Position, state: PoolState) -> Named:
    book, rules = subject.book, state.pool.rules
    leg = next(one for one in state.pool.legs if one.position is position)

    def basis(kind: Basis) -> Operand:
        return subject.operand("notional" if kind is Basis.MARK else "entry_value")

    def tiered(kind: Basis, *, is_own: bool) -> Operand:
        return Tiered(book, position, kind) if position.contract.tiers and not is_own else None

    return {
        "terms": terms_of(book, state, position.contract.settle),
        "initial_basis": partial(basis, rules.initial_basis),
        "maintenance_basis": partial(basis, rules.maintenance_basis),
        "initial_tier": partial(tiered, rules.initial_basis, is_own=False),
        "maintenance_tier": partial(tiered, rules.maintenance_basis, is_own=position.maintenance_rate is not None),
        "deduction": lambda: subject.operand("maintenance_deduction") if subject.row.maintenance_deduction else None,
        "initial_fee": lambda: subject.step("close_fee") if leg.initial[1:] else None,
        "maintenance_fee": lambda: subject.step("close_fee") if leg.maintenance[1:] else None,
    }


def _move_names(subject: Subject, position: Position, state: PoolState, asset: str, *, is_alone: bool) -> Named:
    book, contract = subject.book, position.contract
    sides = partial(book.crossings.sides, state, asset)
    own = sides if is_alone else cache(partial(book.crossings.of_contract, state, position))

    def nearest() -> Reached | None:
        return reached(position, sides(), on_base=moves_base(book.account, contract, asset))

    def own_nearest() -> Reached | None:
        return reached(position, own())

    def bankruptcy() -> Operand:
        at = nearest()
        found = solutions.bankruptcy(book, state, asset, falling=at.falling) if at else None
        return found or book.figure(f"{subject.prefix}.liquidation_price")

    def moves(what: str, at: Reached | None, move: Callable[..., Step]) -> Operand:
        names: Named = {"fall": partial(move, side=-1), "rise": partial(move, side=1)}
        values = {"move": at and at.move}
        return Subject(book, ("Move",), what, units={"move": FRACTION}, values=values, names=names).step("move")

    def of_asset() -> Operand:
        return moves(asset, nearest(), partial(solutions.asset_move, book, state, asset))

    def of_mark() -> Operand:
        move = partial(solutions.contract_move, book, state, contract, own())
        return moves(f"the mark of {contract.symbol}", own_nearest(), move)

    return {
        "move": cache(of_asset),
        "contract_move": lambda: subject.operand("move") if is_alone else of_mark(),
        "bankruptcy_move": bankruptcy,
    }


# Assets.


def collateral_subject(book: ExplainedAccount, prefix: str, row: CollateralFigures) -> Subject:
    """An asset in a pool: what is held of it, what positions add, how it counts."""
    state = next(one for one in book.states if one.pool.name == row.pool)
    asset = row.asset
    haircuts = state.pool.terms[asset].haircuts
    is_one = len(haircuts) == 1 or not any(tier.haircut for tier in haircuts)
    words = frozenset({"debt"} if row.equity < 0 else {"one"} if is_one else ())
    settled = [one for one in state.pool.positions if one.contract.settle == asset]
    aside = [one for one in book.account.positions if one.is_isolated and one.contract.settle == asset]
    names: Named = {
        "held": partial(_held, book, state, asset),
        "set_aside": [given_to(book, one) for one in aside] if state.pool.is_shared else [],
        "settled": lambda: [book.position(one.key) for one in settled],
        "unit_price": partial(book.unit_price, asset),
        "current_price": partial(book.price, asset),
        "terms": terms_of(book, state, asset),
        "rate": lambda: _haircut(book, state, asset, 0, "haircut") if haircuts[0].haircut else None,
        "slices": partial(_slices, book, state, asset, prefix),
    }
    units = {"units": asset, "price": book.money}
    return Subject(book, ("CollateralFigures",), asset, prefix, row, words, units, {}, names)


def _held(book: ExplainedAccount, state: PoolState, asset: str) -> Operand:
    """What is listed of an asset; in an isolated pool the margin of its position."""
    if not state.pool.is_shared:
        return given_to(book, state.pool.positions[0]).operand("isolated_margin")
    amount = book.account.balances.get(asset, ZERO)
    return book.stated("amount", amount, asset, f"collateral.{asset}.amount", asset)


def _haircut(book: ExplainedAccount, state: PoolState, asset: str, k: int, name: str) -> Step:
    key = f"collateral.{asset}.haircut" + ("" if name == "haircut" else f"_tiers.{k}")
    return book.stated(name, state.pool.terms[asset].haircuts[k].haircut, FRACTION, key, asset)


def _slices(book: ExplainedAccount, state: PoolState, asset: str, prefix: str) -> Sequence[Subject]:
    """The rows of a haircut schedule as far as the asset reaches into it."""
    equity, found, floor = book.figure(f"{prefix}.equity"), [], ZERO
    units = equity.value if isinstance(equity.value, Decimal) else ZERO
    for k, tier in enumerate(state.pool.terms[asset].haircuts):
        is_last = tier.up_to is None or units <= tier.up_to
        used = TierUsed(number=k + 1, measure="amount", size=units, unit=asset, above=floor, up_to=tier.up_to)
        share = replace(_haircut(book, state, asset, k, f"haircut of tier {k + 1}"), tier=used)
        top: Operand = equity if is_last else tier.up_to
        found.append(Subject(book, ("Slice",), asset, names={"top": top, "floor": floor or None, "haircut": share}))
        if is_last:
            break
        floor = tier.up_to or ZERO
    return found


def underlying_subject(book: ExplainedAccount, prefix: str, row: UnderlyingFigures) -> Subject:
    """An asset whose price moves a pool: what is long or short of it there."""
    state = next(one for one in book.states if one.pool.name == row.pool)
    asset = row.asset
    on_it = [one for one in state.pool.positions if underlying_of(one, book.account) == asset]
    units = own_deltas(book.account, state.pool)
    followers = [one for one in state.pool.moving_with(asset) if units.get(one)]
    names: Named = {
        **_long_names(book, state, asset),
        "on_it": lambda: [_traded(book, one, asset) for one in on_it],
        "followers": lambda: [_follower(book, state, one, asset) for one in followers],
        "fall": partial(solutions.asset_move, book, state, asset, -1),
        "rise": partial(solutions.asset_move, book, state, asset, 1),
    }
    return Subject(book, ("UnderlyingFigures",), asset, prefix, row, units={"units": asset}, names=names)


def _long_names(book: ExplainedAccount, state: PoolState, asset: str) -> Named:
    """What a pool is long or short of an asset by itself."""
    held = book.holding(state, asset)
    traded = [one for one in state.pool.positions if asset in (one.contract.base, one.contract.quote)]
    return {
        "held": lambda: held.operand("equity") if held else None,
        "traded": lambda: [_traded(book, one, asset) for one in traded],
        "others": lambda: [_given_delta(book, one.row, asset) for one in state.pool.others if asset in one.row.delta],
        "price": partial(book.price, asset),
        "current_price": partial(book.price, asset),
    }


def _given_delta(book: ExplainedAccount, row: OpaqueRow, asset: str) -> Subject:
    """What a row taken as given is long of an asset."""
    stated = book.stated("delta", row.delta[asset], asset, f"other.{row.name}.delta", f"{row.name} in {asset}")
    return Subject(book, ("OtherFigures",), row.name, names={"delta": stated})


def _follower(book: ExplainedAccount, state: PoolState, asset: str, led: str) -> Subject:
    """What a pool is long or short of an asset, as so much of the one that it follows."""
    names: Named = {**_long_names(book, state, asset), "leader_price": partial(book.price, led)}
    return Subject(book, ("Follower",), asset, units={"size": led}, names=names)


def _traded(book: ExplainedAccount, position: Position, asset: str) -> Subject:
    """A position as so much of its base or its quote, with the sign that this has."""
    contract, whole = position.contract, book.position(position.key)
    is_base = moves_base(book.account, contract, asset)
    is_counted = (contract.type is not ContractType.INVERSE) == is_base
    words = frozenset(() if is_counted else {"divided" if is_base else "priced"})
    names = {name: partial(whole.operand, name) for name in ("quantity", "contract", "mark_price", "notional")}
    per_quote = partial(_per_quote, book, contract) if contract.type is ContractType.QUANTO else None
    whose: Named = {**names, "side": position.side if is_base else -position.side, "per_quote": per_quote}
    return Subject(book, ("Traded",), position.key, words=words, units={"size": asset}, names=whose)


def _per_quote(book: ExplainedAccount, contract: Contract) -> Step:
    """What a unit of the settle asset of a quanto buys of its quote."""
    settle, quote = contract.settle, contract.quote
    value = book.account.prices[settle] / book.account.prices[quote]
    names: Named = {"settle_price": partial(book.price, settle), "quote_price": partial(book.unit_price, quote)}
    found = Subject(book, ("Rate",), settle, units={"per_quote": f"{quote} per {settle}"}, names=names).step(
        "per_quote"
    )
    return found or book.stated("per_quote", value, quote, f"prices.{settle}", settle)
