"""What a margin model finds in a pool, figure by figure: units, charges, spreads, history, and who contributes what."""

from collections.abc import Iterable
from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from marginctl.core.account import Account
from marginctl.core.exact import ONE, ZERO, ratio
from marginctl.core.exposures import Exposures, exposures_of
from marginctl.core.model import Grade, MarginModel, ModelTerms, TailMean, Where
from marginctl.core.model_contributions import Contribution, contributions, in_history, joint_losses
from marginctl.core.model_margin import (
    ChargeAmount,
    ModelMargins,
    RiskUnit,
    joint_scan,
    mean_of,
    tail_figure,
)
from marginctl.core.pool import Pool, partition
from marginctl.core.returns import Returns
from marginctl.core.risk import NO_MOVE


class TieredFigures(Struct, frozen=True, kw_only=True):
    """What the tiers of the same pool's contracts would ask; None where a position's rates are not known."""

    initial_margin: Decimal | None
    maintenance_margin: Decimal | None
    missing: tuple[str, ...]

    formulas: ClassVar[dict[str, str]] = {
        "initial_margin": "sum(positions.initial_margin) or "
        "says('what netting leaves of them', positions.initial_margin)",
        "maintenance_margin": "sum(positions.maintenance_margin) or "
        "says('what netting leaves of them', positions.maintenance_margin)",
        "missing": "says('the positions without a known rate', positions.initial_margin)",
    }


class ModelSaving(Struct, frozen=True, kw_only=True):
    """Tiered less model, negative where the model asks for more."""

    initial: Decimal | None
    initial_rate: Decimal | None
    maintenance: Decimal | None
    maintenance_rate: Decimal | None

    formulas: ClassVar[dict[str, str]] = {
        "initial": "before.initial_margin - kept.initial_margin",
        "initial_rate": "initial / before.initial_margin",
        "maintenance": "before.maintenance_margin - kept.maintenance_margin",
        "maintenance_rate": "maintenance / before.maintenance_margin",
    }


class UnitFigures(Struct, frozen=True, kw_only=True):
    """One risk unit. ``pnl``: of every row, weighted; ``worst_move``, ``weight``: of the row that attains the scan."""

    assets: tuple[str, ...]
    net_value: Decimal
    long_value: Decimal
    short_value: Decimal
    hedged_value: Decimal
    scan: Decimal
    worst_move: Decimal | None
    weight: Decimal | None
    pnl: tuple[Decimal, ...]
    charges: Decimal
    floor: Decimal
    core: Decimal


class ChargeFigures(Struct, frozen=True, kw_only=True):
    """A charge on one unit or asset. ``margins``: both, initial or maintenance."""

    shape: ClassVar[str] = "name unit where in=margins base amount"

    name: str
    unit: str
    where: str
    margins: str
    base: Decimal
    amount: Decimal


class SpreadFigures(Struct, frozen=True, kw_only=True):
    """A spread: how often it forms, and what it adds (credits are negative)."""

    name: str
    count: Decimal
    amount: Decimal


class TailFigures(Struct, frozen=True, kw_only=True):
    """What a history says for one margin; value at risk and expected shortfall signed, a loss above 0."""

    confidence: Decimal
    horizon: int
    overlapping: bool
    weighting: str
    quantile: str
    tail: str
    returns: int
    value_at_risk: Decimal
    expected_shortfall: Decimal
    stressed_value_at_risk: Decimal | None
    stressed_expected_shortfall: Decimal | None
    tail_dates: tuple[str, ...]


class HistoryFigures(Struct, frozen=True, kw_only=True):
    """The history behind a figure."""

    file: str
    first: str
    last: str
    largest_gap_days: int
    dropped: int
    carried: int
    maintenance: TailFigures
    initial: TailFigures


