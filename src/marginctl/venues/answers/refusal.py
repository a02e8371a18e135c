"""What a venue answers instead of data: an error in one of the usual envelopes, text, or nothing at all."""

from marginctl.document.nodes import Mapping, Node, Scalar, Sequence, is_null
from marginctl.document.source import echo
from marginctl.venues.answers.reading import items, keys, member, text

CODES = ("retCode", "code", "label")
"""Keys of an error's number or name; 0, also as 00000, is none."""
WORDS = ("retMsg", "msg", "message", "response", "reason")
"""Keys of what an error says."""
NESTED = ("error", "errors")
"""Keys of an error, or of a list of them, beside the data."""
VERDICTS = (("success", ("false",)), ("status", ("err", "error")), ("result", ("error",)))
"""Keys that call an answer an error, and with which value."""
DATA = (("data",), ("result", "list"), ("result",))
"""Where answers have their rows."""
LONGEST_WORDS = 200
MOST_ERRORS = 3


def not_json(written: str) -> str:
    """How a text begins that cannot be the JSON of an answer; empty where it can, or where there is no text."""
    words = written.strip()
    return "" if not words or words[0] in "[{" or words == "null" else echo(words, LONGEST_WORDS)


def refusal(root: Node) -> str:
    """The error that an answer carries instead of data, code and words; empty where it carries none."""
    if items(member(root, "data")):
        return ""
    nested = [words for name in NESTED for words in _nested(member(root, name))]
    if nested:
        return "; ".join(nested[:MOST_ERRORS])
    code = _code(root)
    return _told(code, root) if code or _is_failure(root) or _is_words_alone(root) else ""


def emptiness(root: Node) -> str:
    """Where an answer holds nothing; empty where it holds something."""
    if _is_empty(root):
        return "null" if is_null(root) else "[]" if isinstance(root, Sequence) else "{}"
    path = next((path for path in DATA if _is_empty(member(root, *path))), None)
    return f"nothing is in `{'.'.join(path)}`" if path else ""


def _is_empty(node: Node | None) -> bool:
    if node is None:
        return False
    return is_null(node) or (
        not node.entries if isinstance(node, Mapping) else isinstance(node, Sequence) and not node.items
    )


def _nested(node: Node | None) -> list[str]:
    """What an error beside the data says, one text for each of a list."""
    if isinstance(node, Sequence):
        return [words for one in node.items for words in _nested(one)]
    if isinstance(node, Mapping):
        return [_told(_code(node), node)] if node.entries else []
    if node is None or is_null(node) or node.text in ("", "false", "0"):
        return []
    return [echo(node.text, LONGEST_WORDS)]


def _told(code: str, node: Node) -> str:
    """``retCode `10003` `API key is invalid.` ``; of an error without code and words all that it has."""
    words = next((found for name in WORDS if (found := text(node, name))), "")
    parts = [code] if code else []
    parts += [echo(words, LONGEST_WORDS)] if words else []
    return " ".join(parts) or ", ".join(_values(node))


def _code(node: Node) -> str:
    """The first code that is not 0, behind its key."""
    found = ((name, text(node, name)) for name in CODES)
    return next((f"{name} {echo(code)}" for name, code in found if code.strip("0")), "")


def _values(node: Node) -> list[str]:
    entries = node.entries if isinstance(node, Mapping) else []
    single = [(key.text, value.text) for key, value in entries if isinstance(value, Scalar) and not is_null(value)]
    return [f"{echo(name)} {echo(value)}" for name, value in single[:MOST_ERRORS]]


def _is_failure(root: Node) -> bool:
    return any(text(root, name).lower() in values for name, values in VERDICTS)


def _is_words_alone(root: Node) -> bool:
    """Whether there are words, no code and no data: what a gateway in front of the venue says."""
    if not keys(root).isdisjoint(CODES):
        return False
    entries = root.entries if isinstance(root, Mapping) else []
    has_data = any(not isinstance(value, Scalar) for _, value in entries)
    return not has_data and any(text(root, name) for name in WORDS)
