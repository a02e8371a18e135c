"""figure path -> the node that explains it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from msgspec.structs import asdict

from marginctl.core.account import Account
from marginctl.core.explain.book import Book
from marginctl.core.explain.funding import FUNDING
from marginctl.core.explain.node import Input, Node, Value
from marginctl.core.explain.positions import FIGURES as POSITION_FIGURES
from marginctl.core.explain.rows import COLLATERAL_FIGURES, POOL_FIGURES, Underlying
from marginctl.core.explain.totals import LIQUIDATION, NETTING, TOTALS
from marginctl.core.report import Report

Builder = Callable[[], Node]
NOTHING: dict[str, Value] = {}


class UnknownFigureError(KeyError):
    """No figure of the report has this path."""


def explain(account: Account, report: Report, figure: str, stated: Mapping[str, Value] = NOTHING) -> Node:
    """The derivation of one figure: a tree whose value is that of the report, unrounded.

    ``report`` is the account's own. ``stated``: the inputs that the user wrote, by key (``prices.BTC``,
    ``marks.BTCUSDT``, ``positions.BTCUSDT.notional``), which tell a given price or quantity from one that follows.
    Raises UnknownFigureError.
    """
    builder = figures(Book(account, report, stated)).get(figure)
    if builder is None:
        raise UnknownFigureError(figure)
    return builder()


def paths(account: Account, report: Report) -> list[str]:
    """Every figure of the report, in its order."""
    book = Book(account, report, NOTHING)
    return [path for path, _ in _sections(book)]


def figures(book: Book) -> dict[str, Builder]:
    """The builder of every figure, by path; rows of collateral and underlyings also with their pool."""
    found = dict(_sections(book))
    for section in ("collateral", "underlyings"):
        for path, builder in _rows(book, section, with_pool=True):
            found.setdefault(path, builder)
    return found


def _sections(book: Book) -> Iterator[tuple[str, Builder]]:
    for name, value in asdict(book.report.account).items():
        yield f"account.{name}", partial(_header, name, value)
    for section, builders in (("totals", TOTALS), ("liquidation", LIQUIDATION)):
        for name, builder in builders.items():
            yield f"{section}.{name}", partial(builder, book)
    for state in book.states:
        for name, of_pool in POOL_FIGURES.items():
            yield f"pools.{state.pool.name}.{name}", partial(of_pool, book, state)
    for position in book.account.positions:
        for name, of_position in POSITION_FIGURES.items():
            yield f"positions.{position.key}.{name}", partial(of_position, book, position)
    yield from _rows(book, "collateral", with_pool=False)
    yield from _rows(book, "underlyings", with_pool=False)
    for section, builders in (("netting", NETTING), ("funding", FUNDING)):
        for name, builder in builders.items():
            yield f"{section}.{name}", partial(builder, book)


def _header(name: str, value: Value) -> Node:
    return Input(label=name, figure=f"account.{name}", amount=value, key=f"account.{name}")


def _rows(book: Book, section: str, *, with_pool: bool) -> Iterator[tuple[str, Builder]]:
    """The figures of the rows of ``collateral`` or ``underlyings``: ``SECTION.ASSET``, ``@POOL`` where it is needed."""
    states = {state.pool.name: state for state in book.states}
    rows = book.report.collateral if section == "collateral" else book.report.underlyings
    assets = Counter(row.asset for row in rows)
    for row in rows:
        state = states[row.pool]
        prefix = f"{section}.{row.asset}"
        path = f"{prefix}@{row.pool}" if assets[row.asset] > 1 else prefix
        shown = f"{prefix}@{row.pool}" if with_pool else path
        if section == "underlyings":
            for name, builder in Underlying(book, state, row.asset, path).figures().items():
                yield f"{shown}.{name}", builder
            continue
        holding = next(one for one in state.pool.holdings if one.asset == row.asset)
        for name, of_holding in COLLATERAL_FIGURES.items():
            yield f"{shown}.{name}", partial(of_holding, book, state, holding)
