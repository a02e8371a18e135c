"""``what-if``: before, after and difference of every figure that moved, as a screen."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from marginctl.core.exact import Direction
from marginctl.core.figures import FIGURES
from marginctl.findings import Check, Status
from marginctl.render import remarks, summary
from marginctl.render.layout import Column
from marginctl.render.moved import Moved, Turn, moved
from marginctl.render.numbers import (
    HUNDRED,
    aligned,
    check_value,
    grouped,
    limit_text,
    natural_places,
    price_places,
    toward,
)
from marginctl.render.problems import problem_blocks
from marginctl.render.screen import INDENT, Block, Grid, Show, draw, glyphs, line, paragraph, shower
from marginctl.render.sections import NEVER, STATUS_WORDS, UNKNOWN
from marginctl.results import Options, Outcome, Run, Verbosity, WhatIfResult


def words_of(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


SECTIONS = (
    ("checks", "Limits"),
    ("totals", "Account"),
    ("liquidation", "All assets together"),
    ("pools", "Pools"),
    ("positions", "Positions"),
    ("collateral", "Collateral"),
    ("underlyings", "When one asset moves alone"),
    ("netting", "Netting"),
    ("funding", "Funding"),
)
SHOWN = {
    "totals": (
        "equity unrealized_pnl free_collateral buffer initial_margin order_margin maintenance_margin utilization "
        "maintenance_ratio leverage gross_notional net_notional state"
    ),
    "liquidation": "down up",
    "pools": "equity free_collateral utilization maintenance_ratio liquidation.distance",
    "positions": (
        "side quantity entry_price mark_price notional unrealized_pnl initial_margin maintenance_margin margin_mode "
        "liquidation_price distance_to_liquidation"
    ),
    "collateral": "balance price",
    "funding": "per_day runway_days",
}
"""What the screen shows without -v, by section; the limits always."""
SIZES = {"positions": "quantity", "collateral": "balance", "pools": "equity"}
"""What is shown of a row that came or went."""
PERCENT = words_of(
    "utilization maintenance_ratio down up distance distance_to_liquidation initial_rate maintenance_rate saving_rate "
    "haircut"
)
PRICES = words_of(
    "entry_price mark_price liquidation_price contract_liquidation_price bankruptcy_price price liquidation_down "
    "liquidation_up"
)
UNITS = words_of("quantity balance delta")
LABELS = {
    "unrealized_pnl": "unrealized PnL",
    "buffer": "liquidation buffer",
    "per_day": "funding per day",
    "runway_days": "funding runway",
    "down": "fall that liquidates",
    "up": "rise that liquidates",
    "distance_to_liquidation": "distance to liquidation",
}
ABSENT = "-"
"""Shown on the side where there is no such row."""
TURN_STYLES = {Turn.WORSE: "bold red", Turn.BETTER: "green", Turn.NONE: ""}
ORDER = {Turn.WORSE: 0, Turn.NONE: 1, Turn.BETTER: 2}


def render(what_if: WhatIfResult, options: Options) -> str:
    """The whole screen, at most ``options.width`` wide; its last line is the verdict on the account afterwards."""
    before, after = what_if.before, what_if.after
    parts: list[list[Block]] = []
    is_quiet = options.verbosity is Verbosity.QUIET
    if before.report is not None and not is_quiet:
        parts = [summary.header(before, before.report, options), _applied(what_if, options)]
    if after is None or after.report is None:
        shown = after or before
        parts += [problem_blocks((*what_if.problems, *shown.problems), options)]
        return draw(_spaced([*parts, *_last(what_if, shown, options)]), options)
    if not is_quiet:
        parts += _tables(what_if, after, options)
    parts += [problem_blocks(after.problems, options), _findings(after, options)]
    return draw(_spaced([*parts, *_last(what_if, after, options)]), options)


def _findings(after: Outcome, options: Options) -> list[Block]:
    """The findings on the account afterwards; places are those of the changed file."""
    blocks = remarks.findings(after, options)
    return [line("Findings after the changes", "bold"), *blocks[1:]] if blocks else []


def _last(what_if: WhatIfResult, shown: Outcome, options: Options) -> list[list[Block]]:
    run = Run(outcomes=(shown,), exit_code=what_if.exit_code, version=what_if.version, fail_on=what_if.fail_on)
    if what_if.problems and not shown.problems:
        verdict: list[Block] = [(("ERROR", "bold red"), ("  the changes could not be made", ""))]
    else:
        verdict = remarks.verdict_line(shown, run, options)
    return [verdict]


def _spaced(parts: Iterable[list[Block]]) -> list[Block]:
    blocks: list[Block] = []
    for part in filter(None, parts):
        blocks += ([line()] if blocks else []) + part
    return blocks


def _applied(what_if: WhatIfResult, options: Options) -> list[Block]:
    show = shower(options)
    rows = [row for note in what_if.notes for row in paragraph(show(note), options.width, lead=line(INDENT))]
    return [line("Changes", "bold"), *rows] if rows else []


def _moved(what_if: WhatIfResult) -> list[Moved]:
    after = what_if.after
    if what_if.before.report is None or after is None or after.report is None:
        return []
    return moved(what_if.before, after)


def _tables(what_if: WhatIfResult, after: Outcome, options: Options) -> list[list[Block]]:
    """One table per section, in each the worst first; without -v those figures that a trader reads."""
    found = _moved(what_if)
    if not found:
        return [[line("Nothing moved.", "bold")]]
    several = max(len(one.report.pools) for one in (what_if.before, after) if one.report) > 1
    is_full = options.verbosity is Verbosity.VERBOSE
    parts: list[list[Block]] = []
    count = 0
    for section, title in SECTIONS:
        rows = [one for one in found if one.section == section and (is_full or _is_shown(one, several=several))]
        count += len(rows)
        if section == "checks":
            grid = _limits(rows, what_if.before, after, options)
        else:
            grid = _grid(title, _worst_first(rows), options, several=several)
        if grid is not None:
            parts.append([grid])
    hidden = len(found) - count
    if hidden:
        text = f"{hidden} more figures moved (-v or --format json)"
        parts.append([*paragraph(text, options.width, lead=line(INDENT), style="dim")])
    return parts


def _is_shown(one: Moved, *, several: bool) -> bool:
    if one.section == "checks":
        return True
    if one.section == "pools" and not several:
        return False
    if (one.came or one.went) and one.section in SIZES:
        return one.name == SIZES[one.section]
    return one.name in SHOWN.get(one.section, "").split()


def _worst_first(rows: Sequence[Moved]) -> list[Moved]:
    """Rows of one name together, the name with the worst figure first, in each the worst figure first."""
    worst = {one.row: min(ORDER[other.turn] for other in rows if other.row == one.row) for one in rows}
    order = {name: number for number, name in enumerate(dict.fromkeys(one.row for one in rows))}
    return sorted(rows, key=lambda one: (worst[one.row], order[one.row], ORDER[one.turn], -one.size))


def _grid(title: str, rows: Sequence[Moved], options: Options, *, several: bool) -> Grid | None:
    if not rows:
        return None
    show = shower(options)
    columns = (
        Column(title="figure", cells=[_label(one, show, several=several) for one in rows], right=False, name=True),
        Column(title="before", cells=aligned([_cell(one, show, is_after=False) for one in rows])),
        Column(title="after", cells=aligned([_cell(one, show, is_after=True) for one in rows])),
        Column(title="difference", cells=aligned([_difference(one) for one in rows]), priority=1),
        _turns([one.turn for one in rows]),
    )
    return Grid(title, "", columns)


def _turns(turns: Sequence[Turn]) -> Column:
    return Column(
        title="", cells=[turn.value for turn in turns], right=False, styles=[TURN_STYLES[turn] for turn in turns]
    )


def _label(one: Moved, show: Show, *, several: bool) -> str:
    """``BTCUSDT distance to liquidation``; a pool's name only where there are several."""
    row = one.row
    if one.section in ("collateral", "underlyings") and not several:
        row = row.partition(".")[2]
    name = one.name.rpartition(".")[2]
    return f"{show(row)} {LABELS.get(name, name.replace('_', ' '))}".strip()


