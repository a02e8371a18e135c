"""`marginctl policy check` and `policy test`: who asks for what, and whether a policy does what it should."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft7Validator
from tests.cli.running import Ran, run

from marginctl.cli.catalogue import schema_of

GOLDEN = Path(__file__).parent / "golden" / "policy"

BOOK = """\
prices: {BTC: 60000}
collateral: [{asset: USDT, amount: 10000}]
positions: [{symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 10, maintenance_rate: 0.5%}]
"""
"""Notional 6000, margin 600 on 10000: utilization 6%, leverage 0.6x. The fall that liquidates: 10000 + 0.1 (P - 60000)
= 0.0005 P has P = -40000 / 0.0995, so none."""
FIRM = """\
schema: marginctl.policy/1
limits: {max_utilization: 70%, max_position_leverage: 20, max_concentration: off}
scenarios: [{name: crash, shocks: {BTC: -30%, "*": -50%}}]
waivers: [{code: MC104, subject: account, until: 2026-01-31, reason: "until the new year"}]
"""
DESK = """\
schema: marginctl.policy/1
extends: firm.yaml
venues: [generic, bybit]
limits:
  max_utilization: {warn: 40%, fail: 60%}
  max_position_leverage: 25
  survive: crash
  underlyings: {BTC: {max_concentration: 80%}}
accounts: {"hedge-*": {max_position_leverage: 30, max_leverage: off}}
custom: [{code: ORG001, name: equity-floor, expression: totals.equity >= 10000}]
"""
CASES = """\
schema: marginctl.policy-case/1
policy: ../strict.yaml
portfolio: ../book.yaml
today: 2026-11-22
cases:
  - name: a book within its limits
    exit_code: 0
  - name: too much leverage
    set: {positions.0.leverage: 25}
    findings: [{code: MC105, subject: BTCUSDT, severity: error, message: 25x}]
    exit_code: 1
  - name: too full after a fall
    shock: {BTC: -90%}
    select: [MC101]
    findings: []
