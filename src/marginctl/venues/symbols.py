"""What a symbol says about the contract that nobody declares: base, quote, settlement and last day, as far as it does.

Only what is known is split. Several venues write the same ending for different things (a dated contract on a coin may
be coin-margined or not), so a symbol may leave open in what a contract settles; then it is not guessed.
"""

from collections.abc import Set
from datetime import date
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import FIAT_CURRENCIES, STABLECOINS

COIN_QUOTES = ("BTC", "ETH", "BNB")
CURRENCIES = tuple(sorted(STABLECOINS | FIAT_CURRENCIES, key=lambda quote: (-len(quote), quote)))
QUOTES = CURRENCIES + COIN_QUOTES
ALIASES = {"XBT": "BTC"}
"""Names that some venues give an asset which files call otherwise."""
PERPETUAL = ("PERP", "PERPETUAL", "SWAP")
OPTION_SIDES = ("C", "P", "CALL", "PUT")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MONTH_LETTERS = tuple("FGHJKMNQUVXZ")
LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
CENTURY = 2000
MONTH_CODES = "FGHJKMNQUVXZ"
FRIDAY = 5


class SpellingKind(Enum):
    """What a symbol is.

    LINEAR: settles in its quote; INVERSE: in its base; QUANTO: in a third asset; UNSETTLED: it does not say; ALIASED:
    its base has another name; OPTION; UNKNOWN: it cannot be split.
    """

    LINEAR = "linear"
    INVERSE = "inverse"
    QUANTO = "quanto"
    UNSETTLED = "unsettled"
    ALIASED = "aliased"
    OPTION = "option"
    UNKNOWN = "unknown"


PREFIXES = {
    "PF": SpellingKind.LINEAR,
    "FF": SpellingKind.LINEAR,
    "PI": SpellingKind.INVERSE,
    "FI": SpellingKind.INVERSE,
}
"""First words of a symbol that say what the contract settles in."""


class Spelling(Struct, frozen=True):
    """A symbol, taken apart; what it does not say is empty, None without a last day.

    ``settles``: of an ALIASED symbol, LINEAR or INVERSE where it says so. ``is_neutral``: no venue's own notation, but
    one that means a contract on any of them; ``is_bare``: without a quote, as ``BTC-PERP``.
    """

    kind: SpellingKind
    base: str = ""
    quote: str = ""
    settle: str = ""
    expiry: str | None = None
    settles: SpellingKind = SpellingKind.UNSETTLED
    is_neutral: bool = False
    is_bare: bool = False


UNKNOWN = Spelling(SpellingKind.UNKNOWN)


def spelling_of(symbol: str, currency: str, known: Set[str] = frozenset()) -> Spelling:
    """``symbol`` taken apart: ``BTCUSDT``, ``BTC-USDT``, ``BTC_USDT``, ``BTC/USDT:USDT``, also with a date or ``PERP``.

    ``BTC-PERP`` is quoted in ``currency``, the account's; ``known``: assets that the file names elsewhere.
    """
    if "/" in symbol:
        return replace(_with_slash(symbol), is_neutral=True)
    words = symbol.replace("_", "-").split("-")
    if not all(word.isalnum() for word in words):
        return UNKNOWN
    if _is_option(words):
        return Spelling(SpellingKind.OPTION)
    settles = PREFIXES.get(words[0]) if len(words) > 1 else None
    words = words[1:] if settles else words
    expiry = day_of(words[-1]) if len(words) > 1 else None
    ending = words[-1] if expiry or (len(words) > 1 and words[-1] in PERPETUAL) else ""
    words = words[:-1] if ending else words
    marked = bool(ending or settles)
    pair = _pair(words, currency, CURRENCIES if marked else QUOTES, known)
    if pair is None:
        return _bare(words, ending, currency, expiry) if ending else UNKNOWN
    if not settles:
        open_ended = (marked or "_" in symbol) and pair[1] not in STABLECOINS
        settles = SpellingKind.UNSETTLED if open_ended else SpellingKind.LINEAR
    return _named(*pair, settles, expiry, marked=marked)


def expiry_of(symbol: str) -> str | None:
    """The last day that a symbol states at its end: ``BTCUSDT_261225``, ``BTC-27DEC24``, ``BTC/USDT:USDT-261225``.

    Of ``BTCUSDZ26``, which states a month, its last Friday: on that day quarterly contracts end.
    """
    words = symbol.replace("_", "-").split("-")
    return day_of(words[-1]) if len(words) > 1 else _last_friday(symbol)


def is_dated(symbol: str) -> bool:
    """Whether a symbol states a last day, or a month by its letter, as ``BTCUSDZ26``."""
    return expiry_of(symbol) is not None or (symbol[-2:].isdecimal() and symbol[-3:-2] in MONTH_LETTERS)


