"""A rule set brought up to date from answers of the venue's own interface: new tables and haircuts, and what changed.

What an answer does not say stays as it was, under its old date. What contradicts itself is not taken.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from marginctl.document.kinds import first_day
from marginctl.document.nodes import Mapping, Node
from marginctl.document.nodes import Sequence as Items
from marginctl.document.reader import read
from marginctl.document.source import Source, echo
from marginctl.findings import Document, Problem, Summary
from marginctl.venues import rule_text as to
from marginctl.venues.answers.account import PublishedHaircuts, VenueAnswer
from marginctl.venues.assigning import Assigned, Homes, Untaken, assign
from marginctl.venues.binding import rule_set_of
from marginctl.venues.refreshed_contracts import Kept, TableChange, refresh_contracts
from marginctl.venues.refreshed_haircuts import HaircutChange, refresh_haircuts
from marginctl.venues.rule_set import RuleSet
from marginctl.venues.table import Table, open_table, table_problems
from marginctl.venues.table_text import fits_table
from marginctl.venues.tiers import Deduction

NEXT_PAGE = "the answer is one page of several ({}): give the others as well"
SIZES_ALONE = "sizes and ticks of contracts are taken with their margin tables: give the answer that has those as well"
TWICE = "given twice, with different figures"
MOST_REASONS = 3


class RefreshError(ValueError):
    """Why nothing can be brought up to date. ``message`` says what is wrong, ``help`` what to do."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class RuleFile(Struct, frozen=True):
    """A rule file as it stands: its text and nodes, and the rule set that it is."""

    source: Source
    root: Mapping
    rule_set: RuleSet


class Named(Struct, frozen=True):
    """An answer and the name of the file it was read from."""

    file: str
    answer: VenueAnswer


class Refreshed(Struct, frozen=True, kw_only=True):
    """The new rule file and its tables (``text``, ``tables``: name -> bytes), and what is new in them.

    ``before``, ``as_of``: the date of the rule set; ``day``: that of the answers. ``changes`` and ``haircuts`` hold
    what the answers say, changed or not; ``kept``: what they do not say. ``untaken``: what they say and is not used.
    """

    name: str
    before: str | None
    as_of: str
    day: str
    answers: tuple[str, ...]
    changes: tuple[TableChange, ...]
    haircuts: tuple[HaircutChange, ...]
    kept: tuple[Kept, ...]
    untaken: tuple[Untaken, ...]
    remarks: tuple[str, ...]
    text: str
    tables: dict[str, bytes]


class Dates(Struct, frozen=True):
    """Of a rule set before and after an update, and of the answers."""

    before: str | None
    after: str
    answer: str


class RefreshSummary(Summary, frozen=True):
    """How many tables and haircuts changed, and how much was not taken."""

    shape: ClassVar[str] = "changes untaken exit_code"
    changes: int
    untaken: int


class RefreshResult(Document, frozen=True, kw_only=True):
    """What a refresh changed, and the files that were written."""

    schema: ClassVar[str] = "marginctl.refresh/2"
    shape: ClassVar[str] = (
        "schema version name=done.name as_of answers=done.answers contracts haircuts=done.haircuts "
        "kept=done.kept untaken=done.untaken remarks=done.remarks written errors=problems summary"
    )
    table: ClassVar[str] = "contracts"

    done: Refreshed
    written: tuple[str, ...] = ()

    @property
    def contracts(self) -> tuple[TableChange, ...]:
        """Tables of contracts, changed or not."""
        return self.done.changes

    @property
    def as_of(self) -> Dates:
        """All dates."""
        return Dates(self.done.before, self.done.as_of, self.done.day)

    @property
    def summary(self) -> RefreshSummary:
        """Counts; 1 where something was not taken."""
        kinds = [*(one.kind for one in self.done.changes), *(one.kind for one in self.done.haircuts)]
        return RefreshSummary(
            exit_code=1 if self.done.untaken else 0,
            changes=len(kinds) - kinds.count("same"),
            untaken=len(self.done.untaken),
        )


