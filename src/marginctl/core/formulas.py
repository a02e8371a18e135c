"""How every figure of the report follows, in one line each: what ``explain`` shows and the tests reckon again.

``a or b``: the first line whose names are there and that gives the figure. ``word: line``: where the subject is that
(a contract ``linear`` or ``inverse``, its asset the ``base`` or the ``quote``). Names are figures of the same row,
inputs of its subject (``given.leverage``), lines further down, or rows: ``sum(pools.equity)``. A name that does not
apply leaves with its operator: no fee, a price of 1. ``the_nearest_of(...)`` is a choice, ``says(...)`` a sentence.
A figure without a line is an input, or follows from the modes.
"""

_POOLED = ("equity", "initial_margin", "order_margin", "maintenance_margin")
_OF_WORST = ("buffer", "maintenance_ratio")
_UNITS = "quantity x contract.contract_size"
_VALUE = f"linear: {_UNITS} x {{0}} x settle_price or inverse: {_UNITS} x settle_price / {{0}}"
_GAIN = f"{_UNITS} x (exposure x ({{0}})) x settle_price"
_MARGIN = "terms.requirement_factor x ({0} + {1}_fee)"
_GROWN = "given.{0}_rate + given.{0}_growth x base_size or given.{0}_rate + given.{0}_growth x entry_size"
_MOVED = "base: mark_price x (1 + {0}) or quote: mark_price / (1 + {0})"

