"""What an import returns: the portfolio, what it was made of and lacks, and the venue's figures beside ours."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar

from msgspec import Struct

from marginctl import __version__
from marginctl.findings import Problem


class Agreement(Enum):
    """How two figures compare."""

    EQUAL = "equal"
    WITHIN = "within"
    BEYOND = "beyond"
    NOT_COMPARABLE = "not comparable"


class ReconcileRow(Struct, frozen=True, kw_only=True):
    """One figure that the venue shows beside ours, both in ``unit`` (an asset; empty for prices and ratios).

    difference: ours - venue; relative: of the venue's figure; allowed: what |difference| may be. reason: what makes a
    figure meet that does not, or why it cannot be compared.
    """

    subject: str
    figure: str
    unit: str
    ours: Decimal | None
    venue: Decimal | None
    difference: Decimal | None
    relative: Decimal | None
    allowed: Decimal | None
    verdict: Agreement
    reason: str = ""


class UsedAnswer(Struct, frozen=True):
    """An answer of the run: its file, what it is, and its own time."""

    file: str
    answer: str
    title: str
    as_of: str | None


class MissingFact(Struct, frozen=True):
    """A fact that no answer gives, and the flag or the answer that does."""

    fact: str
    flag: str


class ImportSummary(Struct, frozen=True):
    """How much was compared, and the outcome."""

    figures: int
    within: int
    beyond: int
    not_comparable: int
    exit_code: int


class ImportResult(Struct, frozen=True, kw_only=True):
    """One account out of answers. ``text``: the file, empty where there is none; ``portfolio``: the same as values.

    ``missing``: why it is not written; ``incomplete``: what the answers held beyond it; ``reconcile``: None = unasked.
    """

    schema: ClassVar[str] = "marginctl.import/1"
    shape: ClassVar[str] = "schema version portfolio answers missing incomplete remarks reconcile errors summary"

    version: str = __version__
    exit_code: int
    text: str = ""
    portfolio: Mapping[str, Any] | None = None
    answers: tuple[UsedAnswer, ...] = ()
    missing: tuple[MissingFact, ...] = ()
    incomplete: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    reconcile: tuple[ReconcileRow, ...] | None = None
    errors: tuple[Problem, ...] = ()

    @property
    def summary(self) -> ImportSummary:
        """Counts."""
        found = [row.verdict for row in self.reconcile or ()]
        beyond, apart = found.count(Agreement.BEYOND), found.count(Agreement.NOT_COMPARABLE)
        return ImportSummary(len(found), len(found) - beyond - apart, beyond, apart, self.exit_code)
