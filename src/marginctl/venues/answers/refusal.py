"""What a venue answers instead of data: an error in one of the usual envelopes, or nothing at all."""

from typing import Any

from msgspec import Struct

from marginctl.document.source import echo
from marginctl.venues.answers.contents import Value
from marginctl.venues.answers.expressions import text_of

CODES = ("retCode", "code", "label")
"""Keys of an error's number or name; 0, also as 00000, is none."""
WORDS = ("retMsg", "msg", "message", "response", "reason")
"""Keys of what an error says."""
NESTED = ("error", "errors")
"""Keys of an error, or of a list of them, beside the data."""
VERDICTS = (("success", ("false",)), ("status", ("err", "error")), ("result", ("error",)))
"""Keys that call an answer an error, and with which value."""
DATA = (("data",), ("result", "list"), ("result",), ("list",))
"""Where answers have their rows."""
LONGEST_WORDS = 120
MOST_ERRORS = 3
NOT_THERE = "not there"
REASONS = {
    "key": "check the API key: it is wrong, expired, of the test system, or has too few rights or another IP address",
    "ip": "the key is bound to other IP addresses: ask from one of them, or bind it to this one",
    "permission": "the key may not read this: give it the right to read futures accounts",
    "clock": "the clock of this machine is off: set it, and ask again",
    "rate": "too many requests: wait a minute, and ask again",
    "not-this-account-type": "the account is of another type than this address serves: ask the address of its type",
    "no-account": "there is no such account at the venue: check the address or the account",
}
"""What to do about an error, by its reason."""


class AnswerRefusal(Struct, frozen=True):
    """An error of a venue: its code without the key, what it says, and both as a message shows them."""

    code: str
    words: str
    shown: str


def refusal(root: Value) -> AnswerRefusal | None:
    """The error that an answer carries instead of data; None where it carries none."""
    if not isinstance(root, dict) or (isinstance(root.get("data"), list) and root["data"]):
        return None
    nested = [one for name in NESTED for one in _nested(root.get(name))]
    if nested:
        return AnswerRefusal(nested[0].code, nested[0].words, "; ".join(one.shown for one in nested[:MOST_ERRORS]))
    if any(_code(root)) or _is_failure(root) or _is_words_alone(root):
        return _refusal(root)
    return None


def emptiness(root: Value) -> str:
    """Where an answer holds nothing; empty where it holds something."""
    if root in (None, [], {}):
        return "null" if root is None else "[]" if isinstance(root, list) else "{}"
    for keys in DATA:
        value = root
        for key in keys:
            value = value.get(key, NOT_THERE) if isinstance(value, dict) else NOT_THERE
        if value in (None, [], {}):
            return f"nothing is in `{'.'.join(keys)}`"
    return ""


def _nested(value: Value) -> list[AnswerRefusal]:
    """What an error beside the data says, one for each of a list."""
    if isinstance(value, list):
        return [one for item in value for one in _nested(item)]
    if isinstance(value, dict):
        return [_refusal(value)] if value else []
    words = text_of(value)
    return [] if words in (None, "false", "0") else [AnswerRefusal("", words or "", echo(words or "", LONGEST_WORDS))]


def _refusal(value: dict[str, Any]) -> AnswerRefusal:
    """``retCode `10003` `API key is invalid.` ``; of an error without code and words all that it has."""
    name, code = _code(value)
    words = next((found for key in WORDS if (found := text_of(value.get(key)))), "")
    parts = [f"{name} {echo(code)}"] if code else []
    parts += [echo(words, LONGEST_WORDS)] if words else []
    return AnswerRefusal(code, words, " ".join(parts) or ", ".join(_values(value)))


def _code(value: dict[str, Any]) -> tuple[str, str]:
    """The first code that is not 0, and its key."""
    found = ((name, text_of(value.get(name)) or "") for name in CODES)
    return next(((name, code) for name, code in found if code.strip("0")), ("", ""))


def _values(value: dict[str, Any]) -> list[str]:
    single = [(key, text) for key, item in value.items() if (text := text_of(item)) is not None]
    return [f"{echo(name)} {echo(text)}" for name, text in single[:MOST_ERRORS]]


def _is_failure(root: dict[str, Any]) -> bool:
    return any((text_of(root.get(name)) or "").lower() in values for name, values in VERDICTS)


def _is_words_alone(root: dict[str, Any]) -> bool:
    """Whether there are words, no code and no data: what a gateway in front of the venue says."""
    if not root.keys().isdisjoint(CODES):
        return False
    has_data = any(isinstance(value, (dict, list)) for value in root.values())
    return not has_data and any(text_of(root.get(name)) for name in WORDS)
