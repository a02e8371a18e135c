"""The contracts of a rule file with new tables: those taken in a group of their own, the others as they were."""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from marginctl.core.exact import ZERO
from marginctl.document.nodes import Mapping, Node
from marginctl.document.nodes import Sequence as Items
from marginctl.venues import rule_text as to
from marginctl.venues.assigning import Assigned
from marginctl.venues.contracts import ContractGroup, ListedContract
from marginctl.venues.rule_set import RuleSet
from marginctl.venues.table_text import columns_for, contracts_of, lines_of, plain, table_text
from marginctl.venues.tiers import Deduction, TierRow, continuous_deductions, initial_rate


class TierStep(Struct, frozen=True):
    """A row of a margin table as it counts. ``initial_rate``: the printed one, else 1 / max_leverage."""

    up_to: Decimal | None
    maintenance_rate: Decimal | None
    deduction: Decimal
    initial_rate: Decimal | None
    max_leverage: Decimal | None


class TableChange(Struct, frozen=True):
    """A contract's table before and after; none before = added, none after = removed."""

    shape: ClassVar[str] = "symbol change=kind before after"

    symbol: str
    before: tuple[TierStep, ...] | None
    after: tuple[TierStep, ...] | None

    @property
    def kind(self) -> str:
        """``added``, ``removed``, ``changed`` or ``same``."""
        if self.before is None or self.after is None:
            return "added" if self.before is None else "removed"
        return "same" if self.before == self.after else "changed"


class Kept(Struct, frozen=True):
    """What answers do not say and stays under its date: ``what`` is contracts or haircuts."""

    what: str
    as_of: str | None
    names: tuple[str, ...]


class RefreshedContracts(Struct, frozen=True):
    """The new list of groups, its tables by name, what changed, and the dates of what was replaced."""

    node: Items
    tables: dict[str, bytes]
    changes: tuple[TableChange, ...]
    kept: tuple[Kept, ...]
    dates: tuple[str | None, ...]


def refresh_contracts(
    root: Mapping,
    rules: RuleSet,
    taken: dict[str, Assigned],
    untaken: set[str],
    *,
    day: str,
    source: str,
    stem: str,
    complete: bool,
) -> RefreshedContracts:
    """The contracts with the tables taken, each group that has some split in two: of ``day``, and of its old date."""
    old = to.value_of(root, "contracts")
    nodes = [node for node in old.items if isinstance(node, Mapping)] if isinstance(old, Items) else []
    built = _GroupBuilder(rules, day, source, stem)
    for number, (group, node) in enumerate(zip(rules.groups, nodes, strict=True)):
        mine = {symbol: one for symbol, one in taken.items() if one.group == number}
        if mine:
            gone = {symbol for symbol in group.symbols() if symbol not in mine.keys() | untaken} if complete else set()
            built.split(group, node, mine, gone)
        else:
            built.keep(group, node)
    changes = tuple(sorted(built.changes, key=lambda change: change.symbol))
    return RefreshedContracts(
        to.with_items(old, built.nodes), built.tables, changes, tuple(built.kept), tuple(built.dates)
    )


