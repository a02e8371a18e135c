"""Tests of a policy: portfolios, and what is to be found in them."""

import os
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from marginctl.analysis.check import Policy, Settings, check, codes, edits, outcome_exit, shocks
from marginctl.analysis.configuration import bound_file
from marginctl.analysis.policies import OUTSIDE, AskedPolicy, policy_of
from marginctl.document.files import content_of, lies_in
from marginctl.document.kinds import DATE, TEXT, Choice, ListOf, MapOf, any_of, members, words
from marginctl.document.record import Record, key, optional, records
from marginctl.document.scalars import FlagError
from marginctl.document.source import Source, echo
from marginctl.findings import Finding, Problem, Severity
from marginctl.limits.config import unknown_code
from marginctl.limits.engine import Selection
from marginctl.limits.rules import rule_of
from marginctl.limits.verdict import FailOn
from marginctl.results import Outcome
from marginctl.results.policy_results import CaseResult, CasesResult, ExpectedFinding

FAIL_ON = members(FailOn)


class ExitKind(Choice[int], frozen=True):
    """An exit code. Binds to ``int``."""

    def schema(self) -> dict[str, Any]:
        """Editors see a number."""
        return {"enum": [*self.meanings.values(), *self.meanings]}


EXIT = ExitKind({str(code): code for code in (0, 1, 2)})


class ExpectedEntry(Record, name="expected_finding"):
    """A finding that has to be there."""

    code = key(TEXT, "the limit, such as MC102")
    subject = optional(TEXT, "the contract, pool or scenario; without it, any", default="")
    severity = optional(members(Severity), "without it, any")
    message = optional(TEXT, "words that its message holds", default="")


class CaseEntry(Record, name="policy_test"):
    """A portfolio, and what is to be found in it."""

    name = key(TEXT, "what is shown, in a few words")
    portfolio = optional(TEXT, "its file, from the folder of this file; without it, that of the file", default="")
    changes = optional(MapOf(TEXT), "edits made first, as `--set`: `positions.0.leverage: 25`", name="set")
    shock = optional(MapOf(TEXT), "prices moved first, as `--shock`: `BTC: -20%`")
    select = optional(ListOf(TEXT), "only these limits; without it, all", default=[])
    findings = optional(
        records(ExpectedEntry), "errors and warnings, all there are; none: the portfolio is clean", default=[]
    )
    exit_code = optional(EXIT, "of `check`")


class CasesFile(Record, name="policy_case"):
    """Tests of a policy."""

    editor_schema = optional(TEXT, "where an editor finds the JSON Schema", name="$schema")
    format = optional(words("marginctl.policy-case/1"), "the format of this file", name="schema")
    policy = optional(
        any_of(TEXT, ListOf(TEXT)),
        "the policies, from the folder of this file; those of `--limits` hold too",
        default=[],
    )
    portfolio = optional(TEXT, "the portfolio of tests that name none", default="")
    today = optional(DATE, "the day that ages and waivers are measured against")
    fail_on = optional(FAIL_ON, "the least severity that exits 1; default error", default=FailOn.ERROR)
    cases = key(records(CaseEntry), "the tests")


class CasesRun(NamedTuple):
    """What is asked for beside the files: policies that all tests are under, and a day where a file has none."""

    limits: Sequence[str]
    today: date
    rules_dir: str | None = None


def tested(paths: Iterable[tuple[str, Path]], run: CasesRun) -> CasesResult:
    """The tests of files, run in their order; beside each file what nothing that it names may lie outside of."""
    cases: list[CaseResult] = []
    problems: list[Problem] = []
    set_by: dict[str, str] = {}
    for path, root in paths:
        bound, wrong = bound_file(path, CasesFile)
        problems += wrong
        if bound is None:
            continue
        file, source = bound
        settings, wrong = _settings(file, source, root, run)
        found = [_case(one, file, _Tree(source, root), settings) for one in file.cases] if not wrong else []
        problems += [*wrong, *(problem for one in found if isinstance(one, list) for problem in one)]
        cases += [one for one in found if isinstance(one, CaseResult)]
        set_by |= _codes(settings.policy)
    named = tuple((code, set_by[code]) for code in sorted(set_by))
    return CasesResult(cases=tuple(cases), codes=named, problems=tuple(problems))


class _Tree(NamedTuple):
    """A file of tests, and what it may reach."""

    source: Source
    root: Path


