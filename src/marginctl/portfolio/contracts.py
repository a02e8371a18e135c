"""Which contract a symbol means: the file's own, the venue's, or a linear one split from the symbol."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from marginctl.core.contract import Contract, ContractType, Tier, TiersBy, derived_deductions
from marginctl.core.exact import ONE, ZERO
from marginctl.core.symbols import split_symbol
from marginctl.document.source import echo
from marginctl.portfolio.reading import Reading, brief, percent, short

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.document.shape import Draft
    from marginctl.venues.rule_set import RuleSet


class Contracts:
    """The contracts of one portfolio by symbol, resolved on first use."""

    def __init__(self, reading: Reading, declared: list[tuple[Any, "Draft", Any]], rule_set: "RuleSet", currency: str):
        self._reading = reading
        self._declared = {key.text: draft for key, draft, _ in declared}
        self._rule_set = rule_set
        self._currency = currency
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

    def _resolve(self, symbol: str, node: "Node") -> Contract | None:
        published = self._rule_set.contract(symbol)
        draft = self._declared.get(symbol)
        if draft is not None:
            if published is not None:
                self.overridden.add(symbol)
            return self._from_draft(symbol, draft, published)
        if published is not None:
            return published
        if self._rule_set.splits_symbols:
            return self._split(symbol, node)
        message = f"{echo(symbol)} is no contract of {self._rule_set.name}"
        self._reading.refuse(node, "MC021", message, self._rule_set.unknown_help(short(symbol)))
        return None

    def _split(self, symbol: str, node: "Node") -> Contract | None:
        pair = split_symbol(symbol, self._currency)
        if pair is None:
            capitals = split_symbol(symbol.upper(), self._currency)
            meant = f"did you mean {echo(symbol.upper())}? Otherwise " if capitals and symbol != symbol.upper() else ""
            message = f"{echo(symbol)} cannot be split into base and quote"
            self._reading.refuse(node, "MC021", message, meant + _declaration(symbol))
            return None
        base, quote = pair
        if base == quote:
            self._refuse_pair(symbol, base, node)
            return None
        return Contract(symbol, ContractType.LINEAR, base, quote)

    def _refuse_pair(self, symbol: str, base: str, node: "Node") -> None:
        self._reading.refuse(
            node, "MC016", f"base and quote of {echo(symbol)} are both {short(base)}", "write two different assets"
        )

    def _from_draft(self, symbol: str, draft: "Draft", published: Contract | None) -> Contract | None:
        pair = (published.base, published.quote) if published else split_symbol(symbol, self._currency)
        base = draft.get("base") or (pair[0] if pair else None)
        quote = draft.get("quote") or (pair[1] if pair else None)
        if base is None or quote is None:
            missing = " and ".join(f"`{name}`" for name, asset in (("base", base), ("quote", quote)) if asset is None)
            example = ", ".join(f"{name}: ..." for name, asset in (("base", base), ("quote", quote)) if asset is None)
            self._reading.refuse(draft.node, "MC012", f"{echo(symbol)} needs {missing}", f"add `{example}`")
            return None
        if base == quote:
            self._refuse_pair(symbol, base, draft.at("quote" if "quote" in draft else "base"))
            return None
        known = published or Contract(symbol, ContractType.LINEAR, base, quote)
        contract = replace(
            known,
            type=ContractType(draft.get("type") or known.type.value),
            base=base,
            quote=quote,
            contract_size=draft.get("contract_size") or known.contract_size,
            tick_size=draft.get("tick_size") or known.tick_size,
            tiers_by=TiersBy(draft.get("tiers_by") or known.tiers_by.value),
        )
        if "tiers" in draft:
            rows: list[Draft] = draft.get("tiers")
            tiers = tuple(self._tier(row) for row in rows)
            self._check_tiers(draft, rows, tiers)
            return replace(contract, tiers=_with_deductions(tiers, rows, contract.tiers_by))
        if contract.tiers and _unit_of_tiers(contract) != _unit_of_tiers(known):
            self._reading.refuse(
                draft.node,
                "MC016",
                f"the tiers of {echo(symbol)} go by {_unit_of_tiers(known)}, this contract's by "
                f"{_unit_of_tiers(contract)}",
                "give its `tiers:` too",
            )
        return contract

    def _tier(self, row: "Draft") -> Tier:
        if "initial_rate" in row and "max_leverage" in row:
            self._reading.refuse(
                row.at("initial_rate"), "MC016", "`initial_rate` and `max_leverage` say the same", "keep one of them"
            )
        leverage: Decimal | None = row.get("max_leverage")
        initial = row.get("initial_rate") if leverage is None else ONE / leverage
        return Tier(row.get("up_to"), row.get("maintenance_rate", ZERO), row.get("deduction", ZERO), initial)

    def _check_tiers(self, contract: "Draft", rows: list["Draft"], tiers: tuple[Tier, ...]) -> None:
        """Borders rise, rates do not fall, only the last tier has no border, deductions stand on all tiers or none."""
        refuse = self._reading.refuse
        if not rows:
            refuse(contract.at("tiers"), "MC012", "`tiers` is empty", "write at least one tier, or remove the key")
        floor, before = ZERO, None
        for i, (row, tier) in enumerate(zip(rows, tiers, strict=True)):
            if tier.up_to is None and i < len(rows) - 1:
                refuse(row.node, "MC012", "only the last tier may leave out `up_to`", "add `up_to: ...`")
            elif tier.up_to is not None and tier.up_to <= floor:
                message = f"tiers must rise: {tier.up_to:f} after {floor:f}"
                refuse(row.at("up_to"), "MC016", message, "put the tiers in the order of `up_to`, the smallest first")
            for name, message in _easier(row, tier, before):
                refuse(row.at(name), "MC016", message, "a higher tier asks for as much or more: check the numbers")
            floor, before = tier.up_to if tier.up_to is not None else floor, tier
        given = [row for row in rows if "deduction" in row]
        if given and len(given) < len(rows):
            message = "a `deduction` is given on some tiers only"
            refuse(given[0].at("deduction"), "MC016", message, "give it on all tiers, or on none to have it derived")


def _declaration(symbol: str) -> str:
    """How to declare a symbol that nobody knows: as an inverse contract where it says that it settles in its base."""
    pair, _, settle = symbol.partition(":")
    base, slash, quote = pair.partition("/")
    if slash and settle == base and quote:
        terms = f"{{type: inverse, base: {short(base)}, quote: {short(quote)}, contract_size: ...}}"
        return f'it settles in its base: declare it, `contracts: {{"{short(symbol)}": {terms}}}`'
    terms = "{type: linear, base: ..., quote: ...}"
    return f"declare it: `contracts: {{{short(symbol)}: {terms}}}`, or `type: inverse` if it settles in its base"


def _easier(row: "Draft", tier: Tier, before: Tier | None) -> Iterator[tuple[str, str]]:
    """What a tier asks less for than the tier before: the key, and what is wrong with it."""
    if before is None:
        return
    if tier.maintenance_rate < before.maintenance_rate:
        yield "maintenance_rate", _falls("maintenance_rate", before.maintenance_rate, tier.maintenance_rate)
    if tier.initial_rate is None or before.initial_rate is None or tier.initial_rate >= before.initial_rate:
        return
    if "max_leverage" in row:
        rise = f"from {brief(ONE / before.initial_rate)} to {brief(row.get('max_leverage'))}"
        yield "max_leverage", f"`max_leverage` rises with the tier, {rise}"
    else:
        yield "initial_rate", _falls("initial_rate", before.initial_rate, tier.initial_rate)


def _falls(name: str, before: Decimal, rate: Decimal) -> str:
    return f"`{name}` falls with the tier, from {percent(before)} to {percent(rate)}"


def _unit_of_tiers(contract: Contract) -> str:
    """What the borders of a contract's tiers are measured in."""
    if contract.tiers_by is TiersBy.NOTIONAL:
        return f"notional in {contract.settle}"
    return f"quantity of contracts of size {contract.contract_size:f}"


def _with_deductions(tiers: tuple[Tier, ...], rows: list["Draft"], tiers_by: TiersBy) -> tuple[Tier, ...]:
    """Deductions as given; derived so that the margin is continuous where none is; 0 where tiers go by quantity."""
    if not tiers or any("deduction" in row for row in rows) or tiers_by is TiersBy.QUANTITY:
        return tiers
    floors = [ZERO, *(tier.up_to or ZERO for tier in tiers[:-1])]
    deductions = derived_deductions(floors, [tier.maintenance_rate for tier in tiers])
    return tuple(replace(tier, deduction=deduction) for tier, deduction in zip(tiers, deductions, strict=True))
