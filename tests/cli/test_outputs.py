"""Where text goes and how it looks there: formats, files, colour, width, encodings, pipes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.cli.running import CLEAN, PATIENCE, SOURCE, check, process, run

from marginctl import __version__
from marginctl.render import FORMATS

ALL = sorted(FORMATS)
ESCAPE = "\x1b"


class TestPurity:
    """Standard output carries only the document asked for."""

    @pytest.mark.parametrize("name", ["clean", "broken", "refused", "nowhere"])
    def test_json_is_one_valid_document_at_every_exit_code(self, name: str, folder: Path) -> None:
        ran = check("--format", "json", f"{name}.yaml")
        document = ran.json()
        assert list(document) == ["schema", "version", "reports", "errors", "summary"]
        assert document["summary"]["exit_code"] == ran.code
        said = [f"{one['file']}: {one['code']} {one['message']}; {one['help']}" for one in document["errors"]]
        assert [line.replace(":4:71", "") for line in ran.errors.splitlines()] == said

    @pytest.mark.parametrize("form", ["json", "jsonl", "gitlab", "sarif", "junit"])
    def test_what_stands_in_the_way_is_also_one_line_each_on_standard_error(self, form: str, folder: Path) -> None:
        ran = check("--format", form, "clean.yaml", "broken.yaml", "refused.yaml")
        assert ran.code == 2
        assert ran.errors == "refused.yaml:4:71: MC010 unknown key `levarage`; did you mean `leverage`?\n"

    @pytest.mark.parametrize(
        "command", [["stress"], ["what-if", "--deposit", "USDT=1"], ["headroom"], ["explain"]], ids=lambda it: it[0]
    )
    def test_so_in_every_command(self, command: list[str], folder: Path) -> None:
        ran = run(*command, "refused.yaml", "--format", "json")
        assert (ran.code, len(ran.json()["errors"])) == (2, 1)
        assert ran.errors == "refused.yaml:4:71: MC010 unknown key `levarage`; did you mean `leverage`?\n"

    def test_of_many_problems_of_a_file_twenty(self, folder: Path) -> None:
        (folder / "long.yaml").write_text("".join(f"k{i}: 1\n" for i in range(23)))
        lines = check("--format", "json", "long.yaml").errors.splitlines()
        assert (len(lines), lines[-1]) == (21, "long.yaml: and 3 more problems")

    def test_an_error_has_a_place_a_code_and_advice(self, folder: Path) -> None:
        (error,) = check("--format", "json", "refused.yaml").json()["errors"]
        assert error == {
            "file": "refused.yaml",
            "line": 4,
            "column": 71,
            "code": "MC010",
            "message": "unknown key `levarage`",
            "help": "did you mean `leverage`?",
        }

    def test_jsonl_is_one_line_per_file_in_their_order(self, folder: Path) -> None:
        ran = check("--format", "jsonl", "broken.yaml", "refused.yaml", "clean.yaml")
        lines = [json.loads(line) for line in ran.out.splitlines()]
        assert [line["file"] for line in lines] == ["broken.yaml", "refused.yaml", "clean.yaml"]
        assert ["errors" in line for line in lines] == [False, True, False]
        assert ran.out.endswith("}\n")

    def test_json_has_no_exponents_and_no_quoted_figures(self, folder: Path) -> None:
        (folder / "tiny.yaml").write_text(CLEAN.replace("quantity: 0.1", "quantity: 0.00000000001"))
        totals = check("--format", "json", "tiny.yaml").json()["reports"][0]["totals"]
        text = check("--format", "json", "tiny.yaml").out
        assert '"gross_notional": 0.0000006' in text.replace("0.00000060,", "0.0000006,")
        assert totals["gross_notional"] == totals["gross_notional"].normalize()
        assert "E-" not in text

    @pytest.mark.parametrize("form", ALL)
    @pytest.mark.parametrize("flag", ["--fail-on", "--today", "--color"])
    def test_flags_that_cannot_be_meant_leave_it_empty_or_are_the_document(
        self, form: str, flag: str, folder: Path
    ) -> None:
        ran = check("--format", form, flag, "nonsense", "clean.yaml")
        assert (ran.code, ran.out == "") == (2, form not in {"json", "jsonl"})
        assert ran.errors.startswith(f"marginctl: {flag} `nonsense` is ")
        assert "\n  help: write " in ran.errors

    @pytest.mark.parametrize("form", ALL)
    def test_every_format_ends_its_last_line(self, form: str, folder: Path) -> None:
        ran = check("--format", form, "clean.yaml", "refused.yaml")
        assert ran.out.endswith("\n")
        assert not ran.out.endswith("\n\n")
        assert "\r" not in ran.out
        assert ESCAPE not in ran.out


class TestFiles:
    def test_several_outputs_of_one_run_say_the_same(self, folder: Path) -> None:
        ran = check("broken.yaml", "-o", "json=a.json", "--output", "junit=b.xml", "-o", "sarif=c.sarif", "-q")
        assert ran.code == 1
        assert ran.out.startswith("FAIL  broken: 1 error (MC107).\n\nFindings\n")
        (report,) = json.loads((folder / "a.json").read_text())["reports"]
        suite = ET.fromstring((folder / "b.xml").read_text())
        results = json.loads((folder / "c.sarif").read_text())["runs"][0]["results"]
        assert "MC107" in {one["code"] for one in report["findings"]}
        assert suite.get("failures") == "1"
        assert "MC107" in {one["ruleId"] for one in results}

    def test_they_are_written_at_exit_2_too(self, folder: Path) -> None:
        assert check("refused.yaml", "-o", "json=a.json").code == 2
        assert json.loads((folder / "a.json").read_text())["errors"][0]["code"] == "MC010"

    def test_they_are_never_coloured_nor_narrowed(self, folder: Path) -> None:
        check("clean.yaml", "-o", "table=a.txt", "--color", "always", "--width", "80")
        text = (folder / "a.txt").read_text(encoding="utf-8")
        assert ESCAPE not in text
        assert max(map(len, text.splitlines())) > 120

    def test_a_file_that_cannot_be_written_is_told_without_its_escapes(self, folder: Path) -> None:
        ran = check("clean.yaml", "-o", f"json=nowhere{ESCAPE}[31m/x.json")
        assert (ran.code, ESCAPE in ran.errors) == (2, False)
        assert "cannot be written" in ran.errors


class TestColour:
    @pytest.mark.parametrize(
        ("arguments", "env", "coloured"),
        [
            ([], {}, False),
            (["--color", "always"], {}, True),
            (["--color", "never"], {"FORCE_COLOR": "1"}, False),
            ([], {"FORCE_COLOR": "1"}, True),
            ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
            ([], {"FORCE_COLOR": "", "NO_COLOR": ""}, False),
            (["--color", "always"], {"NO_COLOR": "1"}, True),
            (["--color", "auto"], {"FORCE_COLOR": "1"}, True),
        ],
    )
    def test_follows_the_flag_then_the_environment(
        self, arguments: list[str], env: dict[str, str | None], coloured: bool, folder: Path
    ) -> None:
        for name in ("broken.yaml", "refused.yaml"):
            assert (ESCAPE in check(name, *arguments, env=env).out) is coloured

    @pytest.mark.parametrize("form", [form for form in ALL if form != "table"])
    def test_is_for_tables_alone(self, form: str, folder: Path) -> None:
        assert ESCAPE not in check("broken.yaml", "--format", form, "--color", "always").out

    @pytest.mark.parametrize(
        ("env", "coloured"),
        [({"TERM": "xterm-256color"}, True), ({"TERM": "dumb"}, False), ({"TERM": "xterm", "NO_COLOR": "1"}, False)],
    )
    def test_is_on_at_a_terminal_that_can(self, env: dict[str, str], coloured: bool, folder: Path) -> None:
        assert (ESCAPE in at_a_terminal(["check", "broken.yaml"], folder, env)) is coloured


def at_a_terminal(arguments: list[str], folder: Path, env: dict[str, str]) -> str:
    """What the program writes when its standard output is a terminal."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        [sys.executable, "-m", "marginctl", *arguments],
        stdout=theirs,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=kept | env,
    ) as running:
        os.close(theirs)
        text = b""
        while chunk := _read(ours):
            text += chunk
        running.wait(timeout=PATIENCE)
    os.close(ours)
    return text.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


