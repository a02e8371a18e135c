"""Random books: a header of the engine's own objects, accounts under it, and the same accounts as a batch of rows.

Everything follows from a seed. Sizes are such that some accounts are liquidatable, most are not, and every rule that
the screen models has its turn: both collateral modes, both kinds of contracts, continuous tables and tables that jump,
tiers by quantity, haircuts that rise and fall, debts, hedge legs, isolated margins, betas above 1 and below 0.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

import pyarrow as pa
from msgspec.structs import replace
from tests.limits.builders import context

from marginctl.books.compiled import SCREENED_LIMITS, Compiled, ModeTerms, ScreenLimit, compile_book
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
    Position,
    PositionMode,
    default_beta,
)
from marginctl.core.assemble import report_of
from marginctl.core.contract import Contract, ContractType, HaircutTier, Tier, TiersBy, derived_deductions
from marginctl.core.exact import ONE, ZERO, exactly
from marginctl.core.report import Report
from marginctl.findings import Severity
from marginctl.limits.config import Bound, LimitsConfig, LimitSource
from marginctl.limits.engine import GRAVITY, is_broken
from marginctl.limits.figures import cross_pools, isolated_pools, underlyings
from marginctl.limits.rules import BY_CODE

LINEAR, INVERSE = ContractType.LINEAR, ContractType.INVERSE
MULTI, SINGLE = CollateralMode.MULTI_ASSET, CollateralMode.SINGLE_ASSET
LISTED = (
    ("BTCUSDT", LINEAR, "BTC", "USDT", "1"),
    ("BTCUSDC", LINEAR, "BTC", "USDC", "0.001"),
    ("ETHUSDT", LINEAR, "ETH", "USDT", "1"),
    ("DOGEUSDT", LINEAR, "DOGE", "USDT", "10"),
    ("SOLUSDT", LINEAR, "SOL", "USDT", "1"),
    ("BTCUSD", INVERSE, "BTC", "USD", "100"),
    ("ETHUSD", INVERSE, "ETH", "USD", "10"),
    ("ETHBTC", LINEAR, "ETH", "BTC", "1"),
    ("EURUSDT", LINEAR, "EUR", "USDT", "1"),
    ("USDCUSDT", LINEAR, "USDC", "USDT", "1"),
    ("USDEUR", LINEAR, "USD", "EUR", "1"),
)
ASSETS = ("USD", "USDT", "USDC", "BTC", "ETH", "DOGE", "SOL", "EUR")
NUMBERS = ("decimal", "text", "binary")
FIELDS = (
    "entry_price",
    "mark_price",
    "leverage",
    "initial_rate",
    "initial_margin",
    "maintenance_rate",
    "maintenance_deduction",
    "isolated_margin",
)


class Book(NamedTuple):
    """A book: what all accounts share, the accounts, and one row of each position that they were written as."""

    modes: tuple[ModeTerms, ...]
    contracts: dict[str, Contract]
    limits: dict[str, ScreenLimit]
    accounts: list[Account]
    rows: list[list[dict[str, Any]]]

    @property
    def compiled(self) -> Compiled:
        """Its tables."""
        return compile_book(self.modes, self.contracts, self.limits)

    @property
    def config(self) -> LimitsConfig:
        """Its limits as the rules take them."""
        bounds = {"MC100": (Bound(Severity.ERROR, None),)}
        for code, limit in self.limits.items():
            pairs = ((Severity.ERROR, limit.fail), (Severity.WARNING, limit.warn))
            origin = LimitSource.PORTFOLIO if limit.fail_alone else LimitSource.DEFAULT
            bounds[code] = tuple(Bound(severity, value, origin) for severity, value in pairs if value is not None)
        return LimitsConfig(bounds)


def digits(value: Decimal, count: int) -> Decimal:
    """With a number of significant digits."""
    return Decimal(f"{value:.{count}g}") + ZERO


def between(draw: Random, low: float, high: float, count: int = 4) -> Decimal:
    """A decimal with few digits, evenly in the logarithm."""
    return digits(Decimal(str(low)) * Decimal(str((high / low) ** draw.random())), count)


def some_prices(draw: Random) -> dict[str, Decimal]:
    """In USD, stablecoins at or near their peg."""
    return {
        "USD": ONE,
        "USDT": Decimal(draw.choice(("1", "1", "0.9995", "0.98"))),
        "USDC": Decimal(draw.choice(("1", "1", "1.003"))),
        "BTC": between(draw, 2e4, 9e4, 5),
        "ETH": between(draw, 1e3, 4e3),
        "DOGE": between(draw, 0.05, 0.5),
        "SOL": between(draw, 20, 300),
        "EUR": between(draw, 1, 1.25, 3),
    }


def some_rules(draw: Random, plain: bool) -> MarginRules:
    """The switches of a venue; mostly those that most have."""
    if plain:
        return MarginRules(netting=draw.choice((Netting.NONE, Netting.NET, Netting.LARGER_LEG)))
    return MarginRules(
        level=Decimal(draw.choice(("1", "1", "1.05", "1.5", "0.9"))),
        equality=draw.choice(list(Equality)),
        netting=draw.choice(list(Netting)),
        underlying_netting=draw.choice((Netting.NONE, Netting.NONE, Netting.LARGER_LEG)),
        initial_basis=draw.choice(list(Basis)),
        maintenance_basis=draw.choice((Basis.MARK, Basis.MARK, Basis.ENTRY)),
        close_fee=draw.choice((CloseFee.NONE, *CloseFee)),
        close_fee_in=draw.choice(list(CloseFeeIn)),
        warning_level=draw.choice((None, Decimal("1.25"))),
    )


def some_tiers(draw: Random, unit: Decimal, *, by_quantity: bool) -> tuple[Tier, ...]:
    """1 to 8 tiers from some ``unit`` on: continuous, with jumps, a deduction in the first, perhaps with an end."""
    count = draw.randint(1, 8)
    borders = sorted({digits(unit * between(draw, 0.3, 3000), 3) for _ in range(count - 1)})
    count = len(borders) + 1
    rates = sorted(Decimal(draw.randint(4, 400)).scaleb(-3) for _ in range(count))
    kind = "jump" if by_quantity else draw.choice(("even", "even", "even", "even", "jump", "surplus", "falling"))
    if kind == "falling":
        rates.reverse()
    deductions = [ZERO] * count if kind == "jump" else derived_deductions([ZERO, *borders], rates)
    if kind == "surplus":
        deductions = [one + digits(unit / 50, 2) for one in deductions]
    last = digits(unit * 30_000, 2) if draw.random() < 0.3 else None
    stated = draw.random() < 0.8
    initial = [min(rate * 2, ONE) if stated else None for rate in rates]
    return tuple(map(Tier, [*borders, last], rates, deductions, initial))


def some_contract(draw: Random, row: tuple[Any, ...], prices: dict[str, Decimal]) -> Contract:
    """A listed contract with its table, in its settle asset or by quantity."""
    symbol, kind, base, quote, size = row
    settle = quote if kind is LINEAR else base
    by_quantity = draw.random() < 0.2
    per_contract = Decimal(size) * prices[base] if kind is LINEAR else Decimal(size) * prices[quote]
    unit = 1000 / (per_contract if by_quantity else prices[settle])
    by = TiersBy.QUANTITY if by_quantity else TiersBy.NOTIONAL
    tiers = some_tiers(draw, unit, by_quantity=by_quantity)
    return Contract(symbol, kind, base, quote, Decimal(size), tiers, by)


def some_terms(draw: Random, price: Decimal, stable: bool) -> AssetTerms:
    """Haircuts of one or more tiers, rising or (seldom) falling, loans, factors."""
    first = ZERO if stable else Decimal(draw.choice(("0", "0.05", "0.1", "0.3")))
    haircuts: tuple[HaircutTier, ...] = (HaircutTier(None, first),)
    if draw.random() < 0.4:
        border = digits(between(draw, 100, 20_000) / price, 3)
        middle = first + Decimal(draw.choice(("0.15", "0.2", "0.1", "-0.05" if first else "0.05")))
        haircuts = (HaircutTier(border, first), HaircutTier(border * 2, middle), HaircutTier(None, ONE))
    return AssetTerms(
        haircuts=haircuts,
        liability_factor=Decimal(draw.choice(("1", "1", "1", "1.05"))),
        requirement_factor=Decimal(draw.choice(("1", "1", "1", "1.02"))),
        loan_rate=Decimal(draw.choice(("0", "0", "0.05"))),
    )


def some_limits(draw: Random) -> dict[str, ScreenLimit]:
    """Limits of every rule, or the defaults of some."""
    found = {}
    for code in SCREENED_LIMITS:
        kind = draw.choice(("none", "warn", "fail", "both", "both"))
        low, high = {"MC104": ("2", "6"), "MC102": ("0.3", "0.1"), "MC106": ("0.3", "0.1")}.get(code, ("0.3", "0.7"))
        fail = Decimal(high) if kind in ("fail", "both") else None
        warn = Decimal(low) if kind in ("warn", "both") else None
        alone = draw.random() < 0.5
        found[code] = ScreenLimit(fail, warn, alone, alone)
    return found


def some_positions(
    draw: Random, contracts: dict[str, Contract], prices: dict[str, Decimal], *, hedge: bool, size: float, most: int
) -> list[Position]:
    """Up to ``most`` contracts, some with a leg on either side, some isolated."""
    found = []
    for symbol in draw.sample(list(contracts), draw.randint(0, min(most, len(contracts)))):
        contract = contracts[symbol]
        implied = implied_mark(contract, prices)
        mark = implied if draw.random() < 0.5 else digits(implied * between(draw, 0.99, 1.02, 5), 6)
        unit = contract.contract_size * (prices[contract.base] if contract.type is LINEAR else prices[contract.quote])
        side = draw.choice((1, -1))
        legs = [(side, MarginMode.CROSS if draw.random() < 0.8 else MarginMode.ISOLATED)]
        if hedge and draw.random() < 0.5:
            legs.append((-side, draw.choice((legs[0][1], MarginMode.CROSS))))
        quantity = digits(between(draw, size / 30, size) / unit, draw.choice((2, 3, 8)))
        for leg_side, mode in legs:
            entry = digits(mark * between(draw, 0.8, 1.3), 5) if draw.random() < 0.8 else mark
            held = quantity if draw.random() < 0.5 else digits(quantity * between(draw, 0.5, 1.5), 3)
            value = held * unit / prices[contract.settle]
            margin = digits(value / draw.randint(3, 20), 4) if mode is MarginMode.ISOLATED else None
            own = some_terms_of_a_position(draw, contract, value)
            found.append(
                Position(
                    f"{symbol}:{leg_side}:{mode.value}",
                    contract,
                    leg_side,
                    held,
                    entry,
                    mark,
                    margin_mode=mode,
                    isolated_margin=margin,
                    taker_fee=TAKER_FEE,
                    **own,
                )
            )
    return found


TAKER_FEE = Decimal("0.00055")


def some_terms_of_a_position(draw: Random, contract: Contract, value: Decimal) -> dict[str, Decimal]:
    """How its margins are stated: by leverage, a rate, an amount, or by its contract's tiers."""
    rated = all(tier.initial_rate is not None for tier in contract.tiers)
    stated = draw.choice(("leverage", "leverage", "rate", "margin", *(("tiers",) if rated else ())))
    own: dict[str, Decimal] = {}
    if stated == "leverage":
        own["leverage"] = Decimal(draw.choice(("0.5", "2", "3", "10", "20", "50")))
    elif stated == "rate":
        own["initial_rate"] = Decimal(draw.randint(1, 40)).scaleb(-2)
    elif stated == "margin":
        own["initial_margin"] = digits(value / draw.randint(2, 20), 3)
    if draw.random() < 0.1:
        own["maintenance_rate"] = Decimal(draw.randint(0, 40)).scaleb(-3)
        own["maintenance_deduction"] = draw.choice((ZERO, digits(value / 100, 2)))
    return own


