"""Parquet files of prices and returns: the same history as the CSV that says the same, or why it is none."""

import datetime as dt
import io
import sys
from decimal import Decimal
from typing import Any

import pytest

from marginctl.document import parquet
from marginctl.document.price_history import price_history

arrow = pytest.importorskip("pyarrow")
D = Decimal


def written(columns: dict[str, Any]) -> bytes:
    from pyarrow import parquet as writer

    buffer = io.BytesIO()
    writer.write_table(arrow.table(columns), buffer)
    return buffer.getvalue()


DAYS = [dt.date(2026, 1, 1), dt.date(2026, 1, 2), dt.date(2026, 1, 5)]


@pytest.mark.parametrize(
    ("dates", "kind"),
    [
        pytest.param(DAYS, arrow.date32(), id="days"),
        pytest.param([dt.datetime.combine(day, dt.time()) for day in DAYS], arrow.timestamp("ms"), id="midnights"),
        pytest.param([day.isoformat() for day in DAYS], arrow.string(), id="texts"),
    ],
)
def test_it_is_the_history_of_the_same_csv(dates: list[Any], kind: Any) -> None:
    values = {
        "BTC": arrow.array([D("60000.10"), D("61000.20"), None], arrow.decimal128(20, 2)),
        "ETH": arrow.array([3000.1, float("nan"), 1e-7], arrow.float64()),
        "date": arrow.array(dates, kind),
    }
    found, problems = price_history(written(values), "h.parquet", are_returns=False)
    text = b"date,BTC,ETH\n2026-01-01,60000.10,3000.1\n2026-01-02,61000.20,\n2026-01-05,,0.0000001\n"
    want, _ = price_history(text, "h.csv", are_returns=False)
    assert problems == []
    assert found is not None
    assert want is not None
    assert (found.dates, found.days, found.columns) == (want.dates, want.days, want.columns)


def test_moments_keep_their_zone() -> None:
    moments = [dt.datetime(2026, 1, day, 8, tzinfo=dt.UTC) for day in (1, 2)]
    values = {"date": arrow.array(moments, arrow.timestamp("us", "UTC")), "BTC": arrow.array([1, 2])}
    found, _ = price_history(written(values), "h.pq", are_returns=False)
    assert found is not None
    assert found.dates == ("2026-01-01T08:00:00+00:00", "2026-01-02T08:00:00+00:00")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"PAR1", "the file is no Parquet that can be read", id="not one"),
        pytest.param(written({"day": ["2026-01-01"], "BTC": [1]}), "does not name the columns", id="no date"),
        pytest.param(written({"date": ["2026-01-01"], "BTC": [-1.5]}), "BTC is not above 0: `-1.5`", id="a price"),
        pytest.param(
            written({"date": ["2026-01-01"], "BTC": [float("inf")]}), "BTC is not a finite number", id="no end"
        ),
        pytest.param(written({"date": [DAYS[1], DAYS[0]], "BTC": [1, 2]}), "lies before the date above", id="falls"),
        pytest.param(written({"date": [["a"]], "BTC": [1]}), "`date`", id="a list"),
    ],
)
def test_what_is_wrong_is_told_like_in_a_csv(data: bytes, said: str) -> None:
    found, problems = price_history(data, "h.parquet", are_returns=False)
    assert found is None
    assert said in problems[0].message


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    _, (problem,) = price_history(b"PAR1", "h.parquet", are_returns=False)
    assert (problem.message, problem.code) == ("Parquet needs the extra `parquet`", "MC001")
    assert "marginctl[parquet]" in problem.help


def test_a_file_of_too_many_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "MOST_CELLS", 3)
    _, (problem,) = price_history(
        written({"date": ["2026-01-01", "2026-01-02"], "BTC": [1, 2]}), "h.pq", are_returns=False
    )
    assert problem.message == "the file has 4 cells, at most 3 are read"
