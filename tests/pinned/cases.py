"""What is run: every command, every format, on everything that there is to read, by groups of one kind."""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from functools import cache
from typing import NamedTuple

from tests.pinned.machine import MADE, SOURCES, Case

TODAY = ("--today", "2026-11-22")
MACHINE = ("json", "jsonl", "csv", "markdown", "github", "gitlab", "sarif", "junit")
COMMANDS = (
    *("check", "explain", "stress", "what-if", "headroom", "compare"),
    *("venues", "venue", "rules", "rule", "schema", "init", "config", "policy check", "policy test"),
)
UPLOADS = ("github", "gitlab", "sarif")
CAPPED = ("github",)
"""Formats that show only the first findings of a run."""
PLOTTED = (
    "check portfolios/12-five-positions.yaml --plot all",
    "stress portfolios/16-scenarios.yaml --plot all",
    "stress portfolios/10-coin-margined.yaml --plot timeline,tiers",
    "compare portfolios/12-five-positions.yaml --plot modes",
)
CHUNK = 25
"""Cases of a group that are run one after the other, at most."""


class Kept(Enum):
    """How much of what a case wrote the corpus keeps."""

    FULL = "all of it"
    DIGEST = "its length and its hash"
    HEAD = "the first lines, and nothing of the others"


class Group(NamedTuple):
    """Cases of one kind."""

    name: str
    fixed: bool
    """Must not change; else it may, by review: screens, help, the tree that explains."""
    kept: Kept
    cases: tuple[Case, ...]


def call(*words: str, stdin: str = "", env: tuple[tuple[str, str], ...] = (), keeps: bool = False) -> Case:
    """A case; words with blanks between options may be given as one text."""
    return Case(tuple(words), stdin, env, keeps)


def typed(line: str, **more: str) -> Case:
    """A case as it is typed where no word has a blank."""
    return call(*line.split(), **more)  # type: ignore[arg-type]


def dated(line: str) -> Case:
    """A case on a given day."""
    return call(*line.split(), *TODAY)


def groups_of(name: str, cases: Iterable[Case], *, fixed: bool = True, kept: Kept = Kept.FULL) -> Iterator[Group]:
    """One group, or several where the cases are many."""
    found = tuple(cases)
    if len(found) <= CHUNK:
        yield Group(name, fixed, kept, found)
        return
    for number, first in enumerate(range(0, len(found), CHUNK), 1):
        yield Group(f"{name}-{number:02}", fixed, kept, found[first : first + CHUNK])


def together(files: Sequence[str], form: str, few: int) -> list[Case]:
    """All files in one run; a few in each where a format shows only the first findings of a run."""
    folder = files[0].partition("/")[0]
    step = few if form in CAPPED else len(files)
    parts = [files[first : first + step] for first in range(0, len(files), step)]
    words = [[folder] if part == names(folder) else part for part in parts]
    return [call("check", *part, *TODAY, "--jobs=1", "-f", form) for part in words]


@cache
def names(source: str) -> tuple[str, ...]:
    """The portfolios of a source, as cases name them."""
    return tuple(f"{source}/{path.name}" for path in sorted(SOURCES[source].glob("*.yaml")))


def text_of(name: str) -> str:
    """What stands in a portfolio."""
    source, _, file = name.partition("/")
    return (SOURCES[source] / file).read_bytes().decode("utf-8", "replace")


def first(key: str, name: str) -> str:
    """The first value of a key in a portfolio."""
    found = re.search(rf"\b{key}: ([^\s,}}]+)", text_of(name))
    return found[1] if found else "BTC"


def priced(name: str) -> list[str]:
    """The volatile assets that a portfolio prices."""
    found = re.search(r"^prices: \{(.*?)\}", text_of(name), re.MULTILINE)
    assets = [one.partition(":")[0].strip() for one in found[1].split(",")] if found else []
    return [asset for asset in assets if not asset.startswith("USD")] or ["BTC"]


