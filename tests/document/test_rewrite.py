# ruff: noqa: E501 - tables with one case a line
"""Edits in the text: what was meant is what is read afterwards, and nothing else has changed."""

import difflib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marginctl.document.reader import read
from marginctl.document.rewrite import Append, Put, Remove, Rename, RewriteError, rewritten

from .test_reader import plain_of

PORTFOLIOS = sorted(Path(__file__).parents[2].glob("portfolios/*.yaml"))

BLOCK = """\
# a desk
prices:  # in USD
  BTC: 60000   # spot
  ETH: '3000'

collateral:
  # the wallet
  - {asset: USDT, amount: 20000} # all of it
  - {asset: BTC, amount: 0.5, haircut: 5%}

positions:
  - symbol: BTCUSDT   # the bet
    side: long
    quantity: 1
    # kept for the record
    entry_price: 58000
  # behind the first
  - symbol: ETHUSDT
    side: short
    notional: 3000
"""


def changed(old: str, new: str) -> list[str]:
    """The lines that went (``-``) and came (``+``), in order."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    return [line for line in difflib.ndiff(before, after) if line[0] in "+-"]


@pytest.mark.parametrize(
    ("edit", "lines"),
    [
        pytest.param(
            Put(("prices", "BTC"), "55000"),
            ["-   BTC: 60000   # spot\n", "+   BTC: 55000   # spot\n"],
            id="a value, its comment stays where it is",
        ),
        pytest.param(
            Put(("prices", "ETH"), "2900.5"), ["-   ETH: '3000'\n", "+   ETH: '2900.5'\n"], id="in the quotes it had"
        ),
        pytest.param(Put(("prices", "SOL"), "150"), ["+   SOL: 150\n"], id="a new key below the last one"),
        pytest.param(Put(("prices", "1INCH/USD:x"), "0.2"), ['+   "1INCH/USD:x": 0.2\n'], id="a key that needs quotes"),
        pytest.param(
            Put(("collateral", 1, "amount"), "0.4"),
            ["-   - {asset: BTC, amount: 0.5, haircut: 5%}\n", "+   - {asset: BTC, amount: 0.4, haircut: 5%}\n"],
            id="a value in brackets",
        ),
        pytest.param(
            Put(("collateral", 0, "haircut"), "1%"),
            [
                "-   - {asset: USDT, amount: 20000} # all of it\n",
                "+   - {asset: USDT, amount: 20000, haircut: 1%} # all of it\n",
            ],
            id="a new key in brackets",
        ),
        pytest.param(
            Put(("positions", 0, "leverage"), "10"), ["+     leverage: 10\n"], id="a new key of a row in block style"
        ),
        pytest.param(
            Rename(("positions", 1, "notional"), "quantity"),
            ["-     notional: 3000\n", "+     quantity: 3000\n"],
            id="another key for the same value",
        ),
        pytest.param(
            Append(("collateral",), {"asset": "SOL", "amount": "3"}),
            ["+   - {asset: SOL, amount: 3}\n"],
            id="a row in brackets like the last one",
        ),
        pytest.param(
            Append(("positions",), {"symbol": "SOLUSDT", "side": "long"}),
            ["+   - symbol: SOLUSDT\n", "+     side: long\n"],
            id="a row in block style like the last one",
        ),
        pytest.param(
            Append(("orders",), {"symbol": "SOLUSDT", "side": "buy"}),
            ["+ \n", "+ orders:\n", "+   - {symbol: SOLUSDT, side: buy}\n"],
            id="a list that was not there, behind an empty line as between the others",
        ),
        pytest.param(
            Put(("account", "currency"), "USDT"),
            ["+ \n", "+ account: {currency: USDT}\n"],
            id="a section that was not there",
        ),
        pytest.param(
            Remove(("collateral", 0)),
            ["-   - {asset: USDT, amount: 20000} # all of it\n"],
            id="a row in brackets with its own comment, not the one above",
        ),
        pytest.param(
            Remove(("positions", 0)),
            [
                "-   - symbol: BTCUSDT   # the bet\n",
                "-     side: long\n",
                "-     quantity: 1\n",
                "-     # kept for the record\n",
                "-     entry_price: 58000\n",
            ],
            id="a row in block style with the comments in it, not the one behind",
        ),
        pytest.param(Remove(("positions", 0, "side")), ["-     side: long\n"], id="a key"),
        pytest.param(
            Remove(("positions", 0, "symbol")),
            ["-   - symbol: BTCUSDT   # the bet\n", "-     side: long\n", "+   - side: long\n"],
            id="the key behind a dash: the next one takes its place",
        ),
        pytest.param(
            Put(("prices",), {"BTC": "1"}),
            ["+ prices: {BTC: 1}\n", "- prices:  # in USD\n", "-   BTC: 60000   # spot\n", "-   ETH: '3000'\n"],
            id="a whole section",
        ),
    ],
)
@pytest.mark.parametrize("line_break", ["\n", "\r\n"], ids=["unix", "windows"])
def test_in_block_style_only_the_lines_meant_change(edit, lines, line_break):
    text = BLOCK.replace("\n", line_break)
    assert changed(text, rewritten(text, [edit])) == [line.replace("\n", line_break) for line in lines]


@pytest.mark.parametrize(
    ("text", "edit", "new"),
    [
        ("{a: [1, 2, 3]}", Remove(("a", 2)), "{a: [1, 2]}"),
        ("{a: [1, 2, 3]}", Remove(("a", 0)), "{a: [2, 3]}"),
        ("{a: [1, 2, 3]}", Remove(("a", 1)), "{a: [1, 3]}"),
        ("a: [ 1 ]\n", Remove(("a", 0)), "a: []\n"),
        ("a: [1, ]\n", Remove(("a", 0)), "a: []\n"),
        ("a: {b: 1, c: 2}\n", Remove(("a", "c")), "a: {b: 1}\n"),
        ("a: {b: 1, c: 2}\n", Remove(("a", "b")), "a: {c: 2}\n"),
        ("a: []\n", Append(("a",), {"b": "1"}), "a: [{b: 1}]\n"),
        ("a: [ # none\n]\n", Append(("a",), "1"), "a: [1 # none\n]\n"),
        ("a: {}\n", Put(("a", "b"), "1"), "a: {b: 1}\n"),
        ("a: [1]\n", Append(("a",), "2"), "a: [1, 2]\n"),
        ("a: [1,]\n", Append(("a",), "2"), "a: [1, 2,]\n"),
        ("a: [\n  1, # one\n  2 # two\n]\n", Append(("a",), "3"), "a: [\n  1, # one\n  2, # two\n  3\n]\n"),
        ("a: [\n  1,\n  2, # two\n]\n", Append(("a",), "3"), "a: [\n  1,\n  2, # two\n  3,\n]\n"),
        ("a: [\n  1, # one\n  2 # two\n]\n", Remove(("a", 1)), "a: [\n  1 # one\n]\n"),
        ("a: [\n  1, # one\n  2 # two\n]\n", Remove(("a", 0)), "a: [\n  2 # two\n]\n"),
        ("a: [1,\n    2]\n", Remove(("a", 0)), "a: [2]\n"),
        ("a: [1 # one\n    , 2]\n", Remove(("a", 1)), "a: [1 # one\n    ]\n"),
        ("a:\n  - 1 # last\nb: 2\n", Remove(("a", 0)), "a: []\nb: 2\n"),
        ("a: # why\n- 1\nb: 2\n", Remove(("a", 0)), "a: [] # why\nb: 2\n"),
        ("a:\n  b: 1\nc: 2\n", Remove(("a", "b")), "a: {}\nc: 2\n"),
        ("a:\n  -\n    # first\n    b: 1\n  - b: 2\n", Remove(("a", 0)), "a:\n  - b: 2\n"),
        ("a:\n  -\n    b: 1\n    c: 2\n", Append(("a",), {"b": "3", "c": "4"}), "a:\n  -\n    b: 1\n    c: 2\n  - b: 3\n    c: 4\n"),
        ("a:\n- b: 1\n- b: 2", Append(("a",), {"b": "3"}), "a:\n- b: 1\n- b: 2\n- b: 3"),
        ("a: 1", Append(("b",), {"c": "3"}), "a: 1\nb:\n  - {c: 3}"),
        ("a: 1\nb: 2\n...\n", Put(("c",), "3"), "a: 1\nb: 2\nc: 3\n...\n"),
        ("a: |\n  x\n  y\nb: 1\n", Put(("a",), "z"), "a: z\nb: 1\n"),
        ("b: 1\na: |\n  x\n", Put(("c",), "z"), "b: 1\na: |\n  x\nc: z\n"),
        ("a: x\n", Put(("a",), "NO"), 'a: "NO"\n'),
        ("a: x\n", Put(("a",), None), "a: null\n"),
        ("a: x\n", Put(("a",), ["1", {"b": "c d"}]), 'a: [1, {b: "c d"}]\n'),
        ("a: 'x'\n", Put(("a",), "it's"), "a: 'it''s'\n"),
        ("a:\n  b: 1 # c\n", Put(("a", "d", "e"), "2"), "a:\n  b: 1 # c\n  d: {e: 2}\n"),
    ],
)  # fmt: skip
def test_every_style_takes_the_edit(text, edit, new):
    assert rewritten(text, [edit]) == new


COMPACT = '{"collateral":[{"asset":"USDT","amount":20000}],"positions":[]}'
PRETTY = """{
  "collateral": [
    {"asset": "USDT", "amount": 20000},
    {"asset": "BTC", "amount": "0.5"}
  ],
  "positions": [
    {
      "symbol": "BTCUSDT",
      "quantity": 1
    }
  ]
}
"""


@pytest.mark.parametrize(
    ("text", "edit", "lines"),
    [
        (COMPACT, Put(("collateral", 0, "amount"), "1.5"), ['+ {"collateral":[{"asset":"USDT","amount":1.5}],"positions":[]}']),
        (COMPACT, Put(("collateral", 0, "haircut"), "5%"), ['+ {"collateral":[{"asset":"USDT","amount":20000, "haircut": "5%"}],"positions":[]}']),
        (COMPACT, Append(("positions",), {"symbol": "A", "quantity": "2"}), ['+ {"collateral":[{"asset":"USDT","amount":20000}],"positions":[{"symbol": "A", "quantity": 2}]}']),
        (COMPACT, Put(("prices", "BTC"), "6"), ['+ {"collateral":[{"asset":"USDT","amount":20000}],"positions":[], "prices": {"BTC": 6}}']),
        (PRETTY, Put(("collateral", 1, "amount"), "0.4"), ['+     {"asset": "BTC", "amount": "0.4"}\n']),
        (PRETTY, Append(("collateral",), {"asset": "ETH", "amount": "2"}), ['+     {"asset": "BTC", "amount": "0.5"},\n', '+     {"asset": "ETH", "amount": 2}\n']),
        (PRETTY, Append(("positions",), {"symbol": "A", "side": "long"}), ["+     },\n", "+     {\n", '+       "symbol": "A",\n', '+       "side": "long"\n']),
        (PRETTY, Put(("positions", 0, "side"), "long"), ['+       "quantity": 1,\n', '+       "side": "long"\n']),
        (PRETTY, Remove(("collateral", 0)), []),
        (PRETTY, Remove(("collateral", 1)), ['+     {"asset": "USDT", "amount": 20000}\n']),
        (PRETTY, Remove(("positions", 0)), ['+   "positions": []\n']),
        (PRETTY, Remove(("positions", 0, "quantity")), ['+       "symbol": "BTCUSDT"\n']),
        (PRETTY, Append(("orders",), {"symbol": "A"}), ["+   ],\n", '+   "orders": [{"symbol": "A"}]\n']),
    ],
)  # fmt: skip
def test_json_stays_json(text, edit, lines):
    new = rewritten(text, [edit])
    json.loads(new)
    assert [line for line in changed(text, new) if line[0] == "+"] == lines


def test_several_edits_follow_one_another():
    edits = [
        Put(("positions", 1, "notional"), "1.5"),
        Rename(("positions", 1, "notional"), "quantity"),
        Put(("positions", 1, "quantity"), "2"),
        Put(("positions", 1, "leverage"), "5"),
        Remove(("positions", 0)),
        Put(("positions", 0, "leverage"), "6"),
        Append(("positions",), {"symbol": "A"}),
        Remove(("positions", 0, "side")),
    ]
    _, root, _ = read(rewritten(BLOCK, edits).encode(), "")
    assert plain_of(root)["positions"] == [{"symbol": "ETHUSDT", "quantity": "2", "leverage": "6"}, {"symbol": "A"}]


def test_new_keys_and_rows_come_in_the_order_of_the_edits():
    edits = [Put(("a", "x"), "1"), Put(("a", "z"), "2"), Append(("b",), "3"), Append(("b",), "4")]
    assert rewritten("a: {}\nb: []\n", edits) == "a: {x: 1, z: 2}\nb: [3, 4]\n"


def test_without_edits_the_text_is_the_same():
    assert rewritten("not: [even: yaml", []) == "not: [even: yaml"


@pytest.mark.parametrize(
    ("text", "edit", "message"),
    [
        ("a: [1]\n", Put(("a", 3), "1"), "`a.3` cannot be changed in the text of this file"),
        ("a: 1\n", Put(("a", "b"), "1"), "`a.b` cannot be changed in the text of this file"),
        ("a: 1\n", Remove(("b",)), "`b` cannot be changed in the text of this file"),
        ("a: 1\n", Append(("a",), "1"), "`a` cannot be changed in the text of this file"),
        ("a: 1\nb: 2\n", Rename(("a",), "b"), "`a` cannot be changed in the text of this file"),
        ("? a\n: 1\n? b\n: 2\n", Remove(("b",)), "`b` cannot be changed in the text of this file: an entry shares its line with others"),
    ],
)  # fmt: skip
def test_what_has_no_place_is_refused(text, edit, message):
    with pytest.raises(RewriteError) as caught:
        rewritten(text, [edit])
    assert caught.value.message == message


def paths(value, path=()):
    """Every path of a plain tree, the root's first."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, item in entries:
        yield from paths(item, (*path, part))


