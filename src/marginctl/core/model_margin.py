"""The margin of a pool as the risk of the whole: worst of a set of moves, or the tail of a history.

scenario, per unit u: loss_k = -weight_k * move_k * X_u, scan_u = max(0, max_k loss_k); joint: one scan,
max(0, max_k sum_u loss_(u,k)).  core_u = max(scan_u + charges ``core``, charges ``floor``).
total = sum_u core_u - credits + spread charges; a share of ``separate`` of it, the rest joint.
var, expected-shortfall: max(0, figure) takes the place of the scan, over all units together.
maintenance, initial = factor * total + charges ``on-top``.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal

from msgspec import Struct

from marginctl.core.exact import ONE
from marginctl.core.exposures import Exposures, combined, hedged
from marginctl.core.model import (
    Charge,
    ChargeBase,
    Grade,
    MarginModel,
    ModelTerms,
    Move,
    ScanPrice,
    TailMean,
    TailTerms,
    Where,
)
from marginctl.core.money import (
    NOTHING,
    Form,
    Graded,
    Largest,
    Money,
    Ratios,
    Sum,
    Times,
    graded_curve,
    positive,
    size,
)
from marginctl.core.motion import Motion
from marginctl.core.piecewise import Line, Piece, scaled
from marginctl.core.requirement import Requirement
from marginctl.core.returns import Returns, decayed
from marginctl.core.spreads import SpreadAmount, spread_amounts
from marginctl.core.tail import Sample, TailFigure


class ModelPart(Struct, frozen=True):
    """The requirement of a model as one part of a pool's; where a position is open, equity below 0 is too little."""

    money: Money
    label: str
    is_open: bool

    @property
    def movers(self) -> tuple[str, ...]:
        """What moves any exposure in it."""
        return tuple(sorted(self.money.movers))

    @property
    def always_needs(self) -> bool:
        """With a position nothing may be asked, but equity must not be below 0: no stretch is without requirement."""
        return self.is_open

    def at(self, ratios: Ratios) -> Decimal:
        """In currency at these price ratios."""
        return self.money.at(ratios)

    def pieces(self, motion: Motion, end: Decimal | None, factor: Decimal = ONE) -> Iterable[Piece]:
        """factor * the requirement along a motion."""
        return scaled(self.money.pieces(motion, end), factor)

    @property
    def is_convex(self) -> bool:
        """Whether it bends upward only."""
        return self.money.is_convex

    def line_at(self, motion: Motion, u: Decimal | None) -> Line:
        """The straight line that it follows just beyond a place; None = beyond all its corners."""
        return self.money.line_at(motion, u)


class RiskUnit(Struct, frozen=True):
    """Assets that move together, with their exposure, their moves and what they make of it.

    ``core_charges`` and ``floors``: the charges on it, by charge.
    """

    name: str
    assets: tuple[str, ...]
    exposure: Form
    moves: tuple[Move, ...]
    core_charges: tuple["ChargeAmount", ...]
    floors: tuple["ChargeAmount", ...]

    @property
    def scan(self) -> Money:
        """max(0, max_k -weight_k * move_k * X): only the extreme moves of either side can be the largest."""
        return Largest((NOTHING, *(self.exposure.times(loss) for loss in extremes(self.moves))))

    def losses(self) -> tuple[Form, ...]:
        """The loss of every row."""
        return tuple(self.exposure.times(loss_rate(move)) for move in self.moves)

    @property
    def core(self) -> Money:
        """max(scan + core charges, floors)."""
        return cored(self.scan, (self,))


class ChargeAmount(Struct, frozen=True):
    """A charge on one unit or asset: its base and its amount."""

    charge: Charge
    unit: str
    base: Money
    amount: Money


def loss_rate(move: Move) -> Decimal:
    """What a unit of exposure loses: -weight * move."""
    return -move.weight * move.move


def extremes(moves: Iterable[Move]) -> set[Decimal]:
    """The largest and the smallest loss rate."""
    rates = [loss_rate(move) for move in moves]
    return {max(rates), min(rates)} if rates else set()


def cored(figure: Money, units: Iterable[RiskUnit]) -> Money:
    """max(figure + core charges, floors) over some units."""
    rows = list(units)
    charges = tuple(one.amount for unit in rows for one in unit.core_charges)
    floors = tuple(one.amount for unit in rows for one in unit.floors)
    whole: Money = Sum((figure, *charges)) if charges else figure
    return Largest((whole, Sum(floors))) if floors else whole


