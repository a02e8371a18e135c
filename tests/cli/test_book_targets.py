"""Files that commands of books write: what was there stays until the new one is whole, its mode and its link too."""

import os
import resource
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.cli.processes import without_rights
from tests.cli.running import Ran, process, run
from tests.cli.test_targets import killed

CHECK = ["book", "check", "sample/accounts", "--header", "sample/header.yaml"]
WRITERS = {
    "parquet": ("rows.parquet", [*CHECK, "--rows", "rows.parquet"]),
    "csv": ("rows.csv", [*CHECK, "--rows", "rows.csv"]),
    "jsonl": ("rows.jsonl", [*CHECK, "--rows", "rows.jsonl"]),
    "summary": ("out.json", [*CHECK, "-o", "json=out.json"]),
    "sample": ("sample/header.yaml", ["book", "sample", "9", "-o", "sample", "--force"]),
}
each_writer = pytest.mark.parametrize("writer", WRITERS)
each_of_rows = pytest.mark.parametrize("writer", ["parquet", "csv", "jsonl"])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a small book, and an older file where each writes."""
    monkeypatch.chdir(tmp_path)
    assert run("book", "sample", "12", "-o", "sample").code == 0
    for name, _ in WRITERS.values():
        if not (tmp_path / name).exists():
            (tmp_path / name).write_text("old\n")
    return tmp_path


def write(writer: str) -> Ran:
    return run(*WRITERS[writer][1])


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".*")]


@each_writer
def test_mode_and_link_stay_and_nothing_is_left_beside(writer: str, desk: Path) -> None:
    name = WRITERS[writer][0]
    (desk / "kept").mkdir()
    (desk / name).rename(desk / "kept" / "real")
    (desk / name).symlink_to(desk / "kept" / "real")
    (desk / "kept" / "real").write_text("old\n")
    (desk / "kept" / "real").chmod(0o640)
    assert write(writer).code in (0, 1)
    assert (desk / name).is_symlink()
    assert (desk / "kept" / "real").read_bytes() != b"old\n"
    assert stat.S_IMODE((desk / "kept" / "real").stat().st_mode) == 0o640
    assert hidden(desk) == []


MODULES = (
    "marginctl.cli.book_check",
    "marginctl.cli.book_running",
    "pyarrow.parquet",
    "pyarrow.csv",
    "pyarrow.dataset",
)
MOMENTS = ("open", "fsync", "replace", "end")


@each_of_rows
def test_killed_at_any_moment_the_old_rows_or_the_new_ones_are_there(
    writer: str, desk: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, arguments = WRITERS[writer]
    folder = tmp_path_factory.mktemp("killed")
    killed(desk, folder, arguments, MODULES, MOMENTS)
    for moment in MOMENTS:
        assert ((folder / moment / name).read_bytes() == b"old\n") is (moment != "end")
        monkeypatch.chdir(folder / moment)
        assert write(writer).code in (0, 1)
        assert (folder / moment / name).read_bytes() != b"old\n"


@each_of_rows
def test_on_a_full_disk_the_old_rows_stay_and_the_run_ends_with_2(writer: str, desk: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, limits[1]))
    try:
        ran = write(writer)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (ran.code, f"`{WRITERS[writer][0]}` cannot be written: " in ran.errors) == (2, True)
    assert (desk / WRITERS[writer][0]).read_bytes() == b"old\n"
    assert hidden(desk) == []


@each_of_rows
def test_a_device_that_is_full_stays_what_it_is(writer: str, desk: Path) -> None:
    name = WRITERS[writer][0]
    (desk / name).unlink()
    (desk / name).symlink_to("/dev/full")
    ran = write(writer)
    assert (ran.code, f"`{name}` cannot be written: " in ran.errors) == (2, True)
    assert (desk / name).readlink() == Path("/dev/full")
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no users here")
@each_of_rows
def test_in_a_folder_that_cannot_be_written_the_old_rows_stay(writer: str, desk: Path) -> None:
    with without_rights(desk):
        ran = write(writer)
    assert (ran.code, "cannot be written: Permission denied" in ran.errors) == (2, True)
    assert (desk / WRITERS[writer][0]).read_bytes() == b"old\n"


@each_of_rows
def test_two_at_once_leave_one_whole_file(writer: str, desk: Path) -> None:
    name, arguments = WRITERS[writer]
    write(writer)
    text = (desk / name).read_bytes()
    with ThreadPoolExecutor() as pool:
        ended = list(pool.map(lambda _: process(*arguments, folder=desk), range(2)))
    assert {one.returncode for one in ended} <= {0, 1}, [one.stderr for one in ended]
    assert (desk / name).read_bytes() == text
    assert hidden(desk) == []
