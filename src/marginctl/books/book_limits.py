"""The limits on a book as a whole: how many accounts may fail, warn, be liquidatable or not be checked."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from marginctl.books.header import BookHeader
from marginctl.books.header_format import Allowance, BookLimitsEntry
from marginctl.core.exact import ZERO
from marginctl.document.record import Key
from marginctl.findings import Check, Finding, Location, Problem, Severity, Status
from marginctl.limits.engine import STATUS
from marginctl.limits.format import Levels
from marginctl.wording import check_value, limit_text

NONE = Allowance(ZERO)
SUBJECT = "book"


class BookLimit(NamedTuple):
    """A limit on the book: its code, the name of its key, and what it counts."""

    code: str
    word: str
    what: str
    default: Allowance | None = None

    @property
    def name(self) -> str:
        """As other limits are named."""
        return self.word.replace("_", "-")


FAILED = BookLimit("MC301", "max_failed", "failing accounts", NONE)
WARNED = BookLimit("MC302", "max_warned", "accounts with a warning")
LIQUIDATABLE = BookLimit("MC303", "max_liquidatable", "liquidatable accounts")
ERRORS = BookLimit("MC304", "max_errors", "accounts that could not be checked", NONE)
SHORTFALL = BookLimit("MC305", "max_shortfall", "lost beyond bankruptcy")


class BookVerdict(NamedTuple):
    """What the limits on a book come to."""

    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]


class BookBound(NamedTuple):
    """What breaks a limit on a book, and how grave that is."""

    severity: Severity
    allowed: Any


def key_of(limit: BookLimit) -> Key[Any]:
    """Its key in the header."""
    return BookLimitsEntry.layout.by_name[limit.word]


def bounds_of(header: BookHeader, limit: BookLimit) -> list[BookBound]:
    """The bounds of a limit, the gravest first."""
    entry = header.file.book_limits
    if entry is None or key_of(limit) not in entry:
        return [] if limit.default is None else [BookBound(Severity.ERROR, limit.default)]
    level = entry[key_of(limit)]
    if isinstance(level, Levels):
        words = {word.text: value for word, value, _ in level.items()}
        grades = (("fail", Severity.ERROR), ("warn", Severity.WARNING))
        return [BookBound(grade, words[word]) for word, grade in grades if words.get(word) is not None]
    return [] if level is None else [BookBound(Severity.ERROR, level)]


def place_of(header: BookHeader, limit: BookLimit) -> Location:
    """Where a limit is written, else the header."""
    entry = header.file.book_limits
    node = header.file.node if entry is None else entry.at(key_of(limit))
    return header.source.location(node)


def verdict_on(header: BookHeader, counts: dict[BookLimit, int], accounts: int) -> BookVerdict:
    """The limits on counts of accounts."""
    checks: list[Check] = []
    findings: list[Finding] = []
    problems: list[Problem] = []
    for limit, count in counts.items():
        for check, finding in _judged(header, limit, count, accounts):
            checks.append(check)
            if finding is not None and limit is ERRORS and finding.severity is Severity.ERROR:
                advice = "--errors FILE has them all; `book_limits: {max_errors: ...}` allows some"
                problems.append(Problem(Location(finding.location.file), limit.code, finding.message, advice))
            elif finding is not None:
                findings.append(finding)
    return BookVerdict(tuple(checks), tuple(findings), tuple(problems))


def _judged(header: BookHeader, limit: BookLimit, count: int, accounts: int) -> Iterator[tuple[Check, Finding | None]]:
    bounds = bounds_of(header, limit)
    broken = [bound for bound in bounds if count > _most(bound.allowed, accounts)]
    bound = next(iter(broken or bounds[-1:]), None)
    if bound is None:
        return
    allowed: Allowance = bound.allowed
    share = Decimal(count) / accounts if accounts else ZERO
    value = share if allowed.is_share else Decimal(count)
    status = STATUS[bound.severity] if broken else Status.PASS
    check = Check(limit.code, limit.name, SUBJECT, value, allowed.amount, status, allowed.amount - value)
    finding = None
    if broken:
        unit = "fraction" if allowed.is_share else "count"
        shown = f" ({check_value(check, unit)})" if allowed.is_share else ""
        message = f"{limit.what}: {count:,} of {accounts:,}{shown}, limit {limit_text(check, unit)}"
        finding = Finding(
            code=limit.code,
            name=limit.name,
            severity=bound.severity,
            message=message,
            location=place_of(header, limit),
            subject=SUBJECT,
            value=value,
            limit=allowed.amount,
            remedy="`marginctl book show` prints one of them in full",
        )
    yield check, finding


def _most(allowed: Allowance, accounts: int) -> Decimal:
    return allowed.amount * accounts if allowed.is_share else allowed.amount
