"""Rows of an answer -> what a venue publishes in it, by the map: margin tables, haircuts, contracts, prices."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

from msgspec.structs import replace

from marginctl.core.contract import ContractType, HaircutTier
from marginctl.core.exact import ONE, ZERO
from marginctl.venues.answers.account import Amount, LeftOut, PublishedContract, PublishedHaircuts, PublishedTable
from marginctl.venues.answers.account_reading import judged, kept, named, needed, rows_of, time_of, value_of, word_of
from marginctl.venues.answers.answer_map import ContractMap, HaircutMap, LadderMap, PriceMap, TableMap, TierMap
from marginctl.venues.answers.expressions import AnswerRow, MisfitError, NumberRead, rows_at
from marginctl.venues.tiers import Fault, TierRow, haircut_faults

NO_LIMIT = Decimal(2**63 - 1)
"""The largest 64-bit number: what answers print where there is no upper border."""
RATE_ROUNDING = Decimal("0.001")
"""How far a printed initial rate may lie from 1 / max_leverage: it is rounded."""
LEVERAGE_CUT = Decimal("0.01")
"""How far, at the most, a printed leverage lies below 1 / initial rate: it is cut to two decimals."""
PERCENT = 10
"""An initial rate that many times 1 / max_leverage is written in percent, not cut or rounded."""
LARGEST_LOT = ONE
MOST_LEVELS = 1000
NEVER = "2099"
"""From this year on an expiry stands for none: perpetuals print one, far away."""
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


def tables_of(rows: Iterable[AnswerRow], part: TableMap) -> tuple[PublishedTable, ...]:
    """The margin tables, in the order of the answer. Raises MisfitError."""
    listed, _ = kept(rows_of(rows, part.rows), part.keep, part.name)
    if not part.grouped:
        return tuple(_table(*_name(row, part), row, _tier_rows(row, part.tiers), part) for row in listed)
    grouped: defaultdict[tuple[str, bool], list[AnswerRow]] = defaultdict(list)
    for row in listed:
        grouped[_name(row, part)].append(row)
    return tuple(_table(*name, tiers[0], tiers, part) for name, tiers in grouped.items())


def _name(row: AnswerRow, part: TableMap) -> tuple[str, bool]:
    """How a table is called, and whether that is a family."""
    name, family = part.name.of(row), word_of(part.family, row)
    return (name or "", False) if name or not family else (family, True)


def _tier_rows(row: AnswerRow, part: TierMap) -> list[AnswerRow]:
    """The rows of a contract's tiers: its own, those of the table it names, none for a ladder, else itself."""
    if part.rows is not None:
        return rows_of([row], part.rows)
    if part.lookup is None:
        return [row]
    wanted = part.lookup.wanted.of(row)
    named = (one for one in rows_at(row, part.lookup.rows) or [] if part.lookup.key.of(one) == wanted)
    found = next(named, None)
    return [row] if found is None else rows_of([found], part.lookup.tiers)


def _table(name: str, family: bool, row: AnswerRow, tiers: list[AnswerRow], part: TableMap) -> PublishedTable:
    tier = part.tiers
    listed = sorted(tiers, key=lambda one: needed(one, tier.sort).value)
    rows = [_tier(one, tier, is_first=k == 0) for k, one in enumerate(listed)]
    if rows and tier.up_to is None and tier.floor is not None:
        ends = [*(one.floor for one in rows[1:]), None]
        rows = [replace(one, up_to=end) for one, end in zip(rows, ends, strict=True)]
    if not rows and tier.ladder is not None:
        rows = list(_ladder(row, tier.ladder))
    fault = judged(row, part.faults) or (listed and (_gap(listed, rows, tier) or _rates(listed, rows, tier))) or ""
    return PublishedTable(name=name, family=family, rows=tuple(rows), fault=fault)


def _ladder(row: AnswerRow, part: LadderMap) -> Iterator[TierRow]:
    """Tier k of a ladder: the first figures, and k times their steps."""
    for k in range(min(int(needed(row, part.levels).value), MOST_LEVELS)):
        yield TierRow(
            up_to=decimal_of(needed(row, part.up_to).value + k * needed(row, part.up_to_step).value),
            maintenance_rate=decimal_of(
                needed(row, part.maintenance_rate).value + k * needed(row, part.maintenance_step).value
            ),
            initial_rate=decimal_of(needed(row, part.initial_rate).value + k * needed(row, part.initial_step).value),
            deduction=ZERO,
        )


def _tier(row: AnswerRow, part: TierMap, *, is_first: bool) -> TierRow:
    values = {key: _figure(row, key, part) for key in TIER_KEYS}
    if values["up_to"] is not None:
        values["up_to"] = border(values["up_to"])
    if is_first and part.first_deduction and values["deduction"] is None:
        values["deduction"] = ZERO
    return TierRow(**values)


def _figure(row: AnswerRow, key: str, part: TierMap) -> Decimal | None:
    """A figure of a tier. Raises MisfitError where it is missing and the map does not allow that."""
    expression: NumberRead | None = getattr(part, key)
    if expression is None:
        return None
    if key in part.optional:
        return _decimal(expression.of(row))
    return _decimal(needed(row, expression))


def _decimal(amount: Amount | None) -> Decimal | None:
    return None if amount is None else decimal_of(amount.value)


def _rates(listed: list[AnswerRow], rows: list[TierRow], part: TierMap) -> str:
    """The first printed initial rate that is not 1 / the leverage beside it."""
    if part.checked_rate is None:
        return ""
    pairs = zip(listed, rows, strict=True)
    faults = (printed_rate_fault(_decimal(value_of(part.checked_rate, row)), tier.max_leverage) for row, tier in pairs)
    return next(filter(None, faults), "")


