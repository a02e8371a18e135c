"""Flags that change what is computed or judged: --set, --shock, --today, --select, --ignore, --limits, --fail-on."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import BROKEN, CLEAN, check, run

TWO_COINS = """\
prices: {BTC: 60000, ETH: 3000, EUR: 1.1}
collateral:
  - {asset: USDT, amount: 10000}
  - {asset: ETH, amount: 2, haircut: 10%}
  - {asset: EUR, amount: 100, haircut: 0%}
positions: [{symbol: BTCUSDT, side: short, quantity: 0.1, entry_price: 60000, leverage: 10, maintenance_rate: 0.5%}]
"""


def report(*arguments: str) -> dict[str, Any]:
    """The REPORT of a run of one file."""
    ran = check("--format", "json", *arguments)
    assert ran.code in {0, 1}, ran.out + ran.errors
    return dict(ran.json()["reports"][0])


def refusal(*arguments: str) -> str:
    """What a run that ends with 2 says."""
    ran = check(*arguments)
    assert ran.code == 2
    return ran.out + ran.errors


class TestSet:
    @pytest.mark.parametrize(
        ("edit", "equity", "initial"),
        [
            ("positions.0.leverage=5", "10100", "1200"),
            ("positions.0.quantity=0.2", "10200", "1200"),
            ("prices.BTC=59000", "10200", "590"),
            ("collateral=[{asset: USDC, amount: 5000}]", "5100", "600"),
            ("collateral.0.amount=-5", "95", "600"),
        ],
    )
    def test_edits_the_value_before_the_file_is_read(self, edit: str, equity: str, initial: str, folder: Path) -> None:
        totals = report("clean.yaml", "--set", edit)["totals"]
        assert (totals["equity"], totals["initial_margin"]) == (Decimal(equity), Decimal(initial))

    def test_may_be_repeated_the_later_one_counts(self, folder: Path) -> None:
        found = report("clean.yaml", "--set", "prices.BTC=1", "--set", "prices.BTC=59000", "--set", "account.name=x")
        assert (found["account"]["name"], found["positions"][0]["mark_price"]) == ("x", 59000)

    def test_leaves_the_file_alone(self, folder: Path) -> None:
        report("clean.yaml", "--set", "positions.0.leverage=5")
        assert (folder / "clean.yaml").read_text() == CLEAN

    def test_a_value_that_does_not_fit_is_refused_like_one_in_the_file(self, folder: Path) -> None:
        assert refusal("clean.yaml", "--set", "positions.0.leverage=1e1").startswith(
            "clean.yaml: MC014 `leverage` has an exponent: `1e1`\n  help: write 10\n"
        )


class TestShock:
    @pytest.fixture(autouse=True)
    def book(self, folder: Path) -> None:
        (folder / "two.yaml").write_text(TWO_COINS)

    @pytest.mark.parametrize(
        ("shocks", "equity"),
        [
            # 10000 + 110 EUR + 2 ETH x 3000 x 0.9, and 0.1 BTC short
            ([], "15510"),
            (["BTC=-5%"], "15810"),  # + 0.1 x 3000
            (["BTC=-0.05"], "15810"),
            (["BTC=5%"], "15210"),
            (["BTC=+5%"], "15210"),
            (["ETH=-10%"], "14970"),
            (["BTC=-5%", "ETH=-10%"], "15270"),
            (["*=-10%"], "15570"),  # BTC + 600, ETH - 540; EUR and stablecoins stay
            (["*=-10%", "BTC=0%"], "14970"),  # the named one wins
            (["EUR=-10%"], "15499"),
            (["BTC=-99.99%"], "21509.4"),
        ],
    )
    def test_moves_prices_and_the_marks_that_follow(self, shocks: list[str], equity: str) -> None:
        flags = [part for shock in shocks for part in ("--shock", shock)]
        assert report("two.yaml", *flags)["totals"]["equity"] == Decimal(equity)

    def test_leaves_quantities_and_entries(self) -> None:
        row = report("two.yaml", "--shock", "BTC=-5%")["positions"][0]
        assert (row["quantity"], row["entry_price"], row["mark_price"]) == (Decimal("0.1"), 60000, 57000)

    def test_of_an_asset_that_is_not_there_is_refused(self) -> None:
        assert "MC020 --shock names `DOGE`" in refusal("two.yaml", "--shock", "DOGE=-5%")

    @pytest.mark.parametrize(
        ("shock", "said"),
        [
            ("BTC=5", "moves by 100% or more without %"),
            ("BTC=-100%", "moves the price to 0 or below"),
            ("BTC=-150%", "moves the price to 0 or below"),
            ("BTC=1e-1", "has an exponent"),
            ("BTC", "has no value"),
            ("BTC=--20%", "has two signs"),
            ("BTC=+-20%", "has two signs"),
            ("BTC=-+20%", "has two signs"),
            ("BTCC=-20%", "did you mean `BTC`?"),
        ],
    )
    def test_that_cannot_be_meant_says_why(self, shock: str, said: str) -> None:
        assert said in refusal("two.yaml", "--shock", shock)

    @pytest.mark.parametrize("command", ["check", "stress", "headroom", "explain"])
    def test_of_an_asset_twice_is_refused_in_every_command(self, command: str) -> None:
        ran = run(command, "two.yaml", "--shock", "BTC=1%", "--shock", "BTC=2%")
        assert (ran.code, ran.errors.splitlines()[0]) == (2, "marginctl: --shock names `BTC` twice")

    @pytest.mark.parametrize("command", ["check", "stress", "headroom", "explain"])
    def test_with_two_signs_is_refused_in_every_command(self, command: str) -> None:
        assert run(command, "two.yaml", "--shock", "BTC=--20%").code == 2


class TestToday:
    WAIVED = CLEAN.replace("max_concentration: off", "max_concentration: 60%") + (
        'waivers: [{code: MC107, until: 2026-12-31, reason: "one coin by mandate"}]\n'
    )

    @pytest.mark.parametrize(("today", "code"), [("2026-12-30", 0), ("2026-12-31", 0), ("2027-01-01", 1)])
    def test_is_the_day_that_waivers_compare_with(self, today: str, code: int, folder: Path) -> None:
        (folder / "waived.yaml").write_text(self.WAIVED)
        assert check("waived.yaml", "--today", today).code == code

    @pytest.mark.parametrize(("today", "stale"), [("2026-06-27", False), ("2026-06-28", True)])
    def test_is_the_day_that_ages_compare_with(self, today: str, stale: bool, folder: Path) -> None:
        (folder / "venue.yaml").write_text(
            "account: {venue: bybit}\ncollateral: [{asset: USDT, amount: 5}]\n"
        )  # rules as of 2025-12-29, 180 days allowed
        found = report("venue.yaml", "--today", today)["findings"]
        assert ("MC201" in {one["code"] for one in found}) is stale


class TestSelection:
    def test_selected_rules_alone_are_checked_and_liquidation_always(self, folder: Path) -> None:
        found = report("broken.yaml", "--select", "MC101,MC104")
        assert {one["code"] for one in found["checks"]} == {"MC100", "MC101", "MC104"}

    def test_ignored_rules_are_not(self, folder: Path) -> None:
        assert "MC107" not in {one["code"] for one in report("broken.yaml", "--ignore", "mc107")["checks"]}

    def test_an_unknown_code_suggests_one(self, folder: Path) -> None:
        assert refusal("clean.yaml", "--select", "MC1O1").startswith(
            "marginctl: --select: no limit has the code `MC1O1`"
        )


class TestPolicy:
    @pytest.mark.parametrize(
        ("own", "policy", "limit", "code"),
        [
            ("5%", "6%", "0.05", 1),  # utilization is 600 / 10100 = 5.94%
            ("7%", "5%", "0.05", 1),
            ("7%", "6%", "0.06", 0),
            ("off", "5%", "0.05", 1),  # what a policy asks for cannot be switched off
            ("5%", "off", "0.05", 1),
        ],
    )
    def test_the_stricter_limit_wins(self, own: str, policy: str, limit: str, code: int, folder: Path) -> None:
        text = CLEAN.replace("max_concentration: off", f"max_concentration: off, max_utilization: {own}")
        (folder / "book.yaml").write_text(text)
        (folder / "risk.yaml").write_text(
            f"schema: marginctl.policy/1\nlimits:\n  max_concentration: off\n  max_utilization: {policy}\n"
        )
        ran = check("book.yaml", "--limits", "risk.yaml", "--format", "json")
        found = [one for one in ran.json()["reports"][0]["checks"] if one["code"] == "MC101"]
        assert (ran.code, {one["limit"] for one in found}) == (code, {Decimal(limit)})

    def test_a_finding_names_the_policy_and_its_line(self, folder: Path) -> None:
        (folder / "risk.yaml").write_text("limits:\n  max_concentration: off\n  max_utilization: 5%\n")
        (one,) = [one for one in report("clean.yaml", "--limits", "risk.yaml")["findings"] if one["code"] == "MC101"]
        assert "limit 5% (risk.yaml:3)" in one["message"]

    def test_a_waiver_of_the_portfolio_does_not_reach_it(self, folder: Path) -> None:
        (folder / "risk.yaml").write_text("limits: {max_concentration: 60%}\n")
        (folder / "waived.yaml").write_text(TestToday.WAIVED)
        assert check("waived.yaml").code == 0
        assert check("waived.yaml", "--limits", "risk.yaml").code == 1

    def test_its_scenarios_are_put_through_every_portfolio(self, folder: Path) -> None:
        (folder / "risk.yaml").write_text(
            "limits: {survive: squeeze, max_concentration: off}\nscenarios: [{name: squeeze, shocks: {BTC: 200%}}]\n"
        )
        found = report("clean.yaml", "--limits", "risk.yaml")
        # 10100 - 12000: gone on the way
        assert [one["status"] for one in found["checks"] if one["code"] == "MC113"] == ["fail"]

    def test_a_policy_that_cannot_be_read_stops_the_run(self, folder: Path) -> None:
        (folder / "risk.yaml").write_text("limits: {max_utilisation: 5%}\n")
        ran = check("clean.yaml", "--limits", "risk.yaml")
        assert (ran.code, ran.out.splitlines()[0]) == (2, "risk.yaml:1:10: MC010 unknown key `max_utilisation`")
        assert "clean" not in ran.out


class TestRepeated:
    """What is given twice counts twice."""

    def test_select(self, folder: Path) -> None:
        assert check("broken.yaml", "--select", "MC107", "--select", "MC101").code == 1
        assert check("broken.yaml", "--select", "MC101", "--select", "MC103,MC104").code == 0

    def test_ignore(self, folder: Path) -> None:
        both = BROKEN.replace("limits: {", "limits: {max_utilization: 1%, ")
        (folder / "both.yaml").write_text(both)
        assert check("both.yaml", "--ignore", "MC107", "--ignore", "MC101").code == 0
        assert check("both.yaml", "--ignore", "MC101,MC107").code == 0
        assert check("both.yaml", "--ignore", "MC101").code == 1

    def test_two_formats_do_not_go_to_one_file(self, folder: Path) -> None:
        said = refusal("clean.yaml", "-o", "json=out", "-o", "sarif=./out")
        assert said.startswith("marginctl: `out` is to be written twice\n")


class TestRules:
    """A folder of rules that is not there is not the bundled rules."""

    BOOK = CLEAN.replace("prices:", "account: {venue: binance-usdm}\nprices:")

    @pytest.mark.parametrize(
        "command", [["check"], ["stress"], ["what-if", "--deposit", "USDT=1"], ["headroom"], ["explain"]]
    )
    @pytest.mark.parametrize("rules", ["no/such/folder", "book.yaml"])
    def test_that_are_not_there(self, command: list[str], rules: str, folder: Path) -> None:
        (folder / "book.yaml").write_text(self.BOOK)
        assert run(*command, "book.yaml").code == 0
        ran = run(*command, "book.yaml", "--rules", rules)
        assert (ran.code, f"{rules}: MC001 --rules: cannot be read" in ran.out + ran.errors) == (2, True)

    def test_a_link_that_leads_nowhere_is_no_rule_set(self, folder: Path) -> None:
        (folder / "book.yaml").write_text(self.BOOK)
        (folder / "own").mkdir()
        (folder / "own/binance-usdm.yaml").symlink_to("gone")
        assert refusal("book.yaml", "--rules", "own").startswith("own/binance-usdm.yaml: MC001 --rules: cannot be read")


class TestSurvive:
    """A scenario that a limit names and nobody has is a mistake also where the limit is left out."""

    @pytest.mark.parametrize("flags", [[], ["--ignore", "MC113"], ["--select", "MC101"]])
    @pytest.mark.parametrize("survive", ["crahs", "[all, crahs]", "{warn: crahs}"])
    def test_of_nobody(self, survive: str, flags: list[str], folder: Path) -> None:
        limits = f"limits: {{survive: {survive}, "
        scenario = "scenarios: [{name: crash, shocks: {BTC: -9%}}]\n"
        (folder / "book.yaml").write_text(CLEAN.replace("limits: {", limits) + scenario)
        ran = check("book.yaml", "--format", "json", *flags)
        (error,) = ran.json()["errors"]
        assert (ran.code, error["code"]) == (2, "MC030")
        assert error["message"] == "`survive` cannot be evaluated: there is no scenario crahs"
        assert error["help"] == "did you mean `crash`? Otherwise add it under `scenarios`"
