"""Reports and accounts for rule tests, a figure or two at a time; everything else is neutral."""

from datetime import date
from decimal import Decimal
from typing import Any

from msgspec.structs import replace
from tests import builders
from tests.builders import (
    Number,
    collateral_row,
    d,
    flat,
    header_row,
    maybe,
    pool_row,
    position_row,
    report_row,
    totals_row,
    underlying_row,
)

from marginctl.core.account import (
    Account,
    AssetTerms,
    MarginMode,
    Position,
)
from marginctl.core.assemble import report_of
from marginctl.core.contract import Contract, HaircutTier
from marginctl.core.exact import ONE, ZERO, ratio
from marginctl.core.report import (
    CollateralFigures,
    FundingFigures,
    Liquidation,
    PoolFigures,
    PositionFigures,
    Report,
    RulesUsed,
    UnderlyingFigures,
)
from marginctl.findings import Check, Finding, Location, Severity
from marginctl.limits.config import Bound, LimitsConfig, LimitSource
from marginctl.limits.engine import Evaluation, evaluate
from marginctl.limits.figures import total
from marginctl.limits.rule import Context, Locations
from marginctl.limits.rules import BY_CODE

TODAY = date(2026, 11, 22)
ACCOUNT_LINE = Location("desk.yaml", 2, 1)
SUMMED = ("equity", "initial_margin", "order_margin", "maintenance_margin")
OF_WORST = ("free_collateral", "buffer", "utilization", "maintenance_ratio")
LIMIT_LINE = Location("desk.yaml", 40, 3)
POLICY_LINE = Location("policy.yaml", 4, 3)


def pool(
    name: str = "cross",
    *,
    equity: Number = 1000,
    initial: Number = 0,
    orders: Number = 0,
    maintenance: Number = 0,
    liquidatable: bool = False,
    level: Number = 1,
    distance: Number | None = None,
    direction: str | None = None,
) -> PoolFigures:
    """A pool's row; a pool called ``isolated:...`` is isolated."""
    used, required = d(initial) + d(orders), d(level) * d(maintenance)
    return pool_row(
        name,
        equity=d(equity),
        initial_margin=d(initial),
        order_margin=d(orders),
        maintenance_margin=d(maintenance),
        free_collateral=d(equity) - used,
        buffer=d(equity) - required,
        utilization=ratio(used, d(equity)),
        maintenance_ratio=ratio(required, d(equity)),
        liquidatable=liquidatable,
        liquidation=Liquidation(None, None, maybe(distance), direction),
    )


def position(
    symbol: str = "BTCUSDT",
    side: str = "long",
    *,
    notional: Number = 100,
    initial_rate: Number = "0.1",
    pool: str = "cross",
    purpose: str | None = None,
    funding: Number | None = None,
    key: str | None = None,
) -> PositionFigures:
    """A position's row; figures that no rule looks at are neutral."""
    return position_row(
        symbol,
        side,
        **dict.fromkeys(("entry_price", "mark_price", "notional"), d(notional)),
        leverage=ratio(ONE, d(initial_rate)),
        initial_rate=d(initial_rate),
        initial_margin=d(notional) * d(initial_rate),
        pool=pool,
        funding_per_day=maybe(funding),
        purpose=purpose,
        key=key or symbol,
    )


def held(asset: str, value: Number, *, pool: str = "cross", price: Number = 1) -> CollateralFigures:
    """An asset's row, without a haircut."""
    amount = d(value) / d(price)
    return collateral_row(asset, pool=pool, balance=amount, equity=amount, price=d(price), value=d(value))


def underlying(
    asset: str,
    *,
    net: Number = 0,
    gross: Number | None = None,
    delta: Number = 0,
    pool: str = "cross",
    distance: Number | None = None,
    down: Number | None = None,
    up: Number | None = None,
) -> UnderlyingFigures:
    """An underlying's row."""
    return underlying_row(
        asset,
        pool=pool,
        delta=d(delta),
        net_notional=d(net),
        gross_notional=abs(d(net)) if gross is None else d(gross),
        liquidation_down=maybe(down),
        liquidation_up=maybe(up),
        distance=maybe(distance),
    )


def report(
    *pools: PoolFigures,
    positions: tuple[PositionFigures, ...] = (),
    collateral: tuple[CollateralFigures, ...] = (),
    underlyings: tuple[UnderlyingFigures, ...] = (),
    runway: Number | None = None,
    per_day: Number = 0,
    missing: tuple[str, ...] = (),
    as_of: str | None = None,
) -> Report:
    """A report whose totals are the sums of its pools and positions."""
    pools = pools or (pool(),)
    gross, equity = total(row.notional for row in positions), total(row.equity for row in pools)
    worst = pools[0]
    sums = {name: total(getattr(row, name) for row in pools) for name in SUMMED}
    return report_row(
        account=header_row(as_of=as_of),
        totals=totals_row(
            **sums,
            gross_collateral=equity,
            gross_notional=gross,
            net_notional=gross,
            leverage=ratio(gross, equity),
            **{name: getattr(worst, name) for name in OF_WORST},
            worst_pool=worst.name,
            liquidatable=any(row.liquidatable for row in pools),
        ),
        pools=pools,
        positions=positions,
        collateral=collateral,
        underlyings=underlyings,
        funding=FundingFigures(per_day=d(per_day), runway_days=maybe(runway), missing=missing),
    )


