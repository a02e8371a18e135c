"""Files that a run writes: what was there stays until the new one is whole, and no input is written over."""

import json
import os
import resource
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.cli.processes import without_rights
from tests.cli.recorded_accounts import ACCOUNTS, files_of, lay_out
from tests.cli.running import BROKEN, CLEAN, PATIENCE, SOURCE, TODAY, Ran, process, run
from tests.venues.answers.published import risk_limits

from marginctl.cli.targets import TargetError, write_files
from marginctl.document.files import noting
from marginctl.venues import loader

ACCOUNT = next(one for one in ACCOUNTS if "--with" not in one.flags)
WRITERS = {
    "check -o": ("out.json", ["check", "book.yaml", "--today", TODAY, "-q", "-o", "json=out.json"]),
    "check -o html": ("out.html", ["check", "book.yaml", "--today", TODAY, "-q", "-o", "html=out.html"]),
    "report": ("out.html", ["report", "book.yaml", "--today", TODAY, "-o", "out.html"]),
    "check --write-baseline": ("base.json", ["check", "book.yaml", "--today", TODAY, "--write-baseline", "base.json"]),
    "init": ("new.yaml", ["init", "new.yaml", "--force"]),
    "what-if": (
        "new.yaml",
        ["what-if", "book.yaml", "--today", TODAY, "--deposit", "USDT=1", "--write", "new.yaml", "--force"],
    ),
    "venue refresh": (
        "own.yaml",
        ["venue", "refresh", "own.yaml", "--from", "answer.json", "--today", TODAY, "-o", "own.yaml", "--force"],
    ),
    "import": (
        "new.yaml",
        ["import", *files_of(ACCOUNT), *ACCOUNT.flags.split(), "--today", TODAY, "-o", "new.yaml", "--force"],
    ),
}
each_writer = pytest.mark.parametrize("writer", WRITERS)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with what every writer reads, and a whole older file where it writes."""
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path)
    (tmp_path / "book.yaml").write_text(CLEAN)
    assert run("check", "book.yaml", "--today", TODAY, "--write-baseline", "base.json").code == 0
    (tmp_path / "book.yaml").write_text(BROKEN)
    (tmp_path / "own.yaml").write_bytes((loader.DATA / "bybit.yaml").read_bytes())
    (tmp_path / "bybit.csv").write_bytes((loader.DATA / "bybit.csv").read_bytes())
    (tmp_path / "answer.json").write_text(json.dumps(risk_limits(("ETHUSDT", "9", "0.01", "0.02", "50.00", ""))))
    (tmp_path / "out.json").write_text("old\n")
    (tmp_path / "out.html").write_text("old\n")
    (tmp_path / "new.yaml").write_text("old\n")
    return tmp_path


def write(writer: str) -> Ran:
    return run(*WRITERS[writer][1])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@each_writer
def test_it_writes_and_leaves_nothing_beside(writer: str, desk: Path) -> None:
    before, names = (desk / WRITERS[writer][0]).read_bytes(), set(contents(desk))
    assert write(writer).code in (0, 1)
    assert (desk / WRITERS[writer][0]).read_bytes() != before
    assert {name for name in set(contents(desk)) - names if not name.endswith(".csv")} == set()


@each_writer
def test_the_mode_of_what_was_there_is_kept_and_its_link_followed(writer: str, desk: Path) -> None:
    name = WRITERS[writer][0]
    (desk / "kept").mkdir()
    (desk / name).rename(desk / "kept" / "real.yaml")
    (desk / name).symlink_to("kept/real.yaml")
    (desk / "kept" / "real.yaml").chmod(0o640)
    before = (desk / name).read_bytes()
    assert write(writer).code in (0, 1)
    assert (desk / name).is_symlink()
    assert (desk / "kept" / "real.yaml").read_bytes() != before
    assert stat.S_IMODE((desk / "kept" / "real.yaml").stat().st_mode) == 0o640
    assert [path.name for path in (desk / "kept").iterdir()] == ["real.yaml"]


@each_writer
def test_files_of_others_with_names_like_temporary_ones_stay(writer: str, desk: Path) -> None:
    name = WRITERS[writer][0]
    mine = [f"{name}.part", f"{name}.tmp", f".{name}.{os.getpid()}"]
    for one in mine:
        (desk / one).write_text("mine")
    write(writer)
    assert [(desk / one).read_text() for one in mine] == ["mine"] * 3


ARM = """
import os, signal, sys
from marginctl.cli.app import app
open_, fsync, replace, fdopen = os.open, os.fsync, os.replace, os.fdopen

def die(): os.kill(os.getpid(), signal.SIGKILL)

