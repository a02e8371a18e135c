"""Portfolios written as text, and what a check makes of them."""

import json
from datetime import date
from decimal import Decimal
from textwrap import dedent
from typing import Any

from marginctl.analysis.check import Settings, check
from marginctl.render import Options
from marginctl.render.json import render
from marginctl.results import Outcome, Run

TODAY = date(2026, 11, 22)


def checked(text: str | bytes, name: str = "book.yaml", **settings: Any) -> Outcome:
    """The outcome of a file with this text; its indent is that of its first line."""
    data = text if isinstance(text, bytes) else dedent(text).lstrip("\n").encode()
    return check(data, name, Settings(today=TODAY, **settings))


def report(text: str | bytes, name: str = "book.yaml", **settings: Any) -> dict[str, Any]:
    """The REPORT of a portfolio as a decimal-aware reader of ``--format json`` gets it."""
    outcome = checked(text, name, **settings)
    assert outcome.problems == (), told(outcome)
    document = render(Run(outcomes=(outcome,), exit_code=0, version="0"), Options())
    (found,) = json.loads(document, parse_float=Decimal, parse_int=Decimal)["reports"]
    return dict(found)


def told(outcome: Outcome) -> list[str]:
    """``code message`` of every problem."""
    return [f"{problem.code} {problem.message}" for problem in outcome.problems]


def refused(text: str | bytes, **settings: Any) -> list[str]:
    """The problems of a portfolio that cannot be checked."""
    outcome = checked(text, **settings)
    assert outcome.report is None
    return told(outcome)


def position(found: dict[str, Any], symbol: str, side: str | None = None) -> dict[str, Any]:
    """The one position of that symbol (and side)."""
    (row,) = [one for one in found["positions"] if one["symbol"] == symbol and side in {None, one["side"]}]
    return dict(row)


def collateral(found: dict[str, Any], asset: str, pool: str | None = None) -> dict[str, Any]:
    """The one row of that asset (and pool)."""
    (row,) = [one for one in found["collateral"] if one["asset"] == asset and pool in {None, one["pool"]}]
    return dict(row)


def pool(found: dict[str, Any], name: str) -> dict[str, Any]:
    """The pool of that name."""
    (row,) = [one for one in found["pools"] if one["name"] == name]
    return dict(row)


def codes(found: dict[str, Any], family: str = "MC2") -> list[str]:
    """``code subject`` of the findings of a family."""
    return [f"{one['code']} {one['subject']}" for one in found["findings"] if one["code"].startswith(family)]


def d(text: str) -> Decimal:
    """A decimal, short enough for tables of figures."""
    return Decimal(text)
