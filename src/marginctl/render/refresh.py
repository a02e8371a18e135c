"""What a refresh changed, in words."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from marginctl.render.catalogue import PROSE, percent, spaced
from marginctl.render.numbers import exactly
from marginctl.render.screen import INDENT, Block, Line, draw, glyphs, line, paragraph, shower
from marginctl.results import Options
from marginctl.venues.collateral import schedule_text
from marginctl.venues.refresh import Refreshed
from marginctl.venues.refreshed_contracts import Step, TableChange
from marginctl.venues.refreshed_haircuts import HaircutChange

MOST_SHOWN = 20
"""Contracts whose rows are shown; of further ones only the names."""
KINDS = ("changed", "added", "removed")


def render_refresh(done: Refreshed, written: Sequence[str], options: Options) -> str:
    """Dates and counts, every change, what was kept and what was not taken, and the files written."""
    parts = [
        _head(done, options),
        *(_tables(done, kind, options) for kind in KINDS),
        _haircuts(done.haircuts, options),
        _kept(done, options),
        _entries("Not taken", [(one.name, one.reason) for one in done.untaken], options, "yellow"),
        _closing(done, written, options),
    ]
    return draw(spaced(parts), options)


def _head(done: Refreshed, options: Options) -> list[Block]:
    show = shower(options)
    dates = (
        f"{done.before} {glyphs(options).arrow} {done.as_of}"
        if done.before != done.as_of
        else f"{done.as_of}, as before"
    )
    rows: list[Block] = [((show(done.name), "bold"), (f"  rules of {dates}", ""))]
    rows += paragraph(f"{', '.join(done.answers)} of {done.day}", options.width, lead=line(INDENT), style="dim")
    for what, changes in (("contracts", done.changes), ("haircuts", done.haircuts)):
        if changes:
            rows.append(line(f"{INDENT}{what}: {_counts([change.kind for change in changes])}"))
    return rows


def _counts(kinds: Sequence[str]) -> str:
    """``2 changed, 1 added, 669 as before``."""
    named = [(kind, kinds.count(kind)) for kind in KINDS]
    parts = [f"{count:,} {kind}" for kind, count in named if count]
    return ", ".join([*parts, f"{kinds.count('same'):,} as before"] if kinds.count("same") or not parts else parts)


def _tables(done: Refreshed, kind: str, options: Options) -> list[Block]:
    changes = [change for change in done.changes if change.kind == kind]
    shown, more = changes[:MOST_SHOWN], changes[MOST_SHOWN:]
    entries = [
        (change.symbol if number == 0 else "", words)
        for change in shown
        for number, words in enumerate(table_words(change, options))
    ]
    if more:
        names = ", ".join(change.symbol for change in more)
        entries.append((f"and {len(more):,} more", f"{names} (--format json shows every row)"))
    return _entries(f"Contracts {kind}", entries, options)


def table_words(change: TableChange, options: Options) -> list[str]:
    """The rows that differ, the figures that do not left out; a whole table in one line."""
    arrow = f" {glyphs(options).arrow} "
    if change.before is None or change.after is None:
        return [_whole(change.before or change.after or ())]
    words = []
    pairs = list(zip(change.before, change.after, strict=False))
    for number, (old, new) in enumerate(pairs, 1):
        fields = [
            f"{name} {before}{arrow}{after}"
            for (name, before), (_, after) in zip(_fields(old), _fields(new), strict=True)
            if before != after
        ]
        words += [f"tier {number}: {', '.join(fields)}"] if fields else []
    for verb, rows in (("removed", change.before), ("added", change.after)):
        words += [
            f"tier {number} {verb}: {_row(step)}" for number, step in enumerate(rows[len(pairs) :], len(pairs) + 1)
        ]
    return words


def _whole(steps: Sequence[Step]) -> str:
    if not steps:
        return "no tiers"
    first, last = steps[0], steps[-1]
    tiers = f"{len(steps)} {'tier' if len(steps) == 1 else 'tiers'}"
    return f"{tiers}; first: {_row(first)}; last: {_row(last)}" if len(steps) > 1 else f"{tiers}: {_row(first)}"


def _row(step: Step) -> str:
    return ", ".join(f"{name} {value}" for name, value in _fields(step) if value)


def _fields(step: Step) -> list[tuple[str, str]]:
    leverage = "" if step.max_leverage is None else f"{exactly(step.max_leverage)}x"
    return [
        ("up to", _amount(step.up_to)),
        ("maintenance", "unknown" if step.maintenance_rate is None else percent(step.maintenance_rate)),
        ("deduction", exactly(step.deduction)),
        ("leverage", leverage),
        ("initial", "" if leverage or step.initial_rate is None else percent(step.initial_rate)),
    ]


def _amount(value: Decimal | None) -> str:
    return "no limit" if value is None else exactly(value)


def _haircuts(changes: Sequence[HaircutChange], options: Options) -> list[Block]:
    several = len({change.mode for change in changes}) > 1
    entries = [
        (f"{change.asset} ({change.mode})" if several else change.asset, haircut_words(change, options))
        for change in changes
        if change.kind != "same"
    ]
    return _entries("Haircuts", entries, options)


def haircut_words(change: HaircutChange, options: Options) -> str:
    """``5% -> 4%``, with what a unit of debt counts where that differs."""
    arrow = f" {glyphs(options).arrow} "
    if change.before is None:
        return f"added: {schedule_text(change.after or ())}{_debt(change.debt_after)}"
    if change.after is None:
        return f"removed: {schedule_text(change.before)}"
    texts = (schedule_text(change.before), schedule_text(change.after))
    words = [arrow.join(texts)] if texts[0] != texts[1] else []
    if change.debt_before != change.debt_after:
        words.append(f"a debt counts x {exactly(change.debt_before)}{arrow}{exactly(change.debt_after)}")
    return ", ".join(words)


def _debt(factor: Decimal) -> str:
    return "" if factor == 1 else f", a debt counts x {exactly(factor)}"


def _kept(done: Refreshed, options: Options) -> list[Block]:
    entries = [
        (f"of {one.as_of or 'no date'}", f"{_counted(len(one.names), one.what)}: {_names(one.names)}")
        for one in done.kept
    ]
    return _entries("Kept as they were, under their date", entries, options)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what if count != 1 else what.removesuffix('s')}"


def _names(names: Sequence[str]) -> str:
    more = len(names) - MOST_SHOWN
    return ", ".join(names[:MOST_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _entries(title: str, entries: Sequence[tuple[str, str]], options: Options, style: str = "") -> list[Block]:
    """``name  text`` below a title, the texts wrapped below each other; nothing without entries."""
    if not entries:
        return []
    show = shower(options)
    longest = max(len(name) for name, _ in entries)
    rows: list[Line] = []
    for name, text in entries:
        lead = ((f"{INDENT}{show(name):<{longest}}{INDENT}", style or "cyan"),)
        rows += paragraph(show(text), options.width or PROSE, lead=lead)
    return [line(title, "bold"), *rows]


def _closing(done: Refreshed, written: Iterable[str], options: Options) -> list[Block]:
    files = ", ".join(shower(options)(name) for name in written)
    texts = [
        *done.remarks,
        f"wrote {files}" if files else "nothing was written: --output FILE.yaml writes the rule file",
    ]
    return [row for text in texts for row in paragraph(text, options.width)]
