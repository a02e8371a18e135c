"""JSON Schema (draft-07) of a file format, for editors."""

from typing import Any, Union, get_args

from marginctl.document.kinds import AnyOf, Choice, Kind, ListOf, MapOf, ScalarKind
from marginctl.document.record import Key, Nested, Shape

DRAFT_07 = "http://json-schema.org/draft-07/schema#"


def json_schema(shape: Shape[Any], *, identifier: str, title: str) -> dict[str, Any]:
    """The schema of documents of a shape; ``identifier`` becomes its ``$id``.

    It describes values as YAML and JSON editors see them, so a number may also be its text. What it accepts can still
    be refused when read: an editor does not see that a number was written ``1e3``.
    """
    definitions: dict[str, dict[str, Any]] = {}
    return {
        "$schema": DRAFT_07,
        "$id": identifier,
        "title": title,
        **_record(shape, definitions),
        "definitions": dict(sorted(definitions.items())),
    }


def bound_type(kind: Kind[Any]) -> Any:
    """The type of what a kind binds to, as an annotation says it."""
    if isinstance(kind, Choice):
        return Union[tuple(type(one) for one in kind.meanings.values())]  # noqa: UP007 - known here alone
    if isinstance(kind, AnyOf):
        return Union[tuple(bound_type(one) for one in kind.kinds)]  # noqa: UP007
    if isinstance(kind, ListOf):
        return list[bound_type(kind.item)]  # type: ignore[misc]
    if isinstance(kind, MapOf):
        return dict[str, bound_type(kind.value)]  # type: ignore[misc]
    return kind.shape.record if isinstance(kind, Nested) else get_args(vars(type(kind))["__orig_bases__"][0])[0]


def _record(shape: Shape[Any], definitions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    schema: dict[str, Any] = {"description": shape.doc} if shape.doc else {}
    schema |= {"type": "object", "additionalProperties": False}
    schema["properties"] = {one.name: _key(one, definitions) for one in shape.keys}
    required = [one.name for one in shape.keys if one.required]
    return schema | {"required": required} if required else schema


def _key(key: Key[Any], definitions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    schema = _kind(key.kind, definitions)
    if not key.doc:
        return schema
    if "$ref" in schema:  # draft-07 ignores everything beside a $ref
        schema = {"allOf": [schema]}
    return {"description": key.doc, **schema}


def _kind(kind: Kind[Any], definitions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if isinstance(kind, ScalarKind):
        return kind.schema()
    if isinstance(kind, ListOf):
        return {"type": "array", "items": _kind(kind.item, definitions)}
    if isinstance(kind, MapOf):
        return {"type": "object", "additionalProperties": _kind(kind.value, definitions)}
    if isinstance(kind, AnyOf):
        return {"anyOf": [_kind(one, definitions) for one in kind.kinds]}
    return _reference(kind, definitions)


def _reference(kind: Any, definitions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    name = kind.shape.name
    if name not in definitions:
        definitions[name] = {}  # holds the place, so that a shape may refer to itself
        definitions[name] = _record(kind.shape, definitions)
    return {"$ref": f"#/definitions/{name}"}
