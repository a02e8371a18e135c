"""Who contributes what to the figure of a margin model."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import Account, Position
from marginctl.core.contract import side_word
from marginctl.core.exact import ONE, ZERO, ratio
from marginctl.core.exposures import Exposures, exposure_of
from marginctl.core.model import Grade, MarginModel, ModelTerms, ScanPrice, TailMean, TailTerms
from marginctl.core.model_margin import (
    Modelled,
    ModelMargins,
    RiskUnit,
    loss_rate,
    mean_of,
    modelled,
    tail_figure,
    with_stressed,
)
from marginctl.core.money import Money
from marginctl.core.pool import Pool
from marginctl.core.returns import Returns
from marginctl.core.risk import NO_MOVE
from marginctl.core.sample import Whole
from marginctl.core.tail import TailFigure, weighted


class Contribution(Struct, frozen=True, kw_only=True):
    """What a position or a scanned coin (``side`` None) adds to the model's figure, and what goes with it."""

    symbol: str
    side: str | None
    risk: Decimal
    share: Decimal | None
    incremental: Decimal | None


def in_history(exposures: Exposures, terms: ModelTerms, tail: TailTerms) -> list[str]:
    """The assets exposed that the history has."""
    return [asset for asset in exposures.assets(terms) if asset in tail.returns.assets]


def contributions(account: Account, pool: Pool, asked: ModelMargins) -> Iterable[Contribution]:
    """Shares of the model's figure before factors and charges, which they add up to; coins by name behind positions."""
    terms, exposures = asked.terms, asked.exposures
    rates = loss_rates(asked, asked.maintenance)
    figure = asked.maintenance.figure.at(NO_MOVE)
    maintenance = asked.maintenance.margin.at(NO_MOVE)
    figure_without = _figure_without(asked, account.prices)
    for position in pool.positions:
        rest = exposures.without(position, account.prices)
        alone = modelled(rest, terms, Grade.MAINTENANCE, figure_without(position)).margin.at(NO_MOVE)
        risk = position_risk(position, account.prices, rates, terms.scan_price)
        yield Contribution(
            symbol=position.contract.symbol,
            side=side_word(position.side),
            risk=risk,
            share=ratio(risk, figure) if figure else None,
            incremental=maintenance - alone,
        )
    for asset in sorted(asset for asset in exposures.equities if terms.is_scanned(asset)):
        risk = rates.get(asset, ZERO) * exposures.equities[asset].at(NO_MOVE)
        if risk or rates.get(asset):
            yield Contribution(symbol=asset, side=None, risk=risk, share=ratio(risk, figure), incremental=None)


def _figure_without(asked: ModelMargins, prices: dict[str, Decimal]) -> Callable[[Position], Money | None]:
    """The figure of a history without one position: its moves taken out of the sample; None where that is not all."""
    terms, exposures = asked.terms, asked.exposures
    if terms.model is MarginModel.SCENARIO or terms.separate:
        return lambda _: None
    tail = terms.tails[Grade.MAINTENANCE]
    assets, mean = in_history(exposures, terms, tail), mean_of(terms, tail)

    def without(position: Position) -> Money:
        value = exposure_of(position, prices).value(terms.scan_price).at(NO_MOVE)
        signed = {position.contract.base: value, position.contract.quote: -value}
        legs = [(assets.index(asset), amount) for asset, amount in signed.items() if asset in assets]

        def less(returns: Returns) -> TailFigure:
            figure = tail_figure(assets, exposures, terms, tail, returns, mean)
            return replace(figure, sample=figure.sample.less(legs))

        return with_stressed(tail, less)

    return without


def position_risk(
    position: Position, prices: dict[str, Decimal], rates: dict[str, Decimal], price: ScanPrice
) -> Decimal:
    """loss rate of the base * V - loss rate of the quote * V."""
    value = exposure_of(position, prices).value(price).at(NO_MOVE)
    contract = position.contract
    return value * (rates.get(contract.base, ZERO) - rates.get(contract.quote, ZERO))


