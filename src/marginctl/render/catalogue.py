"""What is bundled, as text: the rule sets, the limits, and the manual of one limit."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from marginctl.core.exact import CONTEXT
from marginctl.document.venue_shape import first_day
from marginctl.render.layout import GUTTER, Column, column_width, table_width, wrapped
from marginctl.render.numbers import HUNDRED, exactly
from marginctl.render.screen import INDENT, Block, Grid, Line, Show, draw, line, paragraph, shower
from marginctl.results import Options
from marginctl.venues.rule_set import RuleSet

STALE_DAYS = 180
"""Days after which a rule set's date is called old: the default of the limit on it."""
PROSE = 80
"""Columns of running text where nothing limits them."""
LEAST_TEXT = 24
"""Cells that a column of running text needs; other columns go before it gets less."""
NARROWEST_TEXT = 12
STATUS_STYLES = {"verified": "green", "partial": "yellow", "unverified": "red"}
LIMIT_HINT = "`marginctl rule CODE` shows what a limit checks, why, with an example"
VENUE_HINT = "`marginctl venue NAME` shows one of them"

Default: TypeAlias = Decimal | str | bool | None


class RuleEntry(Struct, frozen=True, kw_only=True):
    """A limit as the catalogue lists it.

    ``default``: what stands in its key when no file says so, None = off, or nothing can be configured;
    ``default_text``: the same with its unit; ``comparison``: what its value does to a limit to break it.
    """

    code: str
    name: str
    key: str
    default: Default
    default_text: str
    unit: str
    comparison: str
    severity: str | None
    policy_severity: str | None
    always: bool
    waivable: bool
    summary: str
    manual: str


class Listed(Struct, frozen=True):
    """A rule set and where it comes from: empty for a bundled one, else its file."""

    rule_set: RuleSet
    file: str = ""


def age(as_of: str | None, today: date) -> int | None:
    """Days since a date, a month or a year began; None for conventions, which do not age."""
    return None if as_of is None else (today - date.fromisoformat(first_day(as_of))).days


def is_stale(as_of: str | None, today: date) -> bool:
    """Whether a date is older than ``STALE_DAYS``."""
    days = age(as_of, today)
    return days is not None and days > STALE_DAYS


def contracts_text(rule_set: RuleSet) -> str:
    """How many contracts a rule set knows; ``any`` where it reads every symbol."""
    return "any" if rule_set.splits_symbols else f"{len(rule_set.symbols()):,}"


def render_venues(listed: Sequence[Listed], today: date, options: Options) -> str:
    """Every rule set with its modes, one mode to a row, and which of them are old."""
    show = shower(options)
    rows = [(one, mode) for one in listed for mode in one.rule_set.modes]
    firsts = [mode is one.rule_set.modes[0] for one, mode in rows]
    sets = [one.rule_set for one, _ in rows]
    old = [is_stale(one.as_of, today) for one in sets]
    statuses = [mode.status.value for _, mode in rows]

    def first(texts: Iterable[str]) -> list[str]:
        return [text if is_first else "" for text, is_first in zip(texts, firsts, strict=True)]

    columns = (
        Column(title="name", cells=first(show(one.name) for one in sets), right=False),
        Column(title="mode", cells=[mode.collateral_mode.value for _, mode in rows], right=False, priority=1),
        Column(
            title="status",
            cells=statuses,
            right=False,
            priority=1,
            styles=[STATUS_STYLES[status] for status in statuses],
        ),
        Column(
            title="as of",
            cells=first(one.as_of or "no date" for one in sets),
            right=False,
            priority=2,
            styles=["yellow" if one else "" for one in old],
        ),
        Column(title="contracts", cells=first(map(contracts_text, sets)), priority=3),
        Column(title="title", cells=first(show(one.title) for one in sets), right=False, name=True, priority=9),
        Column(title="file", cells=first(show(one.file) for one, _ in rows), right=False, name=True, priority=8),
    )
    grid = Grid("Rule sets", "the first mode of each is its default", columns)
    names = [show(one.rule_set.name) for one in listed if is_stale(one.rule_set.as_of, today)]
    texts = [f"older than {STALE_DAYS} days, compare with the venue's pages: {', '.join(names)}"] if names else []
    return draw([grid, line(), *_notes([*texts, VENUE_HINT], options)], options)


def _notes(texts: Iterable[str], options: Options) -> list[Line]:
    return [row for text in texts for row in paragraph(text, options.width, lead=line(INDENT), style="dim")]


def spaced(parts: Iterable[list[Block]]) -> list[Block]:
    """The parts that have something to say, an empty line between them."""
    blocks: list[Block] = []
    for part in filter(None, parts):
        blocks += ([line()] if blocks else []) + part
    return blocks


def section(title: str, rows: Sequence[Line]) -> list[Block]:
    """Lines below a title; nothing without lines."""
    return [line(title, "bold"), *rows] if rows else []


def texts_below(title: str, texts: Iterable[str], width: int, show: Show) -> list[Block]:
    """Texts behind dashes below a title; nothing without texts."""
    rows = [row for text in texts for row in paragraph(show(text), width, lead=line(f"{INDENT}- "))]
    return section(title, rows)


