"""A book to try: invented accounts of every kind, the same for the same seed.

Single- and multi-asset accounts, one-way and hedge mode, cross and isolated, linear and inverse contracts with eight
tiers, tiered haircuts, debts. Nothing in it is anybody's; prices and tables are round numbers.
"""

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

import pyarrow as pa

COINS = {
    "BTC": "60000",
    "ETH": "3000",
    "BNB": "600",
    "SOL": "150",
    "LTC": "80",
    "AVAX": "30",
    "LINK": "15",
    "DOT": "6",
    "XRP": "0.6",
    "ADA": "0.45",
    "DOGE": "0.15",
    "TRX": "0.12",
}
"""Prices in dollars."""
INVERSE = {"BTC": 100, "ETH": 10, "SOL": 10}
"""Dollars of a coin-margined contract."""
STABLE = ("USDT", "USDC")
HELD = ("BTC", "ETH", "SOL")
RATES = ("0.4%", "0.5%", "1%", "2.5%", "5%", "10%", "12.5%", "25%")
LEVERAGES = (100, 75, 50, 20, 10, 5, 4, 2)
BORDERS = (50_000, 250_000, 1_000_000, 10_000_000, 50_000_000, 100_000_000, 200_000_000)
CHUNK = 100_000
"""Accounts of a file."""
SCALE = ONE = 10**8
UNITS = {coin: int(Decimal(price) * SCALE) for coin, price in COINS.items()}
COIN_OF = {**{f"{coin}USDT": coin for coin in COINS}, **{f"{coin}USD_PERP": coin for coin in INVERSE}}
SYMBOLS = list(COIN_OF)
INVERSE_OF = {f"{coin}USD_PERP": size for coin, size in INVERSE.items()}
LEVERAGE_OF = {symbol: (5, 10, 20)[number % 3] for number, symbol in enumerate(SYMBOLS)}
"""One for each contract: rows of a position may not differ in it."""
NUMBER = pa.decimal128(24, 8)
BALANCES = pa.list_(pa.struct([("asset", pa.string()), ("amount", NUMBER)]))
POSITIONS = pa.list_(
    pa.struct(
        [
            ("symbol", pa.string()),
            ("side", pa.string()),
            ("quantity", NUMBER),
            ("entry_price", NUMBER),
            ("leverage", pa.int32()),
            ("margin_mode", pa.string()),
            ("isolated_margin", NUMBER),
        ]
    )
)
SCHEMA = pa.schema(
    [
        ("account_id", pa.string()),
        ("collateral_mode", pa.string()),
        ("position_mode", pa.string()),
        ("balances", BALANCES),
        ("positions", POSITIONS),
    ]
)


