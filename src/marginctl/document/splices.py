"""Where a text has to change so that one value of its document changes: splices, computed on the text's tree.

The value is changed in the tree as well, where every other one keeps its places.
New keys and rows take the style of their neighbours: block or brackets, one line or several, with the same indent.
Comments stay, but for those within what is removed and behind it on its last line.
"""

import json
import re
from typing import NamedTuple

from msgspec import Struct

from marginctl.document.nodes import NULLS
from marginctl.document.spans import Branch, LeafSpan, Path, Tree, Value, planted, tree_of

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_PLAIN = re.compile(r"[A-Za-z0-9_$/][A-Za-z0-9_$/.+%@-]*|-[0-9][0-9.]*%?")
_FLAGS = ("true", "false")
_LOOK_LIKE_FLAGS = frozenset(("y", "n", "yes", "no", "on", "off", *_FLAGS))

BREAKS = "\n\r\x85\u2028\u2029"
ROW_INDENT = "  "


class NoPlaceError(Exception):
    """The edit has no place in this text; the message says why, where more than its path is wrong."""


class Splice(NamedTuple):
    """``text`` instead of what stands from ``start`` up to ``end``."""

    start: int
    end: int
    text: str


def spliced(text: str, splices: list[Splice]) -> str:
    """The text with all splices made; of several insertions at one place the first comes first."""
    parts: list[str] = []
    at = 0
    for splice in sorted(splices, key=lambda one: (one.start, one.end)):
        parts += (text[at : splice.start], splice.text)
        at = max(at, splice.end)
    return "".join([*parts, text[at:]])


class Layout(Struct):
    """A text with its tree."""

    text: str
    root: Branch

    @property
    def as_json(self) -> bool:
        """Whether the keys are in quotes as in JSON."""
        first = self.root.entries[0][0] if self.root.entries else None
        return self.root.flow and (first is None or self.text[first.start] == '"')

    @property
    def line_break(self) -> str:
        """The line break that the text uses."""
        return "\r\n" if "\r\n" in self.text else "\n"

    def line_start(self, at: int) -> int:
        """Where the line of a character begins."""
        while at and self.text[at - 1] not in BREAKS:
            at -= 1
        return at

    def line_end(self, at: int) -> int:
        """Where the line of a character ends, before its break; what ends with a break ends on the line before."""
        if at and self.text[at - 1] in BREAKS:
            return at - 2 if self.text[at - 2 : at] == "\r\n" else at - 1
        while at < len(self.text) and self.text[at] not in BREAKS:
            at += 1
        return at

    def next_line(self, at: int) -> int:
        """Where the line after a line's end begins."""
        if self.text[at : at + 2] == "\r\n":
            return at + 2
        return min(at + 1, len(self.text))

    def indent(self, at: int) -> str:
        """As many spaces as stand before a character, counting what else stands there."""
        return " " * (at - self.line_start(at))

    def begins_line(self, at: int) -> bool:
        """Whether only space stands before a character on its line."""
        return not self.text[self.line_start(at) : at].strip()

    def ends_line(self, at: int) -> bool:
        """Whether only space and a comment follow on the line."""
        rest = self.text[at : self.line_end(at)].strip()
        return not rest or rest.startswith("#")

    def comma(self, at: int) -> int | None:
        """The comma that follows in brackets, comments skipped; None where something else does."""
        while at < len(self.text):
            character = self.text[at]
            if character == "#":
                at = self.line_end(at)
            elif character == ",":
                return at
            elif not (character.isspace() or character in BREAKS):
                return None
            else:
                at += 1
        return None


def layout_of(text: str) -> Layout:
    """A text with its tree. Raises NoPlaceError for a text that holds no mapping."""
    root = tree_of(text)
    if not isinstance(root, Branch) or root.is_list:
        raise NoPlaceError
    return Layout(text, root)


def found(layout: Layout, path: Path) -> tuple[Tree, int]:
    """The node that holds the rest of a path, and how many of its parts lead there."""
    node: Tree = layout.root
    for depth, part in enumerate(path):
        index = node.index(part) if isinstance(node, Branch) else None
        if not isinstance(node, Branch) or index is None:
            return node, depth
        node = node.entries[index][1]
    return node, len(path)


def parent(layout: Layout, path: Path) -> tuple[Branch, int]:
    """The branch that holds the last part of a path, and the number of that entry. Raises NoPlaceError."""
    node, depth = found(layout, path[:-1])
    is_there = path and depth == len(path) - 1 and isinstance(node, Branch)
    index = node.index(path[-1]) if is_there and isinstance(node, Branch) else None
    if not isinstance(node, Branch) or index is None:
        raise NoPlaceError
    return node, index