def in_percent(rate: Decimal) -> str:
    """A rate in percent, without the sign."""
    return exactly(CONTEXT.multiply(rate, HUNDRED))


def percent(rate: Decimal) -> str:
    """``0.4%``."""
    return f"{in_percent(rate)}%"


def render_rules(rules: Sequence[RuleEntry], options: Options) -> str:
    """Every limit in one table."""
    columns = (
        Column(title="code", cells=[one.code for one in rules], right=False),
        Column(title="name", cells=[one.name for one in rules], right=False),
        Column(title="key in limits:", cells=[one.key for one in rules], right=False, priority=8),
        Column(title="default", cells=[one.default_text for one in rules], right=False, priority=1),
        Column(title="severity", cells=[one.severity or "" for one in rules], right=False, priority=1),
    )
    summary = Column(title="what", cells=[one.summary for one in rules], right=False)
    grid = Grid("Limits", "", with_text(columns, summary, options.width))
    return draw([grid, line(), *_notes([LIMIT_HINT], options)], options)


def with_text(columns: Sequence[Column], text: Column, width: int | None) -> tuple[Column, ...]:
    """The columns and, last, one of running text that goes on below itself; the cells of the others stay blank there.

    Text that may be dropped (it has a priority) is where it gets less than ``LEAST_TEXT`` cells; otherwise columns of
    high priority give way.
    """
    least = min(LEAST_TEXT, column_width(text))
    if width is None or (text.priority and _room(columns, width) < least):
        return (*columns, text)
    kept = list(columns)
    while _room(kept, width) < least and any(column.priority for column in kept):
        kept.remove(max(kept, key=lambda column: column.priority))
    lines = [wrapped(cell, max(_room(kept, width), NARROWEST_TEXT)) for cell in text.cells]
    heights = [len(rows) for rows in lines]
    stretched = (_stretched(column, heights) for column in columns)
    return (*stretched, Column(title=text.title, cells=[row for rows in lines for row in rows], right=False))


def _room(columns: Sequence[Column], width: int) -> int:
    """What the columns leave of the width, with a gutter before it."""
    return width - len(INDENT) - table_width([column_width(column) for column in columns]) - GUTTER


def _stretched(column: Column, heights: Sequence[int]) -> Column:
    """The column with every cell followed by blanks up to its row's height."""
    styles = column.styles or [""] * len(heights)
    return Column(
        title=column.title,
        unit=column.unit,
        cells=[part for cell, height in zip(column.cells, heights, strict=True) for part in _below(cell, height)],
        priority=column.priority,
        right=column.right,
        name=column.name,
        styles=[style for style, height in zip(styles, heights, strict=True) for _ in range(height)],
    )


def _below(cell: str, height: int) -> list[str]:
    return [cell, *[""] * (height - 1)]


def render_rule(rule: RuleEntry, options: Options) -> str:
    """One limit: its settings, then its manual."""
    width = options.width or PROSE
    blocks: list[Block] = [
        ((f"{rule.code} {rule.name}", "bold"),),
        *paragraph(rule.summary, width, style="dim"),
        line(),
    ]
    blocks += labelled(_settings(rule), width)
    for text in rule.manual.strip().split("\n\n"):
        blocks += [line(), *_manual_paragraph(text, width)]
    return draw(blocks, options)


def labelled(facts: Sequence[tuple[str, str]], width: int | None) -> list[Line]:
    """``label  text``, the texts below each other and wrapped within their column."""
    longest = max((len(label) for label, _ in facts), default=0)
    return [
        row
        for label, text in facts
        for row in paragraph(text, width, lead=((f"{INDENT}{label:<{longest}}{INDENT}", "cyan"),))
    ]


def _settings(rule: RuleEntry) -> list[tuple[str, str]]:
    return [
        ("key", f"`limits: {{{rule.key}: ...}}`" if rule.key else "none: it cannot be configured"),
        ("default", _default(rule)),
        ("waivers", "count" if rule.waivable else "do not count"),
    ]


def _default(rule: RuleEntry) -> str:
    if rule.severity is None:
        return "off"
    grade = f"{_article(rule.severity)} {rule.severity}"
    if rule.always:
        return f"always {grade}; it cannot be switched off"
    side = {"maximum": " above it", "minimum": " below it"}.get(rule.comparison, "")
    text = f"{rule.default_text}: {grade}{side}" if rule.default_text else grade
    stricter = rule.policy_severity
    return f"{text}; under a policy {_article(stricter)} {stricter}" if stricter else text


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _manual_paragraph(text: str, width: int) -> list[Line]:
    """A paragraph; its leading ``Why:`` stands out."""
    lead, colon, rest = text.partition(":")
    if not colon or not lead[:1].isupper() or len(lead.split()) > 3:
        return paragraph(text, width, lead=line(INDENT))
    return [((f"{lead}:", "bold"),), *paragraph(_capitalized(rest.strip()), width, lead=line(INDENT))]


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
