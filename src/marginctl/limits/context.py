"""What rules look at: the figures of one account, facts that others found, what its scenarios and hedges come to."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import Account, Purpose
from marginctl.core.report import Report, RulesUsed
from marginctl.core.scenario import HedgeFigures, PathOutcome, moves_in
from marginctl.findings import DataFact, Expectation, Location


class Locations(Struct, frozen=True):
    """Where things stand in the portfolio file: the account, positions by key, scenarios by name.

    Rows of other lists are among the positions, as ``collateral.BTC`` and ``other.NAME``.
    """

    account: Location
    positions: Mapping[str, Location] = {}
    scenarios: Mapping[str, Location] = {}

    def position(self, key: str) -> Location:
        """The place of a position, the account's where it has none of its own."""
        return self.positions.get(key, self.account)

    def row(self, rows: str, subject: str) -> Location:
        """The place of a row of a list of the report, the account's where it has none of its own."""
        return self.position(subject if rows == "positions" else f"{rows}.{subject}")

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


Scenarios = Mapping[str, Mapping[str, Decimal]]
"""Shocks by asset, by the name of the scenario."""


def with_outcomes(context: Context, scenarios: Scenarios) -> Context:
    """The context with what scenarios and hedges do to its account."""
    moves = moves_of(context.account, scenarios)
    outcomes, hedge_effects = _effects(context.account, moves)
    return replace(
        context,
        scenarios=tuple(scenarios),
        moves=moves,
        outcomes=outcomes,
        hedge_effects=hedge_effects,
    )


def moves_of(account: Account, scenarios: Scenarios) -> dict[str, dict[str, Decimal]]:
    """The shocks of every scenario on the assets that the account has a price for, ``*`` written out."""
    return {name: moves_in(shocks, account) for name, shocks in scenarios.items()}


def _effects(account: Account, moves: Scenarios) -> tuple[dict[str, PathOutcome], dict[str, HedgeFigures]]:
    """Of every scenario, and of every hedge."""
    if not moves and not any(position.purpose is Purpose.HEDGE for position in account.positions):
        return {}, {}
    from marginctl.core.outcome import hedge_effects, path_outcome, states_of

    states = states_of(account)
    outcomes = {name: path_outcome(account, states, dict(shocks)) for name, shocks in moves.items()}
    return outcomes, hedge_effects(account, states)
