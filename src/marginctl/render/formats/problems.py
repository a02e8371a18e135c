"""Problems as a reader of the file wants them: place, message, the line with a caret, what to write instead."""

from collections.abc import Sequence

from marginctl.document.source import caret
from marginctl.findings import Problem
from marginctl.render import Options
from marginctl.render.formats.layout import Line, Show, beginning, cells_of, ending, glyphs, line, paragraph, shower
from marginctl.render.paths import spot

MOST_PROBLEMS = 20
"""Problems of one file that are shown in full."""
TAB = "    "
MARGIN = "  "
CARET_ROOM = 30
"""Cells of the excerpt that stay visible from the caret on."""
MOST_CARETS = 72
"""Carets below a long value: its beginning is what is meant."""


def problem_lines(problems: Sequence[Problem], options: Options) -> list[Line]:
    """The first twenty in full, an empty line between them, then how many more there are."""
    rows: list[Line] = []
    for number, problem in enumerate(problems[:MOST_PROBLEMS]):
        rows += [line()] * (number > 0) + _problem(problem, options)
    more = len(problems) - MOST_PROBLEMS
    if more > 0:
        rows += [line(), line(f"and {more} more {'problem' if more == 1 else 'problems'} in this file", "bold")]
    return rows


def _problem(problem: Problem, options: Options) -> list[Line]:
    show = shower(options)
    lead: Line = ((f"{show(spot(problem.location))}: ", "bold"), (problem.code, "bold red"), (" ", ""))
    words = show(problem.message)
    if options.width and sum(cells_of(text) for text, _ in lead) > options.width // 2:
        head = [lead[:-1], *paragraph(words, options.width, lead=line(MARGIN))]
    else:
        head = paragraph(words, options.width, lead=lead)
    rows = [*head, *_pointer(problem, options, show)]
    if problem.help:
        rows += paragraph(show(problem.help), options.width, lead=((f"{MARGIN}help: ", "cyan"),))
    return rows


def _pointer(problem: Problem, options: Options, show: Show) -> list[Line]:
    """The excerpt and a caret line below it, cut to the width around the caret."""
    if not problem.excerpt:
        return []
    at = caret(problem)
    dots = glyphs(options).ellipsis
    end = at + max(problem.location.end_column - problem.location.column, 1)
    before, marked, behind = (
        show(part.replace("\t", TAB).replace("…", dots))
        for part in (problem.excerpt[:at], problem.excerpt[at:end], problem.excerpt[end:])
    )
    room = None if options.width is None else options.width - len(MARGIN)
    if room is not None and cells_of(before) > room - CARET_ROOM:
        before = dots + ending(before, room - CARET_ROOM - len(dots))
    text = before + marked + behind
    if room is not None and cells_of(text) > room:
        text = beginning(text, room - len(dots)) + dots
    if not problem.location.column:
        return [line(MARGIN + text)]
    arrows = "^" * max(min(cells_of(marked), cells_of(text) - cells_of(before), MOST_CARETS), 1)
    return [line(MARGIN + text), line(MARGIN + " " * cells_of(before) + arrows, "bold red")]
