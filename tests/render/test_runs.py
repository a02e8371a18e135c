"""Several files: the answer, a line an account, the details of what fails, and how often each rule was broken."""

from decimal import Decimal

from tests.render import samples

from marginctl.findings import Finding, Severity
from marginctl.render import Options, Verbosity, render
from marginctl.results import Outcome


def account(name: str, *findings: Finding, currency: str = "USDT", **parts: object) -> Outcome:
    header = samples.header(name, currency=currency)
    return Outcome(file=f"{name}.yaml", report=samples.report(account=header, **parts), findings=findings)


FULL = samples.finding("MC101", "utilization", Severity.ERROR, "too full", remedy="deposit 1 USDT")
NEAR = samples.finding("MC102", "liquidation-distance", Severity.WARNING, "too near")
CALM, WARNED, FAILED = account("calm"), account("warned", NEAR), account("failed", FULL, NEAR)


def shown(*outcomes: Outcome, **options: object) -> list[str]:
    return render("table", samples.run(*outcomes), Options(**options)).splitlines()  # type: ignore[arg-type]


def test_a_line_an_account_the_worst_first() -> None:
    rows = shown(CALM, samples.broken(), WARNED, FAILED)
    assert rows[0] == "ERROR  4 files: 1 ERROR, 1 FAIL, 1 WARN, 1 PASS"
    table = [row.split() for row in rows[3:10]]
    assert table[0][:8] == ["verdict", "account", "equity", "used", "maint.", "ratio", "distance", "side"]
    assert [row[:2] for row in table[3:7]] == [
        ["ERROR", "broken.yaml"],
        ["FAIL", "failed"],
        ["WARN", "warned"],
        ["PASS", "calm"],
    ]
    assert table[4][-3:-1] == ["1", "1"]


def test_of_two_with_one_verdict_the_nearer_one_comes_first() -> None:
    far = samples.underlying("BTC", "1", "50", None, "90", "0.8")
    near = samples.underlying("BTC", "1", "50", None, "60", "0.2")
    rows = shown(account("far", underlyings=(far,)), account("near", underlyings=(near,)))
    assert [row.split()[1] for row in rows[6:8]] == ["near", "far"]


def test_details_stand_below_for_what_fails_and_with_v_for_all() -> None:
    rows = shown(CALM, WARNED, FAILED)
    assert [row for row in rows if row[:4] in ("FAIL", "WARN", "PASS")] == [
        "FAIL  3 files: 1 FAIL, 1 WARN, 1 PASS",
        "FAIL  failed: 1 error (MC101), 1 warning (MC102).",
    ]
    assert "Positions" not in "".join(rows)
    full = shown(CALM, WARNED, FAILED, verbosity=Verbosity.VERBOSE)
    assert [row[:4] for row in full if row[:4] in ("FAIL", "WARN", "PASS")] == ["FAIL", "FAIL", "WARN", "PASS"]


def test_the_file_is_named_where_names_do_not_tell_accounts_apart() -> None:
    twice = [account("desk"), Outcome(file="other.yaml", report=samples.report(account=samples.header("desk")))]
    assert "other.yaml" in "".join(shown(*twice))
    assert "calm.yaml" not in "".join(shown(CALM, account("other")))


def test_currencies_stand_in_the_rows_where_they_differ() -> None:
    rows = shown(CALM, account("euro", currency="EUR"))
    table = rows[: rows.index("", 3)] if "" in rows[3:] else rows
    assert [sum(unit in row.split() for row in table) for unit in ("EUR", "USDT")] == [1, 1]


def test_statistics_count_rules_and_files() -> None:
    waived = samples.finding("MC101", "utilization", Severity.ERROR, "too full", waived=True)
    rows = shown(CALM, WARNED, FAILED, account("excused", waived), statistics=True)
    at = next(number for number, row in enumerate(rows) if row.startswith("Statistics"))
    assert rows[at] == "Statistics  of 4 files"
    assert [row.split() for row in rows[at + 3 : at + 5]] == [
        ["MC102", "liquidation-distance", "2", "2"],
        ["MC101", "utilization", "1", "1", "2"],
    ]
    assert shown(CALM, statistics=True)[-1].strip() == "No rule found anything."


def test_quiet_about_several_leaves_out_what_passes() -> None:
    rows = shown(CALM, WARNED, FAILED, verbosity=Verbosity.QUIET)
    assert [row[:12] for row in rows if row[:4] in ("FAIL", "WARN", "PASS")] == ["WARN  warned", "FAIL  failed"]


def test_a_ratio_over_no_equity_is_no_number() -> None:
    totals = samples.totals(utilization=None, maintenance_ratio=None, equity=Decimal(0))
    assert shown(account("empty", totals=totals), CALM)[6].split().count("n/a") >= 2
