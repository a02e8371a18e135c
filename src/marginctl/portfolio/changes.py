"""What may be changed in a portfolio, and what planning such a change works with.

A change becomes edits of the file's text, so that what is written is what is computed. Amounts in it are exact; what
has no finite decimal is rounded to ``PLACES`` decimals, to the cautious side, and a note says so.
"""

from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct, field

from marginctl.core.account import Account, MarginMode, Position, PositionMode
from marginctl.core.exact import ZERO, Direction, rounded, sign
from marginctl.document.numbers import MOST_DIGITS
from marginctl.document.rewrite import Edit, RewriteError
from marginctl.document.source import echo, meant
from marginctl.portfolio.format import PortfolioFile
from marginctl.portfolio.positions import StatedPosition
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


class Secure(Struct, frozen=True):
    """``amount`` of the settle asset out of the free balance into an isolated margin, back where negative."""

    name: str
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


Change: TypeAlias = Open | Close | Resize | Transfer | Secure | Reprice | Remode


class ChangeError(RewriteError):
    """A change that cannot be meant for this portfolio."""


class Plan(Struct):
    """The edits that make a change, and what there is to say about it."""

    edits: list[Edit] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class WrittenPortfolio(Struct, frozen=True):
    """A portfolio as it is written, the account that it means, and the rows of its positions."""

    file: PortfolioFile
    account: Account
    rows: tuple[StatedPosition, ...]

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

    def lots(self, position: Position) -> tuple[StatedPosition, ...]:
        """The rows that merge into a position."""
        return next(row.lots for row in self.rows if row.position.key == position.key)


def written(value: Decimal, direction: Direction, places: int = PLACES) -> Decimal:
    """The value as a file can hold it: exact where it ends within 30 decimals, else rounded in ``direction``."""
    exact = rounded(value, MOST_PLACES, Direction.NEAREST).normalize()
    if not sign(value - exact, abs(value)) and len(exact.as_tuple().digits) <= MOST_DIGITS:
        return exact
    return rounded(value, places, direction).normalize()


def written_price(value: Decimal, direction: Direction) -> Decimal:
    """The same for prices and quantities, which may be small: 16 digits at least."""
    return written(value, direction, max(PLACES, PRICE_DIGITS - 1 - value.adjusted()))


def rounding_note(what: str, exact: Decimal, shown: Decimal) -> list[str]:
    """What to say where a figure was rounded, by more than the residue of a division."""
    if not sign(exact - shown, abs(exact)):
        return []
    return [f"{what} has no finite decimal: rounded {'down' if shown < exact else 'up'} to {text_of(shown)}"]


def text_of(value: Decimal) -> str:
    """A number as a file has it: no exponent, no negative zero."""
    return format(value or ZERO, "f")
