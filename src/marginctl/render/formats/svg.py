"""Lines and bars as SVG: through the exact corners, labelled directly, colours right on white without a style sheet.

A picture is as wide as the room it has (``svg_axes``): its words keep their size, its lines and bars do not.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import accumulate, groupby
from xml.etree.ElementTree import Element

from marginctl.core.exact import ONE, ZERO, Direction, rounded
from marginctl.render.formats.svg_axes import (
    BAD,
    DIM,
    FILL,
    INK,
    LINE,
    NARROWEST,
    PER_CHARACTER,
    RULE,
    WIDTH,
    Scale,
    amount,
    fitted,
    grounded,
    group,
    hung,
    number,
    part,
    room_of,
    tick_labels,
    told,
    words_at,
    wrapped,
)
from marginctl.render.formats.tree import tag
from marginctl.render.page import Bar, BarPicture, BarRow, LinePicture, Stroke, Tone, Trace

PLOT = Decimal(190)
"""Height of a picture of lines between its words."""
FOOT = Decimal(20)
"""Below an axis, for what its ticks are called; as much again for its unit."""
TICK = "6"
"""Length of the sign of a tick, of which not every one has room for its words."""
THICK = Decimal(10)
STRIP = Decimal(85)
"""Height of a line above bars."""
BESIDE = Decimal(6)
"""Between a line's end and its name, and behind it."""
MOST_BESIDE = NARROWEST * 2 / 5
"""What a word of a name beside a line may take; the lines keep more than half."""
LEADER = Decimal("0.03")
"""From a line's end to its name, as a share of the width."""
HATCH = "0.5 8"
"""Height of a line of a hatching, and of what is between two: they are the dashes of one line as wide as it."""
DASHES = {Stroke.SOLID: "", Stroke.DASHED: "7 4", Stroke.THIN: "2 3"}
WIDTHS = {Stroke.SOLID: "2.5", Stroke.DASHED: "2", Stroke.THIN: "1.5"}
FILLS = {
    Tone.PLAIN: FILL,
    Tone.GOOD: "#1a7f37",
    Tone.BAD: BAD,
    Tone.LOSS: BAD,
    Tone.DIM: "#848d97",
    Tone.WARN: "#9a6700",
}


def lines_of(block: LinePicture) -> Element:
    """Every line over one axis, zero and the liquidated stretches with it; beside them what each is called."""
    xs = [x for trace in block.traces for x, _ in trace.points]
    ys = [y for trace in block.traces for _, y in trace.points]
    across, up = Scale(min(xs), max(xs), ZERO, WIDTH), Scale(min(*ys, ZERO), max(*ys, ZERO), PLOT, LINE - 3)
    wide = _wide(block.traces)
    marks = sorted(block.marks, key=lambda one: one.at)
    named = hung((across.share(mark.at) * wide, mark.text) for mark in marks)
    top = LINE * (2 + max((one.level for one in named), default=0)) + 4
    places = [*block.gone], [(across.at(mark.at), mark.is_end) for mark in marks]
    lines = (_trace(one, across, up) for one in block.traces)
    drawn = _canvas(top, PLOT, *_ground(across, up, places[0], places[1]), *lines, wide=wide)
    foot = top + PLOT
    values = [(across.share(tick) * wide, told(tick, block.is_share)) for tick in across.ticks]
    zero = across.ticks.index(ZERO) if ZERO in across.ticks else 0
    heights = [(tick, told(tick, is_share=False)) for tick in up.ticks]
    words = [words_at(ZERO, top + up.at(tick) - 3, said) for tick, said in heights]
    free = max(room_of(said) for _, said in heights) / NARROWEST
    ends = ((one.drawn(top - 6 - LINE * one.level), mark.is_end) for one, mark in zip(named, marks, strict=True))
    flags = [(words, is_end) for words, is_end in ends]
    height = foot + FOOT * 2
    axes = (
        words_at(ZERO, LINE - 3, block.y_title),
        words_at(_reaching(wide, block.x_title), height - 5, block.x_title, "end"),
    )
    spans = _spans([(max(across.share(end) * wide, free), words) for _, end, words in block.spans], foot)
    leaders, names = _names(block.traces, up, top, wide)
    return _picture(
        block,
        height,
        drawn,
        tag("g", *leaders, stroke=DIM, stroke_width="1", class_="now"),
        group(DIM, *words, *spans, *(one for one, is_end in flags if not is_end), *axes),
        group(INK, *names),
        group(BAD, *(one for one, is_end in flags if is_end), name="end"),
        tick_labels(values, zero, foot + LINE),
    )


