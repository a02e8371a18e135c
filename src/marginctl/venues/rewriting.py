"""Changing a rule file as nodes: new values at line 0, everything else as it was."""

from collections.abc import Iterable
from decimal import Decimal

from marginctl.core.contract import HaircutTier
from marginctl.core.exact import CONTEXT
from marginctl.document.nodes import NULLS, Mapping, Node, Scalar, Sequence
from marginctl.venues.table_text import plain

HUNDRED = Decimal(100)


def scalar(text: str) -> Scalar:
    """A new value; a text that would read as no value is quoted."""
    return Scalar(text, 0, 0, 0, text not in NULLS)


def mapping(entries: Iterable[tuple[str, Node]]) -> Mapping:
    """A new mapping."""
    return Mapping([(scalar(key), value) for key, value in entries], 0, 0)


def sequence(items: Iterable[Node]) -> Sequence:
    """A new list."""
    return Sequence(list(items), 0, 0)


def value_of(node: Node | None, key: str) -> Node | None:
    """The value of a key; None where it is not written."""
    return next((value for one, value in node.entries if one.text == key), None) if isinstance(node, Mapping) else None


def with_value(node: Mapping, key: str, value: Node) -> Mapping:
    """The mapping with a key's value replaced, or the key added at its end."""
    if value_of(node, key) is None:
        return Mapping([*node.entries, (scalar(key), value)], node.line, node.column)
    entries = [(one, value if one.text == key else old) for one, old in node.entries]
    return Mapping(entries, node.line, node.column)


def without(node: Mapping, keys: Iterable[str]) -> Mapping:
    """The mapping without some keys."""
    dropped = set(keys)
    return Mapping([(key, value) for key, value in node.entries if key.text not in dropped], node.line, node.column)


def with_items(node: Node | None, items: Iterable[Node]) -> Sequence:
    """A list with other items in the place of the old one."""
    return Sequence(list(items), node.line if node else 0, node.column if node else 0)


def percentage(rate: Decimal) -> str:
    """``0.05`` -> ``5%``."""
    return f"{plain(CONTEXT.multiply(rate, HUNDRED))}%"


def terms(haircuts: tuple[HaircutTier, ...], debt_factor: Decimal | None, others: Iterable[tuple[str, Node]]) -> Node:
    """How a rule file writes haircuts: one rate, or a mapping where there is more to say."""
    flat = len(haircuts) == 1 and haircuts[0].up_to is None
    entries: list[tuple[str, Node]] = [
        ("haircut", scalar(percentage(haircuts[0].haircut)))
        if flat
        else ("haircut_tiers", sequence(map(_haircut_tier, haircuts)))
    ]
    if debt_factor is not None:
        entries += [(key, scalar(plain(debt_factor))) for key in ("liability_factor", "requirement_factor")]
    entries += others
    return entries[0][1] if flat and len(entries) == 1 else mapping(entries)


def _haircut_tier(tier: HaircutTier) -> Mapping:
    border = [("up_to", scalar(plain(tier.up_to)))] if tier.up_to is not None else []
    return mapping([*border, ("haircut", scalar(percentage(tier.haircut)))])
