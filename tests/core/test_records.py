"""The records of the core: none changes once it is made, and no figure is taken by its place."""

from importlib import import_module
from pkgutil import iter_modules

import pytest
from msgspec import Struct

from marginctl import core

GROWING = {"Touched", "Available", "Ranks"}
"""What one function fills and keeps to itself."""
FILLED_BY_NAME = {
    "account": {"MarginRules", "Account"},
    "opaque": {"OpaqueRow"},
    "path": {"Scenario"},
    "model": {"Spread", "Charge", "TailTerms", "ModelTerms"},
    "model_margin": {"Modelled"},
    "pool": {"OpaqueHolding"},
    "returns": {"History"},
    "cascade": {"Cascade", "IsolatedComparison"},
}
"""What a file says and what many figures of one kind make up: two of them cannot be taken for each other."""
FIGURES = (
    *("report", "model_report", "rooms", "outcome", "sequence", "funding_cases", "model_contributions", "pooling"),
    "tiered_way",
)
"""Modules whose records are figures that are shown, each filled by name."""
FEW = {"AccountHeader", "Liquidation", "AccountLiquidation", "Stop", "Remedies", "PassedTier", "RateHistory"}
"""Records among them that say one thing."""


def records() -> list[type[Struct]]:
    modules = [import_module(f"{core.__name__}.{one.name}") for one in iter_modules(core.__path__)]
    every = [(module, one) for module in modules for one in vars(module).values() if isinstance(one, type)]
    return [one for module, one in every if issubclass(one, Struct) and one.__module__ == module.__name__]


def test_a_record_does_not_change() -> None:
    """Accounts, pools and figures are handed on and kept: who has one may rely on it."""
    found = records()
    assert len(found) > 80
    assert {one.__name__ for one in found if not one.__struct_config__.frozen} == GROWING


@pytest.mark.parametrize("record", records(), ids=lambda one: one.__name__)
def test_a_figure_is_filled_by_name(record: type[Struct]) -> None:
    module, name = record.__module__.rpartition(".")[2], record.__name__
    if name in FILLED_BY_NAME.get(module, ()) or (module in FIGURES and name not in FEW):
        with pytest.raises(TypeError, match="positional"):
            record(*record.__struct_fields__)
