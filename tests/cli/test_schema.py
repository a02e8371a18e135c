"""`marginctl schema`: draft-07, accepts what `check` reads and writes, refuses what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from typer.testing import CliRunner

from marginctl.cli.app import app
from marginctl.cli.catalogue import STARTER as STARTER_FILE
from marginctl.venues import loader

from .editors import as_editors_see_it, as_texts

STARTER = STARTER_FILE.read_text(encoding="utf-8")
ROOT = Path(__file__).parents[2]
PORTFOLIOS = sorted(ROOT.glob("portfolios/**/*.yaml"))
RULE_FILES = sorted(loader.DATA.glob("*.yaml"))
LOADERS = pytest.mark.parametrize("load", [as_texts, as_editors_see_it])

POLICY = """
schema: marginctl.policy/1
limits:
  {max_utilization: {warn: 60%, fail: 0.7}, max_leverage: 5, survive: all, max_data_age: off, require_purpose: true}
scenarios:
  - {name: crypto-crash, shocks: {BTC: -30%, "*": -0.5}}
waivers:
  - {code: MC102, subject: BTCUSDT, until: 2026-12-31, reason: hedge leg settles Friday}
"""
EVERY_KEY = """
schema: marginctl.portfolio/1
account:
  {name: desk, venue: generic, collateral_mode: multi-asset, margin_model: tiered, position_mode: one-way,
   currency: USD, as_of: "2026-11-22T11:00:00Z", taker_fee: 0.055%, netting: net, underlying_netting: none,
   liquidation_level: 1, initial_basis: mark, maintenance_basis: entry,
   close_fee: {rate: 0.06%, at: mark, in: maintenance}, start_of_day_equity: 26000}
prices: {BTC: 60000, ETH: 3000.5}
betas: {DOGE: 1.5, EUR: 0, ABC: -1}
assets: {WBETH: {follows: ETH, ratio: 1.05}, XUSD: {stablecoin: true}}
collateral:
  - {asset: USDT, amount: 10000}
  - {asset: BTC, amount: 3, haircut_tiers: [{up_to: 1, haircut: 5%}, {haircut: 0.1}]}
  - {asset: USDC, amount: -250, loan_rate: 5%}
  - {asset: USDT, amount: 500, bonus: true}
contracts:
  BTCUSD_PERP: {type: inverse, base: BTC, quote: USD, contract_size: 100, tiers: [{maintenance_rate: 0.5%}]}
  ABCUSDT: {type: linear, base: ABC, quote: USDT, tiers_by: notional,
            tiers: [{up_to: 50000, maintenance_rate: 0.5%, max_leverage: 50}, {maintenance_rate: 1%, deduction: 0}]}
positions:
  - {symbol: BTCUSDT, side: short, quantity: 0.5, entry_price: 60000, mark_price: 59500, leverage: 10,
     margin_mode: isolated, isolated_margin: 3000, auto_add: false, maintenance_rate: 0.5%, maintenance_deduction: 0,
     funding_rate: -0.01%, funding_interval: 8h, purpose: hedge}
  - {symbol: ETHUSDT, side: long, notional: 3000, initial_rate: 10%, maintenance_rate: {base: 1%, per_unit: 0.1%}}
  - {symbol: ABCUSDT, side: long, quantity: 1, initial_margin: 30}
orders:
  - {symbol: BTCUSDT, side: buy, quantity: 0.1, price: 58000, reduce_only: true, position_side: long}
other:
  - {name: calls, value: -7.60, delta: {BTC: -0.0035, ETH: 0}, initial_margin: 54, maintenance_margin: 27, settle: USDT}
  - {name: note, value: 1000, delta: {}, initial_margin: 0, maintenance_margin: 0}
portfolio_margin:
  combine: {decorrelation: 20%}
  underlyings:
    - {assets: [BTC, WBTC], unit: BTC, moves: [-12%, 0.12, {move: -24%, weight: 50%}, {move: 300%, weight: 0.012}]}
    - {assets: "*", moves: [-25%, 25%]}
  spreads:
    - {name: pair, by: value, legs: [{asset: BTC, ratio: 1}, {asset: ETH, ratio: -15}], credit: 40%}
    - {name: calendar, legs: [{contract: A, ratio: 1}, {contract: B, ratio: -1}], charge: 50}
  confidence: 97.5%
  horizon: 2
  overlapping: false
  weighting: {decay: 0.995}
  quantile: inverted-cdf
  tail: exact
  stress: {from: 2022-05-01, to: 2022-11-30, combine: {blend: 25%}}
  scan_price: index
  scan_collateral: [BTC]
  charges:
    - {name: minimum, on: gross, rate: 0.45%, where: floor, price: mark, assets: [BTC],
       tiers: [{up_to: 250000, factor: 1}, {factor: 2}]}
    - {name: haircut, on: collateral, rate: 3%, where: on-top, in: initial}
  maintenance: {factor: 1}
  initial: {factor: 1.3, confidence: 99%, horizon: 1}
