"""The header of a book, ``marginctl.book/1``: what all of its accounts share, read once.

Words and meanings are those of a portfolio file; what belongs to one account alone stands in the book's rows.
"""

from collections.abc import Container, Iterable, Mapping
from copy import copy
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from marginctl import __version__
from marginctl.analysis.check import Settings, scenarios_of
from marginctl.books.header_format import BookFile, TermsEntry
from marginctl.core.account import AssetTerms
from marginctl.core.contract import Contract, HaircutTier
from marginctl.document.kinds import (
    Entries,
)
from marginctl.document.nodes import Scalar
from marginctl.document.reader import read
from marginctl.document.record import Key, bind
from marginctl.document.source import Source, echo, in_order
from marginctl.findings import Problem
from marginctl.limits.config import FileLimits, LimitsConfig, LimitSource, combined, limits_of
from marginctl.limits.rules import BY_CODE, BY_KEY, rule_of
from marginctl.portfolio.assets import Links
from marginctl.portfolio.contracts import Contracts
from marginctl.portfolio.format import AccountEntry, CollateralEntry, PortfolioFile
from marginctl.portfolio.prices import REFERENCE_CURRENCY, Prices
from marginctl.portfolio.reading import Reading, short
from marginctl.portfolio.resolve import resolve
from marginctl.venues.contracts import Listing
from marginctl.venues.loader import DEFAULT, is_path, named
from marginctl.venues.origin import Verification
from marginctl.venues.rule_set import Mode, RuleSet

JUDGED = ("MC100", "MC101", "MC102", "MC103", "MC104", "MC106", "MC107")
"""The limits that accounts of a book are judged by."""
OF_SCENARIOS = "MC113"
"""The limit that `book stress` judges by."""
SHARED: tuple[Key[Any], ...] = (
    BookFile.prices,
    BookFile.betas,
    BookFile.assets,
    BookFile.contracts,
    BookFile.scenarios,
)
"""Keys that mean in a portfolio what they mean here."""
UNSEEN = Scalar("", 0, 0, 0, plain=True)
"""The place of what stands in no line of the header."""
EMPTY = "the account is empty"
MOST_MOMENTS = 64
"""Times of a table of prices whose tables are kept."""


