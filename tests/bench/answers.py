"""How long an import takes: ``python tests/bench/answers.py``. Not a test; goal: 1,000 answers, under 5 ms each.

The recorded accounts, one after the other, in one process until a thousand answers are imported (read, written as a
portfolio, and that checked for what is missing); the maps are loaded once, before. Beside it, in the same run and in
turn with it: the reading of the same answers alone, and a check of a portfolio of one position. Processor time.
"""

import time
from collections import defaultdict
from datetime import date
from itertools import cycle
from pathlib import Path

from marginctl.analysis.check import Settings, check
from marginctl.analysis.importing import imported
from marginctl.portfolio.importing.notebook import Request
from marginctl.venues.answers.map_files import bundled_maps
from marginctl.venues.answers.recognition import AnswerFile, read_answers

RECORDED = Path(__file__).parent.parent / "venues" / "answers" / "recorded"
COUNT = 1000
SETTINGS = Settings(today=date(2026, 11, 22))
ONE = b"""\
account: {venue: binance-usdm}
collateral: [{asset: USDT, amount: 50000}]
positions: [{symbol: BTCUSDT, side: long, quantity: 1, entry_price: 61000, mark_price: 60000, leverage: 10}]
"""


def accounts() -> list[list[AnswerFile]]:
    """The recorded answers, those of an account together."""
    found: defaultdict[tuple[str, str], list[AnswerFile]] = defaultdict(list)
    for path in sorted(RECORDED.glob("*/*.json")):
        if path.parent.name != "errors":
            found[path.parent.name, path.name.partition(".")[0]].append(AnswerFile(path.name, path.read_bytes()))
    return list(found.values())


def main() -> None:
    """Print the time of each part, and what it is of the others."""
    began = time.process_time()
    bundled_maps()
    loading = time.process_time() - began
    listed = accounts()
    for files in listed:
        imported(files, None, Request(), SETTINGS)
    spent: defaultdict[str, float] = defaultdict(float)
    answers = 0
    for files in cycle(listed):
        start = time.process_time()
        imported(files, None, Request(), SETTINGS)
        middle = time.process_time()
        read_answers(files)
        end = time.process_time()
        check(ONE, "one.yaml", SETTINGS)
        spent["import"] += middle - start
        spent["reading"] += end - middle
        spent["check"] += (time.process_time() - end) * len(files)
        answers += len(files)
        if answers >= COUNT:
            break
    each = {name: seconds / answers * 1000 for name, seconds in spent.items()}
    print(f"maps {loading * 1000:.0f} ms; {answers} answers imported, {each['import']:.2f} ms each")
    print(f"  {each['import'] / each['reading']:.1f} x their reading ({each['reading']:.2f} ms)")
    print(f"  {each['import'] / each['check']:.1f} x a check of one position ({each['check']:.2f} ms)")


if __name__ == "__main__":
    main()
