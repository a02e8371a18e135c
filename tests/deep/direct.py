"""Inputs below the command line: expressions of custom rules, maps of venues' answers, tables for the C kernel."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from tests.deep.damage import HOSTILE, damaged

from marginctl.analysis.check import Settings, check
from marginctl.core.report import Report
from marginctl.limits.custom_names import ROWS, names_of
from marginctl.limits.custom_parser import COMPARISONS, OVER_ROWS, ExpressionError, Literal, condition, parse
from marginctl.limits.custom_rules import Reckoning, TooManyStepsError
from marginctl.venues.answers.expressions import AnswerRow, MisfitError, rows_at
from marginctl.venues.answers.map_files import answer_map_of
from marginctl.venues.answers.reading import Recognized, answers

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "portfolios/03-cross-margin.yaml"
MAPS = ROOT / "src/marginctl/venues/data/answers"
RECORDED = ROOT / "tests/venues/answers/recorded"
EXPRESSIONS = (
    "totals.equity >= 100 and count(positions) < 9",
    'share(positions, notional, symbol == "BTCUSDT") * 3 > -(1 - 10%)',
    "any(positions, leverage > 9) or not totals.liquidatable",
    "funding.runway_days == null or funding.runway_days >= 30",
    "max(positions, leverage) - min(positions, leverage) < abs(-2) / 3",
    "sum(positions, count(positions, notional > 3000) * notional) <= 1 / 3",
    'all(positions, purpose == "hedge" or initial_margin / notional * 100 < 30)',
)
ACCOUNTS_TOGETHER = 25
"""Inputs of the kernel that share a random book, which takes longer to make than to compute."""


@cache
def _report() -> Report:
    found = check(BOOK.read_bytes(), BOOK.name, Settings(today=date(2026, 11, 22))).report
    assert found is not None
    return found


@cache
def _words() -> tuple[str, ...]:
    names = (*names_of(""), *names_of("positions"), *names_of("pools"))
    signs = (*COMPARISONS, *"+-*/(),", "and", "or", "not", "null", "true", "false", "1", "0", "50%", '"x"', "'y'")
    return (*names, *signs, *(f"{one}(" for one in (*OVER_ROWS, "abs")), *ROWS, *HOSTILE)


def expressions(dice: random.Random) -> Iterator[bytes]:
    """Good ones that are damaged, and words of the language in any order."""
    whole = [one.encode() for one in EXPRESSIONS]
    while True:
        if dice.randrange(3):
            text = damaged(dice.choice(whole), dice, whole)
            words = text.split(b" ")
            words[dice.randrange(len(words))] = dice.choice(_words()).encode("utf-8", "surrogatepass")
            yield b" ".join(words) if dice.randrange(2) else text
        else:
            chosen = dice.choices(_words(), k=dice.randrange(1, 30))
            yield " ".join(chosen).encode("utf-8", "surrogatepass")


def expression(data: bytes) -> list[str]:
    """An expression is refused at a place in its text, or gives a value of the type that it was read with."""
    text = data.decode("utf-8", "replace")
    try:
        tree = parse(text)
        kinds = {"number": object, "flag": bool, "text": str}
        value = Reckoning(_report(), text).value(tree)
        if value is not None and not isinstance(value, kinds.get(tree.type, object)):
            return [f"{tree.type} is {type(value).__name__}"]
        if isinstance(tree, Literal) and not tree.start <= tree.end <= len(text):
            return ["a place beyond the expression"]
        condition(text)
    except ExpressionError as error:
        return [] if 0 <= error.offset <= len(text) and error.message else ["a place beyond the expression"]
    except TooManyStepsError:
        return []
    return []


class _Whole(NamedTuple):
    """A map, and what the venue answered."""

    data: bytes
    recorded: tuple[Any, ...]


@cache
def _maps() -> tuple[_Whole, ...]:
    return tuple(
        _Whole(path.read_bytes(), tuple(json.loads(one.read_bytes()) for one in _recorded(path.stem)))
        for path in sorted(MAPS.glob("*.yaml"))
    )


def _recorded(venue: str) -> list[Path]:
    folder = RECORDED / venue
    folder = folder if folder.is_dir() else RECORDED / venue.partition("-")[0]
    return sorted(folder.glob("*.json"))[:4]


def maps(dice: random.Random) -> Iterator[bytes]:
    """Bundled ones, damaged. The first line says whose answers are read."""
    every = _maps()
    texts = [one.data for one in every]
    while True:
        number = dice.randrange(len(every))
        yield b"# %d\n" % number + damaged(texts[number], dice, texts)


def answer_map(data: bytes) -> list[str]:
    """A map is refused at a line of its own, or reads what its venue answered or says what does not fit."""
    found, problems = answer_map_of(data, "input.yaml")
    last = data.count(b"\n") + data.count(b"\r") + 1
    if found is None:
        wrong = [one for one in problems if not 0 <= (one.location.line or 0) <= last or not one.message]
        return (["a line beyond the end"] if wrong else []) if problems else ["refused without a word"]
    head = data.partition(b"\n")[0].removeprefix(b"# ")
    for value in _maps()[int(head) % len(_maps())].recorded if head.isdigit() else ():
        root = AnswerRow(value, (), value)
        for form in found.answers:
            for rows in filter(None, (rows_at(root, path) for path in form.rows)):
                try:
                    answers(Recognized(found.venue, found, form, rows), "answer.json")
                except MisfitError as error:
                    if not error.message:
                        return ["a misfit without a word"]
    return []


def kernels(dice: random.Random) -> Iterator[bytes]:
    """The seed of a book and the seed of what is damaged of it."""
    while True:
        book = dice.randrange(10**9)
        for _ in range(ACCOUNTS_TOGETHER):
            yield b"%d %d" % (book, dice.randrange(10**9))


@cache
def _book(seed: int) -> Any:
    from tests.books.random_books import random_book

    _book.cache_clear()
    return random_book(seed, 1 + seed % 8)


def kernel(data: bytes) -> list[str]:
    """Tables are computed or refused as what they are."""
    from tests.books.kernel_fuzz import odd_case

    from marginctl.books import _kernel

    book, seed = map(int, data.split())
    try:
        _kernel.screen(*odd_case(random.Random(seed), _book(book)))
    except (ValueError, TypeError, BufferError) as error:
        return [] if str(error) else ["refused without a word"]
    return []


def has_kernel() -> bool:
    """Whether it was built, and has what it needs."""
    return all(find_spec(name) is not None for name in ("numpy", "pyarrow", "marginctl.books._kernel"))


Made = Callable[[random.Random], Iterator[bytes]]
DIRECT: dict[str, tuple[Made, Callable[[bytes], list[str]]]] = {
    "expression": (expressions, expression),
    "map": (maps, answer_map),
    "kernel": (kernels, kernel),
}
"""How inputs of a kind are made, and what does not hold for one."""
