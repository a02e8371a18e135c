"""Properties of margin models, and first crossings through re-orderings of the tail against a naive solver."""

from decimal import Decimal
from fractions import Fraction as Exact
from itertools import combinations, pairwise

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.builders import account, linear, position

from marginctl.core.account import Account, Equality, MarginRules
from marginctl.core.assemble import report_of
from marginctl.core.exact import ZERO
from marginctl.core.liquidation import asset_sides, joint_sides, pool_state
from marginctl.core.model import (
    Grade,
    MarginModel,
    ModelTerms,
    Move,
    MoveTable,
    Quantile,
    ReturnSpan,
    TailMean,
    TailTerms,
)
from marginctl.core.model_margin import margins_of
from marginctl.core.model_report import tail_figures
from marginctl.core.pool import partition
from marginctl.core.returns import History, ReturnPeriod, Returns, returns_of

from . import naive_model
from .strategies import chosen, number

NEAR = Exact(1, 10**60)
COINS = ("BTC", "ETH", "DOGE")
CONTRACTS = {coin: linear(f"{coin}USD", coin, "USD") for coin in COINS}
PRICES = {"BTC": "100", "ETH": "20", "DOGE": "2", "USD": "1"}
VAR, SHORTFALL = MarginModel.VAR, MarginModel.EXPECTED_SHORTFALL


def agree(found: Decimal, want: Exact) -> bool:
    return abs(Exact(found) - want) <= NEAR * (1 + abs(want))


def moves(most: int = 12, least: int = 4) -> st.SearchStrategy[list[tuple[Decimal, ...]]]:
    return st.lists(st.tuples(*[number(-40, 40, 2)] * len(COINS)), min_size=least, max_size=most)


def history(rows: list[tuple[Decimal, ...]]) -> Returns:
    return Returns(COINS, tuple(f"day {j}" for j in range(len(rows))), tuple(rows))


def terms_of(model: MarginModel, rows: list[tuple[Decimal, ...]], **fields: object) -> ModelTerms:
    tail = replace(TailTerms(confidence=Decimal("0.75"), returns=history(rows)), **fields)
    return ModelTerms(model=model, separate=ZERO, tails=dict.fromkeys(Grade, tail))


def held(sizes: dict[str, int], equity: int, terms: ModelTerms | None) -> Account:
    """A book in USD: so many contracts per coin, entered at its prices; what it has is its equity now."""
    positions = [
        position(CONTRACTS[coin], 1 if size > 0 else -1, abs(size), PRICES[coin])
        for coin, size in sizes.items()
        if size
    ]
    one = account(*positions, balances={"USD": equity}, prices=PRICES, rules=MarginRules(equality=Equality.SAFE))
    return replace(one, currency="USD", model=terms)


def sizes() -> st.SearchStrategy[dict[str, int]]:
    return st.fixed_dictionaries({coin: st.integers(-30, 30) for coin in COINS})


def figure(book: Account, grade: Grade = Grade.MAINTENANCE) -> Decimal:
    """What the model asks of the whole book, before factors and charges."""
    assert book.model is not None
    asked = margins_of(book, book.positions, book.balances, book.model)
    return (asked.maintenance if grade is Grade.MAINTENANCE else asked.initial).figure.at({})


class Naive:
    """Health of a book along a move in fractions, and its first crossing out of all places where it may bend."""

    def __init__(self, book: Account, slopes: dict[str, int]) -> None:
        self.book, self.slopes = book, slopes
        (self.pool,) = partition(book)

    def ratios(self, u: Exact) -> dict[str, Decimal]:
        """Ratios as texts of fractions that the naive reading takes as they are."""
        return {coin: 1 + slope * u for coin, slope in self.slopes.items()}  # type: ignore[misc]

    def lines(self) -> list[tuple[Exact, Exact]]:
        """P&L of every return, (at zero, slope)."""
        assert self.book.model is not None
        now, then = (naive_model.Book(self.book, self.pool, self.ratios(Exact(u))) for u in (0, 1))
        rows = self.book.model.tails[Grade.MAINTENANCE].returns.moves
        values = []
        for row in rows:
            ends = [
                sum((one.exposure(coin) * Exact(row[k]) for k, coin in enumerate(COINS)), Exact(0))
                for one in (now, then)
            ]
            values.append((ends[0], ends[1] - ends[0]))
        return values

    def health(self, u: Exact) -> Exact:
        book = naive_model.Book(self.book, self.pool, self.ratios(u))
        equity = sum((book.equity(asset) for asset in book.balances), Exact(0))
        return equity - naive_model.margin(book, Grade.MAINTENANCE)

    def corners(self, end: Exact) -> list[Exact]:
        """Where two returns change places, or one is without a loss."""
        lines = [*self.lines(), (Exact(0), Exact(0))]
        found = {(b[0] - a[0]) / (a[1] - b[1]) for a, b in combinations(lines, 2) if a[1] != b[1]}
        return sorted(u for u in found if 0 < u < end)

    def gains(self, corners: list[Exact], end: Exact) -> list[Exact]:
        """Where the tail as a whole ceases or begins to be a loss: a mean of it may without any of its rows."""
        assert self.book.model is not None
        tail = self.book.model.tails[Grade.MAINTENANCE]
        mean = tail.tail if self.book.model.model is SHORTFALL else None

        def figure(u: Exact) -> Exact:
            book = naive_model.Book(self.book, self.pool, self.ratios(u))
            return naive_model.read(book, tail, tail.returns, list(COINS), mean)

        found = []
        for start, until in pairwise([Exact(0), *corners, end]):
            one, two = start + (until - start) / 3, start + 2 * (until - start) / 3
            slope = (figure(two) - figure(one)) / (two - one)
            if slope and start < (zero := one - figure(one) / slope) < until:
                found.append(zero)
        return found

    def crossing(self, end: Exact) -> tuple[Exact | None, int]:
        """The first u beyond which health is below 0, and how many corners lie before it."""
        bends = self.corners(end)
        corners = sorted({*bends, *self.gains(bends, end)})
        for k, (start, until) in enumerate(zip([Exact(0), *corners], [*corners, end], strict=True)):
            places = start + (until - start) / 3, start + 2 * (until - start) / 3
            one, two = (self.health(u) for u in places)
            slope = (two - one) / (places[1] - places[0])
            begins, ends = one - slope * (places[0] - start), two + slope * (until - places[1])
            if begins < 0:
                return start, k
            if ends < 0:
                return start + begins / -slope, k
        return None, len(corners)


