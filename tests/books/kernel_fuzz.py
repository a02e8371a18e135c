"""Damaged tables and columns into the kernel: ``python -m tests.books.kernel_fuzz --cases 2000 [--kernel FILE]``.

It refuses what does not fit together and computes the rest; it never reads or writes beside its buffers, which a kernel
that was built with sanitizers (``--kernel``) would say.
"""

import argparse
import importlib.util
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from tests.books.random_books import Book, batch_of, random_book
from tests.books.stressed import GAPS, some_scenarios

from marginctl.books.float_screen import CODES, FIGURES, MARKS, kernel_columns
from marginctl.books.scenario_tables import ways_of
from marginctl.books.screening import ScreenTerms
from marginctl.books.stress_screen import FIGURES as SCENARIO_FIGURES
from marginctl.books.stress_tally import STEPS
from marginctl.core.exact import exactly

N_FIGURES = len(SCENARIO_FIGURES)

ODD = (0.0, -0.0, 1e308, -1e308, 5e-324, 1e-300, 1e15, 2.0**53, -1.0, 1e30, float("nan"), float("inf"), float("-inf"))
WHOLE = (-(2**31), -2, -1, 0, 1, 2, 3, 7, 100, 2**31 - 1)
ENDS = (-(2**63), -1, 0, 1, 2, 2**31, 2**62)


def damaged(draw: Random, array: Any) -> Any:
    """A copy with some of it replaced; of a table some of its fields."""
    found = array.copy()
    if not found.size:
        return found
    for _ in range(draw.randint(1, 4)):
        place = draw.randrange(len(found))
        if found.dtype.names:
            name = draw.choice(found.dtype.names)
            part = found[name]
            if part.dtype.names or part.ndim > 1:
                continue
        else:
            part = found
        if part.dtype.kind == "f":
            part[place] = draw.choice(ODD)
        elif part.dtype.itemsize == 1:
            part[place] = draw.randrange(256)
        else:
            part[place] = draw.choice(ENDS if part.dtype.itemsize == 8 else WHOLE)
    return found


def odd_case(draw: Random, book: Book) -> tuple[Any, ...]:
    """The arguments of the kernel for a book, some of them damaged."""
    compiled = book.compiled
    batch = batch_of(book, "binary")
    own = np.zeros(batch.num_rows, "i4") if draw.random() < 0.3 else None
    columns: list[Any] = list(kernel_columns(compiled, batch, own))
    tables = list(compiled.tables)
    count = batch.num_rows
    for _ in range(draw.randint(1, 3)):
        damage(draw, tables if draw.random() < 0.4 else columns)
    results = np.zeros((len(FIGURES), count)), np.zeros((len(CODES), count), "i4"), np.zeros((len(MARKS), count), "u1")
    return tuple(tables), len(compiled.assets) + draw.choice((0,) * 20 + (1, -1)), tuple(columns), count, results


def damage(draw: Random, chosen: list[Any]) -> None:
    """One of some arrays with some of it replaced, cut off or missing."""
    place = draw.randrange(len(chosen))
    if chosen[place] is None:
        return
    chosen[place] = damaged(draw, chosen[place])
    if draw.random() < 0.05:
        chosen[place] = chosen[place][: draw.randrange(len(chosen[place]) + 1)]
    if draw.random() < 0.02:
        chosen[place] = None


def odd_stress(draw: Random, book: Book) -> tuple[Any, ...]:
    """The same through scenarios, some of their tables damaged."""
    scenarios, gaps = some_scenarios(draw, draw.randint(1, 3)), np.array(GAPS[: draw.randint(0, 3)], "f8")
    with exactly():
        ways = ways_of(ScreenTerms(list(book.modes), book.contracts), scenarios)
    assert ways is not None
    tables, assets, columns, count, _ = odd_case(draw, book)
    told = [ways.moves, ways.ratios, gaps, np.array(STEPS, "f8"), ways.contracts, ways.assets]
    for _ in range(draw.randint(0, 2)):
        damage(draw, told)
    rows = len(columns[7]) if columns[7] is not None else 0
    results = (
        np.zeros((1 + len(scenarios) * (N_FIGURES + len(gaps)), count)),
        np.zeros((len(scenarios), count), "i4"),
        np.zeros((1 + len(scenarios), count), "u1"),
        np.zeros((len(scenarios), rows), "u1"),
    )
    return tables, assets, columns, count, tuple(told), results


def run(kernel: Any, cases: int, seed: int) -> Counter[str]:
    """How many cases were computed and how many refused."""
    draw, told = Random(seed), Counter[str]()
    book = random_book(seed, 6)
    for number in range(cases):
        if number % 25 == 0:
            book = random_book(seed + number, draw.randint(1, 8))
        try:
            if draw.random() < 0.5:
                kernel.screen(*odd_case(draw, book))
            else:
                kernel.stress(*odd_stress(draw, book))
            told["computed"] += 1
        except (ValueError, TypeError, BufferError) as error:
            told[str(error)] += 1
    return told


def loaded(path: Path) -> Any:
    """A kernel of one's own build."""
    spec = importlib.util.spec_from_file_location("marginctl.books._kernel", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[spec.name] = module
    return module


def main() -> None:
    """Print what became of the cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kernel", type=Path)
    chosen = parser.parse_args()
    if chosen.kernel is None:
        from marginctl.books import _kernel as kernel
    else:
        kernel = loaded(chosen.kernel)
    for message, count in run(kernel, chosen.cases, chosen.seed).most_common():
        print(f"{count:>8}  {message}")


if __name__ == "__main__":
    main()
