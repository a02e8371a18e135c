"""The limits that a portfolio or a policy may set: a threshold, ``off``, or a warning and a failing level."""

from marginctl.document.kinds import (
    AnyOf,
    Choice,
    Date,
    Duration,
    Field,
    Flag,
    Kind,
    ListOf,
    MapOf,
    Number,
    Rate,
    Record,
    Shape,
    Text,
)

SHARE = Rate()
MULTIPLE = Number(minimum=0)
COUNT = Number(minimum=0, integer=True)
NAMES = AnyOf((Text(), ListOf(Text())))
OFF = Choice(("off",))


def _limit(name: str, kind: Kind, levels: str, doc: str) -> Field:
    """A limit key: ``kind`` (fails), ``off``, or ``{warn: kind, fail: kind}``. ``levels`` names that last shape."""
    both = Shape(
        f"{levels}_levels",
        (
            Field("warn", kind, doc="a breach is a warning"),
            Field("fail", kind, doc="a breach is an error"),
        ),
        "a warning level, a failing level, or both",
    )
    return Field(name, AnyOf((kind, OFF, Record(both))), doc=doc)


POSITION_LIMITS = Shape(
    "position_limits",
    (
        _limit("max_leverage", MULTIPLE, "multiple", "MC105: its leverage, that of a hedge too"),
        _limit("min_liquidation_distance", SHARE, "share", "MC102, MC106: move of its underlying that liquidates it"),
    ),
    "Limits for one position, instead of those for all",
)

PURPOSE_LIMITS = Shape(
    "purpose_limits",
    (
        _limit("max_leverage", MULTIPLE, "multiple", "MC104: their gross notional over the account's equity"),
        _limit("max_position_leverage", MULTIPLE, "multiple", "MC105: leverage of each of them, hedges too"),
        _limit("min_isolated_distance", SHARE, "share", "MC106: move that liquidates an isolated pool"),
    ),
    "Limits for the positions of one purpose, instead of those for all",
)

UNDERLYING_LIMITS = Shape(
    "underlying_limits",
    (
        _limit("max_leverage", MULTIPLE, "multiple", "MC104: gross notional on it over the account's equity"),
        _limit("max_position_leverage", MULTIPLE, "multiple", "MC105: leverage of each position on it, hedges too"),
        _limit("min_liquidation_distance", SHARE, "share", "MC102: move of this asset alone that liquidates"),
        _limit("min_isolated_distance", SHARE, "share", "MC106: move that liquidates an isolated pool on it"),
        _limit("max_concentration", SHARE, "share", "MC107: its share in gross notional"),
        _limit("max_directional_exposure", MULTIPLE, "multiple", "MC108: absolute delta x price over equity"),
    ),
    "Limits for one underlying asset, instead of those for all",
)

PURPOSES = Shape(
    "purposes",
    (
        Field("speculative", Record(PURPOSE_LIMITS), doc="positions marked `purpose: speculative`"),
        Field("hedge", Record(PURPOSE_LIMITS), doc="positions marked `purpose: hedge`"),
    ),
    "Limits by purpose",
)

LIMITS = Shape(
    "limits",
    (
        _limit("max_utilization", SHARE, "share", "MC101: initial and order margin over equity"),
        _limit("min_liquidation_distance", SHARE, "share", "MC102: smallest move that liquidates a cross pool"),
        _limit("max_maintenance_ratio", SHARE, "share", "MC103: level x maintenance margin over equity"),
        _limit("max_leverage", MULTIPLE, "multiple", "MC104: gross notional over equity"),
        _limit("max_position_leverage", MULTIPLE, "multiple", "MC105: leverage of a position that is no hedge"),
        _limit("min_isolated_distance", SHARE, "share", "MC106: move that liquidates an isolated pool"),
        _limit("max_concentration", SHARE, "share", "MC107: largest share of one underlying in gross notional"),
        _limit("max_directional_exposure", MULTIPLE, "multiple", "MC108: absolute sum of delta x price over equity"),
        _limit("min_stable_share", SHARE, "share", "MC109: net stablecoin equity over free collateral"),
        _limit("max_wrong_way_share", SHARE, "share", "MC110: collateral that falls with the positions it backs"),
        _limit("min_funding_runway", Duration(), "duration", "MC112: time until funding uses up the buffer"),
        _limit("survive", NAMES, "scenarios", "MC113: scenario names to survive, or all"),
        _limit("hedges_reduce_risk", Flag(), "flag", "MC114: positions marked hedge must lower the risk"),
        _limit("require_purpose", Flag(), "flag", "MC115: every position states its purpose"),
        _limit("max_contagion", COUNT, "count", "MC116: winning positions that a first liquidation takes along"),
        _limit("max_expected_shortfall", SHARE, "share", "MC117: expected shortfall of a history over equity"),
        _limit("max_risk_share", MULTIPLE, "multiple", "MC118: largest share of one underlying in a model's figure"),
        _limit("min_scan_cover", MULTIPLE, "multiple", "MC119: equity over the worst scenario loss"),
        _limit("max_rules_age", Duration(), "duration", "MC201: age of the rule set"),
        _limit("max_data_age", Duration(), "duration", "MC202: age of the account's as_of"),
        _limit("max_history_age", Duration(), "duration", "MC210: age of the last date of a history"),
        Field("positions", MapOf(Record(POSITION_LIMITS)), doc="limits for single positions, by symbol or SYMBOL:side"),
        Field("purposes", Record(PURPOSES), doc="limits for the positions of a purpose"),
        Field("underlyings", MapOf(Record(UNDERLYING_LIMITS)), doc="limits for single underlying assets, such as BTC"),
    ),
    "Thresholds. A breach is above a maximum or below a minimum; equality passes.",
)

SCENARIO = Shape(
    "scenario",
    (
        Field("name", Text(), required=True, doc="how limits and reports call it"),
        Field(
            "shocks",
            MapOf(Rate(minimum=-1)),
            required=True,
            doc='relative price move by asset; "*" is every other volatile asset',
        ),
    ),
    "Price moves that happen together",
)

WAIVER = Shape(
    "waiver",
    (
        Field("code", Text(), required=True, doc="the limit waived, such as MC102"),
        Field("subject", Text(), doc="the contract or pool it is waived for; without it, all"),
        Field("until", Date(), required=True, doc="the last day on which it counts"),
        Field("reason", Text(), required=True, doc="why"),
    ),
    "A known breach that is accepted until a date",
)
