"""What the analyses return, as plain values; and how a text of it is wanted."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from marginctl import __version__
from marginctl.core.report import Report, RulesUsed
from marginctl.findings import Check, Expectation, Finding, Problem, Severity, Status

if TYPE_CHECKING:
    from marginctl.core.cascade import Cascade, IsolatedComparison
    from marginctl.core.curve import EquityCurve
    from marginctl.core.funding_cases import FundingTable
    from marginctl.core.grid import Grid
    from marginctl.core.moved import Moved
    from marginctl.core.outcome import ScenarioOutcome
    from marginctl.core.path import Scenario
    from marginctl.core.pooling import Pooling
    from marginctl.core.tiered_way import TieredWay
    from marginctl.results.catalogue import BuiltIn, Publication
    from marginctl.results.comparison import CompareResult
    from marginctl.results.diff import AccountDiff

NO_RULES = RulesUsed(venue="", as_of=None, status="unverified", sources=())


class Compared(Struct, frozen=True):
    """An expected figure with the outcome of the limit on it."""

    shape: ClassVar[str] = "*expectation status"
    expectation: Expectation
    status: Status


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one file: checked (``report`` and ``rules`` are set), or not (``problems`` say why).

    file: the name to show. A checked file may still have ``problems``: a configured limit that cannot be evaluated.
    remedy: the cheapest way to pass; empty = that of the gravest finding. expectations: figures of the venue's screen.
    """

    schema: ClassVar[str] = "marginctl.report/1"
    shape: ClassVar[str] = (
        "schema file *report checks findings assumptions rules=rules_used expectations=compared diff?"
    )

    file: str
    report: Report | None = None
    checks: tuple[Check, ...] = ()
    findings: tuple[Finding, ...] = ()
    assumptions: tuple[str, ...] = ()
    rules: RulesUsed | None = None
    problems: tuple[Problem, ...] = ()
    remedy: str = ""
    expectations: tuple[Expectation, ...] = ()
    pooling: "Pooling | None" = None
    diff: "AccountDiff | None" = None
    tiered_ways: "tuple[TieredWay, ...]" = ()
    modes: "CompareResult | None" = None

    @property
    def checked(self) -> "Outcome | None":
        """Itself where it has a report."""
        return None if self.report is None else self

    @property
    def rules_used(self) -> RulesUsed:
        """The rules as the report tells them."""
        return self.rules or NO_RULES

    @property
    def compared(self) -> tuple[Compared, ...]:
        """The expected figures, each with how it fares."""
        found = ((one, judged(one, self.checks)) for one in self.expectations)
        return tuple(Compared(one, check.status if check else Status.NOT_EVALUATED) for one, check in found)


class RunSummary(Struct, frozen=True, kw_only=True):
    """What a run comes to, in numbers."""

    files: int
    errors: int
    warnings: int
    failed_files: int
    exit_code: int


