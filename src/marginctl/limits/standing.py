"""Which limits hold on accounts derived from one, and how much is left before each: what searches ask.

The figures are those of the engine and the measurements those of the rules: an account is asked about as ``check``
would be, only that the limits on the data (MC2xx) and on waivers are left out, which no size changes.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from msgspec.structs import replace

from marginctl.core.account import Account
from marginctl.core.assemble import report_of
from marginctl.core.exact import ONE, ZERO, sign
from marginctl.core.pool import is_shared
from marginctl.core.report import Report
from marginctl.findings import Severity
from marginctl.limits.config import Bound, LimitsConfig, LimitSource
from marginctl.limits.engine import EVERYTHING, Selection, is_broken
from marginctl.limits.rule import Comparison, Context, Fact, Measurement, Ratio, Rule, Unknown
from marginctl.limits.rules import BY_CODE, RULES
from marginctl.limits.verdict import FAILING, FailOn
from marginctl.limits.waivers import Ledger

FREE_COLLATERAL = "free-collateral"
"""The venue's own limit on orders and withdrawals: no pool's free collateral below 0, or below what it is now."""
STATIC = frozenset(("MC115", "MC121"))
SIZED: tuple[Rule, ...] = tuple(rule for rule in RULES if rule.code < "MC2" and rule.code not in STATIC)
"""The rules that a size can break: those on figures of the account."""
AHEAD = frozenset(("MC102", "MC106", "MC112", "MC113", "MC114", "MC116"))
"""The rules that look at what happens when prices move or time goes by: dear to ask about."""
HELD, BROKEN = ONE, -ONE


class Limit(NamedTuple):
    """One bound on one figure; without a code one of the venue's own."""

    code: str
    subject: str
    severity: Severity
    threshold: Decimal | None

    @property
    def name(self) -> str:
        """The rule's name."""
        return BY_CODE[self.code].name if self.code else FREE_COLLATERAL


class Judged(NamedTuple):
    """A figure and one bound on it."""

    rule: Rule
    measurement: Measurement
    bound: Bound

    @property
    def limit(self) -> Limit:
        """What it is known by on other accounts."""
        return Limit(self.rule.code, self.measurement.subject, self.bound.severity, self.bound.threshold)

    @property
    def is_broken(self) -> bool:
        """As ``check`` decides it; what cannot be known is not broken."""
        if isinstance(self.measurement.measured, Unknown):
            return False
        return is_broken(self.rule, self.measurement, self.bound.threshold)

    @property
    def slack(self) -> Decimal:
        """What is left before the limit in some unit, negative exactly where it is broken."""
        broken, left = self.is_broken, _left(self)
        if broken:
            return left if left < 0 else BROKEN
        return max(left, ZERO)


def _left(reading: Judged) -> Decimal:
    """The rule's own slack; else across: limit * denominator - numerator, a minimum of one number by its reciprocal.

    A distance of a pool is about a constant over its size: the reciprocal is about a straight line of the size.
    """
    measurement, threshold = reading.measurement, reading.bound.threshold or ZERO
    if measurement.slack is not None:
        return measurement.slack(threshold)
    found = measurement.measured
    if isinstance(found, Fact | Unknown):
        return HELD
    is_minimum = reading.rule.comparison is Comparison.MINIMUM
    if not isinstance(found, Ratio):
        return ONE / threshold if is_minimum and threshold else HELD
    if not is_minimum:
        return threshold * found.denominator - found.numerator
    if found.denominator == ONE and found.numerator > 0 and threshold:
        return ONE / threshold - ONE / found.numerator
    return found.numerator - threshold * found.denominator


class AccountStanding:
    """The limits that count on one account, broken or not."""

    def __init__(self, readings: dict[Limit, Judged], venue: dict[Limit, Decimal]) -> None:
        self.readings = readings
        self.venue = venue
        self._slacks: dict[object, Decimal] = dict(venue.items())

    @cached_property
    def broken(self) -> frozenset[object]:
        """The limits that do not hold."""
        rules = {limit for limit, reading in self.readings.items() if reading.is_broken}
        return frozenset(rules | {limit for limit, slack in self.venue.items() if slack < 0})

    def slack(self, limit: object) -> Decimal:
        """What is left before a limit; a figure that is no longer there has nothing left and breaks nothing."""
        if limit not in self._slacks:
            reading = self.readings.get(limit)  # type: ignore[call-overload]
            self._slacks[limit] = ZERO if reading is None else reading.slack
        return self._slacks[limit]


Counts = Callable[[Limit, Judged], bool]
Refigure = Callable[[Context], Context]
"""Adds to the context of an account what is computed outside of the limits, such as its scenarios."""


