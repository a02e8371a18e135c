"""Which tests execute which statements of the engine, and how long each takes: what a mutant has to be shown to.

All tests run once in a fork, each with fixtures of its own, on an engine whose functions note every statement before
they execute it. The result is kept in a file, and counts as long as neither the engine nor its tests have changed.
"""

import ast
import functools
import gc
import hashlib
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

HERE = Path(__file__).parents[2]
NOTE = "__note__"
"""The function that is told the line of a statement."""


class Covering(NamedTuple):
    """Seconds of every test that passes, and for each module the tests of a line, by their number among them."""

    digest: str
    seconds: dict[str, float]
    lines: dict[str, dict[str, list[int]]]

    def tests_of(self, module: Path, lines: Iterable[int] | None = None) -> set[str]:
        """Those that execute what begins on some lines of a module, or any of it."""
        names, known = list(self.seconds), self.lines.get(module.as_posix(), {})
        wanted = known if lines is None else (str(line) for line in lines)
        return {names[number] for line in wanted for number in known.get(line, ())}


def digest_of(source: Path, tests: Iterable[str]) -> str:
    """Stands for the text of the engine and of the tests."""
    found = hashlib.sha256()
    for folder in (source / "marginctl", *(HERE / name.partition("::")[0] for name in tests)):
        for path in sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]:
            found.update(path.read_bytes())
    return found.hexdigest()


Put = Callable[[Path, str, ast.Module], object]
"""Gives the functions that live the code of another text of their module."""


def covering(path: Path, digest: str, modules: Iterable[tuple[Path, Path]], put: Put, session: Any) -> Covering:
    """What the file has, or is given by running all tests; ``modules``: with the name that each has in it."""
    if not path.exists() or json.loads(path.read_text(encoding="utf-8"))["digest"] != digest:
        child = os.fork()
        if child == 0:
            try:
                silent()
                _note(path, digest, modules, put, session)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
    return Covering(**json.loads(path.read_text(encoding="utf-8")))


def _note(path: Path, digest: str, modules: Iterable[tuple[Path, Path]], put: Put, session: pytest.Session) -> None:
    noted: dict[str, set[int]] = {}
    for file, name in modules:
        text = file.read_text(encoding="utf-8")
        put(file, text, noting(text))
        noted[name.as_posix()] = set()
        sys.modules[".".join(name.with_suffix("").parts)].__dict__[NOTE] = noted[name.as_posix()].add
    seconds: dict[str, float] = {}
    lines: dict[str, dict[str, list[int]]] = {name: defaultdict(list) for name in noted}
    for item in session.items:
        forget()
        for found in noted.values():
            found.clear()
        failed, began = session.testsfailed, time.process_time()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        if session.testsfailed == failed:
            for name, found in noted.items():
                for line in found:
                    lines[name][str(line)].append(len(seconds))
            seconds[item.nodeid] = time.process_time() - began
    path.write_text(json.dumps(Covering(digest, seconds, lines)._asdict()), encoding="utf-8")


def silent() -> None:
    """In a fork: nothing more is said."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - until the fork ends


@functools.cache
def kept() -> list[Any]:
    """The functions of the engine that keep the results of earlier calls."""
    every = [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]
    return [one for one in every if str(one.__module__).startswith("marginctl.core")]


def forget() -> None:
    """What functions of the engine have kept of earlier calls."""
    for one in kept():
        one.cache_clear()


def noting(text: str) -> ast.Module:
    """The module with functions that note the line of every statement, and of what a lambda gives."""
    tree: ast.Module = _Noting().visit(ast.parse(text))
    return tree


class _Noting(ast.NodeTransformer):
    is_inside = False

    def generic_visit(self, node: ast.AST) -> ast.AST:
        was_inside = self.is_inside
        self.is_inside = (was_inside or isinstance(node, ast.FunctionDef)) and not isinstance(node, ast.ClassDef)
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            rows = getattr(node, name, None)
            if self.is_inside and isinstance(rows, list):
                setattr(node, name, [one for row in rows for one in (*_noted(row), row)])
        if isinstance(node, ast.Lambda):
            both = ast.Tuple([_call(node.body), node.body], ast.Load())
            node.body = _at(ast.Subscript(both, ast.Constant(1), ast.Load()), node.body)
        self.is_inside = was_inside
        return node


def _noted(row: ast.stmt) -> list[ast.stmt]:
    is_text = isinstance(row, ast.Expr) and isinstance(row.value, ast.Constant)
    return [] if is_text else [_at(ast.Expr(_call(row)), row)]


def _call(node: ast.expr | ast.stmt) -> ast.expr:
    return ast.Call(ast.Name(NOTE, ast.Load()), [ast.Constant(node.lineno)], [])


def _at(made: Any, node: ast.AST) -> Any:
    return ast.fix_missing_locations(ast.copy_location(made, node))


def lines_of(text: str, first: int, last: int) -> set[int]:
    """The lines that are noted where an expression is executed: of its statement, and of lambdas around it."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt | ast.Lambda)]
    around = [node for node in nodes if node.lineno <= first and (node.end_lineno or node.lineno) >= last]
    statement = max((node for node in around if isinstance(node, ast.stmt)), key=lambda node: node.lineno)
    within = {node.body.lineno for node in around if isinstance(node, ast.Lambda) and node.lineno >= statement.lineno}
    return {statement.lineno, *within}
