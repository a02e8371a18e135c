"""Assets that belong together: one underlying moves them all, and a follower may lose its peg by itself."""

import re
from decimal import Decimal
from itertools import product

import pytest
from tests.portfolio.books import checked, d, position, refused, report, told

from marginctl.core.account import FIAT_CURRENCIES, STABLECOINS
from marginctl.portfolio.assets import IN_THOUSANDS, THOUSANDS, bundled

STAKED = """
    prices: {ETH: 3800, WBETH: 4100}
    collateral: [{asset: WBETH, amount: 100, haircut: 7%}, {asset: USDT, amount: 20000}]
    positions: [{symbol: ETHUSDT, side: long, quantity: 300, leverage: 10, maintenance_rate: 1%}]
"""
THOUSAND = """
    account: {{venue: binance-usdm, collateral_mode: multi-asset}}
    prices: {{PEPE: 0.00001355, 1000PEPE: 0.01355}}
    collateral: [{{asset: PEPE, amount: 50000000, haircut: 30%}}, {{asset: USDT, amount: 200}}]
    positions: [{{symbol: 1000PEPEUSDT, side: {side}, quantity: 50000, leverage: 5, purpose: hedge}}]
"""
NEVER_TOGETHER = "    assets: {{{asset}: {{follows: none}}}}\n"


def row(found: dict, asset: str) -> dict:
    """The row of an underlying."""
    (one,) = [one for one in found["underlyings"] if one["asset"] == asset]
    return dict(one)


def check_of(found: dict, code: str, subject: str) -> dict:
    """The check of a limit for a subject."""
    (one,) = [one for one in found["checks"] if (one["code"], one["subject"]) == (code, subject)]
    return dict(one)


class TestStakedCollateral:
    """100 WBETH behind a long of 300 ETH: 20,000 + 381,300 r + 1,140,000 (r - 1) = 11,400 r."""

    def test_a_position_is_liquidated_where_all_together_says(self) -> None:
        found = report(STAKED)
        assert position(found, "ETHUSDT")["liquidation_price"] == d("2818.7297172")
        assert position(found, "ETHUSDT")["distance_to_liquidation"] == d("0.2582290217")
        assert found["liquidation"]["down"] == d("-0.2582290217")
        assert check_of(found, "MC102", "ETH")["value"] == d("0.2582290218")

    def test_the_mark_alone_moves_no_collateral(self) -> None:
        # 20,000 + 381,300 + 1,140,000 (r - 1) = 11,400 r: r = 738,700 / 1,128,600
        assert position(report(STAKED), "ETHUSDT")["contract_liquidation_price"] == d("2487.20538721")

    def test_what_follows_counts_in_units_of_its_leader_and_has_a_row_of_its_own(self) -> None:
        found = report(STAKED)
        assert row(found, "ETH")["delta"] == d("407.89473684")  # 300 + 100 x 4,100 / 3,800
        assert (row(found, "WBETH")["delta"], row(found, "WBETH")["gross_notional"]) == (100, 0)
        assert row(found, "WBETH")["distance"] is None  # 20,000 USDT carry what 300 ETH need without it
        assert "WBETH moves with ETH (bundled list of 2026-11-29)" in found["assumptions"]

    def test_limits_see_one_underlying(self) -> None:
        found = report(STAKED + "    limits: {max_concentration: 60%}\n")
        # (1,140,000 + 410,000) / 401,300: each counts once
        assert check_of(found, "MC108", "account")["value"] == d("3.8624470471")
        assert check_of(found, "MC107", "ETH")["value"] == 1
        assert check_of(found, "MC110", "cross")["value"] == d("0.9501619736")  # 381,300 / 401,300

    def test_what_is_said_to_move_alone_does(self) -> None:
        found = report(STAKED + NEVER_TOGETHER.format(asset="WBETH"))
        assert position(found, "ETHUSDT")["liquidation_price"] == d("2487.20538721")
        assert check_of(found, "MC110", "cross")["value"] == 0

    def test_a_scenario_moves_it_with_its_leader_or_by_itself(self) -> None:
        found = report(
            STAKED
            + """
    scenarios:
      - {name: fall, shocks: {ETH: -26%}}
      - {name: depeg, shocks: {WBETH: -26%}}
      - {name: both, shocks: {ETH: -20%, WBETH: -45%}}
    limits: {survive: [fall, depeg, both]}
    """
        )
        status = {one["subject"]: one["status"] for one in found["checks"] if one["code"] == "MC113"}
        assert status == {"fall": "fail", "depeg": "pass", "both": "fail"}

    def test_it_moves_by_its_own_beta_where_the_file_has_one(self) -> None:
        # 20,000 + 381,300 (1 - t/2) - 1,140,000 t = 11,400 (1 - t): t = 389,900 / 1,319,250
        found = report(STAKED + "    betas: {WBETH: 0.5}\n")
        assert found["liquidation"]["down"] == d("-0.2955467121")
        led = report(STAKED + "    betas: {ETH: 2}\n")
        assert led["liquidation"]["down"] == d("-0.1291145108")  # half of -25.82%, both by the beta of ETH


