"""The recorded answers beside this module, and how to read changed copies of them."""

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from marginctl.venues.answers.account import Amount, VenueAnswer
from marginctl.venues.answers.recognition import AnswerFile, read_answers

FOLDER = Path(__file__).parent / "recorded"
ERRORS = sorted((FOLDER / "errors").iterdir())
ACCOUNTS = sorted(path for path in FOLDER.glob("*/*.json") if path.parent.name != "errors")
CONTRADICTORY = "binance-usdm/6-empty-v3-docs.account.json"
CLASSIC = "bybit/6-classic-four.position.json"
SOUND = [path for path in ACCOUNTS if not str(path).endswith((CONTRADICTORY, CLASSIC))]


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def venue_of(path: Path) -> str:
    return "bingx-usdm" if path.parent.name == "bingx" else path.parent.name


def given(*names: str) -> list[AnswerFile]:
    return [AnswerFile(name.rpartition("/")[2], (FOLDER / name).read_bytes()) for name in names]


def read(*names: str, venue: str | None = None) -> tuple[VenueAnswer, ...]:
    answers, problems = read_answers(given(*names), venue)
    assert [problem.message for problem in problems] == []
    return answers


def said(*files: AnswerFile, venue: str | None = None) -> list[str]:
    """The problems of files that make no account."""
    answers, problems = read_answers(files, venue)
    assert answers == ()
    return [problem.message for problem in problems]


def file_of(document: Any, name: str = "answer.json") -> AnswerFile:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return AnswerFile(name, data)


def document_of(path: Path) -> Any:
    """A recorded answer with its numbers as texts, so that nothing is rounded on the way."""
    return json.loads(path.read_text(), parse_float=str, parse_int=str)


def amounts(value: Any, place: str = "") -> Iterator[tuple[str, Amount | None]]:
    """Every number of an answer, with its place."""
    if isinstance(value, Amount) or value is None:
        yield place, value
    elif hasattr(value, "__struct_fields__"):
        own = next((getattr(value, name, "") for name in ("symbol", "asset") if hasattr(value, name)), "")
        for name in value.__struct_fields__:
            yield from amounts(getattr(value, name), f"{place}{own}.{name}")
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from amounts(one, f"{place}[{name}]")
    elif isinstance(value, tuple):
        for number, one in enumerate(value):
            yield from amounts(one, f"{place}[{number}]")


def F(text: str) -> Fraction:
    return Fraction(text)
