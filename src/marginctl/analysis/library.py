"""The analyses as functions of Python: a portfolio in, a typed result out. ``import marginctl`` offers them.

An option is read as the flag of its name is, so both refuse the same things in the same words. Everything is computed
inside ``exactly``: the decimal context of the program that calls is left as it is.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import wraps
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeAlias, TypedDict, TypeVar, Unpack, get_args

from msgspec import Struct
from msgspec.structs import replace

from marginctl.analysis import change_flags, recorded
from marginctl.analysis import explain as explaining
from marginctl.analysis import headroom as sizing
from marginctl.analysis import stress as stressing
from marginctl.analysis import what_if as changing
from marginctl.analysis.check import (
    Loaded,
    Settings,
    bar,
    checked,
    codes,
    edits,
    outcome_exit,
    resolved_portfolio,
    shocked,
    shocks,
)
from marginctl.analysis.library_results import Checked, Explained, Headroom, InputError, Stressed, WhatIf
from marginctl.analysis.policies import baseline_of, policy_of
from marginctl.core.exact import exactly
from marginctl.document.files import content_of
from marginctl.document.mapping import exact_text, mapping_text
from marginctl.document.numbers import NumberError
from marginctl.document.scalars import FlagError, now
from marginctl.document.source import echo, printable
from marginctl.findings import Location, Problem
from marginctl.limits.engine import Selection
from marginctl.results import Outcome

Number: TypeAlias = Decimal | int | str
"""An exact number: a text as a file has it (``"-10%"``, ``"0.5"``), a whole number, or a Decimal; no float."""
FilePath: TypeAlias = str | PathLike[str]


class Portfolio:
    """A portfolio that was read, for many analyses of one: its text is resolved once, not each time.

    Rule files and tables that change afterwards are not seen. Make it with ``read``.
    """

    def __init__(self, data: bytes, name: str, *, is_mapping: bool = False) -> None:
        self.data, self.name, self.is_mapping = data, name, is_mapping
        self._last: tuple[object, Loaded] | None = None

    def __repr__(self) -> str:
        return f"<Portfolio {self.name}>"

    def loaded(self, settings: Settings) -> Loaded:
        """The account that the text means, moved by the settings' shocks. Raises InputError."""
        asked = (settings.sets, settings.rules_dir, settings.today)
        last = self._last
        if last is None or last[0] != asked:
            self._last = last = asked, _there(*resolved_portfolio(self.data, self.name, settings))
        return _there(*shocked(last[1], settings))


Given: TypeAlias = str | bytes | PathLike[str] | Mapping[str, Any] | Portfolio
"""A portfolio: its text, its file, the same as a mapping, or one that was read."""


class ReadOptions(TypedDict, total=False):
    """How a portfolio is read.

    ``name``: what to call a text or mapping; a rule file in it is looked for in the folder of this name. ``set``: edits
    made first, by path (``positions.0.leverage``). ``rules``: a folder of your own rule sets. ``today``: the day, or
    the moment with its zone, that ages are measured against; default: this moment.
    """

    name: str
    set: Mapping[str, Number]
    rules: FilePath
    today: date


class ShockOptions(TypedDict, total=False):
    """``shocks``: by asset, how far its price is moved first: ``"-10%"``; ``"*"`` is all others."""

    shocks: Mapping[str, Number]


class LimitOptions(TypedDict, total=False):
    """``limits``: files of policies, the strictest counts. ``fail_on``: the least severity with an exit code of 1."""

    limits: FilePath | Iterable[FilePath]
    fail_on: Literal["error", "warning", "never"]


class CodeOptions(TypedDict, total=False):
    """``select``: only these limits (and MC100), by code. ``ignore``: all but these."""

    select: str | Iterable[str]
    ignore: str | Iterable[str]


class CheckOptions(ReadOptions, ShockOptions, LimitOptions, CodeOptions, total=False):
    """Of ``check``. ``baseline``: a file of breaches that are accepted while they are no worse."""

    baseline: FilePath


class StressOptions(ReadOptions, LimitOptions, total=False):
    """Of ``stress``.

    ``scenarios``: of the file, by name, or ``"all"``; ``builtins``: built-in ones; ``shocks``: one more, of these
    moves; with none of the three, the file's scenarios, or the built-in ones where it has none. ``cascade``: what a
    liquidation closes, step by step; ``fee``: on closed notional. ``grid``: two assets, with ``points`` moves per side
    up to ``range``, which is also how far the ``curve`` reaches. ``funding``: a file of recorded rates; ``quantile``:
    what counts as worst; ``horizon``: how long they are paid (``"30d"``). ``history``: a file of prices by date (of
    moves, with ``returns``), of which the ``worst`` returns over ``span`` rows are scenarios.
    """

    scenarios: str | Iterable[str]
    builtins: str | Iterable[str]
    shocks: Mapping[str, Number]
    cascade: bool
    fee: Number
    grid: tuple[str, str]
    range: Number
    points: int
    curve: bool
    funding: FilePath
    quantile: Number
    horizon: str
    history: FilePath
    worst: int
    span: int
    returns: bool


