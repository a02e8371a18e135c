"""One system of asset prices and marks."""

from decimal import Decimal
from typing import TYPE_CHECKING

from marginctl.core.account import STABLECOINS
from marginctl.core.contract import Contract
from marginctl.core.exact import ONE, ZERO
from marginctl.portfolio.reading import Reading

if TYPE_CHECKING:
    from marginctl.document.nodes import Node, Scalar

MARK_TOLERANCE = Decimal("0.05")
REFERENCE_CURRENCY = "USD"


class Prices:
    """Asset prices in the account's currency, and the marks that are given or follow from them.

    mark = mark_price where one is given, else price of the base / price of the quote. A base that only marks price
    takes  mark * price of the quote  from its first contract.
    """

    def __init__(self, reading: Reading, currency: str, given: list[tuple["Scalar", Decimal, "Node"]]):
        self._reading = reading
        self._currency = currency
        self._given = {key.text: price for key, price, _ in given}
        self._from_marks: dict[str, Decimal] = {}
        self._marks: dict[str, tuple[Decimal, Node]] = {}
        self._missing: set[str] = set()
        self.used: dict[str, Decimal] = {}
        for key, price, node in given:
            if key.text == currency and price != ONE:
                reading.refuse(node, "MC016", f"{currency} is the account's currency: its price is 1", "leave it out")

    def give_mark(self, contract: Contract, mark: Decimal, node: "Node") -> None:
        """Take a mark from a row; a contract has one mark."""
        known = self._marks.get(contract.symbol)
        if known is not None and known[0] != mark:
            self._reading.refuse(
                node, "MC016", f"`{contract.symbol}` has two marks, {known[0]} and {mark}", "give one mark per contract"
            )
            return
        self._marks.setdefault(contract.symbol, (mark, node))
        quote = self._default(contract.quote)
        if contract.base not in self._given and self._default(contract.base) is None and quote is not None:
            self._from_marks.setdefault(contract.base, mark * quote)

    def of(self, asset: str, node: "Node", why: str) -> Decimal | None:
        """The price of an asset that the computation needs; None after noting that it is missing."""
        price = self._default(asset)
        if price is None:
            price = self._from_marks.get(asset)
        if price is None:
            self._miss(asset, node, why)
            return None
        if asset not in self.used:
            self.used[asset] = price
            if asset not in self._given and asset != self._currency and asset not in self._from_marks:
                self._reading.assume(f"{asset} priced at 1")
        return price

    def _default(self, asset: str) -> Decimal | None:
        if asset in self._given:
            return self._given[asset]
        if asset == self._currency or asset in STABLECOINS or asset == REFERENCE_CURRENCY:
            return ONE
        return None

    def _miss(self, asset: str, node: "Node", why: str) -> None:
        if asset in self._missing:
            return
        self._missing.add(asset)
        self._reading.refuse(
            node,
            "MC020",
            f"no price for {asset}, {why}",
            f"add `{asset}: ...` under `prices:`, in {self._currency} per {asset}",
        )

    def mark(self, contract: Contract, node: "Node") -> Decimal | None:
        """The mark of a contract, in quote per base; None after noting what is missing."""
        quote = self.of(contract.quote, node, f"the quote of {contract.symbol}")
        known = self._marks.get(contract.symbol)
        base = self.of(contract.base, node, f"the base of {contract.symbol}, which has no `mark_price` either")
        if quote is None or base is None:
            return None
        implied = base / quote
        if known is None:
            return implied
        gap = abs(known[0] - implied)
        if gap > MARK_TOLERANCE * implied:
            self._reading.observe(
                "MC205",
                contract.symbol,
                f"the mark of {contract.symbol} is {known[0]}, its prices give {_brief(implied)}",
                known[1],
                gap / implied,
                MARK_TOLERANCE,
            )
        return known[0]


def _brief(value: Decimal) -> str:
    digits = max(0, 7 - value.adjusted()) if value != ZERO else 0
    text = format(round(value, digits), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