class PortfolioMargin(Struct, frozen=True, kw_only=True):
    """One cross pool under a model. ``maintenance_margin`` without loans."""

    pool: str
    model: str
    maintenance_margin: Decimal
    initial_margin: Decimal
    tiered: TieredFigures
    saving: ModelSaving
    scan: Decimal | None
    scenario: int | None
    units: dict[str, UnitFigures]
    charges: tuple[ChargeFigures, ...]
    spreads: tuple[SpreadFigures, ...]
    history: HistoryFigures | None
    contributions: tuple[Contribution, ...]

    formulas: ClassVar[dict[str, str]] = {
        "initial_margin": "initial",
        "maintenance_margin": "maintenance",
        "scan": "max(0, sum(losses))",
        "scenario": "says('the first row that loses most', losses)",
    }


def portfolio_margin(account: Account, pool: Pool, asked: ModelMargins) -> PortfolioMargin:
    """Everything that the model finds in a pool."""
    tiered = tiered_figures(pool)
    initial, maintenance = (one.margin.at(NO_MOVE) for one in (asked.initial, asked.maintenance))
    scan, row = joint_row(asked)
    return PortfolioMargin(
        pool=pool.name,
        model=asked.terms.model.value,
        maintenance_margin=maintenance,
        initial_margin=initial,
        tiered=tiered,
        saving=_saving(tiered, initial, maintenance),
        scan=scan,
        scenario=row,
        units={unit.name: unit_figures(unit, asked.exposures, asked.terms) for unit in asked.maintenance.units},
        charges=tuple(charge_figures(asked)),
        spreads=tuple(
            SpreadFigures(name=one.name, count=one.count.at(NO_MOVE), amount=one.amount.at(NO_MOVE))
            for one in asked.maintenance.spreads
        ),
        history=history_figures(asked),
        contributions=tuple(contributions(account, pool, asked)),
    )


def tiered_figures(pool: Pool) -> TieredFigures:
    """What the tiers of the pool's contracts would ask, without orders and loans."""
    missing = tuple(dict.fromkeys(one.position.contract.symbol for one in pool.legs if not one.is_known))
    if missing or pool.tiered is None:
        return TieredFigures(initial_margin=None, maintenance_margin=None, missing=missing)
    initial, maintenance = (one.at(NO_MOVE) for one in pool.tiered)
    return TieredFigures(initial_margin=initial, maintenance_margin=maintenance, missing=())


def _saving(tiered: TieredFigures, initial: Decimal, maintenance: Decimal) -> ModelSaving:
    def rate(gross: Decimal | None, rest: Decimal) -> Decimal | None:
        return None if gross is None else ratio(gross - rest, gross)

    before, kept = tiered.initial_margin, tiered.maintenance_margin
    return ModelSaving(
        initial=None if before is None else before - initial,
        initial_rate=rate(before, initial),
        maintenance=None if kept is None else kept - maintenance,
        maintenance_rate=rate(kept, maintenance),
    )


def joint_row(asked: ModelMargins) -> tuple[Decimal | None, int | None]:
    """The joint scan and its row, from 1: neither where every unit takes its own worst move, no row without a loss."""
    terms, units = asked.terms, asked.maintenance.units
    if terms.model is not MarginModel.SCENARIO or terms.separate == ONE:
        return None, None
    losses = joint_losses(units)
    worst = max(losses, default=ZERO)
    return joint_scan(units).at(NO_MOVE), losses.index(worst) + 1 if worst > 0 else None


def unit_figures(unit: RiskUnit, exposures: Exposures, terms: ModelTerms) -> UnitFigures:
    """The row of one unit."""
    values = [form.at(NO_MOVE) for asset in unit.assets for form in exposures.entries(asset, terms)]
    longs, shorts = (sum((max(ZERO, side * value) for value in values), ZERO) for side in (1, -1))
    pnl = tuple(-loss.at(NO_MOVE) for loss in unit.losses())
    worst = min(pnl, default=ZERO)
    row = unit.moves[pnl.index(worst)] if worst < 0 else None
    return UnitFigures(
        assets=unit.assets,
        net_value=unit.exposure.at(NO_MOVE),
        long_value=longs,
        short_value=shorts,
        hedged_value=min(longs, shorts),
        scan=unit.scan.at(NO_MOVE),
        worst_move=row.move if row else None,
        weight=row.weight if row else None,
        pnl=pnl,
        charges=sum((one.amount.at(NO_MOVE) for one in unit.core_charges), ZERO),
        floor=sum((one.amount.at(NO_MOVE) for one in unit.floors), ZERO),
        core=unit.core.at(NO_MOVE),
    )


