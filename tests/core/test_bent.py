"""Quantos: straight along the move of one asset, quadratic along a move of several; the first crossing is kept."""

from collections.abc import Iterable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.builders import LONG, SHORT, account, d, flat, haircuts, inverse, linear, position, tiers

from marginctl.core.account import Account, AssetTerms, Equality, MarginRules
from marginctl.core.assemble import report_of
from marginctl.core.bent import BentPiece as Piece
from marginctl.core.bent import (
    Bow,
    bent_along,
    bent_health,
    bent_parts,
    first_below,
    larger,
    lowest,
    product,
    roots,
    total,
)
from marginctl.core.contract import Contract, ContractType
from marginctl.core.exact import exactly
from marginctl.core.liquidation import asset_sides, contract_sides, first_on_path, joint_sides, pool_state
from marginctl.core.motion import Motion, shock_path
from marginctl.core.piecewise import Curve, Line
from marginctl.core.pool import partition
from marginctl.core.risk import own_deltas, pool_risk
from marginctl.core.scenario import moved
from marginctl.core.value import marked


def quanto(table: object = flat("0.01", "0.1"), *, quote: str = "USD", symbol: str = "ETHUSD") -> Contract:
    """ETH in ``quote``, 0.001 BTC for a move by 1."""
    return Contract(symbol, ContractType.QUANTO, "ETH", quote, d("0.001"), table, third="BTC")  # type: ignore[arg-type]


# BTC 100, ETH 10 (accounts.PRICES): 50 contracts are worth 50 x 0.001 x 10 = 0.5 BTC = 50.


class TestOneAsset:
    """While one asset moves everything is straight."""

    def test_its_notional_is_that_of_the_settle_asset(self) -> None:
        found = report_of(account(position(quanto(), LONG, 50, 8, 10), balances={"BTC": 1}))
        assert found.positions[0].notional == 50
        assert found.positions[0].unrealized_pnl == 10  # 50 x 0.001 x (10 - 8) BTC at 100
        assert found.totals.maintenance_margin == d("0.5")

    def test_what_is_residue_is_measured_against_its_notional_too(self) -> None:
        # The notional is 50; with ETH twice as dear it is 100.
        (pool,) = partition(account(position(quanto(), LONG, 50, 10), balances={"BTC": 1}))
        now, risen, fallen = (pool_risk(pool, ratios).scale for ratios in ({}, {"ETH": d(2)}, {"ETH": d("0.5")}))
        assert (risen - now, fallen - now) == (50, 0)

    def test_bitmex_20090_contracts(self) -> None:
        contract = Contract(
            "ETHUSD", ContractType.QUANTO, "ETH", "USD", d("0.000001"), flat("0.01", "0.1"), third="BTC"
        )
        prices = {"BTC": 13500, "ETH": "383.85"}
        found = report_of(account(position(contract, LONG, 20090, "383.85"), balances={"BTC": 1}, prices=prices))
        assert round(found.positions[0].notional, 2) == d("104105.88")
        assert round(found.positions[0].liquidation_price or 0, 8) == d("337.44847680")
        # in BTC  1 + 0.02009 (p - 383.85) = 0.0002009 p,  whatever a BTC is worth
        assert found.liquidation.down is not None
        assert round(d("383.85") * (1 + found.liquidation.down), 8) == d("337.44847680")

    def test_delta_is_what_its_pay_buys_of_the_base(self) -> None:
        found = report_of(account(position(quanto(), SHORT, 50, 10), balances={"BTC": 1}))
        units = {row.asset: row.delta for row in found.underlyings}
        assert (units["ETH"], units["BTC"]) == (-5, 1)  # 50 x 0.001 x 100 USD a point
        in_euros = account(position(quanto(quote="EUR"), SHORT, 50, 8), balances={"BTC": 1})
        # a point is 1.25 USD: 5 / 1.25 of ETH, against 4 x 8 EUR
        assert own_deltas(in_euros, partition(in_euros)[0]) == {"BTC": 1, "ETH": -4, "EUR": 32}

    def test_its_settle_asset_has_a_row_though_nothing_of_it_is_held(self) -> None:
        found = report_of(account(position(quanto(), LONG, 50, 8, 10), balances={"USDT": 60}))
        assert [row.asset for row in found.underlyings] == ["ETH", "BTC", "USDT"]

    def test_the_settle_asset_moves_what_is_won_or_lost_so_far(self) -> None:
        # 1 + 0.1 BTC won: 110 of equity move with BTC, needs 0.5 of it: nothing liquidates
        state = pool_state(partition(account(position(quanto(), LONG, 50, 8, 10), balances={"BTC": 1}))[0])
        assert asset_sides(state, "BTC") == (None, None)

    def test_its_mark_alone_is_its_base_alone(self) -> None:
        one = account(position(quanto(), LONG, 50, 10), balances={"BTC": "0.1", "USDT": 5})
        state = pool_state(partition(one)[0])
        # 15 - 50 t = 0.5 (1 - t)
        assert contract_sides(state, quanto()) == asset_sides(state, "ETH")
        assert asset_sides(state, "ETH").down == d("14.5") / d("49.5")


