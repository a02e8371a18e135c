"""``headroom`` as ``marginctl.headroom/1``."""

from decimal import Decimal
from typing import Any

import msgspec

from marginctl.core.exact import Direction, rounded
from marginctl.core.rooms import OrderRoom, ReductionWay, Stop, Ways, WithdrawalRoom
from marginctl.findings import Finding
from marginctl.render.json import encoded, errors_of, report_of
from marginctl.results import HeadroomResult

SCHEMA = "marginctl.headroom/1"
MONEY_PLACES, RATIO_PLACES = 8, 10


def render_json(headroom: HeadroomResult) -> str:
    """One document, indented by two, ending in a line break; also where nothing could be computed."""
    return msgspec.json.format(encoded(document(headroom)), indent=2).decode() + "\n"


def document(headroom: HeadroomResult) -> dict[str, Any]:
    """The document as plain dicts and lists, decimals still Decimals."""
    outcome = headroom.outcome
    report = None if outcome.report is None else report_of(outcome)
    findings = {} if report is None else dict(zip(map(_key, outcome.findings), report["findings"], strict=True))
    return {
        "schema": SCHEMA,
        "version": headroom.version,
        "file": outcome.file,
        "account": None if report is None else report["account"],
        "orders": [_order(one) for one in headroom.orders],
        "withdrawals": [_withdrawal(one) for one in headroom.withdrawals],
        "broken": [findings[_key(one)] | {"ways": _ways(ways)} for one, ways in headroom.broken],
        "errors": errors_of(outcome.problems),
        "exit_code": headroom.exit_code,
    }


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.code, finding.subject, finding.message


def _order(room: OrderRoom) -> dict[str, Any]:
    return {
        "symbol": room.symbol,
        "side": room.side,
        "quantity": room.quantity,
        "notional": None if room.notional is None else _money(room.notional, Direction.DOWN),
        "mark_price": rounded(room.mark_price, MONEY_PLACES, Direction.NEAREST),
        "initial_rate": rounded(room.initial_rate, RATIO_PLACES, Direction.UP),
        "stopped_by": _stop(room.stop),
    }


def _withdrawal(room: WithdrawalRoom) -> dict[str, Any]:
    return {
        "asset": room.asset,
        "pool": room.pool,
        "amount": room.amount,
        "held": room.held,
        "value": _money(room.value, Direction.DOWN),
        "stopped_by": _stop(room.stop),
    }


def _stop(stop: Stop | None) -> dict[str, Any] | None:
    if stop is None:
        return None
    return {"code": stop.code or None, "name": stop.name, "subject": stop.subject, "limit": stop.limit}


def _ways(ways: Ways) -> list[dict[str, Any]]:
    deposits = [
        {
            "kind": "deposit",
            "asset": way.asset,
            "pool": way.pool,
            "amount": way.amount,
            "value": _money(way.value, Direction.UP),
        }
        for way in ways.deposits
    ]
    return [*deposits, *([_reduction(ways.reduction)] if ways.reduction else [])]


def _reduction(way: ReductionWay) -> dict[str, Any]:
    return {
        "kind": "reduce",
        "position": way.key,
        "symbol": way.symbol,
        "side": way.side,
        "quantity": way.quantity,
        "left": way.left,
        "notional": _money(way.notional, Direction.UP),
    }


def _money(value: Decimal, direction: Direction) -> Decimal:
    return rounded(value, MONEY_PLACES, direction)
