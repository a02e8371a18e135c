"""The rows of figures that only other documents than a report have: books, rule sets, changes, explanations."""

from marginctl.core.exact import Direction
from marginctl.core.figure import Figure

_UP, _DOWN = Direction.UP, Direction.DOWN
_STRESSED = ("BookScenario", "LostAccount", "BookStressCounts")
_CHANGES = ("added", "removed", "changed", "same")
_DEDUCTIONS = ("deduction", "ContractTier.maintenance_deduction", "PassedTier.maintenance_deduction")
_GRADES = ("initial", "maintenance")
_AS_STATED = ("floor", *_DEDUCTIONS, "max_leverage", "isolated_rules")

RESULT_FIGURES: dict[str, Figure] = {
    # Books of accounts.
    "failing_notional": Figure("money", "Gross notional of the accounts that fail.", _UP),
    "warning_notional": Figure("money", "Gross notional of the accounts that only warn.", _UP),
    "equity_before": Figure("money", "Sum over the accounts, now.", _DOWN),
    "equity_after": Figure("money", "Sum over the accounts, at the end of the path.", _DOWN),
    **{f"{one}.shortfall": Figure("money", "Sum of max(0, -equity) of pools.", _UP) for one in _STRESSED},
    "largest_share": Figure("ratio", "Of the ten largest shortfalls, in the whole.", _UP),
    "gap": Figure("ratio", "Share of the path."),
    "loss": Figure("money", "Missing where pools are closed at a gap behind their crossing.", _UP),
    "ExposureRow.long": Figure("money", "Notional of all longs.", _UP),
    "ExposureRow.short": Figure("money", "Notional of all shorts.", _UP),
    "LiquidatableAccounts.shortfall": Figure("money", "What equities below 0 add up to.", _UP),
    # Lists of rule sets.
    "with_tiers": Figure("counted", "Contracts whose whole margin table is known; null where any symbol is read."),
    "with_contract_size": Figure("counted", "Contracts whose size is no assumption; null where any symbol is read."),
    "complete": Figure("counted", "Contracts that need nothing from the portfolio; null where any symbol is read."),
    "haircuts": Figure("word", "Of BTC, ETH, SOL, USDC those that need no haircut here; null = none counts."),
    # Headroom: sizes are exact to their last digit.
    "OrderRoom.quantity": Figure("exact", "The largest order; null where nothing limits it, or it cannot be known."),
    "OrderRoom.notional": Figure("money", "Of the largest order.", _DOWN),
    **{name: Figure("exact", "Units of the asset.") for name in ("amount", "held")},
    "left": Figure("exact", "What stays open."),
    "DepositWay.value": Figure("money", "At its price.", _UP),
    "ReductionWay.quantity": Figure("exact", "Contracts to close."),
    # Changes of what-if: figures of both reports.
    "Moved.before": Figure("exact", "As the report before shows it; null where it does not exist."),
    "Moved.after": Figure("exact", "As the report afterwards shows it; null where it does not exist."),
    "Moved.difference": Figure("exact", "after - before; null where one does not exist."),
    "turn": Figure("word", "Whether it moved to the riskier or to the safer side; null where neither is."),
    # Accounts against the same files at a commit.
    "AccountDiff.base": Figure("word", "The commit, as it was asked for."),
    "since": Figure("word", "What it was there.", choices=("new", "unreadable", "changed", "same")),
    **{f"verdict_{one}": Figure("word", "Empty where there is none.") for one in ("before", "after")},
    "AccountDiff.findings": Figure("word", "Errors and warnings there and now, waived by the commit or not."),
    "FindingDiff.turn": Figure("word", choices=("new", "worse", "same", "better", "fixed")),
    **{name: Figure("word", "Its figure; empty where there is none.") for name in ("then", "now")},
    # Rule sets and contracts: as they are published.
    "RuleSetEntry.contracts": Figure("counted", "Symbols that are listed; null where any symbol is read."),
    "age_days": Figure("counted", "Days since as_of; null where it does not age."),
    "Stated.value": Figure("exact", "A number or a word; null where the venue has no such rule."),
    "loan_rate": Figure("exact", "Maintenance margin on debts; null where the portfolio states it."),
    "initial_haircut": Figure("exact", "The haircut for opening, where it is another one."),
    "liability_factor": Figure("exact", "What a unit of debt counts; null = 1, or what ask_buffer says."),
    "requirement_factor": Figure("exact", "What a unit of margin counts; null = 1, or what ask_buffer says."),
    "up_to": Figure("exact", "Inclusive; null where there is no limit."),
    "contract_size": Figure("exact", "Base units of a linear contract, quote units of an inverse one."),
    "contract_size_by_base": Figure("exact", "The same by base where it differs."),
    "tick_size": Figure("exact", "Step of the price; null where it is not known."),
    "PublishedLiquidation.fee": Figure("exact", "Share of what is liquidated; null where it is not published."),
    "take_over_level": Figure("multiple", "Of the maintenance margin; null = at once.", _UP),
    "taker_fee": Figure("exact", "Fraction of the notional; null where the portfolio states it."),
    "funding_interval_hours": Figure("exact", "Hours; null where it is not known, or different by contract."),
    "default": Figure("exact", "In effect where no file says otherwise; null = off, or nothing can be configured."),
    **{f"{one}.change": Figure("word", choices=_CHANGES) for one in ("TableChange", "HaircutChange")},
    **{f"debt_factor_{one}": Figure("exact", "What a unit of debt counts.") for one in ("before", "after")},
    **{f"ListedRates.{one}_rate": Figure("exact", "Of a size of 0; null: not published.") for one in _GRADES},
    **{f"{one}_growth": Figure("exact", "What the rate grows by with every unit of the base.") for one in _GRADES},
    "HaircutTier.haircut": Figure("exact", "Fraction of the value."),
    # Explanations: all digits.
    "ExplainResult.value": Figure("exact", "As the report has it; null in a list of figures."),
    "FigureValue.value": Figure("exact", "As the report has it."),
    "ExplainedStep.value": Figure("settled", "With all its digits."),
    **{f"TierUsed.{name}": Figure("exact") for name in ("size", "above")},
    "ExplainedStep.line": Figure("word", "A part of a solution as a straight line of the unknown."),
    **{name: Figure("settled") for name in ("at_zero", "slope", "place", "beyond", "end", "least_at")},
    **{name: Figure("settled", "Where the lines hold; null = without an end.") for name in ("holds_from", "holds_to")},
    **{name: Figure("exact") for name in _AS_STATED},
}
