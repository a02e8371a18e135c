"""The JSON document and lines: section 3 of the interface."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.render import samples

from marginctl.core.report import Report
from marginctl.findings import Severity, Status
from marginctl.render import json as json_format
from marginctl.render import render
from marginctl.results import Outcome

D = Decimal

ACCOUNT = "name venue collateral_mode margin_model position_mode currency as_of"
TOTALS = (
    "equity gross_collateral unrealized_pnl haircut initial_margin order_margin maintenance_margin gross_notional"
    " net_notional leverage free_collateral buffer utilization maintenance_ratio worst_pool liquidatable state"
)
POOL = (
    "name margin_mode equity initial_margin order_margin maintenance_margin free_collateral buffer utilization"
    " maintenance_ratio liquidatable liquidation"
)
POSITION = (
    "symbol side quantity entry_price mark_price notional unrealized_pnl leverage initial_rate initial_margin"
    " maintenance_rate maintenance_deduction tier maintenance_margin margin_mode pool liquidation_price"
    " liquidation_side distance_to_liquidation contract_liquidation_price bankruptcy_price funding_per_day purpose"
    " contract_liquidation_side expiry basis"
)
KEYS = {
    "account": ACCOUNT,
    "totals": TOTALS,
    "liquidation": "down up distance direction pool",
    "netting": "gross_initial_margin initial_margin saving saving_rate maintenance",
    "funding": "per_day runway_days missing",
    "rules": "venue as_of status sources",
}
ROWS = {
    "pools": POOL,
    "positions": POSITION,
    "collateral": "asset pool balance unrealized_pnl equity price haircut value",
    "underlyings": "asset pool delta net_notional gross_notional price down up "
    "liquidation_down liquidation_up distance",
    "checks": "code name subject value limit status headroom policy",
    "findings": "code name severity message value limit subject file line column remedy waived reason",
}


def loaded(*outcomes: Outcome, exit_code: int = 1) -> dict[str, Any]:
    text = render("json", samples.run(*outcomes, exit_code=exit_code))
    document = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    return dict(document)


def test_every_key_of_the_interface_is_there_and_no_other() -> None:
    document = loaded(samples.desk())
    assert list(document) == ["schema", "version", "reports", "errors", "summary"]
    (report,) = document["reports"]
    assert list(report) == [
        *("schema", "file", "account", "totals", "liquidation", "pools", "positions", "collateral", "underlyings"),
        *("netting", "funding", "portfolio_margin", "checks", "findings", "assumptions", "rules", "expectations"),
    ]
    for name, keys in KEYS.items():
        assert set(report[name]) == set(keys.split()), name
    for name, keys in ROWS.items():
        assert {frozenset(row) for row in report[name]} == {frozenset(keys.split())}, name
    assert set(report["pools"][0]["liquidation"]) == {"down", "up", "distance", "direction"}


def test_the_summary_counts_what_is_not_waived() -> None:
    document = loaded(samples.desk(), samples.broken(), samples.empty(), exit_code=2)
    assert document["summary"] == {"files": 3, "errors": 1, "warnings": 1, "failed_files": 1, "exit_code": 2}
    assert [report["account"]["name"] for report in document["reports"]] == ["desk-a", "empty"]
    assert document["version"] == samples.VERSION


def test_a_file_that_could_not_be_read_gives_errors_in_a_valid_document() -> None:
    document = loaded(samples.broken(), exit_code=2)
    assert document["reports"] == []
    assert document["errors"][0] == {
        "file": "broken.yaml",
        "line": 4,
        "column": 11,
        "code": "MC014",
        "message": "`amount` is not a number: `1_000`",
        "help": "write 1000",
    }
    assert (document["errors"][2]["line"], document["errors"][2]["column"]) == (None, None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1E+2", "100"),
        ("1E-7", "0.0000001"),
        ("123456789012.12345678", "123456789012.12345678"),
        ("0.50", "0.50"),
        ("-0.0", "0.0"),
        ("-0.25", "-0.25"),
        ("9" * 60, "9" * 60),
        ("NaN", "null"),
        ("Infinity", "null"),
    ],
)
def test_decimals_are_numbers_with_their_exact_text(value: str, text: str) -> None:
    assert json_format.encoded({"value": D(value)}) == f'{{"value":{text}}}'.encode()


@pytest.mark.parametrize("code", [0x7F, 0x85, 0x9B, 0x200B, 0x200F, 0x2028, 0x202A, 0x202E, 0x2060, 0x2069, 0xFEFF])
def test_what_no_screen_shows_is_escaped_and_reads_back_the_same(code: int) -> None:
    text = json_format.encoded({"name": f"a{chr(code)}b\u00e9\u4e2d"}).decode()
    assert text == f'{{"name":"a\\u{code:04x}b\u00e9\u4e2d"}}'
    assert json.loads(text) == {"name": f"a{chr(code)}b\u00e9\u4e2d"}


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_no_decimal_loses_a_digit_or_gains_an_exponent(value: Decimal) -> None:
    text = json_format.encoded(value).decode()
    assert "e" not in text.lower()
    assert D(text) == value


def test_figures_of_the_user_are_echoed_and_ours_are_rounded() -> None:
    position = samples.position("BTCUSDT", quantity="0.50000", notional="1.000000001", leverage="3.33333333333")
    report = samples.report(positions=(position,))
    text = render("json", samples.run(Outcome(file="f", report=report)))
    assert '"quantity": 0.50000,' in text
    assert '"notional": 1.00000001,' in text  # a requirement's base: up
    assert '"leverage": 3.3333333334,' in text


def test_unknown_is_null_and_never_zero() -> None:
    (report,) = loaded(samples.ruined())["reports"]
    totals = report["totals"]
    assert (totals["utilization"], totals["maintenance_ratio"], totals["leverage"]) == (None, None, None)
    assert report["checks"][1]["value"] is None
    (position,) = loaded(Outcome(file="f", report=samples.report()))["reports"][0]["positions"]
    assert (position["funding_per_day"], position["purpose"]) == (None, None)


def test_a_value_that_breaks_its_limit_by_less_than_the_rounding_still_breaks_it() -> None:
    check = samples.check("MC101", "utilization", "0.600000000001", "0.6", Status.FAIL, headroom="-0.000000000001")
    finding = samples.finding("MC101", "utilization", Severity.ERROR, "m", value="0.600000000001", limit="0.6")
    outcome = Outcome(file="f", report=samples.report(), checks=(check,), findings=(finding,))
    (report,) = loaded(outcome)["reports"]
    assert report["checks"][0]["value"] == report["findings"][0]["value"] == D("0.6000000001")
    assert report["checks"][0]["headroom"] == D("-0.0000000001")


def test_a_finding_without_a_line_has_none() -> None:
    (report,) = loaded(samples.desk())["reports"]
    note, leverage = report["findings"][:2]
    assert (note["file"], note["line"], note["column"]) == ("desk.yaml", None, None)
    assert (leverage["line"], leverage["column"], leverage["severity"]) == (31, 5, "warning")


def test_lines_follow_the_files_and_say_what_kept_one_from_being_checked() -> None:
    text = json_format.render_lines(samples.run(samples.desk(), samples.broken(), samples.empty()), json_options())
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["file"] for line in lines] == ["desk.yaml", "broken.yaml", "empty.yaml"]
    assert set(lines[1]) == {"schema", "file", "errors"}
    assert len(lines[1]["errors"]) == 3
    assert "errors" not in lines[0]


def json_options() -> Any:
    from marginctl.render import Options

    return Options()


def test_a_line_with_figures_names_limits_that_could_not_be_evaluated() -> None:
    problem = samples.problem(7, 3, "MC112 has no funding rate", code="MC030")
    outcome = Outcome(file="f", report=samples.report(), problems=(problem,))
    (line,) = json_format.render_lines(samples.run(outcome), json_options()).splitlines()
    read = json.loads(line)
    assert read["totals"]["state"] == "healthy"
    assert [error["code"] for error in read["errors"]] == ["MC030"]


def test_lone_surrogates_do_not_break_the_document() -> None:
    outcome = replace(samples.empty(), file="bad\udce4.yaml")
    document = loaded(outcome)
    assert document["reports"][0]["file"] == "bad\\udce4.yaml"


def test_ten_thousand_positions() -> None:
    position = samples.position("BTCUSDT", notional="29750.123456789", liquidation_price="38211.123456789123")
    report: Report = samples.report(positions=(position,) * 10_000)
    run = samples.run(Outcome(file="f", report=report))
    assert render("json", run).count('"symbol"') == 10_000
