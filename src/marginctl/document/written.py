"""New values as text: in brackets, with the quotes that YAML or JSON needs."""

import json
import re
from typing import TypeAlias

from marginctl.document.nodes import NULLS

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"
"""What is to be written: a word or number as its text, a list, a mapping, nothing."""

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_PLAIN = re.compile(r"[A-Za-z0-9_$/][A-Za-z0-9_$/.+%@-]*|-[0-9][0-9.]*%?")
_FLAGS = ("true", "false")
_LOOK_LIKE_FLAGS = frozenset(("y", "n", "yes", "no", "on", "off", *_FLAGS))


def flow(value: Value, *, as_json: bool) -> str:
    """A value on one line, lists and mappings in brackets."""
    if isinstance(value, list):
        return f"[{', '.join(flow(item, as_json=as_json) for item in value)}]"
    if isinstance(value, dict):
        entries = (f"{word(key, as_json=as_json)}: {flow(item, as_json=as_json)}" for key, item in value.items())
        return f"{{{', '.join(entries)}}}"
    return "null" if value is None else scalar(value, as_json=as_json)


def scalar(text: str, *, as_json: bool) -> str:
    """A number or flag as it is, any other text as a word."""
    return text if _NUMBER.fullmatch(text) or text in _FLAGS else word(text, as_json=as_json)


def word(text: str, *, as_json: bool) -> str:
    """A key or a text, in double quotes where JSON wants them or YAML could take it for something else."""
    is_plain = _PLAIN.fullmatch(text) and text not in NULLS and text.lower() not in _LOOK_LIKE_FLAGS
    return text if is_plain and not as_json else json.dumps(text, ensure_ascii=False)


def like(text: str, old: str, *, as_json: bool) -> str:
    """A text in the quotes that the one before it had."""
    if old.startswith("'"):
        return "'" + text.replace("'", "''") + "'"
    return json.dumps(text, ensure_ascii=False) if old.startswith('"') else scalar(text, as_json=as_json)
