"""A document's text and the places in it; user text made safe to show, and which name was meant."""

import re
from collections.abc import Callable, Iterable
from re import sub

from msgspec import Struct

from marginctl.document.nodes import Mapping, Node, Scalar, Sequence
from marginctl.findings import Location, Problem

LONGEST_ECHO = 60
EXCERPT_WIDTH = 120
CARET_IN_WINDOW = 60
MOST_PROBLEMS = 1000
_LINE_END = re.compile(r"\r\n?|\n")
_ORDER = r"(?m)^\s*::|##(?=\w*\[)"


def printable(text: str) -> str:
    r"""The text with everything that a terminal would not show as itself written out: ``\x1b``, ``\u202e``.

    Control characters, line breaks, bidirectional overrides, zero-width and unassigned characters and lone
    surrogates are replaced; the result is a single line that can be encoded as UTF-8.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escape(ord(character)) for character in text)


def _escape(code_point: int) -> str:
    if code_point < 0x100:
        return f"\\x{code_point:02x}"
    return f"\\u{code_point:04x}" if code_point < 0x10000 else f"\\U{code_point:08x}"


def harmless(text: str) -> str:
    """The text with a space in what runners of CI jobs take for an order: ``::`` that begins a line, ``##name[``."""
    return (
        re.sub(_ORDER, lambda match: f"{match[0][:-1]} {match[0][-1]}", text) if "::" in text or "##" in text else text
    )


def lines_of(text: str) -> list[str]:
    """The lines of a text as editors, code hosts and readers of JSON count them: no other character ends one."""
    lines = _LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


def echo(text: str, longest: int = LONGEST_ECHO) -> str:
    """User text as messages show it: printable, in backticks, at most about ``longest`` characters."""
    shown = printable(text[: longest + 1])
    return f"`{shown}`" if len(shown) <= longest else f"`{shown[: longest - 3]}...`"


class Source(Struct):
    """A document's display name and its text, without a byte order mark.

    ``key_paths``: of a text that was made of a mapping, which nobody has seen, the path of the key by line and column;
    ``written``: the places of these paths in the text that somebody has.
    """

    name: str
    text: str
    split: list[str] | None = None
    key_paths: dict[tuple[int, int], str] | None = None
    written: Callable[[str], tuple[int, int]] | None = None

    def line(self, number: int) -> str:
        """The text of a line, counted from 1; empty when there is no such line."""
        if self.split is None:
            self.split = lines_of(self.text)
        return self.split[number - 1] if 0 < number <= len(self.split) else ""

    def location(self, node: Node) -> Location:
        """Where a node begins, and where it ends if that is on the same line."""
        if self.key_paths is not None:
            path = self.key_paths.get((node.line, node.column), "")
            return Location(self.name, *self.written(path)) if self.written else Location(self.name, key=path)
        return Location(self.name, node.line, node.column, node.end_column if isinstance(node, Scalar) else 0)

    def place(self, node: Node) -> str:
        """Where a node is, in words: ``line 5``."""
        location = self.location(node)
        return echo(location.key) if location.key else f"line {location.line}"

    def problem(self, where: Node | tuple[int, int], code: str, message: str, help: str = "") -> Problem:
        """A problem at a node or at ``(line, column)``, with the line it is on."""
        if isinstance(where, (Scalar, Mapping, Sequence)):
            location = self.location(where)
        else:
            location = Location(self.name, *where)
        return Problem(location, code, message, help, _excerpt(self.line(location.line), location.column))


def _excerpt(line: str, column: int) -> str:
    """The part of a line around a column, one character for one, so that columns stay true up to the window."""
    if len(line) <= EXCERPT_WIDTH:
        return _clean(line)
    if column <= EXCERPT_WIDTH - CARET_IN_WINDOW // 2:
        return _clean(line[: EXCERPT_WIDTH - 1]) + "…"
    start = column - 1 - CARET_IN_WINDOW
    tail = "…" if start + EXCERPT_WIDTH < len(line) else ""
    return "…" + _clean(line[start + 1 : start + EXCERPT_WIDTH - len(tail)]) + tail


def _clean(line: str) -> str:
    if line.startswith("…"):  # an ellipsis in front is the sign of a window, see caret()
        line = "." + line[1:]
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in line)


def caret(problem: Problem) -> int:
    """How many characters of ``problem.excerpt`` stand before the place meant: where a caret line puts its caret."""
    if problem.excerpt.startswith("…"):
        return CARET_IN_WINDOW
    return min(max(problem.location.column - 1, 0), len(problem.excerpt))


class Collector(Struct):
    """The problems of one source, as they are found. Behind the thousandth a last one says so; no more are kept."""

    source: Source
    problems: list[Problem]

    def add(self, where: Node | tuple[int, int], code: str, message: str, help: str = "") -> None:
        """Keeps a problem at a place."""
        count = len(self.problems)
        if count < MOST_PROBLEMS:
            self.problems.append(self.source.problem(where, code, message, help))
        elif count == MOST_PROBLEMS:
            rest = f"more than {MOST_PROBLEMS} problems, the others are not listed"
            self.problems.append(self.source.problem(where, code, rest))


class TooManyProblemsError(Exception):
    """A document has more problems than anybody reads: its rest need not be looked at."""


class StoppingCollector(Collector):
    """A collector that raises TooManyProblemsError when it is full."""

    def add(self, where: Node | tuple[int, int], code: str, message: str, help: str = "") -> None:
        """Keeps a problem at a place; raises with the first one too many."""
        super().add(where, code, message, help)
        if len(self.problems) > MOST_PROBLEMS:
            raise TooManyProblemsError


def in_order(problems: list[Problem]) -> list[Problem]:
    """Problems in the order of their places in the file."""
    return sorted(problems, key=lambda problem: (problem.location.line, problem.location.column))


MOST_NAMES = 8
LONGEST_NAME = 40
LIKELY = 60
SURE = 80
"""How alike two names are, in percent: with one letter too many in four they are so, with one of three letters changed
not."""

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


def alike(name: str, known: Iterable[str], most: int = 1, least: int = LIKELY) -> list[str]:
    """The known names that are most like this one, the most alike first; ``least``: as LIKELY."""
    from difflib import get_close_matches  # only ever needed for a mistake

    return get_close_matches(name, list(known), most, least / 100)


def near(name: str, known: Iterable[str], *, surely: bool = False) -> str:
    """The known name that is most like this one, small letters or not; nothing where none is."""
    by_capitals = {one.upper(): one for one in known}
    close = alike(name[:LONGEST_NAME].upper(), by_capitals, 1, SURE if surely else LIKELY)
    return by_capitals[close[0]] if close else ""


def meant(name: str, known: Iterable[str], what: str = "known here") -> str:
    """What to write instead of a name that is not known."""
    known = sorted(known)
    close = near(name, known)
    if close:
        return f"did you mean {echo(close)}?"
    more = f" and {len(known) - MOST_NAMES} more" if len(known) > MOST_NAMES else ""
    return f"{what}: {', '.join(printable(one[:LONGEST_NAME]) for one in known[:MOST_NAMES]) or 'none'}{more}"
