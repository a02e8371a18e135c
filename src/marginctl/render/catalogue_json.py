"""The catalogue for machines: decimals as exact JSON numbers, what is unknown or does not exist as null."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from msgspec import Struct

from marginctl.core.contract import HaircutTier
from marginctl.core.exact import ZERO, Direction, rounded
from marginctl.findings import Problem
from marginctl.render.pages.catalogue import Listed, RuleEntry, age
from marginctl.results import BuiltIn
from marginctl.venues.collateral import Collateral, PublishedTerms
from marginctl.venues.contracts import ContractGroup, Listing
from marginctl.venues.format import SWITCHES, Assumption
from marginctl.venues.origin import Origin
from marginctl.venues.rule_set import Mode, RuleSet


class ListSummary(Struct, frozen=True):
    """How many there are."""

    count: int
    exit_code: int = 0


class ScenarioList(Struct, frozen=True):
    """The built-in scenarios."""

    schema: ClassVar[str] = "marginctl.scenarios/2"
    shape: ClassVar[str] = "schema version scenarios errors summary"
    scenarios: tuple[BuiltIn, ...]
    version: str
    errors: tuple[Problem, ...] = ()

    @property
    def summary(self) -> ListSummary:
        """Counts."""
        return ListSummary(len(self.scenarios))


VENUES = "marginctl.venues/1"
RULES = "marginctl.rules/1"
RULE_SET = "marginctl.rule-set/1"
CONTRACT = "marginctl.contract/1"
RATE_PLACES = 10


def venues(listed: Sequence[Listed], today: date) -> dict[str, Any]:
    """Every rule set. Null: ``contracts`` = it reads any symbol, ``file`` = bundled, ``age_days`` = it does not age."""
    return {"schema": VENUES, "venues": [{**_head(one.rule_set, today), "file": one.file or None} for one in listed]}


def _head(rule_set: RuleSet, today: date) -> dict[str, Any]:
    return {
        "name": rule_set.name,
        "title": rule_set.title,
        "as_of": rule_set.as_of,
        "age_days": age(rule_set.as_of, today),
        "status": rule_set.status.value,
        "modes": [
            {"collateral_mode": mode.collateral_mode.value, "status": mode.status.value} for mode in rule_set.modes
        ],
        "contracts": None if rule_set.splits_symbols else len(rule_set.symbols()),
    }


def rules(entries: Sequence[RuleEntry]) -> dict[str, Any]:
    """Every limit; ``key`` null = cannot be configured, ``default`` null = off or without a threshold."""
    return {
        "schema": RULES,
        "rules": [
            {
                "code": one.code,
                "name": one.name,
                "key": one.key or None,
                "default": one.default,
                "unit": one.unit,
                "comparison": one.comparison,
                "severity": one.severity,
                "policy_severity": one.policy_severity,
                "always": one.always,
                "waivable": one.waivable,
                "summary": one.summary,
            }
            for one in entries
        ],
    }


def rule_set(rules_of: RuleSet, today: date) -> dict[str, Any]:
    """One rule set: each rule with its value and origin, haircuts, contracts, liquidation, what is unknown."""
    liquidation = rules_of.liquidation
    return {
        "schema": RULE_SET,
        **_head(rules_of, today),
        "modes": [_mode(mode) for mode in rules_of.modes],
        "contract_groups": [_group(group) for group in rules_of.groups],
        "liquidation": {
            "steps": [step.value for step in liquidation.steps],
            "order": liquidation.order.value,
            "fee": liquidation.fee,
            "take_over_level": _rate(liquidation.take_over_level),
            **_origin(liquidation),
        },
        "taker_fee": rules_of.modes[0].taker_fee,
        "funding_interval_hours": rules_of.published_funding_interval,
        "not_offered": [one.to_dict() for one in rules_of.not_offered],
        "assumptions": _notes(rules_of.notes),
        "unknown": list(rules_of.unknown),
        "sources": [source.to_dict() for source in rules_of.sources],
    }


def _mode(mode: Mode) -> dict[str, Any]:
    isolated = mode.isolated_rules
    values = {name: getattr(mode.rules, name) for name in SWITCHES}
    return {
        "collateral_mode": mode.collateral_mode.value,
        "status": mode.status.value,
        "isolated_positions": mode.offers_isolated,
        "hedge_mode": mode.offers_hedge,
        "rules": {
            name: {"value": _plain(values[name]), **_origin(mode.origins.get(name, Origin()))} for name in SWITCHES
        },
        "isolated_rules": {
            name: _plain(getattr(isolated, name))
            for name in values
            if isolated is not None and getattr(isolated, name) != values[name]
        },
        "collateral": _collateral(mode.collateral),
        "assumptions": _notes(mode.notes),
    }


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, Decimal) else value.value


def _origin(origin: Origin) -> dict[str, Any]:
    return {"trust": origin.trust.value if origin.trust else None, "source": origin.source, "as_of": origin.as_of}


def _collateral(collateral: Collateral) -> dict[str, Any]:
    return {
        "unlisted": collateral.unlisted.value,
        "loan_rate": collateral.loan_rate,
        "ask_buffer": "as-haircut" if collateral.ask_buffer else "none",
        "assets": [{"asset": asset, **_terms(terms)} for asset, terms in collateral.assets.items()],
    }


def _terms(terms: PublishedTerms) -> dict[str, Any]:
    return {
        "haircut_tiers": [_haircut(tier) for tier in terms.haircuts],
        "initial_haircut": terms.initial_haircut,
        "liability_factor": terms.liability_factor,
        "requirement_factor": terms.requirement_factor,
        "loan_rate": terms.loan_rate,
        "enters_figures": terms.origin.enters_figures,
        **_origin(terms.origin),
    }


def _haircut(tier: HaircutTier) -> dict[str, Any]:
    return {"up_to": tier.up_to, "haircut": tier.haircut}


def _group(group: ContractGroup) -> dict[str, Any]:
    return {
        "type": group.type.value,
        "contracts": None if group.splits_symbols else len(list(group.symbols())),
        "contract_size": group.contract_size,
        "contract_size_by_base": dict(group.sizes_by_base),
        "tiers_by": group.tiers_by.value,
        "deduction": group.deduction.value,
        "as_of": group.as_of,
        "status": group.status.value,
        "source": group.source,
    }


def _notes(notes: Sequence[Assumption]) -> list[dict[str, str]]:
    return [{"when": note.when.value, "text": note.text} for note in notes]


def contract(rules_of: RuleSet, listing: Listing) -> dict[str, Any]:
    """A contract and its tiers; without published maintenance rates only ``leverage_caps`` say something."""
    one = listing.contract
    floors = [ZERO, *(tier.up_to for tier in one.tiers[:-1])]
    caps = {cap.up_to: cap.max_leverage for cap in listing.leverage_caps}
    return {
        "schema": CONTRACT,
        "venue": rules_of.name,
        "symbol": one.symbol,
        "type": one.type.value,
        "base": one.base,
        "quote": one.quote,
        "settle": one.settle,
        "contract_size": one.contract_size,
        "tick_size": one.tick_size,
        "tiers_by": one.tiers_by.value,
        "as_of": listing.as_of or rules_of.as_of,
        "status": listing.status.value,
        "source": listing.source,
        "tiers": [
            {
                "tier": number,
                "floor": floor,
                "up_to": tier.up_to,
                "maintenance_rate": _rate(tier.maintenance_rate),
                "maintenance_deduction": tier.deduction,
                "initial_rate": _rate(tier.initial_rate),
                "max_leverage": caps.get(tier.up_to),
            }
            for number, (floor, tier) in enumerate(zip(floors, one.tiers, strict=True), 1)
        ],
        "leverage_caps": [{"up_to": cap.up_to, "max_leverage": cap.max_leverage} for cap in listing.leverage_caps],
        "assumptions": list(listing.assumptions),
    }


def _rate(rate: Decimal | None) -> Decimal | None:
    """A rate, which may be a fraction without an end, as a report rounds it: up, the cautious way."""
    return None if rate is None else rounded(rate, RATE_PLACES, Direction.UP)
