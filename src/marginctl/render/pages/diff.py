"""``check --diff``: what became of each account since a commit."""

from collections.abc import Iterator

from marginctl.render.page import Block, DataTable, Section, Tone, dim, names, numbers, section, texts
from marginctl.render.pages.what_if import moved_figures
from marginctl.results import Outcome, Run
from marginctl.results.diff import BETTER, FIXED, NEW, SAME, WORSE, AccountDiff
from marginctl.wording import counted

KEY_FIGURES = {
    "totals": (
        *("equity", "free_collateral", "initial_margin", "maintenance_margin", "utilization", "maintenance_ratio"),
        *("leverage", "gross_notional", "state"),
    ),
    "liquidation": ("down", "up"),
    "positions": ("quantity",),
}
"""Of the figures that moved those that are shown; the document has all."""
TONES = {NEW: Tone.BAD, WORSE: Tone.BAD, SAME: Tone.PLAIN, BETTER: Tone.GOOD, FIXED: Tone.GOOD}
STATES = {"new": "new file: compared with nothing", "unreadable": "could not be checked there: compared with nothing"}


def diff_sections(run: Run) -> Iterator[Section | None]:
    """A line an account, then what moved in each that has changed."""
    found = [(one, one.diff) for one in run.outcomes if one.diff is not None]
    if not found:
        return
    base = found[0][1].base
    if len(found) > 1:
        yield _accounts(found, base)
    for outcome, diff in found:
        yield _account(outcome, diff, alone=len(found) == 1)


def _accounts(found: list[tuple[Outcome, AccountDiff]], base: str) -> Section | None:
    rows = [diff for _, diff in found]
    columns = (
        names("account", [_name(outcome) for outcome, _ in found]),
        texts("verdict", [_verdicts(diff) for diff in rows]),
        *(
            texts(
                what, [str(diff.count(what) or "") for diff in rows], tones=[TONES[what]] * len(rows), priority=number
            )
            for number, what in ((1, NEW), (1, WORSE), (9, SAME), (8, BETTER), (8, FIXED))
        ),
        texts("", [diff.state for diff in rows]),
    )
    return section(f"Since {base}", DataTable(columns))


def _name(outcome: Outcome) -> str:
    return outcome.report.account.name if outcome.report else outcome.file


def _verdicts(diff: AccountDiff) -> str:
    return " → ".join(dict.fromkeys(filter(None, (diff.verdict_before, diff.verdict_after))))


def _account(outcome: Outcome, diff: AccountDiff, *, alone: bool) -> Section | None:
    """The figures that moved and the findings; nothing of an account that is as it was, beside others."""
    heading = f"{_name(outcome)} since {diff.base}"
    if diff.state == SAME:
        return section(heading, dim("Nothing moved."), note=_verdicts(diff)) if alone else None
    shown = [one for one in diff.changes if one.name in KEY_FIGURES.get(one.section, ())]
    hidden = len(diff.changes) - len(shown)
    blocks: list[Block | None] = [
        dim(STATES[diff.state]) if diff.state in STATES else None,
        moved_figures(shown) if shown else None,
        dim(f"{counted(hidden, 'more figure')} moved (--format json)") if hidden else None,
        _findings(diff),
    ]
    return section(heading, *blocks, note=_verdicts(diff))


def _findings(diff: AccountDiff) -> DataTable | None:
    rows = diff.findings
    if not rows:
        return None
    return DataTable(
        (
            texts("finding", [one.what for one in rows], tones=[TONES[one.what] for one in rows]),
            texts("code", [one.code for one in rows]),
            texts("limit on", [one.name for one in rows], priority=8),
            names("subject", [one.subject for one in rows]),
            numbers("then", [one.then for one in rows]),
            numbers("now", [one.now for one in rows]),
        )
    )
