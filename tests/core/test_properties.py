"""What must hold for any account, and the engine against the naive reading of its definitions."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from marginctl.core.account import Account, CloseFee, Equality, MarginMode, Netting, OpenLoss, Position
from marginctl.core.assemble import report_of
from marginctl.core.contract import ContractType, HaircutTier, Tier, TiersBy, derived_deductions
from marginctl.core.exact import ONE, ZERO
from marginctl.core.funding import runway_days
from marginctl.core.liquidation import (
    HERE,
    PoolState,
    Sides,
    asset_sides,
    bankruptcy_move,
    contract_sides,
    joint_sides,
    pool_state,
)
from marginctl.core.pool import partition
from marginctl.core.report import PoolFigures, Report
from marginctl.core.risk import pool_risk
from marginctl.core.scenario import moved

from . import naive
from .naive import Book, World, frac
from .strategies import accounts, with_rules

CLOSE = Fraction(1, 10**40)
NEXT_TO = Fraction(1, 10**12)
LOOKS = 24


class Way(NamedTuple):
    """One side of one motion: what the engine found, and who is dead where."""

    name: str
    found: Decimal | None
    dead: Callable[[Fraction], bool]
    world: Callable[[Fraction], World]
    end: Fraction


def states(account: Account) -> list[tuple[PoolState, Book]]:
    """The engine's pools beside the naive ones."""
    return list(zip(map(pool_state, partition(account)), naive.books(account), strict=True))


def touched(book: Book) -> list[str]:
    """Assets whose price matters to the pool."""
    traded = [asset for p in book.positions for asset in (p.contract.base, p.contract.quote)]
    return [a for a in dict.fromkeys([*book.balances, *traded]) if a != book.account.currency]


def ways(account: Account, state: PoolState, book: Book) -> Iterator[Way]:
    """Every asset alone, every contract alone, all together: down and up."""
    if state.risk.is_liquidatable(state.pool.rules):
        return
    moves: list[tuple[str, Sides, Callable[[int, Fraction], World]]] = [
        (
            asset,
            asset_sides(state, asset, book.rules),
            lambda side, u, asset=asset: naive.asset_world(account, asset, side, u),  # type: ignore[misc]
        )
        for asset in touched(book)
    ]
    for contract in {p.contract.symbol: p.contract for p in book.positions}.values():
        is_inverse = contract.type is ContractType.INVERSE
        sides = contract_sides(state, contract.symbol, inverse=is_inverse, rules=book.rules)
        symbol = contract.symbol
        moves.append((f":{symbol}", sides, lambda side, u, s=symbol: naive.contract_world(account, s, side, u)))  # type: ignore[misc]
    moves.append(
        ("all", joint_sides(state, account.betas, book.rules), lambda side, u: naive.joint_world(account, side, u))
    )
    for name, sides, world in moves:
        for side, found in ((-1, sides.down), (1, sides.up)):
            at = lambda u, world=world, side=side: world(side, u)  # noqa: E731
            yield Way(f"{name} {side:+d}", found, lambda u, at=at: naive.is_dead(book, at(u)), at, naive.ends(side))  # type: ignore[misc]


# The figures at today's prices.


@given(accounts())
def test_a_report_agrees_with_the_definitions_at_todays_prices(account: Account) -> None:
    report = report_of(account)
    now = naive.today(account)
    for book, pool in zip(naive.books(account), report.pools, strict=True):
        assert pool.name == book.name
        assert abs(naive.equity(book, now) - frac(pool.equity)) < CLOSE
        assert abs(naive.maintenance(book, now) - frac(pool.maintenance_margin)) < CLOSE
        assert abs(naive.margin(book, now, initial=True) - frac(pool.initial_margin)) < CLOSE
        assert abs(naive.order_margin(book) - frac(pool.order_margin)) < CLOSE
        assert pool.liquidatable == naive.is_dead(book, now)


