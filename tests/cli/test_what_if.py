# ruff: noqa: E501 - tables with one case a line
"""``what-if``: what a change does to the file's text, to the figures, and to the exit code."""

import difflib
import json
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cli.running import TODAY, Ran, run
from tests.portfolio import strategies
from tests.portfolio.books import TODAY as DAY

from marginctl.analysis.check import Settings, check, load_portfolio
from marginctl.analysis.what_if import what_if
from marginctl.cli.what_if import ChangeFlags
from marginctl.core.plain import as_plain
from marginctl.document.reader import read
from marginctl.render import Options, render
from marginctl.results import WhatIfResult

PORTFOLIOS = sorted((Path(__file__).parents[2] / "portfolios").glob("*.yaml"))
DESK = str(PORTFOLIOS[0].parent / "desk.yaml")
"""A file that lies beside the histories of the others."""

BOOK = """\
# desk A
prices: {BTC: 60000, ETH: 3000} # this morning
collateral:
  - {asset: USDT, amount: 20000} # all of it
positions:
  - symbol: BTCUSDT
    side: long
    quantity: 0.5        # half a coin
    entry_price: 58000
    leverage: 10
    maintenance_rate: 0.5%
  - {symbol: ETHUSDT, side: short, quantity: 4, entry_price: 3100, leverage: 8, maintenance_rate: 1%}
limits: {max_utilization: 70%, max_concentration: off, min_funding_runway: off}
"""


def changed(text: str, **flags: list[str]) -> WhatIfResult:
    """Both accounts of a text."""
    return what_if(text.encode(), DESK, ChangeFlags.read(**flags).changes(), Settings(today=DAY))[0]


def rewritten(text: str, **flags: list[str]) -> str:
    """The text after the changes, which must be possible."""
    found, new = what_if(text.encode(), DESK, ChangeFlags.read(**flags).changes(), Settings(today=DAY))
    assert found.after is not None, [problem.message for problem in found.problems]
    return new


def lines(text: str, new: str) -> list[str]:
    """The lines that went (``-``) and came (``+``)."""
    return [line for line in difflib.ndiff(text.splitlines(), new.splitlines()) if line[0] in "+-"]


@pytest.mark.parametrize(
    ("flags", "edited", "notes"),
    [
        pytest.param(
            {"close": ["ETHUSDT"]},
            [
                "-   - {asset: USDT, amount: 20000} # all of it",
                "+   - {asset: USDT, amount: 20400} # all of it",
                "-   - {symbol: ETHUSDT, side: short, quantity: 4, entry_price: 3100, leverage: 8, maintenance_rate: 1%}",
            ],
            ["closed ETHUSDT short: 4 at 3,000, which realises 400 USDT"],
            id="closing pays the profit: 4 x (3100 - 3000)",
        ),
        pytest.param(
            {"close": ["BTCUSDT @ 57000"]},
            ["-   - {asset: USDT, amount: 20000} # all of it", "+   - {asset: USDT, amount: 19500} # all of it"],
            ["closed BTCUSDT long: 0.5 at 57,000, which realises -500 USDT"],
            id="closing at a price takes the loss: 0.5 x (57000 - 58000)",
        ),
        pytest.param(
            {"resize": ["BTCUSDT=0.2"]},
            [
                "-   - {asset: USDT, amount: 20000} # all of it",
                "+   - {asset: USDT, amount: 20600} # all of it",
                "-     quantity: 0.5        # half a coin",
                "+     quantity: 0.2        # half a coin",
            ],
            ["closed BTCUSDT long: 0.3 at 60,000, which realises 600 USDT"],
            id="less of a position: 0.3 x 2000",
        ),
        pytest.param(
            {"resize": ["BTCUSDT=1"]},
            [
                "-     quantity: 0.5        # half a coin",
                "+     quantity: 1        # half a coin",
                "-     entry_price: 58000",
                "+     entry_price: 59000",
            ],
            ["opened BTCUSDT long: 0.5 at 60,000"],
            id="more of a position: (0.5 x 58000 + 0.5 x 60000) / 1",
        ),
        pytest.param(
            {"resize": ["BTCUSDT=0.7"]},
            [
                "+   - {symbol: BTCUSDT, side: long, quantity: 0.2, entry_price: 60000, leverage: 10, maintenance_rate: 0.5%}",
            ],
            ["opened BTCUSDT long: 0.2 at 60,000"],
            id="a row more where the merged entry has no end: 41000 / 0.7",
        ),
        pytest.param(
            {"resize": ["ETHUSDT=5 @ 3050"]},
            [
                "-   - {symbol: ETHUSDT, side: short, quantity: 4, entry_price: 3100, leverage: 8, maintenance_rate: 1%}",
                "+   - {symbol: ETHUSDT, side: short, quantity: 5, entry_price: 3090, leverage: 8, maintenance_rate: 1%}",
            ],
            ["opened ETHUSDT short: 1 at 3,050"],
            id="more at a price: (4 x 3100 + 3050) / 5",
        ),
        pytest.param(
            {"open": ["BTCUSDT long 0.25 @ 60500 x10"]},
            [
                "+   - {symbol: BTCUSDT, side: long, quantity: 0.25, entry_price: 60500, leverage: 10, maintenance_rate: 0.5%}",
            ],
            ["opened BTCUSDT long: 0.25 at 60,500"],
            id="more of a position, as a row on its terms",
        ),
        pytest.param(
            {"open": ["SOLUSDT short 10 x5 maintenance_rate=1% purpose=hedge"], "price": ["SOL=150"]},
            [
                "- prices: {BTC: 60000, ETH: 3000} # this morning",
                "+ prices: {BTC: 60000, ETH: 3000, SOL: 150} # this morning",
                "+   - {symbol: SOLUSDT, side: short, quantity: 10, leverage: 5, maintenance_rate: 1%, purpose: hedge}",
            ],
            ["SOL priced at 150", "opened SOLUSDT short: 10 at its mark"],
            id="a new contract, its price first",
        ),
        pytest.param(
            {"deposit": ["USDT=0.5", "USDC=100"], "withdraw": ["USDT=5000.25"]},
            [
                "-   - {asset: USDT, amount: 20000} # all of it",
                "+   - {asset: USDT, amount: 15000.25} # all of it",
                "+   - {asset: USDC, amount: 100}",
            ],
            ["deposited 0.5 USDT", "deposited 100 USDC", "withdrew 5,000.25 USDT"],
            id="transfers, one into an asset that was not held",
        ),
        pytest.param(
            {"price": ["BTC=55000"]},
            [
                "- prices: {BTC: 60000, ETH: 3000} # this morning",
                "+ prices: {BTC: 55000, ETH: 3000} # this morning",
            ],
            ["BTC price from 60,000 to 55,000"],
            id="a price",
        ),
        pytest.param(
            {"mode": ["BTCUSDT=isolated"]},
            ["+     margin_mode: isolated", "+     isolated_margin: 3000"],
            ["BTCUSDT isolated behind 3,000 USDT"],
            id="isolated behind its initial margin: 30000 / 10",
        ),
        pytest.param({"mode": ["cross"]}, [], ["margin mode: cross already"], id="nothing to do"),
        pytest.param({"resize": ["ETHUSDT=4"]}, [], ["ETHUSDT has that quantity already"], id="nothing to resize"),
        pytest.param({}, [], [], id="no change"),
    ],
)  # fmt: skip
def test_the_file_changes_where_it_is_meant_to(flags, edited, notes):
    new = rewritten(BOOK, **flags)
    shown = lines(BOOK, new)
    assert shown[: len(edited)] == edited if flags.get("close") else sorted(shown) == sorted(edited)
    assert list(changed(BOOK, **flags).notes) == notes


