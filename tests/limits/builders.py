"""Reports and accounts for rule tests, a figure or two at a time; everything else is neutral."""

from datetime import date
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from marginctl.core.account import (
    Account,
    AssetTerms,
    CollateralMode,
    MarginMode,
    MarginRules,
    Position,
    PositionMode,
    default_beta,
)
from marginctl.core.assemble import report_of
from marginctl.core.contract import Contract, ContractType, HaircutTier, Tier
from marginctl.core.exact import ONE, ZERO, ratio
from marginctl.core.report import (
    AccountHeader,
    AccountLiquidation,
    CollateralFigures,
    FundingFigures,
    Liquidation,
    MaintenanceNetting,
    NettingFigures,
    PoolFigures,
    PositionFigures,
    Report,
    RulesUsed,
    Totals,
    UnderlyingFigures,
)
from marginctl.findings import Check, Finding, Location, Severity
from marginctl.limits.config import Bound, LimitsConfig, LimitSource
from marginctl.limits.context import Context, Locations
from marginctl.limits.engine import Evaluation, evaluate
from marginctl.limits.registry import BY_CODE

Number = str | int | Decimal
TODAY = date(2026, 11, 22)
ACCOUNT_LINE = Location("desk.yaml", 2, 1)
LIMIT_LINE = Location("desk.yaml", 40, 3)
POLICY_LINE = Location("policy.yaml", 4, 3)
NO_NETTING = NettingFigures(
    gross_initial_margin=ZERO,
    initial_margin=ZERO,
    saving=ZERO,
    saving_rate=ZERO,
    maintenance=MaintenanceNetting(
        gross_maintenance_margin=ZERO, maintenance_margin=ZERO, saving=ZERO, saving_rate=ZERO
    ),
)


def d(value: Number) -> Decimal:
    """An exact decimal."""
    return Decimal(value)


def maybe(value: Number | None) -> Decimal | None:
    """An exact decimal or nothing."""
    return None if value is None else Decimal(value)


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
    return PoolFigures(
        name=name,
        margin_mode="isolated" if name.startswith("isolated") else "cross",
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
    return PositionFigures(
        symbol=symbol,
        side=side,
        quantity=ONE,
        entry_price=d(notional),
        mark_price=d(notional),
        notional=d(notional),
        unrealized_pnl=ZERO,
        leverage=ratio(ONE, d(initial_rate)),
        initial_rate=d(initial_rate),
        initial_margin=d(notional) * d(initial_rate),
        maintenance_rate=ZERO,
        maintenance_deduction=ZERO,
        tier=None,
        maintenance_margin=ZERO,
        margin_mode="isolated" if pool.startswith("isolated") else "cross",
        pool=pool,
        liquidation_price=None,
        liquidation_side=None,
        distance_to_liquidation=None,
        contract_liquidation_price=None,
        bankruptcy_price=None,
        funding_per_day=maybe(funding),
        purpose=purpose,
        key=key or symbol,
    )


def held(asset: str, value: Number, *, pool: str = "cross", price: Number = 1) -> CollateralFigures:
    """An asset's row, without a haircut."""
    return CollateralFigures(
        asset=asset,
        pool=pool,
        balance=d(value) / d(price),
        unrealized_pnl=ZERO,
        equity=d(value) / d(price),
        price=d(price),
        haircut=ZERO,
        value=d(value),
    )


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
    return UnderlyingFigures(
        asset=asset,
        pool=pool,
        delta=d(delta),
        net_notional=d(net),
        gross_notional=abs(d(net)) if gross is None else d(gross),
        price=d(1),
        down=None,
        up=None,
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
    gross = sum((row.notional for row in positions), ZERO)
    equity = sum((row.equity for row in pools), ZERO)
    worst = pools[0]
    return Report(
        account=AccountHeader("desk", "generic", "multi-asset", "tiered", "one-way", "USD", as_of),
        totals=Totals(
            equity=equity,
            gross_collateral=equity,
            unrealized_pnl=ZERO,
            haircut=ZERO,
            initial_margin=sum((row.initial_margin for row in pools), ZERO),
            order_margin=sum((row.order_margin for row in pools), ZERO),
            maintenance_margin=sum((row.maintenance_margin for row in pools), ZERO),
            gross_notional=gross,
            net_notional=gross,
            leverage=ratio(gross, equity),
            free_collateral=worst.free_collateral,
            buffer=worst.buffer,
            utilization=worst.utilization,
            maintenance_ratio=worst.maintenance_ratio,
            worst_pool=worst.name,
            liquidatable=any(row.liquidatable for row in pools),
            state="healthy",
        ),
        liquidation=AccountLiquidation(None, None, None, None, None),
        pools=pools,
        positions=positions,
        collateral=collateral,
        underlyings=underlyings,
        netting=NO_NETTING,
        funding=FundingFigures(per_day=d(per_day), runway_days=maybe(runway), missing=missing),
    )


def linear(
    symbol: str = "BTCUSDT", base: str = "BTC", quote: str = "USDT", *, maintenance: Number = "0.01"
) -> Contract:
    """A contract of size 1 that settles in its quote, with one tier and 10% of initial margin."""
    return Contract(symbol, ContractType.LINEAR, base, quote, ONE, (Tier(None, d(maintenance), ZERO, d("0.1")),))


def inverse(symbol: str = "BTCUSD", base: str = "BTC", *, size: Number = 1) -> Contract:
    """A contract that settles in its base, with one tier: 1% of maintenance, 10% of initial margin."""
    return Contract(symbol, ContractType.INVERSE, base, "USD", d(size), (Tier(None, d("0.01"), ZERO, d("0.1")),))


def stand(
    contract: Contract, side: int, quantity: Number, entry: Number, mark: Number | None = None, **fields: Any
) -> Position:
    """A position; the mark defaults to the entry price."""
    key = fields.pop("key", contract.symbol)
    return Position(key, contract, side, d(quantity), d(entry), d(entry if mark is None else mark), **fields)


def isolated(contract: Contract, side: int, quantity: Number, entry: Number, margin: Number) -> Position:
    """An isolated position at its entry price."""
    return stand(contract, side, quantity, entry, margin_mode=MarginMode.ISOLATED, isolated_margin=d(margin))


def haircut(rate: Number, **terms: Any) -> AssetTerms:
    """One haircut for any amount."""
    return AssetTerms((HaircutTier(None, d(rate)),), **terms)


def account(
    balances: dict[str, Number],
    *positions: Position,
    prices: dict[str, Number] | None = None,
    terms: dict[str, AssetTerms] | None = None,
    rules: MarginRules = MarginRules(),  # noqa: B008
    single_asset: bool = False,
) -> Account:
    """A USD account; USD, USDT and USDC at 1, BTC at 100, ETH at 10 unless given."""
    known = {"USD": 1, "USDT": 1, "USDC": 1, "BTC": 100, "ETH": 10} | (prices or {})
    return Account(
        name="desk",
        venue="generic",
        currency="USD",
        collateral_mode=CollateralMode.SINGLE_ASSET if single_asset else CollateralMode.MULTI_ASSET,
        position_mode=PositionMode.ONE_WAY,
        rules=rules,
        prices={asset: d(price) for asset, price in known.items()},
        betas={asset: default_beta(asset) for asset in known},
        balances={asset: d(amount) for asset, amount in balances.items()},
        terms=terms or {},
        positions=positions,
    )


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
