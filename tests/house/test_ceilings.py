"""What the house may cost at most. A ceiling only goes down: whoever gets below one lowers it."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.house import measure

ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"


class Ceiling(NamedTuple):
    """The most that a figure may be, and what it is to become."""

    most: float
    goal: float


CEILINGS = {
    "lines of source": Ceiling(62_000, 19_000),
    "files of source": Ceiling(337, 125),
    "median length of a function": Ceiling(5, 7),
    "length of the longest function": Ceiling(45, 45),
    "functions over 45 lines": Ceiling(0, 0),
    "class names that occur twice": Ceiling(0, 0),
    "file names that occur twice": Ceiling(21, 18),  # allowed in two rooms, with one meaning
    "file names that occur twice in a room": Ceiling(0, 0),
    "conditions on a mode outside partition and the reading rooms": Ceiling(0, 0),
    "arrows between rooms": Ceiling(59, 32),
    "imports against the direction": Ceiling(0, 0),
    "own modules that a plain check loads": Ceiling(92, 94),
    "imports inside functions": Ceiling(82, 61),
    "pairs of more than ten equal lines": Ceiling(0, 0),
}


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    return measure.figures()


def test_every_figure_has_its_ceiling(figures: dict[str, float]) -> None:
    assert figures.keys() == CEILINGS.keys()


@pytest.mark.parametrize("name", CEILINGS)
def test_no_figure_is_above_its_ceiling(name: str, figures: dict[str, float]) -> None:
    ceiling = CEILINGS[name]
    behind = "\n".join(measure.details().get(name, [])) if figures[name] > ceiling.most else ""
    assert figures[name] <= ceiling.most, f"{name}: goal {ceiling.goal}\n{behind}"


def function(text: str) -> ast.FunctionDef:
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.FunctionDef)
    return node


COSTS = re.findall(r"^\| ([^|]+) \| (\d)(?: to \d)? \| (.+) \|$", ARCHITECTURE.read_text(), re.MULTILINE)


def test_the_table_of_costs_is_read() -> None:
    assert len(COSTS) == 11


@pytest.mark.parametrize(("what", "number", "example"), COSTS, ids=[what.partition(":")[0] for what, _, _ in COSTS])
def test_what_one_more_costs_is_shown_by_one_that_is_there(what: str, number: str, example: str) -> None:
    """As many files as the table says, all of them there, and each of Python names what is added."""
    files = re.findall(r"`([^`]+)`", example)
    assert len(files) == int(number)
    name = example.partition(": ")[0] if ": " in example else ""
    for file in files:
        assert name.lower() in (measure.PACKAGE / file).read_text(encoding="utf-8").lower(), (what, file)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("def f():\n    return 1\n", 2, id="a line of its own"),
        pytest.param('def f():\n    """Says\n\n    more.\n    """\n    return 1\n', 2, id="without the docstring"),
        pytest.param("@cache\n@wraps\ndef f(\n    a,\n):\n    return 1\n", 4, id="from def on, with its parameters"),
    ],
)
def test_the_length_of_a_function_is_what_is_read_of_it(text: str, lines: int) -> None:
    assert measure.length_of(function(text)) == lines


def test_what_is_measured_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One small house with one of each fault."""
    copy = "".join(f"    a{number} = {number}\n" for number in range(11))
    texts = {
        "core/pool.py": "class A: ...\nif x.margin_mode is MarginMode.CROSS: ...\n",
        "core/deep/pool.py": "class A: ...\nCROSS = MarginMode.CROSS\nif y == CROSS: ...\n",
        "core/plain.py": "x = MarginMode.CROSS\ndef f():\n    import json\n" + copy,
        "portfolio/pool.py": "if x.margin_mode is MarginMode.CROSS: ...\n",
        "cli/other.py": "from marginctl.core.pool import A\nmatch x.collateral_mode:\n    case 1: ...\ndef f():\n"
        + copy,
        "core/wrong.py": "from marginctl.cli.other import f\n",
    }
    package = tmp_path / "marginctl"
    for name, text in texts.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    monkeypatch.setattr(measure, "PACKAGE", package)
    monkeypatch.setattr(measure, "MODULES", tuple(sorted(package.rglob("*.py"))))
    assert measure.repeated_classes() == {"A": ["core/deep/pool.py", "core/pool.py"]}
    assert measure.repeated_files() == {"pool": ["core/deep/pool.py", "core/pool.py", "portfolio/pool.py"]}
    assert measure.repeated_in_a_room() == ["core/pool"]
    assert measure.mode_conditions() == ["cli/other.py:2", "core/deep/pool.py:3"]
    assert measure.arrows() == {("cli", "core"): 1, ("core", "cli"): 1}
    assert measure.wrong_imports(package / "core" / "wrong.py") == ["cli"]
    assert measure.imports_inside_functions() == ["core/plain.py:3"]
    assert measure.copies() == ["cli/other.py:4 = core/plain.py:2"]
