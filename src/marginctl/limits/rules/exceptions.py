"""Whether waivers still do what they were written for; the engine itself makes these findings."""

from collections.abc import Iterable

from marginctl.findings import Severity
from marginctl.limits.rule import Context, Measurement, Rule, manual_of


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
