"""Answers are told apart by their form and read exactly; what they lack or contradict is said."""

from decimal import Decimal

import pytest

from marginctl.core.contract import ContractType, HaircutTier, TiersBy
from marginctl.venues.answers import answer_of
from marginctl.venues.answers.account import MorePages
from marginctl.venues.answers.account_reading import time_of
from marginctl.venues.answers.expressions import printed
from marginctl.venues.answers.public_reading import decimal_of

from .published import (
    ONE_OF_EACH,
    asset_index,
    bracket,
    brackets,
    collateral_tiers,
    discounts,
    dumped,
    position_tiers,
    read,
    risk_limits,
)

D = Decimal
DAY = "2026-11-20"


@pytest.mark.parametrize("title", ONE_OF_EACH)
def test_a_format_is_recognized_by_its_form_alone(title):
    assert read(ONE_OF_EACH[title]).title == title


def test_brackets_by_notional():
    answer = read(
        [{"symbol": "ETHUSDT", "brackets": [bracket(75, 0, 10000, 0.0065, 0.0), bracket(50, 10000, 50000, 0.01, 35)]}]
    )
    assert (answer.tables_type, answer.tiers_by, answer.day) == (ContractType.LINEAR, TiersBy.NOTIONAL, None)
    (table,) = answer.tables
    assert (table.name, table.family, table.fault) == ("ETHUSDT", False, "")
    assert [(row.up_to, row.maintenance_rate, row.max_leverage, row.deduction, row.floor) for row in table.rows] == [
        (D(10000), D("0.0065"), D(75), D(0), D(0)),
        (D(50000), D("0.01"), D(50), D(35), D(10000)),
    ]


@pytest.mark.parametrize("floor", ["qtyFloor", "qtylFloor"])
def test_brackets_by_coin_are_those_of_inverse_contracts(floor):
    answer = read(brackets("binance-coinm.csv", "qtyCap", floor))
    assert answer.tables_type is ContractType.INVERSE
    table = next(one for one in answer.tables if one.name == "BTCUSD_PERP")
    assert (table.rows[1].floor, table.rows[1].up_to, table.rows[1].maintenance_rate) == (D(5), D(10), D("0.005"))


def test_one_contract_may_come_without_a_list():
    assert [table.name for table in read({"symbol": "ETHUSDT", "brackets": [bracket(75, 0, 10, 0.1, 0)]}).tables] == [
        "ETHUSDT"
    ]


def test_a_contract_without_tiers_has_an_empty_table():
    levels = [{"numNonContractUnits": 5, "maintenanceMargin": 0.02, "initialMargin": 0.04}]
    levels.append({"numNonContractUnits": 0, "maintenanceMargin": 0.01, "initialMargin": 0.02})
    same = {"type": "flexible_futures", "tickSize": 1, "contractSize": 1, "base": "A", "quote": "USD"}
    rows = [{"symbol": "PF_AUSD", "marginLevels": levels} | same, {"symbol": "PF_BUSD", "marginLevels": []} | same]
    first, second = read({"serverTime": "2026-09-25T10:00:00.000Z", "instruments": rows}).tables
    assert [(row.floor, row.up_to) for row in first.rows] == [(D(0), D(5)), (D(5), None)]
    assert (second.name, second.rows, second.fault) == ("PF_BUSD", (), "")


def test_the_largest_integer_stands_for_no_limit():
    answer = read([{"symbol": "XUSDT", "brackets": [bracket(5, 0, 9223372036854775807, 0.1, 0)]}])
    assert answer.tables[0].rows[0].up_to is None


@pytest.mark.parametrize("multiplier", ["1.5", 1.5, "4.0"])
def test_brackets_of_an_account_with_a_multiplier_are_not_the_venues(multiplier):
    one = {"symbol": "ETHUSDT", "notionalCoef": multiplier, "brackets": [bracket(75, 0, 10000, 0.0065, 0)]}
    assert "with a multiplier (notionalCoef)" in read([one]).tables[0].fault
    assert read([{**one, "notionalCoef": "1.0"}]).tables[0].fault == ""


def test_brackets_of_a_pair_are_ambiguous():
    row = {**bracket(125, 0, 50, 0.004, 0.0), "qtyCap": 50, "qtylFloor": 0}
    assert "ambiguous" in read([{"pair": "BTCUSD", "brackets": [row]}]).tables[0].fault


def test_risk_limits_are_sorted_and_begin_where_the_one_before_ends():
    answer = read(
        risk_limits(
            ("BTCUSDT", "4000000", "0.0067", "0.0133", "75.00", "3400"),
            ("BTCUSDT", "2000000", "0.005", "0.01", "100.00", ""),
            ("ETHUSDT", "1000000", "0.005", "0.01", "100.00", ""),
        )
    )
    assert (answer.day, answer.tables_type, answer.more) == (DAY, ContractType.LINEAR, None)
    bitcoin = answer.tables[0]
    assert [(row.up_to, row.deduction, row.max_leverage, row.initial_rate) for row in bitcoin.rows] == [
        (D(2000000), D(0), D(100), None),  # an empty deduction of the first tier is 0
        (D(4000000), D(3400), D(75), None),
    ]
    assert answer.tables[1].name == "ETHUSDT"


