"""What a PATH may be, how files are called, and what becomes of those that cannot be read."""

import os
from pathlib import Path

import pytest
from tests.cli.running import BROKEN, CLEAN, check


def files(*arguments: str, stdin: bytes = b"") -> list[str]:
    """The names of the files that a run checked or refused, in order."""
    document = check("--format", "json", *arguments, stdin=stdin).json()
    named = [one["file"] for one in (*document["reports"], *document["errors"])]
    assert document["summary"]["files"] == len(set(named))
    return named


@pytest.fixture
def tree(folder: Path) -> Path:
    for path in ("books/b.yaml", "books/a.yml", "books/deep/er/c.yaml"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(CLEAN)
    (folder / "books/notes.txt").write_text("not a portfolio")
    (folder / "books/d.json").write_text("{}")
    return folder


class TestPatterns:
    def test_a_directory_is_every_yaml_file_below_it_in_order(self, tree: Path) -> None:
        assert files("books") == ["books/a.yml", "books/b.yaml", "books/deep/er/c.yaml"]

    @pytest.mark.parametrize(
        ("pattern", "found"),
        [
            ("books/*.yaml", ["books/b.yaml"]),
            ("books/?.y*ml", ["books/a.yml", "books/b.yaml"]),
            ("books/**/*.yaml", ["books/b.yaml", "books/deep/er/c.yaml"]),
            ("books/[ab].*", ["books/a.yml", "books/b.yaml"]),
        ],
    )
    def test_a_glob_is_what_it_matches(self, pattern: str, found: list[str], tree: Path) -> None:
        assert files(pattern) == found

    def test_an_existing_file_wins_over_a_pattern_of_the_same_name(self, tree: Path) -> None:
        (tree / "books/[ab].yaml").write_text(CLEAN)
        assert files("books/[ab].yaml") == ["books/[ab].yaml"]

    def test_a_file_is_checked_once_however_often_it_is_named(self, tree: Path) -> None:
        assert files("books/b.yaml", "./books/b.yaml", "books/*.yaml", "books") == [
            "books/b.yaml",
            "books/a.yml",
            "books/deep/er/c.yaml",
        ]

    @pytest.mark.parametrize("pattern", ["nowhere.yaml", "*.toml", "books/**/x.yaml", "[", "a\0b", "x" * 5000])
    def test_nothing_matched_is_a_problem(self, pattern: str, folder: Path) -> None:
        ran = check("--format", "json", pattern, "clean.yaml")
        (error,) = ran.json()["errors"]
        assert (ran.code, error["message"]) == (2, "no such file, and no file matches it")
        assert ran.json()["summary"]["failed_files"] == 1

    def test_a_directory_without_portfolios_is_nothing(self, folder: Path) -> None:
        (folder / "empty").mkdir()
        assert check("empty").code == 2

    def test_json_is_told_by_its_content(self, folder: Path) -> None:
        (folder / "book.txt").write_text('{"collateral": [{"asset": "USDT", "amount": 5}]}')
        assert check("--format", "json", "book.txt").json()["reports"][0]["totals"]["equity"] == 5


class TestStandardInput:
    def test_is_read_for_a_dash(self, folder: Path) -> None:
        assert files("-", stdin=CLEAN.encode()) == ["<stdin>"]

    def test_has_the_name_that_is_given(self, folder: Path) -> None:
        ran = check("-", "--stdin-filename", "desk-a.yaml", stdin=BROKEN.replace("leverage", "levarage").encode())
        assert (ran.code, ran.out.splitlines()[0]) == (2, "desk-a.yaml:4:71: MC010 unknown key `levarage`")

    def test_is_read_once(self, folder: Path) -> None:
        assert files("-", "clean.yaml", "-", stdin=CLEAN.encode()) == ["<stdin>", "clean.yaml"]

    def test_that_is_empty_is_an_empty_file(self, folder: Path) -> None:
        assert check("-").out.startswith("<stdin>: MC001 the file is empty\n")

    def test_names_the_account_where_the_file_does_not(self, folder: Path) -> None:
        ran = check("-", "--format", "json", "--stdin-filename", "books/desk-b.yaml", stdin=CLEAN.encode())
        assert ran.json()["reports"][0]["account"]["name"] == "desk-b"


class TestUnreadable:
    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
    def test_a_file_without_permission_says_why(self, folder: Path) -> None:
        (folder / "clean.yaml").chmod(0)
        assert check("clean.yaml").out.startswith("clean.yaml: MC001 cannot be read: Permission denied\n")

    def test_a_read_error_is_told_and_the_other_files_are_checked(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = Path.open

        def failing(path: Path, *arguments: str) -> object:
            if path.name == "broken.yaml":
                raise OSError(5, "Input/output error")
            return whole(path, *arguments)

        monkeypatch.setattr(Path, "open", failing)
        document = check("--format", "json", "broken.yaml", "clean.yaml").json()
        assert [one["message"] for one in document["errors"]] == ["cannot be read: Input/output error"]
        assert [one["file"] for one in document["reports"]] == ["clean.yaml"]

    def test_a_bad_file_among_good_ones_hides_none_of_them(self, folder: Path) -> None:
        document = check("--format", "json", "clean.yaml", "refused.yaml", "broken.yaml").json()
        assert [one["file"] for one in document["reports"]] == ["clean.yaml", "broken.yaml"]
        assert [one["file"] for one in document["errors"]] == ["refused.yaml"]
        assert document["summary"] == {"files": 3, "errors": 1, "warnings": 0, "failed_files": 1, "exit_code": 2}
