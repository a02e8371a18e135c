"""Scenarios over books by the screen: what it decides is what the exact core says, what it cannot promise it leaves.

Some hundred accounts in an ordinary run, more with ``pytest --deep``.
"""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.books import made
from tests.books.made import account, held, many, nested, rows_of
from tests.books.random_books import random_book
from tests.books.stressed import ends_on_a_threshold, some_scenarios, stressed
from tests.books.thresholds import placed
from tests.cli.running import TODAY, Ran, run

from marginctl.books.float_screen import is_built

pytestmark = pytest.mark.skipif(not is_built(), reason="the kernel is not built")

SEEDS = st.integers(0, 10**12)


@pytest.mark.rounds(200)
@settings(max_examples=10)
@given(SEEDS, st.sampled_from(("decimal", "text")), st.booleans())
def test_what_is_decided_is_what_the_exact_core_says(seed: int, form: str, plain: bool) -> None:
    assert stressed(random_book(seed, 10, plain=plain), some_scenarios(Random(seed), 2), form).differences == []


@pytest.mark.rounds(200)
@settings(max_examples=40)
@given(SEEDS)
def test_an_account_on_a_threshold_is_left_or_right(seed: int) -> None:
    found = placed(seed)
    if found is not None:
        assert stressed(found[1], some_scenarios(Random(seed), 1)).differences == []


@pytest.mark.rounds(200)
@settings(max_examples=40)
@given(SEEDS, st.booleans())
def test_a_scenario_that_ends_on_a_threshold_is_left_or_right(seed: int, plain: bool) -> None:
    book = random_book(seed, 1, plain=plain)
    scenarios = ends_on_a_threshold(Random(seed), book)
    if scenarios is not None:
        assert stressed(book, scenarios).differences == []


HEADER = """\
schema: marginctl.book/1
prices: {BTC: 60000, ETH: 3000}
contracts: {BTCUSDT: {tiers: [{maintenance_rate: 1%, max_leverage: 50}]}}
scenarios:
  - {name: fall, shocks: {BTC: -20%}}
  - {name: other, shocks: {ETH: -50%}}
limits: {survive: all}
"""
ROWS = [
    account("lives", "30000", held("BTCUSDT", "1", entry_price="60000")),
    account("dead", "500", held("BTCUSDT", "1", entry_price="60000")),
    account("at the end", "12480", held("BTCUSDT", "1", entry_price="60000")),
    account("bare", "1000"),
]
"""dead: 500 is less than the maintenance margin of 600 before anything moves. at the end: 12480 - 12000 = 480 is its
maintenance margin there, 1% of 48000: equal, and not less. bare has nothing that moves."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "h.yaml").write_text(HEADER)
    nested(tmp_path / "b.parquet", ROWS)
    return tmp_path


def stress(folder: Path, *flags: Any) -> Ran:
    common = ["book", "stress", str(folder / "b.parquet"), "--header", str(folder / "h.yaml"), "--today", TODAY]
    return run(*common, "--jobs", "1", "--format", "json", *map(str, flags))


def test_what_is_on_the_line_goes_to_decimals_and_the_rest_does_not(folder: Path) -> None:
    ran = stress(folder, "--rows", folder / "o.parquet")
    rows = {(row["account_id"], row["scenario"]): row for row in rows_of(folder / "o.parquet")}
    assert [rows[name, "fall"]["decided"] for name in ("lives", "dead", "at the end")] == ["float", "float", "exact"]
    assert [rows[name, "fall"]["crossing"] for name in ("lives", "dead", "at the end")] == [None, 0, None]
    assert ran.json()["summary"]["recomputed"] == 1


def test_an_account_that_a_scenario_does_not_touch_is_not_said_to_fail_it(folder: Path) -> None:
    """`other` moves no price of theirs: the dead account fails at MC113 by `fall` alone."""
    stress(folder, "--rows", folder / "o.parquet")
    rows = {row["account_id"]: row["verdict"] for row in rows_of(folder / "o.parquet")}
    assert rows == {"lives": "pass", "dead": "fail", "at the end": "pass", "bare": "pass"}
    (folder / "h.yaml").write_text(HEADER.replace("survive: all", "survive: [other]"))
    stress(folder, "--rows", folder / "o.parquet")
    assert {row["verdict"] for row in rows_of(folder / "o.parquet")} == {"pass"}


@pytest.mark.parametrize("flags", [(), ("--gap", "0%,5%"), ("--only", "failed"), ("--batch", "3")])
def test_the_rows_are_those_of_the_exact_core(flags: tuple[str, ...], folder: Path) -> None:
    nested(folder / "b.parquet", many(40))
    (folder / "h.yaml").write_text(made.HEADER + SCENARIOS)
    found = []
    for name, way in (("screen", ()), ("exact", ("--exact",))):
        ran = stress(folder, "--rows", folder / f"{name}.parquet", *flags, *way)
        rows = rows_of(folder / f"{name}.parquet")
        found.append(([_plain(row) for row in rows], [_plain(one) for one in ran.json()["scenarios"]]))
    assert found[0] == found[1]


SCENARIOS = """\
scenarios: [{name: fall, shocks: {"*": -12.5%}}, {name: rise, shocks: {BTC: 9%, ETH: 17%}}]
"""


def _plain(row: Any) -> Any:
    """Without what tells the ways apart, figures to what both have."""
    if isinstance(row, dict):
        return {name: _plain(one) for name, one in row.items() if name != "decided"}
    if isinstance(row, list):
        return [_plain(one) for one in row]
    return round(float(row), 6) if not isinstance(row, str | bool | None) else row
