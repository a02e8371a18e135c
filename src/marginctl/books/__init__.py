"""Books: tables of many accounts that share prices, rules and limits, on any engine that moves Arrow batches.

``batches(header)`` and ``table(header)`` are functions of batches and of tables for engines of one's own; both can be
pickled, take a header as text, and keep it compiled. Nothing here is imported by a plain check.
"""

from importlib import import_module
from typing import Any

_OFFERED = ("SPARK_SCHEMA", "batches", "table")


def __getattr__(name: str) -> Any:
    """What engines are given, imported when it is asked for."""
    if name not in _OFFERED:
        raise AttributeError(f"module {__name__} has no {name}")
    return getattr(import_module("marginctl.books.engines"), name)
