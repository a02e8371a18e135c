"""Rows of `positions:` -> positions, merged where they are one."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import MarginMode, MarginRules, Position, PositionMode
from marginctl.core.contract import Contract, ContractType, side_word
from marginctl.core.exact import ONE, ZERO
from marginctl.core.value import merged_entry
from marginctl.document.record import Key
from marginctl.document.source import echo
from marginctl.portfolio.contracts import Contracts
from marginctl.portfolio.format import PositionEntry
from marginctl.portfolio.margins import as_published, check_margins, observe_fraction
from marginctl.portfolio.prices import Prices
from marginctl.portfolio.reading import Reading, short
from marginctl.venues.contracts import GrowingRate, rate_and_growth

if TYPE_CHECKING:
    from marginctl.venues.rule_set import RuleSet

SAME_ON_EVERY_ROW: tuple[Key[Any], ...] = (
    PositionEntry.initial_rate,
    PositionEntry.leverage,
    PositionEntry.maintenance_rate,
    PositionEntry.maintenance_deduction,
    PositionEntry.mark_price,
    PositionEntry.funding_rate,
    PositionEntry.funding_interval,
    PositionEntry.purpose,
)


class StatedPosition(Struct):
    """One row with the position it makes; ``counted``: in contracts, not as a notional.

    ``number`` in the list. ``parts``: what was merged into it.
    """

    draft: PositionEntry
    position: Position
    counted: bool = True
    number: int = 0
    parts: "tuple[StatedPosition, ...]" = ()

    @property
    def lots(self) -> "tuple[StatedPosition, ...]":
        """The rows as they stand in the file."""
        return self.parts or (self,)


class Defaults(Struct, frozen=True):
    """What rows may leave out, and the rules that they fall under; ``funding_interval`` in hours.

    needs_rates: whether cross positions need rates of their own, instead of a model of the whole.
    """

    taker_fee: Decimal | None
    funding_interval: Decimal
    rules: MarginRules
    isolated_rules: MarginRules | None
    rule_set: "RuleSet"
    needs_rates: bool = True

    def rules_of(self, position: Position) -> MarginRules:
        """The rules of a position's pool."""
        isolated = self.isolated_rules if position.margin_mode is MarginMode.ISOLATED else None
        return isolated or self.rules


def positions(
    reading: Reading,
    rows: list[PositionEntry],
    contracts: Contracts,
    prices: Prices,
    mode: PositionMode,
    defaults: Defaults,
) -> list[StatedPosition]:
    """All positions of a portfolio after merging, in the order of their first rows."""
    known: list[tuple[PositionEntry, Contract]] = []
    for draft in rows:
        contract = contracts.resolve(draft.symbol, draft.at(PositionEntry.symbol))
        if contract is not None:
            known.append((draft, contract))
            if draft.mark_price is not None:
                prices.give_mark(contract, draft.mark_price, draft.at(PositionEntry.mark_price))
    read = [row for draft, contract in known if (row := _row(reading, draft, contract, prices, defaults))]
    for number, row in enumerate(read):
        row.number = number
    merged = _merged(reading, read)
    if mode is PositionMode.ONE_WAY:
        _refuse_opposite_sides(reading, merged)
    _name(merged)
    for row in merged:
        reading.locations[row.position.key] = reading.source.location(row.draft.node)
        if row.counted:
            observe_fraction(reading, row.draft.at(PositionEntry.quantity), row.position.key, row.position)
        check_margins(reading, row.draft, row.position, prices, defaults.rule_set, defaults.rules_of(row.position))
    return merged


def _row(
    reading: Reading, draft: PositionEntry, contract: Contract, prices: Prices, defaults: Defaults
) -> StatedPosition | None:
    _refuse_contradictions(reading, draft, contract)
    _observe_auto_add(reading, draft, contract)
    mark = prices.mark(contract, draft.at(PositionEntry.symbol))
    if mark is None:
        return None
    quantity = _quantity(reading, draft, contract, mark)
    if quantity is None:
        return None
    entry = draft.entry_price
    if entry is None:
        reading.assume(f"{short(contract.symbol)} entry_price = mark")
        entry = mark
    initial_rate, initial_growth = rate_and_growth(draft.initial_rate)
    maintenance_rate, maintenance_growth = rate_and_growth(draft.maintenance_rate)
    position = Position(
        key=contract.symbol,
        contract=contract,
        side=draft.side,
        quantity=quantity,
        entry_price=entry,
        mark_price=mark,
        initial_rate=initial_rate,
        initial_growth=initial_growth,
        leverage=draft.leverage,
        initial_margin=draft.initial_margin,
        maintenance_rate=maintenance_rate,
        maintenance_growth=maintenance_growth,
        maintenance_deduction=draft.maintenance_deduction,
        margin_mode=draft.margin_mode,
        isolated_margin=draft.isolated_margin,
        funding_rate=draft.funding_rate,
        funding_interval=draft.funding_interval or defaults.funding_interval,
        taker_fee=defaults.taker_fee or ZERO,
        purpose=draft.purpose,
    )
    position = _with_published_rates(position, defaults.rule_set)
    needed = defaults.needs_rates or position.margin_mode is MarginMode.ISOLATED
    complete = not needed or _has_rates(reading, draft, position)
    return StatedPosition(draft, position, PositionEntry.quantity in draft) if complete else None


