"""What the renderers of ``stress`` are handed: one account, what it was put through, and what came of it."""

from decimal import Decimal

from marginctl.core.path import FundingShock, Scenario
from marginctl.core.scenario import EVERY_OTHER
from marginctl.render.numbers import HUNDRED, plain


def moves_text(scenario: Scenario) -> str:
    """``BTC -30%, ETH -40%, others -50%``; for funding ``longs pay 100% per 365d for 7 days``."""
    if scenario.funding is not None:
        return _funding_text(scenario.funding)
    return ", ".join(f"{_whom(asset)} {signed_percent(shock)}" for asset, shock in scenario.shocks.items())


def _whom(asset: str) -> str:
    return "others" if asset == EVERY_OTHER else asset


def signed_percent(share: Decimal) -> str:
    """``+34%``, ``-12.5%``: as exact as it was given, its sign always shown."""
    text = trimmed(share * HUNDRED)
    return f"{'' if text.startswith('-') else '+'}{text}%"


def trimmed(value: Decimal) -> str:
    """The exact text without trailing zeros."""
    text = plain(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration_text(hours: Decimal) -> str:
    """``8h``, ``365d``: days where they come out even."""
    days = hours / 24
    even = hours >= 24 and days == days.to_integral_value()
    return f"{trimmed(days)}d" if even else f"{trimmed(hours)}h"


def _funding_text(funding: FundingShock) -> str:
    rates = [
        f"{'all' if asset == EVERY_OTHER else asset} {signed_percent(rate)}" for asset, rate in funding.rates.items()
    ]
    return f"funding {', '.join(rates)} per {duration_text(funding.interval)} for {trimmed(funding.days)} days"
