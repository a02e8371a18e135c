"""Policies that extend others, and limits for some accounts."""

from pathlib import Path

import pytest
from tests.cli.running import check

from marginctl.analysis.policies import policy_of

BOOK = """\
account: {name: desk-a}
prices: {BTC: 60000}
collateral: [{asset: USDT, amount: 10000}]
positions: [{symbol: BTCUSDT, side: long, quantity: 0.1, leverage: 10, maintenance_rate: 0.5%, funding_rate: 0.01%}]
"""
"""Initial margin 600 over an equity of 10,000: utilization 6%, leverage 0.6."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "a.yaml").write_text(BOOK)
    return tmp_path


def broken(policy: str, code: str = "MC101") -> list[str]:
    Path("policy.yaml").write_text(policy + "\n")
    ran = check("books/a.yaml", "--limits", "policy.yaml", "--select", code, "--format", "json")
    (report,) = ran.json()["reports"]
    return [one["message"].partition(": ")[0] for one in report["findings"] if one["code"] == code]


def test_of_a_policy_and_what_it_extends_the_stricter_holds_and_is_named(folder: Path) -> None:
    (folder / "firm.yaml").write_text("limits: {max_utilization: 5%}\n")
    wide = "extends: firm.yaml\nlimits: {max_utilization: 50%}"
    assert broken(wide) == ["utilization of cross is 6%, above the limit 5% (firm.yaml:1)"]
    strict = "extends: [firm.yaml]\nlimits: {max_utilization: 4%}"
    assert broken(strict) == ["utilization of cross is 6%, above the limit 4% (policy.yaml:2)"]
    off = "extends: [firm.yaml]\nlimits: {max_utilization: off}"
    assert broken(off) == ["utilization of cross is 6%, above the limit 5% (firm.yaml:1)"]


def test_paths_count_from_the_file_that_names_them_and_circles_end(folder: Path) -> None:
    (folder / "firm").mkdir()
    (folder / "firm" / "base.yaml").write_text("extends: ../policy.yaml\nlimits: {max_utilization: 5%}\n")
    (folder / "firm" / "desk.yaml").write_text("extends: base.yaml\n")
    assert broken("extends: [firm/desk.yaml, firm/base.yaml]") == [
        "utilization of cross is 6%, above the limit 5% (firm/base.yaml:2)"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends: nowhere.yaml", "policy.yaml:1:10 MC001 `extends` names `nowhere.yaml`, and there is no such file"),
        ("extends:\n  - policy.yaml\n  - none.yaml", "policy.yaml:3:5 MC001 `extends` names `none.yaml`"),
        (
            "extends: https://host.example/policy.yaml",
            "policy.yaml:1:10 MC015 `https://host.example/policy.yaml` is no file of this computer",
        ),
        ("extends: books/a.yaml", "books/a.yaml:1:1 MC010 unknown key `account`"),
    ],
)
def test_what_cannot_be_extended_has_its_place(text: str, said: str, folder: Path) -> None:
    Path("policy.yaml").write_text(text + "\n")
    policy, (problem, *_) = policy_of(["policy.yaml"])
    place = problem.location
    assert policy is None
    assert f"{place.file}:{place.line}:{place.column} {problem.code} {problem.message}".startswith(said)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("desk-*", True),
        ("desk-a", True),
        ("a", False),
        ("desk", False),
        ("books/*.yaml", True),
        ("books/**", True),
        ("*/a.yaml", True),
        ("other/*", False),
    ],
)
def test_limits_of_some_accounts_stand_in_place_of_those_for_all(pattern: str, fits: bool, folder: Path) -> None:
    text = f'limits: {{max_utilization: 5%}}\naccounts: {{"{pattern}": {{max_utilization: 10%}}}}'
    assert bool(broken(text)) is not fits
    only = f'accounts: {{"{pattern}": {{max_utilization: 1%}}}}'
    assert bool(broken(only)) is fits


def test_of_several_patterns_that_fit_the_strictest_holds_and_the_other_limits_stay(folder: Path) -> None:
    text = (
        "limits: {max_utilization: 90%, max_leverage: 0.5}\n"
        'accounts: {"desk-*": {max_utilization: 10%}, "*-a": {max_utilization: 5%}}'
    )
    assert broken(text) == ["utilization of cross is 6%, above the limit 5% (policy.yaml:2)"]
    assert broken(text, "MC104") == ["leverage of the account is 0.6x, above the limit 0.5x (policy.yaml:1)"]


def test_narrower_limits_may_be_those_of_some_accounts_too(folder: Path) -> None:
    text = 'accounts: {"desk-*": {positions: {BTCUSDT: {max_leverage: 5}}}}'
    (found,) = broken(text, "MC105")
    assert "above the limit 5x for BTCUSDT (policy.yaml:1)" in found
