"""Contagion: what liquidations close along a path, one after the other, until its end.

At the first crossing of any pool the venue's sequence is applied to that pool (``closing``); then the walk goes on with
what is left. Beside it the same book with every position isolated, which shows what sharing a pool cost and saved.
"""

from decimal import Decimal
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import Account, MarginMode, Position
from marginctl.core.closing import Moment, Pools, liquidated
from marginctl.core.exact import ONE, ZERO, at_most, net
from marginctl.core.path import FirstCrossings, ScenarioPath
from marginctl.core.risk import NO_MOVE, pool_risk
from marginctl.core.sequence import Action, CascadeStep, LiquidationSequence
from marginctl.core.trade import stand_alone_margin
from marginctl.core.trail import Passage, Standing, trail_of
from marginctl.core.value import unrealized_pnl


class Cascade(Struct, frozen=True, kw_only=True):
    """The story along one path and what stands at its end.

    ``account`` is what is left, at the prices of its file; ``ratios`` are the prices of the end over those.
    ``equity`` is the sum over the pools, ``value`` the balances at price and the PnL of what is left, before haircuts.
    ``trail``: the equity of the pool that was liquidated first along the path; empty where none was.
    """

    steps: tuple[CascadeStep, ...]
    account: Account
    ratios: dict[str, Decimal]
    equity: Decimal
    value: Decimal
    trail: tuple[Standing, ...] = ()

    @property
    def closed_winners(self) -> tuple[str, ...]:
        """Positions that were in profit when they were closed or reduced."""
        return tuple(dict.fromkeys(step.position for step in self.steps if step.in_profit and step.position))


def cascade(account: Account, path: ScenarioPath, sequence: LiquidationSequence) -> Cascade:
    """Walk the path and apply ``sequence`` at every crossing.

    A pool whose sequence changes nothing is left as it is. Raises ``EndlessError`` where that does not end the walk.
    """
    now, at, pools = account, ZERO, Pools()
    crossings = FirstCrossings(path)
    steps: list[CascadeStep] = []
    stuck: set[str] = set()
    legs: list[Passage] = []
    visits = _most_visits(account)
    while (found := _first(now, at, pools, crossings, stuck)) is not None:
        u, pool = found
        if not all(path.ratios(u).values()):  # at a price of 0 nothing can be closed, and only the end has one
            break
        if not visits:
            raise EndlessError
        visits -= 1
        legs.append(Passage(now, at, u))
        before, at = path.carried(now, at, u), u
        now, done = liquidated(before, Moment(pool, at, path.ratios(at), sequence, pools, tuple(steps)))
        if now == before:
            stuck.add(pool)
        else:
            steps += done
    trail = trail_of([*legs, Passage(now, at, ONE)], path, steps[0].pool) if steps else ()
    now = path.carried(now, at, ONE)
    ratios = path.ratios(ONE)
    equity = sum((pool_risk(pool, ratios).equity for pool in pools.of(now)), ZERO)
    value = value_of(now, ratios)
    return Cascade(steps=tuple(steps), account=now, ratios=ratios, equity=equity, value=value, trail=trail)


class EndlessError(RuntimeError):
    """More liquidations than an account can have: a defect of the engine, never of an account."""


def _most_visits(account: Account) -> int:
    """Far more than a walk can need: every visit of a pool closes a part, cuts a tier, repays or cancels."""
    tiers = sum(len(position.contract.tiers) + 10 for position in account.positions)
    return 10 * (10 + tiers + len(account.balances) + len(account.orders))


def _first(
    account: Account, start: Decimal, pools: Pools, crossings: FirstCrossings, stuck: set[str]
) -> tuple[Decimal, str] | None:
    """Where on the rest of the path the first pool crosses, and which; the earlier one of the list where two do.

    Without the ``stuck`` ones, for which nothing can be done.
    """
    first: tuple[Decimal, str] | None = None
    for pool in pools.of(account):
        if pool.name in stuck:
            continue
        found = crossings.first(pool, account, start)
        if found is not None and (first is None or found < first[0]):
            first = found, pool.name
    return first


def value_of(account: Account, ratios: dict[str, Decimal]) -> Decimal:
    """Balances at price, unrealized PnL and what is taken as given, before haircuts, in currency."""
    held = (amount * account.prices[asset] * ratios.get(asset, ONE) for asset, amount in account.balances.items())
    given = (row.moved(account.prices, ratios).value for row in account.others)
    made = (unrealized_pnl(one, account.prices, ratios) for one in account.positions)
    return sum(held, ZERO) + sum(given, ZERO) + sum(made, ZERO)


class PositionFate(Struct, frozen=True, kw_only=True):
    """What became of one position: where on the path it was closed (None = still open) and its result.

    ``result`` is the PnL realised less fees and margin kept by the venue, but not beyond an isolated margin, plus the
    PnL at the end of what is still open; ``reduced``: whether a part was closed before.
    """

    closed_at: Decimal | None
    reduced: bool
    result: Decimal


class PositionFates(Struct, frozen=True):
    """What became of a position in its pool, and when isolated."""

    shape: ClassVar[str] = "position=position.key symbol=position.contract.symbol side=position.side together isolated"
    position: Position
    together: PositionFate
    isolated: PositionFate


