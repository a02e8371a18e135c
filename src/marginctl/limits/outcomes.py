"""What is computed of an account for the limits beyond its report: its scenarios and its hedges."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from marginctl.core.account import Account, Purpose
from marginctl.core.scenario import HedgeFigures, PathOutcome, moves_in
from marginctl.limits.context import Context

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
    from marginctl.core.stress import hedge_effects, path_outcome, states_of

    states = states_of(account)
    outcomes = {name: path_outcome(account, states, dict(shocks)) for name, shocks in moves.items()}
    return outcomes, hedge_effects(account, states)
