"""Files under a margin model: what they are refused for, once each and where; figures that follow from one rule."""

import json
from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from marginctl.analysis.check import Settings, check
from marginctl.core.exact import exactly
from marginctl.core.plain import as_plain

TODAY = date(2026, 11, 22)
SCENARIO: dict[str, Any] = {
    "account": {"margin_model": "scenario"},
    "prices": {"BTC": 60000, "ETH": 3000},
    "collateral": [{"asset": "USDT", "amount": 100000}],
    "positions": [
        {"symbol": "BTCUSDT", "side": "short", "quantity": 1, "entry_price": 60000},
        {"symbol": "ETHUSDT", "side": "long", "quantity": 10, "entry_price": 3000},
    ],
    "portfolio_margin": {
        "underlyings": [{"assets": ["BTC"], "moves": ["-10%", "10%"]}, {"assets": ["ETH"], "moves": ["-10%", "10%"]}]
    },
}
HISTORY: dict[str, Any] = {
    **{name: SCENARIO[name] for name in ("prices", "collateral", "positions")},
    "account": {"margin_model": "expected-shortfall"},
    "portfolio_margin": {"confidence": "60%"},
    "history": {"file": "h.csv", "values": "returns"},
}
RETURNS = (
    "date,BTC,ETH\n2026-01-01,-0.10,-0.12\n2026-01-02,-0.04,-0.01\n2026-01-03,0.02,0.03\n"
    "2026-01-04,0.06,0.04\n2026-01-05,-0.02,0.02\n"
)
PAIR = [{"asset": "BTC", "ratio": 1}, {"asset": "ETH", "ratio": -1}]


