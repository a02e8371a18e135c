"""An account carried to another venue: a portfolio of that venue's contracts, and all that could not come along.

A contract is matched by type, base, quote and last day, never by the text of its symbol; quantities convert over
contract_size and stay exact. Prices, entries and marks never change; rates become the venue's.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from marginctl.core.account import STABLECOINS, Account, Order, Position, PositionMode
from marginctl.core.contract import Contract, ContractType, Tier, side_word
from marginctl.core.exact import ONE, ZERO, net, sign
from marginctl.core.opaque import OpaqueRow
from marginctl.core.requirement import initial_rate
from marginctl.core.value import basis_value, notional
from marginctl.portfolio.assets import links_of
from marginctl.portfolio.margins import as_published, beyond_last_tier
from marginctl.results.comparison import CarriedChange, MappedContract, NotCarried

if TYPE_CHECKING:
    from marginctl.venues.rule_set import Mode, RuleSet

DOLLARS = frozenset({"USD"}) | STABLECOINS


class Carried(Struct, frozen=True):
    """The document for the other venue, and what happened on the way."""

    document: dict[str, Any]
    mapped: tuple[MappedContract, ...]
    changed: tuple[CarriedChange, ...]
    missing: tuple[NotCarried, ...]


class Carrier(Struct):
    """Carries one account to one mode of a rule set. ``maps_quotes``: another dollar may stand for the quote."""

    account: Account
    rule_set: "RuleSet"
    mode: "Mode"
    taker_fee: Decimal | None
    maps_quotes: bool = False
    mapped: dict[str, MappedContract] = field(default_factory=dict)
    changed: list[CarriedChange] = field(default_factory=list)
    missing: list[NotCarried] = field(default_factory=list)

    def carried(self) -> Carried:
        """The whole account."""
        positions = [row for one in self.account.positions if (row := self._position(one)) is not None]
        orders = [row for order in self.account.orders if (row := self._order(order)) is not None]
        collateral = [row for asset in self.account.balances for row in self._collateral(asset)]
        document = {
            "account": self._header(),
            "prices": {asset: _text(price) for asset, price in self.account.prices.items()},
            "betas": {asset: _text(beta) for asset, beta in self.account.betas.items()},
            "assets": links_of(self.account),
            "collateral": collateral,
            "positions": positions,
            "orders": orders,
            "other": [_given(row) for row in self.account.others],
        }
        return Carried(document, tuple(self.mapped.values()), tuple(self.changed), tuple(self.missing))

    def price(self, asset: str) -> Decimal:
        """The price of an asset; of another dollar than the file names 1, as the reader of the document takes it."""
        return self.account.prices.get(asset, ONE)

    def _header(self) -> dict[str, Any]:
        account = self.account
        header: dict[str, Any] = {
            "name": account.name,
            "venue": self.rule_set.name,
            "collateral_mode": self.mode.collateral_mode.value,
            "position_mode": account.position_mode.value,
            "currency": account.currency,
        }
        if account.as_of is not None:
            header["as_of"] = account.as_of
        if self.taker_fee is not None and self.mode.rules.needs_taker_fee:
            header["taker_fee"] = _text(self.taker_fee)
        if account.position_mode is PositionMode.HEDGE and not self.mode.offers_hedge:
            self._miss("hedge mode", account.venue, f"{self.rule_set.name} is one-way: write the net positions")
            header["position_mode"] = PositionMode.ONE_WAY.value
        return header

    def _miss(self, what: str, name: str, remedy: str) -> None:
        row = NotCarried(what=what, name=name, remedy=remedy)
        if row not in self.missing:
            self.missing.append(row)

    def _collateral(self, asset: str) -> Iterable[dict[str, Any]]:
        """A balance; its haircut is the venue's, the file's own where the venue asks for one. A bonus is apart."""
        bonus = self.account.bonus.get(asset, ZERO)
        amount, own = net(self.account.balances[asset], -bonus), self.account.terms.get(asset)
        row: dict[str, Any] = {"asset": asset, "amount": _text(amount)}
        refused = self.mode.collateral.refuses(asset)
        published = self.mode.terms(asset, self.account.currency)
        pooled = self.mode.collateral_mode.value == "multi-asset"
        if refused:
            self._miss("collateral", asset, f"{self.rule_set.name} does not take it: leave it out, or convert it")
            return
        if published is None and pooled and own is not None:
            tiers = [
                {"haircut": _text(tier.haircut), **({} if tier.up_to is None else {"up_to": _text(tier.up_to)})}
                for tier in own.haircuts
            ]
            row["haircut_tiers"] = tiers
            self.changed.append(CarriedChange(symbol=asset, what="haircut", before=None, after="the file's"))
        if amount < 0 and own is not None and own.loan_rate:
            row["loan_rate"] = _text(own.loan_rate)
        yield row
        if bonus:
            yield {"asset": asset, "amount": _text(bonus), "bonus": True}

    def _position(self, position: Position) -> dict[str, Any] | None:
        contract = self._contract(position.contract, position.quantity)
        if contract is None:
            return None
        quantity = position.quantity * position.contract.contract_size / contract.contract_size
        row: dict[str, Any] = {
            "symbol": contract.symbol,
            "side": side_word(position.side),
            "quantity": _text(quantity),
            "entry_price": _text(position.entry_price),
            "mark_price": _text(position.mark_price),
            "margin_mode": position.margin_mode.value,
            **self._rates(position, contract, quantity),
        }
        if position.isolated_margin is not None:
            row["isolated_margin"] = _text(position.isolated_margin)
        if position.funding_rate is not None:
            row |= {"funding_rate": _text(position.funding_rate), "funding_interval": f"{position.funding_interval:f}h"}
        return row if self._is_covered(position, contract, quantity, row) else None

    def _is_covered(self, position: Position, contract: Contract, quantity: Decimal, row: dict[str, Any]) -> bool:
        """Whether the venue's table, or a rate of the position's own, says what it needs."""
        if position.margin_mode.value == "isolated" and not self.mode.offers_isolated:
            self._miss("isolated margin", position.key, f"{self.rule_set.name} offers none in this mode")
            return False
        if not contract.tiers:
            if "maintenance_rate" in row or self._listed(position, contract, quantity) is not None:
                return True
            self._miss("tier table", contract.symbol, f"add `contracts: {{{contract.symbol}: {{tiers: [...]}}}}`")
            return False
        units = notional(position, self.account.prices) / self.price(contract.settle)
        if beyond_last_tier(contract, units, quantity):
            self._miss("size", contract.symbol, "it is beyond the last tier of the contract: reduce it, or split it")
            return False
        return True

    def _order(self, order: Order) -> dict[str, Any] | None:
        contract = self._contract(order.contract, order.quantity)
        if contract is None:
            return None
        row: dict[str, Any] = {
            "symbol": contract.symbol,
            "side": "buy" if order.side > 0 else "sell",
            "quantity": _text(order.quantity * order.contract.contract_size / contract.contract_size),
            "price": _text(order.price),
            "reduce_only": order.reduce_only,
        }
        if order.leverage is not None:
            row["leverage"] = _text(order.leverage)
        if order.position_side is not None and self.mode.offers_hedge:
            row["position_side"] = side_word(order.position_side)
        return row

    def _contract(self, contract: Contract, quantity: Decimal) -> Contract | None:
        found = self._same(contract, (contract.quote,))
        if found is None and self.maps_quotes and contract.quote in DOLLARS:
            found = self._same(contract, sorted(DOLLARS - {contract.quote}))
        if found is None:
            pair = f"{contract.type.value} {contract.base}/{contract.quote}"
            self._miss("contract", contract.symbol, f"{self.rule_set.name} has no {pair} that is known here")
            return None
        contracts = quantity * contract.contract_size / found.contract_size
        row = MappedContract(symbol=contract.symbol, to=found.symbol, contracts=contracts)
        before = self.mapped.get(contract.symbol)
        if before is None or before.contracts != contracts:
            self.mapped[contract.symbol] = row
        return found

    def _same(self, contract: Contract, quotes: Iterable[str]) -> Contract | None:
        """The venue's contract of the same type, base, quote and last day."""
        if self.rule_set.splits_symbols:
            if contract.type is not ContractType.LINEAR:
                return None
            symbol = f"{contract.base}{contract.quote}"
            return Contract(symbol, contract.type, contract.base, contract.quote, expiry=contract.expiry)
        known = self.rule_set.contracts_on(contract.base)
        for quote in quotes:
            for one in known:
                if (one.type, one.quote, one.expiry) == (contract.type, quote, contract.expiry):
                    return one
        return None

    def _rates(self, position: Position, contract: Contract, quantity: Decimal) -> dict[str, Any]:
        """The rates of a position by the venue's table: its own only where the venue has none."""
        found: dict[str, Any] = {}
        if position.maintenance_rate is not None:
            if contract.tiers or self._listed(position, contract, quantity) is not None:
                self._change(position, "maintenance_rate", position.maintenance_rate, None)
            else:
                found["maintenance_rate"] = _rate(position.maintenance_rate, position.maintenance_growth)
                if position.maintenance_deduction:
                    found["maintenance_deduction"] = _text(position.maintenance_deduction)
        listed = self._listed(position, contract, quantity)
        least = _initial_of(contract, position, quantity, self) if listed is None else self._initial(listed)
        if position.leverage is not None:
            found["leverage"] = _text(self._cut(position, position.leverage, least))
        elif position.initial_rate is not None:
            own = self._initial(position)
            raised = self._raised(position, "initial_rate", own, least)
            kept = _rate(position.initial_rate, position.initial_growth)
            found["initial_rate"] = kept if raised == own else _text(raised)
        elif position.initial_margin is not None:
            value = basis_value(position, self.mode.rules.initial_basis, self.account.prices)
            units = value / self.price(contract.settle)
            margin = self._raised(position, "initial_margin", position.initial_margin, least and least * units)
            found["initial_margin"] = _text(margin)
        return found

    def _listed(self, position: Position, contract: Contract, quantity: Decimal) -> Position | None:
        """The position with the rates that the venue publishes of a contract without tiers; None where it has none."""
        carried = replace(position, contract=contract, quantity=quantity)
        listed = as_published(carried, self.rule_set)
        return None if listed is carried or listed.maintenance_rate is None else listed

    def _initial(self, position: Position) -> Decimal:
        """The initial rate of a position by the rules of the venue."""
        quote = position.contract.quote
        return initial_rate(position, self.mode.rules, {quote: self.price(quote), **self.account.prices})

    def _cut(self, position: Position, leverage: Decimal, least: Decimal | None) -> Decimal:
        """A leverage above the tier's highest is cut to it."""
        if not least or sign(leverage * least - ONE, ONE) <= 0:
            return leverage
        self._change(position, "leverage", leverage, ONE / least)
        return ONE / least

    def _raised(self, position: Position, what: str, own: Decimal, least: Decimal | None) -> Decimal:
        """A rate or margin below the tier's is raised to it."""
        if least is None or own >= least:
            return own
        self._change(position, what, own, least)
        return least

    def _change(self, position: Position, what: str, before: Decimal, after: Decimal | None) -> None:
        row = CarriedChange(
            symbol=position.key, what=what, before=_text(before), after=None if after is None else _text(after)
        )
        self.changed.append(row)


