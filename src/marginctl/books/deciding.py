"""Accounts decided by the exact core: the portfolio's own reading, the core's figures, the rules' own measurements.

Row by row what ``check`` would say of it as a portfolio of its own; only what a book does not show is left out: prices
of single positions, messages, remedies.
"""

from collections.abc import Container, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from marginctl.analysis.check import Loaded
from marginctl.books.header import JUDGED, OF_SCENARIOS, BookHeader
from marginctl.books.row_drafts import SOURCE, RowProblem, RowReader, Stored, problems_of
from marginctl.core.account import Account, Position, PositionMode
from marginctl.core.assemble import report_of
from marginctl.core.exact import ONE, ZERO, exactly
from marginctl.core.liquidation import NO_SIDES, PoolState, Sides
from marginctl.core.position_figures import Crossings
from marginctl.core.report import AccountLiquidation, PoolFigures, Report, Totals, UnderlyingFigures
from marginctl.core.scenario import expanded, moved, ratios
from marginctl.findings import Location, Problem, Severity
from marginctl.limits.config import LimitSource, margin_call_of
from marginctl.limits.engine import CANNOT_EVALUATE, GRAVITY, is_broken
from marginctl.limits.figures import cross_pools, isolated_pools, underlyings
from marginctl.limits.rule import Context, Locations, Unknown
from marginctl.limits.rules import BY_CODE
from marginctl.limits.waivers import Ledger
from marginctl.portfolio.resolve import resolve
from marginctl.results import NO_RULES

if TYPE_CHECKING:
    import pyarrow as pa

PLACE = Path("book")
NOWHERE = Location("")
RULES = tuple(BY_CODE[code] for code in (*JUDGED, OF_SCENARIOS))


class NearestMove(Struct, frozen=True):
    """The smallest move of one asset alone that liquidates: signed, 0 without an asset where a pool is liquidatable."""

    move: Decimal
    asset: str | None


class BookRow(Struct, frozen=True, kw_only=True):
    """What became of one account: figures and codes, or problems."""

    account_id: str | None
    as_of: str | None
    problems: tuple[RowProblem, ...] = ()
    totals: Totals | None = None
    liquidation: AccountLiquidation | None = None
    nearest: NearestMove | None = None
    isolated_distance: Decimal | None = None
    failed: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    report: Report | None = None
    account: Account | None = None

    @property
    def verdict(self) -> str | None:
        """fail, warn or pass; None where it could not be checked."""
        if self.problems:
            return None
        return "fail" if self.failed else "warn" if self.warned else "pass"


class BookCrossings(Crossings):
    """Those that a book shows: of all assets together, and of each alone."""

    def bankruptcy(self, state: PoolState, asset: str, *, falling: bool) -> Decimal | None:  # noqa: ARG002
        """None: not shown."""
        return None

    def of_contract(self, state: PoolState, position: Position) -> Sides:  # noqa: ARG002
        """None: not shown."""
        return NO_SIDES

    def runways(self, account: Account, states: list[PoolState]) -> list[Decimal | None]:  # noqa: ARG002
        """None: not shown."""
        return []


def exact_rows(header: BookHeader, batch: "pa.RecordBatch", indices: Iterable[int] | None = None) -> list[BookRow]:
    """The accounts of a batch at these places (None: all of them) by the exact core, in the order of the indices."""
    from marginctl.books.stored import stored_rows

    places = list(range(len(batch)) if indices is None else indices)
    chosen = batch if indices is None else batch.take(_positions(places))
    with exactly():
        return [decided(header, stored, row) for stored, row in zip(stored_rows(chosen), places, strict=True)]


def _positions(places: list[int]) -> Any:
    import pyarrow as pa

    return pa.array(places, pa.int64())


def decided(header: BookHeader, stored: Stored, row: int) -> BookRow:
    """One account; ``row``: where it stands, for its problems."""
    loaded, problems = loaded_row(header, stored)
    if loaded is None:
        return _bad(stored, row, problems)
    report = report_of(loaded.account, crossings=BookCrossings())
    context = context_for(header, loaded.account, report)
    failed, warned, problems = judgement(header, context)
    if problems:
        return _bad(stored, row, problems)
    return BookRow(
        account_id=stored.account_id,
        as_of=stored.as_of,
        totals=report.totals,
        liquidation=report.liquidation,
        nearest=nearest_of(report),
        isolated_distance=isolated_distance(report),
        failed=failed,
        warned=warned,
        report=report,
        account=loaded.account,
    )


