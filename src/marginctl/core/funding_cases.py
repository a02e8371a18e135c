"""Recorded funding rates, and what funding does at given ones, at their mean and at their worst."""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise
from typing import ClassVar

from msgspec import Struct

from marginctl.core.account import Account, Position
from marginctl.core.contract import LONG
from marginctl.core.exact import ZERO
from marginctl.core.funding import after_funding, funding_per_day, funding_per_interval, runway_days, with_rates
from marginctl.core.liquidation import Sides, joint_sides
from marginctl.core.outcome import states_of
from marginctl.core.value import notional

MINUTE = 60_000
MINUTES_PER_HOUR = Decimal(60)


class RateHistory(Struct, frozen=True):
    """One contract's rates, per interval, positive = longs pay; ``times`` in milliseconds, ascending."""

    symbol: str
    times: tuple[int, ...]
    rates: tuple[Decimal, ...]

    @property
    def mean(self) -> Decimal:
        """Sum of the rates / their number."""
        return sum(self.rates, ZERO) / len(self.rates)

    def worst(self, side: int, quantile: Decimal) -> Decimal:
        """The rate that was at least as bad for a side in a share ``quantile`` of the intervals, never less.

        Nearest rank, nothing interpolated: of n rates the k-th worst one, k = quantile * n rounded up, at least 1.
        """
        rank = max(1, int((quantile * len(self.rates)).to_integral_value(ROUND_CEILING)))
        return sorted(self.rates, reverse=side == LONG)[rank - 1]

    @property
    def spacings(self) -> Counter[Decimal]:
        """How often each distance of two neighbours occurs, in hours, to the nearest minute."""
        return Counter(
            Decimal((after - before + MINUTE // 2) // MINUTE) / MINUTES_PER_HOUR
            for before, after in pairwise(self.times)
        )

    @property
    def interval(self) -> Decimal | None:
        """The most frequent spacing, the shorter one where two are; None for a single rate."""
        spacings = self.spacings
        return min(spacings, key=lambda hours: (-spacings[hours], hours), default=None)


GIVEN, MEAN, WORST = "given", "mean", "worst"


class Rated(Struct, frozen=True, kw_only=True):
    """One position's funding at one rate; ``interval`` in hours, money in currency, positive = received."""

    shape: ClassVar[str] = "rate interval_hours=interval per_interval per_day"

    rate: Decimal
    interval: Decimal
    per_interval: Decimal
    per_day: Decimal


class FundingRow(Struct, frozen=True, kw_only=True):
    """One position: its notional in currency, and its funding by case, None where a case has no rate for it."""

    shape: ClassVar[str] = "position=key symbol side notional rates=rated"

    key: str
    symbol: str
    side: int
    notional: Decimal
    rated: dict[str, Rated | None]


class FundingCase(Struct, frozen=True, kw_only=True):
    """The account at one set of rates.

    runway_days: until the first pool (``runway_pool``) is liquidated with prices flat, None = never. down, up: the
    size of the joint move that liquidates now (None = none does); down_after, up_after: the same after ``horizon``
    days of funding, 0 where the account does not live that long. ``missing``: symbols without a rate; they count as
    paying nothing.
    """

    shape: ClassVar[str] = "rates=name per_day runway_days runway_pool down up down_after up_after missing"

    name: str
    per_day: Decimal
    runway_days: Decimal | None
    runway_pool: str | None
    down: Decimal | None
    up: Decimal | None
    down_after: Decimal | None
    up_after: Decimal | None
    missing: tuple[str, ...]


class FundingTable(Struct, frozen=True, kw_only=True):
    """Positions and cases; ``horizon`` in days, ``quantile`` of the worst case."""

    shape: ClassVar[str] = "horizon_days=horizon quantile positions=rows cases"

    horizon: Decimal
    quantile: Decimal
    rows: tuple[FundingRow, ...]
    cases: tuple[FundingCase, ...]


def funding_table(
    account: Account, histories: Mapping[str, RateHistory], quantile: Decimal, horizon: Decimal
) -> FundingTable:
    """Given rates alone, or beside them the mean and the worst quantile of histories by symbol."""
    accounts = {GIVEN: account}
    if histories:
        accounts[MEAN] = with_rates(account, _mean(account, histories))
        accounts[WORST] = with_rates(account, _worst(account, histories, quantile))
    return FundingTable(
        horizon=horizon,
        quantile=quantile,
        rows=tuple(_row(account, accounts, position) for position in account.positions),
        cases=tuple(_case(name, rated, horizon) for name, rated in accounts.items()),
    )


def _mean(account: Account, histories: Mapping[str, RateHistory]) -> dict[str, tuple[Decimal, Decimal]]:
    return {one.key: (found.mean, _interval(one, found)) for one, found in _matched(account, histories)}


def _worst(
    account: Account, histories: Mapping[str, RateHistory], quantile: Decimal
) -> dict[str, tuple[Decimal, Decimal]]:
    return {
        one.key: (found.worst(one.side, quantile), _interval(one, found)) for one, found in _matched(account, histories)
    }


def _matched(account: Account, histories: Mapping[str, RateHistory]) -> Iterable[tuple[Position, RateHistory]]:
    for position in account.positions:
        found = histories.get(position.contract.symbol)
        if found is not None:
            yield position, found


def _interval(position: Position, history: RateHistory) -> Decimal:
    """That of the history, the position's own where the history is a single rate."""
    return history.interval or position.funding_interval


def _row(account: Account, accounts: dict[str, Account], position: Position) -> FundingRow:
    return FundingRow(
        key=position.key,
        symbol=position.contract.symbol,
        side=position.side,
        notional=notional(position, account.prices),
        rated={
            name: _rated(next(one for one in rated.positions if one.key == position.key), rated)
            for name, rated in accounts.items()
        },
    )


def _rated(position: Position, account: Account) -> Rated | None:
    per_interval, per_day = funding_per_interval(position, account), funding_per_day(position, account)
    if position.funding_rate is None or per_interval is None or per_day is None:
        return None
    return Rated(
        rate=position.funding_rate, interval=position.funding_interval, per_interval=per_interval, per_day=per_day
    )


def _case(name: str, account: Account, horizon: Decimal) -> FundingCase:
    paid = [(position, funding_per_day(position, account)) for position in account.positions]
    runways = [
        (days, state.pool.name) for state in states_of(account) if (days := runway_days(state, account)) is not None
    ]
    runway, pool = min(runways, default=(None, None))
    now = sides_of(account)
    after = sides_of(after_funding(account, horizon)) if runway is None or runway > horizon else Sides(ZERO, ZERO)
    return FundingCase(
        name=name,
        per_day=sum((amount for _, amount in paid if amount is not None), ZERO),
        runway_days=runway,
        runway_pool=pool,
        down=now.down,
        up=now.up,
        down_after=after.down,
        up_after=after.up,
        missing=tuple(dict.fromkeys(position.contract.symbol for position, amount in paid if amount is None)),
    )


def sides_of(account: Account) -> Sides:
    """The smallest joint move either way that liquidates any pool."""
    sides = [joint_sides(state, account.betas) for state in states_of(account)]
    return Sides(
        min((one.down for one in sides if one.down is not None), default=None),
        min((one.up for one in sides if one.up is not None), default=None),
    )
