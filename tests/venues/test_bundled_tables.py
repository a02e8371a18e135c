"""Every row of every bundled table, recomputed here in exact fractions without the program's own reader."""

import csv
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from marginctl.venues import loader

TABLES = {
    # file: (contracts, rows), as the venue listings had them
    "binance-usdm.csv": (716, 5913),
    "binance-coinm.csv": (35, 283),
    "bybit.csv": (6, 195),
    "bitget.csv": (5, 29),
    "gate.csv": (4, 8),
    "okx.csv": (6, 570),
    "hyperliquid.csv": (39, 78),
    "bingx-usdm.csv": (6, 79),
}
WITH_DEDUCTIONS = ("binance-usdm.csv", "binance-coinm.csv", "bybit.csv", "gate.csv")


def rows_of(name: str) -> list[dict[str, str]]:
    with Path(loader.DATA, name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def contracts_of(name: str) -> dict[str, list[dict[str, str]]]:
    contracts: dict[str, list[dict[str, str]]] = {}
    for row in rows_of(name):
        contracts.setdefault(row["symbol"], []).append(row)
    return contracts


def test_the_data_folder_holds_these_tables_and_no_other():
    assert {path.name for path in loader.DATA.glob("*.csv")} == set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_no_contract_and_no_row_is_missing(name):
    contracts = contracts_of(name)
    assert (len(contracts), sum(map(len, contracts.values()))) == TABLES[name]


@pytest.mark.parametrize("name", TABLES)
def test_rows_are_sorted_by_symbol_and_stand_together(name):
    symbols = [row["symbol"].encode() for row in rows_of(name)]
    assert symbols == sorted(symbols)


@pytest.mark.parametrize("name", TABLES)
def test_each_tier_begins_where_the_one_before_it_ends(name):
    for symbol, rows in contracts_of(name).items():
        assert rows[0]["floor"] == "0", symbol
        for above, row in pairwise(rows):
            assert Fraction(row["floor"]) == Fraction(above["cap"]), symbol
        assert all(Fraction(row["cap"]) > Fraction(row["floor"]) for row in rows if row["cap"]), symbol


@pytest.mark.parametrize("name", TABLES)
def test_rates_never_fall_and_leverage_never_rises(name):
    for symbol, rows in contracts_of(name).items():
        for above, row in pairwise(rows):
            assert Fraction(row["maintenance_rate"] or 0) >= Fraction(above["maintenance_rate"] or 0), symbol
            assert Fraction(row["max_leverage"]) <= Fraction(above["max_leverage"]), symbol


@pytest.mark.parametrize("name", WITH_DEDUCTIONS)
def test_the_deduction_recurrence_holds_exactly_on_every_row(name):
    checked = 0
    for symbol, rows in contracts_of(name).items():
        due = Fraction(0)
        for k, row in enumerate(rows):
            if k:
                rise = Fraction(row["maintenance_rate"]) - Fraction(rows[k - 1]["maintenance_rate"])
                due += Fraction(row["floor"]) * rise
            assert Fraction(row["deduction"]) == due, (symbol, k)
            checked += 1
    assert checked == TABLES[name][1]


@pytest.mark.parametrize("name", [name for name in TABLES if name != "bingx-usdm.csv"])
def test_the_maintenance_rate_stays_below_the_initial_rate(name):
    for symbol, rows in contracts_of(name).items():
        for row in rows:
            initial = Fraction(row.get("initial_rate") or 1 / Fraction(row["max_leverage"]))
            assert Fraction(row["maintenance_rate"] or 0) < initial, symbol


def test_hyperliquid_rates_are_half_the_inverse_of_the_leverage():
    for row in rows_of("hyperliquid.csv"):
        assert Fraction(row["maintenance_rate"]) == 1 / (2 * Fraction(row["max_leverage"])), row


def test_okx_leverage_is_the_inverse_of_the_initial_rate_cut_to_two_decimals():
    for row in rows_of("okx.csv"):
        assert int(100 / Fraction(row["initial_rate"])) == Fraction(row["max_leverage"]) * 100, row


@pytest.mark.parametrize(
    ("base", "step", "last"),
    [
        ("BTC", 20000, "1940000"),
        ("ETH", 25000, "2425000"),
        ("SOL", 20000, "1820000"),
        ("XRP", 10000, "910000"),
        ("DOGE", 6000, "546000"),
        ("BNB", 80000, "7280000"),
    ],
)
def test_okx_tiers_follow_one_step_from_the_fifth_on_down_to_twice(base, step, last):
    rows = contracts_of("okx.csv")[f"{base}-USDT-SWAP"][4:]
    for above, row in pairwise(rows):
        assert Fraction(row["cap"]) - Fraction(above["cap"]) == step
        assert Fraction(row["maintenance_rate"]) - Fraction(above["maintenance_rate"]) == Fraction("0.005")
        assert Fraction(row["initial_rate"]) - Fraction(above["initial_rate"]) == Fraction("0.005")
    assert (rows[-1]["cap"], rows[-1]["max_leverage"]) == (last, "2")


@pytest.mark.parametrize("name", loader.bundled())
def test_the_program_finds_its_bundled_tables_sound(name):
    path = loader.DATA / f"{name}.yaml"
    _, problems = loader._bound(path.read_bytes(), path.name, loader.DATA, check_tables=True)
    assert problems == []


@pytest.mark.parametrize("name", ["binance-usdm", "binance-coinm", "bybit", "okx"])
def test_a_contract_read_by_search_equals_its_rows_read_by_csv(name):
    rule_set, _ = loader.named(name)
    for symbol, rows in contracts_of(f"{name}.csv").items():
        contract = rule_set.contract(symbol)
        assert (contract.base, contract.quote) == (rows[0]["base"], rows[0]["quote"])
        found = [(tier.up_to, tier.maintenance_rate, tier.deduction) for tier in contract.tiers]
        assert [(None if cap is None else str(cap), str(rate), str(cut)) for cap, rate, cut in found] == [
            (row["cap"] or None, row["maintenance_rate"], row["deduction"]) for row in rows
        ], symbol


def test_the_one_contract_without_a_limit_is_the_one_whose_listing_prints_the_largest_integer():
    unlimited = [row["symbol"] for row in rows_of("binance-usdm.csv") if not row["cap"]]
    assert unlimited == ["BTCSTUSDT"]
