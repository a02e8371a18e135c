"""``python -m tests.deep.fuzz --minutes 10``: damaged files and flags of every kind against what must always hold.

Says the seed, how many inputs were tried and what broke; each input that broke something is kept, to become an example
in ``tests/deep/found``. Exits 1 when anything broke.
"""

import argparse
import json
import os
import random
import re
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import chdir
from decimal import Decimal, setcontext
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from tests.deep.damage import damaged, damaged_word
from tests.deep.direct import DIRECT, has_kernel
from tests.render.pages_html import sound
from typer.main import get_command
from typer.testing import CliRunner

from marginctl.cli.app import app
from marginctl.core.exact import CONTEXT

ROOT = Path(__file__).parents[2]
TODAY = ("--today", "2026-11-22")
SLOW = 20.0
"""Seconds for one input of a few lines, on a busy machine."""
LARGEST = 200_000
"""Bytes of a file to begin with."""
ORDER = re.compile(r"^\s*::[a-z-]+ ?.*::|##\w*\[", re.MULTILINE)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029]")


class Kind(NamedTuple):
    """A kind of file: where whole ones are, its ending, and the commands that read it (FILE: the damaged one)."""

    places: tuple[str, ...]
    suffix: str
    commands: tuple[str, ...]
    stem: str = "input"
    """The name of the damaged file: a configuration is found by it."""


BOOK = "portfolios/03-cross-margin.yaml"
BOOKS = ("portfolios/*.yaml", "tests/pinned/inputs/books/*.yaml", "tests/deep/found/*.yaml")
CONFIGURED = (
    "config --format json",
    f"check {BOOK} --format json",
    f"headroom {BOOK} --format json",
    "check",
    "config",
)
KINDS = {
    "portfolio": Kind(
        BOOKS,
        ".yaml",
        (
            *("check FILE --format json", "check FILE --format json", "check FILE --format table -v --width 100"),
            *("check FILE --format csv", "check FILE --format sarif", "check FILE --format markdown"),
            *("stress FILE --format json --shock *=-50%", "stress FILE --cascade --format json --shock *=-60%"),
            *("headroom FILE --format json", "explain FILE totals.equity --format json"),
            *(
                "what-if FILE --deposit USDT=100 --format json",
                "compare FILE --format json",
                "check FILE --format junit",
            ),
        ),
    ),
    "policy": Kind(
        ("tests/pinned/inputs/policies/*.yaml", "tests/deep/configurations/*.yaml"),
        ".yaml",
        (f"check {BOOK} --limits FILE --format json", "policy check FILE --format json", "policy check FILE"),
    ),
    "policy test": Kind(
        ("tests/pinned/inputs/cases/*.yaml",),
        ".yaml",
        ("policy test FILE --format json", "policy test FILE --format junit", "policy test FILE"),
    ),
    "configuration": Kind(("tests/deep/configurations/*.yaml",), ".yaml", CONFIGURED, "marginctl"),
    "project": Kind(("tests/deep/configurations/*.toml",), ".toml", CONFIGURED, "pyproject"),
    "baseline": Kind((), ".json", (f"check {BOOK} --baseline FILE --format json",)),
    "rule set": Kind(
        ("src/marginctl/venues/data/generic.yaml", "tests/pinned/inputs/rules/*.yaml"),
        ".yaml",
        ("venue FILE --format json", "venue FILE"),
    ),
    "answer": Kind(
        ("tests/venues/answers/recorded/*/*.json", "tests/pinned/inputs/answers/*.json"),
        ".json",
        ("import FILE --format json", "import FILE --reconcile", "venue refresh bybit --from FILE --format json"),
    ),
    "page": Kind(BOOKS, ".yaml", ("report FILE -o -", "report FILE -o - --detail 0 --no-data --grid BTC,ETH")),
    "flags": Kind((BOOK,), ".yaml", ("",)),
}
OFTEN = {"expression": 8, "kernel": 8, "map": 2, "portfolio": 4, "flags": 3, "policy": 2}
"""Kinds of which there are more inputs than of the others: those that take the least time, or have the most to say."""
FLAGS = (
    *("check FILE --format json --shock BTC=-20%", "check FILE --format json --set positions.0.leverage=5"),
    *("check FILE --format json --today 2026-11-22", "check FILE --format json --select MC101 --ignore MC107"),
    *("stress FILE --format json --shock *=-20%", "stress FILE --format json --builtin 2020-03-12"),
    *("what-if FILE --format json --open BTCUSDT~long~0.5~@~60000~x10", "what-if FILE --format json --close BTCUSDT"),
    *("what-if FILE --format json --resize BTCUSDT=0.1", "what-if FILE --format json --price BTC=50000"),
    *("what-if FILE --format json --withdraw USDT=10", "what-if FILE --format json --mode BTCUSDT=isolated"),
    *("explain FILE positions.BTCUSDT.liquidation_price --format json", "headroom FILE --format json --shock ETH=1%"),
    *("rule MC102 --format json", "venue bybit --symbol BTCUSDT --format json", "schema portfolio"),
    *("report FILE -o - --grid BTC,ETH", "import FILE --wallet USDT=1 --format json"),
)
"""``~`` is a blank within a word."""


