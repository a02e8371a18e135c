"""Random portfolios that can be checked, as plain rows of text."""

import json
from typing import Any

from hypothesis import strategies as st

from marginctl.document.nodes import Mapping, Node, Scalar

Book = dict[str, Any]

CONTRACTS = {
    "BTCUSD_PERP": {
        "type": "inverse",
        "base": "BTC",
        "quote": "USD",
        "contract_size": "100",
        "tiers": [
            {"up_to": "2", "maintenance_rate": "0.5%", "max_leverage": "50"},
            {"maintenance_rate": "1.25%", "max_leverage": "20"},
        ],
    },
    "ABCUSDT": {
        "base": "ABC",
        "quote": "USDT",
        "contract_size": "10",
        "tiers": [
            {"up_to": "5000", "maintenance_rate": "0.5%", "max_leverage": "50"},
            {"up_to": "20000", "maintenance_rate": "1%", "max_leverage": "25"},
            {"maintenance_rate": "2.5%", "max_leverage": "10"},
        ],
    },
}
SIZES = {"BTCUSDT": 3, "ETHUSDT": 2, "ETHBTC": 2, "BTCUSD_PERP": 0, "ABCUSDT": 0}
"""Decimals of a quantity by symbol."""
ENTRIES = {
    "BTCUSDT": (50000, 70000),
    "ETHUSDT": (2500, 3500),
    "ETHBTC": (1, 2),
    "BTCUSD_PERP": (50000, 70000),
    "ABCUSDT": (1, 3),
}


def fixed(units: int, places: int) -> str:
    """``units`` over ``10 ** places`` as text, as somebody writes it."""
    if not places:
        return str(units)
    digits = str(units).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}"


@st.composite
def rows(draw: st.DrawFn, hedge: bool) -> list[Book]:
    """Rows of positions: in one-way mode one side per symbol."""
    found: list[Book] = []
    for symbol in draw(st.lists(st.sampled_from(sorted(SIZES)), min_size=1, max_size=4, unique=True)):
        sides = ["long", "short"] if hedge and draw(st.booleans()) else [draw(st.sampled_from(["long", "short"]))]
        for side in sides:
            low, high = ENTRIES[symbol]
            row = {
                "symbol": symbol,
                "side": side,
                "quantity": fixed(draw(st.integers(1, 5000)), SIZES[symbol]),
                "entry_price": fixed(draw(st.integers(low * 100, high * 100)), 2),
                "leverage": str(draw(st.integers(1, 20))),
            }
            if symbol not in CONTRACTS:
                row["maintenance_rate"] = draw(st.sampled_from(["0.5%", "0.01", "1.5%"]))
            if draw(st.booleans()):
                row["funding_rate"] = draw(st.sampled_from(["0.01%", "-0.005%"]))
            if draw(st.booleans()):
                row["purpose"] = draw(st.sampled_from(["hedge", "speculative"]))
            found.append(row)
    return found


@st.composite
def books(draw: st.DrawFn) -> Book:
    """A portfolio on the generic rules."""
    hedge = draw(st.booleans())
    held: list[Book] = [
        {"asset": "USDT", "amount": str(draw(st.integers(-5000, 200_000))), "loan_rate": "5%"},
        {"asset": "BTC", "amount": fixed(draw(st.integers(0, 500)), 2), "haircut": "10%"},
        {
            "asset": "ETH",
            "amount": fixed(draw(st.integers(0, 500)), 1),
            "haircut_tiers": [{"up_to": "10", "haircut": "5%"}, {"haircut": "20%"}],
        },
    ]
    positions = draw(rows(hedge))
    return {
        "account": {
            "position_mode": "hedge" if hedge else "one-way",
            "collateral_mode": draw(st.sampled_from(["multi-asset", "single-asset"])),
        },
        "prices": {"BTC": "60000", "ETH": "3000", "ABC": "2", "USDT": draw(st.sampled_from(["1", "0.98"]))},
        "collateral": held,
        "contracts": CONTRACTS,
        "positions": positions,
        "limits": {"max_utilization": {"warn": "60%", "fail": "70%"}},
        "scenarios": [{"name": "crash", "shocks": {"BTC": "-30%", "*": "-40%"}}],
    }


def yaml(value: Any, indent: int = 0) -> str:
    """Block-style YAML of a book."""
    space = "  " * indent
    if isinstance(value, dict):
        return "".join(f"{space}{_key(key)}:{_below(item, indent)}" for key, item in value.items())
    return "".join(f"{space}- {yaml(item, indent + 1).lstrip()}" for item in value)


def _below(item: Any, indent: int) -> str:
    if not item:
        return " []\n"
    return f" {item}\n" if isinstance(item, str) else "\n" + yaml(item, indent + 1)


def _key(key: str) -> str:
    return '"*"' if key == "*" else key


def as_json(node: Node) -> str:
    """A document's nodes as JSON: what JSON can say as a number is one, everything else a string."""
    if isinstance(node, Scalar):
        return node.text if node.plain and _is_number(node.text) else json.dumps(node.text)
    if isinstance(node, Mapping):
        return "{" + ", ".join(f"{json.dumps(key.text)}: {as_json(item)}" for key, item in node.entries) + "}"
    return "[" + ", ".join(map(as_json, node.items)) + "]"


def _is_number(text: str) -> bool:
    try:
        json.loads(text, parse_float=_exact, parse_int=_exact, parse_constant=_none)
    except ValueError:
        return False
    return text[:1] in "-0123456789" and "e" not in text.lower()


def _exact(text: str) -> str:
    return text


def _none(text: str) -> str:
    raise ValueError(text)
