"""What to say about a symbol that nobody declares: what its spelling leaves open, and exactly what to declare."""

from marginctl.core.account import STABLECOINS
from marginctl.document.source import echo
from marginctl.portfolio.format import LEAVE_OUT
from marginctl.portfolio.reading import short
from marginctl.venues.symbols import ALIASES, Spelling, SpellingKind, spelling_of


def pair_of(spelling: Spelling) -> tuple[str, str]:
    """The base and quote that a symbol tells, empty where it does not, or calls the base by another name."""
    return ("", spelling.quote) if spelling.kind is SpellingKind.ALIASED else (spelling.base, spelling.quote)


def is_unsettled(spelling: Spelling, quote: str) -> bool:
    """Whether a declared contract must say its type: its symbol speaks against linear, or leaves it open."""
    settles = spelling.settles if spelling.kind is SpellingKind.ALIASED else spelling.kind
    return settles in (SpellingKind.INVERSE, SpellingKind.UNSETTLED) and quote not in STABLECOINS


def not_modelled(symbol: str, spelling: Spelling) -> tuple[str, str]:
    """(message, help) for an option or a contract that settles in a third asset."""
    if spelling.kind is SpellingKind.OPTION:
        return f"{echo(symbol)} is an option, and options are not modelled", LEAVE_OUT
    message = (
        f"{echo(symbol)} settles in {short(spelling.settle)}, a third asset: such contracts (quantos) are not modelled"
    )
    return message, LEAVE_OUT


def undeclared(symbol: str, spelling: Spelling, currency: str) -> tuple[str, str]:
    """(message, help) for a symbol that does not say enough to be a contract without a declaration."""
    if spelling.kind is SpellingKind.INVERSE:
        advice = f"declare it: {_declaration(symbol, spelling, inverse=True)}"
        return f"{echo(symbol)} settles in {short(spelling.base)}: its contract size is not known", advice
    if spelling.kind is SpellingKind.ALIASED:
        other = next(name for name, asset in ALIASES.items() if asset == spelling.base)
        message = f"{echo(symbol)} calls its base {other}, another name for {short(spelling.base)}"
        return message, _either(symbol, spelling)
    if spelling.kind is SpellingKind.UNSETTLED:
        lacks = "what it settles in" if spelling.quote else "its quote, nor what it settles in"
        return f"{echo(symbol)} does not say {lacks}", _either(symbol, spelling)
    message = f"{echo(symbol)} cannot be split into base and quote"
    capitals = spelling_of(symbol.upper(), currency).kind is SpellingKind.LINEAR
    meant = f"did you mean {echo(symbol.upper())}? Otherwise " if capitals and symbol != symbol.upper() else ""
    terms = "{type: linear, base: ..., quote: ...}"
    advice = f"declare it: `contracts: {{{short(symbol)}: {terms}}}`, or `type: inverse` if it settles in its base"
    return message, meant + advice


def _either(symbol: str, spelling: Spelling) -> str:
    """How to declare it: as it settles, or both ways where the symbol does not say."""
    settles = spelling.settles if spelling.kind is SpellingKind.ALIASED else spelling.kind
    if settles is not SpellingKind.UNSETTLED:
        return f"declare it: {_declaration(symbol, spelling, inverse=settles is SpellingKind.INVERSE)}"
    inverse, linear = (_declaration(symbol, spelling, inverse=way) for way in (True, False))
    return f"declare it: {inverse} if it settles in {short(spelling.base)}, else {linear}"


def _declaration(symbol: str, spelling: Spelling, *, inverse: bool) -> str:
    name = short(symbol)
    key = f'"{name}"' if ":" in name else name
    quote = short(spelling.quote) or "..."
    terms = f"type: {'inverse' if inverse else 'linear'}, base: {short(spelling.base)}, quote: {quote}"
    return f"`contracts: {{{key}: {{{terms}{', contract_size: ...' if inverse else ''}}}}}`"
