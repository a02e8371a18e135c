"""`explain`: every figure of every bundled portfolio, the screens, the document, the places, the refusals."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.analysis.formulas import check_figure
from tests.cli.running import process, run

from marginctl.analysis.check import Loaded, Settings, load_portfolio
from marginctl.analysis.explain import book_of, explained
from marginctl.analysis.origins import origins_of
from marginctl.analysis.subjects import reported
from marginctl.core.assemble import report_of
from marginctl.core.figures import rounded_figure
from marginctl.core.plain import as_plain
from marginctl.render import Options, render

PORTFOLIOS = Path(__file__).parents[2] / "portfolios"
GOLDEN = Path(__file__).parent / "golden" / "explain"
NAMES = sorted(path.name for path in PORTFOLIOS.glob("*.y*ml"))
SETTINGS = Settings(today=date(2026, 11, 22))

SCREENS = [
    ("05-haircuts", "collateral.BTC.value", ("--width", "80")),
    ("06-margin-tiers", "positions.ABCUSDT.liquidation_price", ("--width", "80")),
    ("07-delta-neutral", "pools.cross.liquidation.up", ("--width", "80")),
    ("09-two-silos", "totals.worst_pool", ("--width", "80")),
    ("10-coin-margined", "positions.BTCUSD_PERP.contract_liquidation_price", ("--width", "100")),
    ("11-multi-assets", "positions.BTCUSDT.maintenance_margin", ("--width", "80")),
    ("11-multi-assets", "positions.BTCUSDT.maintenance_margin", ("--width", "120")),
    ("11-multi-assets", "positions.BTCUSDT.maintenance_margin", ("--width", "80", "--color", "always")),
    ("11-multi-assets", "positions.BTCUSDT.liquidation_price", ("--width", "80")),
    ("11-multi-assets", "positions.BTCUSDT.liquidation_price", ("--width", "120", "--depth", "9")),
    ("11-multi-assets", "totals.state", ("--width", "80")),
    ("12-five-positions", "funding.runway_days", ("--width", "120")),
    ("15-open-orders", "pools.cross.order_margin", ("--width", "80")),
]


@pytest.fixture(autouse=True)
def _beside_the_portfolios(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PORTFOLIOS)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM"):
        monkeypatch.delenv(name, raising=False)


def loaded(name: str) -> Loaded:
    """A bundled portfolio, resolved."""
    found, problems = load_portfolio((PORTFOLIOS / name).read_bytes(), name, SETTINGS)
    assert problems == []
    assert found is not None
    return found


@pytest.mark.parametrize(("name", "figure", "flags"), SCREENS)
def test_a_screen_is_the_golden_one(
    name: str, figure: str, flags: tuple[str, ...], golden_file: Callable[[Path, str], None]
) -> None:
    ran = run("explain", f"{name}.yaml", figure, *flags)
    assert (ran.code, ran.errors) == (0, "")
    suffix = "-".join(flag.removeprefix("--") for flag in flags if flag not in {"--width", "always"})
    golden_file(GOLDEN / f"{name}-{figure}-{suffix}.txt", ran.out)


def test_the_list_of_figures_is_the_golden_one(golden_file: Callable[[Path, str], None]) -> None:
    ran = run("explain", "04-isolated-margin.yaml", "--width", "80")
    assert ran.code == 0
    golden_file(GOLDEN / "04-isolated-margin-80.txt", ran.out)


def test_a_plain_terminal_gets_the_tree_in_ascii() -> None:
    ran = process(
        "explain", "06-margin-tiers.yaml", "positions.ABCUSDT.notional", folder=PORTFOLIOS, env={"LC_ALL": "C"}
    )
    assert ran.returncode == 0
    assert ran.stdout.decode("ascii") == (
        "positions.ABCUSDT.notional = 300,000 USD\n"
        "06-margin-tiers.yaml: generic (conventions), multi-asset\n"
        "\n"
        "notional = quantity x mark_price x price of USDT\n"
        "|  = 20,000 x 15 x 1 = 300,000 USD\n"
        "|- quantity = 20,000 ABC  <- 06-margin-tiers.yaml:21:45\n"
        "|- mark_price = price of ABC / price of USDT\n"
        "|  |  = 15 / 1 = 15 USDT per ABC\n"
        "|  |- price of ABC = 15 USD  <- 06-margin-tiers.yaml:5:15\n"
        "|  `- price of USDT = 1 USD  <- assumed: priced at 1\n"
        "`- price of USDT = 1 USD  (above)\n"
    )


# Every figure of every bundled portfolio.


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_of_the_report_has_a_formula_that_gives_it(name: str) -> None:
    book = loaded(name)
    report = report_of(book.account)
    own = book_of(book.account, report, origins_of(book, SETTINGS).stated)
    shown = reported(report)
    tree = as_plain(report)
    tree["funding"]["missing"] = None  # a list, and one figure
    for found in tree["portfolio_margin"]:
        found["tiered"]["missing"] = None
        for table in ("units", "charges", "spreads", "history", "contributions"):
            del found[table]
    for given in tree.get("other", []):
        del given["delta"]  # what the file gives, of several assets; a step of each underlying's delta
    assert len(shown) == _leaves(tree)
    reckoned: set[int] = set()
    for path, value in shown.items():
        step = own.figure(path)
        assert step.figure == path
        if isinstance(value, Decimal):
            assert isinstance(step.value, Decimal)
            assert abs(step.value - value) <= Decimal("1e-8") * max(1, abs(value)), path
        else:
            assert step.value == value, path
        check_figure(step, reckoned)
    assert len(reckoned) > len(shown)


def _leaves(value: Any) -> int:
    """How many figures a report has."""
    if isinstance(value, dict):
        return sum(map(_leaves, value.values()))
    return sum(map(_leaves, value)) if isinstance(value, list) else 1


WIDE = ["02-two-legs-netted.yaml", "07-delta-neutral.yaml", "10-coin-margined.yaml", "15-open-orders.yaml"]


@pytest.mark.parametrize("name", WIDE)
def test_no_tree_is_wider_than_the_terminal_and_no_line_ends_in_spaces(name: str) -> None:
    data = (PORTFOLIOS / name).read_bytes()
    loaded, _ = load_portfolio(data, name, SETTINGS)
    assert loaded is not None
    for path in explained(loaded, None, SETTINGS).figures:
        found = explained(loaded, path, SETTINGS)
        assert found.step is not None
        for width in (80, 120):
            for row in render("table", found, Options(width=width, depth=7)).splitlines():
                assert len(row) <= width or " " not in row.strip(" │├└─"), (path, row)
                assert row == row.rstrip()


# What the user says, and where it is shown.

BOOK = """\
account: {taker_fee: 0.05%}
prices: {BTC: 60000}
collateral:
  - {asset: USDT, amount: 10000}
