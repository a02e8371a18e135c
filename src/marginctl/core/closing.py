"""What a venue does to one pool at the moment of its liquidation, step by step, until it is healthy or nothing is left.

Everything closes at its mark: the realised profit or loss, less the fee, is paid in the settle asset. What the venue or
its insurance fund makes of it beyond that is not the account's. The account stays written at the prices of its file;
``ratios`` say where prices are at that moment.
"""

from collections.abc import Callable, Iterator
from decimal import ROUND_DOWN, Context, Decimal

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import Account, Position
from marginctl.core.contract import TiersBy, side_word
from marginctl.core.exact import ONE, ZERO, net, sign
from marginctl.core.pool import Pool, partition
from marginctl.core.risk import NO_RISK, Risk, pool_risk
from marginctl.core.sequence import Action, CascadeStep, ClosingOrder, LiquidationSequence
from marginctl.core.trade import closed, realised, transferred
from marginctl.core.value import driven, marked, notional, unrealized_pnl

KEPT = Context(prec=30, rounding=ROUND_DOWN)
"""A quantity cut down to a tier's border keeps 30 digits, rounded into that tier: residue must not leave it above."""


class Pools:
    """The pools of an account along a story: those of the last one are kept, and what a step did not touch."""

    def __init__(self) -> None:
        self._account: Account | None = None
        self._pools: tuple[Pool, ...] = ()

    def of(self, account: Account) -> tuple[Pool, ...]:
        """``partition`` of the account, which has the prices and rules of the one before."""
        if account is not self._account:
            self._account, self._pools = account, partition(account, self._pools)
        return self._pools


class Moment(Struct, frozen=True):
    """Where on the path, at which prices and under whose sequence a pool is liquidated.

    earlier: what was done at the crossings before.
    """

    pool: str
    move: Decimal
    ratios: dict[str, Decimal]
    sequence: LiquidationSequence
    pools: Pools
    earlier: tuple[CascadeStep, ...] = ()

    @property
    def was_repaid(self) -> bool:
        """Whether the pool's debts were repaid at a crossing before."""
        return any(step.pool == self.pool and step.action is Action.REPAY for step in self.earlier)

    def tier_index(self, account: Account, position: Position) -> int:
        """The tier that a position is in, never above the one it was cut into at a crossing before.

        A short grows back over its border as the price goes on; cutting it there again and again would end nowhere.
        """
        units = self.value(account, position) / self.price(account, position.contract.settle)
        cuts = [step.tier - 1 for step in self.earlier if step.position == position.key and step.tier is not None]
        return min([position.contract.tier_index(units, position.quantity), *cuts])

    def price(self, account: Account, asset: str) -> Decimal:
        """The asset's price at that moment."""
        return account.prices[asset] * self.ratios.get(asset, ONE)

    def mark(self, position: Position) -> Decimal:
        """The contract's mark at that moment."""
        return position.mark_price * marked(position.contract, self.ratios)

    def value(self, account: Account, position: Position) -> Decimal:
        """Notional at that moment, in currency."""
        return notional(position, account.prices) * driven(position.contract, self.ratios)

    def pnl(self, account: Account, position: Position) -> Decimal:
        """Unrealized PnL at that moment, in currency."""
        return unrealized_pnl(position, account.prices, self.ratios)

    def find(self, account: Account) -> Pool | None:
        """The pool, where it still exists: an isolated one goes with its position."""
        return next((pool for pool in self.pools.of(account) if pool.name == self.pool), None)

    def step(self, account: Account, action: Action, **what: object) -> CascadeStep:
        """A step with what the pool is left with."""
        pool = self.find(account)
        risk = NO_RISK if pool is None else pool_risk(pool, self.ratios)
        return CascadeStep(
            move=self.move,
            pool=self.pool,
            action=action,
            equity=risk.equity,
            maintenance_margin=risk.maintenance_margin,
            **what,  # type: ignore[arg-type]
        )


Done = tuple[Account, list[CascadeStep]]
Stage = Callable[[Account, Pool, Moment], Done]


def liquidated(account: Account, moment: Moment) -> Done:
    """One pool through the venue's sequence: until it is healthy, nothing is left of it, or a step changes nothing."""
    now, steps = account, list[CascadeStep]()
    for stage in _first_stages(moment.sequence):
        pool = moment.find(now)
        if pool is not None:
            now, done = stage(now, pool, moment)
            steps += done
    while (pool := moment.find(now)) is not None and pool.positions:
        if _is_enough(steps, moment) and is_healthy(pool, moment.ratios):
            return now, steps
        before = now
        now, done = _next(now, pool, moment)
        if now == before:
            return now, steps
        steps += done
    if pool is not None and pool.order_maintenance and not is_healthy(pool, moment.ratios):
        now, done = _orders_cancelled(now, pool, moment)
        steps += done
        pool = moment.find(now)
    if pool is not None and not is_healthy(pool, moment.ratios):
        now, done = _without_position(now, pool, moment)
        steps += done
    return now, steps


