"""What a contract is worth by its mark and by its index, in contracts and in base units, by hand."""

# A Decimal equals an int: mypy calls such tuples incomparable.
# mypy: disable-error-code="comparison-overlap"

from decimal import Decimal

import pytest
from tests.builders import LONG, PRICES, SHORT, d, inverse, linear, position

from marginctl.core.account import Position
from marginctl.core.exposures import exposure_of, exposures_of

KNOWN = {asset: d(price) for asset, price in PRICES.items()}
HALF = {**KNOWN, "USDT": d("0.5")}


@pytest.mark.parametrize(
    ("held", "prices", "quantity", "units", "by_mark", "by_index"),
    [
        pytest.param(
            position(linear(size="0.1"), LONG, 30, 96), KNOWN, 30, 3, 288, 300, id="3 BTC at a mark of 96, and at 100"
        ),
        pytest.param(position(linear(size="0.1"), SHORT, 30, 192), HALF, -30, -3, -288, -300, id="half a dollar"),
        pytest.param(position(inverse(), LONG, 30, 96), KNOWN, 30, d("3.125"), 300, 300, id="300 USD: 3.125 BTC at 96"),
        pytest.param(
            position(inverse("BTCEUR", quote="EUR"), SHORT, 30, 96), KNOWN, -30, d("-3.125"), -375, -375, id="300 EUR"
        ),
    ],
)
def test_one_position(
    held: Position, prices: dict[str, Decimal], quantity: int, units: Decimal, by_mark: int, by_index: int
) -> None:
    found = exposure_of(held, prices)
    assert (found.contract, found.quantity, found.units) == (held.contract, quantity, units)
    assert (found.by_mark.at({}), found.by_index.at({})) == (by_mark, by_index)


@pytest.mark.parametrize(("contract", "mark"), [(linear(), 100), (inverse(), 100)], ids=["linear", "inverse"])
def test_the_legs_of_a_contract_add_up_and_one_can_be_left_out(contract: object, mark: int) -> None:
    long, short = position(contract, LONG, 50, mark), position(contract, SHORT, 20, mark)  # type: ignore[arg-type]
    both = exposures_of([long, short], {"USDT": d(7)}, KNOWN, "USD")
    unit = exposure_of(position(contract, LONG, 1, mark), KNOWN)  # type: ignore[arg-type]
    for found, times in ((both, 30), (both.without(long, KNOWN), -20), (both.without(short, KNOWN), 50)):
        (one,) = found.contracts.values()
        assert (one.quantity, one.units) == (times, times * unit.units)
        assert (one.by_mark.at({}), one.by_index.at({})) == (times * unit.by_mark.at({}), times * unit.by_index.at({}))
        assert found.equities == both.equities