def portfolios() -> Iterator[Group]:
    """The bundled portfolios: every command in every format."""
    mine = names("portfolios")
    for form in MACHINE:
        kept = Kept.DIGEST if form in {"sarif", "jsonl"} else Kept.FULL
        yield from groups_of(f"check-{form}-portfolios", [dated(f"check {one} -f {form}") for one in mine], kept=kept)
    screens = [dated(f"check {one} {how}") for one in mine for how in ("--width 100 -v", "-q --color always")]
    yield from groups_of("check-table-portfolios", screens, fixed=False)
    yield from groups_of(
        "check-many-json", [dated(f"check portfolios limits --jobs=1 -f {form}") for form in MACHINE], kept=Kept.DIGEST
    )
    yield from groups_of("stress-json-portfolios", [dated(f"stress {one} -f json") for one in mine])
    yield from groups_of("stress-more-json-portfolios", [*map(dated, _harder(mine))], kept=Kept.DIGEST)
    stressed = [dated(f"stress {one} --cascade --width 100") for one in mine]
    yield from groups_of("stress-table-portfolios", stressed, fixed=False)
    pages = [dated(f"report {one} -o -") for one in mine]
    pages += [dated("report portfolios -o - --detail 3"), dated("report portfolios -o - --no-data --no-script")]
    pages.append(dated("report inputs/hostile/ends-early.yaml portfolios/03-cross-margin.yaml -o -"))
    yield from groups_of("report-pages", pages, fixed=False, kept=Kept.DIGEST)
    plots = [dated(f"{line} --width={width}") for line in PLOTTED for width in (60, 80, 120)]
    yield from groups_of("plots", plots, fixed=False)
    yield from groups_of("headroom-json-portfolios", [dated(f"headroom {one} -f json") for one in mine])
    yield from groups_of("headroom-table-portfolios", [dated(f"headroom {one}") for one in mine[::3]], fixed=False)
    compared = [dated(f"compare {one} --venues okx,binance-usdm --map-quotes -f json") for one in mine[::2]]
    yield from groups_of("compare-json-portfolios", compared)
    yield from groups_of("compare-table-portfolios", [dated(f"compare {one} -v") for one in mine[::4]], fixed=False)
    answers = "portfolios/answers/sol-wallet.answer portfolios/answers/sol-position.answer"
    yield from groups_of("import-json", [dated(f"import {answers} --reconcile -f json"), dated(f"import {answers}")])
    changes = [
        call("what-if", one, *words, *TODAY, "-f", "json")
        for i, one in enumerate(mine)
        for words in _changes(one)[i % 2 :: 2]
    ]
    yield from groups_of("what-if-json-portfolios", changes, kept=Kept.DIGEST)
    shown = [call("what-if", one, *words, *TODAY) for i, one in enumerate(mine) for words in _changes(one)[i % 6 :][:1]]
    yield from groups_of("what-if-table-portfolios", shown, fixed=False)
    figures = [
        typed(f"explain {one} {figure}") for i, one in enumerate(mine) for figure in ("", *_figures(one)[i % 2 :: 2])
    ]
    heads = [Case((*case.arguments, "-f", "json")) for case in figures]
    yield from groups_of("explain-values-portfolios", heads, kept=Kept.HEAD)
    yield from groups_of("explain-table-portfolios", figures[::5], fixed=False)


def _harder(mine: Sequence[str]) -> Iterator[str]:
    for one in mine:
        assets = priced(one)
        yield f"stress {one} -b all --cascade -f json"
        yield f"stress {one} --shock {assets[0]}=-25% --grid {assets[0]},{assets[-1]} --points 5 --no-curve -f json"


def _changes(name: str) -> list[tuple[str, ...]]:
    """Changes that fit a portfolio, or not: that is said too."""
    symbol, asset = first("symbol", name), priced(name)[0]
    return [
        ("--deposit", "USDT=1000"),
        ("--close", symbol),
        ("--price", f"{asset}=1234.5", "--withdraw", "USDT=10"),
        ("--resize", f"{symbol}=7"),
        ("--open", f"{symbol} short 2 x5"),
        ("--mode", "isolated"),
    ]


