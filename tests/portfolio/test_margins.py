"""Facts about quantities and maintenance margins, and the fee to close where the file states one."""

import pytest
from tests.portfolio.books import codes, d, position, report

COIN = "BTCUSD_PERP: {type: inverse, base: BTC, quote: USD, contract_size: 100}"
SMALL = "BTC_X: {base: BTC, quote: USDT, contract_size: 0.0001}"
BOOK = """
prices: {{BTC: 60000}}
collateral: [{{asset: USDT, amount: 10000}}, {{asset: BTC, amount: 1, haircut: 0%}}]
contracts: {{{contract}}}
positions: [{{symbol: {symbol}, side: long, {size}, leverage: 10, maintenance_rate: 1%}}]
"""


def messages(found: dict[str, object], code: str) -> list[str]:
    return [one["message"] for one in found["findings"] if one["code"] == code]  # type: ignore[attr-defined]


class TestFractionsOfAContract:
    @pytest.mark.parametrize(
        ("contract", "symbol", "message"),
        [
            pytest.param(
                COIN,
                "BTCUSD_PERP",  # 0.1 x 100 USD; 0.1 BTC x 60,000 / 100 = 60 contracts
                "quantity 0.1 of BTCUSD_PERP is part of a contract, 10 USD; 0.1 BTC would be 60 contracts, "
                "a notional of 6000 USD",
                id="a coin-margined contract",
            ),
            pytest.param(
                SMALL,
                "BTC_X",  # 0.1 x 0.0001 BTC x 60,000 = 0.6; 0.1 / 0.0001 = 1,000 contracts
                "quantity 0.1 of BTC_X is part of a contract, 0.00001 BTC, 0.6 USDT at the mark; 0.1 BTC would be "
                "1000 contracts, a notional of 6000 USDT",
                id="a contract of 0.0001 BTC",
            ),
        ],
    )
    def test_are_a_finding_that_says_what_they_are(self, contract: str, symbol: str, message: str) -> None:
        found = report(BOOK.format(contract=contract, symbol=symbol, size="quantity: 0.1"))
        assert messages(found, "MC213") == [message]

    @pytest.mark.parametrize(
        ("contract", "symbol", "size"),
        [
            (COIN, "BTCUSD_PERP", "quantity: 1"),
            (COIN, "BTCUSD_PERP", "quantity: 1.0"),
            (COIN, "BTCUSD_PERP", "notional: 50"),
            (COIN.replace("100}", "100, lot: 0.1}"), "BTCUSD_PERP", "quantity: 0.3"),
            (SMALL, "BTCUSDT", "quantity: 0.1"),
        ],
        ids=["one", "one with decimals", "a notional", "a lot of 0.1", "a contract of one coin"],
    )
    def test_are_legal_where_quantities_are_coins_or_lots(self, contract: str, symbol: str, size: str) -> None:
        assert codes(report(BOOK.format(contract=contract, symbol=symbol, size=size)), "MC213") == []

    def test_of_a_lot_are_a_finding(self) -> None:
        contract = COIN.replace("100}", "100, lot: 0.1}")
        found = report(BOOK.format(contract=contract, symbol="BTCUSD_PERP", size="quantity: 0.25"))
        (message,) = messages(found, "MC213")
        assert message == (
            "quantity 0.25 of BTCUSD_PERP is no multiple of the lot of 0.1, 25 USD; 0.25 BTC would be 150 contracts, "
            "a notional of 15000 USD"
        )

    def test_of_rows_that_make_whole_contracts_together_pass(self) -> None:
        row = "{symbol: BTCUSD_PERP, side: long, quantity: 0.5, leverage: 10, maintenance_rate: 1%}"
        text = BOOK.format(contract=COIN, symbol="BTCUSD_PERP", size="quantity: 1")
        assert codes(report(f"{text[: text.index('positions')]}positions: [{row}, {row}]"), "MC213") == []

    def test_of_a_venue_go_by_its_lots(self) -> None:
        text = """
            account: {{venue: {venue}, taker_fee: 0.05%}}
            prices: {{BTC: 60000}}
            collateral: [{{asset: USDT, amount: 10000, haircut: 0%}}]
            positions: [{{symbol: {symbol}, side: long, quantity: {quantity}, leverage: 10, maintenance_rate: 1%}}]
        """
        legal = report(text.format(venue="okx", symbol="BTC-USDT-SWAP", quantity="49.18"))
        assert codes(legal, "MC213") == []
        mexc = report(text.format(venue="mexc", symbol="BTC_USDT", quantity="0.1"))
        assert codes(mexc, "MC213") == ["MC213 BTC_USDT"]

    def test_of_an_order_are_a_finding_too(self) -> None:
        text = BOOK.format(contract=COIN, symbol="BTCUSD_PERP", size="quantity: 1")
        found = report(f"{text}orders: [{{symbol: BTCUSD_PERP, side: buy, quantity: 0.5, price: 50000}}]")
        assert codes(found, "MC213") == ["MC213 BTCUSD_PERP"]


