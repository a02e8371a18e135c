"""The names that people gave to what a result is about: a page sets them apart wherever they stand."""

from collections.abc import Iterator, Mapping
from typing import Any

GIVEN = frozenset(("name", "file", "symbol", "asset", "base", "quote", "pool", "position", "scenario", "subject"))
"""Fields that hold a name. What the program calls so itself is short and of plain letters."""


def names_of(result: Any) -> frozenset[str]:
    """Every name in a result, and every key of its mappings."""
    return frozenset(_names(result))


def _names(value: Any) -> Iterator[str]:
    fields = getattr(value, "__struct_fields__", getattr(value, "_fields", ()))
    if fields:
        for field in fields:
            found = getattr(value, field)
            if type(found) is str and field in GIVEN:
                yield found
            yield from _names(found)
    elif isinstance(value, Mapping):
        yield from (key for key in value if type(key) is str)
        yield from _names(tuple(value.values()))
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _names(one)
