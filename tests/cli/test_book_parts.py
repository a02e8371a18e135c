"""Runs into a folder: parts whole or not at all, going on, other engines; and the sample book."""

import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tests.books.made import HEADER, flat, many, nested, rows_of
from tests.cli.running import TODAY, Ran, run
from tests.cli.test_book_check import shuffled


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "h.yaml").write_text(HEADER)
    (tmp_path / "book").mkdir()
    rows = many(48)
    for number in range(6):
        nested(tmp_path / "book" / f"p{number}.parquet", rows[number * 8 : number * 8 + 8])
    return tmp_path


def check(folder: Path, rows: str, *flags: Any) -> Ran:
    common = ["book", "check", str(folder / "book"), "--header", str(folder / "h.yaml"), "--today", TODAY]
    common += ["--jobs", "1", "--fail-on", "never", "--format", "json"]
    return run(*common, "--rows", str(folder / rows), *map(str, flags))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.parquet")}


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "_manifest.jsonl").read_text().splitlines()]


def test_a_folder_gets_a_part_for_each_and_the_same_rows_as_one_file(folder: Path) -> None:
    whole = check(folder, "whole.parquet")
    parts = check(folder, "out")
    assert {**whole.json(), "wall_ms": 0} == {**parts.json(), "wall_ms": 0}
    assert sorted(files(folder / "out")) == [f"p{number}.parquet" for number in range(6)]
    found = [row for number in range(6) for row in rows_of(folder / "out" / f"p{number}.parquet")]
    assert found == rows_of(folder / "whole.parquet")
    assert [(one["part"], one["rows"]) for one in lines(folder / "out")] == [(f"p{number}", 8) for number in range(6)]
    assert not [path for path in (folder / "out").iterdir() if path.name.startswith(".")]


def test_the_same_part_computed_twice_has_the_same_bytes(folder: Path) -> None:
    check(folder, "one")
    check(folder, "two", "--batch", "3")
    assert files(folder / "one") == files(folder / "two")


def test_going_on_computes_only_what_is_missing_or_changed(folder: Path) -> None:
    first = check(folder, "out")
    before = {path.name: path.stat().st_mtime_ns for path in (folder / "out").glob("*.parquet")}
    (folder / "out" / "p2.parquet").unlink()
    nested(folder / "book" / "p4.parquet", many(48)[32:39])
    manifest = folder / "out" / "_manifest.jsonl"
    manifest.write_text(manifest.read_text() + '{"part": "p5", "cut off')
    again = check(folder, "out", "--resume")
    after = {path.name: path.stat().st_mtime_ns for path in (folder / "out").glob("*.parquet")}
    assert {name for name in after if after[name] != before[name]} == {"p2.parquet", "p4.parquet"}
    assert "4 of 6 parts" in again.errors
    assert again.json()["summary"]["accounts"] == first.json()["summary"]["accounts"] - 1


def test_another_header_computes_everything_anew(folder: Path) -> None:
    check(folder, "out")
    (folder / "h.yaml").write_text(HEADER.replace("60000", "61000"))
    again = check(folder, "out", "--resume")
    assert "0 of 6 parts" in again.errors
    check(folder, "fresh")
    assert files(folder / "out") == files(folder / "fresh")


def test_a_part_that_cannot_be_read_is_an_error_and_the_others_complete(folder: Path) -> None:
    data = (folder / "book" / "p3.parquet").read_bytes()
    (folder / "book" / "p3.parquet").write_bytes(
        data.replace(b"BTCUSDT", b"\x00\xff\x00\xff\x00\xff\x00")[:-400] + data[-400:]
    )
    ran = check(folder, "out")
    assert ran.code == 2
    assert "p3.parquet" in ran.errors
    assert sorted(files(folder / "out")) == [f"p{number}.parquet" for number in (0, 1, 2, 4, 5)]


@pytest.mark.parametrize("flags", [["--resume"], ["--engine", "ray"], ["--engine", "dask"]])
def test_flags_that_cannot_be_meant_are_refused(flags: list[str], folder: Path) -> None:
    assert check(folder, "out.parquet", *flags).code == 2


def test_a_stress_test_goes_into_a_folder_too(folder: Path) -> None:
    text = HEADER + "scenarios: [{name: fall, shocks: {BTC: -30%}}]\n"
    (folder / "h.yaml").write_text(text)
    common = ["book", "stress", str(folder / "book"), "--header", str(folder / "h.yaml"), "--jobs", "1"]
    ran = run(*common, "--rows", str(folder / "out"))
    assert ran.code in {0, 1}
    assert len(rows_of(folder / "out" / "p0.parquet")) == 8


