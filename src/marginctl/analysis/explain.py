"""How a figure of the report came about: its formula, the figures and inputs put in, and where each input stands.

The one engine computes; here its results are named. A figure follows by its line in ``core.formulas`` from other
figures of the report, from the terms that the engine's requirements consist of, and from inputs, whose places
``origins`` knows.
"""

from collections.abc import Callable, Mapping
from typing import Any

from marginctl.analysis import solutions
from marginctl.analysis.check import Loaded, Settings, load_portfolio
from marginctl.analysis.model_operands import margin_subject, saving_subject, tiered_subject
from marginctl.analysis.operands import collateral_subject, position_subject, underlying_subject
from marginctl.analysis.origins import origins_of
from marginctl.analysis.pool_operands import liquidation_subject, pool_subject
from marginctl.analysis.subjects import ExplainedAccount, Named, Subject, reported, rows_of
from marginctl.core.account import Account
from marginctl.core.assemble import report_of
from marginctl.core.report import CollateralFigures, Report
from marginctl.document.scalars import FlagError
from marginctl.document.source import alike, echo
from marginctl.results.explanation import SECTIONS, ExplainResult, Step, Value

MODELS = "portfolio_margin"


def _meant(figure: str, figures: list[str]) -> str:
    """The figures that an unknown path may mean, else where to look."""
    same_name = [path for path in figures if path.rpartition(".")[2] == figure.rpartition(".")[2]]
    close = alike(figure[:200], same_name, 3) or alike(figure[:200], figures, 3)
    close = close or same_name[:3]
    meant = f"did you mean {' or '.join(map(echo, close))}? " if close else ""
    sections = f"The sections are {', '.join(SECTIONS[:-1])} and {SECTIONS[-1]}"
    return f"{meant}{sections}; without a figure, `marginctl explain PATH` lists all of them"


def explain(data: bytes, name: str, figure: str | None, settings: Settings) -> ExplainResult:
    """The explanation of one figure of a portfolio, or the list of all. Raises FlagError."""
    loaded, problems = load_portfolio(data, name, settings)
    if loaded is None:
        return ExplainResult(file=name, problems=tuple(problems))
    return explained(loaded, figure, settings)


def explained(loaded: Loaded, figure: str | None, settings: Settings) -> ExplainResult:
    """The same of a portfolio that was read."""
    name = loaded.source.name
    report = report_of(loaded.account)
    shown = reported(report)
    if figure is None:
        return ExplainResult(file=name, about=about(loaded, report, name), figures=shown)
    path = _path_of(figure, shown)
    if path not in shown:
        raise FlagError(f"the report has no figure {echo(figure)}", _meant(figure, list(shown)))
    origins = origins_of(loaded, settings)
    step = book_of(loaded.account, report, origins.stated).figure(path)
    return ExplainResult(
        file=name,
        figure=path,
        about=about(loaded, report, name),
        figures={path: shown[path]},
        step=step,
        origins={key: origins.of(key) for key in _keys(step)},
    )


def _path_of(figure: str, shown: Mapping[str, Value]) -> str:
    """The path of a figure; a pool may be named where a row needs none, of a model the margin may be left out."""
    section, _, _ = figure.partition(".")
    if section == MODELS and figure not in shown:
        margins = (path for path in shown if path.startswith(figure) and path.endswith(".maintenance_margin"))
        return next(margins, figure)
    if figure in shown or section not in {"collateral", "underlyings"}:
        return figure
    head, _, rest = figure.partition("@")
    return f"{head}.{rest.rpartition('.')[2]}"


def about(loaded: Loaded, report: Report, file: str) -> str:
    """The file, its rule set and mode."""
    used = loaded.resolved.rules_used
    dated = f"rules of {used.as_of}, {used.status}" if used.as_of else "conventions"
    return f"{file}: {report.account.venue} ({dated}), {report.account.collateral_mode}"


def _keys(step: Step) -> dict[str, None]:
    found: dict[str, None] = {step.key: None} if step.key else {}
    for operand in step.operands:
        found |= _keys(operand)
    return found


def book_of(account: Account, report: Report, given: Mapping[str, Value]) -> ExplainedAccount:
    """The steps of all figures of an account; ``given``: the inputs that somebody wrote, by key."""
    return ExplainedAccount(
        account, report, given, lambda book, prefix, row: SUBJECTS.get(type(row).__name__, _whole)(book, prefix, row)
    )


SUBJECTS: dict[str, Callable[[ExplainedAccount, str, Any], Subject]] = {
    "PoolFigures": pool_subject,
    "Liquidation": liquidation_subject,
    "PositionFigures": position_subject,
    "CollateralFigures": collateral_subject,
    "UnderlyingFigures": underlying_subject,
    "OtherFigures": lambda book, prefix, row: Subject(book, ("OtherFigures",), row.name, prefix, row),
    "PortfolioMargin": margin_subject,
    "TieredFigures": tiered_subject,
    "ModelSaving": saving_subject,
}


def _whole(book: ExplainedAccount, prefix: str, row: Any) -> Subject:
    """What is about the whole account."""
    report = book.report
    pools = {one.name: f"pools.{one.name}" for one in report.pools}
    shared = {state.pool.name for state in book.states if state.pool.is_shared}
    occupied = any(state.pool.is_shared and state.pool.is_occupied for state in book.states)

    def rows(*prefixes: str) -> list[Subject]:
        return [book.subject(one) for one in prefixes]

    names: Named = {
        "pools": lambda: rows(*(f"{one}.liquidation" if prefix == "liquidation" else one for one in pools.values())),
        "shared": lambda: rows(*(path for name, path in pools.items() if name in shared)),
        "competing": lambda: rows(*(path for name, path in pools.items() if name in shared or not occupied)),
        "worst": lambda: book.subject(f"pools.{report.totals.worst_pool}"),
        "positions": lambda: rows(*(f"positions.{one.key}" for one in report.positions)),
        "paying": lambda: rows(
            *(f"positions.{one.key}" for one in report.positions if one.funding_per_day is not None)
        ),
        "inputs": lambda: [book.position(one.key).operand("given") for one in report.positions],
        "collateral": lambda: rows(*(path for path, one in rows_of(report) if isinstance(one, CollateralFigures))),
        "others": lambda: rows(*(f"other.{one.name}" for one in report.other)),
        "granted": lambda: [
            book.subject(path)
            for path, one in rows_of(report)
            if isinstance(one, CollateralFigures) and one.bonus is not None
        ],
        **({} if report.other else {"other": None}),
        "runways": lambda: None if report.funding.missing else [solutions.runway(book, one) for one in book.states],
    }
    kinds = tuple(one.__name__ for one in type(row).__mro__[:2])
    return Subject(book, kinds, prefix=prefix, row=row, names=names)
