"""Parts of a venue's rule file, ``marginctl.venue/1``: its switches, its liquidation, and what it says about itself."""

from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar

from marginctl.core.account import (
    Basis,
    CloseFee,
    CloseFeeIn,
    Equality,
    MaintenanceShown,
    MarginRules,
    Netting,
    OpenLoss,
    OrderFees,
    OrderMaintenance,
    PriceShown,
)
from marginctl.core.exact import CONTEXT
from marginctl.document.kinds import (
    DIGITS,
    POSITIVE,
    RATE,
    SHARE,
    TEXT,
    Choice,
    Kind,
    ListOf,
    ScalarKind,
    any_of,
    members,
    words,
)
from marginctl.document.numbers import NumberError, decimal
from marginctl.document.record import Key, Record, Shape, key, optional
from marginctl.document.source import echo
from marginctl.venues.origin import UNSTATED, Origin, Traced, stated, traced


class ExactRate(ScalarKind[Decimal], frozen=True):
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


def fraction(text: str) -> Decimal:
    """``1/30`` as a decimal of 100 digits, between 0 and 1. Raises NumberError."""
    above, _, below = text.partition("/")
    numerator, denominator = decimal(above), decimal(below)
    if "." in text or not 0 <= numerator <= denominator or not denominator:
        raise NumberError(f"is not a fraction between 0 and 1: {echo(text)}", "write whole numbers, such as 1/30")
    return CONTEXT.divide(numerator, denominator)


EXACT_RATE = ExactRate()
SWITCHES: dict[str, tuple[Kind[Any], str]] = {
    "level": (POSITIVE, "liquidated when equity < level x maintenance margin"),
    "equality": (members(Equality), "whether equity exactly at the level is liquidated"),
    "netting": (
        members(Netting),
        "legs of one contract in hedge mode; hedged-fees: what is hedged needs twice its fee to close, no maintenance",
    ),
    "underlying_netting": (members(Netting, Netting.NONE, Netting.LARGER_LEG), "across contracts of one underlying"),
    "initial_basis": (members(Basis), "the price that initial margin is taken on"),
    "maintenance_basis": (members(Basis), "the price that maintenance margin is taken on"),
    "close_fee": (
        members(CloseFee),
        "the fee to close as part of the requirement, at which price",
    ),
    "close_fee_in": (members(CloseFeeIn), "which margins the fee to close is part of"),
    "open_loss": (members(OpenLoss), "whether the loss of opening off the mark adds to order margin"),
    "order_fees": (
        members(OrderFees),
        "fees in the margins of an order: to open at its price, to close at the bankruptcy price of what it opens",
    ),
    "order_maintenance": (members(OrderMaintenance), "whether resting orders add to the maintenance margin"),
    "warning_level": (
        any_of(POSITIVE, Choice({"none": None})),
        "the venue warns at equity <= this x maintenance margin",
    ),
    "shown_liquidation_price": (
        members(PriceShown),
        "the liquidation price on the venue's screen: the crossing, or the crossing one tick nearer to the mark",
    ),
    "shown_maintenance": (
        members(MaintenanceShown),
        "the maintenance margin that the venue shows: all that liquidates, or that without the fee to close",
    ),
}
"""The fields of the engine's ``MarginRules``, as a file states them."""
UNSAID = ("order_fees", "order_maintenance", "shown_liquidation_price", "shown_maintenance")
"""Switches that a file may leave out, with their defaults: they came after files of one's own were written."""


class StatedRules(Record):
    """The switches that a file states."""

    def values(self) -> dict[str, Any]:
        """What each is set to, by name."""
        return {word.text: stated(written) for word, written, _ in self.items()}

    def origins(self) -> dict[str, Origin]:
        """Where each comes from, by name."""
        return {word.text: written if isinstance(written, Traced) else UNSTATED for word, written, _ in self.items()}


_KINDS = {name: traced(f"rule_{name}", kind) for name, (kind, _) in SWITCHES.items()}


