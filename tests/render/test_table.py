"""What holds for every screen, whatever the figures."""

import re
import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.render import samples

from marginctl.core.report import AccountLiquidation, FundingFigures, Report
from marginctl.findings import Severity, Status
from marginctl.render import Options, Verbosity, render
from marginctl.render.formats.layout import ASCII, cells_of
from marginctl.render.formats.screen import bar
from marginctl.render.page import Gauge
from marginctl.render.pages.account import common_move, funding
from marginctl.results import Outcome

D = Decimal
NUMBER = re.compile(r"-?[\d,]*\d\.\d+")
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=45)
AMOUNTS = st.decimals(D("-1e14"), D("1e14"), places=8).map(lambda value: value.quantize(D("1e-8")))
POSITIVE = st.decimals(D("1e-9"), D("1e12"), places=9)
RATIOS = st.none() | st.decimals(0, 10**6, places=10)


def text(*outcomes: Outcome, fail_on: str = "error", **options: object) -> str:
    run = samples.run(*outcomes, fail_on=fail_on)
    return render("table", run, Options(manual=samples.MANUAL, **options))  # type: ignore[arg-type]


@st.composite
def reports(draw: st.DrawFn) -> Report:
    positions = draw(
        st.lists(
            st.builds(
                samples.position,
                NAMES,
                st.sampled_from(["long", "short"]),
                quantity=POSITIVE,
                entry_price=POSITIVE,
                mark_price=POSITIVE,
                notional=POSITIVE,
                unrealized_pnl=AMOUNTS,
                liquidation_price=st.none() | POSITIVE,
                distance_to_liquidation=RATIOS,
                funding_per_day=st.none() | AMOUNTS,
                pool=st.sampled_from(["cross", "isolated:BTCUSDT:long"]),
            ),
            max_size=4,
        )
    )
    pools = [samples.pool("cross"), samples.pool("isolated:BTCUSDT:long")][: draw(st.integers(1, 2))]
    return samples.report(
        account=samples.header(draw(NAMES)),
        totals=samples.totals(equity=draw(AMOUNTS), utilization=draw(RATIOS), leverage=draw(RATIOS)),
        pools=tuple(pools),
        positions=tuple(positions),
        collateral=(samples.balance(draw(NAMES), format(draw(POSITIVE), "f"), "1", "0", "1"),),
    )


@given(reports(), st.integers(80, 200), st.booleans())
@settings(max_examples=15)
def test_lines_fit_and_every_number_is_whole(report: Report, width: int, ascii_only: bool) -> None:
    outcome = Outcome(file="desk.yaml", report=report, rules=samples.RULES)
    narrow = text(outcome, width=width, ascii=ascii_only)
    assert max(map(cells_of, narrow.splitlines())) <= width
    whole = set(NUMBER.findall(text(outcome, ascii=ascii_only)))
    names = " ".join([report.account.name, *(row.symbol for row in report.positions)])
    assert {number for number in NUMBER.findall(narrow) if number not in names} <= whole


@given(reports())
@settings(max_examples=8)
def test_user_text_cannot_steer_the_terminal(report: Report) -> None:
    shown = text(Outcome(file="\x1b]0;x\x07.yaml", report=report, rules=samples.RULES))
    assert all(character == "\n" or character.isprintable() for character in shown)


@pytest.mark.parametrize("name", ["desk", "silos", "strange", "ruined", "empty", "broken"])
@pytest.mark.parametrize("width", [20, 40, 79])
def test_a_narrow_terminal_is_no_defect(name: str, width: int) -> None:
    assert text(getattr(samples, name)(), width=width).endswith("\n")


def test_no_line_ends_in_spaces_and_markup_is_text() -> None:
    shown = text(samples.strange(), width=100)
    assert not re.search(r" +$", shown, re.MULTILINE)
    assert "[bold]BTCUSDT[/bold]" in shown
    assert "\\x1b[31mred\\x1b[0m" in shown


def test_positions_stand_nearest_to_liquidation_first() -> None:
    shown = text(samples.desk())
    order = [shown.index(f"\n  {symbol} ") for symbol in ("ETHUSDT", "BTCUSDT", "DOGEUSDT")]
    assert order == sorted(order)


