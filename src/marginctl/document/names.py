"""Names that nothing has: which one was meant, or which there are."""

from collections.abc import Iterable
from re import sub

from marginctl.document.source import echo, printable

MOST_NAMES = 8
LONGEST_NAME = 40
LIKELY = 3 / 5
SURE = 4 / 5
"""How alike two names are: with one letter too many in four they are so, with one of three letters changed not."""

GLOSSARY = {
    "asset": "coin currency token ccy margin_coin margin_asset",
    "amount": "balance wallet wallet_balance cash_balance coin_balance held free qty quantity size total units",
    "haircut": "discount discount_rate collateral_ratio collateral_value_ratio",
    "quantity": "amount qty size contracts position_amt position_size volume units vol",
    "notional": "value position_value contract_value usd_value",
    "symbol": "contract instrument inst_id market pair ticker product",
    "side": "direction position_side type pos_side",
    "entry_price": "entry avg_price average_price avg_entry_price open_price price cost",
    "mark_price": "mark index_price current_price last_price",
    "price": "limit_price",
    "margin_mode": "mode margin_type",
    "isolated_margin": "margin position_margin",
    "maintenance_rate": "mmr mm_rate maint_margin_rate maint_margin_ratio maintenance maintenance_margin_rate",
    "maintenance_deduction": "cum maint_amount maintenance_amount mm_deduction",
    "deduction": "cum maint_amount maintenance_amount mm_deduction maintenance_deduction",
    "initial_rate": "imr im_rate initial_margin_rate",
    "max_leverage": "leverage",
    "leverage": "lev",
    "tiers": "brackets risk_limits position_tiers margin_tiers leverage_brackets",
    "up_to": "cap max notional_cap limit to",
    "funding_rate": "funding",
    "contract_size": "multiplier size ct_val face_value",
    "venue": "exchange broker",
    "collateral": "balances wallet assets holdings margin",
    "positions": "holdings trades",
    "prices": "marks quotes",
    "limits": "rules thresholds policy",
}
"""A key, and what venues and people call it."""


def said_as(word: str) -> list[str]:
    """The keys that a word may stand for."""
    plain = sub("[ -]", "_", sub("(?<=[a-z])(?=[A-Z])", "_", word)).lower()
    return [key for key, words in GLOSSARY.items() if plain in words.split()]


def near(name: str, known: Iterable[str], *, surely: bool = False) -> str:
    """The known name that is most like this one, small letters or not; nothing where none is."""
    from difflib import get_close_matches  # only ever needed for a mistake

    by_capitals = {one.upper(): one for one in known}
    close = get_close_matches(name[:LONGEST_NAME].upper(), by_capitals, 1, SURE if surely else LIKELY)
    return by_capitals[close[0]] if close else ""


def meant(name: str, known: Iterable[str], what: str = "known here") -> str:
    """What to write instead of a name that is not known."""
    known = sorted(known)
    close = near(name, known)
    if close:
        return f"did you mean {echo(close)}?"
    more = f" and {len(known) - MOST_NAMES} more" if len(known) > MOST_NAMES else ""
    return f"{what}: {', '.join(printable(one[:LONGEST_NAME]) for one in known[:MOST_NAMES]) or 'none'}{more}"
