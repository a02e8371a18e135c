"""The risk team's policy: what a book cannot do against it."""

from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import check, run

BOOK = """\
account: {venue: binance-usdm, collateral_mode: multi-asset}
prices: {BTC: 60000}
collateral: [{asset: USDT, amount: 10000}]
positions: [{symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 10}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def findings(book: str, policy: str | None = "limits: {}", code: str = "MC208") -> tuple[int, list[dict[str, Any]]]:
    """The exit code, and the findings of one limit."""
    Path("book.yaml").write_text(book)
    arguments = ["book.yaml", "--select", code, "--format", "json"]
    if policy is not None:
        Path("policy.yaml").write_text(policy + "\n")
        arguments += ["--limits", "policy.yaml"]
    ran = check(*arguments)
    (report,) = ran.json()["reports"]
    return ran.code, [one for one in report["findings"] if one["code"] == code]


KINDER = [
    pytest.param(BOOK.replace("USDT, amount: 10000", "BTC, amount: 1, haircut: 0%"), id="haircut"),
    pytest.param(BOOK.replace("asset}", "asset, liquidation_level: 0.5}"), id="level"),
    pytest.param(BOOK.replace("asset}", "asset, position_mode: hedge, netting: net}"), id="netting"),
    pytest.param(BOOK.replace("leverage: 10", "leverage: 10, maintenance_rate: 0.1%"), id="maintenance rate"),
]


@pytest.mark.parametrize("book", KINDER)
def test_what_is_kinder_than_the_venue_is_a_warning_alone_and_an_error_under_a_policy(book: str, folder: Path) -> None:
    code, found = findings(book, None)
    assert (code, [one["severity"] for one in found]) == (0, ["warning"])
    code, found = findings(book)
    assert (code, [one["severity"] for one in found]) == (1, ["error"])
    assert found[0]["message"].endswith(" (an error under a policy)")


@pytest.mark.parametrize("book", KINDER)
def test_a_book_cannot_waive_it_itself_but_the_policy_can(book: str, folder: Path) -> None:
    waiver = 'waivers: [{code: MC208, until: 2027-01-01, reason: "agreed with the desk"}]'
    code, found = findings(book + waiver)
    assert (code, [one["waived"] for one in found]) == (1, [False])
    code, found = findings(book, waiver)
    assert (code, [(one["waived"], one["reason"]) for one in found]) == (0, [(True, "agreed with the desk")])


def test_a_book_that_says_what_the_venue_says_is_fine(folder: Path) -> None:
    assert findings(BOOK) == (0, [])


@pytest.mark.parametrize(
    ("venues", "book", "said"),
    [
        ("[binance-usdm]", BOOK, None),
        ("[bybit, okx]", BOOK, "the policy does not allow the rule set `binance-usdm`, only `bybit`, `okx`"),
        (
            "[bybit]",
            BOOK[BOOK.index("prices") :].replace("10}", "10, maintenance_rate: 1%}"),
            "the policy does not allow the rule set `generic`, only `bybit`",
        ),
        ("[]", BOOK, "the policy does not allow the rule set `binance-usdm`, only none"),
    ],
)
def test_a_policy_says_which_rule_sets_count(venues: str, book: str, said: str | None, folder: Path) -> None:
    code, found = findings(book, f"venues: {venues}")
    assert code == (0 if said is None else 1)
    assert [one["message"] for one in found] == ([] if said is None else [f"{said} (an error under a policy)"])


def test_a_rule_file_of_the_books_own_is_not_the_rule_set_that_it_is_named_after(folder: Path) -> None:
    text = check("--version")
    assert text is not None
    from marginctl.venues.loader import rule_text

    Path("mine.yaml").write_text(rule_text("generic"))
    book = "account: {venue: mine.yaml}\n" + BOOK[BOOK.index("prices") :].replace("10}", "10, maintenance_rate: 1%}")
    code, found = findings(book, "venues: [generic]")
    assert (code, len(found)) == (1, 1)


def test_a_scenario_of_the_policy_wins_over_the_books_of_the_same_name(folder: Path) -> None:
    book = BOOK + "scenarios: [{name: crash, shocks: {BTC: -1%}}]\n"
    policy = "limits: {survive: crash}\nscenarios: [{name: crash, shocks: {BTC: -99.9%}}]"
    # 10,000 of USDT against a loss of up to 5,994: survives; ten times the size does not
    assert findings(book, policy, "MC113")[0] == 0
    assert findings(book.replace("quantity: 0.1", "quantity: 1"), policy, "MC113")[0] == 1


@pytest.mark.parametrize("policy", ["limits: {max_utilisation: 5%}", "nonsense: 1", ""])
def test_a_policy_with_a_mistake_is_exit_2_and_prints_no_figures(policy: str, folder: Path) -> None:
    Path("book.yaml").write_text(BOOK)
    Path("policy.yaml").write_text(policy)
    ran = check("book.yaml", "--limits", "policy.yaml", "--format", "json")
    assert (ran.code, ran.json()["reports"]) == (2, [])
    assert ran.json()["errors"][0]["file"] == "policy.yaml"


LONG = """\
prices: {BTC: 60000}
collateral: [{asset: USDT, amount: 10000}]
positions: [{symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 5, maintenance_rate: 0.5%}]
"""
"""Initial margin 0.1 x 60000 / 5 = 1200 over equity 10000: utilization 12%; leverage 5x."""


def under(*policies: str, book: str = LONG, select: str = "MC101") -> Any:
    """A run under the policies a.yaml, b.yaml, ... in this order."""
    Path("book.yaml").write_text(book)
    flags = []
    for name, policy in zip("abc", policies, strict=False):
        Path(f"{name}.yaml").write_text(policy + "\n")
        flags += ["--limits", f"{name}.yaml"]
    return check("book.yaml", "--select", select, "--format", "json", *flags)


def said(ran: Any) -> list[str]:
    return [one["message"] for one in ran.json()["reports"][0]["findings"]]


DETAIL = ": 1,200.00 USD of initial and order margin on 10,000.00 USD of equity"
STRICT, WIDE = "limits: {max_utilization: 10%}", "limits: {max_utilization: 60%}"


@pytest.mark.parametrize(
    ("policies", "file"),
    [
        ([STRICT, WIDE], "a.yaml"),
        ([WIDE, STRICT], "b.yaml"),
        ([STRICT, "limits: {max_utilization: off}"], "a.yaml"),
        ([STRICT, "limits: {}"], "a.yaml"),
        ([WIDE, "limits: {max_leverage: 9}", STRICT], "c.yaml"),
    ],
)
def test_of_several_policies_the_strictest_holds_and_is_named(policies: list[str], file: str, folder: Path) -> None:
    ran = under(*policies)
    checks = [one for one in ran.json()["reports"][0]["checks"] if one["code"] == "MC101"]
    assert [one["policy"] for one in checks] == [f"{file}:1"]
    assert (ran.code, said(ran)) == (1, [f"utilization of cross is 12%, above the limit 10% ({file}:1){DETAIL}"])


def test_several_policies_that_all_hold_pass(folder: Path) -> None:
    assert under(WIDE, "limits: {max_utilization: 12%}").code == 0


def test_a_narrower_limit_of_one_policy_takes_nothing_from_another(folder: Path) -> None:
    narrow = "limits: {positions: {BTCUSDT: {max_leverage: 20}}}"
    ran = under("limits: {max_position_leverage: 4}", narrow, select="MC105")
    assert (ran.code, said(ran)) == (1, ["leverage of the BTCUSDT long is 5x, above the limit 4x (a.yaml:1)"])


def test_a_policys_waiver_does_not_reach_the_limit_of_another(folder: Path) -> None:
    waiver = 'waivers: [{code: MC101, until: 2027-01-01, reason: "agreed"}]'
    ran = under(STRICT, f"{WIDE}\n{waiver}", select="MC101,MC904")
    assert ran.code == 1
    assert said(ran)[-1] == "the waiver of MC101 does not apply to the limit of another policy"
    assert under(f"{STRICT}\n{waiver}", WIDE).code == 0


def test_scenarios_of_several_policies_are_all_survived_or_not(folder: Path) -> None:
    # the long is liquidated where 10000 + 0.1 (P - 60000) = 0.0005 P, at P = -40000 / 0.0995: never by a fall
    crash = "scenarios: [{name: crash, shocks: {BTC: -99%}}]\nlimits: {survive: all}"
    rich = "scenarios: [{name: rally, shocks: {BTC: 5%}}]"
    poor = LONG.replace("10000", "1300")  # 1300 + 0.1 (P - 60000) = 0.0005 P: P = 47236.18, after 21.49% of the way
    assert under(crash, rich, select="MC113").code == 0
    ran = under(rich, crash, book=poor, select="MC113")
    assert ran.code == 1
    assert [one["subject"] for one in ran.json()["reports"][0]["findings"]] == ["crash"]


def test_one_name_for_two_scenarios_is_refused(folder: Path) -> None:
    ran = under("scenarios: [{name: crash, shocks: {BTC: -9%}}]", "scenarios: [{name: crash, shocks: {BTC: -99%}}]")
    (error,) = ran.json()["errors"]
    assert (ran.code, error["file"]) == (2, "b.yaml")
    assert error["message"] == "the scenario `crash` of a.yaml has other shocks here"
    assert under(*["scenarios: [{name: crash, shocks: {BTC: -9%}}]"] * 2).code == 0


def test_the_rule_sets_of_every_policy_count(folder: Path) -> None:
    ran = under("venues: [generic, bybit]", "venues: [bybit]", select="MC208")
    assert (ran.code, said(ran)) == (
        1,
        ["the policy b.yaml does not allow the rule set `generic`, only `bybit` (an error under a policy)"],
    )


@pytest.mark.parametrize("command", [["stress", "--no-curve"], ["what-if", "--deposit", "USDT=1"], ["headroom"]])
def test_the_other_commands_take_several_policies(command: list[str], folder: Path) -> None:
    Path("book.yaml").write_text(LONG.replace("10000", "1300"))
    Path("a.yaml").write_text("scenarios: [{name: crash, shocks: {BTC: -99%}}]\nlimits: {survive: crash}\n")
    Path("b.yaml").write_text("limits: {max_utilization: off}\n")
    assert run(*command, "book.yaml", "--limits", "a.yaml", "--limits", "b.yaml").code == 1
    assert run(*command, "book.yaml", "--limits", "a.yaml", "--limits", "c.yaml").code == 2


def test_a_policys_scenario_of_coins_that_are_not_there_is_said_and_no_mistake(folder: Path) -> None:
    ran = under("scenarios: [{name: luna, shocks: {LUNA: -99%}}]\nlimits: {survive: all}", select="MC113")
    assert (ran.code, said(ran)) == (
        0,
        ["survival of scenario luna not evaluated: it moves no price of this account"],
    )
    assert [one["status"] for one in ran.json()["reports"][0]["checks"] if one["code"] == "MC113"] == ["not-evaluated"]


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("scenarios: [{name: a, shocks: {BTC: 1%}}, {name: a, shocks: {BTC: 2%}}]", "the scenario `a` is given twice"),
        ("scenarios: [{name: off, shocks: {BTC: 1%}}]", "no scenario can be called `off`"),
        ("scenarios: [{name: a, shocks: {}}]", "the scenario `a` moves nothing"),
        ("limits: {survive: []}", "`survive` names no scenario"),
    ],
)
def test_what_a_policy_cannot_mean_is_refused(policy: str, said: str, folder: Path) -> None:
    ran = under(policy)
    assert (ran.code, [one["message"][: len(said)] for one in ran.json()["errors"]]) == (2, [said])
