"""partition(account) -> pools: the only place that knows margin modes.

A pool is what stands and falls together: collateral and positions that share one equity and one requirement.
Inside a pool everything is written against *price ratios* r (asset price / its price now), in the account's currency:

* a position has the exposure  side * (N * r_driver - E * r_settle),  N its notional and E its entry value now.
  Linear contracts are driven by their base, settle in their quote, side as held; inverse ones are driven by their
  quote and settle in their base with the side reversed. This is exact and makes both kinds one.
* the equity of an asset is therefore a sum of coefficients times ratios (``Holding.form``), and counts through a curve;
* a requirement is a ``Term``: a tier curve of one notional, in units of the settle asset.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import (
    Account,
    AssetTerms,
    Basis,
    CloseFee,
    CloseFeeIn,
    CollateralMode,
    MarginMode,
    Netting,
    OpenLoss,
    Order,
    Position,
    PositionMode,
    Rules,
)
from marginctl.core.contract import (
    LONG,
    SHORT,
    Contract,
    ContractType,
    Tier,
    TiersBy,
    collateral_curve,
    initial_curve,
    loan_curve,
    maintenance_curve,
)
from marginctl.core.exact import ONE, ZERO
from marginctl.core.piecewise import Curve, constant_curve

BARE_TERMS = AssetTerms()
BARE_CURVE = collateral_curve(BARE_TERMS.haircuts, ONE)


class Term(Struct, frozen=True, gc=False):
    """weight * unit * curve(value / unit) with value = amount * r_driver and unit = unit_price * r_unit (currency).

    ``symbol`` names the contract whose own mark moves ``amount``; empty where only asset prices do.
    """

    curve: Curve
    amount: Decimal
    driver: str
    unit_price: Decimal
    unit: str
    weight: Decimal
    symbol: str

    def at(self, ratios: dict[str, Decimal]) -> Decimal:
        """The requirement in currency at these price ratios (1 where not given)."""
        value = self.amount * ratios.get(self.driver, ONE)
        return self.weight * self.curve.at(value, self.unit_price * ratios.get(self.unit, ONE))


class Requirement(Struct, frozen=True):
    """Terms that add, and pairs of sides of which the dearer one counts."""

    terms: tuple[Term, ...] = ()
    larger_of: tuple[tuple[tuple[Term, ...], tuple[Term, ...]], ...] = ()

    def at(self, ratios: dict[str, Decimal]) -> Decimal:
        """The requirement in currency at these price ratios."""
        added = sum((term.at(ratios) for term in self.terms), ZERO)
        for longs, shorts in self.larger_of:
            added += max(sum((t.at(ratios) for t in longs), ZERO), sum((t.at(ratios) for t in shorts), ZERO))
        return added


class Holding(Struct, frozen=True):
    """One asset of a pool. ``form``: currency per ratio, so that value before haircut = sum(form[a] * r_a)."""

    asset: str
    balance: Decimal
    price: Decimal
    form: dict[str, Decimal]
    curve: Curve
    loan: Curve | None

    def gross(self, ratios: dict[str, Decimal]) -> Decimal:
        """price * (balance + unrealized PnL), before haircuts, in currency."""
        return sum((amount * ratios.get(asset, ONE) for asset, amount in self.form.items()), ZERO)

    def value(self, ratios: dict[str, Decimal]) -> Decimal:
        """What the asset adds to the pool's equity, in currency."""
        return self.curve.at(self.gross(ratios), self.price * ratios.get(self.asset, ONE))

    def loan_margin(self, ratios: dict[str, Decimal]) -> Decimal:
        """Maintenance on debt: loan_rate * max(0, -value before haircut)."""
        return self.loan.at(self.gross(ratios), ONE) if self.loan else ZERO


class Leg(Struct, frozen=True):
    """The requirement terms of one position, or of the part of it that netting leaves."""

    position: Position
    initial: tuple[Term, ...]
    maintenance: tuple[Term, ...]


class Pool(Struct, frozen=True):
    """Collateral and positions that share one equity. ``order_margin`` in currency.

    ``legs``: the positions' requirements alone, before netting. ``exposures``: per contract the signed notional in
    currency, as it enters the form of its settle asset.
    """

    name: str
    margin_mode: MarginMode
    rules: Rules
    holdings: tuple[Holding, ...]
    positions: tuple[Position, ...]
    legs: tuple[Leg, ...]
    maintenance: Requirement
    initial: Requirement
    exposures: dict[str, Decimal]
    order_margin: Decimal
    orders: tuple[Order, ...]

    @property
    def is_occupied(self) -> bool:
        """Whether a position or an order stands in it."""
        return bool(self.positions or self.orders)


