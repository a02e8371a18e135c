"""The contracts of a venue, looked up one symbol at a time."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import takewhile
from typing import ClassVar

from msgspec import Struct

from marginctl.core.contract import Contract, ContractType, TiersBy
from marginctl.core.exact import ONE, ZERO
from marginctl.document.kinds import (
    AMOUNT,
    FLAG,
    PERIOD,
    POSITIVE,
    RATE,
    TEXT,
    Choice,
    Entries,
    MapOf,
    any_of,
    members,
    words,
)
from marginctl.document.nodes import Node
from marginctl.document.record import Record, key, nested, optional, records
from marginctl.venues.format import EXACT_RATE
from marginctl.venues.origin import Verification
from marginctl.venues.symbols import expiry_of, is_dated, spelling_of
from marginctl.venues.table import Table
from marginctl.venues.tiers import Deduction, LeverageCap, TierRow, has_maintenance_rates, leverage_caps, tiers_of

CUT = "its known tiers end before the venue's: beyond them along a price move the last rate goes on, the venue's rises"
CONTRACT_SIZE = "base units per contract (linear), quote units (inverse)"


class GrowingRate(Record, name="growing_rate"):
    """A rate that grows with the size of the position."""

    base = key(RATE, "the rate of a size of 0")
    per_unit = key(RATE, "what it grows by with every unit of the base that the position holds")


STATED_RATE = any_of(RATE, nested(GrowingRate))
"""A rate of any size, or one that grows with it."""


def rate_and_growth(written: Decimal | GrowingRate | None) -> tuple[Decimal | None, Decimal]:
    """A rate, and what it grows by with every unit of the base; None where it is not written."""
    return (written.base, written.per_unit) if isinstance(written, GrowingRate) else (written, ZERO)


class ListedRates(Struct, frozen=True, kw_only=True):
    """The rates of a contract that has no tiers, as published: rate + growth x size in units of the base.

    None where one is not published.
    """

    shape: ClassVar[str] = "initial_rate initial_growth maintenance_rate maintenance_growth"

    initial_rate: Decimal | None
    initial_growth: Decimal
    maintenance_rate: Decimal | None
    maintenance_growth: Decimal


class Listing(Struct, frozen=True, kw_only=True):
    """A contract as published: with its date and trust, and the texts that reports list when it is used.

    ``leverage_caps``: the highest leverage by notional, also where the venue publishes no maintenance rates.
    ``rates``: those of a contract without tiers, None where none are published.
    """

    contract: Contract
    as_of: str | None
    status: Verification
    source: str | None
    leverage_caps: tuple[LeverageCap, ...] = ()
    rates: ListedRates | None = None
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


class ListedContract(Record, name="listed_contract"):
    """A contract of the venue, or a remark on one of the table."""

    base = optional(TEXT, "the asset that is traded")
    quote = optional(TEXT, "the asset it is priced in")
    contract_size = optional(POSITIVE, CONTRACT_SIZE)
    size_assumption = optional(
        TEXT, "listed in reports that use its contract_size", name="contract_size_assumption", default=""
    )
    tick_size = optional(POSITIVE, "step of its price, quote per base; absent: not known")
    tiers_cut = optional(
        FLAG, "whether the venue's table goes on where the tiers known here end; default no", default=False
    )
    as_of = optional(PERIOD)
    source = optional(TEXT)
    assumption = optional(TEXT, "listed in reports that use this contract", default="")
    tiers = optional(
        records(VenueTier), "its margin table; with neither this nor rates the portfolio states the rates", default=[]
    )
    initial_rate = optional(STATED_RATE, "initial margin per notional, instead of tiers")
    maintenance_rate = optional(STATED_RATE, "maintenance margin per notional, instead of tiers")

    @property
    def rates(self) -> ListedRates | None:
        """Its rates, None where it states none."""
        initial, initial_growth = rate_and_growth(self.initial_rate)
        maintenance, maintenance_growth = rate_and_growth(self.maintenance_rate)
        if initial is None and maintenance is None:
            return None
        return ListedRates(
            initial_rate=initial,
            initial_growth=initial_growth,
            maintenance_rate=maintenance,
            maintenance_growth=maintenance_growth,
        )

    @property
    def is_rated(self) -> bool:
        """Whether it says all that a maintenance margin follows from."""
        return self.maintenance_rate is not None or has_maintenance_rates(self.rows)

    @property
    def rows(self) -> tuple[TierRow, ...]:
        """Its margin table."""
        return tuple(tier.row for tier in self.tiers)


UNLISTED = ListedContract()


class TablesFrom(Record, name="tables_from"):
    """The venue's own public address of margin tables.

    ``refresh``: ``venue refresh`` reads its answer, which is ``dated`` or ``undated``; None = it does not.
    ``size_address``: where the size of a contract is, which the table's own answer has not.
    ``signed``: the request, signed with a key, whose answer has it where no public one that is read does.
    """

    address = key(TEXT, "{symbol}, {base}, {quote}, {dex}, {type} stand for those of a contract")
    perpetual = optional(TEXT, "what {type} stands for", default="")
    dated = optional(TEXT, "the same for a contract with a last day; absent: as of one without", default="")
    refresh = optional(words("dated", "undated"), "whether the answer has a date; absent: it is not read")
    posted = optional(TEXT, "the JSON that is posted to the address; absent: it is only fetched")
    size_address = optional(TEXT, "where the contract's size is; absent: in the same answer, or of all contracts")
    signed = optional(TEXT, "the request of an account's own answer that has the table and that `venue refresh` reads")

    def asks_for(self, symbol: str) -> bool:
        """Whether a symbol says all that the address and the requests need: a name alone has no quote."""
        asked = "".join(filter(None, (self.address, self.posted, self.size_address, self.signed)))
        words = _words_of(symbol)
        return all(words[name] for name in ("{base}", "{quote}") if name in asked)

    def place(self, symbol: str) -> str:
        """The address for a contract."""
        return self._for(self.address, symbol)

    def asking(self, symbol: str) -> str:
        """The command that asks for a contract's table."""
        body = f" -H 'Content-Type: application/json' -d '{self._for(self.posted, symbol)}'" if self.posted else ""
        return f"curl -s '{self.place(symbol)}'{body}"

    def request(self, symbol: str) -> str:
        """The request of an account's own answer that has it; empty where there is none."""
        return self._for(self.signed, symbol) if self.signed else ""

    def asking_size(self, symbol: str) -> str:
        """The command that asks for its size; empty where the table's answer is enough."""
        return f"curl -s '{self._for(self.size_address, symbol)}'" if self.size_address else ""

    def _for(self, text: str, symbol: str) -> str:
        """A text of the rule set with the words of a contract."""
        kind = (self.dated if is_dated(symbol) else "") or self.perpetual
        return _for(text, symbol).replace("{type}", kind)


