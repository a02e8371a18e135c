"""What the flags of ``stress`` mean: their text -> values, or a FlagError that says what to write."""

from decimal import Decimal

from msgspec import Struct

from marginctl.analysis.check import Settings
from marginctl.analysis.stress import Wanted
from marginctl.cli.flags import FlagError, assignment, chosen, day, shocks
from marginctl.document.names import meant
from marginctl.document.numbers import NumberError, rate
from marginctl.document.scalars import duration
from marginctl.document.source import echo
from marginctl.limits.verdict import FailOn

MOST_POINTS = 201


class Request(Struct, frozen=True, kw_only=True):
    """The flags of ``stress`` as they were typed."""

    path: str | None
    lists: bool = False
    scenarios: list[str] = []
    built_ins: list[str] = []
    shocks: list[str] = []
    cascades: bool = False
    fee: str | None = None
    grid: str | None = None
    size: str = "50%"
    points: int = 11
    curve: bool = True
    funding: str | None = None
    quantile: str = "5%"
    horizon: str = "30d"
    format: str = "table"
    limits: list[str] = []
    fail_on: str = "error"
    sets: list[str] = []
    today: str | None = None
    stdin_name: str = "<stdin>"
    rules_dir: str | None = None
    color: str = "auto"
    width: int | None = None
    quiet: bool = False
    verbose: bool = False


def settings_of(request: Request) -> Settings:
    """The flags that ``check`` has as well. Raises FlagError."""
    return Settings(
        today=day(request.today),
        sets=tuple(assignment("--set", text) for text in request.sets),
        fail_on=chosen(FailOn, "--fail-on", request.fail_on),
        rules_dir=request.rules_dir,
    )


def wanted_of(request: Request) -> Wanted:
    """The flags of its own. Raises FlagError."""
    return Wanted(
        named=tuple(request.scenarios),
        built_ins=_built_ins(request.built_ins),
        shocks=shocks(request.shocks),
        cascades=request.cascades,
        fee=None if request.fee is None else _share("--fee", request.fee, least=0),
        grid=_grid(request.grid),
        size=_share("--range", request.size, above=0),
        points=_points(request.points),
        draws_curve=request.curve,
        quantile=_share("--quantile", request.quantile, above=0),
        horizon=_days(request.horizon),
    )


def _built_ins(names: list[str]) -> tuple[str, ...]:
    if not names:
        return ()
    from marginctl.scenarios.catalogue import built_in

    known = built_in()
    for name in names:
        if name != "all" and name not in known:
            raise FlagError(f"--builtin {echo(name)} is unknown", meant(name, (*known, "all"), "write"))
    return tuple(names)


def _share(flag: str, text: str, *, least: int | None = None, above: int | None = None) -> Decimal:
    """A rate of at most 100%. Raises FlagError."""
    try:
        value = rate(text)
    except NumberError as error:
        raise FlagError(f"{flag} {error.message}", error.help) from None
    if value > 1 or (least is not None and value < least) or (above is not None and value <= above):
        raise FlagError(f"{flag} {echo(text)} is out of range", "write a percentage up to 100%, such as 5%")
    return value


def _grid(text: str | None) -> tuple[str, str] | None:
    """``BTC,ETH``: what runs down the side, what runs across. Raises FlagError."""
    if text is None:
        return None
    down, comma, across = text.partition(",")
    if not comma or not down or not across or "," in across or down == across:
        raise FlagError(f"--grid {echo(text)} does not name two assets", "write BTC,ETH, or BTC,* for all others")
    return down, across


def _points(points: int) -> int:
    if not 3 <= points <= MOST_POINTS or points % 2 == 0:
        raise FlagError(f"--points {points} cannot be", f"write an odd number from 3 to {MOST_POINTS}")
    return points


def _days(text: str) -> Decimal:
    try:
        return duration(text) / 24
    except NumberError as error:
        raise FlagError(f"--horizon {error.message}", error.help) from None