def changed(document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The document with other values at dotted paths."""
    found = deepcopy(document)
    for path, value in changes.items():
        *names, last = path.split(".")
        here = found
        for name in names:
            here = here[name]
        here[last] = value
    return found


def outcome(document: dict[str, Any], folder: Path, returns: str = RETURNS) -> Any:
    (folder / "h.csv").write_text(returns)
    with exactly():
        return check(json.dumps(document).encode(), str(folder / "book.json"), Settings(today=TODAY))


def report(document: dict[str, Any], folder: Path, returns: str = RETURNS) -> Any:
    found = outcome(document, folder, returns)
    assert found.problems == ()
    return as_plain(found)


def spread(*legs: dict[str, Any], **terms: Any) -> dict[str, Any]:
    return {"portfolio_margin.spreads": [{"name": "pair", "legs": list(legs), **terms}]}


@pytest.mark.parametrize(
    ("document", "changes", "message"),
    [
        pytest.param(
            HISTORY, {"portfolio_margin.confidence": "0%"}, "a confidence of 0%", id="a confidence of nothing"
        ),
        pytest.param(HISTORY, {"portfolio_margin.confidence": "50%"}, "a confidence of 50%", id="a confidence of half"),
        pytest.param(HISTORY, {"portfolio_margin.weighting": {"decay": "1.1"}}, "a decay of 1.1", id="a decay above 1"),
        pytest.param(
            HISTORY,
            {"portfolio_margin.weighting": {"decay": "0.9"}, "portfolio_margin.quantile": "linear"},
            "weights that decay only go with",
            id="decay with another quantile",
        ),
        pytest.param(HISTORY, {"portfolio_margin.confidence": "97.5%"}, "needs 40 or more", id="too few returns"),
        pytest.param(HISTORY, {"history.from": "2027-01-01"}, "the history has 0 returns", id="an empty window"),
        pytest.param(
            SCENARIO,
            {
                "portfolio_margin.underlyings": [
                    {"assets": ["BTC"], "moves": ["-10%", "10%"]},
                    {"assets": ["ETH"], "unit": "BTC", "moves": ["-5%", "5%"]},
                ]
            },
            "the unit BTC has a table twice",
            id="a unit that is named as another asset",
        ),
        pytest.param(
            SCENARIO,
            spread({"asset": "BTC", "ratio": 1}, {"asset": "BTC", "ratio": 1}, credit="40%"),
            "BTC has two legs",
            id="an asset with two legs would be credited twice",
        ),
        pytest.param(
            SCENARIO,
            {
                "portfolio_margin.underlyings": [{"assets": ["BTC", "ETH"], "unit": "ALL", "moves": ["-10%", "10%"]}],
                **spread(*PAIR, credit="40%"),
            },
            "BTC is scanned together with others",
            id="a credit of part of a common scan",
        ),
    ],
)
def test_a_file_is_refused_once_for_each_mistake(
    document: dict[str, Any], changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    problems = outcome(changed(document, changes), tmp_path).problems
    assert message in problems[0].message
    assert len(problems) == len(set(problems))
    assert all(one.help and one.location.line for one in problems)


def test_legs_of_one_contract_that_cancel_out_need_no_column(tmp_path: Path) -> None:
    hedged = [
        {"symbol": "XRPUSDT", "side": side, "quantity": 5, "entry_price": 2, "purpose": "hedge"}
        for side in ("long", "short")
    ]
    document = changed(HISTORY, {"account.position_mode": "hedge", "prices.XRP": 2})
    alone = report(HISTORY, tmp_path)["totals"]["maintenance_margin"]
    document["positions"] = [*document["positions"], *hedged]
    assert report(document, tmp_path)["totals"]["maintenance_margin"] == alone


def test_a_blank_price_is_carried_and_a_blank_return_is_nothing(tmp_path: Path) -> None:
    # BTC stands at 60,000 on all days but the last, one unit short; ETH never moves. Return 4 is 54,600 / 60,000 - 1.
    prices = "date,BTC,ETH\n" + "".join(
        f"2026-01-0{day},{price},3000\n" for day, price in enumerate(("60000", "", "", "60000", "65400", "60000"), 1)
    )
    document = changed(HISTORY, {"history.values": "prices", "history.missing": "carry"})
    found = report(document, tmp_path, prices)
    # The worst 40% of five returns are two: +9% costs 5,400, the other one nothing.
    assert found["portfolio_margin"][0]["maintenance_margin"] == Decimal(2700)
    assert found["portfolio_margin"][0]["history"]["carried"] == 2


def test_a_coin_that_is_scanned_beside_its_contract_leaves_no_scan_to_give_back(tmp_path: Path) -> None:
    # ETH: 10 held, 10 short: nothing to lose. BTC: 0.5 long, 3,000 to lose. The spread finds nothing of ETH to offset.
    changes: dict[str, Any] = {
        "collateral": [{"asset": "ETH", "amount": 10, "haircut": 0}],
        "positions": [
            {"symbol": "BTCUSDT", "side": "long", "quantity": "0.5", "entry_price": 60000},
            {"symbol": "ETHUSDT", "side": "short", "quantity": 10, "entry_price": 3000},
        ],
        "portfolio_margin.scan_collateral": ["ETH"],
    }
    by_value = changed(SCENARIO, changes | spread(*PAIR, by="value", credit="100%"))
    assert report(by_value, tmp_path)["totals"]["maintenance_margin"] == Decimal(3000)
    by_quantity = changed(
        SCENARIO, changes | spread({"asset": "BTC", "ratio": 1}, {"asset": "ETH", "ratio": -20}, credit="100%")
    )
    # 0.5 spreads of 1 BTC and 20 ETH: all of BTC's scan comes back, of ETH's there is none.
    assert report(by_quantity, tmp_path)["totals"]["maintenance_margin"] == Decimal(0)


UNEVEN = {
    "portfolio_margin.underlyings": [
        {"assets": ["BTC"], "moves": ["-10%", "20%"]},
        {"assets": ["ETH"], "moves": ["-10%", "5%"]},
    ]
}


@pytest.mark.parametrize(
    ("by", "ratio", "margin"),
    [
        # 1 BTC short at 60,000 loses 12,000, 10 ETH long at 3,000 lose 3,000: 15,000 alone.
        # 10 / 20 of a spread of 1 BTC and 20 ETH: 40% of half of 12,000 and of all of 3,000, 3,600, come back
        ("quantity", -20, 11400),
        # 30,000 / 2 = 15,000 spreads of 1 and 2 in value: 40% of 20% of 15,000 and of 10% of 30,000, 2,400, come back
        ("value", -2, 12600),
    ],
)
def test_a_spread_gives_back_of_each_leg_what_its_ratio_uses(by: str, ratio: int, margin: int, tmp_path: Path) -> None:
    legs = ({"asset": "BTC", "ratio": 1}, {"asset": "ETH", "ratio": ratio})
    document = changed(SCENARIO, UNEVEN | spread(*legs, by=by, credit="40%"))
    assert report(document, tmp_path)["totals"]["maintenance_margin"] == Decimal(margin)


def test_a_fiat_base_that_stands_still_is_in_no_unit_of_others(tmp_path: Path) -> None:
    # Every other one moves 10% as one unit; EUR is fiat and no table names it. BTC alone: 6,000.
    document = changed(
        SCENARIO,
        {
            "prices.EUR": "1.1",
            "positions": [
                {"symbol": "BTCUSDT", "side": "short", "quantity": 1, "entry_price": 60000},
                {"symbol": "EURUSDT", "side": "long", "quantity": 50000, "entry_price": "1.1"},
            ],
            "portfolio_margin.underlyings": [{"assets": "*", "unit": "REST", "moves": ["-10%", "10%"]}],
        },
    )
    assert report(document, tmp_path)["totals"]["maintenance_margin"] == Decimal(6000)


@pytest.mark.parametrize(
    ("orders", "margin"),
    [
        pytest.param([("BTCUSDT", "sell", 1, 60000)], "7800", id="a sell doubles the short: 6,000 more, times 1.3"),
        pytest.param([("BTCUSDT", "buy", 1, 60000)], "0", id="a buy that closes the short costs nothing"),
        pytest.param(
            [("BTCUSDT", "buy", 3, 50000)], "3900", id="a buy through zero: 90,000 long needs 9,000, not 6,000"
        ),
        pytest.param(
            [("BTCUSDT", "sell", 1, 60000), ("BTCUSDT", "buy", 3, 50000)],
            "7800",
            id="of both sides the dearer one: 12,000 against 9,000",
        ),
        pytest.param(
            [("BTCUSDT", "sell", 1, 60000), ("ETHUSDT", "buy", 10, 3000)], "11700", id="units add: 6,000 and 3,000"
        ),
        pytest.param([("BTCUSD", "sell", 60000, 50000)], "7800", id="an inverse contract of the same unit: 60,000 USD"),
        pytest.param([("SOLUSDT", "buy", 100, 150)], "3900", id="a unit without positions: 20% of 15,000"),
    ],
)
def test_orders_need_what_the_worse_side_adds_to_the_core_of_their_unit(
    orders: list[tuple[str, str, int, int]], margin: str, tmp_path: Path
) -> None:
    rows = [{"symbol": s, "side": side, "quantity": q, "price": p} for s, side, q, p in orders]
    document = changed(
        SCENARIO,
        {
            "orders": rows,
            "prices.SOL": 140,
            "contracts": {"BTCUSD": {"type": "inverse", "base": "BTC", "quote": "USD"}},
        },
    )
    document["collateral"].append({"asset": "BTC", "amount": 1, "haircut": 0})
    document["portfolio_margin"]["underlyings"].append({"assets": "*", "moves": ["-20%", "20%"]})
    found = report(document, tmp_path)
    assert found["totals"]["order_margin"] == Decimal(margin)
    assert found["totals"]["initial_margin"] == Decimal(11700)


def test_orders_that_only_reduce_need_nothing(tmp_path: Path) -> None:
    order = {"symbol": "BTCUSDT", "side": "sell", "quantity": 5, "price": 60000, "reduce_only": True}
    assert report(changed(SCENARIO, {"orders": [order]}), tmp_path)["totals"]["order_margin"] == 0


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(HISTORY, id="a history"),
        pytest.param(changed(SCENARIO, {"portfolio_margin.combine": "joint"}), id="joint rows"),
        pytest.param(changed(SCENARIO, spread(*PAIR, credit="40%")), id="spreads"),
    ],
)
def test_other_models_take_orders_by_tiers_and_say_so(document: dict[str, Any], tmp_path: Path) -> None:
    order = {"symbol": "BTCUSDT", "side": "sell", "quantity": 1, "price": 60000}
    refused = outcome(changed(document, {"orders": [order]}), tmp_path).problems
    assert [one.message for one in refused] == ["the order on `BTCUSDT` has no initial margin rate"]
    # 10x on 60,000 is 6,000; the position has no rate of its own, so the order's counts: |-120,000| - |-60,000| of it.
    found = report(changed(document, {"orders": [{**order, "leverage": 10}]}), tmp_path)
    assert found["totals"]["order_margin"] == Decimal(6000)
    assert "open orders need what the tiers ask for them, beside the model" in found["assumptions"]


def test_a_model_that_asks_more_to_be_kept_than_opened_is_a_finding(tmp_path: Path) -> None:
    found = outcome(changed(SCENARIO, {"portfolio_margin.initial": {"factor": "0.5"}}), tmp_path)
    told = [one.message for one in found.findings if one.code == "MC207"]
    assert told == ["the model asks 9,000.00 USD to be kept and 4,500.00 USD to be opened of cross"]


def test_tables_of_different_length_are_scanned_apart(tmp_path: Path) -> None:
    rows = [{"assets": ["BTC"], "moves": ["-10%", "10%"]}, {"assets": ["ETH"], "moves": ["-10%", "5%", "10%"]}]
    found = report(changed(SCENARIO, {"portfolio_margin.underlyings": rows}), tmp_path)
    assert found["portfolio_margin"][0]["maintenance_margin"] == 9000


def test_what_a_table_names_and_the_account_does_not_have_is_told(tmp_path: Path) -> None:
    document = changed(
        SCENARIO,
        {
            "portfolio_margin.underlyings": [
                {"assets": ["BTC", "BCT"], "moves": ["-10%"]},
                {"assets": "*", "moves": ["5%"]},
            ],
            "portfolio_margin.charges": [
                {"name": "basis", "on": "gross", "rate": "1%", "where": "core", "assets": ["DOGE"]}
            ],
            "portfolio_margin.scan_collateral": ["SOL"],
        },
    )
    told = [one for one in report(document, tmp_path)["assumptions"] if one.startswith("portfolio_margin")]
    assert told == ["portfolio_margin names what the account does not have: BCT, DOGE, SOL"]


# 20 WBETH at 3,150 beside a short of 20 ETH at 3,000: X of ETH is 20 x 3,150 - 20 x 3,000 = 3,000.
STAKED: dict[str, Any] = {
    **SCENARIO,
    "prices": {"ETH": 3000, "WBETH": 3150},
    "collateral": [{"asset": "USDT", "amount": 5000}, {"asset": "WBETH", "amount": 20, "haircut": 0}],
    "positions": [{"symbol": "ETHUSDT", "side": "short", "quantity": 20, "entry_price": 3000}],
    "portfolio_margin": {
        "scan_collateral": ["WBETH"],
        "underlyings": [{"assets": ["BTC", "ETH"], "moves": ["-10%", "20%"]}],
    },
}


UP_20 = {"assets": ["ETH"], "moves": ["-10%", "20%"]}


def test_what_follows_an_asset_is_scanned_in_its_unit_where_no_row_names_it(tmp_path: Path) -> None:
    found = report(STAKED, tmp_path)
    (model,) = found["portfolio_margin"]
    # A fall of 10% costs 300, a rise of 20% nothing.
    unit = model["units"]["ETH"]
    assert (unit["assets"], unit["net_value"], unit["scan"], unit["worst_move"]) == (
        ["ETH", "WBETH"],
        3000,
        300,
        Decimal("-0.1"),
    )
    assert "WBETH moves with ETH in the margin model" in found["assumptions"]
    # r = ETH over today's: equity 5,000 + 63,000 r - 60,000 (r - 1), need 300 r: never equal as r falls to 0, and
    # above it both rise, equity faster.
    assert found["positions"][0]["liquidation_price"] is None
    # ETH alone cannot move without WBETH; WBETH can: 5,000 + 63,000 r, need 10% of 63,000 r - 60,000 as long as that
    # is above 0, then 20% of 60,000 - 63,000 r: 5,000 + 63,000 r = 12,000 - 12,600 r at r = 7,000 / 75,600.
    (alone,) = [row for row in found["underlyings"] if row["asset"] == "WBETH"]
    assert abs(alone["liquidation_down"] - Decimal(3150) * 7000 / 75600) < Decimal("1e-7")


@pytest.mark.parametrize(
    ("underlyings", "units"),
    [
        # `*` is every other asset, each a unit of its own: 20% of 60,000 and 10% of 63,000.
        ([{"assets": "*", "moves": ["-10%", "20%"]}], {"ETH": 12000, "WBETH": 6300}),
        ([UP_20, {"assets": "*", "moves": ["-10%"]}], {"ETH": 12000, "WBETH": 6300}),
        ([UP_20, {"assets": ["WBETH"], "moves": ["-50%"]}], {"ETH": 12000, "WBETH": 31500}),
        # The unit that the row gives.
        ([{"assets": ["ETH", "SOL"], "unit": "ALT", "moves": ["-10%", "20%"]}], {"ALT": 300}),
    ],
)
def test_and_as_a_row_says_where_one_names_it(underlyings: Any, units: dict[str, int], tmp_path: Path) -> None:
    (model,) = report(changed(STAKED, {"portfolio_margin.underlyings": underlyings}), tmp_path)["portfolio_margin"]
    assert {name: unit["scan"] for name, unit in model["units"].items()} == units


def test_what_a_spread_draws_on_is_not_scanned_together_with_others(tmp_path: Path) -> None:
    terms = {"portfolio_margin.spreads": [{"name": "pair", "legs": PAIR, "by": "value", "credit": "40%"}]}
    found = outcome(changed(STAKED, terms), tmp_path)
    assert [one.message for one in found.problems] == ["nothing says how far WBETH moves"]


@pytest.mark.parametrize("asset", ["BFUSD", "LDUSDT", "XUSD"])
def test_another_stablecoin_stands_still_unless_a_row_names_it(asset: str, tmp_path: Path) -> None:
    assets = {"XUSD": {"stablecoin": True}}
    held = [{"asset": "USDT", "amount": 100000}, {"asset": asset, "amount": 1000, "haircut": 0}]
    everything = {"scan_collateral": "all", "underlyings": [{"assets": "*", "moves": ["-10%", "10%"]}]}
    document = {**SCENARIO, "collateral": held, "assets": assets, "prices": {**SCENARIO["prices"], asset: 1}}
    found = report({**document, "portfolio_margin": everything}, tmp_path)
    assert set(found["portfolio_margin"][0]["units"]) == {"BTC", "ETH"}
    assert f"{asset} stands still in the margin model" in found["assumptions"]
    # A fall of 1% that a row names costs 10.
    row = {"assets": [asset], "moves": ["-1%"]}
    named = {**everything, "underlyings": [*SCENARIO["portfolio_margin"]["underlyings"], row]}
    found = report({**document, "portfolio_margin": named}, tmp_path)
    assert found["portfolio_margin"][0]["units"][asset]["scan"] == 10


def test_what_follows_an_asset_has_its_column_where_it_has_none(tmp_path: Path) -> None:
    book = changed(HISTORY, {name: STAKED[name] for name in ("prices", "collateral", "positions")})
    book["portfolio_margin"]["scan_collateral"] = "all"
    found = report(book, tmp_path)
    (model,) = found["portfolio_margin"]
    # 3,000 x -12%, -1%, 3%, 4%, 2%: the mean of the worst two of five is 195.
    assert model["maintenance_margin"] == 195
    assert "WBETH moves with ETH in the history" in found["assumptions"]
    own = "date,ETH,WBETH\n2026-01-01,-0.10,-0.12\n2026-01-02,0,-0.02\n2026-01-03,0,0\n2026-01-04,0,0\n2026-01-05,0,0\n"
    # Its own column counts: 6,000 - 7,560 and -1,260.
    (model,) = report(book, tmp_path, own)["portfolio_margin"]
    assert model["maintenance_margin"] == 1410


def test_a_blank_cell_of_the_asset_that_is_followed_is_the_one_named(tmp_path: Path) -> None:
    book = changed(HISTORY, {"prices": STAKED["prices"], "collateral": STAKED["collateral"], "positions": []})
    book["portfolio_margin"]["scan_collateral"] = ["WBETH"]
    found = outcome(book, tmp_path, "date,ETH\n2026-01-01,0.1\n2026-01-02,\n")
    assert [one.message for one in found.problems] == ["ETH has no value on 2026-01-02"]
