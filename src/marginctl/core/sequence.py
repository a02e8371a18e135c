"""What a venue does at liquidation, and the steps of a story that it makes."""

from decimal import Decimal
from enum import Enum

from msgspec import Struct

from marginctl.core.exact import ZERO


class ClosingOrder(Enum):
    """Which position goes first: the one with the largest loss until the pool is healthy again, or all at once."""

    LARGEST_LOSS_FIRST = "largest-loss-first"
    ALL_AT_ONCE = "all-at-once"


class LiquidationSequence(Struct, frozen=True, kw_only=True):
    """What a venue does at liquidation, as far as the engine follows it.

    repays: debts out of the pool's other collateral, before anything closes. reduces_by_tier: positions beyond their
    first tier are cut to the tier below, before any is closed whole. takes_over: instead of closing whole positions
    the venue takes all that are left, with their margin; take_over_level: it does so at once below this times the
    maintenance margin. fee: share of the closed notional.
    """

    cancels_orders: bool = True
    nets_legs: bool = False
    repays: bool = False
    reduces_by_tier: bool = False
    takes_over: bool = False
    take_over_level: Decimal | None = None
    order: ClosingOrder = ClosingOrder.LARGEST_LOSS_FIRST
    fee: Decimal = ZERO


class Action(Enum):
    """What a step of the story does."""

    CANCEL_ORDERS = "cancel-orders"
    NET_LEGS = "net-legs"
    REPAY = "repay"
    REDUCE = "reduce"
    CLOSE = "close"
    TAKE_OVER = "take-over"
    FORFEIT = "forfeit"
    BANKRUPT = "bankrupt"


class CascadeStep(Struct, frozen=True, kw_only=True):
    """One step: at which fraction of the path (``move``) what was done, and what the pool is left with.

    ``price`` is the mark it closed at, ``pnl`` what closing realised and ``fee`` what it cost, in currency; ``left``
    is the quantity that stays open, ``tier`` (from 1) the one it was cut down to. ``in_profit``: a winner that went
    with its pool. ``amount``: the debt repaid, the margin kept by the venue, or the deficit that others bear, in
    currency; with a ``position`` that one's alone. ``equity`` and ``maintenance_margin`` are the pool's afterwards.
    """

    move: Decimal
    pool: str
    action: Action
    position: str | None = None
    symbol: str | None = None
    side: str | None = None
    quantity: Decimal | None = None
    left: Decimal | None = None
    tier: int | None = None
    price: Decimal | None = None
    pnl: Decimal = ZERO
    fee: Decimal = ZERO
    amount: Decimal = ZERO
    in_profit: bool = False
    equity: Decimal
    maintenance_margin: Decimal
