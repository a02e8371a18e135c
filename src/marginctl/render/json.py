"""The report as one JSON document, and what the other documents for machines build on.

Decimals become JSON numbers with their exact text: no exponent, never through a float. Unknown is ``null``.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from marginctl.core.plain import as_plain
from marginctl.core.report import RulesUsed
from marginctl.findings import Severity, Status
from marginctl.results import Options, Outcome, Run, judged, live
from marginctl.wording import plain

SCHEMA = "marginctl.report/1"
NO_RULES = RulesUsed(venue="", as_of=None, status="unverified", sources=())


def render(run: Run, options: Options) -> str:  # noqa: ARG001 - one signature for all formats
    """One document for all files."""
    return text_of(document(run))


def text_of(tree: dict[str, Any]) -> str:
    """One document, indented by two, ending in a line break."""
    return msgspec.json.format(encoded(tree), indent=2).decode() + "\n"


def document(run: Run) -> dict[str, Any]:
    """The whole document as plain dicts and lists, decimals still Decimals."""
    return {
        "schema": SCHEMA,
        "version": run.version,
        "reports": [report_of(outcome) for outcome in run.outcomes if outcome.report is not None],
        "errors": [error for outcome in run.outcomes for error in as_plain(outcome.problems)],
        "summary": {
            "files": len(run.outcomes),
            "errors": sum(len(live(outcome.findings, Severity.ERROR)) for outcome in run.outcomes),
            "warnings": sum(len(live(outcome.findings, Severity.WARNING)) for outcome in run.outcomes),
            "failed_files": sum(outcome.report is None for outcome in run.outcomes),
            "exit_code": run.exit_code,
        },
    }


def report_of(outcome: Outcome) -> dict[str, Any]:
    """One REPORT, of an outcome that has one (else ``ValueError``)."""
    if outcome.report is None:
        raise ValueError(f"{outcome.file} was not checked")
    found = [judged(one, outcome.checks) for one in outcome.expectations]
    statuses = [(check.status if check else Status.NOT_EVALUATED).value for check in found]
    return {
        "schema": SCHEMA,
        "file": outcome.file,
        **as_plain(outcome.report),
        "checks": as_plain(outcome.checks),
        "findings": as_plain(outcome.findings),
        "assumptions": as_plain(outcome.assumptions),
        "rules": as_plain(outcome.rules or NO_RULES),
        "expectations": [
            as_plain(one) | {"status": status} for one, status in zip(outcome.expectations, statuses, strict=True)
        ],
    }


def encoded(tree: Any) -> bytes:
    """Compact JSON; lone surrogates, which UTF-8 cannot carry, are written out as text."""
    try:
        return msgspec.json.encode(exact(tree))
    except UnicodeEncodeError:
        return msgspec.json.encode(exact(tree, encodable))


def exact(tree: Any, text: Callable[[str], str] | None = None) -> Any:
    """The tree with every Decimal as raw JSON text; ``text`` is applied to every string that is a value."""
    kind = type(tree)
    if kind is dict:
        return {key: _number(value) if type(value) is Decimal else exact(value, text) for key, value in tree.items()}
    if kind is list or kind is tuple:
        return [exact(value, text) for value in tree]
    if kind is Decimal:
        return _number(tree)
    return text(tree) if text and kind is str else tree


def _number(value: Decimal) -> msgspec.Raw | None:
    return msgspec.Raw(plain(value)) if value.is_finite() else None


def encodable(text: str) -> str:
    """The text with lone surrogates written out."""
    return text.encode("utf-8", "backslashreplace").decode()
