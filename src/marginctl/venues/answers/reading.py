"""Reading the JSON of an answer: exact numbers and texts out of nodes, refusals that name the place."""

import re
from collections.abc import Iterable
from decimal import Decimal

from marginctl.document.nodes import Mapping, Node, Scalar, Sequence, is_null
from marginctl.document.numbers import MOST_DIGITS
from marginctl.document.source import echo

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE]([+-]?[0-9]{1,2}))?", re.ASCII)


class MisfitError(ValueError):
    """Something in an answer that is not what its format promises: where, and what."""

    def __init__(self, node: Node, message: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message


def member(node: Node, *names: str) -> Node | None:
    """The value behind a chain of keys; None where there is none."""
    for name in names:
        entries = node.entries if isinstance(node, Mapping) else []
        found = next((value for key, value in entries if key.text == name), None)
        if found is None:
            return None
        node = found
    return node


def is_mapping(node: Node | None) -> bool:
    """Whether a node is an object."""
    return isinstance(node, Mapping)


def needed(node: Node, name: str) -> Node:
    """The value of a key. Raises MisfitError where it is missing."""
    found = member(node, name)
    if found is None:
        raise MisfitError(node, f"`{name}` is missing")
    return found


def items(node: Node | None) -> list[Node]:
    """The items of a list; none of anything else."""
    return node.items if isinstance(node, Sequence) else []


def text(node: Node, name: str) -> str:
    """The text of a key, empty where it is missing, null or no single value."""
    found = member(node, name)
    return found.text if isinstance(found, Scalar) and not is_null(found) else ""


def number(node: Node, name: str) -> Decimal:
    """The number of a key, as JSON number or text, exactly. Raises MisfitError."""
    found = needed(node, name)
    written = found.text if isinstance(found, Scalar) else ""
    value = exact(written)
    if value is None:
        raise MisfitError(found, f"`{name}` is not a number: {echo(written)}")
    return value


def optional_number(node: Node, name: str) -> Decimal | None:
    """The number of a key; None where it is missing, null or an empty text. Raises MisfitError."""
    return number(node, name) if text(node, name) else None


def exact(written: str) -> Decimal | None:
    """The value of a JSON number, exponents such as ``1e-05`` included; None where it is none or has 60 digits."""
    match = _NUMBER.fullmatch(written)
    if match is None or len(written) + abs(int(match[1] or 0)) > MOST_DIGITS:
        return None
    digits = f"{Decimal(written):f}"
    value = Decimal(digits.rstrip("0").rstrip(".") if "." in digits else digits)
    return value or value.copy_abs()  # no -0


def keys(node: Node) -> set[str]:
    """The keys of an object."""
    return {key.text for key, _ in node.entries} if isinstance(node, Mapping) else set()


def any_has(nodes: Iterable[Node], *names: str) -> bool:
    """Whether one of the objects has all these keys."""
    return any(keys(node).issuperset(names) for node in nodes)
