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

from marginctl.books.float_screen import CODES, FIGURES, MARKS, kernel_columns

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
    columns: list[Any] = list(kernel_columns(compiled, batch))
    tables = list(compiled.tables)
    count = batch.num_rows
    for _ in range(draw.randint(1, 3)):
        of_tables = draw.random() < 0.4
        place = draw.randrange(len(tables) if of_tables else len(columns))
        chosen = tables if of_tables else columns
        if chosen[place] is None:
            continue
        chosen[place] = damaged(draw, chosen[place])
        if draw.random() < 0.05:
            chosen[place] = chosen[place][: draw.randrange(len(chosen[place]) + 1)]
        if draw.random() < 0.02:
            chosen[place] = None
    results = np.zeros((len(FIGURES), count)), np.zeros((len(CODES), count), "i4"), np.zeros((len(MARKS), count), "u1")
    return tuple(tables), len(compiled.assets) + draw.choice((0,) * 20 + (1, -1)), tuple(columns), count, results


def run(kernel: Any, cases: int, seed: int) -> Counter[str]:
    """How many cases were computed and how many refused."""
    draw, told = Random(seed), Counter[str]()
    book = random_book(seed, 6)
    for number in range(cases):
        if number % 25 == 0:
            book = random_book(seed + number, draw.randint(1, 8))
        try:
            kernel.screen(*odd_case(draw, book))
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
