"""How commands grow with what a file holds: ``python tests/bench/growth.py [--most SECONDS]``.

Not a test: machines differ and are noisy. Processor time of one process, without imports; each size is four times the
one before. The exponent is that of the last two sizes that were measured: 1 is as much work as there is to read, 2 each
with each. Stops a row where the next size would take longer than ``--most`` seconds.
"""

import argparse
import contextlib
import io
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from marginctl.cli.app import app

TIMES = 4


def _head(assets: int, more: str = "") -> str:
    prices = ", ".join([*(f"A{i}: 100" for i in range(assets)), "BTC: 60000"])
    return f"account: {{venue: generic}}\nprices: {{{prices}}}\n{more}collateral:\n"


def _positions(number: int, more: str = "", size: str = "") -> str:
    rows = (
        f"  - {{symbol: A{i}USDT, side: {'long' if size or i % 2 else 'short'}, quantity: {size or 20 + 37 * i % 280}, "
        f"leverage: 10, maintenance_rate: 1%{more}}}\n"
        for i in range(number)
    )
    return "positions:\n" + "".join(rows)


def positions(number: int) -> str:
    """Positions of one pool, each of another asset."""
    return _head(number) + f"  - {{asset: USDT, amount: {number * 200_000}}}\n" + _positions(number)


def isolated(number: int) -> str:
    """Positions that are pools of their own."""
    more = ", margin_mode: isolated, isolated_margin: 4000"
    return _head(number) + f"  - {{asset: USDT, amount: {number * 200_000}}}\n" + _positions(number, more)


def dying(number: int) -> str:
    """Positions of one pool that a fall of 60% closes one by one."""
    return _head(number) + f"  - {{asset: USDT, amount: {number * 700}}}\n" + _positions(number, size="20")


def dying_alone(number: int) -> str:
    """Positions that are pools of their own, which a fall of 60% closes one by one."""
    more = ", margin_mode: isolated, isolated_margin: 600"
    rows = _positions(number, more, size="2")
    for i in range(number):  # each at a move of its own
        rows = rows.replace("isolated_margin: 600}", f"isolated_margin: {20 + i % 97}.{i % 10}}}", 1)
    return _head(number) + f"  - {{asset: USDT, amount: {number * 700}}}\n" + rows


def assets(number: int) -> str:
    """Balances in assets of their own, behind one position."""
    held = "".join(f"  - {{asset: A{i}, amount: 1, haircut: 1%}}\n" for i in range(number))
    return _head(number) + held + _positions(1)


def tiers(number: int) -> str:
    """Tiers of one contract, and a position in the last."""
    rows = ", ".join(
        f"{{up_to: {(i + 1) * 1000}, maintenance_rate: 0.{i + 1:06d}, max_leverage: 1}}" for i in range(number)
    )
    contract = f"contracts: {{A0USDT: {{base: A0, quote: USDT, tiers: [{rows}]}}}}\n"
    held = f"  - {{asset: USDT, amount: {number * 300}}}\n"
    row = f"positions: [{{symbol: A0USDT, side: long, quantity: {number * 10 - 5}, leverage: 1}}]\n"
    return _head(1, contract) + held + row


def limits(number: int) -> str:
    """Limits of single positions, of as many positions."""
    rows = ", ".join(f"A{i}USDT: {{max_leverage: {11 + i % 7}}}" for i in range(number))
    return positions(number) + f"limits: {{positions: {{{rows}}}}}\n"


def scenarios(number: int) -> str:
    """Scenarios that have to be survived, of 20 positions."""
    rows = "".join(f"  - {{name: s{i}, shocks: {{'*': -{1 + i % 60}%}}}}\n" for i in range(number))
    return positions(20) + "scenarios:\n" + rows + "limits: {survive: all}\n"


def orders(number: int) -> str:
    """Open orders on one position's contract, at prices of their own."""
    rows = "".join(f"  - {{symbol: A0USDT, side: buy, quantity: 2, price: {90 - i / 1000}}}\n" for i in range(number))
    return _head(1) + f"  - {{asset: USDT, amount: {number * 2000}}}\n" + _positions(1) + "orders:\n" + rows


Made = Callable[[int], str]
CHECK = "check FILE --format json"
CASCADE = "stress FILE --cascade --shock *=-60% --format json"
ROWS: tuple[tuple[str, str, Made, int], ...] = (
    *(("check", CHECK, one, 100) for one in (positions, isolated, assets, tiers, limits, scenarios, orders)),
    *(("explain", "explain FILE totals.equity --format json", one, 100) for one in (positions, assets, tiers)),
    *(("stress", "stress FILE --shock *=-20% --format json", one, 100) for one in (positions, isolated, assets, tiers)),
    ("stress, scenarios", "stress FILE --format json", scenarios, 20),
    *(("stress --cascade", CASCADE, one, 50) for one in (dying, dying_alone, tiers)),
    *(("headroom", "headroom FILE --format json", one, 5) for one in (positions, isolated, assets, tiers, scenarios)),
    *(("what-if", "what-if FILE --deposit USDT=1 --format json", one, 100) for one in (positions, assets, tiers)),
    ("what-if --mode", "what-if FILE --mode isolated --format json", positions, 20),
    *(("compare", "compare FILE --format json", one, 20) for one in (positions, tiers)),
    *(("report", "report FILE -o -", one, 20) for one in (positions, assets, tiers, scenarios)),
)


def measured(words: str, made: Made, size: int, most: float) -> Iterator[tuple[int, float]]:
    """Sizes and seconds, until the next size would take too long."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "book.yaml"
        while True:
            file.write_text(made(size), encoding="utf-8")
            arguments = [str(file) if word == "FILE" else word for word in words.split()]
            began = time.process_time()
            code = _run(arguments)
            seconds = time.process_time() - began
            if code not in (0, 1):
                raise SystemExit(f"{words}: {made.__name__} {size}: exit {code}")
            yield size, seconds
            if seconds * TIMES**2 > most:
                return
            size *= TIMES


def _run(arguments: list[str]) -> int:
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        try:
            app(arguments)
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else 0
    return 0


def main() -> None:
    """Print a row for each."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--most", type=float, default=10)
    reader.add_argument("--only", default="")
    given = reader.parse_args()
    for name, words, made, size in ROWS:
        if given.only not in f"{name} {made.__name__}":
            continue
        found = list(measured(words, made, size, given.most))
        (before, less), (last, more) = found[-2:] if len(found) > 1 else (found[0], found[0])
        exponent = math.log(more / less) / math.log(last / before) if last > before else float("nan")
        told = "  ".join(f"{number}: {seconds:.2f}" for number, seconds in found)
        print(f"{name:<20}{made.__name__:<14}{exponent:5.2f}   {told}", flush=True)


if __name__ == "__main__":
    main()
