"""The screen a trader reads: account, tables, findings, and in the last line the verdict.

The text fits ``options.width`` cells without ever cutting a number; it is plain unless ``options.color`` is set.
"""

from collections.abc import Iterable

from marginctl.core.report import Report
from marginctl.render import remarks, sections, summary
from marginctl.render.expectations import expectations
from marginctl.render.problems import problem_blocks
from marginctl.render.screen import Block, draw, line, shower
from marginctl.results import Options, Outcome, Run, Verbosity


def render(run: Run, options: Options) -> str:
    """Every file in turn, then one line about all of them where they are several."""
    parts = [_outcome(outcome, run, options) for outcome in run.outcomes]
    if len(run.outcomes) > 1:
        parts.append([remarks.run_line(run)])
    return draw(_spaced(parts), options)


def _outcome(outcome: Outcome, run: Run, options: Options) -> list[Block]:
    parts = [_head(outcome, options), *_body(outcome, options)]
    if options.verbosity is Verbosity.QUIET:
        parts = []
    parts += [problem_blocks(outcome.problems, options), remarks.findings(outcome, options)]
    if options.verbosity is not Verbosity.QUIET:
        parts += [remarks.assumptions(outcome, options), remarks.limits_line(outcome, options)]
    if options.verbosity is Verbosity.VERBOSE:
        parts += [remarks.sources(outcome, options)]
    return _spaced([*parts, remarks.verdict_line(outcome, run, options)])


def _head(outcome: Outcome, options: Options) -> list[Block]:
    return [] if outcome.report is None else summary.header(outcome, outcome.report, options)


def _body(outcome: Outcome, options: Options) -> list[list[Block]]:
    report = outcome.report
    if report is None:
        return []
    return [
        [*summary.account(outcome, report, options), *summary.outlook(report, options)],
        *([table] for table in _tables(outcome, report, options) if table is not None),
    ]


def _tables(outcome: Outcome, report: Report, options: Options) -> Iterable[Block | None]:
    show = shower(options)
    yield sections.pools(report, show)
    yield sections.positions(report, show)
    yield sections.collateral(report, show)
    yield sections.netting(report)
    yield sections.underlyings(report, show)
    yield expectations(outcome.expectations, outcome.checks, show)
    if options.verbosity is Verbosity.VERBOSE:
        yield sections.limits(outcome.checks, options.manual, show)


def _spaced(parts: Iterable[list[Block]]) -> list[Block]:
    """The parts that have something to say, an empty line between them."""
    blocks: list[Block] = []
    for part in filter(None, parts):
        blocks += ([line()] if blocks else []) + part
    return blocks
