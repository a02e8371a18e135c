"""Whole-process timings, as ratios measured in one run: ``python tests/bench/run.py``.

Not a test: machines differ and are noisy. What is compared runs in turn (A B A B ...), the median of the pairs counts.
It needs the package installed with its bytecode (``pip install .``), as a user has it.

goal                                          measured against
``check`` of 5 positions, json   < 1.30 x     an empty Typer command
``check`` of 5 positions, table  < 1.80 x     an empty Typer command
one account of 10,000 positions  < 2 s        and about 10 x one of 1,000
1,000 files of 5 positions       < 4 ms each  by jsonl
``headroom`` of 20 positions     < 10 x       ``check`` of the same file
a file that is refused           < 5 x        ``check`` of 5 positions, for each kind of bomb
``report`` of 5 positions        < 1.5 x      ``check`` and ``stress --grid --cascade`` of it; 200 kB
100 accounts, --detail 20        < 3 MB       of ``report``
1,000 shocks of one book         < 3 ms each  in one process, by the library
"""

import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import marginctl

RUNS = 15
MARGINCTL = str(Path(sysconfig.get_path("scripts")) / "marginctl")
EMPTY = """
import typer
app = typer.Typer()
@app.command()
def first(): pass
@app.command()
def second(): pass
app()
"""
FIVE = """\
account: {venue: binance-usdm}
prices: {BTC: 60000, ETH: 3000, SOL: 150, XRP: 2, DOGE: 0.2}
collateral: [{asset: USDT, amount: 50000}]
positions:
  - {symbol: BTCUSDT, side: long, quantity: 1, entry_price: 61000, leverage: 10, funding_rate: 0.01%}
  - {symbol: ETHUSDT, side: long, quantity: 20, entry_price: 2900, leverage: 8, funding_rate: 0.01%}
  - {symbol: SOLUSDT, side: short, quantity: 100, entry_price: 145, leverage: 8, funding_rate: 0.01%}
  - {symbol: XRPUSDT, side: short, quantity: 1000, entry_price: 2.1, leverage: 8, funding_rate: 0.01%}
  - {symbol: DOGEUSDT, side: long, quantity: 10000, entry_price: 0.22, leverage: 8, funding_rate: 0.01%}
"""


def large_account(positions: int) -> str:
    """One account on as many contracts, every one on an underlying of its own, tiers included."""
    tiers = "[{up_to: 100, maintenance_rate: 0.5%, max_leverage: 50}, {maintenance_rate: 1%, max_leverage: 25}]"
    rows = ["collateral: [{asset: USDT, amount: 10000000}, {asset: BTC, amount: 2, haircut: 5%}]", "prices:"]
    rows += ["  BTC: 60000", *(f"  A{i}: {50 + i % 100}" for i in range(positions))]
    rows += ["contracts:", *(f"  A{i}USDT: {{tiers: {tiers}}}" for i in range(0, positions, 10))]
    rows += ["positions:"]
    for i in range(positions):
        side = "short" if i % 3 else "long"
        own = "" if i % 10 == 0 else ", maintenance_rate: 0.5%"
        held = f"side: {side}, quantity: {1 + i % 7}, entry_price: {51 + i % 99}, leverage: 10{own}"
        rows.append(f"  - {{symbol: A{i}USDT, {held}}}")
    return "\n".join(rows) + "\n"


def book(positions: int) -> str:
    """A file with as many positions, each with its own coin and a table of tiers, and limits."""
    coins = [f"C{number:02}" for number in range(positions)]
    tiers = "{up_to: 5000, maintenance_rate: 0.5%, max_leverage: 50}, {maintenance_rate: 1%, max_leverage: 25}"
    rows = ["prices:", *(f"  {coin}: {10 + n * 7}" for n, coin in enumerate(coins))]
    rows += ["collateral: [{asset: USDT, amount: 50000}]"]
    rows += ["contracts:", *(f"  {coin}USDT: {{tiers: [{tiers}]}}" for coin in coins), "positions:"]
    for n, coin in enumerate(coins):
        held = f"side: {'long' if n % 3 else 'short'}, notional: {3000 + n * 100}, entry_price: {11 + n * 7}"
        rows.append(f"  - {{symbol: {coin}USDT, {held}, leverage: 10, funding_rate: 0.01%}}")
    rows.append("limits: {max_utilization: 14%, min_liquidation_distance: 20%, max_leverage: 5}")
    return "\n".join(rows) + "\n"


