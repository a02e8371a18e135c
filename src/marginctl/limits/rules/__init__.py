"""The catalogue: every rule, in the order of its code. A code is never used again for something else."""

import re

from marginctl.limits.rule import Rule, nothing
from marginctl.limits.rules import (
    agreed,
    data_quality,
    freshness,
    intentions,
    modelled,
    reserves,
    safety,
    size,
)

THEMES = (safety, size, reserves, intentions, modelled, agreed, freshness, data_quality)
_FOUND = [one for theme in THEMES for one in vars(theme).values() if isinstance(one, Rule)]
RULES: tuple[Rule, ...] = tuple(sorted(_FOUND, key=lambda rule: rule.code))
FACT_CODES = frozenset(rule.code for rule in RULES if rule.of_facts)
"""The codes that a ``DataFact`` may have."""

BY_CODE: dict[str, Rule] = {rule.code: rule for rule in RULES}
CUSTOM = "[A-Z]{2,12}[0-9]{1,6}"
BY_KEY: dict[str, Rule] = {rule.key: rule for rule in RULES if rule.key}


def is_custom(code: str) -> bool:
    """Whether a code may be one of a rule of one's own."""
    return bool(re.fullmatch(CUSTOM, code)) and not code.startswith("MC")


def rule_of(code: str) -> Rule:
    """The rule of a code; for a code of one's own what all of those have in common."""
    return BY_CODE.get(code) or Rule(code=code, name=code, summary="", manual="", measure=nothing)


def closest(text: str) -> str:
    """The code that somebody means who wrote it in small letters, or the rule's name or key instead; or nothing.

    Codes that merely look alike stand for limits that have nothing to do with each other, so they are no guess.
    """
    names = (rule.code for rule in RULES if text.lower() in (rule.code.lower(), rule.name, rule.key))
    return next(names, "") if text else ""
