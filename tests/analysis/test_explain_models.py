"""What ``explain`` says of margins under a model: the operands of each, by hand in the comments of the portfolios."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from marginctl.analysis.check import Settings, load_portfolio
from marginctl.analysis.explain import explain
from marginctl.analysis.explain import explained as explained_figure
from marginctl.core.exact import exactly
from marginctl.core.plain import as_plain

PORTFOLIOS = Path(__file__).parents[2] / "portfolios"
SETTINGS = Settings(today=date(2026, 11, 22))


def explained(data: bytes, figure: str) -> list[tuple[str, Any]]:
    """Name with subject, and value, of all steps below a figure, depth first."""
    with exactly():
        result = explain(data, str(PORTFOLIOS / "book.yaml"), figure, SETTINGS)
    assert result.problems == ()
    found: list[tuple[str, Any]] = []

    def walk(step: Any) -> None:
        found.append((f"{step.name} of {step.of}" if step.of else step.name, step.value))
        for operand in step.operands:
            walk(operand)

    assert result.step is not None
    walk(result.step)
    return found


@pytest.mark.parametrize(
    ("portfolio", "figure", "steps"),
    [
        pytest.param(
            "18-portfolio-margin",
            "pools.cross.initial_margin",
            {"factor of the initial margin": "1.3", "loss of BTC in row 2": "500", "loss of ETH in row 2": "-300"},
            id="joint: the worst row, unit by unit",
        ),
        pytest.param(
            "19-spreads",
            "totals.maintenance_margin",
            {"worst_move of CORN": "-0.1", "net_value of CORN": "35000", "scan of SOY": "2500"},
            id="scans and the credit of a spread",
        ),
        pytest.param(
            "20-net-and-hedged",
            "pools.cross.maintenance_margin",
            {
                "scan of BTC": "1120",
                "net of BTC": "7000",
                "hedged of BTC": "63000",
                "charge of hedged delta on BTC": "630",
            },
            id="a floor of two charges",
        ),
        pytest.param(
            "21-contingencies",
            "pools.cross.initial_margin",
            {"core of ETH": "50.15", "charge of coins on ETH": "65", "collateral of ETH": "2000"},
            id="a charge on top of one margin",
        ),
        pytest.param(
            "22-worst-days",
            "pools.cross.maintenance_margin",
            {"loss of 2026-01-05": "2400", "loss of 2026-01-02": "1800", "share of 2026-01-02": "0.5"},
            id="the days of the tail",
        ),
    ],
)
def test_a_margin_of_a_model_shows_what_it_is_made_of(portfolio: str, figure: str, steps: dict[str, str]) -> None:
    found = dict(explained((PORTFOLIOS / f"{portfolio}.yaml").read_bytes(), figure))
    assert {name: found.get(name) for name in steps} == {name: Decimal(value) for name, value in steps.items()}


def test_orders_show_the_core_with_either_side_filled() -> None:
    # 5,000 short of BTC at 10% is 500; 5,000 more sold is 1,000: 500 more, times 1.3.
    text = (PORTFOLIOS / "18-portfolio-margin.yaml").read_text().replace("combine: joint", "combine: sum")
    text += "orders: [{symbol: BTCUSDT, side: sell, quantity: 0.1, price: 50000}]\n"
    found = dict(explained(text.encode(), "pools.cross.order_margin"))
    assert found["order_margin of cross"] == Decimal(650)
    assert found["core of BTC with its sells filled"] == Decimal(1000)


@pytest.mark.parametrize("path", sorted(PORTFOLIOS.glob("*.yaml"))[17:], ids=lambda path: path.stem)
def test_every_figure_under_a_model_is_explained(path: Path) -> None:
    with exactly():
        loaded, _ = load_portfolio(path.read_bytes(), str(path), SETTINGS)
        assert loaded is not None
        for figure in explained_figure(loaded, None, SETTINGS).figures:
            assert as_plain(explained_figure(loaded, figure, SETTINGS))["figure"] == figure