def _cell(one: Moved, show: Show, *, is_after: bool) -> str:
    value, mark = (one.after, one.marks[1]) if is_after else (one.before, one.marks[0])
    name = one.name.rpartition(".")[2]
    if one.went if is_after else one.came:
        return ABSENT
    if value is None:
        return NEVER if name in PRICES or name in PERCENT else UNKNOWN
    if isinstance(value, Decimal):
        return _number(one, name, value, _direction(name, value, mark))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return show(", ".join(value) if isinstance(value, tuple) else str(value))


def _direction(name: str, value: Decimal, mark: Decimal | None) -> Direction:
    """The cautious side: prices at which something ends turn toward their mark, the rest as the report does."""
    if name.endswith(("liquidation_price", "bankruptcy_price")) and mark is not None:
        return toward(value, mark)
    return FIGURES[name].direction if name in FIGURES else Direction.NEAREST


def _number(one: Moved, name: str, value: Decimal, direction: Direction) -> str:
    if name in PERCENT and not (name == "haircut" and one.section == "totals"):
        return f"{grouped(value * HUNDRED, 2, direction)}%"
    if name in PRICES:
        return grouped(value, min(price_places(value), max(natural_places(value), 2)), direction)
    if name in UNITS:
        return grouped(value, min(natural_places(value), 8), Direction.NEAREST)
    sign = {"leverage": "x", "runway_days": "d"}.get(name, "")
    return grouped(value, 2, direction) + sign


