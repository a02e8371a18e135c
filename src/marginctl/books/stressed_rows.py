"""Accounts put through scenarios by the exact core: the first crossing on the way, and what is there at its end."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
from msgspec import Struct
from msgspec.structs import replace

from marginctl.books.deciding import context_for, judgement, loaded_row
from marginctl.books.header import OF_SCENARIOS, BookHeader
from marginctl.books.results_out import floats
from marginctl.books.row_drafts import RowProblem, Stored, problems_of
from marginctl.books.stored import stored_rows
from marginctl.core.account import Account
from marginctl.core.assemble import report_of
from marginctl.core.contract import side_word
from marginctl.core.exact import ONE, ZERO, Direction, rounded
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
    ]
)
"""The columns of the table out: one row for each account and scenario."""
STATIC = frozenset(("MC101", "MC103", "MC104", "MC107"))
"""Limits on the figures at the end of a path, which look no further ahead."""


class Through(Struct, frozen=True, kw_only=True):
    """One account through one scenario, in currency; ``gap_losses``: by gap, ``exposure``: of the liquidated pools."""

    scenario: str
    crossing: Decimal | None
    pool: str | None
    pools: int
    equity_before: Decimal
    equity_after: Decimal
    shortfall: Decimal
    exposure: Mapping[str, Decimal]
    gap_losses: tuple[Decimal, ...]
    below_limits: bool
    is_idle: bool = False


class StressedRow(NamedTuple):
    """One account through all scenarios, or why not; ``verdict``: by MC113."""

    stored: Stored
    through: tuple[Through, ...]
    problems: tuple[RowProblem, ...] = ()
    verdict: str | None = None


def stressed_rows(header: BookHeader, batch: pa.RecordBatch, gaps: Sequence[Decimal]) -> list[StressedRow]:
    """The accounts of a batch, in their order."""
    return [_stressed(header, stored, row, gaps) for row, stored in enumerate(stored_rows(batch))]


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


def through_all(
    header: BookHeader, batch: pa.RecordBatch, gaps: Sequence[Decimal], *, part: int, first: int, most: int
) -> tuple[pa.RecordBatch, dict[str, "ScenarioTally"], list[RowProblem], dict[str, int]]:
    """The rows of ``STRESSED``, sums by scenario, what is wrong with bad accounts, and verdicts of the others."""
    rows = stressed_rows(header, batch, gaps)
    sums = {name: ScenarioTally() for name in header.scenarios}
    verdicts = Counter(row.verdict for row in rows if row.verdict is not None)
    for number, row in enumerate(rows):
        for one in row.through:
            sums[one.scenario].count(one, row.stored, part=part, row=first + number, most=most)
    problems = [problem for row in rows for problem in row.problems]
    return stressed_table(rows), sums, problems, dict(verdicts)


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
    }
    made = [columns[field.name] for field in STRESSED]
    arrays = [
        one if isinstance(one, pa.Array) else pa.array(one, f.type) for one, f in zip(made, STRESSED, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=STRESSED)


class LostRow(Struct, frozen=True):
    """An account by what it loses."""

    shortfall: Decimal
    part: int
    row: int
    account_id: str
    as_of: str | None
    crossing: Decimal | None
    before: Decimal
    after: Decimal

    @property
    def rank(self) -> tuple[Decimal, int, int]:
        """The largest shortfall first, then as they come."""
        return -self.shortfall, self.part, self.row


class ScenarioTally(Struct):
    """Sums of a scenario over some accounts, in whole 1e-8 of the currency."""

    accounts: int = 0
    liquidated: int = 0
    pools: int = 0
    before: Decimal = ZERO
    after: Decimal = ZERO
    shortfall: Decimal = ZERO
    below: int = 0
    crossings: list[int] = []
    exposure: dict[str, Decimal] = {}
    losses: list[Decimal] = []
    losing: list[int] = []
    worst: list[LostRow] = []

    def count(self, one: Through, stored: Stored, *, part: int, row: int, most: int) -> None:
        """Add an account."""
        self.accounts += 1
        self.liquidated += one.crossing is not None
        self.pools += one.pools
        self.before += whole(one.equity_before)
        self.after += whole(one.equity_after)
        self.shortfall += whole(one.shortfall)
        self.below += one.below_limits
        self.crossings = self.crossings or [0] * (len(STEPS) + 1)
        self.crossings[_step(one.crossing)] += 1
        for name, amount in one.exposure.items():
            self.exposure[name] = self.exposure.get(name, ZERO) + whole(amount)
        self.losses = self.losses or [ZERO] * len(one.gap_losses)
        self.losing = self.losing or [0] * len(one.gap_losses)
        for number, loss in enumerate(one.gap_losses):
            self.losses[number] += whole(loss)
            self.losing[number] += loss > 0
        if one.shortfall > 0:
            lost = LostRow(
                *(one.shortfall, part, row, stored.account_id or "", stored.as_of, one.crossing),
                one.equity_before,
                one.equity_after,
            )
            self.worst = sorted((*self.worst, lost), key=lambda found: found.rank)[:most]

    def add(self, other: "ScenarioTally", most: int) -> None:
        """Add what others come to."""
        for name in ("accounts", "liquidated", "pools", "before", "after", "shortfall", "below"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("crossings", "losses", "losing"):
            own, their = getattr(self, name), getattr(other, name)
            setattr(self, name, [a + b for a, b in zip(own, their, strict=True)] if own and their else own or their)
        for asset, amount in other.exposure.items():
            self.exposure[asset] = self.exposure.get(asset, ZERO) + amount
        self.worst = sorted((*self.worst, *other.worst), key=lambda found: found.rank)[:most]


STEPS = tuple(map(Decimal, ("0", "0.1", "0.25", "0.5", "0.75", "1")))
"""Shares of the path, inclusive; behind them come the accounts that are not liquidated."""


def _step(crossing: Decimal | None) -> int:
    if crossing is None:
        return len(STEPS)
    return next(number for number, end in enumerate(STEPS) if crossing <= end)


def whole(amount: Decimal) -> Decimal:
    """An amount in whole 1e-8, which add up exactly."""
    return rounded(amount, 8, Direction.NEAREST)
