"""The contracts of a venue, looked up one symbol at a time."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import takewhile
from typing import ClassVar

from msgspec import Struct

from marginctl.core.contract import Contract, ContractType, TiersBy
from marginctl.core.exact import ONE
from marginctl.core.symbols import expiry_of, spelling_of
from marginctl.venues.origin import Verification
from marginctl.venues.table import Table
from marginctl.venues.tiers import Deduction, LeverageCap, TierRow, has_maintenance_rates, leverage_caps, tiers_of

CUT = "its known tiers end before the venue's: beyond them along a price move the last rate goes on, the venue's rises"


class Listing(Struct, frozen=True, kw_only=True):
    """A contract as published: with its date and trust, and the texts that reports list when it is used.

    ``leverage_caps``: the highest leverage by notional, also where the venue publishes no maintenance rates.
    """

    contract: Contract
    as_of: str | None
    status: Verification
    source: str | None
    leverage_caps: tuple[LeverageCap, ...] = ()
    assumptions: tuple[str, ...] = ()


class Entry(Struct, frozen=True, kw_only=True):
    """A contract written in the rule file itself, or a remark on one of the table; None = as in its group."""

    base: str | None = None
    quote: str | None = None
    contract_size: Decimal | None = None
    size_assumption: str = ""
    tick_size: Decimal | None = None
    tiers_cut: bool = False
    as_of: str | None = None
    source: str | None = None
    assumption: str = ""
    rows: tuple[TierRow, ...] = ()


class TablesFrom(Struct, frozen=True):
    """The venue's public address of margin tables.

    ``refresh``: ``venue refresh`` reads its answer, which is ``dated`` or ``undated``; None = it does not.
    """

    address: str
    refresh: str | None = None

    def of(self, symbol: str) -> str:
        """The address for a contract."""
        spelled = spelling_of(symbol, "USD")
        pair = {"{symbol}": symbol, "{base}": spelled.base or "BASE", "{quote}": spelled.quote or "QUOTE"}
        text = self.address
        for name, word in pair.items():
            text = text.replace(name, word)
        return text


class ContractGroup(Struct, frozen=True, kw_only=True):
    """Contracts that share their terms: those of a table, and those written in the file."""

    shape: ClassVar[str] = (
        "type contracts=count contract_size contract_size_by_base=sizes_by_base tiers_by deduction as_of status source"
    )

    type: ContractType
    contract_size: Decimal | None
    sizes_by_base: dict[str, Decimal]
    size_assumption: str
    tiers_by: TiersBy
    lot: Decimal | None
    deduction: Deduction
    table: Table | None
    entries: dict[str, Entry]
    splits_symbols: bool
    as_of: str | None
    status: Verification
    source: str | None
    assumption: str
    tables_from: TablesFrom | None = None

    def listing(self, symbol: str) -> Listing | None:
        """The contract of a symbol, as published."""
        entry = self.entries.get(symbol, Entry())
        found = self.table.contract(symbol) if self.table else None
        rows = list(found.rows if found else entry.rows)
        base, quote = (found.base, found.quote) if found else (entry.base, entry.quote)
        if base is None or quote is None:
            return None
        size = entry.contract_size or self.sizes_by_base.get(base)
        contract = Contract(
            symbol,
            self.type,
            base,
            quote,
            size or self.contract_size or ONE,
            tiers_of(rows, self.deduction),
            self.tiers_by,
            self.lot,
            expiry_of(symbol),
            entry.tick_size,
        )
        remarks = (
            self.assumption,
            entry.assumption,
            entry.size_assumption or ("" if size else self.size_assumption),
            CUT if entry.tiers_cut else "",
        )
        return Listing(
            contract=contract,
            as_of=entry.as_of or self.as_of,
            status=self.status,
            source=entry.source or self.source,
            leverage_caps=leverage_caps(rows),
            assumptions=tuple(f"{symbol}: {remark}" for remark in remarks if remark),
        )

    @property
    def count(self) -> int | None:
        """How many symbols it has; None where it reads any."""
        return None if self.splits_symbols else len(list(self.symbols()))

    def complete(self) -> Iterator[tuple[bool, bool]]:
        """Of every contract: whether its whole margin table is known, and its size more than an assumption."""
        rated = self.table.rated() if self.table else set()
        rated |= {symbol for symbol, entry in self.entries.items() if has_maintenance_rates(entry.rows)}
        for symbol in self.symbols():
            entry = self.entries.get(symbol, Entry())
            yield symbol in rated and not entry.tiers_cut, not entry.size_assumption and self._has_size(symbol, entry)

    def _has_size(self, symbol: str, entry: Entry) -> bool:
        if not self.size_assumption or entry.contract_size is not None:
            return True
        listing = self.listing(symbol) if self.sizes_by_base else None
        return listing is not None and listing.contract.base in self.sizes_by_base

    def likeness(self, symbol: str) -> int:
        """How many characters at its end a symbol shares with one of these contracts, at most."""
        return max((_shared_end(symbol, known) for known in self.symbols()), default=0)

    def symbols(self) -> Iterator[str]:
        """Every symbol, those of the table first."""
        listed = self.table.symbols() if self.table else []
        yield from listed
        yield from (symbol for symbol, entry in self.entries.items() if entry.base is not None)


def _shared_end(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(reversed(one), reversed(other), strict=False)))
