"""What a margin model finds, figure by figure, against the naive reading of its definition; dates and rows by hand."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction as Exact

import pytest
from hypothesis import given, settings
from msgspec.structs import replace
from tests.builders import LONG, SHORT, account, d, linear, position

from marginctl.core.account import Account, Position
from marginctl.core.assemble import report_of
from marginctl.core.model import (
    Charge,
    ChargeBase,
    Grade,
    MarginModel,
    ModelTerms,
    Move,
    MoveTable,
    ReturnSpan,
    Spread,
    SpreadBy,
    SpreadLeg,
    StressedFigure,
    TailTerms,
    Where,
)
from marginctl.core.model_report import PortfolioMargin, UnitFigures, tail_days, watched_shortfalls
from marginctl.core.pool import Pool, partition
from marginctl.core.returns import History, Returns

from . import naive_model
from .model_strategies import modelled_accounts

NEAR = Exact(1, 10**60)
TAILS = (MarginModel.VAR, MarginModel.EXPECTED_SHORTFALL)


class Book(naive_model.Book):
    """The naive book, of which one position may be taken out: what it has earned stays."""

    def __init__(self, account: Account, pool: Pool, without: Position | None = None) -> None:
        super().__init__(account, pool, {})
        self.earning = pool.positions
        self.positions = tuple(one for one in pool.positions if one is not without)

    def equity(self, asset: str) -> Exact:
        earned = (self.pnl(one) for one in self.earning if one.contract.settle == asset)
        return self.balances.get(asset, Exact(0)) * self.prices[asset] + sum(earned, Exact(0))


def found(account: Account) -> Iterator[tuple[PortfolioMargin, Pool, Book]]:
    """What the report says of each pool, the pool, and the naive book of it."""
    pools = {pool.name: pool for pool in partition(account)}
    for row in report_of(account, looks_ahead=False).portfolio_margin:
        yield row, pools[row.pool], Book(account, pools[row.pool])


def agree(value: Decimal | None, want: Exact | int) -> bool:
    return value is not None and abs(Exact(value) - want) <= NEAR * (1 + abs(want))


def above(value: Exact) -> Exact:
    return max(Exact(0), value)


def worst_row(losses: list[Exact]) -> int | None:
    """The first row that loses most, None where none loses."""
    return losses.index(max(losses)) if losses and max(losses) > 0 else None


@settings(max_examples=30)
@given(account=modelled_accounts())
def test_margins_and_what_they_save_against_the_tiers(account: Account) -> None:
    for row, pool, book in found(account):
        assert row.model == book.terms.model.value
        assert agree(row.initial_margin, naive_model.margin(book, Grade.INITIAL))
        assert agree(row.maintenance_margin, naive_model.margin(book, Grade.MAINTENANCE))
        assert pool.tiered is not None
        saving = row.saving
        for before, kept, less, rate in (
            (pool.tiered[0].at({}), row.initial_margin, saving.initial, saving.initial_rate),
            (pool.tiered[1].at({}), row.maintenance_margin, saving.maintenance, saving.maintenance_rate),
        ):
            assert agree(less, Exact(before) - Exact(kept))
            if before > 0:
                assert agree(rate, (Exact(before) - Exact(kept)) / Exact(before))


@settings(max_examples=30)
@given(account=modelled_accounts(kinds=(MarginModel.SCENARIO,)))
def test_units_and_their_rows(account: Account) -> None:
    for row, _, book in found(account):
        groups = exposed(book)
        assert groups.keys() <= row.units.keys() <= book.groups().keys()
        for name, assets in groups.items():
            unit_agrees(row.units[name], book, name, assets)
        rows = [one for one in (naive_model.rows(book, assets) for assets in groups.values()) if one]
        if book.terms.separate == 1:
            assert (row.scan, row.scenario) == (None, None)
        else:
            joint = [sum(losses, Exact(0)) for losses in zip(*rows, strict=True)]
            assert agree(row.scan, above(max(joint, default=Exact(0))))
            k = worst_row(joint)
            assert row.scenario == (None if k is None else k + 1)


def exposed(book: Book) -> dict[str, list[str]]:
    """The units without the assets in which nothing is left, as where both sides of a contract are equal."""
    left = {name: [one for one in assets if any(book.entries(one))] for name, assets in book.groups().items()}
    return {name: assets for name, assets in left.items() if assets}


def unit_agrees(unit: UnitFigures, book: Book, name: str, assets: list[str]) -> None:
    entries = [entry for asset in assets for entry in book.entries(asset)]
    longs, shorts = (sum((above(side * one) for one in entries), Exact(0)) for side in (1, -1))
    assert tuple(one for one in unit.assets if any(book.entries(one))) == tuple(assets)
    assert agree(unit.net_value, longs - shorts)
    assert agree(unit.long_value, longs)
    assert agree(unit.short_value, shorts)
    assert agree(unit.hedged_value, min(longs, shorts))
    losses = naive_model.rows(book, assets)
    assert len(unit.pnl) == len(losses)
    assert all(agree(one, -loss) for one, loss in zip(unit.pnl, losses, strict=True))
    assert agree(unit.scan, above(max(losses, default=Exact(0))))
    k, table = worst_row(losses), next((book.table(asset) for asset in assets if book.moves(asset)), None)
    row = None if k is None or table is None else table.moves[k]
    assert (unit.worst_move, unit.weight) == ((row.move, row.weight) if row else (None, None))
    beside, least = (
        sum(
            (naive_model.charged(book, one, {name: assets}) for one in book.terms.charges if one.where is where),
            Exact(0),
        )
        for where in (Where.CORE, Where.FLOOR)
    )
    assert agree(unit.charges, beside)
    assert agree(unit.floor, least)
    assert agree(unit.core, max(above(max(losses, default=Exact(0))) + beside, least))


@settings(max_examples=30)
@given(account=modelled_accounts())
def test_charges_and_spreads(account: Account) -> None:
    for row, _, book in found(account):
        wanted: dict[tuple[str, str, str, str], tuple[Exact, Exact]] = {}
        for charge in book.terms.charges:
            on_collateral = charge.on is ChargeBase.COLLATERAL
            groups = {asset: [asset] for asset in book.balances} if on_collateral else book.groups()
            for name, assets in groups.items():
                whole = charge.names is None or name in charge.names
                named = assets if whole else [one for one in assets if one in (charge.names or ())]
                if named:
                    grade = charge.grade.value if charge.grade else "both"
                    base = naive_model.base(book, charge, named)
                    amount = naive_model.tiered(Exact(charge.rate) * base, charge)
                    wanted.setdefault((charge.name, name, charge.where.value, grade), (Exact(0), Exact(0)))
                    before = wanted[charge.name, name, charge.where.value, grade]
                    wanted[charge.name, name, charge.where.value, grade] = before[0] + base, before[1] + amount
        told: dict[tuple[str, str, str, str], tuple[Exact, Exact]] = {}
        for one in row.charges:
            key = one.name, one.unit, one.where, one.margins
            before = told.get(key, (Exact(0), Exact(0)))
            told[key] = before[0] + Exact(one.base), before[1] + Exact(one.amount)
        assert told.keys() <= wanted.keys()
        assert not any(any(wanted[key]) for key in wanted.keys() - told.keys())
        for key, (base, amount) in told.items():
            assert abs(base - wanted[key][0]) <= NEAR * (1 + base)
            assert abs(amount - wanted[key][1]) <= NEAR * (1 + amount)
        assert agree(sum((one.amount for one in row.spreads), Decimal(0)), naive_model.spreads(book))


def figure_and_rates(book: Book) -> tuple[Exact, dict[str, Exact]]:
    """The scan before charges, and how much of it a unit of each asset's exposure is: of the first worst rows."""
    groups, share = book.groups(), Exact(book.terms.separate)
    losses = {name: naive_model.rows(book, assets) for name, assets in groups.items()}
    moving = {name: rows for name, rows in losses.items() if rows}
    joint = [sum(one, Exact(0)) for one in zip(*moving.values(), strict=True)]
    figure = share * sum((above(max(one)) for one in moving.values()), Exact(0))
    figure += (1 - share) * above(max(joint, default=Exact(0)))
    rates: dict[str, Exact] = {}
    for name in moving if figure > 0 else ():
        table = next(table for one in groups[name] if book.moves(one) and (table := book.table(one)) is not None)
        own, together = (
            Exact(0) if k is None else -Exact(table.moves[k].weight * table.moves[k].move)
            for k in (worst_row(moving[name]), worst_row(joint))
        )
        rates |= dict.fromkeys(groups[name], share * own + (1 - share) * together)
    return figure, rates


