"""A venue's rules: the file as it is written, and the questions that a portfolio asks of it."""

import re
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import ClassVar

from msgspec import Struct

from marginctl.core.account import (
    Account,
    AssetTerms,
    CollateralMode,
    MarginRules,
    PositionMode,
    PriceShown,
)
from marginctl.core.contract import Contract, ContractType, HaircutTier
from marginctl.core.exact import ZERO
from marginctl.core.model import MarginModel
from marginctl.core.report import RulesUsed
from marginctl.document.kinds import DURATION, FLAG, PERIOD, RATE, TEXT, ListOf, any_of, first_day, members, words
from marginctl.document.record import Nested, Record, key, nested, optional, records
from marginctl.document.source import alike, echo
from marginctl.venues.collateral import Collateral, Unlisted
from marginctl.venues.contracts import ContractGroup, ListedRates, Listing, TablesFrom
from marginctl.venues.format import (
    RULE_CHANGES,
    RULES,
    SWITCHES,
    Assumption,
    NotOffered,
    Occasion,
    PublishedLiquidation,
    TakerFee,
)
from marginctl.venues.model_format import PublishedModel
from marginctl.venues.origin import UNSTATED, Origin, RuleSource, Stated, Verification
from marginctl.venues.symbols import ALIASES, Spelling, SpellingKind, expiry_of, is_dated

USUAL_FUNDING_INTERVAL = Decimal(8)
INTERVAL_ASSUMED = "funding_interval 8h where none is given or published"
LONGEST_SYMBOL = 40
USUAL_QUOTES = ("USDT", "USDC", "USD")
USUAL_COLLATERAL = ("BTC", "ETH", "SOL", "USDC")
IN_COMMANDS = "[A-Za-z0-9:_-]*"
"""What a symbol may have to stand in a command that is shown."""
SYMBOL_WORDS = ("PERPETUAL", "SWAP", "PERP", "USDT", "USDC", "USD")
_RANKS = {status: rank for rank, status in enumerate(Verification)}


class Mode(Record, name="mode"):
    """A way to run an account; the first is the default.

    What the file as a whole makes of it: ``rules`` with its ``changes``, ``isolated_rules`` for isolated positions
    (None = the same), ``origins`` of the rules by name.
    """

    shape: ClassVar[str] = (
        "collateral_mode status isolated_positions=offers_isolated hedge_mode=offers_hedge rules=stated "
        "isolated_rules=differing collateral assumptions=notes margin_models"
    )

    collateral_mode = key(members(CollateralMode))
    status = key(members(Verification), "how well this mode's rules are known")
    offers_isolated = key(FLAG, "whether a position may be isolated", name="isolated_positions")
    offers_hedge = key(FLAG, "whether a contract may have a long and a short leg", name="hedge_mode")
    changes = optional(Nested(RULE_CHANGES), "what differs from the rules above in this mode", name="rules")
    collateral = key(nested(Collateral))
    notes = optional(records(Assumption), name="assumptions", default=[])
    portfolio_margin = optional(nested(PublishedModel), "its `margin_model: scenario`")

    rules: MarginRules
    isolated_rules: MarginRules | None
    taker_fee: Decimal | None
    origins: dict[str, Origin]

    @property
    def margin_models(self) -> tuple[str, ...]:
        """The margin models that it has of its own."""
        models = [MarginModel.TIERED, *([MarginModel.SCENARIO] if self.portfolio_margin is not None else [])]
        return tuple(one.value for one in models)

    @property
    def stated(self) -> dict[str, Stated]:
        """Every rule by name."""
        rules = {name: _word(getattr(self.rules, name)) for name in SWITCHES}
        return {name: Stated(value, self.origins.get(name, UNSTATED)) for name, value in rules.items()}

    @property
    def differing(self) -> dict[str, Decimal | str | None]:
        """The rules that differ for isolated positions."""
        own, general = self.isolated_rules or self.rules, self.stated
        words = {name: _word(getattr(own, name)) for name in SWITCHES}
        return {name: word for name, word in words.items() if word != general[name].value}

    def terms(self, asset: str, currency: str, haircuts: tuple[HaircutTier, ...] | None = None) -> AssetTerms | None:
        """How an asset counts; None where no haircut is known (or the asset is refused)."""
        return self.collateral.terms(asset, currency, haircuts)

    def haircuts_known(self) -> tuple[str, ...] | None:
        """Which of ``USUAL_COLLATERAL`` need no haircut from the portfolio; None where none counts."""
        if self.collateral.unlisted is Unlisted.UNUSED:
            return None
        return tuple(asset for asset in USUAL_COLLATERAL if self.terms(asset, "USD") is not None)

    def assumptions(self, asset: str) -> tuple[str, ...]:
        """What figures rest on when the published haircut of an asset is used."""
        return self.collateral.assumptions(asset)

    def haircut_hint(self, asset: str) -> str:
        """What to add to an error about a missing haircut."""
        return self.collateral.haircut_hint(asset)


