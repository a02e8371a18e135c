"""Where a rule or a figure comes from, and how far it may be trusted."""

from decimal import Decimal
from enum import Enum
from typing import ClassVar

from msgspec import Struct


class Verification(Enum):
    """How well a rule set, a mode or a table is known; the best first."""

    VERIFIED = "verified"
    PARTIAL = "partial"
    UNVERIFIED = "unverified"


class Trust(Enum):
    """What stands behind one figure.

    VERIFIED: worked examples reproduce it; DOCUMENTED: the venue's own text or code; SECONDARY: someone else's account
    of it; INFERRED: follows from other statements; ASSUMED: the venue does not say; CONVENTION: defined here;
    SAMPLE (a documentation sample) and SUPERSEDED never enter figures, they only help to word an error.
    """

    VERIFIED = "verified"
    DOCUMENTED = "documented"
    SECONDARY = "secondary"
    INFERRED = "inferred"
    ASSUMED = "assumed"
    CONVENTION = "convention"
    SAMPLE = "sample"
    SUPERSEDED = "superseded"

    @property
    def enters_figures(self) -> bool:
        """Whether figures may rest on it."""
        return self not in {Trust.SAMPLE, Trust.SUPERSEDED}


class Source(Struct, frozen=True):
    """Something published. ``date`` is a day, a month or a year; None = undated."""

    id: str
    title: str
    reference: str
    date: str | None = None

    @property
    def text(self) -> str:
        """One line: title, date, reference."""
        return f"{self.title} ({self.date}), {self.reference}" if self.date else f"{self.title}, {self.reference}"


class Origin(Struct, frozen=True):
    """Who says so: the id of a source, the date of the figure, and the trust. None = not stated."""

    trust: Trust | None = None
    source: str | None = None
    as_of: str | None = None

    @property
    def enters_figures(self) -> bool:
        """Whether figures may rest on it; a file that states no trust vouches for itself."""
        return self.trust is None or self.trust.enters_figures

    @property
    def note(self) -> str:
        """``2025-05-16, secondary``; empty where nothing is stated."""
        return ", ".join(part for part in (self.as_of, self.trust.value if self.trust else None) if part)


class Stated(Struct, frozen=True):
    """A rule's value and who says so."""

    shape: ClassVar[str] = "value *origin"
    value: Decimal | str | None
    origin: Origin
