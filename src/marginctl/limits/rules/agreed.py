"""What was agreed before: caps in money, the loss of a day, what hedges may cost, and when somebody has to act."""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from marginctl.core.account import MarginRules, Position, Purpose
from marginctl.core.exact import ZERO, Direction, exceeds
from marginctl.core.pool import rules_of
from marginctl.core.report import PoolFigures, PositionFigures
from marginctl.core.scenario import ratios
from marginctl.core.value import unrealized_pnl
from marginctl.limits.figures import belonging
from marginctl.limits.remedy import at_least, deposit, remedy
from marginctl.limits.rule import (
    Comparison,
    Context,
    Fact,
    Measurement,
    Ratio,
    Remedy,
    Rule,
    Unit,
    Unknown,
    advice,
    manual_of,
)
from marginctl.wording import listed, money, percent, separated


def position_notional(context: Context) -> Iterable[Measurement]:
    """What it checks: the size of each position in money, cross or isolated, hedges too.

    Value: its notional at the mark, in the account's currency. Configured as `max_position_notional`; off otherwise.
    `positions: {BTCUSDT: {max_notional: 50000}, "*": {max_notional: 10000}}` sets it for one contract and for every other
    one, `purposes` and `underlyings` for some. The legs of a contract are measured one by one, an order not at all.

    Why: a cap in money does not grow with the account, and holds for a symbol that nobody has thought of yet.

    Example: 0.2 BTC at 60,000 are 12,000 USD, above a cap of 10,000.

    Instead: close what is above it.
    """
    # One measurement per position
    belongs, currency = belonging(context), context.account.currency
    for row in context.report.positions:
        yield Measurement(
            subject=row.key,
            measured=Ratio(row.notional),
            what=f"notional of the {row.symbol} {row.side}",
            detail=f"{separated(row.quantity)} contracts are {money(row.notional, currency, Direction.UP)} at the mark",
            location=context.locations.position(row.key),
            aliases=(row.symbol,),
            remedy=partial(_position_notional_remedy, context, row),
            belongs=belongs[row.key],
        )


def _position_notional_remedy(context: Context, row: PositionFigures, cap: Decimal) -> Remedy:
    return Remedy(f"close {at_least(row.notional - cap, context.account.currency)} of the {row.symbol} {row.side}")


MC120 = Rule(
    code="MC120",
    name="position-notional",
    summary="notional of a position, in money",
    manual=manual_of(position_notional),
    measure=position_notional,
    key="max_position_notional",
    compares="notional of a position, in the account's currency",
    comparison=Comparison.MAXIMUM,
    unit=Unit.MONEY,
    default=ZERO,
    default_severity=None,
)


SUBJECT = "account"
NO_START = Unknown(
    "the account has no start_of_day_equity", "add `start_of_day_equity` to `account`, its equity when the day began"
)


def daily_loss(context: Context) -> Iterable[Measurement]:
    """What it checks: what the account has lost since its day began.

    Value: `account.start_of_day_equity` - equity of all pools, 0 where nothing is lost; in the account's currency. Without
    that key it is not evaluated. Configured as `max_daily_loss`, an amount (`250`) or a percentage of the equity at the
    start of the day (`2%`); off otherwise.

    Why: most desks stop for the day at a loss that is agreed before. What was deposited since the day began belongs into
    the key, what was withdrawn out of it: neither is a profit or a loss.

    Example: `start_of_day_equity: 10000` and an equity of 9,700 under `max_daily_loss: 2%`: 300, above 200.

    Instead: reduce what can lose more today. No deposit undoes a loss, so none is proposed.
    """
    # One measurement, of the account
    start, equity = context.account.start_of_day_equity, context.report.totals.equity
    currency = context.account.currency
    shown = [] if start is None else [money(start, currency), money(equity, currency, Direction.DOWN)]
    yield Measurement(
        subject=SUBJECT,
        measured=NO_START if start is None else Ratio(max(ZERO, start - equity)),
        what=f"loss of the day in {currency}",
        detail=" at its start, now ".join(shown),
        location=context.locations.account,
        remedy=advice("reduce what can lose more today; a deposit undoes no loss"),
        whole=None if start is None else max(ZERO, start),
    )


