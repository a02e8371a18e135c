"""Funding: what is paid per day, and how long the account lives on it with prices flat."""

from collections.abc import Iterable
from decimal import Decimal

from marginctl.core.account import Account, Equality, Position, Rules
from marginctl.core.exact import ONE, ZERO
from marginctl.core.liquidation import PoolState
from marginctl.core.piecewise import Line, Piece, along, first_below, masked, scaled, total
from marginctl.core.pool import notional

HOURS_PER_DAY = Decimal(24)


def funding_per_day(position: Position, account: Account) -> Decimal | None:
    """-side * notional at mark * rate * 24 h / interval, in currency: positive = received; None without a rate."""
    if position.funding_rate is None:
        return None
    paid = position.side * notional(position, account.prices) * position.funding_rate
    return -paid * HOURS_PER_DAY / position.funding_interval


def runway_days(state: PoolState, account: Account, rules: Rules) -> Decimal | None:
    """The day on which health crosses zero when each settle asset pays its funding daily and prices stay.

    0 when already liquidatable, None when it never does. Paid coin by coin, so that haircuts, debts and loan margins
    follow; exact, not health over daily cost. Positions without a rate count as paying nothing.
    """
    if state.risk.is_liquidatable(rules):
        return ZERO
    received: dict[str, Decimal] = {}
    for position in state.pool.positions:
        settle = position.contract.settle
        received[settle] = received.get(settle, ZERO) + (funding_per_day(position, account) or ZERO)
    if not any(received.values()):
        return None

    def requirement() -> list[Iterable[Piece]]:
        fixed = state.risk.maintenance_margin - state.risk.loan_margin
        parts: list[Iterable[Piece]] = [(Piece(ZERO, fixed, ZERO),)]
        for holding in state.pool.holdings:
            if holding.loan is not None:
                gross = Line(holding.gross({}), received.get(holding.asset, ZERO))
                parts.append(along(holding.loan, gross, Line(ONE, ZERO), None))
        return parts

    equity = [
        along(
            holding.curve,
            Line(holding.gross({}), received.get(holding.asset, ZERO)),
            Line(holding.price, ZERO),
            None,
        )
        for holding in state.pool.holdings
    ]
    pieces: Iterable[Piece] = total([*equity, *(scaled(part, -rules.level) for part in requirement())])
    if state.may_vanish:
        pieces = masked(pieces, total(requirement()), None)
    found = first_below(pieces, None, state.risk.scale, or_at_zero=rules.equality is Equality.LIQUIDATED)
    return None if found is None else found.u
