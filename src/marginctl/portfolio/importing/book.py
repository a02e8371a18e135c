"""Answers of one account -> the sections of the portfolio file, in their order, and what was noted on the way."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from marginctl.core.contract import Contract
from marginctl.document.written import Written, WrittenValue, document
from marginctl.portfolio.importing.declaring import Declaring
from marginctl.portfolio.importing.expected import Expecting, origin
from marginctl.portfolio.importing.gathering import Gathered, gathered
from marginctl.portfolio.importing.holdings import Holdings
from marginctl.portfolio.importing.notebook import Notebook, Request, leaf
from marginctl.portfolio.importing.wallets import Wallet, is_hedge, mode_of
from marginctl.venues.answers.account import HeldPosition, VenueAnswer
from marginctl.venues.rule_set import RuleSet

LAID = ("prices", "betas", "limits", "scenarios", "contracts")
"""Sections that --with may give; ``account`` key by key."""


class ImportedBook(Struct, frozen=True):
    """An imported portfolio: its sections, and the notes. ``gathered``: what it was made of.

    ``unknown``: contracts that nobody declares, with the base and quote that their symbols may mean.
    """

    sections: dict[str, Written]
    notes: Notebook
    gathered: Gathered
    held: tuple[tuple[HeldPosition, Contract | None], ...]
    unknown: tuple[tuple[str, str, str], ...] = ()

    def text(self, header: Sequence[str]) -> str:
        """The file."""
        return document(header, self.sections, self.notes.remarks)


def book_of(answers: Sequence[VenueAnswer], rule_set: RuleSet, request: Request, today: date) -> ImportedBook:
    """The portfolio that the answers of one account mean."""
    notes = Notebook(remarks={"account": list(request.remarks)})
    whole = gathered(answers, notes)
    currency = request.given("account.currency") or whole.first.currency
    declaring = Declaring(rule_set, whole, request, currency)
    held = tuple((row, declaring.contract(row.symbol)) for row in whole.positions)
    hedge = is_hedge(whole, notes)
    mode, mode_name = mode_of(rule_set, whole, request, notes)
    as_of = whole.as_of or request.as_of
    account: dict[str, Written] = {
        "name": request.name or whole.first.venue,
        "venue": rule_set_name(rule_set, request),
        "collateral_mode": mode_name,
        "position_mode": "hedge" if hedge else "one-way",
        "currency": "" if currency == "USD" else currency,
        "as_of": as_of,
        "taker_fee": fee(whole, request) or "",
    }
    _note_expired(held, as_of, today, notes)
    wallet = Wallet(gathered=whole, request=request, rule_set=rule_set, held=held, currency=currency, notes=notes)
    holdings = Holdings(declaring, request, hedge, notes)
    symbols = [row.symbol for row in whole.positions] + [row.symbol for row in whole.orders]
    collateral = wallet.collateral(mode)
    traded = [asset for _, contract in held if contract for asset in (contract.base, contract.quote)]
    prices = wallet.prices([*wallet.balances(), *traded])
    told: dict[str, Written] = {
        "account": {key: value for key, value in account.items() if value},
        "prices": prices,
        "collateral": collateral,
        "contracts": _contracts(declaring, symbols, notes),
        "positions": [holdings.position(row) for row in whole.positions],
        "orders": [holdings.order(row, whole.positions) for row in whole.orders],
        "expect": Expecting(whole, currency, prices).section(held),
        "origin": origin(whole.answers, notes),
    }
    sections = {name: value for name, value in _laid_under(told, request.laid, notes).items() if value}
    return ImportedBook(sections, notes, whole, held, tuple(_unknown(declaring, symbols)))


def rule_set_name(rule_set: RuleSet, request: Request) -> str:
    """How the file names the rule set: as a flag does, else by its own name."""
    return request.given("account.venue") or rule_set.name


def fee(whole: Gathered, request: Request) -> WrittenValue | None:
    """The account's fee: an answer's for the account, or for the contracts that it holds where they agree."""
    if request.sets.get("account.taker_fee"):
        return None
    said = whole.said("taker_fee")
    if said is not None:
        return leaf(said, "of the fee answer")
    traded = {row.symbol for row in whole.positions} | {row.symbol for row in whole.orders}
    found = [one.taker_fee for one in whole.contracts.values() if one.symbol in traded]
    fees = {one.value: one for one in found if one is not None}
    return leaf(next(iter(fees.values())), "of the fee answer") if len(fees) == 1 else None


def _contracts(declaring: Declaring, symbols: Sequence[str], notes: Notebook) -> dict[str, Written]:
    found = {symbol: declaring.declaration(symbol, notes) for symbol in dict.fromkeys(symbols)}
    return {symbol: keys for symbol, keys in found.items() if keys}


def _unknown(declaring: Declaring, symbols: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Contracts that neither the rule set nor a file knows."""
    for symbol in dict.fromkeys(symbols):
        if not declaring.is_known(symbol):
            base, quote = declaring.pair(symbol)
            yield symbol, base or "BASE", quote or next(iter(declaring.gathered.assets), "USDT")


def _note_expired(
    held: Sequence[tuple[HeldPosition, Contract | None]], as_of: str, today: date, notes: Notebook
) -> None:
    """Positions in contracts whose last day is over are none."""
    day = (as_of or today.isoformat())[:10]
    for row, contract in held:
        if contract is not None and contract.expiry and contract.expiry < day:
            notes.need(
                f"{row.symbol} ended on {contract.expiry}", "a newer positions answer: it was settled into the wallet"
            )


def _laid_under(told: dict[str, Written], laid: Mapping[str, Any], notes: Notebook) -> dict[str, Written]:
    """The sections with what --with gives beside them; a key that an answer gives too is the answer's."""
    found = dict(told)
    for name in ("account", *LAID):
        below, above = laid.get(name), found.get(name)
        if name == "contracts" or not below:
            continue
        if not isinstance(above, dict):
            found[name] = below
            continue
        for key in below.keys() & above.keys():
            notes.remark(name, f"`{key}` of an answer counts, not that of --with")
        found[name] = {**below, **above}
    return {name: found[name] for name in ORDER if name in found}


ORDER = (
    "account",
    "prices",
    "betas",
    "collateral",
    "contracts",
    "positions",
    "orders",
    "limits",
    "scenarios",
    "expect",
    "origin",
)