def _word(value: object) -> Decimal | str | None:
    return value if value is None or isinstance(value, Decimal) else str(getattr(value, "value", value))


class Completeness(Struct, frozen=True):
    """How many contracts have a margin table, a contract size that is no assumption, and both."""

    with_tiers: int
    with_contract_size: int
    complete: int


class RuleSet(Record, name="venue"):
    """The margin rules of one venue product, as data."""

    editor_schema = optional(TEXT, "where an editor finds the JSON Schema", name="$schema")
    format = key(words("marginctl.venue/1"), "the format of this file", name="schema")
    name = key(TEXT, "what `account.venue` names")
    title = key(TEXT)
    as_of = optional(PERIOD, "the date of the tables and ratios; absent: conventions, which do not age")
    status = key(members(Verification), "how well the rules are known")
    sources = key(records(RuleSource))
    rules = key(Nested(RULES))
    isolated_rules = optional(Nested(RULE_CHANGES), "what differs for isolated positions")
    modes = key(records(Mode), "the first is the default")
    stated_taker_fee = optional(any_of(RATE, nested(TakerFee)), name="taker_fee")
    published_funding_interval = optional(
        DURATION, "absent: it differs by contract or is not known", name="funding_interval"
    )
    groups = key(records(ContractGroup), name="contracts")
    liquidation = key(nested(PublishedLiquidation))
    not_offered = optional(records(NotOffered), default=[])
    notes = optional(records(Assumption), name="assumptions", default=[])
    unknown = optional(ListOf(TEXT), "what the venue does not publish, or this file does not have", default=[])

    @cached_property
    def seen(self) -> dict[str, Listing | None]:
        """The contracts looked up so far."""
        return {}

    @property
    def taker_fee(self) -> Decimal | None:
        """The fee to take liquidity; None where the venue's is not known."""
        stated = self.stated_taker_fee
        return (stated.value if stated.enters_figures else None) if isinstance(stated, TakerFee) else stated

    @property
    def taker_fee_hint(self) -> str:
        """Help where the portfolio must state it."""
        return self.stated_taker_fee.hint if isinstance(self.stated_taker_fee, TakerFee) else ""

    @property
    def is_generic(self) -> bool:
        """Whether it states conventions instead of a venue's rules: nothing in it can be overridden too kindly."""
        return self.as_of is None

    @property
    def splits_symbols(self) -> bool:
        """Whether a symbol that is no contract here is read as base and quote."""
        return any(group.splits_symbols for group in self.groups)

    @property
    def funding_interval(self) -> Decimal:
        """Hours between fundings where a position states none."""
        return self.published_funding_interval or USUAL_FUNDING_INTERVAL

    def mode(self, collateral_mode: str | None = None) -> Mode | None:
        """The mode of that name, the first one for None; None where the venue has no such mode."""
        if collateral_mode is None:
            return self.modes[0]
        return next((mode for mode in self.modes if mode.collateral_mode.value == collateral_mode), None)

    def contract(self, symbol: str) -> Contract | None:
        """The contract of the venue's own symbol; None where it is not known."""
        listing = self.listing(symbol)
        return listing.contract if listing else None

    def listing(self, symbol: str) -> Listing | None:
        """The contract with its date, trust, leverage caps and assumptions."""
        if symbol not in self.seen:
            found = (group.listing(symbol) for group in self.groups)
            self.seen[symbol] = next((listing for listing in found if listing), None)
        return self.seen[symbol]

    def rates(self, contract: Contract) -> ListedRates | None:
        """What is published of a contract without tiers, as long as its portfolio leaves it what it is."""
        listing = self.listing(contract.symbol)
        if listing is None or contract.tiers:
            return None
        known = listing.contract
        same = (known.type, known.base, known.quote) == (contract.type, contract.base, contract.quote)
        return listing.rates if same else None

    @cached_property
    def every_symbol(self) -> tuple[str, ...]:
        """Every symbol of the venue that is known here."""
        return tuple(dict.fromkeys(symbol for group in self.groups for symbol in group.symbols()))

    def symbols(self) -> list[str]:
        """The same as a list."""
        return list(self.every_symbol)

    def contracts_on(self, base: str) -> list[Contract]:
        """Its known contracts on an asset, whatever their symbols call it; dated ones of an unknown day come last."""
        names = [base, *(other for other, asset in ALIASES.items() if asset == base)]
        near = [symbol for symbol in self.symbols() if any(name in symbol for name in names)]
        known = [one for symbol in near if (one := self.contract(symbol)) is not None and one.base == base]
        return sorted(known, key=lambda one: one.expiry is None and is_dated(one.symbol))

    def meant(self, spelling: Spelling, currency: str) -> list[Contract]:
        """What a venue-neutral symbol may mean here, the likeliest first: same settlement, base, quote and last day.

        ``BTC-PERP`` leaves out the quote: linear before inverse, the account's currency before USDT, USDC, USD.
        """
        if not spelling.is_neutral:
            return []
        settles = spelling.settles if spelling.kind is SpellingKind.ALIASED else spelling.kind
        here = [one for one in self.contracts_on(spelling.base) if one.expiry == spelling.expiry]
        here = here if spelling.expiry else [one for one in here if not is_dated(one.symbol)]
        if not spelling.is_bare:
            return [one for one in here if (one.type.value, one.quote) == (settles.value, spelling.quote)]
        quotes = list(dict.fromkeys((currency, *USUAL_QUOTES)))
        usual = [one for one in here if one.quote in quotes]
        return sorted(usual, key=lambda one: (one.type is not ContractType.LINEAR, quotes.index(one.quote)))

    def completeness(self) -> Completeness:
        """How many contracts need nothing from the portfolio."""
        known = [one for group in self.groups for one in group.complete()]
        return Completeness(sum(tiers for tiers, _ in known), sum(size for _, size in known), known.count((True, True)))

    def unknown_help(self, symbol: str, on: date) -> str:
        """What to do about a symbol that is no contract here; contracts that ended before ``on`` are no guess."""
        declare = f"declare it: `contracts: {{{symbol}: {{base: ..., quote: ..., tiers: [...]}}}}`"
        close = self.close_symbols(symbol, on)
        misspelt = bool(close) and _plain(close[0]) == _plain(symbol)
        todo = f"{'' if misspelt else self.fetching(symbol)}{declare}"
        return f"did you mean {' or '.join(map(echo, close))}? Otherwise {todo}" if close else todo

    def fetching(self, symbol: str) -> str:
        """Where the venue has the table of a contract that is not listed, with the command that takes it; or empty."""
        source = self.tables_from(symbol)
        if source is None:
            return ""
        address, refresh = source.place(symbol), f"marginctl venue refresh {self.name}"
        if source.refresh is None:
            command = f"`{refresh} --from FILE --as-of $(date +%F) -o {self.name}.yaml`"
            own = f"{command} takes your account's answer to {source.request(symbol)}; or " if source.signed else ""
            return f"{own}look for its table at {address} and "
        if source.size_address:
            command = f"{refresh} --live --symbol {symbol} -o {self.name}.yaml"
            where = f"its table is at {address}: "
        else:
            day = " --as-of $(date +%F)" if source.refresh == "undated" else ""
            command, where = f"{source.asking(symbol)} | {refresh} --from -{day} -o {self.name}.yaml", ""
        return f"{where}`{command}` writes rules with its table, to be named by `venue: {self.name}.yaml`; or "

    def tables_from(self, symbol: str) -> TablesFrom | None:
        """Where the venue has the table of a contract that is not listed; None where nobody says."""
        groups = [group for group in self.groups if group.tables_from is not None]
        group = max(groups, key=lambda one: one.likeness(symbol), default=None)
        source = group.tables_from if group is not None and re.fullmatch(IN_COMMANDS, symbol + self.name) else None
        return source if source is not None and source.asks_for(symbol) else None

    def close_symbols(self, symbol: str, on: date) -> list[str]:
        """Known symbols that a mistaken one may stand for, the likeliest first, three at most; ``on``: as above."""
        day = on.isoformat()
        known = [one for one in self.symbols() if (expiry_of(one) or day) >= day]
        same = [one for one in known if _plain(one) == _plain(symbol)]
        similar = [one for one in known if _underlying(one) == _underlying(symbol)]
        close = alike(symbol[:LONGEST_SYMBOL].upper(), known, 3, 75)
        asset = _underlying(symbol[:LONGEST_SYMBOL])
        meant = [one for one in close if alike(asset, [_underlying(one)], 1, 50)]
        return (same or similar or meant)[:3]

    def not_offered_message(self, setting: str, value: str) -> str:
        """Why a setting that the venue has is not offered; empty where nothing is said."""
        found = (one.message for one in self.not_offered if (one.setting, one.value) == (setting, value))
        return next(found, "")

    def used(
        self, mode: Mode, symbols: list[str], overridden: set[str], model: PublishedModel | None = None
    ) -> RulesUsed:
        """What stands behind the figures of an account: the oldest date, the weakest trust, the sources.

        ``overridden`` symbols are described by the portfolio itself. ``model``: the venue's, where that counts.
        """
        listings = [listing for symbol in symbols if symbol not in overridden and (listing := self.listing(symbol))]
        modelled = list(model.origins) if model is not None else []
        dated = (self.as_of, *(listing.as_of for listing in listings), *(one.as_of for one in modelled))
        dates = [first_day(date) for date in dated if date]
        published = [terms.origin for terms in mode.collateral.assets.values() if terms.origin.enters_figures]
        origins = [*mode.origins.values(), *published, *modelled]
        named = {origin.source for origin in origins} | {listing.source for listing in listings}
        return RulesUsed(
            venue=self.name,
            as_of=min(dates, default=None),
            status=max((mode.status, *(listing.status for listing in listings)), key=_RANKS.__getitem__).value,
            sources=tuple(source.text for source in self.sources if source.id in named),
        )

    def assumptions_for(self, mode: Mode, account: Account) -> tuple[str, ...]:
        """What the figures of the account rest on: of the rules, then of the contracts as published."""
        occasions = _occasions(account)
        texts = [note.text for note in (*self.notes, *mode.notes) if note.when in occasions]
        contracts = [*(one.contract for one in account.positions), *(one.contract for one in account.orders)]
        for contract in dict.fromkeys(contracts):
            listing = self.listing(contract.symbol)
            if listing and listing.contract == contract:
                texts += listing.assumptions
        texts += _unknown_ticks(account)
        if account.bonus and not self.is_generic and not any(note.when is Occasion.BONUS for note in self.notes):
            texts.append(f"nothing that {self.name} publishes on bonuses is known here")
        if self._interval_assumed(account):
            texts.append(INTERVAL_ASSUMED)
        return tuple(dict.fromkeys(texts))

    def _interval_assumed(self, account: Account) -> bool:
        return self.published_funding_interval is None and any(
            position.funding_rate is not None and position.funding_interval == USUAL_FUNDING_INTERVAL
            for position in account.positions
        )


