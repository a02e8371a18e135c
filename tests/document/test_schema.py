import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from marginctl.document.kinds import SIGNED, TEXT
from marginctl.document.record import Record, key, nested, optional, records
from marginctl.document.schema import json_schema
from marginctl.limits.format import PolicyFile
from marginctl.portfolio.format import PortfolioFile

SCHEMA = json_schema(PortfolioFile.layout, identifier="https://example.org/portfolio.json", title="marginctl portfolio")
SAMPLE = (Path(__file__).parents[1] / "portfolio" / "sample.yaml").read_text(encoding="utf-8")


def as_an_editor_reads_it(text: str) -> Any:
    """YAML 1.2 as editors have it: dates and ``off`` stay text."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        letter: [
            (tag, pattern)
            for tag, pattern in resolvers
            if not tag.endswith(":timestamp") and (not tag.endswith(":bool") or letter in "tfTF")
        ]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return yaml.load(text, Loader)


def errors_of(document: Any) -> list[str]:
    return [
        f"{'.'.join(map(str, error.absolute_path))}: {error.validator}"
        for error in Draft7Validator(SCHEMA).iter_errors(document)
    ]


@pytest.mark.parametrize("shape", [PortfolioFile.layout, PolicyFile.layout])
def test_it_is_a_draft_07_schema(shape):
    schema = json_schema(shape, identifier="https://example.org/x.json", title="x")
    Draft7Validator.check_schema(schema)
    assert (schema["$schema"], schema["$id"], schema["title"]) == (
        "http://json-schema.org/draft-07/schema#",
        "https://example.org/x.json",
        "x",
    )
    assert json.loads(json.dumps(schema)) == schema


def test_a_portfolio_with_every_key_is_valid():
    assert errors_of(as_an_editor_reads_it(SAMPLE)) == []


def test_so_is_one_with_every_value_in_quotes():
    def quoted(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: quoted(item) for key, item in value.items()}
        if isinstance(value, list):
            return [quoted(item) for item in value]
        return json.dumps(value) if isinstance(value, bool) else str(value)

    assert errors_of(quoted(as_an_editor_reads_it(SAMPLE))) == []


def changed(path: str, value: Any) -> Any:
    document = copy.deepcopy(as_an_editor_reads_it(SAMPLE))
    *parts, last = [int(part) if part.isdecimal() else part for part in path.split("/")]
    node = document
    for part in parts:
        node = node[part]
    node[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "error"),
    [
        ("acount", {}, ": additionalProperties"),
        ("positions/0/levrage", 5, "positions.0: additionalProperties"),
        ("schema", "marginctl.portfolio/2", "schema: enum"),
        ("positions/0/side", "buy", "positions.0.side: enum"),
        ("positions/0/quantity", "1_000", "positions.0.quantity: pattern"),
        ("positions/0/quantity", "-1", "positions.0.quantity: pattern"),
        ("positions/0/quantity", "0.0", "positions.0.quantity: pattern"),
        ("positions/0/quantity", 0, "positions.0.quantity: exclusiveMinimum"),
        ("positions/0/quantity", None, "positions.0.quantity: type"),
        ("positions/0/quantity", "10%", "positions.0.quantity: pattern"),
        ("collateral/0/amount", "017", "collateral.0.amount: pattern"),
        ("collateral/1/haircut", 10, "collateral.1.haircut: exclusiveMaximum"),
        ("collateral/1/haircut", "10", "collateral.1.haircut: pattern"),
        ("collateral/1/haircut", "-10%", "collateral.1.haircut: pattern"),
        ("positions/0/funding_interval", "8", "positions.0.funding_interval: pattern"),
        ("account/as_of", "2026-11-22T11:00:00", "account.as_of: pattern"),
        ("waivers/0/until", "31.12.2026", "waivers.0.until: pattern"),
        ("limits/max_utilization", {"worn": "60%"}, "limits.max_utilization: anyOf"),
        ("limits/max_contagion", 1.5, "limits.max_contagion: anyOf"),
        ("positions", {"symbol": "BTCUSDT"}, "positions: type"),
    ],
)  # fmt: skip
def test_a_slip_is_marked_where_it_is(path, value, error):
    assert errors_of(changed(path, value)) == [error]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("positions/0/funding_rate", -0.0001),
        ("scenarios/0/shocks/BTC", "-100%"),
        ("scenarios/0/shocks/BTC", -0.3),
        ("collateral/0/amount", "-250.5"),
        ("positions/0/symbol", 1000),
        ("limits/survive", "all"),
        ("expect/totals/utilization", 1.2),
    ],
)
def test_what_the_reader_accepts_is_valid(path, value):
    assert errors_of(changed(path, value)) == []


class Leg(Record, name="leg"):
    """A leg."""

    symbol = key(TEXT, "the contract")
    size = optional(SIGNED)


class Book(Record, name="book"):
    """A book."""

    legs = optional(records(Leg))
    main = optional(nested(Leg), "the largest")


def test_descriptions_required_keys_and_references():
    schema = json_schema(Book.layout, identifier="i", title="t")
    assert schema["properties"] == {
        "legs": {"type": "array", "items": {"$ref": "#/definitions/leg"}},
        "main": {"description": "the largest", "allOf": [{"$ref": "#/definitions/leg"}]},
    }
    assert schema["definitions"] == {
        "leg": {
            "description": "A leg",
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "symbol": {"description": "the contract", "type": ["string", "number", "boolean"]},
                "size": {"type": ["number", "string"], "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"},
            },
            "required": ["symbol"],
        }
    }