def _difference(one: Moved) -> str:
    if one.difference is None:
        return ""
    name = one.name.rpartition(".")[2]
    if name in PRICES:
        text = grouped(one.difference, price_places(max(one.before, one.after)), Direction.NEAREST)
    else:
        text = _number(one, name, one.difference, Direction.NEAREST)
    return text if text.startswith("-") else f"+{text}"


def _limits(rows: Sequence[Moved], before: Outcome, after: Outcome, options: Options) -> Grid | None:
    """Every limit whose value or outcome moved: those that broke first, those that were mended last."""
    keys = list(dict.fromkeys(one.row for one in rows))
    old, new = _checks(before), _checks(after)
    turns = {key: _limit_turn([one for one in rows if one.row == key]) for key in keys}
    keys.sort(key=lambda key: (ORDER[turns[key]], -_gravity(new.get(key)), -_gravity(old.get(key))))
    if not keys:
        return None
    show, manual = shower(options), options.manual
    shown = [(old.get(key), new.get(key)) for key in keys]
    some = [one or other for other, one in shown]
    units = [manual[one.code].unit if one and one.code in manual else "" for one in some]
    columns = (
        Column(title="code", cells=[key.partition(".")[0] for key in keys], right=False),
        Column(title="limit on", cells=[one.name if one else "" for one in some], right=False, priority=8),
        Column(title="subject", cells=[show(key.partition(".")[2]) for key in keys], right=False, name=True),
        Column(title="before", cells=[_value(one, unit) for (one, _), unit in zip(shown, units, strict=True)]),
        Column(title="after", cells=[_value(one, unit) for (_, one), unit in zip(shown, units, strict=True)]),
        Column(
            title="limit",
            cells=[limit_text(one, unit) if one else "" for one, unit in zip(some, units, strict=True)],
            priority=1,
        ),
        _outcomes(shown, options),
        _turns([turns[key] for key in keys]),
    )
    return Grid("Limits", "", columns)


def _outcomes(shown: Sequence[tuple[Check | None, Check | None]], options: Options) -> Column:
    """``pass``, or ``FAIL -> pass`` where it changed."""
    arrow = f" {glyphs(options).arrow} "
    cells, styles = [], []
    for before, after in shown:
        words = dict.fromkeys(STATUS_WORDS[one.status][0] if one else ABSENT for one in (before, after))
        cells.append(arrow.join(words))
        styles.append(STATUS_WORDS[after.status][1] if after else "")
    return Column(title="outcome", cells=cells, right=False, styles=styles)


def _checks(outcome: Outcome) -> dict[str, Check]:
    return {f"{check.code}.{check.subject}": check for check in outcome.checks}


def _value(check: Check | None, unit: str) -> str:
    return "" if check is None else check_value(check, unit)


def _gravity(check: Check | None) -> int:
    order = (Status.PASS, Status.WAIVED, Status.NOT_EVALUATED, Status.WARN, Status.FAIL)
    return -1 if check is None else order.index(check.status)


def _limit_turn(rows: Iterable[Moved]) -> Turn:
    """That of the outcome where it changed, else that of what is left before the limit."""
    turns = {one.name: one.turn for one in rows}
    return turns.get("status") or turns.get("headroom") or Turn.NONE
