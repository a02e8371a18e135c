import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginctl.document.reader import hide, holds_pairs, read, reveal


@pytest.mark.parametrize(("text", "expected"), [(r'"\ud83d\ude00"', True), (r'"\uD83D"', True), ("dude", False)])
def test_a_quick_look(text, expected):
    assert holds_pairs(text) is expected


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (r'"\ud83d\ude00"', r'"\ue03d\ue600"'),
        (r'"\uDBFF\uDFFF"', r'"\ue3ff\ue7ff"'),
        (r'"\\\ud83d\ude00"', r'"\\\ue03d\ue600"'),
        (r'"\\ud83d\ude00"', r'"\\ud83d\ude00"'),
        (r'"\ud83d"', r'"\ud83d"'),
        (r'"\ude00\ud83d"', r'"\ude00\ud83d"'),
    ],
)
def test_only_whole_pairs_are_hidden_length_for_length(text, hidden):
    assert hide(text) == hidden


@given(st.integers(0x10000, 0x10FFFF))
def test_every_character_comes_back(code):
    high, low = 0xD800 + ((code - 0x10000) >> 10), 0xDC00 + ((code - 0x10000) & 0x3FF)
    hidden = hide(f"\\u{high:04x}\\u{low:04x}")
    assert reveal(chr(int(hidden[2:6], 16)) + chr(int(hidden[8:12], 16))) == chr(code)


def test_json_with_pairs_keeps_its_text_and_its_columns():
    _, root, problems = read(rb'{"\ud83d\ude00": "a\ud83d\ude00b", "name": 5}', "f")
    (emoji, text), (name, _) = root.entries
    assert (emoji.text, text.text, problems) == ("\U0001f600", "a\U0001f600b", [])
    assert (name.text, name.column) == ("name", 36)