def _picture(block: BarPicture | LinePicture, height: Decimal, drawn: Element, *words: Element) -> Element:
    """The drawing, its words over it, and what it says for who does not see it."""
    return tag(
        "svg",
        tag("title", block.title),
        tag("desc", block.reading or block.title),
        drawn,
        grounded(*words),
        role="img",
        width="100%",
        height=number(height),
        font_family="system-ui, sans-serif",
        font_size="12",
    )


def _canvas(top: Decimal, height: Decimal, *parts: Element, wide: Decimal = ONE) -> Element:
    """What is stretched to the width there is, or to a share of it."""
    box = {"viewBox": f"0 0 {number(WIDTH)} {number(height)}", "preserveAspectRatio": "none", "fill": "none"}
    return tag("svg", *parts, y=number(top), width=f"{number(wide * 100)}%", height=number(height), **box)


def _stroked(way: str, colour: str, width: str, name: str, **more: str) -> Element:
    look = {"stroke": colour, "stroke_width": width, "class_": name}
    return tag("path", d=way, **look, **more)


def _ground(
    across: Scale, up: Scale, gone: Sequence[tuple[Decimal, Decimal]], marks: Sequence[tuple[Decimal, bool]]
) -> Iterable[Element]:
    """What is liquidated, the lines of the ticks, the zero line, signs of the ticks across, and those of the marks."""
    for start, end in gone:
        left, right = across.at(start), across.at(end)
        if right > left:
            yield from _hatched(left, right)
    rules = "".join(f"M0,{number(up.at(tick))}H{number(WIDTH)}" for tick in up.ticks if tick)
    yield _stroked(rules, RULE, "1", "rule")
    yield _stroked(f"M0,{number(up.at(ZERO))}H{number(WIDTH)}", INK, "1", "axis")
    yield _stroked(
        "".join(f"M{number(across.at(tick))},{number(PLOT)}v-{TICK}" for tick in across.ticks), DIM, "1", "now"
    )
    for at, is_end in marks:
        yield _stroked(f"M{number(at)},0V{number(PLOT)}", BAD if is_end else DIM, "1.2", "end" if is_end else "now")


def _hatched(left: Decimal, right: Decimal) -> Iterable[Element]:
    place = {"x": number(left), "y": "0", "width": number(right - left), "height": number(PLOT)}
    yield tag("rect", **place, fill="#fdecea", class_="gone")
    way = f"M{number((left + right) / 2)},0V{number(PLOT)}"
    yield _stroked(way, BAD, number(right - left), "hatch", stroke_dasharray=HATCH)


def _trace(trace: Trace, across: Scale, up: Scale) -> Element:
    corners = [f"{number(across.at(x))},{number(up.at(y))}" for x, y in trace.points]
    shown = [one for n, one in enumerate(corners) if not n or one != corners[n - 1]]
    colour, dashes = INK if trace.stroke is not Stroke.SOLID else FILL, DASHES[trace.stroke]
    look = {"stroke": colour, "stroke_width": WIDTHS[trace.stroke], "class_": f"trace {trace.stroke.value}"}
    dashed = {"stroke_dasharray": dashes} if dashes else {}
    return tag("polyline", points=" ".join(shown), **look, **dashed)


def _wide(traces: Sequence[Trace]) -> Decimal:
    """The share of the width that the lines have: beside them stands what each is called, a word a line."""
    longest = max((room_of(word) for trace in traces for word in _words(trace)), default=ZERO)
    is_named = len(traces) > 1
    beside = min(longest, MOST_BESIDE) + BESIDE
    return rounded(ONE - beside / NARROWEST, 2, Direction.DOWN) - LEADER if is_named else ONE