class TestThousands:
    """50 million PEPE beside 50,000 of 1000PEPEUSDT on binance-usdm: 0.01355 x 50,000 = 677.5 either way."""

    @pytest.mark.parametrize(
        ("side", "distance"), [pytest.param("short", "3.2248", id="short"), pytest.param("long", "0.5838", id="long")]
    )
    def test_the_coin_and_its_contract_move_together(self, side: str, distance: str) -> None:
        found = report(THOUSAND.format(side=side))
        held = position(found, "1000PEPEUSDT")
        assert round(held["distance_to_liquidation"], 4) == d(distance)
        assert found["liquidation"]["distance"] == held["distance_to_liquidation"]
        assert {one["asset"] for one in found["underlyings"]} == {"PEPE", "USDT"}

    def test_a_short_of_what_is_held_leaves_no_delta(self) -> None:
        found = report(THOUSAND.format(side="short"))
        assert row(found, "PEPE")["delta"] == 0
        assert row(found, "PEPE")["net_notional"] == d("-677.5")

    @pytest.mark.parametrize("kept", ["PEPE: 0.00001355", "1000PEPE: 0.01355"])
    def test_one_price_is_enough(self, kept: str) -> None:
        text = THOUSAND.format(side="short").replace("PEPE: 0.00001355, 1000PEPE: 0.01355", kept)
        found, both = report(text), report(THOUSAND.format(side="short"))
        assert found["totals"] == both["totals"]
        assert found["positions"] == both["positions"]
        assert any(" priced at " in one and "PEPE" in one for one in found["assumptions"])

    def test_a_contract_alone_keeps_the_name_of_its_base(self) -> None:
        found = report("""
            collateral: [{asset: USDT, amount: 200}]
            positions:
              - {symbol: 1000PEPEUSDT, side: long, quantity: 50000, mark_price: 0.01355, leverage: 5,
                 maintenance_rate: 1%}
        """)
        assert [one["asset"] for one in found["underlyings"]] == ["1000PEPE", "USDT"]
        assert not any("moves with" in one for one in found["assumptions"])

    def test_a_shock_of_the_coin_moves_the_contract_that_stands_alone(self) -> None:
        text = """
            collateral: [{asset: USDT, amount: 200}]
            positions:
              - {symbol: 1000PEPEUSDT, side: long, quantity: 50000, mark_price: 0.01355, leverage: 5,
                 maintenance_rate: 1%}
        """
        assert report(text, shocks={"PEPE": d("-0.1")})["totals"]["unrealized_pnl"] == d("-67.75")