class TestSeveralAssets:
    """Where several move at once the pieces are quadratic."""

    def test_all_together_falls_first_where_the_coin_behind_it_falls_too(self) -> None:
        # 0.1 BTC and 5 USDT behind it: 10 r + 5 + 50 (r r - r) = 0.5 r r, r = 1 - t:  49.5 r r - 40 r + 5 = 0
        one = account(position(quanto(), LONG, 50, 10), balances={"BTC": "0.1", "USDT": 5})
        state = pool_state(partition(one)[0])
        r = (40 + (d(1600) - 4 * d("49.5") * 5).sqrt()) / 99
        assert joint_sides(state, {"BTC": d(1), "ETH": d(1), "USD": d(0), "USDT": d(0)}).down == pytest.approx(1 - r)

    @pytest.mark.parametrize(
        ("fields", "r"),
        [
            pytest.param({}, (150 + d(42700).sqrt()) / 101, id="1%: 50.5 r r - 150 r - 100 = 0"),
            pytest.param(
                {"maintenance_rate": "0.02", "maintenance_deduction": "0.02"},
                (152 + d(43504).sqrt()) / 102,
                id="2% less 0.02 BTC, r r - 2 r from 2 on: 51 r r - 152 r - 100 = 0",
            ),
        ],
    )
    def test_a_rise_without_an_end_liquidates_a_short_though_its_coin_rises_too(
        self, fields: dict[str, str], r: Decimal
    ) -> None:
        """1 BTC and 100 USDT: 100 r (1.5 - 0.5 r) + 100, where BTC is owed from 3 on."""
        one = account(position(quanto(), SHORT, 50, 10, **fields), balances={"BTC": 1, "USDT": 100})
        state = pool_state(partition(one)[0])
        found = joint_sides(state, {"BTC": d(1), "ETH": d(1), "USD": d(0), "USDT": d(0)})
        assert (found.down, round(found.up or 0, 20)) == (None, round(r - 1, 20))

    @pytest.mark.parametrize(
        ("usd", "bankrupt"),
        [
            # Its settle asset follows its base: at r of both 10 x 1 a point, so 100 (r r - r) + 30 r and dollars.
            pytest.param(10, d(5), id="100 r r - 70 r + 10 = 0 at a half first"),
            pytest.param(-40, (7 + d(209).sqrt()) / 2, id="gone already: 100 r r - 70 r - 40 = 0 on the way up"),
        ],
    )
    def test_where_its_base_takes_the_settle_asset_along_it_is_bankrupt(self, usd: int, bankrupt: Decimal) -> None:
        contract = Contract("ETHUSD", ContractType.QUANTO, "ETH", "USD", d("0.01"), flat("0.01", "0.1"), third="STETH")
        one = account(position(contract, LONG, 100, 10), balances={"STETH": 3, "USD": usd}, prices={"STETH": 10})
        row = report_of(replace(one, follows={"STETH": "ETH"})).positions[0]
        assert round(row.bankruptcy_price or 0, 25) == round(bankrupt, 25)

    def test_a_health_that_recovers_is_liquidated_on_the_way(self) -> None:
        # 4.2 USDT + 49.5 r r - 50 r is 4.2 - 0.5 now and at r = 0 again 4.2, below zero between two roots
        one = account(position(quanto(), LONG, 50, 10), balances={"BTC": 0, "USDT": "4.2"})
        state = pool_state(partition(one)[0])
        path = shock_path({"BTC": d(-1), "ETH": d(-1)})
        found = first_on_path(state, path)
        r = (50 + (d(2500) - 4 * d("49.5") * d("4.2")).sqrt()) / 99
        assert found is not None
        assert abs(found - (1 - r)) < Decimal("1e-60")
        assert not pool_risk(state.pool, {"BTC": d("0.001"), "ETH": d("0.001")}).is_liquidatable(state.pool.rules)

    def test_the_quote_alone(self) -> None:
        # quoted in USDT: 20 + 50 / q - 50 = 0.5 / q with q its price, the 20 in BTC stay
        contract = quanto(quote="USDT")
        state = pool_state(partition(account(position(contract, LONG, 50, 10), balances={"BTC": "0.2"}))[0])
        assert asset_sides(state, "USDT").up == d("49.5") / 30 - 1
        assert asset_sides(state, "USDT").down is None

    def test_base_and_quote_by_the_same_move_leave_the_mark(self) -> None:
        contract = Contract("ETHBTC", ContractType.QUANTO, "ETH", "BTC", d(1), flat("0.01", "0.1"), third="USDT")
        one = account(position(contract, LONG, 100, "0.1"), balances={"USDT": 20})
        state = pool_state(partition(one)[0])
        assert state.risk.equity == 20
        assert joint_sides(state, one.betas) == (None, None)

    def test_equality_counts_where_the_venue_says_so(self) -> None:
        # equity 10 r - 50 r + 50 r r meets 0.5 r r from above and at r = 40 / 49.5; with 5 USDT less a touch
        rules = MarginRules(equality=Equality.LIQUIDATED)
        touch = d(1600) / (4 * d("49.5"))
        one = account(
            position(quanto(), LONG, 50, 10), balances={"BTC": "0.1", "USDT": touch}, rules=rules, prices={"BTC": 100}
        )
        path = shock_path({"BTC": d(-1), "ETH": d(-1)})
        found = first_on_path(pool_state(partition(one)[0]), path)
        assert found is not None
        assert abs(found - (1 - d(40) / 99)) < Decimal("1e-35")
        strict = account(position(quanto(), LONG, 50, 10), balances={"BTC": "0.1", "USDT": touch + d("1e-20")})
        assert first_on_path(pool_state(partition(strict)[0]), path) is None

    def test_at_the_end_of_a_path_equality_counts_where_something_is_needed(self) -> None:
        """12.18 - 50 r + 49.5 r r is 0 at 60%. A short of the same on 1 BTC: 150 r - 50.5 r r, and at r = 0 no need."""
        rules = MarginRules(equality=Equality.LIQUIDATED)
        held = account(position(quanto(), LONG, 50, 10), balances={"BTC": 0, "USDT": "12.18"}, rules=rules)
        free = account(position(quanto(), SHORT, 50, 10), balances={"BTC": 1}, rules=rules)
        for one, shock, crossing in ((held, "-0.4", 1), (held, "-0.39", None), (free, "-1", None)):
            path = shock_path({"BTC": d(shock), "ETH": d(shock)})
            found = first_on_path(pool_state(partition(one)[0]), path, end_included=True)
            assert found == crossing
            safe = pool_state(partition(replace(one, rules=MarginRules()))[0])
            assert first_on_path(safe, path, end_included=True) is None


