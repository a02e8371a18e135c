"""The cheapest ways to pass a broken limit, each enough by itself: a deposit, a deposit of a coin, less of a position.

The rule's own formula, where it has one, says how much of a stablecoin it takes; the other amounts are searched for.
Both are asked about before they are told: with the amount the limit holds, with one step less it does not.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

from marginctl.core.account import Account, Position
from marginctl.core.contract import STEP, side_word
from marginctl.core.exact import ONE, ZERO, Direction, rounded
from marginctl.core.pool import is_shared
from marginctl.core.report import CollateralFigures, PoolFigures
from marginctl.core.rooms import DepositWay, ReductionWay, Remedies
from marginctl.core.search import down_to, smallest, up_to
from marginctl.core.trade import reduced, secured, transferred
from marginctl.core.value import unit_notional
from marginctl.findings import Finding, Severity
from marginctl.limits.engine import DepositRemedy
from marginctl.limits.figures import collateral
from marginctl.limits.remedy import COIN_PLACES, deposit_row, main_pool
from marginctl.limits.rule import Deposit
from marginctl.limits.rules import rule_of
from marginctl.limits.standing import AHEAD, SIZED, AccountStanding, Inquiry, Judged, Limit
from marginctl.limits.verdict import aims_of
from marginctl.wording import rounded_up

STEADY_STEP = Decimal("1e-6")
ENOUGH = Decimal(1000)
"""Times everything in the account: a deposit this large that does not help is none."""
NO_SIZE = frozenset(("MC105", "MC116"))
"""Limits on which the size of the account or of a position has no say, or only by leaps."""


MOST_POSITIONS = 20
"""Positions of a book in which a closing that lifts everything is looked for."""

Change = Callable[[Decimal], Account]


class Seeker:
    """Looks for the ways out of one account's broken limits; what positions do to them is asked once for all."""

    def __init__(self, inquiry: Inquiry) -> None:
        self.inquiry = inquiry
        self.account = inquiry.context.account
        self._asked: dict[tuple[bool, str, Decimal], AccountStanding] = {}
        broken = sorted({limit.code for limit in inquiry.broken})
        self._rules = {
            ahead: tuple(rule_of(code) for code in broken if (code in AHEAD) is ahead) for ahead in (True, False)
        }
        totals = inquiry.context.report.totals
        self.everything = abs(totals.gross_collateral) + totals.gross_notional + ONE

    def ways(self, finding: Finding) -> Remedies:
        """The ways to lift a finding."""
        reading = self._reading(finding)
        if reading is None or finding.code in NO_SIZE:
            return Remedies()
        return Remedies(tuple(self._deposits(reading)), self._reduction(reading.limit))

    def ways_in(self, finding: Finding) -> Iterator[DepositWay]:
        """The deposits of those, looked for one by one."""
        reading = self._reading(finding)
        if reading is not None and finding.code not in NO_SIZE:
            yield from self._deposits(reading)

    def _reading(self, finding: Finding) -> Judged | None:
        """The gravest broken bound behind a finding: the one that its message names."""
        found = [
            reading
            for limit, reading in self.inquiry.base.items()
            if limit in self.inquiry.broken
            and (limit.code, limit.subject, limit.severity) == (finding.code, finding.subject, finding.severity)
        ]
        return next((one for one in found if one.bound.threshold in (finding.limit, None)), None)

    def _ask(self, limit: Limit, what: str, change: Change) -> Callable[[Decimal], AccountStanding]:
        """Asks by the rules that are broken now and look as far as this one; each account is asked about once."""
        ahead = limit.code in AHEAD

        def ask(size: Decimal) -> AccountStanding:
            key = ahead, what if size else "", size or ZERO
            if key not in self._asked:
                account = change(size) if size else self.account
                self._asked[key] = self.inquiry.judging(account, self._rules[ahead])
            return self._asked[key]

        return ask

    def _deposits(self, reading: Judged) -> Iterator[DepositWay]:
        report = self.inquiry.context.report
        pool = next((one for one in report.pools if _is_of(reading.limit, one)), None) or main_pool(report)
        stated = reading.measurement.remedy(reading.bound.threshold or ZERO) if reading.measurement.remedy else None
        if stated is not None and stated.deposit is not None:
            pool = next((one for one in report.pools if one.name == stated.deposit.pool), pool)
        if pool is None:
            return
        row = deposit_row(self.inquiry.context, pool)
        if row is None:
            return
        first = self._deposit(reading.limit, pool, row, stated.deposit if stated else None)
        yield from [first] if first else []
        coins = [one for one in collateral(report, pool) if one.asset != row.asset and self._is_coin(one.asset)]
        found = [self._deposit(reading.limit, pool, one, None) for one in coins]
        yield from sorted((one for one in found if one), key=lambda one: one.value)

    def closing(self, findings: Sequence[Finding]) -> ReductionWay | None:
        """The closing with the smallest notional, of one position, that lifts all findings and breaks nothing."""
        readings = [self._reading(one) for one in findings if one.code not in NO_SIZE]
        limits = [one.limit for one in readings if one is not None]
        if len(limits) < len(findings) or len(self.account.positions) > MOST_POSITIONS:
            return None
        found = [(self._lifting(limits, position), position) for position in self.account.positions]
        sized = [
            (quantity * unit_notional(position, self.account.prices), quantity, position)
            for quantity, position in found
            if quantity is not None
        ]
        return _way(*min(sized, key=lambda one: one[0])) if sized else None

    def _lifting(self, limits: Sequence[Limit], position: Position) -> Decimal | None:
        """How much of a position lifts every limit, as words say it where that does too; None where none does."""
        most, step = position.quantity, position.contract.sizing_step
        sizes = [smallest(self._closing(limit, position), limit, most, step) for limit in limits]
        size = max((most if one is None else one for one in sizes), default=most)
        tried = dict.fromkeys((min(up_to(rounded_up(size), step), most), size))
        return next((one for one in tried if self._is_lifted(limits, position, one)), None)

    def _is_lifted(self, limits: Sequence[Limit], position: Position, size: Decimal) -> bool:
        if any(limit in self._closing(limit, position)(size).broken for limit in limits):
            return False
        after = reduced(self.account, position, size)
        return not any(self.inquiry.keeping(after, ahead=ahead).broken for ahead in (False, True))

    def _is_coin(self, asset: str) -> bool:
        return self.account.is_volatile(asset)

    def _deposit(
        self, limit: Limit, pool: PoolFigures, row: CollateralFigures, stated: Deposit | None
    ) -> DepositWay | None:
        isolated = None if is_shared(pool.margin_mode) else self._alone_in(pool)
        step = STEP if self._is_coin(row.asset) else STEADY_STEP

        def change(size: Decimal) -> Account:
            if isolated is None:
                return transferred(self.account, {row.asset: size})
            return secured(self.account, isolated, size)

        ask = self._ask(limit, f"+{pool.name}+{row.asset}", change)
        amount = stated.amount if stated is not None and stated.asset == row.asset else None
        if amount is None or limit in ask(amount).broken or limit not in ask(amount - step).broken:
            amount = smallest(ask, limit, self.everything * ENOUGH / row.price, step)
        if amount is None:
            return None
        return DepositWay(
            asset=row.asset,
            pool=pool.name,
            amount=amount,
            value=amount * row.price,
        )

    def _alone_in(self, pool: PoolFigures) -> Position | None:
        """The position that an isolated pool is for."""
        keys = {one.key for one in self.inquiry.context.report.positions if one.pool == pool.name}
        return next((one for one in self.account.positions if one.key in keys), None)

    def _reduction(self, limit: Limit) -> ReductionWay | None:
        """The closing with the smallest notional, of one position, after which the limit holds."""
        candidates = sorted(
            ((self._least(limit, position), position) for position in self.account.positions), key=lambda one: one[0]
        )
        best: tuple[Decimal, Decimal, Position] | None = None
        for least, position in candidates:
            if best is not None and least >= best[0]:
                break
            quantity = smallest(self._closing(limit, position), limit, position.quantity, position.contract.sizing_step)
            if quantity is None:
                quantity = self._whole(limit, position)
            notional = ZERO if quantity is None else quantity * unit_notional(position, self.account.prices)
            if quantity is not None and (best is None or notional < best[0]):
                best = notional, quantity, position
        return None if best is None else _way(*best)

    def _closing(self, limit: Limit, position: Position) -> Callable[[Decimal], AccountStanding]:
        return self._ask(limit, f"-{position.key}", lambda size: reduced(self.account, position, size))

    def _whole(self, limit: Limit, position: Position) -> Decimal | None:
        """All of a position whose quantity is no whole number of steps."""
        if down_to(position.quantity, position.contract.sizing_step) == position.quantity:
            return None
        return None if limit in self._closing(limit, position)(position.quantity).broken else position.quantity

    def _least(self, limit: Limit, position: Position) -> Decimal:
        """The notional that must go at least, by how fast a first step helps; 0 where that does not say.

        A slack is concave in what is closed for most limits: it rises nowhere faster than at first.
        """
        ask = self._closing(limit, position)
        step = min(STEP, position.quantity)
        now = ask(ZERO).slack(limit)
        rise = ask(step).slack(limit) - now
        return ZERO if rise <= 0 else -now / rise * step * unit_notional(position, self.account.prices)


