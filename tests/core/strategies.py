"""Random accounts: every kind of contract, collateral, mode and rule the engine knows, at plausible sizes."""

from decimal import Decimal
from functools import cache
from typing import NamedTuple

from hypothesis import strategies as st
from msgspec.structs import replace

from marginctl.core.account import (
    Account,
    AssetTerms,
    Basis,
    CloseFee,
    CloseFeeIn,
    CollateralMode,
    Equality,
    MarginMode,
    MarginRules,
    Netting,
    OpenLoss,
    Order,
    OrderFees,
    OrderMaintenance,
    Position,
    PositionMode,
    PriceShown,
    default_beta,
)
from marginctl.core.contract import Contract, ContractType, HaircutTier, Tier, TiersBy, derived_deductions
from marginctl.core.exact import ONE, ZERO
from marginctl.core.opaque import OpaqueRow


class Listed(NamedTuple):
    """A contract of the catalogue, before its tiers."""

    symbol: str
    type: ContractType
    base: str
    quote: str
    size: str


LINEAR, INVERSE = ContractType.LINEAR, ContractType.INVERSE
CATALOGUE = (
    Listed("BTCUSDT", LINEAR, "BTC", "USDT", "1"),
    Listed("BTCUSDC", LINEAR, "BTC", "USDC", "0.001"),
    Listed("ETHUSDT", LINEAR, "ETH", "USDT", "1"),
    Listed("DOGEUSDT", LINEAR, "DOGE", "USDT", "10"),
    Listed("BTCUSD", INVERSE, "BTC", "USD", "100"),
    Listed("BTCUSD_NEXT", INVERSE, "BTC", "USD", "100"),
    Listed("ETHUSD", INVERSE, "ETH", "USD", "10"),
    Listed("ETHBTC", LINEAR, "ETH", "BTC", "1"),
    Listed("EURUSDT", LINEAR, "EUR", "USDT", "1"),
    Listed("USDCUSDT", LINEAR, "USDC", "USDT", "1"),
    Listed("USDEUR", LINEAR, "USD", "EUR", "1"),
)
ASSETS = ("USD", "USDT", "USDC", "BTC", "ETH", "DOGE", "EUR")


@cache
def number(low: int, high: int, places: int) -> st.SearchStrategy[Decimal]:
    """Decimals with a fixed number of places, between low and high units of the last place."""
    return st.integers(low, high).map(lambda n: Decimal(n).scaleb(-places))


@cache
def chosen(*texts: str) -> st.SearchStrategy[Decimal]:
    """One of a few decimals."""
    return st.sampled_from([Decimal(text) for text in texts])


def short(value: Decimal, digits: int) -> Decimal:
    """A number with few digits, written without an exponent."""
    return Decimal(f"{value:.{digits}g}") + ZERO


@cache
@st.composite
def asset_prices(draw: st.DrawFn) -> dict[str, Decimal]:
    """Prices in USD; stablecoins at or near their peg."""
    return {
        "USD": ONE,
        "USDT": draw(chosen("1", "1", "0.98", "0.9995")),
        "USDC": draw(chosen("1", "1", "1.003")),
        "BTC": draw(number(20_000, 90_000, 0)),
        "ETH": draw(number(10_000, 40_000, 1)),
        "DOGE": draw(number(50, 500, 3)),
        "EUR": draw(number(100, 125, 2)),
    }


@cache
@st.composite
def rules(draw: st.DrawFn) -> MarginRules:
    """Every switch of a rule set."""
    return MarginRules(
        level=draw(chosen("1", "1", "1.05", "1.5")),
        equality=draw(st.sampled_from(Equality)),
        netting=draw(st.sampled_from(Netting)),
        underlying_netting=draw(st.sampled_from([Netting.NONE, Netting.NONE, Netting.LARGER_LEG])),
        initial_basis=draw(st.sampled_from(Basis)),
        maintenance_basis=draw(st.sampled_from([Basis.MARK, Basis.MARK, Basis.ENTRY])),
        close_fee=draw(st.sampled_from([CloseFee.NONE, *CloseFee])),
        close_fee_in=draw(st.sampled_from(CloseFeeIn)),
        open_loss=draw(st.sampled_from(OpenLoss)),
        order_fees=draw(st.sampled_from(OrderFees)),
        order_maintenance=draw(st.sampled_from([OrderMaintenance.NONE, *OrderMaintenance])),
        shown_liquidation_price=draw(st.sampled_from(PriceShown)),
        warning_level=draw(st.sampled_from([None, Decimal("1.25")])),
    )


