"""How simple the house is, in numbers: ``python tests/house/measure.py`` prints them, ``--names`` what stands behind.

Reads the source as text and syntax trees; the one run it makes is a plain check through the command line.
"""

import ast
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import median

SOURCE = Path(__file__).parents[2] / "src"
PACKAGE = SOURCE / "marginctl"
MODULES = tuple(sorted(PACKAGE.rglob("*.py")))

RANKS = {
    "core": 0,
    "findings": 0,
    "wording": 1,
    "results": 2,
    "document": 3,
    "scenarios": 4,
    "venues": 4,
    "limits": 5,
    "render": 5,
    "portfolio": 6,
    "analysis": 7,
    "books": 8,
    "cli": 9,
    "__init__": 10,
    "__main__": 10,
}
"""Rooms import those of a lower rank; those of one rank do not know each other."""

MODES = ("MarginMode", "CollateralMode")
MODE_FIELDS = ("margin_mode", "collateral_mode")
PARTITION = "core/pool.py"
"""Where an account falls into pools: the one place in which a mode has a consequence."""
READING = ("document", "venues", "portfolio")
"""Rooms that read files, in which a mode is a word."""

LONGEST_COPY = 10
"""Lines that may stand twice."""

BOOK = (
    "prices: {BTC: 60000}\ncollateral: [{asset: USDT, amount: 10000}]\n"
    "positions: [{symbol: BTCUSDT, side: short, quantity: 0.1, leverage: 10, maintenance_rate: 0.5%}]\n"
)


def name_of(path: Path) -> str:
    """A module as its path in the package."""
    return path.relative_to(PACKAGE).as_posix()


def room_of(path: Path) -> str:
    """The room that a module stands in; a module of its own is one."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def text_of(path: Path) -> str:
    """The text of a module."""
    return path.read_text(encoding="utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(text_of(path))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Every node of the syntax tree of a module."""
    return tuple(ast.walk(tree_of(path)))


def imported(node: ast.AST) -> Iterator[str]:
    """What an import statement names."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert not node.level, "imports are absolute"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def functions(path: Path) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]:
    """Functions and methods of a module, inner ones too."""
    return tuple(node for node in nodes_of(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@cache
def imports(path: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """Import statements of a module."""
    return tuple(node for node in nodes_of(path) if isinstance(node, ast.Import | ast.ImportFrom))


def length_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from ``def`` to the end, without the docstring."""
    whole = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is None:
        return whole
    return whole - ((first.end_lineno or first.lineno) - first.lineno + 1)


def lengths() -> list[tuple[int, str]]:
    """Length and place of every function, the longest first."""
    found = [(length_of(one), f"{name_of(path)}:{one.name}") for path in MODULES for one in functions(path)]
    return sorted(found, reverse=True)


def repeated_classes() -> dict[str, list[str]]:
    """Class names that more than one class has, and where."""
    places = defaultdict(list)
    for path in MODULES:
        for node in nodes_of(path):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name_of(path))
    return {name: found for name, found in sorted(places.items()) if len(found) > 1}


def repeated_files() -> dict[str, list[str]]:
    """File names that stand in more than one folder; ``__init__`` and ``__main__`` are Python's."""
    places = defaultdict(list)
    for path in MODULES:
        if not path.name.startswith("__"):
            places[path.stem].append(name_of(path))
    return {name: found for name, found in sorted(places.items()) if len(found) > 1}


def repeated_in_a_room() -> list[str]:
    """File names that stand more than once in one room."""
    count = Counter((room_of(path), path.stem) for path in MODULES if not path.name.startswith("__"))
    return sorted(f"{room}/{stem}" for (room, stem), number in count.items() if number > 1)


def mode_conditions() -> list[str]:
    """Comparisons with a margin or collateral mode outside ``partition`` and the reading rooms."""
    found: list[str] = []
    for path in MODULES:
        if name_of(path) == PARTITION or room_of(path) in READING:
            continue
        known = {*MODES, *_standing_for_modes(tree_of(path))}
        found += [
            f"{name_of(path)}:{getattr(node, 'lineno', 0)}"
            for node in nodes_of(path)
            if any(_is_mode(part, known) for side in _operands(node) for part in ast.walk(side))
        ]
    return found


def _operands(node: ast.AST) -> list[ast.expr]:
    """What a comparison or a ``match`` asks about; nothing of any other node."""
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.MatchValue):
        return [node.value]
    return [node.subject] if isinstance(node, ast.Match) else []


def _is_mode(node: ast.AST, known: set[str]) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr in MODE_FIELDS) or (
        isinstance(node, ast.Name) and node.id in known
    )


