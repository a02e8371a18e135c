"""A portfolio that somebody else wrote, checked in a job of a code host or opened in a spreadsheet."""

import csv
import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from tests.cli.running import CLEAN, PATIENCE, SOURCE, check, process, run

ORDERS = """\
account: {name: "::error file=README.md,line=1::approved"}
prices: {"##[warning]x": 1}
collateral: [{asset: USDT, amount: 10}]
contracts: {"::stop-commands::x": {base: "##[warning]x", quote: USDT, tiers: [{maintenance_rate: 1%, max_leverage: 5}]}}
positions: [{symbol: "::stop-commands::x", side: long, quantity: 1, leverage: 5}]
"""
ORDER = re.compile(r"^\s*::[a-z-]+|##\w*\[", re.MULTILINE)
"""What a runner takes for an order."""
FORMULAS = """\
account: {name: '=HYPERLINK("http://evil.example","open")'}
prices: {A: 1}
collateral: [{asset: USDT, amount: 10}]
contracts: {"@SUM(1+1)*cmd|' /C calc'!A0": {base: A, quote: USDT, tiers: [{maintenance_rate: 1%, max_leverage: 5}]}}
positions: [{symbol: "@SUM(1+1)*cmd|' /C calc'!A0", side: short, quantity: 1, leverage: 5}]
"""


@pytest.fixture
def book(folder: Path) -> Path:
    (folder / "evil.yaml").write_text(ORDERS)
    return folder


class TestOrders:
    @pytest.mark.parametrize("form", ["json", "jsonl", "csv", "sarif", "gitlab", "junit", "markdown"])
    def test_no_document_gives_any(self, form: str, book: Path) -> None:
        ran = check("evil.yaml", "--format", form)
        assert ORDER.findall(ran.out + ran.errors) == []

    def test_a_document_still_says_what_the_file_says(self, book: Path) -> None:
        (report,) = check("evil.yaml", "--format", "json").json()["reports"]
        assert report["account"]["name"] == "::error file=README.md,line=1::approved"
        assert "##[warning]x" in {one["asset"] for one in report["underlyings"]}

    @pytest.mark.parametrize("command", ["check", "stress", "headroom", "explain"])
    def test_on_the_log_a_screen_is_wrapped_with_a_word_that_nobody_knows(self, command: str, book: Path) -> None:
        first, second = (run(command, "evil.yaml", env={"GITHUB_ACTIONS": "true"}).out.splitlines() for _ in range(2))
        stop, _, token = first[0].rpartition("::")
        assert (stop, first[-1]) == ("::stop-commands", f"::{token}::")
        assert re.fullmatch("[0-9a-f]{32}", token)
        assert first[0] != second[0]
        assert first[1:-1] == run(command, "evil.yaml").out.splitlines()

    def test_a_file_and_a_terminal_are_no_log(self, book: Path) -> None:
        with (book / "out.txt").open("wb") as file:
            ended = process("check", "evil.yaml", folder=book, env={"GITHUB_ACTIONS": "true"}, stdout=file)
        assert ended.returncode == 0
        assert "stop-commands::\n" not in (book / "out.txt").read_text()
        assert not (book / "out.txt").read_text().startswith("::stop-commands")

    def test_annotations_are_not_wrapped(self, book: Path) -> None:
        limit = ("--set", "limits.max_utilization=0.01%")
        ran = check("evil.yaml", *limit, "--format", "github", env={"GITHUB_ACTIONS": "true"})
        assert ran.out.startswith("::error file=evil.yaml")

    def test_excerpts_and_messages_on_standard_error_give_none(self, book: Path) -> None:
        (book / "wrong.yaml").write_text("a: [\n  ::add-mask::x\n  ##[error]y ##vso[task]z\n")
        for form in ("table", "json", "csv", "github"):
            ran = check("wrong.yaml", "::notice::x.yaml", "--format", form)
            assert ORDER.findall(ran.errors) == []
        for arguments in (["what-if", "::x::y"], ["explain", "evil.yaml", "##[error]x"], ["rule", "##vso[x]"]):
            assert ORDER.findall(run(*arguments).errors) == []


class TestSpreadsheets:
    @pytest.mark.parametrize("command", ["check", "stress", "headroom"])
    def test_no_cell_is_a_formula(self, command: str, folder: Path) -> None:
        (folder / "book.yaml").write_text(FORMULAS)
        flags = ["--shock", "A=-10%"] if command == "stress" else []
        rows = list(csv.reader(StringIO(run(command, "book.yaml", *flags, "--format", "csv").out)))
        cells = [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]
        assert [cell for cell in cells if not re.fullmatch(r"-[0-9.]+", cell)] == []

    def test_numbers_stay_numbers(self, folder: Path) -> None:
        (folder / "book.yaml").write_text(CLEAN.replace("61000", "59000"))
        (row,) = csv.DictReader(StringIO(check("book.yaml", "--format", "csv").out))
        assert row["unrealized_pnl"] == "-100"


FORMS = ("json", "jsonl", "csv", "markdown", "junit", "sarif", "gitlab")
EACH_FORM = """
import os, sys
import marginctl.cli.check
from marginctl.cli.entry import run
for form in sys.argv[1:]:
    if not os.fork():
        sys.argv = ["marginctl", "check", "name.yaml", "--today", "2026-11-22", "--format", form]
        run()
    os.wait()
"""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_documents_are_utf_8_whatever_the_terminal_speaks(encoding: str, folder: Path) -> None:
    (folder / "name.yaml").write_text(CLEAN + 'account: {name: "café 💥"}\n', encoding="utf-8")
    plain = [check("name.yaml", "--format", form).out for form in FORMS]
    spoken = {"PYTHONIOENCODING": encoding, "LC_ALL": "C", "PYTHONPATH": str(SOURCE)}
    ran = subprocess.run(
        [sys.executable, "-c", EACH_FORM, *FORMS],
        capture_output=True,
        cwd=folder,
        env=os.environ | spoken,
        timeout=PATIENCE,
        check=True,
    )
    assert ran.stdout == "".join(plain).encode()
    assert ["café 💥" in text for text in plain] == [form not in ("sarif", "gitlab") for form in FORMS]