@settings(max_examples=38, deadline=None)
@given(
    rows=moves(),
    book=sizes(),
    equity=st.integers(1, 4000),
    model=st.sampled_from([VAR, SHORTFALL]),
    decay=st.sampled_from([None, Decimal("0.7")]),
    quantile=st.sampled_from(Quantile),
    side=st.sampled_from([-1, 1]),
    together=st.booleans(),
)
def test_the_first_crossing_through_re_orderings_of_the_tail(
    rows: list[tuple[Decimal, ...]],
    book: dict[str, int],
    equity: int,
    model: MarginModel,
    decay: Decimal | None,
    quantile: Quantile,
    side: int,
    together: bool,
) -> None:
    assume(any(book.values()))
    terms = terms_of(model, rows, decay=decay, quantile=quantile if decay is None else Quantile.INVERTED_CDF)
    one = held(book, equity, terms)
    (pool,) = partition(one)
    state = pool_state(pool)
    assume(not state.is_liquidatable)
    coin = next(coin for coin, size in book.items() if size)
    sides = joint_sides(state, one.betas) if together else asset_sides(state, coin)
    found = sides.down if side < 0 else sides.up
    slopes = dict.fromkeys(COINS if together else [coin], side)
    end = Exact(1) if side < 0 else Exact(50)
    want, before = Naive(one, slopes).crossing(end)
    event(f"corners before the crossing: {min(before, 5)}")
    if found is not None and Exact(found) >= end:
        found = None
    assert (found is None) == (want is None)
    assert found is None or want is None or agree(found, want)


SCENARIO_TABLES = st.lists(st.tuples(number(-100, 60, 2), number(-100, 60, 2)), min_size=1, max_size=4)


@settings(max_examples=20)
@given(table=SCENARIO_TABLES, one=sizes(), other=sizes())
def test_a_joint_scan_of_two_books_is_no_more_than_theirs(
    table: list[tuple[Decimal, Decimal]], one: dict[str, int], other: dict[str, int]
) -> None:
    tables = (
        MoveTable(("BTC",), tuple(Move(a) for a, _ in table)),
        MoveTable(("ETH", "DOGE"), tuple(Move(b) for _, b in table)),
    )
    terms = ModelTerms(model=MarginModel.SCENARIO, separate=ZERO, tables=tables)
    both = {coin: one[coin] + other[coin] for coin in COINS}
    apart = sum((Exact(figure(held(book, 1, terms))) for book in (one, other)), Exact(0))
    assert Exact(figure(held(both, 1, terms))) <= apart + NEAR


@settings(max_examples=20)
@given(rows=moves(), one=sizes(), other=sizes())
def test_the_shortfall_of_two_books_is_no_more_than_theirs(
    rows: list[tuple[Decimal, ...]], one: dict[str, int], other: dict[str, int]
) -> None:
    terms = terms_of(SHORTFALL, rows)
    both = {coin: one[coin] + other[coin] for coin in COINS}
    apart = sum((Exact(figure(held(book, 1, terms))) for book in (one, other)), Exact(0))
    assert Exact(figure(held(both, 1, terms))) <= apart + NEAR * (1 + apart)


@settings(max_examples=15)
@given(
    rows=moves(20, 10),
    book=sizes(),
    model=st.sampled_from([VAR, SHORTFALL]),
    low=chosen("0.55", "0.6", "0.7"),
    high=chosen("0.75", "0.8", "0.9"),
)
def test_both_figures_rise_with_the_confidence(
    rows: list[tuple[Decimal, ...]], book: dict[str, int], model: MarginModel, low: Decimal, high: Decimal
) -> None:
    found = [Exact(figure(held(book, 1, terms_of(model, rows, confidence=one)))) for one in (low, high)]
    assert found[0] <= found[1] + NEAR * (1 + found[1])