@st.composite
def tables(draw: st.DrawFn, unit: Decimal, near: Decimal, *, by_quantity: bool) -> tuple[Tier, ...]:
    """1 to 4 tiers with rising rates: continuous, with jumps (deduction 0), or with a deduction already in the first.

    By quantity always with jumps: a border there is no notional. ``unit``: what 1,000 of the currency are in the
    measure of the table; ``near``: a border that some tables have exactly.
    """
    count = draw(st.integers(1, 4))
    candidates = {short(unit * n, 3) for n in draw(st.lists(st.integers(1, 40), min_size=3, max_size=3))} | {near}
    borders = sorted(candidates)[: count - 1]
    count = len(borders) + 1
    rates = sorted(draw(st.lists(number(4, 60, 3), min_size=count, max_size=count)))
    kind = "jump" if by_quantity else draw(st.sampled_from(["continuous", "continuous", "jump", "surplus"]))
    deductions = [ZERO] * count if kind == "jump" else derived_deductions([ZERO, *borders], rates)
    if kind == "surplus":
        extra = short(unit / 50, 2)
        deductions = [deduction + extra for deduction in deductions]
    bounds: list[Decimal | None] = [*borders, None]
    initial = [rate * 2 for rate in rates]
    return tuple(map(Tier, bounds, rates, deductions, initial))


@st.composite
def contracts(draw: st.DrawFn, listed: Listed, mark: Decimal, quantity: Decimal, settle_price: Decimal) -> Contract:
    """A listed contract with a table, by notional or by quantity."""
    size = Decimal(listed.size)
    by_quantity = draw(st.sampled_from([False, False, True]))
    notional = quantity * size * mark if listed.type is LINEAR else short(quantity * size / mark, 4)
    thousand = 1000 / settle_price
    per_quantity = size * mark if listed.type is LINEAR else size / mark
    unit = thousand / per_quantity if by_quantity else thousand
    table = draw(tables(unit, quantity if by_quantity else notional, by_quantity=by_quantity))
    by = TiersBy.QUANTITY if by_quantity else TiersBy.NOTIONAL
    tick = draw(st.sampled_from([None, short(mark / 1000, 1), short(mark / 5, 1)]))
    return Contract(listed.symbol, listed.type, listed.base, listed.quote, size, table, by, tick)


class Market(NamedTuple):
    """A listed contract at its mark, with the value of one contract in currency."""

    listed: Listed
    mark: Decimal
    value: Decimal


@st.composite
def markets(draw: st.DrawFn, listed: Listed, prices: dict[str, Decimal]) -> Market:
    """The mark is the quotient of the prices, or a little off it."""
    basis = draw(chosen("1", "1", "0.99", "1.02"))
    mark = short(prices[listed.base] / prices[listed.quote] * basis, 6)
    size = Decimal(listed.size)
    value = size * mark * prices[listed.quote] if listed.type is LINEAR else size * prices[listed.base] / mark
    return Market(listed, mark, value)


