"""Recorded prices and funding rates that an account is put through."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from marginctl.analysis.check import Loaded
from marginctl.core.account import Account
from marginctl.core.exact import ZERO
from marginctl.core.funding_cases import RateHistory
from marginctl.core.liquidation import PoolState
from marginctl.core.model import Filling, ReturnSpan
from marginctl.core.returns import History, returns_of
from marginctl.core.scenario import expanded, ratios
from marginctl.document.files import content_of
from marginctl.document.price_history import LARGEST_HISTORY, price_history
from marginctl.document.source import echo, meant, printable
from marginctl.findings import Location, Problem
from marginctl.portfolio.model_history import MovingAssets, checked_history, history_file
from marginctl.portfolio.reading import Reading
from marginctl.venues.rate_table import histories
from marginctl.wording import listed


def rates_of(path: str | None) -> tuple[dict[str, RateHistory], list[Problem]]:
    """The recorded funding rates of --funding, by contract, and what is wrong with the file."""
    if path is None:
        return {}, []
    name = printable(path)
    data, problem = content_of(Path(path), name)
    return ({}, [problem]) if problem else histories(data, name)


def prices_of(path: str | None, *, are_returns: bool) -> tuple[History | None, list[Problem]]:
    """The history of --history, and what is wrong with the file; rows with a blank cell are left out."""
    if path is None:
        return None, []
    name = printable(path)
    data, problem = content_of(Path(path), name, LARGEST_HISTORY)
    read, problems = price_history(data, name, are_returns=are_returns) if problem is None else (None, [problem])
    if read is None:
        return None, problems
    found = History(
        file=name,
        dates=read.dates,
        days=read.days,
        columns=read.columns,
        are_returns=are_returns,
        filling=Filling.DROP,
    )
    return found, []


def history_for(loaded: Loaded, given: History | None, is_asked: bool) -> tuple[History | None, list[Problem]]:
    """The history that is given, else the portfolio's own where its days are asked for; and what is wrong with it."""
    found, problems = _own_history(loaded) if given is None and is_asked else (given, [])
    if found is not None and not moved_assets(loaded.account, found.columns):
        known = meant(next(iter(found.columns)), loaded.account.prices)
        message = f"the history has no column of an asset that the account has, but {echo(next(iter(found.columns)))}"
        problems = [*problems, Problem(Location(loaded.source.name), "MC022", message, known)]
    return found, problems


def _own_history(loaded: Loaded) -> tuple[History | None, list[Problem]]:
    """What ``history:`` of a portfolio names, for the assets it has a column for, or what is wrong with it."""
    row, name = loaded.file.history, loaded.source.name
    if row is None:
        message = "--worst and --span are about a history, and the portfolio has none"
        help_text = "name one: --history FILE, or `history: {file: history.csv}` in the portfolio"
        return None, [Problem(Location(name), "MC022", message, help_text)]
    reading = Reading(loaded.source)
    read = history_file(reading, row, Path(name).parent)
    moved = MovingAssets(() if read is None else moved_assets(loaded.account, read.columns))
    found = None if read is None else checked_history(reading, row, read, moved)
    return (None, reading.problems) if reading.problems else (found, [])


def moved_assets(account: Account, columns: Iterable[str]) -> list[str]:
    """The columns of a history that move something of an account, or what follows it."""
    moving = {*account.prices, *account.follows.values()} - {account.currency}
    return [asset for asset in columns if asset in moving]


def worst_returns(
    prices: History, account: Account, states: Iterable[PoolState], span: ReturnSpan, count: int
) -> list[tuple[str, dict[str, Decimal]]]:
    """The ``count`` returns that would cost today's account most equity, by date: the worst first, ties the older one.

    Of returns that share a row only the worst is taken, so that one bad week is not told five times. What follows an
    asset moves with it unless it has a column; all else of the account without one stands still; columns of other
    assets are left alone.
    """
    assets = moved_assets(account, prices.columns)
    found = returns_of(prices, assets, span)
    pools = [state.pool for state in states]
    losses: list[tuple[Decimal, int, str, dict[str, Decimal]]] = []
    for day, moves in zip(found.dates, found.moves, strict=True):
        shocks = {asset: move for asset, move in zip(assets, moves, strict=True) if move or asset in account.follows}
        by = ratios(expanded(shocks, account))
        equity = sum((holding.value(by) for pool in pools for holding in pool.sources), ZERO)
        losses.append((equity, len(losses), day, shocks))
    chosen: list[tuple[Decimal, int, str, dict[str, Decimal]]] = []
    for row in sorted(losses, key=lambda row: row[:2]):
        if len(chosen) < count and all(abs(row[1] - other[1]) >= span.horizon for other in chosen):
            chosen.append(row)
    return [(day, shocks) for _, _, day, shocks in chosen]


def still_assets(account: Account, history: History) -> Iterable[str]:
    """Assets that a history does not move."""
    named = {asset for one in account.positions for asset in (one.contract.base, one.contract.quote)}
    led = {asset for asset, by in account.follows.items() if by in history.columns}
    for asset in sorted((named | set(account.balances)) - history.columns.keys() - led - {account.currency}):
        yield f"{asset} stands still in the history"
    assets = moved_assets(account, history.columns)
    others = [echo(one) for one in history.columns if one not in {*assets, account.currency}]
    if others:
        yield f"columns of the history that move nothing here: {listed(others)}"
    blank = sum(None in row for row in zip(*(history.columns[asset] for asset in assets), strict=True))
    if blank and history.filling is Filling.DROP:
        yield f"rows of the history with a blank cell are left out: {blank}"


def uneven(history: RateHistory) -> Iterable[str]:
    """How a history is read where its spacing is not even."""
    if history.interval is not None and len(history.spacings) > 1:
        hours = format(history.interval.normalize(), "f")
        yield f"{history.symbol}: the rates of the file are not evenly spaced; {hours}h, the most frequent, is taken"
