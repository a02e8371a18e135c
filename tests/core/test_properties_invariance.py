"""What must not matter, what can only help or hurt, and what netting and partitions may change."""

from decimal import Decimal
from fractions import Fraction
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import asdict, replace
from tests.builders import LONG, SHORT, linear, position
from tests.builders import account as small_account

from marginctl.core.account import Account, CollateralMode, MarginMode, Netting, Position
from marginctl.core.assemble import report_of
from marginctl.core.contract import ContractType, HaircutTier, Tier, TiersBy, derived_deductions
from marginctl.core.exact import ONE, ZERO
from marginctl.core.liquidation import PoolState, asset_sides, joint_sides, pool_state
from marginctl.core.pool import partition

from . import naive
from .naive import frac
from .strategies import accounts, with_rules
from .ways import CLOSE

RESIDUE = Decimal("1e-40")
NETTINGS = (Netting.NET, Netting.LARGER_LEG, Netting.NONE)


def pools_of_both(one: Account, other: Account) -> list[tuple[PoolState, PoolState]]:
    """The pools by name that both accounts have."""
    found = {pool.name: pool_state(pool) for pool in partition(other)}
    return [(pool_state(pool), found[pool.name]) for pool in partition(one) if pool.name in found]


# What can only help or hurt.


@given(accounts(with_orders=False), st.sampled_from(["USDT", "BTC", "ETH"]), st.integers(1, 5000))
def test_more_collateral_never_lowers_health(account: Account, asset: str, amount: int) -> None:
    added = Decimal(amount) / (1 if asset == "USDT" else 1000)
    richer = replace(account, balances={**account.balances, asset: account.balances.get(asset, ZERO) + added})
    for before, after in pools_of_both(account, richer):
        level = before.pool.rules.level
        assert after.risk.buffer(level) >= before.risk.buffer(level)


@given(accounts(with_orders=False), st.sampled_from(["BTC", "ETH", "USDC"]))
def test_a_larger_haircut_never_raises_health(account: Account, asset: str) -> None:
    cuts = tuple(HaircutTier(h.up_to, min(ONE, h.haircut + Decimal("0.2"))) for h in account.terms[asset].haircuts)
    stricter = replace(account, terms={**account.terms, asset: replace(account.terms[asset], haircuts=cuts)})
    for before, after in pools_of_both(account, stricter):
        assert after.risk.equity <= before.risk.equity
        assert after.risk.maintenance_margin == before.risk.maintenance_margin


@given(accounts(with_orders=False), st.integers(101, 200))
@settings(max_examples=15)
def test_a_higher_maintenance_rate_never_moves_liquidation_away(account: Account, percent: int) -> None:
    stricter = replace(account, positions=tuple(dearer(p, Decimal(percent) / 100) for p in account.positions))
    for before, after in pools_of_both(account, stricter):
        moves = [(asset_sides(before, a), asset_sides(after, a)) for a in ("BTC", "ETH", "DOGE")]
        moves.append((joint_sides(before, account.betas), joint_sides(after, account.betas)))
        for was, now in moves:
            for one, other in ((was.down, now.down), (was.up, now.up)):
                assert one is None or (other is not None and other <= one + Decimal("1e-60"))


def dearer(held: Position, factor: Decimal) -> Position:
    """The position with every maintenance margin times a factor."""
    table = tuple(
        Tier(tier.up_to, tier.maintenance_rate * factor, tier.deduction * factor, tier.initial_rate)
        for tier in held.contract.tiers
    )
    return replace(
        held,
        contract=replace(held.contract, tiers=table),
        maintenance_rate=None if held.maintenance_rate is None else held.maintenance_rate * factor,
        maintenance_deduction=held.maintenance_deduction * factor,
    )


# Netting and partitions.


@given(accounts(hedge=True, with_orders=False), st.sampled_from([Netting.NONE, Netting.LARGER_LEG]))
def test_net_is_at_most_the_larger_leg_and_that_at_most_both_legs(account: Account, underlying: Netting) -> None:
    kinds = (with_rules(account, netting=kind, underlying_netting=underlying) for kind in NETTINGS)
    net, larger, both = (report_of(kind).totals for kind in kinds)
    for name in ("initial_margin", "maintenance_margin"):
        assert getattr(net, name) <= getattr(larger, name) + RESIDUE
        assert getattr(larger, name) <= getattr(both, name) + RESIDUE


@given(accounts(with_orders=False), st.sampled_from(NETTINGS))
def test_the_dearer_side_of_an_underlying_is_at_most_both_sides(account: Account, netting: Netting) -> None:
    one = report_of(with_rules(account, netting=netting, underlying_netting=Netting.LARGER_LEG)).totals
    both = report_of(with_rules(account, netting=netting, underlying_netting=Netting.NONE)).totals
    assert one.initial_margin <= both.initial_margin + RESIDUE
    assert one.maintenance_margin <= both.maintenance_margin + RESIDUE


@given(accounts())
def test_every_partition_shares_out_the_same_collateral_and_profit(account: Account) -> None:
    now = naive.today(account)
    gross = sum((frac(amount) * now.prices[asset] for asset, amount in account.balances.items()), Fraction(0))
    profit = sum(
        (naive.pnl(p, frac(p.mark_price)) * now.prices[p.contract.settle] for p in account.positions), Fraction(0)
    )
    modes = [replace(account, collateral_mode=mode) for mode in CollateralMode]
    for other in [*modes, replace(account, positions=tuple(map(isolated, account.positions)))]:
        totals = report_of(other).totals
        assert abs(frac(totals.gross_collateral) - gross) < CLOSE
        assert abs(frac(totals.unrealized_pnl) - profit) < CLOSE