def charge_figures(asked: ModelMargins) -> Iterable[ChargeFigures]:
    """All charges, by unit, then those on top."""
    rows: list[ChargeAmount] = []
    for unit in asked.maintenance.units:
        rows += [*unit.core_charges, *unit.floors]
    both = list(asked.maintenance.on_top)
    rows += both + [one for one in asked.initial.on_top if one.charge.grade is Grade.INITIAL]
    for one in rows:
        grade = one.charge.grade if one.charge.where is Where.ON_TOP else None
        yield ChargeFigures(
            name=one.charge.name,
            unit=one.unit,
            where=one.charge.where.value,
            margins=grade.value if grade else "both",
            base=one.base.at(NO_MOVE),
            amount=one.amount.at(NO_MOVE),
        )


def history_figures(asked: ModelMargins) -> HistoryFigures | None:
    """The history with what it says for either margin; None without one."""
    terms = asked.terms
    if terms.history is None:
        return None
    returns = terms.tails[Grade.MAINTENANCE].returns
    return HistoryFigures(
        file=terms.history.file,
        first=returns.dates[0],
        last=returns.dates[-1],
        largest_gap_days=returns.largest_gap_days,
        dropped=returns.dropped,
        carried=returns.carried,
        maintenance=tail_figures(asked.exposures, terms, Grade.MAINTENANCE),
        initial=tail_figures(asked.exposures, terms, Grade.INITIAL),
    )


def tail_figures(exposures: Exposures, terms: ModelTerms, grade: Grade) -> TailFigures:
    """Value at risk and expected shortfall of all assets together, whichever is the model's."""
    tail = terms.tails[grade]
    assets = in_history(exposures, terms, tail)

    def figure(returns: Returns, mean: TailMean | None) -> Decimal:
        return tail_figure(assets, exposures, terms, tail, returns, mean).at(NO_MOVE)

    stressed = tail.stressed
    shortfall = tail_figure(assets, exposures, terms, tail, tail.returns, tail.tail)
    return TailFigures(
        confidence=tail.confidence,
        horizon=tail.span.horizon,
        overlapping=tail.span.overlapping,
        weighting="equal" if tail.decay is None else f"decay {tail.decay:f}",
        quantile=tail.quantile.value,
        tail=tail.tail.value,
        returns=len(tail.returns.moves),
        value_at_risk=figure(tail.returns, None),
        expected_shortfall=figure(tail.returns, tail.tail),
        stressed_value_at_risk=figure(stressed.returns, None) if stressed else None,
        stressed_expected_shortfall=figure(stressed.returns, tail.tail) if stressed else None,
        tail_dates=tuple(tail.returns.dates[j] for j, _ in shortfall.taken()),
    )


def watched_shortfalls(account: Account) -> dict[str, Decimal]:
    """Expected shortfall, signed, of every cross pool with a position, by a history that no requirement reads."""
    found = {}
    for pool in partition(account) if account.watched is not None else ():
        if pool.is_shared and pool.positions and account.watched is not None:
            balances = {holding.asset: holding.balance for holding in pool.holdings}
            exposures = exposures_of(pool.positions, balances, account.prices, account.currency)
            found[pool.name] = tail_figures(exposures, account.watched, Grade.MAINTENANCE).expected_shortfall
    return found


def tail_days(asked: ModelMargins, grade: Grade) -> list[tuple[str, Decimal, Decimal]]:
    """Date, share and loss of the returns that the model's figure takes, without its stressed twin."""
    exposures, terms = asked.exposures, asked.terms
    tail = terms.tails[grade]
    found = tail_figure(in_history(exposures, terms, tail), exposures, terms, tail, tail.returns, mean_of(terms, tail))
    return [(tail.returns.dates[j], share, -found.sample.value(j)) for j, share in found.taken()]
