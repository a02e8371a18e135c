"""Published and hand-derived examples of portfolio margin, each with its source, through the public functions."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from marginctl.analysis.check import Settings, check
from marginctl.analysis.compare import CompareOptions, compare
from marginctl.core.exact import ONE, ZERO
from marginctl.core.model import Quantile, TailMean
from marginctl.core.money import Fixed, Form, Graded, MovingAmount, Sum, Times, graded_curve, size
from marginctl.core.plain import as_plain
from marginctl.core.tail import Sample, TailFigure

DATA = Path(__file__).parent / "portfolio_margin.json"
ENTRIES: list[dict[str, Any]] = json.loads(DATA.read_text(), parse_float=Decimal, parse_int=Decimal)
TODAY = date(2026, 11, 22)
ROUNDED = Decimal("2e-8")
"""Requirements are reported with eight decimals, rounded up."""


def of_kind(*kinds: str) -> list[Any]:
    return [pytest.param(entry, id=entry["id"]) for entry in ENTRIES if entry["kind"] in kinds]


def test_every_kind_is_read() -> None:
    read = {"document", "refusal", "sample_quantile", "sample_tail", "worst_of_sample", "weighted_tail"}
    read |= {"marginal_tiers", "hedged_charge", "compare", "okx_carry"}
    assert {entry["kind"] for entry in ENTRIES} == read
    assert len(ENTRIES) == 70


def checked(entry: dict[str, Any], folder: Path) -> Any:
    """The outcome of an entry's document, with its files beside it."""
    for name, text in entry["inputs"].get("files", {}).items():
        (folder / name).write_text(text)
    data = json.dumps(entry["inputs"]["document"], default=str).encode()
    return check(data, str(folder / "book.json"), Settings(today=TODAY))


@pytest.mark.parametrize("entry", of_kind("document"))
def test_the_figures_of_a_document(entry: dict[str, Any], tmp_path: Path) -> None:
    outcome = checked(entry, tmp_path)
    assert outcome.problems == ()
    report = as_plain(outcome)
    found = {path: at(report, path) for path in entry["expected"]}
    assert {path: agrees(found[path], want, entry) for path, want in entry["expected"].items()} == dict.fromkeys(
        found, True
    ), found


def at(tree: Any, path: str) -> Any:
    for name in path.split("."):
        tree = tree[int(name)] if isinstance(tree, list) else tree[name]
    return tree


def agrees(found: Any, want: Any, entry: dict[str, Any]) -> bool:
    if not isinstance(want, Decimal):
        return bool(found == want)
    allowed = max(ROUNDED, Decimal(entry["tolerance"]) * max(ONE, abs(want)))
    return found is not None and abs(found - want) <= allowed


@pytest.mark.parametrize("entry", of_kind("refusal"))
def test_what_is_refused_says_why(entry: dict[str, Any], tmp_path: Path) -> None:
    outcome = checked(entry, tmp_path)
    assert outcome.report is None
    said = " ".join(f"line {one.location.line} {one.message} {one.help}" for one in outcome.problems)
    assert [name for name in entry["expected"]["names"] if name not in said] == []


def figure(sample: list[Decimal], p: Decimal, weights: tuple[Decimal, ...] | None = None, **terms: Any) -> Decimal:
    """A tail figure of a plain sample: one exposure of 1 whose moves are the sample."""
    moves = tuple((value,) for value in sample)
    return TailFigure(Sample((Form((MovingAmount(ONE, "X"),)),), moves, weights), p, **terms).at({})


@pytest.mark.parametrize("entry", of_kind("sample_quantile"))
def test_quantiles_of_a_sample(entry: dict[str, Any]) -> None:
    sample, p = entry["inputs"]["sample"], entry["inputs"]["p"]
    for name, want in entry["expected"].items():
        assert agrees(-figure(sample, p, quantile=Quantile(name)), want, entry), name


@pytest.mark.parametrize("entry", of_kind("sample_tail"))
def test_the_mean_of_the_lowest_part(entry: dict[str, Any]) -> None:
    sample, p = entry["inputs"]["sample"], entry["inputs"]["p"]
    assert agrees(-figure(sample, p, mean=TailMean.EXACT), entry["expected"]["exact"], entry)