class Inquiry:
    """Asks accounts derived from one what holds on them."""

    def __init__(
        self,
        context: Context,
        config: LimitsConfig,
        selection: Selection = EVERYTHING,
        fail_on: FailOn = FailOn.ERROR,
        refigure: Refigure = lambda context: context,
    ) -> None:
        self.context, self.config, self.selection = context, config, selection
        self.fail_on, self.refigure = fail_on, refigure
        self.ledger = Ledger(config.waivers, context.today)
        self.base = {reading.limit: reading for reading in self._readings(context, SIZED)}
        self.broken = frozenset(limit for limit, reading in self.base.items() if reading.is_broken)
        self._of_base: dict[bool, AccountStanding] = {}

    def context_of(self, account: Account, *, looks_ahead: bool = True) -> Context:
        """What rules look at on another account."""
        report = report_of(account, looks_ahead=looks_ahead)
        changed = replace(self.context, account=account, report=report, facts=(), expectations=())
        return self.refigure(changed) if looks_ahead else changed

    def _readings(self, context: Context, rules: Iterable[Rule]) -> Iterator[Judged]:
        for rule in rules:
            if self.selection.takes(rule) and (self.config.of(rule) or self.config.scopes.get(rule.code)):
                for measurement in rule.measure(context):
                    for bound in self.config.in_force(rule, measurement):
                        yield Judged(rule, measurement, bound)

    @cached_property
    def kept_rules(self) -> tuple[Rule, ...]:
        """The rules of which some bound is to be kept."""
        return tuple(rule for rule in SIZED if any(self._may_count(bound) for bound in self._bounds(rule)))

    @cached_property
    def kept_codes(self) -> frozenset[str]:
        """The codes of those."""
        return frozenset(rule.code for rule in self.kept_rules)

    def _bounds(self, rule: Rule) -> list[Bound]:
        narrow = [bound for scope in self.config.scopes.get(rule.code, ()) for bound in scope.bounds]
        return [*self.config.of(rule), *narrow]

    def _may_count(self, bound: Bound) -> bool:
        return bound.origin is not LimitSource.DEFAULT or bound.severity in (
            FAILING[self.fail_on] or FAILING[FailOn.ERROR]
        )

    def keeps(self, reading: Judged) -> bool:
        """Whether a limit is to hold afterwards: one that holds now, and that fails a run or was asked for.

        That is every bound at or above --fail-on; of a limit that a file sets only as a warning that one too. A breach
        that a waiver covers is none.
        """
        if reading.limit in self.broken:
            return False
        failing = FAILING[self.fail_on] or FAILING[FailOn.ERROR]
        if reading.bound.severity not in failing:
            beside = self.config.in_force(reading.rule, reading.measurement)
            if reading.bound.origin is LimitSource.DEFAULT or any(bound.severity is Severity.ERROR for bound in beside):
                return False
        return not self.ledger.covering(reading.rule.code, reading.measurement, reading.bound)

    def keeping(self, account: Account, *, ahead: bool) -> AccountStanding:
        """The standing of an account by the limits to be kept: those that look ahead, or the others and the venue's."""
        if account is not self.context.account:
            return self._keeping(account, ahead=ahead)
        if ahead not in self._of_base:
            self._of_base[ahead] = self._keeping(account, ahead=ahead)
        return self._of_base[ahead]

    def _keeping(self, account: Account, *, ahead: bool) -> AccountStanding:
        rules = [rule for rule in self.kept_rules if (rule.code in AHEAD) is ahead]
        if ahead and not rules:
            return AccountStanding({}, {})
        context = self.context_of(account, looks_ahead=ahead)
        readings = {one.limit: one for one in self._readings(context, rules) if self.keeps(one)}
        return AccountStanding(readings, {} if ahead else self._venue(context.report))

    def _venue(self, report: Report) -> dict[Limit, Decimal]:
        """Free collateral of the cross pools: not below 0, and where it is already, not below what it is."""
        now = {pool.name: pool.free_collateral for pool in self.context.report.pools}
        money = abs(report.totals.gross_collateral) + report.totals.gross_notional
        left = {
            pool.name: pool.free_collateral - min(ZERO, now.get(pool.name, ZERO))
            for pool in report.pools
            if is_shared(pool.margin_mode)
        }
        return {
            Limit("", name, Severity.ERROR, ZERO): amount if sign(amount, money) else ZERO
            for name, amount in left.items()
        }

    def judging(self, account: Account, rules: Iterable[Rule]) -> AccountStanding:
        """The standing of an account by some rules alone, all their bounds."""
        rules = tuple(rules)
        context = self.context_of(account, looks_ahead=any(rule.code in AHEAD for rule in rules))
        return AccountStanding({one.limit: one for one in self._readings(context, rules)}, {})
