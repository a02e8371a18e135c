"""``marginctl stress``: what it runs, what it prints, how it ends."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import TODAY, Ran, run

GOLDEN = Path(__file__).parent / "golden"

# Long 1 BTC at 60,000 and short 20 ETH at 3,000 on 30,000 USDT; 0.5% maintenance, 10% initial margin.
DESK = """\
account: {name: desk, currency: USDT}
prices: {BTC: 60000, ETH: 3000}
collateral: [{asset: USDT, amount: 30000}]
positions:
  - {symbol: BTCUSDT, side: long, quantity: 1, leverage: 10, maintenance_rate: 0.5%, funding_rate: 0.01%}
  - {symbol: ETHUSDT, side: short, quantity: 20, leverage: 10, maintenance_rate: 0.5%}
"""
SCENARIOS = """\
scenarios:
  - {name: slump, shocks: {BTC: -20%, ETH: -10%}}
  - {name: squeeze, shocks: {BTC: -30%, ETH: 40%}}
"""
MILD = DESK + SCENARIOS.replace("squeeze", "less").replace("40%", "5%")
HARD = DESK + SCENARIOS
RATES = """\
symbol,time,rate
BTCUSDT,2026-11-22T00:00:00Z,0.01%
BTCUSDT,2026-11-22T08:00:00Z,0.03%
ETHUSDT,2026-11-22T00:00:00Z,-0.02%
ETHUSDT,2026-11-22T08:00:00Z,-0.06%
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files of every kind of end, and an environment that says nothing about the terminal."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM"):
        monkeypatch.delenv(name, raising=False)
    texts = {
        "bare.yaml": DESK,
        "mild.yaml": MILD,
        "hard.yaml": HARD,
        "strict.yaml": HARD + "limits: {survive: all}\n",
        "partly.yaml": HARD + "limits: {survive: slump}\n",
        "warned.yaml": HARD + "limits: {survive: {warn: squeeze}}\n",
        "off.yaml": HARD + "limits: {survive: off}\n",
        "waived.yaml": HARD + 'waivers: [{code: MC113, until: 2026-12-31, reason: "known"}]\n',
        "lost.yaml": HARD + "limits: {survive: gone}\n",
        "wrong.yaml": HARD.replace("leverage", "levarage"),
        "policy.yaml": "limits: {survive: all}\nscenarios: [{name: policy-crash, shocks: {BTC: -60%}}]\n",
        "rates.csv": RATES,
        "torn.csv": RATES + "BTCUSDT,2026-11-22T16:00:00Z,lots\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def stress(*arguments: str, stdin: bytes = b"") -> Ran:
    return run("stress", "--today", TODAY, *arguments, stdin=stdin)


def document(*arguments: str) -> dict[str, Any]:
    return stress("--format", "json", *arguments).json()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["mild.yaml"], 0, id="all survived"),
        pytest.param(["hard.yaml"], 0, id="not survived, no limit set: a warning"),
        pytest.param(["hard.yaml", "--fail-on", "warning"], 1, id="a warning that fails"),
        pytest.param(["mild.yaml", "--fail-on", "warning"], 0, id="nothing to warn of"),
        pytest.param(["strict.yaml"], 1, id="not survived, and it must be"),
        pytest.param(["strict.yaml", "--fail-on", "never"], 0, id="nothing fails"),
        pytest.param(["strict.yaml", "--scenario", "slump"], 0, id="only what is run counts"),
        pytest.param(["strict.yaml", "--shock", "BTC=-60%"], 1, id="all means a shock of the command line too"),
        pytest.param(["strict.yaml", "--builtin", "covid-crash"], 0, id="and the built-in ones: this one is survived"),
        pytest.param(["partly.yaml"], 0, id="squeeze is not among those to survive"),
        pytest.param(["partly.yaml", "--shock", "BTC=-60%"], 0, id="nor is a shock"),
        pytest.param(["warned.yaml"], 0, id="a limit that warns"),
        pytest.param(["off.yaml", "--fail-on", "warning"], 0, id="switched off"),
        pytest.param(["waived.yaml", "--fail-on", "warning"], 0, id="waived"),
        pytest.param(["mild.yaml", "--limits", "policy.yaml"], 1, id="a scenario of the policy"),
        pytest.param(["hard.yaml", "--set", "collateral.0.amount=5", "--fail-on", "never"], 0, id="never"),
        pytest.param(["hard.yaml", "--set", "collateral.0.amount=5"], 1, id="liquidatable already"),
        pytest.param(["lost.yaml"], 2, id="a limit on a scenario that nobody has"),
        pytest.param(["wrong.yaml"], 2, id="a file that cannot be read"),
        pytest.param(["nowhere.yaml"], 2, id="no such file"),
        pytest.param(["*.yaml"], 2, id="several files"),
        pytest.param(["hard.yaml", "--funding", "rates.csv"], 0, id="with a history"),
        pytest.param(["hard.yaml", "--funding", "torn.csv"], 2, id="a history that cannot be read"),
        pytest.param(["hard.yaml", "--funding", "none.csv"], 2, id="a history that is not there"),
        pytest.param(["--list"], 0, id="a list"),
    ],
)
def test_how_a_run_ends(arguments: list[str], code: int, desk: Path) -> None:
    assert stress(*arguments).code == code
    assert stress(*arguments, "--format", "json").code == code


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param([], "no portfolio is named", id="no file"),
        pytest.param(["hard.yaml", "--format", "xml"], "write one of table, json, csv, markdown", id="format"),
        pytest.param(["hard.yaml", "--builtin", "tulips"], "covid-crash", id="built-in"),
        pytest.param(["hard.yaml", "--shock", "BTC=-100%"], "to 0 or below", id="nothing left"),
        pytest.param(["hard.yaml", "--shock", "BTC"], "has no value", id="no move"),
        pytest.param(["hard.yaml", "--grid", "BTC"], "write BTC,ETH", id="one axis"),
        pytest.param(["hard.yaml", "--grid", "BTC,BTC"], "two assets", id="the same twice"),
        pytest.param(["hard.yaml", "--grid", "BTC,ETH,SOL"], "two assets", id="three axes"),
        pytest.param(["hard.yaml", "--points", "10"], "an odd number", id="even points"),
        pytest.param(["hard.yaml", "--points", "1"], "from 3 to 201", id="one point"),
        pytest.param(["hard.yaml", "--range", "0%"], "--range", id="no range"),
        pytest.param(["hard.yaml", "--range", "50"], "write 50%", id="range without %"),
        pytest.param(["hard.yaml", "--range", "101%"], "up to 100%", id="too far"),
        pytest.param(["hard.yaml", "--quantile", "0%"], "--quantile", id="no quantile"),
        pytest.param(["hard.yaml", "--horizon", "30"], "write 30s, 30m, 30h or 30d", id="horizon"),
        pytest.param(["hard.yaml", "--fee", "-1%"], "--fee", id="fee"),
        pytest.param(["hard.yaml", "--fail-on", "sometimes"], "error, warning or never", id="fail-on"),
    ],
)
def test_flags_that_cannot_be_meant(arguments: list[str], words: str, desk: Path) -> None:
    ran = stress(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.errors


def names(*arguments: str) -> list[tuple[str, str]]:
    return [(one["name"], one["origin"]) for one in document(*arguments)["scenarios"]]


def test_the_file_s_scenarios_run_unless_others_are_named(desk: Path) -> None:
    assert names("hard.yaml") == [("slump", "file"), ("squeeze", "file")]
    assert names("hard.yaml", "-s", "squeeze") == [("squeeze", "file")]
    assert names("hard.yaml", "-s", "all", "--shock", "BTC=-5%", "-b", "usdt-depeg") == [
        ("slump", "file"),
        ("squeeze", "file"),
        ("--shock", "flag"),
        ("usdt-depeg", "built-in"),
    ]
    assert names("hard.yaml", "--shock", "BTC=-5%", "--shock", "*=1%") == [("--shock", "flag")]
    assert names("hard.yaml", "--limits", "policy.yaml")[-1] == ("policy-crash", "file")


def test_without_scenarios_the_built_in_ones_run(desk: Path) -> None:
    found = document("bare.yaml")["scenarios"]
    assert len(found) == 11
    covid = found[0]
    assert (covid["name"], covid["date"], covid["moves"]) == (
        "covid-crash",
        "2020-03-12",
        {"BTC": Decimal("-0.40"), "ETH": Decimal("-0.43")},
    )
    assert covid["sources"][0]["publisher"] == "CryptoPotato"
    assert found == document("bare.yaml", "--builtin", "all")["scenarios"]


def test_a_scenario_of_the_file_keeps_a_name_that_a_built_in_one_has(desk: Path) -> None:
    (desk / "mine.yaml").write_text(HARD.replace("slump", "covid-crash"))
    assert names("mine.yaml", "-s", "covid-crash", "-b", "covid-crash") == [
        ("covid-crash", "file"),
        ("covid-crash (built-in)", "built-in"),
    ]


def test_figures_by_hand(desk: Path) -> None:
    slump, squeeze = document("hard.yaml")["scenarios"]
    # BTC -20%: -12,000; ETH -10%: +6,000. Maintenance 240 + 270, initial 4,800 + 5,400.
    assert (slump["survived"], slump["crossing"], slump["pool"]) == (True, None, "cross")
    assert (slump["equity"], slump["change"], slump["maintenance_margin"]) == (24000, -6000, 510)
    assert (slump["free_collateral"], slump["maintenance_ratio"]) == (13800, Decimal("0.02125"))
    # 30,000 - 600 = (6,000 - 60 - 30) u
    assert slump["reach"] == Decimal("4.9746192893")
    assert slump["worst_position"] == {"position": "BTCUSDT", "symbol": "BTCUSDT", "side": "long", "change": -12000}
    # 30,000 - 42,000 u = 600 + (-90 + 120) u
    assert (squeeze["survived"], squeeze["crossing"]) == (False, Decimal("0.6995003568"))
    assert (squeeze["equity"], squeeze["maintenance_ratio"]) == (-12000, None)
    assert squeeze["bystanders"] == []
    assert squeeze["cascade"] is None


def test_a_cascade_with_the_fee_of_the_command_line(desk: Path) -> None:
    found = document("hard.yaml", "--cascade", "--fee", "1%", "-s", "squeeze")
    story = found["scenarios"][0]["cascade"]
    at = Decimal(29400) / Decimal(42030)
    first, second, last = story["steps"]
    # Of 18,000 and 24,000 the ETH short loses more; then 1% of the BTC notional is more than is left.
    assert (first["action"], first["symbol"], first["quantity"], first["left"]) == ("close", "ETHUSDT", 20, 0)
    assert abs(first["pnl"] + 24000 * at) < Decimal("1e-8")
    assert abs(first["fee"] - 600 * (1 + Decimal("0.4") * at)) < Decimal("1e-8")
    assert first["equity"] < 0
    assert (second["symbol"], last["action"], last["equity"]) == ("BTCUSDT", "bankrupt", 0)
    assert (story["left"], story["value"], story["equity"]) == ([], 0, 0)
    assert story["isolated"]["margins"] == {"USDT": 12000}
    assert not story["isolated"]["collateral_sold"]
    assert [one["isolated"]["closed_at"] is None for one in story["isolated"]["positions"]] == [False, False]
    assert not any("no liquidation fee" in text for text in found["assumptions"])
    assert any("close at the mark" in text for text in found["assumptions"])


def test_a_cascade_that_closes_nothing_is_empty(desk: Path) -> None:
    story = document("mild.yaml", "--cascade")["scenarios"][0]["cascade"]
    assert (story["steps"], story["isolated"], story["value"]) == ([], None, 24000)
    assert [one["quantity"] for one in story["left"]] == [1, 20]
    assert any(
        "no liquidation fee: generic publishes none" in text
        for text in document("mild.yaml", "--cascade")["assumptions"]
    )
    assert not any("liquidation fee" in text for text in document("mild.yaml")["assumptions"])


def test_a_grid_by_hand(desk: Path) -> None:
    grid = document("hard.yaml", "--grid", "BTC,ETH", "--points", "3", "--range", "40%")["grid"]
    assert grid["down"] == {"asset": "BTC", "moves": [Decimal("-0.4"), 0, Decimal("0.4")]}
    assert grid["across"]["asset"] == "ETH"
    assert grid["equity"] == [[30000, 6000, -18000], [54000, 30000, 6000], [78000, 54000, 30000]]
    assert grid["liquidatable"] == [[False, False, True], [False] * 3, [False] * 3]
    assert grid["maintenance_ratio"][0] == [Decimal("0.012"), Decimal("0.08"), None]
    assert grid["maintenance_ratio"][1][1] == Decimal("0.02")


def test_the_curve_by_hand(desk: Path) -> None:
    curve = document("hard.yaml", "--range", "25%")["curve"]
    # Hedged: equity stays, 600 of maintenance and 12,000 of initial margin move with both.
    assert curve == [
        {
            "pool": "cross",
            "points": [
                {"move": Decimal("-0.25"), "equity": 30000, "required": 450, "initial_margin": 9000, "order_margin": 0},
                {"move": 0, "equity": 30000, "required": 600, "initial_margin": 12000, "order_margin": 0},
                {"move": Decimal("0.25"), "equity": 30000, "required": 750, "initial_margin": 15000, "order_margin": 0},
            ],
        }
    ]


def test_funding_by_hand(desk: Path) -> None:
    funding = document("hard.yaml")["funding"]
    btc, eth = funding["positions"]
    assert btc["rates"]["given"] == {
        "rate": Decimal("0.0001"),
        "interval_hours": 8,
        "per_interval": -6,
        "per_day": -18,
    }
    assert eth["rates"]["given"] is None
    case = funding["cases"][0]
    assert (case["rates"], case["per_day"], case["missing"]) == ("given", -18, ["ETHUSDT"])
    # 29,400 of buffer at 18 a day
    assert case["runway_days"] == Decimal("1633.3333333333")


def test_funding_from_a_history(desk: Path) -> None:
    funding = document("hard.yaml", "--funding", "rates.csv", "--horizon", "10d", "--quantile", "10%")["funding"]
    assert (funding["horizon_days"], funding["quantile"]) == (10, Decimal("0.1"))
    given, mean, worst = funding["cases"]
    # mean 0.02% and -0.04%: -12 and -24 per interval; worst 0.03% and -0.06%: -18 and -36.
    assert [case["per_day"] for case in (given, mean, worst)] == [-18, -108, -162]
    assert (mean["missing"], worst["rates"]) == ([], "worst")


def test_a_history_that_cannot_be_read_says_where(desk: Path) -> None:
    ran = stress("hard.yaml", "--funding", "torn.csv")
    assert "torn.csv:6:30: MC014 `rate` is not a number: `lots`" in ran.out
    (error,) = document("hard.yaml", "--funding", "torn.csv")["errors"]
    assert (error["file"], error["line"], error["code"]) == ("torn.csv", 6, "MC014")


def test_a_file_that_cannot_be_read_gives_one_valid_document(desk: Path) -> None:
    found = document("wrong.yaml")
    assert (found["schema"], found["file"], found["scenarios"]) == ("marginctl.stress/1", "wrong.yaml", [])
    assert (found["account"], found["grid"], found["curve"], found["funding"]) == (None, None, [], None)
    assert {error["code"] for error in found["errors"]} == {"MC010"}
    assert found["summary"] == {"scenarios": 0, "not_survived": 0, "exit_code": 2}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--shock", "DOGE=-5%"], "--shock names `DOGE`, which nothing in the account has", id="shock"),
        pytest.param(["--grid", "BTC,DOGE"], "--grid names `DOGE`", id="grid"),
        pytest.param(["--scenario", "sloomp"], "the file has no scenario `sloomp`", id="scenario"),
    ],
)
def test_names_that_the_account_does_not_have(arguments: list[str], words: str, desk: Path) -> None:
    ran = stress("hard.yaml", *arguments)
    assert ran.code == 2
    assert words in ran.out


