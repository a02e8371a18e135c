"""Explanations of followers, dated contracts and quantos: every formula reckoned again from its operands."""

import pytest
from tests.analysis.formulas import check_figure
from tests.portfolio import test_assets, test_dated, test_quantos
from tests.portfolio.books import TODAY

from marginctl.analysis.check import Settings, load_portfolio
from marginctl.analysis.explain import book_of
from marginctl.analysis.subjects import reported
from marginctl.core.assemble import report_of
from marginctl.core.exact import exactly

BOOKS = {
    "staked collateral": test_assets.STAKED,
    "a thousand of a coin": test_assets.THOUSAND.format(side="short"),
    "a calendar spread": test_dated.CALENDAR,
    "a quanto": test_quantos.BITMEX,
    "a quanto in a silo": f"    account: {{collateral_mode: single-asset}}\n{test_quantos.BITMEX}",
    "a quanto quoted in a stablecoin": test_quantos.BITMEX.replace("quote: USD,", "quote: USDT,"),
}


@pytest.mark.parametrize("text", BOOKS.values(), ids=BOOKS)
def test_every_formula_gives_its_figure(text: str) -> None:
    with exactly():
        loaded, problems = load_portfolio(text.encode(), "book.yaml", Settings(today=TODAY))
        assert loaded is not None, problems
        report = report_of(loaded.account)
        book, reckoned = book_of(loaded.account, report, {}), set[int]()
        for path in reported(report):
            check_figure(book.figure(path), reckoned)
