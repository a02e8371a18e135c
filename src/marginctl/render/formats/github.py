"""GitHub workflow commands: findings and problems as annotations on the lines of the portfolio files.

GitHub keeps ten annotations of each level per step: the gravest come first, and a notice says how many were left out.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from marginctl.document.source import printable
from marginctl.findings import Finding, Location, Problem, Severity
from marginctl.render import Options
from marginctl.render.paths import relative, rule_page
from marginctl.results import Run, ranked, uploaded, verdict, worst

PER_LEVEL = 10
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


class Annotation(Struct, frozen=True):
    """One workflow command before it is written."""

    level: str
    location: Location
    title: str
    message: str


def render(run: Run, options: Options) -> str:
    """One command per line, worst first, then the verdict; no waived findings, notes only where asked for."""
    found = list(_all(run, options))
    annotations = [annotation for level in LEVELS.values() for annotation in found if annotation.level == level]
    shown = _limited(annotations)
    lines = [command(annotation) for annotation in shown]
    hidden = len(annotations) - len(shown)
    if hidden:
        lines.append(
            f"::notice title=marginctl::{hidden} more not shown here: GitHub keeps {PER_LEVEL} annotations"
            " of each level per step. The other formats list all of them."
        )
    word = worst(verdict(outcome, run.fail_on) for outcome in run.outcomes).value
    return "".join(f"{line}\n" for line in [*lines, f"marginctl: {word}, {len(run.outcomes)} checked"])


def _all(run: Run, options: Options) -> Iterable[Annotation]:
    """Problems before findings: a file that was not checked is worse than one that failed."""
    for outcome in run.outcomes:
        yield from map(_of_problem, outcome.problems)
    for outcome in run.outcomes:
        findings = uploaded(ranked(outcome.findings), notes=options.notes)
        yield from (_of_finding(finding, outcome.file, options) for finding in findings)


def _of_problem(problem: Problem) -> Annotation:
    return Annotation("error", problem.location, problem.code, _text(problem.message, problem.help))


def _of_finding(finding: Finding, file: str, options: Options) -> Annotation:
    location = finding.location if finding.location.file else Location(file)
    title = f"{finding.code} {finding.name}"
    page = rule_page(options.rule_pages, finding.code, options.manual)
    return Annotation(LEVELS[finding.severity], location, title, _text(finding.message, finding.remedy, page))


def _text(*lines: str) -> str:
    return "\n".join(map(printable, filter(None, lines)))


def _limited(annotations: Sequence[Annotation]) -> list[Annotation]:
    """The first ten of each level; where any is left out, one notice less, so that the one that says so is kept."""
    room = dict.fromkeys(LEVELS.values(), PER_LEVEL)
    if any(sum(each.level == level for each in annotations) > most for level, most in room.items()):
        room["notice"] -= 1
    shown = []
    for annotation in annotations:
        room[annotation.level] -= 1
        if room[annotation.level] >= 0:
            shown.append(annotation)
    return shown


def command(annotation: Annotation) -> str:
    """``::error file=a.yaml,line=3,col=5,endColumn=9,title=MC101 utilization::message``."""
    location = annotation.location
    properties = {"file": printable(relative(location.file))}
    if location.line:
        properties["line"] = str(location.line)
        if location.column:
            properties["col"] = str(location.column)
        if location.end_column > location.column:
            properties["endColumn"] = str(location.end_column)
    properties["title"] = printable(annotation.title)
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{annotation.level} {written}::{_data(annotation.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
