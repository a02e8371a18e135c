"""Answers of one account -> one set of rows: pages joined, a moment chosen, rows of several answers filled."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import fields, replace

from marginctl.portfolio.importing.notebook import NotCompared, Notebook
from marginctl.venues.answers.account import (
    Amount,
    HeldAsset,
    HeldPosition,
    LeftOut,
    PublishedContract,
    PublishedHaircuts,
    RestingOrder,
    VenueAnswer,
)

PositionName: TypeAlias = tuple[str, str, str | None]
MOST_SYMBOLS = 3
ONLY_ORDERS = ("orders",)
FILLED = ("leverage", "margin_mode", "isolated_margin", "maintenance_rate", "leg", "settle")
OF_A_MOMENT = ("notional", "unrealized_pnl", "initial_margin", "mark_price", "entry_price")


class Gathered(Struct, frozen=True, kw_only=True):
    """What all answers say together; ``totals``: the venue's own figures of the account, in ``totals_unit``."""

    answers: tuple[VenueAnswer, ...]
    assets: Mapping[str, HeldAsset]
    positions: tuple[HeldPosition, ...]
    orders: tuple[RestingOrder, ...]
    totals: Mapping[str, Amount | None]
    totals_unit: str | None
    contracts: Mapping[str, PublishedContract]
    haircuts: Mapping[str, PublishedHaircuts]
    prices: Mapping[str, Amount]

    @property
    def first(self) -> VenueAnswer:
        """Any of the answers."""
        return self.answers[0]

    def has(self, part: str) -> bool:
        """Whether an answer speaks of a part, even where it lists none."""
        return any(part in one.holds for one in self.answers)

    def said(self, name: str) -> Any:
        """What the first answer that says it says of the account."""
        return next((found for one in self.answers if (found := getattr(one, name)) is not None), None)

    @property
    def orders_left_out(self) -> str:
        """The orders that no row of the file is for."""
        return "; ".join(text_of(left) for one in self.answers if one.holds == ONLY_ORDERS for left in one.left_out)

    @property
    def as_of(self) -> str | None:
        """The time of the positions, else the latest."""
        times = [one.as_of for one in self.answers if one.as_of and "positions" in one.holds]
        return max(times or [one.as_of for one in self.answers if one.as_of], default=None)


def gathered(answers: Sequence[VenueAnswer], notes: Notebook) -> Gathered:
    """All answers as one, what cannot be joined noted."""
    whole = _joined(sorted(answers, key=lambda one: (one.file, one.name)), notes)
    positions, strangers = _positions(whole, notes)
    _note_left_out(whole, notes)
    return Gathered(
        answers=tuple(whole),
        assets=_assets(whole, notes),
        positions=positions,
        orders=tuple(sorted((order for one in whole for order in one.orders), key=_place)),
        totals=_totals(whole, strangers, notes),
        totals_unit=next((one.expect_unit for one in whole if one.expect_unit), None),
        contracts=_contracts(whole),
        haircuts={haircut.asset: haircut for one in whole for haircut in one.haircuts},
        prices={asset: price for one in whole for asset, price in one.prices.items()},
    )


def _joined(answers: Sequence[VenueAnswer], notes: Notebook) -> list[VenueAnswer]:
    """One answer of each kind: pages joined, of two moments the newer."""
    found: dict[str, VenueAnswer] = {}
    pages: dict[str, int] = {}
    for one in answers:
        pages[one.name] = pages.get(one.name, 0) + 1
        found[one.name] = _with_page(found[one.name], one, notes) if one.name in found else one
    for name, one in found.items():
        if one.more is not None and pages[name] == 1:
            rows, ask = one.more.rows, f"{one.more.parameter}={one.more.cursor}"
            notes.need(f"{one.file} is a first page of {rows} rows", f"the next page of the same answer: {ask}")
    return list(found.values())


def _with_page(one: VenueAnswer, other: VenueAnswer, notes: Notebook) -> VenueAnswer:
    """Two answers of one kind as one."""
    left, right = _rows(one), _rows(other)
    if all(left[name] == right[name] for name in left.keys() & right.keys()):
        pages = {part: _union(getattr(one, part), getattr(other, part)) for part in ROW_PARTS}
        return replace(one, **pages, expect={**one.expect, **other.expect})
    if one.as_of and other.as_of and one.as_of != other.as_of:
        newer, older = (one, other) if one.as_of > other.as_of else (other, one)
        notes.remark("account", f"{older.file} ({older.as_of}) is older than {newer.file}: not used")
        return newer
    notes.need(f"{one.file} and {other.file} say different things of the same rows", "give one of the two")
    return one


ROW_PARTS = ("collateral", "positions", "orders", "left_out", "lost", "tables", "haircuts", "contracts")


def _union(rows: Sequence[Any], others: Sequence[Any]) -> tuple[Any, ...]:
    return (*rows, *(row for row in others if row not in rows))


def _rows(one: VenueAnswer) -> dict[object, Any]:
    """What an answer says, by what it is of."""
    return {
        **{("asset", row.asset): row for row in one.collateral},
        **{("position", *name_of(row)): row for row in one.positions},
        **{("total", name): figure for name, figure in one.expect.items()},
    }


def name_of(row: HeldPosition) -> PositionName:
    """What tells a position from the others of an account."""
    return row.symbol, row.side, row.leg


