"""``python -m tests.house.mutants --number 100``: random slips in the engine, and whether the tests notice each.

Each mutant is one change of one module of ``core`` (an operator, a comparison, a constant, a condition, ``min`` for
``max``, a sum without one of its sides); the tests of core, portfolio and limits that execute it run until one fails,
and then their properties with other examples. What no input can tell is left out. Prints the seed, every survivor with
its place, and the share that was noticed. Slow, so no part of the tests. Bounded by ``--minutes``, and by ``--seconds``
of the processor for each.
"""

import argparse
import ast
import random
import re
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
CORE = Path("marginctl/core")
TESTS = ("tests/core", "tests/portfolio", "tests/limits")
EQUIVALENT = Path(__file__).with_name("equivalent.yaml")
"""Changes that no input can tell from the engine, with reasons by reading: they are left out of every sample."""
MAP = Path(tempfile.gettempdir()) / "marginctl-tests-of-lines.json"
NOT_NOTICED = re.compile(r"^(?:survived|out of time|not executed): (.*)$", re.MULTILINE)
COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
COMPARISONS |= {ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In}
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "ZERO": "ONE", "ONE": "ZERO", "LONG": "SHORT"}
NAMES |= {"SHORT": "LONG", "up": "down", "down": "up"}


class Mutant(NamedTuple):
    """A change: the text from ``start`` to ``end`` of a module becomes ``after``."""

    module: Path
    line: int
    start: int
    end: int
    before: str
    after: str

    @property
    def change(self) -> str:
        """What becomes what."""
        return f"{' '.join(self.before.split())} -> {self.after}"

    def __str__(self) -> str:
        return f"{self.module.as_posix()}:{self.line}: {self.change}"


def mutants_of(module: Path, text: str) -> Iterator[Mutant]:
    """Every change of a module, in the order of its syntax tree; docstrings and annotations are let be."""
    starts = [0]
    for line in text.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    data = text.encode()
    for node in _code(ast.parse(text)):
        for after in _changes(node):
            start = starts[node.lineno - 1] + node.col_offset
            end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
            yield Mutant(module, node.lineno, start, end, data[start:end].decode(), after)


def _code(tree: ast.AST) -> Iterator[ast.expr]:
    """Expressions that are computed."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list", "bases"):
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, ast.keyword) and one.arg == "strict":
                continue  # a guard against slips of the engine itself: nothing else hangs on it
            if isinstance(one, ast.expr):
                yield one
            if isinstance(one, ast.AST) and not isinstance(one, ast.JoinedStr):  # places in it are known from 3.12 on
                yield from _code(one)


def _changes(node: ast.expr) -> Iterator[str]:
    """What could stand in the place of an expression."""
    match node:
        case ast.Compare(left, [operator], [right]) if type(operator) in COMPARISONS:
            yield _text(ast.Compare(left, [COMPARISONS[type(operator)]()], [right]))
        case ast.BinOp(left, operator, right) if type(operator) in OPERATORS:
            yield _text(ast.BinOp(left, OPERATORS[type(operator)](), right))
            yield _text(left)
            yield _text(right)
        case ast.BoolOp(operator, values):
            yield _text(ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values))
            yield _text(values[0])
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield _text(operand)
        case ast.IfExp(test, body, orelse):
            yield _text(ast.IfExp(test, orelse, body))
        case ast.Name(name) if name in NAMES:
            yield NAMES[name]
        case ast.Constant(bool() as value):
            yield repr(not value)
        case ast.Constant(int() as value):
            yield repr(value + 1)


def _text(node: ast.expr) -> str:
    return f"({ast.unparse(node)})"


def sample(number: int, seed: int, source: Path = ROOT / "src") -> list[Mutant]:
    """As many different changes of the engine, the same for a seed."""
    found = tellable(source)
    return random.Random(seed).sample(found, min(number, len(found)))


def every(source: Path) -> list[Mutant]:
    """All changes of the engine."""
    return [
        one
        for path in sorted((source / CORE).rglob("*.py"))
        for one in mutants_of(path.relative_to(source), path.read_text(encoding="utf-8"))
    ]


def equivalents() -> set[tuple[str, str, str]]:
    """Module, line and change of what no input can tell."""
    rows = yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8"))
    return {(f"marginctl/{row['module']}", row["line"], change) for row in rows for change in row["changes"]}


def places_of(mutants: Iterable[Mutant], source: Path) -> Iterator[tuple[str, str, str]]:
    """The same of each, with its number among equal ones of a line."""
    lines = cache(lambda module: (source / module).read_text(encoding="utf-8").splitlines())
    seen: Counter[tuple[str, str, str]] = Counter()
    for one in mutants:
        place = one.module.as_posix(), lines(one.module)[one.line - 1].strip(), one.change
        seen[place] += 1
        yield (*place[:2], f"{one.change}#{seen[place]}")


def tellable(source: Path) -> list[Mutant]:
    """All changes of the engine but those of ``EQUIVALENT``."""
    found, known = every(source), equivalents()
    places = places_of(found, source)
    return [
        one for one, place in zip(found, places, strict=True) if known.isdisjoint({place, (*place[:2], one.change)})
    ]


def applied(mutant: Mutant, text: str) -> str:
    """The module with the change."""
    data = text.encode()
    return (data[: mutant.start] + mutant.after.encode() + data[mutant.end :]).decode()


def chosen(mutants: Sequence[Mutant], part: str, only: Path | None, source: Path = ROOT / "src") -> list[Mutant]:
    """Part ``2/3`` of some mutants, or of those instead that an earlier run printed as not noticed."""
    if only is not None:
        told = {found[1] for found in NOT_NOTICED.finditer(only.read_text(encoding="utf-8"))}
        mutants = [one for one in every(source) if str(one) in told]
    number, parts = map(int, part.split("/"))
    return list(mutants[number - 1 :: parts])


def main() -> int:
    """The command line."""
    import pytest
    from tests.house.in_place import NOTICED, OPTIONS, InPlace

    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--number", type=int, default=100)
    reader.add_argument("--minutes", type=float, default=60)
    reader.add_argument("--seconds", type=float, default=600, help="of the processor, for the tests of one mutant")
    reader.add_argument("--seed", type=int, default=secrets.randbelow(10**9))
    reader.add_argument("--part", default="1/1", help="2/3: every third of the sample, from the second on")
    reader.add_argument("--only", type=Path, help="a file with what was printed: those that were not noticed, again")
    reader.add_argument("--map", type=Path, default=MAP, help="the file that keeps which tests execute which lines")
    reader.add_argument("tests", nargs="*", default=TESTS)
    given = reader.parse_args()
    print(f"seed {given.seed}", flush=True)
    mutants = chosen(sample(given.number, given.seed), given.part, given.only)
    until = time.monotonic() + given.minutes * 60
    plugin = InPlace(mutants, ROOT / "src", given.tests, given.map, until=until, seconds=given.seconds)
    pytest.main([*OPTIONS, *given.tests], plugins=[plugin])
    tried, noticed = len(plugin.results), sum(how == NOTICED for _, how in plugin.results)
    print(f"{noticed} of {tried} noticed" + (f", {noticed / tried:.1%}" if tried else ""))
    print(f"{plugin.at_random} of them by examples at random only")
    return 0


if __name__ == "__main__":
    sys.exit(main())
