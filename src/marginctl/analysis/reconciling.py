"""The venue's figures beside ours, and for each that does not meet the recomputation that makes it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from marginctl.analysis.check import Loaded
from marginctl.analysis.implied import Recomputed, WantedFigure, common, implied
from marginctl.core.account import STABLECOINS, Account, Basis, Position
from marginctl.core.assemble import report_of
from marginctl.core.contract import SIDES, HaircutTier
from marginctl.core.exact import ONE, ZERO
from marginctl.findings import Expectation
from marginctl.limits.expectation import expectations
from marginctl.portfolio.importing.book import ImportedBook
from marginctl.portfolio.importing.notebook import NotCompared
from marginctl.results.reconciliation import Agreement, ReconcileRow
from marginctl.wording import exact_percent, trimmed

NOT_EXPLAINED = "not explained"
ADVICE = ": a stale or personal bracket (--rates account, or the brackets answer)"
LIQUIDATION = "contract_liquidation_price"
MAINTENANCE = "maintenance_margin"


class Variation(NamedTuple):
    """An account that differs in one thing from the one imported, and what that is.

    ``keeps``: what met before must meet with it too. A venue may take another price for one figure only, but not
    another rate or fee.
    """

    reason: str
    account: Account
    keeps: bool = False


def reconciled(book: ImportedBook, loaded: Loaded) -> tuple[ReconcileRow, ...]:
    """One row per figure, the account's first, then pools and positions; figures that cannot be compared among them."""
    found = _expected(loaded, loaded.account)
    beyond = {one.name for one in found if not one.is_met}
    reasons = _reasons(book, loaded, found) if beyond else {}
    rows = [_row(one, reasons.get(one.name, NOT_EXPLAINED)) for one in found]
    rows += [_apart(one) for one in book.notes.apart]
    pools = {pool.name for pool in report_of(loaded.account, looks_ahead=False).pools}
    return tuple(sorted(rows, key=lambda row: _section(row.subject, pools)))


def _section(subject: str, pools: set[str]) -> int:
    return 0 if subject == "totals" else 1 if subject in pools else 2


def _expected(loaded: Loaded, account: Account) -> list[Expectation]:
    """Every expected figure with that of an account."""
    if loaded.file.expect is None:
        return []
    found, _ = expectations(loaded.file.expect, report_of(account), account, loaded.source)
    return found


def _row(one: Expectation, reason: str) -> ReconcileRow:
    verdict = Agreement.BEYOND if not one.is_met else Agreement.EQUAL if _is_equal(one) else Agreement.WITHIN
    share = None if one.tolerance is None or one.theirs is None else one.tolerance * abs(one.theirs)
    return ReconcileRow(
        subject=one.subject,
        figure=one.figure,
        unit=one.unit,
        ours=one.ours,
        venue=one.theirs,
        difference=one.difference,
        relative=one.relative,
        allowed=one.absolute if one.absolute is not None else share,
        verdict=verdict,
        reason=reason if verdict is Agreement.BEYOND else one.note,
    )


def _is_equal(one: Expectation) -> bool:
    """Whether ours, rounded to the venue's last digit, is theirs."""
    if one.difference is None or one.theirs is None:
        return True
    return 2 * abs(one.difference) < Decimal((0, (1,), int(one.theirs.normalize().as_tuple().exponent)))


def _apart(one: NotCompared) -> ReconcileRow:
    theirs = None if one.theirs is None else _decimal(one.theirs)
    return ReconcileRow(
        subject=one.subject,
        figure=one.figure,
        unit="",
        ours=None,
        venue=theirs,
        difference=None,
        relative=None,
        allowed=None,
        verdict=Agreement.NOT_COMPARABLE,
        reason=one.reason,
    )