positions:
  - {symbol: BTCUSDT, side: long, quantity: 0.1, entry_price: 50000, leverage: 10, maintenance_rate: 0.5%}
  - {symbol: BTCUSDT, side: long, quantity: 0.3, entry_price: 58000, leverage: 10, maintenance_rate: 0.5%}
"""


def tree_of(*arguments: str, text: str = BOOK) -> list[str]:
    """The lines of a tree of a portfolio on standard input, without heading."""
    ran = run("explain", "-", *arguments, "--stdin-filename", "b.yaml", stdin=text.encode())
    assert (ran.code, ran.errors) == (0, "")
    return ran.out.splitlines()[3:]


def test_merged_rows_show_every_place() -> None:
    assert tree_of("positions.BTCUSDT.quantity") == ["quantity = 0.4 BTC  ← b.yaml:6:45, b.yaml:7:45, rows added up"]
    assert tree_of("positions.BTCUSDT.entry_price") == [
        "entry_price = 56,000 USDT per BTC  ← b.yaml:6:63, b.yaml:7:63, rows weighted by quantity"
    ]


def test_what_the_command_line_changed_says_so() -> None:
    assert tree_of("collateral.USDT.balance", "--set", "collateral.0.amount=5000") == ["balance = 5,000 USDT  ← --set"]
    moved = tree_of("positions.BTCUSDT.mark_price", "--shock", "BTC=-10%")
    assert moved[2] == "├─ price of BTC = 54,000 USD  ← b.yaml:2:15, moved by --shock"


def test_a_rule_of_a_venue_shows_its_date_trust_and_source() -> None:
    text = BOOK.replace("account: {", "account: {venue: binance-usdm, ").replace(", maintenance_rate: 0.5%", "")
    shown = run("explain", "-", "positions.BTCUSDT.maintenance_rate", stdin=text.encode()).out.splitlines()
    assert shown[3:5] == [
        "maintenance_rate = 0.4%  ← binance-usdm 2026-05-01, verified [1]",
        "   tier 1: notional 24,000 USDT is up to 300,000",
    ]
    assert shown[-1].startswith("[1] GET /fapi/v1/leverageBracket (2026-05-01), public code")


def test_the_depth_closes_the_tree_and_names_what_to_ask_for() -> None:
    assert tree_of("positions.BTCUSDT.unrealized_pnl", "--depth", "0") == [
        "unrealized_pnl = quantity x (mark_price - entry_price) x price of USDT",
        "   = 0.4 x (60,000 - 56,000) x 1 = 1,600 USD  … positions.BTCUSDT.unrealized_pnl",
        "",
        "what lies deeper is closed: --depth N opens N levels, or explain one of the figures above",
    ]


def test_numbers_are_exact_and_cut_off_visibly() -> None:
    text = BOOK.replace("60000", "60000.123456789").replace("amount: 10000", "amount: 3")
    assert "= 60,000.123456789 / 1 = 60,000.123456789 USDT per BTC" in "\n".join(
        tree_of("positions.BTCUSDT.mark_price", text=text)
    )
    assert (
        tree_of("totals.leverage", text=BOOK.replace("60000", "70000"))[1] == "│  = 28,000 / 15,600 = 1.794871794871…x"
    )


def test_the_figures_are_listed_with_their_values() -> None:
    document = run("explain", "01-two-underlyings.yaml", "--format", "json").json()
    assert document["schema"] == "marginctl.explain/2"
    values = {one["figure"]: one["value"] for one in document["figures"]}
    assert values["totals.utilization"] == Decimal("0.085")
    assert values["funding.missing"] == ["BTCUSDT", "ETHUSDT"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("01-two-underlyings.yaml", "totals.equitty"), "did you mean `totals.equity`"),
        (("01-two-underlyings.yaml", "positions.BTC.liquidation_price"), "`positions.BTCUSDT.liquidation_price`"),
        (("01-two-underlyings.yaml", "x"), "The sections are account, totals, liquidation, pools, positions"),
        (("01-two-underlyings.yaml", "totals.equity", "--format", "sarif"), "--format `sarif` is unknown"),
        (("01-two-underlyings.yaml", "totals.equity", "--shock", "BTC"), "--shock `BTC` has no value"),
        (("nowhere.yaml", "totals.equity"), "no such file"),
        ((".", "totals.equity"), "explain one at a time"),
    ],
)
def test_what_cannot_be_explained_exits_2_and_says_what_to_write(arguments: tuple[str, ...], message: str) -> None:
    ran = run("explain", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.errors


def test_a_file_that_cannot_be_read_shows_its_problems_and_no_figure() -> None:
    ran = run("explain", "-", "totals.equity", stdin=b"positions: [{symbol: BTCUSDT, sid: long}]\n")
    assert (ran.code, ran.out) == (2, "")
    assert "unknown key `sid`" in ran.errors
    document = run("explain", "-", "totals.equity", "--format", "json", stdin=b"positions: 3\n")
    assert document.code == 2
    (error,) = document.json()["errors"]
    assert (error["line"], error["column"], error["code"]) == (1, 12, "MC013")


def test_the_report_is_rounded_as_check_rounds_it() -> None:
    document = run("explain", "06-margin-tiers.yaml", "positions.ABCUSDT.liquidation_price", "--format", "json").json()
    # 15 x (1 - 77,250 / 297,000), rounded up toward the mark of 15
    exact = 15 * (1 - Decimal(77250) / 297000)
    assert document["value"] == rounded_figure("liquidation_price", exact)
    assert abs(document["tree"]["value"] - exact) < Decimal("1e-25")


# The manual.

PAGE = (PORTFOLIOS.parent / "docs" / "explain.md").read_text(encoding="utf-8")


def test_the_example_of_the_manual_is_what_the_command_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PORTFOLIOS.parent)
    example = "positions.BTCUSD_PERP.maintenance_margin"
    ran = run("explain", "portfolios/10-coin-margined.yaml", example, "--width", "100")
    assert f"```text\n{ran.out}```\n" in PAGE


def test_the_crossing_of_the_manual_is_that_of_a_bundled_portfolio() -> None:
    ran = run("explain", "11-multi-assets.yaml", "positions.BTCUSDT.liquidation_price")
    shown = [row.strip(" │├└─") for row in ran.out.splitlines()]
    (block,) = (text for text in PAGE.split("```text\n") if text.startswith("fall:"))
    for row in block.partition("```")[0].splitlines():
        assert row.strip() in shown


def test_every_key_of_the_document_is_in_the_manual() -> None:
    document = run("explain", "06-margin-tiers.yaml", "positions.ABCUSDT.liquidation_price", "--format", "json").json()

    def keys(node: dict[str, Any]) -> set[str]:
        return set(node).union(*(keys(one) for one in node.get("operands", ())))

    for key in keys(document["tree"]):
        assert f"`{key}`" in PAGE


# Crossings that are no crossing of two lines.

JUMP = """\
prices: {ABC: 100}
collateral: [{asset: USDT, amount: 350}]
contracts:
  ABCUSDT:
    tiers: [{up_to: 1000, maintenance_rate: 1%, deduction: 0}, {maintenance_rate: 50%, deduction: 0}]
