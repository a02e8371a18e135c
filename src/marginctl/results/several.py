"""Several accounts on one page, the worst of them with what they were put through."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from marginctl.core.report import Report
from marginctl.results import Outcome, Run, StressResult, Verdict, verdict, worst
from marginctl.results.comparison import CompareResult

GRAVITY = (Verdict.ERROR, Verdict.FAIL, Verdict.WARN, Verdict.PASS)


class Overview(Struct, frozen=True, kw_only=True):
    """A run with the scenarios and the modes of its files by name. detail: accounts with a section of their own.

    day: that ages were measured against, None where a page is drawn of a run alone.
    """

    run: Run
    stressed: Mapping[str, StressResult] = {}
    compared: Mapping[str, CompareResult] = {}
    detail: int = 20
    day: date | None = None

    @property
    def ranked(self) -> tuple[Outcome, ...]:
        """The worst first: by verdict, then by what is left of the equity; equals keep their order."""
        return tuple(sorted(self.run.outcomes, key=lambda one: (self._gravity(one), *_filled(one.report))))

    @property
    def verdict(self) -> Verdict:
        """Of all accounts."""
        return worst(verdict(one, self.run.fail_on) for one in self.run.outcomes)

    def _gravity(self, one: Outcome) -> int:
        return GRAVITY.index(verdict(one, self.run.fail_on))


def _filled(report: Report | None) -> tuple[int, object]:
    """Ratios that do not exist first, then the highest."""
    ratio = report.totals.maintenance_ratio if report else None
    return (0, 0) if ratio is None else (1, -ratio)