FORMULAS: dict[str, str] = {
    **{f"Totals.{name}": f"sum(pools.{name})" for name in _POOLED},
    **{f"Totals.{name}": f"worst.{name}" for name in _OF_WORST},
    "Totals.free_collateral": "worst.free_collateral or sum(shared.free_collateral)",
    "Totals.utilization": "worst.utilization or "
    "(sum(shared.initial_margin) + sum(shared.order_margin)) / sum(shared.equity)",
    "Totals.unrealized_pnl": "sum(positions.unrealized_pnl)",
    "Totals.gross_notional": "sum(positions.notional)",
    "Totals.net_notional": "sum(positions.side x positions.notional)",
    "Totals.gross_collateral": "sum(collateral.gross_value)",
    "Totals.haircut": "gross_collateral + unrealized_pnl + other - equity",
    "Totals.other": "sum(others.value)",
    "Totals.bonus": "says('the bonus of each asset, less what every losing position in it loses, as far as it counts', "
    "granted.bonus)",
    "Totals.own_equity": "equity - bonus",
    "Totals.leverage": "gross_notional / equity",
    "Totals.worst_pool": "says('highest maintenance_ratio (none being the worst), then utilization, then the least "
    "buffer', competing.maintenance_ratio, competing.utilization, competing.buffer)",
    "Totals.liquidatable": "any_of(pools.liquidatable)",
    "Totals.state": 'says("liquidation where a pool is liquidatable, margin-call where it is called for margin, '
    'restricted where the free collateral of a cross pool is negative, else healthy", '
    "pools.liquidatable, shared.free_collateral)",
    "AccountLiquidation.down": "the_nearest_of(pools.down)",
    "AccountLiquidation.up": "the_nearest_of(pools.up)",
    "AccountLiquidation.pool": "the_smallest_of(pools.distance)",
    "Liquidation.down": "fall",
    "Liquidation.up": "rise",
    "Liquidation.distance": "the_size_of_the_nearer_of(down, up)",
    "Liquidation.direction": "the_nearer_of(down, up)",
    "PoolFigures.equity": "sum(collateral.value) + sum(others.value)",
    "PoolFigures.initial_margin": "sum(initial_parts) + sum(others.initial_margin)",
    "PoolFigures.order_margin": "sum(orders.margin)",
    "PoolFigures.maintenance_margin": "sum(maintenance_parts) + sum(orders.maintenance_margin) "
    "+ sum(debts.loan_margin) + sum(others.maintenance_margin)",
    "PoolFigures.free_collateral": "equity - initial_margin - order_margin",
    "PoolFigures.buffer": "equity - level x maintenance_margin",
    "PoolFigures.utilization": "(initial_margin + order_margin) / equity",
    "PoolFigures.maintenance_ratio": "level x maintenance_margin / equity",
    "PoolFigures.liquidatable": "liquidated: equity <= level x maintenance_margin and maintenance_margin > 0 "
    "or equity < level x maintenance_margin and maintenance_margin > 0",
    "PositionFigures.quantity": "linear: given.notional / (contract.contract_size x mark_price) "
    "or inverse: given.notional / contract.contract_size",
    "PositionFigures.mark_price": "mark",
    "PositionFigures.notional": _VALUE.format("mark_price"),
    "PositionFigures.unrealized_pnl": "linear: "
    + _GAIN.format("mark_price - entry_price")
    + " or inverse: "
    + _GAIN.format("1 / mark_price - 1 / entry_price"),
    "PositionFigures.leverage": "1 / initial_rate",
    "PositionFigures.initial_rate": f"given.initial_rate or {_GROWN.format('initial')} "
    "or given.initial_margin x settle_price / initial_basis or max(1 / given.leverage, initial_tier.initial_rate)",
    "PositionFigures.initial_margin": "terms.requirement_factor x given.initial_margin x settle_price or "
    + _MARGIN.format("initial_basis x initial_rate", "initial"),
    "PositionFigures.maintenance_rate": f"given.maintenance_rate or {_GROWN.format('maintenance')} "
    "or maintenance_tier.maintenance_rate",
    "PositionFigures.maintenance_deduction": "maintenance_tier.deduction x settle_price "
    "or given.maintenance_deduction x settle_price",
    "PositionFigures.tier": "maintenance_tier.tier or given.maintenance_rate",
    "PositionFigures.maintenance_margin": _MARGIN.format(
        "max(0, maintenance_basis x maintenance_rate - deduction)", "maintenance"
    ),
    "PositionFigures.funding_per_day": "-side x notional x given.funding_rate x 24 / given.funding_interval",
    "PositionFigures.distance_to_liquidation": "abs(liquidation_price - mark_price) / mark_price",
    "PositionFigures.basis": "mark_price x quote_price / base_price - 1 or mark_price / base_price - 1",
    "PositionFigures.liquidation_price": _MOVED.format("move"),
    "PositionFigures.liquidation_side": "says('the side of the mark to which the move leads', move)",
    "PositionFigures.bankruptcy_price": _MOVED.format("bankruptcy_move"),
    "PositionFigures.contract_liquidation_price": "alone: liquidation_price or mark_price x (1 + contract_move) "
    "or crossing + contract.tick_size or crossing - contract.tick_size or mark_price",
    "PositionFigures.contract_liquidation_side": "says('the side of the mark to which the move leads', contract_move)",
    "CollateralFigures.balance": "held - sum(set_aside.isolated_margin)",
    "CollateralFigures.unrealized_pnl": "sum(settled.unrealized_pnl) / unit_price",
    "CollateralFigures.equity": "balance + unrealized_pnl",
    "CollateralFigures.price": "current_price",
    "CollateralFigures.haircut": "1 - value / (equity x price)",
    "CollateralFigures.value": "debt: terms.liability_factor x equity x unit_price "
    "or one: equity x unit_price x (1 - rate) or sum((slices.top - slices.floor) x (1 - slices.haircut)) x unit_price",
    "UnderlyingFigures.delta": "held + sum(traded.side x traded.size) + sum(others.delta) + sum(followers.size)",
    "UnderlyingFigures.net_notional": "sum(on_it.side x on_it.notional)",
    "UnderlyingFigures.gross_notional": "sum(on_it.notional)",
    "UnderlyingFigures.price": "current_price",
    "UnderlyingFigures.down": "fall",
    "UnderlyingFigures.up": "rise",
    "UnderlyingFigures.liquidation_down": "price x (1 + fall)",
    "UnderlyingFigures.liquidation_up": "price x (1 + rise)",
    "UnderlyingFigures.distance": "the_size_of_the_nearer_of(fall, rise)",
    "NettingFigures.gross_initial_margin": "sum(positions.initial_margin)",
    "NettingFigures.initial_margin": "sum(pools.initial_parts)",
    "NettingFigures.saving": "gross_initial_margin - initial_margin",
    "NettingFigures.saving_rate": "saving / gross_initial_margin",
    "MaintenanceNetting.gross_maintenance_margin": "sum(positions.maintenance_margin)",
    "MaintenanceNetting.maintenance_margin": "sum(pools.maintenance_parts)",
    "MaintenanceNetting.saving": "gross_maintenance_margin - maintenance_margin",
    "MaintenanceNetting.saving_rate": "saving / gross_maintenance_margin",
    "FundingFigures.per_day": "sum(paying.funding_per_day)",
    "FundingFigures.runway_days": "the_first_of(runways) or says('unknown', missing)",
    "FundingFigures.missing": "says('the positions without a funding_rate', inputs.funding_rate)",
    "PortfolioMargin.initial_margin": "initial",
    "PortfolioMargin.maintenance_margin": "maintenance",
    "PortfolioMargin.scan": "max(0, sum(losses))",
    "PortfolioMargin.scenario": "says('the first row that loses most', losses)",
    "TieredFigures.initial_margin": "sum(positions.initial_margin) or "
    "says('what netting leaves of them', positions.initial_margin)",
    "TieredFigures.maintenance_margin": "sum(positions.maintenance_margin) or "
    "says('what netting leaves of them', positions.maintenance_margin)",
    "TieredFigures.missing": "says('the positions without a known rate', positions.initial_margin)",
    "ModelSaving.initial": "before.initial_margin - kept.initial_margin",
    "ModelSaving.initial_rate": "initial / before.initial_margin",
    "ModelSaving.maintenance": "before.maintenance_margin - kept.maintenance_margin",
    "ModelSaving.maintenance_rate": "maintenance / before.maintenance_margin",
    # What stands between figures and inputs.
    "PositionFigures.entry_value": _VALUE.format("entry_price"),
    "PositionFigures.base_size": f"linear: {_UNITS} or inverse: {_UNITS} / mark_price",
    "PositionFigures.entry_size": f"{_UNITS} / entry_price",
    "PositionFigures.close_fee": "on-mark: account.taker_fee x notional "
    "or account.taker_fee x entry_value x max(0, 1 - exposure x initial_rate)",
    "Move.move": "the_nearer_of(fall, rise)",
    "PositionFigures.crossing": "alone: liquidation_price or mark_price x (1 + contract_move)",
    "CollateralFigures.gross_value": "balance x price",
    "Price.price": "mark x quote_price",
    "Mark.mark_price": "base_price / quote_price",
    "Follower.size": "(held + sum(traded.side x traded.size) + sum(others.delta)) x price / leader_price",
    "Traded.size": f"priced: {_UNITS} x mark_price x per_quote or divided: {_UNITS} / mark_price "
    f"or {_UNITS} x per_quote",
    "Rate.per_quote": "settle_price / quote_price",
    "Term.margin": "share x (notional x rate - deduction)",
    "DearerSide.margin": "max(sum(longs), sum(shorts))",
    "Model.margin": "factor x total + sum(on_top)",
    "Model.total": "apart: sum(units.core) + sum(spreads) or max(figure + sum(charges), sum(floors)) "
    "or says('the units each with their own worst row, and all of them together, in shares', units.core, losses)",
    "Model.figure": "max(0, sum(losses)) or says('the losses put together as combine and stress say', losses)",
    "RiskUnit.core": "max(scan + sum(charges), sum(floors))",
    "RiskUnit.scan": "weight x abs(move) x abs(net_value) or says('no row loses anything', net_value)",
    "UnitOrders.margin": "factor x max(0, max(buys, sells) - now)",
    "Charge.charge": "rate x base or says('a rate of its base, through its tiers', rate, base)",
    "TailDay.part": "share x loss",
    "Debt.loan_margin": "terms.loan_rate x -equity x unit_price",
    "Order.value": "linear: own.quantity x contract.contract_size x own.price x settle_price "
    "or inverse: own.quantity x contract.contract_size x settle_price / own.price",
    "OrderNeed.margin": "held: terms.requirement_factor x max(0, max(outcomes.needed) - position.notional "
    "x initial_rate) or terms.requirement_factor x max(outcomes.needed)",
    "OrderNeed.initial_rate": "position.initial_rate or own.initial_rate or 1 / own.leverage "
    "or max(1 / own.leverage, rate_of_the_tier)",
    "OrderNeed.maintenance_margin": "says('what the dearer side, once filled, needs beyond the position, with its "
    "fees', outcomes.orders, outcomes.fees)",
    "Outcome.orders": "sum(placed.value)",
    "Outcome.size": "held: abs(held_side x position.notional + side x orders) or orders",
    "Outcome.needed": "size x initial_rate + risen + open_loss + fees",
}
