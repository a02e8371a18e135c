"""The portfolio file, ``marginctl.portfolio/1``."""

from typing import Any

from marginctl.core.figures import NUMBERS
from marginctl.core.plain import keys_of
from marginctl.core.report import PositionFigures, Totals
from marginctl.document.kinds import AMOUNT, POSITIVE, SHARE, SIGNED
from marginctl.document.record import Key, Nested, records
from marginctl.document.shape import (
    Choice,
    Date,
    Duration,
    Field,
    Flag,
    Instant,
    ListOf,
    MapOf,
    Number,
    Rate,
    Record,
    Text,
    shape,
)
from marginctl.limits.format import LIMITS, ScenarioEntry, WaiverEntry

ACCOUNT = shape(
    "account",
    (
        Field("name", Text(), doc="default: the name of the file"),
        Field("venue", Text(), doc="a bundled rule set, or the path of a rule file; default generic"),
        Field("collateral_mode", Choice(("single-asset", "multi-asset")), doc="default: the venue's first mode"),
        Field("margin_model", Choice(("tiered", "scenario")), doc="default tiered"),
        Field("position_mode", Choice(("one-way", "hedge")), doc="default one-way"),
        Field("currency", Text(), doc="what totals are reported in: USD or a USD stablecoin"),
        Field("as_of", Instant(), doc="when the figures were taken, with its time zone"),
        Field(
            "taker_fee", Rate(), doc="fee to close, where the venue's rule counts it; on generic a part of maintenance"
        ),
        Field("netting", Choice(("none", "larger-leg", "net")), doc="legs of one contract in hedge mode"),
        Field("underlying_netting", Choice(("none", "larger-leg")), doc="across contracts of one underlying"),
        Field("liquidation_level", POSITIVE, doc="liquidated when equity < level x maintenance margin"),
    ),
    "How the account is run",
)

HAIRCUT_TIER = shape(
    "haircut_tier",
    (
        Field("up_to", POSITIVE, doc="amount of the asset, inclusive; the last tier has none"),
        Field("haircut", SHARE, required=True, doc="share of the value that does not count"),
    ),
    "A marginal haircut, by amount of the asset",
)

COLLATERAL = shape(
    "collateral",
    (
        Field("asset", Text(), required=True, doc="the coin or currency held"),
        Field("amount", SIGNED, required=True, doc="units of the asset; negative = borrowed"),
        Field("haircut", SHARE, doc="share of the value that does not count"),
        Field("haircut_tiers", ListOf(Record(HAIRCUT_TIER)), doc="haircuts that grow with the amount"),
        Field("loan_rate", Rate(), doc="maintenance margin on a debt"),
    ),
    "An asset that the account holds or owes",
)

TIER = shape(
    "tier",
    (
        Field("up_to", POSITIVE, doc="upper border, inclusive; the last tier has none"),
        Field("maintenance_rate", Rate(), required=True, doc="maintenance margin per notional"),
        Field("initial_rate", Rate(), doc="initial margin per notional"),
        Field("max_leverage", POSITIVE, doc="highest leverage; the initial rate is at least 1 / max_leverage"),
        Field("deduction", AMOUNT, doc="maintenance deduction; derived so that the margin is continuous unless given"),
    ),
    "A step of a contract's margin table",
)

QUANTO = "contracts that settle in a third asset (quantos) are not modelled"
LEAVE_OUT = "leave its positions out: as linear or inverse their notional, profit and liquidation would be wrong"
NOT_MODELLED = {"quanto": (QUANTO, LEAVE_OUT), "option": ("options are not modelled", LEAVE_OUT)}

CONTRACT = shape(
    "contract",
    (
        Field(
            "type",
            Choice(("linear", "inverse"), not_offered=NOT_MODELLED),
            doc="linear settles in its quote, inverse in its base",
        ),
        Field("base", Text(), doc="the asset that is traded"),
        Field("quote", Text(), doc="the asset it is priced in"),
        Field("contract_size", POSITIVE, doc="base units per contract (linear), quote units (inverse)"),
        Field("tick_size", POSITIVE, doc="step of its price, quote per base; where a venue's screen depends on it"),
        Field("tiers_by", Choice(("notional", "quantity")), doc="what the borders of the tiers are measured in"),
        Field("tiers", ListOf(Record(TIER)), doc="the margin table"),
        Field("lot", POSITIVE, doc="smallest step of a quantity, in contracts; default: whole contracts"),
        Field("expiry", Date(), doc="its last day; default: the date in its symbol"),
    ),
    "A contract that the venue's rule set does not have, or an override",
    not_offered={"settle": f"{QUANTO}; {LEAVE_OUT}", "strike": f"options are not modelled; {LEAVE_OUT}"},
)

