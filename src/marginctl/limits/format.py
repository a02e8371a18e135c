"""What a portfolio or a policy may ask for: limits, whose keys come from the rules, scenarios, waivers, expectations.

A limit is a threshold, ``off``, or a warning and a failing level.
"""

from decimal import Decimal
from typing import Any, TypeAlias

from marginctl.core.figure import NUMBERS
from marginctl.core.plain import keys_of
from marginctl.core.report import PoolFigures, PositionFigures, Totals
from marginctl.document.kinds import (
    AMOUNT,
    DATE,
    DURATION,
    FLAG,
    MONEY_OR_SHARE,
    MOVE,
    RATE,
    SIGNED,
    TEXT,
    Choice,
    Entries,
    Kind,
    ListOf,
    MapOf,
    Number,
    ShareOfMoney,
    any_of,
    words,
)
from marginctl.document.record import Key, Nested, Record, Shape, key, nested, optional, records
from marginctl.findings import Severity
from marginctl.limits.rule import Comparison, Rule, Unit
from marginctl.limits.rules import BY_CODE, BY_KEY

OFF = "off"
DEFAULT_TOLERANCE = Decimal("0.001")
TOLERANCE = Number(minimum=0, percent=True)
RATIO = Number(percent=True)
NO_FIGURE = Choice({"none": None})
MARGINS = "initial_margin + order_margin"
LISTS = ("positions", "pools", "collateral", "other", "underlyings")
"""The lists of a report whose rows a rule of one's own may be about."""
POSITIONS, PURPOSES, UNDERLYINGS = "positions", "purposes", "underlyings"
NARROWER: dict[str, dict[str, tuple[tuple[str, ...], str]]] = {
    POSITIONS: {
        "max_leverage": (("MC105",), "its leverage, that of a hedge too"),
        "max_notional": (("MC120",), "its notional, in the account's currency"),
        "min_liquidation_distance": (("MC102", "MC106"), "move of its underlying that liquidates it"),
    },
    PURPOSES: {
        "max_leverage": (("MC104",), "their gross notional over the account's equity"),
        "max_position_leverage": (("MC105",), "leverage of each of them, hedges too"),
        "max_position_notional": (("MC120",), "notional of each of them"),
        "min_isolated_distance": (("MC106",), "move that liquidates an isolated pool"),
    },
    UNDERLYINGS: {
        "max_leverage": (("MC104",), "gross notional on it over the account's equity"),
        "max_position_leverage": (("MC105",), "leverage of each position on it, hedges too"),
        "max_position_notional": (("MC120",), "notional of each position on it"),
        "min_liquidation_distance": (("MC102",), "move of this asset alone that liquidates"),
        "min_isolated_distance": (("MC106",), "move that liquidates an isolated pool on it"),
        "max_concentration": (("MC107",), "its share in gross notional"),
        "max_directional_exposure": (("MC108",), "absolute delta x price over equity"),
    },
}
"""Section of narrower limits -> key -> the rules it is for, and what it compares."""

Level: TypeAlias = Decimal | bool | str | list[str] | ShareOfMoney
"""What one level says: a threshold, a switch, a scenario or several."""


class Levels(Record):
    """A warning level, a failing level, or both."""


class LimitKeys(Record):
    """Limits by key: each a ``Level``, ``Levels``, or None where it is off."""


class ScenarioEntry(Record, name="scenario"):
    """Price moves that happen together."""

    name = key(TEXT, "how limits and reports call it")
    shocks = key(MapOf(MOVE), 'relative price move by asset, or by contract; "*" is every other volatile asset')


class WaiverEntry(Record, name="waiver"):
    """A known breach that is accepted until a date."""

    code = key(TEXT, "the limit waived, such as MC102")
    subject = optional(TEXT, "the contract or pool it is waived for; without it, all", default="")
    until = key(DATE, "the last day on which it counts")
    reason = key(TEXT, "why")


def _levels(name: str, kind: Kind[Level]) -> Kind[Level | Levels | None]:
    """A level (fails), ``off``, or ``{warn: level, fail: level}``, called by the kind of its levels."""
    keys = optional(kind, "a breach is a warning", name="warn"), optional(kind, "a breach is an error", name="fail")
    both = Shape(f"{name}_levels", keys, "a warning level, a failing level, or both", Levels)
    return any_of(kind, Choice({OFF: None}), Nested(both))


FLAGS, SCENARIOS = _levels("flag", FLAG), _levels("scenarios", any_of(TEXT, ListOf(TEXT)))
THRESHOLDS = {
    Unit.FRACTION: _levels("share", RATE),
    Unit.MULTIPLE: _levels("multiple", AMOUNT),
    Unit.COUNT: _levels("count", Number(minimum=0, integer=True)),
    Unit.DAYS: _levels("duration", DURATION),
    Unit.MONEY: _levels("amount", AMOUNT),
}
MONEY_SHARE = _levels("money_or_share", MONEY_OR_SHARE)


def _limit(name: str, rule: Rule, doc: str) -> Key[Any]:
    """The key of a limit, of the kind that its rule compares."""
    if rule.comparison is not Comparison.HOLDS:
        return optional(MONEY_SHARE if rule.takes_share else THRESHOLDS[rule.unit], doc, name=name)
    return optional(SCENARIOS if rule.needs_subject else FLAGS, doc, name=name)


def _narrower(section: str, name: str, doc: str) -> Nested[LimitKeys]:
    keys = NARROWER[section].items()
    limits = (_limit(one, BY_CODE[codes[0]], f"{', '.join(codes)}: {text}") for one, (codes, text) in keys)
    return Nested(Shape(name, tuple(limits), doc, LimitKeys))


