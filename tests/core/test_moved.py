"""What differs between two reports: which rows, by how much, and to which side."""

from decimal import Decimal
from typing import Any

import pytest
from tests.builders import collateral_row, d, pool_row, position_row, report_row, totals_row, underlying_row

from marginctl.core.moved import Moved, Turn, moved
from marginctl.core.plain import as_plain


def tree(checks: tuple[dict[str, Any], ...] = (), **parts: Any) -> dict[str, Any]:
    return {**as_plain(report_row(**parts)), "checks": list(checks)}


def check(**what: Any) -> dict[str, Any]:
    neutral = {"code": "MC101", "subject": "account", "status": "pass", "value": d(1), "limit": d(2), "headroom": d(1)}
    return neutral | what


def found(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Moved]:
    return {one.path: one for one in moved(before, after)}


def test_what_is_the_same_has_not_moved() -> None:
    assert moved(tree(positions=(position_row(),)), tree(positions=(position_row(),))) == ()


@pytest.mark.parametrize(
    ("name", "before", "after", "turn"),
    [
        pytest.param("equity", "1000", "900", Turn.WORSE, id="less of what is there"),
        pytest.param("equity", "900", "1000", Turn.BETTER, id="more of it"),
        pytest.param("initial_margin", "10", "20", Turn.WORSE, id="more is required"),
        pytest.param("initial_margin", "20", "10", Turn.BETTER, id="less is required"),
        pytest.param("maintenance_ratio", "0.5", None, Turn.WORSE, id="no ratio is the worst"),
        pytest.param("maintenance_ratio", None, "5", Turn.BETTER, id="any ratio is better than none"),
        pytest.param("state", "healthy", "restricted", Turn.WORSE, id="a later state"),
        pytest.param("state", "liquidation", "margin-call", Turn.BETTER, id="an earlier one"),
        pytest.param("net_notional", "10", "20", Turn.NONE, id="a side that is neither safe nor risky"),
    ],
)
def test_the_side_that_a_total_moved_to(name: str, before: str | None, after: str | None, turn: Turn) -> None:
    (one,) = moved(tree(totals=totals_row(**{name: before})), tree(totals=totals_row(**{name: after})))
    assert (one.path, one.turn, one.word) == (f"totals.{name}", turn, turn.value.lower())
    assert (one.section, one.row, one.name, one.came, one.went) == ("totals", "", name, False, False)


@pytest.mark.parametrize(
    ("before", "after", "turn"),
    [
        ("-0.3", "-0.2", Turn.WORSE),
        ("-0.2", "-0.3", Turn.BETTER),
        ("-0.2", None, Turn.BETTER),
        (None, "-9", Turn.WORSE),
    ],
    ids=["nearer", "farther", "nowhere", "somewhere"],
)
def test_a_crossing_is_safer_the_farther_it_is(before: str | None, after: str | None, turn: Turn) -> None:
    rows = (underlying_row("BTC", down=None if one is None else d(one)) for one in (before, after))
    (one,) = moved(*(tree(underlyings=(row,)) for row in rows))
    assert (one.path, one.turn) == ("underlyings.cross.BTC.down", turn)


def test_a_liquidation_price_is_judged_by_its_distance() -> None:
    """From 80 to 90 with the mark from 100 to 120: 20% away before, 25% away afterwards."""
    before = position_row(liquidation_price="80", distance_to_liquidation="0.2", mark_price="100")
    after = position_row(liquidation_price="90", distance_to_liquidation="0.25", mark_price="120")
    rows = found(tree(positions=(before,)), tree(positions=(after,)))
    price = rows["positions.BTCUSDT.liquidation_price"]
    assert (price.turn, price.difference, price.marks) == (Turn.BETTER, 10, (100, 120))
    assert rows["positions.BTCUSDT.distance_to_liquidation"].turn is Turn.BETTER


def test_a_price_that_moved_as_far_as_its_mark_did_is_as_safe_as_before() -> None:
    before = position_row(liquidation_price="80", distance_to_liquidation="0.2", mark_price="100")
    after = position_row(liquidation_price="160", distance_to_liquidation="0.2", mark_price="200")
    one = found(tree(positions=(before,)), tree(positions=(after,)))["positions.BTCUSDT.liquidation_price"]
    assert one.turn is Turn.NONE