def _given(row: OpaqueRow) -> dict[str, Any]:
    """A row that is taken as given, as it is given."""
    amounts = {name: _text(getattr(row, name)) for name in ("value", "initial_margin", "maintenance_margin")}
    found = {"name": row.name, **amounts, "delta": {asset: _text(units) for asset, units in row.delta.items()}}
    return {**found, "settle": row.settle} if row.settle else found


def _initial_of(contract: Contract, position: Position, quantity: Decimal, carrier: Carrier) -> Decimal | None:
    """The initial rate of the venue's tier at the position's size."""
    tier = _tier_of(contract, position, quantity, carrier)
    return None if tier is None else tier.initial_rate


def _tier_of(contract: Contract, position: Position, quantity: Decimal, carrier: Carrier) -> Tier | None:
    if not contract.tiers:
        return None
    value = basis_value(position, carrier.mode.rules.initial_basis, carrier.account.prices)
    value /= carrier.price(contract.settle)
    return contract.tiers[min(contract.tier_index(value, quantity), len(contract.tiers) - 1)]


def _rate(rate: Decimal, growth: Decimal) -> str | dict[str, str]:
    """A rate as a file states it."""
    return {"base": _text(rate), "per_unit": _text(growth)} if growth else _text(rate)


def _text(value: Decimal) -> str:
    """Exact where it ends within 40 digits, else to 40 significant ones."""
    digits = len(value.as_tuple().digits)
    return format(value if digits <= 40 else value.quantize(Decimal((0, (1,), value.adjusted() - 39))), "f")