@settings(max_examples=30)
@given(account=modelled_accounts(kinds=(MarginModel.SCENARIO,)))
def test_who_contributes_what_to_a_scan(account: Account) -> None:
    """The loss rate of the worst row times the value; the figure is the sum, and each has its share of it."""
    for row, pool, book in found(account):
        figure, rates = figure_and_rates(book)
        for one, held in zip(row.contributions, pool.positions, strict=False):
            contract = held.contract
            rate = rates.get(contract.base, Exact(0)) - rates.get(contract.quote, Exact(0))
            risk = book.value(held, book.terms.scan_price) * rate
            assert (one.symbol, one.side) == (contract.symbol, "long" if held.side > 0 else "short")
            assert agree(one.risk, risk)
            assert agree(one.share, risk / figure) if figure else one.share is None
        coins = row.contributions[len(pool.positions) :]
        wanted = sorted(asset for asset in book.balances if book.is_scanned(asset) and rates.get(asset))
        assert [one.symbol for one in coins] == wanted
        assert all(agree(one.risk, rates[one.symbol] * book.equity(one.symbol)) for one in coins)
        assert all(agree(one.share, Exact(one.risk) / figure) for one in coins)
        assert all((one.side, one.incremental) == (None, None) for one in coins)


@settings(max_examples=40)
@given(account=modelled_accounts())
def test_what_a_position_adds_is_what_is_asked_less_what_is_asked_without_it(account: Account) -> None:
    """Its result so far stays: only what moves is gone."""
    for row, pool, book in found(account):
        whole = naive_model.margin(book, Grade.MAINTENANCE)
        for one, held in zip(row.contributions, pool.positions, strict=False):
            rest = naive_model.margin(Book(account, pool, held), Grade.MAINTENANCE)
            assert agree(one.incremental, whole - rest)


