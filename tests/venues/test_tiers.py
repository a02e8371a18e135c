"""Tier rows: derived deductions against margins worked out by hand, and faults."""

import itertools
from decimal import Decimal

import pytest

from marginctl.venues.tiers import Deduction, Fault, TierRow, first_fault, leverage_caps, tiers_of

D = Decimal


def rows(*pairs):
    return [TierRow(None if cap is None else D(cap), D(rate)) for cap, rate in pairs]


def test_derived_deductions_make_the_margin_continuous_at_every_border():
    tiers = tiers_of(rows((5, "0.004"), (10, "0.005"), (20, "0.01"), (None, "0.025")), Deduction.DERIVED)
    assert [tier.deduction for tier in tiers] == [0, D("0.005"), D("0.055"), D("0.355")]
    for below, above in itertools.pairwise(tiers):
        border = below.up_to
        assert border * below.maintenance_rate - below.deduction == border * above.maintenance_rate - above.deduction


def test_the_published_example_of_300_btc():
    # Binance FAQ ceccfcfb4e3a45e3b48b0b1bb1a8ae46: 300 BTC stand in the seventh tier, 12.5% with a deduction of 11.605
    floors = (5, 10, 20, 50, 100, 200, 400, 1000, 1500, None)
    rates = ("0.004", "0.005", "0.01", "0.025", "0.05", "0.1", "0.125", "0.15", "0.25", "0.5")
    tier = tiers_of(rows(*zip(floors, rates, strict=True)), Deduction.DERIVED)[6]
    assert (tier.maintenance_rate, tier.deduction) == (D("0.125"), D("11.605"))
    assert 300 * tier.maintenance_rate - tier.deduction == D("25.895")


def test_given_deductions_are_kept_as_printed():
    printed = [TierRow(D(1000), D("0.010"), deduction=D(0)), TierRow(None, D("0.015"), deduction=D(5))]
    assert [str(tier.deduction) for tier in tiers_of(printed, Deduction.GIVEN)] == ["0", "5"]  # 1000 x 0.005 = 5.000


def test_rows_without_maintenance_rates_are_leverage_caps_and_no_tiers():
    limits = [TierRow(D(300000), None, max_leverage=D(150)), TierRow(None, None, max_leverage=D(100))]
    assert tiers_of(limits, Deduction.DERIVED) == ()
    assert [(cap.up_to, cap.max_leverage) for cap in leverage_caps(limits)] == [(300000, 150), (None, 100)]
    assert first_fault(limits, Deduction.DERIVED) is None


@pytest.mark.parametrize("deduction", list(Deduction))
def test_an_empty_table_has_no_fault(deduction):
    assert first_fault([], deduction) is None
    assert tiers_of([], deduction) == ()


def test_a_whole_position_rate_with_a_deduction_is_a_contradiction():
    row = TierRow(None, D("0.01"), deduction=D(5))
    assert first_fault([row], Deduction.WHOLE) == Fault(
        0, "deduction", "the deduction is 5, but a whole-position rate has none", "write 0"
    )


def test_equal_rates_in_neighbouring_tiers_are_sound():
    assert first_fault(rows((5, "0.01"), (10, "0.01"), (None, "0.02")), Deduction.DERIVED) is None