AMOUNTS = st.sampled_from(["0", "0.05", "0.4", "3"])
SHOCKS = st.sampled_from(["-1", "-0.6", "-0.35", "-0.1", "0.2", "0.9", "4"])
TABLE = tiers(("0.2", "0.01", "0.05"), ("1", "0.02", "0.1"), (None, "0.1", "0.25"))
JUMPS = tiers(("0.2", "0.01", "0.05"), ("1", "0.02", "0.1"), (None, "0.1", "0.25"), deductions=[0, 0, 0])


@st.composite
def books(draw: st.DrawFn) -> Account:
    """A quanto beside linear and inverse contracts in the same coins, haircuts in tiers, debts."""
    side = st.sampled_from([LONG, SHORT])
    quote = draw(st.sampled_from(["USD", "USDT"]))
    contract = quanto(draw(st.sampled_from([TABLE, JUMPS, flat("0.02", "0.1")])), quote=quote)
    held = [position(contract, draw(side), draw(st.integers(1, 200)), draw(st.sampled_from(["8", "10", "14"])), 10)]
    if draw(st.booleans()):
        held.append(position(inverse(), draw(side), draw(st.integers(1, 9)), 100))
    if draw(st.booleans()):
        held.append(position(linear("ETHUSDT", "ETH"), draw(side), draw(st.integers(1, 9)), 10))
    terms = {"BTC": AssetTerms(haircuts(("0.1", "0.05"), (None, "0.3")), loan_rate=d("0.05"))}
    balances = {"BTC": draw(AMOUNTS), "USDT": draw(st.sampled_from(["-20", "0", "30", "400"]))}
    equality = draw(st.sampled_from(list(Equality)))
    return account(*held, balances=balances, terms=terms, rules=MarginRules(equality=equality))  # type: ignore[arg-type]