def test_the_figures_of_a_history_for_both_margins() -> None:
    """10 BTC at 100 lose 10, 30, 20 and 5, and in the bad time 90 and 40; p is 1/2 for one and 1/4 for the other.

    Two of four: (30 + 20) / 2 = 25, the second worst is 20. One of four: 30 and 30. In the bad time two: one of them
    is the worst half, 90; the quarter is half of it. The larger counts: 90; for initial margin a tenth of it and nine
    tenths of 30.
    """
    days = ("2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04")
    calm = Returns(("BTC",), days, tuple((d(one),) for one in ("-0.01", "-0.03", "-0.02", "-0.005")))
    bad = Returns(("BTC",), ("2020-03-12", "2020-03-13"), ((d("-0.09"),), (d("-0.04"),)))
    tails = {
        Grade.MAINTENANCE: TailTerms(confidence=d("0.5"), returns=calm, stressed=StressedFigure(bad)),
        Grade.INITIAL: TailTerms(
            confidence=d("0.75"), returns=calm, span=ReturnSpan(2), stressed=StressedFigure(bad, d("0.1"))
        ),
    }
    history = History(file="history.csv", dates=days, days=(0, 1, 2, 3), columns={"BTC": (d(1),) * 4})
    terms = ModelTerms(model=MarginModel.EXPECTED_SHORTFALL, separate=d(0), tails=tails, history=history)
    book = replace(account(position(linear(), LONG, 10, 100), balances={"USDT": 500}), model=terms)
    (row,) = report_of(book).portfolio_margin
    assert (row.maintenance_margin, row.initial_margin) == (90, d("1.3") * 36)
    assert row.history is not None
    kept, opened = row.history.maintenance, row.history.initial
    assert (row.history.file, row.history.first, row.history.last) == ("history.csv", days[0], days[-1])
    assert (kept.confidence, kept.returns, kept.horizon, kept.overlapping) == (d("0.5"), 4, 1, True)
    assert (kept.value_at_risk, kept.expected_shortfall, kept.tail_dates) == (20, 25, (days[1], days[2]))
    assert (kept.stressed_value_at_risk, kept.stressed_expected_shortfall) == (90, 90)
    assert (opened.confidence, opened.horizon, opened.tail_dates) == (d("0.75"), 2, (days[1],))
    assert (opened.value_at_risk, opened.expected_shortfall) == (30, 30)
    assert (kept.weighting, kept.quantile, kept.tail) == ("equal", "inverted-cdf", "exact")
    (pool,) = partition(book)
    assert pool.asked is not None
    assert tail_days(pool.asked, Grade.MAINTENANCE) == [(days[1], d("0.5"), 30), (days[2], d("0.5"), 20)]
    assert tail_days(pool.asked, Grade.INITIAL) == [(days[1], 1, 30)]
    (one,) = row.contributions
    assert (one.risk, one.share, one.incremental) == (90, 1, 90)


