"""One account and what it is put through: scenarios, cascades, a grid, the curve, funding, and limit MC113 on it."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from marginctl.analysis.check import (
    Loaded,
    Settings,
    limits_together,
    load_portfolio,
    locations_of,
    rule_set_of,
    scenarios_of,
)
from marginctl.analysis.recorded import history_for, still_assets, uneven, worst_returns
from marginctl.core.account import Account
from marginctl.core.assemble import report_of
from marginctl.core.cascade import Cascade, IsolatedComparison, cascade, compared
from marginctl.core.curve import USUAL, asset_curves, bends_together, pool_curves
from marginctl.core.exact import ZERO
from marginctl.core.funding_cases import FundingTable, RateHistory, funding_table
from marginctl.core.grid import Axis, Grid, grid_of, spread
from marginctl.core.liquidation import PoolState
from marginctl.core.model import ReturnSpan
from marginctl.core.outcome import ScenarioOutcome, outcome_of, path_outcome, states_of
from marginctl.core.path import PricePath, Scenario, ScenarioPath, way_to
from marginctl.core.report import Report
from marginctl.core.returns import History
from marginctl.core.scenario import PathOutcome, moves_in
from marginctl.core.sequence import LiquidationSequence
from marginctl.core.tiered_way import tiered_ways
from marginctl.document.numbers import NumberError, rate
from marginctl.document.scalars import FlagError, duration
from marginctl.document.source import echo, meant
from marginctl.findings import Finding, Location, Problem
from marginctl.limits.engine import Selection, evaluate
from marginctl.limits.rule import Context
from marginctl.limits.verdict import ExitCode, exit_code
from marginctl.portfolio.assets import NO_SUCH_ASSET, unknown_assets, unmarked
from marginctl.results import ScenarioOrigin, ScenarioResult, StressResult
from marginctl.results.catalogue import BuiltIn, ScenarioList
from marginctl.scenarios.catalogue import built_in
from marginctl.venues.sequence import sequence_of

SURVIVAL, LIQUIDATABLE = "MC113", "MC100"
ALL = "all"
FLAG_NAME = "--shock"
MOST_POINTS = 201
FUNDED = Decimal(30)
"""Days of funding where nothing is said."""
MOST_DAYS = 10
"""Returns of a history that are run unless told otherwise."""


class ScenarioChoice(Struct, frozen=True, kw_only=True):
    """What is asked for beyond the settings. ``named``, ``built_ins``: names or ``all``; ``grid``: down and across.

    draws_grid: without a ``grid`` that of the two assets that weigh most. size: how far grid and curves reach; None:
    50%, and the curves as far as they need to show where they are liquidated.
    prices: a history of which the ``worst`` returns over ``span`` rows are scenarios; either of them given without one
    asks for the portfolio's own.
    """

    named: tuple[str, ...] = ()
    built_ins: tuple[str, ...] = ()
    shocks: dict[str, Decimal] = {}
    cascades: bool = False
    fee: Decimal | None = None
    grid: tuple[str, str] | None = None
    size: Decimal | None = None
    points: int = 11
    draws_curve: bool = True
    draws_grid: bool = False
    histories: Mapping[str, RateHistory] = {}
    quantile: Decimal = Decimal("0.05")
    horizon: Decimal = FUNDED
    prices: History | None = None
    worst: int | None = None
    span: int | None = None


def listed() -> ScenarioList:
    """The built-in scenarios."""
    return ScenarioList(scenarios=tuple(built_in().values()))


def built_ins(names: Iterable[str]) -> tuple[str, ...]:
    """Every --builtin. Raises FlagError."""
    known = built_in()
    for name in names:
        if name != "all" and name not in known:
            raise FlagError(f"--builtin {echo(name)} is unknown", meant(name, (*known, "all"), "write"))
    return tuple(names)


def share(flag: str, *, zero: bool = False) -> Callable[[str], Decimal]:
    """A reader of a rate above 0, or from 0 on, to 100%."""

    def read(text: str) -> Decimal:
        try:
            value = rate(text)
        except NumberError as error:
            raise FlagError(f"{flag} {error.message}", error.help) from None
        if not 0 <= value <= 1 or (value == 0 and not zero):
            raise FlagError(f"{flag} {echo(text)} is out of range", "write a percentage up to 100%, such as 5%")
        return value

    return read


def axes(text: str) -> tuple[str, str]:
    """``BTC,ETH``: what runs down the side, what runs across. Raises FlagError."""
    down, comma, across = text.partition(",")
    if not comma or not down or not across or "," in across or down == across:
        raise FlagError(f"--grid {echo(text)} does not name two assets", "write BTC,ETH, or BTC,* for all others")
    return down, across


def widest_two(report: Report | None) -> tuple[str, str] | None:
    """The two assets whose moves change most, by the size of delta times price; None with fewer than two.

    What contracts are on goes before what they are paid in.
    """
    sizes: dict[str, Decimal] = {}
    rows = report.underlyings if report else ()
    for row in rows:
        if row.gross_notional or row.delta:
            sizes[row.asset] = sizes.get(row.asset, ZERO) + abs(row.delta * row.price)
    traded = {row.asset for row in rows if row.gross_notional}
    widest = sorted((one for one in sizes if sizes[one]), key=lambda one: (one not in traded, -sizes[one]))[:2]
    return (widest[0], widest[1]) if len(widest) == 2 else None


def points_of(points: int) -> int:
    """--points. Raises FlagError."""
    if not 3 <= points <= MOST_POINTS or points % 2 == 0:
        raise FlagError(f"--points {points} cannot be", f"write an odd number from 3 to {MOST_POINTS}")
    return points


def days(text: str) -> Decimal:
    """--horizon in days. Raises FlagError."""
    try:
        return duration(text) / 24
    except NumberError as error:
        raise FlagError(f"--horizon {error.message}", error.help) from None


def count(flag: str) -> Callable[[int], int]:
    """A reader of a number of 1 or more."""

    def read(number: int) -> int:
        if number < 1:
            raise FlagError(f"{flag} {number} cannot be", "write 1 or more")
        return number

    return read


class Chosen(Struct, frozen=True):
    """A scenario of this run and where it comes from."""

    scenario: Scenario
    origin: ScenarioOrigin
    built_in: BuiltIn | None = None


def stress(data: bytes, name: str, settings: Settings, wanted: ScenarioChoice) -> StressResult:
    """The whole run on one file, or the problems that stand in the way."""
    loaded, problems = load_portfolio(data, name, settings)
    return failed(name, problems) if loaded is None else stressed(loaded, settings, wanted)


def stressed(loaded: Loaded, settings: Settings, wanted: ScenarioChoice) -> StressResult:
    """The same of a portfolio that was read."""
    name = loaded.source.name
    limits, problems = loaded.limits()
    prices, unread = history_for(loaded, wanted.prices, (wanted.worst, wanted.span) != (None, None))
    wanted, problems = replace(wanted, prices=prices), [*problems, *unread]
    declared = scenarios_of(loaded.file.scenarios, settings.policy)
    problems += [*_unknown(loaded.account, name, wanted), *_unnamed(declared, name, wanted)]
    if problems:
        return failed(name, problems)
    report = report_of(loaded.account)
    account, states = loaded.account, states_of(loaded.account)
    chosen = [*choice(declared, wanted), *_worst(account, states, wanted)]
    sequence, assumed = _sequence(loaded, settings, wanted)
    told = [_told(account, states, one, sequence, wanted) for one in chosen]
    context = Context(
        report=report,
        account=account,
        rules=loaded.resolved.rules_used,
        today=settings.today,
        locations=locations_of(loaded),
        scenarios=tuple(dict.fromkeys([*declared, *(one.name for one in told)])),
        outcomes=_outcomes(account, states, declared, told),
    )
    found = evaluate(context, limits_together(loaded, limits, settings), Selection(frozenset({SURVIVAL})))
    findings = tuple(_of_this_run(found.findings, {one.name for one in told}))
    return StressResult(
        file=name,
        exit_code=_exit(findings, found.problems, settings),
        report=report,
        rules=loaded.resolved.rules_used,
        scenarios=tuple(told),
        cascaded=wanted.cascades,
        grid=_grid(account, states, wanted.grid or (widest_two(report) if wanted.draws_grid else None), wanted),
        curves=pool_curves(account, states, report, wanted.size),
        asset_curves=asset_curves(account, states, report, wanted.size),
        tiered_ways=tiered_ways(account, report),
        draws_curve=wanted.draws_curve,
        funding=_funding(account, wanted),
        findings=findings,
        assumptions=(*loaded.resolved.assumptions, *_assumptions(assumed, account, wanted)),
        problems=found.problems,
        fail_on=settings.fail_on.value,
    )


def failed(name: str, problems: Iterable[Problem]) -> StressResult:
    """What could not be put through anything."""
    return StressResult(file=name, exit_code=ExitCode.NOT_CHECKED.value, problems=tuple(problems))


def _exit(findings: tuple[Finding, ...], problems: tuple[Problem, ...], settings: Settings) -> int:
    return exit_code(findings, problems=bool(problems), fail_on=settings.fail_on).value


def _unknown(account: Account, name: str, wanted: ScenarioChoice) -> list[Problem]:
    """Names on the command line that nothing in the account has."""
    return [
        *unknown_assets(FLAG_NAME, wanted.shocks, account, name, symbols=True),
        *unmarked(FLAG_NAME, wanted.shocks, account, name),
        *unknown_assets("--grid", wanted.grid or (), account, name),
        *_unpaid(account, name, wanted),
    ]


def _unpaid(account: Account, name: str, wanted: ScenarioChoice) -> Iterable[Problem]:
    """A file of funding rates may be of many contracts, but not of none that the account has."""
    symbols = {position.contract.symbol for position in account.positions}
    if wanted.histories and symbols.isdisjoint(wanted.histories):
        first = next(iter(wanted.histories))
        message = "--funding has rates of no contract that the account has a position in"
        yield Problem(Location(name), NO_SUCH_ASSET, message, f"it names {echo(first)}: {meant(first, symbols)}")


def _unnamed(declared: Mapping[str, object], name: str, wanted: ScenarioChoice) -> list[Problem]:
    """Scenarios on the command line that neither the file nor the policy has."""
    none = "the file has none; --builtin runs built-in ones"
    if ALL in wanted.named and not declared:
        return [Problem(Location(name), "MC015", "--scenario all: the file has no scenario", none)]
    return [
        Problem(
            Location(name),
            "MC015",
            f"--scenario: the file has no scenario {echo(one)}",
            meant(one, declared, "known") if declared else none,
        )
        for one in wanted.named
        if one != ALL and one not in declared
    ]


def choice(declared: Mapping[str, dict[str, Decimal]], wanted: ScenarioChoice) -> list[Chosen]:
    """What is named on the command line; nothing named: the file's scenarios, the built-in ones where it has none."""
    names, ready = list(wanted.named), list(wanted.built_ins)
    if not names and not ready and not wanted.shocks and wanted.prices is None:
        names, ready = ([ALL], []) if declared else ([], [ALL])
    chosen = [
        Chosen(Scenario(name=one, shocks=shocks), ScenarioOrigin.FILE)
        for one, shocks in declared.items()
        if ALL in names or one in names
    ]
    if wanted.shocks:
        chosen.append(Chosen(Scenario(name=FLAG_NAME, shocks=wanted.shocks), ScenarioOrigin.FLAG))
    return chosen + [_named_apart(one, declared) for one in built_in().values() if ALL in ready or one.name in ready]


