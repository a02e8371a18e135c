"""Changes of a portfolio: trades of the engine, written back, with what there is to say about each.

What is closed realises its profit or loss into the settle asset's amount; what is opened enters at its price. Opened at
the mark, neither changes the account's equity. What is new comes as a row, which means what the reader makes of it.
"""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from marginctl.core.account import Account, MarginMode, Position
from marginctl.core.contract import LONG, side_word
from marginctl.core.exact import ONE, ZERO, Direction, net
from marginctl.core.pool import rules_of
from marginctl.core.requirement import initial_rate
from marginctl.core.scenario import moved, remarked
from marginctl.core.trade import (
    added_margin,
    closed,
    crossed,
    increased,
    isolated,
    stand_alone_margin,
    transferred,
    with_position,
)
from marginctl.core.value import realized_pnl
from marginctl.document.numbers import NumberError
from marginctl.document.numbers import rate as rate_of
from marginctl.document.record import Key
from marginctl.document.rewrite import Append, Edit, Put, Remove
from marginctl.document.source import echo
from marginctl.document.spans import Value
from marginctl.portfolio.assets import asset_meant, symbols_of
from marginctl.portfolio.changes import (
    Change,
    ChangeError,
    Close,
    Open,
    Plan,
    Remode,
    Reprice,
    Resize,
    Secure,
    Transfer,
    WrittenPortfolio,
    rounding_note,
    text_of,
    written,
    written_price,
)
from marginctl.portfolio.format import OrderEntry, PositionEntry
from marginctl.portfolio.positions import SAME_ON_EVERY_ROW
from marginctl.portfolio.reading import brief, separated, short
from marginctl.portfolio.writing import MAINTENANCE, RATES, written_back

ORDER_RATES: tuple[Key[Any], ...] = (OrderEntry.leverage, OrderEntry.initial_rate, OrderEntry.maintenance_rate)
OWN_WORDS = ("symbol", "side", "quantity", "notional", "entry_price", "leverage", "margin_mode")
STATED_RATES = (*RATES, "initial_margin")


def planned(book: WrittenPortfolio, change: Change) -> Plan:
    """The edits of one change, with what there is to say about it. Raises ChangeError."""
    match change:
        case Open():
            return _open(book, change)
        case Close():
            position = book.position(change.name)
            return _less(book, position, ZERO, change.price or position.mark_price)
        case Resize():
            return _resize(book, change)
        case Transfer():
            return _transfer(book, change)
        case Secure():
            return _secure(book, change)
        case Reprice():
            return _price(book, change)
        case Remode():
            return _mode(book, change)


def _transfer(book: WrittenPortfolio, change: Transfer) -> Plan:
    """More or less of an asset; nothing is borrowed by withdrawing it."""
    asset, amount = short(change.asset), separated(abs(change.amount))
    held = book.account.balances.get(change.asset)
    if change.amount < 0 and held is None:
        raise ChangeError(
            f"--withdraw {asset}: the account holds none",
            asset_meant(change.asset, book.account, book.account.balances),
        )
    if held is not None and held + change.amount < 0 and change.amount < 0:
        raise ChangeError(
            f"--withdraw {asset}={text_of(-change.amount)} is more than the account holds",
            f"it holds {separated(held)} {asset}",
        )
    bonus = book.account.bonus.get(change.asset, ZERO)
    if change.amount < 0 and held is not None and held + change.amount < bonus:
        message = f"--withdraw {asset}={text_of(-change.amount)} would take a bonus, which stays with the venue"
        raise ChangeError(message, f"{separated(max(ZERO, held - bonus))} {asset} are the account's own")
    word = "deposited" if change.amount >= 0 else "withdrew"
    return written_back(book, transferred(book.account, {change.asset: change.amount}), f"{word} {amount} {asset}")


def _secure(book: WrittenPortfolio, change: Secure) -> Plan:
    """More or less of an isolated margin; what the account holds of the asset stays."""
    position = book.position(change.name)
    key, settle = short(position.key), short(position.contract.settle)
    if position.isolated_margin is None:
        advice = f"write --mode {key}=isolated first, or --deposit {settle}=... into the pool"
        raise ChangeError(f"--transfer {key}: the position is cross, it has no margin of its own", advice)
    margin, amount = position.isolated_margin + change.amount, separated(abs(change.amount))
    if margin <= 0:
        has = f"its margin is {separated(position.isolated_margin)} {settle}"
        raise ChangeError(f"--transfer {key}={text_of(change.amount)} leaves it no margin", has)
    asset = position.contract.settle
    aside = (one.set_aside for one in book.account.positions if one.contract.settle == asset)
    free = net(book.account.balances.get(asset, ZERO), *(-one for one in aside))
    if change.amount > max(free, ZERO):
        message = f"--transfer {key}={text_of(change.amount)} is more than the account has free of {settle}"
        raise ChangeError(message, f"{separated(max(free, ZERO))} {settle} are not set aside")
    way = "into" if change.amount > 0 else "out of"
    done = f"moved {amount} {settle} {way} the margin of {key}, which is {separated(margin)} now"
    return written_back(book, with_position(book.account, replace(position, isolated_margin=margin)), done)


