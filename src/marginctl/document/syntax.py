"""What a YAML parser complains about, in plain words."""

from typing import Any

from marginctl.document.source import Source
from marginctl.findings import Problem

# Part of the parser's own wording (libyaml's, then that of PyYAML's parser in Python) -> message, help.
# A message with {line} is about the place where something was opened.
_WORDS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("mapping values are not allowed",),
        "a `:` does not belong here",
        "indent the line like the keys beside it; put text that holds `: ` in quotes",
    ),
    (("could not find expected ':'",), "this line is no `key: value`", "write a colon and a space behind the key"),
    (
        ("did not find expected ',' or ']'", "expected ',' or ']'"),
        "the list `[` of line {line} is not continued here",
        "put a comma between items and `]` at the end",
    ),
    (
        ("did not find expected ',' or '}'", "expected ',' or '}'"),
        "the mapping `{{` of line {line} is not continued here",
        "put a comma between entries and `}` at the end",
    ),
    (
        ("did not find expected '-' indicator",),
        "this line does not fit the list of line {line}",
        "indent it like the items beside it",
    ),
    (
        ("did not find expected key", "expected <block end>"),
        "this line does not fit the keys of line {line}",
        "indent it like the keys beside it",
    ),
    (("found unexpected end of stream",), "the text of line {line} has no closing quote", "close the quote"),
    (
        ("alphabetic or numeric character",),
        "`*` and `&` cannot start a value or a key",
        'put it in quotes, such as "*"',
    ),
    (
        ("cannot start any token",),
        "the character `{character}` cannot stand here",
        "put the text in quotes",
    ),
    (
        ("sequence entries are not allowed",),
        "a list item cannot stand here",
        "start the list on a line of its own, with `- ` in front of each item",
    ),
    (("mapping keys are not allowed",), "a key cannot stand here", "start it on a line of its own"),
    (
        ("escape",),
        "unknown escape in a text with double quotes",
        "use single quotes, or write `\\\\` for a backslash",
    ),
    (("hexdecimal", "hexadecimal"), "unfinished escape in a text with double quotes", "use single quotes"),
    (("undefined tag handle",), "tags are not allowed", "remove everything from `!` to the space"),
    (("violates indentation", "tab character"), "a tab is used as indent", "indent with spaces"),
    (("<document start>",), "this line belongs to no key", "remove it, or indent it below a key"),
    (("document indicator",), "the document ends within a text", "close the quote"),
    (("node content",), "a value is missing here", "write a value"),
)
_FEATURES = ("undefined tag handle", "tab character", "violates indentation")


def syntax_problem(error: Any, source: Source) -> Problem:
    """The problem that a parser's exception is about. Its place is where the parser gave up."""
    text = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "")
    line, column = _place(error, source)
    if _is_indented_by_tab(source, line):
        tab = source.line(line).index("\t") + 1
        return source.problem((line, tab), "MC003", "a tab is used as indent", "indent with spaces")
    message, help = _words(text)
    opened = getattr(getattr(error, "context_mark", None), "line", line - 1) + 1
    character = source.line(line)[column - 1 : column]
    code = "MC003" if any(part in text for part in _FEATURES) else "MC002"
    return source.problem((line, column), code, message.format(line=opened, character=character), help)


def _words(text: str) -> tuple[str, str]:
    for parts, message, help in _WORDS:
        if any(part in text for part in parts):
            return message, help
    return "this is not valid YAML", "check the line and the one above for indent, colons and quotes"


def _is_indented_by_tab(source: Source, line: int) -> bool:
    text = source.line(line)
    return "\t" in text[: len(text) - len(text.lstrip())]


def _place(error: Any, source: Source) -> tuple[int, int]:
    """Line and column where the parser gave up; for the end of the file, the end of its last line with text."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return 0, 0
    last = len(source.text.rstrip().splitlines())
    if mark.line < last:
        return mark.line + 1, mark.column + 1
    return last, len(source.line(last)) + 1
