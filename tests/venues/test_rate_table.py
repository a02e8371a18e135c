"""Recorded funding rates: what is read, and what is refused with its line."""

import pytest

from marginctl.core.funding_cases import RateHistory
from marginctl.findings import Problem
from marginctl.venues.rate_table import histories

PLAIN = b"""\
symbol,time,rate
BTCUSDT,2026-11-22T08:00:00Z,0.0001
BTCUSDT,2026-11-22T00:00:00Z,-0.02%
ETHUSDT,2026-11-22T01:00:00+01:00,0.00005
"""
MIDNIGHT, EIGHT = 1795305600000, 1795334400000


def read(text: str | bytes) -> dict[str, RateHistory]:
    found, problems = histories(text.encode() if isinstance(text, str) else text, "rates.csv")
    assert problems == []
    return found


def refused(text: str | bytes) -> list[Problem]:
    found, problems = histories(text.encode() if isinstance(text, str) else text, "rates.csv")
    assert found == {}
    assert {problem.location.file for problem in problems} == {"rates.csv"}
    return problems


def test_rates_by_symbol_in_the_order_of_time_and_exact() -> None:
    found = read(PLAIN)
    assert list(found) == ["BTCUSDT", "ETHUSDT"]
    assert found["BTCUSDT"].times == (MIDNIGHT, EIGHT)
    assert [str(rate) for rate in found["BTCUSDT"].rates] == ["-0.0002", "0.0001"]
    assert found["ETHUSDT"].times == (MIDNIGHT,)


def test_the_export_of_a_venue_with_more_columns_quotes_and_windows_line_ends() -> None:
    found = read(f'"symbol","fundingTime","fundingRate","markPrice"\r\n"BTCUSDT","{EIGHT}","0.00010000","60000.1"\r\n')
    assert found["BTCUSDT"].times == (EIGHT,)
    assert str(found["BTCUSDT"].rates[0]) == "0.00010000"


def test_a_byte_order_mark_is_no_part_of_the_header() -> None:
    assert list(read(b"\xef\xbb\xbf" + PLAIN)) == ["BTCUSDT", "ETHUSDT"]


@pytest.mark.parametrize(
    ("row", "code", "words", "help"),
    [
        pytest.param("BTCUSDT,2026-11-22T08:00:00Z,1e-4", "MC014", "has an exponent", "write 0.0001", id="exponent"),
        pytest.param("BTCUSDT,2026-11-22T08:00:00Z,1.5", "MC014", "is a rate of 1 or more", "1.5%", id="no rate"),
        pytest.param("BTCUSDT,2026-11-22T08:00:00Z,", "MC014", "`rate` is empty", "10%", id="no value"),
        pytest.param("BTCUSDT,2026-11-22T08:00:00,0.1%", "MC015", "has no time zone", "08:00:00Z", id="no zone"),
        pytest.param("BTCUSDT,yesterday,0.1%", "MC015", "`time` is not a date", "2026", id="no time"),
        pytest.param("BTCUSDT,1795334400,0.1%", "MC015", "is not in milliseconds", "milliseconds", id="seconds"),
        pytest.param(",2026-11-22T08:00:00Z,0.1%", "MC025", "`symbol` is empty", "without spaces", id="no symbol"),
        pytest.param("BTCUSDT, 2026-11-22T08:00:00Z", "MC025", "has 2 cells, the first line 3", "cell", id="cells"),
        pytest.param("", "MC025", "has 1 cells, the first line 3", "cell", id="empty line"),
    ],
)
def test_a_row_that_cannot_be_read(row: str, code: str, words: str, help: str) -> None:
    (problem,) = refused(f"symbol,time,rate\nETHUSDT,{EIGHT},0.1%\n{row}\nETHUSDT,{MIDNIGHT},0.1%\n")
    assert (problem.location.line, problem.code) == (3, code)
    assert words in problem.message
    assert help in problem.help


def test_every_wrong_row_is_told() -> None:
    text = "symbol,time,rate\n" + "BTCUSDT,never,0.1\n" * 3
    assert [problem.location.line for problem in refused(text)] == [2, 3, 4]


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("time,rate", id="a column is missing"),
        pytest.param("symbol,time,fundingRate", id="names of both kinds"),
        pytest.param("symbol,time,rate,rate", id="a column twice"),
        pytest.param("BTCUSDT,2026-11-22T08:00:00Z,0.0001", id="no header"),
        pytest.param("", id="nothing"),
    ],
)
def test_the_header_must_name_the_columns(header: str) -> None:
    (problem,) = refused(f"{header}\nBTCUSDT,2026-11-22T08:00:00Z,0.0001\n")
    assert (problem.location.line, problem.code) == (1, "MC025")
    assert problem.help == "write symbol,time,rate"


def test_a_header_alone_holds_no_rates() -> None:
    (problem,) = refused("symbol,time,rate\n")
    assert "no rates" in problem.message


def test_two_rates_of_one_time() -> None:
    (problem,) = refused(
        f"symbol,time,rate\nBTCUSDT,{EIGHT},0.1%\nBTCUSDT,{MIDNIGHT},0.1%\nBTCUSDT,{EIGHT + 500},0.2%\n"
    )
    assert (problem.location.line, problem.code) == (4, "MC016")
    assert "on line 2" in problem.message


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xfes\0y\0", id="UTF-16"),
        pytest.param(b"symbol,time,rate\nBTC\x00,1,1\n", id="NUL"),
        pytest.param(b"symbol,time,rate\n\xff,1,1\n", id="no UTF-8"),
    ],
)
def test_what_is_no_text(data: bytes) -> None:
    (problem,) = refused(data)
    assert problem.code == "MC001"


def test_a_thousand_wrong_rows_are_enough() -> None:
    assert len(refused("symbol,time,rate\n" + "BTCUSDT,never,0.1\n" * 5000)) == 1001
