"""Which contract a symbol means: the file's own, the venue's, or what it spells; and what that leaves open."""

from datetime import date
from typing import TYPE_CHECKING

from msgspec.structs import replace

from marginctl.core.account import STABLECOINS
from marginctl.core.contract import Contract, ContractType, Tier, TiersBy
from marginctl.document.source import echo
from marginctl.portfolio.format import GIVE_IT, ContractEntry, DeclaredTier, OrderEntry, PositionEntry
from marginctl.portfolio.prices import Prices
from marginctl.portfolio.reading import Reading, short
from marginctl.venues.contracts import rates_given_twice
from marginctl.venues.symbols import ALIASES, Spelling, SpellingKind, expiry_of, spelling_of
from marginctl.venues.tiers import Deduction, TierRow, faults, tiers_of

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.venues.rule_set import RuleSet


def pair_of(spelling: Spelling) -> tuple[str, str]:
    """The base and quote that a symbol tells, empty where it does not, or calls the base by another name."""
    return ("", spelling.quote) if spelling.kind is SpellingKind.ALIASED else (spelling.base, spelling.quote)


def is_unsettled(spelling: Spelling, quote: str) -> bool:
    """Whether a declared contract must say its type: its symbol speaks against linear, or leaves it open."""
    settles = spelling.settles if spelling.kind is SpellingKind.ALIASED else spelling.kind
    return settles in (SpellingKind.INVERSE, SpellingKind.UNSETTLED) and quote not in STABLECOINS


def option(symbol: str) -> tuple[str, str]:
    """(message, help) for an option."""
    return f"{echo(symbol)} is an option, and options are not modelled", GIVE_IT


def settled_in(draft: ContractEntry, base: str, quote: str, spelling: Spelling) -> tuple[ContractType | None, str]:
    """The declared type and, of a quanto, the third asset in which it settles: as the file says, else as its symbol.

    A settle asset that is the base or the quote says the type; None where nothing does.
    """
    settle = draft.settle or (spelling.settle if spelling.kind is SpellingKind.QUANTO else "")
    said = {base: ContractType.INVERSE, quote: ContractType.LINEAR}.get(settle)
    kind = draft.type or said or (ContractType.QUANTO if settle else None)
    return kind, "" if said is not None else settle


def misdeclared(
    symbol: str, draft: ContractEntry, kind: ContractType | None, base: str, third: str
) -> tuple[str, str] | None:
    """(message, help) where a declared type and its settle asset contradict each other, or a quanto lacks something."""
    name, settle = echo(symbol), short(draft.settle or third)
    if draft.settle and not third:
        said = ContractType.INVERSE if draft.settle == base else ContractType.LINEAR
        if kind is not said and kind is not None:
            of = "its base" if said is ContractType.INVERSE else "its quote"
            return f"the {kind.value} contract {name} settles in {settle}, {of}", f"write `type: {said.value}`"
    if kind is not ContractType.QUANTO:
        word = f"{kind.value} contract" if kind is not None else "contract"
        message = f"the {word} {name} settles in {settle}, a third asset"
        return (message, "write `type: quanto`") if third else None
    if not third:
        return f"the quanto {name} needs `settle`", "add `settle: ...`, the third asset in which it settles"
    if draft.contract_size is None:
        advice = f"add `contract_size: ...`: units of {settle} for a price that moves by 1"
        return f"the contract size of the quanto {name} is not known", advice
    return None


def undeclared(symbol: str, spelling: Spelling, currency: str) -> tuple[str, str]:
    """(message, help) for a symbol that does not say enough to be a contract without a declaration."""
    if spelling.kind is SpellingKind.INVERSE:
        advice = f"declare it: {_declaration(symbol, spelling, inverse=True)}"
        return f"{echo(symbol)} settles in {short(spelling.base)}: its contract size is not known", advice
    if spelling.kind is SpellingKind.QUANTO:
        terms = f"type: quanto, base: {short(spelling.base)}, quote: {short(spelling.quote)}"
        declared = (
            f'`contracts: {{"{short(symbol)}": {{{terms}, settle: {short(spelling.settle)}, contract_size: ...}}}}`'
        )
        message = f"{echo(symbol)} settles in {short(spelling.settle)}, a third asset: its contract size is not known"
        return message, f"declare it: {declared}"
    if spelling.kind is SpellingKind.ALIASED:
        other = next(name for name, asset in ALIASES.items() if asset == spelling.base)
        message = f"{echo(symbol)} calls its base {other}, another name for {short(spelling.base)}"
        return message, _either(symbol, spelling)
    if spelling.kind is SpellingKind.UNSETTLED:
        lacks = "what it settles in" if spelling.quote else "its quote, nor what it settles in"
        return f"{echo(symbol)} does not say {lacks}", _either(symbol, spelling)
    message = f"{echo(symbol)} cannot be split into base and quote"
    capitals = spelling_of(symbol.upper(), currency).kind is SpellingKind.LINEAR
    meant = f"did you mean {echo(symbol.upper())}? Otherwise " if capitals and symbol != symbol.upper() else ""
    terms = "{type: linear, base: ..., quote: ...}"
    advice = f"declare it: `contracts: {{{short(symbol)}: {terms}}}`, or `type: inverse` if it settles in its base"
    return message, meant + advice


def _either(symbol: str, spelling: Spelling) -> str:
    """How to declare it: as it settles, or both ways where the symbol does not say."""
    settles = spelling.settles if spelling.kind is SpellingKind.ALIASED else spelling.kind
    if settles is not SpellingKind.UNSETTLED:
        return f"declare it: {_declaration(symbol, spelling, inverse=settles is SpellingKind.INVERSE)}"
    inverse, linear = (_declaration(symbol, spelling, inverse=way) for way in (True, False))
    return f"declare it: {inverse} if it settles in {short(spelling.base)}, else {linear}"


def _declaration(symbol: str, spelling: Spelling, *, inverse: bool) -> str:
    name = short(symbol)
    key = f'"{name}"' if ":" in name else name
    quote = short(spelling.quote) or "..."
    terms = f"type: {'inverse' if inverse else 'linear'}, base: {short(spelling.base)}, quote: {quote}"
    return f"`contracts: {{{key}: {{{terms}{', contract_size: ...' if inverse else ''}}}}}`"


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
        if published is None and spelling.kind is SpellingKind.OPTION:
            self._reading.refuse(node, "MC021", *option(symbol))
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
        is_said = ContractEntry.type in draft or ContractEntry.settle in draft
        unsettled = published is None and not is_said and is_unsettled(spelling, quote)
        if unsaid or unsettled:
            self._refuse_unsaid(symbol, draft, unsaid, spelling if unsettled else None)
            return None
        if base == quote:
            self._refuse_pair(
                symbol, base, draft.at(ContractEntry.quote if ContractEntry.quote in draft else ContractEntry.base)
            )
            return None
        kind, third = settled_in(draft, base, quote, spelling)
        fault = misdeclared(symbol, draft, kind, base, third)
        if fault:
            self._reading.refuse(draft.at(ContractEntry.settle), "MC016", *fault)
            return None
        known = published or Contract(symbol, ContractType.LINEAR, base, quote, expiry=expiry_of(symbol))
        contract = replace(
            known,
            type=kind or known.type,
            third=third,
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
