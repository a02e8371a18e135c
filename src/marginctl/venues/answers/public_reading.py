"""Rows of an answer -> what a venue publishes in it, by the map: margin tables, haircuts, contracts, prices."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from marginctl.core.contract import ContractType, HaircutTier
from marginctl.core.exact import ONE, ZERO
from marginctl.venues.answers.account import Amount, LeftOut, PublishedContract
from marginctl.venues.answers.account_reading import judged, kept, named, needed, rows_of, value_of, word_of
from marginctl.venues.answers.answer_map import ContractMap, HaircutMap, PriceMap, TableMap, TierMap
from marginctl.venues.answers.expressions import MisfitError, Number, Row
from marginctl.venues.answers.published import (
    PublishedHaircuts,
    PublishedTable,
    border,
    haircut_fault,
    printed_rate_fault,
)
from marginctl.venues.tiers import TierRow

LARGEST_LOT = ONE
MOST_PLACES = 28
TIER_KEYS = ("up_to", "maintenance_rate", "initial_rate", "max_leverage", "deduction", "floor")
TYPES = {one.value: one for one in ContractType}


def decimal_of(value: Fraction) -> Decimal:
    """A number as a decimal: exactly where it ends, else 28 significant digits, half to even."""
    denominator, places = value.denominator, 0
    for prime in (2, 5):
        count = 0
        while denominator % prime == 0:
            denominator, count = denominator // prime, count + 1
        places = max(places, count)
    if denominator == 1:
        return Decimal(f"{value.numerator * 10**places // value.denominator}E-{places}")
    return _rounded(value)


def _rounded(value: Fraction) -> Decimal:
    size = len(str(abs(value.numerator))) - len(str(value.denominator))
    places = MOST_PLACES - size - (1 if abs(value) >= Fraction(10) ** size else 0)
    return Decimal(f"{round(value * Fraction(10) ** places)}E{-places}")


def tables_of(rows: Iterable[Row], part: TableMap) -> tuple[PublishedTable, ...]:
    """The margin tables, in the order of the answer. Raises MisfitError."""
    listed = rows_of(rows, part.rows)
    if not part.grouped:
        return tuple(_table(*_name(row, part), row, rows_of([row], part.tiers.rows), part) for row in listed)
    grouped: defaultdict[tuple[str, bool], list[Row]] = defaultdict(list)
    for row in listed:
        grouped[_name(row, part)].append(row)
    return tuple(_table(*name, tiers[0], tiers, part) for name, tiers in grouped.items())


def _name(row: Row, part: TableMap) -> tuple[str, bool]:
    """How a table is called, and whether that is a family."""
    name, family = part.name.of(row), word_of(part.family, row)
    return (name or "", False) if name or not family else (family, True)


def _table(name: str, family: bool, row: Row, tiers: list[Row], part: TableMap) -> PublishedTable:
    tier = part.tiers
    listed = sorted(tiers, key=lambda one: needed(one, tier.sort).value)
    rows = tuple(_tier(one, tier, is_first=k == 0) for k, one in enumerate(listed))
    return PublishedTable(
        name=name,
        family=family,
        rows=rows,
        fault=judged(row, part.faults) or _gap(listed, rows, tier) or _rates(listed, rows, tier),
    )


def _tier(row: Row, part: TierMap, *, is_first: bool) -> TierRow:
    values = {key: _figure(row, key, part) for key in TIER_KEYS}
    if values["up_to"] is not None:
        values["up_to"] = border(values["up_to"])
    if is_first and part.first_deduction and values["deduction"] is None:
        values["deduction"] = ZERO
    return TierRow(**values)


def _figure(row: Row, key: str, part: TierMap) -> Decimal | None:
    """A figure of a tier. Raises MisfitError where it is missing and the map does not allow that."""
    expression: Number | None = getattr(part, key)
    if expression is None:
        return None
    if key in part.optional:
        return _decimal(expression.of(row))
    return _decimal(needed(row, expression))


def _decimal(amount: Amount | None) -> Decimal | None:
    return None if amount is None else decimal_of(amount.value)


def _rates(listed: list[Row], rows: tuple[TierRow, ...], part: TierMap) -> str:
    """The first printed initial rate that is not 1 / the leverage beside it."""
    if part.checked_rate is None:
        return ""
    pairs = zip(listed, rows, strict=True)
    faults = (printed_rate_fault(_decimal(value_of(part.checked_rate, row)), tier.max_leverage) for row, tier in pairs)
    return next(filter(None, faults), "")


def _gap(listed: list[Row], rows: tuple[TierRow, ...], part: TierMap) -> str:
    """A tier that does not begin where the one before it ends, or a lot behind."""
    if part.begins is None:
        return ""
    end = ZERO
    for number, (row, tier) in enumerate(zip(listed, rows, strict=True), 1):
        floor = decimal_of(needed(row, part.begins).value)
        if not end <= floor <= end + LARGEST_LOT:
            return f"tier {number} begins at {floor:f}, the one before it ends at {end:f}"
        end = tier.up_to if tier.up_to is not None else floor
    return ""


def type_of(rows: Iterable[Row], part: TableMap) -> ContractType | None:
    """The type of an answer's contracts; None where it does not say, or where they differ."""
    if part.type is None:
        return None
    types = {TYPES.get(part.type.of(row) or "") for row in rows_of(rows, part.rows)}
    return types.pop() if len(types) == 1 else None


