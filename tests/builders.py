"""The one builder of accounts and of reports: short to write, complete for the engine, neutral unless told.

Accounts of the engine first; below them the rows of a report, whose figures are said instead of computed.
"""

from decimal import Decimal
from typing import Any

from marginctl.core.account import (
    Account,
    AssetTerms,
    CollateralMode,
    MarginMode,
    MarginRules,
    Order,
    Position,
    PositionMode,
    default_beta,
)
from marginctl.core.contract import Contract, ContractType, HaircutTier, Tier, TiersBy, derived_deductions
from marginctl.core.exact import ONE, ZERO
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
    Totals,
    UnderlyingFigures,
)

LONG, SHORT = 1, -1
PRICES = {"USD": "1", "USDT": "1", "USDC": "1", "BTC": "100", "ETH": "10", "EUR": "1.25", "TRY": "0.025"}
Number = str | int | Decimal


def d(value: Number) -> Decimal:
    """An exact decimal."""
    return Decimal(value)


def maybe(value: Number | None) -> Decimal | None:
    """An exact decimal or nothing."""
    return None if value is None else Decimal(value)


def tiers(
    *rows: tuple[Number | None, Number, Number | None], deductions: list[Number] | None = None
) -> tuple[Tier, ...]:
    """Rows (up_to, maintenance rate, initial rate); deductions continuous unless given."""
    rates = [d(rate) for _, rate, _ in rows]
    floors = [ZERO, *(d(up_to) for up_to, _, _ in rows if up_to is not None)]
    given = [d(one) for one in deductions] if deductions is not None else derived_deductions(floors, rates)
    return tuple(
        Tier(maybe(up_to), rate, deduction, maybe(initial))
        for (up_to, _, initial), rate, deduction in zip(rows, rates, given, strict=True)
    )


def flat(maintenance: Number, initial: Number | None = None) -> tuple[Tier, ...]:
    """One tier without end."""
    return tiers((None, maintenance, initial))


def linear(
    symbol: str = "BTCUSDT",
    base: str = "BTC",
    quote: str = "USDT",
    table: tuple[Tier, ...] = flat("0.01", "0.1"),
    *,
    size: Number = 1,
    tiers_by: TiersBy = TiersBy.NOTIONAL,
) -> Contract:
    """A contract that settles in its quote."""
    return Contract(symbol, ContractType.LINEAR, base, quote, d(size), table, tiers_by)


def inverse(
    symbol: str = "BTCUSD",
    base: str = "BTC",
    quote: str = "USD",
    table: tuple[Tier, ...] = flat("0.01", "0.1"),
    *,
    size: Number = 10,
) -> Contract:
    """A contract that settles in its base."""
    return Contract(symbol, ContractType.INVERSE, base, quote, d(size), table)


def position(
    contract: Contract, side: int, quantity: Number, entry: Number, mark: Number | None = None, **fields: Any
) -> Position:
    """A position; numbers in ``fields`` may be text. The mark defaults to the entry price."""
    own: dict[str, Any] = {
        name: d(value) if isinstance(value, str | int) and name != "key" else value for name, value in fields.items()
    }
    if "isolated_margin" in own:
        own["margin_mode"] = MarginMode.ISOLATED
    key = own.pop("key", f"{contract.symbol}:{side}:{'isolated' if 'isolated_margin' in own else 'cross'}")
    return Position(key, contract, side, d(quantity), d(entry), d(entry if mark is None else mark), **own)


def order(contract: Contract, side: int, quantity: Number, price: Number, mark: Number, **fields: Any) -> Order:
    """An order."""
    own: dict[str, Any] = {name: d(value) if isinstance(value, str) else value for name, value in fields.items()}
    return Order(contract, side, d(quantity), d(price), d(mark), **own)


def haircuts(*rows: tuple[Number | None, Number]) -> tuple[HaircutTier, ...]:
    """Rows (up_to, haircut)."""
    return tuple(HaircutTier(maybe(up_to), d(haircut)) for up_to, haircut in rows)


def account(
    *positions: Position,
    balances: dict[str, Number] | None = None,
    prices: dict[str, Number] | None = None,
    betas: dict[str, Number] | None = None,
    terms: dict[str, AssetTerms] | None = None,
    orders: tuple[Order, ...] = (),
    rules: MarginRules | None = None,
    isolated_rules: MarginRules | None = None,
    single_asset: bool = False,
    hedge: bool = False,
    currency: str = "USD",
    name: str = "test",
    venue: str = "generic",
) -> Account:
    """An account with the prices above; only what a test is about needs to be said."""
    known = {asset: d(price) for asset, price in {**PRICES, **(prices or {})}.items()}
    moves = {asset: default_beta(asset) for asset in known} | {a: d(beta) for a, beta in (betas or {}).items()}
    return Account(
        name=name,
        venue=venue,
        currency=currency,
        collateral_mode=CollateralMode.SINGLE_ASSET if single_asset else CollateralMode.MULTI_ASSET,
        position_mode=PositionMode.HEDGE if hedge else PositionMode.ONE_WAY,
        rules=rules or MarginRules(),
        isolated_rules=isolated_rules,
        prices=known,
        betas=moves,
        balances={asset: d(amount) for asset, amount in (balances or {}).items()},
        terms=terms or {},
        positions=positions,
        orders=orders,
    )


