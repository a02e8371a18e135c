"""How much more an account takes, and how it passes what it breaks."""

from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from marginctl import __version__
from marginctl.findings import Finding
from marginctl.results import Outcome

if TYPE_CHECKING:
    from marginctl.core.rooms import OrderRoom, Remedies, WithdrawalRoom


class Broken(Struct, frozen=True):
    """A broken limit and the ways to pass it."""

    shape: ClassVar[str] = "*finding ways=ways.all"
    finding: Finding
    ways: "Remedies"


class HeadroomSummary(Struct, frozen=True):
    """How much was found."""

    orders: int
    withdrawals: int
    broken: int
    exit_code: int


class HeadroomResult(Struct, frozen=True, kw_only=True):
    """One account, how much more it takes, and how to pass what is broken; with problems nothing was computed."""

    schema: ClassVar[str] = "marginctl.headroom/2"
    shape: ClassVar[str] = (
        "schema version file=outcome.file account=outcome.report.account orders withdrawals broken "
        "errors=outcome.problems summary"
    )
    table: ClassVar[str] = "orders"

    outcome: Outcome
    version: str = __version__
    exit_code: int
    orders: "tuple[OrderRoom, ...]" = ()
    withdrawals: "tuple[WithdrawalRoom, ...]" = ()
    broken: tuple[Broken, ...] = ()
    fail_on: str = "error"

    @property
    def summary(self) -> HeadroomSummary:
        """Counts."""
        return HeadroomSummary(len(self.orders), len(self.withdrawals), len(self.broken), self.exit_code)
