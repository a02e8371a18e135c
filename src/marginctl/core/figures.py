"""One row a figure: how it is measured and rounded, what it means, and which side of it is safer.

Rounding, JSON, its schema, differences, the keys of ``expect``, units of explanations and the reference pages derive
from these rows. A row is found by the name of a field; where one class means something else by a name, by both:
``CollateralFigures.haircut``.
"""

from decimal import Decimal

from marginctl.core.exact import Direction, rounded, rounded_price
from marginctl.core.figure import GIVEN_DIGITS, PLACES, Figure, Safer
from marginctl.core.result_figures import RESULT_FIGURES

_UP, _DOWN, _IN, _NEAR = Direction.UP, Direction.DOWN, Direction.TOWARD_ZERO, Direction.NEAREST
_HIGHER, _LOWER, _FARTHER, _NONE_WORST = Safer.HIGHER, Safer.LOWER, Safer.FARTHER, Safer.LOWER_NONE_WORST
_SIDES = ("below", "above")
_IN_SETTLE = ("TieredWay.notional", "TierCorner.notional", "TierCorner.maintenance_margin")

FIGURES: dict[str, Figure] = {
    # Money: requirements up, what is there down.
    "equity": Figure("money", "What is there after haircuts, debts and unrealized PnL.", _DOWN, safer=_HIGHER),
    "own_equity": Figure("money", "Equity without the bonus that is left; no key without a bonus.", _DOWN, _HIGHER),
    "bonus": Figure("money", "What of the equity is bonus that losses have left: none of the trader's.", _NEAR),
    "Totals.other": Figure("money", "What rows taken as given are worth; no key without one.", _DOWN),
    "gross_collateral": Figure("money", "Balances at their price.", _DOWN),
    "unrealized_pnl": Figure(
        "money",
        "Profit (+) or loss (-) at the mark; in units of the asset in collateral.",
        _DOWN,
        label="unrealized PnL",
    ),
    "haircut": Figure("money", "Before haircuts less after; the effective rate in collateral.", _UP),
    "initial_margin": Figure("money", "Margin of positions.", _UP, safer=_LOWER),
    "order_margin": Figure("money", "Margin of open orders.", _UP, safer=_LOWER),
    "maintenance_margin": Figure("money", "What equity must not fall below, in pools with loans.", _UP, _LOWER),
    **{f"gross_{one}_margin": Figure("money", "", _UP) for one in ("initial", "maintenance")},
    "gross_notional": Figure("money", "Sum of the absolute notionals.", _UP),
    "net_notional": Figure("money", "Sum of the signed notionals.", _NEAR),
    "notional": Figure("money", "Size at the mark, positive.", _UP),
    "free_collateral": Figure("money", "equity - initial_margin - order_margin, signed.", _DOWN, _HIGHER),
    "buffer": Figure(
        "money", "equity - level x maintenance_margin, signed.", _DOWN, _HIGHER, label="liquidation buffer"
    ),
    "maintenance_deduction": Figure("money", "Subtracted from notional x maintenance_rate.", _DOWN),
    "funding_per_day": Figure("money", "Signed, positive = received; null without a rate.", _DOWN, safer=_HIGHER),
    "per_day": Figure("money", "Of positions with a rate; + is received.", _DOWN, _HIGHER, label="funding per day"),
    "value": Figure(
        "money", "Money in collateral; the judged figure in checks and findings, null where it does not exist.", _DOWN
    ),
    "saving": Figure("money", "gross - net.", _DOWN),
    # Ratios: of requirements up, distances toward zero.
    "leverage": Figure("multiple", "1 / initial_rate of a position; gross_notional / equity of an account.", _UP),
    "Totals.leverage": Figure("multiple", "", _UP, _NONE_WORST),
    "utilization": Figure("ratio", "(initial_margin + order_margin) / equity; null over no equity.", _UP, _NONE_WORST),
    "maintenance_ratio": Figure("ratio", "level x maintenance_margin / equity; null over no equity.", _UP, _NONE_WORST),
    "down": Figure(
        "ratio",
        "Signed move at which a fall liquidates, such as -0.2134; null when it never does.",
        _IN,
        safer=_FARTHER,
        label="fall that liquidates",
    ),
    "up": Figure(
        "ratio",
        "Signed move at which a rise liquidates; null when it never does.",
        _IN,
        safer=_FARTHER,
        label="rise that liquidates",
    ),
    "distance": Figure(
        "ratio",
        "The smaller absolute move; 0 when already liquidatable; null when neither side liquidates.",
        _IN,
        safer=_FARTHER,
    ),
    "distance_to_liquidation": Figure(
        "ratio",
        "Fraction of the mark, 0 or more; 0 when already liquidatable; null without a price.",
        _IN,
        safer=_FARTHER,
        label="distance to liquidation",
    ),
    "initial_rate": Figure("ratio", "Fraction of the notional.", _UP),
    "maintenance_rate": Figure("ratio", "Fraction of the notional.", _UP),
    "saving_rate": Figure("ratio", "saving / gross.", _NEAR),  # no side of it is safer
    "CollateralFigures.haircut": Figure("ratio", "", _UP),
    "basis": Figure("ratio", "mark_price / (price of the base / price of the quote) - 1, signed.", _NEAR),
    # Prices: where something ends they turn toward the mark.
    "entry_price": Figure("price", "Quote per base, as given or merged.", _NEAR, given=True),
    "mark_price": Figure("price", "", _NEAR),
    "price": Figure("price", "", _NEAR),
    "liquidation_price": Figure(
        "price", "Price of the contract at which its pool is liquidated when its underlying moves.", _UP, to_mark=True
    ),
    "contract_liquidation_price": Figure(
        "price",
        "Liquidation price when only this contract's mark moves: what venue screens show.",
        _UP,
        to_mark=True,
    ),
    "bankruptcy_price": Figure(
        "price", "Price of the contract at which the pool's equity is 0; null where there is none.", _UP, to_mark=True
    ),
    "liquidation_down": Figure(
        "price", "Price of the asset, all others standing still, at which a fall liquidates the pool.", _UP
    ),
    "liquidation_up": Figure(
        "price", "Price of the asset, all others standing still, at which a rise liquidates the pool.", _DOWN
    ),
    # Units, days, counts.
    "quantity": Figure("units", "Contracts.", _NEAR, given=True),
    "balance": Figure("units", "Units of the asset; negative = borrowed.", _NEAR, given=True),
    "CollateralFigures.bonus": Figure("units", "The part of the balance that the venue gave.", _NEAR, given=True),
    "delta": Figure(
        "units",
        "Units of the asset: coin equity plus contracts on it, less what contracts quoted in it sell.",
        _NEAR,
    ),
    "CollateralFigures.unrealized_pnl": Figure("units", "", _DOWN, label="unrealized PnL"),
    "CollateralFigures.equity": Figure("units", "", _DOWN),
    "runway_days": Figure(
        "days",
        "Days until a pool's health crosses zero with flat prices; null = never, or a rate is missing.",
        _DOWN,
        safer=_FARTHER,
        label="funding runway",
    ),
    "tier": Figure("count", "Counts from 1; null where the maintenance rate came from the position."),
    # Words and flags of the report.
    "account": Figure("word", "Who, where and under which modes."),
    "as_of": Figure("word", "Date or time of the data, as given; null where there is none."),
    "collateral_mode": Figure("word", choices=("single-asset", "multi-asset")),
    "position_mode": Figure("word", choices=("one-way", "hedge")),
    "margin_mode": Figure("word", choices=("cross", "isolated")),
    "currency": Figure("word", "What all money is expressed in unless said otherwise."),
    "direction": Figure(
        "word", "The nearer side; null where neither liquidates or where it is too late.", choices=("down", "up")
    ),
    "liquidatable": Figure("flag", "Whether equity is below level x maintenance_margin.", safer=_LOWER),
    "liquidation_side": Figure("word", "On which side of the mark liquidation_price lies.", choices=_SIDES),
    "contract_liquidation_side": Figure("word", "The same of contract_liquidation_price.", choices=_SIDES),
    "missing": Figure("word", "Symbols of positions without a funding rate."),
    "pool": Figure("word", "Name of a pool: cross, cross:USDT or isolated:BTCUSDT:long."),
    "pools": Figure("word", "What stands and falls together."),
    "expiry": Figure("word", "The last day of the contract; null where it has none."),
    "purpose": Figure("word", choices=("speculative", "hedge")),
    "side": Figure("side", choices=("long", "short")),
    "OrderRoom.side": Figure("word", choices=("buy", "sell")),
    "state": Figure("word", choices=("healthy", "restricted", "margin-call", "liquidation"), safer=Safer.EARLIER),
    "underlyings": Figure(
        "word", "Every asset whose price moves a pool; in cross pools stablecoins and quotes as well."
    ),
    "other": Figure("word", "What is taken as given; no key where the file has nothing.", label="taken as given"),
    "OtherFigures.delta": Figure("units", "Units by asset that it is long of.", _NEAR, given=True),
    "worst_pool": Figure("word", "The pool that free_collateral, buffer, utilization and maintenance_ratio are of."),
    "PositionFigures.key": Figure("internal"),
    # Limits and findings.
    "assumptions": Figure("word", "What was taken for granted, one sentence each."),
    "checks": Figure("word", "Every limit that was evaluated, passing or not."),
    "findings": Figure("word", "Limits that are not met, and what a reader must know about the data."),
    "expectations": Figure("word", "Figures that the venue shows, beside ours."),
    "code": Figure("word", "Stable code of a rule or of a problem."),
    "subject": Figure("word", "What was judged: a pool, a position, an asset."),
    "Check.value": Figure("judged"),
    "Finding.value": Figure("judged"),
    "Expectation.value": Figure("judged"),
    "limit": Figure("exact", "The threshold, in the unit of the value."),
    "policy": Figure("word", "The file and line of the policy that sets the limit; null for any other."),
    "headroom": Figure(
        "number",
        "What is left before the limit is broken, in its unit; negative when it is broken.",
        _DOWN,
        safer=_HIGHER,
    ),
    "Check.status": Figure(
        "word",
        choices=("pass", "waived", "waived-by-baseline", "not-evaluated", "warn", "fail"),
        safer=Safer.EARLIER,
    ),
    "Finding.reason": Figure("word", "Why the finding is waived; empty when it is not."),
    "remedy": Figure("word", "The cheapest way to meet the limit."),
    "waived": Figure("flag", "Whether a waiver covers the finding."),
    "ours": Figure("named", "The figure as it is computed here; null where it does not exist."),
    "theirs": Figure("exact", "The figure that the venue shows, as given; null where it shows that there is none."),
    "difference": Figure("number", "ours - theirs, signed.", _DOWN),
    "allowed": Figure(
        "exact", "What the difference may be, where the file gives that as an amount; else there is no such key."
    ),
    "unit": Figure("word", "The asset that the amounts are in; no such key where that is the account's currency."),
    "initial_margin + order_margin": Figure("money", "Margin of positions and open orders.", _UP),
    "ReconcileRow.venue": Figure("exact", "The figure that the venue shows; null where it shows that there is none."),
    "ReconcileRow.relative": Figure("number", "|difference| as a fraction of the venue's figure.", _UP),
    "ReconcileRow.allowed": Figure("exact", "What |difference| may be."),
    "ReconcileRow.unit": Figure("word", "The asset that amounts are in; empty = the account's currency, or none."),
    "ReconcileRow.reason": Figure("word", "What makes a figure meet that does not, or why it cannot be compared."),
    "portfolio": Figure("exact", "The file as values; null where there is none."),
    # Heads and summaries of documents.
    "version": Figure("word", "The version of marginctl that wrote this."),
    "line": Figure("place"),
    "column": Figure("place"),
    "exit_code": Figure("exit"),
    "files": Figure("counted", "Files of this run."),
    "RunSummary.errors": Figure("counted", "Findings of severity error that no waiver covers."),
    "warnings": Figure("counted", "Findings of severity warning that no waiver covers."),
    "failed_files": Figure("counted", "Files without figures."),
    "StressSummary.scenarios": Figure("counted", "Scenarios that were run."),
    "not_survived": Figure("counted", "Scenarios on whose way a pool is liquidated."),
    "WhatIfSummary.changes": Figure("counted", "Figures that moved."),
    "count": Figure("counted", "What is listed."),
    "worse": Figure("counted", "Figures that moved to the riskier side."),
    "better": Figure("counted", "Figures that moved to the safer side."),
    "HeadroomSummary.orders": Figure("counted", "Largest orders that were searched for."),
    "HeadroomSummary.withdrawals": Figure("counted", "Largest withdrawals that were searched for."),
    "HeadroomSummary.broken": Figure("counted", "Findings on broken limits."),
    # Scenarios, cascades, grids, curves.
    "crossing": Figure("ratio", "Fraction of the path at which the first pool is liquidated; null = none is.", _IN),
    "reach": Figure("ratio", "The same past the scenario, along the same line; null = never.", _IN),
    "change": Figure("money", "Equity at the end less equity now; of a position its PnL or its funding.", _DOWN),
    "bystanders": Figure("word", "Positions in profit that stand in the first pool where it crosses."),
    "survived": Figure("flag", "Whether no pool is liquidated anywhere on the way."),
    "shocks": Figure("exact", "Moves by asset as they are written; * = every other one."),
    "moves": Figure("exact", "Moves by asset of the account."),
    "untouched": Figure("word", "Assets that the scenario names and the account lacks."),
    "rates": Figure("exact", "Funding rates by asset, by case, or the name of a case."),
    "interval_hours": Figure("exact", "Hours between two fundings."),
    "days": Figure("exact", "How long funding is paid."),
    "move": Figure("ratio", "Fraction of the path; on a curve the joint move, signed.", _IN),
    "pnl": Figure("money", "What closing realised.", _DOWN),
    "fee": Figure("money", "What closing cost.", _UP),
    "CascadeStep.amount": Figure("money", "Debt repaid, margin kept by the venue, or deficit that others bear.", _NEAR),
    "CascadeStep.quantity": Figure("units", "Contracts closed; null where none are.", _NEAR, part=True),
    "CascadeStep.left": Figure("units", "Contracts that stay open.", _NEAR, part=True),
    "Position.quantity": Figure("units", "Contracts.", _NEAR, part=True),
    "margins": Figure("money", "Set aside when every position is isolated, by asset.", _UP),
    "closed_at": Figure("ratio", "Fraction of the path; null = still open.", _IN),
    "result": Figure("money", "PnL of what was closed less fees, and at the end of what is open.", _DOWN),
    "contagion_cost": Figure("money", "What winners that went with their pool would have made until the end.", _NEAR),
    "sharing_saved": Figure("money", "The same for what the pool carried and that is closed when isolated.", _NEAR),
    "Axis.moves": Figure("ratio", "Moves, ascending.", _IN),
    "Point.move": Figure("ratio", "Joint move, or that of the asset alone, signed; 0 = now.", _NEAR),
    "required": Figure("money", "level x maintenance_margin.", _UP),
    "trail": Figure("word", "Equity of the pool that is liquidated first along the path, straight in between."),
    "asset_curves": Figure("word", "The curve while one asset moves alone, the nearest to liquidation first."),
    "tiered_ways": Figure("word", "Positions on tables of two tiers and more, the nearest to liquidation first."),
    "liquidation_notional": Figure("units", "At the liquidation price, in the settle asset; null without one.", _NEAR),
    **{one: Figure("units", "In the settle asset.", _UP) for one in _IN_SETTLE},
    # A margin model of a whole pool.
    "portfolio_margin": Figure("word", "What a margin model finds, one row per cross pool under it."),
    "model": Figure("word", choices=("scenario", "var", "expected-shortfall")),
    "tiered": Figure("word", "What the tiers of the same pool's contracts would ask."),
    "TieredFigures.missing": Figure("word", "Symbols whose rates are not known."),
    "initial": Figure("money", "Initial margin by tiers less that of the model.", _DOWN),
    "maintenance": Figure("money", "Maintenance margin by tiers less that of the model.", _DOWN),
    "ModelSaving.initial_rate": Figure("ratio", "Share of the tiered initial margin.", _NEAR),
    "ModelSaving.maintenance_rate": Figure("ratio", "Share of the tiered maintenance margin.", _NEAR),
    "scan": Figure("money", "The largest loss over the moves, 0 or more; of a pool over all units together.", _UP),
    "scenario": Figure("place", "Row of the worst joint scenario, from 1; null where nothing is lost."),
    "units": Figure("word", "Risk units by name: assets that move together."),
    "net_value": Figure("money", "Signed value of all exposures.", _NEAR),
    "long_value": Figure("money", "Sum of the positive exposures.", _NEAR),
    "short_value": Figure("money", "Sum of the negative exposures, positive.", _NEAR),
    "hedged_value": Figure("money", "The smaller of the two.", _NEAR),
    "worst_move": Figure("exact", "The first move that loses most; null where nothing is lost."),
    "weight": Figure("exact", "How much of its loss counts."),
    "UnitFigures.pnl": Figure("money", "Of every row, weighted.", _DOWN),
    "UnitFigures.charges": Figure("money", "Charges beside the scan.", _UP),
    "floor": Figure("money", "Charges as a floor.", _UP),
    "core": Figure("money", "max(scan + charges, floor).", _UP),
    "base": Figure("money", "What a charge is a rate of.", _UP),
    "ChargeFigures.amount": Figure("money", "The charge.", _UP),
    "SpreadFigures.count": Figure("units", "How often the spread forms.", _DOWN),
    "SpreadFigures.amount": Figure("money", "A charge, or a credit below 0.", _UP),
    "history": Figure("word", "The history behind the figure; null without one."),
    "confidence": Figure("exact", "Share of the time that a loss stays below value at risk."),
    "horizon": Figure("counted", "Rows of the history per return."),
    "returns": Figure("counted", "Returns of the window."),
    "largest_gap_days": Figure("counted", "Between two rows that are used."),
    "dropped": Figure("counted", "Rows left out for a blank cell."),
    "carried": Figure("counted", "Blank cells that took the price before."),
    "value_at_risk": Figure("money", "-quantile of profit and loss; a loss is above 0.", _UP),
    "expected_shortfall": Figure("money", "-mean of the worst; a loss is above 0.", _UP),
    "stressed_value_at_risk": Figure("money", "The same over the stressed window; null without one.", _UP),
    "stressed_expected_shortfall": Figure("money", "The same over the stressed window; null without one.", _UP),
    "risk": Figure("money", "Part of the model's figure before factors and charges; all add up to it.", _UP),
    "share": Figure("ratio", "risk / figure; null without one.", _NEAR),
    "incremental": Figure("money", "Maintenance margin less that without the position.", _UP),
    # A comparison.
    "rows": Figure("word", "One row per mode and rule set by name, the file as it stands first."),
    "shortfall": Figure("units", "Units by asset that the margins ask beyond what is there.", _UP),
    "contracts": Figure("units", "Number of contracts there.", _NEAR),
    "ComparedRow.model": Figure("word", choices=("tiered", "scenario", "var", "expected-shortfall")),
    "CompareSummary.rows": Figure("counted", "Modes and rule sets."),
    "CompareSummary.complete": Figure("counted", "Rows that cover the whole book."),
    # Funding.
    "horizon_days": Figure("exact", "Days that down_after and up_after look ahead."),
    "quantile": Figure("exact", "Which quantile of a history is its worst."),
    "rate": Figure("rate", "Per interval, positive = longs pay.", _NEAR),
    "Rated.interval_hours": Figure("ratio", "Hours between two fundings.", _IN),
    "per_interval": Figure("money", "Per interval, positive = received.", _DOWN),
    "down_after": Figure("ratio", "Fall that liquidates after the horizon's funding; 0 = not lived to.", _IN),
    "up_after": Figure("ratio", "Rise that liquidates after the horizon's funding; 0 = not lived to.", _IN),
    "runway_pool": Figure("word", "The pool whose runway is the shortest."),
    **RESULT_FIGURES,
}
"""By name, one name one idea: requirements rounded up, what is there down, distances toward zero."""


def row_of(name: str, owner: str = "") -> Figure | None:
    """The row of a figure, that of its class where there is one; None where no row has the name."""
    return FIGURES.get(f"{owner}.{name}") or FIGURES.get(name)


def rounded_as(row: Figure, value: Decimal, mark: Decimal | None = None) -> Decimal:
    """A value rounded by its row; ``mark``: of its position, toward which prices turn at which something ends."""
    if row.kind == "exact" or _stays(row, value):
        return value
    towards = row.direction
    if row.to_mark and mark is not None:
        towards = Direction.UP if value < mark else Direction.DOWN
    return rounded_price(value, towards) if row.kind == "price" else rounded(value, PLACES[row.kind], towards)


def _stays(row: Figure, value: Decimal) -> bool:
    """Whether it is as somebody wrote it."""
    if row.part:
        return int(value.as_tuple().exponent) >= -PLACES["units"]
    return row.given and len(value.as_tuple().digits) <= GIVEN_DIGITS


def rounded_figure(name: str, value: Decimal) -> Decimal:
    """A figure of the report rounded by the row of its name."""
    return rounded_as(FIGURES[name], value)