def _worst(account: Account, states: Iterable[PoolState], wanted: ScenarioChoice) -> list[Chosen]:
    if wanted.prices is None:
        return []
    found = worst_returns(wanted.prices, account, states, ReturnSpan(wanted.span or 1), wanted.worst or MOST_DAYS)
    return [Chosen(Scenario(name=day, shocks=shocks), ScenarioOrigin.HISTORY) for day, shocks in found]


def _named_apart(one: BuiltIn, declared: Mapping[str, object]) -> Chosen:
    """A built-in scenario; one of the file keeps a name that both have."""
    scenario = one.scenario
    if one.name in declared:
        scenario = replace(scenario, name=f"{one.name} (built-in)")
    return Chosen(scenario, ScenarioOrigin.BUILT_IN, one)


def _sequence(
    loaded: Loaded, settings: Settings, wanted: ScenarioChoice
) -> tuple[LiquidationSequence, tuple[str, ...]]:
    rule_set, _ = rule_set_of(loaded.file, loaded.source, settings)
    if rule_set is None:  # it was there a moment ago: the file resolved under it
        raise RuntimeError("the rule set is gone")
    return sequence_of(rule_set.liquidation, rule_set.name, wanted.fee)


def _told(
    account: Account, states: list[PoolState], one: Chosen, sequence: LiquidationSequence, wanted: ScenarioChoice
) -> ScenarioResult:
    walking, path = way_to(one.scenario, account)
    outcome = outcome_of(walking, states if walking is account else states_of(walking), path)
    story, comparison = _story(walking, path, sequence, outcome, wanted)
    return ScenarioResult(
        scenario=one.scenario,
        origin=one.origin,
        built_in=one.built_in,
        moves=_moves(one.scenario, path) if isinstance(path, PricePath) else {},
        untouched=one.scenario.untouched(account),
        outcome=outcome,
        story=story,
        comparison=comparison,
    )