def test_scenario_all_needs_one(desk: Path) -> None:
    ran = stress("bare.yaml", "--scenario", "all")
    assert ran.code == 2
    assert "--builtin runs built-in ones" in ran.out


def test_standard_input(desk: Path) -> None:
    ran = stress("-", "--stdin-filename", "desk.yaml", "--format", "json", stdin=HARD.encode())
    assert (ran.code, ran.json()["file"], len(ran.json()["scenarios"])) == (0, "desk.yaml", 2)


def test_a_price_that_falls_to_nothing(desk: Path) -> None:
    (desk / "end.yaml").write_text(DESK + "scenarios: [{name: end, shocks: {BTC: -100%, USDT: -100%, ETH: -100%}}]\n")
    ran = stress("end.yaml", "--cascade", "--format", "json")
    assert ran.code == 0
    assert ran.json()["scenarios"][0]["equity"] == 0


def test_the_list_names_dates_and_moves_and_sources_when_asked(desk: Path) -> None:
    plain, full = stress("--list").out, stress("--list", "-v").out
    assert "tariff-crash  2025-10-10" in plain
    assert "BTC -12%, ETH -16%, SOL -30%, XRP -43%, DOGE -50%, others -50%" in plain
    assert "Reuters" not in plain
    assert "Reuters, Bitcoin, ethereum plunge; crypto market cap losses nearly $1 trillion" in full
    assert stress("--list", "--format", "json").json()["scenarios"][-1]["funding"] == {
        "rates": {"ETH": Decimal("-0.003")},
        "interval_hours": 8,
        "days": 7,
    }


