"""One book under many rules: the file as it stands, in each mode, and on other venues."""

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from marginctl.analysis.check import Loaded, Settings, load_portfolio, rule_set_of
from marginctl.core.account import Account
from marginctl.core.assemble import report_of
from marginctl.core.exact import ZERO, ratio
from marginctl.core.model import MarginModel
from marginctl.core.pooling import set_apart
from marginctl.core.position_figures import JointCrossings
from marginctl.core.report import PoolFigures, Report, RulesUsed
from marginctl.document.source import echo
from marginctl.findings import Location, Problem
from marginctl.limits.verdict import ExitCode
from marginctl.portfolio.carrying import Carrier
from marginctl.results.comparison import (
    AS_IS,
    COMPLETE,
    FAILED,
    INCOMPLETE,
    ISOLATED_ROW,
    CarriedChange,
    ComparedRow,
    CompareResult,
    MappedContract,
    NotCarried,
)
from marginctl.venues.loader import bundled, named
from marginctl.venues.rule_set import Mode, RuleSet

PORTFOLIO = "portfolio"
MODES = {ISOLATED_ROW: None, "cross": "single-asset", "multi-asset": "multi-asset", PORTFOLIO: "multi-asset"}
"""Rows by mode, with the collateral mode that each has."""
NO_PARAMETERS = NotCarried(
    what="parameters", name="portfolio_margin", remedy="add `portfolio_margin:` to a file under generic"
)


class CompareOptions(Struct, frozen=True, kw_only=True):
    """Which rows: modes and venues, None = the default ones. ``strict``: every row that is asked for must be whole."""

    modes: tuple[str, ...] | None = None
    venues: tuple[str, ...] | None = None
    maps_quotes: bool = False
    strict: bool = False


class CarriedBook(Struct, frozen=True):
    """An account as one row takes it, with what had to be done to it."""

    account: Account
    rules: RulesUsed
    assumptions: tuple[str, ...]
    mapped: tuple[MappedContract, ...] = ()
    changed: tuple[CarriedChange, ...] = ()
    missing: tuple[NotCarried, ...] = ()


def compare(data: bytes, name: str, settings: Settings, wanted: CompareOptions = CompareOptions()) -> CompareResult:  # noqa: B008
    """All rows of one file."""
    loaded, problems = load_portfolio(data, name, settings)
    problems = problems or unknown_names(name, wanted, settings)
    if loaded is None or problems:
        return CompareResult(file=name, exit_code=ExitCode.NOT_CHECKED.value, problems=tuple(problems))
    rows = dict(_rows(data, name, settings, loaded, wanted))
    return CompareResult(
        file=name,
        exit_code=_exit_code(rows, wanted).value,
        account=report_of(loaded.account, looks_ahead=False).account,
        positions=len(loaded.account.positions),
        rows=rows,
    )


def unknown_names(name: str, wanted: CompareOptions, settings: Settings) -> list[Problem]:
    """Modes and venues that do not exist."""
    found = []
    for mode in wanted.modes or ():
        if mode not in MODES:
            message = f"--modes: no mode is called {echo(mode)}"
            found.append(Problem(Location(name), "MC015", message, f"known: {', '.join(MODES)}"))
    for venue in wanted.venues or ():
        if venue != "all" and named(venue, directory=settings.rules_dir)[0] is None:
            known = ", ".join(bundled())
            message = f"--venues: no rule set is called {echo(venue)}"
            found.append(Problem(Location(name), "MC015", message, f"known: {known}, or all"))
    return found


def _exit_code(rows: Mapping[str, ComparedRow], wanted: CompareOptions) -> ExitCode:
    """0: the file as it stands and another row are whole; under ``strict`` all of them."""
    whole = [row.is_complete for row in rows.values()]
    is_enough = all(whole) if wanted.strict else rows[AS_IS].is_complete and sum(whole) > 1
    return ExitCode.PASSED if is_enough else ExitCode.NOT_CHECKED


def _rows(
    data: bytes, name: str, settings: Settings, loaded: Loaded, wanted: CompareOptions
) -> Iterator[tuple[str, ComparedRow]]:
    own = CarriedBook(loaded.account, loaded.resolved.rules_used, loaded.resolved.assumptions)
    modes = wanted.modes or tuple(_default_modes(loaded, settings))
    reference = _isolated_row(own)
    yield AS_IS, _against(_row(own, _mode_of(loaded.account)), reference)
    for mode in modes:
        yield mode, _against(_own_row(data, name, settings, loaded, mode), reference)
    for venue in _venues(wanted, loaded):
        yield from _venue_rows(name, settings, loaded, venue, wanted)


