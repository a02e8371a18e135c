"""Scenarios over some accounts: sums that are the same in any order, and the accounts that lose most."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

from marginctl.core.exact import ZERO, Direction, rounded


class Through(Struct, frozen=True, kw_only=True):
    """One account through one scenario, in currency; ``gap_losses``: by gap, ``exposure``: of the liquidated pools."""

    scenario: str
    crossing: Decimal | None
    pool: str | None
    pools: int
    equity_before: Decimal
    equity_after: Decimal
    shortfall: Decimal
    exposure: Mapping[str, Decimal]
    gap_losses: tuple[Decimal, ...]
    below_limits: bool
    is_idle: bool = False


class LostRow(Struct, frozen=True, omit_defaults=True):
    """An account by what it loses. ``is_screened``: its figures are binary; then its row, as that of ``Worst``."""

    shortfall: Decimal
    part: int
    row: int
    account_id: str
    as_of: str | None
    crossing: Decimal | None
    before: Decimal
    after: Decimal
    is_screened: bool = False
    data: bytes = b""
    held: Any = None

    @property
    def rank(self) -> tuple[Decimal, int, int]:
        """The largest shortfall first, then as they come."""
        return -self.shortfall, self.part, self.row


class ScenarioTally(Struct):
    """Sums of a scenario over some accounts, in whole 1e-8 of the currency."""

    accounts: int = 0
    liquidated: int = 0
    pools: int = 0
    before: Decimal = ZERO
    after: Decimal = ZERO
    shortfall: Decimal = ZERO
    below: int = 0
    crossings: list[int] = []
    exposure: dict[str, Decimal] = {}
    losses: list[Decimal] = []
    losing: list[int] = []
    worst: list[LostRow] = []

    def count(self, one: Through, account: tuple[str | None, str | None], *, part: int, row: int, most: int) -> None:
        """Add an account, by its name and time."""
        self.accounts += 1
        self.liquidated += one.crossing is not None
        self.pools += one.pools
        self.before += whole(one.equity_before)
        self.after += whole(one.equity_after)
        self.shortfall += whole(one.shortfall)
        self.below += one.below_limits
        self.crossings = self.crossings or [0] * (len(STEPS) + 1)
        self.crossings[_step(one.crossing)] += 1
        for name, amount in one.exposure.items():
            self.exposure[name] = self.exposure.get(name, ZERO) + whole(amount)
        self.losses = self.losses or [ZERO] * len(one.gap_losses)
        self.losing = self.losing or [0] * len(one.gap_losses)
        for number, loss in enumerate(one.gap_losses):
            self.losses[number] += whole(loss)
            self.losing[number] += loss > 0
        if one.shortfall > 0:
            lost = LostRow(
                *(one.shortfall, part, row, account[0] or "", account[1], one.crossing),
                one.equity_before,
                one.equity_after,
            )
            self.worst = sorted((*self.worst, lost), key=lambda found: found.rank)[:most]

    def add(self, other: "ScenarioTally", most: int) -> None:
        """Add what others come to."""
        for name in ("accounts", "liquidated", "pools", "before", "after", "shortfall", "below"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("crossings", "losses", "losing"):
            own, their = getattr(self, name), getattr(other, name)
            setattr(self, name, [a + b for a, b in zip(own, their, strict=True)] if own and their else own or their)
        for asset, amount in other.exposure.items():
            self.exposure[asset] = self.exposure.get(asset, ZERO) + amount
        self.worst = sorted((*self.worst, *other.worst), key=lambda found: found.rank)[:most]


STEPS = tuple(map(Decimal, ("0", "0.1", "0.25", "0.5", "0.75", "1")))
"""Shares of the path, inclusive; behind them come the accounts that are not liquidated."""


def _step(crossing: Decimal | None) -> int:
    if crossing is None:
        return len(STEPS)
    return next(number for number, end in enumerate(STEPS) if crossing <= end)


def whole(amount: Decimal) -> Decimal:
    """An amount in whole 1e-8, which add up exactly."""
    return rounded(amount, 8, Direction.NEAREST)
