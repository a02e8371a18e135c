"""The head of a report: whose account under which rules, how full it is, and how far from liquidation."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from marginctl.core.exact import ONE, ZERO, Direction, rounded
from marginctl.core.pool import is_shared
from marginctl.core.report import AccountLiquidation, FundingFigures, Report, UnderlyingFigures
from marginctl.findings import Check, Status
from marginctl.render.layout import cells_of, shortened
from marginctl.render.numbers import check_value, figure, limit_text, percent, same
from marginctl.render.screen import INDENT, Block, Glyphs, Line, Show, Span, glyphs, line, line_width, paragraph, shower
from marginctl.render.sections import STATUS_WORDS, UNKNOWN
from marginctl.results import Options, Outcome, Verbosity

MONEY = (
    ("equity", "equity"),
    ("unrealized_pnl", "unrealized PnL"),
    ("initial_margin", "initial margin"),
    ("order_margin", "order margin"),
    ("maintenance_margin", "maintenance margin"),
    ("free_collateral", "free collateral"),
    ("buffer", "liquidation buffer"),
)
MORE_MONEY = (
    ("gross_collateral", "gross collateral"),
    ("haircut", "haircut"),
    ("gross_notional", "gross notional"),
    ("net_notional", "net notional"),
)


class Ratio(NamedTuple):
    """A ratio of the totals: its name there, its label, the code of the limit on it, its unit."""

    name: str
    label: str
    code: str
    unit: str


RATIOS = (
    Ratio("utilization", "utilization", "MC101", "fraction"),
    Ratio("maintenance_ratio", "maintenance ratio", "MC103", "fraction"),
    Ratio("leverage", "leverage", "MC104", "multiple"),
)
STATES = {
    "healthy": ("healthy", "green"),
    "restricted": ("RESTRICTED: free collateral is negative, nothing new can be opened", "bold yellow"),
    "margin-call": ("MARGIN CALL: at the venue's warning level", "bold yellow"),
    "liquidation": ("LIQUIDATION: equity is below the level the venue asks for", "bold red"),
}
BARS = (20, 16, 12, 10)
GAP = "   "


def header(outcome: Outcome, report: Report, options: Options) -> list[Block]:
    """Name and file; venue and modes; the rule set's date and status; the time of the data."""
    show, dot = shower(options), glyphs(options).dot
    name, file = show(report.account.name), show(outcome.file)
    account = report.account
    modes = [show(account.venue), account.collateral_mode, account.position_mode]
    if account.margin_model != "tiered":
        modes.append(account.margin_model)
    facts = [", ".join(modes), *_dates(outcome, report, options)]
    if options.width:
        name = shortened(name, options.width * 2 // 3, glyphs(options).ellipsis)
        file = shortened(file, options.width - cells_of(name) - 2, glyphs(options).ellipsis)
    title: Line = ((name, "bold"), (f"  {file}", "dim"))
    return [title, *(line(row, "dim") for row in _joined(facts, f" {dot} ", options.width))]


def _joined(facts: Sequence[str], separator: str, width: int | None) -> list[str]:
    """Facts in as few lines as the width allows, broken between facts."""
    rows = list(facts[:1])
    for fact in facts[1:]:
        longer = rows[-1] + separator + fact
        if width is None or cells_of(longer) <= width:
            rows[-1] = longer
        else:
            rows.append(fact)
    return rows


def _dates(outcome: Outcome, report: Report, options: Options) -> list[str]:
    texts = []
    if outcome.rules is not None:
        dated = f"rules of {outcome.rules.as_of}" if outcome.rules.as_of else "conventions of no venue"
        texts.append(f"{dated} ({outcome.rules.status})")
    if report.account.as_of:
        texts.append(f"data of {shower(options)(report.account.as_of)}")
    return texts


def account(outcome: Outcome, report: Report, options: Options) -> list[Block]:
    """Money on the left, ratios with their limits on the right, or below where the terminal is narrow."""
    money = _money_lines(report, MONEY + MORE_MONEY if options.verbosity is Verbosity.VERBOSE else MONEY)
    side = max(map(line_width, money)) + len(GAP)
    for cells in BARS:
        ratios = _ratio_lines(report, outcome.checks, glyphs(options), cells)
        if options.width is None or side + max(map(line_width, ratios)) <= options.width:
            return [_title(report), *_beside(money, ratios, side), *_worst_pool(report, options)]
    ratios = _ratio_lines(report, outcome.checks, glyphs(options), BARS[0])
    below: list[Line] = [(*line(INDENT), *ratio) for ratio in ratios]
    return [_title(report), *money, line(), *below, *_worst_pool(report, options)]


def _beside(left: Sequence[Line], right: Sequence[Line], side: int) -> list[Line]:
    blank = [line()] * (len(left) - len(right))
    return [
        (*money, *line(" " * (side - line_width(money))), *ratio)
        for money, ratio in zip(left, [*right, *blank], strict=True)
    ]


def _title(report: Report) -> Line:
    state, style = STATES.get(report.totals.state, (report.totals.state, ""))
    return ((f"Account, {report.account.currency}", "bold"), ("  ", ""), (state, style))


def _money_lines(report: Report, rows: Sequence[tuple[str, str]]) -> list[Line]:
    cells = [figure(name, getattr(report.totals, name)) for name, _ in rows]
    longest, widest = max(len(label) for _, label in rows), max(map(len, cells))
    return [line(f"{INDENT}{label:<{longest}}  {cell:>{widest}}") for (_, label), cell in zip(rows, cells, strict=True)]


def _ratio_lines(report: Report, checks: Sequence[Check], signs: Glyphs, cells: int) -> list[Line]:
    """``utilization  64.21%  ████████│█····  FAIL limit 60%``, one line per ratio, the bar ``cells`` wide."""
    values: list[Decimal | None] = [getattr(report.totals, ratio.name) for ratio in RATIOS]
    found = [_check_of(ratio, value, checks) for ratio, value in zip(RATIOS, values, strict=True)]
    judged = list(zip(RATIOS, values, found, strict=True))
    texts = [_text(*row) for row in judged]
    labels, widest = max(len(ratio.label) for ratio in RATIOS), max(map(len, texts))
    return [
        (
            *line(f"{ratio.label:<{labels}}  {text:>{widest}}  "),
            _gauge(ratio, value, check, signs, cells),
            *(_judged(check, ratio.unit) if check else ()),
        )
        for (ratio, value, check), text in zip(judged, texts, strict=True)
    ]


def _check_of(ratio: Ratio, value: Decimal | None, checks: Sequence[Check]) -> Check | None:
    """The check of this very figure; the same rule may have judged other pools as well."""
    return next((check for check in checks if check.code == ratio.code and same(check.value, value)), None)


def _text(ratio: Ratio, value: Decimal | None, check: Check | None) -> str:
    if value is None:
        return UNKNOWN
    if check is not None:
        return check_value(check, ratio.unit)
    return f"{percent(ratio.name, value)}%" if ratio.unit == "fraction" else f"{figure(ratio.name, value)}x"


def _gauge(ratio: Ratio, value: Decimal | None, check: Check | None, signs: Glyphs, cells: int) -> Span:
    """A bar for what is a share of something, room in its place for what is not."""
    if ratio.unit != "fraction":
        return (" " * cells, "")
    return (bar(value, check.limit if check else None, signs, cells), STATUS_WORDS[check.status][1] if check else "")


def _judged(check: Check, unit: str) -> Line:
    word, style = STATUS_WORDS[check.status]
    limit = f"limit {limit_text(check, unit)}" if check.limit is not None else ""
    if check.status is Status.PASS:
        return line(f"  {limit}" if limit else "", "dim")
    return line(f"  {word} {limit}".rstrip(), style)


def bar(value: Decimal | None, limit: Decimal | None, signs: Glyphs, cells: int) -> str:
    """A share of 100%, rounded up to whole cells, with a mark at its limit; a ratio over no equity fills it."""
    filled = cells if value is None else int(rounded(min(max(value, ZERO), ONE) * cells, 0, Direction.UP))
    drawn = [signs.filled] * filled + [signs.blank] * (cells - filled)
    if limit is not None and ZERO < limit < ONE:
        drawn[int(limit * cells)] = signs.mark
    return "".join(drawn)


def _worst_pool(report: Report, options: Options) -> list[Line]:
    """Where there are several pools: whose the figures are that do not add up."""
    if len(report.pools) < 2:
        return []
    worst = report.totals.worst_pool
    cross = any(pool.name == worst and is_shared(pool.margin_mode) for pool in report.pools)
    which = f"the fullest {'cross ' if cross else ''}pool, {shower(options)(worst)}"
    text = f"Free collateral, buffer, utilization and maintenance ratio are those of {which}."
    return paragraph(text, options.width, lead=line(INDENT), style="dim")


def outlook(report: Report, options: Options) -> list[Block]:
    """In words: which common move liquidates, and what funding does meanwhile."""
    show = shower(options)
    sentences = (
        common_move(report.liquidation, show, several=len(report.pools) > 1) + alone(report, show),
        funding(report.funding, report.account.currency, show),
    )
    return [row for text in sentences if text for row in paragraph(text, options.width, lead=line(INDENT))]


def common_move(liquidation: AccountLiquidation, show: Show, *, several: bool) -> str:
    """All volatile assets together: which fall and which rise liquidate; at the nearer one, which of several pools."""
    pool = show(liquidation.pool) if several and liquidation.pool else ""
    if liquidation.distance is not None and liquidation.direction is None:
        return f"Liquidatable at these prices already{f': {pool}' if pool else ''}."
    moves = [
        f"a {word} of {percent(side, abs(move))}%" + (f" ({pool})" if pool and side == liquidation.direction else "")
        for side, word, move in (("down", "fall", liquidation.down), ("up", "rise", liquidation.up))
        if move is not None
    ]
    if not moves:
        return "All assets together: neither a fall nor a rise liquidates."
    other = "" if len(moves) > 1 else f", no {'rise' if liquidation.up is None else 'fall'} does"
    return f"All assets together: {' or '.join(moves)} liquidates{other}."


def alone(report: Report, show: Show) -> str:
    """Which asset alone liquidates nearest, where no common move does; empty where one does or nothing liquidates."""
    nearest = min((row for row in report.underlyings if row.distance is not None), key=_distance, default=None)
    if report.liquidation.distance is not None or nearest is None:
        return ""
    return f" {show(nearest.asset)} alone does, {percent('distance', _distance(nearest))}% away."


def _distance(row: UnderlyingFigures) -> Decimal:
    return ZERO if row.distance is None else row.distance


def funding(figures: FundingFigures, currency: str, show: Show) -> str:
    """What funding brings or costs a day and how long the account can pay it; empty where no rate says anything."""
    if not figures.per_day:
        return ""
    amount = figure("per_day", figures.per_day).lstrip("-")
    texts = [f"Funding {'brings' if figures.per_day > 0 else 'costs'} {amount} {currency} a day"]
    if figures.runway_days is not None:
        texts.append(f"flat prices: enough for {figure('runway_days', figures.runway_days, 1)} days")
    if figures.missing:
        texts.append(f"no rate for {listed([show(symbol) for symbol in figures.missing])}")
    return f"{', '.join(texts)}."


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first names of a list and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
