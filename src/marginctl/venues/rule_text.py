"""Nodes of a rule file -> YAML text, in the style and with the comments of the file that they are from.

Comments on lines of their own stay above what they stood above. What was written in one line stays in one line; new
nodes (line 0) are written in one line where they fit.
"""

import json
from collections.abc import Iterable
from decimal import Decimal

from marginctl.core.contract import HaircutTier
from marginctl.core.exact import CONTEXT
from marginctl.document.nodes import NULLS, Mapping, Node, Scalar, Sequence
from marginctl.document.source import Source
from marginctl.venues.table_text import plain

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


HUNDRED = Decimal(100)


def scalar(text: str) -> Scalar:
    """A new value; a text that would read as no value is quoted."""
    return Scalar(text, 0, 0, 0, text not in NULLS)


def mapping(entries: Iterable[tuple[str, Node]]) -> Mapping:
    """A new mapping."""
    return Mapping([(scalar(key), value) for key, value in entries], 0, 0)


def sequence(items: Iterable[Node]) -> Sequence:
    """A new list."""
    return Sequence(list(items), 0, 0)


def value_of(node: Node | None, key: str) -> Node | None:
    """The value of a key; None where it is not written."""
    return next((value for one, value in node.entries if one.text == key), None) if isinstance(node, Mapping) else None


def with_value(node: Mapping, key: str, value: Node) -> Mapping:
    """The mapping with a key's value replaced, or the key added at its end."""
    if value_of(node, key) is None:
        return Mapping([*node.entries, (scalar(key), value)], node.line, node.column)
    entries = [(one, value if one.text == key else old) for one, old in node.entries]
    return Mapping(entries, node.line, node.column)


def without(node: Mapping, keys: Iterable[str]) -> Mapping:
    """The mapping without some keys."""
    dropped = set(keys)
    return Mapping([(key, value) for key, value in node.entries if key.text not in dropped], node.line, node.column)


def with_items(node: Node | None, items: Iterable[Node]) -> Sequence:
    """A list with other items in the place of the old one."""
    return Sequence(list(items), node.line if node else 0, node.column if node else 0)


def percentage(rate: Decimal) -> str:
    """``0.05`` -> ``5%``."""
    return f"{plain(CONTEXT.multiply(rate, HUNDRED))}%"


def terms(haircuts: tuple[HaircutTier, ...], debt_factor: Decimal | None, others: Iterable[tuple[str, Node]]) -> Node:
    """How a rule file writes haircuts: one rate, or a mapping where there is more to say."""
    flat = len(haircuts) == 1 and haircuts[0].up_to is None
    entries: list[tuple[str, Node]] = [
        ("haircut", scalar(percentage(haircuts[0].haircut)))
        if flat
        else ("haircut_tiers", sequence(map(_haircut_tier, haircuts)))
    ]
    if debt_factor is not None:
        entries += [(key, scalar(plain(debt_factor))) for key in ("liability_factor", "requirement_factor")]
    entries += others
    return entries[0][1] if flat and len(entries) == 1 else mapping(entries)


def _haircut_tier(tier: HaircutTier) -> Mapping:
    border = [("up_to", scalar(plain(tier.up_to)))] if tier.up_to is not None else []
    return mapping([*border, ("haircut", scalar(percentage(tier.haircut)))])
