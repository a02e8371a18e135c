"""JSON Schema (draft-07) of every document that the program writes, from the classes of the results.

Keys and their types come from the classes, as ``core.plain`` writes them; what they mean and what they may be from
``core.figures``. So a new figure cannot be forgotten here.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

from marginctl.core.account import Position
from marginctl.core.cascade import Cascade, IsolatedComparison
from marginctl.core.curve import EquityCurve
from marginctl.core.figure import NUMBERS, Figure
from marginctl.core.figures import FIGURES
from marginctl.core.funding_cases import FundingTable
from marginctl.core.grid import Grid
from marginctl.core.model import ModelTerms
from marginctl.core.model_report import PortfolioMargin
from marginctl.core.moved import Moved
from marginctl.core.outcome import ScenarioOutcome
from marginctl.core.path import Scenario
from marginctl.core.plain import DocumentKey, keys_of
from marginctl.core.pooling import Pooling
from marginctl.core.rooms import OrderRoom, Remedies, WithdrawalRoom
from marginctl.core.tiered_way import TieredWay
from marginctl.document.record import Key
from marginctl.document.schema import bound_type
from marginctl.render import RESULTS, found
from marginctl.results import Outcome, Run
from marginctl.results.catalogue import BuiltIn, Publication
from marginctl.results.comparison import CompareResult
from marginctl.results.diff import AccountDiff

DRAFT = "http://json-schema.org/draft-07/schema#"
DEFINED = {"Outcome": "report", "Check": "check", "Finding": "finding", "Compared": "expectation", "Problem": "error"}
DEFINED["ExplainedStep"] = "step"
"""Classes that have a definition of their own, in the order in which they stand."""
WORDS = {Decimal: "number", int: "integer", bool: "boolean", str: "string", date: "string"}
NAMES = {
    one.__name__: one
    for one in (
        Position,
        Cascade,
        IsolatedComparison,
        EquityCurve,
        FundingTable,
        Grid,
        Scenario,
        OrderRoom,
        Remedies,
        WithdrawalRoom,
        Pooling,
        PortfolioMargin,
        ModelTerms,
        ScenarioOutcome,
        TieredWay,
        BuiltIn,
        Publication,
        CompareResult,
        Moved,
        AccountDiff,
    )
}
"""Classes that the results name without importing them."""


def document_schema(kind: type, name: str) -> dict[str, Any]:
    """The schema of a result's document; ``name`` as in ``marginctl schema NAME``."""
    definitions: dict[str, Any] = {}
    body = _object(kind, definitions)
    named = {one: definitions[one] for one in DEFINED.values() if one in definitions}
    return {**_head(name), **body, **({"definitions": named} if named else {})}


def schema_of_document(name: str) -> dict[str, Any]:
    """The schema of one of ``RESULTS``, or of a line of ``--format jsonl``."""
    return line_schema() if name == "report-line" else document_schema(found(RESULTS[name].result), name)


def report_schema() -> dict[str, Any]:
    """The schema of ``check --format json``."""
    return document_schema(Run, "report")


def line_schema() -> dict[str, Any]:
    """The schema of one line of ``--format jsonl``: a report, or why there is none."""
    definitions = dict(report_schema()["definitions"])
    errors = {"type": "array", "items": {"$ref": "#/definitions/error"}}
    checked = definitions.pop("report")
    text = "Limits that could not be evaluated; absent without any."
    checked["properties"]["errors"] = {"description": text, **errors}
    schema = {"const": Outcome.schema}
    failed = _closed({"schema": schema, "file": {"type": "string"}, "errors": {**errors, "minItems": 1}})
    return {
        **_head("report-line"),
        "anyOf": [{"$ref": "#/definitions/report"}, {"$ref": "#/definitions/failed"}],
        "definitions": {**definitions, "report": checked, "failed": failed},
    }


def _head(name: str) -> dict[str, Any]:
    return {"$schema": DRAFT, "$id": f"marginctl-{name}.schema.json", "title": f"marginctl {name.replace('-', ' ')}"}


