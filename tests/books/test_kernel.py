"""What comes into the kernel is checked before it is used: damaged tables and columns, also under sanitizers."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.books import kernel_fuzz
from tests.books.random_books import batch_of, random_book

from marginctl.books.float_screen import CODES, FIGURES, MARKS, is_built, kernel_columns

pytestmark = pytest.mark.skipif(not is_built(), reason="the kernel is not built")

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/marginctl/books/_kernel.c"
SANITIZED = ("-O0", "-g", "-std=c11", "-ffp-contract=off", "-fno-omit-frame-pointer", "-fPIC", "-shared")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")
CASES = 250


def arguments(count: int = 4) -> list[Any]:
    """Those of a sound call."""
    book = random_book(3, count)
    columns = kernel_columns(book.compiled, batch_of(book, "decimal"))
    results = np.zeros((len(FIGURES), count)), np.zeros((len(CODES), count), "i4"), np.zeros((len(MARKS), count), "u1")
    return [book.compiled.tables, len(book.compiled.assets), columns, count, results]


def kernel() -> Any:
    from marginctl.books import _kernel

    return _kernel


def changed(rows: tuple[Any, ...], place: int, row: Any) -> tuple[Any, ...]:
    return (*rows[:place], row, *rows[place + 1 :])


def test_a_sound_call_writes_its_results() -> None:
    found = arguments()
    kernel().screen(*found)
    assert found[-1][0].any()


ENDS, POSITION_ENDS, ASSET, SYMBOL, QUANTITY, ENTRY = 0, 1, 4, 7, 9, 10


@pytest.mark.parametrize(
    ("column", "change", "said"),
    [
        (ENDS, lambda row: row[:-1], "accounts"),
        (ENDS, lambda row: row - 1, "outside"),
        (ENDS, lambda row: row[::-1].copy(), "offsets"),
        (POSITION_ENDS, lambda row: row + 10**6, "outside"),
        (POSITION_ENDS, lambda row: np.zeros_like(row) + 2**62, "outside"),
        (ASSET, lambda row: row + 10**6, "code outside"),
        (SYMBOL, lambda row: row - 10**6, "code outside"),
        (QUANTITY, lambda row: row[1:], "positions"),
        (QUANTITY, lambda row: None, "positions"),
        (ENTRY, lambda row: row[1:], "positions"),
        (2, lambda row: row + 10**6, "code outside"),
        (2, lambda row: row - 10**6, "code outside"),
    ],
)
def test_columns_that_do_not_fit_are_refused(column: int, change: Any, said: str) -> None:
    found = arguments()
    found[2] = changed(found[2], column, change(found[2][column]))
    with pytest.raises(ValueError, match=said):
        kernel().screen(*found)
    assert not found[-1][0].any()


@pytest.mark.parametrize(
    ("table", "field", "value", "said"),
    [
        (2, "base", -1, "asset that is none"),
        (2, "driver", 10**6, "asset that is none"),
        (2, "tiers_end", 10**6, "tiers outside"),
        (2, "curve", -1, "tiers outside"),
        (3, "curve_end", 2**31 - 1, "curve outside"),
        (4, "assets", 2**31 - 1, "assets outside"),
        (5, "bare", 2**31 - 1, "counts in full"),
    ],
)
def test_tables_that_do_not_fit_are_refused(table: int, field: str, value: int, said: str) -> None:
    found = arguments()
    rows = found[0][table].copy()
    rows[field][-1] = value
    found[0] = changed(found[0], table, rows)
    with pytest.raises(ValueError, match=said):
        kernel().screen(*found)


@pytest.mark.parametrize("place", [0, 2, 4])
def test_calls_of_another_shape_are_refused(place: int) -> None:
    found = arguments()
    found[place] = found[place][:-1]
    with pytest.raises(ValueError, match="other tables"):
        kernel().screen(*found)


def test_results_must_be_writable_and_large_enough() -> None:
    found = arguments()
    for wrong, kind in ((np.zeros((1, 4)), ValueError), (b"\0" * 8 * 4 * len(FIGURES), BufferError)):
        with pytest.raises(kind):
            kernel().screen(*found[:4], changed(found[4], 0, wrong))


@pytest.mark.rounds(800)
@settings(max_examples=8)
@given(st.integers(0, 10**12))
def test_damaged_input_is_refused_or_computed(seed: int) -> None:
    assert sum(kernel_fuzz.run(kernel(), 20, seed).values()) == 20


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A kernel that says what is undefined or beside a buffer, and the library that it needs loaded first."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("no gcc")
    target = tmp_path_factory.mktemp("kernel") / "_kernel.so"
    include = f"-I{sysconfig.get_path('include')}"
    built = subprocess.run([compiler, *SANITIZED, *SANITIZERS, include, str(SOURCE), "-o", str(target)], check=False)
    runtime = subprocess.run(
        [compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if built.returncode or not Path(runtime).is_absolute():
        pytest.skip("no sanitizers")
    return target, runtime


@pytest.mark.rounds(20)
@settings(max_examples=1)
@given(st.integers(0, 10**9))
def test_damaged_input_under_sanitizers(sanitized: tuple[Path, str], seed: int) -> None:
    """Neither beside a buffer nor undefined: any such thing ends the process."""
    target, runtime = sanitized
    command = [sys.executable, "-m", "tests.books.kernel_fuzz", "--kernel", str(target), "--cases", str(CASES)]
    found = subprocess.run(
        [*command, "--seed", str(seed)],
        cwd=ROOT,
        env=os.environ
        | {
            "LD_PRELOAD": runtime,
            "PYTHONMALLOC": "malloc",
            "ASAN_OPTIONS": "detect_leaks=0",
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src"))),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stderr) == (0, "")
    assert "computed" in found.stdout
