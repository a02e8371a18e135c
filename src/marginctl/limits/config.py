"""What a portfolio and a policy allow, as bounds per rule.

A rule that no file mentions has its default bound. Otherwise the bounds of all files, however many policies there
are, hold side by side: what breaks one of them is a breach, so the stricter one wins without a comparison, and ``off``
in one file cannot take away what another asks for.
"""

import os
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from fnmatch import fnmatchcase

from msgspec import Struct, field
from msgspec.structs import replace

from marginctl.core.account import MarginRules
from marginctl.core.scenario import EVERY_OTHER
from marginctl.document.kinds import Entries, ShareOfMoney
from marginctl.document.nodes import Node
from marginctl.document.source import Source, echo
from marginctl.findings import Location, Problem, Severity
from marginctl.limits.format import (
    NARROWER,
    OFF,
    POSITIONS,
    PURPOSES,
    Level,
    Levels,
    LimitKeys,
    PurposeLimits,
    WaiverEntry,
)
from marginctl.limits.rule import Belongs, Comparison, Measurement, Rule, Unit
from marginctl.limits.rules import BY_CODE, BY_KEY, RULES, closest, is_custom
from marginctl.wording import amount

HOURS_PER_DAY = Decimal(24)
ALL = "all"
OF_ANY = {EVERY_OTHER: "any other"}
LEVELS = {"warn": Severity.WARNING, "fail": Severity.ERROR}


CALL = "MC123"


class LimitSource(Enum):
    """Who asked for a bound."""

    DEFAULT = "default"
    PORTFOLIO = "portfolio"
    POLICY = "policy"


WRITTEN = (LimitSource.POLICY, LimitSource.PORTFOLIO)


class Bound(Struct, frozen=True):
    """What breaks a rule, and how grave that is.

    ``threshold`` in the unit of the rule, None for a rule that holds or does not. ``subjects``: the only ones it is
    for, None = all. ``location``: where it is written, None for a default. ``narrow``: what a narrower limit is for, as
    a message says it (``BTCUSDT``, ``speculative positions``). ``is_share``: the threshold is a share of what the
    figure is measured against.
    """

    severity: Severity
    threshold: Decimal | None = None
    origin: LimitSource = LimitSource.DEFAULT
    location: Location | None = None
    subjects: frozenset[str] | None = None
    narrow: str = ""
    is_share: bool = False

    def in_money(self, whole: Decimal | None) -> "Bound":
        """A share as the money that it is."""
        if not self.is_share or self.threshold is None or whole is None:
            return self
        return replace(self, threshold=self.threshold * whole, is_share=False)

    def applies_to(self, subject: str) -> bool:
        """Whether the subject is one it is for."""
        return self.subjects is None or subject in self.subjects


class BoundScope(Struct, frozen=True):
    """The bounds of one rule for one position, purpose or underlying (none = switched off there).

    ``section`` is the key they stand under, ``name`` what they are for, written at ``location``.
    """

    section: str
    name: str
    bounds: tuple[Bound, ...]
    origin: LimitSource
    location: Location

    def covers(self, belongs: Belongs) -> bool:
        """Whether a figure that belongs there is meant."""
        if self.section == POSITIONS:
            return self.name in belongs.positions or (self.is_for_others and bool(belongs.positions))
        if self.is_for_others and self.section != PURPOSES:
            return bool(belongs.underlying)
        return self.name == (belongs.purpose if self.section == PURPOSES else belongs.underlying)

    @property
    def is_for_others(self) -> bool:
        """Whether it is for what no other one of its section names."""
        return self.name == EVERY_OTHER


class Waiver(Struct, frozen=True):
    """A breach that is accepted up to and on the day ``until``. No ``subject``: everything that the rule finds."""

    code: str
    until: date
    reason: str
    origin: LimitSource
    location: Location
    subject: str = ""


