"""Positions and orders as the file writes them: entry and mark repaired, leverage found, modes and margins said."""

from collections.abc import Iterable
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.contract import SIDES, Contract, ContractType
from marginctl.document.written import Written, WrittenValue
from marginctl.portfolio.importing.declaring import Declaring
from marginctl.portfolio.importing.notebook import Notebook, Request, leaf
from marginctl.venues.answers.account import Amount, HeldPosition, RestingOrder

FROM_PROFIT = "from the profit and the mark: printed rounded"
MARK_FROM_PROFIT = "from the profit and the entry"


def repaired(row: HeldPosition, contract: Contract | None, notes: Notebook) -> HeldPosition:
    """A position whose entry explains its profit: a rounded entry is replaced, a missing entry or mark worked out.

    linear: pnl = s * q * size * (mark - entry); inverse: s * q * size * (1 / entry - 1 / mark), in the settle asset.
    """
    if contract is None or row.unrealized_pnl is None:
        return row
    if row.mark_price is None and row.entry_price is not None:
        mark = _other_price(row, contract, row.entry_price.value, at_entry=False)
        return row if mark is None else replace(row, mark_price=Amount(mark, formula=MARK_FROM_PROFIT))
    if row.mark_price is None:
        return row
    entry = _other_price(row, contract, row.mark_price.value, at_entry=True)
    if entry is None:
        return row
    if row.entry_price is None:
        return replace(row, entry_price=Amount(entry, formula="from the profit and the mark"))
    gap = abs(profit(row, contract, row.entry_price.value, row.mark_price.value) - row.unrealized_pnl.value)
    if gap > row.unrealized_pnl.unit and abs(entry - row.entry_price.value) <= row.entry_price.unit:
        return replace(row, entry_price=Amount(entry, formula=FROM_PROFIT))
    if gap > _slack(row, contract):
        notes.remark("positions", f"{row.symbol}: the answer contradicts itself: entry and mark do not make its profit")
    return row


def _other_price(row: HeldPosition, contract: Contract, price: Fraction, *, at_entry: bool) -> Fraction | None:
    """The entry that a mark and the profit leave, or the mark that an entry does; None where it is no price."""
    if row.unrealized_pnl is None:
        return None
    units = row.quantity.value * Fraction(contract.contract_size)
    move = SIDES[row.side] * row.unrealized_pnl.value / units * (-1 if at_entry else 1)
    if contract.type is ContractType.LINEAR:
        return price + move if price + move > 0 else None
    inverse = 1 / price - move
    return 1 / inverse if inverse > 0 else None


def profit(row: HeldPosition, contract: Contract, entry: Fraction, mark: Fraction) -> Fraction:
    """Unrealised profit in the settle asset."""
    units = SIDES[row.side] * row.quantity.value * Fraction(contract.contract_size)
    return units * (mark - entry if contract.type is ContractType.LINEAR else 1 / entry - 1 / mark)


def _slack(row: HeldPosition, contract: Contract) -> Fraction:
    """What one last digit of profit, entry and mark does to the profit; of inverse contracts twice that at the mark."""
    printed = [one for one in (row.entry_price, row.mark_price) if one is not None]
    units = row.quantity.value * Fraction(contract.contract_size)
    steps = sum((one.unit for one in printed), Fraction(0))
    if contract.type is not ContractType.LINEAR:
        steps *= 2 / min(one.value for one in printed) ** 2
    return units * steps + (row.unrealized_pnl.unit if row.unrealized_pnl else 0)


def notional(row: HeldPosition, contract: Contract | None) -> Fraction | None:
    """Value at the mark, in the settle asset: as printed, else computed."""
    if row.notional is not None:
        return row.notional.value
    if contract is None or row.mark_price is None:
        return None
    units = row.quantity.value * Fraction(contract.contract_size)
    return units * row.mark_price.value if contract.type is ContractType.LINEAR else units / row.mark_price.value


def _whole_leverage(value: Fraction, margin: Amount) -> Fraction | None:
    """The only whole number by which a notional makes a margin to its printed digits; None without one."""
    near = round(value / margin.value)
    slack = max(margin.unit, Fraction(1, 10**8))
    fits = [one for one in (near - 1, near, near + 1) if one > 0 and abs(value / one - margin.value) <= slack]
    return Fraction(fits[0]) if len(fits) == 1 else None


