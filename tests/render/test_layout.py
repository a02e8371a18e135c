"""Which columns fit, what is shortened, where lines break."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginctl.render.formats.layout import (
    aligned,
    beginning,
    cells_of,
    column_width,
    ending,
    fit,
    shortened,
    table_width,
    wrapped,
)
from marginctl.render.page import Column, ColumnKind

TEXT = st.text(st.characters(exclude_categories=["C", "M", "Z"]), max_size=60)


def column(title: str, width: int, priority: int, *, name: bool = False) -> Column:
    kind = ColumnKind.NAME if name else ColumnKind.NUMBER
    return Column(title=title, cells=["9" * width], priority=priority, kind=kind)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("BTCUSDT", 7, "BTCUSDT"),
        ("BTCUSDT_260626", 9, "BTCU…0626"),
        ("BTCUSDT_260626", 2, "BT"),
        ("比特币合约永续", 9, "比特…永续"),
    ],
)
def test_long_names_lose_their_middle(text: str, width: int, expected: str) -> None:
    assert shortened(text, width, "…") == expected


@given(TEXT, st.integers(0, 40))
def test_a_shortened_name_fits(text: str, width: int) -> None:
    assert cells_of(shortened(text, width, "…")) <= width
    assert text.startswith(beginning(text, width))
    assert text.endswith(ending(text, width))


def test_everything_is_shown_without_a_width() -> None:
    columns = [column("symbol", 40, 0, name=True), column("entry", 90, 12)]
    fitted = fit(columns, None, "…")
    assert fitted.widths == [40, 90]
    assert fitted.dropped == []


def test_columns_drop_by_priority_whole_and_are_named() -> None:
    columns = [column("symbol", 10, 0, name=True), column("tier", 4, 13), column("mark", 9, 5), column("entry", 9, 10)]
    fitted = fit(columns, 25, "…")
    assert [each.title for each in fitted.columns] == ["symbol", "mark"]
    assert fitted.dropped == ["tier", "entry"]


def test_names_give_way_before_columns_that_matter_and_only_as_far_as_needed() -> None:
    columns = [column("symbol", 40, 0, name=True), column("liquidation", 11, 2), column("distance", 8, 1)]
    fitted = fit(columns, 50, "…")
    assert fitted.dropped == []
    assert fitted.widths == [27, 11, 8]
    assert fitted.columns[0].cells == ["9" * 13 + "…" + "9" * 13]


def test_room_that_a_dropped_column_leaves_goes_back_to_names() -> None:
    columns = [column("symbol", 30, 0, name=True), column("notional", 30, 3), column("distance", 8, 1)]
    fitted = fit(columns, 50, "…")
    assert fitted.dropped == ["notional"]
    assert fitted.widths == [30, 8]


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(1, 16), st.booleans()), max_size=12),
    st.integers(30, 200),
)
def test_what_is_shown_fits_and_no_number_is_cut(shapes: list[tuple[int, int, bool]], width: int) -> None:
    columns = [column("symbol", 45, 0, name=True)]
    columns += [
        column(f"c{number}", cells, priority, name=name) for number, (cells, priority, name) in enumerate(shapes)
    ]
    fitted = fit(columns, width, "…")
    assert table_width(fitted.widths) <= width
    assert all(cells >= column_width(each) for each, cells in zip(fitted.columns, fitted.widths, strict=True))
    numeric = [each.cells for each in fitted.columns if each.kind is not ColumnKind.NAME]
    assert all(each in [original.cells for original in columns] for each in numeric)
    assert len(fitted.columns) + len(fitted.dropped) == len(columns)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("a bb ccc", 8, ["a bb ccc"]),
        ("a bb ccc", 4, ["a bb", "ccc"]),
        ("a_very_long_word end", 6, ["a_very", "_long_", "word", "end"]),
        ("pay 123,456,789.12 USDT", 6, ["pay", "123,456,789.12", "USDT"]),
        ("", 5, [""]),
    ],
)
def test_words_wrap_and_numbers_never_break(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width) == lines


def test_a_very_long_word_is_broken_quickly() -> None:
    assert len(wrapped("x" * 100_000, 80)) == 1250


def test_points_stand_in_one_column() -> None:
    cells = aligned(["60,000.00", "0.00000123", "3", "none"])
    assert cells == ["60,000.00      ", "0.00000123", "3         ", "none"]
    width = max(map(len, cells))
    points = {cell.rjust(width).find(".") for cell in cells if "." in cell}
    assert len(points) == 1
