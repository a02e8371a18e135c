"""What a symbol says about its base and quote."""

import pytest

from marginctl.core.symbols import split_symbol


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("BTCUSDT", ("BTC", "USDT")),
        ("BTC-USDT", ("BTC", "USDT")),
        ("BTC/USDT:USDT", ("BTC", "USDT")),
        ("BTC/USDT", ("BTC", "USDT")),
        ("BTC-PERP", ("BTC", "USD")),
        ("ETHBTC", ("ETH", "BTC")),
        ("EURUSDT", ("EUR", "USDT")),
        ("USDCUSDT", ("USDC", "USDT")),
        ("1000PEPEUSDC", ("1000PEPE", "USDC")),
        ("BTC/USD:BTC", None),
        ("BTC-USDT-SWAP", None),
        ("USDT", None),
        ("ABCXYZ", None),
        ("-USDT", None),
        ("/USDT", None),
    ],
)
def test_base_and_quote(symbol: str, expected: tuple[str, str] | None) -> None:
    assert split_symbol(symbol, "USD") == expected
