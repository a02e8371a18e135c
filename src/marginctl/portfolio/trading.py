"""Opening, closing and resizing positions, as edits of the file.

What is closed realises its profit or loss into the settle asset's amount; what is opened enters at its price. Opened at
the mark, neither changes the account's equity. An order takes the rate of the position on its contract: rates move
from orders to a position that comes and back to them when it goes.
"""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from marginctl.core.account import MarginMode, OrderMaintenance, Position
from marginctl.core.contract import LONG, side_word
from marginctl.core.exact import ZERO, Direction
from marginctl.core.requirement import initial_rate
from marginctl.core.trade import increased, stand_alone_margin
from marginctl.core.value import realized_pnl
from marginctl.document.numbers import NumberError
from marginctl.document.numbers import rate as rate_of
from marginctl.document.record import Key
from marginctl.document.rewrite import Append, Edit, Put, Remove, Rename
from marginctl.document.source import echo
from marginctl.document.splices import Value
from marginctl.portfolio.changes import (
    Book,
    ChangeError,
    Close,
    Open,
    Plan,
    Resize,
    credit,
    is_held,
    orders_on,
    rounding_note,
    text_of,
    written,
    written_price,
)
from marginctl.portfolio.format import OrderEntry, PositionEntry
from marginctl.portfolio.positions import SAME_ON_EVERY_ROW
from marginctl.portfolio.reading import brief, separated, short

RATES = ("leverage", "initial_rate", "initial_margin")
ORDER_RATES: tuple[Key[Any], ...] = (OrderEntry.leverage, OrderEntry.initial_rate)
MAINTENANCE = "maintenance_rate"
OWN_WORDS = ("symbol", "side", "quantity", "notional", "entry_price", "leverage", "margin_mode")


def plan_close(book: Book, change: Close) -> Plan:
    """Remove a position and pay its PnL at the price into its settle asset."""
    position = book.position(change.name)
    rows = book.rows(position)
    price = position.mark_price if change.price is None else change.price
    plan = _realised(book, position, position.quantity, ZERO, price)
    plan.edits += rates_to_orders(book, position)
    plan.edits += [Remove(("positions", number)) for number, _ in reversed(rows)]
    return plan


def _realised(book: Book, position: Position, closed: Decimal, kept_entry: Decimal, price: Decimal) -> Plan:
    """Close some contracts: pay the profit of all rows at the price, less that of what is kept at its entry.

    So the account's equity at this price stays the same to the last digit, whatever entry is written for the rest.
    """
    contract, side = position.contract, position.side
    kept = position.quantity - closed
    held = [(book.row_quantity(position, row), book.row_entry(position, row)) for _, row in book.rows(position)]
    exact = sum((realized_pnl(contract, side, quantity, entry, price) for quantity, entry in held), ZERO)
    exact -= realized_pnl(contract, side, kept, kept_entry, price) if kept else ZERO
    amount = written(exact, Direction.DOWN)
    done = f"closed {_shown(position, closed, price)}, which realises {separated(amount)} {short(contract.settle)}"
    rounding = rounding_note(f"the realised PnL of {short(position.key)}", exact, amount)
    return Plan(credit(book, contract.settle, amount), [done, *rounding])


def _shown(position: Position, quantity: Decimal, price: Decimal) -> str:
    symbol = short(position.contract.symbol)
    return f"{symbol} {side_word(position.side)}: {brief(quantity)} at {brief(price)}"


def rates_to_orders(book: Book, position: Position) -> list[Edit]:
    """The rates of a cross position that goes, on the orders that had them from there."""
    if position.margin_mode is not MarginMode.CROSS:
        return []
    _, first = book.rows(position)[0]
    rates = [_order_rate(book, position, first)]
    if book.account.rules.order_maintenance is not OrderMaintenance.NONE and PositionEntry.maintenance_rate in first:
        rates.append((MAINTENANCE, first.text_at(PositionEntry.maintenance_rate)))
    return [
        Put(("orders", number, rate[0]), rate[1])
        for number, row in orders_on(book, position.contract.symbol, position.side)
        for rate in rates
        if rate is not None and not row.reduce_only
    ]


