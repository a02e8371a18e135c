"""What it checks: what the worst part of a history would cost, against what there is to pay it with.

Value: expected shortfall of the history at the confidence of the maintenance margin / equity, for every cross pool.
Under a margin model that reads no history, `history:` is read for this limit alone, with what `portfolio_margin:` says
of confidence, horizon and weights (97.5% unless given). Configured as `max_expected_shortfall`; off otherwise.

Why: a requirement has factors, floors and add-ons of a venue; this is the loss itself, in days that did happen.

Example: the mean of the worst 2.5% of 500 days is 2,100 USD, on 5,000 USD of equity: 42%.

Instead: deposit, or reduce the positions whose contribution is largest.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.exact import ZERO, Direction
from marginctl.core.report import PoolFigures
from marginctl.limits.context import Context
from marginctl.limits.figures import modelled_pools
from marginctl.limits.remedy import deposit, remedy
from marginctl.limits.rule import Comparison, Measurement, Ratio, Remedy, Rule, Unit, Unknown
from marginctl.wording import money

NO_HISTORY = Unknown("the file has no history of a cross pool", "add `history: {file: history.csv}`")


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per cross pool with a history."""
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
            remedy=partial(_remedy, context, pool, loss),
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


def _remedy(context: Context, pool: PoolFigures, loss: Decimal, limit: Decimal) -> Remedy:
    found = deposit(context, pool, loss / limit - pool.equity) if limit else None
    return remedy(found, "reduce the positions that contribute most")


RULE = Rule(
    code="MC117",
    name="expected-shortfall",
    summary="expected shortfall of a history over equity of a cross pool",
    manual=__doc__ or "",
    measure=measure,
    key="max_expected_shortfall",
    compares="expected shortfall of a history over equity",
    comparison=Comparison.MAXIMUM,
    unit=Unit.FRACTION,
    default=ZERO,
    default_severity=None,
)