@pytest.mark.parametrize(
    ("calm", "bad"), [("0.01", "-0.004"), ("-0.004", "0.01")], ids=["in the bad time alone", "in the calm one alone"]
)
def test_a_loss_counts_however_small_where_the_other_time_brings_a_gain(calm: str, bad: str) -> None:
    """1 BTC at 100 loses 0.40 in one of both."""
    one, other = (Returns(("BTC",), ("2024-01-01",), ((d(move),),)) for move in (calm, bad))
    tail = TailTerms(confidence=d("0.5"), returns=one, stressed=StressedFigure(other))
    terms = ModelTerms(model=MarginModel.VAR, separate=d(0), tails=dict.fromkeys(Grade, tail))
    book = replace(account(position(linear(), LONG, 1, 100), balances={"USDT": 500}), model=terms)
    (row,) = report_of(book).portfolio_margin
    (held,) = row.contributions
    assert (held.risk, held.share) == (d("0.4"), 1)


def test_what_is_made_up_for_in_the_worst_common_row_counts_alone_only() -> None:
    """100 of BTC and 100 of ETH, up 10% both or BTC down and ETH up: together nothing is lost, alone 10, half."""
    down, up = Move(d("-0.1"), d(1)), Move(d("0.1"), d(1))
    tables = MoveTable(("BTC",), (up, down)), MoveTable(("ETH",), (up, up))
    terms = ModelTerms(model=MarginModel.SCENARIO, separate=d("0.5"), tables=tables)
    held = position(linear(), LONG, 1, 100), position(linear("ETHUSDT", "ETH"), LONG, 10, 10)
    (row,) = report_of(replace(account(*held, balances={"USDT": 500}), model=terms)).portfolio_margin
    assert (row.scan, row.scenario, row.maintenance_margin) == (0, None, 5)
    assert [(one.risk, one.share) for one in row.contributions] == [(5, 1), (0, 0)]


def test_of_two_times_that_lose_the_same_the_calm_one_says_who_contributes() -> None:
    """100 of BTC lose 1 in the one, 100 of ETH in the other: without either the other time asks for as much."""
    calm, bad = (Returns(("BTC", "ETH"), ("2024-01-01",), (row,)) for row in ((d("-0.01"), d(0)), (d(0), d("-0.01"))))
    tail = TailTerms(confidence=d("0.5"), returns=calm, stressed=StressedFigure(bad))
    terms = ModelTerms(model=MarginModel.VAR, separate=d(0), tails=dict.fromkeys(Grade, tail))
    held = position(linear(), LONG, 1, 100), position(linear("ETHUSDT", "ETH"), LONG, 10, 10)
    (row,) = report_of(replace(account(*held, balances={"USDT": 500}), model=terms)).portfolio_margin
    assert [(one.risk, one.incremental) for one in row.contributions] == [(1, 0), (0, 0)]


def test_without_a_history_nothing_is_said_of_one() -> None:
    table = MoveTable(("*",), (Move(d("-0.1"), d(1)), Move(d("0.1"), d(1))), None)
    terms = ModelTerms(model=MarginModel.SCENARIO, tables=(table,))
    book = replace(account(position(linear(), LONG, 10, 100), balances={"USDT": 500}), model=terms)
    (row,) = report_of(book).portfolio_margin
    assert row.history is None
    assert watched_shortfalls(book) == {}


@pytest.mark.parametrize(
    ("side", "shortfall"),
    [(LONG, 25), (SHORT, d("-7.5"))],
    ids=["a long loses 30 and 20", "a short gains at least 5 and 10"],
)
def test_a_history_that_is_watched_says_the_shortfall_with_its_sign(side: int, shortfall: Decimal) -> None:
    calm = Returns(("BTC",), ("a", "b", "c", "d"), tuple((d(one),) for one in ("-0.01", "-0.03", "-0.02", "-0.005")))
    tail = TailTerms(confidence=d("0.5"), returns=calm)
    terms = ModelTerms(model=MarginModel.VAR, tails=dict.fromkeys(Grade, tail))
    apart = position(linear("ETHUSDT", "ETH"), LONG, 1, 10, isolated_margin=5)
    book = account(position(linear(), side, 10, 100), apart, balances={"USDT": 500})
    assert watched_shortfalls(replace(book, watched=terms)) == {"cross": shortfall}
    assert watched_shortfalls(replace(account(apart, balances={"USDT": 500}), watched=terms)) == {}