class BookHeader(Struct, frozen=True):
    """A header, read and compiled; shared by threads, and nothing in it changes but for what is remembered.

    ``digest`` tells headers and settings apart that may give other results. ``draft``: the portfolio that every row is
    laid into, without rows of its own. ``rule_set``: the venue's, with the contracts that the header declares.
    ``held``: by asset the row that states its terms, without an amount. ``prices_at``: prices by the time of the rows
    that they are for, where a table gives them. ``configs``: the limits of accounts, ``others``: the header under
    other venues, ``screens`` and ``ways``: tables of the float screen by contracts, of today and of scenarios,
    ``moments``: the header at prices of a time, as they are asked for.
    """

    text: str
    digest: str
    source: Source
    file: BookFile
    draft: PortfolioFile
    rule_set: RuleSet
    held: dict[str, CollateralEntry]
    limits: FileLimits
    scenarios: dict[str, dict[str, Decimal]]
    settings: Settings
    prices_at: dict[str, Entries[Decimal]] = {}
    configs: dict[str, LimitsConfig] = {}
    others: "dict[str, tuple[BookHeader | None, list[Problem]]]" = {}
    screens: dict[frozenset[str], Any] = {}
    ways: dict[frozenset[str], Any] = {}
    moments: "dict[str, BookHeader]" = {}

    @property
    def is_apart(self) -> bool:
        """Whether isolated margins are no part of the balances."""
        return self.file.isolated == "apart"

    @property
    def currency(self) -> str:
        """What figures are in."""
        own = self.draft.account.currency if self.draft.account is not None else None
        return own or REFERENCE_CURRENCY

    @property
    def shocks(self) -> dict[str, Decimal]:
        """What prices are moved by before anything is computed."""
        return self.settings.shocks

    def limits_for(self, account: str) -> LimitsConfig:
        """The limits of an account: the header's own, and the policy's for it."""
        policy = self.settings.policy
        if policy is None or not any(part.accounts for part in policy.parts):
            account = ""
        if account not in self.configs:
            found = combined(self.limits, policy.under(account, account) if policy is not None else None)
            if account:
                return found
            self.configs[""] = found
        return self.configs[account]

    def under(self, venue: str) -> "tuple[BookHeader | None, list[Problem]]":
        """The same header under the venue that a row names; None with what is wrong with that."""
        if venue not in self.others:
            rule_set, problems = _rule_set(self.file, self.source, self.settings, venue)
            if rule_set is not None:
                rule_set, problems = _declared(self.file, self.source, rule_set, self.settings)
            fits = rule_set is not None and not problems
            self.others[venue] = (
                (replace(self, rule_set=rule_set, screens={}, ways={}, moments={}) if fits else None),
                problems,
            )
        return self.others[venue]

    def at(self, moment: str | None) -> "BookHeader":
        """The same header at the prices of rows of a time; itself where the table of prices has none for it."""
        if moment is None or moment not in self.prices_at:
            return self if not self.prices_at else self._priced("", self.draft.prices)
        return self._priced(moment, self.prices_at[moment])

    def _priced(self, moment: str, prices: Entries[Decimal]) -> "BookHeader":
        if moment not in self.moments:
            if len(self.moments) > MOST_MOMENTS:
                self.moments.clear()
            draft = copy(self.draft)
            draft.__dict__["prices"] = prices
            self.moments[moment] = replace(
                self, draft=draft, prices_at={}, configs=self.configs, others={}, screens={}, ways={}, moments={}
            )
        return self.moments[moment]

    @property
    def symbols(self) -> Iterable[str]:
        """The contracts that the header declares."""
        return self.file.contracts

    def contract(self, symbol: str) -> Contract | None:
        """The contract of a symbol as rows resolve it; None where no contract is meant by it."""
        return contract_of(self, symbol)

    def terms(self, asset: str, mode: Mode) -> AssetTerms | None:
        """How an asset counts in a mode of the venue: as the header says, else the venue; None where neither does."""
        row = self.held.get(asset)
        tiers: tuple[HaircutTier, ...] | None = None
        if row is not None and row.haircut is not None:
            tiers = (HaircutTier(None, row.haircut),)
        elif row is not None and row.haircut_tiers is not None:
            tiers = tuple(one.tier for one in row.haircut_tiers)
        found = mode.terms(asset, self.currency, tiers)
        loan = row.loan_rate if row is not None else None
        return found if found is None or loan is None else replace(found, loan_rate=loan)


def read_header(
    data: bytes,
    name: str,
    settings: Settings,
    beside: Iterable[bytes] = (),
    prices: Mapping[str, Mapping[str, Decimal]] | None = None,
) -> tuple[BookHeader | None, list[Problem]]:
    """The header of a book; None with everything wrong with it.

    ``name``: its file, as messages call it. ``beside``: what else results depend on, such as the texts of policies.
    ``prices``: of a table, by the time of the rows that they are for; under no time they are for all.
    """
    source, node, problems = read(data, name)
    if node is None or problems:
        return None, problems
    file, problems = bind(node, BookFile, source)
    if file is None:
        return None, problems
    venue = (file.account.venue if file.account is not None else None) or DEFAULT
    rule_set, problems = _rule_set(file, source, settings, venue)
    if rule_set is None:
        return None, problems
    own = (Path(name).parent / venue).read_bytes() if is_path(venue) else b""
    told = repr(sorted((time, sorted(some.items())) for time, some in (prices or {}).items())).encode()
    digest = _digest(source.text, settings, (own, told, *beside))
    _lay_prices(file, (prices or {}).get("", {}))
    header, problems = _compiled(file, source, rule_set, settings, digest)
    if header is None:
        return None, problems
    timed = {time: _with(header.draft.prices, some) for time, some in (prices or {}).items() if time}
    return replace(header, prices_at=timed, screens={}, ways={}, moments={}), []


