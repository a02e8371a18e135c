"""Assets that a portfolio names and does not have."""

import pytest

from .books import checked, told

BOOK = """\
prices: {BTC: 60000, SOL: 100%s}
collateral: [{asset: USDT, amount: 10000}]
positions:
  - {symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 5, maintenance_rate: 0.5%%}
  - {symbol: ETHUSDT, side: long, quantity: 1, leverage: 5, maintenance_rate: 0.5%%, mark_price: 3000}
"""


def problems(more: str = "", prices: str = "") -> list[str]:
    return told(checked((BOOK % prices + more).encode()))


@pytest.mark.parametrize("asset", ["BTC", "ETH", "SOL", "USDT", "USDC", "BTCUSDT", '"*"'])
def test_a_scenario_may_name_what_is_held_traded_priced_or_stable(asset: str) -> None:
    assert problems(f"scenarios: [{{name: crash, shocks: {{{asset}: -50%}}}}]") == []


@pytest.mark.parametrize("asset", ["BTCC", "DOGE", "BTCUSDC", "btc"])
def test_a_scenario_of_an_asset_that_nothing_has_is_refused(asset: str) -> None:
    assert problems(f"scenarios: [{{name: crash, shocks: {{BTC: -10%, {asset}: -50%}}}}]") == [
        f"MC020 the scenario `crash` moves `{asset}`, which nothing in this file has"
    ]


@pytest.mark.parametrize(
    ("section", "refused"),
    [
        ("betas: {DOGE: 1.5, EUR: 0}", None),  # a list that many files share
        ("betas: {SOL: 2}", None),
        ("betas: {BTC: 1, BTCC: 2}", None),  # bitcoin has an entry of its own
        ("betas: {BTCC: 2}", "`betas` names `BTCC`, which nothing in this file has"),
        ("betas: {btc: 2}", "`betas` names `btc`, which nothing in this file has"),
        ("betas: {BTCUSDT: 2}", "`betas` names `BTCUSDT`, which nothing in this file has"),
        ("betas: {LTC: 2}", None),
    ],
)
def test_a_beta_that_is_almost_that_of_a_coin_without_one_is_a_slip(section: str, refused: str | None) -> None:
    assert problems(section) == ([f"MC020 {refused}"] if refused else [])


@pytest.mark.parametrize(
    ("prices", "refused"),
    [
        (", WBTC: 59900, LTC: 80, WETH: 2990, ETH: 3000", None),  # a list that many files share
        (", USDT: 1, USDC: 1, EUR: 1.1", None),
        (", ETHH: 3000", "`prices` names `ETHH`, which nothing in this file has"),
        (", ETHUSDT: 3000", "`prices` names `ETHUSDT`, which nothing in this file has"),
    ],
)
def test_prices_without_a_use_are_fine_but_for_slips(prices: str, refused: str | None) -> None:
    assert problems(prices=prices) == ([f"MC020 {refused}"] if refused else [])


def test_a_name_almost_right_is_suggested() -> None:
    outcome = checked((BOOK % "" + "scenarios: [{name: crash, shocks: {BTCC: -99%}}]").encode())
    assert [one.help for one in outcome.problems] == ["did you mean `BTC`?"]


@pytest.mark.parametrize(
    ("scenarios", "said"),
    [
        (
            "{name: all, shocks: {BTC: 1%}}",
            "MC016 no scenario can be called `all`: `survive: all` means something else",
        ),
        ("{name: a, shocks: {}}", "MC012 the scenario `a` moves nothing"),
    ],
)
def test_a_scenario_that_no_limit_could_call_or_that_is_empty(scenarios: str, said: str) -> None:
    assert problems(f"scenarios: [{scenarios}]") == [said]
