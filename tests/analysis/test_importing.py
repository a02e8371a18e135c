"""What must hold for any answers: no number becomes another in silence, and the order of things says nothing."""

import json
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from tests.cli.recorded_accounts import ACCOUNTS, DECLARED, Recorded, files_of

from marginctl.analysis.check import Settings
from marginctl.analysis.importing import Wishes, finished, imported
from marginctl.portfolio.importing.book import laid_under
from marginctl.portfolio.importing.notebook import Request
from marginctl.results.reconciliation import ImportResult
from marginctl.venues.answers.recognition import AnswerFile

DECLARATIONS, _ = laid_under(DECLARED.encode(), "declared.yaml")
OWN_RULES = "account.venue=on-entry.yaml"
each_account = pytest.mark.parametrize(
    "account", [one for one in ACCOUNTS if not one.name.endswith("-rate")], ids=lambda account: account.name
)
Documents = dict[str, Any]


def documents(account: Recorded) -> Documents:
    """The answers of an account by file, the first assets of a long list; numbers as their text."""
    found = {
        Path(path).name: json.loads(Path(path).read_text(encoding="utf-8"), parse_float=str)
        for path in files_of(account)
    }
    if account.name == "okx-3":
        (row,) = found["3-many-currencies.balance.json"]["data"]
        row["details"] = row["details"][:2]
    return found


def request(account: Recorded) -> Request:
    """The facts beside the answers of an account, by the venue's bundled rules."""
    words = [word for word in account.flags.split() if word != OWN_RULES]
    pairs = [tuple(text.split("=", 1)) for text in words if "=" in text]
    sets = {key: value for key, value in pairs if "." in key}
    wallet = {key: Decimal(value) for key, value in pairs if "." not in key}
    return Request(as_of="2025-01-01T00:00:00Z", sets=sets, wallet=wallet, laid=DECLARATIONS)


def result(answers: Documents, facts: Request) -> ImportResult:
    files = [AnswerFile(name, json.dumps(content).encode()) for name, content in answers.items()]
    return finished(imported(files, None, facts, Settings(today=date(2026, 11, 22))), Wishes())


def figures(found: ImportResult) -> dict[str, Any]:
    """The portfolio without the venue's own figures and its time."""
    values = found.portfolio or {}
    account = {key: value for key, value in values["account"].items() if key != "as_of"}
    return {**values, "account": account, "expect": None, "origin": None}


def named(found: ImportResult) -> set[str]:
    """Everything that is said of a result: remarks, what was left out, and how numbers were worked out."""
    return {*found.remarks, *found.incomplete, *re.findall(r"  # (.*)", found.text)}


def keys_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all single values."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        if isinstance(inner, (dict, list)):
            yield from keys_of(inner, (*path, key))
        elif isinstance(value, dict):
            yield (*path, key)


def without(answers: Documents, path: tuple[Any, ...]) -> Documents:
    """The answers without a key: what lies beside the path is shared."""
    changed: Any = answers.copy()
    place = changed
    for key in path[:-1]:
        place[key] = place[key].copy()
        place = place[key]
    del place[path[-1]]
    return changed


@each_account
def test_without_a_key_no_number_becomes_another_in_silence(account: Recorded) -> None:
    answers, facts = documents(account), request(account)
    whole = result(answers, facts)
    assert whole.exit_code == 0
    silent = []
    for path in keys_of(answers):
        found = result(without(answers, path), facts)
        if found.exit_code != 2 and figures(found) != figures(whole):
            silent += [] if named(found) - named(whole) else [path]
    assert silent == []


def turned(value: Any) -> Any:
    """The keys and rows the other way round, whole numbers as texts."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    if isinstance(value, list):
        return [turned(one) for one in reversed(value)]
    return str(value) if type(value) is int else value


@each_account
def test_the_order_of_keys_and_rows_and_numbers_as_text_change_nothing(account: Recorded) -> None:
    answers, facts = documents(account), request(account)
    assert result(turned(answers), facts).text == result(answers, facts).text


@each_account
def test_the_order_of_files_changes_nothing(account: Recorded) -> None:
    answers, facts = documents(account), request(account)
    texts = {result(dict(order), facts).text for order in permutations(answers.items())}
    assert len(texts) == 1
