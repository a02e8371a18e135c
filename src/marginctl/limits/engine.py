"""Rules x bounds x waivers -> checks, findings, and problems where a limit could not be evaluated.

Rules measure; here it is decided what passes. Equality passes, a ratio that does not exist breaks every limit on it,
and what cannot be measured is ``not-evaluated``, never a pass, and where a file asked for it a problem (exit code 2).
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.exact import ZERO, exceeds, ratio, sign
from marginctl.document.source import echo, near
from marginctl.findings import Check, Expectation, Finding, Location, Problem, Severity, Status
from marginctl.limits.config import Bound, LimitsConfig, LimitSource
from marginctl.limits.rule import (
    Comparison,
    Context,
    Deposit,
    Fact,
    Measurement,
    Never,
    Ratio,
    Remedy,
    Rule,
    Unknown,
)
from marginctl.limits.rules import BY_CODE, FACT_CODES, RULES
from marginctl.limits.waivers import Ledger
from marginctl.wording import amount, measured

ACCOUNT = "account"
CANNOT_EVALUATE = "MC030"
GRAVITY = {Severity.NOTE: 0, Severity.WARNING: 1, Severity.ERROR: 2}
WORDS = {Severity.NOTE: "a note", Severity.WARNING: "a warning", Severity.ERROR: "an error"}
STATUS = {Severity.WARNING: Status.WARN, Severity.ERROR: Status.FAIL}


class DepositRemedy(Struct, frozen=True):
    """The deposit that alone lifts one finding."""

    code: str
    subject: str
    severity: Severity
    deposit: Deposit


class Evaluation(Struct, frozen=True):
    """What the limits say about one account.

    ``problems`` (MC030): limits that a file set and that could not be evaluated. ``ways``: the deposits that lift
    findings, for the verdict. ``judged``: codes of the rules that could judge. ``expectations``: what the venue shows
    beside our figures.
    """

    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...] = ()
    ways: tuple[DepositRemedy, ...] = ()
    judged: frozenset[str] = frozenset()
    expectations: tuple[Expectation, ...] = ()


class Selection(Struct, frozen=True):
    """``--select`` and ``--ignore``: codes; nothing selected = all."""

    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()

    def takes(self, rule: Rule) -> bool:
        """Whether the rule is to be evaluated; MC100 always is."""
        chosen = not self.select or rule.code in self.select
        return rule.always or (chosen and rule.code not in self.ignore)


class _Result:
    """What has been found so far."""

    def __init__(self) -> None:
        self.checks: list[Check] = []
        self.findings: list[Finding] = []
        self.problems: list[Problem] = []
        self.ways: list[DepositRemedy] = []
        self.undecided: set[str] = set()


EVERYTHING = Selection()


def evaluate(context: Context, config: LimitsConfig, selection: Selection = EVERYTHING) -> Evaluation:
    """Every selected rule on one account. Raises ValueError for a fact whose code no rule takes."""
    lost = {fact.code for fact in context.facts} - FACT_CODES
    if lost:
        raise ValueError(f"facts that no rule takes: {', '.join(sorted(lost))}")
    if config.scopes:
        context = replace(context, named=config.named)
    result = _Result()
    ledger = Ledger(config.waivers, context.today)
    taken = [rule for rule in (*RULES, *config.custom) if selection.takes(rule)]
    for rule in taken:
        if config.of(rule) or config.scopes.get(rule.code):
            _apply(rule, config, context, ledger, result)
    for rule in RULES:
        if rule.needs_subject and not selection.takes(rule):
            result.problems += _misnamed(rule, config, context)
    judged = frozenset(rule.code for rule in taken) - result.undecided
    codes = {rule.code for rule in taken}
    result.findings += [f for f in ledger.hygiene(judged) if f.code in codes]
    result.findings += _ignored(selection, context.locations.account)
    return Evaluation(
        checks=tuple(result.checks),
        findings=tuple(result.findings),
        problems=tuple(result.problems),
        ways=tuple(result.ways),
        judged=judged,
        expectations=context.expectations,
    )


def _apply(rule: Rule, config: LimitsConfig, context: Context, ledger: Ledger, result: _Result) -> None:
    measurements = list(rule.measure(context))
    for measurement in measurements:
        applicable = config.in_force(rule, measurement)
        if not applicable:
            continue
        unknown = _unknown(measurement, applicable)
        if unknown is not None:
            _undecided(rule, applicable, measurement, unknown, result)
        else:
            _decided(rule, applicable, measurement, ledger, result)
    subjects = [measurement.subject for measurement in measurements if not measurement.narrow]
    if config.of(rule):
        _unmeasured(rule, config.of(rule), subjects, context, result)


def _unknown(measurement: Measurement, bounds: Iterable[Bound]) -> Unknown | None:
    """Why a figure cannot be judged: it is not known, or not as finely as its limits ask."""
    if isinstance(measurement.measured, Unknown):
        return measurement.measured
    if measurement.finest is None:
        return None
    least, why = measurement.finest
    return why if any(bound.threshold is not None and bound.threshold < least for bound in bounds) else None


def _unmeasured(rule: Rule, bounds: Iterable[Bound], subjects: list[str], context: Context, result: _Result) -> None:
    """A rule with nothing to measure passes; one that a file has set for scenarios that are not there cannot."""
    for bound in bounds:
        for name in _absent(rule, bound, subjects):
            why = _no_scenario(name, context)
            absent = Measurement(name or ACCOUNT, why, f"`{rule.key}`", context.locations.account)
            _undecided(rule, [bound], absent, why, result)
    is_silent = rule.tacit and not any(map(_is_configured, bounds))
    if not subjects and rule.code not in result.undecided and rule.key and not is_silent:
        strictest = _strictest(rule, bounds)
        result.checks.append(
            Check(rule.code, rule.name, ACCOUNT, None, strictest.threshold, Status.PASS, None, _policy(strictest))
        )


def _no_scenario(name: str, context: Context) -> Unknown:
    close = near(name, context.scenarios) if name else ""
    advice = f"did you mean {echo(close)}? Otherwise add it under `scenarios`" if close else "add it under `scenarios`"
    return Unknown(f"there is no scenario {name}".rstrip(), advice)


def _misnamed(rule: Rule, config: LimitsConfig, context: Context) -> Iterator[Problem]:
    """Scenarios that a limit names and nobody has: a mistake also where the limit is left out of a run."""
    for bound in config.of(rule):
        for name in sorted((bound.subjects or frozenset()).difference(context.scenarios)):
            yield _problem(rule, bound, _no_scenario(name, context), context.locations.account)


def _absent(rule: Rule, bound: Bound, subjects: list[str]) -> list[str]:
    """The scenarios that a bound names and nobody has declared; an empty name where any would do and none is there."""
    if bound.subjects is not None:
        return sorted(bound.subjects.difference(subjects))
    return [""] if rule.needs_subject and not subjects and _is_configured(bound) else []


def _is_configured(bound: Bound) -> bool:
    return bound.origin is not LimitSource.DEFAULT


def _undecided(rule: Rule, bounds: list[Bound], measurement: Measurement, why: Unknown, result: _Result) -> None:
    configured = None if why.is_idle else next((bound for bound in bounds if _is_configured(bound)), None)
    strictest = _strictest(rule, bounds)
    limit = strictest.threshold
    result.undecided.add(rule.code)
    status, policy = Status.NOT_EVALUATED, _policy(strictest)
    result.checks.append(Check(rule.code, rule.name, measurement.subject, None, limit, status, None, policy))
    if configured is None and not why.is_idle:
        return
    if configured is not None:
        result.problems.append(_problem(rule, configured, why, measurement.location))
    result.findings.append(
        Finding(
            code=rule.code,
            name=rule.name,
            severity=Severity.NOTE if configured is None else Severity.ERROR,
            message=f"{measurement.what} not evaluated: {why.reason}",
            location=measurement.location,
            subject=measurement.subject,
            limit=limit,
            remedy=why.help,
        )
    )


def _problem(rule: Rule, bound: Bound, why: Unknown, fallback: Location) -> Problem:
    message = f"`{rule.key}` cannot be evaluated: {why.reason}"
    return Problem(bound.location or fallback, CANNOT_EVALUATE, message, why.help)


def _decided(rule: Rule, bounds: list[Bound], measurement: Measurement, ledger: Ledger, result: _Result) -> None:
    broken = [bound for bound in bounds if is_broken(rule, measurement, bound.threshold)]
    if not broken:
        result.checks.append(_check(rule, measurement, _strictest(rule, bounds), Status.PASS))
        return
    waivers = {bound: ledger.covering(rule.code, measurement, bound) for bound in broken}
    live = [bound for bound in broken if not waivers[bound]]
    worst = _worst(rule, live or broken)
    reason = None if live else "; ".join(dict.fromkeys(w.reason for bound in broken for w in waivers[bound]))
    if worst.severity in STATUS:
        status = STATUS[worst.severity] if live else Status.WAIVED
        result.checks.append(_check(rule, measurement, worst, status))
    several = len({bound.origin for bound in bounds}) > 1
    finding, deposit = _finding(rule, measurement, worst, reason, named=several)
    result.findings.append(finding)
    if deposit is not None and live:
        result.ways.append(DepositRemedy(rule.code, measurement.subject, worst.severity, deposit))


def is_broken(rule: Rule, measurement: Measurement, threshold: Decimal | None) -> bool:
    """Above a maximum, below a minimum, by multiplying across; a ratio that does not exist is always broken."""
    found = measurement.measured
    if isinstance(found, Fact):
        return found.broken
    if isinstance(found, Never) or threshold is None:
        return False
    if not isinstance(found, Ratio):
        raise TypeError("an unknown figure has no comparison")
    if rule.comparison is Comparison.MINIMUM:
        return _falls_short(found, threshold)
    return exceeds(found.numerator, found.denominator, threshold)


def _falls_short(found: Ratio, limit: Decimal) -> bool:
    if found.denominator <= 0:
        return True
    needed = limit * found.denominator
    return sign(found.numerator - needed, abs(found.numerator) + abs(needed)) < 0


def _strictest(rule: Rule, bounds: Iterable[Bound]) -> Bound:
    """The bound that is met first."""
    return max(bounds, key=lambda bound: (_strictness(rule, bound), GRAVITY[bound.severity]))


def _worst(rule: Rule, bounds: Iterable[Bound]) -> Bound:
    """The gravest bound, of these the strictest."""
    return max(bounds, key=lambda bound: (GRAVITY[bound.severity], _strictness(rule, bound)))


def _strictness(rule: Rule, bound: Bound) -> Decimal:
    threshold = bound.threshold or ZERO
    return threshold if rule.comparison is Comparison.MINIMUM else -threshold


def value_of(rule: Rule, measurement: Measurement) -> Decimal | None:
    """The figure, exact; None when it does not exist or what the limit guards against never happens."""
    found = measurement.measured
    if isinstance(found, Fact):
        return found.value
    if not isinstance(found, Ratio):
        return None
    if rule.comparison is Comparison.MINIMUM and found.denominator <= 0:
        return None
    return ratio(found.numerator, found.denominator)


def limit_of(measurement: Measurement, bound: Bound) -> Decimal | None:
    """The threshold of the bound, or what the fact itself compares with."""
    return measurement.measured.limit if isinstance(measurement.measured, Fact) else bound.threshold


def _headroom(rule: Rule, measurement: Measurement, bound: Bound) -> Decimal | None:
    if isinstance(measurement.measured, Fact):
        return measurement.measured.headroom
    value = value_of(rule, measurement)
    if value is None or bound.threshold is None:
        return None
    room = bound.threshold - value
    return -room if rule.comparison is Comparison.MINIMUM else room


def _check(rule: Rule, measurement: Measurement, bound: Bound, status: Status) -> Check:
    return Check(
        code=rule.code,
        name=rule.name,
        subject=measurement.subject,
        value=value_of(rule, measurement),
        limit=limit_of(measurement, bound),
        status=status,
        headroom=_headroom(rule, measurement, bound),
        policy=_policy(bound),
    )


def _source(bound: Bound) -> str:
    """The file and line of a limit; nothing for a default."""
    return f"{bound.location.file}:{bound.location.line}" if bound.location is not None else ""


def _policy(bound: Bound) -> str:
    """The file and line of a policy's limit; nothing for any other."""
    return _source(bound) if bound.origin is LimitSource.POLICY else ""


