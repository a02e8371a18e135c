"""What to say about a symbol that nobody declares: what its spelling leaves open, and exactly what to declare."""

from marginctl.core.account import STABLECOINS
from marginctl.core.contract import ContractType
from marginctl.document.source import echo
from marginctl.portfolio.format import LEAVE_OUT, ContractEntry
from marginctl.portfolio.reading import short
from marginctl.venues.symbols import ALIASES, Spelling, SpellingKind, spelling_of


def pair_of(spelling: Spelling) -> tuple[str, str]:
    """The base and quote that a symbol tells, empty where it does not, or calls the base by another name."""
    return ("", spelling.quote) if spelling.kind is SpellingKind.ALIASED else (spelling.base, spelling.quote)


def is_unsettled(spelling: Spelling, quote: str) -> bool:
    """Whether a declared contract must say its type: its symbol speaks against linear, or leaves it open."""
    settles = spelling.settles if spelling.kind is SpellingKind.ALIASED else spelling.kind
    return settles in (SpellingKind.INVERSE, SpellingKind.UNSETTLED) and quote not in STABLECOINS


def option(symbol: str) -> tuple[str, str]:
    """(message, help) for an option."""
    return f"{echo(symbol)} is an option, and options are not modelled", LEAVE_OUT


def settled_in(draft: ContractEntry, base: str, quote: str, spelling: Spelling) -> tuple[ContractType | None, str]:
    """The declared type and, of a quanto, the third asset in which it settles: as the file says, else as its symbol.

    A settle asset that is the base or the quote says the type; None where nothing does.
    """
    settle = draft.settle or (spelling.settle if spelling.kind is SpellingKind.QUANTO else "")
    said = {base: ContractType.INVERSE, quote: ContractType.LINEAR}.get(settle)
    kind = draft.type or said or (ContractType.QUANTO if settle else None)
    return kind, "" if said is not None else settle


def misdeclared(
    symbol: str, draft: ContractEntry, kind: ContractType | None, base: str, third: str
) -> tuple[str, str] | None:
    """(message, help) where a declared type and its settle asset contradict each other, or a quanto lacks something."""
    name, settle = echo(symbol), short(draft.settle or third)
    if draft.settle and not third:
        said = ContractType.INVERSE if draft.settle == base else ContractType.LINEAR
        if kind is not said and kind is not None:
            of = "its base" if said is ContractType.INVERSE else "its quote"
            return f"the {kind.value} contract {name} settles in {settle}, {of}", f"write `type: {said.value}`"
    if kind is not ContractType.QUANTO:
        word = f"{kind.value} contract" if kind is not None else "contract"
        message = f"the {word} {name} settles in {settle}, a third asset"
        return (message, "write `type: quanto`") if third else None
    if not third:
        return f"the quanto {name} needs `settle`", "add `settle: ...`, the third asset in which it settles"
    if draft.contract_size is None:
        advice = f"add `contract_size: ...`: units of {settle} for a price that moves by 1"
        return f"the contract size of the quanto {name} is not known", advice
    return None


def undeclared(symbol: str, spelling: Spelling, currency: str) -> tuple[str, str]:
    """(message, help) for a symbol that does not say enough to be a contract without a declaration."""
    if spelling.kind is SpellingKind.INVERSE:
        advice = f"declare it: {_declaration(symbol, spelling, inverse=True)}"
        return f"{echo(symbol)} settles in {short(spelling.base)}: its contract size is not known", advice
    if spelling.kind is SpellingKind.QUANTO:
        terms = f"type: quanto, base: {short(spelling.base)}, quote: {short(spelling.quote)}"
        declared = (
            f'`contracts: {{"{short(symbol)}": {{{terms}, settle: {short(spelling.settle)}, contract_size: ...}}}}`'
        )
        message = f"{echo(symbol)} settles in {short(spelling.settle)}, a third asset: its contract size is not known"
        return message, f"declare it: {declared}"
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
