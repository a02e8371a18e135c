"""Changes of a portfolio: edits of its text, and the same check on both texts."""

from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from marginctl.analysis.check import Loaded, Settings, checked, load_portfolio, outcome_exit
from marginctl.core.account import Account, MarginMode
from marginctl.core.moved import moved
from marginctl.core.plain import as_plain
from marginctl.core.pool import is_shared
from marginctl.document.reader import read
from marginctl.document.rewrite import Edit, Put, RewriteError, rewritten
from marginctl.document.source import echo
from marginctl.findings import Location, Problem
from marginctl.limits.verdict import ExitCode
from marginctl.portfolio.assets import symbols_of, unknown_assets
from marginctl.portfolio.changes import (
    Change,
    Open,
    Plan,
    Remode,
    Reprice,
    WrittenPortfolio,
    text_of,
)
from marginctl.portfolio.format import PortfolioFile
from marginctl.portfolio.trading import planned
from marginctl.results import Outcome, WhatIfResult

CANNOT_CHANGE = "MC040"
NO_PRICE, NO_RATE = "MC020", "MC022"
Sets: TypeAlias = tuple[tuple[str, str], ...]
Edited: TypeAlias = tuple[Loaded | None, list[Problem]]


class Changed(Struct, frozen=True):
    """The portfolio after the changes, None where one cannot be made, what was done, and what stood in the way."""

    loaded: Loaded | None
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def what_if(data: bytes, name: str, changes: list[Change], settings: Settings) -> tuple[WhatIfResult, str]:
    """Both accounts and the text of the new one; --set is an edit of the text like the changes, made before both."""
    loaded, problems = load_portfolio(data, name, settings)
    before = Outcome(file=name, problems=tuple(problems)) if loaded is None else checked(loaded, settings)
    if loaded is None or before.report is None:
        return _result(settings, before, None, Changed(None)), ""
    plain = replace(settings, sets=(), known=frozenset(loaded.account.prices))
    try:
        changed = _changed(loaded, changes, settings.sets, plain)
    except RewriteError as error:
        changed = Changed(None, (), (Problem(Location(name), CANNOT_CHANGE, error.message, error.help),))
    now = changed.loaded
    after = None if now is None else checked(now, plain) if changes else before
    return _result(settings, before, after, changed), "" if now is None else now.source.text


def _result(settings: Settings, before: Outcome, after: Outcome | None, changed: Changed) -> WhatIfResult:
    code = ExitCode.NOT_CHECKED if after is None else outcome_exit(after, settings.fail_on)
    return WhatIfResult(
        file=before.file,
        before=before,
        after=after,
        exit_code=code.value,
        notes=changed.notes,
        changes=moved(as_plain(before), as_plain(after)) if before.report and after and after.report else (),
        problems=changed.problems,
        fail_on=settings.fail_on.value,
    )


def _changed(loaded: Loaded, changes: list[Change], sets: Sets, settings: Settings) -> Changed:
    """Make the changes one after the other, each on the account that the text after the ones before means."""
    now, problems = _with_sets(loaded, sets, settings) if sets else (loaded, [])
    steps = [] if now is None else _in_order(changes, now.account)
    notes: list[str] = []
    while now is not None and steps:
        steps = [*_steps(steps[0], now.account), *steps[1:]]
        step, book = steps.pop(0), WrittenPortfolio(now.file, now.account, now.resolved.rows)
        plan, (after, problems) = _tried(step, book, now, settings)
        notes += plan.notes
        now = after
    if now is None:
        return Changed(None, tuple(notes), tuple(problems))
    if changes and PortfolioFile.expect in now.file:
        notes.append("`expect` compares with the account before the changes: remove it, or --ignore MC209")
    problems = _priced_in_vain(changes, loaded, now)
    return Changed(None if problems else now, tuple(notes), tuple(problems))


