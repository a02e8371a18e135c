"""`expect:` - the figures that a venue shows beside ours, each held to a tolerance like a limit (MC209)."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from marginctl.core.account import Account, PriceShown
from marginctl.core.exact import exceeds, ratio
from marginctl.core.figures import NUMBERS
from marginctl.core.plain import keys_of
from marginctl.core.report import PositionFigures, Report, Totals
from marginctl.core.shown import as_shown
from marginctl.document.kinds import RATE, SIGNED, Entries, MapOf, Number
from marginctl.document.record import Nested, Record, Shape, optional
from marginctl.document.source import Source, echo
from marginctl.findings import DataFact, Expectation, Problem

FRACTION = Number(percent=True)
MOST_NAMES = 5
WITHOUT_FEE = "without the fee to close, as the venue shows it"
TICK_UNKNOWN = "without the tick that the venue's screen adds: give the contract's `tick_size`"


class ExpectedFigures(Record):
    """Figures of the report that a venue shows, by their names there."""


def _figures(name: str, kind: type, doc: str) -> Nested[ExpectedFigures]:
    """A key for every number of a class of the report; fractions may be in percent, and come last."""
    found = [(one.name, one.row.kind) for one in keys_of(kind) if one.row and one.row.kind in NUMBERS]
    keys = [optional(SIGNED, name=figure) for figure, kind in found if kind != "ratio"]
    keys += [optional(FRACTION, name=figure) for figure, kind in found if kind == "ratio"]
    return Nested(Shape(name, tuple(keys), doc, ExpectedFigures))


class Expected(Record, name="expect"):
    """What the venue shows for this account."""

    tolerance = optional(RATE, "relative difference that is no finding; default 0.1%", default=Decimal("0.001"))
    totals = optional(_figures("expected_totals", Totals, "Totals that the venue shows"), "figures of the account")
    positions = optional(
        MapOf(_figures("expected_position", PositionFigures, "Figures of a position that the venue shows")),
        "figures by symbol",
        default=Entries(),
    )


def expectations(
    expected: Expected | None, report: Report, account: Account, source: Source
) -> tuple[list[Expectation], list[Problem]]:
    """Every figure under ``expect`` with ours; ``tolerance`` is a fraction of the venue's figure (default 0.1%).

    Ours are those of the report as the venue would show them (see ``core.shown``). A position that the account does not
    have, or a name that several share, cannot be compared: a problem.
    """
    if expected is None:
        return [], []
    shown = as_shown(account, report)
    tolerance = expected.tolerance
    found: list[Expectation] = []
    problems: list[Problem] = []
    if expected.totals is not None:
        found += _compared("totals", expected.totals, (shown.totals, report.totals), tolerance, source, {})
    held = dict(zip(_by_name(report.positions), zip(shown.positions, report.positions, strict=True), strict=True))
    for key, figures, _ in expected.positions.rows():
        if key.text in held:
            unshown = _unshown(account, held[key.text][0])
            found += _compared(key.text, figures, held[key.text], tolerance, source, unshown)
            continue
        known = ", ".join(map(echo, list(held)[:MOST_NAMES]))
        advice = f"write one of {known}" if known else "the account has no positions"
        problems.append(
            source.problem(key, "MC030", f"`expect` names no position of the account: {echo(key.text)}", advice)
        )
    return found, problems


def unconfirmed(facts: Iterable[DataFact], shown: Iterable[Expectation]) -> tuple[DataFact, ...]:
    """The facts without the overrides that the venue's own screen shows: those are the account's own bracket.

    An override of a position's rate is confirmed by that rate, or the margin it makes, under ``expect``.
    """
    met = {(one.subject, one.figure) for one in shown if is_met(one)}
    return tuple(fact for fact in facts if not (fact.figure and _names(fact) & met))


def _names(fact: DataFact) -> set[tuple[str, str]]:
    """What ``expect`` may call the figure of a fact."""
    figures = fact.figure, fact.figure.replace("_rate", "_margin")
    return {(name, figure) for name in (fact.subject, fact.subject.partition(":")[0]) for figure in figures}


def is_met(one: Expectation) -> bool:
    """Whether ours is within the tolerance of theirs; a price of 0 is how venues show that there is none."""
    if one.difference is None:
        return one.theirs == 0 and one.figure.endswith("_price")
    return not exceeds(abs(one.difference), abs(one.theirs), one.tolerance)


def _unshown(account: Account, row: PositionFigures) -> dict[str, str]:
    """Figures of a position that cannot be given as the venue shows them, with the reason."""
    contract = next(position.contract for position in account.positions if position.key == row.key)
    is_exact = account.rules.shown_liquidation_price is PriceShown.CROSSING or contract.tick_size is not None
    return {} if is_exact else {"contract_liquidation_price": TICK_UNKNOWN}


def _by_name(positions: Iterable[PositionFigures]) -> dict[str, PositionFigures]:
    """Positions by their symbol, those that share one by their key (``BTCUSDT:long``)."""
    rows = list(positions)
    counts = Counter(position.symbol for position in rows)
    return {position.symbol if counts[position.symbol] == 1 else position.key: position for position in rows}


def _compared(
    subject: str,
    figures: ExpectedFigures,
    held: tuple[Any, Any],
    tolerance: Decimal,
    source: Source,
    unshown: dict[str, str],
) -> Iterable[Expectation]:
    """``held``: the struct as the venue would show it, and as it stands in the report; ``unshown``: why one is not."""
    for key, theirs, node in figures.items():
        ours: Decimal | None
        ours, reported = (getattr(one, key.text) for one in held)
        difference = None if ours is None else ours - theirs
        yield Expectation(
            subject=subject,
            figure=key.text,
            ours=ours,
            theirs=theirs,
            difference=difference,
            relative=None if difference is None else ratio(abs(difference), abs(theirs)),
            tolerance=tolerance,
            location=source.location(node),
            note=WITHOUT_FEE if ours != reported else unshown.get(key.text, ""),
        )