def day_of(word: str) -> str | None:
    """The day (``2026-12-25``) that ``261225``, ``20261225`` or ``25DEC26`` means; None for any other word."""
    if not word.isascii():
        return None
    if word.isdecimal() and len(word) in (6, 8):
        parts = word[:-4], word[-4:-2], word[-2:]
    elif len(word) in (6, 7) and word[-5:-2] in MONTHS:
        parts = word[-2:], str(MONTHS.index(word[-5:-2]) + 1), word[:-5]
    else:
        return None
    if not all(part.isdecimal() for part in parts):
        return None
    year, month, day = map(int, parts)
    if not (1 <= month <= len(MONTHS) and 1 <= day <= LONGEST_MONTHS[month - 1]):
        return None
    return f"{year if year > CENTURY else CENTURY + year}-{month:02}-{day:02}"


def _last_friday(symbol: str) -> str | None:
    """The last Friday of the month that ``BTCUSDZ26`` or ``XBTZ26`` ends in; None for any other word."""
    head, month, year = symbol[:-3], symbol[-3:-2], symbol[-2:]
    if month not in MONTH_CODES or not (year.isascii() and year.isdecimal()) or not _names_a_coin(head):
        return None
    number = MONTH_CODES.index(month) + 1
    return max(one for one in (_day_if_friday(CENTURY + int(year), number, day) for day in range(22, 32)) if one)


def _names_a_coin(word: str) -> bool:
    """Whether a word is a coin or a pair that is quoted: in front of a month's letter nothing else is sure."""
    known = {*COIN_QUOTES, *ALIASES}
    return word in known or any(word.endswith(quote) and len(word) > len(quote) for quote in CURRENCIES)


def _day_if_friday(year: int, month: int, day: int) -> str:
    """The day as text where it is one and a Friday, else nothing."""
    try:
        found = date(year, month, day)
    except ValueError:
        return ""
    return found.isoformat() if found.isoweekday() == FRIDAY else ""


def _with_slash(symbol: str) -> Spelling:
    """``BASE/QUOTE``, ``BASE/QUOTE:SETTLE``, ``BASE/QUOTE:SETTLE-DATE``."""
    pair, colon, rest = symbol.partition(":")
    base, _, quote = pair.partition("/")
    settle, *words = rest.split("-")
    if not (base.isalnum() and quote.isalnum() and (settle.isalnum() or not colon)):
        return UNKNOWN
    if _is_option(words):
        return Spelling(SpellingKind.OPTION)
    expiry = day_of(words[0]) if len(words) == 1 else None
    if words and expiry is None:
        return UNKNOWN
    if settle and settle not in pair.split("/"):
        return Spelling(SpellingKind.QUANTO, base, quote, settle, expiry)
    return _named(base, quote, SpellingKind.INVERSE if settle == base != quote else SpellingKind.LINEAR, expiry)


def _is_option(words: list[str]) -> bool:
    """Whether the words hold the side, the strike and the last day of an option."""
    return any(word in OPTION_SIDES for word in words) and sum(word[:1].isdecimal() for word in words) > 1


def _pair(words: list[str], currency: str, quotes: tuple[str, ...], known: Set[str]) -> tuple[str, str] | None:
    """Two words of which the second is a known quote, or one word that ends in one.

    ``BNBUSD`` may be BNB in USD or BN in BUSD: then the one whose base is ``known``, and none where that does not tell.
    """
    if len(words) == 2 and words[1] in {*QUOTES, currency}:
        return words[0], words[1]
    if len(words) != 1:
        return None
    word = words[0]
    pairs = [(word[: -len(quote)], quote) for quote in quotes if word.endswith(quote) and len(word) > len(quote)]
    if len(pairs) > 1:
        pairs = [pair for pair in pairs if pair[0] in {*COIN_QUOTES, *ALIASES} or pair[0] in known]
    return pairs[0] if len(pairs) == 1 else None


def _bare(words: list[str], ending: str, currency: str, expiry: str | None) -> Spelling:
    """A base alone before its ending: ``BTC-PERP`` is quoted in the account's currency, other endings do not say.

    Those are a venue's own notation: ``SOL-PERPETUAL`` is another contract than ``SOL_USDC-PERPETUAL``.
    """
    if len(words) != 1:
        return UNKNOWN
    is_quoted = ending == "PERP"
    named = _named(
        words[0], currency if is_quoted else "", SpellingKind.LINEAR if is_quoted else SpellingKind.UNSETTLED, expiry
    )
    return replace(named, is_neutral=is_quoted and expiry is None, is_bare=True)


def _named(base: str, quote: str, settles: SpellingKind, expiry: str | None, *, marked: bool = True) -> Spelling:
    if base in ALIASES:
        if quote not in STABLECOINS and not marked:
            settles = SpellingKind.UNSETTLED
        return Spelling(SpellingKind.ALIASED, ALIASES[base], quote, expiry=expiry, settles=settles)
    return Spelling(settles, base, quote, expiry=expiry)
