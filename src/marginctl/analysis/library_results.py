"""What the library returns and raises: the results of the analyses, as documents and as rows too."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec import Struct

from marginctl.core.exact import exactly
from marginctl.core.plain import as_plain
from marginctl.core.report import Report
from marginctl.document.source import printable
from marginctl.findings import Problem
from marginctl.render.formats.csv import flat_rows
from marginctl.render.paths import explained, problem_lines
from marginctl.results import Outcome, Run, StressResult, WhatIfResult
from marginctl.results.explanation import ExplainResult
from marginctl.results.headroom_result import HeadroomResult
from marginctl.wording import plain


class InputError(ValueError):
    """What could not be computed, and why: wherever the command would exit 2. As text it says what the command says.

    ``problems``: each with its place (a line of a file, a key of a mapping), what is wrong and what to write instead;
    about an option the place is empty.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self._lines()))

    def _lines(self) -> Iterable[str]:
        unplaced = [one for one in self.problems if not one.location.file]
        yield from (explained(one.message, one.help) for one in unplaced)
        yield from map(printable, problem_lines(one for one in self.problems if one not in unplaced))

    def __reduce__(self) -> tuple[type["InputError"], tuple[tuple[Problem, ...]]]:
        return InputError, (self.problems,)


class Analysis(Struct, frozen=True):
    """What every result can be turned into."""

    def to_dict(self) -> dict[str, Any]:
        """The document that ``--format json`` writes: dicts, lists, texts, and rounded figures as Decimals."""
        with exactly():
            return dict(_spelled(as_plain(self._whole())))

    def rows(self) -> list[dict[str, Any]]:
        """The rows that ``--format csv`` writes, as flat dicts, figures as Decimals; an unknown one is None."""
        with exactly():
            return list(_spelled(flat_rows(self._whole())))

    def _whole(self) -> Struct:
        """What the document is of."""
        return self


def _spelled(tree: Any) -> Any:
    """A tree with every Decimal as the document spells it: ``4800``, not ``4.8E+3``."""
    if isinstance(tree, Decimal):
        return Decimal(plain(tree))
    if isinstance(tree, dict):
        return {name: _spelled(value) for name, value in tree.items()}
    return [_spelled(one) for one in tree] if isinstance(tree, list | tuple) else tree


class Checked(Outcome, Analysis, frozen=True, kw_only=True):
    """A checked portfolio: its report, the limits and what they found. ``rows``: its positions."""

    report: Report
    exit_code: int
    fail_on: str = "error"

    def _whole(self) -> Struct:
        return Run(outcomes=(self,), exit_code=self.exit_code, fail_on=self.fail_on)


class Stressed(StressResult, Analysis, frozen=True, kw_only=True):
    """What a portfolio was put through. ``rows``: the scenarios."""

    report: Report


class WhatIf(WhatIfResult, Analysis, frozen=True, kw_only=True):
    """An account before and after changes. ``rows``: the figures that moved."""

    before: Checked
    after: Checked


class Headroom(HeadroomResult, Analysis, frozen=True, kw_only=True):
    """How much more an account takes, and how to pass what is broken. ``rows``: the largest orders."""

    outcome: Checked


class Explained(ExplainResult, Analysis, frozen=True, kw_only=True):
    """How a figure came about, or all figures there are. ``rows``: path and value of each."""
