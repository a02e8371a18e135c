"""Numbers, lists and moves as people read them; the one place that turns them into words.

Thousands are grouped, decimals rounded in a named direction. Nothing is ever shown as an exponent, and no rounding
moves a value across the limit it is compared with.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from marginctl.core.contract import LONG
from marginctl.core.exact import CONTEXT, ONE, ZERO, Direction, rounded
from marginctl.core.figures import FIGURES
from marginctl.core.plain import SETTLED_PLACES, side_of
from marginctl.core.scenario import EVERY_OTHER
from marginctl.findings import Check, Status

if TYPE_CHECKING:
    from marginctl.core.path import FundingShock, Scenario
    from marginctl.core.rooms import ReductionWay

HUNDRED = Decimal(100)
LONGEST_GIVEN = 60
"""Digits that somebody may write; what has more follows from a division."""
MOST_NAMES = 5
"""Names that a list shows before it counts the rest."""
MOST_CENTS = 2
ENOUGH_DIGITS = 3
LAST_PLACE = 60
"""Digits after which a figure in a sentence is given up as equal to its limit."""
SENTENCE_PLACES = {"fraction": 2, "multiple": 2, "days": 1, "hours": 1, "minutes": 1, "seconds": 0, "count": 0}
SENTENCE_PLACES |= {"money": 2, "none": 8}
SIGNS = {"fraction": "%", "multiple": "x", "days": "d", "hours": "h", "minutes": "m", "seconds": "s"}
"""Unit of a rule -> the sign behind its figures; a fraction is shown in percent."""
SCALES = {"fraction": HUNDRED, "hours": Decimal(24), "minutes": Decimal(1440), "seconds": Decimal(86400)}
"""What a figure of a rule is multiplied by to be shown in a unit."""
FINER = ("hours", "minutes", "seconds")
TIMES = ("days", *FINER)


def plain(value: Decimal) -> str:
    """The exact decimal text: no exponent, no grouping, no negative zero."""
    return format(value or abs(value), "f")


def grouped(value: Decimal, places: int, direction: Direction) -> str:
    """The value rounded in ``direction`` to exactly ``places`` decimals, thousands separated: ``-1,234.50``."""
    shown = rounded(value, places, direction)
    return f"{shown or abs(shown):,.{places}f}"


def label_of(name: str) -> str:
    """What a figure is called in tables."""
    row = FIGURES.get(name)
    return (row and row.label) or name.replace("_", " ")


def figure(name: str, value: Decimal, places: int = 2) -> str:
    """A figure of the report, rounded in the cautious direction of its name."""
    return grouped(value, places, FIGURES[name].direction)


def figure_percent(name: str, value: Decimal, places: int = 2) -> str:
    """A fraction in percent without the sign, rounded in the cautious direction of its name."""
    return grouped(CONTEXT.multiply(value, HUNDRED), places, FIGURES[name].direction)


def toward(price: Decimal, mark: Decimal) -> Direction:
    """The cautious direction of a price at which something bad happens: toward the mark."""
    return Direction.UP if price < mark else Direction.DOWN


def natural_places(value: Decimal) -> int:
    """The decimals a value has, trailing zeros not counted."""
    text = plain(value)
    return len(text.rstrip("0").partition(".")[2]) if "." in text else 0


def price_places(mark: Decimal) -> int:
    """The decimals at which a price of this size shows at least six significant digits, never below two."""
    return max(2, 5 - mark.adjusted()) if mark else 2


def exactly(value: Decimal) -> str:
    """A quantity as it was given, grouped, trailing zeros off; beyond 8 decimals six significant digits are kept."""
    most = max(8, 5 - value.adjusted()) if value else 0
    return grouped(value, min(natural_places(value), most), Direction.NEAREST)


def separated(value: Decimal) -> str:
    """Every digit that a value has, grouped, trailing zeros off."""
    return grouped(value, natural_places(value), Direction.NEAREST)


def beside(value: Decimal, limit: Decimal, direction: Direction, places: int) -> str:
    """The value with as many decimals (at least ``places``) as it takes to stay on its side of the limit.

    70.0000001 beside 70 shows as 70.0000001, neither as 70.00 nor as 70.01; equal values show alike.
    """
    side = side_of(value, limit)
    if side == 0:
        return _trimmed(grouped(limit, max(natural_places(limit), places), Direction.NEAREST), places)
    for digits in range(places, SETTLED_PLACES):
        candidates = (rounded(value, digits, way) for way in (Direction.NEAREST, direction))
        if all(side_of(candidate, limit) == side for candidate in candidates):
            return grouped(value, digits, direction)
    return grouped(value, SETTLED_PLACES, Direction.NEAREST)


def _trimmed(text: str, places: int) -> str:
    whole, point, fraction = text.partition(".")
    return whole + point + fraction[:places] + fraction[places:].rstrip("0") if point else text


def cautious(check: Check) -> Direction:
    """The rounding of a check's value: up under a maximum, down over a minimum; which it is shows in its outcome."""
    if check.value is None or check.limit is None or check.value == check.limit:
        return Direction.NEAREST
    broken = check.status in (Status.WARN, Status.FAIL, Status.WAIVED, Status.BASELINE)
    return Direction.UP if (check.value > check.limit) == broken else Direction.DOWN