def _moves(scenario: Scenario, path: PricePath) -> dict[str, Decimal]:
    """Shocks by asset and, as they are named, by contract."""
    named = ((key.removeprefix(":"), shock) for key, shock in path.shocks.items())
    return {name: scenario.shocks[name] if f":{name}" in path.shocks else shock for name, shock in named}


def _story(
    account: Account,
    path: ScenarioPath,
    sequence: LiquidationSequence,
    outcome: ScenarioOutcome,
    wanted: ScenarioChoice,
) -> tuple[Cascade | None, IsolatedComparison | None]:
    if not wanted.cascades:
        return None, None
    story = cascade(account, path, sequence)
    return story, None if outcome.survived else compared(account, story, path, sequence)


def _outcomes(
    account: Account,
    states: list[PoolState],
    declared: Mapping[str, dict[str, Decimal]],
    told: Iterable[ScenarioResult],
) -> dict[str, PathOutcome]:
    """What was run, and the file's scenarios that were not: limits may name them."""
    found = {one.name: _survival(one.outcome) for one in told}
    for name in declared.keys() - found.keys():
        found[name] = path_outcome(account, states, moves_in(declared[name], account))
    return found


def _survival(outcome: ScenarioOutcome) -> PathOutcome:
    return PathOutcome(outcome.crossing, None if outcome.survived else outcome.pool, outcome.bystanders)


