"""First crossings of random accounts against the naive reading: by scanning, by halving, on both sides of a root."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings

from marginctl.core.account import Account, Equality, MarginRules, Position, PriceShown
from marginctl.core.assemble import report_of
from marginctl.core.contract import ContractType
from marginctl.core.exact import ONE
from marginctl.core.funding import runway_days
from marginctl.core.liquidation import HERE, Sides, asset_sides, bankruptcy_move, contract_sides
from marginctl.core.risk import pool_risk

from . import naive
from .naive import frac
from .strategies import accounts
from .ways import CLOSE, NEXT_TO, TINY, all_ways, asset_ways, assets_of, states

LOOKS = 24


@given(accounts(with_orders=False))
@settings(max_examples=20)
def test_nothing_on_the_way_to_a_crossing_is_liquidatable_and_just_beyond_it_is(account: Account) -> None:
    for state, book in states(account):
        for way in all_ways(account, state, book):
            assert way.found is None or frac(way.found) < way.end, f"{way.name}: at its end, where the price is gone"
            for u in naive.points(way.before(), LOOKS):
                assert not way.is_dead(u), f"{way.name}: dead at {float(u)}, engine says {way.found}"
            if way.found is not None:
                assert not way.is_dead(way.before()), f"{way.name}: dead before {way.found}"
                assert way.is_dead(way.beyond()), f"{way.name}: alive beyond {way.found}"


@given(accounts(with_orders=False, most_contracts=3))
@settings(max_examples=10)
def test_crossings_are_those_that_looking_and_halving_finds(account: Account) -> None:
    for state, book in states(account):
        for way in all_ways(account, state, book):
            seen = naive.first_crossing(way.is_dead, way.end, count=40, halvings=36)
            if way.found is None:
                assert seen is None, f"{way.name}: engine misses {float(seen or 0)}"
                continue
            if seen is not None and abs(frac(way.found) - seen) <= Fraction(1, 10**9) * (1 + seen):
                continue
            # Between two looks the pool may die and recover: then the engine's crossing is nearer, and proven here.
            assert seen is None or frac(way.found) < seen, f"{way.name}: {way.found} beyond {float(seen)}"
            assert way.is_dead(way.beyond()), f"{way.name}: nothing dies at {way.found}"


@given(accounts(with_orders=False))
@settings(max_examples=15)
def test_health_at_a_crossing_is_zero_or_jumps_there(account: Account) -> None:
    gross = sum((abs(frac(row.notional)) for row in report_of(account).positions), Fraction(0))
    for state, book in states(account):
        for way in all_ways(account, state, book):
            if not way.found or frac(way.found) >= way.end:
                continue
            at, before, beyond = (way.health(u) for u in (frac(way.found), way.before(), way.beyond()))
            is_root = abs(at) < gross * NEXT_TO
            jumps = before - beyond > gross * NEXT_TO
            starts_to_count = not naive.maintenance(book, way.world(way.before()))
            assert is_root or jumps or starts_to_count, f"{way.name}: health {float(at)} at {way.found}"


@given(accounts(with_orders=False))
@settings(max_examples=15)
def test_a_scenario_exactly_at_a_root_is_judged_by_the_rule_for_equality(account: Account) -> None:
    for state, book in states(account):
        if state.risk.is_liquidatable(book.rules):
            continue
        for asset in assets_of(book):
            sides = asset_sides(state, asset)
            for side, found in ((-1, sides.down), (1, sides.up)):
                if not found or found == naive.ends(side):
                    continue
                world = naive.asset_world(account, asset, side, frac(found))
                at = pool_risk(state.pool, {asset: ONE + side * found})
                if abs(naive.health(book, world)) < CLOSE and naive.maintenance(book, world) > CLOSE:
                    assert at.is_liquidatable(book.rules) == (book.rules.equality is Equality.LIQUIDATED)
                further = found * (ONE + Decimal("1e-40")) + Decimal("1e-50")
                assert pool_risk(state.pool, {asset: ONE + side * further}).is_liquidatable(book.rules)


@given(accounts(with_orders=False))
@settings(max_examples=20)
def test_bankruptcy_lies_on_the_same_side_and_not_before_the_liquidation(account: Account) -> None:
    for state, book in states(account):
        scale = frac(state.risk.scale) + 1
        for asset in assets_of(book):
            sides = asset_sides(state, asset)
            move = bankruptcy_move(state, asset, sides)
            if move is None or abs(move) == naive.ends(-1 if move < 0 else 1):
                continue
            side = -1 if move < 0 else 1
            end = abs(frac(move))
            assert abs(naive.equity(book, naive.asset_world(account, asset, side, end))) < scale * NEXT_TO
            if sides == HERE or state.may_vanish:
                continue
            assert sides.nearest is not None
            assert abs(move) >= sides.nearest
            assert sides.is_below == (side < 0) or not move
            for u in naive.points(end * (1 - NEXT_TO), LOOKS):
                assert naive.equity(book, naive.asset_world(account, asset, side, u)) > 0


@given(accounts(with_orders=False))
@settings(max_examples=15)
def test_without_a_bankruptcy_price_equity_stays_positive_on_the_liquidated_side(account: Account) -> None:
    for state, book in states(account):
        if state.risk.is_liquidatable(book.rules) or state.risk.equity < 0:
            continue
        for way in asset_ways(account, state, book):
            asset = way.name.split()[-2]
            sides = asset_sides(state, asset)
            if way.found is None or way.found != sides.nearest or bankruptcy_move(state, asset, sides) is not None:
                continue
            for u in naive.points(way.end * (1 - NEXT_TO), LOOKS):
                assert naive.equity(book, way.world(u)) > 0, f"{way.name}: bankrupt at {float(u)}"


@given(accounts(with_orders=False))
@settings(max_examples=15)
def test_positions_show_the_crossing_of_their_underlying_that_is_nearest_to_the_mark(account: Account) -> None:
    report = report_of(account)
    for state, book in states(account):
        for position in book.positions:
            row = next(row for row in report.positions if row.key == position.key)
            contract = position.contract
            by_quote = contract.base == account.currency
            asset = asset_sides(state, contract.quote if by_quote else contract.base)
            own = contract_sides(state, contract)
            expected = nearest_price(row.mark_price, asset, by_quote=by_quote)
            assert_price(row.liquidation_price, expected)
            crossing = nearest_price(row.mark_price, own, by_quote=False)
            assert_price(row.contract_liquidation_price, on_screen(crossing, position, book.rules))
            if expected is None:
                assert (row.distance_to_liquidation, row.liquidation_side) == (None, None)
                continue
            assert_price(row.distance_to_liquidation, abs(expected - row.mark_price) / row.mark_price)
            if row.liquidation_side is not None and expected != row.mark_price:
                assert row.liquidation_side == ("below" if expected < row.mark_price else "above")


def nearest_price(mark: Decimal, sides: Sides, *, by_quote: bool) -> Decimal | None:
    """The mark after either move, the one nearer to it; a quote moves the mark against itself."""
    factors = [
        factor for factor in (_factor(sides.down, -1), _factor(sides.up, 1)) if factor is not None and factor > 0
    ]
    prices = [mark / factor if by_quote else mark * factor for factor in factors]
    return min(prices, key=lambda price: abs(price - mark), default=None)


def on_screen(crossing: Decimal | None, position: Position, rules: MarginRules) -> Decimal | None:
    """The crossing, or one tick nearer to the mark where the venue's screen shows that; never past the mark."""
    if crossing is None or rules.shown_liquidation_price is PriceShown.CROSSING:
        return crossing
    gap = position.mark_price - crossing
    tick = min(position.contract.tick_size or Decimal(0), abs(gap))
    return crossing + tick if gap > 0 else crossing - tick