def check_value(check: Check, unit: str) -> str:
    """A check's value with its unit, never rounded onto or across its limit; ``n/a`` where there is no value."""
    if check.value is None:
        return "n/a"
    unit = unit_beside(check.limit, unit)
    shown, places = _scaled(check.value, unit), _places(check.value, unit)
    sign = SIGNS.get(unit, "")
    if check.limit is None:
        return grouped(shown, places, cautious(check)) + sign
    return beside(shown, _scaled(check.limit, unit), cautious(check), places) + sign


def limit_text(check: Check, unit: str) -> str:
    """A limit as it was given: ``60%``, ``5x``, ``30d``; empty where the rule has none."""
    if check.limit is None:
        return ""
    unit = unit_beside(check.limit, unit)
    shown = _scaled(check.limit, unit)
    return grouped(shown, natural_places(shown), Direction.NEAREST) + SIGNS.get(unit, "")


def headroom_text(check: Check, unit: str) -> str:
    """What is left before the limit is broken, rounded down, negative when it is broken."""
    if check.headroom is None:
        return ""
    unit = unit_beside(check.limit, unit)
    shown = _scaled(check.headroom, unit)
    return grouped(shown, _places(check.headroom, unit), Direction.DOWN) + SIGNS.get(unit, "")


def unit_beside(limit: Decimal | None, unit: str) -> str:
    """The unit to show figures in beside a limit: days, but for one below a day what it is a whole number of."""
    if unit != "days" or limit is None or not ZERO < limit < ONE:
        return unit
    whole = (one for one in ("hours", "minutes") if not natural_places(_settled(limit * SCALES[one])))
    return next(whole, "seconds")


def _settled(value: Decimal) -> Decimal:
    return rounded(value, SETTLED_PLACES, Direction.NEAREST)


def _scaled(value: Decimal, unit: str) -> Decimal:
    shown = CONTEXT.multiply(value, SCALES[unit]) if unit in SCALES else value
    return _settled(shown) if unit in FINER else shown


def _places(value: Decimal, unit: str) -> int:
    return 2 if unit in ("fraction", "multiple", "money") else min(natural_places(value), 2)


def same(left: Decimal | None, right: Decimal | None) -> bool:
    """Whether two figures are equal but for the residue of a division."""
    if left is None or right is None:
        return left is right
    return side_of(left, right) == 0


# Figures inside sentences.


def amount(value: Decimal, unit: str) -> str:
    """A figure that is exact as it stands, with its unit: 60%, 5x, 30 days, 90 seconds, 2."""
    unit = unit_beside(value, unit)
    return _with_unit(_scaled(value, unit), unit)


def _with_unit(number: Decimal, unit: str) -> str:
    if unit in TIMES:
        return f"{trimmed(number)} {unit.removesuffix('s') if number == 1 else unit}"
    return separated(number) if unit == "money" else trimmed(number) + SIGNS.get(unit, "")


def measured(value: Decimal, limit: Decimal, unit: str, *, is_minimum: bool) -> str:
    """A figure rounded to the cautious side, with as many digits as set it apart from a limit it differs from."""
    unit = unit_beside(limit, unit)
    exact, bound = _scaled(value, unit), _scaled(limit, unit)
    places = SENTENCE_PLACES[unit]
    while places < LAST_PLACE and exact != bound and rounded(exact, places, Direction.NEAREST) == bound:
        places += 1
    return _with_unit(rounded(exact, places, Direction.DOWN if is_minimum else Direction.UP), unit)