@given(accounts(with_orders=False), st.data())
def test_a_report_of_shocked_prices_agrees_with_the_definitions_there(account: Account, data: st.DataObject) -> None:
    shocks = st.integers(-60, 150).map(lambda n: Decimal(100 + n) / 100)
    by = {asset: data.draw(shocks, asset) for asset in account.prices if asset != "USD"}
    world = naive.moved(account, {asset: frac(ratio) for asset, ratio in by.items()})
    for state, book in states(account):
        risk = pool_risk(state.pool, by)
        assert abs(naive.equity(book, world) - frac(risk.equity)) < CLOSE
        assert abs(naive.maintenance(book, world) - frac(risk.maintenance_margin)) < CLOSE
        assert abs(naive.margin(book, world, initial=True) - frac(risk.initial_margin)) < CLOSE
    for before, after in zip(states(account), partition(moved(account, by)), strict=True):
        assert abs(pool_risk(before[0].pool, by).equity - pool_risk(after).equity) < Decimal("1e-40")
        same_fee = before[0].pool.rules.close_fee is not CloseFee.BANKRUPTCY
        if same_fee:
            difference = pool_risk(before[0].pool, by).maintenance_margin - pool_risk(after).maintenance_margin
            assert abs(difference) < Decimal("1e-40")


@given(accounts())
def test_positions_stand_alone_and_their_sums_are_what_netting_starts_from(account: Account) -> None:
    report = report_of(account)
    now = naive.today(account)
    by_key = {p.key: (p, book) for book in naive.books(account) for p in book.positions}
    for row in report.positions:
        position, book = by_key[row.key]
        price = now.prices[position.contract.settle]
        quantity, mark = frac(position.quantity), frac(position.mark_price)
        size = naive.base_size(position.contract, quantity, mark)
        assert abs(frac(row.notional) - size * price) < CLOSE
        assert abs(frac(row.unrealized_pnl) - naive.pnl(position, mark) * price) < CLOSE
        for initial, figure in ((True, row.initial_margin), (False, row.maintenance_margin)):
            assert abs(frac(figure) - naive.required(position, book, now, quantity, initial=initial)) < CLOSE
        assert row.pool == book.name
    gross = sum((row.initial_margin for row in report.positions), ZERO)
    assert abs(gross - report.netting.gross_initial_margin) < Decimal("1e-40")
    needed = sum((row.maintenance_margin for row in report.positions), ZERO)
    assert abs(needed - report.netting.maintenance.gross_maintenance_margin) < Decimal("1e-40")


# First crossings.


@given(accounts(with_orders=False))
@settings(max_examples=60)
def test_nothing_on_the_way_to_a_crossing_is_liquidatable_and_just_beyond_it_is(account: Account) -> None:
    for state, book in states(account):
        for way in ways(account, state, book):
            until = way.end if way.found is None else frac(way.found) * (1 - NEXT_TO)
            for u in naive.points(until, LOOKS):
                assert not way.dead(u), f"{book.name} {way.name}: dead at {float(u)}, engine says {way.found}"
            if way.found is not None:
                assert not way.dead(until) or not until, f"{book.name} {way.name}: dead before {way.found}"
                beyond = frac(way.found) * (1 + NEXT_TO) + Fraction(1, 10**20)
                assert way.dead(beyond), f"{book.name} {way.name}: alive beyond {way.found}"


@given(accounts(with_orders=False, most_contracts=3))
@settings(max_examples=25)
def test_crossings_are_those_that_looking_and_halving_finds(account: Account) -> None:
    for state, book in states(account):
        for way in ways(account, state, book):
            seen = naive.first_crossing(way.dead, way.end, count=40, halvings=36)
            if seen is None:
                passed = way.found is not None and frac(way.found) < way.end
                assert way.found is None or (passed and way.dead(frac(way.found) * (1 + NEXT_TO) + Fraction(1, 10**20)))
                continue
            assert way.found is not None, f"{book.name} {way.name}: engine misses {float(seen)}"
            nearer = frac(way.found) < seen * (1 - Fraction(1, 10**9))
            if not nearer:
                assert abs(frac(way.found) - seen) <= Fraction(1, 10**9), f"{book.name} {way.name}"


