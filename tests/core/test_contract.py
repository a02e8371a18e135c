"""Tier tables, haircut schedules and what of them a contract settles in."""

from decimal import Decimal

import pytest
from msgspec.structs import replace
from tests.builders import Number, d, flat, haircuts, inverse, linear, tiers

from marginctl.core.contract import (
    STEP,
    Contract,
    ContractType,
    Tier,
    TiersBy,
    collateral_curve,
    derived_deductions,
    initial_curve,
    loan_curve,
    maintenance_curve,
)
from marginctl.core.exact import ONE, ZERO

TABLE = tiers((100, "0.01", "0.02"), (200, "0.02", "0.05"), (None, "0.05", "0.1"))


def test_a_linear_contract_settles_in_its_quote_and_moves_with_its_base() -> None:
    assert (linear().settle, linear().driver) == ("USDT", "BTC")


def test_an_inverse_contract_settles_in_its_base_and_is_measured_in_its_quote() -> None:
    assert (inverse().settle, inverse().driver) == ("BTC", "USD")


@pytest.mark.parametrize(
    ("notional", "row"),
    [
        pytest.param("0", 0, id="nothing is in the first tier"),
        pytest.param("100", 0, id="the bound itself still belongs to its tier"),
        pytest.param("100.00000001", 1, id="a trifle more does not"),
        pytest.param("1000000", 2, id="the last tier has no bound"),
    ],
)
def test_the_tier_of_a_notional(notional: str, row: int) -> None:
    assert linear(table=TABLE).tier_index(d(notional), d(1)) == row


def test_beyond_a_bounded_last_tier_is_the_number_of_tiers() -> None:
    assert linear(table=tiers((100, "0.01", None))).tier_index(d(101), d(1)) == 1


def test_by_quantity_the_notional_does_not_matter() -> None:
    contract = linear(table=TABLE, tiers_by=TiersBy.QUANTITY)
    assert [contract.tier_index(d(10**9), d(quantity)) for quantity in (100, 101, 201)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("floors", "rates", "expected"),
    [
        pytest.param([0, 150000], ["0.0038", "0.004"], ["0", "30"], id="two rows"),
        pytest.param(
            [0, 5, 10, 20, 50, 100, 200],
            ["0.004", "0.005", "0.01", "0.025", "0.05", "0.1", "0.125"],
            ["0", "0.005", "0.055", "0.355", "1.605", "6.605", "11.605"],
            id="a published table in coin",
        ),
    ],
)
def test_deductions_that_make_the_margin_continuous(floors: list[int], rates: list[str], expected: list[str]) -> None:
    assert derived_deductions([d(f) for f in floors], [d(r) for r in rates]) == [d(e) for e in expected]


@pytest.mark.parametrize(
    ("table", "notional", "margin"),
    [
        pytest.param(TABLE, "50", "0.5", id="first tier: 1% of 50"),
        pytest.param(TABLE, "100", "1", id="at the border both tiers agree"),
        pytest.param(TABLE, "150", "2", id="1% of the first 100, 2% of the other 50"),
        pytest.param(TABLE, "300", "8", id="1 + 2 + 5% of 100"),
        pytest.param(
            tiers((100, "0.01", None), (None, "0.1", None), deductions=[0, 0]), "100", "1", id="jump: not yet"
        ),
        pytest.param(
            tiers((100, "0.01", None), (None, "0.1", None), deductions=[0, 0]), "101", "10.1", id="jump: whole"
        ),
        pytest.param(flat("0"), "500", "0", id="a rate of zero"),
        pytest.param(tiers((100, "0.01", None)), "300", "3", id="the last line goes on beyond its bound"),
    ],
)
def test_maintenance_of_a_notional(table: tuple[Tier, ...], notional: str, margin: str) -> None:
    assert maintenance_curve(table).at(d(notional), ONE) == d(margin)