def _with_published_rates(position: Position, rule_set: "RuleSet") -> Position:
    """A position with the rates of its contract where it states none and the venue's file has them."""
    listed = as_published(position, rule_set)
    if position.maintenance_rate is None:
        position = replace(
            position, maintenance_rate=listed.maintenance_rate, maintenance_growth=listed.maintenance_growth
        )
    if position.has_initial:
        return position
    return replace(position, initial_rate=listed.initial_rate, initial_growth=listed.initial_growth)


def _refuse_contradictions(reading: Reading, draft: PositionEntry, contract: Contract) -> None:
    stated: tuple[Key[Any], ...] = (PositionEntry.leverage, PositionEntry.initial_rate, PositionEntry.initial_margin)
    rates = [one for one in stated if one in draft]
    if len(rates) > 1:
        names = " and ".join(f"`{one.name}`" for one in rates)
        reading.refuse(draft.at(rates[1]), "MC016", f"{names} contradict each other", "keep one of them")
    if PositionEntry.maintenance_deduction in draft and PositionEntry.maintenance_rate not in draft:
        reading.refuse(
            draft.at(PositionEntry.maintenance_deduction),
            "MC016",
            "`maintenance_deduction` without `maintenance_rate`",
            "give both, or remove it",
        )
    if PositionEntry.maintenance_deduction in draft and isinstance(draft.maintenance_rate, GrowingRate):
        reading.refuse(
            draft.at(PositionEntry.maintenance_deduction),
            "MC016",
            "`maintenance_deduction` beside a `maintenance_rate` that grows with the size",
            "remove it: such a rate counts on the whole position",
        )
    isolated = draft.margin_mode is MarginMode.ISOLATED
    if isolated and PositionEntry.isolated_margin not in draft:
        reading.refuse(
            draft.at(PositionEntry.margin_mode),
            "MC012",
            f"the isolated position in {echo(contract.symbol)} has no `isolated_margin`",
            f"add `isolated_margin: ...`, the {short(contract.settle)} set aside for it out of `collateral:`",
        )
    if not isolated and PositionEntry.isolated_margin in draft:
        reading.refuse(
            draft.at(PositionEntry.isolated_margin),
            "MC016",
            "`isolated_margin` on a cross position",
            "add `margin_mode: isolated`, or remove it",
        )


def _observe_auto_add(reading: Reading, draft: PositionEntry, contract: Contract) -> None:
    """What a venue may add to an isolated margin is none before it is there."""
    if not draft.auto_add:
        return
    if draft.margin_mode is not MarginMode.ISOLATED:
        place = draft.at(PositionEntry.auto_add)
        reading.refuse(place, "MC016", "`auto_add` on a cross position", "add `margin_mode: isolated`, or remove it")
    reading.assume(
        f"{short(contract.symbol)} auto_add is not counted: what the venue may add out of the free balance is promised "
        "by nobody, so its liquidation is that of its own margin"
    )


def _quantity(reading: Reading, draft: PositionEntry, contract: Contract, mark: Decimal) -> Decimal | None:
    """Contracts: as given, or from the notional at mark in the quote asset."""
    quantity, value = draft.quantity, draft.notional
    if quantity is not None and value is not None:
        reading.refuse(
            draft.at(PositionEntry.notional),
            "MC016",
            "`quantity` and `notional` contradict each other",
            "keep one of them",
        )
        return None
    if value is not None:
        return contracts_worth(contract, value, mark)
    if quantity is None:
        reading.refuse(
            draft.node,
            "MC012",
            f"the position in {echo(contract.symbol)} has no `quantity`",
            "add `quantity: ...` (contracts), or `notional: ...` (value at the mark, in the quote asset)",
        )
    return quantity


def contracts_worth(contract: Contract, notional: Decimal, mark: Decimal) -> Decimal:
    """The contracts with this notional in the quote asset: notional / (size * mark), inverse notional / size.

    Of a quanto the notional is in its settle asset.
    """
    return notional / (contract.contract_size * (ONE if contract.type is ContractType.INVERSE else mark))


