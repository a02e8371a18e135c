"""Every bundled portfolio computes what was derived by hand, says so in its comment, and passes or fails on purpose."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from marginctl.cli.app import app

from . import derived_applied as applied
from . import derived_generic as generic
from . import derived_models as models
from .reckoning import Derived, exact

ROOT = Path(__file__).parents[2]
FILES = {path.stem: path for path in sorted((ROOT / "portfolios").glob("*.yaml"))}
TODAY = "2026-11-22"
LAST_PLACE = Fraction(1, 10**8)
BY_HAND: dict[str, Callable[[], Derived]] = {
    "01-two-underlyings": generic.two_underlyings,
    "02-two-legs-netted": generic.two_legs_netted,
    "03-cross-margin": generic.cross_margin,
    "04-isolated-margin": generic.isolated_margin,
    "05-haircuts": generic.haircuts,
    "06-margin-tiers": generic.margin_tiers,
    "07-delta-neutral": generic.delta_neutral,
    "08-collateral-falls": generic.collateral_falls,
    "09-two-silos": generic.two_silos,
    "10-coin-margined": applied.coin_margined,
    "11-multi-assets": applied.multi_assets,
    "12-five-positions": applied.five_positions,
    "13-published-example": applied.published_example,
    "14-currency-hedge": applied.currency_hedge,
    "15-open-orders": applied.open_orders,
    "16-scenarios": applied.scenarios,
    "17-near-liquidation": applied.near_liquidation,
    "18-portfolio-margin": models.portfolio_margin,
    "19-spreads": models.spreads,
    "20-net-and-hedged": models.net_and_hedged,
    "21-contingencies": models.contingencies,
    "22-worst-days": models.worst_days,
    "23-taken-as-given": applied.taken_as_given,
}
EVERY = pytest.mark.parametrize("name", BY_HAND)


def run(*arguments: str, text: str | None = None) -> tuple[int, dict[str, Any]]:
    """The exit code and the document of one check."""
    result = CliRunner().invoke(app, ["check", *arguments, "--format", "json", "--today", TODAY], input=text)
    return result.exit_code, json.loads(result.stdout, parse_float=Decimal, parse_int=Decimal)


def report_of(*arguments: str, text: str | None = None) -> dict[str, Any]:
    """The report of the only file of a check."""
    _, document = run(*arguments, text=text)
    report: dict[str, Any] = document["reports"][0]
    return report


@cache
def checked(name: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the report of a bundled portfolio, as it is."""
    code, document = run(str(FILES[name]))
    (report,) = document["reports"]
    return code, report


def comment_and_body(name: str) -> tuple[str, str]:
    """The comment that a file begins with, and the rest."""
    lines = FILES[name].read_text(encoding="utf-8").splitlines()
    size = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    return "\n".join(lines[:size]), "\n".join(lines[size:])


def test_every_bundled_portfolio_is_derived_by_hand() -> None:
    assert list(FILES) == list(BY_HAND)


@EVERY
@pytest.mark.parametrize("figure", ["equity", "initial_margin", "order_margin", "maintenance_margin"])
def test_money_is_what_was_derived_by_hand(name: str, figure: str) -> None:
    _, report = checked(name)
    assert abs(Fraction(report["totals"][figure]) - getattr(BY_HAND[name](), figure)) < LAST_PLACE


@EVERY
def test_liquidation_prices_are_those_derived_by_hand_rounded_toward_the_mark(name: str) -> None:
    _, report = checked(name)
    found = {f"{row['symbol']}:{row['side']}": row for row in report["positions"]}
    derived = BY_HAND[name]().liquidation
    assert found.keys() == derived.keys()
    for key, price in derived.items():
        shown = found[key]["liquidation_price"]
        if price is None:
            assert shown is None, key
            continue
        excess = Fraction(shown) - price
        assert -LAST_PLACE < excess < LAST_PLACE, key
        assert (excess >= 0) == (found[key]["liquidation_side"] == "below") or not excess, key


