"""What ages: figures, which may no longer agree with the venue's screen, and waivers, on which the engine makes the findings."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from marginctl.core.exact import ONE, ZERO, Direction
from marginctl.document.scalars import day, seconds_since
from marginctl.findings import Expectation, Severity
from marginctl.limits.rule import Comparison, Context, Fact, Measurement, Ratio, Rule, Unit, Unknown, advice, manual_of
from marginctl.wording import amount, percent, trimmed


def stale_rules(context: Context) -> Iterable[Measurement]:
    """What it checks: the age of the rule set that the figures were computed with.

    Value: days from the rule set's `as_of` to today (`--today`). A rule set without a date, such as `generic`, takes its
    figures from the portfolio and passes. Configured as `max_rules_age`; not configured: above 180 days a note, told once a
    run, and a warning under a policy.

    Why: venues change tiers, haircuts and liquidation rules without notice to anyone's files.

    Example: a rule set of 2026-01-05, used on 2026-11-22: 321 days.

    Instead: `marginctl venue refresh NAME --live`, or `--from` saved answers of the venue; or give current tiers in the
    portfolio.
    """
    # One measurement, where the rule set has a date
    if context.rules.as_of is None:
        return
    yield Measurement(
        subject=context.rules.venue,
        measured=age(context.rules.as_of, context.today),
        what=f"age of the {context.rules.venue} rule set",
        location=context.locations.account,
        remedy=advice(f"`marginctl venue refresh {context.rules.venue} --live` updates it"),
    )


def age(as_of: str, today: date) -> Ratio | Unknown:
    """Days from a date (YYYY-MM-DD) to today; unknown when it lies in the future."""
    days = (today - date.fromisoformat(as_of)).days
    if days < 0:
        return Unknown(f"{as_of} lies after today, {today.isoformat()}", "correct the date, or set --today")
    return Ratio(Decimal(days))


MC201 = Rule(
    code="MC201",
    name="stale-rules",
    summary="age of the rule set",
    manual=manual_of(stale_rules),
    measure=stale_rules,
    key="max_rules_age",
    compares="age of the rule set",
    comparison=Comparison.MAXIMUM,
    unit=Unit.DAYS,
    default=Decimal(180),
    default_severity=Severity.NOTE,
    policy_severity=Severity.WARNING,
)


SUBJECT = "account"


NO_TIME = Unknown("--today has no time of day", "write it as 2026-11-22T11:00:00Z")
SECONDS_PER_DAY, CLOCKS = Decimal(86400), Decimal(60)
NO_DATE = Unknown("the account has no as_of", "add `as_of` to `account`, with its time zone")


def stale_data(context: Context) -> Iterable[Measurement]:
    """What it checks: the age of the account's figures.

    Value: days from the account's `as_of` to the moment of the run, to the second, or to that of `--today`. Where
    `--today` is a day, whole days from the day (UTC) of `as_of`; a limit below a day cannot be judged then. An account
    without `as_of` makes it not evaluated. Configured as `max_data_age`, such as `90s`, `30m`, `8h` or `1d`; off otherwise.

    Why: a check of last week's balances says nothing about today's account.

    Example: `as_of: 2026-11-20T23:00:00Z`, checked on 2026-11-22: 2 days.

    Instead: export the account again.
    """
    # One measurement, of the account
    as_of = context.report.account.as_of
    yield Measurement(
        subject=SUBJECT,
        measured=NO_DATE if as_of is None else _age(context, as_of),
        what="age of the account's figures",
        detail=f"as of {as_of}",
        location=context.locations.account,
        remedy=advice("export the account again"),
        finest=None if context.now is not None else (ONE, NO_TIME),
    )


def _age(context: Context, as_of: str) -> Ratio | Unknown:
    """Whole days where only the day of the run is known, else to the second; clocks may differ by a minute."""
    if context.now is None:
        return age(day(as_of).isoformat(), context.today)
    seconds = seconds_since(as_of, context.now)
    if seconds < -CLOCKS:
        shown = context.now.isoformat(timespec="seconds")
        return Unknown(f"{as_of} lies after now, {shown}", "correct the date, or set --today")
    return Ratio(max(ZERO, seconds), SECONDS_PER_DAY)


MC202 = Rule(
    code="MC202",
    name="stale-data",
    summary="age of the account's as_of",
    manual=manual_of(stale_data),
    measure=stale_data,
    key="max_data_age",
    compares="age of the account's as_of",
    comparison=Comparison.MAXIMUM,
    unit=Unit.DAYS,
    default=Decimal(0),
    default_severity=None,
)


SHOWN_PLACES = 8


def expectation_not_met(context: Context) -> Iterable[Measurement]:
    """What it checks: the figures under `expect:`, copied from the venue's screen.

    Value: |ours - theirs| / |theirs|; limit: the `tolerance` under `expect:`, 0.1% unless given, or the figure's own: a
    share (`0.1%`) or an amount (`0.01`), which is then judged as such. Equality passes. It does not exist, and breaks the
    limit, where the figure does not exist here, or theirs is 0 and ours is not. A price of 0, or `none`, is how venues show
    that there is none, and agrees with none here; so does a liquidation price beyond 11 times the mark. An error.

    Ours is what the venue would show: its screen's liquidation price is `contract_liquidation_price`; where the rule set
    says that the venue shows maintenance margins without the fee to close (`shown_maintenance`), ours is compared without
    it, while the report's includes it.

    Why: it is the one test of the rule set against the venue itself.

    Example: `expect: {totals: {maintenance_margin: 148.75}}` while 151.20 is computed: 1.65%.

    Instead: look for what differs with `marginctl explain`: prices and marks of another moment, a missing balance, a tier
    table that changed, or a rule that the rule set has wrong.
    """
    # One measurement per figure expected
    pools = frozenset(pool.name for pool in context.report.pools)
    for one in context.expectations:
        yield Measurement(
            subject=one.name,
            measured=_fact(one),
            what=_message(one),
            location=one.location,
            aliases=(one.subject,),
            remedy=advice(f"`marginctl explain` shows how {_path(one, pools)} came about"),
        )


def _fact(one: Expectation) -> Fact:
    return Fact(not one.is_met, one.relative, one.tolerance, one.headroom)


def _path(one: Expectation, pools: frozenset[str]) -> str:
    section = "" if one.subject == "totals" else "pools." if one.subject in pools else "positions."
    return " and ".join(f"{section}{one.subject}.{figure}" for figure in one.figure.split(" + "))


def _message(one: Expectation) -> str:
    theirs = "none" if one.theirs is None else trimmed(one.theirs)
    unit = f" {one.unit}" if one.unit else ""
    start = f"{one.figure} of {one.subject}: the venue shows {theirs}{unit}, here it"
    if one.ours is None:
        return f"{start} does not exist"
    ours = trimmed(round(one.ours, SHOWN_PLACES))
    noted = f" {one.note}" if one.note else ""
    return f"{start} is {ours}{noted}{_difference(one)}"


def _difference(one: Expectation) -> str:
    """In brackets: how far apart the two are, and how far they may be."""
    if one.difference is None:
        return ""
    share = "" if one.relative is None else f", {percent(one.relative, Direction.UP)}"
    allowed = one.absolute if one.absolute is not None else one.tolerance
    tolerance = amount(allowed or ZERO, Unit.FRACTION.value if one.absolute is None else Unit.NONE.value)
    return f" (difference {trimmed(round(one.difference, SHOWN_PLACES))}{share}; tolerance {tolerance})"


MC209 = Rule(
    code="MC209",
    name="expectation-not-met",
    summary="a figure that differs from what the venue shows",
    manual=manual_of(expectation_not_met),
    measure=expectation_not_met,
    unit=Unit.FRACTION,
    default_severity=Severity.ERROR,
)


def waiver_unused(context: Context) -> Iterable[Measurement]:  # noqa: ARG001  (the signature of Measure)
    """What it checks: whether a waiver still waives something.

    The limit is evaluated, and nothing that the waiver addresses breaks it. A warning. An entry of a baseline that is no
    breach any more is a note under the same code: with it, the breach could come back unnoticed.

    Why: what is left lying about will one day hide something else.

    Example: a waiver of MC102 for BTCUSDT after the position was reduced.

    Instead: remove it.
    """
    return ()


MC901 = Rule(
    code="MC901",
    name="waiver-unused",
    summary="a waiver that waives nothing",
    manual=manual_of(waiver_unused),
    measure=waiver_unused,
    default_severity=Severity.WARNING,
    waivable=False,
)


def waiver_expired(context: Context) -> Iterable[Measurement]:  # noqa: ARG001  (the signature of Measure)
    """What it checks: whether a waiver has run out.

    Its `until` lies before today (`--today`); the day itself still counts. The limit counts again. A warning.

    Why: an exception has an end, or it is a rule.

    Example: `until: 2026-11-21` on 2026-11-22.

    Instead: remove it, or decide anew and give another date and reason.
    """
    return ()


MC902 = Rule(
    code="MC902",
    name="waiver-expired",
    summary="a waiver whose last day is over",
    manual=manual_of(waiver_expired),
    measure=waiver_expired,
    default_severity=Severity.WARNING,
    waivable=False,
)


def waiver_expiring(context: Context) -> Iterable[Measurement]:  # noqa: ARG001  (the signature of Measure)
    """What it checks: whether a waiver in use is about to run out.

    Its `until` lies within the next 14 days. A note, which never fails a run.

    Why: the run that fails on the day after should surprise nobody.

    Example: `until: 2026-11-30` on 2026-11-22.

    Instead: solve what it covers, or decide anew in time.
    """
    return ()


MC903 = Rule(
    code="MC903",
    name="waiver-expiring",
    summary="a waiver that runs out within 14 days",
    manual=manual_of(waiver_expiring),
    measure=waiver_expiring,
    default_severity=Severity.NOTE,
    waivable=False,
)


def waiver_without_effect(context: Context) -> Iterable[Measurement]:  # noqa: ARG001  (the signature of Measure)
    """What it checks: whether a waiver, or `--ignore`, addresses something that cannot be waived.

    MC100 can be neither waived nor ignored, the waiver rules themselves cannot be waived, and a portfolio's own waivers do
    not apply to the limits of a policy. A warning; the limit counts.

    Why: whoever wrote it believes it works.

    Example: `waivers: [{code: MC100, ...}]`.

    Instead: remove it; for a limit of the policy, ask for a waiver in the policy file.
    """
    return ()


MC904 = Rule(
    code="MC904",
    name="waiver-without-effect",
    summary="a waiver or an --ignore that cannot have an effect",
    manual=manual_of(waiver_without_effect),
    measure=waiver_without_effect,
    default_severity=Severity.WARNING,
    waivable=False,
)
