"""Answers of venues' own interfaces -> tables and haircuts: one module per format, told apart by the JSON's shape.

Every module has a ``FORMAT``; a new one is added to ``FORMATS``. Formats do not know rule sets, and no module here
knows which venue an answer is from.
"""

from msgspec.structs import replace

from marginctl.document.encoding import decode
from marginctl.document.nodes import Node
from marginctl.document.reader import parse
from marginctl.document.source import Source
from marginctl.findings import Problem
from marginctl.venues.answers import (
    asset_index,
    brackets,
    collateral_rates,
    collateral_tiers,
    discount_tiers,
    position_tiers,
    risk_limits,
)
from marginctl.venues.answers.answer import Answer, Format
from marginctl.venues.answers.reading import MisfitError
from marginctl.venues.answers.refusal import emptiness, not_json, refusal

FORMATS: tuple[Format, ...] = (
    brackets.FORMAT,
    risk_limits.FORMAT,
    position_tiers.FORMAT,
    collateral_tiers.FORMAT,
    discount_tiers.FORMAT,
    asset_index.FORMAT,
    collateral_rates.FORMAT,
)
AGAIN = "ask the venue again once that is settled"
WHOLE = "save the whole answer as it came"


def answer_of(data: bytes, name: str) -> tuple[Answer | None, list[Problem]]:
    """The answer in a file; None with what is wrong: no JSON, an error of the venue, nothing, an unknown format."""
    source, problems = decode(data, name)
    if problems:
        return None, problems
    words = not_json(source.text)
    if words:
        return None, [source.problem((0, 0), "MC028", f"the answer is text, not JSON: {words}", AGAIN)]
    root, problems = parse(source)
    if problems:
        return None, [replace(problem, help=WHOLE) for problem in problems]
    if root is None:
        return None, [source.problem((0, 0), "MC001", "the file is empty", "save the answer into it")]
    return _answer(root, source)


def _answer(root: Node, source: Source) -> tuple[Answer | None, list[Problem]]:
    refused = refusal(root)
    if refused:
        return None, [source.problem(root, "MC028", f"the answer is an error: {refused}", AGAIN)]
    found = next((one for one in FORMATS if one.recognizes(root)), None)
    if found is None:
        return None, [_unknown(root, source)]
    try:
        answer = found.read(root)
    except MisfitError as error:
        return None, [source.problem(error.node, "MC028", f"{found.title}: {error.message}", "save it as it came")]
    return answer, []


def _unknown(root: Node, source: Source) -> Problem:
    empty = emptiness(root)
    if empty:
        return source.problem(root, "MC028", f"the answer is empty: {empty}", "ask for contracts that the venue lists")
    known = ", ".join(one.title for one in FORMATS)
    return source.problem(root, "MC028", "this is no answer of a known format", f"known: {known}")
