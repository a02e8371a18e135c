"""How a figure of the report came about: its formula, the figures and inputs put in, and where each input stands.

The one engine computes; here its results are named. A figure's formula is made of other figures of the report, of the
terms that the engine's requirements consist of, and of inputs, whose places ``origins`` knows.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from msgspec.structs import asdict, replace

from marginctl.analysis import solutions
from marginctl.analysis.check import Loaded, Settings, load_portfolio
from marginctl.analysis.figures import prefixes, reported
from marginctl.analysis.holding_steps import asset_value, balance, coin_equity, coin_pnl, effective_haircut
from marginctl.analysis.margin_steps import netted, pool_maintenance, pool_margin
from marginctl.analysis.order_steps import order_margin
from marginctl.analysis.origins import origins_of
from marginctl.analysis.position_steps import add_position, delta
from marginctl.analysis.steps import (
    DAYS,
    FRACTION,
    MULTIPLE,
    Book,
    Parts,
    absent,
    filled,
    joined,
    made,
    product,
    signed,
    stated,
)
from marginctl.core.account import Account
from marginctl.core.assemble import report_of, underlying_of
from marginctl.core.exact import ZERO
from marginctl.core.figures import FIGURES, row_of
from marginctl.core.liquidation import PoolState
from marginctl.core.report import CollateralFigures, Report, UnderlyingFigures
from marginctl.explanation import ExplainResult, Step, Value

SECTIONS = ("account", "totals", "liquidation", "pools", "positions", "collateral", "underlyings", "netting", "funding")
OF_WORST = ("free_collateral", "buffer", "utilization", "maintenance_ratio")
ADDED = ("equity", "initial_margin", "order_margin", "maintenance_margin")


class UnknownFigureError(KeyError):
    """No figure of the report has this path. ``figures``: those that it has."""

    def __init__(self, figure: str, figures: list[str]) -> None:
        super().__init__(figure)
        self.figures = figures


def explain(data: bytes, name: str, figure: str | None, settings: Settings) -> ExplainResult:
    """The explanation of one figure of a portfolio, or the list of all. Raises UnknownFigureError."""
    loaded, problems = load_portfolio(data, name, settings)
    if loaded is None:
        return ExplainResult(file=name, problems=tuple(problems))
    report = report_of(loaded.account)
    shown = reported(report)
    if figure is None:
        return ExplainResult(file=name, about=about(loaded, report, name), figures=shown)
    origins = origins_of(loaded, settings)
    book = Explainer(loaded.account, report, origins.stated)
    path = _path_of(figure, book)
    if path not in book.builders:
        raise UnknownFigureError(figure, list(shown))
    step = book.figure(path)
    return ExplainResult(
        file=name,
        figure=step.figure,
        about=about(loaded, report, name),
        figures={step.figure: shown[step.figure]},
        step=step,
        origins={key: origins.of(key) for key in _keys(step)},
    )


def _path_of(figure: str, book: Book) -> str:
    """The path of a figure; a pool may be named where a row needs none."""
    section, _, _ = figure.partition(".")
    if figure in book.builders or section not in {"collateral", "underlyings"}:
        return figure
    head, _, rest = figure.partition("@")
    return f"{head}.{rest.rpartition('.')[2]}"


def about(loaded: Loaded, report: Report, file: str) -> str:
    """The file, its rule set and mode."""
    used = loaded.resolved.rules_used
    dated = f"rules of {used.as_of}, {used.status}" if used.as_of else "conventions"
    return f"{file}: {report.account.venue} ({dated}), {report.account.collateral_mode}"


def _keys(step: Step) -> dict[str, None]:
    found: dict[str, None] = {step.key: None} if step.key else {}
    for operand in step.operands:
        found |= _keys(operand)
    return found


class Explainer(Book):
    """The steps of all figures of an account."""

    def __init__(self, account: Account, report: Report, given: Mapping[str, Value]) -> None:
        super().__init__(account, report, given)
        self._totals()
        for state, row in zip(self.states, report.pools, strict=True):
            self._pool(state, f"pools.{row.name}", asdict(row))
        for position in account.positions:
            add_position(self, position)
        for section, build in (("collateral", self._collateral), ("underlyings", self._underlying)):
            rows = getattr(report, section)
            for row, prefix in zip(rows, prefixes(section, rows), strict=True):
                build(row, prefix)
        self._netting()
        self._funding()

    def _add(self, prefix: str, name: str, build: Callable[[str], Step]) -> None:
        self.builders[f"{prefix}.{name}"] = partial(build, f"{prefix}.{name}")

    def _words(self, prefix: str, row: Mapping[str, Any], *names: str) -> None:
        """Figures that are words: they follow from the modes, or stand in the file."""
        for name in names:
            path = f"{prefix}.{name}"
            self.builders[path] = partial(stated, name, row[name], "", path, figure=path)

    def unit(self, name: str) -> str:
        """What a figure is measured in, by its kind."""
        return {"ratio": FRACTION, "days": DAYS, "multiple": MULTIPLE}.get(FIGURES[name].kind, self.money)

    def _formula(self, prefix: str, name: str, value: Value, of: str = "", **others: Step) -> Callable[[str], Step]:
        """A figure by its formula line, whose names are figures of the same row; none where its denominator is not."""

        def build(path: str) -> Step:
            row = row_of(name, "Totals" if prefix == "totals" else "")
            formula = row.formula if row else ""
            names = [word for word in _names(formula) if word not in others]
            steps = {word: self.figure(f"{prefix}.{word}") for word in names} | others
            parts = filled(formula, steps)
            if value is None:
                return absent(name, self.unit(name), "the equity is not positive", *steps.values(), of=of, figure=path)
            step = made(name, value, self.unit(name), *parts, of=of, figure=path)
            return replace(step, formula="", note="0, as there is nothing to cover") if value == ZERO else step

        return build

    # Totals.

    def _totals(self) -> None:
        self._words("account", asdict(self.report.account), *asdict(self.report.account))
        totals = self.report.totals
        for name in ADDED:
            self._add("totals", name, partial(self._over_pools, name))
        rows = self.report.positions
        for name in ("unrealized_pnl", "gross_notional"):
            of_row = "notional" if name == "gross_notional" else name
            steps = [f"positions.{row.key}.{of_row}" for row in rows]
            self._add("totals", name, partial(self._sum, name, getattr(totals, name), steps))
        self._add("totals", "net_notional", self._net_notional)
        self._add("totals", "gross_collateral", self._gross_collateral)
        for name in ("haircut", "leverage"):
            self._add("totals", name, self._formula("totals", name, getattr(totals, name)))
        for name in OF_WORST:
            self._add("totals", name, partial(self._of_worst, name))
        self._add("totals", "worst_pool", self._worst_pool)
        self._add("totals", "liquidatable", partial(self._any_pool, "liquidatable", totals.liquidatable))
        self._add("totals", "state", partial(self._state, totals.state))
        self._joint()

    def _sum(self, name: str, value: Decimal, paths: list[str], path: str) -> Step:
        return made(name, value, self.money, *joined(" + ", map(self.figure, paths)), figure=path)

    def _over_pools(self, name: str, path: str) -> Step:
        value = getattr(self.report.totals, name)
        return self._sum(name, value, [f"pools.{row.name}.{name}" for row in self.report.pools], path)

    def _net_notional(self, path: str) -> Step:
        rows = self.report.positions
        terms = ((1 if row.side == "long" else -1, self.figure(f"positions.{row.key}.notional")) for row in rows)
        return made("net_notional", self.report.totals.net_notional, self.money, *signed(terms), figure=path)

    def _gross_collateral(self, path: str) -> Step:
        rows = self.report.collateral
        steps = []
        for row, prefix in zip(rows, prefixes("collateral", rows), strict=True):
            parts = product(self.figure(f"{prefix}.balance"), self.figure(f"{prefix}.price"))
            steps.append(made("gross value", row.balance * row.price, self.money, *parts, of=row.asset))
        parts = joined(" + ", steps)
        return made("gross_collateral", self.report.totals.gross_collateral, self.money, *parts, figure=path)

    def _of_worst(self, name: str, path: str) -> Step:
        pool = self.report.totals.worst_pool
        found = self.figure(f"pools.{pool}.{name}")
        return made(name, found.value, found.unit, found, figure=path, note=f"of {pool}, the worst pool")

    def _worst_pool(self, path: str) -> Step:
        cross = [row for row, state in zip(self.report.pools, self.states, strict=True) if self._competes(state)]
        names = ("maintenance_ratio", "utilization", "buffer")
        steps = [self.figure(f"pools.{row.name}.{name}") for row in cross for name in names]
        words = "highest maintenance_ratio (none being the worst), then utilization, then the least buffer"
        step = made("worst_pool", self.report.totals.worst_pool, "", words, figure=path)
        return replace(step, operands=tuple(steps))

    def _competes(self, state: PoolState) -> bool:
        occupied = any(one.pool.is_shared and one.pool.is_occupied for one in self.states)
        return state.pool.is_shared or not occupied

    def _any_pool(self, name: str, value: Value, path: str) -> Step:
        steps = [self.figure(f"pools.{row.name}.{name}") for row in self.report.pools]
        return made(name, value, "", *joined(" or ", steps), figure=path)

    def _state(self, value: str, path: str) -> Step:
        steps = [self.figure(f"pools.{row.name}.liquidatable") for row in self.report.pools]
        steps += [self.figure(f"pools.{one.pool.name}.free_collateral") for one in self.states if one.pool.is_shared]
        words = (
            "liquidation where a pool is liquidatable, margin-call at the venue's warning level, restricted where the "
            "free collateral of a cross pool is negative, else healthy"
        )
        return replace(made("state", value, "", words, figure=path), operands=tuple(steps))

    def _joint(self) -> None:
        liquidation = self.report.liquidation
        for name in ("down", "up"):
            self._add("liquidation", name, partial(self._nearest_pool, name, getattr(liquidation, name)))
        self._distance("liquidation", liquidation.distance, liquidation.direction)
        self._add("liquidation", "pool", partial(self._first_pool, liquidation.pool))

    def _nearest_pool(self, name: str, value: Decimal | None, path: str) -> Step:
        steps = [self.figure(f"pools.{row.name}.liquidation.{name}") for row in self.report.pools]
        if len(steps) == 1:
            return made(name, value, FRACTION, *steps, figure=path)
        step = made(name, value, FRACTION, "the nearest of ", *joined(", ", steps), figure=path)
        return replace(step, chosen=next((k for k, one in enumerate(steps) if one.value == value), None))

    def _first_pool(self, value: str | None, path: str) -> Step:
        steps = [self.figure(f"pools.{row.name}.liquidation.distance") for row in self.report.pools]
        if value is None:
            return absent("pool", "", "nothing liquidates", *steps, figure=path)
        return made("pool", value, "", "the smallest of ", *joined(", ", steps), figure=path)

    def _distance(self, prefix: str, distance: Decimal | None, direction: str | None) -> None:
        """The nearer one of down and up, and which of them it is."""

        def size(path: str) -> Step:
            sides = [self.figure(f"{prefix}.{name}") for name in ("down", "up")]
            if distance is None:
                return absent("distance", FRACTION, "nothing liquidates", *sides, figure=path)
            near = next(side for side in sides if isinstance(side.value, Decimal) and abs(side.value) == distance)
            return made("distance", distance, FRACTION, "|", near, "|", figure=path, note="the nearer side")

        def word(path: str) -> Step:
            sides = [self.figure(f"{prefix}.{name}") for name in ("down", "up")]
            note = "nothing liquidates on either side" if distance is None else "it is liquidatable already"
            if direction is None:
                return absent("direction", "", note, *sides, figure=path)
            return made("direction", direction, "", "the nearer of ", *joined(" and ", sides), figure=path)

        self._add(prefix, "distance", size)
        self._add(prefix, "direction", word)

    # Pools.

    def _pool(self, state: PoolState, prefix: str, row: Mapping[str, Any]) -> None:
        name = state.pool.name
        self._words(prefix, row, "name", "margin_mode")
        level = self.level(state)
        self._add(prefix, "equity", partial(self._pool_equity, state))
        self._add(prefix, "initial_margin", partial(pool_margin, self, state, "initial", row["initial_margin"]))
        self._add(prefix, "order_margin", partial(order_margin, self, state))
        self._add(prefix, "maintenance_margin", partial(pool_maintenance, self, state, row["maintenance_margin"]))
        for figure in OF_WORST:
            self._add(prefix, figure, self._formula(prefix, figure, row[figure], name, level=level))
        self._add(prefix, "liquidatable", partial(self._liquidatable, state, prefix, level))
        for figure, side in (("down", -1), ("up", 1)):
            self._add(prefix, f"liquidation.{figure}", partial(solutions.joint_move, self, state, figure, side))
        found = row["liquidation"]
        self._distance(f"{prefix}.liquidation", found.distance, found.direction)

    def _pool_equity(self, state: PoolState, path: str) -> Step:
        steps = [self.figure(f"{self.collateral_path(one.asset, state)}.value") for one in state.pool.holdings]
        return made("equity", state.risk.equity, self.money, *joined(" + ", steps), of=state.pool.name, figure=path)

    def _liquidatable(self, state: PoolState, prefix: str, level: Step, path: str) -> Step:
        equity, need = self.figure(f"{prefix}.equity"), self.figure(f"{prefix}.maintenance_margin")
        below = " <= " if self.counts_equality(state) else " < "
        value = state.is_liquidatable
        parts: Parts = [equity, below, level, " x ", need, " and ", need, " > 0"]
        return made("liquidatable", value, "", *parts, of=state.pool.name, figure=path)

    # Collateral and underlyings.

    def _collateral(self, row: CollateralFigures, prefix: str) -> None:
        state = self.state_of[row.pool]
        holding = next(one for one in state.pool.holdings if one.asset == row.asset)
        self._words(prefix, asdict(row), "asset", "pool")
        self._add(prefix, "balance", partial(balance, self, state, holding))
        self._add(prefix, "unrealized_pnl", partial(coin_pnl, self, state, row))
        self._add(prefix, "equity", lambda path: coin_equity(self, prefix, row, path))
        self._add(prefix, "price", lambda path: replace(self.price(row.asset), figure=path))
        self._add(prefix, "haircut", lambda path: effective_haircut(self, prefix, row, path))
        self._add(prefix, "value", partial(asset_value, self, state, holding, prefix))

    def _underlying(self, row: UnderlyingFigures, prefix: str) -> None:
        state = self.state_of[row.pool]
        self._words(prefix, asdict(row), "asset", "pool")
        self._add(prefix, "delta", partial(delta, self, state, row))
        on_it = [one for one in state.pool.positions if underlying_of(one, self.account) == row.asset]
        terms = [(one.side if one.contract.base == row.asset else -one.side, one) for one in on_it]
        for name, is_net in (("net_notional", True), ("gross_notional", False)):
            pairs = [(sign if is_net else 1, f"positions.{one.key}.notional") for sign, one in terms]
            self._add(prefix, name, partial(self._notionals, name, getattr(row, name), pairs))
        for name, side in (("liquidation_down", -1), ("liquidation_up", 1)):
            self._add(
                prefix, name, partial(solutions.asset_price, self, state, row.asset, name, getattr(row, name), side)
            )
        self._add(prefix, "distance", partial(solutions.asset_distance, self, state, row))

    def _notionals(self, name: str, value: Decimal, terms: list[tuple[int, str]], path: str) -> Step:
        steps = ((sign, self.figure(one)) for sign, one in terms)
        return made(name, value, self.money, *signed(steps), figure=path)

    # Netting and funding.

    def _netting(self) -> None:
        rows = self.report.positions
        for prefix, found, which in (
            ("netting", self.report.netting, "initial_margin"),
            ("netting.maintenance", self.report.netting.maintenance, "maintenance_margin"),
        ):
            gross = f"gross_{which}"
            alone = [f"positions.{row.key}.{which}" for row in rows]
            self._add(prefix, gross, partial(self._sum, gross, getattr(found, gross), alone))
            self._add(prefix, which, partial(netted, self, which, getattr(found, which)))
            steps = (f"{prefix}.{gross}", f"{prefix}.{which}")
            self._add(prefix, "saving", partial(self._saving, found.saving, steps))
            self._add(prefix, "saving_rate", partial(self._saving_rate, found.saving_rate, prefix, gross))

    def _saving(self, value: Decimal, paths: tuple[str, str], path: str) -> Step:
        return made("saving", value, self.money, *joined(" - ", map(self.figure, paths)), figure=path)

    def _saving_rate(self, value: Decimal | None, prefix: str, gross: str, path: str) -> Step:
        parts: Parts = [self.figure(f"{prefix}.saving"), " / ", self.figure(f"{prefix}.{gross}")]
        step = made("saving_rate", value, FRACTION, *parts, figure=path)
        return step if value else replace(step, formula="", note="0, as nothing is saved")

    def _funding(self) -> None:
        funding = self.report.funding
        paid = [
            f"positions.{row.key}.funding_per_day" for row in self.report.positions if row.funding_per_day is not None
        ]
        self._add("funding", "per_day", partial(self._sum, "per_day", funding.per_day, paid))
        self._add("funding", "runway_days", partial(solutions.runway, self, funding))
        self._add("funding", "missing", partial(self._missing, funding.missing))

    def _missing(self, value: tuple[str, ...], path: str) -> Step:
        rates = [self.given(position, "funding_rate", FRACTION) for position in self.account.positions]
        return made("missing", value, "", "those without a rate: ", *joined(", ", rates), figure=path)


def _names(formula: str) -> list[str]:
    from re import findall

    return list(dict.fromkeys(findall(r"[a-z_]{2,}", formula)))
