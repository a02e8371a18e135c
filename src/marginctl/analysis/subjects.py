"""An account with its report as steps: every figure by its formula line, every input by the key of its origin."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from marginctl.analysis.formula_lines import FilledLine, Operand, read
from marginctl.core.account import Account, Position
from marginctl.core.contract import Contract
from marginctl.core.figures import row_of
from marginctl.core.formulas import FORMULAS
from marginctl.core.liquidation import PoolState, pool_state
from marginctl.core.plain import as_plain
from marginctl.core.pool import partition
from marginctl.core.position_figures import Crossings
from marginctl.core.report import CollateralFigures, Report, UnderlyingFigures
from marginctl.results.explanation import Step, Value

TABLES = frozenset({"units", "charges", "spreads", "history", "contributions"})
"""Of a margin model, with rows of their own."""


def rows_of(report: Report) -> Iterator[tuple[str, Struct]]:
    """Path and row of everything that has figures, in the order of the report."""
    for section in ("account", "totals", "liquidation"):
        yield section, getattr(report, section)
    for pool in report.pools:
        yield f"pools.{pool.name}", pool
        yield f"pools.{pool.name}.liquidation", pool.liquidation
    for position in report.positions:
        yield f"positions.{position.key}", position
    for section in ("collateral", "underlyings"):
        yield from _by_asset(section, getattr(report, section))
    for one in report.other:
        yield f"other.{one.name}", one
    yield "netting", report.netting
    yield "netting.maintenance", report.netting.maintenance
    yield "funding", report.funding
    for found in report.portfolio_margin:
        yield f"portfolio_margin.{found.pool}", found
        yield f"portfolio_margin.{found.pool}.tiered", found.tiered
        yield f"portfolio_margin.{found.pool}.saving", found.saving


def _by_asset(
    section: str, rows: Iterable[CollateralFigures | UnderlyingFigures]
) -> Iterator[tuple[str, CollateralFigures | UnderlyingFigures]]:
    """``collateral.BTC``, with ``@POOL`` where several pools have the asset."""
    assets = Counter(row.asset for row in rows)
    for row in rows:
        yield f"{section}.{row.asset}@{row.pool}" if assets[row.asset] > 1 else f"{section}.{row.asset}", row


def reported(report: Report) -> dict[str, Any]:
    """Path -> rounded value of every figure, in the order of the report."""
    return {
        f"{prefix}.{name}": tuple(value) if isinstance(value, list) else value
        for prefix, row in rows_of(report)
        for name, value in as_plain(row).items()
        if not isinstance(value, dict) and name not in TABLES
    }


FRACTION = "fraction"
UNITS = {"ratio": FRACTION, "multiple": "multiple", "days": "days"}
Named: TypeAlias = Mapping[str, "Operand | Callable[[], Operand]"]
UNKNOWN = "neither tiers nor a rate say what it is"
APART = {"price", "mark_price", "needed"}
"""Steps that keep their name where they are another step alone."""
ABSENT = {
    "tier": "the position brings its own maintenance_rate",
    "PositionFigures.leverage": "the initial rate is 0",
    "funding_per_day": "the position states no funding_rate",
    "runway_days": "a funding rate is missing, or no pool ever runs out",
    **dict.fromkeys(("leverage", "utilization", "maintenance_ratio"), "the equity is not positive"),
    **dict.fromkeys(("down", "up", "pool", "distance", "move"), "nothing liquidates"),
    **dict.fromkeys(
        ("direction", "liquidation_side", "contract_liquidation_side"),
        "nothing liquidates, or the pool is liquidatable already",
    ),
    **dict.fromkeys(("liquidation_price", "contract_liquidation_price", "crossing"), "nothing reaches it"),
    **dict.fromkeys(("liquidation_down", "liquidation_up"), "nothing reaches it"),
    "distance_to_liquidation": "there is no liquidation price",
    **dict.fromkeys(("scan", "scenario"), "the units do not move row by row together"),
    **dict.fromkeys(
        (
            *("TieredFigures.initial_margin", "TieredFigures.maintenance_margin"),
            *("ModelSaving.initial", "ModelSaving.initial_rate"),
            *("ModelSaving.maintenance", "ModelSaving.maintenance_rate"),
        ),
        "the rates of a position are not known",
    ),
    **dict.fromkeys(
        (
            "gross_initial_margin",
            *(f"NettingFigures.{name}" for name in ("saving", "saving_rate")),
            *(f"MaintenanceNetting.{name}" for name in ("gross_maintenance_margin", "saving", "saving_rate")),
        ),
        "the rates of a position are not known",
    ),
    "bankruptcy_price": "no move on the side of the liquidation takes the equity to 0",
}
"""Why a figure does not exist."""
REMARKS = {
    **{f"Totals.{name}": "of the worst pool" for name in ("buffer", "maintenance_ratio")},
    **{
        f"Totals.{name}": "of the worst pool, or of all that is not isolated"
        for name in ("free_collateral", "utilization")
    },
    "funding_per_day": "longs pay a positive rate, shorts receive it",
    "ticked.contract_liquidation_price": "the venue's screen shows the crossing one tick nearer to the mark",
    "alone.contract_liquidation_price": "its asset moves nothing else in this pool: both kinds of move are one",
    "on-mark.close_fee": "",
    "close_fee": "on the value at the price where the bare position is bankrupt",
    "MaintenanceNetting.maintenance_margin": "without orders and debts",
}
"""What else to know of a figure."""
NOTHING = {
    "haircut": "nothing is held, or it is a debt: that counts in full",
    **dict.fromkeys(("utilization", "maintenance_ratio", "leverage", "saving_rate"), "0, as there is nothing to count"),
}
"""Why a figure is 0 where its line gives none."""


class Subject(Struct, eq=False):
    """What formula lines are about: a row of the report, or something between, of ``kinds`` by which lines are found.

    ``units``: by the name or the kind of a figure, where it is not that of the account. ``values``: what steps between
    come to, where the engine says so. ``names``: operands, or how they are found. ``unknown``: figures that nothing
    given says.
    """

    book: "ExplainedAccount"
    kinds: tuple[str, ...]
    of: str = ""
    prefix: str = ""
    row: Any = None
    words: frozenset[str] = frozenset()
    units: Mapping[str, str] = {}
    values: Mapping[str, Value] = {}
    names: Named = {}
    unknown: frozenset[str] = frozenset()
    made: dict[str, Step | None] = {}

    def operand(self, name: str) -> Operand:
        """What a name stands for: what the subject says, a figure of its row, or a line of its own."""
        if name in self.names:
            found = self.names[name]
            return found() if callable(found) else found
        return self.book.figure(f"{self.prefix}.{name}") if hasattr(self.row, name) else self.step(name)

    def step(self, name: str) -> Step | None:
        """What stands between a figure and its inputs, made once."""
        if name not in self.made:
            self.made[name] = self._step(name, self.values.get(name))
        return self.made[name]

    def _step(self, name: str, value: Value) -> Step | None:
        lines = self._known(FORMULAS, name)
        if not lines:
            raise KeyError(f"{self.kinds[0]}.{name}")
        found = next((one for one in read(lines, self, self.words) if one.gives(value)), None)
        if found is None or (found.formula == "{0}" and name not in APART):
            return found.operands[0] if found else None
        shown = found.value if value is None else value
        note = self._known(ABSENT if shown is None else REMARKS, name)
        return _chosen(
            Step(name=name, of=self.of, value=shown, unit=self.units.get(name, self.book.money), note=note), found
        )

    def figure(self, name: str) -> Step:
        """A figure of the row: by the first line that gives it, else an input."""
        value = getattr(self.row, name)
        whole = Step(name=name, of=self.of, value=value, unit=self._unit(name), figure=f"{self.prefix}.{name}")
        if value is None and name in self.unknown:
            return replace(whole, note=UNKNOWN)
        line = self._known(FORMULAS, name)
        found = list(read(line, self, self.words))
        given = next((one for one in found if one.gives(value)), None)
        if given is not None and given.formula == "{0}" and _is_same(given.operands[0], name, value):
            return replace(given.operands[0], name=name, of=self.of, figure=whole.figure)
        if value is None and given is not None:
            reasons = [one for one in given.operands if one.value is None]
            return replace(whole, operands=tuple(reasons or given.operands), note=self._known(ABSENT, name))
        if given is not None:
            return replace(_chosen(whole, given), note=self._known(REMARKS, name))
        if found:
            return replace(whole, operands=found[-1].operands, note=self._known(NOTHING, name))
        return whole if line and not value else replace(whole, key=whole.figure)

    def _known(self, texts: Mapping[str, str], name: str) -> str:
        keys = [*(f"{one}.{name}" for one in (*sorted(self.words, reverse=True), *self.kinds)), name]
        return next((texts[key] for key in keys if key in texts), "")

    def _unit(self, name: str) -> str:
        row = row_of(name, self.kinds[0])
        kind = row.kind if row else ""
        known = (self.units.get(name), self.units.get(kind), UNITS.get(kind))
        return next(filter(None, known), self.book.money if kind in {"money", "price"} else "")


def _is_same(step: Step, name: str, value: Value) -> bool:
    """Whether a figure is a step that is no figure itself: an input, a crossing, a step of its name."""
    return not step.figure and step.value == value and bool(step.key or step.solution or step.name == name)


def _chosen(step: Step, found: FilledLine) -> Step:
    """A step with its formula; of a choice in words, the operand that counts."""
    sizes = [abs(one.value) if isinstance(one.value, Decimal) else None for one in found.operands]
    chosen = None
    if found.formula.startswith("the ") and isinstance(step.value, Decimal) and abs(step.value) in sizes:
        chosen = sizes.index(abs(step.value))
    return replace(step, formula=found.formula, operands=found.operands, chosen=chosen)


class ExplainedAccount:
    """An account with its report and pools, its inputs as steps, and every step made once."""

    def __init__(
        self,
        account: Account,
        report: Report,
        given: Mapping[str, Value],
        build: "Callable[[ExplainedAccount, str, Any], Subject]",
    ) -> None:
        self.account, self.report, self.given, self.money = account, report, given, account.currency
        self.states = [pool_state(pool) for pool in partition(account)]
        self.crossings = Crossings()
        self._steps: dict[str, Step] = {}
        self._build = build
        self._rows = dict(rows_of(report))
        self._subjects: dict[str, Subject] = {}
        rows = ((prefix, row) for prefix, row in self._rows.items() if isinstance(row, CollateralFigures))
        self._holdings = {(row.pool, row.asset): prefix for prefix, row in rows}

    def figure(self, path: str) -> Step:
        """The step of a figure of the report. Raises KeyError."""
        prefix, _, name = path.rpartition(".")
        return self.once(path, lambda: self.subject(prefix).figure(name))

    def subject(self, prefix: str) -> Subject:
        """What a row of the report is about. Raises KeyError."""
        if prefix not in self._subjects:
            self._subjects[prefix] = self._build(self, prefix, self._rows[prefix])
        return self._subjects[prefix]

    def once(self, key: str, build: Callable[[], Step]) -> Step:
        """The step of a key, made where it is asked for first."""
        if key not in self._steps:
            self._steps[key] = build()
        return self._steps[key]

    def stated(self, name: str, value: Value, unit: str, key: str, of: str = "") -> Step:
        """An input, known by its key to ``origins``."""
        return self.once(f"{name} of {of}: {key}", lambda: Step(name=name, of=of, value=value, unit=unit, key=key))

    def position(self, key: str) -> Subject:
        """The subject of a position."""
        return self.subject(f"positions.{key}")

    def holding(self, state: PoolState, asset: str) -> Subject | None:
        """The subject of an asset in a pool, if the pool has it."""
        prefix = self._holdings.get((state.pool.name, asset))
        return None if prefix is None else self.subject(prefix)

    def given_row(self, state: PoolState, name: str) -> Subject | None:
        """The subject of a row that a pool takes as given, if it has one of that name."""
        return self.subject(f"other.{name}") if any(one.row.name == name for one in state.pool.others) else None

    def pool_of(self, position: Position) -> PoolState:
        """The pool in which a position stands."""
        return next(one for one in self.states if any(held is position for held in one.pool.positions))

    def level(self, state: PoolState) -> Step:
        """The multiple of the maintenance margin below which a pool is liquidated."""
        section = "isolated_rules" if state.pool.rules is self.account.isolated_rules else "rules"
        return self.stated("level", state.pool.rules.level, "", f"{section}.level")

    def unit_price(self, asset: str) -> Step | None:
        """The price of an asset as a factor, none for the account's currency."""
        return None if asset == self.money else self.price(asset)

    def price(self, asset: str) -> Step:
        """Price of one unit of an asset: given, assumed, or that which the mark of a contract gives."""
        return self.once(f"prices.{asset}", lambda: self._price(asset))

    def _price(self, asset: str) -> Step:
        key, value = f"prices.{asset}", self.account.prices[asset]
        for one in self.account.positions if key not in self.given else ():
            contract = one.contract
            if contract.base != asset or f"marks.{contract.symbol}" not in self.given:
                continue
            mark, quote = partial(self.mark, contract, one.mark_price), partial(self.unit_price, contract.quote)
            names: Named = {"mark": mark, "quote_price": quote}
            found = Subject(self, ("Price",), asset, values={"price": value}, names=names).step("price")
            if found is not None:
                return found
        return self.stated("price", value, self.money, key, asset)

    def mark(self, contract: Contract, value: Decimal) -> Step:
        """The mark of a contract: given, or price of the base / price of the quote."""
        return self.once(f"marks.{contract.symbol}", lambda: self._mark(contract, value))

    def _mark(self, contract: Contract, value: Decimal) -> Step:
        key, unit, found = f"marks.{contract.symbol}", price_unit(contract), None
        if key not in self.given:
            base, quote = partial(self.price, contract.base), partial(self.unit_price, contract.quote)
            names: Named = {"base_price": base, "quote_price": quote}
            subject = Subject(self, ("Mark",), contract.symbol, units={"mark_price": unit}, names=names)
            subject.values = {"mark_price": value}
            found = subject.step("mark_price")
        return found or self.stated("mark_price", value, unit, key, contract.symbol)


def price_unit(contract: Contract) -> str:
    """``USDT per BTC``."""
    return f"{contract.quote} per {contract.base}"
