"""Scenarios over a book of accounts: who is liquidated on the way, and what is lost beyond bankruptcy at its end."""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from marginctl.core.exact import ZERO
from marginctl.findings import Summary
from marginctl.results.book_summary import BookOutcome, ExposureRow, HistogramStep


class GapLoss(Struct, frozen=True, kw_only=True):
    """What is lost where every liquidated pool is closed ``gap`` of the path behind its crossing."""

    gap: Decimal
    loss: Decimal
    accounts: int


class LostAccount(Struct, frozen=True, kw_only=True):
    """One of the accounts that lose most; crossing: share of the path, None where no pool is liquidated."""

    account_id: str
    as_of: str | None
    crossing: Decimal | None
    equity_before: Decimal
    equity_after: Decimal
    shortfall: Decimal


class BookScenario(Struct, frozen=True, kw_only=True):
    """One scenario over the book.

    liquidated_exposure: notional, at today's prices, of the pools that are liquidated; below_limits: accounts that stay
    alive and fail a limit at the end that they pass now; largest_share: of the ten largest, of the shortfall.
    """

    shape: ClassVar[str] = (
        "name shocks accounts liquidated pools equity_before equity_after shortfall largest_share below_limits "
        "crossings liquidated_exposure gaps worst"
    )

    name: str
    shocks: Mapping[str, Decimal]
    accounts: int
    liquidated: int
    pools: int
    equity_before: Decimal
    equity_after: Decimal
    shortfall: Decimal
    largest_share: Decimal
    below_limits: int
    crossings: tuple[HistogramStep, ...]
    liquidated_exposure: tuple[ExposureRow, ...]
    gaps: tuple[GapLoss, ...]
    worst: tuple[LostAccount, ...]


class BookStressCounts(Summary, frozen=True, kw_only=True):
    """What a stress test of a book comes to in numbers."""

    shape: ClassVar[str] = "accounts ok errors warning failing recomputed scenarios shortfall exit_code"

    accounts: int
    ok: int
    errors: int
    warning: int
    failing: int
    recomputed: int
    scenarios: int
    shortfall: Decimal


class BookStressResult(BookOutcome, frozen=True, kw_only=True):
    """All scenarios over one book; ``shortfall`` of the summary: the largest."""

    schema: ClassVar[str] = "marginctl.book-stress/1"
    shape: ClassVar[str] = (
        "schema version header currency as_of rules accounts scenarios checks findings error_codes way wall_ms "
        "errors=problems summary"
    )
    table: ClassVar[str] = "scenarios"

    scenarios: tuple[BookScenario, ...] = ()

    @property
    def summary(self) -> BookStressCounts:
        """Counts, and the largest shortfall."""
        return BookStressCounts(
            exit_code=self.exit_code,
            accounts=self.accounts,
            ok=self.ok,
            errors=self.accounts - self.ok,
            warning=self.warning,
            failing=self.failing,
            recomputed=self.recomputed,
            scenarios=len(self.scenarios),
            shortfall=max((one.shortfall for one in self.scenarios), default=ZERO),
        )