@EVERY
def test_the_move_of_all_assets_together_is_the_one_derived_by_hand(name: str) -> None:
    _, report = checked(name)
    derived, found = BY_HAND[name](), report["liquidation"]
    for shown, move in ((found["down"], derived.down), (found["up"], derived.up)):
        assert (shown is None) == (move is None)
        assert move is None or abs(abs(Fraction(shown)) - move) < LAST_PLACE


@EVERY
def test_it_passes_or_fails_on_purpose(name: str) -> None:
    code, report = checked(name)
    derived = BY_HAND[name]()
    found = {(finding["severity"], finding["code"]) for finding in report["findings"]}
    graded = (("error", derived.failing), ("warning", derived.warning), ("note", derived.noted))
    assert found == {(severity, code) for severity, codes in graded for code in codes}
    assert code == (1 if derived.failing else 0)
    assert ("exit code 1" in comment_and_body(name)[0]) == bool(derived.failing)


@EVERY
def test_the_comment_quotes_the_figures_derived_by_hand(name: str) -> None:
    numbers = numbers_in(comment_and_body(name)[0])
    for quote in BY_HAND[name]().quotes:
        assert quote.removesuffix("x").removesuffix("%") in numbers, quote


@EVERY
def test_the_comment_quotes_nothing_that_is_neither_derived_nor_in_the_file(name: str) -> None:
    comment, body = comment_and_body(name)
    derived = {quote.removesuffix("x").removesuffix("%") for quote in BY_HAND[name]().quotes}
    written = {Fraction(number) for number in re.findall(r"\d+(?:\.\d+)?", body)}
    for number in numbers_in(comment.replace("exit code 1", "")):
        assert number in derived or exact(number.replace(",", "")) in written, number


def numbers_in(comment: str) -> set[str]:
    """The numbers of a comment, without codes such as MC101."""
    return {number.rstrip(",") for number in re.findall(r"\d[\d,]*(?:\.\d+)?", re.sub(r"MC\d+", "", comment))}


@EVERY
def test_the_comment_has_two_to_six_lines(name: str) -> None:
    assert 2 <= len(comment_and_body(name)[0].splitlines()) <= 6


@pytest.mark.parametrize(("netting", "initial_margin"), [("none", 90000), ("larger-leg", 60000), ("net", 30000)])
def test_two_legs_need_what_the_netting_rule_asks_for(netting: str, initial_margin: int) -> None:
    report = report_of(str(FILES["02-two-legs-netted"]), "--set", f"account.netting={netting}")
    assert report["totals"]["initial_margin"] == initial_margin


def test_cross_drags_the_winner_along_and_isolation_does_not() -> None:
    checks = {
        name: next(c for c in checked(name)[1]["checks"] if c["code"] == "MC116")
        for name in ("03-cross-margin", "04-isolated-margin")
    }
    assert {name: check["value"] for name, check in checks.items()} == {"03-cross-margin": 1, "04-isolated-margin": 0}


def test_a_thousand_of_eth_counts_nine_hundred() -> None:
    _, report = checked("05-haircuts")
    assert {row["asset"]: row["value"] for row in report["collateral"]} == {"USDT": 10000, "ETH": 900, "BTC": 165000}
    assert report["totals"]["gross_collateral"] == 191000


def test_a_position_without_delta_is_the_point_of_the_delta_neutral_book() -> None:
    _, report = checked("07-delta-neutral")
    # 120000 of short less 85000 of debt: the short buys the USDT that it is quoted in.
    assert {row["asset"]: row["delta"] for row in report["underlyings"]} == {"BTC": 0, "USDT": 35000}
    assert report["funding"]["per_day"] == 36


def test_collateral_alone_is_the_nearest_danger() -> None:
    _, report = checked("08-collateral-falls")
    nearest = min(report["underlyings"], key=lambda row: row["distance"])
    assert nearest["asset"] == "ETH"
    assert abs(Fraction(nearest["liquidation_down"]) - 3000 * (1 - exact("11640") / 30600)) < LAST_PLACE


