"""The head of every page about an account: verdict, distance to liquidation, what to do, and whose figures follow."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from marginctl.core.figures import FIGURES
from marginctl.core.report import Report, UnderlyingFigures
from marginctl.findings import Severity
from marginctl.render.page import Section, Sentence, Span, Tone, Words
from marginctl.render.pages.columns import NEVER
from marginctl.results import Outcome, Verdict, cheapest, live, verdict
from marginctl.wording import (
    capitalized,
    counted,
    figure,
    figure_percent,
    listed,
    priced,
    same,
)

TONES = {
    Verdict.PASS: Tone.GOOD,
    Verdict.WARN: Tone.WARN,
    Verdict.FAIL: Tone.BAD,
    Verdict.ERROR: Tone.BAD,
}
STATES = {
    "restricted": "free collateral is negative, nothing new can be opened",
    "margin-call": "called for margin",
    "liquidation": "liquidatable now",
}
BELOW = 3
"""Steps in to what stands below the verdict."""
WAYS = {"down": "fall", "up": "rise"}
SIGNS = {"fall": "-", "rise": "+"}
MOST_GIVEN = 2
"""Rows taken as given that a verdict names."""


def head(outcome: Outcome, fail_on: str, *, when: str = "") -> Section:
    """Three lines: ``FAIL  desk-a: 1 error (MC101).``, the distance, what to do. ``when``: of a change."""
    word, report = verdict(outcome, fail_on), outcome.report
    lines = [] if report is None else [distance(report), todo(outcome, word, report)]
    return headed(word, f"{name_of(outcome)}{when and f' {when}'}: {tally(outcome)}.", outcome, *lines)


def headed(word: Verdict, text: str, outcome: Outcome, *lines: str) -> Section:
    """The word and what it is about, further lines below it; then the file, the venue, its modes and dates."""
    below = (Sentence(text=line, depth=BELOW) for line in lines if line)
    facts = () if outcome.report is None else (Words(texts=tuple(_facts(outcome, outcome.report))),)
    return replace(answered(word, text), blocks=(*below, *facts))


def title(outcome: Outcome, report: Report, *blocks: Sentence) -> Section:
    """Name and file, and in the words of the head whose figures follow: on a page where the answer stands by itself."""
    _, *facts = _facts(outcome, report)
    note = Span(outcome.file, Tone.CODE)
    return Section(heading=report.account.name, note=note, blocks=(Words(texts=tuple(facts)), *blocks), is_title=True)


def answer(outcome: Outcome, fail_on: str) -> Section:
    """The first line of the head alone."""
    return answered(verdict(outcome, fail_on), f"{name_of(outcome)}: {tally(outcome)}.")


def answered(word: Verdict, text: str) -> Section:
    """The word and what it is about."""
    return Section(heading=text, lead=Span(word.value, TONES[word]), is_title=True)


def name_of(outcome: Outcome) -> str:
    """What the account is called; its file where nothing is known of it."""
    return outcome.report.account.name if outcome.report else outcome.file


def _facts(outcome: Outcome, report: Report) -> Iterable[str]:
    account = report.account
    yield outcome.file
    modes = [account.venue, account.collateral_mode, account.position_mode]
    if account.margin_model != "tiered":
        modes.append(account.margin_model)
    yield ", ".join(modes)
    if outcome.rules is not None and outcome.rules.as_of:
        yield f"rules of {outcome.rules.as_of} ({outcome.rules.status})"
    if account.as_of:
        yield f"data of {account.as_of}"


def tally(outcome: Outcome) -> str:
    """``liquidatable now, 2 errors (MC100, MC101), 1 waived``; what is merely noted does not count."""
    if outcome.report is None:
        return f"could not be checked, {counted(len(outcome.problems), 'problem')}"
    state = STATES.get(outcome.report.totals.state, "")
    counts = [state] if state else []
    for severity, noun in ((Severity.ERROR, "error"), (Severity.WARNING, "warning")):
        found = live(outcome.findings, severity)
        if found:
            broken = listed(list(dict.fromkeys(one.code for one in found)))
            counts.append(f"{counted(len(found), noun)} ({broken})")
    if outcome.problems:
        counts.append(f"{counted(len(outcome.problems), 'limit')} could not be evaluated")
    waived = sum(finding.waived for finding in outcome.findings)
    if len(counts) == bool(state):
        counts.append("no limit is broken")
    resting = resting_on(outcome.report)
    return ", ".join([*counts, *([f"{waived} waived"] if waived else []), *([resting] if resting else [])])


def resting_on(report: Report) -> str:
    """What a verdict takes as given instead of computing it; empty where it takes nothing so."""
    given = [row.name for row in report.other]
    named = listed(given) if len(given) <= MOST_GIVEN else f"{len(given)} rows of `other`"
    return f"resting on {named} as given" if given else ""


def todo(outcome: Outcome, word: Verdict, report: Report) -> str:
    """The cheapest way to pass, or how much is free where nothing has to be done."""
    if word is Verdict.ERROR:
        return "Correct what is named below first."
    if word is Verdict.PASS:
        free = report.totals.free_collateral
        amount = f"{figure('free_collateral', free)} {report.account.currency}"
        return f"Nothing to do: {amount} of collateral are free." if free > 0 else "Nothing to do."
    remedy = cheapest(outcome)
    return f"{capitalized(remedy)}." if remedy else "See the findings."


class Nearest(NamedTuple):
    """How far the nearest liquidation is, which way, and which asset alone goes there; empty where all go together."""

    distance: Decimal
    word: str
    asset: str = ""


def nearest(report: Report) -> Nearest | None:
    """The smallest move that liquidates, of all assets together or of one alone; None where none does."""
    common = report.liquidation
    alone = _nearest_alone(report)
    if alone is not None and (common.distance is None or _away(alone) < common.distance):
        return Nearest(_away(alone), _way(report, alone), alone.asset)
    if common.distance is None:
        return None
    return Nearest(common.distance, WAYS.get(common.direction or "", ""))


def distance(report: Report) -> str:
    """``A fall of 2.90% liquidates (SOL at 145.642).``: the nearer common move, and which asset alone goes nearest."""
    common, alone = report.liquidation, _nearest_alone(report)
    pool = f" {common.pool}" if len(report.pools) > 1 and common.pool else ""
    if common.distance is not None and common.direction is None:
        return f"Liquidatable at these prices already{pool and f':{pool}'}."
    if common.distance is None or common.direction is None:
        return _only(report, alone) if alone else "No move of prices liquidates."
    word = WAYS[common.direction]
    far = f"{figure_percent(common.direction, common.distance)}%"
    if alone is None:
        return f"A {word} of {far} liquidates{pool}."
    at = f"(at {_price(report, alone)})"
    if same(alone.distance, common.distance):
        return f"A {word} of {far} liquidates{pool} ({alone.asset} at {_price(report, alone)})."
    single, near = _way(report, alone), f"{figure_percent('distance', _away(alone))}%"
    if _away(alone) < common.distance:
        where = f" {alone.pool}" if pool else ""
        return f"A {single} of {near} of {alone.asset} liquidates{where} {at}, all together {SIGNS[word]}{far}."
    return f"A {word} of {far} of all assets liquidates{pool}, {alone.asset} alone {at[1:-1]} ({SIGNS[single]}{near})."


def _nearest_alone(report: Report) -> UnderlyingFigures | None:
    return min((row for row in report.underlyings if row.distance is not None), key=_away, default=None)


def _only(report: Report, row: UnderlyingFigures) -> str:
    """Where no common move liquidates."""
    far = f"{figure_percent('distance', _away(row))}%"
    return (
        f"A {_way(report, row)} of {far} of {row.asset} liquidates (at {_price(report, row)}), no move of all assets."
    )


def _way(report: Report, row: UnderlyingFigures) -> str:
    return WAYS["down" if _is_below(report, row) else "up"]


def _away(row: UnderlyingFigures) -> Decimal:
    return row.distance or Decimal(0)


def _price(report: Report, row: UnderlyingFigures) -> str:
    """The nearer price at which an asset liquidates, toward its price now."""
    name = "liquidation_down" if _is_below(report, row) else "liquidation_up"
    return price_text(name, getattr(row, name))


def _is_below(report: Report, row: UnderlyingFigures) -> bool:
    """Whether the lower of the two prices is the nearer one."""
    if row.liquidation_down is None or row.liquidation_up is None:
        return row.liquidation_up is None
    for held in report.collateral:
        if (held.asset, held.pool) == (row.asset, row.pool):
            return same(row.liquidation_down, held.price * (1 - _away(row)))
    on_it = (
        one for one in report.positions if one.pool == row.pool and same(one.distance_to_liquidation, row.distance)
    )
    return any(one.liquidation_side == "below" for one in on_it)


def price_text(name: str, price: Decimal | None) -> str:
    """A price with the decimals that its own size asks for, in the direction of its figure."""
    if price is None:
        return NEVER
    return priced(price, FIGURES[name].direction)
