"""What a refresh changed, as ``marginctl.refresh/1``."""

from collections.abc import Sequence
from typing import Any

import msgspec

from marginctl.core.contract import HaircutTier
from marginctl.render.json import text_of
from marginctl.venues.refresh import Refreshed
from marginctl.venues.refreshed_contracts import Step
from marginctl.venues.refreshed_haircuts import HaircutChange

SCHEMA = "marginctl.refresh/1"


def refresh_json(done: Refreshed, written: Sequence[str]) -> str:
    """The same as one document, every row of every change in it."""
    return text_of(
        {
            "schema": SCHEMA,
            "name": done.name,
            "as_of": {"before": done.before, "after": done.as_of, "answer": done.day},
            "answers": list(done.answers),
            "contracts": [
                {
                    "symbol": change.symbol,
                    "change": change.kind,
                    "before": _steps(change.before),
                    "after": _steps(change.after),
                }
                for change in done.changes
            ],
            "haircuts": [_haircut(change) for change in done.haircuts],
            "kept": [msgspec.structs.asdict(one) for one in done.kept],
            "untaken": [msgspec.structs.asdict(one) for one in done.untaken],
            "remarks": list(done.remarks),
            "written": list(written),
        }
    )


def _steps(steps: Sequence[Step] | None) -> list[dict[str, Any]] | None:
    return None if steps is None else [msgspec.structs.asdict(step) for step in steps]


def _haircut(change: HaircutChange) -> dict[str, Any]:
    return {
        "mode": change.mode,
        "asset": change.asset,
        "change": change.kind,
        "before": _schedule(change.before),
        "after": _schedule(change.after),
        "debt_factor_before": change.debt_before if change.before is not None else None,
        "debt_factor_after": change.debt_after if change.after is not None else None,
    }


def _schedule(haircuts: tuple[HaircutTier, ...] | None) -> list[dict[str, Any]] | None:
    return None if haircuts is None else [msgspec.structs.asdict(tier) for tier in haircuts]
