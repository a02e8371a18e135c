"""A header as the float screen takes it, and a batch by the screen and, where that does not promise, by decimals.

Nothing is decided here: the header's own reading makes an account that holds nothing of each asset, and its prices,
terms and rules are the tables. What the screen cannot be told leaves whole batches to the exact core.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import replace

from marginctl.books.arrow_numbers import Plain
from marginctl.books.compiled import Compiled, ModeTerms, compile_book
from marginctl.books.deciding import PLACE, exact_rows
from marginctl.books.float_screen import Screened, screen
from marginctl.books.header import BookHeader
from marginctl.books.limit_tables import with_limits
from marginctl.books.price_table import by_prices
from marginctl.books.results_out import RESULTS, instead, results_of
from marginctl.books.row_drafts import SOURCE, RowProblem, RowReader, Stored
from marginctl.books.stored import forced
from marginctl.core.account import STABLECOINS
from marginctl.core.contract import Contract
from marginctl.core.exact import ZERO, exactly
from marginctl.core.pool import shared_name
from marginctl.core.scenario import expanded, moved, ratios
from marginctl.limits.config import margin_call_of
from marginctl.portfolio.format import PortfolioFile
from marginctl.portfolio.resolve import resolve
from marginctl.venues.rule_set import Mode

MOMENT = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$"
"""Times that need not be looked at again."""


def screened_batch(header: BookHeader, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, list[RowProblem]]:
    """The results of a batch, in its order, and what is wrong with its bad rows."""
    groups = by_prices(header, batch)
    if len(groups) == 1:
        return _screened(groups[0].header, groups[0].batch)
    found = [_screened(one.header, one.batch) for one in groups]
    places = pa.concat_arrays([one.places for one in groups])
    both = pa.Table.from_batches([results for results, _ in found]).take(pc.sort_indices(places)).combine_chunks()
    own = [one.places.to_pylist() for one in groups]
    problems = [
        replace(problem, row=rows[problem.row])
        for (_, found_there), rows in zip(found, own, strict=True)
        for problem in found_there
    ]
    return both.to_batches()[0], sorted(problems, key=lambda one: one.row)


def _screened(header: BookHeader, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, list[RowProblem]]:
    compiled = compiled_for(header, batch)
    judged = None if compiled is None else with_limits(header, compiled, batch)
    if judged is None:
        rows = exact_rows(header, batch)
        return results_of(rows), [problem for row in rows for problem in row.problems]
    found = screen(judged.compiled, batch, judged.own)
    mask = undecided(batch, found.undecided)
    places = pc.indices_nonzero(mask).to_pylist()
    results = _results(batch, found)
    if not places:
        return results, []
    rows = exact_rows(header, batch, places)
    return instead(results, places, results_of(rows)), [problem for row in rows for problem in row.problems]


def undecided(batch: pa.RecordBatch, unsure: Plain) -> Any:
    """Which accounts decimals have to decide: those of which the screen is not sure, and rows that are odd as such."""
    mask = pa.array(unsure)
    ids, moments = batch.column("account_id"), batch.column("as_of")
    if ids.null_count:
        mask = pc.or_(mask, pc.is_null(ids))
    if moments.null_count < len(moments):
        mask = pc.or_(mask, pc.invert(pc.fill_null(pc.match_substring_regex(moments, MOMENT), True)))
    marked = forced(batch)
    return mask if marked is None else pc.or_(mask, pc.fill_null(marked, False))


def _results(batch: pa.RecordBatch, found: Screened) -> pa.RecordBatch:
    count = len(batch)
    told = {"status": "ok", "decided": "float"}
    columns: list[Any] = []
    for field in RESULTS:
        if field.name in {"account_id", "as_of"}:
            columns.append(batch.column(field.name))
        elif field.name in told:
            columns.append(pa.repeat(pa.scalar(told[field.name], pa.string()), count))
        elif field.name == "error":
            columns.append(pa.nulls(count, pa.string()))
        else:
            columns.append(found.column(field.name).cast(field.type))
    return pa.RecordBatch.from_arrays(columns, schema=RESULTS)


def compiled_for(header: BookHeader, batch: pa.RecordBatch) -> Compiled | None:
    """The tables for the contracts of a batch; None where the screen cannot be told all that the header says."""
    if header.prices_at or (header.shocks and not is_stated(batch)):
        return None
    symbols = frozenset(header.symbols) | frozenset(symbols_in(batch))
    found = next((one for known, one in list(header.screens.items()) if symbols <= known), MISSING)
    if found is MISSING:
        with exactly():
            terms = screen_terms(header, symbols)
            found = None if terms is None else compile_book(terms.modes, terms.contracts, apart=header.is_apart)
        header.screens[symbols] = found
    return found  # type: ignore[return-value]


MISSING = object()


def is_stated(batch: pa.RecordBatch) -> bool:
    """Whether all positions state their entry, and none what moves with its mark: then a shock moves prices alone."""
    items = batch.column("positions").flatten()
    entry, mark, margin = (pc.struct_field(items, name) for name in ("entry_price", "mark_price", "initial_margin"))
    return bool(entry.null_count == 0 and mark.null_count == len(mark) and margin.null_count == len(margin))


def symbols_in(batch: pa.RecordBatch) -> list[str]:
    """The contracts of a batch."""
    items = batch.column("positions").flatten()
    return [one for one in pc.unique(pc.struct_field(items, "symbol")).to_pylist() if one is not None]


class ScreenTerms(NamedTuple):
    """What tables are made of: an account without amounts in each mode, the header's own first, and contracts."""

    modes: list[ModeTerms]
    contracts: dict[str, Contract]


