"""A page as GitHub-flavoured Markdown, for comments, job summaries and notes; nothing is cut, no column left out."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from marginctl.document.source import harmless, printable
from marginctl.findings import Problem
from marginctl.render import Options
from marginctl.render.page import (
    NUMERIC,
    Balance,
    BarPicture,
    Block,
    Column,
    ColumnKind,
    CurveChart,
    Data,
    DataTable,
    Explanation,
    Facts,
    Findings,
    HeatMap,
    Items,
    LinePicture,
    Page,
    Problems,
    Section,
    Sentence,
    Span,
    Tone,
    Words,
    texts,
)
from marginctl.render.paths import spot
from marginctl.render.tables import curve_table, heat_table

MOST_ROWS = 500
"""Rows of one table; a comment on a code host holds about 65,000 characters."""
BOLD = frozenset((Tone.STRONG, Tone.BAD))

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&])")
_WEB = re.compile(r"(www)\.", re.IGNORECASE)
"""What becomes a link without a scheme."""


def draw(page: Page, options: Options) -> str:
    """The sections below one another, an empty line between all blocks; empty or ending in a line break."""
    parts = [part for section in page for part in _section(section, options) if part]
    return harmless("\n\n".join(parts) + "\n") if parts else ""


def fenced(drawn: str) -> str:
    """What is drawn for the terminal, as it is."""
    fence = "```"
    while fence in drawn:
        fence += "`"
    return f"{fence}text\n{drawn}{fence}"


def _explanation(block: Explanation, options: Options) -> str:
    """The tree as the terminal has it."""
    from marginctl.render.formats import screen

    return fenced(screen.draw((Section(blocks=(block,)),), replace(options, color=False)))


def _section(section: Section, options: Options) -> Iterable[str]:
    note = _span(section.note)
    if section.is_title:
        lead = f"{text(section.lead.text)}: " if section.lead.text else ""
        yield f"### {lead}{text(section.heading)}"
        yield note
    elif section.heading:
        yield f"#### {text(section.heading.removesuffix(':'))}" + (f" ({note})" if note else "")
    for block in section.blocks:
        yield _explanation(block, options) if isinstance(block, Explanation) else _DRAWN[type(block)](block)


def _span(span: Span) -> str:
    if not span.text.strip():
        return span.text
    if span.tone is Tone.CODE:
        return code(span.text)
    return f"**{text(span.text)}**" if span.tone in BOLD else text(span.text)


def _sentence(block: Sentence) -> str:
    return "".join(map(_span, block.lead)) + _span(Span(block.text, block.tone))


def _items(block: Items) -> str:
    lines = "\n".join(f"- {text(one)}" for one in block.texts)
    if not block.folded:
        return lines
    return f"<details><summary>{block.folded} ({len(block.texts)})</summary>\n\n{lines}\n\n</details>"


def _words(block: Words) -> str:
    return ", ".join(map(text, block.texts))


def _facts(block: Facts) -> str:
    return "\n".join(f"- {text(label)}: {text(words)}" if label else f"- {text(words)}" for label, words in block.rows)


def _balance(block: Balance) -> str:
    rows = [(label, amount, "") for label, amount in block.rows]
    rows += [(gauge.label, gauge.text, _span(gauge.verdict)) for gauge in block.gauges]
    return _rows(("Figure", "Value", "Limit"), [":---", "---:", ":---"], rows)


def _table(block: DataTable) -> str:
    columns = block.shown
    heads = [text(column.title) + (f", {text(column.unit)}" if column.unit else "") for column in columns]
    rule = ["---:" if column.kind in NUMERIC else ":---" for column in columns]
    return _rows(heads, rule, list(zip(*map(_cells, columns), strict=True)))


def _cells(column: Column) -> list[str]:
    if column.kind is ColumnKind.PLACE:
        return [code(cell) if cell else "" for cell in column.cells]
    tones = column.tones or [Tone.PLAIN] * len(column.cells)
    cells = [_span(Span(cell, tone)) for cell, tone in zip(column.cells, tones, strict=True)]
    links = column.links or [""] * len(cells)
    return [f"[{cell}](<{link}>)" if link else cell for cell, link in zip(cells, links, strict=True)]


def _rows(heads: Sequence[str], rule: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [_row(heads), _row(rule), *map(_row, rows[:MOST_ROWS])]
    if len(rows) > MOST_ROWS:
        lines.append(_row([f"and {len(rows) - MOST_ROWS} more", *[""] * (len(heads) - 1)]))
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _findings(block: Findings) -> str:
    rows = block.rows
    advice = ["; or ".join(row.advice) for row in rows]
    columns = (
        texts("Severity", [row.word.text for row in rows], tones=[row.word.tone for row in rows]),
        texts("Code", [row.code for row in rows]),
        texts("Finding", [row.text for row in rows]),
        texts("Remedy", [f"waived: {told}" if row.is_waived else told for row, told in zip(rows, advice, strict=True)]),
    )
    return _table(DataTable(columns))


def _problems(block: Problems) -> str:
    rows = [_problem(problem) for problem in block.rows]
    return _rows(("Code", "Place", "Problem", "Help"), [":---"] * 4, rows)


def _problem(problem: Problem) -> tuple[str, str, str, str]:
    return problem.code, code(spot(problem.location)), text(problem.message), text(problem.help)


def _picture(block: LinePicture | BarPicture) -> str:
    """Its figures: what it says goes before them."""
    return "\n\n".join(
        part for part in (f"**{text(block.title)}** {text(block.reading)}".rstrip(), _table(block.table)) if part
    )


def text(words: str) -> str:
    """Text that Markdown shows as it is: no markup, no mention, no link, no second line."""
    shown = _WEB.sub(r"\1\\.", _SPECIAL.sub(r"\\\1", printable(words)))
    return shown.replace("@", "@&#8203;").replace("://", "\\://").replace("\\<", "&lt;")


def code(words: str) -> str:
    """Text as code, also inside a table cell."""
    shown = printable(words).replace("|", "\\|")
    if "``" in shown:
        return text(words)
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


_DRAWN: dict[type[Block], Callable[[Any], str]] = {
    Sentence: _sentence,
    Items: _items,
    Words: _words,
    Facts: _facts,
    Balance: _balance,
    DataTable: _table,
    Findings: _findings,
    Problems: _problems,
    CurveChart: lambda block: _table(curve_table(block)),
    HeatMap: lambda block: _table(heat_table(block)),
    LinePicture: _picture,
    BarPicture: _picture,
    Data: lambda _: "",
}