def _lay_prices(file: BookFile, prices: Mapping[str, Decimal]) -> None:
    """Prices of a table in the place of those that the header has."""
    if prices:
        file.__dict__["prices"] = _with(file.prices, prices)
        file.places.setdefault("prices", (UNSEEN, file.node))


def _with(known: Entries[Decimal], more: Mapping[str, Decimal]) -> Entries[Decimal]:
    found: Entries[Decimal] = Entries()
    for word, price, node in known.rows():
        found[word.text], found.places[word.text] = price, (word, node)
    for asset, price in more.items():
        found[asset] = price
        found.places.setdefault(asset, (UNSEEN, UNSEEN))
    return found


def _rule_set(file: BookFile, source: Source, settings: Settings, venue: str) -> tuple[RuleSet | None, list[Problem]]:
    place = file.account.at(AccountEntry.venue) if file.account is not None else None
    folder = Path(source.name).parent
    return named(venue, node=place, source=source, directory=settings.rules_dir, beside=folder)


def _digest(text: str, settings: Settings, beside: Iterable[bytes]) -> str:
    shocks = {asset: f"{shock:f}" for asset, shock in sorted(settings.shocks.items())}
    chosen = sorted(settings.selection.select), sorted(settings.selection.ignore)
    told = repr((__version__, settings.today.isoformat(), shocks, chosen, settings.rules_dir))
    parts = (told.encode(), text.encode(), *beside)
    return sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()


def _compiled(
    file: BookFile, source: Source, rule_set: RuleSet, settings: Settings, digest: str
) -> tuple[BookHeader | None, list[Problem]]:
    draft = _draft(file)
    limits, problems = limits_of(file.limits, file.waivers, LimitSource.PORTFOLIO, source)
    problems += _unjudged(file, limits, source, settings)
    problems += _unknown_scenarios(limits, scenarios_of(file.scenarios, settings.policy), source, file)
    held, wrong = _held(file, source)
    problems += wrong
    _, wrong = resolve(draft, source, rule_set, Path(source.name), settings.today)
    problems += [one for one in wrong if one.message != EMPTY]
    declared, wrong = _declared(file, source, rule_set, settings)
    problems += [one for one in wrong if one not in problems]
    if problems:
        return None, in_order(problems)
    draft.__dict__["contracts"] = Entries()
    header = BookHeader(
        text=source.text,
        digest=digest,
        source=source,
        file=file,
        draft=draft,
        rule_set=declared,
        held=held,
        limits=limits,
        scenarios=scenarios_of(file.scenarios, settings.policy),
        settings=settings,
        configs={},
        others={},
        screens={},
        ways={},
        moments={},
    )
    return header, []


def _draft(file: BookFile) -> PortfolioFile:
    """The portfolio that says what the header says, and holds nothing."""
    draft = PortfolioFile()
    draft.node = file.node
    for one in (*SHARED, BookFile.account):
        if one in file:
            draft.__dict__[one.attribute] = file[one]
            draft.places[one.attribute] = file.places[one.attribute]
    return draft


def _held(file: BookFile, source: Source) -> tuple[dict[str, CollateralEntry], list[Problem]]:
    """The rows that state the terms of assets, as rows of a portfolio."""
    held: dict[str, CollateralEntry] = {}
    problems: list[Problem] = []
    for row in file.collateral:
        if row.asset in held:
            place = source.place(held[row.asset].node)
            message = f"{short(row.asset)} is listed twice, first on {place}"
            problems.append(source.problem(row.at(TermsEntry.asset), "MC016", message, "keep one of them"))
        entry = CollateralEntry()
        entry.node, entry.places = row.node, dict(row.places)
        entry.__dict__ |= {name: row.__dict__[name] for name in row.places}
        held[row.asset] = entry
    return held, problems


