"""Equity against what it must cover, drawn in block characters over the joint move of all assets.

Every column is evaluated on the exact pieces; the picture is rounded to an eighth of a cell, the words are not.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from marginctl.core.curve import EquityCurve, Point
from marginctl.core.exact import ZERO, Direction, rounded
from marginctl.render.numbers import grouped
from marginctl.render.screen import INDENT, Line, Span, line, paragraph, shower
from marginctl.render.stress_document import signed_percent
from marginctl.results import Options

HEIGHT = 10
WIDEST = 81
NARROWEST = 21
EIGHTHS = " ▁▂▃▄▅▆▇█"
OWN, NEEDED, LACKING = "green", "yellow", "bold red"


class Ink(NamedTuple):
    """How equity beyond the requirement, the requirement and what is missing are drawn; ``mixes``: two in a cell."""

    own: str
    needed: str
    lacking: str
    partial: str
    axis: str
    tick: str
    end: str
    mixes: bool = False


BLOCKS = Ink("█", "▒", "░", EIGHTHS, "─", "┬", "▲")
LETTERS = Ink("#", "=", "!", " " * 4 + "#" * 5, "-", "+", "^")
STEPS = tuple(map(Decimal, ("1", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10")))
"""What the distance of two labels may begin with."""


def chart(curve: EquityCurve, ends: Sequence[Decimal], options: Options, currency: str) -> list[Line]:
    """The picture with its axes and a legend, ``ends`` marked; nothing for a pool that never holds anything."""
    ink = LETTERS if options.ascii else BLOCKS._replace(mixes=options.color)
    size = curve.points[-1].move
    highest = max((max(point.equity, point.required) for point in curve.points), default=ZERO)
    if highest <= 0 or not size:
        return []
    top = even(highest / (HEIGHT // 2)) * (HEIGHT // 2)
    marks = [_money(top * k / (HEIGHT // 2)) for k in range(HEIGHT // 2 + 1)]
    side = max(map(len, marks))
    columns = _columns(options, side)
    points = [_sample(curve, size, at, columns) for at in range(columns)]
    rows = [_row(points, level, top, ink) for level in range(HEIGHT - 1, -1, -1)]
    labels = [marks[(level + 1) // 2] if level % 2 else "" for level in range(HEIGHT - 1, -1, -1)]
    show = shower(options)
    note = f"equity and what it must cover, {show(curve.pool)}, {show(currency)}"
    title = paragraph(note, options.width, lead=(("All assets together", "bold"), ("  ", "")), style="dim")
    drawn: list[Line] = [
        (*line(f"{INDENT}{label:>{side}} ", "dim"), *row) for label, row in zip(labels, rows, strict=True)
    ]
    return [*title, *drawn, *_axis(size, columns, side, ends, ink), *_legend(ink, options)]


def even(step: Decimal) -> Decimal:
    """The next number that reads well on an axis: 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 or 10 times a power of 10."""
    power = Decimal(1).scaleb(step.adjusted())
    return next(factor * power for factor in STEPS if factor * power >= step)


def _columns(options: Options, side: int) -> int:
    """A multiple of 4 and 1, so that now and the quarters have columns of their own."""
    room = WIDEST if options.width is None else options.width - len(INDENT) - side - 1
    columns = max(NARROWEST, min(room, WIDEST))
    return (columns - 1) // 4 * 4 + 1


def _sample(curve: EquityCurve, size: Decimal, at: int, columns: int) -> Point:
    half = columns // 2
    return curve.at(size * (at - half) / half)


def _money(value: Decimal) -> str:
    return grouped(value, max(0, -value.adjusted() + 1) if value else 0, Direction.NEAREST)


def _row(points: Sequence[Point], level: int, top: Decimal, ink: Ink) -> Line:
    """One line of the picture."""
    return joined([_glyph(point, level, top, ink) for point in points])


def joined(spans: Sequence[Span]) -> Line:
    """Neighbours of one style as one."""
    merged: list[Span] = []
    for text, style in spans:
        if merged and merged[-1][1] == style:
            merged[-1] = (merged[-1][0] + text, style)
        else:
            merged.append((text, style))
    return tuple(merged)


def _glyph(point: Point, level: int, top: Decimal, ink: Ink) -> Span:
    """What a cell shows: ``level`` counts from the bottom."""
    equity, required = (_eighths(value, level, top) for value in (point.equity, point.required))
    if point.equity < point.required:
        if equity >= 4:
            return (ink.needed, NEEDED)
        return (ink.lacking, LACKING) if required > 0 else (" ", "")
    if required >= 4:
        return (ink.needed, NEEDED)
    if required and equity == 8 and ink.mixes:
        return (ink.partial[required], f"{NEEDED} on {OWN}")
    return (ink.own if equity == 8 else ink.partial[equity], OWN) if equity else (" ", "")


def _eighths(value: Decimal, level: int, top: Decimal) -> int:
    """How much of the cell a value fills, in eighths."""
    filled = int(rounded(value * HEIGHT * 8 / top, 0, Direction.NEAREST)) - 8 * level
    return max(0, min(8, filled))


def _axis(size: Decimal, columns: int, side: int, ends: Sequence[Decimal], ink: Ink) -> list[Line]:
    """The base line with five ticks, their moves below, and where the pool is liquidated."""
    quarter = (columns - 1) // 4
    ticks = (0, quarter, columns // 2, columns - 1 - quarter, columns - 1)
    half = columns // 2
    crossed = {half + int(rounded(end * half / size, 0, Direction.NEAREST)) for end in ends if abs(end) <= size}
    base: list[Span] = [
        (ink.end, LACKING) if at in crossed else (ink.tick if at in ticks else ink.axis, "dim") for at in range(columns)
    ]
    words = [" "] * columns
    for at in ticks:
        move = size * (at - half) / half
        text = signed_percent(rounded(move, 3, Direction.NEAREST)) if move else "now"
        start = max(0, min(at - len(text) // 2, columns - len(text)))
        words[start : start + len(text)] = text
    lead = " " * (len(INDENT) + side)
    return [(*line(f"{lead} "), *joined(base)), line(f"{lead} {''.join(words).rstrip()}", "dim")]


def _legend(ink: Ink, options: Options) -> list[Line]:
    words = (
        (ink.own, OWN, "equity beyond what is required"),
        (ink.needed, NEEDED, "maintenance margin x level"),
        (ink.lacking, LACKING, "missing"),
        (ink.end, LACKING, "liquidated from there on"),
    )
    spans = [span for glyph, style, text in words for span in ((f"{glyph * 2} ", style), (f"{text}   ", "dim"))]
    legend: Line = (*line(INDENT), *spans)
    if options.width is None or sum(len(text) for text, _ in legend) - 3 <= options.width:
        return [legend]
    return [
        row
        for glyph, style, text in words
        for row in paragraph(text, options.width, lead=((f"{INDENT}{glyph * 2} ", style),))
    ]