def _positions(answers: Sequence[VenueAnswer], notes: Notebook) -> tuple[tuple[HeldPosition, ...], list[VenueAnswer]]:
    """Every position, of the answer that speaks of least beside it; and the answers of another moment."""
    holders = sorted((one for one in answers if "positions" in one.holds), key=lambda one: len(one.holds))
    found: dict[tuple[str, str], HeldPosition] = {}
    strangers: list[VenueAnswer] = []
    for one in holders:
        for row in one.positions:
            name = row.symbol, row.side
            known = found.get(name)
            if known is not None and not _is_one_moment(known, row) and one not in strangers:
                strangers.append(one)
            found[name] = row if known is None else _filled(known, row, is_one_moment=one not in strangers)
    for one in strangers:
        notes.remark("expect", f"{one.file} is of another moment than {holders[0].file}: its marks differ")
    return tuple(found[name] for name in sorted(found)), strangers


def _place(order: RestingOrder) -> tuple[str, str, Fraction, Fraction]:
    """Where an order stands among others, whatever the order of the answer."""
    return order.symbol, order.side, order.price.value, order.quantity.value


def _is_one_moment(row: HeldPosition, other: HeldPosition) -> bool:
    """Whether two rows of a position can be of one moment: by their profit, else by their mark."""
    for name in ("unrealized_pnl", "mark_price"):
        left, right = getattr(row, name), getattr(other, name)
        if left is not None and right is not None:
            return bool(left.value == right.value)
    return True


def _filled(row: HeldPosition, other: HeldPosition, *, is_one_moment: bool) -> HeldPosition:
    """A row with what it lacks from another of the same position."""
    names = (*FILLED, *OF_A_MOMENT) if is_one_moment else FILLED
    lacking = {name: getattr(other, name) for name in names if getattr(row, name) is None}
    return replace(row, **lacking, expect={**other.expect, **row.expect} if is_one_moment else row.expect)


def _assets(answers: Sequence[VenueAnswer], notes: Notebook) -> dict[str, HeldAsset]:
    """Every balance, of the answer that says most of the account."""
    found: dict[str, tuple[HeldAsset, VenueAnswer]] = {}
    for one in sorted((one for one in answers if "collateral" in one.holds), key=lambda one: -len(one.holds)):
        for row in one.collateral:
            known, source = found.setdefault(row.asset, (row, one))
            if known.amount.value != row.amount.value:
                notes.remark("collateral", f"{row.asset}: {source.file} counts, {one.file} shows another balance")
    _note_age(answers, notes)
    return {asset: found[asset][0] for asset in sorted(found)}


def _note_age(answers: Sequence[VenueAnswer], notes: Notebook) -> None:
    """A wallet that is older than the positions."""
    held = [one for one in answers if "positions" in one.holds and one.as_of]
    for one in answers:
        if "collateral" in one.holds and one.as_of and held and one.as_of < (held[0].as_of or ""):
            times = f"{one.as_of}, {held[0].file} of {held[0].as_of}"
            notes.remark("collateral", f"the balances are older than the positions: {one.file} of {times}")


def _totals(answers: Sequence[VenueAnswer], strangers: list[VenueAnswer], notes: Notebook) -> dict[str, Amount | None]:
    """The venue's figures of the account that may be compared; the others are noted with the reason."""
    found: dict[str, Amount | None] = {}
    for one in answers:
        reason = _why_apart(one, answers, strangers)
        for name, figure in one.expect.items():
            if reason:
                pool, _, figure_name = name.rpartition(".")
                theirs = None if figure is None else figure.value
                notes.apart.append(NotCompared(pool or "totals", figure_name, theirs, reason))
            else:
                found[name] = figure
    return found


def _why_apart(one: VenueAnswer, answers: Sequence[VenueAnswer], strangers: list[VenueAnswer]) -> str:
    """Why the totals of an answer cannot be compared; empty where they can.

    Orders that are left out do not keep them from it: most have no margin.
    """
    if one in strangers:
        return "of another moment than the positions"
    texts = [text_of(left) for other in answers if other.holds != ONLY_ORDERS for left in other.left_out]
    texts += [lost.text for lost in one.lost if not _is_covered(lost.unless, answers)]
    return f"{'; '.join(dict.fromkeys(texts))} left out" if texts else ""


def _is_covered(part: str, answers: Iterable[VenueAnswer]) -> bool:
    return bool(part) and any(part in one.holds for one in answers)


def _note_left_out(answers: Sequence[VenueAnswer], notes: Notebook) -> None:
    for one in answers:
        for left in one.left_out:
            notes.lack(text_of(left))
        for lost in one.lost:
            if not _is_covered(lost.unless, answers):
                notes.lack(lost.text)
        for text in one.remarks:
            notes.remark("account", f"{one.file}: {text}")
        if one.whole is False:
            notes.lack(f"assets that {one.file} does not list: its total is larger")


def text_of(left: LeftOut) -> str:
    """``3 option positions (BTC-27DEC24-100000-C, ...)``."""
    shown = [*left.symbols[:MOST_SYMBOLS], *(["..."] if len(left.symbols) > MOST_SYMBOLS else [])]
    return f"{left.count} {left.text} ({', '.join(shown)})" if shown else f"{left.count} {left.text}"


def _contracts(answers: Sequence[VenueAnswer]) -> dict[str, PublishedContract]:
    """What is published of each contract, of several answers together."""
    found: dict[str, PublishedContract] = {}
    for one in answers:
        for row in one.contracts:
            known = found.get(row.symbol)
            if known is None:
                found[row.symbol] = row
                continue
            lacking = {
                name: getattr(row, name)
                for name in (field.name for field in fields(row))
                if getattr(known, name) is None
            }
            found[row.symbol] = replace(known, **lacking)
    return found
