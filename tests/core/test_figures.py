"""Figure rows: every formula line reckoned from the report itself, and no row that is nobody's."""

from decimal import Decimal
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginctl.core.figures import FIGURES, rounded_as, rounded_figure, row_of
from marginctl.core.plain import beside, side_of

NEAR = st.decimals(-1, 1, places=12)
CLOSE = Decimal("1e-60")
PLACES = {
    **dict.fromkeys(("Totals", "CollateralFigures", "OtherFigures", "PositionFigures"), "marginctl.core.report"),
    **dict.fromkeys(("Check", "Finding", "Expectation"), "marginctl.findings"),
    **dict.fromkeys(("OrderRoom", "DepositWay", "ReductionWay"), "marginctl.core.rooms"),
    "CascadeStep": "marginctl.core.sequence",
    "Position": "marginctl.core.account",
    "Axis": "marginctl.core.grid",
    "Point": "marginctl.core.curve",
    "Standing": "marginctl.core.trail",
    "Rated": "marginctl.core.funding_cases",
    "Moved": "marginctl.core.moved",
    "HaircutTier": "marginctl.core.contract",
    **dict.fromkeys(("RunSummary", "StressSummary", "WhatIfSummary"), "marginctl.results"),
    "HeadroomSummary": "marginctl.results.headroom_result",
    **dict.fromkeys(("RuleSetEntry", "ContractTier"), "marginctl.venues.catalogue"),
    "PublishedLiquidation": "marginctl.venues.rule_set",
    "Stated": "marginctl.venues.origin",
    "ListedRates": "marginctl.venues.contracts",
    "TableChange": "marginctl.venues.refreshed_contracts",
    "HaircutChange": "marginctl.venues.refreshed_haircuts",
    "Dates": "marginctl.venues.refresh",
    **dict.fromkeys(("FigureValue", "ExplainResult", "ExplainedStep", "TierUsed"), "marginctl.results.explanation"),
    "ReconcileRow": "marginctl.results.reconciliation",
    **dict.fromkeys(
        ("TieredFigures", "ModelSaving", "UnitFigures", "ChargeFigures", "SpreadFigures"), "marginctl.core.model_report"
    ),
    **dict.fromkeys(("AccountDiff", "FindingDiff"), "marginctl.results.diff"),
    **dict.fromkeys(("TieredWay", "TierCorner", "PassedTier"), "marginctl.core.tiered_way"),
    **dict.fromkeys(("ExposureRow", "LiquidatableAccounts"), "marginctl.results.book_summary"),
    **dict.fromkeys(("BookScenario", "LostAccount", "BookStressCounts"), "marginctl.results.stressed_book"),
    **dict.fromkeys(("ComparedRow", "CompareSummary"), "marginctl.results.comparison"),
}
"""Where the classes stand that have rows of their own."""


def test_every_row_of_a_class_is_of_a_key_of_its() -> None:
    for name in FIGURES:
        owner, _, key = name.rpartition(".")
        if owner:
            kind = getattr(import_module(PLACES[owner]), owner)
            fields = getattr(kind, "__struct_fields__", getattr(kind, "_fields", ()))
            words = (getattr(kind, "shape", "") or " ".join(fields)).split()
            assert key in {word.partition("=")[0].strip("*?~") for word in words}, name


@given(NEAR, NEAR)
def test_judged_figures_compare_like_exact_ones(value: Decimal, limit: Decimal) -> None:
    shown = beside(value, limit)
    assert (shown > limit) == (value > limit)
    assert (shown < limit) == (value < limit)
    assert abs(shown - value) <= Decimal("1e-10")


@pytest.mark.parametrize(
    ("name", "value", "mark", "shown"),
    [
        pytest.param("equity", "1.123456789", None, "1.12345678", id="what is there down"),
        pytest.param("equity", "-1.123456781", None, "-1.12345679", id="below 0 as well"),
        pytest.param("initial_margin", "1.123456781", None, "1.12345679", id="what is required up"),
        pytest.param("down", "-0.12345678919", None, "-0.1234567891", id="a distance toward 0"),
        pytest.param("liquidation_price", "90.123456781", "100", "90.12345679", id="a price below the mark up to it"),
        pytest.param("liquidation_price", "110.123456789", "100", "110.12345678", id="above it down to it"),
        pytest.param("liquidation_price", "100.123456789", "100.123456789", "100.12345678", id="at it down"),
        pytest.param("liquidation_price", "90.123456781", None, "90.12345679", id="by itself as its row says"),
        pytest.param("entry_price", "0.1234567890123456789", None, "0.1234567890123456789", id="as it was given"),
        pytest.param("confidence", "0.9750", None, "0.9750", id="exact"),
        pytest.param("Position.quantity", "1.12345678", None, "1.12345678", id="a part that fits stays"),
        pytest.param("Position.quantity", "1.50000000", None, "1.50000000", id="as it was written"),
        pytest.param("Position.quantity", "1.123456785", None, "1.12345678", id="one that does not is cut"),
    ],
)
def test_a_figure_is_rounded_by_its_row(name: str, value: str, mark: str | None, shown: str) -> None:
    found = rounded_as(FIGURES[name], Decimal(value), None if mark is None else Decimal(mark))
    assert str(found) == shown
    if mark is None:
        assert rounded_figure(name, Decimal(value)) == found


def test_a_given_price_of_more_than_sixty_digits_comes_from_a_merge() -> None:
    digits = "1." + "7" * 59
    assert rounded_figure("entry_price", Decimal(digits)) == Decimal(digits)
    assert rounded_figure("entry_price", Decimal(digits + "7")) == Decimal("1.777777778")
    assert rounded_figure("entry_price", Decimal("0." + "0" * 70 + "7" * 60)) == Decimal("0." + "0" * 70 + "7" * 60)


def test_a_class_may_have_a_row_of_its_own() -> None:
    own = row_of("haircut", "CollateralFigures")
    assert own is FIGURES["CollateralFigures.haircut"]
    assert row_of("haircut", "Totals") is row_of("haircut") is FIGURES["haircut"]
    assert row_of("no such figure") is None


@pytest.mark.parametrize(
    ("value", "limit", "shown", "side"),
    [
        pytest.param("0.5", "1", "0.5", -1, id="far below"),
        pytest.param("1.12345678904", "9", "1.1234567890", -1, id="ten decimals, to the nearest"),
        pytest.param("1.00000000004", "1", "1.0000000001", 1, id="a trifle above: up"),
        pytest.param("0.99999999996", "1", "0.9999999999", -1, id="a trifle below: down"),
        pytest.param("1.00000000006", "1.00000000008", "1", -1, id="the nearest would be on the other side"),
        pytest.param("1.00000000001", "1.00000000003", "1", -1, id="the nearest is on its side"),
        pytest.param("1.000000000012", "1.000000000011", "1.0000000001", 1, id="above it, by however little"),
        pytest.param("1.00000000001", "1.00000000001", "1.00000000001", 0, id="at it: no ten decimals are"),
        pytest.param("2", "2", "2", 0, id="at a round one"),
    ],
)
def test_a_judged_figure_is_shown_on_its_side_of_the_limit(value: str, limit: str, shown: str, side: int) -> None:
    assert beside(Decimal(value), Decimal(limit)) == Decimal(shown)
    assert side_of(Decimal(value), Decimal(limit)) == side
    assert side_of(beside(Decimal(value), Decimal(limit)), Decimal(limit)) == side


def test_without_a_limit_there_is_no_side() -> None:
    assert beside(Decimal("1.00000000006"), None) == Decimal("1.0000000001")