def _reaching(wide: Decimal, words: str) -> Decimal:
    """Where words below an axis end: at its end, or farther where they need it."""
    return wide if room_of(words) <= wide * NARROWEST else ONE


def _words(trace: Trace) -> list[str]:
    return trace.label.split() or [trace.label]


def _names(traces: Sequence[Trace], up: Scale, top: Decimal, wide: Decimal) -> tuple[list[Element], list[Element]]:
    """From the right end of each line a thin one to its name, which is apart from the others."""
    if len(traces) < 2:
        return [], []
    leaders, names = [], []
    ends = sorted(((up.at(trace.points[-1][1]), trace) for trace in traces), key=lambda one: (one[0], one[1].label))
    places = apart([end for end, _ in ends], [LINE * len(_words(trace)) for _, trace in ends])
    left, right = (f"{number(share * 100)}%" for share in (wide, wide + LEADER))
    for (end, trace), place in zip(ends, places, strict=True):
        heights = {"y1": number(top + end), "y2": number(top + place)}
        leaders.append(tag("line", x1=left, x2=right, **heights))
        first = top + place - LINE * len(_words(trace)) / 2 + 11
        for at, word in enumerate(_words(trace)):
            names.append(words_at(wide + LEADER, first + LINE * at, word, shift="4", room=MOST_BESIDE))
    return leaders, names


def apart(places: Sequence[Decimal], rooms: Sequence[Decimal]) -> list[Decimal]:
    """The middles of labels of ascending places and their heights: none meets another, or leaves the picture."""
    halves = [room / 2 for room in rooms]
    found: list[Decimal] = []
    for at, place in enumerate(places):
        found.append(max(place, found[-1] + halves[at - 1] + halves[at] if at else halves[at]))
    for at in range(len(found) - 1, -1, -1):
        is_last = at == len(found) - 1
        found[at] = min(found[at], PLOT - halves[at] if is_last else found[at + 1] - halves[at + 1] - halves[at])
    return found


def _spans(spans: Sequence[tuple[Decimal, str]], foot: Decimal) -> Iterable[Element]:
    """The words of each stretch, hung on its end, the last one lowest."""
    most = int(PLOT / LINE) - 2
    return [one.drawn(foot - 6 - LINE * one.level) for one in hung(reversed(spans)) if one.level < most]


# Bars.


def bars_of(block: BarPicture) -> Element:
    """A row each: its name, its words, its bars from value to value, its note."""
    values = block.ends
    across = Scale(min(*values, ZERO, ZERO), max(*values, ZERO, ZERO), ZERO, WIDTH)
    laid = [_laid(row) for row in block.rows]
    strip, said = _strip(block.trace, across) if block.trace is not None else ([], [])
    tops = list(accumulate((_height(head, below) for head, below in laid), initial=STRIP if strip else ZERO))
    foot = tops[-1]
    rules = "".join(f"M{number(across.at(tick))},0V{number(foot)}" for tick in across.ticks if tick)
    zero = number(across.at(ZERO))
    drawn = [*_band(block, across, foot), _stroked(rules, RULE, "1", "rule")]
    drawn += [_stroked(f"M{zero},0V{number(foot)}", INK, "1", "axis"), *strip]
    drawn += _bars(block.rows, [top + LINE * len(head) + 3 for top, (head, _) in zip(tops, laid, strict=False)], across)
    ticks = [(across.share(one), part(one) if block.is_part else told(one, block.is_share)) for one in across.ticks]
    at = across.ticks.index(ZERO)
    height = foot + FOOT + (FOOT if block.unit else ZERO)
    unit = [words_at(ONE, height - 5, block.unit)] if block.unit else []
    texts = [_row(row, top, *one) for row, top, one in zip(block.rows, tops, laid, strict=False)]
    labels, words, notes = ([one for row in texts for one in row[at]] for at in range(3))
    return _picture(
        block,
        height,
        _canvas(ZERO, foot, *drawn),
        group(INK, *said[:1], *labels),
        group(INK, *said[1:], *words, anchor="end"),
        group(DIM, *notes),
        group(INK, *(sign for one in zip(block.rows, tops, laid, strict=False) for sign in _signs(*one, across))),
        group(DIM, *unit, anchor="end"),
        tick_labels(ticks, at, foot + LINE),
    )


