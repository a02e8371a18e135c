# ruff: noqa: E501 - tables with one case a line

import pytest

from marginctl.document.nodes import Mapping, Node, Scalar, Sequence
from marginctl.document.reader import read

from .told import structure_of


def plain_of(node: Node):
    """A tree as nested Python lists and texts."""
    if isinstance(node, Mapping):
        return {key.text: plain_of(value) for key, value in node.entries}
    return [plain_of(item) for item in node.items] if isinstance(node, Sequence) else node.text


def tree_of(text: str):
    _, root, problems = read(text.encode(), "f")
    assert problems == []
    return plain_of(root)


class TestTree:
    def test_block_style(self):
        assert tree_of("a:\n  b: 1\n  c:\n    - x\n    - y: z\nd: e\n") == {
            "a": {"b": "1", "c": ["x", {"y": "z"}]},
            "d": "e",
        }

    def test_flow_style(self):
        assert tree_of("{a: [1, {b: c}], d: {}}") == {"a": ["1", {"b": "c"}], "d": {}}

    def test_json(self):
        assert tree_of('{"a":[1,true,null],"b":{"c":"d\\/e"}}') == {"a": ["1", "true", "null"], "b": {"c": "d/e"}}

    def test_json_indented_by_tabs(self):
        assert tree_of('{\n\t"a": 1,\n\t"b": [\n\t\t2\n\t]\n}') == {"a": "1", "b": ["2"]}

    @pytest.mark.parametrize(
        "text", ["NO", "ON", "1e3", "017", "0x1F", "1:30", "0.10", "2026-11-22", "null", "~", "1_0"]
    )
    def test_scalars_stay_text(self, text):
        assert tree_of(f"a: {text}") == {"a": text}

    def test_text_over_several_lines(self):
        assert tree_of("a: |\n  x\n  y\nb: >\n  x\n  y\nc: x\n  y\n") == {"a": "x\ny\n", "b": "x y\n", "c": "x y"}

    def test_one_document_with_its_markers(self):
        assert tree_of("%YAML 1.1\n---\na: 1\n...\n") == {"a": "1"}

    def test_windows_line_ends(self):
        assert tree_of("a: 1\r\nb: 2\r\n") == {"a": "1", "b": "2"}


class TestPlaces:
    def test_of_scalars(self):
        _, root, _ = read("prices:\n  Ä: 'x'\n".encode(), "f")
        ((key, value),) = root.entries[0][1].entries
        assert key == Scalar("Ä", 2, 3, 4, plain=True)
        assert value == Scalar("x", 2, 6, 9, plain=False)

    def test_of_containers(self):
        _, root, _ = read(b"a:\n  - b: 1\nc: [2]\n", "f")
        items, flow = root.entries[0][1], root.entries[1][1]
        assert (items.line, items.column) == (2, 3)
        assert (items.items[0].line, items.items[0].column) == (2, 5)
        assert (flow.line, flow.column) == (3, 4)

    def test_a_text_over_several_lines_has_no_end_column(self):
        _, root, _ = read(b"a: x\n  y\n", "f")
        assert root.entries[0][1] == Scalar("x y", 1, 4, 0, plain=True)