def refreshed(
    file: RuleFile,
    answers: Sequence[Named],
    day: str,
    *,
    stem: str,
    sizes: dict[str, Decimal] | None = None,
    complete: bool = False,
    only: Sequence[str] = (),
) -> Refreshed:
    """The rule file with what the answers of ``day`` say. Raises RefreshError.

    ``stem`` begins the names of new tables. ``sizes``: contract sizes by symbol. ``complete``: the answers list every
    contract and asset, so that the others are gone. ``only``: the contracts meant, all where none is named.
    """
    rules = file.rule_set
    if rules.as_of is None:
        raise RefreshError(f"{rules.name} states conventions, not a venue's tables", "name a venue's rule set")
    taken, haircuts, untaken = _gathered(rules, answers, sizes or {}, only)
    if only:
        taken, haircuts, untaken = _only(only, taken, untaken), {}, [one for one in untaken if one.name in only]
    _sizes_used(sizes or {}, taken, untaken)
    remarks = _remarks(answers, complete=complete)
    source_id = _free_id(f"answer-{day}", {one.id for one in rules.sources})
    names, root = {one.name for one in untaken}, file.root
    contracts = refresh_contracts(root, rules, taken, names, day=day, source=source_id, stem=stem, complete=complete)
    collateral = refresh_haircuts(root, rules, haircuts, names, day=day, source=source_id, complete=complete)
    untaken += collateral.untaken
    if not contracts.changes and not collateral.changes:
        raise RefreshError(f"nothing in the answer can be used for {rules.name}", _reasons(untaken, answers))
    _not_older(day, [date for date in (*contracts.dates, *collateral.dates) if date])
    moves = rules.as_of in contracts.dates or collateral.moves
    sources = _sources(root, source_id, answers, day)
    nodes: dict[str, Node] = {"contracts": contracts.node, "modes": collateral.node, "sources": sources}
    text = _text(file, nodes | ({"as_of": to.scalar(day)} if moves else {}))
    _sound(text, contracts.tables)
    return Refreshed(
        name=rules.name,
        before=rules.as_of,
        as_of=day if moves else rules.as_of,
        day=day,
        answers=tuple(dict.fromkeys(one.answer.title for one in answers)),
        changes=contracts.changes,
        haircuts=collateral.changes,
        kept=(*contracts.kept, *collateral.kept),
        untaken=tuple(dict.fromkeys(untaken)),
        remarks=remarks,
        text=text,
        tables=contracts.tables,
    )


def _text(file: RuleFile, nodes: dict[str, Node]) -> str:
    """The rule file with new values of some keys."""
    root = file.root
    for key, value in nodes.items():
        root = to.with_value(root, key, value)
    return to.rule_text(root, file.source)


def day_for(answers: Sequence[VenueAnswer], given: str | None) -> str:
    """The date of some answers: their own, the earliest of several, else the one given. Raises RefreshError."""
    days = sorted(answer.day for answer in answers if answer.day is not None)
    if given is None:
        if not days:
            raise RefreshError("the answer has no date of its own", "add --as-of with the day it was asked for")
        return days[0]
    if days and not days[0] <= given <= days[-1]:
        raise RefreshError(f"the answer is of {days[0]}, --as-of says {given}", "leave out --as-of")
    return given


def _gathered(
    rules: RuleSet, answers: Sequence[Named], sizes: dict[str, Decimal], only: Sequence[str]
) -> tuple[dict[str, Assigned], dict[str, PublishedHaircuts], list[Untaken]]:
    """The usable tables by symbol and haircuts by asset, and everything else with the reason."""
    homes = Homes(rules.groups)
    contracts = {contract.symbol: contract for one in answers for contract in one.answer.contracts}
    tables: dict[str, Assigned] = {}
    haircuts: dict[str, PublishedHaircuts] = {}
    untaken: list[Untaken] = []
    for one in answers:
        assigned, left = assign(one.answer, rules.groups, homes, sizes, contracts, only)
        untaken += left
        for table in assigned:
            if tables.setdefault(table.symbol, table) != table:
                untaken.append(Untaken(table.symbol, TWICE))
        for row in one.answer.haircuts:
            fault = row.fault or ("" if fits_table(row.asset) else "it names no asset")
            if fault or haircuts.setdefault(row.asset, row) != row:
                untaken.append(Untaken(row.asset, fault or TWICE))
    refused = {one.name for one in untaken}
    return (
        {symbol: one for symbol, one in tables.items() if symbol not in refused},
        {asset: one for asset, one in haircuts.items() if asset not in refused},
        untaken,
    )


