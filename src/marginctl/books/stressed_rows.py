"""Accounts put through scenarios by the exact core: the first crossing on the way, and what is there at its end."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
from msgspec.structs import replace

from marginctl.books.deciding import context_for, empty_account, judgement, loaded_row
from marginctl.books.header import OF_SCENARIOS, BookHeader
from marginctl.books.results_out import floats
from marginctl.books.row_drafts import RowProblem, Stored, problems_of
from marginctl.books.stored import stored_rows
from marginctl.books.stress_tally import Through
from marginctl.core.account import Account
from marginctl.core.assemble import report_of
from marginctl.core.contract import side_word
from marginctl.core.exact import ONE, ZERO
from marginctl.core.liquidation import PoolState, first_on_path
from marginctl.core.motion import shock_path
from marginctl.core.outcome import states_of
from marginctl.core.position_figures import underlying_of
from marginctl.core.risk import pool_risk
from marginctl.core.scenario import PathOutcome, moved, moves_in, ratios
from marginctl.core.value import notional
from marginctl.limits.rule import Context

STRESSED = pa.schema(
    [
        ("account_id", pa.string()),
        ("as_of", pa.string()),
        ("status", pa.string()),
        ("error", pa.string()),
        ("scenario", pa.string()),
        ("crossing", pa.float64()),
        ("equity_before", pa.float64()),
        ("equity_after", pa.float64()),
        ("shortfall", pa.float64()),
        ("liquidated_notional", pa.float64()),
        ("below_limits", pa.bool_()),
        ("verdict", pa.string()),
        ("decided", pa.string()),
    ]
)
"""The columns of the table out: one row for each account and scenario."""
STATIC = frozenset(("MC101", "MC103", "MC104", "MC107"))
"""Limits on the figures at the end of a path, which look no further ahead."""


class StressedRow(NamedTuple):
    """One account through all scenarios, or why not; ``verdict``: by MC113."""

    stored: Stored
    through: tuple[Through, ...]
    problems: tuple[RowProblem, ...] = ()
    verdict: str | None = None


def stressed_rows(
    header: BookHeader, batch: pa.RecordBatch, gaps: Sequence[Decimal], places: Iterable[int] | None = None
) -> list[StressedRow]:
    """The accounts of a batch, in their order; ``places``: where they stand for their problems."""
    stored = stored_rows(batch)
    return [_stressed(header, one, row, gaps) for one, row in zip(stored, places or range(len(stored)), strict=True)]


def _stressed(header: BookHeader, stored: Stored, row: int, gaps: Sequence[Decimal]) -> StressedRow:
    loaded, problems = loaded_row(header, stored)
    if loaded is None:
        return StressedRow(stored, (), tuple(problems_of(stored, row, problems)))
    account = loaded.account
    context = context_for(header, account, report_of(account, looks_ahead=False))
    states, now = states_of(account), _failing(header, context)
    through = tuple(
        _through(header, account, states, name, shocks, gaps, now) for name, shocks in header.scenarios.items()
    )
    return StressedRow(stored, through, verdict=_survival(header, context, through))


def _survival(header: BookHeader, context: Context, through: Sequence[Through]) -> str:
    """fail, warn or pass: what MC113 says of the paths."""
    outcomes = {one.scenario: PathOutcome(one.crossing, one.pool, is_idle=one.is_idle) for one in through}
    seen = replace(context, scenarios=tuple(outcomes), outcomes=outcomes)
    failed, warned, _ = judgement(header, seen, {OF_SCENARIOS})
    return "fail" if failed else "warn" if warned else "pass"


def grades(header: BookHeader, account: str = "") -> list[int]:
    """By scenario what it is for such an account not to survive it: 0 nothing, 1 a warning, 2 a failure."""
    empty = empty_account(header, account)
    context = context_for(header, empty, report_of(empty, looks_ahead=False))
    found = []
    for name in header.scenarios:
        seen = replace(context, scenarios=(name,), outcomes={name: PathOutcome(ONE, "cross")})
        failed, warned, _ = judgement(header, seen, {OF_SCENARIOS})
        found.append(2 if failed else 1 if warned else 0)
    return found


def _through(
    header: BookHeader,
    account: Account,
    states: Sequence[PoolState],
    name: str,
    shocks: Mapping[str, Decimal],
    gaps: Sequence[Decimal],
    now: frozenset[str],
) -> Through:
    moves = moves_in(shocks, account)
    path = shock_path(moves)
    crossings = [first_on_path(state, path, end_included=True) for state in states]
    at_end = ratios(moves)
    ends = [pool_risk(state.pool, at_end).equity for state in states]
    gone = [(state, u) for state, u in zip(states, crossings, strict=True) if u is not None]
    after = moved(account, at_end)
    is_below = not gone and bool(
        _failing(header, context_for(header, after, report_of(after, looks_ahead=False))) - now
    )
    first = min(gone, key=lambda one: one[1], default=None)
    return Through(
        scenario=name,
        crossing=first[1] if first is not None else None,
        pool=first[0].pool.name if first is not None else None,
        pools=len(gone),
        equity_before=sum((state.risk.equity for state in states), ZERO),
        equity_after=sum(ends, ZERO),
        shortfall=sum((-equity for equity in ends if equity < 0), ZERO),
        exposure=_exposure(account, (state for state, _ in gone)),
        gap_losses=tuple(_loss(gone, moves, gap) for gap in gaps),
        below_limits=is_below,
        is_idle=not any(moves.values()),
    )


def _loss(gone: Iterable[tuple[PoolState, Decimal]], moves: Mapping[str, Decimal], gap: Decimal) -> Decimal:
    """What is missing in the liquidated pools, where each is closed ``gap`` of the path behind its crossing."""
    lost = ZERO
    for state, u in gone:
        there = min(ONE, u + gap)
        equity = pool_risk(state.pool, {asset: ONE + move * there for asset, move in moves.items()}).equity
        lost += max(ZERO, -equity)
    return lost


def _exposure(account: Account, states: Iterable[PoolState]) -> dict[str, Decimal]:
    """``ASSET:side`` -> notional at today's prices."""
    found: dict[str, Decimal] = {}
    for position in (position for state in states for position in state.pool.positions):
        name = f"{underlying_of(position, account)}:{side_word(position.side)}"
        found[name] = found.get(name, ZERO) + notional(position, account.prices)
    return found