def _figures(name: str) -> list[str]:
    symbol, asset, coin = first("symbol", name), priced(name)[0], first("asset", name)
    totals = [f"totals.{one}" for one in ("equity", "maintenance_margin", "utilization", "buffer", "leverage")]
    position = ("liquidation_price", "contract_liquidation_price", "bankruptcy_price", "maintenance_margin", "tier")
    return [
        *totals,
        *(f"positions.{symbol}.{one}" for one in position),
        f"collateral.{coin}.value",
        f"underlyings.{asset}.liquidation_down",
        "liquidation.up",
        "netting.saving",
        "funding.runway_days",
    ]


def refusals() -> Iterator[Group]:
    """Files that are refused."""
    mine = names("refusals")
    yield from groups_of("check-json-refusals", [dated(f"check {one} -f json") for one in mine])
    for form in MACHINE[1:]:
        yield from groups_of(
            f"check-{form}-refusals", together(mine, form, 4), kept=Kept.DIGEST if form == "sarif" else Kept.FULL
        )
    yield from groups_of("check-table-refusals", [dated("check refusals --jobs=1")], fixed=False)
    others = [
        "stress {} -f json",
        "explain {} totals.equity -f json",
        "what-if {} --deposit USDT=1 -f json",
        "headroom {} -f json",
    ]
    lines = [others[i % 4].format(one) for i, one in enumerate(mine[::2])]
    yield from groups_of("others-json-refusals", [_day(line) for line in lines])
    tables = [_day(line.removesuffix(" -f json")) for line in lines[::3]]
    yield from groups_of("others-table-refusals", tables, fixed=False)


def _day(line: str) -> Case:
    return typed(line) if line.startswith("explain") else dated(line)


def limits() -> Iterator[Group]:
    """The examples of the limits."""
    mine = names("limits")
    yield from groups_of("check-json-limits", [dated(f"check {one} -f json") for one in mine])
    for form in MACHINE[1:]:
        kept = Kept.DIGEST if form in {"jsonl", "sarif"} else Kept.FULL
        yield from groups_of(f"check-{form}-limits", together(mine, form, 2), kept=kept)
    yield from groups_of("check-table-limits", [dated("check limits --jobs=1")], fixed=False)
    yield from groups_of("headroom-json-limits", [dated(f"headroom {one} -f json") for one in mine[::2]])
    yield from groups_of(
        "stress-json-limits", [dated(f"stress {one} -f json") for one in mine if "/mc11" in one], kept=Kept.DIGEST
    )


def accounts() -> Iterator[Group]:
    """The random accounts: every report; of every fifth, all the rest."""
    mine = names("accounts")
    yield from groups_of("check-json-accounts", [dated(f"check {one} -f json") for one in mine])
    some = mine[::5]
    for form in MACHINE[1:]:
        kept = Kept.FULL if form in {"csv", "markdown", "github", "gitlab"} else Kept.DIGEST
        yield from groups_of(f"check-{form}-accounts", together(some, form, 2), kept=kept)
    case = call("check", *some, *TODAY, "--jobs=1", "-v", "--width", "120")
    yield from groups_of("check-table-accounts", [case], fixed=False)
    yield from groups_of(
        "stress-json-accounts", [dated(f"stress {one} --cascade -f json") for one in some], kept=Kept.DIGEST
    )
    yield from groups_of(
        "headroom-json-accounts", [dated(f"headroom {one} -f json") for one in some[::2] if one not in SLOW]
    )
    changes = [call("what-if", one, *_changes(one)[i % 6], *TODAY, "-f", "json") for i, one in enumerate(some)]
    yield from groups_of("what-if-json-accounts", changes, kept=Kept.DIGEST)
    figures = [typed(f"explain {one} {_figures(one)[i % 15]} -f json") for i, one in enumerate(some)]
    yield from groups_of("explain-values-accounts", figures, kept=Kept.HEAD)


SLOW = ("accounts/binance-pm-04.yaml",)
"""The search for headroom takes seconds."""


