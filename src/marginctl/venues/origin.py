"""Where a rule or a figure comes from, and how far it may be trusted."""

from decimal import Decimal
from enum import Enum
from typing import ClassVar, Generic, TypeVar

from msgspec import Struct

from marginctl.document.kinds import PERIOD, TEXT, Kind, any_of, members
from marginctl.document.record import Nested, Record, Shape, key, optional

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
TRUST_DOC = (
    "verified: worked examples reproduce it; documented: the venue's own text; secondary: someone else's account; "
    "inferred: follows from other statements; assumed: the venue does not say; convention: defined here; "
    "sample, superseded: shown as a hint, never used in figures"
)


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


class RuleSource(Record, name="source"):
    """Something the venue, or someone about it, published."""

    id = key(TEXT, "how other parts of this file refer to it")
    title = key(TEXT)
    reference = key(TEXT, "address, article number or commit")
    date = optional(PERIOD, "absent: an undated page")

    @property
    def text(self) -> str:
        """One line: title, date, reference."""
        return f"{self.title} ({self.date}), {self.reference}" if self.date else f"{self.title}, {self.reference}"


class Origin(Record):
    """Who says so: the id of a source, the date of the figure, and the trust. None = not stated."""

    shape: ClassVar[str] = "trust source as_of"

    trust = optional(members(Trust), TRUST_DOC)
    source = optional(TEXT, "the `id` of an entry of `sources`")
    as_of = optional(PERIOD, "when this was so")

    @property
    def enters_figures(self) -> bool:
        """Whether figures may rest on it; a file that states no trust vouches for itself."""
        return self.trust is None or self.trust.enters_figures

    @property
    def note(self) -> str:
        """``2025-05-16, secondary``; empty where nothing is stated."""
        return ", ".join(part for part in (self.as_of, self.trust.value if self.trust else None) if part)


UNSTATED = Origin()


class Stated(Struct, frozen=True):
    """A rule's value and who says so."""

    shape: ClassVar[str] = "value *origin"
    value: Decimal | str | None
    origin: Origin


class Traced(Origin, Generic[T_co]):
    """A value and its origin."""

    value: T_co


def traced(name: str, kind: Kind[T]) -> Kind[T | Traced[T]]:
    """A value by itself, or with where it comes from."""
    keys = (key(kind, name="value"), *Origin.layout.keys)
    shape: Shape[Traced[T]] = Shape(name, keys, Traced.layout.doc, Traced)
    return any_of(kind, Nested(shape))


def stated(written: T | Traced[T]) -> T:
    """The value, whether or not its origin is with it."""
    return written.value if isinstance(written, Traced) else written
