"""partition(account) -> pools: the only place that knows margin and collateral modes.

A pool is what stands and falls together: collateral and positions that share one equity and one requirement.
Inside a pool everything is written against *price ratios* r (asset price / its price now), in the account's currency:

* a position has the exposure  side * (N * r_driver - E * r_settle),  N its notional and E its entry value now.
  Linear contracts are driven by their base, settle in their quote, side as held; inverse ones are driven by their
  quote and settle in their base with the side reversed. This is exact and makes both kinds one.
* the equity of an asset is therefore a sum of coefficients times ratios (``Holding.form``), and counts through a curve;
* what positions need is a ``Requirement`` (see ``requirement``).
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from marginctl.core.account import (
    Account,
    AssetTerms,
    CollateralMode,
    MarginMode,
    MarginRules,
    Order,
    Position,
)
from marginctl.core.contract import (
    LONG,
    collateral_curve,
    loan_curve,
)
from marginctl.core.exact import ONE, ZERO, net
from marginctl.core.motion import Motion, Quanto
from marginctl.core.opaque import FIXED, OpaqueRow, given_margins
from marginctl.core.orders import OrderNeed, order_margins, order_needs
from marginctl.core.piecewise import Curve
from marginctl.core.requirement import Leg, Requirement, Term, combined, leg, netted
from marginctl.core.value import entry_value, exposure_side, notional, quanto_of

if TYPE_CHECKING:
    from marginctl.core.model_margin import ModelMargins
    from marginctl.core.model_orders import UnitOrders

NO_TIERS = Requirement(), Requirement()
"""Where the rates of a position are not known."""
BARE_TERMS = AssetTerms()
BARE_CURVE = collateral_curve(BARE_TERMS.haircuts, ONE)


class Holding(Struct, frozen=True):
    """One asset of a pool. ``form``: currency per ratio, so that value before haircut = sum(form[a] * r_a).

    ``traded``: driver and signed notional of the contracts that settle in it, by ``:SYMBOL``: a part of the form that
    may move by itself. ``quantos``: the same of those that settle in it as a third asset, which are
    no part of the form.
    """

    asset: str
    balance: Decimal
    price: Decimal
    form: dict[str, Decimal]
    curve: Curve
    loan: Curve | None
    traded: dict[str, tuple[str, Decimal]] = {}
    quantos: dict[str, tuple[Quanto, Decimal]] = {}

    @property
    def label(self) -> str:
        """What an explanation calls it."""
        return self.asset

    def gross(self, ratios: dict[str, Decimal]) -> Decimal:
        """price * (balance + unrealized PnL), before haircuts, in currency."""
        apart = [
            self.traded[key][1] * (ratio - ratios.get(self.traded[key][0], ONE))
            for key, ratio in ratios.items()
            if key in self.traded
        ]
        apart += [amount * quanto.at(ratios) for quanto, amount in self.quantos.values()]
        return net(*(amount * ratios.get(asset, ONE) for asset, amount in self.form.items()), *apart)

    def value(self, ratios: dict[str, Decimal]) -> Decimal:
        """What the asset adds to the pool's equity, in currency."""
        return self.curve.at(self.gross(ratios), self.price * ratios.get(self.asset, ONE))

    def loan_margin(self, ratios: dict[str, Decimal]) -> Decimal:
        """Maintenance on debt: loan_rate * max(0, -value before haircut)."""
        return self.loan.at(self.gross(ratios), ONE) if self.loan else ZERO


class OpaqueHolding(Holding, frozen=True, kw_only=True):
    """A row that is taken as given, as a part of the equity: it counts as it is."""

    row: OpaqueRow

    @property
    def label(self) -> str:
        """The name of the row."""
        return self.row.name


