"""What the program has to say about a file: problems (it cannot be checked) and findings (it was checked).

Plain immutable values, collected in lists; nothing here prints, opens or raises.
"""

from decimal import Decimal
from enum import Enum
from typing import ClassVar

from msgspec import Struct

from marginctl import __version__


class Severity(Enum):
    """How grave a finding is. ``error`` and ``warning`` can fail a run, ``note`` never does."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Status(Enum):
    """The outcome of one limit."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    WAIVED = "waived"
    BASELINE = "waived-by-baseline"
    NOT_EVALUATED = "not-evaluated"


class Location(Struct, frozen=True):
    """A place in a file. Lines and columns count from 1, columns in characters; 0 means the file as a whole.

    ``key``: in a mapping, which has no lines, the path of the key: ``positions.0.leverage``.
    """

    shape: ClassVar[str] = "file line~ column~"

    file: str
    line: int = 0
    column: int = 0
    end_column: int = 0
    key: str = ""


class Problem(Struct, frozen=True):
    """Why a file could not be checked: an ERROR of the report.

    ``code`` is stable (``MC0xx``), ``message`` says what is wrong, ``help`` what to write instead,
    ``excerpt`` is the source line (already free of control characters) or empty.
    """

    shape: ClassVar[str] = "*location code message help"

    location: Location
    code: str
    message: str
    help: str = ""
    excerpt: str = ""


class Summary(Struct, frozen=True):
    """What a document comes to that counts nothing."""

    exit_code: int


class ListSummary(Summary, frozen=True):
    """How many there are."""

    shape: ClassVar[str] = "count exit_code"
    count: int


class Document(Struct, frozen=True, kw_only=True):
    """What every document has besides its content: who wrote it, what stands in the way, and how it exits."""

    version: str = __version__
    problems: tuple[Problem, ...] = ()

    @property
    def summary(self) -> Summary:
        """2 where something stands in the way."""
        return Summary(2 if self.problems else 0)


class Refusal(Document, frozen=True, kw_only=True):
    """A command that did not begin: what is wrong with its flags, or with what they name."""

    schema: ClassVar[str] = "marginctl.refusal/1"
    shape: ClassVar[str] = "schema version errors=problems summary"


class Check(Struct, frozen=True):
    """One limit, evaluated, passing or not.

    ``value`` and ``limit`` are in the unit of the limit (a fraction, a multiple, days); ``None`` = does not exist.
    ``headroom`` is what is left before the limit is broken, in the same unit, negative when it is broken.
    ``policy``: the file and line of the policy that sets the limit; empty for a portfolio's own and a default.
    """

    shape: ClassVar[str] = "code name subject value limit status headroom policy~"

    code: str
    name: str
    subject: str
    value: Decimal | None
    limit: Decimal | None
    status: Status
    headroom: Decimal | None = None
    policy: str = ""


class Finding(Struct, frozen=True):
    """A limit that is not met, or something about the data that a reader must know.

    ``waived``: accepted, with ``reason``; ``by_baseline``: because it was there before and is no worse.
    """

    shape: ClassVar[str] = "code name severity message value limit subject *location remedy waived reason"

    code: str
    name: str
    severity: Severity
    message: str
    location: Location
    subject: str = ""
    value: Decimal | None = None
    limit: Decimal | None = None
    remedy: str = ""
    waived: bool = False
    reason: str = ""
    by_baseline: bool = False


class Expectation(Struct, frozen=True, kw_only=True):
    """A figure that a venue shows, and ours.

    ``subject``: ``totals``, a pool or the name of a position. ``theirs`` is None where the venue shows that there is
    none; ``ours``, and so ``difference`` (ours - theirs), where the figure does not exist here. ``relative``:
    |difference| / |theirs|, None where that does not exist; ``tolerance``: what it may be. ``absolute``: what
    |difference| may be, where the file says that. ``unit``: the asset of the amounts, empty = the account's currency.
    ``note``: how ours differs from the figure of that name in the report, or why its absence agrees.
    """

    shape: ClassVar[str] = (
        "subject figure unit? ours theirs difference value=relative limit=tolerance headroom allowed?=absolute"
    )

    subject: str
    figure: str
    ours: Decimal | None
    theirs: Decimal | None
    difference: Decimal | None
    relative: Decimal | None
    tolerance: Decimal | None
    location: Location
    is_met: bool
    absolute: Decimal | None = None
    unit: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        """What checks and findings call it: ``totals.equity``."""
        return f"{self.subject}.{self.figure}"

    @property
    def limit(self) -> Decimal | None:
        """What the relative difference is judged by."""
        return self.tolerance

    @property
    def headroom(self) -> Decimal | None:
        """What is left before the tolerance is broken, negative where it is."""
        return None if self.relative is None or self.tolerance is None else self.tolerance - self.relative


class DataFact(Struct, frozen=True):
    """Something about the data that a limit of the MC2xx family turns into a finding.

    ``value`` and ``limit`` in the unit of the fact (a leverage, a rate, a fraction), where it has one; ``figure``:
    which figure of the subject it is about, where it is one.
    """

    code: str
    subject: str
    message: str
    location: Location
    value: Decimal | None = None
    limit: Decimal | None = None
    figure: str = ""
