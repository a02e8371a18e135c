"""A book that shares a pool against its positions apart: by hand."""

from fractions import Fraction

import pytest
from msgspec.structs import replace
from tests.builders import LONG, SHORT, account, d, linear, position

from marginctl.core.account import Account, MarginRules, Netting
from marginctl.core.assemble import report_of
from marginctl.core.model import MarginModel, ModelTerms, Move, MoveTable
from marginctl.core.pooling import Pooling, pooling, set_apart

BTC, ETH = linear(), linear("ETHUSDT", "ETH")
BTC_USDC = linear("BTCUSDC", "BTC", "USDC")


def found(book: Account) -> Pooling | None:
    return pooling(book, report_of(book))


def test_apart_each_has_its_own_margin_and_what_is_missing_is_deposited() -> None:
    """10% of 1000 and of 200 in USDT at half a dollar, of 300 in USDC; one is isolated behind 7 USDT already.

    200 + 7 + 40 USDT are needed and 100 there, 30 USDC are needed and 50 there.
    """
    book = account(
        position(BTC, LONG, 10, 200),
        position(BTC, SHORT, 1, 200, isolated_margin=7),
        position(ETH, SHORT, 20, 20),
        position(BTC_USDC, LONG, 3, 100),
        balances={"USDT": 100, "USDC": 50, "EUR": 3},
        prices={"USDT": "0.5"},
    )
    apart, deposits = set_apart(book)
    assert [one.isolated_margin for one in apart.positions] == [200, 7, 40, 30]
    assert all(one.margin_mode.value == "isolated" for one in apart.positions)
    assert deposits == {"USDT": 147}
    assert apart.balances == {"USDT": 247, "USDC": 50, "EUR": 3}


def test_just_enough_needs_no_deposit_and_a_debt_has_to_be_paid_as_well() -> None:
    enough = account(position(BTC, LONG, 1, 100), position(ETH, LONG, 1, 10), balances={"USDT": 11})
    assert set_apart(enough)[1] == {}
    assert set_apart(replace(enough, balances={"USDT": d(-4)}))[1] == {"USDT": 15}
    assert set_apart(replace(enough, balances={}))[1] == {"USDT": 11}


def test_what_a_hedge_saves_and_how_much_farther_it_lives() -> None:
    """Long 10 BTC, short 9 in the same pool of 300: 100 + 90 of margin, netted 10.

    Together 300 - 100u on the way down meets 1 - u nowhere up to 100%, and nothing is lost on the way up. Apart the
    long goes at 100 - 1000u = 10 - 10u, u = 90/990, the short at 90 - 900u = 9 + 9u: u = 81/909, which is nearer.
    """
    legs = position(BTC, LONG, 10, 100), position(BTC, SHORT, 9, 100)
    book = account(*legs, balances={"USDT": 300}, rules=MarginRules(netting=Netting.NET), hedge=True)
    one = found(book)
    assert one is not None
    assert (one.positions, one.pools, one.model) == (2, 1, "tiered")
    assert (one.margin, one.margin_apart, one.saving_rate) == (10, 190, d(180) / 190)
    assert one.distance is None
    assert one.distance_apart is not None
    assert abs(Fraction(one.distance_apart) - Fraction(81, 909)) < Fraction(1, 10**50)


@pytest.mark.parametrize(
    ("positions", "is_shared"),
    [
        pytest.param((), False, id="nothing"),
        pytest.param((position(BTC, LONG, 1, 100),), False, id="one alone"),
        pytest.param((position(BTC, LONG, 1, 100), position(ETH, LONG, 1, 10)), True, id="two in a pool"),
        pytest.param((position(BTC, LONG, 1, 100), position(BTC_USDC, LONG, 1, 100)), False, id="one in each of two"),
        pytest.param(
            (position(BTC, LONG, 1, 100), position(ETH, LONG, 1, 10, isolated_margin=5)),
            False,
            id="one isolated",
        ),
        pytest.param(
            (position(BTC, LONG, 1, 100), position(BTC_USDC, LONG, 1, 100), position(ETH, LONG, 1, 10)),
            True,
            id="two in one of two pools",
        ),
    ],
)
def test_only_what_shares_a_pool_is_compared(positions: tuple, is_shared: bool) -> None:
    assert (found(account(*positions, balances={"USDT": 100, "USDC": 100}, single_asset=True)) is not None) is is_shared


def test_positions_without_rates_of_their_own_cannot_stand_apart() -> None:
    table = MoveTable(("*",), (Move(d("-0.1"), d(1)),), None)
    bare = linear(table=())
    held = position(bare, LONG, 1, 100), position(ETH, LONG, 1, 10)
    book = account(*held, balances={"USDT": 100})
    assert found(replace(book, model=ModelTerms(model=MarginModel.SCENARIO, tables=(table,)))) is None
