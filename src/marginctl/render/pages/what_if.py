"""``what-if``: before, after and difference of every figure that moved, and the findings afterwards."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec.structs import replace

from marginctl.core.exact import Direction
from marginctl.core.figure import Figure, Safer
from marginctl.core.figures import row_of
from marginctl.core.moved import OWNERS, Moved, Turn
from marginctl.findings import Check, Status
from marginctl.render import Options, Verbosity
from marginctl.render.page import (
    Column,
    DataTable,
    Items,
    Page,
    Problems,
    Section,
    Tone,
    dim,
    names,
    numbers,
    page,
    pointed,
    section,
    texts,
)
from marginctl.render.pages.account import STATUS_WORDS, findings, problems, run_notes
from marginctl.render.pages.columns import NEVER, UNKNOWN
from marginctl.render.pages.head import head, headed, name_of
from marginctl.results import Outcome, Verdict, WhatIfResult, verdict
from marginctl.wording import HUNDRED, check_value, grouped, label_of, limit_text, natural_places, price_places, toward

SECTIONS = (
    ("totals", "Account"),
    ("liquidation", "All assets together"),
    ("pools", "Pools"),
    ("positions", "Positions"),
    ("collateral", "Collateral"),
    ("other", "Taken as given"),
    ("underlyings", "When one asset moves alone"),
    ("netting", "Netting"),
    ("funding", "Funding"),
)
SHOWN = {
    "totals": (
        "equity bonus own_equity unrealized_pnl free_collateral buffer initial_margin order_margin maintenance_margin "
        "utilization maintenance_ratio leverage gross_notional net_notional state"
    ),
    "liquidation": "down up",
    "pools": "equity free_collateral utilization maintenance_ratio liquidation.distance",
    "positions": (
        "side quantity entry_price mark_price notional unrealized_pnl initial_margin maintenance_margin margin_mode "
        "liquidation_price distance_to_liquidation"
    ),
    "collateral": "balance price",
    "other": "value",
    "funding": "per_day runway_days",
}
"""What is shown without -v, by section; the limits always."""
SIZES = {"positions": "quantity", "collateral": "balance", "pools": "equity"}
"""What is shown of a row that came or went."""
BROKEN = "limits broken"
"""The state of an account that is healthy but for its limits."""
SIGNS = {"multiple": "x", "days": "d"}
ABSENT = "-"
"""Shown on the side where there is no such row."""
TURN_TONES = {Turn.WORSE: Tone.BAD, Turn.BETTER: Tone.GOOD, Turn.NONE: Tone.PLAIN}
ORDER = {Turn.WORSE: 0, Turn.NONE: 1, Turn.BETTER: 2}


def what_if_page(result: WhatIfResult, options: Options) -> Page:
    """The verdict on the account afterwards, what was done, what is found then, and what moved."""
    before, after = result.before, result.after
    is_quiet = options.verbosity is Verbosity.QUIET
    done = Items(texts=result.notes) if result.notes and before.report is not None else None
    if after is None or after.report is None:
        shown = after or before
        wrong = (*result.problems, *shown.problems)
        return page([section("Changes", done), Section(blocks=(Problems(wrong),)), _head(result, shown)])
    if is_quiet and verdict(after, result.fail_on) is Verdict.PASS:
        return ()
    parts = [_head(result, after), None if is_quiet else section("Changes", done), problems(after)]
    parts += [findings(after, "Findings after the changes")]
    return page(
        [*parts, *(() if is_quiet else _tables(result, after, options)), Section(blocks=tuple(run_notes([after])))]
    )


def _head(result: WhatIfResult, shown: Outcome) -> Section:
    if result.problems and not shown.problems:
        return headed(Verdict.ERROR, f"{name_of(shown)}: the changes could not be made.", shown)
    return head(shown, result.fail_on, when="after the changes" if shown is result.after else "")


def _tables(result: WhatIfResult, after: Outcome, options: Options) -> Iterable[Section | None]:
    """One table per section, in each the worst first; without -v those figures that a trader reads."""
    found = result.changes
    if not found:
        yield Section(heading="Nothing moved.")
        return
    several = max(len(one.report.pools) for one in (result.before, after) if one.report) > 1
    is_full = options.verbosity is Verbosity.VERBOSE
    shown = [one for one in found if is_full or _is_shown(one, several=several)]
    yield _limits([one for one in shown if one.section == "checks"], result.before, after, options)
    for name, heading in SECTIONS:
        rows = [_agreeing(one, result, after) for one in shown if one.section == name]
        yield _figures(heading, _worst_first(rows), several=several)
    hidden = len(found) - len(shown)
    if hidden:
        yield Section(blocks=(dim(f"{hidden} more figures moved (-v or --format json)"),))


def _agreeing(one: Moved, result: WhatIfResult, after: Outcome) -> Moved:
    """The word of state agrees with the verdict: not healthy where limits are broken."""
    if (one.section, one.name) != ("totals", "state"):
        return one
    sides = ((one.before, result.before), (one.after, after))
    words = [
        BROKEN if word == "healthy" and verdict(outcome, result.fail_on) is not Verdict.PASS else word
        for word, outcome in sides
    ]
    return replace(one, before=words[0], after=words[1])


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


def _figures(heading: str, rows: Sequence[Moved], *, several: bool) -> Section | None:
    return section(heading, moved_figures(rows, several=several)) if rows else None


def moved_figures(rows: Sequence[Moved], *, several: bool = False) -> DataTable:
    """Figures before and after, with their difference and where they went."""
    columns = (
        names("figure", [_label(one, several=several) for one in rows]),
        pointed("before", [_cell(one, is_after=False) for one in rows]),
        pointed("after", [_cell(one, is_after=True) for one in rows]),
        pointed("difference", [_difference(one) for one in rows], priority=1),
        _turns([one.turn for one in rows]),
    )
    return DataTable(columns)


def _turns(turns: Sequence[Turn]) -> Column:
    return texts("", [turn.value for turn in turns], tones=[TURN_TONES[turn] for turn in turns])


def _label(one: Moved, *, several: bool) -> str:
    """``BTCUSDT distance to liquidation``; a pool's name only where there are several."""
    row = one.row
    if one.section in ("collateral", "underlyings") and not several:
        row = row.partition(".")[2]
    return f"{row} {label_of(_name(one))}".strip()


