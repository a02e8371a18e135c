"""What the venue's figures may differ by, as it is written beside them."""

from decimal import Decimal
from fractions import Fraction

import pytest
from msgspec.structs import replace

from marginctl.core.contract import Contract, ContractType
from marginctl.portfolio.importing.book import allowed
from marginctl.venues.answers.account import Amount

from .answers import amount

UNKNOWN = Contract("BTCUSDT", ContractType.LINEAR, "BTC", "USDT")
TICK = replace(UNKNOWN, tick_size=Decimal("0.1"))


@pytest.mark.parametrize(
    ("name", "figure", "contract", "wanted"),
    [
        pytest.param("equity", amount("100.25"), None, "0.02", id="two last digits"),
        pytest.param("equity", amount("100.12345678"), None, "0.00000002", id="of eight decimals"),
        pytest.param("equity", amount("1.1234567890123"), None, "0.00000002", id="at least 2e-8: we round up"),
        pytest.param("equity", amount("0.4"), None, "0.0004", id="at most 0.1%: zeros at the end may be left out"),
        pytest.param("initial_margin", amount("0"), None, "0.00000002", id="a 0 is exact"),
        pytest.param("utilization", amount("0.4083", cut=True), None, "0.0001", id="a ratio that is cut: one digit"),
        pytest.param(
            "maintenance_margin",
            Amount(Fraction(50), Fraction(1, 1000), "a / b"),
            None,
            "0.001",
            id="worked out: what the last digits do to it",
        ),
        pytest.param("contract_liquidation_price", amount("100.25"), TICK, "0.12", id="a tick beside two digits"),
        pytest.param("contract_liquidation_price", amount("100.25"), UNKNOWN, "0.02", id="0.01% is less"),
        pytest.param("contract_liquidation_price", amount("176.89650029"), UNKNOWN, "0.018", id="0.01%, two digits up"),
    ],
)
def test_the_tolerance_is_that_of_what_is_printed(
    name: str, figure: Amount, contract: Contract | None, wanted: str
) -> None:
    assert allowed(name, figure, contract) == Fraction(wanted)