def _words_of(symbol: str) -> dict[str, str]:
    """What stands for a contract in a text of the rule set; empty where its symbol does not say."""
    spelled = spelling_of(symbol, "USD")
    dex = symbol.partition(":")[0] if ":" in symbol else ""
    return {"{symbol}": symbol, "{base}": spelled.base or "", "{quote}": spelled.quote or "", "{dex}": dex}


def _for(text: str, symbol: str) -> str:
    """A text of the rule set with the words of a contract."""
    for name, word in _words_of(symbol).items():
        text = text.replace(name, word)
    return text


class ContractGroup(Record, name="contracts"):
    """Contracts that share their terms.

    ``table``: the one named, opened; None where none is.
    """

    shape: ClassVar[str] = (
        "type contracts=count contract_size contract_size_by_base=sizes_by_base tiers_by deduction as_of status source"
    )

    type = key(
        members(ContractType, ContractType.LINEAR, ContractType.INVERSE),
        "linear settles in its quote, inverse in its base",
    )
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
    tables_from = optional(nested(TablesFrom), "named where a contract is not listed")
    entries = optional(
        MapOf(nested(ListedContract)), "contracts by the venue's own symbol", name="listed", default=Entries()
    )
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
            rates=entry.rates,
            assumptions=tuple(f"{symbol}: {remark}" for remark in remarks if remark),
        )

    @property
    def count(self) -> int | None:
        """How many symbols it has; None where it reads any."""
        return None if self.splits_symbols else len(list(self.symbols()))

    def complete(self) -> Iterator[tuple[bool, bool]]:
        """Of every contract: whether its whole margin table is known, and its size more than an assumption."""
        rated = self.table.rated() if self.table else set()
        rated |= {symbol for symbol, entry in self.entries.items() if entry.is_rated}
        for symbol in self.symbols():
            entry = self.entries.get(symbol, UNLISTED)
            yield symbol in rated and not entry.tiers_cut, not entry.size_assumption and self._has_size(symbol, entry)

    def _has_size(self, symbol: str, entry: ListedContract) -> bool:
        if not self.size_assumption or entry.contract_size is not None:
            return True
        listing = self.listing(symbol) if self.sizes_by_base else None
        return listing is not None and listing.contract.base in self.sizes_by_base

    def rated_without_tiers(self) -> list[str]:
        """The contracts that state rates instead of tiers."""
        return [symbol for symbol, entry in self.entries.items() if entry.rates is not None]

    def unsized(self) -> list[str]:
        """The contracts of the table that state no size of their own."""
        symbols = self.table.symbols() if self.table else []
        return [symbol for symbol in symbols if self.entries.get(symbol, UNLISTED).contract_size is None]

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
