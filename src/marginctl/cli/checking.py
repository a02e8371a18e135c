"""One file's bytes -> its outcome: the whole way from text to findings, without printing anything."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from marginctl.core.account import Account
from marginctl.core.assemble import report_of
from marginctl.core.report import Report
from marginctl.core.scenario import expanded, moved, ratios
from marginctl.document.edit import set_value
from marginctl.document.nodes import Mapping, Node
from marginctl.document.portfolio_shape import PORTFOLIO
from marginctl.document.reader import read
from marginctl.document.shape import Draft, bind
from marginctl.document.source import Source
from marginctl.findings import Problem
from marginctl.portfolio.resolve import Resolved, resolve
from marginctl.venues.loader import load


class Loaded(Struct, frozen=True):
    """A portfolio that resolves: its text, its draft, and the account it means (after shocks)."""

    source: Source
    draft: Draft
    resolved: Resolved

    @property
    def account(self) -> Account:
        """The account."""
        return self.resolved.account


def load_portfolio(
    data: bytes,
    name: str,
    *,
    sets: list[tuple[str, str]],
    shocks: dict[str, Decimal],
    rules_dir: str | None,
) -> tuple[Loaded | None, list[Problem]]:
    """Read, edit, bind, resolve and shock one portfolio; None with every problem found on the way."""
    source, node, problems = read(data, name)
    if node is None or problems:
        return None, problems
    for path, text in sets:
        problems += set_value(node, path, text, source)
    draft, bound = bind(node, PORTFOLIO, source)
    problems += bound
    if problems:
        return None, problems
    account = draft.get("account")
    rule_set, refused = load(
        account.get("venue", "generic") if account is not None else "generic",
        node=account.at("venue") if account is not None and "venue" in account else node,
        source=source,
        directory=rules_dir,
        beside=Path(name).parent,
    )
    if rule_set is None:
        return None, refused
    resolved, problems = resolve(draft, source, rule_set, Path(name).stem)
    if resolved is None:
        return None, problems
    return Loaded(source, draft, resolved), []
