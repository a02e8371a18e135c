"""Batches and tables for other engines: the same rows as the command, pickled and not."""

import pickle
from pathlib import Path

import pyarrow as pa
import pytest
from tests.books.made import HEADER, many, nested, rows_of, table
from tests.cli.running import TODAY, run

import marginctl.books
from marginctl.books.results_out import RESULTS


@pytest.mark.parametrize("size", [7, 100])
def test_batches_and_tables_have_the_rows_of_the_command(size: int, tmp_path: Path) -> None:
    rows = many(30)
    (tmp_path / "h.yaml").write_text(HEADER)
    path = nested(tmp_path / "b.parquet", rows)
    flags = ["--header", str(tmp_path / "h.yaml"), "--today", TODAY, "--rows", str(tmp_path / "o.parquet")]
    run("book", "check", str(path), *flags)
    expected = rows_of(tmp_path / "o.parquet")
    given = table(rows)
    function = pickle.loads(pickle.dumps(marginctl.books.batches(HEADER, today=TODAY)))
    found = pa.Table.from_batches(list(function(given.to_batches(max_chunksize=size))))
    assert found.to_pylist() == expected
    assert marginctl.books.table(HEADER, today=TODAY)(given).to_pylist() == expected


def test_an_empty_table_has_no_rows_and_all_columns() -> None:
    found = marginctl.books.table(HEADER)(table(many(1)).slice(0, 0))
    assert found.schema == RESULTS
    assert len(found) == 0


def test_a_header_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="line 1"):
        marginctl.books.batches("prices: {BTC: x}")


def test_the_schema_for_spark_names_every_column() -> None:
    words = [one.split(" ") for one in marginctl.books.SPARK_SCHEMA.split(", ")]
    assert [name for name, _ in words] == RESULTS.names
    assert {kind for _, kind in words} == {"string", "boolean", "double", "array<string>"}
    with pytest.raises(AttributeError):
        marginctl.books.nothing  # noqa: B018
