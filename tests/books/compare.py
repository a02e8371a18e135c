"""What the screen says of a book against what the exact core says, figure by figure."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from math import isnan
from typing import Any, NamedTuple

from tests.books.random_books import Book, Expected, batch_of, expected, gross_of

from marginctl.books.float_screen import REASONS, Screened, screen
from marginctl.core.exact import exactly

MONEY = (
    "equity",
    "gross_collateral",
    "unrealized_pnl",
    "initial_margin",
    "maintenance_margin",
    "gross_notional",
    "free_collateral",
    "buffer",
)
RATIOS = ("leverage", "utilization", "maintenance_ratio")
MONEY_SHARE, RATIO_SHARE, MOVE_SHARE = Decimal("1e-12"), Decimal("1e-9"), Decimal("1e-9")


class Compared(NamedTuple):
    """What differs, and how many accounts were decided, or why not."""

    differences: list[str]
    reasons: Counter[str]


def compared(book: Book, form: str = "decimal") -> Compared:
    """Every account of a book."""
    found, config = screen(book.compiled, batch_of(book, form)), book.config
    words = {name: found.column(name).to_pylist() for name in WORDS}
    reasons: Counter[str] = Counter()
    differences: list[str] = []
    for place, account in enumerate(book.accounts):
        reason = REASONS[found.why[place]]
        reasons[reason] += 1
        if reason == "decided":
            exact = expected(account, config)
            wrong = _wrong(found, place, exact, {name: words[name][place] for name in WORDS}, account)
            differences += [f"account {place}: {one}" for one in wrong]
    return Compared(differences, reasons)


WORDS = ("liquidatable", "state", "worst_pool", "nearest_asset", "failed", "warned", "verdict")


def _wrong(found: Screened, place: int, exact: Expected, words: dict[str, Any], account: Any) -> list[str]:
    report = exact.report
    if report is None:
        return ["decided, but it cannot be checked"]
    totals, liquidation = report.totals, report.liquidation
    verdict = "fail" if exact.failed else "warn" if exact.warned else "pass"
    nearest = exact.nearest or (None, None, None)
    right = (totals.liquidatable, totals.state, totals.worst_pool, nearest[2], exact.failed, exact.warned, verdict)
    wrong = [
        f"{name} {words[name]!r}, exact {one!r}" for name, one in zip(WORDS, right, strict=True) if words[name] != one
    ]
    bound = as_stored(found.figure("error_bound")[place])
    with exactly():
        gross = gross_of(account, report)
        if bound > MONEY_SHARE * gross:
            wrong.append(f"error_bound {bound} of {gross}")
        for name in MONEY:
            most = min(bound, MONEY_SHARE * gross) if name in ("equity", "maintenance_margin") else MONEY_SHARE * gross
            wrong += _far(found, place, name, getattr(totals, name), most)
        for name in RATIOS:
            value = getattr(totals, name)
            wrong += _far(found, place, name, value, RATIO_SHARE * abs(value or 0))
        moves = {
            "liquidation_down": liquidation.down,
            "liquidation_up": liquidation.up,
            "liquidation_distance": liquidation.distance,
            "nearest_distance": nearest[0],
            "nearest_move": nearest[1],
            "isolated_distance": exact.isolated,
        }
        for name, value in moves.items():
            wrong += _far(found, place, name, value, MOVE_SHARE * (1 + abs(value or 0)))
    return wrong


def as_stored(figure: Any) -> Decimal:
    """All digits of a binary number."""
    return Decimal(Fraction(figure).numerator) / Decimal(Fraction(figure).denominator)


def _far(found: Screened, place: int, name: str, exact: Decimal | None, most: Decimal) -> list[str]:
    figure = found.figure(name)[place]
    if exact is None or isnan(figure):
        return [] if exact is None and isnan(figure) else [f"{name} {figure}, exact {exact}"]
    off = as_stored(figure) - exact
    return [] if abs(off) <= most else [f"{name} {figure!r}, exact {exact:.20g}, off {off:.3g}"]
