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


def test_polars_gives_and_takes_tables() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.from_arrow(table(many(12)))
    found = polars.from_arrow(marginctl.books.table(HEADER, today=TODAY)(frame.to_arrow()))
    assert found["account_id"].to_list() == [row["account_id"] for row in many(12)]


def test_duckdb_gives_tables(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    nested(tmp_path / "b.parquet", many(12))
    given = duckdb.sql(f"from '{tmp_path}/b.parquet' order by account_id").arrow()
    found = marginctl.books.table(HEADER, today=TODAY)(given)
    assert found.to_pylist() == marginctl.books.table(HEADER, today=TODAY)(table(many(12))).to_pylist()


def test_ray_maps_batches(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    nested(tmp_path / "b.parquet", many(12))
    function = marginctl.books.table(HEADER, today=TODAY)
    found = ray.data.read_parquet(str(tmp_path)).map_batches(function, batch_format="pyarrow").take_all()
    assert {row["account_id"] for row in found} == {row["account_id"] for row in many(12)}


def test_spark_maps_in_arrow(tmp_path: Path) -> None:
    sql = pytest.importorskip("pyspark.sql")
    nested(tmp_path / "b.parquet", many(12))
    spark = sql.SparkSession.builder.master("local[1]").getOrCreate()
    function = marginctl.books.batches(HEADER, today=TODAY)
    found = spark.read.parquet(str(tmp_path)).mapInArrow(function, marginctl.books.SPARK_SCHEMA).collect()
    assert {row["account_id"] for row in found} == {row["account_id"] for row in many(12)}


def test_the_schema_of_a_header_takes_headers_and_names_the_columns() -> None:
    import jsonschema
    import yaml

    from marginctl.books.columns_text import book_schema
    from marginctl.books.sampling import header_text

    schema = book_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    for text in (HEADER, header_text()):
        assert list(jsonschema.Draft7Validator(schema).iter_errors(yaml.load(text, yaml.BaseLoader))) == []
    assert list(jsonschema.Draft7Validator(schema).iter_errors({"positions": []}))
    for name in ("accounts.account_id", "balances.amount", "positions.isolated_margin"):
        assert f"\n{name}: " in schema["$comment"]