def test_quiet_is_findings_and_the_verdict(desk: Path) -> None:
    assert stress("hard.yaml", "-q").out.splitlines() == [
        "WARN  desk: 1 of 2 scenarios is not survived: squeeze (after 69.95% of it).",
        "",
        "Findings",
        "  WARN  MC113  scenario squeeze is not survived: cross is liquidated after 69.95% of it (line 9)",
        "               → reduce or hedge what loses most in it, or deposit",
    ]


FULL = ("hard.yaml", "--cascade", "--fee", "0.5%", "--grid", "BTC,ETH", "--funding", "rates.csv")


@pytest.mark.parametrize("width", ["80", "120"])
def test_a_screen_is_the_golden_one(width: str, desk: Path, golden_file: Callable[[Path, str], None]) -> None:
    text = stress(*FULL, "--width", width).out
    assert all(len(row) <= int(width) for row in text.splitlines())
    golden_file(GOLDEN / f"stress-{width}.txt", text)


def test_a_screen_in_colour(desk: Path, golden_file: Callable[[Path, str], None]) -> None:
    golden_file(GOLDEN / "stress-100-colour.txt", stress(*FULL, "--width", "100", "--color", "always").out)


def test_a_screen_of_built_in_scenarios(desk: Path, golden_file: Callable[[Path, str], None]) -> None:
    text = stress("bare.yaml", "--width", "100", "-v", "--no-curve").out
    assert all(len(row) <= 100 for row in text.splitlines())
    golden_file(GOLDEN / "stress-builtin-100.txt", text)