def _default_modes(loaded: Loaded, settings: Settings) -> Iterator[str]:
    """The modes that the file's venue has; portfolio where the file says how."""
    rule_set, _ = rule_set_of(loaded.file, loaded.source, settings)
    for mode, collateral_mode in MODES.items():
        is_offered = rule_set is None or collateral_mode is None or rule_set.mode(collateral_mode) is not None
        if is_offered and (mode != PORTFOLIO or _model_of(loaded, rule_set)):
            yield mode


def _venues(wanted: CompareOptions, loaded: Loaded) -> Iterable[str]:
    names = wanted.venues or ()
    every = [one for one in bundled() if one != loaded.account.venue]
    return every if "all" in names else names


def _mode_of(account: Account) -> str:
    return account.collateral_mode.value if account.model is None else "portfolio"


def _model_of(loaded: Loaded, rule_set: RuleSet | None) -> str:
    """The model of the row ``portfolio``: the file's own, else scenario with moves or expected shortfall."""
    if loaded.account.model is not None:
        return loaded.account.margin_model
    mode = None if rule_set is None else rule_set.mode(MODES[PORTFOLIO])
    if mode is not None and mode.portfolio_margin is not None:
        return MarginModel.SCENARIO.value
    settings = loaded.file.portfolio_margin
    if settings is None:
        return ""
    if settings.underlyings:
        return MarginModel.SCENARIO.value
    return MarginModel.EXPECTED_SHORTFALL.value if loaded.file.history is not None else ""


def _own_row(data: bytes, name: str, settings: Settings, loaded: Loaded, wanted: str) -> ComparedRow:
    """A row on the file's own venue."""
    if wanted == ISOLATED_ROW:
        return _isolated_row(CarriedBook(loaded.account, loaded.resolved.rules_used, loaded.resolved.assumptions))
    rule_set, _ = rule_set_of(loaded.file, loaded.source, settings)
    model = _model_of(loaded, rule_set) if wanted == PORTFOLIO else "tiered"
    if not model:
        return _failed(loaded.account.venue, wanted, (NO_PARAMETERS,))
    sets = (("account.collateral_mode", str(MODES[wanted])), ("account.margin_model", model))
    other, problems = load_portfolio(data, name, replace(settings, sets=(*settings.sets, *sets)))
    if other is None:
        return _failed(loaded.account.venue, wanted, _missing_of(problems))
    return _row(CarriedBook(other.account, other.resolved.rules_used, other.resolved.assumptions), wanted)


def _missing_of(problems: Iterable[Problem]) -> tuple[NotCarried, ...]:
    return tuple(NotCarried(what=one.code, name=one.message, remedy=one.help) for one in problems)


def _failed(venue: str, mode: str, missing: tuple[NotCarried, ...]) -> ComparedRow:
    return ComparedRow(venue=venue, mode=mode, model=None, status=FAILED, missing=missing)


def _isolated_row(book: CarriedBook) -> ComparedRow:
    unknown = [one.contract.symbol for one in book.account.positions if not one.has_rates]
    if unknown:
        rates = "add `leverage:` and `maintenance_rate:`, or the tiers of its contract"
        missing = tuple(NotCarried(what="rates", name=symbol, remedy=rates) for symbol in dict.fromkeys(unknown))
        return _failed(book.account.venue, ISOLATED_ROW, missing)
    account, short = set_apart(book.account)
    return replace(_row(replace(book, account=account), ISOLATED_ROW), shortfall=short)


def _row(book: CarriedBook, mode: str) -> ComparedRow:
    report = report_of(book.account, crossings=JointCrossings())
    totals = report.totals
    used = totals.initial_margin + totals.order_margin
    return ComparedRow(
        venue=book.account.venue,
        mode=mode,
        model=book.account.margin_model,
        status=INCOMPLETE if book.missing else COMPLETE,
        pools=len(report.pools),
        equity=totals.equity,
        haircut=totals.haircut,
        initial_margin=totals.initial_margin,
        order_margin=totals.order_margin,
        maintenance_margin=totals.maintenance_margin,
        free_collateral=_free(report.pools),
        utilization=ratio(used, totals.equity),
        maintenance_ratio=totals.maintenance_ratio,
        liquidatable=totals.liquidatable,
        liquidation=report.liquidation,
        shortfall=dict(_shortfall(report, book.account)),
        mapped=book.mapped,
        changed=book.changed,
        missing=book.missing,
        assumptions=book.assumptions,
        rules=book.rules,
    )


