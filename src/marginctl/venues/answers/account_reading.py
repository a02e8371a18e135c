"""Rows of an answer -> the account in it, by the map: assets, positions, orders, totals, and what is left out."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TypeVar

from msgspec import Struct

from marginctl.document.source import echo
from marginctl.venues.answers.account import Amount, HeldAsset, HeldPosition, LeftOut, Lost, RestingOrder
from marginctl.venues.answers.answer_map import (
    AccountMap,
    CollateralMap,
    Judgement,
    Keep,
    LostMap,
    OrderMap,
    PositionMap,
    WholeMap,
)
from marginctl.venues.answers.expressions import AnswerRow, MisfitError, NumberRead, Path, Word, rows_at

T = TypeVar("T")
LEAST_GAP = Fraction(2, 10**8)
"""How far rows may miss a total that they make up: venues cut at eight places."""
SECONDS, MILLISECONDS, MICROSECONDS = 10**11, 10**14, 10**17
"""A number of a time below the first counts seconds, below the others thousandths and millionths."""
ONE_WAY, HEDGE = "one-way", "hedge"


class HeldPositions(Struct, frozen=True):
    """Positions, the rows left out, and how positions are held: ``hedge``, ``one-way``, None = no row says it."""

    positions: tuple[HeldPosition, ...]
    left_out: tuple[LeftOut, ...]
    mode: str | None


def value_of(expression: NumberRead | None, row: AnswerRow) -> Amount | None:
    """The number of an expression that a map may leave out."""
    return None if expression is None else expression.of(row)


def word_of(expression: Word | None, row: AnswerRow) -> str | None:
    """The text of an expression that a map may leave out."""
    return None if expression is None else expression.of(row)


def needed(row: AnswerRow, expression: NumberRead) -> Amount:
    """A number that an answer must give. Raises MisfitError."""
    amount = expression.of(row)
    if amount is None:
        raise MisfitError(row.trail, f"`{expression.text}` is missing")
    return amount


def named(row: AnswerRow, expression: Word) -> str:
    """A text that an answer must give. Raises MisfitError."""
    word = expression.of(row)
    if word is None:
        raise MisfitError(row.trail, f"`{expression.text}` is missing")
    return word


def _shown(row: AnswerRow, expression: Word) -> str:
    """A name that a screen shows as it is: no control characters, no half pairs. Raises MisfitError."""
    word = named(row, expression)
    if not word.isprintable():
        raise MisfitError(row.trail, f"`{expression.text}` cannot be shown: {echo(word)}")
    return word


def rows_of(rows: Iterable[AnswerRow], path: Path | None) -> list[AnswerRow]:
    """The rows of a part: those of the answer, or those at a path in each of them."""
    if path is None:
        return list(rows)
    return [inner for row in rows for inner in rows_at(row, path) or []]


def judged(row: AnswerRow, judgements: Iterable[Judgement]) -> str:
    """The first thing that is wrong with a row; empty where nothing is."""
    for one in judgements:
        amount = value_of(one.when, row)
        if (amount is not None and amount.value) or (one.unless is not None and one.unless.of(row) is None):
            return one.text
    return ""


def kept(rows: list[AnswerRow], keep: Keep | None, name: Word) -> tuple[list[AnswerRow], tuple[LeftOut, ...]]:
    """The rows that are read, and the others by what they are."""
    if keep is None:
        return rows, ()
    others: dict[str, list[str]] = {}
    taken: list[AnswerRow] = []
    for row in rows:
        word = keep.field.of(row)
        if (word or "") in keep.kept:
            taken.append(row)
            continue
        text = f"rows without `{keep.field.text}`" if word is None else f"rows with {keep.field.text} {echo(word)}"
        others.setdefault(keep.others.get(word or "", text), []).append(name.of(row) or "")
    return taken, tuple(_left_out(text, names) for text, names in others.items())


def _left_out(text: str, names: list[str]) -> LeftOut:
    return LeftOut(text, len(names), tuple(dict.fromkeys(filter(None, names))))


def assets_of(rows: Iterable[AnswerRow], part: CollateralMap) -> tuple[tuple[HeldAsset, ...], tuple[LeftOut, ...]]:
    """The assets held or owed; balances of 0 are none. Raises MisfitError."""
    taken, left = kept(rows_of(rows, part.rows), part.keep, part.asset)
    assets = [_asset(row, part) for row in taken]
    return tuple(one for one in assets if one.amount.value), left


def shows_positions(rows: Iterable[AnswerRow], part: CollateralMap) -> bool:
    """Whether an asset shows a profit or a requirement. Raises MisfitError."""
    shown = (value_of(one, row) for row in rows_of(rows, part.rows) for one in part.shows)
    return any(amount is not None and amount.value for amount in shown)


def _asset(row: AnswerRow, part: CollateralMap) -> HeldAsset:
    return HeldAsset(
        asset=_shown(row, part.asset),
        amount=needed(row, part.amount),
        price=value_of(part.price, row),
        haircut=value_of(part.haircut, row),
        unused=word_of(part.unused, row) == "true",
    )


def positions_of(rows: Iterable[AnswerRow], part: PositionMap) -> HeldPositions:
    """The open positions; rows of size 0 are none, but say how positions are held. Raises MisfitError."""
    taken, left = kept(rows_of(rows, part.rows), part.keep, part.symbol)
    legs = [(row, word_of(part.leg, row)) for row in taken]
    held = [_position(row, leg, part) for row, leg in legs if needed(row, part.quantity).value]
    words = {leg for _, leg in legs if leg is not None}
    mode = HEDGE if words - {ONE_WAY} else ONE_WAY if words else None
    return HeldPositions(tuple(held), left, mode)


def _position(row: AnswerRow, leg: str | None, part: PositionMap) -> HeldPosition:
    signed = needed(row, part.quantity)
    amounts = {name: value_of(getattr(part, name), row) for name in _AMOUNTS}
    _sound(row, part, amounts)
    mode = word_of(part.margin_mode, row)
    isolated = amounts.pop("isolated_margin")
    return HeldPosition(
        symbol=_shown(row, part.symbol),
        side=named(row, part.side),
        quantity=Amount(abs(signed.value), signed.unit, signed.formula),
        leg=leg,
        margin_mode=mode,
        isolated_margin=isolated if mode == "isolated" else None,
        settle=word_of(part.settle, row),
        expect=expected(row, part.expect),
        **amounts,
    )


_AMOUNTS = (
    "entry_price",
    "mark_price",
    "notional",
    "unrealized_pnl",
    "leverage",
    "initial_margin",
    "isolated_margin",
    "maintenance_rate",
)
NEVER_ZERO = ("notional", "entry_price", "mark_price")
"""What a position cannot have 0 of."""


def _sound(row: AnswerRow, part: PositionMap, amounts: Mapping[str, Amount | None]) -> None:
    """Refuse a position that cannot be. Raises MisfitError."""
    for name in NEVER_ZERO:
        amount, expression = amounts[name], getattr(part, name)
        if amount is not None and not amount.value:
            words = f"the answer contradicts itself: `{part.quantity.text}` is not 0, but `{expression.text}` is"
            raise MisfitError(row.trail, words, "ask the venue again; a sample of a documentation is no account")


def expected(row: AnswerRow, figures: Mapping[str, NumberRead]) -> dict[str, Amount | None]:
    """The venue's own figures by our name; None where the venue shows, by a 0, that there is none."""
    values: dict[str, Amount | None] = {}
    for name, expression in figures.items():
        value = expression.of(row)
        if value is not None or (expression.shown is not None and expression.shown.of(row) is not None):
            values[name] = value
    return values