class Pool(Struct, frozen=True):
    """Collateral and positions that share one equity. ``order_margin`` in currency.

    ``order_maintenance``: the parts of ``maintenance`` that open orders add. ``legs``: the positions' requirements
    alone, before netting. ``exposures``: per contract the signed notional in currency, as it enters the form of its
    settle asset. ``terms``: how each asset counts in it. ``asked``: what a model of the whole asks, None = none does;
    ``tiered``: what the tiers of its contracts would ask then (initial, maintenance); ``scanned_orders``: what its
    orders add then, unit by unit, where that is not by tiers. ``followers``: what moves along with an asset.
    ``quantos``: what moves those of its contracts that settle in a third asset. ``others``: rows taken as given.
    """

    name: str
    margin_mode: MarginMode
    rules: MarginRules
    terms: dict[str, AssetTerms]
    holdings: tuple[Holding, ...]
    positions: tuple[Position, ...]
    legs: tuple[Leg, ...]
    maintenance: Requirement
    initial: Requirement
    exposures: dict[str, Decimal]
    order_margin: Decimal
    orders: tuple[Order, ...]
    order_maintenance: tuple[Term, ...] = ()
    order_needs: tuple[OrderNeed, ...] = ()
    asked: "ModelMargins | None" = None
    tiered: tuple[Requirement, Requirement] | None = None
    scanned_orders: tuple["UnitOrders", ...] = ()
    followers: dict[str, tuple[str, ...]] = {}
    quantos: tuple[Quanto, ...] = ()
    others: tuple[OpaqueHolding, ...] = ()

    @property
    def sources(self) -> tuple[Holding, ...]:
        """All that its equity is a sum of: the assets, then what is taken as given."""
        return self.holdings + self.others if self.others else self.holdings

    def bends(self, motion: Motion) -> bool:
        """Whether the value of a quanto in it is no straight line along a motion (``bent``)."""
        return any(quanto.line(motion) is None for quanto in self.quantos)

    def moving_with(self, asset: str) -> tuple[str, ...]:
        """What moves when the asset does, beside itself."""
        return self.followers.get(asset, ())

    @property
    def needs_equity(self) -> bool:
        """Whether equity below 0 is too little where nothing is needed: under a model of the whole, with a position."""
        return self.asked is not None and bool(self.positions)

    @property
    def is_shared(self) -> bool:
        """Whether positions, orders and debts share it; else it is one position's own."""
        return is_shared(self.margin_mode)

    @property
    def is_occupied(self) -> bool:
        """Whether a position, an order or a row taken as given stands in it."""
        return bool(self.positions or self.orders or self.others)


def is_shared(mode: MarginMode | str) -> bool:
    """Whether a pool of a margin mode is shared; ``mode`` may be its word, as reports have it."""
    return MarginMode(mode) is MarginMode.CROSS


def rules_of(account: Account, mode: MarginMode | str) -> MarginRules:
    """The margin rules of the pools, and of the positions, of a mode."""
    return account.rules if is_shared(mode) else account.isolated_rules or account.rules


def terms_in(account: Account, mode: MarginMode | str, asset: str) -> AssetTerms:
    """How an asset counts in a pool: haircuts and factors where assets secure each other, loans in shared ones."""
    if not is_shared(mode):
        return BARE_TERMS
    own = account.terms.get(asset, BARE_TERMS)
    return own if account.collateral_mode is CollateralMode.MULTI_ASSET else AssetTerms(loan_rate=own.loan_rate)


def shared_name(account: Account, asset: str) -> str:
    """The name of the shared pool that an asset is in."""
    return "cross" if account.collateral_mode is CollateralMode.MULTI_ASSET else f"cross:{asset}"


def partition(account: Account, known: Iterable[Pool] = ()) -> tuple[Pool, ...]:
    """The pools of an account: cross ones first, in the order of the collateral, then one per isolated position.

    Isolated margins are set aside out of the balances, so every partition shares out the same collateral. ``known``:
    pools at the same prices and rules; of positions that are still the same the isolated ones are taken over, and legs.
    """
    before = list(known)
    own = {id(pool.positions[0]): pool for pool in before if not pool.is_shared}
    legs = {pool.name: pool.legs for pool in before if pool.is_shared}
    pools = [_shared_pool(account, name, share, legs.get(name, ())) for name, share in _shares(account).items()]
    pools += [own.get(id(one)) or _isolated_pool(account, one) for one in account.positions if one.is_isolated]
    return tuple(pools) or (_pool(account, shared_name(account, account.currency), MarginMode.CROSS, {}, [], ()),)