def test_a_missing_deduction_of_a_later_tier_is_not_zero():
    answer = read(risk_limits(("A", "1", "0.01", "0.02", "50", ""), ("A", "2", "0.02", "0.04", "25", "")))
    assert [row.deduction for row in answer.tables[0].rows] == [D(0), None]


def test_risk_limits_in_percent_contradict_their_leverage():
    answer = read(risk_limits(("BTCUSD", "150", "0.5", "1", "100.00", ""), category="inverse"))
    assert answer.tables_type is ContractType.INVERSE
    assert answer.tables[0].fault == "the initial rate 1 is not 1 / 100: it may be a percentage"


@pytest.mark.parametrize(
    ("initial", "leverage", "message"),
    [
        # 1 / 0.345 = 2.8985..., cut to 2.89: 0.0085 apart (and 1 / 2.89 is 0.00102 from 0.345, more than 0.001)
        ("0.345", "2.89", ""),
        # 1 / 0.415 = 2.409638..., cut to 2.40: the widest gap that a venue prints
        ("0.415", "2.4", ""),
        # 1 / 0.4 = 2.5, exactly 0.01 above 2.49: no cutting makes that
        ("0.4", "2.49", "the initial rate 0.4 is not 1 / 2.49"),
        ("0.35", "2.89", "the initial rate 0.35 is not 1 / 2.89"),
        ("34.5", "2.89", "the initial rate 34.5 is not 1 / 2.89: it may be a percentage"),
    ],
)
def test_a_leverage_cut_to_two_decimals_is_no_contradiction(initial, leverage, message):
    answer = read(position_tiers(("0", "20000", "0.3", initial, leverage)))
    assert answer.tables[0].fault == message


def test_a_rounded_initial_rate_is_no_contradiction():
    # 1 / 75 = 0.01333...; 1 / 16 = 0.0625, and a leverage printed with two decimals: 1 / 0.0133 = 75.19
    answer = read(risk_limits(("A", "1", "0.0067", "0.0133", "75.00", "0"), ("A", "2", "0.02", "0.0625", "16", "1")))
    assert answer.tables[0].fault == ""


def test_one_page_of_several_is_said():
    assert read(risk_limits(("A", "1", "0.01", "0.02", "50", ""), cursor="next")).more == MorePages(
        "cursor", "next", 1, True
    )


def test_position_tiers_count_contracts_on_the_whole_position_and_name_a_family():
    answer = read(position_tiers(("0", "1000", "0.004", "0.01", "100"), ("1000.01", "5000", "0.005", "0.015", "66.66")))
    assert (answer.tiers_by, answer.tables_type) == (TiersBy.QUANTITY, None)
    (table,) = answer.tables
    assert (table.name, table.family, table.fault) == ("BTC-USDT", True, "")
    assert [(row.up_to, row.initial_rate, row.max_leverage, row.deduction) for row in table.rows] == [
        (D(1000), D("0.01"), D(100), D(0)),
        (D(5000), D("0.015"), D("66.66"), D(0)),
    ]


def test_position_tiers_of_one_contract():
    answer = read(position_tiers(("0", "10", "0.01", "0.02", "50"), contract="BTC-USD-SWAP"))
    assert (answer.tables[0].name, answer.tables[0].family) == ("BTC-USD-SWAP", False)


def test_a_gap_between_position_tiers_is_a_fault():
    answer = read(position_tiers(("0", "1000", "0.004", "0.01", "100"), ("1002", "5000", "0.005", "0.015", "66.66")))
    assert answer.tables[0].fault == "tier 2 begins at 1002, the one before it ends at 1000"


def test_collateral_ratios_become_marginal_haircuts():
    answer = read(collateral_tiers(BTC=[("1000000", "", "0"), ("0", "1000000", "0.85")]))
    assert answer.day == DAY
    assert answer.haircuts[0].haircuts == (HaircutTier(D(1000000), D("0.15")), HaircutTier(None, D(1)))


def test_beyond_the_last_discount_tier_the_lowest_rate_counts():
    answer = read(discounts("0.5", BTC=[("0", "20", "0.98"), ("20", "25", "0.9775")]))
    assert answer.haircuts[0].haircuts == (
        HaircutTier(D(20), D("0.02")),
        HaircutTier(D(25), D("0.0225")),
        HaircutTier(None, D("0.5")),
    )


def test_without_a_lowest_rate_nothing_is_known_beyond_the_last_tier():
    assert "minDiscountRate" in read(discounts(None, BTC=[("0", "20", "0.98")])).haircuts[0].fault


def test_discounts_by_value_in_usd_are_not_used():
    old = {"code": "0", "data": [{"ccy": "BTC", "discountInfo": [{"discountRate": "1", "minAmt": "0", "maxAmt": "9"}]}]}
    assert "by value in USD" in read(old).haircuts[0].fault


