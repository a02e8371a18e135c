"""What the assets of a pool hold and are worth: balances, profit and loss, haircuts, debts."""

from decimal import Decimal

from marginctl.analysis.steps import FRACTION, Book, Parts, in_tier, joined, made, product, stated
from marginctl.core.exact import ONE, ZERO
from marginctl.core.liquidation import PoolState
from marginctl.core.pool import Holding
from marginctl.core.report import CollateralFigures
from marginctl.results.explanation import Step, TierUsed


def balance(book: Book, state: PoolState, holding: Holding, path: str) -> Step:
    """Units held: what is listed less the isolated margins set aside; in an isolated pool its margin."""
    asset = holding.asset
    key = f"collateral.{asset}.amount"
    if not state.pool.is_shared:
        own = book.given(state.pool.positions[0], "isolated_margin", asset)
        return made("balance", holding.balance, asset, own, of=asset, figure=path)
    aside = [
        book.given(position, "isolated_margin", asset)
        for position in book.account.positions
        if position.is_isolated and position.contract.settle == asset
    ]
    if not aside:
        return stated("balance", holding.balance, asset, key, of=asset, figure=path)
    amount = stated("amount", book.account.balances.get(asset, ZERO), asset, key, of=asset)
    return made("balance", holding.balance, asset, *joined(" - ", [amount, *aside]), of=asset, figure=path)


def coin_pnl(book: Book, state: PoolState, row: CollateralFigures, path: str) -> Step:
    """Unrealized PnL settled in an asset, in units of it."""
    asset = row.asset
    settled = [position for position in state.pool.positions if position.contract.settle == asset]
    parts = joined(" + ", [book.figure(f"positions.{position.key}.unrealized_pnl") for position in settled])
    if settled and asset != book.account.currency:
        parts = ["(", *parts, ") / ", book.price(asset)]
    return made("unrealized_pnl", row.unrealized_pnl, asset, *parts, of=asset, figure=path)


def coin_equity(book: Book, prefix: str, row: CollateralFigures, path: str) -> Step:
    """Balance plus unrealized PnL, in units of the asset."""
    parts: Parts = [book.figure(f"{prefix}.balance"), " + ", book.figure(f"{prefix}.unrealized_pnl")]
    return made("equity", row.equity, row.asset, *parts, of=row.asset, figure=path)


def effective_haircut(book: Book, prefix: str, row: CollateralFigures, path: str) -> Step:
    """The share of the value that does not count; 0 for debts."""
    if row.equity <= 0:
        note = "nothing is held, or it is a debt: that counts in full"
        return Step(name="haircut", of=row.asset, value=row.haircut, unit=FRACTION, figure=path, note=note)
    parts: Parts = ["1 - ", book.figure(f"{prefix}.value"), " / ("]
    parts += [book.figure(f"{prefix}.equity"), " x ", book.figure(f"{prefix}.price"), ")"]
    return made("haircut", row.haircut, FRACTION, *parts, of=row.asset, figure=path)


def asset_value(book: Book, state: PoolState, holding: Holding, prefix: str, path: str) -> Step:
    """What an asset adds to the equity: a debt in full, the rest less its haircuts, tier by tier."""
    asset = holding.asset
    equity, price = book.figure(f"{prefix}.equity"), book.money_price(asset)
    haircuts = state.pool.terms[asset].haircuts
    value = holding.value({})
    units = equity.value if isinstance(equity.value, Decimal) else ZERO
    parts: Parts
    if units < 0:
        counted = state.pool.terms[asset].liability_factor
        factor = stated("liability_factor", counted, "", f"collateral.{asset}.liability_factor", of=asset)
        parts = product(factor if counted != ONE else None, equity, price)
    elif all(not tier.haircut for tier in haircuts):
        parts = product(equity, price)
    elif len(haircuts) == 1:
        parts = [*product(equity, price), " x (1 - ", _haircut(book, asset, 0, tiered=False), ")"]
    else:
        parts = _by_haircut_tier(book, state, asset, equity, price, units)
    return made("value", value, book.money, *parts, of=asset, figure=path)


def _by_haircut_tier(
    book: Book, state: PoolState, asset: str, equity: Step, price: Step | None, units: Decimal
) -> Parts:
    parts: Parts = []
    floor = ZERO
    for k, tier in enumerate(state.pool.terms[asset].haircuts):
        last = tier.up_to is None or units <= tier.up_to
        share = _haircut(book, asset, k, tiered=True)
        bound = TierUsed(number=k + 1, measure="amount", size=units, unit=asset, above=floor, up_to=tier.up_to)
        upper: Step | str = equity if last else f"{tier.up_to}"
        parts += [" + "] if parts else []
        parts += ["(", upper, f" - {floor}) x "] if floor else [upper, " x "]
        parts += [price, " x "] if price else []
        parts += ["(1 - ", in_tier(share, bound), ")"]
        if last:
            break
        floor = tier.up_to or ZERO
    return parts


def _haircut(book: Book, asset: str, k: int, *, tiered: bool) -> Step:
    value = book.account.terms[asset].haircuts[k].haircut
    key = f"collateral.{asset}.haircut"
    name = f"haircut of tier {k + 1}" if tiered else "haircut"
    return stated(name, value, FRACTION, f"{key}_tiers.{k}" if tiered else key, of=asset)
