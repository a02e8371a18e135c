"""Figures of a portfolio that may be meant, but that no venue and no market has: facts, as nothing refuses them."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from marginctl.core.exact import ONE, ZERO
from marginctl.document.nodes import Node
from marginctl.document.record import Key, Record
from marginctl.limits.format import WaiverEntry
from marginctl.portfolio.format import (
    AccountEntry,
    AssetEntry,
    CollateralEntry,
    ContractEntry,
    DeclaredTier,
    OrderEntry,
    PortfolioFile,
    PositionEntry,
)
from marginctl.portfolio.reading import Reading, percent, short

if TYPE_CHECKING:
    from marginctl.portfolio.orders import Placed
    from marginctl.portfolio.positions import StatedPosition

CODE = "MC216"
PRICES = Decimal("1e-15"), Decimal("1e12")
"""The least and the highest price in any currency: far beyond the cheapest token, and a bitcoin in dong."""
QUANTITIES = Decimal("1e-12"), Decimal("1e18")
MAINTENANCE = Decimal("0.0001"), ONE
"""A contract with 1,001x keeps 0.05%; that 0 is left of the margin is a finding of its own."""
HIGHEST_LEVERAGE = Decimal(2000)
USUAL: dict[Key[Any], tuple[Decimal, Decimal]] = {
    AccountEntry.taker_fee: (ZERO, Decimal("0.05")),
    AccountEntry.liquidation_level: (ZERO, Decimal(10)),
    CollateralEntry.amount: (ZERO, QUANTITIES[1]),
    CollateralEntry.loan_rate: (ZERO, ONE),
    AssetEntry.ratio: (Decimal("1e-9"), Decimal("1e9")),
    ContractEntry.contract_size: QUANTITIES,
    PositionEntry.quantity: QUANTITIES,
    PositionEntry.mark_price: PRICES,
    PositionEntry.leverage: (ZERO, HIGHEST_LEVERAGE),
    PositionEntry.initial_rate: (ZERO, ONE),
    PositionEntry.maintenance_rate: MAINTENANCE,
    PositionEntry.funding_rate: (ZERO, Decimal("0.1")),
    DeclaredTier.maintenance_rate: MAINTENANCE,
    DeclaredTier.initial_rate: (ZERO, ONE),
    DeclaredTier.max_leverage: (ONE, HIGHEST_LEVERAGE),
    OrderEntry.quantity: QUANTITIES,
    OrderEntry.price: PRICES,
    OrderEntry.leverage: (ONE, HIGHEST_LEVERAGE),
    OrderEntry.initial_rate: (ZERO, ONE),
}
"""From where to where the amount of each key is no oddity, whatever its sign; 0 is none."""
RATES = frozenset(
    {
        AccountEntry.taker_fee,
        CollateralEntry.loan_rate,
        PositionEntry.initial_rate,
        PositionEntry.maintenance_rate,
        PositionEntry.funding_rate,
        DeclaredTier.maintenance_rate,
        DeclaredTier.initial_rate,
        OrderEntry.initial_rate,
    }
)
STEEPEST = Decimal(20)
"""The largest beta: an asset that moves by 20% where all others move by 1%."""
FARTHEST = Decimal(100)
"""How many times the mark an entry price or the price of an order may be, or the mark one of them."""
YEARS = range(2009, 2100)
"""Of dates: from the first coin to where no contract and no agreement of today leads."""


def observe_oddities(
    reading: Reading, draft: PortfolioFile, rows: "Iterable[StatedPosition]", placed: "Iterable[Placed]" = ()
) -> None:
    """Note every figure that is far from what venues and markets have."""
    rows = list(rows)
    odd = (*_of_account(draft), *_of_assets(draft), *_of_contracts(draft), *_of_rows(draft), *_of_entries(rows, placed))
    for subject, message, node in odd:
        reading.observe(CODE, subject, message, node)


def _of_account(draft: PortfolioFile) -> Iterator[tuple[str, str, Node]]:
    if draft.account is not None:
        yield from _beyond("account", "account", draft.account)
        yield from _date("account", "account", draft.account, AccountEntry.as_of)
    for one in draft.waivers:
        code = getattr(one, WaiverEntry.code.attribute, "")  # what is wrong with waivers is told beside the report
        yield from _date(code, f"the waiver of {short(code)}" if code else "a waiver", one, WaiverEntry.until)


def _of_assets(draft: PortfolioFile) -> Iterator[tuple[str, str, Node]]:
    for word, beta, node in draft.betas.rows():
        if abs(beta) > STEEPEST:
            yield word.text, f"the beta of {short(word.text)} is {beta:f}, beyond {STEEPEST}", node
    for word, price, node in draft.prices.rows():
        if found := _off(price, PRICES):
            yield word.text, f"the price of {short(word.text)} is {price:f}, {found[0]} {found[1]:f}", node
    for word, asset, _ in draft.assets.rows():
        yield from _beyond(word.text, short(word.text), asset)
    for row in draft.collateral:
        yield from _beyond(row.asset, short(row.asset), row)
        if row.haircut == ONE and row.amount > 0 and draft.origin is None:  # an import says why it does not count
            message = f"`haircut` of {short(row.asset)} is 100%: nothing of it counts"
            yield row.asset, message, row.at(CollateralEntry.haircut)


def _of_contracts(draft: PortfolioFile) -> Iterator[tuple[str, str, Node]]:
    for word, contract, _ in draft.contracts.rows():
        yield from _beyond(word.text, short(word.text), contract)
        yield from _date(word.text, short(word.text), contract, ContractEntry.expiry)
        for tier in contract.tiers or ():
            yield from _beyond(word.text, f"a tier of {short(word.text)}", tier)
            maintenance, initial = _rate(tier.maintenance_rate), _rate(tier.initial_rate)
            if maintenance is not None and initial is not None and maintenance > initial:
                rates = f"{percent(maintenance)} against {percent(initial)}"
                message = f"a tier of {short(word.text)} asks for more maintenance than initial margin: {rates}"
                yield word.text, message, tier.at(DeclaredTier.maintenance_rate)


def _of_rows(draft: PortfolioFile) -> Iterator[tuple[str, str, Node]]:
    for row in draft.positions:
        yield from _beyond(row.symbol, short(row.symbol), row)
    for order in draft.orders:
        yield from _beyond(order.symbol, f"an order on {short(order.symbol)}", order)


def _of_entries(rows: "list[StatedPosition]", placed: "Iterable[Placed]") -> Iterator[tuple[str, str, Node]]:
    marks = {row.position.contract.symbol: row.position.mark_price for row in rows}
    for row in rows:
        entry, mark = row.position.entry_price, row.position.mark_price
        if _is_far(entry, mark):
            message = f"the entry price of {short(row.draft.symbol)} is {entry:f}, its mark {mark:f}"
            yield row.draft.symbol, message, row.draft.at(PositionEntry.entry_price)
    for one in placed:
        price, mark = one.draft.price, marks.get(one.order.contract.symbol, one.draft.price)
        if _is_far(price, mark) and not _off(price, PRICES):
            message = f"the price of an order on {short(one.draft.symbol)} is {price:f}, the mark {mark:f}"
            yield one.draft.symbol, message, one.draft.at(OrderEntry.price)


def _is_far(one: Decimal, mark: Decimal) -> bool:
    return one > mark * FARTHEST or mark > one * FARTHEST


def _rate(value: Any) -> Decimal | None:
    """A figure; of a rate that grows with the size nothing is said."""
    return value if isinstance(value, Decimal) else None


def _off(value: Decimal, usual: tuple[Decimal, Decimal]) -> tuple[str, Decimal] | None:
    """On which side of what is usual a figure lies, and the end that it passes."""
    least, most = usual
    if abs(value) > most:
        return "beyond", most
    return ("below", least) if value and abs(value) < least else None


def _beyond(subject: str, whose: str, record: Record) -> Iterator[tuple[str, str, Node]]:
    """Those keys of a record whose value is none of the usual ones."""
    for one in type(record).layout.keys:
        if one not in USUAL:
            continue
        value = _rate(getattr(record, one.attribute, None))
        found = None if value is None else _off(value, USUAL[one])
        if value is not None and found is not None:
            shown, end = (percent(value), percent(found[1])) if one in RATES else (f"{value:f}", f"{found[1]:f}")
            yield subject, f"`{one.name}` of {whose} is {shown}, {found[0]} {end}", record.at(one)


def _date(subject: str, whose: str, record: Record, key: Key[Any]) -> Iterator[tuple[str, str, Node]]:
    """A date in a year that no contract of today sees."""
    value = getattr(record, key.attribute, None)
    if value and int(str(value)[:4]) not in YEARS:
        yield subject, f"`{key.name}` of {whose} is {value}, not from {YEARS[0]} to {YEARS[-1]}", record.at(key)
