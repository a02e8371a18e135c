"""Bonus of a venue: margin like the rest of a balance, but not the trader's: it is lost first and never withdrawn.

What is left of it once every loss is taken:  max(0, bonus - sum over positions of max(0, -unrealized PnL)),  asset by
asset, in its units. Gains are the trader's. That is the same whether positions are closed or only marked, and in
whatever order they are.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from marginctl.core.account import Account
from marginctl.core.exact import ONE, ZERO, net
from marginctl.core.pool import Pool
from marginctl.core.risk import NO_MOVE
from marginctl.core.value import unrealized_pnl


def bonus_left(account: Account, ratios: dict[str, Decimal] = NO_MOVE) -> dict[str, Decimal]:
    """Units of each asset that are still the venue's once the losses at these price ratios are taken."""
    left = dict(account.bonus)
    for position in account.positions if left else ():
        settle = position.contract.settle
        unit = account.prices[settle] * ratios.get(settle, ONE)
        loss = -unrealized_pnl(position, account.prices, ratios)
        if settle in left and loss > 0 and unit:
            left[settle] = net(left[settle], -loss / unit)
    return {asset: max(ZERO, units) for asset, units in left.items()}


def bonus_equity(account: Account, pools: Iterable[Pool], ratios: dict[str, Decimal] = NO_MOVE) -> Decimal | None:
    """What of the equity of the pools is bonus that is left, in currency; None where the venue gave none.

    The last units of each asset are the bonus: in shared pools as far as they hold it, then in isolated margins.
    """
    if not account.bonus:
        return None
    found = ZERO
    for asset, units in bonus_left(account, ratios).items():
        unit, rest = account.prices[asset] * ratios.get(asset, ONE), units
        for holding in (one for pool in pools for one in pool.holdings if one.asset == asset and unit):
            gross = holding.gross(ratios)
            there = min(rest * unit, max(ZERO, gross))
            found += holding.curve.at(gross, unit) - holding.curve.at(net(gross, -there), unit)
            rest = net(rest, -there / unit)
    return found


def bonus_after(bonus: Mapping[str, Decimal], losses: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Units of bonus by asset once losses by asset are realised."""
    return {asset: max(ZERO, net(units, -losses.get(asset, ZERO))) for asset, units in bonus.items()}
