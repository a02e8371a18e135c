"""One file's bytes -> its outcome: the whole way from text to findings, without printing anything."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import Account
from marginctl.core.assemble import report_of
from marginctl.core.report import Report
from marginctl.core.scenario import expanded, moved, ratios
from marginctl.document.nodes import Node
from marginctl.document.numbers import NumberError, decimal
from marginctl.document.reader import read
from marginctl.document.record import bind_shape
from marginctl.document.scalars import FlagError, assignment
from marginctl.document.source import Source, echo, in_order
from marginctl.findings import DataFact, Problem
from marginctl.limits.config import FileLimits, LimitsConfig, LimitSource, combined, limits_of, margin_call_of, together
from marginctl.limits.engine import Evaluation, Selection, evaluate
from marginctl.limits.format import ScenarioEntry
from marginctl.limits.rule import Context, Locations, with_outcomes
from marginctl.limits.rules import BY_CODE, closest, is_custom
from marginctl.limits.verdict import ExitCode, FailOn, exit_code, verdict
from marginctl.portfolio.assets import assets_of, misnamed_assets, unknown_assets, unmarked
from marginctl.portfolio.format import AccountEntry, PortfolioFile
from marginctl.portfolio.resolve import Resolved, resolve
from marginctl.results import Outcome
from marginctl.venues.loader import named
from marginctl.venues.rule_set import RuleSet

if TYPE_CHECKING:
    from marginctl.core.pooling import Pooling
    from marginctl.core.tiered_way import TieredWay
    from marginctl.document.commits import Commit
    from marginctl.limits.baseline import Baseline
    from marginctl.limits.standing import Inquiry


"""The limit from which an account's state is called a margin call."""
TAIL = "MC117"
"""The limit that reads a history under every margin model."""


class Policy(Struct, frozen=True):
    """The risk team's files as one: the limits of each, their scenarios, the rule sets that one allows (none = any)."""

    parts: tuple[FileLimits, ...]
    scenarios: dict[str, dict[str, Decimal]]
    venues: tuple[tuple[str, tuple[str, ...]], ...] = ()
    files: tuple[str, ...] = ()

    def under(self, account: str, file: str) -> FileLimits:
        """The limits of all of them for one account."""
        return together(one.under(account, file) for one in self.parts)


class Settings(Struct, frozen=True, kw_only=True):
    """What a run asks for, the same for every file.

    ``now``: the moment of ``today`` that ages are measured against, None where only the day is known.
    ``accepts_all``: every breach that a baseline can take is accepted, in order to write one. ``known``: assets that a
    file may name without having them, because the account before a change had them. ``is_mapping``: the text was made
    of a mapping, whose places are paths of keys. ``weighs_pools``: what sharing pools saves is worked out as well.
    ``seeks_closing``: look for what may be closed to pass as well. ``commit``: what was broken there is accepted;
    ``compares``: what became of it since is worked out too. ``plots``: pictures that will be drawn.
    """

    today: date
    now: datetime | None = None
    sets: tuple[tuple[str, str], ...] = ()
    shocks: dict[str, Decimal] = {}
    selection: Selection = Selection()
    fail_on: FailOn = FailOn.ERROR
    policy: Policy | None = None
    baseline: "Baseline | None" = None
    accepts_all: bool = False
    rules_dir: str | None = None
    known: frozenset[str] = frozenset()
    is_mapping: bool = False
    seeks_closing: bool = False
    weighs_pools: bool = False
    commit: "Commit | None" = None
    compares: bool = False
    plots: frozenset[str] = frozenset()


class Loaded(Struct, frozen=True):
    """A portfolio that resolves: its text, the file, and the account it means, shocks applied."""

    source: Source
    file: PortfolioFile
    resolved: Resolved
    account: Account

    def limits(self) -> tuple[FileLimits, list[Problem]]:
        """Its own limits and waivers, and what is wrong with them."""
        return limits_of(self.file.limits, self.file.waivers, LimitSource.PORTFOLIO, self.source)


def limits_together(loaded: Loaded, own: FileLimits, settings: Settings) -> LimitsConfig:
    """A portfolio's own limits and the policy's for it."""
    policy = settings.policy
    return combined(own, policy.under(loaded.account.name, loaded.source.name) if policy else None)


def load_portfolio(data: bytes, name: str, settings: Settings) -> tuple[Loaded | None, list[Problem]]:
    """Read, edit, bind, resolve and shock one portfolio; None with every problem found on the way."""
    loaded, problems = resolved_portfolio(data, name, settings)
    return (None, problems) if loaded is None else shocked(loaded, settings)