def _order_rate(book: Book, position: Position, row: PositionEntry) -> tuple[str, str] | None:
    """The key and text of the initial rate that a position states; None where its tiers do."""
    for one in (PositionEntry.leverage, PositionEntry.initial_rate):
        if one in row:
            return one.name, row.text_at(one)
    if position.initial_margin is None:
        return None
    rate = initial_rate(position, book.account.rules, book.account.prices)
    return "initial_rate", f"{text_of(written(rate * 100, Direction.UP))}%"


def rates_from_orders(book: Book, symbol: str, side: int) -> tuple[list[Edit], dict[str, str]]:
    """Take the orders' own rates off them for a cross position that comes: the edits, and the rates for its row."""
    edits: list[Edit] = []
    rate: dict[str, str] = {}
    for number, row in orders_on(book, symbol, side):
        for one in (*ORDER_RATES, OrderEntry.maintenance_rate):
            if one in row:
                rate[one.name] = row.text_at(one)
                edits.append(Remove(("orders", number, one.name)))
    return edits, rate


def plan_open(book: Book, change: Open) -> Plan:
    """A new row: of a new position, or one that merges with the position on the same side."""
    same = [p for p in book.account.positions if _stands_where(p, change)]
    existing = next((position for position in same if position.side == change.side), None)
    if existing is None:
        if same and not book.is_hedged:
            raise ChangeError(
                f"{echo(change.symbol)} is {side_word(same[0].side)} {brief(same[0].quantity)}, and in one-way mode a "
                "contract has one side",
                f"write --resize {short(same[0].key)}=... or --close {short(same[0].key)}",
            )
        return _new(book, change)
    _refuse_other_terms(existing, change)
    price = existing.mark_price if change.price is None else change.price
    given = change.keys.get("isolated_margin")
    row, notes = _more(book, existing, change.quantity, price, None if given is None else {"isolated_margin": given})
    return Plan([Append(("positions",), row)], [f"opened {_shown(existing, change.quantity, price)}", *notes])


def _stands_where(position: Position, change: Open) -> bool:
    return position.contract.symbol == change.symbol and position.margin_mode is change.margin_mode


def _new(book: Book, change: Open) -> Plan:
    _refuse_unknown_keys(change)
    row: dict[str, Value] = {
        "symbol": change.symbol,
        "side": side_word(change.side),
        "quantity": text_of(change.quantity),
    }
    twin = next((p for p in book.account.positions if p.contract.symbol == change.symbol), None)
    price = change.price if change.price is not None or twin is None else _finite(twin.mark_price)
    if price is not None:
        row["entry_price"] = text_of(price)
    edits: list[Edit] = []
    rate: dict[str, str] = {}
    notes: list[str] = []
    if change.margin_mode is MarginMode.CROSS and not is_held(book, change.symbol, change.side):
        edits, rate = rates_from_orders(book, change.symbol, change.side)
        if edits:
            notes.append(f"the orders on {short(change.symbol)} take the rate of its position")
    kept = {name: text for name, text in rate.items() if name == MAINTENANCE}
    if change.leverage is not None:
        rate = kept | {"leverage": text_of(change.leverage)}
    row |= kept if any(name in change.keys for name in RATES) else rate
    if change.margin_mode is MarginMode.ISOLATED:
        row["margin_mode"] = "isolated"
    if twin is not None:
        row |= _maintenance(book, twin, change)
    row |= change.keys
    if twin is not None and change.margin_mode is MarginMode.ISOLATED and "isolated_margin" not in row:
        exact = stand_alone_margin(book.account, _beside(twin, change, price or twin.mark_price))
        margin = written(exact, Direction.UP)
        row["isolated_margin"] = text_of(margin)
        notes += rounding_note(f"the isolated_margin of {short(change.symbol)}", exact, margin)
    at = "its mark" if price is None else brief(price)
    opened = f"opened {short(change.symbol)} {side_word(change.side)}: {brief(change.quantity)} at {at}"
    return Plan([*edits, Append(("positions",), row)], [opened, *notes])


