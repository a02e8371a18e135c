"""The screen against the exact core: what it decides is decided rightly, what it cannot promise it leaves.

A few hundred accounts in an ordinary run; 100,000 random ones and 20,000 on thresholds with ``pytest --deep``.
"""

from decimal import Decimal
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.books.compare import compared
from tests.books.random_books import NUMBERS, Book, batch_of, random_book
from tests.books.thresholds import placed
from tests.builders import PRICES, account, d, flat, haircuts, inverse, linear, position, tiers

from marginctl.books.compiled import FALLS, JUMPS, ModeTerms, ScreenLimit, compile_book
from marginctl.books.float_screen import REASONS, is_built, screen
from marginctl.core.account import AssetTerms
from marginctl.core.contract import HaircutTier, derived_deductions
from marginctl.core.value import merged_entry

pytestmark = pytest.mark.skipif(not is_built(), reason="the kernel is not built")

LONG, SHORT = 1, -1
SEEDS = st.integers(0, 10**12)
ACCOUNTS = 20


@pytest.mark.rounds(800)
@settings(max_examples=8)
@given(SEEDS, st.sampled_from(("decimal", "text")), st.booleans())
def test_what_is_decided_is_what_the_exact_core_says(seed: int, form: str, plain: bool) -> None:
    assert compared(random_book(seed, ACCOUNTS, plain=plain), form).differences == []


@pytest.mark.rounds(800)
@settings(max_examples=25)
@given(SEEDS)
def test_no_verdict_comes_from_rounding(seed: int) -> None:
    found = placed(seed)
    if found is not None:
        assert compared(found[1], "text").differences == []


def test_most_accounts_are_decided() -> None:
    found = [compared(random_book(seed, 40, plain=True)).reasons for seed in range(8)]
    assert sum(one["decided"] for one in found) > 0.9 * sum(one.total() for one in found)


# ---- one account at a time, by hand ----


def book_of(*positions: Any, limits: dict[str, ScreenLimit] | None = None, **fields: Any) -> Book:
    """A book of one account."""
    fields["terms"] = dict.fromkeys(PRICES, AssetTerms()) | fields.get("terms", {})
    one = account(*positions, **fields)
    bare = replace(one, balances={}, positions=())
    contracts = {held.contract.symbol: held.contract for held in positions}
    rows: list[dict[str, Any]] = []
    for held in positions:
        row: dict[str, Any] = {
            name: getattr(held, name) for name in ("quantity", "entry_price", "mark_price", "leverage")
        }
        row["isolated_margin"] = held.isolated_margin
        words = {"symbol": held.contract.symbol, "side": "long" if held.side > 0 else "short"}
        rows.append(row | words | {"margin_mode": held.margin_mode.value})
    return Book((ModeTerms(account=bare),), contracts, limits or {}, [one], [rows])


def figures_of(book: Book, form: str = "text") -> dict[str, Any]:
    """What the screen says of its account, and why not."""
    found = screen(book.compiled, batch_of(book, form))
    names = ("equity", "initial_margin", "maintenance_margin", "utilization", "liquidation_down", "nearest_move")
    return (
        {"why": REASONS[found.why[0]]}
        | {name: float(found.figure(name)[0]) for name in names}
        | {name: found.column(name)[0].as_py() for name in ("state", "verdict", "failed", "warned", "worst_pool")}
    )


def test_a_long_by_hand() -> None:
    """1,000 USDT, long 10 BTC at 100 and 10x, 1% maintenance. Equity 1000; initial 10 * 100 / 10; maintenance 10.

    Falling by u: 1000 - 1000 u - 0.01 * 1000 (1 - u) = 0 at u = 1: the price is gone, and nothing is needed.
    With 500 USDT: 500 - 1000 u - 10 + 10 u = 0 at u = 490 / 990.
    """
    held = position(linear(table=flat("0.01", "0.05")), LONG, 10, 100, leverage=10)
    found = figures_of(book_of(held, balances={"USDT": 500}))
    assert found["why"] == "decided"
    assert (found["equity"], found["initial_margin"], found["maintenance_margin"]) == (500, 100, 10)
    assert found["utilization"] == 0.2
    assert found["liquidation_down"] == pytest.approx(-490 / 990, abs=1e-15)
    assert found["nearest_move"] == found["liquidation_down"]
    assert (found["state"], found["verdict"], found["worst_pool"]) == ("healthy", "pass", "cross")


