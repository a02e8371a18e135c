"""Which contract a symbol means: the file's own, the venue's, or the one that the symbol spells."""

from datetime import date
from typing import TYPE_CHECKING

from msgspec.structs import replace

from marginctl.core.contract import Contract, ContractType, Tier, TiersBy
from marginctl.document.source import echo
from marginctl.portfolio.format import ContractEntry, DeclaredTier, OrderEntry, PositionEntry
from marginctl.portfolio.prices import Prices
from marginctl.portfolio.reading import Reading, short
from marginctl.portfolio.spelling import is_unsettled, not_modelled, pair_of, undeclared
from marginctl.venues.contracts import rates_given_twice
from marginctl.venues.symbols import Spelling, SpellingKind, expiry_of, spelling_of
from marginctl.venues.tiers import Deduction, TierRow, faults, tiers_of

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.venues.rule_set import RuleSet


class Contracts:
    """The contracts of one portfolio by symbol, resolved on first use; ``on`` is the day that the account is of."""

    def __init__(
        self, reading: Reading, declared: dict[str, ContractEntry], rule_set: "RuleSet", prices: Prices, on: date
    ):
        self._reading = reading
        self._declared = declared
        self._rule_set = rule_set
        self._prices = prices
        self._on = on
        self._known: dict[str, Contract | None] = {}
        self.overridden: set[str] = set()

    def resolve(self, symbol: str, node: "Node") -> Contract | None:
        """The contract of ``symbol``; None after noting a problem at ``node``."""
        if symbol not in self._known:
            self._known[symbol] = self._resolve(symbol, node)
        return self._known[symbol]

    def resolve_declared(self) -> None:
        """Check the declared contracts that no position uses, so that a mistake in them is not silent."""
        for symbol, draft in self._declared.items():
            self.resolve(symbol, draft.node)

    def observe_expired(self, rows: list[PositionEntry | OrderEntry]) -> None:
        """Positions and orders in a contract whose last day is over are facts, one for each contract."""
        seen: set[str] = set()
        for row in rows:
            symbol = row.symbol
            contract = self._known.get(symbol)
            if symbol in seen or contract is None or contract.expiry is None or contract.expiry >= self._on.isoformat():
                continue
            seen.add(symbol)
            message = f"{short(symbol)} ended on {contract.expiry}, before {self._on}, the day of these figures"
            self._reading.observe(
                "MC214",
                symbol,
                message,
                row.at(PositionEntry.symbol) if isinstance(row, PositionEntry) else row.at(OrderEntry.symbol),
            )

    def _resolve(self, symbol: str, node: "Node") -> Contract | None:
        published = self._rule_set.contract(symbol)
        draft = self._declared.get(symbol)
        spelling = spelling_of(symbol, self._prices.currency, self._prices.named)
        if published is None and spelling.kind in (SpellingKind.OPTION, SpellingKind.QUANTO):
            self._reading.refuse(node, "MC021", *not_modelled(symbol, spelling))
            return None
        if draft is not None:
            if published is not None:
                self.overridden.add(symbol)
            return self._from_draft(symbol, draft, published, spelling)
        if published is not None:
            return published
        if self._rule_set.splits_symbols:
            return self._split(symbol, spelling, node)
        meant = self._rule_set.meant(spelling, self._prices.currency)
        if len(meant) > 1:
            others = ", ".join(short(one.symbol) for one in meant[1:3])
            self._reading.assume(f"{short(symbol)} means {short(meant[0].symbol)}, not {others}")
        if meant:
            return meant[0]
        message = f"{echo(symbol)} is no contract of {self._rule_set.name}"
        self._reading.refuse(node, "MC021", message, self._rule_set.unknown_help(short(symbol), self._on))
        return None

    def _split(self, symbol: str, spelling: Spelling, node: "Node") -> Contract | None:
        if spelling.kind is not SpellingKind.LINEAR:
            self._reading.refuse(node, "MC021", *undeclared(symbol, spelling, self._prices.currency))
            return None
        if spelling.base == spelling.quote:
            self._refuse_pair(symbol, spelling.base, node)
            return None
        return Contract(symbol, ContractType.LINEAR, spelling.base, spelling.quote, expiry=spelling.expiry)

    def _refuse_pair(self, symbol: str, base: str, node: "Node") -> None:
        self._reading.refuse(
            node, "MC016", f"base and quote of {echo(symbol)} are both {short(base)}", "write two different assets"
        )

    def _from_draft(
        self, symbol: str, draft: ContractEntry, published: Contract | None, spelling: Spelling
    ) -> Contract | None:
        pair = (published.base, published.quote) if published else pair_of(spelling)
        base, quote = draft.base or pair[0], draft.quote or pair[1]
        unsaid = [name for name, asset in (("base", base), ("quote", quote)) if not asset]
        unsettled = published is None and ContractEntry.type not in draft and is_unsettled(spelling, quote)
        if unsaid or unsettled:
            self._refuse_unsaid(symbol, draft, unsaid, spelling if unsettled else None)
            return None
        if base == quote:
            self._refuse_pair(
                symbol, base, draft.at(ContractEntry.quote if ContractEntry.quote in draft else ContractEntry.base)
            )
            return None
        known = published or Contract(symbol, ContractType.LINEAR, base, quote, expiry=expiry_of(symbol))
        contract = replace(
            known,
            type=draft.type or known.type,
            base=base,
            quote=quote,
            contract_size=draft.contract_size or known.contract_size,
            tick_size=draft.tick_size or known.tick_size,
            tiers_by=draft.tiers_by or known.tiers_by,
            lot=draft.lot or known.lot,
            expiry=draft.expiry.isoformat() if draft.expiry is not None else known.expiry,
        )
        if draft.tiers is not None:
            return replace(contract, tiers=self._tiers(symbol, draft, draft.tiers, contract.tiers_by))
        if contract.tiers and _unit_of_tiers(contract) != _unit_of_tiers(known):
            self._reading.refuse(
                draft.node,
                "MC016",
                f"the tiers of {echo(symbol)} go by {_unit_of_tiers(known)}, this contract's by "
                f"{_unit_of_tiers(contract)}",
                "give its `tiers:` too",
            )
        return contract

    def _refuse_unsaid(self, symbol: str, draft: ContractEntry, names: list[str], spelling: Spelling | None) -> None:
        """A declared contract whose base, quote or type neither the file nor the symbol says."""
        missing = [*names, *(["type"] if spelling else [])]
        words = {"type": "inverse", **dict.fromkeys(names, "...")}
        example = ", ".join(f"{name}: {words[name]}" for name in missing)
        advice = f"add `{example}`"
        if spelling:
            coin = draft.base or spelling.base
            advice += f" if it settles in {short(coin) if coin else 'its base'}, else `type: linear`"
        named = " and ".join(f"`{name}`" for name in missing)
        self._reading.refuse(draft.node, "MC012", f"{echo(symbol)} needs {named}", advice)

    def _tiers(
        self, symbol: str, contract: ContractEntry, drafts: list[DeclaredTier], tiers_by: TiersBy
    ) -> tuple[Tier, ...]:
        """The contract's own table, held to the same law as a venue's."""
        if not drafts:
            message = "`tiers` is empty"
            self._reading.refuse(
                contract.at(ContractEntry.tiers), "MC012", message, "write at least one tier, or remove the key"
            )
        for found in rates_given_twice(drafts):
            self._reading.refuse(*found)
        rows = [draft.row for draft in drafts]
        deduction = _deduction(rows, tiers_by)
        by_size = tiers_by is TiersBy.QUANTITY
        for fault in faults(rows, deduction, excerpt=True, by_size=by_size):
            draft, advice = drafts[fault.row], fault.help
            column = DeclaredTier.layout.by_name[fault.column]
            if fault.column == "deduction":
                advice += ", or leave out all deductions to have them derived"
            elif column not in draft:
                advice = f"add `{fault.column}: ...`"
            self._reading.refuse_row(draft, column, fault.message, advice)
        if rows and rows[0].deduction and not by_size:
            begins = f"{short(symbol)}: its table begins with a deduction of {rows[0].deduction:f}"
            self._reading.assume(f"{begins}, so its first tiers are left out; smaller positions would need more margin")
        return tiers_of(rows, deduction)


def _deduction(rows: list[TierRow], tiers_by: TiersBy) -> Deduction:
    """How the file's table deducts: as printed; 0 on every tier, or tiers by quantity, mean nothing; else derived."""
    given = [row.deduction for row in rows if row.deduction is not None]
    if given and not (len(given) == len(rows) and not any(given)):
        return Deduction.GIVEN
    return Deduction.WHOLE if given or tiers_by is TiersBy.QUANTITY else Deduction.DERIVED


def _unit_of_tiers(contract: Contract) -> str:
    """What the borders of a contract's tiers are measured in."""
    if contract.tiers_by is TiersBy.NOTIONAL:
        return f"notional in {contract.settle}"
    return f"quantity of contracts of size {contract.contract_size:f}"