def put(layout: Layout, path: Path, value: Value) -> list[Splice]:
    """Set the value at a path; missing keys are created, missing list items are not."""
    node, depth = found(layout, path)
    if depth == len(path):
        return _replaced(layout, path, node, value)
    rest = path[depth:]
    if not isinstance(node, Branch) or node.is_list or not all(isinstance(part, str) for part in rest):
        raise NoPlaceError
    for part in reversed(rest[1:]):
        value = {str(part): value}
    return _with_entries(layout, node, {str(rest[0]): value})


def added(layout: Layout, path: Path, entries: dict[str, Value]) -> list[Splice]:
    """Add several keys to the mapping at a path, which has none of them."""
    node, depth = found(layout, path)
    if depth < len(path) or not isinstance(node, Branch) or node.is_list:
        raise NoPlaceError
    return _with_entries(layout, node, entries)


def _replaced(layout: Layout, path: Path, node: Tree, value: Value) -> list[Splice]:
    branch, index = parent(layout, path)
    key = branch.entries[index][0]
    branch.entries[index] = key, planted(value, node.start, node.end)
    new = flow(value, as_json=layout.as_json)
    if isinstance(node, LeafSpan):
        old = layout.text[node.start : node.end]
        if isinstance(value, str):
            new = like(value, old, as_json=layout.as_json)
        return [Splice(node.start, node.end, new + (layout.line_break if old.endswith(("\n", "\r")) else ""))]
    if node.flow or key is None:
        return [Splice(node.start, node.end, new)]
    return [Splice(_after_colon(layout, key), node.end, f" {new}")]


def _after_colon(layout: Layout, key: LeafSpan) -> int:
    return layout.text.index(":", key.end) + 1


def renamed(layout: Layout, path: Path, key: str) -> list[Splice]:
    """Give the entry at a path another key."""
    branch, index = parent(layout, path)
    old, value = branch.entries[index]
    if old is None or branch.index(key) is not None:
        raise NoPlaceError
    branch.entries[index] = LeafSpan(key, old.start, old.end), value
    quoted = layout.text[old.start] in "'\""
    return [Splice(old.start, old.end, like(key, layout.text[old.start], as_json=False) if quoted else key)]


def appended(layout: Layout, path: Path, row: Value) -> list[Splice]:
    """Add an item at the end of the list at a path; a missing list is created."""
    node, depth = found(layout, path)
    if depth == len(path) - 1 and isinstance(node, Branch) and not node.is_list:
        return _with_entries(layout, node, {str(path[-1]): [row]})
    if depth < len(path) or not isinstance(node, Branch) or not node.is_list:
        raise NoPlaceError
    if node.flow or not node.entries:
        made = _grown(layout, node, [_row(layout, node, row)])
    else:
        dash = f"{layout.line_break}{layout.indent(node.start)}- "
        made = [_line_after(layout, node.end, dash + _row(layout, node, row))]
    node.entries.append((None, planted(row)))
    return made


def _line_after(layout: Layout, at: int, text: str) -> Splice:
    end = layout.line_end(at)
    return Splice(end, end, text)


def _row(layout: Layout, branch: Branch, row: Value) -> str:
    """A row like the last one: in brackets on one line, in brackets on several, or as a block."""
    last = branch.entries[-1][1] if branch.entries else None
    if not isinstance(row, dict) or not isinstance(last, Branch) or last.is_list or not last.entries:
        return flow(row, as_json=layout.as_json)
    first = last.extent(0)[0]
    is_spread = layout.begins_line(first) and first > layout.line_end(last.start)
    if last.flow and not is_spread:
        return flow(row, as_json=layout.as_json)
    lines = [_entry(layout, key, value) for key, value in row.items()]
    if not last.flow:
        return f"{layout.line_break}{layout.indent(branch.start)}{ROW_INDENT}".join(lines)
    lead = layout.line_break + layout.indent(first)
    end = layout.line_break + layout.text[layout.line_start(last.end - 1) : last.end - 1]
    return f"{{{lead}{f',{lead}'.join(lines)}{'' if end.strip() else end}}}"


def _entry(layout: Layout, key: str, value: Value) -> str:
    return f"{word(key, as_json=layout.as_json)}: {flow(value, as_json=layout.as_json)}"


def _with_entries(layout: Layout, branch: Branch, entries: dict[str, Value]) -> list[Splice]:
    """Add keys at the end of a mapping."""
    if branch.flow or not branch.entries:
        made = _grown(layout, branch, [_entry(layout, key, value) for key, value in entries.items()])
    else:
        lead = layout.line_break + layout.indent(branch.start)
        if branch is layout.root and _has_blank_lines(layout):
            lead = layout.line_break + lead
        lines = (lead + _block_entry(layout, branch, key, value) for key, value in entries.items())
        made = [_line_after(layout, branch.end, "".join(lines))]
    branch.entries += [(LeafSpan(key, 0, 0), planted(value)) for key, value in entries.items()]
    return made