def exposure_side(position: Position) -> int:
    """The sign of the exposure to the notional: the side, reversed for inverse contracts."""
    return position.side if position.contract.type is ContractType.LINEAR else -position.side


def value_at(contract: Contract, quantity: Decimal, price: Decimal, prices: dict[str, Decimal]) -> Decimal:
    """Value of ``quantity`` contracts at ``price``, in currency.

    linear: quantity * contract_size * price * price of the quote; inverse: quantity * contract_size / price * price of
    the base. At the mark this is the notional, at the entry price the entry value.
    """
    units = quantity * contract.contract_size
    if contract.type is ContractType.LINEAR:
        return units * price * prices[contract.quote]
    return units * prices[contract.base] / price


def notional(position: Position, prices: dict[str, Decimal]) -> Decimal:
    """Notional at the mark, in currency."""
    return value_at(position.contract, position.quantity, position.mark_price, prices)


def entry_value(position: Position, prices: dict[str, Decimal]) -> Decimal:
    """Notional at the entry price, in currency at today's asset prices."""
    return value_at(position.contract, position.quantity, position.entry_price, prices)


def tiers_in_force(position: Position, settle_notional: Decimal, quantity: Decimal) -> tuple[Tier, ...]:
    """The position's own rate as one tier, the tier of its quantity, or the table by notional."""
    contract = position.contract
    if position.maintenance_rate is not None:
        return (Tier(None, position.maintenance_rate, position.maintenance_deduction),)
    if contract.tiers_by is TiersBy.QUANTITY:
        tier = contract.tiers[min(contract.tier_index(settle_notional, quantity), len(contract.tiers) - 1)]
        return (Tier(None, tier.maintenance_rate, tier.deduction, tier.initial_rate),)
    return contract.tiers


def basis_value(position: Position, basis: Basis, prices: dict[str, Decimal]) -> Decimal:
    """The position's notional in currency at the price a margin is taken on."""
    return notional(position, prices) if basis is Basis.MARK else entry_value(position, prices)


def initial_rates(
    position: Position, value: Decimal, prices: dict[str, Decimal], quantity: Decimal | None = None
) -> Curve:
    """The curve of the initial margin: the position's own rate, or max(1 / leverage, the tier's initial rate).

    ``value`` is the notional (in currency) that ``initial_margin`` was given for; ``quantity`` (default: all of it)
    selects the tier where tiers go by quantity.
    """
    contract = position.contract
    if position.initial_rate is not None:
        return constant_curve(position.initial_rate)
    if position.initial_margin is not None:
        return constant_curve(position.initial_margin * prices[contract.settle] / value)
    least = ONE / position.leverage if position.leverage is not None else ZERO
    tiers = contract.tiers
    if contract.tiers_by is TiersBy.QUANTITY and tiers:
        held = position.quantity if quantity is None else quantity
        tiers = (tiers[min(contract.tier_index(ZERO, held), len(tiers) - 1)],)
    return initial_curve(tiers, least)


def initial_rate(position: Position, rules: Rules, prices: dict[str, Decimal]) -> Decimal:
    """The initial rate that holds for a position as it stands."""
    value = basis_value(position, rules.initial_basis, prices)
    rates = initial_rates(position, value, prices, position.quantity)
    return rates.slopes[rates.index(value, prices[position.contract.settle])]


def leg(
    position: Position, rules: Rules, prices: dict[str, Decimal], weight: Decimal, quantity: Decimal | None = None
) -> Leg:
    """Requirement terms of a position, or of ``quantity`` of it; ``weight``: requirement factor of its settle asset.

    initial = initial rate * notional [+ close fee]; maintenance = tier curve of the notional [+ close fee].
    """
    contract = position.contract
    settle, driver = contract.settle, contract.driver
    unit_price = prices[settle]
    part = position if quantity is None else replace(position, quantity=quantity)
    at_mark, at_entry = notional(part, prices), entry_value(part, prices)

    def term(curve: Curve, basis: Basis) -> Term:
        if basis is Basis.MARK:
            return Term(curve, at_mark, driver, unit_price, settle, weight, contract.symbol)
        return Term(curve, at_entry, settle, unit_price, settle, weight, "")

    tiers = tiers_in_force(part, at_mark / unit_price, part.quantity)
    rates = initial_rates(position, basis_value(position, rules.initial_basis, prices), prices, part.quantity)
    fee = _close_fee(part, rules, initial_rate(position, rules, prices)) if rules.needs_taker_fee else None
    fees = (term(*fee),) if fee else ()
    initial_fees = fees if rules.close_fee_in is CloseFeeIn.INITIAL_AND_MAINTENANCE else ()
    return Leg(
        position,
        (term(rates, rules.initial_basis), *initial_fees),
        (term(maintenance_curve(tiers), rules.maintenance_basis), *fees),
    )


