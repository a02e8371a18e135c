"""What a search for headroom comes to, as plain values: how much more an account takes, and what would mend it."""

from decimal import Decimal
from typing import ClassVar

from msgspec import Struct


class Stop(Struct, frozen=True):
    """What stands in the way of more: a limit with its code, or something of the venue's own with a name alone."""

    shape: ClassVar[str] = "code~ name subject limit"

    name: str
    code: str = ""
    subject: str = ""
    limit: Decimal | None = None


class OrderRoom(Struct, frozen=True, kw_only=True):
    """The largest order on one side of a contract, at its mark; ``quantity`` None where nothing limits it.

    ``notional`` in currency. ``stop`` None only where nothing limits it; with a ``stop`` of which ``quantity`` is None
    too the room cannot be known.
    """

    shape: ClassVar[str] = "symbol side quantity notional mark_price initial_rate stopped_by=stop"

    symbol: str
    side: str
    quantity: Decimal | None
    notional: Decimal | None
    mark_price: Decimal
    initial_rate: Decimal
    stop: Stop | None


class WithdrawalRoom(Struct, frozen=True, kw_only=True):
    """The largest withdrawal of an asset: ``amount`` of the ``held`` units, worth ``value`` at its price."""

    shape: ClassVar[str] = "asset pool amount held value stopped_by=stop"

    asset: str
    pool: str
    amount: Decimal
    held: Decimal
    value: Decimal
    stop: Stop


class DepositWay(Struct, frozen=True, kw_only=True):
    """``amount`` units of ``asset`` into ``pool``, worth ``value`` in currency."""

    kind: ClassVar[str] = "deposit"
    shape: ClassVar[str] = "kind asset pool amount value"

    asset: str
    pool: str
    amount: Decimal
    value: Decimal


class ReductionWay(Struct, frozen=True, kw_only=True):
    """Close ``quantity`` of a position, worth ``notional`` in currency at its mark; ``left`` contracts stay."""

    kind: ClassVar[str] = "reduce"
    shape: ClassVar[str] = "kind position=key symbol side quantity left notional"

    key: str
    symbol: str
    side: str
    quantity: Decimal
    left: Decimal
    notional: Decimal


class Remedies(Struct, frozen=True):
    """The ways to lift one finding, each alone enough: the deposits, coins by their value last, and the reduction."""

    deposits: tuple[DepositWay, ...] = ()
    reduction: ReductionWay | None = None

    @property
    def all(self) -> tuple[DepositWay | ReductionWay, ...]:
        """The deposits, then the reduction."""
        return (*self.deposits, self.reduction) if self.reduction else self.deposits