def _block_entry(layout: Layout, branch: Branch, key: str, value: Value) -> str:
    """A key with its value; a list gets a line for each row."""
    if not isinstance(value, list) or not value:
        return _entry(layout, key, value)
    dash = f"{layout.line_break}{layout.indent(branch.start)}{ROW_INDENT}- "
    return f"{word(key, as_json=False)}:" + "".join(dash + flow(row, as_json=False) for row in value)


def _has_blank_lines(layout: Layout) -> bool:
    """Whether the last two sections of a file have an empty line between them."""
    if len(layout.root.entries) < 2:
        return False
    start = layout.line_start(layout.root.extent(len(layout.root.entries) - 1)[0])
    between = layout.text[layout.root.extent(len(layout.root.entries) - 2)[1] : start]
    return any(not line.strip() for line in between.splitlines()[1:])


def _grown(layout: Layout, branch: Branch, entries: list[str]) -> list[Splice]:
    """Add entries behind the last one in brackets, each on a line of its own where that one has one."""
    if not branch.entries:
        start, end = branch.start + 1, branch.end - 1
        has_comment = bool(layout.text[start:end].strip())
        return [Splice(start, start if has_comment else end, ", ".join(entries))]
    start, end = branch.extent(len(branch.entries) - 1)
    comma = layout.comma(end)
    behind = end if comma is None else comma + 1
    closing = "" if comma is None else ","
    if not layout.begins_line(start) or not layout.ends_line(behind):
        return [Splice(behind, behind, f"{',' if comma is None else ''} {', '.join(entries)}{closing}")]
    lead = layout.line_break + layout.indent(start)
    line = _line_after(
        layout, behind, "".join(lead + entry + "," for entry in entries[:-1]) + lead + entries[-1] + closing
    )
    return [line] if comma is not None else [Splice(end, end, ","), line]


def removed(layout: Layout, path: Path) -> list[Splice]:
    """Take away the entry at a path, with its lines where it has them for itself."""
    branch, index = parent(layout, path)
    if branch.flow:
        made = _cut_from_brackets(layout, branch, index)
    elif len(branch.entries) == 1:
        made = _emptied(layout, path, branch)
    else:
        made = [_cut_from_block(layout, branch, index)]
    del branch.entries[index]
    return made


def _emptied(layout: Layout, path: Path, branch: Branch) -> list[Splice]:
    """The last entry of a block goes: brackets with nothing in them stay, behind the key."""
    brackets = "[]" if branch.is_list else "{}"
    key = None
    if len(path) > 1:
        above, index = parent(layout, path[:-1])
        key = above.entries[index][0]
    if key is None or layout.line_start(branch.start) <= key.start:
        return [Splice(branch.start, branch.end, brackets)]
    colon = _after_colon(layout, key)
    cut = Splice(layout.line_start(branch.start), layout.next_line(layout.line_end(branch.end)), "")
    return [Splice(colon, colon, f" {brackets}"), cut]


def _cut_from_block(layout: Layout, branch: Branch, index: int) -> Splice:
    start, end = branch.extent(index)
    if branch.is_list:
        start = _dash(layout, branch, start)
    last = layout.line_end(end)
    if layout.begins_line(start):
        return Splice(layout.line_start(start), layout.next_line(last), "")
    if index + 1 == len(branch.entries):
        raise NoPlaceError("an entry shares its line with others")
    return Splice(start, branch.extent(index + 1)[0], "")


def _dash(layout: Layout, branch: Branch, at: int) -> int:
    """The dash in front of an item of a block list: in the column of the first one, on its line or above."""
    column = len(layout.indent(branch.start))
    line = layout.line_start(at)
    while layout.text[line + column : line + column + 1] != "-" or layout.text[line : line + column].strip():
        if line <= layout.line_start(branch.start):
            raise NoPlaceError("an item has no dash of its own")
        line = layout.line_start(line - 1)
    return line + column


def _cut_from_brackets(layout: Layout, branch: Branch, index: int) -> list[Splice]:
    start, end = branch.extent(index)
    comma = layout.comma(end)
    if len(branch.entries) == 1:
        inside = layout.text[branch.start + 1 : start] + layout.text[comma + 1 if comma else end : branch.end - 1]
        return [Splice(branch.start + 1, branch.end - 1, inside if "#" in inside else "")]
    splices = []
    if comma is None:
        before = branch.extent(index - 1)[1]
        extra = layout.comma(before)
        if extra is None:
            raise NoPlaceError("entries in brackets have no comma between them")
        if not layout.text[extra + 1 : start].strip() and not layout.begins_line(start):
            return [Splice(extra, end, "")]
        splices.append(Splice(extra, extra + 1, ""))
    behind = end if comma is None else comma + 1
    if layout.begins_line(start) and layout.ends_line(behind):
        return [*splices, Splice(layout.line_start(start), layout.next_line(layout.line_end(behind)), "")]
    if index + 1 < len(branch.entries) and not layout.text[behind : branch.extent(index + 1)[0]].strip():
        behind = branch.extent(index + 1)[0]
    return [*splices, Splice(start, behind, "")]


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
