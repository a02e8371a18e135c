"""What the renderers of ``stress`` are handed: one account, what it was put through, and what came of it."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum

from msgspec import Struct

from marginctl.core.cascade import Cascade, Comparison
from marginctl.core.curve import Curve
from marginctl.core.funding_cases import FundingTable
from marginctl.core.grid import Grid
from marginctl.core.outcome import Outcome as ScenarioOutcome
from marginctl.core.path import FundingShock, Scenario
from marginctl.core.report import Report, RulesUsed
from marginctl.core.scenario import EVERY_OTHER
from marginctl.findings import Finding, Problem
from marginctl.render.numbers import HUNDRED, plain
from marginctl.scenarios.catalogue import BuiltIn, Source


class Origin(Enum):
    """Where a scenario comes from."""

    FILE = "file"
    FLAG = "flag"
    BUILT_IN = "built-in"


class Told(Struct, frozen=True, kw_only=True):
    """One scenario with its outcome; ``moves`` are its shocks by asset of the account, ``untouched`` those it lacks.

    ``story`` is there where a cascade was asked for, ``comparison`` where the account can also be run isolated.
    """

    scenario: Scenario
    origin: Origin
    built_in: BuiltIn | None = None
    moves: dict[str, Decimal] = {}
    untouched: tuple[str, ...] = ()
    outcome: ScenarioOutcome
    story: Cascade | None = None
    comparison: Comparison | None = None

    @property
    def name(self) -> str:
        """How the scenario is called in this run."""
        return self.scenario.name

    @property
    def date(self) -> str:
        """The day it happened; empty for one that did not."""
        return self.built_in.date.isoformat() if self.built_in else ""

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where its figures were published."""
        return self.built_in.sources if self.built_in else ()

    @property
    def days(self) -> Decimal | None:
        """How long the way takes, where it is one of days."""
        return self.scenario.funding.days if self.scenario.funding else None


class Stress(Struct, frozen=True, kw_only=True):
    """Everything about one file; with ``problems`` and without ``report`` it could not be checked.

    ``positions``: symbol and side by key. ``assumptions``: of the account, then of what was done to it.
    """

    file: str
    version: str
    exit_code: int
    report: Report | None = None
    rules: RulesUsed | None = None
    scenarios: tuple[Told, ...] = ()
    cascaded: bool = False
    grid: Grid | None = None
    curves: tuple[Curve, ...] = ()
    draws_curve: bool = True
    funding: FundingTable | None = None
    findings: tuple[Finding, ...] = ()
    assumptions: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    fail_on: str = "error"
    positions: Mapping[str, str] = {}


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