def _name(one: Moved) -> str:
    return one.name.rpartition(".")[2]


def _figure(one: Moved) -> Figure:
    return row_of(_name(one), OWNERS.get(one.section, "")) or Figure("word")


def _cell(one: Moved, *, is_after: bool) -> str:
    value, mark = (one.after, one.marks[1]) if is_after else (one.before, one.marks[0])
    figure = _figure(one)
    if one.went if is_after else one.came:
        return ABSENT
    if value is None:
        is_never = figure.kind in ("price", "ratio") and figure.safer is not Safer.LOWER_NONE_WORST
        return NEVER if is_never else UNKNOWN
    if isinstance(value, Decimal):
        return _number(figure, value, toward(value, mark) if figure.to_mark and mark is not None else figure.direction)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _number(figure: Figure, value: Decimal, direction: Direction) -> str:
    if figure.kind == "ratio":
        return f"{grouped(value * HUNDRED, 2, direction)}%"
    if figure.kind == "price":
        return grouped(value, min(price_places(value), max(natural_places(value), 2)), direction)
    if figure.kind == "units":
        return grouped(value, min(natural_places(value), 8), Direction.NEAREST)
    return grouped(value, 2, direction) + SIGNS.get(figure.kind, "")


def _difference(one: Moved) -> str:
    if one.difference is None:
        return ""
    figure = _figure(one)
    if figure.kind == "price":
        text = grouped(one.difference, price_places(max(one.before, one.after)), Direction.NEAREST)
    else:
        text = _number(figure, one.difference, Direction.NEAREST)
    return text if text.startswith("-") else f"+{text}"


def _limits(rows: Sequence[Moved], before: Outcome, after: Outcome, options: Options) -> Section | None:
    """Every limit whose value or outcome moved: those that broke first, those that were mended last."""
    keys = list(dict.fromkeys(one.row for one in rows))
    if not keys:
        return None
    old, new = _checks(before), _checks(after)
    turns = {key: _limit_turn([one for one in rows if one.row == key]) for key in keys}
    keys.sort(key=lambda key: (ORDER[turns[key]], -_gravity(new.get(key)), -_gravity(old.get(key))))
    shown = [(old.get(key), new.get(key)) for key in keys]
    some = [new.get(key) or old[key] for key in keys]
    units = [options.manual[one.code].unit if one.code in options.manual else "" for one in some]
    columns = (
        texts("code", [one.code for one in some]),
        texts("limit on", [one.name for one in some], priority=8),
        names("subject", [one.subject for one in some]),
        numbers("before", [_value(one, unit) for (one, _), unit in zip(shown, units, strict=True)]),
        numbers("after", [_value(one, unit) for (_, one), unit in zip(shown, units, strict=True)]),
        numbers("limit", [limit_text(*pair) for pair in zip(some, units, strict=True)], priority=1),
        _outcomes(shown),
        _turns([turns[key] for key in keys]),
    )
    return section("Limits", DataTable(columns))


def _outcomes(shown: Sequence[tuple[Check | None, Check | None]]) -> Column:
    """``pass``, or ``FAIL → pass`` where it changed."""
    cells = [
        " → ".join(dict.fromkeys(STATUS_WORDS[one.status].text if one else ABSENT for one in pair)) for pair in shown
    ]
    tones = [STATUS_WORDS[after.status].tone if after else Tone.PLAIN for _, after in shown]
    return texts("outcome", cells, tones=tones)


def _checks(outcome: Outcome) -> dict[str, Check]:
    return {f"{check.code}.{check.subject}": check for check in outcome.checks}


def _value(check: Check | None, unit: str) -> str:
    return "" if check is None else check_value(check, unit)


def _gravity(check: Check | None) -> int:
    order = (Status.PASS, Status.WAIVED, Status.BASELINE, Status.NOT_EVALUATED, Status.WARN, Status.FAIL)
    return -1 if check is None else order.index(check.status)


def _limit_turn(rows: Iterable[Moved]) -> Turn:
    """That of the outcome where it changed, else that of what is left before the limit."""
    turns = {one.name: one.turn for one in rows}
    return turns.get("status") or turns.get("headroom") or Turn.NONE