@settings(max_examples=38, deadline=None)
@given(of=books(), btc=SHOCKS, eth=SHOCKS, usdt=st.sampled_from(["0", "-0.3", "0.5"]))
def test_the_first_crossing_is_where_the_account_itself_turns(of: Account, btc: str, eth: str, usdt: str) -> None:
    """By evaluating the account at other prices, which knows no pieces: before it is safe, just beyond it is not."""
    state = pool_state(partition(of)[0])
    shocks = {"BTC": d(btc), "ETH": d(eth), "USDT": d(usdt)}
    found = first_on_path(state, shock_path(shocks))

    def is_over(u: Decimal) -> bool:
        return pool_risk(state.pool, {asset: 1 + shock * u for asset, shock in shocks.items()}).is_liquidatable(
            of.rules
        )

    if state.is_liquidatable:
        assert found == 0
        return
    last = Decimal("0.999") if found is None else found
    before = [last * k / 60 for k in range(60)]
    assert not any(is_over(u) for u in before if u < last * Decimal("0.9999"))
    if found is not None and of.rules.equality is Equality.SAFE and found < Decimal("0.999"):
        assert is_over(found + Decimal("1e-25"))


@settings(max_examples=15, deadline=None)
@given(of=books(), btc=SHOCKS.filter(lambda one: one != "-1"), usdt=st.sampled_from(["-0.3", "0.5"]))
def test_moved_prices_and_ratios_say_the_same(of: Account, btc: str, usdt: str) -> None:
    by = {"BTC": 1 + d(btc), "ETH": d("0.7"), "USDT": 1 + d(usdt)}
    at_once = pool_risk(partition(of)[0], by)
    after = pool_risk(partition(moved(of, by))[0])
    for name in ("equity", "maintenance_margin"):
        assert abs(getattr(at_once, name) - getattr(after, name)) < Decimal("1e-60")