def loaded_nodes(source: Source, node: Node, settings: Settings) -> tuple[Loaded | None, list[Problem]]:
    """The same of a text that is read."""
    loaded, problems = resolved_nodes(source, node, settings)
    return (None, problems) if loaded is None else shocked(loaded, settings)


def resolved_portfolio(data: bytes, name: str, settings: Settings) -> tuple[Loaded | None, list[Problem]]:
    """The same before shocks."""
    source, node, problems = read(data, name)
    return (None, problems) if node is None or problems else resolved_nodes(source, node, settings)


def resolved_nodes(source: Source, node: Node, settings: Settings) -> tuple[Loaded | None, list[Problem]]:
    """The same of a text that is read; its nodes are edited where the settings say so."""
    problems: list[Problem] = []
    if settings.is_mapping:
        from marginctl.document.mapping import key_paths

        source.key_paths = key_paths(node)
    if settings.sets:
        from marginctl.document.edit import set_value

        for path, text in settings.sets:
            problems += set_value(node, path, text, source)
    file, bound = bind_shape(node, PortfolioFile.layout, source)
    problems += bound
    if file is None or problems:
        if file is not None and not settings.sets:
            from marginctl.analysis.beside import problems_beside

            problems += problems_beside(node, file, problems, lambda rest: _resolved(source, rest, settings)[1])
        return None, in_order(problems)
    loaded, problems = _resolved(source, file, settings)
    if loaded is None:
        problems = [*problems, *limits_of(file.limits, file.waivers, LimitSource.PORTFOLIO, source)[1]]
    return loaded, in_order(problems)


def _resolved(source: Source, file: PortfolioFile, settings: Settings) -> tuple[Loaded | None, list[Problem]]:
    """The same of what is bound."""
    rule_set, problems = rule_set_of(file, source, settings)
    if rule_set is None:
        return None, problems
    watches = _watches_tail(file, settings.policy)
    resolved, problems = resolve(file, source, rule_set, Path(source.name), settings.today, watches_tail=watches)
    if resolved is None:
        return None, in_order(problems)
    return Loaded(source, file, resolved, resolved.account), []


def _watches_tail(file: PortfolioFile, policy: Policy | None) -> bool:
    """Whether a limit of the file or of a policy reads its history."""
    own = file.limits is not None and any(word.text == BY_CODE[TAIL].key for word, _, _ in file.limits.items())
    parts = policy.parts if policy is not None else ()
    return own or any(one.bounds.get(TAIL) for part in parts for one in (part, *(few for _, few in part.accounts)))


def rule_set_of(file: PortfolioFile, source: Source, settings: Settings) -> tuple[RuleSet | None, list[Problem]]:
    """The rule set that a portfolio names, a path counting from its folder; None with what is wrong with it."""
    node = file.account.at(AccountEntry.venue) if file.account is not None and file.account.venue is not None else None
    return named(file.venue, node=node, source=source, directory=settings.rules_dir, beside=Path(source.name).parent)


def shocked(loaded: Loaded, settings: Settings) -> tuple[Loaded | None, list[Problem]]:
    """A portfolio with the settings' shocks, of the prices in its file; names that mean nothing are problems."""
    account, source = loaded.resolved.account, loaded.source
    problems = misnamed_assets(loaded.file, account, source, settings.known)
    problems += unknown_assets("--shock", settings.shocks, account, source.name, symbols=True)
    problems += unmarked("--shock", settings.shocks, account, source.name)
    if problems:
        return None, in_order(problems)
    after = moved(account, ratios(expanded(settings.shocks, account)))
    config = limits_together(loaded, loaded.limits()[0], settings)
    return replace(loaded, account=replace(after, margin_call=margin_call_of(config, after.rules))), []


def check(data: bytes, name: str, settings: Settings) -> Outcome:
    """The outcome of one file: report, checks and findings, or the problems that stand in the way."""
    loaded, problems = load_portfolio(data, name, settings)
    return Outcome(file=name, problems=tuple(problems)) if loaded is None else checked(loaded, settings)


def checked(loaded: Loaded, settings: Settings) -> Outcome:
    """The same of a portfolio that was read."""
    name = loaded.source.name
    limits, problems = loaded.limits()
    report = report_of(loaded.account)
    if problems:
        problems += judged(loaded, report, limits, settings).problems
        return Outcome(file=name, problems=tuple(in_order(problems)))
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
        remedy=_remedy(loaded, report, evaluation, settings),
        pooling=_pooling(loaded.account, report) if settings.weighs_pools else None,
        tiered_ways=_tiered_ways(loaded.account, report) if "tiers" in settings.plots else (),
    )