def test_a_worker_that_is_killed_costs_nothing(folder: Path) -> None:
    """Two workers; one is killed while parts are being done: every part is there, byte for byte."""
    distributed = pytest.importorskip("distributed")
    rows = many(320)
    for number in range(6, 40):
        nested(folder / "book" / f"p{number}.parquet", rows[8 * number : 8 * number + 8])
    check(folder, "local", "--exact")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        victim = next(iter(client.run(os.getpid).values()))
        stop = threading.Event()
        killer = threading.Thread(target=_kill_after_a_part, args=(folder / "dask", victim, stop))
        killer.start()
        ran = check(folder, "dask", "--exact", "--engine", f"dask={cluster.scheduler_address}")
        stop.set()
        killer.join()
        assert victim not in client.run(os.getpid).values()
    assert ran.code == 0
    assert files(folder / "dask") == files(folder / "local")
    assert len(lines(folder / "dask")) == 40


def _kill_after_a_part(folder: Path, victim: int, stop: threading.Event) -> None:
    while not stop.is_set():
        if list(folder.glob("p*.parquet")):
            os.kill(victim, signal.SIGKILL)
            return
        time.sleep(0.01)


def test_a_sample_is_the_same_for_the_same_seed_and_can_be_checked(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert run("book", "sample", "120", "--out", str(tmp_path / name), "--seed", "7").code == 0
    one, two = (rows_of(tmp_path / name / "accounts") for name in ("one", "two"))
    assert one == two
    assert len(one) == 120
    run("book", "sample", "120", "--out", str(tmp_path / "other"), "--seed", "8")
    assert rows_of(tmp_path / "other" / "accounts") != one
    ran = run("book", "check", str(tmp_path / "one" / "accounts"), "--header", str(tmp_path / "one" / "header.yaml"))
    assert ran.code == 0
    assert run("book", "sample", "1", "--out", str(tmp_path / "one")).code == 2


@pytest.mark.parametrize("room", ["2GiB", "4kB"])
def test_packed_tables_give_the_rows_of_the_book(room: str, folder: Path) -> None:
    rows = many(48)
    tables = shuffled(flat(folder / "flat", rows))
    files = ["--positions", str(tables / "positions.csv"), "--balances", str(tables / "balances.csv")]
    ran = run("book", "pack", *files, "--out", str(folder / "packed"), "--sort-memory", room)
    assert ran.code == 0, ran.errors
    assert "48 accounts" in ran.out
    assert (len(list((folder / "packed").glob("*.parquet"))) > 1) is (room == "4kB")
    check(folder, "whole.parquet")
    common = ["book", "check", str(folder / "packed"), "--header", str(folder / "h.yaml"), "--fail-on", "never"]
    run(*common, "--today", TODAY, "--rows", str(folder / "out.parquet"))
    key = lambda row: row["account_id"]  # noqa: E731
    assert sorted(rows_of(folder / "out.parquet"), key=key) == sorted(rows_of(folder / "whole.parquet"), key=key)
    assert run("book", "pack", *files, "--out", str(folder / "packed")).code == 2


def test_packing_refuses_an_account_that_is_not_listed(folder: Path) -> None:
    tables = flat(folder / "flat", many(3))
    (tables / "accounts.csv").write_text("account_id\na0000\na0001\n")
    names = ("positions", "balances", "accounts")
    files = [part for name in names for part in (f"--{name}", str(tables / f"{name}.csv"))]
    ran = run("book", "pack", *files, "--out", str(folder / "packed"))
    assert ran.code == 2
    assert "a0002" in ran.errors
    assert not list((folder / "packed").glob("*.parquet"))


def test_workers_of_another_version_are_refused() -> None:
    pytest.importorskip("distributed")
    from marginctl.cli.book_dask import _check_versions
    from marginctl.document.scalars import FlagError

    class Cluster:
        """Answers as a client of a cluster does."""

        def __init__(self, answer: dict[str, str]) -> None:
            self.answer = answer

        def run(self, function: Any) -> dict[str, str]:
            return {worker: version or function() for worker, version in self.answer.items()}

    _check_versions(Cluster({"a": "", "b": ""}))
    for wrong in ({"a": "", "b": "0.0.1"}, {}):
        with pytest.raises(FlagError):
            _check_versions(Cluster(wrong))