def loss_rates(asked: ModelMargins, found: Modelled) -> dict[str, Decimal]:
    """How the figure rises with the exposure of each asset: it is their sum times the exposures (Euler)."""
    terms, exposures = asked.terms, asked.exposures
    if found.figure.at(NO_MOVE) <= 0:
        return {}
    if terms.model is MarginModel.SCENARIO:
        apart = scan_rates(found.units)
        return apart if terms.separate == ONE else blended_rates(apart, joint_rates(found.units), terms.separate)
    tail = terms.tails[Grade.MAINTENANCE]
    assets = in_history(exposures, terms, tail)
    together = history_rates(assets, exposures, terms, tail)
    if not terms.separate:
        return together
    alone: dict[str, Decimal] = {}
    for asset in assets:
        alone |= history_rates([asset], exposures, terms, tail)
    return blended_rates(alone, together, terms.separate)


def blended_rates(separate: dict[str, Decimal], joint: dict[str, Decimal], share: Decimal) -> dict[str, Decimal]:
    """share * separate + (1 - share) * joint."""
    return {
        asset: share * separate.get(asset, ZERO) + (ONE - share) * joint.get(asset, ZERO)
        for asset in {**separate, **joint}
    }


def scan_rates(units: Iterable[RiskUnit]) -> dict[str, Decimal]:
    """Of every unit the loss rate of its first worst row; 0 where nothing is lost."""
    found: dict[str, Decimal] = {}
    for unit in units:
        losses = [loss.at(NO_MOVE) for loss in unit.losses()]
        worst = max(losses, default=ZERO)
        rate = loss_rate(unit.moves[losses.index(worst)]) if worst > 0 else ZERO
        found |= dict.fromkeys(unit.assets, rate)
    return found


def joint_losses(units: Iterable[RiskUnit]) -> list[Decimal]:
    """What is lost in every row of all tables together."""
    rows = zip(*(unit.losses() for unit in units if unit.moves), strict=True)
    return [sum((loss.at(NO_MOVE) for loss in row), ZERO) for row in rows]


def joint_rates(units: Iterable[RiskUnit]) -> dict[str, Decimal]:
    """Of every unit the loss rate in the first worst joint row."""
    rows = [unit for unit in units if unit.moves]
    losses = joint_losses(rows)
    worst = max(losses, default=ZERO)
    if worst <= 0:
        return {}
    k = losses.index(worst)
    return {asset: loss_rate(unit.moves[k]) for unit in rows for asset in unit.assets}


def history_rates(assets: list[str], exposures: Exposures, terms: ModelTerms, tail: TailTerms) -> dict[str, Decimal]:
    """-(the moves of the rows that count, by their factors), of the figure or of its stressed twin as they combine."""
    mean = mean_of(terms, tail)
    calm, loss = _tail_rates(assets, exposures, terms, tail, tail.returns, mean)
    if tail.stressed is None:
        return calm
    worse, stressed_loss = _tail_rates(assets, exposures, terms, tail, tail.stressed.returns, mean)
    if tail.stressed.blend is None:
        return worse if stressed_loss > loss else calm
    return blended_rates(worse, calm, tail.stressed.blend)


def _tail_rates(
    assets: list[str],
    exposures: Exposures,
    terms: ModelTerms,
    tail: TailTerms,
    returns: Returns,
    mean: TailMean | None,
) -> tuple[dict[str, Decimal], Decimal]:
    figure = tail_figure(assets, exposures, terms, tail, returns, mean)
    loss = figure.at(NO_MOVE)
    if loss <= 0:
        return {}, ZERO
    taken, columns = figure.taken(), figure.sample.columns
    moves = (Whole(column, columns.place) for column in columns.numbers)
    return {asset: -weighted(column, taken) for asset, column in zip(assets, moves, strict=True)}, loss
