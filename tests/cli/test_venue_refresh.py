"""`venue refresh NAME --from FILE`: what it prints, writes and exits with, and that `check` uses what it wrote."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from tests.venues.answers.published import asset_index, bracket, brackets, risk_limits
from tests.venues.answers.test_refusal import NO_ANSWERS
from typer.testing import CliRunner

from marginctl.cli.app import app
from marginctl.venues import loader

GOLDEN = Path(__file__).parent / "golden"
TODAY = ("--today", "2026-11-22")


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def refresh(*arguments: str) -> tuple[int, str, str]:
    return run("venue", "refresh", *arguments, *TODAY)


def saved(folder: Path, document: object, name: str = "answer.json") -> str:
    path = folder / name
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def desk_answer() -> list[dict]:
    """Four contracts: one as before, one changed, one new, one that contradicts itself, one that nobody can place."""
    listing = {one["symbol"]: one for one in brackets("binance-usdm.csv")}
    bitcoin = listing["BTCUSDT"]
    bitcoin["brackets"][0]["initialLeverage"] = 125
    del bitcoin["brackets"][-1]
    listing["ETHUSDT"]["brackets"][2]["cum"] = "1"
    return [
        listing["0GUSDT"],
        bitcoin,
        listing["ETHUSDT"],
        {"symbol": "NEWUSDT", "brackets": [bracket(20, 0, 5000, 0.02, 0), bracket(10, 5000, 50000, 0.05, 150)]},
        {"symbol": "WEIRD", "brackets": [bracket(20, 0, 5000, 0.02, 0)]},
    ]


@pytest.mark.parametrize("width", ["80", "120"])
def test_the_screen(width, tmp_path, golden_file):
    answer = saved(tmp_path, desk_answer())
    index = saved(tmp_path, asset_index(BTC=("0.05", "0.05"), ETH=("0.06", "0.08"), ADA=("0.1", "0.1")), "index.json")
    code, text, errors = refresh("binance-usdm", "--from", answer, "--from", index, "--width", width)
    assert (code, errors) == (1, "")
    assert max(map(len, text.splitlines())) <= int(width)
    golden_file(GOLDEN / f"venue-refresh-{width}.txt", text)


def test_without_an_output_nothing_is_written(tmp_path):
    answer = saved(tmp_path, desk_answer())
    _, text, _ = refresh("binance-usdm", "--from", answer, "--as-of", "2026-11-20")
    assert "nothing was written: --output FILE.yaml writes the rule file" in text
    assert [path.name for path in tmp_path.iterdir()] == ["answer.json"]


def test_what_is_written_is_what_check_uses(tmp_path):
    answer = saved(tmp_path, desk_answer())
    rules = tmp_path / "rules"
    rules.mkdir()
    code, text, _ = refresh(
        "binance-usdm", "--from", answer, "--as-of", "2026-11-20", "--output", str(rules / "binance-usdm.yaml")
    )
    assert code == 1  # two contracts were not taken
    assert sorted(path.name for path in rules.iterdir()) == [
        "binance-usdm-linear-2026-05-01.csv",
        "binance-usdm-linear-2026-11-20.csv",
        "binance-usdm.yaml",
    ]
    assert str(rules / "binance-usdm.yaml") in text.replace("\n", "")
    portfolio = tmp_path / "desk.yaml"
    portfolio.write_text(
        "account: {venue: binance-usdm}\n"
        "prices: {NEW: 10}\n"
        "collateral: [{asset: USDT, amount: 10000}]\n"
        "positions: [{symbol: NEWUSDT, side: long, quantity: 1000, leverage: 5}]\n"
    )
    _, text, _ = run("check", str(portfolio), "--rules", str(rules), "--format", "json", *TODAY)
    (report,) = json.loads(text, parse_float=Decimal)["reports"]
    # 1000 x 10 = 10,000 USDT, in the second tier: 10000 x 5% - 150 = 350.
    assert report["positions"][0]["maintenance_margin"] == 350
    assert report["positions"][0]["tier"] == 2
    assert report["rules"]["as_of"] == "2026-11-20"


def test_the_json_form_has_every_row_of_every_change(tmp_path):
    answer = saved(tmp_path, desk_answer())
    code, text, _ = refresh("binance-usdm", "--from", answer, "--as-of", "2026-11-20", "--format", "json")
    assert code == 1
    document = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    assert document["schema"] == "marginctl.refresh/2"
    assert document["as_of"] == {"before": "2026-05-01", "after": "2026-11-20", "answer": "2026-11-20"}
    changes = {one["symbol"]: one for one in document["contracts"]}
    assert {symbol: one["change"] for symbol, one in changes.items()} == {
        "0GUSDT": "same",
        "BTCUSDT": "changed",
        "NEWUSDT": "added",
    }
    assert [len(changes["BTCUSDT"][side]) for side in ("before", "after")] == [12, 11]
    assert changes["NEWUSDT"]["after"][1] == {
        "up_to": Decimal(50000),
        "maintenance_rate": Decimal("0.05"),
        "deduction": Decimal(150),
        "initial_rate": Decimal("0.1"),
        "max_leverage": Decimal(10),
    }
    assert [one["name"] for one in document["untaken"]] == ["ETHUSDT", "WEIRD"]
    assert document["written"] == []


def test_the_day_of_the_answer_is_used_where_it_has_one(tmp_path):
    answer = saved(tmp_path, risk_limits(("ETHUSDT", "9", "0.01", "0.02", "50.00", "")))
    code, text, errors = refresh("bybit", "--from", answer)
    assert (code, errors) == (0, "")
    assert text.startswith("bybit  rules of 2025-12-29 → 2026-11-20\n")


def test_an_answer_may_come_on_standard_input():
    answer = json.dumps(risk_limits(("ETHUSDT", "9", "0.01", "0.02", "50.00", "")))
    result = CliRunner().invoke(app, ["venue", "refresh", "bybit", "--from", "-", *TODAY], input=answer)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "contracts: 1 changed" in result.stdout


def test_an_existing_file_is_replaced_only_by_force(tmp_path):
    answer = saved(tmp_path, desk_answer())
    target = tmp_path / "own.yaml"
    target.write_text("mine")
    flags = ("--from", answer, "--as-of", "2026-11-20", "--output", str(target))
    code, text, errors = refresh("binance-usdm", *flags)
    assert (code, text, target.read_text()) == (2, "", "mine")
    assert "exists already" in errors
    assert list(tmp_path.glob("*.csv")) == []
    assert refresh("binance-usdm", *flags, "--force")[0] == 1
    assert target.read_text().startswith("schema: marginctl.venue/1\n")
    assert list(tmp_path.glob("*.part")) == []


def test_a_rule_set_can_be_brought_up_to_date_in_its_place(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text((loader.DATA / "bybit.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "bybit.csv").write_bytes((loader.DATA / "bybit.csv").read_bytes())
    for symbol in ("ETHUSDT", "XRPUSDT"):
        answer = saved(tmp_path, risk_limits((symbol, "9", "0.01", "0.02", "50.00", "")))
        code, _, errors = refresh(str(own), "--from", answer, "--output", str(own), "--force")
        assert (code, errors) == (0, "")
    code, text, errors = run("venue", str(own), "--symbol", "ETHUSDT", "--format", "json")
    assert (code, errors) == (0, "")
    assert json.loads(text)["as_of"] == "2026-11-20"
    assert json.loads(run("venue", str(own), "--symbol", "BTCUSDT", "--format", "json")[1])["as_of"] == "2025-12-29"


BAD_CALLS = {
    "no such rule set": (("binance",), "there is no rule set `binance`"),
    "no date": (("binance-usdm",), "the answer has no date of its own"),
    "no such day": (("binance-usdm", "--as-of", "2026-13-01"), "--as-of `2026-13-01` is no date"),
    "a day to come": (("binance-usdm", "--as-of", "2026-11-23"), "the date 2026-11-23 lies after today, 2026-11-22"),
    "an older day": (("binance-usdm", "--as-of", "2026-01-01"), "what it would replace of 2026-05-01"),
    "another venue": (("okx", "--as-of", "2026-11-20"), "nothing in the answer can be used for okx"),
    "conventions": (("generic", "--as-of", "2026-11-20"), "generic states conventions"),
    "no rule file's name": (
        ("binance-usdm", "--as-of", "2026-11-20", "--output", "rules.csv"),
        "--output `rules.csv` is no rule file's name",
    ),
    "no size": (("binance-usdm", "--contract-size", "BTCUSDT"), "--contract-size `BTCUSDT` has no value"),
    "a size that is no number": (("binance-usdm", "--contract-size", "BTCUSDT=big"), "the size is not a number: `big`"),
    "a size of 0": (("binance-usdm", "--contract-size", "BTCUSDT=0"), "the size must be more than 0"),
    "an unknown format": (("binance-usdm", "--format", "yaml"), "--format `yaml` is unknown"),
    "no folder": (
        ("binance-usdm", "--as-of", "2026-11-20", "--output", "/nowhere/at/all.yaml"),
        "cannot be written: No such file or directory",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), BAD_CALLS.values(), ids=BAD_CALLS.keys())
def test_a_bad_call_exits_2_and_prints_no_change(arguments, message, tmp_path):
    code, text, errors = refresh(*arguments, "--from", saved(tmp_path, desk_answer()))
    assert (code, text) == (2, "")
    assert message in errors


def test_a_file_that_is_no_answer_exits_2_with_its_place(tmp_path):
    path = tmp_path / "answer.json"
    path.write_text('{"retCode": 10001, "retMsg": "params error", "result": {}}')
    code, text, errors = refresh("bybit", "--from", str(path))
    assert (code, text) == (2, "")
    assert f"{path}:1:1: MC028 the answer is an error: retCode `10001` `params error`" in errors.replace("\n", "")


def test_a_file_that_is_not_there_exits_2():
    code, text, errors = refresh("bybit", "--from", "/nowhere.json")
    assert (code, text) == (2, "")
    assert "/nowhere.json: MC001 cannot be read: No such file or directory" in errors


def test_without_an_answer_the_call_is_refused():
    code, _, errors = refresh("bybit")
    assert code == 2
    assert "--from" in errors


@pytest.mark.parametrize(("answer", "message"), NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_what_a_venue_sends_instead_of_data_exits_2_in_its_words(answer, message, tmp_path):
    path = tmp_path / "answer.json"
    path.write_text(answer)
    code, text, errors = refresh("okx", "--from", str(path), "--as-of", "2026-11-20")
    assert (code, text) == (2, "")
    assert message in errors.replace("\n", "")
    assert "\u202e" not in errors
    assert max(map(len, errors.splitlines())) <= len(str(path)) + 250


PUBLIC = Path(__file__).parents[1] / "venues" / "answers" / "public"


def published(name: str, **words: str) -> object:
    """A published answer with other words in it."""
    text = (PUBLIC / f"{name}.json").read_text(encoding="utf-8")
    for old, new in words.items():
        assert old in text
        text = text.replace(old, new)
    return json.loads(text)


DATED = {"2026-04-17": "2026-11-20"}
ASKED_FOR = [
    ("bybit", "DOGEUSDT", risk_limits(("DOGEUSDT", "100000", "0.01", "0.02", "50", "")), "0.01"),
    ("bybit", "ADAUSD", risk_limits(("ADAUSD", "100000", "0.01", "0.02", "50", ""), category="inverse"), "0.01"),
    ("mexc", "DOT_USDT", published("mexc.detail"), "0.002"),
    ("bitget", "ADAUSDT", published("bitget.query-position-lever", BTC="ADA", **{"1695": "1794"}), "0.004"),
    ("kraken", "PF_LTCUSD", published("kraken.instruments", PEPE="LTC", **DATED), "0.01"),
    ("kraken-inverse", "PI_LTCUSD", published("kraken-inverse.instruments", XBT="LTC", BTC="LTC", **DATED), "0.01"),
    ("dydx", "LTC-USD", published("dydx.perpetualMarkets", BTC="LTC"), "0.012"),
    ("hyperliquid", "XMR", published("hyperliquid.meta"), "0.05"),
    ("hyperliquid", "abc:XMR", published("hyperliquid.meta", XMR="abc:XMR"), "0.05"),
]


@pytest.mark.parametrize(("venue", "symbol", "answer", "rate"), ASKED_FOR, ids=[one[1] for one in ASKED_FOR])
def test_the_command_that_an_unknown_contract_is_answered_with_writes_rules_that_know_it(
    venue, symbol, answer, rate, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    coin = {"dydx": "USDC", "hyperliquid": "USDC", "kraken": "USD", "kraken-inverse": "LTC"}.get(venue, "USDT")
    own = f"collateral: [{{asset: {coin}, amount: 99999, haircut: 0}}, {{asset: ADA, amount: 99999, haircut: 0}}]"
    own = own if venue == "bybit" else f"collateral: [{{asset: {coin}, amount: 99999}}]"
    prices = "prices: {DOGE: 0.1, ADA: 0.5, DOT: 3, LTC: 80, XMR: 300}"
    row = f"positions: [{{symbol: {symbol}, side: long, quantity: 100, leverage: 10}}]"
    Path("book.yaml").write_text(f"account: {{venue: {venue}, taker_fee: 0.05%}}\n{row}\n{own}\n{prices}\n")
    code, text, _ = run("check", "book.yaml", "--format", "json", *TODAY)
    told = json.loads(text)["errors"][0]
    assert (code, told["code"]) == (2, "MC021")
    words = told["help"].partition(" | marginctl ")[2].partition("`")[0]
    words = words.replace("$(date +%F)", "2026-11-20")
    ran = CliRunner().invoke(app, [*words.split(), *TODAY], input=json.dumps(answer))
    assert (Path(f"{venue}.yaml").exists(), ran.stderr) == (True, "")
    book = Path("book.yaml").read_text(encoding="utf-8").replace(f"venue: {venue},", f"venue: {venue}.yaml,")
    Path("book.yaml").write_text(book, encoding="utf-8")
    code, text, _ = run("check", "book.yaml", "--format", "json", *TODAY)
    (report,) = json.loads(text, parse_float=Decimal)["reports"]
    assert [one["maintenance_rate"] for one in report["positions"]] == [Decimal(rate)]


def test_one_contract_of_an_answer_about_many(tmp_path):
    answer = saved(tmp_path, desk_answer())
    flags = ("--from", answer, "--as-of", "2026-11-20", "--format", "json")
    code, text, _ = refresh("binance-usdm", "--symbol", "NEWUSDT", *flags)
    document = json.loads(text)
    assert (code, document["untaken"]) == (0, [])
    assert [(one["symbol"], one["change"]) for one in document["contracts"]] == [("NEWUSDT", "added")]
    code, _, errors = refresh("binance-usdm", "--symbol", "NEWERUSDT", *flags)
    assert (code, "no answer has a table of that contract" in errors) == (2, True)
    code, _, errors = refresh("binance-usdm", "--symbol", "NEWUSDT", "--complete", *flags)
    assert (code, "--symbol and --complete do not go together" in errors) == (2, True)


def test_levels_count_contracts_or_money_as_each_product_does(tmp_path):
    """One answer of the venue holds both of its products: each rule set takes its own."""
    linear, inverse = (
        published("kraken.instruments", **DATED),
        published("kraken-inverse.instruments"),
    )
    linear["instruments"] += inverse["instruments"]
    answer = saved(tmp_path, linear)
    for name, symbol in (("kraken", "PF_PEPEUSD"), ("kraken-inverse", "PI_XBTUSD")):
        code, text, _ = refresh(name, "--from", answer, "--format", "json")
        document = json.loads(text)
        assert (code, [one["symbol"] for one in document["contracts"]]) == (0, [symbol])


@pytest.mark.parametrize(
    ("venue", "name", "said"),
    [
        ("gate", "gate.contracts", "sizes and ticks of contracts are taken with their margin tables: give the answer"),
        ("okx", "okx.config", "MC028 this is okx config, which has no tables\n"),
    ],
)
def test_an_answer_without_tables_says_so(venue, name, said):
    code, text, errors = refresh(venue, "--from", str(PUBLIC / f"{name}.json"), "--as-of", "2026-11-20")
    assert (code, text) == (2, "")
    assert said in errors.replace("help: ", "")
    assert "but it has\n" not in errors
