"""One rule set on the screen: every rule with its value, trust and source, haircuts, contracts, what is unknown."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from msgspec import Struct

from marginctl.document.venue_shape import RULE_KINDS
from marginctl.render.catalogue import (
    PROSE,
    STALE_DAYS,
    STATUS_STYLES,
    age,
    is_stale,
    labelled,
    percent,
    section,
    spaced,
    texts_below,
    with_text,
)
from marginctl.render.layout import Column
from marginctl.render.numbers import exactly, plain
from marginctl.render.screen import INDENT, Block, Grid, Line, Show, draw, glyphs, line, paragraph, shower
from marginctl.results import Options
from marginctl.venues.collateral import Collateral, PublishedTerms, Unlisted
from marginctl.venues.contracts import ContractGroup
from marginctl.venues.origin import Origin
from marginctl.venues.rule_set import Assumption, Mode, Occasion, RuleSet

HINTS_ONLY = "sample, superseded: a hint in messages, never used in figures"
OCCASIONS = {
    Occasion.ALWAYS: "",
    Occasion.ORDERS: "with orders",
    Occasion.DEBT: "with debts",
    Occasion.ISOLATED: "isolated positions",
    Occasion.HEDGE_MODE: "in hedge mode",
}


class RuleRow(Struct, frozen=True):
    """A rule of a rule set; ``applies`` names the mode that has its own, empty = all."""

    name: str
    value: str
    applies: str
    origin: Origin


def render_rule_set(rule_set: RuleSet, today: date, options: Options) -> str:
    """Head, modes, rules, haircuts, contracts, liquidation, then what figures rest on and what is not known."""
    show = shower(options)
    width = options.width or PROSE
    parts: list[list[Block]] = [
        _head(rule_set, today, options),
        section("Modes", [row for mode in rule_set.modes for row in _mode(mode, rule_set, width, show)]),
        [_rules(rule_set, options)],
        *(_haircuts(mode, options) for mode in rule_set.modes),
        _contracts(rule_set, options),
        section("Liquidation and fees", labelled(_liquidation(rule_set, options), width)),
        texts_below("Not offered", (one.message for one in rule_set.not_offered), width, show),
        texts_below("Figures rest on", _assumptions(rule_set), width, show),
        texts_below("Not known", rule_set.unknown, width, show),
        section("Sources", labelled([(show(one.id), show(one.text)) for one in rule_set.sources], width)),
    ]
    return draw(spaced(parts), options)


def _head(rule_set: RuleSet, today: date, options: Options) -> list[Block]:
    show = shower(options)
    dated = f"rules of {rule_set.as_of}" if rule_set.as_of else "conventions without a date"
    rows: list[Block] = [
        ((show(rule_set.name), "bold"), (f"  {show(rule_set.title)}", "")),
        ((f"{dated}, ", "dim"), (rule_set.status.value, STATUS_STYLES[rule_set.status.value])),
    ]
    if is_stale(rule_set.as_of, today):
        old = f"{age(rule_set.as_of, today)} days old, more than {STALE_DAYS}: compare with the venue's pages, or "
        text = f"{old}bring it up to date (`marginctl venue refresh --help`)"
        rows += paragraph(text, options.width, style="yellow")
    return rows


def _mode(mode: Mode, rule_set: RuleSet, width: int, show: Show) -> list[Line]:
    status = mode.status.value
    default = ", the default" if mode is rule_set.modes[0] and len(rule_set.modes) > 1 else ""
    name = f"{INDENT}{mode.collateral_mode.value}"
    head: Line = ((name, "cyan"), (default, ""), ("  ", ""), (status, STATUS_STYLES[status]))
    offers = [
        "isolated positions" if mode.offers_isolated else "no isolated positions",
        "hedge mode" if mode.offers_hedge else "no hedge mode",
    ]
    texts = [", ".join(offers), *_collateral_texts(mode.collateral)]
    return [head, *(row for text in texts for row in paragraph(show(text), width, lead=line(INDENT * 2)))]


def _collateral_texts(collateral: Collateral) -> list[str]:
    hint = f" ({collateral.loan_rate_hint})" if collateral.loan_rate_hint else ""
    loan = f"the portfolio states it{hint}" if collateral.loan_rate is None else percent(collateral.loan_rate)
    texts = [_unlisted(collateral), f"maintenance margin on debts: {loan}"]
    if collateral.ask_buffer:
        texts.append("debts and requirements in an asset count 1 + its haircut")
    return texts


def _unlisted(collateral: Collateral) -> str:
    if collateral.unlisted is Unlisted.UNUSED:
        return "haircuts do not count"
    reason = f" ({collateral.refusal_help})" if collateral.refusal_help else ""
    text = {
        Unlisted.REQUIRED: "the portfolio states the haircut",
        Unlisted.REFUSED: f"no collateral here{reason}",
        Unlisted.STABLE_ZERO: "haircut 0 on the account's currency and stablecoins, else the portfolio states it",
    }[collateral.unlisted]
    return f"{'assets not listed below' if collateral.assets else 'assets'}: {text}"


def rule_rows(rule_set: RuleSet) -> list[RuleRow]:
    """Every rule of the default mode, each followed by what differs in another mode or for isolated positions."""
    return [row for name in RULE_KINDS for row in _rows_of(rule_set, name)]


def _rows_of(rule_set: RuleSet, name: str) -> list[RuleRow]:
    first, *others = [
        RuleRow(name, _value(mode, name), mode.collateral_mode.value, mode.origins.get(name, Origin()))
        for mode in rule_set.modes
    ]
    rows = [RuleRow(name, first.value, "", first.origin)]
    rows += [row for row in others if (row.value, row.origin) != (first.value, first.origin)]
    isolated = rule_set.modes[0].isolated_rules
    if isolated is not None and _word(getattr(isolated, name)) != first.value:
        rows.append(RuleRow(name, _word(getattr(isolated, name)), "isolated", Origin()))
    return rows


def _value(mode: Mode, name: str) -> str:
    return _word(getattr(mode.rules, name))


def _word(value: Any) -> str:
    if value is None:
        return "none"
    return value.value if isinstance(value, Enum) else plain(value)


def _rules(rule_set: RuleSet, options: Options) -> Grid:
    show = shower(options)
    rows = rule_rows(rule_set)
    columns = (
        Column(
            title="rule",
            cells=[f"{row.name} ({row.applies})" if row.applies else row.name for row in rows],
            right=False,
        ),
        Column(title="value", cells=[row.value for row in rows], right=False),
        *_origin_columns([row.origin for row in rows], show, dates=False),
    )
    meaning = Column(title="meaning", cells=[RULE_KINDS[row.name][1] for row in rows], right=False, priority=9)
    return Grid("Rules", "", with_text(columns, meaning, options.width))


def _origin_columns(origins: Sequence[Origin], show: Show, *, dates: bool) -> tuple[Column, ...]:
    columns = (
        Column(title="as of", cells=[one.as_of or "" for one in origins], right=False, priority=5),
        Column(title="trust", cells=[one.trust.value if one.trust else "" for one in origins], right=False, priority=3),
        Column(title="source", cells=[show(one.source or "") for one in origins], right=False, priority=4),
    )
    return columns if dates else columns[1:]


def _haircuts(mode: Mode, options: Options) -> list[Block]:
    """The published haircuts, one row to a tier; what holds for all of them stands in the first row of an asset."""
    show = shower(options)
    known = mode.collateral.assets
    rows = [(asset, terms, k) for asset, terms in known.items() for k in range(len(terms.haircuts))]
    if not rows:
        return []

    def once(texts: Iterable[str]) -> list[str]:
        return [text if k == 0 else "" for text, (_, _, k) in zip(texts, rows, strict=True)]

    tiers = [terms.haircuts[k] for _, terms, k in rows]
    columns = (
        Column(title="asset", cells=once(show(asset) for asset, _, _ in rows), right=False),
        Column(title="up to", unit="units", cells=[_amount(tier.up_to) for tier in tiers], priority=1),
        Column(title="haircut", cells=[percent(tier.haircut) for tier in tiers]),
        _optional("opening", once(_rate(terms.initial_haircut) for _, terms, _ in rows)),
        _optional("debt counts", once(_times(terms.liability_factor) for _, terms, _ in rows)),
        _optional("margin counts", once(_times(terms.requirement_factor) for _, terms, _ in rows)),
        _optional("loan rate", once(_rate(terms.loan_rate) for _, terms, _ in rows)),
        *(
            Column(title=one.title, cells=once(one.cells), right=False, priority=one.priority, styles=_faint(rows))
            for one in _origin_columns([terms.origin for _, terms, _ in rows], show, dates=True)
        ),
    )
    hints = any(not terms.origin.enters_figures for _, terms, _ in rows)
    note = paragraph(HINTS_ONLY, options.width, lead=line(INDENT), style="dim") if hints else []
    return [Grid(f"Haircuts, {mode.collateral_mode.value}", "", columns), *note]


def _faint(rows: Sequence[tuple[str, PublishedTerms, int]]) -> list[str]:
    return ["" if terms.origin.enters_figures else "dim" for _, terms, _ in rows]


def _optional(title: str, cells: list[str]) -> Column:
    return Column(title=title, cells=cells, priority=2)


def _rate(rate: Decimal | None) -> str:
    return "" if rate is None else percent(rate)


def _times(factor: Decimal | None) -> str:
    return "" if factor is None else f"x {exactly(factor)}"


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else exactly(amount)


def _contracts(rule_set: RuleSet, options: Options) -> list[Block]:
    groups = rule_set.groups
    show = shower(options)
    statuses = [group.status.value for group in groups]
    columns = (
        Column(title="type", cells=[group.type.value for group in groups], right=False),
        Column(title="contracts", cells=[_count(group) for group in groups]),
        Column(title="size", cells=[_sizes(group) for group in groups], right=False, priority=2),
        Column(title="tiers by", cells=[group.tiers_by.value for group in groups], right=False, priority=3),
        Column(title="deduction", cells=[group.deduction.value for group in groups], right=False, priority=4),
        Column(title="as of", cells=[group.as_of or "" for group in groups], right=False, priority=1),
        Column(
            title="status", cells=statuses, right=False, priority=1, styles=[STATUS_STYLES[one] for one in statuses]
        ),
        Column(title="source", cells=[show(group.source or "") for group in groups], right=False, priority=5),
    )
    symbols = rule_set.symbols()
    if not symbols:
        return [Grid("Contracts", "", columns)]
    hint = (
        f"`marginctl venue {show(rule_set.name)} --symbol {show(_example(rule_set, symbols))}` shows a contract's tiers"
    )
    return [Grid("Contracts", "", columns), *paragraph(hint, options.width, lead=line(INDENT), style="dim")]


def _example(rule_set: RuleSet, symbols: Sequence[str]) -> str:
    """A symbol that readers will know, with tiers to show: a short one of BTC where there is one."""
    known = sorted((symbol for symbol in symbols if symbol.startswith("BTC")), key=len)
    with_tiers = (symbol for symbol in known if (contract := rule_set.contract(symbol)) and contract.tiers)
    return next(with_tiers, known[0] if known else symbols[0])


def _count(group: ContractGroup) -> str:
    return "any" if group.splits_symbols else f"{len(list(group.symbols())):,}"


def _sizes(group: ContractGroup) -> str:
    general = "" if group.contract_size is None else exactly(group.contract_size)
    special = [f"{base} {exactly(size)}" for base, size in group.sizes_by_base.items()]
    return ", ".join(filter(None, [general, *special]))


def _liquidation(rule_set: RuleSet, options: Options) -> list[tuple[str, str]]:
    rules, show = rule_set.liquidation, shower(options)
    arrow = f" {glyphs(options).arrow} "
    hint = f" ({show(rule_set.taker_fee_hint)})" if rule_set.taker_fee_hint else ""
    fee = rule_set.modes[0].taker_fee
    interval = rule_set.published_funding_interval
    facts = [
        ("sequence", arrow.join(step.value for step in rules.steps) or "not known"),
        ("order", f"{rules.order.value} (of several positions)"),
        ("fee", f"{percent(rules.fee)} of what is liquidated" if rules.fee is not None else "not known"),
        ("taker fee", percent(fee) if fee is not None else f"the portfolio states it where a rule needs it{hint}"),
        ("funding", f"every {exactly(interval)} h" if interval else "interval not known, or different by contract"),
    ]
    if rules.take_over_level is not None:
        facts.insert(2, ("take-over", f"below {exactly(rules.take_over_level)} x maintenance margin"))
    said = ", ".join(filter(None, [rules.origin.note, show(rules.origin.source or "")]))
    return [*facts, ("trust", said)] if said else facts


def _assumptions(rule_set: RuleSet) -> list[str]:
    texts = [_note(note, "") for note in rule_set.notes]
    texts += [_note(note, mode.collateral_mode.value) for mode in rule_set.modes for note in mode.notes]
    texts += [text for group in rule_set.groups for text in (group.assumption, group.size_assumption) if text]
    return list(dict.fromkeys(texts))


def _note(note: Assumption, mode: str) -> str:
    """``multi-asset, with orders: ...``."""
    when = ", ".join(filter(None, [mode, OCCASIONS[note.when]]))
    return f"{when}: {note.text}" if when else note.text
