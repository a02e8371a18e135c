"""What a margin model and its history say."""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from marginctl.core.exact import ZERO, Direction
from marginctl.core.report import PoolFigures
from marginctl.findings import Severity
from marginctl.limits.figures import histories, modelled_pools, total
from marginctl.limits.remedy import deposit, remedy
from marginctl.limits.rule import (
    Comparison,
    Context,
    Fact,
    Measurement,
    Never,
    Ratio,
    Remedy,
    Rule,
    Unit,
    Unknown,
    advice,
    manual_of,
)
from marginctl.limits.rules.freshness import age
from marginctl.wording import counted, money

if TYPE_CHECKING:
    from marginctl.core.model_report import PortfolioMargin


NO_HISTORY = Unknown("the file has no history of a cross pool", "add `history: {file: history.csv}`")


def expected_shortfall(context: Context) -> Iterable[Measurement]:
    """What it checks: what the worst part of a history would cost, against what there is to pay it with.

    Value: expected shortfall of the history at the confidence of the maintenance margin / equity, for every cross pool.
    Under a margin model that reads no history, `history:` is read for this limit alone, with what `portfolio_margin:` says
    of confidence, horizon and weights (97.5% unless given). Configured as `max_expected_shortfall`; off otherwise.

    Why: a requirement has factors, floors and add-ons of a venue; this is the loss itself, in days that did happen.

    Example: the mean of the worst 2.5% of 500 days is 2,100 USD, on 5,000 USD of equity: 42%.

    Instead: deposit, or reduce the positions whose contribution is largest.
    """
    # One measurement per cross pool with a history
    currency, place = context.account.currency, context.locations.account
    pools = _shortfalls(context)
    if not pools:
        yield Measurement(subject="account", measured=NO_HISTORY, what="expected shortfall", location=place)
    for pool, shortfall in pools:
        loss = max(ZERO, shortfall)
        shown, equity = money(loss, currency, Direction.UP), money(pool.equity, currency, Direction.DOWN)
        yield Measurement(
            subject=pool.name,
            measured=Ratio(loss, pool.equity),
            what=f"expected shortfall of {pool.name}",
            detail=f"{shown} on {equity} of equity",
            undefined=f"equity is {equity} under {shown} of expected shortfall",
            location=place,
            remedy=partial(_expected_shortfall_remedy, context, pool, loss),
        )


def _shortfalls(context: Context) -> list[tuple[PoolFigures, Decimal]]:
    """Every cross pool with a history and its expected shortfall, signed."""
    rows = [(pool, found.history) for pool, found in modelled_pools(context.report)]
    found = [(pool, history.maintenance.expected_shortfall) for pool, history in rows if history is not None]
    if found or context.account.watched is None:
        return found
    from marginctl.core.model_report import watched_shortfalls

    watched = watched_shortfalls(context.account)
    return [(pool, watched[pool.name]) for pool in context.report.pools if pool.name in watched]


def _expected_shortfall_remedy(context: Context, pool: PoolFigures, loss: Decimal, limit: Decimal) -> Remedy:
    found = deposit(context, pool, loss / limit - pool.equity) if limit else None
    return remedy(found, "reduce the positions that contribute most")


MC117 = Rule(
    code="MC117",
    name="expected-shortfall",
    summary="expected shortfall of a history over equity of a cross pool",
    manual=manual_of(expected_shortfall),
    measure=expected_shortfall,
    key="max_expected_shortfall",
    compares="expected shortfall of a history over equity",
    comparison=Comparison.MAXIMUM,
    unit=Unit.FRACTION,
    default=ZERO,
    default_severity=None,
)


NO_MODEL = Unknown("no cross pool is under a margin model that loses anything", "write a `margin_model:`")


def risk_concentration(context: Context) -> Iterable[Measurement]:
    """What it checks: how much of the risk that a margin model sees stands on one underlying.

    Value: the largest contribution of one underlying (its contracts, and its coin where it is scanned) / the model's figure
    before factors and charges, for every cross pool under a model. Hedges contribute less than nothing, so the share of
    what they hedge may be above 100%. Configured as `max_risk_share`; off otherwise.

    Why: gross notional hides what offsets; this share is what is left of it when everything moves at once.

    Example: BTC contributes 500 USD and ETH takes 300 USD away: BTC has 250% of a figure of 200 USD.

    Instead: reduce that underlying, or hedge it with itself.
    """
    # One measurement per cross pool, of the underlying with the largest share
    currency, place = context.account.currency, context.locations.account
    rows = [(pool, risks) for pool, found in modelled_pools(context.report) if (risks := _by_asset(context, found))]
    if not rows:
        yield Measurement(subject="account", measured=NO_MODEL, what="share of the risk", location=place)
    for pool, risks in rows:
        asset, risk = max(risks.items(), key=lambda one: one[1])
        figure = total(risks.values())
        shown = (money(value, currency, Direction.UP) for value in (risk, figure))
        yield Measurement(
            subject=pool.name,
            measured=Ratio(risk, figure),
            what=f"share of {asset} in the risk of {pool.name}",
            detail=" of ".join(shown),
            location=place,
            remedy=advice(f"reduce the positions on {asset}"),
        )


