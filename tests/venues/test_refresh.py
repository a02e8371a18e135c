"""A rule set and an answer of its venue -> the rule set brought up to date, and what changed, to the last figure."""

import copy
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marginctl.core.contract import HaircutTier
from marginctl.document.nodes import Node, Scalar, Sequence
from marginctl.document.reader import read as read_document
from marginctl.venues import loader
from marginctl.venues.answers import answer_of
from marginctl.venues.answers.account import VenueAnswer
from marginctl.venues.refresh import Named, Refreshed, RefreshError, RuleFile, day_for, refreshed
from marginctl.venues.rule_set import RuleSet

from .answers.published import (
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
    rows_of,
)

D = Decimal
DAY = "2026-11-20"


def rule_file(path: Path | str) -> RuleFile:
    return read_rule_file(path) if isinstance(path, Path) else bundled(path)


@cache
def bundled(name: str) -> RuleFile:
    return read_rule_file(loader.DATA / f"{name}.yaml")


def read_rule_file(path: Path) -> RuleFile:
    rule_set, problems = loader.named(str(path))
    assert problems == []
    source, root, problems = read_document(path.read_bytes(), path.name)
    assert problems == []
    return RuleFile(source, root, rule_set)


def refresh(name: Path | str, *documents, day: str = DAY, **options) -> Refreshed:
    answers = [Named(f"answer-{number}.json", read(document)) for number, document in enumerate(documents, 1)]
    return refreshed(rule_file(name), answers, day, stem="mine", **options)


def dated(day: str | None) -> VenueAnswer:
    return VenueAnswer(file="", venue="", name="", title="", holds=(), as_of=day and f"{day}T00:00:00Z")


def written(done: Refreshed, folder: Path) -> Path:
    for name, data in done.tables.items():
        (folder / name).write_bytes(data)
    path = folder / "mine.yaml"
    path.write_text(done.text, encoding="utf-8")
    return path


def loaded(done: Refreshed, folder: Path) -> RuleSet:
    rule_set, problems = loader.named(str(written(done, folder)))
    assert problems == []
    return rule_set


def kinds(done: Refreshed) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for change in done.changes:
        found.setdefault(change.kind, []).append(change.symbol)
    return found


def only(symbols: list[str], listing: list[dict]) -> list[dict]:
    return [one for one in copy.deepcopy(listing) if one["symbol"] in symbols]


@pytest.fixture(scope="module")
def listing() -> list[dict]:
    """The bundled USD-M brackets as the venue would answer today."""
    return brackets("binance-usdm.csv")


def texts(node: Node) -> object:
    """What a node says, without its places."""
    if isinstance(node, Scalar):
        return node.text
    return (
        [texts(one) for one in node.items]
        if isinstance(node, Sequence)
        else [(k.text, texts(v)) for k, v in node.entries]
    )


# brackets


def test_an_answer_that_says_the_same_changes_nothing_but_the_date(listing, tmp_path):
    done = refresh("binance-usdm", listing)
    assert kinds(done) == {"same": sorted(one["symbol"] for one in listing)}
    assert (done.before, done.as_of, done.kept, done.untaken) == ("2026-05-01", DAY, (), ())
    bundled, _ = loader.named("binance-usdm")
    own = loaded(done, tmp_path)
    assert own.as_of == DAY
    assert own.symbols() == bundled.symbols()
    assert [own.contract(symbol) for symbol in own.symbols()] == [bundled.contract(one) for one in bundled.symbols()]
    assert texts(own.at(RuleSet.modes)) == texts(bundled.at(RuleSet.modes))
    assert done.tables == {"mine-linear-2026-11-20.csv": (loader.DATA / "binance-usdm.csv").read_bytes()}


