"""`other:` rows and `bonus: true` from the text of a portfolio to its report."""

import pytest
from tests.portfolio.books import checked, collateral, d, pool, refused, report, told

# The case that was told to write an option as a linear contract: a premium of 7 x 1,086.29 x 0.001 = 7.60403 USD.
MIXED = """
    account: {name: option-mixed}
    prices: {BTC: 77529}
    collateral: [{asset: USDT, amount: 500}]
    contracts: {BTCUSDT: {type: linear, base: BTC, quote: USDT, contract_size: 0.001}}
    positions: [{symbol: BTCUSDT, side: long, quantity: 3, leverage: 10, maintenance_rate: 0.5%}]
    other:
      - {name: 7 calls, value: -7.60403, delta: {BTC: -0.0035}, initial_margin: 54, maintenance_margin: 27}
"""
BONUS = """
    prices: {BTC: 100}
    collateral: [{asset: USDT, amount: 1000}, {asset: USDT, amount: 500, bonus: true}]
    positions: [{symbol: BTCUSDT, side: long, quantity: 10, entry_price: 130, leverage: 10, maintenance_rate: 1%}]
"""


def test_a_row_is_taken_as_given_and_said() -> None:
    found = report(MIXED)
    (row,) = found["other"]
    assert row == {
        "name": "7 calls",
        "pool": "cross",
        "value": d("-7.60403"),
        "delta": {"BTC": d("-0.0035")},
        "initial_margin": 54,
        "maintenance_margin": 27,
    }
    assert found["totals"]["other"] == d("-7.60403")
    assert found["totals"]["equity"] == d("492.39597")  # 500 - 7.60403
    assert pool(found, "cross")["maintenance_margin"] == d("28.162935")  # 232.587 x 0.5% + 27
    said = [text for text in found["assumptions"] if text.startswith("7 calls is taken as given: worth -7.60403 USD")]
    assert said == [f"{said[0]}"]
    assert "as -0.0035 BTC, margins 54 and 27 USD at every price" in said[0]


def test_without_rows_a_report_has_no_such_key() -> None:
    found = report(BONUS.replace(", {asset: USDT, amount: 500, bonus: true}", ""))
    assert "other" not in found
    assert {"other", "bonus", "own_equity"}.isdisjoint(found["totals"])
    assert "bonus" not in collateral(found, "USDT")


def test_a_shock_moves_what_a_row_is_worth() -> None:
    # +10%: -7.60403 - 0.0035 x 7,752.90 = -34.73918; its delta and margins stay.
    found = report(MIXED, shocks={"BTC": d("0.1")})
    (row,) = found["other"]
    assert (row["value"], row["delta"], row["maintenance_margin"]) == (d("-34.73918"), {"BTC": d("-0.0035")}, 27)


def test_a_row_alone_is_an_account() -> None:
    found = report("other: [{name: note, value: 1000, delta: {}, initial_margin: 0, maintenance_margin: 0}]")
    assert (found["totals"]["equity"], found["totals"]["state"]) == (1000, "healthy")
    assert "moved by no price" in found["assumptions"][0]


def test_in_single_asset_mode_a_row_says_whose_pool_it_is_in() -> None:
    single = MIXED.replace("{name: option-mixed}", "{collateral_mode: single-asset}")
    assert refused(single) == ["MC012 nothing says which pool `7 calls` is in"]
    found = report(single.replace("maintenance_margin: 27}", "maintenance_margin: 27, settle: USDT}"))
    assert pool(found, "cross:USDT")["equity"] == d("492.39597")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("value: -7.60403, ", "", "MC012 `value` is missing"),
        ("delta: {BTC: -0.0035}, ", "", "MC012 `delta` is missing"),
        ("initial_margin: 54, ", "", "MC012 `initial_margin` is missing"),
        ("maintenance_margin: 27", "maintenance_margin: -27", "MC014 `maintenance_margin` must be at least 0: `-27`"),
        ("delta: {BTC: -0.0035}", "delta: {BTCC: 1}", "MC020 no price for BTCC, which moves 7 calls"),
        (
            "maintenance_margin: 27}",
            "maintenance_margin: 27, settle: XYZ}",
            "MC020 no price for XYZ, in which 7 calls settles",
        ),
    ],
)
def test_what_a_row_cannot_say(before: str, after: str, expected: str) -> None:
    assert refused(MIXED.replace(before, after)) == [expected]


def test_a_name_stands_once() -> None:
    twice = MIXED + "      - {name: 7 calls, value: 0, delta: {}, initial_margin: 0, maintenance_margin: 0}\n"
    assert told(checked(twice)) == ["MC016 `7 calls` is listed twice, first on line 7"]


def test_options_are_refused_with_what_to_write_instead() -> None:
    problems = checked(MIXED.replace("{symbol: BTCUSDT,", "{symbol: C-BTC-85000-290526,")).problems
    assert any("options are not modelled" in one.message and "a row of `other:`" in one.help for one in problems)


def test_a_bonus_is_margin_but_no_equity_of_ones_own() -> None:
    # A loss of 10 x 30 takes 300 of the 500: 200 of the equity of 1,200 are left of it, and the own 1,000 are whole.
    found = report(BONUS)
    totals = found["totals"]
    assert (totals["equity"], totals["bonus"], totals["own_equity"]) == (1200, 200, 1000)
    row = collateral(found, "USDT")
    assert (row["balance"], row["bonus"], row["value"]) == (1500, 500, 1200)
    assert "the bonus of 500 USDT is margin, is lost first and is never withdrawn" in found["assumptions"]


def test_beside_a_bonus_the_own_row_says_how_the_asset_counts() -> None:
    coins = """
        prices: {{BTC: 100}}
        collateral: [{{asset: BTC, amount: 1, haircut: 10%}}, {{asset: BTC, amount: 1, bonus: true{}}}]
    """
    totals = report(coins.format(""))["totals"]
    assert (totals["equity"], totals["bonus"], totals["own_equity"]) == (180, 90, 90)
    assert refused(coins.format(", haircut: 5%")) == ["MC016 `haircut` of the bonus: BTC counts as its other row says"]


def test_a_bonus_alone_says_it_itself() -> None:
    alone = "prices: {BTC: 100}\ncollateral: [{asset: BTC, amount: 2, haircut: 10%, bonus: true}]"
    assert report(alone)["totals"]["own_equity"] == 0


def test_what_a_bonus_cannot_be() -> None:
    assert refused("collateral: [{asset: USDT, amount: -5, bonus: true}]") == [
        "MC014 a bonus of -5 USDT would be a debt"
    ]
    assert refused("collateral: [{asset: USDT, amount: 5, bonus: true}, {asset: USDT, amount: 6, bonus: true}]") == [
        "MC016 USDT is listed twice, first on line 1"
    ]


@pytest.mark.parametrize(
    ("venue", "said"),
    [
        ("mexc", "takes it away on a transfer out"),
        ("bybit", "nothing that bybit publishes on bonuses is known here"),
    ],
)
def test_what_a_venue_says_of_bonuses_is_said(venue: str, said: str) -> None:
    text = f"account: {{venue: {venue}}}\ncollateral: [{{asset: USDT, amount: 5, bonus: true}}]"
    assert any(said in one for one in report(text)["assumptions"])
