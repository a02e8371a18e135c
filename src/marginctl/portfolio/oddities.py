"""Figures of a portfolio that may be meant, but that no venue and no market has: facts, as nothing refuses them."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from marginctl.document.nodes import Node
from marginctl.document.record import Key, Record
from marginctl.portfolio.format import AccountEntry, ContractEntry, DeclaredTier, PortfolioFile, PositionEntry
from marginctl.portfolio.reading import Reading, percent, short

if TYPE_CHECKING:
    from marginctl.portfolio.positions import StatedPosition

CODE = "MC216"
HIGHEST: dict[Key[Any], Decimal] = {
    AccountEntry.taker_fee: Decimal("0.05"),
    AccountEntry.liquidation_level: Decimal(10),
    PositionEntry.maintenance_rate: Decimal(1),
    PositionEntry.funding_rate: Decimal("0.1"),
    DeclaredTier.maintenance_rate: Decimal(1),
}
"""The largest amount of each key that is no oddity, whatever its sign."""
RATES = frozenset(HIGHEST) - {AccountEntry.liquidation_level}
STEEPEST = Decimal(20)
"""The largest beta: an asset that moves by 20% where all others move by 1%."""
FARTHEST = Decimal(100)
"""How many times the mark an entry price may be, or the mark an entry price."""


def observe_oddities(reading: Reading, draft: PortfolioFile, rows: "Iterable[StatedPosition]") -> None:
    """Note every figure that is far from what venues and markets have."""
    for subject, message, node in (*_of_file(draft), *_of_entries(rows)):
        reading.observe(CODE, subject, message, node)


def _of_file(draft: PortfolioFile) -> Iterator[tuple[str, str, Node]]:
    if draft.account is not None:
        yield from _beyond("account", "account", draft.account, AccountEntry.taker_fee, AccountEntry.liquidation_level)
    for word, beta, node in draft.betas.rows():
        if abs(beta) > STEEPEST:
            yield word.text, f"the beta of {short(word.text)} is {beta:f}, beyond {STEEPEST}", node
    for word, contract, _ in draft.contracts.rows():
        yield from _of_tiers(word.text, contract)
    for row in draft.positions:
        yield from _beyond(
            row.symbol, short(row.symbol), row, PositionEntry.maintenance_rate, PositionEntry.funding_rate
        )


def _of_tiers(symbol: str, contract: ContractEntry) -> Iterator[tuple[str, str, Node]]:
    for tier in contract.tiers or ():
        yield from _beyond(symbol, f"a tier of {short(symbol)}", tier, DeclaredTier.maintenance_rate)
        maintenance, initial = _rate(tier.maintenance_rate), _rate(tier.initial_rate)
        if maintenance is not None and initial is not None and maintenance > initial:
            rates = f"{percent(maintenance)} against {percent(initial)}"
            message = f"a tier of {short(symbol)} asks for more maintenance than initial margin: {rates}"
            yield symbol, message, tier.at(DeclaredTier.maintenance_rate)


def _of_entries(rows: "Iterable[StatedPosition]") -> Iterator[tuple[str, str, Node]]:
    for row in rows:
        entry, mark = row.position.entry_price, row.position.mark_price
        if not entry <= mark * FARTHEST or not mark <= entry * FARTHEST:
            message = f"the entry price of {short(row.draft.symbol)} is {entry:f}, its mark {mark:f}"
            yield row.draft.symbol, message, row.draft.at(PositionEntry.entry_price)


def _rate(value: Any) -> Decimal | None:
    """A figure; of a rate that grows with the size nothing is said."""
    return value if isinstance(value, Decimal) else None


def _beyond(subject: str, whose: str, record: Record, *keys: Key[Any]) -> Iterator[tuple[str, str, Node]]:
    """Those of the keys whose value lies beyond its highest."""
    for one in keys:
        value, highest = _rate(getattr(record, one.name)), HIGHEST[one]
        if value is not None and abs(value) > highest:
            shown, most = (percent(value), percent(highest)) if one in RATES else (f"{value:f}", f"{highest}")
            yield subject, f"`{one.name}` of {whose} is {shown}, beyond {most}", record.at(one)
