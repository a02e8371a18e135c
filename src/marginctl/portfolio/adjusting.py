"""Transfers, prices and margin modes, as edits of the file."""

from decimal import Decimal

from marginctl.core.account import STABLECOINS, MarginMode, Position
from marginctl.core.contract import Contract, ContractType
from marginctl.core.exact import ONE, Direction
from marginctl.core.trade import stand_alone_margin
from marginctl.document.rewrite import Edit, Put, Remove, Rename
from marginctl.portfolio.changes import (
    Book,
    ChangeError,
    Plan,
    Remode,
    Reprice,
    Transfer,
    credit,
    is_held,
    rounding_note,
    text_of,
    written,
    written_price,
)
from marginctl.portfolio.format import PositionEntry
from marginctl.portfolio.names import asset_meant, symbols_of
from marginctl.portfolio.prices import REFERENCE_CURRENCY
from marginctl.portfolio.reading import brief, separated, short
from marginctl.portfolio.trading import rates_from_orders, rates_to_orders


def plan_transfer(book: Book, change: Transfer) -> Plan:
    """More or less of an asset; nothing is borrowed by withdrawing it."""
    held = book.account.balances.get(change.asset)
    if change.amount < 0 and held is None:
        raise ChangeError(
            f"--withdraw {short(change.asset)}: the account holds none",
            asset_meant(change.asset, book.account, book.account.balances),
        )
    if change.amount < 0 and (held is None or held + change.amount < 0):
        raise ChangeError(
            f"--withdraw {short(change.asset)}={text_of(-change.amount)} is more than the account holds",
            f"it holds {separated(held or Decimal(0))} {short(change.asset)}",
        )
    word = "deposited" if change.amount >= 0 else "withdrew"
    return Plan(
        credit(book, change.asset, change.amount), [f"{word} {separated(abs(change.amount))} {short(change.asset)}"]
    )


def plan_price(book: Book, change: Reprice) -> Plan:
    """Another price: marks that follow from it move by themselves, marks that are given move in proportion.

    Quantities and entries stay: what a row leaves to the mark (its entry, a size given as notional) is written out at
    the mark before, and an initial margin given as an amount stays the same share of the notional.
    """
    asset, account = change.asset, book.account
    if asset not in account.prices and asset in symbols_of(account):
        return plan_mark(book, asset, change.price)
    if asset == account.currency:
        raise ChangeError(f"{short(asset)} is the account's currency: its price is 1", "leave it out")
    before = account.prices.get(asset)
    price = Put(("prices", asset), text_of(change.price))
    if before is None:
        return Plan([price], [f"{short(asset)} priced at {separated(change.price)}"])
    plan = Plan([], [f"{short(asset)} price from {brief(before)} to {separated(change.price)}"])
    values: list[Edit] = []
    keys: list[Edit] = []
    ratio = change.price / before
    for position in account.positions:
        if asset in (position.contract.base, position.contract.quote):
            factor = ratio if asset == position.contract.base else ONE / ratio
            for number, row in book.rows(position):
                found = _RowMove(book, position, number, row, factor)
                values += found.values
                keys += found.keys
                plan.notes += found.notes
    plan.edits = [*values, *keys, *_pinned(book, asset), price]
    plan.notes = list(dict.fromkeys(plan.notes))
    return plan


def plan_mark(book: Book, symbol: str, mark: Decimal) -> Plan:
    """Another mark of one contract; the prices of its assets stay, and so do all other contracts."""
    positions = [position for position in book.account.positions if position.contract.symbol == symbol]
    if not positions:
        base = symbols_of(book.account)[symbol]
        message = f"{short(symbol)} has orders only, whose mark follows from prices"
        raise ChangeError(f"--price {short(symbol)}: {message}", f"write --price {short(base)}=... instead")
    contract, before = positions[0].contract, positions[0].mark_price
    plan = Plan([], [f"{short(symbol)} mark from {brief(before)} to {brief(mark)}, the price of its asset stays"])
    values: list[Edit] = []
    keys: list[Edit] = []
    for position in positions:
        for number, row in book.rows(position):
            found = _RowMove(book, position, number, row, mark / before, mark)
            values += found.values
            keys += found.keys
            plan.notes += found.notes
    plan.edits = [*values, *keys]
    given = set(book.file.prices)
    if contract.base not in given and not _has_default(book, contract.base):
        price = written_price(book.account.prices[contract.base], Direction.NEAREST)
        plan.edits.append(Put(("prices", contract.base), text_of(price)))
    plan.notes = list(dict.fromkeys(plan.notes))
    return plan


def _pinned(book: Book, asset: str) -> list[Edit]:
    """Prices of other assets that only a mark quoted in this one gives: written out, so that they stay."""
    given = set(book.file.prices)
    edits: list[Edit] = []
    for position in book.account.positions:
        base = position.contract.base
        if position.contract.quote == asset and base not in given and not _has_default(book, base):
            given.add(base)
            price = written_price(book.account.prices[base], Direction.NEAREST)
            edits.append(Put(("prices", base), text_of(price)))
    return edits


