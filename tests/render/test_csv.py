"""One row per position."""

import csv
import io

from tests.render import samples

from marginctl.render import render
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