@given(accounts(with_orders=False))
@settings(max_examples=60)
def test_health_at_a_crossing_is_zero_or_jumps_there(account: Account) -> None:
    gross = sum((abs(frac(row.notional)) for row in report_of(account).positions), Fraction(0))
    for state, book in states(account):
        for way in ways(account, state, book):
            if not way.found:
                continue
            u = frac(way.found)
            at = naive.health(book, way.world(u))
            before, after = (naive.health(book, way.world(u * (1 + sign * NEXT_TO))) for sign in (-1, 1))
            is_root = abs(at) < gross * NEXT_TO
            jumps = before - after > gross * NEXT_TO or not naive.maintenance(book, way.world(u * (1 - NEXT_TO)))
            assert is_root or jumps, f"{book.name} {way.name}: health {float(at)} at {way.found}"


@given(accounts(with_orders=False))
@settings(max_examples=60)
def test_a_scenario_exactly_at_a_root_is_not_liquidated_and_slightly_beyond_it_is(account: Account) -> None:
    for state, book in states(account):
        for asset in touched(book):
            sides = asset_sides(state, asset, book.rules)
            for side, found in ((-1, sides.down), (1, sides.up)):
                if not found or sides == HERE:
                    continue
                beyond = pool_risk(state.pool, {asset: ONE + side * (found * (ONE + Decimal("1e-40")) + Decimal("1e-50"))})
                assert beyond.is_liquidatable(book.rules)
                if naive.health(book, naive.asset_world(account, asset, side, frac(found))) > -CLOSE:
                    at = pool_risk(state.pool, {asset: ONE + side * found})
                    assert at.is_liquidatable(book.rules) == (book.rules.equality is Equality.LIQUIDATED) or at.buffer(
                        book.rules.level
                    ) > Decimal("1e-40")


@given(accounts(with_orders=False))
@settings(max_examples=60)
def test_bankruptcy_lies_on_the_same_side_and_not_before_the_liquidation(account: Account) -> None:
    for state, book in states(account):
        for asset in touched(book):
            sides = asset_sides(state, asset, book.rules)
            move = bankruptcy_move(state, asset, sides)
            if move is None:
                continue
            side = -1 if move < 0 else 1
            at = naive.equity(book, naive.asset_world(account, asset, side, abs(frac(move))))
            assert abs(at) < naive.NOTHING + state_scale(state) * NEXT_TO
            if sides != HERE and not state.may_vanish:
                assert (move <= 0) == sides.is_below or not move
                assert sides.nearest is not None
                assert abs(move) >= sides.nearest
                for u in naive.points(abs(frac(move)) * (1 - NEXT_TO), LOOKS):
                    assert naive.equity(book, naive.asset_world(account, asset, side, u)) > 0


def state_scale(state: PoolState) -> Fraction:
    """The money involved in a pool."""
    return frac(state.risk.scale) + 1


@given(accounts(with_orders=False))
@settings(max_examples=60)
def test_positions_show_the_crossing_of_their_underlying_that_is_nearest_to_the_mark(account: Account) -> None:
    report = report_of(account)
    for state, book in states(account):
        rows = [row for row in report.positions if row.pool == book.name]
        by_key = {p.key: p for p in book.positions}
        for row in rows:
            contract = by_key[row.key].contract
            sides = asset_sides(state, contract.base, book.rules)
            own = contract_sides(state, contract.symbol, inverse=contract.type is ContractType.INVERSE, rules=book.rules)
            for price, found in ((row.liquidation_price, sides), (row.contract_liquidation_price, own)):
                if found.nearest is None:
                    assert price is None
                else:
                    factor = ONE + (-found.nearest if found.is_below else found.nearest)
                    assert price == (row.mark_price * factor if factor > 0 else None)
            assert row.distance_to_liquidation == (sides.nearest if row.liquidation_price is not None else None)


@given(accounts(with_orders=False))
def test_alone_on_its_underlying_a_contract_and_its_asset_cross_at_the_same_price(account: Account) -> None:
    report = report_of(account)
    for _, book in states(account):
        for position in book.positions:
            base = position.contract.base
            others = [p for p in book.positions if p.contract.symbol != position.contract.symbol]
            alone = all(base not in (p.contract.base, p.contract.quote) for p in others) and base not in book.balances
            if not alone or position.contract.type is ContractType.INVERSE:
                continue
            row = next(r for r in report.positions if r.key == position.key)
            assert row.contract_liquidation_price == row.liquidation_price
            assert row.contract_liquidation_side == row.liquidation_side


