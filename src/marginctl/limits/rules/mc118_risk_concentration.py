"""What it checks: how much of the risk that a margin model sees stands on one underlying.

Value: the largest contribution of one underlying (its contracts, and its coin where it is scanned) / the model's figure
before factors and charges, for every cross pool under a model. Hedges contribute less than nothing, so the share of
what they hedge may be above 100%. Configured as `max_risk_share`; off otherwise.

Why: gross notional hides what offsets; this share is what is left of it when everything moves at once.

Example: BTC contributes 500 USD and ETH takes 300 USD away: BTC has 250% of a figure of 200 USD.

Instead: reduce that underlying, or hedge it with itself.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from marginctl.core.exact import ZERO, Direction
from marginctl.limits.context import Context
from marginctl.limits.figures import modelled_pools, total
from marginctl.limits.rule import Comparison, Measurement, Ratio, Rule, Unit, Unknown, advice
from marginctl.wording import money

if TYPE_CHECKING:
    from marginctl.core.model_report import PortfolioMargin

NO_MODEL = Unknown("no cross pool is under a margin model that loses anything", "write a `margin_model:`")


def measure(context: Context) -> Iterable[Measurement]:
    """One measurement per cross pool, of the underlying with the largest share."""
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


RULE = Rule(
    code="MC118",
    name="risk-concentration",
    summary="largest share of one underlying in what a margin model sees",
    manual=__doc__ or "",
    measure=measure,
    key="max_risk_share",
    compares="largest share of one underlying in a model's figure",
    comparison=Comparison.MAXIMUM,
    unit=Unit.FRACTION,
    default=ZERO,
    default_severity=None,
)
