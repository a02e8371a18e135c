"""Initial and maintenance margin of positions, before and after netting.

A requirement is a sum of parts: a ``Term`` is a tier curve of one notional, in units of the settle asset, a
``DearerSide`` what the dearer of two sides needs.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from marginctl.core.account import Basis, CloseFee, CloseFeeIn, MarginRules, Netting, Position
from marginctl.core.contract import (
    LONG,
    SHORT,
    Contract,
    ContractType,
    Tier,
    TiersBy,
    initial_curve,
    maintenance_curve,
)
from marginctl.core.exact import ONE, ZERO, net
from marginctl.core.motion import Bend, Motion, Quanto
from marginctl.core.piecewise import Curve, Line, Piece, along, constant_curve, larger, scaled, total
from marginctl.core.value import basis_value, entry_value, exposure_side, notional, quanto_of


class Term(Struct, frozen=True, gc=False):
    """weight * unit * curve(value / unit) with value = amount * r_driver and unit = unit_price * r_unit (currency).

    ``symbol`` names the contract whose own mark moves ``amount``; empty where only asset prices do. ``name``: the key
    of its position, for explanations. ``quanto``: what moves ``amount`` instead of one driver.
    """

    curve: Curve
    amount: Decimal
    driver: str
    unit_price: Decimal
    unit: str
    weight: Decimal
    symbol: str
    name: str = ""
    quanto: Quanto | None = None

    def at(self, ratios: dict[str, Decimal]) -> Decimal:
        """The requirement in currency at these price ratios (1 where not given)."""
        own = ratios.get(f":{self.symbol}") if self.symbol else None
        own = own if self.quanto is None else self.quanto.at(ratios)
        value = self.amount * (ratios.get(self.driver, ONE) if own is None else own)
        return self.weight * self.curve.at(value, self.unit_price * ratios.get(self.unit, ONE))

    @property
    def label(self) -> str:
        """What an explanation calls it."""
        return f"maintenance_margin of {self.name or 'orders'}"

    @property
    def movers(self) -> tuple[str, ...]:
        """What moves it: its driver, its unit, its contract's own mark."""
        own = (f":{self.symbol}",) if self.symbol else ()
        quote = (self.quanto.quote,) if self.quanto is not None else ()
        return (self.driver, self.unit, *own, *quote)

    @property
    def always_needs(self) -> bool:
        """Whether it is above 0 wherever prices are."""
        return bool(self.amount and self.weight) and (min(self.curve.slopes) > 0 or self.curve.bend > 0)

    def lines(self, motion: Motion) -> tuple[Line, Line]:
        """What it is taken of and the price of its unit, along a motion; of a quanto where that is straight."""
        driver = motion.driving(self.symbol, self.driver) if self.symbol else motion.of(self.driver)
        if self.quanto is not None:
            driver = self.quanto.line(motion) or driver
        return driver.scaled(self.amount), motion.of(self.unit).scaled(self.unit_price)

    def pieces(self, motion: Motion, end: Decimal | None, factor: Decimal = ONE) -> Iterable[Piece]:
        """factor * the requirement along a motion, in currency."""
        value, unit = self.lines(motion)
        return along(self.curve, value, unit, end, factor * self.weight)

    def bends(self, motion: Motion) -> tuple[Bend, ...]:
        """What of it is curved along a motion, in currency: on top of its pieces."""
        return (Bend(self.curve.bend * self.weight, *self.lines(motion)),) if self.curve.bend and self.weight else ()

    def row_at(self, motion: Motion, u: Decimal) -> tuple[Decimal, Decimal]:
        """The rate and the deduction (in units of the settle asset) that it has at ``u`` of a motion."""
        value, unit = self.lines(motion)
        k = self.curve.index(value.at(u), unit.at(u))
        return self.curve.rate(value.at(u), unit.at(u)), -self.curve.intercepts[k]


