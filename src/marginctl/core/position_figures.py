"""One position of a report: its margins, and the prices at which it is liquidated or bankrupt."""

from decimal import Decimal
from typing import NamedTuple

from marginctl.core.account import Account, Basis, Position, PriceShown, Rules
from marginctl.core.contract import Tier, side_word
from marginctl.core.crossings import Crossings
from marginctl.core.exact import ONE, SNAP, ZERO
from marginctl.core.funding import funding_per_day
from marginctl.core.liquidation import (
    HERE,
    PoolState,
    Sides,
    moves_alone,
)
from marginctl.core.pool import rules_of
from marginctl.core.report import (
    PositionFigures,
)
from marginctl.core.requirement import Leg, initial_rate, tiers_in_force
from marginctl.core.risk import NO_MOVE
from marginctl.core.value import basis_value, entry_value, notional, unrealized_pnl


class PooledPosition(NamedTuple):
    """A position in its pool with what it moves alone."""

    position: Position
    state: PoolState
    leg: Leg


def position_figures(account: Account, standing: PooledPosition, crossings: Crossings) -> PositionFigures:
    """One position's row; margins stand alone, prices as ``interface`` defines them."""
    position, state, terms = standing
    contract = position.contract
    prices = account.prices
    value = notional(position, prices)
    unit_price = prices[contract.settle]
    asset = underlying_of(position, account)
    sides = crossings.sides(state, asset)
    own = sides if moves_alone(state, asset, contract) else crossings.of_contract(state, position)
    tier = maintenance_tier(position, account)
    sized = basis_value(position, state.pool.rules.maintenance_basis, prices) / unit_price
    row = _tier_in_force(position, sized, tier) if terms.is_known else None
    rate = initial_rate(position, state.pool.rules, prices) if terms.is_known else None
    crossing, own_crossing = reached(position, asset, sides), reached(position, contract.base, own)
    return PositionFigures(
        symbol=contract.symbol,
        side=side_word(position.side),
        quantity=position.quantity,
        entry_price=position.entry_price,
        mark_price=position.mark_price,
        notional=value,
        unrealized_pnl=unrealized_pnl(position, prices, NO_MOVE),
        leverage=ONE / rate if rate else None,
        initial_rate=rate,
        initial_margin=terms.initial_margin,
        maintenance_rate=row.maintenance_rate if row else None,
        maintenance_deduction=row.deduction * unit_price if row else None,
        tier=tier,
        maintenance_margin=terms.maintenance_margin,
        margin_mode=position.margin_mode.value,
        pool=state.pool.name,
        liquidation_price=crossing.price if crossing else None,
        liquidation_side=_side_of(position, asset, crossing, sides),
        distance_to_liquidation=_distance(position, asset, crossing),
        contract_liquidation_price=shown_price(position, own_crossing, state.pool.rules),
        bankruptcy_price=_bankruptcy_price(position, state, asset, crossing, crossings),
        funding_per_day=funding_per_day(position, account),
        purpose=position.purpose.value if position.purpose else None,
        key=position.key,
        contract_liquidation_side=_side_of(position, contract.base, own_crossing, own),
    )


def _tier_in_force(position: Position, units: Decimal, tier: int | None) -> Tier:
    tiers = tiers_in_force(position, units, position.quantity)
    return tiers[min(tier or 1, len(tiers)) - 1]


def maintenance_tier(position: Position, account: Account) -> int | None:
    """The 1-based row of the contract's table, None where the position brings its own rate or there is none."""
    contract = position.contract
    if position.maintenance_rate is not None or not contract.tiers:
        return None
    value = notional(position, account.prices)
    rules = rules_of(account, position.margin_mode)
    if rules.maintenance_basis is Basis.ENTRY:
        value = entry_value(position, account.prices)
    index = contract.tier_index(value / account.prices[contract.settle], position.quantity)
    return min(index, len(contract.tiers) - 1) + 1


def underlying_of(position: Position, account: Account) -> str:
    """The asset whose move liquidates a position: its base; its quote where the base is the account's currency."""
    contract = position.contract
    return contract.quote if contract.base == account.currency else contract.base


class Reached(NamedTuple):
    """The crossing nearest to a contract's mark: the signed move of the asset, the price it means, its direction."""

    move: Decimal
    price: Decimal
    falling: bool


def reached(position: Position, asset: str, sides: Sides) -> Reached | None:
    """The crossing whose price is nearest to the contract's mark; None without one."""
    moves = ((None if sides.down is None else -sides.down, True), (sides.up, False))
    found = [
        Reached(move, price, falling)
        for move, falling in moves
        if move is not None and (price := price_after(position, asset, move)) is not None
    ]
    return min(found, key=lambda one: abs(one.price - position.mark_price), default=None)


def shown_price(position: Position, crossing: Reached | None, rules: Rules) -> Decimal | None:
    """What the venue's screen shows for a crossing: its price, or one tick nearer to the mark, never past it.

    The price itself where the tick of the contract is not known.
    """
    if crossing is None:
        return None
    tick = position.contract.tick_size or ZERO
    if rules.shown_liquidation_price is PriceShown.CROSSING:
        tick = ZERO
    if crossing.price < position.mark_price:
        return min(crossing.price + tick, position.mark_price)
    return max(crossing.price - tick, position.mark_price)


def price_after(position: Position, asset: str, move: Decimal | None) -> Decimal | None:
    """The contract's mark after a signed move of an asset; None when not positive."""
    if move is None or ONE + move <= SNAP:
        return None
    factor = ONE + move
    return position.mark_price * factor if asset == position.contract.base else position.mark_price / factor


def _side_of(position: Position, asset: str, crossing: Reached | None, sides: Sides) -> str | None:
    """Whether a crossing lies below or above the mark; None without one or when already liquidatable."""
    if crossing is None or sides == HERE:
        return None
    return "below" if crossing.falling == (asset == position.contract.base) else "above"


def _distance(position: Position, asset: str, crossing: Reached | None) -> Decimal | None:
    """|liquidation price - mark| / mark."""
    if crossing is None:
        return None
    if asset == position.contract.base:
        return abs(crossing.move)
    return abs(crossing.price - position.mark_price) / position.mark_price


def _bankruptcy_price(
    position: Position, state: PoolState, asset: str, crossing: Reached | None, crossings: Crossings
) -> Decimal | None:
    if crossing is None:
        return None
    return price_after(position, asset, crossings.bankruptcy(state, asset, falling=crossing.falling))