@pytest.mark.parametrize("legs", [((LONG, 3),), ((LONG, 5), (SHORT, 2)), ((SHORT, 4), (LONG, 7))], ids=str)
def test_a_spread_forms_as_often_as_its_scarcest_leg_allows_and_what_it_used_is_gone(
    legs: tuple[tuple[int, int], ...],
) -> None:
    """3 BTC long (or the rest of two legs), 20 ETH short at 100 and 10; BTC loses 10% at worst, ETH 20%.

    Of 1 BTC to 10 ETH: 2 spreads, 3 USD each. Half of two thirds of BTC's 30 comes back, half of all of ETH's 40. For
    the second spread nothing of ETH is left.
    """
    tables = (
        MoveTable(("BTC",), (Move(d("-0.1"), d(1)), Move(d("0.3"), d("0.5"))), None),
        MoveTable(("ETH",), (Move(d("-0.1"), d(1)), Move(d("0.4"), d("0.5"))), None),
    )
    one_to_ten = (SpreadLeg(d(1), "BTC", ""), SpreadLeg(d(-10), "ETH", ""))
    both = tuple(Spread(name=name, legs=one_to_ten, credit=d("0.5"), charge=d(3)) for name in ("first", "second"))
    terms = ModelTerms(model=MarginModel.SCENARIO, tables=tables, spreads=both)
    held = (
        *(position(linear(), side, quantity, 100) for side, quantity in legs),
        position(linear("ETHUSDT", "ETH"), SHORT, 20, 10),
    )
    book = replace(account(*held, balances={"USDT": 900}, hedge=True), model=terms)
    (row,) = report_of(book).portfolio_margin
    assert [(one.name, one.count, one.amount) for one in row.spreads] == [("first", 2, 6 - 10 - 20), ("second", 0, 0)]
    assert (row.units["BTC"].scan, row.units["ETH"].scan) == (30, 40)
    assert row.maintenance_margin == 30 + 40 - 24
    for one, added in zip(held, row.contributions, strict=True):
        (rest,) = report_of(
            replace(book, positions=tuple(other for other in held if other is not one))
        ).portfolio_margin
        assert added.incremental == row.maintenance_margin - rest.maintenance_margin


@pytest.mark.parametrize(
    ("sides", "sign"), [((LONG, SHORT), 1), ((SHORT, LONG), -1)], ids=["with its signs", "against"]
)
def test_by_value_a_spread_takes_as_much_of_each_leg_as_its_ratio_says(sides: tuple[int, int], sign: int) -> None:
    """600 of BTC against 200 of ETH, 2 to 1: 200 of it, at half a cent each; 200 of BTC are left for the next, 1 to 1.

    A long BTC loses 10% at worst and a short one 15%, ETH 5% and 20%. Half of what 400 and 200 lose comes back.
    """
    tables = (
        MoveTable(("BTC",), (Move(d("-0.1"), d(1)), Move(d("0.3"), d("0.5"))), None),
        MoveTable(("ETH",), (Move(d("-0.05"), d(1)), Move(d("0.4"), d("0.5"))), None),
    )
    two, one = ((SpreadLeg(d(ratio), "BTC", ""), SpreadLeg(d(-1), "ETH", "")) for ratio in (2, 1))
    spreads = (
        Spread(name="two", legs=two, by=SpreadBy.VALUE, credit=d("0.5"), charge=d("0.005")),
        Spread(name="one", legs=one, by=SpreadBy.VALUE, credit=d("0.5")),
    )
    terms = ModelTerms(model=MarginModel.SCENARIO, tables=tables, spreads=spreads)
    held = position(linear(), sides[0], 6, 100), position(linear("ETHUSDT", "ETH"), sides[1], 20, 10)
    (row,) = report_of(replace(account(*held, balances={"USDT": 900}), model=terms)).portfolio_margin
    btc, eth = (d("0.1"), d("0.2")) if sign > 0 else (d("0.15"), d("0.05"))
    assert [(one.name, one.count) for one in row.spreads] == [("two", 200), ("one", 0)]
    assert [one.amount for one in row.spreads] == [1 - (400 * btc + 200 * eth) / 2, 0]


