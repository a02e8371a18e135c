"""The test command is the same every time: no clock, no chance, nothing of who runs it."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

TESTS = Path(__file__).parent
OWN = {"conftest.py", "test_repeatable.py"}
SCRIPTS = {"bench", "run.py", "fuzz.py", "mutants.py", "in_place.py", "covering.py"}
"""What somebody runs by hand: measures, and searches that a clock or a seed bounds."""
CLOCKS = re.compile(r"perf_counter|process_time|monotonic\(|time\.time\(|date(time)?\.(now|today|utcnow)\(")
CHANCE = re.compile(r"random\.(random|choice|randint)\(|import (secrets|uuid)\b|urandom|SystemRandom")


@pytest.mark.parametrize("pattern", [CLOCKS, CHANCE], ids=["clock", "chance"])
def test_no_test_looks_at_a_clock_or_leaves_something_to_chance(pattern: re.Pattern[str]) -> None:
    files = [path for path in TESTS.rglob("*.py") if path.name not in OWN and not SCRIPTS & {*path.parts}]
    assert [str(path.relative_to(TESTS)) for path in files if pattern.search(path.read_text(encoding="utf-8"))] == []


def test_examples_are_fixed(pytestconfig: pytest.Config) -> None:
    assert (settings.default.derandomize, settings.default.database, settings.default.deadline) == (
        not pytestconfig.option.deep,
        None,
        None,
    )


@given(st.integers())
def test_constants_of_the_modules_that_are_loaded_are_no_examples(number: int) -> None:
    assert len(providers._get_local_constants()) == 0


def test_the_surroundings_are_left_out() -> None:
    assert {"CI", "COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM", "GITHUB_ACTIONS"}.isdisjoint(os.environ)
