"""The map of a venue's answers, ``marginctl.answers/1``: which fields of which answer say what, as data.

A file of it is read into these classes: a key is an attribute, its type says what may stand there.
"""

from collections.abc import Mapping as Keys

from msgspec import Struct

from marginctl.core.contract import TiersBy
from marginctl.venues.answers.expressions import NumberRead, Path, Word


class LiveCall(Struct, frozen=True, kw_only=True):
    """One request: the implicit method of ccxt, and the form of this map that its answer has.

    ``parameters`` are sent as they stand; ``filled`` are words of the credentials and, with ``each``, of the symbol of
    every position, so that one is asked for each; where one is not given nothing is asked. ``added`` are sent where
    they are given. ``accounts``: asked for every account that an answer lists, or for the one meant, as the word
    ``account``. ``optional``: without its answer the rest still stands.
    """

    method: str
    answer: str
    parameters: Keys[str, str] = {}
    filled: Keys[str, Word] = {}
    added: Keys[str, Word] = {}
    each: bool = False
    accounts: bool = False
    optional: bool = False


class PermissionMap(Struct, frozen=True, kw_only=True):
    """What a key may do: ``read``, or the first thing that is more. ``may`` is not given where the answer is silent."""

    method: str
    may: Word


class CandleMap(Struct, frozen=True, kw_only=True):
    """Daily candles of a contract, the newest first asked; no key is needed.

    In ``parameters`` {symbol}, {type} and {count} stand for the contract's and for how many are wanted, ``most`` at
    once. ``rows``: the keys down to the list of candles, each of which begins with its time in milliseconds;
    ``close``: where its close stands. ``until``: what asks for older ones, given the oldest time so far.
    """

    method: str
    parameters: Keys[str, str]
    until: str
    close: int
    most: int
    rows: tuple[str, ...] = ()


class LiveMap(Struct, frozen=True, kw_only=True):
    """How a venue is asked. ``exchange``: the class of ccxt.

    ``credentials``: environment names by what ccxt calls them. ``calls``: positions last but one, the wallet last, so
    that both are of nearly one moment, then what is asked for each position. ``tables``: public ones, without a key;
    ``each`` is of every contract of the rule set there. ``candles``: prices, day by day. ``sandbox``, ``demo``: whether
    the venue has such a system.
    """

    exchange: str
    credentials: Keys[str, str] = {}
    calls: tuple[LiveCall, ...] = ()
    tables: tuple[LiveCall, ...] = ()
    permission: PermissionMap | None = None
    candles: CandleMap | None = None
    sandbox: bool = False
    demo: bool = False


class Keep(Struct, frozen=True, kw_only=True):
    """Rows that are read; the others are left out and named: ``others`` says what they are, by the venue's word."""

    field: Word
    kept: tuple[str, ...]
    others: Keys[str, str] = {}


class Judgement(Struct, frozen=True, kw_only=True):
    """What is wrong where ``when`` is given and not 0, or where ``unless`` is not given."""

    text: str
    when: NumberRead | None = None
    unless: Word | None = None


class LostMap(Struct, frozen=True, kw_only=True):
    """What totals contain and no row shows, where ``when`` is not 0, unless the run has ``unless``."""

    when: NumberRead
    text: str
    unless: str = ""


class MoreMap(Struct, frozen=True, kw_only=True):
    """The cursor of a further page; below ``default_page`` rows a cursor says nothing.

    ``encoded``: the answer writes it as addresses do, and it is sent back as it is meant.
    """

    cursor: Word
    parameter: str
    default_page: int = 0
    encoded: bool = False


class WholeMap(Struct, frozen=True, kw_only=True):
    """An account's total and the sum of the rows that should make it up."""

    total: NumberRead
    parts: NumberRead


class AccountMap(Struct, frozen=True, kw_only=True):
    """How the account is run."""

    position_mode: Word | None = None
    collateral_mode: Word | None = None
    taker_fee: NumberRead | None = None


class CollateralMap(Struct, frozen=True, kw_only=True):
    """Assets held; ``unused`` gives ``true`` where one is switched off as collateral.

    ``shows``: profits and requirements of an asset, one of which is not 0 only where the account has positions.
    """

    asset: Word
    amount: NumberRead
    rows: Path | None = None
    keep: Keep | None = None
    price: NumberRead | None = None
    haircut: NumberRead | None = None
    unused: Word | None = None
    shows: tuple[NumberRead, ...] = ()


class PositionMap(Struct, frozen=True, kw_only=True):
    """Open positions; the sign of ``quantity`` says nothing but through ``side``."""

    symbol: Word
    side: Word
    quantity: NumberRead
    rows: Path | None = None
    keep: Keep | None = None
    leg: Word | None = None
    entry_price: NumberRead | None = None
    mark_price: NumberRead | None = None
    notional: NumberRead | None = None
    unrealized_pnl: NumberRead | None = None
    leverage: NumberRead | None = None
    initial_margin: NumberRead | None = None
    margin_mode: Word | None = None
    isolated_margin: NumberRead | None = None
    maintenance_rate: NumberRead | None = None
    settle: Word | None = None
    expect: Keys[str, NumberRead] = {}


class OrderMap(Struct, frozen=True, kw_only=True):
    """Open orders."""

    symbol: Word
    side: Word
    quantity: NumberRead
    price: NumberRead
    rows: Path | None = None
    keep: Keep | None = None
    reduce_only: Word | None = None
    position_side: Word | None = None


