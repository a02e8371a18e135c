"""One change of a portfolio -> the edits that make it."""

from marginctl.core.account import MarginMode
from marginctl.portfolio.adjusting import plan_mode, plan_price, plan_transfer
from marginctl.portfolio.changes import Book, Change, Close, Open, Plan, Remode, Reprice, Resize, Transfer
from marginctl.portfolio.names import symbols_of
from marginctl.portfolio.trading import plan_close, plan_open, plan_resize


def steps(change: Change, book: Book) -> list[Change]:
    """The changes that make up one, each to be planned on the portfolio after the one before.

    A new isolated position on a contract that the account does not know is opened in the cross pool and then isolated:
    only there is its margin known.
    """
    if not isinstance(change, Open) or change.margin_mode is MarginMode.CROSS or "isolated_margin" in change.keys:
        return [change]
    if any(position.contract.symbol == change.symbol for position in book.account.positions):
        return [change]
    opened = Open(
        symbol=change.symbol,
        side=change.side,
        quantity=change.quantity,
        price=change.price,
        leverage=change.leverage,
        keys=change.keys,
    )
    return [opened, Remode(MarginMode.ISOLATED, change.symbol, change.side)]


def plan(change: Change, book: Book) -> Plan:
    """The edits of one change, with what there is to say about it. Raises ChangeError."""
    if isinstance(change, Open):
        return plan_open(book, change)
    if isinstance(change, Close):
        return plan_close(book, change)
    if isinstance(change, Resize):
        return plan_resize(book, change)
    if isinstance(change, Transfer):
        return plan_transfer(book, change)
    return plan_price(book, change) if isinstance(change, Reprice) else plan_mode(book, change)


def in_order(changes: list[Change], book: Book) -> list[Change]:
    """The order in which changes are made: prices of assets that have none first, the others as they come."""
    known = {*book.account.prices, *symbols_of(book.account)}
    new = [one for one in changes if isinstance(one, Reprice) and one.asset not in known]
    return [*new, *(one for one in changes if one not in new)]
