"""Rules of one's own: what an expression means, what is wrong with one, and what a policy makes of it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.limits.builders import d

from marginctl.analysis.check import Policy, Settings, check
from marginctl.core.exact import exactly
from marginctl.core.report import Report
from marginctl.limits.custom_names import ROWS, names_of
from marginctl.limits.custom_parser import LONGEST, ExpressionError, condition, parse
from marginctl.limits.custom_rules import SUBJECTS, Reckoning, TooManyStepsError
from marginctl.limits.format import LISTS
from marginctl.results import Outcome

BOOK = b"""\
account: {name: desk-a}
prices: {BTC: 60000, ETH: 3000}
collateral: [{asset: USDT, amount: 10000}]
positions:
  - {symbol: BTCUSDT, side: long, quantity: 0.1, entry_price: 59000, leverage: 10, maintenance_rate: 0.5%}
  - {symbol: ETHUSDT, side: short, quantity: 1, entry_price: 3100, leverage: 5, maintenance_rate: 1%, purpose: hedge}
"""
"""Equity 10,000 + 0.1 x 1,000 + 1 x 100 = 10,200; notionals 6,000 and 3,000; initial margins 600 and 600."""


OPAQUE = b"""\
other:
  - {name: calls, value: -7.60, delta: {BTC: -0.0035}, initial_margin: 54, maintenance_margin: 27}
  - {name: puts, value: 12, delta: {}, initial_margin: 0, maintenance_margin: 0}
