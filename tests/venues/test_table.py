"""Contract tables: lookups by symbol, and every way in which a user's table can be broken."""

from decimal import Decimal

import pytest

from marginctl.venues import loader
from marginctl.venues.table import open_table

from .rule_files import HEADER, TABLE, said, with_table

D = Decimal


def usdm():
    return loader.named("binance-usdm")[0]


@pytest.mark.parametrize(
    ("symbol", "base", "first_cap"),
    [
        ("BTCUSDT", "BTC", 300000),
        ("BTCUSDT_260626", "BTC", 50000),
        ("1000PEPEUSDT", "1000PEPE", 20000),
        ("0GUSDT", "0G", 5000),  # the first line of the table
        ("龙虾USDT", "龙虾", 10000),
        ("我踏马来了USDT", "我踏马来了", 5000),
    ],
)
def test_a_symbol_is_found_exactly(symbol, base, first_cap):
    contract = usdm().contract(symbol)
    assert (contract.symbol, contract.base, contract.tiers[0].up_to) == (symbol, base, first_cap)


@pytest.mark.parametrize(
    "symbol",
    ["BTC", "TCUSDT", "BTCUSDT_", "btcusdt", "BTCUSDT,BTC", "symbol", "", " ", "\n", "BTCUSDT\n", "\ud800", "x" * 9999],
)
def test_what_is_no_symbol_is_not_found(symbol):
    assert usdm().contract(symbol) is None


def test_the_last_contract_of_a_table_ends_with_the_file():
    symbol = usdm().symbols()[-1]
    assert len(usdm().contract(symbol).tiers) == 6
    short = open_table("t.csv", TABLE.removesuffix("\n").encode())
    assert [row.max_leverage for row in short.contract("BUSDT").rows] == [10]


@pytest.mark.parametrize(
    "data",
    [TABLE.encode(), TABLE.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + TABLE.encode()],
    ids=["plain", "windows line ends", "byte order mark"],
)
def test_forms_of_the_same_table(data):
    table = open_table("t.csv", data)
    assert table.symbols() == ["AUSDT", "BUSDT"]
    assert [(row.up_to, row.deduction) for row in table.contract("AUSDT").rows] == [(1000, 0), (5000, 10)]
    assert abs(table.contract("BUSDT").rows[0].maintenance_rate * 30 - 1) < D("1e-90")


