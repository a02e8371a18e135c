"""The script that makes mutants: each is one change that parses, and the same seed makes the same."""

import ast
from pathlib import Path
from typing import Any

import pytest
from tests.house.in_place import put_in_place
from tests.house.mutants import ROOT, applied, mutants_of, sample


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
