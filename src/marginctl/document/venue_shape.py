"""The rule file of a venue, ``marginctl.venue/1``."""

from decimal import Decimal
from typing import Any

from marginctl.core.exact import CONTEXT
from marginctl.document import scalars
from marginctl.document.kinds import (
    DIGITS,
    AnyOf,
    Choice,
    Duration,
    Field,
    Flag,
    Kind,
    ListOf,
    MapOf,
    Rate,
    Record,
    ScalarKind,
    Shape,
    Text,
)
from marginctl.document.numbers import NumberError, decimal
from marginctl.document.portfolio_shape import AMOUNT, HAIRCUT_TIER, POSITIVE, SHARE
from marginctl.document.scalars import WordError
from marginctl.document.source import echo


class ExactRate(ScalarKind, frozen=True):
    """A rate between 0 and 100% that may also be a fraction of whole numbers, ``1/30``. Binds to ``Decimal``."""

    def expects(self) -> str:
        """What a message calls it."""
        return "a rate"

    def hint(self) -> str:
        """What a help text asks for."""
        return "a percentage such as 10%, a fraction such as 0.1 or 1/30"

    def read(self, text: str) -> Decimal:
        """The rate. Raises NumberError."""
        return fraction(text) if "/" in text else SHARE.read(text)

    def schema(self) -> dict[str, Any]:
        """Its JSON Schema."""
        pattern = rf"^(0(\.[0-9]+)?|{DIGITS}%|[1-9][0-9]*/[1-9][0-9]*)$"
        return {"type": ["number", "string"], "pattern": pattern, "minimum": 0, "exclusiveMaximum": 1}


class Period(ScalarKind, frozen=True):
    """A day, a month or a year, as exactly as it is known: ``2026-05-01``, ``2025-10``, ``2024``. Binds to ``str``."""

    def expects(self) -> str:
        """What a message calls it."""
        return "a date"

    def hint(self) -> str:
        """What a help text asks for."""
        return "a date such as 2026-05-01, or only 2026-05 or 2026"

    def read(self, text: str) -> str:
        """The period as written. Raises WordError."""
        if len(text) not in (4, 7, 10) or not _is_day(first_day(text)):
            raise WordError(f"is not a date: {echo(text)}", f"write {self.hint()}")
        return text

    def schema(self) -> dict[str, Any]:
        """Its JSON Schema."""
        return {"type": ["string", "integer"], "pattern": "^[0-9]{4}(-[0-9]{2}){0,2}$"}


def first_day(period: str) -> str:
    """The first day of a period: what its age counts from, the cautious end."""
    return period + "-01-01"[len(period) - 4 :]


def _is_day(text: str) -> bool:
    try:
        scalars.date(text)
    except WordError:
        return False
    return True


def fraction(text: str) -> Decimal:
    """``1/30`` as a decimal of 100 digits, between 0 and 1. Raises NumberError."""
    above, _, below = text.partition("/")
    numerator, denominator = decimal(above), decimal(below)
    if "." in text or not 0 <= numerator <= denominator or not denominator:
        raise NumberError(f"is not a fraction between 0 and 1: {echo(text)}", "write whole numbers, such as 1/30")
    return CONTEXT.divide(numerator, denominator)


TRUST = (
    "verified",
    "documented",
    "secondary",
    "inferred",
    "assumed",
    "convention",
    "sample",
    "superseded",
)
TRUST_DOC = (
    "verified: worked examples reproduce it; documented: the venue's own text; secondary: someone else's account; "
    "inferred: follows from other statements; assumed: the venue does not say; convention: defined here; "
    "sample, superseded: shown as a hint, never used in figures"
)
STATUS = Choice(("verified", "partial", "unverified"))
OCCASIONS = ("always", "orders", "debt", "isolated", "hedge-mode")
STEPS = (
    "cancel-orders",
    "cancel-borrowing-orders",
    "repay",
    "net-legs",
    "reduce-to-level",
    "reduce-by-tier",
    "close-on-book",
    "close-positions",
    "take-over",
    "insurance-fund",
    "auto-deleveraging",
)
CLOSING_ORDERS = ("unknown", "largest-loss-first", "random", "all-at-once")