def _declared(file: BookFile, source: Source, rule_set: RuleSet, settings: Settings) -> tuple[RuleSet, list[Problem]]:
    """The rule set with the contracts that the header declares in the place of the venue's."""
    reading = Reading(source)
    currency = (file.account.currency if file.account is not None else None) or REFERENCE_CURRENCY
    prices = Prices(reading, currency, file.prices, Links(reading, file.assets))
    contracts = Contracts(reading, file.contracts, rule_set, prices, settings.today)
    own = copy(rule_set)
    own.__dict__["seen"] = dict(rule_set.seen)
    for symbol, entry in file.contracts.items():
        contract = contracts.resolve(symbol, entry.node)
        if contract is not None:
            own.seen[symbol] = replace(_listed(contract), rates=rule_set.rates(contract))
    return own, reading.problems


def _unknown_scenarios(limits: FileLimits, scenarios: Container[str], source: Source, file: BookFile) -> list[Problem]:
    """Scenarios that `survive` names and nobody has."""
    names = {name for bound in limits.bounds.get(OF_SCENARIOS, ()) for name in bound.subjects or ()}
    missing = sorted(name for name in names if name not in scenarios)
    place = file.at(BookFile.limits)
    return [
        source.problem(place, "MC030", f"`survive` names no scenario: {echo(name)}", "add it under `scenarios`")
        for name in missing
    ]


def _listed(contract: Contract) -> Listing:
    """A contract that the header or its own symbol describes, among those of the venue."""
    return Listing(contract=contract, as_of=None, status=Verification.UNVERIFIED, source=None)


def _unjudged(file: BookFile, limits: FileLimits, source: Source, settings: Settings) -> list[Problem]:
    """Limits that are asked for and that a book is not judged by, unless they are left out."""
    problems = []
    for word, value, _ in file.limits.items() if file.limits is not None else ():
        rule = BY_KEY.get(word.text)
        if rule is None or rule.code in {*JUDGED, OF_SCENARIOS} or value is None or not settings.selection.takes(rule):
            continue
        message = f"`{word.text}` ({rule.code}) is not judged over a book"
        problems.append(source.problem(word, "MC030", message, f"remove it, or add --ignore {rule.code}"))
    place = file.at(BookFile.limits)
    for code, scopes in sorted(limits.scopes.items()):
        if code not in JUDGED and settings.selection.takes(BY_CODE[code]):
            message = f"`{scopes[0].section}` sets a limit ({code}) that is not judged over a book"
            problems.append(source.problem(place, "MC030", message, f"remove it, or add --ignore {code}"))
    return problems


def left_to_check(header: BookHeader) -> list[str]:
    """The codes that a policy sets and a book is not judged by: `check` has policies too, so these are no errors."""
    policy = header.settings.policy
    found = {
        code
        for part in (policy.parts if policy is not None else ())
        for limits in (part, *(narrow for _, narrow in part.accounts))
        for code in (*limits.bounds, *limits.scopes, *(rule.code for rule in limits.custom))
    }
    return sorted(code for code in found - {*JUDGED, OF_SCENARIOS} if header.settings.selection.takes(rule_of(code)))


def contract_of(header: BookHeader, symbol: str) -> Contract | None:
    """What a symbol means in a book; what it spells is remembered among the venue's."""
    if symbol not in header.rule_set.seen or header.rule_set.seen[symbol] is None:
        draft = header.draft
        reading = Reading(header.source)
        prices = Prices(reading, header.currency, draft.prices, Links(reading, draft.assets))
        contracts = Contracts(reading, {}, header.rule_set, prices, header.settings.today)
        contract = contracts.resolve(symbol, draft.node)
        if contract is None:
            return None
        if header.rule_set.listing(symbol) is None:
            header.rule_set.seen[symbol] = _listed(contract)
    return header.rule_set.contract(symbol)
