"""The head of a report: whose account under which rules, how full it is, and how far from liquidation."""

from collections.abc import Sequence
from decimal import Decimal

from marginctl.core.exact import ONE, Direction, rounded
from marginctl.core.report import AccountLiquidation, Report
from marginctl.findings import Check, Status
from marginctl.render.document import Options, Outcome
from marginctl.render.layout import cells_of, shortened
from marginctl.render.numbers import HUNDRED, check_value, figure, limit_text, percent
from marginctl.render.screen import INDENT, Block, Glyphs, Line, glyphs, line, line_width, paragraph, shower
from marginctl.render.sections import STATUS_WORDS, UNKNOWN

MONEY = (
    ("equity", "equity"),
    ("unrealized_pnl", "unrealized PnL"),
    ("initial_margin", "initial margin"),
    ("order_margin", "order margin"),
    ("maintenance_margin", "maintenance margin"),
    ("free_collateral", "free collateral"),
    ("buffer", "buffer"),
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
    money = _money_lines(report)
    ratios = _ratio_lines(report, outcome.checks, glyphs(options))
    side = max(map(line_width, money))
    state, style = STATES[report.totals.state]
    title: Line = ((f"Account, {report.account.currency}", "bold"), ("  ", ""), (state, style))
    if options.width and side + len(GAP) + max(map(line_width, ratios)) > options.width:
        return [title, *money, *ratios]
    blank = (len(money) - len(ratios)) * [line()]
    beside = [
        (*left, *line(" " * (side - line_width(left)) + GAP), *right)
        for left, right in zip(money, [*ratios, *blank], strict=True)
    ]
    return [title, *beside]


def _money_lines(report: Report) -> list[Line]:
    labels = [label for _, label in MONEY]
    cells = [figure(name, getattr(report.totals, name)) for name, _ in MONEY]
    widest, longest = max(map(len, cells)), max(map(len, labels))
    return [
        line(f"{INDENT}{label:<{longest}}  {cell:>{widest}}") for label, cell in zip(labels, cells, strict=True)
    ]
