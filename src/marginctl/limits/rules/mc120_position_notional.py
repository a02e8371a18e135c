"""What it checks: the size of each position in money, cross or isolated, hedges too.

Value: its notional at the mark, in the account's currency. Configured as `max_position_notional`; off otherwise.
`positions: {BTCUSDT: {max_notional: 50000}, "*": {max_notional: 10000}}` sets it for one contract and for every other
one, `purposes` and `underlyings` for some. The legs of a contract are measured one by one, an order not at all.

Why: a cap in money does not grow with the account, and holds for a symbol that nobody has thought of yet.

Example: 0.2 BTC at 60,000 are 12,000 USD, above a cap of 10,000.

Instead: close what is above it.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.exact import ZERO, Direction
from marginctl.core.report import PositionFigures
from marginctl.core.search import up_to
from marginctl.limits.context import Context
from marginctl.limits.figures import belonging
from marginctl.limits.remedy import at_least
from marginctl.limits.rule import Comparison, Measurement, Ratio, Remedy, Rule, Unit
from marginctl.wording import money, separated


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per position."""
    belongs, currency = belonging(context), context.account.currency
    for row in context.report.positions:
        yield Measurement(
            subject=row.key,
            measured=Ratio(row.notional),
            what=f"notional of the {row.symbol} {row.side}",
            detail=f"{separated(row.quantity)} contracts are {money(row.notional, currency, Direction.UP)} at the mark",
            location=context.locations.position(row.key),
            aliases=(row.symbol,),
            remedy=partial(_remedy, context, row),
            belongs=belongs[row.key],
        )


def _remedy(context: Context, row: PositionFigures, cap: Decimal) -> Remedy:
    """What is above the cap, in whole steps of the contract."""
    step = next(one.contract.sizing_step for one in context.account.positions if one.key == row.key)
    quantity = min(row.quantity, up_to((row.notional - cap) * row.quantity / row.notional, step))
    worth = at_least(row.notional - cap, context.account.currency)
    return Remedy(f"close {separated(quantity)} of it, {worth} of notional")


RULE = Rule(
    code="MC120",
    name="position-notional",
    summary="notional of a position, in money",
    manual=__doc__ or "",
    measure=measure,
    key="max_position_notional",
    compares="notional of a position, in the account's currency",
    comparison=Comparison.MAXIMUM,
    unit=Unit.MONEY,
    default=ZERO,
    default_severity=None,
)
