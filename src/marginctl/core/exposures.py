"""What the risk of a pool is made of: the signed values of its contracts and coins, by asset, as linear forms.

A contract on base b with quote c and signed value V: X_b += V and X_c -= V, for a quote other than the account's
currency. V = quantity * contract_size * mark * price of the quote (linear, by mark), * price of the base (linear, by
index), quantity * contract_size * price of the quote (inverse). A scanned coin a: X_a += price * (balance + unrealized
PnL settled in a), before its haircut.
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from marginctl.core.account import Position
from marginctl.core.contract import Contract, ContractType
from marginctl.core.exact import ONE
from marginctl.core.model import ModelTerms, ScanPrice
from marginctl.core.money import NOTHING, Form, Money, MovingAmount, Sum, positive, smallest
from marginctl.core.value import entry_value, exposure_side, notional


class ContractExposure(Struct, frozen=True):
    """All positions in one contract, opposite legs netted: signed contracts, base units, and V by either price."""

    contract: Contract
    quantity: Decimal
    units: Decimal
    by_mark: Form
    by_index: Form

    def value(self, price: ScanPrice) -> Form:
        """V."""
        return self.by_mark if price is ScanPrice.MARK else self.by_index


class Exposures(Struct, frozen=True):
    """The contracts of a pool by symbol, and the equity of each asset in it; ``currency`` is the account's."""

    currency: str
    contracts: dict[str, ContractExposure]
    equities: dict[str, Form]

    def entries(self, asset: str, terms: ModelTerms, price: ScanPrice | None = None) -> list[Form]:
        """What makes up X of an asset: contracts on it, contracts quoted in it, and its own equity where scanned."""
        price = price or terms.scan_price
        rows = [one.value(price) for one in self.contracts.values() if one.contract.base == asset]
        if asset != self.currency:
            quoted = (one for one in self.contracts.values() if one.contract.quote == asset)
            rows += [one.value(price).times(-ONE) for one in quoted]
        if terms.is_scanned(asset) and asset in self.equities:
            rows.append(self.equities[asset])
        return rows

    def of(self, asset: str, terms: ModelTerms, price: ScanPrice | None = None) -> Form:
        """X of an asset."""
        return combined(self.entries(asset, terms, price))

    def assets(self, terms: ModelTerms) -> list[str]:
        """Assets with an exposure that takes part, and bases of contracts, in the order of the contracts."""
        bases = {one.contract.base for one in self.contracts.values()}
        return [one for one in self._named(terms) if one in bases or (terms.takes_part(one) and self._has(one, terms))]

    def _named(self, terms: ModelTerms) -> list[str]:
        named = [name for one in self.contracts.values() for name in (one.contract.base, one.contract.quote)]
        coins = [asset for asset in self.equities if terms.is_scanned(asset)]
        return list(dict.fromkeys(name for name in (*named, *coins) if name != self.currency))

    def _has(self, asset: str, terms: ModelTerms) -> bool:
        return any(entry.amount for entry in self.of(asset, terms).entries)

    def plus(self, found: ContractExposure) -> "Exposures":
        """The same with more of a contract; equities stay."""
        symbol = found.contract.symbol
        more = _added(self.contracts[symbol], found) if symbol in self.contracts else found
        return Exposures(self.currency, {**self.contracts, symbol: more}, self.equities)

    def without(self, position: Position, prices: dict[str, Decimal]) -> "Exposures":
        """The same without one position; equities stay."""
        return self.plus(_negative(exposure_of(position, prices)))


def combined(forms: Iterable[Form]) -> Form:
    """Their sum as one form."""
    found = NOTHING
    for form in forms:
        found = found + form
    return found


def hedged(forms: Iterable[Form]) -> Money:
    """The smaller of the sum of the positive and of the negative ones."""
    rows = [form for form in forms if form.entries]
    longs, shorts = (Sum(tuple(positive(form.times(side)) for form in rows)) for side in (ONE, -ONE))
    return smallest((longs, shorts))


def exposures_of(
    positions: Iterable[Position], balances: dict[str, Decimal], prices: dict[str, Decimal], currency: str
) -> Exposures:
    """The exposures of a pool's positions and balances (without isolated margins), in ``currency``."""
    contracts: dict[str, ContractExposure] = {}
    equities = {
        asset: Form((MovingAmount(amount * prices[asset], asset),), ((asset, ONE),))
        for asset, amount in balances.items()
    }
    for position in positions:
        found = exposure_of(position, prices)
        symbol, settle = position.contract.symbol, position.contract.settle
        contracts[symbol] = _added(contracts[symbol], found) if symbol in contracts else found
        equities[settle] = equities.get(settle, NOTHING) + pnl_form(position, prices)
    return Exposures(currency, contracts, equities)


def exposure_of(position: Position, prices: dict[str, Decimal]) -> ContractExposure:
    """One position as an exposure."""
    contract, signed = position.contract, position.side * position.quantity
    units = signed * contract.contract_size
    if contract.type is ContractType.INVERSE:
        value = Form((MovingAmount(units * prices[contract.quote], contract.quote),))
        return ContractExposure(contract, signed, units / position.mark_price, value, value)
    by_mark = Form((MovingAmount(position.side * notional(position, prices), contract.base, contract.symbol),))
    return ContractExposure(
        contract, signed, units, by_mark, Form((MovingAmount(units * prices[contract.base], contract.base),))
    )


def pnl_form(position: Position, prices: dict[str, Decimal]) -> Form:
    """The unrealized PnL of a position in currency: side * (N * r_driver - E * r_settle)."""
    side, contract = exposure_side(position), position.contract
    moving = MovingAmount(side * notional(position, prices), contract.driver, contract.symbol)
    return Form((moving, MovingAmount(-side * entry_value(position, prices), contract.settle)))


def _added(one: ContractExposure, other: ContractExposure) -> ContractExposure:
    return ContractExposure(
        one.contract,
        one.quantity + other.quantity,
        one.units + other.units,
        one.by_mark + other.by_mark,
        one.by_index + other.by_index,
    )


def _negative(one: ContractExposure) -> ContractExposure:
    less = -ONE
    return ContractExposure(one.contract, -one.quantity, -one.units, one.by_mark.times(less), one.by_index.times(less))
