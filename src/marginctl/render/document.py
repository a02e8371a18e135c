"""What every renderer is handed: the outcomes of the checked files, and how the text is wanted."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import TypeAlias

from msgspec import Struct, field

from marginctl.core.report import Report, RulesUsed
from marginctl.findings import Check, Expectation, Finding, Problem, Severity, Status


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one file: checked (``report`` and ``rules`` are set), or not (``problems`` say why).

    file: the name to show. A checked file may still have ``problems``: a configured limit that cannot be evaluated.
    remedy: the cheapest way to pass; empty = that of the gravest finding. expectations: figures of the venue's screen.
    """

    file: str
    report: Report | None = None
    checks: tuple[Check, ...] = ()
    findings: tuple[Finding, ...] = ()
    assumptions: tuple[str, ...] = ()
    rules: RulesUsed | None = None
    problems: tuple[Problem, ...] = ()
    remedy: str = ""
    expectations: tuple[Expectation, ...] = ()


class Run(Struct, frozen=True, kw_only=True):
    """All files of one run. ``fail_on`` is the lowest severity that fails it: error, warning or never."""

    outcomes: tuple[Outcome, ...]
    exit_code: int
    version: str
    fail_on: str = "error"


class RuleText(Struct, frozen=True):
    """A rule in the words of its manual: ``short`` is one line, ``help`` the whole text.

    unit: what its value and limit are measured in: fraction, multiple, days, or empty for a plain number.
    """

    name: str
    short: str
    help: str
    unit: str = ""


Manual: TypeAlias = Mapping[str, RuleText]
"""Code of a rule -> its text."""


class Verbosity(Enum):
    """QUIET: findings and verdict; NORMAL: what a trader reads; VERBOSE: every limit, assumption and source."""

    QUIET = "quiet"
    NORMAL = "normal"
    VERBOSE = "verbose"


class Options(Struct, frozen=True, kw_only=True):
    """How the text is wanted; formats for machines read ``manual`` only.

    width: columns of the terminal, None = as wide as it gets; ascii: the output cannot show anything else;
    manual: code -> text of its rule.
    """

    width: int | None = None
    color: bool = False
    ascii: bool = False
    verbosity: Verbosity = Verbosity.NORMAL
    manual: Manual = field(default_factory=dict)


class Verdict(Enum):
    """The one word about a file or a run."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"
    ERROR = "ERROR"


_GRAVITY = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
_ORDER = (Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.ERROR)


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Gravest first, waived ones last; equals keep their order."""
    return sorted(findings, key=lambda finding: (finding.waived, _GRAVITY[finding.severity]))


def live(findings: Iterable[Finding], severity: Severity) -> list[Finding]:
    """The findings of one severity that no waiver covers."""
    return [finding for finding in findings if finding.severity is severity and not finding.waived]


def verdict(outcome: Outcome, fail_on: str = "error") -> Verdict:
    """ERROR: not or not fully checked; FAIL: an error, or a warning where warnings fail the run; else WARN or PASS."""
    if outcome.problems or outcome.report is None:
        return Verdict.ERROR
    warned = bool(live(outcome.findings, Severity.WARNING))
    if live(outcome.findings, Severity.ERROR) or (warned and fail_on == "warning"):
        return Verdict.FAIL
    return Verdict.WARN if warned else Verdict.PASS


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest of several; PASS of none."""
    return max(verdicts, key=_ORDER.index, default=Verdict.PASS)


def cheapest(outcome: Outcome) -> str:
    """The cheapest way to pass, empty when nothing has to be done or nobody knows one."""
    if outcome.remedy:
        return outcome.remedy
    broken = [finding for finding in ranked(outcome.findings) if not finding.waived]
    return next((finding.remedy for finding in broken if finding.remedy), "")


def judged(one: Expectation, checks: Iterable[Check]) -> Check | None:
    """The check of an expected figure; None where the limit on it was not looked at."""
    return next((check for check in checks if check.code == "MC209" and check.subject == one.name), None)


def unevaluated(checks: Iterable[Check]) -> list[Check]:
    """The limits that nobody could evaluate."""
    return [check for check in checks if check.status is Status.NOT_EVALUATED]
