"""How every figure of the report follows, in one line each: what ``explain`` shows and the tests reckon again.

``a or b``: the first line whose names are there and that gives the figure. ``word: line``: where the subject is that
(a contract ``linear`` or ``inverse``, its asset the ``base`` or the ``quote``). Names are figures of the same row,
inputs of its subject (``given.leverage``), lines further down, or rows: ``sum(pools.equity)``. A name that does not
apply leaves with its operator: no fee, a price of 1. ``the_nearest_of(...)`` is a choice, ``says(...)`` a sentence.
A figure without a line is an input, or follows from the modes. The lines of figures stand in their classes
(``formulas``), those of the steps between them and the inputs here.
"""

from marginctl.core import model_report, report
from marginctl.core.report import UNITS, VALUE

_CLASSES = [one for module in (report, model_report) for one in vars(module).values() if isinstance(one, type)]
_LINES: dict[str, dict[str, str]] = {one.__name__: vars(one).get("formulas", {}) for one in _CLASSES}

FORMULAS: dict[str, str] = {
    **{f"{owner}.{name}": line for owner, lines in _LINES.items() for name, line in lines.items()},
    # What stands between figures and inputs.
    "PositionFigures.entry_value": VALUE.format("entry_price"),
    "PositionFigures.base_size": f"linear: {UNITS} or inverse: {UNITS} / mark_price",
    "PositionFigures.entry_size": f"{UNITS} / entry_price",
    "PositionFigures.close_fee": "on-mark: account.taker_fee x notional "
    "or account.taker_fee x entry_value x max(0, 1 - exposure x initial_rate)",
    "Move.move": "the_nearer_of(fall, rise)",
    "PositionFigures.crossing": "alone: liquidation_price or mark_price x (1 + contract_move)",
    "CollateralFigures.gross_value": "balance x price",
    "Price.price": "mark x quote_price",
    "Mark.mark_price": "base_price / quote_price",
    "Follower.size": "(held + sum(traded.side x traded.size) + sum(others.delta)) x price / leader_price",
    "Traded.size": f"priced: {UNITS} x mark_price x per_quote or divided: {UNITS} / mark_price or {UNITS} x per_quote",
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
