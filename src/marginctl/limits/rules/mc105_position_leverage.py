"""What it checks: the leverage of each position that is not marked `purpose: hedge`, cross or isolated.

Value: 1 / initial rate in force, the rate being that of the position's tier where the leverage asked for is too high.
Configured as `max_position_leverage`; not configured: a warning above 10. `positions: {BTCUSDT: {max_leverage: 5}}`
sets it for one position, `purposes` and `underlyings` for some; these count for hedges too.

Why: the initial margin is the venue's first buffer on a position. A hedge is left out because a low margin on it frees
collateral without adding risk.

Example: an ETHUSDT long at 25x.

Instead: set a lower leverage on the venue and in the file; the initial margin grows, liquidation of a cross position
does not move.
"""

from collections.abc import Iterable
from decimal import Decimal

from marginctl.core.account import Purpose
from marginctl.core.exact import ONE
from marginctl.limits.context import Context
from marginctl.limits.figures import belonging
from marginctl.limits.rule import Comparison, Measurement, Ratio, Remedy, Rule, Unit
from marginctl.wording import trimmed


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per position; of a hedge for the limits that name it."""
    belongs = belonging(context)
    for row in context.report.positions:
        if row.initial_rate is None:  # only where a model of the whole says what is needed
            continue
        yield Measurement(
            subject=row.key,
            measured=Ratio(ONE, row.initial_rate),
            what=f"leverage of the {row.symbol} {row.side}",
            undefined="its initial rate is 0",
            location=context.locations.position(row.key),
            aliases=(row.symbol,),
            remedy=_remedy,
            belongs=belongs[row.key],
            narrow=row.purpose == Purpose.HEDGE.value,
        )


def _remedy(limit: Decimal) -> Remedy:
    return Remedy(f"set its leverage to {trimmed(limit)} or less" if limit else "close it")


RULE = Rule(
    code="MC105",
    name="position-leverage",
    summary="leverage of a position that is not marked hedge",
    manual=__doc__ or "",
    measure=measure,
    key="max_position_leverage",
    compares="leverage of a position that is no hedge",
    comparison=Comparison.MAXIMUM,
    unit=Unit.MULTIPLE,
    default=Decimal(10),
)
