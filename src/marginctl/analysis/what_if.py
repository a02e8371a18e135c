"""Changes of a portfolio: edits of its text, and the same check on both texts."""

from msgspec import Struct
from msgspec.structs import replace

from marginctl import __version__
from marginctl.analysis.check import Loaded, Settings, check, load_portfolio, outcome_exit
from marginctl.core.account import MarginMode
from marginctl.core.pool import is_shared
from marginctl.document.encoding import decode
from marginctl.document.reader import read
from marginctl.document.rewrite import Put, RewriteError, rewritten
from marginctl.findings import Location, Problem
from marginctl.limits.verdict import ExitCode
from marginctl.portfolio.adjusting import plan_mode, plan_price, plan_transfer
from marginctl.portfolio.changes import (
    Book,
    Change,
    ChangeError,
    Close,
    Open,
    Plan,
    Remode,
    Reprice,
    Resize,
    Transfer,
)
from marginctl.portfolio.format import PortfolioFile
from marginctl.portfolio.names import symbols_of, unknown_assets
from marginctl.portfolio.trading import plan_close, plan_open, plan_resize
from marginctl.results import Outcome, WhatIfResult

CANNOT_CHANGE = "MC040"


class Changed(Struct, frozen=True):
    """A text after the changes, what was done, what stood in the way, and the assets that the account had before."""

    text: str
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    known: frozenset[str] = frozenset()


def what_if(data: bytes, name: str, changes: list[Change], settings: Settings) -> tuple[WhatIfResult, str]:
    """Both accounts and the text of the new one; --set is an edit of the text like the changes, made before both."""
    plain = replace(settings, sets=())
    before = check(data, name, settings)
    source, unreadable = decode(data, name)
    if before.report is None or unreadable:
        return _result(name, settings, before, None, Changed("")), ""
    try:
        text = _with_sets(source.text, settings)
        changed = _changed(text, name, changes, plain)
    except (ChangeError, RewriteError) as error:
        problem = Problem(Location(name), CANNOT_CHANGE, error.message, error.help)
        return _result(name, settings, before, None, Changed("", (), (problem,))), ""
    if changed.problems:
        return _result(name, settings, before, None, changed), ""
    after = check(changed.text.encode(), name, replace(plain, known=changed.known)) if changes else before
    return _result(name, settings, before, after, changed), changed.text


def _result(name: str, settings: Settings, before: Outcome, after: Outcome | None, changed: Changed) -> WhatIfResult:
    code = ExitCode.NOT_CHECKED if after is None else outcome_exit(after, settings.fail_on)
    return WhatIfResult(
        file=name,
        version=__version__,
        before=before,
        after=after,
        exit_code=code.value,
        notes=changed.notes,
        problems=changed.problems,
        fail_on=settings.fail_on.value,
    )


def _with_sets(text: str, settings: Settings) -> str:
    """--set as edits of the text; the paths have been found good when the file was checked."""
    if settings.sets:
        from marginctl.document.edit import place_and_value

        for path, value in settings.sets:
            _, root, _ = read(text.encode(), "")
            if root is not None:
                text = rewritten(text, [Put(*place_and_value(root, path, value))])
    return text


def _changed(text: str, name: str, changes: list[Change], settings: Settings) -> Changed:
    """Make the changes one after the other, each planned on the portfolio that the ones before have left."""
    notes: list[str] = []
    loaded, problems = load_portfolio(text.encode(), name, settings)
    if loaded is None:
        return Changed(text, (), tuple(problems))
    before = loaded
    settings = replace(settings, known=frozenset(loaded.account.prices))
    for change in _in_order(changes, _book(loaded)):
        for step in _steps(change, _book(loaded)):
            made = _plan(step, _book(loaded))
            text = rewritten(text, made.edits)
            notes += made.notes
            if not made.edits:
                continue
            following, problems = load_portfolio(text.encode(), name, settings)
            if following is None:
                return Changed(text, tuple(notes), tuple(problems))
            loaded = following
    if changes and PortfolioFile.expect in loaded.file:
        notes.append("`expect` compares with the account before the changes: remove it, or --ignore MC209")
    return Changed(text, tuple(notes), tuple(_priced_in_vain(changes, before, loaded, name)), settings.known)


def _steps(change: Change, book: Book) -> list[Change]:
    """The changes that make up one, each to be planned on the portfolio after the one before.

    A new isolated position on a contract that the account does not know is opened in the cross pool and then isolated:
    only there is its margin known.
    """
    if not isinstance(change, Open) or is_shared(change.margin_mode) or "isolated_margin" in change.keys:
        return [change]
    if any(position.contract.symbol == change.symbol for position in book.account.positions):
        return [change]
    opened = Open(
        symbol=change.symbol,
        side=change.side,
        quantity=change.quantity,
        price=change.price,
        leverage=change.leverage,
        keys=change.keys,
    )
    return [opened, Remode(MarginMode.ISOLATED, change.symbol, change.side)]


def _plan(change: Change, book: Book) -> Plan:
    """The edits of one change, with what there is to say about it. Raises ChangeError."""
    if isinstance(change, Open):
        return plan_open(book, change)
    if isinstance(change, Close):
        return plan_close(book, change)
    if isinstance(change, Resize):
        return plan_resize(book, change)
    if isinstance(change, Transfer):
        return plan_transfer(book, change)
    return plan_price(book, change) if isinstance(change, Reprice) else plan_mode(book, change)


def _in_order(changes: list[Change], book: Book) -> list[Change]:
    """The order in which changes are made: prices of assets that have none first, the others as they come."""
    known = {*book.account.prices, *symbols_of(book.account)}
    new = [one for one in changes if isinstance(one, Reprice) and one.asset not in known]
    return [*new, *(one for one in changes if one not in new)]


def _priced_in_vain(changes: list[Change], before: Loaded, after: Loaded, name: str) -> list[Problem]:
    """Names of --price that neither account has: it would move nothing."""
    names = [one.asset for one in changes if isinstance(one, Reprice)]
    known = {*before.account.prices, *symbols_of(before.account)}
    return unknown_assets("--price", [one for one in names if one not in known], after.account, name, symbols=True)


def _book(loaded: Loaded) -> Book:
    return Book(loaded.file, loaded.account)