# The rows of a report.

NO_NETTING = NettingFigures(
    gross_initial_margin=ZERO,
    initial_margin=ZERO,
    saving=ZERO,
    saving_rate=ZERO,
    maintenance=MaintenanceNetting(
        gross_maintenance_margin=ZERO, maintenance_margin=ZERO, saving=ZERO, saving_rate=ZERO
    ),
)


def decimals(figures: dict[str, Any]) -> dict[str, Any]:
    """Texts that look like numbers as Decimals, so that rows stay readable."""
    return {name: _decimal(value) for name, value in figures.items()}


def _decimal(value: Any) -> Any:
    is_number = isinstance(value, str) and value.lstrip("-").replace(".", "", 1).isdigit()
    return Decimal(value) if is_number else value


def mode_of(pool: str) -> str:
    """A pool called ``isolated:...`` is isolated."""
    return "isolated" if pool.startswith("isolated") else "cross"


def position_row(symbol: str = "BTCUSDT", side: str = "long", **figures: Any) -> PositionFigures:
    """A position's row: 1 at 100 and 10x, never liquidated."""
    pool = figures.get("pool", "cross")
    neutral: dict[str, Any] = {
        **dict.fromkeys(("quantity", "maintenance_rate", "maintenance_deduction", "unrealized_pnl"), ZERO),
        **dict.fromkeys(("entry_price", "mark_price", "notional"), "100"),
        **dict.fromkeys(("tier", "liquidation_price", "liquidation_side", "distance_to_liquidation")),
        **dict.fromkeys(("contract_liquidation_price", "bankruptcy_price", "funding_per_day", "purpose")),
        "quantity": ONE,
        "leverage": "10",
        "initial_rate": "0.1",
        "initial_margin": "10",
        "maintenance_margin": ZERO,
        "margin_mode": mode_of(pool),
        "pool": pool,
        "key": symbol,
    }
    return PositionFigures(symbol=symbol, side=side, **decimals(neutral | figures))


def collateral_row(asset: str, **figures: Any) -> CollateralFigures:
    """An asset's row: none of it, at 1."""
    neutral = {"pool": "cross", "price": ONE}
    neutral |= dict.fromkeys(("balance", "unrealized_pnl", "equity", "haircut", "value"), ZERO)
    return CollateralFigures(asset=asset, **decimals(neutral | figures))


def underlying_row(asset: str, **figures: Any) -> UnderlyingFigures:
    """An underlying's row: nothing on it, so that no move of it liquidates."""
    neutral: dict[str, Any] = {"pool": "cross", "price": ONE}
    neutral |= dict.fromkeys(("delta", "net_notional", "gross_notional"), ZERO)
    neutral |= dict.fromkeys(("down", "up", "liquidation_down", "liquidation_up", "distance"))
    return UnderlyingFigures(asset=asset, **decimals(neutral | figures))


def pool_row(name: str = "cross", **figures: Any) -> PoolFigures:
    """A pool's row: 1,000 of equity, of which nothing is tied up."""
    neutral: dict[str, Any] = {
        **dict.fromkeys(("initial_margin", "order_margin", "maintenance_margin"), ZERO),
        **dict.fromkeys(("utilization", "maintenance_ratio"), ZERO),
        **dict.fromkeys(("equity", "free_collateral", "buffer"), "1000"),
        "margin_mode": mode_of(name),
        "liquidatable": False,
        "liquidation": Liquidation(None, None, None, None),
    }
    return PoolFigures(name=name, **decimals(neutral | figures))


def totals_row(**figures: Any) -> Totals:
    """Totals of 1,000 and nothing else."""
    neutral: dict[str, Any] = {
        **dict.fromkeys(("unrealized_pnl", "haircut", "initial_margin", "order_margin", "maintenance_margin"), ZERO),
        **dict.fromkeys(("gross_notional", "net_notional", "leverage", "utilization", "maintenance_ratio"), ZERO),
        **dict.fromkeys(("equity", "gross_collateral", "free_collateral", "buffer"), "1000"),
        "worst_pool": "cross",
        "liquidatable": False,
        "state": "healthy",
    }
    return Totals(**decimals(neutral | figures))


def header_row(name: str = "desk", **texts: Any) -> AccountHeader:
    """Who: a USD account of one mode for everything."""
    modes = {"collateral_mode": "multi-asset", "margin_model": "tiered", "position_mode": "one-way"}
    return AccountHeader(name=name, **({"venue": "generic", "currency": "USD", "as_of": None} | modes | texts))


def report_row(**parts: Any) -> Report:
    """A report of one pool without positions."""
    neutral: dict[str, Any] = {
        "account": header_row(),
        "totals": totals_row(),
        "liquidation": AccountLiquidation(None, None, None, None, None),
        "pools": (pool_row(),),
        **dict.fromkeys(("positions", "collateral", "underlyings"), ()),
        "netting": NO_NETTING,
        "funding": FundingFigures(per_day=ZERO, runway_days=None, missing=()),
    }
    return Report(**(neutral | parts))