def _beside(twin: Position, change: Open, price: Decimal) -> Position:
    """The isolated position that a row makes beside another one on its contract. Raises ChangeError without a rate."""
    stated = change.keys.get("initial_rate")
    try:
        initial = None if stated is None else rate_of(stated)
    except NumberError as error:
        raise ChangeError(f"`initial_rate` {error.message}", error.help) from None
    tiers = twin.contract.tiers
    rated = change.leverage or initial is not None or (tiers and all(tier.initial_rate is not None for tier in tiers))
    if not rated or "initial_margin" in change.keys:
        raise ChangeError(
            f"the margin of an isolated {short(change.symbol)} {side_word(change.side)} is not known without its rate",
            "add its leverage to --open, as in x10, or isolated_margin=...",
        )
    return replace(
        twin,
        side=change.side,
        quantity=change.quantity,
        entry_price=price,
        leverage=change.leverage,
        initial_rate=initial,
        initial_margin=None,
    )


def _finite(price: Decimal) -> Decimal | None:
    """A mark that can be written exactly; the mark is the default where it cannot."""
    shown = written_price(price, Direction.NEAREST)
    return None if rounding_note("", price, shown) else shown


def _maintenance(book: Book, twin: Position, change: Open) -> dict[str, str]:
    """The maintenance rate that the contract's other position states, unless the new one has its own."""
    _, row = book.rows(twin)[0]
    stated: tuple[Key[Any], ...] = (PositionEntry.maintenance_rate, PositionEntry.maintenance_deduction)
    return {} if MAINTENANCE in change.keys else {one.name: row.text_at(one) for one in stated if one in row}


def _refuse_unknown_keys(change: Open) -> None:
    for name in change.keys:
        if name not in PositionEntry.shape.by_name or name in OWN_WORDS:
            known = ", ".join(one for one in PositionEntry.shape.by_name if one not in OWN_WORDS)
            raise ChangeError(f"{echo(name)} is no further key of a position", f"known here: {known}")


def _refuse_other_terms(existing: Position, change: Open) -> None:
    """More of a position has its terms: one contract on one side has one leverage."""
    words = [name for name in change.keys if name != "isolated_margin"]
    if change.leverage is not None and change.leverage != existing.leverage:
        words.insert(0, "leverage")
    if words:
        raise ChangeError(
            f"{echo(existing.key)} exists: what is added to it has its {words[0]}",
            f"leave {words[0]} out, or change it with --set first",
        )


def _more(
    book: Book, position: Position, quantity: Decimal, price: Decimal, given: dict[str, str] | None
) -> tuple[dict[str, Value], list[str]]:
    """A row that adds to a position on its terms, with what there is to say about its margins."""
    _, first = book.rows(position)[0]
    row: dict[str, Value] = {
        "symbol": position.contract.symbol,
        "side": side_word(position.side),
        "quantity": text_of(quantity),
    }
    entry = written_price(price, Direction.NEAREST)
    row["entry_price"] = text_of(entry)
    notes = rounding_note(f"the entry price of {short(position.key)}", price, entry)
    row |= {one.name: first.text_at(one) for one in SAME_ON_EVERY_ROW if one in first}
    margins = _added_margins(book, position, quantity, price)
    if given:
        margins |= {name: Decimal(text) for name, text in given.items()}
    for name, exact in margins.items():
        amount = written(exact, Direction.UP)
        row[name] = text_of(amount)
        notes += rounding_note(f"the {name} of what is added", exact, amount)
    if position.margin_mode is MarginMode.ISOLATED:
        row["margin_mode"] = "isolated"
    return row, notes


def _added_margins(book: Book, position: Position, added: Decimal, price: Decimal) -> dict[str, Decimal]:
    """The amounts that more of a position needs: its own initial margin in proportion, isolated margin at its rate."""
    margins: dict[str, Decimal] = {}
    if position.initial_margin is not None:
        margins["initial_margin"] = position.initial_margin * added / position.quantity
    if position.margin_mode is MarginMode.ISOLATED:
        rate = _rate_after(book, position, position.quantity + added)
        part = replace(
            position,
            quantity=added,
            entry_price=price,
            mark_price=price,
            initial_rate=rate,
            leverage=None,
            initial_margin=None,
        )
        margins["isolated_margin"] = stand_alone_margin(book.account, part)
    return margins


