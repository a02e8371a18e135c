"""Names that nothing has: which one was meant, or which there are."""

from collections.abc import Iterable

from marginctl.document.source import echo, printable

MOST_NAMES = 8
LONGEST_NAME = 40
LIKELY = 3 / 5
SURE = 4 / 5
"""How alike two names are: with one letter too many in four they are so, with one of three letters changed not."""


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