class WhatIfOptions(ReadOptions, LimitOptions, CodeOptions, total=False):
    """Of ``what_if``, changes in the order in which they are made.

    ``open``: ``"BTCUSDT long 0.5 @ 60000 x10"``; ``close``: a name, or ``"NAME @ PRICE"``; ``resize``: contracts by
    name; ``deposit``, ``withdraw``: amounts by asset; ``transfer``: amounts into isolated margins by name, out of them
    where negative; ``prices``: by asset, or by contract for its mark alone; ``mode``: ``"isolated"`` or ``"cross"`` for
    all positions, or one of them by name.
    """

    open: str | Iterable[str]
    close: str | Iterable[str]
    resize: Mapping[str, Number]
    deposit: Mapping[str, Number]
    withdraw: Mapping[str, Number]
    transfer: Mapping[str, Number]
    prices: Mapping[str, Number]
    mode: str | Mapping[str, str]


class HeadroomOptions(ReadOptions, ShockOptions, LimitOptions, CodeOptions, total=False):
    """Of ``headroom``. ``leverage``: of the orders; default: that of the position."""

    leverage: Number


class ExplainOptions(ReadOptions, ShockOptions, total=False):
    """Of ``explain``."""


P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A", bound=Struct)


def _exact(run: Callable[P, R]) -> Callable[P, R]:
    """The function computing exactly, a refused option as InputError, an unknown one as TypeError."""
    known = {*run.__annotations__, *get_args(run.__annotations__["options"])[0].__annotations__} - {"options"}

    @wraps(run)
    def inside(*args: P.args, **options: P.kwargs) -> R:
        for name in options.keys() - known:
            raise TypeError(f"{run.__name__}() has no option {name!r}: it has {', '.join(sorted(known - {'return'}))}")
        try:
            with exactly():
                return run(*args, **options)
        except FlagError as error:
            raise InputError([Problem(Location(""), "", error.message, error.help)]) from None

    return inside


def read(portfolio: Given, *, name: str = "") -> Portfolio:
    """Read a portfolio once for many analyses. Raises InputError where there is no such file.

    A ``Path`` is a file, ``bytes`` are a text. A ``str`` is a text where it holds a line break or a ``{``, else the
    name of a file. A mapping has the keys of a file and is held to the same rules.
    """
    if isinstance(portfolio, Portfolio):
        return portfolio
    if isinstance(portfolio, Mapping):
        name = name or "<mapping>"
        text, problems = mapping_text(portfolio, name)
        return _there(Portfolio(text.encode(), name, is_mapping=True), problems)
    if isinstance(portfolio, str) and ("\n" in portfolio or "{" in portfolio):
        portfolio = portfolio.encode("utf-8", "surrogatepass")
    if isinstance(portfolio, bytes):
        return Portfolio(portfolio, name or "<text>")
    shown = printable(fspath(portfolio))
    data, problem = content_of(Path(portfolio), shown)
    return _there(Portfolio(data, shown), [problem] if problem else [])


@_exact
def check(portfolio: Given, **options: Unpack[CheckOptions]) -> Checked:
    """Compute a portfolio and hold it against its limits, as ``marginctl check`` does. Raises InputError.

    Options: see ``CheckOptions`` and docs/library.md. A limit that is not met is a finding, no error.
    """
    book, settings = _asked(portfolio, options)
    if "baseline" in options:
        settings = replace(settings, baseline=_there(*baseline_of(fspath(options["baseline"]))))
    return _checked(checked(book.loaded(settings), settings), settings)


@_exact
def stress(portfolio: Given, **options: Unpack[StressOptions]) -> Stressed:
    """Put a portfolio through scenarios, as ``marginctl stress`` does. Raises InputError.

    Options: see ``StressOptions``. ``shocks`` are a scenario of their own here, not moves made first.
    """
    book, settings = _asked(portfolio, options)
    settings = replace(settings, shocks={})
    found = stressing.stressed(book.loaded(settings), settings, _wanted(options))
    return _as(Stressed, found, found.problems)


@_exact
def what_if(portfolio: Given, **options: Unpack[WhatIfOptions]) -> WhatIf:
    """Make trades, transfers and prices in a copy of a portfolio: before, after, difference. Raises InputError.

    Options: see ``WhatIfOptions``; changes are made in the order in which those are listed.
    """
    book, settings = _asked(portfolio, options)
    given: Mapping[str, Any] = options
    changes = [
        change
        for name, read_texts in change_flags.READERS.items()
        for change in read_texts(_texts(f"--{name}", given.get("prices" if name == "price" else name)))
    ]
    found, _ = changing.what_if(book.data, book.name, changes, settings)
    problems = (*found.before.problems, *found.problems, *(found.after.problems if found.after else ()))
    if problems or found.after is None:
        raise InputError(dict.fromkeys(problems))
    before, after = _checked(found.before, settings), _checked(found.after, settings)
    return _as(WhatIf, found, before=before, after=after)


