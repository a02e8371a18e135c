"""``stress`` for machines, ``marginctl.stress/1``: decimals as exact JSON numbers, unknown or non-existent as null."""

from collections.abc import Iterable
from typing import Any

from marginctl.core.plain import as_plain
from marginctl.render.json import report_of, text_of
from marginctl.results import BuiltIn, Outcome, StressResult

SCHEMA = "marginctl.stress/1"


def render(stress: StressResult) -> str:
    """The document; also where the file could not be checked."""
    return text_of(document(stress))


def document(stress: StressResult) -> dict[str, Any]:
    """The document as plain dicts and lists, decimals still Decimals."""
    outcome = Outcome(file=stress.file, report=stress.report, findings=stress.findings, rules=stress.rules)
    checked = {} if stress.report is None else report_of(outcome)
    return {
        "schema": SCHEMA,
        "version": stress.version,
        "file": stress.file,
        "account": checked.get("account"),
        "scenarios": as_plain(stress.scenarios),
        "grid": as_plain(stress.grid),
        "curve": as_plain(stress.curves),
        "funding": as_plain(stress.funding),
        "findings": checked.get("findings", []),
        "assumptions": as_plain(stress.assumptions),
        "rules": checked.get("rules"),
        "errors": as_plain(stress.problems),
        "summary": {
            "scenarios": len(stress.scenarios),
            "not_survived": sum(not told.outcome.survived for told in stress.scenarios),
            "exit_code": stress.exit_code,
        },
    }


def listing(rows: Iterable[BuiltIn]) -> str:
    """The built-in scenarios, ``marginctl.scenarios/1``."""
    return text_of({"schema": "marginctl.scenarios/1", "scenarios": as_plain(tuple(rows))})
