"""Ways from now (u = 0) to a scenario (u = 1): prices that move together, or funding that is paid day by day.

Along a path the account stays written at the prices of its file; a point of the path is the ratios of its prices to
those, so that nothing is divided or compounded on the way.
"""

from decimal import Decimal
from typing import ClassVar, Protocol

from msgspec import Struct

from marginctl.core.account import Account, Position
from marginctl.core.exact import ONE, ZERO
from marginctl.core.funding import after_funding, first_unpaid_day, funding_per_day, with_rates
from marginctl.core.liquidation import Motion, PoolState, first_liquidation, first_on_path, joint_path
from marginctl.core.piecewise import Line
from marginctl.core.risk import NO_MOVE, pool_risk
from marginctl.core.scenario import EVERY_OTHER, expanded
from marginctl.core.stress import pnl_at


class Path(Protocol):
    """What a scenario's way must answer; ``u`` is the fraction of it that lies behind."""

    def ratios(self, u: Decimal) -> dict[str, Decimal]:
        """Prices at ``u`` over prices now, by asset; 1 where not named."""

    def carried(self, account: Account, start: Decimal, u: Decimal) -> Account:
        """The account of ``start`` with what was paid or received by ``u``."""

    def first(self, state: PoolState, account: Account, start: Decimal) -> Decimal | None:
        """The first u in [start, 1] beyond which the pool is liquidatable; ``account`` and ``state`` are of start."""

    def reach(self, state: PoolState, account: Account) -> Decimal | None:
        """The same from 0 on, past the scenario as far as the path can go on; None = never."""

    def change(self, account: Account, position: Position) -> Decimal:
        """What the whole path makes or costs a position that stays open, in currency."""


class PricePath(Struct, frozen=True):
    """price * (1 + shock * u) for every asset named, shock >= -1."""

    shocks: dict[str, Decimal]

    def ratios(self, u: Decimal) -> dict[str, Decimal]:
        """1 + shock * u."""
        return {asset: ONE + shock * u for asset, shock in self.shocks.items() if shock}

    def carried(self, account: Account, start: Decimal, u: Decimal) -> Account:  # noqa: ARG002
        """Prices alone pay nothing."""
        return account

    def first(self, state: PoolState, account: Account, start: Decimal) -> Decimal | None:  # noqa: ARG002
        """Exact, by the pieces of health from ``start`` on."""
        rules = state.pool.rules
        if pool_risk(state.pool, self.ratios(start)).is_liquidatable(rules):
            return start
        if start >= ONE:
            return None
        found = first_liquidation(state, self._motion(start), ONE - start, rules, end_included=True)
        return None if found is None else start + found.u

    def reach(self, state: PoolState, account: Account) -> Decimal | None:  # noqa: ARG002
        """On and on in the same proportions: a price that has reached 0 stays there, one that rises has no end."""
        return first_on_path(state, joint_path(self.shocks, self.shocks, 1, None), state.pool.rules)

    def change(self, account: Account, position: Position) -> Decimal:
        """PnL at the end less PnL now."""
        return pnl_at(position, account.prices, self.ratios(ONE)) - pnl_at(position, account.prices, NO_MOVE)

    def _motion(self, start: Decimal) -> Motion:
        return Motion({asset: Line(ONE + shock * start, shock) for asset, shock in self.shocks.items() if shock})


class FundingPath(Struct, frozen=True):
    """``days`` of funding at the positions' own rates, prices flat."""

    days: Decimal

    def ratios(self, u: Decimal) -> dict[str, Decimal]:  # noqa: ARG002
        """No price moves."""
        return {}

    def carried(self, account: Account, start: Decimal, u: Decimal) -> Account:
        """Funding of the days between."""
        return after_funding(account, (u - start) * self.days)

    def first(self, state: PoolState, account: Account, start: Decimal) -> Decimal | None:
        """Exact, by the pieces of health over the days."""
        day = first_unpaid_day(state, account, state.pool.rules, (ONE - start) * self.days)
        return None if day is None else start + day / self.days

    def reach(self, state: PoolState, account: Account) -> Decimal | None:
        """The runway, as a multiple of the days."""
        day = first_unpaid_day(state, account, state.pool.rules, None)
        return None if day is None else day / self.days

    def change(self, account: Account, position: Position) -> Decimal:
        """Funding of all days."""
        return (funding_per_day(position, account) or ZERO) * self.days


class FundingShock(Struct, frozen=True):
    """Funding rates by base asset (``*`` = every other one) per ``interval`` hours, held for ``days``."""

    shape: ClassVar[str] = "rates interval_hours=interval days"

    rates: dict[str, Decimal]
    interval: Decimal
    days: Decimal


class Scenario(Struct, frozen=True, kw_only=True):
    """Prices that move (``shocks`` by asset, ``*`` = every other volatile one), or funding that is paid."""

    name: str
    shocks: dict[str, Decimal] = {}
    funding: FundingShock | None = None

    def untouched(self, account: Account) -> tuple[str, ...]:
        """Assets that the scenario names and the account has no price for."""
        return tuple(asset for asset in self.shocks if asset != EVERY_OTHER and asset not in account.prices)


def way_to(scenario: Scenario, account: Account) -> tuple[Account, Path]:
    """The path to a scenario, and the account that walks it: with the scenario's funding rates, where it has some."""
    if scenario.funding is None:
        known = {asset: shock for asset, shock in scenario.shocks.items() if asset not in scenario.untouched(account)}
        return account, PricePath(expanded(known, account))
    funding = scenario.funding
    rates = {
        position.key: (rate, funding.interval)
        for position in account.positions
        if (rate := funding.rates.get(position.contract.base, funding.rates.get(EVERY_OTHER))) is not None
    }
    return with_rates(account, rates), FundingPath(funding.days)