def test_a_debt_that_counts_less_than_it_is_cannot_be_meant():
    (one,) = read(asset_index(ADA=("0.1", "-1"))).haircuts  # 1 + -1 = 0: the rule file would be refused as a whole
    assert one.fault == "a debt counts 0, less than it is"


def test_an_asset_index_gives_the_haircut_and_what_a_debt_counts():
    (one,) = read(asset_index(ADA=("0.10000000", "0.12000000"))).haircuts
    assert one.fault == ""
    assert (one.asset, one.haircuts, one.debt_factor) == ("ADA", (HaircutTier(None, D("0.1")),), D("1.12"))


def test_flat_collateral_ratios():
    answer = read([{"asset": "USDC", "collateralRate": "0.9999"}, {"asset": "BTC", "collateralRate": 0.95}])
    assert [(one.asset, one.haircuts[0].haircut) for one in answer.haircuts] == [
        ("USDC", D("0.0001")),
        ("BTC", D("0.05")),
    ]


@pytest.mark.parametrize(
    ("ratio", "fault"),
    [("1.5", "a collateral ratio of 1.5 is not between 0 and 1"), ("95", "a collateral ratio of 95 is not between")],
)
def test_ratios_beyond_one_are_faults(ratio, fault):
    assert fault in read([{"asset": "BTC", "collateralRate": ratio}]).haircuts[0].fault


def test_tiers_of_ratios_that_do_not_rise_are_a_fault():
    tiers = [("0", "10", "0.9"), ("5", "8", "0.8")]
    assert read(collateral_tiers(BTC=tiers)).haircuts[0].fault == "haircut tiers must rise: 8 after 10"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0.0065", D("0.0065")),
        ("1e-05", D("0.00001")),
        ("5E3", D(5000)),
        ("-0.0", D(0)),
        ("9007199254740993", D(9007199254740993)),  # 2^53 + 1: no binary float holds it
        ("0.1000000000000000055511151231257827", D("0.1000000000000000055511151231257827")),
        ("01", None),
        ("1e99", None),
        (".5", None),
        ("NaN", None),
        ("1,000", None),
        ("", None),
    ],
)
def test_numbers_are_taken_exactly_as_json_writes_them(written, value):
    amount = printed(written)
    assert (None if amount is None else decimal_of(amount.value)) == value


@pytest.mark.parametrize(
    ("milliseconds", "day"),
    [
        ("1795132799999", "2026-11-19"),  # the last millisecond before 2026-11-20T00:00Z
        ("1795132800000", "2026-11-20"),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("9" * 18, "2001-09-09"),  # nanoseconds
        ("9" * 22, None),
    ],
)
def test_a_time_is_a_day_in_utc(milliseconds, day):
    assert (time_of(milliseconds) or "")[:10] == (day or "")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"code":-2015,"msg":"Invalid API-key"}', "the answer is an error: code `-2015` `Invalid API-key`"),
        (b'{"retCode":10001,"retMsg":"params error","result":{}}', "the answer is an error: retCode `10001`"),
        (b'{"code":"51000","msg":"Parameter error","data":[]}', "the answer is an error: code `51000`"),
        (b'{"hello": 1}', "this is no answer of a known format"),
        (b"12", "the answer is text, not JSON: `12`"),
        (b"", "the file is empty"),
        (b'[{"symbol": "A"', ""),
        (b"\xff\xfe\x00", ""),
        (b"[" * 5000 + b"]" * 5000, "nested deeper"),
    ],
)
def test_what_is_no_answer_is_refused(data, message):
    answer, problems = answer_of(data, "answer.json")
    assert answer is None
    assert len(problems) >= 1
    assert message in problems[0].message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cum": None}, "leverage brackets: `cum` is missing"),
        ({"notionalCap": "many"}, "leverage brackets: `notionalCap` is not a number: `many`"),
        ({"maintMarginRatio": [1]}, "leverage brackets: `maintMarginRatio` is not a number"),
    ],
)
def test_a_misfit_is_named_with_its_place(change, message):
    data = dumped([{"symbol": "ETHUSDT", "brackets": [{**bracket(75, 0, 10000, 0.0065, 0), **change}]}])
    answer, problems = answer_of(data, "answer.json")
    assert answer is None
    assert message in problems[0].message
    assert (problems[0].location.file, problems[0].location.line) == ("answer.json", 1)
    assert problems[0].location.column > 1


def test_a_missing_figure_is_named():
    row = bracket(75, 0, 10000, 0.0065, 0)
    del row["notionalFloor"]
    _, problems = answer_of(dumped([{"symbol": "ETHUSDT", "brackets": [row]}]), "answer.json")
    assert "`notionalFloor` is missing" in problems[0].message


def test_the_same_key_twice_is_refused():
    _, problems = answer_of(b'[{"asset": "BTC", "collateralRate": "0.9", "collateralRate": "0.1"}]', "answer.json")
    assert "is given twice" in problems[0].message


def test_a_file_with_a_byte_order_mark_and_tabs_is_read():
    answer = read(b'\xef\xbb\xbf[\n\t{\n\t\t"asset": "BTC",\n\t\t"collateralRate": "0.9"\n\t}\n]')
    assert answer.haircuts[0].asset == "BTC"
