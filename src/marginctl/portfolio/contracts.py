"""Which contract a symbol means: the file's own, the venue's, or a linear one split from the symbol."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from marginctl.core.contract import Contract, ContractType, Tier, TiersBy, derived_deductions
from marginctl.core.exact import ONE, ZERO
from marginctl.core.symbols import split_symbol
from marginctl.portfolio.reading import Reading

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
        if not self._rule_set.splits_symbols:
            self._reading.refuse(
                node,
                "MC021",
                f"`{symbol}` is no contract of {self._rule_set.name}",
                self._rule_set.unknown_help(symbol),
            )
            return None
        pair = split_symbol(symbol, self._currency)
        if pair is None:
            self._reading.refuse(
                node,
                "MC021",
                f"`{symbol}` cannot be split into base and quote",
                f"declare it: `contracts: {{{symbol}: {{type: linear, base: ..., quote: ...}}}}`",
            )
            return None
        return Contract(symbol, ContractType.LINEAR, *pair)

    def _from_draft(self, symbol: str, draft: "Draft", published: Contract | None) -> Contract | None:
        pair = (published.base, published.quote) if published else split_symbol(symbol, self._currency)
        base = draft.get("base") or (pair[0] if pair else None)
        quote = draft.get("quote") or (pair[1] if pair else None)
        if base is None or quote is None:
            self._reading.refuse(draft.node, "MC012", f"`{symbol}` needs `base` and `quote`", "write both assets")
            return None
        if base == quote:
            self._reading.refuse(draft.node, "MC016", f"base and quote of `{symbol}` are both {base}")
            return None
        contract = published or Contract(symbol, ContractType.LINEAR, base, quote)
        tiers_by = TiersBy(draft.get("tiers_by") or contract.tiers_by.value)
        tiers = tuple(self._tiers(draft, symbol)) if "tiers" in draft else contract.tiers
        return replace(
            contract,
            type=ContractType(draft.get("type") or contract.type.value),
            base=base,
            quote=quote,
            contract_size=draft.get("contract_size") or contract.contract_size,
            tiers=tiers if "tiers" not in draft else _with_deductions(tiers, draft.get("tiers"), tiers_by),
            tiers_by=tiers_by,
        )

    def _tiers(self, contract: "Draft", symbol: str) -> list[Tier]:
        rows: list[Draft] = contract.get("tiers")
        tiers: list[Tier] = []
        floor = ZERO
        for i, row in enumerate(rows):
            up_to: Decimal | None = row.get("up_to")
            if up_to is None and i < len(rows) - 1:
                self._reading.refuse(row.node, "MC012", f"only the last tier of `{symbol}` may leave out `up_to`")
            elif up_to is not None and up_to <= floor:
                self._reading.refuse(row.at("up_to"), "MC016", f"tiers of `{symbol}` must rise: {up_to} after {floor}")
            floor = up_to if up_to is not None else floor
            if tiers and row.get("maintenance_rate", ZERO) < tiers[-1].maintenance_rate:
                self._reading.refuse(
                    row.at("maintenance_rate"), "MC016", f"maintenance rates of `{symbol}` must not fall with the tier"
                )
            if "initial_rate" in row and "max_leverage" in row:
                self._reading.refuse(
                    row.at("initial_rate"),
                    "MC016",
                    "`initial_rate` and `max_leverage` say the same",
                    "keep one of them",
                )
            leverage: Decimal | None = row.get("max_leverage")
            initial = row.get("initial_rate") if leverage is None else ONE / leverage
            tiers.append(Tier(up_to, row.get("maintenance_rate", ZERO), row.get("deduction", ZERO), initial))
        given = [row for row in rows if "deduction" in row]
        if given and len(given) < len(rows):
            self._reading.refuse(
                given[0].at("deduction"), "MC016", "a `deduction` is given on some tiers only", "give it on all or none"
            )
        return tiers


def _with_deductions(tiers: tuple[Tier, ...], rows: list["Draft"], tiers_by: TiersBy) -> tuple[Tier, ...]:
    """Deductions as given; derived so that the margin is continuous where none is; 0 where tiers go by quantity."""
    if any("deduction" in row for row in rows) or tiers_by is TiersBy.QUANTITY:
        return tiers
    floors = [ZERO, *(tier.up_to or ZERO for tier in tiers[:-1])]
    deductions = derived_deductions(floors, [tier.maintenance_rate for tier in tiers])
    return tuple(replace(tier, deduction=deduction) for tier, deduction in zip(tiers, deductions, strict=True))