def _object(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """A class: all its keys always exist but those that are left out when empty, and no others do."""
    properties: dict[str, Any] = {}
    optional: set[str] = set()
    for key in keys_of(kind):
        hint = _hint(kind, key.path)
        if key.mark[:1] == "*":
            part = _object(_parts(hint)[0][0], definitions)
            properties |= part["properties"]
            optional |= part["properties"].keys() - (set() if "?" in key.mark else part["required"])
            continue
        if key.mark == "?":
            optional.add(key.name)
            hint = _present(hint)
        properties[key.name] = _described(key, _of(hint | None if key.mark == "~" else hint, key, definitions))
    return _closed(properties, optional)


def _present(hint: Any) -> Any:
    """The type without None: what is empty is left out."""
    kinds, is_optional = _parts(hint)
    return Union[tuple(kinds)] if is_optional else hint  # noqa: UP007 - of kinds that are known here alone


def _closed(properties: dict[str, Any], optional: set[str] | frozenset[str] = frozenset()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _described(key: DocumentKey, schema: dict[str, Any]) -> dict[str, Any]:
    rows = (key.row, FIGURES.get(key.name))
    meaning = next((row.meaning for row in rows if row and row.meaning and _fits(row, schema)), "")
    return {"description": meaning, **schema} if meaning else schema


def _fits(row: Figure, schema: dict[str, Any]) -> bool:
    """Whether a row can mean this key: a number is no text and no object of that name."""
    text = str(schema)
    return row.kind not in NUMBERS | {"count"} or ("properties" not in text and "type': 'string" not in text)


def _hint(kind: Any, path: tuple[str, ...]) -> Any:
    """The type at a path of a class; through lists it is a list, behind what may be None it may be None."""
    if not path:
        return kind
    kinds, is_optional = _parts(kind)
    (one,) = kinds
    if get_origin(one) is tuple:
        return tuple[_hint(get_args(one)[0], path), ...]  # type: ignore[misc]
    found = _hint(_member(one, path[0]), path[1:])
    return found | None if is_optional else found


def _member(kind: type, name: str) -> Any:
    attribute = getattr(kind, name, None)
    if isinstance(attribute, Key):
        bound = bound_type(attribute.kind)
        return bound if attribute.required or attribute.default is not None else bound | None
    if isinstance(attribute, property):
        return get_type_hints(attribute.fget, localns=NAMES)["return"]
    hint = get_type_hints(kind, localns=NAMES)[name]
    return Constant(attribute) if get_origin(hint) is ClassVar else hint


class Constant:
    """The type of a word that every document of a class has."""

    def __init__(self, word: Any) -> None:
        self.word = word


def _parts(hint: Any) -> tuple[list[Any], bool]:
    """The types of a union, and whether None is one."""
    kinds = list(get_args(hint)) if get_origin(hint) in (Union, UnionType) else [hint]
    return [kind for kind in kinds if kind is not NoneType], NoneType in kinds


def _of(hint: Any, key: DocumentKey, definitions: dict[str, Any]) -> dict[str, Any]:
    if isinstance(hint, Constant):
        return {"const": hint.word}
    kinds, is_optional = _parts(hint)
    if key.row is not None and (special := _by_row(key.row, kinds, is_optional)) is not None:
        return special
    if Any in kinds:
        return {}
    if all(kind in WORDS for kind in kinds):
        words = list(dict.fromkeys(WORDS[kind] for kind in kinds)) + ["null"] * is_optional
        return {"type": words if len(words) > 1 else words[0]}
    schemas = [_single(kind, key, definitions) for kind in kinds]
    if len(schemas) == 1 and not is_optional:
        return schemas[0]
    if len(schemas) == 1 and isinstance(schemas[0].get("type"), str):
        return {**schemas[0], "type": [schemas[0]["type"], "null"]}
    if len(schemas) == 1 and "enum" in schemas[0]:
        return {"enum": [*schemas[0]["enum"], None]}
    return {"anyOf": [*schemas, *([{"type": "null"}] if is_optional else [])]}


def _by_row(row: Figure, kinds: list[Any], is_optional: bool) -> dict[str, Any] | None:
    """What a row says about the values of its figure beyond their type."""
    null = [None] if is_optional else []
    if row.choices and kinds[0] in (str, int):
        return {"enum": [*row.choices, *null]}
    if row.kind == "exit":
        return {"enum": [0, 1, 2]}
    if row.kind in ("place", "counted"):
        word = ["integer", "null"] if is_optional else "integer"
        return {"type": word, "minimum": 1 if row.kind == "place" else 0}
    return None


def _single(kind: Any, key: DocumentKey, definitions: dict[str, Any]) -> dict[str, Any]:
    if get_origin(kind) in (tuple, list):
        return {"type": "array", "items": _of(get_args(kind)[0], key, definitions)}
    if get_origin(kind) in (dict, Mapping):
        return {"type": "object", "additionalProperties": _of(get_args(kind)[1], key, definitions)}
    if kind in WORDS:
        return {"type": WORDS[kind]}
    if issubclass(kind, Enum):
        return {"enum": [one.value for one in kind]}
    name = DEFINED.get(kind.__name__)
    if name is None:
        return _object(kind, definitions)
    if name not in definitions:
        definitions[name] = {}  # one that has itself as a part finds it
        definitions[name] = _object(kind, definitions)
    return {"$ref": f"#/definitions/{name}"}
