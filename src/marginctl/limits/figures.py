"""Views of a report that several rules share."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from marginctl.core.exact import ZERO
from marginctl.core.pool import is_shared
from marginctl.core.position_figures import underlying_of
from marginctl.core.report import CollateralFigures, PoolFigures, Report, UnderlyingFigures
from marginctl.limits.rule import Belongs, Context

if TYPE_CHECKING:
    from marginctl.core.model_report import PortfolioMargin


def cross_pools(report: Report) -> list[PoolFigures]:
    """The cross pools in which something is at stake; all of them where it is in none."""
    cross = [pool for pool in report.pools if is_shared(pool.margin_mode)]
    return occupied(report, cross) or cross


def occupied(report: Report, pools: Iterable[PoolFigures]) -> list[PoolFigures]:
    """The pools that hold a position, or need margin for orders or debts."""
    held = {position.pool for position in report.positions}
    return [p for p in pools if p.name in held or p.initial_margin or p.order_margin or p.maintenance_margin]


def modelled_pools(report: Report) -> list[tuple[PoolFigures, "PortfolioMargin"]]:
    """The cross pools under a margin model, with what it finds."""
    pools = {pool.name: pool for pool in report.pools}
    return [(pools[found.pool], found) for found in report.portfolio_margin]


class HistoryUsed(Struct, frozen=True):
    """A history that figures or limits rest on: its newest date, cells carried, days between two rows at most."""

    file: str
    last: str
    carried: int
    largest_gap_days: int
    horizon: int


def histories(context: Context) -> list[HistoryUsed]:
    """The account's history, where it has one: that of its margin model, else one that a limit looks at."""
    modelled = [one.history for one in context.report.portfolio_margin if one.history is not None]
    for one in modelled:
        return [HistoryUsed(one.file, one.last, one.carried, one.largest_gap_days, one.maintenance.horizon)]
    watched = context.account.watched
    for tail in watched.tails.values() if watched is not None else ():
        file = watched.history.file if watched is not None and watched.history is not None else ""
        returns = tail.returns
        return [HistoryUsed(file, returns.dates[-1], returns.carried, returns.largest_gap_days, tail.span.horizon)]
    return []


def isolated_pools(report: Report) -> list[PoolFigures]:
    """The pools of the isolated positions."""
    return [pool for pool in report.pools if not is_shared(pool.margin_mode)]


def used_margin(pool: PoolFigures) -> Decimal:
    """initial_margin + order_margin, in currency."""
    return pool.initial_margin + pool.order_margin


def underlyings(report: Report, pool: PoolFigures) -> list[UnderlyingFigures]:
    """The rows of the assets that move a pool."""
    return [row for row in report.underlyings if row.pool == pool.name]


def collateral(report: Report, pool: PoolFigures) -> list[CollateralFigures]:
    """The rows of the assets that a pool holds."""
    return [row for row in report.collateral if row.pool == pool.name]


def symbols_by_underlying(context: Context) -> dict[tuple[str, str], tuple[str, ...]]:
    """(pool, underlying asset) -> the contracts on it that stand in the pool."""
    underlying = {p.key: underlying_of(p, context.account) for p in context.account.positions}
    found: dict[tuple[str, str], dict[str, None]] = {}
    for row in context.report.positions:
        found.setdefault((row.pool, underlying[row.key]), {})[row.symbol] = None
    return {key: tuple(symbols) for key, symbols in found.items()}


def quoted_notionals(context: Context) -> dict[tuple[str, str], Decimal]:
    """(pool, quote asset) -> signed notional of the contracts quoted in it, in currency; a long sells its quote."""
    quotes = {p.key: p.contract.quote for p in context.account.positions}
    found: dict[tuple[str, str], Decimal] = {}
    for row in context.report.positions:
        key = row.pool, quotes[row.key]
        found[key] = found.get(key, ZERO) + (row.notional if row.side == "long" else -row.notional)
    return found


def belonging(context: Context) -> dict[str, Belongs]:
    """Key of a position -> what narrower limits know it by."""
    underlying = {p.key: underlying_of(p, context.account) for p in context.account.positions}
    return {
        row.key: Belongs(
            tuple(dict.fromkeys((row.symbol, f"{row.symbol}:{row.side}", row.key))),
            row.purpose or "",
            underlying.get(row.key, ""),
        )
        for row in context.report.positions
    }


def settle_assets(context: Context, pool: PoolFigures) -> set[str]:
    """The assets that the positions of a pool settle in."""
    keys = {row.key for row in context.report.positions if row.pool == pool.name}
    return {p.contract.settle for p in context.account.positions if p.key in keys}


def total(values: Iterable[Decimal]) -> Decimal:
    """Their sum, an exact zero where there are none."""
    return sum(values, ZERO)
