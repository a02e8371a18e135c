"""Every worked example as a book of one row: the exact core says of it what ``check`` says of a file."""

from pathlib import Path
from typing import Any

import pytest
from tests.books.one_row import TODAY, batch_of, header_of, of_account, portfolio
from tests.examples import accounts
from tests.examples.test_examples import ADAPTERS, MET

from marginctl.analysis.check import Settings, check
from marginctl.books.batch import check_batch, exact_rows
from marginctl.books.deciding import BookRow
from marginctl.core.account import Account
from marginctl.core.assemble import report_of
from marginctl.core.exact import exactly
from marginctl.core.report import Report
from marginctl.findings import Severity
from marginctl.limits.engine import Selection
from marginctl.results import live

PORTFOLIOS = sorted((Path(__file__).parents[2] / "portfolios").glob("*.yaml"))
LEFT_OUT = {
    "01-two-underlyings",
    "07-delta-neutral",
    "15-open-orders",
    "18-portfolio-margin",
    "19-spreads",
    "20-net-and-hedged",
}
LEFT_OUT |= {"21-contingencies", "22-worst-days", "23-taken-as-given"}
"""Open orders, margin models and rows taken as given, which books do not have; a notional instead of a quantity."""
ONLY_OF_THE_ENGINE = {"MC014", "MC025", "MC026"}
"""A quotient of the adapter's with 100 digits, a size beyond the table, an isolated margin out of no balance."""
CODES = frozenset(("MC100", "MC101", "MC102", "MC103", "MC104", "MC106", "MC107"))


def same(row: BookRow, report: Report) -> None:
    """Every figure of a row is that of a report: equal decimals, no tolerance."""
    assert row.problems == ()
    assert row.totals == report.totals
    assert row.liquidation == report.liquidation
    assert row.report is not None
    assert row.report.pools == report.pools
    assert row.report.underlyings == report.underlyings


@pytest.mark.parametrize("path", PORTFOLIOS, ids=lambda path: path.stem)
def test_a_bundled_portfolio_as_a_book_has_the_figures_and_limits_of_check(path: Path) -> None:
    found = portfolio(path.read_text(encoding="utf-8"))
    if found is None:
        assert path.stem in LEFT_OUT
        return
    header, row = found
    text = path.read_text(encoding="utf-8")
    with exactly():
        settings = Settings(today=TODAY, selection=Selection(select=CODES), sets=())
        outcome = check(_without_limits(text), str(path), settings)
        (decided,) = exact_rows(header_of(header, str(path)), batch_of(row))
    assert outcome.report is not None
    same(decided, outcome.report)
    assert set(decided.failed) == {one.code for one in live(outcome.findings, Severity.ERROR)}
    warned = {one.code for one in live(outcome.findings, Severity.WARNING)} - set(decided.failed)
    assert set(decided.warned) == warned & CODES


def _without_limits(text: str) -> bytes:
    import json

    import yaml

    file: dict[str, Any] = yaml.load(text, yaml.BaseLoader)
    for name in ("limits", "expect"):
        file.pop(name, None)
    return json.dumps(file).encode()


def test_published_examples_as_books_have_the_figures_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The accounts that the recorded examples are computed with, caught on their way to the engine."""
    caught: list[Account] = []

    def catching(account: Account, **options: Any) -> Report:
        caught.append(account)
        return report_of(account, **options)

    for module in (accounts, *{__import__(one.__module__, fromlist=["x"]) for one in ADAPTERS.values()}):
        if hasattr(module, "report_of"):
            monkeypatch.setattr(module, "report_of", catching)
    for entry in MET:
        ADAPTERS[entry.kind](entry.inputs)
    held = 0
    for account in caught:
        found = of_account(account)
        if found is None or not account.positions:
            continue
        header, row = found
        with exactly():
            batch = batch_of(row)
            (decided,) = exact_rows(header_of(header), batch)
            if {one.code for one in decided.problems} & ONLY_OF_THE_ENGINE:
                continue
            same(decided, report_of(account))
            check_batch(header_of(header), batch)
        held += 1
    assert held >= 50
