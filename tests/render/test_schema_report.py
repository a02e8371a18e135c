"""The JSON Schema of the report."""

import copy
import json
from typing import Any

import jsonschema
import pytest
from tests.render import samples

from marginctl.render import render
from marginctl.render.json_schema import line_schema
from marginctl.render.json_schema import report_schema as document_schema
from marginctl.results import Outcome

SAMPLES = ["desk", "silos", "strange", "ruined", "empty", "broken"]


def documents() -> dict[str, Any]:
    outcomes = [getattr(samples, name)() for name in SAMPLES]
    return dict(json.loads(render("json", samples.run(*outcomes, exit_code=2))))


@pytest.mark.parametrize("schema", [document_schema(), line_schema()])
def test_the_schemas_are_draft_07(schema: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_every_report_fits() -> None:
    jsonschema.Draft7Validator(document_schema()).validate(documents())


@pytest.mark.parametrize("name", SAMPLES)
def test_every_line_fits(name: str) -> None:
    line = json.loads(render("jsonl", samples.run(getattr(samples, name)())))
    jsonschema.Draft7Validator(line_schema()).validate(line)


def test_a_line_with_figures_and_problems_fits() -> None:
    outcome = Outcome(file="f", report=samples.report(), problems=(samples.problem(1, 1, "m"),))
    line = json.loads(render("jsonl", samples.run(outcome)))
    jsonschema.Draft7Validator(line_schema()).validate(line)
    assert "errors" in line


def paths(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all keys of a document."""
    if isinstance(tree, dict):
        return [found for key, value in tree.items() for found in [(*path, key), *paths(value, (*path, key))]]
    if isinstance(tree, list):
        return [found for index, value in enumerate(tree[:1]) for found in paths(value, (*path, index))]
    return []


def test_every_key_is_required_and_no_other_is_allowed() -> None:
    validator = jsonschema.Draft7Validator(document_schema())
    document = documents()
    for path in paths(document):
        changed = copy.deepcopy(document)
        holder = changed
        for step in path[:-1]:
            holder = holder[step]
        value = holder.pop(path[-1])
        assert not validator.is_valid(changed), f"{path} is not required"
        holder |= {path[-1]: value, "not_a_key": 1}
        assert not validator.is_valid(changed), f"{path} has a neighbour"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("totals", "equity"), "1"),
        (("totals", "state"), "fine"),
        (("positions", 0, "side"), "buy"),
        (("positions", 0, "liquidation_price"), "none"),
        (("findings", 0, "severity"), "fatal"),
        (("findings", 0, "line"), 0),
        (("checks", 0, "status"), "ok"),
        (("account", "as_of"), 1),
    ],
)
def test_wrong_values_do_not_fit(path: tuple[Any, ...], value: object) -> None:
    document = documents()
    holder = document["reports"][0]
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    assert not jsonschema.Draft7Validator(document_schema()).is_valid(document)


def described(schema: Any) -> set[str]:
    """The names of all properties that have a description."""
    if isinstance(schema, list):
        return set().union(*map(described, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    own = {
        name for name, part in schema.get("properties", {}).items() if isinstance(part, dict) and "description" in part
    }
    return own.union(*(described(part) for part in schema.values()))
