"""Facts about the data as measurements: found elsewhere, judged here."""

from collections.abc import Iterable

from marginctl.findings import DataFact
from marginctl.limits.context import Context
from marginctl.limits.rule import Fact, Measure, Measurement, advice


def facts_of(code: str, remedy: str) -> Measure:
    """The measure of a rule whose breaches are the context's facts with its code; ``remedy`` is the same for all."""

    def measure(context: Context) -> Iterable[Measurement]:
        return [_measurement(fact, remedy) for fact in context.facts if fact.code == code]

    return measure


def _measurement(fact: DataFact, remedy: str) -> Measurement:
    return Measurement(
        subject=fact.subject,
        measured=Fact(True, fact.value, fact.limit),
        what=fact.message,
        location=fact.location,
        remedy=advice(remedy),
    )
