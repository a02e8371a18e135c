"""Books of many accounts, as ratios measured in one run: ``tests/bench/books.py [ACCOUNTS [POSITIONS [LARGE]]]``.

Not a test: machines differ and are noisy. The book is that of section 8 of the specification: single- and multi-asset
accounts, isolated positions, linear and inverse contracts, 8 tiers, tiered haircuts, debts, hedge legs; the distance of
all assets together and of the nearest one alone included. Processor time throughout.

The first lines are the whole command on sample books of ACCOUNTS, of a tenth of them, and of LARGE if that is given
(10,000,000 need 1 GB of disk). Their wall times mean something on a machine that has nothing else to do.

goal                                                          measured against
``book check``, Parquet in and out <= 4 x                     pyarrow reading and writing the same rows as it does
``book check``, growth of accounts an exponent <= 1.05        a tenth as many
``book check`` on two threads      <= 0.6 x                   the wall time on one
peak memory of ``book check``      <= 400 MiB                 and the same for more accounts
the exact core's ``report_of``     >= 250 x as much           the whole command, per account
Parquet in, screen, Parquet out    <= 4 x                     pyarrow reading and writing the same columns
two threads                        <= 1.1 x as much           one
growth from n to 10 n accounts     an exponent <= 1.05        time of both
growth from 5 to 100 positions     an exponent <= 1.1         time of both
accounts left to the exact core    < 0.1 %
"""

import json
import math
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec.structs import replace

from marginctl.books.compiled import Compiled, ModeTerms, ScreenLimit, compile_book
from marginctl.books.float_screen import FIGURES, REASONS, Screened, screen
from marginctl.books.results_out import RESULTS
from marginctl.cli.book_sinks import parquet_settings
from marginctl.core.account import (
    Account,
    AssetTerms,
    CollateralMode,
    MarginMode,
    MarginRules,
    Netting,
    Position,
    PositionMode,
    default_beta,
)
from marginctl.core.assemble import report_of
from marginctl.core.contract import Contract, ContractType, HaircutTier, Tier, derived_deductions
from marginctl.core.exact import ONE, ZERO, exactly

COINS = {"BTC": 60000, "ETH": 3000, "SOL": 150, "XRP": 2, "DOGE": 0.2, "ADA": 0.5, "LINK": 15, "AVAX": 30}
COINS |= {f"C{number:02}": 10 + 7 * number for number in range(40)}
STABLE = {"USD": 1, "USDT": 1, "USDC": 1}
BATCH = 65_536
WORDS = ("account_id", "verdict", "failed", "warned", "state", "worst_pool", "nearest_asset", "liquidatable")
EXACT = 200


def tiers(unit: Decimal) -> tuple[Tier, ...]:
    """8 rising tiers from ``unit`` on, continuous."""
    borders = [unit * n for n in (1, 5, 20, 100, 500, 2000, 10_000)]
    rates = [Decimal(n).scaleb(-3) for n in (4, 5, 10, 25, 50, 100, 125, 250)]
    deductions = derived_deductions([ZERO, *borders], rates)
    return tuple(map(Tier, [*borders, None], rates, deductions, [rate * 2 for rate in rates]))


def header() -> tuple[tuple[ModeTerms, ...], dict[str, Contract]]:
    """What all accounts share."""
    with exactly():
        return exact_header()


def exact_header() -> tuple[tuple[ModeTerms, ...], dict[str, Contract]]:
    """Borders of inverse contracts are quotients: exact to 100 digits, so that their margins do not jump."""
    prices = {asset: Decimal(str(price)) for asset, price in (COINS | STABLE).items()}
    contracts = {}
    for coin in COINS:
        table = tiers(Decimal(50_000))
        for quote in ("USDT", "USDC"):
            contracts[coin + quote] = Contract(coin + quote, ContractType.LINEAR, coin, quote, ONE, table)
        inverse = tiers(50_000 / prices[coin])
        contracts[coin + "USD"] = Contract(coin + "USD", ContractType.INVERSE, coin, "USD", Decimal(10), inverse)
    terms = {asset: AssetTerms(loan_rate=Decimal("0.02")) for asset in STABLE}
    for coin in COINS:
        border = 20_000 / prices[coin]
        cuts = ((border, "0.05"), (border * 10, "0.1"), (border * 100, "0.3"), (None, "1"))
        haircuts = tuple(HaircutTier(up_to, Decimal(cut)) for up_to, cut in cuts)
        terms[coin] = AssetTerms(haircuts, loan_rate=Decimal("0.05"))
    account = Account(
        name="book",
        venue="generic",
        currency="USD",
        collateral_mode=CollateralMode.MULTI_ASSET,
        position_mode=PositionMode.HEDGE,
        rules=MarginRules(netting=Netting.LARGER_LEG),
        prices=prices,
        betas={asset: default_beta(asset) for asset in prices},
        balances={},
        terms=terms,
        positions=(),
    )
    return tuple(ModeTerms(account=replace(account, collateral_mode=mode)) for mode in CollateralMode), contracts


