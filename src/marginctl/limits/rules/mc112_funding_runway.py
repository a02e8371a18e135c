"""What it checks: how long the account can pay its funding.

Value: `funding.runway_days`, the days until a pool's equity no longer covers level x maintenance margin when every
position pays or receives its funding rate and prices stay. An account that never gets there passes. A position
without a `funding_rate` makes it not evaluated. Configured as `min_funding_runway`; not configured: a warning below
30 days.

Why: funding is the cost of time; a hedged book can be flat in price and still bleed to liquidation.

Example: 10 USDT of funding a day against a buffer of 250 USDT: 25 days.

Instead: close or reduce what pays most, move it to a contract with a lower rate, or deposit.
"""

from collections.abc import Iterable
from decimal import Decimal

from marginctl.core.exact import Direction
from marginctl.limits.context import Context
from marginctl.limits.rule import (
    Comparison,
    Measurement,
    Never,
    Ratio,
    Remedy,
    Rule,
    Unit,
    Unknown,
    advice,
)
from marginctl.wording import listed, money

SUBJECT = "account"


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement, of the account."""
    funding = context.report.funding
    yield Measurement(
        subject=SUBJECT,
        measured=_measured(funding.runway_days, funding.missing),
        what="funding runway of the account",
        detail=f"funding of {money(funding.per_day, context.account.currency, Direction.DOWN)} a day",
        location=context.locations.account,
        remedy=advice(_remedy(context).text),
    )


def _measured(days: Decimal | None, missing: tuple[str, ...]) -> Ratio | Never | Unknown:
    if missing:
        return Unknown(
            f"no funding_rate for {listed(missing)}", "add `funding_rate` to these positions, 0% if there is none"
        )
    return Never() if days is None else Ratio(days)


def _remedy(context: Context) -> Remedy:
    paid = [(row.funding_per_day, row.symbol) for row in context.report.positions if row.funding_per_day]
    per_day, symbol = min(paid, default=(None, ""))
    if per_day is None or per_day >= 0:
        return Remedy("deposit, or reduce positions")
    cost = money(-per_day, context.account.currency, Direction.UP)
    return Remedy(f"reduce {symbol}, which pays {cost} a day, or deposit")


RULE = Rule(
    code="MC112",
    name="funding-runway",
    summary="days until funding payments liquidate a pool, prices flat",
    manual=__doc__ or "",
    measure=measure,
    key="min_funding_runway",
    compares="time until funding uses up the buffer",
    comparison=Comparison.MINIMUM,
    unit=Unit.DAYS,
    default=Decimal(30),
)