def test_the_two_silos_in_one_pool_are_liquidated_by_their_margin_far_out() -> None:
    report = report_of(str(FILES["09-two-silos"]), "--set", "account.collateral_mode=multi-asset")
    # 16000 against 0.5% of 2 x 60000 (1 + u): at 26 2/3 times the price
    assert report["liquidation"]["down"] is None
    assert abs(Fraction(report["liquidation"]["up"]) - Fraction(77, 3)) < LAST_PLACE
    assert [row["liquidation_price"] for row in report["positions"]] == [1_600_000, 1_600_000]


def test_the_coin_margined_long_has_the_delta_of_its_collateral_too() -> None:
    _, report = checked("10-coin-margined")
    assert [row["delta"] for row in report["underlyings"]] == [18]
    assert [row["tier"] for row in report["positions"]] == [2]


def test_five_positions_fund_for_the_days_quoted() -> None:
    _, report = checked("12-five-positions")
    assert report["funding"]["per_day"] == Decimal("-157.5")
    assert abs(Fraction(report["funding"]["runway_days"]) - exact("101930") / exact("157.5")) < LAST_PLACE


def test_the_euro_alone_liquidates_without_the_hedge() -> None:
    hedge = re.compile(r"  - \{symbol: EURUSDT.*\n")
    text, removed = hedge.subn("", FILES["14-currency-hedge"].read_text(encoding="utf-8"))
    assert removed == 1
    (euro,) = (row for row in report_of("-", text=text)["underlyings"] if row["asset"] == "EUR")
    price = exact("1.1") * (1 - (exact("32800") - 150) / 107800)
    assert abs(Fraction(euro["liquidation_down"]) - price) < LAST_PLACE


def test_a_bonus_is_lost_first_and_is_no_equity_of_ones_own() -> None:
    _, report = checked("23-taken-as-given")
    totals = report["totals"]
    assert (totals["bonus"], totals["own_equity"], totals["other"]) == (500 - 100, 4280 - 400, -120)
    # 6000 of the long at 5 and 300 of the row; 4280 - 1500 are free
    assert (totals["free_collateral"], report["underlyings"][0]["delta"]) == (2780, Decimal("0.08"))


def test_the_calls_that_are_taken_as_given_hold_liquidation_off() -> None:
    row = re.compile(r"\nother:\n.*\n")
    text, removed = row.subn("", FILES["23-taken-as-given"].read_text(encoding="utf-8"))
    assert removed == 1
    # 4400 - 6000 u = 30 (1 - u)
    down = -report_of("-", text=text)["liquidation"]["down"]
    assert abs(Fraction(down) - Fraction(4370, 5970)) < LAST_PLACE


def test_scenarios_end_where_they_were_derived_to_end() -> None:
    _, report = checked("16-scenarios")
    ends = {check["subject"]: check["value"] for check in report["checks"] if check["code"] == "MC113"}
    assert ends == {"crypto-crash": None, "usdt-off-peg": None, "eth-runs": Decimal("0.985")}


@pytest.mark.parametrize(
    ("shocks", "equity"),
    [
        (("BTC=-30%", "ETH=-40%", "SOL=-50%"), 51000),
        (("USDT=-10%",), 57000),
    ],
)
def test_what_scenarios_cost_is_what_the_same_shocks_cost(shocks: tuple[str, ...], equity: int) -> None:
    flags = [flag for shock in shocks for flag in ("--shock", shock)]
    assert report_of(str(FILES["16-scenarios"]), *flags)["totals"]["equity"] == equity


def test_the_deposit_quoted_near_liquidation_passes() -> None:
    deposited = str(20000 + 25000)
    code, _ = run(str(FILES["17-near-liquidation"]), "--set", f"collateral.0.amount={deposited}")
    one_cent_less, _ = run(str(FILES["17-near-liquidation"]), "--set", "collateral.0.amount=44999.99")
    assert (code, one_cent_less) == (0, 1)