class FileLimits(Struct, frozen=True):
    """One file's bounds by rule code (an empty tuple = switched off), its narrower ones, and its waivers.

    ``custom``: the rules of its own. ``accounts``: the bounds for some accounts, by pattern.
    """

    origin: LimitSource
    bounds: dict[str, tuple[Bound, ...]] = {}
    waivers: tuple[Waiver, ...] = ()
    scopes: dict[str, tuple[BoundScope, ...]] = {}
    custom: tuple[Rule, ...] = ()
    file: str = ""
    accounts: tuple[tuple[str, "FileLimits"], ...] = ()

    def under(self, account: str, path: str) -> "FileLimits":
        """The limits for an account of a file: those of the patterns that fit it count instead of those for all."""
        beside = named(path, os.path.dirname(self.file))  # noqa: PTH120
        fitting = [one for pattern, one in self.accounts if fnmatchcase(beside if "/" in pattern else account, pattern)]
        if not fitting:
            return self
        narrowed = together(fitting)
        return replace(self, bounds=self.bounds | narrowed.bounds, scopes=self.scopes | narrowed.scopes)


class LimitsConfig(Struct, frozen=True):
    """The bounds of every rule, in force together, the narrower ones, and all waivers.

    ``by_name``: where narrower ones stand among those of their rule, once asked for.
    """

    bounds: dict[str, tuple[Bound, ...]]
    waivers: tuple[Waiver, ...] = ()
    scopes: dict[str, tuple[BoundScope, ...]] = {}
    custom: tuple[Rule, ...] = ()
    by_name: dict[str, tuple[tuple[BoundScope, ...], dict[str, list[int]]]] = field(default_factory=dict)

    def of(self, rule: Rule) -> tuple[Bound, ...]:
        """The bounds of a rule for everything; none = it is off, but for what narrower ones name."""
        return self.bounds.get(rule.code, ())

    @property
    def named(self) -> frozenset[str]:
        """What the narrower limits are for: positions, purposes and underlyings."""
        return frozenset(scope.name for found in self.scopes.values() for scope in found)

    def in_force(self, rule: Rule, measurement: Measurement) -> list[Bound]:
        """The bounds on one figure.

        In each file what names the position counts instead of everything else there; else what names its purpose and
        what names its underlying, side by side, instead of the limit for all. All files hold together, and a default
        only where none says anything. Shares of money are money in it.
        """
        return [bound.in_money(measurement.whole) for bound in self._in_force(rule, measurement)]

    def _in_force(self, rule: Rule, measurement: Measurement) -> list[Bound]:
        general = [] if measurement.narrow else [b for b in self.of(rule) if b.applies_to(measurement.subject)]
        if measurement.only_asked:
            general = [bound for bound in general if bound.origin is not LimitSource.DEFAULT]
        covering = self._covering(rule, measurement.belongs)
        if not covering:
            return general
        written = [written_in(scope) for scope in covering]
        written += [written_in(bound) for bound in general if bound.origin is not LimitSource.DEFAULT]
        return [
            bound
            for file in sorted(dict.fromkeys(written), key=_policies_first)
            for bound in _of_file(file, covering, general)
        ]

    def _covering(self, rule: Rule, belongs: Belongs) -> list[BoundScope]:
        """The narrower bounds that a figure has, in their order: only those are asked whose name could be meant."""
        scopes = self.scopes.get(rule.code, ())
        if not scopes:
            return []
        known = self.by_name.get(rule.code)
        if known is None or known[0] is not scopes:
            names: dict[str, list[int]] = {}
            for place, scope in enumerate(scopes):
                names.setdefault(scope.name, []).append(place)
            known = self.by_name[rule.code] = scopes, names
        asked = {*belongs.positions, belongs.purpose, belongs.underlying, EVERY_OTHER}
        places = sorted(place for name in asked for place in known[1].get(name or "", ()))
        return [scopes[place] for place in places if scopes[place].covers(belongs)]


def named(file: str, folder: str) -> str:
    """A portfolio as a file in ``folder`` calls it: the same from every directory that it is checked from."""
    try:
        return os.path.relpath(file, folder or ".").replace(os.sep, "/")
    except ValueError:  # another drive
        return file.replace(os.sep, "/")


def written_in(one: Bound | BoundScope | Waiver) -> tuple[LimitSource, str]:
    """The file that something stands in, told from every other; a default stands in none."""
    return one.origin, one.location.file if one.location is not None else ""


