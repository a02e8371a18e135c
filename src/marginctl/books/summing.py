"""A tally -> the summary of a book: the worst accounts decided anew by the exact core, the limits on the book."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from marginctl.books.book_limits import ERRORS, FAILED, LIQUIDATABLE, WARNED, BookVerdict, verdict_on
from marginctl.books.deciding import BookRow, exact_rows
from marginctl.books.header import BookHeader
from marginctl.books.tally import DISTANCES, SHARES, Tally, row_of
from marginctl.core.exact import ZERO
from marginctl.core.report import RulesUsed
from marginctl.findings import Problem
from marginctl.limits.rules import BY_CODE
from marginctl.limits.verdict import exit_code
from marginctl.results.book_summary import (
    BookResult,
    BookTotals,
    ErrorCount,
    ExposureRow,
    HistogramStep,
    LimitCount,
    LiquidatableAccounts,
    WorstAccount,
)
from marginctl.wording import exact_percent


def summary_of(
    header: BookHeader, tally: Tally, *, way: str, wall_ms: int | None = None, problems: Sequence[Problem] = ()
) -> BookResult:
    """The summary of a book that was checked whole, or as far as ``problems`` let it."""
    counts = {
        FAILED: tally.verdicts.get("fail", 0),
        WARNED: tally.verdicts.get("warn", 0),
        LIQUIDATABLE: tally.liquidatable,
        ERRORS: tally.accounts - tally.ok,
    }
    found = verdict_on(header, counts, tally.accounts)
    return BookResult(
        **outcome(header, tally, found, (*problems, *found.problems), way=way, wall_ms=wall_ms),
        passing=tally.verdicts.get("pass", 0),
        limits=tuple(_limits(tally)),
        totals=BookTotals(**{name: tally.sums.get(name, ZERO) for name in BookTotals.__struct_fields__}),
        liquidatable_accounts=LiquidatableAccounts(
            accounts=tally.liquidatable,
            equity=tally.liquidatable_equity,
            shortfall=tally.liquidatable_shortfall,
        ),
        exposure=tuple(exposure_rows(tally.exposure)),
        distances=tuple(_steps(tally.distances, DISTANCES, "never")),
        utilizations=tuple(_steps(tally.utilizations, SHARES, "no equity")),
        worst=tuple(_worst(header, tally)),
    )


def outcome(
    header: BookHeader, tally: Tally, found: BookVerdict, problems: Sequence[Problem], *, way: str, wall_ms: int | None
) -> dict[str, Any]:
    """What every run over a book says: by field of ``BookOutcome``."""
    fail_on = header.settings.fail_on
    account = header.draft.account
    return {
        "header": header.source.name,
        "exit_code": exit_code(found.findings, problems=bool(problems), fail_on=fail_on).value,
        "currency": header.currency,
        "as_of": account.as_of if account is not None else None,
        "rules": rules_used(header),
        "accounts": tally.accounts,
        "ok": tally.ok,
        "recomputed": tally.recomputed,
        "warning": tally.verdicts.get("warn", 0),
        "failing": tally.verdicts.get("fail", 0),
        "checks": found.checks,
        "findings": found.findings,
        "error_codes": tuple(ErrorCount(code, count) for code, count in sorted(tally.errors.items())),
        "way": way,
        "wall_ms": wall_ms,
        "problems": tuple(problems),
        "fail_on": fail_on.value,
    }


def rules_used(header: BookHeader) -> RulesUsed:
    """The rule set of the header."""
    account = header.draft.account
    mode = header.rule_set.mode(account.collateral_mode if account is not None else None) or header.rule_set.modes[0]
    return header.rule_set.used(mode, [], set())


def _limits(tally: Tally) -> Iterable[LimitCount]:
    for code, one in sorted(tally.codes.items()):
        yield LimitCount(
            code=code,
            name=BY_CODE[code].name,
            failing=one.failed,
            failing_notional=one.failed_notional,
            warning=one.warned,
            warning_notional=one.warned_notional,
        )


def exposure_rows(sums: dict[str, Decimal]) -> list[ExposureRow]:
    """By underlying, the largest first."""
    assets = dict.fromkeys(name.rpartition(":")[0] for name in sorted(sums))
    rows = [
        ExposureRow(asset=one, long=sums.get(f"{one}:long", ZERO), short=sums.get(f"{one}:short", ZERO))
        for one in assets
    ]
    return sorted(rows, key=lambda row: -(row.long + row.short))


def _steps(counts: Sequence[int], ends: Sequence[str], none: str) -> Iterable[HistogramStep]:
    if not counts:
        return
    shown = [f"{exact_percent(Decimal(end))}%" for end in ends]
    labels = [f"up to {end}" for end in shown] + [f"beyond {shown[-1]}", none]
    yield from (HistogramStep(label=label, count=count) for label, count in zip(labels, counts, strict=True))


def _worst(header: BookHeader, tally: Tally) -> Iterable[WorstAccount]:
    """The worst accounts, each decided by the exact core."""
    for one in tally.worst:
        (row,) = exact_rows(header, row_of(one))
        if row.totals is not None and row.liquidation is not None:
            yield worst_account(row)


def worst_account(row: BookRow) -> WorstAccount:
    """A row that was decided. Raises ValueError for one that was not."""
    if row.totals is None or row.liquidation is None:
        raise ValueError(row.account_id)
    return WorstAccount(
        account_id=row.account_id or "",
        as_of=row.as_of,
        verdict=row.verdict or "",
        failed=row.failed,
        warned=row.warned,
        totals=row.totals,
        liquidation=row.liquidation,
    )