def test_health_of_exactly_0_is_left_to_decimals() -> None:
    """Equity 10 against 10 x 100 x 1% of maintenance: in decimals not liquidated."""
    held = position(linear(table=flat("0.01", "0.05")), LONG, 10, 100, leverage=100)
    assert figures_of(book_of(held, balances={"USDT": 10}))["why"] == "health"
    assert figures_of(book_of(held, balances={"USDT": "10.5"}))["why"] == "decided"


def test_what_cancels_leaves_no_debt() -> None:
    """56.37 - 41.2 - 15.17 is 0, and 1e-14 in binary numbers: a loan rate on it would make it liquidatable."""
    held = [
        position(linear("BTCUSDT"), LONG, 1, 100, leverage=10, isolated_margin="41.2"),
        position(linear("ETHUSDT", "ETH"), LONG, 1, 10, leverage=10, isolated_margin="15.17"),
    ]
    terms = {"USDT": AssetTerms(loan_rate=d("0.05"))}
    book = book_of(*held, balances={"USDT": "56.37"}, terms=terms)
    assert compared(book, "text").reasons == {"decided": 1}
    assert compared(book, "text").differences == []
    assert compared(book, "decimal").differences == []


def test_rows_of_one_side_are_one_position() -> None:
    """2 at 90 and 6 at 110 of a linear contract are 8 at 105; of an inverse one 8 at 8 / (2 / 90 + 6 / 110)."""
    lots = [(d(2), d(90)), (d(6), d(110))]
    for contract in (linear(table=flat("0.01", "0.05")), inverse(table=flat("0.01", "0.05"))):
        held = position(contract, LONG, 8, merged_entry(contract, lots), 100, leverage=10)
        book = book_of(held, balances={"USDT": 500, "BTC": 1})
        row = book.rows[0][0]
        rows = [row | {"quantity": quantity, "entry_price": entry} for quantity, entry in lots]
        merged = book._replace(rows=[rows])
        assert (compared(merged).reasons, compared(merged).differences) == ({"decided": 1}, [])
        other = book._replace(rows=[[rows[0], rows[1] | {"leverage": d(5)}]])
        assert figures_of(other)["why"] == "input"


def test_isolated_margins_beside_the_balances() -> None:
    """50 of 550 USDT are set aside: the same account, however its balance is written."""
    held = position(linear(table=flat("0.01", "0.05")), LONG, 1, 100, leverage=10, isolated_margin=50)
    other = position(linear("ETHUSDT", "ETH", table=flat("0.01", "0.05")), SHORT, 20, 10, leverage=10)
    whole = book_of(held, other, balances={"USDT": 550})
    found = screen(whole.compiled, batch_of(whole, "text"))
    less = book_of(held, other, balances={"USDT": 500})
    compiled = compile_book(less.modes, less.contracts, apart=True)
    apart = screen(compiled, batch_of(less, "text"))
    assert found.why.tolist() == apart.why.tolist() == [0]
    assert found.figures.tobytes() == apart.figures.tobytes()


@pytest.mark.parametrize(
    ("fields", "why"),
    [({"purpose": "hedge"}, "decided"), ({"purpose": "fun"}, "input"), ({"funding_rate": 2}, "input")],
)
def test_what_changes_no_figure_must_still_be_right(fields: dict[str, Any], why: str) -> None:
    book = book_of(position(linear(), LONG, 10, 100, leverage=10), balances={"USDT": 500})
    row = batch_of(book, "binary").to_pylist()[0]
    row["positions"][0] |= fields
    assert REASONS[screen(book.compiled, pa.RecordBatch.from_pylist([row])).why[0]] == why
    row["positions"] *= 2
    assert REASONS[screen(book.compiled, pa.RecordBatch.from_pylist([row])).why[0]] == "input"


def test_legs_of_one_size_net_to_nothing() -> None:
    legs = [position(linear(), LONG, "0.1", 100, leverage=10), position(linear(), SHORT, "0.1", 110, 100, leverage=10)]
    found = figures_of(book_of(*legs, balances={"USDT": 50}, hedge=True))
    assert (found["why"], found["initial_margin"], found["maintenance_margin"]) == ("decided", 0, 0)
    assert compared(book_of(*legs, balances={"USDT": 50}, hedge=True)).differences == []


