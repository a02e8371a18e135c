"""Entries, marks and leverage that follow from the other figures of a position."""

from fractions import Fraction

import pytest

from marginctl.core.contract import Contract, ContractType
from marginctl.portfolio.importing.declaring import Declaring
from marginctl.portfolio.importing.gathering import gathered
from marginctl.portfolio.importing.holdings import Holdings, repaired
from marginctl.portfolio.importing.notebook import Notebook, Request
from marginctl.venues.answers.account import HeldPosition
from marginctl.venues.loader import named

from .answers import answer, position

LINEAR = Contract("BTCUSDT", ContractType.LINEAR, "BTC", "USDT")
INVERSE = Contract("BTCUSD_PERP", ContractType.INVERSE, "BTC", "USD")


@pytest.mark.parametrize(
    ("contract", "row", "entry", "mark"),
    [
        pytest.param(
            LINEAR,
            position(entry_price="100.3", mark_price="105", unrealized_pnl="9.3334"),
            *("100.3333", "105"),
            id="an entry printed with one decimal: 105 - 9.3334 / 2",
        ),
        pytest.param(
            LINEAR,
            position(entry_price="100.3", mark_price="105", unrealized_pnl="9.4"),
            *("100.3", "105"),
            id="an entry that explains its profit stays",
        ),
        pytest.param(
            LINEAR,
            position(side="short", mark_price="105", unrealized_pnl="10"),
            *("110", "105"),
            id="no entry printed: a short that made 10 with 2 came from 110",
        ),
        pytest.param(
            LINEAR,
            position(entry_price="100", unrealized_pnl="-10"),
            *("100", "95"),
            id="no mark printed: a long that lost 10 with 2 stands at 95",
        ),
        pytest.param(
            INVERSE,
            position(quantity="1000", entry_price="50000", unrealized_pnl="0.004"),
            *("50000", "62500"),
            id="inverse: 1000 / 50000 - 0.004 = 1000 / 62500",
        ),
        pytest.param(
            INVERSE,
            position(side="short", quantity="1000", mark_price="62500", unrealized_pnl="-0.004"),
            *("50000", "62500"),
            id="inverse, the other way round",
        ),
    ],
)
def test_what_is_not_printed_follows_from_the_profit(
    contract: Contract, row: HeldPosition, entry: str, mark: str
) -> None:
    notes = Notebook()
    found = repaired(row, contract, notes)
    assert [one and one.value for one in (found.entry_price, found.mark_price)] == [Fraction(entry), Fraction(mark)]
    assert notes.remarks == {}


def test_figures_that_do_not_go_together_are_a_remark() -> None:
    notes = Notebook()
    row = position(entry_price="100", mark_price="105", unrealized_pnl="50")
    assert repaired(row, LINEAR, notes) == row
    assert notes.remarks["positions"] == [
        "BTCUSDT: the answer contradicts itself: entry and mark do not make its profit"
    ]


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        pytest.param(position(leverage="7"), {"leverage": "7"}, id="as printed"),
        pytest.param(position(notional="100", initial_margin="5.00"), {"leverage": "20"}, id="100 / 5"),
        pytest.param(
            position(notional="12.314277", initial_margin="0.61571385"), {"leverage": "20"}, id="to the printed digits"
        ),
        pytest.param(position(notional="100", initial_margin="6.00"), {"initial_margin": "6"}, id="no whole number"),
        pytest.param(position(mark_price="50", initial_margin="10.00"), {"leverage": "10"}, id="the notional computed"),
        pytest.param(position(), {}, id="nothing is known"),
    ],
)
def test_leverage_is_printed_or_found(row: HeldPosition, wanted: dict[str, str]) -> None:
    rule_set, _ = named("generic")
    assert rule_set is not None
    notes = Notebook()
    declaring = Declaring(rule_set, gathered([answer(positions=(row,))], notes), Request(), "USD")
    found = Holdings(declaring, Request(), is_hedge=False, notes=notes).position(row)
    told = {key: getattr(found[key], "text", "") for key in ("leverage", "initial_margin") if key in found}
    assert told == wanted
