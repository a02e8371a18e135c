"""The scenarios of a header as the float screen takes them.

The way to a scenario is a path of its own for every pool; its end is the account at other prices, so that of each
contract and asset there are tables at the end of every scenario beside those of today.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from msgspec.structs import replace

from marginctl.books.arrow_numbers import Plain
from marginctl.books.compiled import Compiled, ModeTerms, compile_book
from marginctl.books.header import BookHeader
from marginctl.books.screening import ScreenTerms, is_stated, screen_terms, symbols_in
from marginctl.core.exact import exactly
from marginctl.core.scenario import moved, moves_in, ratios
from marginctl.core.value import marked


class Ways(NamedTuple):
    """The tables of today, and those of every scenario: moves, marks' ratios, contracts and assets at its end."""

    compiled: Compiled
    moves: Plain
    ratios: Plain
    contracts: Plain
    assets: Plain


def ways_for(header: BookHeader, batch: pa.RecordBatch) -> Ways | None:
    """The tables for the contracts of a batch; None where the screen cannot be told all that the header says."""
    if header.prices_at or (header.shocks and not is_stated(batch)):
        return None
    symbols = frozenset(header.symbols) | frozenset(symbols_in(batch))
    if symbols not in header.ways:
        with exactly():
            header.ways[symbols] = _ways(header, symbols)
    found: Ways | None = header.ways[symbols]
    return found


def _ways(header: BookHeader, symbols: frozenset[str]) -> Ways | None:
    terms = screen_terms(header, symbols)
    return None if terms is None else ways_of(terms, header.scenarios.values(), apart=header.is_apart)


def ways_of(terms: ScreenTerms, scenarios: Iterable[dict[str, Decimal]], *, apart: bool = False) -> Ways | None:
    """The tables of scenarios; None where one moves a contract by itself, or leaves a price nothing."""
    first = terms.modes[0].account
    today = compile_book(terms.modes, terms.contracts, apart=apart)
    moves: list[Any] = []
    marks: list[Any] = []
    ends: list[Compiled] = []
    for shocks in scenarios:
        found = moves_in(shocks, first)
        named = {one for one in shocks if one in terms.contracts and one not in first.prices}
        if named or first.currency in shocks or any(move <= -1 for move in found.values()):
            return None
        by = ratios(found)
        modes = [_moved(one, by) for one in terms.modes]
        ends.append(compile_book(modes, terms.contracts, apart=apart))
        moves.append([found.get(asset, 0) for asset in today.assets])
        marks.append([marked(contract, by) for contract in terms.contracts.values()])
    if any(not _is_alike(today, end) for end in ends):
        return None
    return Ways(
        compiled=today,
        moves=np.array(moves, "f8"),
        ratios=np.array(marks, "f8"),
        contracts=np.concatenate([end.tables[2] for end in ends]),
        assets=np.concatenate([end.tables[3] for end in ends]),
    )


def _moved(mode: ModeTerms, by: dict[str, Decimal]) -> ModeTerms:
    return replace(mode, account=moved(mode.account, by))


def _is_alike(today: Compiled, end: Compiled) -> bool:
    """Whether the tables of both have the same curves and tiers in the same places."""
    same = all(np.array_equal(today.tables[k], end.tables[k]) for k in (0, 1))
    return same and today.assets == end.assets and today.symbols == end.symbols