def _close_fee(position: Position, rules: Rules, initial_rate: Decimal) -> tuple[Curve, Basis] | None:
    if rules.close_fee is CloseFee.NONE:
        return None
    if rules.close_fee is CloseFee.MARK:
        return constant_curve(position.taker_fee), Basis.MARK
    return constant_curve(position.taker_fee * (ONE - exposure_side(position) * initial_rate)), Basis.ENTRY


def netted(legs: Iterable[Leg], rules: Rules, prices: dict[str, Decimal], weights: dict[str, Decimal]) -> list[Leg]:
    """The legs after netting ``NET``: of opposite legs of one contract the net quantity, at the rates of its side."""
    if rules.netting is not Netting.NET:
        return list(legs)
    by_contract: dict[str, list[Leg]] = {}
    for one in legs:
        by_contract.setdefault(one.position.contract.symbol, []).append(one)
    remaining: list[Leg] = []
    for group in by_contract.values():
        longs = sum((one.position.quantity for one in group if one.position.side == LONG), ZERO)
        shorts = sum((one.position.quantity for one in group if one.position.side == SHORT), ZERO)
        if not longs or not shorts:
            remaining += group
            continue
        side, larger = (LONG, longs) if longs > shorts else (SHORT, shorts)
        rest = abs(longs - shorts)
        for one in group:
            if rest and one.position.side == side:
                weight = weights.get(one.position.contract.settle, ONE)
                quantity = rest * (one.position.quantity / larger)
                remaining.append(leg(one.position, rules, prices, weight, quantity))
    return remaining


def combined(legs: list[Leg], rules: Rules) -> tuple[Requirement, Requirement]:
    """Initial and maintenance requirement of a pool from its (netted) legs."""
    if rules.underlying_netting is Netting.LARGER_LEG:
        groups = _grouped(legs, lambda one: one.position.contract.base)
    elif rules.netting is Netting.LARGER_LEG:
        groups = _grouped(legs, lambda one: one.position.contract.symbol)
    else:
        return _sum(legs, "initial"), _sum(legs, "maintenance")
    return _dearer(groups, "initial"), _dearer(groups, "maintenance")


def _grouped(legs: list[Leg], key: Callable[[Leg], str]) -> list[tuple[list[Leg], list[Leg]]]:
    groups: dict[str, tuple[list[Leg], list[Leg]]] = {}
    for one in legs:
        longs, shorts = groups.setdefault(key(one), ([], []))
        (longs if one.position.side == LONG else shorts).append(one)
    return list(groups.values())


def _sum(legs: Iterable[Leg], which: str) -> Requirement:
    return Requirement(tuple(term for one in legs for term in getattr(one, which)))


def _dearer(groups: list[tuple[list[Leg], list[Leg]]], which: str) -> Requirement:
    terms: list[Term] = []
    pairs: list[tuple[tuple[Term, ...], tuple[Term, ...]]] = []
    for longs, shorts in groups:
        if longs and shorts:
            pairs.append((_sum(longs, which).terms, _sum(shorts, which).terms))
        else:
            terms += _sum(longs or shorts, which).terms
    return Requirement(tuple(terms), tuple(pairs))


def partition(account: Account) -> tuple[Pool, ...]:
    """The pools of an account: cross ones first, in the order of the collateral, then one per isolated position.

    Isolated margins are set aside out of the balances, so every partition shares out the same collateral.
    """
    isolated = [position for position in account.positions if position.margin_mode is MarginMode.ISOLATED]
    cross = [position for position in account.positions if position.margin_mode is MarginMode.CROSS]
    balances = dict(account.balances)
    for settle in [p.contract.settle for p in account.positions] + [o.contract.settle for o in account.orders]:
        balances.setdefault(settle, ZERO)
    for position in isolated:
        balances[position.contract.settle] -= position.isolated_margin or ZERO
    pools = list(_cross_pools(account, balances, cross))
    pools += [_isolated_pool(account, position) for position in isolated]
    return tuple(pools) or (_empty_pool(account),)