def test_changed_added_and_kept_contracts_each_have_their_date(listing, tmp_path):
    answer = only(["BTCUSDT"], listing)
    rows = answer[0]["brackets"]
    # Tier 1 ends 100000 later: every deduction behind it grows by 100000 x (0.5% - 0.4%) = 100.
    rows[0]["notionalCap"] = rows[1]["notionalFloor"] = "400000"
    for row in rows[1:]:
        row["cum"] = str(int(row["cum"]) + 100)
    answer.append(
        {"symbol": "NEWUSDC", "brackets": [bracket(20, 0, 5000, 0.02, 0), bracket(10, 5000, 9000, 0.05, 150)]}
    )
    done = refresh("binance-usdm", answer)
    assert kinds(done) == {"changed": ["BTCUSDT"], "added": ["NEWUSDC"]}
    (change, _) = done.changes
    assert (change.before[0].up_to, change.after[0].up_to) == (D(300000), D(400000))
    assert [new.deduction - old.deduction for old, new in zip(change.before, change.after, strict=True)] == [0] + [
        100
    ] * 11
    own = loaded(done, tmp_path)
    assert own.listing("BTCUSDT").as_of == own.listing("NEWUSDC").as_of == DAY
    assert own.listing("ETHUSDT").as_of == "2026-05-01"
    assert (own.contract("NEWUSDC").base, own.contract("NEWUSDC").quote) == ("NEW", "USDC")
    assert own.contract("BTCUSDT").tiers[1].deduction == D(400)
    assert own.contract("NEWUSDC").tiers[1].initial_rate == D("0.1")
    assert len(own.symbols()) == 717
    (kept,) = done.kept
    assert (kept.what, kept.as_of, len(kept.names)) == ("contracts", "2026-05-01", 715)
    # What a report says of an account that uses both: the older date.
    assert own.used(own.mode(), ["BTCUSDT"], set()).as_of == DAY
    assert own.used(own.mode(), ["BTCUSDT", "ETHUSDT"], set()).as_of == "2026-05-01"


def test_rows_that_break_the_recurrence_are_reported_and_not_taken(listing, tmp_path):
    answer = only(["BTCUSDT", "ETHUSDT"], listing)
    answer[1]["brackets"][2]["cum"] = "1"
    done = refresh("binance-usdm", answer)
    assert kinds(done) == {"same": ["BTCUSDT"]}
    (left,) = done.untaken
    rows = rows_of("binance-usdm.csv")["ETHUSDT"]
    assert left.name == "ETHUSDT"
    assert left.reason.startswith("tier 3: the margin rises by 1499 at the border of 800000: the deduction is 1,")
    assert rows[2]["deduction"] in left.reason
    own = loaded(done, tmp_path)
    assert own.listing("ETHUSDT").as_of == "2026-05-01"
    assert own.contract("ETHUSDT").tiers[2].deduction == D(rows[2]["deduction"])


FAULTS = {
    "a gap": ([bracket(20, 0, 100, 0.01, 0), bracket(10, 200, 300, 0.02, 2)], "tier 2: the tier begins at 200"),
    "a rate that falls": ([bracket(20, 0, 100, 0.02, 0), bracket(10, 100, 300, 0.01, -1)], "tier 2:"),
    "a leverage that rises": ([bracket(10, 0, 100, 0.01, 0), bracket(20, 100, 300, 0.02, 1)], "leverage rises"),
    "a rate in percent": ([bracket(50, 0, 100, 1, 0)], "tier 1: the maintenance rate is 1, not a fraction below 1"),
    "a rate above the initial one": (
        [bracket(50, 0, 100, 0.03, 0)],
        "tier 1: the maintenance rate 0.03 is above 1 / 50",
    ),
    "a leverage of 0": ([bracket(0, 0, 100, 0.01, 0)], "tier 1: the highest leverage is 0"),
    "no tiers": ([], "it has no tiers"),
}


@pytest.mark.parametrize(("rows", "reason"), FAULTS.values(), ids=FAULTS.keys())
def test_a_table_is_not_taken_that_has(rows, reason, listing):
    answer = [*only(["ETHUSDT"], listing), {"symbol": "BTCUSDT", "brackets": rows}]
    done = refresh("binance-usdm", answer)
    assert [one.name for one in done.untaken] == ["BTCUSDT"]
    assert reason in done.untaken[0].reason


def test_a_symbol_that_is_spelled_like_no_other_is_not_guessed(listing):
    answer = [*only(["ETHUSDT"], listing), {"symbol": "ABCXYZ", "brackets": [bracket(20, 0, 100, 0.01, 0)]}]
    done = refresh("binance-usdm", answer)
    assert [(one.name, "base and quote are not known" in one.reason) for one in done.untaken] == [("ABCXYZ", True)]


