"""The limits as the catalogue lists them."""

from marginctl.limits.config import ALL
from marginctl.limits.format import OFF
from marginctl.limits.rule import Comparison, Rule
from marginctl.limits.rules import RULES
from marginctl.results.catalogue import Default, RuleEntry
from marginctl.wording import amount


def entries() -> dict[str, RuleEntry]:
    """Every limit by its code."""
    return {rule.code: _entry(rule) for rule in RULES}


def _entry(rule: Rule) -> RuleEntry:
    default, text = _default(rule)
    severity, stricter = rule.default_severity, rule.policy_severity
    return RuleEntry(
        code=rule.code,
        name=rule.name,
        key=rule.key,
        default=default,
        default_text=text,
        unit=rule.unit.value,
        comparison=rule.comparison.value,
        severity=severity.value if severity else None,
        policy_severity=stricter.value if stricter else None,
        always=rule.always,
        waivable=rule.waivable,
        summary=rule.summary,
        manual=rule.manual,
    )


def _default(rule: Rule) -> tuple[Default, str]:
    """What stands in the key of a limit that no file configures, as a value and in words."""
    if rule.default_severity is None:
        return None, OFF
    if not rule.key:
        return None, "always" if rule.always else ""
    if rule.comparison is not Comparison.HOLDS and rule.default is not None:
        return rule.default, amount(rule.default, rule.unit.value)
    return (ALL, ALL) if rule.needs_subject else (True, "true")
