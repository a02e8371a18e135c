"""The bytes of a saved answer -> its JSON values, every number as its text, or why it is no answer.

Values are dictionaries, lists, texts (numbers too), True, False and None. A place in them is a trail of keys and
indexes; it is looked up in the text only where something is wrong there.
"""

import json
import re
from typing import Any, NoReturn, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from marginctl.document.files import decode
from marginctl.document.nodes import Mapping, Node, Sequence
from marginctl.document.reader import parse
from marginctl.document.source import Source, echo, lines_of
from marginctl.findings import Problem

Value: TypeAlias = dict[str, Any] | list[Any] | str | bool | None
Trail: TypeAlias = tuple[str | int, ...]

LARGEST = 64 * 1024 * 1024
DEEPEST = 32
LONGEST_WORDS = 100
WHOLE = "save the whole answer as it came"
AGAIN = "ask the venue again once that is settled"
PAGE = "the request was blocked, or went to a wrong address or through a proxy: save the answer itself"
_PORTFOLIO = re.compile(
    r"^(?:schema: *marginctl\.portfolio/|(?:account|collateral|positions): *(?:$|[#{\[]))", re.MULTILINE
)
_TABLE = re.compile(r"[^\n{}\[\]<]*[,;\t][^\n{}\[\]<]*\n[^\n{}\[\]<]*[,;\t]")


class Content(Struct):
    """The text of an answer and the values in it."""

    source: Source
    value: Value

    def problem(self, trail: Trail, message: str, help: str = WHOLE) -> Problem:
        """A problem at a place in the values, or at the nearest place above it that can be found."""
        root, problems = parse(self.source)
        where = (0, 0) if root is None or problems else _node(root, trail)
        return self.source.problem(where, "MC028", message, help)


class _TwiceError(ValueError):
    """A key is given twice in one object."""


class _ConstantError(ValueError):
    """A word that JSON does not have: NaN, Infinity."""


def content_of(data: bytes, name: str) -> tuple[Content | None, list[Problem]]:
    """The values of an answer; None with what is wrong: unreadable, empty, no JSON, cut off, a key twice, too deep."""
    source, problems = decode(data, name, LARGEST)
    if problems:
        is_page = "web page" in problems[0].message
        return None, [replace(problem, help=PAGE) for problem in problems] if is_page else problems
    if not source.text.strip():
        return None, [source.problem((0, 0), "MC001", "the file is empty", "save the answer into it")]
    foreign = _foreign(source.text)
    if foreign:
        return None, [source.problem((0, 0), "MC028", *foreign)]
    try:
        value = _loads(source.text)
    except json.JSONDecodeError as error:
        return None, [_no_json(error, source)]
    except _TwiceError as error:
        _, problems = parse(source)
        return None, problems or [source.problem((0, 0), "MC011", str(error), "remove one of the two")]
    except (_ConstantError, RecursionError) as error:
        words = str(error) if isinstance(error, _ConstantError) else f"nested deeper than {DEEPEST} levels"
        return None, [source.problem((0, 0), "MC028", f"the answer is no JSON: {words}", WHOLE)]
    if _is_deeper(value, DEEPEST):
        return None, [source.problem((0, 0), "MC028", f"nested deeper than {DEEPEST} levels", WHOLE)]
    return Content(source, value), []


def _loads(text: str) -> Value:
    found: Value = json.loads(
        text, parse_float=str, parse_int=str, parse_constant=_refuse_constant, object_pairs_hook=_object
    )
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _TwiceError(f"{echo(next(key for key in keys if keys.count(key) > 1))} is given twice")
    return found


def _refuse_constant(word: str) -> NoReturn:
    raise _ConstantError(f"{word} is no number")


def _is_deeper(value: Value, levels: int) -> bool:
    """Whether objects and lists are nested deeper than so many levels."""
    layer = [value]
    for _ in range(levels + 1):
        inner: list[Any] = []
        for one in layer:
            if isinstance(one, dict):
                inner.extend(one.values())
            elif isinstance(one, list):
                inner.extend(one)
        if not inner:
            return False
        layer = inner
    return True


def _foreign(text: str) -> tuple[str, str] | None:
    """What a text is that cannot be the JSON of an answer, and what to do with it; None where it can."""
    start = text.lstrip()
    if start[0] in "[{" or start.startswith("null"):
        return None
    words = echo(start, LONGEST_WORDS)
    if start[0] == "<":
        return f"the answer is a web page, not JSON: {words}", PAGE
    if _PORTFOLIO.search(text):
        return "this is a portfolio file, not an answer of a venue", "read it with `marginctl check`, or give --with"
    if _TABLE.match(start):
        return f"this is a table (CSV), not an answer of a venue: {words}", "save the venue's JSON answer instead"
    return f"the answer is text, not JSON: {words}", AGAIN


def _no_json(error: json.JSONDecodeError, source: Source) -> Problem:
    text = source.text
    where = (error.lineno, error.colno)
    if error.msg == "Extra data":
        return source.problem(where, "MC028", "several answers in one file", "one answer per file: split it")
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        lines = lines_of(text.rstrip())
        message = f"the answer is cut off: it ends after {len(text.rstrip())} characters"
        return source.problem((len(lines), len(lines[-1]) + 1), "MC028", message, WHOLE)
    return source.problem(where, "MC028", f"the answer is no JSON: {error.msg}", WHOLE)


def _node(node: Node, trail: Trail) -> Node:
    """The node at a trail. A key that an object does not have may stand in its ``info``, where ccxt keeps answers."""
    for step in trail:
        if isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            continue
        entries = {key.text: value for key, value in node.entries} if isinstance(node, Mapping) else {}
        inner = entries.get("info")
        if step not in entries and isinstance(inner, Mapping):
            entries = {key.text: value for key, value in inner.entries}
        if step not in entries:
            return node
        node = entries[str(step)]
    return node
