"""Which pools a picture of all assets together has a curve of."""

from tests.builders import LONG, account, d, flat, linear, position

from marginctl.core.account import Account
from marginctl.core.assemble import report_of
from marginctl.core.contract import Contract, ContractType
from marginctl.core.curve import pool_curves
from marginctl.core.outcome import states_of

QUANTO = Contract("ETHUSD", ContractType.QUANTO, "ETH", "USD", d("0.001"), flat("0.01", "0.1"), third="BTC")
BTC, CHEAP = linear("BTCUSDT"), linear("BTCUSDC", quote="USDC")


def drawn(book: Account) -> list[str]:
    return [one.pool for one in pool_curves(book, states_of(book), report_of(book), d("0.5"))]


def test_a_pool_with_a_position_has_one_and_a_pool_that_only_holds_coins_has_none() -> None:
    book = account(position(BTC, LONG, 1, 100, leverage=5), balances={"USDT": 90, "USDC": 5}, single_asset=True)
    assert {one.pool.name for one in states_of(book)} == {"cross:USDT", "cross:USDC"}
    assert drawn(book) == ["cross:USDT"]


def test_the_worst_pool_comes_first() -> None:
    positions = position(BTC, LONG, 1, 100, leverage=5), position(CHEAP, LONG, 1, 100, leverage=5)
    for usdt, usdc, names in ((90, 40, ["cross:USDC", "cross:USDT"]), (40, 90, ["cross:USDT", "cross:USDC"])):
        assert drawn(account(*positions, balances={"USDT": usdt, "USDC": usdc}, single_asset=True)) == names


def test_a_pool_that_a_quanto_bends_has_none() -> None:
    assert drawn(account(position(QUANTO, LONG, 50, 10, leverage=5), balances={"BTC": 1})) == []
