"""``marginctl check``: flags -> files -> outcomes -> texts -> exit code."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from marginctl import __version__
from marginctl.cli.checking import Policy, Settings, check
from marginctl.cli.exits import BROKEN_LIMIT, NOT_CHECKED, OK
from marginctl.cli.files import Input, content, inputs
from marginctl.cli.terminal import Terminal, complain, emit, terminal
from marginctl.document.numbers import NumberError, decimal
from marginctl.document.source import echo
from marginctl.findings import Problem
from marginctl.limits.config import Origin, limits_of
from marginctl.limits.engine import Selection
from marginctl.limits.registry import BY_CODE, closest
from marginctl.limits.verdict import FailOn, exit_code, worst_exit
from marginctl.render import FORMATS, render
from marginctl.render.document import Options, Outcome, RuleText, Run, Verbosity


class Request(Struct, frozen=True, kw_only=True):
    """The flags of ``check`` as they were typed."""

    paths: list[str]
    format: str = "table"
    outputs: list[str] = []
    limits: str | None = None
    fail_on: str = "error"
    select: str = ""
    ignore: str = ""
    sets: list[str] = []
    shocks: list[str] = []
    today: str | None = None
    stdin_name: str = "<stdin>"
    rules_dir: str | None = None
    color: str = "auto"
    width: int | None = None
    quiet: bool = False
    verbose: bool = False


class FlagError(ValueError):
    """A flag that cannot be meant. ``message`` says what is wrong, ``help`` what to write."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


def run_check(request: Request) -> int:
    """Check every file of the request; returns the exit code."""
    import sys

    try:
        fail_on = chosen(FailOn, "--fail-on", request.fail_on)
        format_named("--format", request.format)
        outputs = [output(text) for text in request.outputs]
        one_of("--color", request.color, ("auto", "always", "never"))
        settings = settings_of(request, fail_on)
    except FlagError as error:
        complain(error.message, error.help)
        return NOT_CHECKED
    policy, problems = policy_of(request.limits)
    if problems:
        return _report(Run(outcomes=_failed(problems), exit_code=NOT_CHECKED, version=__version__), request, outputs)
    if policy is not None:
        from msgspec.structs import replace

        settings = replace(settings, policy=policy)
    found, problems = inputs(request.paths, request.stdin_name)
    outcomes = [*_failed(problems), *(checked(one, settings) for one in found)]
    run = Run(
        outcomes=tuple(outcomes), exit_code=exit_of(outcomes, fail_on), version=__version__, fail_on=fail_on.value
    )
    sys.stdout.reconfigure(newline="\n") if hasattr(sys.stdout, "reconfigure") else None
    return _report(run, request, outputs)


def checked(one: Input, settings: Settings) -> Outcome:
    """The outcome of one file."""
    data, problem = content(one)
    return Outcome(file=one.name, problems=(problem,)) if problem else check(data, one.name, settings)


def _failed(problems: list[Problem]) -> tuple[Outcome, ...]:
    by_file: dict[str, list[Problem]] = {}
    for problem in problems:
        by_file.setdefault(problem.location.file, []).append(problem)
    return tuple(Outcome(file=file, problems=tuple(found)) for file, found in by_file.items())


def exit_of(outcomes: list[Outcome], fail_on: FailOn) -> int:
    """2 when a file or a limit could not be checked, else 1 when a finding reaches the bar, else 0; 2 without files."""
    if not outcomes:
        return NOT_CHECKED
    codes = (exit_code(one.findings, problems=bool(one.problems), fail_on=fail_on) for one in outcomes)
    return {0: OK, 1: BROKEN_LIMIT, 2: NOT_CHECKED}[worst_exit(codes).value]


def _report(run: Run, request: Request, outputs: list[tuple[str, Path]]) -> int:
    import sys

    exit_with = run.exit_code
    for form, path in outputs:
        text = render(form, run, options_of(form, Terminal(None, False, False), request))
        try:
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            complain(f"{path} cannot be written: {error.strerror or error}")
            exit_with = NOT_CHECKED
    emit(
        render(
            request.format, run, options_of(request.format, terminal(sys.stdout, request.color, request.width), request)
        )
    )
    return exit_with


