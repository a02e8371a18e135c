"""Rows into a folder, one file for each part, with a manifest: a part is there as a whole, or not at all."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from marginctl.books.book_parts import BookPart
from marginctl.books.header import BookHeader
from marginctl.books.normalising import BookError
from marginctl.books.part_lines import MANIFEST, PartLine, line_of, lines_in, mark_of
from marginctl.books.running import MOST_PROBLEMS, BatchOutcome, BookPlan, accounts_of, outcome_of
from marginctl.books.tally import Tally
from marginctl.cli.book_sinks import Staged
from marginctl.cli.targets import TargetError, begun


def prepare(
    folder: Path, plan: BookPlan, parts: Sequence[BookPart], digest: str, *, resume: bool
) -> dict[str, PartLine]:
    """The folder, ready; the lines of the parts that need not be done again. Raises TargetError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        known = lines_in(folder)
        kept: dict[str, PartLine] = {}
        if resume:
            kept = {
                part.name: known[part.name]
                for part in parts
                if part.name in known
                and known[part.name].mark == mark_of(part, plan, digest)
                and (folder / known[part.name].file).is_file()
            }
        for name, line in known.items():
            if name not in kept:
                (folder / line.file).unlink(missing_ok=True)
        sweep(folder, (part.name for part in parts))
        _rewrite(folder, kept.values())
    except OSError as error:
        raise TargetError(folder, f"cannot be written: {error.strerror or error}") from None
    return kept


def sweep(folder: Path, names: Iterable[str]) -> None:
    """Take away what workers that died had begun, of the parts of these names."""
    starts = tuple(begun(f"{name}.parquet") for name in names)
    for path in folder.iterdir():
        if starts and path.name.startswith(starts):
            path.unlink(missing_ok=True)


def _rewrite(folder: Path, lines: Iterable[PartLine]) -> None:
    part = folder / f".{MANIFEST}.{os.urandom(8).hex()}"
    part.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    part.replace(folder / MANIFEST)


def note(folder: Path, line: PartLine) -> None:
    """A part is done: its line behind the others, on the disk."""
    with (folder / MANIFEST).open("ab") as file:
        file.write(msgspec.json.encode(line) + b"\n")
        file.flush()
        os.fsync(file.fileno())


class PartRows:
    """The rows of one part as they come, then its line; without a folder they are not written."""

    def __init__(self, folder: Path | None, part: BookPart, plan: BookPlan) -> None:
        self.part, self._plan = part, plan
        self._file = None if folder is None else Staged(folder / f"{part.name}.parquet", plan.schema)
        self.tally = Tally()
        self.problems: list[dict[str, Any]] = []

    def add(self, outcome: BatchOutcome) -> None:
        """Some more rows."""
        if self._file is not None:
            self._file.write(outcome.rows)
        self.tally.add(outcome.tally, self._plan.top)
        self.problems += outcome.problems[: MOST_PROBLEMS - len(self.problems)]

    def end(self, digest: str) -> PartLine:
        """The file gets its name."""
        if self._file is not None:
            self._file.__exit__(None, None, None)
        return line_of(self.part, self._plan, digest, self.tally, self.problems)

    def drop(self) -> None:
        """Nothing of it stays."""
        if self._file is not None:
            with suppress(TargetError, OSError):
                self._file.__exit__(BookError, None, None)


def computed_part(header: BookHeader, plan: BookPlan, part: BookPart, number: int, folder: Path | None) -> PartLine:
    """A part, read, computed and written in this process. Raises BookError, TargetError."""
    rows = PartRows(folder, part, plan)
    try:
        for accounts in accounts_of(plan, part):
            rows.add(outcome_of(header, plan, part, number, accounts))
    except BaseException:
        rows.drop()
        raise
    return rows.end(header.digest)