class DearerSide(Struct, frozen=True):
    """The larger of what the longs and the shorts need; neither is empty. ``today``: what they need, once asked for."""

    longs: tuple[Term, ...]
    shorts: tuple[Term, ...]
    today: list[tuple[Decimal, Decimal]] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What an explanation calls it."""
        return f"dearer side of {self.longs[0].name}"

    @property
    def movers(self) -> tuple[str, ...]:
        """Those of all its terms."""
        return tuple(key for term in self.longs + self.shorts for key in term.movers)

    @property
    def always_needs(self) -> bool:
        """Whether any of its terms does."""
        return any(term.always_needs for term in self.longs + self.shorts)

    def at(self, ratios: dict[str, Decimal]) -> Decimal:
        """The requirement in currency at these price ratios."""
        return max(sum((term.at(ratios) for term in side), ZERO) for side in (self.longs, self.shorts))

    def pieces(self, motion: Motion, end: Decimal | None, factor: Decimal = ONE) -> Iterable[Piece]:
        """factor * the requirement along a motion, in currency."""
        if not self.today:
            self.today.append((_need(self.longs), _need(self.shorts)))
        needs = self.today[0]
        longs = total(_side_pieces(self.longs, needs[0], motion, end))
        shorts = total(_side_pieces(self.shorts, needs[1], motion, end))
        return scaled(larger(longs, shorts, end), factor)


def _need(terms: Iterable[Term]) -> Decimal:
    return sum((term.at({}) for term in terms), ZERO)


def _side_pieces(
    terms: Iterable[Term], need: Decimal, motion: Motion, end: Decimal | None
) -> Iterable[Iterable[Piece]]:
    """What some terms need along a motion, ``need`` today: those that stay, times the numeraire, as one piece."""
    moving, rest = set(motion.moved), motion.rest
    moved = [term for term in terms if not moving.isdisjoint(term.movers)]
    still = need if not moved else net(need, *(-term.at({}) for term in moved))
    yield (Piece(ZERO, still * rest.at_zero, still * rest.slope),)
    yield from (term.pieces(motion, end) for term in moved)


class Part(Protocol):
    """What a requirement is a sum of; liquidation knows no kinds of it."""

    @property
    def label(self) -> str:
        """What an explanation calls it."""

    @property
    def movers(self) -> tuple[str, ...]:
        """What moves it: assets, and ``:SYMBOL`` for a contract's own mark."""

    @property
    def always_needs(self) -> bool:
        """Whether it is above 0 wherever prices are."""

    def at(self, ratios: dict[str, Decimal]) -> Decimal:
        """In currency at these price ratios (1 where not given)."""

    def pieces(self, motion: Motion, end: Decimal | None, factor: Decimal = ONE) -> Iterable[Piece]:
        """factor * the part along a motion, in currency, piece by piece outward."""


class Requirement(Struct, frozen=True):
    """Parts that add."""

    parts: tuple[Part, ...] = ()

    def at(self, ratios: dict[str, Decimal]) -> Decimal:
        """The requirement in currency at these price ratios."""
        return sum((part.at(ratios) for part in self.parts), ZERO)


class Leg(Struct, frozen=True):
    """The requirement terms of one position, or of the part of it that netting leaves.

    is_known: whether its rates are; without them no figure of it alone exists, and a model must say what is needed.
    """

    position: Position
    initial: tuple[Term, ...]
    maintenance: tuple[Term, ...]
    is_known: bool = True

    @property
    def initial_margin(self) -> Decimal | None:
        """What the position alone needs to be opened, in currency; None where its rates are not known."""
        return sum((term.at({}) for term in self.initial), ZERO) if self.is_known else None

    @property
    def maintenance_margin(self) -> Decimal | None:
        """What it alone needs to be kept."""
        return sum((term.at({}) for term in self.maintenance), ZERO) if self.is_known else None


def tiers_in_force(position: Position, settle_notional: Decimal, quantity: Decimal) -> tuple[Tier, ...]:
    """The position's own rate as one tier, the tier of its quantity, or the table by notional.

    A rate that grows is that of the size.
    """
    contract = position.contract
    if position.maintenance_rate is not None:
        rates = grown(contract, position.maintenance_rate, position.maintenance_growth, quantity)
        return (Tier(None, rates.rate(settle_notional, ONE), position.maintenance_deduction),)
    if contract.tiers_by is TiersBy.QUANTITY:
        tier = contract.tiers[min(contract.tier_index(settle_notional, quantity), len(contract.tiers) - 1)]
        return (Tier(None, tier.maintenance_rate, tier.deduction, tier.initial_rate),)
    return contract.tiers