"""
"""Margins of 54 + 0, a value of 4.4 together; at lines 8 and 9 of the book."""


@pytest.fixture(scope="module")
def report() -> Report:
    with exactly():
        found = check(BOOK, "book.yaml", Settings(today=date(2026, 11, 22))).report
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3 - 4 / 8", "6.5"),
        ("2 * -3 + --1", "-5"),
        ("-(1 - 10%)", "-0.9"),
        ("totals.equity", "10200"),
        ("totals.equity / 3 * 3 - totals.equity", "0"),
        ("sum(positions, notional)", "9000"),
        ('sum(positions, notional, side == "long")', "6000"),
        ("sum(positions, initial_margin / notional * 100)", "30"),
        ('share(positions, notional, symbol == "BTCUSDT") * 3', "2"),
        ("count(positions)", "2"),
        ("count(positions, leverage > 5)", "1"),
        ("count(orders_are_no_list)", None),
        ("max(positions, leverage) - min(positions, leverage)", "5"),
        ("max(1, 2, totals.order_margin)", "2"),
        ("min(3, abs(-2))", "2"),
        ('sum(positions, notional, side == "none of them")', "0"),
        ("sum(positions, count(positions, notional > 3000) * notional)", "9000"),
        ("netting.maintenance.saving", "0"),
    ],
)
def test_numbers_are_exact(text: str, value: str | None, report: Report) -> None:
    if value is None:
        with pytest.raises(ExpressionError, match="no function `count`"):
            parse(text)
        return
    with exactly():
        found = Reckoning(report, text).value(parse(text))
    assert isinstance(found, Decimal)
    assert abs(found - d(value)) < d("1e-90")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("totals.equity >= 10200", True),
        ("totals.equity > 10200", False),
        ("totals.equity / 3 * 3 == 10200", True),
        ("1 / 3 + 1 / 3 + 1 / 3 >= 1", True),
        ('account.name == "desk-a" and account.venue != "bybit"', True),
        ("not totals.liquidatable", True),
        ("not not false", False),
        ("true or false and false", True),
        ("(true or false) and false", False),
        ("any(positions, leverage > 9)", True),
        ("all(positions, leverage > 9)", False),
        ('any(positions, side == "neither")', False),
        ('all(positions, purpose == "hedge" or leverage <= 10)', True),
        ('any(positions, purpose != "hedge")', True),
        ("funding.runway_days == null", True),
        ("funding.runway_days != null", False),
        ("funding.runway_days == null or funding.runway_days >= 30", True),
        ("funding.runway_days >= 30", None),
        ("funding.runway_days >= 30 and false", False),
        ("funding.runway_days >= 30 and true", None),
        ("not (funding.runway_days >= 30)", None),
        ("1 / 0 > 1", None),
        ('max(positions, leverage, symbol == "X") < 5', None),
        ('share(positions, notional, symbol == "X") == 0', True),
        ("sum(positions, funding_per_day) < 5", None),
        ("any(positions, funding_per_day < 5 or leverage == 10)", True),
    ],
)
def test_conditions_are_true_false_or_unknown(text: str, value: bool | None, report: Report) -> None:
    with exactly():
        reckoning = Reckoning(report, text)
        assert reckoning.value(condition(text)) is value
    assert bool(reckoning.missing) is (value is None)


@pytest.mark.parametrize(
    ("text", "offset", "said", "advice"),
    [
        ("", 0, "a value is missing at the end", "write a name"),
        ("totals.equity >=", 16, "a value is missing at the end", "write a name"),
        ("totals.equty > 1", 0, "there is no `totals.equty`", "did you mean `totals.equity`?"),
        ("equity > 1", 0, "there is no `equity`", "totals.equity"),
        ("notional > 1", 0, "there is no `notional`", "sum(positions, notional)"),
        ("positions > 1", 0, "`positions` is a list", "count(positions)"),
        ("1 < 2 < 3", 6, "`<` does not go on", "join conditions"),
        ("totals.equity", 0, "this is a number, not a condition", "compare it"),
        ("account.name > 1", 15, "a text is compared with a number", "equal kinds"),
        ('account.name < "x"', 0, "`<` needs a number, and this is a text", ""),
        ("totals.equity and true", 0, "`and` needs a condition, and this is a number", "compare it"),
        ("not 1", 4, "`not` needs a condition", "compare it"),
        ("1 + true > 1", 4, "`+` needs a number, and this is a condition", ""),
        ("1 = 2", 2, "`=` is no part", "=="),
        ("1 & 2", 2, "`&` is no part", "and"),
        ("account.name == 'x", 16, "`'` is no part", "close the quotes"),
        ("(1 > 2", 6, "a closing parenthesis is missing", "add `)`"),
        ("__import__('os')", 0, "there is no function `__import__`", "functions are"),
        ("totals.__class__ == 1", 0, "there is no `totals.__class__`", ""),
        ("sum(1, 2) > 1", 0, "there is no function `sum` of this", "sum(positions, ...)"),
        ("sum(positions) > 1", 0, "`sum` of positions takes other things", "a number of each row"),
        ("share(positions, notional) > 1", 0, "`share` needs a condition", "share(positions"),
        ("count(positions, notional) > 1", 17, "`count` needs a condition", "compare it"),
        ("abs(1, 2) > 1", 7, "`abs` takes one number", ""),
        ("null == 1", 0, "`null` stands for no value", "== null"),
        ("(" * 30 + "1" + ")" * 30 + " > 0", 24, "nested deeper than 24", "flatter"),
        ("any(positions, any(positions, any(positions, true)))", 30, "lists nested deeper", ""),
        ("9" * 61 + " > 1", 0, "more than 60 digits", ""),
        (" " * LONGEST + "1 > 0", 0, "more than 1,000 characters", "several rules"),
    ],
)
def test_what_means_nothing_says_where_and_what_to_write(text: str, offset: int, said: str, advice: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        condition(text)
    assert raised.value.offset == offset
    assert said in raised.value.message
    assert advice in raised.value.help


def test_a_long_expression_is_no_deep_one(report: Report) -> None:
    text = "+".join(["1"] * 450) + " == 450"
    with exactly():
        assert Reckoning(report, text).value(condition(text)) is True


def test_it_ends_where_it_takes_too_long(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marginctl.limits.custom_rules.MOST_STEPS", 20)
    text = "all(positions, all(positions, leverage > 0 and notional > 0))"
    with exactly(), pytest.raises(TooManyStepsError):
        Reckoning(report, text).value(condition(text))


@pytest.mark.parametrize("rows", ["", *ROWS])
def test_every_name_has_the_type_of_its_value(rows: str) -> None:
    kinds = {"number": Decimal, "text": str, "flag": bool}
    with exactly():
        report = check(BOOK + OPAQUE, "book.yaml", Settings(today=date(2026, 11, 22))).report
    assert report is not None
    for row in getattr(report, rows) if rows else [None]:
        for text, name in names_of(rows).items():
            with exactly():
                value = Reckoning(report, text).value(parse(text, rows), row)
            assert value is None or type(value) is kinds[name.type], text


def test_the_lists_are_those_of_the_format() -> None:
    assert tuple(SUBJECTS) == LISTS
    assert {*ROWS} == {*LISTS}


WORDS = (
    *("totals.equity", "leverage", "notional", "symbol", "positions", "pools", "account.name", "funding.runway_days"),
    *("sum", "share", "count", "min", "max", "any", "all", "abs", "and", "or", "not", "true", "false", "null"),
    *("(", ")", ",", "+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "1", "0", "10%", '"a"', "'", "%", "="),
    *(" ", "é", "\x00", "_", ".", "{", "}"),
)


@pytest.mark.rounds(4_000)
@given(st.one_of(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join), st.text(max_size=60)))
def test_no_text_does_anything_but_mean_something_or_nothing(text: str) -> None:
    found = value_or_nothing(text)
    if isinstance(found, ExpressionError):
        assert 0 <= found.offset <= len(text)
        assert found.message


def value_or_nothing(text: str) -> Any:
    """What any text comes to on a small account: a value, or an ExpressionError."""
    with exactly():
        outcome = _small()
        try:
            tree = parse(text, "positions")
        except ExpressionError as error:
            return error
        return Reckoning(outcome, text).value(tree, outcome.positions[0])


_SMALL: list[Report] = []


def _small() -> Report:
    if not _SMALL:
        found = check(BOOK, "book.yaml", Settings(today=date(2026, 11, 22))).report
        assert found is not None
        _SMALL.append(found)
    return _SMALL[0]


def policy(text: str, tmp_path: Any) -> tuple[Policy | None, list[str]]:
    from marginctl.analysis.policies import policy_of

    file = tmp_path / "policy.yaml"
    file.write_text(text)
    found, problems = policy_of([str(file)])
    return found, [f"{one.location.line}:{one.location.column} {one.code} {one.message}" for one in problems]


def judged(text: str, tmp_path: Any, book: bytes = BOOK) -> Outcome:
    found, problems = policy(text, tmp_path)
    assert not problems
    with exactly():
        return check(book, "book.yaml", Settings(today=date(2026, 11, 22), policy=found))


def test_a_condition_that_does_not_hold_is_a_finding_with_both_sides(tmp_path: Any) -> None:
    outcome = judged(
        'custom: [{code: ORG001, name: equity-floor, expression: "totals.equity >= 20000", remedy: deposit}]', tmp_path
    )
    (finding,) = (one for one in outcome.findings if one.code == "ORG001")
    assert (finding.value, finding.limit) == (d(10200), d(20000))
    assert (finding.severity.value, finding.remedy) == ("error", "deposit")
    said = "equity-floor: `totals.equity >= 20000` does not hold (totals.equity is 10,200) ("
    assert finding.message.startswith(said)
    assert finding.message.endswith("policy.yaml:1)")
    held = judged("custom: [{code: ORG001, expression: totals.equity >= 1}]", tmp_path)
    (passed,) = (one for one in held.checks if one.code == "ORG001")
    assert (passed.status.value, passed.headroom) == ("pass", d(10199))


def test_rows_are_judged_one_by_one_at_their_places(tmp_path: Any) -> None:
    rule = (
        "{code: ORG002, where: positions, expression: leverage < 5, severity: warning, "
        "message: '{symbol}: {leverage}, {notional / totals.equity}'}"
    )
    outcome = judged(f"custom: [{rule}]", tmp_path)
    found = [one for one in outcome.findings if one.code == "ORG002"]
    assert [(one.subject, one.location.line, one.severity.value) for one in found] == [
        ("BTCUSDT", 5, "warning"),
        ("ETHUSDT", 6, "warning"),
    ]
    assert found[0].message.startswith("BTCUSDT: 10x, 0.58823529 (")


def test_rows_taken_as_given_have_rules_too(tmp_path: Any) -> None:
    each = (
        "{code: ORG1, where: other, expression: value > 0, message: '{name} in {pool}: {value}, {maintenance_margin}'}"
    )
    every = "{code: ORG2, expression: 'sum(other, initial_margin) < 54'}"
    outcome = judged(f"custom: [{each}, {every}]", tmp_path, BOOK + OPAQUE)
    found = [one for one in outcome.findings if one.code.startswith("ORG")]
    assert [(one.code, one.subject, one.location.line, one.value, one.limit) for one in found] == [
        ("ORG1", "calls", 8, d("-7.6"), d(0)),
        ("ORG2", "account", 1, d(54), d(54)),
    ]
    assert found[0].message.startswith("calls in cross: -7.6, 27 (")


def test_the_delta_of_such_a_row_is_of_several_assets(tmp_path: Any) -> None:
    _, said = policy("custom: [{code: ORG1, where: other, expression: delta > 0}]", tmp_path)
    assert "MC017 there is no `delta` here" in said[0]


def test_rows_of_collateral_are_found_at_their_places(tmp_path: Any) -> None:
    outcome = judged("custom: [{code: ORG1, where: collateral, expression: value < 0}]", tmp_path)
    assert [one.location.line for one in outcome.findings if one.code == "ORG1"] == [3]


def test_what_cannot_be_known_is_no_pass(tmp_path: Any) -> None:
    outcome = judged("custom: [{code: ORG003, expression: funding.runway_days >= 30}]", tmp_path)
    (problem,) = outcome.problems
    assert (problem.code, problem.message) == (
        "MC030",
        "`ORG003` cannot be evaluated: `funding.runway_days` does not exist",
    )


def test_a_waiver_of_the_policy_covers_it_and_one_of_the_book_does_not(tmp_path: Any) -> None:
    rule = "custom: [{code: ORG001, expression: totals.equity >= 20000}]\n"
    waiver = b'waivers: [{code: ORG001, until: 2027-01-01, reason: "agreed"}]\n'
    by_policy = judged(rule + waiver.decode(), tmp_path)
    assert [one.waived for one in by_policy.findings if one.code == "ORG001"] == [True]
    by_book = judged(rule, tmp_path, BOOK + waiver)
    assert [one.waived for one in by_book.findings if one.code == "ORG001"] == [False]
    assert [one.subject for one in by_book.findings if one.code == "MC904"] == ["ORG001"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("custom: [{code: MC999, expression: 1 > 0}]", "1:17 MC015 `MC999` is no code for a rule of one's own"),
        ("custom: [{code: org1, expression: 1 > 0}]", "1:17 MC015 `org1` is no code"),
        (
            "custom:\n  - {code: ORG1, expression: totals.equity > 0}\n  - {code: ORG1, expression: totals.equity > 0}",
            "3:12 MC016 the code `ORG1` is given twice",
        ),
        ("custom:\n  - code: ORG1\n    expression: totals.equty > 1", "3:17 MC017 there is no `totals.equty` here"),
        ("custom:\n  - code: ORG1\n    expression: 'true and equity > 1'", "3:27 MC017 there is no `equity` here"),
        (
            "custom:\n  - code: ORG1\n    expression: totals.equity > 0\n    message: it is {totals.equty}",
            "4:21 MC017 there is no `totals.equty` here",
        ),
        ("custom: [{code: ORG1, expression: 1 > 0, where: orders}]", "1:49 MC015 `where` must be"),
        ("custom: [{code: ORG1, expression: 1 > 0}]", "1:35 MC017 the rule is the same for every account"),
        ("custom: [{code: ORG1, expression: 'not false or 1 < 2'}]", "1:36 MC017 the rule is the same for every"),
        (
            "custom: [{code: ORG1, expression: totals.equity > 1 or totals.equity >= totals.equity}]",
            "1:56 MC017 `totals.equity` is compared with itself",
        ),
        (
            "custom: [{code: ORG1, expression: 'any(positions, leverage == leverage)'}]",
            "1:51 MC017 `leverage` is compared with itself",
        ),
        ("custom: [{code: ORG1}]", "1:10 MC012 `expression` is missing"),
        ("waivers: [{code: MC999, until: 2027-01-01, reason: x}]", "1:18 MC015 no limit has the code `MC999`"),
    ],
)
def test_what_is_wrong_with_one_has_its_place(text: str, said: str, tmp_path: Any) -> None:
    found, problems = policy(text, tmp_path)
    assert found is None
    assert problems[0].startswith(said)


def test_two_policies_may_not_mean_different_things_by_a_code(tmp_path: Any) -> None:
    from marginctl.analysis.policies import policy_of

    for name, least in (("a", 1), ("b", 2), ("c", 1)):
        (tmp_path / f"{name}.yaml").write_text(f"custom: [{{code: ORG1, expression: totals.equity > {least}}}]\n")
    assert policy_of([str(tmp_path / "a.yaml"), str(tmp_path / "c.yaml")])[1] == []
    (problem,) = policy_of([str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml")])[1]
    assert problem.message.startswith("ORG1 of ")