@pytest.mark.parametrize("symbol", ["A,BUSDT", " AUSDT", 'A"USDT', "A\nUSDT"])
def test_a_symbol_that_no_table_can_hold_is_not_taken(symbol, listing):
    answer = [*only(["ETHUSDT"], listing), {"symbol": symbol, "brackets": [bracket(20, 0, 100, 0.01, 0)]}]
    assert [one.reason for one in refresh("binance-usdm", answer).untaken] == [
        "its name cannot be written into a table"
    ]


def test_a_delivery_contract_of_a_new_date_is_recognized_by_its_spelling(listing, tmp_path):
    done = refresh("binance-usdm", [{"symbol": "BTCUSDT_270326", "brackets": [bracket(20, 0, 100, 0.01, 0)]}])
    contract = loaded(done, tmp_path).contract("BTCUSDT_270326")
    assert (contract.base, contract.quote) == ("BTC", "USDT")


def test_a_complete_answer_removes_what_it_does_not_list(listing, tmp_path):
    done = refresh("binance-usdm", only(["BTCUSDT", "ETHUSDT"], listing), complete=True)
    assert (len(kinds(done)["removed"]), kinds(done)["same"], done.kept) == (714, ["BTCUSDT", "ETHUSDT"], ())
    assert loaded(done, tmp_path).symbols() == ["BTCUSDT", "ETHUSDT"]


def test_a_complete_answer_does_not_remove_what_it_lists_wrongly(listing, tmp_path):
    answer = only(["BTCUSDT", "ETHUSDT"], listing)
    answer[1]["brackets"][2]["cum"] = "1"
    done = refresh("binance-usdm", answer, complete=True)
    assert loaded(done, tmp_path).symbols() == ["BTCUSDT", "ETHUSDT"]
    assert done.kept[0].names == ("ETHUSDT",)


def test_no_limit_is_written_as_an_empty_cell(tmp_path):
    done = refresh("binance-usdm", [{"symbol": "BTCUSDT", "brackets": [bracket(5, 0, 2**63 - 1, 0.1, 0)]}])
    assert loaded(done, tmp_path).contract("BTCUSDT").tiers[0].up_to is None
    assert b"\nBTCUSDT,BTC,USDT,0,,0.1,0,5\n" in done.tables["mine-linear-2026-11-20.csv"]


def test_figures_are_written_in_full_and_exactly(tmp_path):
    rows = [
        bracket(50, "0.0", "1E3", "1e-2", "0.00"),
        bracket(10, 1000, 2000, "0.0500000000000000000001", "40.0000000000000000001"),
    ]
    done = refresh("binance-usdm", [{"symbol": "BTCUSDT", "brackets": rows}])
    table = done.tables["mine-linear-2026-11-20.csv"].decode().splitlines()
    assert table[1:] == [
        "BTCUSDT,BTC,USDT,0,1000,0.01,0,50",
        "BTCUSDT,BTC,USDT,1000,2000,0.0500000000000000000001,40.0000000000000000001,10",
    ]


def test_an_answer_for_inverse_contracts_finds_its_group_among_several(tmp_path):
    done = refresh("binance-pm", brackets("binance-coinm.csv", "qtyCap", "qtyFloor"))
    own = loaded(done, tmp_path)
    assert own.listing("BTCUSD_PERP").as_of == DAY
    assert own.listing("BTCUSDT").as_of == "2026-05-01"
    assert own.contract("BTCUSD_PERP").contract_size == 100
    assert sorted(done.tables) == ["binance-usdm.csv", "mine-inverse-2026-11-20.csv"]
    assert own.as_of == done.as_of == "2025-11-04"  # the date of the collateral ratios, which are as old as before


def test_linear_brackets_do_not_fit_inverse_contracts(listing):
    with pytest.raises(RefreshError) as error:
        refresh("binance-coinm", [{"symbol": "BTCUSD_PERP", "brackets": [bracket(20, 0, 100, 0.01, 0)]}])
    assert "about linear contracts, it is listed as inverse" in error.value.help


def test_the_same_contract_in_two_answers(listing):
    bitcoin = only(["BTCUSDT"], listing)
    assert refresh("binance-usdm", bitcoin, bitcoin).untaken == ()
    other = copy.deepcopy(bitcoin)
    other[0]["brackets"] = [bracket(20, 0, 100, 0.01, 0)]
    done = refresh("binance-usdm", bitcoin, other, only(["ETHUSDT"], listing))
    assert [(one.name, one.reason) for one in done.untaken] == [("BTCUSDT", "given twice, with different figures")]
    assert kinds(done) == {"same": ["ETHUSDT"]}


