r"""JSON writes characters beyond U+FFFF as two escapes, ``\ud83d\ude00``; YAML refuses the halves.

Each half is replaced, length for length so that columns stay true, by the escape of a private-use character before
parsing, and the two characters are joined to the one meant afterwards.
"""

import re

_SHIFT = 0xE000 - 0xD800
_HIGH, _LOW, _END = 0xE000, 0xE400, 0xE800


def has_pairs(text: str) -> bool:
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
