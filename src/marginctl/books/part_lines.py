"""The manifest of a run into a folder: one line for every part that is done, by which another run goes on."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from marginctl import __version__
from marginctl.books.book_parts import BookPart
from marginctl.books.running import BookPlan
from marginctl.books.tally import Tally, pack

MANIFEST = "_manifest.jsonl"


class PartLine(Struct, frozen=True, kw_only=True):
    """A part that is done. ``mark``: of its inputs and all that its rows depend on; ``file``: of its rows."""

    part: str
    inputs: dict[str, tuple[int, int]]
    mark: str
    header: str
    version: str
    file: str
    rows: int
    accounts: int
    recomputed: int
    tally: Tally
    problems: list[dict[str, Any]] = []


def inputs_of(part: BookPart) -> dict[str, tuple[int, int]]:
    """Size and time of change of the files of a part."""
    states = {file: Path(file).stat() for file in part.files.values()}
    return {file: (state.st_size, state.st_mtime_ns) for file, state in states.items()}


def mark_of(part: BookPart, plan: BookPlan, digest: str) -> str:
    """What tells a part apart from every other one that may have other rows."""
    named = {table: dict(sorted(names.items())) for table, names in sorted(plan.named.theirs.items())}
    gaps = None if plan.gaps is None else [f"{gap:f}" for gap in plan.gaps]
    twice = sorted((name or "", at or "") for name, at in plan.doubles.names)
    told = (__version__, digest, part.name, part.groups, sorted(inputs_of(part).items()), named, gaps)
    return sha256(repr((told, plan.only, plan.exact, plan.top, twice)).encode()).hexdigest()


def line_of(part: BookPart, plan: BookPlan, digest: str, tally: Tally, problems: list[dict[str, Any]]) -> PartLine:
    """The line of a part whose rows are written."""
    pack(tally)
    return PartLine(
        part=part.name,
        inputs=inputs_of(part),
        mark=mark_of(part, plan, digest),
        header=digest,
        version=__version__,
        file=f"{part.name}.parquet",
        rows=tally.rows,
        accounts=tally.accounts,
        recomputed=tally.recomputed,
        tally=tally,
        problems=problems,
    )


def lines_in(folder: Path) -> dict[str, PartLine]:
    """The lines of a folder's manifest by part, the last one counting; one that was cut off is none."""
    found: dict[str, PartLine] = {}
    try:
        texts = (folder / MANIFEST).read_bytes().splitlines()
    except OSError:
        return found
    for text in texts:
        try:
            line = msgspec.json.decode(text, type=PartLine)
        except msgspec.DecodeError:
            continue
        found[line.part] = line
    return found