def test_a_liquidation_price_is_rounded_toward_the_mark() -> None:
    below = samples.position("BTCUSDT", liquidation_price="38211.121", mark_price="59500")
    above = samples.position("ETHUSDT", "short", liquidation_price="76450.129", mark_price="59500")
    shown = text(Outcome(file="f", report=samples.report(positions=(below, above)), rules=samples.RULES))
    assert " 38,211.13 " in shown
    assert " 76,450.12 " in shown


def test_a_share_that_fails_by_a_hair_does_not_look_like_its_limit() -> None:
    value = "0.600001"
    outcome = Outcome(
        file="f",
        report=samples.report(totals=samples.totals(utilization=value)),
        checks=(samples.check("MC101", "utilization", value, "0.6", Status.FAIL),),
        rules=samples.RULES,
    )
    assert re.search(r"utilization +60\.0001% .* FAIL limit 60%\n", text(outcome))


def test_a_check_of_another_pool_is_not_shown_beside_the_account() -> None:
    outcome = Outcome(
        file="f",
        report=samples.report(),
        checks=(samples.check("MC101", "utilization", "0.9", "0.6", Status.FAIL),),
        rules=samples.RULES,
    )
    assert "FAIL limit" not in text(outcome)


@pytest.mark.parametrize(
    ("severities", "fail_on", "first", "todo"),
    [
        ([], "error", "PASS  desk-a: no limit is broken.", "Nothing to do: 16,745.50 USDT of collateral are free."),
        (
            [Severity.NOTE],
            "error",
            "PASS  desk-a: no limit is broken.",
            "Nothing to do: 16,745.50 USDT of collateral are free.",
        ),
        ([Severity.WARNING], "error", "WARN  desk-a: 1 warning (MC101).", "Deposit 1 USDT."),
        ([Severity.WARNING], "warning", "FAIL  desk-a: 1 warning (MC101).", "Deposit 1 USDT."),
        ([Severity.ERROR] * 2, "never", "FAIL  desk-a: 2 errors (MC101).", "Deposit 1 USDT."),
    ],
)
def test_the_answer_stands_in_the_first_three_lines(
    severities: list[Severity], fail_on: str, first: str, todo: str
) -> None:
    findings = tuple(samples.finding("MC101", "u", each, "m", remedy="deposit 1 USDT") for each in severities)
    outcome = Outcome(file="f", report=samples.report(), findings=findings, rules=samples.RULES)
    assert text(outcome, fail_on=fail_on).splitlines()[:3] == [
        first,
        "      A fall of 35.77% of BTC liquidates (at 38,211.13), all together -42.31%.",
        f"      {todo}",
    ]


def test_the_remedy_of_the_whole_file_wins_over_that_of_a_finding() -> None:
    finding = samples.finding("MC101", "u", Severity.ERROR, "m", remedy="reduce")
    outcome = Outcome(file="f", report=samples.report(), findings=(finding,), rules=samples.RULES, remedy="deposit")
    assert text(outcome).splitlines()[2] == "      Deposit."


def test_a_waived_error_does_not_fail_and_stays_visible() -> None:
    finding = samples.finding("MC101", "u", Severity.ERROR, "too full", waived=True)
    shown = text(Outcome(file="f", report=samples.report(), findings=(finding,), rules=samples.RULES))
    assert "  waived  MC101  too full" in shown
    assert shown.splitlines()[0] == "PASS  desk-a: no limit is broken, 1 waived."


def test_limits_that_could_not_be_evaluated_leave_the_figures_and_an_error() -> None:
    problem = samples.problem(7, 3, "MC112 has no funding rate", code="MC030")
    shown = text(Outcome(file="f", report=samples.report(), problems=(problem,), rules=samples.RULES))
    assert "Positions" in shown
    assert "broken.yaml:7:3: MC030 MC112 has no funding rate" in shown
    assert shown.splitlines()[0] == "ERROR  desk-a: 1 limit could not be evaluated."


def test_a_failed_file_shows_no_figures() -> None:
    shown = text(samples.broken(), verbosity=Verbosity.VERBOSE)
    assert "Account" not in shown
    assert "equity" not in shown


