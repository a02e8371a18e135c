"""What it checks: the leverage of the account as a whole.

Value: gross notional of all positions / equity of all pools, the figure `totals.leverage` of the report, isolated
positions with their margins included. It does not exist, and breaks the limit, when equity is 0 or negative under a
notional. Configured as `max_leverage`; not configured: a warning above 5.

Why: it is what a move of the whole market costs in terms of equity: at 5x, 10% of the market is half the equity of a
one-sided book. Leverage set per position does not say that.

Example: 52,000 USDT of positions on 10,000 USDT of equity: 5.2x.

Instead: deposit, or reduce positions. Lowering the leverage setting of a position changes nothing here.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.exact import Direction
from marginctl.limits.context import Context
from marginctl.limits.remedy import at_least, deposit, main_pool, remedy
from marginctl.limits.rule import Comparison, Measurement, Ratio, Remedy, Rule, Unit
from marginctl.limits.wording import money

SUBJECT = "account"


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement, of the account."""
    totals, currency = context.report.totals, context.account.currency
    notional = money(totals.gross_notional, currency, Direction.UP)
    equity = money(totals.equity, currency, Direction.DOWN)
    yield Measurement(
        subject=SUBJECT,
        measured=Ratio(totals.gross_notional, totals.equity),
        what="leverage of the account",
        detail=f"{notional} of gross notional on {equity} of equity",
        undefined=f"equity is {equity} under {notional} of gross notional",
        location=context.locations.account,
        remedy=partial(_remedy, context),
    )


def _remedy(context: Context, limit: Decimal) -> Remedy:
    totals = context.report.totals
    pool = main_pool(context.report)
    found = deposit(context, pool, totals.gross_notional / limit - totals.equity) if limit and pool else None
    if totals.equity <= 0:
        return remedy(found)
    too_much = at_least(totals.gross_notional - limit * totals.equity, context.account.currency)
    return remedy(found, f"close {too_much} of notional")


RULE = Rule(
    code="MC104",
    name="account-leverage",
    summary="gross notional over equity of the account",
    manual=__doc__ or "",
    measure=measure,
    key="max_leverage",
    comparison=Comparison.MAXIMUM,
    unit=Unit.MULTIPLE,
    default=Decimal(5),
)