def _standing_for_modes(tree: ast.Module) -> set[str]:
    """Names that a module gives to a mode, or imports for one: ``CROSS = MarginMode.CROSS``."""
    assigned = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        and any(isinstance(part, ast.Name) and part.id in MODES for part in ast.walk(node.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    taken = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in {"CROSS", "ISOLATED", "MULTI_ASSET", "SINGLE_ASSET"}
    }
    return assigned | taken


def arrows() -> dict[tuple[str, str], int]:
    """Imports from room to room: how many."""
    count: Counter[tuple[str, str]] = Counter()
    for path in MODULES:
        for other in _rooms_imported(path):
            count[room_of(path), other] += 1
    return dict(sorted(count.items()))


def _rooms_imported(path: Path) -> Iterator[str]:
    for node in imports(path):
        for module in imported(node):
            parts = module.split(".")
            if parts[0] == PACKAGE.name and len(parts) > 1 and parts[1] not in {room_of(path), "__version__"}:
                yield parts[1]


def wrong_imports(path: Path) -> list[str]:
    """Rooms that a module must not know and imports all the same."""
    rank = RANKS.get(room_of(path), 0)
    return [other for other in _rooms_imported(path) if RANKS[other] >= rank]


def imports_inside_functions() -> list[str]:
    """Import statements that are not run with the module."""
    return sorted(
        {
            f"{name_of(path)}:{node.lineno}"
            for path in MODULES
            for function in functions(path)
            for node in imports(path)
            if function.lineno < node.lineno <= (function.end_lineno or 0)
        }
    )


def copies() -> list[str]:
    """Pairs of places with more than ten lines in common, imports, comments and blanks left out."""
    places: dict[tuple[str, ...], list[tuple[Path, int]]] = defaultdict(list)
    kept = {path: _own_lines(path) for path in MODULES}
    for path, lines in kept.items():
        for start in range(len(lines) - LONGEST_COPY):
            places[tuple(text for _, text in lines[start : start + LONGEST_COPY + 1])].append((path, start))
    pairs = [(a, b) for found in places.values() for a, b in pairwise(found)]
    windows = {((path, start), (other, begin)) for (path, start), (other, begin) in pairs}
    firsts = [((p, i), (q, j)) for (p, i), (q, j) in windows if ((p, i - 1), (q, j - 1)) not in windows]
    return sorted(f"{name_of(p)}:{kept[p][i][0]} = {name_of(q)}:{kept[q][j][0]}" for (p, i), (q, j) in firsts)


def _own_lines(path: Path) -> list[tuple[int, str]]:
    """Number and text of the lines that count."""
    left_out = {number for node in imports(path) for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    stripped = ((number, line.strip()) for number, line in enumerate(text_of(path).splitlines(), 1))
    return [(number, line) for number, line in stripped if number not in left_out and line and line[0] != "#"]


@cache
def modules_of_a_check() -> frozenset[str]:
    """Every module that a plain ``check --format json`` imports, by name too. Raises where it does not pass."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "book.yaml").write_text(BOOK)
        ran = subprocess.run(
            [sys.executable, "-v", "-m", PACKAGE.name, "check", "book.yaml", "--format", "json"],
            capture_output=True,
            text=True,
            cwd=folder,
            env={"PYTHONPATH": str(SOURCE)},
            timeout=60,
            check=True,
        )
    assert '"files": 1' in ran.stdout
    return frozenset(re.findall(r"^import '(\S+)' #", ran.stderr, re.MULTILINE))


def own_modules_of_a_check() -> list[str]:
    """Those of this package."""
    return sorted(name for name in modules_of_a_check() if name.split(".")[0] == PACKAGE.name)


def figures() -> dict[str, float]:
    """Everything that has a ceiling, by name."""
    found = [length for length, _ in lengths()]
    return {
        "lines of source": sum(len(text_of(path).splitlines()) for path in MODULES),
        "files of source": len(MODULES),
        "median length of a function": median(found),
        "length of the longest function": found[0],
        "functions over 45 lines": sum(length > 45 for length in found),
        "class names that occur twice": len(repeated_classes()),
        "file names that occur twice": len(repeated_files()),
        "file names that occur twice in a room": len(repeated_in_a_room()),
        "conditions on a mode outside partition and the reading rooms": len(mode_conditions()),
        "arrows between rooms": len(arrows()),
        "imports against the direction": sum(len(wrong_imports(path)) for path in MODULES),
        "own modules that a plain check loads": len(own_modules_of_a_check()),
        "imports inside functions": len(imports_inside_functions()),
        "pairs of more than ten equal lines": len(copies()),
    }


def details() -> dict[str, list[str]]:
    """What stands behind the figures."""
    return {
        "longest functions": [f"{length:3} {place}" for length, place in lengths()[:15]],
        "class names that occur twice": [f"{name}: {', '.join(found)}" for name, found in repeated_classes().items()],
        "file names that occur twice": [f"{name}: {', '.join(found)}" for name, found in repeated_files().items()],
        "file names that occur twice in a room": repeated_in_a_room(),
        "conditions on a mode": mode_conditions(),
        "arrows between rooms": [
            f"{a} -> {b}: {number}" + ("" if RANKS.get(b, 0) < RANKS.get(a, 0) else "  WRONG WAY")
            for (a, b), number in arrows().items()
        ],
        "own modules that a plain check loads": own_modules_of_a_check(),
        "imports inside functions": imports_inside_functions(),
        "pairs of more than ten equal lines": copies(),
    }


def main() -> None:
    """Print the figures, and with ``--names`` what stands behind them."""
    for name, value in figures().items():
        print(f"{value:>8,.10g}  {name}")
    if "--names" in sys.argv[1:]:
        for title, lines in details().items():
            print(f"\n{title}", *lines, sep="\n  ")


if __name__ == "__main__":
    main()
