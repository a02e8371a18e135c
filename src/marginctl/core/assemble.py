"""account -> report: every figure of the interface, from pools, risks and crossings; and as a venue shows it."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from marginctl.core.account import Account, CloseFee, MaintenanceShown, MarginRules
from marginctl.core.exact import ONE, ZERO, net, ratio, sign
from marginctl.core.funding import funding_per_day
from marginctl.core.liquidation import (
    HERE,
    PoolState,
    Sides,
    pool_state,
)
from marginctl.core.pool import Holding, Pool, partition
from marginctl.core.position_figures import (
    Crossings,
    NoCrossings,
    PooledPosition,
    moves_base,
    position_figures,
    underlying_of,
)
from marginctl.core.report import (
    AccountHeader,
    AccountLiquidation,
    CollateralFigures,
    FundingFigures,
    Liquidation,
    MaintenanceNetting,
    NettingFigures,
    OtherFigures,
    PoolFigures,
    Report,
    Totals,
    UnderlyingFigures,
)
from marginctl.core.risk import NO_MOVE, NO_RISK, Risk, bonus_equity, deltas, worst_pool
from marginctl.core.value import notional, unrealized_pnl

if TYPE_CHECKING:
    from marginctl.core.model_report import PortfolioMargin


def report_of(account: Account, *, looks_ahead: bool = True, crossings: Crossings | None = None) -> Report:
    """All figures of an account, exact; without looking ahead no liquidation, bankruptcy and runway are looked for.

    ``crossings``: those that are wanted of all.
    """
    states = [pool_state(pool) for pool in partition(account)]
    crossings = crossings or (Crossings() if looks_ahead else NoCrossings())
    standings = [
        PooledPosition(position, state, terms)
        for state in states
        for position, terms in zip(state.pool.positions, state.pool.legs, strict=True)
    ]
    order = {position.key: i for i, position in enumerate(account.positions)}
    standings.sort(key=lambda one: order[one.position.key])
    joint = [(state, crossings.together(account, state)) for state in states]
    return Report(
        account=AccountHeader(
            account.name,
            account.venue,
            account.collateral_mode.value,
            account.margin_model,
            account.position_mode.value,
            account.currency,
            account.as_of,
        ),
        totals=totals(account, states, standings),
        liquidation=account_liquidation(joint),
        pools=tuple(pool_figures(state, sides) for state, sides in joint),
        positions=tuple(position_figures(account, one, crossings) for one in standings),
        collateral=tuple(row for state in states for row in collateral_figures(account, state.pool)),
        other=tuple(other_figures(account, states)),
        underlyings=tuple(row for state in states for row in underlying_figures(account, state, crossings)),
        netting=netting_figures(states, standings),
        funding=funding_figures(account, states, crossings),
        portfolio_margin=tuple(_models(account, states)),
    )


def _models(account: Account, states: list[PoolState]) -> Iterable["PortfolioMargin"]:
    """What a model of the whole finds, pool by pool."""
    if account.model is None:
        return
    from marginctl.core.model_report import portfolio_margin

    for pool in (state.pool for state in states):
        if pool.asked is not None:
            yield portfolio_margin(account, pool, pool.asked)


def totals(account: Account, states: list[PoolState], standings: list[PooledPosition]) -> Totals:
    """Sums over the pools, and the figures of the worst cross pool.

    Where every position is isolated, free collateral and utilization are those of what is left beside them.
    """
    added = sum((state.risk for state in states), NO_RISK)
    gross = sum((h.balance * h.price for state in states for h in state.pool.holdings), ZERO)
    others = sum((row.value for row in account.others), ZERO)
    bonus = bonus_equity(account, [state.pool for state in states])
    pnl = sum((unrealized_pnl(one.position, account.prices, NO_MOVE) for one in standings), ZERO)
    values = [one.position.side * notional(one.position, account.prices) for one in standings]
    gross_notional = sum((abs(value) for value in values), ZERO)
    pool, worst = worst_pool((state.pool, state.risk) for state in states)
    level = pool.rules.level
    usable = worst if pool.is_shared else sum((one.risk for one in states if one.pool.is_shared), NO_RISK)
    return Totals(
        equity=added.equity,
        gross_collateral=gross,
        unrealized_pnl=pnl,
        haircut=gross + pnl + others - added.equity,
        initial_margin=added.initial_margin,
        order_margin=added.order_margin,
        maintenance_margin=added.maintenance_margin,
        gross_notional=gross_notional,
        net_notional=sum(values, ZERO),
        leverage=added.over_equity(gross_notional),
        free_collateral=usable.free_collateral,
        buffer=worst.buffer(level),
        utilization=usable.utilization,
        maintenance_ratio=worst.maintenance_ratio(level),
        worst_pool=pool.name,
        liquidatable=any(state.is_liquidatable for state in states),
        state=account_state(states, account.margin_call),
        other=others if account.others else None,
        bonus=bonus,
        own_equity=None if bonus is None else added.equity - bonus,
    )


def account_state(states: Iterable[PoolState], margin_call: Decimal | None = None) -> str:
    """liquidation > margin-call > restricted (a cross pool without free collateral).

    A margin call is at the venue's warning level, or where maintenance margin takes more of the equity than
    ``margin_call``.
    """
    found = "healthy"
    for state in states:
        if state.is_liquidatable:
            return "liquidation"
        if state.risk.is_warned(state.pool.rules) or state.risk.is_called(state.pool.rules, margin_call):
            found = "margin-call"
        elif found == "healthy" and state.pool.is_shared and sign(state.risk.free_collateral, state.risk.scale) < 0:
            found = "restricted"
    return found


def liquidation(sides: Sides) -> Liquidation:
    """Signed moves down and up, the nearer one's size and side."""
    if sides == HERE:
        return Liquidation(ZERO, ZERO, ZERO, None)
    direction = None if sides.nearest is None else "down" if sides.is_below else "up"
    return Liquidation(None if sides.down is None else -sides.down, sides.up, sides.nearest, direction)