def _free(pools: tuple[PoolFigures, ...]) -> Decimal:
    """sum over pools of max(0, equity - margins); of one pool signed."""
    if len(pools) == 1:
        return pools[0].free_collateral
    return sum((max(ZERO, pool.free_collateral) for pool in pools), ZERO)


def _shortfall(report: Report, account: Account) -> Iterator[tuple[str, Decimal]]:
    """Units by asset that the margins of a pool of one asset ask beyond its equity."""
    for pool in report.pools:
        _, _, asset = pool.name.partition(":")
        if pool.free_collateral < 0 and asset in account.prices:
            yield asset, -pool.free_collateral / account.prices[asset]


def _against(row: ComparedRow, reference: ComparedRow) -> ComparedRow:
    """The row with what it saves against isolated positions on the same venue."""
    whole = row.is_complete and reference.is_complete
    if not whole or row.initial_margin is None or reference.initial_margin is None:
        return row
    saving = reference.initial_margin - row.initial_margin
    return replace(row, saving=saving, saving_rate=ratio(saving, reference.initial_margin))


def _venue_rows(
    name: str, settings: Settings, loaded: Loaded, venue: str, wanted: CompareOptions
) -> Iterator[tuple[str, ComparedRow]]:
    """The modes that a venue has; one that is asked for by name and that it does not have is a row that failed."""
    rule_set, problems = named(venue, directory=settings.rules_dir)
    if rule_set is None:
        yield venue, _failed(venue, "", _missing_of(problems))
        return
    books = {
        one.collateral_mode.value: _carried(name, settings, loaded, rule_set, one, wanted) for one in rule_set.modes
    }
    first = next(iter(books.values()))
    reference = _isolated_row(first) if isinstance(first, CarriedBook) else first
    for one in wanted.modes or MODES:
        book = books.get(MODES[one] or "")
        if one == ISOLATED_ROW and rule_set.modes[0].offers_isolated:
            yield f"{venue}/{one}", _against(reference, reference)
        elif one == PORTFOLIO:
            mode = rule_set.mode(MODES[one])
            if mode is not None and mode.portfolio_margin is not None:
                book = _carried(name, settings, loaded, rule_set, mode, wanted, MarginModel.SCENARIO)
                yield f"{venue}/{one}", _against(_row_of(book, one), reference)
            elif wanted.modes:
                yield f"{venue}/{one}", _failed(venue, one, (NO_PARAMETERS,))
        elif book is not None:
            yield f"{venue}/{one}", _against(_row_of(book, one), reference)


def _row_of(book: CarriedBook | ComparedRow, mode: str) -> ComparedRow:
    return _row(book, mode) if isinstance(book, CarriedBook) else replace(book, mode=mode)


def _carried(
    name: str,
    settings: Settings,
    loaded: Loaded,
    rule_set: RuleSet,
    mode: Mode,
    wanted: CompareOptions,
    model: MarginModel = MarginModel.TIERED,
) -> CarriedBook | ComparedRow:
    """The book on another venue; a failed row where it does not resolve there."""
    header = loaded.file.account
    fee = None if header is None else header.taker_fee
    found = Carrier(loaded.account, rule_set, mode, fee, wanted.maps_quotes).carried()
    document = {**found.document, "account": {**found.document["account"], "margin_model": model.value}}
    text = json.dumps({"schema": "marginctl.portfolio/1", **document})
    plain = replace(settings, sets=(), shocks={}, policy=None, baseline=None, known=frozenset(loaded.account.prices))
    other, problems = load_portfolio(text.encode(), str(Path(name).with_suffix(".json")), plain)
    if other is None:
        return _failed(rule_set.name, mode.collateral_mode.value, (*found.missing, *_missing_of(problems)))
    resolved = other.resolved
    return CarriedBook(
        other.account, resolved.rules_used, resolved.assumptions, found.mapped, found.changed, found.missing
    )
