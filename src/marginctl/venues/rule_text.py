"""Nodes of a rule file -> YAML text, in the style and with the comments of the file that they are from.

Comments on lines of their own stay above what they stood above. What was written in one line stays in one line; new
nodes (line 0) are written in one line where they fit.
"""

import json

from marginctl.document.nodes import NULLS, Mapping, Node, Scalar, Sequence
from marginctl.document.source import Source

LONGEST_LINE = 200
INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`")
IN_BRACKETS = frozenset(",[]{}")
STEP = "  "


def rule_text(root: Mapping, source: Source) -> str:
    """The document of a root mapping, ending in a line break."""
    return "".join(f"{row}\n" for row in _Writer(source).mapping(root, ""))


class _Writer:
    """Writes block by block; ``source`` gives the comments."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def mapping(self, node: Mapping, indent: str) -> list[str]:
        rows: list[str] = []
        for key, value in node.entries:
            rows += self.comments(key.line, indent)
            rows += self.entry(key, value, indent)
        return rows

    def entry(self, key: Scalar, value: Node, indent: str) -> list[str]:
        lead = f"{indent}{_scalar(key, in_brackets=False)}:"
        inline = self.inline(value, key.line, len(lead) + 1)
        if inline:
            return [f"{lead} {inline}"]
        if isinstance(value, Sequence):
            return [lead, *self.sequence(value, indent + STEP)]
        return [lead, *(self.mapping(value, indent + STEP) if isinstance(value, Mapping) else [])]

    def sequence(self, node: Sequence, indent: str) -> list[str]:
        rows: list[str] = []
        for item in node.items:
            rows += self.comments(item.line, indent)
            inline = self.inline(item, item.line, len(indent) + 2)
            if inline:
                rows.append(f"{indent}- {inline}")
            elif isinstance(item, Sequence):
                rows += [f"{indent}-", *self.sequence(item, indent + STEP)]
            elif isinstance(item, Mapping):
                rows += self.item(item, indent)
        return rows

    def item(self, node: Mapping, indent: str) -> list[str]:
        """A mapping behind a dash, its first key on the dash's line."""
        (key, value), *rest = node.entries
        first = self.entry(key, value, indent + STEP)
        rows = [f"{indent}- {first[0].lstrip()}", *first[1:]]
        return rows + self.mapping(Mapping(rest, node.line, node.column), indent + STEP)

    def inline(self, node: Node, line: int, taken: int) -> str:
        """The node in one line, where it was or fits in one; empty where it needs several."""
        if isinstance(node, Scalar):
            return _scalar(node, in_brackets=False)
        text = _flow(node)
        fits = taken + len(text) <= LONGEST_LINE
        one_line = node.line == line and _lines(node) == {node.line}
        return text if (fits and one_line) or text in ("[]", "{}") else ""

    def comments(self, line: int, indent: str) -> list[str]:
        """The comment lines right above a line of the source."""
        found: list[str] = []
        while line > 1 and self.source.line(line - 1).lstrip().startswith("#"):
            line -= 1
            found.insert(0, indent + self.source.line(line).strip())
        return found


def _lines(node: Node) -> set[int]:
    """The lines on which a node and everything in it begins."""
    lines = {node.line}
    if isinstance(node, Sequence):
        lines = lines.union(*map(_lines, node.items))
    elif isinstance(node, Mapping):
        for key, value in node.entries:
            lines |= {key.line} | _lines(value)
    return lines


def _flow(node: Node) -> str:
    if isinstance(node, Sequence):
        return f"[{', '.join(map(_flow, node.items))}]"
    if isinstance(node, Mapping):
        return "{" + ", ".join(f"{_scalar(key, in_brackets=True)}: {_flow(value)}" for key, value in node.entries) + "}"
    return _scalar(node, in_brackets=True)


def _scalar(node: Scalar, *, in_brackets: bool) -> str:
    if node.plain and (node.text in NULLS or _is_plain(node.text, in_brackets=in_brackets)):
        return node.text
    return json.dumps(node.text, ensure_ascii=not node.text.isprintable())


def _is_plain(text: str, *, in_brackets: bool) -> bool:
    """Whether a text means itself without quotes."""
    return (
        text.isprintable()
        and text == text.strip()
        and text[:1] not in INDICATORS
        and ": " not in text
        and " #" not in text
        and not text.endswith(":")
        and not (in_brackets and IN_BRACKETS.intersection(text))
    )