POSITION = shape(
    "position",
    (
        Field("symbol", Text(), required=True, doc="the venue's own symbol of the contract"),
        Field("side", Choice(("long", "short")), required=True),
        Field("quantity", POSITIVE, doc="number of contracts: base units for a linear contract of size 1"),
        Field("notional", POSITIVE, doc="value at the mark in the quote asset, instead of quantity"),
        Field("entry_price", POSITIVE, doc="default: the mark price"),
        Field("mark_price", POSITIVE, doc="default: price of the base / price of the quote"),
        Field("leverage", POSITIVE, doc="initial rate = 1 / leverage"),
        Field("initial_rate", Rate(), doc="instead of leverage"),
        Field("initial_margin", AMOUNT, doc="instead of leverage: an amount in the settle asset"),
        Field("maintenance_rate", Rate(), doc="instead of the contract's tiers"),
        Field("maintenance_deduction", AMOUNT, doc="goes with maintenance_rate, in the settle asset; default 0"),
        Field("margin_mode", Choice(("cross", "isolated")), doc="default cross"),
        Field("isolated_margin", POSITIVE, doc="set aside out of the collateral, in the settle asset"),
        Field("funding_rate", Rate(minimum=None), doc="per interval; positive: longs pay"),
        Field("funding_interval", Duration(), doc="default 8h"),
        Field("purpose", Choice(("speculative", "hedge"))),
    ),
    "An open position",
)

ORDER = shape(
    "order",
    (
        Field("symbol", Text(), required=True, doc="the venue's own symbol of the contract"),
        Field("side", Choice(("buy", "sell")), required=True),
        Field("quantity", POSITIVE, required=True, doc="number of contracts"),
        Field("price", POSITIVE, required=True, doc="limit price"),
        Field("leverage", POSITIVE, doc="only where the contract has no position"),
        Field("initial_rate", Rate(), doc="instead of leverage"),
        Field(
            "maintenance_rate", Rate(), doc="only where orders need maintenance margin and the contract has no position"
        ),
        Field("reduce_only", Flag(), doc="never opens or adds; default false"),
        Field("position_side", Choice(("long", "short")), doc="required in hedge mode, refused otherwise"),
    ),
    "An open order",
)


def _expected(kind: type) -> tuple[Key[Any], ...]:
    """A key for every number of a class of the report; fractions may be in percent, and come last."""
    found = [(key.name, key.row.kind) for key in keys_of(kind) if key.row and key.row.kind in NUMBERS]
    ratios = (Field(name, Number(percent=True)) for name, kind in found if kind == "ratio")
    return (*(Field(name, SIGNED) for name, kind in found if kind != "ratio"), *ratios)


EXPECTED_TOTALS = shape("expected_totals", _expected(Totals), "Totals that the venue shows")
EXPECTED_POSITION = shape("expected_position", _expected(PositionFigures), "Figures of a position that the venue shows")

EXPECT = shape(
    "expect",
    (
        Field("tolerance", Rate(), doc="relative difference that is no finding; default 0.1%"),
        Field("totals", Record(EXPECTED_TOTALS), doc="figures of the account"),
        Field("positions", MapOf(Record(EXPECTED_POSITION)), doc="figures by symbol"),
    ),
    "What the venue shows for this account",
)

PORTFOLIO = shape(
    "portfolio",
    (
        Field("$schema", Text(), doc="where an editor finds the JSON Schema"),
        Field("schema", Choice(("marginctl.portfolio/1",)), doc="the format of this file"),
        Field("account", Record(ACCOUNT), doc="how the account is run"),
        Field("prices", MapOf(POSITIVE), doc="price of one unit of an asset, in the account's currency"),
        Field("betas", MapOf(SIGNED), doc="how far an asset moves when all move together"),
        Field("collateral", ListOf(Record(COLLATERAL)), doc="what the account holds, isolated margin included"),
        Field("contracts", MapOf(Record(CONTRACT)), doc="contracts by symbol"),
        Field("positions", ListOf(Record(POSITION)), doc="open positions"),
        Field("orders", ListOf(Record(ORDER)), doc="open orders"),
        Field("limits", Nested(LIMITS), doc="thresholds of this account"),
        Field("scenarios", records(ScenarioEntry), doc="price moves to survive"),
        Field("waivers", records(WaiverEntry), doc="accepted breaches of this file's limits"),
        Field("expect", Record(EXPECT), doc="figures to compare the result with"),
    ),
    "A margin account: what it holds, its positions and its limits",
)
