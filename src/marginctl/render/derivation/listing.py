"""The figures that can be explained, a line for each kind of row."""

from collections.abc import Iterable, Sequence

from marginctl.render.document import Options
from marginctl.render.screen import Block, draw, line, paragraph, shower

SECTIONS = ("account", "totals", "liquidation", "pools", "positions", "collateral", "underlyings", "netting", "funding")
ROWS = frozenset({"pools", "positions", "collateral", "underlyings"})
"""Sections that have a row for each of several subjects."""


def subject_of(figure: str, names: Iterable[str]) -> str:
    """The part of a path before the name of the figure: ``positions.BTCUSDT``."""
    return next((figure.removesuffix(f".{name}") for name in names if figure.endswith(f".{name}")), figure)


def render_listing(file: str, figures: Sequence[str], options: Options) -> str:
    """Every section once, with its subjects and the names of its figures."""
    show = shower(options)
    blocks: list[Block] = [
        (*line(show(file), "bold"), *line(f"  {len(figures)} figures, for example", "")),
        *(line(f"  marginctl explain {show(file)} {show(figure)}", "cyan") for figure in _examples(figures)),
    ]
    for section in SECTIONS:
        own = [figure for figure in figures if figure.startswith(f"{section}.")]
        if own:
            blocks += [(), *_section(section, own, options)]
    return draw(blocks, options)


def _examples(figures: Sequence[str]) -> list[str]:
    """A figure everybody has, and one of the first position."""
    priced = [figure for figure in figures if figure.startswith("positions.") and figure.endswith(".liquidation_price")]
    return ["totals.utilization", *priced[:1]]


def _section(section: str, figures: Sequence[str], options: Options) -> list[Block]:
    show = shower(options)
    if section not in ROWS:
        names = ", ".join(figure.removeprefix(f"{section}.") for figure in figures)
        return [*paragraph(show(names), options.width, lead=line(f"{section}.", "bold"))]
    subjects = _subjects(section, figures)
    first = f"{section}.{subjects[0]}."
    names = ", ".join(figure.removeprefix(first) for figure in figures if figure.startswith(first))
    lead = line(f"{section}.{_placeholder(section)}.", "bold")
    return [
        *paragraph(show(names), options.width, lead=lead),
        *paragraph(show(", ".join(subjects)), options.width, lead=line(f"  {_placeholder(section)}: ", "dim")),
    ]


def _placeholder(section: str) -> str:
    return {"pools": "POOL", "positions": "KEY"}.get(section, "ASSET")


def _subjects(section: str, figures: Sequence[str]) -> list[str]:
    """The subjects of a section in order: every path has the same names behind its subject, the first ends in ``first``."""
    last = figures[0].rpartition(".")[2]
    return [
        figure.removeprefix(f"{section}.").removesuffix(f".{last}") for figure in figures if figure.endswith(f".{last}")
    ]