def risk_units(exposures: Exposures, terms: ModelTerms) -> list[RiskUnit]:
    """The units of all assets with an exposure that takes part."""
    by_unit: dict[str, list[str]] = {}
    for asset in exposures.assets(terms):
        by_unit.setdefault(terms.unit_of(asset), []).append(asset)
    return [_unit(name, tuple(assets), exposures, terms) for name, assets in by_unit.items()]


def _unit(name: str, assets: tuple[str, ...], exposures: Exposures, terms: ModelTerms) -> RiskUnit:
    def charged(where: Where) -> tuple[ChargeAmount, ...]:
        return tuple(
            charge_amount(charge, name, assets, exposures, terms)
            for charge in terms.charges
            if charge.where is where and names_any(charge, (name, *assets))
        )

    return RiskUnit(
        name,
        assets,
        combined(exposures.of(asset, terms) for asset in assets),
        moves_of(assets, terms),
        charged(Where.CORE),
        charged(Where.FLOOR),
    )


def moves_of(assets: tuple[str, ...], terms: ModelTerms) -> tuple[Move, ...]:
    """The moves of the first of these assets that takes part."""
    tables = (terms.table_of(asset) for asset in assets if terms.takes_part(asset))
    return next((table.moves for table in tables if table), ())


def names_any(charge: Charge, names: Iterable[str]) -> bool:
    """Whether a charge is on any of these units or assets."""
    return charge.names is None or any(name in charge.names for name in names)


def charge_amount(
    charge: Charge, unit: str, assets: tuple[str, ...], exposures: Exposures, terms: ModelTerms
) -> ChargeAmount:
    """rate * base on the named assets of a unit, through its tiers."""
    price = charge.price or terms.scan_price
    named = assets if charge.names is None or unit in charge.names else tuple(a for a in assets if a in charge.names)
    base = BASES[charge.on](named, exposures, terms, price)
    raw: Money = Times(base, charge.rate)
    return ChargeAmount(charge, unit, base, Graded(raw, graded_curve(charge.tiers)) if charge.tiers else raw)


def _gross(assets: tuple[str, ...], exposures: Exposures, _: ModelTerms, price: ScanPrice) -> Money:
    on_them = (one for one in exposures.contracts.values() if one.contract.base in assets)
    return Sum(tuple(size(one.value(price)) for one in on_them))


def _net(assets: tuple[str, ...], exposures: Exposures, terms: ModelTerms, price: ScanPrice) -> Money:
    return size(combined(exposures.of(asset, terms, price) for asset in assets))


def _hedged(assets: tuple[str, ...], exposures: Exposures, terms: ModelTerms, price: ScanPrice) -> Money:
    return hedged(form for asset in assets for form in exposures.entries(asset, terms, price))


def _collateral(assets: tuple[str, ...], exposures: Exposures, _: ModelTerms, __: ScanPrice) -> Money:
    return Sum(tuple(positive(exposures.equities[asset]) for asset in assets if asset in exposures.equities))


BASES = {
    ChargeBase.GROSS: _gross,
    ChargeBase.NET: _net,
    ChargeBase.HEDGED: _hedged,
    ChargeBase.COLLATERAL: _collateral,
}


def charges_on_top(exposures: Exposures, terms: ModelTerms, grade: Grade) -> list[ChargeAmount]:
    """The charges on top of a margin: on every unit, those on collateral on every asset that is held."""
    rows = [one for one in terms.charges if one.where is Where.ON_TOP and one.grade in (None, grade)]
    found = []
    for charge in rows:
        groups: list[tuple[str, tuple[str, ...]]]
        if charge.on is ChargeBase.COLLATERAL:
            groups = [(asset, (asset,)) for asset in exposures.equities]
        else:
            groups = [(unit.name, unit.assets) for unit in risk_units(exposures, terms)]
        found += [
            charge_amount(charge, name, assets, exposures, terms)
            for name, assets in groups
            if names_any(charge, (name, *assets))
        ]
    return found


class Modelled(Struct, frozen=True, kw_only=True):
    """The model of a pool for one margin, by part. ``figure``: the scan or the tail before charges and factor."""

    units: tuple[RiskUnit, ...]
    figure: Money
    spreads: tuple[SpreadAmount, ...]
    on_top: tuple[ChargeAmount, ...]
    total: Money
    margin: Money


def modelled(exposures: Exposures, terms: ModelTerms, grade: Grade, figure: Money | None = None) -> Modelled:
    """The model's margin of these exposures; ``figure``: where it is known already."""
    units = risk_units(exposures, terms)
    spreads = tuple(spread_amounts(exposures, terms))
    figure = figure or _figure(units, exposures, terms, grade)
    total = _total(units, spreads, figure, terms)
    on_top = tuple(charges_on_top(exposures, terms, grade))
    margin = Sum((Times(total, terms.factors[grade]), *(one.amount for one in on_top)))
    return Modelled(units=tuple(units), figure=figure, spreads=spreads, on_top=on_top, total=total, margin=margin)