EMPTY = "0:0 MC001 the file is empty -> write `key: value` lines; `marginctl init` writes a portfolio to start from"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [EMPTY]),
        ("# only a comment\n", [EMPTY]),
        ("---\n", [EMPTY]),
        ("null", [EMPTY]),
        ("- a\n- b\n", ["1:1 MC013 the file holds a list, not keys -> write `key: value` lines"]),
        ("\n  BTC\n", ["2:3 MC013 the file holds a single value, not keys -> write `key: value` lines"]),
        ("''", ["1:1 MC013 the file holds a single value, not keys -> write `key: value` lines"]),
        ("a: 1\nb: 2\na: 3\n", ["3:1 MC011 `a` is given twice, first on line 1 -> remove one of the two"]),
        ("a: 1\n'a': 2\n", ["2:1 MC011 `a` is given twice, first on line 1 -> remove one of the two"]),
        ("a: {b: 1, b: 2}\n", ["1:11 MC011 `b` is given twice, first on line 1 -> remove one of the two"]),
        ("base: &tier 1\n", ["1:7 MC003 the anchor `&tier` is not allowed -> remove it"]),
        ("a: &x [1]\n", ["1:4 MC003 the anchor `&x` is not allowed -> remove it"]),
        ("a: *tier\n", ["1:4 MC003 the alias `*tier` is not allowed -> write the value out"]),
        ("*a : 1\n", ["1:1 MC003 the alias `*a` is not allowed -> write the value out"]),
        ("a: !!str 1\n", ["1:4 MC003 the tag `!!str` is not allowed -> remove it"]),
        ("a: !!python/object/apply:os.system [x]\n", ["1:4 MC003 the tag `!!python/object/apply:os.system` is not allowed -> remove it"]),
        ("a: !mine {b: 1}\n", ["1:4 MC003 the tag `!mine` is not allowed -> remove it"]),
        ("<<: {a: 1}\nb: 2\n", ["1:1 MC003 the merge key `<<` is not allowed -> write the keys out"]),
        ("a: 1\n---\nb: 2\n", ["2:1 MC003 a second document begins here -> write each into a file of its own"]),
        ("? [a, b]\n: 1\n", ["1:3 MC003 a key must be a single word -> write `key: value`"]),
        ("{{a: 1}: 2}", ["1:2 MC003 a key must be a single word -> write `key: value`"]),
        ("?\n: 1\n", ["1:2 MC013 a key is missing in front of the colon -> write `key: value`"]),
        ('a: "\\e[31m"\n', [r"1:4 MC003 the control character `\x1b` is not allowed -> remove it"]),
        ('"\\0": 1\n', [r"1:1 MC003 the control character `\x00` is not allowed -> remove it"]),
        ("[" * 33, ["1:33 MC003 nested deeper than 32 levels -> close the brackets, or indent less"]),
        ("- " * 200_000, ["1:65 MC003 nested deeper than 32 levels -> close the brackets, or indent less"]),
    ],
)  # fmt: skip
def test_what_a_plain_document_does_not_hold(text, expected):
    assert structure_of(text) == expected


def test_thirty_two_levels_are_allowed():
    text = "a: " + "[" * 31 + "]" * 31
    assert structure_of(text) == []
    assert structure_of("a: " + "[" * 32 + "]" * 32) != []


def test_all_problems_of_a_file_are_reported_in_their_order():
    assert structure_of("a: *x\nb: &y 1\na: 2\nc: {d: !t 1, d: 2}\n") == [
        "1:4 MC003 the alias `*x` is not allowed -> write the value out",
        "2:4 MC003 the anchor `&y` is not allowed -> remove it",
        "3:1 MC011 `a` is given twice, first on line 1 -> remove one of the two",
        "4:8 MC003 the tag `!t` is not allowed -> remove it",
        "4:14 MC011 `d` is given twice, first on line 4 -> remove one of the two",
    ]


def test_what_is_refused_is_left_out_and_the_rest_is_there():
    _, root, problems = read(b"a: 1\na: {b: 2}\n<<: [c]\nd: 4\n", "f")
    assert len(problems) == 2
    assert plain_of(root) == {"a": "1", "d": "4"}


def test_a_second_document_does_not_hide_the_first():
    assert plain_of(read(b"a: 1\n---\nb: 2\n", "f")[1]) == {"a": "1"}


@pytest.mark.parametrize("text", ["", "[1]", "a: b: c", "[" * 40, "a: \0"])
def test_an_unusable_file_has_no_root(text):
    assert read(text.encode(), "f")[1] is None


def test_a_problem_shows_its_line():
    (problem,) = read(b"a: 1\na: 2 # again\n", "book.yaml")[2]
    assert (problem.location.file, problem.location.end_column, problem.excerpt) == ("book.yaml", 2, "a: 2 # again")


def test_more_problems_than_anybody_reads_end_the_reading():
    _, root, problems = read(b"a: 1\n" * 5000, "f")
    assert (root, len(problems)) == (None, 1001)
    assert problems[-1].message == "more than 1000 problems, the others are not listed"
