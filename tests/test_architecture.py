"""The house rules that no reader should have to remember: which package may know which, and what no module contains."""

import ast
import re
import sys
from pathlib import Path

import pytest
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


each_module = pytest.mark.parametrize("path", MODULES, ids=name_of)


def test_every_package_has_its_rank() -> None:
    assert {package_of(path) for path in MODULES} == set(RANKS)


@each_module
def test_imports_run_one_way(path: Path) -> None:
    assert wrong_imports(path) == []


@each_module
def test_the_core_and_findings_know_the_standard_library_msgspec_and_the_core_alone(path: Path) -> None:
    if package_of(path) not in {"core", "findings"}:
        return
    allowed = sys.stdlib_module_names | {"msgspec"}
    found = {module.split(".")[0] for node in imports(path) for module in imported(node)}
    assert found - allowed <= {"marginctl"}


@each_module
def test_one_module_calls_ccxt_and_none_imports_it_before_it_is_wanted(path: Path) -> None:
    named = {module.split(".")[0] for node in imports(path) for module in imported(node)}
    words = [node.value for node in nodes_of(path) if isinstance(node, ast.Constant) and node.value == "ccxt"]
    assert "ccxt" not in named
    assert words == (["ccxt"] if name_of(path) == CCXT else [])


@each_module
def test_the_core_reads_no_file_and_no_clock(path: Path) -> None:
    if package_of(path) != "core":
        return
    modules = {module.split(".")[0] for node in imports(path) for module in imported(node)}
    calls = {node.func.id for node in nodes_of(path) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert modules & {"os", "io", "pathlib", "time", "datetime", "random", "socket", "sys"} == set()
    assert calls & {"open", "print", "input", "exec", "eval"} == set()


@each_module
def test_no_figure_is_a_binary_float(path: Path) -> None:
    """No float literal where figures are made; ``float()`` nowhere at all."""
    casts = [node.lineno for node in nodes_of(path) if isinstance(node, ast.Name) and node.id == "float"]
    literals = [
        node.lineno for node in nodes_of(path) if isinstance(node, ast.Constant) and isinstance(node.value, float)
    ]
    assert casts == []
    assert package_of(path) not in {"core", "document", "portfolio", "limits", "render"} or literals == []


@each_module
def test_no_venue_is_named_in_the_logic(path: Path) -> None:
    """A venue is data. Its name may stand in a docstring or a comment of a template, in no other string."""
    names = {data.stem for data in (PACKAGE / "venues" / "data").glob("*.yaml")} - {"generic"}
    words = {name.split("-")[0] for name in names}
    told = docstrings(path)
    found = [
        (node.lineno, node.value)
        for node in nodes_of(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
        for word in words
        if re.search(rf"\b{word}", _without_comments(node.value).lower())
    ]
    assert found == []


def _without_comments(text: str) -> str:
    return "\n".join(line.partition("# ")[0] for line in text.splitlines())


@each_module
def test_no_module_is_longer_than_can_be_seen_through(path: Path) -> None:
    assert len(text_of(path).splitlines()) <= MOST_LINES


@each_module
def test_nothing_is_guarded_by_an_assert(path: Path) -> None:
    assert [node.lineno for node in nodes_of(path) if isinstance(node, ast.Assert)] == []


@each_module
def test_everything_public_says_what_it_is(path: Path) -> None:
    """Functions, classes and methods; what a base class in the module or an overload says need not be said again."""
    tree = tree_of(path)
    if "# ruff: noqa: D101" in text_of(path):  # classes that stand for those of a library
        return
    public = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and _is_public(node.name)]
    classes = [node for node in public if isinstance(node, ast.ClassDef)]
    methods = [item for node in classes for item in node.body if isinstance(item, ast.FunctionDef)]
    said = {node.name for node in (*public, *methods) if ast.get_docstring(node)}
    silent = [node.name for node in public if node.name not in said]
    silent += [method.name for method in methods if _is_public(method.name) and method.name not in said]
    assert ast.get_docstring(tree) or not tree.body
    assert silent == []


def _is_public(name: str) -> bool:
    return not name.startswith("_")


@each_module
def test_what_few_runs_need_is_imported_where_it_is_used(path: Path) -> None:
    tops = {module.split(".")[0] for node in tree_of(path).body for module in imported(node)}
    assert tops & LATE == set()


def test_a_plain_check_imports_no_more_than_it_needs() -> None:
    modules = modules_of_a_check()
    assert modules & (HEAVY | UNUSED) == set()