def test_the_difference_is_after_less_before_and_its_size_the_share_of_the_larger() -> None:
    (one,) = moved(tree(totals=totals_row(equity="400")), tree(totals=totals_row(equity="-600")))
    assert (one.before, one.after, one.difference) == (400, -600, -1000)
    assert one.size == Decimal(1000) / 600
    (less,) = moved(tree(totals=totals_row(equity="800")), tree(totals=totals_row(equity="600")))
    assert (less.difference, less.size) == (-200, d("0.25"))
    (word,) = moved(tree(totals=totals_row(state="healthy")), tree(totals=totals_row(state="liquidation")))
    assert (word.difference, word.size) == (None, 1)


@pytest.mark.parametrize(("before", "after"), [(None, "5"), ("5", None)])
def test_from_nothing_and_to_nothing_there_is_no_difference(before: str | None, after: str | None) -> None:
    """A headroom that is not known on one side is no better or worse there."""
    rows = [None if one is None else d(one) for one in (before, after)]
    (ratio,) = moved(*(tree(totals=totals_row(maintenance_ratio=one)) for one in rows))
    assert (ratio.difference, ratio.size) == (None, 1)
    (room,) = moved(*(tree((check(headroom=one),)) for one in rows))
    assert (room.difference, room.size, room.turn) == (None, 1, Turn.NONE)


def test_rows_that_came_and_went() -> None:
    before = tree(positions=(position_row("AUSDT"),), pools=(pool_row(),))
    after = tree(positions=(position_row("BUSDT"),), pools=(pool_row(),))
    rows = found(before, after)
    gone, come = rows["positions.AUSDT.notional"], rows["positions.BUSDT.notional"]
    assert (gone.went, gone.came, gone.before, gone.after, gone.turn) == (True, False, 100, None, Turn.NONE)
    assert (come.went, come.came, come.before, come.after, come.turn) == (False, True, None, 100, Turn.NONE)
    assert (gone.marks, come.marks) == ((100, None), (None, 100))
    assert not any(path.endswith(("symbol", "pool")) for path in rows)


def test_rows_are_named_as_far_as_either_report_needs() -> None:
    """One leg before, both afterwards: the side is in the names of both. A contract that stands once has none."""
    one, other = position_row("AUSDT", "long"), position_row("BUSDT", "short", notional="7")
    legs = (
        position_row("AUSDT", "long", notional="200"),
        position_row("AUSDT", "short"),
        position_row("BUSDT", "short"),
    )
    rows = found(tree(positions=(one, other)), tree(positions=legs))
    assert (rows["positions.AUSDT:long.notional"].before, rows["positions.AUSDT:long.notional"].after) == (100, 200)
    assert rows["positions.AUSDT:short.notional"].came
    assert rows["positions.BUSDT.notional"].difference == 93


def test_a_second_leg_of_one_side_is_named_by_its_mode() -> None:
    apart = {"pool": "isolated:AUSDT:long", "margin_mode": "isolated"}
    legs = (position_row("AUSDT", "long"), position_row("AUSDT", "long", **apart))
    after = (position_row("AUSDT", "long"), position_row("AUSDT", "long", notional="200", **apart))
    (one,) = moved(tree(positions=legs), tree(positions=after))
    assert one.path == "positions.AUSDT:long:isolated.notional"


def test_collateral_is_named_by_pool_and_asset() -> None:
    before, after = (tree(collateral=(collateral_row("BTC", haircut=rate),)) for rate in ("0.1", "0.2"))
    (one,) = moved(before, after)
    assert (one.path, one.turn) == ("collateral.cross.BTC.haircut", Turn.NONE)


def test_a_check_moves_in_its_value_and_its_status() -> None:
    rows = found(tree((check(),)), tree((check(status="fail", value=d(3), headroom=d(-1)),)))
    assert rows.keys() == {"checks.MC101.account", "checks.MC101.account.status", "checks.MC101.account.headroom"}
    assert rows["checks.MC101.account"].difference == 2
    assert rows["checks.MC101.account.status"].turn is Turn.WORSE
    assert rows["checks.MC101.account.headroom"].turn is Turn.WORSE


def test_figures_within_figures_have_both_names() -> None:
    """A pool's liquidation is a part of its row."""
    before, after = (
        tree(pools=(pool_row(liquidation=as_found),))
        for as_found in (pool_row().liquidation, type(pool_row().liquidation)(d("-0.2"), None, d("0.2"), "down"))
    )
    rows = found(before, after)
    assert rows.keys() == {f"pools.cross.liquidation.{name}" for name in ("down", "distance", "direction")}
    assert rows["pools.cross.liquidation.distance"].turn is Turn.WORSE