def _has_default(book: Book, asset: str) -> bool:
    return asset in STABLECOINS or asset in (book.account.currency, REFERENCE_CURRENCY)


class _RowMove:
    """The edits of one row when its mark moves by a factor: of values that stand there, and of keys to be added.

    ``mark``: the one that the row is given; None = only one that stands there moves, in proportion.
    """

    def __init__(
        self,
        book: Book,
        position: Position,
        number: int,
        row: PositionEntry,
        factor: Decimal,
        mark: Decimal | None = None,
    ) -> None:
        self.position, self.number = position, number
        self.values: list[Edit] = []
        self.keys: list[Edit] = []
        self.notes: list[str] = []
        name = short(position.key)
        if mark is not None:
            (self.values if PositionEntry.mark_price in row else self.keys).append(
                Put(self._path("mark_price"), text_of(mark))
            )
        elif PositionEntry.mark_price in row:
            self._mark(position.mark_price * factor, f"the mark of {name}")
        if PositionEntry.entry_price not in row:
            entry = written_price(position.mark_price, Direction.UP if position.side > 0 else Direction.DOWN)
            self.keys.append(Put(self._path("entry_price"), text_of(entry)))
            self.notes += rounding_note(f"the entry price of {name}", position.mark_price, entry)
        if row.notional is not None and _moves_with_mark(position.contract):
            self._size(row.notional * factor, book.row_quantity(position, row), name)
        if row.initial_margin is not None:
            share = factor if _moves_with_mark(position.contract) else ONE / factor
            exact = row.initial_margin * share
            amount = written(exact, Direction.UP)
            self.values.append(Put(self._path("initial_margin"), text_of(amount)))
            self.notes += rounding_note(f"the initial_margin of {name}", exact, amount)

    def _path(self, key: str) -> tuple[str, int, str]:
        return ("positions", self.number, key)

    def _mark(self, exact: Decimal, what: str) -> None:
        shown = written_price(exact, Direction.NEAREST)
        self.values.append(Put(self._path("mark_price"), text_of(shown)))
        self.notes.append(f"{what} follows: {brief(shown)}")
        self.notes += rounding_note(what, exact, shown)

    def _size(self, value: Decimal, quantity: Decimal, name: str) -> None:
        """Notional at the new mark where it is the exact one of the two, else the quantity."""
        path = self._path("notional")
        shown = written_price(quantity, Direction.UP)
        amount = written(value, Direction.UP)
        if rounding_note("", quantity, shown) and not rounding_note("", value, amount):
            self.values.append(Put(path, text_of(amount)))
            return
        self.values.append(Put(path, text_of(shown)))
        self.keys.append(Rename(path, "quantity"))
        self.notes += rounding_note(f"the quantity of {name}", quantity, shown)


def _moves_with_mark(contract: Contract) -> bool:
    """Whether the notional in the settle asset rises with the mark; that of an inverse contract falls."""
    return contract.type is ContractType.LINEAR


def plan_mode(book: Book, change: Remode) -> Plan:
    """Another margin mode: isolated ones set their stand-alone initial margin aside, cross ones give it back."""
    positions = book.account.positions if change.name is None else book.named(change.name)
    plan = Plan()
    for position in positions:
        if position.margin_mode is change.margin_mode or change.side not in (None, position.side):
            continue
        step = _isolated(book, position) if change.margin_mode is MarginMode.ISOLATED else _crossed(book, position)
        plan.edits += step.edits
        plan.notes += step.notes
    if not plan.edits:
        plan.notes.append(f"margin mode: {change.margin_mode.value} already")
    return plan


def _isolated(book: Book, position: Position) -> Plan:
    rows = book.rows(position)
    exact = stand_alone_margin(book.account, position)
    key = short(position.key)
    plan = Plan(rates_to_orders(book, position))
    whole = Decimal(0)
    for number, row in rows:
        share = exact * book.row_quantity(position, row) / position.quantity
        margin = written(share, Direction.UP)
        whole += margin
        plan.edits.append(Put(("positions", number, "margin_mode"), "isolated"))
        plan.edits.append(Put(("positions", number, "isolated_margin"), text_of(margin)))
    plan.notes = [f"{key} isolated behind {separated(whole)} {short(position.contract.settle)}"]
    plan.notes += rounding_note(f"the isolated_margin of {key}", exact, whole)
    return plan


def _crossed(book: Book, position: Position) -> Plan:
    symbol = position.contract.symbol
    plan = Plan([], [f"{short(position.key)} moved to the cross pool"])
    if not is_held(book, symbol, position.side):
        plan.edits, _ = rates_from_orders(book, symbol, position.side)
        if plan.edits:
            plan.notes.append(f"the orders on {short(symbol)} take the rate of its position")
    for number, _ in book.rows(position):
        plan.edits.append(Put(("positions", number, "margin_mode"), "cross"))
        plan.edits.append(Remove(("positions", number, "isolated_margin")))
    return plan
