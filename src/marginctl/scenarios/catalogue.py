"""The built-in scenarios, read from their data file."""

from functools import cache
from pathlib import Path

from marginctl.core.path import FundingShock, Scenario
from marginctl.document.reader import read
from marginctl.document.shape import Draft, bind
from marginctl.results.catalogue import BuiltIn, Source
from marginctl.scenarios.shape import SCENARIOS

DATA = Path(__file__).parent / "data" / "builtin.yaml"


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