def _resize(book: WrittenPortfolio, change: Resize) -> Plan:
    """A position to another quantity: less realises the part's profit, more merges the entries."""
    position = book.position(change.name)
    if change.quantity <= 0:
        raise ChangeError(
            f"--resize {short(change.name)}: the quantity must be more than 0", f"write --close {short(change.name)}"
        )
    if change.quantity == position.quantity:
        return Plan([], [f"{short(position.key)} has that quantity already"])
    resize = _less if change.quantity < position.quantity else _more
    return resize(book, position, change.quantity, change.price or position.mark_price)


def _less(book: WrittenPortfolio, position: Position, left: Decimal, price: Decimal) -> Plan:
    """Pay the profit of the whole at a price, less that of what is left at its entry.

    So the account's equity at this price stays the same to the last digit, whatever entry is written for the rest.
    """
    contract, side, key, entry = position.contract, position.side, short(position.key), position.entry_price
    if left and entry != book.lots(position)[0].position.entry_price:
        entry = written_price(entry, Direction.UP if side == LONG else Direction.DOWN)
    exact = net(
        realized_pnl(contract, side, position.quantity, position.entry_price, price),
        -realized_pnl(contract, side, left, entry, price),
    )
    amount = written(exact, Direction.DOWN)
    quantity = position.quantity - left
    done = f"closed {_shown(position, quantity, price)}, which realises {separated(amount)} {short(contract.settle)}"
    rounding = rounding_note(f"the realised PnL of {key}", exact, amount)
    rounding += rounding_note(f"the entry price of {key}", position.entry_price, entry)
    after = closed(book.account, replace(position, entry_price=entry), quantity, amount)
    kept = (replace(one, quantity=left) if one.key == position.key else one for one in after.positions)
    return written_back(book, replace(after, positions=tuple(kept)), done, *rounding)


def _shown(position: Position, quantity: Decimal, price: Decimal) -> str:
    symbol = short(position.contract.symbol)
    return f"{symbol} {side_word(position.side)}: {brief(quantity)} at {brief(price)}"


def _more(book: WrittenPortfolio, position: Position, quantity: Decimal, price: Decimal) -> Plan:
    """In place where the merged entry can be written exactly; else a row more, which the format merges exactly."""
    added, lots = quantity - position.quantity, book.lots(position)
    after = increased(position, added, price)
    entry = written_price(after.entry_price, Direction.NEAREST)
    size = written_price(added, Direction.UP)
    inexact_size = rounding_note(f"the size added to {short(position.key)}", added, size)
    inexact_entry = rounding_note(f"the entry price of {short(position.key)}", after.entry_price, entry)
    done = f"opened {_shown(position, added, price)}"
    if len(lots) > 1 or (inexact_entry and not inexact_size):
        return _row_more(book, position, size, price, {}, done, *inexact_size)
    if position.isolated_margin is not None:
        margin = position.isolated_margin + added_margin(book.account, position, added, price)
        after = replace(after, isolated_margin=margin)
    if after.entry_price != lots[0].position.entry_price:
        after = replace(after, entry_price=entry)
    after = replace(after, quantity=quantity)
    return written_back(book, with_position(book.account, after), done, *inexact_entry)


def _row_more(
    book: WrittenPortfolio, position: Position, quantity: Decimal, price: Decimal, given: dict[str, str], *said: str
) -> Plan:
    """A row that adds to a position on its terms; ``given``: what it states itself."""
    first = book.lots(position)[0].draft
    entry = written_price(price, Direction.NEAREST)
    row = _row(position.contract.symbol, position.side, quantity, entry)
    row |= {one.name: first.written_at(one) for one in SAME_ON_EVERY_ROW if one in first}
    notes = [*said, *rounding_note(f"the entry price of {short(position.key)}", price, entry)]
    margins: dict[str, Decimal] = {}
    if position.initial_margin is not None:
        margins["initial_margin"] = position.initial_margin * quantity / position.quantity
    if position.is_isolated and "isolated_margin" not in given:
        margins["isolated_margin"] = added_margin(book.account, position, quantity, price)
    for name, exact in margins.items():
        amount = written(exact, Direction.UP)
        row[name] = text_of(amount)
        notes += rounding_note(f"the {name} of what is added", exact, amount)
    row |= given
    if position.is_isolated:
        row["margin_mode"] = position.margin_mode.value
    return Plan([Append(("positions",), row)], notes)