def _figure(units: list[RiskUnit], exposures: Exposures, terms: ModelTerms, grade: Grade) -> Money:
    if terms.model is not MarginModel.SCENARIO:
        return history_figure(exposures, terms, grade)
    apart = Sum(tuple(unit.scan for unit in units))
    return apart if terms.separate == ONE else blended(apart, joint_scan(units), terms.separate)


def _total(units: list[RiskUnit], spreads: Iterable[SpreadAmount], figure: Money, terms: ModelTerms) -> Money:
    if terms.model is not MarginModel.SCENARIO:
        return cored(figure, units)
    apart = Sum(tuple([unit.core for unit in units] + [spread.amount for spread in spreads]))
    return apart if terms.separate == ONE else blended(apart, cored(joint_scan(units), units), terms.separate)


def blended(separate: Money, joint: Money, share: Decimal) -> Money:
    """share * separate + (1 - share) * joint."""
    if share == ONE:
        return separate
    return joint if not share else Sum((Times(separate, share), Times(joint, ONE - share)))


def joint_scan(units: Iterable[RiskUnit]) -> Money:
    """max(0, max_k sum_u loss_(u,k)): row k of every table happens together; tables have as many rows as each other."""
    rows = zip(*(unit.losses() for unit in units if unit.moves), strict=True)
    return Largest((NOTHING, *(combined(row) for row in rows)))


def history_figure(exposures: Exposures, terms: ModelTerms, grade: Grade) -> Money:
    """max(0, tail), with its stressed twin, and with the share in which every asset is alone."""
    tail = terms.tails[grade]
    assets = [asset for asset in exposures.assets(terms) if asset in tail.returns.assets]
    together = stressed_figure(assets, exposures, terms, tail)
    if not terms.separate:
        return together
    alone = Sum(tuple(stressed_figure([asset], exposures, terms, tail) for asset in assets))
    return blended(alone, together, terms.separate)


def stressed_figure(assets: list[str], exposures: Exposures, terms: ModelTerms, tail: TailTerms) -> Money:
    """The figure of some assets, with that of a bad time."""
    mean = mean_of(terms, tail)
    return with_stressed(tail, lambda returns: tail_figure(assets, exposures, terms, tail, returns, mean))


def mean_of(terms: ModelTerms, tail: TailTerms) -> TailMean | None:
    """The mean that the model takes of the tail; None = value at risk."""
    return tail.tail if terms.model is MarginModel.EXPECTED_SHORTFALL else None


def with_stressed(tail: TailTerms, figure_of: Callable[[Returns], Money]) -> Money:
    """max(0, figure); with a bad time the larger of both, or (1 - blend) * figure + blend * stressed."""
    figure = positive(figure_of(tail.returns))
    if tail.stressed is None:
        return figure
    worse = positive(figure_of(tail.stressed.returns))
    if tail.stressed.blend is None:
        return Largest((figure, worse))
    return blended(worse, figure, tail.stressed.blend)


def tail_figure(
    assets: list[str],
    exposures: Exposures,
    terms: ModelTerms,
    tail: TailTerms,
    returns: Returns,
    mean: TailMean | None,
) -> TailFigure:
    """Value at risk (``mean`` None) or expected shortfall of some assets over some returns, signed."""
    moves = returns.of(assets)
    weights = None if tail.decay is None else decayed(tail.decay, len(moves))
    forms = tuple(exposures.of(asset, terms) for asset in assets)
    return TailFigure(Sample(forms, moves, weights), tail.p, tail.quantile, mean)


class ModelMargins(Struct, frozen=True):
    """What a model asks of a pool: its exposures, and the model by part for either margin."""

    exposures: Exposures
    terms: ModelTerms
    initial: Modelled
    maintenance: Modelled

    @property
    def requirements(self) -> tuple[Requirement, Requirement]:
        """Initial and maintenance requirement of the pool."""
        initial, maintenance = (
            Requirement((ModelPart(one.margin, f"{self.terms.model.value} model", bool(self.exposures.contracts)),))
            for one in (self.initial, self.maintenance)
        )
        return initial, maintenance


def model_margins(exposures: Exposures, terms: ModelTerms) -> ModelMargins:
    """Both margins of these exposures."""
    return ModelMargins(
        exposures, terms, modelled(exposures, terms, Grade.INITIAL), modelled(exposures, terms, Grade.MAINTENANCE)
    )