# dates


def test_the_source_names_the_answer_its_files_and_its_day(listing):
    done = refresh("binance-usdm", only(["BTCUSDT"], listing))
    assert (
        "  - {id: answer-2026-11-20, title: leverage brackets, "
        'reference: "answer of the venue, saved as answer-1.json", date: 2026-11-20}\n'
    ) in done.text
    assert "    source: answer-2026-11-20\n" in done.text


def test_a_second_answer_of_the_same_day_has_a_source_and_tables_of_its_own(listing, tmp_path):
    path = written(refresh("binance-usdm", only(["BTCUSDT"], listing)), tmp_path)
    again = refresh(path, only(["ETHUSDT"], listing))
    assert "answer-2026-11-20-2" in again.text
    assert len(again.tables) == 3
    folder = tmp_path / "again"
    folder.mkdir()
    own = loaded(again, folder)
    assert {symbol: own.listing(symbol).as_of for symbol in ("BTCUSDT", "ETHUSDT", "BNBUSDT")} == {
        "BTCUSDT": DAY,
        "ETHUSDT": DAY,
        "BNBUSDT": "2026-05-01",
    }
    assert own.symbols() != []
    assert len(own.symbols()) == 716


def test_an_older_answer_does_not_replace_newer_tables(listing):
    with pytest.raises(RefreshError, match="the answer is of 2026-04-30, what it would replace of 2026-05-01"):
        refresh("binance-usdm", only(["BTCUSDT"], listing), day="2026-04-30")


@pytest.mark.parametrize(
    ("days", "given", "day"),
    [
        ((None,), "2026-11-20", "2026-11-20"),
        (("2026-11-19",), None, "2026-11-19"),
        (("2026-11-19", "2026-11-20"), None, "2026-11-19"),
        (("2026-11-19", None, "2026-11-20"), "2026-11-20", "2026-11-20"),
    ],
)
def test_the_day_of_answers_is_their_own_or_the_one_given(days, given, day):
    assert day_for([dated(one) for one in days], given) == day


@pytest.mark.parametrize(
    ("days", "given", "message"),
    [
        ((None,), None, "the answer has no date of its own"),
        (("2026-11-19",), "2026-11-20", "the answer is of 2026-11-19, --as-of says 2026-11-20"),
    ],
)
def test_a_day_that_is_missing_or_contradicts_is_refused(days, given, message):
    with pytest.raises(RefreshError, match=message):
        day_for([dated(one) for one in days], given)


# risk limits

NEWER = (  # of 2026-09-25, and the deduction that the recurrence gives: 300000 x (0.5% - 0.33%) = 510
    ("BTCUSDT", "300000", "0.0033", "0.0066", "150.00", ""),
    ("BTCUSDT", "2000000", "0.005", "0.01", "100.00", "510"),
)


def test_risk_limits_replace_a_table_and_the_remark_on_it(tmp_path):
    done = refresh("bybit", risk_limits(*NEWER))
    assert kinds(done) == {"changed": ["BTCUSDT"]}
    own = loaded(done, tmp_path)
    listing = own.listing("BTCUSDT")
    assert [(tier.up_to, tier.maintenance_rate, tier.deduction) for tier in listing.contract.tiers] == [
        (D(300000), D("0.0033"), D(0)),
        (D(2000000), D("0.005"), D(510)),
    ]
    assert (listing.as_of, listing.assumptions) == (DAY, ())  # the old remark was about the old table
    assert own.listing("ETHUSDT").as_of == "2025-12-29"
    assert own.listing("BTCUSD").as_of == "2026-09-26"
    assert own.as_of == DAY


def test_risk_limits_of_inverse_contracts_go_to_a_contract_of_the_file(tmp_path):
    rows = (("BTCUSD", "150", "0.005", "0.01", "100.00", ""), ("BTCUSD", "450", "0.015", "0.02", "50.00", ""))
    done = refresh("bybit", risk_limits(*rows, category="inverse"))
    contract = loaded(done, tmp_path).contract("BTCUSD")
    # Deductions are derived there: 150 x (1.5% - 0.5%) = 1.5 BTC.
    assert [(tier.up_to, tier.deduction) for tier in contract.tiers] == [(D(150), D(0)), (D(450), D("1.5"))]
    assert contract.settle == "BTC"
    assert [step.up_to for step in done.changes[0].before] == [D(150), D(300)]