def _settings(file: CasesFile, source: Source, root: Path, run: CasesRun) -> tuple[Settings, list[Problem]]:
    """The settings of all tests of a file."""
    folder = os.path.dirname(source.name)  # noqa: PTH120
    names = [file.policy] if isinstance(file.policy, str) else file.policy
    beside = (os.path.normpath(os.path.join(folder, name)) for name in names)  # noqa: PTH118
    paths: list[str | AskedPolicy] = [*run.limits, *(AskedPolicy(path, root) for path in beside)]
    policy, problems = policy_of(paths)
    if not paths:
        message, advice = "no policy is tested", "add `policy:`, or name one by --limits"
        problems = [source.problem(file.node, "MC012", message, advice)]
    settings = Settings(today=file.today or run.today, fail_on=file.fail_on, policy=policy, rules_dir=run.rules_dir)
    return settings, problems


def _codes(policy: Policy | None) -> dict[str, str]:
    """The limits that policies set, for whomever, and their names."""
    parts = [one for part in policy.parts for one in (part, *(few for _, few in part.accounts))] if policy else []
    rules = {rule.code: rule for part in parts for rule in part.custom}
    found = {code for part in parts for code in (*part.bounds, *part.scopes) if part.bounds.get(code, True)}
    return {code: rules[code].name if code in rules else rule_of(code).name for code in found}


def _case(one: CaseEntry, file: CasesFile, tree: _Tree, settings: Settings) -> CaseResult | list[Problem]:
    """One test, run; what is wrong with it where it cannot be."""
    source = tree.source
    problems = [problem for row in one.findings for problem in _unknown(row, source, settings)]
    try:
        own = _own(one, settings)
    except FlagError as error:
        return [*problems, source.problem(one.node, "MC015", error.message, error.help)]
    written = one.portfolio or file.portfolio
    if not written:
        problems += [source.problem(one.node, "MC012", "`portfolio` is missing", "name its file here, or once above")]
    if problems:
        return problems
    name = os.path.normpath(os.path.join(os.path.dirname(source.name), written))  # noqa: PTH118, PTH120
    node = one.at(CaseEntry.portfolio) if one.portfolio else file.at(CasesFile.portfolio)
    if not lies_in(Path(name), tree.root):
        return [source.problem(node, "MC001", OUTSIDE, "name a portfolio of this tree")]
    data, missing = content_of(Path(name), name)
    if missing is not None:
        return [source.problem(node, "MC001", f"{echo(written)} {missing.message}", "paths count from this file")]
    return _judged(one, check(data, name, own), source, settings.fail_on)


def _unknown(row: ExpectedEntry, source: Source, settings: Settings) -> Iterable[Problem]:
    return () if row.code in _codes(settings.policy) else unknown_code(row.code, row.at(ExpectedEntry.code), source)


def _own(one: CaseEntry, settings: Settings) -> Settings:
    """The settings of one test. Raises FlagError."""
    return replace(
        settings,
        sets=edits(f"{path}={text}" for path, text in (one.changes or {}).items()),
        shocks=shocks(f"{asset}={move}" for asset, move in (one.shock or {}).items()),
        selection=Selection(codes("select")(one.select)),
    )


def _judged(one: CaseEntry, outcome: Outcome, source: Source, fail_on: FailOn) -> CaseResult:
    """What was expected beside what was found: each of one matched by one of the other."""
    open_ones = [finding for finding in outcome.findings if not finding.waived]
    missing: list[ExpectedFinding] = []
    for row in one.findings:
        found = next((finding for finding in open_ones if _fits(finding, row)), None)
        if found is None:
            severity = row.severity.value if row.severity else ""
            missing.append(ExpectedFinding(row.code, row.subject, severity, row.message))
        else:
            open_ones.remove(found)
    others = [finding for finding in open_ones if finding.severity is not Severity.NOTE]
    is_told = not outcome.problems
    return CaseResult(
        name=one.name,
        location=source.location(one.at(CaseEntry.name)),
        portfolio=outcome.file,
        outcome=outcome,
        exit_code=outcome_exit(outcome, fail_on).value,
        expected_exit=one.exit_code,
        missing=tuple(missing) if is_told else (),
        unexpected=tuple(map(_as_expected, others)) if is_told else (),
    )


def _fits(finding: Finding, row: ExpectedEntry) -> bool:
    same = finding.code == row.code and row.subject in ("", finding.subject) and row.message in finding.message
    return same and row.severity in (None, finding.severity)


def _as_expected(finding: Finding) -> ExpectedFinding:
    return ExpectedFinding(finding.code, finding.subject, finding.severity.value, finding.message)