def _remedy(loaded: Loaded, report: Report, evaluation: Evaluation, settings: Settings) -> str:
    """What to do to pass. Where somebody reads it what has no formula is looked for, and what may be closed instead."""
    if not settings.seeks_closing or evaluation.problems:
        return verdict(evaluation, settings.fail_on).text
    from marginctl.limits.ways import sought

    ways, closing = sought(inquiry_of(loaded, report, settings), evaluation.findings, evaluation.ways)
    return verdict(replace(evaluation, ways=ways), settings.fail_on, closing).text


def inquiry_of(loaded: Loaded, report: Report, settings: Settings) -> "Inquiry":
    """Asks accounts derived from this one by the limits of a run."""
    from marginctl.limits.standing import Inquiry

    limits, _ = loaded.limits()
    return Inquiry(
        context_of(loaded, report, settings),
        limits_together(loaded, limits, settings),
        settings.selection,
        settings.fail_on,
        partial(with_outcomes, scenarios=scenarios_of(loaded.file.scenarios, settings.policy)),
    )


def _pooling(account: Account, report: Report) -> "Pooling | None":
    from marginctl.core.pooling import pooling

    return pooling(account, report)


def _tiered_ways(account: Account, report: Report) -> "tuple[TieredWay, ...]":
    from marginctl.core.tiered_way import tiered_ways

    return tiered_ways(account, report)


def judged(loaded: Loaded, report: Report, limits: FileLimits, settings: Settings) -> Evaluation:
    """All limits on one report."""
    context, problems = context_of(loaded, report, settings), list[Problem]()
    if loaded.file.expect is not None:
        from marginctl.limits.expectation import compared

        context, problems = compared(context, loaded.file.expect, loaded.source, confirms=not settings.policy)
    if limits.scopes:
        problems += _misnamed(loaded, report, limits, settings)
    found = evaluate(context, limits_together(loaded, limits, settings), settings.selection)
    return replace(found, problems=(*found.problems, *problems))


def context_of(loaded: Loaded, report: Report, settings: Settings) -> Context:
    """What the limits look at."""
    context = Context(
        report=report,
        account=loaded.account,
        rules=loaded.resolved.rules_used,
        today=settings.today,
        now=settings.now,
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


def edits(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Every --set. Raises FlagError."""
    return tuple(assignment("--set", text) for text in texts)


def shocks(texts: Iterable[str]) -> dict[str, Decimal]:
    """Every --shock: a fraction of the price by asset. Raises FlagError, also where an asset is named twice."""
    found: dict[str, Decimal] = {}
    for text in texts:
        asset, move = _shock(text)
        if asset in found:
            raise FlagError(f"--shock names {echo(asset)} twice", "write one move per asset")
        found[asset] = move
    return found


def _shock(text: str) -> tuple[str, Decimal]:
    """ASSET=PERCENT: a fraction of the price, above -100%: at a price of 0 there are no marks."""
    asset, value = assignment("--shock", text)
    is_fall, number = value.startswith("-"), value[1:] if value.startswith(("-", "+")) else value
    if number.startswith(("+", "-")):
        raise FlagError(f"--shock {echo(text)} has two signs", "write it as BTC=-20%")
    try:
        size = decimal(number.removesuffix("%"))
    except NumberError as error:
        raise FlagError(f"--shock {echo(text)}: the move {error.message}", "write it as BTC=-20%") from None
    if not value.endswith("%") and size >= 1:
        raise FlagError(f"--shock {echo(text)} moves by 100% or more without %", f"write {asset}={value}%")
    move = (-size if is_fall else size) / (100 if value.endswith("%") else 1)
    if move <= -1:
        raise FlagError(f"--shock {echo(text)} moves the price to 0 or below", "write less, such as -99.9%")
    return asset, move


def codes(flag: str) -> Callable[[Iterable[str]], frozenset[str]]:
    """A reader of codes of limits, with commas between them, of every time that the flag is given."""

    def read(texts: Iterable[str]) -> frozenset[str]:
        found = frozenset(code.strip().upper() for text in texts for code in text.split(",") if code.strip())
        for code in sorted(code for code in found - BY_CODE.keys() if not is_custom(code)):
            near = closest(code)
            raise FlagError(
                f"{flag}: no limit has the code {echo(code)}",
                f"did you mean {near}?" if near else "`marginctl rules` lists them",
            )
        return found

    return read


def bar(text: str) -> FailOn:
    """--fail-on. Raises FlagError."""
    try:
        return FailOn(text)
    except ValueError:
        raise FlagError(f"--fail-on {echo(text)} is unknown", "write error, warning or never") from None


def outcome_exit(outcome: Outcome, fail_on: FailOn) -> ExitCode:
    """The exit code of one file."""
    return exit_code(outcome.findings, problems=bool(outcome.problems), fail_on=fail_on)
