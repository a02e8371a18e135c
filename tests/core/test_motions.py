"""Along any straight motion, wherever it begins, a pool is what it is at the prices of every place of it."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from marginctl.core.account import Account
from marginctl.core.liquidation import Parts, added, asset_sides, concave_health, health, parts, pool_state
from marginctl.core.motion import Motion, Quanto
from marginctl.core.outcome import states_of
from marginctl.core.piecewise import Line, Piece
from marginctl.core.pool import partition
from marginctl.core.risk import pool_risk

from .model_strategies import modelled_accounts
from .strategies import accounts, number

ONE_STEP = Decimal("0.000000337")
"""Off every place that a table or a draw has by itself."""


@st.composite
def motions(draw: st.DrawFn, assets: tuple[str, ...] = ("BTC", "ETH", "USDT", "DOGE")) -> Motion:
    """Prices that begin anywhere and move either way, above 0 up to u = 1."""
    chosen = draw(st.lists(st.sampled_from(assets), min_size=1, max_size=3, unique=True))
    return Motion({asset: line(draw(number(20, 300, 2)), draw(number(10, 400, 2))) for asset in chosen})


def line(start: Decimal, end: Decimal) -> Line:
    return Line(start, end - start)


def value(pieces: list[Piece], u: Decimal) -> Fraction:
    piece = next(one for one in reversed(pieces) if one.start <= u)
    return Fraction(piece.at_zero + piece.slope * u)


def near(one: Fraction, other: Decimal, scale: Decimal) -> bool:
    return abs(one - Fraction(other)) <= Fraction(scale + 1) / 10**50


@settings(max_examples=60)
@given(account=accounts(), motion=motions(), share=st.integers(0, 99))
def test_the_parts_along_a_motion_add_up_to_the_pool(account: Account, motion: Motion, share: int) -> None:
    u = Decimal(share) / 100 + ONE_STEP
    ratios = {asset: one.at(u) for asset, one in motion.ratios.items()}
    for state in states_of(account):
        found: Parts = parts(state, motion, Decimal(1))
        risk = pool_risk(state.pool, ratios)
        for walked, want in ((found.equity, risk.equity), (found.requirement, risk.maintenance_margin)):
            pieces = list(added(walked))
            starts = [piece.start for piece in pieces]
            assert starts == sorted(set(starts))
            assert near(value(pieces, u), want, risk.scale)
        level = state.pool.rules.level
        if risk.maintenance_margin > Decimal("1e-30"):
            assert near(value(list(health(state, motion, Decimal(1))), u), risk.buffer(level), risk.scale)


@settings(max_examples=60)
@given(account=modelled_accounts(), motion=motions(("BTC", "ETH", "USDT", "EUR")), share=st.integers(0, 99))
def test_the_same_under_a_model(account: Account, motion: Motion, share: int) -> None:
    u = Decimal(share) / 100 + ONE_STEP
    ratios = {asset: one.at(u) for asset, one in motion.ratios.items()}
    for state in states_of(account):
        risk = pool_risk(state.pool, ratios)
        found = list(added(parts(state, motion, Decimal(1)).requirement))
        assert near(value(found, u), risk.maintenance_margin, risk.scale)
        if state.pool.asked is not None:
            for part in state.pool.maintenance.parts:
                at = part.line_at(motion, u).at(u) if hasattr(part, "line_at") else part.at(ratios)
                assert near(Fraction(at), part.at(ratios), risk.scale)
            if state.bends_down:
                straight = concave_health(state, motion, Decimal(1))(u).at(u)
                assert near(Fraction(straight), risk.buffer(state.pool.rules.level), risk.scale)


@settings(max_examples=25)
@given(account=accounts(most_contracts=3, with_orders=False))
def test_what_follows_an_asset_moves_with_it(account: Account) -> None:
    """DOGE follows ETH: a move of ETH is a move of both, so that it liquidates where both by the same share do."""
    assume(any("ETH" in (one.contract.base, one.contract.quote) for one in account.positions))
    following = replace(account, follows={"DOGE": "ETH"})
    for pool in partition(following):
        state = pool_state(pool)
        assert set(pool.moving_with("ETH")) == {"DOGE"}
        if state.is_liquidatable:
            continue
        for side, crossing in zip((-1, 1), asset_sides(state, "ETH"), strict=True):
            until = crossing if crossing is not None else Decimal("0.999") if side < 0 else Decimal(20)
            for k in range(1, 8):
                ratio = 1 + side * until * k / 8
                assert not pool_risk(pool, {"ETH": ratio, "DOGE": ratio}).is_liquidatable(pool.rules)
            if crossing is not None and crossing < 1:
                ratio = 1 + side * (crossing + Decimal("1e-30"))
                assert pool_risk(pool, {"ETH": ratio, "DOGE": ratio}).is_liquidatable(pool.rules)


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        pytest.param({}, (1, 0), id="nothing moves"),
        pytest.param({"ETH": (1, -1), "BTC": (2, 0), "USD": ("0.5", 0)}, (4, -4), id="the base, at 2 / 0.5"),
        pytest.param({"ETH": (3, 0), "BTC": (1, 2), "USD": ("0.5", 0)}, (6, 12), id="the settle asset, at 3 / 0.5"),
        pytest.param({"ETH": (9, 9), ":X": (1, 1), "BTC": (2, 0)}, (2, 2), id="its own mark instead of the base"),
        pytest.param({"ETH": (1, 1), "BTC": (1, 1)}, None, id="both: it bends"),
        pytest.param({"USD": (1, 1)}, None, id="its quote: it bends"),
        pytest.param({"ETH": (1, 1), "USD": (0, 0)}, None, id="its quote is gone"),
    ],
)
def test_a_quanto_is_straight_where_one_factor_moves(
    ratios: dict[str, tuple[str | int, str | int]], expected: tuple[int, int] | None
) -> None:
    """r_base r_settle / r_quote; where it is straight it is what it is at the prices of every place."""
    quanto = Quanto("X", "ETH", "BTC", "USD")
    motion = Motion({asset: Line(Decimal(at_zero), Decimal(slope)) for asset, (at_zero, slope) in ratios.items()})
    found = quanto.line(motion)
    assert found == expected
    if found is not None:
        assert quanto.at({asset: one.at(Decimal(2)) for asset, one in motion.ratios.items()}) == found.at(Decimal(2))


def test_a_quanto_in_a_quote_that_is_gone_is_more_than_any_money() -> None:
    quanto = Quanto("X", "ETH", "BTC", "USD")
    assert quanto.at({"USD": Decimal(0)}) > Decimal("1e20")
    assert quanto.at({"ETH": Decimal(0)}) == quanto.at({"ETH": Decimal(0), "USD": Decimal(0)}) == 0
