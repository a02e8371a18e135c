"""A result as one JSON document, and what the other documents for machines build on.

Decimals become JSON numbers with their exact text: no exponent, never through a float. Unknown is ``null``.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from marginctl.core.plain import as_plain
from marginctl.findings import Refusal
from marginctl.render import Options
from marginctl.results import Outcome, Run
from marginctl.wording import plain

HIDDEN = re.compile(r"[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def render(result: Any, _: Options) -> str:
    """The document of a result, indented by two, ending in a line break."""
    return msgspec.json.format(encoded(as_plain(result)), indent=2).decode() + "\n"


def render_lines(result: Run | Refusal, _: Options) -> str:
    """One line per file, in their order: its REPORT, or what kept it from being checked; or why there is none."""
    if isinstance(result, Refusal):
        return f"{encoded(as_plain(result)).decode()}\n"
    return "".join(map(line_text, result.outcomes))


def line_text(outcome: Outcome) -> str:
    """One line, ending in a line break."""
    return f"{encoded(line_of(outcome)).decode()}\n"


def line_of(outcome: Outcome) -> dict[str, Any]:
    """A REPORT; with ``errors`` when a limit could not be evaluated, and nothing but them when there are no figures."""
    errors = {"errors": as_plain(outcome.problems)}
    if outcome.report is None:
        return {"schema": outcome.schema, "file": outcome.file, **errors}
    return {**as_plain(outcome), **(errors if outcome.problems else {})}


def encoded(tree: Any) -> bytes:
    """Compact JSON; lone surrogates, which UTF-8 cannot carry, are written out as text."""
    try:
        text = msgspec.json.encode(exact(tree))
    except UnicodeEncodeError:
        text = msgspec.json.encode(exact(tree, encodable))
    return guarded(text)


def guarded(text: bytes) -> bytes:
    """The same JSON, escaped where a screen would not show it as itself, or a runner of CI jobs takes it for an order.

    Of ``##`` the second character is, which an order has before a name and a bracket; controls beyond ASCII, marks of
    direction, joiners and separators of lines are.
    """
    text = text.replace(b"##", b"#\\u0023")
    is_plain = text.isascii() and b"\x7f" not in text
    return text if is_plain else HIDDEN.sub(lambda one: f"\\u{ord(one[0]):04x}", text.decode()).encode()


def exact(tree: Any, text: Callable[[str], str] | None = None) -> Any:
    """The tree with every Decimal as raw JSON text; ``text`` is applied to every string that is a value."""
    kind = type(tree)
    if kind is dict:
        return {key: _number(value) if type(value) is Decimal else exact(value, text) for key, value in tree.items()}
    if kind is list or kind is tuple:
        return [exact(value, text) for value in tree]
    if kind is Decimal:
        return _number(tree)
    return text(tree) if text and kind is str else tree


def _number(value: Decimal) -> msgspec.Raw | None:
    return msgspec.Raw(plain(value)) if value.is_finite() else None


def encodable(text: str) -> str:
    """The text with lone surrogates written out."""
    return text.encode("utf-8", "backslashreplace").decode()
