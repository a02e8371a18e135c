"""`expect:` and `origin:` as the file writes them: the venue's own figures with what each may differ by."""

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction

from msgspec import Struct

from marginctl.core.account import STABLECOINS
from marginctl.core.contract import Contract
from marginctl.core.figures import FIGURES
from marginctl.document.written import Written, WrittenLine, WrittenValue, decimal_text
from marginctl.portfolio.importing.gathering import Gathered
from marginctl.portfolio.importing.notebook import Notebook
from marginctl.venues.answers.account import Amount, HeldPosition, VenueAnswer

LEAST = Fraction(2, 10**8)
"""Venues cut amounts to 8 decimals, requirements here are rounded up to as many."""
UNKNOWN_TICK = Fraction(1, 10_000)
"""Of a liquidation price, where the step of the contract's price is not known."""
LARGEST = Fraction(1, 1000)
"""Of a figure: venues leave zeros at the end out, so that few digits may be all of it."""
LAST_DIGITS = 2
CROSS = "cross."
DIGITS = Fraction(1, 10)


class Expecting(Struct, frozen=True):
    """Writes figures; ``priced``: assets whose price is not 1, so that amounts in them have a unit."""

    gathered: Gathered
    currency: str
    priced: Mapping[str, Written]

    def section(self, held: Iterable[tuple[HeldPosition, Contract | None]]) -> dict[str, Written]:
        """The whole section, empty parts left out."""
        rows = list(held)
        totals = {name: figure for name, figure in self.gathered.totals.items() if not name.startswith(CROSS)}
        cross = {name.removeprefix(CROSS): one for name, one in self.gathered.totals.items() if name.startswith(CROSS)}
        counts = Counter(row.symbol for row, _ in rows)
        unit = self.gathered.totals_unit
        parts: dict[str, Written] = {
            "totals": self.figures(totals, unit, None),
            "pools": {"cross": found} if (found := self.figures(cross, unit, None)) else {},
            "positions": {
                row.symbol if counts[row.symbol] == 1 else f"{row.symbol}:{row.side}": found
                for row, contract in rows
                if (found := self.figures(row.expect, self.settle(row, contract), contract))
            },
        }
        return {name: part for name, part in parts.items() if part}

    def settle(self, row: HeldPosition, contract: Contract | None) -> str | None:
        """What a position's amounts are in."""
        return row.settle or (contract.settle if contract else None)

    def figures(
        self, given: Mapping[str, Amount | None], settle: str | None, contract: Contract | None
    ) -> dict[str, Written]:
        """Every figure of a subject; ``none`` where the venue shows that there is none."""
        return {
            name: WrittenValue("none") if figure is None else self.figure(name, figure, settle, contract)
            for name, figure in given.items()
            if figure is not None or name.endswith("_price")
        }

    def figure(self, name: str, figure: Amount, settle: str | None, contract: Contract | None) -> WrittenLine:
        """One figure with its tolerance, and its unit where that is another asset's price away."""
        text, is_exact = decimal_text(figure.value)
        has_unit = settle is not None and FIGURES[name].kind == "money" and self.is_priced(settle)
        entries = {"value": text, "tolerance": decimal_text(allowed(name, figure, contract))[0]}
        entries |= {"unit": settle} if has_unit and settle else {}
        return WrittenLine(entries, figure.formula if not is_exact else "")

    def is_priced(self, asset: str) -> bool:
        """Whether an amount in an asset is another amount in the account's currency."""
        return asset != self.currency and (asset not in STABLECOINS or asset in self.priced)


def allowed(name: str, figure: Amount, contract: Contract | None) -> Fraction:
    """What a figure may differ by: two last digits, 2e-8 to 0.1%; of a price also a tick; of a cut ratio one digit.

    A figure worked out of several numbers: the sum of what one last digit of each does to it.
    """
    if figure.cut:
        return figure.unit
    digits = figure.unit if figure.formula else LAST_DIGITS * figure.unit
    digits = max(min(digits, abs(figure.value) * LARGEST), LEAST)
    if not name.endswith("liquidation_price"):
        return rounded_up(digits)
    tick = contract.tick_size if contract else None
    return rounded_up(digits + Fraction(tick) if tick else max(digits, figure.value * UNKNOWN_TICK))


def rounded_up(value: Fraction) -> Fraction:
    """A tolerance with two significant digits, never smaller."""
    step = Fraction(1)
    while step > value:
        step *= DIGITS
    while step / DIGITS <= value:
        step /= DIGITS
    step *= DIGITS
    return -(-value // step) * step


def origin(answers: Iterable[VenueAnswer], notes: Notebook) -> dict[str, Written]:
    """What the file was imported from, and what that held beyond it."""
    rows: list[Written] = [
        WrittenLine(
            {"file": one.file, "answer": f"{one.venue} {one.name}", **({"as_of": one.as_of} if one.as_of else {})}
        )
        for one in answers
    ]
    found: dict[str, Written] = {"answers": rows}
    return {**found, "incomplete": list(notes.incomplete)} if notes.incomplete else found
