"""The two kinds of values that only rule files have, and words that must agree with the program's own."""

from decimal import Decimal
from enum import Enum

import pytest

from marginctl.core import account as core
from marginctl.document import venue_shape as shape
from marginctl.document.numbers import NumberError
from marginctl.document.scalars import WordError
from marginctl.venues import collateral, origin, rule_set, tiers

D = Decimal


@pytest.mark.parametrize(
    ("text", "rate"),
    [("0.4%", "0.004"), ("0.004", "0.004"), ("0", "0"), ("100%", "1"), ("1/80", "0.0125"), ("1/1", "1")],
)
def test_exact_rates(text, rate):
    assert shape.ExactRate().read(text) == D(rate)


def test_a_fraction_without_a_finite_decimal_has_a_hundred_digits():
    assert str(shape.ExactRate().read("1/30")) == "0.0" + "3" * 100


@pytest.mark.parametrize("text", ["2/1", "1/0", "-1/30", "1/-30", "0.5/2", "1/2/3", "/", "1/", "101%", "-1%"])
def test_what_is_no_rate(text):
    with pytest.raises(NumberError):
        shape.ExactRate().read(text)


@pytest.mark.parametrize(
    ("period", "first"), [("2026", "2026-01-01"), ("2026-05", "2026-05-01"), ("2026-05-17", "2026-05-17")]
)
def test_periods_are_as_exact_as_they_are_known(period, first):
    assert shape.Period().read(period) == period
    assert shape.first_day(period) == first


@pytest.mark.parametrize("text", ["26", "2026-13", "2026-02-30", "2026/05", "May 2026", "20260501", "2026-5-1"])
def test_what_is_no_period(text):
    with pytest.raises(WordError):
        shape.Period().read(text)


def words(kind: type[Enum]) -> tuple[str, ...]:
    return tuple(one.value for one in kind)


def test_words_of_the_format_are_the_words_of_the_program():
    assert words(origin.Trust) == shape.TRUST
    assert words(origin.Verification) == shape.STATUS.options
    assert words(rule_set.Occasion) == shape.OCCASIONS
    assert words(rule_set.LiquidationStep) == shape.STEPS
    assert words(rule_set.PublishedOrder) == shape.CLOSING_ORDERS
    assert words(collateral.Unlisted) == shape.COLLATERAL.by_name["unlisted"].kind.options
    assert words(tiers.Deduction) == shape.CONTRACTS.by_name["deduction"].kind.options
    for name, kind in (
        ("equality", core.Equality),
        ("netting", core.Netting),
        ("initial_basis", core.Basis),
        ("maintenance_basis", core.Basis),
        ("close_fee", core.CloseFee),
        ("close_fee_in", core.CloseFeeIn),
        ("open_loss", core.OpenLoss),
    ):
        assert words(kind) == shape.RULE_KINDS[name][0].options


def test_every_switch_of_the_engine_is_a_rule_of_the_format():
    assert set(core.Rules.__struct_fields__) <= set(shape.RULE_KINDS)