def _has_rates(reading: Reading, draft: PositionEntry, position: Position) -> bool:
    contract = position.contract
    complete = True
    if not position.has_initial:
        complete = False
        reading.refuse(
            draft.node,
            "MC022",
            f"the position in {echo(contract.symbol)} has no initial margin rate",
            "add `leverage: ...` (or `initial_rate:`, `initial_margin:`), or tiers with `max_leverage` to its contract",
        )
    if position.maintenance_rate is None and not contract.tiers:
        complete = False
        reading.refuse(
            draft.node,
            "MC022",
            f"the position in {echo(contract.symbol)} has no maintenance margin rate",
            "add `maintenance_rate: ...`, or the margin table of its contract: "
            f"`contracts: {{{short(contract.symbol)}: {{tiers: [...]}}}}`",
        )
    return complete


def _merged(reading: Reading, rows: list[StatedPosition]) -> list[StatedPosition]:
    groups: dict[tuple[str, MarginMode, int], list[StatedPosition]] = {}
    for row in rows:
        key = row.position.contract.symbol, row.position.margin_mode, row.position.side
        groups.setdefault(key, []).append(row)
    return [_one(reading, group) for group in groups.values()]


def _one(reading: Reading, rows: list[StatedPosition]) -> StatedPosition:
    """Rows of one contract, mode and side as one position: quantities and margins add, entries keep the PnL."""
    first = rows[0]
    if len(rows) == 1:
        return first
    for row in rows[1:]:
        _refuse_difference(reading, first, row)
    held = [row.position for row in rows]
    return StatedPosition(
        first.draft,
        replace(
            first.position,
            quantity=sum((position.quantity for position in held), ZERO),
            entry_price=merged_entry(first.position.contract, [(one.quantity, one.entry_price) for one in held]),
            initial_margin=_added([position.initial_margin for position in held]),
            isolated_margin=_added([position.isolated_margin for position in held]),
        ),
        all(row.counted for row in rows),
        parts=tuple(rows),
    )


def _refuse_difference(reading: Reading, first: StatedPosition, row: StatedPosition) -> None:
    """Whatever two rows of one position state differently, or one of them alone, apart from what adds up."""
    symbol, see = echo(first.position.contract.symbol), f"see {reading.source.place(first.draft.node)}"
    for one in SAME_ON_EVERY_ROW:
        if _stated(row.position, one) != _stated(first.position, one):
            message = f"rows of {symbol} differ in `{one.name}`: {see}"
            reading.refuse(
                row.draft.at(one),
                "MC016",
                message,
                "rows on one side are one position: write the same value on each",
            )
    if (row.position.initial_margin is None) != (first.position.initial_margin is None):
        reading.refuse(
            row.draft.at(PositionEntry.initial_margin),
            "MC016",
            f"some rows of {symbol} have an `initial_margin`, some have none: {see}",
            "rows on one side are one position: give its margin on each of them, or on none",
        )


def _stated(position: Position, one: Key[Any]) -> tuple[Any, Any]:
    """What a row states under a key, a rate with what it grows by."""
    growth = {"initial_rate": position.initial_growth, "maintenance_rate": position.maintenance_growth}
    return getattr(position, one.attribute), growth.get(one.name)


def _added(amounts: list[Decimal | None]) -> Decimal | None:
    given = [amount for amount in amounts if amount is not None]
    return sum(given, ZERO) if given else None


def _refuse_opposite_sides(reading: Reading, rows: list[StatedPosition]) -> None:
    seen: dict[tuple[str, MarginMode], StatedPosition] = {}
    for row in rows:
        key = row.position.contract.symbol, row.position.margin_mode
        if key in seen:
            place = reading.source.place(seen[key].draft.node)
            reading.refuse(
                row.draft.node,
                "MC016",
                f"{echo(key[0])} is both long and short in one-way mode: see {place}",
                "set `position_mode: hedge` under `account:`, or write the net position",
            )
        seen.setdefault(key, row)


def _name(rows: list[StatedPosition]) -> None:
    """Give every position a key that tells it from the others: its symbol, with side and mode where needed."""
    symbols: dict[str, int] = {}
    for row in rows:
        symbol = row.position.contract.symbol
        symbols[symbol] = symbols.get(symbol, 0) + 1
    used: set[str] = set()
    for row in rows:
        position = row.position
        key = symbol = position.contract.symbol
        if symbols[symbol] > 1:
            key = f"{symbol}:{side_word(position.side)}"
            key = f"{key}:{position.margin_mode.value}" if key in used else key
            used.add(key)
            row.position = replace(position, key=key)