def test_a_jump_on_the_way_is_a_crossing() -> None:
    """Rates on the whole notional: 1% to 1,000 and 50% above. Short 9 at 100 with 400: at 111.11 it needs 500."""
    table = tiers((1000, "0.01", "0.02"), (None, "0.5", "1"), deductions=[0, 0])
    book = book_of(position(linear(table=table), SHORT, 9, 100, leverage=10), balances={"USDT": 400})
    assert compared(book).reasons == {"decided": 1}
    assert compared(book).differences == []
    up = float(screen(book.compiled, batch_of(book, "decimal")).figure("liquidation_up")[0])
    assert up == pytest.approx(1000 / 900 - 1, rel=1e-12)


def test_a_size_at_a_border_that_jumps_is_left_to_decimals() -> None:
    table = tiers((1000, "0.01", "0.02"), (None, "0.5", "1"), deductions=[0, 0])
    book = book_of(position(linear(table=table), SHORT, 10, 100, leverage=10), balances={"USDT": 4000})
    assert figures_of(book)["why"] == "border"


def test_limits_are_judged() -> None:
    """Utilization 100 / 500 = 20% against a warning above 10%; leverage 1000 / 500 = 2 against at most 1.5."""
    held = position(linear(table=flat("0.01", "0.05")), LONG, 10, 100, leverage=10)
    limits = {"MC101": ScreenLimit(d("0.5"), d("0.1")), "MC104": ScreenLimit(d("1.5"), d(1))}
    found = figures_of(book_of(held, balances={"USDT": 500}, limits=limits))
    assert (found["failed"], found["warned"], found["verdict"]) == (["MC104"], ["MC101"], "fail")
    met = {"MC101": ScreenLimit(d("0.2"))}
    assert figures_of(book_of(held, balances={"USDT": 500}, limits=met))["why"] == "limit"


def test_one_underlying_is_all_of_it_to_the_last_digit() -> None:
    held = position(linear(), LONG, 10, 100, leverage=10)
    nearly = {"MC107": ScreenLimit(ONE_LESS, None)}
    assert figures_of(book_of(held, balances={"USDT": 500}, limits=nearly))["failed"] == ["MC107"]
    whole = {"MC107": ScreenLimit(d(1), None)}
    assert figures_of(book_of(held, balances={"USDT": 500}, limits=whole))["failed"] == []


ONE_LESS = Decimal("0.9999999999999999999999999999")


# ---- the tables ----


def test_curves_that_jump_or_fall_are_known_from_the_decimals() -> None:
    borders = [d("0.1") * n for n in range(1, 5)]
    rates = [d("0.01") * n for n in range(1, 6)]
    even = tiers(*zip((*borders, None), rates, [None] * 5, strict=True))
    assert [tier.deduction for tier in even] == derived_deductions([d(0), *borders], rates)
    off = list(even)
    off[2] = replace(off[2], deduction=off[2].deduction + d("1e-40"))
    found = [compile_of(linear(table=tuple(rows))).tables[2]["flags"][0] & JUMPS for rows in (even, off)]
    assert found == [0, JUMPS]


def compile_of(contract: Any, **terms: AssetTerms) -> Any:
    return compile_book((ModeTerms(account=account(terms=terms)),), {contract.symbol: contract})


def test_haircuts_that_fall_are_known_from_the_decimals() -> None:
    rises, falls = haircuts((1, "0.1"), (None, "0.2")), haircuts((1, "0.2"), (None, "0.1"))
    compiled = [compile_of(inverse(), BTC=AssetTerms(rows)) for rows in (rises, falls)]
    flags = [one.tables[3]["flags"][one.assets["BTC"]] & FALLS for one in compiled]
    assert flags == [0, FALLS]
    assert isinstance(rises[0], HaircutTier)


# ---- the batch ----


def same_rows(one: Any, other: Any) -> bool:
    """Byte for byte."""
    return all(a.tobytes() == b.tobytes() for a, b in zip(one[1:], other[1:], strict=True))