def _strip(trace: Trace, across: Scale) -> tuple[list[Element], list[Element]]:
    """A line above the rows with its zero; its name, and what it begins and ends with."""
    values = [value for _, value in trace.points]
    up = Scale(min(*values, ZERO), max(*values, ZERO), STRIP - 8, LINE * 2 + 4)
    zero = _stroked(f"M0,{number(up.at(ZERO))}H{number(WIDTH)}", DIM, "1", "axis")
    ends = f"{amount(values[0])} → {amount(values[-1])}"
    names = [words_at(ZERO, LINE - 2, trace.label), words_at(ONE, LINE * 2 - 2, ends)]
    return [zero, _trace(trace, across, up)], names


def _band(block: BarPicture, across: Scale, foot: Decimal) -> Iterable[Element]:
    if block.band is not None:
        left, right = map(across.at, block.band)
        place = {"x": number(left), "width": number(right - left), "height": number(foot)}
        yield tag("rect", **place, fill="#e3e8ee", class_="band")


def _signs(
    row: BarRow, top: Decimal, laid: tuple[list[tuple[str, str]], list[str]], across: Scale
) -> Iterable[Element]:
    """Outward beside their places; at an edge inward."""
    for value, sign in row.signs:
        share = across.share(value)
        is_left = (value < 0 and share * NARROWEST >= PER_CHARACTER * 2) or (
            ONE - share
        ) * NARROWEST < PER_CHARACTER * 2
        y = top + LINE * len(laid[0]) + THICK + 2
        yield words_at(share, y, sign, "end" if is_left else "start")


def _laid(row: BarRow) -> tuple[list[tuple[str, str]], list[str]]:
    """The lines above its bars, each of what stands left and right, and those below."""
    words, note = "  ".join(bar.text for bar in row.bars if bar.text), row.note
    label = room_of(fitted(row.label)) + PER_CHARACTER * 2
    if not words and note and label + room_of(note) <= NARROWEST:
        words, note = note, ""
    head = [(row.label, words)]
    if label + room_of(words) > NARROWEST:
        head = [(row.label, ""), *(("", one) for one in wrapped(words))]
    lines = [note] if room_of(note) <= NARROWEST else [line for one in note.split("   ") for line in wrapped(one)]
    return head, lines if note else []


def _height(head: Sequence[object], below: Sequence[object]) -> Decimal:
    return LINE * (len(head) + len(below)) + THICK + 9


def _row(
    row: BarRow, top: Decimal, head: Sequence[tuple[str, str]], below: Sequence[str]
) -> tuple[list[Element], list[Element], list[Element]]:
    """What stands above its bars at the left and at the right, and what stands below them."""
    lines = [(top + LINE * at - 2, label, words) for at, (label, words) in enumerate(head, 1)]
    labels = [words_at(ZERO, y, label) for y, label, _ in lines if label]
    for one in labels if row.is_sum else ():
        one.set("class", "total")
    words = [words_at(ONE, y, words) for y, _, words in lines if words]
    start = top + LINE * len(head) + THICK + 1
    return labels, words, [words_at(ZERO, start + LINE * at, text) for at, text in enumerate(below, 1)]


def _bars(rows: Sequence[BarRow], tops: Sequence[Decimal], across: Scale) -> Iterable[Element]:
    """The bars in their order, those of one look together."""
    every = [
        (bar.tone, row.is_sum, _bar(bar, top, across)) for row, top in zip(rows, tops, strict=True) for bar in row.bars
    ]
    for (tone, is_sum), found in groupby(every, key=lambda one: one[:2]):
        fill = FILLS.get(tone, FILL)
        look = {"stroke": fill, "stroke_width": "2"} if is_sum else {"fill": fill}
        yield tag("g", *(bar for _, _, bar in found), class_=f"{'sum' if is_sum else 'bar'} {tone.value}", **look)


def _bar(bar: Bar, top: Decimal, across: Scale) -> Element:
    left, right = sorted((across.at(bar.start), across.at(bar.end)))
    places = {"x": number(left), "y": number(top), "width": number(max(right - left, ONE)), "height": number(THICK)}
    return tag("rect", **places)