@st.composite
def position_fields(draw: st.DrawFn, notional: Decimal) -> dict[str, Decimal | None]:
    """One way to state the initial rate, the contract's tiers or an own maintenance rate, a funding rate."""
    fields: dict[str, Decimal | None] = {"taker_fee": Decimal("0.00055")}
    stated = draw(st.sampled_from(["leverage", "initial_rate", "initial_margin", "tiers"]))
    if stated == "leverage":
        fields["leverage"] = draw(st.one_of(number(1, 30, 0), chosen("0.5")))
    elif stated == "initial_rate":
        fields["initial_rate"] = draw(number(1, 40, 2))
    elif stated == "initial_margin":
        fields["initial_margin"] = short(notional / draw(st.integers(2, 20)), 3)
    if draw(st.booleans()) and draw(st.booleans()):
        fields["maintenance_rate"] = draw(number(4, 40, 3))
        fields["maintenance_deduction"] = draw(st.sampled_from([ZERO, short(notional / 100, 2)]))
    fields["funding_rate"] = draw(st.sampled_from([Decimal("0.0001"), Decimal("-0.0003"), Decimal("0.002"), None]))
    fields["funding_interval"] = draw(chosen("8", "4", "1"))
    return fields


@st.composite
def positions_on(
    draw: st.DrawFn, market: Market, prices: dict[str, Decimal], *, hedge: bool
) -> tuple[Contract, list[Position]]:
    """Positions of one contract: cross ones (one, or a leg on each side in hedge mode) and perhaps an isolated one."""
    listed, mark, value = market
    settle = listed.quote if listed.type is LINEAR else listed.base
    stands = draw(st.sampled_from(["cross", "cross", "cross", "both", "isolated"]))
    side = draw(st.sampled_from([1, -1]))
    legs = [(side, MarginMode.CROSS)] if stands != "isolated" else []
    if hedge and legs and draw(st.booleans()):
        legs.append((-side, MarginMode.CROSS))
    if stands != "cross":
        legs.append((draw(st.sampled_from([1, -1])), MarginMode.ISOLATED))
    lots = [draw(st.integers(1, 7)) for _ in legs]
    margined = abs(lots[0] - lots[1]) or 1 if len(legs) > 1 else lots[0]
    lot = short(draw(number(1, 100, -2)) / value, draw(st.integers(1, 3)))
    contract = draw(contracts(listed, mark, lot * margined, prices[settle]))
    found = []
    for i, (leg_side, mode) in enumerate(legs):
        notional = lot * lots[i] * value / prices[settle]
        entry = short(mark * draw(number(75, 130, 2)), 5) if draw(st.booleans()) else mark
        found.append(
            Position(
                f"{contract.symbol}:{i}",
                contract,
                leg_side,
                lot * lots[i],
                entry,
                mark,
                margin_mode=mode,
                isolated_margin=short(notional / draw(st.integers(2, 20)), 3) if mode is MarginMode.ISOLATED else None,
                **draw(position_fields(notional)),  # type: ignore[arg-type]
            )
        )
    return contract, found