def _reasons(book: ImportedBook, loaded: Loaded, found: Sequence[Expectation]) -> dict[str, str]:
    """By the name of a figure that does not meet: the first recomputation that makes it."""
    wanted = {one.name for one in found if not one.is_met}
    reasons: dict[str, str] = {}
    for variation in _variations(book, loaded, found):
        for name in _met_by(_expected(loaded, variation.account), found, variation) & wanted:
            reasons.setdefault(name, variation.reason)
        if wanted <= reasons.keys():
            return reasons
    rest = [one for one in found if one.name in wanted - reasons.keys()]
    told = {
        one.name: _tick(loaded, one) or _contradiction(loaded, book, found, one) or _orders(book, one) for one in rest
    }
    return reasons | {name: text for name, text in told.items() if text}


def _met_by(varied: Sequence[Expectation], found: Sequence[Expectation], variation: Variation) -> set[str]:
    """The figures that a variation makes meet; where it must keep, of subjects of which it loses none."""
    lost = {one.subject for one, before in zip(varied, found, strict=True) if before.is_met and not one.is_met}
    kept = [one for one in varied if not (variation.keeps and one.subject in lost)]
    return {one.name for one in kept if one.is_met and one.ours is not None}


def _variations(book: ImportedBook, loaded: Loaded, found: Sequence[Expectation]) -> Iterator[Variation]:
    """What may differ, in the order in which it is tried."""
    yield from _rates(loaded, found)
    yield from _fees(loaded, found)
    yield from _bases(loaded, found)
    yield from _moments(book, loaded.account)
    yield from _collateral(loaded, found)


def _positions_named(loaded: Loaded) -> Mapping[str, Position]:
    """Positions by every name that ``expect`` may call them."""
    found: dict[str, Position] = {}
    for one in loaded.account.positions:
        side = "long" if one.side == SIDES["long"] else "short"
        for name in (one.key, f"{one.contract.symbol}:{side}", one.contract.symbol):
            found.setdefault(name, one)
    return found


def _with(account: Account, changed: Mapping[str, Position]) -> Account:
    return replace(account, positions=tuple(changed.get(one.key, one) for one in account.positions))


def _at_rate(account: Account, position: Position, rate: Decimal) -> Account:
    return _with(account, {position.key: _rated(position, rate)})


def _recomputed(loaded: Loaded, name: str, varied: Callable[[Decimal], Account]) -> Recomputed:
    """An expected figure as a function of what is varied."""
    return lambda value: _figure_of(loaded, varied(value), name)


def _rated(position: Position, rate: Decimal) -> Position:
    return replace(position, maintenance_rate=rate, maintenance_growth=ZERO, maintenance_deduction=ZERO)


def _figure_of(loaded: Loaded, account: Account, name: str) -> Decimal | None:
    return next((one.ours for one in _expected(loaded, account) if one.name == name), None)


def _target(one: Expectation) -> WantedFigure:
    theirs = one.theirs or ZERO
    share = (one.tolerance or ZERO) * abs(theirs)
    return WantedFigure(theirs, one.absolute if one.absolute is not None else share)


def _rates(loaded: Loaded, found: Sequence[Expectation]) -> Iterator[Variation]:
    """The maintenance rate that a position's margin implies, or that of all; without one its liquidation price."""
    named = _positions_named(loaded)
    margined = {one.subject for one in found if one.figure == MAINTENANCE}
    changed: dict[str, Position] = {}
    reasons: list[str] = []
    for figure in (MAINTENANCE, LIQUIDATION):
        if figure == LIQUIDATION:
            yield from _one_rate(loaded, found)
        for one in found:
            position = named.get(one.subject)
            if one.is_met or one.figure != figure or position is None:
                continue
            if figure == LIQUIDATION and one.subject in margined:
                continue
            varied = partial(_at_rate, loaded.account, position)
            rate = implied(_recomputed(loaded, one.name, varied), _target(one))
            if rate is None:
                continue
            changed[position.key] = _rated(position, rate)
            reasons.append(_rate_reason(loaded, position, rate))
            yield Variation(reasons[-1], varied(rate), keeps=True)
    if len(changed) > 1:
        yield Variation("; ".join(reasons), _with(loaded.account, changed), keeps=True)


