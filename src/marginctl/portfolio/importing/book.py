"""Answers of one account -> the sections of the portfolio file, in their order, and what was noted on the way."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from msgspec import Struct

from marginctl.core.account import STABLECOINS
from marginctl.core.contract import Contract
from marginctl.core.figures import FIGURES
from marginctl.document import nodes
from marginctl.document.reader import read
from marginctl.document.record import bind
from marginctl.document.written import Written, WrittenLine, WrittenValue, decimal_text, document
from marginctl.findings import Problem
from marginctl.portfolio.format import PortfolioFile
from marginctl.portfolio.importing.declaring import Declaring
from marginctl.portfolio.importing.gathering import Gathered, gathered
from marginctl.portfolio.importing.holdings import Holdings
from marginctl.portfolio.importing.notebook import Notebook, Request, leaf
from marginctl.portfolio.importing.wallets import Wallet, is_hedge, mode_of
from marginctl.venues.answers.account import Amount, HeldPosition, VenueAnswer
from marginctl.venues.rule_set import RuleSet

LEAST = Fraction(2, 10**8)
"""Venues cut amounts to 8 decimals, requirements here are rounded up to as many."""
UNKNOWN_TICK = Fraction(1, 10_000)
"""Of a liquidation price, where the step of the contract's price is not known."""
LARGEST = Fraction(1, 1000)
"""Of a figure: venues leave zeros at the end out, so that few digits may be all of it."""
LAST_DIGITS = 2
CROSS = "cross."
DIGITS = Fraction(1, 10)


class Expecting(Struct, frozen=True):
    """Writes figures; ``priced``: assets whose price is not 1, so that amounts in them have a unit."""

    gathered: Gathered
    currency: str
    priced: Mapping[str, Written]

    def section(self, held: Iterable[tuple[HeldPosition, Contract | None]]) -> dict[str, Written]:
        """The whole section, empty parts left out."""
        rows = list(held)
        totals = {name: figure for name, figure in self.gathered.totals.items() if not name.startswith(CROSS)}
        cross = {name.removeprefix(CROSS): one for name, one in self.gathered.totals.items() if name.startswith(CROSS)}
        counts = Counter(row.symbol for row, _ in rows)
        unit = self.gathered.totals_unit
        parts: dict[str, Written] = {
            "totals": self.figures(totals, unit, None),
            "pools": {"cross": found} if (found := self.figures(cross, unit, None)) else {},
            "positions": {
                row.symbol if counts[row.symbol] == 1 else f"{row.symbol}:{row.side}": found
                for row, contract in rows
                if (found := self.figures(row.expect, self.settle(row, contract), contract))
            },
        }
        return {name: part for name, part in parts.items() if part}

    def settle(self, row: HeldPosition, contract: Contract | None) -> str | None:
        """What a position's amounts are in."""
        return row.settle or (contract.settle if contract else None)

    def figures(
        self, given: Mapping[str, Amount | None], settle: str | None, contract: Contract | None
    ) -> dict[str, Written]:
        """Every figure of a subject; ``none`` where the venue shows that there is none."""
        return {
            name: WrittenValue("none") if figure is None else self.figure(name, figure, settle, contract)
            for name, figure in given.items()
            if figure is not None or name.endswith("_price")
        }

    def figure(self, name: str, figure: Amount, settle: str | None, contract: Contract | None) -> WrittenLine:
        """One figure with its tolerance, and its unit where that is another asset's price away."""
        text, is_exact = decimal_text(figure.value)
        has_unit = settle is not None and FIGURES[name].kind == "money" and self.is_priced(settle)
        entries = {"value": text, "tolerance": decimal_text(allowed(name, figure, contract))[0]}
        entries |= {"unit": settle} if has_unit and settle else {}
        return WrittenLine(entries, figure.formula if not is_exact else "")

    def is_priced(self, asset: str) -> bool:
        """Whether an amount in an asset is another amount in the account's currency."""
        return asset != self.currency and (asset not in STABLECOINS or asset in self.priced)


def allowed(name: str, figure: Amount, contract: Contract | None) -> Fraction:
    """What a figure may differ by: two last digits, 2e-8 to 0.1%; of a price also a tick; of a cut ratio one digit.

    A figure worked out of several numbers: the sum of what one last digit of each does to it.
    """
    if figure.cut:
        return figure.unit
    digits = figure.unit if figure.formula else LAST_DIGITS * figure.unit
    digits = max(min(digits, abs(figure.value) * LARGEST), LEAST)
    if not name.endswith("liquidation_price"):
        return rounded_up(digits)
    tick = contract.tick_size if contract else None
    return rounded_up(digits + Fraction(tick) if tick else max(digits, figure.value * UNKNOWN_TICK))


def rounded_up(value: Fraction) -> Fraction:
    """A tolerance with two significant digits, never smaller."""
    step = Fraction(1)
    while step > value:
        step *= DIGITS
    while step / DIGITS <= value:
        step /= DIGITS
    step *= DIGITS
    return -(-value // step) * step


def origin(answers: Iterable[VenueAnswer], notes: Notebook) -> dict[str, Written]:
    """What the file was imported from, and what that held beyond it."""
    rows: list[Written] = [
        WrittenLine(
            {"file": one.file, "answer": f"{one.venue} {one.name}", **({"as_of": one.as_of} if one.as_of else {})}
        )
        for one in answers
    ]
    found: dict[str, Written] = {"answers": rows}
    return {**found, "incomplete": list(notes.incomplete)} if notes.incomplete else found


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


TAKEN = ("account", "contracts", "prices", "betas", "limits", "scenarios")
IGNORED = ("$schema", "schema")


def laid_under(data: bytes, name: str) -> tuple[dict[str, Written], list[Problem]]:
    """The sections of a file by name, or what is wrong with it: a mistake, or a section that answers give."""
    source, root, problems = read(data, name)
    if not isinstance(root, nodes.Mapping) or problems:
        return {}, problems
    _, problems = bind(root, PortfolioFile, source)
    for key, _ in root.entries:
        if key.text in set(PortfolioFile.layout.by_name) - {*TAKEN, *IGNORED}:
            message, advice = f"`{key.text}` cannot be laid under an import", f"keep {', '.join(TAKEN)}"
            problems.append(source.problem(key, "MC010", message, advice))
    return {key.text: _written(value) for key, value in root.entries if key.text in TAKEN}, problems


def _written(node: nodes.Node) -> Written:
    """A node as it is written again: a list's mappings of single values on one line each."""
    if isinstance(node, nodes.Mapping):
        return {key.text: _written(value) for key, value in node.entries}
    if isinstance(node, nodes.Sequence):
        return [_row(item) for item in node.items]
    return node.text if isinstance(node, nodes.Scalar) else ""


def _row(node: nodes.Node) -> Written:
    if isinstance(node, nodes.Mapping) and all(isinstance(value, nodes.Scalar) for _, value in node.entries):
        return WrittenLine({key.text: value.text for key, value in node.entries if isinstance(value, nodes.Scalar)})
    return _written(node)
