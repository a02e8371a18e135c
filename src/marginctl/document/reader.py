"""YAML or JSON bytes -> nodes, from parser events and with an explicit stack.

Only what a plain document needs is accepted: one document of mappings, lists and values. Aliases, anchors, tags and
merge keys are refused, so a document is never larger than its text, and scalars stay text.
"""

import re
from collections.abc import Callable
from typing import Any

from marginctl.document import libyaml
from marginctl.document.files import decode
from marginctl.document.nodes import Mapping, Node, Refused, Scalar, Sequence, is_null
from marginctl.document.source import Collector, Source, StoppingCollector, TooManyProblemsError, echo, in_order
from marginctl.findings import Problem

DEEPEST = 32
MOST_EVENTS = 2_000_000  # of the smallest nodes that is about half a gigabyte of memory
TOO_DEEP = "nesting depth"
"""Of the words of a parser that follows brackets no farther than a thousand levels."""
EMPTY_HELP = "write `key: value` lines; `marginctl init` writes a portfolio to start from"
FORBIDDEN = frozenset(map(chr, (*range(9), 11, 12, *range(14, 32), *range(0x7F, 0xA0), *range(0xD800, 0xE000))))


def read(data: bytes, name: str) -> tuple[Source, Node | None, list[Problem]]:
    """The document in a file's bytes: its text, its root mapping, and everything wrong with its structure.

    Without a root there is nothing to bind; with a root, problems are about parts of it, which it lacks.
    """
    source, problems = decode(data, name)
    if problems:
        return source, None, problems
    root, problems = parse(source)
    if problems or isinstance(root, Mapping):
        return source, root if isinstance(root, Mapping) else None, problems
    if root is None or is_null(root):
        return source, None, [source.problem((0, 0), "MC001", "the file is empty", EMPTY_HELP)]
    found = "a list" if isinstance(root, Sequence) else "a single value"
    return (
        source,
        None,
        [source.problem(root, "MC013", f"the file holds {found}, not keys", "write `key: value` lines")],
    )


def parse(source: Source) -> tuple[Node | None, list[Problem]]:
    """The root node of a text; None when there is none, or when the text cannot be parsed to its end."""
    builder, error = _built(source, source.text)
    if TOO_DEEP in str(getattr(error, "problem", "")):  # told before what is above it, which is deep enough
        builder, error = _built(source, source.text[: error.problem_mark.index])
    if error is not None:
        from marginctl.document.syntax import syntax_problem

        builder.found.problems.append(syntax_problem(error, source))
    return builder.root, in_order(builder.found.problems)


def _built(source: Source, text: str) -> tuple["_TreeBuilder", Any]:
    """What was built of a text, and the error at which its parser gave up; nothing is built then."""
    builder = _TreeBuilder(StoppingCollector(source, []), holds_pairs(text))
    try:
        _build(builder, text)
    except TooManyProblemsError:
        builder.root = None
    except libyaml.errors() as error:
        builder.root = None
        return builder, error
    return builder, None


def _build(builder: "_TreeBuilder", text: str) -> None:
    """Feeds a text's events to a builder, up to the last one or to what the builder refuses to go beyond."""
    handlers = builder.handlers()
    stream = libyaml.events(hide(text) if builder.has_pairs else text)
    for _ in range(MOST_EVENTS):
        event = stream.get_event()
        handlers[type(event).__name__](event)
        if builder.done:
            return
    message = f"the file holds more than {MOST_EVENTS:,} keys and values"
    builder.refuse_rest((0, 0), "MC001", message, "split it into several files")


