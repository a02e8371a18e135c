"""What a book of accounts comes to: counts, sums, the limits on the book as a whole, and its worst accounts."""

from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from marginctl.core.report import AccountLiquidation, RulesUsed, Totals
from marginctl.findings import Check, Document, Finding, Status, Summary


class ErrorCount(Struct, frozen=True):
    """How many problems there are of a code."""

    code: str
    count: int


class LimitCount(Struct, frozen=True, kw_only=True):
    """How many accounts fail or only warn at a limit, and their gross notional."""

    shape: ClassVar[str] = "code name failing failing_notional warning warning_notional"

    code: str
    name: str
    failing: int
    failing_notional: Decimal
    warning: int
    warning_notional: Decimal


class ExposureRow(Struct, frozen=True, kw_only=True):
    """The notional of all accounts on one underlying."""

    asset: str
    long: Decimal
    short: Decimal


class HistogramStep(Struct, frozen=True, kw_only=True):
    """A step of a histogram: accounts above the step before, up to and with ``up_to``; None = beyond, or no figure."""

    label: str
    count: int


class LiquidatableAccounts(Struct, frozen=True, kw_only=True):
    """The liquidatable accounts together; shortfall: what equities below 0 add up to."""

    accounts: int
    equity: Decimal
    shortfall: Decimal


class BookTotals(Struct, frozen=True, kw_only=True):
    """Sums over the accounts that could be checked."""

    equity: Decimal
    gross_collateral: Decimal
    unrealized_pnl: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    gross_notional: Decimal


class WorstAccount(Struct, frozen=True, kw_only=True):
    """One account by name, by the exact core."""

    shape: ClassVar[str] = (
        "account_id as_of verdict failed warned liquidatable=totals.liquidatable state=totals.state "
        "equity=totals.equity maintenance_margin=totals.maintenance_margin maintenance_ratio=totals.maintenance_ratio "
        "utilization=totals.utilization gross_notional=totals.gross_notional liquidation"
    )

    account_id: str
    as_of: str | None
    verdict: str
    failed: tuple[str, ...]
    warned: tuple[str, ...]
    totals: Totals
    liquidation: AccountLiquidation


class BookCounts(Summary, frozen=True, kw_only=True):
    """What the accounts come to in numbers."""

    shape: ClassVar[str] = "accounts ok errors passing warning failing liquidatable recomputed exit_code"

    accounts: int
    ok: int
    errors: int
    passing: int
    warning: int
    failing: int
    liquidatable: int
    recomputed: int


class BookOutcome(Document, frozen=True, kw_only=True):
    """What every run over a book has. ``way``: screen, or exact where every account was decided so.

    ``recomputed``: accounts that the exact core decided; ``wall_ms``: milliseconds.
    """

    header: str
    exit_code: int
    currency: str = "USD"
    as_of: str | None = None
    rules: RulesUsed | None = None
    accounts: int = 0
    ok: int = 0
    recomputed: int = 0
    warning: int = 0
    failing: int = 0
    checks: tuple[Check, ...] = ()
    findings: tuple[Finding, ...] = ()
    error_codes: tuple[ErrorCount, ...] = ()
    way: str = "exact"
    wall_ms: int | None = None
    fail_on: str = "error"

    @property
    def verdict(self) -> str:
        """ERROR, FAIL, WARN or PASS."""
        if self.exit_code == 2:
            return "ERROR"
        if any(one.status is Status.FAIL for one in self.checks) and self.exit_code:
            return "FAIL"
        return "WARN" if self.findings else "PASS"


class BookResult(BookOutcome, frozen=True, kw_only=True):
    """A book, checked."""

    schema: ClassVar[str] = "marginctl.book-summary/1"
    shape: ClassVar[str] = (
        "schema version header currency as_of rules accounts limits checks findings error_codes totals "
        "liquidatable_accounts exposure distances utilizations worst way wall_ms errors=problems summary"
    )
    table: ClassVar[str] = "worst"

    passing: int = 0
    limits: tuple[LimitCount, ...] = ()
    totals: BookTotals | None = None
    liquidatable_accounts: LiquidatableAccounts | None = None
    exposure: tuple[ExposureRow, ...] = ()
    distances: tuple[HistogramStep, ...] = ()
    utilizations: tuple[HistogramStep, ...] = ()
    worst: tuple[WorstAccount, ...] = ()

    @property
    def summary(self) -> BookCounts:
        """Counts."""
        found = self.liquidatable_accounts
        return BookCounts(
            exit_code=self.exit_code,
            accounts=self.accounts,
            ok=self.ok,
            errors=self.accounts - self.ok,
            passing=self.passing,
            warning=self.warning,
            failing=self.failing,
            liquidatable=found.accounts if found is not None else 0,
            recomputed=self.recomputed,
        )