def _one_rate(loaded: Loaded, found: Sequence[Expectation]) -> Iterator[Variation]:
    """The rate of all positions that a maintenance margin of a pool or of the account implies."""
    named = _positions_named(loaded)
    for one in found:
        if one.is_met or one.figure != MAINTENANCE or one.subject in named:
            continue
        varied = partial(_all_at_rate, loaded.account)
        rate = implied(_recomputed(loaded, one.name, varied), _target(one))
        if rate is not None:
            reason = f"rate: {one.name} implies a maintenance rate of {exact_percent(rate)}% for all positions{ADVICE}"
            yield Variation(reason, varied(rate), keeps=True)
            return


def _all_at_rate(account: Account, rate: Decimal) -> Account:
    return _with(account, {one.key: _rated(one, rate) for one in account.positions})


def _rate_reason(loaded: Loaded, position: Position, rate: Decimal) -> str:
    rows = report_of(loaded.account, looks_ahead=False).positions
    here = next(one.maintenance_rate for one in rows if one.key == position.key)
    return (
        f"rate: the account's own figures imply a maintenance rate of {exact_percent(rate)}% for {position.key}, where "
        f"{exact_percent(here or ZERO)}% was used{ADVICE}"
    )


def _fees(loaded: Loaded, found: Sequence[Expectation]) -> Iterator[Variation]:
    """The fee at which the first margin that does not meet does."""
    account = loaded.account
    for one in found:
        if one.is_met or not one.figure.endswith("_margin"):
            continue
        fee = implied(_recomputed(loaded, one.name, partial(_with_fee, account)), _target(one))
        if fee is not None:
            text = f"fee: the figure implies a taker fee of {exact_percent(fee)}%"
            yield Variation(text, _with_fee(account, fee), keeps=True)
            return


def implied_fee(loaded: Loaded) -> Decimal | None:
    """The fee that all expected initial margins of positions agree on; None without one."""
    named, account = _positions_named(loaded), loaded.account
    margins = [
        (_recomputed(loaded, one.name, partial(_with_fee, account)), _target(one))
        for one in _expected(loaded, account)
        if one.subject in named and one.figure == "initial_margin" and one.theirs
    ]
    return common(margins) if margins else None


def _with_fee(account: Account, fee: Decimal) -> Account:
    return replace(
        account,
        positions=tuple(replace(one, taker_fee=fee) for one in account.positions),
        orders=tuple(replace(one, taker_fee=fee) for one in account.orders),
    )


def _bases(loaded: Loaded, found: Sequence[Expectation]) -> Iterator[Variation]:
    """Margins taken on the other price, the entry or the mark; a maintenance margin that stays as it is today."""
    account = loaded.account
    for other in Basis:
        rules = replace(account.rules, initial_basis=other, maintenance_basis=other)
        own = account.isolated_rules
        isolated = own and replace(own, initial_basis=other, maintenance_basis=other)
        text = f"basis: the venue takes its margins on the {other.value} price"
        yield Variation(text, replace(account, rules=rules, isolated_rules=isolated))
    named = _positions_named(loaded)
    for one in found:
        position = named.get(one.subject)
        if not one.is_met and one.figure == LIQUIDATION and position is not None:
            kept = "basis: the venue keeps the maintenance margin of today's mark on the way to its price"
            yield Variation(kept, _margin_kept(loaded, position))


def _moments(book: ImportedBook, account: Account) -> Iterator[Variation]:
    """The marks of another answer of the run."""
    for answer in book.gathered.answers:
        marks = {
            (row.symbol, row.side): _decimal(row.mark_price.value)
            for row in answer.positions
            if row.mark_price is not None
        }
        changed = {
            one.key: replace(one, mark_price=mark)
            for one in account.positions
            for name, mark in marks.items()
            if name == (one.contract.symbol, "long" if one.side == SIDES["long"] else "short")
            and mark != one.mark_price
        }
        if changed:
            yield Variation(f"moment: it is computed with the marks of {answer.file}", _with(account, changed))


