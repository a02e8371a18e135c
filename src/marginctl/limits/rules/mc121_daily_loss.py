"""What it checks: what the account has lost since its day began.

Value: `account.start_of_day_equity` - equity of all pools, 0 where nothing is lost; in the account's currency. Without
that key it is not evaluated. Configured as `max_daily_loss`, an amount (`250`) or a percentage of the equity at the
start of the day (`2%`); off otherwise.

Why: most desks stop for the day at a loss that is agreed before. What was deposited since the day began belongs into
the key, what was withdrawn out of it: neither is a profit or a loss.

Example: `start_of_day_equity: 10000` and an equity of 9,700 under `max_daily_loss: 2%`: 300, above 200.

Instead: reduce what can lose more today. No deposit undoes a loss, so none is proposed.
"""

from collections.abc import Iterable

from marginctl.core.exact import ZERO, Direction
from marginctl.limits.context import Context
from marginctl.limits.rule import Comparison, Measurement, Ratio, Rule, Unit, Unknown, advice
from marginctl.wording import money

SUBJECT = "account"
NO_START = Unknown(
    "the account has no start_of_day_equity", "add `start_of_day_equity` to `account`, its equity when the day began"
)


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement, of the account."""
    start, equity = context.account.start_of_day_equity, context.report.totals.equity
    currency = context.account.currency
    shown = [] if start is None else [money(start, currency), money(equity, currency, Direction.DOWN)]
    yield Measurement(
        subject=SUBJECT,
        measured=NO_START if start is None else Ratio(max(ZERO, start - equity)),
        what=f"loss of the day in {currency}",
        detail=" at its start, now ".join(shown),
        location=context.locations.account,
        remedy=advice("reduce what can lose more today; a deposit undoes no loss"),
        whole=None if start is None else max(ZERO, start),
    )


RULE = Rule(
    code="MC121",
    name="daily-loss",
    summary="loss since the start of the day",
    manual=__doc__ or "",
    measure=measure,
    key="max_daily_loss",
    compares="loss since the start of the day, an amount or a percentage",
    comparison=Comparison.MAXIMUM,
    unit=Unit.MONEY,
    default=ZERO,
    default_severity=None,
    takes_share=True,
)
