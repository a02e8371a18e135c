"""What is written back is the account that the trade makes: the file after a change, read again, against core alone."""

from decimal import Decimal

import pytest
from marginctl.cli.change_flags import ChangeFlags

from marginctl.analysis.check import Settings, load_portfolio
from marginctl.analysis.what_if import what_if
from marginctl.core.account import Account
from marginctl.core.scenario import moved, remarked
from marginctl.core.trade import crossed, isolated, reduced, transferred

from .books import TODAY

BOOK = """\
account: {position_mode: hedge}
prices: {BTC: 60000, ETH: 3000}
collateral: [{asset: USDT, amount: 50000.5}, {asset: BTC, amount: 2, haircut: 5%}]
contracts: {BTCUSD: {type: inverse, base: BTC, quote: USD, contract_size: 100}}
positions:
  - {symbol: BTCUSDT, side: long, notional: 12000, entry_price: 58000, initial_rate: 12.5%, maintenance_rate: 0.5%}
  - {symbol: BTCUSDT, side: long, quantity: 0.3, entry_price: 58000, initial_rate: 12.5%, maintenance_rate: 0.5%}
  - {symbol: BTCUSDT, side: short, quantity: 0.2, initial_margin: 1200, maintenance_rate: 0.5%}
  - {symbol: BTCUSD, side: short, quantity: 60, entry_price: 48000, mark_price: 60000, leverage: 5,
     maintenance_rate: 1%}
  - {symbol: ETHUSDT, side: short, quantity: 4, entry_price: 3100, leverage: 8, maintenance_rate: 1%,
     margin_mode: isolated, isolated_margin: 1600}
orders:
  - {symbol: BTCUSDT, side: buy, position_side: long, quantity: 0.1, price: 59000}
  - {symbol: ETHUSDT, side: sell, position_side: short, quantity: 1, price: 3200, leverage: 8}
"""
SETTINGS = Settings(today=TODAY)


def read(text: str) -> Account:
    """The account that a text means."""
    loaded, problems = load_portfolio(text.encode(), "book.yaml", SETTINGS)
    assert loaded is not None, problems
    return loaded.account


def after(**flags: list[str]) -> Account:
    """The account that the changed text means."""
    _, text = what_if(BOOK.encode(), "book.yaml", ChangeFlags.read(**flags).changes(), SETTINGS)
    return read(text)


BEFORE = read(BOOK)
HELD = {position.key: position for position in BEFORE.positions}


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        pytest.param({"deposit": ["USDT=12.25"]}, transferred(BEFORE, {"USDT": Decimal("12.25")}), id="a deposit"),
        pytest.param({"withdraw": ["BTC=0.5"]}, transferred(BEFORE, {"BTC": Decimal("-0.5")}), id="a withdrawal"),
        pytest.param(
            {"close": ["BTCUSDT:long"]},
            reduced(BEFORE, HELD["BTCUSDT:long"], Decimal("0.5")),
            id="a position of two rows, closed: an order keeps its rate",
        ),
        pytest.param(
            {"resize": ["BTCUSDT:long=0.1"]},
            reduced(BEFORE, HELD["BTCUSDT:long"], Decimal("0.4")),
            id="a position of two rows, made smaller",
        ),
        pytest.param(
            {"resize": ["BTCUSDT:short=0.05"]},
            reduced(BEFORE, HELD["BTCUSDT:short"], Decimal("0.15")),
            id="a margin given as an amount keeps its share",
        ),
        pytest.param(
            {"resize": ["ETHUSDT=1"]},
            reduced(BEFORE, HELD["ETHUSDT"], Decimal(3)),
            id="an isolated margin keeps its share, the rest is free",
        ),
        pytest.param(
            {"resize": ["BTCUSD=15"]},
            reduced(BEFORE, HELD["BTCUSD"], Decimal(45)),
            id="an inverse contract realises coins",
        ),
        pytest.param(
            {"price": ["BTC=75000"]}, moved(BEFORE, {"BTC": Decimal("1.25")}), id="a price is a shock of that asset"
        ),
        pytest.param(
            {"price": ["BTCUSDT=75000"]}, remarked(BEFORE, "BTCUSDT", Decimal(75000)), id="a mark of one contract"
        ),
        pytest.param(
            {"mode": ["BTCUSDT:long=isolated"]},
            isolated(BEFORE, HELD["BTCUSDT:long"]),
            id="each row has its share of the isolated margin, an order keeps its rate",
        ),
        pytest.param(
            {"mode": ["ETHUSDT=cross"]},
            crossed(BEFORE, HELD["ETHUSDT"]),
            id="a position that comes to the cross pool takes the orders' rates",
        ),
    ],
)
def test_the_file_reads_back_as_the_account_that_the_trade_makes(flags, wanted):
    found = after(**flags)
    assert found.balances == wanted.balances
    assert [plain(position) for position in found.positions] == [plain(position) for position in wanted.positions]
    assert found.prices == wanted.prices
    assert [rates(order) for order in found.orders] == [rates(order) for order in wanted.orders]


def rates(order):
    """The initial rates that an order states itself, and its mark."""
    return order.leverage, order.initial_rate, order.mark_price


def plain(position):
    """What a change may move."""
    return (
        position.contract.symbol,
        position.side,
        position.margin_mode,
        position.quantity,
        position.entry_price,
        position.mark_price,
        position.initial_margin,
        position.isolated_margin,
    )
