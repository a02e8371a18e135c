"""Margin models read off their definition, in fractions, at moved prices: nothing of the engine's forms and pieces."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction as Exact
from math import ceil, floor

from marginctl.core.account import Account, Position
from marginctl.core.contract import ContractType
from marginctl.core.model import (
    Charge,
    ChargeBase,
    Grade,
    MarginModel,
    MoveTable,
    Quantile,
    ScanPrice,
    SpreadBy,
    TailMean,
    TailTerms,
    Where,
)
from marginctl.core.pool import Pool

STEADY = {"USD", "USDT", "USDC", "EUR"}


class Book:
    """A pool at moved prices: values of contracts, equities of coins, exposures."""

    def __init__(self, account: Account, pool: Pool, ratios: dict[str, Decimal]) -> None:
        assert account.model is not None
        self.terms, self.currency = account.model, account.currency
        self.prices = {asset: Exact(price) * Exact(ratios.get(asset, 1)) for asset, price in account.prices.items()}
        self.positions = pool.positions
        self.ratios = {asset: Exact(ratio) for asset, ratio in ratios.items()}
        self.balances = {holding.asset: Exact(holding.balance) for holding in pool.holdings}

    def mark(self, position: Position) -> Exact:
        contract = position.contract
        return (
            Exact(position.mark_price)
            * self.ratios.get(contract.base, Exact(1))
            / self.ratios.get(contract.quote, Exact(1))
        )

    def value(self, position: Position, price: ScanPrice) -> Exact:
        contract = position.contract
        units = position.side * Exact(position.quantity) * Exact(contract.contract_size)
        if contract.type is ContractType.INVERSE:
            return units * self.prices[contract.quote]
        if price is ScanPrice.INDEX:
            return units * self.prices[contract.base]
        return units * self.mark(position) * self.prices[contract.quote]

    def units(self, position: Position) -> Exact:
        contract = position.contract
        units = position.side * Exact(position.quantity) * Exact(contract.contract_size)
        return units if contract.type is ContractType.LINEAR else units / Exact(position.mark_price)

    def pnl(self, position: Position) -> Exact:
        contract, mark, entry = position.contract, self.mark(position), Exact(position.entry_price)
        units = position.side * Exact(position.quantity) * Exact(contract.contract_size)
        if contract.type is ContractType.LINEAR:
            return units * (mark - entry) * self.prices[contract.quote]
        return units * (1 / entry - 1 / mark) * self.prices[contract.base]

    def equity(self, asset: str) -> Exact:
        earned = (self.pnl(one) for one in self.positions if one.contract.settle == asset)
        return self.balances.get(asset, Exact(0)) * self.prices[asset] + sum(earned, Exact(0))

    def contracts(self, price: ScanPrice) -> dict[str, tuple[str, str, Exact]]:
        """Base, quote and V by symbol, opposite legs netted."""
        found: dict[str, tuple[str, str, Exact]] = {}
        for one in self.positions:
            contract = one.contract
            before = found.get(contract.symbol, ("", "", Exact(0)))[2]
            found[contract.symbol] = (contract.base, contract.quote, before + self.value(one, price))
        return found

    def entries(self, asset: str, price: ScanPrice | None = None) -> list[Exact]:
        rows = self.contracts(price or self.terms.scan_price).values()
        found = [value for base, _, value in rows if base == asset]
        if asset != self.currency:
            found += [-value for _, quote, value in rows if quote == asset]
        if self.is_scanned(asset) and asset in self.balances:
            found.append(self.equity(asset))
        return found

    def is_scanned(self, asset: str) -> bool:
        return self.terms.scanned is None or asset in self.terms.scanned

    def exposure(self, asset: str, price: ScanPrice | None = None) -> Exact:
        return sum(self.entries(asset, price), Exact(0))

    def assets(self) -> list[str]:
        """Every asset of the book that may move."""
        rows = self.contracts(ScanPrice.MARK).values()
        named = [name for base, quote, _ in rows for name in (base, quote)]
        named += [asset for asset in self.balances if self.is_scanned(asset)]
        bases = {base for base, _, _ in rows}
        found = dict.fromkeys(name for name in named if name != self.currency)
        return [asset for asset in found if asset in bases or self.moves(asset)]

    def moves(self, asset: str) -> bool:
        if self.terms.model is not MarginModel.SCENARIO:
            return asset in self.terms.tails[Grade.MAINTENANCE].returns.assets
        return any(asset in table.assets for table in self.terms.tables) or (
            asset not in STEADY and any("*" in table.assets for table in self.terms.tables)
        )

    def table(self, asset: str) -> MoveTable | None:
        own = [table for table in self.terms.tables if asset in table.assets]
        every = [table for table in self.terms.tables if "*" in table.assets]
        return next(iter(own + every), None)

    def groups(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for asset in self.assets():
            table = self.table(asset)
            found.setdefault((table.unit if table and self.moves(asset) else None) or asset, []).append(asset)
        return found


def margin(book: Book, grade: Grade) -> Exact:
    """What the model asks for one margin."""
    terms, groups = book.terms, book.groups()
    on_top = sum((charged(book, one, groups) for one in terms.charges if counts(one, grade)), Exact(0))
    return Exact(terms.factors[grade]) * total(book, grade, groups) + on_top


def counts(charge: Charge, grade: Grade) -> bool:
    return charge.where is Where.ON_TOP and charge.grade in (None, grade)


def total(book: Book, grade: Grade, groups: dict[str, list[str]]) -> Exact:
    terms, d = book.terms, Exact(book.terms.separate)
    if terms.model is not MarginModel.SCENARIO:
        tail = terms.tails[grade]
        alone = sum((history(book, tail, [asset]) for asset in book.assets()), Exact(0)) if d else Exact(0)
        figure = d * alone + (1 - d) * (history(book, tail, book.assets()) if d < 1 else Exact(0))
        return core(book, figure, groups)
    losses = {name: rows(book, assets) for name, assets in groups.items()}
    apart = Exact(0)
    for name, assets in groups.items():
        apart += core(book, max([Exact(0), *losses[name]]), {name: assets})
    apart += spreads(book)
    moving = [found for found in losses.values() if found]
    joint = max([Exact(0), *(sum(row, Exact(0)) for row in zip(*moving, strict=True))]) if d < 1 else Exact(0)
    return d * apart + (1 - d) * (core(book, joint, groups) if d < 1 else Exact(0))


def rows(book: Book, assets: list[str]) -> list[Exact]:
    """The loss of a unit in every row of its table."""
    table = next((book.table(asset) for asset in assets if book.moves(asset)), None)
    exposure = sum((book.exposure(asset) for asset in assets), Exact(0))
    return [-Exact(move.weight) * Exact(move.move) * exposure for move in table.moves] if table else []


def core(book: Book, figure: Exact, groups: dict[str, list[str]]) -> Exact:
    beside, least = Exact(0), Exact(0)
    for one in book.terms.charges:
        amount = charged(book, one, groups) if one.where is not Where.ON_TOP else Exact(0)
        beside += amount if one.where is Where.CORE else 0
        least += amount if one.where is Where.FLOOR else 0
    return max(figure + beside, least)


def charged(book: Book, charge: Charge, groups: dict[str, list[str]]) -> Exact:
    """A charge over all units, or all coins."""
    if charge.on is ChargeBase.COLLATERAL:
        groups = {asset: [asset] for asset in book.balances}
    found = Exact(0)
    for name, assets in groups.items():
        named = assets if charge.names is None or name in charge.names else [a for a in assets if a in charge.names]
        if named:
            found += tiered(Exact(charge.rate) * base(book, charge, named), charge)
    return found


def base(book: Book, charge: Charge, assets: list[str]) -> Exact:
    price = charge.price or book.terms.scan_price
    if charge.on is ChargeBase.COLLATERAL:
        return sum((max(Exact(0), book.equity(asset)) for asset in assets), Exact(0))
    if charge.on is ChargeBase.GROSS:
        return sum((abs(value) for one, _, value in book.contracts(price).values() if one in assets), Exact(0))
    entries = [entry for asset in assets for entry in book.entries(asset, price)]
    if charge.on is ChargeBase.NET:
        return abs(sum(entries, Exact(0)))
    return min(sum((max(Exact(0), side * entry) for entry in entries), Exact(0)) for side in (1, -1))


def tiered(raw: Exact, charge: Charge) -> Exact:
    if not charge.tiers:
        return raw
    found, below = Exact(0), Exact(0)
    for up_to, factor in charge.tiers:
        end = raw if up_to is None else min(raw, Exact(up_to))
        found += Exact(factor) * max(Exact(0), end - below)
        below = Exact(up_to) if up_to is not None else below
    return found


def spreads(book: Book) -> Exact:
    """Charges less credits of all spreads, first one first."""
    terms = book.terms
    units: dict[str, Exact] = {}
    contracts: dict[str, Exact] = {}
    values: dict[str, Exact] = {}
    for one in book.positions:
        name = one.contract.base
        units[name] = units.get(name, Exact(0)) + book.units(one)
        values[name] = book.exposure(name)
        symbol = one.contract.symbol
        contracts[symbol] = contracts.get(symbol, Exact(0)) + one.side * Exact(one.quantity)
    whole_units = dict(units)
    found = Exact(0)
    for spread in terms.spreads:
        pools = []
        for leg in spread.legs:
            if leg.contract:
                pools.append((leg, contracts, leg.contract))
            else:
                pools.append((leg, values if spread.by is SpreadBy.VALUE else units, leg.asset))
        shares = [pool.get(name, Exact(0)) / Exact(leg.ratio) for leg, pool, name in pools]
        if not (min(shares) > 0 or max(shares) < 0):
            continue
        count = min(shares, key=abs)
        found += abs(count) * Exact(spread.charge)
        for leg, pool, name in pools:
            used = count * Exact(leg.ratio)
            pool[name] -= used
            if leg.asset:
                side = 1 if used > 0 else -1
                exposure = max(Exact(0), side * book.exposure(name))
                value = used if spread.by is SpreadBy.VALUE else exposure * used / whole_units[name]
                table = book.table(name)
                rates = (
                    [-Exact(m.weight) * Exact(m.move) * (1 if used > 0 else -1) for m in table.moves] if table else []
                )
                found -= Exact(spread.credit) * max([Exact(0), *rates]) * abs(value)
    return found


def history(book: Book, tail: TailTerms, assets: Iterable[str]) -> Exact:
    """The figure, with its stressed twin."""
    names = [asset for asset in assets if asset in tail.returns.assets]
    mean = tail.tail if book.terms.model is MarginModel.EXPECTED_SHORTFALL else None
    calm = max(Exact(0), read(book, tail, tail.returns, names, mean))
    if tail.stressed is None:
        return calm
    worse = max(Exact(0), read(book, tail, tail.stressed.returns, names, mean))
    blend = tail.stressed.blend
    return max(calm, worse) if blend is None else (1 - Exact(blend)) * calm + Exact(blend) * worse


def read(book: Book, tail: TailTerms, returns, names: list[str], mean: TailMean | None) -> Exact:
    """Value at risk or expected shortfall of the exposures over some returns."""
    places = [returns.assets.index(name) for name in names]
    exposures = [book.exposure(name) for name in names]
    losses = [
        sum((x * Exact(row[k]) for x, k in zip(exposures, places, strict=True)), Exact(0)) for row in returns.moves
    ]
    n, p = len(losses), Exact(1 - tail.confidence)
    decay = Exact(1) if tail.decay is None else Exact(tail.decay)
    raw = [decay ** (n - 1 - j) for j in range(n)]
    ranked = sorted((loss, weight / sum(raw)) for loss, weight in zip(losses, raw, strict=True))
    if mean is TailMean.EXACT:
        left, found = p, Exact(0)
        for value, weight in ranked:
            taken = min(left, weight)
            found, left = found + taken * value, left - taken
        return -found / p
    q = quantile(ranked, p, tail.quantile)
    if mean is None:
        return -q
    beyond = [(value, weight) for value, weight in ranked if value <= q]
    return -sum((value * weight for value, weight in beyond), Exact(0)) / sum(
        (weight for _, weight in beyond), Exact(0)
    )


def quantile(ranked: list[tuple[Exact, Exact]], p: Exact, kind: Quantile) -> Exact:
    n, x = len(ranked), [value for value, _ in ranked]
    if kind is Quantile.INVERTED_CDF:
        reached = Exact(0)
        for value, weight in ranked:
            reached += weight
            if reached >= p:
                return value
        return x[-1]
    if kind is Quantile.AVERAGED_INVERTED_CDF:
        k = n * p
        return (x[int(k) - 1] + x[int(k)]) / 2 if k.denominator == 1 else x[ceil(k) - 1]
    if kind is Quantile.CLOSEST_OBSERVATION:
        g = n * p - Exact(1, 2)
        j = floor(g)
        return x[max(1, j) - 1] if g == j and j % 2 == 0 else x[min(n, max(1, j + 1)) - 1]
    h = {
        Quantile.INTERPOLATED_INVERTED_CDF: n * p,
        Quantile.HAZEN: n * p + Exact(1, 2),
        Quantile.WEIBULL: (n + 1) * p,
        Quantile.LINEAR: (n - 1) * p + 1,
        Quantile.MEDIAN_UNBIASED: (n + Exact(1, 3)) * p + Exact(1, 3),
        Quantile.NORMAL_UNBIASED: (n + Exact(1, 4)) * p + Exact(3, 8),
    }[kind]
    h = min(max(h, Exact(1)), Exact(n))
    k = floor(h)
    return x[k - 1] + (h - k) * (x[k] - x[k - 1]) if h != k else x[k - 1]