class TestOtherFiles:
    SECRET = "PASSWORD: hunter2\n"

    @pytest.mark.parametrize("name", ["secret", "secret.yaml", "../secret.yaml", "link.yaml"])
    def test_nothing_is_shown_of_a_file_outside_that_is_no_rule_set(self, name: str, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        books = tmp_path / "books"
        books.mkdir()
        outside.mkdir()
        for one in (outside / "secret", outside / "secret.yaml", tmp_path / "secret.yaml"):
            one.write_text(self.SECRET)
        (books / "link.yaml").symlink_to(outside / "secret")
        path = name if name.startswith(("..", "link")) else str(outside / name)
        (books / "book.yaml").write_text(f"account: {{venue: {path}}}\n{CLEAN}")
        ran = check(str(books / "book.yaml"), "--format", "json")
        assert ran.code == 2
        assert "PASSWORD" not in ran.out + ran.errors
        assert "hunter2" not in ran.out + ran.errors

    def test_of_a_rule_set_outside_no_line_is_shown(self, tmp_path: Path) -> None:
        (tmp_path / "books").mkdir()
        (tmp_path / "rules.yaml").write_text("schema: marginctl.venue/1\nnmae: hunter2\n")
        (tmp_path / "books/book.yaml").write_text(f"account: {{venue: ../rules.yaml}}\n{CLEAN}")
        ran = check(str(tmp_path / "books/book.yaml"))
        assert (ran.code, "unknown key `nmae`" in ran.out, "hunter2" in ran.out) == (2, True, False)
        beside = check(str(tmp_path / "books/book.yaml"), "--rules", str(tmp_path))
        assert "nmae: hunter2" in beside.out

    @pytest.mark.parametrize("table", ["../secret.csv", "secret", "link.csv"])
    def test_a_table_stands_beside_its_rule_file(self, table: str, tmp_path: Path) -> None:
        (tmp_path / "books").mkdir()
        for one in ("secret.csv", "books/secret"):
            (tmp_path / one).write_text("hunter2,PASSWORD\n")
        (tmp_path / "books/link.csv").symlink_to("../secret.csv")
        rules = run("venue", "bybit", "--format", "yaml").out.replace("bybit.csv", table)
        (tmp_path / "books/own.yaml").write_text(rules)
        (tmp_path / "books/book.yaml").write_text(f"account: {{venue: own.yaml}}\n{CLEAN}")
        ran = check(str(tmp_path / "books/book.yaml"), "--format", "json")
        assert f"the table `{table}` cannot be read" in {one["message"] for one in ran.json()["errors"]}
        assert "hunter2" not in ran.out + ran.errors

    @pytest.mark.parametrize("name", ["secret", ".env", "link.csv", "../secret.csv"])
    def test_nor_is_a_history_any_other_file(self, name: str, tmp_path: Path) -> None:
        (tmp_path / "books").mkdir()
        for one in ("secret.csv", "books/secret", "books/.env"):
            (tmp_path / one).write_text("hunter2,PASSWORD\n")
        (tmp_path / "books/link.csv").symlink_to("../secret.csv")
        text = f"margin_model: var\nportfolio_margin: {{confidence: 99%}}\nhistory: {{file: {name}}}\n{CLEAN}"
        (tmp_path / "books/book.yaml").write_text(text)
        ran = check(str(tmp_path / "books/book.yaml"))
        assert (ran.code, "hunter2" in ran.out + ran.errors) == (2, False)


WEAK = {
    "a level below 1": ("account: {liquidation_level: 0.0001}\n" + CLEAN, "MC208"),
    "a stablecoin at 60,000": (CLEAN.replace("BTC: 60000", "BTC: 60000, USDT: 60000"), "MC215"),
    "a stablecoin at 0.94": (CLEAN.replace("BTC: 60000", "BTC: 60000, USDT: 0.94"), "MC215"),
    "no maintenance": (CLEAN.replace("0.5%", "0%"), "MC212"),
    "a deduction above the margin": (CLEAN.replace("0.5%", "0.5%, maintenance_deduction: 31"), "MC212"),
}


@pytest.mark.parametrize(("text", "code"), WEAK.values(), ids=WEAK)
def test_what_weakens_generic_is_a_finding_and_under_a_policy_an_error(text: str, code: str, folder: Path) -> None:
    text = text.replace("positions:", "positions:").replace("entry_price: 61000", "mark_price: 60000")
    (folder / "book.yaml").write_text(text)
    (folder / "policy.yaml").write_text("schema: marginctl.policy/1\n")
    for flags, severity in (((), "warning"), (("--limits", "policy.yaml"), "error")):
        (report,) = check("book.yaml", *flags, "--format", "json").json()["reports"]
        assert [one["severity"] for one in report["findings"] if one["code"] == code] == [severity]


@pytest.mark.parametrize("price", ["0.95", "1", "1.05"])
def test_a_stablecoin_near_its_peg_is_none(price: str, folder: Path) -> None:
    (folder / "book.yaml").write_text(CLEAN.replace("BTC: 60000", f"BTC: 60000, USDT: {price}"))
    (report,) = check("book.yaml", "--format", "json").json()["reports"]
    assert [one for one in report["findings"] if one["code"] == "MC215"] == []
