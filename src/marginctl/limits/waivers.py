"""Waivers: which breaches they cover, and whether they are still worth having."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta

from marginctl.findings import Finding, Severity
from marginctl.limits.config import Bound, LimitSource, Waiver, written_in
from marginctl.limits.rule import Measurement
from marginctl.limits.rules import BY_CODE, rule_of

SOON = timedelta(days=14)


class Ledger:
    """The waivers of a run and what became of each of them."""

    def __init__(self, waivers: Iterable[Waiver], today: date) -> None:
        self.waivers = tuple(waivers)
        self.today = today
        self.used: set[int] = set()
        self.refused: set[int] = set()

    def covering(self, code: str, measurement: Measurement, bound: Bound) -> list[Waiver]:
        """The waivers in force that cover this breach; notes which were used, and which would be if they could."""
        covering = []
        for number, waiver in enumerate(self.waivers):
            if waiver.code != code or self.is_expired(waiver) or not addresses(waiver, measurement):
                continue
            if rule_of(code).waivable and reaches(waiver, bound):
                self.used.add(number)
                covering.append(waiver)
            else:
                self.refused.add(number)
        return covering

    def is_expired(self, waiver: Waiver) -> bool:
        """The day itself still counts."""
        return self.today > waiver.until

    def hygiene(self, evaluated: Collection[str]) -> Iterator[Finding]:
        """MC901 to MC904: one finding at most per waiver. ``evaluated``: codes of the rules that could judge."""
        for number, waiver in enumerate(self.waivers):
            found = self._state(number, waiver, evaluated)
            if found is not None:
                yield _finding(waiver, *found)

    def _state(self, number: int, waiver: Waiver, evaluated: Collection[str]) -> tuple[str, str, str] | None:
        until = waiver.until.isoformat()
        if self.is_expired(waiver):
            return "MC902", f"expired: its last day was {until}, the limit counts again", "remove it, or decide anew"
        if not rule_of(waiver.code).waivable:
            return "MC904", f"has no effect: {waiver.code} cannot be waived", "remove it"
        if number in self.refused:
            other = "the policy" if waiver.origin is LimitSource.PORTFOLIO else "another policy"
            return "MC904", f"does not apply to the limit of {other}", "ask for a waiver in the policy file"
        if number not in self.used:
            return ("MC901", "waives nothing", "remove it") if waiver.code in evaluated else None
        if waiver.until - self.today <= SOON:
            days = (waiver.until - self.today).days
            left = {0: "today is its last day", 1: "1 day left"}.get(days, f"{days} days left")
            return "MC903", f"runs out on {until}, {left}", "solve what it covers, or decide anew in time"
        return None


def addresses(waiver: Waiver, measurement: Measurement) -> bool:
    """Whether the waiver is for this subject, under any of its names, or for all."""
    return waiver.subject in ("", measurement.subject, *measurement.aliases)


def reaches(waiver: Waiver, bound: Bound) -> bool:
    """A waiver counts for the limits of its own file and for those that no file has set.

    What is graver because there is a policy, any policy may waive.
    """
    if bound.location is None:
        return bound.origin in (LimitSource.DEFAULT, waiver.origin)
    return written_in(bound) == written_in(waiver)


def _finding(waiver: Waiver, code: str, state: str, remedy: str) -> Finding:
    rule = BY_CODE[code]
    target = f"{waiver.code} for {waiver.subject}" if waiver.subject else waiver.code
    return Finding(
        code=code,
        name=rule.name,
        severity=rule.default_severity or Severity.WARNING,
        message=f"the waiver of {target} {state}",
        location=waiver.location,
        subject=waiver.subject or waiver.code,
        remedy=remedy,
    )
