"""How long margin models take: ``python tests/bench/models.py``. Not a test: machines differ and are noisy.

goal                                                               measured
a report of 20 positions, 1,000 returns, ES 97.5%      < 0.3 s     liquidation of every kind included, read apart
a report of 50 positions, 2,500 returns, ES 97.5%      < 2 s       the same
``compare`` of 5 positions over all venues             < 10 x      ``check`` of the same file, whole processes in turn
what ``check`` says of sharing a pool, 5 positions     -           beside the rest of ``check``, in one process
"""

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from run import MARGINCTL, compared

from marginctl.analysis.check import Settings, check, load_portfolio
from marginctl.core.assemble import report_of
from marginctl.core.exact import exactly

TODAY = date(2026, 11, 22)
FIVE = """\
account: {taker_fee: 0.05%}
prices: {BTC: 60000, ETH: 3000, SOL: 150, XRP: 2, DOGE: 0.2}
collateral: [{asset: USDT, amount: 50000, haircut: 0}]
positions:
  - {symbol: BTCUSDT, side: long, quantity: 1, entry_price: 61000, leverage: 10, maintenance_rate: 1%}
  - {symbol: ETHUSDT, side: long, quantity: 20, entry_price: 2900, leverage: 8, maintenance_rate: 1%}
  - {symbol: SOLUSDT, side: short, quantity: 100, entry_price: 145, leverage: 8, maintenance_rate: 1%}
  - {symbol: XRPUSDT, side: short, quantity: 1000, entry_price: 2.1, leverage: 8, maintenance_rate: 1%}
  - {symbol: DOGEUSDT, side: long, quantity: 10000, entry_price: 0.22, leverage: 8, maintenance_rate: 1%}
"""


def written(folder: Path, assets: int, rows: int, model: str = "expected-shortfall") -> bytes:
    """A book of as many coins, long and short, with a history of prices beside it."""
    draw = random.Random(11)
    coins = [f"C{k:02}" for k in range(assets)]
    prices = [100.0 + 7 * k for k in range(assets)]
    lines = ["date," + ",".join(coins)]
    for number in range(rows + 1):
        market = draw.gauss(0, 0.02)
        prices = [price * (1 + market + draw.gauss(0, 0.03)) for price in prices]
        lines.append(f"{date(2019, 1, 1) + timedelta(number)}," + ",".join(f"{price:.4f}" for price in prices))
    (folder / "history.csv").write_text("\n".join(lines) + "\n")
    text = [f"account: {{margin_model: {model}}}", "history: {file: history.csv}", "portfolio_margin: {}", "prices:"]
    text += [f"  {coin}: {price:.4f}" for coin, price in zip(coins, prices, strict=True)]
    text += [f"collateral: [{{asset: USDT, amount: {20000 * assets}}}]", "positions:"]
    for k, (coin, price) in enumerate(zip(coins, prices, strict=True)):
        side = "short" if k % 3 == 0 else "long"
        text.append(f"  - {{symbol: {coin}USDT, side: {side}, quantity: {10000 / price:.4f}}}")
    return "\n".join(text).encode()


def seconds(work: Callable[[], object], runs: int = 5) -> float:
    """The median of some runs, of processor time."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def main() -> None:
    """Print one line per goal."""
    with tempfile.TemporaryDirectory() as folder, exactly():
        for assets, rows in ((20, 1_000), (50, 2_500)):
            data, name = written(Path(folder), assets, rows), str(Path(folder) / "book.yaml")
            start = time.process_time()
            loaded, problems = load_portfolio(data, name, Settings(today=TODAY))
            read = time.process_time() - start
            if loaded is None:
                raise RuntimeError(problems)
            account = loaded.account
            took = seconds(lambda account=account: report_of(account), 3)  # type: ignore[misc]
            print(f"{rows:,} returns x {assets} assets: report {took:.2f} s, beside it {read:.2f} s to read the files")
        path = Path(folder) / "five.yaml"
        path.write_text(FIVE)
        took, ratio = compared([MARGINCTL, "compare", str(path), "--venues", "all"], [MARGINCTL, "check", str(path)])
        print(f"compare of 5 positions over all venues: {took:.3f} s, {ratio:.1f} x a check")
        plain, weighing = Settings(today=TODAY), Settings(today=TODAY, weighs_pools=True)
        checks = [seconds(lambda one=one: check(FIVE.encode(), "five.yaml", one), 25) for one in (plain, weighing)]  # type: ignore[misc]
        print(
            f"check of 5 positions: {checks[0] * 1000:.2f} ms, with what sharing a pool saves {checks[1] * 1000:.2f} ms"
        )


if __name__ == "__main__":
    main()
