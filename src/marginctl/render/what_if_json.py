"""``what-if`` as ``marginctl.what-if/1``."""

from typing import Any

from marginctl.core.plain import as_plain
from marginctl.render.json import report_of, text_of
from marginctl.render.moved import moved
from marginctl.results import WhatIfResult

SCHEMA = "marginctl.what-if/1"


def render_json(what_if: WhatIfResult) -> str:
    """The document; also where nothing could be computed."""
    return text_of(document(what_if))


def document(what_if: WhatIfResult) -> dict[str, Any]:
    """The document as plain dicts and lists, decimals still Decimals."""
    before, after = what_if.before, what_if.after
    problems = [*before.problems, *what_if.problems, *(after.problems if after else ())]
    return {
        "schema": SCHEMA,
        "version": what_if.version,
        "file": what_if.file,
        "applied": as_plain(what_if.notes),
        "before": None if before.report is None else report_of(before),
        "after": None if after is None or after.report is None else report_of(after),
        "changes": as_plain(moved(before, after)) if before.report and after and after.report else [],
        "errors": as_plain(dict.fromkeys(problems).keys()),
        "written": what_if.written,
        "exit_code": what_if.exit_code,
    }