def options_of(form: str, shown: Terminal, request: Request) -> Options:
    """What a renderer is told; the manual of the rules only where a format prints it."""
    verbosity = Verbosity.QUIET if request.quiet else Verbosity.VERBOSE if request.verbose else Verbosity.NORMAL
    return Options(
        width=shown.width,
        color=shown.color,
        ascii=shown.ascii,
        verbosity=verbosity,
        manual={} if form in {"json", "jsonl", "csv"} else manual(),
    )


def manual() -> dict[str, RuleText]:
    """Code -> what the rule says about itself."""
    return {code: RuleText(rule.name, rule.summary, rule.manual, rule.unit.value) for code, rule in BY_CODE.items()}


def settings_of(request: Request, fail_on: FailOn) -> Settings:
    """The request's flags, read. Raises FlagError."""
    return Settings(
        today=day(request.today),
        sets=tuple(assignment("--set", text) for text in request.sets),
        shocks=dict(shock(text) for text in request.shocks),
        selection=Selection(codes("--select", request.select), codes("--ignore", request.ignore)),
        fail_on=fail_on,
        rules_dir=request.rules_dir,
    )


def day(text: str | None) -> date:
    """--today, else today in UTC."""
    if text is None:
        from datetime import UTC, datetime

        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FlagError(f"--today {echo(text)} is no date", "write it as 2026-11-22") from None


def assignment(flag: str, text: str) -> tuple[str, str]:
    """PATH=VALUE, split at the first ``=``."""
    path, equals, value = text.partition("=")
    if not path or not equals:
        raise FlagError(f"{flag} {echo(text)} has no value", "write PATH=VALUE, as in positions.0.leverage=5")
    return path, value


def shock(text: str) -> tuple[str, Decimal]:
    """ASSET=PERCENT: a fraction of the price, not below -100%."""
    asset, value = assignment("--shock", text)
    negative = value.startswith("-")
    number = value.removeprefix("-").removeprefix("+").removesuffix("%")
    try:
        size = decimal(number)
    except NumberError as error:
        raise FlagError(f"--shock {echo(text)}: the move {error.message}", "write it as BTC=-20%") from None
    if not value.endswith("%") and size >= 1:
        raise FlagError(f"--shock {echo(text)} moves by 100% or more without %", f"write {asset}={value}%")
    move = (-size if negative else size) / (100 if value.endswith("%") else 1)
    if move < -1:
        raise FlagError(f"--shock {echo(text)} moves the price below 0", "the lowest is -100%")
    return asset, move


def codes(flag: str, text: str) -> frozenset[str]:
    """Codes of rules, with commas between them."""
    found = frozenset(code.strip().upper() for code in text.split(",") if code.strip())
    for code in sorted(found):
        if code not in BY_CODE:
            near = closest(code)
            raise FlagError(
                f"{flag}: no limit has the code {echo(code)}",
                f"did you mean {near}?" if near else "`marginctl rules` lists them",
            )
    return found


def output(text: str) -> tuple[str, Path]:
    """FORMAT=FILE."""
    form, equals, path = text.partition("=")
    if not equals or not path:
        raise FlagError(f"--output {echo(text)} names no file", "write FORMAT=FILE, as in sarif=margin.sarif")
    format_named("--output", form)
    return form, Path(path)


def format_named(flag: str, form: str) -> None:
    """Refuse an unknown format."""
    one_of(flag, form, tuple(FORMATS))


def one_of(flag: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a value that is not among the choices."""
    if value not in choices:
        raise FlagError(f"{flag} {echo(value)} is unknown", f"write one of {', '.join(choices)}")


def chosen(choices: "Callable[[str], FailOn]", flag: str, value: str) -> FailOn:
    """The choice of that name."""
    try:
        return choices(value)
    except ValueError:
        raise FlagError(f"{flag} {echo(value)} is unknown", "write error, warning or never") from None


def policy_of(path: str | None) -> tuple[Policy | None, list[Problem]]:
    """The risk team's file, read."""
    if path is None:
        return None, []
    from marginctl.document.policy_shape import POLICY
    from marginctl.document.reader import read
    from marginctl.document.shape import bind
    from marginctl.document.source import printable

    data, problem = content(Input(printable(path), Path(path)))
    if problem is not None:
        return None, [problem]
    source, node, problems = read(data, printable(path))
    if node is None or problems:
        return None, problems
    draft, problems = bind(node, POLICY, source)
    if problems:
        return None, problems
    limits, problems = limits_of(draft, Origin.POLICY, source)
    from marginctl.cli.checking import scenarios_of

    return (None, problems) if problems else (Policy(limits, scenarios_of(draft)), [])
