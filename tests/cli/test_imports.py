"""``marginctl import`` on recorded answers: the file it writes, what reconciles, and what it says is missing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .recorded_accounts import ACCOUNTS, RECORDED, Recorded, files_of, lay_out
from .running import TODAY, Ran, check, run

GOLDEN = Path(__file__).parent / "golden" / "imported"
each_account = pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.name)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path)
    return tmp_path


def imported(account: Recorded, *more: str) -> Ran:
    return run("import", *files_of(account), *account.flags.split(), "--today", TODAY, *more)


def named(*names: str) -> list[str]:
    return [str(RECORDED / name) for name in names]


@each_account
def test_an_account_becomes_the_golden_file(account: Recorded, golden_file: Callable[[Path, str], None]) -> None:
    ran = imported(account)
    assert ran.code == 0
    golden_file(GOLDEN / f"{account.name}.yaml", ran.out)
    assert imported(account).out == ran.out


def test_no_golden_file_is_left_of_an_account_that_is_gone() -> None:
    assert {path.stem for path in GOLDEN.glob("*.yaml")} == {account.name for account in ACCOUNTS}


@each_account
def test_as_many_figures_meet_as_are_known_to(account: Recorded) -> None:
    ran = imported(account, "--reconcile", "--format", "json")
    summary = ran.json()["summary"]
    found = summary["within"], summary["within"] + summary["beyond"], summary["not_comparable"]
    assert found == (account.met, account.of, account.apart)
    assert bool(account.why) == (account.known != f"{account.met}/{account.of}")
    assert ran.code == (0 if account.met == account.of else 1)


@each_account
def test_check_judges_the_written_file_alike(account: Recorded) -> None:
    rows = imported(account, "--reconcile", "--format", "json").json()["reconcile"]
    Path("book.yaml").write_text(imported(account).out)
    ran = check("book.yaml", "--select", "MC209", "--format", "json")
    (report,) = ran.json()["reports"]
    judged = {(one["subject"], one["figure"]): one for one in report["expectations"]}
    compared = [row for row in rows if row["verdict"] != "not comparable"]
    assert len(judged) == len(compared)
    for row in compared:
        one = judged[row["subject"], row["figure"]]
        assert one["status"] == ("fail" if row["verdict"] == "beyond" else "pass")
        assert (one["ours"], one["theirs"], one["difference"]) == (row["ours"], row["venue"], row["difference"])


def reconciled(name: str) -> dict[str, dict[str, Any]]:
    """The rows of an account by subject and figure."""
    account = next(one for one in ACCOUNTS if one.name == name)
    rows = imported(account, "--reconcile", "--format", "json").json()["reconcile"]
    return {f"{row['subject']}.{row['figure']}": row for row in rows}


@pytest.mark.parametrize(
    ("name", "figure", "venue", "verdict"),
    [
        ("usdm-2-rate", "AAPLUSDT.contract_liquidation_price", "305.29503487", "equal"),
        ("usdm-7-rate", "ADAUSDT.maintenance_margin", "0.0800428", "equal"),
        ("usdm-9", "AGIXUSDT.contract_liquidation_price", "0.88566088", "equal"),
        ("usdm-10-rate", "BLURUSDT:long.contract_liquidation_price", "0.54942259", "equal"),
        ("usdm-10-rate", "BLURUSDT:short.contract_liquidation_price", "0.88839917", "equal"),
        ("usdm-1-alone", "totals.equity", "14450.00116565", "equal"),
        ("bybit-2", "totals.maintenance_margin", "0.30525761", "equal"),
        ("okx-1", "ETH-USDT-SWAP.contract_liquidation_price", "1466.3929432660957", "within"),
        ("hyperliquid-3-rate", "cross.maintenance_margin", "38.8818", "equal"),
    ],
)
def test_figures_that_are_known_meet(name: str, figure: str, venue: str, verdict: str) -> None:
    row = reconciled(name)[figure]
    assert (str(row["venue"]), row["verdict"]) == (venue, verdict)
