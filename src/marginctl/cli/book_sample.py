"""``book sample``: a folder with a header and tables of invented accounts."""

from pathlib import Path

from marginctl.books.sampling import header_text, sample_tables
from marginctl.cli.book_commands import BookSampleFlags
from marginctl.cli.book_sinks import Staged
from marginctl.cli.options import refuse_existing
from marginctl.cli.targets import TargetError, write_files
from marginctl.cli.terminal import emit
from marginctl.document.source import printable

HEADER, ACCOUNTS = "header.yaml", "accounts"
GROUP = 1 << 16


def written_sample(flags: BookSampleFlags) -> int:
    """Write the sample; returns the exit code. Raises FlagError."""
    folder = Path(flags.folder)
    tables = folder / ACCOUNTS
    refuse_existing(str(folder / HEADER), force=flags.force)
    try:
        tables.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TargetError(folder, f"cannot be written: {error.strerror or error}") from None
    for number, table in enumerate(sample_tables(flags.accounts, flags.seed, flags.positions)):
        with Staged(tables / f"part-{number:05d}.parquet", table.schema) as file:
            for batch in table.to_batches(GROUP):
                file.write(batch)
    write_files({folder / HEADER: header_text().encode()})
    name = printable(str(folder))
    count = f"{flags.accounts:,} account{'s' if flags.accounts != 1 else ''}"
    emit(f"wrote {count} to {name}; next: marginctl book check {name}/{ACCOUNTS} --header {name}/{HEADER}\n")
    return 0