def rebuilt(account: Account, pool: Pool) -> Pool | None:
    """The shared pool of the same name of an account with the same rules and prices, None where it has none.

    Legs of the positions that both have are taken over.
    """
    share = _shares(account).get(pool.name)
    return None if share is None else _shared_pool(account, pool.name, share, pool.legs)


def _shares(account: Account) -> dict[str, dict[str, Decimal]]:
    """The balances of each shared pool by its name: what isolated positions have set aside is out of them."""
    balances = dict(account.balances)
    for settle in _settled_in(account):
        balances.setdefault(settle, ZERO)
    for position in account.positions:
        if position.is_isolated:
            settle = position.contract.settle
            balances[settle] = net(balances[settle], -position.set_aside)
    shares: dict[str, dict[str, Decimal]] = {}
    for asset, balance in balances.items():
        shares.setdefault(shared_name(account, asset), {})[asset] = balance
    return shares


def _settled_in(account: Account) -> list[str]:
    """The assets that something settles in; those of rows taken as given where nothing else makes their pool."""
    contracts = [one.contract for one in account.positions] + [one.contract for one in account.orders]
    settled = [contract.settle for contract in contracts]
    there = {shared_name(account, asset) for asset in (*account.balances, *settled)}
    missing = [row.settle or account.currency for row in account.others if _pool_of_row(account, row) not in there]
    return settled + missing


def _pool_of_row(account: Account, row: OpaqueRow) -> str:
    """The name of the pool that a row taken as given is in."""
    return shared_name(account, row.settle or account.currency)


def _shared_pool(account: Account, name: str, share: dict[str, Decimal], kept: Iterable[Leg] = ()) -> Pool:
    positions = [one for one in account.positions if not one.is_isolated and one.contract.settle in share]
    orders = tuple(order for order in account.orders if order.contract.settle in share)
    return _pool(account, name, MarginMode.CROSS, share, positions, orders, {one.position.key: one for one in kept})


def _isolated_pool(account: Account, position: Position) -> Pool:
    name = f"isolated:{position.contract.symbol}:{'long' if position.side == LONG else 'short'}"
    balances = {position.contract.settle: position.set_aside}
    return _pool(account, name, MarginMode.ISOLATED, balances, [position], ())


def _pool(
    account: Account,
    name: str,
    mode: MarginMode,
    balances: dict[str, Decimal],
    positions: list[Position],
    orders: tuple[Order, ...],
    kept: Mapping[str, Leg] | None = None,
) -> Pool:
    rules, terms = rules_of(account, mode), {asset: terms_in(account, mode, asset) for asset in balances}
    others = [row for row in account.others if is_shared(mode) and _pool_of_row(account, row) == name]
    weights = {asset: entry.requirement_factor for asset, entry in terms.items()}
    known = kept or {}
    legs = [_leg(account, p, rules, weights[p.contract.settle], known.get(p.key)) for p in positions]
    tiered = NO_TIERS
    if all(one.is_known for one in legs):
        tiered = combined(netted(legs, rules, account.prices, weights), rules)
    asked = _modelled(account, positions, balances) if is_shared(mode) else None
    initial, maintenance = tiered if asked is None else asked.requirements
    scanned = _scanned_orders(account, asked, orders)
    needs = order_needs(account, positions, orders, weights) if scanned is None else []
    ordered = order_margins(needs, account.prices)
    return Pool(
        name=name,
        margin_mode=mode,
        rules=rules,
        terms=terms,
        holdings=_holdings(account, balances, positions, terms),
        positions=tuple(positions),
        legs=tuple(legs),
        maintenance=Requirement(maintenance.parts + ordered.maintenance + given_margins(others, "maintenance")),
        initial=Requirement(initial.parts + given_margins(others, "initial")),
        exposures=_exposures(account, positions),
        order_margin=ordered.initial if scanned is None else sum((one.margin for one in scanned), ZERO),
        orders=orders,
        order_maintenance=ordered.maintenance,
        order_needs=tuple(needs),
        asked=asked,
        tiered=tiered if asked is not None else None,
        scanned_orders=tuple(scanned or ()),
        quantos=tuple(found for position in positions if (found := quanto_of(position.contract)) is not None),
        followers={asset: account.moving_with(asset)[1:] for asset in account.follows.values()},
        others=tuple(_opaque(row, account.prices) for row in others),
    )


