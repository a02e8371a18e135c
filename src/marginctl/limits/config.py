"""What a portfolio and a policy allow, as bounds per rule.

A rule that neither file mentions has its default bound. Otherwise the bounds of both files hold side by side: what
breaks one of them is a breach, so the stricter one wins without a comparison, and ``off`` in one file cannot take
away what the other asks for.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from msgspec import Struct

from marginctl.document.nodes import Node
from marginctl.document.shape import Draft
from marginctl.document.source import Source, echo
from marginctl.findings import Location, Problem, Severity
from marginctl.limits.registry import BY_CODE, BY_KEY, RULES, closest
from marginctl.limits.rule import Comparison, Rule, Unit
from marginctl.limits.wording import amount

HOURS_PER_DAY = Decimal(24)
OFF = "off"
ALL = "all"
LEVELS = {"warn": Severity.WARNING, "fail": Severity.ERROR}


class Origin(Enum):
    """Who asked for a bound."""

    DEFAULT = "default"
    PORTFOLIO = "portfolio"
    POLICY = "policy"


class Bound(Struct, frozen=True):
    """What breaks a rule, and how grave that is.

    ``threshold`` in the unit of the rule, None for a rule that holds or does not. ``subjects``: the only ones it is
    for, None = all. ``location``: where it is written, None for a default.
    """

    severity: Severity
    threshold: Decimal | None = None
    origin: Origin = Origin.DEFAULT
    location: Location | None = None
    subjects: frozenset[str] | None = None

    def applies_to(self, subject: str) -> bool:
        """Whether the subject is one it is for."""
        return self.subjects is None or subject in self.subjects


class Waiver(Struct, frozen=True):
    """A breach that is accepted up to and on the day ``until``. No ``subject``: everything that the rule finds."""

    code: str
    until: date
    reason: str
    origin: Origin
    location: Location
    subject: str = ""


class FileLimits(Struct, frozen=True):
    """One file's bounds by rule code (an empty tuple = switched off) and its waivers."""

    origin: Origin
    bounds: dict[str, tuple[Bound, ...]] = {}
    waivers: tuple[Waiver, ...] = ()


class LimitsConfig(Struct, frozen=True):
    """The bounds of every rule, in force together, and all waivers."""

    bounds: dict[str, tuple[Bound, ...]]
    waivers: tuple[Waiver, ...] = ()

    def of(self, rule: Rule) -> tuple[Bound, ...]:
        """The bounds of a rule; none = it is off."""
        return self.bounds.get(rule.code, ())


def combined(portfolio: FileLimits | None = None, policy: FileLimits | None = None) -> LimitsConfig:
    """The limits of a run: the policy's first, then the portfolio's, defaults where both are silent."""
    files = [one for one in (policy, portfolio) if one is not None]
    bounds = {rule.code: _bounds(rule, files, under_policy=policy is not None) for rule in RULES}
    return LimitsConfig(bounds, tuple(waiver for one in files for waiver in one.waivers))


def _bounds(rule: Rule, files: list[FileLimits], *, under_policy: bool) -> tuple[Bound, ...]:
    written = [one.bounds[rule.code] for one in files if rule.code in one.bounds]
    if written:
        return tuple(bound for bounds in written for bound in bounds)
    if under_policy and rule.policy_severity is not None:
        return (Bound(rule.policy_severity, rule.default, Origin.POLICY),)
    return (Bound(rule.default_severity, rule.default),) if rule.default_severity is not None else ()


def limits_of(draft: Draft, origin: Origin, source: Source) -> tuple[FileLimits, list[Problem]]:
    """The ``limits`` and ``waivers`` of a portfolio or a policy."""
    problems: list[Problem] = []
    bounds: dict[str, tuple[Bound, ...]] = {}
    limits = draft.get("limits")
    for key, value, node in limits.items() if limits is not None else ():
        rule = BY_KEY[key.text]
        found = _levels(rule, value, node, origin, source)
        bounds[rule.code] = tuple(found)
        problems += _contradictions(rule, value, node, found, source)
    waivers: list[Waiver] = []
    for one in draft.get("waivers", ()):
        problems += _unknown_code(one, source)
        if _is_whole(one):
            waivers.append(_waiver(one, origin, source))
    return FileLimits(origin, bounds, tuple(waivers)), problems


def _levels(rule: Rule, value: Any, node: Node, origin: Origin, source: Source) -> list[Bound]:
    """One bound per level that is written: a plain value fails, a mapping says which does what."""
    if not isinstance(value, Draft):
        return _bound(rule, Severity.ERROR, value, origin, source.location(node))
    return [
        bound
        for key, level, place in value.items()
        for bound in _bound(rule, LEVELS[key.text], level, origin, source.location(place))
    ]


def _bound(rule: Rule, severity: Severity, value: Any, origin: Origin, location: Location) -> list[Bound]:
    """``off``, ``false`` and an empty list ask for nothing."""
    if value is False or value in (OFF, []):
        return []
    if isinstance(value, Decimal):
        threshold = value / HOURS_PER_DAY if rule.unit is Unit.DAYS else value
        return [Bound(severity, threshold, origin, location)]
    return [Bound(severity, None, origin, location, _names(value))]


def _names(value: Any) -> frozenset[str] | None:
    """The scenarios that are named; None where it is all of them, or the rule has no names."""
    if value is True:
        return None
    names = [value] if isinstance(value, str) else [element.value for element in value]
    return None if ALL in names else frozenset(names)


def _contradictions(rule: Rule, value: Any, node: Node, bounds: Iterable[Bound], source: Source) -> Iterable[Problem]:
    if isinstance(value, Draft) and not value.entries and not value.node.entries:
        yield source.problem(
            node, "MC013", f"`{rule.key}` has neither `warn` nor `fail`", f"write one of them, or `{OFF}`"
        )
    levels = {bound.severity: bound.threshold for bound in bounds}
    warn, fail = levels.get(Severity.WARNING), levels.get(Severity.ERROR)
    if warn is not None and fail is not None and _is_looser(rule.comparison, warn, fail):
        first, second = amount(warn, rule.unit), amount(fail, rule.unit)
        message = f"`{rule.key}` warns at {first} but fails at {second} already"
        yield source.problem(node, "MC016", message, "swap the two, or leave out `warn`")


def _is_looser(comparison: Comparison, warn: Decimal, fail: Decimal) -> bool:
    return warn > fail if comparison is Comparison.MAXIMUM else warn < fail


def _is_whole(draft: Draft) -> bool:
    return all(name in draft for name in ("code", "until", "reason"))


def _waiver(draft: Draft, origin: Origin, source: Source) -> Waiver:
    return Waiver(
        code=draft.get("code"),
        until=draft.get("until"),
        reason=draft.get("reason"),
        origin=origin,
        location=source.location(draft.at("code")),
        subject=draft.get("subject", ""),
    )


def _unknown_code(draft: Draft, source: Source) -> Iterable[Problem]:
    code = draft.get("code")
    if code is not None and code not in BY_CODE:
        known = closest(code)
        hint = f"did you mean `{known}`?" if known else "`marginctl rules` lists them"
        yield source.problem(draft.at("code"), "MC015", f"no limit has the code {echo(code)}", hint)
