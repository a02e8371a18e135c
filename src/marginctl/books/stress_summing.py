"""Tallies of scenarios -> the summary of a stress test of a book, with the limit on what may be lost."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec.structs import replace

from marginctl.books.book_limits import ERRORS, FAILED, SHORTFALL, WARNED, bounds_of, place_of, verdict_on
from marginctl.books.header import BookHeader
from marginctl.books.stress_tally import STEPS, LostRow, ScenarioTally
from marginctl.books.stressed_rows import stressed_rows
from marginctl.books.summing import exposure_rows, outcome
from marginctl.books.tally import Tally, row_of
from marginctl.core.exact import ZERO, Direction, exactly
from marginctl.findings import Check, Finding, Problem, Status
from marginctl.limits.engine import STATUS
from marginctl.results.book_summary import HistogramStep
from marginctl.results.stressed_book import BookScenario, BookStressResult, GapLoss, LostAccount
from marginctl.wording import exact_percent, money

LARGEST = 10
"""Accounts whose share of the shortfall is told."""


def stress_of(
    header: BookHeader,
    tally: Tally,
    gaps: tuple[Decimal, ...],
    *,
    top: int,
    way: str,
    wall_ms: int,
    problems: Iterable[Problem],
) -> BookStressResult:
    """The summary of all scenarios, in the order of the header."""
    scenarios = tuple(
        _scenario(header, name, tally.scenarios.get(name, ScenarioTally()), gaps, top) for name in header.scenarios
    )
    counts = {
        FAILED: tally.verdicts.get("fail", 0),
        WARNED: tally.verdicts.get("warn", 0),
        ERRORS: tally.accounts - tally.ok,
    }
    found = verdict_on(header, counts, tally.accounts)
    lost = [_judged(header, one) for one in scenarios]
    found = found._replace(
        checks=(*found.checks, *(check for check, _ in lost if check is not None)),
        findings=(*found.findings, *(finding for _, finding in lost if finding is not None)),
    )
    told = outcome(header, tally, found, (*problems, *found.problems), way=way, wall_ms=wall_ms)
    return BookStressResult(**told, scenarios=scenarios)


def _scenario(header: BookHeader, name: str, tally: ScenarioTally, gaps: tuple[Decimal, ...], top: int) -> BookScenario:
    worst = [_exactly(header, name, one) for one in tally.worst[: max(LARGEST, top)]]
    largest = sum((one.shortfall for one in worst[:LARGEST]), ZERO)
    ends = ["before it begins", *(f"up to {exact_percent(end)}%" for end in STEPS[1:]), "not liquidated"]
    losses, losing = tally.losses or [ZERO] * len(gaps), tally.losing or [0] * len(gaps)
    return BookScenario(
        name=name,
        shocks=header.scenarios[name],
        accounts=tally.accounts,
        liquidated=tally.liquidated,
        pools=tally.pools,
        equity_before=tally.before,
        equity_after=tally.after,
        shortfall=tally.shortfall,
        largest_share=min(Decimal(1), largest / tally.shortfall) if tally.shortfall else ZERO,
        below_limits=tally.below,
        crossings=tuple(
            HistogramStep(label=label, count=count) for label, count in zip(ends, tally.crossings, strict=False)
        ),
        liquidated_exposure=tuple(exposure_rows(tally.exposure)),
        gaps=tuple(GapLoss(gap=gap, loss=loss, accounts=n) for gap, loss, n in zip(gaps, losses, losing, strict=True)),
        worst=tuple(
            LostAccount(
                account_id=one.account_id,
                as_of=one.as_of,
                crossing=one.crossing,
                equity_before=one.before,
                equity_after=one.after,
                shortfall=one.shortfall,
            )
            for one in worst[:top]
        ),
    )


def _exactly(header: BookHeader, name: str, one: LostRow) -> LostRow:
    """An account that is named with what the exact core says of it."""
    if not one.is_screened:
        return one
    with exactly():
        (row,) = stressed_rows(header, row_of(one), ())
    (found,) = (through for through in row.through if through.scenario == name)
    return replace(
        one, shortfall=found.shortfall, crossing=found.crossing, before=found.equity_before, after=found.equity_after
    )


def _judged(header: BookHeader, one: BookScenario) -> tuple[Check | None, Finding | None]:
    bounds = bounds_of(header, SHORTFALL)
    broken = [bound for bound in bounds if one.shortfall > bound.allowed]
    bound = next(iter(broken or bounds[-1:]), None)
    if bound is None:
        return None, None
    status = STATUS[bound.severity] if broken else Status.PASS
    left = bound.allowed - one.shortfall
    check = Check(SHORTFALL.code, SHORTFALL.name, one.name, one.shortfall, bound.allowed, status, left)
    if not broken:
        return check, None
    lost, most = (money(amount, header.currency, Direction.UP) for amount in (one.shortfall, bound.allowed))
    finding = Finding(
        code=SHORTFALL.code,
        name=SHORTFALL.name,
        severity=bound.severity,
        message=f"scenario {one.name} loses {lost} beyond bankruptcy, limit {most}",
        location=place_of(header, SHORTFALL),
        subject=one.name,
        value=one.shortfall,
        limit=bound.allowed,
        remedy="the accounts that lose most are named below; `marginctl book show` prints one of them in full",
    )
    return check, finding
