"""Exit codes, counts, and the cheapest way to pass."""

import pytest

from marginctl.findings import Finding, Location, Severity
from marginctl.limits.config import LimitsConfig
from marginctl.limits.engine import Evaluation, evaluate
from marginctl.limits.rule import Deposit
from marginctl.limits.verdict import ExitCode, FailOn, exit_code, verdict, worst_exit

from .builders import account, bound, context, d, isolated, linear, stand

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


def found(severity: Severity, *, waived: bool = False) -> Finding:
    return Finding("MC101", "utilization", severity, "", Location("desk.yaml"), waived=waived)


@pytest.mark.parametrize(
    ("findings", "fail_on", "problems", "expected"),
    [
        pytest.param([], FailOn.ERROR, False, 0, id="nothing found"),
        pytest.param([found(ERROR)], FailOn.ERROR, False, 1, id="an error"),
        pytest.param([found(WARNING)], FailOn.ERROR, False, 0, id="a warning under the bar"),
        pytest.param([found(WARNING)], FailOn.WARNING, False, 1, id="a warning at the bar"),
        pytest.param([found(ERROR)], FailOn.WARNING, False, 1, id="an error above the bar"),
        pytest.param([found(NOTE)], FailOn.WARNING, False, 0, id="a note never fails"),
        pytest.param([found(ERROR)], FailOn.NEVER, False, 0, id="never"),
        pytest.param([found(ERROR, waived=True)], FailOn.WARNING, False, 0, id="waived"),
        pytest.param([], FailOn.NEVER, True, 2, id="a problem outranks never"),
        pytest.param([found(ERROR)], FailOn.ERROR, True, 2, id="a problem outranks an error"),
    ],
)
def test_exit_codes(findings: list[Finding], fail_on: FailOn, problems: bool, expected: int) -> None:
    assert exit_code(findings, problems=problems, fail_on=fail_on).value == expected


def test_the_worst_file_decides() -> None:
    assert worst_exit([ExitCode.PASSED, ExitCode.NOT_CHECKED, ExitCode.FAILED]) is ExitCode.NOT_CHECKED
    assert worst_exit([ExitCode.FAILED, ExitCode.PASSED]) is ExitCode.FAILED
    assert worst_exit([]) is ExitCode.PASSED


def test_counts_what_is_not_waived() -> None:
    findings = (found(ERROR), found(WARNING), found(WARNING), found(NOTE), found(ERROR, waived=True))
    counted = verdict(Evaluation((), findings))
    assert (counted.errors, counted.warnings, counted.notes, counted.waived) == (1, 2, 1, 1)


def config(**bounds) -> LimitsConfig:
    return LimitsConfig({code: (one,) for code, one in bounds.items()})


def test_one_deposit_passes_all_that_deposits_can_and_the_rest_is_named() -> None:
    # 1000 of notional on 100: initial margin 100 -> 100%, leverage 10x
    book = account({"USDT": 100}, stand(linear(), 1, 10, 100))
    limits = config(MC101=bound("0.5"), MC104=bound(4), MC105=bound(8))
    said = verdict(evaluate(context(book), limits))
    # 100 / 0.5 - 100 = 100; 1000 / 4 - 100 = 150; the larger one does both
    assert said.deposits == (Deposit("cross", "USDT", d(150)),)
    assert (said.lifted, said.left) == (("MC101", "MC104"), ("MC105",))
    assert said.text == "deposit 150 USDT to pass MC101, MC104; MC105: set its leverage to 8 or less"


def test_each_pool_has_its_own_deposit() -> None:
    book = account({"USDT": 150}, stand(linear(), 1, 10, 100), isolated(linear("ETHUSDT", "ETH"), 1, 10, 10, 5))
    limits = config(MC101=bound("0.5"), MC106=bound("0.1"))
    # cross: 145 of equity for 100 of margin -> 55 more; isolated: at -10% 5 - 10 - 0.9 -> 5.9 more
    text = "deposit 55 USDT and add 5.9 USDT of isolated margin to pass"
    assert verdict(evaluate(context(book), limits)).text == text


def test_a_warning_is_no_aim_while_there_are_errors_unless_it_fails() -> None:
    book = account({"USDT": 100}, stand(linear(), 1, 10, 100))
    limits = config(MC101=bound("0.5"), MC104=bound(4, WARNING))
    evaluation = evaluate(context(book), limits)
    assert verdict(evaluation, FailOn.ERROR).text == "deposit 100 USDT to pass"
    assert verdict(evaluation, FailOn.WARNING).text == "deposit 150 USDT to pass"


def test_warnings_are_worth_lifting_when_nothing_is_graver() -> None:
    book = account({"USDT": 100}, stand(linear(), 1, 10, 100))
    assert verdict(evaluate(context(book), config(MC104=bound(4, WARNING)))).text == "deposit 150 USDT to pass"


def test_of_what_is_left_the_gravest_comes_first() -> None:
    book = account({"USDT": 100}, stand(linear(), 1, 10, 100))
    limits = config(MC105=bound(8, WARNING), MC115=bound())
    text = "MC115: add `purpose: speculative` or `purpose: hedge`"
    assert verdict(evaluate(context(book), limits), FailOn.WARNING).text == text


def test_nothing_to_do_says_nothing() -> None:
    assert verdict(Evaluation((), (found(NOTE),))).text == ""