@_exact
def headroom(portfolio: Given, **options: Unpack[HeadroomOptions]) -> Headroom:
    """The largest orders and withdrawals that keep every limit, and the cheapest ways to pass. Raises InputError.

    Options: see ``HeadroomOptions``.
    """
    book, settings = _asked(portfolio, options)
    leverage = _number("--leverage", options.get("leverage"), sizing.leverage_of)
    found = sizing.headroom_of(book.loaded(settings), settings, leverage)
    return _as(Headroom, found, outcome=_checked(found.outcome, settings))


@_exact
def explain(portfolio: Given, figure: str | None = None, **options: Unpack[ExplainOptions]) -> Explained:
    """How one figure of the report came about (``positions.BTCUSDT.liquidation_price``). Raises InputError.

    Without a figure: all there are. Options: see ``ExplainOptions``.
    """
    book, settings = _asked(portfolio, options)
    return _as(Explained, explaining.explained(book.loaded(settings), figure, settings))


def _there(found: R | None, problems: Iterable[Problem]) -> R:
    """What was found. Raises InputError with the problems."""
    problems = list(problems)
    if problems or found is None:
        raise InputError(problems)
    return found


def _as(kind: type[A], found: Struct, problems: Iterable[Problem] = (), **fields: Any) -> A:
    """A result as the library gives it. Raises InputError where there are problems."""
    shared = {name: getattr(found, name) for name in found.__struct_fields__}
    return _there(None if problems else kind(**(shared | fields)), problems)


def _checked(outcome: Outcome, settings: Settings) -> Checked:
    code = outcome_exit(outcome, settings.fail_on).value
    return _as(Checked, outcome, outcome.problems, exit_code=code, fail_on=settings.fail_on.value)


def _asked(portfolio: Given, options: Mapping[str, Any]) -> tuple[Portfolio, Settings]:
    """The portfolio and the settings that most analyses share. Raises FlagError, InputError."""
    book = read(portfolio, name=options.get("name", ""))
    files = [fspath(one) for one in _several(options.get("limits"))]
    rules, told = options.get("rules"), options.get("today") or now()
    return book, Settings(
        today=told.date() if isinstance(told, datetime) else told,
        now=told.astimezone(UTC) if isinstance(told, datetime) else None,
        sets=edits(_texts("--set", options.get("set"))),
        shocks=shocks(_texts("--shock", options.get("shocks"))),
        selection=Selection(*(codes(f"--{name}")(_several(options.get(name))) for name in ("select", "ignore"))),
        fail_on=bar(options.get("fail_on", "error")),
        policy=_there(*policy_of(files)) if files else None,
        rules_dir=None if rules is None else fspath(rules),
        is_mapping=book.is_mapping,
    )


def _wanted(options: StressOptions) -> stressing.ScenarioChoice:
    """What a stress is asked for beyond the settings. Raises FlagError, InputError."""
    funding = options.get("funding")
    rates, problems = recorded.rates_of(None if funding is None else fspath(funding))
    history = options.get("history")
    prices, unread = recorded.prices_of(
        None if history is None else fspath(history), are_returns=options.get("returns", False)
    )
    share, count = stressing.share, stressing.count
    given = {
        "named": tuple(_several(options.get("scenarios"))),
        "built_ins": stressing.built_ins(_several(options.get("builtins"))),
        "shocks": shocks(_texts("--shock", options.get("shocks"))),
        "cascades": options.get("cascade"),
        "fee": _number("--fee", options.get("fee"), share("--fee", zero=True)),
        "grid": stressing.axes(",".join(options["grid"])) if "grid" in options else None,
        "size": _number("--range", options.get("range"), share("--range")),
        "points": stressing.points_of(options["points"]) if "points" in options else None,
        "draws_curve": options.get("curve"),
        "histories": _there(rates, [*problems, *unread]),
        "prices": prices,
        "worst": count("--worst")(options["worst"]) if "worst" in options else None,
        "span": count("--span")(options["span"]) if "span" in options else None,
        "quantile": _number("--quantile", options.get("quantile"), share("--quantile")),
        "horizon": _number("--horizon", options.get("horizon"), stressing.days),
    }
    return stressing.ScenarioChoice(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def _several(given: Any) -> Iterable[Any]:
    """One or many of an option that takes both, or none."""
    if given is None:
        return ()
    return (given,) if isinstance(given, str | PathLike) else given


def _texts(flag: str, given: Any) -> list[str]:
    """An option as the texts of its flag: ``ASSET=NUMBER`` of a mapping. Raises FlagError."""
    if not isinstance(given, Mapping):
        return list(_several(given))
    return [f"{name}={_text(f'{flag} {echo(name)}', value)}" for name, value in given.items()]


def _text(lead: str, value: Any) -> str:
    try:
        return exact_text(value)
    except NumberError as error:
        raise FlagError(f"{lead} {error.message}", error.help) from None


def _number(flag: str, value: Any, reader: Callable[[str], Decimal]) -> Decimal | None:
    return None if value is None else reader(_text(flag, value))