@pytest.mark.parametrize(
    ("deductions", "notional", "margin"),
    [
        pytest.param([2, 3], "100", "0", id="1% of 100 less 2 is not below 0"),
        pytest.param([2, 3], "150", "0", id="2% of 150 less 3 is just 0"),
        pytest.param([2, 3], "200", "1", id="2% of 200 less 3"),
        pytest.param(["0.5", "1.5"], "50", "0", id="1% of 50 less 0.5 is just 0"),
        pytest.param(["0.5", "1.5"], "80", "0.3", id="1% of 80 less 0.5"),
        pytest.param(["0.5", "1.5"], "100", "0.5", id="at the border"),
        pytest.param(["0.5", "1.5"], "150", "1.5", id="2% of 150 less 1.5"),
    ],
)
def test_a_maintenance_margin_is_never_below_0(deductions: list[Number], notional: str, margin: str) -> None:
    table = tiers((100, "0.01", None), (None, "0.02", None), deductions=deductions)
    assert maintenance_curve(table).at(d(notional), ONE) == d(margin)


def test_a_deduction_without_a_rate_leaves_nothing() -> None:
    table = tiers((None, "0", None), deductions=[5])
    assert maintenance_curve(table).at(d(1000), ONE) == 0


@pytest.mark.parametrize(
    ("least", "notional", "margin"),
    [
        pytest.param("0", "100", "2", id="the tier's own rate"),
        pytest.param("0", "150", "7.5", id="on the whole notional: 5% of 150"),
        pytest.param("0.04", "100", "4", id="a lower leverage asks for more"),
        pytest.param("0.04", "150", "7.5", id="a higher one never goes below the tier"),
    ],
)
def test_initial_margin_of_a_notional(least: str, notional: str, margin: str) -> None:
    assert initial_curve(TABLE, d(least)).at(d(notional), ONE) == d(margin)


def test_without_tiers_only_the_leverage_counts() -> None:
    assert initial_curve((), d("0.25")).at(d(100), ONE) == 25


@pytest.mark.parametrize(
    ("rows", "factor", "amount", "worth"),
    [
        pytest.param([(None, "0.1")], "1", "10", "9", id="a plain haircut"),
        pytest.param([(1, "0.1"), (None, "0.2")], "1", "1", "0.9", id="up to the border the first one"),
        pytest.param([(1, "0.1"), (None, "0.2")], "1", "2", "1.7", id="marginal: 0.9 + 0.8"),
        pytest.param([(1, "0.05"), (3, "0.1"), (None, 1)], "1", "10", "2.75", id="the last tier may count nothing"),
        pytest.param([(None, "0.1")], "1", "-10", "-10", id="a debt counts in full"),
        pytest.param([(None, "0.1")], "1.05", "-10", "-10.5", id="or dearer, where the venue says so"),
        pytest.param([(None, "0.1")], "1.05", "0", "0", id="nothing is worth nothing"),
    ],
)
def test_the_worth_of_an_amount(rows: list[tuple[Number | None, Number]], factor: str, amount: str, worth: str) -> None:
    assert collateral_curve(haircuts(*rows), d(factor)).at(d(amount), ONE) == d(worth)


@pytest.mark.parametrize(("amount", "margin"), [("-250", "12.5"), ("0", "0"), ("250", "0")])
def test_maintenance_on_debt(amount: str, margin: str) -> None:
    assert loan_curve(d("0.05")).at(d(amount), ONE) == d(margin)


def test_amounts_of_an_asset_are_valued_at_its_price() -> None:
    curve = collateral_curve(haircuts((1, "0.1"), (None, "0.2")), ONE)
    assert curve.at(Decimal(2) * 60000, d(60000)) == d("1.7") * 60000
    assert curve.at(ZERO, d(60000)) == 0


@pytest.mark.parametrize(
    ("contract", "step", "worked_out"),
    [
        pytest.param(linear(), None, STEP, id="one unit of the base: any part of it"),
        pytest.param(linear(size="0.001"), 1, 1, id="a thousandth of it: whole contracts"),
        pytest.param(inverse(size=1), 1, 1, id="inverse: whole contracts"),
        pytest.param(replace(linear(), lot=d("0.01")), d("0.01"), d("0.01"), id="its lot"),
        pytest.param(replace(inverse(), lot=d(5)), 5, 5, id="its lot before that"),
    ],
)
def test_what_a_quantity_is_a_multiple_of(contract: Contract, step: Decimal | None, worked_out: Decimal) -> None:
    assert (contract.step, contract.sizing_step) == (step, worked_out)


def test_a_quanto_settles_in_a_third_asset_and_moves_with_its_base() -> None:
    quanto = Contract("ETHUSD", ContractType.QUANTO, "ETH", "USD", d(1), (), third="BTC")
    assert (quanto.settle, quanto.driver) == ("BTC", "ETH")