def _row(symbol: str, side: int, quantity: Decimal, entry: Decimal | None) -> dict[str, Value]:
    row: dict[str, Value] = {"symbol": symbol, "side": side_word(side), "quantity": text_of(quantity)}
    return row if entry is None else row | {"entry_price": text_of(entry)}


def _open(book: WrittenPortfolio, change: Open) -> Plan:
    """A new row: of a new position, or one that merges with the position on the same side."""
    same = [one for one in _on(book, change.symbol) if one.margin_mode is change.margin_mode]
    existing = next((position for position in same if position.side == change.side), None)
    if existing is not None:
        _refuse_other_terms(existing, change)
        price = change.price or existing.mark_price
        done = [f"opened {_shown(existing, change.quantity, price)}", *_kept_leverage(book, existing, change)]
        return _row_more(book, existing, change.quantity, price, change.keys, *done)
    if same and not book.is_hedged:
        raise ChangeError(
            f"{echo(change.symbol)} is {side_word(same[0].side)} {brief(same[0].quantity)}, and in one-way mode a "
            "contract has one side",
            f"write --resize {short(same[0].key)}=... or --close {short(same[0].key)}",
        )
    return _new(book, change)


def _on(book: WrittenPortfolio, symbol: str) -> list[Position]:
    return [position for position in book.account.positions if position.contract.symbol == symbol]


def _refuse_other_terms(existing: Position, change: Open) -> None:
    """More of a position has its terms."""
    words = [name for name in change.keys if name != "isolated_margin"]
    if words:
        raise ChangeError(
            f"{echo(existing.key)} exists: what is added to it has its {words[0]}",
            f"leave {words[0]} out, or change it with --set first",
        )


def _kept_leverage(book: WrittenPortfolio, existing: Position, change: Open) -> list[str]:
    """One contract on one side has one leverage: which one counts, where another was asked for."""
    if change.leverage is None or change.leverage == existing.leverage:
        return []
    rate = initial_rate(existing, rules_of(book.account, existing.margin_mode), book.account.prices)
    has = f"{brief(ONE / rate)}x" if rate else "no initial margin"
    return [f"{short(existing.key)} keeps {has}, x{brief(change.leverage)} does not count: change it with --set"]


def _new(book: WrittenPortfolio, change: Open) -> Plan:
    """A row of its own: beside another one on its contract at the mark, with the maintenance rate of that one."""
    for name in change.keys:
        if name not in PositionEntry.layout.by_name or name in OWN_WORDS:
            known = ", ".join(one for one in PositionEntry.layout.by_name if one not in OWN_WORDS)
            raise ChangeError(f"{echo(name)} is no further key of a position", f"known here: {known}")
    twin = next(iter(_on(book, change.symbol)), None)
    price = change.price if change.price is not None or twin is None else _finite(twin.mark_price)
    row = _row(change.symbol, change.side, change.quantity, price)
    edits, rates = _rates_of_orders(book, change)
    notes = [f"the orders on {short(change.symbol)} take the rate of its position"] if edits else []
    if change.leverage is not None or any(name in change.keys for name in STATED_RATES):
        rates = {name: text for name, text in rates.items() if name == MAINTENANCE}
    if change.leverage is not None and not any(name in change.keys for name in STATED_RATES):
        rates["leverage"] = text_of(change.leverage)
    row |= rates
    if change.margin_mode is MarginMode.ISOLATED:
        row["margin_mode"] = change.margin_mode.value
    if twin is not None:
        row |= _maintenance(book.lots(twin)[0].draft, change)
    row |= change.keys
    if twin is not None and change.margin_mode is MarginMode.ISOLATED and "isolated_margin" not in row:
        exact = stand_alone_margin(book.account, _beside(twin, change, price or twin.mark_price))
        margin = written(exact, Direction.UP)
        row["isolated_margin"] = text_of(margin)
        notes += rounding_note(f"the isolated_margin of {short(change.symbol)}", exact, margin)
    at = "its mark" if price is None else brief(price)
    opened = f"opened {short(change.symbol)} {side_word(change.side)}: {brief(change.quantity)} at {at}"
    return Plan([*edits, Append(("positions",), row)], [opened, *notes])


