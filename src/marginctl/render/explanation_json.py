"""``explain`` for machines, ``marginctl.explain/1``: the whole tree, or the list of figures."""

from decimal import Decimal
from typing import Any

from msgspec.structs import asdict

from marginctl.core.plain import as_plain
from marginctl.explanation import ExplainResult, Origin, Solution, Step, Value
from marginctl.render.json import text_of
from marginctl.render.quantity import in_words, settled

SCHEMA = "marginctl.explain/1"


def render(found: ExplainResult) -> str:
    """One document, indented by two, ending in a line break."""
    return text_of(document(found))


def document(found: ExplainResult) -> dict[str, Any]:
    """The document as plain dicts and lists."""
    return {"schema": SCHEMA, **_content(found)}


def _content(found: ExplainResult) -> dict[str, Any]:
    if found.problems:
        return {"errors": as_plain(found.problems)}
    if found.step is None:
        figures = [{"figure": path, "value": value} for path, value in found.figures.items()]
        return {"file": found.file, "figures": figures}
    value = found.figures[found.figure]
    head = {"file": found.file, "figure": found.figure, "value": value, "unit": found.step.unit or None}
    return head | {"tree": tree(found.step, found)}


def tree(step: Step, found: ExplainResult) -> dict[str, Any]:
    """A step with its operands, in the order of the formula; without what it does not have."""
    node: dict[str, Any] = {"name": step.name, "of": step.of or None, "figure": step.figure or None}
    node |= {"value": _plain(step.value), "unit": step.unit or None}
    if step.formula:
        node |= {"formula": in_words(step), "template": step.formula}
    if step.note:
        node["note"] = step.note
    if step.key:
        node["key"] = step.key
        if step.key in found.origins:
            node["origin"] = origin(found.origins[step.key])
    if step.tier is not None:
        node["tier"] = asdict(step.tier)
    if step.line is not None:
        node["line"] = _line(step.line)
    if step.solution is not None:
        node["solution"] = _solution(step.solution)
    if step.operands:
        node["operands"] = [tree(operand, found) for operand in step.operands]
    return node


def _plain(value: Value) -> Any:
    return settled(value) if isinstance(value, Decimal) else list(value) if isinstance(value, tuple) else value


def _line(line: tuple[Decimal, Decimal]) -> dict[str, Decimal]:
    return {"at_zero": settled(line[0]), "slope": settled(line[1])}


def _solution(found: Solution) -> dict[str, Any]:
    lines = {"equity": _line(found.equity), "needed": None if found.needed is None else _line(found.needed)}
    return {name: _plain(value) for name, value in asdict(found).items() if name not in lines} | lines


def origin(found: Origin) -> dict[str, Any]:
    """Where an input comes from, without what is not known."""
    told: dict[str, Any] = {"kind": found.kind.value}
    places = [{"file": place.file, "line": place.line, "column": place.column or None} for place in found.locations]
    if places:
        told |= places[0] if len(places) == 1 else {"places": places}
    names = ("rule_set", "as_of", "trust", "source", "note")
    return told | {name: getattr(found, name) for name in names if getattr(found, name)}