def account_liquidation(joint: list[tuple[PoolState, Sides]]) -> AccountLiquidation:
    """The first pool to go on either side, and which goes first of all."""
    down = min((sides.down for _, sides in joint if sides.down is not None), default=None)
    up = min((sides.up for _, sides in joint if sides.up is not None), default=None)
    first = Sides(down, up)
    pool = next((state.pool.name for state, sides in joint if sides.nearest == first.nearest is not None), None)
    figures = liquidation(first)
    return AccountLiquidation(figures.down, figures.up, figures.distance, figures.direction, pool)


def pool_figures(state: PoolState, sides: Sides) -> PoolFigures:
    """One pool's row."""
    pool, risk = state.pool, state.risk
    return PoolFigures(
        name=pool.name,
        margin_mode=pool.margin_mode.value,
        equity=risk.equity,
        initial_margin=risk.initial_margin,
        order_margin=risk.order_margin,
        maintenance_margin=risk.maintenance_margin,
        free_collateral=risk.free_collateral,
        buffer=risk.buffer(pool.rules.level),
        utilization=risk.utilization,
        maintenance_ratio=risk.maintenance_ratio(pool.rules.level),
        liquidatable=risk.is_liquidatable(pool.rules),
        liquidation=liquidation(sides),
    )


def other_figures(account: Account, states: Iterable[PoolState]) -> Iterable[OtherFigures]:
    """One row for each that is taken as given, in the order of the file."""
    pools = {one.row.name: state.pool.name for state in states for one in state.pool.others}
    for number, row in enumerate(account.others):
        yield OtherFigures(
            name=row.name,
            pool=pools[row.name],
            value=row.value,
            delta=row.delta,
            initial_margin=row.initial_margin,
            maintenance_margin=row.maintenance_margin,
            number=number,
        )


def collateral_figures(account: Account, pool: Pool) -> Iterable[CollateralFigures]:
    """One row per asset: what is held, what positions add, what of it counts."""
    for holding in pool.holdings:
        gross = holding.gross(NO_MOVE)
        value = holding.value(NO_MOVE)
        pnl = net(gross, -holding.balance * holding.price)
        yield CollateralFigures(
            asset=holding.asset,
            pool=pool.name,
            balance=holding.balance,
            unrealized_pnl=pnl / holding.price,
            equity=net(holding.balance, pnl / holding.price),
            price=holding.price,
            haircut=ONE - value / gross if gross > 0 else ZERO,
            value=value,
            next_unit=holding.curve.at(gross + holding.price, holding.price) - value,
            bonus=account.bonus.get(holding.asset) if pool.is_shared else None,
        )


def underlying_figures(account: Account, state: PoolState, crossings: Crossings) -> Iterable[UnderlyingFigures]:
    """One row per volatile asset with a position or a balance, then those of the stablecoins and other quotes.

    What follows an asset is in its row, and where it is held has one of its own: that of its own price moving.
    """
    bases: dict[str, list[Decimal]] = {}
    for position in state.pool.positions:
        asset = underlying_of(position, account)
        side = position.side if moves_base(account, position.contract, asset) else -position.side
        bases.setdefault(asset, []).append(side * notional(position, account.prices))
    held = [account.underlying(asset) for asset in _exposed_to(state.pool) if account.is_volatile(asset)]
    units = deltas(account, state.pool)
    for asset in dict.fromkeys([*bases, *held, *_steady(account, state)]):
        values = bases.get(asset, [])
        sides = crossings.sides(state, asset)
        price = account.prices[asset]
        yield UnderlyingFigures(
            asset=asset,
            pool=state.pool.name,
            delta=units.get(asset, ZERO),
            net_notional=sum(values, ZERO),
            gross_notional=sum((abs(value) for value in values), ZERO),
            price=price,
            down=None if sides.down is None else -sides.down,
            up=sides.up,
            liquidation_down=None if sides.down is None else price * (ONE - sides.down),
            liquidation_up=None if sides.up is None else price * (ONE + sides.up),
            distance=sides.nearest,
        )


