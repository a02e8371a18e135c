"""Contracts of the account that the rule set lacks, or that the answers know better: what to write of them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

from marginctl.core.contract import Contract, ContractType, TiersBy
from marginctl.document.written import Written, WrittenLine
from marginctl.portfolio.contracts import pair_of
from marginctl.portfolio.importing.gathering import Gathered
from marginctl.portfolio.importing.notebook import Notebook, Request
from marginctl.venues.answers.account import PublishedContract, PublishedTable, VenueAnswer
from marginctl.venues.answers.map_files import forms_of
from marginctl.venues.rule_set import RuleSet
from marginctl.venues.symbols import expiry_of, spelling_of
from marginctl.venues.tiers import Deduction, TierRow, tiers_of

TIER_KEYS = ("up_to", "maintenance_rate", "initial_rate", "max_leverage", "deduction")


class Declaring(Struct, frozen=True):
    """What contracts are found in: the rule set, the answers, the file laid under."""

    rule_set: RuleSet
    gathered: Gathered
    request: Request
    currency: str

    def laid(self, symbol: str) -> Mapping[str, Any]:
        """What the file laid under says of a contract."""
        found = self.request.laid.get("contracts", {}).get(symbol, {})
        return found if isinstance(found, Mapping) else {}

    def contract(self, symbol: str) -> Contract | None:
        """What the account holds, as far as its profit depends on it; None where nobody knows its assets or size."""
        known = self.rule_set.contract(symbol)
        published = self.gathered.contracts.get(symbol) or PublishedContract(symbol=symbol)
        laid = self.laid(symbol)
        known_base, known_quote = self.pair(symbol)
        base, quote = str(laid.get("base") or known_base), str(laid.get("quote") or known_quote)
        if not base or not quote:
            return None
        kind = laid.get("type") or (published.type or (known.type if known else ContractType.LINEAR)).value
        size = published.contract_size or Decimal(laid.get("contract_size", 0)) or (known and known.contract_size)
        tick = published.tick_size or Decimal(laid.get("tick_size", 0)) or (known.tick_size if known else None)
        expiry = published.expires or (known.expiry if known else None) or expiry_of(symbol)
        return Contract(symbol, ContractType(kind), base, quote, size or Decimal(1), expiry=expiry, tick_size=tick)

    def pair(self, symbol: str) -> tuple[str, str]:
        """Base and quote: the rule set's, the answers', those that the symbol spells; empty where it does not."""
        known = self.rule_set.contract(symbol)
        if known is not None:
            return known.base, known.quote
        published = self.gathered.contracts.get(symbol)
        spelled = pair_of(spelling_of(symbol, self.currency))
        return (published and published.base) or spelled[0], (published and published.quote) or spelled[1]

    def declaration(self, symbol: str, notes: Notebook) -> dict[str, Written]:
        """The keys to write under ``contracts:``; none where the rule set says all of it, or nobody does."""
        known = self.rule_set.contract(symbol)
        published = self.gathered.contracts.get(symbol)
        told = self._published(symbol, published, known)
        answer, table = self._table(symbol)
        if table is not None and table.fault:
            notes.remark("contracts", f"{symbol}: its published table is not used: {table.fault}")
        elif answer is not None and table is not None and not self._is_bundled(known, answer, table):
            told["tiers_by"] = answer.tiers_by.value
            told["tiers"] = [_tier(row) for row in table.rows]
        laid = self.laid(symbol)
        for key in told.keys() & laid.keys():
            notes.remark("contracts", f"{symbol}: `{key}` of an answer counts, not that of --with")
        if not self.is_known(symbol) and not self.rule_set.splits_symbols:
            self._need(symbol, notes)
        return {**laid, **told}

    def is_known(self, symbol: str) -> bool:
        """Whether the rule set, an answer or the file laid under describes a contract."""
        return self.rule_set.contract(symbol) is not None or self.declared(symbol)

    def declared(self, symbol: str) -> bool:
        """Whether an answer or the file laid under describes a contract."""
        return symbol in self.gathered.contracts or self._table(symbol)[1] is not None or bool(self.laid(symbol))

    def _published(
        self, symbol: str, published: PublishedContract | None, known: Contract | None
    ) -> dict[str, Written]:
        """What answers say of a contract beside its table, where the rule set says otherwise or nothing."""
        if published is None:
            return {}
        base, quote = self.pair(symbol)
        told = {
            "type": published.type.value if published.type else "",
            "base": base,
            "quote": quote,
            "contract_size": _text(published.contract_size),
            "tick_size": _text(published.tick_size),
            "lot": _text(published.lot),
            "expiry": published.expires or "",
        }
        bundled = _words(known) if known is not None else {}
        names = told if known is None else ("contract_size", "tick_size")
        return {name: told[name] for name in names if told[name] and told[name] != bundled.get(name)}

    def _table(self, symbol: str) -> tuple[VenueAnswer | None, PublishedTable | None]:
        for one in self.gathered.answers:
            for table in one.tables:
                if table.name == symbol or (table.family and symbol.startswith(table.name)):
                    return one, table
        return None, None

    def _is_bundled(self, known: Contract | None, answer: VenueAnswer, table: PublishedTable) -> bool:
        """Whether a table is the one that the rule set has."""
        return known is not None and tiers_of(table.rows, _deduction(answer, table)) == known.tiers

    def _need(self, symbol: str, notes: Notebook) -> None:
        """A contract that nobody knows: which answers of the venue have it, what fetches them, and what to declare."""
        words = "base: ..., quote: ..., contract_size: ..., tiers: [...]"
        declared = f"--with FILE.yaml with `contracts: {{{symbol}: {{{words}}}}}`"
        asked, source = self._asked(symbol), self.rule_set.tables_from(symbol)
        shown = f"; the venue shows its table at {source.place(symbol)}" if source is not None and not asked else ""
        notes.need(f"{symbol} is no contract of {self.rule_set.name}", "; or ".join([*asked, declared]) + shown)

    def _asked(self, symbol: str) -> list[str]:
        """The answers that have the table of a contract, with the commands that save them where they are public."""
        source = self.rule_set.tables_from(symbol)
        if source is not None and source.refresh is not None:
            size = source.asking_size(symbol)
            more = f"; {size} > size.json` and give tables.json and size.json" if size else "` and give tables.json"
            return [f"`{source.asking(symbol)} > tables.json{more} as well"]
        forms = [form for _, form in forms_of(self.gathered.first.venue)]
        titles = "; ".join(dict.fromkeys(form.title for form in forms if form.tables is not None))
        place = f", as shown at {source.place(symbol)}" if source is not None else ""
        return [f"the answer that has it: {titles}{place}"] if titles else []


def _words(contract: Contract) -> dict[str, str]:
    return {
        "contract_size": _text(contract.contract_size),
        "tick_size": _text(contract.tick_size),
    }


def _text(value: Decimal | None) -> str:
    """A number of a public answer, trailing zeros off."""
    if value is None:
        return ""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _tier(row: TierRow) -> WrittenLine:
    return WrittenLine({key: _text(value) for key in TIER_KEYS if (value := getattr(row, key)) is not None})


def _deduction(answer: VenueAnswer, table: PublishedTable) -> Deduction:
    """How a published table deducts: as printed, else what keeps the margin continuous; by quantity not at all."""
    if any(row.deduction is not None for row in table.rows):
        return Deduction.GIVEN
    return Deduction.WHOLE if answer.tiers_by is TiersBy.QUANTITY else Deduction.DERIVED