class TestPieces:
    """Quadratics by themselves."""

    @pytest.mark.parametrize(
        ("bow", "zeros"),
        [
            (Bow(d(2), d(-3), d(1)), [1, 2]),
            (Bow(d(1), d(-2), d(1)), [1]),
            (Bow(d(1), d(0), d(1)), []),
            (Bow(d(-4), d(0), d(1)), [2]),
            (Bow(d(3), d(-1)), [3]),
            (Bow(d(3), d(0)), []),
            (Bow(d(0), d(0)), []),
        ],
    )
    def test_roots(self, bow: Bow, zeros: list[int]) -> None:
        assert roots(bow, d(0), None) == zeros
        assert roots(bow, d(0), d(1)) == []

    @pytest.mark.parametrize("slope", ["0.5", "-0.5"])
    def test_a_root_near_nothing_is_as_exact_as_one_far_from_it(self, slope: str) -> None:
        """Of u u - u / 2 + 1e-60, whichever its sign: 1e-60 is what both make together, a half what they add up to."""
        sign = -1 if d(slope) > 0 else 1
        with exactly():
            near, far = roots(Bow(sign * d("1e-60"), d(slope), d(sign)), d(0), None)
            assert near < d("1e-59") < far
            assert abs(near * far - d("1e-60")) < d("1e-155")
            assert abs(near + far - d("0.5")) < d("1e-95")

    def test_a_curve_of_a_quotient_of_quadratics(self) -> None:
        # x = u u: 1 up to 1, then 2 x - 1
        curve, square = Curve((d(1),), (d(1), d(2)), (d(0), d(-1))), Bow(d(0), d(0), d(1))
        for factor in (1, 3):
            pieces = bent_along(curve, square, Bow(d(1), d(0)), None, d(factor))
            assert pieces == [
                Piece(d(0), square.scaled(d(factor))),
                Piece(d(1), Bow(d(-1), d(0), d(2)).scaled(d(factor))),
            ]

    def test_functions_that_change_at_the_same_place_but_for_residue_change_together(self) -> None:
        """From 1 on 2 + 30; what the second is between 1 and 1 + 1e-85 is nowhere."""
        one = [Piece(d(0), Bow(d(1), d(0))), Piece(d(1), Bow(d(2), d(0)))]
        other = [Piece(d(0), Bow(d(10), d(0))), Piece(d(1) + d("1e-85"), Bow(d(30), d(0)))]
        for both in ([one, other], [other, one]):
            assert total(both, d(2)) == [Piece(d(0), Bow(d(11), d(0))), Piece(d(1), Bow(d(32), d(0)))]

    def test_the_larger_of_two(self) -> None:
        one, other = [Piece(d(0), Bow(d(2), d(0)))], [Piece(d(0), Bow(d(0), d(0), d("0.5")))]
        assert [piece.start for piece in larger(one, other, d(5))] == [0, 2]
        assert total([one, other], d(5)) == [Piece(d(0), Bow(d(2), d(0), d("0.5")))]
        near = [Piece(d(0), Bow(d(1), d(0)))], [Piece(d(0), Bow(d(0), d(2)))]  # they meet at a half
        for end in (None, d(1)):
            assert larger(*near, end) == [near[0][0], Piece(d("0.5"), near[1][0].bow)]

    @pytest.mark.parametrize(
        ("pieces", "where"),
        [
            pytest.param([Piece(d(0), Bow(d(2), d(-3), d(1)))], (1, False), id="down through zero and up again"),
            pytest.param([Piece(d(0), Bow(d(1), d(-2), d(1)))], None, id="touched"),
            pytest.param([Piece(d(0), Bow(d(1), d(0))), Piece(d(2), Bow(d(-1), d(0)))], (2, True), id="a jump"),
            pytest.param([Piece(d(0), Bow(d(0), d(-1)))], (0, False), id="from zero on"),
            pytest.param([Piece(d(0), Bow(d(0), d(0), d(-1)))], (0, False), id="from zero on, bending"),
            pytest.param([Piece(d(0), Bow(d(0), d(0), d(1)))], None, id="up from zero"),
        ],
    )
    def test_the_first_below(self, pieces: list[Piece], where: tuple[int, bool] | None) -> None:
        assert first_below(pieces, None, d(1), None) == where
        assert first_below(pieces, None, d(0), None) == where  # where no money is involved nothing is residue

    @pytest.mark.parametrize(
        ("below", "scale", "start", "is_residue"),
        [
            pytest.param("1e-80", "1", 0, True, id="1e-80 of the money involved"),
            pytest.param("1.1e-80", "1", 0, False, id="more than that"),
            pytest.param("1e-75", "100000", 0, True, id="of more money more"),
            pytest.param("1.1e-75", "100000", 0, False, id="and more than that"),
            pytest.param("1.6e-79", "1", 3, True, id="further out by the square"),
            pytest.param("1.7e-79", "1", 3, False, id="and more than that too"),
        ],
    )
    def test_what_is_residue_grows_with_the_money_and_the_square_of_the_place(
        self, below: str, scale: str, start: int, is_residue: bool
    ) -> None:
        lower = [Piece(d(0), Bow(d(5), d(0))), Piece(d(start), Bow(-d(below), d(0)))]
        assert first_below(lower, None, d(scale), None) == (None if is_residue else (start, True))

    def test_the_lowest_is_at_a_corner_or_a_bottom(self) -> None:
        assert min(value for _, value in lowest([Piece(d(0), Bow(d(2), d(-3), d(1)))], d(2))) == d("-0.25")

    def test_health_is_one_where_nothing_is_needed(self) -> None:
        one = account(position(quanto(flat("0", "0.1")), LONG, 50, 10), balances={"BTC": 0})
        motion = Motion({"BTC": Line(d(1), d(-1)), "ETH": Line(d(1), d(-1))})
        pieces: Iterable[Piece] = bent_health(pool_state(partition(one)[0]), motion, d(1))
        assert [piece.bow for piece in pieces] == [Bow(d(1), d(0))]


def test_a_product_of_two_lines() -> None:
    # (2 + 3u)(4 + 5u) = 8 + 22u + 15u^2
    assert product(Line(d(2), d(3)), Line(d(4), d(5))) == (8, 22, 15)


def test_a_mark_that_moves_by_itself_is_divided_by_its_quote_all_the_same() -> None:
    # Linear: BTC in USDT is worth 1.2 of before where USDT is worth twice as much; inverse: its notional in coins.
    assert marked(linear(), {":BTCUSDT": d("1.2"), "USDT": d(2), "BTC": d(5)}) == d("0.6")
    assert marked(inverse(), {":BTCUSD": d(4), "BTC": d(2)}) == d("0.5")


