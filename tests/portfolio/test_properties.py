"""What must hold for any portfolio file: its format, the cut of its rows and their order change nothing."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.portfolio.books import report
from tests.portfolio.strategies import Book, as_json, books, yaml

from marginctl.document.reader import read

PORTFOLIOS = sorted((Path(__file__).parents[2] / "portfolios").glob("*.yaml"))
PLACES = ("file", "line", "column")


def figures(text: str | bytes, name: str = "book.yaml") -> dict[str, Any]:
    """A report without the places in the file."""
    found = report(text, name)
    for finding in found["findings"]:
        for place in PLACES:
            del finding[place]
    return {key: value for key, value in found.items() if key != "file"}


def in_any_order(found: dict[str, Any]) -> dict[str, Any]:
    """The report with its lists sorted, without what depends on which of several equally bad pools comes first."""
    ranks = sorted((_rank(pool["maintenance_ratio"]), _rank(pool["utilization"])) for pool in found["pools"])
    tied = ranks[-1:] == ranks[-2:-1]
    left_out = {"worst_pool", "pool", *(("free_collateral", "buffer") if tied else ())}
    ranked = {
        key: sorted(value, key=repr) if isinstance(value, list) and key != "findings" else value
        for key, value in found.items()
    }
    for section in ("totals", "liquidation"):
        ranked[section] = {key: value for key, value in found[section].items() if key not in left_out}
    ranked["funding"] = {**found["funding"], "missing": sorted(found["funding"]["missing"])}
    ranked["findings"] = sorted(
        (one["code"], one["subject"], one["severity"], repr(one["value"])) for one in found["findings"]
    )
    return ranked


def _rank(ratio: Decimal | None) -> tuple[bool, Decimal]:
    """A ratio that does not exist is worse than any other."""
    return (True, Decimal(0)) if ratio is None else (False, ratio)


def json_text(text: bytes) -> bytes:
    _, root, problems = read(text, "book.yaml")
    assert (problems, root is None) == ([], False)
    return as_json(root).encode()  # type: ignore[arg-type]


@pytest.mark.parametrize("path", PORTFOLIOS, ids=lambda path: path.stem)
def test_a_bundled_portfolio_written_as_json_gives_the_same_report(path: Path) -> None:
    text = path.read_bytes()
    assert figures(json_text(text), str(path)) == figures(text, str(path))


@given(books())
@settings(max_examples=13)
def test_a_portfolio_written_as_json_gives_the_same_report(book: Book) -> None:
    text = yaml(book).encode()
    assert figures(json_text(text)) == figures(text)


@given(books(), st.data())
@settings(max_examples=13)
def test_splitting_rows_changes_nothing(book: Book, data: st.DataObject) -> None:
    split: list[Book] = []
    for row in book["positions"]:
        share = Decimal(data.draw(st.integers(1, 999))) / 1000
        size = Decimal(row["quantity"])
        split += [row | {"quantity": f"{size * share:f}"}, row | {"quantity": f"{size - size * share:f}"}]
    whole, parts = figures(yaml(book)), figures(yaml(book | {"positions": split}))
    assert parts == whole


@given(books(), st.data())
@settings(max_examples=13)
def test_entries_of_parts_make_the_profit_of_the_whole(book: Book, data: st.DataObject) -> None:
    """Two rows at different entries: the PnL is that of two accounts that hold one each."""
    row = book["positions"][0]
    apart = {key: value for key, value in row.items() if key != "entry_price"}
    entries = [f"{Decimal(row['entry_price']) * data.draw(st.integers(80, 120)) / 100:f}" for _ in range(2)]
    parts = [apart | {"entry_price": entry} for entry in entries]
    together = figures(yaml(book | {"positions": parts}))
    alone = [figures(yaml(book | {"positions": [part]})) for part in parts]
    difference = sum(one["totals"]["unrealized_pnl"] for one in alone) - together["totals"]["unrealized_pnl"]
    assert abs(difference) <= Decimal("2e-8")  # each figure is rounded down to 8 decimals


@given(books(), st.data())
@settings(max_examples=13)
def test_the_order_of_rows_changes_nothing_but_order(book: Book, data: st.DataObject) -> None:
    mixed = book | {name: data.draw(st.permutations(book[name])) for name in ("positions", "collateral")}
    prices = dict(data.draw(st.permutations(list(book["prices"].items()))))
    keys = data.draw(st.permutations(list(mixed)))
    moved = {key: prices if key == "prices" else mixed[key] for key in keys}
    assert in_any_order(figures(yaml(moved))) == in_any_order(figures(yaml(book)))


@given(books(), st.sampled_from([Decimal(10), Decimal(1000)]))
@settings(max_examples=10)
def test_the_unit_that_a_coin_is_counted_in_changes_nothing(book: Book, by: Decimal) -> None:
    """Quantities and balances of ETH in thousandths, its prices accordingly."""
    linear = [row for row in book["positions"] if row["symbol"] in {"BTCUSDT", "ETHUSDT", "ABCUSDT"}]
    book = book | {"positions": linear}
    rows = [
        row | {"quantity": f"{Decimal(row['quantity']) * by:f}", "entry_price": f"{Decimal(row['entry_price']) / by:f}"}
        if row["symbol"] == "ETHUSDT"
        else row
        for row in linear
    ]
    held = [dict(row) for row in book["collateral"]]
    held[2] = {
        "asset": "ETH",
        "amount": f"{Decimal(held[2]['amount']) * by:f}",
        "haircut_tiers": [{"up_to": f"{10 * by:f}", "haircut": "5%"}, {"haircut": "20%"}],
    }
    prices = book["prices"] | {"ETH": f"{Decimal(3000) / by:f}"}
    scaled = figures(yaml(book | {"positions": rows, "collateral": held, "prices": prices}))
    whole = figures(yaml(book))
    for section in ("totals", "liquidation", "pools", "netting", "funding"):
        assert scaled[section] == whole[section]
