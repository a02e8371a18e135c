"""Which contract of a rule set a published table is about, and whether the table can be used there."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from decimal import Decimal

from msgspec import Struct

from marginctl.core.contract import TiersBy
from marginctl.venues.answers.account import PublishedContract, PublishedTable, VenueAnswer
from marginctl.venues.answers.public_reading import rate_fault
from marginctl.venues.contracts import UNLISTED, ContractGroup
from marginctl.venues.table_text import contracts_of, fits_table
from marginctl.venues.tiers import TierRow, first_fault

_DIGITS = re.compile("[0-9]")
BY = {TiersBy.NOTIONAL: "go by notional", TiersBy.QUANTITY: "count contracts"}


class Assigned(Struct, frozen=True, kw_only=True):
    """A table for a contract of the group of that index.

    ``size``: its own contract size, None = that of the group. ``tick``: its price step, None = not published.
    """

    symbol: str
    group: int
    base: str
    quote: str
    rows: tuple[TierRow, ...]
    size: Decimal | None = None
    tick: Decimal | None = None


class Untaken(Struct, frozen=True):
    """What an answer says about a contract, a family or an asset and why it is not used."""

    name: str
    reason: str


class Home(Struct, frozen=True):
    """Where a contract belongs; ``known``: the rule set has it already."""

    group: int
    base: str
    quote: str
    known: bool


class Homes:
    """Finds the home of a symbol: as the rule set lists it, else by how the symbols that it lists are spelled.

    A spelling is what follows the base (``USDT``, ``USDT_######``, ``-USDT-SWAP``); it tells the group and the quote
    where no two of them share it.
    """

    def __init__(self, groups: Sequence[ContractGroup]) -> None:
        self.known: dict[str, Home] = {}
        spellings: defaultdict[str, set[tuple[int, str]]] = defaultdict(set)
        self.types = [group.type for group in groups]
        self.quotes: list[set[str]] = [set() for _ in groups]
        for number, group in enumerate(groups):
            for symbol, base, quote in _listed(group):
                self.quotes[number].add(quote)
                self.known.setdefault(symbol, Home(number, base, quote, True))
                if symbol.startswith(base):
                    spellings[_shape(symbol[len(base) :])].add((number, quote))
        self.spellings = {shape: next(iter(homes)) for shape, homes in spellings.items() if len(homes) == 1}

    def find(self, symbol: str, published: PublishedContract | None = None) -> Home | None:
        """The home of a symbol; None where nothing is spelled like it, and no answer says what it is made of."""
        if symbol in self.known:
            return self.known[symbol]
        said = self._of_type(published) if published is not None else None
        if said is not None:
            return said
        for start in range(1, len(symbol) + 1):
            found = self.spellings.get(_shape(symbol[start:]))
            if found:
                return Home(found[0], symbol[:start], found[1], False)
        return None

    def _of_type(self, published: PublishedContract) -> Home | None:
        """The home of a contract whose base and quote an answer gives: the one group of its type and quote."""
        base, quote = published.base or "", published.quote or ""
        groups = [k for k, kind in enumerate(self.types) if published.type in (None, kind) and quote in self.quotes[k]]
        return Home(groups[0], base, quote, False) if base and len(groups) == 1 else None

    def family(self, prefix: str, named: Iterable[str]) -> list[str]:
        """The contracts whose symbols begin with a family's name: those listed, and those named."""
        return [one for one in dict.fromkeys([*self.known, *named]) if _belongs(one, prefix)]


def _listed(group: ContractGroup) -> Iterator[tuple[str, str, str]]:
    """(symbol, base, quote) of every contract of a group."""
    if group.table is not None:
        yield from ((symbol, lines.base, lines.quote) for symbol, lines in contracts_of(group.table).items())
    for symbol, entry in group.entries.items():
        if entry.base is not None and entry.quote is not None:
            yield symbol, entry.base, entry.quote


def _shape(text: str) -> str:
    return _DIGITS.sub("#", text)


def _belongs(symbol: str, family: str) -> bool:
    return bool(family) and symbol.startswith(family) and not symbol[len(family) :][:1].isalnum() and symbol != family


def assign(
    answer: VenueAnswer,
    groups: Sequence[ContractGroup],
    homes: Homes,
    sizes: dict[str, Decimal],
    contracts: dict[str, PublishedContract],
    meant: Sequence[str] = (),
) -> tuple[list[Assigned], list[Untaken]]:
    """The usable tables of an answer by contract, and the others with the reason.

    ``sizes`` are stated by the user, ``contracts`` are what the answers of the run say beside tables. ``meant``:
    contracts that a table of a family is for, beside those listed.
    """
    taken: list[Assigned] = []
    untaken: list[Untaken] = []
    for table in answer.tables:
        symbols = homes.family(table.name, [*sizes, *meant]) if table.family else [table.name]
        if not symbols:
            untaken.append(Untaken(table.name, "no contract of this family is listed; name one with --symbol"))
        for symbol in symbols:
            known = contracts.get(symbol)
            home = homes.find(symbol, known)
            reason = _reason(symbol, table, answer, groups, home, sizes.keys() | _sized(known))
            if home is None or reason:
                untaken.append(Untaken(symbol, reason))
            else:
                taken.append(
                    Assigned(
                        symbol=symbol,
                        group=home.group,
                        base=home.base,
                        quote=home.quote,
                        rows=table.rows,
                        size=sizes.get(symbol) or _own_size(known, groups[home.group]),
                        tick=known.tick_size if known else None,
                    )
                )
    return taken, untaken


def _sized(known: PublishedContract | None) -> set[str]:
    return {known.symbol} if known is not None and known.contract_size is not None else set()


def _own_size(known: PublishedContract | None, group: ContractGroup) -> Decimal | None:
    """A published size, where it is not the one that the group states for sure."""
    size = known.contract_size if known is not None else None
    return None if size == group.contract_size and not group.size_assumption else size


def _reason(
    symbol: str,
    table: PublishedTable,
    answer: VenueAnswer,
    groups: Sequence[ContractGroup],
    home: Home | None,
    sized: Set[str],
) -> str:
    """Why a table cannot be used for a contract; empty where it can."""
    if not fits_table(symbol):
        return "its name cannot be written into a table"
    if home is None:
        return "no contract that is listed is spelled like it: its base and quote are not known"
    group = groups[home.group]
    if table.fault:
        return table.fault
    return _misfit(answer, group) or _size_missing(symbol, home, group, sized) or _table_fault(table, group)


def _misfit(answer: VenueAnswer, group: ContractGroup) -> str:
    if answer.tables_type not in (None, group.type):
        return f"the answer is about {answer.tables_type.value} contracts, it is listed as {group.type.value}"
    if answer.tiers_by is not group.tiers_by:
        return f"its tiers {BY[answer.tiers_by]}, those of the rule set {BY[group.tiers_by]}"
    return ""


def _size_missing(symbol: str, home: Home, group: ContractGroup, sized: Set[str]) -> str:
    """A contract that is new needs a size, unless the venue gives all its contracts the same one."""
    same = group.contract_size is not None and (home.known or not group.size_assumption)
    listed = home.known and group.entries.get(symbol, UNLISTED).contract_size is not None
    if same or listed or symbol in sized or home.base in group.sizes_by_base:
        return ""
    return f"it is new and its contract size is not known: add --contract-size {symbol}=SIZE"


def _table_fault(table: PublishedTable, group: ContractGroup) -> str:
    """The first row that contradicts the others, the recurrence of the deductions included."""
    rows = list(table.rows)
    if not rows:
        return "it has no tiers"
    fault = rate_fault(table.rows) or first_fault(rows, group.deduction)
    return f"tier {fault.row + 1}: {fault.message}" if fault else ""