def hostile() -> Iterator[Group]:
    """Files that mean harm, and what is no file."""
    broken = sorted(path.name for path in (SOURCES["inputs"] / "hostile").iterdir())
    files = [*(f"inputs/hostile/{name}" for name in broken), *(f"made/{name}" for name in MADE)]
    yield from groups_of("check-json-hostile", [dated(f"check {one} -f json") for one in files])
    evil = [dated(f"check inputs/hostile/evil.yaml -f {form}") for form in MACHINE]
    evil += [dated(f"check inputs/hostile/evil.yaml -f {form} --notes") for form in UPLOADS]
    evil.append(dated("check inputs/hostile/evil.yaml -f sarif --sarif-waived"))
    yield from groups_of("check-formats-evil", evil)
    shown = [dated("check inputs/hostile/evil.yaml -v"), *(dated(f"check {one}") for one in files)]
    shown += [dated(f"{command} inputs/hostile/evil.yaml") for command in ("stress", "headroom")]
    yield from groups_of("tables-hostile", shown, fixed=False)
    yield from groups_of("inputs", [*map(dated, INPUTS), *STREAMS])


INPUTS = (
    "check nowhere.yaml",
    "check nowhere.yaml portfolios/01-two-underlyings.yaml -f json",
    "check nowhere/*.yaml",
    "check portfolios/0[12]*.yaml -f csv",
    "check inputs/answers",
    "check portfolios/01-two-underlyings.yaml portfolios/01-two-underlyings.yaml -f csv",
    "check portfolios/ refusals/unknown-key.yaml nowhere.yaml -f csv --jobs=2",
    "check portfolios/03-cross-margin.yaml refusals/unknown-key.yaml -f github",
    "check portfolios/03-cross-margin.yaml refusals/unknown-key.yaml -f junit",
    "check portfolios/03-cross-margin.yaml refusals/unknown-key.yaml -f markdown",
    "check portfolios/03-cross-margin.yaml refusals/unknown-key.yaml -f gitlab",
    "check portfolios/03-cross-margin.yaml refusals/unknown-key.yaml -f sarif",
    "check portfolios/03-cross-margin.yaml refusals/unknown-key.yaml -f jsonl",
)
STREAMS = tuple(
    call(*line.split(), stdin=stdin)
    for line, stdin in (
        ("check - --today 2026-11-22 -f csv", "portfolios/01-two-underlyings.yaml"),
        ("check - --today 2026-11-22 -f csv --stdin-filename desk.yaml", "portfolios/01-two-underlyings.yaml"),
        ("check - --today 2026-11-22 -f csv --stdin-filename x\x1b[31mred", "refusals/unknown-key.yaml"),
        ("check - --today 2026-11-22 -f github", "refusals/unknown-key.yaml"),
        ("check - - --today 2026-11-22 -f csv", "portfolios/01-two-underlyings.yaml"),
        ("check - --today 2026-11-22 -f json", ""),
        ("check - --today 2026-11-22 -f json", "made/too-large.yaml"),
        ("stress - --today 2026-11-22 -f json", "inputs/books/stress.yaml"),
        ("headroom - --today 2026-11-22 -f json", "inputs/books/desk.yaml"),
        ("what-if - --deposit USDT=1 --today 2026-11-22 -f json", "refusals/unknown-key.yaml"),
        ("explain - totals.equity -f json --stdin-filename b.yaml", "refusals/unknown-key.yaml"),
        ("venue refresh bybit --from - --today 2026-11-22 -f json", "inputs/answers/bybit-risk.json"),
    )
)

DESK = "inputs/books/desk.yaml"
STRESS = "inputs/books/stress.yaml"
CROSS = "portfolios/03-cross-margin.yaml"


def flags() -> Iterator[Group]:
    """Flags that change what is computed, judged or written, and flags that cannot be meant."""
    yield from groups_of("flags-json", [dated(f"{line} -f json") for line in FLAGS], kept=Kept.DIGEST)
    yield from groups_of("flags-csv", [dated(f"{line} -f csv") for line in FLAGS if line.startswith("check")])
    yield from groups_of("flags-screens", [dated(line) for line in FLAGS[::4]], fixed=False)
    yield from groups_of("writes", WRITES)
    yield from groups_of("flags-refused", [*map(typed, WRONG), *WRONG_CHANGES])


