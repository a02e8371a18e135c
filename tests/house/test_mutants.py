"""The script that makes mutants: each is one change that parses, and the same seed makes the same."""

import ast
from pathlib import Path
from typing import Any

import pytest
from tests.house.covering import Covering, lines_of, noting
from tests.house.in_place import put_in_place
from tests.house.mutants import (
    ROOT,
    applied,
    chosen,
    equivalents,
    every,
    mutants_of,
    places_of,
    sample,
    tellable,
)


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("a < b", ["(a <= b)"]),
        ("a + b", ["(a - b)", "(a)", "(b)"]),
        ("a and b", ["(a or b)", "(a)"]),
        ("not a", ["(a)"]),
        ("min(a)", ["max(a)"]),
        ("a if b else c", ["(c if b else a)"]),
        ("True", ["False"]),
        ("2", ["3"]),
        ("'text'", []),
        ("größe + 1", ["(größe - 1)", "(größe)", "(1)", "größe + 2"]),
    ],
)
def test_an_expression_and_what_may_stand_in_its_place(text: str, changed: list[str]) -> None:
    assert [applied(one, text) for one in mutants_of(Path("m.py"), text)] == changed


def test_texts_with_expressions_are_let_be() -> None:
    assert list(mutants_of(Path("m.py"), "f'{a + b} {c < d}'")) == []


def test_guards_are_let_be() -> None:
    found = mutants_of(Path("m.py"), "zip(a, b + 1, strict=True)")
    assert [one.after for one in found] == ["(b - 1)", "(b)", "(1)", "2"]


def test_annotations_are_let_be() -> None:
    assert list(mutants_of(Path("m.py"), "def f(a: 1 + 1) -> 2:\n    b: 3\n")) == []


def test_a_seed_makes_the_same_and_each_parses() -> None:
    found = sample(40, 7)
    assert found == sample(40, 7)
    assert len(set(found)) == 40
    for one in found:
        assert ast.unparse(ast.parse(f"({one.before})")) != ""
        text = (ROOT / "src" / one.module).read_text(encoding="utf-8")
        assert ast.dump(ast.parse(applied(one, text))) != ast.dump(ast.parse(text)) or one.before == one.after
        assert str(one).startswith("marginctl/core/")


def test_what_no_input_can_tell_is_one_change_of_the_engine_and_in_no_sample() -> None:
    found = every(ROOT / "src")
    places = list(places_of(found, ROOT / "src"))
    plain = [(module, line, one.change) for (module, line, _), one in zip(places, found, strict=True)]
    assert {one: (plain + places).count(one) for one in equivalents()} == dict.fromkeys(equivalents(), 1)
    assert len(tellable(ROOT / "src")) == len(found) - len(equivalents())


def test_functions_that_live_get_the_changed_code(tmp_path: Path) -> None:
    text = (
        "def f(a):\n    return [b + 1 for b in a]\n\nclass C:\n    def g(self):\n        return min(2, 3)\n\nTEN = 10\n"
    )
    path = tmp_path / "m.py"
    space: dict[str, Any] = {"__name__": "m"}
    exec(compile(text, str(path), "exec"), space)
    functions = [space["f"], space["C"].g]
    assert put_in_place(functions, path, text, text.replace("b + 1", "b - 1"))
    assert (space["f"]([5]), space["C"]().g()) == ([4], 2)
    assert put_in_place(functions, path, text, text.replace("min", "max"))
    assert space["C"]().g() == 3
    assert not put_in_place(functions, path, text, text.replace("TEN = 10", "TEN = 11"))


def test_parts_share_a_sample() -> None:
    mutants = sample(10, 7)
    parts = [chosen(mutants, f"{number}/3", None) for number in (1, 2, 3)]
    assert [len(part) for part in parts] == [4, 3, 3]
    assert {one for part in parts for one in part} == set(mutants)


def test_what_a_run_did_not_notice_is_tried_again(tmp_path: Path) -> None:
    first, second, third = sample(3, 7)
    file = tmp_path / "printed"
    file.write_text(f"seed 1\nsurvived: {first}\n10 of 20 noticed\nnot executed: {second}\n")
    found = chosen([third], "1/1", file)
    assert {first, second} <= set(found)
    assert {str(one) for one in found} == {str(first), str(second)}
    assert set(found) <= set(every(ROOT / "src"))


def test_a_mutant_is_shown_to_the_tests_that_execute_it() -> None:
    found = Covering("", {"a": 1, "b": 2, "c": 3}, {"m.py": {"1": [0], "2": [0, 2]}})
    assert found.tests_of(Path("m.py"), [1, 2]) == {"a", "c"}
    assert found.tests_of(Path("m.py"), [1]) == {"a"}
    assert found.tests_of(Path("m.py"), [3]) == set()
    assert found.tests_of(Path("m.py")) == {"a", "c"}
    assert found.tests_of(Path("n.py")) == set()


def test_every_statement_of_a_function_is_noted_before_it_is_executed() -> None:
    text = (
        '"""Module."""\n'
        "def f(a):\n"
        '    """Says."""\n'
        "    if a > 1:\n"
        "        return [\n"
        "            a,\n"
        "            2,\n"
        "        ]\n"
        "    elif a:\n"
        "        a += 1\n"
        "    return g(a)\n"
        "g = lambda a: (\n"
        "    a + 1)\n"
        "class C:\n"
        "    one = 1\n"
        "    def h(self):\n"
        "        return 3\n"
    )
    noted: list[int] = []
    space: dict[str, Any] = {"__note__": noted.append, "__name__": "m"}
    exec(compile(noting(text), "m.py", "exec"), space)
    assert noted == []
    assert (space["f"](2), space["f"].__doc__) == ([2, 2], "Says.")
    assert noted == [4, 5]
    assert space["f"](1) == 3
    assert noted[2:] == [4, 9, 10, 11, 13]
    assert space["C"]().h() == 3
    assert noted[7:] == [17]
    assert [lines_of(text, line, line) for line in (4, 7, 9, 13, 17)] == [{4}, {5}, {9}, {12, 13}, {17}]
