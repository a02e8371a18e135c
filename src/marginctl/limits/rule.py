"""What a rule is, what it looks at, and what it hands to the engine: measurements, not verdicts."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from inspect import cleandoc

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import Account, Purpose
from marginctl.core.exact import ONE
from marginctl.core.report import Report, RulesUsed
from marginctl.core.scenario import HedgeFigures, PathOutcome, moves_in
from marginctl.findings import DataFact, Expectation, Location, Severity


class Locations(Struct, frozen=True):
    """Where things stand in the portfolio file: the account, positions by key, scenarios by name.

    Rows of other lists are among the positions, as ``collateral.BTC`` and ``other.NAME``.
    """

    account: Location
    positions: Mapping[str, Location] = {}
    scenarios: Mapping[str, Location] = {}

    def position(self, key: str) -> Location:
        """The place of a position, the account's where it has none of its own."""
        return self.positions.get(key, self.account)

    def row(self, rows: str, subject: str) -> Location:
        """The place of a row of a list of the report, the account's where it has none of its own."""
        return self.position(subject if rows == "positions" else f"{rows}.{subject}")

    def scenario(self, name: str) -> Location:
        """The place of a scenario, the account's where it has none of its own."""
        return self.scenarios.get(name, self.account)


class Context(Struct, frozen=True, kw_only=True):
    """Everything that rules may look at; nothing here is computed by them.

    ``named``: what narrower limits are for (the engine fills it in); other parts of the account are not measured.

    ``account`` is the one that the report was made of. ``today`` is what ages and waivers compare with, ``now`` the
    moment of it, None where only the day is known.
    ``scenarios`` are the declared ones in order, ``moves`` their shocks by asset of the account; ``outcomes`` and
    ``hedge_effects`` (by position key) are None where they were not computed.
    """

    report: Report
    account: Account
    rules: RulesUsed
    today: date
    locations: Locations
    scenarios: tuple[str, ...] = ()
    moves: Mapping[str, Mapping[str, Decimal]] = {}
    outcomes: Mapping[str, PathOutcome] | None = None
    hedge_effects: Mapping[str, HedgeFigures] | None = None
    facts: tuple[DataFact, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    named: frozenset[str] = frozenset()
    now: datetime | None = None


Scenarios = Mapping[str, Mapping[str, Decimal]]
"""Shocks by asset, by the name of the scenario."""


def with_outcomes(context: Context, scenarios: Scenarios) -> Context:
    """The context with what scenarios and hedges do to its account."""
    moves = moves_of(context.account, scenarios)
    outcomes, hedge_effects = _effects(context.account, moves)
    return replace(
        context,
        scenarios=tuple(scenarios),
        moves=moves,
        outcomes=outcomes,
        hedge_effects=hedge_effects,
    )


def moves_of(account: Account, scenarios: Scenarios) -> dict[str, dict[str, Decimal]]:
    """The shocks of every scenario on the assets that the account has a price for, ``*`` written out."""
    return {name: moves_in(shocks, account) for name, shocks in scenarios.items()}


def _effects(account: Account, moves: Scenarios) -> tuple[dict[str, PathOutcome], dict[str, HedgeFigures]]:
    """Of every scenario, and of every hedge."""
    if not moves and not any(position.purpose is Purpose.HEDGE for position in account.positions):
        return {}, {}
    from marginctl.core.outcome import hedge_effects, path_outcome, states_of

    states = states_of(account)
    outcomes = {name: path_outcome(account, states, dict(shocks)) for name, shocks in moves.items()}
    return outcomes, hedge_effects(account, states)


class Unit(Enum):
    """What a value and its limit are measured in."""

    FRACTION = "fraction"
    MULTIPLE = "multiple"
    DAYS = "days"
    COUNT = "count"
    MONEY = "money"
    NONE = "none"


class Comparison(Enum):
    """MAXIMUM breaks above its limit, MINIMUM below it, equality passes; HOLDS has no limit to compare with."""

    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    HOLDS = "holds"


class Ratio(Struct, frozen=True):
    """numerator / denominator, compared by multiplying across.

    Under a denominator of 0 or less a numerator above 0 breaks every maximum, and any numerator every minimum.
    """

    numerator: Decimal
    denominator: Decimal = ONE


class Never(Struct, frozen=True):
    """What the limit guards against does not happen at all: nothing liquidates, the runway has no end."""


class Fact(Struct, frozen=True):
    """Something that holds or does not; value and limit only illustrate it. ``headroom`` as in ``findings.Check``."""

    broken: bool
    value: Decimal | None = None
    limit: Decimal | None = None
    headroom: Decimal | None = None


class Unknown(Struct, frozen=True):
    """The figure cannot be had: why, and what to give so that it can.

    ``is_idle``: there is nothing here that the limit could be about, which is said but is no mistake.
    """

    reason: str
    help: str = ""
    is_idle: bool = False


class Deposit(Struct, frozen=True):
    """``amount`` units of ``asset`` into ``pool``."""

    pool: str
    asset: str
    amount: Decimal


class Remedy(Struct, frozen=True):
    """How to pass, in words; ``deposit`` is the same as a figure where a deposit alone is enough."""

    text: str
    deposit: Deposit | None = None


class Belongs(Struct, frozen=True):
    """What a figure is about, so that limits for single positions, purposes or underlyings find it.

    ``positions``: symbols and keys (``BTCUSDT:long``) of the positions it is of.
    """

    positions: tuple[str, ...] = ()
    purpose: str = ""
    underlying: str = ""


Mend = Callable[[Decimal], Remedy]


def advice(text: str) -> Mend:
    """A remedy that does not depend on the limit."""
    return lambda _: Remedy(text)


class Measurement(Struct, frozen=True):
    """One figure of one subject.

    ``what`` names the figure inside a sentence ("utilization of cross"); for a fact it is the whole message.
    ``undefined`` says why the ratio does not exist, ``detail`` what it is made of. ``aliases`` are further names under
    which a waiver may address the subject. ``remedy`` takes the limit that is broken (0 for a fact). ``belongs``: which
    narrower limits are for it. ``narrow``: only those are; the limit for all does not count here. ``slack``: what is
    left before a limit, in currency, negative exactly where it is broken; searches look along it. ``whole``: the money
    that a limit written as a percentage is a share of. ``finest``: the smallest limit that the figure, as it is known,
    can be compared with, and why there is one.
    """

    subject: str
    measured: Ratio | Never | Fact | Unknown
    what: str
    location: Location
    detail: str = ""
    undefined: str = ""
    aliases: tuple[str, ...] = ()
    remedy: Mend | None = None
    belongs: Belongs = Belongs()
    narrow: bool = False
    only_asked: bool = False
    slack: Callable[[Decimal], Decimal] | None = None
    whole: Decimal | None = None
    finest: tuple[Decimal, Unknown] | None = None


Measure = Callable[[Context], Iterable[Measurement]]


def nothing(context: Context) -> Iterable[Measurement]:  # noqa: ARG001  (the signature of Measure)
    """The measure of a rule whose findings the engine itself makes."""
    return ()


def facts(context: Context, code: str, remedy: str) -> Iterable[Measurement]:
    """The breaches of a rule that are the context's facts with its code; ``remedy`` is the same for all."""
    return [_measurement(fact, remedy) for fact in context.facts if fact.code == code]


def manual_of(measure: Measure) -> str:
    """The manual of a rule: the docstring of its measure."""
    return cleandoc(measure.__doc__ or "") + "\n"


def _measurement(fact: DataFact, remedy: str) -> Measurement:
    return Measurement(
        subject=fact.subject,
        measured=Fact(True, fact.value, fact.limit),
        what=fact.message,
        location=fact.location,
        remedy=advice(remedy),
    )


class Rule(Struct, frozen=True, kw_only=True):
    """One entry of the catalogue.

    ``key`` is its name under ``limits:``, empty where nothing can be configured, ``compares`` what editors show beside
    it. ``default`` is the threshold when no
    file says otherwise, at ``default_severity``; without such a severity the rule is off unless configured.
    ``policy_severity`` replaces it under a policy file. ``always``: cannot be ignored. ``waivable``: waivers count.
    ``needs_subject``: configured without anything to measure it cannot be evaluated, instead of passing. ``tacit``: not
    configured, it says nothing where there is nothing to measure, instead of passing. ``of_facts``: its breaches are
    the context's facts with its code. ``takes_share``: of money, its limit may be a percentage too.
    """

    code: str
    name: str
    summary: str
    manual: str
    measure: Measure
    key: str = ""
    compares: str = ""
    comparison: Comparison = Comparison.HOLDS
    unit: Unit = Unit.NONE
    default: Decimal | None = None
    default_severity: Severity | None = Severity.WARNING
    policy_severity: Severity | None = None
    always: bool = False
    waivable: bool = True
    needs_subject: bool = False
    tacit: bool = False
    takes_share: bool = False
    of_facts: bool = False
