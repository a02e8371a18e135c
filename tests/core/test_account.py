"""What an asset is, and how far it moves when all move together."""

import pytest
from tests.builders import account

from marginctl.core.account import default_beta


@pytest.mark.parametrize(
    ("asset", "currency", "expected"),
    [
        pytest.param("BTC", "USD", True, id="a coin"),
        pytest.param("USDT", "USD", False, id="a stablecoin moves within its peg only"),
        pytest.param("EUR", "USD", True, id="another fiat currency does move"),
        pytest.param("USD", "USD", False, id="the account's currency is the measure"),
        pytest.param("USD", "USDT", True, id="a fiat currency that is not the account's"),
    ],
)
def test_volatile_assets(asset: str, currency: str, expected: bool) -> None:
    assert account(currency=currency).is_volatile(asset) is expected


@pytest.mark.parametrize(
    ("asset", "beta"), [("BTC", 1), ("NEWCOIN", 1), ("USDT", 0), ("PYUSD", 0), ("USD", 0), ("TRY", 0)]
)
def test_default_betas(asset: str, beta: int) -> None:
    assert default_beta(asset) == beta
