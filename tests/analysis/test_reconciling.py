"""Why a figure of the venue is not met: the recomputation that makes it, on recorded accounts."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.cli.recorded_accounts import RECORDED, lay_out

from marginctl.analysis.check import Settings
from marginctl.analysis.importing import Wishes, finished, imported
from marginctl.portfolio.importing.notebook import Request
from marginctl.results.reconciliation import ImportResult
from marginctl.venues.answers.recognition import AnswerFile

BRACKET = "a stale or personal bracket (--rates account, or the brackets answer)"
NOT_EXPLAINED = "not explained"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path)


def result(files: str, change: tuple[str, str] = ("", ""), **told: str) -> ImportResult:
    """An import with its table; ``change``: a text of the answers that becomes another; ``told``: --set, --wallet."""
    paths = sorted(RECORDED.glob(files))
    answers = [AnswerFile(path.name, path.read_bytes().replace(*(one.encode() for one in change))) for path in paths]
    wallet = {"USDT": Decimal(told.pop("wallet"))} if "wallet" in told else {}
    sets = {key.replace("__", "."): value for key, value in told.items()}
    found = imported(answers, None, Request(sets=sets, wallet=wallet), Settings(today=date(2026, 11, 22)))
    return finished(found, Wishes(reconcile=True))


def reasons(*arguments: object, **told: str) -> dict[str, str]:
    """The reason of every figure beyond its tolerance."""
    rows = result(*arguments, **told).reconcile  # type: ignore[arg-type]
    return {f"{row.subject}.{row.figure}": row.reason for row in rows or () if row.verdict.value == "beyond"}


def rate(of: str, own: str, used: str) -> str:
    figures = "the account's own figures imply a maintenance rate of"
    return f"rate: {figures} {own}% for {of}, where {used}% was used: {BRACKET}"


def test_a_rate_follows_from_the_maintenance_margin() -> None:
    """0.0800428 / 12.314277 = 0.65%."""
    found = reasons("binance-usdm/7-*.json", wallet="10000")
    assert found == {"ADAUSDT.maintenance_margin": rate("ADAUSDT", "0.65", "0.5")}


def test_a_rate_follows_from_the_liquidation_price() -> None:
    """(313.2 x 0.02 - 0.31074682) / (0.02 x (1 - 0.025)) = 305.295."""
    found = reasons("binance-usdm/2-*.json")
    assert found == {"AAPLUSDT.contract_liquidation_price": rate("AAPLUSDT", "2.5", "5")}


def test_one_rate_follows_from_the_margin_of_a_pool() -> None:
    """38.8818 / 3,888.18 = 1%, and with it the liquidation price of another figure is met."""
    text = f"rate: cross.maintenance_margin implies a maintenance rate of 1% for all positions: {BRACKET}"
    assert reasons("hyperliquid/3-*.json") == {
        "cross.maintenance_margin": text,
        "SOL.contract_liquidation_price": text,
    }


def test_a_fee_follows_from_the_margins() -> None:
    found = reasons("bybit/1-*.json", account__taker_fee="0.055%")
    fee = "fee: the figure implies a taker fee of 0.0649%"
    assert found.pop("SOLUSDT.contract_liquidation_price") == "basis: the venue takes its margins on the entry price"
    assert found.pop("totals.free_collateral") == NOT_EXPLAINED  # it takes the fee and the entry
    assert set(found.values()) == {fee}
    assert len(found) == 6


def test_a_basis_is_tried() -> None:
    """The available balance of the answer is its equity less the margin on the entry, 11.48691986 - 4.6908371."""
    assert reasons("bybit/1-*.json") == {
        "totals.free_collateral": "basis: the venue takes its margins on the entry price",
        "SOLUSDT.contract_liquidation_price": NOT_EXPLAINED,
    }


def test_marks_of_another_answer_are_tried() -> None:
    """The mark of the account answer, -164.57300483 / 0.237 + 16,747.72013242, in place of that of positionRisk."""
    risk = "16067.09213386"
    mark = str(Decimal("16747.72013242") - Decimal("164.57300483") / Decimal("0.237"))[:14]
    found = reasons("binance-usdm/1-*.json", positions__0__mark_price=risk.replace("16067", "16000"))
    assert found == {
        "BTCUSDT.unrealized_pnl": "moment: it is computed with the marks of 1-fil-testnet-long.positionRisk.json",
        "BTCUSDT.notional": "moment: it is computed with the marks of 1-fil-testnet-long.positionRisk.json",
    }
    assert mark.startswith("16053.3")


def test_a_haircut_follows_from_the_equity() -> None:
    """A sixth of the USDT does not count: without the row that the import wrote, equity is beyond."""
    found = reasons("bybit/2-*.json", account__taker_fee="0.055%", collateral__0__haircut="0%")
    assert found["totals.equity"] == "haircut: the venue's equity implies 16% on USDT"


def test_nothing_explains_a_wallet_that_is_not_the_accounts() -> None:
    assert reasons("binance-usdm/4-*.json", wallet="10000") == {"BTCUSDT.contract_liquidation_price": NOT_EXPLAINED}


def test_an_answer_that_contradicts_itself_is_named() -> None:
    """A profit of -0.26 that entry and mark do not make: the short of 520 AGIX has 0.0113 x 520 of notional."""
    found = result("binance-usdm/9-*.json", ("-0.00260000", "-0.26000000"))
    assert found.remarks[-1] == "AGIXUSDT: the answer contradicts itself: entry and mark do not make its profit"
    (row,) = (row for row in found.reconcile or () if row.figure == "unrealized_pnl")
    assert row.reason == "contradiction: entry, mark and profit of the answer do not go together"


def test_a_notional_that_is_not_quantity_times_mark_is_named() -> None:
    """520 x 0.0113 = 5.876."""
    found = reasons("binance-usdm/9-*.json", ("5.87600000", "6.87600000"))
    assert found["AGIXUSDT.notional"] == "contradiction: quantity x mark of the answer is not its notional"


def test_positions_that_do_not_add_up_to_the_total_are_named() -> None:
    found = reasons(
        "binance-usdm/1-*account.json", ('totalUnrealizedProfit": "-164.57300483', 'totalUnrealizedProfit": "-100')
    )
    assert found == {"totals.unrealized_pnl": "contradiction: the positions of the answer add up to -164.57300483"}