class TestNoMaintenanceMargin:
    BOOK = """
        account: {{{account}}}
        prices: {{BTC: 60000}}
        collateral: [{{asset: USDT, amount: 10000}}]
        positions: [{{symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 10, {terms}}}]
    """

    @pytest.mark.parametrize(
        ("terms", "account", "facts"),
        [
            ("maintenance_rate: 0%", "", ["MC212 BTCUSDT"]),
            ("maintenance_rate: 0.5%, maintenance_deduction: 30", "", ["MC212 BTCUSDT"]),  # 6,000 x 0.5% = 30
            ("maintenance_rate: 0.5%, maintenance_deduction: 29.9", "", []),
            ("maintenance_rate: 0%", "taker_fee: 0.05%", []),  # the fee to close is a requirement
        ],
    )
    def test_is_a_finding(self, terms: str, account: str, facts: list[str]) -> None:
        assert codes(report(self.BOOK.format(terms=terms, account=account)), "MC212") == facts


class TestTheFeeToClose:
    BOOK = """
        account: {{taker_fee: {fee}{account}}}
        prices: {{X: 0.4}}
        collateral: [{{asset: USDT, amount: 100}}]
        positions:
          - {{symbol: XUSDT, side: long, quantity: 500, leverage: 5, maintenance_rate: 1%, margin_mode: isolated,
             isolated_margin: 40.096}}
    """

    @pytest.mark.parametrize(
        ("fee", "margin", "price"),
        [
            # 500 x 0.4 x (1% + 0.06%); 40.096 + 500 (p - 0.4) = 500 p (1% + 0.06%): p = 159.904 / 500 / 0.9894
            ("0.06%", "2.12", "0.32323429"),
            ("0", "2", "0.3230383839"),  # p = 159.904 / 500 / 0.99, rounded up
        ],
    )
    def test_counts_in_maintenance_where_no_venue_says_otherwise(self, fee: str, margin: str, price: str) -> None:
        row = position(report(self.BOOK.format(fee=fee, account="")), "XUSDT")
        assert row["maintenance_margin"] == d(margin)
        assert row["initial_margin"] == d("40")
        assert abs(row["contract_liquidation_price"] - d(price)) < d("1e-8")

    def test_says_so_where_the_venue_counts_none(self) -> None:
        text = """
            account: {venue: binance-usdm, taker_fee: 0.05%}
            prices: {BTC: 60000}
            collateral: [{asset: USDT, amount: 10000}]
            positions: [{symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 10}]
        """
        without = report(text.replace(", taker_fee: 0.05%", ""))
        found = report(text)
        assert found["totals"] == without["totals"]
        (said,) = set(found["assumptions"]) - set(without["assumptions"])
        assert said == "taker_fee has no effect: binance-usdm counts no fee to close in its margins"