def test_a_missing_deduction_is_not_taken():
    rows = (("BTCUSDT", "300000", "0.0033", "0.0066", "150.00", ""), ("BTCUSDT", "2000000", "0.005", "0.01", "100", ""))
    with pytest.raises(RefreshError) as error:
        refresh("bybit", risk_limits(*rows))
    assert "tier 2: the deduction is missing" in error.value.help


def test_one_page_of_several_says_so_and_is_never_complete():
    first, last = risk_limits(NEWER[0], cursor="next"), risk_limits(("ETHUSDT", "9", "0.01", "0.02", "50.00", ""))
    assert refresh("bybit", first).remarks != ()
    assert refresh("bybit", first, last).remarks == ()
    with pytest.raises(RefreshError, match="one page of several"):
        refresh("bybit", first, complete=True)


# position tiers

TIER_ROWS = (("0", "2000", "0.004", "0.01", "100"), ("2000.01", "5000", "0.005", "0.015", "66.66"))
TIERS = position_tiers(*TIER_ROWS)


def test_position_tiers_of_a_family_go_to_its_contracts(tmp_path):
    done = refresh("okx", TIERS)
    assert kinds(done) == {"changed": ["BTC-USDT-SWAP"]}
    own = loaded(done, tmp_path)
    contract = own.contract("BTC-USDT-SWAP")
    assert [(tier.up_to, tier.maintenance_rate, tier.deduction, tier.initial_rate) for tier in contract.tiers] == [
        (D(2000), D("0.004"), D(0), D("0.01")),
        (D(5000), D("0.005"), D(0), D("0.015")),
    ]
    assert contract.contract_size == D("0.01")
    assert own.listing("BTC-USD-SWAP").as_of == "2026-09-25"  # BTC-USD is another family than BTC-USDT


def test_a_family_that_is_not_listed_needs_the_name_and_the_size_of_its_contract(tmp_path):
    cardano = position_tiers(("0", "1000", "0.01", "0.02", "50"), family="ADA-USDT")
    with pytest.raises(RefreshError) as error:
        refresh("okx", cardano)
    assert "no contract of this family is listed; name one with --symbol" in error.value.help
    own = loaded(refresh("okx", cardano, sizes={"ADA-USDT-SWAP": D(100)}), tmp_path)
    contract = own.contract("ADA-USDT-SWAP")
    assert (contract.base, contract.quote, contract.contract_size) == ("ADA", "USDT", D(100))
    assert own.contract("BTC-USDT-SWAP").contract_size == D("0.01")


def test_the_size_of_a_new_contract_is_not_guessed_where_sizes_differ():
    cardano = position_tiers(("0", "1000", "0.01", "0.02", "50"), contract="ADA-USDT-SWAP")
    with pytest.raises(RefreshError) as error:
        refresh("okx", cardano)
    assert "its contract size is not known: add --contract-size ADA-USDT-SWAP=SIZE" in error.value.help


def test_a_size_that_no_table_uses_is_refused():
    with pytest.raises(RefreshError, match="the answer has no table of that contract") as error:
        refresh("okx", TIERS, sizes={"XRP-USDT-SWAP": D(1)})
    assert error.value.help == "check its symbol"
    with pytest.raises(RefreshError, match="the answer has no table of that contract") as error:
        refresh("okx", position_tiers(*TIER_ROWS, contract="BTC-USDT-SWAP"), sizes={"BTCUSDT-SWAP": D(1)})
    assert error.value.help == "did you mean `BTC-USDT-SWAP`?"


def test_a_size_does_not_hide_why_a_table_cannot_be_used():
    percent = position_tiers(("0", "1000", "1", "2", "50"), contract="SOL-USDT-SWAP")
    reason = "the initial rate 2 is not 1 / 50: it may be a percentage"
    with pytest.raises(RefreshError, match=f"--contract-size `SOL-USDT-SWAP`: its table cannot be used: {reason}"):
        refresh("okx", percent, sizes={"SOL-USDT-SWAP": D(1)})
    with pytest.raises(RefreshError, match=reason):
        refresh("okx", percent, TIERS, sizes={"SOL-USDT-SWAP": D(1)})