def screen_terms(header: BookHeader, symbols: Iterable[str]) -> ScreenTerms | None:
    """None where the screen cannot be told all that the header says: margin models, what only rows could say."""
    found = {symbol: header.contract(symbol) for symbol in sorted(symbols)}
    contracts = {
        symbol: contract
        for symbol, contract in found.items()
        if contract is not None and header.rule_set.rates(contract) is None  # rates that grow are the exact core's
    }
    account = header.draft.account
    own = header.rule_set.mode(account.collateral_mode if account is not None else None) or header.rule_set.modes[0]
    others = [mode for mode in header.rule_set.modes if mode is not own]
    modes = [_mode(header, mode, contracts.values()) for mode in (own, *others)]
    whole = [one for one in modes if one is not None]
    if len(whole) < len(modes) or any(one.account.model is not None for one in whole):
        return None
    return ScreenTerms(whole, contracts)


def _mode(header: BookHeader, mode: Mode, contracts: Iterable[Contract]) -> ModeTerms | None:
    """An account in one mode that holds 0 of every asset that has a price; None where the header is not enough."""
    file = _nothing_of(header, mode, contracts)
    found, _ = resolve(file, SOURCE, header.rule_set, PLACE, header.settings.today)
    if found is None:
        return None
    account = found.account
    if header.shocks:
        account = moved(account, ratios(expanded(header.shocks, account)))
    entry = header.draft.account
    fee = mode.taker_fee
    if entry is not None and entry.taker_fee is not None:
        fee = entry.taker_fee
    if entry is not None and entry.close_fee is not None and entry.close_fee.rate is not None:
        fee = entry.close_fee.rate
    if fee is None and account.rules.needs_taker_fee:
        return None
    pools = {shared_name(account, asset) for asset in account.prices}
    known = {
        asset: one
        for asset, one in account.terms.items()
        if len(pools) > 1 or header.terms(asset, mode) is not None  # haircuts count where assets secure each other
    }
    stated = header.held
    return ModeTerms(
        account=replace(account, terms=known, margin_call=margin_call_of(header.limits_for(""), account.rules)),
        taker_fee=fee or ZERO,
        offers_isolated=mode.offers_isolated,
        offers_hedge=mode.offers_hedge,
        largest={
            asset: most
            for asset in account.prices
            if not _has_haircut(header, asset) and (most := mode.collateral.largest_amount(asset)) is not None
        },
        no_debt=frozenset(
            asset
            for asset in account.prices
            if mode.collateral.requires_loan_rate(asset) and (asset not in stated or stated[asset].loan_rate is None)
        ),
    )


def _has_haircut(header: BookHeader, asset: str) -> bool:
    row = header.held.get(asset)
    return row is not None and (row.haircut is not None or row.haircut_tiers is not None)


def _nothing_of(header: BookHeader, mode: Mode, contracts: Iterable[Contract]) -> PortfolioFile:
    """The draft of that account."""
    priced = {*header.draft.prices, header.currency, *STABLECOINS}
    named = {asset for one in contracts for asset in (one.base, one.quote)}
    assets = sorted(asset for asset in (priced | (named & priced)) if not mode.collateral.refuses(asset))
    nothing = [{"asset": asset, "amount": "0"} for asset in assets]
    stored = Stored("book", None, {"collateral_mode": mode.collateral_mode.value}, nothing, [])
    drafts = RowReader(header, stored).read()
    if drafts is None:
        raise ValueError("a header that was compiled means an account")
    return drafts.file
