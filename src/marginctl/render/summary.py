"""The head of a report: whose account under which rules, how full it is, and how far from liquidation."""

from collections.abc import Sequence
from decimal import Decimal

from marginctl.core.exact import ONE, ZERO, Direction, rounded
from marginctl.core.report import AccountLiquidation, FundingFigures, Report
from marginctl.findings import Check, Status
from marginctl.render.document import Options, Outcome, Verbosity
from marginctl.render.layout import cells_of, shortened
from marginctl.render.numbers import check_value, figure, limit_text, percent
from marginctl.render.screen import INDENT, Block, Glyphs, Line, Show, glyphs, line, line_width, paragraph, shower
from marginctl.render.sections import STATUS_WORDS, UNKNOWN

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
RATIOS = (
    ("utilization", "utilization", "MC101"),
    ("maintenance_ratio", "maintenance ratio", "MC103"),
    ("leverage", "leverage", "MC104"),
)
STATES = {
    "healthy": ("healthy", "green"),
    "restricted": ("RESTRICTED: free collateral is negative, nothing new can be opened", "bold yellow"),
    "margin-call": ("MARGIN CALL: at the venue's warning level", "bold yellow"),
    "liquidation": ("LIQUIDATION: equity is below the level the venue asks for", "bold red"),
}
BAR = 20
GAP = "    "


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
    return [title, *paragraph(f" {dot} ".join(facts), options.width, style="dim")]


def _dates(outcome: Outcome, report: Report, options: Options) -> list[str]:
    texts = []
    if outcome.rules is not None:
        dated = f"rules of {outcome.rules.as_of}" if outcome.rules.as_of else "rules without a date"
        texts.append(f"{dated} ({outcome.rules.status})")
    if report.account.as_of:
        texts.append(f"data of {shower(options)(report.account.as_of)}")
    return texts


def account(outcome: Outcome, report: Report, options: Options) -> list[Block]:
    """Money on the left, ratios with their limits on the right, or below where the terminal is narrow."""
    money = _money_lines(report, MONEY + MORE_MONEY if options.verbosity is Verbosity.VERBOSE else MONEY)
    ratios = [_ratio_line(report, row, outcome.checks, glyphs(options)) for row in RATIOS]
    side = max(map(line_width, money))
    title = _title(report)
    if options.width and side + len(GAP) + max(map(line_width, ratios)) > options.width:
        return [title, *money, *ratios, *_worst_pool(report, options)]
    blank = [line()] * (len(money) - len(ratios))
    beside = [
        (*left, *line(" " * (side - line_width(left)) + GAP), *right)
        for left, right in zip(money, [*ratios, *blank], strict=True)
    ]
    return [title, *beside, *_worst_pool(report, options)]


def _title(report: Report) -> Line:
    state, style = STATES[report.totals.state]
    return ((f"Account, {report.account.currency}", "bold"), ("  ", ""), (state, style))


def _money_lines(report: Report, rows: Sequence[tuple[str, str]]) -> list[Line]:
    cells = [figure(name, getattr(report.totals, name)) for name, _ in rows]
    longest, widest = max(len(label) for _, label in rows), max(map(len, cells))
    return [line(f"{INDENT}{label:<{longest}}  {cell:>{widest}}") for (_, label), cell in zip(rows, cells, strict=True)]


def _ratio_line(report: Report, row: tuple[str, str, str], checks: Sequence[Check], signs: Glyphs) -> Line:
    """``utilization  64.21%  ████████│█····  FAIL, limit 60%``"""
    name, label, code = row
    value: Decimal | None = getattr(report.totals, name)
    check = _check_of(code, value, checks)
    limit = None if check is None else check.limit
    spans: Line = ((f"{INDENT}{label:<17}  {_ratio(name, value, check):>9}  ", ""),)
    style = STATUS_WORDS[check.status][1] if check else ""
    drawn = " " * BAR if name == "leverage" else bar(value, limit, signs)
    if check is None:
        return (*spans, (drawn, style))
    return (*spans, (drawn, style), ("  ", ""), *_judged(check))


def _judged(check: Check) -> Line:
    word, style = STATUS_WORDS[check.status]
    if check.status is Status.PASS:
        return line(f"limit {limit_text(check)}" if check.limit is not None else "", "dim")
    return ((word, style), *line(f" limit {limit_text(check)}" if check.limit is not None else "", style))


def _check_of(code: str, value: Decimal | None, checks: Sequence[Check]) -> Check | None:
    """The check of this very figure; the same rule may have judged other pools as well."""
    return next((check for check in checks if check.code == code and check.value == value), None)


def _ratio(name: str, value: Decimal | None, check: Check | None) -> str:
    if value is None:
        return UNKNOWN
    if check is not None and check.limit is not None:
        return check_value(check)
    return f"{figure(name, value)}x" if name == "leverage" else f"{percent(name, value)}%"


def bar(value: Decimal | None, limit: Decimal | None, signs: Glyphs) -> str:
    """A share as twenty cells, rounded up, with a mark where its limit stands; a ratio over no equity fills it."""
    filled = BAR if value is None else int(rounded(min(max(value, ZERO), ONE) * BAR, 0, Direction.UP))
    cells = [signs.filled] * filled + [signs.blank] * (BAR - filled)
    if limit is not None and ZERO < limit < ONE:
        cells[int(limit * BAR)] = signs.mark
    return "".join(cells)


def _worst_pool(report: Report, options: Options) -> list[Line]:
    """Where there are several pools: whose the figures are that do not add up."""
    if len(report.pools) < 2:
        return []
    pool = shower(options)(report.totals.worst_pool)
    text = f"Free collateral, buffer, utilization and maintenance ratio are those of the fullest pool, {pool}."
    return paragraph(text, options.width, lead=line(INDENT), style="dim")


def outlook(report: Report, options: Options) -> list[Block]:
    """In words: which common move liquidates, and what funding does meanwhile."""
    show = shower(options)
    sentences = (
        common_move(report.liquidation, show, several=len(report.pools) > 1),
        funding(report.funding, report.account.currency, show),
    )
    return [row for text in sentences if text for row in paragraph(text, options.width, lead=line(INDENT))]


def common_move(liquidation: AccountLiquidation, show: Show, *, several: bool) -> str:
    """All volatile assets together: which fall and which rise liquidate first."""
    pool = f" {show(liquidation.pool)}" if several and liquidation.pool else ""
    if liquidation.distance is not None and liquidation.direction is None:
        return f"Liquidatable at these prices already{':' if pool else ''}{pool}."
    fall = "" if liquidation.down is None else f"a fall of {percent('down', abs(liquidation.down))}%"
    rise = "" if liquidation.up is None else f"a rise of {percent('up', liquidation.up)}%"
    if not fall and not rise:
        return "All assets together: neither a fall nor a rise liquidates."
    if fall and rise:
        return f"All assets together: {fall} or {rise} liquidates{pool}."
    return f"All assets together: {fall or rise} liquidates{pool}, no {'rise' if fall else 'fall'} does."


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