def test_the_bundled_tiers_come_back_from_an_answer_that_has_them():
    # 99 tiers, 13 of them with a leverage that is cut by more than its initial rate may be rounded: 0.345 and 2.89
    columns = ("floor", "cap", "maintenance_rate", "initial_rate", "max_leverage")
    rows = [tuple(row[name] for name in columns) for row in rows_of("okx.csv")["BTC-USDT-SWAP"]]
    assert ("0.345", "2.89") in {(row[3], row[4]) for row in rows}
    done = refresh("okx", position_tiers(*rows))
    assert kinds(done) == {"same": ["BTC-USDT-SWAP"]}
    assert done.untaken == ()


def test_tiers_in_contracts_do_not_fit_tiers_by_notional():
    with pytest.raises(RefreshError) as error:
        refresh("bybit", position_tiers(("0", "10", "0.01", "0.02", "50"), contract="BTCUSDT"))
    assert "its tiers count contracts, those of the rule set go by notional" in error.value.help


# haircuts


def test_collateral_ratios_replace_older_ones_and_samples(tmp_path):
    answer = collateral_tiers(BTC=[("0", "10", "0.98"), ("10", "", "0.95")], ETH=[("0", "", "0.9")])
    done = refresh("bybit", answer)
    assert [(one.asset, one.kind, one.before) for one in done.haircuts] == [
        ("BTC", "added", None),
        ("ETH", "added", None),
    ]
    own = loaded(done, tmp_path)
    terms = own.mode().collateral.published("BTC")
    assert terms.haircuts == (HaircutTier(D(10), D("0.02")), HaircutTier(None, D("0.05")))
    assert (terms.origin.as_of, terms.origin.trust.value, terms.origin.source) == (
        DAY,
        "documented",
        "answer-2026-11-20",
    )
    assert own.mode().collateral.published("USDT").origin.as_of == "2025"
    assert own.as_of == "2025-12-29"  # that of the tables, which the answer does not touch
    assert done.kept[0].names == ("USDT",)


def test_discount_rates(tmp_path):
    done = refresh("okx", discounts("0.5", BTC=[("0", "20", "0.98"), ("20", "25", "0.9775")]))
    terms = loaded(done, tmp_path).mode().collateral.published("BTC")
    assert terms.haircuts == (
        HaircutTier(D(20), D("0.02")),
        HaircutTier(D(25), D("0.0225")),
        HaircutTier(None, D("0.5")),
    )
    assert "BTC: {haircut_tiers: [{up_to: 20, haircut: 2%}, {up_to: 25, haircut: 2.25%}, {haircut: 50%}]}" in done.text


def test_an_asset_index_changes_the_mode_in_which_haircuts_count(tmp_path):
    done = refresh(
        "binance-usdm", asset_index(BTC=("0.05000000", "0.05000000"), ETH=("0.06", "0.08"), ADA=("0.1", "0.1"))
    )
    found = {one.asset: one for one in done.haircuts}
    assert {asset: one.kind for asset, one in found.items()} == {"ADA": "added", "BTC": "same", "ETH": "changed"}
    assert (found["ETH"].before, found["ETH"].after) == (
        (HaircutTier(None, D("0.05")),),
        (HaircutTier(None, D("0.06")),),
    )
    assert (found["ETH"].debt_before, found["ETH"].debt_after) == (D("1.05"), D("1.08"))
    own = loaded(done, tmp_path)
    multi = own.mode("multi-asset")
    assert multi.terms("ETH", "USD").liability_factor == multi.terms("ETH", "USD").requirement_factor == D("1.08")
    assert multi.terms("BTC", "USD").liability_factor == D("1.05")  # by the rule of the mode: nothing is written
    assert "ETH: {haircut: 6%, liability_factor: 1.08, requirement_factor: 1.08}" in done.text
    assert "{ADA: 10%, BTC: 5%, ETH: {" in done.text
    assert multi.collateral.published("BNB").origin.as_of == "2024"
    assert texts(own.mode("single-asset").node) == texts(rule_file("binance-usdm").rule_set.mode("single-asset").node)


