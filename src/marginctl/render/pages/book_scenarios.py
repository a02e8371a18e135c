"""Scenarios over a book: one line each, then what of each is liquidated, when, and who loses most."""

from collections.abc import Iterable, Sequence

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
from marginctl.render.pages.book_page import exposure_table, steps_table
from marginctl.render.pages.columns import figured
from marginctl.results.stressed_book import BookScenario, BookStressResult
from marginctl.wording import counted, share

MOST_SHOWN = 5
"""Scenarios that are told in full without -v."""


def book_scenarios_page(result: BookStressResult, options: Options) -> Page:
    """Verdict, findings, all scenarios in a table, each by itself."""
    if not result.accounts and result.problems:
        return page([Section(blocks=(Problems(result.problems),))])
    rest: list[Section | None] = []
    if options.verbosity is not Verbosity.QUIET:
        most = None if options.verbosity is Verbosity.VERBOSE else MOST_SHOWN
        rest = [one for scenario in result.scenarios[:most] for one in _scenario(scenario, result.currency)]
    title = f"{counted(result.accounts, 'account')}, {counted(len(result.scenarios), 'scenario')}"
    title += f": {result.failing:,} fail, {result.warning:,} warn at MC113"
    return page(
        [
            book_head(result, title),
            book_findings(result),
            section("Scenarios", _table(result), note=result.currency),
            *rest,
        ]
    )


def _table(result: BookStressResult) -> DataTable:
    rows = result.scenarios
    return DataTable(
        (
            names("scenario", [row.name for row in rows]),
            numbers("liquidated", [f"{row.liquidated:,}" for row in rows]),
            numbers("pools", [f"{row.pools:,}" for row in rows], priority=4),
            figured("equity before", rows, "equity_before", priority=2),
            figured("after", rows, "equity_after"),
            figured("shortfall", rows, "shortfall"),
            texts("of ten largest", [share(row.largest_share) for row in rows], priority=3),
            numbers("below limits", [f"{row.below_limits:,}" for row in rows], priority=5),
        )
    )


def _scenario(one: BookScenario, currency: str) -> Iterable[Section | None]:
    yield section(f"{one.name}: where on its way pools are liquidated", steps_table(one.crossings))
    if one.liquidated_exposure:
        yield section(
            f"{one.name}: notional of what is liquidated", exposure_table(one.liquidated_exposure), note=currency
        )
    if one.gaps:
        yield section(f"{one.name}: what is lost where pools are closed later on the way", _gaps(one), note=currency)
    if one.worst:
        yield section(f"{one.name}: largest shortfalls", _worst(one), note=currency)


def _gaps(one: BookScenario) -> DataTable:
    rows = one.gaps
    return DataTable(
        (
            texts("later by", [share(row.gap) for row in rows]),
            figured("loss", rows, "loss"),
            numbers("accounts", [f"{row.accounts:,}" for row in rows]),
        )
    )


def _worst(one: BookScenario) -> DataTable:
    rows = one.worst
    return DataTable(
        (
            names("account", [row.account_id for row in rows]),
            texts("as of", [row.as_of or "" for row in rows], priority=4),
            texts("liquidated at", _places(one), priority=2, tones=[Tone.BAD] * len(rows)),
            figured("equity before", rows, "equity_before", priority=1),
            figured("after", rows, "equity_after", priority=3),
            figured("shortfall", rows, "shortfall"),
        )
    )


def _places(one: BookScenario) -> Sequence[str]:
    return ["" if row.crossing is None else share(row.crossing) for row in one.worst]