def test_the_list_of_built_in_scenarios(desk: Path, golden_file: Callable[[Path, str], None]) -> None:
    golden_file(GOLDEN / "stress-list-80.txt", stress("--list", "--width", "80").out)


# Long 1 BTC, short 20 ETH, 60,000 each, on 5,000. Five returns: +1,200, -1,800, -600, +1,200 and -2,400.
DAYS = "date,BTC,ETH\n2026-01-01,-10%,-12%\n2026-01-02,-4%,-1%\n2026-01-03,2%,3%\n2026-01-04,6%,4%\n2026-01-05,-1%,3%\n"
PRICES = "date,BTC,ETH\n2026-01-01,60000,3000\n2026-01-02,57600,2970\n2026-01-03,57600,2970\n2026-01-04,57024,3059.1\n"
MODELS = {
    # 1% of both: 1,200 + 12 u against 5,000 - 2,400 u.
    "tiered": ("{}", "", Decimal(3800) / 2412),
    # Rows (-10%, -5%) and (10%, 5%) together: 3,000 - 150 u.
    "scenario": (
        "{margin_model: scenario}",
        "portfolio_margin: {combine: joint, underlyings: [{assets: BTC, moves: [-10%, 10%]}, HALF]}\n".replace(
            "HALF", "{assets: ETH, moves: [-5%, 5%]}"
        ),
        Decimal(2000) / 2250,
    ),
    # The mean of the days of 2,400 + 48 u and 1,800 - 42 u.
    "expected-shortfall": (
        "{margin_model: expected-shortfall}",
        "portfolio_margin: {confidence: 60%}\nhistory: {file: days.csv, values: returns}\n",
        Decimal(2900) / 2403,
    ),
    # The second worst of five.
    "var": (
        "{margin_model: var}",
        "portfolio_margin: {confidence: 60%}\nhistory: {file: days.csv, values: returns}\n",
        Decimal(3200) / 2358,
    ),
}