def some_account(draw: Random, modes: tuple[ModeTerms, ...], contracts: dict[str, Contract]) -> Account:
    """An account of one of the modes, mostly able to carry its positions."""
    mode = draw.choice(modes).account
    hedge = draw.random() < 0.4
    size = draw.choice((3e3, 3e4, 1e6))
    positions = some_positions(draw, contracts, mode.prices, hedge=hedge, size=size, most=draw.choice((1, 3, 6)))
    gross = sum(
        (
            p.quantity
            * p.contract.contract_size
            * mode.prices[p.contract.base if p.contract.type is LINEAR else p.contract.quote]
            for p in positions
        ),
        ZERO,
    )
    balances = {"USDT": digits((gross / 2 + 100) * between(draw, 0.05, 3) - draw.choice((0, 0, 0, 200)), 12)}
    for asset in draw.sample(ASSETS, draw.randint(0, 3)):
        sign = draw.choice((1, 1, 1, -1))
        balances[asset] = sign * digits(
            between(draw, 10, float(gross) / 3 + 20) / mode.prices[asset], draw.choice((4, 11))
        )
    for position in positions:
        if position.isolated_margin is not None:
            settle = position.contract.settle
            more = draw.choice((ONE, ONE, Decimal("1.5")))
            balances[settle] = max(balances.get(settle, ZERO), ZERO) + position.isolated_margin * more
    position_mode = PositionMode.HEDGE if hedge else PositionMode.ONE_WAY
    return replace(mode, balances=balances, positions=tuple(positions), position_mode=position_mode)


