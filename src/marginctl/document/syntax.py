"""What a YAML parser complains about, in plain words."""

from typing import Any

from marginctl.document.source import Source, echo, lines_of
from marginctl.findings import Problem

# Parts of the parsers' own wording (libyaml's, and where it differs that of PyYAML's parser in Python), and what
# they mean. {line} is where the thing was opened that is not continued, {character} what stands at the place.
_WORDS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("mapping values are not allowed",),
        "a `:` does not belong here",
        "indent the line like the keys beside it; put text that holds `: ` in quotes",
    ),
    (("could not find expected ':'",), "this line is no `key: value`", "write a colon and a space behind the key"),
    (
        ("expected ',' or ']'",),
        "the list `[` of line {line} is not continued here",
        "put a comma between items and `]` at the end",
    ),
    (
        ("expected ',' or '}'",),
        "the mapping `{{` of line {line} is not continued here",
        "put a comma between entries and `}` at the end",
    ),
    (
        ("expected '-' indicator",),
        "this line does not fit the list of line {line}",
        "indent it like the items beside it",
    ),
    (
        ("expected key", "expected <block end>"),
        "this line does not fit the keys of line {line}",
        "indent it like the keys beside it",
    ),
    (("unexpected end of stream",), "this text has no closing quote", "close the quote"),
    (("alphabetic or numeric character",), "`*` and `&` cannot begin a word", 'put it in quotes, such as "*"'),
    (("cannot start any token",), "no word can begin with {character}", "put it in quotes"),
    (
        ("sequence entries are not allowed",),
        "a list item cannot stand here",
        "start the list on a line of its own, with `- ` in front of each item",
    ),
    (("mapping keys are not allowed",), "a key cannot stand here", "start it on a line of its own"),
    (("document indicator",), "the document ends within a text", "close the quote"),
    (("escape", "hexdecimal", "hexadecimal"), "unknown escape in a text with double quotes", "use single quotes"),
    (("tag handle",), "tags are not allowed", "remove everything from `!` to the space"),
    (("<document start>",), "this line belongs to no key", "remove it, or indent it below a key"),
    (("node content",), "a value is missing here", "write a value, or close the brackets"),
    (("directive", "YAML document", "version"), "a `%` line is not allowed", "remove it"),
)
_AT_ITS_START = ("could not find expected ':'", "unexpected end of stream", "alphabetic or numeric character")


def syntax_problem(error: Any, source: Source) -> Problem:
    """The problem that a parser's exception is about, where the parser gave up or where what it read begins."""
    text = str(getattr(error, "problem", None) or "")
    opened = getattr(error, "context_mark", None)
    mark = opened if opened and any(part in text for part in _AT_ITS_START) else getattr(error, "problem_mark", None)
    line, column = _place(mark, source)
    tab = 0 if _is_within_brackets(error, source) else _tab_in_indent(source.line(line))
    if tab:
        return source.problem((line, tab), "MC003", "a tab is used as indent", "indent with spaces")
    message, advice = _special_case(text, line, column, source) or _words(text)
    character = source.line(line)[column - 1 : column]
    message = message.format(line=opened.line + 1 if opened else line, character=echo(character))
    return source.problem((line, column), "MC003" if "tag handle" in text else "MC002", message, advice)


def _words(text: str) -> tuple[str, str]:
    for parts, message, advice in _WORDS:
        if any(part in text for part in parts):
            return message, advice
    return "this is not valid YAML", "check indents, colons and quotes here and in the line above"


def _special_case(text: str, line: int, column: int, source: Source) -> tuple[str, str] | None:
    """Slips that the parser notices late, or describes by their consequence."""
    before = source.line(line)[: column - 1].strip()
    if "cannot start any token" in text and source.line(line)[column - 1 : column] == "\t":
        return "a tab stands where a space belongs", "write a space"
    if "mapping values are not allowed" in text and _lacks_space(source.line(line - 1)):
        return f"line {line - 1} has no space behind its colon", "write `key: value`, with a space"
    is_between_keys = "expected key" in text or "expected <block end>" in text
    if source.line(line)[column - 1 : column] == ":" and (is_between_keys or "node content" in text):
        return "a key is missing in front of the colon", "write `key: value`"
    if is_between_keys and before and before[-1] != "-":
        return "the value has ended before this", "put the whole text in double quotes"
    return None


def _lacks_space(line: str) -> bool:
    key, colon, value = line.strip().partition(":")
    return bool(colon) and key.isalnum() and value[:1].isalnum()


def _is_within_brackets(error: Any, source: Source) -> bool:
    """Whether tabs are mere space at the error: in JSON, or in a list or mapping in brackets."""
    return "flow" in str(getattr(error, "context", None)) or source.text.lstrip().startswith(("{", "["))


def _tab_in_indent(line: str) -> int:
    """The column of a tab within a line's indent, 0 without one."""
    indent = line[: len(line) - len(line.lstrip())]
    return indent.find("\t") + 1


def _place(mark: Any, source: Source) -> tuple[int, int]:
    """A mark's line and column; for the end of the file, the end of its last line with text."""
    if mark is None:
        return 0, 0
    last = len(lines_of(source.text.rstrip()))
    return (mark.line + 1, mark.column + 1) if mark.line < last else (last, len(source.line(last)) + 1)
