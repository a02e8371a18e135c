"""The changes of ``what-if`` as they are written in its flags."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import partial

from marginctl.core.account import MarginMode
from marginctl.core.contract import LONG, SHORT
from marginctl.document.scalars import FlagError, assignment, positive
from marginctl.document.source import echo
from marginctl.portfolio.changes import Change, Close, Open, Remode, Reprice, Resize, Secure, Transfer

SIDES = {"long": LONG, "short": SHORT}
MODES = {mode.value: mode for mode in MarginMode}
OPEN_HELP = "write it as 'BTCUSDT long 0.5 @ 60000 x10'"
AT = "@"


def opened(text: str) -> Open:
    """SYMBOL long|short QUANTITY [@ PRICE] [xLEVERAGE] [isolated|cross] [KEY=VALUE...]. Raises FlagError."""
    words, price = _priced("--open", text)
    if len(words) < 3 or words[1] not in SIDES:
        raise FlagError(f"--open {echo(text)} needs a contract, a side and a quantity", OPEN_HELP)
    leverage: Decimal | None = None
    mode = MarginMode.CROSS
    keys: dict[str, str] = {}
    for word in words[3:]:
        key, equals, value = word.partition("=")
        named = MODES.get(word)
        if named:
            mode = named
        elif equals and key and value and key not in keys:
            keys[key] = value
        elif leverage is None and _is_leverage(word):
            leverage = _number("--open", text, word.strip("xX"), "leverage")
        else:
            raise FlagError(f"--open {echo(text)}: {echo(word)} is not understood", OPEN_HELP)
    return Open(
        symbol=words[0],
        side=SIDES[words[1]],
        quantity=_number("--open", text, words[2], "quantity"),
        price=price,
        leverage=leverage,
        margin_mode=mode,
        keys=keys,
    )


def _is_leverage(word: str) -> bool:
    return word[:1] in ("x", "X") or word[-1:] in ("x", "X")


def _priced(flag: str, text: str) -> tuple[list[str], Decimal | None]:
    """The words of a text without ``@ PRICE``, and that price."""
    words = text.replace(AT, f" {AT} ").split()
    if AT not in words:
        return words, None
    at = words.index(AT)
    if at + 1 == len(words) or AT in words[at + 1 :]:
        raise FlagError(f"{flag} {echo(text)} has no price behind the @", "write one, as in @ 60000")
    return [*words[:at], *words[at + 2 :]], _number(flag, text, words[at + 1], "price")


def _number(flag: str, text: str, word: str, what: str) -> Decimal:
    return positive(word, f"{flag} {echo(text)}: the {what}", "write a positive number")


def closed(text: str) -> Close:
    """NAME [@ PRICE]. Raises FlagError."""
    words, price = _priced("--close", text)
    if len(words) != 1:
        raise FlagError(f"--close {echo(text)} must name one position", "write it as --close ETHUSDT")
    return Close(words[0], price)


def resized(text: str) -> Resize:
    """NAME=QUANTITY [@ PRICE]; a quantity of 0 is for the plan to refuse. Raises FlagError."""
    words, price = _priced("--resize", text)
    name, value = assignment("--resize", "".join(words))
    if value == "0":
        return Resize(name, Decimal(0), price)
    return Resize(name, _number("--resize", text, value, "quantity"), price)


def transferred(flag: str, text: str) -> Transfer:
    """ASSET=AMOUNT of --deposit, or of --withdraw. Raises FlagError."""
    asset, value = assignment(flag, text)
    amount = _number(flag, text, value, "amount")
    return Transfer(asset, -amount if flag == "--withdraw" else amount)


def secured(text: str) -> Secure:
    """NAME=AMOUNT of --transfer, out of the margin where negative. Raises FlagError."""
    name, value = assignment("--transfer", text)
    sign, amount = (value[:1], value[1:]) if value.startswith(("+", "-")) else ("", value)
    if amount.startswith(("+", "-")):
        raise FlagError(f"--transfer {echo(text)} has two signs", "write it as GASUSDT=+1 or GASUSDT=-1")
    size = _number("--transfer", text, amount, "amount")
    return Secure(name, -size if sign == "-" else size)


def repriced(texts: Iterable[str]) -> list[Reprice]:
    """Every ASSET=PRICE, or SYMBOL=MARK. Raises FlagError, also where a name has two."""
    prices: dict[str, Reprice] = {}
    for text in texts:
        asset, value = assignment("--price", text)
        price = Reprice(asset, _number("--price", text, value, "price"))
        if prices.setdefault(asset, price) is not price:
            raise FlagError(f"--price names {echo(asset)} twice", "write one price per name")
    return list(prices.values())


def remoded(text: str) -> Remode:
    """MODE for all positions, NAME=MODE for one. Raises FlagError."""
    name, equals, word = text.rpartition("=")
    mode = MODES.get(word)
    if not mode or (equals and not name):
        raise FlagError(f"--mode {echo(text)} is unknown", "write isolated, cross, or SYMBOL=isolated")
    return Remode(mode, name or None)


def _each(read: Callable[[str], Change]) -> Callable[[Iterable[str]], Sequence[Change]]:
    return lambda texts: [*map(read, texts)]


READERS: dict[str, Callable[[Iterable[str]], Sequence[Change]]] = {
    "open": _each(opened),
    "close": _each(closed),
    "resize": _each(resized),
    "deposit": _each(partial(transferred, "--deposit")),
    "withdraw": _each(partial(transferred, "--withdraw")),
    "transfer": _each(secured),
    "price": repriced,
    "mode": _each(remoded),
}
"""What reads the texts of a flag, by its name, in the order in which changes are made. Raises FlagError."""
