"""Along any straight motion, wherever it begins, a pool is what it is at the prices of every place of it."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.builders import inverse, linear

from marginctl.core.account import Account
from marginctl.core.exact import ONE, ZERO
from marginctl.core.funding import after_funding
from marginctl.core.liquidation import Parts, added, asset_sides, concave_health, health, parts, pool_state
from marginctl.core.motion import STAYS, Motion, Quanto, Stretch, asset_path, contract_path, joint_path, shock_path
from marginctl.core.outcome import states_of
from marginctl.core.path import FundingPath
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


SHOCKS = st.dictionaries(st.sampled_from(["BTC", "ETH", "DOGE", ":X"]), number(-300, 300, 2), max_size=4)


def prices_on(path: list[Stretch], u: Decimal) -> dict[str, Decimal]:
    stretch = next(one for one in reversed(path) if one.start <= u)
    return {asset: one.at(u - stretch.start) for asset, one in stretch.motion.ratios.items()}


@given(
    shocks=SHOCKS, end=st.sampled_from([None, Decimal(1), Decimal(2)]), start=st.sampled_from([ZERO, Decimal("0.25")])
)
def test_a_path_of_shocks_is_one_price_after_the_other_until_it_is_gone(
    shocks: dict[str, Decimal], end: Decimal | None, start: Decimal
) -> None:
    """price * max(0, 1 + shock * u), stretch after stretch, cut where a price is gone."""
    path = shock_path(shocks, end, start)
    assert (path[0].start, path[-1].end) == (start, end)
    assert all(one.end == other.start for one, other in pairwise(path))
    gone = {-1 / shock for shock in shocks.values() if shock < 0}
    assert {one.start for one in path[1:]} == {u for u in gone if u > start and (end is None or u < end)}
    for k in range(30):
        u = start + (Decimal(k) + Decimal("0.337")) * ((end or Decimal(9)) - start) / 30
        found = prices_on(path, u)
        assert found.keys() == {asset for asset, shock in shocks.items() if shock or asset == ":X"}
        for asset, ratio in found.items():
            assert abs(ratio - max(ZERO, 1 + shocks[asset] * u)) < Decimal("1e-90")


def test_how_far_paths_of_an_asset_a_contract_and_all_of_them_go() -> None:
    """A fall ends at 100%, a rise nowhere, either where it is told to; what follows an asset moves as it does."""
    assert [asset_path("BTC", side)[0].end for side in (-1, 1)] == [1, None]
    assert [asset_path("BTC", side, Decimal("0.5"))[0].end for side in (-1, 1)] == [Decimal("0.5")] * 2
    assert [asset_path("BTC", side, Decimal(3))[0].end for side in (-1, 1)] == [1, 3]
    (both,) = asset_path("ETH", -1, followers=("STETH",))
    assert both.motion.ratios == {"ETH": Line(ONE, -ONE), "STETH": Line(ONE, -ONE)}
    (mark,) = contract_path(linear(), 1)
    assert (mark.end, mark.motion.ratios, mark.motion.rest) == (None, {":BTCUSDT": Line(ONE, ONE)}, STAYS)
    (coins,) = contract_path(inverse(), -1)
    assert (coins.end, coins.motion.ratios, coins.motion.rest) == (1, {":BTCUSD": STAYS}, Line(ONE, -ONE))
    betas = {"BTC": Decimal(2), "EUR": Decimal("-0.5"), "USDT": ZERO}
    fall = joint_path(betas, betas, -1)
    assert [(one.start, one.end) for one in fall] == [(0, Decimal("0.5")), (Decimal("0.5"), 1)]
    assert prices_on(fall, Decimal("0.25")) == {"BTC": Decimal("0.5"), "EUR": Decimal("1.125")}
    assert prices_on(fall, Decimal("0.75")) == {"BTC": 0, "EUR": Decimal("1.375")}


@settings(max_examples=25)
@given(account=accounts(most_contracts=3), days=st.sampled_from([Decimal(1), Decimal(30)]))
def test_along_days_of_funding_a_pool_is_the_account_after_them(account: Account, days: Decimal) -> None:
    """Fees at the bankruptcy price aside nothing but balances changes, and isolated margins."""
    states = states_of(account)
    path = FundingPath(days)
    for u in (Decimal("0.25"), Decimal("0.9")):
        after = {pool.name: pool_risk(pool) for pool in partition(after_funding(account, u * days))}
        for state in states:
            (stretch,) = path.ahead(state, account, ZERO, ONE)
            found = parts(state, stretch.motion, stretch.length)
            risk = after[state.pool.name]
            assert near(value(list(added(found.equity)), u), risk.equity, risk.scale)
            assert near(value(list(added(found.requirement)), u), risk.maintenance_margin, risk.scale)


@settings(max_examples=25)
@given(account=modelled_accounts())
def test_the_same_under_a_model_that_scans_what_is_paid(account: Account) -> None:
    path = FundingPath(Decimal(10))
    after = {pool.name: pool_risk(pool) for pool in partition(after_funding(account, Decimal(5)))}
    for state in states_of(account):
        (stretch,) = path.ahead(state, account, ZERO, ONE)
        found = parts(state, stretch.motion, stretch.length)
        risk = after[state.pool.name]
        u = Decimal("0.5")
        assert near(value(list(added(found.equity)), u), risk.equity, risk.scale)
        assert near(value(list(added(found.requirement)), u), risk.maintenance_margin, risk.scale)


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