def value_at(value, path):
    for part in path:
        value = value[part]
    return value


STYLES = {
    "as it is": lambda text, value: text,
    "windows": lambda text, value: text.replace("\n", "\r\n"),
    "without a last line break": lambda text, value: text.rstrip("\n"),
    "json on one line": lambda text, value: json.dumps(value),
    "json on several lines": lambda text, value: json.dumps(value, indent=2),
    "json with tabs": lambda text, value: json.dumps(value, indent="\t"),
}


@settings(max_examples=38)
@given(data=st.data(), file=st.sampled_from(PORTFOLIOS), style=st.sampled_from(list(STYLES)))
def test_bundled_portfolios_take_any_edit_and_keep_every_other_line(data, file, style):
    original = file.read_text(encoding="utf-8")
    value = plain_of(read(original.encode(), "")[1])
    text = STYLES[style](original, value)
    path = data.draw(st.sampled_from([one for one in paths(value) if one]))
    node = value_at(value, path)
    kinds = [Put, Remove, *([Append] if isinstance(node, list) else [])]
    kind = data.draw(st.sampled_from(kinds))
    edit = Remove(path) if kind is Remove else kind(path, "12.5") if kind is Put else kind(path, {"a": "1", "b": "x y"})
    new = rewritten(text, [edit])  # raises if it is read differently from what is meant
    if style.startswith("json"):
        json.loads(new)
    before, after = text.splitlines(), new.splitlines()
    blocks = [
        one for one in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if one[0] != "equal"
    ]
    assert len(blocks) <= 2  # one place, and where a last row goes perhaps the comma above it
    if isinstance(node, str) and kind is Put:
        assert len(before) == len(after)
        assert sum(map(str.__ne__, before, after)) == (node != "12.5")
    if kind is Append:
        comments = [line.partition("#")[2] for line in before if "#" in line]
        assert [line.partition("#")[2] for line in after if "#" in line] == comments
