"""One file's bytes -> its outcome: the whole way from text to findings, without printing anything."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import Account
from marginctl.core.assemble import report_of
from marginctl.core.report import Report
from marginctl.core.scenario import expanded, moved, ratios
from marginctl.document.reader import read
from marginctl.document.record import bind
from marginctl.document.source import Source, echo, in_order
from marginctl.findings import DataFact, Problem
from marginctl.limits.config import FileLimits, LimitSource, combined, limits_of
from marginctl.limits.context import Context, Locations
from marginctl.limits.engine import Evaluation, Selection, evaluate
from marginctl.limits.expectation import expectations, unconfirmed
from marginctl.limits.format import ScenarioEntry
from marginctl.limits.outcomes import with_outcomes
from marginctl.limits.verdict import ExitCode, FailOn, exit_code, verdict
from marginctl.portfolio.format import AccountEntry, PortfolioFile
from marginctl.portfolio.names import assets_of, misnamed_assets, unknown_assets
from marginctl.portfolio.resolve import Resolved, resolve
from marginctl.results import Outcome
from marginctl.venues.loader import named
from marginctl.venues.rule_set import RuleSet

if TYPE_CHECKING:
    from marginctl.limits.baseline import Baseline


class Policy(Struct, frozen=True):
    """The risk team's files as one: their limits, their scenarios, the rule sets that a file allows (none = any)."""

    limits: FileLimits
    scenarios: dict[str, dict[str, Decimal]]
    venues: tuple[tuple[str, tuple[str, ...]], ...] = ()
    files: tuple[str, ...] = ()


class Settings(Struct, frozen=True, kw_only=True):
    """What a run asks for, the same for every file.

    ``accepts_all``: every breach that a baseline can take is accepted, in order to write one. ``known``: assets that a
    file may name without having them, because the account before a change had them.
    """

    today: date
    sets: tuple[tuple[str, str], ...] = ()
    shocks: dict[str, Decimal] = {}
    selection: Selection = Selection()
    fail_on: FailOn = FailOn.ERROR
    policy: Policy | None = None
    baseline: "Baseline | None" = None
    accepts_all: bool = False
    rules_dir: str | None = None
    known: frozenset[str] = frozenset()


class Loaded(Struct, frozen=True):
    """A portfolio that resolves: its text, the file, and the account it means, shocks applied."""

    source: Source
    file: PortfolioFile
    resolved: Resolved
    account: Account

    def limits(self) -> tuple[FileLimits, list[Problem]]:
        """Its own limits and waivers, and what is wrong with them."""
        return limits_of(self.file.limits, self.file.waivers, LimitSource.PORTFOLIO, self.source)


def load_portfolio(data: bytes, name: str, settings: Settings) -> tuple[Loaded | None, list[Problem]]:
    """Read, edit, bind, resolve and shock one portfolio; None with every problem found on the way."""
    source, node, problems = read(data, name)
    if node is None or problems:
        return None, problems
    if settings.sets:
        from marginctl.document.edit import set_value

        for path, text in settings.sets:
            problems += set_value(node, path, text, source)
    file, bound = bind(node, PortfolioFile, source)
    problems += bound
    if file is None or problems:
        return None, problems
    rule_set, problems = rule_set_of(file, source, settings)
    if rule_set is None:
        return None, problems
    resolved, problems = resolve(file, source, rule_set, Path(name).stem, settings.today)
    if resolved is None:
        return None, in_order(problems)
    problems = misnamed_assets(file, resolved.account, source, settings.known)
    problems += unknown_assets("--shock", settings.shocks, resolved.account, name)
    if problems:
        return None, in_order(problems)
    shocks = expanded(settings.shocks, resolved.account)
    return Loaded(source, file, resolved, moved(resolved.account, ratios(shocks))), []


def rule_set_of(file: PortfolioFile, source: Source, settings: Settings) -> tuple[RuleSet | None, list[Problem]]:
    """The rule set that a portfolio names, a path counting from its folder; None with what is wrong with it."""
    node = file.account.at(AccountEntry.venue) if file.account is not None and file.account.venue is not None else None
    return named(file.venue, node=node, source=source, directory=settings.rules_dir, beside=Path(source.name).parent)


