"""One line of JSON per file, in the order of the files: its REPORT, or what kept it from being checked."""

from typing import Any

from marginctl.core.plain import as_plain
from marginctl.render.display import Options
from marginctl.render.json import encoded
from marginctl.results import Outcome, Run


def render(run: Run, _: Options) -> str:
    """The lines, each ending in a line break."""
    return "".join(map(line_text, run.outcomes))


def line_text(outcome: Outcome) -> str:
    """One line, ending in a line break."""
    return f"{encoded(line_of(outcome)).decode()}\n"


def line_of(outcome: Outcome) -> dict[str, Any]:
    """A REPORT; with ``errors`` when a limit could not be evaluated, and nothing but them when there are no figures."""
    errors = {"errors": as_plain(outcome.problems)}
    if outcome.report is None:
        return {"schema": outcome.schema, "file": outcome.file, **errors}
    return {**as_plain(outcome), **(errors if outcome.problems else {})}