def test_a_whole_row_in_block_style_goes_with_its_comments():
    new = rewritten(BOOK, close=["BTCUSDT"])
    assert "half a coin" not in new
    assert "this morning" in new
    assert lines(BOOK, new)[2:] == [f"- {line}" for line in BOOK.splitlines()[5:11]]


def figures(text: str, **flags: list[str]) -> dict[str, Any]:
    """The changes by path."""
    return {one["figure"]: one for one in as_plain(changed(text, **flags))["changes"]}


def test_before_after_and_difference_of_figures():
    moved = figures(BOOK, price=["BTC=55000"])
    # equity 20000 + 0.5 x 2000 + 4 x 100 = 21400; 0.5 x 5000 less
    assert moved["totals.equity"] == {
        "figure": "totals.equity", "before": 21400, "after": 18900, "difference": -2500, "turn": "worse",
    }  # fmt: skip
    # 30000 / 10 = 3000; 27500 / 10
    assert moved["positions.BTCUSDT.initial_margin"]["difference"] == -250
    assert moved["positions.BTCUSDT.initial_margin"]["turn"] == "better"
    # (3000 + 1500) / 21400 and (2750 + 1500) / 18900, rounded up
    assert moved["checks.MC101.cross"]["before"] == Decimal("0.2102803738")
    assert moved["checks.MC101.cross"]["after"] == Decimal("0.2248677249")
    assert moved["underlyings.cross.BTC.net_notional"]["difference"] == -2500
    assert "positions.ETHUSDT.notional" not in moved
    assert "positions.ETHUSDT.quantity" not in moved


def test_rows_that_come_and_go_have_nothing_on_the_other_side():
    moved = figures(BOOK, close=["ETHUSDT"], deposit=["USDC=5"])
    assert moved["positions.ETHUSDT.quantity"] == {
        "figure": "positions.ETHUSDT.quantity", "before": 4, "after": None, "difference": None, "turn": None,
    }  # fmt: skip
    assert (moved["collateral.cross.USDC.balance"]["before"], moved["collateral.cross.USDC.balance"]["after"]) == (
        None,
        5,
    )


def test_a_position_that_gets_a_second_leg_keeps_its_path_with_its_side():
    hedged = "account: {position_mode: hedge}\n" + BOOK
    moved = figures(hedged, open=["BTCUSDT short 1 x10"])
    assert moved["positions.BTCUSDT:short.quantity"]["after"] == 1
    assert "positions.BTCUSDT.quantity" not in moved
    assert "positions.BTCUSDT:long.quantity" not in moved


NOTIONALS = """\
prices: {BTC: 60000, USDT: 1.25}
collateral: [{asset: USDT, amount: 20000}, {asset: BTC, amount: 1, haircut: 5%}]
contracts: {BTCUSD: {type: inverse, base: BTC, quote: USD, contract_size: 100}}
positions:
  - {symbol: BTCUSDT, side: long, notional: 3000, initial_margin: 300, maintenance_rate: 0.5%}
  - {symbol: BTCUSD, side: short, quantity: 70, entry_price: 57000, mark_price: 60100, leverage: 10, maintenance_rate: 1%}
"""


