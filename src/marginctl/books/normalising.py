"""Columns as a file has them -> those of a batch: renamed, missing ones null, texts as texts, numbers untouched."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from marginctl.books.row_drafts import (
    ACCOUNTS,
    BALANCE_FIELDS,
    BALANCES,
    NUMERIC,
    OPTIONS,
    POSITION_FIELDS,
    POSITIONS,
    TABLES,
)
from marginctl.books.stored import ORDERS
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo, near, printable
from marginctl.findings import Location, Problem

ROW = "__row"
"""Where a row of a flat table stood."""
FIELDS = {ACCOUNTS: ("account_id", "as_of", *OPTIONS), BALANCES: BALANCE_FIELDS, POSITIONS: POSITION_FIELDS}
LISTS = {BALANCES: BALANCE_FIELDS, POSITIONS: POSITION_FIELDS}
KNOWN = {ACCOUNTS: {*FIELDS[ACCOUNTS], *LISTS, ORDERS}, BALANCES: set(BALANCE_FIELDS), POSITIONS: set(POSITION_FIELDS)}


class BookError(Exception):
    """Why a book cannot be read."""

    def __init__(self, file: str, message: str, help: str = "", code: str = "MC001") -> None:
        super().__init__(message)
        self.problem = Problem(Location(printable(file)), code, message, help)


class Renames(Struct, frozen=True):
    """What columns of an export are called, by table and our name."""

    theirs: Mapping[str, Mapping[str, str]] = {}

    def of(self, table: str, name: str) -> str:
        """Their name of one of our columns."""
        return self.theirs.get(table, {}).get(name, name)


def renames(texts: Iterable[str]) -> Renames:
    """Every --columns TABLE.NAME=THEIRS. Raises FlagError."""
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        ours, _, theirs = text.partition("=")
        table, _, name = ours.partition(".")
        if not theirs or table not in TABLES or not name:
            raise FlagError(f"--columns {echo(text)} is not TABLE.NAME=THEIRS", "as in positions.symbol=instrument")
        known = {*FIELDS[table], *(LISTS if table == ACCOUNTS else ("account_id",))}
        if name not in known:
            close = near(name, known)
            advice = f"did you mean {table}.{close}?" if close else f"write one of {', '.join(sorted(known))}"
            raise FlagError(f"--columns {echo(text)}: {table} has no column {echo(name)}", advice)
        if name in found.setdefault(table, {}):
            raise FlagError(f"--columns names {table}.{name} twice", "write one name for it")
        found[table][name] = theirs
    return Renames(found)


def unknown_columns(schema: pa.Schema, named: Renames, table: str = ACCOUNTS, *, flat: bool = False) -> list[str]:
    """The columns that nothing reads, as TABLE.NAME."""
    known = {named.of(table, name) for name in (*KNOWN[table], *(("account_id", ROW) if flat else ()))}
    found = [f"{table}.{field.name}" for field in schema if field.name not in known]
    if flat or table != ACCOUNTS:
        return found
    for name in LISTS:
        index = schema.get_field_index(named.of(ACCOUNTS, name))
        kind = schema.field(index).type if index >= 0 else None
        if kind is not None and is_list(kind) and pa.types.is_struct(kind.value_type):
            children = {kind.value_type.field(i).name for i in range(kind.value_type.num_fields)}
            theirs = {named.of(name, one) for one in KNOWN[name]}
            found += sorted(f"{name}.{child}" for child in children - theirs - {ROW})
    return found


def is_list(kind: Any) -> bool:
    """Whether a type is a list of any length."""
    types = pa.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def check_columns(schema: pa.Schema, named: Renames, file: str) -> None:
    """Refuse a file whose columns cannot be those of a book of accounts. Raises BookError."""
    names = set(schema.names)
    wanted = named.of(ACCOUNTS, "account_id")
    if wanted not in names:
        raise BookError(file, f"there is no column {echo(wanted)}", _missing(names, "accounts.account_id"), "MC012")
    for table, theirs in named.theirs.items():
        for ours, name in theirs.items() if table == ACCOUNTS else ():
            if name not in names:
                raise BookError(
                    file, f"--columns names {echo(name)}, which is no column", _missing(names, f"accounts.{ours}")
                )
    for name in LISTS:
        index = schema.get_field_index(named.of(ACCOUNTS, name))
        kind = schema.field(index).type if index >= 0 else pa.null()
        if not pa.types.is_null(kind) and not (is_list(kind) and pa.types.is_struct(kind.value_type)):
            message = f"`{name}` is {kind}, not a list of structs"
            advice = "store one row per account with lists, or positions.* and balances.* in a folder"
            raise BookError(file, message, advice, "MC013")


def _missing(names: set[str], ours: str) -> str:
    shown = ", ".join(sorted(names)[:8])
    return f"its columns are {shown}{', ...' if len(names) > 8 else ''}; rename with --columns {ours}=THEIRS"


def normalised(batch: pa.RecordBatch, named: Renames, file: str) -> pa.RecordBatch:
    """A batch of rows of accounts with the columns of ``BATCH``, and its orders where it has any. Raises BookError."""
    columns = {name: _account_column(batch, named.of(ACCOUNTS, name), name, file) for name in FIELDS[ACCOUNTS]}
    for name, fields in LISTS.items():
        columns[name] = _list_column(batch, named.of(ACCOUNTS, name), name, fields, named, file)
    if ORDERS in batch.schema.names and batch.column(ORDERS).null_count < len(batch):
        columns[ORDERS] = batch.column(ORDERS)
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _account_column(batch: pa.RecordBatch, theirs: str, ours: str, file: str) -> pa.Array:
    index = batch.schema.get_field_index(theirs)
    if index < 0:
        return pa.nulls(len(batch), pa.string())
    column = batch.column(index)
    if ours == "as_of":
        return moments(column, file)
    return text_column(column, f"{ACCOUNTS}.{ours}", file, numeric=(ACCOUNTS, ours) in NUMERIC or ours == "account_id")


def moments(column: pa.Array, file: str) -> pa.Array:
    """Times as texts with their zone. Raises BookError for times without one."""
    kind = column.type
    if not pa.types.is_timestamp(kind):
        return text_column(column, "accounts.as_of", file, numeric=False)
    if kind.tz is None:
        raise BookError(
            file, "`as_of` has no time zone", "store it as a timestamp with a zone, or as ISO text", "MC013"
        )
    utc = pc.strftime(column.cast(pa.timestamp(kind.unit, "UTC")), format="%Y-%m-%dT%H:%M:%S")
    return pc.binary_join_element_wise(pc.replace_substring_regex(utc, r"\.0+$", ""), "Z", "")


def text_column(column: pa.Array, name: str, file: str, *, numeric: bool) -> pa.Array:
    """A column as texts; ``numeric``: numbers are texts too. Raises BookError."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return text_column(column.dictionary_decode(), name, file, numeric=numeric)
    if pa.types.is_null(kind):
        return column.cast(pa.string())
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    is_number = pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind)
    if not is_text and not (numeric and is_number):
        raise BookError(file, f"`{name}` is {kind}, not text", "store it as text", "MC013")
    return column if kind == pa.string() else column.cast(pa.string())