def random_book(seed: int, count: int, *, plain: bool = False) -> Book:
    """A book of ``count`` accounts."""
    draw = Random(seed)
    with exactly():
        prices = some_prices(draw)
        contracts = {row[0]: some_contract(draw, row, prices) for row in LISTED}
        betas = {asset: default_beta(asset) for asset in prices}
        betas["DOGE"] = Decimal(draw.choice(("1", "2", "0.5")))
        betas["SOL"] = Decimal(draw.choice(("1", "1.5")))
        betas["EUR"] = Decimal(draw.choice(("0", "0.2", "-0.1")))
        rules = some_rules(draw, plain)
        isolated = None if draw.random() < 0.6 else some_rules(draw, plain)
        bare = Account(
            name="account",
            venue="generic",
            currency="USD",
            collateral_mode=MULTI,
            position_mode=PositionMode.ONE_WAY,
            rules=rules,
            isolated_rules=isolated,
            prices=prices,
            betas=betas,
            balances={},
            terms={asset: some_terms(draw, prices[asset], asset.startswith("USD")) for asset in ASSETS},
            positions=(),
        )
        modes = tuple(
            ModeTerms(account=replace(bare, collateral_mode=mode), taker_fee=TAKER_FEE) for mode in (MULTI, SINGLE)
        )
        accounts = [some_account(draw, modes, contracts) for _ in range(count)]
        rows = [rows_of(draw, one) for one in accounts]
        return Book(modes, contracts, some_limits(draw), accounts, rows)


