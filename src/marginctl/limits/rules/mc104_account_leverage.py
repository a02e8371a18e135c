"""What it checks: the leverage of the account as a whole, and of parts of it where a limit names them.

Value: gross notional of all positions / equity of all pools, the figure `totals.leverage` of the report, isolated
positions with their margins included. It does not exist, and breaks the limit, when equity is 0 or negative under a
notional. Configured as `max_leverage`; not configured: a warning above 5. Under `purposes` and `underlyings` the same
key limits the gross notional of those positions alone, over the same equity.

Why: it is what a move of the whole market costs in terms of equity: at 5x, 10% of the market is half the equity of a
one-sided book. Leverage set per position does not say that.

Example: 52,000 USDT of positions on 10,000 USDT of equity: 5.2x.

Instead: deposit, or reduce positions. Lowering the leverage setting of a position changes nothing here.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.exact import ZERO, Direction
from marginctl.core.scenario import EVERY_OTHER
from marginctl.limits.context import Context
from marginctl.limits.remedy import at_least, deposit, main_pool, remedy
from marginctl.limits.rule import Belongs, Comparison, Measurement, Ratio, Remedy, Rule, Unit
from marginctl.wording import money

SUBJECT = "account"


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement of the account, then those of the purposes and underlyings that limits name."""
    report, named = context.report, context.named
    yield _measurement(context, SUBJECT, "the account", report.totals.gross_notional)
    for purpose, notional in _sums(((row.purpose or "", row.notional) for row in report.positions), named).items():
        yield _measurement(context, purpose, f"{purpose} positions", notional, Belongs(purpose=purpose))
    for asset, notional in _sums(((row.asset, row.gross_notional) for row in report.underlyings), named).items():
        yield _measurement(context, asset, f"positions on {asset}", notional, Belongs(underlying=asset))


def _sums(rows: Iterable[tuple[str, Decimal]], named: frozenset[str]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for name, notional in rows:
        if name in named or EVERY_OTHER in named:
            sums[name] = sums.get(name, ZERO) + notional
    return sums


def _measurement(
    context: Context, subject: str, name: str, gross: Decimal, belongs: Belongs | None = None
) -> Measurement:
    totals, currency = context.report.totals, context.account.currency
    notional, equity = money(gross, currency, Direction.UP), money(totals.equity, currency, Direction.DOWN)
    return Measurement(
        subject=subject,
        measured=Ratio(gross, totals.equity),
        what=f"leverage of {name}",
        detail=f"{notional} of gross notional on {equity} of equity",
        undefined=f"equity is {equity} under {notional} of gross notional",
        location=context.locations.account,
        remedy=partial(_remedy, context, gross, f" in {name}" if belongs else ""),
        belongs=belongs or Belongs(),
        narrow=belongs is not None,
    )


def _remedy(context: Context, gross: Decimal, where: str, limit: Decimal) -> Remedy:
    totals = context.report.totals
    pool = main_pool(context.report)
    found = deposit(context, pool, gross / limit - totals.equity) if limit and pool else None
    if totals.equity <= 0:
        return remedy(found)
    too_much = at_least(gross - limit * totals.equity, context.account.currency)
    return remedy(found, f"close {too_much} of notional{where}")


RULE = Rule(
    code="MC104",
    name="account-leverage",
    summary="gross notional over equity of the account",
    manual=__doc__ or "",
    measure=measure,
    key="max_leverage",
    compares="gross notional over equity",
    comparison=Comparison.MAXIMUM,
    unit=Unit.MULTIPLE,
    default=Decimal(5),
)