def _is_of(limit: Limit, pool: PoolFigures) -> bool:
    return limit.subject == pool.name or limit.subject.startswith(f"{pool.name}:")


def _way(notional: Decimal, quantity: Decimal, position: Position) -> ReductionWay:
    return ReductionWay(
        key=position.key,
        symbol=position.contract.symbol,
        side=side_word(position.side),
        quantity=quantity,
        left=rounded(position.quantity - quantity, COIN_PLACES, Direction.NEAREST),
        notional=notional,
    )


def closing_of(inquiry: Inquiry, findings: tuple[Finding, ...]) -> ReductionWay | None:
    """The smallest closing of one position after which the account passes; None where none does."""
    aims = aims_of(findings, inquiry.fail_on)
    return Seeker(inquiry).closing(aims) if aims else None


def sought(
    inquiry: Inquiry, findings: tuple[Finding, ...], known: Iterable[DepositRemedy]
) -> tuple[tuple[DepositRemedy, ...], ReductionWay | None]:
    """The deposits that lift what a run fails by: those ``known``, the others looked for; and the closing instead."""
    aims = aims_of(findings, inquiry.fail_on)
    if not aims:
        return (), None
    seeker = Seeker(inquiry)
    found = {(one.code, one.subject): one for one in known}
    if len(inquiry.context.account.positions) <= MOST_POSITIONS:
        for finding in aims:
            key = finding.code, finding.subject
            way = None if key in found else next(iter(seeker.ways_in(finding)), None)
            if way is not None:
                found[key] = deposit_remedy(finding, way)
    return tuple(found.values()), seeker.closing(aims)


def deposit_remedy(finding: Finding, way: DepositWay) -> DepositRemedy:
    """A deposit as what lifts a finding."""
    deposit = Deposit(way.pool, way.asset, way.amount)
    return DepositRemedy(finding.code, finding.subject, finding.severity, deposit)


def ways(inquiry: Inquiry, findings: tuple[Finding, ...]) -> list[tuple[Finding, Remedies]]:
    """The ways to lift every finding on a figure that is not waived, gravest first."""
    sized = {rule.code for rule in SIZED}
    seeker = Seeker(inquiry)
    order = (Severity.ERROR, Severity.WARNING)
    live = [one for one in findings if not one.waived and one.severity in order and one.code in sized]
    return [(one, seeker.ways(one)) for one in sorted(live, key=lambda one: order.index(one.severity))]