class TestWidth:
    @pytest.mark.parametrize(
        ("name", "width"),
        [*(("broken", width) for width in (80, 81, 100, 120, 200)), *(("refused", width) for width in (80, 81))],
    )
    def test_no_line_is_wider(self, width: int, name: str, folder: Path) -> None:
        lines = check(f"{name}.yaml", "--width", str(width)).out.splitlines()
        assert max(map(len, lines)) <= width

    @pytest.mark.parametrize(
        "command", [["explain"], ["headroom"], ["stress", "--cascade"], ["what-if", "--deposit", "USDT=1"]]
    )
    def test_no_line_of_another_command_is_wider(self, command: list[str], folder: Path) -> None:
        name = "a-portfolio-whose-name-is-long-enough-for-two-lines.yaml"
        (folder / name).write_text(CLEAN)
        assert max(map(len, run(*command, name, "--width", "80").out.splitlines())) <= 80

    def test_a_pipe_has_none(self, folder: Path) -> None:
        piped = check("broken.yaml").out
        assert "not shown:" not in piped
        assert piped == check("broken.yaml", "--width", "10000").out

    def test_columns_narrow_a_terminal_but_no_pipe(self, folder: Path) -> None:
        assert check("broken.yaml", env={"COLUMNS": "80"}).out == check("broken.yaml").out
        shown = at_a_terminal(["check", "broken.yaml"], folder, {"COLUMNS": "90", "TERM": "dumb"})
        assert 80 < max(map(len, shown.splitlines())) <= 90