def _factor(move: Decimal | None, side: int) -> Decimal | None:
    return None if move is None else ONE + side * move


def assert_price(found: Decimal | None, expected: Decimal | None) -> None:
    assert (found is None) == (expected is None), f"{found} is not {expected}"
    assert found is None or expected is None or abs(found - expected) <= Decimal("1e-60") * (1 + expected)


@given(accounts(with_orders=False))
def test_alone_on_its_underlying_a_contract_and_its_asset_cross_at_the_same_price(account: Account) -> None:
    report = report_of(account)
    for book in naive.books(account):
        for position in book.positions:
            base = position.contract.base
            others = [p.contract for p in book.positions if p.contract.symbol != position.contract.symbol]
            is_alone = base not in book.balances and all(base not in (c.base, c.quote) for c in others)
            is_alone = is_alone and all(base not in row.delta for row in book.others)
            if not is_alone or position.contract.type is ContractType.INVERSE or base == account.currency:
                continue
            row = next(row for row in report.positions if row.key == position.key)
            assert_price(row.contract_liquidation_price, on_screen(row.liquidation_price, position, book.rules))
            assert row.contract_liquidation_side == row.liquidation_side


@given(accounts(with_orders=False))
def test_health_on_the_day_the_runway_ends_is_zero(account: Account) -> None:
    for state, book in states(account):
        days = runway_days(state, account)
        now = naive.today(account)
        if naive.is_dead(book, now):
            assert days == 0
            continue
        if days is None:
            later = [naive.after_days(book, Fraction(10) ** k) for k in range(-2, 8)]
            assert not any(naive.is_dead(one, now) for one in later)
            continue
        end = frac(days)
        before = [naive.after_days(book, u) for u in naive.points(end * (1 - NEXT_TO), LOOKS)]
        assert not any(naive.is_dead(one, now) for one in before)
        assert naive.is_dead(naive.after_days(book, end * (1 + NEXT_TO) + TINY), now), f"alive after {days} days"
        last = naive.after_days(book, end)
        assert abs(naive.health(last, now)) < (frac(state.risk.scale) + 1) * NEXT_TO or not naive.maintenance(last, now)
