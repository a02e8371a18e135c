"""What an asset is, and how far it moves when all move together."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from tests.builders import LONG, account, flat, linear, position, tiers

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


def test_what_follows_an_asset_is_as_volatile_as_that() -> None:
    """A staked coin follows its coin, a wrapped dollar the account's currency; PEG is a dollar by its own word."""
    book = replace(account(), follows={"STETH": "ETH", "WUSD": "USD", "GONE": "XYZ"}, dollars=frozenset({"PEG"}))
    assert [book.is_volatile(one) for one in ("STETH", "WUSD", "PEG", "ETH")] == [True, False, False, True]
    assert [book.drifts(one) for one in ("STETH", "WUSD", "PEG", "EUR", "BTC")] == [True, False, False, False, True]
    assert [book.underlying(one) for one in ("STETH", "WUSD", "GONE", "ETH")] == ["ETH", "WUSD", "GONE", "ETH"]
    assert (book.moving_with("ETH"), book.moving_with("BTC")) == (("ETH", "STETH"), ("BTC",))


@pytest.mark.parametrize(
    ("table", "fields", "initial", "rates"),
    [
        pytest.param((), {}, False, False, id="neither tiers nor its own"),
        pytest.param(flat("0.01", "0.1"), {}, True, True, id="tiers with both"),
        pytest.param(flat("0.01"), {}, False, False, id="tiers without an initial rate"),
        pytest.param(tiers((10, "0.01", "0.1"), (None, "0.02", None)), {}, False, False, id="one tier without"),
        pytest.param(flat("0.01"), {"leverage": 5}, True, True, id="a leverage and tiers"),
        pytest.param((), {"leverage": 5}, True, False, id="a leverage alone"),
        pytest.param((), {"initial_rate": "0.1", "maintenance_rate": "0"}, True, True, id="both its own"),
        pytest.param((), {"initial_margin": "7"}, True, False, id="an amount"),
        pytest.param((), {"maintenance_rate": "0.01"}, False, False, id="maintenance alone"),
    ],
)
def test_whether_its_rates_are_known(table: Any, fields: dict[str, Any], initial: bool, rates: bool) -> None:
    held = position(linear(table=table), LONG, 1, 100, **fields)
    assert (held.has_initial, held.has_rates) == (initial, rates)
    assert held.states_initial is bool({"leverage", "initial_rate", "initial_margin"} & fields.keys())


def test_an_account_without_a_model_of_the_whole_is_tiered() -> None:
    assert account().margin_model == "tiered"
    assert default_beta("X") == Decimal(1)


def test_set_aside_is_the_isolated_margin() -> None:
    apart, shared = position(linear(), LONG, 1, 100, isolated_margin=9), position(linear(), LONG, 1, 100)
    assert (apart.set_aside, shared.set_aside) == (9, 0)