def grown(contract: Contract, rate: Decimal, growth: Decimal, quantity: Decimal) -> Curve:
    """notional * (rate + growth * size), in the settle asset, with the size in units of the base.

    Of linear contracts that is their quantity's at any price; of inverse ones it is the notional in their coin.
    """
    if contract.type is ContractType.INVERSE:
        return constant_curve(rate, growth)
    return constant_curve(rate + growth * quantity * contract.contract_size)


def maintenance_rates(position: Position, settle_notional: Decimal, quantity: Decimal) -> Curve:
    """The curve of the maintenance margin: the position's own rate, or its contract's tiers."""
    if position.maintenance_rate is not None and position.maintenance_growth:
        return grown(position.contract, position.maintenance_rate, position.maintenance_growth, quantity)
    return maintenance_curve(tiers_in_force(position, settle_notional, quantity))


def initial_rates(
    position: Position, value: Decimal, prices: dict[str, Decimal], quantity: Decimal | None = None
) -> Curve:
    """The curve of the initial margin: the position's own rate, or max(1 / leverage, the tier's initial rate).

    ``value`` is the notional (in currency) that ``initial_margin`` was given for; ``quantity`` (default: all of it)
    selects the tier where tiers go by quantity.
    """
    contract = position.contract
    held = position.quantity if quantity is None else quantity
    if position.initial_rate is not None:
        return grown(contract, position.initial_rate, position.initial_growth, held)
    if position.initial_margin is not None:
        return constant_curve(position.initial_margin * prices[contract.settle] / value)
    least = ONE / position.leverage if position.leverage is not None else ZERO
    tiers = contract.tiers
    if contract.tiers_by is TiersBy.QUANTITY and tiers:
        tiers = (tiers[min(contract.tier_index(ZERO, held), len(tiers) - 1)],)
    return initial_curve(tiers, least)


def initial_rate(position: Position, rules: MarginRules, prices: dict[str, Decimal]) -> Decimal:
    """The initial rate that holds for a position as it stands."""
    value = basis_value(position, rules.initial_basis, prices)
    rates = initial_rates(position, value, prices, position.quantity)
    return rates.rate(value, prices[position.contract.settle])


def leg(
    position: Position, rules: MarginRules, prices: dict[str, Decimal], weight: Decimal, quantity: Decimal | None = None
) -> Leg:
    """Requirement terms of a position, or of ``quantity`` of it; ``weight``: requirement factor of its settle asset.

    initial = initial rate * notional [+ close fee], an ``initial_margin`` as it was given;
    maintenance = tier curve of the notional [+ close fee].
    """
    contract = position.contract
    settle, driver = contract.settle, contract.driver
    unit_price = prices[settle]
    part = position if quantity is None else replace(position, quantity=quantity)
    at_mark, at_entry = notional(part, prices), entry_value(part, prices)

    def term(curve: Curve, basis: Basis) -> Term:
        if basis is Basis.MARK:
            moved = settle, weight, contract.symbol, position.key, quanto_of(contract)
            return Term(curve, at_mark, driver, unit_price, *moved)
        return Term(curve, at_entry, settle, unit_price, settle, weight, "", position.key)

    kept = maintenance_rates(part, at_mark / unit_price, part.quantity)
    rates = initial_rates(position, basis_value(position, rules.initial_basis, prices), prices, part.quantity)
    fee = _close_fee(part, rules, initial_rate(position, rules, prices)) if rules.needs_taker_fee else None
    fees = (term(*fee),) if fee else ()
    as_given = position.initial_margin is not None or rules.close_fee_in is CloseFeeIn.MAINTENANCE
    initial_fees = () if as_given else fees
    return Leg(
        position,
        (term(rates, rules.initial_basis), *initial_fees),
        (term(kept, rules.maintenance_basis), *fees),
    )