def _list_column(
    batch: pa.RecordBatch, theirs: str, table: str, fields: tuple[str, ...], named: Renames, file: str
) -> pa.Array:
    index = batch.schema.get_field_index(theirs)
    if index < 0 or pa.types.is_null(batch.column(index).type):
        return pa.nulls(len(batch), pa.list_(pa.struct([(name, pa.null()) for name in fields])))
    column = batch.column(index)
    items = struct_fields(column.flatten(), table, fields, named, file)
    return list_of(pc.fill_null(pc.list_value_length(column), 0), items)


def struct_fields(items: pa.Array, table: str, fields: tuple[str, ...], named: Renames, file: str) -> pa.Array:
    """The structs of a list with our fields, in our order. Raises BookError."""
    arrays = {}
    for name in (*fields, ROW):
        index = items.type.get_field_index(named.of(table, name))
        if index >= 0:
            arrays[name] = field_column(pc.struct_field(items, [index]), table, name, file)
        elif name != ROW:
            arrays[name] = pa.nulls(len(items))
    return pa.StructArray.from_arrays(list(arrays.values()), names=list(arrays))


def field_column(column: pa.Array, table: str, name: str, file: str) -> pa.Array:
    """One field: numbers as they are stored, the rest as texts. Raises BookError."""
    kind = column.type
    if name == ROW:
        return column
    if (table, name) not in NUMERIC:
        is_said = pa.types.is_dictionary(kind) and kind.value_type == pa.string()
        return column if is_said else text_column(column, f"{table}.{name}", file, numeric=False)
    if pa.types.is_dictionary(kind):
        return field_column(column.dictionary_decode(), table, name, file)
    types = pa.types
    fits = types.is_integer(kind) or types.is_decimal(kind) or types.is_floating(kind) or types.is_null(kind)
    if types.is_large_string(kind):
        return column.cast(pa.string())
    if not fits and not types.is_string(kind):
        raise BookError(file, f"`{table}.{name}` is {kind}, not a number", "store a decimal, text or float", "MC013")
    return column


def list_of(lengths: pa.Array, items: pa.Array) -> pa.Array:
    """Items cut into lists of these lengths."""
    ends = pc.cumulative_sum(pc.cast(lengths, pa.int64()))
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), ends]).cast(pa.int32())
    return pa.ListArray.from_arrays(offsets, items)
