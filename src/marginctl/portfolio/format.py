"""The portfolio file, ``marginctl.portfolio/1``."""

from collections.abc import Iterator

from marginctl.core.account import Basis, CloseFee, CloseFeeIn, MarginMode, Netting, PositionMode, Purpose
from marginctl.core.contract import LONG, SHORT, SIDES, ContractType, TiersBy
from marginctl.core.exact import ZERO
from marginctl.core.model import MarginModel
from marginctl.document.kinds import (
    AMOUNT,
    DATE,
    DURATION,
    FLAG,
    POSITIVE,
    RATE,
    SHARE,
    SIGNED,
    SIGNED_RATE,
    TEXT,
    Choice,
    Entries,
    Instant,
    ListOf,
    MapOf,
    members,
    words,
)
from marginctl.document.nodes import Node, Sequence
from marginctl.document.record import Nested, Record, key, nested, optional, records
from marginctl.limits.format import LIMITS, Expected, ScenarioEntry, WaiverEntry
from marginctl.venues.collateral import HaircutStep
from marginctl.venues.contracts import CONTRACT_SIZE, STATED_RATE, VenueTier
from marginctl.venues.loader import DEFAULT
from marginctl.venues.model_format import HistoryEntry, ModelEntry

GIVE_IT = "give its value, delta and margins as a row of `other:`: as linear or inverse its figures would be wrong"
NOT_MODELLED = {"option": ("options are not modelled", GIVE_IT)}
SYMBOL = "the venue's own symbol of the contract"


class CloseFeeEntry(Record, name="close_fee"):
    """The fee to close as a part of the margins, instead of the venue's rule."""

    rate = optional(RATE, "of the value closed; default: the account's taker_fee")
    at_price = optional(members(CloseFee), "the price that it is taken at; none: no margin has it", name="at")
    part_of = optional(members(CloseFeeIn), "the margins that it is part of", name="in")


class AccountEntry(Record, name="account"):
    """How the account is run."""

    name = optional(TEXT, "default: the name of the file")
    venue = optional(TEXT, "a bundled rule set, or the path of a rule file; default generic")
    collateral_mode = optional(words("single-asset", "multi-asset"), "default: the venue's first mode")
    margin_model = optional(
        members(MarginModel), "default tiered; the others need portfolio_margin", default=MarginModel.TIERED
    )
    position_mode = optional(members(PositionMode), "default one-way", default=PositionMode.ONE_WAY)
    currency = optional(TEXT, "what totals are reported in: USD or a USD stablecoin")
    as_of = optional(Instant(), "when the figures were taken, with its time zone")
    taker_fee = optional(RATE, "fee to close, where the venue's rule counts it; on generic a part of maintenance")
    netting = optional(
        members(Netting, Netting.NONE, Netting.LARGER_LEG, Netting.NET), "legs of one contract in hedge mode"
    )
    underlying_netting = optional(
        members(Netting, Netting.NONE, Netting.LARGER_LEG), "across contracts of one underlying"
    )
    liquidation_level = optional(POSITIVE, "liquidated when equity < level x maintenance margin")
    initial_basis = optional(members(Basis), "the price that initial margins are taken on; default: the venue's")
    maintenance_basis = optional(
        members(Basis), "the price that maintenance margins are taken on; default: the venue's"
    )
    close_fee = optional(nested(CloseFeeEntry), "the fee to close in the margins; default: the venue's rule")
    start_of_day_equity = optional(
        SIGNED, "equity when the day began, with what was deposited since and without what was withdrawn"
    )


class CollateralEntry(Record, name="collateral"):
    """An asset that the account holds or owes."""

    asset = key(TEXT, "the coin or currency held")
    amount = key(SIGNED, "units of the asset; negative = borrowed")
    haircut = optional(SHARE, "share of the value that does not count")
    haircut_tiers = optional(records(HaircutStep), "haircuts that grow with the amount")
    loan_rate = optional(RATE, "maintenance margin on a debt")
    bonus = optional(
        FLAG, "given by the venue: margin that is lost first and never withdrawn; default false", default=False
    )


class OtherEntry(Record, name="other"):
    """Something that is not modelled, such as options, and taken as it is given; amounts in the account's currency."""

    name = key(TEXT, "how reports call it")
    value = key(SIGNED, "what it adds to equity now, negative where it is owed")
    delta = key(MapOf(SIGNED), "units by asset that it moves as, in a straight line; {} = no price moves it")
    initial_margin = key(AMOUNT, "what it needs to be opened, at every price")
    maintenance_margin = key(AMOUNT, "what it needs to be kept, at every price")
    settle = optional(TEXT, "the asset whose pool it is in; needed in single-asset mode")


class AssetEntry(Record, name="asset"):
    """What an asset moves with; it stands before the bundled list."""

    follows = optional(TEXT, "the asset whose price moves it, or none: it moves by itself")
    ratio = optional(POSITIVE, "units of that asset in one of it, where that is fixed: its price where none is given")
    stablecoin = optional(FLAG, "true: a dollar token, priced at 1 where no price is given")


class DeclaredTier(VenueTier, name="tier"):
    """A step of a contract's margin table."""

    up_to = optional(POSITIVE, "upper border, inclusive; the last tier has none")
    maintenance_rate = key(RATE, "maintenance margin per notional")
    initial_rate = optional(RATE, "initial margin per notional")
    max_leverage = optional(POSITIVE, "highest leverage; the initial rate is at least 1 / max_leverage")
    deduction = optional(AMOUNT, "maintenance deduction; derived so that the margin is continuous unless given")


