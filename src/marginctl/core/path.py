"""Ways from now (u = 0) to a scenario (u = 1): prices that move together, or funding that is paid day by day.

Along a path the account stays written at the prices of its file; a point of the path is the ratios of its prices to
those, so that nothing is divided or compounded on the way.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import ClassVar, TypeAlias

from msgspec import Struct

from marginctl.core.account import Account
from marginctl.core.exact import ONE, ZERO
from marginctl.core.funding import after_funding, funding_path, funding_per_day, with_rates
from marginctl.core.liquidation import PoolState, first_on_path, pool_state
from marginctl.core.motion import Stretch, shock_path
from marginctl.core.pool import Pool
from marginctl.core.risk import NO_MOVE
from marginctl.core.scenario import EVERY_OTHER, contracts_of, expanded
from marginctl.core.value import unrealized_pnl


class PricePath(Struct, frozen=True):
    """price * (1 + shock * u) for every asset named, shock >= -1; beyond the scenario a price of 0 stays there.

    ``:SYMBOL``: the notional of a contract in currency, by itself.
    """

    shocks: dict[str, Decimal]

    def ratios(self, u: Decimal) -> dict[str, Decimal]:
        """Prices at ``u`` over prices now, by asset: 1 + shock * u; 1 where not named."""
        return {asset: ONE + shock * u for asset, shock in self.shocks.items() if shock or asset.startswith(":")}

    def carried(self, account: Account, start: Decimal, u: Decimal) -> Account:  # noqa: ARG002
        """The account of ``start`` with what was paid or received by ``u``: prices alone pay nothing."""
        return account

    def ahead(self, state: PoolState, account: Account, start: Decimal, end: Decimal | None) -> list[Stretch]:  # noqa: ARG002
        """How a pool goes on from ``start``: in the same proportions; ``account`` and ``state`` are of there.

        What nothing in the pool depends on is left out.
        """
        shocks, touching = self.shocks, state.touching
        fewer: Iterable[str] = touching if len(touching) < len(shocks) else shocks
        return shock_path({one: shocks[one] for one in fewer if one in shocks and one in touching}, end, start)

    def changes(self, account: Account) -> list[Decimal]:
        """What the path makes or costs each position that stays open, in currency: PnL at the end less PnL now."""
        end, prices = self.ratios(ONE), account.prices
        return [unrealized_pnl(one, prices, end) - unrealized_pnl(one, prices, NO_MOVE) for one in account.positions]


class FundingPath(Struct, frozen=True):
    """``days`` of funding at the positions' own rates, prices flat."""

    days: Decimal

    def ratios(self, u: Decimal) -> dict[str, Decimal]:  # noqa: ARG002
        """No price moves."""
        return {}

    def carried(self, account: Account, start: Decimal, u: Decimal) -> Account:
        """Funding of the days between."""
        return after_funding(account, (u - start) * self.days)

    def ahead(self, state: PoolState, account: Account, start: Decimal, end: Decimal | None) -> list[Stretch]:
        """Day by day."""
        return funding_path(state, account, end, start, self.days)

    def changes(self, account: Account) -> list[Decimal]:
        """Funding of all days, by position."""
        return [(funding_per_day(position, account) or ZERO) * self.days for position in account.positions]


ScenarioPath: TypeAlias = PricePath | FundingPath
"""The way to a scenario; ``u`` is the fraction of it that lies behind."""


def first_crossing(path: ScenarioPath, state: PoolState, account: Account, start: Decimal) -> Decimal | None:
    """The first u in [start, 1] beyond which the pool is liquidatable; ``account`` and ``state`` are of start."""
    return first_on_path(state, path.ahead(state, account, start, ONE), end_included=True)


class FirstCrossings:
    """First crossings of pools along one path, each found once for as long as nothing happens to its pool.

    Where prices alone move, what lies ahead of a pool depends on nothing else: until its first crossing it is the same
    from wherever the walk goes on.
    """

    def __init__(self, path: ScenarioPath) -> None:
        self._path = path
        self._known: dict[int, tuple[Pool, Decimal | None]] = {}

    def first(self, pool: Pool, account: Account, start: Decimal) -> Decimal | None:
        """``first_crossing``; ``start`` never goes back, and no pool is asked for beyond its crossing."""
        if not isinstance(self._path, PricePath):
            return first_crossing(self._path, pool_state(pool), account, start)
        known = self._known.get(id(pool))
        if known is None:
            known = self._known[id(pool)] = pool, first_crossing(self._path, pool_state(pool), account, start)
        return known[1]


def reach(path: ScenarioPath, state: PoolState, account: Account) -> Decimal | None:
    """The same from 0 on, past the scenario as far as the path can go on; None = never."""
    return first_on_path(state, path.ahead(state, account, ZERO, None))


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
        known = {EVERY_OTHER, *account.prices, *account.follows.values(), *contracts_of(account)}
        return tuple(asset for asset in self.shocks if asset not in known)


def way_to(scenario: Scenario, account: Account) -> tuple[Account, ScenarioPath]:
    """The path to a scenario, and the account that walks it: with the scenario's funding rates, where it has some."""
    if scenario.funding is None:
        known = {asset: shock for asset, shock in scenario.shocks.items() if asset not in scenario.untouched(account)}
        return account, PricePath(expanded(known, account))
    funding = scenario.funding
    rates = {
        position.key: (rate, funding.interval)
        for position in account.positions
        if (rate := _rate(funding.rates, account, position.contract.base)) is not None
    }
    return with_rates(account, rates), FundingPath(funding.days)


def _rate(rates: dict[str, Decimal], account: Account, base: str) -> Decimal | None:
    """The rate of a base: its own, that of the asset it follows, or that of every other one."""
    named = (base, account.follows.get(base, base), EVERY_OTHER)
    return next((rates[name] for name in named if name in rates), None)