class Holdings(Struct, frozen=True):
    """Writes positions and orders; ``is_hedge``: the account may hold both sides of a contract."""

    declaring: Declaring
    request: Request
    is_hedge: bool
    notes: Notebook

    def position(self, row: HeldPosition) -> dict[str, Written]:
        """One position, key by key."""
        contract = self.declaring.contract(row.symbol)
        is_sized = self.declaring.is_known(row.symbol)  # of a contract that nobody knows 1 is no size to judge by
        row = self.marked(repaired(row, contract if is_sized else None, self.notes))
        told: dict[str, Written | None] = {
            "symbol": row.symbol,
            "side": row.side,
            "quantity": leaf(row.quantity),
            "entry_price": _leaf(row.entry_price),
            "mark_price": _leaf(row.mark_price),
            **self.initial(row, contract),
            "maintenance_rate": self.own_rate(row.maintenance_rate),
            **self.mode(row),
        }
        return {key: value for key, value in told.items() if value}

    def marked(self, row: HeldPosition) -> HeldPosition:
        """With the mark of a public answer where its own gives none."""
        published = self.declaring.gathered.contracts.get(row.symbol)
        if row.mark_price is not None or published is None or published.mark_price is None:
            return row
        return replace(row, mark_price=replace(published.mark_price, formula="of the public answer"))

    def initial(self, row: HeldPosition, contract: Contract | None) -> dict[str, Written]:
        """Leverage as printed, or notional / margin where that is whole; else the margin itself."""
        published = self.declaring.gathered.contracts.get(row.symbol)
        leverage = row.leverage or (published and published.leverage)
        if leverage:
            return {"leverage": leaf(leverage)}
        value, margin = notional(row, contract), row.initial_margin
        if margin is None or not margin.value:
            self.notes.remark("positions", f"{row.symbol}: no answer gives its leverage; that of its tier is used")
            return {}
        whole = _whole_leverage(value, margin) if value else None
        if whole:
            return {"leverage": leaf(Amount(whole, formula="notional / initial margin"))}
        self.notes.remark("positions", f"{row.symbol}: no answer gives its leverage; its initial margin is used")
        return {"initial_margin": leaf(margin)}

    def own_rate(self, rate: Amount | None) -> WrittenValue | None:
        """The maintenance rate of the account's own figures, where that is wanted."""
        return leaf(rate, f"the account's own: {rate.formula}") if rate and self.request.own_rates else None

    def mode(self, row: HeldPosition) -> dict[str, Written]:
        """Margin mode, and what was set aside."""
        published = self.declaring.gathered.contracts.get(row.symbol)
        mode = row.margin_mode or (published.margin_mode if published else None)
        if mode is None:
            mode = "isolated" if row.isolated_margin else "cross"
            self.notes.remark("positions", f"{row.symbol}: no answer gives its margin mode; taken as {mode}")
        if mode == "cross":
            return {"margin_mode": mode}
        margin = _leaf(row.isolated_margin)
        return {"margin_mode": mode, "isolated_margin": margin} if margin else {"margin_mode": mode}

    def order(self, row: RestingOrder, held: Iterable[HeldPosition]) -> dict[str, Written]:
        """One order; its leverage only where the account has no position in the contract."""
        published = self.declaring.gathered.contracts.get(row.symbol)
        has_position = any(one.symbol == row.symbol for one in held)
        leverage = published.leverage if published and not has_position and not row.reduce_only else None
        told: dict[str, Written | None] = {
            "symbol": row.symbol,
            "side": row.side,
            "quantity": leaf(row.quantity),
            "price": leaf(row.price),
            "leverage": _leaf(leverage),
            "reduce_only": "true" if row.reduce_only else None,
            "position_side": row.position_side if self.is_hedge else None,
        }
        return {key: value for key, value in told.items() if value}


def _leaf(amount: Amount | None) -> WrittenValue | None:
    return None if amount is None else leaf(amount)
