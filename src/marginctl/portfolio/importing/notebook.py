"""What an import is told beside the answers, and what it notes on the way."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from msgspec import Struct, field

from marginctl.document.written import WrittenValue, decimal_text
from marginctl.venues.answers.account import Amount


class Request(Struct, frozen=True, kw_only=True):
    """What the files do not say: ``sets`` by path, ``laid``: a portfolio laid under, ``wallet``: balances by asset.

    ``own_rates``: maintenance rates are those of the account's own figures, not the rule set's. ``account``: which of
    several is meant. ``place``: the file that is written, from whose folder the path of a rule file counts.
    ``remarks``: what the asking of the answers leaves to say.
    """

    sets: Mapping[str, str] = {}
    laid: Mapping[str, Any] = {}
    wallet: Mapping[str, Decimal] = {}
    own_rates: bool = False
    account: str = ""
    name: str = ""
    as_of: str = ""
    place: str = "<import>"
    remarks: tuple[str, ...] = ()

    def given(self, path: str) -> str | None:
        """What a flag says at a path, else what the file laid under does."""
        value: Any = self.laid
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        return self.sets.get(path) or (value if isinstance(value, str) else None)


class Missing(Struct, frozen=True):
    """A fact that no answer gives, and the flag or the answer that does, ready to paste."""

    fact: str
    flag: str


class NotCompared(Struct, frozen=True):
    """A figure of the venue that cannot be compared, and why."""

    subject: str
    figure: str
    theirs: Fraction | None
    reason: str


class Notebook(Struct):
    """The only mutable thing of an import. ``remarks`` by the section of the file that they stand above."""

    missing: list[Missing] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    remarks: dict[str, list[str]] = field(default_factory=dict)
    apart: list[NotCompared] = field(default_factory=list)

    def need(self, fact: str, flag: str) -> None:
        """Note a missing fact, once."""
        one = Missing(fact, flag)
        self.missing += [] if one in self.missing else [one]

    def lack(self, text: str) -> None:
        """Note something that the answers hold and the file does not, once."""
        self.incomplete += [] if text in self.incomplete else [text]

    def remark(self, section: str, text: str) -> None:
        """Note something that a reader must know, once."""
        found = self.remarks.setdefault(section, [])
        found += [] if text in found else [text]


def leaf(amount: Amount, note: str = "") -> WrittenValue:
    """A number as the file writes it: what it was worked out of, or that it was rounded, is its comment."""
    return number(amount.value, note or amount.formula)


def number(value: Fraction, note: str = "") -> WrittenValue:
    """The same of a bare number."""
    text, is_exact = decimal_text(value)
    rounded = "" if is_exact else "rounded to 28 digits"
    return WrittenValue(text, ", ".join(filter(None, (note, rounded))))
