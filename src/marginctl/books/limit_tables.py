"""The limits on accounts as the screen takes them: the strictest of each, a row for every set that accounts come under.

What a row cannot say (limits of single positions, waivers of one subject, another margin call) is left to decimals.
"""

from fnmatch import fnmatchcase
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from msgspec.structs import replace

from marginctl.books.arrow_numbers import Plain
from marginctl.books.compiled import SCREENED_LIMITS, Compiled, ScreenLimit, limits_table
from marginctl.books.header import BookHeader
from marginctl.core.exact import ZERO
from marginctl.findings import Severity
from marginctl.limits.config import Bound, LimitSource, margin_call_of
from marginctl.limits.rule import Comparison, Rule
from marginctl.limits.rules import BY_CODE
from marginctl.limits.waivers import Ledger, reaches

Sets = dict[tuple[bool, ...], str]
"""Which patterns of policies fit -> an account that they fit."""


class OwnLimits(NamedTuple):
    """Tables with the limits of a batch, and by account which of them are its own: below 0 what has no row."""

    compiled: Compiled
    own: Plain | None = None


def with_limits(
    header: BookHeader, compiled: Compiled, batch: pa.RecordBatch, codes: tuple[str, ...] = SCREENED_LIMITS
) -> OwnLimits | None:
    """Tables with the limits of a batch, of these codes alone; None where no account has limits that a row can say."""
    patterns = _patterns(header)
    sets: Sets = {(): ""}
    own = None
    if patterns:
        sets, own = _sets(patterns, batch)
    rows = [screen_limits(header, account, codes) for account in sets.values()]
    told = [row for row in rows if row is not None]
    if not told or any("/" in one for one in patterns):
        return None
    places = np.array([told.index(row) if row is not None else -1 for row in rows], "i4")
    last = compiled.tables[-1][0]
    table = limits_table(told, apart=bool(last["apart"]), bare=int(last["bare"]))
    found = replace(compiled, tables=(*compiled.tables[:-1], table))
    return OwnLimits(found, None if own is None else places[own])


def accounts_of_sets(header: BookHeader, batch: pa.RecordBatch) -> tuple[list[str], Plain | None]:
    """An account under each set of limits, and by account its set; None where all are under one."""
    patterns = _patterns(header)
    if not patterns:
        return [""], None
    sets, own = _sets(patterns, batch)
    return list(sets.values()), own


def _patterns(header: BookHeader) -> list[str]:
    policy = header.settings.policy
    return [pattern for part in (policy.parts if policy is not None else ()) for pattern, _ in part.accounts]


def _sets(patterns: list[str], batch: pa.RecordBatch) -> tuple[Sets, Plain]:
    sets: Sets = {}
    places: dict[tuple[bool, ...], int] = {}
    own = np.zeros(len(batch), "i4")
    for row, account in enumerate(batch.column("account_id").to_pylist()):
        fits = tuple(fnmatchcase(account or "", pattern) for pattern in patterns)
        own[row] = places.setdefault(fits, len(places))
        sets.setdefault(fits, account or "")
    return sets or {(): ""}, own


def screen_limits(
    header: BookHeader, account: str = "", codes: tuple[str, ...] = SCREENED_LIMITS
) -> dict[str, ScreenLimit] | None:
    """The strictest bound of each limit and severity for an account; None where a row cannot say them all."""
    config = header.limits_for(account)
    ledger = Ledger(config.waivers, header.settings.today)
    general = header.limits_for("")
    rules = header.rule_set.modes[0].rules
    if account and margin_call_of(config, rules) != margin_call_of(general, rules):
        return None
    if any(config.scopes.get(code) for code in codes):
        return None
    in_force = [one for one in config.waivers if not ledger.is_expired(one)]
    if any(one.code == "MC100" or (one.subject and one.code in codes) for one in in_force):
        return None
    found: dict[str, ScreenLimit] = {}
    for code in codes:
        rule = BY_CODE[code]
        if not header.settings.selection.takes(rule):
            continue
        is_minimum = rule.comparison is Comparison.MINIMUM
        bounds = [one for one in config.of(rule) if one.threshold is not None and not _is_waived(rule, one, ledger)]
        graded = {
            grade: [one for one in bounds if one.severity is grade] for grade in (Severity.ERROR, Severity.WARNING)
        }
        fail, warn = (_strictest(graded[grade], is_minimum=is_minimum) for grade in graded)
        found[code] = ScreenLimit(
            fail=fail.threshold if fail is not None else None,
            warn=warn.threshold if warn is not None else None,
            fail_alone=fail is not None and fail.origin is not LimitSource.DEFAULT,
            warn_alone=warn is not None and warn.origin is not LimitSource.DEFAULT,
        )
    return found


def _is_waived(rule: Rule, bound: Bound, ledger: Ledger) -> bool:
    """Whether a waiver of all subjects covers it."""
    return rule.waivable and any(
        one.code == rule.code and not one.subject and not ledger.is_expired(one) and reaches(one, bound)
        for one in ledger.waivers
    )


def _strictest(bounds: list[Bound], *, is_minimum: bool) -> Bound | None:
    choose = max if is_minimum else min
    return choose(bounds, key=lambda bound: bound.threshold or ZERO, default=None)