FLAGS = (
    f"check {DESK} --set positions.0.leverage=5",
    f"check {DESK} --set prices.BTC=1 --set prices.BTC=59000 --set account.name=x",
    f"check {DESK} --set collateral=[]",
    f"check {DESK} --set positions.0.leverage=1e1",
    f"check {DESK} --set positions.0.levarage=5",
    f"check {DESK} --set account.venue=nowhere",
    f"check {DESK} --set limits.survive=crash",
    f"check {DESK} --shock BTC=-5%",
    f"check {DESK} --shock BTC=-0.05 --shock *=10%",
    f"check {DESK} --shock *=-10% --shock BTC=0%",
    f"check {DESK} --shock DOGE=-5%",
    f"check {CROSS} --select MC101,MC104",
    f"check {CROSS} --select mc107",
    f"check {CROSS} --ignore MC102",
    f"check {CROSS} --ignore MC100",
    f"check {CROSS} --fail-on warning",
    f"check {CROSS} --fail-on never",
    f"check {CROSS} --limits inputs/policies/strict.yaml",
    f"check {CROSS} --limits inputs/policies/mild.yaml",
    f"check {CROSS} --limits inputs/policies/torn.yaml",
    f"check {CROSS} --limits inputs/policies/lost.yaml",
    f"check {CROSS} --limits nowhere.yaml",
    f"check {CROSS} --limits {CROSS}",
    f"check {CROSS} --baseline inputs/policies/base.json",
    f"check {CROSS} --baseline inputs/policies/torn.json",
    f"check {CROSS} --baseline nowhere.json",
    "check inputs/books/own-rules.yaml",
    "check inputs/books/by-name.yaml --rules inputs/rules",
    "check inputs/books/by-name.yaml --rules nowhere",
    "check inputs/books/empty-account.yaml",
    f"stress {STRESS} -s slump",
    f"stress {STRESS} -s all -b all",
    f"stress {STRESS} -b march-2020",
    f"stress {STRESS} -s nowhere",
    f"stress {STRESS} --cascade --fee 0.5%",
    f"stress {STRESS} --grid BTC,ETH --range 30% --points 7",
    f"stress {STRESS} --funding inputs/books/rates.csv --horizon 10d --quantile 10%",
    f"stress {STRESS} --funding inputs/books/torn.csv",
    f"stress {STRESS} --funding nowhere.csv",
    f"stress {STRESS} --limits inputs/policies/strict.yaml --fail-on warning",
    f"stress {STRESS} --set limits.survive=all",
    "stress --list",
    "stress inputs/books/empty-account.yaml",
    f"headroom {DESK} --leverage 5",
    f"headroom {DESK} --limits inputs/policies/strict.yaml",
    f"headroom {DESK} --select MC101",
    f"headroom {DESK} --shock BTC=-20%",
    "headroom inputs/books/own-rules.yaml",
    f"what-if {DESK} --withdraw USDT=17000",
    f"what-if {DESK} --withdraw USDT=17000 --fail-on never",
    f"what-if {DESK} --mode BTCUSDT=isolated",
    f"what-if {DESK} --set positions.0.leverage=5 --price BTC=55000",
    f"what-if {DESK}",
)
WRITES = (
    dated(f"check {CROSS} -q -o json=out/a.json -o csv=out/c.csv --output markdown=out/d.md -o github=out/e.txt"),
    dated("check refusals/unknown-key.yaml -f csv -o junit=out/b.xml -o table=out/t.txt --width 80"),
    dated(f"check {CROSS} -f csv -o json=out/nowhere/x.json"),
    dated(f"check {CROSS} portfolios/09-two-silos.yaml -f csv --write-baseline out/base.json"),
    Case((*f"check {CROSS} -f csv --baseline out/base.json".split(), *TODAY), keeps=True),
    Case(
        (*f"check {CROSS} -f csv --baseline out/base.json --set collateral.0.amount=1000".split(), *TODAY), keeps=True
    ),
    call(
        "check", CROSS, "-f", "csv", *TODAY, env=(("GITHUB_STEP_SUMMARY", "out/summary.md"), ("GITHUB_ACTIONS", "true"))
    ),
    call("check", CROSS, "-f", "gitlab", *TODAY, env=(("CI_PROJECT_DIR", "portfolios"),)),
    typed("init out/new.yaml"),
    Case(("init", "out/new.yaml"), keeps=True),
    Case(("init", "out/new.yaml", "--force"), keeps=True),
    Case(("check", "out/new.yaml", "-f", "csv", *TODAY), keeps=True),
    typed("init -"),
    typed("init out/nowhere/new.yaml"),
    call(
        "what-if",
        DESK,
        "--close",
        "ETHUSDT",
        "--price",
        "BTC=61000",
        "--write",
        "out/new.yaml",
        *TODAY,
        "-q",
        "-f",
        "json",
    ),
    call(
        "what-if",
        DESK,
        "--open",
        "SOLUSDT short 10 x5 maintenance_rate=1%",
        "--price",
        "SOL=150",
        "--write",
        "out/n.yaml",
        *TODAY,
        "-q",
    ),
    call("what-if", DESK, "--resize", "BTCUSDT=0.7", "--deposit", "USDC=100", "--write", "out/new.yaml", *TODAY, "-q"),
    call("what-if", DESK, "--mode", "isolated", "--write", "out/new.yaml", *TODAY, "-q"),
    call("what-if", DESK, "--write", "out/nowhere/new.yaml", *TODAY, "-q"),
    call("what-if", DESK, "--write", DESK, *TODAY, "-q"),
    call("what-if", "portfolios/16-scenarios.yaml", "--deposit", "ETH=1", "--write", "out/new.yaml", *TODAY, "-q"),
)
WRONG = (
    "",
    "chekc",
    "--no-such-flag",
    "check",
    f"check {DESK} --format xml",
    f"check {DESK} --fail-on sometimes",
    f"check {DESK} --color red",
    f"check {DESK} --today yesterday",
    f"check {DESK} --today 2026-02-30",
    f"check {DESK} --shock BTC",
    f"check {DESK} --shock =5%",
    f"check {DESK} --shock BTC=5",
    f"check {DESK} --shock BTC=-101%",
    f"check {DESK} --shock BTC=1e-1",
    f"check {DESK} --set account.venue",
    f"check {DESK} --set =x",
    f"check {DESK} --set positions.7.leverage=5",
    f"check {DESK} --select MC999",
    f"check {DESK} --select MC1O1",
    f"check {DESK} --ignore utilization",
    f"check {DESK} --output json",
    f"check {DESK} --output pdf=x.pdf",
    f"check {DESK} --width wide",
    f"check {DESK} --width 39",
    f"check {DESK} --jobs -1",
    f"check {DESK} --format x\x1b[31m\u202e",
    "explain",
    f"explain {DESK} totals.equty",
    f"explain {DESK} positions.DOGEUSDT.liquidation_price",
    f"explain {DESK} positions",
    f"explain {DESK} totals.equity --format xml",
    f"explain {DESK} totals.equity --depth -1",
    f"stress {DESK} --grid BTC",
    f"stress {DESK} --grid BTC,DOGE",
    f"stress {DESK} --points 4",
    f"stress {DESK} --range 150%",
    f"stress {DESK} --quantile 2",
    f"stress {DESK} --horizon ten",
    f"stress {DESK} --fee -1%",
    f"stress {DESK} --format xml",
    "stress",
    f"headroom {DESK} --leverage 0",
    f"headroom {DESK} --leverage ten",
    f"headroom {DESK} --format xml",
    "venue",
    "venue nowhere",
    "venue binance",
    "venue bybit --symbol NOWHERE",
    "venue bybit --table okx.csv",
    "venue bybit --format xml",
    "venue refresh bybit",
    "venues --rules nowhere",
    "venues --format xml",
    "rule MC999",
    "rule utilisation",
    "rules --format xml",
    "schema portfolios",
    "schema",
)
WRONG_CHANGES = tuple(
    call("what-if", DESK, *words, *TODAY)
    for words in (
        ("--open", "BTCUSDT 0.5"),
        ("--open", "BTCUSDT long 1e3"),
        ("--open", "BTCUSDT long 1 @"),
        ("--open", "BTCUSDT long 1 10"),
        ("--open", "BTCUSDT long 1 x10 x20"),
        ("--open", "BTCUSDT long 0"),
        ("--open", "NEWUSDT long 1"),
        ("--close", "BTCUSDT now"),
        ("--close", "SOLUSDT"),
        ("--resize", "BTCUSDT"),
        ("--resize", "BTCUSDT=0"),
        ("--deposit", "USDT=-5"),
        ("--withdraw", "USDT=20000.01"),
        ("--withdraw", "SOL=1"),
        ("--price", "BTC=5,000"),
        ("--mode", "hedged"),
        ("--format", "csv"),
    )
)