def rows_of(draw: Random, account: Account) -> list[dict[str, Any]]:
    """The rows that an account's positions are written as: one each, or two that merge into it."""
    found = []
    for position in account.positions:
        row: dict[str, Any] = {"symbol": position.contract.symbol, "quantity": position.quantity}
        row |= {name: getattr(position, name) for name in FIELDS}
        row["maintenance_deduction"] = position.maintenance_deduction if position.maintenance_rate is not None else None
        if position.entry_price == position.mark_price:
            row["entry_price"] = None
        if position.mark_price == implied_mark(position.contract, account.prices):
            row["mark_price"] = None
        row["side"] = "long" if position.side > 0 else "short"
        row["margin_mode"] = position.margin_mode.value
        if draw.random() < 0.1:
            row["quantity"] *= position.side
            row["side"] = None
        found += split(row) if draw.random() < 0.15 else [row]
    return found


def split(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Two rows that merge into one: what adds up is divided, the rest is the same."""
    first, second = dict(row), dict(row)
    for name in ("quantity", "initial_margin", "isolated_margin"):
        if row[name] is not None:
            first[name] = digits(row[name] / 3, 3)
            second[name] = row[name] - first[name]
    return [first, second]


def implied_mark(contract: Contract, prices: dict[str, Decimal]) -> Decimal:
    """What a mark is where no row gives one."""
    return prices[contract.base] / prices[contract.quote]


def stored(value: Decimal | None, form: str) -> Any:
    """A number in one of the forms that tables have."""
    if value is None:
        return None
    if form == "binary":
        return float(value)
    return f"{value:f}" if form == "text" else value


KINDS = {"decimal": pa.decimal128(38, 18), "text": pa.string(), "binary": pa.float64()}


def batch_of(book: Book, form: str) -> Any:
    """The accounts as a batch, numbers as decimals, text or binary ones."""
    kind = KINDS[form]
    balances = [[{"asset": a, "amount": stored(x, form)} for a, x in one.balances.items()] for one in book.accounts]
    positions = [
        [{name: stored(x, form) if isinstance(x, Decimal) else x for name, x in row.items()} for row in rows]
        for rows in book.rows
    ]
    words = ("symbol", "side", "margin_mode")
    position = pa.struct([(name, pa.string() if name in words else kind) for name in (*words, "quantity", *FIELDS)])
    balance = pa.struct([("asset", pa.string()), ("amount", kind)])
    return pa.RecordBatch.from_arrays(
        [
            pa.array([str(k) for k in range(len(book.accounts))]),
            pa.array([one.collateral_mode.value for one in book.accounts]),
            pa.array([one.position_mode.value for one in book.accounts]),
            pa.array(balances, pa.list_(balance)),
            pa.array(positions, pa.list_(position)),
        ],
        names=["account_id", "collateral_mode", "position_mode", "balances", "positions"],
    )


class Expected(NamedTuple):
    """What the exact core says of an account; ``report`` None where it is no account that can be checked."""

    report: Report | None
    failed: Sequence[str] = ()
    warned: Sequence[str] = ()
    nearest: tuple[Decimal, Decimal, str | None] | None = None
    isolated: Decimal | None = None


def expected(account: Account, config: LimitsConfig) -> Expected:
    """By the core's own functions."""
    with exactly():
        if not is_sound(account):
            return Expected(None)
        report = report_of(account)
        worst: dict[str, Severity] = {}
        for code in ("MC100", *SCREENED_LIMITS):
            rule = BY_CODE[code]
            for measurement in rule.measure(context(report, account=account)):
                for bound in config.in_force(rule, measurement):
                    if is_broken(rule, measurement, bound.threshold):
                        worst[code] = max(worst.get(code, Severity.NOTE), bound.severity, key=GRAVITY.__getitem__)
        failed, warned = ([c for c, s in worst.items() if s is level] for level in (Severity.ERROR, Severity.WARNING))
        return Expected(report, sorted(failed), sorted(warned), nearest_of(report), isolated_of(report))


def is_sound(account: Account) -> bool:
    """Whether it would be computed at all: something in it, within its tables, isolated margins out of what is held."""
    aside: dict[str, Decimal] = {}
    for one in account.positions:
        contract, price = one.contract, account.prices[one.contract.settle]
        own = any(value is not None for value in (one.leverage, one.initial_rate, one.initial_margin))
        units = one.quantity * contract.contract_size
        notional = units * one.mark_price if contract.type is LINEAR else units / one.mark_price
        tiered = not own or one.maintenance_rate is None
        if tiered and contract.tier_index(notional, one.quantity) == len(contract.tiers):
            return False
        if one.isolated_margin is not None:
            aside[contract.settle] = aside.get(contract.settle, ZERO) + one.isolated_margin
        if not price:
            return False
    return all(amount <= account.balances.get(asset, ZERO) for asset, amount in aside.items())


def nearest_of(report: Report) -> tuple[Decimal, Decimal, str | None] | None:
    """The smallest distance over the cross pools' rows, its signed move and asset."""
    pools = cross_pools(report)
    if any(pool.liquidatable for pool in pools):
        return ZERO, ZERO, None
    found: tuple[Decimal, Decimal, str | None] | None = None
    for pool in pools:
        for row in underlyings(report, pool):
            for move in (row.down, row.up):
                if move is not None and (found is None or abs(move) < found[0]):
                    found = abs(move), move, row.asset
    return found


def isolated_of(report: Report) -> Decimal | None:
    """The smallest distance over the isolated pools' rows."""
    pools = isolated_pools(report)
    if any(pool.liquidatable for pool in pools):
        return ZERO
    rows = (row.distance for pool in pools for row in underlyings(report, pool))
    return min((distance for distance in rows if distance is not None), default=None)


def gross_of(account: Account, report: Report) -> Decimal:
    """|balance| x price and notional: what errors are measured against."""
    with exactly():
        held: Iterable[Decimal] = (abs(row.balance * row.price) for row in report.collateral)
        return sum(held, ZERO) + report.totals.gross_notional
