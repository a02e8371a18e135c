"""What contracts are worth where prices have moved, by hand."""

import pytest
from tests.builders import d, inverse, linear

from marginctl.core.contract import Contract
from marginctl.core.value import marked, own_ratio


@pytest.mark.parametrize(
    ("contract", "ratios", "mark"),
    [
        pytest.param(linear(), {}, "1", id="nothing moves"),
        pytest.param(linear(), {"BTC": 3, "USDT": "0.5"}, "6", id="base over quote"),
        pytest.param(linear(), {"BTC": 3, "USDT": "0.5", ":BTCUSDT": 2}, "4", id="its own over the quote"),
        pytest.param(inverse(), {"BTC": 3, "USD": "0.5"}, "6", id="inverse: base over quote"),
        pytest.param(inverse(), {"BTC": 3, "USD": "0.5", ":BTCUSD": 2}, "1.5", id="inverse: base over its own"),
    ],
)
def test_what_a_mark_moves_by(contract: Contract, ratios: dict[str, str | int], mark: str) -> None:
    assert marked(contract, {asset: d(ratio) for asset, ratio in ratios.items()}) == d(mark)


@pytest.mark.parametrize(
    ("contract", "ratios", "own"),
    [
        pytest.param(linear(), {"BTC": 3}, "1.25", id="linear: its shock, whatever the base does"),
        pytest.param(inverse(), {}, "0.8", id="inverse: 1 / 1.25"),
        pytest.param(inverse(), {"BTC": 2}, "1.6", id="in a coin that has doubled"),
        pytest.param(inverse(), {"USD": "0.5"}, "0.4", id="in dollars that have halved"),
    ],
)
def test_what_a_contract_moves_by_that_is_shocked_by_a_quarter(
    contract: Contract, ratios: dict[str, str | int], own: str
) -> None:
    assert own_ratio(contract, d("0.25"), {asset: d(ratio) for asset, ratio in ratios.items()}) == d(own)
