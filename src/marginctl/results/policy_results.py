"""What a policy comes to, and how its tests fared."""

from typing import ClassVar

from msgspec import Struct

from marginctl.findings import Document, Location, Status, Summary
from marginctl.results import Outcome


class PolicyLimit(Struct, frozen=True, kw_only=True):
    """A limit that one file sets.

    ``subject``: for whom: all, or a pattern of accounts, a position, a purpose, an underlying. ``warn``, ``fail``: in
    words, as a policy writes them. ``standing``: ``counts`` or ``weaker`` than that of another file, ``off``, or
    ``instead``: for its subject, of the limit for all in its own file.
    """

    shape: ClassVar[str] = "code name key subject warn fail standing *location"

    code: str
    name: str
    key: str
    subject: str
    warn: str
    fail: str
    standing: str
    location: Location


class PolicyScenario(Struct, frozen=True):
    """A scenario that a policy puts portfolios through; ``shocks`` in words."""

    name: str
    shocks: str


class PolicyVenues(Struct, frozen=True):
    """The rule sets that one file allows."""

    file: str
    venues: tuple[str, ...]


class PolicyWaiver(Struct, frozen=True, kw_only=True):
    """A breach that a policy accepts, and whether its day is over."""

    shape: ClassVar[str] = "code subject until reason expired *location"

    code: str
    subject: str
    until: str
    reason: str
    expired: bool
    location: Location


class PolicySummary(Summary, frozen=True):
    """How many there are."""

    shape: ClassVar[str] = "files limits exit_code"
    files: int
    limits: int


class PolicyResult(Document, frozen=True, kw_only=True):
    """Policies as one: what they ask for together, and who asks for it."""

    schema: ClassVar[str] = "marginctl.resolved-policy/1"
    shape: ClassVar[str] = "schema version policies=files limits scenarios venues waivers errors=problems summary"
    table: ClassVar[str] = "limits"

    files: tuple[str, ...] = ()
    limits: tuple[PolicyLimit, ...] = ()
    scenarios: tuple[PolicyScenario, ...] = ()
    venues: tuple[PolicyVenues, ...] = ()
    waivers: tuple[PolicyWaiver, ...] = ()

    @property
    def summary(self) -> PolicySummary:
        """Counts."""
        code = super().summary.exit_code
        return PolicySummary(exit_code=code, files=len(self.files), limits=len(self.limits))


class ExpectedFinding(Struct, frozen=True):
    """A finding as a test names it; an empty part is any. ``message``: of one that is there."""

    shape: ClassVar[str] = "code subject severity message"

    code: str
    subject: str = ""
    severity: str = ""
    message: str = ""


class CaseResult(Struct, frozen=True, kw_only=True):
    """How one test fared. ``missing``: expected and not found; ``unexpected``: found and not expected.

    ``exit_code`` and ``expected_exit``: of the check, the latter None where the test does not say.
    """

    shape: ClassVar[str] = (
        "name *location portfolio passed exit_code expected_exit missing unexpected errors=outcome.problems"
    )

    name: str
    location: Location
    portfolio: str
    outcome: Outcome
    exit_code: int
    expected_exit: int | None = None
    missing: tuple[ExpectedFinding, ...] = ()
    unexpected: tuple[ExpectedFinding, ...] = ()

    @property
    def is_run(self) -> bool:
        """Whether the portfolio could be checked, or was expected not to be."""
        return not self.outcome.problems or self.expected_exit == self.exit_code

    @property
    def passed(self) -> bool:
        """Whether all is as expected."""
        exits = self.expected_exit in (None, self.exit_code)
        return self.is_run and exits and not self.missing and not self.unexpected


class RuleCount(Struct, frozen=True):
    """How many tests broke a limit of the policy, and how many kept it."""

    code: str
    name: str
    broken: int
    kept: int


class CasesSummary(Summary, frozen=True):
    """How many tests passed and failed, and how many could not be run."""

    shape: ClassVar[str] = "cases passed failed not_run exit_code"
    cases: int
    passed: int
    failed: int
    not_run: int


class CasesResult(Document, frozen=True, kw_only=True):
    """The tests of policies, and how often each limit was broken and kept."""

    schema: ClassVar[str] = "marginctl.policy-test/1"
    shape: ClassVar[str] = "schema version cases rules errors=problems summary"
    table: ClassVar[str] = "cases"

    cases: tuple[CaseResult, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()

    @property
    def rules(self) -> tuple[RuleCount, ...]:
        """The limits that the policies set."""
        return tuple(self._count(code, name) for code, name in self.codes)

    def _count(self, code: str, name: str) -> RuleCount:
        held = [{check.status for check in one.outcome.checks if check.code == code} for one in self.cases]
        broken = sum(bool(found & {Status.WARN, Status.FAIL, Status.WAIVED}) for found in held)
        return RuleCount(code, name, broken, sum(found == {Status.PASS} for found in held))

    @property
    def summary(self) -> CasesSummary:
        """Counts; 2 where something could not be read or run, else 1 where a test failed."""
        not_run = sum(not one.is_run for one in self.cases)
        passed = sum(one.passed for one in self.cases)
        failed = len(self.cases) - passed - not_run
        code = 2 if self.problems or not_run else 1 if failed else 0
        return CasesSummary(exit_code=code, cases=len(self.cases), passed=passed, failed=failed, not_run=not_run)
