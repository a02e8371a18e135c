"""Scales, ticks and places of words for pictures that are as wide as there is room.

What is drawn stands in a box of its own of ``WIDTH`` units that is stretched to the width there is; words are not: they
stand at a share of that width, 12 units high, so that they can be read from 288 pixels on (a screen of 320). Words that
are apart at ``NARROWEST`` are apart at every greater width, as the places that they hang on only move apart.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import count, pairwise
from typing import NamedTuple
from xml.etree.ElementTree import Element

from msgspec import Struct

from marginctl.core.exact import ONE, ZERO, Direction, rounded
from marginctl.document.source import printable
from marginctl.render.formats.layout import cells_of, shortened
from marginctl.render.formats.tree import tag
from marginctl.wording import grouped, natural_places, signed_percent

NICE = tuple(map(Decimal, ("1", "2", "2.5", "5", "10")))
"""What the distance of two ticks may begin with."""
MOST_TICKS = 8
WIDTH, NARROWEST = Decimal(640), Decimal(288)
PER_CHARACTER = Decimal("7.2")
"""Units of a character on average, in the widest of the fonts that browsers use."""
WIDE, WIDER = "%+mw@=MW▼▲→…", Decimal(4)
"""Characters that take more, and how much."""
MOST_OF_A_TICK = 15
"""Characters of a tick's value: two such and a word have room beside one another."""
LINE = Decimal(15)
"""From one line of words to the next."""
MOST_CHARACTERS = int(NARROWEST / PER_CHARACTER)
INK, DIM, BAD, FILL, RULE = "#1b1f24", "#59636e", "#b42318", "#1f6feb", "#d0d7de"


class Scale(Struct, frozen=True):
    """``low`` .. ``high`` of a figure onto ``start`` .. ``end`` of the picture, straight."""

    low: Decimal
    high: Decimal
    start: Decimal
    end: Decimal

    def at(self, value: Decimal) -> Decimal:
        """The place of a value, to a tenth of a unit; values beyond the ends stand at the end."""
        return placed(self.start + (self.end - self.start) * self.share(value))

    def share(self, value: Decimal) -> Decimal:
        """How far between both ends a value lies, within them."""
        inside = min(max(value, self.low), self.high)
        return (inside - self.low) / (self.high - self.low) if self.high > self.low else ZERO

    @property
    def ticks(self) -> list[Decimal]:
        """Between four and eight round values, 0 among them where it lies within."""
        step = step_of(self.high - self.low)
        first = rounded(self.low / step, 0, Direction.UP)
        found = (step * (first + k) for k in count())
        return list(_until(found, self.high))


def _until(values: Iterable[Decimal], last: Decimal) -> Iterable[Decimal]:
    for value in values:
        if value > last:
            return
        yield value


def step_of(span: Decimal) -> Decimal:
    """The smallest readable step that gives at most ``MOST_TICKS`` ticks over a span: 1, 2, 2.5 or 5 times 10^n."""
    least = (span or ONE) / (MOST_TICKS - 1)
    power = ONE.scaleb(least.adjusted())
    return next(factor * power for factor in NICE if factor * power >= least)


def placed(value: Decimal) -> Decimal:
    """A coordinate: a tenth of a unit at most."""
    return rounded(value, 1, Direction.NEAREST)