def context_for(header: BookHeader, account: Account, report: Report) -> Context:
    """What the limits look at: the figures, and nothing about the data or the venue."""
    return Context(
        report=report, account=account, rules=NO_RULES, today=header.settings.today, locations=Locations(NOWHERE)
    )


def _bad(stored: Stored, row: int, problems: list[Problem]) -> BookRow:
    found = tuple(problems_of(stored, row, problems))
    return BookRow(account_id=stored.account_id, as_of=stored.as_of, problems=found)


def loaded_row(header: BookHeader, stored: Stored) -> tuple[Loaded | None, list[Problem]]:
    """The account that a row means, shocks applied; None with everything wrong with it."""
    reader = RowReader(header, stored)
    drafts = reader.read()
    if drafts is None:
        return None, reader.problems
    settings = header.settings
    found, problems = resolve(drafts.file, SOURCE, drafts.header.rule_set, PLACE, settings.today)
    if found is None:
        return None, problems
    account = found.account
    if settings.shocks:
        account = moved(account, ratios(expanded(settings.shocks, account)))
    called = margin_call_of(header.limits_for(account.name), account.rules)
    return Loaded(SOURCE, drafts.file, found, replace(account, margin_call=called)), []


def judgement(
    header: BookHeader, context: Context, codes: Container[str] = JUDGED
) -> tuple[tuple[str, ...], tuple[str, ...], list[Problem]]:
    """The codes that fail and those that only warn, and the limits that cannot be evaluated; only of ``codes``."""
    config = header.limits_for(context.account.name)
    ledger = Ledger(config.waivers, context.today)
    worst: dict[str, Severity] = {}
    problems: list[Problem] = []
    for rule in RULES:
        if (
            rule.code not in codes
            or not header.settings.selection.takes(rule)
            or not (config.of(rule) or config.scopes.get(rule.code))
        ):
            continue
        for measurement in rule.measure(context):
            for bound in config.in_force(rule, measurement):
                if isinstance(measurement.measured, Unknown):
                    if bound.origin is not LimitSource.DEFAULT and not measurement.measured.is_idle:
                        why = f"`{rule.key}` cannot be evaluated: {measurement.measured.reason}"
                        problems.append(Problem(measurement.location, CANNOT_EVALUATE, why, measurement.measured.help))
                elif is_broken(rule, measurement, bound.threshold) and not ledger.covering(
                    rule.code, measurement, bound
                ):
                    worst[rule.code] = max(worst.get(rule.code, Severity.NOTE), bound.severity, key=GRAVITY.__getitem__)
    failed = tuple(sorted(code for code, grade in worst.items() if grade is Severity.ERROR))
    warned = tuple(sorted(code for code, grade in worst.items() if grade is Severity.WARNING))
    return failed, warned, problems


def _rows(report: Report, pools: Iterable[PoolFigures]) -> Iterator[UnderlyingFigures]:
    return (row for pool in pools for row in underlyings(report, pool))


def nearest_of(report: Report) -> NearestMove | None:
    """Over the cross pools; None where no asset alone liquidates any."""
    pools = cross_pools(report)
    if any(pool.liquidatable for pool in pools):
        return NearestMove(ZERO, None)
    found: NearestMove | None = None
    for row in _rows(report, pools):
        if row.distance is not None and (found is None or row.distance < abs(found.move)):
            falls = row.down is not None and -row.down == row.distance
            found = NearestMove(-row.distance if falls else row.distance, row.asset)
    return found


def isolated_distance(report: Report) -> Decimal | None:
    """Over the isolated pools, their underlying alone; None where none of them is ever liquidated."""
    pools = isolated_pools(report)
    if any(pool.liquidatable for pool in pools):
        return ZERO
    return min((row.distance for row in _rows(report, pools) if row.distance is not None), default=None)


def nobody(header: BookHeader) -> Report:
    """The report of an account that holds nothing, under the header's name: where a document names an account."""
    with exactly():
        return report_of(empty_account(header, Path(header.source.name).stem))


def empty_account(header: BookHeader, name: str) -> Account:
    """An account of a name that holds nothing."""
    account = header.draft.account
    mode = header.rule_set.mode(account.collateral_mode if account is not None else None) or header.rule_set.modes[0]
    return Account(
        name=name,
        venue=header.rule_set.name,
        currency=header.currency,
        collateral_mode=mode.collateral_mode,
        position_mode=account.position_mode if account is not None else PositionMode.ONE_WAY,
        rules=mode.rules,
        prices={header.currency: ONE},
        betas={},
        balances={},
        terms={},
        positions=(),
    )