def _is_enough(steps: list[CascadeStep], moment: Moment) -> bool:
    """Whether a venue stops here once the pool is healthy.

    Repaying is enough once: a loss that goes on builds the debt up again, and repaying it at every moment would end
    nowhere.
    """
    if moment.sequence.order is ClosingOrder.ALL_AT_ONCE:
        return False
    return any(step.action is not Action.REPAY or not moment.was_repaid for step in steps)


def _first_stages(sequence: LiquidationSequence) -> Iterator[Stage]:
    if sequence.cancels_orders:
        yield _orders_cancelled
    if sequence.nets_legs:
        yield _legs_netted
    if sequence.repays:
        yield _debts_repaid


def is_healthy(pool: Pool, ratios: dict[str, Decimal]) -> bool:
    """equity > level * maintenance margin with something to spare, or nothing is required and nothing is owed."""
    risk = pool_risk(pool, ratios)
    if risk.maintenance_margin <= 0:
        return sign(risk.equity, risk.scale) >= 0
    return sign(risk.buffer(pool.rules.level), risk.scale) > 0


def _next(account: Account, pool: Pool, moment: Moment) -> Done:
    """The next step at a pool that is not healthy: a reduction, a take-over, or a whole position closed."""
    sequence = moment.sequence
    if sequence.take_over_level is not None and _is_below(pool, moment.ratios, sequence.take_over_level):
        return _taken_over(account, pool, moment)
    if sequence.reduces_by_tier:
        reducible = [one for one in pool.positions if _excess(account, one, moment)]
        if reducible:
            return _one_closed(account, _worst(account, reducible, moment), moment, Action.REDUCE)
    if sequence.takes_over and sequence.take_over_level is None:
        return _taken_over(account, pool, moment)
    return _one_closed(account, _worst(account, list(pool.positions), moment), moment, Action.CLOSE)


def _is_below(pool: Pool, ratios: dict[str, Decimal], level: Decimal) -> bool:
    risk: Risk = pool_risk(pool, ratios)
    return sign(risk.buffer(level), risk.scale) < 0


def _worst(account: Account, positions: list[Position], moment: Moment) -> Position:
    """The largest loss, in currency; the smallest profit where none loses."""
    return min(positions, key=lambda position: moment.pnl(account, position))


def _excess(account: Account, position: Position, moment: Moment) -> Decimal:
    """The quantity above the upper border of the tier below; 0 in the first tier, or where no table applies."""
    contract = position.contract
    if position.maintenance_rate is not None or not contract.tiers:
        return ZERO
    index = moment.tier_index(account, position)
    border = contract.tiers[index - 1].up_to if index else None
    if border is None:
        return ZERO
    units = moment.value(account, position) / moment.price(account, contract.settle)
    kept = border if contract.tiers_by is TiersBy.QUANTITY else position.quantity * border / units
    return position.quantity - KEPT.plus(kept)


def _one_closed(account: Account, position: Position, moment: Moment, action: Action) -> Done:
    quantity = _excess(account, position, moment) if action is Action.REDUCE else position.quantity
    now, step = _closed(account, position, quantity, moment, action)
    if action is Action.REDUCE:
        step = replace(step, tier=moment.tier_index(account, position))
    return now, [step, *_shortfall(account, now, position, moment)]


def _closed(
    account: Account, position: Position, quantity: Decimal, moment: Moment, action: Action
) -> tuple[Account, CascadeStep]:
    """``quantity`` of a position closed at its mark: its PnL less the fee is paid in the settle asset.

    An isolated position cannot lose more than its margin: the rest is the venue's.
    """
    share = quantity / position.quantity
    pnl, fee = moment.pnl(account, position) * share, _fee(account, position, moment) * share
    settle = position.contract.settle
    gain = net(pnl, -fee) / moment.price(account, settle)
    left = position.quantity - quantity
    if not left and position.isolated_margin is not None:
        gain = max(gain, -position.isolated_margin)
    after = closed(account, position, quantity, gain, frees_margin=False)
    return after, moment.step(
        after,
        action,
        position=position.key,
        symbol=position.contract.symbol,
        side=side_word(position.side),
        quantity=quantity,
        left=left,
        price=moment.mark(position),
        pnl=pnl,
        fee=fee,
        in_profit=pnl > 0 and action is not Action.NET_LEGS,
    )


def _fee(account: Account, position: Position, moment: Moment) -> Decimal:
    return moment.value(account, position) * moment.sequence.fee