@st.composite
def orders_on(draw: st.DrawFn, contract: Contract, market: Market, positions: list[Position]) -> list[Order]:
    """Up to three orders of one contract, with a leverage of their own where no cross position has one."""
    held = any(position.margin_mode is MarginMode.CROSS for position in positions)
    leverage = None if held else draw(number(1, 30, 0))
    return [
        Order(
            contract,
            draw(st.sampled_from([1, -1])),
            short(draw(number(1, 200, -2)) / market.value, 3),
            short(market.mark * draw(number(90, 110, 2)), 5),
            market.mark,
            leverage=leverage,
            reduce_only=draw(st.sampled_from([False, False, True])),
            position_side=draw(st.sampled_from([1, -1])),
            taker_fee=Decimal("0.00055"),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]


@st.composite
def asset_terms(draw: st.DrawFn, price: Decimal, *, stable: bool) -> AssetTerms:
    """Haircuts (tiered or not), loan rate, liability and requirement factors."""
    first = draw(chosen("0", "0") if stable else chosen("0", "0.05", "0.1", "0.3"))
    haircuts: tuple[HaircutTier, ...] = (HaircutTier(None, first),)
    if draw(st.booleans()):
        border = short(draw(number(1, 200, -2)) / price, 3)
        haircuts = (
            HaircutTier(border, first),
            HaircutTier(border * 2, first + Decimal("0.15")),
            HaircutTier(None, ONE),
        )
    return AssetTerms(
        haircuts=haircuts,
        liability_factor=draw(chosen("1", "1", "1.05")),
        requirement_factor=draw(chosen("1", "1", "1.02")),
        loan_rate=draw(chosen("0", "0", "0.05")),
    )


@st.composite
def balances(draw: st.DrawFn, prices: dict[str, Decimal]) -> dict[str, Decimal]:
    """A stablecoin balance and up to three others, some of them debts."""
    found = {"USDT": draw(number(-30, 400, -2))}
    for asset in draw(st.lists(st.sampled_from(ASSETS), max_size=3, unique=True)):
        found[asset] = short(draw(number(-50, 300, -2)) / prices[asset], 4)
    return found


@st.composite
def given_rows(draw: st.DrawFn, prices: dict[str, Decimal]) -> tuple[OpaqueRow, ...]:
    """Up to two rows taken as given, long or short of up to two assets, in the pool of either stablecoin."""
    return tuple(
        OpaqueRow(
            name=f"row {k}",
            value=draw(number(-50, 50, -2)),
            delta={
                asset: short(draw(number(-80, 80, -2)) / prices[asset], 3)
                for asset in draw(st.lists(st.sampled_from(("BTC", "ETH", "USDC")), max_size=2, unique=True))
            },
            initial_margin=draw(number(0, 20, -2)),
            maintenance_margin=draw(number(0, 10, -2)),
            settle=draw(st.sampled_from(("USDT", "BTC"))),
        )
        for k in range(draw(st.sampled_from((0, 0, 1, 2))))
    )


@st.composite
def accounts(
    draw: st.DrawFn,
    *,
    hedge: bool | None = None,
    with_orders: bool = True,
    most_contracts: int = 4,
    with_given: bool = True,
) -> Account:
    """A whole account; ``with_given``: it may have rows taken as given."""
    prices = draw(asset_prices())
    in_hedge_mode = draw(st.booleans()) if hedge is None else hedge
    traded = draw(st.lists(st.sampled_from(CATALOGUE), min_size=1, max_size=most_contracts, unique=True))
    positions: list[Position] = []
    orders: list[Order] = []
    for listed in traded:
        market = draw(markets(listed, prices))
        contract, found = draw(positions_on(market, prices, hedge=in_hedge_mode))
        positions += found
        if with_orders and draw(st.booleans()):
            orders += draw(orders_on(contract, market, found))
    betas = {asset: default_beta(asset) for asset in prices}
    betas["DOGE"] = draw(chosen("1", "2", "0.5"))
    betas["EUR"] = draw(chosen("0", "0.2", "-0.1"))
    found = Account(
        name="random",
        venue="generic",
        currency="USD",
        collateral_mode=draw(st.sampled_from([*CollateralMode, CollateralMode.MULTI_ASSET])),
        position_mode=PositionMode.HEDGE if in_hedge_mode else PositionMode.ONE_WAY,
        rules=draw(rules()),
        isolated_rules=draw(st.one_of(st.none(), st.none(), rules())),
        prices=prices,
        betas=betas,
        balances=draw(balances(prices)),
        terms={asset: draw(asset_terms(prices[asset], stable=asset.startswith("USD"))) for asset in ASSETS},
        positions=tuple(positions),
        orders=tuple(orders),
    )
    bonus = draw(st.sampled_from([None, None, None, Decimal(3000)]))
    given = {} if bonus is None else {"USDT": bonus}
    balances_with = {asset: amount + given.get(asset, ZERO) for asset, amount in found.balances.items()}
    return replace(found, others=draw(given_rows(prices)) if with_given else (), bonus=given, balances=balances_with)


def with_rules(account: Account, **changes: object) -> Account:
    """The account under a rule set that differs in some switches."""
    return replace(account, rules=replace(account.rules, **changes), isolated_rules=None)
