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

    def test_endings_in_capitals_are_portfolios_too(self, tree: Path) -> None:
        (tree / "books/E.YAML").write_text(CLEAN)
        (tree / "books/f.Yml").write_text(CLEAN)
        assert files("books") == ["books/E.YAML", "books/a.yml", "books/b.yaml", "books/deep/er/c.yaml", "books/f.Yml"]

    @pytest.mark.parametrize("pattern", ["books", "books/*.yaml", "books/**/*.yaml"])
    def test_a_link_that_leads_nowhere_is_a_problem(self, pattern: str, tree: Path) -> None:
        (tree / "books/z.yaml").symlink_to("gone")
        ran = check("--format", "json", pattern)
        (error,) = ran.json()["errors"]
        assert (ran.code, error["file"], error["message"]) == (
            2,
            "books/z.yaml",
            "cannot be read: the link leads nowhere",
        )

    @pytest.mark.parametrize(
        ("pattern", "checked"),
        [
            ("books", ["books/a.yml", "books/b.yaml"]),
            ("books/**/*.yaml", ["books/b.yaml"]),
            ("books/*/*/*.yaml", []),
            ("books/deep/er/c.yaml", ["books/deep/er/c.yaml"]),
            ("books/*.yaml", ["books/b.yaml"]),
        ],
    )
    def test_a_folder_that_cannot_be_read_is_a_problem_of_what_looks_into_it(
        self, pattern: str, checked: list[str], tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scan = os.scandir

        def closed(folder: str) -> object:
            if folder.endswith("deep"):
                raise PermissionError(13, "Permission denied", folder)
            return scan(folder)

        monkeypatch.setattr(os, "scandir", closed)
        ran = check("--format", "json", pattern)
        assert [one["file"] for one in ran.json()["reports"]] == checked
        looks = pattern not in {"books/*.yaml", "books/deep/er/c.yaml"}
        said = [(one["file"], one["message"]) for one in ran.json()["errors"]]
        assert said == ([("books/deep", "cannot be read: Permission denied")] if looks else [])
        assert ran.code == (2 if looks else 0)

    def test_a_link_to_a_folder_is_not_followed_and_said(self, tree: Path) -> None:
        (tree / "more").mkdir()
        (tree / "more/x.yaml").write_text(CLEAN)
        (tree / "books/link").symlink_to("../more")
        (tree / "books/deep/up").symlink_to("..")
        ran = check("books", "-q", "--format", "json")
        assert (ran.code, len(ran.json()["reports"])) == (0, 3)
        assert ran.errors.splitlines() == [
            f"marginctl: books/{link} is a link to a directory and was not looked into: name it to check it too"
            for link in ("deep/up", "link")
        ]
        assert files("books/link") == ["books/link/x.yaml"]

    @pytest.mark.parametrize("pattern", ["books/deep/**/*.yaml", "books/deep/**/**/c.yaml", "books/deep/*/*.yaml"])
    def test_a_glob_follows_no_link_to_a_folder_either(self, pattern: str, tree: Path) -> None:
        (tree / "books/deep/up").symlink_to("..")
        assert files(pattern) == ["books/deep/er/c.yaml"]
        assert "books/deep/up is a link to a directory" in check(pattern, "-q").errors

    def test_a_link_that_leads_out_of_the_folder_is_a_problem_and_shows_nothing(self, tree: Path) -> None:
        (tree / "secret").write_text("PASSWORD: 1\n")
        (tree / "books/x.yaml").symlink_to("../secret")
        for pattern in ("books", "books/*.yaml", "**/x.yaml"):
            ran = check(pattern, "--format", "json")
            if pattern.startswith("books"):
                (error,) = ran.json()["errors"]
                assert error["message"] == "cannot be read: the link leads out of the folder: name it to check it"
                assert "PASSWORD" not in ran.out + ran.errors
        assert check("books/x.yaml").code == 2

    def test_a_file_with_two_names_is_checked_once(self, tree: Path) -> None:
        (tree / "books/deep/again.yaml").symlink_to("../b.yaml")
        assert files("books/b.yaml", "books", "./books/../books/b.yaml") == [
            "books/b.yaml",
            "books/a.yml",
            "books/deep/er/c.yaml",
        ]

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
    def test_a_pipe_in_a_folder_is_a_problem(self, tree: Path) -> None:
        os.mkfifo(tree / "books/p.yaml")
        (error,) = check("--format", "json", "books").json()["errors"]
        assert (error["file"], error["message"]) == ("books/p.yaml", "cannot be read: it is no ordinary file")


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
