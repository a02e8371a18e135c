"""What may be changed in a portfolio, and what planning such a change works with.

A change becomes edits of the file's text, so that what is written is what is computed. Amounts in it are exact; what
has no finite decimal is rounded to ``PLACES`` decimals, to the cautious side, and a note says so.
"""

from decimal import Decimal
from functools import cached_property
from typing import TypeAlias

from msgspec import Struct, field

from marginctl.core.account import Account, MarginMode, Position, PositionMode
from marginctl.core.exact import ZERO, Direction, rounded, sign
from marginctl.document.names import meant
from marginctl.document.numbers import MOST_DIGITS
from marginctl.document.rewrite import Append, Edit, Put
from marginctl.document.source import echo
from marginctl.portfolio.format import OrderEntry, PortfolioFile, PositionEntry
from marginctl.portfolio.positions import contracts_worth
from marginctl.portfolio.reading import short

PLACES = 12
MOST_PLACES = 30
PRICE_DIGITS = 16


class Open(Struct, frozen=True, kw_only=True):
    """A new position, or more of one that exists. ``price`` None = the mark; ``keys``: further keys of its row."""

    symbol: str
    side: int
    quantity: Decimal
    price: Decimal | None = None
    leverage: Decimal | None = None
    margin_mode: MarginMode = MarginMode.CROSS
    keys: dict[str, str] = {}


class Close(Struct, frozen=True):
    """A whole position at ``price``, None = its mark."""

    name: str
    price: Decimal | None = None


class Resize(Struct, frozen=True):
    """A position to ``quantity`` contracts, at ``price``, None = its mark."""

    name: str
    quantity: Decimal
    price: Decimal | None = None


class Transfer(Struct, frozen=True):
    """``amount`` units of an asset into the account, out of it where negative."""

    asset: str
    amount: Decimal


class Reprice(Struct, frozen=True):
    """Another price of an asset, in the account's currency, or by a contract's symbol another mark of that contract."""

    asset: str
    price: Decimal


class Remode(Struct, frozen=True):
    """Another margin mode for the positions of a name and a side, None = for all."""

    margin_mode: MarginMode
    name: str | None = None
    side: int | None = None


Change: TypeAlias = Open | Close | Resize | Transfer | Reprice | Remode


class ChangeError(Exception):
    """A change that cannot be meant for this portfolio. ``message`` and ``help`` are for the user."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class Plan(Struct):
    """The edits that make a change, and what there is to say about it."""

    edits: list[Edit] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Book:
    """A portfolio as it is written, and the account that it means."""

    def __init__(self, file: PortfolioFile, account: Account) -> None:
        self.file, self.account = file, account

    @property
    def is_hedged(self) -> bool:
        """Whether a contract may have a long and a short leg."""
        return self.account.position_mode is PositionMode.HEDGE

    def named(self, name: str) -> list[Position]:
        """The positions with this key, else those on this contract. Raises ChangeError where there are none."""
        positions = self.account.positions
        found = [p for p in positions if p.key == name] or [p for p in positions if p.contract.symbol == name]
        if not found:
            keys = [short(position.key) for position in positions]
            raise ChangeError(f"there is no position in {echo(name)}", meant(name, keys, "the positions are"))
        return found

    def position(self, name: str) -> Position:
        """The only position of that name. Raises ChangeError."""
        found = self.named(name)
        if len(found) > 1:
            keys = " or ".join(short(position.key) for position in found)
            raise ChangeError(f"{echo(name)} names {len(found)} positions", f"write {keys}")
        return found[0]

    def rows(self, position: Position) -> list[tuple[int, PositionEntry]]:
        """The rows that merge into a position, with their numbers in the list."""
        return self.grouped[position.contract.symbol, position.side, position.margin_mode]

    @cached_property
    def grouped(self) -> dict[tuple[str, int, MarginMode], list[tuple[int, PositionEntry]]]:
        """The rows by symbol, side and margin mode."""
        found: dict[tuple[str, int, MarginMode], list[tuple[int, PositionEntry]]] = {}
        for number, row in enumerate(self.file.positions):
            found.setdefault((row.symbol, row.side, row.margin_mode), []).append((number, row))
        return found

    def row_quantity(self, position: Position, row: PositionEntry) -> Decimal:
        """The contracts of one row: as given, or its notional at the mark in the quote asset."""
        if row.quantity is not None:
            return row.quantity
        return contracts_worth(position.contract, row.notional or ZERO, position.mark_price)

    def row_entry(self, position: Position, row: PositionEntry) -> Decimal:
        """The entry price of one row: as given, or the mark."""
        return row.entry_price or position.mark_price


def written(value: Decimal, direction: Direction, places: int = PLACES) -> Decimal:
    """The value as a file can hold it: exact where it ends within 30 decimals, else rounded in ``direction``."""
    exact = rounded(value, MOST_PLACES, Direction.NEAREST).normalize()
    if not sign(value - exact, abs(value)) and len(exact.as_tuple().digits) <= MOST_DIGITS:
        return exact
    return rounded(value, places, direction).normalize()


def written_price(value: Decimal, direction: Direction) -> Decimal:
    """The same for prices and quantities, which may be small: 16 digits at least."""
    return written(value, direction, max(PLACES, PRICE_DIGITS - 1 - value.adjusted()))


def is_rounded(exact: Decimal, shown: Decimal) -> bool:
    """Whether more than the residue of a division was lost."""
    return bool(sign(exact - shown, abs(exact)))


def rounding_note(what: str, exact: Decimal, shown: Decimal) -> list[str]:
    """What to say where a figure was rounded."""
    if not is_rounded(exact, shown):
        return []
    return [f"{what} has no finite decimal: rounded {'down' if shown < exact else 'up'} to {text_of(shown)}"]


def text_of(value: Decimal) -> str:
    """A number as a file has it: no exponent, no negative zero."""
    return format(value or ZERO, "f")


def credit(book: Book, asset: str, amount: Decimal) -> list[Edit]:
    """Edits that add an amount to what the account holds of an asset; nothing is added as no row."""
    for number, row in enumerate(book.file.collateral):
        if row.asset == asset:
            return [Put(("collateral", number, "amount"), text_of(row.amount + amount))] if amount else []
    return [Append(("collateral",), {"asset": asset, "amount": text_of(amount)})] if amount else []


def is_held(book: Book, symbol: str, leg_side: int) -> bool:
    """Whether the cross pool has a position whose rate counts for orders: in hedge mode on that leg."""
    return any(
        p.contract.symbol == symbol and p.margin_mode is MarginMode.CROSS and (not book.is_hedged or p.side == leg_side)
        for p in book.account.positions
    )


def orders_on(book: Book, symbol: str, leg_side: int) -> list[tuple[int, OrderEntry]]:
    """The orders that share a rate with a cross position, with their numbers in the list."""
    return [
        (number, row)
        for number, row in enumerate(book.file.orders)
        if row.symbol == symbol and (not book.is_hedged or row.position_side == leg_side)
    ]
