"""Files and flags, damaged: what a slip of the hand, a bad transfer or somebody hostile would make of them."""

import random
import re
from collections.abc import Callable, Sequence

HOSTILE = (
    *("0", "-1", "1e999", "NaN", "Infinity", "-0", "00", "1_000", "٣", "0x10", "1/3", "1/0", "100%", "-100%", "101%"),
    *(
        "9" * 59,
        "9" * 70,
        "0." + "0" * 58 + "1",
        "99999999%",
        "~",
        "null",
        "true",
        "NO",
        "*a",
        "&a",
        "!!python/object:x",
    ),
    *("{}", "[]", "[[[[[[[[", "}", "]", ":", "- ", "? ", "|", ">", "#", "'", '"', "\t", "\x00", "\x1b[31m", "\u202e"),
    *("\u2028", "\x85", "\ufeff", "\ud7ff", "💥", "::error::x", "##[error]x", "=1+1", "<script>", "../../x.yaml"),
    *("/proc/self/environ", "generic", "bybit", "BTCUSDT", "USDT", "long", "short", "isolated", "cross", "off", "all"),
)
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?%?")
WORD = re.compile(rb"[A-Za-z_]{2,}")


def _bytes(text: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
    at = dice.randrange(len(text) + 1)
    return text[:at] + bytes([dice.randrange(256)]) + text[at + dice.randrange(2) :]


def _cut(text: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
    return text[: dice.randrange(len(text) + 1)]


def _lines(text: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
    """A line dropped, doubled, moved or indented."""
    lines = text.splitlines(keepends=True) or [b""]
    at, to = dice.randrange(len(lines)), dice.randrange(len(lines))
    line = lines[at]
    kind = dice.randrange(4)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(to, line)
    elif kind == 2:
        lines[at], lines[to] = lines[to], line
    else:
        lines[at] = b" " * dice.randrange(1, 5) + line
    return b"".join(lines)


def _replaced(pattern: re.Pattern[bytes]) -> "Damage":
    def replaced(text: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
        found = list(pattern.finditer(text))
        if not found:
            return text
        one = dice.choice(found)
        return text[: one.start()] + dice.choice(HOSTILE).encode() + text[one.end() :]

    return replaced


def _scaled(text: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
    """A number with digits more or less."""
    found = list(NUMBER.finditer(text))
    if not found:
        return text
    one = dice.choice(found)
    digits = b"0" * dice.randrange(1, 30)
    return (
        text[: one.start()] + dice.choice((one[0] + digits, b"0." + digits + b"1", b"-" + one[0])) + text[one.end() :]
    )


def _swapped(text: bytes, dice: random.Random, _: Sequence[bytes]) -> bytes:
    """One word in the place of another of the file."""
    found = list(WORD.finditer(text))
    if len(found) < 2:
        return text
    one, other = dice.choice(found), dice.choice(found)
    return text[: one.start()] + other[0] + text[one.end() :]


def _spliced(text: bytes, dice: random.Random, others: Sequence[bytes]) -> bytes:
    """A part of another file of the kind."""
    lines, more = text.splitlines(keepends=True), dice.choice(others).splitlines(keepends=True)
    at, start = dice.randrange(len(lines) + 1), dice.randrange(len(more) + 1)
    return b"".join([*lines[:at], *more[start : start + dice.randrange(1, 6)], *lines[at:]])


Damage = Callable[[bytes, random.Random, Sequence[bytes]], bytes]
DAMAGES: tuple[Damage, ...] = (
    *(_bytes, _cut, _lines, _lines, _scaled, _scaled, _swapped, _spliced, _spliced),
    *(_replaced(NUMBER), _replaced(NUMBER), _replaced(WORD)),
)


def damaged(text: bytes, dice: random.Random, others: Sequence[bytes]) -> bytes:
    """The text with one to four damages."""
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 4))):
        text = dice.choice(DAMAGES)(text, dice, others)
    return text


def damaged_word(word: str, dice: random.Random) -> str:
    """A flag's value, damaged, as a shell could give it."""
    changed = damaged(word.encode(), dice, [b"BTC=-20%", b"account.name=x"]).decode("utf-8", "surrogateescape")
    return changed.replace("\0", "")
