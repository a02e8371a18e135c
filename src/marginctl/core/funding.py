"""Funding: what is paid per interval and per day, and how long the account lives on it with prices flat."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec.structs import replace

from marginctl.core.account import Account, Equality, Position, Rules
from marginctl.core.exact import ONE, ZERO, net
from marginctl.core.liquidation import PoolState
from marginctl.core.parts import NamedPart
from marginctl.core.piecewise import Line, Piece, along, first_below, is_above_zero, masked, scaled, total
from marginctl.core.pool import Holding
from marginctl.core.value import notional

HOURS_PER_DAY = Decimal(24)
FOREVER = Decimal("1e30")
"""Days beyond which a slope is the residue of a division, not a cost."""


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


def runway_days(state: PoolState, account: Account, rules: Rules) -> Decimal | None:
    """The day on which health crosses zero when each settle asset pays its funding daily and prices stay.

    0 when already liquidatable, None when it never does. Paid coin by coin, so that haircuts, debts and loan margins
    follow; exact, not health over daily cost. Positions without a rate count as paying nothing.
    """
    return first_unpaid_day(state, account, rules, None)


def first_unpaid_day(state: PoolState, account: Account, rules: Rules, end: Decimal | None) -> Decimal | None:
    """``runway_days`` within ``end`` days (None = without end); the last day itself counts where equality does."""
    if state.risk.is_liquidatable(rules):
        return ZERO
    received = received_per_day(state.pool.positions, account)
    if not any(received.values()):
        return None
    found = first_below(
        _health_by_day(state, received, rules, end),
        end,
        state.risk.scale,
        or_at_zero=rules.equality is Equality.LIQUIDATED,
        end_included=end is not None,
        counts=lambda day: is_above_zero(total(_needed_by_day(state, received, day)), day, state.risk.scale),
    )
    return None if found is None or found.u > FOREVER else found.u


def parts_by_day(
    state: PoolState, received: dict[str, Decimal], end: Decimal | None
) -> tuple[list[NamedPart], list[NamedPart]]:
    """Equity and requirement by the day, in named parts: what each asset is worth; the margins fixed, the loans not."""

    def gross(holding: Holding) -> Line:
        return Line(holding.gross({}), received.get(holding.asset, ZERO))

    holdings = state.pool.holdings
    equity = [
        NamedPart(
            f"later value of {one.asset}", along(one.curve, gross(one), Line(one.price, ZERO), end), None, one.asset
        )
        for one in holdings
    ]
    fixed = net(state.risk.maintenance_margin, -state.risk.loan_margin)
    needed = [NamedPart("maintenance_margin of positions", (Piece(ZERO, fixed, ZERO),))]
    needed += [
        NamedPart(f"later loan_margin of {one.asset}", along(one.loan, gross(one), Line(ONE, ZERO), end))
        for one in holdings
        if one.loan is not None
    ]
    return equity, needed


def _needed_by_day(state: PoolState, received: dict[str, Decimal], end: Decimal | None) -> Iterator[Iterable[Piece]]:
    return (part.pieces for part in parts_by_day(state, received, end)[1])


def _health_by_day(
    state: PoolState, received: dict[str, Decimal], rules: Rules, end: Decimal | None
) -> Iterable[Piece]:
    """equity - level * maintenance_margin as a function of the day; 1 on stretches without any maintenance margin."""
    equity, needed = parts_by_day(state, received, end)
    have = [part.pieces for part in equity]
    pieces: Iterable[Piece] = total([*have, *(scaled(part.pieces, -rules.level) for part in needed)])
    if not state.may_vanish:
        return pieces
    return masked(pieces, total(_needed_by_day(state, received, end)), end, state.risk.scale)


def after_funding(account: Account, days: Decimal) -> Account:
    """The account after ``days`` of funding with prices flat, paid in the settle asset of each position.

    An isolated position pays out of its own margin.
    """
    balances = dict(account.balances)
    positions = []
    for position in account.positions:
        settle = position.contract.settle
        paid = (funding_per_day(position, account) or ZERO) * days / account.prices[settle]
        balances[settle] = net(balances.get(settle, ZERO), paid)
        positions.append(_with_margin_added(position, paid))
    return replace(account, balances=balances, positions=tuple(positions))


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