def catalogue() -> Iterator[Group]:
    """What the program knows: rule sets, limits, schemas, help."""
    sets = "generic binance-usdm binance-coinm binance-pm bybit bingx-usdm bingx-coinm mexc weex okx hyperliquid dydx"
    mine = [*sets.split(), "inputs/rules/house.yaml", "inputs/rules/listed.yaml", "inputs/rules/torn.yaml"]
    documents = [dated("venues -f json"), dated("venues -f json --rules inputs/rules"), typed("rules -f json")]
    documents += [typed("stress --list -f json"), typed("rule MC102 -f json"), typed("rule MC901 -f json")]
    yield from groups_of(
        "catalogue-json",
        [*documents, dated("venue nosuch -f json"), *(dated(f"venue {name} -f json") for name in mine)],
    )
    listed = {
        "binance-usdm": "BTCUSDT",
        "binance-coinm": "BTCUSD_PERP",
        "bybit": "ETHUSDT",
        "mexc": "BTC_USDT",
        "okx": "BTC-USDT-SWAP",
        "hyperliquid": "SOL",
        "dydx": "SOL-USD",
        "inputs/rules/listed.yaml": "AUSDT",
        "binance-pm": "ETHUSD_PERP",
    }
    symbols = [f"venue {name} --symbol {symbol}" for name, symbol in listed.items()]
    yield from groups_of("contract-json", [dated(f"{line} -f json") for line in symbols])
    rows = ["venues", "venue bybit", "venue bybit --symbol ETHUSDT", f"what-if {CROSS} --deposit USDT=100"]
    undated = ["rules", "rule MC102", "stress --list", f"explain {CROSS}", f"explain {CROSS} totals.equity"]
    cases = [*(dated(f"{one} -f csv") for one in rows), *(typed(f"{one} -f csv") for one in undated)]
    yield from groups_of("rows-csv", cases)
    tables = [f"venue {name} --table {name}.csv" for name in ("binance-usdm", "bybit", "okx", "hyperliquid")]
    files = [dated(f"venue {name} -f yaml") for name in mine]
    yield from groups_of("rule-files", [*files, *map(dated, tables)], kept=Kept.DIGEST)
    kinds = "portfolio report report-line venue policy policy-case config baseline explain venues rule-set contract "
    kinds += "refresh rules rule settings resolved-policy policy-test"
    yield from groups_of("schemas", [typed(f"schema {kind}") for kind in kinds.split()])
    screens = [dated("venues"), typed("rules"), *(dated(f"venue {name}") for name in mine), *map(dated, symbols)]
    yield from groups_of("catalogue-screens", screens, fixed=False)
    codes = [*range(100, 111), *range(112, 117), *range(201, 210), *range(901, 905)]
    yield from groups_of("rule-screens", [typed(f"rule MC{code}") for code in codes], fixed=False)
    helps = ["--help", "--version", "venue refresh --help", *(f"{command} --help" for command in COMMANDS)]
    yield from groups_of("help", map(typed, helps), fixed=False)


