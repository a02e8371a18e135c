"""One book under several modes and rule sets: what each asks, and what had to be changed to ask it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from marginctl.core.report import AccountHeader, AccountLiquidation, RulesUsed
from marginctl.findings import Document, Summary

AS_IS = "as-is"
ISOLATED_ROW = "isolated"
COMPLETE, INCOMPLETE, FAILED = "complete", "incomplete", "failed"


class MappedContract(Struct, frozen=True, kw_only=True):
    """A contract of the file and the one it becomes, with its number of contracts there."""

    shape: ClassVar[str] = "from=symbol to contracts"

    symbol: str
    to: str
    contracts: Decimal


class CarriedChange(Struct, frozen=True, kw_only=True):
    """What is not as in the file: a leverage that was cut, a rate that was dropped; values as text, None = none."""

    shape: ClassVar[str] = "symbol what from=before to=after"

    symbol: str
    what: str
    before: str | None
    after: str | None


class NotCarried(Struct, frozen=True, kw_only=True):
    """What a row leaves out, and what to give so that it does not."""

    what: str
    name: str
    remedy: str


class ComparedRow(Struct, frozen=True, kw_only=True):
    """The book under one mode and rule set; figures None in a row that failed.

    free_collateral: sum over pools of max(0, equity - margins), of one pool signed. saving: initial margin of
    ``isolated`` on the same venue less this row's. shortfall: units by asset that its margins ask beyond what is there.
    """

    venue: str
    mode: str
    model: str | None
    status: str
    pools: int | None = None
    equity: Decimal | None = None
    haircut: Decimal | None = None
    initial_margin: Decimal | None = None
    order_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    free_collateral: Decimal | None = None
    utilization: Decimal | None = None
    maintenance_ratio: Decimal | None = None
    liquidatable: bool | None = None
    liquidation: AccountLiquidation | None = None
    shortfall: Mapping[str, Decimal] = {}
    saving: Decimal | None = None
    saving_rate: Decimal | None = None
    mapped: tuple[MappedContract, ...] = ()
    changed: tuple[CarriedChange, ...] = ()
    missing: tuple[NotCarried, ...] = ()
    assumptions: tuple[str, ...] = ()
    rules: RulesUsed | None = None

    @property
    def is_complete(self) -> bool:
        """Whether its figures cover the whole book."""
        return self.status == COMPLETE


class CompareSummary(Summary, frozen=True):
    """How many rows, and how many of them cover the whole book."""

    shape: ClassVar[str] = "rows complete exit_code"
    rows: int
    complete: int


class NamedRow(Struct, frozen=True):
    """A row with its name, for tables."""

    shape: ClassVar[str] = "row=name *figures"

    name: str
    figures: ComparedRow


class CompareResult(Document, frozen=True, kw_only=True):
    """All rows of one file by name, the file as it stands first; with problems nothing was compared."""

    schema: ClassVar[str] = "marginctl.compare/1"
    shape: ClassVar[str] = "schema version file account rows errors=problems summary"
    table: ClassVar[str] = "listed"

    file: str
    exit_code: int
    account: AccountHeader | None = None
    positions: int = 0
    rows: Mapping[str, ComparedRow] = {}

    @property
    def listed(self) -> tuple[NamedRow, ...]:
        """The rows in their order."""
        return tuple(NamedRow(*item) for item in self.rows.items())

    @property
    def summary(self) -> CompareSummary:
        """Counts."""
        complete = sum(row.is_complete for row in self.rows.values())
        return CompareSummary(exit_code=self.exit_code, rows=len(self.rows), complete=complete)