class _TreeBuilder:
    """Builds the tree event by event. ``open`` is the container being filled, its outer ones wait in ``outer``."""

    def __init__(self, found: Collector, has_pairs: bool) -> None:
        self.found = found
        self.has_pairs = has_pairs
        self.root: Node | None = None
        self.done = False
        self.documents = 0
        self.open: Mapping | Sequence | None = None
        self.key: Scalar | None = None  # of an open mapping, when its value comes next
        self.seen: dict[str, Scalar] = {}  # the keys of an open mapping
        self.outer: list[tuple[Mapping | Sequence | None, Scalar | None, dict[str, Scalar]]] = []

    def handlers(self) -> dict[str, Callable[[Any], None]]:
        return {
            "StreamStartEvent": self.ignore,
            "DocumentStartEvent": self.start_document,
            "ScalarEvent": self.scalar,
            "AliasEvent": self.alias,
            "MappingStartEvent": self.start_mapping,
            "MappingEndEvent": self.end_container,
            "SequenceStartEvent": self.start_sequence,
            "SequenceEndEvent": self.end_container,
            "DocumentEndEvent": self.ignore,
            "StreamEndEvent": self.end_stream,
        }

    def refuse_rest(self, where: Node | tuple[int, int], code: str, message: str, help: str) -> None:
        self.found.add(where, code, message, help)
        self.root = None
        self.done = True

    def ignore(self, event: Any) -> None:
        pass

    def end_stream(self, _: Any) -> None:
        self.done = True

    def start_document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self.found.add(_place(event), "MC003", "a second document begins here", "write each into a file of its own")
            self.done = True

    def scalar(self, event: Any) -> None:
        start, end = event.start_mark, event.end_mark
        plain = not event.style
        line = start.line
        end_column = end.column + 1 if end.line == line else 0
        node = Scalar(event.value, line + 1, start.column + 1, end_column, plain)
        if event.anchor is not None or event.tag is not None:
            self.refuse_properties(event)
        if not plain and not node.text.isprintable():
            node = self.checked(node)
        self.place(node)

    def checked(self, node: Scalar) -> Scalar:
        """A quoted text with its surrogate pairs joined, or nothing of it if escapes put control characters in."""
        text = reveal(node.text) if self.has_pairs else node.text
        forbidden = next((character for character in text if character in FORBIDDEN), "")
        if not forbidden:
            return Scalar(text, node.line, node.column, node.end_column, node.plain)
        message = f"the control character {echo(forbidden)} is not allowed"
        self.found.add(node, "MC003", message, "remove it")
        return _refused(node)

    def alias(self, event: Any) -> None:
        line, column = _place(event)
        name = echo("*" + event.anchor)
        self.found.add((line, column), "MC003", f"the alias {name} is not allowed", "write the value out")
        self.place(Refused("", line, column, 0, True))

    def start_mapping(self, event: Any) -> None:
        line, column = _place(event)
        self.start_container(event, Mapping([], line, column))

    def start_sequence(self, event: Any) -> None:
        line, column = _place(event)
        self.start_container(event, Sequence([], line, column))

    def start_container(self, event: Any, node: Mapping | Sequence) -> None:
        if event.anchor is not None or event.tag is not None:
            self.refuse_properties(event)
        if len(self.outer) >= DEEPEST:
            message = f"nested deeper than {DEEPEST} levels"
            self.refuse_rest(node, "MC003", message, "close the brackets, or indent less")
            return
        self.place(node)
        self.outer.append((self.open, self.key, self.seen))
        self.open, self.key, self.seen = node, None, {}

    def end_container(self, _: Any) -> None:
        self.open, self.key, self.seen = self.outer.pop()

    def place(self, node: Node) -> None:
        """Puts a finished scalar or a just opened container where it belongs."""
        container = self.open
        if isinstance(container, Sequence):
            container.items.append(node)
        elif container is None:
            self.root = node
        elif self.key is None:
            self.key = self.checked_key(node)
        else:
            if not isinstance(self.key, Refused):
                container.entries.append((self.key, node))
            self.key = None

    def checked_key(self, node: Node) -> Scalar:
        """A key, or what stands for a refused one so that its value is left out."""
        if isinstance(node, Refused):
            return node
        if not isinstance(node, Scalar):
            self.found.add(node, "MC003", "a key must be a single word", "write `key: value`")
            return _refused(node)
        if node.text in self.seen:
            first = self.seen[node.text].line
            message = f"{echo(node.text)} is given twice, first on line {first}"
            self.found.add(node, "MC011", message, "remove one of the two")
            return _refused(node)
        if node.plain and node.text in ("", "<<"):
            self.refuse_key(node)
            return _refused(node)
        self.seen[node.text] = node
        return node

    def refuse_key(self, node: Scalar) -> None:
        if node.text:
            self.found.add(node, "MC003", "the merge key `<<` is not allowed", "write the keys out")
        else:
            self.found.add(node, "MC013", "a key is missing in front of the colon", "write `key: value`")

    def refuse_properties(self, event: Any) -> None:
        """Reports an anchor and a tag; their node is built all the same."""
        place = _place(event)
        if event.anchor is not None:
            name = echo("&" + event.anchor)
            self.found.add(place, "MC003", f"the anchor {name} is not allowed", "remove it")
        if event.tag is not None:
            self.found.add(place, "MC003", f"the tag {echo(self.written_tag(event))} is not allowed", "remove it")

    def written_tag(self, event: Any) -> str:
        """A tag as the file has it: the parser gives ``tag:yaml.org,2002:str`` for ``!!str``."""
        line, column = _place(event)
        rest = self.found.source.line(line)[column - 1 :]
        return next((word for word in rest.split() if word.startswith("!")), event.tag)


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _refused(node: Node) -> Refused:
    return Refused("", node.line, node.column, 0, True)


_SHIFT = 0xE000 - 0xD800
_HIGH, _LOW, _END = 0xE000, 0xE400, 0xE800


def holds_pairs(text: str) -> bool:
    """Whether escapes of surrogates may occur at all: a quick look that spares nearly every file the rest."""
    return "\\ud" in text or "\\uD" in text


def hide(text: str) -> str:
    """The text with the halves of surrogate pairs replaced. Lone halves stay, for the parser to refuse."""
    high, low = r"\\u[dD]([89abAB][0-9a-fA-F]{2})", r"\\u[dD]([c-fC-F][0-9a-fA-F]{2})"
    return re.sub(rf"((?<!\\)(?:\\\\)*){high}{low}", _hidden, text)


def _hidden(match: re.Match[str]) -> str:
    halves = (int("d" + match[group], 16) + _SHIFT for group in (2, 3))
    return match[1] + "".join(f"\\u{half:04x}" for half in halves)


def reveal(text: str) -> str:
    """A parsed text with its hidden halves joined."""
    joined: list[str] = []
    for character in text:
        if _LOW <= ord(character) < _END and joined and _HIGH <= ord(joined[-1]) < _LOW:
            high, low = ord(joined.pop()) - _HIGH, ord(character) - _LOW
            joined.append(chr(0x10000 + (high << 10) + low))
        else:
            joined.append(character)
    return "".join(joined)
