"""JSON Schema (draft-07) of the JSON report and of one line of the JSON lines format.

The figures' part derives from the structs of ``core.report``, so that a new figure cannot be forgotten here.
"""

from decimal import Decimal
from typing import Any, get_args, get_type_hints

from msgspec import Struct

from marginctl.core import report as figures
from marginctl.findings import Severity, Status
from marginctl.render.json import SCHEMA

DRAFT = "http://json-schema.org/draft-07/schema#"
DOCUMENT_ID = "marginctl-report.schema.json"
LINE_ID = "marginctl-report-line.schema.json"

CHOICES = {
    "side": ("long", "short"),
    "margin_mode": ("cross", "isolated"),
    "collateral_mode": ("single-asset", "multi-asset"),
    "position_mode": ("one-way", "hedge"),
    "state": ("healthy", "restricted", "margin-call", "liquidation"),
    "direction": ("down", "up"),
    "liquidation_side": ("below", "above"),
    "contract_liquidation_side": ("below", "above"),
    "purpose": ("speculative", "hedge"),
}
DESCRIPTIONS = {
    "account": "Who, where and under which modes.",
    "as_of": "Date or time of the data, as given; null where there is none.",
    "assumptions": "What was taken for granted, one sentence each.",
    "balance": "Units of the asset; negative = borrowed.",
    "bankruptcy_price": "Price of the contract at which the pool's equity is 0; null where there is none.",
    "buffer": "equity - level x maintenance_margin, signed.",
    "checks": "Every limit that was evaluated, passing or not.",
    "code": "Stable code of a rule or of a problem.",
    "contract_liquidation_price": "Liquidation price when only this contract's mark moves: what venue screens show.",
    "contract_liquidation_side": "On which side of the mark contract_liquidation_price lies.",
    "currency": "What all money is expressed in unless said otherwise.",
    "delta": "Units of the asset: coin equity plus contracts on it, less what contracts quoted in it sell.",
    "direction": "The nearer side; null where neither liquidates or where it is too late.",
    "distance": "The smaller absolute move; 0 when already liquidatable; null when neither side liquidates.",
    "distance_to_liquidation": "Fraction of the mark, 0 or more; 0 when already liquidatable; null without a price.",
    "down": "Signed move at which a fall liquidates, such as -0.2134; null when it never does.",
    "difference": "ours - theirs, signed.",
    "entry_price": "Quote per base, as given or merged.",
    "equity": "What is there after haircuts, debts and unrealized PnL.",
    "expectations": "Figures that the venue shows, beside ours.",
    "findings": "Limits that are not met, and what a reader must know about the data.",
    "free_collateral": "equity - initial_margin - order_margin, signed.",
    "funding_per_day": "Signed, positive = received; null without a rate.",
    "gross_collateral": "Balances at their price.",
    "gross_notional": "Sum of the absolute notionals.",
    "haircut": "Money in totals (gross_collateral + unrealized_pnl - equity), the effective rate in collateral.",
    "headroom": "What is left before the limit is broken, in its unit; negative when it is broken.",
    "initial_margin": "Margin of positions.",
    "initial_rate": "Fraction of the notional.",
    "leverage": "1 / initial_rate of a position; gross_notional / equity of an account.",
    "limit": "The threshold, in the unit of the value.",
    "policy": "The file and line of the policy that sets the limit; null for any other.",
    "liquidatable": "Whether equity is below level x maintenance_margin.",
    "liquidation_down": "Price of the asset, all others standing still, at which a fall liquidates the pool.",
    "liquidation_price": "Price of the contract at which its pool is liquidated when its underlying moves.",
    "liquidation_side": "On which side of the mark liquidation_price lies.",
    "liquidation_up": "Price of the asset, all others standing still, at which a rise liquidates the pool.",
    "maintenance_deduction": "Subtracted from notional x maintenance_rate.",
    "maintenance_margin": "What equity must not fall below, loans included where a pool or an account is meant.",
    "maintenance_rate": "Fraction of the notional.",
    "maintenance_ratio": "level x maintenance_margin / equity; null over no equity.",
    "missing": "Symbols of positions without a funding rate.",
    "net_notional": "Sum of the signed notionals.",
    "notional": "Size at the mark, positive.",
    "order_margin": "Margin of open orders.",
    "per_day": "Funding of all positions with a rate; positive = received.",
    "ours": "The figure as it is computed here; null where it does not exist.",
    "pool": "Name of a pool: cross, cross:USDT or isolated:BTCUSDT:long.",
    "pools": "What stands and falls together.",
    "quantity": "Contracts.",
    "reason": "Why the finding is waived; empty when it is not.",
    "remedy": "The cheapest way to meet the limit.",
    "runway_days": "Days until a pool's health crosses zero with flat prices; null = never, or a rate is missing.",
    "saving": "gross - net.",
    "saving_rate": "saving / gross.",
    "subject": "What was judged: a pool, a position, an asset.",
    "theirs": "The figure that the venue shows, as given.",
    "tier": "Counts from 1; null where the maintenance rate came from the position.",
    "underlyings": "Every asset whose price moves a pool; in cross pools stablecoins and quotes as well.",
    "unrealized_pnl": "Profit (+) or loss (-) at the mark; in units of the asset in collateral.",
    "up": "Signed move at which a rise liquidates; null when it never does.",
    "utilization": "(initial_margin + order_margin) / equity; null over no equity.",
    "value": "Money in collateral; the judged figure in checks and findings, null where it does not exist.",
    "waived": "Whether a waiver covers the finding.",
    "worst_pool": "The pool that free_collateral, buffer, utilization and maintenance_ratio are of.",
}
INTERNAL = frozenset({"key"})