def test_a_dollar_token_of_the_list_is_a_stablecoin() -> None:
    found = report("""
        prices: {BTC: 60000, BFUSD: 1}
        collateral: [{asset: BFUSD, amount: 10000, haircut: 0.1%}]
        positions: [{symbol: BTCUSDT, side: long, quantity: 0.5, leverage: 5, maintenance_rate: 0.5%}]
    """)
    # 9,990 = 30,000 t + 150 (1 - t): t = 9,840 / 29,850; 30,000 / 9,990; 9,990 / 3,990 of free collateral, at most 1
    assert found["liquidation"]["down"] == d("-0.3296482412")
    assert check_of(found, "MC108", "account")["value"] == d("3.003003003")
    assert check_of(found, "MC109", "cross")["value"] == 1


def test_a_stablecoin_behind_a_short_quoted_in_another_one() -> None:
    # 10,000 - 48,000 + 48,000 q = 240 with q the price of USDT, the mark following: q = 38,240 / 48,000
    found = report("""
        prices: {BTC: 60000}
        collateral: [{asset: USDC, amount: 10000}]
        positions: [{symbol: BTCUSDT, side: short, quantity: 0.8, leverage: 10, maintenance_rate: 0.5%}]
    """)
    assert row(found, "USDT")["liquidation_down"] == d("0.7966666667")
    assert check_of(found, "MC102", "USDT")["value"] == d("0.2033333333")


def test_a_stablecoin_of_the_file_is_priced_at_one_and_a_follower_of_one_is_one() -> None:
    found = report("""
        prices: {BTC: 60000, LDUSDT: 1.01}
        assets: {XUSD: {stablecoin: true}}
        collateral: [{asset: XUSD, amount: 5000, haircut: 0%}, {asset: LDUSDT, amount: 1000, haircut: 0%}]
        positions: [{symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 5, maintenance_rate: 0.5%}]
    """)
    assert "XUSD priced at 1" in found["assumptions"]
    assert check_of(found, "MC109", "cross")["value"] == 1
    assert check_of(found, "MC108", "account")["value"] == d("0.9983361065")  # 6,000 / 6,010
    assert found["liquidation"]["down"] is None  # 6,010 is more than the 6,000 that can be lost


@pytest.mark.parametrize(
    ("price", "facts"),
    [
        pytest.param("62900", [], id="within 5% of its ratio"),
        pytest.param("56900", ["the price of WBTC is 56900, its prices give 60,000"], id="beyond it"),
    ],
)
def test_a_price_off_its_ratio_is_a_finding(price: str, facts: list[str]) -> None:
    found = report(f"""
        prices: {{BTC: 60000, WBTC: {price}}}
        collateral: [{{asset: WBTC, amount: 1, haircut: 5%}}]
        positions: [{{symbol: BTCUSDT, side: short, quantity: 0.1, leverage: 5, maintenance_rate: 0.5%}}]
    """)
    assert [one["message"] for one in found["findings"] if one["code"] == "MC205"] == facts


def test_a_price_that_is_not_given_is_that_of_so_many_of_its_leader() -> None:
    found = report("""
        prices: {BTC: 60000, ETH: 3000}
        assets: {STAKED: {follows: ETH, ratio: 1.05}}
        collateral: [{asset: WBTC, amount: 1, haircut: 5%}, {asset: STAKED, amount: 2, haircut: 10%}]
        positions:
          - {symbol: BTCUSDT, side: short, quantity: 0.1, leverage: 5, maintenance_rate: 0.5%}
          - {symbol: ETHUSDT, side: short, quantity: 1, leverage: 5, maintenance_rate: 0.5%}
    """)
    assert found["totals"]["gross_collateral"] == 66300  # 60,000 + 2 x 1.05 x 3,000
    assert {"WBTC priced at 1 BTC", "STAKED priced at 1.05 ETH"} <= set(found["assumptions"])