def test_a_sound_table_is_said_to_be_sound(tmp_path):
    assert said(tmp_path, with_table(), TABLE) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "0.02,10,25",
            "0.02,11,25",
            (
                "house.csv:3:29 MC025 AUSDT: the margin falls by 1 at the border of 1000: the deduction is 11, "
                "continuity needs 10 | write 10"
            ),
        ),
        ("0.02,10,25", "0.02,,25", "house.csv:3:29 MC025 AUSDT: the deduction is missing | write 10"),
        (
            "USDT,1000,5000",
            "USDT,1500,5000",
            (
                "house.csv:3:14 MC025 AUSDT: the tier begins at 1500, the one before it ends at 1000 | "
                "begin each tier where the one before it ends"
            ),
        ),
        (
            "USDT,1000,5000",
            "USDT,1000,1000",
            (
                "house.csv:3:19 MC025 AUSDT: the tier ends at 1000, where it begins or before: 1000 | "
                "put the tiers in the order of their borders, the smallest first"
            ),
        ),
        (
            "0,1000,0.01",
            "0,,0.01",
            "house.csv:2:16 MC025 AUSDT: only the last tier may leave out its upper border | give the border",
        ),
        (
            "5000,0.02,10",
            "5000,0.005,10",
            (
                "house.csv:3:24 MC025 AUSDT: the maintenance rate falls with the tier, from 1% to 0.5% | "
                "a higher tier asks for as much or more: check the numbers"
            ),
        ),
        (
            "5000,0.02,10",
            "5000,,10",
            "house.csv:3:24 MC025 AUSDT: the maintenance rate is missing | give it on every row or on none",
        ),
        (
            "0.02,10,25",
            "0.02,10,51",
            (
                "house.csv:3:32 MC025 AUSDT: the highest leverage rises with the tier, from 50 to 51 | "
                "a higher tier asks for as much or more: check the numbers"
            ),
        ),
        ("5000,0.02", "5e3,0.02", "house.csv:3:19 MC014 `cap` has an exponent: `5e3` | write 5000"),
        (
            "5000,0.02",
            "5000,2",
            (
                "house.csv:3:24 MC014 `maintenance_rate` is a rate of 1 or more without %: `2` | "
                "write 2%, the same as 0.02"
            ),
        ),
        (
            "0.02,10,25",
            "0.02,10",
            (
                "house.csv:3:1 MC025 the row has 7 cells, the first line 8 | "
                "write one cell for each column, without quotes"
            ),
        ),
        (
            "AUSDT,A,USDT,1000",
            "AUSDT,A,USDC,1000",
            "house.csv:3:9 MC025 `quote` differs from the first row of AUSDT | write USDT",
        ),
        (
            "AUSDT,A,USDT,1000",
            "AUSDT, A,USDT,1000",
            "house.csv:3:7 MC025 `base` is empty or has spaces around it | write it without spaces",
        ),
        (
            "BUSDT,B,USDT,0",
            "BUSDT,,USDT,0",
            "house.csv:4:7 MC025 `base` is empty or has spaces around it | write it without spaces",
        ),
        (
            "\nAUSDT,A,USDT,1000,5000,0.02,10,25\nBUSDT,B,USDT,0,,1/30,0,10\n",
            "\nBUSDT,B,USDT,0,,1/30,0,10\nAUSDT,A,USDT,1000,5000,0.02,10,25\n",
            "house.csv:4:1 MC025 rows of `AUSDT` stand apart | keep them together",
        ),
        (
            "symbol,base",
            "ticker,base",
            (
                "house.csv:1:1 MC025 the table has no column `symbol` | "
                "the first line is symbol,base,quote,floor,cap,maintenance_rate,max_leverage,deduction,initial_rate"
            ),
        ),
        (
            "deduction,max_leverage\n",
            "cum,max_leverage\n",
            (
                "house.csv:1:1 MC025 the table has an unknown column `cum` | "
                "known: symbol, base, quote, floor, cap, maintenance_rate, max_leverage, deduction, initial_rate"
            ),
        ),
        (
            "symbol,base",
            "base,symbol",
            "house.csv:1:1 MC025 the columns must differ, and `symbol` must be the first | ",
        ),
    ],
)
def test_broken_tables(tmp_path, old, new, expected):
    assert TABLE.count(old) == 1
    assert said(tmp_path, with_table(), TABLE.replace(old, new)) == [expected]


def test_every_broken_contract_is_reported(tmp_path):
    table = HEADER + "AUSDT,A,USDT,5,1000,0.01,0,50\nBUSDT,B,USDT,0,,0.01,7,50\nCUSDT,C,USDT,0,,0.01,0,50\n"
    assert said(tmp_path, with_table(), table) == [
        (
            "house.csv:2:14 MC025 AUSDT: the tier begins at 5, the one before it ends at 0 | "
            "begin each tier where the one before it ends"
        ),
        "house.csv:3:22 MC025 BUSDT: the first deduction is 7, but a margin that begins at 0 has none | write 0",
    ]


def test_a_table_that_is_no_text(tmp_path):
    assert said(tmp_path, with_table(), TABLE.encode("utf-16")) == [
        "house.csv:0:0 MC001 is not UTF-8 text (byte 0) | save it as UTF-8"
    ]


def test_an_empty_table(tmp_path):
    assert said(tmp_path, with_table(), b"")[0].startswith("house.csv:1:1 MC025 the table has no column `symbol`")


def test_control_characters_in_a_table_do_not_reach_the_screen(tmp_path):
    (line,) = said(tmp_path, with_table(), TABLE.replace("5000,0.02", "\x1b[31m5,0.02"))
    assert line.startswith(r"house.csv:3:19 MC014 `cap` is not a number: `\x1b[31m5`")
    assert said(tmp_path, with_table(), HEADER + "\x1b[2JUSDT,A,USDT,0,,0.01,0,50\n") == [
        r"house.csv:2:1 MC025 `symbol` has invisible characters: `\x1b[2JUSDT` | remove them"
    ]
