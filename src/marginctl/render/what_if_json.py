"""``what-if`` as ``marginctl.what-if/1``."""

from typing import Any

import msgspec

from marginctl.render.json import encoded, errors_of, report_of
from marginctl.render.moved import Moved, moved
from marginctl.results import WhatIfResult

SCHEMA = "marginctl.what-if/1"


def render_json(what_if: WhatIfResult) -> str:
    """One document, indented by two, ending in a line break; also where nothing could be computed."""
    return msgspec.json.format(encoded(document(what_if)), indent=2).decode() + "\n"


def document(what_if: WhatIfResult) -> dict[str, Any]:
    """The document as plain dicts and lists, decimals still Decimals."""
    before, after = what_if.before, what_if.after
    problems = [*before.problems, *what_if.problems, *(after.problems if after else ())]
    return {
        "schema": SCHEMA,
        "version": what_if.version,
        "file": what_if.file,
        "applied": list(what_if.notes),
        "before": None if before.report is None else report_of(before),
        "after": None if after is None or after.report is None else report_of(after),
        "changes": [_change(one) for one in _moved(what_if)],
        "errors": errors_of(list(dict.fromkeys(problems))),
        "written": what_if.written,
        "exit_code": what_if.exit_code,
    }


def _moved(what_if: WhatIfResult) -> list[Moved]:
    after = what_if.after
    if what_if.before.report is None or after is None or after.report is None:
        return []
    return moved(what_if.before, after)


def _change(one: Moved) -> dict[str, Any]:
    return {
        "figure": one.path,
        "before": _plain(one.before),
        "after": _plain(one.after),
        "difference": one.difference,
        "turn": one.turn.value.lower() or None,
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