LIMITS = {
    "MC101": ScreenLimit(Decimal("0.9"), Decimal("0.6")),
    "MC102": ScreenLimit(Decimal("0.05"), Decimal("0.2")),
    "MC103": ScreenLimit(Decimal("0.8"), Decimal("0.5")),
    "MC104": ScreenLimit(None, Decimal(5)),
    "MC107": ScreenLimit(None, Decimal("0.6"), warn_alone=False),
}


def book(accounts: int, positions: int, seed: int = 1) -> pa.Table:
    """A seeded book, its numbers as decimals with 8 places."""
    random = np.random.default_rng(seed)
    coins, prices = list(COINS), np.array(list(COINS.values()), "f8")
    total = accounts * positions
    owner = np.repeat(np.arange(accounts), positions)
    coin = random.permuted(np.tile(np.arange(len(coins)), (-(-total // len(coins)), 1)), axis=1).ravel()[:total]
    single = random.random(accounts) < 0.3
    kind = random.choice(3, total, p=(0.7, 0.15, 0.15))
    hedged = np.zeros(total, bool)
    hedged[1::5] = random.random(len(hedged[1::5])) < 0.3
    for one in (coin, kind):
        one[hedged] = one[np.flatnonzero(hedged) - 1]
    size = 10 ** random.uniform(2, 5, total)
    side = random.random(total) < 0.6
    side[hedged] = ~side[np.flatnonzero(hedged) - 1]
    quantity = np.where(kind == 2, np.ceil(size / 10), np.maximum(np.round(size / prices[coin], 6), 1e-6))
    entry = np.round(prices[coin] * random.uniform(0.9, 1.1, total), 6)
    isolated = (random.random(total) < 0.1) & ~hedged & ~np.roll(hedged, -1) & (kind == 0)
    margin = np.round(quantity * prices[coin] / 8, 8)
    symbols = np.array([coin + quote for coin in coins for quote in ("USDT", "USDC", "USD")])
    symbol = (coin * 3 + kind).astype("i4")
    gross = np.bincount(owner, size, accounts)
    aside = np.bincount(owner, np.where(isolated, margin, 0), accounts)
    held = np.zeros((accounts, 4))
    held[:, 0] = np.round(gross * 10 ** random.uniform(-0.9, 0.5, accounts), 8) + aside + np.where(single, gross, 0)
    held[:, 1] = np.round(random.uniform(-0.02, 0.2, accounts) * gross, 8) + np.where(single, gross, 0)
    pick = random.integers(0, len(coins), (accounts, 2))
    pick[:, 1] = (pick[:, 0] + 1 + pick[:, 1] % (len(coins) - 1)) % len(coins)
    held[:, 2:] = np.round(random.uniform(-0.02, 0.2, (accounts, 2)) * gross[:, None] / prices[pick], 8)
    assets = np.array(["USDT", "USDC", *coins])
    place = np.column_stack((np.zeros(accounts, "i4"), np.ones(accounts, "i4"), 2 + pick)).astype("i4")
    count = 3 + (random.random(accounts) < 0.5)
    taken = np.arange(4) < count[:, None]

    def decimals(values: Any, mask: Any = None) -> pa.Array:
        return pa.array(values, mask=mask).cast(pa.decimal128(38, 8)).cast(pa.decimal128(18, 8))

    balances = pa.StructArray.from_arrays(
        [pa.DictionaryArray.from_arrays(place[taken], assets), decimals(held[taken])], ["asset", "amount"]
    )
    rows = pa.StructArray.from_arrays(
        [
            pa.DictionaryArray.from_arrays(symbol, symbols),
            pa.DictionaryArray.from_arrays((~side).astype("i4"), ["long", "short"]),
            decimals(quantity),
            decimals(entry),
            decimals(random.choice((3.0, 5.0, 10.0, 20.0, 50.0), total)[owner]),
            pa.DictionaryArray.from_arrays(isolated.astype("i4"), ["cross", "isolated"]),
            decimals(margin, ~isolated),
        ],
        ["symbol", "side", "quantity", "entry_price", "leverage", "margin_mode", "isolated_margin"],
    )
    ends = np.concatenate(([0], np.cumsum(count))).astype("i4")
    return pa.table(
        {
            "account_id": pa.array(np.char.add("A", np.arange(accounts).astype("U"))),
            "collateral_mode": pa.DictionaryArray.from_arrays(single.astype("i4"), ["multi-asset", "single-asset"]),
            "balances": pa.ListArray.from_arrays(ends, balances),
            "positions": pa.ListArray.from_arrays(np.arange(0, total + 1, positions, dtype="i4"), rows),
        }
    )


def results_of(found: Screened, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The table out."""
    columns = {"account_id": batch.column("account_id")}
    columns |= {name: found.column(name) for name in (*WORDS[1:], *FIGURES)}
    return pa.RecordBatch.from_pydict(columns)


def through(path: Path, out: Path, compiled: Compiled | None, ready: list[Any]) -> float:
    """Seconds of processor time from Parquet to Parquet: with the screen, or with results that are ready."""
    begun, writer = time.process_time(), None
    for number, batch in enumerate(pq.ParquetFile(path).iter_batches(BATCH)):
        rows = ready[number] if compiled is None else results_of(screen(compiled, batch), batch)
        if compiled is not None:
            ready.append(rows)
        writer = writer or pq.ParquetWriter(out, rows.schema)
        writer.write_batch(rows)
    if writer is not None:
        writer.close()
    return time.process_time() - begun


def screened(compiled: Compiled, table: pa.Table, threads: int = 1) -> tuple[float, float, Any]:
    """Processor and wall seconds of the screen alone, and why accounts were left."""
    batches = table.combine_chunks().to_batches(BATCH)
    begun, wall = time.process_time(), time.perf_counter()
    if threads == 1:
        found = [screen(compiled, batch) for batch in batches]
    else:
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(lambda batch: screen(compiled, batch), batches))
    took = time.process_time() - begun, time.perf_counter() - wall
    return *took, np.bincount(np.concatenate([one.why for one in found]), minlength=len(REASONS))


def exact_seconds(modes: tuple[ModeTerms, ...], contracts: dict[str, Contract], table: pa.Table) -> float:
    """Processor seconds of ``report_of`` per account, over a few of them."""
    by_mode = {mode.account.collateral_mode.value: mode.account for mode in modes}
    accounts = []
    random = Random(1)
    for place in random.sample(range(table.num_rows), min(EXACT, table.num_rows)):
        row = table.slice(place, 1).to_pylist()[0]
        bare = by_mode[row["collateral_mode"]]
        positions = tuple(
            Position(
                f"{one['symbol']}:{one['side']}",
                contracts[one["symbol"]],
                1 if one["side"] == "long" else -1,
                one["quantity"],
                one["entry_price"],
                bare.prices[contracts[one["symbol"]].base],
                leverage=one["leverage"],
                margin_mode=MarginMode(one["margin_mode"]),
                isolated_margin=one["isolated_margin"],
            )
            for one in row["positions"]
        )
        accounts.append(replace(bare, balances={b["asset"]: b["amount"] for b in row["balances"]}, positions=positions))
    with exactly():
        begun = time.process_time()
        for account in accounts:
            report_of(account)
        return (time.process_time() - begun) / len(accounts)


COPY = """
import json, os, sys
import pyarrow.parquet as pq
def batches(file):
    return pq.ParquetFile(file, pre_buffer=False).iter_batches(65_536, use_threads=False)
for file in sorted(os.listdir(sys.argv[1])):
    for batch in batches(os.path.join(sys.argv[1], file)):
        pass
schema = pq.read_schema(sys.argv[2])
with pq.ParquetWriter(sys.argv[3], schema, **json.loads(sys.argv[4])) as out:
    for batch in batches(sys.argv[2]):
        out.write_batch(batch)
"""
"""Reads the book, and the rows out, and writes the rows again, with the settings that they were written with."""
MARGINCTL = str(Path(sysconfig.get_path("scripts")) / "marginctl")


class Run(NamedTuple):
    """A process: processor and wall seconds, MiB at most."""

    seconds: float
    wall: float
    memory: float

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s of processor time, {self.wall:.2f} s, {self.memory:.0f} MiB"


def run(*command: str) -> Run:
    """Of a command that ends with 0 or 1."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(f"{command} failed")
    return Run(usage.ru_utime + usage.ru_stime, time.perf_counter() - begun, usage.ru_maxrss / 1024)


def whole_command(accounts: int, positions: int) -> Run:
    """``book check`` on a sample book."""
    with tempfile.TemporaryDirectory() as folder:
        run(MARGINCTL, "book", "sample", str(accounts), "-o", folder, "--positions", str(positions))
        book, rows = f"{folder}/accounts", f"{folder}/rows.parquet"
        check = [MARGINCTL, "book", "check", book, "--header", f"{folder}/header.yaml", "--jobs"]
        one, two = (run(*check, jobs, "--rows", rows) for jobs in ("1", "2"))
        summed = run(*check, "1")
        settings = json.dumps(parquet_settings(RESULTS))
        plain = run(sys.executable, "-c", COPY, book, rows, f"{folder}/copy.parquet", settings)
    print(f"book check of {accounts:,}: {one}")
    print(f"  two threads: {two}: {two.wall / one.wall:.2f} x the wall time")
    print(f"  without rows: {summed}")
    print(f"  pyarrow reading and writing the same: {plain}: {one.seconds / plain.seconds:.2f} x")
    return one


def whole_commands(accounts: int, positions: int, large: int) -> float:
    """The same on books of several sizes. Processor seconds an account of the middle one."""
    sizes = [max(accounts // 10, 1000), accounts, *([large] if large else [])]
    found = [whole_command(size, positions) for size in sizes]
    for size, more, one, other in zip(sizes, sizes[1:], found, found[1:], strict=False):
        exponent = math.log(other.seconds / one.seconds, more / size)
        print(f"book check, from {size:,} to {more:,}: exponent {exponent:.2f}, {other.memory - one.memory:+.0f} MiB")
    return found[1].seconds / accounts


def main(accounts: int = 1_000_000, positions: int = 5, large: int = 0) -> None:
    """Print one line per goal."""
    each = whole_commands(accounts, positions, large)  # first: what a process starts from counts as its own
    modes, contracts = header()
    compiled = compile_book(modes, contracts, LIMITS)
    table = book(accounts, positions)
    one, wall, why = screened(compiled, table)
    print(f"screen of {accounts:,} x {positions}: {one:.2f} s, {one / accounts * 1e6:.2f} us an account")
    left = {REASONS[place]: int(number) for place, number in enumerate(why) if place and number}
    print(f"  left to the exact core: {sum(left.values()) / accounts:.4%} {left}")
    two, wall_two, _ = screened(compiled, table, 2)
    print(f"  on two threads: {two / one:.2f} x the processor time, {wall_two / wall:.2f} x the wall time")
    small = book(max(accounts // 10, 1000), positions, seed=2)
    less = min(screened(compiled, small)[0] for _ in range(3))
    print(f"  growth of accounts: exponent {math.log(one / less, accounts / small.num_rows):.2f}")
    few, many = book(20_000, 5, seed=3), book(20_000, 100, seed=3)
    first, second = (min(screened(compiled, found)[0] for _ in range(3)) for found in (few, many))
    print(f"  growth of positions, 5 to 100: exponent {math.log(second / first, 20):.2f} ({second / 2e4 * 1e6:.1f} us)")
    exact = exact_seconds(modes, contracts, table)
    print(f"exact core: {exact * 1e3:.2f} ms an account, {exact / (one / accounts):.0f} x the screen")
    print(f"  {exact / each:.0f} x the whole command")
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "book.parquet", Path(folder) / "rows.parquet"
        pq.write_table(table, path)
        ready: list[Any] = []
        whole = through(path, out, compiled, ready)
        plain = through(path, out, None, ready)
        print(f"Parquet in and out: {whole:.2f} s, pyarrow alone {plain:.2f} s: {whole / plain:.2f} x")
        print(f"whole run per account: 1 : {exact / (whole / accounts):.0f} of the exact core")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
