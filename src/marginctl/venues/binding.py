"""What the classes of a rule file cannot say: names used once, sources that exist, tables that are sound."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from marginctl.core.account import MarginRules
from marginctl.document.nodes import Node
from marginctl.document.record import Key, Record, bind
from marginctl.document.source import Collector, Source, echo, in_order
from marginctl.findings import Problem
from marginctl.venues.collateral import Collateral, CollateralGroup, HaircutStep, PublishedTerms
from marginctl.venues.contracts import ContractGroup, ListedContract, VenueTier, rates_given_twice
from marginctl.venues.format import StatedRules
from marginctl.venues.model_format import PublishedModel, UnderlyingEntry, names_of
from marginctl.venues.origin import Origin, RuleSource, Traced
from marginctl.venues.rule_set import Mode, RuleSet
from marginctl.venues.table import Table
from marginctl.venues.tiers import Deduction, faults, haircut_faults

RATES: tuple[Key[Any], ...] = (ListedContract.initial_rate, ListedContract.maintenance_rate)
OpenTable = Callable[[str, Deduction], tuple[Table | None, list[Problem]]]
"""Opens a table named in a rule file; None with the problems where it cannot be used."""


def rule_set_of(node: Node, source: Source, open_table: OpenTable) -> tuple[RuleSet | None, list[Problem]]:
    """The rule set that a file holds; None with every problem of its form, else of its content."""
    rule_set, problems = bind(node, RuleSet, source)
    if rule_set is None:
        return None, problems
    checks = _Checks(source, open_table, rule_set)
    checks.rule_set(rule_set)
    problems = in_order(checks.found.problems) + checks.of_tables
    if problems:
        return None, problems
    _complete(rule_set)
    return rule_set, []


def _complete(rule_set: RuleSet) -> None:
    """Give every mode its rules: those of the file with its changes."""
    stated, origins = rule_set.rules.values(), rule_set.rules.origins()
    isolated = rule_set.isolated_rules.values() if rule_set.isolated_rules is not None else {}
    for mode in rule_set.modes:
        own = stated | (mode.changes.values() if mode.changes is not None else {})
        mode.rules = MarginRules(**own)
        mode.isolated_rules = MarginRules(**(own | isolated)) if isolated else None
        mode.origins = origins | (mode.changes.origins() if mode.changes is not None else {})
        mode.taker_fee = rule_set.taker_fee


class _Checks:
    """Checks part by part and opens the tables, so that all problems are found in one run."""

    def __init__(self, source: Source, open_table: OpenTable, rule_set: RuleSet) -> None:
        self.found = Collector(source, [])
        self.of_tables: list[Problem] = []
        self.open_table = open_table
        self.source_ids = {one.id for one in rule_set.sources}

    def rule_set(self, rule_set: RuleSet) -> None:
        self.unique(rule_set.sources, RuleSource.id)
        self.unique(rule_set.modes, Mode.collateral_mode)
        if not rule_set.modes:
            self.found.add(rule_set.at(RuleSet.modes), "MC012", "`modes` is empty", "list at least one collateral_mode")
        for stated in (rule_set.rules, rule_set.isolated_rules, *(mode.changes for mode in rule_set.modes)):
            self.rules(stated)
        for mode in rule_set.modes:
            self.collateral(mode.collateral)
            if mode.portfolio_margin is not None:
                self.model(mode.portfolio_margin)
        for group in rule_set.groups:
            self.group(group)
        liquidation = rule_set.liquidation
        for traced in (rule_set.stated_taker_fee, liquidation.stated_fee, liquidation):
            if isinstance(traced, Origin):
                self.named(traced, Origin.source)

    def unique(self, rows: Sequence[Record], one: Key[Any]) -> None:
        """Note the rows whose key stood in an earlier one."""
        lines: dict[str, int] = {}
        for row in rows:
            value = row[one]
            if value in lines:
                message = f"`{one.name}` {echo(row.text_at(one))} was given before, on line {lines[value]}"
                self.found.add(row.at(one), "MC016", message, "remove one")
            lines.setdefault(value, row.node.line)

    def named(self, row: Record, source: Key[str | None]) -> None:
        """Note a source that the file does not list."""
        name = row[source]
        if name is not None and name not in self.source_ids:
            known = ", ".join(sorted(self.source_ids))
            self.found.add(row.at(source), "MC015", f"no source has the id {echo(name)}", f"known: {known}")

    def rules(self, stated: StatedRules | None) -> None:
        for _, written, node in stated.items() if stated is not None else ():
            if isinstance(written, Traced):
                self.named(written, Origin.source)
                if not written.enters_figures:
                    self.found.add(node, "MC016", "a rule cannot rest on a sample", "state the trust it deserves")

    def collateral(self, collateral: Collateral) -> None:
        listed: set[str] = set()
        for group in collateral.groups:
            self.named(group, CollateralGroup.source)
            for word, written, node in group.assets.rows():
                if word.text in listed:
                    self.found.add(word, "MC016", f"{echo(word.text)} was listed before", "keep the figure in force")
                listed.add(word.text)
                if isinstance(written, PublishedTerms):
                    self.terms(written, node)

    def model(self, model: PublishedModel) -> None:
        """Note what is wrong with a venue's own margin model."""
        for origin in model.origins:
            self.named(origin, Origin.source)
        faults = [*(row.faults() for row in model.underlyings), *(row.faults() for row in model.charges)]
        for fault in chain.from_iterable(faults):
            self.found.add(*fault)
        listed: set[str] = set()
        for row in model.underlyings:
            for asset in names_of(row.assets):
                if asset in listed:
                    message = f"{echo(asset)} is named twice"
                    self.found.add(row.at(UnderlyingEntry.assets), "MC016", message, "keep one of them")
                listed.add(asset)

    def terms(self, terms: PublishedTerms, node: Node) -> None:
        if (PublishedTerms.haircut in terms) == (PublishedTerms.haircut_tiers in terms):
            self.found.add(node, "MC016", "terms need `haircut` or `haircut_tiers`, not both", "write one of them")
        tiers = terms.haircut_tiers
        for fault in haircut_faults([one.tier for one in tiers]):
            where = tiers[fault.row].at(HaircutStep.layout.by_name[fault.column])
            self.found.add(where, "MC016", fault.message, fault.help)

    def group(self, group: ContractGroup) -> None:
        self.named(group, ContractGroup.source)
        self.open(group)
        unsized = [] if ContractGroup.contract_size in group else group.unsized()
        if unsized:
            message = f"`contract_size` is missing: {echo(unsized[0])} of the table has none of its own"
            self.found.add(group.node, "MC012", message, "give that of the table's contracts")
        for word, entry, node in group.entries.rows():
            self.named(entry, ListedContract.source)
            self.tiers(entry, group.deduction)
            if group.table is not None and group.table.contract(word.text) is not None:
                self.beside_table(entry)
            else:
                self.entry(group, entry, node)

    def open(self, group: ContractGroup) -> None:
        """Open the table of a group."""
        if group.table_name is None:
            return
        group.table, problems = self.open_table(group.table_name, group.deduction)
        if group.table is None and not problems:
            message = f"the table {echo(group.table_name)} cannot be read"
            self.found.add(group.at(ContractGroup.table_name), "MC001", message, "put it beside this file")
        self.of_tables += problems

    def beside_table(self, entry: ListedContract) -> None:
        """Note what a remark on a contract of the table says again."""
        said: tuple[Key[Any], ...] = (ListedContract.base, ListedContract.quote, ListedContract.tiers, *RATES)
        for one in said:
            if one in entry:
                self.found.add(entry.word(one), "MC016", f"`{one.name}` stands in the table already", "remove it")

    def entry(self, group: ContractGroup, entry: ListedContract, node: Node) -> None:
        """Note what a contract without a table lacks."""
        for one in (ListedContract.base, ListedContract.quote):
            if one not in entry:
                self.found.add(node, "MC012", f"`{one.name}` is missing", f"add `{one.name}`: an asset")
        if ListedContract.contract_size not in entry and ContractGroup.contract_size not in group:
            self.found.add(node, "MC012", "`contract_size` is missing", "add it here or to the group")

    def tiers(self, entry: ListedContract, deduction: Deduction) -> None:
        for one in RATES:
            if one in entry and ListedContract.tiers in entry:
                self.found.add(entry.word(one), "MC016", f"`{one.name}` beside `tiers`", "keep one of them")
        for found in rates_given_twice(entry.tiers):
            self.found.add(*found)
        for fault in faults(entry.rows, deduction):
            where = entry.tiers[fault.row].at(VenueTier.layout.by_name[fault.column])
            self.found.add(where, "MC025", fault.message, fault.help)