def header_text() -> str:
    """The header of the sample."""
    lines = [
        "# The header of a sample book: invented accounts, round prices.",
        "schema: marginctl.book/1",
        "account: {venue: generic, currency: USD}",
        f"prices: {{{', '.join(f'{coin}: {price}' for coin, price in COINS.items())}}}",
        "collateral:",
        "  - {asset: USDT, loan_rate: 5%}",
        "  - {asset: USDC, haircut: 0%, loan_rate: 5%}",
    ]
    for coin, first in zip(HELD, (2, 5, 10), strict=True):
        tiers = f"{{up_to: 10, haircut: {first}%}}, {{up_to: 100, haircut: {2 * first}%}}, {{haircut: {4 * first}%}}"
        lines.append(f"  - {{asset: {coin}, haircut_tiers: [{tiers}], loan_rate: 10%}}")
    lines.append("contracts:")
    lines += [f"  {coin}USDT: {{type: linear, base: {coin}, quote: USDT, tiers: [{_tiers(1)}]}}" for coin in COINS]
    for coin, size in INVERSE.items():
        kind = f"type: inverse, base: {coin}, quote: USD, contract_size: {size}"
        lines.append(f"  {coin}USD_PERP: {{{kind}, tiers: [{_tiers(int(Decimal(COINS[coin])))}]}}")
    lines += [
        "limits: {max_utilization: {warn: 70%, fail: 100%}, min_liquidation_distance: {warn: 10%, fail: 2%}}",
        "scenarios:",
        '  - {name: fall, shocks: {BTC: -20%, "*": -30%}}',
        '  - {name: rise, shocks: {BTC: 20%, "*": 35%}}',
        "book_limits: {max_failed: {warn: 1%, fail: 20%}, max_liquidatable: {warn: 0, fail: 5%}}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _tiers(unit: int) -> str:
    """Eight tiers; of coin-margined contracts the borders are in coins."""
    rows = []
    for number, (rate, leverage) in enumerate(zip(RATES, LEVERAGES, strict=True)):
        border = f"up_to: {max(1, BORDERS[number] // unit)}, " if number < len(BORDERS) else ""
        rows.append(f"{{{border}maintenance_rate: {rate}, max_leverage: {leverage}}}")
    return ", ".join(rows)


class _Columns:
    """Columns of a file as they grow; numbers in whole 1e-8."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.collateral_modes: list[str | None] = []
        self.position_modes: list[str | None] = []
        self.balance_ends, self.position_ends = [0], [0]
        self.balances: dict[str, list[Any]] = {"asset": [], "amount": []}
        self.positions: dict[str, list[Any]] = {field.name: [] for field in POSITIONS.value_type}

    def table(self) -> pa.Table:
        """What has grown so far."""
        lists = ((self.balance_ends, self.balances, BALANCES), (self.position_ends, self.positions, POSITIONS))
        columns = [pa.array(one, pa.string()) for one in (self.names, self.collateral_modes, self.position_modes)]
        for ends, fields, kind in lists:
            children = [_column(fields[field.name], field.type) for field in kind.value_type]
            items = pa.StructArray.from_arrays(children, fields=list(kind.value_type))
            columns.append(pa.ListArray.from_arrays(pa.array(ends, pa.int32()), items))
        return pa.Table.from_arrays(columns, schema=SCHEMA)


def _column(values: list[Any], kind: pa.DataType) -> pa.Array:
    if kind != NUMBER:
        return pa.array(values, kind)
    whole = pa.array(values, pa.int64()).cast(pa.decimal128(24, 0))
    return pa.Array.from_buffers(NUMBER, len(whole), whole.buffers(), whole.null_count)


def sample_tables(accounts: int, seed: int, positions: int) -> Iterator[pa.Table]:
    """The files of a sample: ``positions`` of an account on average."""
    for start in range(0, accounts, CHUNK):
        source = Random(f"{seed}:{start}:{positions}")  # noqa: S311 - no secret
        columns = _Columns()
        for number in range(start, min(start + CHUNK, accounts)):
            columns.names.append(f"A{number:09d}")
            _add_account(source, columns, positions)
        yield columns.table()


def _add_account(source: Random, columns: _Columns, positions: int) -> None:
    """One account: its size, what it holds, and how far it is geared."""
    size = int(10 ** (3 + 3.5 * source.random()))
    is_single = source.random() < 0.3
    columns.collateral_modes.append("single-asset" if is_single else None)
    is_hedged = source.random() < 0.2
    columns.position_modes.append("hedge" if is_hedged else None)
    held = _balances(source, size, owes=not is_single and source.random() < 0.15)
    count = max(1, positions + source.randrange(-2, 3))
    worth = max(20, int(size * 10 ** source.gauss(0.45, 0.5)) // count)
    symbols = source.sample(SYMBOLS, count) if count <= len(SYMBOLS) else sorted(source.choices(SYMBOLS, k=count))
    sides: dict[str, str] = {}
    for symbol in symbols:
        _add_position(source, columns, symbol, worth, held, sides)
        if is_hedged and source.random() < 0.4:
            other = {**sides, symbol: "short" if sides[symbol] == "long" else "long"}
            _add_position(source, columns, symbol, worth, held, other)
    columns.balances["asset"] += held
    columns.balances["amount"] += held.values()
    columns.balance_ends.append(len(columns.balances["asset"]))
    columns.position_ends.append(len(columns.positions["symbol"]))


def _balances(source: Random, size: int, *, owes: bool) -> dict[str, int]:
    """What an account holds, worth about its size, and now and then owes, where other assets secure it."""
    held = {"USDT": source.randrange(size // 2, 2 * size) * ONE}
    for coin in HELD:
        if source.random() < 0.5:
            held[coin] = source.randrange(size // 10, size) * ONE * SCALE // UNITS[coin]
    if owes:
        held["USDC"] = -source.randrange(1, size // 5) * ONE
    return held


def _add_position(
    source: Random, columns: _Columns, symbol: str, worth: int, held: dict[str, int], sides: dict[str, str]
) -> None:
    """A row of a contract, on the side that its other rows have; isolated ones bring their margin."""
    coin = COIN_OF[symbol]
    side = sides.setdefault(symbol, "long" if source.random() < 0.5 else "short")
    dollars, price = source.randrange(worth // 4 + 1, worth + 2), UNITS[coin]
    if symbol in INVERSE_OF:
        settle, quantity = coin, max(1, dollars // INVERSE_OF[symbol]) * ONE
        secured = dollars * ONE * SCALE // price
        held[settle] = max(held.get(settle, 0), 0) + secured // 3
    else:
        settle, quantity, secured = "USDT", max(1, dollars * SCALE * 1000 // price) * ONE // 1000, dollars * ONE
    margin = None
    if source.random() < 0.1:
        margin = max(1, secured * source.randrange(8, 30) // 100)
        held[settle] = max(held.get(settle, 0), 0) + margin
    row = columns.positions
    row["symbol"].append(symbol)
    row["side"].append(side)
    row["quantity"].append(quantity)
    row["entry_price"].append(price * source.randrange(9_300, 10_700) // 10_000)
    row["leverage"].append(LEVERAGE_OF[symbol])
    row["margin_mode"].append("isolated" if margin is not None else None)
    row["isolated_margin"].append(margin)