# Sums and identities.


@given(accounts())
def test_totals_are_the_sums_of_the_pools_and_the_worst_pool_is_one_of_them(account: Account) -> None:
    report = report_of(account)
    totals = report.totals
    for name in ("equity", "initial_margin", "order_margin", "maintenance_margin"):
        assert_close(getattr(totals, name), sum((getattr(pool, name) for pool in report.pools), ZERO))
    assert_close(totals.haircut, totals.gross_collateral + totals.unrealized_pnl - totals.equity)
    assert_close(totals.unrealized_pnl, sum((row.unrealized_pnl for row in report.positions), ZERO))
    assert_close(totals.gross_notional, sum((row.notional for row in report.positions), ZERO))
    assert totals.liquidatable == any(pool.liquidatable for pool in report.pools)
    worst = next(pool for pool in report.pools if pool.name == totals.worst_pool)
    for name in ("free_collateral", "buffer", "utilization", "maintenance_ratio"):
        assert getattr(totals, name) == getattr(worst, name), name
    assert all(not is_worse(pool, worst) for pool in candidates(account, report))


def candidates(account: Account, report: Report) -> list[PoolFigures]:
    """The cross pools, or all where no cross pool holds a position or an order."""
    occupied = any(not book.isolated and (book.positions or book.orders) for book in naive.books(account))
    return [pool for pool in report.pools if pool.margin_mode == "cross" or not occupied]


def is_worse(one: PoolFigures, other: PoolFigures) -> bool:
    """By maintenance ratio, none being the worst, then by utilization."""
    return rank(one) > rank(other)


def rank(pool: PoolFigures) -> tuple[bool, Decimal, bool, Decimal]:
    """Ratios to 30 places: what division leaves behind must not decide."""
    first, second = pool.maintenance_ratio, pool.utilization
    return first is None, round(first or ZERO, 30), second is None, round(second or ZERO, 30)


def assert_close(one: Decimal, other: Decimal) -> None:
    assert abs(one - other) < Decimal("1e-40"), f"{one} != {other}"


@given(accounts())
def test_the_values_of_a_pools_collateral_add_up_to_its_equity(account: Account) -> None:
    report = report_of(account)
    now = naive.today(account)
    for book, pool in zip(naive.books(account), report.pools, strict=True):
        rows = [row for row in report.collateral if row.pool == pool.name]
        assert_close(pool.equity, sum((row.value for row in rows), ZERO))
        held = naive.units(book, now)
        for row in rows:
            assert abs(frac(row.equity) - held[row.asset]) < CLOSE
            assert_close(row.equity, row.balance + row.unrealized_pnl)
            assert_close(row.value, row.equity * row.price * (1 - row.haircut)) if row.equity > 0 else None
            assert row.haircut == 0 or row.equity > 0


@given(accounts())
def test_every_partition_shares_out_the_same_collateral_and_profit(account: Account) -> None:
    gross = sum((frac(amount) * frac(account.prices[asset]) for asset, amount in account.balances.items()), Fraction(0))
    profit = sum(
        (
            naive.pnl(p, frac(p.mark_price)) * frac(account.prices[p.contract.settle])
            for p in account.positions
        ),
        Fraction(0),
    )
    everything_cross = replace(
        account,
        positions=tuple(
            replace(p, margin_mode=MarginMode.CROSS, isolated_margin=None) for p in account.positions
        ),
    )
    for other in (account, replace(account, collateral_mode=other_mode(account)), everything_cross):
        totals = report_of(other).totals
        assert abs(frac(totals.gross_collateral) - gross) < CLOSE
        assert abs(frac(totals.unrealized_pnl) - profit) < CLOSE


def other_mode(account: Account):  # type: ignore[no-untyped-def]
    """Single-asset for multi-asset and the reverse."""
    kinds = type(account.collateral_mode)
    return next(kind for kind in kinds if kind is not account.collateral_mode)


