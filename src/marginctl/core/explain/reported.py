"""The figures of a report by path, as the report shows them."""

from collections import Counter
from typing import Any

from marginctl.core.report import Report, rounded_report


def reported(report: Report) -> dict[str, Any]:
    """Path -> rounded value of every figure, in the order of the report."""
    shown = rounded_report(report)
    found: dict[str, Any] = {}
    for section in ("account", "totals", "liquidation"):
        _put(found, section, shown[section])
    for row in shown["pools"]:
        _put(found, f"pools.{row['name']}", row)
    for position, row in zip(report.positions, shown["positions"], strict=True):
        _put(found, f"positions.{position.key}", row)
    for section in ("collateral", "underlyings"):
        assets = Counter(row["asset"] for row in shown[section])
        for row in shown[section]:
            asset = row["asset"]
            _put(found, f"{section}.{asset}@{row['pool']}" if assets[asset] > 1 else f"{section}.{asset}", row)
    for section in ("netting", "funding"):
        _put(found, section, shown[section])
    return found


def _put(found: dict[str, Any], prefix: str, row: dict[str, Any]) -> None:
    for name, value in row.items():
        if isinstance(value, dict):
            _put(found, f"{prefix}.{name}", value)
        else:
            found[f"{prefix}.{name}"] = value
