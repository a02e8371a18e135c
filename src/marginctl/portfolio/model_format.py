"""``portfolio_margin:`` and ``history:`` of a portfolio: what margin models of the whole are given."""

from decimal import Decimal

from marginctl.core.exact import ONE, ZERO
from marginctl.core.model import ChargeBase, Filling, Grade, MarginModel, Quantile, ScanPrice, SpreadBy, TailMean, Where
from marginctl.document.kinds import (
    AMOUNT,
    DATE,
    FLAG,
    MOVE,
    POSITIVE,
    RATE,
    SHARE,
    SIGNED,
    TEXT,
    Choice,
    ListOf,
    Number,
    any_of,
    members,
    words,
)
from marginctl.document.record import Record, key, nested, optional, records

COUNT = Number(minimum=1, integer=True)
WEIGHT = Number(exclusive_minimum=0, percent=True)
NAMES = any_of(ListOf(TEXT), TEXT)


class WeightedMove(Record, name="weighted_move"):
    """A move that counts in part."""

    move = key(MOVE, "relative move of the price, -100% or more")
    weight = optional(WEIGHT, "how much of its loss counts; default 100%", default=ONE)


class UnderlyingEntry(Record, name="underlying"):
    """What moves how far."""

    assets = key(NAMES, "assets that it moves; * = every other one")
    unit = optional(TEXT, "the risk unit that they belong to; default: each its own")
    moves = key(ListOf(any_of(nested(WeightedMove), MOVE)), "how far they move")


class SpreadLegEntry(Record, name="spread_leg"):
    """One leg of a spread."""

    asset = optional(TEXT, "draws on the net base units of an asset, or on its net value")
    contract = optional(TEXT, "draws on the contracts of one symbol")
    ratio = key(SIGNED, "how much of it one spread uses; the sign is its side")


class SpreadEntry(Record, name="spread"):
    """A credit or a charge for opposite legs."""

    name = key(TEXT)
    by = optional(members(SpreadBy), "what asset legs draw on; default quantity", default=SpreadBy.QUANTITY)
    legs = key(records(SpreadLegEntry))
    credit = optional(SHARE, "share of the scan of what asset legs use that is given back", default=ZERO)
    charge = optional(AMOUNT, "charge per spread, in the account's currency", default=ZERO)


class ChargeTier(Record, name="charge_tier"):
    """A factor that grows with the charge."""

    up_to = optional(POSITIVE, "raw amount, inclusive; the last tier has none")
    factor = key(AMOUNT, "multiplies the part of the amount within the tier")


class ChargeEntry(Record, name="charge"):
    """An add-on or a minimum."""

    name = key(TEXT)
    on = key(members(ChargeBase), "what it is a rate of")
    rate = key(RATE)
    where = key(members(Where), "beside the scan, floor, on top")
    assets = optional(NAMES, "units or assets that it is on; default all")
    price = optional(members(ScanPrice), "default: scan_price")
    margins = optional(
        Choice[Grade | None]({"both": None, **{one.value: one for one in Grade}}),
        "which margins, of a charge on top; default both",
        name="in",
        default=None,
    )
    tiers = optional(records(ChargeTier), "factors that multiply it marginally", default=[])


class Decorrelation(Record, name="decorrelation"):
    """Part of the sum, the rest joint."""

    decorrelation = key(SHARE, "share in which everything moves on its own")


class Blend(Record, name="blend"):
    """The stressed figure in part."""

    blend = key(SHARE, "share of the stressed figure")


class Decay(Record, name="decay"):
    """Weights that fade."""

    decay = key(POSITIVE, "weight of the return before")


class StressedEntry(Record, name="stressed"):
    """The same figure over a bad time."""

    first = key(DATE, "first date on which a return ends", name="from")
    last = key(DATE, "last one", name="to")
    combine = optional(any_of(nested(Blend), words("max")), "default max")


class GradeEntry(Record, name="grade"):
    """One of the two margins."""

    factor = optional(AMOUNT, "multiplies the total; default 1, initial margin 1.3")
    confidence = optional(SHARE, "its own confidence; the factor is then 1 unless given")
    horizon = optional(COUNT, "its own horizon; the factor is then 1 unless given")


class ModelEntry(Record, name="portfolio_margin"):
    """Margin of cross pools as the risk of the whole."""

    combine = optional(
        any_of(nested(Decorrelation), words("sum", "joint")),
        "every unit its own worst move (sum), or row by row together (joint); default sum, of histories joint",
    )
    underlyings = optional(records(UnderlyingEntry), "moves of the model scenario", default=[])
    spreads = optional(records(SpreadEntry), "first one first; only with combine: sum", default=[])
    confidence = optional(SHARE, "default: var 99%, expected-shortfall 97.5%")
    horizon = optional(COUNT, "rows of the history per return; default 1", default=ONE)
    overlapping = optional(FLAG, "false: blocks counted back from the newest date; default true", default=True)
    weighting = optional(any_of(nested(Decay), words("equal")), "default equal")
    quantile = optional(members(Quantile), "default inverted-cdf", default=Quantile.INVERTED_CDF)
    tail = optional(members(TailMean), "mean of the worst; default exact", default=TailMean.EXACT)
    stress = optional(nested(StressedEntry), "the same figure over a bad time")
    scan_price = optional(members(ScanPrice), "price of contracts; default mark", default=ScanPrice.MARK)
    scan_collateral = optional(NAMES, "coins whose equity counts as a position: none, all or names", default="none")
    charges = optional(records(ChargeEntry), "add-ons and minima", default=[])
    maintenance = optional(nested(GradeEntry), "of the maintenance margin")
    initial = optional(nested(GradeEntry), "of the initial margin")

    def separate(self, model: MarginModel) -> Decimal:
        """Share in which every unit has its own worst move; the rest is joint."""
        if self.combine is None:
            return ONE if model is MarginModel.SCENARIO else ZERO
        if isinstance(self.combine, Decorrelation):
            return self.combine.decorrelation
        return ONE if self.combine == "sum" else ZERO

    def scans_orders(self, model: MarginModel) -> bool:
        """Whether orders count as what they would make of a unit's scan (as ``ModelTerms.scans_orders``)."""
        return model is MarginModel.SCENARIO and self.separate(model) == ONE and not self.spreads

    def grade(self, grade: Grade) -> GradeEntry | None:
        """What it says of one margin."""
        return self.initial if grade is Grade.INITIAL else self.maintenance


class HistoryEntry(Record, name="history"):
    """Prices or returns by date."""

    file = key(TEXT, "a CSV beside this file: date, then an asset each")
    values = optional(words("prices", "returns"), "prices of one unit, or relative moves; default prices")
    missing = optional(members(Filling), "what a blank cell means; default error", default=Filling.ERROR)
    first = optional(DATE, "first date on which a return ends", name="from")
    last = optional(DATE, "last one", name="to")
    window = optional(COUNT, "the newest so many returns")
