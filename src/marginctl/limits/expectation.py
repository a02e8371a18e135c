"""`expect:` - the figures that a venue shows beside ours, each held to a tolerance like a limit (MC209)."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from marginctl.core.account import Account, PriceShown
from marginctl.core.assemble import as_shown
from marginctl.core.exact import Direction, exceeds, ratio, rounded, sign
from marginctl.core.figure import PLACES
from marginctl.core.figures import FIGURES
from marginctl.core.pool import is_shared
from marginctl.core.report import PositionFigures, Report
from marginctl.document.kinds import Entries
from marginctl.document.source import Source, echo
from marginctl.findings import DataFact, Expectation, Problem
from marginctl.limits.format import DEFAULT_TOLERANCE, Expected, ShownFigures, ShownNumber, ShownRatio
from marginctl.limits.rule import Context

if TYPE_CHECKING:
    from marginctl.document.nodes import Node

MOST_NAMES = 5
CROSS = "cross"
FARTHEST = 11
"""Times the mark: a venue's price beyond it agrees with none here."""
WITHOUT_FEE = "without the fee to close, as the venue shows it"
TICK_UNKNOWN = "without the tick that the venue's screen adds: give the contract's `tick_size`"
NONE_HERE = f"the venue's price lies beyond {FARTHEST} times the mark"


class VenueView(Struct, frozen=True):
    """What a venue shows figures of: ours as the venue would show it, and as it stands in the report.

    ``unshown``: figures that cannot be given as the venue shows them, with the reason.
    """

    ours: Any
    reported: Any
    unshown: dict[str, str] = {}


class Within(NamedTuple):
    """What a difference may be: an amount, or a share of the venue's figure."""

    share: Decimal
    amount: Decimal | None = None

    def of(self, theirs: Decimal) -> Decimal | None:
        """The share; of an amount rounded up to as many decimals as rates have, and none of 0."""
        if self.amount is None:
            return self.share
        return rounded(self.amount / abs(theirs), PLACES["rate"], Direction.UP) if theirs else None

    def holds(self, difference: Decimal, theirs: Decimal) -> bool:
        """Whether a difference is within, equality included."""
        if self.amount is None:
            return not exceeds(abs(difference), abs(theirs), self.share)
        return sign(abs(difference) - self.amount, abs(theirs) + self.amount) <= 0


def compared(context: Context, expected: Expected, source: Source, *, confirms: bool) -> tuple[Context, list[Problem]]:
    """The context with every figure under ``expect`` and ours. ``confirms``: what the venue shows settles facts."""
    shown, problems = expectations(expected, context.report, context.account, source)
    facts = unconfirmed(context.facts, shown) if confirms else context.facts
    return replace(context, expectations=tuple(shown), facts=facts), problems


def expectations(
    expected: Expected, report: Report, account: Account, source: Source
) -> tuple[list[Expectation], list[Problem]]:
    """Every figure under ``expect`` with ours; ``tolerance`` is a fraction of the venue's figure (default 0.1%).

    Ours are those of the report as the venue would show them (see ``core.shown``). A pool or position that the account
    does not have, or a name that several share, cannot be compared: a problem.
    """
    comparison = _Comparison(account, source, Within(expected.tolerance))
    shown = as_shown(account, report)
    if expected.totals is not None:
        comparison.figures("totals", expected.totals, VenueView(shown.totals, report.totals))
    pools = {one.name: VenueView(one, other) for one, other in zip(shown.pools, report.pools, strict=True)}
    comparison.named("pool", expected.pools, _with_cross(pools))
    positions = {
        name: VenueView(one, other, _unshown(account, one))
        for name, one, other in zip(_names(report.positions), shown.positions, report.positions, strict=True)
    }
    comparison.named("position", expected.positions, positions)
    return comparison.found, comparison.problems