def book_under(model: str, folder: Path) -> str:
    header, more, _ = MODELS[model]
    text = DESK.replace("{name: desk, currency: USDT}", header).replace("0.5%", "1%").replace("30000", "5000")
    (folder / "days.csv").write_text(DAYS)
    (folder / "prices.csv").write_text(PRICES)
    (folder / "book.yaml").write_text(text + more)
    return "book.yaml"


@pytest.mark.parametrize("model", MODELS)
def test_the_worst_days_of_a_history(model: str, desk: Path) -> None:
    name = book_under(model, desk)
    found = document(name, "--history", "days.csv", "--returns", "--worst", "3")["scenarios"]
    told = [(row["name"], row["change"], row["equity"]) for row in found]
    assert told == [("2026-01-05", -2400, 2600), ("2026-01-02", -1800, 3200), ("2026-01-03", -600, 4400)]
    least = MODELS[model][2]
    assert abs(found[0]["reach"] - least) < Decimal("1e-9")
    assert found[0]["survived"] is (least >= 1)


def test_the_worst_day_is_told_with_the_least_multiple_that_liquidates(desk: Path) -> None:
    ran = stress(book_under("tiered", desk), "--history", "days.csv", "--returns", "--worst", "1", "--no-curve")
    said = "The worst of the history ends on 2026-01-05 and costs 2,400.00 USD; 1.5754 times that move liquidates."
    assert said in ran.out


