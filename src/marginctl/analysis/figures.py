"""The figures of a report by path, as the report shows them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from marginctl.core.plain import as_plain
from marginctl.core.report import CollateralFigures, Report, UnderlyingFigures


def reported(report: Report) -> dict[str, Any]:
    """Path -> rounded value of every figure, in the order of the report."""
    shown = as_plain(report)
    found: dict[str, Any] = {}
    for section in ("account", "totals", "liquidation"):
        _put(found, section, shown[section])
    for row in shown["pools"]:
        _put(found, f"pools.{row['name']}", row)
    for position, row in zip(report.positions, shown["positions"], strict=True):
        _put(found, f"positions.{position.key}", row)
    for section in ("collateral", "underlyings"):
        for row, prefix in zip(shown[section], prefixes(section, getattr(report, section)), strict=True):
            _put(found, prefix, row)
    for section in ("netting", "funding"):
        _put(found, section, shown[section])
    return found


def _put(found: dict[str, Any], prefix: str, row: Mapping[str, Any]) -> None:
    for name, value in row.items():
        if isinstance(value, dict):
            _put(found, f"{prefix}.{name}", value)
        else:
            found[f"{prefix}.{name}"] = tuple(value) if isinstance(value, list) else value


def prefixes(section: str, rows: "tuple[CollateralFigures | UnderlyingFigures, ...]") -> list[str]:
    """``collateral.BTC``, with ``@POOL`` where several pools have the asset."""
    assets = Counter(row.asset for row in rows)
    return [f"{section}.{row.asset}@{row.pool}" if assets[row.asset] > 1 else f"{section}.{row.asset}" for row in rows]
