"""Answers of venues' own interfaces -> tables and haircuts: one module per format, told apart by the JSON's shape.

Every module has a ``FORMAT``; a new one is added to ``FORMATS``. Formats do not know rule sets, and no module here
knows which venue an answer is from.
"""

from marginctl.document.encoding import decode
from marginctl.document.nodes import Node
from marginctl.document.reader import parse
from marginctl.document.source import Source, echo
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
from marginctl.venues.answers.reading import MisfitError, items, member, text

FORMATS: tuple[Format, ...] = (
    brackets.FORMAT,
    risk_limits.FORMAT,
    position_tiers.FORMAT,
    collateral_tiers.FORMAT,
    discount_tiers.FORMAT,
    asset_index.FORMAT,
    collateral_rates.FORMAT,
)
CODES = (("retCode", "retMsg"), ("code", "msg"))
"""Where answers put an error: the key of its number, 0 for none, and of its text."""


def answer_of(data: bytes, name: str) -> tuple[Answer | None, list[Problem]]:
    """The answer in a file; None with what is wrong: no JSON, an error of the venue, an unknown format."""
    source, problems = decode(data, name)
    if problems:
        return None, problems
    root, problems = parse(source)
    if problems or root is None:
        return None, problems or [source.problem((0, 0), "MC001", "the file is empty", "save the answer into it")]
    return _answer(root, source)


def _answer(root: Node, source: Source) -> tuple[Answer | None, list[Problem]]:
    refused = next((refusal for code, words in CODES if (refusal := _refusal(root, code, words))), "")
    if refused:
        return None, [source.problem(root, "MC028", f"the answer is an error: {refused}", "ask again")]
    found = next((one for one in FORMATS if one.recognizes(root)), None)
    if found is None:
        known = ", ".join(one.title for one in FORMATS)
        return None, [source.problem(root, "MC028", "this is no answer of a known format", f"known: {known}")]
    try:
        answer = found.read(root)
    except MisfitError as error:
        return None, [source.problem(error.node, "MC028", f"{found.title}: {error.message}", "save it as it came")]
    return answer, []


def _refusal(root: Node, code: str, words: str) -> str:
    """The error that an answer carries instead of data."""
    number = text(root, code)
    if number in ("", "0") or items(member(root, "data")):
        return ""
    return f"{code} {echo(number)} {echo(text(root, words))}"
