"""A page -> the terminal: at most ``width`` cells wide without ever cutting a number, plain unless colour is wanted.

rich knows how colour is written, and how wide a character is; everything else is laid out here.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from marginctl.core.exact import ONE, ZERO, Direction, rounded
from marginctl.findings import Problem
from marginctl.render import Options
from marginctl.render.formats.layout import (
    GUTTER,
    INDENT,
    Glyphs,
    Line,
    Styled,
    aligned,
    cells_of,
    fit,
    glyphs,
    line,
    line_width,
    packed,
    paragraph,
    shortened,
    shower,
)
from marginctl.render.formats.problems import problem_lines
from marginctl.render.page import (
    NUMERIC,
    Balance,
    BarPicture,
    Block,
    Column,
    ColumnKind,
    CurveChart,
    DataTable,
    Explanation,
    Facts,
    FindingRow,
    Findings,
    Gauge,
    HeatMap,
    Items,
    LinePicture,
    Page,
    Pictured,
    Problems,
    Section,
    Sentence,
    Span,
    Tone,
    Words,
)
from marginctl.wording import listed

STYLES = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.DIM: "dim",
    Tone.GOOD: "green",
    Tone.WARN: "yellow",
    Tone.BAD: "bold red",
    Tone.LOSS: "red",
    Tone.LABEL: "cyan",
    Tone.CODE: "dim",
}
PROSE = 80
"""Columns of text to be read where nothing limits them."""
BARS = (20, 16, 12, 10, 0)
"""Cells of a gauge, the first that fits; none where only that leaves it beside the amounts."""
GAP = "   "
SIGNS = frozenset("%x")
MOST_TITLES = 3
"""Columns that are named where they do not fit."""


def draw(page: Page, options: Options) -> str:
    """The sections below one another, an empty line between them; the text ends in a line break."""
    rows: list[Line] = []
    for number, section in enumerate(page):
        rows += [line()] * (number > 0) + _section(section, options)
    return printed(rows, options)


def shown_problems(problems: Sequence[Problem], options: Options) -> str:
    """The problems of one file as text for the terminal; empty when there are none."""
    return draw((Section(blocks=(Problems(tuple(problems)),)),), options) if problems else ""


def printed(rows: Iterable[Line], options: Options) -> str:
    """LinePicture as text; none ends in spaces."""
    paint = _painted if options.color else _bare
    return "".join(f"{paint(row).rstrip()}\n" for row in rows)


def _bare(row: Line) -> str:
    return "".join(text for text, _ in row)


def _painted(row: Line) -> str:
    from rich.color import ColorSystem
    from rich.style import Style

    return "".join(
        Style.parse(style).render(text, color_system=ColorSystem.STANDARD) if style else text for text, style in row
    )


def _section(section: Section, options: Options) -> list[Line]:
    indent = INDENT if section.heading and not section.is_title else ""
    if section.is_prose and options.width is None:
        options = replace(options, width=PROSE)
    rows = _heading(section, options) if section.heading else []
    for block in section.blocks:
        rows += _DRAWN[type(block)](block, indent, options)
    return rows


def _heading(section: Section, options: Options) -> list[Line]:
    show, width = shower(options), options.width
    heading, note, style = show(section.heading), show(section.note.text), STYLES[section.note.tone]
    if section.lead.text:
        return paragraph(heading, width, lead=(*styled([section.lead], options), *line(INDENT)), style="bold")
    if not section.is_title:
        lead = ((heading, "bold"), ("  ", ""))
        return paragraph(note, width, lead=lead, style=style) if note else paragraph(heading, width, style="bold")
    if width:
        dots = glyphs(options).ellipsis
        heading = shortened(heading, width * 2 // 3 if note else width, dots)
        note = shortened(note, width - cells_of(heading) - 2, dots)
    return [(*line(heading, "bold"), *line(note and f"  {note}", style))]


def styled(spans: Iterable[Span], options: Options) -> Line:
    """Spans as a line."""
    show = shower(options)
    return tuple((show(span.text), STYLES[span.tone]) for span in spans if span.text)


def _sentence(block: Sentence, indent: str, options: Options) -> list[Line]:
    lead = (*line(indent + INDENT * block.depth), *styled(block.lead, options))
    return paragraph(shower(options)(block.text), options.width, lead=lead, style=STYLES[block.tone])


def _listing(block: Items, indent: str, options: Options) -> list[Line]:
    show, lead = shower(options), line(indent + INDENT * block.depth + block.mark)
    return [row for text in block.texts for row in paragraph(show(text), options.width, lead=lead)]


def _words(block: Words, indent: str, options: Options) -> list[Line]:
    signs, show, width = glyphs(options), shower(options), options.width and options.width - len(indent)
    texts = [shortened(show(text), width or cells_of(show(text)), signs.ellipsis) for text in block.texts]
    return [line(indent + row, STYLES[block.tone]) for row in packed(texts, f" {signs.dot} ", width)]


def _facts(block: Facts, indent: str, options: Options) -> list[Line]:
    """``label  text``, the texts below each other and wrapped within their column."""
    show = shower(options)
    rows = [(show(label), show(text)) for label, text in block.rows]
    longest = max((cells_of(label) for label, _ in rows), default=0)
    drawn = []
    for label, text in rows:
        lead = line(indent + label + " " * (longest - cells_of(label)) + INDENT, STYLES[block.tone])
        drawn += paragraph(text, options.width or PROSE, lead=lead)
    return drawn


def _balance(block: Balance, indent: str, options: Options) -> list[Line]:
    """Amounts on the left, gauges on the right, or below where the terminal is narrow."""
    longest = max(len(label) for label, _ in block.rows)
    widest = max(len(amount) for _, amount in block.rows)
    left = [line(f"{indent}{label:<{longest}}  {amount:>{widest}}") for label, amount in block.rows]
    side = max(map(line_width, left)) + len(GAP)
    for cells in BARS:
        right = _gauges(block.gauges, glyphs(options), cells)
        if options.width is None or side + max(map(line_width, right), default=0) <= options.width:
            return _beside(left, right, side)
    drawn = ([(*line(indent), *one) for one in _gauges(block.gauges, glyphs(options), cells)] for cells in BARS)
    room = options.width or 0
    below = next((rows for rows in drawn if all(line_width(row) <= room for row in rows)), [])
    return [*left, line(), *below]


def _beside(left: Sequence[Line], right: Sequence[Line], side: int) -> list[Line]:
    blank = [line()] * (len(left) - len(right))
    pairs = zip(left, [*right, *blank], strict=True)
    return [(*amount, *line(" " * (side - line_width(amount))), *gauge) for amount, gauge in pairs]


def _gauges(gauges: Sequence[Gauge], signs: Glyphs, cells: int) -> list[Line]:
    """``utilization  64.21%  ████████│█····  FAIL limit 60%``, one to a line, the bar ``cells`` wide."""
    labels = max((len(gauge.label) for gauge in gauges), default=0)
    widest = max((len(gauge.text) for gauge in gauges), default=0)
    rows = []
    for gauge in gauges:
        drawn = bar(gauge, signs, cells) if gauge.is_share else " " * cells
        verdict = line(gauge.verdict.text and f"  {gauge.verdict.text}", STYLES[gauge.verdict.tone])
        head = line(f"{gauge.label:<{labels}}  {gauge.text:>{widest}}{'  ' if cells else ''}")
        rows.append((*head, (drawn, STYLES[gauge.tone] if gauge.is_share else ""), *verdict))
    return rows


def bar(gauge: Gauge, signs: Glyphs, cells: int) -> str:
    """A share of 100%, rounded up to whole cells, with a mark at its limit; one beyond all bounds fills it."""
    if not cells:
        return ""
    share, limit = gauge.share, gauge.limit
    filled = cells if share is None else int(rounded(min(max(share, ZERO), ONE) * cells, 0, Direction.UP))
    drawn = [signs.filled] * filled + [signs.blank] * (cells - filled)
    if limit is not None and ZERO < limit < ONE:
        drawn[int(limit * cells)] = signs.mark
    return "".join(drawn)


def _table(block: DataTable, indent: str, options: Options) -> list[Line]:
    """The columns that fit; those that do not are named below."""
    signs, show = glyphs(options), shower(options)
    columns = [_shown(column, show) for column in block.shown]
    fitted = fit(columns, options.width and options.width - len(indent), signs.ellipsis)
    parts = [_cells(*pair, signs.rule) for pair in zip(fitted.columns, fitted.widths, strict=True)]
    heads = 3 if any(column.unit for column in fitted.columns) else 2
    if heads == 2:
        parts = [[cells[0], *cells[2:]] for cells in parts]
    rows: list[Line] = [(*line(indent), *_spaced(cells)) for cells in zip(*parts, strict=True)]
    if fitted.dropped:
        text = f"not shown: {listed(fitted.dropped, MOST_TITLES)} (wider terminal or --format json)"
        rows += paragraph(text, options.width, lead=line(indent), style="dim")
    return rows


def _spaced(cells: Sequence[Styled]) -> Iterator[Styled]:
    """The cells of a row with gutters between them."""
    for number, cell in enumerate(cells):
        yield from line(" " * GUTTER * (number > 0))
        yield cell


def _shown(column: Column, show: Callable[[str], str]) -> Column:
    """The column made safe; signs such as % stand behind each number, where they need no line of their own."""
    cells, unit = [show(cell) for cell in column.cells], column.unit
    if unit in SIGNS:
        cells, unit = [cell + unit if cell[-1:].isdigit() else cell for cell in cells], ""
    cells = aligned(cells) if column.kind is ColumnKind.POINTED else cells
    return replace(column, title=show(column.title), unit=unit, cells=cells)


def _cells(column: Column, width: int, rule: str) -> list[Styled]:
    """Title, unit, rule, and the cells of one column, all as wide as it."""
    right = column.kind in NUMERIC
    head = [(column.title, "bold"), (column.unit, "dim"), (rule * width, "dim")]
    tones = column.tones or [Tone.PLAIN] * len(column.cells)
    body = [(cell, STYLES[tone]) for cell, tone in zip(column.cells, tones, strict=True)]
    return [(_padded(text, width, right=right), style) for text, style in (*head, *body)]


def _padded(text: str, cells: int, *, right: bool) -> str:
    room = " " * (cells - cells_of(text))
    return room + text if right else text + room


def _findings(block: Findings, indent: str, options: Options) -> list[Line]:
    """``FAIL  MC101  what is found``, what to do behind an arrow below it."""
    words = max(len(row.word.text) for row in block.rows)
    codes = max(len(row.code) for row in block.rows)
    return [drawn for row in block.rows for drawn in _finding(row, words, codes, indent, options)]


def _finding(row: FindingRow, words: int, codes: int, indent: str, options: Options) -> list[Line]:
    show = shower(options)
    lead: Line = (*line(indent), (f"{row.word.text:<{words}}", STYLES[row.word.tone]), (f"  {row.code:<{codes}}  ", ""))
    hang = " " * line_width(lead)
    sign = "waived:" if row.is_waived else glyphs(options).arrow
    rows = paragraph(show(row.text), options.width, lead=lead)
    for advice in row.advice:
        rows += paragraph(show(advice), options.width, lead=((f"{hang}{sign} ", "dim"),))
    return rows


def _problems(block: Problems, _: str, options: Options) -> list[Line]:
    return problem_lines(block.rows, options)


def _picture(block: CurveChart | HeatMap | Pictured, _: str, options: Options) -> list[Line]:
    from marginctl.render.formats import charts, plots

    if isinstance(block, BarPicture):
        return plots.bars(block, options)
    if isinstance(block, LinePicture):
        return plots.lines(block, options)
    if isinstance(block, HeatMap):
        return charts.heat_map(block.grid, options)
    return charts.equity_curve(block.curve, block.ends, options)


def _explanation(block: Explanation, _: str, options: Options) -> list[Line]:
    from marginctl.render.explanation import explanation_lines

    return explanation_lines(block.found, options)


_DRAWN: dict[type[Block], Callable[[Any, str, Options], list[Line]]] = {
    Sentence: _sentence,
    Items: _listing,
    Words: _words,
    Facts: _facts,
    Balance: _balance,
    DataTable: _table,
    Findings: _findings,
    Problems: _problems,
    CurveChart: _picture,
    HeatMap: _picture,
    BarPicture: _picture,
    LinePicture: _picture,
    Explanation: _explanation,
}
