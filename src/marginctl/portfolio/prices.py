"""One system of asset prices and marks."""

from collections.abc import Set
from decimal import Decimal

from msgspec import Struct

from marginctl.core.account import STABLECOINS
from marginctl.core.contract import Contract
from marginctl.core.exact import ONE
from marginctl.document.kinds import Entries
from marginctl.document.nodes import Node
from marginctl.document.source import echo, near
from marginctl.portfolio.assets import Links
from marginctl.portfolio.format import AccountEntry, PortfolioFile
from marginctl.portfolio.reading import Reading, brief, short

MARK_TOLERANCE = PEG_TOLERANCE = Decimal("0.05")
REFERENCE_CURRENCY = "USD"


class Mark(Struct, frozen=True):
    """The mark that a row gives a contract."""

    contract: Contract
    price: Decimal
    node: Node


class Prices:
    """Asset prices in the account's currency, and the marks that are given or follow from them.

    mark = mark_price where one is given, else price of the base / price of the quote. A base that only marks price
    takes  mark * price of the quote  from its first contract. All marks are given before the first price is asked for.
    What follows an asset at a fixed ratio is worth that many of it, and the other way round.
    """

    def __init__(self, reading: Reading, currency: str, given: Entries[Decimal], links: Links):
        self._reading = reading
        self.currency = currency
        self._given = given
        self._links = links
        self._marks: dict[str, Mark] = {}
        self._from_marks: dict[str, Decimal] | None = None
        self._missing: set[str] = set()
        self.used: dict[str, Decimal] = {}
        for key, price, node in given.rows():
            if key.text == currency and price != ONE:
                reading.refuse(
                    node, "MC016", f"{short(currency)} is the account's currency: its price is 1", "leave it out"
                )

    @property
    def named(self) -> Set[str]:
        """The assets that the file prices, in use or not."""
        return self._given.keys()

    def give_mark(self, contract: Contract, price: Decimal, node: Node) -> None:
        """Take a mark from a row; a contract has one mark."""
        known = self._marks.setdefault(contract.symbol, Mark(contract, price, node))
        if known.price != price:
            symbol = echo(contract.symbol)
            message = f"{symbol} has two marks, {known.price:f} and {price:f}"
            self._reading.refuse(node, "MC016", message, "give one mark per contract")

    def of(self, asset: str, node: Node, why: str) -> Decimal | None:
        """The price of an asset that the computation needs; None after noting that it is missing."""
        price = self._alone(asset)
        if price is None:
            price = self._related(asset)
        if price is None:
            self._miss(asset, node, why)
            return None
        if asset not in self.used:
            self.used[asset] = price
            self._compare_with_peg(asset, price)
            if asset not in self._given and asset != self.currency and self._default(asset) is not None:
                self._reading.assume(f"{asset} priced at 1")
        return price

    def _compare_with_peg(self, asset: str, price: Decimal) -> None:
        """A stablecoin far from 1 is a fact."""
        gap = abs(price - ONE)
        if gap > PEG_TOLERANCE and (asset in STABLECOINS or self._links.is_dollar(asset)):
            message = f"the price of {asset}, a dollar stablecoin, is {price:f}"
            self._reading.observe("MC215", asset, message, self._given.places[asset][1], gap, PEG_TOLERANCE)

    def _alone(self, asset: str) -> Decimal | None:
        """The price that the file, a convention or a mark gives."""
        price = self._default(asset)
        return self._priced_by_marks().get(asset) if price is None else price

    def _default(self, asset: str) -> Decimal | None:
        if asset in self._given:
            return self._given[asset]
        is_dollar = asset in STABLECOINS or asset == REFERENCE_CURRENCY or self._links.is_dollar(asset)
        return ONE if asset == self.currency or is_dollar else None

    def _related(self, asset: str) -> Decimal | None:
        """ratio * price of what it follows, or price of what follows it / ratio; noted as an assumption."""
        link = self._links.of(asset)
        if link is not None and link.ratio is not None and (price := self._alone(link.follows)) is not None:
            self._reading.assume(f"{asset} priced at {link.ratio:f} {link.follows}")
            return price * link.ratio
        for other in (*self._given, *self._priced_by_marks()):
            link = self._links.of(other)
            if link is not None and link.follows == asset and link.ratio is not None:
                self._reading.assume(f"{asset} priced at 1/{link.ratio:f} {other}")
                return (self._alone(other) or ONE) / link.ratio
        return None

    def followed(self, node: Node) -> dict[str, str]:
        """What every asset in use follows; where two move together, or one with its leader, the leader has a price.

        Notes what the bundled list says where it changes figures, and a price that is off its ratio.
        """
        self._links.ask(self.used, node)
        follows = {asset: led for asset in self.used if (led := self._links.leader(asset))}
        for led in dict.fromkeys(follows.values()):
            behind = [asset for asset, one in follows.items() if one == led]
            if led not in self.used and len(behind) > 1 and led != self.currency:
                self.of(led, node, f"which {' and '.join(map(short, behind))} follow")
            for asset in behind if led in self.used else ():
                self._weigh(asset, led)
        return follows

    def _weigh(self, asset: str, led: str) -> None:
        """What follows an asset beside it: said where the bundled list says so; its price against its ratio."""
        link = self._links.of(asset)
        if link is not None and link.as_of:
            self._reading.assume(f"{asset} moves with {led} (bundled list of {link.as_of})")
        if link is None or link.ratio is None or asset not in self._given:
            return
        implied = link.ratio * self.used[led]
        self._observe_gap(asset, self._given[asset], implied, self._given.places[asset][1], f"the price of {asset}")

    def dollars(self) -> frozenset[str]:
        """The assets in use that are stablecoins beyond the built-in ones."""
        found = frozenset(asset for asset in self.used if self._links.is_dollar(asset))
        for asset in sorted(found):
            link = self._links.of(asset)
            if link is not None and link.as_of:
                self._reading.assume(f"{asset} counts as a stablecoin (bundled list of {link.as_of})")
        return found

    def _priced_by_marks(self) -> dict[str, Decimal]:
        """Prices of bases that only marks give: those quoted in a priced asset, then those quoted in these, etc."""
        if self._from_marks is not None:
            return self._from_marks
        found: dict[str, Decimal] = {}
        waiting: dict[str, list[Mark]] = {}
        for mark in self._marks.values():
            quote = self._default(mark.contract.quote)
            if self._default(mark.contract.base) is not None:
                continue
            if quote is None:
                waiting.setdefault(mark.contract.quote, []).append(mark)
            else:
                found.setdefault(mark.contract.base, mark.price * quote)
        layer = list(found)
        while layer:
            quoted = [mark for quote in layer for mark in waiting.pop(quote, []) if mark.contract.base not in found]
            for mark in quoted:
                found.setdefault(mark.contract.base, mark.price * found[mark.contract.quote])
            layer = list(dict.fromkeys(mark.contract.base for mark in quoted))
        self._from_marks = found
        return found

    def _miss(self, asset: str, node: Node, why: str) -> None:
        if asset in self._missing:
            return
        self._missing.add(asset)
        close = near(asset, {*self._given, *STABLECOINS, self.currency}, surely=True)
        meant = f"did you mean {echo(close)}? Otherwise " if close else ""
        advice = f"{meant}add `{short(asset)}: ...` under `prices:`, in {short(self.currency)} per {short(asset)}"
        self._reading.refuse(node, "MC020", f"no price for {short(asset)}, {why}", advice)

    def mark(self, contract: Contract, node: Node) -> Decimal | None:
        """The mark of a contract, in quote per base; None after noting what is missing."""
        symbol = echo(contract.symbol)
        known = self._marks.get(contract.symbol)
        quote = self.of(contract.quote, node, f"the quote of {symbol}")
        if quote is None and known is not None:
            return None
        base = self.of(contract.base, node, f"the base of {symbol}, which has no `mark_price` either")
        settle = self.of(contract.settle, node, f"in which {symbol} settles") if contract.third else ONE
        if quote is None or base is None or settle is None:
            return None
        implied = base / quote
        if known is None:
            return implied
        self._observe_gap(contract.symbol, known.price, implied, known.node, f"the mark of {contract.symbol}")
        return known.price

    def _observe_gap(self, subject: str, given: Decimal, implied: Decimal, node: Node, what: str) -> None:
        """A mark, or the price of what follows an asset, more than 5% off the prices is a fact."""
        gap = abs(given - implied)
        if gap > MARK_TOLERANCE * implied:
            message = f"{what} is {given:f}, its prices give {brief(implied)}"
            self._reading.observe("MC205", subject, message, node, gap / implied, MARK_TOLERANCE)


def refuse_currency(reading: Reading, draft: AccountEntry, file: PortfolioFile) -> None:
    """Totals are in a dollar: USD, a stablecoin, or what the file says is one, such as a venue's unit of account."""
    currency = draft.currency
    if currency is None or currency == REFERENCE_CURRENCY or currency in STABLECOINS:
        return
    entry, name = file.assets.get(currency), short(currency)
    if entry is not None and entry.stablecoin:
        return
    advice = "write USD or a USD stablecoin, such as USDT"
    if any(held.asset == currency for held in file.collateral):
        advice += f"; if {name} is a unit worth 1 USD, say so: `assets: {{{name}: {{stablecoin: true}}}}`"
    place = draft.at(AccountEntry.currency)
    reading.refuse(place, "MC015", f"totals cannot be reported in {name}", advice)
