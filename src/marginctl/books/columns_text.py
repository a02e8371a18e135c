"""What a book's header and tables may hold, for ``marginctl schema book``."""

from typing import Any

from marginctl.books.header_format import BookFile
from marginctl.document.schema import json_schema
from marginctl.portfolio.format import AccountEntry, CollateralEntry, PositionEntry

OPTIONS = ("collateral_mode", "position_mode", "netting", "underlying_netting", "liquidation_level", "venue")
ACCOUNT = {
    "account_id": "text or whole number, once in a book, or once for each time",
    "as_of": "timestamp with its zone, or text such as 2026-11-22T11:00:00Z; optional",
    "balances": "list of structs {asset, amount}",
    "positions": "list of structs, perhaps empty",
}
SIDE = "long or short; without it the sign of quantity"


def columns_text() -> str:
    """The columns of the tables, one a line."""
    account = [(name, _doc(AccountEntry, name)) for name in OPTIONS]
    own = ("notional", "auto_add")
    fields = [one.name for one in PositionEntry.layout.keys if one.name not in own]
    positions = [(name, SIDE if name == "side" else _doc(PositionEntry, name)) for name in fields]
    balances = [(name, _doc(CollateralEntry, name)) for name in ("asset", "amount")]
    groups = {"accounts": [*ACCOUNT.items(), *account], "balances": balances, "positions": positions}
    return "\n".join(f"{table}.{name}: {doc}" for table, rows in groups.items() for name, doc in rows)


def _doc(record: Any, name: str) -> str:
    found = record.layout.by_name[name]
    return str(found.doc or found.kind.expects())


def book_schema() -> dict[str, Any]:
    """The JSON Schema of a header; the columns of the tables stand under ``$comment``."""
    found = json_schema(BookFile.layout, identifier="marginctl-book.schema.json", title="marginctl book file")
    return {**found, "$comment": f"The columns of the tables:\n{columns_text()}"}