def test_a_price_leaves_sizes_and_entries_and_moves_given_marks():
    new = rewritten(NOTIONALS, price=["BTC=63000"])
    # 3000 / 48000 = 0.0625 contracts, entered at 60000 / 1.25; the margin is 10% of the notional; 60100 x 1.05
    assert new.splitlines()[4] == (
        "  - {symbol: BTCUSDT, side: long, quantity: 0.0625, initial_margin: 315, maintenance_rate: 0.5%, entry_price: 48000}"
    )
    assert "mark_price: 63105," in new
    assert changed(NOTIONALS, price=["BTC=63000"]).notes == (
        "BTC price from 60,000 to 63,000", "the mark of BTCUSD follows: 63,105",
    )  # fmt: skip


def test_what_has_no_finite_decimal_is_rounded_to_the_cautious_side_and_says_so():
    # 70 x 100 x (1 / 60100 - 1 / 57000) BTC, a loss of 0.0063344...: down is the larger loss
    exact = Decimal(7000) * (Decimal(1) / 60100 - Decimal(1) / 57000)
    found = changed(NOTIONALS, close=["BTCUSD"])
    note = found.notes[1]
    amount = Decimal(note.rpartition(" ")[2])
    assert note.startswith("the realised PnL of BTCUSD has no finite decimal: rounded down to -0.00633")
    assert amount < exact < amount + Decimal("1e-12")
    held = next(row for row in as_plain(found.after)["collateral"] if row["asset"] == "BTC")
    assert held["balance"] == 1 + amount


MERGED = """\
prices: {BTC: 60000}
collateral: [{asset: USDT, amount: 20000}]
positions:
  - {symbol: BTCUSDT, side: long, quantity: 1, entry_price: 59000, initial_margin: 6000, maintenance_rate: 0.5%}
  - {symbol: BTCUSDT, side: long, quantity: 2, entry_price: 61000, initial_margin: 12000, maintenance_rate: 0.5%}
limits: {max_utilization: off}
"""


def test_less_of_several_rows_is_one_row_and_keeps_the_equity_to_the_last_digit():
    found = changed(MERGED, resize=["BTCUSDT=1.5"])
    before, after = (as_plain(one) for one in (found.before, found.after))
    (row,) = after["positions"]
    # (59000 + 2 x 61000) / 3 = 60333.33..., written against the long; half of the 18000
    assert (row["quantity"], row["entry_price"], row["initial_margin"]) == (
        Decimal("1.5"), Decimal("60333.333333333334"), 9000,
    )  # fmt: skip
    assert after["totals"]["equity"] == before["totals"]["equity"] == 19000
    assert any("entry price of BTCUSDT has no finite decimal: rounded up" in note for note in found.notes)


ORDERS = (
    BOOK
    + """\
orders:
  - {symbol: BTCUSDT, side: buy, quantity: 0.1, price: 59000}
  - {symbol: BTCUSDT, side: sell, quantity: 0.1, price: 66000, reduce_only: true}
  - {symbol: SOLUSDT, side: buy, quantity: 10, price: 140, leverage: 5}
"""
)
ORDERS = ORDERS.replace("ETH: 3000}", "ETH: 3000, SOL: 150}")


def test_orders_keep_their_rate_when_the_position_they_had_it_from_goes():
    for flags in ({"close": ["BTCUSDT"]}, {"mode": ["BTCUSDT=isolated"]}):
        new = rewritten(ORDERS, **flags)
        assert "{symbol: BTCUSDT, side: buy, quantity: 0.1, price: 59000, leverage: 10}" in new
        assert "reduce_only: true}" in new


def test_orders_hand_their_rate_to_a_position_that_comes():
    new = rewritten(ORDERS, open=["SOLUSDT long 3 maintenance_rate=1%"])
    assert "{symbol: SOLUSDT, side: buy, quantity: 10, price: 140}" in new
    assert "{symbol: SOLUSDT, side: long, quantity: 3, leverage: 5, maintenance_rate: 1%}" in new
    back = rewritten(rewritten(ORDERS, mode=["isolated"]), mode=["cross"])
    assert "{symbol: BTCUSDT, side: buy, quantity: 0.1, price: 59000}" in back


def test_a_new_isolated_position_is_set_behind_its_initial_margin():
    new = rewritten(BOOK, open=["ETHUSDT long 2 x4 isolated"])
    # its maintenance rate is that of the contract's other position
    assert new.splitlines()[12] == (
        "  - {symbol: ETHUSDT, side: long, quantity: 2, entry_price: 3000, leverage: 4, margin_mode: isolated, "
        "maintenance_rate: 1%, isolated_margin: 1500}"
    )


def test_isolated_margin_follows_the_size():
    isolated = rewritten(BOOK, mode=["ETHUSDT=isolated"])
    assert "isolated_margin: 1500" in isolated  # 12000 / 8
    assert "isolated_margin: 375" in rewritten(isolated, resize=["ETHUSDT=1"])
    assert "isolated_margin: 1875" in rewritten(isolated, resize=["ETHUSDT=5"])  # 3000 / 8 more
    assert "quantity: 1, entry_price: 3000, leverage: 8" in rewritten(isolated, open=["ETHUSDT short 1 isolated"])


