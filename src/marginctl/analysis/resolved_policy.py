"""What policies ask for together, limit by limit, and which file asks for it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from marginctl.analysis.check import Policy
from marginctl.findings import Location, Severity
from marginctl.limits.config import Bound, BoundScope, FileLimits
from marginctl.limits.rule import Comparison, Rule
from marginctl.limits.rules import RULES, is_custom
from marginctl.results.policy_results import PolicyLimit, PolicyResult, PolicyScenario, PolicyVenues, PolicyWaiver
from marginctl.wording import amount, signed_percent, whom

ALL, COUNTS, WEAKER, OFF, INSTEAD = "all", "counts", "weaker", "off", "instead"


def resolved(policy: Policy, today: date, account: str = "") -> PolicyResult:
    """A policy as a document; waivers that are over are told as of ``today``.

    ``account``: what holds for one alone, by its name, or by its file where that has a slash.
    """
    if account:
        narrowed = (replace(part.under(account, account), accounts=()) for part in policy.parts)
        policy = replace(policy, parts=tuple(narrowed))
    custom = {rule.code: rule for part in policy.parts for rule in part.custom}
    rows = [row for rule in (*RULES, *custom.values()) for row in _of_rule(rule, policy.parts)]
    return PolicyResult(
        files=policy.files,
        limits=tuple(rows),
        scenarios=tuple(PolicyScenario(name, _moves(shocks)) for name, shocks in policy.scenarios.items()),
        venues=tuple(PolicyVenues(file, venues) for file, venues in policy.venues),
        waivers=tuple(_waivers(policy.parts, today)),
    )


def _moves(shocks: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{whom(asset)} {signed_percent(shock)}" for asset, shock in shocks.items())


def _of_rule(rule: Rule, parts: Iterable[FileLimits]) -> Iterator[PolicyLimit]:
    """The limit for all, file by file, then those for some."""
    general = [(part, part.bounds[rule.code]) for part in parts if rule.code in part.bounds]
    strictest = _strictest(rule, [bound for _, bounds in general for bound in bounds])
    for part, bounds in general:
        counts = not strictest or any(bound.threshold == strictest.get(_sort(bound)) for bound in bounds)
        yield _row(rule, ALL, bounds, (COUNTS if counts else WEAKER) if bounds else OFF, _place(bounds, part))
    for part in parts:
        for pattern, few in part.accounts:
            if rule.code in few.bounds:
                narrow = few.bounds[rule.code]
                yield _row(rule, pattern, narrow, INSTEAD if narrow else OFF, _place(narrow, part))
            yield from (_scope(rule, scope, f"{pattern}, ") for scope in few.scopes.get(rule.code, ()))
        yield from (_scope(rule, scope, "") for scope in part.scopes.get(rule.code, ()))


def _scope(rule: Rule, scope: BoundScope, lead: str) -> PolicyLimit:
    return _row(rule, f"{lead}{scope.name}", scope.bounds, INSTEAD if scope.bounds else OFF, scope.location)


def _sort(bound: Bound) -> tuple[Severity, bool]:
    """What a bound can be compared with: those of its severity, in money or as shares."""
    return bound.severity, bound.is_share


def _strictest(rule: Rule, bounds: list[Bound]) -> dict[tuple[Severity, bool], object]:
    """The strictest threshold of each severity; nothing of a limit that holds or does not."""
    if rule.comparison is Comparison.HOLDS:
        return {}
    choose = min if rule.comparison is Comparison.MAXIMUM else max
    found: dict[tuple[Severity, bool], object] = {}
    for sort in dict.fromkeys(map(_sort, bounds)):
        thresholds = [one.threshold for one in bounds if _sort(one) == sort and one.threshold is not None]
        if thresholds:
            found[sort] = choose(thresholds)
    return found


def _row(rule: Rule, subject: str, bounds: Iterable[Bound], standing: str, location: Location) -> PolicyLimit:
    levels = {severity: _level(rule, [one for one in bounds if one.severity is severity]) for severity in Severity}
    warn = levels[Severity.WARNING] or (levels[Severity.NOTE] and f"note {levels[Severity.NOTE]}")
    return PolicyLimit(
        code=rule.code,
        name=rule.name,
        key="" if rule.key == rule.code else rule.key,
        subject=subject,
        warn=warn,
        fail=levels[Severity.ERROR],
        standing=standing,
        location=location,
    )


def _level(rule: Rule, bounds: list[Bound]) -> str:
    """A level in words: a threshold with its unit, scenarios, or what has to hold."""
    if not bounds:
        return ""
    if rule.comparison is not Comparison.HOLDS:
        unit = {True: "fraction", False: rule.unit.value}
        return ", ".join(amount(one.threshold, unit[one.is_share]) for one in bounds if one.threshold is not None)
    if is_custom(rule.code):
        return rule.manual
    named = sorted({name for one in bounds for name in one.subjects or ()})
    return ", ".join(named) or (ALL if rule.needs_subject else "true")


def _place(bounds: Iterable[Bound], part: FileLimits) -> Location:
    return next((one.location for one in bounds if one.location is not None), Location(part.file))


def _waivers(parts: Iterable[FileLimits], today: date) -> Iterator[PolicyWaiver]:
    for one in (waiver for part in parts for waiver in part.waivers):
        yield PolicyWaiver(
            code=one.code,
            subject=one.subject,
            until=one.until.isoformat(),
            reason=one.reason,
            expired=today > one.until,
            location=one.location,
        )