class TestVerbosity:
    def test_quiet_is_findings_and_verdict(self, folder: Path) -> None:
        text = check("broken.yaml", "-q").out
        assert text.startswith("FAIL  broken: 1 error (MC107).\n\nFindings\n  FAIL  MC107  ")
        assert "Positions" not in text

    def test_quiet_about_a_clean_file_is_silent(self, folder: Path) -> None:
        assert (check("clean.yaml", "--quiet").out, check("clean.yaml", "--quiet").code) == ("", 0)

    def test_verbose_lists_every_limit_and_source(self, folder: Path) -> None:
        text = check("clean.yaml", "--verbose").out
        for code in ("MC100", "MC101", "MC104", "MC108", "MC114"):
            assert code in text
        assert "Limits" in text


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
    @pytest.mark.parametrize("form", ["table", "json", "markdown"])
    def test_a_stream_gets_what_it_can_show(self, encoding: str, form: str, folder: Path) -> None:
        (folder / "name.yaml").write_text(CLEAN + "account: {name: Büro-№1-日本}\n", encoding="utf-8")
        ran = process(
            "check", "name.yaml", "--format", form, folder=folder, env={"PYTHONIOENCODING": encoding, "LC_ALL": "C"}
        )
        assert (ran.returncode, ran.stderr) == (0, b"")
        text = ran.stdout.decode(encoding if form == "table" else "utf-8")
        assert "10,100.00" in text or "10100" in text
        if (encoding, form) == ("ascii", "table"):
            assert "\\u65e5" in text

    def test_problems_too(self, folder: Path) -> None:
        (folder / "name.yaml").write_text("account: {naïve: 日本}\n", encoding="utf-8")
        ran = process("check", "name.yaml", folder=folder, env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
        assert ran.returncode == 2
        assert b"unknown key `na\\xefve`" in ran.stdout


class TestPipes:
    def test_a_closed_pipe_ends_quietly(self, folder: Path) -> None:
        rows = "".join(f"  - {{asset: C{i}, amount: 1, haircut: 0%}}\n" for i in range(2000))
        prices = ", ".join(f"C{i}: 1" for i in range(2000))
        (folder / "long.yaml").write_text(f"prices: {{{prices}}}\ncollateral:\n{rows}")
        command = f"{sys.executable} -m marginctl check long.yaml --format json | head -c 10"
        ran = subprocess.run(
            ["sh", "-c", command],
            capture_output=True,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)},
            timeout=PATIENCE,
            check=False,
        )
        assert (ran.stdout, ran.stderr) == (b'{\n  "schem', b"")

    def test_a_full_disk_is_told(self, folder: Path) -> None:
        if not Path("/dev/full").exists():
            pytest.skip("no /dev/full here")
        ran = subprocess.run(
            ["sh", "-c", f"{sys.executable} -m marginctl check clean.yaml > /dev/full"],
            capture_output=True,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)},
            timeout=PATIENCE,
            check=False,
        )
        assert ran.returncode == 2
        assert ran.stderr == b"marginctl: the output cannot be written: No space left on device\n"


def test_the_version_is_one_line() -> None:
    ran = run("--version")
    assert (ran.code, ran.out) == (0, f"marginctl {__version__}\n")


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["check", "--help"], ["init", "-h"]])
def test_help_is_everywhere(arguments: list[str]) -> None:
    ran = run(*arguments)
    assert ran.code == 0
    assert "Usage:" in ran.out
    assert "Exits 0" in ran.out or "check" not in arguments