ORIGIN = (
    Field("trust", Choice(TRUST), doc=TRUST_DOC),
    Field("source", Text(), doc="the `id` of an entry of `sources`"),
    Field("as_of", Period(), doc="when this was so"),
)


def _traced(name: str, kind: Kind) -> Kind:
    """A value by itself, or with where it comes from."""
    return AnyOf((kind, Record(Shape(name, (Field("value", kind, required=True), *ORIGIN), "A value and its origin"))))


RULE_KINDS: dict[str, tuple[Kind, str]] = {
    "level": (POSITIVE, "liquidated when equity < level x maintenance margin"),
    "equality": (Choice(("safe", "liquidated")), "whether equity exactly at the level is liquidated"),
    "netting": (
        Choice(("none", "larger-leg", "net", "hedged-fees")),
        "legs of one contract in hedge mode; hedged-fees: what is hedged needs twice its fee to close, no maintenance",
    ),
    "underlying_netting": (Choice(("none", "larger-leg")), "across contracts of one underlying"),
    "initial_basis": (Choice(("mark", "entry")), "the price that initial margin is taken on"),
    "maintenance_basis": (Choice(("mark", "entry")), "the price that maintenance margin is taken on"),
    "close_fee": (
        Choice(("none", "mark", "bankruptcy")),
        "the fee to close as part of the requirement, at which price",
    ),
    "close_fee_in": (Choice(("maintenance", "initial-and-maintenance")), "which margins the fee to close is part of"),
    "open_loss": (Choice(("none", "margin")), "whether the loss of opening off the mark adds to order margin"),
    "order_fees": (
        Choice(("none", "open-and-close")),
        "fees in the margins of an order: to open at its price, to close at the bankruptcy price of what it opens",
    ),
    "order_maintenance": (Choice(("none", "margin")), "whether resting orders add to the maintenance margin"),
    "warning_level": (AnyOf((POSITIVE, Choice(("none",)))), "the venue warns at equity <= this x maintenance margin"),
    "shown_liquidation_price": (
        Choice(("crossing", "one-tick-toward-mark")),
        "the liquidation price on the venue's screen: the crossing, or the crossing one tick nearer to the mark",
    ),
    "shown_maintenance": (
        Choice(("whole", "without-close-fee")),
        "the maintenance margin that the venue shows: all that liquidates, or that without the fee to close",
    ),
}
UNSAID = {
    "order_fees": "none",
    "order_maintenance": "none",
    "shown_liquidation_price": "crossing",
    "shown_maintenance": "whole",
}
"""Rules that a file may leave out, and what it then says: they came after files of one's own were written."""


def _rules(name: str, *, complete: bool, doc: str) -> Shape:
    fields = (
        Field(key, _traced(f"rule_{key}", kind), complete and key not in UNSAID, _said(key, text, complete=complete))
        for key, (kind, text) in RULE_KINDS.items()
    )
    return Shape(name, tuple(fields), doc)


def _said(key: str, text: str, *, complete: bool) -> str:
    return f"{text}; default {UNSAID[key]}" if complete and key in UNSAID else text


RULES = _rules("rules", complete=True, doc="The choices in which venues differ, each stated")
RULE_CHANGES = _rules("rule_changes", complete=False, doc="Those choices that differ from `rules`")

SOURCE = Shape(
    "source",
    (
        Field("id", Text(), required=True, doc="how other parts of this file refer to it"),
        Field("title", Text(), required=True),
        Field("reference", Text(), required=True, doc="address, article number or commit"),
        Field("date", Period(), doc="absent: an undated page"),
    ),
    "Something the venue, or someone about it, published",
)

ASSUMPTION = Shape(
    "assumption",
    (
        Field("when", Choice(OCCASIONS), required=True, doc="what an account must have for it to matter"),
        Field("text", Text(), required=True, doc="listed in reports"),
    ),
    "What figures rest on without the venue having said so",
)

