"""How long the reading of an answer takes: ``python tests/bench/answers.py``. Not a test; goal: under 5 ms each.

A thousand recorded answers, one after the other, in one process; the maps are loaded once, before.
"""

import time
from pathlib import Path

from marginctl.venues.answers.map_files import bundled_maps
from marginctl.venues.answers.recognition import AnswerFile, read_answers

RECORDED = Path(__file__).parent.parent / "venues" / "answers" / "recorded"
COUNT = 1000


def main() -> None:
    began = time.perf_counter()
    bundled_maps()
    loaded = time.perf_counter()
    paths = sorted(path for path in RECORDED.glob("*/*.json") if path.parent.name != "errors")
    files = [AnswerFile(path.name, path.read_bytes()) for path in paths]
    start = time.perf_counter()
    for number in range(COUNT):
        read_answers([files[number % len(files)]])
    each = (time.perf_counter() - start) / COUNT
    print(f"maps {(loaded - began) * 1000:.0f} ms, {COUNT} answers {each * 1000:.2f} ms each")


if __name__ == "__main__":
    main()