class Run(Struct, frozen=True, kw_only=True):
    """All files of one run. ``fail_on`` is the lowest severity that fails it: error, warning or never."""

    schema: ClassVar[str] = "marginctl.report/1"
    shape: ClassVar[str] = "schema version reports=checked errors=problems summary"
    table: ClassVar[str] = "positions"

    outcomes: tuple[Outcome, ...]
    exit_code: int
    version: str = __version__
    fail_on: str = "error"

    @property
    def checked(self) -> tuple[Outcome, ...]:
        """The outcomes with a report."""
        return tuple(outcome for outcome in self.outcomes if outcome.report is not None)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What kept files from being checked."""
        return tuple(problem for outcome in self.outcomes for problem in outcome.problems)

    @property
    def summary(self) -> RunSummary:
        """Files, and findings that no waiver covers."""
        return RunSummary(
            files=len(self.outcomes),
            errors=sum(len(live(outcome.findings, Severity.ERROR)) for outcome in self.outcomes),
            warnings=sum(len(live(outcome.findings, Severity.WARNING)) for outcome in self.outcomes),
            failed_files=sum(outcome.report is None for outcome in self.outcomes),
            exit_code=self.exit_code,
        )


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


def uploaded(findings: Iterable[Finding], *, notes: bool, waived: bool = False) -> list[Finding]:
    """The findings that a code host is told: it opens an alert for each, also for notes and accepted ones."""
    return [one for one in findings if (waived or not one.waived) and (notes or one.severity is not Severity.NOTE)]


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
    broken = [one for one in ranked(outcome.findings) if not one.waived and one.severity is not Severity.NOTE]
    return next((finding.remedy for finding in broken if finding.remedy), "")


def judged(one: Expectation, checks: Iterable[Check]) -> Check | None:
    """The check of an expected figure; None where the limit on it was not looked at."""
    return next((check for check in checks if check.code == "MC209" and check.subject == one.name), None)


def unevaluated(checks: Iterable[Check]) -> list[Check]:
    """The limits that nobody could evaluate."""
    return [check for check in checks if check.status is Status.NOT_EVALUATED]


class ScenarioOrigin(Enum):
    """Where a scenario comes from."""

    FILE = "file"
    FLAG = "flag"
    BUILT_IN = "built-in"
    HISTORY = "history"


class ScenarioResult(Struct, frozen=True, kw_only=True):
    """One scenario with its outcome; ``moves`` are its shocks by asset of the account, ``untouched`` those it lacks.

    ``story`` is there where a cascade was asked for, ``comparison`` where the account can also be run isolated.
    """

    shape: ClassVar[str] = (
        "name origin title=built_in.title date=built_in.date note=built_in.note sources shocks=scenario.shocks "
        "moves untouched funding=scenario.funding survived=outcome.survived crossing=outcome.crossing "
        "reach=outcome.reach pool=outcome.pool bystanders=outcome.bystanders equity=outcome.equity "
        "change=outcome.change maintenance_margin=outcome.maintenance_margin "
        "maintenance_ratio=outcome.maintenance_ratio free_collateral=outcome.free_collateral "
        "worst_pool=outcome.worst_pool worst_position=outcome.worst pools=outcome.pools cascade"
    )

    scenario: "Scenario"
    origin: ScenarioOrigin
    built_in: "BuiltIn | None" = None
    moves: dict[str, Decimal] = {}
    untouched: tuple[str, ...] = ()
    outcome: "ScenarioOutcome"
    story: "Cascade | None" = None
    comparison: "IsolatedComparison | None" = None

    @property
    def name(self) -> str:
        """How the scenario is called in this run."""
        return self.scenario.name

    @property
    def date(self) -> str:
        """The day it happened; empty for one that did not."""
        return self.built_in.date.isoformat() if self.built_in else ""

    @property
    def sources(self) -> "tuple[Publication, ...]":
        """Where its figures were published."""
        return self.built_in.sources if self.built_in else ()

    @property
    def cascade(self) -> "CascadeResult | None":
        """What was closed on the way, beside the same with every position isolated."""
        return None if self.story is None else CascadeResult(self.story, self.comparison)

    @property
    def days(self) -> Decimal | None:
        """How long the way takes, where it is one of days."""
        return self.scenario.funding.days if self.scenario.funding else None


class CascadeResult(Struct, frozen=True):
    """The story of a scenario and what stands at its end; ``isolated``: the same with every position isolated."""

    shape: ClassVar[str] = (
        "steps=story.steps closed_winners=story.closed_winners left=story.account.positions equity=story.equity "
        "value=story.value trail=story.trail isolated"
    )
    story: "Cascade"
    isolated: "IsolatedComparison | None"


class StressSummary(Struct, frozen=True):
    """What the scenarios come to, in numbers."""

    scenarios: int
    not_survived: int
    exit_code: int


class StressResult(Struct, frozen=True, kw_only=True):
    """Everything about one file; with ``problems`` and without ``report`` it could not be checked.

    ``positions``: symbol and side by key. ``assumptions``: of the account, then of what was done to it.
    """

    schema: ClassVar[str] = "marginctl.stress/1"
    shape: ClassVar[str] = (
        "schema version file account=report.account scenarios grid curve=curves asset_curves tiered_ways funding "
        "findings assumptions rules=rules_used errors=problems summary"
    )
    table: ClassVar[str] = "scenarios"

    file: str
    version: str = __version__
    exit_code: int
    report: Report | None = None
    rules: RulesUsed | None = None
    scenarios: tuple[ScenarioResult, ...] = ()
    cascaded: bool = False
    grid: "Grid | None" = None
    curves: "tuple[EquityCurve, ...]" = ()
    asset_curves: "tuple[EquityCurve, ...]" = ()
    tiered_ways: "tuple[TieredWay, ...]" = ()
    draws_curve: bool = True
    funding: "FundingTable | None" = None
    findings: tuple[Finding, ...] = ()
    assumptions: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    fail_on: str = "error"
    positions: Mapping[str, str] = {}

    @property
    def rules_used(self) -> RulesUsed | None:
        """The rules as the report tells them; None without one."""
        return None if self.report is None else self.rules or NO_RULES

    @property
    def summary(self) -> StressSummary:
        """How many scenarios, and how many are not survived."""
        lost = sum(not one.outcome.survived for one in self.scenarios)
        return StressSummary(len(self.scenarios), lost, self.exit_code)


class WhatIfSummary(Struct, frozen=True):
    """How many figures moved, and where to."""

    changes: int
    worse: int
    better: int
    exit_code: int


class WhatIfResult(Struct, frozen=True, kw_only=True):
    """One account before and after; ``after`` None where the changes could not be made, ``problems`` say why.

    notes: what was done, in words; changes: every figure that moved; written: the file that was written, if any.
    """

    schema: ClassVar[str] = "marginctl.what-if/2"
    shape: ClassVar[str] = (
        "schema version file applied=notes before=before.checked after=after.checked changes written errors summary"
    )
    table: ClassVar[str] = "changes"

    file: str
    version: str = __version__
    before: Outcome
    after: Outcome | None
    exit_code: int
    notes: tuple[str, ...] = ()
    changes: "tuple[Moved, ...]" = ()
    problems: tuple[Problem, ...] = ()
    written: str | None = None
    fail_on: str = "error"

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What is wrong before, with the changes, or afterwards; each once."""
        problems = (*self.before.problems, *self.problems, *(self.after.problems if self.after else ()))
        return tuple(dict.fromkeys(problems))

    @property
    def summary(self) -> WhatIfSummary:
        """Counts."""
        words = [one.word for one in self.changes]
        return WhatIfSummary(len(words), words.count("worse"), words.count("better"), self.exit_code)