def _unknown_ticks(account: Account) -> list[str]:
    """Of positions whose screen price lies a tick off the crossing, those whose tick is not known."""
    return [
        f"{position.contract.symbol}: its tick size is not known, so contract_liquidation_price is the exact crossing; "
        "the venue's screen shows it one tick nearer to the mark (give `tick_size` under `contracts:`)"
        for position in account.positions
        if account.rules.shown_liquidation_price is PriceShown.ONE_TICK_TOWARD_MARK
        and position.contract.tick_size is None
    ]


def _occasions(account: Account) -> set[Occasion]:
    holds = {
        Occasion.ALWAYS: bool(account.positions or account.orders),
        Occasion.ORDERS: bool(account.orders),
        Occasion.DEBT: any(amount < ZERO for amount in account.balances.values()),
        Occasion.ISOLATED: any(position.is_isolated for position in account.positions),
        Occasion.HEDGE_MODE: account.position_mode is PositionMode.HEDGE,
        Occasion.BONUS: bool(account.bonus),
    }
    return {occasion for occasion, held in holds.items() if held}


def _plain(symbol: str) -> str:
    """Letters and digits alone, in capitals: how venues' spellings of one contract agree."""
    return "".join(character for character in symbol.upper() if character.isalnum())


def _underlying(symbol: str) -> str:
    """The plain symbol without the words that venues add to the traded asset."""
    plain = _plain(symbol)
    for word in SYMBOL_WORDS:
        plain = plain.removesuffix(word)
    return plain
