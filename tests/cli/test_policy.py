"""The risk team's policy: what a book cannot do against it."""

from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import check

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
