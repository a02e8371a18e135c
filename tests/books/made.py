"""Books on disk for tests: rows of texts, in every form that a table may have."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv
from tests.books.one_row import POSITION, batch_of

HEADER = """\
schema: marginctl.book/1
account: {venue: generic}
prices: {BTC: 60000, ETH: 3000}
collateral:
  - {asset: BTC, haircut: 5%}
  - {asset: ETH, haircut: 10%}
  - {asset: USDC, loan_rate: 5%}
contracts:
  BTCUSDT: {tiers: [{up_to: 50000, maintenance_rate: 0.5%, max_leverage: 50}, {maintenance_rate: 1%, max_leverage: 25}]}
  ETHUSDT: {tiers: [{up_to: 50000, maintenance_rate: 1%, max_leverage: 25}, {maintenance_rate: 2%, max_leverage: 10}]}
  BTCUSD_PERP:
    {type: inverse, base: BTC, quote: USD, contract_size: 100, tiers: [{maintenance_rate: 0.5%, max_leverage: 50}]}
limits: {max_utilization: {warn: 50%, fail: 80%}, max_concentration: off}
"""
NUMBERS = ("quantity", "entry_price", "mark_price", "leverage", "maintenance_rate", "isolated_margin")
FORMS = {"text": pa.string(), "decimal": pa.decimal128(24, 8), "float": pa.float64()}


def account(name: str, usdt: str = "10000", *positions: dict[str, str], **row: Any) -> dict[str, Any]:
    """A row with a balance in USDT."""
    return {"account_id": name, "balances": [{"asset": "USDT", "amount": usdt}], "positions": list(positions), **row}


def held(symbol: str, quantity: str, **fields: str) -> dict[str, str]:
    """A position at ten times its margin; its side is the sign of its quantity."""
    return {"symbol": symbol, "quantity": quantity, "leverage": "10", **fields}


def many(count: int) -> list[dict[str, Any]]:
    """Accounts of several kinds: safe ones, warned ones, failing ones, liquidatable ones; isolated; coin-margined."""
    rows = []
    for number in range(count):
        size = Decimal(number % 17 + 1) / 10
        rows.append(
            account(
                f"a{number:04d}",
                str(2000 + 137 * (number % 11)),
                held("BTCUSDT", str(size if number % 2 else -size), entry_price=str(60000 + 100 * (number % 7))),
                held("ETHUSDT", str(-size), entry_price="2990"),
                *([held("BTCUSD_PERP", str(number % 5 + 1))] if number % 3 == 0 else []),
            )
        )
        if number % 3 == 0:
            rows[-1]["balances"].append({"asset": "BTC", "amount": f"0.0{number % 9 + 1}"})
        if number % 5 == 0:
            rows[-1]["positions"].append(
                held("ETHUSDT", "0.5", margin_mode="isolated", isolated_margin="150", entry_price="3000")
            )
    return rows


def table(rows: list[dict[str, Any]], form: str = "text") -> pa.Table:
    """Rows as a nested table whose numbers have one type."""
    kind = FORMS[form]
    plain = pa.Table.from_batches([batch_of(*rows)])
    position = pa.list_(pa.struct([(name, kind if name in NUMBERS else pa.string()) for name in POSITION]))
    balance = pa.list_(pa.struct([("asset", pa.string()), ("amount", kind)]))
    return plain.set_column(
        plain.schema.get_field_index("balances"), "balances", plain.column("balances").cast(balance)
    ).set_column(plain.schema.get_field_index("positions"), "positions", plain.column("positions").cast(position))


def nested(path: Path, rows: list[dict[str, Any]], form: str = "text", *, groups: int | None = None) -> Path:
    """A Parquet file of rows of accounts."""
    pq.write_table(table(rows, form), path, row_group_size=groups or max(1, len(rows)))
    return path


def flat(folder: Path, rows: list[dict[str, Any]], *, ending: str = "csv") -> Path:
    """Two tables: a row for every position and every balance."""
    folder.mkdir()
    positions = [{"account_id": row["account_id"], **one} for row in rows for one in row["positions"]]
    balances = [{"account_id": row["account_id"], **one} for row in rows for one in row["balances"]]
    names = ["account_id", *POSITION]
    whole = [{name: one.get(name) for name in names} for one in positions]
    put(folder / f"positions.{ending}", pa.Table.from_pylist(whole, pa.schema([(name, pa.string()) for name in names])))
    put(folder / f"balances.{ending}", pa.Table.from_pylist(balances))
    return folder


def put(path: Path, content: pa.Table) -> None:
    """A table as its ending says."""
    if path.suffix == ".csv":
        csv.write_csv(content, path, csv.WriteOptions(quoting_style="needed"))
    elif path.suffix == ".arrow":
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, content.schema) as writer:
            writer.write_table(content)
    else:
        pq.write_table(content, path)


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows out of a Parquet file or a folder of them."""
    return list(pq.read_table(path).to_pylist())