@pytest.mark.parametrize(
    ("flags", "message", "help"),
    [
        ({"close": ["SOLUSDT"]}, "there is no position in `SOLUSDT`", "the positions are: BTCUSDT, ETHUSDT"),
        (
            {"open": ["BTCUSDT short 1 x10"]},
            "`BTCUSDT` is long 0.5, and in one-way mode a contract has one side",
            "write --resize BTCUSDT=... or --close BTCUSDT",
        ),
        (
            {"open": ["BTCUSDT long 1 x20 maintenance_rate=1%"]},
            "`BTCUSDT` exists: what is added to it has its maintenance_rate",
            "leave maintenance_rate out, or change it with --set first",
        ),
        (
            {"open": ["SOLUSDT long 1 @ 150"]},
            "--open `SOLUSDT`: nothing says its initial margin rate and its maintenance margin rate",
            "write it behind the trade: xLEVERAGE maintenance_rate=RATE",
        ),
        (
            {"open": ["SOLUSDT long 1 @ 150 x5"]},
            "--open `SOLUSDT`: nothing says its maintenance margin rate",
            "write it behind the trade: maintenance_rate=RATE",
        ),
        ({"transfer": ["BTCUSDT=1"]}, "--transfer BTCUSDT: the position is cross, it has no margin of its own", None),
        (
            {"mode": ["BTCUSDT=isolated"], "transfer": ["BTCUSDT=1"]},
            "--transfer BTCUSDT: the position is cross, it has no margin of its own",
            "write --mode BTCUSDT=isolated first, or --deposit USDT=... into the pool",
        ),
        (
            {"open": ["SOLUSDT long 1 x20 side=short"]},
            "`side` is no further key of a position",
            None,
        ),
        ({"resize": ["BTCUSDT=0"]}, "--resize BTCUSDT: the quantity must be more than 0", "write --close BTCUSDT"),
        (
            {"withdraw": ["USDT=20000.01"]},
            "--withdraw USDT=20000.01 is more than the account holds",
            "it holds 20,000 USDT",
        ),
        ({"withdraw": ["SOL=1"]}, "--withdraw SOL: the account holds none", "known here: USDT"),
        ({"price": ["USD=2"]}, "USD is the account's currency: its price is 1", "leave it out"),
        (
            {"open": ["BTCUSDT long 1 isolated"]},
            "the margin of an isolated BTCUSDT long is not known without its rate",
            "add its leverage to --open, as in x10, or isolated_margin=...",
        ),
        ({"open": ["SOLUSDT long 1 x5 maintenance_rate=1%"]}, "--open `SOLUSDT`: nothing says its price", "write it behind the trade: @ PRICE"),
        ({"open": ["SOLETH long 1 @ 0.05 x5 maintenance_rate=1%"]}, "no haircut for ETH, in which this settles", None),
        ({"deposit": ["ETH=1"]}, "no haircut for ETH", None),
        ({"mode": ["BTCUSDT=isolated"], "withdraw": ["USDT=18000"]}, "isolated margins of 3000 USDT exceed the 2000 USDT of `collateral:`", None),
    ],
)  # fmt: skip
def test_a_change_that_cannot_be_meant_says_why(flags, message, help):
    found = changed(BOOK, **flags)
    assert (found.after, found.exit_code) == (None, 2)
    (problem,) = found.problems
    assert problem.message == message
    assert help is None or problem.help == help


GAS = """\
account: {venue: binance-usdm}
prices: {GAS: 8.736}
collateral:
  - {asset: USDT, amount: 50}
positions:
  - {symbol: GASUSDT, side: short, quantity: 1, entry_price: 8.616, mark_price: 8.736, leverage: 15, maintenance_rate: 1.5%,
     margin_mode: isolated, isolated_margin: 0.57109202}
"""
"""A live short before 1 USDT was added to its margin."""


def test_a_transfer_moves_what_liquidates_an_isolated_position():
    """Liquidated at P where margin + 8.616 - P = 1.5% P."""
    found = changed(GAS, transfer=["GASUSDT=+1"])
    assert found.notes == ("moved 1 USDT into the margin of GASUSDT, which is 1.57109202 now",)
    prices = [one.report.positions[0].liquidation_price for one in (found.before, found.after)]
    cut = [price.quantize(Decimal("1e-8"), ROUND_FLOOR) for price in prices]  # toward the mark
    assert cut == [Decimal("9.05132218"), Decimal("10.03654386")]
    assert lines(GAS, rewritten(GAS, transfer=["GASUSDT=+1"])) == [
        "-      margin_mode: isolated, isolated_margin: 0.57109202}",
        "+      margin_mode: isolated, isolated_margin: 1.57109202}",
    ]
    assert rewritten(GAS, transfer=["GASUSDT=1", "GASUSDT=-1"]) == GAS


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("GASUSDT=50", "--transfer GASUSDT=50 is more than the account has free of USDT", "49.42890798 USDT are not set aside"),
        ("GASUSDT=-0.57109202", "--transfer GASUSDT=-0.57109202 leaves it no margin", "its margin is 0.57109202 USDT"),
        ("GAS=1", "there is no position in `GAS`", "did you mean `GASUSDT`?"),
    ],
)  # fmt: skip
def test_a_transfer_that_cannot_be_made_says_why(text, message, help):
    (problem,) = changed(GAS, transfer=[text]).problems
    assert (problem.message, problem.help) == (message, help)


def test_what_is_free_may_all_be_moved():
    assert changed(GAS, transfer=["GASUSDT=49.42890798"]).after is not None


def test_rows_of_one_position_share_a_transfer():
    two = (
        GAS
        + "  - {symbol: GASUSDT, side: short, quantity: 3, entry_price: 8.616, mark_price: 8.736, leverage: 15, maintenance_rate: 1.5%, margin_mode: isolated, isolated_margin: 3}\n"
    )
    report = changed(two, transfer=["GASUSDT=+4"]).after.report
    assert next(pool for pool in report.pools if pool.name.startswith("isolated")).equity == Decimal("7.09109202")


def test_auto_add_is_not_counted():
    auto = GAS.replace("0.57109202}", "0.57109202, auto_add: true}")
    found = changed(auto, deposit=["USDT=1"])
    assert any(text.startswith("GASUSDT auto_add is not counted") for text in found.before.assumptions)
    assert found.before.report.positions == changed(GAS, deposit=["USDT=1"]).before.report.positions
    cross = BOOK.replace("leverage: 8,", "leverage: 8, auto_add: true,")
    assert [one.message for one in changed(cross, deposit=["USDT=1"]).before.problems] == [
        "`auto_add` on a cross position"
    ]


