"""What a venue publishes about liquidation -> the sequence that a cascade follows, and what was assumed for it."""

from collections.abc import Iterator
from decimal import Decimal

from marginctl.core.exact import ZERO
from marginctl.core.sequence import ClosingOrder, LiquidationSequence
from marginctl.venues.format import LiquidationStep, PublishedLiquidation, PublishedOrder

AT_THE_MARK = "liquidations close at the mark; what the market or an insurance fund makes of it is not the account's"
ENDINGS = frozenset({LiquidationStep.CLOSE_POSITIONS, LiquidationStep.CLOSE_ON_BOOK, LiquidationStep.TAKE_OVER})


def sequence_of(
    liquidation: PublishedLiquidation, venue: str, fee: Decimal | None = None
) -> tuple[LiquidationSequence, tuple[str, ...]]:
    """The sequence of a rule set and its assumptions; ``fee`` replaces what the venue publishes.

    Where a venue publishes no sequence, orders are cancelled and positions closed whole, the largest loss first.
    """
    steps = frozenset(liquidation.steps)
    charged = liquidation.fee if fee is None else fee
    at_once = liquidation.order is PublishedOrder.ALL_AT_ONCE
    sequence = LiquidationSequence(
        cancels_orders=not steps or LiquidationStep.CANCEL_ORDERS in steps,
        nets_legs=LiquidationStep.NET_LEGS in steps,
        repays=LiquidationStep.REPAY in steps,
        reduces_by_tier=LiquidationStep.REDUCE_BY_TIER in steps,
        takes_over=LiquidationStep.TAKE_OVER in steps,
        take_over_level=liquidation.take_over_level,
        order=ClosingOrder.ALL_AT_ONCE if at_once else ClosingOrder.LARGEST_LOSS_FIRST,
        fee=ZERO if charged is None else charged,
    )
    return sequence, tuple(_assumptions(liquidation, venue, known_fee=charged is not None))


def _assumptions(liquidation: PublishedLiquidation, venue: str, *, known_fee: bool) -> Iterator[str]:
    steps = frozenset(liquidation.steps)
    if not steps:
        yield f"{venue} publishes no liquidation sequence: orders are cancelled, then positions closed whole"
    if liquidation.order is PublishedOrder.UNKNOWN:
        yield f"{venue} does not publish which position goes first: the one with the largest loss"
    if liquidation.order is PublishedOrder.RANDOM:
        yield f"{venue} picks the position to close at random: here the one with the largest loss goes first"
    if LiquidationStep.REDUCE_TO_LEVEL in steps:
        yield f"{venue} closes as much as brings the account back to its level: here a position is closed whole"
    if LiquidationStep.REDUCE_BY_TIER in steps and not steps & ENDINGS:
        yield f"{venue} reduces tier by tier: here a position in its first tier is closed whole"
    if LiquidationStep.REPAY in steps:
        yield "debts are repaid out of all other collateral pro rata, at its prices and without a fee"
    if not known_fee:
        yield f"no liquidation fee: {venue} publishes none (--fee sets one)"
    yield AT_THE_MARK