class Input(NamedTuple):
    """A damaged file and the words of the command that reads it."""

    kind: str
    data: bytes
    suffix: str
    words: tuple[str, ...]


def inputs(seed: int) -> Iterator[Input]:
    """Without end, the same for a seed."""
    dice = random.Random(seed)
    whole = {kind: _whole(one) for kind, one in KINDS.items()}
    direct = {kind: make(random.Random(f"{seed} {kind}")) for kind, (make, _) in DIRECT.items()}
    if not has_kernel():
        del direct["kernel"]
    kinds = [name for name in (*whole, *direct) for _ in range(OFTEN.get(name, 1))]
    while True:
        kind = dice.choice(kinds)
        yield Input(kind, next(direct[kind]), ".txt", ()) if kind in direct else _of_a_file(kind, whole[kind], dice)


def _of_a_file(kind: str, texts: list[bytes], dice: random.Random) -> Input:
    text, one = dice.choice(texts), KINDS[kind]
    if kind != "flags":
        return Input(kind, damaged(text, dice, texts), one.suffix, tuple(dice.choice(one.commands).split()))
    words = [word.replace("~", " ") for word in dice.choice(FLAGS).split()]
    at = dice.randrange(len(words))
    words[at] = words[at] if words[at] == "FILE" else damaged_word(words[at], dice)
    return Input(kind, text, one.suffix, tuple(words))


def _whole(kind: Kind) -> list[bytes]:
    paths = [path for place in kind.places for path in sorted(ROOT.glob(place)) if path.stat().st_size < LARGEST]
    return [path.read_bytes() for path in paths] or ([BASELINE] if kind.suffix == ".json" else [])


BASELINE = b"""{"schema": "marginctl.baseline/1", "portfolios": {"../../portfolios/03-cross-margin.yaml": [
  {"code": "MC107", "subject": "BTC", "value": 1, "limit": 0.6}]}}
"""


def broken(one: Input, folder: Path) -> list[str]:
    """What does not hold for an input, in words; nothing where all does."""
    if one.kind in DIRECT:
        try:
            return DIRECT[one.kind][1](one.data)
        except Exception as error:
            return [f"{type(error).__name__}: {error}"[:200]]
    file = folder / f"{KINDS[one.kind].stem}{one.suffix}"
    file.write_bytes(one.data)
    try:
        return _broken(one, file, folder)
    finally:
        file.unlink()


def _broken(one: Input, file: Path, folder: Path) -> list[str]:
    words = [{"FILE": str(file), BOOK: str(ROOT / BOOK)}.get(word, word) for word in one.words]
    dated = TODAY if words[:1] and words[0] in ("check", "stress", "what-if", "headroom", "compare", "import") else ()
    ran = _run([*words, *(() if "--today" in words else dated)], folder)
    if ran.error is not None:
        return [f"{type(ran.error).__name__}: {ran.error}"[:200]]
    flags = words[: words.index("--")] if "--" in words else words
    form = _form(flags)
    return [
        *(["slow"] if ran.seconds > SLOW else []),
        *told_wrong(ran.code, ran.out, ran.errors, form, one.data),
        *(_page(ran.out) if one.kind == "page" and ran.code != 2 else []),
    ]


def _form(flags: list[str]) -> str:
    """The format that is asked for; none where a damaged word asks for another one (``-fcsv``)."""
    is_other = any(re.match("-f.", word) for word in flags)
    return "" if is_other else next((after for word, after in pairwise(flags) if word == "--format"), "")


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    errors: str
    error: BaseException | None
    seconds: float


@cache
def _command() -> Any:
    """Made once: that takes ten times as long as most commands run."""
    return get_command(app)


