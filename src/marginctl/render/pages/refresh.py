"""What a refresh changed, in words."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from marginctl.render import Options
from marginctl.render.page import Block, Facts, Page, Section, Sentence, Tone, dim, page, section
from marginctl.venues.collateral import schedule_text
from marginctl.venues.refresh import Refreshed, RefreshResult
from marginctl.venues.refreshed_contracts import TableChange, TierStep
from marginctl.venues.refreshed_haircuts import HaircutChange
from marginctl.wording import counted, exact_percent, exactly, listed

MOST_SHOWN = 20
"""Contracts whose rows are shown; of further ones only the names."""
KINDS = ("changed", "added", "removed")


def refresh_page(result: RefreshResult, _: Options) -> Page:
    """Dates and counts, every change, what was kept and what was not taken, and the files written."""
    done = result.done
    return page(
        [
            _head(done),
            *(_tables(done, kind) for kind in KINDS),
            _haircuts(done.haircuts),
            _kept(done),
            _entries("Not taken", [(one.name, one.reason) for one in done.untaken], Tone.WARN),
            _closing(done, result.written),
        ]
    )


def _head(done: Refreshed) -> Section | None:
    dates = f"{done.before} → {done.as_of}" if done.before != done.as_of else f"{done.as_of}, as before"
    blocks: list[Block] = [dim(f"{', '.join(done.answers)} of {done.day}")]
    for what, changes in (("contracts", done.changes), ("haircuts", done.haircuts)):
        if changes:
            blocks.append(Sentence(text=f"{what}: {_counts([change.kind for change in changes])}"))
    return section(done.name, *blocks, note=f"rules of {dates}", tone=Tone.PLAIN)


def _counts(kinds: Sequence[str]) -> str:
    """``2 changed, 1 added, 669 as before``."""
    named = [(kind, kinds.count(kind)) for kind in KINDS]
    parts = [f"{count:,} {kind}" for kind, count in named if count]
    return ", ".join([*parts, f"{kinds.count('same'):,} as before"] if kinds.count("same") or not parts else parts)


def _tables(done: Refreshed, kind: str) -> Section | None:
    changes = [change for change in done.changes if change.kind == kind]
    shown, more = changes[:MOST_SHOWN], changes[MOST_SHOWN:]
    entries = [
        (change.symbol if number == 0 else "", words)
        for change in shown
        for number, words in enumerate(table_words(change))
    ]
    if more:
        symbols = ", ".join(change.symbol for change in more)
        entries.append((f"and {len(more):,} more", f"{symbols} (--format json shows every row)"))
    return _entries(f"Contracts {kind}", entries)


def table_words(change: TableChange) -> list[str]:
    """The rows that differ, the figures that do not left out; a whole table in one line."""
    if change.before is None or change.after is None:
        return [_whole(change.before or change.after or ())]
    words = []
    pairs = list(zip(change.before, change.after, strict=False))
    for number, (old, new) in enumerate(pairs, 1):
        fields = [
            f"{name} {before} → {after}"
            for (name, before), (_, after) in zip(_fields(old), _fields(new), strict=True)
            if before != after
        ]
        words += [f"tier {number}: {', '.join(fields)}"] if fields else []
    for verb, rows in (("removed", change.before), ("added", change.after)):
        words += [
            f"tier {number} {verb}: {_row(step)}" for number, step in enumerate(rows[len(pairs) :], len(pairs) + 1)
        ]
    return words


def _whole(steps: Sequence[TierStep]) -> str:
    if not steps:
        return "no tiers"
    first, last = steps[0], steps[-1]
    tiers = counted(len(steps), "tier")
    return f"{tiers}; first: {_row(first)}; last: {_row(last)}" if len(steps) > 1 else f"{tiers}: {_row(first)}"


def _row(step: TierStep) -> str:
    return ", ".join(f"{name} {value}" for name, value in _fields(step) if value)


def _fields(step: TierStep) -> list[tuple[str, str]]:
    leverage = "" if step.max_leverage is None else f"{exactly(step.max_leverage)}x"
    return [
        ("up to", "no limit" if step.up_to is None else exactly(step.up_to)),
        ("maintenance", "unknown" if step.maintenance_rate is None else _percent(step.maintenance_rate)),
        ("deduction", exactly(step.deduction)),
        ("leverage", leverage),
        ("initial", "" if leverage or step.initial_rate is None else _percent(step.initial_rate)),
    ]


def _percent(rate: Decimal) -> str:
    return f"{exact_percent(rate)}%"


def _haircuts(changes: Sequence[HaircutChange]) -> Section | None:
    several = len({change.mode for change in changes}) > 1
    entries = [
        (f"{change.asset} ({change.mode})" if several else change.asset, haircut_words(change))
        for change in changes
        if change.kind != "same"
    ]
    return _entries("Haircuts", entries)


def haircut_words(change: HaircutChange) -> str:
    """``5% → 4%``, with what a unit of debt counts where that differs."""
    if change.before is None:
        return f"added: {schedule_text(change.after or ())}{_debt(change.debt_after)}"
    if change.after is None:
        return f"removed: {schedule_text(change.before)}"
    old, new = schedule_text(change.before), schedule_text(change.after)
    words = [f"{old} → {new}"] if old != new else []
    if change.debt_before != change.debt_after:
        words.append(f"a debt counts x {exactly(change.debt_before)} → {exactly(change.debt_after)}")
    return ", ".join(words)


def _debt(factor: Decimal) -> str:
    return "" if factor == 1 else f", a debt counts x {exactly(factor)}"


def _kept(done: Refreshed) -> Section | None:
    entries = [
        (
            f"of {one.as_of or 'no date'}",
            f"{counted(len(one.names), one.what.removesuffix('s'))}: {listed(one.names, MOST_SHOWN)}",
        )
        for one in done.kept
    ]
    return _entries("Kept as they were, under their date", entries)


def _entries(heading: str, entries: Sequence[tuple[str, str]], tone: Tone = Tone.LABEL) -> Section | None:
    """``name  text`` below a heading; nothing without entries."""
    return section(heading, Facts(rows=tuple(entries), tone=tone)) if entries else None


def _closing(done: Refreshed, written: Iterable[str]) -> Section:
    files = ", ".join(written)
    end = f"wrote {files}" if files else "nothing was written: --output FILE.yaml writes the rule file"
    return Section(blocks=tuple(Sentence(text=text) for text in (*done.remarks, end)))