@given(accounts())
def test_no_shock_is_the_identity(account: Account) -> None:
    assert moved(account, {}) is account
    assert moved(account, {"BTC": ONE}) is account
    for state, _ in states(account):
        assert pool_risk(state.pool, {"BTC": ONE, "ETH": ONE}) == pool_risk(state.pool)


# Monotone.


@given(accounts(with_orders=False), st.sampled_from(["USDT", "BTC", "ETH"]), st.integers(1, 5000))
def test_more_collateral_never_lowers_health(account: Account, asset: str, amount: int) -> None:
    more = dict(account.balances)
    more[asset] = more.get(asset, ZERO) + Decimal(amount) / (ONE if asset == "USDT" else 1000)
    richer = replace(account, balances=more)
    for before, after in pairs_by_name(account, richer):
        assert after.risk.buffer(after.pool.rules.level) >= before.risk.buffer(before.pool.rules.level)


def pairs_by_name(one: Account, other: Account) -> list[tuple[PoolState, PoolState]]:
    """The pools both accounts have."""
    found = {pool.name: pool_state(pool) for pool in partition(other)}
    return [(pool_state(pool), found[pool.name]) for pool in partition(one) if pool.name in found]


@given(accounts(with_orders=False), st.sampled_from(["BTC", "ETH", "USDC"]))
def test_a_larger_haircut_never_raises_health(account: Account, asset: str) -> None:
    cut = tuple(HaircutTier(h.up_to, min(ONE, h.haircut + Decimal("0.2"))) for h in account.terms[asset].haircuts)
    stricter = replace(account, terms={**account.terms, asset: replace(account.terms[asset], haircuts=cut)})
    for before, after in pairs_by_name(account, stricter):
        assert after.risk.equity <= before.risk.equity


@given(accounts(with_orders=False), st.integers(101, 200))
@settings(max_examples=50)
def test_a_higher_maintenance_rate_never_moves_liquidation_away(account: Account, percent: int) -> None:
    factor = Decimal(percent) / 100

    def dearer(position: Position) -> Position:
        table = tuple(
            Tier(t.up_to, t.maintenance_rate * factor, t.deduction * factor, t.initial_rate)
            for t in position.contract.tiers
        )
        rate = None if position.maintenance_rate is None else position.maintenance_rate * factor
        return replace(
            position,
            contract=replace(position.contract, tiers=table),
            maintenance_rate=rate,
            maintenance_deduction=position.maintenance_deduction * factor,
        )

    stricter = replace(account, positions=tuple(map(dearer, account.positions)))
    for before, after in pairs_by_name(account, stricter):
        for asset in ("BTC", "ETH", "DOGE"):
            was = asset_sides(before, asset, before.pool.rules)
            now = asset_sides(after, asset, after.pool.rules)
            for one, other in ((was.down, now.down), (was.up, now.up)):
                assert one is None or (other is not None and other <= one + Decimal("1e-60"))


@given(accounts(hedge=True, with_orders=False))
def test_net_is_at_most_the_larger_leg_and_that_at_most_both_legs(account: Account) -> None:
    for underlying in (Netting.NONE, Netting.LARGER_LEG):
        nets, larger, both = (
            report_of(with_rules(account, netting=kind, underlying_netting=underlying)).totals for kind in NETTINGS
        )
        for name in ("initial_margin", "maintenance_margin"):
            assert getattr(nets, name) <= getattr(larger, name) + Decimal("1e-40")
            assert getattr(larger, name) <= getattr(both, name) + Decimal("1e-40")


NETTINGS = (Netting.NET, Netting.LARGER_LEG, Netting.NONE)


@given(accounts(with_orders=False), st.sampled_from(NETTINGS))
def test_the_dearer_side_of_an_underlying_is_at_most_both_sides(account: Account, netting: Netting) -> None:
    one = report_of(with_rules(account, netting=netting, underlying_netting=Netting.LARGER_LEG)).totals
    both = report_of(with_rules(account, netting=netting, underlying_netting=Netting.NONE)).totals
    assert one.initial_margin <= both.initial_margin + Decimal("1e-40")
    assert one.maintenance_margin <= both.maintenance_margin + Decimal("1e-40")