def _only(names: Sequence[str], taken: dict[str, Assigned], untaken: Sequence[Untaken]) -> dict[str, Assigned]:
    """The tables of the contracts meant. Raises RefreshError where no answer has one of them."""
    known = {*taken, *(one.name for one in untaken)}
    if lacking := [name for name in names if name not in known]:
        raise RefreshError(f"--symbol {echo(lacking[0])}: no answer has a table of that contract", "check its symbol")
    return {symbol: one for symbol, one in taken.items() if symbol in names}


def _sizes_used(sizes: dict[str, Decimal], taken: dict[str, Assigned], untaken: Sequence[Untaken]) -> None:
    """Refuse a size of a contract without a table, or say why its table cannot be used. Raises RefreshError."""
    unused = next((symbol for symbol in sizes if symbol not in taken), None)
    if unused is None:
        return
    reason = next((one.reason for one in untaken if one.name == unused), "")
    if reason:
        raise RefreshError(f"--contract-size {echo(unused)}: its table cannot be used: {reason}")
    names = [*taken, *(one.name for one in untaken)]
    close = next((name for name in names if _letters(name) == _letters(unused)), "")
    raise RefreshError(
        f"--contract-size {echo(unused)}: the answer has no table of that contract",
        f"did you mean {echo(close)}?" if close else "check its symbol",
    )


def _letters(symbol: str) -> str:
    """A symbol without what venues set between its parts."""
    return "".join(filter(str.isalnum, symbol)).upper()


def _remarks(answers: Sequence[Named], *, complete: bool) -> tuple[str, ...]:
    """What a reader must know; an answer with further pages is whole where its last page is among the files."""
    pages = [one.answer.more for one in answers if one.answer.tables]
    if not pages or pages[0] is None or not all(pages):
        return ()
    words = NEXT_PAGE.format(pages[0].parameter)
    if complete:
        raise RefreshError(words, "or leave out --complete")
    return (words,)


def _reasons(untaken: Sequence[Untaken], answers: Sequence[Named]) -> str:
    if not untaken and any(one.answer.contracts for one in answers):
        return SIZES_ALONE
    shown = [f"{one.name}: {one.reason}" for one in untaken[:MOST_REASONS]]
    more = len(untaken) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


def _not_older(day: str, replaced: Sequence[str]) -> None:
    newer = max((first_day(date) for date in replaced), default="")
    if day < newer:
        raise RefreshError(f"the answer is of {day}, what it would replace of {newer}", "ask the venue again")


def _free_id(wanted: str, used: set[str]) -> str:
    number = 2
    name = wanted
    while name in used:
        name = f"{wanted}-{number}"
        number += 1
    return name


def _sources(root: Mapping, source_id: str, answers: Sequence[Named], day: str) -> Items:
    old = to.value_of(root, "sources")
    titles = ", ".join(dict.fromkeys(one.answer.title for one in answers))
    files = ", ".join(dict.fromkeys(one.file for one in answers))
    entry = {"id": source_id, "title": titles, "reference": f"answer of the venue, saved as {files}", "date": day}
    new = to.mapping((key, to.scalar(value)) for key, value in entry.items())
    return to.with_items(old, [*(old.items if isinstance(old, Items) else []), new])


def _sound(text: str, tables: dict[str, bytes]) -> None:
    """Read the result as any rule file is read. Raises RefreshError where it would be refused."""

    def table(name: str, deduction: Deduction) -> tuple[Table | None, list[Problem]]:
        if name not in tables:
            return None, []
        opened = open_table(name, tables[name])
        return opened, table_problems(opened, deduction)

    source, node, problems = read(text.encode(), "result")
    if node is not None and not problems:
        _, problems = rule_set_of(node, source, table)
    if problems:
        first = problems[0]
        raise RefreshError(f"the result would be no valid rule file: {first.message}", first.help)
