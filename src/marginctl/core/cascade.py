"""Contagion: what a liquidation closes along a path of prices, step by step, until the end of the path.

At the first crossing of any pool the venue's sequence is applied to that pool at the prices of that moment: orders are
cancelled, legs netted, positions reduced or closed in the venue's order with its fee on what is closed, until the pool
is healthy again or empty. Then the walk goes on with what is left. Everything closes at its mark; what the venue or its
insurance fund makes of it beyond that is not the account's.
"""

from collections.abc import Iterable
from decimal import Decimal
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import Account, MarginMode, Position
from marginctl.core.contract import LONG
from marginctl.core.exact import ONE, ZERO, sign
from marginctl.core.liquidation import Motion, PoolState, Stretch, first_on_path
from marginctl.core.piecewise import Line
from marginctl.core.pool import notional, partition
from marginctl.core.risk import Risk, pool_risk
from marginctl.core.scenario import moved
from marginctl.core.stress import pnl_at, states_of


class ClosingOrder(Enum):
    """Which position goes first: the one with the largest loss, or all at once."""

    LARGEST_LOSS_FIRST = "largest-loss-first"
    ALL_AT_ONCE = "all-at-once"


class Sequence(Struct, frozen=True, kw_only=True):
    """What a venue does at liquidation, as far as the engine follows it.

    fee: share of the closed notional. reduces_by_tier: a position beyond its first tier is cut to the tier below first.
    """

    cancels_orders: bool = True
    nets_legs: bool = False
    reduces_by_tier: bool = False
    order: ClosingOrder = ClosingOrder.LARGEST_LOSS_FIRST
    fee: Decimal = ZERO


class Action(Enum):
    """What a step of the story does."""

    CANCEL_ORDERS = "cancel-orders"
    NET_LEGS = "net-legs"
    REDUCE = "reduce"
    CLOSE = "close"
    BANKRUPT = "bankrupt"


class CascadeStep(Struct, frozen=True, kw_only=True):
    """One step: at which fraction of the path (``move``) what was done, and what the pool is left with.

    ``price`` is the mark it closed at, ``pnl`` what closing realised and ``fee`` what it cost, in currency.
    ``in_profit``: a winner that went with its pool. ``equity`` and ``maintenance_margin`` are the pool's afterwards;
    for BANKRUPT ``pnl`` is the deficit that others bear and equity 0.
    """

    move: Decimal
    pool: str
    action: Action
    position: str | None = None
    side: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    pnl: Decimal = ZERO
    fee: Decimal = ZERO
    in_profit: bool = False
    equity: Decimal
    maintenance_margin: Decimal


class Cascade(Struct, frozen=True):
    """The story along one path, and the account at its end (at the prices of the end)."""

    steps: tuple[CascadeStep, ...]
    account: Account
    equity: Decimal

    @property
    def closed_winners(self) -> tuple[str, ...]:
        """Positions that were in profit when they were closed or reduced."""
        return tuple(dict.fromkeys(step.position for step in self.steps if step.in_profit and step.position))


def cascade(account: Account, shocks: dict[str, Decimal], sequence: Sequence) -> Cascade:
    """Walk  price * (1 + shock * u), 0 <= u <= 1, and apply ``sequence`` at every crossing."""
    now = account
    at = ZERO
    steps: list[CascadeStep] = []
    while True:
        path = rest_of_path(shocks, at)
        found = _first(states_of(now), path)
        if found is None:
            break
        du, state = found
        now = moved(now, _ratios(path, du))
        at += du
        now, done = liquidated(now, state.pool.name, sequence, at)
        steps += done
    now = moved(now, _ratios(rest_of_path(shocks, at), ONE - at))
    return Cascade(tuple(steps), now, equity_of(now))


