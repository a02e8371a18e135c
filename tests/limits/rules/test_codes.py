"""The catalogue: codes, keys, manuals."""

import pytest

from marginctl.findings import Severity
from marginctl.limits.rule import Rule
from marginctl.limits.rules import BY_CODE, BY_KEY, FACT_CODES, RULES, closest

DEFAULTS = {
    "MC101": "0.6",
    "MC102": "0.2",
    "MC103": "0.5",
    "MC104": "5",
    "MC105": "10",
    "MC107": "0.6",
    "MC108": "3",
    "MC109": "0.5",
    "MC110": "0.3",
    "MC112": "30",
    "MC123": "0.8",
    "MC201": "180",
    "MC210": "7",
}


def test_codes_are_unique_and_in_order() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_every_rule_with_a_key_says_what_is_compared() -> None:
    assert {rule.code for rule in RULES if rule.compares} == {rule.code for rule in BY_KEY.values()}


def test_defaults_are_those_of_the_interface() -> None:
    on = {r.code: r.default for r in RULES if r.default is not None and r.default_severity is not None}
    assert {code: str(default) for code, default in on.items()} == DEFAULTS
    assert [r.code for r in RULES if r.default_severity is None] == [
        *("MC106", "MC115", "MC116", "MC117", "MC118", "MC119", "MC120", "MC121", "MC122", "MC202", "MC204")
    ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_manual_says_what_why_an_example_and_what_instead(rule: Rule) -> None:
    starts = [paragraph.split(":")[0] for paragraph in rule.manual.strip().split("\n\n")]
    assert starts[0] == "What it checks"
    assert [start for start in starts if start in {"Why", "Example", "Instead"}] == ["Why", "Example", "Instead"]
    assert not rule.key or f"`{rule.key}" in rule.manual
    assert rule.summary[0].islower()
    assert not rule.summary.endswith(".")


def test_only_mc100_is_always_checked_and_only_hygiene_cannot_be_waived_beside_it() -> None:
    assert [rule.code for rule in RULES if rule.always] == ["MC100"]
    assert [rule.code for rule in RULES if not rule.waivable] == ["MC100", "MC901", "MC902", "MC903", "MC904"]
    assert [rule.code for rule in RULES if rule.default_severity is Severity.ERROR] == ["MC100", "MC209"]
    assert BY_CODE.keys() >= FACT_CODES


@pytest.mark.parametrize(
    ("typed", "code"),
    [("mc101", "MC101"), ("utilization", "MC101"), ("max_utilization", "MC101"), ("MC10l", ""), ("", "")],
)
def test_a_name_or_small_letters_are_understood_and_nothing_is_guessed(typed: str, code: str) -> None:
    assert closest(typed) == code
