"""A page as one HTML file that asks nobody for anything: no link to a resource, no style outside its sheet.

It is whole without its one script, which is there only where it is asked for. Everything goes through one tree
(``formats.tree``). Without its sheet the page reads from top to bottom; pictures are SVG whose colours are right on
white without it.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any
from xml.etree.ElementTree import Element

from msgspec.structs import replace

from marginctl import __version__
from marginctl.core.exact import ZERO, Direction, rounded
from marginctl.core.plain import as_plain
from marginctl.render import Options
from marginctl.render.formats.problems import problem_lines
from marginctl.render.formats.svg import bars_of, lines_of
from marginctl.render.formats.tree import LONGEST, html_of, name_of, set_apart, tag, verbatim
from marginctl.render.json import encoded
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
    FindingRow,
    Findings,
    Folded,
    Gauge,
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
)
from marginctl.render.tables import NOW, curve_lines, heat_table
from marginctl.wording import HUNDRED, plain, trimmed, whom

HEADINGS = ("h1", "h2", "h3", "h4")
MOST_OF_SENTENCE = 160
"""Characters of a head that is a sentence, and of a reason."""
MOST_IN_LINE = 24
"""Characters of a cell that stay in one line."""
MOST_PRINTED = 12
"""Columns of a table that paper has room for at the usual size."""
FEWEST_SORTED = 3
"""Rows of a table that is worth sorting."""
STEP = "0.5"
"""Of a slider, in percent."""
MAP = "Maintenance ratio while two assets move"


def draw(page: Page, options: Options) -> str:
    """The whole file; ends in a line break."""
    sheet, script = _resource("page.css"), _resource("page.js") if options.script else ""
    main = told_apart(tag("main", *fragments(page, options), id="content"), options)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy(sheet, script)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="generator", content=f"marginctl {__version__}"),
        tag("title", title_of(page, options)),
        verbatim("style", sheet),
    )
    body = tag("body", tag("a", "Skip to the content", class_="skip", href="#content"), main)
    if script:
        body.append(verbatim("script", script))
    return f"<!DOCTYPE html>\n{html_of(tag('html', head, body, lang='en'))}\n"


def _resource(name: str) -> str:
    return files("marginctl.render.formats").joinpath(name).read_text(encoding="utf-8")


def fragment(page: Page, options: Options) -> str:
    """The sections without head, sheet and policy: for a notebook."""
    return html_of(told_apart(tag("div", *fragments(page, options)), options))


def told_apart(root: Element, options: Options) -> Element:
    """The same with names in sentences apart, a number behind a label that was there before, and ids for a script."""
    seen: Counter[str] = Counter()
    set_apart(root, options.names)
    for each in root.iter():
        label = each.get("aria-label")
        if label is not None:
            seen[label] += 1
            each.set("aria-label", f"{label} ({seen[label]})" if seen[label] > 1 else label)
        found = COUNTED.get(each.get("class", "").partition(" ")[0])
        if found is not None:
            seen[found] += 1
            each.set("id", f"{found}-{seen[found]}")
    return root


COUNTED = {"try": "try", "sortable": "table"}
"""First classes of what gets an id of its own counting."""


def policy(sheet: str, script: str = "") -> str:
    """What a browser may load for the page: its own style sheet, its own script if it has one, and nothing else."""
    may_run = f"script-src '{_known(script)}'; " if script else ""
    return f"default-src 'none'; style-src '{_known(sheet)}'; {may_run}base-uri 'none'; form-action 'none'"


def _known(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


NOTHING = Span("")


def title_of(page: Page, options: Options) -> str:
    """What the page is called: what it was told, else its only head."""
    heads = [section.heading for section in page if section.is_title]
    return options.title or (heads[0] if len(heads) == 1 else f"marginctl {options.kind}".rstrip())


def fragments(page: Page, options: Options) -> Iterable[Element]:
    """The sections, each in the one that it belongs to: a head opens a section, the others stand in it."""
    heads = sum(section.is_title for section in page)
    is_one = heads == 1 and page[0].is_title and not options.title
    if not is_one:
        yield tag("h1", name_of(title_of(page, options)))
    level, holder = 1, tag("section")
    for section in page:
        if section.is_title:
            if len(holder):
                yield holder
            holder, level = tag("section", **({"id": section.anchor} if section.anchor else {})), 1 if is_one else 2
            words = name_of(section.heading, MOST_OF_SENTENCE if section.lead.text else LONGEST)
            holder.append(_heading(HEADINGS[level - 1], words, section.note, section.lead))
        if section.is_apart and len(holder):
            yield holder
            holder, level = tag("section"), 1
        if section.heading and not section.is_title:
            holder.append(_heading(HEADINGS[level], section.heading.removesuffix(":"), section.note))
        for block in section.blocks:
            holder.append(_drawn(block, section, options))
    if len(holder):
        yield holder


def _heading(name: str, words: Element | str, note: Span, lead: Span = NOTHING) -> Element:
    before = (_span(lead), " ") if lead.text else ()
    return tag(name, *before, words, " " if note.text else None, _span(note) if note.text else None)


def _drawn(block: Block, section: Section, options: Options) -> Element:
    return _DRAWN[type(block)](block, section.heading.removesuffix(":") or "Figures", options)


def _folded(block: Folded, caption: str, options: Options) -> Element:
    return tag("details", tag("summary", block.title), *(_curve(one, caption, options) for one in block.blocks))


def _curve(block: CurveChart, _: str, options: Options) -> Element:
    """The picture, and where there is a script and its data a slider to ask it with."""
    made = _picture(curve_lines(block))
    if block.source is not None and options.script and options.data:
        made.insert(2, _slider(block, block.source))
    return made


def _slider(block: CurveChart, source: tuple[int, str, int]) -> Element:
    number, key, at = source
    ends = {f"data_{'fall' if end <= 0 else 'rise'}": plain(rounded(end, 12, Direction.NEAREST)) for end in block.ends}
    if ZERO in block.ends:
        ends = {"data_fall": "0", "data_rise": "0"}
    low, high = (trimmed(point.move * HUNDRED) for point in (block.curve.points[0], block.curve.points[-1]))
    moves = {"min": low, "max": high, "step": STEP, "value": "0"}
    words = f"Move of {block.curve.asset} alone, %" if block.curve.asset else "Move of all assets by their betas, %"
    return tag(
        "div",
        tag("label", words, " ", tag("input", type="range", **moves)),
        tag("output", aria_live="polite"),
        class_="try",
        hidden="hidden",
        data_source=f"data-{number}",
        data_key=key,
        data_at=str(at),
        **ends,
    )


def _span(span: Span) -> Element:
    if span.tone is Tone.CODE:
        return tag("code", name_of(span.text))
    name = "strong" if span.tone in (Tone.STRONG, Tone.BAD) else "span"
    return tag(name, span.text, **_classed(span.tone))


def _classed(tone: Tone) -> dict[str, str]:
    return {} if tone is Tone.PLAIN else {"class_": tone.value}


def _sentence(block: Sentence, *_: object) -> Element:
    words = [block.text] if block.tone is Tone.PLAIN else [_span(Span(block.text, block.tone))]
    return tag("p", *map(_span, block.lead), *words)


def _items(block: Items, *_: object) -> Element:
    made = tag("ul", *(tag("li", text) for text in block.texts))
    return tag("details", tag("summary", f"{block.folded} ({len(block.texts)})"), made) if block.folded else made


def _words(block: Words, *_: object) -> Element:
    return tag("p", ", ".join(block.texts), **_classed(block.tone))


def _facts(block: Facts, *_: object) -> Element:
    made = tag("dl")
    for label, words in block.rows:
        made.extend((tag("dt", label or "also"), tag("dd", words)))
    return made


def _findings(block: Findings, *_: object) -> Element:
    return tag("ul", *map(_finding, block.rows), class_="findings")


def _finding(row: FindingRow) -> Element:
    """Grade, code and sentence; below them each way out, or why it is waived."""
    reasons = [("waived: ", name_of(text, MOST_OF_SENTENCE)) if row.is_waived else (text,) for text in row.advice]
    advice = [tag("p", *words, class_="dim") for words in reasons]
    return tag("li", tag("p", _span(row.word), " ", tag("code", row.code), " ", row.text), *advice)


def _problems(block: Problems, *_: object) -> Element:
    """Place, message, the line with a caret, and help, as on the terminal."""
    rows = problem_lines(block.rows, Options())
    return _boxed(verbatim("pre", "\n".join("".join(text for text, _ in row).rstrip() for row in rows)), "Problems")


def _explanation(block: Explanation, _: str, options: Options) -> Element:
    """The tree as the terminal has it."""
    from marginctl.render.formats import screen

    drawn = screen.draw((Section(blocks=(block,)),), replace(options, color=False, ascii=False, width=100))
    return _boxed(verbatim("pre", drawn), "Explanation")


def _balance(block: Balance, caption: str, _: Options) -> Element:
    made = tag("tbody")
    for label, amount in block.rows:
        made.append(tag("tr", tag("th", label, scope="row"), tag("td", amount), tag("td")))
    for gauge in block.gauges:
        cells = (tag("td", gauge.text), tag("td", _gauged(gauge)))
        made.append(tag("tr", tag("th", gauge.label, scope="row"), *cells))
    heads = [tag("th", words, scope="col") for words in ("Figure", "Value", "Limit")]
    found = tag("table", tag("caption", caption), tag("thead", tag("tr", *heads)), made, class_="r2")
    return _boxed(found, caption)


def _gauged(gauge: Gauge) -> Element | None:
    return _span(gauge.verdict) if gauge.verdict.text else None


def _table(block: DataTable, caption: str, options: Options | None = None) -> Element:
    """Columns with their units in the head; the first names its row."""
    is_sorted = options is not None and options.script
    columns = block.shown
    heads = [_head(column) for column in columns]
    rows = [
        tag("tr", *(_cell(column, at, is_head=not n) for n, column in enumerate(columns)))
        for at in range(len(columns[0].cells) if columns else 0)
    ]
    sorts, many = len(rows) >= FEWEST_SORTED and is_sorted, len(columns) > MOST_PRINTED
    classes = " ".join(["sortable"] * sorts + ["many"] * many + _rightward(columns))
    looks = {"class_": classes} if classes else {}
    made = tag("table", tag("caption", caption), tag("thead", tag("tr", *heads)), tag("tbody", *rows), **looks)
    return _boxed(made, caption)


def _rightward(columns: Sequence[Column]) -> list[str]:
    """Which columns stand at the right of theirs: ``r2`` the second, ``ra`` all but the first."""
    found = [at for at, column in enumerate(columns, 1) if column.kind in NUMERIC]
    behind = [at for at in found if at > 1]
    if len(behind) == len(columns) - 1 and behind:
        return [*(["r1"] if 1 in found else []), "ra"]
    return [f"r{at}" for at in found]


def _head(column: Column) -> Element:
    unit = tag("span", f" {column.unit}", class_="dim") if column.unit else None
    return tag("th", column.title, unit, scope="col")


def _cell(column: Column, at: int, *, is_head: bool) -> Element:
    text, tone = column.cells[at], column.tones[at] if column.tones else Tone.PLAIN
    is_long = column.kind not in NUMERIC and len(text) > MOST_IN_LINE
    words = ["prose"] * is_long + [tone.value] * (tone is not Tone.PLAIN)
    classes = " ".join(words)
    attributes = {"class_": classes} if classes else {}
    shown = name_of(text) if column.kind in (ColumnKind.NAME, ColumnKind.PLACE) and text else text
    if column.links and column.links[at]:
        shown = tag("a", shown, href=column.links[at])
    return tag("th", shown, scope="row", **attributes) if is_head else tag("td", shown, **attributes)


def _boxed(made: Element, label: str) -> Element:
    """In a box of its own that scrolls sideways where there is no room."""
    return tag("div", made, class_="wide", role="region", tabindex="0", aria_label=label)


def _picture(block: LinePicture | BarPicture, heading: str = "", *_: object) -> Element:
    """The picture, what it says in one line, and its figures; its title where no heading has said it."""
    svg = lines_of(block) if isinstance(block, LinePicture) else bars_of(block)
    reading = [f" {block.reading}"] if block.reading else []
    figures = tag("details", tag("summary", "Figures"), _table(block.table, f"{block.title}: figures"))
    title = None if heading == block.title else tag("strong", block.title)
    return tag("figure", tag("figcaption", title, *reading), svg, figures)


def _map(block: HeatMap, *_: object) -> Element:
    """A table that is its own picture."""
    down, across = whom(block.grid.down.asset), whom(block.grid.across.asset)
    reading = f" {MAP}: {down} down the side, {across} across; ✗ is liquidated there."
    title, made = tag("strong", "Two assets at once"), _table(heat_table(block, "✗ "), MAP)
    middle = len(block.grid.across.moves) // 2
    for row in made.iter("tr"):
        head, *cells = row
        for cell in cells:
            if "bad" in cell.get("class", "").split():
                cell.set("bgcolor", "#fdecea")
        if head.text == NOW:
            cells[middle].set("class", f"{cells[middle].get('class', '')} today".lstrip())
    return tag("figure", tag("figcaption", title, reading), made, class_="map")


def _data(block: Data, *_: object) -> Element:
    """JSON that no reader of HTML takes for an end of it."""
    text = encoded(as_plain(block.result)).decode()
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    found = {"id": f"data-{block.number}"} if block.number else {}
    return verbatim("script", text, type="application/json", data_document=block.name, **found)


_DRAWN: dict[type[Any], Callable[[Any, str, Options], Element]] = {
    Sentence: _sentence,
    Items: _items,
    Words: _words,
    Facts: _facts,
    Balance: _balance,
    DataTable: _table,
    Findings: _findings,
    Problems: _problems,
    Explanation: _explanation,
    Data: _data,
    CurveChart: _curve,
    Folded: _folded,
    HeatMap: _map,
    LinePicture: _picture,
    BarPicture: _picture,
}