def _failing(header: BookHeader, context: Context) -> frozenset[str]:
    """The limits on figures of an account as it stands that fail."""
    failed, _, _ = judgement(header, context, STATIC)
    return frozenset(failed)


def stressed_table(rows: Iterable[StressedRow]) -> pa.RecordBatch:
    """One row for each account and scenario; of an account that could not be checked one row."""
    flat: list[tuple[StressedRow, Through | None]] = []
    for row in rows:
        flat += [(row, one) for one in row.through] if row.through else [(row, None)]
    columns: dict[str, Any] = {
        "account_id": [row.stored.account_id for row, _ in flat],
        "as_of": [row.stored.as_of for row, _ in flat],
        "status": ["error" if row.problems else "ok" for row, _ in flat],
        "error": [row.problems[0].brief if row.problems else None for row, _ in flat],
        "scenario": [one.scenario if one else None for _, one in flat],
        "crossing": floats(one.crossing if one else None for _, one in flat),
        "equity_before": floats(one.equity_before if one else None for _, one in flat),
        "equity_after": floats(one.equity_after if one else None for _, one in flat),
        "shortfall": floats(one.shortfall if one else None for _, one in flat),
        "liquidated_notional": floats(sum(one.exposure.values(), ZERO) if one else None for _, one in flat),
        "below_limits": [one.below_limits if one else None for _, one in flat],
        "verdict": [row.verdict for row, _ in flat],
        "decided": [None if row.problems else "exact" for row, _ in flat],
    }
    made = [columns[field.name] for field in STRESSED]
    arrays = [
        one if isinstance(one, pa.Array) else pa.array(one, f.type) for one, f in zip(made, STRESSED, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=STRESSED)
