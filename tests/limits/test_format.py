"""Keys of `limits:` come from the rules: each with the kind that its unit asks for, and with levels of that kind."""

import pytest

from marginctl.document.record import Nested
from marginctl.limits.format import LIMITS, NARROWER, NarrowerLimits
from marginctl.limits.rules import BY_CODE, BY_KEY

KINDS = {
    "max_utilization": ("60%", "60"),
    "max_leverage": ("4.5", "50%"),
    "min_funding_runway": ("30d", "30"),
    "survive": ("crash", ""),
    "hedges_reduce_risk": ("true", "yes"),
    "max_contagion": ("2", "1.5"),
}


def test_the_keys_are_those_of_the_rules_and_the_narrower_sections() -> None:
    assert tuple(LIMITS.by_name) == (*BY_KEY, *NARROWER)
    docs = {key: f"{rule.code}: {rule.compares}" for key, rule in BY_KEY.items()}
    assert {one.name: one.doc for one in LIMITS.keys if one.name in BY_KEY} == docs


@pytest.mark.parametrize("name", KINDS)
def test_a_limit_is_a_level_off_or_both_levels(name: str) -> None:
    good, bad = KINDS[name]
    level, off, levels = LIMITS.by_name[name].kind.kinds  # type: ignore[attr-defined]
    scalar = level.kinds[0] if hasattr(level, "kinds") else level
    assert scalar.read(good) is not None
    with pytest.raises(ValueError, match=r"."):
        scalar.read(bad)
    assert off.read("off") is None
    assert isinstance(levels, Nested)
    assert [(one.name, one.kind, one.required) for one in levels.shape.keys] == [
        ("warn", level, False),
        ("fail", level, False),
    ]


def test_every_narrower_key_is_for_rules_of_one_kind() -> None:
    assert tuple(NARROWER) == tuple(NarrowerLimits.layout.by_name)
    for keys in NARROWER.values():
        for codes, _ in keys.values():
            assert len({(BY_CODE[code].unit, BY_CODE[code].comparison) for code in codes}) == 1