def _cross_pools(account: Account, balances: dict[str, Decimal], cross: list[Position]) -> Iterable[Pool]:
    if account.collateral_mode is CollateralMode.MULTI_ASSET:
        yield _pool(account, "cross", MarginMode.CROSS, balances, cross, account.orders, account.terms)
        return
    for asset, balance in balances.items():
        terms = account.terms.get(asset, BARE_TERMS)
        yield _pool(
            account,
            f"cross:{asset}",
            MarginMode.CROSS,
            {asset: balance},
            [position for position in cross if position.contract.settle == asset],
            tuple(order for order in account.orders if order.contract.settle == asset),
            {asset: AssetTerms(loan_rate=terms.loan_rate)},
        )


def _isolated_pool(account: Account, position: Position) -> Pool:
    name = f"isolated:{position.contract.symbol}:{'long' if position.side == LONG else 'short'}"
    balances = {position.contract.settle: position.isolated_margin or ZERO}
    return _pool(account, name, MarginMode.ISOLATED, balances, [position], (), {})


def _empty_pool(account: Account) -> Pool:
    """What an account that holds nothing at all has."""
    nothing = Requirement()
    return Pool(
        name=f"cross:{account.currency}",
        margin_mode=MarginMode.CROSS,
        rules=account.rules,
        holdings=(),
        positions=(),
        legs=(),
        maintenance=nothing,
        initial=nothing,
        exposures={},
        order_margin=ZERO,
        orders=(),
    )


def _pool(
    account: Account,
    name: str,
    mode: MarginMode,
    balances: dict[str, Decimal],
    positions: list[Position],
    orders: tuple[Order, ...],
    terms: dict[str, AssetTerms],
) -> Pool:
    rules = account.isolated_rules if mode is MarginMode.ISOLATED and account.isolated_rules else account.rules
    weights = {asset: entry.requirement_factor for asset, entry in terms.items()}
    legs = [leg(p, rules, account.prices, weights.get(p.contract.settle, ONE)) for p in positions]
    initial, maintenance = combined(netted(legs, rules, account.prices, weights), rules)
    return Pool(
        name=name,
        margin_mode=mode,
        rules=rules,
        holdings=_holdings(account, balances, positions, terms),
        positions=tuple(positions),
        legs=tuple(legs),
        maintenance=maintenance,
        initial=initial,
        exposures=_exposures(account, positions),
        order_margin=order_margin(account, positions, orders, weights),
        orders=orders,
    )


def _holdings(
    account: Account, balances: dict[str, Decimal], positions: list[Position], terms: dict[str, AssetTerms]
) -> tuple[Holding, ...]:
    forms = {asset: {asset: balance * account.prices[asset]} for asset, balance in balances.items()}
    for position in positions:
        side = exposure_side(position)
        settle, driver = position.contract.settle, position.contract.driver
        form = forms[settle]
        form[driver] = form.get(driver, ZERO) + side * notional(position, account.prices)
        form[settle] -= side * entry_value(position, account.prices)
    return tuple(
        Holding(
            asset,
            balances[asset],
            account.prices[asset],
            form,
            _collateral(terms.get(asset, BARE_TERMS)),
            _loan(terms.get(asset, BARE_TERMS)),
        )
        for asset, form in forms.items()
    )


def deltas(pool: Pool) -> dict[str, Decimal]:
    """Units of each asset the pool is long: coin equity plus the signed base quantity of its contracts.

    A contract is short its quote by as much: one quoted in a coin (ETHBTC) is short that coin.
    """
    found: dict[str, Decimal] = {}
    for holding in pool.holdings:
        found[holding.asset] = found.get(holding.asset, ZERO) + holding.gross({}) / holding.price
    for position in pool.positions:
        contract = position.contract
        units = position.side * position.quantity * contract.contract_size
        base = units if contract.type is ContractType.LINEAR else units / position.mark_price
        found[contract.base] = found.get(contract.base, ZERO) + base
        quote = base * position.mark_price if contract.type is ContractType.LINEAR else units
        found[contract.quote] = found.get(contract.quote, ZERO) - quote
    return found