def test_returns_over_several_rows_do_not_share_any(desk: Path) -> None:
    # Over two rows: BTC -4%, ETH -1%: -1,800; then BTC -1% and ETH 3%, -2,400. They share the second of three moves.
    found = document(book_under("tiered", desk), "--history", "prices.csv", "--span", "2")["scenarios"]
    assert [(row["name"], row["change"]) for row in found] == [("2026-01-04", -2400)]
    assert document("book.yaml", "--history", "prices.csv", "--horizon", "2")["scenarios"] == found
    days = document("book.yaml", "--history", "prices.csv")["scenarios"]
    assert [(row["name"], row["change"]) for row in days] == [
        ("2026-01-04", -2400),
        ("2026-01-02", -1800),
        ("2026-01-03", 0),
    ]


# 10 WBETH at 3,150, counted at 95%, behind a short of 10.5 ETH and a long of 0.5 BTC.
STAKED = """\
prices: {ETH: 3000, WBETH: 3150, BTC: 60000}
collateral: [{asset: USDT, amount: 6000}, {asset: WBETH, amount: 10, haircut: 5%}]
positions:
  - {symbol: ETHUSDT, side: short, quantity: 10.5, leverage: 10, maintenance_rate: 1%}
  - {symbol: BTCUSDT, side: long, quantity: 0.5, leverage: 10, maintenance_rate: 1%}
"""


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        # ETH +25%: 29,925 x 25% - 31,500 x 25%; BTC -5% of 30,000. By the short alone the first would be the worst.
        ("ETH,BTC\n2026-01-01,25%,0\n2026-01-02,0,-5%\n", [("2026-01-02", -1500), ("2026-01-01", Decimal("-393.75"))]),
        # A column of its own counts, a move of 0 as well: the short loses 7,875, WBETH falls 1% of 29,925.
        (
            "ETH,WBETH\n2026-01-01,25%,0\n2026-01-02,0,-1%\n",
            [("2026-01-01", -7875), ("2026-01-02", Decimal("-299.25"))],
        ),
    ],
)
def test_what_follows_an_asset_moves_with_it_on_the_worst_days(rows: str, told: Any, desk: Path) -> None:
    Path("staked.yaml").write_text(STAKED)
    Path("days.csv").write_text(f"date,{rows}")
    found = document("staked.yaml", "--history", "days.csv", "--returns")
    assert [(row["name"], row["change"]) for row in found["scenarios"]] == told
    assert "WBETH stands still in the history" not in found["assumptions"]


