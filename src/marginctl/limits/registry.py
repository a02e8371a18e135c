"""The catalogue: every rule, in the order of its code. A code is never used again for something else."""

import re

from marginctl.limits.rule import Rule, nothing
from marginctl.limits.rules import (
    mc100_account_liquidatable,
    mc101_utilization,
    mc102_liquidation_distance,
    mc103_maintenance_ratio,
    mc104_account_leverage,
    mc105_position_leverage,
    mc106_isolated_distance,
    mc107_concentration,
    mc108_directional_exposure,
    mc109_stable_buffer,
    mc110_wrong_way_collateral,
    mc112_funding_runway,
    mc113_scenario_survival,
    mc114_hedge_adds_risk,
    mc115_purpose_missing,
    mc116_contagion,
    mc117_expected_shortfall,
    mc118_risk_concentration,
    mc119_scan_cover,
    mc120_position_notional,
    mc121_daily_loss,
    mc122_hedge_loss,
    mc123_margin_call,
    mc201_stale_rules,
    mc202_stale_data,
    mc203_unverified_rules,
    mc204_assumption_made,
    mc205_mark_off_prices,
    mc206_leverage_above_tier,
    mc207_maintenance_above_initial,
    mc208_kinder_than_venue,
    mc209_expectation_not_met,
    mc210_history_stale,
    mc211_history_filled,
    mc212_no_maintenance_margin,
    mc213_fraction_of_contract,
    mc214_contract_expired,
    mc215_stablecoin_off_peg,
    mc216_improbable_figure,
    mc220_import_incomplete,
    mc901_waiver_unused,
    mc902_waiver_expired,
    mc903_waiver_expiring,
    mc904_waiver_without_effect,
)

RULES: tuple[Rule, ...] = (
    mc100_account_liquidatable.RULE,
    mc101_utilization.RULE,
    mc102_liquidation_distance.RULE,
    mc103_maintenance_ratio.RULE,
    mc104_account_leverage.RULE,
    mc105_position_leverage.RULE,
    mc106_isolated_distance.RULE,
    mc107_concentration.RULE,
    mc108_directional_exposure.RULE,
    mc109_stable_buffer.RULE,
    mc110_wrong_way_collateral.RULE,
    mc112_funding_runway.RULE,
    mc113_scenario_survival.RULE,
    mc114_hedge_adds_risk.RULE,
    mc115_purpose_missing.RULE,
    mc116_contagion.RULE,
    mc117_expected_shortfall.RULE,
    mc118_risk_concentration.RULE,
    mc119_scan_cover.RULE,
    mc120_position_notional.RULE,
    mc121_daily_loss.RULE,
    mc122_hedge_loss.RULE,
    mc123_margin_call.RULE,
    mc201_stale_rules.RULE,
    mc202_stale_data.RULE,
    mc203_unverified_rules.RULE,
    mc204_assumption_made.RULE,
    mc205_mark_off_prices.RULE,
    mc206_leverage_above_tier.RULE,
    mc207_maintenance_above_initial.RULE,
    mc208_kinder_than_venue.RULE,
    mc209_expectation_not_met.RULE,
    mc210_history_stale.RULE,
    mc211_history_filled.RULE,
    mc212_no_maintenance_margin.RULE,
    mc213_fraction_of_contract.RULE,
    mc214_contract_expired.RULE,
    mc215_stablecoin_off_peg.RULE,
    mc216_improbable_figure.RULE,
    mc220_import_incomplete.RULE,
    mc901_waiver_unused.RULE,
    mc902_waiver_expired.RULE,
    mc903_waiver_expiring.RULE,
    mc904_waiver_without_effect.RULE,
)
FACT_CODES = frozenset(
    {"MC203", "MC204", "MC205", "MC206", "MC207", "MC208", "MC212", "MC213", "MC214", "MC215", "MC216", "MC220"}
)
"""The codes that a ``DataFact`` may have."""

BY_CODE: dict[str, Rule] = {rule.code: rule for rule in RULES}
CUSTOM = re.compile(r"[A-Z]{2,12}[0-9]{1,6}", re.ASCII)
BY_KEY: dict[str, Rule] = {rule.key: rule for rule in RULES if rule.key}


def is_custom(code: str) -> bool:
    """Whether a code may be one of a rule of one's own."""
    return bool(CUSTOM.fullmatch(code)) and not code.startswith("MC")


def rule_of(code: str) -> Rule:
    """The rule of a code; for a code of one's own what all of those have in common."""
    return BY_CODE.get(code) or Rule(code=code, name=code, summary="", manual="", measure=nothing)


def closest(text: str) -> str:
    """The code that somebody means who wrote it in small letters, or the rule's name or key instead; or nothing.

    Codes that merely look alike stand for limits that have nothing to do with each other, so they are no guess.
    """
    names = (rule.code for rule in RULES if text.lower() in (rule.code.lower(), rule.name, rule.key))
    return next(names, "") if text else ""