def _shortfall(before: Account, now: Account, position: Position, moment: Moment) -> list[CascadeStep]:
    """What an isolated position lost beyond its margin, once all of it is closed."""
    if position.isolated_margin is None or moment.find(now) is not None:
        return []
    margin = position.isolated_margin * moment.price(before, position.contract.settle)
    rest = net(margin, moment.pnl(before, position), -_fee(before, position, moment))
    return [moment.step(now, Action.BANKRUPT, position=position.key, amount=-rest)] if rest < 0 else []


def _orders_cancelled(account: Account, pool: Pool, moment: Moment) -> Done:
    if not pool.orders:
        return account, []
    now = replace(account, orders=tuple(order for order in account.orders if order not in pool.orders))
    return now, [moment.step(now, Action.CANCEL_ORDERS)]


def _legs_netted(account: Account, pool: Pool, moment: Moment) -> Done:
    """Long and short of one contract closed against each other, as much as the smaller leg; no fee."""
    free = replace(moment, sequence=replace(moment.sequence, fee=ZERO))
    now, steps = account, list[CascadeStep]()
    for symbol in dict.fromkeys(position.contract.symbol for position in pool.positions):
        legs = [position for position in pool.positions if position.contract.symbol == symbol]
        if len(legs) == 2:
            for leg in legs:
                now, step = _closed(now, leg, min(one.quantity for one in legs), free, Action.NET_LEGS)
                steps.append(step)
    return now, steps


def _debts_repaid(account: Account, pool: Pool, moment: Moment) -> Done:
    """Debts repaid out of the other balances, pro rata by value at their prices; what is sold loses its haircut."""
    values = {holding.asset: holding.gross(moment.ratios) for holding in pool.holdings}
    debts = {asset: -value for asset, value in values.items() if value < 0}
    spare = {
        holding.asset: min(holding.balance * moment.price(account, holding.asset), values[holding.asset])
        for holding in pool.holdings
        if holding.balance > 0 and values[holding.asset] > 0
    }
    owed, there = sum(debts.values(), ZERO), sum(spare.values(), ZERO)
    paid = min(owed, there)
    if not paid:
        return account, []
    changes = {asset: -value * paid / there / moment.price(account, asset) for asset, value in spare.items()}
    changes |= {asset: debt * paid / owed / moment.price(account, asset) for asset, debt in debts.items()}
    now = transferred(account, changes)
    return now, [moment.step(now, Action.REPAY, amount=paid)]


def _taken_over(account: Account, pool: Pool, moment: Moment) -> Done:
    """Every position of the pool goes to the venue, and the equity that is left with it; no fee beyond that."""
    free = replace(moment, sequence=replace(moment.sequence, fee=ZERO))
    now, steps = account, list[CascadeStep]()
    for position in pool.positions:
        now, step = _closed(now, position, position.quantity, free, Action.TAKE_OVER)
        steps += [step, *_shortfall(account, now, position, free)]
    settle = pool.positions[0].contract.settle
    kept = _rest(account, now, pool, moment)
    if kept > 0:
        now = realised(now, settle, -kept / moment.price(account, settle))
        alone = pool.positions[0].key if not pool.is_shared else None
        steps.append(moment.step(now, Action.FORFEIT, position=alone, amount=kept))
    return now, steps


def _rest(before: Account, now: Account, pool: Pool, moment: Moment) -> Decimal:
    """What is left of a pool once all its positions are closed, in currency; ``before`` is the account with them.

    Without what is taken as given: nobody knows what a venue makes of it.
    """
    if pool.is_shared:
        left = moment.find(now)
        given = () if left is None else (-one.value(moment.ratios) for one in left.others)
        return ZERO if left is None else net(pool_risk(left, moment.ratios).equity, *given)
    (position,) = pool.positions
    margin = position.set_aside * moment.price(before, position.contract.settle)
    return net(margin, moment.pnl(before, position))


def _without_position(account: Account, pool: Pool, moment: Moment) -> Done:
    """Nothing left to close and not healthy: debts are repaid; a deficit beyond that is not owed."""
    now, steps = _debts_repaid(account, pool, moment)
    after = moment.find(now)
    equity = ZERO if after is None else pool_risk(after, moment.ratios).equity
    if after is None or not pool.is_shared or sign(equity, pool_risk(pool).scale) >= 0:
        return now, steps
    now = transferred(now, {one.asset: -one.balance for one in after.holdings})
    gone = {one.asset for one in after.holdings}
    bonus = {asset: units for asset, units in now.bonus.items() if asset not in gone}
    kept = tuple(row for row in now.others if not any(one.row is row for one in after.others))
    now = replace(now, bonus=bonus, others=kept)
    return now, [*steps, moment.step(now, Action.BANKRUPT, amount=-equity)]
