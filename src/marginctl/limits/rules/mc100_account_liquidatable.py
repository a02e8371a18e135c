"""What it checks: whether a pool is liquidatable as it stands.

A pool is liquidatable when its equity is below level x maintenance margin while there is a maintenance margin (a venue
whose published rule counts equality says so in its rule set). Value: level x maintenance margin / equity; limit: 1.
Every pool is checked, isolated ones too. The finding is always an error; it can be neither waived nor ignored.

Why: figures of such an account describe a state that the venue is about to end.

Example: 900 USDT of equity against a maintenance margin of 1,000 USDT.

Instead: deposit, or reduce positions until equity covers the maintenance margin again; if the account is healthy on
the venue's screen, look for a missing balance, a wrong price or a wrong entry price in the file.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.account import Equality, MarginRules
from marginctl.core.exact import ONE, Direction, ratio
from marginctl.core.pool import rules_of
from marginctl.core.report import PoolFigures
from marginctl.findings import Severity
from marginctl.limits.context import Context
from marginctl.limits.remedy import at_least, deposit, remedy
from marginctl.limits.rule import Fact, Measurement, Remedy, Rule, Unit
from marginctl.wording import money, trimmed


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per pool, whether something is at stake in it or not."""
    for pool in context.report.pools:
        rules = rules_of(context.account, pool.margin_mode)
        value = ratio(rules.level * pool.maintenance_margin, pool.equity)
        yield Measurement(
            subject=pool.name,
            measured=Fact(pool.liquidatable, value, ONE, None if value is None else ONE - value),
            what=_message(pool, rules, context.account.currency),
            location=context.locations.account,
            remedy=partial(_remedy, context, pool, rules),
            slack=partial(_slack, pool),
        )


def _slack(pool: PoolFigures, _: Decimal) -> Decimal:
    return pool.buffer


def _message(pool: PoolFigures, rules: MarginRules, currency: str) -> str:
    equity = money(pool.equity, currency, Direction.DOWN)
    margin = money(pool.maintenance_margin, currency, Direction.UP)
    times = "" if rules.level == ONE else f"{trimmed(rules.level)} x "
    below = "does not exceed" if rules.equality is Equality.LIQUIDATED else "is below"
    return f"{pool.name} is liquidatable: equity {equity} {below} {times}the maintenance margin {margin}"


def _remedy(context: Context, pool: PoolFigures, rules: MarginRules, _: Decimal) -> Remedy:
    strict = rules.equality is Equality.LIQUIDATED
    found = deposit(context, pool, -pool.buffer, relief_weight=rules.level, strict=strict)
    return remedy(found, _less(context, pool, rules))


def _less(context: Context, pool: PoolFigures, rules: MarginRules) -> str:
    missing: Decimal = -pool.buffer / rules.level
    if pool.equity <= 0 or not missing:
        return ""
    return f"close positions until the maintenance margin is {at_least(missing, context.account.currency)} lower"


RULE = Rule(
    code="MC100",
    name="account-liquidatable",
    summary="any pool is liquidatable",
    manual=__doc__ or "",
    measure=measure,
    unit=Unit.FRACTION,
    default_severity=Severity.ERROR,
    always=True,
    waivable=False,
)