def test_by_value_the_scarcer_leg_says_how_much() -> None:
    """300 of BTC are 150 twice, of ETH there are 200 once: 150 of it."""
    legs = (SpreadLeg(d(2), "BTC", ""), SpreadLeg(d(-1), "ETH", ""))
    tables = (MoveTable(("*",), (Move(d("-0.1"), d(1)),), None),)
    spread = Spread(name="two", legs=legs, by=SpreadBy.VALUE, credit=d("0.5"))
    terms = ModelTerms(model=MarginModel.SCENARIO, tables=tables, spreads=(spread,))
    held = position(linear(), LONG, 3, 100), position(linear("ETHUSDT", "ETH"), SHORT, 20, 10)
    (row,) = report_of(replace(account(*held, balances={"USDT": 900}), model=terms)).portfolio_margin
    assert [(one.count, one.amount) for one in row.spreads] == [(150, -15)]  # half of 10% of 300; ETH short loses none


def test_equity_below_zero_is_too_little_for_a_model_only_with_a_position() -> None:
    """The long has gained what is owed and loses nothing in its one move: nothing is asked, 5 are missing."""
    table = MoveTable(("*",), (Move(d("0.1"), d(1)),), None)
    terms = ModelTerms(model=MarginModel.SCENARIO, tables=(table,))
    for positions, liquidatable in (((position(linear(), LONG, 1, 100),), True), ((), False)):
        book = replace(account(*positions, balances={"USDT": -5}), model=terms)
        report = report_of(book)
        assert (report.totals.equity, report.totals.maintenance_margin) == (-5, 0)
        assert report.totals.liquidatable is liquidatable


@pytest.mark.parametrize(("side", "scenario", "scan"), [(LONG, None, 0), (SHORT, 2, d("0.2"))], ids=["gains", "loses"])
def test_where_no_common_row_loses_none_is_the_worst(side: int, scenario: int | None, scan: Decimal) -> None:
    """1 USD of BTC that rises by 10% or 20%: a long gains a dime at least, a short loses two in the second row."""
    table = MoveTable(("*",), (Move(d("0.1"), d(1)), Move(d("0.2"), d(1))), None)
    terms = ModelTerms(model=MarginModel.SCENARIO, tables=(table,), separate=d(0))
    book = replace(account(position(linear(), side, "0.01", 100), balances={"USDT": 9}), model=terms)
    (row,) = report_of(book).portfolio_margin
    assert (row.scan, row.scenario) == (scan, scenario)
    assert [one.risk for one in row.contributions if one.side] == [scan]


def test_where_a_position_has_no_rates_the_tiers_of_the_whole_are_not_known() -> None:
    table = MoveTable(("*",), (Move(d("-0.1"), d(1)),), None)
    terms = ModelTerms(model=MarginModel.SCENARIO, tables=(table,))
    bare = linear("CUSDT", "BTC", table=())
    held = position(bare, LONG, 1, 100), position(linear(), LONG, 1, 100), position(bare, SHORT, 1, 100)
    book = replace(account(*held, balances={"USDT": 90}, hedge=True), model=terms)
    (row,) = report_of(book).portfolio_margin
    assert (row.tiered.initial_margin, row.tiered.maintenance_margin) == (None, None)
    assert row.tiered.missing == ("CUSDT",)
    assert (row.saving.initial, row.saving.initial_rate, row.saving.maintenance) == (None, None, None)
    (whole,) = report_of(replace(book, positions=held[1:2])).portfolio_margin
    assert (whole.tiered.initial_margin, whole.tiered.maintenance_margin, whole.tiered.missing) == (10, 1, ())
    assert (whole.saving.initial, whole.saving.maintenance) == (-3, -9)


def test_a_charge_on_one_asset_of_a_unit_is_on_that_alone() -> None:
    """BTC and ETH are one unit: 1% of the 200 of ETH, nothing of the 600 of BTC; of both where the unit is named."""
    table = MoveTable(("BTC", "ETH"), (Move(d("-0.1"), d(1)),), "COINS")
    for names, base in ((("ETH",), 200), (("COINS",), 800), (("SOL",), None)):
        charge = Charge(name="fee", on=ChargeBase.GROSS, rate=d("0.01"), where=Where.CORE, names=names)
        terms = ModelTerms(model=MarginModel.SCENARIO, tables=(table,), charges=(charge,))
        held = position(linear(), LONG, 6, 100), position(linear("ETHUSDT", "ETH"), LONG, 20, 10)
        (row,) = report_of(replace(account(*held, balances={"USDT": 900}), model=terms)).portfolio_margin
        found = [(one.unit, one.base, one.amount) for one in row.charges]
        assert found == ([] if base is None else [("COINS", base, d(base) / 100)])