def rest_of_path(shocks: dict[str, Decimal], at: Decimal) -> list[Stretch]:
    """The path from ``at`` on, relative to the prices there: slope = shock / (1 + shock * at)."""
    if at >= ONE:
        return []
    lines = {asset: Line(ONE, shock / (ONE + shock * at)) for asset, shock in shocks.items() if shock}
    return [Stretch(ZERO, ONE - at, Motion(lines))]


def _ratios(path: list[Stretch], u: Decimal) -> dict[str, Decimal]:
    return {asset: line.at(u) for stretch in path for asset, line in stretch.motion.ratios.items()}


def _first(states: Iterable[PoolState], path: list[Stretch]) -> tuple[Decimal, PoolState] | None:
    """The first pool to cross; one that holds no position is past everything."""
    first: tuple[Decimal, PoolState] | None = None
    for state in states:
        if not state.pool.positions:
            continue
        found = first_on_path(state, path, state.pool.rules, end_included=True)
        if found is not None and (first is None or found < first[0]):
            first = found, state
    return first


def equity_of(account: Account) -> Decimal:
    """The sum of the pools' equity."""
    return sum((pool_risk(pool).equity for pool in partition(account)), ZERO)


def liquidated(account: Account, pool: str, sequence: Sequence, at: Decimal) -> tuple[Account, list[CascadeStep]]:
    """One pool through the venue's sequence at the account's prices: until it is healthy, or nothing is left of it."""
    steps: list[CascadeStep] = []
    now = account
    if sequence.cancels_orders and any(one.name == pool and one.orders for one in partition(now)):
        now = replace(now, orders=_orders_elsewhere(now, pool))
        steps.append(_step(now, pool, at, Action.CANCEL_ORDERS))
    if sequence.nets_legs:
        now, netted = _with_legs_netted(now, pool, sequence, at)
        steps += netted
    while held := _positions(now, pool):
        if steps and sequence.order is not ClosingOrder.ALL_AT_ONCE and _is_healthy(now, pool):
            return now, steps
        position = min(held, key=lambda one: pnl_at(one, now.prices, {}))
        quantity = _quantity_to_close(position, now, sequence)
        now, step = closed(now, pool, position, quantity, sequence, at)
        steps.append(step)
    now, bankrupt = _without_deficit(now, pool, at)
    return now, steps + bankrupt


def _orders_elsewhere(account: Account, pool: str) -> tuple[object, ...]:
    gone = next(one.orders for one in partition(account) if one.name == pool)
    return tuple(order for order in account.orders if order not in gone)


def _positions(account: Account, pool: str) -> tuple[Position, ...]:
    return next((one.positions for one in partition(account) if one.name == pool), ())


def _risk(account: Account, pool: str) -> Risk:
    """The pool's risk; a pool that is gone (an isolated one without its position) has none."""
    return next((pool_risk(one) for one in partition(account) if one.name == pool), Risk())


def _is_healthy(account: Account, pool: str) -> bool:
    risk = _risk(account, pool)
    return sign(risk.buffer(account.rules.level), risk.scale) > 0


def _quantity_to_close(position: Position, account: Account, sequence: Sequence) -> Decimal:
    """Down to the upper border of the tier below where the venue reduces tier by tier, else all of it."""
    contract = position.contract
    if not sequence.reduces_by_tier or position.maintenance_rate is not None or not contract.tiers:
        return position.quantity
    units = notional(position, account.prices) / account.prices[contract.settle]
    index = contract.tier_index(units, position.quantity)
    if not index:
        return position.quantity
    border = contract.tiers[index - 1].up_to
    measure = position.quantity if contract.tiers_by.value == "quantity" else units
    return position.quantity if border is None else position.quantity * (measure - border) / measure