def _leg(account: Account, position: Position, rules: MarginRules, weight: Decimal, kept: Leg | None) -> Leg:
    """A position's requirement alone; not known where a model of the whole asks, and it has no rates of its own.

    ``kept``: one that was worked out for the same position.
    """
    if kept is not None and kept.position is position:
        return kept
    if account.model is not None and not position.has_rates:
        return Leg(position, (), (), is_known=False)
    return leg(position, rules, account.prices, weight)


def _modelled(account: Account, positions: list[Position], balances: dict[str, Decimal]) -> "ModelMargins | None":
    """The margins that a model of the whole asks of a shared pool; None where its contracts' tiers do."""
    if account.model is None:
        return None
    from marginctl.core.model_margin import margins_of

    return margins_of(account, positions, balances, account.model)


def _scanned_orders(
    account: Account, asked: "ModelMargins | None", orders: tuple[Order, ...]
) -> "list[UnitOrders] | None":
    """What orders add to the scan of their units; None where they count by tiers."""
    if asked is None or not asked.terms.scans_orders:
        return None
    from marginctl.core.model_orders import unit_orders

    return unit_orders(asked, orders, account.prices)


def _holdings(
    account: Account, balances: dict[str, Decimal], positions: list[Position], terms: dict[str, AssetTerms]
) -> tuple[Holding, ...]:
    forms = {asset: {asset: balance * account.prices[asset]} for asset, balance in balances.items()}
    traded: dict[str, dict[str, tuple[str, Decimal]]] = {asset: {} for asset in forms}
    quantos: dict[str, dict[str, tuple[Quanto, Decimal]]] = {asset: {} for asset in forms}
    for position in positions:
        side, key = exposure_side(position), f":{position.contract.symbol}"
        settle, driver, quanto = position.contract.settle, position.contract.driver, quanto_of(position.contract)
        form, value = forms[settle], side * notional(position, account.prices)
        if quanto is not None:
            quantos[settle][key] = quanto, net(quantos[settle].get(key, (quanto, ZERO))[1], value)
        else:
            traded[settle][key] = driver, net(traded[settle].get(key, (driver, ZERO))[1], value)
            form[driver] = net(form.get(driver, ZERO), value)
        form[settle] = net(form[settle], -side * entry_value(position, account.prices))
    return tuple(
        Holding(
            asset,
            balances[asset],
            account.prices[asset],
            form,
            _collateral(terms[asset]),
            _loan(terms[asset]),
            traded[asset],
            quantos[asset],
        )
        for asset, form in forms.items()
    )


def _opaque(row: OpaqueRow, prices: dict[str, Decimal]) -> OpaqueHolding:
    form = row.form(prices)
    return OpaqueHolding(asset=FIXED, balance=row.value, price=ONE, form=form, curve=BARE_CURVE, loan=None, row=row)


def _exposures(account: Account, positions: list[Position]) -> dict[str, Decimal]:
    exposures: dict[str, Decimal] = {}
    for position in positions:
        value = exposure_side(position) * notional(position, account.prices)
        exposures[position.contract.symbol] = net(exposures.get(position.contract.symbol, ZERO), value)
    return exposures


def _collateral(terms: AssetTerms) -> Curve:
    return BARE_CURVE if terms == BARE_TERMS else collateral_curve(terms.haircuts, terms.liability_factor)


def _loan(terms: AssetTerms) -> Curve | None:
    return loan_curve(terms.loan_rate) if terms.loan_rate else None
