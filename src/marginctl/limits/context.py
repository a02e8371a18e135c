"""What rules look at: the figures of one account, and facts that others found."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from marginctl.core.account import Account
from marginctl.core.report import Report, RulesUsed
from marginctl.core.scenario import HedgeFigures, PathOutcome
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


class Context(Struct, frozen=True, kw_only=True):
    """Everything that rules may look at; nothing here is computed by them.

    ``named``: what narrower limits are for (the engine fills it in); other parts of the account are not measured.

    ``account`` is the one that the report was made of. ``today`` is what ages and waivers compare with, ``now`` the
    moment of it, None where only the day is known.
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
    outcomes: Mapping[str, PathOutcome] | None = None
    hedge_effects: Mapping[str, HedgeFigures] | None = None
    facts: tuple[DataFact, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    named: frozenset[str] = frozenset()
    now: datetime | None = None