def test_flat_ratios_of_every_asset_move_the_date_of_a_rule_set_whose_date_they_are(tmp_path):
    bundled = rule_file("binance-pm").rule_set
    assets = [asset for asset in bundled.mode().collateral.assets if bundled.mode().collateral.published(asset)]
    done = refresh("binance-pm", [{"asset": asset, "collateralRate": "0.9"} for asset in assets])
    assert (done.as_of, done.kept) == (DAY, ())
    own = loaded(done, tmp_path)
    assert {own.mode().collateral.published(asset).haircuts[0].haircut for asset in assets} == {D("0.1")}
    assert own.listing("BTCUSDT").as_of == "2026-05-01"


def test_the_date_stays_where_some_ratios_of_it_stay():
    done = refresh("binance-pm", [{"asset": "POL", "collateralRate": "0.6"}])
    assert (done.as_of, done.before) == ("2025-11-04", "2025-11-04")
    (change,) = done.haircuts
    assert (change.kind, change.before[0].haircut, change.after[0].haircut) == ("changed", D("0.5"), D("0.4"))


def test_a_complete_list_of_ratios_removes_the_others(tmp_path):
    done = refresh("binance-pm", [{"asset": "POL", "collateralRate": "0.6"}], complete=True)
    assert len([one for one in done.haircuts if one.kind == "removed"]) == 50
    own = loaded(done, tmp_path)
    assert own.mode().collateral.published("CAKE") is None
    assert own.mode().collateral.published("POL").haircuts[0].haircut == D("0.4")


def test_ratios_mean_nothing_where_haircuts_do_not_count():
    with pytest.raises(RefreshError) as error:
        refresh("binance-coinm", [{"asset": "BTC", "collateralRate": "0.9"}])
    assert "haircuts do not count in any mode" in error.value.help


def test_an_impossible_ratio_is_reported_and_the_others_are_taken():
    done = refresh("binance-pm", [{"asset": "POL", "collateralRate": "0.6"}, {"asset": "BTC", "collateralRate": "95"}])
    assert [(one.name, one.reason) for one in done.untaken] == [
        ("BTC", "a collateral ratio of 95 is not between 0 and 1")
    ]


def test_terms_that_no_answer_gives_stay_with_the_asset(tmp_path):
    text = (loader.DATA / "binance-pm.yaml").read_text(encoding="utf-8")
    text = text.replace("POL: 50%", "POL: {haircut: 50%, loan_rate: 7%}")
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    for table in ("binance-usdm.csv", "binance-coinm.csv"):
        (tmp_path / table).write_bytes((loader.DATA / table).read_bytes())
    done = refresh(tmp_path / "own.yaml", [{"asset": "POL", "collateralRate": "0.6"}])
    assert "assets: {POL: {haircut: 40%, loan_rate: 7%}}" in done.text


def test_tables_and_ratios_in_one_run(listing, tmp_path):
    done = refresh("binance-usdm", only(["BTCUSDT"], listing), asset_index(BTC=("0.04", "0.04")))
    assert done.answers == ("leverage brackets", "asset index buffers")
    own = loaded(done, tmp_path)
    assert own.mode("multi-asset").terms("BTC", "USD").haircuts[0].haircut == D("0.04")
    assert own.listing("BTCUSDT").source == own.mode("multi-asset").collateral.published("BTC").origin.source


# the whole


def test_conventions_are_not_brought_up_to_date():
    with pytest.raises(RefreshError, match="generic states conventions"):
        refresh("generic", [{"asset": "BTC", "collateralRate": "0.9"}])


def test_an_answer_of_another_venue_changes_nothing(listing):
    with pytest.raises(RefreshError, match="nothing in the answer can be used for okx") as error:
        refresh("okx", only(["BTCUSDT", "ETHUSDT", "BNBUSDT", "XRPUSDT"], listing))
    assert error.value.help.endswith("; and 1 more")


def test_everything_else_of_the_rule_file_stays_as_it_was(listing):
    done = refresh("binance-usdm", only(["BTCUSDT"], listing))
    before = (loader.DATA / "binance-usdm.yaml").read_text(encoding="utf-8").splitlines()
    gone = [line for line in before if line not in done.text.splitlines()]
    assert gone == ["as_of: 2026-05-01", "    table: binance-usdm.csv"]  # the table is now two, by date


