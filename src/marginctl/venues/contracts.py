"""The contracts of a venue, looked up one symbol at a time."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from marginctl.core.contract import Contract, ContractType, TiersBy
from marginctl.core.exact import ONE
from marginctl.core.symbols import expiry_of
from marginctl.document.kinds import AMOUNT, PERIOD, POSITIVE, TEXT, Choice, Entries, MapOf, members
from marginctl.document.nodes import Node
from marginctl.document.record import Record, key, nested, optional, records
from marginctl.venues.format import EXACT_RATE
from marginctl.venues.origin import Verification
from marginctl.venues.table import Table
from marginctl.venues.tiers import Deduction, LeverageCap, TierRow, leverage_caps, tiers_of

CONTRACT_SIZE = "base units per contract (linear), quote units (inverse)"


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


class VenueTier(Record, name="venue_tier"):
    """A step of a contract's margin table."""

    up_to = optional(POSITIVE, "upper border, inclusive; the last tier has none, or the position limit")
    maintenance_rate = key(EXACT_RATE, "maintenance margin per notional")
    initial_rate = optional(EXACT_RATE, "initial margin per notional")
    max_leverage = optional(POSITIVE, "highest leverage: initial rate 1 / max_leverage")
    deduction = optional(AMOUNT, "maintenance deduction, in the settle asset")

    @property
    def row(self) -> TierRow:
        """The row that the law of tables takes."""
        return TierRow(self.up_to, self.maintenance_rate, self.initial_rate, self.max_leverage, self.deduction)


def rates_given_twice(tiers: Iterable[VenueTier]) -> Iterator[tuple[Node, str, str, str]]:
    """Tiers that state their initial rate in both ways: the place, the code, what is wrong, and what to do."""
    for tier in tiers:
        if VenueTier.initial_rate in tier and VenueTier.max_leverage in tier:
            message = "`initial_rate` and `max_leverage` say the same"
            yield tier.at(VenueTier.initial_rate), "MC016", message, "keep one of them"


class Entry(Record, name="listed_contract"):
    """A contract of the venue, or a remark on one of the table."""

    base = optional(TEXT, "the asset that is traded")
    quote = optional(TEXT, "the asset it is priced in")
    contract_size = optional(POSITIVE, CONTRACT_SIZE)
    tick_size = optional(POSITIVE, "step of its price, quote per base; absent: not known")
    as_of = optional(PERIOD)
    source = optional(TEXT)
    assumption = optional(TEXT, "listed in reports that use this contract", default="")
    tiers = optional(records(VenueTier), "its margin table; without one the portfolio states the rates", default=[])

    @property
    def rows(self) -> tuple[TierRow, ...]:
        """Its margin table."""
        return tuple(tier.row for tier in self.tiers)


UNLISTED = Entry()


class ContractGroup(Record, name="contracts"):
    """Contracts that share their terms.

    ``table``: the one named, opened; None where none is.
    """

    type = key(members(ContractType), "linear settles in its quote, inverse in its base")
    contract_size = optional(POSITIVE, CONTRACT_SIZE)
    sizes_by_base = optional(
        MapOf(POSITIVE), "exceptions, by base asset", name="contract_size_by_base", default=Entries()
    )
    size_assumption = optional(
        TEXT, "listed in reports that use contract_size", name="contract_size_assumption", default=""
    )
    lot = optional(POSITIVE, "smallest step of a quantity, in contracts; default: whole contracts")
    tiers_by = key(members(TiersBy), "what tiers are measured in")
    deduction = key(
        members(Deduction),
        "given: on every row, continuous; derived: computed so that the margin is continuous; "
        "whole: none, the rate counts on the whole position",
    )
    table_name = optional(
        TEXT, "a CSV file beside this one: symbol,base,quote,floor,cap,maintenance_rate,...", name="table"
    )
    entries = optional(MapOf(nested(Entry)), "contracts by the venue's own symbol", name="listed", default=Entries())
    splits_symbols = key(
        Choice({"refused": False, "split": True}),
        "other symbols - refused: the portfolio declares them; split: read as base and quote",
        name="unlisted",
    )
    as_of = optional(PERIOD)
    status = key(members(Verification))
    source = optional(TEXT)
    assumption = optional(TEXT, "listed in reports that use one of these contracts", default="")

    table: Table | None = None

    def listing(self, symbol: str) -> Listing | None:
        """The contract of a symbol, as published."""
        entry = self.entries.get(symbol, UNLISTED)
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
        remarks = (self.assumption, entry.assumption, "" if size else self.size_assumption)
        return Listing(
            contract=contract,
            as_of=entry.as_of or self.as_of,
            status=self.status,
            source=entry.source or self.source,
            leverage_caps=leverage_caps(rows),
            assumptions=tuple(f"{symbol}: {remark}" for remark in remarks if remark),
        )

    def symbols(self) -> Iterator[str]:
        """Every symbol, those of the table first."""
        listed = self.table.symbols() if self.table else []
        yield from listed
        yield from (symbol for symbol, entry in self.entries.items() if entry.base is not None)