def _rate_after(book: Book, position: Position, quantity: Decimal) -> Decimal:
    """The initial rate in force once a position has this size."""
    account = book.account
    rules = account.isolated_rules or account.rules
    sized = position if position.initial_margin is not None else replace(position, quantity=quantity)
    return initial_rate(sized, rules, account.prices)


def plan_resize(book: Book, change: Resize) -> Plan:
    """A position to another quantity: less realises the part's profit, more merges the entries."""
    position = book.position(change.name)
    if change.quantity <= 0:
        raise ChangeError(
            f"--resize {short(change.name)}: the quantity must be more than 0", f"write --close {short(change.name)}"
        )
    price = position.mark_price if change.price is None else change.price
    if change.quantity == position.quantity:
        return Plan([], [f"{short(position.key)} has that quantity already"])
    if change.quantity < position.quantity:
        return _reduced(book, position, change.quantity, price)
    return _increased(book, position, change.quantity, price)


def _reduced(book: Book, position: Position, quantity: Decimal, price: Decimal) -> Plan:
    rows = book.rows(position)
    number, first = rows[0]
    entries = {book.row_entry(position, row) for _, row in rows}
    adverse = Direction.UP if position.side == LONG else Direction.DOWN
    entry = position.entry_price if len(entries) == 1 else written_price(position.entry_price, adverse)
    plan = _realised(book, position, position.quantity - quantity, entry, price)
    plan.notes += rounding_note(f"the entry price of {short(position.key)}", position.entry_price, entry)
    plan.edits += _with_quantity(number, first, quantity)
    if len(entries) > 1:
        plan.edits.append(Put(("positions", number, "entry_price"), text_of(entry)))
    edits, notes = _margins_kept(position, number, quantity / position.quantity)
    plan.edits += edits
    plan.notes += notes
    plan.edits += [Remove(("positions", other)) for other, _ in reversed(rows[1:])]
    return plan


def _with_quantity(number: int, row: PositionEntry, quantity: Decimal) -> list[Edit]:
    """A row's size; a notional gives way to a quantity."""
    if PositionEntry.quantity in row:
        return [Put(("positions", number, "quantity"), text_of(quantity))]
    path = ("positions", number, "notional")
    return [Put(path, text_of(quantity)), Rename(path, "quantity")]


def _margins_kept(position: Position, number: int, share: Decimal) -> tuple[list[Edit], list[str]]:
    """The amounts of a position that stay with a share of it, rounded up."""
    edits: list[Edit] = []
    notes: list[str] = []
    for name, whole in (("initial_margin", position.initial_margin), ("isolated_margin", position.isolated_margin)):
        if whole is None:
            continue
        amount = written(whole * share, Direction.UP)
        edits.append(Put(("positions", number, name), text_of(amount)))
        notes += rounding_note(f"the {name} of {short(position.key)}", whole * share, amount)
    return edits, notes


def _increased(book: Book, position: Position, quantity: Decimal, price: Decimal) -> Plan:
    """In place where the merged entry can be written exactly; else a row more, which the format merges exactly."""
    rows = book.rows(position)
    number, first = rows[0]
    added = quantity - position.quantity
    merged = increased(position, added, price).entry_price
    entry = written_price(merged, Direction.NEAREST)
    opened = f"opened {_shown(position, added, price)}"
    size = written_price(added, Direction.UP)
    inexact_size = rounding_note(f"the size added to {short(position.key)}", added, size)
    inexact_entry = rounding_note(f"the entry price of {short(position.key)}", merged, entry)
    if len(rows) > 1 or (inexact_entry and not inexact_size):
        row, notes = _more(book, position, size, price, None)
        return Plan([Append(("positions",), row)], [opened, *inexact_size, *notes])
    edits = _with_quantity(number, first, quantity)
    if merged != book.row_entry(position, first):
        edits.append(Put(("positions", number, "entry_price"), text_of(entry)))
    notes = inexact_entry
    for name, extra in _added_margins(book, position, added, price).items():
        exact = extra + (getattr(position, name) or ZERO)
        amount = written(exact, Direction.UP)
        edits.append(Put(("positions", number, name), text_of(amount)))
        notes += rounding_note(f"the {name} of {short(position.key)}", exact, amount)
    return Plan(edits, [opened, *notes])