# What must not matter.


@given(accounts(), st.randoms(use_true_random=False))
def test_the_order_of_entries_changes_nothing(account: Account, random: object) -> None:
    positions, orders, balances = list(account.positions), list(account.orders), list(account.balances.items())
    for entries in (positions, orders, balances):
        random.shuffle(entries)  # type: ignore[attr-defined]
    other = report_of(replace(account, positions=tuple(positions), orders=tuple(orders), balances=dict(balances)))
    one = report_of(account)
    by_key = {row.key: row for row in other.positions}
    for row in one.positions:
        assert_same(asdict(row), asdict(by_key[row.key]))
    pools = {pool.name: pool for pool in other.pools}
    for pool in one.pools:
        assert_same(asdict(pool), asdict(pools[pool.name]))
    assert_same(asdict(one.funding), {**asdict(other.funding), "missing": one.funding.missing})
    assert_close(one.totals.order_margin, other.totals.order_margin)


def assert_same(one: dict[str, object], other: dict[str, object]) -> None:
    """Equal up to what division leaves behind."""
    for name, value in one.items():
        if isinstance(value, Decimal) and isinstance(other[name], Decimal):
            difference = value - other[name]  # type: ignore[operator]
            assert abs(difference) <= Decimal("1e-60") * (1 + abs(value)), name
        elif not hasattr(value, "distance"):
            assert value == other[name], name


@given(accounts())
@settings(max_examples=50)
def test_the_unit_an_asset_is_written_in_changes_nothing(account: Account) -> None:
    other = report_of(in_thousandths(account, "BTC"))
    one = report_of(account)
    for name in ("equity", "initial_margin", "order_margin", "maintenance_margin", "haircut", "free_collateral"):
        assert_close(getattr(one.totals, name), getattr(other.totals, name))
    assert one.liquidation.pool == other.liquidation.pool
    for field in ("down", "up", "distance"):
        assert_same({field: getattr(one.liquidation, field)}, {field: getattr(other.liquidation, field)})
    for row, same in zip(one.positions, other.positions, strict=True):
        assert_same({"d": row.distance_to_liquidation}, {"d": same.distance_to_liquidation})
        assert row.liquidation_side == same.liquidation_side
        assert row.tier == same.tier


def in_thousandths(account: Account, asset: str) -> Account:
    """The same account with quantities of an asset x 1000 and prices per unit of it / 1000."""
    k = Decimal(1000)

    def amount(value: Decimal | None, of: str) -> Decimal | None:
        return value * k if value is not None and of == asset else value

    def price(value: Decimal, base: str, quote: str) -> Decimal:
        return value / k if base == asset else value * k if quote == asset else value

    def position(p: Position) -> Position:
        c = p.contract
        linear = c.type is ContractType.LINEAR
        sized = linear and c.base == asset
        scaled_size = c.contract_size * k if sized else c.contract_size
        settle = c.settle
        by_notional = c.tiers_by is TiersBy.NOTIONAL
        table = tuple(
            Tier(
                amount(t.up_to, settle) if by_notional else t.up_to,
                t.maintenance_rate,
                amount(t.deduction, settle) or ZERO,
                t.initial_rate,
            )
            for t in c.tiers
        )
        contract = replace(c, contract_size=scaled_size, tiers=table)
        return replace(
            p,
            contract=contract,
            entry_price=price(p.entry_price, c.base, c.quote),
            mark_price=price(p.mark_price, c.base, c.quote),
            initial_margin=amount(p.initial_margin, settle),
            isolated_margin=amount(p.isolated_margin, settle),
            maintenance_deduction=amount(p.maintenance_deduction, settle) or ZERO,
        )

    positions = tuple(map(position, account.positions))
    contracts = {p.contract.symbol: p.contract for p in positions}
    orders = tuple(
        replace(
            o,
            contract=contracts[o.contract.symbol],
            price=price(o.price, o.contract.base, o.contract.quote),
            mark_price=price(o.mark_price, o.contract.base, o.contract.quote),
        )
        for o in account.orders
    )
    cuts = tuple(HaircutTier(amount(h.up_to, asset), h.haircut) for h in account.terms[asset].haircuts)
    return replace(
        account,
        positions=positions,
        orders=orders,
        prices={a: value / k if a == asset else value for a, value in account.prices.items()},
        balances={a: value * k if a == asset else value for a, value in account.balances.items()},
        terms={**account.terms, asset: replace(account.terms[asset], haircuts=cuts)},
    )