def _run(words: list[str], folder: Path) -> Ran:
    code, error = 0, None
    began = time.perf_counter()
    with chdir(folder), CliRunner().isolation() as streams:  # a damaged name is written there
        try:
            _command().main(words, prog_name="marginctl")
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        except Exception as raised:
            error = raised
        sys.stdout.flush()
        sys.stderr.flush()
        out, errors = (one.getvalue().decode("utf-8", "replace") for one in streams[:2])
    return Ran(code, out, errors, error, time.perf_counter() - began)


def _page(text: str) -> list[str]:
    """What a page has wrong: it is to be what ``sound`` says of every page, whatever the file's texts are."""
    try:
        sound(text)
    except Exception as error:
        return [f"the page: {type(error).__name__}: {error}"[:200]]
    return []


def told_wrong(code: int, out: str, errors: str, form: str, data: bytes) -> list[str]:
    """What an exit code and the two streams have wrong."""
    wrong = [] if code in (0, 1, 2) else [f"exit {code}"]
    if code == 2 and not (out + errors).strip():
        wrong.append("exit 2 and not a word")
    if form in ("json", "table", "markdown", "csv", "sarif") and CONTROL.search(
        errors + (out if form != "csv" else "")
    ):
        wrong.append("a control character")
    if form in ("json", "sarif", "csv", "markdown", "junit") and ORDER.search(out):
        wrong.append("an order to a runner")
    if ORDER.search(errors):
        wrong.append("an order to a runner on standard error")
    return [*wrong, *(_document(code, out, data) if form == "json" else [])]


def _document(code: int, out: str, data: bytes) -> list[str]:
    try:
        document = json.loads(out, parse_float=Decimal, parse_constant=lambda name: 1 / 0)
    except (ValueError, ZeroDivisionError):
        return ["no valid JSON"]
    wrong = []
    if document.get("summary", {}).get("exit_code", code) != code:
        wrong.append("the document says another exit code")
    errors = [*document.get("errors", ()), *(e for one in document.get("reports", ()) for e in one.get("errors", ()))]
    if (code == 2) != bool(errors) and document.get("schema") != "marginctl.import/1":
        wrong.append(f"exit {code} with {len(errors)} errors")
    last = len(re.split(rb"\r\n|\r|\n", data))
    damaged_ones = {kind.stem for kind in KINDS.values()}
    wrong += [
        "a line beyond the end"
        for one in errors
        if (one.get("line") or 0) > last and Path(one["file"]).stem in damaged_ones
    ]
    wrong += ["a margin below zero" for one in document.get("reports", ()) if _is_negative(one)]
    return wrong


def _is_negative(report: Any) -> bool:
    totals = report.get("totals") or {}
    return any((totals.get(name) or 0) < 0 for name in ("maintenance_margin", "initial_margin", "gross_notional"))


class Tally(NamedTuple):
    """How many inputs were tried, of each kind, and what broke how often."""

    tried: int
    kinds: Counter[str]
    found: Counter[str]


def run(seed: int, *, minutes: float = 0, most: int = 0, keep: Path | None = None) -> Tally:
    """Try inputs for a time or a number. Those that break something are kept."""
    setcontext(CONTEXT)
    os.environ.pop("GITHUB_ACTIONS", None)
    found, kinds = Counter[str](), Counter[str]()
    tried, until = 0, time.monotonic() + minutes * 60
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for one in inputs(seed):
            if tried == most if most else time.monotonic() > until:
                break
            tried += 1
            kinds[one.kind] += 1
            wrong = broken(one, folder)
            found.update(wrong)
            if wrong and keep is not None:
                _keep(one, wrong, keep / f"{seed}-{tried}")
    return Tally(tried, kinds, found)


def _keep(one: Input, wrong: list[str], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(one.suffix).write_bytes(one.data)
    told = {"kind": one.kind, "words": one.words, "wrong": wrong}
    path.with_suffix(".json" if one.suffix != ".json" else ".told").write_text(json.dumps(told) + "\n")


def main() -> int:
    """The command line."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--minutes", type=float, default=1)
    reader.add_argument("--seed", type=int, default=secrets.randbelow(10**9))
    reader.add_argument("--keep", type=Path, default=Path("fuzz-found"))
    given = reader.parse_args()
    print(f"seed {given.seed}", flush=True)
    tried, kinds, found = run(given.seed, minutes=given.minutes, keep=given.keep)
    print(f"{tried} inputs, {sum(found.values())} broke something" + (f", kept in {given.keep}" if found else ""))
    for kind, count in kinds.most_common():
        print(f"{count:9} {kind}")
    for what, count in found.most_common():
        print(f"{count:7} {what}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
