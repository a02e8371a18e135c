"""``portfolio_margin:`` and ``history:`` of a portfolio: what margin models of the whole are given."""

from marginctl.core.model import ChargeBase, Filling, MarginModel, Quantile, ScanPrice, SpreadBy, TailMean, Where
from marginctl.document.kinds import (
    AnyOf,
    Choice,
    Date,
    Field,
    Flag,
    ListOf,
    Number,
    Rate,
    Record,
    Shape,
    Text,
)

MODELS = tuple(model.value for model in MarginModel)
FACTOR = Number(minimum=0)
COUNT = Number(minimum=1, integer=True)
MOVE = Rate(minimum=-1)
WEIGHT = Number(exclusive_minimum=0, percent=True)
NAMES = AnyOf((ListOf(Text()), Text()))

WEIGHTED_MOVE = Shape(
    "weighted_move",
    (
        Field("move", MOVE, required=True, doc="relative move of the price, -100% or more"),
        Field("weight", WEIGHT, doc="how much of its loss counts; default 100%"),
    ),
    "A move that counts in part",
)
UNDERLYING = Shape(
    "underlying",
    (
        Field("assets", NAMES, required=True, doc="assets that it moves; * = every other one"),
        Field("unit", Text(), doc="the risk unit that they belong to; default: each its own"),
        Field("moves", ListOf(AnyOf((Record(WEIGHTED_MOVE), MOVE))), required=True, doc="how far they move"),
    ),
    "What moves how far",
)
LEG = Shape(
    "spread_leg",
    (
        Field("asset", Text(), doc="draws on the net base units of an asset, or on its net value"),
        Field("contract", Text(), doc="draws on the contracts of one symbol"),
        Field("ratio", Number(), required=True, doc="how much of it one spread uses; the sign is its side"),
    ),
    "One leg of a spread",
)
SPREAD = Shape(
    "spread",
    (
        Field("name", Text(), required=True),
        Field("by", Choice(tuple(one.value for one in SpreadBy)), doc="what asset legs draw on; default quantity"),
        Field("legs", ListOf(Record(LEG)), required=True),
        Field("credit", Rate(maximum=1), doc="share of the scan of what asset legs use that is given back"),
        Field("charge", FACTOR, doc="charge per spread, in the account's currency"),
    ),
    "A credit or a charge for opposite legs",
)
CHARGE_TIER = Shape(
    "charge_tier",
    (
        Field("up_to", Number(exclusive_minimum=0), doc="raw amount, inclusive; the last tier has none"),
        Field("factor", FACTOR, required=True, doc="multiplies the part of the amount within the tier"),
    ),
    "A factor that grows with the charge",
)
CHARGE = Shape(
    "charge",
    (
        Field("name", Text(), required=True),
        Field("on", Choice(tuple(one.value for one in ChargeBase)), required=True, doc="what it is a rate of"),
        Field("rate", Rate(), required=True),
        Field("where", Choice(tuple(one.value for one in Where)), required=True, doc="beside the scan, floor, on top"),
        Field("assets", NAMES, doc="units or assets that it is on; default all"),
        Field("price", Choice(tuple(one.value for one in ScanPrice)), doc="default: scan_price"),
        Field("in", Choice(("both", "initial", "maintenance")), doc="which margins, of a charge on top; default both"),
        Field("tiers", ListOf(Record(CHARGE_TIER)), doc="factors that multiply it marginally"),
    ),
    "An add-on or a minimum",
)
DECORRELATION = Shape(
    "decorrelation",
    (Field("decorrelation", Rate(maximum=1), required=True, doc="share in which everything moves on its own"),),
    "Part of the sum, the rest joint",
)
BLEND = Shape("blend", (Field("blend", Rate(maximum=1), required=True, doc="share of the stressed figure"),))
DECAY = Shape("decay", (Field("decay", Number(exclusive_minimum=0), required=True, doc="weight of the return before"),))
STRESSED = Shape(
    "stressed",
    (
        Field("from", Date(), required=True, doc="first date on which a return ends"),
        Field("to", Date(), required=True, doc="last one"),
        Field("combine", AnyOf((Record(BLEND), Choice(("max",)))), doc="default max"),
    ),
    "The same figure over a bad time",
)
GRADE = Shape(
    "grade",
    (
        Field("factor", FACTOR, doc="multiplies the total; default 1, initial margin 1.3"),
        Field("confidence", Rate(maximum=1), doc="its own confidence; the factor is then 1 unless given"),
        Field("horizon", COUNT, doc="its own horizon; the factor is then 1 unless given"),
    ),
    "One of the two margins",
)
PORTFOLIO_MARGIN = Shape(
    "portfolio_margin",
    (
        Field(
            "combine",
            AnyOf((Record(DECORRELATION), Choice(("sum", "joint")))),
            doc="every unit its own worst move (sum), or row by row together (joint); default sum, of histories joint",
        ),
        Field("underlyings", ListOf(Record(UNDERLYING)), doc="moves of the model scenario"),
        Field("spreads", ListOf(Record(SPREAD)), doc="first one first; only with combine: sum"),
        Field("confidence", Rate(maximum=1), doc="default: var 99%, expected-shortfall 97.5%"),
        Field("horizon", COUNT, doc="rows of the history per return; default 1"),
        Field("overlapping", Flag(), doc="false: blocks counted back from the newest date; default true"),
        Field("weighting", AnyOf((Record(DECAY), Choice(("equal",)))), doc="default equal"),
        Field("quantile", Choice(tuple(one.value for one in Quantile)), doc="default inverted-cdf"),
        Field("tail", Choice(tuple(one.value for one in TailMean)), doc="mean of the worst; default exact"),
        Field("stress", Record(STRESSED), doc="the same figure over a bad time"),
        Field("scan_price", Choice(tuple(one.value for one in ScanPrice)), doc="price of contracts; default mark"),
        Field("scan_collateral", NAMES, doc="coins whose equity counts as a position: none, all or names"),
        Field("charges", ListOf(Record(CHARGE)), doc="add-ons and minima"),
        Field("maintenance", Record(GRADE), doc="of the maintenance margin"),
        Field("initial", Record(GRADE), doc="of the initial margin"),
    ),
    "Margin of cross pools as the risk of the whole",
)
HISTORY = Shape(
    "history",
    (
        Field("file", Text(), required=True, doc="a CSV beside this file: date, then an asset each"),
        Field("values", Choice(("prices", "returns")), doc="prices of one unit, or relative moves; default prices"),
        Field("missing", Choice(tuple(one.value for one in Filling)), doc="what a blank cell means; default error"),
        Field("from", Date(), doc="first date on which a return ends"),
        Field("to", Date(), doc="last one"),
        Field("window", COUNT, doc="the newest so many returns"),
    ),
    "Prices or returns by date",
)