@pytest.mark.parametrize("entry", of_kind("worst_of_sample"))
def test_the_worst_of_many_returns(entry: dict[str, Any]) -> None:
    given, want = entry["inputs"], entry["expected"]
    sample = given["worst"] + [ONE] * int(given["n"] - len(given["worst"]))
    assert agrees(figure(sample, given["p"]), want["value_at_risk"], entry)
    assert agrees(figure(sample, given["p"], mean=TailMean.EXACT), want["expected_shortfall"], entry)


@pytest.mark.parametrize("entry", of_kind("weighted_tail"))
def test_a_tail_with_weights(entry: dict[str, Any]) -> None:
    given, want = entry["inputs"], entry["expected"]
    others = int(given["n"]) - len(given["losses"])
    sample = [-loss for loss in given["losses"]] + [ONE] * others
    rest = (ONE - sum(given["weights"], ZERO)) / others
    weights = (*given["weights"], *[rest] * others)
    found = {
        "value_at_risk_equal": figure(sample, given["p"]),
        "expected_shortfall_equal": figure(sample, given["p"], mean=TailMean.EXACT),
        "value_at_risk": figure(sample, given["p"], weights),
        "expected_shortfall": figure(sample, given["p"], weights, mean=TailMean.EXACT),
    }
    assert {name: agrees(value, want[name], entry) for name, value in found.items()} == dict.fromkeys(want, True)


@pytest.mark.parametrize("entry", of_kind("marginal_tiers"))
def test_marginal_tiers(entry: dict[str, Any]) -> None:
    tiers = [(tier.get("up_to"), tier["factor"]) for tier in entry["inputs"]["tiers"]]
    assert Graded(Fixed(entry["inputs"]["raw"]), graded_curve(tiers)).at({}) == entry["expected"]["amount"]


@pytest.mark.parametrize("entry", of_kind("hedged_charge"))
def test_gross_is_net_and_twice_hedged(entry: dict[str, Any]) -> None:
    given = entry["inputs"]
    hedged = (given["gross"] - abs(given["net"])) / 2
    assert hedged == entry["expected"]["hedged"]
    net = size(Form((MovingAmount(given["net"] * given["price"], "BTC"),)))
    charge = Sum((Times(net, given["net_rate"]), Times(Fixed(hedged * given["price"]), given["hedged_rate"])))
    assert charge.at({}) == entry["expected"]["amount"]


@pytest.mark.parametrize("entry", of_kind("compare"))
def test_a_book_under_several_modes(entry: dict[str, Any]) -> None:
    data = json.dumps(entry["inputs"]["document"], default=str).encode()
    wanted = CompareOptions(modes=tuple(entry["inputs"]["modes"]))
    found = as_plain(compare(data, "book.json", Settings(today=TODAY), wanted))
    assert found["summary"]["exit_code"] == 0
    agreed = {path: agrees(at(found, path), want, entry) for path, want in entry["expected"].items()}
    assert agreed == dict.fromkeys(entry["expected"], True)


@pytest.mark.parametrize("entry", of_kind("okx_carry"))
def test_a_book_on_another_venue(entry: dict[str, Any]) -> None:
    given, want = entry["inputs"], entry["expected"]
    document = {
        "account": {"taker_fee": given["taker_fee"], "collateral_mode": "multi-asset"},
        "prices": {"BTC": given["price"]},
        "collateral": [{"asset": "USDT", "amount": 10000}],
        "positions": [
            {
                "symbol": "BTCUSDT",
                "side": "long",
                "quantity": given["quantity"],
                "leverage": given["leverage"],
                "maintenance_rate": "1%",
            }
        ],
    }
    data = json.dumps(document, default=str).encode()
    rows = compare(data, "book.json", Settings(today=TODAY), CompareOptions(venues=("okx",))).rows
    row = rows["okx/multi-asset"]
    assert [(one.symbol, one.to, one.contracts) for one in row.mapped] == [
        ("BTCUSDT", "BTC-USDT-SWAP", want["contracts"])
    ]
    assert (row.status, row.initial_margin, row.maintenance_margin) == (
        "complete",
        want["initial_margin"],
        want["maintenance_margin"],
    )
    changed = [(one.symbol, one.what, one.before, one.after) for one in row.changed]
    assert changed == [("BTCUSDT", "maintenance_rate", "0.01", None), ("USDT", "haircut", None, "the file's")]
