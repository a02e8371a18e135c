"""The built-in scenarios, read from their data file."""

from datetime import date
from functools import cache
from pathlib import Path

from msgspec import Struct

from marginctl.core.path import FundingShock, Scenario
from marginctl.document.reader import read
from marginctl.document.shape import Draft, bind
from marginctl.scenarios.shape import SCENARIOS

DATA = Path(__file__).parent / "data" / "builtin.yaml"


class Source(Struct, frozen=True):
    """Where a figure was published; ``date`` is a day, a month or a year."""

    publisher: str
    title: str
    date: str
    reference: str


class BuiltIn(Struct, frozen=True, kw_only=True):
    """What a market did on a day. ``note`` says how the figures follow from the sources and what is assumed."""

    scenario: Scenario
    title: str
    date: date
    note: str
    sources: tuple[Source, ...]

    @property
    def name(self) -> str:
        """How the command line calls it."""
        return self.scenario.name


@cache
def built_in() -> dict[str, BuiltIn]:
    """All of them by name, in the order of the file. Raises RuntimeError if the file is broken."""
    source, node, problems = read(DATA.read_bytes(), DATA.name)
    if node is not None and not problems:
        draft, problems = bind(node, SCENARIOS, source)
        if not problems:
            return {one.get("name"): _built_in(one) for one in draft.get("scenarios")}
    raise RuntimeError(f"{DATA.name}: {problems[0].message}")


def _built_in(draft: Draft) -> BuiltIn:
    return BuiltIn(
        scenario=Scenario(
            name=draft.get("name"),
            shocks={key.text: shock for key, shock, _ in draft.get("shocks", ())},
            funding=_funding(draft.get("funding")),
        ),
        title=draft.get("title"),
        date=draft.get("date"),
        note=draft.get("note"),
        sources=tuple(
            Source(row.get("publisher"), row.get("title"), row.get("date"), row.get("reference", ""))
            for row in draft.get("sources")
        ),
    )


def _funding(draft: Draft | None) -> FundingShock | None:
    if draft is None:
        return None
    rates = {key.text: rate for key, rate, _ in draft.get("rates")}
    return FundingShock(rates, draft.get("interval"), draft.get("days"))