class IsolatedComparison(Struct, frozen=True, kw_only=True):
    """The same book on the same path with every position isolated on its own initial margin.

    contagion_cost: what the winners that went with their pool would have made from there to the end of the path, and
    their fees. sharing_saved: the same for positions that the pool carried to the end and that are closed when alone.
    """

    shape: ClassVar[str] = (
        "left=apart.account.positions equity=apart.equity value=apart.value steps=apart.steps margins=aside "
        "collateral_sold=sold positions contagion_cost sharing_saved"
    )

    apart: Cascade
    aside: dict[str, Decimal]
    sold: bool
    fates: tuple[tuple[Position, PositionFate, PositionFate], ...]
    contagion_cost: Decimal
    sharing_saved: Decimal

    @property
    def positions(self) -> tuple[PositionFates, ...]:
        """The fates by name."""
        return tuple(PositionFates(*one) for one in self.fates)


def compared(
    account: Account, shared: Cascade, path: ScenarioPath, sequence: LiquidationSequence
) -> IsolatedComparison | None:
    """The comparison; None where the account could not set the margins aside even by selling its other collateral."""
    separate = isolated_apart(account)
    if separate is None:
        return None
    alone = cascade(separate.account, path, sequence)
    fates = tuple((one, fate_of(one, shared), fate_of(one, alone)) for one in account.positions)
    kept = {one.key for one, together, _ in fates if together.closed_at is None and not together.reduced}
    by_key = {position.key: position for position in account.positions}
    return IsolatedComparison(
        apart=alone,
        aside=separate.aside,
        sold=separate.sold,
        fates=fates,
        contagion_cost=sum((_forgone(step, by_key, shared) for step in shared.steps if step.in_profit), ZERO),
        sharing_saved=sum((_forgone(step, by_key, alone) for step in alone.steps if step.position in kept), ZERO),
    )


def _forgone(step: CascadeStep, positions: dict[str, Position], story: Cascade) -> Decimal:
    """PnL at the end of what the step closed, had it stayed open, less what closing it made."""
    if step.position is None or step.quantity is None:
        return -_made(step)
    position = positions[step.position]
    kept = unrealized_pnl(position, story.account.prices, story.ratios) * step.quantity / position.quantity
    return kept - _made(step)


def _made(step: CascadeStep) -> Decimal:
    """What a step made for its position: PnL less fee, a deficit that others bear, less margin that the venue keeps."""
    borne = {Action.BANKRUPT: step.amount, Action.FORFEIT: -step.amount}
    return step.pnl - step.fee + borne.get(step.action, ZERO)


def fate_of(position: Position, story: Cascade) -> PositionFate:
    """What the story did to one position."""
    steps = [step for step in story.steps if step.position == position.key]
    closings = [step for step in steps if step.quantity is not None]
    left = next((one for one in story.account.positions if one.key == position.key), None)
    return PositionFate(
        closed_at=closings[-1].move if left is None and closings else None,
        reduced=len(closings) > 1 or (left is not None and bool(closings)),
        result=sum(map(_made, steps), ZERO)
        + (ZERO if left is None else unrealized_pnl(left, story.account.prices, story.ratios)),
    )


class IsolatedAccount(Struct, frozen=True):
    """An account with every position isolated, what that sets aside by asset, whether collateral was sold for it."""

    account: Account
    aside: dict[str, Decimal]
    sold: bool


def isolated_apart(account: Account) -> IsolatedAccount | None:
    """The same book with every cross position isolated on its own initial margin and its loss so far.

    Both in its settle asset. Where the account does not hold enough of it, its other balances are sold at their prices,
    pro rata by value; None where that is not enough either.
    """
    aside: dict[str, Decimal] = {}
    positions = []
    for position in account.positions:
        settle = position.contract.settle
        margin = _own_margin(account, position)
        aside[settle] = aside.get(settle, ZERO) + margin
        positions.append(replace(position, margin_mode=MarginMode.ISOLATED, isolated_margin=margin))
    balances = _funded(account, aside)
    if balances is None:
        return None
    apart = replace(account, balances=balances, positions=tuple(positions), orders=())
    return IsolatedAccount(apart, aside, balances != account.balances)


def _own_margin(account: Account, position: Position) -> Decimal:
    """The isolated margin as it is, or the position's own initial margin and its loss so far, in the settle asset."""
    if position.isolated_margin is not None:
        return position.isolated_margin
    loss = max(ZERO, -unrealized_pnl(position, account.prices, NO_MOVE))
    return stand_alone_margin(account, position) + loss / account.prices[position.contract.settle]


def _funded(account: Account, aside: dict[str, Decimal]) -> dict[str, Decimal] | None:
    """Balances that hold what is set aside: as they are, or with other collateral sold for what is missing."""
    prices, held = account.prices, account.balances
    missing = {asset: max(ZERO, net(margin, -max(ZERO, held.get(asset, ZERO)))) for asset, margin in aside.items()}
    needed = sum((units * prices[asset] for asset, units in missing.items()), ZERO)
    if not needed:
        return held
    spare = {
        asset: max(ZERO, net(amount, -aside.get(asset, ZERO), -account.bonus.get(asset, ZERO)))
        for asset, amount in held.items()
    }
    there = sum((units * prices[asset] for asset, units in spare.items()), ZERO)
    if not at_most(needed, there):
        return None
    return {
        asset: net(held.get(asset, ZERO), missing.get(asset, ZERO), -spare.get(asset, ZERO) * needed / there)
        for asset in dict.fromkeys([*held, *missing])
    }
