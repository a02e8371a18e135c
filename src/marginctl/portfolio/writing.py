"""Writing back: the edits that make a file mean the account after a change, where it differs from the account before.

What has no finite decimal is rounded to the cautious side, and a note says so.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from marginctl.core.account import STABLECOINS, Account, OrderMaintenance, Position
from marginctl.core.contract import Contract, ContractType
from marginctl.core.exact import ZERO, Direction, net
from marginctl.core.orders import is_rated_by
from marginctl.core.requirement import initial_rate, tiers_in_force
from marginctl.core.value import notional
from marginctl.document.record import Key
from marginctl.document.rewrite import Append, Edit, Put, Remove, Rename
from marginctl.portfolio.changes import (
    Plan,
    WrittenPortfolio,
    rounding_note,
    text_of,
    written,
    written_price,
)
from marginctl.portfolio.format import PositionEntry
from marginctl.portfolio.positions import StatedPosition
from marginctl.portfolio.prices import REFERENCE_CURRENCY
from marginctl.portfolio.reading import brief, separated, short

RATES = ("leverage", "initial_rate")
MAINTENANCE = "maintenance_rate"
LABELS = {"mark_price": "mark", "entry_price": "entry price"}


def written_back(book: WrittenPortfolio, after: Account, *said: str, marked: bool = False) -> Plan:
    """The edits, and notes that begin with what was ``said``; ``marked``: every row takes its mark, not only in part.

    No positions are new: those come as rows. Values that stand there are edited before keys are added: edits that
    leave all others in their places take one pass.
    """
    rows = _Rows(marked=marked)
    kept = {position.key: position for position in after.positions}
    gone: list[int] = []
    for row in book.rows:
        was, now, lots = row.position, kept.get(row.position.key), row.lots
        if now is None or now.quantity != was.quantity:
            gone += [lot.number for lot in lots[0 if now is None else 1 :]]
            lots = lots[:1]
        if now is not None and now != was:
            rows.write(lots, was, now)
    balances, given = _balances(book, after), _given(book, after)
    edits = [*balances, *given, *_order_rates(book, after), *rows.values, *rows.keys, *_pinned(book, after)]
    edits += [Remove(("positions", number)) for number in sorted(gone, reverse=True)]
    return Plan(edits, [*said, *dict.fromkeys(rows.notes)])


def _balances(book: WrittenPortfolio, after: Account) -> Iterator[Edit]:
    """What the account holds; nothing is added as no row."""
    numbers = {(row.asset, row.bonus): number for number, row in enumerate(book.file.collateral)}
    for asset in after.balances:
        for is_bonus in (False, True):
            amount = _held(after, asset, is_bonus=is_bonus)
            if amount == _held(book.account, asset, is_bonus=is_bonus):
                continue
            if (asset, is_bonus) in numbers:
                yield Put(("collateral", numbers[asset, is_bonus], "amount"), text_of(amount))
            else:
                yield Append(("collateral",), {"asset": asset, "amount": text_of(amount)})


def _given(book: WrittenPortfolio, after: Account) -> Iterator[Edit]:
    """What rows taken as given are worth at other prices."""
    for number, (was, now) in enumerate(zip(book.account.others, after.others, strict=True)):
        if now.value != was.value:
            yield Put(("other", number, "value"), text_of(written(now.value, Direction.DOWN)))


def _held(account: Account, asset: str, *, is_bonus: bool) -> Decimal:
    """What of a balance is bonus, or what is not."""
    bonus = account.bonus.get(asset, ZERO)
    return bonus if is_bonus else net(account.balances.get(asset, ZERO), -bonus)


def _order_rates(book: WrittenPortfolio, after: Account) -> Iterator[Edit]:
    """Rates that orders take over from a position that goes, and those that they leave to one that comes."""
    has_maintenance = after.rules.order_maintenance is not OrderMaintenance.NONE
    for number, (was, now) in enumerate(zip(book.account.orders, after.orders, strict=True)):
        for name in (*RATES, MAINTENANCE):
            old, new = getattr(was, name), getattr(now, name)
            if old is not None and new is None:
                yield Remove(("orders", number, name))
            elif new != old and not was.reduce_only and (name != MAINTENANCE or has_maintenance):
                source = next(one for one in book.account.positions if is_rated_by(was, one, after.position_mode))
                yield Put(("orders", number, name), _rate(book, source, name))


def _rate(book: WrittenPortfolio, position: Position, name: str) -> str:
    """A rate of a position as its row states it; a margin given as an amount is a rate, one that grows what it is."""
    row, prices = book.lots(position)[0].draft, book.account.prices
    if (stated := _key(name)) in row and isinstance(row.written_at(stated), str):
        return row.text_at(stated)
    rate = initial_rate(position, book.account.rules, prices)
    if name == MAINTENANCE:
        units = notional(position, prices) / prices[position.contract.settle]
        rate = tiers_in_force(position, units, position.quantity)[0].maintenance_rate
    return f"{text_of(written(rate * 100, Direction.UP))}%"


def _pinned(book: WrittenPortfolio, after: Account) -> Iterator[Edit]:
    """Prices that stay where the only mark that gives them moves: written out."""
    given = set(book.file.prices)
    marks = {position.key: position.mark_price for position in after.positions}
    for position in book.account.positions:
        base = position.contract.base
        price = book.account.prices[base]
        moves = marks.get(position.key, position.mark_price) != position.mark_price
        if moves and price == after.prices[base] and base not in given and not _has_default(book, base):
            given.add(base)
            yield Put(("prices", base), text_of(written_price(price, Direction.NEAREST)))


def _has_default(book: WrittenPortfolio, asset: str) -> bool:
    return asset in STABLECOINS or asset in (book.account.currency, REFERENCE_CURRENCY)


def _moves_with_mark(contract: Contract) -> bool:
    """Whether the notional in the settle asset rises with the mark; that of an inverse contract falls."""
    return contract.type is not ContractType.INVERSE


class _Rows:
    """Edits of rows: of ``values`` that stand there, and of ``keys`` that come or change."""

    def __init__(self, *, marked: bool) -> None:
        self.marked = marked
        self.values: list[Edit] = []
        self.keys: list[Edit] = []
        self.notes: list[str] = []

    def write(self, lots: tuple[StatedPosition, ...], was: Position, now: Position) -> None:
        """The rows of a position that is another one now: its only one, or each with its share."""
        comes_apart = now.is_isolated and not was.is_isolated
        written_margins = ZERO
        for lot in lots:
            mine = now if now.quantity != was.quantity else _share(lot.position, was, now)
            self._row(lot, mine)
            if comes_apart and mine.isolated_margin is not None:
                margin = written(mine.isolated_margin, Direction.UP)
                self.keys.append(Put(_path(lot, "isolated_margin"), text_of(margin)))
                written_margins += margin
        if comes_apart:
            name, settle = short(now.key), short(now.contract.settle)
            self.notes.append(f"{name} isolated behind {separated(written_margins)} {settle}")
            exact = now.set_aside
            self.notes += rounding_note(f"the isolated_margin of {name}", exact, written_margins)

    def _row(self, lot: StatedPosition, now: Position) -> None:
        """What a row states, or leaves to the mark, where it is not so any more."""
        held = lot.position
        moves = now.mark_price != held.mark_price
        entry = now.mark_price if moves and PositionEntry.entry_price not in lot.draft else held.entry_price
        if moves and self.marked:
            self._put(lot, "mark_price", now.mark_price)
        elif moves and PositionEntry.mark_price in lot.draft:
            self._figure(lot, now.key, "mark_price", now.mark_price, Direction.NEAREST)
        if now.entry_price != entry:
            self._figure(lot, now.key, "entry_price", now.entry_price, Direction.UP if now.side > 0 else Direction.DOWN)
        if now.quantity != held.quantity:
            self._put(lot, "quantity", now.quantity)
        elif moves and PositionEntry.notional in lot.draft and _moves_with_mark(now.contract):
            self._size(lot, now.key, now.mark_price / held.mark_price)
        for name, was, margin in (
            ("initial_margin", held.initial_margin, now.initial_margin),
            ("isolated_margin", held.isolated_margin, now.isolated_margin),
        ):
            if margin is not None and was is not None and margin != was:
                self._figure(lot, now.key, name, margin, Direction.UP)
        if now.margin_mode is not held.margin_mode:
            self.keys.append(Put(_path(lot, "margin_mode"), now.margin_mode.value))
        if held.is_isolated and not now.is_isolated:
            self.keys.append(Remove(_path(lot, "isolated_margin")))

    def _figure(self, lot: StatedPosition, key: str, name: str, exact: Decimal, direction: Direction) -> None:
        """A figure as it can be written; a mark that stands there follows."""
        shown = (written if name.endswith("margin") else written_price)(exact, direction)
        what = f"the {LABELS.get(name, name)} of {short(key)}"
        self._put(lot, name, shown)
        self.notes += [f"{what} follows: {brief(shown)}"] if name == "mark_price" else []
        self.notes += rounding_note(what, exact, shown)

    def _size(self, lot: StatedPosition, key: str, ratio: Decimal) -> None:
        """A size given as notional, whose mark moves: the new notional where it is the exact one, else the quantity."""
        quantity, value = lot.position.quantity, (lot.draft.notional or ZERO) * ratio
        shown, amount = written_price(quantity, Direction.UP), written(value, Direction.UP)
        if rounding_note("", quantity, shown) and not rounding_note("", value, amount):
            self._put(lot, "notional", amount)
            return
        self._figure(lot, key, "quantity", quantity, Direction.UP)

    def _put(self, lot: StatedPosition, name: str, value: Decimal) -> None:
        """A number under a key of a row; a quantity takes the place of a notional."""
        if name == "quantity" and _key(name) not in lot.draft:
            self.values.append(Put(_path(lot, "notional"), text_of(value)))
            self.keys.append(Rename(_path(lot, "notional"), name))
        else:
            (self.values if _key(name) in lot.draft else self.keys).append(Put(_path(lot, name), text_of(value)))


def _key(name: str) -> Key[Any]:
    return PositionEntry.layout.by_name[name]


def _path(lot: StatedPosition, name: str) -> tuple[str, int, str]:
    return ("positions", lot.number, name)


def _share(held: Position, was: Position, now: Position) -> Position:
    """The part of a position of the same size that one of its rows is."""
    initial, isolated = held.initial_margin, held.isolated_margin
    if initial is not None and was.initial_margin and now.initial_margin != was.initial_margin:
        initial = now.initial_margin and now.initial_margin * initial / was.initial_margin
    if now.isolated_margin is None:
        isolated = None
    elif now.isolated_margin != was.isolated_margin:
        isolated = now.isolated_margin * held.quantity / was.quantity
    return replace(
        now,
        quantity=held.quantity,
        entry_price=held.entry_price,
        initial_margin=initial,
        isolated_margin=isolated,
    )
