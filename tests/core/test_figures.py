"""Figure rows: every formula line reckoned from the report itself, and no row that is nobody's."""

from decimal import Decimal
from importlib import import_module

from hypothesis import given
from hypothesis import strategies as st

from marginctl.core.figures import FIGURES
from marginctl.core.plain import beside

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
