"""The house rules that no reader should have to remember: which package may know which, and what no module contains."""

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.house.measure import (
    MODULES,
    PACKAGE,
    RANKS,
    imported,
    imports,
    modules_of_a_check,
    name_of,
    nodes_of,
    text_of,
    tree_of,
    wrong_imports,
)
from tests.house.measure import room_of as package_of

MOST_LINES = 400

HEAVY = {
    "rich",
    "ccxt",
    "requests",
    "jsonschema",
    "junitparser",
    "yaml",
    "asyncio",
    "multiprocessing",
    "concurrent",
    "http",
    "ssl",
    "xml",
}
"""Packages that a plain check into JSON has no use for; of ``yaml`` it loads parts, the package itself does not run."""
LATE = {"rich", "difflib", "yaml", "glob", "jsonschema", "multiprocessing", "concurrent"}
"""Imported inside the functions that use them, never with a module."""
UNUSED = {
    "marginctl.core.outcome",
    "marginctl.core.cascade",
    "marginctl.render.page",
    "marginctl.venues.live",
    "marginctl.cli.live",
}
CCXT = "venues/live/client.py"
"""The one module that knows the package."""


def docstrings(path: Path) -> set[int]:
    """The constants that are docstrings, by identity."""
    found = set()
    for node in nodes_of(path):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            found.add(id(body[0].value))
    return found


def faults(found: Callable[[Path], object], *rooms: str) -> dict[str, object]:
    """What is found in each module of some rooms, all where none is named; modules without a fault are left out."""
    read = (path for path in MODULES if not rooms or package_of(path) in rooms)
    return {name_of(path): fault for path in read if (fault := found(path))}


def tops(nodes: Iterable[ast.AST]) -> set[str]:
    """The packages that import statements name."""
    return {module.split(".")[0] for node in nodes for module in imported(node)}


def constants(path: Path, kind: type) -> Iterator[ast.Constant]:
    """The constants of one type in a module."""
    return (node for node in nodes_of(path) if isinstance(node, ast.Constant) and isinstance(node.value, kind))


def test_every_package_has_its_rank() -> None:
    assert {package_of(path) for path in MODULES} == set(RANKS)


def test_imports_run_one_way() -> None:
    assert faults(wrong_imports) == {}


def test_the_core_and_findings_know_the_standard_library_msgspec_and_the_core_alone() -> None:
    allowed = sys.stdlib_module_names | {"msgspec", PACKAGE.name}
    assert faults(lambda path: tops(imports(path)) - allowed, "core", "findings") == {}


def test_one_module_calls_ccxt_and_none_imports_it_before_it_is_wanted() -> None:
    assert faults(lambda path: tops(imports(path)) & {"ccxt"}) == {}
    assert faults(lambda path: [node.value for node in constants(path, str) if node.value == "ccxt"]) == {
        CCXT: ["ccxt"]
    }


def test_the_core_reads_no_file_and_no_clock() -> None:
    def calls(path: Path) -> set[str]:
        called = (node.func for node in nodes_of(path) if isinstance(node, ast.Call))
        return {name.id for name in called if isinstance(name, ast.Name)} & {"open", "print", "input", "exec", "eval"}

    modules = {"os", "io", "pathlib", "time", "datetime", "random", "socket", "sys"}
    assert faults(lambda path: tops(imports(path)) & modules, "core") == {}
    assert faults(calls, "core") == {}


def test_no_figure_is_a_binary_float() -> None:
    """No float literal where figures are made; ``float()`` nowhere at all."""

    def casts(path: Path) -> list[int]:
        return [node.lineno for node in nodes_of(path) if isinstance(node, ast.Name) and node.id == "float"]

    exact = ("core", "document", "portfolio", "limits", "render")
    assert faults(casts) == {}
    assert faults(lambda path: [node.lineno for node in constants(path, float)], *exact) == {}


def test_no_venue_is_named_in_the_logic() -> None:
    """A venue is data. Its name may stand in a docstring or a comment of a template, in no other string."""
    names = {data.stem for data in (PACKAGE / "venues" / "data").glob("*.yaml")} - {"generic"}
    word = re.compile(rf"\b(?:{'|'.join(sorted({name.split('-')[0] for name in names}))})")

    def named(path: Path) -> list[tuple[int, str]]:
        told = docstrings(path)
        said = ((node, _without_comments(node.value).lower()) for node in constants(path, str) if id(node) not in told)
        return [(node.lineno, text) for node, text in said if word.search(text)]

    assert faults(named) == {}


def _without_comments(text: str) -> str:
    return "\n".join(line.partition("# ")[0] for line in text.splitlines())


def test_no_module_is_longer_than_can_be_seen_through() -> None:
    lengths = {name_of(path): len(text_of(path).splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_nothing_is_guarded_by_an_assert() -> None:
    assert faults(lambda path: [node.lineno for node in nodes_of(path) if isinstance(node, ast.Assert)]) == {}


def test_everything_public_says_what_it_is() -> None:
    """Functions, classes and methods; what a base class in the module or an overload says need not be said again."""

    def silent(path: Path) -> list[str]:
        tree = tree_of(path)
        if "# ruff: noqa: D101" in text_of(path):  # classes that stand for those of a library
            return []
        public = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) if _is_public(node)]
        classes = [node for node in public if isinstance(node, ast.ClassDef)]
        methods = [item for node in classes for item in node.body if isinstance(item, ast.FunctionDef)]
        said = {node.name for node in (*public, *methods) if ast.get_docstring(node)}
        named = [*public, *(method for method in methods if _is_public(method))]
        head = [] if ast.get_docstring(tree) or not tree.body else ["the module"]
        return head + [node.name for node in named if node.name not in said]

    assert faults(silent) == {}


def _is_public(node: ast.FunctionDef | ast.ClassDef) -> bool:
    return not node.name.startswith("_")


def test_what_few_runs_need_is_imported_where_it_is_used() -> None:
    assert faults(lambda path: tops(tree_of(path).body) & LATE) == {}


def test_a_plain_check_imports_no_more_than_it_needs() -> None:
    modules = modules_of_a_check()
    assert modules & (HEAVY | UNUSED) == set()
