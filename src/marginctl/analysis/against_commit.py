"""A portfolio against the same file at a commit: what was broken there already is accepted while it is no worse."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec.structs import replace

from marginctl.analysis.check import Settings, check
from marginctl.core.moved import moved
from marginctl.core.plain import as_plain
from marginctl.document.commits import Commit
from marginctl.document.files import LARGEST
from marginctl.findings import Check, Finding, Severity, Status
from marginctl.limits.baseline import UNUSED, Baseline, entry_of, is_worse, recorded
from marginctl.limits.config import named
from marginctl.limits.rules import rule_of
from marginctl.results import Outcome, verdict
from marginctl.results.diff import BETTER, FIXED, NEW, SAME, WORSE, AccountDiff, FindingDiff
from marginctl.wording import check_value

UNREADABLE, CHANGED = "unreadable", "changed"


def checked_against(data: bytes, name: str, path: Path | None, settings: Settings) -> Outcome:
    """The outcome of a file, with what its commit accepts waived; with its difference where that is asked for.

    A file that is new there, or that could not be checked there, is compared with nothing.
    """
    if settings.commit is None:
        return check(data, name, settings)
    plain = replace(settings, commit=None, compares=False)
    before = _before(name, path, settings.commit, replace(plain, accepts_all=True))
    entries = recorded(before.findings) if before is not None and not before.problems else []
    after = check(data, name, replace(plain, baseline=Baseline("", {named(name, ""): entries})))
    after = replace(after, findings=tuple(one for one in after.findings if not _is_of_commit(one)))
    if not settings.compares or after.report is None:
        return after
    return replace(after, diff=_diff(before, after, settings))


def _before(name: str, path: Path | None, commit: Commit, settings: Settings) -> Outcome | None:
    """The file as it was at a commit, rule files, tables and histories as they were there too; None: there was none."""
    try:
        data = None if path is None else commit.read(path, LARGEST)
    except OSError:
        return None
    if data is None:
        return None
    with commit.in_force():
        return check(data, name, settings)


def _is_of_commit(finding: Finding) -> bool:
    """Whether a finding says that an entry is used no more: those of a commit need no cleaning."""
    return finding.code == UNUSED and not finding.location.file


def _diff(before: Outcome | None, after: Outcome, settings: Settings) -> AccountDiff:
    fail_on, base = settings.fail_on.value, settings.commit.revision if settings.commit else ""
    now = verdict(after, fail_on).value
    if before is None or before.report is None or before.problems:
        state = NEW if before is None else UNREADABLE
        found = tuple(_finding(NEW, None, one) for one in _counted(after.findings))
        return AccountDiff(base=base, state=state, verdict_before="", verdict_after=now, findings=found)
    old = replace(before, findings=tuple(map(_as_found, before.findings)))
    changes = moved(as_plain(before), as_plain(after))
    findings = tuple(_findings(old.findings, after.findings))
    state = CHANGED if changes or any(one.what != SAME for one in findings) else SAME
    return AccountDiff(
        base=base,
        state=state,
        verdict_before=verdict(old, fail_on).value,
        verdict_after=now,
        changes=tuple(one for one in changes if one.section != "checks" or one.name != "status"),
        findings=findings,
    )


def _as_found(finding: Finding) -> Finding:
    """A finding as it was before the baseline took it."""
    return replace(finding, waived=False, by_baseline=False, reason="") if finding.by_baseline else finding


def _counted(findings: Iterable[Finding]) -> list[Finding]:
    """Errors and warnings that no waiver covers; what the commit accepts is still there."""
    return [one for one in map(_as_found, findings) if one.severity is not Severity.NOTE and not one.waived]


def _findings(before: Iterable[Finding], after: Iterable[Finding]) -> Iterator[FindingDiff]:
    """What is new and what has become worse first, then what stayed, is better, or is fixed."""
    old = {(one.code, one.subject): one for one in _counted(before)}
    new = {(one.code, one.subject): one for one in _counted(after)}
    pairs = [(old.get(key), new.get(key)) for key in dict.fromkeys([*new, *old])]
    rows = [_finding(_turn(then, now), then, now) for then, now in pairs]
    order = (NEW, WORSE, SAME, BETTER, FIXED)
    yield from sorted(rows, key=lambda one: order.index(one.what))


def _turn(then: Finding | None, now: Finding | None) -> str:
    if then is None or now is None:
        return NEW if then is None else FIXED
    rule = rule_of(now.code)
    if is_worse(rule, now, entry_of(then)):
        return WORSE
    return BETTER if is_worse(rule, then, entry_of(now)) else SAME


def _finding(what: str, then: Finding | None, now: Finding | None) -> FindingDiff:
    one = now or then
    unit = rule_of(one.code).unit.value if one else ""
    return FindingDiff(
        what=what,
        code=one.code if one else "",
        name=one.name if one else "",
        subject=one.subject if one else "",
        severity=one.severity.value if one else "",
        then=_value(then, unit),
        now=_value(now, unit),
        message=one.message if one else "",
    )


def _value(finding: Finding | None, unit: str) -> str:
    """A figure as tables show it."""
    if finding is None or finding.value is None:
        return ""
    status = Status.FAIL if finding.severity is Severity.ERROR else Status.WARN
    return check_value(Check(finding.code, finding.name, finding.subject, finding.value, finding.limit, status), unit)
