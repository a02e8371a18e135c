"""The figures of a report by path, as the report shows them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from marginctl.core.plain import as_plain
from marginctl.core.report import CollateralFigures, Report, UnderlyingFigures

TABLES = frozenset({"units", "charges", "spreads", "history", "contributions"})
"""Of a margin model, with rows of their own."""


def rows_of(report: Report) -> Iterator[tuple[str, Struct]]:
    """Path and row of everything that has figures, in the order of the report."""
    for section in ("account", "totals", "liquidation"):
        yield section, getattr(report, section)
    for pool in report.pools:
        yield f"pools.{pool.name}", pool
        yield f"pools.{pool.name}.liquidation", pool.liquidation
    for position in report.positions:
        yield f"positions.{position.key}", position
    for section in ("collateral", "underlyings"):
        yield from _by_asset(section, getattr(report, section))
    for one in report.other:
        yield f"other.{one.name}", one
    yield "netting", report.netting
    yield "netting.maintenance", report.netting.maintenance
    yield "funding", report.funding
    for found in report.portfolio_margin:
        yield f"portfolio_margin.{found.pool}", found
        yield f"portfolio_margin.{found.pool}.tiered", found.tiered
        yield f"portfolio_margin.{found.pool}.saving", found.saving


def _by_asset(
    section: str, rows: Iterable[CollateralFigures | UnderlyingFigures]
) -> Iterator[tuple[str, CollateralFigures | UnderlyingFigures]]:
    """``collateral.BTC``, with ``@POOL`` where several pools have the asset."""
    assets = Counter(row.asset for row in rows)
    for row in rows:
        yield f"{section}.{row.asset}@{row.pool}" if assets[row.asset] > 1 else f"{section}.{row.asset}", row


def reported(report: Report) -> dict[str, Any]:
    """Path -> rounded value of every figure, in the order of the report."""
    return {
        f"{prefix}.{name}": tuple(value) if isinstance(value, list) else value
        for prefix, row in rows_of(report)
        for name, value in as_plain(row).items()
        if not isinstance(value, dict) and name not in TABLES
    }