history: {file: history.csv, values: prices, missing: drop, from: 2024-11-22, to: 2026-11-21, window: 500}
limits: {max_utilization: 60%, min_funding_runway: 30d, survive: [crypto-crash]}
scenarios: [{name: crypto-crash, shocks: {BTC: -30%}}]
waivers: [{code: MC102, until: 2026-12-31, reason: known}]
expect:
  tolerance: 0.1%
  totals: {maintenance_margin: {value: 148.75, tolerance: 0.01}, initial_margin + order_margin: {value: 1, unit: USDT}}
  pools: {cross: {utilization: {value: 8.5%, tolerance: 1%}}}
  positions: {BTCUSDT: {liquidation_price: 71234.5, contract_liquidation_price: none}}
origin:
  answers: [{file: wallet.json, answer: bybit wallet, as_of: "2025-10-02T19:16:00.944Z"}]
  incomplete: ["3 option positions"]
"""
BAD_PORTFOLIOS = {
    "an unknown key": "colateral: []",
    "an unknown mode": "account: {collateral_mode: both}",
    "a quantity of 0": "positions: [{symbol: BTCUSDT, side: long, quantity: 0}]",
    "a rate of 10 without %": "collateral: [{asset: BTC, amount: 1, haircut: 10}]",
    "a word for a number": "prices: {BTC: high}",
    "an unknown schema number": "schema: marginctl.portfolio/2",
    "no side": "positions: [{symbol: BTCUSDT, quantity: 1}]",
}


def printed(kind: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["schema", kind])
    assert result.exit_code == 0
    return json.loads(result.stdout)


def complaints(kind: str, document: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in Draft7Validator(printed(kind)).iter_errors(document)]


@pytest.mark.parametrize("kind", ["portfolio", "report", "report-line", "venue", "policy"])
def test_it_is_a_draft_07_schema_named_after_its_kind(kind):
    schema = printed(kind)
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["$id"] == f"marginctl-{kind}.schema.json"


def test_the_starter_names_the_id_of_the_portfolio_schema():
    assert STARTER.startswith(f"# yaml-language-server: $schema={printed('portfolio')['$id']}\n")


def test_the_portfolios_are_there():
    assert len(PORTFOLIOS) >= 10


@LOADERS
@pytest.mark.parametrize("path", PORTFOLIOS, ids=lambda path: path.stem)
def test_it_accepts_every_portfolio_that_comes_with_the_program(path, load):
    assert complaints("portfolio", load(path.read_text(encoding="utf-8"))) == []


@LOADERS
@pytest.mark.parametrize("text", [STARTER, EVERY_KEY], ids=["starter", "every key"])
def test_it_accepts_a_portfolio(text, load):
    assert complaints("portfolio", load(text)) == []


def test_the_portfolio_with_every_key_has_every_key_of_the_format():
    document = as_texts(EVERY_KEY)
    schema = printed("portfolio")
    assert set(schema["properties"]) - set(document) == {"$schema"}
    assert set(schema["definitions"]["account"]["properties"]) == set(document["account"])


@LOADERS
@pytest.mark.parametrize("text", BAD_PORTFOLIOS.values(), ids=BAD_PORTFOLIOS.keys())
def test_it_refuses_a_portfolio_with(text, load):
    assert complaints("portfolio", load(text)) != []


@LOADERS
@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_it_accepts_every_bundled_rule_file(path, load):
    assert complaints("venue", load(path.read_text(encoding="utf-8"))) == []


@LOADERS
def test_it_accepts_a_policy_and_refuses_a_portfolio_as_one(load):
    assert complaints("policy", load(POLICY)) == []
    assert complaints("policy", load("positions: []")) != []


def checked(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", *arguments, "--today", "2026-11-22"])
    return result.exit_code, result.stdout


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("positions: [{symbol: BTCUSDT, side: up}]\n")
    return str(path)


def test_the_report_of_a_run_that_exits_2_follows_it_as_well(broken):
    code, text = checked(str(PORTFOLIOS[0]), broken, "--format", "json")
    document = json.loads(text)
    assert (code, document["summary"]["exit_code"], document["summary"]["failed_files"]) == (2, 2, 1)
    assert [error["code"] for error in document["errors"]] != []
    assert complaints("report", document) == []


def test_every_json_line_follows_the_report_line_schema(broken):
    code, text = checked(*map(str, PORTFOLIOS), broken, "--format", "jsonl")
    lines = [json.loads(line) for line in text.splitlines()]
    assert (code, len(lines)) == (2, len(PORTFOLIOS) + 1)
    assert [complaints("report-line", line) for line in lines] == [[]] * len(lines)
    assert [line["file"] for line in lines if "totals" not in line] == [broken]


def test_an_unknown_kind_exits_2_and_lists_the_kinds():
    result = CliRunner().invoke(app, ["schema", "report/1"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        "write one of portfolio, venue, policy, policy-case, config, baseline, book, report-line, report, stress, "
        "what-if, headroom, compare, book-summary, book-stress, explain, scenarios, venues, rule-set, contract, "
        "refresh, import, rules, rule, resolved-policy, policy-test, settings, refusal" in result.stderr
    )