def _close_fee(position: Position, rules: MarginRules, initial_rate: Decimal) -> tuple[Curve, Basis] | None:
    """The fee to close and what it is taken on; 0 where the bare position is bankrupt at no price above 0."""
    if rules.close_fee is CloseFee.NONE or not position.taker_fee:
        return None
    if rules.close_fee is CloseFee.MARK:
        return constant_curve(position.taker_fee), Basis.MARK
    share = max(ZERO, net(ONE, -exposure_side(position) * initial_rate))
    return constant_curve(position.taker_fee * share), Basis.ENTRY


def netted(
    legs: Iterable[Leg], rules: MarginRules, prices: dict[str, Decimal], weights: dict[str, Decimal]
) -> list[Leg]:
    """The legs after netting ``NET``: of opposite legs of one contract the net quantity, at the rates of its side.

    After ``HEDGED_FEES``: every leg, see ``hedged_leg``.
    """
    if rules.netting is Netting.HEDGED_FEES:
        every = list(legs)
        return [hedged_leg(one, hedged_share(one.position, [other.position for other in every])) for one in every]
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
        larger, side = max((longs, LONG), (shorts, SHORT))
        rest = abs(net(longs, -shorts))
        for one in group:
            if rest and one.position.side == side:
                weight = weights.get(one.position.contract.settle, ONE)
                quantity = rest * (one.position.quantity / larger)
                remaining.append(leg(one.position, rules, prices, weight, quantity))
    return remaining


def hedged_share(position: Position, among: list[Position]) -> Decimal:
    """The share of a leg that the other side of its contract covers: min(longs, shorts) / its own side."""
    same = [one for one in among if one.contract.symbol == position.contract.symbol]
    own = sum((one.quantity for one in same if one.side == position.side), ZERO)
    other = sum((one.quantity for one in same if one.side != position.side), ZERO)
    return min(own, other) / own


def hedged_leg(one: Leg, share: Decimal) -> Leg:
    """A leg of which the other side hedges a share: that share needs twice its fee to close and no more.

    initial = initial rate * notional + (1 + share) * close fee; maintenance = (1 - share) * tier curve of the whole
    notional + (1 + share) * close fee. The first term of a leg is its rate, what follows are its fees.
    """
    if not share:
        return one
    (rate, *fees), (kept, *kept_fees) = one.initial, one.maintenance
    rest = (_times(kept, ONE - share),) if share < ONE else ()
    return Leg(
        one.position,
        (rate, *(_times(fee, ONE + share) for fee in fees)),
        (*rest, *(_times(fee, ONE + share) for fee in kept_fees)),
    )


def _times(term: Term, factor: Decimal) -> Term:
    return replace(term, weight=term.weight * factor)


def combined(legs: list[Leg], rules: MarginRules) -> tuple[Requirement, Requirement]:
    """Initial and maintenance requirement of a pool from its (netted) legs."""
    if rules.underlying_netting is Netting.LARGER_LEG:
        groups = _grouped(legs, lambda one: one.position.contract.base)
    elif rules.netting is Netting.LARGER_LEG:
        groups = _grouped(legs, lambda one: one.position.contract.symbol)
    else:
        return Requirement(_terms(legs, "initial")), Requirement(_terms(legs, "maintenance"))
    return _dearer(groups, "initial"), _dearer(groups, "maintenance")


def _grouped(legs: list[Leg], key: Callable[[Leg], str]) -> list[dict[int, list[Leg]]]:
    """The legs of each group by their side."""
    groups: dict[str, dict[int, list[Leg]]] = {}
    for one in legs:
        groups.setdefault(key(one), {}).setdefault(one.position.side, []).append(one)
    return list(groups.values())


def _terms(legs: Iterable[Leg], which: str) -> tuple[Term, ...]:
    return tuple(term for one in legs for term in getattr(one, which))


def _dearer(groups: list[dict[int, list[Leg]]], which: str) -> Requirement:
    alone: list[Term] = []
    both: list[DearerSide] = []
    for group in groups:
        sides = [terms for side in (LONG, SHORT) if (terms := _terms(group.get(side, ()), which))]
        if len(sides) == 2:
            longs, shorts = sides
            both.append(DearerSide(longs, shorts))
        else:
            alone += [term for terms in sides for term in terms]
    return Requirement((*alone, *both))
