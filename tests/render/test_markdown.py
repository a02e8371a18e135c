"""Markdown for comments and job summaries."""

import pytest
from tests.render import samples

from marginctl.findings import Severity
from marginctl.render import Options, render
from marginctl.render.formats.markdown import MOST_ROWS, code, text
from marginctl.results import Outcome


def shown(*outcomes: Outcome) -> str:
    return render("markdown", samples.run(*outcomes), Options(manual=samples.MANUAL))


def test_verdict_account_limits_and_findings() -> None:
    lines = shown(samples.desk()).splitlines()
    assert lines[0] == "### FAIL: desk-a"
    assert "**Cheapest way:** deposit 1,793.43 USDT, or close 0.18 of BTCUSDT" in lines
    assert "| Utilization | 69.26% |" in lines
    assert "| Maintenance margin | 1,520.26 |" in lines
    assert "4 of 8 limits passed" in lines
    assert "| **FAIL** | MC101 utilization | cross | 69.26% | 60% | -9.26% |" in lines
    assert "| not-evaluated | MC112 funding-runway | cross | n/a | 30d |  |" in lines
    assert "| waived | MC107 | BTC is 61.03% of gross notional, above 60% |  | `desk.yaml` |" in lines
    assert lines.index("| note | MC204 | DOGEUSDT entry\\_price = mark |  | `desk.yaml` |") > 0


def test_a_file_that_could_not_be_read_shows_problems_and_no_figures() -> None:
    lines = shown(samples.broken()).splitlines()
    assert lines[0] == "### ERROR: broken.yaml"
    assert "| MC014 | `broken.yaml:4:11` | \\`amount\\` is not a number: \\`1\\_000\\` | write 1000 |" in lines
    assert not any("Equity" in line for line in lines)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a|b", "a\\|b"),
        ("<script>", "&lt;script\\>"),
        ("[x](http://y)", "\\[x\\](http\\://y)"),
        ("*b* _i_ `c`", "\\*b\\* \\_i\\_ \\`c\\`"),
        ("@team", "@&#8203;team"),
        ("www.evil.example", "www\\.evil.example"),
        ("see WWW.evil.example", "see WWW\\.evil.example"),
        ("a\nb", "a\\\\x0ab"),
    ],
)
def test_user_text_is_text(words: str, expected: str) -> None:
    assert text(words) == expected


@pytest.mark.parametrize(("words", "expected"), [("a", "`a`"), ("a|b", "`a\\|b`"), ("a`b", "`` a`b ``")])
def test_code(words: str, expected: str) -> None:
    assert code(words) == expected


def test_tables_end_where_a_comment_would_be_refused() -> None:
    finding = samples.finding("MC105", "position-leverage", Severity.WARNING, "too much")
    lines = shown(Outcome(file="f", report=samples.report(), findings=(finding,) * (MOST_ROWS + 7))).splitlines()
    assert sum(line.startswith("| WARN | MC105") for line in lines) == MOST_ROWS
    assert "| and 7 more |  |  |  |  |" in lines


def test_every_table_row_has_as_many_cells_as_its_head() -> None:
    for block in shown(samples.desk(), samples.strange(), samples.broken()).split("\n\n"):
        widths = {line.replace("\\|", "").count("|") for line in block.splitlines() if line.startswith("|")}
        assert len(widths) <= 1
