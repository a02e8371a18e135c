"""``headroom`` for machines, ``marginctl.headroom/1``. Sizes are told with all their digits: they are exact."""

from typing import Any

from marginctl.core.plain import as_plain
from marginctl.render.json import text_of
from marginctl.results import Broken, HeadroomResult

SCHEMA = "marginctl.headroom/1"


def render_json(headroom: HeadroomResult) -> str:
    """The document; also where nothing could be computed."""
    return text_of(document(headroom))


def document(headroom: HeadroomResult) -> dict[str, Any]:
    """The document as plain dicts and lists, decimals still Decimals."""
    outcome = headroom.outcome
    return {
        "schema": SCHEMA,
        "version": headroom.version,
        "file": outcome.file,
        "account": None if outcome.report is None else as_plain(outcome.report.account),
        "orders": as_plain(headroom.orders),
        "withdrawals": as_plain(headroom.withdrawals),
        "broken": as_plain([Broken(*one) for one in headroom.broken]),
        "errors": as_plain(outcome.problems),
        "exit_code": headroom.exit_code,
    }