LINES = st.builds(
    lambda start, end: Line(Decimal(start) / 10, Decimal(end - start) / 10), st.integers(2, 30), st.integers(2, 30)
) | st.sampled_from([Line(d("0.5"), d(0)), Line(d(3), d(0))])


@settings(max_examples=60)
@given(of=books(), btc=LINES, eth=LINES, usdt=LINES, share=st.integers(1, 99))
def test_the_pieces_are_the_pool_at_every_place(of: Account, btc: Line, eth: Line, usdt: Line, share: int) -> None:
    """Times the ratio of the quote; equity and requirement by evaluating the pool at the prices of there."""
    state = pool_state(partition(of)[0])
    motion = Motion({"BTC": btc, "ETH": eth, "USDT": usdt})
    u = Decimal(share) / 100 + d("0.000000337")
    found = bent_parts(state, motion, d(1))
    risk = pool_risk(state.pool, {asset: line.at(u) for asset, line in motion.ratios.items()})
    for pieces, want in ((found.equity, risk.equity), (found.requirement, risk.maintenance_margin)):
        places = [piece.start for piece in pieces]
        assert places == sorted(set(places))
        piece = next(one for one in reversed(pieces) if one.start <= u)
        assert abs(piece.bow.at(u) - want * found.over.at(u)) < Decimal("1e-50") * (1 + state.risk.scale)


@pytest.mark.parametrize(
    ("pieces", "end", "places"),
    [
        pytest.param([Piece(d(0), Bow(d(1), d(-3)))], "2", [(0, 1), (2, -5)], id="a straight line has its ends"),
        pytest.param([Piece(d(0), Bow(d(2), d(-4), d(2)))], "3", [(0, 2), (1, 0), (3, 8)], id="a bottom between them"),
        pytest.param([Piece(d(0), Bow(d(2), d(4), d(2)))], None, [(0, 2)], id="a bottom that lies before"),
        pytest.param([Piece(d(0), Bow(d(2), d(-4), d(2)))], "1", [(0, 2), (1, 0)], id="a bottom that is the end"),
        pytest.param([Piece(d(0), Bow(d(0), d(4), d(-2)))], "3", [(0, 0), (3, -6)], id="a top is none"),
        pytest.param(
            [Piece(d(0), Bow(d(1), d(0))), Piece(d(2), Bow(d(9), d(-6), d(1)))],
            None,
            [(0, 1), (2, 1), (2, 1), (3, 0)],
            id="a bottom of the second piece",
        ),
    ],
)
def test_the_lowest_is_among_corners_and_bottoms(
    pieces: list[Piece], end: str | None, places: list[tuple[int, int]]
) -> None:
    assert list(lowest(pieces, None if end is None else d(end))) == places


@pytest.mark.parametrize(
    ("bow", "u", "sign"),
    [
        pytest.param(Bow(d(5), d("0.25")), "3", 1, id="up, however little"),
        pytest.param(Bow(d(5), d("-0.25")), "3", -1, id="down"),
        pytest.param(Bow(d(5), d(0)), "3", 0, id="level"),
        pytest.param(Bow(d(5), d(-2), d(1)), "0.5", -1, id="before the bottom"),
        pytest.param(Bow(d(5), d(-2), d(1)), "1.5", 1, id="behind it"),
        pytest.param(Bow(d(5), d(-2), d(1)), "1", 1, id="at it: upward from there"),
        pytest.param(Bow(d(5), d(2), d(-1)), "1", -1, id="at a top: downward"),
    ],
)
def test_which_way_it_goes(bow: Bow, u: str, sign: int) -> None:
    assert bow.rises_at(d(u)) == sign


@pytest.mark.parametrize("scale", [1, 0])
def test_at_zero_counts_where_it_is_said_to(scale: int) -> None:
    """(u - 1)^2 touches zero, 2 (u - 1) passes it upward, which begins below it."""
    touch, level = [Piece(d(0), Bow(d(1), d(-2), d(1)))], [Piece(d(0), Bow(d(0), d(0)))]
    for counts, where in ((True, (1, False)), (False, None)):
        assert first_below(touch, None, d(scale), lambda u, counts=counts: counts) == where  # type: ignore[misc]
        assert first_below(level, None, d(scale), lambda u, counts=counts: counts) == ((0, False) if counts else None)  # type: ignore[misc]
    assert first_below([Piece(d(0), Bow(d(-2), d(2)))], None, d(scale), None) == (0, True)
