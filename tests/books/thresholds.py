"""Accounts on or beside a threshold, by 0 or by 1e-28 to 1e-9: where rounding would decide, if it were let."""

from collections.abc import Callable
from decimal import Decimal
from random import Random

from msgspec.structs import replace
from tests.books.random_books import Book, nearest_of, random_book, rows_of

from marginctl.books.compiled import ScreenLimit
from marginctl.core.account import Account, MarginMode, PositionMode
from marginctl.core.assemble import report_of
from marginctl.core.contract import ContractType, TiersBy
from marginctl.core.exact import ONE, ZERO, exactly
from marginctl.core.pool import is_shared
from marginctl.core.report import Report

PLACES = 28
STEPS = 12


def placed(seed: int) -> tuple[str, Book] | None:
    """A book of one account that was moved onto a threshold; None where it has none of the kind that was drawn."""
    draw = Random(seed)
    book = random_book(draw.randint(0, 10**9), 1, plain=draw.random() < 0.7)
    kind = draw.choice(list(KINDS))
    with exactly():
        off = draw.choice((ZERO, ONE, -ONE)) * Decimal(10) ** -draw.randint(9, PLACES)
        found = KINDS[kind](draw, book, off)
        if found is None:
            return None
        account, limits = found
        account = replace(account, balances={asset: _written(amount) for asset, amount in account.balances.items()})
        return kind, book._replace(accounts=[account], limits=limits, rows=[rows_of(draw, account)])


def _written(value: Decimal) -> Decimal:
    return round(value, PLACES) + ZERO


Placed = tuple[Account, dict[str, ScreenLimit]] | None


def _with_balance(account: Account, amount: Decimal) -> Account:
    return replace(account, balances={**account.balances, "USDT": amount})


def _solved(account: Account, value: Callable[[Report], Decimal], off: Decimal) -> Account | None:
    """The account with so much USDT that a figure is 0, and ``off`` more; secants along straight pieces."""
    amount = account.balances["USDT"]
    for _ in range(STEPS):
        here = value(report_of(_with_balance(account, amount), looks_ahead=False))
        if abs(here) < Decimal("1e-40"):
            return _with_balance(account, _written(amount) + off)
        rise = value(report_of(_with_balance(account, amount + ONE.scaleb(-6)), looks_ahead=False)) - here
        if not rise:
            return None
        amount = amount - here * ONE.scaleb(-6) / rise
    return None