def _of_this_run(findings: Iterable[Finding], names: set[str]) -> Iterable[Finding]:
    """Survival of what was run, and an account that is liquidatable already."""
    for finding in findings:
        if finding.code == LIQUIDATABLE or (finding.code == SURVIVAL and finding.subject in names):
            yield finding


def _grid(
    account: Account, states: list[PoolState], named: tuple[str, str] | None, wanted: ScenarioChoice
) -> Grid | None:
    if named is None:
        return None
    down, across = named
    moves = spread(wanted.size or USUAL, wanted.points)
    return grid_of(account, states, across=Axis(across, moves), down=Axis(down, moves))


def _funding(account: Account, wanted: ScenarioChoice) -> FundingTable | None:
    if not wanted.histories and not any(one.funding_rate is not None for one in account.positions):
        return None
    return funding_table(account, wanted.histories, wanted.quantile, wanted.horizon)


def _assumptions(sequence: tuple[str, ...], account: Account, wanted: ScenarioChoice) -> Iterable[str]:
    if wanted.cascades:
        yield from sequence
    if wanted.prices is not None:
        yield from still_assets(account, wanted.prices)
    if wanted.draws_curve:
        names = [
            state.pool.name for state in states_of(account) if state.pool.quantos and bends_together(account, state)
        ]
        yield from (f"{name}: no curve is drawn, a quanto bends it where all assets move together" for name in names)
    for position in account.positions:
        history = wanted.histories.get(position.contract.symbol)
        if history is not None:
            yield from uneven(history)
