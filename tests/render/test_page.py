"""Pages know no width and no colour; formats do."""

from collections.abc import Callable

import pytest
from tests.render import samples

from marginctl.render import Options
from marginctl.render.formats import markdown, screen
from marginctl.render.page import Column, DataTable, Facts, Items, Section, Sentence, Span, Tone, page, section, texts
from marginctl.render.pages.check import check_page
from marginctl.results import Outcome

WIDE = Options(width=100)


@pytest.mark.parametrize("sample", [samples.desk, samples.silos, samples.strange, samples.broken])
def test_a_page_is_the_same_whatever_the_terminal(sample: Callable[[], Outcome]) -> None:
    run = samples.run(sample())
    narrow, wide = (check_page(run, one) for one in (Options(width=40, ascii=True), Options(width=200, color=True)))
    assert narrow == wide


def test_sections_without_blocks_are_not_there() -> None:
    assert page([section("Nothing"), None, Section()]) == ()
    assert page([Section(heading="Alone")]) == (Section(heading="Alone"),)


def test_columns_without_anything_to_show_are_not_there_unless_the_table_is_fixed() -> None:
    columns = (texts("symbol", ["BTCUSDT"]), texts("purpose", [""]))
    assert [one.title for one in DataTable(columns).shown] == ["symbol"]
    assert [one.title for one in DataTable(columns, is_fixed=True).shown] == ["symbol", "purpose"]


SAMPLE = (
    Section(
        heading="Account",
        note=Span("in good health", Tone.GOOD),
        blocks=(
            Facts(rows=(("key", "a value"), ("longer", "another"))),
            DataTable((texts("of", ["a|b"]), Column(title="size", cells=["1.50"], unit="USD"))),
            Items(texts=("one", "two"), mark="- "),
        ),
    ),
    Section(blocks=(Sentence(text="all is well", lead=(Span("PASS", Tone.BAD), Span("  "))),)),
)


def test_the_screen_indents_below_a_heading() -> None:
    assert screen.draw(SAMPLE, WIDE).splitlines() == [
        "Account  in good health",
        "  key     a value",
        "  longer  another",
        "  of   size",
        "        USD",
        "  ───  ────",
        "  a|b  1.50",
        "  - one",
        "  - two",
        "",
        "PASS  all is well",
    ]


def test_markdown_has_an_empty_line_between_blocks() -> None:
    assert markdown.draw(SAMPLE, Options()).splitlines() == [
        "#### Account (in good health)",
        "",
        "- key: a value",
        "- longer: another",
        "",
        "| of | size, USD |",
        "| :--- | ---: |",
        "| a\\|b | 1.50 |",
        "",
        "- one",
        "- two",
        "",
        "**PASS**  all is well",
    ]