@given(accounts())
def test_an_isolated_position_does_not_depend_on_anything_outside_its_pool(account: Account) -> None:
    isolated = [p for p in account.positions if p.margin_mode is MarginMode.ISOLATED]
    assume(isolated)
    whole = {row.key: row for row in report_of(account).positions}
    settle = isolated[0].contract.settle
    alone = replace(account, positions=(isolated[0],), orders=(), balances={settle: Decimal(1)})
    (row,) = report_of(alone).positions
    assert asdict(row) == asdict(whole[isolated[0].key])


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_long_and_short_of_equal_size_sum_to_the_same_profit_at_every_price(
    entry_long: int, entry_short: int, mark: int, other_mark: int
) -> None:
    from .accounts import LONG, SHORT, account, linear, position

    contract = linear()

    def sum_of_profits(price: int) -> Decimal:
        legs = (position(contract, LONG, 3, entry_long, price), position(contract, SHORT, 3, entry_short, price))
        return report_of(account(*legs, balances={"USDT": 0}, hedge=True)).totals.unrealized_pnl

    assert sum_of_profits(mark) == sum_of_profits(other_mark) == 3 * (entry_short - entry_long)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8, unique=True), st.data())
def test_derived_deductions_make_the_margin_continuous(borders: list[int], data: st.DataObject) -> None:
    floors = [ZERO, *(Decimal(b) for b in sorted(borders))]
    rates = sorted(Decimal(data.draw(st.integers(1, 500))) / 1000 for _ in floors)
    deductions = derived_deductions(floors, rates)
    for k in range(1, len(rates)):
        assert floors[k] * rates[k - 1] - deductions[k - 1] == floors[k] * rates[k] - deductions[k]


# Orders and funding.


@given(accounts(hedge=False))
def test_orders_cost_what_the_worse_side_adds(account: Account) -> None:
    free = with_rules(account, open_loss=OpenLoss.NONE)
    for state, book in states(free):
        assert abs(frac(state.pool.order_margin) - naive.order_margin(book)) < CLOSE
        assert state.pool.order_margin >= 0
    costly = report_of(with_rules(account, open_loss=OpenLoss.MARGIN)).totals.order_margin
    assert costly >= report_of(free).totals.order_margin


@given(accounts(with_orders=False))
def test_health_on_the_day_the_runway_ends_is_zero(account: Account) -> None:
    for state, book in states(account):
        days = runway_days(state, account, book.rules)
        now = naive.today(account)
        if naive.is_dead(book, now):
            assert days == 0
            continue
        if days is None:
            assert not any(naive.is_dead(naive.after_days(book, Fraction(10) ** k), now) for k in range(-2, 8))
            continue
        end = frac(days)
        after = naive.after_days(book, end * (1 + NEXT_TO) + Fraction(1, 10**20))
        assert naive.is_dead(after, now)
        assert not any(naive.is_dead(naive.after_days(book, u), now) for u in naive.points(end * (1 - NEXT_TO), LOOKS))
        is_zero = abs(naive.health(naive.after_days(book, end), now)) < state_scale(state) * NEXT_TO
        assert is_zero or not naive.maintenance(naive.after_days(book, end), now)


@given(accounts())
def test_funding_is_received_by_the_side_that_is_not_charged(account: Account) -> None:
    report = report_of(account)
    now = naive.today(account)
    by_key = {p.key: p for p in account.positions}
    for row in report.positions:
        position = by_key[row.key]
        if position.funding_rate is None:
            assert row.funding_per_day is None
            assert row.symbol in report.funding.missing
            continue
        assert row.funding_per_day is not None
        paid = naive.funding_received(position, now) * now.prices[position.contract.settle]
        assert abs(frac(row.funding_per_day) - paid) < CLOSE


if __name__ == "__main__":
    pytest.main([__file__])