REFRESHES = (
    ("binance-usdm", "usdm-desk", "--as-of 2026-11-20"),
    ("binance-usdm", "usdm-desk", "--as-of 2026-11-20 --complete --contract-size NEWUSDT=1"),
    ("binance-usdm", "usdm-desk", ""),
    ("binance-usdm", "usdm-desk", "--from inputs/answers/usdm-index.json"),
    ("binance-usdm", "usdm-desk", "--as-of 2026-13-01"),
    ("binance-usdm", "usdm-desk", "--as-of 2026-11-23"),
    ("binance-usdm", "usdm-desk", "--as-of 2026-01-01"),
    ("binance-usdm", "usdm-desk", "--as-of 2026-11-20 --contract-size BTCUSDT"),
    ("binance-usdm", "usdm-desk", "--as-of 2026-11-20 --contract-size BTCUSDT=big"),
    ("binance-usdm", "usdm-desk", "--as-of 2026-11-20 --contract-size BTCUSDT=0"),
    ("binance-usdm", "usdm-desk", "--as-of 2026-11-20 --output out/rules.csv"),
    ("binance-usdm", "usdm-desk", "--as-of 2026-11-20 --output out/no/where.yaml"),
    ("binance-usdm", "usdm-multiplied", "--as-of 2026-11-20"),
    ("binance-usdm", "usdm-one", "--as-of 2026-11-20"),
    ("binance-usdm", "usdm-misfit", "--as-of 2026-11-20"),
    ("binance", "usdm-desk", "--as-of 2026-11-20"),
    ("okx", "usdm-desk", "--as-of 2026-11-20"),
    ("generic", "usdm-desk", "--as-of 2026-11-20"),
    ("binance-coinm", "coinm", "--as-of 2026-11-20"),
    ("binance-coinm", "coinm-pair", "--as-of 2026-11-20"),
    ("binance-pm", "pm-ratios", "--as-of 2026-11-20"),
    ("binance-pm", "marked", "--as-of 2026-11-20"),
    ("bybit", "bybit-risk", ""),
    ("bybit", "bybit-inverse", ""),
    ("bybit", "bybit-no-deduction", ""),
    ("bybit", "bybit-collateral", ""),
    ("okx", "okx-tiers", "--as-of 2026-11-20"),
    ("okx", "okx-gap", "--as-of 2026-11-20"),
    ("okx", "okx-contract", "--as-of 2026-11-20"),
    ("okx", "okx-discounts", "--as-of 2026-11-20"),
    ("okx", "okx-discounts-open", "--as-of 2026-11-20"),
    *(
        ("bybit", name, "--as-of 2026-11-20")
        for name in ("error-key", "error-params", "unknown", "empty", "page", "torn", "twice", "not-utf-8", "nowhere")
    ),
)


