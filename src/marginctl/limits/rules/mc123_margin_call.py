"""What it checks: whether a pool, cross or isolated, is called for margin.

Value: level x maintenance margin / equity. The account's state is `margin-call` where this limit is broken: the word
and the verdict agree. A venue that publishes a warning level calls at that one; else it is 80% unless `margin_call`
says otherwise. A level that is set counts beside the venue's. Not configured: a warning. A pool that can be liquidated
already is no matter of this rule (MC100).

Why: at 100% positions are closed. Venues that warn do it a little before; where one does not, the account needs a level
of its own at which somebody acts.

Example: 850 USDT of maintenance margin on 1,000 USDT of equity: 85%, above 80%.

Instead: deposit, or reduce positions.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.account import MarginRules
from marginctl.core.exact import ZERO, Direction, exceeds
from marginctl.core.pool import rules_of
from marginctl.core.report import PoolFigures
from marginctl.limits.context import Context
from marginctl.limits.remedy import at_least, deposit, remedy
from marginctl.limits.rule import Comparison, Fact, Measurement, Ratio, Remedy, Rule, Unit
from marginctl.wording import money, percent

USUAL = Decimal("0.8")


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per pool that needs margin and is not liquidatable, at the venue's level, and at any other."""
    for pool in context.report.pools:
        if pool.liquidatable or pool.maintenance_margin <= 0:
            continue
        rules = rules_of(context.account, pool.margin_mode)
        required = rules.level * pool.maintenance_margin
        if rules.warning_level is not None and pool.equity <= rules.warning_level * pool.maintenance_margin:
            yield _called(context, pool, rules, rules.level / rules.warning_level)
        is_usual = rules.warning_level is None and exceeds(required, pool.equity, USUAL)
        yield _measurement(context, pool, rules, Ratio(required, pool.equity), only_asked=not is_usual)


def _measurement(
    context: Context, pool: PoolFigures, rules: MarginRules, measured: Ratio, *, only_asked: bool
) -> Measurement:
    currency = context.account.currency
    required, equity = (
        money(measured.numerator, currency, Direction.UP),
        money(pool.equity, currency, Direction.DOWN),
    )
    return Measurement(
        subject=pool.name,
        measured=measured,
        what=f"margin call: maintenance ratio of {pool.name}",
        detail=f"{required} of maintenance margin on {equity} of equity",
        location=context.locations.account,
        remedy=partial(_remedy, context, pool, rules),
        only_asked=only_asked,
    )


def _called(context: Context, pool: PoolFigures, rules: MarginRules, limit: Decimal) -> Measurement:
    ratio = rules.level * pool.maintenance_margin / pool.equity
    shown, at = percent(ratio, Direction.UP), percent(limit, Direction.DOWN)
    return Measurement(
        subject=pool.name,
        measured=Fact(True, ratio, limit, limit - ratio),
        what=f"margin call of the venue: maintenance ratio of {pool.name} is {shown}, it calls from {at}",
        location=context.locations.account,
        remedy=lambda _: _remedy(context, pool, rules, limit),
    )


def _remedy(context: Context, pool: PoolFigures, rules: MarginRules, limit: Decimal) -> Remedy:
    required = rules.level * pool.maintenance_margin
    strict = rules.warning_level is not None
    found = deposit(context, pool, required / limit - pool.equity, strict=strict) if limit else None
    too_much = at_least(max(ZERO, required - limit * pool.equity), context.account.currency)
    return remedy(found, f"reduce the maintenance margin by {too_much}")


RULE = Rule(
    code="MC123",
    name="margin-call",
    summary="maintenance ratio of a pool at which somebody has to act",
    manual=__doc__ or "",
    measure=measure,
    key="margin_call",
    compares="maintenance ratio of any pool above which it is called for margin",
    comparison=Comparison.MAXIMUM,
    unit=Unit.FRACTION,
    default=USUAL,
    tacit=True,
)