@settings(max_examples=15)
@given(table=SCENARIO_TABLES, weight=chosen("1", "0.5"), book=sizes())
def test_a_unit_loses_no_more_than_its_largest_weighted_move(
    table: list[tuple[Decimal, Decimal]], weight: Decimal, book: dict[str, int]
) -> None:
    rows = tuple(Move(one, weight) for one, _ in table)
    terms = ModelTerms(model=MarginModel.SCENARIO, tables=(MoveTable(("*",), rows),))
    for found in report_of(held(book, 1, terms), looks_ahead=False).portfolio_margin:
        for unit in found.units.values():
            assert unit.scan <= abs(unit.net_value) * max(abs(row.weight * row.move) for row in rows)


@settings(max_examples=15)
@given(rows=moves(), book=sizes(), model=st.sampled_from([VAR, SHORTFALL]))
def test_a_mirrored_book_on_mirrored_returns_needs_the_same(
    rows: list[tuple[Decimal, ...]], book: dict[str, int], model: MarginModel
) -> None:
    mirrored = [tuple(-move for move in row) for row in rows]
    other = {coin: -size for coin, size in book.items()}
    assert agree(figure(held(other, 1, terms_of(model, mirrored))), Exact(figure(held(book, 1, terms_of(model, rows)))))


@settings(max_examples=15)
@given(rows=moves(), book=sizes(), model=st.sampled_from([VAR, SHORTFALL]), order=st.permutations(COINS))
def test_splits_orders_and_units_of_positions_change_nothing(
    rows: list[tuple[Decimal, ...]], book: dict[str, int], model: MarginModel, order: list[str]
) -> None:
    terms = terms_of(model, rows)
    whole = held(book, 1, terms)
    halves = [
        replace(one, key=f"{one.key}{half}", quantity=one.quantity / 2) for one in whole.positions for half in "ab"
    ]
    milli = linear("BTCUSD", "BTC", "USD", size="0.001")
    thousand = [
        replace(one, contract=milli, quantity=one.quantity * 1000) if one.contract.base == "BTC" else one
        for one in whole.positions
    ]
    shuffled = [one for coin in order for one in whole.positions if one.contract.base == coin]
    for positions in (halves, thousand, shuffled):
        assert agree(figure(replace(whole, positions=tuple(positions))), Exact(figure(whole)))


@settings(max_examples=15)
@given(rows=moves(), book=sizes(), model=st.sampled_from([VAR, SHORTFALL]))
def test_a_coin_that_never_moved_changes_nothing_and_contributes_nothing(
    rows: list[tuple[Decimal, ...]], book: dict[str, int], model: MarginModel
) -> None:
    still = [(*row[:2], ZERO) for row in rows]
    with_coin, without = (held(one, 1, terms_of(model, still)) for one in (book, {**book, "DOGE": 0}))
    assert agree(figure(with_coin), Exact(figure(without)))
    for found in report_of(with_coin, looks_ahead=False).portfolio_margin:
        assert [one.risk for one in found.contributions if one.symbol == "DOGEUSD" and one.risk] == []


PRICED = st.lists(st.tuples(*[st.integers(50, 200)] * len(COINS)), min_size=6, max_size=15)


@settings(max_examples=15)
@given(rows=PRICED, window=st.integers(0, 3), horizon=st.integers(1, 3))
def test_windows_and_blocks_of_a_history(rows: list[tuple[int, ...]], window: int, horizon: int) -> None:
    past = History(
        file="h.csv",
        dates=tuple(f"day {k}" for k in range(len(rows))),
        days=tuple(range(len(rows))),
        columns={coin: tuple(Decimal(row[k]) for row in rows) for k, coin in enumerate(COINS)},
    )
    every = returns_of(past, COINS, ReturnSpan(horizon))
    assert returns_of(past, COINS, ReturnSpan(horizon), ReturnPeriod(window=len(every.moves) + window)) == every
    assert len(every.moves) == len(rows) - horizon
    blocks = returns_of(past, COINS, ReturnSpan(horizon, overlapping=False))
    assert blocks.dates == every.dates[::-1][::horizon][::-1]
    assert blocks.moves == every.moves[::-1][::horizon][::-1]


@settings(max_examples=10)
@given(rows=moves(), book=sizes(), tail=st.sampled_from(TailMean))
def test_the_report_has_both_figures_whichever_is_the_models(
    rows: list[tuple[Decimal, ...]], book: dict[str, int], tail: TailMean
) -> None:
    assume(any(book.values()))
    found = []
    for model in (VAR, SHORTFALL):
        one = held(book, 1, terms_of(model, rows, tail=tail))
        assert one.model is not None
        asked = margins_of(one, one.positions, one.balances, one.model)
        told = tail_figures(asked.exposures, one.model, Grade.MAINTENANCE)
        found.append((told.value_at_risk, told.expected_shortfall))
        own = told.value_at_risk if model is VAR else told.expected_shortfall
        assert figure(one) == max(ZERO, own)
    assert found[0] == found[1]
