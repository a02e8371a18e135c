"""What a pool has and needs at a set of asset prices.

``pool_risk`` is the one evaluation of the engine: account totals are the sum over pools, a scenario is the same call at
other ratios, and health is  equity - level * maintenance_margin.

Bonus of a venue: margin like the rest of a balance, but not the trader's: it is lost first and never withdrawn.

What is left of it once every loss is taken:  max(0, bonus - sum over positions of max(0, -unrealized PnL)),  asset by
asset, in its units. Gains are the trader's. That is the same whether positions are closed or only marked, and in
whatever order they are.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from marginctl.core.account import Account, Equality, MarginRules
from marginctl.core.contract import ContractType
from marginctl.core.exact import ONE, ZERO, net, ratio, settled, sign
from marginctl.core.pool import Pool
from marginctl.core.value import base_size, unrealized_pnl

NO_MOVE: dict[str, Decimal] = {}


class Risk(Struct, frozen=True):
    """Equity and what it must cover, in currency; additive, with ``NO_RISK`` as zero.

    ``scale`` is the money involved (sum of absolute values), against which division residue is told from a figure.
    needs_equity: whether equity below 0 is too little even where no maintenance margin is asked.
    """

    equity: Decimal = ZERO
    initial_margin: Decimal = ZERO
    order_margin: Decimal = ZERO
    maintenance_margin: Decimal = ZERO
    loan_margin: Decimal = ZERO
    scale: Decimal = ZERO
    needs_equity: bool = False

    def __add__(self, other: "Risk") -> "Risk":
        return Risk(
            self.equity + other.equity,
            self.initial_margin + other.initial_margin,
            self.order_margin + other.order_margin,
            self.maintenance_margin + other.maintenance_margin,
            self.loan_margin + other.loan_margin,
            self.scale + other.scale,
            self.needs_equity or other.needs_equity,
        )

    @property
    def used_margin(self) -> Decimal:
        """initial_margin + order_margin."""
        return self.initial_margin + self.order_margin

    @property
    def free_collateral(self) -> Decimal:
        """equity - initial_margin - order_margin, signed."""
        return self.equity - self.used_margin

    @property
    def utilization(self) -> Decimal | None:
        """(initial_margin + order_margin) / equity; None where equity cannot carry it."""
        return self.over_equity(self.used_margin)

    def buffer(self, level: Decimal) -> Decimal:
        """equity - level * maintenance_margin: health."""
        return self.equity - level * self.maintenance_margin

    def maintenance_ratio(self, level: Decimal) -> Decimal | None:
        """level * maintenance_margin / equity; None where equity cannot carry it."""
        return self.over_equity(level * self.maintenance_margin)

    def over_equity(self, figure: Decimal) -> Decimal | None:
        """figure / equity; None where equity, division residue aside, is not positive, 0 for a figure of 0."""
        if figure and sign(self.equity, self.scale) <= 0:
            return None
        return ratio(figure, self.equity)

    def is_liquidatable(self, rules: MarginRules) -> bool:
        """equity < level * maintenance_margin (<= where the venue counts equality), with maintenance_margin > 0.

        Where equity is needed anyway: equity < 0 without one.
        """
        if self.maintenance_margin <= 0:
            return self.needs_equity and sign(self.equity, self.scale) < 0
        health = sign(self.buffer(rules.level), self.scale)
        return health < 0 or (not health and rules.equality is Equality.LIQUIDATED)

    def is_warned(self, rules: MarginRules) -> bool:
        """equity <= warning_level * maintenance_margin, where the venue has such a level."""
        if rules.warning_level is None or self.maintenance_margin <= 0:
            return False
        return sign(self.buffer(rules.warning_level), self.scale) <= 0

    def is_called(self, rules: MarginRules, ratio: Decimal | None) -> bool:
        """level * maintenance_margin > ratio * equity, where there is such a ratio."""
        if ratio is None or self.maintenance_margin <= 0:
            return False
        return sign(ratio * self.equity - rules.level * self.maintenance_margin, self.scale) < 0


NO_RISK = Risk()


def pool_risk(pool: Pool, ratios: dict[str, Decimal] = NO_MOVE) -> Risk:
    """The risk of a pool with asset prices multiplied by ``ratios`` (1 where not given).

    maintenance_margin includes the maintenance on debt. Order margin is that of today's prices. Residue is 0.
    """
    loans = sum((holding.loan_margin(ratios) for holding in pool.sources), ZERO)
    amounts = [item for holding in pool.sources for item in holding.form.items()]
    scale = sum((abs(amount) * max(ONE, ratios.get(asset, ONE)) for asset, amount in amounts), ZERO)
    thirds = [row for holding in pool.sources for row in holding.quantos.values()]
    scale += sum((abs(amount) * max(ONE, quanto.at(ratios)) for quanto, amount in thirds), ZERO)
    return Risk(
        equity=settled(sum((holding.value(ratios) for holding in pool.sources), ZERO), scale),
        initial_margin=settled(pool.initial.at(ratios), scale),
        order_margin=pool.order_margin,
        maintenance_margin=settled(pool.maintenance.at(ratios) + loans, scale),
        loan_margin=settled(loans, scale),
        scale=scale,
        needs_equity=pool.needs_equity,
    )


def deltas(account: Account, pool: Pool) -> dict[str, Decimal]:
    """Units of each asset the pool is long: coin equity plus the signed base quantity of its contracts.

    A contract is short its quote by as much: one quoted in a coin (ETHBTC) is short that coin. What follows an asset
    counts as so many units of it as it is worth, and by itself too.
    """
    found = own_deltas(account, pool)
    for asset, units in list(found.items()):
        led = account.underlying(asset)
        if led != asset:
            found[led] = net(found.get(led, ZERO), units * account.prices[asset] / account.prices[led])
    return found


def own_deltas(account: Account, pool: Pool) -> dict[str, Decimal]:
    """The same of each asset by itself. A quanto is so much of its base as its quote buys with what it pays."""
    found: dict[str, Decimal] = {}
    for holding in pool.holdings:
        found[holding.asset] = net(found.get(holding.asset, ZERO), holding.gross({}) / holding.price)
    for position in pool.positions:
        contract = position.contract
        units = position.side * position.quantity * contract.contract_size
        base = position.side * base_size(contract, position.quantity, position.mark_price)
        if contract.type is ContractType.QUANTO:
            base *= account.prices[contract.settle] / account.prices[contract.quote]
        is_inverse = contract.type is ContractType.INVERSE
        found[contract.base] = net(found.get(contract.base, ZERO), base)
        quote = units if is_inverse else base * position.mark_price
        found[contract.quote] = net(found.get(contract.quote, ZERO), -quote)
    for asset, amount in (item for one in pool.others for item in one.row.delta.items()):
        found[asset] = net(found.get(asset, ZERO), amount)
    return found


def worst_pool(risks: Iterable[tuple[Pool, Risk]]) -> tuple[Pool, Risk]:
    """The cross pool with the highest maintenance ratio (none being the worst), then utilization, then least buffer.

    Of all pools where no cross pool holds a position or an order. Compared by multiplying across.
    """
    rows = list(risks)
    cross = [row for row in rows if row[0].is_shared]
    rows = cross if any(pool.is_occupied for pool, _ in cross) else rows
    worst = rows[0]
    for row in rows[1:]:
        if _is_worse(row, worst):
            worst = row
    return worst


def _is_worse(row: tuple[Pool, Risk], than: tuple[Pool, Risk]) -> bool:
    (pool, one), (other_pool, other) = row, than
    for numerator, against in (
        (pool.rules.level * one.maintenance_margin, other_pool.rules.level * other.maintenance_margin),
        (one.used_margin, other.used_margin),
    ):
        higher = _is_higher(numerator, one.equity, against, other.equity)
        if higher is not None:
            return higher
    return one.buffer(pool.rules.level) < other.buffer(other_pool.rules.level)


def _is_higher(numerator: Decimal, equity: Decimal, against: Decimal, other_equity: Decimal) -> bool | None:
    """numerator / equity > against / other_equity, None when equal; a ratio that does not exist is above all others."""
    missing, other_missing = numerator > 0 >= equity, against > 0 >= other_equity
    if missing or other_missing:
        return None if missing and other_missing else missing
    left = numerator * (other_equity if against else ONE)
    right = against * (equity if numerator else ONE)
    difference = net(left, -right)
    return None if not difference else difference > 0


def bonus_left(account: Account, ratios: dict[str, Decimal] = NO_MOVE) -> dict[str, Decimal]:
    """Units of each asset that are still the venue's once the losses at these price ratios are taken."""
    left = dict(account.bonus)
    for position in account.positions if left else ():
        settle = position.contract.settle
        unit = account.prices[settle] * ratios.get(settle, ONE)
        loss = max(ZERO, -unrealized_pnl(position, account.prices, ratios))
        if settle in left and unit:
            left[settle] = net(left[settle], -loss / unit)
    return {asset: max(ZERO, units) for asset, units in left.items()}


def bonus_equity(account: Account, pools: Iterable[Pool], ratios: dict[str, Decimal] = NO_MOVE) -> Decimal | None:
    """What of the equity of the pools is bonus that is left, in currency; None where the venue gave none.

    The last units of each asset are the bonus: in shared pools as far as they hold it, then in isolated margins.
    """
    if not account.bonus:
        return None
    found = ZERO
    for asset, units in bonus_left(account, ratios).items():
        unit, rest = account.prices[asset] * ratios.get(asset, ONE), units
        for holding in (one for pool in pools for one in pool.holdings if one.asset == asset and unit):
            gross = holding.gross(ratios)
            there = min(rest * unit, max(ZERO, gross))
            found += holding.curve.at(gross, unit) - holding.curve.at(net(gross, -there), unit)
            rest = net(rest, -there / unit)
    return found


def bonus_after(bonus: Mapping[str, Decimal], losses: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Units of bonus by asset once losses by asset are realised."""
    return {asset: max(ZERO, net(units, -losses.get(asset, ZERO))) for asset, units in bonus.items()}
