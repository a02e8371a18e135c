"""``compare``: what the book ties up per mode and venue, and what was mapped, changed and left out on the way."""

from collections.abc import Sequence

from msgspec.structs import replace

from marginctl.core.exact import ZERO
from marginctl.core.pooling import Pooling
from marginctl.render import Options, Verbosity
from marginctl.render.page import (
    Column,
    DataTable,
    Items,
    Page,
    Problems,
    Section,
    Sentence,
    Tone,
    dim,
    names,
    page,
    section,
    texts,
)
from marginctl.render.pages.account import pooling_text
from marginctl.render.pages.columns import NEVER, figured
from marginctl.render.pages.more_pictures import modes
from marginctl.results.comparison import AS_IS, ISOLATED_ROW, ComparedRow, CompareResult, NamedRow, NotCarried
from marginctl.wording import counted, exactly, figure, listed, share

PREFERRED = ("portfolio", AS_IS, "multi-asset", "cross")
"""Which row the first sentence holds against isolated positions."""
UNCOVERED = "does not cover the whole book: see what is missing"


def compare_page(result: CompareResult, options: Options) -> Page:
    """The answer in a sentence, one line a row, then what had to be done to the book."""
    rows = result.listed
    answer = answer_text(result)
    table = _table(rows, result.account.currency if result.account else "") if rows else None
    return page(
        [
            Section(blocks=(Sentence(text=answer),)) if answer else None,
            section("Comparison", table, _marked(rows), note=result.file) if table else None,
            *(section(one.title, one) for one in (modes(result) if "modes" in (options.pictures or ()) else ())),
            _list("Missing", _missing(rows)),
            _list("Changed", _changed(rows)) if options.verbosity is Verbosity.VERBOSE else _changed_hint(rows),
            Section(blocks=(Problems(result.problems),)) if result.problems else None,
        ]
    )


def pictured(result: CompareResult, options: Options) -> Page:
    """The same with its picture: where it costs no room."""
    return compare_page(result, replace(options, pictures=frozenset(("modes",))))


def answer_text(result: CompareResult) -> str:
    """What pooling ties up against isolated positions, and how far the nearest liquidation moves; empty if unknown."""
    apart = result.rows.get(ISOLATED_ROW)
    found = [result.rows[name] for name in PREFERRED if name in result.rows and result.rows[name].is_complete]
    if apart is None or not apart.is_complete or not found or result.positions < 2:
        return ""
    pooled = found[0]
    if pooled.initial_margin is None or apart.initial_margin is None:
        return ""
    distances = [None if row.liquidation is None else row.liquidation.distance for row in (pooled, apart)]
    return pooling_text(
        Pooling(
            positions=result.positions,
            pools=pooled.pools or 0,
            model=pooled.model or "",
            margin=pooled.initial_margin,
            margin_apart=apart.initial_margin,
            distance=distances[0],
            distance_apart=distances[1],
        )
    )


def _table(rows: Sequence[NamedRow], unit: str) -> DataTable:
    figures = [row.figures for row in rows]
    return DataTable(
        (
            names("mode", [row.name for row in rows]),
            _status(figures),
            figured("initial", figures, "initial_margin", unit),
            figured("maintenance", figures, "maintenance_margin", unit, priority=2),
            figured("free", figures, "free_collateral", unit, priority=1),
            figured("used", figures, "utilization", priority=6),
            texts("liquidated by", [_distance(row) for row in figures], priority=3),
            figured("saving", figures, "saving", unit, priority=4),
            figured("saved", figures, "saving_rate", priority=5),
            texts("short of", [_short(row) for row in figures], priority=7, tones=[Tone.WARN] * len(figures)),
        )
    )


def _status(rows: Sequence[ComparedRow]) -> Column:
    """Said where a row does not cover the whole book."""
    words = ["" if row.is_complete else row.status for row in rows]
    return texts("status", words, priority=1, tones=[Tone.WARN] * len(words))


def _distance(row: ComparedRow) -> str:
    """The nearest joint move, with its side."""
    found = row.liquidation
    if found is None:
        return ""
    if found.distance is None:
        return NEVER
    side = {"down": "fall of ", "up": "rise of ", None: ""}[found.direction]
    return f"{side}{share(found.distance)}"


def _short(row: ComparedRow) -> str:
    return ", ".join(
        f"{figure('shortfall', amount)} {asset}" for asset, amount in row.shortfall.items() if amount > ZERO
    )


def _marked(rows: Sequence[NamedRow]) -> Sentence | None:
    return dim(f"A row marked incomplete {UNCOVERED}.") if any(not row.figures.is_complete for row in rows) else None


def _list(heading: str, lines: Sequence[str]) -> Section | None:
    return section(heading, Items(texts=tuple(lines), mark="- ")) if lines else None


def _missing(rows: Sequence[NamedRow]) -> list[str]:
    """What rows leave out: by what it is and where it lacks, with the remedy where it is one thing."""
    where: dict[NotCarried, list[str]] = {}
    for row in rows:
        for one in row.figures.missing:
            where.setdefault(one, []).append(row.name)
    groups: dict[tuple[str, tuple[str, ...]], list[NotCarried]] = {}
    for one, found in where.items():
        groups.setdefault((one.what, tuple(found)), []).append(one)
    return [f"{listed(found)}: {_lacking(what, lacking)}" for (what, found), lacking in groups.items()]


def _lacking(what: str, lacking: Sequence[NotCarried]) -> str:
    """A problem in its own words, else what it is and its names."""
    subject = listed([one.name for one in lacking])
    if not what.startswith("MC"):
        subject = f"{what} {subject}"
    return f"{subject} ({lacking[0].remedy})" if len(lacking) == 1 and lacking[0].remedy else subject


def _changed(rows: Sequence[NamedRow]) -> list[str]:
    where: dict[str, list[str]] = {}
    for row in rows:
        for mapped in row.figures.mapped:
            text = f"{mapped.symbol} is {exactly(mapped.contracts)} contracts of {mapped.to}"
            where.setdefault(text, []).append(row.name)
        for one in row.figures.changed:
            after = "dropped, the venue's counts" if one.after is None else one.after
            text = f"{one.symbol} {one.what}: {one.before or 'none'} -> {after}"
            where.setdefault(text, []).append(row.name)
    return [f"{listed(found)}: {text}" for text, found in where.items()]


def _changed_hint(rows: Sequence[NamedRow]) -> Section | None:
    count = len(_changed(rows))
    if not count:
        return None
    return Section(blocks=(dim(f"{counted(count, 'change')} on the way to other venues (-v lists them)"),))
