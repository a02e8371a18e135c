"""One row per position."""

import csv
import io

from tests.render import samples

from marginctl.render import TABLES, render
from marginctl.results import Outcome


def rows(*outcomes: Outcome) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render("csv", samples.run(*outcomes)))))


def test_rows_carry_the_account_and_exact_numbers() -> None:
    eth, btc, doge = rows(samples.desk())
    assert (eth["file"], eth["account"], eth["venue"], eth["currency"]) == (
        "desk.yaml",
        "desk-a",
        "binance-usdm",
        "USDT",
    )
    assert (eth["symbol"], eth["side"], eth["quantity"], eth["liquidation_price"]) == (
        "ETHUSDT",
        "long",
        "4",
        "2289.4419",
    )
    assert (btc["liquidation_side"], btc["tier"], btc["purpose"]) == ("above", "2", "hedge")
    assert (doge["liquidation_price"], doge["distance_to_liquidation"], doge["funding_per_day"]) == ("", "", "")


def test_huge_and_tiny_figures_have_no_exponent() -> None:
    tiny, huge, _ = rows(samples.strange())
    assert tiny["quantity"] == "0.000000001"
    assert tiny["notional"] == "0.0000001"
    assert huge["unrealized_pnl"] == "-123456789012.12345678"


def test_control_characters_are_written_out_and_commas_quoted() -> None:
    report = samples.report(account=samples.header("a,\x1b[31m\n"))
    (row,) = rows(Outcome(file="f", report=report))
    assert row["account"] == "a,\\x1b[31m\\x0a"


def test_nothing_to_show_is_a_header() -> None:
    text = render("csv", samples.run(samples.broken(), samples.empty()))
    assert text.startswith("file,account,venue,currency,symbol,side,quantity,entry_price,mark_price,")
    assert text.count("\n") == 1
    assert "\r" not in text


def table(name: str, *outcomes: Outcome) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(f"csv={name}", samples.run(*outcomes)))))


def test_every_table_keeps_its_header_where_there_are_no_rows() -> None:
    for form in TABLES:
        full, empty = (render(form, samples.run(one)) for one in (samples.desk(), samples.broken()))
        assert empty.splitlines() == full.splitlines()[:1]


def test_positions_are_what_csv_alone_means() -> None:
    assert render("csv=positions", samples.run(samples.desk())) == render("csv", samples.run(samples.desk()))


def test_an_account_is_a_line_with_its_verdict() -> None:
    (row,) = table("accounts", samples.desk(), samples.broken())
    totals = samples.desk().report.totals  # type: ignore[union-attr]
    assert (row["file"], row["account"], row["verdict"]) == ("desk.yaml", "desk-a", "FAIL")
    assert row["equity"] == format(totals.equity, "f")


def test_limits_are_all_that_were_evaluated_and_findings_say_where_they_stand() -> None:
    desk = samples.desk()
    assert [(row["code"], row["status"]) for row in table("limits", desk)] == [
        (check.code, check.status.value) for check in desk.checks
    ]
    rows = table("findings", desk)
    assert sorted(row["code"] for row in rows) == sorted(finding.code for finding in desk.findings)
    leverage = next(row for row in rows if row["code"] == "MC105")
    assert (leverage["portfolio"], leverage["file"], leverage["line"]) == ("desk.yaml", "desk.yaml", "31")
    assert leverage["waived"] == "false"