@pytest.mark.parametrize("venue", ["generic", "binance-usdm"])
def test_a_trade_in_an_asset_without_a_price_is_its_mark(venue):
    rate = "" if venue != "generic" else " maintenance_rate=1%"
    book = f"account: {{venue: {venue}}}\nprices: {{BTC: 60000}}\ncollateral: [{{asset: USDT, amount: 20000}}]\n"
    found = changed(book, open=[f"SOLUSDT long 10 @ 150 x5{rate}"])
    assert found.notes == (
        "opened SOLUSDT long: 10 at 150",
        "its mark is the price of the trade, as nothing else prices it: 150",
    )
    (row,) = found.after.report.positions
    assert (row.mark_price, row.entry_price, row.initial_margin) == (150, 150, 300)


def test_more_of_a_position_has_its_leverage_and_says_so():
    found = changed(BOOK, open=["BTCUSDT long 0.5 x20"])
    assert found.notes[-1] == "BTCUSDT keeps 10x, x20 does not count: change it with --set"
    assert found.after.report.positions[0].leverage == 10
    assert len(changed(BOOK, open=["BTCUSDT long 0.5 x10"]).notes) == 1


def test_an_isolated_margin_that_is_no_number_is_a_problem_of_its_row():
    isolated = rewritten(BOOK, mode=["ETHUSDT=isolated"])
    found = changed(isolated, open=["ETHUSDT short 1 isolated isolated_margin=5,000"])
    assert [problem.message for problem in found.problems] == ["`isolated_margin` has a comma: `5,000`"]


def test_a_name_for_two_positions_asks_which():
    hedged = "account: {position_mode: hedge}\n" + BOOK
    two = rewritten(hedged, open=["BTCUSDT short 1 x10"])
    found = changed(two, close=["BTCUSDT"])
    assert found.problems[0].message == "`BTCUSDT` names 2 positions"
    assert found.problems[0].help == "write BTCUSDT:long or BTCUSDT:short"
    assert lines(two, rewritten(two, close=["BTCUSDT:short"])) == lines(two, hedged)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--open", "BTCUSDT 0.5"], "needs a contract, a side and a quantity"),
        (["--open", "BTCUSDT long 1e3"], "the quantity has an exponent"),
        (["--open", "BTCUSDT long 1 @"], "has no price behind the @"),
        (["--open", "BTCUSDT long 1 10"], "`10` is not understood"),
        (["--open", "BTCUSDT long 1 x10 x20"], "`x20` is not understood"),
        (["--open", "BTCUSDT long 0"], "the quantity must be more than 0"),
        (["--close", "BTCUSDT now"], "must name one position"),
        (["--resize", "BTCUSDT"], "has no value"),
        (["--deposit", "USDT=-5"], "the amount must be more than 0"),
        (["--transfer", "BTCUSDT=+-5"], "has two signs"),
        (["--transfer", "BTCUSDT=0"], "the amount must be more than 0"),
        (["--price", "BTC=5,000"], "the price has a comma"),
        (["--mode", "hedged"], "write isolated, cross, or SYMBOL=isolated"),
        (["--format", "sarif"], "write one of table, json, csv, markdown"),
        (["--today", "now"], "--today `now` is no date"),
    ],
)
def test_flags_that_cannot_be_read_exit_2(arguments, said, folder):
    ran = run("what-if", "clean.yaml", *arguments)
    assert ran.code == 2
    assert said in ran.errors
    assert ran.out == ""


def command(*arguments: str) -> Ran:
    return run("what-if", "--today", TODAY, *arguments)


@pytest.fixture
def desk(folder: Path) -> Path:
    path = folder / "desk.yaml"
    path.write_text(BOOK)
    return path


def test_the_exit_code_is_that_of_the_account_afterwards(desk):
    assert command("desk.yaml").code == 0
    assert command("desk.yaml", "--withdraw", "USDT=17000").code == 1  # 4500 of 4400
    assert command("desk.yaml", "--withdraw", "USDT=17000", "--fail-on", "never").code == 0
    assert command("desk.yaml", "--withdraw", "USDT=17000", "--close", "BTCUSDT").code == 0
    assert command("desk.yaml", "--set", "limits.max_utilization=1%", "--close", "BTCUSDT").code == 1
    assert command("desk.yaml", "--ignore", "MC101", "--withdraw", "USDT=17000").code == 0
    assert command("nowhere.yaml").code == 2
    assert command("refused.yaml").code == 2
    assert command(".").code == 2


def test_what_is_written_is_what_was_computed(desk, folder):
    ran = command("desk.yaml", "--close", "ETHUSDT", "--price", "BTC=61000", "--write", "new.yaml", "--format", "json")
    assert ran.errors == "marginctl: wrote new.yaml\n"
    shown = ran.json()
    checked = run("check", "new.yaml", "--today", TODAY, "--format", "json").json()["reports"][0]
    for name in ("totals", "positions", "collateral", "pools", "liquidation", "checks"):
        assert checked[name] == shown["after"][name]
    assert shown["written"] == "new.yaml"
    assert "# this morning" in (folder / "new.yaml").read_text()
    assert desk.read_text() == BOOK