def check(data: bytes, name: str, settings: Settings) -> Outcome:
    """The outcome of one file: report, checks and findings, or the problems that stand in the way."""
    loaded, problems = load_portfolio(data, name, settings)
    if loaded is None:
        return Outcome(file=name, problems=tuple(problems))
    limits, problems = loaded.limits()
    if problems:
        return Outcome(file=name, problems=tuple(problems))
    report = report_of(loaded.account)
    evaluation = ratcheted(judged(loaded, report, limits, settings), name, settings)
    return Outcome(
        file=name,
        report=report,
        checks=evaluation.checks,
        findings=evaluation.findings,
        assumptions=loaded.resolved.assumptions,
        rules=loaded.resolved.rules_used,
        problems=evaluation.problems,
        expectations=evaluation.expectations,
        remedy=verdict(evaluation, settings.fail_on).text,
    )


def judged(loaded: Loaded, report: Report, limits: FileLimits, settings: Settings) -> Evaluation:
    """All limits on one report."""
    expected, problems = expectations(loaded.file.expect, report, loaded.account, loaded.source)
    if limits.scopes:
        problems += _misnamed(loaded, report, limits, settings)
    context = context_of(loaded, report, settings)
    facts = context.facts if settings.policy else unconfirmed(context.facts, expected)
    found = evaluate(
        replace(context, expectations=tuple(expected), facts=facts),
        combined(limits, settings.policy.limits if settings.policy else None),
        settings.selection,
    )
    return replace(found, problems=(*found.problems, *problems))


def context_of(loaded: Loaded, report: Report, settings: Settings) -> Context:
    """What the limits look at."""
    context = Context(
        report=report,
        account=loaded.account,
        rules=loaded.resolved.rules_used,
        today=settings.today,
        locations=locations_of(loaded),
        facts=(*loaded.resolved.facts, *_venue_facts(loaded, settings.policy)),
    )
    return with_outcomes(context, scenarios_of(loaded.file.scenarios, settings.policy))


def _misnamed(loaded: Loaded, report: Report, limits: FileLimits, settings: Settings) -> list[Problem]:
    from marginctl.limits.scopes import misnamed

    assets = assets_of(loaded.file, loaded.account) | settings.known
    return misnamed(limits, loaded.account, report, assets, loaded.source)


def ratcheted(evaluation: Evaluation, name: str, settings: Settings) -> Evaluation:
    """The evaluation with what the baseline accepts waived."""
    if settings.baseline is None and not settings.accepts_all:
        return evaluation
    from marginctl.limits.baseline import accepted, against

    return against(evaluation, settings.baseline.of(name)) if settings.baseline else accepted(evaluation)


def _venue_facts(loaded: Loaded, policy: Policy | None) -> list[DataFact]:
    """MC208 where the portfolio uses a rule set that is none of a policy's."""
    account, written = loaded.file.account, loaded.file.venue
    refusing = [(file, rules) for file, rules in policy.venues if written not in rules] if policy is not None else []
    if policy is None or not refusing:
        return []
    file, rules = refusing[0]
    who = "the policy" if len(policy.files) < 2 else f"the policy {file}"
    allowed = ", ".join(map(echo, rules)) or "none"
    where = loaded.file.node if account is None else account.at(AccountEntry.venue)
    message = f"{who} does not allow the rule set {echo(written)}, only {allowed}"
    return [DataFact("MC208", "account", message, loaded.source.location(where))]


def locations_of(loaded: Loaded) -> Locations:
    """Where the account, its positions and its scenarios stand."""
    file, source = loaded.file, loaded.source
    scenarios = {one.name: source.location(one.node) for one in file.scenarios}
    return Locations(source.location(file.at(PortfolioFile.account)), loaded.resolved.locations, scenarios)


def scenarios_of(own: Sequence[ScenarioEntry], policy: Policy | None = None) -> dict[str, dict[str, Decimal]]:
    """Shocks by the name of the scenario; a policy's scenario wins over the portfolio's of the same name."""
    written: dict[str, dict[str, Decimal]] = {one.name: dict(one.shocks) for one in own}
    return written | policy.scenarios if policy else written


def outcome_exit(outcome: Outcome, fail_on: FailOn) -> ExitCode:
    """The exit code of one file."""
    return exit_code(outcome.findings, problems=bool(outcome.problems), fail_on=fail_on)
