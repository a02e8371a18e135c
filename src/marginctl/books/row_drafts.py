"""One account's row -> the entries of a portfolio that it means, or what is wrong with its values.

A number counts as it is stored: decimals and text exactly, a float as the shortest decimal that reads back as the same
float of its own width. Nodes have no text and say where a value stands; all accounts share them.
"""

import re
from collections.abc import Iterator
from collections.abc import Mapping as Named
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, NamedTuple

from msgspec import Struct

from marginctl.books.header import BookHeader
from marginctl.document.kinds import RATE, AnyOf, Duration, Number, Rate, ScalarKind
from marginctl.document.nodes import Mapping, Node, Scalar
from marginctl.document.numbers import MOST_DIGITS, NumberError
from marginctl.document.record import Key, Record
from marginctl.document.scalars import WordError
from marginctl.document.source import Source, echo
from marginctl.findings import Location, Problem
from marginctl.portfolio.format import AccountEntry, CollateralEntry, PortfolioFile, PositionEntry

ACCOUNTS, BALANCES, POSITIONS, HEADER = "accounts", "balances", "positions", "header"
TABLES = (ACCOUNTS, BALANCES, POSITIONS)
OPTIONS = ("collateral_mode", "position_mode", "netting", "underlying_netting", "liquidation_level", "venue")
"""Columns of an account that stand before the header's."""
BALANCE_FIELDS = ("asset", "amount")
POSITION_FIELDS = tuple(one.name for one in PositionEntry.layout.keys if one.name not in {"notional", "auto_add"})
REQUIRED = {BALANCES: BALANCE_FIELDS, POSITIONS: ("symbol", "quantity")}
PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
FIRST_LINE = 1_000_000_000
"""Lines of rows begin beyond those of any header."""
WIDTH = 64
"""Columns of a line."""


class RowProblem(Struct, frozen=True, kw_only=True):
    """What is wrong with an account: ``row`` and ``item`` (in its list) count from 0; ``value`` as it is stored."""

    account_id: str | None
    table: str
    row: int
    item: int | None
    column: str
    code: str
    value: str | None
    message: str
    help: str

    @property
    def brief(self) -> str:
        """In a cell: where, and what."""
        place = f"{self.table}.{self.column}" if self.column else self.table
        return f"{place}: {self.message}"


class Stored(NamedTuple):
    """An account as its row has it: texts by field, those that are null left out.

    ``refused``: column, code, message and help of what is wrong with the row as a whole.
    """

    account_id: str | None
    as_of: str | None
    options: Named[str, str]
    balances: list[dict[str, str]]
    positions: list[dict[str, str]]
    refused: tuple[tuple[str, str, str, str], ...] = ()


def kind_of(one: Key[Any]) -> ScalarKind[Any]:
    """The kind of a single value under a key."""
    found = one.kind
    return RATE if isinstance(found, AnyOf) else found  # type: ignore[return-value]


ENTRIES: dict[str, type[Record]] = {ACCOUNTS: AccountEntry, BALANCES: CollateralEntry, POSITIONS: PositionEntry}
KINDS = {
    (table, one.name): kind_of(one)
    for table, entry in ENTRIES.items()
    for one in entry.layout.keys
    if isinstance(kind_of(one), ScalarKind)
}
NUMERIC = {place for place, kind in KINDS.items() if isinstance(kind, Number | Rate | Duration)}
"""Columns that hold numbers."""


@lru_cache(maxsize=1 << 12)
def value_of(table: str, field: str, text: str) -> Any:
    """What a stored text means in a column. Raises NumberError or WordError."""
    kind = KINDS[table, field]
    if (table, field) not in NUMERIC:
        return kind.read(text)
    if isinstance(kind, Duration) and text[-1:] in {"h", "d"}:
        return kind.read(text)
    plain = plain_number(text)
    return kind.read(f"{plain}h" if isinstance(kind, Duration) else plain)


