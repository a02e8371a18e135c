"""Whether the positions and assets that a portfolio's narrower limits name are there: a limit on nothing is a mistake.

A policy is for many accounts; what it names need not be in each of them.
"""

from collections.abc import Iterable

from marginctl.core.account import Account
from marginctl.core.report import Report
from marginctl.document.source import Source, echo, meant
from marginctl.findings import Problem
from marginctl.limits.config import BoundScope, FileLimits
from marginctl.limits.engine import CANNOT_EVALUATE
from marginctl.limits.format import POSITIONS, PURPOSES


def misnamed(limits: FileLimits, account: Account, report: Report, assets: set[str], source: Source) -> list[Problem]:
    """A problem for each name under `limits.positions` and `limits.underlyings` that the account has nothing of.

    ``assets``: those that the file has, in use or not.
    """
    scopes = {(scope.section, scope.name): scope for found in limits.scopes.values() for scope in found}
    positions = _positions(account, report)
    return [
        _problem(scope, positions if scope.section == POSITIONS else assets, source)
        for scope in scopes.values()
        if scope.section != PURPOSES
        and not scope.is_for_others
        and scope.name not in (positions if scope.section == POSITIONS else assets)
    ]


def _positions(account: Account, report: Report) -> set[str]:
    """The symbols of positions and orders, and what each position is called."""
    held = {name for row in report.positions for name in (row.symbol, row.key, f"{row.symbol}:{row.side}")}
    return held | {order.contract.symbol for order in account.orders}


def _problem(scope: BoundScope, known: Iterable[str], source: Source) -> Problem:
    advice = meant(scope.name, known)
    what = "position or order" if scope.section == POSITIONS else "asset"
    message = f"`limits.{scope.section}` names no {what} of the account: {echo(scope.name)}"
    return source.problem((scope.location.line, scope.location.column), CANNOT_EVALUATE, message, advice)