def test_a_group_dated_by_the_rule_set_keeps_that_date_when_the_rule_set_moves_on(listing, tmp_path):
    text = (loader.DATA / "binance-pm.yaml").read_text(encoding="utf-8")
    text = text.replace("as_of: 2025-11-04\nstatus", "as_of: 2026-05-01\nstatus").replace("    as_of: 2026-06-26\n", "")
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    for table in ("binance-usdm.csv", "binance-coinm.csv"):
        (tmp_path / table).write_bytes((loader.DATA / table).read_bytes())
    done = refresh(tmp_path / "own.yaml", only(["BTCUSDT"], listing))
    assert done.as_of == DAY
    folder = tmp_path / "new"
    folder.mkdir()
    assert loaded(done, folder).listing("BTCUSD_PERP").as_of == "2026-05-01"


# answers of other venues, and of ccxt

PUBLIC = Path(__file__).parent / "answers" / "public"
OTHERS = {
    "hyperliquid.meta": ("hyperliquid", {"same": ["BTC"], "added": ["MATIC", "XMR"]}),
    "dydx.perpetualMarkets": ("dydx", {"same": ["BTC-USD"]}),
    "bingx-usdm.maintMarginRatio": ("bingx-usdm", {"changed": ["BTC-USDT"]}),
    "binance-usdm.ccxt-leverage-tiers": ("binance-usdm", {"changed": ["BTCUSDT"], "added": ["BTCUSDT_261225"]}),
    "bybit.ccxt-leverage-tiers": ("bybit", {"changed": ["BTCUSDT"]}),
    "okx.ccxt-leverage-tiers": ("okx", {"changed": ["BTC-USDT-SWAP"]}),
}


@pytest.mark.parametrize("name", OTHERS)
def test_an_answer_of_another_form_is_taken(name):
    venue, expected = OTHERS[name]
    done = refresh(venue, (PUBLIC / f"{name}.json").read_bytes())
    assert (kinds(done), done.untaken) == (expected, ())


def test_instruments_give_the_size_and_the_price_step(tmp_path):
    instruments = {
        "instType": "SWAP",
        "instId": "BTC-USDT-SWAP",
        "ctType": "linear",
        "ctVal": "0.02",
        "ctValCcy": "BTC",
    }
    instruments |= {"ctMult": "1", "settleCcy": "USDT", "tickSz": "0.1", "lotSz": "0.01"}
    tiers = position_tiers(("0", "1000", "0.004", "0.01", "100"))
    own = loaded(refresh("okx", tiers, {"code": "0", "data": [instruments]}), tmp_path)
    contract = own.contract("BTC-USDT-SWAP")
    assert (contract.contract_size, contract.tick_size) == (D("0.02"), D("0.1"))


def test_instruments_alone_bring_nothing_up_to_date():
    with pytest.raises(RefreshError, match="nothing in the answer can be used for binance-usdm"):
        refresh("binance-usdm", (PUBLIC / "binance-usdm.exchangeInfo.json").read_bytes())


def spoiled(document, draw):
    """The document with one of its values replaced by something else."""
    if isinstance(document, dict) and document:
        key = draw(st.sampled_from(sorted(document)))
        return {**document, key: spoiled(document[key], draw)}
    if isinstance(document, list) and document:
        place = draw(st.integers(0, len(document) - 1))
        return [*document[:place], spoiled(document[place], draw), *document[place + 1 :]]
    return draw(ODDITIES)


ODDITIES = st.sampled_from(
    [
        None,
        "",
        "0",
        0,
        -1,
        1.5,
        1e300,
        "NaN",
        "1e9",
        "x" * 100,
        True,
        [],
        {},
        [[]],
        "BTC-USDT",
        "BTCUSDT",
        "9" * 70,
        "~",
    ]
) | st.text(max_size=5)
BUNDLED = ("binance-pm", "binance-usdm", "bybit", "okx")


@settings(max_examples=38)
@given(st.data(), st.sampled_from(sorted(ONE_OF_EACH)), st.sampled_from(BUNDLED))
def test_an_answer_with_an_odd_value_is_taken_soundly_or_refused(data, title, venue):
    answer, problems = answer_of(dumped(spoiled(ONE_OF_EACH[title], data.draw)), "answer.json")
    assert (answer is None) == bool(problems)
    if answer is None:
        return
    try:
        done = refreshed(bundled(venue), [Named("answer.json", answer)], DAY, stem="mine")
        outcome = "" if done.changes or done.haircuts else "nothing"
    except RefreshError as error:
        outcome = error.message
    assert outcome == "" or outcome.startswith(("nothing in the answer can be used", "the answer is one page"))
