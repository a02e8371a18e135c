"""The kinds of values that only rule files have, and the switches, which are those of the engine."""

from decimal import Decimal

import pytest

from marginctl.core.account import MarginRules
from marginctl.document.numbers import NumberError
from marginctl.venues.format import EXACT_RATE, RULE_CHANGES, RULES, SWITCHES

D = Decimal


@pytest.mark.parametrize(
    ("text", "rate"),
    [("0.4%", "0.004"), ("0.004", "0.004"), ("0", "0"), ("100%", "1"), ("1/80", "0.0125"), ("1/1", "1")],
)
def test_exact_rates(text, rate):
    assert EXACT_RATE.read(text) == D(rate)


def test_a_fraction_without_a_finite_decimal_has_a_hundred_digits():
    assert str(EXACT_RATE.read("1/30")) == "0.0" + "3" * 100


@pytest.mark.parametrize("text", ["2/1", "1/0", "-1/30", "1/-30", "0.5/2", "1/2/3", "/", "1/", "101%", "-1%"])
def test_what_is_no_rate(text):
    with pytest.raises(NumberError):
        EXACT_RATE.read(text)


def test_every_switch_of_the_engine_is_a_rule_of_the_format():
    assert tuple(SWITCHES) == MarginRules.__struct_fields__
    assert tuple(RULES.by_name) == tuple(RULE_CHANGES.by_name) == MarginRules.__struct_fields__
    assert not any(one.required for one in RULE_CHANGES.keys)


def test_what_a_file_may_leave_out_is_said_with_its_default():
    assert {one.name: one.doc.rpartition("; default ")[2] for one in RULES.keys if not one.required} == {
        "order_fees": "none",
        "order_maintenance": "none",
        "shown_liquidation_price": "crossing",
        "shown_maintenance": "whole",
    }
