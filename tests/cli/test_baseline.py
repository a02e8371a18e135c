"""`--baseline` and `--write-baseline`: adoption, the ratchet, and the file itself."""

import json
import os
from pathlib import Path

import pytest
from tests.cli.running import BROKEN, CLEAN, REFUSED, check

from marginctl import __version__

SHARES = "limits: {max_concentration: 60%, max_utilization: 5%}"
# utilization: 6,000 / 10 on 10,100 of equity (the short at 61,000 has won 100)
BOOK = CLEAN.replace("limits: {max_concentration: off}", SHARES)

EXPONENT = """{"schema": "marginctl.baseline/1", "entries": [
  {"file": "a", "code": "MC101", "subject": "x", "value": 1e-3}
]}"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "books").mkdir()
    (tmp_path / "books/a.yaml").write_text(BOOK)
    (tmp_path / "books/b.yaml").write_text(CLEAN)
    return tmp_path


def entries(path: str = "base.json") -> list[dict[str, object]]:
    return list(json.loads(Path(path).read_text())["entries"])


def statuses(*arguments: str) -> dict[str, str]:
    """Code -> status of what does not pass in the first report."""
    report = check(*arguments, "--format", "json").json()["reports"][0]
    return {one["code"]: one["status"] for one in report["checks"] if one["status"] != "pass"}


def test_adoption_passes_and_so_does_every_run_until_something_is_worse(folder: Path) -> None:
    assert check("books").code == 1
    assert check("books", "--write-baseline", "base.json").code == 0
    assert check("books", "--baseline", "base.json").code == 0
    assert statuses("books", "--baseline", "base.json") == {
        "MC101": "waived-by-baseline",
        "MC107": "waived-by-baseline",
    }
    # a little less of the short: 5.94% of utilization becomes less; a little more: more
    assert check("books", "--baseline", "base.json", "--set", "positions.0.quantity=0.099").code == 0
    assert check("books", "--baseline", "base.json", "--set", "positions.0.quantity=0.101").code == 1


def test_the_file_is_sorted_exact_and_one_line_per_entry(folder: Path) -> None:
    (folder / "books/0.yaml").write_text(BROKEN)
    check("books", "--write-baseline", "base.json")
    # 600 / 10,100 = 0.059405940594..., rounded up at the twelfth decimal
    assert Path("base.json").read_text() == (
        "{\n"
        '  "schema": "marginctl.baseline/2",\n'
        f'  "version": "{__version__}",\n'
        '  "entries": [\n'
        '    {"file": "books/0.yaml", "code": "MC107", "subject": "BTC", "value": 1},\n'
        '    {"file": "books/a.yaml", "code": "MC101", "subject": "cross", "value": 0.059405940595},\n'
        '    {"file": "books/a.yaml", "code": "MC107", "subject": "BTC", "value": 1}\n'
        "  ],\n"
        '  "errors": [],\n'
        '  "summary": {"entries": 3, "exit_code": 0}\n'
        "}\n"
    )


def test_writing_twice_changes_nothing(folder: Path) -> None:
    check("books", "--write-baseline", "base.json")
    before = Path("base.json").read_text()
    assert check("books", "--baseline", "base.json", "--write-baseline", "base.json").code == 0
    assert Path("base.json").read_text() == before


def test_the_ratchet_tightens_and_never_loosens(folder: Path) -> None:
    check("books", "--write-baseline", "base.json")
    both = ["--baseline", "base.json", "--write-baseline", "base.json"]
    book = folder / "books/a.yaml"
    book.write_text(BOOK.replace("quantity: 0.1", "quantity: 0.09"))
    assert check("books", *both).code == 0
    # 540 / 10,090 = 0.0535183349...
    assert entries()[0]["value"] == pytest.approx(0.053518335)
    book.write_text(BOOK)
    assert check("books", *both).code == 1
    assert [one["code"] for one in entries()] == ["MC107"]


def test_it_does_not_matter_where_it_is_run_or_how_lines_move(folder: Path) -> None:
    check("books", "--write-baseline", "base.json")
    (folder / "books/a.yaml").write_text("# a line more\n\n" + BOOK)
    os.chdir(folder / "books")
    assert check("a.yaml", "--baseline", "../base.json").code == 0
    assert check(str(folder / "books/a.yaml"), "--baseline", str(folder / "base.json")).code == 0


def test_files_that_are_not_in_the_run_keep_their_entries_while_they_exist(folder: Path) -> None:
    (folder / "books/c.yaml").write_text(BROKEN)
    check("books", "--write-baseline", "base.json")
    check("books/b.yaml", "--write-baseline", "base.json")
    assert [one["file"] for one in entries()] == ["books/a.yaml", "books/a.yaml", "books/c.yaml"]
    (folder / "books/c.yaml").unlink()
    check("books/b.yaml", "--write-baseline", "base.json")
    assert {one["file"] for one in entries()} == {"books/a.yaml"}


def test_a_file_that_cannot_be_checked_keeps_its_entries_and_exits_2(folder: Path) -> None:
    check("books", "--write-baseline", "base.json")
    before = entries()
    (folder / "books/a.yaml").write_text(REFUSED)
    assert check("books", "--write-baseline", "base.json").code == 2
    assert entries() == before


def test_entries_of_other_files_are_not_called_unused(folder: Path) -> None:
    check("books", "--write-baseline", "base.json")
    (report,) = check("books/b.yaml", "--baseline", "base.json", "--format", "json").json()["reports"]
    assert "MC901" not in {one["code"] for one in report["findings"]}


def test_an_entry_that_is_unused_is_named_with_its_line(folder: Path) -> None:
    check("books", "--write-baseline", "base.json")
    ran = check("books/a.yaml", "--baseline", "base.json", "--set", "positions.0.leverage=50", "--format", "json")
    (note,) = (one for one in ran.json()["reports"][0]["findings"] if one["code"] == "MC901")
    assert (note["message"], note["file"], note["line"], note["severity"]) == (
        "the baseline's MC101 for cross is no breach any more",
        "base.json",
        5,
        "note",
    )
    assert ran.code == 0


def test_a_liquidatable_account_is_not_accepted(folder: Path) -> None:
    (folder / "books/a.yaml").write_text(BOOK.replace("amount: 10000", "amount: 1").replace("61000", "60000"))
    assert check("books", "--write-baseline", "base.json").code == 1
    assert "MC100" not in {one["code"] for one in entries()}
    assert check("books", "--baseline", "base.json").code == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ('{"schema": "marginctl.baseline/3", "entries": []}', "`schema` must be"),
        ('{"schema": "marginctl.baseline/1"}', "`entries` is missing"),
        (
            '{"schema": "marginctl.baseline/1", "entries": [{"file": "a", "code": "MC999", "subject": "x"}]}',
            "no limit has the code `MC999`",
        ),
        (
            EXPONENT,
            "`value` has an exponent",
        ),
    ],
)
def test_a_baseline_that_cannot_be_read_is_exit_2_and_is_not_written_over(text: str, said: str, folder: Path) -> None:
    Path("base.json").write_text(text)
    for flag in ("--baseline", "--write-baseline"):
        ran = check("books", flag, "base.json", "--format", "json")
        assert ran.code == 2
        assert said in ran.json()["errors"][0]["message"]
        assert Path("base.json").read_text() == text


def test_a_baseline_that_is_not_there_or_cannot_be_written(folder: Path) -> None:
    assert check("books", "--baseline", "none.json").code == 2
    ran = check("books", "--write-baseline", "none/base.json", "--format", "json")
    assert (ran.code, ran.json()["errors"][0]["message"]) == (2, "cannot be written: No such file or directory")


@pytest.mark.parametrize("form", ["table", "markdown", "github", "gitlab", "sarif", "junit", "json", "jsonl", "csv"])
def test_the_exit_code_does_not_depend_on_the_format(form: str, folder: Path) -> None:
    check("books", "--write-baseline", "base.json")
    assert check("books", "--format", form).code == 1
    assert check("books", "--format", form, "--baseline", "base.json").code == 0
    assert check("books", "none.yaml", "--format", form, "--baseline", "base.json").code == 2


def test_every_format_says_that_it_is_the_baseline(folder: Path) -> None:
    check("books", "--write-baseline", "base.json")
    said = {}
    for form in ("table", "markdown", "junit", "sarif"):
        flags = ("--sarif-waived",) if form == "sarif" else ("--width", "100")
        said[form] = check("books/a.yaml", "--baseline", "base.json", "--format", form, *flags).out
    assert "  baseline  MC107" in said["table"]
    assert "waived: in the baseline with 100%" in said["table"]
    assert "2 in the baseline" in said["table"]
    assert "| baseline | MC107 |" in said["markdown"]
    assert "waived-by-baseline: share of BTC" in said["junit"]
    results = json.loads(said["sarif"])["runs"][0]["results"]
    (found,) = (one for one in results if one["ruleId"] == "MC107")
    assert found["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "in the baseline with 100%"}
    ]