def _policies_first(file: tuple[LimitSource, str]) -> int:
    return WRITTEN.index(file[0])


def _of_file(file: tuple[LimitSource, str], covering: Iterable[BoundScope], general: Iterable[Bound]) -> list[Bound]:
    found = [scope for scope in covering if written_in(scope) == file]
    named = {scope.section for scope in found if not scope.is_for_others}
    own = [scope for scope in found if not scope.is_for_others or scope.section not in named]
    chosen = [scope for scope in own if scope.section == POSITIONS] or own
    if not chosen:
        return [bound for bound in general if written_in(bound) == file]
    return [bound for scope in chosen for bound in scope.bounds]


def together(files: Iterable[FileLimits]) -> FileLimits:
    """Several files as one: the bounds, narrower limits and waivers of all of them, each still of its own file."""
    bounds: dict[str, tuple[Bound, ...]] = {}
    scopes: dict[str, tuple[BoundScope, ...]] = {}
    waivers: list[Waiver] = []
    custom: dict[str, Rule] = {}
    for one in files:
        for code, found in one.bounds.items():
            bounds[code] = (*bounds.get(code, ()), *found)
        for code, narrow in one.scopes.items():
            scopes[code] = (*scopes.get(code, ()), *narrow)
        waivers += one.waivers
        custom |= {rule.code: rule for rule in one.custom}
    return FileLimits(LimitSource.POLICY, bounds, tuple(waivers), scopes, tuple(custom.values()))


def combined(portfolio: FileLimits | None = None, policy: FileLimits | None = None) -> LimitsConfig:
    """The limits of a run: the policy's first, then the portfolio's, defaults where both are silent."""
    all_of = together(one for one in (policy, portfolio) if one is not None)
    rules = (*RULES, *all_of.custom)
    bounds = {rule.code: _bounds(rule, all_of, under_policy=policy is not None) for rule in rules}
    return LimitsConfig(bounds, all_of.waivers, all_of.scopes, all_of.custom)


def _bounds(rule: Rule, written: FileLimits, *, under_policy: bool) -> tuple[Bound, ...]:
    if rule.code in written.bounds:
        return written.bounds[rule.code]
    if under_policy and rule.policy_severity is not None:
        return (Bound(rule.policy_severity, rule.default, LimitSource.POLICY),)
    return (Bound(rule.default_severity, rule.default),) if rule.default_severity is not None else ()


def limits_of(
    limits: LimitKeys | None, waivers: Sequence[WaiverEntry], origin: LimitSource, source: Source
) -> tuple[FileLimits, list[Problem]]:
    """The ``limits`` and ``waivers`` of a portfolio or a policy."""
    problems: list[Problem] = []
    bounds: dict[str, tuple[Bound, ...]] = {}
    scopes: dict[str, tuple[BoundScope, ...]] = {}
    for word, value, node in limits.items() if limits is not None else ():
        if word.text in NARROWER:
            problems += _narrower(word.text, value, origin, source, scopes)
            continue
        rule = BY_KEY[word.text]
        found = _levels(rule, value, node, origin, source)
        bounds[rule.code] = tuple(found)
        problems += _contradictions(rule, value, node, found, source)
    for one in waivers:
        problems += unknown_code(one.code, one.at(WaiverEntry.code), source)
    return FileLimits(origin, bounds, tuple(_waiver(one, origin, source) for one in waivers), scopes), problems


def _narrower(
    section: str,
    value: Entries[LimitKeys] | PurposeLimits,
    origin: LimitSource,
    source: Source,
    scopes: dict[str, tuple[BoundScope, ...]],
) -> Iterable[Problem]:
    """The limits under `positions`, `purposes` or `underlyings`, added to ``scopes`` by rule."""
    for name, limits, _ in value.items() if isinstance(value, PurposeLimits) else value.rows():
        for word, level, node in limits.items():
            for code in NARROWER[section][word.text][0]:
                rule = BY_CODE[code]
                found = _levels(rule, level, node, origin, source)
                meant = f"{name.text} positions" if section == PURPOSES else OF_ANY.get(name.text, name.text)
                bounds = tuple(replace(bound, narrow=meant) for bound in found)
                scope = BoundScope(section, name.text, bounds, origin, source.location(name))
                scopes[code] = (*scopes.get(code, ()), scope)
            yield from _contradictions(rule, level, node, found, source, word.text)


