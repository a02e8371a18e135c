"""Margin models of a whole pool, as data: what moves how far, what a history says, what is added, how it combines."""

from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct, field

from marginctl.core.account import FIAT_CURRENCIES, STABLECOINS
from marginctl.core.exact import ONE, ZERO

if TYPE_CHECKING:
    from marginctl.core.returns import History, Returns

EVERY_OTHER = "*"
STEADY = STABLECOINS | FIAT_CURRENCIES
INITIAL_FACTOR = Decimal("1.3")


class MarginModel(Enum):
    """What the requirement of a cross pool is: per contract by tiers, or the risk of the whole."""

    TIERED = "tiered"
    SCENARIO = "scenario"
    VAR = "var"
    EXPECTED_SHORTFALL = "expected-shortfall"


class ScanPrice(Enum):
    """The price on which contracts count: their mark, or the price of their base."""

    MARK = "mark"
    INDEX = "index"


class Quantile(Enum):
    """The conventions of a sample quantile, by their usual names; the numbers are Hyndman and Fan's."""

    INVERTED_CDF = "inverted-cdf"
    AVERAGED_INVERTED_CDF = "averaged-inverted-cdf"
    CLOSEST_OBSERVATION = "closest-observation"
    INTERPOLATED_INVERTED_CDF = "interpolated-inverted-cdf"
    HAZEN = "hazen"
    WEIBULL = "weibull"
    LINEAR = "linear"
    MEDIAN_UNBIASED = "median-unbiased"
    NORMAL_UNBIASED = "normal-unbiased"


class TailMean(Enum):
    """EXACT: the mean of the worst p, the last one only as far as p reaches; AT_OR_BEYOND: of all that are <= Q_p."""

    EXACT = "exact"
    AT_OR_BEYOND = "at-or-beyond"


class Filling(Enum):
    """A blank cell of an asset in use: ERROR; DROP: the date goes for all assets; CARRY: the last price again."""

    ERROR = "error"
    DROP = "drop"
    CARRY = "carry"


class ReturnSpan(Struct, frozen=True):
    """How returns are taken: over so many rows, every row (``overlapping``) or in blocks back from the newest."""

    horizon: int = 1
    overlapping: bool = True


class Move(Struct, frozen=True):
    """A relative move of a price, >= -1, and how much of its loss counts."""

    move: Decimal
    weight: Decimal = ONE


class MoveTable(Struct, frozen=True):
    """Moves of assets (``*`` = every other one). ``unit``: the risk unit that they belong to, None = each its own."""

    assets: tuple[str, ...]
    moves: tuple[Move, ...]
    unit: str | None = None


class SpreadBy(Enum):
    """What an asset leg draws on: its net base units, or its net value."""

    QUANTITY = "quantity"
    VALUE = "value"


class SpreadLeg(Struct, frozen=True):
    """One leg: an asset or a contract (the other one is empty), with its signed ratio."""

    ratio: Decimal
    asset: str = ""
    contract: str = ""


class Spread(Struct, frozen=True, kw_only=True):
    """Opposite legs that offset: a ``credit`` of their scans, or a ``charge`` in currency per spread."""

    name: str
    legs: tuple[SpreadLeg, ...]
    by: SpreadBy = SpreadBy.QUANTITY
    credit: Decimal = ZERO
    charge: Decimal = ZERO


class ChargeBase(Enum):
    """What a charge is a rate of (see ``Charge``)."""

    GROSS = "gross"
    NET = "net"
    HEDGED = "hedged"
    COLLATERAL = "collateral"


class Where(Enum):
    """Where a charge counts: beside the scan, as a floor below both, or on top of the whole after its factor."""

    CORE = "core"
    FLOOR = "floor"
    ON_TOP = "on-top"


class Grade(Enum):
    """Which of the two margins."""

    INITIAL = "initial"
    MAINTENANCE = "maintenance"


class Charge(Struct, frozen=True, kw_only=True):
    """rate * base: GROSS sum |V| over contracts, NET |sum X|, HEDGED the smaller side, COLLATERAL price * max(0, held).

    ``names``: units or assets, None = all. ``price``: None = the model's. ``tiers``: (up_to, factor) multiply it
    marginally. ``grade``: None = both margins; only of charges on top.
    """

    name: str
    on: ChargeBase
    rate: Decimal
    where: Where
    names: tuple[str, ...] | None = None
    price: ScanPrice | None = None
    tiers: tuple[tuple[Decimal | None, Decimal], ...] = ()
    grade: Grade | None = None


class StressedFigure(Struct, frozen=True):
    """The same figure on the returns of a bad time; ``blend``: its share of the whole, None = the larger of both."""

    returns: "Returns"
    blend: Decimal | None = None


class TailTerms(Struct, frozen=True, kw_only=True):
    """How a figure is read out of a history, for one of the two margins."""

    confidence: Decimal
    returns: "Returns"
    span: ReturnSpan = ReturnSpan()
    decay: Decimal | None = None
    quantile: Quantile = Quantile.INVERTED_CDF
    tail: TailMean = TailMean.EXACT
    stressed: StressedFigure | None = None

    @property
    def p(self) -> Decimal:
        """1 - confidence."""
        return ONE - self.confidence


def default_factors() -> dict[Grade, Decimal]:
    """1 for maintenance, 1.3 for initial margin."""
    return {Grade.MAINTENANCE: ONE, Grade.INITIAL: INITIAL_FACTOR}


class ModelTerms(Struct, frozen=True, kw_only=True):
    """A margin model with all its terms.

    separate: the share of the total in which every unit takes its own worst move (1 = ``sum``), the rest has all of
    them move together (0 = ``joint``). ``tails``: per margin, of the models that read a history. ``steady``: what ``*``
    does not move.
    """

    model: MarginModel
    separate: Decimal = ONE
    tables: tuple[MoveTable, ...] = ()
    spreads: tuple[Spread, ...] = ()
    charges: tuple[Charge, ...] = ()
    scan_price: ScanPrice = ScanPrice.MARK
    scanned: frozenset[str] | None = frozenset()
    tails: dict[Grade, TailTerms] = {}
    factors: dict[Grade, Decimal] = field(default_factory=default_factors)
    history: "History | None" = None
    steady: frozenset[str] = STEADY

    @property
    def scans_orders(self) -> bool:
        """Whether orders count as what they would make of a unit's scan, and not by tiers."""
        return self.model is MarginModel.SCENARIO and self.separate == ONE and not self.spreads

    def is_scanned(self, asset: str) -> bool:
        """Whether the equity of an asset counts as a position."""
        return self.scanned is None or asset in self.scanned

    def table_of(self, asset: str) -> MoveTable | None:
        """The table that moves an asset."""
        named = (table for table in self.tables if asset in table.assets)
        every = (table for table in self.tables if EVERY_OTHER in table.assets)
        return next(named, None) or next(every, None)

    def takes_part(self, asset: str) -> bool:
        """Whether the asset moves: a history has a column for it, or a table that names it, ``*`` if it is volatile."""
        if self.model is not MarginModel.SCENARIO:
            return all(asset in tail.returns.assets for tail in self.tails.values())
        table = self.table_of(asset)
        return table is not None and (asset in table.assets or asset not in self.steady)

    def unit_of(self, asset: str) -> str:
        """The risk unit of an asset: that of the table that moves it, else itself."""
        table = self.table_of(asset) if self.takes_part(asset) else None
        return (table.unit if table is not None else None) or asset