def _by_asset(context: Context, found: "PortfolioMargin") -> dict[str, Decimal]:
    """What each underlying contributes; nothing where the figure is 0."""
    bases = {one.contract.symbol: one.contract.base for one in context.account.positions}
    risks: dict[str, Decimal] = {}
    for row in found.contributions:
        asset = row.symbol if row.side is None else bases[row.symbol]
        risks[asset] = risks.get(asset, ZERO) + row.risk
    return risks if total(risks.values()) > 0 else {}


MC118 = Rule(
    code="MC118",
    name="risk-concentration",
    summary="largest share of one underlying in what a margin model sees",
    manual=manual_of(risk_concentration),
    measure=risk_concentration,
    key="max_risk_share",
    compares="largest share of one underlying in a model's figure",
    comparison=Comparison.MAXIMUM,
    unit=Unit.FRACTION,
    default=ZERO,
    default_severity=None,
)


NO_SCENARIO = Unknown("no cross pool is under `margin_model: scenario`", "write it, with `portfolio_margin:`")


def scan_cover(context: Context) -> Iterable[Measurement]:
    """What it checks: how many times the equity pays for the worst scenario.

    Value: equity / worst loss of the scenarios, before charges, spreads and factors, for every cross pool under
    `margin_model: scenario`. Where no scenario loses anything it is without end. Configured as `min_scan_cover`; off
    otherwise.

    Why: factors and floors differ from venue to venue; the loss that the moves make of this book does not.

    Example: the worst row costs 200 USD, the equity is 10,000 USD: 50 times.

    Instead: deposit, or reduce what the worst scenario loses on.
    """
    # One measurement per cross pool that is scanned
    currency, place = context.account.currency, context.locations.account
    rows = [(pool, found) for pool, found in modelled_pools(context.report) if found.model == "scenario"]
    if not rows:
        yield Measurement(subject="account", measured=NO_SCENARIO, what="scan cover", location=place)
    for pool, found in rows:
        loss = total(row.risk for row in found.contributions)
        shown = money(loss, currency, Direction.UP)
        yield Measurement(
            subject=pool.name,
            measured=Ratio(pool.equity, loss) if loss > 0 else Never(),
            what=f"equity of {pool.name} over its worst scenario",
            detail=f"{money(pool.equity, currency, Direction.DOWN)} against a loss of {shown}",
            location=place,
            remedy=partial(_scan_cover_remedy, context, pool, loss),
        )


def _scan_cover_remedy(context: Context, pool: PoolFigures, loss: Decimal, limit: Decimal) -> Remedy:
    return remedy(deposit(context, pool, limit * loss - pool.equity), "reduce what loses in the worst scenario")


MC119 = Rule(
    code="MC119",
    name="scan-cover",
    summary="equity over the worst scenario loss of a cross pool",
    manual=manual_of(scan_cover),
    measure=scan_cover,
    key="min_scan_cover",
    compares="equity over the worst scenario loss",
    comparison=Comparison.MINIMUM,
    unit=Unit.MULTIPLE,
    default=ZERO,
    default_severity=None,
)


def history_stale(context: Context) -> Iterable[Measurement]:
    """What it checks: the age of the history that a margin model, or the limit on expected shortfall, reads.

    Value: days from the last date of the history to today (`--today`). Configured as `max_history_age`; not configured: a
    warning above 7 days.

    Why: the tail of last spring knows nothing of last week.

    Example: a history that ends on 2026-11-10, checked on 2026-11-22: 12 days.

    Instead: add the newer rows to the file.
    """
    # One measurement, of the account's history where it has one
    for last in (one.last for one in histories(context)):
        yield Measurement(
            subject="history",
            measured=age(last[:10], context.today),
            what="age of the history",
            detail=f"its last date is {last}",
            location=context.locations.account,
            remedy=advice("add the newer rows to its file"),
        )


MC210 = Rule(
    code="MC210",
    name="history-stale",
    summary="age of the last date of a history",
    manual=manual_of(history_stale),
    measure=history_stale,
    key="max_history_age",
    compares="age of the last date of a history",
    comparison=Comparison.MAXIMUM,
    unit=Unit.DAYS,
    default=Decimal(7),
    tacit=True,
)


def history_filled(context: Context) -> Iterable[Measurement]:
    """What it checks: whether a history has holes that were filled or stepped over.

    Cells that `missing: carry` filled with the value before, and days between two rows beyond the horizon of a return. A
    warning.

    Why: a carried price makes a day without a move and hides its loss; a return over a gap is the move of several days.

    Example: 3 blank cells carried; a row of Friday followed by one of Monday, with returns of one day.

    Instead: complete the file.
    """
    # One measurement per kind of hole
    found = next(iter(histories(context)), None)
    if found is None:
        return
    told = [f"{counted(found.carried, 'blank cell')} of {found.file} carried"] if found.carried else []
    if found.largest_gap_days > found.horizon:
        told.append(f"{found.file} has a gap of {found.largest_gap_days} days between two rows")
    for what in told:
        yield Measurement(
            subject="history",
            measured=Fact(True),
            what=what,
            location=context.locations.account,
            remedy=advice("complete the file"),
        )


MC211 = Rule(
    code="MC211",
    name="history-filled",
    summary="holes of a history, filled or stepped over",
    manual=manual_of(history_filled),
    measure=history_filled,
    default_severity=Severity.WARNING,
)
