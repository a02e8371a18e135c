"""One account of a book as a portfolio file of its own, word for word what its header and its row say."""

from typing import Any

import pyarrow.compute as pc

from marginctl.books.book_parts import BookPart
from marginctl.books.header import BookHeader
from marginctl.books.row_drafts import ACCOUNTS, NUMERIC, POSITIONS, Drafts, RowReader, Stored, plain_number
from marginctl.books.running import BookPlan, accounts_of
from marginctl.books.stored import stored_rows
from marginctl.document.nodes import Mapping, Node, Scalar, Sequence
from marginctl.document.reader import read
from marginctl.document.written import Written, WrittenLine, document

LEFT_OUT = ("$schema", "schema", "isolated", "book_limits", "account", "collateral", "positions", "orders")
"""Keys of a header that a portfolio has otherwise, or not at all."""


def found_rows(
    plan: BookPlan, parts: list[BookPart], account: str, as_of: str | None
) -> list[tuple[BookPart, int, Stored]]:
    """Every row of an account, with its place. Raises BookError."""
    found: list[tuple[BookPart, int, Stored]] = []
    for part in parts:
        for batch, first in accounts_of(plan, part):
            mask = pc.fill_null(pc.equal(batch.column("account_id"), account), False)
            places = [i for i, one in enumerate(mask.to_pylist()) if one]
            if places:
                rows = stored_rows(batch.filter(mask))
                found += [(part, first + i, row) for i, row in zip(places, rows, strict=True)]
    return [one for one in found if as_of is None or one[2].as_of == as_of]


def portfolio_text(header: BookHeader, stored: Stored) -> str:
    """The file, as YAML. Raises ValueError for a row that means no portfolio."""
    drafts = RowReader(header, stored).read()
    if drafts is None:
        raise ValueError(stored.account_id)
    _, node, _ = read(header.text.encode(), header.source.name)
    told = _plain(node) if node is not None else {}
    sections: dict[str, Written] = {"account": _account(told.get("account", {}), stored)}
    sections |= {name: value for name, value in told.items() if name not in LEFT_OUT}
    if header.prices_at and stored.as_of in header.prices_at:
        sections["prices"] = {name: f"{price:f}" for name, price in header.prices_at[stored.as_of].items()}
    sections["collateral"] = _collateral(told.get("collateral", []), drafts)
    sections["positions"] = [_line(POSITIONS, row) for row in _sided(stored)]
    return document([f"{stored.account_id} of a book"], sections, {})


def _plain(node: Node) -> Any:
    """A tree of texts."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [_plain(one) for one in node.items]
    return {word.text: _plain(one) for word, one in node.entries} if isinstance(node, Mapping) else ""


def _account(told: dict[str, Written], stored: Stored) -> dict[str, Written]:
    own = {name: _text(ACCOUNTS, name, text) for name, text in stored.options.items()}
    moment = {"as_of": stored.as_of} if stored.as_of is not None else {}
    return {**told, "name": stored.account_id or "", **own, **moment}


def _collateral(told: list[dict[str, Written]], drafts: Drafts) -> list[Written]:
    terms = {row["asset"]: {name: one for name, one in row.items() if name != "asset"} for row in told}
    held: list[Written] = []
    for entry in drafts.file.collateral:
        own = terms.get(entry.asset, {})
        held.append({"asset": entry.asset, "amount": f"{entry.amount:f}", **own})
    return held


def _sided(stored: Stored) -> list[dict[str, str]]:
    """The positions with their side, where the sign of the quantity tells it."""
    rows = []
    for row in stored.positions:
        quantity = row["quantity"]
        side = "short" if quantity.startswith("-") else "long"
        rows.append(row if "side" in row else {**row, "quantity": quantity.lstrip("-"), "side": side})
    return rows


def _line(table: str, row: dict[str, str]) -> WrittenLine:
    return WrittenLine({name: _text(table, name, text) for name, text in row.items()})


def _text(table: str, name: str, text: str) -> str:
    """A stored value as a file writes it."""
    if (table, name) not in NUMERIC or text[-1:] in {"h", "d"}:
        return text
    plain = plain_number(text)
    return f"{plain}h" if name == "funding_interval" else plain
