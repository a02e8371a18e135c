"""Lines and bars as SVG: through the exact corners, labelled directly, colours right on white without a style sheet.

A picture is 640 units wide. Text is 12 units high; its width is taken as ``PER_CHARACTER`` a character, which is more
than any digit or letter of the fonts that browsers use for it needs on average.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import accumulate, count
from xml.etree.ElementTree import Element

from msgspec import Struct

from marginctl.core.exact import ONE, ZERO, Direction, rounded
from marginctl.document.source import printable
from marginctl.render.formats.tree import tag
from marginctl.render.page import Bar, BarPicture, BarRow, LinePicture, PlotMark, Stroke, Tone, Trace
from marginctl.wording import grouped, natural_places, signed_percent

NICE = tuple(map(Decimal, ("1", "2", "2.5", "5", "10")))
"""What the distance of two ticks may begin with."""
MOST_TICKS = 8


class Scale(Struct, frozen=True):
    """``low`` .. ``high`` of a figure onto ``start`` .. ``end`` of the picture, straight."""

    low: Decimal
    high: Decimal
    start: Decimal
    end: Decimal

    def at(self, value: Decimal) -> Decimal:
        """The place of a value, to a tenth of a unit; values beyond the ends stand at the end."""
        inside = min(max(value, self.low), self.high)
        share = (inside - self.low) / (self.high - self.low) if self.high > self.low else ZERO
        return placed(self.start + (self.end - self.start) * share)

    @property
    def ticks(self) -> list[Decimal]:
        """Between four and eight round values, 0 among them where it lies within."""
        step = step_of(self.high - self.low)
        first = rounded(self.low / step, 0, Direction.UP)
        found = (step * (first + k) for k in count())
        return list(_until(found, self.high))


def _until(values: Iterable[Decimal], last: Decimal) -> Iterable[Decimal]:
    for value in values:
        if value > last:
            return
        yield value


def step_of(span: Decimal) -> Decimal:
    """The smallest readable step that gives at most ``MOST_TICKS`` ticks over a span: 1, 2, 2.5 or 5 times 10^n."""
    least = (span or ONE) / (MOST_TICKS - 1)
    power = ONE.scaleb(least.adjusted())
    return next(factor * power for factor in NICE if factor * power >= least)


def placed(value: Decimal) -> Decimal:
    """A coordinate: a tenth of a unit at most."""
    return rounded(value, 1, Direction.NEAREST)


def number(value: Decimal) -> str:
    """A coordinate as text: ``12.5``, ``40``."""
    text = format(placed(value), "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


WIDTH = Decimal(640)
HEIGHT = Decimal(280)
LEFT, RIGHT, TOP, BOTTOM = Decimal(86), Decimal(14), Decimal(48), Decimal(46)
BARS_TOP, NO_UNIT = Decimal(12), Decimal(24)
"""Above bars; below them where no unit is told."""
LABELS = Decimal(170)
"""Room for what the rows of bars are called."""
WORDS, MOST_WORDS = Decimal(104), Decimal(210)
"""Least and most room for what stands beside the longest bar."""
ROW = Decimal(24)
HATCH = 14
"""From one line of a hatching to the next."""
PER_CHARACTER = Decimal("6.6")
INK, DIM, BAD, FILL = "#1b1f24", "#59636e", "#b42318", "#1f6feb"
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
    """Every line over one axis, zero and the liquidated stretches with it."""
    xs = [x for trace in block.traces for x, _ in trace.points]
    ys = [y for trace in block.traces for _, y in trace.points]
    across = Scale(min(xs), max(xs), LEFT, WIDTH - _named(block.traces))
    up = Scale(min(*ys, ZERO), max(*ys, ZERO), HEIGHT - BOTTOM, TOP)
    made = _picture(block.title, block.reading, HEIGHT)
    made.extend(_ground(across, up, block))
    made.extend(_trace(trace, across, up) for trace in block.traces)
    if len(block.traces) > 1:
        made.extend(_names(block.traces, up, across.end))
    made.extend(_marks(block.marks, across))
    return made


def _named(traces: Sequence[Trace]) -> Decimal:
    """Room at the right for the names of several lines."""
    longest = max(len(trace.label) for trace in traces)
    return RIGHT if len(traces) < 2 else PER_CHARACTER * longest + 10


def bars_of(block: BarPicture) -> Element:
    """A row each, its bars from value to value, its words beside them or below where there is no room."""
    values = block.ends
    right = WIDTH - (RIGHT * 2 if block.is_share or block.is_part else _words_room(block.rows))
    across = Scale(min(*values, ZERO, ZERO), max(*values, ZERO, ZERO), LABELS, right)
    tops = list(accumulate((_height(row) for row in block.rows), initial=BARS_TOP))
    foot = tops[-1]
    height = foot + (BOTTOM if block.unit else NO_UNIT)
    made = _picture(block.title, block.reading, height)
    for tick in across.ticks:
        words = _part(tick) if block.is_part else _told(tick, block.is_share)
        made.extend(_tick(across.at(tick), foot, words, top=BARS_TOP))
    made.append(_line(across.at(ZERO), BARS_TOP - 6, across.at(ZERO), foot, INK, "1"))
    for row, top in zip(block.rows, tops, strict=False):
        made.extend(_row(row, top, across))
    if block.unit:
        made.append(_text(WIDTH - RIGHT, height - 8, block.unit, "end", DIM))
    return made


def _words_room(rows: Sequence[BarRow]) -> Decimal:
    """What the longest words beside a bar need, within bounds."""
    longest = max((len("  ".join(bar.text for bar in row.bars if bar.text)) for row in rows), default=0)
    return min(max(PER_CHARACTER * longest + 10, WORDS), MOST_WORDS)


def _picture(title: str, reading: str, height: Decimal) -> Element:
    box = f"0 0 {number(WIDTH)} {number(height)}"
    return tag(
        "svg",
        tag("title", title),
        tag("desc", reading or title),
        role="img",
        viewBox=box,
        font_family="system-ui, sans-serif",
        font_size="12",
    )


def _ground(across: Scale, up: Scale, block: LinePicture) -> Iterable[Element]:
    """Axes with their ticks, the zero line, what is liquidated."""
    foot = HEIGHT - BOTTOM
    for start, end in block.gone:
        left, right = across.at(start), across.at(end)
        if right > left:
            yield from _hatched(left, right, foot)
    for tick in up.ticks:
        at = up.at(tick)
        yield _line(LEFT, at, across.end, at, INK if not tick else "#d0d7de", "1", "axis" if not tick else "rule")
        yield _text(LEFT - 6, at + 4, _told(tick, is_share=False), "end", DIM)
    for tick in across.ticks:
        yield from _tick(across.at(tick), foot, _told(tick, block.is_share))
    for start, end, words in block.spans:
        yield from _span(across.at(start), across.at(end), words, foot)
    yield _text(LEFT, Decimal(14), block.y_title, "start", DIM)
    yield _text(WIDTH - RIGHT, HEIGHT - 8, block.x_title, "end", DIM)


def _span(left: Decimal, right: Decimal, words: str, foot: Decimal) -> Iterable[Element]:
    """Where a stretch begins, and its words before its end where they fit."""
    if left > LEFT:
        yield _line(left, TOP, left, foot, "#d0d7de", "1", "rule")
    if PER_CHARACTER * len(words) + 8 <= right - left:
        yield _text(right - 4, foot - 6, words, "end", DIM, "over")


def _hatched(left: Decimal, right: Decimal, foot: Decimal) -> Iterable[Element]:
    yield tag(
        "rect",
        x=number(left),
        y=number(TOP),
        width=number(right - left),
        height=number(foot - TOP),
        fill="#fdecea",
        class_="gone",
    )
    rise, lines = foot - TOP, []
    for at in range(-int(rise), int(right - left), HATCH):
        start, end = max(left, left + at), min(right, left + at + rise)
        places = ((x, foot - (x - left - at)) for x in (start, end))
        lines.append("M" + "L".join(f"{number(x)},{number(y)}" for x, y in places))
    yield tag("path", d="".join(lines), stroke=BAD, stroke_width="0.6", class_="hatch")


def _tick(at: Decimal, foot: Decimal, text: str, *, top: Decimal | None = None) -> Iterable[Element]:
    """Words below the axis; from ``top`` on a line above it."""
    if top is not None:
        yield _line(at, top - 6, at, foot, "#d0d7de", "1", "rule")
    half = PER_CHARACTER * len(text) / 2
    yield _text(min(max(at, half), WIDTH - half), foot + 16, text, "middle", DIM)


def _trace(trace: Trace, across: Scale, up: Scale) -> Element:
    corners = [f"{number(across.at(x))},{number(up.at(y))}" for x, y in trace.points]
    shown = [one for n, one in enumerate(corners) if not n or one != corners[n - 1]]
    dashes = DASHES[trace.stroke]
    return tag(
        "polyline",
        points=" ".join(shown),
        fill="none",
        stroke=INK if trace.stroke is not Stroke.SOLID else FILL,
        stroke_width=WIDTHS[trace.stroke],
        class_=f"trace {trace.stroke.value}",
        **({"stroke_dasharray": dashes} if dashes else {}),
    )


def _names(traces: Sequence[Trace], up: Scale, right: Decimal) -> Iterable[Element]:
    """What the lines are called, behind their right ends and apart from one another."""
    ends = sorted((up.at(trace.points[-1][1]), trace.label) for trace in traces)
    for at, label in apart([end for end, _ in ends], [label for _, label in ends]):
        yield _text(right + 5, at + 4, label, "start", INK)


def apart(places: Sequence[Decimal], labels: Sequence[str]) -> Iterable[tuple[Decimal, str]]:
    """Labels of ascending places, at least a line of text from one another, within the picture."""
    step, low, high = Decimal(14), TOP, HEIGHT - BOTTOM
    found: list[Decimal] = []
    for place in places:
        found.append(max(place, low, *(one + step for one in found[-1:])))
    for at in range(len(found) - 1, -1, -1):
        found[at] = min(found[at], high if at == len(found) - 1 else found[at + 1] - step)
    return zip(found, labels, strict=True)


def _marks(marks: Sequence[PlotMark], across: Scale) -> Iterable[Element]:
    """Words at places of the x axis, above it; where two would meet the second goes a line higher."""
    taken: list[tuple[Decimal, Decimal]] = []
    for mark in sorted(marks, key=lambda one: one.at):
        at, half = across.at(mark.at), PER_CHARACTER * len(mark.text) / 2
        middle = min(max(at, half), WIDTH - half)
        meets = any(middle - half < right and left < middle + half for left, right in taken)
        taken.append((middle - half, middle + half))
        colour = BAD if mark.is_end else DIM
        yield _line(at, TOP - 4, at, HEIGHT - BOTTOM, colour, "1.2", "end" if mark.is_end else "now")
        yield _text(middle, TOP - (21 if meets else 7), mark.text, "middle", colour, "end" if mark.is_end else "now")


def _row(row: BarRow, top: Decimal, across: Scale) -> Iterable[Element]:
    room = int((LABELS - 10) / PER_CHARACTER)
    whole = printable(row.label)
    label = whole if len(whole) <= room else f"{whole[: room - 1]}…"
    yield _text(
        LABELS - 8, top + 13, label, "end", INK, "total" if row.is_sum else "", title=whole if label != whole else ""
    )
    for bar in row.bars:
        yield _bar(bar, top, across, is_sum=row.is_sum)
    words = "  ".join(bar.text for bar in row.bars if bar.text)
    if words:
        yield _beside(words, row, top, across)
    if row.note:
        yield _text(LABELS, top + 28, row.note, "start", DIM)


def _height(row: BarRow) -> Decimal:
    return ROW + 14 if row.note else ROW


def _bar(bar: Bar, top: Decimal, across: Scale, *, is_sum: bool) -> Element:
    left, right = sorted((across.at(bar.start), across.at(bar.end)))
    fill = FILLS.get(bar.tone, FILL)
    outlined = {"fill": "none", "stroke": fill, "stroke_width": "2"} if is_sum else {"fill": fill}
    return tag(
        "rect",
        x=number(left),
        y=number(top + 3),
        width=number(max(right - left, ONE)),
        height="12",
        class_=f"bar {bar.tone.value}",
        **outlined,
    )


def _beside(words: str, row: BarRow, top: Decimal, across: Scale) -> Element:
    """Right of the bars where there is room, else left of them, else over them at the edge on a ground of its own."""
    width = PER_CHARACTER * len(words)
    ends = [across.at(value) for bar in row.bars for value in (bar.start, bar.end)] or [across.at(ZERO)]
    if max(ends) + 6 + width <= WIDTH:
        return _text(max(ends) + 6, top + 13, words, "start", INK)
    if min(ends) - 6 - width >= LABELS:
        return _text(min(ends) - 6, top + 13, words, "end", INK)
    return _text(WIDTH - RIGHT, top + 13, words, "end", INK, "over")


def _line(x1: Decimal, y1: Decimal, x2: Decimal, y2: Decimal, colour: str, width: str, name: str = "axis") -> Element:
    places = {"x1": number(x1), "y1": number(y1), "x2": number(x2), "y2": number(y2)}
    return tag("line", **places, stroke=colour, stroke_width=width, class_=name)


def _text(x: Decimal, y: Decimal, words: str, anchor: str, colour: str, name: str = "", *, title: str = "") -> Element:
    more = {"class_": name} if name else {}
    made = tag("text", x=number(x), y=number(y), text_anchor=anchor, fill=colour, **more)
    if name == "over":
        made.attrib.update({"paint-order": "stroke", "stroke": "#ffffff", "stroke-width": "4"})
    if title:
        made.append(tag("title", title))
        made[-1].tail = printable(words)
    else:
        made.text = printable(words)
    return made


def _told(value: Decimal, is_share: bool) -> str:
    if is_share:
        return signed_percent(rounded(value, 4, Direction.NEAREST)) if value else "now"
    return grouped(value, min(natural_places(value), 8), Direction.NEAREST)


def _part(value: Decimal) -> str:
    return f"{number(value * 100)}%"