MC121 = Rule(
    code="MC121",
    name="daily-loss",
    summary="loss since the start of the day",
    manual=manual_of(daily_loss),
    measure=daily_loss,
    key="max_daily_loss",
    compares="loss since the start of the day, an amount or a percentage",
    comparison=Comparison.MAXIMUM,
    unit=Unit.MONEY,
    default=ZERO,
    default_severity=None,
    takes_share=True,
)


NO_SCENARIO = Unknown("there is no scenario in which a hedge could fail", "add one under `scenarios`")


def hedge_loss(context: Context) -> Iterable[Measurement]:
    """What it checks: whether a pool bears it when its hedges fail.

    Value: what is lost where every position marked `purpose: hedge` is closed at its worst in the scenarios of the file and
    of the policy, over the buffer of its pool (equity - level x maintenance margin), for every pool with a hedge. Of each
    position that is the largest of its losses at the end of a scenario, against the mark now, and they need not be of one
    scenario. It does not exist, and breaks the limit, without a buffer. Configured as `max_hedge_loss`; off otherwise. A
    hedge without any scenario cannot be evaluated.

    Why: a hedge pays where what it covers loses. Where both lose, because the basis widens or the market turns after the
    covered leg was closed, its loss has to fit into what is free.

    Example: a short of 1 BTC as the hedge, a scenario `{BTC: +20%}` at 60,000, a buffer of 40,000: 12,000, 30%.

    Instead: deposit, or reduce the hedges.
    """
    # One measurement per pool with a hedge
    pools = {row.key: row.pool for row in context.report.positions if row.purpose == Purpose.HEDGE.value}
    for pool in (one for one in context.report.pools if one.name in pools.values()):
        held = [one for one in context.account.positions if pools.get(one.key) == pool.name]
        worst = {one.key: worst_of(one, context) for one in held}
        loss = sum((-change for _, change in worst.values()), ZERO)
        yield Measurement(
            subject=pool.name,
            measured=Ratio(loss, pool.buffer) if context.moves else NO_SCENARIO,
            what=f"loss of all hedges of {pool.name} over its buffer",
            detail=f"{_told(context, worst, loss)}, a buffer of {_money(context, pool.buffer, Direction.DOWN)}",
            undefined=f"the buffer is {_money(context, pool.buffer, Direction.DOWN)}",
            location=context.locations.position(held[0].key),
            remedy=partial(_hedge_loss_remedy, context, pool, loss),
        )


def worst_of(position: Position, context: Context) -> tuple[str, Decimal]:
    """The scenario at whose end a position loses most, and what it makes there; "" and 0 where it loses in none."""
    now = unrealized_pnl(position, context.account.prices, {})
    found = "", ZERO
    for name, moves in context.moves.items():
        change = unrealized_pnl(position, context.account.prices, ratios(dict(moves))) - now
        found = min(found, (name, change), key=lambda one: one[1])
    return found


def _money(context: Context, amount: Decimal, way: Direction) -> str:
    return money(amount, context.account.currency, way)


def _told(context: Context, worst: dict[str, tuple[str, Decimal]], loss: Decimal) -> str:
    rows = [f"{key} in {name}" for key, (name, change) in worst.items() if change < 0]
    return f"{_money(context, loss, Direction.UP)} lost" + (f" by {listed(rows)}" if rows else "")


def _hedge_loss_remedy(context: Context, pool: PoolFigures, loss: Decimal, limit: Decimal) -> Remedy:
    level = rules_of(context.account, pool.margin_mode).level
    found = deposit(context, pool, loss / limit - pool.buffer, relief_weight=level) if limit else None
    borne = max(ZERO, limit * pool.buffer)
    return remedy(found, f"reduce the hedges by {at_least(loss - borne, context.account.currency)} of what they lose")