def _rates_of_orders(book: WrittenPortfolio, change: Open) -> tuple[list[Edit], dict[str, Value]]:
    """What orders on a contract leave to the first cross position that they have a rate from: the edits, the rates."""
    legs = (change.side,) if book.is_hedged else (change.side, -change.side)
    if change.margin_mode is MarginMode.ISOLATED or any(
        not one.is_isolated and one.side in legs for one in _on(book, change.symbol)
    ):
        return [], {}
    edits: list[Edit] = []
    rates: dict[str, Value] = {}
    for number, row in enumerate(book.file.orders):
        leg = not book.is_hedged or row.position_side == change.side
        if row.symbol == change.symbol and leg:
            stated = [one for one in ORDER_RATES if one in row]
            edits += [Remove(("orders", number, one.name)) for one in stated]
            rates |= {one.name: row.text_at(one) for one in stated}
    return edits, rates


def _finite(price: Decimal) -> Decimal | None:
    """A mark that can be written exactly; the mark is the default where it cannot."""
    shown = written_price(price, Direction.NEAREST)
    return None if rounding_note("", price, shown) else shown


def _maintenance(row: PositionEntry, change: Open) -> dict[str, Value]:
    """The maintenance rate that another position states, unless the new one has its own."""
    stated: tuple[Key[Any], ...] = (PositionEntry.maintenance_rate, PositionEntry.maintenance_deduction)
    return {} if MAINTENANCE in change.keys else {one.name: row.written_at(one) for one in stated if one in row}


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


def _price(book: WrittenPortfolio, change: Reprice) -> Plan:
    """Another price: marks that follow from it move by themselves, marks that are given move in proportion.

    So do the prices of what follows the asset.

    Quantities and entries stay: what a row leaves to the mark (its entry, a size given as notional) is written out at
    the mark before, and an initial margin given as an amount stays the same share of the notional.
    """
    asset, account = change.asset, book.account
    before = account.prices.get(asset)
    if before is None and asset in symbols_of(account):
        return _mark(book, asset, change.price)
    if asset == account.currency:
        raise ChangeError(f"{short(asset)} is the account's currency: its price is 1", "leave it out")
    edit = Put(("prices", asset), text_of(change.price))
    if before is None:
        return Plan([edit], [f"{short(asset)} priced at {separated(change.price)}"])
    said = f"{short(asset)} price from {brief(before)} to {separated(change.price)}"
    plan = written_back(book, moved(account, dict.fromkeys(account.moving_with(asset), change.price / before)), said)
    given = [one for one in account.moving_with(asset)[1:] if one in book.file.prices]
    along = [_along(book, one, change.price / before) for one in given]
    return Plan([*plan.edits, edit, *(put for put, _ in along)], [*plan.notes, *(note for _, note in along)])


def _along(book: WrittenPortfolio, asset: str, ratio: Decimal) -> tuple[Edit, str]:
    """The price of what follows an asset that is repriced, and what is said of it."""
    price = written_price(book.account.prices[asset] * ratio, Direction.NEAREST)
    return Put(("prices", asset), text_of(price)), f"{short(asset)} moves along, to {brief(price)}"


def _mark(book: WrittenPortfolio, symbol: str, mark: Decimal) -> Plan:
    """Another mark of one contract; the prices of its assets stay, and so do all other contracts."""
    position = next(iter(_on(book, symbol)), None)
    if position is None:
        base = symbols_of(book.account)[symbol]
        message = f"{short(symbol)} has orders only, whose mark follows from prices"
        raise ChangeError(f"--price {short(symbol)}: {message}", f"write --price {short(base)}=... instead")
    said = f"{short(symbol)} mark from {brief(position.mark_price)} to {brief(mark)}, the price of its asset stays"
    return written_back(book, remarked(book.account, symbol, mark), said, marked=True)


def _mode(book: WrittenPortfolio, change: Remode) -> Plan:
    """Another margin mode: isolated ones set their stand-alone initial margin aside, cross ones give it back."""
    after: Account = book.account
    notes: list[str] = []
    for position in book.account.positions if change.name is None else book.named(change.name):
        if position.margin_mode is change.margin_mode or change.side not in (None, position.side):
            continue
        before, after = after, (isolated if change.margin_mode is MarginMode.ISOLATED else crossed)(after, position)
        if change.margin_mode is MarginMode.CROSS:
            notes.append(f"{short(position.key)} moved to the cross pool")
            if after.orders != before.orders:
                notes.append(f"the orders on {short(position.contract.symbol)} take the rate of its position")
    if after is book.account:
        return Plan([], [f"margin mode: {change.margin_mode.value} already"])
    return written_back(book, after, *notes)