def _exposures(account: Account, positions: list[Position]) -> dict[str, Decimal]:
    exposures: dict[str, Decimal] = {}
    for position in positions:
        value = exposure_side(position) * notional(position, account.prices)
        exposures[position.contract.symbol] = exposures.get(position.contract.symbol, ZERO) + value
    return exposures


def _collateral(terms: AssetTerms) -> Curve:
    return BARE_CURVE if terms == BARE_TERMS else collateral_curve(terms.haircuts, terms.liability_factor)


def _loan(terms: AssetTerms) -> Curve | None:
    return loan_curve(terms.loan_rate) if terms.loan_rate else None


def order_margin(
    account: Account, positions: list[Position], orders: tuple[Order, ...], weights: dict[str, Decimal]
) -> Decimal:
    """What the open orders of a pool add to its initial margin, in currency; see ``contract_order_margin``."""
    by_contract: dict[str, list[Order]] = {}
    for order in orders:
        if not order.reduce_only:
            by_contract.setdefault(order.contract.symbol, []).append(order)
    required = ZERO
    for symbol, group in by_contract.items():
        held = [position for position in positions if position.contract.symbol == symbol]
        weight = weights.get(group[0].contract.settle, ONE)
        if account.position_mode is PositionMode.HEDGE:
            required += weight * sum((_leg_orders(account, held, group, side) for side in (LONG, SHORT)), ZERO)
        else:
            required += weight * _contract_orders(account, held, group)
    return required


def _contract_orders(account: Account, held: list[Position], orders: list[Order]) -> Decimal:
    """One-way: max(0, max(R(position + buys), R(position - sells)) - R(position)), R(x) = |x| * initial rate.

    x is the signed notional: the position at its mark, the orders at their own prices. Where the venue charges it, a
    side's loss against the mark is added to that side.
    """
    position = held[0] if held else None
    now = position.side * notional(position, account.prices) if position else ZERO
    buys, bought_loss = _side_orders(account, orders, LONG)
    sells, sold_loss = _side_orders(account, orders, SHORT)
    rate = order_rate(account, position, orders, max(abs(now + buys), abs(now - sells)))
    after = max(abs(now + buys) * rate + bought_loss, abs(now - sells) * rate + sold_loss)
    return max(ZERO, after - abs(now) * rate)


def _leg_orders(account: Account, held: list[Position], orders: list[Order], side: int) -> Decimal:
    """Hedge mode: the orders that open a leg add to it; those that close one cost nothing."""
    opening = [order for order in orders if order.position_side == side and order.side == side]
    if not opening:
        return ZERO
    position = next((position for position in held if position.side == side), None)
    added, loss = _side_orders(account, opening, side)
    now = notional(position, account.prices) if position else ZERO
    return added * order_rate(account, position, opening, now + added) + loss


def _side_orders(account: Account, orders: list[Order], side: int) -> tuple[Decimal, Decimal]:
    """Notional of one side's orders at their own prices, and their loss against the mark, in currency."""
    value = loss = ZERO
    for order in orders:
        if order.side != side:
            continue
        at_price = value_at(order.contract, order.quantity, order.price, account.prices)
        at_mark = value_at(order.contract, order.quantity, order.mark_price, account.prices)
        gain = side * (at_mark - at_price) * (ONE if order.contract.type is ContractType.LINEAR else -ONE)
        value += at_price
        if account.rules.open_loss is OpenLoss.MARGIN:
            loss += max(ZERO, -gain)
    return value, loss


def order_rate(account: Account, position: Position | None, orders: list[Order], size: Decimal) -> Decimal:
    """The initial rate of orders: the position's where there is one, else their own, not below their tier's."""
    if position is not None:
        return initial_rate(position, account.rules, account.prices)
    first = orders[0]
    if first.initial_rate is not None:
        return first.initial_rate
    least = ONE / first.leverage if first.leverage is not None else ZERO
    curve = initial_curve(first.contract.tiers, least)
    if first.contract.tiers_by is TiersBy.QUANTITY:
        index = first.contract.tier_index(ZERO, sum((order.quantity for order in orders), ZERO))
        return curve.slopes[min(index, len(curve.slopes) - 1)]
    return curve.slopes[curve.index(size, account.prices[first.contract.settle])]