def _tried(step: Change, book: WrittenPortfolio, loaded: Loaded, settings: Settings) -> tuple[Plan, Edited]:
    """A change, planned and made. A trade in an asset without a price has its own price as its mark."""
    plan = planned(book, step)
    edited = _edited(loaded, plan.edits, settings)
    if edited[0] is not None or not isinstance(step, Open):
        return plan, edited
    if step.price is not None and any(problem.code == NO_PRICE for problem in edited[1]):
        priced = replace(step, keys={"mark_price": text_of(step.price), **step.keys})
        plan = planned(book, priced)
        edited = _edited(loaded, plan.edits, settings)
        plan.notes.append(f"its mark is the price of the trade, as nothing else prices it: {text_of(step.price)}")
    return plan, (edited[0], _of_trade(step, edited[1], loaded))


def _of_trade(step: Open, problems: list[Problem], loaded: Loaded) -> list[Problem]:
    """What a new row lacks, said once, in the words of the flag that makes it."""
    codes = (NO_RATE,) if step.price is not None else (NO_PRICE, NO_RATE)
    own = [one for one in problems if one.code in codes and echo(step.symbol) in one.message]
    if not own or len(own) < len(problems):
        return problems
    texts = " ".join(one.message for one in own)
    lacks = {
        "@ PRICE": any(one.code == NO_PRICE for one in own),
        "xLEVERAGE": "initial margin" in texts,
        "maintenance_rate=RATE": "maintenance margin" in texts,
    }
    todo = " ".join(word for word, is_missing in lacks.items() if is_missing)
    message = f"--open {echo(step.symbol)}: nothing says its {' and its '.join(_missing(lacks))}"
    return [Problem(Location(loaded.source.name), own[0].code, message, f"write it behind the trade: {todo}")]


def _missing(lacks: dict[str, bool]) -> list[str]:
    names = ("price", "initial margin rate", "maintenance margin rate")
    return [name for name, is_missing in zip(names, lacks.values(), strict=True) if is_missing]


def _edited(loaded: Loaded, edits: list[Edit], settings: Settings) -> Edited:
    """What the text means after edits."""
    text = rewritten(loaded.source.text, edits)
    return load_portfolio(text.encode(), loaded.source.name, settings) if edits else (loaded, [])


def _with_sets(loaded: Loaded, sets: Sets, settings: Settings) -> tuple[Loaded | None, list[Problem]]:
    """--set as edits of the text, so that it can be written; the paths have been found good when the file was read."""
    from marginctl.document.edit import place_and_value

    text = loaded.source.text
    for path, value in sets:
        _, root, _ = read(text.encode(), "")
        if root is not None:
            text = rewritten(text, [Put(*place_and_value(root, path, value))])
    return load_portfolio(text.encode(), loaded.source.name, settings)


def _steps(change: Change, account: Account) -> list[Change]:
    """The changes that make up one, each to be planned on the portfolio after the one before.

    A new isolated position on a contract that the account does not know is opened in the cross pool and then isolated:
    only there is its margin known.
    """
    if not isinstance(change, Open) or is_shared(change.margin_mode) or "isolated_margin" in change.keys:
        return [change]
    if any(position.contract.symbol == change.symbol for position in account.positions):
        return [change]
    opened = replace(change, margin_mode=MarginMode.CROSS)
    return [opened, Remode(MarginMode.ISOLATED, change.symbol, change.side)]


def _in_order(changes: list[Change], account: Account) -> list[Change]:
    """The order in which changes are made: prices of assets that have none first, the others as they come."""
    known = {*account.prices, *symbols_of(account)}
    new = [one for one in changes if isinstance(one, Reprice) and one.asset not in known]
    return [*new, *(one for one in changes if one not in new)]


def _priced_in_vain(changes: list[Change], before: Loaded, after: Loaded) -> list[Problem]:
    """Names of --price that neither account has: it would move nothing."""
    known = {*before.account.prices, *symbols_of(before.account)}
    names = [one.asset for one in changes if isinstance(one, Reprice) and one.asset not in known]
    return unknown_assets("--price", names, after.account, after.source.name, symbols=True)