def _steady(account: Account, state: PoolState) -> Iterable[str]:
    """What else moves the health of a cross pool: stablecoins it holds or settles in, and the quotes of its contracts.

    In an isolated pool health depends on the mark alone: its quote moving reaches the mark that its underlying reaches.
    """
    pool = state.pool
    if not pool.is_shared or not (pool.positions or pool.others or state.risk.maintenance_margin):
        return
    quotes = (position.contract.quote for position in pool.positions)
    held = _exposed_to(pool)
    yield from (asset for asset in (*held, *quotes) if asset != account.currency)


def _exposed_to(pool: Pool) -> list[str]:
    """What a pool holds, then what its rows that are taken as given move with."""
    given = (asset for one in pool.others for asset, units in one.row.delta.items() if units)
    return [*(holding.asset for holding in pool.holdings if _is_held(holding)), *given]


def _is_held(holding: Holding) -> bool:
    return bool(holding.balance) or any(holding.form.values())


def netting_figures(states: list[PoolState], standings: list[PooledPosition]) -> NettingFigures:
    """Requirements of the positions one by one against those of the pools: no orders, no loans, nothing given."""
    gross = _all_of(one.leg.initial_margin for one in standings)
    gross_maintenance = _all_of(one.leg.maintenance_margin for one in standings)
    risk: Risk = sum((state.risk for state in states), NO_RISK)
    ordered = sum((term.at(NO_MOVE) for state in states for term in state.pool.order_maintenance), ZERO)
    given = [one.row for state in states for one in state.pool.others]
    initial = risk.initial_margin - sum((row.initial_margin for row in given), ZERO)
    ordered += sum((row.maintenance_margin for row in given), ZERO)
    maintenance = risk.maintenance_margin - risk.loan_margin - ordered
    return NettingFigures(
        gross_initial_margin=gross,
        initial_margin=initial,
        saving=_less(gross, initial),
        saving_rate=_saving_rate(gross, initial),
        maintenance=MaintenanceNetting(
            gross_maintenance_margin=gross_maintenance,
            maintenance_margin=maintenance,
            saving=_less(gross_maintenance, maintenance),
            saving_rate=_saving_rate(gross_maintenance, maintenance),
        ),
    )


def _all_of(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Their sum; None where one is not known."""
    rows = list(amounts)
    return None if None in rows else sum((row for row in rows if row is not None), ZERO)


def _less(gross: Decimal | None, rest: Decimal) -> Decimal | None:
    return None if gross is None else gross - rest


def _saving_rate(gross: Decimal | None, rest: Decimal) -> Decimal | None:
    return None if gross is None else ratio(gross - rest, gross)


def funding_figures(account: Account, states: list[PoolState], crossings: Crossings) -> FundingFigures:
    """Per day over the positions with a rate; the runway of the first pool to cross, unknown if a rate is missing."""
    paid = [funding_per_day(position, account) for position in account.positions]
    missing = tuple(
        dict.fromkeys(p.contract.symbol for p, amount in zip(account.positions, paid, strict=True) if amount is None)
    )
    runways = [] if missing else crossings.runways(account, states)
    return FundingFigures(
        per_day=sum((amount for amount in paid if amount is not None), ZERO),
        runway_days=min((days for days in runways if days is not None), default=None),
        missing=missing,
    )


def as_shown(account: Account, report: Report) -> Report:
    """The report with every ``maintenance_margin`` as the venue shows it; ratios, buffers and prices stay as they are.

    Where the venue leaves the fee to close out: maintenance margins of the same account without that fee.
    """
    rules, isolated = _without_fee(account.rules), account.isolated_rules and _without_fee(account.isolated_rules)
    if (rules, isolated) == (account.rules, account.isolated_rules):
        return report
    bare = report_of(replace(account, rules=rules, isolated_rules=isolated), looks_ahead=False)
    kept = {position.key: position.maintenance_margin for position in bare.positions}
    return replace(
        report,
        totals=replace(report.totals, maintenance_margin=bare.totals.maintenance_margin),
        pools=tuple(
            replace(pool, maintenance_margin=other.maintenance_margin)
            for pool, other in zip(report.pools, bare.pools, strict=True)
        ),
        positions=tuple(replace(one, maintenance_margin=kept[one.key]) for one in report.positions),
    )


def _without_fee(rules: MarginRules) -> MarginRules:
    is_bare = rules.shown_maintenance is MaintenanceShown.WITHOUT_CLOSE_FEE
    return replace(rules, close_fee=CloseFee.NONE) if is_bare else rules