class _Comparison(Struct):
    """One ``expect:`` section being compared."""

    account: Account
    source: Source
    within: Within
    found: list[Expectation] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def named(self, what: str, given: Entries[ShownFigures], held: dict[str, VenueView]) -> None:
        """The figures of every pool or position that is named; a position alone on its side may be ``SYMBOL:side``."""
        sides = _by_side(held) if what == "position" else {}
        for word, figures, _ in given.rows():
            one = held.get(word.text) or sides.get(word.text)
            if one is not None:
                self.figures(word.text, figures, one)
                continue
            known = ", ".join(map(echo, list(held)[:MOST_NAMES]))
            advice = f"write one of {known}" if known else f"the account has no {what}s"
            self.refuse(word, "MC030", f"`expect` names no {what} of the account: {echo(word.text)}", advice)

    def figures(self, subject: str, figures: ShownFigures, shown: VenueView) -> None:
        """Every figure of a subject."""
        for word, given, node in figures.items():
            unit = given.unit if isinstance(given, ShownNumber) else ""
            if unit and FIGURES[word.text].kind != "money":
                self.refuse(
                    given.at(ShownNumber.unit), "MC016", f"`{word.text}` is no amount of an asset", "remove `unit`"
                )
            elif unit and unit not in self.account.prices:
                message = f"{echo(unit)} is no asset of the account"
                self.refuse(
                    given.at(ShownNumber.unit), "MC020", message, f"write one of {', '.join(self.account.prices)}"
                )
            else:
                self.found.append(self.compared(subject, word.text, given, node, shown))

    def compared(
        self, subject: str, figure: str, given: Decimal | ShownRatio | None, node: "Node", shown: VenueView
    ) -> Expectation:
        """One figure; ``given`` is a number, None, or a record with a tolerance and a unit of its own."""
        record = given if isinstance(given, ShownRatio) else None
        theirs = given.value if isinstance(given, ShownRatio) else given
        within = self.within if record is None else _own(record, self.within)
        unit = record.unit if isinstance(record, ShownNumber) else ""
        ours, reported = (
            _value(one, figure, self.account.prices[unit] if unit else None) for one in (shown.ours, shown.reported)
        )
        difference = None if ours is None or theirs is None else ours - theirs
        beyond = ours is None and _is_beyond(theirs, figure, shown.ours)
        note = WITHOUT_FEE if ours != reported else shown.unshown.get(figure, "")
        return Expectation(
            subject=subject,
            figure=figure,
            ours=ours,
            theirs=theirs,
            difference=difference,
            relative=None if difference is None or theirs is None else ratio(abs(difference), abs(theirs)),
            tolerance=None if theirs is None else within.of(theirs),
            location=self.source.location(node),
            is_met=beyond or _is_met(ours, theirs, figure, within),
            absolute=within.amount,
            unit=unit,
            note=NONE_HERE if beyond else note,
        )

    def refuse(self, node: "Node", code: str, message: str, advice: str) -> None:
        self.problems.append(self.source.problem(node, code, message, advice))


def _own(record: ShownRatio, general: Within) -> Within:
    """A figure's own tolerance: an amount, or with ``%`` a share; the general one where it has none."""
    if record.tolerance is None:
        return general
    is_share = record.text_at(ShownRatio.tolerance).endswith("%")
    return Within(record.tolerance) if is_share else Within(DEFAULT_TOLERANCE, record.tolerance)


def _value(row: Any, figure: str, price: Decimal | None) -> Decimal | None:
    """A figure of a row of the report, or the sum of several; with ``price`` in units of what costs that."""
    parts: list[Decimal] = [getattr(row, name) for name in figure.split(" + ")]
    if None in parts:
        return None
    value = sum(parts[1:], parts[0])
    return value / price if price else value


def _is_met(ours: Decimal | None, theirs: Decimal | None, figure: str, within: Within) -> bool:
    """Whether ours is within the tolerance of theirs; a price of 0 is how venues show that there is none."""
    if theirs is None or ours is None:
        return ours is None and (theirs is None or (theirs == 0 and figure.endswith("_price")))
    return within.holds(ours - theirs, theirs)


def _is_beyond(theirs: Decimal | None, figure: str, row: Any) -> bool:
    """Whether a venue's liquidation price is so far that no price here agrees with it."""
    is_far = theirs is not None and theirs > FARTHEST * getattr(row, "mark_price", theirs)
    return is_far and figure.endswith("liquidation_price")


def unconfirmed(facts: Iterable[DataFact], shown: Iterable[Expectation]) -> tuple[DataFact, ...]:
    """The facts without the overrides that the venue's own screen shows: those are the account's own bracket.

    An override of a position's rate is confirmed by that rate, or the margin it makes, under ``expect``.
    """
    met = {(one.subject, one.figure) for one in shown if one.is_met}
    return tuple(fact for fact in facts if not (fact.figure and _figures_of(fact) & met))


def _figures_of(fact: DataFact) -> set[tuple[str, str]]:
    """What ``expect`` may call the figure of a fact."""
    figures = fact.figure, fact.figure.replace("_rate", "_margin")
    return {(name, figure) for name in (fact.subject, fact.subject.partition(":")[0]) for figure in figures}


def _unshown(account: Account, row: PositionFigures) -> dict[str, str]:
    """Figures of a position that cannot be given as the venue shows them, with the reason."""
    contract = next(position.contract for position in account.positions if position.key == row.key)
    is_exact = account.rules.shown_liquidation_price is PriceShown.CROSSING or contract.tick_size is not None
    return {} if is_exact else {"contract_liquidation_price": TICK_UNKNOWN}


def _names(positions: Iterable[PositionFigures]) -> list[str]:
    """Positions by their symbol, those that share one by their key (``BTCUSDT:long``)."""
    rows = list(positions)
    counts = Counter(position.symbol for position in rows)
    return [position.symbol if counts[position.symbol] == 1 else position.key for position in rows]


def _with_cross(pools: dict[str, VenueView]) -> dict[str, VenueView]:
    """The pools by name, and as ``cross`` the only cross pool, which may be that of one asset."""
    cross = [one for one in pools.values() if is_shared(one.reported.margin_mode)]
    return pools | ({CROSS: cross[0]} if len(cross) == 1 else {})


def _by_side(held: dict[str, VenueView]) -> dict[str, VenueView]:
    """``SYMBOL:side`` -> the only position of that name."""
    names = [(f"{one.reported.symbol}:{one.reported.side}", one) for one in held.values()]
    counts = Counter(name for name, _ in names)
    return {name: one for name, one in names if counts[name] == 1}
