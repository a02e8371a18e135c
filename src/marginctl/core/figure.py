"""What a figure is: its kind, what it means, how it is rounded, and which side of it is safer."""

from enum import Enum

from msgspec import Struct

from marginctl.core.exact import Direction


class Safer(Enum):
    """Which side of a figure is the safer one, and what it says when there is none."""

    NEITHER = "neither"
    HIGHER = "higher"
    LOWER = "lower"
    LOWER_NONE_WORST = "lower; none is worst"
    FARTHER = "farther from 0; none is safest"
    EARLIER = "the earlier of its choices"


class Figure(Struct, frozen=True):
    """A figure: its kind, what it means, and the direction of its rounding; its class says how it follows.

    Kinds: money, price, ratio (a fraction), rate (a finer one), multiple, units, days, number (in the unit of its
    limit), exact (as given), settled (without the residue of a division), judged (beside its limit), named (by the row
    that ``figure`` names), side, word, flag, count, counted (from 0), place (from 1), exit (an exit code), internal
    (not shown).
    ``given``: the user's own, kept as written; ``part``: the same unless something cut it; ``to_mark``: at
    this price something ends, so it turns toward the mark. ``label``: where it is not the name in words.
    """

    kind: str
    meaning: str = ""
    direction: Direction = Direction.NEAREST
    safer: Safer = Safer.NEITHER
    choices: tuple[str, ...] = ()
    label: str = ""
    given: bool = False
    part: bool = False
    to_mark: bool = False


PLACES = {"money": 8, "units": 8, "ratio": 10, "multiple": 10, "days": 10, "number": 10, "rate": 20, "settled": 48}
NUMBERS = frozenset(("money", "price", "ratio", "multiple", "units", "days"))
"""Kinds that are numbers of a report."""
GIVEN_DIGITS = 60
"""What the user may write; figures with more come from a merge or a conversion and are rounded."""
