"""Splitting a symbol into base and quote where nobody declares the contract."""

from marginctl.core.account import FIAT_CURRENCIES, STABLECOINS

COIN_QUOTES = ("BTC", "ETH", "BNB")
QUOTES = tuple(sorted(STABLECOINS | FIAT_CURRENCIES, key=lambda quote: (-len(quote), quote))) + COIN_QUOTES


def split_symbol(symbol: str, currency: str) -> tuple[str, str] | None:
    """(base, quote) of ``BTCUSDT``, ``BTC-USDT``, ``BTC/USDT:USDT``; ``BTC-PERP`` is quoted in ``currency``.

    None where it cannot be told: then the contract must be declared (as must ``BTC/USD:BTC``, which settles in BTC).
    """
    if "/" in symbol:
        pair, _, settle = symbol.partition(":")
        base, _, quote = pair.partition("/")
        return (base, quote) if base and quote and "/" not in quote and settle in {"", quote} else None
    if "-" in symbol:
        base, _, quote = symbol.partition("-")
        if not base or not quote or "-" in quote:
            return None
        return base, currency if quote == "PERP" else quote
    for quote in QUOTES:
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return symbol[: -len(quote)], quote
    return None
