"""Several answers of one account: pages, moments, and what is left out."""

from fractions import Fraction
from typing import Any

from marginctl.portfolio.importing.gathering import Gathered, gathered
from marginctl.portfolio.importing.notebook import Notebook
from marginctl.venues.answers.account import LeftOut, Lost, MorePages, VenueAnswer

from .answers import amount, answer, asset, position


def of(*answers: VenueAnswer) -> tuple[Gathered, Notebook]:
    notes = Notebook()
    return gathered(answers, notes), notes


def page(file: str, symbol: str, **more: Any) -> VenueAnswer:
    return answer("position", "positions", file=file, positions=(position(symbol),), **more)


def symbols(whole: Gathered) -> list[str]:
    return [row.symbol for row in whole.positions]


def test_pages_are_joined_and_a_row_in_both_counts_once() -> None:
    more = MorePages("cursor", "abc", 20)
    whole, notes = of(page("a.json", "ETHUSDT", more=more), page("b.json", "BTCUSDT"), page("c.json", "ETHUSDT"))
    assert symbols(whole) == ["BTCUSDT", "ETHUSDT"]
    assert notes.missing == []


def test_a_first_page_alone_asks_for_the_next() -> None:
    _, notes = of(page("a.json", "ETHUSDT", more=MorePages("cursor", "abc", 20)))
    assert [(one.fact, one.flag) for one in notes.missing] == [
        ("a.json is a first page of 20 rows", "the next page of the same answer: cursor=abc")
    ]


def test_of_two_moments_the_newer_is_used_whole() -> None:
    old = answer("position", "positions", file="a.json", as_of="2025-01-01T00:00:00Z", positions=(position(),))
    new = answer(
        "position", "positions", file="b.json", as_of="2025-01-01T00:00:01Z", positions=(position(quantity="3"),)
    )
    whole, notes = of(old, new)
    assert [row.quantity.value for row in whole.positions] == [3]
    assert notes.remarks == {"account": ["a.json (2025-01-01T00:00:00Z) is older than b.json: not used"]}


def test_two_moments_without_times_are_a_contradiction() -> None:
    rows = [answer("position", "positions", file=f"{n}.json", positions=(position(quantity=n),)) for n in "12"]
    _, notes = of(*rows)
    assert [one.fact for one in notes.missing] == ["1.json and 2.json say different things of the same rows"]


def test_a_row_takes_from_another_answer_what_it_lacks_if_both_are_of_one_moment() -> None:
    account = answer(
        "account",
        "account",
        "collateral",
        "positions",
        positions=(position(unrealized_pnl="5", leverage="10", initial_margin="3"),),
        expect={"equity": amount("100")},
    )
    risk = answer("risk", "positions", positions=(position(unrealized_pnl="5", mark_price="7"),))
    whole, notes = of(account, risk)
    (row,) = whole.positions
    assert [one and one.value for one in (row.leverage, row.initial_margin, row.mark_price)] == [10, 3, 7]
    assert (whole.totals, notes.apart) == ({"equity": amount("100")}, [])


def test_totals_of_another_moment_are_apart() -> None:
    account = answer(
        "account",
        "account",
        "collateral",
        "positions",
        positions=(position(unrealized_pnl="5", leverage="10", initial_margin="3"),),
        expect={"equity": amount("100"), "cross.equity": amount("90")},
    )
    risk = answer("risk", "positions", positions=(position(unrealized_pnl="6"),))
    whole, notes = of(account, risk)
    (row,) = whole.positions
    assert (row.leverage and row.leverage.value, row.initial_margin) == (10, None)
    assert whole.totals == {}
    assert [(one.subject, one.figure, one.theirs) for one in notes.apart] == [
        ("totals", "equity", 100),
        ("cross", "equity", 90),
    ]
    assert {one.reason for one in notes.apart} == {"of another moment than the positions"}


def test_what_is_left_out_keeps_totals_from_being_compared() -> None:
    wallet = answer("wallet", "collateral", expect={"equity": amount("1")}, lost=(Lost("orders", "orders"),))
    options = LeftOut("option positions", 4, ("A", "B", "C", "D"))
    rows = answer("position", "positions", left_out=(options,))
    _, notes = of(wallet, rows)
    assert notes.incomplete == ["4 option positions (A, B, C, ...)", "orders"]
    assert [one.reason for one in notes.apart] == ["4 option positions (A, B, C, ...); orders left out"]
    whole, notes = of(wallet, answer("position", "positions"), answer("order", "orders"))
    assert (list(whole.totals), notes.incomplete) == (["equity"], [])


def test_balances_are_those_of_the_answer_that_says_most() -> None:
    account = answer("account", "account", "collateral", collateral=(asset("USDT", "5"), asset("BTC", "1")))
    older = answer("balance", "collateral", collateral=(asset("USDT", "6"),))
    whole, notes = of(older, account)
    assert {name: row.amount.value for name, row in whole.assets.items()} == {"BTC": 1, "USDT": 5}
    assert notes.remarks == {"collateral": ["USDT: account.json counts, balance.json shows another balance"]}


def test_a_wallet_older_than_the_positions_is_a_remark() -> None:
    wallet = answer("wallet", "collateral", as_of="2025-01-01T00:00:00Z", collateral=(asset("USDT", "5"),))
    rows = answer("position", "positions", as_of="2025-01-01T00:00:09Z")
    whole, notes = of(wallet, rows)
    assert whole.as_of == "2025-01-01T00:00:09Z"
    (remark,) = notes.remarks["collateral"]
    times = "wallet.json of 2025-01-01T00:00:00Z, position.json of 2025-01-01T00:00:09Z"
    assert remark == f"the balances are older than the positions: {times}"


def test_rows_stand_in_one_order_whatever_that_of_the_answer() -> None:
    rows = [position("ETHUSDT"), position("BTCUSDT", "short", leg="short"), position("BTCUSDT", leg="long")]
    names = [("BTCUSDT", "long"), ("BTCUSDT", "short"), ("ETHUSDT", "long")]
    for order in (rows, rows[::-1]):
        whole, _ = of(answer("position", "positions", positions=tuple(order)))
        assert [(row.symbol, row.side) for row in whole.positions] == names
    assert Fraction(2) == whole.positions[0].quantity.value