def document_schema() -> dict[str, Any]:
    """The schema of ``--format json``."""
    properties = {
        "schema": {"const": SCHEMA},
        "version": _described("The version of marginctl that wrote this.", {"type": "string"}),
        "reports": _list({"$ref": "#/definitions/report"}),
        "errors": _list({"$ref": "#/definitions/error"}),
        "summary": _object(
            {
                "files": _count("Files of this run."),
                "errors": _count("Findings of severity error that no waiver covers."),
                "warnings": _count("Findings of severity warning that no waiver covers."),
                "failed_files": _count("Files without figures."),
                "exit_code": {"enum": [0, 1, 2]},
            }
        ),
    }
    return {**_head(DOCUMENT_ID, "marginctl report"), **_object(properties), "definitions": _definitions()}


def line_schema() -> dict[str, Any]:
    """The schema of one line of ``--format jsonl``: a report, or why there is none."""
    definitions = _definitions()
    errors = _list({"$ref": "#/definitions/error"})
    checked = definitions.pop("report")
    checked["properties"]["errors"] = _described("Limits that could not be evaluated; absent without any.", errors)
    failed = _object({"schema": {"const": SCHEMA}, "file": {"type": "string"}, "errors": {**errors, "minItems": 1}})
    return {
        **_head(LINE_ID, "marginctl report line"),
        "anyOf": [{"$ref": "#/definitions/report"}, {"$ref": "#/definitions/failed"}],
        "definitions": {**definitions, "report": checked, "failed": failed},
    }


def _head(identifier: str, title: str) -> dict[str, Any]:
    return {"$schema": DRAFT, "$id": identifier, "title": title}


def _definitions() -> dict[str, Any]:
    return {
        "report": _report(),
        "check": _check(),
        "finding": _finding(),
        "expectation": _expectation(),
        "error": _error(),
    }


def _report() -> dict[str, Any]:
    computed = {name: _of_type(name, kind) for name, kind in get_type_hints(figures.Report).items()}
    return _object(
        {
            "schema": {"const": SCHEMA},
            "file": {"type": "string"},
            **computed,
            "checks": _named("checks", _list({"$ref": "#/definitions/check"})),
            "findings": _named("findings", _list({"$ref": "#/definitions/finding"})),
            "assumptions": _named("assumptions", _list({"type": "string"})),
            "rules": _of_type("rules", figures.RulesUsed),
            "expectations": _named("expectations", _list({"$ref": "#/definitions/expectation"})),
        }
    )


def _check() -> dict[str, Any]:
    return _object(
        {
            **{name: _of_type(name, str) for name in ("code", "name", "subject")},
            **{name: _of_type(name, Decimal | None) for name in ("value", "limit")},
            "status": {"enum": [status.value for status in Status]},
            "headroom": _of_type("headroom", Decimal | None),
            "policy": _of_type("policy", str | None),
        }
    )


def _finding() -> dict[str, Any]:
    return _object(
        {
            **{name: _of_type(name, str) for name in ("code", "name", "message", "subject", "file", "remedy")},
            "severity": {"enum": [severity.value for severity in Severity]},
            **{name: _of_type(name, Decimal | None) for name in ("value", "limit")},
            **_place(),
            "waived": _of_type("waived", bool),
            "reason": _of_type("reason", str),
        }
    )


def _expectation() -> dict[str, Any]:
    optional = ("ours", "difference", "value", "headroom")
    return _object(
        {
            **{name: _of_type(name, str) for name in ("subject", "figure")},
            **{name: _of_type(name, Decimal | None) for name in optional},
            **{name: _of_type(name, Decimal) for name in ("theirs", "limit")},
            "status": {"enum": [status.value for status in Status]},
        }
    )


def _error() -> dict[str, Any]:
    return _object({**{name: _of_type(name, str) for name in ("file", "code", "message", "help")}, **_place()})


def _place() -> dict[str, Any]:
    """Line and column count from 1; null = the file as a whole."""
    return {name: {"type": ["integer", "null"], "minimum": 1} for name in ("line", "column")}


def _of_type(name: str, kind: Any) -> dict[str, Any]:
    """The schema of a field by its Python type, with its description and its choices by its name."""
    options = get_args(kind)
    if options and options[-1] is Ellipsis:
        return _named(name, _list(_of_type("", options[0])))
    inner = next((option for option in options if option is not type(None)), kind)
    if isinstance(inner, type) and issubclass(inner, Struct):
        hints = get_type_hints(inner)
        return _named(name, _object({key: _of_type(key, hints[key]) for key in hints if key not in INTERNAL}))
    return _named(name, _plain(name, inner, optional=bool(options)))


def _plain(name: str, kind: Any, *, optional: bool) -> dict[str, Any]:
    if name in CHOICES:
        return {"enum": [*CHOICES[name], *([None] if optional else [])]}
    word = {Decimal: "number", int: "integer", bool: "boolean", str: "string"}[kind]
    return {"type": [word, "null"] if optional else word}


def _named(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return _described(DESCRIPTIONS[name], schema) if name in DESCRIPTIONS else schema


def _described(text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, **schema}


def _count(text: str) -> dict[str, Any]:
    return _described(text, {"type": "integer", "minimum": 0})


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    """All keys always exist, and no others do."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
