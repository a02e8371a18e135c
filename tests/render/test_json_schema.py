"""Every document of the program fits the schema that ``marginctl schema`` prints for it."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.cli.running import REFUSED, TODAY, run

from marginctl.render.json_schema import DOCUMENTS, schema_of_document

BOOKS = sorted((Path(__file__).parents[2] / "portfolios").glob("*.yaml"))
HEAD = {"schema", "version", "errors", "summary"}
CALLS = {
    "report": ["check"],
    "stress": ["stress", "--builtin", "all", "--cascade", "--points", "3"],
    "what-if": ["what-if", "--deposit", "USDT=1000"],
    "headroom": ["headroom"],
}


def validated(name: str, text: str) -> dict[str, Any]:
    document = json.loads(text)
    jsonschema.Draft7Validator(schema_of_document(name)).validate(document)
    return dict(document)


@pytest.mark.parametrize("name", [*DOCUMENTS, "report-line"])
def test_a_schema_is_one_of_draft_07(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(schema_of_document(name))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_has_the_same_head(name: str) -> None:
    schema = schema_of_document(name)
    assert set(schema["required"]) >= HEAD
    assert schema["properties"]["summary"]["properties"]["exit_code"] == {"enum": [0, 1, 2]}


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
@pytest.mark.parametrize("name", CALLS)
def test_every_document_fits(name: str, book: Path) -> None:
    command, *flags = CALLS[name]
    ran = run(command, str(book), *flags, "--today", TODAY, "--format", "json")
    assert validated(name, ran.out)["summary"]["exit_code"] == ran.code


@pytest.mark.parametrize("name", CALLS)
def test_the_document_of_a_file_that_is_refused_fits(name: str, tmp_path: Path) -> None:
    (tmp_path / "book.yaml").write_text(REFUSED)
    command, *flags = CALLS[name]
    ran = run(command, str(tmp_path / "book.yaml"), *flags, "--today", TODAY, "--format", "json")
    document = validated(name, ran.out)
    assert (ran.code, document["summary"]["exit_code"]) == (2, 2)
    assert document["errors"]


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


def test_the_list_of_scenarios_fits() -> None:
    document = validated("scenarios", run("stress", "--list", "--format", "json").out)
    assert document["summary"] == {"count": len(document["scenarios"]), "exit_code": 0}