class LookupMap(Struct, frozen=True, kw_only=True):
    """Tiers that stand elsewhere: in the one of ``rows`` whose ``key`` is ``wanted`` of the contract."""

    rows: Path
    key: Word
    wanted: Word
    tiers: Path


class LadderMap(Struct, frozen=True, kw_only=True):
    """Tiers that are not listed: ``levels`` of them, border and rates rising by the same steps."""

    levels: NumberRead
    up_to: NumberRead
    up_to_step: NumberRead
    maintenance_rate: NumberRead
    maintenance_step: NumberRead
    initial_rate: NumberRead
    initial_step: NumberRead


class TierMap(Struct, frozen=True, kw_only=True):
    """The steps of a margin table. ``sort``: what they rise by. ``begins``: a floor that may lie one lot behind.

    Without ``up_to`` a tier ends where the next begins. Where a contract lists no ``rows``, it is looked up, or built
    as a ladder, or is its own only tier.

    ``checked_rate``: an initial rate that is only held against ``max_leverage``. What ``optional`` does not name must
    be given; an open border is not given, or the largest 64-bit number.
    """

    sort: NumberRead
    rows: Path | None = None
    lookup: LookupMap | None = None
    ladder: LadderMap | None = None
    up_to: NumberRead | None = None
    maintenance_rate: NumberRead | None = None
    initial_rate: NumberRead | None = None
    max_leverage: NumberRead | None = None
    deduction: NumberRead | None = None
    floor: NumberRead | None = None
    begins: NumberRead | None = None
    checked_rate: NumberRead | None = None
    optional: tuple[str, ...] = ()
    first_deduction: bool = False


class TableMap(Struct, frozen=True, kw_only=True):
    """Margin tables by contract, or by ``family`` where ``name`` is not given.

    ``grouped``: a row is one tier, and rows of one name make a table.
    """

    tiers: TierMap
    name: Word
    rows: Path | None = None
    keep: Keep | None = None
    family: Word | None = None
    type: Word | None = None
    by: TiersBy = TiersBy.NOTIONAL
    grouped: bool = False
    faults: tuple[Judgement, ...] = ()


class HaircutTierMap(Struct, frozen=True, kw_only=True):
    """Marginal steps of a haircut schedule; ``rest`` counts beyond the last border."""

    rows: Path
    sort: NumberRead
    up_to: NumberRead
    haircut: NumberRead
    rest: NumberRead | None = None


class HaircutMap(Struct, frozen=True, kw_only=True):
    """Haircuts by asset: one, or tiers by amount. ``debt_factor``: what a unit of debt counts."""

    asset: Word
    rows: Path | None = None
    haircut: NumberRead | None = None
    tiers: HaircutTierMap | None = None
    debt_factor: NumberRead | None = None
    faults: tuple[Judgement, ...] = ()


class ContractMap(Struct, frozen=True, kw_only=True):
    """What is said of contracts beside their tables."""

    symbol: Word
    rows: Path | None = None
    keep: Keep | None = None
    type: Word | None = None
    base: Word | None = None
    quote: Word | None = None
    settle: Word | None = None
    expires: Word | None = None
    margin_mode: Word | None = None
    contract_size: NumberRead | None = None
    tick_size: NumberRead | None = None
    lot: NumberRead | None = None
    mark_price: NumberRead | None = None
    leverage: NumberRead | None = None
    taker_fee: NumberRead | None = None
    max_leverage: NumberRead | None = None


class PriceMap(Struct, frozen=True, kw_only=True):
    """Prices of assets, in the account's currency."""

    asset: Word
    price: NumberRead
    rows: Path | None = None


class AnswerForm(Struct, frozen=True, kw_only=True):
    """One answer: where its rows may stand, the keys that tell it (``has``, ``lacks``), and what they say.

    ``seen``: where the shape was seen, and when. ``parts``: rows are parts of one account, so that of several none
    has its totals. ``who``: which of several accounts a row is of, where a venue keeps them under one name.
    ``accounts``: an account that a row lists. ``proof``: fields of which an account that exists gives one.
    """

    name: str
    title: str
    seen: str
    rows: tuple[Path, ...]
    has: tuple[Path, ...]
    lacks: tuple[Path, ...] = ()
    as_of: Word | None = None
    more: MoreMap | None = None
    parts: bool = False
    who: Word | None = None
    accounts: Word | None = None
    proof: tuple[Word, ...] = ()
    refuse: tuple[Judgement, ...] = ()
    account: AccountMap | None = None
    whole: WholeMap | None = None
    collateral: CollateralMap | None = None
    positions: PositionMap | None = None
    orders: OrderMap | None = None
    expect: Keys[str, NumberRead] = {}
    expect_unit: Word | None = None
    lost: tuple[LostMap, ...] = ()
    remarks: tuple[Judgement, ...] = ()
    tables: TableMap | None = None
    haircuts: HaircutMap | None = None
    contracts: ContractMap | None = None
    prices: PriceMap | None = None


class Shared(Struct, frozen=True, kw_only=True):
    """Answers of another map that this venue gives too, which only tell it beside one of its own."""

    map: str
    answers: tuple[str, ...]


class AnswerMap(Struct, frozen=True, kw_only=True):
    """The map of one rule set. ``errors``: the venue's codes, or a part of its words, by reason.

    ``private``: keys that are never written. ``live``: how the answers are asked for.
    """

    schema: str
    venue: str
    answers: tuple[AnswerForm, ...]
    currency: str = "USD"
    errors: Keys[str, tuple[str, ...]] = {}
    private: tuple[str, ...] = ()
    shares: tuple[Shared, ...] = ()
    live: LiveMap | None = None