def test_a_contract_between_an_asset_and_what_follows_it_moves_by_the_follower_alone() -> None:
    # 1 WBETH long at 1.1 ETH: what ETH does moves both, what WBETH does by itself is its risk.
    found = report("""
        prices: {ETH: 3000, WBETH: 3300}
        collateral: [{asset: ETH, amount: 0.2, haircut: 0%}]
        positions: [{symbol: WBETHETH, side: long, quantity: 1, leverage: 10, maintenance_rate: 1%}]
    """)
    held = position(found, "WBETHETH")
    assert held["mark_price"] == d("1.1")
    # 0.2 - 1.1 t = 0.011 (1 - t): t = 0.189 / 1.089
    assert held["distance_to_liquidation"] == d("0.173553719")
    assert (held["liquidation_side"], held["liquidation_price"]) == ("below", d("0.9090909091"))
    assert row(found, "ETH")["distance"] is None


class TestWhatIsAsked:
    """What neither the file nor the list says is asked for, never filled in."""

    def test_the_price_of_what_has_no_fixed_ratio(self) -> None:
        text = STAKED.replace(", WBETH: 4100", "")
        assert refused(text) == ["MC020 no price for WBETH, which is held as collateral"]

    def test_the_price_that_two_followers_share(self) -> None:
        assert refused("""
            prices: {WBETH: 4100, RETH: 4200}
            collateral: [{asset: WBETH, amount: 1, haircut: 7%}, {asset: RETH, amount: 1, haircut: 7%}]
        """) == ["MC020 no price for ETH, which WBETH and RETH follow"]

    @pytest.mark.parametrize(
        "name", ["1000NEW", "10000NEW", "1000000NEW", "1MNEW", "kNEW", "NEW1000"], ids="like {}".format
    )
    def test_a_name_like_many_units_of_a_coin_that_is_there(self, name: str) -> None:
        prefix = name.replace("NEW", "")
        ratio = THOUSANDS.get(prefix) or Decimal(prefix)
        text = f"""
            prices: {{NEW: 1, {name}: {ratio}}}
            collateral: [{{asset: NEW, amount: 1, haircut: 7%}}]
            contracts: {{X: {{type: linear, base: {name}, quote: USDT}}}}
            positions: [{{symbol: X, side: short, quantity: 1, leverage: 5, maintenance_rate: 1%}}]
        """
        asked = f"MC012 {name} looks like {ratio} NEW, which the account has too: do they move together?"
        assert refused(text) == [asked]
        for answer in (f"{{follows: NEW, ratio: {ratio}}}", "{follows: none}"):
            assert told(checked(f"{text}\n            assets: {{{name}: {answer}}}\n")) == []


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        pytest.param("WBETH: {follows: WBETH}", "MC016 WBETH follows itself", id="itself"),
        pytest.param(
            "WBETH: {follows: BETH}", "MC016 WBETH follows BETH, which follows ETH itself", id="what follows another"
        ),
        pytest.param("WBETH: {ratio: 2}", "MC012 the ratio of WBETH is to no asset", id="a ratio to nothing"),
        pytest.param("WBETH: {follows: none, ratio: 2}", "MC012 the ratio of WBETH is to no asset", id="to none"),
        pytest.param("WBETH: {}", "MC012 nothing is said of WBETH", id="nothing"),
        pytest.param(
            "WBETH: {follows: ETH, stablecoin: true}",
            "MC016 WBETH cannot follow ETH and be a stablecoin of its own",
            id="both",
        ),
        pytest.param(
            "USDT: {stablecoin: false}", "MC016 USDT is a stablecoin here in any case", id="a built-in stablecoin"
        ),
    ],
)
def test_entries_that_contradict_themselves(entry: str, said: str) -> None:
    assert refused(f"{STAKED}    assets: {{{entry}}}\n") == [said]