def number(value: Decimal) -> str:
    """A coordinate as text: ``12.5``, ``40``."""
    text = format(placed(value), "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def room_of(words: str) -> Decimal:
    """Units that words take."""
    return PER_CHARACTER * cells_of(words) + WIDER * sum(map(words.count, WIDE))


def told(value: Decimal, is_share: bool) -> str:
    """A value of an axis; one of very many digits as a multiple of a power of ten, ``2.5e21``, as ticks are round."""
    if is_share:
        return signed_percent(rounded(value, 4, Direction.NEAREST)) if value else "now"
    places = natural_places(value)
    words = grouped(value, min(places, 8), Direction.NEAREST)
    return words if len(words) <= MOST_OF_A_TICK and places <= 8 else f"{value.normalize():e}".replace("e+", "e")


def amount(value: Decimal) -> str:
    """An amount to the cent, whole ones without."""
    cents = rounded(value, 2, Direction.DOWN)
    return grouped(cents, natural_places(cents), Direction.NEAREST)


def part(value: Decimal) -> str:
    """A part of a way."""
    return f"{number(value * 100)}%"


# Words.


def words_at(
    share: Decimal, y: Decimal, words: str, anchor: str = "", *, shift: str = "", room: Decimal = NARROWEST
) -> Element:
    """Words at a share of the width; what has no room is cut, the whole on demand."""
    whole = printable(words)
    shown = fitted(whole, min(room, NARROWEST - abs(Decimal(shift or 0))))
    where = {"x": f"{number(share * 100)}%"} if share else {}
    more = {"y": number(y)} | ({"text_anchor": anchor} if anchor else {})
    made = tag("text", **where, **more, **({"dx": shift} if shift else {}))
    if shown == whole:
        made.text = whole
    else:
        made.append(tag("title", whole))
        made[-1].tail = shown
    return made


def group(fill: str, *found: Element, name: str = "", anchor: str = "") -> Element:
    """Words of one colour."""
    more = {"class_": name} if name else {}
    return tag("g", *found, fill=fill, **more, **({"text_anchor": anchor} if anchor else {}))


def grounded(*found: Element) -> Element:
    """Words on a ground of their own, over what is drawn."""
    more = {"paint-order": "stroke", "stroke": "#ffffff", "stroke-width": "4"}
    return tag("g", *(one for one in found if len(one)), class_="over", **more)


class Hung(NamedTuple):
    """Words that hang on a place: to its right in the left half, to its left in the right one; ``level``: the line.

    Where they have no room there they stand at the edge that they go beyond.
    """

    share: Decimal
    words: str
    level: int

    @property
    def anchor(self) -> str:
        """Which end of the words is at the place."""
        return "start" if self.place < Decimal("0.5") else "end"

    @property
    def place(self) -> Decimal:
        """Where they hang."""
        is_left = self.share < Decimal("0.5")
        has_room = NARROWEST * (ONE - self.share if is_left else self.share) >= self.room
        return self.share if has_room else ONE if is_left else ZERO

    @property
    def room(self) -> Decimal:
        """What they take at most, with what keeps them from their place and from the next."""
        return min(room_of(self.words) + 8, NARROWEST)

    @property
    def span(self) -> tuple[Decimal, Decimal]:
        """From where to where at the least width."""
        at = self.place * NARROWEST
        return (at, at + self.room) if self.anchor == "start" else (at - self.room, at)

    def drawn(self, y: Decimal) -> Element:
        """The words, a little beside their place."""
        shift = "4" if self.anchor == "start" else "-4"
        return words_at(self.place, y, self.words, self.anchor, shift=shift)


def hung(places: Iterable[tuple[Decimal, str]]) -> list[Hung]:
    """Each on the first line on which it meets none of those before it."""
    found: list[Hung] = []
    for share, words in places:
        levels = (Hung(share, words, level) for level in count())
        found.append(next(one for one in levels if not any(_meet(one, other) for other in found)))
    return found


def _meet(one: Hung, other: Hung) -> bool:
    (left, right), (start, end) = one.span, other.span
    return one.level == other.level and left < end and start < right


def tick_labels(shares: Sequence[tuple[Decimal, str]], zero: int, y: Decimal) -> Element:
    """As many of the words below an axis as have room, each as far from the one of ``zero`` as the next."""
    steps = range(1, len(shares) + 1)
    step = next((one for one in steps if _are_apart(shares[zero % one :: one])), len(shares) or 1)
    return group(DIM, *(_tick(*one, y) for one in shares[zero % step :: step]), anchor="middle")


def _tick(share: Decimal, words: str, y: Decimal) -> Element:
    side = _side(share, words)
    return words_at({"start": ZERO, "end": ONE}.get(side, share), y, words, side)


def _side(share: Decimal, words: str) -> str:
    """Where the middle of words cannot be at their place, the edge that they stand at."""
    half = room_of(words) / 2
    return "start" if share * NARROWEST < half else "end" if (ONE - share) * NARROWEST < half else ""


def _are_apart(shares: Sequence[tuple[Decimal, str]]) -> bool:
    spans = [_span(*one) for one in shares]
    return all(end + 8 <= start for (_, end), (start, _) in pairwise(spans))


def _span(share: Decimal, words: str) -> tuple[Decimal, Decimal]:
    room, side = room_of(words), _side(share, words)
    left = {"start": ZERO, "end": NARROWEST - room}.get(side, share * NARROWEST - room / 2)
    return left, left + room


def fitted(words: str, room: Decimal = NARROWEST) -> str:
    """Beginning and end of words that have no room at the least width, or in what of it is left to them."""
    most = MOST_CHARACTERS
    while room_of(words) > room:
        words, most = shortened(words, most, "…"), most - 1
    return words


def wrapped(text: str) -> list[str]:
    """Words in lines that fit; a word that is longer than a line is cut in its middle."""
    lines: list[str] = []
    for word in map(fitted, printable(text).split()):
        longer = f"{lines[-1]} {word}" if lines else ""
        if longer and room_of(longer) <= NARROWEST:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
