"""Every document of the program fits the schema that ``marginctl schema`` prints for it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.cli.running import REFUSED, TODAY, run

from marginctl.cli.catalogue import SCHEMAS, schema_of
from marginctl.render import RESULTS

ROOT = Path(__file__).parents[2]
BOOKS = sorted((ROOT / "portfolios").glob("*.yaml"))
PINNED = sorted((ROOT / "tests" / "pinned" / "corpus" / "fixed").glob("*.txt"))
HEAD = {"schema", "version", "errors", "summary"}
CALLS = {
    "report": ["check"],
    "stress": ["stress", "--builtin", "all", "--cascade", "--points", "3"],
    "what-if": ["what-if", "--deposit", "USDT=1000"],
    "headroom": ["headroom"],
    "explain": ["explain"],
}
LISTS = {
    "scenarios": ("stress", "--list"),
    "venues": ("venues", "--today", TODAY),
    "rules": ("rules",),
}


@cache
def validator(name: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(schema_of(name))


def validated(name: str, text: str) -> dict[str, Any]:
    document = json.loads(text)
    validator(name).validate(document)
    return dict(document)


def kind(document: dict[str, Any]) -> str:
    """What a document says that it is."""
    return str(document["schema"]).removeprefix("marginctl.").partition("/")[0]


@cache
def documents(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """The documents that a file of the corpus keeps whole, each with the exit code of its run."""
    cases = f"\n{path.read_text(encoding='utf-8')}".split("\n#### ")[1:]
    parts = [case.partition("\n-- stdout\n") for case in cases]
    texts = [(int(head.rpartition("exit ")[2]), rest.partition("\n-- ")[0]) for head, _, rest in parts if rest]
    return [
        (code, json.loads(text)) for code, text in texts if text.startswith("{") and '"schema": "marginctl.' in text
    ]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_of_draft_07(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(schema_of(name))


@pytest.mark.parametrize("name", RESULTS)
def test_every_document_has_the_same_head(name: str) -> None:
    schema = schema_of(name)
    assert set(schema["required"]) >= HEAD
    assert schema["properties"]["schema"]["const"].startswith(f"marginctl.{name}/")
    assert schema["properties"]["summary"]["properties"]["exit_code"] == {"enum": [0, 1, 2]}


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.stem)
def test_every_pinned_document_fits(path: Path) -> None:
    for code, document in documents(path):
        validator(kind(document)).validate(document)
        assert document.get("summary", {}).get("exit_code", code) == code


def test_every_kind_of_document_is_pinned_but_those_that_hold_the_time_they_took() -> None:
    timed = {name for name in RESULTS if "wall_ms" in schema_of(name)["properties"]}
    assert timed == {"book-summary", "book-stress"}
    assert {kind(document) for path in PINNED for _, document in documents(path)} >= {*RESULTS} - timed


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
@pytest.mark.parametrize("name", ["stress", "what-if", "explain"])  # those of the others are pinned whole
def test_every_document_fits(name: str, book: Path) -> None:
    command, *flags = CALLS[name]
    dated = [] if name == "explain" else ["--today", TODAY]
    ran = run(command, str(book), *flags, *dated, "--format", "json")
    assert validated(name, ran.out)["summary"]["exit_code"] == ran.code


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
@pytest.mark.parametrize("figure", ["totals.state", "totals.utilization", "liquidation.down", "funding.runway_days"])
def test_the_tree_of_a_figure_fits(figure: str, book: Path) -> None:
    document = validated("explain", run("explain", str(book), figure, "--format", "json").out)
    assert document["figures"] == [{"figure": document["figure"], "value": document["value"]}]
    assert document["tree"]["figure"] == figure


@pytest.mark.parametrize("name", CALLS)
def test_the_document_of_a_file_that_is_refused_fits(name: str, tmp_path: Path) -> None:
    (tmp_path / "book.yaml").write_text(REFUSED)
    command, *flags = CALLS[name]
    ran = run(command, str(tmp_path / "book.yaml"), *flags, "--format", "json")
    document = validated(name, ran.out)
    assert (ran.code, document["summary"]["exit_code"]) == (2, 2)
    assert document["errors"]


@pytest.mark.parametrize("name", LISTS)
def test_the_lists_fit_and_say_how_long_they_are(name: str) -> None:
    document = validated(name, run(*LISTS[name], "--format", "json").out)
    assert document["summary"] == {"count": len(document[name]), "exit_code": 0}


def test_a_list_with_a_rule_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "torn.yaml").write_text("name: torn\n")
    ran = run("venues", "--rules", str(tmp_path), "--format", "json")
    document = validated("venues", ran.out)
    assert (ran.code, document["summary"]["exit_code"]) == (2, 2)
    assert document["errors"][0]["file"] == str(tmp_path / "torn.yaml")


def test_the_manual_of_a_limit_fits() -> None:
    document = validated("rule", run("rule", "MC102", "--format", "json").out)
    assert (document["rule"]["code"], document["rule"]["default"]) == ("MC102", 0.2)
    assert document["rule"]["manual"].startswith("What it checks: ")


def test_a_baseline_fits(tmp_path: Path) -> None:
    base = tmp_path / "base.json"
    run("check", str(BOOKS[0]), "--today", TODAY, "--write-baseline", str(base))
    document = validated("baseline", base.read_text())
    assert set(document) == {*HEAD, "entries"}
    assert document["summary"] == {"entries": len(document["entries"]), "exit_code": 0}


@pytest.mark.parametrize(
    ("files", "code"),
    [
        pytest.param(["sol-wallet", "sol-position"], 1, id="reconciled"),
        pytest.param(["sol-position"], 2, id="without the wallet"),
    ],
)
def test_the_document_of_an_import_fits(files: list[str], code: int) -> None:
    paths = [str(BOOKS[0].parent / "answers" / f"{name}.answer") for name in files]
    document = validated("import", run("import", *paths, "--reconcile", "--today", TODAY, "--format", "json").out)
    assert document["summary"]["exit_code"] == code
    assert (document["portfolio"] is None, bool(document["missing"])) == (code == 2, code == 2)