def money(value: Decimal, currency: str, direction: Direction = Direction.NEAREST) -> str:
    """An amount as tables show it, in cents, with more decimals where it would be 0: ``1,858.80 USD``."""
    places = 2 if not value or value.adjusted() >= -MOST_CENTS else 1 - value.adjusted()
    return f"{grouped(value, places, direction)} {currency}"


def enough(size: Decimal) -> str:
    """A size that has to be reached, rounded up: two decimals, or four digits where that is finer."""
    return separated(rounded_up(size))


def deposited(amount: Decimal, asset: str, pool: str) -> str:
    """``deposit 25,000 USDT into cross:USDT``, or what is added to an isolated position."""
    size = f"{enough(amount)} {asset}"
    if pool.startswith("isolated:"):
        return f"add {size} of isolated margin"
    return f"deposit {size}" if pool == "cross" else f"deposit {size} into {pool}"


def closed(found: "ReductionWay") -> str:
    """``close 757.58 of the SOLUSDT long``, or all of it."""
    what = f"the {found.symbol} {found.side}"
    return f"close {enough(found.quantity)} of {what}" if found.left else f"close {what}"


def rounded_up(size: Decimal) -> Decimal:
    """The size that ``enough`` says."""
    return rounded(size, max(2, ENOUGH_DIGITS - size.adjusted()) if size else 0, Direction.UP)


def priced(value: Decimal, direction: Direction) -> str:
    """A price as tables show it: as many decimals as its size asks for and it has, never below two."""
    shown = rounded(value, price_places(value), direction)
    return grouped(shown, max(natural_places(shown), 2), direction)


def percent(value: Decimal, direction: Direction) -> str:
    """A fraction as a percentage with two decimals."""
    return f"{trimmed(rounded(value * HUNDRED, 2, direction))}%"


# Words around numbers.


def moves_text(scenario: "Scenario") -> str:
    """``BTC -30%, ETH -40%, others -50%``; for funding ``longs pay 100% per 365d for 7 days``."""
    if scenario.funding is not None:
        return _funding_text(scenario.funding)
    return ", ".join(f"{whom(asset)} {signed_percent(shock)}" for asset, shock in scenario.shocks.items())


def whom(asset: str) -> str:
    """An asset of a scenario; ``*`` means every other one."""
    return "others" if asset == EVERY_OTHER else asset


def signed_percent(share: Decimal) -> str:
    """``+34%``, ``-12.5%``: as exact as it was given, its sign always shown; a ratio without an end in two decimals."""
    number = share * HUNDRED
    endless = len(number.as_tuple().digits) > LONGEST_GIVEN
    text = trimmed(rounded(number, 2, Direction.NEAREST) if endless else number)
    return f"{'' if text.startswith('-') else '+'}{text}%"


def trimmed(value: Decimal) -> str:
    """The exact text without trailing zeros."""
    text = plain(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration_text(hours: Decimal) -> str:
    """``8h``, ``365d``: days where they come out even."""
    days = hours / 24
    even = hours >= 24 and days == days.to_integral_value()
    return f"{trimmed(days)}d" if even else f"{trimmed(hours)}h"


def _funding_text(funding: "FundingShock") -> str:
    rates = [
        f"{'all' if asset == EVERY_OTHER else asset} {signed_percent(rate)}" for asset, rate in funding.rates.items()
    ]
    return f"funding {', '.join(rates)} per {duration_text(funding.interval)} for {trimmed(funding.days)} days"


def cents(value: Decimal, direction: Direction = Direction.DOWN) -> str:
    """An amount in cents, rounded down unless told otherwise."""
    return grouped(value, 2, direction)


def share(value: Decimal, places: int = 2) -> str:
    """A part of something in percent, rounded toward zero."""
    return f"{grouped(value * HUNDRED, places, Direction.TOWARD_ZERO)}%"


def exact_percent(rate: Decimal) -> str:
    """A rate in percent as exact as it is, without the sign: ``0.4``."""
    return exactly(CONTEXT.multiply(rate, HUNDRED))


def side_text(side: int) -> str:
    """``long`` or ``short``."""
    return "long" if side == LONG else "short"


def counted(count: int, noun: str) -> str:
    """``1 error``, ``2 errors``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(names: Sequence[str], most: int = MOST_NAMES) -> str:
    """The first names of a list and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def capitalized(text: str) -> str:
    """The text with a capital at its beginning; the rest stays as it is."""
    return text[:1].upper() + text[1:]
