"""A book of accounts: what it comes to, the limits on it as a whole, and its worst accounts first."""

from collections.abc import Sequence

from marginctl.findings import Status
from marginctl.render import Options, Verbosity
from marginctl.render.page import (
    DataTable,
    Page,
    Problems,
    Section,
    Tone,
    names,
    numbers,
    page,
    section,
    texts,
)
from marginctl.render.pages.book_head import book_findings, book_head
from marginctl.render.pages.columns import NEVER, figured
from marginctl.render.pages.head import WAYS
from marginctl.results.book_summary import BookResult, ExposureRow, HistogramStep, WorstAccount
from marginctl.wording import check_value, counted, headroom_text, limit_text, listed, share

STATUS_TONES = {Status.FAIL: Tone.BAD, Status.WARN: Tone.WARN}


def book_page(result: BookResult, options: Options) -> Page:
    """Verdict and counts, findings, the limits on the book, which limits accounts break, sums, the worst accounts."""
    if not result.accounts and result.problems:
        return page([Section(blocks=(Problems(result.problems),))])
    is_quiet = options.verbosity is Verbosity.QUIET
    rest = () if is_quiet else _figures(result)
    counts = f"{result.failing:,} fail", f"{result.warning:,} warn", f"{result.passing:,} pass"
    title = f"{counted(result.accounts, 'account')}: {', '.join(counts)}"
    return page([book_head(result, title), book_findings(result), *rest])


def _figures(result: BookResult) -> list[Section | None]:
    return [
        section("Limits on the book", _book_limits(result)),
        section("Limits of accounts", _limits(result)) if result.limits else None,
        section("All accounts", _totals(result), note=result.currency),
        section("Notional by underlying", exposure_table(result.exposure), note=result.currency)
        if result.exposure
        else None,
        _steps("Distance to liquidation, all together", result.distances),
        _steps("Utilization", result.utilizations),
        section("Worst accounts", _worst(result), note=f"{result.currency}; by the exact core")
        if result.worst
        else None,
        section("Errors by code", _errors(result)) if result.error_codes else None,
    ]


def _book_limits(result: BookResult) -> DataTable:
    units = ["fraction" if one.limit is not None and one.limit < 1 and one.limit else "count" for one in result.checks]
    rows = list(zip(result.checks, units, strict=True))
    return DataTable(
        (
            texts("code", [one.code for one in result.checks]),
            texts("limit", [one.name for one in result.checks]),
            texts("value", [check_value(one, unit) for one, unit in rows]),
            texts("most", [limit_text(one, unit) for one, unit in rows]),
            texts("headroom", [headroom_text(one, unit) for one, unit in rows], priority=1),
            texts(
                "status",
                [one.status.value for one in result.checks],
                tones=[STATUS_TONES.get(one.status, Tone.GOOD) for one in result.checks],
            ),
        )
    )


def _limits(result: BookResult) -> DataTable:
    rows = result.limits
    return DataTable(
        (
            texts("code", [row.code for row in rows]),
            names("limit", [row.name for row in rows]),
            numbers("fail", [f"{row.failing:,}" for row in rows]),
            figured("their notional", rows, "failing_notional", priority=1),
            numbers("warn", [f"{row.warning:,}" for row in rows]),
            figured("notional of these", rows, "warning_notional", priority=2),
        )
    )


def _totals(result: BookResult) -> DataTable | None:
    totals, gone = result.totals, result.liquidatable_accounts
    if totals is None or gone is None:
        return None
    rows = [totals]
    return DataTable(
        (
            figured("equity", rows, "equity"),
            figured("initial", rows, "initial_margin"),
            figured("maintenance", rows, "maintenance_margin"),
            figured("notional", rows, "gross_notional"),
            numbers("liquidatable", [f"{gone.accounts:,}"]),
            figured("their equity", [gone], "equity", priority=1),
            figured("shortfall", [gone], "shortfall", priority=2),
        ),
        is_fixed=True,
    )


def exposure_table(rows: Sequence[ExposureRow]) -> DataTable:
    """Notional by underlying and side."""
    return DataTable(
        (names("asset", [row.asset for row in rows]), figured("long", rows, "long"), figured("short", rows, "short"))
    )


def _steps(heading: str, steps: Sequence[HistogramStep]) -> Section | None:
    return section(heading, steps_table(steps)) if steps else None


def steps_table(steps: Sequence[HistogramStep]) -> DataTable:
    """A histogram in words and numbers."""
    total = sum(step.count for step in steps) or 1
    parts = [f"{step.count * 100 / total:.1f}%" for step in steps]
    return DataTable(
        (
            texts("", [step.label for step in steps]),
            numbers("accounts", [f"{step.count:,}" for step in steps]),
            numbers("share", parts),
        )
    )


def _worst(result: BookResult) -> DataTable:
    rows = result.worst
    totals = [row.totals for row in rows]
    return DataTable(
        (
            names("account", [row.account_id for row in rows]),
            texts("as of", [row.as_of or "" for row in rows], priority=6),
            texts("verdict", [row.verdict for row in rows], tones=[_tone(row) for row in rows]),
            texts("breaks", [listed([*row.failed, *row.warned]) for row in rows], priority=4),
            figured("equity", totals, "equity"),
            figured("maintenance", totals, "maintenance_margin", priority=3),
            figured("ratio", totals, "maintenance_ratio"),
            figured("used", totals, "utilization", priority=5),
            texts("liquidated by", [_distance(row) for row in rows], priority=2),
        )
    )


def _tone(row: WorstAccount) -> Tone:
    return {"fail": Tone.BAD, "warn": Tone.WARN}.get(row.verdict, Tone.GOOD)


def _distance(row: WorstAccount) -> str:
    found = row.liquidation
    if row.totals.liquidatable:
        return "now"
    if found.distance is None:
        return NEVER
    return f"{WAYS.get(found.direction or '', 'move')} of {share(found.distance)}"


def _errors(result: BookResult) -> DataTable:
    rows = result.error_codes
    return DataTable(
        (texts("code", [row.code for row in rows]), numbers("problems", [f"{row.count:,}" for row in rows]))
    )