class _GroupBuilder:
    """Builds the new groups one after the other."""

    def __init__(self, rules: RuleSet, day: str, source: str, stem: str) -> None:
        self.rules = rules
        self.day = day
        self.source = source
        self.stem = stem
        self.nodes: list[Node] = []
        self.tables: dict[str, bytes] = {}
        self.changes: list[TableChange] = []
        self.kept: list[Kept] = []
        self.dates: list[str | None] = []

    def keep(self, group: ContractGroup, node: Mapping) -> None:
        """A group that no answer is about, dated by itself where it was dated by the rule set."""
        if group.table is not None:
            name = self.new_name(group.table.name.replace("\\", "/").rpartition("/")[2].removesuffix(".csv"))
            self.tables[name] = group.table.data
            node = to.with_value(node, "table", to.scalar(name))
        self.nodes.append(self.dated(group, node))

    def dated(self, group: ContractGroup, node: Mapping) -> Mapping:
        if group.as_of is not None or self.rules.as_of is None:
            return node
        return to.with_value(node, "as_of", to.scalar(self.rules.as_of))

    def new_name(self, stem: str) -> str:
        """The name of a table that no other group has."""
        name, number = f"{stem}.csv", 2
        while name in self.tables:
            name, number = f"{stem}-{number}.csv", number + 1
        return name

    def split(self, group: ContractGroup, node: Mapping, taken: dict[str, Assigned], gone: set[str]) -> None:
        """A group with new tables for some of its contracts."""
        self.dates.append(group.as_of or self.rules.as_of)
        self.nodes.append(self.fresh(group, node, taken))
        left = [symbol for symbol in group.symbols() if symbol not in taken.keys() | gone]
        if left:
            self.kept.append(Kept("contracts", group.as_of or self.rules.as_of, tuple(left)))
            self.nodes.append(self.rest(group, node, set(left)))
        self.changes += [
            TableChange(symbol, _before(group, symbol), _steps(one.rows, group.deduction))
            for symbol, one in taken.items()
        ]
        self.changes += [TableChange(symbol, _before(group, symbol), None) for symbol in sorted(gone)]

    def fresh(self, group: ContractGroup, node: Mapping, taken: dict[str, Assigned]) -> Mapping:
        """The contracts taken, as a group of the answer's date."""
        columns = columns_for(group.table, [row for one in taken.values() for row in one.rows])
        lines = {symbol: lines_of(columns, symbol, one.base, one.quote, one.rows) for symbol, one in taken.items()}
        name = self.new_name(f"{self.stem}-{group.type.value}-{self.day}")
        self.tables[name] = table_text(columns, lines)
        listed = {symbol: entry for symbol, one in taken.items() if (entry := _entry(group, symbol, one)).entries}
        node = to.with_value(node, "table", to.scalar(name))
        node = to.with_value(node, "as_of", to.scalar(self.day))
        node = to.with_value(node, "source", to.scalar(self.source))
        return to.with_value(node, "listed", to.mapping(listed.items())) if listed else to.without(node, ["listed"])

    def rest(self, group: ContractGroup, node: Mapping, left: set[str]) -> Mapping:
        """The other contracts, as they were."""
        node = self.dated(group, node)
        if group.table is not None:
            lines = {symbol: one.lines for symbol, one in contracts_of(group.table).items() if symbol in left}
            name = self.new_name(f"{self.stem}-{group.type.value}-{group.as_of or self.rules.as_of}")
            if lines:
                self.tables[name] = table_text(group.table.columns, lines)
                node = to.with_value(node, "table", to.scalar(name))
            else:
                node = to.without(node, ["table"])
        listed = to.value_of(node, "listed")
        if not isinstance(listed, Mapping):
            return node
        others = to.without(listed, [symbol for symbol in group.entries if symbol not in left])
        return to.with_value(node, "listed", others) if others.entries else to.without(node, ["listed"])


def _entry(group: ContractGroup, symbol: str, one: Assigned) -> Mapping:
    """What stands beside a contract's table: its own size and price step, those of before where no answer has them.

    With a size of before goes what it rests on.
    """
    old = group.entries.get(symbol, ListedContract())
    size, tick = one.size or old.contract_size, one.tick or old.tick_size
    figures = (("contract_size", size), ("tick_size", tick))
    words = {key: plain(figure) for key, figure in figures if figure is not None}
    if one.size is None and old.size_assumption:
        words["contract_size_assumption"] = old.size_assumption
    return to.mapping((key, to.scalar(word)) for key, word in words.items())


def _before(group: ContractGroup, symbol: str) -> tuple[TierStep, ...] | None:
    """The old table of a contract, empty where it had none; None where the contract is new."""
    found = group.table.contract(symbol) if group.table is not None else None
    if found is not None:
        return _steps(found.rows, group.deduction)
    entry = group.entries.get(symbol)
    return None if entry is None else _steps(entry.rows, group.deduction)


def _steps(rows: Sequence[TierRow], deduction: Deduction) -> tuple[TierStep, ...]:
    derived = continuous_deductions(list(rows)) if deduction is Deduction.DERIVED and rows else [ZERO] * len(rows)
    return tuple(
        TierStep(
            row.up_to,
            row.maintenance_rate,
            (row.deduction or ZERO) if deduction is Deduction.GIVEN else derived[k],
            initial_rate(row),
            row.max_leverage,
        )
        for k, row in enumerate(rows)
    )