def _stated(name: str) -> Key[Any]:
    """A switch that a file states, or leaves to its default where it may."""
    kind, doc = _KINDS[name], SWITCHES[name][1]
    if name not in UNSAID:
        return key(kind, doc, name=name)
    return optional(kind, f"{doc}; default {getattr(MarginRules(), name).value}", name=name)


RULES = Shape("rules", tuple(map(_stated, SWITCHES)), "The choices in which venues differ, each stated", StatedRules)
RULE_CHANGES = Shape(
    "rule_changes",
    tuple(optional(_KINDS[name], doc, name=name) for name, (_, doc) in SWITCHES.items()),
    "Those choices that differ from `rules`",
    StatedRules,
)


class Occasion(Enum):
    """What an account must have for an assumption to matter."""

    ALWAYS = "always"
    ORDERS = "orders"
    DEBT = "debt"
    ISOLATED = "isolated"
    HEDGE_MODE = "hedge-mode"
    BONUS = "bonus"


class Assumption(Record, name="assumption"):
    """What figures rest on without the venue having said so."""

    when = key(members(Occasion), "what an account must have for it to matter")
    text = key(TEXT, "listed in reports")


class LiquidationStep(Enum):
    """What a venue does at liquidation.

    CANCEL_ORDERS; CANCEL_BORROWING_ORDERS: those that would borrow; REPAY: debts out of collateral; NET_LEGS: long
    against short of a contract; REDUCE_TO_LEVEL: just as much as makes the pool compliant; REDUCE_BY_TIER: each
    position to the tier below; CLOSE_ON_BOOK: at market, the holder keeps what is left; CLOSE_POSITIONS: whole
    positions, in ``PublishedOrder``; TAKE_OVER: by the venue, with their margin; INSURANCE_FUND, AUTO_DELEVERAGING.
    """

    CANCEL_ORDERS = "cancel-orders"
    CANCEL_BORROWING_ORDERS = "cancel-borrowing-orders"
    REPAY = "repay"
    NET_LEGS = "net-legs"
    REDUCE_TO_LEVEL = "reduce-to-level"
    REDUCE_BY_TIER = "reduce-by-tier"
    CLOSE_ON_BOOK = "close-on-book"
    CLOSE_POSITIONS = "close-positions"
    TAKE_OVER = "take-over"
    INSURANCE_FUND = "insurance-fund"
    AUTO_DELEVERAGING = "auto-deleveraging"


class PublishedOrder(Enum):
    """Which of several positions goes first."""

    UNKNOWN = "unknown"
    LARGEST_LOSS_FIRST = "largest-loss-first"
    RANDOM = "random"
    ALL_AT_ONCE = "all-at-once"


class PublishedLiquidation(Origin, name="liquidation"):
    """What happens at liquidation.

    No steps = not published. ``fee`` None = not published. ``take_over_level`` None = TAKE_OVER happens at once.
    """

    shape: ClassVar[str] = "steps order fee take_over_level trust source as_of"

    steps = key(ListOf(members(LiquidationStep)), "what the venue does, in order; empty: unknown")
    order = key(members(PublishedOrder), "which position goes first")
    stated_fee = optional(traced("liquidation_fee", RATE), "share of the liquidated notional", name="fee")
    take_over_level = optional(EXACT_RATE, "take-over happens below this x maintenance margin")

    @property
    def fee(self) -> Decimal | None:
        """The share of the liquidated notional."""
        return stated(self.stated_fee)


class TakerFee(Origin, name="taker_fee"):
    """The fee to take liquidity; without a value the portfolio states it where a rule needs it."""

    value = optional(RATE)
    hint = optional(TEXT, "help where the portfolio must state it", default="")


class NotOffered(Record, name="not_offered"):
    """A setting that the venue has and this rule set does not."""

    setting = key(words("margin_model", "collateral_mode", "position_mode", "margin_mode"))
    value = key(TEXT)
    message = key(TEXT)