def closed(
    account: Account, pool: str, position: Position, quantity: Decimal, sequence: Sequence, at: Decimal
) -> tuple[Account, CascadeStep]:
    """``quantity`` of a position closed at its mark: its PnL less the fee is paid in the settle asset.

    An isolated position cannot lose more than its margin: the rest is the venue's.
    """
    share = quantity / position.quantity
    value = notional(position, account.prices) * share
    pnl = pnl_at(position, account.prices, {}) * share
    fee = value * sequence.fee
    settle = position.contract.settle
    gain = (pnl - fee) / account.prices[settle]
    kept: tuple[Position, ...] = ()
    left = position.isolated_margin
    if quantity < position.quantity:
        left = None if left is None else left + gain
        kept = (replace(position, quantity=position.quantity - quantity, isolated_margin=left),)
    elif left is not None:
        gain = max(gain, -left)
    balances = dict(account.balances)
    balances[settle] = balances.get(settle, ZERO) + gain
    positions = tuple(one for held in account.positions for one in (kept if held.key == position.key else (held,)))
    after = replace(account, balances=balances, positions=positions)
    return after, _step(
        after,
        pool,
        at,
        Action.REDUCE if kept else Action.CLOSE,
        position=position.key,
        side="long" if position.side == LONG else "short",
        quantity=quantity,
        price=position.mark_price,
        pnl=pnl,
        fee=fee,
        in_profit=pnl > 0,
    )


def _with_legs_netted(
    account: Account, pool: str, sequence: Sequence, at: Decimal
) -> tuple[Account, list[CascadeStep]]:
    """Long and short of one contract closed against each other, as much as the smaller leg."""
    steps: list[CascadeStep] = []
    now = account
    by_symbol: dict[str, list[Position]] = {}
    for position in _positions(account, pool):
        by_symbol.setdefault(position.contract.symbol, []).append(position)
    for legs in by_symbol.values():
        if len({leg.side for leg in legs}) < 2:
            continue
        quantity = min(leg.quantity for leg in legs)
        for leg in legs:
            now, step = closed(now, pool, leg, quantity, replace(sequence, fee=ZERO), at)
            steps.append(replace(step, action=Action.NET_LEGS))
    return now, steps


def _without_deficit(account: Account, pool: str, at: Decimal) -> tuple[Account, list[CascadeStep]]:
    """A cross pool with nothing left to close and equity below zero: its collateral is gone, the deficit not owed."""
    gone = next((one for one in partition(account) if one.name == pool), None)
    if gone is None or gone.margin_mode is MarginMode.ISOLATED:
        return account, []
    equity = pool_risk(gone).equity
    if equity >= 0:
        return account, []
    balances = dict(account.balances)
    for holding in gone.holdings:
        balances[holding.asset] = balances.get(holding.asset, ZERO) - holding.balance
    after = replace(account, balances=balances)
    return after, [_step(after, pool, at, Action.BANKRUPT, pnl=equity)]


def _step(account: Account, pool: str, at: Decimal, action: Action, **what: object) -> CascadeStep:
    risk = _risk(account, pool)
    return CascadeStep(
        move=at,
        pool=pool,
        action=action,
        equity=risk.equity,
        maintenance_margin=risk.maintenance_margin,
        **what,  # type: ignore[arg-type]
    )


def isolated_apart(account: Account) -> tuple[Account | None, dict[str, Decimal]]:
    """The same book with every cross position isolated on its own initial margin, and what that sets aside by asset.

    None where the account does not hold that much of the settle assets: then it could not be run that way.
    """
    from marginctl.core.pool import leg

    aside: dict[str, Decimal] = {}
    apart: list[Position] = []
    for position in account.positions:
        settle = position.contract.settle
        margin = position.isolated_margin
        if margin is None:
            terms = leg(position, account.rules, account.prices, ONE).initial
            margin = sum((term.at({}) for term in terms), ZERO) / account.prices[settle]
        aside[settle] = aside.get(settle, ZERO) + margin
        key = f"{position.contract.symbol}:{'long' if position.side == LONG else 'short'}"
        apart.append(replace(position, key=key, margin_mode=MarginMode.ISOLATED, isolated_margin=margin))
    if any(margin > account.balances.get(asset, ZERO) for asset, margin in aside.items()):
        return None, aside
    return replace(account, positions=tuple(apart), orders=()), aside