def test_a_history_of_what_is_followed_alone_moves_what_follows(desk: Path) -> None:
    Path("held.yaml").write_text("prices: {WBETH: 3150}\ncollateral: [{asset: WBETH, amount: 10, haircut: 0}]\n")
    Path("days.csv").write_text("date,ETH\n2026-01-01,-10%\n")
    (row,) = document("held.yaml", "--history", "days.csv", "--returns")["scenarios"]
    assert row["change"] == -3150


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--history", "prices.csv", "--span", "3", "--horizon", "2"], "--horizon 2 and --span 3 say the same"),
        (["--history", "prices.csv", "--horizon", "0"], "--horizon has no unit: `0`"),
        (["--span", "2", "--horizon", "2"], "--horizon has no unit: `2`"),
    ],
)
def test_a_horizon_without_a_unit_is_of_a_history(flags: list[str], said: str, desk: Path) -> None:
    ran = stress(book_under("tiered", desk), *flags)
    assert (ran.code, said in ran.errors) == (2, True)


def test_returns_are_said_of_a_history_that_is_named(desk: Path) -> None:
    ran = stress("mild.yaml", "--returns")
    assert (ran.code, "--returns changes nothing here" in ran.errors) == (2, True)


@pytest.mark.parametrize("flags", [["--worst", "5"], ["--span", "2"]])
def test_days_of_a_history_need_one(flags: list[str], desk: Path) -> None:
    ran = stress("mild.yaml", *flags)
    assert ran.code == 2
    assert "MC022 --worst and --span are about a history, and the portfolio has none" in ran.out


@pytest.mark.parametrize("model", ["tiered", "expected-shortfall"])
def test_the_portfolios_own_history_where_none_is_named(model: str, desk: Path) -> None:
    # Under `tiered` nothing else reads it. Its `to:` holds here as for the model: 2026-01-05 is out.
    book = Path(book_under(model, desk))
    text = book.read_text()
    own = "history: {file: days.csv, values: returns"
    text = text.replace(own + "}", f"{own}, to: 2026-01-04}}") if own in text else text + f"{own}, to: 2026-01-04}}\n"
    book.write_text(text)
    found = document("book.yaml", "--worst", "2")["scenarios"]
    assert [(row["name"], row["change"]) for row in found] == [("2026-01-02", -1800), ("2026-01-03", -600)]
    assert [row["origin"] for row in found] == ["history", "history"]


def test_an_own_history_that_cannot_be_read_says_where(desk: Path) -> None:
    book = Path(book_under("tiered", desk))
    (desk / "days.csv").write_text("date,BTC\n2026-01-01,1\n2026-01-02,\n")
    book.write_text(book.read_text() + "history: {file: days.csv}\n")
    ran = stress("book.yaml", "--worst", "2")
    assert ran.code == 2
    assert "days.csv:3:12: MC022 BTC has no value on 2026-01-02" in ran.out


def test_a_history_of_nothing_that_the_account_has_is_refused(desk: Path) -> None:
    book_under("tiered", desk)
    Path("other.csv").write_text("date,BTCC,ETHH\n2026-01-01,1,1\n2026-01-02,2,2\n")
    ran = stress("book.yaml", "--history", "other.csv")
    assert ran.code == 2
    assert "MC022 the history has no column of an asset that the account has, but `BTCC`" in ran.out
    assert "did you mean `BTC`?" in ran.out


def test_columns_of_a_history_that_move_nothing_are_named(desk: Path) -> None:
    book_under("tiered", desk)
    Path("other.csv").write_text("date,BTC,ETHH\n2026-01-01,1,1\n2026-01-02,2,2\n")
    found = document("book.yaml", "--history", "other.csv")
    assert "columns of the history that move nothing here: `ETHH`" in found["assumptions"]
    assert "ETH stands still in the history" in found["assumptions"]