TERMS = Shape(
    "terms",
    (
        Field("haircut", SHARE, doc="share of the value that does not count"),
        Field("haircut_tiers", ListOf(Record(HAIRCUT_TIER)), doc="marginal haircuts by amount of the asset"),
        Field("initial_haircut", SHARE, doc="the haircut when opening, where the venue has a second one"),
        Field("liability_factor", POSITIVE, doc="what a unit of debt counts; default 1"),
        Field("requirement_factor", POSITIVE, doc="what a unit of margin required in the asset counts; default 1"),
        Field("loan_rate", Rate(), doc="maintenance margin on a debt"),
    ),
    "How an asset counts",
)

COLLATERAL_GROUP = Shape(
    "collateral_group",
    (
        *ORIGIN,
        Field("assumption", Text(), doc="listed in reports that use one of these"),
        Field("assets", MapOf(AnyOf((SHARE, Record(TERMS)))), required=True, doc="haircut or terms by asset"),
    ),
    "Terms of assets with one origin",
)

COLLATERAL = Shape(
    "venue_collateral",
    (
        Field(
            "unlisted",
            Choice(("required", "refused", "stable-zero", "unused")),
            required=True,
            doc="other assets - required: the portfolio states the haircut; refused: no collateral here; "
            "stable-zero: 0 for the account's currency and stablecoins, else required; unused: haircuts do not count",
        ),
        Field("refusal", Text(), doc="help for an asset that is refused"),
        Field("loan_rate", AnyOf((Rate(), Choice(("required",)))), required=True, doc="maintenance margin on debts"),
        Field("loan_rate_hint", Text(), doc="help where the portfolio must state the rate"),
        Field(
            "ask_buffer",
            Choice(("none", "as-haircut")),
            required=True,
            doc="as-haircut: debts and requirements in an asset count 1 + its haircut",
        ),
        Field("groups", ListOf(Record(COLLATERAL_GROUP)), doc="the assets known"),
    ),
    "How assets count as collateral",
)

MODE = Shape(
    "mode",
    (
        Field("collateral_mode", Choice(("single-asset", "multi-asset")), required=True),
        Field("status", STATUS, required=True, doc="how well this mode's rules are known"),
        Field("isolated_positions", Flag(), required=True, doc="whether a position may be isolated"),
        Field("hedge_mode", Flag(), required=True, doc="whether a contract may have a long and a short leg"),
        Field("rules", Record(RULE_CHANGES), doc="what differs from the rules above in this mode"),
        Field("collateral", Record(COLLATERAL), required=True),
        Field("assumptions", ListOf(Record(ASSUMPTION))),
    ),
    "A way to run an account; the first is the default",
)

VENUE_TIER = Shape(
    "venue_tier",
    (
        Field("up_to", POSITIVE, doc="upper border, inclusive; the last tier has none, or the position limit"),
        Field("maintenance_rate", ExactRate(), required=True, doc="maintenance margin per notional"),
        Field("initial_rate", ExactRate(), doc="initial margin per notional"),
        Field("max_leverage", POSITIVE, doc="highest leverage: initial rate 1 / max_leverage"),
        Field("deduction", AMOUNT, doc="maintenance deduction, in the settle asset"),
    ),
    "A step of a contract's margin table",
)

LISTED = Shape(
    "listed_contract",
    (
        Field("base", Text(), doc="the asset that is traded"),
        Field("quote", Text(), doc="the asset it is priced in"),
        Field("contract_size", POSITIVE, doc="base units per contract (linear), quote units (inverse)"),
        Field("contract_size_assumption", Text(), doc="listed in reports that use its contract_size"),
        Field("tick_size", POSITIVE, doc="step of its price, quote per base; absent: not known"),
        Field("tiers_cut", Flag(), doc="whether the venue's table goes on where the tiers known here end; default no"),
        Field("as_of", Period()),
        Field("source", Text()),
        Field("assumption", Text(), doc="listed in reports that use this contract"),
        Field("tiers", ListOf(Record(VENUE_TIER)), doc="its margin table; without one the portfolio states the rates"),
    ),
    "A contract of the venue, or a remark on one of the table",
)

TABLES_FROM = Shape(
    "tables_from",
    (
        Field("address", Text(), required=True, doc="{symbol}, {base}, {quote} stand for those of a contract"),
        Field("refresh", Choice(("dated", "undated")), doc="whether the answer has a date; absent: it is not read"),
    ),
    "The venue's own public address of margin tables",
)

