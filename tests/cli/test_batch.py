"""Many files: order, workers, bad files among good ones, memory, the progress bar."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.processes import heeds_ctrl_c
from tests.cli.running import BROKEN, CLEAN, PATIENCE, REFUSED, SOURCE, TODAY, check

from marginctl.cli import batch
from marginctl.cli.batch import in_order, with_progress, workers_for
from marginctl.cli.inputs import Input


def inputs(count: int) -> list[Input]:
    return [Input(f"{number:04}", Path(f"{number:04}")) for number in range(count)]


def name_of(one: Input) -> str:
    """Work that any process can do."""
    return one.name


def process_of(one: Input) -> tuple[str, int]:
    time.sleep(0.002)  # long enough that no process does it all before another has begun
    return one.name, os.getpid()


def dies_elsewhere(one: Input) -> str:
    """Work that kills every process but the one that runs the tests."""
    if "PYTEST_CURRENT_TEST" in os.environ and os.getpid() != int(os.environ["TESTED_BY"]):
        os._exit(1)
    return one.name


def refuses(one: Input) -> str:
    raise ValueError(one.name)


@pytest.mark.parametrize(
    ("files", "jobs", "processors", "workers"),
    [
        pytest.param(1, 0, 2, 0, id="one file"),
        pytest.param(199, 0, 2, 1, id="not worth a second process"),
        pytest.param(200, 0, 2, 2, id="worth it"),
        pytest.param(250, 0, 64, 2, id="not all of many processors"),
        pytest.param(10_000, 0, 8, 8, id="all of them"),
        pytest.param(10_000, 1, 8, 1, id="one by request"),
        pytest.param(3, 9, 8, 3, id="never more than files"),
    ],
)
def test_how_many_processes(
    files: int, jobs: int, processors: int, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "processors", lambda: processors)
    assert workers_for(files, jobs) == workers


@pytest.mark.parametrize("jobs", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 15, 16, 17, 300])
def test_results_come_in_the_order_of_the_files(jobs: int, count: int) -> None:
    found = inputs(count)
    assert list(in_order(found, name_of, jobs)) == [one.name for one in found]


def test_several_processes_share_the_work() -> None:
    processes = {process for _, process in in_order(inputs(300), process_of, 2)}
    assert len(processes) == 2
    assert os.getpid() not in processes


def test_standard_input_is_read_by_the_process_that_has_it() -> None:
    found = [*inputs(300), Input("-", None)]
    assert {process for _, process in in_order(found, process_of, 2)} == {os.getpid()}


def test_what_a_worker_cannot_do_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTED_BY", str(os.getpid()))
    found = inputs(100)
    assert list(in_order(found, dies_elsewhere, 2)) == [one.name for one in found]


def test_a_defect_shows_its_own_place() -> None:
    with pytest.raises(ValueError, match="0000") as caught:
        list(in_order(inputs(40), refuses, 2))
    assert caught.traceback[-1].name == "refuses"


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty portfolios: the 7th breaks a limit, the 20th cannot be read."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "books"
    folder.mkdir()
    for number in range(40):
        text = {7: BROKEN, 20: REFUSED}.get(number, CLEAN)
        (folder / f"{number:02}.yaml").write_text(text)
    return folder


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_one_bad_file_does_not_stop_the_others(jobs: str, books: Path) -> None:
    ran = check("books", "--format", "jsonl", "--jobs", jobs)
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 2
    assert [line["file"] for line in lines] == [f"books/{number:02}.yaml" for number in range(40)]
    assert [number for number, line in enumerate(lines) if "errors" in line] == [20]
    (books / "20.yaml").unlink()
    assert check("books", "--format", "jsonl", "--jobs", jobs).code == 1
    (books / "07.yaml").unlink()
    assert check("books", "--format", "jsonl", "--jobs", jobs).code == 0


@pytest.mark.parametrize("form", ["json", "table", "github", "junit"])
def test_the_number_of_processes_changes_nothing(form: str, books: Path) -> None:
    one, two = (check("books", "nowhere.yaml", "--format", form, "-j", jobs) for jobs in ("1", "2"))
    assert one == two


def test_streamed_lines_are_those_of_a_collected_run(books: Path) -> None:
    streamed = check("nowhere.yaml", "books", "--format", "jsonl")
    collected = check("nowhere.yaml", "books", "--format", "table", "-o", "jsonl=lines.jsonl")
    assert streamed.out == Path("lines.jsonl").read_text()
    assert streamed.code == collected.code == 2


def peak_of_a_run(folder: Path) -> int:
    """The largest resident set of a run over a folder by `jsonl`, in KiB."""
    program = (
        "import resource, sys\n"
        "from marginctl.cli.app import app\n"
        "app(['check', sys.argv[1], '--format', 'jsonl', '--jobs', '1'], standalone_mode=False)\n"
        "sys.stderr.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        env={"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"]},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=True,
    )
    return int(ran.stderr)


@pytest.mark.skipif(sys.platform == "win32", reason="no such measure there")
def test_memory_does_not_grow_with_the_files(tmp_path: Path) -> None:
    few, many = tmp_path / "few", tmp_path / "many"
    for folder, count in ((few, 20), (many, 400)):
        folder.mkdir()
        for number in range(count):
            (folder / f"{number:03}.yaml").write_text(CLEAN)
    # kept reports would be about 15 KiB each: 5.7 MiB
    assert peak_of_a_run(many) - peak_of_a_run(few) < 2048


@pytest.mark.skipif(sys.platform == "win32", reason="no process groups there")
def test_ctrl_c_leaves_no_process_behind(tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    for number in range(400):
        (tmp_path / "books" / f"{number:03}.yaml").write_text(CLEAN)
    with subprocess.Popen(
        [sys.executable, "-m", "marginctl", "check", *["books"], "--format", "jsonl", "-j", "2", "--today", TODAY],
        cwd=tmp_path,
        env={"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=heeds_ctrl_c,  # noqa: PLW1509 - no threads here
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        os.killpg(running.pid, signal.SIGINT)
        running.stdout.read()
        assert running.stderr.read() == b""
        assert running.wait(timeout=PATIENCE) == 130
    for _ in range(10 * PATIENCE):
        try:
            os.killpg(running.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("a worker is left")


def bar_of(arguments: list[str], folder: Path) -> str:
    """What a run writes to standard error when that is a terminal, its patience at an end."""
    program = (
        "import sys\nfrom marginctl.cli import batch\nbatch.PATIENCE = 0\n"
        "from marginctl.cli.app import app\napp(sys.argv[1:])\n"
    )
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "80"},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
    ) as running:
        os.close(theirs)
        text = b""
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            text += chunk
        running.wait(timeout=PATIENCE)
    os.close(ours)
    return text.decode()


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_bar_shows_at_a_terminal_and_goes_away(form: str, books: Path) -> None:
    text = bar_of(["check", "books", "--format", form], books.parent)
    assert "checking" in text
    assert "/40" in text
    behind = text.rpartition("\x1b[2K")[2]  # the line is erased
    assert behind == "books/20.yaml:4:71: MC010 unknown key `levarage`; did you mean `leverage`?\r\n"


@pytest.mark.parametrize("arguments", [["check", "books", "--quiet"], ["check", "books/01.yaml"]])
def test_no_bar_where_nobody_asked_for_one(arguments: list[str], books: Path) -> None:
    assert bar_of(arguments, books.parent) == ""


def test_no_bar_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(with_progress(["a", "b"], 2, wanted=True)) == ["a", "b"]
    assert capsys.readouterr().err == ""
