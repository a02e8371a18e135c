"""The figures that can be explained, a line for each kind of row."""

from collections.abc import Sequence

from marginctl.render.screen import Block, Line, draw, line, line_width, paragraph, shower
from marginctl.results import Options

SECTIONS = ("account", "totals", "liquidation", "pools", "positions", "collateral", "underlyings", "netting", "funding")
WORDS = {"pools": "POOL", "positions": "KEY", "collateral": "ASSET", "underlyings": "ASSET"}
"""Sections with a row for each of several subjects, and what stands for the subject."""
MOST_SUBJECTS = 40


def render_listing(file: str, figures: Sequence[str], options: Options) -> str:
    """Every section once, with its subjects and the names of its figures."""
    show = shower(options)
    blocks: list[Block] = [
        *_joined(line(show(file), "bold"), line(f"  {len(figures)} figures, for example"), options.width),
        *(row for figure in _examples(figures) for row in _command(show(file), show(figure), options.width)),
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


def _command(file: str, figure: str, width: int | None) -> list[Line]:
    """The command as it can be copied, on two lines where one is too narrow."""
    whole = line(f"  marginctl explain {file} {figure}", "cyan")
    if width is None or line_width(whole) <= width:
        return [whole]
    return [line(f"  marginctl explain {file} \\", "cyan"), line(f"    {figure}", "cyan")]


def _joined(first: Line, second: Line, width: int | None) -> list[Line]:
    """Two parts on one line, below one another where it is too narrow."""
    whole = (*first, *second)
    return [whole] if width is None or line_width(whole) <= width else [first, second]


def _section(section: str, figures: Sequence[str], options: Options) -> list[Block]:
    if section not in WORDS:
        names = [figure.removeprefix(f"{section}.") for figure in figures]
        return [line(f"{section}.FIGURE", "bold"), *_listed("FIGURE", names, options)]
    word = WORDS[section]
    subjects = _subjects(section, figures)
    first = f"{section}.{subjects[0]}."
    names = [figure.removeprefix(first) for figure in figures if figure.startswith(first)]
    more = [f"and {len(subjects) - MOST_SUBJECTS} more"] if len(subjects) > MOST_SUBJECTS else []
    return [
        line(f"{section}.{word}.FIGURE", "bold"),
        *_listed(word, [*subjects[:MOST_SUBJECTS], *more], options),
        *_listed("FIGURE", names, options),
    ]


def _listed(word: str, names: Sequence[str], options: Options) -> list[Block]:
    text = shower(options)(", ".join(names))
    return [*paragraph(text, options.width, lead=line(f"  {word:<6}  ", "dim"))]


def _subjects(section: str, figures: Sequence[str]) -> list[str]:
    """The subjects of a section in order; each has the same names behind it, in the same order."""
    last = f".{figures[0].rpartition('.')[2]}"
    named = (figure for figure in figures if figure.endswith(last))
    return [figure.removeprefix(f"{section}.").removesuffix(last) for figure in named]