CONTRACTS = Shape(
    "contracts",
    (
        Field(
            "type", Choice(("linear", "inverse")), required=True, doc="linear settles in its quote, inverse in its base"
        ),
        Field("contract_size", POSITIVE, doc="base units per contract (linear), quote units (inverse)"),
        Field("contract_size_by_base", MapOf(POSITIVE), doc="exceptions, by base asset"),
        Field("contract_size_assumption", Text(), doc="listed in reports that use contract_size"),
        Field("lot", POSITIVE, doc="smallest step of a quantity, in contracts; default: whole contracts"),
        Field("tiers_by", Choice(("notional", "quantity")), required=True, doc="what tiers are measured in"),
        Field(
            "deduction",
            Choice(("given", "derived", "whole")),
            required=True,
            doc="given: on every row, continuous; derived: computed so that the margin is continuous; "
            "whole: none, the rate counts on the whole position",
        ),
        Field("table", Text(), doc="a CSV file beside this one: symbol,base,quote,floor,cap,maintenance_rate,..."),
        Field("tables_from", Record(TABLES_FROM), doc="named where a contract is not listed"),
        Field("listed", MapOf(Record(LISTED)), doc="contracts by the venue's own symbol"),
        Field(
            "unlisted",
            Choice(("refused", "split")),
            required=True,
            doc="other symbols - refused: the portfolio declares them; split: read as base and quote",
        ),
        Field("as_of", Period()),
        Field("status", STATUS, required=True),
        Field("source", Text()),
        Field("assumption", Text(), doc="listed in reports that use one of these contracts"),
    ),
    "Contracts that share their terms",
)

LIQUIDATION = Shape(
    "liquidation",
    (
        Field("steps", ListOf(Choice(STEPS)), required=True, doc="what the venue does, in order; empty: unknown"),
        Field("order", Choice(CLOSING_ORDERS), required=True, doc="which position goes first"),
        Field("fee", _traced("liquidation_fee", Rate()), doc="share of the liquidated notional"),
        Field("take_over_level", ExactRate(), doc="take-over happens below this x maintenance margin"),
        *ORIGIN,
    ),
    "What happens at liquidation",
)

TAKER_FEE = Shape(
    "taker_fee",
    (Field("value", Rate()), Field("hint", Text(), doc="help where the portfolio must state it"), *ORIGIN),
    "The fee to take liquidity; without a value the portfolio states it where a rule needs it",
)

NOT_OFFERED = Shape(
    "not_offered",
    (
        Field("setting", Choice(("margin_model", "collateral_mode", "position_mode", "margin_mode")), required=True),
        Field("value", Text(), required=True),
        Field("message", Text(), required=True),
    ),
    "A setting that the venue has and this rule set does not",
)

VENUE = Shape(
    "venue",
    (
        Field("$schema", Text(), doc="where an editor finds the JSON Schema"),
        Field("schema", Choice(("marginctl.venue/1",)), required=True, doc="the format of this file"),
        Field("name", Text(), required=True, doc="what `account.venue` names"),
        Field("title", Text(), required=True),
        Field("as_of", Period(), doc="the date of the tables and ratios; absent: conventions, which do not age"),
        Field("status", STATUS, required=True, doc="how well the rules are known"),
        Field("sources", ListOf(Record(SOURCE)), required=True),
        Field("rules", Record(RULES), required=True),
        Field("isolated_rules", Record(RULE_CHANGES), doc="what differs for isolated positions"),
        Field("modes", ListOf(Record(MODE)), required=True, doc="the first is the default"),
        Field("taker_fee", AnyOf((Rate(), Record(TAKER_FEE)))),
        Field("funding_interval", Duration(), doc="absent: it differs by contract or is not known"),
        Field("contracts", ListOf(Record(CONTRACTS)), required=True),
        Field("liquidation", Record(LIQUIDATION), required=True),
        Field("not_offered", ListOf(Record(NOT_OFFERED))),
        Field("assumptions", ListOf(Record(ASSUMPTION))),
        Field("unknown", ListOf(Text()), doc="what the venue does not publish, or this file does not have"),
    ),
    "The margin rules of one venue product, as data",
)
