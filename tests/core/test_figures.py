"""Figure rows: every formula line reckoned from the report itself, and no row that is nobody's."""

import re
from decimal import Decimal
from importlib import import_module
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from marginctl.core.assemble import report_of
from marginctl.core.figures import FIGURES
from marginctl.core.plain import beside, keys_of

from .strategies import accounts

NEAR = st.decimals(-1, 1, places=12)
CLOSE = Decimal("1e-60")
PLACES = {
    **dict.fromkeys(("Totals", "CollateralFigures", "PositionFigures"), "marginctl.core.report"),
    **dict.fromkeys(("Check", "Finding", "Expectation"), "marginctl.findings"),
    **dict.fromkeys(("OrderRoom", "DepositWay", "ReductionWay"), "marginctl.core.rooms"),
    "CascadeStep": "marginctl.core.sequence",
    "Position": "marginctl.core.account",
    "Axis": "marginctl.core.grid",
    "Point": "marginctl.core.curve",
    "Rated": "marginctl.core.funding_cases",
    "Moved": "marginctl.render.moved",
    "ReconcileRow": "marginctl.reconciliation",
    "WhatIfSummary": "marginctl.render.what_if_json",
    **dict.fromkeys(("RunSummary", "StressSummary", "HeadroomSummary"), "marginctl.results"),
}
"""Where the classes stand that have rows of their own."""


def reckoned(formula: str, values: dict[str, Any]) -> Decimal | None:
    """The value of a formula line; 0 and none as ``exact.ratio`` has them."""
    text = re.sub(r"\b(\d+)\b", r"D(\1)", formula.replace(" x ", " * "))
    above, _, below = text.partition(" / ")
    names = {"D": Decimal, **values}
    if not below:
        return Decimal(eval(text, names))
    top, bottom = Decimal(eval(above, names)), Decimal(eval(below, names))
    if not top:
        return Decimal(0)
    return None if bottom <= 0 else top / bottom


@given(accounts())
def test_every_formula_line_gives_the_figure(account: Any) -> None:
    report = report_of(account)
    of_the_worst_pool = {"free_collateral", "buffer", "utilization", "maintenance_ratio"}
    rows = [(row, set()) for row in (*report.pools, *report.positions)] + [(report.totals, of_the_worst_pool)]
    for struct, left_out in rows:
        rules = account.rules
        if getattr(struct, "margin_mode", "") == "isolated":
            rules = account.isolated_rules or account.rules
        values = msgspec.structs.asdict(struct) | {"level": rules.level}
        for key in keys_of(type(struct)):
            if key.row is None or not key.row.formula or key.name in left_out:
                continue
            found, known = reckoned(key.row.formula, values), values[key.name]
            if known is None or found is None:
                assert known is found is None, key.name
            else:
                assert abs(found - known) <= CLOSE * max(1, abs(known)), (type(struct).__name__, key.name)


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
