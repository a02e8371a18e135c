"""Which tests execute which lines of the engine, and how long each takes: what a mutant has to be shown to.

All tests run once in a fork, each with fixtures of its own, watched by ``coverage``. The result is kept in a file, and
counts as long as neither the engine nor its tests have changed.
"""

import ast
import functools
import gc
import hashlib
import importlib.util
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import CodeType
from typing import NamedTuple

import pytest

HERE = Path(__file__).parents[2]


class Covering(NamedTuple):
    """Seconds of every test that passes, and for each module the tests of a line, by their number among them."""

    digest: str
    seconds: dict[str, float]
    lines: dict[str, dict[str, list[int]]]

    def tests_of(self, module: Path, lines: Iterable[int] | None = None) -> set[str]:
        """Those that execute one of some lines of a module, or any of it."""
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


def covering(path: Path, digest: str, source: Path, core: Path, session: pytest.Session) -> Covering:
    """What the file has, or is given by running all tests."""
    if importlib.util.find_spec("coverage") is None:
        pytest.exit("needs coverage: pip install --group mutants")
    if not path.exists() or json.loads(path.read_text(encoding="utf-8"))["digest"] != digest:
        child = os.fork()
        if child == 0:
            _watched(path, digest, source, core, session)
        os.waitpid(child, 0)
    return Covering(**json.loads(path.read_text(encoding="utf-8")))


def _watched(path: Path, digest: str, source: Path, core: Path, session: pytest.Session) -> None:
    """Runs all tests and writes the file; in a fork, which it ends."""
    try:
        from coverage import Coverage

        silent()
        watch = Coverage(data_file=None, include=[f"{source / core}/*"], config_file=False)
        watch.start()
        seconds = {}
        for item in session.items:
            forget(core)
            failed, began = session.testsfailed, time.process_time()
            watch.switch_context(item.nodeid)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if session.testsfailed == failed:
                seconds[item.nodeid] = time.process_time() - began
        watch.stop()
        number = {name: place for place, name in enumerate(seconds)}
        lines: dict[str, dict[str, list[int]]] = {}
        for file in watch.get_data().measured_files():
            found = watch.get_data().contexts_by_lineno(file)
            lines[Path(file).relative_to(source).as_posix()] = {
                str(line): [number[name] for name in names if name in number] for line, names in found.items()
            }
        path.write_text(json.dumps(Covering(digest, seconds, lines)._asdict()), encoding="utf-8")
    finally:
        os._exit(0)


def silent() -> None:
    """In a fork: nothing more is said."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - until the fork ends


def forget(core: Path) -> None:
    """What functions of the engine have kept of earlier calls."""
    within = core.as_posix().replace("/", ".")
    for one in gc.get_objects():
        if isinstance(one, functools._lru_cache_wrapper) and str(one.__module__).startswith(within):
            one.cache_clear()


def lines_of(text: str, first: int, last: int) -> set[int]:
    """The lines by whose execution an expression is known to be: its own, or those of the statement around it."""
    traced = _traced(compile(text, "", "exec"))
    own = set(range(first, last + 1))
    if own & traced:
        return own
    around = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.stmt) and node.lineno <= first and _end(node) >= last
    ]
    closest = max(around, key=lambda node: node.lineno)
    return set(range(closest.lineno, _end(closest) + 1))


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _traced(code: CodeType) -> set[int]:
    found = {line for _, _, line in code.co_lines() if line is not None}
    return found.union(*(_traced(one) for one in code.co_consts if isinstance(one, CodeType)))