@pytest.mark.parametrize(
    ("down", "up", "distance", "direction", "sentence"),
    [
        ("-0.2", None, "0.2", "down", "All assets together: a fall of 20.00% liquidates, no rise does."),
        (None, "0.61029", "0.6", "up", "All assets together: a rise of 61.02% liquidates, no fall does."),
        ("-0.2", "0.3", "0.2", "down", "All assets together: a fall of 20.00% or a rise of 30.00% liquidates."),
        (None, None, None, None, "All assets together: neither a fall nor a rise liquidates."),
        ("0", "0", "0", None, "Liquidatable at these prices already."),
    ],
)
def test_the_common_move_in_words(
    down: str | None, up: str | None, distance: str | None, direction: str | None, sentence: str
) -> None:
    fall, rise, nearer = (None if value is None else D(value) for value in (down, up, distance))
    assert common_move(AccountLiquidation(fall, rise, nearer, direction, "cross"), several=False) == sentence


def test_the_pool_that_goes_first_is_named_where_there_are_several() -> None:
    move = AccountLiquidation(D("-0.2"), None, D("0.2"), "down", "cross:BTC")
    assert common_move(move, several=True).endswith(": a fall of 20.00% (cross:BTC) liquidates, no rise does.")
    both = AccountLiquidation(D("-0.5"), D("0.25"), D("0.25"), "up", "cross:USDT")
    assert common_move(both, several=True).endswith(": a fall of 50.00% or a rise of 25.00% (cross:USDT) liquidates.")
    gone = AccountLiquidation(D(0), D(0), D(0), None, "cross:BTC")
    assert common_move(gone, several=True) == "Liquidatable at these prices already: cross:BTC."


@pytest.mark.parametrize(
    ("per_day", "runway", "missing", "sentence"),
    [
        ("0", None, ("A",), ""),
        ("5.329", None, (), "Funding brings 5.32 USDT a day."),
        ("-5.321", "31.99", (), "Funding costs 5.33 USDT a day, flat prices: enough for 31.9 days."),
        ("1", None, tuple("ABCDEFG"), "Funding brings 1.00 USDT a day, no rate for A, B, C, D, E and 2 more."),
    ],
)
def test_funding_in_words(per_day: str, runway: str | None, missing: tuple[str, ...], sentence: str) -> None:
    figures = FundingFigures(per_day=D(per_day), runway_days=None if runway is None else D(runway), missing=missing)
    assert funding(figures, "USDT") == sentence


@pytest.mark.parametrize(
    ("value", "limit", "drawn"),
    [
        ("0", None, ".........."),
        ("0.001", None, "#........."),
        ("0.5", None, "#####....."),
        ("0.51", "0.8", "######..|."),
        ("7", "0.5", "#####|####"),
        ("-1", "1", ".........."),
        (None, None, "##########"),
    ],
)
def test_bars_round_up_and_mark_the_limit(value: str | None, limit: str | None, drawn: str) -> None:
    share, bound = (None if each is None else D(each) for each in (value, limit))
    assert bar(Gauge(label="", text="", is_share=True, share=share, limit=bound), ASCII, 10) == drawn


def test_colour_changes_nothing_but_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")  # the caller has decided already
    monkeypatch.setenv("COLUMNS", "40")
    coloured = text(samples.desk(), width=100, color=True)
    assert "\x1b[1;31m" in coloured
    plain = re.sub(r"\x1b\[[\d;]*m", "", coloured)
    stripped = [row.rstrip() for row in plain.splitlines()]
    assert stripped == text(samples.desk(), width=100).splitlines()


def test_what_a_plain_json_check_does_not_need_is_not_imported() -> None:
    code = "import sys, marginctl.render.json; print([m for m in sys.modules if m in ('rich', 'junitparser', 'csv')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_sections_without_anything_to_say_are_left_out() -> None:
    shown = text(samples.empty(), verbosity=Verbosity.VERBOSE)
    headings = [row.split("  ")[0] for row in shown.splitlines() if row[:1].isupper()]
    assert headings == ["PASS", "Account, USDT", "Collateral", "Sources"]
