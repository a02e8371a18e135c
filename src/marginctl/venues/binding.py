"""The draft of a rule file -> a rule set, or everything wrong with what it says."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from marginctl.core.account import (
    Basis,
    CloseFee,
    CloseFeeIn,
    CollateralMode,
    Equality,
    MaintenanceShown,
    Netting,
    OpenLoss,
    OrderFees,
    OrderMaintenance,
    PriceShown,
    Rules,
)
from marginctl.core.contract import ContractType, HaircutTier, TiersBy
from marginctl.core.exact import ZERO
from marginctl.document.nodes import Node
from marginctl.document.shape import Draft
from marginctl.document.source import Collector, Source, echo, in_order
from marginctl.findings import Problem
from marginctl.venues.collateral import Collateral, PublishedTerms, Unlisted
from marginctl.venues.contracts import ContractGroup, Entry, TablesFrom
from marginctl.venues.origin import Origin, Trust, Verification
from marginctl.venues.origin import Source as Published
from marginctl.venues.rule_set import (
    Assumption,
    LiquidationStep,
    Mode,
    NotOffered,
    Occasion,
    PublishedLiquidation,
    PublishedOrder,
    RuleSet,
)
from marginctl.venues.table import Table
from marginctl.venues.tiers import Deduction, TierRow, faults, haircut_faults

OpenTable = Callable[[str, Deduction], tuple[Table | None, list[Problem]]]
"""Opens a table named in a rule file; None with the problems where it cannot be used."""

_READ: dict[str, Callable[[Any], Any]] = {
    "equality": Equality,
    "netting": Netting,
    "underlying_netting": Netting,
    "initial_basis": Basis,
    "maintenance_basis": Basis,
    "close_fee": CloseFee,
    "close_fee_in": CloseFeeIn,
    "open_loss": OpenLoss,
    "order_fees": OrderFees,
    "order_maintenance": OrderMaintenance,
    "shown_liquidation_price": PriceShown,
    "shown_maintenance": MaintenanceShown,
    "warning_level": lambda value: None if value == "none" else value,
}


def rule_set_of(draft: Draft, source: Source, open_table: OpenTable) -> tuple[RuleSet | None, list[Problem]]:
    """The rule set of a draft without problems of its own; None with every problem of its content."""
    binding = _Binding(source, open_table, draft)
    loaded = binding.rule_set(draft)
    problems = in_order(binding.found.problems) + binding.of_tables
    return (None, problems) if problems else (loaded, [])


class _Binding:
    """Binds part by part. A wrong part is noted and left out, so that all problems are found in one run."""

    def __init__(self, source: Source, open_table: OpenTable, draft: Draft) -> None:
        self.found = Collector(source, [])
        self.of_tables: list[Problem] = []
        self.open_table = open_table
        self.sources = tuple(
            Published(row.get("id"), row.get("title"), row.get("reference"), row.get("date"))
            for row in draft.get("sources")
        )
        self.source_ids = {one.id for one in self.sources}

    def rule_set(self, draft: Draft) -> RuleSet | None:
        self.unique(draft.get("sources"), "id")
        stated, origins = self.rules(draft.get("rules"))
        isolated, _ = self.rules(draft.get("isolated_rules"))
        taker_fee, fee_hint = self.taker_fee(draft)
        modes = tuple(self.mode(row, stated, isolated, origins, taker_fee) for row in draft.get("modes"))
        self.unique(draft.get("modes"), "collateral_mode")
        groups = tuple(self.group(row) for row in draft.get("contracts"))
        liquidation = self.liquidation(draft.get("liquidation"))
        if not modes:
            self.found.add(draft.at("modes"), "MC012", "`modes` is empty", "list at least one collateral_mode")
            return None
        return RuleSet(
            name=draft.get("name"),
            title=draft.get("title"),
            as_of=draft.get("as_of"),
            status=Verification(draft.get("status")),
            sources=self.sources,
            modes=modes,
            groups=groups,
            liquidation=liquidation,
            published_funding_interval=draft.get("funding_interval"),
            taker_fee_hint=fee_hint,
            not_offered=tuple(
                NotOffered(row.get("setting"), row.get("value"), row.get("message"))
                for row in draft.get("not_offered", [])
            ),
            notes=_notes(draft),
            unknown=tuple(element.value for element in draft.get("unknown", [])),
        )

    def unique(self, rows: list[Draft], key: str) -> None:
        """Note the rows whose key stood in an earlier one."""
        lines: dict[str, int] = {}
        for row in rows:
            value = row.get(key)
            if value in lines:
                message = f"`{key}` {echo(value)} was given before, on line {lines[value]}"
                self.found.add(row.at(key), "MC016", message, "remove one")
            lines.setdefault(value, row.node.line)

    def origin(self, draft: Draft) -> Origin:
        trust = draft.get("trust")
        self.source_id(draft)
        return Origin(Trust(trust) if trust else None, draft.get("source"), draft.get("as_of"))

    def source_id(self, draft: Draft) -> str | None:
        named: str | None = draft.get("source")
        if named is not None and named not in self.source_ids:
            known = ", ".join(sorted(self.source_ids))
            self.found.add(draft.at("source"), "MC015", f"no source has the id {echo(named)}", f"known: {known}")
        return named

    def traced(self, value: Any) -> tuple[Any, Origin]:
        """A value by itself, or with its origin."""
        return (value.get("value"), self.origin(value)) if isinstance(value, Draft) else (value, Origin())

    def rules(self, draft: Draft | None) -> tuple[dict[str, Any], dict[str, Origin]]:
        """The rules stated, by name, with where each comes from."""
        stated: dict[str, Any] = {}
        origins: dict[str, Origin] = {}
        for key, written, node in draft.items() if draft is not None else ():
            value, origins[key.text] = self.traced(written)
            if not origins[key.text].enters_figures:
                self.found.add(node, "MC016", "a rule cannot rest on a sample", "state the trust it deserves")
            stated[key.text] = _READ[key.text](value) if key.text in _READ else value
        return stated, origins

    def taker_fee(self, draft: Draft) -> tuple[Decimal | None, str]:
        written = draft.get("taker_fee")
        if not isinstance(written, Draft):
            return written, ""
        where = self.origin(written)
        return (written.get("value") if where.enters_figures else None), written.get("hint", "")

    def mode(
        self,
        draft: Draft,
        stated: dict[str, Any],
        isolated: dict[str, Any],
        origins: dict[str, Origin],
        taker_fee: Decimal | None,
    ) -> Mode:
        changes, changed = self.rules(draft.get("rules"))
        rules = stated | changes
        return Mode(
            collateral_mode=CollateralMode(draft.get("collateral_mode")),
            status=Verification(draft.get("status")),
            rules=_core_rules(rules),
            isolated_rules=_core_rules(rules | isolated) if isolated else None,
            taker_fee=taker_fee,
            offers_isolated=draft.get("isolated_positions"),
            offers_hedge=draft.get("hedge_mode"),
            collateral=self.collateral(draft.get("collateral")),
            notes=_notes(draft),
            origins=origins | changed,
        )

    def collateral(self, draft: Draft) -> Collateral:
        loan_rate = draft.get("loan_rate")
        assets: dict[str, PublishedTerms] = {}
        for group in draft.get("groups", []):
            where, assumption = self.origin(group), group.get("assumption", "")
            for key, written, node in group.get("assets"):
                if key.text in assets:
                    self.found.add(key, "MC016", f"{echo(key.text)} was listed before", "keep the figure in force")
                assets[key.text] = self.terms(written, node, where, assumption)
        return Collateral(
            unlisted=Unlisted(draft.get("unlisted")),
            loan_rate=None if loan_rate == "required" else loan_rate,
            ask_buffer=draft.get("ask_buffer") == "as-haircut",
            assets=assets,
            refusal_help=draft.get("refusal", ""),
            loan_rate_hint=draft.get("loan_rate_hint", ""),
        )

    def terms(self, written: Draft | Decimal, node: Node, where: Origin, assumption: str) -> PublishedTerms:
        if not isinstance(written, Draft):
            return PublishedTerms(haircuts=(HaircutTier(None, written),), origin=where, assumption=assumption)
        if ("haircut" in written) == ("haircut_tiers" in written):
            self.found.add(node, "MC016", "terms need `haircut` or `haircut_tiers`, not both", "write one of them")
        tiers: list[Draft] = written.get("haircut_tiers", [])
        haircuts = tuple(HaircutTier(row.get("up_to"), row.get("haircut")) for row in tiers)
        for fault in haircut_faults(haircuts):
            self.found.add(tiers[fault.row].at(fault.column), "MC016", fault.message, fault.help)
        return PublishedTerms(
            haircuts=haircuts or (HaircutTier(None, written.get("haircut", ZERO)),),
            initial_haircut=written.get("initial_haircut"),
            liability_factor=written.get("liability_factor"),
            requirement_factor=written.get("requirement_factor"),
            loan_rate=written.get("loan_rate"),
            origin=where,
            assumption=assumption,
        )

    def group(self, draft: Draft) -> ContractGroup:
        deduction = Deduction(draft.get("deduction"))
        table = self.table(draft, deduction) if "table" in draft else None
        if table is not None and "contract_size" not in draft:
            self.found.add(draft.node, "MC012", "`contract_size` is missing", "give that of the table's contracts")
        return ContractGroup(
            type=ContractType(draft.get("type")),
            contract_size=draft.get("contract_size"),
            sizes_by_base={key.text: size for key, size, _ in draft.get("contract_size_by_base", [])},
            size_assumption=draft.get("contract_size_assumption", ""),
            tiers_by=TiersBy(draft.get("tiers_by")),
            lot=draft.get("lot"),
            deduction=deduction,
            table=table,
            entries=self.entries(draft, table, deduction),
            splits_symbols=draft.get("unlisted") == "split",
            as_of=draft.get("as_of"),
            status=Verification(draft.get("status")),
            source=self.source_id(draft),
            assumption=draft.get("assumption", ""),
            tables_from=_tables_from(draft.get("tables_from")),
        )

    def table(self, draft: Draft, deduction: Deduction) -> Table | None:
        table, problems = self.open_table(draft.get("table"), deduction)
        if table is None and not problems:
            named = echo(draft.get("table"))
            self.found.add(draft.at("table"), "MC001", f"the table {named} cannot be read", "put it beside this file")
        self.of_tables += problems
        return table

    def entries(self, group: Draft, table: Table | None, deduction: Deduction) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for key, draft, node in group.get("listed", []):
            rows = tuple(_tier_row(row) for row in draft.get("tiers", []))
            self.tiers(draft, rows, deduction)
            entries[key.text] = Entry(
                base=draft.get("base"),
                quote=draft.get("quote"),
                contract_size=draft.get("contract_size"),
                size_assumption=draft.get("contract_size_assumption", ""),
                tick_size=draft.get("tick_size"),
                tiers_cut=draft.get("tiers_cut", False),
                as_of=draft.get("as_of"),
                source=self.source_id(draft),
                assumption=draft.get("assumption", ""),
                rows=rows,
            )
            self.entry(group, draft, node, in_table=table is not None and table.contract(key.text) is not None)
        return entries

    def entry(self, group: Draft, draft: Draft, node: Node, *, in_table: bool) -> None:
        """Note what a contract lacks, or says beside its table."""
        if in_table:
            for name in ("base", "quote", "tiers"):
                if name in draft:
                    self.found.add(draft.key(name), "MC016", f"`{name}` stands in the table already", "remove it")
            return
        for name in ("base", "quote"):
            if name not in draft:
                self.found.add(node, "MC012", f"`{name}` is missing", f"add `{name}`: an asset")
        if "contract_size" not in draft and "contract_size" not in group:
            self.found.add(node, "MC012", "`contract_size` is missing", "add it here or to the group")

    def tiers(self, draft: Draft, rows: tuple[TierRow, ...], deduction: Deduction) -> None:
        drafts: list[Draft] = draft.get("tiers", [])
        for row in drafts:
            if "initial_rate" in row and "max_leverage" in row:
                message = "`initial_rate` and `max_leverage` say the same"
                self.found.add(row.at("initial_rate"), "MC016", message, "keep one of them")
        for fault in faults(rows, deduction):
            self.found.add(drafts[fault.row].at(fault.column), "MC025", fault.message, fault.help)

    def liquidation(self, draft: Draft) -> PublishedLiquidation:
        fee, _ = self.traced(draft.get("fee"))
        return PublishedLiquidation(
            steps=tuple(LiquidationStep(element.value) for element in draft.get("steps")),
            order=PublishedOrder(draft.get("order")),
            fee=fee,
            take_over_level=draft.get("take_over_level"),
            origin=self.origin(draft),
        )


def _core_rules(stated: dict[str, Any]) -> Rules:
    return Rules(**stated)


def _tables_from(draft: Draft | None) -> TablesFrom | None:
    return TablesFrom(draft.get("address"), draft.get("refresh")) if draft else None


def _tier_row(row: Draft) -> TierRow:
    return TierRow(
        up_to=row.get("up_to"),
        maintenance_rate=row.get("maintenance_rate"),
        initial_rate=row.get("initial_rate"),
        max_leverage=row.get("max_leverage"),
        deduction=row.get("deduction"),
    )


def _notes(draft: Draft) -> tuple[Assumption, ...]:
    return tuple(Assumption(Occasion(row.get("when")), row.get("text")) for row in draft.get("assumptions", []))