BOMBS = {
    "deep lists": "[" * 100_000,
    "a key of a megabyte": '"' + "x" * 1_000_000 + '": 1\n',
    "a number of a megabyte": f"prices: {{BTC: {'9' * 1_000_000}}}\n",
    "20,000 problems": "\n".join(f"k{i}: 1" for i in range(20_000)),
    "100,000 lines": "x" * 40 + "\n" * 100_000 + "- a",
}
"""Files that are refused, and must be at once."""


def seconds(command: list[str]) -> float:
    """Wall time of one run; its output goes nowhere."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - started


def compared(one: list[str], other: list[str]) -> tuple[float, float]:
    """(median seconds of ``one``, median ratio one / other), run in turn."""
    pairs = [(seconds(one), seconds(other)) for _ in range(RUNS + 1)][1:]
    return statistics.median(a for a, _ in pairs), statistics.median(a / b for a, b in pairs)


def shocks_of_one_book(count: int, **options: str) -> tuple[float, float]:
    """Seconds of processor time for a check of 5 positions: kept and shocked, and read anew."""
    kept, times = marginctl.read(FIVE), []
    for book in (kept, FIVE):
        marginctl.check(book)
        start = time.process_time()
        for number in range(count):
            marginctl.check(book, shocks={"BTC": f"-{number * 40 // count}%"}, **options)
        times.append((time.process_time() - start) / count)
    return times[0], times[1]


def pages(root: Path) -> None:
    """Print what the page of a report takes, and how large it is."""
    five, page = str(root / "five.yaml"), root / "page.html"
    both = f"{MARGINCTL} check {five} && {MARGINCTL} stress {five} --grid BTC,ETH --cascade"
    took, ratio = compared([MARGINCTL, "report", five, "-o", str(page)], ["sh", "-c", both])
    size = page.stat().st_size / 1000
    print(f"report of 5 positions: {took * 1000:.0f} ms, {ratio:.2f} x check and stress, {size:.0f} kB")
    books = root / "books"
    books.mkdir()
    for i in range(100):
        (books / f"{i:03}.yaml").write_text(FIVE)
    took = seconds([MARGINCTL, "report", str(books), "-o", str(page)])
    print(f"report of 100 accounts: {took:.2f} s, {page.stat().st_size / 1e6:.2f} MB")


def main() -> None:
    """Print one line per goal."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "empty.py").write_text(EMPTY)
        (root / "five.yaml").write_text(FIVE)
        empty = [sys.executable, str(root / "empty.py"), "first"]
        for form in ("json", "table"):
            took, ratio = compared([MARGINCTL, "check", str(root / "five.yaml"), "--format", form], empty)
            print(f"check of 5 positions, {form}: {took * 1000:.0f} ms, {ratio:.2f} x an empty Typer command")
        times = {}
        for size in (1_000, 10_000):
            path = root / f"{size}.yaml"
            path.write_text(large_account(size))
            command = [MARGINCTL, "check", str(path), "--format", "json"]
            times[size] = statistics.median(seconds(command) for _ in range(3))
            print(f"one account of {size:,} positions, json: {times[size]:.2f} s")
        print(f"  10 x the positions take {times[10_000] / times[1_000]:.1f} x the time")
        (root / "twenty.yaml").write_text(book(20))
        twenty = [str(root / "twenty.yaml"), "--format", "json"]
        took, ratio = compared([MARGINCTL, "headroom", *twenty], [MARGINCTL, "check", *twenty])
        print(f"headroom of 20 positions: {took * 1000:.0f} ms, {ratio:.1f} x a check of them")
        pages(root)
        for options in ({}, {"select": "MC101"}):
            kept, fresh = shocks_of_one_book(1_000, **options)
            print(f"library, a shock of 5 positions {options}: {kept * 1000:.2f} ms, read anew {fresh / kept:.2f} x")
        for name, text in BOMBS.items():
            (root / "bomb.yaml").write_text(text)
            checks = [[MARGINCTL, "check", str(root / file), "--format", "json"] for file in ("bomb.yaml", "five.yaml")]
            took, ratio = compared(*checks)
            print(f"refused, {name}: {took * 1000:.0f} ms, {ratio:.1f} x a check of 5 positions")
        many = root / "many"
        many.mkdir()
        for i in range(1_000):
            (many / f"{i:04}.yaml").write_text(FIVE)
        took = statistics.median(seconds([MARGINCTL, "check", str(many), "--format", "jsonl"]) for _ in range(3))
        print(f"1,000 files of 5 positions, jsonl: {took:.2f} s, {took:.2f} ms each on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
