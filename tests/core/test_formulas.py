"""Formula lines: of every figure that is no input one line, and no line that is nobody's."""

from msgspec import Struct

from marginctl.core import model_report, report
from marginctl.core.formulas import FORMULAS

CLASSES = {
    name: kind
    for module in (report, model_report)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, Struct)
}
BETWEEN = {
    "Price",
    "Mark",
    "Move",
    "Traded",
    "Follower",
    "Rate",
    "Term",
    "DearerSide",
    "Debt",
    "Order",
    "OrderNeed",
    "Outcome",
}
BETWEEN |= {"Model", "RiskUnit", "Charge", "TailDay", "UnitOrders"}
STEPS = {f"PositionFigures.{name}" for name in ("entry_value", "close_fee", "crossing", "base_size", "entry_size")}
INPUTS = {
    "PoolFigures": {"name", "margin_mode", "liquidation"},
    "PositionFigures": {"symbol", "side", "entry_price", "margin_mode", "pool", "purpose", "key", "expiry"},
    "CollateralFigures": {"asset", "pool", "next_unit", "bonus"},
    "OtherFigures": {"name", "pool", "value", "delta", "initial_margin", "maintenance_margin", "number"},
    "UnderlyingFigures": {"asset", "pool"},
    "NettingFigures": {"maintenance"},
    "PortfolioMargin": {
        *("pool", "model", "tiered", "saving"),
        *("units", "charges", "spreads", "history", "contributions"),
    },
}
"""Fields without a line: the user's own, what follows from the modes, rows of their own."""
REPORTED = {"Totals", "AccountLiquidation", "PoolFigures", "PositionFigures", "CollateralFigures", "UnderlyingFigures"}
REPORTED |= {"NettingFigures", "MaintenanceNetting", "FundingFigures", "OtherFigures"}
REPORTED |= {"PortfolioMargin", "TieredFigures", "ModelSaving"}


def has_line(owner: str, name: str) -> bool:
    """Whether a class or the one it extends says how a figure follows."""
    return any(f"{kind.__name__}.{name}" in FORMULAS for kind in CLASSES[owner].__mro__)


def test_every_figure_of_the_report_has_a_line_or_is_an_input() -> None:
    for owner in REPORTED:
        fields = set(CLASSES[owner].__struct_fields__)
        assert {name for name in fields if not has_line(owner, name)} == INPUTS.get(owner, set()), owner


def test_every_line_is_of_a_figure_or_of_a_step_between() -> None:
    for key in FORMULAS:
        owner, _, name = key.partition(".")
        if owner not in BETWEEN and key not in STEPS | {"CollateralFigures.gross_value"}:
            assert name in CLASSES[owner].__struct_fields__, key