MC122 = Rule(
    code="MC122",
    name="hedge-loss",
    summary="loss of all hedges at their worst over the buffer",
    manual=manual_of(hedge_loss),
    measure=hedge_loss,
    key="max_hedge_loss",
    compares="loss of all hedges at their worst in the scenarios, over the buffer",
    comparison=Comparison.MAXIMUM,
    unit=Unit.FRACTION,
    default=ZERO,
    default_severity=None,
)


USUAL = Decimal("0.8")


def margin_call(context: Context) -> Iterable[Measurement]:
    """What it checks: whether a pool, cross or isolated, is called for margin.

    Value: level x maintenance margin / equity. The account's state is `margin-call` where this limit is broken: the word
    and the verdict agree. A venue that publishes a warning level calls at that one; else it is 80% unless `margin_call`
    says otherwise. A level that is set counts beside the venue's. Not configured: a warning. A pool that can be liquidated
    already is no matter of this rule (MC100).

    Why: at 100% positions are closed. Venues that warn do it a little before; where one does not, the account needs a level
    of its own at which somebody acts.

    Example: 850 USDT of maintenance margin on 1,000 USDT of equity: 85%, above 80%.

    Instead: deposit, or reduce positions.
    """
    # One measurement per pool that needs margin and is not liquidatable, at the venue's level, and at any other
    for pool in context.report.pools:
        if pool.liquidatable or pool.maintenance_margin <= 0:
            continue
        rules = rules_of(context.account, pool.margin_mode)
        required = rules.level * pool.maintenance_margin
        if rules.warning_level is not None and pool.equity <= rules.warning_level * pool.maintenance_margin:
            yield _called(context, pool, rules, rules.level / rules.warning_level)
        is_usual = rules.warning_level is None and exceeds(required, pool.equity, USUAL)
        yield _margin_call_measurement(context, pool, rules, Ratio(required, pool.equity), only_asked=not is_usual)


def _margin_call_measurement(
    context: Context, pool: PoolFigures, rules: MarginRules, measured: Ratio, *, only_asked: bool
) -> Measurement:
    currency = context.account.currency
    required, equity = (
        money(measured.numerator, currency, Direction.UP),
        money(pool.equity, currency, Direction.DOWN),
    )
    return Measurement(
        subject=pool.name,
        measured=measured,
        what=f"margin call: maintenance ratio of {pool.name}",
        detail=f"{required} of maintenance margin on {equity} of equity",
        location=context.locations.account,
        remedy=partial(_margin_call_remedy, context, pool, rules),
        only_asked=only_asked,
    )


def _called(context: Context, pool: PoolFigures, rules: MarginRules, limit: Decimal) -> Measurement:
    ratio = rules.level * pool.maintenance_margin / pool.equity
    shown, at = percent(ratio, Direction.UP), percent(limit, Direction.DOWN)
    return Measurement(
        subject=pool.name,
        measured=Fact(True, ratio, limit, limit - ratio),
        what=f"margin call of the venue: maintenance ratio of {pool.name} is {shown}, it calls from {at}",
        location=context.locations.account,
        remedy=lambda _: _margin_call_remedy(context, pool, rules, limit),
    )


def _margin_call_remedy(context: Context, pool: PoolFigures, rules: MarginRules, limit: Decimal) -> Remedy:
    required = rules.level * pool.maintenance_margin
    strict = rules.warning_level is not None
    found = deposit(context, pool, required / limit - pool.equity, strict=strict) if limit else None
    too_much = at_least(max(ZERO, required - limit * pool.equity), context.account.currency)
    return remedy(found, f"reduce the maintenance margin by {too_much}")


MC123 = Rule(
    code="MC123",
    name="margin-call",
    summary="maintenance ratio of a pool at which somebody has to act",
    manual=manual_of(margin_call),
    measure=margin_call,
    key="margin_call",
    compares="maintenance ratio of any pool above which it is called for margin",
    comparison=Comparison.MAXIMUM,
    unit=Unit.FRACTION,
    default=USUAL,
    tacit=True,
)