def test_an_existing_file_is_not_replaced_without_force(desk, folder):
    ran = command("desk.yaml", "--close", "ETHUSDT", "--write", "desk.yaml")
    assert (ran.code, ran.errors.splitlines()[0]) == (2, "marginctl: desk.yaml exists already")
    assert desk.read_text() == BOOK
    assert command("desk.yaml", "--close", "ETHUSDT", "--write", "desk.yaml", "--force").code == 0
    assert "ETHUSDT" not in desk.read_text()


def test_nothing_is_written_where_the_account_afterwards_cannot_be_computed(desk, folder):
    assert command("desk.yaml", "--deposit", "ETH=1", "--write", "new.yaml").code == 2
    assert command("desk.yaml", "--write", "nowhere/new.yaml").code == 2
    assert not (folder / "new.yaml").exists()


def test_bytes_beyond_the_text_are_kept(folder):
    text = BOOK.replace("\n", "\r\n")
    (folder / "bom.yaml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert command("bom.yaml", "--deposit", "USDT=1", "--write", "new.yaml").code == 0
    assert (folder / "new.yaml").read_bytes() == b"\xef\xbb\xbf" + text.replace("20000", "20001").encode()


def test_set_edits_both_accounts_and_is_written(desk, folder):
    ran = command("desk.yaml", "--set", "positions.0.leverage=5", "--set", "account.name=b", "--write", "new.yaml")
    assert ran.code == 0
    assert "Nothing moved." in ran.out
    new = (folder / "new.yaml").read_text()
    assert lines(BOOK, new) == ["-     leverage: 10", "+     leverage: 5", "+ account: {name: b}"]


def test_json_says_why_nothing_could_be_computed(desk):
    found = command("desk.yaml", "--deposit", "ETH=1", "--format", "json").json()
    assert (found["schema"], found["after"], found["changes"], found["summary"]["exit_code"]) == (
        "marginctl.what-if/2",
        None,
        [],
        2,
    )
    assert [error["code"] for error in found["errors"]] == ["MC023"]
    assert found["before"]["totals"]["equity"] == 21400
    found = command("refused.yaml", "--format", "json").json()
    assert (found["before"], found["after"], found["errors"][0]["line"]) == (None, None, 4)


def test_an_expectation_of_the_venue_is_told_to_be_of_before(folder):
    path = next(path for path in PORTFOLIOS if path.name.startswith("13"))
    found = command(str(path), "--deposit", "USDT=1", "--format", "json").json()
    assert found["applied"][-1] == (
        "`expect` compares with the account before the changes: remove it, or --ignore MC209"
    )


def test_the_screen_shows_what_moved_the_worst_first(desk):
    ran = command("desk.yaml", "--price", "BTC=55000", "--width", "80")
    at = [ran.out.index(text) for text in ("PASS  desk", "Changes", "Limits", "Account", "Positions")]
    assert at == sorted(at)
    rows = [row.split() for row in ran.out.splitlines()]
    assert ["equity", "21,400.00", "18,900.00", "-2,500.00", "WORSE"] in rows
    assert ["initial", "margin", "4,500.00", "4,250.00", "-250.00", "BETTER"] in rows
    assert ran.out.index("WORSE") < ran.out.index("BETTER")
    assert max(map(len, ran.out.splitlines())) <= 80


def test_what_a_baseline_accepts_stands_between_waived_and_not_evaluated():
    settings = Settings(today=DAY, accepts_all=True)
    changes = ChangeFlags.read(withdraw=["USDT=17000"]).changes()
    found = what_if(BOOK.encode(), "desk.yaml", changes, settings)[0]
    shown = render("table", found, Options())
    row = next(line.split() for line in shown.splitlines() if line.startswith("  MC101"))
    assert row[-4:-1] == ["pass", "→", "baseline"]  # 4500 of 4400


def after_report(found: WhatIfResult) -> dict[str, Any]:
    assert found.after is not None, [problem.message for problem in found.problems]
    return without_places(as_plain(found.after))


def without_places(report: dict[str, Any]) -> dict[str, Any]:
    """A report without lines and columns, which move with the text, and without what is said of assumptions."""
    kept = {name: report[name] for name in ("account", "totals", "liquidation", "pools", "netting", "funding")}
    for name, key in (("positions", "symbol"), ("collateral", "asset"), ("underlyings", "asset")):
        kept[name] = sorted(report[name], key=lambda row: (str(row[key]), str(row.get("pool")), str(row.get("side"))))
    kept["checks"] = [check for check in report["checks"] if check["code"] not in ("MC204", "MC209")]
    return kept


def texts() -> list[str]:
    """Every bundled portfolio, as it is and as JSON."""
    found = []
    for path in PORTFOLIOS:
        text = path.read_text(encoding="utf-8")
        _, root, _ = read(text.encode(), "")
        found += [text, strategies.as_json(root)]
    return found


TEXTS = texts()
ALL_TEXTS = st.one_of(st.sampled_from(TEXTS), strategies.books().map(strategies.yaml))
FEW = settings(max_examples=15)


def plain_report(text: str) -> dict[str, Any]:
    outcome = check(text.encode(), DESK, Settings(today=DAY))
    assert outcome.report is not None, outcome.problems
    return without_places(as_plain(outcome))


@pytest.mark.parametrize("text", TEXTS)
def test_no_change_is_the_identity(text):
    found, new = what_if(text.encode(), DESK, [], Settings(today=DAY))
    assert new == text
    assert as_plain(found)["changes"] == []
    assert found.after == found.before


@FEW
@given(text=ALL_TEXTS, amount=st.integers(1, 10**6), places=st.integers(0, 8))
def test_a_deposit_and_its_withdrawal_are_the_identity(text, amount, places):
    asset = as_plain(check(text.encode(), DESK, Settings(today=DAY)))["collateral"][0]["asset"]
    size = strategies.fixed(amount, places)
    there = rewritten(text, deposit=[f"{asset}={size}"])
    if f"--withdraw {asset}" not in str(changed(there, withdraw=[f"{asset}={size}"]).problems):
        assert after_report(changed(there, withdraw=[f"{asset}={size}"])) == plain_report(text)


@FEW
@given(text=ALL_TEXTS, data=st.data())
def test_a_price_and_back_is_the_identity_and_there_is_a_shock(text, data):
    loaded, _ = load_portfolio(text.encode(), DESK, Settings(today=DAY))
    assert loaded is not None
    known = {asset: price for asset, price in loaded.account.prices.items() if asset != loaded.account.currency}
    asset = data.draw(st.sampled_from(sorted(known)))
    factor = data.draw(st.sampled_from(["0.5", "0.8", "1.25", "1.6"]))
    price = known[asset] * Decimal(factor)
    there = rewritten(text, price=[f"{asset}={price:f}"])
    shocked = check(text.encode(), DESK, Settings(today=DAY, shocks={asset: Decimal(factor) - 1}))
    ours, theirs = plain_report(there), without_places(as_plain(shocked))
    for name in ("totals", "liquidation", "pools", "collateral", "underlyings", "netting", "funding"):
        assert ours[name] == theirs[name], name
    back = rewritten(there, price=[f"{asset}={known[asset]:f}"])
    assert after_report(changed(back)) == plain_report(text)


@FEW
@given(text=ALL_TEXTS, data=st.data())
def test_closing_at_the_mark_changes_no_equity(text, data):
    before = plain_report(text)
    if not before["positions"]:
        return
    labels = [f"{row['symbol']}:{row['side']}" for row in before["positions"]]
    row = data.draw(st.sampled_from(before["positions"]))
    single = [one["symbol"] for one in before["positions"]].count(row["symbol"]) == 1
    name = row["symbol"] if single else f"{row['symbol']}:{row['side']}"
    assert len(set(labels)) == len(labels)
    found = changed(text, close=[name])
    if found.after is None:
        assert found.problems[0].code in ("MC022", "MC012")  # a debt without a loan rate, an account without anything
        return
    after = after_report(found)
    given_money = before["totals"]["gross_collateral"] + before["totals"]["unrealized_pnl"]
    money = after["totals"]["gross_collateral"] + after["totals"]["unrealized_pnl"]
    assert abs(money - given_money) <= Decimal("1e-7")  # 12 decimals of a coin, times its price; figures have 8
    assert len(after["positions"]) == len(before["positions"]) - 1


@FEW
@given(text=ALL_TEXTS, data=st.data())
def test_resizing_at_the_mark_changes_no_equity_and_hits_the_size(text, data):
    before = plain_report(text)
    rows = before["positions"]
    if not rows:
        return
    row = data.draw(st.sampled_from(rows))
    single = [one["symbol"] for one in rows].count(row["symbol"]) == 1
    name = row["symbol"] if single else f"{row['symbol']}:{row['side']}"
    size = row["quantity"] * data.draw(st.sampled_from(["0.25", "0.5", "1.5", "3"]).map(Decimal))
    size = size.quantize(Decimal("1e-10"))
    found = changed(text, resize=[f"{name}={size:f}"])
    if found.after is None:
        assert found.problems[0].code in ("MC022", "MC025", "MC026"), found.problems[0]
        return
    after = after_report(found)
    (same,) = [one for one in after["positions"] if (one["symbol"], one["side"]) == (row["symbol"], row["side"])]
    assert abs(same["quantity"] - size) < Decimal("1e-11")
    money = after["totals"]["gross_collateral"] + after["totals"]["unrealized_pnl"]
    assert abs(money - before["totals"]["gross_collateral"] - before["totals"]["unrealized_pnl"]) <= Decimal("1e-7")


@FEW
@given(text=ALL_TEXTS)
def test_isolating_everything_and_back_is_the_identity(text):
    there = changed(text, mode=["isolated"])
    if there.after is None:
        assert there.problems[0].code in ("MC026", "MC027", "MC014", "MC013")
        return
    new = rewritten(text, mode=["isolated"])
    if plain_report(text)["positions"] and all(
        row["margin_mode"] == "cross" for row in plain_report(text)["positions"]
    ):
        assert after_report(changed(new, mode=["cross"])) == plain_report(text)


@FEW
@given(text=st.sampled_from([text for text in TEXTS[::2] if "margin_model" not in text]), data=st.data())
def test_opening_at_the_mark_and_closing_is_the_identity(text, data):
    before = plain_report(text)
    held = {row["symbol"] for row in before["positions"]}
    if "USDT" not in {row["asset"] for row in before["collateral"]} or before["account"]["venue"] != "generic":
        return
    there = rewritten(text, open=["XYZUSDT long 7 x5 maintenance_rate=1%"], price=["XYZ=12.5"])
    assert "XYZUSDT" not in held
    back = rewritten(there, close=["XYZUSDT"])
    kept = plain_report(back)
    assert {name: kept[name] for name in before if name != "checks"} == {n: before[n] for n in before if n != "checks"}


def test_the_json_document_is_exact_and_complete(desk):
    ran = command("desk.yaml", "--open", "BTCUSDT long 0.3", "--format", "json")
    found = json.loads(ran.out, parse_float=Decimal, parse_int=Decimal)
    assert list(found) == [
        "schema", "version", "file", "applied", "before", "after", "changes", "written", "errors", "summary",
    ]  # fmt: skip
    for one in found["changes"]:
        if isinstance(one["before"], Decimal) and isinstance(one["after"], Decimal):
            assert one["difference"] == one["after"] - one["before"] != 0
        assert one["before"] != one["after"]
    paths = {one["figure"] for one in found["changes"]}
    assert {"totals.equity", "totals.haircut"}.isdisjoint(paths)  # at the mark
    assert {"totals.initial_margin", "positions.BTCUSDT.entry_price", "pools.cross.liquidation.down"} <= paths


NAMED = """\
prices: {BTC: 60000}
collateral: [{asset: USDT, amount: 1000}]
positions: [{symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 10, maintenance_rate: 0.5%}]
"""


def test_a_contracts_symbol_moves_its_mark_alone():
    # 1000 + 0.1 x (40000 - 60000) = -1000; the coin stays at 60000, and so does the delta at its price
    found = changed(NAMED, price=["BTCUSDT=40000"])
    report = found.after.report
    (row,) = report.positions
    assert (report.totals.equity, row.mark_price, row.entry_price) == (Decimal(-1000), Decimal(40000), Decimal(60000))
    assert {one.asset: one.net_notional for one in report.underlyings} == {"BTC": Decimal(4000), "USDT": Decimal(0)}
    assert (found.exit_code, found.notes) == (1, ("BTCUSDT mark from 60,000 to 40,000, the price of its asset stays",))


def test_a_coin_that_only_the_mark_prices_keeps_its_price():
    book = NAMED.replace("prices: {BTC: 60000}\n", "").replace("leverage", "mark_price: 60000, leverage")
    book = book.replace("amount: 1000}", "amount: 1000}, {asset: BTC, amount: 1, haircut: 0%}")
    found = changed(book, price=["BTCUSDT=40000"])
    # 1000 + 1 BTC at 60000 still + 0.1 x (40000 - 60000)
    assert found.after.report.totals.equity == Decimal(59000)


def test_a_mark_leaves_quantity_and_share_of_the_margin():
    book = NAMED.replace("quantity: 0.1, leverage: 10", "notional: 6000, initial_margin: 600")
    (row,) = changed(book, price=["BTCUSDT=30000"]).after.report.positions
    assert (row.quantity, row.initial_margin) == (Decimal("0.1"), Decimal(300))


@pytest.mark.parametrize(
    ("price", "help"),
    [
        ("BTTC=1", "did you mean `BTC`?"),
        ("BTCUSDC=1", "did you mean `BTCUSDT`?"),
        ("DOGE=1", "known here: BTC, BTCUSDT, USDT"),
    ],
)
def test_a_price_of_nothing_is_refused(price, help):
    found = changed(NAMED, price=[price])
    assert (found.after, found.exit_code) == (None, 2)
    (problem,) = found.problems
    assert problem.message == f"--price names `{price[:-2]}`, which nothing in the account has"
    assert problem.help == help


def test_a_price_in_an_unused_list_moves_nothing_and_is_refused():
    assert changed(NAMED.replace("}", ", SOL: 100}", 1), price=["SOL=90"]).exit_code == 2


def test_a_price_for_what_is_opened_is_taken():
    opened = ["SOLUSDT long 1 x5 maintenance_rate=1%"]
    assert changed(NAMED, open=opened, price=["SOL=100"]).after.report.totals.gross_notional == Decimal(6100)


def test_a_contract_with_orders_only_has_no_mark_of_its_own():
    book = (
        NAMED.replace("positions", "orders")
        .replace("long", "buy")
        .replace(", maintenance_rate: 0.5%", ", price: 59000")
    )
    (problem,) = changed(book, price=["BTCUSDT=40000"]).problems
    assert problem.message == "--price BTCUSDT: BTCUSDT has orders only, whose mark follows from prices"


def test_a_scenario_may_still_name_what_a_change_has_closed():
    book = NAMED.replace("prices: {BTC: 60000}\n", "").replace("leverage", "mark_price: 60000, leverage")
    found = changed(book + "scenarios: [{name: crash, shocks: {BTC: -1%}}]\n", close=["BTCUSDT"])
    assert (found.exit_code, found.after.problems) == (0, ())


def test_a_ratio_over_no_equity_does_not_exist_and_a_price_that_nothing_reaches_is_none():
    lines = run("what-if", "-", "--price", "BTCUSDT=40000", "--width", "100", stdin=NAMED.encode()).out.splitlines()
    rows = {line[2:22].strip(): line[22:].split() for line in lines if line.startswith("  ")}
    assert rows["utilization"] == ["60.00%", "n/a", "WORSE"]
    assert rows["maintenance ratio"] == ["3.00%", "n/a", "WORSE"]
    assert rows["rise that liquidates"] == ["none", "0.00%", "WORSE"]


def test_the_word_of_state_agrees_with_the_verdict(tmp_path: Path) -> None:
    """6x leverage breaks MC104 (5x), so the account is not called healthy before 6,000 of its 10,000 USDT go."""
    book = tmp_path / "book.yaml"
    book.write_text(
        "prices: {BTC: 60000}\ncollateral: [{asset: USDT, amount: 10000}]\npositions:\n"
        "  - {symbol: BTCUSDT, side: long, quantity: 1, leverage: 10, maintenance_rate: 0.5%}\n"
    )
    ran = run("what-if", str(book), "--withdraw", "USDT=6000", "--today", TODAY)
    (line,) = (line for line in ran.out.splitlines() if line.startswith("  state "))
    assert line.split() == ["state", "limits", "broken", "restricted", "WORSE"]
    calm = run("what-if", str(book), "--deposit", "USDT=30000", "--today", TODAY)
    assert "  state " not in calm.out  # healthy in the report before and after: it did not move
