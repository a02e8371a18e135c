"""The built-in scenarios, read from their data file, ``marginctl.scenarios/1``."""

from functools import cache
from pathlib import Path

from marginctl.core.path import FundingShock, Scenario
from marginctl.document.kinds import (
    DATE,
    DURATION,
    MOVE,
    PERIOD,
    POSITIVE,
    SIGNED_RATE,
    TEXT,
    Entries,
    MapOf,
    words,
)
from marginctl.document.reader import read
from marginctl.document.record import Record, bind, key, nested, optional, records
from marginctl.results.catalogue import BuiltIn, Publication

DATA = Path(__file__).parent / "data" / "builtin.yaml"


class Citation(Record, name="source"):
    """Where a figure was published."""

    publisher = key(TEXT)
    title = key(TEXT)
    date = key(PERIOD, "when it was published: a day, a month or a year")
    reference = optional(TEXT, "where it is found", default="")


class FundingEntry(Record, name="funding"):
    """Funding that is paid at flat prices."""

    rates = key(MapOf(SIGNED_RATE), 'by base asset, "*" is every other one')
    interval = key(DURATION, "what a rate is paid per")
    days = key(POSITIVE, "how long it is paid")


class BuiltInEntry(Record, name="built-in scenario"):
    """What a market did on a day."""

    name = key(TEXT)
    title = key(TEXT)
    date = key(DATE, "the day it happened")
    shocks = optional(MapOf(MOVE), 'relative price move by asset, "*" every other volatile one', default=Entries())
    funding = optional(nested(FundingEntry))
    note = key(TEXT, "how the figures follow from the sources, and what is assumed")
    sources = key(records(Citation))


class Catalogue(Record, name="scenarios"):
    """Built-in scenarios."""

    format = key(words("marginctl.scenarios/1"), name="schema")
    scenarios = key(records(BuiltInEntry))


@cache
def built_in() -> dict[str, BuiltIn]:
    """All of them by name, in the order of the file. Raises RuntimeError if the file is broken."""
    source, node, problems = read(DATA.read_bytes(), DATA.name)
    if node is not None and not problems:
        catalogue, problems = bind(node, Catalogue, source)
        if catalogue is not None:
            return {one.name: _built_in(one) for one in catalogue.scenarios}
    raise RuntimeError(f"{DATA.name}: {problems[0].message}")


def _built_in(entry: BuiltInEntry) -> BuiltIn:
    paid = entry.funding
    funding = FundingShock(dict(paid.rates), paid.interval, paid.days) if paid is not None else None
    return BuiltIn(
        scenario=Scenario(name=entry.name, shocks=dict(entry.shocks), funding=funding),
        title=entry.title,
        date=entry.date,
        note=entry.note,
        sources=tuple(Publication(**one.to_dict()) for one in entry.sources),
    )