positions: [{symbol: ABCUSDT, side: long, quantity: 9, leverage: 2}]
"""
DOLLAR = """\
prices: {EUR: 1.25}
collateral: [{asset: EUR, amount: 2400, haircut: 0%}]
contracts: {USDEUR: {base: USD, quote: EUR}}
positions: [{symbol: USDEUR, side: long, quantity: 20000, leverage: 10, maintenance_rate: 0.5%}]
"""


def test_a_jump_is_told_by_the_border_that_is_passed() -> None:
    # 9 ABC pass 1,000 at +1/9: 350 + 100 of equity against 1,000 x 50%
    told = [row.strip(" │├└─") for row in tree_of("underlyings.ABC.liquidation_up", text=JUMP)]
    assert told[0] == "liquidation_up = price x (1 + rise)"
    assert "rise = 11.111111111111…%: ABC alone moves until the requirement jumps over the equity" in told
    assert "equity there is 450, level x maintenance_margin beyond it 500" in told
    assert "(a border of its table is passed there: moved maintenance_margin of ABCUSDT)" in told


def test_a_contract_on_the_accounts_currency_is_liquidated_where_its_quote_moves() -> None:
    # in USD 3,000 - 17,000 x = 20,000 x 0.5%: a rise of the euro by 2,900 / 17,000
    told = tree_of("positions.USDEUR.liquidation_price", "--depth", "1", text=DOLLAR)
    assert told[:3] == [
        "liquidation_price = mark_price / (1 + move of EUR)",
        "│  = 0.8 / (1 + 17.058823529411…%) = 0.683417085427… EUR per USD",
        "├─ mark_price = price of USD / price of EUR",
    ]
    assert Decimal("0.8") / (1 + Decimal(2900) / 17000) - Decimal("0.683417085427") < Decimal("1e-12")