def isolated(held: Position) -> Position:
    """The position with a margin of its own."""
    if held.margin_mode is MarginMode.ISOLATED:
        return held
    return replace(held, margin_mode=MarginMode.ISOLATED, isolated_margin=Decimal("0.5"))


@given(accounts())
def test_an_isolated_position_does_not_depend_on_anything_outside_its_pool(account: Account) -> None:
    apart = [p for p in account.positions if p.margin_mode is MarginMode.ISOLATED]
    assume(apart)
    whole = {row.key: row for row in report_of(account).positions}
    alone = replace(account, positions=(apart[0],), orders=(), balances={apart[0].contract.settle: ONE})
    (row,) = report_of(alone).positions
    assert asdict(row) == asdict(whole[apart[0].key])


# What must not matter.


@given(accounts(), st.randoms(use_true_random=False))
def test_the_order_of_entries_changes_nothing(account: Account, random: Random) -> None:
    positions, orders, balances = list(account.positions), list(account.orders), list(account.balances.items())
    random.shuffle(positions)
    random.shuffle(orders)
    random.shuffle(balances)
    shuffled = replace(account, positions=tuple(positions), orders=tuple(orders), balances=dict(balances))
    one, other = report_of(account), report_of(shuffled)
    by_key = {row.key: row for row in other.positions}
    for row in one.positions:
        assert_same(row, by_key[row.key])
    pools = {pool.name: pool for pool in other.pools}
    assert pools.keys() == {pool.name for pool in one.pools}
    for pool in one.pools:
        assert_same(pool, pools[pool.name])
    assert_same(replace(one.funding, missing=()), replace(other.funding, missing=()))
    assert_same(one.netting, other.netting)


def assert_same(one: Struct, other: Struct) -> None:
    """Equal up to what division leaves behind."""
    for name, value in asdict(one).items():
        same = getattr(other, name)
        if isinstance(value, Struct):
            assert_same(value, same)
        elif isinstance(value, Decimal) and isinstance(same, Decimal):
            assert abs(value - same) <= Decimal("1e-60") * (1 + abs(value)), name
        else:
            assert value == same, name


@given(accounts())
@settings(max_examples=15)
def test_the_unit_an_asset_is_written_in_changes_nothing(account: Account) -> None:
    one, other = report_of(account), report_of(in_thousandths(account, "BTC"))
    for pool, same in zip(one.pools, other.pools, strict=True):
        assert_same(pool, same)
    for row, like in zip(one.positions, other.positions, strict=True):
        names = ("notional", "unrealized_pnl", "initial_margin", "maintenance_margin", "distance_to_liquidation")
        for name in names:
            value, found = getattr(row, name), getattr(like, name)
            assert value == found or abs(value - found) < RESIDUE, name
        assert (row.liquidation_side, row.tier) == (like.liquidation_side, like.tier)


def in_thousandths(account: Account, asset: str) -> Account:
    """The same account with amounts of an asset x 1000 and its price / 1000."""
    k = Decimal(1000)

    def amount(value: Decimal | None, of: str) -> Decimal | None:
        return value * k if value is not None and of == asset else value

    def price(value: Decimal, base: str, quote: str) -> Decimal:
        return value / k if base == asset else value * k if quote == asset else value

    def held(p: Position) -> Position:
        c = p.contract
        by_notional = c.tiers_by is TiersBy.NOTIONAL
        table = tuple(
            Tier(
                amount(tier.up_to, c.settle) if by_notional else tier.up_to,
                tier.maintenance_rate,
                amount(tier.deduction, c.settle) or ZERO,
                tier.initial_rate,
            )
            for tier in c.tiers
        )
        is_sized_in_it = c.type is ContractType.LINEAR and c.base == asset
        size = c.contract_size * k if is_sized_in_it else c.contract_size
        return replace(
            p,
            contract=replace(c, contract_size=size, tiers=table),
            entry_price=price(p.entry_price, c.base, c.quote),
            mark_price=price(p.mark_price, c.base, c.quote),
            initial_margin=amount(p.initial_margin, c.settle),
            isolated_margin=amount(p.isolated_margin, c.settle),
            maintenance_deduction=amount(p.maintenance_deduction, c.settle) or ZERO,
        )

    positions = tuple(map(held, account.positions))
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
        others=tuple(
            replace(o, delta={a: v * k if a == asset else v for a, v in o.delta.items()}) for o in account.others
        ),
        bonus={a: value * k if a == asset else value for a, value in account.bonus.items()},
    )


@given(*[st.integers(1, 10**6)] * 4)
def test_long_and_short_of_equal_size_sum_to_the_same_profit_at_every_price(
    bought: int, sold: int, mark: int, other_mark: int
) -> None:
    def profit(price: int) -> Decimal:
        legs = (position(linear(), LONG, 3, bought, price), position(linear(), SHORT, 3, sold, price))
        return report_of(small_account(*legs, hedge=True)).totals.unrealized_pnl

    assert profit(mark) == profit(other_mark) == 3 * (sold - bought)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8, unique=True), st.data())
def test_derived_deductions_make_the_margin_continuous_at_every_border(borders: list[int], data: st.DataObject) -> None:
    floors = [ZERO, *(Decimal(border) for border in sorted(borders))]
    rates = sorted(Decimal(data.draw(st.integers(1, 500))) / 1000 for _ in floors)
    deductions = derived_deductions(floors, rates)
    assert deductions[0] == 0
    for k in range(1, len(rates)):
        assert floors[k] * rates[k - 1] - deductions[k - 1] == floors[k] * rates[k] - deductions[k]
