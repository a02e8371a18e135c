"""What sharing a pool does: a book against the same book with every position apart, behind its own margin."""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import Account, MarginMode
from marginctl.core.assemble import account_liquidation
from marginctl.core.exact import ZERO, ratio
from marginctl.core.liquidation import joint_sides
from marginctl.core.outcome import states_of
from marginctl.core.pool import is_shared
from marginctl.core.report import Report
from marginctl.core.trade import stand_alone_margin


class Pooling(Struct, frozen=True, kw_only=True):
    """Initial margin of a book and of its positions apart, and the smallest common move that liquidates of either.

    pools: of the book, with empty ones. Distances None: no common move liquidates.
    """

    positions: int
    pools: int
    model: str
    margin: Decimal
    margin_apart: Decimal
    distance: Decimal | None
    distance_apart: Decimal | None

    @property
    def saving_rate(self) -> Decimal | None:
        """(apart - together) / apart."""
        return ratio(self.margin_apart - self.margin, self.margin_apart)


def set_apart(account: Account) -> tuple[Account, dict[str, Decimal]]:
    """Every position a pool of its own with its stand-alone initial margin set aside; what is missing is deposited.

    The margin is in the settle asset: initial margin / its price. Returns the deposits too.
    """
    positions = []
    for position in account.positions:
        margin = stand_alone_margin(account, position) if position.isolated_margin is None else position.isolated_margin
        positions.append(replace(position, margin_mode=MarginMode.ISOLATED, isolated_margin=margin))
    balances, short = dict(account.balances), {}
    for asset in dict.fromkeys(one.contract.settle for one in positions):
        needed = sum((one.set_aside for one in positions if one.contract.settle == asset), ZERO)
        held = balances.get(asset, ZERO)
        if needed > held:
            short[asset] = needed - held
            balances[asset] = needed
    return replace(account, positions=tuple(positions), balances=balances), short


def pooling(account: Account, report: Report) -> Pooling | None:
    """The book as its report has it against its positions apart.

    None where no two positions share a pool, or where the rates of one of them are not known.
    """
    shared = {pool.name for pool in report.pools if is_shared(pool.margin_mode)}
    inside = [one.pool for one in report.positions if one.pool in shared]
    if len(inside) == len(set(inside)) or not all(one.has_rates for one in account.positions):
        return None
    apart, _ = set_apart(account)
    states = states_of(apart)
    return Pooling(
        positions=len(account.positions),
        pools=len(report.pools),
        model=report.account.margin_model,
        margin=report.totals.initial_margin,
        margin_apart=sum((state.risk.initial_margin for state in states), ZERO),
        distance=report.liquidation.distance,
        distance_apart=account_liquidation([(state, joint_sides(state, apart.betas)) for state in states]).distance,
    )