def linear(
    symbol: str = "BTCUSDT", base: str = "BTC", quote: str = "USDT", *, maintenance: Number = "0.01"
) -> Contract:
    """A contract of size 1 that settles in its quote, with one tier and 10% of initial margin."""
    return builders.linear(symbol, base, quote, flat(maintenance, "0.1"))


def inverse(symbol: str = "BTCUSD", base: str = "BTC", *, size: Number = 1) -> Contract:
    """A contract that settles in its base, with one tier: 1% of maintenance, 10% of initial margin."""
    return builders.inverse(symbol, base, size=size)


def stand(
    contract: Contract, side: int, quantity: Number, entry: Number, mark: Number | None = None, **fields: Any
) -> Position:
    """A position called by its symbol; the mark defaults to the entry price."""
    return builders.position(contract, side, quantity, entry, mark, **({"key": contract.symbol} | fields))


def isolated(contract: Contract, side: int, quantity: Number, entry: Number, margin: Number) -> Position:
    """An isolated position at its entry price."""
    return stand(contract, side, quantity, entry, isolated_margin=d(margin))


def haircut(rate: Number, **terms: Any) -> AssetTerms:
    """One haircut for any amount."""
    return AssetTerms((HaircutTier(None, d(rate)),), **terms)


def account(balances: dict[str, Number], *positions: Position, **more: Any) -> Account:
    """A USD account called as the reports are; its prices are those of ``tests.builders`` unless given."""
    return builders.account(*positions, balances=balances, name="desk", **more)


def deposited(book: Account, pool: str, asset: str, amount: Number) -> Account:
    """The account after a deposit; into an isolated pool it becomes isolated margin."""
    grown = replace(book, balances=book.balances | {asset: book.balances.get(asset, d(0)) + d(amount)})
    if not pool.startswith("isolated"):
        return grown
    return replace(grown, positions=tuple(_with_margin(position, d(amount)) for position in grown.positions))


def _with_margin(position: Position, amount: Decimal) -> Position:
    if position.margin_mode is MarginMode.CROSS:
        return position
    return replace(position, isolated_margin=(position.isolated_margin or ZERO) + amount)


PLAIN_ACCOUNT = account(
    {"USDT": 1000},
    stand(linear("BTCUSDT", "BTC"), 1, 1, 100),
    stand(linear("ETHUSDT", "ETH"), 1, 1, 10),
)


def context(of: Report | Account, **fields: Any) -> Context:
    """The context of a handmade report, or of an account with the report that the engine makes of it."""
    figures, of_account = (report_of(of), of) if isinstance(of, Account) else (of, PLAIN_ACCOUNT)
    neutral: dict[str, Any] = {
        "account": of_account,
        "rules": RulesUsed(venue="generic", as_of=None, status="verified", sources=()),
        "today": TODAY,
        "locations": Locations(ACCOUNT_LINE, {"BTCUSDT": Location("desk.yaml", 20, 5)}),
    }
    return Context(report=figures, **(neutral | fields))


def bound(limit: Number | None = None, severity: Severity = Severity.ERROR, **fields: Any) -> Bound:
    """A bound of the portfolio."""
    return Bound(severity, maybe(limit), **({"origin": LimitSource.PORTFOLIO, "location": LIMIT_LINE} | fields))


def only(code: str, *bounds: Bound) -> LimitsConfig:
    """A configuration in which one rule alone is on."""
    return LimitsConfig({code: bounds})


def judged(code: str, limit: Number | None, of: Report | Account, **fields: Any) -> Evaluation:
    """One rule on one report, failing beyond ``limit``."""
    return evaluate(context(of, **fields), only(code, bound(limit)))


def by_default(code: str, of: Report | Account, **fields: Any) -> Evaluation:
    """One rule on one report, with its default bound."""
    rule = BY_CODE[code]
    bounds = (Bound(rule.default_severity, rule.default),) if rule.default_severity else ()
    return evaluate(context(of, **fields), only(code, *bounds))


def check(evaluation: Evaluation, subject: str | None = None) -> Check:
    """The only check, or the only one of a subject."""
    (found,) = [one for one in evaluation.checks if subject in (None, one.subject)]
    return found


def finding(evaluation: Evaluation, subject: str | None = None) -> Finding:
    """The only finding, or the only one of a subject."""
    (found,) = [one for one in evaluation.findings if subject in (None, one.subject)]
    return found
