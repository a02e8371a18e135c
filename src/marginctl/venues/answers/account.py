"""What one answer of a venue says, as plain values: the account in it, and what the venue publishes to everybody.

Nothing is judged or merged here. A figure that the answer does not give is None or missing, never 0. Words are those of
the portfolio file: ``long``, ``short``, ``cross``, ``isolated``, ``one-way``, ``hedge``.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from marginctl.core.contract import ContractType, HaircutTier, TiersBy
from marginctl.venues.tiers import TierRow


class Amount(Struct, frozen=True):
    """A number of an answer, exactly.

    ``unit``: what one last digit of each number printed does to it, summed; 0 = the map states it. ``formula``: the
    fields it was worked out of, or the field that stands in for the usual one; empty where that is printed as it is.
    ``cut``: the venue drops the digits behind.
    """

    value: Fraction
    unit: Fraction = Fraction(0)
    formula: str = ""
    cut: bool = False


class HeldAsset(Struct, frozen=True, kw_only=True):
    """An asset held or owed, without unrealised profit. ``price``: the account's own valuation, in its currency.

    ``unused``: held, but switched off as collateral.
    """

    asset: str
    amount: Amount
    price: Amount | None = None
    haircut: Amount | None = None
    unused: bool = False


class HeldPosition(Struct, frozen=True, kw_only=True):
    """An open position; ``quantity`` above 0, in the venue's contracts, money in the settle asset.

    ``leg``: ``long`` or ``short`` in hedge mode, ``one-way``, None = the row does not say. ``isolated_margin``: set
    aside, without profit. ``expect``: the venue's own figures by our name; None = the venue shows that there is none.
    """

    symbol: str
    side: str
    quantity: Amount
    leg: str | None = None
    entry_price: Amount | None = None
    mark_price: Amount | None = None
    notional: Amount | None = None
    unrealized_pnl: Amount | None = None
    leverage: Amount | None = None
    initial_margin: Amount | None = None
    margin_mode: str | None = None
    isolated_margin: Amount | None = None
    maintenance_rate: Amount | None = None
    settle: str | None = None
    expect: Mapping[str, Amount | None] = {}


class RestingOrder(Struct, frozen=True, kw_only=True):
    """An open order: ``side`` is ``buy`` or ``sell``, ``position_side`` the leg in hedge mode."""

    symbol: str
    side: str
    quantity: Amount
    price: Amount
    reduce_only: bool = False
    position_side: str | None = None


class PublishedTable(Struct, frozen=True, kw_only=True):
    """The margin table of one contract, or of a family of contracts.

    ``family``: ``name`` is how the symbols of its contracts begin. ``fault``: why the table cannot be used as it is.
    """

    name: str
    rows: tuple[TierRow, ...]
    family: bool = False
    fault: str = ""


class PublishedHaircuts(Struct, frozen=True, kw_only=True):
    """The haircuts of one asset; ``debt_factor``: what a unit of debt or of required margin counts, None = unsaid."""

    asset: str
    haircuts: tuple[HaircutTier, ...]
    debt_factor: Decimal | None = None
    fault: str = ""


class PublishedContract(Struct, frozen=True, kw_only=True):
    """What an answer says of a contract beside its table; None = nothing.

    ``expires``: its last day. ``mark_price`` may be older than a position's. ``leverage``, ``margin_mode`` and
    ``taker_fee`` are the account's own settings of the contract.
    """

    symbol: str
    type: ContractType | None = None
    base: str | None = None
    quote: str | None = None
    settle: str | None = None
    contract_size: Decimal | None = None
    tick_size: Decimal | None = None
    lot: Decimal | None = None
    expires: str | None = None
    mark_price: Amount | None = None
    leverage: Amount | None = None
    margin_mode: str | None = None
    taker_fee: Amount | None = None
    max_leverage: Amount | None = None


class LeftOut(Struct, frozen=True):
    """Rows that are no futures of the account: what they are, how many, and of which symbols or assets."""

    text: str
    count: int
    symbols: tuple[str, ...]


class Lost(Struct, frozen=True):
    """Something that totals contain and no row shows, unless the run has an answer with ``unless`` in it."""

    text: str
    unless: str = ""


class MorePages(Struct, frozen=True):
    """Another page of the answer: the parameter that asks for it and its value, and the rows of this page.

    ``encoded``: the value is written as addresses write it.
    """

    parameter: str
    cursor: str
    rows: int
    encoded: bool = False


class VenueAnswer(Struct, frozen=True, kw_only=True):
    """One answer. ``venue`` is a rule set, ``name`` and ``title`` are the map's, ``file`` has no folders.

    ``holds``: the parts that such an answer speaks of (``account``, ``collateral``, ``positions``, ``orders``,
    ``tables``, ``haircuts``, ``contracts``, ``prices``), also where it lists none.
    ``who``: which of several accounts of the venue it is of, None = there is one; ``accounts``: those that it lists.
    ``as_of``: its own time in UTC, ``2025-10-02T19:16:00.944Z``; None = it has none. ``whole``: whether its collateral
    makes up the account's total, None = it does not say. ``shows_positions``: whether its assets show
    a profit or a requirement. ``expect``: totals by our name, ``cross.equity`` of the cross
    pool, ``initial_margin + order_margin``; in ``expect_unit``, None = the account's currency.
    """

    file: str
    venue: str
    name: str
    title: str
    holds: tuple[str, ...]
    who: str | None = None
    accounts: tuple[str, ...] = ()
    as_of: str | None = None
    currency: str = "USD"
    position_mode: str | None = None
    collateral_mode: str | None = None
    taker_fee: Amount | None = None
    collateral: tuple[HeldAsset, ...] = ()
    shows_positions: bool = False
    positions: tuple[HeldPosition, ...] = ()
    orders: tuple[RestingOrder, ...] = ()
    expect: Mapping[str, Amount | None] = {}
    expect_unit: str | None = None
    whole: bool | None = None
    left_out: tuple[LeftOut, ...] = ()
    lost: tuple[Lost, ...] = ()
    more: MorePages | None = None
    remarks: tuple[str, ...] = ()
    tables: tuple[PublishedTable, ...] = ()
    tables_type: ContractType | None = None
    tiers_by: TiersBy = TiersBy.NOTIONAL
    haircuts: tuple[PublishedHaircuts, ...] = ()
    contracts: tuple[PublishedContract, ...] = ()
    prices: Mapping[str, Amount] = {}

    @property
    def day(self) -> str | None:
        """The day of its time, UTC."""
        return None if self.as_of is None else self.as_of[:10]

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing of an account."""
        return not (self.collateral or self.positions or self.orders)