def plain_number(text: str) -> str:
    """A stored number with all its digits and no exponent. Raises NumberError."""
    if not PLAIN.fullmatch(text):
        if text.lower().lstrip("+-") in {"nan", "inf", "infinity"}:
            raise NumberError(f"is {text.lower().lstrip('+')}", "store a number, or null where there is none")
        example = "store digits, a point and perhaps an exponent, as in -1250.5"
        raise NumberError(f"is not a number: {echo(text)}", example)
    plain = format(Decimal(text), "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    if len(plain) > MOST_DIGITS + 2:
        raise NumberError(f"has more than {MOST_DIGITS} digits: {echo(text)}", "store fewer decimals")
    return plain


class RowPlaces(dict[tuple[int, int], str]):
    """The path of a place in a row: ``positions.3.quantity``; made when it is asked for, so none is held."""

    def __bool__(self) -> bool:
        return True

    def get(self, place: tuple[int, int], default: Any = "") -> Any:
        """The path, or the default for a place in the header."""
        line, column = place
        if line < FIRST_LINE:
            return default
        item, table = divmod(line - FIRST_LINE, len(TABLES))
        path = f"{TABLES[table]}.{item}"
        return f"{path}.{_fields(TABLES[table])[column - 2]}" if column > 1 else path


SOURCE = Source("book", "", [], RowPlaces())
"""Where rows stand."""


@cache
def _fields(table: str) -> tuple[str, ...]:
    return tuple(one.name for one in ENTRIES[table].layout.keys)


@cache
def node_of(table: str, item: int, field: str = "") -> Node:
    """The place of a row of a list, or of one of its fields."""
    line = FIRST_LINE + item * len(TABLES) + TABLES.index(table)
    return Scalar("", line, 2 + _fields(table).index(field), 0, plain=True) if field else Mapping([], line, 1)


@lru_cache(maxsize=1 << 14)
def places_of(table: str, item: int, fields: tuple[str, ...]) -> dict[str, tuple[Scalar, Node]]:
    """The places of the fields that a row has, by attribute; shared, and never changed."""
    by_name = ENTRIES[table].layout.by_name
    nodes = {by_name[field].attribute: node_of(table, item, field) for field in fields}
    return {attribute: (node, node) for attribute, node in nodes.items()}  # type: ignore[misc]


ID_PLACE = Location(SOURCE.name, key=f"{ACCOUNTS}.0.account_id")


class Drafts(NamedTuple):
    """A portfolio that a row means."""

    header: BookHeader
    file: PortfolioFile


class RowReader:
    """Reads one row; ``problems`` are of its values."""

    def __init__(self, header: BookHeader, stored: Stored) -> None:
        self.header, self.stored = header, stored
        self.problems: list[Problem] = []

    def refuse(self, table: str, item: int, field: str, code: str, message: str, advice: str) -> None:
        """Note what is wrong with a value."""
        self.problems.append(SOURCE.problem(node_of(table, item, field), code, message, advice))

    def read(self) -> Drafts | None:
        """The portfolio; None with problems."""
        stored = self.stored
        account, header = self.account()
        balances = [self.entry(BALANCES, item, texts) for item, texts in enumerate(stored.balances)]
        positions = [self.position(item, texts) for item, texts in enumerate(stored.positions)]
        if self.problems or header is None:
            return None
        file = PortfolioFile.__new__(PortfolioFile)
        held = self.held(header, balances)
        held += self.settled(header, held, positions)
        own = {"account": account, "collateral": held, "positions": positions}
        file.__dict__ |= header.draft.__dict__
        file.__dict__ |= own
        if header.prices_at and stored.as_of in header.prices_at:
            file.__dict__["prices"] = header.prices_at[stored.as_of]
        if header.is_apart:
            file.__dict__["collateral"] = self.with_margins(header, held, positions)
        return Drafts(header, file)

    def account(self) -> tuple[AccountEntry, BookHeader | None]:
        """The header's account with what the row says, and the header under the venue that it names."""
        stored, header = self.stored, self.header
        if stored.account_id is None:
            self.problems.append(Problem(ID_PLACE, "MC012", "`account_id` is null", "every account needs one"))
        for column, code, message, advice in stored.refused:
            self.problems.append(Problem(Location(SOURCE.name, key=f"{ACCOUNTS}.0.{column}"), code, message, advice))
        base = header.draft.account
        account = AccountEntry.__new__(AccountEntry)
        account.__dict__ |= base.__dict__ if base is not None else {"node": header.draft.node, "places": {}}
        account.__dict__["name"] = stored.account_id
        if not stored.options and stored.as_of is None:
            return account, header
        account.__dict__["places"] = dict(account.places)
        given = dict(stored.options)
        if stored.as_of is not None:
            given["as_of"] = stored.as_of
        for field, text in given.items():
            value = self.value(ACCOUNTS, 0, field, text)
            account.__dict__[field] = value
            node = node_of(ACCOUNTS, 0, field)
            account.places[field] = node, node  # type: ignore[assignment]
        venue = given.get("venue")
        if venue is None or venue == header.file.venue:
            return account, header
        found, problems = header.under(venue)
        for one in problems:
            self.refuse(ACCOUNTS, 0, "venue", one.code, one.message, one.help)
        return account, found

    def value(self, table: str, item: int, field: str, text: str) -> Any:
        """What a text means; None after noting why it means nothing."""
        try:
            return value_of(table, field, text)
        except (NumberError, WordError) as error:
            self.refuse(table, item, field, error.code, f"`{field}` {error.message}", error.help)
            return None

    def entry(self, table: str, item: int, texts: dict[str, str]) -> Any:
        """The entry that a row of a list is."""
        kind = ENTRIES[table]
        entry = kind.__new__(kind)
        values = entry.__dict__
        for field, text in texts.items():
            values[field] = self.value(table, item, field, text)
        for field in REQUIRED[table]:
            if field not in texts:
                self.refuse(table, item, field, "MC012", f"`{field}` is null", "give it, or leave the row out")
        values["node"] = node_of(table, item)
        values["places"] = places_of(table, item, tuple(texts))
        return entry

    def position(self, item: int, texts: dict[str, str]) -> PositionEntry:
        """A position; its side is the sign of its quantity where none is stored."""
        quantity = texts.get("quantity")
        if "side" not in texts and quantity is not None:
            is_short = quantity.startswith("-")
            texts = {
                **texts,
                "quantity": quantity[1:] if is_short else quantity,
                "side": "short" if is_short else "long",
            }
        found: PositionEntry = self.entry(POSITIONS, item, texts)
        return found

    def held(self, header: BookHeader, balances: list[CollateralEntry]) -> list[CollateralEntry]:
        """The balances on the terms that the header states."""
        for entry in balances:
            terms = header.held.get(entry.asset)
            if terms is not None:
                stated = {name: terms.__dict__[name] for name in terms.places if name != "asset"}
                entry.__dict__ |= stated
                places = {name: terms.places[name] for name in stated}
                entry.__dict__["places"] = {**entry.places, **places}
        return balances

    def settled(
        self, header: BookHeader, held: list[CollateralEntry], positions: list[PositionEntry]
    ) -> list[CollateralEntry]:
        """Empty balances of what positions settle in and the header states terms of, where the row has none."""
        known = {entry.asset for entry in held}
        settles = {contract.settle for one in positions if (contract := header.contract(one.symbol)) is not None}
        missing = [asset for asset in header.held if asset in settles and asset not in known] if settles else []
        rows = [self.entry(BALANCES, len(held) + i, {"asset": one, "amount": "0"}) for i, one in enumerate(missing)]
        return self.held(header, rows)

    def with_margins(
        self, header: BookHeader, held: list[CollateralEntry], positions: list[PositionEntry]
    ) -> list[CollateralEntry]:
        """The balances with isolated margins that the book keeps apart from them."""
        aside: dict[str, Decimal] = {}
        for position in positions:
            contract = header.contract(position.symbol) if position.isolated_margin is not None else None
            if contract is not None and position.isolated_margin is not None:
                aside[contract.settle] = aside.get(contract.settle, Decimal(0)) + position.isolated_margin
        for entry in held:
            entry.__dict__["amount"] = entry.amount + aside.pop(entry.asset, Decimal(0))
        more = [self.entry(BALANCES, len(held) + i, {"asset": asset, "amount": "0"}) for i, asset in enumerate(aside)]
        for entry in more:
            entry.__dict__["amount"] = aside[entry.asset]
        return [*held, *self.held(header, more)]


def problems_of(stored: Stored, row: int, problems: list[Problem]) -> Iterator[RowProblem]:
    """Problems of a row, each with the table, the column and the value that it is about."""
    for one in problems:
        table, item, column = _place(one.location.key)
        value = _value(stored, table, item, column)
        yield RowProblem(
            account_id=stored.account_id,
            table=table,
            row=row,
            item=item if table in {BALANCES, POSITIONS} else None,
            column=column,
            code=one.code,
            value=value,
            message=one.message,
            help=one.help,
        )


def _place(path: str) -> tuple[str, int, str]:
    if not path:
        return HEADER, 0, ""
    table, _, rest = path.partition(".")
    item, _, column = rest.partition(".")
    return table, int(item), column


def _value(stored: Stored, table: str, item: int, column: str) -> str | None:
    if table == ACCOUNTS:
        return stored.as_of if column == "as_of" else stored.options.get(column)
    rows = {BALANCES: stored.balances, POSITIONS: stored.positions}.get(table, [])
    return rows[item].get(column) if item < len(rows) else None
