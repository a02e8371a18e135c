"""One position of a report: its margins, and where it is liquidated or bankrupt, each crossing once."""

from decimal import Decimal
from typing import NamedTuple

from marginctl.core.account import Account, Basis, MarginRules, Position, PriceShown
from marginctl.core.contract import Contract, Tier, side_word
from marginctl.core.exact import ONE, SNAP, ZERO, settled
from marginctl.core.funding import funding_per_day, runway_days
from marginctl.core.liquidation import (
    HERE,
    NO_SIDES,
    PoolState,
    Sides,
    asset_sides,
    bankruptcy_move,
    contract_sides,
    joint_sides,
    moves_alone,
)
from marginctl.core.pool import rules_of
from marginctl.core.report import (
    PositionFigures,
)
from marginctl.core.requirement import Leg, initial_rate, tiers_in_force
from marginctl.core.risk import NO_MOVE
from marginctl.core.value import basis_value, entry_value, notional, unrealized_pnl


class Crossings:
    """Crossings by pool and asset, each computed once: positions that share both share them."""

    def __init__(self) -> None:
        self._sides: dict[tuple[str, str], Sides] = {}
        self._bankruptcy: dict[tuple[str, str, bool], Decimal | None] = {}

    def sides(self, state: PoolState, asset: str) -> Sides:
        """``asset_sides`` of a pool."""
        key = (state.pool.name, asset)
        if key not in self._sides:
            self._sides[key] = asset_sides(state, asset)
        return self._sides[key]

    def bankruptcy(self, state: PoolState, asset: str, *, falling: bool) -> Decimal | None:
        """``bankruptcy_move`` of a pool on the side of the asset's move."""
        key = (state.pool.name, asset, falling)
        if key not in self._bankruptcy:
            self._bankruptcy[key] = bankruptcy_move(state, asset, self.sides(state, asset), falling=falling)
        return self._bankruptcy[key]

    def together(self, account: Account, state: PoolState) -> Sides:
        """``joint_sides`` of a pool."""
        return joint_sides(state, account.betas)

    def of_contract(self, state: PoolState, position: Position) -> Sides:
        """``contract_sides`` of a position's contract."""
        return contract_sides(state, position.contract)

    def runways(self, account: Account, states: list[PoolState]) -> list[Decimal | None]:
        """``runway_days`` of every pool."""
        return [runway_days(state, account) for state in states]


class NoCrossings(Crossings):
    """For figures of now alone: nothing is looked for ahead, so nothing is found."""

    def sides(self, state: PoolState, asset: str) -> Sides:  # noqa: ARG002 - as above
        """None."""
        return NO_SIDES

    def together(self, account: Account, state: PoolState) -> Sides:  # noqa: ARG002 - as above
        """None."""
        return NO_SIDES

    def of_contract(self, state: PoolState, position: Position) -> Sides:  # noqa: ARG002 - as above
        """None."""
        return NO_SIDES

    def runways(self, account: Account, states: list[PoolState]) -> list[Decimal | None]:  # noqa: ARG002 - as above
        """None."""
        return []


class JointCrossings(NoCrossings):
    """For a comparison: which common move liquidates is all that is looked for."""

    def together(self, account: Account, state: PoolState) -> Sides:
        """``joint_sides`` of a pool."""
        return joint_sides(state, account.betas)


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
    on_base = moves_base(account, contract, asset)
    crossing, own_crossing = reached(position, sides, on_base=on_base), reached(position, own)
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
        liquidation_side=_side_of(crossing, sides, on_base=on_base),
        distance_to_liquidation=_distance(position, crossing, on_base=on_base),
        contract_liquidation_price=shown_price(position, own_crossing, state.pool.rules),
        bankruptcy_price=_bankruptcy_price(account, standing, asset, crossing, crossings),
        funding_per_day=funding_per_day(position, account),
        purpose=position.purpose.value if position.purpose else None,
        key=position.key,
        contract_liquidation_side=_side_of(own_crossing, own),
        expiry=contract.expiry,
        basis=basis_of(position, prices),
    )


def basis_of(position: Position, prices: dict[str, Decimal]) -> Decimal:
    """mark / (price of the base / price of the quote) - 1: by how much the mark is above the index."""
    base, quote = (prices[asset] for asset in (position.contract.base, position.contract.quote))
    return settled(position.mark_price * quote - base, base) / base


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
    """The asset whose move liquidates a position: its base, or what that follows.

    Its quote where the base is the account's currency. Where base and quote move together: the one that follows.
    """
    base, quote = position.contract.base, position.contract.quote
    if base == account.currency:
        return account.underlying(quote)
    led = account.underlying(base)
    if led != account.underlying(quote):
        return led
    return quote if base == led else base


def moves_base(account: Account, contract: Contract, asset: str) -> bool:
    """Whether it is the base of a contract that moves with its underlying asset, else the quote is."""
    return contract.base in account.moving_with(asset)


class Reached(NamedTuple):
    """The crossing nearest to a contract's mark: the signed move of the asset, the price it means, its direction."""

    move: Decimal
    price: Decimal
    falling: bool


def reached(position: Position, sides: Sides, *, on_base: bool = True) -> Reached | None:
    """The crossing whose price is nearest to the contract's mark; None without one. ``on_base``: the base moves."""
    moves = ((None if sides.down is None else -sides.down, True), (sides.up, False))
    found = [
        Reached(move, price, falling)
        for move, falling in moves
        if move is not None and (price := price_after(position, move, on_base=on_base)) is not None
    ]
    return min(found, key=lambda one: abs(one.price - position.mark_price), default=None)


def shown_price(position: Position, crossing: Reached | None, rules: MarginRules) -> Decimal | None:
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


def price_after(position: Position, move: Decimal | None, *, on_base: bool) -> Decimal | None:
    """The contract's mark after a signed move of its base, or of its quote; None when not positive."""
    if move is None or ONE + move <= SNAP:
        return None
    factor = ONE + move
    return position.mark_price * factor if on_base else position.mark_price / factor


def _side_of(crossing: Reached | None, sides: Sides, *, on_base: bool = True) -> str | None:
    """Whether a crossing lies below or above the mark; None without one or when already liquidatable."""
    if crossing is None or sides == HERE:
        return None
    return "below" if crossing.falling is on_base else "above"


def _distance(position: Position, crossing: Reached | None, *, on_base: bool) -> Decimal | None:
    """|liquidation price - mark| / mark."""
    if crossing is None:
        return None
    if on_base:
        return abs(crossing.move)
    return abs(crossing.price - position.mark_price) / position.mark_price


def _bankruptcy_price(
    account: Account, standing: PooledPosition, asset: str, crossing: Reached | None, crossings: Crossings
) -> Decimal | None:
    if crossing is None:
        return None
    position, state, _ = standing
    found = crossings.bankruptcy(state, asset, falling=crossing.falling)
    return price_after(position, found, on_base=moves_base(account, position.contract, asset))
