"""Dated futures: what their symbols say, their basis, and a contract that moves against its asset."""

from decimal import Decimal
from typing import Any

import pytest
from tests.portfolio.books import TODAY, checked, d, position, refused, report, told

from marginctl.analysis.check import Settings, load_portfolio
from marginctl.core.assemble import report_of
from marginctl.core.exact import exactly
from marginctl.core.outcome import outcome_of, states_of
from marginctl.core.path import Scenario, way_to
from marginctl.core.scenario import expanded, moved, ratios

CALENDAR = """
    prices: {BTC: 60000}
    collateral: [{asset: USDT, amount: 20000}]
    positions:
      - {symbol: BTCUSDT_261225, side: short, quantity: 1, mark_price: 61200, leverage: 10, maintenance_rate: 1%}
      - {symbol: BTCUSDT, side: long, quantity: 1, leverage: 10, maintenance_rate: 1%}
"""
COIN = """
    prices: {BTC: 60000}
    contracts: {BTCUSD_261225: {type: inverse, base: BTC, quote: USD, contract_size: 100}}
    collateral: [{asset: BTC, amount: 0.1, haircut: 0%}]
    positions:
      - {symbol: BTCUSD_261225, side: long, quantity: 100, entry_price: 60000, mark_price: 60600, leverage: 10,
         maintenance_rate: 1%}
"""


def scenario(text: str, **shocks: str) -> Any:
    """The outcome of a scenario, and the equity of the account moved to its end."""
    with exactly():
        loaded, problems = load_portfolio(text.encode(), "book.yaml", Settings(today=TODAY))
        assert loaded is not None, problems
        given = {name.replace("__", "*"): d(shock) for name, shock in shocks.items()}
        account, path = way_to(Scenario(name="test", shocks=given), loaded.account)
        at_end = report_of(moved(loaded.account, ratios(expanded(given, loaded.account))))
        return outcome_of(account, states_of(account), path), at_end


class TestBasis:
    """How far the mark is above the index."""

    def test_it_is_the_mark_over_the_index(self) -> None:
        found = report(CALENDAR)
        dated, perpetual = position(found, "BTCUSDT_261225"), position(found, "BTCUSDT")
        assert (dated["expiry"], dated["basis"]) == ("2026-12-25", d("0.02"))  # 61,200 / 60,000
        assert (perpetual["expiry"], perpetual["basis"]) == (None, 0)

    def test_it_is_signed_and_of_a_coin_margined_contract_too(self) -> None:
        found = report(COIN.replace("mark_price: 60600", "mark_price: 59700"))
        assert position(found, "BTCUSD_261225")["basis"] == d("-0.005")

    def test_the_quote_is_no_basis(self) -> None:
        found = report(CALENDAR.replace("prices: {BTC: 60000}", "prices: {BTC: 60000, USDT: 0.98}"))
        assert position(found, "BTCUSDT")["basis"] == 0
        assert position(found, "BTCUSDT_261225")["basis"] == d("-0.0004")  # 61,200 x 0.98 / 60,000 - 1