class Half:
    def __init__(self, file): self.file = file
    def __enter__(self): return self
    def __exit__(self, *_): self.file.close()
    def __getattr__(self, name): return getattr(self.file, name)
    def write(self, data):
        self.file.write(data[: len(data) // 2]); self.file.flush(); die()

def arm(moment):
    if moment == "open": os.open = lambda *a, **k: (open_(*a, **k), die())
    if moment == "write": os.fdopen = lambda *a, **k: Half(fdopen(*a, **k))
    if moment == "fsync": os.fsync = lambda *a: (fsync(*a), die())
    if moment == "replace": os.replace = lambda *a: die()
    if moment == "end": os.replace = lambda *a: (replace(*a), die())
"""
EACH_KILLED = (
    ARM
    + """
import importlib
folder, modules, moments, *arguments = sys.argv[1:]
for name in modules.split():
    importlib.import_module(name)
for moment in moments.split():
    if not os.fork():
        os.chdir(os.path.join(folder, moment))
        arm(moment)
        app(arguments)
    print(moment, os.waitstatus_to_exitcode(os.wait()[1]), file=sys.__stderr__)
"""
)
"""Runs that are killed, each in a folder of its own and in a process that shares what was imported before."""
MOMENTS = ("open", "write", "fsync", "replace", "end")


MODULES = ("marginctl.cli.check",)


def killed(desk: Path, folder: Path, arguments: list[str], modules: Iterable[str], moments: Iterable[str]) -> None:
    """Run a command in a copy of the desk for each moment, at which it is killed."""
    for moment in moments:
        shutil.copytree(desk, folder / moment)
    ended = subprocess.run(
        [sys.executable, "-c", EACH_KILLED, folder, " ".join(modules), " ".join(moments), *arguments],
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        timeout=PATIENCE,
        check=False,
    )
    told = [line for line in ended.stderr.decode().splitlines() if line.startswith(MOMENTS)]
    assert told == [f"{moment} -9" for moment in moments], ended.stderr


@each_writer
def test_killed_at_any_moment_the_old_file_or_the_new_one_is_there(
    writer: str, desk: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, arguments = WRITERS[writer]
    folder = tmp_path_factory.mktemp("killed")
    killed(desk, folder, arguments, MODULES, MOMENTS)
    before = (desk / name).read_bytes()
    for moment in MOMENTS:
        if moment != "end":
            assert (folder / moment / name).read_bytes() == before
        monkeypatch.chdir(folder / moment)
        assert write(writer).code in (0, 1)
        assert (folder / moment / name).read_bytes() != before


@each_writer
def test_on_a_full_disk_the_old_file_stays_and_the_run_ends_with_2(
    writer: str, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(desk)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, limits[1]))
    try:
        ran = write(writer)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (ran.code, "cannot be written: File too large" in ran.errors + ran.out) == (2, True)
    assert contents(desk) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("writer", ["check -o", "check -o html", "report"])
def test_a_device_without_room_ends_with_2_and_stays(writer: str, desk: Path) -> None:
    name = WRITERS[writer][0]
    (desk / name).unlink()
    (desk / name).symlink_to("/dev/full")
    before = sorted(path.name for path in desk.iterdir())
    ran = write(writer)
    assert (ran.code, f"`{name}` cannot be written: No space left on device" in ran.errors) == (2, True)
    assert (sorted(path.name for path in desk.iterdir()), Path("/dev/full").is_char_device()) == (before, True)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no users here")
@each_writer
def test_in_a_folder_that_cannot_be_written_the_old_file_stays(writer: str, desk: Path) -> None:
    write(writer)
    before = contents(desk)
    with without_rights(desk):
        ran = write(writer)
    assert (ran.code, "cannot be written: Permission denied" in ran.errors + ran.out) == (2, True)
    assert contents(desk) == before


@each_writer
def test_two_at_once_leave_one_whole_file(writer: str, desk: Path) -> None:
    name, arguments = WRITERS[writer]
    if writer == "venue refresh":  # which reads what it writes: another run may have changed it between its two files
        arguments = ["bybit.yaml" if word == "own.yaml" else word for word in arguments[:4]] + arguments[4:]
        shutil.copy(desk / name, desk / "bybit.yaml")
    write(writer)
    with ThreadPoolExecutor() as pool:
        ended = list(pool.map(lambda _: process(*arguments, folder=desk), range(2)))
    assert {one.returncode for one in ended} <= {0, 1}, [one.stderr for one in ended]
    text = (desk / name).read_bytes()
    assert run(*arguments).code in (0, 1)
    assert (desk / name).read_bytes() == text
    assert [path for path in desk.iterdir() if path.name.startswith(f".{name}")] == []


RULES = "schema: marginctl.venue/1\nname: own\n"
OVER = {
    "the book": ["-o", "json=book.yaml"],
    "another book of the folder": ["-o", "json=books/b.yaml", "books"],
    "by a link": ["-o", "json=link.yaml"],
    "by a hard link": ["-o", "json=hard.yaml"],
    "the policy": ["-o", "json=policy.yaml", "--limits", "policy.yaml"],
    "the baseline": ["-o", "json=base.json", "--baseline", "base.json"],
    "the rule file that the book names": ["-o", "json=own.yaml"],
    "the table that its rule file names": ["-o", "csv=bybit.csv"],
    "the book as baseline": ["--write-baseline", "book.yaml"],
}


@pytest.mark.parametrize("flags", OVER.values(), ids=OVER)
def test_what_a_run_reads_is_not_written_over(flags: list[str], desk: Path) -> None:
    (desk / "books").mkdir()
    (desk / "books" / "b.yaml").write_text(CLEAN)
    (desk / "policy.yaml").write_text("schema: marginctl.policy/1\n")
    (desk / "book.yaml").write_text(f"account: {{venue: own.yaml}}\n{BROKEN}")
    (desk / "link.yaml").symlink_to("book.yaml")
    (desk / "hard.yaml").hardlink_to(desk / "book.yaml")
    before = contents(desk) | contents(desk / "books")
    ran = run("check", "book.yaml", "--today", TODAY, *flags)
    assert (ran.code, "is read by this run, and not written over" in ran.errors) == (2, True)
    assert contents(desk) | contents(desk / "books") == before


def test_nor_what_stands_behind_standard_input(desk: Path) -> None:
    before = contents(desk)
    with (desk / "book.yaml").open("rb") as book:
        ended = subprocess.run(
            [sys.executable, "-m", "marginctl", "check", "-", "-q", "-o", "json=book.yaml"],
            stdin=book,
            capture_output=True,
            env=os.environ | {"PYTHONPATH": str(SOURCE)},
            timeout=PATIENCE,
            check=False,
        )
    assert (ended.returncode, b"is read by this run" in ended.stderr) == (2, True)
    assert contents(desk) == before


def test_what_another_process_read_counts_as_read(desk: Path) -> None:
    (desk / "many").mkdir()
    for number in range(4):
        (desk / "many" / f"{number}.yaml").write_text(f"account: {{venue: ../own.yaml}}\n{CLEAN}")
    before = contents(desk)
    ran = run("check", "many", "-j", "2", "-q", "-o", "json=own.yaml")
    assert (ran.code, "`own.yaml` is read by this run" in ran.errors) == (2, True)
    assert contents(desk) == before


def test_a_file_that_a_run_changes_may_be_written_in_its_place_when_forced(desk: Path) -> None:
    assert run("what-if", "book.yaml", "--deposit", "USDT=1", "--write", "book.yaml", "--force").code in (0, 1)
    assert "10001" in (desk / "book.yaml").read_text()
    policy = desk / "policy.yaml"
    policy.write_text("schema: marginctl.policy/1\n")
    flags = ["--limits", "policy.yaml", "--write", "policy.yaml", "--force"]
    ran = run("what-if", "book.yaml", "--deposit", "USDT=1", *flags)
    assert (ran.code, policy.read_text()) == (2, "schema: marginctl.policy/1\n")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["-o", "json=-"], "`-` names no file to write"),
        (["-o", f"json={'n' * 300}"], "cannot be written: File name too long"),
        (["-o", "json=."], "cannot be written: Is a directory"),
        (["-o", "json=loop"], "cannot be written: Too many levels of symbolic links"),
        (["-o", "json=a", "-o", "csv=./a"], "`a` is to be written twice"),
        (["-o", "json=a", "--write-baseline", "a"], "`a` is to be written twice"),
        (["-o", "json=out.json", "-o", "csv=same"], "`same` is to be written twice"),
    ],
)
def test_names_that_cannot_be_written_end_with_2(flags: list[str], said: str, desk: Path) -> None:
    (desk / "loop").symlink_to("loop")
    (desk / "same").symlink_to("out.json")
    ran = run("check", "book.yaml", "--today", TODAY, *flags)
    assert (ran.code, said in ran.errors) == (2, True)


def test_what_is_no_ordinary_file_is_written_as_it_is(desk: Path) -> None:
    ended = process("check", "book.yaml", "-q", "-o", "json=/dev/stdout", "-o", "csv=/dev/null", folder=desk)
    assert ended.returncode == 1
    assert b'"schema": "marginctl.report/1"' in ended.stdout
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_link_that_leads_nowhere_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("new")
    write_files({tmp_path / "link": b"x"})
    assert ((tmp_path / "link").is_symlink(), (tmp_path / "new").read_bytes()) == (True, b"x")


def test_of_several_files_none_is_changed_unless_all_are_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with noting(), pytest.raises(TargetError) as error:
        write_files({tmp_path / "a": b"new", tmp_path / "nowhere" / "b": b"new"})
    assert error.value.reason == "cannot be written: No such file or directory"
    assert contents(tmp_path) == {"a": b"old"}


def test_a_file_that_its_owner_made_read_only_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(TargetError) as error:
        write_files({tmp_path / "a": b"new"})
    assert (error.value.reason, contents(tmp_path)) == ("cannot be written: Permission denied", {"a": b"old"})