def _cross(report: Report) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Equity, initial, maintenance and buffer of the pool that USDT is in."""
    pool = next(one for one in report.pools if is_shared(one.margin_mode) and one.name in ("cross", "cross:USDT"))
    return pool.equity, pool.initial_margin, pool.maintenance_margin, pool.buffer


def _health(draw: Random, book: Book, off: Decimal) -> Placed:
    found = _solved(book.accounts[0], lambda report: _cross(report)[3], off)
    return None if found is None else (found, book.limits)


def _equity(draw: Random, book: Book, off: Decimal) -> Placed:
    found = _solved(book.accounts[0], lambda report: _cross(report)[0], off)
    return None if found is None else (found, book.limits)


def _free(draw: Random, book: Book, off: Decimal) -> Placed:
    found = _solved(book.accounts[0], lambda report: _cross(report)[0] - _cross(report)[1], off)
    return None if found is None else (found, book.limits)


def _ratio(draw: Random, book: Book, off: Decimal) -> Placed:
    """A limit on utilization, maintenance ratio or leverage that is met."""
    code, limit = draw.choice((("MC101", Decimal("0.6")), ("MC103", Decimal("0.4")), ("MC104", Decimal(3))))
    level = book.accounts[0].rules.level

    def missing(report: Report) -> Decimal:
        equity, initial, maintenance, _ = _cross(report)
        if code == "MC104":
            return report.totals.equity - report.totals.gross_notional / limit
        return equity - (initial if code == "MC101" else level * maintenance) / limit

    found = _solved(book.accounts[0], missing, off)
    return None if found is None else (found, {**book.limits, code: ScreenLimit(limit, limit / 2)})


def _distance(draw: Random, book: Book, off: Decimal) -> Placed:
    """A limit on a distance that is met: together, alone, isolated."""
    account = book.accounts[0]
    report = report_of(account)
    nearest = nearest_of(report)
    moves = [report.liquidation.distance, nearest and nearest[0]]
    moves += [row.distance for row in report.underlyings]
    known = [move for move in moves if move]
    if not known:
        return None
    limit = round(draw.choice(known), PLACES) + off
    codes = ("MC102", "MC106")
    return account, {**book.limits, **{code: ScreenLimit(limit, limit * 2) for code in codes}}


def _share(draw: Random, book: Book, off: Decimal) -> Placed:
    """A limit on the concentration that is met."""
    report = report_of(book.accounts[0], looks_ahead=False)
    values = [row.gross_notional for row in report.underlyings if row.pool.startswith("cross") and row.gross_notional]
    if not values:
        return None
    limit = round(draw.choice(values) / sum(values), PLACES) + off
    return book.accounts[0], {**book.limits, "MC107": ScreenLimit(limit, limit / 2)}


def _border(draw: Random, book: Book, off: Decimal) -> Placed:
    """A size at the border of a tier."""
    account = book.accounts[0]
    places = [k for k, one in enumerate(account.positions) if one.contract.tiers[:-1]]
    if not places:
        return None
    place = draw.choice(places)
    position = account.positions[place]
    contract, border = position.contract, draw.choice(position.contract.tiers[:-1]).up_to
    if border is None:
        return None
    price = position.mark_price if draw.random() < 0.7 else position.entry_price
    price = 1 / price if contract.type is ContractType.INVERSE else price
    quantity = border if contract.tiers_by is TiersBy.QUANTITY else border / (price * contract.contract_size)
    rows = list(account.positions)
    rows[place] = replace(position, quantity=_written(quantity) + off)
    if rows[place].quantity <= 0:
        return None
    return replace(account, positions=tuple(rows)), book.limits


def _legs(draw: Random, book: Book, off: Decimal) -> Placed:
    """Legs that net to nearly nothing, or to nothing."""
    account = book.accounts[0]
    cross = [one for one in account.positions if one.margin_mode is MarginMode.CROSS]
    if not cross:
        return None
    one = draw.choice(cross)
    rest = tuple(other for other in account.positions if other.contract != one.contract)
    twin = replace(one, side=-one.side, quantity=one.quantity + off, key=one.key + ":twin")
    others = rest if draw.random() < 0.5 else ()
    return replace(account, positions=(*others, one, twin), position_mode=PositionMode.HEDGE), book.limits


def _aside(draw: Random, book: Book, off: Decimal) -> Placed:
    """Isolated margins that take the whole balance, or nearly."""
    account = book.accounts[0]
    places = [k for k, one in enumerate(account.positions) if one.margin_mode is MarginMode.CROSS]
    if not places:
        return None
    place = draw.choice(places)
    position = account.positions[place]
    settle = position.contract.settle
    if any(one.isolated_margin is not None and one.contract.settle == settle for one in account.positions):
        return None
    margin = abs(_written(account.balances.get(settle, ONE))) or ONE
    rows = list(account.positions)
    rows[place] = replace(position, margin_mode=MarginMode.ISOLATED, isolated_margin=margin)
    return replace(account, positions=tuple(rows), balances={**account.balances, settle: margin + off}), book.limits


def _debt(draw: Random, book: Book, off: Decimal) -> Placed:
    """A debt, or none, of next to nothing: what a balance and a profit leave of each other."""
    account = book.accounts[0]
    report = report_of(account, looks_ahead=False)
    rows = [row for row in report.collateral if row.pool.startswith("cross")]
    row = draw.choice(rows)
    amount = account.balances.get(row.asset, ZERO) - row.equity
    return replace(account, balances={**account.balances, row.asset: _written(amount) + off}), book.limits


KINDS: dict[str, Callable[[Random, Book, Decimal], Placed]] = {
    "health": _health,
    "equity": _equity,
    "free collateral": _free,
    "ratio": _ratio,
    "distance": _distance,
    "share": _share,
    "border": _border,
    "legs": _legs,
    "isolated margin": _aside,
    "debt": _debt,
}