def haircuts_of(rows: Iterable[Row], part: HaircutMap) -> tuple[PublishedHaircuts, ...]:
    """The haircuts by asset. Raises MisfitError."""
    return tuple(_haircuts(row, part) for row in rows_of(rows, part.rows))


def _haircuts(row: Row, part: HaircutMap) -> PublishedHaircuts:
    steps = () if judged(row, part.faults) else _schedule(row, part)
    factor = _decimal(value_of(part.debt_factor, row))
    return PublishedHaircuts(
        asset=named(row, part.asset),
        haircuts=steps,
        debt_factor=factor,
        fault=judged(row, part.faults) or _rest_fault(steps, part) or haircut_fault(steps) or _debt_fault(factor),
    )


def _schedule(row: Row, part: HaircutMap) -> tuple[HaircutTier, ...]:
    if part.tiers is None:
        if part.haircut is None:
            raise MisfitError(row.trail, "the map has neither a haircut nor tiers")
        return (HaircutTier(None, decimal_of(needed(row, part.haircut).value)),)
    tiers = part.tiers
    listed = sorted(rows_of([row], tiers.rows), key=lambda one: needed(one, tiers.sort).value)
    steps = [HaircutTier(_decimal(tiers.up_to.of(one)), decimal_of(needed(one, tiers.haircut).value)) for one in listed]
    rest = _decimal(value_of(tiers.rest, row))
    if rest is not None and steps and steps[-1].up_to is not None:
        steps.append(HaircutTier(None, rest))
    return tuple(steps)


def _rest_fault(steps: tuple[HaircutTier, ...], part: HaircutMap) -> str:
    if part.tiers is None or part.tiers.rest is None or not steps or steps[-1].up_to is None:
        return ""
    return f"it does not say what counts beyond the last tier ({part.tiers.rest.text})"


def _debt_fault(factor: Decimal | None) -> str:
    return f"a debt counts {factor:f}, less than it is" if factor is not None and factor < ONE else ""


def contracts_of(rows: Iterable[Row], part: ContractMap) -> tuple[tuple[PublishedContract, ...], tuple[LeftOut, ...]]:
    """What is said of contracts, those without a price or size too. Raises MisfitError."""
    taken, left = kept(rows_of(rows, part.rows), part.keep, part.symbol)
    return tuple(_contract(row, part) for row in taken), left


def _contract(row: Row, part: ContractMap) -> PublishedContract:
    return PublishedContract(
        symbol=named(row, part.symbol),
        type=TYPES.get(word_of(part.type, row) or ""),
        base=word_of(part.base, row),
        quote=word_of(part.quote, row),
        settle=word_of(part.settle, row),
        expires=word_of(part.expires, row),
        margin_mode=word_of(part.margin_mode, row),
        contract_size=_decimal(value_of(part.contract_size, row)),
        tick_size=_decimal(value_of(part.tick_size, row)),
        lot=_decimal(value_of(part.lot, row)),
        mark_price=value_of(part.mark_price, row),
        leverage=value_of(part.leverage, row),
        taker_fee=value_of(part.taker_fee, row),
        max_leverage=value_of(part.max_leverage, row),
    )


def prices_of(rows: Iterable[Row], part: PriceMap) -> dict[str, Amount]:
    """Prices by asset; what names no asset is left out."""
    found = ((part.asset.of(row), part.price.of(row)) for row in rows_of(rows, part.rows))
    return {asset: price for asset, price in found if asset is not None and price is not None}