def _gap(listed: list[AnswerRow], rows: list[TierRow], part: TierMap) -> str:
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


def type_of(rows: Iterable[AnswerRow], part: TableMap) -> ContractType | None:
    """The type of an answer's contracts; None where it does not say, or where they differ."""
    if part.type is None:
        return None
    listed, _ = kept(rows_of(rows, part.rows), part.keep, part.name)
    types = {TYPES.get(part.type.of(row) or "") for row in listed}
    return types.pop() if len(types) == 1 else None


def haircuts_of(rows: Iterable[AnswerRow], part: HaircutMap) -> tuple[PublishedHaircuts, ...]:
    """The haircuts by asset. Raises MisfitError."""
    return tuple(_haircuts(row, part) for row in rows_of(rows, part.rows))


def _haircuts(row: AnswerRow, part: HaircutMap) -> PublishedHaircuts:
    steps = () if judged(row, part.faults) else _schedule(row, part)
    factor = _decimal(value_of(part.debt_factor, row))
    return PublishedHaircuts(
        asset=named(row, part.asset),
        haircuts=steps,
        debt_factor=factor,
        fault=judged(row, part.faults) or _rest_fault(steps, part) or haircut_fault(steps) or _debt_fault(factor),
    )


def _schedule(row: AnswerRow, part: HaircutMap) -> tuple[HaircutTier, ...]:
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
    return f"it does not say what counts beyond the last tier ({part.tiers.rest.text.removeprefix('1 - ')})"


def _debt_fault(factor: Decimal | None) -> str:
    return f"a debt counts {factor:f}, less than it is" if factor is not None and factor < ONE else ""


def contracts_of(
    rows: Iterable[AnswerRow], part: ContractMap
) -> tuple[tuple[PublishedContract, ...], tuple[LeftOut, ...]]:
    """What is said of contracts, those without a price or size too. Raises MisfitError."""
    taken, left = kept(rows_of(rows, part.rows), part.keep, part.symbol)
    return tuple(_contract(row, part) for row in taken), left


def _contract(row: AnswerRow, part: ContractMap) -> PublishedContract:
    return PublishedContract(
        symbol=named(row, part.symbol),
        type=TYPES.get(word_of(part.type, row) or ""),
        base=word_of(part.base, row),
        quote=word_of(part.quote, row),
        settle=word_of(part.settle, row),
        expires=_day(word_of(part.expires, row)),
        margin_mode=word_of(part.margin_mode, row),
        contract_size=_decimal(value_of(part.contract_size, row)),
        tick_size=_decimal(value_of(part.tick_size, row)),
        lot=_decimal(value_of(part.lot, row)),
        mark_price=value_of(part.mark_price, row),
        leverage=value_of(part.leverage, row),
        taker_fee=value_of(part.taker_fee, row),
        max_leverage=value_of(part.max_leverage, row),
    )


def _day(time: str | None) -> str | None:
    """The day of an expiry; None where there is none, or one that means never."""
    day = (time_of(time) or "")[:10]
    return day if day and day < NEVER else None


def prices_of(rows: Iterable[AnswerRow], part: PriceMap) -> dict[str, Amount]:
    """Prices by asset; what names no asset is left out."""
    found = ((part.asset.of(row), part.price.of(row)) for row in rows_of(rows, part.rows))
    return {asset: price for asset, price in found if asset is not None and price is not None}


def border(cap: Decimal) -> Decimal | None:
    """An upper border; None where the number printed stands for no limit."""
    return None if cap >= NO_LIMIT else cap


def haircut_fault(haircuts: tuple[HaircutTier, ...]) -> str:
    """What is wrong with a haircut schedule: a rate outside 0 to 100%, or what the law of tables says against it."""
    for tier in haircuts:
        if not ZERO <= tier.haircut <= ONE:
            return f"a collateral ratio of {ONE - tier.haircut:f} is not between 0 and 1"
    fault = next(haircut_faults(haircuts), None)
    if fault:
        return fault.message
    return "" if haircuts else "it has no tiers"


def rate_fault(rows: tuple[TierRow, ...]) -> Fault | None:
    """The first row whose rates cannot be meant: outside 0 to 1, or a maintenance rate above the initial one."""
    for k, row in enumerate(rows):
        if row.max_leverage is not None and row.max_leverage <= 0:
            return Fault(k, "max_leverage", f"the highest leverage is {row.max_leverage:f}")
        rate = row.maintenance_rate
        if rate is not None and not ZERO <= rate < ONE:
            return Fault(k, "maintenance_rate", f"the maintenance rate is {rate:f}, not a fraction below 1")
        if row.up_to is not None and row.up_to <= 0:
            return Fault(k, "up_to", f"the upper border is {row.up_to:f}")
        if rate is not None and row.max_leverage is not None and rate * row.max_leverage > ONE:
            return Fault(k, "maintenance_rate", f"the maintenance rate {rate:f} is above 1 / {row.max_leverage:f}")
    return None


def printed_rate_fault(initial_rate: Decimal | None, max_leverage: Decimal | None) -> str:
    """Whether a printed initial rate and the highest leverage beside it contradict each other.

    They agree where abs(rate - 1 / leverage) <= 0.001, or abs(1 / rate - leverage) < 0.01; both are compared times
    rate and leverage, without a division.
    """
    if initial_rate is None or max_leverage is None or max_leverage <= 0:
        return ""
    gap = abs(initial_rate * max_leverage - ONE)
    if gap <= RATE_ROUNDING * max_leverage or gap < LEVERAGE_CUT * initial_rate:
        return ""
    percentage = ": it may be a percentage" if initial_rate * max_leverage > PERCENT else ""
    return f"the initial rate {initial_rate:f} is not 1 / {max_leverage:f}{percentage}"
