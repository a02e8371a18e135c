"""The derivation of a figure as one JSON document (``marginctl.explain/1``)."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from marginctl.core.explain.decision import Condition, Decision, Nearest, NearestTo, Ranking
from marginctl.core.explain.node import Constant, Input, Kind, Node, Row, Sum, Unit, Unknown, Value
from marginctl.core.explain.solution import Border, Never, Root
from marginctl.core.piecewise import Line
from marginctl.findings import Problem
from marginctl.render.derivation.formula import OPERATIONS, listed, symbols, written
from marginctl.render.derivation.quantity import settled
from marginctl.render.json import encoded, errors_of
from marginctl.results import Origin

SCHEMA = "marginctl.explain/1"
OriginOf = Callable[[str], Origin]


def derivation_text(node: Node, file: str, value: Value, origins: OriginOf) -> str:
    """The document of one figure; ``value`` as the report has it."""
    return _text(
        {"file": file, "figure": node.figure, "value": value, "unit": _unit(node.unit), "tree": tree(node, origins)}
    )


def figures_text(file: str, figures: dict[str, Any]) -> str:
    """The document of all figures that can be explained, with their values in the report."""
    return _text({"file": file, "figures": [{"figure": path, "value": value} for path, value in figures.items()]})


def problems_text(problems: Sequence[Problem]) -> str:
    """The document of a file that cannot be read."""
    return _text({"errors": errors_of(problems)})


def _text(content: dict[str, Any]) -> str:
    return msgspec.json.format(encoded({"schema": SCHEMA, **content}), indent=2).decode() + "\n"


def tree(node: Node, origins: OriginOf) -> dict[str, Any]:
    """A node with its operands; parts of a formula that have no name of their own are nodes without a name."""
    found: dict[str, Any] = {"operation": OPERATIONS[_kind(node)]}
    if node.label:
        found |= {"name": node.label, "of": node.of or None, "figure": node.figure or None}
    found |= _value(node)
    if node.unit.kind is not Kind.PLAIN:
        found["unit"] = _unit(node.unit)
    formula = _formula(node)
    if node.label and formula:
        found["formula"] = formula
    if node.note:
        found["note"] = node.note
    if isinstance(node, (Input, Row)):
        found["key"], found["origin"] = node.key, origin(origins(node.key))
    found |= _details(node)
    if node.operands:
        found["operands"] = [tree(operand, origins) for operand in node.operands]
    return found


def _kind(node: Node) -> type[Node]:
    return next(kind for kind in type(node).__mro__ if kind in OPERATIONS)


def _value(node: Node) -> dict[str, Any]:
    """A line has its two coefficients instead of a value."""
    value = node.value
    if isinstance(value, Line):
        return {"value": None, "line": {"at_zero": settled(value.at_zero), "slope": settled(value.slope)}}
    return {"value": settled(value) if isinstance(value, Decimal) else value}


def _unit(unit: Unit) -> str | None:
    return unit.name or (None if unit.kind is Kind.PLAIN else unit.kind.value)


def _formula(node: Node) -> str:
    if isinstance(node, (Nearest, NearestTo)):
        return f"the nearest of {listed(move.label for move in node.operands)}"
    if isinstance(node, Ranking):
        keys = ", then ".join(key.label for key in node.candidates[0].keys)
        return f"the {'highest' if node.highest else 'smallest'} {keys}"
    if isinstance(node, Root):
        return "equity = level x requirement" if node.requirement is not None else "equity = 0"
    if isinstance(node, Border):
        return "measured = border x unit_price"
    is_told = isinstance(node, (Row, Input, Constant, Unknown, Never)) or (isinstance(node, Sum) and not node.terms)
    return "" if is_told or not node.operands else written(node, symbols(node.of)).text


def _details(node: Node) -> dict[str, Any]:
    """What is particular to some operations."""
    if isinstance(node, Row):
        low, high = node.borders
        row = {"number": node.index + 1, "above": low, "up_to": high, "measure": node.measure, "size": node.size}
        return {"row": row | {"unit": _unit(node.measure_unit)}}
    if isinstance(node, Root):
        return {"unknown": node.unknown, "story": node.story, "holds_from": node.start, "holds_to": node.end}
    if isinstance(node, (Border, Never)):
        return {"unknown": node.unknown, "story": node.story}
    if isinstance(node, Condition):
        return {"relation": node.relation}
    if isinstance(node, Decision):
        return {"cases": len(node.cases)}
    if isinstance(node, Ranking):
        return {"candidates": [candidate.name for candidate in node.candidates]}
    return {}


def origin(found: Origin) -> dict[str, Any]:
    """Where an input comes from, without what is not known."""
    told: dict[str, Any] = {"kind": found.kind.value}
    places = [{"file": place.file, "line": place.line, "column": place.column or None} for place in found.locations]
    if places:
        told |= places[0] if len(places) == 1 else {"places": places}
    names = ("rule_set", "as_of", "trust", "source", "note")
    return told | {name: getattr(found, name) for name in names if getattr(found, name)}