_PURPOSE = _narrower(PURPOSES, "purpose_limits", "Limits for the positions of one purpose, instead of those for all")


class PurposeLimits(Record, name="purposes"):
    """Limits by purpose."""

    speculative = optional(_PURPOSE, "positions marked `purpose: speculative`")
    hedge = optional(_PURPOSE, "positions marked `purpose: hedge`")


class NarrowerLimits(Record):
    """Limits for parts of an account."""

    positions = optional(
        MapOf(_narrower(POSITIONS, "position_limits", "Limits for one position, instead of those for all")),
        'limits for single positions, by symbol or SYMBOL:side; "*" is every other one',
    )
    purposes = optional(nested(PurposeLimits), "limits for the positions of a purpose")
    underlyings = optional(
        MapOf(_narrower(UNDERLYINGS, "underlying_limits", "Limits for one underlying asset, instead of those for all")),
        'limits for single underlying assets, such as BTC; "*" is every other one',
    )


_BY_RULE = (_limit(name, rule, f"{rule.code}: {rule.compares}") for name, rule in BY_KEY.items())
LIMITS = Shape(
    "limits",
    (
        *_BY_RULE,
        *NarrowerLimits.layout.keys,
    ),
    "Thresholds. A breach is above a maximum or below a minimum; equality passes.",
    LimitKeys,
)


class CustomEntry(Record, name="custom_rule"):
    """A rule of one's own: a condition that has to hold."""

    code = key(TEXT, "capitals and digits, such as ORG001; not MC")
    name = optional(TEXT, "a few words; without it, the code", default="")
    expression = key(TEXT, "what has to hold, over the keys of a report: `totals.equity >= 100000`")
    where = optional(
        Choice({"account": "", **{rows: rows for rows in LISTS}}),
        "the account, or each row of a list, whose keys then are names; default account",
        default="",
    )
    message = optional(TEXT, "what a finding says; `{totals.equity}` stands for a value", default="")
    severity = optional(Choice({one.value: one for one in Severity}), "default error", default=Severity.ERROR)
    remedy = optional(TEXT, "what to do about it", default="")


class PolicyKeys(Record):
    """What a policy asks for."""

    limits = optional(Nested(LIMITS), "thresholds; the stricter of policy and portfolio wins")
    accounts = optional(
        MapOf(Nested(LIMITS)),
        "the same for some accounts, instead of those for all: by a pattern of their names, or of their files if it "
        "has a slash",
    )
    venues = optional(ListOf(TEXT), "the rule sets that portfolios may use; without it, any")
    scenarios = optional(records(ScenarioEntry), "scenarios that every portfolio is put through", default=[])
    custom = optional(records(CustomEntry), "rules of one's own", default=[])
    waivers = optional(records(WaiverEntry), "accepted breaches of the policy's limits", default=[])


class PolicyFile(PolicyKeys, name="policy"):
    """Limits that portfolios are checked against."""

    editor_schema = optional(TEXT, "where an editor finds the JSON Schema", name="$schema")
    format = optional(words("marginctl.policy/1"), "the format of this file", name="schema")
    extends = optional(
        any_of(TEXT, ListOf(TEXT)), "policies beside this one that hold as well; the stricter wins", default=[]
    )


class ShownRatio(Record, name="expected_ratio"):
    """A fraction with a tolerance of its own."""

    value = key(RATIO, "as the venue shows it")
    tolerance = optional(TOLERANCE, "difference that is no finding: an amount, or a share such as 0.1%")


class ShownNumber(ShownRatio, name="expected_number"):
    """A number with a tolerance of its own."""

    value = key(SIGNED, "as the venue shows it")
    tolerance = ShownRatio.tolerance
    unit = optional(TEXT, "the asset that the amount is in; default: the account's currency", default="")


class ShownFigures(Record):
    """Figures of the report that a venue shows, by their names there: a number, None for none, or a record."""


NUMBER_SHOWN = any_of(SIGNED, NO_FIGURE, nested(ShownNumber))
RATIO_SHOWN = any_of(RATIO, NO_FIGURE, nested(ShownRatio))


def _figures(name: str, kind: type, doc: str, *more: Key[Any]) -> Nested[ShownFigures]:
    """A key for every number of a class of the report; fractions may be in percent, and come last."""
    found = [(one.name, one.row.kind) for one in keys_of(kind) if one.row and one.row.kind in NUMBERS]
    keys: list[Key[Any]] = [optional(NUMBER_SHOWN, name=figure) for figure, kind in found if kind != "ratio"]
    keys += [optional(RATIO_SHOWN, name=figure) for figure, kind in found if kind == "ratio"]
    return Nested(Shape(name, (*keys, *more), doc, ShownFigures))


class Expected(Record, name="expect"):
    """What the venue shows for this account."""

    tolerance = optional(RATE, "relative difference that is no finding; default 0.1%", default=DEFAULT_TOLERANCE)
    totals = optional(
        _figures(
            "expected_totals",
            Totals,
            "Totals that the venue shows",
            optional(NUMBER_SHOWN, "where the venue shows both as one", name=MARGINS),
        ),
        "figures of the account",
    )
    pools = optional(
        MapOf(_figures("expected_pool", PoolFigures, "Figures of a pool that the venue shows")),
        "figures by pool, such as cross",
        default=Entries(),
    )
    positions = optional(
        MapOf(_figures("expected_position", PositionFigures, "Figures of a position that the venue shows")),
        "figures by symbol, or by SYMBOL:side",
        default=Entries(),
    )
