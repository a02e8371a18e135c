"""``portfolio_margin:`` of a portfolio and of a venue, and ``history:``: what margin models of the whole are given."""

from collections.abc import Container, Iterable, Iterator
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from marginctl.core.exact import ONE, ZERO
from marginctl.core.model import (
    Charge,
    ChargeBase,
    Filling,
    Grade,
    MarginModel,
    Move,
    MoveTable,
    Quantile,
    ScanPrice,
    SpreadBy,
    TailMean,
    Where,
)
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
from marginctl.document.nodes import Mapping, Node
from marginctl.document.record import Record, key, nested, optional, records
from marginctl.venues.origin import Origin

Fault = tuple[Node, str, str, str]
"""A place, a code, what is wrong there, and what to do about it."""
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

    def table(self, but: Container[str] = ()) -> MoveTable:
        """The moves of its assets, without some of them."""
        moves = (Move(one.move, one.weight) if isinstance(one, WeightedMove) else Move(one) for one in self.moves)
        return MoveTable(tuple(one for one in names_of(self.assets) if one not in but), tuple(moves), self.unit)

    def faults(self) -> Iterator[Fault]:
        """What is wrong with the row by itself."""
        if not self.moves:
            yield self.node, "MC012", "`moves` is empty", "list at least one, such as -10% and 10%"
        for one in self.moves:
            if isinstance(one, WeightedMove) and one.weight > ONE:
                message = f"a weight of {one.text_at(WeightedMove.weight)}"
                yield one.at(WeightedMove.weight), "MC014", message, "write 100% or less"


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

    def charge(self, but: Container[str] = (), twin: "ChargeEntry | None" = None) -> Charge:
        """The charge, without some of its assets; ``twin``: one whose price and tiers count where it has none."""
        tiers = self.tiers or (twin.tiers if twin else [])
        names = None if self.assets is None else tuple(one for one in names_of(self.assets) if one not in but)
        return Charge(
            name=self.name,
            on=self.on,
            rate=self.rate,
            where=self.where,
            names=names,
            price=self.price or (twin.price if twin else None),
            tiers=tuple((tier.up_to, tier.factor) for tier in tiers),
            grade=self.margins,
        )

    def faults(self) -> Iterator[Fault]:
        """What is wrong with the row by itself."""
        if self.on is ChargeBase.COLLATERAL and self.where is not Where.ON_TOP:
            message = "a charge on collateral is on top"
            yield self.at(ChargeEntry.where), "MC016", message, "write `where: on-top`"
        if self.margins is not None and self.where is not Where.ON_TOP:
            yield self.at(ChargeEntry.margins), "MC016", "only a charge on top is of one margin", "remove `in:`"
        ends = [tier.up_to for tier in self.tiers]
        known = [end for end in ends[:-1] if end is not None]
        rise = len(known) == len(ends[:-1]) and all(one < other for one, other in pairwise(known))
        if ends and (not rise or ends[-1] is not None):
            message = "the tiers do not rise, or the last one has an end"
            yield self.at(ChargeEntry.tiers), "MC025", message, "sort them by up_to; the last one has none"


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


class PublishedUnderlying(UnderlyingEntry, Origin, name="published_underlying"):
    """What a venue moves how far, and who says so."""


class PublishedCharge(ChargeEntry, Origin, name="published_charge"):
    """An add-on or a minimum of a venue, and who says so."""


class PublishedGrade(GradeEntry, Origin, name="published_grade"):
    """One of the two margins of a venue, and who says so."""


class PublishedModel(Record, name="published_model"):
    """Portfolio margin as a venue has it."""

    underlyings = key(records(PublishedUnderlying), "moves of the model scenario")
    charges = optional(records(PublishedCharge), default=[])
    combine = optional(any_of(nested(Decorrelation), words("sum", "joint")), "default sum")
    spreads = optional(records(SpreadEntry), "first one first", default=[])
    scan_price = optional(members(ScanPrice), "price of contracts; default mark", default=ScanPrice.MARK)
    scan_collateral = optional(NAMES, "coins whose equity counts as a position", default="none")
    maintenance = optional(nested(PublishedGrade), "of the maintenance margin")
    initial = optional(nested(PublishedGrade), "of the initial margin")
    needed = optional(
        ListOf(TEXT), "charges that every underlying has: the portfolio states a rate that is not here", default=[]
    )
    refuses_dated = optional(
        words("refused"), "contracts with a last day: their rates are not known", name="dated_contracts"
    )
    notes = optional(ListOf(TEXT), "listed in reports", name="assumptions", default=[])

    @property
    def origins(self) -> Iterator[Origin]:
        """Who says what, row by row."""
        yield from (*self.underlyings, *self.charges)
        yield from (grade for grade in (self.maintenance, self.initial) if grade is not None)

    def beside(self, own: ModelEntry, node: Mapping) -> ModelEntry:
        """A portfolio's settings with the venue's for all that it leaves out; its rows stay its own.

        ``node``: where it stands, if the portfolio has none.
        """
        shared = (one for one in ModelEntry.layout.keys if one.name in self.layout.by_name and one not in own)
        kept = {one.attribute: own[one] for one in ModelEntry.layout.keys if one in own}
        rows = {"underlyings": own.underlyings, "charges": own.charges}
        theirs = {one.attribute: self[self.layout.by_name[one.name]] for one in shared}
        merged = ModelEntry(**{**theirs, **kept, **rows})
        merged.node, merged.places = (own.node, own.places) if own.places else (node, {})
        return merged

    def tables(self, own: ModelEntry) -> Iterator[MoveTable]:
        """Its tables for assets that a portfolio's own rows do not name."""
        named = {asset for row in own.underlyings for asset in names_of(row.assets)}
        return (row.table(named) for row in self.underlyings)

    def further_charges(self, own: ModelEntry) -> Iterator[Charge]:
        """Its charges on assets for which a portfolio has none of the same name."""
        for row in self.charges:
            named = {asset for one in own.charges if one.name == row.name for asset in names_of(one.assets or ())}
            yield row.charge(named)

    def twin(self, name: str) -> PublishedCharge | None:
        """Its first charge of a name."""
        return next((row for row in self.charges if row.name == name), None)


class ModelSettings(Struct, frozen=True):
    """What a margin model is given: by the portfolio, with the venue's own model where that counts."""

    entry: ModelEntry | None = None
    published: PublishedModel | None = None


def settings_of(
    model: MarginModel, own: ModelEntry | None, published: PublishedModel | None, node: Mapping
) -> ModelSettings:
    """A portfolio's settings over those of the venue; ``node``: as for ``PublishedModel.beside``."""
    if model is not MarginModel.SCENARIO or published is None:
        return ModelSettings(own)
    return ModelSettings(published.beside(own or ModelEntry(), node), published)


class HistoryEntry(Record, name="history"):
    """Prices or returns by date."""

    file = key(TEXT, "a CSV or Parquet file beside this one: date, then an asset each")
    values = optional(words("prices", "returns"), "prices of one unit, or relative moves; default prices")
    missing = optional(members(Filling), "what a blank cell means; default error", default=Filling.ERROR)
    first = optional(DATE, "first date on which a return ends", name="from")
    last = optional(DATE, "last one", name="to")
    window = optional(COUNT, "the newest so many returns")


def names_of(value: Iterable[str]) -> Iterable[str]:
    """One name, or a list of them."""
    return [value] if isinstance(value, str) else value
