"""The first three lines: verdict, distance, what to do."""

from decimal import Decimal

import pytest
from tests.render import samples

from marginctl.core.report import AccountLiquidation, Report
from marginctl.findings import Severity
from marginctl.render import Options, Verbosity, render
from marginctl.render.pages.head import Nearest, distance, nearest
from marginctl.results import Outcome

D = Decimal


def moving(down: str | None, up: str | None, direction: str | None, *alone: object, **parts: object) -> Report:
    moves = [None if one is None else D(one) for one in (down, up)]
    near = None if direction is None else abs(moves[direction == "up"] or D(0))
    return samples.report(
        liquidation=AccountLiquidation(*moves, near, direction, "cross" if direction else None),
        underlyings=tuple(alone),
        **parts,
    )


BTC_DOWN = samples.underlying("BTC", "0.5", "29750", "38211.13", None, "0.3577")
SOL_DOWN = samples.underlying("SOL", "1000", "150000", "145.642", None, "0.0290")
ETH_UP = samples.underlying("ETH", "-5", "-15000", None, "5940.29", "0.98")


@pytest.mark.parametrize(
    ("report", "text", "found"),
    [
        pytest.param(
            moving("-0.029", None, "down", SOL_DOWN),
            "A fall of 2.90% liquidates (SOL at 145.642).",
            Nearest(D("0.029"), "fall"),
            id="one asset is all that moves",
        ),
        pytest.param(
            moving("-0.4231", None, "down", BTC_DOWN, ETH_UP),
            "A fall of 35.77% of BTC liquidates (at 38,211.13), all together -42.31%.",
            Nearest(D("0.3577"), "fall", "BTC"),
            id="one alone is nearer",
        ),
        pytest.param(
            moving(None, "0.5", "up", ETH_UP),
            "A rise of 50.00% of all assets liquidates, ETH alone at 5,940.29 (+98.00%).",
            Nearest(D("0.5"), "rise"),
            id="all together are nearer",
        ),
        pytest.param(
            moving(None, None, None, ETH_UP),
            "A rise of 98.00% of ETH liquidates (at 5,940.29), no move of all assets.",
            Nearest(D("0.98"), "rise", "ETH"),
            id="only one alone",
        ),
        pytest.param(moving(None, None, None), "No move of prices liquidates.", None, id="nothing"),
        pytest.param(
            samples.report(liquidation=AccountLiquidation(D(0), D(0), D(0), None, "cross")),
            "Liquidatable at these prices already.",
            Nearest(D(0), ""),
            id="already",
        ),
    ],
)
def test_the_distance(report: Report, text: str, found: Nearest | None) -> None:
    assert distance(report) == text
    assert nearest(report) == found


@pytest.mark.parametrize(("price", "side"), [("50", "at 40.00"), ("100", "at 120.00")])
def test_of_two_prices_the_nearer_one_is_told(price: str, side: str) -> None:
    """20% below 50 are 40; 20% above 100 are 120."""
    both = samples.underlying("BTC", "1", "50", "40", "120", "0.2")
    held = samples.balance("BTC", "1", price, "0", price)
    assert side in distance(moving(None, None, None, both, collateral=(held,)))


def screen(outcome: Outcome, **options: object) -> list[str]:
    return render("table", samples.run(outcome), Options(**options)).splitlines()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("healthy", "PASS  desk-a: no limit is broken."),
        ("restricted", "PASS  desk-a: free collateral is negative, nothing new can be opened, no limit is broken."),
        ("margin-call", "PASS  desk-a: called for margin, no limit is broken."),
    ],
)
def test_the_state_stands_beside_the_verdict(state: str, words: str) -> None:
    outcome = Outcome(file="f", report=samples.report(totals=samples.totals(state=state)), rules=samples.RULES)
    assert screen(outcome)[0] == words
    assert "healthy" not in " ".join(screen(outcome))


def test_nothing_is_green_below_a_fail() -> None:
    text = "\n".join(screen(samples.desk(), color=True, width=100))
    assert text.startswith("\x1b[1;31mFAIL")
    account = text[text.index("Account, ") : text.index("Positions")]
    assert "\x1b[32m" not in account


def test_findings_stand_before_the_tables_where_they_ask_for_something() -> None:
    warned = samples.finding("MC101", "utilization", Severity.WARNING, "too full")
    noted = samples.finding("MC113", "scenario-survival", Severity.NOTE, "it moves no price")
    for one, before in ((warned, True), (noted, False)):
        rows = screen(Outcome(file="f", report=samples.report(), findings=(one,), rules=samples.RULES))
        assert (rows.index("Findings") < rows.index("Account, USDT")) is before


def test_a_remark_on_a_rule_set_is_told_once_a_run_and_is_no_finding() -> None:
    old = samples.finding("MC201", "stale-rules", Severity.NOTE, "the rules are old", remedy="refresh them")
    outcomes = [
        Outcome(file=f"{name}.yaml", report=samples.report(account=samples.header(name)), findings=(old,))
        for name in "ab"
    ]
    for shown in (outcomes[:1], outcomes):
        text = render("table", samples.run(*shown), Options())
        assert text.count("MC201: the rules are old; refresh them") == 1
        assert "Findings" not in text


@pytest.mark.parametrize("grade", [Severity.NOTE, None])
def test_quiet_is_silent_where_nothing_asks_for_anything(grade: Severity | None) -> None:
    found = (samples.finding("MC201", "stale-rules", grade, "old"),) if grade else ()
    outcome = Outcome(file="f", report=samples.report(), findings=found, rules=samples.RULES)
    assert render("table", samples.run(outcome), Options(verbosity=Verbosity.QUIET)) == ""
