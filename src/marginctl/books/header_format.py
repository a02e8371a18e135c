"""The header of a book as it is written, ``marginctl.book/1``: a portfolio's own words, without what rows say."""

from decimal import Decimal
from typing import Any

from msgspec import Struct

from marginctl.document.kinds import (
    AMOUNT,
    POSITIVE,
    RATE,
    SHARE,
    SIGNED,
    TEXT,
    Choice,
    Entries,
    Kind,
    MapOf,
    Number,
    ScalarKind,
    any_of,
    words,
)
from marginctl.document.record import Nested, Record, Shape, key, nested, optional, records
from marginctl.limits.format import LIMITS, OFF, Levels, ScenarioEntry, WaiverEntry
from marginctl.portfolio.format import AccountEntry, AssetEntry, ContractEntry
from marginctl.venues.collateral import HaircutStep
from marginctl.venues.loader import DEFAULT

IN_THE_BOOK = "amounts and positions stand in the book's rows"


class TermsEntry(Record, name="collateral", not_offered={"amount": IN_THE_BOOK}):
    """How an asset counts, whoever holds it."""

    asset = key(TEXT, "the coin or currency")
    haircut = optional(SHARE, "share of the value that does not count")
    haircut_tiers = optional(records(HaircutStep), "haircuts that grow with the amount")
    loan_rate = optional(RATE, "maintenance margin on a debt")


class Allowance(Struct, frozen=True):
    """How many accounts: a count, or with ``is_share`` a fraction of all."""

    amount: Decimal
    is_share: bool = False


class CountOrShare(ScalarKind[Allowance], frozen=True):
    """A count, or with % a share. Binds to ``Allowance``."""

    def expects(self) -> str:
        """What a message calls it."""
        return "a count or a percentage"

    def hint(self) -> str:
        """What a help text asks for."""
        return "a count such as 0, or a share of all accounts such as 0.5%"

    def read(self, text: str) -> Allowance:
        """The value of a text. Raises NumberError."""
        if text.endswith("%"):
            return Allowance(SHARE.read(text), is_share=True)
        return Allowance(Number(minimum=0, integer=True).read(text))

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        return {"type": ["number", "string"], "minimum": 0, "pattern": r"^[0-9]+(\.[0-9]+)?%?$"}


def _levels(name: str, kind: Kind[Any]) -> Kind[Any]:
    keys = optional(kind, "more is a warning", name="warn"), optional(kind, "more is an error", name="fail")
    both = Shape(f"{name}_levels", keys, "a warning level, a failing level, or both", Levels)
    return any_of(kind, Choice({OFF: None}), Nested(both))


_ACCOUNTS, _MONEY = _levels("accounts", CountOrShare()), _levels("money", AMOUNT)


class BookLimitsEntry(Record, name="book_limits"):
    """What a book as a whole may come to."""

    max_failed = optional(_ACCOUNTS, "accounts that fail a limit; default fail: 0")
    max_warned = optional(_ACCOUNTS, "accounts with a warning; default off")
    max_liquidatable = optional(_ACCOUNTS, "accounts that are liquidatable; default off")
    max_errors = optional(_ACCOUNTS, "accounts that cannot be checked; default 0, above it the run exits 2")
    max_shortfall = optional(_MONEY, "what is lost beyond bankruptcy, in currency, by scenario; default off")


class BookFile(Record, name="book", not_offered={"positions": IN_THE_BOOK, "orders": "orders are not read in books"}):
    """What all accounts of a book share."""

    editor_schema = optional(TEXT, "where an editor finds the JSON Schema", name="$schema")
    format = optional(words("marginctl.book/1", "marginctl.portfolio/1"), "the format of this file", name="schema")
    account = optional(nested(AccountEntry), "how accounts are run where their rows do not say")
    prices = optional(MapOf(POSITIVE), "price of one unit of an asset, in the account's currency", default=Entries())
    betas = optional(MapOf(SIGNED), "how far an asset moves when all move together", default=Entries())
    assets = optional(MapOf(nested(AssetEntry)), "assets that belong together, by name", default=Entries())
    collateral = optional(records(TermsEntry), "haircuts and loan rates by asset", default=[])
    contracts = optional(MapOf(nested(ContractEntry)), "contracts by symbol", default=Entries())
    limits = optional(Nested(LIMITS), "thresholds of every account")
    scenarios = optional(records(ScenarioEntry), "price moves to survive", default=[])
    waivers = optional(records(WaiverEntry), "accepted breaches", default=[])
    isolated = optional(
        words("within", "apart"), "whether balances include isolated margins; default within", default="within"
    )
    book_limits = optional(nested(BookLimitsEntry), "what the book as a whole may come to")

    @property
    def venue(self) -> str:
        """The rule set named, the generic one where none is."""
        return (self.account.venue if self.account is not None else None) or DEFAULT