class ContractEntry(
    Record,
    name="contract",
    not_offered={"strike": f"options are not modelled; {GIVE_IT}"},
):
    """A contract that the venue's rule set does not have, or an override."""

    type = optional(
        Choice(members(ContractType).meanings, NOT_MODELLED),
        "linear settles in its quote, inverse in its base, quanto in a third asset",
    )
    base = optional(TEXT, "the asset that is traded")
    quote = optional(TEXT, "the asset it is priced in")
    settle = optional(TEXT, "the third asset in which a quanto settles")
    contract_size = optional(POSITIVE, f"{CONTRACT_SIZE}; quanto: units of settle for a price that moves by 1")
    tick_size = optional(POSITIVE, "step of its price, quote per base; where a venue's screen depends on it")
    tiers_by = optional(members(TiersBy), "what the borders of the tiers are measured in")
    tiers = optional(records(DeclaredTier), "the margin table")
    lot = optional(POSITIVE, "smallest step of a quantity, in contracts; default: whole contracts")
    expiry = optional(DATE, "its last day; default: the date in its symbol")


class PositionEntry(
    Record,
    name="position",
    not_offered=dict.fromkeys(("liquidation_price", "liq_price"), "it is computed; the venue's own goes to `expect:`"),
):
    """An open position."""

    symbol = key(TEXT, SYMBOL)
    side = key(Choice(SIDES))
    quantity = optional(POSITIVE, "number of contracts: base units for a linear contract of size 1")
    notional = optional(POSITIVE, "value at the mark in the quote asset, instead of quantity")
    entry_price = optional(POSITIVE, "default: the mark price")
    mark_price = optional(POSITIVE, "default: price of the base / price of the quote")
    leverage = optional(POSITIVE, "initial rate = 1 / leverage")
    initial_rate = optional(STATED_RATE, "instead of leverage")
    initial_margin = optional(AMOUNT, "instead of leverage: an amount in the settle asset")
    maintenance_rate = optional(STATED_RATE, "instead of the contract's tiers")
    maintenance_deduction = optional(AMOUNT, "goes with maintenance_rate, in the settle asset; default 0", default=ZERO)
    margin_mode = optional(members(MarginMode), "default cross", default=MarginMode.CROSS)
    isolated_margin = optional(POSITIVE, "set aside out of the collateral, in the settle asset")
    auto_add = optional(FLAG, "the venue may add free balance to its isolated margin: not counted; default false")
    funding_rate = optional(SIGNED_RATE, "per interval; positive: longs pay")
    funding_interval = optional(DURATION, "default 8h")
    purpose = optional(members(Purpose))


class OrderEntry(Record, name="order"):
    """An open order."""

    symbol = key(TEXT, SYMBOL)
    side = key(Choice({"buy": LONG, "sell": SHORT}))
    quantity = key(POSITIVE, "number of contracts")
    price = key(POSITIVE, "limit price")
    leverage = optional(POSITIVE, "only where the contract has no position")
    initial_rate = optional(RATE, "instead of leverage")
    maintenance_rate = optional(RATE, "only where orders need maintenance margin and the contract has no position")
    reduce_only = optional(FLAG, "never opens or adds; default false", default=False)
    position_side = optional(Choice(SIDES), "required in hedge mode, refused otherwise")


class AnswerEntry(Record, name="answer"):
    """An answer of a venue that a portfolio was imported from."""

    file = key(TEXT, "its name, without folders")
    answer = key(TEXT, "the venue and which of its answers it is")
    as_of = optional(Instant(), "its own time")


class OriginEntry(Record, name="origin"):
    """Where an imported portfolio comes from, as `marginctl import` writes it."""

    answers = optional(records(AnswerEntry), "what it was imported from")
    incomplete = optional(ListOf(TEXT), "what they held and the file does not (MC220)", default=[])

    def left_out(self) -> Iterator[tuple[str, Node]]:
        """What is incomplete, with its places."""
        written = self.at(OriginEntry.incomplete)
        return zip(self.incomplete, written.items if isinstance(written, Sequence) else (), strict=False)


class PortfolioFile(Record, name="portfolio"):
    """A margin account: what it holds, its positions and its limits."""

    editor_schema = optional(TEXT, "where an editor finds the JSON Schema", name="$schema")
    format = optional(words("marginctl.portfolio/1"), "the format of this file", name="schema")
    account = optional(nested(AccountEntry), "how the account is run")
    prices = optional(MapOf(POSITIVE), "price of one unit of an asset, in the account's currency", default=Entries())
    betas = optional(MapOf(SIGNED), "how far an asset moves when all move together", default=Entries())
    assets = optional(MapOf(nested(AssetEntry)), "assets that belong together, by name", default=Entries())
    collateral = optional(records(CollateralEntry), "what the account holds, isolated margin included", default=[])
    contracts = optional(MapOf(nested(ContractEntry)), "contracts by symbol", default=Entries())
    positions = optional(records(PositionEntry), "open positions", default=[])
    orders = optional(records(OrderEntry), "open orders", default=[])
    other = optional(records(OtherEntry), "what is not modelled and taken as given, such as options", default=[])
    portfolio_margin = optional(nested(ModelEntry), "margin of cross pools as the risk of the whole")
    history = optional(nested(HistoryEntry), "prices or returns by date")
    limits = optional(Nested(LIMITS), "thresholds of this account")
    scenarios = optional(records(ScenarioEntry), "price moves to survive", default=[])
    waivers = optional(records(WaiverEntry), "accepted breaches of this file's limits", default=[])
    expect = optional(nested(Expected), "figures to compare the result with")
    origin = optional(nested(OriginEntry), "what it was imported from")

    @property
    def venue(self) -> str:
        """The rule set named, the generic one where none is."""
        return self.account.venue or DEFAULT if self.account is not None else DEFAULT