@pytest.mark.parametrize("form", NUMBERS)
def test_rows_do_not_depend_on_what_stands_beside_them(form: str) -> None:
    book = random_book(11, 60)
    compiled, batch = book.compiled, batch_of(book, form)
    whole = screen(compiled, batch)
    parts = [screen(compiled, batch.slice(begin, 7)) for begin in range(0, 60, 7)]
    for place, rows in ((1, "figures"), (2, "codes"), (3, "marks")):
        joined = b"".join(row.tobytes() for k in range(len(whole[place])) for row in (part[place][k] for part in parts))
        assert joined == whole[place].tobytes(), rows
    order = list(range(60))
    Random(1).shuffle(order)
    mixed = screen(compiled, batch.take(pa.array(order)))
    assert all(found.tobytes() == kept[:, order].tobytes() for found, kept in zip(mixed[1:], whole[1:], strict=True))


def test_numbers_count_as_they_are_stored() -> None:
    """Decimals of 8 places, their text and the binary numbers nearest to them are the same accounts."""
    book = random_book(23, 60)
    rounded = [replace(one, balances={a: round(x, 8) for a, x in one.balances.items()}) for one in book.accounts]
    book = book._replace(accounts=rounded)
    found = [screen(book.compiled, batch_of(book, form)) for form in NUMBERS]
    assert same_rows(found[0], found[1])
    assert found[0].why.tolist() == found[2].why.tolist()
    decided = ~found[0].undecided
    assert (found[0].marks[:, decided] == found[2].marks[:, decided]).all()


@pytest.mark.parametrize(
    ("column", "name", "value"),
    [
        ("positions", "quantity", None),
        ("positions", "quantity", "0"),
        ("positions", "quantity", "nan"),
        ("positions", "quantity", "1,000"),
        ("positions", "symbol", "NOSUCH"),
        ("positions", "symbol", None),
        ("positions", "side", "buy"),
        ("positions", "margin_mode", "portfolio"),
        ("positions", "entry_price", "-1"),
        ("positions", "leverage", "inf"),
        ("positions", "isolated_margin", "5"),
        ("positions", "maintenance_deduction", "5"),
        ("balances", "amount", None),
        ("balances", "amount", ""),
        ("balances", "asset", "NOSUCH"),
    ],
)
def test_a_bad_row_is_left_to_the_exact_core_and_the_others_stay(column: str, name: str, value: str | None) -> None:
    held = position(linear(), LONG, 10, 100, leverage=10)
    one = book_of(held, balances={"USDT": 500})
    book = one._replace(accounts=one.accounts * 3, rows=one.rows * 3)
    good = batch_of(book, "text")
    rows = good.to_pylist()
    rows[1][column][0][name] = value
    found = screen(book.compiled, pa.RecordBatch.from_pylist(rows, good.schema))
    assert [REASONS[why] for why in found.why] == ["decided", "input", "decided"]
    kept = screen(book.compiled, good)
    assert found.figures[:, [0, 2]].tobytes() == kept.figures[:, [0, 2]].tobytes()


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("collateral_mode", "portfolio", "input"),
        ("position_mode", "both", "input"),
        ("netting", "some", "input"),
        ("venue", "elsewhere", "input"),
        ("liquidation_level", "1.1", "input"),
        ("netting", "none", "decided"),
        ("venue", "generic", "decided"),
    ],
)
def test_options_of_a_row(option: str, value: str, why: str) -> None:
    book = book_of(position(linear(), LONG, 10, 100, leverage=10), balances={"USDT": 500})
    row = batch_of(book, "text").to_pylist()[0]
    found = screen(book.compiled, pa.RecordBatch.from_pylist([row | {option: value}]))
    assert [REASONS[one] for one in found.why] == [why]


def test_an_empty_batch() -> None:
    book = random_book(1, 2)
    assert screen(book.compiled, batch_of(book, "text").slice(0, 0)).why.tolist() == []


def test_missing_columns_are_null() -> None:
    batch = pa.RecordBatch.from_pylist(
        [{"account_id": "a", "balances": [{"asset": "USDT", "amount": 5}], "positions": None}]
    )
    found = screen(book_of(balances={"USDT": 5}).compiled, batch)
    assert (REASONS[found.why[0]], float(found.figure("equity")[0])) == ("decided", 5)
    alone = screen(book_of(balances={"USDT": 5}).compiled, batch.select(["account_id"]))
    assert REASONS[alone.why[0]] == "input"
