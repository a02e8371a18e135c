"""One answer of a known form -> what it says, part by part, as its map has it."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from marginctl.venues.answers.account import LeftOut, MorePages, VenueAnswer
from marginctl.venues.answers.account_reading import (
    assets_of,
    expected,
    facts_of,
    is_whole,
    judged,
    lost_of,
    orders_of,
    positions_of,
    shows_positions,
    time_of,
    word_of,
)
from marginctl.venues.answers.answer_map import AnswerForm, AnswerMap
from marginctl.venues.answers.expressions import AnswerRow, MisfitError
from marginctl.venues.answers.public_reading import contracts_of, haircuts_of, prices_of, tables_of, type_of
from marginctl.venues.answers.refusal import REASONS

ONE_ACCOUNT = "one run makes one account: save the answer about one of them"
NOT_COVERED = "there is no rule set for such an account"
PARTS = ("account", "collateral", "positions", "orders", "tables", "haircuts", "contracts", "prices")


class Recognized(Struct, frozen=True):
    """An answer and its form: ``venue`` is the rule set it is read for, ``rows`` are where the form has them."""

    venue: str
    map: AnswerMap
    form: AnswerForm
    rows: Sequence[AnswerRow]

    @property
    def shown(self) -> str:
        """``bybit position``, as messages call it."""
        return f"{self.map.venue} {self.form.name}"

    def holds(self, part: str) -> bool:
        """Whether answers of this form speak of a part, such as ``positions``."""
        return getattr(self.form, part) is not None


def answers(one: Recognized, file: str, asked: str = "") -> tuple[VenueAnswer, ...]:
    """What an answer says, of each account apart where it holds several; ``asked``: the one that was asked for.

    Raises MisfitError where it is not what its map promises, or is refused.
    """
    who = one.form.who
    if who is None or asked:
        return (_answer(one, one.rows, file, asked or None),)
    names = [who.of(row) or "" for row in one.rows]
    apart = {name: [row for row, own in zip(one.rows, names, strict=True) if own == name] for name in names}
    return tuple(_answer(one, rows, file, name) for name, rows in apart.items())


def _answer(one: Recognized, rows: Sequence[AnswerRow], file: str, who: str | None) -> VenueAnswer:
    form = one.form
    _refuse(form, rows)
    times = sorted(time for row in rows if (time := time_of(word_of(form.as_of, row))) is not None)
    return VenueAnswer(
        file=file,
        venue=one.venue,
        name=form.name,
        title=form.title,
        holds=tuple(part for part in PARTS if one.holds(part)),
        who=who,
        accounts=tuple(name for row in rows if (name := word_of(form.accounts, row))),
        currency=one.map.currency,
        as_of=times[0] if times else None,
        more=_more(form, rows),
        **_account(form, rows),
        **_totals(form, rows),
        **_published(form, rows),
    )


def _refuse(form: AnswerForm, rows: Sequence[AnswerRow]) -> None:
    """Raises MisfitError for an account that does not exist, several of them, or one that the map refuses."""
    if form.expect and len(rows) > 1 and not form.parts:
        raise MisfitError(rows[1].trail, f"{len(rows)} accounts in one answer", ONE_ACCOUNT)
    for row in rows:
        if form.proof and all(word.of(row) is None for word in form.proof):
            shown = ", ".join(f"`{word.text}`" for word in form.proof)
            raise MisfitError(row.trail, f"no such account at the venue: nothing is in {shown}", REASONS["no-account"])
        reason = judged(row, form.refuse)
        if reason:
            raise MisfitError(row.trail, reason, NOT_COVERED)


def _more(form: AnswerForm, rows: Sequence[AnswerRow]) -> MorePages | None:
    part = form.more
    cursor = word_of(part.cursor, rows[0]) if part is not None and rows else None
    if part is None or cursor is None or len(rows) < part.default_page:
        return None
    return MorePages(part.parameter, cursor, len(rows), part.encoded)


def _account(form: AnswerForm, rows: Sequence[AnswerRow]) -> dict[str, Any]:
    """The account's facts, assets, positions and orders, and what is left out."""
    found: dict[str, Any] = facts_of(rows, form.account) if form.account is not None else {}
    left: tuple[LeftOut, ...] = ()
    if form.collateral is not None:
        found["collateral"], left = assets_of(rows, form.collateral)
        found["shows_positions"] = shows_positions(rows, form.collateral)
    if form.positions is not None:
        held = positions_of(rows, form.positions)
        found["positions"], left = held.positions, (*left, *held.left_out)
        found["position_mode"] = found.get("position_mode") or held.mode
    if form.orders is not None:
        found["orders"], more = orders_of(rows, form.orders)
        left = (*left, *more)
    return {**found, "left_out": left}


def _totals(form: AnswerForm, rows: Sequence[AnswerRow]) -> dict[str, Any]:
    """The account's totals, where the answer has one account, and what they contain that no row shows."""
    if len(rows) != 1:
        return {}
    (row,) = rows
    return {
        "expect": expected(row, form.expect),
        "expect_unit": word_of(form.expect_unit, row),
        "whole": None if form.whole is None else is_whole(row, form.whole),
        "lost": tuple(lost_of(row, form.lost)),
    }


def _published(form: AnswerForm, rows: Sequence[AnswerRow]) -> dict[str, Any]:
    """Tables, haircuts, contracts and prices."""
    found: dict[str, Any] = {"remarks": tuple(text for row in rows if (text := judged(row, form.remarks)))}
    if form.tables is not None:
        found["tables"] = tables_of(rows, form.tables)
        found["tables_type"], found["tiers_by"] = type_of(rows, form.tables), form.tables.by
    if form.haircuts is not None:
        found["haircuts"] = haircuts_of(rows, form.haircuts)
    if form.contracts is not None:
        found["contracts"], _ = contracts_of(rows, form.contracts)
    if form.prices is not None:
        found["prices"] = prices_of(rows, form.prices)
    return found
