"""``book check``: bad rows and their neighbours, the forms of tables, parts, limits on the book, exit codes."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.books.made import HEADER, account, flat, held, many, nested, put, rows_of, table
from tests.cli.running import TODAY, Ran, run
from tests.render.pages_html import sound
from tests.render.pages_html import table as rows_in

from marginctl.cli import book_commands
from marginctl.wording import figure

GOOD = [
    account("good-1", "10000", held("BTCUSDT", "0.5")),
    account("bad", "10000", held("BTCUSDT", "0.5"), held("ETHUSDT", "-2")),
    account("good-2", "9000", held("ETHUSDT", "-1")),
]


@pytest.fixture
def header(tmp_path: Path) -> Path:
    path = tmp_path / "header.yaml"
    path.write_text(HEADER)
    return path


def book(*arguments: Any) -> Ran:
    return run("book", "check", "--today", TODAY, "--jobs", "1", *map(str, arguments))


def bad(**changes: Any) -> dict[str, Any]:
    """The bad account with fields of its second position changed."""
    return account("bad", "10000", held("BTCUSDT", "0.5"), {**held("ETHUSDT", "-2"), **changes})


BAD: dict[str, tuple[dict[str, Any], tuple[str, str, str]]] = {
    "quantity-null": (bad(quantity=None), ("positions", "quantity", "MC012")),
    "quantity-zero": (bad(quantity="0"), ("positions", "quantity", "MC014")),
    "quantity-nan": (bad(quantity="nan"), ("positions", "quantity", "MC014")),
    "quantity-infinite": (bad(quantity="-inf"), ("positions", "quantity", "MC014")),
    "quantity-separated": (bad(quantity="1_000"), ("positions", "quantity", "MC014")),
    "quantity-negative-with-side": (bad(quantity="-2", side="short"), ("positions", "quantity", "MC014")),
    "price-zero": (bad(mark_price="0"), ("positions", "mark_price", "MC014")),
    "rate-of-one": (bad(leverage=None, initial_rate="1.5"), ("positions", "initial_rate", "MC014")),
    "rate-below-zero": (bad(maintenance_rate="-0.1"), ("positions", "maintenance_rate", "MC014")),
    "side": (bad(side="buy", quantity="2"), ("positions", "side", "MC015")),
    "margin-mode": (bad(margin_mode="portfolio"), ("positions", "margin_mode", "MC015")),
    "symbol-null": (bad(symbol=None), ("positions", "symbol", "MC012")),
    "no-price": (bad(symbol="NOSUCHUSDT", maintenance_rate="0.01"), ("positions", "symbol", "MC020")),
    "two-leverages": (
        account("bad", "10000", held("BTCUSDT", "0.5"), {**held("BTCUSDT", "0.5"), "leverage": "5"}),
        ("positions", "leverage", "MC016"),
    ),
    "two-rates": (bad(initial_rate="0.1"), ("positions", "initial_rate", "MC016")),
    "isolated-without-margin": (bad(margin_mode="isolated"), ("positions", "margin_mode", "MC012")),
    "isolated-beyond-balance": (
        bad(margin_mode="isolated", isolated_margin="20000"),
        ("positions", "isolated_margin", "MC026"),
    ),
    "asset-twice": (
        {**GOOD[1], "balances": [{"asset": "USDT", "amount": "1"}, {"asset": "USDT", "amount": "2"}]},
        ("balances", "asset", "MC016"),
    ),
    "amount-null": ({**GOOD[1], "balances": [{"asset": "USDT"}]}, ("balances", "amount", "MC012")),
    "no-haircut": (
        {**GOOD[1], "balances": [{"asset": "USDT", "amount": "1"}, {"asset": "SOL", "amount": "1"}]},
        ("balances", "asset", "MC020"),
    ),
    "mode": ({**GOOD[1], "position_mode": "both"}, ("accounts", "position_mode", "MC015")),
    "venue": ({**GOOD[1], "venue": "nowhere"}, ("accounts", "venue", "MC024")),
    "time": ({**GOOD[1], "as_of": "2026-11-22"}, ("accounts", "as_of", "MC015")),
    "twice": ({**GOOD[1], "account_id": "good-1"}, ("accounts", "account_id", "MC016")),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_account_is_named_and_leaves_the_others_as_they_are(kind: str, header: Path, tmp_path: Path) -> None:
    wrong, (place, column, code) = BAD[kind]
    rows = [GOOD[0], wrong, GOOD[2]]
    out, whole = tmp_path / "out.parquet", tmp_path / "whole.parquet"
    assert book(nested(tmp_path / "good.parquet", GOOD), "--header", header, "--rows", whole).code == 0
    ran = book(nested(tmp_path / "book.parquet", rows), "--header", header, "--rows", out, "--only", "all")
    assert ran.code == 2
    found, others = rows_of(out), rows_of(whole)
    assert [found[0], found[2]] == [others[0], others[2]]
    assert found[1]["status"] == "error"
    assert {name for name, value in found[1].items() if value is not None} <= {"account_id", "as_of", "status", "error"}
    lines = [json.loads(line) for line in (tmp_path / "errors.jsonl").read_text().splitlines()]
    assert (place, column, code) in {(one["table"], one["column"], one["code"]) for one in lines}
    assert {(one["account_id"], one["row"]) for one in lines} == {(wrong["account_id"], 1)}
    assert found[1]["error"].startswith((f"{place}.{column}: ", "positions", "balances", "accounts"))


def test_all_problems_of_an_account_are_told_with_what_is_stored(header: Path, tmp_path: Path) -> None:
    wrong = account("bad", "1e", held("BTCUSDT", "x"), held("ETHUSDT", "1", mark_price="-1"))
    ran = book(nested(tmp_path / "book.parquet", [wrong]), "--header", header, "--errors", tmp_path / "e.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text().splitlines()]
    assert ran.code == 2
    assert [(one["table"], one["item"], one["column"], one["value"]) for one in lines] == [
        ("balances", 0, "amount", "1e"),
        ("positions", 0, "quantity", "x"),
        ("positions", 1, "mark_price", "-1"),
    ]
    assert all(one["help"] for one in lines)


def test_errors_of_another_run_do_not_stay(header: Path, tmp_path: Path) -> None:
    rows = tmp_path / "out.parquet"
    book(nested(tmp_path / "bad.parquet", [bad(quantity="0")]), "--header", header, "--rows", rows)
    assert (tmp_path / "errors.jsonl").read_text()
    book(nested(tmp_path / "good.parquet", GOOD), "--header", header, "--rows", rows)
    assert not (tmp_path / "errors.jsonl").read_text()


def test_open_orders_are_never_ignored(header: Path, tmp_path: Path) -> None:
    rows = table(GOOD).append_column("orders", pa.array([[], ["buy"], []], pa.list_(pa.string())))
    pq.write_table(rows, tmp_path / "book.parquet")
    book(tmp_path / "book.parquet", "--header", header, "--rows", tmp_path / "out.parquet")
    assert [row["status"] for row in rows_of(tmp_path / "out.parquet")] == ["ok", "error", "ok"]
    assert "orders" in rows_of(tmp_path / "out.parquet")[1]["error"]


FORMS: dict[str, Callable[[Path, list[dict[str, Any]]], Path]] = {
    "text": lambda path, rows: nested(path / "b.parquet", rows, "text"),
    "decimal": lambda path, rows: nested(path / "b.parquet", rows, "decimal"),
    "float": lambda path, rows: nested(path / "b.parquet", rows, "float"),
    "several parts": lambda path, rows: nested(path / "b.parquet", rows, groups=7),
    "flat csv": lambda path, rows: flat(path / "flat", rows),
    "flat parquet": lambda path, rows: flat(path / "flat", rows, ending="parquet"),
    "flat in no order": lambda path, rows: shuffled(flat(path / "flat", rows)),
    "flat falling": lambda path, rows: falling(flat(path / "flat", rows)),
    "arrow": lambda path, rows: arrow(path / "b.arrow", rows),
}


def shuffled(folder: Path) -> Path:
    """The first rows of all accounts, then their second ones: the rows of an account keep their order."""
    for path in folder.glob("*.csv"):
        head, *lines = path.read_text().splitlines()
        seen: dict[str, int] = {}
        ranks = []
        for line in lines:
            name = line.partition(",")[0]
            seen[name] = seen.get(name, 0) + 1
            ranks.append(seen[name])
        places = sorted(range(len(lines)), key=lambda i: (ranks[i], -i))
        path.write_text("\n".join([head, *(lines[i] for i in places)]) + "\n")
    return folder


def falling(folder: Path) -> Path:
    """Accounts from the last to the first; the rows of each as they were."""
    for path in folder.glob("*.csv"):
        head, *lines = path.read_text().splitlines()
        groups: dict[str, list[str]] = {}
        for line in lines:
            groups.setdefault(line.partition(",")[0], []).append(line)
        path.write_text("\n".join([head, *(one for group in reversed(groups.values()) for one in group)]) + "\n")
    return folder


def arrow(path: Path, rows: list[dict[str, Any]]) -> Path:
    put(path, table(rows))
    return path


FIRST: dict[bool, dict[str, Any]] = {}
"""The rows of the first form, by ``--exact``: made once."""


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("exact", [False, True])
def test_every_form_of_a_table_gives_the_same_rows(form: str, exact: bool, header: Path, tmp_path: Path) -> None:
    rows = many(40)
    flags = ["--header", header, "--fail-on", "never", *(["--exact"] if exact else [])]
    if exact not in FIRST:
        book(nested(tmp_path / "first.parquet", rows), *flags, "--rows", tmp_path / "first-out.parquet")
        FIRST[exact] = {row["account_id"]: row for row in rows_of(tmp_path / "first-out.parquet")}
    ran = book(FORMS[form](tmp_path, rows), *flags, "--rows", tmp_path / "out.parquet", "--batch", "13")
    found = rows_of(tmp_path / "out.parquet")
    assert ran.code == 0
    assert {row["account_id"]: row for row in found} == FIRST[exact]
    names = [row["account_id"] for row in found]
    assert names == (sorted(names, reverse=form == "flat falling"))


@pytest.mark.parametrize("flags", [["--batch", "3"], ["--jobs", "3", "--batch", "5"], ["--jobs", "2"]])
def test_batches_and_threads_change_no_row(flags: list[str], header: Path, tmp_path: Path) -> None:
    path = nested(tmp_path / "book.parquet", many(40), groups=9)
    common = ["book", "check", "--today", TODAY, str(path), "--header", str(header), "--format", "json"]
    one = run(*common, "--jobs", "1", "--rows", str(tmp_path / "one.parquet")).json()
    other = run(*common, *flags, "--rows", str(tmp_path / "other.parquet")).json()
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "other.parquet").read_bytes()
    assert {**one, "wall_ms": None} == {**other, "wall_ms": None}


def test_the_screen_and_the_exact_core_say_the_same(header: Path, tmp_path: Path) -> None:
    path = nested(tmp_path / "book.parquet", many(60))
    flags = [path, "--header", header, "--fail-on", "never"]
    book(*flags, "--rows", tmp_path / "screen.parquet")
    book(*flags, "--exact", "--rows", tmp_path / "exact.parquet")
    for one, other in zip(rows_of(tmp_path / "screen.parquet"), rows_of(tmp_path / "exact.parquet"), strict=True):
        for name, value in one.items():
            if isinstance(value, float) and name != "error_bound":
                assert other[name] == pytest.approx(value, rel=1e-9, abs=1e-6)
            elif name not in {"decided", "error_bound"}:
                assert other[name] == value


def test_rows_go_into_csv_and_json_lines_too(header: Path, tmp_path: Path) -> None:
    path = nested(tmp_path / "book.parquet", GOOD)
    for name in ("out.csv", "out.jsonl"):
        assert book(path, "--header", header, "--rows", tmp_path / name).code == 0
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert len(lines) == 4
    assert lines[0].startswith('"account_id","as_of","status","error","verdict","failed","warned"')
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["account_id"] for row in rows] == ["good-1", "bad", "good-2"]


def test_only_some_rows_are_written_and_errors_always(header: Path, tmp_path: Path) -> None:
    rows = [*many(20), bad(quantity="0")]
    path = nested(tmp_path / "book.parquet", rows)
    for only, wanted in (("failed", {"fail", None}), ("warned", {"fail", "warn", None})):
        book(path, "--header", header, "--rows", tmp_path / "out.parquet", "--only", only)
        assert {row["verdict"] for row in rows_of(tmp_path / "out.parquet")} == wanted


def test_columns_of_an_export_are_renamed_and_unknown_ones_named_once(header: Path, tmp_path: Path) -> None:
    folder = flat(tmp_path / "flat", GOOD)
    text = (folder / "positions.csv").read_text()
    for ours, theirs in (("account_id", "user"), ("symbol", "instrument"), ("quantity", "qty"), ("purpose", "note")):
        text = text.replace(ours, theirs, 1)
    (folder / "positions.csv").write_text(text)
    assert book(folder, "--header", header).code == 2
    names = ["account_id=user", "symbol=instrument", "quantity=qty"]
    flags = [flag for name in names for flag in ("--columns", f"positions.{name}")]
    ran = book(folder, "--header", header, *flags)
    assert ran.code == 0
    assert ran.errors.count("positions.note") == 1


def test_a_table_of_accounts_says_which_there_are(header: Path, tmp_path: Path) -> None:
    folder = flat(tmp_path / "flat", GOOD)
    (folder / "accounts.csv").write_text("account_id,position_mode\ngood-1,hedge\ngood-2,\n")
    book(folder, "--header", header, "--rows", tmp_path / "out.parquet")
    found = {row["account_id"]: row for row in rows_of(tmp_path / "out.parquet")}
    assert {name: row["status"] for name, row in found.items()} == {"good-1": "ok", "bad": "error", "good-2": "ok"}
    assert "lacks it" in found["bad"]["error"]


def test_too_much_for_memory_names_what_packs_it(header: Path, tmp_path: Path) -> None:
    folder = shuffled(flat(tmp_path / "flat", many(40)))
    ran = book(folder, "--header", header, "--sort-memory", "1kB")
    assert ran.code == 2
    assert "book pack" in ran.out


LIMITS = {
    "": 0,
    "book_limits: {max_warned: 0}": 1,
    "book_limits: {max_warned: {warn: 0}}": 0,
    "book_limits: {max_warned: 5%}": 1,
    "book_limits: {max_warned: 50%}": 0,
    "limits: {max_utilization: 40%}": 1,
    "limits: {max_utilization: 40%}\nbook_limits: {max_failed: 1}": 0,
    "limits: {max_utilization: 40%}\nbook_limits: {max_failed: off}": 0,
}


@pytest.mark.parametrize("limits", LIMITS)
def test_limits_on_the_book_decide_the_exit(limits: str, tmp_path: Path) -> None:
    """One of three accounts uses more than 40%: 4500 of 10000 (0.75 x 60000 / 10)."""
    base = HEADER.replace("limits: {max_utilization: {warn: 50%, fail: 80%}, max_concentration: off}\n", "")
    own = "limits: {max_utilization: {warn: 40%}, max_concentration: off, min_liquidation_distance: off}\n"
    text = base + (limits + "\n" if limits.startswith("limits") else own + limits + "\n")
    text = text.replace(
        "max_utilization: 40%}", "max_utilization: 40%, min_liquidation_distance: off, max_concentration: off}"
    )
    (tmp_path / "h.yaml").write_text(text)
    rows = [account("a", "10000", held("BTCUSDT", "0.75")), account("b"), account("c", "10000", held("ETHUSDT", "1"))]
    ran = book(nested(tmp_path / "book.parquet", rows), "--header", tmp_path / "h.yaml", "--format", "json")
    assert ran.code == LIMITS[limits], ran.out
    summary = ran.json()
    assert summary["schema"] == "marginctl.book-summary/1"
    assert summary["summary"]["accounts"] == 3
    assert summary["summary"]["warning"] + summary["summary"]["failing"] == 1


def test_the_summary_counts_sums_and_names_the_worst(header: Path, tmp_path: Path) -> None:
    """a: 100 USDT, long 1 BTC at 60000, entry 60100: equity 0, maintenance 1% x 60000 - 250 = 350: liquidatable.

    b: 10000 USDT, short 2 ETH at 3000: notional 6000, maintenance 60. c: 50 USDT against a loss of 100: equity -50.
    """
    rows = [
        account("b", "10000", held("ETHUSDT", "-2")),
        account("a", "100", held("BTCUSDT", "1", entry_price="60100")),
        account("c", "50", held("BTCUSDT", "0.1", entry_price="61000")),
    ]
    found = book(nested(tmp_path / "book.parquet", rows), "--header", header, "--format", "json", "--top", "2").json()
    assert found["summary"]["liquidatable"] == 2
    assert found["totals"]["equity"] == 10000 + 0 - 50
    assert found["totals"]["gross_notional"] == 6000 + 60000 + 6000
    assert found["totals"]["maintenance_margin"] == 60 + 350 + 30
    assert found["liquidatable_accounts"] == {"accounts": 2, "equity": -50, "shortfall": 50}
    assert [(one["asset"], one["long"], one["short"]) for one in found["exposure"]] == [
        ("BTC", 66000, 0),
        ("ETH", 0, 6000),
    ]
    assert [one["account_id"] for one in found["worst"]] == ["a", "c"]
    assert all(one["liquidatable"] for one in found["worst"])
    assert {one["code"]: one["failing"] for one in found["limits"]}["MC100"] == 2
    assert sum(step["count"] for step in found["distances"]) == 3


@pytest.mark.parametrize("form", ["table", "markdown", "junit", "github"])
def test_the_summary_in_every_form_says_the_limit_on_the_book(form: str, header: Path, tmp_path: Path) -> None:
    rows = [account("a", "100", held("BTCUSDT", "1", entry_price="60100"))]
    ran = book(nested(tmp_path / "book.parquet", rows), "--header", header, "--format", form)
    assert ran.code == 1
    assert "MC301" in ran.out


def test_a_limit_that_books_do_not_judge_is_refused_once(tmp_path: Path) -> None:
    (tmp_path / "h.yaml").write_text(HEADER.replace("max_concentration: off", "max_directional_exposure: 2"))
    path = nested(tmp_path / "book.parquet", GOOD)
    ran = book(path, "--header", tmp_path / "h.yaml")
    assert ran.code == 2
    assert ran.errors.count("MC108") == 2
    assert book(path, "--header", tmp_path / "h.yaml", "--ignore", "MC108").code in {0, 1}


def test_a_shock_moves_prices_first(header: Path, tmp_path: Path) -> None:
    """Long 0.5 BTC, entry 60000: at -10% a loss of 0.5 x 6000 = 3000."""
    rows = [account("a", "10000", held("BTCUSDT", "0.5", entry_price="60000"))]
    book(
        nested(tmp_path / "b.parquet", rows),
        "--header",
        header,
        "--shock",
        "BTC=-10%",
        "--rows",
        tmp_path / "o.parquet",
    )
    (row,) = rows_of(tmp_path / "o.parquet")
    assert row["equity"] == 7000
    assert row["gross_notional"] == 27000


def test_an_initial_margin_grows_with_what_it_is_for(header: Path, tmp_path: Path) -> None:
    """Long 0.5 BTC at 60000 with 1500 of initial margin, 5% of 30000; short 2 ETH at 3000 with 600.

    BTC at -10%: a notional of 27000, so 1500 x 0.9 = 1350; ETH stands still, and so does its 600. Equity 10000 - 3000.
    Maintenance by the tiers: 0.5% of 27000 is 135, and 1% of 6000 is 60.
    """
    stated = {"leverage": None, "mark_price": None}
    rows = [
        account(
            "a",
            "10000",
            {**held("BTCUSDT", "0.5", entry_price="60000", initial_margin="1500"), **stated},
            {**held("ETHUSDT", "-2", entry_price="3000", initial_margin="600"), **stated},
        )
    ]
    path = nested(tmp_path / "b.parquet", rows)
    found = {}
    for shock in ("0%", "-10%"):
        book(path, "--header", header, "--shock", f"BTC={shock}", "--rows", tmp_path / "o.parquet")
        (row,) = rows_of(tmp_path / "o.parquet")
        found[shock] = row["equity"], row["initial_margin"], row["maintenance_margin"], row["utilization"]
    assert found["0%"] == (10000, 2100, 210, 0.21)
    assert found["-10%"] == (7000, 1950, 195, 1950 / 7000)
    assert row["decided"] == "exact"


@pytest.mark.parametrize(("venue", "initial"), [("generic", 3000), ("bingx-coinm", 2700)])
def test_an_initial_margin_on_the_entry_stands_still(venue: str, initial: float, tmp_path: Path) -> None:
    """300 contracts of 100 USD, opened at 60000: 0.5 BTC, with 0.05 of initial margin. BTC falls to 54000.

    On the mark it is for 30000 / 54000 BTC now, 0.05 / 0.9 x 54000 = 3000; on the entry still for 0.5: 0.05 x 54000.
    """
    tiers = "[{maintenance_rate: 0.5%, max_leverage: 50}]"
    contract = f"{{type: inverse, base: BTC, quote: USD, contract_size: 100, tiers: {tiers}}}"
    (tmp_path / "h.yaml").write_text(
        f"schema: marginctl.book/1\naccount: {{venue: {venue}, taker_fee: 0.05%}}\nprices: {{BTC: 60000}}\n"
        f"collateral: [{{asset: BTC, haircut: 0%}}]\ncontracts: {{BTCUSD: {contract}}}\n"
    )
    one = {"symbol": "BTCUSD", "quantity": "300", "entry_price": "60000", "initial_margin": "0.05"}
    rows = [{"account_id": "a", "balances": [{"asset": "BTC", "amount": "1"}], "positions": [one]}]
    path = nested(tmp_path / "b.parquet", rows)
    book(path, "--header", tmp_path / "h.yaml", "--shock", "BTC=-10%", "--rows", tmp_path / "o.parquet")
    (row,) = rows_of(tmp_path / "o.parquet")
    assert (row["status"], row["error"], row["initial_margin"]) == ("ok", None, initial)


def test_isolated_margins_may_stand_apart_from_balances(tmp_path: Path) -> None:
    """10000 in the cross wallet, 150 beside it: held together 10150."""
    (tmp_path / "h.yaml").write_text(HEADER + "isolated: apart\n")
    one = held("ETHUSDT", "0.5", margin_mode="isolated", isolated_margin="150", entry_price="3000")
    path = nested(tmp_path / "b.parquet", [account("a", "10000", one)])
    for flags in ([], ["--exact"]):
        book(path, "--header", tmp_path / "h.yaml", "--rows", tmp_path / "o.parquet", *flags)
        (row,) = rows_of(tmp_path / "o.parquet")
        assert row["gross_collateral"] == 10150


def test_show_prints_what_check_prints_of_the_account(header: Path, tmp_path: Path) -> None:
    path = nested(tmp_path / "book.parquet", many(12))
    shown = run("book", "show", str(path), "a0003", "--header", str(header), "--today", TODAY, "--format", "json")
    text = run("book", "show", str(path), "a0003", "--header", str(header), "--today", TODAY, "--format", "yaml").out
    (tmp_path / "a0003.yaml").write_text(text)
    own = run("check", str(tmp_path / "a0003.yaml"), "--today", TODAY, "--format", "json")
    assert shown.json() == own.json()
    assert shown.code == own.code
    row = {one["account_id"]: one for one in [*checked_rows(path, header, tmp_path)]}["a0003"]
    assert Decimal(repr(row["equity"])) == pytest.approx(shown.json()["reports"][0]["totals"]["equity"])
    drawn = run("book", "show", str(path), "a0003", "--header", str(header), "--today", TODAY, "--format", "html")
    assert drawn.code == own.code
    equity = figure("equity", own.json()["reports"][0]["totals"]["equity"])
    assert ["equity", equity, ""] in rows_in(sound(drawn.out), "Account, USD")
    assert run("book", "show", str(path), "nobody", "--header", str(header)).code == 2


def checked_rows(path: Path, header: Path, folder: Path) -> list[dict[str, Any]]:
    book(path, "--header", header, "--rows", folder / "rows.parquet")
    return rows_of(folder / "rows.parquet")


BROKEN: dict[str, tuple[Callable[[Path], Path], str]] = {
    "nothing": (lambda folder: folder / "nothing.parquet", "no such file"),
    "no parquet": (lambda folder: written(folder / "b.parquet", "no parquet"), "cannot be read"),
    "other ending": (lambda folder: written(folder / "b.txt", ""), "is no table"),
    "nested csv": (lambda folder: written(folder / "b.csv", "account_id\na\n"), "no lists"),
    "empty csv": (lambda folder: written(folder / "b.csv", ""), "is empty"),
    "no id": (lambda folder: arrow_of(folder / "b.arrow", pa.table({"id": ["a"]})), "there is no column"),
    "no list": (
        lambda folder: arrow_of(folder / "b.arrow", pa.table({"account_id": ["a"], "positions": [1]})),
        "not a list",
    ),
    "empty folder": (lambda folder: folder / "header.yaml" / ".." / "empty", "no"),
}


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def arrow_of(path: Path, content: pa.Table) -> Path:
    put(path, content)
    return path


@pytest.mark.parametrize("kind", BROKEN)
def test_a_book_that_cannot_be_read_says_why(kind: str, header: Path, tmp_path: Path) -> None:
    make, message = BROKEN[kind]
    ran = book(make(tmp_path), "--header", header)
    assert ran.code == 2
    assert message in ran.out + ran.errors


def test_a_plain_check_imports_nothing_of_books() -> None:
    from tests.house.measure import modules_of_a_check

    loaded = modules_of_a_check()
    assert {name for name in loaded if name.startswith(("marginctl.books", "marginctl.cli.book"))} == set()
    assert {name.partition(".")[0] for name in loaded} & {"pyarrow", "numpy", "dask", "distributed"} == set()


def test_prices_may_be_a_table_by_time(header: Path, tmp_path: Path) -> None:
    """Long 1 BTC, entry 60000: 50000 at noon, 62000 an hour later; 10000 - 10000 = 0, and 10000 + 2000."""
    noon, later = "2026-11-22T12:00:00Z", "2026-11-22T13:00:00Z"
    (tmp_path / "p.csv").write_text(f"asset,price,as_of\nBTC,50000,{noon}\nBTC,62000,{later}\nETH,1,\n")
    held_one = held("BTCUSDT", "1", entry_price="60000")
    rows = [account("a", "10000", held_one, as_of=noon), account("a", "10000", held_one, as_of=later)]
    path = nested(tmp_path / "b.parquet", rows)
    flags = ["--header", header, "--prices", tmp_path / "p.csv", "--rows", tmp_path / "o.parquet"]
    book(path, *flags)
    assert [row["equity"] for row in rows_of(tmp_path / "o.parquet")] == [0, 12000]
    shown = ["book", "show", str(path), "a", "--header", str(header), "--prices", str(tmp_path / "p.csv")]
    assert run(*shown).code == 2
    one = run(*shown, "--as-of", later, "--format", "json").json()
    assert one["reports"][0]["totals"]["equity"] == 12000


@pytest.mark.parametrize(
    "text", ["asset\nBTC\n", "asset,price\nBTC,0\n", "asset,price\nBTC,1\nBTC,2\n", "asset,price\nBTC,\n"]
)
def test_a_table_of_prices_that_is_wrong_is_refused(text: str, header: Path, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(text)
    ran = book(nested(tmp_path / "b.parquet", GOOD), "--header", header, "--prices", tmp_path / "p.csv")
    assert ran.code == 2
    assert "p.csv" in ran.errors


@pytest.mark.parametrize("package", ["pyarrow", "numpy"])
def test_without_the_extra_the_command_names_it(package: str, header: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = book_commands.find_spec
    monkeypatch.setattr(book_commands, "find_spec", lambda name: None if name == package else found(name))
    ran = book("b.parquet", "--header", header)
    assert ran.code == 2
    assert "marginctl[books]" in ran.errors


def test_without_the_screen_the_exact_core_does_the_work_and_says_so_once(
    header: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import marginctl.books.float_screen

    path = nested(tmp_path / "b.parquet", many(20), groups=7)
    flags = [path, "--header", header, "--fail-on", "never", "--rows"]
    book(*flags, tmp_path / "exact.parquet", "--exact")
    monkeypatch.setattr(marginctl.books.float_screen, "is_built", lambda: False)
    ran = book(*flags, tmp_path / "rows.parquet")
    assert ran.errors.count("not built") == 1
    assert rows_of(tmp_path / "rows.parquet") == rows_of(tmp_path / "exact.parquet")
    assert {row["decided"] for row in rows_of(tmp_path / "rows.parquet")} == {"exact"}


def test_workers_of_the_exact_core_change_no_row(header: Path, tmp_path: Path) -> None:
    path = nested(tmp_path / "b.parquet", many(12))
    flags = ["--header", str(header), "--today", TODAY, "--fail-on", "never", "--exact"]
    run("book", "check", str(path), *flags, "--jobs", "1", "--rows", str(tmp_path / "one.parquet"))
    from marginctl.cli import book_engine

    book_engine.EXACT_BATCH, kept = 5, book_engine.EXACT_BATCH
    try:
        run("book", "check", str(path), *flags, "--jobs", "2", "--rows", str(tmp_path / "two.parquet"))
    finally:
        book_engine.EXACT_BATCH = kept
    assert rows_of(tmp_path / "one.parquet") == rows_of(tmp_path / "two.parquet")


def test_columns_of_other_types_are_read_as_they_are_stored(header: Path, tmp_path: Path) -> None:
    """Whole numbers as names, times with a zone, dictionaries, lists of a fixed length, floats: 1000.1 is 1000.1.

    Maintenance: 0.1 x 60000 x 0.5% = 30, the rate a narrow float too; the third row has rules of its own.
    """
    from datetime import UTC, datetime

    coins = pa.array(["USDT"] * 3).dictionary_encode()
    amounts = pa.array([1000.1, 2000.2, 3000.3], pa.float32())
    balances = pa.FixedSizeListArray.from_arrays(
        pa.StructArray.from_arrays([coins, amounts], names=["asset", "amount"]), 1
    )
    kind = pa.struct(
        [
            ("symbol", pa.large_string()),
            ("quantity", pa.float64()),
            ("leverage", pa.int16()),
            ("maintenance_rate", pa.float32()),
            ("funding_interval", pa.int8()),
        ]
    )
    one = {"symbol": "BTCUSDT", "quantity": 0.1, "leverage": 10, "maintenance_rate": 0.005, "funding_interval": 8}
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    columns = {
        "account_id": pa.array([7, 8, 9]),
        "as_of": pa.array([noon] * 3, pa.timestamp("us", "Europe/Berlin")),
        "venue": pa.array(["generic", None, "binance-usdm"]),
        "balances": balances,
        "positions": pa.array([[one], [], [{**one, "symbol": "ETHUSDT", "quantity": -0.5}]], pa.large_list(kind)),
    }
    pq.write_table(pa.table(columns), tmp_path / "b.parquet")
    for flags in ([], ["--exact"]):
        book(tmp_path / "b.parquet", "--header", header, "--rows", tmp_path / "o.parquet", *flags)
        rows = rows_of(tmp_path / "o.parquet")
        assert [(row["account_id"], row["as_of"]) for row in rows] == [(name, "2026-11-22T12:00:00Z") for name in "789"]
        assert [row["equity"] for row in rows] == [1000.1, 2000.2, 3000.3]
        assert [row["maintenance_margin"] for row in rows] == [30, 0, 7.5]


def test_a_table_of_orders_beside_flat_tables_is_refused(header: Path, tmp_path: Path) -> None:
    folder = flat(tmp_path / "flat", GOOD)
    (folder / "orders.csv").write_text("account_id,symbol\n")
    assert book(folder, "--header", header).code == 2