class TestAContractAgainstItsAsset:
    """``shocks: {BTC: -20%, BTCUSDT_261225: +10%}``."""

    def test_both_legs_of_a_calendar_spread_lose(self) -> None:
        found, at_end = scenario(CALENDAR, BTC="-0.2", BTCUSDT_261225="0.1")
        assert found.change == -18120  # -12,000 of the long, -6,120 of the short
        assert found.maintenance_margin == d("1153.2")  # 1% of 48,000 and of 67,320
        assert found.survived
        # 20,000 - 18,120 u = 600 (1 - 0.2 u) + 612 (1 + 0.1 u): u = 18,788 / 18,061.2
        assert round(found.reach, 10) == d("1.0402409585")
        assert at_end.totals.equity == found.equity == 1880

    def test_the_contract_may_move_alone(self) -> None:
        found, _ = scenario(CALENDAR, BTCUSDT_261225="0.31")
        # 20,000 - 61,200 t = 600 + 612 (1 + t): t = 18,788 / 61,812, of 0.31
        assert found.crossing is not None
        assert round(found.crossing * d("0.31"), 10) == d("0.3039539248")

    def test_it_has_its_own_shock_instead_of_that_of_all_others(self) -> None:
        found, _ = scenario(CALENDAR, __="-0.2", BTCUSDT_261225="0")
        assert found.change == -12000

    @pytest.mark.parametrize(("symbol", "text"), [("BTCUSDT_261225", CALENDAR), ("BTCUSD_261225", COIN)])
    def test_a_shock_like_that_of_its_asset_changes_nothing(self, symbol: str, text: str) -> None:
        with_it, _ = scenario(text, BTC="-0.15", **{symbol: "-0.15"})
        without, _ = scenario(text, BTC="-0.15")
        assert (with_it.equity, with_it.maintenance_margin) == (without.equity, without.maintenance_margin)
        assert with_it.reach == without.reach

    def test_a_coin_margined_contract_ends_at_its_own_mark(self) -> None:
        # 0.1 + 10,000 (1/60,000 - 1/54,540) BTC at 48,000: the mark 60,600 falls by 10%, the coin by 20%
        found, at_end = scenario(COIN, BTC="-0.2", BTCUSD_261225="-0.1")
        coins = d("0.1") + 10000 * (1 / d(60000) - 1 / d(54540))
        assert abs(found.equity - coins * 48000) < Decimal("1e-30")
        assert abs(at_end.totals.equity - found.equity) < Decimal("1e-30")
        assert at_end.positions[0].mark_price == 54540

    def test_the_move_of_its_quote_comes_on_top(self) -> None:
        found, at_end = scenario(CALENDAR, USDT="-0.1", BTCUSDT_261225="0.1")
        assert round(at_end.positions[0].mark_price, 20) == 74800  # 61,200 x 1.1 / 0.9
        assert abs(at_end.totals.equity - found.equity) < Decimal("1e-30")

    def test_a_flag_and_a_file_name_it_alike(self) -> None:
        flag = report(CALENDAR, shocks={"BTCUSDT_261225": d("0.1")})
        assert flag["totals"]["unrealized_pnl"] == -6120
        text = CALENDAR + "    scenarios: [{name: s, shocks: {BTCUSDT_261225: +31%}}]\n    limits: {survive: s}\n"
        (check,) = [one for one in report(text)["checks"] if one["code"] == "MC113"]
        assert check["status"] == "fail"

    def test_a_mark_of_0_of_a_coin_margined_contract_is_refused(self) -> None:
        text = COIN + "    scenarios: [{name: s, shocks: {BTCUSD_261225: -100%}}]\n"
        said = (
            "MC016 the scenario `s` moves `BTCUSD_261225` to 0, at which an inverse contract, or a quanto quoted in "
            "it, has no value"
        )
        assert refused(text) == [said]

    def test_a_name_that_is_neither_an_asset_nor_a_contract_is_refused(self) -> None:
        said = "MC020 the scenario `s` moves `BTCUSDT_260925`, which nothing in this file has"
        assert refused(CALENDAR + "    scenarios: [{name: s, shocks: {BTCUSDT_260925: 5%}}]\n") == [said]


class TestCalendarSpreads:
    """They net only where the rules net across the contracts of one underlying."""

    @pytest.mark.parametrize(
        ("rule", "initial", "maintenance"),
        [
            pytest.param("netting: net", "12120", "1212", id="legs of one contract alone"),
            pytest.param("underlying_netting: larger-leg", "6120", "612", id="across contracts, the dearer leg"),
        ],
    )
    def test_netting(self, rule: str, initial: str, maintenance: str) -> None:
        totals = report(f"    account: {{{rule}}}\n{CALENDAR}")["totals"]
        assert (totals["initial_margin"], totals["maintenance_margin"]) == (d(initial), d(maintenance))


class TestSymbols:
    """A dated symbol as its venue writes it is read, or refused with what to declare."""

    @pytest.mark.parametrize(
        ("symbol", "said"),
        [
            ("BTCUSDT-27DEC24", None),
            ("BTCUSDT_241227", None),
            ("BTC_USDT", None),
            ("BTC-27DEC24", "MC021 `BTC-27DEC24` does not say its quote, nor what it settles in"),
            ("BTC-USD-241227", "MC021 `BTC-USD-241227` does not say what it settles in"),
            ("BTC-PERPETUAL", "MC021 `BTC-PERPETUAL` does not say its quote, nor what it settles in"),
            ("PF_XBTUSD", "MC021 `PF_XBTUSD` calls its base XBT, another name for BTC"),
        ],
    )
    def test_on_generic(self, symbol: str, said: str | None) -> None:
        found = checked(f"""
            prices: {{BTC: 60000}}
            collateral: [{{asset: USDT, amount: 10000}}]
            positions:
              - {{symbol: {symbol}, side: short, quantity: 0.5, mark_price: 61000, leverage: 5, maintenance_rate: 1%}}
        """)
        assert told(found) == ([said] if said else [])

    def test_an_expired_contract_is_a_finding(self) -> None:
        found = report("""
            account: {venue: binance-coinm, as_of: 2026-11-28T00:00:00Z}
            prices: {ETH: 3000}
            collateral: [{asset: ETH, amount: 1}]
            positions: [{symbol: ETHUSD_260925, side: short, quantity: 100, leverage: 5}]
        """)
        said = "ETHUSD_260925 ended on 2026-09-25, before 2026-11-28, the day of these figures"
        assert [one["message"] for one in found["findings"] if one["code"] == "MC214"] == [said]