"""
STRICT = "limits: {max_position_leverage: 20, max_utilization: 50%}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()
    for name, text in (("book", BOOK), ("firm", FIRM), ("desk", DESK), ("strict", STRICT), ("tests/one", CASES)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def trial(*arguments: str, cases: str | None = None) -> Ran:
    if cases is not None:
        Path("tests/one.yaml").write_text(cases)
    return run("policy", "test", "tests", *arguments)


def document(*arguments: str, cases: str | None = None) -> dict[str, Any]:
    ran = trial("--format", "json", *arguments, cases=cases)
    Draft7Validator(schema_of("policy-test")).validate(json.loads(ran.out))
    return ran.json()


class TestCheck:
    def test_each_limit_has_the_file_that_set_it_and_the_strictest_counts(self, folder: Path) -> None:
        ran = run("policy", "check", "desk.yaml", "--today", "2026-11-22", "--format", "json")
        found = json.loads(ran.out)
        Draft7Validator(schema_of("resolved-policy")).validate(found)
        rows = [(one["code"], one["subject"], one["warn"], one["fail"], one["standing"]) for one in found["limits"]]
        assert rows == [
            ("MC101", "all", "40%", "60%", "counts"),
            ("MC101", "all", "", "70%", "weaker"),
            ("MC104", "hedge-*", "", "", "off"),
            ("MC105", "all", "", "25x", "weaker"),
            ("MC105", "all", "", "20x", "counts"),
            ("MC105", "hedge-*", "", "30x", "instead"),
            ("MC107", "all", "", "", "off"),
            ("MC107", "BTC", "", "80%", "instead"),
            ("MC113", "all", "", "crash", "counts"),
            ("ORG001", "all", "", "totals.equity >= 10000", "counts"),
        ]
        assert [(one["file"], one["line"]) for one in found["limits"]][:2] == [("desk.yaml", 5), ("firm.yaml", 2)]
        assert found["policies"] == ["desk.yaml", "firm.yaml"]
        assert found["scenarios"] == [{"name": "crash", "shocks": "BTC -30%, others -50%"}]
        assert found["venues"] == [{"file": "desk.yaml", "venues": ["generic", "bybit"]}]
        assert [(one["code"], one["expired"]) for one in found["waivers"]] == [("MC104", True)]

    def test_a_limit_that_warns_earlier_and_fails_later_counts_for_the_warning(self, folder: Path) -> None:
        Path("a.yaml").write_text("limits: {max_utilization: {warn: 30%, fail: 60%}}\n")
        Path("b.yaml").write_text("limits: {max_utilization: {warn: 40%, fail: 50%}}\n")
        Path("c.yaml").write_text("limits: {max_utilization: {warn: 45%, fail: 65%}}\n")
        found = run("policy", "check", "a.yaml", "b.yaml", "c.yaml", "--format", "json").json()
        assert [one["standing"] for one in found["limits"]] == ["counts", "counts", "weaker"]

    def test_of_a_minimum_the_larger_counts(self, folder: Path) -> None:
        Path("a.yaml").write_text("limits: {min_liquidation_distance: 30%}\n")
        Path("b.yaml").write_text("limits: {min_liquidation_distance: 20%}\n")
        found = run("policy", "check", "a.yaml", "b.yaml", "--format", "json").json()
        assert [(one["fail"], one["standing"]) for one in found["limits"]] == [("30%", "counts"), ("20%", "weaker")]

    @pytest.mark.parametrize(
        ("account", "limits"),
        [
            ("hedge-a", {"MC105": "30x", "MC104": ""}),
            ("desk-a", {"MC105": "25x", "MC104": "5x"}),
            ("books/swing/x.yaml", {"MC105": "3x", "MC104": "5x"}),
        ],
    )
    def test_what_holds_for_one_account(self, account: str, limits: dict[str, str], folder: Path) -> None:
        Path("p.yaml").write_text(
            "limits: {max_position_leverage: 25, max_leverage: 5}\n"
            'accounts: {"hedge-*": {max_position_leverage: 30, max_leverage: off},\n'
            '           "books/swing/*": {max_position_leverage: 3}}\n'
        )
        found = run("policy", "check", "p.yaml", "--for", account, "--format", "json").json()
        assert {one["code"]: one["fail"] for one in found["limits"]} == limits
        assert {one["subject"] for one in found["limits"]} == {"all"}

    def test_a_configuration_is_one_too(self, folder: Path) -> None:
        Path("marginctl.yaml").write_text("paths: [books]\nlimits: {max_leverage: 3}\n")
        found = run("policy", "check", "marginctl.yaml", "--format", "json").json()
        assert [(one["code"], one["line"]) for one in found["limits"]] == [("MC104", 2)]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("limits: {max_utilisation: 5%}", "bad.yaml:1:10: MC010 unknown key `max_utilisation`"),
            ("extends: none.yaml", "`extends` names `none.yaml`, and there is no such file"),
            ("custom: [{code: ORG001, expression: totals.equty > 1}]", "bad.yaml:1:37: MC017"),
            ("limits: {max_utilization: {warn: 70%, fail: 60%}}", "warns at 70% but fails at 60% already"),
        ],
    )
    def test_what_is_wrong_is_exit_2_with_its_place(self, text: str, said: str, folder: Path) -> None:
        Path("bad.yaml").write_text(text + "\n")
        ran = run("policy", "check", "bad.yaml")
        assert (ran.code, said in ran.out) == (2, True), ran.out
        assert run("policy", "check", "bad.yaml", "--format", "json").json()["errors"][0]["file"] in (
            "bad.yaml",
            "none.yaml",
        )


class TestTests:
    def test_what_is_as_expected_passes(self, folder: Path) -> None:
        found = document()
        assert found["summary"] == {"cases": 3, "passed": 3, "failed": 0, "not_run": 0, "exit_code": 0}
        assert [one["exit_code"] for one in found["cases"]] == [0, 1, 0]
        assert trial().code == 0

    def test_each_limit_of_the_policy_says_how_many_tests_break_and_keep_it(self, folder: Path) -> None:
        found = {one["code"]: (one["broken"], one["kept"]) for one in document()["rules"]}
        assert found == {"MC101": (0, 3), "MC105": (1, 1)}
        assert "no test breaks it" in trial().out

    @pytest.mark.parametrize(
        ("before", "after", "missing", "unexpected"),
        [
            ("set: {positions.0.leverage: 25}", "set: {positions.0.leverage: 20}", ["MC105"], []),
            ("    findings: [{code: MC105, subject: BTCUSDT, severity: error, message: 25x}]\n", "", [], ["MC105"]),
            ("subject: BTCUSDT", "subject: ETHUSDT", ["MC105"], ["MC105"]),
            ("severity: error", "severity: warning", ["MC105"], ["MC105"]),
            ("message: 25x", "message: 24x", ["MC105"], ["MC105"]),
            ("code: MC105, subject: BTCUSDT, severity: error, message: 25x", "code: MC105", [], []),
            ("[{code: MC105, ", "[{code: MC105}, {code: MC105, ", ["MC105"], []),
        ],
    )
    def test_what_is_not_differs(
        self, before: str, after: str, missing: list[str], unexpected: list[str], folder: Path
    ) -> None:
        one = document(cases=CASES.replace(before, after).replace("exit_code: 1", ""))["cases"][1]
        assert [row["code"] for row in one["missing"]] == missing
        assert [row["code"] for row in one["unexpected"]] == unexpected
        assert one["passed"] is not bool(missing or unexpected)
        assert trial().code == (1 if missing or unexpected else 0)

    def test_an_exit_code_that_differs_is_a_difference(self, folder: Path) -> None:
        ran = trial(cases=CASES.replace("exit_code: 1", "exit_code: 0"))
        assert (ran.code, "- exit code 0\n  + exit code 1\n" in ran.out) == (1, True)

    def test_a_portfolio_that_cannot_be_checked_is_exit_2_unless_that_is_expected(self, folder: Path) -> None:
        broken = CASES.replace("set: {positions.0.leverage: 25}", "set: {positions.0.levarage: 25}")
        ran = trial(cases=broken)
        assert (ran.code, "2 of 3 tests passed, 1 not run" in ran.out, "levarage" in ran.out) == (2, True, True)
        expected = broken.replace("findings: [{code: MC105, subject: BTCUSDT, severity: error, message: 25x}]", "")
        assert trial(cases=expected.replace("exit_code: 1", "exit_code: 2")).code == 0

    def test_policies_of_the_flag_hold_too(self, folder: Path) -> None:
        Path("more.yaml").write_text("limits: {max_leverage: 0.1}\n")
        assert "MC104" in trial("--limits", "more.yaml").out
        assert trial("--limits", "strict.yaml", cases=CASES.replace("policy: ../strict.yaml\n", "")).code == 0

    @pytest.mark.parametrize(
        ("before", "after", "said"),
        [
            ("policy: ../strict.yaml\n", "", "no policy is tested"),
            ("policy: ../strict.yaml", "policy: ../none.yaml", "none.yaml: MC001 cannot be read"),
            ("portfolio: ../book.yaml\n", "", "one.yaml:5:5: MC012 `portfolio` is missing"),
            ("portfolio: ../book.yaml", "portfolio: no.yaml", "one.yaml:3:12: MC001 `no.yaml` cannot be read"),
            ("cases:", "cass:", "did you mean `cases`?"),
            ("code: MC105", "code: MC1055", "no limit has the code `MC1055`"),
            ("select: [MC101]", "select: [MC1]", "select: no limit has the code `MC1`"),
            ("shock: {BTC: -90%}", "shock: {BTC: lots}", "--shock `BTC=lots`: the move"),
            ("exit_code: 1", "exit_code: 70", "must be 0, 1 or 2"),
        ],
    )
    def test_a_test_with_a_mistake_is_exit_2_with_its_place(
        self, before: str, after: str, said: str, folder: Path
    ) -> None:
        ran = trial(cases=CASES.replace(before, after))
        assert (ran.code, said in ran.out) == (2, True), ran.out

    def test_a_folder_without_tests_is_exit_2(self, folder: Path) -> None:
        Path("tests/one.yaml").unlink()
        ran = trial()
        assert (ran.code, "no marginctl.policy-case lies there" in ran.errors) == (2, True)

    def test_junit_has_a_case_per_test(self, folder: Path) -> None:
        ran = trial("--format", "junit", cases=CASES.replace("message: 25x", "message: '<24x>'"))
        root = ET.fromstring(ran.out)
        assert {key: root.get(key) for key in ("tests", "failures", "errors")} == {
            "tests": "3",
            "failures": "1",
            "errors": "0",
        }
        (text,) = [node.text for node in root.iter("failure")]
        assert text is not None
        assert text.startswith("- MC105 BTCUSDT error: <24x>\n+ MC105 BTCUSDT error: leverage of")
        unreadable = trial("--format", "junit", cases="schema: marginctl.policy-case/1\ncases: []\nx: 1\n")
        assert ET.fromstring(unreadable.out).get("errors") == "1"

    def test_it_says_nothing_or_everything_where_that_is_wanted(self, folder: Path) -> None:
        assert trial("-q").out == ""
        assert trial("-v").out.count("passed  ") == 3
        failing = CASES.replace("leverage: 25}", "leverage: 5}")
        assert "FAIL  2 of 3" in trial("-q", cases=failing).out

    def test_csv_has_a_row_per_test(self, folder: Path) -> None:
        assert len(trial("--format", "csv").out.splitlines()) == 4


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("name", ["check", "test"])
def test_the_screens(name: str, width: int, folder: Path, golden_file: Callable[[Path, str], None]) -> None:
    words = ["check", "desk.yaml"] if name == "check" else ["test", "tests", "--statistics"]
    Path("tests/one.yaml").write_text(CASES.replace("subject: BTCUSDT, severity: error", "subject: ETHUSDT"))
    ran = run("policy", *words, "--today", "2026-11-22", "--width", str(width))
    assert max(map(len, ran.out.splitlines())) <= width
    golden_file(GOLDEN / f"{name}-{width}.txt", ran.out)