def _finding(
    rule: Rule, measurement: Measurement, bound: Bound, reason: str | None, *, named: bool
) -> tuple[Finding, Deposit | None]:
    """``reason``: why it is waived, None = it is not. ``named``: whether to say whose limit it is."""
    remedy = measurement.remedy(bound.threshold or ZERO) if measurement.remedy else Remedy("")
    finding = Finding(
        code=rule.code,
        name=rule.name,
        severity=bound.severity,
        message=_message(rule, measurement, bound, named=named),
        location=measurement.location,
        subject=measurement.subject,
        value=value_of(rule, measurement),
        limit=limit_of(measurement, bound),
        remedy=remedy.text,
        waived=reason is not None,
        reason=reason or "",
    )
    return finding, remedy.deposit


def _message(rule: Rule, measurement: Measurement, bound: Bound, *, named: bool) -> str:
    """One sentence: the figure, its value, the limit and whose it is, what the figure is made of."""
    if isinstance(measurement.measured, Fact) or bound.threshold is None:
        return measurement.what + ("" if bound.origin is LimitSource.DEFAULT else _whose(bound, named=named))
    narrow = f" for {bound.narrow}" if bound.narrow else ""
    limit = f"limit {amount(bound.threshold, rule.unit.value)}{narrow}{_whose(bound, named=named)}"
    value = value_of(rule, measurement)
    if value is None:
        return f"{measurement.what} does not exist, {limit}: {measurement.undefined}"
    shown = measured(value, bound.threshold, rule.unit.value, is_minimum=rule.comparison is Comparison.MINIMUM)
    side = "below" if rule.comparison is Comparison.MINIMUM else "above"
    detail = f": {measurement.detail}" if measurement.detail else ""
    return f"{measurement.what} is {shown}, {side} the {limit}{detail}"


def _whose(bound: Bound, *, named: bool) -> str:
    """The file and line of a limit, where another file might have set it too; a policy's always."""
    if bound.location is not None and (named or bound.origin is LimitSource.POLICY):
        return f" ({_source(bound)})"
    return {
        LimitSource.POLICY: f" ({WORDS[bound.severity]} under a policy)",
        LimitSource.PORTFOLIO: "",
        LimitSource.DEFAULT: " (default)",
    }[bound.origin]


def _ignored(selection: Selection, location: Location) -> Iterator[Finding]:
    """MC904: what cannot be ignored says so."""
    rule = BY_CODE["MC904"]
    for code in sorted(selection.ignore):
        if code in BY_CODE and BY_CODE[code].always:
            yield Finding(
                code=rule.code,
                name=rule.name,
                severity=rule.default_severity or Severity.WARNING,
                message=f"ignoring {code} has no effect: it is always checked",
                location=location,
                subject=code,
                remedy=f"remove {code} from --ignore",
            )
