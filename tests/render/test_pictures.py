"""Pictures: round ticks, places within, labels apart, bars that add up in the digits they show."""

import itertools
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.running import TODAY, run
from tests.render import samples

from marginctl.core.exact import exactly
from marginctl.render import Options, render
from marginctl.render.formats.svg import PLOT, apart
from marginctl.render.formats.svg_axes import NARROWEST, Scale, hung, number, room_of, step_of, wrapped

CROSS = str(Path(__file__).parents[2] / "portfolios" / "03-cross-margin.yaml")
D = Decimal
VALUES = st.decimals(D("-1e12"), D("1e12"), places=6)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ("0", "20000", ["0", "5000", "10000", "15000", "20000"]),
        ("-1", "1", ["-1", "-0.5", "0", "0.5", "1"]),
        ("-300", "12000", ["0", "2000", "4000", "6000", "8000", "10000", "12000"]),
        ("0.01", "0.07", ["0.01", "0.02", "0.03", "0.04", "0.05", "0.06", "0.07"]),
    ],
)
def test_ticks_are_round(low: str, high: str, expected: list[str]) -> None:
    with exactly():
        assert Scale(D(low), D(high), D(0), D(100)).ticks == list(map(D, expected))


@given(VALUES, VALUES)
def test_there_are_few_ticks_and_all_lie_within(one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    with exactly():
        ticks = Scale(low, high, D(0), D(100)).ticks
    assert len(ticks) <= 8
    assert all(low <= tick <= high for tick in ticks)
    assert low > 0 or high < 0 or D(0) in ticks


@given(VALUES, VALUES, VALUES)
def test_places_lie_between_the_ends(one: Decimal, other: Decimal, value: Decimal) -> None:
    low, high = sorted((one, other))
    with exactly():
        place = Scale(low, high, D(86), D(626)).at(value)
    assert 86 <= place <= 626
    assert place == round(place, 1)


@pytest.mark.parametrize(("value", "text"), [("12.50", "12.5"), ("40", "40"), ("0.04", "0"), ("100.96", "101")])
def test_a_coordinate_has_a_tenth_at_most(value: str, text: str) -> None:
    assert number(D(value)) == text


def test_a_step_of_nothing_is_one_seventh_rounded_up() -> None:
    assert step_of(D(0)) == D("0.2")


@given(st.lists(st.tuples(st.decimals(0, PLOT, places=1), st.integers(1, 2)), min_size=1, max_size=6))
def test_labels_of_lines_stay_apart_and_within(lines: list[tuple[Decimal, int]]) -> None:
    """Of one line of words and of two: six of two take 180 of 190 units."""
    places, rooms = [place for place, _ in sorted(lines)], [D(15 * count) for _, count in sorted(lines)]
    found = apart(places, rooms)
    boxes = [(middle - room / 2, middle + room / 2) for middle, room in zip(found, rooms, strict=True)]
    assert all(after[0] >= before[1] for before, after in itertools.pairwise(boxes))
    assert 0 <= boxes[0][0] <= boxes[-1][1] <= PLOT


SHARES = st.decimals(0, 1, places=3)


@given(st.lists(st.tuples(SHARES, st.text("0123456789%", max_size=18)), max_size=8), st.integers(288, 2000))
def test_words_that_hang_on_places_meet_at_no_width(places: list[tuple[Decimal, str]], width: int) -> None:
    """Those of one line: what is apart on the narrowest screen is apart on every other."""
    found = hung(places)
    assert [(one.share, one.words) for one in found] == places
    for one, other in itertools.combinations(found, 2):
        spans = [(each.place * width - (each.anchor == "end") * room_of(each.words), each) for each in (one, other)]
        (left, first), (right, _) = sorted(spans, key=lambda span: span[0])
        assert one.level != other.level or left + room_of(first.words) <= right
    assert all(0 <= one.span[0] <= one.span[1] <= NARROWEST for one in found)


def test_long_words_go_on_below_and_a_word_without_end_is_cut() -> None:
    """40 characters of 7.2 units are 288; an ellipsis takes 4 more, so that 39 stay."""
    assert wrapped("cannot be computed: write the mark of this") == ["cannot be computed: write the mark of", "this"]
    assert wrapped("a" * 50) == [f"{'a' * 19}…{'a' * 19}"]


def shown(*more: str) -> list[str]:
    ran = run("check", CROSS, "--today", TODAY, *more)
    return ran.out.splitlines()


def test_the_terminal_draws_what_is_asked_for() -> None:
    lines = shown("--plot", "waterfall", "--width", "80")
    start = lines.index("From collateral to free collateral")
    assert lines[start + 1] == "  Of 19,000.00 USD of equity 10,300.00 can be used."
    bars = {line[:20].strip(): line[20:] for line in lines[start + 2 : start + 11]}
    assert bars["= equity"].endswith("19,000.00")
    assert bars["= free collateral"].count("▒") / bars["= equity"].count("▒") == pytest.approx(
        10_300 / 19_000, abs=0.02
    )
    assert "What liquidates first" not in lines


@pytest.mark.parametrize("width", ["80", "100", "120"])
def test_a_plot_fits(width: str) -> None:
    assert all(len(line) <= int(width) for line in shown("--plot", "all", "--width", width))


def test_without_blocks_it_is_drawn_in_ascii() -> None:
    text = render(
        "table",
        samples.run(samples.desk()),
        Options(ascii=True, pictures=frozenset(("distance", "margin", "waterfall"))),
    )
    assert text.isascii()
    assert "What liquidates first" in text


def test_an_unknown_picture_is_refused() -> None:
    ran = run("check", CROSS, "--plot", "pie")
    assert (ran.code, ran.out) == (2, "")
    assert "--plot `pie` is unknown" in ran.errors
    assert "write distance, waterfall, margin, tiers, modes, all or none" in ran.errors