def refreshes() -> Iterator[Group]:
    """Saved answers of venues."""
    lines = [f"venue refresh {name} --from inputs/answers/{answer}.json {rest}" for name, answer, rest in REFRESHES]
    yield from groups_of("refresh-json", [dated(f"{line} -f json") for line in lines])
    yield from groups_of("refresh-screens", [dated(line) for line in lines[:31:2]], fixed=False)
    written = [
        dated(f"{lines[0]} -f json --output out/binance-usdm.yaml"),
        Case(("check", "inputs/books/refreshed.yaml", "--rules", "out/", *TODAY, "-f", "csv"), keeps=True),
        dated(f"{lines[22]} -f json --output out/own.yaml"),
        dated(f"{lines[29]} -f json --output out/own.yaml"),
        dated(f"{lines[20]} -f json --output out/own.yaml"),
    ]
    yield from groups_of("refresh-writes", written, kept=Kept.DIGEST)


GATE = (
    "config --exclude drafts",
    "policy check inputs/policies/strict.yaml inputs/policies/mild.yaml",
    "policy check inputs/policies/torn.yaml",
    "policy test inputs/cases",
    "policy test inputs/books",
)


def gate() -> Iterator[Group]:
    """Settings, and the files of the risk team by themselves."""
    said = (("MARGINCTL_FAIL_ON", "warning"), ("MARGINCTL_SELECT", "MC101,MC102"))
    yield from groups_of("gate-json", [*(dated(f"{line} -f json") for line in GATE[1:]), typed(f"{GATE[0]} -f json")])
    screens = [*map(dated, GATE[1:]), call(*GATE[0].split(), env=said), dated(f"{GATE[3]} -f junit")]
    yield from groups_of("gate-screens", screens, fixed=False)


@cache
def groups() -> tuple[Group, ...]:
    """All of them; those with the most to do come first."""
    rooms = (accounts, portfolios, refusals, limits, hostile, flags, catalogue, refreshes, gate)
    return tuple(group for room in rooms for group in room())
