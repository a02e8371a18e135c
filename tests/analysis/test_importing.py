"""What must hold for any answers: no number becomes another in silence, and the order of things says nothing."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from tests.cli.recorded_accounts import RECORDED

from marginctl.analysis.check import Settings
from marginctl.analysis.importing import Wishes, finished, imported, values_of
from marginctl.portfolio.importing.notebook import Request
from marginctl.reconciliation import ImportResult
from marginctl.venues.answers.recognition import AnswerFile

PATTERNS = ["binance-usdm/1-*", "binance-usdm/9-*", "bybit/1-*", "dydx/1-*", "hyperliquid/3-*", "hyperliquid/1-*"]
Documents = dict[str, Any]


def documents(pattern: str) -> Documents:
    """The answers of an account by file; numbers as their text."""
    return {
        path.name: json.loads(path.read_text(encoding="utf-8"), parse_float=str)
        for path in sorted(RECORDED.glob(f"{pattern}.json"))
    }


def result(answers: Documents) -> ImportResult:
    files = [AnswerFile(name, json.dumps(content).encode()) for name, content in answers.items()]
    found = imported(files, None, Request(as_of="2025-01-01T00:00:00Z"), Settings(today=date(2026, 11, 22)))
    return finished(found, Wishes())


def figures(found: ImportResult) -> dict[str, Any]:
    """The portfolio without the venue's own figures and its time."""
    values = values_of(found.text)
    account = {key: value for key, value in values["account"].items() if key != "as_of"}
    return {**values, "account": account, "expect": None, "origin": None}


def keys_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all single values."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        if isinstance(inner, (dict, list)):
            yield from keys_of(inner, (*path, key))
        elif isinstance(value, dict):
            yield (*path, key)


def without(answers: Documents, path: tuple[Any, ...]) -> Documents:
    changed: Documents = json.loads(json.dumps(answers))
    place: Any = changed
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return changed


@pytest.mark.parametrize("pattern", PATTERNS)
def test_without_a_key_no_number_becomes_another_in_silence(pattern: str) -> None:
    answers = documents(pattern)
    whole = result(answers)
    said = {*whole.remarks, *whole.incomplete}
    silent = []
    for path in keys_of(answers):
        found = result(without(answers, path))
        if found.exit_code != 2 and figures(found) != figures(whole):
            silent += [] if {*found.remarks, *found.incomplete} - said else [path]
    assert silent == []


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_order_of_keys_and_rows_and_numbers_as_text_change_nothing(pattern: str) -> None:
    answers = documents(pattern)

    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        if isinstance(value, list):
            return [turned(one) for one in reversed(value)]
        return str(value) if type(value) is int else value

    assert result(turned(answers)).text == result(answers).text