def _collateral(loaded: Loaded, found: Sequence[Expectation]) -> Iterator[Variation]:
    """A stablecoin at 1, no haircut on an asset, or the haircut that equity implies."""
    account = loaded.account
    for asset, price in account.prices.items():
        if asset in STABLECOINS and price != ONE:
            yield Variation(f"price: the venue counts {asset} at 1", _priced(account, asset))
    for asset in account.balances:
        yield Variation(f"haircut: the venue counts {asset} without one", _cut(account, asset, ZERO))
    for one in found:
        if one.is_met or one.figure != "equity":
            continue
        for asset in account.balances:
            cut = implied(_recomputed(loaded, one.name, partial(_cut, account, asset)), _target(one))
            if cut is not None and cut <= ONE:
                reason = f"haircut: the venue's equity implies {exact_percent(cut)}% on {asset}"
                yield Variation(reason, _cut(account, asset, cut), keeps=True)


def _priced(account: Account, asset: str) -> Account:
    return replace(account, prices={**account.prices, asset: ONE})


def _cut(account: Account, asset: str, haircut: Decimal) -> Account:
    terms = account.terms.get(asset)
    if terms is None:
        return account
    return replace(account, terms={**account.terms, asset: replace(terms, haircuts=(HaircutTier(None, haircut),))})


def _margin_kept(loaded: Loaded, position: Position) -> Account:
    """No maintenance margin, and so much less in the asset that the position settles in."""
    account, settle = loaded.account, position.contract.settle
    report = report_of(account, looks_ahead=False)
    pool = next(row.pool for row in report.positions if row.key == position.key)
    amount = next(row.maintenance_margin for row in report.pools if row.name == pool) / account.prices[settle]
    others = _with_fee(_with(account, {one.key: _rated(one, ZERO) for one in account.positions}), ZERO)
    return replace(others, balances={**others.balances, settle: others.balances.get(settle, ZERO) - amount})


def _tick(loaded: Loaded, one: Expectation) -> str:
    """A price that lies one step of the contract's price beside ours."""
    position = _positions_named(loaded).get(one.subject)
    tick = position.contract.tick_size if position else None
    if tick is None or one.difference is None or not one.figure.endswith("_price"):
        return ""
    return "tick: one step of the contract's price" if abs(abs(one.difference) - tick) <= (one.absolute or ZERO) else ""


def _contradiction(loaded: Loaded, book: ImportedBook, found: Sequence[Expectation], one: Expectation) -> str:
    """Figures of an answer that cannot all be right: profit, quantity x mark and notional, rows and their total."""
    start = f"{one.subject.partition(':')[0]}:"
    if any(text.startswith(start) and "contradicts itself" in text for text in _remarks(book)):
        return "contradiction: entry, mark and profit of the answer do not go together"
    if one.figure == "notional":
        return "contradiction: quantity x mark of the answer is not its notional"
    positions = _positions_named(loaded)
    rows = [row for row in found if row.figure == one.figure and row.subject in positions]
    if one.subject != "totals" or one.theirs is None or not rows or any(row.unit for row in rows):
        return ""
    total = sum((row.theirs for row in rows if row.theirs is not None), ZERO)
    is_apart = abs(total - one.theirs) > len(rows) * (one.absolute or ZERO)
    return f"contradiction: the positions of the answer add up to {trimmed(total)}" if is_apart else ""


def _orders(book: ImportedBook, one: Expectation) -> str:
    """A total that may hold the margin of orders that the file lacks."""
    left_out = book.gathered.orders_left_out
    return f"it may hold the margin of what was left out: {left_out}" if left_out and one.subject == "totals" else ""


def _remarks(book: ImportedBook) -> list[str]:
    return [text for texts in book.notes.remarks.values() for text in texts]


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