def _levels(rule: Rule, value: Level | Levels | None, node: Node, origin: LimitSource, source: Source) -> list[Bound]:
    """One bound per level that is written: a plain value fails, a mapping says which does what."""
    if not isinstance(value, Levels):
        return _bound(rule, Severity.ERROR, value, origin, source.location(node))
    return [
        bound
        for word, level, place in value.items()
        for bound in _bound(rule, LEVELS[word.text], level, origin, source.location(place))
    ]


def _bound(rule: Rule, severity: Severity, level: Level | None, origin: LimitSource, location: Location) -> list[Bound]:
    """``off`` and ``false`` ask for nothing."""
    if level is None or level is False or level == []:  # a list that is empty is refused elsewhere
        return []
    if isinstance(level, ShareOfMoney):
        return [Bound(severity, level.rate, origin, location, is_share=True)]
    if isinstance(level, Decimal):
        threshold = level / HOURS_PER_DAY if rule.unit is Unit.DAYS else level
        return [Bound(severity, threshold, origin, location)]
    return [Bound(severity, None, origin, location, subjects) for subjects in _names(level)]


def _names(level: bool | str | list[str]) -> list[frozenset[str] | None]:
    """The scenarios that are named; None = all of them, beside which a wrong name is still one, or of no name."""
    if isinstance(level, bool):
        return [None]
    names = frozenset([level] if isinstance(level, str) else level)
    others = [names - {ALL}] if names != {ALL} else []
    return [None, *others] if ALL in names else [*others]


def _contradictions(
    rule: Rule, value: Level | Levels | None, node: Node, bounds: Iterable[Bound], source: Source, key: str = ""
) -> Iterable[Problem]:
    key = key or rule.key
    for level, place in [(one, at) for _, one, at in value.items()] if isinstance(value, Levels) else [(value, node)]:
        if level == []:
            message = f"`{key}` names no scenario"
            yield source.problem(place, "MC013", message, f"write `{OFF}`, `{ALL}`, or their names")
    if isinstance(value, Levels) and not value.node.entries:
        yield source.problem(node, "MC013", f"`{key}` has neither `warn` nor `fail`", f"write one of them, or `{OFF}`")
    if len({bound.is_share for bound in bounds}) > 1:
        return
    levels = {bound.severity: bound.threshold for bound in bounds}
    warn, fail = levels.get(Severity.WARNING), levels.get(Severity.ERROR)
    if warn is not None and fail is not None and _is_looser(rule.comparison, warn, fail):
        first, second = amount(warn, rule.unit.value), amount(fail, rule.unit.value)
        message = f"`{key}` warns at {first} but fails at {second} already"
        yield source.problem(node, "MC016", message, "swap the two, or leave out `warn`")


def _is_looser(comparison: Comparison, warn: Decimal, fail: Decimal) -> bool:
    return warn > fail if comparison is Comparison.MAXIMUM else warn < fail


def _waiver(one: WaiverEntry, origin: LimitSource, source: Source) -> Waiver:
    location = source.location(one.at(WaiverEntry.code))
    return Waiver(one.code, one.until, one.reason, origin, location, one.subject)


def unknown_code(code: str, node: Node, source: Source) -> Iterable[Problem]:
    """A problem where no limit has a code."""
    if code not in BY_CODE and not is_custom(code):
        known = closest(code)
        hint = f"did you mean `{known}`?" if known else "`marginctl rules` lists them"
        yield source.problem(node, "MC015", f"no limit has the code {echo(code)}", hint)


def margin_call_of(config: LimitsConfig, rules: MarginRules) -> Decimal | None:
    """The strictest level at which a file calls for margin; the usual one where no file and no venue has one."""
    bounds = config.of(BY_CODE[CALL])
    written = [one.threshold for one in bounds if one.origin is not LimitSource.DEFAULT and one.threshold is not None]
    if written:
        return min(written)
    return bounds[0].threshold if bounds and rules.warning_level is None else None