def orders_of(rows: Iterable[AnswerRow], part: OrderMap) -> tuple[tuple[RestingOrder, ...], tuple[LeftOut, ...]]:
    """The open orders; nothing left of one is none, and one without a price rests nowhere. Raises MisfitError."""
    taken, left = kept(rows_of(rows, part.rows), part.keep, part.symbol)
    orders: list[RestingOrder] = []
    unpriced: list[str] = []
    for row in taken:
        quantity, price = needed(row, part.quantity), part.price.of(row)
        if price is None or not price.value:
            unpriced.append(named(row, part.symbol))
        elif quantity.value:
            orders.append(_order(row, quantity, price, part))
    return tuple(orders), (*left, _left_out("orders without a price", unpriced)) if unpriced else left


def _order(row: AnswerRow, quantity: Amount, price: Amount, part: OrderMap) -> RestingOrder:
    return RestingOrder(
        symbol=_shown(row, part.symbol),
        side=named(row, part.side),
        quantity=quantity,
        price=price,
        reduce_only=word_of(part.reduce_only, row) == "true",
        position_side=word_of(part.position_side, row),
    )


def facts_of(rows: Iterable[AnswerRow], part: AccountMap) -> dict[str, str | Amount | None]:
    """How the account is run, as the first row that says it has it."""
    listed = list(rows)
    return {
        "position_mode": _first(word_of(part.position_mode, row) for row in listed),
        "collateral_mode": _first(word_of(part.collateral_mode, row) for row in listed),
        "taker_fee": _first(value_of(part.taker_fee, row) for row in listed),
    }


def _first(values: Iterable[T | None]) -> T | None:
    return next((one for one in values if one is not None), None)


def is_whole(row: AnswerRow, part: WholeMap) -> bool | None:
    """Whether the rows make up the total, to two last digits of each; None where the answer does not say."""
    total, parts = part.total.of(row), part.parts.of(row)
    if total is None or parts is None:
        return None
    return abs(total.value - parts.value) <= max(2 * (total.unit + parts.unit), LEAST_GAP)


def lost_of(row: AnswerRow, parts: Iterable[LostMap]) -> Iterator[Lost]:
    """What totals contain and no row shows."""
    for one in parts:
        amount = one.when.of(row)
        if amount is not None and amount.value:
            yield Lost(one.text, one.unless)


def time_of(word: str | None) -> str | None:
    """A time in UTC, ``2025-10-02T19:16:00.944Z``, from a number of seconds or their parts, or from such a text.

    None where there is none, and for anything else.
    """
    if not word or word == "0":
        return None
    try:
        moment = _moment(word)
    except (ValueError, OverflowError):
        return None
    text = moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def _moment(word: str) -> datetime:
    whole = word.partition(".")[0]
    if not whole.isdecimal():
        moment = datetime.fromisoformat(word)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    count = int(whole)
    per_second = 1 if count < SECONDS else 10**3 if count < MILLISECONDS else 10**6 if count < MICROSECONDS else 10**9
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=count * 10**6 // per_second)