class TestTheBundledList:
    """What it says of itself."""

    def test_every_row_has_its_day_and_its_source(self) -> None:
        assert all(link.as_of and link.source for link in bundled().values())

    def test_nothing_follows_what_follows(self) -> None:
        leaders = {link.follows for link in bundled().values()} - {""}
        assert {one for one in leaders if one in bundled() and bundled()[one].follows} == set()

    def test_what_follows_nothing_has_no_ratio_and_built_in_names_are_not_in_it(self) -> None:
        assert not [asset for asset, link in bundled().items() if not link.follows and link.ratio is not None]
        assert not set(bundled()) & (STABLECOINS | FIAT_CURRENCIES)

    def test_names_of_thousands_say_their_ratio(self) -> None:
        names = {asset: found for asset in bundled() if (found := re.fullmatch(IN_THOUSANDS, asset)) is not None}
        assert len(names) > 15
        for asset, found in names.items():
            prefix = found["before"] or found["behind"]
            assert bundled()[asset].ratio == (THOUSANDS.get(prefix) or Decimal(prefix))
            assert bundled()[asset].follows == (found["coin"] or found["other"])


@pytest.mark.parametrize(("amount", "haircut", "size"), list(product(["3", "70"], ["0%", "20%"], ["5", "60"])))
def test_a_follower_is_as_good_as_its_worth_in_the_leader(amount: str, haircut: str, size: str) -> None:
    """100 at 4,100 fall as 82 at 5,000 do, beside the same long."""
    text = """
        prices: {{ETH: 5000, WBETH: 4100}}
        collateral: [{{asset: {asset}, amount: {amount}, haircut: {haircut}}}, {{asset: USDT, amount: 9000}}]
        positions: [{{symbol: ETHUSDT, side: long, quantity: {size}, leverage: 10, maintenance_rate: 1%}}]
    """
    followed = report(text.format(asset="WBETH", amount=amount, haircut=haircut, size=size))
    led = report(text.format(asset="ETH", amount=Decimal(amount) * Decimal("0.82"), haircut=haircut, size=size))
    for key in ("totals", "liquidation", "positions"):
        assert drop(followed[key]) == drop(led[key])
    assert row(followed, "ETH") == row(led, "ETH")


def drop(figures: object) -> object:
    """Without the price that only one contract's mark reaches: it moves no collateral either way."""
    if isinstance(figures, list):
        return [{name: value for name, value in one.items() if "contract" not in name} for one in figures]
    return figures


CREDITS = """
    prices: {BTC: 60000, BNB: 600}
    assets: {BNFCR: {stablecoin: true}}
    collateral:
      - {asset: USDC, amount: 1000}
      - {asset: BTC, amount: 0.3, haircut: 0}
      - {asset: BNB, amount: 12, haircut: 0}
      - {asset: BNFCR, amount: 0}
    positions: [{symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 10, maintenance_rate: 0.5%}]
"""


class TestCredits:
    """A dollar unit of a venue's own: 1,000 + 0.3 x 60,000 + 12 x 600 = 26,200, less a debt of 150."""

    @pytest.mark.parametrize(("held", "equity"), [("0", 26200), ("-150", 26050)])
    def test_what_is_owed_in_it_counts_as_dollars(self, held: str, equity: int) -> None:
        assert report(CREDITS.replace("BNFCR, amount: 0", f"BNFCR, amount: {held}"))["totals"]["equity"] == equity

    @pytest.mark.parametrize(("held", "equity"), [("0", 26200), ("-150", 26050)])
    def test_as_the_currency_it_gives_the_same_figures(self, held: str, equity: int) -> None:
        text = "\n    account: {currency: BNFCR}" + CREDITS.replace("BNFCR, amount: 0", f"BNFCR, amount: {held}")
        found = report(text)
        assert (found["account"]["currency"], found["totals"]["equity"]) == ("BNFCR", equity)
        assert found["totals"] == report(text.replace("currency: BNFCR", "currency: USD"))["totals"]

    def test_undeclared_it_is_refused_with_what_to_write(self) -> None:
        text = "\n    account: {currency: BNFCR}" + CREDITS.replace("    assets: {BNFCR: {stablecoin: true}}\n", "")
        problem = checked(text).problems[0]
        assert (problem.code, problem.message) == ("MC015", "totals cannot be reported in BNFCR")
        assert problem.help.endswith("is a unit worth 1 USD, say so: `assets: {BNFCR: {stablecoin: true}}`")
