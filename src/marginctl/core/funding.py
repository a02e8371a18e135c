"""Funding: what is paid per interval and per day, and how long the account lives on it with prices flat."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec.structs import replace

from marginctl.core.account import Account, Position
from marginctl.core.exact import ONE, ZERO, net
from marginctl.core.liquidation import PoolState, first_on_path
from marginctl.core.motion import Motion, Stretch
from marginctl.core.risk import bonus_after
from marginctl.core.value import notional

HOURS_PER_DAY = Decimal(24)


def funding_per_interval(position: Position, account: Account) -> Decimal | None:
    """-side * notional at mark * rate, in currency: positive = received; None without a rate."""
    if position.funding_rate is None:
        return None
    return -(position.side * notional(position, account.prices) * position.funding_rate)


def funding_per_day(position: Position, account: Account) -> Decimal | None:
    """-side * notional at mark * rate * 24 h / interval, in currency: positive = received; None without a rate."""
    paid = funding_per_interval(position, account)
    return None if paid is None else paid * HOURS_PER_DAY / position.funding_interval


def received_per_day(positions: Iterable[Position], account: Account) -> dict[str, Decimal]:
    """Funding per day by settle asset, in currency; a position without a rate counts as paying nothing."""
    received: dict[str, Decimal] = {}
    for position in positions:
        settle = position.contract.settle
        received[settle] = net(received.get(settle, ZERO), funding_per_day(position, account) or ZERO)
    return received


def funding_path(
    state: PoolState, account: Account, end: Decimal | None, start: Decimal = ZERO, days: Decimal = ONE
) -> list[Stretch]:
    """Prices stay and each settle asset of a pool is paid its funding, ``days`` of it per unit of u.

    A position without a rate counts as paying nothing.
    """
    income = received_per_day(state.pool.positions, account)
    motion = Motion(income={asset: paid * days for asset, paid in income.items() if paid})
    return [Stretch(start, end, motion)]


def runway_days(state: PoolState, account: Account) -> Decimal | None:
    """The day on which health crosses zero when each settle asset pays its funding daily and prices stay.

    0 when already liquidatable, None when it never does. Paid coin by coin, so that haircuts, debts and loan margins
    follow; exact, not health over daily cost. Positions without a rate count as paying nothing.
    """
    return first_on_path(state, funding_path(state, account, None))


def after_funding(account: Account, days: Decimal) -> Account:
    """The account after ``days`` of funding with prices flat, paid in the settle asset of each position.

    An isolated position pays out of its own margin.
    """
    balances = dict(account.balances)
    losses: dict[str, Decimal] = {}
    positions = []
    for position in account.positions:
        settle = position.contract.settle
        paid = (funding_per_day(position, account) or ZERO) * days / account.prices[settle]
        balances[settle] = net(balances.get(settle, ZERO), paid)
        losses[settle] = losses.get(settle, ZERO) + max(ZERO, -paid)
        positions.append(_with_margin_added(position, paid))
    bonus = bonus_after(account.bonus, losses)
    return replace(account, balances=balances, positions=tuple(positions), bonus=bonus)


def _with_margin_added(position: Position, amount: Decimal) -> Position:
    if position.isolated_margin is None:
        return position
    return replace(position, isolated_margin=net(position.isolated_margin, amount))


def with_rates(account: Account, rates: dict[str, tuple[Decimal, Decimal]]) -> Account:
    """The account with other funding rates: by position key the rate and the hours of its interval."""

    def rated(position: Position) -> Position:
        if position.key not in rates:
            return position
        rate, interval = rates[position.key]
        return replace(position, funding_rate=rate, funding_interval=interval)

    return replace(account, positions=tuple(rated(position) for position in account.positions))
