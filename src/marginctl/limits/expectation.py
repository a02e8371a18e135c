"""`expect:` - the figures that a venue shows beside ours, each held to a tolerance like a limit (MC209)."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct, field

from marginctl.core.account import Account, PriceShown
from marginctl.core.exact import Direction, exceeds, ratio, rounded, sign
from marginctl.core.figure import PLACES
from marginctl.core.figures import FIGURES
from marginctl.core.pool import is_shared
from marginctl.core.report import PositionFigures, Report
from marginctl.core.shown import as_shown
from marginctl.document.shape import Draft
from marginctl.document.source import Source, echo
from marginctl.findings import DataFact, Expectation, Problem

if TYPE_CHECKING:
    from marginctl.document.nodes import Node, Scalar

DEFAULT_TOLERANCE = Decimal("0.001")
MOST_NAMES = 5
CROSS = "cross"
FARTHEST = 11
"""Times the mark: a venue's price beyond it agrees with none here."""
WITHOUT_FEE = "without the fee to close, as the venue shows it"
TICK_UNKNOWN = "without the tick that the venue's screen adds: give the contract's `tick_size`"
NONE_HERE = f"the venue's price lies beyond {FARTHEST} times the mark"


class Shown(Struct, frozen=True):
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


def expectations(
    draft: Draft | None, report: Report, account: Account, source: Source
) -> tuple[list[Expectation], list[Problem]]:
    """Every figure under ``expect`` with ours; ``tolerance`` is a fraction of the venue's figure (default 0.1%).

    Ours are those of the report as the venue would show them (see ``core.shown``). A pool or position that the account
    does not have, or a name that several share, cannot be compared: a problem.
    """
    if draft is None:
        return [], []
    comparison = _Comparison(account, source, Within(draft.get("tolerance", DEFAULT_TOLERANCE)))
    shown = as_shown(account, report)
    if "totals" in draft:
        comparison.figures("totals", draft.get("totals"), Shown(shown.totals, report.totals))
    pools = {one.name: Shown(one, other) for one, other in zip(shown.pools, report.pools, strict=True)}
    comparison.named("pool", draft.get("pools", ()), _with_cross(pools))
    positions = {
        name: Shown(one, other, _unshown(account, one))
        for name, one, other in zip(_names(report.positions), shown.positions, report.positions, strict=True)
    }
    comparison.named("position", draft.get("positions", ()), positions)
    return comparison.found, comparison.problems


class _Comparison(Struct):
    """One ``expect:`` section being compared."""

    account: Account
    source: Source
    within: Within
    found: list[Expectation] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def named(self, what: str, given: Iterable[tuple["Scalar", Draft, "Node"]], held: dict[str, Shown]) -> None:
        """The figures of every pool or position that is named; a position alone on its side may be ``SYMBOL:side``."""
        sides = _by_side(held) if what == "position" else {}
        for key, figures, _ in given:
            one = held.get(key.text) or sides.get(key.text)
            if one is not None:
                self.figures(key.text, figures, one)
                continue
            known = ", ".join(map(echo, list(held)[:MOST_NAMES]))
            advice = f"write one of {known}" if known else f"the account has no {what}s"
            self.refuse(key, "MC030", f"`expect` names no {what} of the account: {echo(key.text)}", advice)

    def figures(self, subject: str, draft: Draft, shown: Shown) -> None:
        """Every figure of a subject."""
        for key, given, node in draft.items():
            unit = given.get("unit", "") if isinstance(given, Draft) else ""
            if unit and FIGURES[key.text].kind != "money":
                self.refuse(given.at("unit"), "MC016", f"`{key.text}` is no amount of an asset", "remove `unit`")
            elif unit and unit not in self.account.prices:
                message = f"{echo(unit)} is no asset of the account"
                self.refuse(given.at("unit"), "MC020", message, f"write one of {', '.join(self.account.prices)}")
            else:
                self.found.append(self.compared(subject, key.text, given, node, shown))

    def compared(self, subject: str, figure: str, given: Any, node: "Node", shown: Shown) -> Expectation:
        """One figure; ``given`` is a number, "none", or a record with a tolerance and a unit of its own."""
        record = given if isinstance(given, Draft) else None
        theirs = record.get("value") if record else None if given == "none" else given
        within = _own(record) if record and "tolerance" in record else self.within
        unit = record.get("unit", "") if record else ""
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


def _own(record: Draft) -> Within:
    """A figure's own tolerance: an amount, or with ``%`` a share."""
    value = record.get("tolerance")
    node: Any = record.at("tolerance")
    return Within(value) if node.text.endswith("%") else Within(DEFAULT_TOLERANCE, value)


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


def _with_cross(pools: dict[str, Shown]) -> dict[str, Shown]:
    """The pools by name, and as ``cross`` the only cross pool, which may be that of one asset."""
    cross = [one for one in pools.values() if is_shared(one.reported.margin_mode)]
    return pools | ({CROSS: cross[0]} if len(cross) == 1 else {})


def _by_side(held: dict[str, Shown]) -> dict[str, Shown]:
    """``SYMBOL:side`` -> the only position of that name."""
    names = [(f"{one.reported.symbol}:{one.reported.side}", one) for one in held.values()]
    counts = Counter(name for name, _ in names)
    return {name: one for name, one in names if counts[name] == 1}
