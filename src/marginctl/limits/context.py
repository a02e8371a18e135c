"""What rules look at: the figures of one account, and facts that others found."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from msgspec import Struct

from marginctl.core.account import Account
from marginctl.core.report import Report, RulesUsed
from marginctl.findings import DataFact, Expectation, Location


class Locations(Struct, frozen=True):
    """Where things stand in the portfolio file: the account, positions by key, scenarios by name."""

    account: Location
    positions: Mapping[str, Location] = {}
    scenarios: Mapping[str, Location] = {}

    def position(self, key: str) -> Location:
        """The place of a position, the account's where it has none of its own."""
        return self.positions.get(key, self.account)

    def scenario(self, name: str) -> Location:
        """The place of a scenario, the account's where it has none of its own."""
        return self.scenarios.get(name, self.account)


class ScenarioOutcome(Struct, frozen=True):
    """What happens on the straight path to a scenario.

    ``crossing``: the fraction of the path (0 = now, 1 = all of it) at which the first pool is liquidated, None = none
    is. ``pool``: that pool. ``bystanders``: symbols of the positions with PnL >= 0 that stand in it at that point.
    ``is_idle``: no price of the account moves on it.
    """

    crossing: Decimal | None
    pool: str | None = None
    bystanders: tuple[str, ...] = ()
    is_idle: bool = False


class HedgeEffect(Struct, frozen=True):
    """What a position marked hedge does to its pool's liquidation distance (None = never) and to the account's delta.

    ``delta`` is in units of the position's underlying; ``_without`` is the same account without the position.
    """

    distance: Decimal | None
    distance_without: Decimal | None
    delta: Decimal
    delta_without: Decimal


class Context(Struct, frozen=True, kw_only=True):
    """Everything that rules may look at; nothing here is computed by them.

    ``named``: what narrower limits are for (the engine fills it in); other parts of the account are not measured.

    ``account`` is the one that the report was made of. ``today`` is what ages and waivers compare with.
    ``scenarios`` are the declared ones in order, ``moves`` their shocks by asset of the account; ``outcomes`` and
    ``hedge_effects`` (by position key) are None where they were not computed.
    """

    report: Report
    account: Account
    rules: RulesUsed
    today: date
    locations: Locations
    scenarios: tuple[str, ...] = ()
    moves: Mapping[str, Mapping[str, Decimal]] = {}
    outcomes: Mapping[str, ScenarioOutcome] | None = None
    hedge_effects: Mapping[str, HedgeEffect] | None = None
    facts: tuple[DataFact, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    named: frozenset[str] = frozenset()
