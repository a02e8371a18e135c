"""One rule set on the screen: every rule with its value, trust and source, and the margin table of a contract."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from msgspec import Struct

from marginctl.core.contract import ContractType, TiersBy
from marginctl.core.exact import CONTEXT, ZERO, Direction, rounded
from marginctl.document.venue_shape import RULE_KINDS
from marginctl.render.catalogue import (
    PROSE,
    STALE_DAYS,
    STATUS_STYLES,
    age,
    contracts_text,
    is_stale,
    labelled,
    with_text,
)
from marginctl.render.document import Options
from marginctl.render.layout import Column
from marginctl.render.numbers import HUNDRED, aligned, exactly, plain
from marginctl.render.screen import INDENT, Block, Grid, Line, Show, draw, glyphs, line, paragraph, shower
from marginctl.venues.collateral import Collateral, PublishedTerms, Unlisted
from marginctl.venues.contracts import ContractGroup, Listing
from marginctl.venues.origin import Origin
from marginctl.venues.rule_set import Mode, RuleSet

LEAST_PLACES = 4
HINTS_ONLY = "sample, superseded: a hint in messages, never used in figures"
OCCASIONS = {
    "always": "",
    "orders": "with orders: ",
    "debt": "with debts: ",
    "isolated": "isolated positions: ",
    "hedge-mode": "in hedge mode: ",
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
        _section("Modes", [row for mode in rule_set.modes for row in _mode(mode, rule_set, width, show)]),
        [_rules(rule_set, options)],
        *([grid] for mode in rule_set.modes if (grid := _haircuts(mode, show)) is not None),
        _contracts(rule_set, options),
        _section("Liquidation and fees", labelled(_liquidation(rule_set, options), width)),
        _listed("Not offered", (one.message for one in rule_set.not_offered), width, show),
        _listed("Figures rest on", _assumptions(rule_set), width, show),
        _listed("Not known", rule_set.unknown, width, show),
        _section("Sources", labelled([(show(one.id), show(one.text)) for one in rule_set.sources], width)),
    ]
    return draw(spaced(parts), options)


def spaced(parts: Iterable[list[Block]]) -> list[Block]:
    """The parts that have something to say, an empty line between them."""
    blocks: list[Block] = []
    for part in filter(None, parts):
        blocks += ([line()] if blocks else []) + part
    return blocks


def _section(title: str, rows: Sequence[Line]) -> list[Block]:
    return [line(title, "bold"), *rows] if rows else []


def _listed(title: str, texts: Iterable[str], width: int, show: Show) -> list[Block]:
    rows = [row for text in texts for row in paragraph(show(text), width, lead=line(f"{INDENT}- "))]
    return _section(title, rows)


def _head(rule_set: RuleSet, today: date, options: Options) -> list[Block]:
    show = shower(options)
    dated = f"rules of {rule_set.as_of}" if rule_set.as_of else "conventions without a date"
    rows: list[Block] = [
        ((show(rule_set.name), "bold"), (f"  {show(rule_set.title)}", "")),
        ((f"{dated}, ", "dim"), (rule_set.status.value, STATUS_STYLES[rule_set.status.value])),
    ]
    if is_stale(rule_set.as_of, today):
        text = f"{age(rule_set.as_of, today)} days old, more than {STALE_DAYS}: compare with the venue's pages, or bring "
        rows += paragraph(f"{text}it up to date with `marginctl venue refresh`", options.width, style="yellow")
    return rows


def _mode(mode: Mode, rule_set: RuleSet, width: int, show: Show) -> list[Line]:
    status = mode.status.value
    default = ", the default" if mode is rule_set.modes[0] and len(rule_set.modes) > 1 else ""
    head: Line = ((f"{INDENT}{mode.collateral_mode.value}", "cyan"), (default, ""), ("  ", ""), (status, STATUS_STYLES[status]))
    offers = [
        "isolated positions" if mode.offers_isolated else "no isolated positions",
        "hedge mode" if mode.offers_hedge else "no hedge mode",
    ]
    texts = [", ".join(offers), *_collateral_texts(mode.collateral)]
    return [head, *(row for text in texts for row in paragraph(show(text), width, lead=line(INDENT * 2)))]


def _collateral_texts(collateral: Collateral) -> list[str]:
    listed = "assets not listed below: " if collateral.assets else "assets: "
    unlisted = {
        Unlisted.REQUIRED: f"{listed}the portfolio states the haircut",
        Unlisted.REFUSED: f"{listed}no collateral here" + (f" ({collateral.refusal_help})" if collateral.refusal_help else ""),
        Unlisted.STABLE_ZERO: f"{listed}haircut 0 on the account's currency and stablecoins, else the portfolio states it",
        Unlisted.UNUSED: "haircuts do not count",
    }
    hint = f" ({collateral.loan_rate_hint})" if collateral.loan_rate_hint else ""
    loan = f"the portfolio states it{hint}" if collateral.loan_rate is None else _percent(collateral.loan_rate)
    texts = [unlisted[collateral.unlisted], f"maintenance margin on debts: {loan}"]
    if collateral.ask_buffer:
        texts.append("debts and requirements in an asset count 1 + its haircut")
    return texts


def rule_rows(rule_set: RuleSet) -> list[RuleRow]:
    """Every rule of the default mode, each followed by what differs in another mode or for isolated positions."""
    rows = []
    first = rule_set.modes[0]
    for name in RULE_KINDS:
        value, origin = _value(first, name), first.origins.get(name, Origin())
        rows.append(RuleRow(name, value, "", origin))
        for mode in rule_set.modes[1:]:
            if (_value(mode, name), mode.origins.get(name, Origin())) != (value, origin):
                rows.append(RuleRow(name, _value(mode, name), mode.collateral_mode.value, mode.origins.get(name, Origin())))
        if first.isolated_rules is not None:
            isolated = _word(getattr(first.isolated_rules, name))
            if isolated != value:
                rows.append(RuleRow(name, isolated, "isolated", Origin()))
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
        Column(title="rule", cells=[row.name for row in rows], right=False),
        Column(title="for", cells=[row.applies for row in rows], right=False),
        Column(title="value", cells=[row.value for row in rows], right=False),
        *_origin_columns([row.origin for row in rows], show, dates=False),
    )
    meaning = Column(title="meaning", cells=[RULE_KINDS[row.name][1] for row in rows], right=False)
    return Grid("Rules", "", with_text(columns, meaning, options.width))


def _origin_columns(origins: Sequence[Origin], show: Show, *, dates: bool) -> tuple[Column, ...]:
    columns = (
        Column(title="as of", cells=[one.as_of or "" for one in origins], right=False, priority=5),
        Column(title="trust", cells=[one.trust.value if one.trust else "" for one in origins], right=False, priority=3),
        Column(title="source", cells=[show(one.source or "") for one in origins], right=False, priority=4),
    )
    return columns if dates else columns[1:]


def _haircuts(mode: Mode, show: Show) -> Grid | None:
    """The published haircuts, one row to a tier; amounts and asset stand in the first row of each."""
    known = mode.collateral.assets
    rows = [(asset, terms, k) for asset, terms in known.items() for k in range(len(terms.haircuts))]
    if not rows:
        return None

    def once(texts: Iterable[str]) -> list[str]:
        return [text if k == 0 else "" for text, (_, _, k) in zip(texts, rows, strict=True)]

    tiers = [terms.haircuts[k] for _, terms, k in rows]
    columns = (
        Column(title="asset", cells=once(show(asset) for asset, _, _ in rows), right=False),
        Column(title="up to", unit="units", cells=[_amount(tier.up_to) for tier in tiers], priority=1),
        Column(title="haircut", cells=[_percent(tier.haircut) for tier in tiers]),
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
    return Grid(f"Haircuts, {mode.collateral_mode.value}", HINTS_ONLY if hints else "", columns)


def _faint(rows: Sequence[tuple[str, PublishedTerms, int]]) -> list[str]:
    return ["" if terms.origin.enters_figures else "dim" for _, terms, _ in rows]


def _optional(title: str, cells: list[str]) -> Column:
    return Column(title=title, cells=cells, priority=2)


def _percent(rate: Decimal) -> str:
    return f"{_figure(rate)}%"


def _rate(rate: Decimal | None) -> str:
    return "" if rate is None else _percent(rate)


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
    hint = f"`marginctl venue {show(rule_set.name)} --symbol {show(_example(symbols))}` shows a contract's tiers"
    rows = paragraph(hint, options.width, lead=line(INDENT), style="dim") if symbols else []
    return [Grid("Contracts", contracts_text(rule_set) if len(groups) > 1 else "", columns), *rows]


def _example(symbols: Sequence[str]) -> str:
    """A symbol that readers will know: one of BTC where there is one."""
    return next((symbol for symbol in symbols if symbol.startswith("BTC")), symbols[0])


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
        ("order", f"of several positions: {rules.order.value}"),
        ("fee", f"{_percent(rules.fee)} of what is liquidated" if rules.fee is not None else "not known"),
        ("taker fee", _percent(fee) if fee is not None else f"the portfolio states it where a rule needs it{hint}"),
        ("funding", f"every {exactly(interval)} h" if interval else "its interval is not known, or differs by contract"),
    ]
    if rules.take_over_level is not None:
        facts.insert(2, ("take-over", f"below {exactly(rules.take_over_level)} x maintenance margin"))
    said = ", ".join(filter(None, [rules.origin.note, show(rules.origin.source or "")]))
    return [*facts, ("trust", said)] if said else facts


def _assumptions(rule_set: RuleSet) -> list[str]:
    notes = [(OCCASIONS[note.when.value], note.text) for note in rule_set.notes]
    for mode in rule_set.modes:
        notes += [(f"{mode.collateral_mode.value}, {OCCASIONS[note.when.value]}".strip(), note.text) for note in mode.notes]
    texts = [(occasion.rstrip(", ") + (" " if occasion.strip() else "") + text).lstrip() for occasion, text in notes]
    groups = [text for group in rule_set.groups for text in (group.assumption, group.size_assumption) if text]
    return list(dict.fromkeys([*texts, *groups]))


def render_contract(rule_set: RuleSet, listing: Listing, options: Options) -> str:
    """A contract's terms and its margin table, floors and deductions included."""
    show = shower(options)
    contract, width = listing.contract, options.width or PROSE
    unit = contract.base if contract.type is ContractType.LINEAR else contract.quote
    by = "number of contracts" if contract.tiers_by is TiersBy.QUANTITY else f"notional in {contract.settle}"
    source = next((one.text for one in rule_set.sources if one.id == listing.source), "")
    facts = [
        ("contract", f"{contract.type.value}, {exactly(contract.contract_size)} {unit} each, settled in {contract.settle}"),
        ("tiers", f"by {by}" if listing.leverage_caps or contract.tiers else "none: a position states its own rates"),
        ("as of", f"{listing.as_of or rule_set.as_of or 'no date'}, {listing.status.value}"),
        ("source", source),
    ]
    head: list[Block] = [((show(contract.symbol), "bold"), (f"  {show(rule_set.name)}", "dim"))]
    head += labelled([(label, show(text)) for label, text in facts if text], width)
    notes = _listed("Figures rest on", listing.assumptions, width, show)
    return draw(spaced([head, _tiers(listing, options), notes]), options)


def _tiers(listing: Listing, options: Options) -> list[Block]:
    contract = listing.contract
    if not contract.tiers:
        return _caps(listing)
    floors = [ZERO, *(tier.up_to for tier in contract.tiers[:-1] if tier.up_to is not None)]
    unit = "contracts" if contract.tiers_by is TiersBy.QUANTITY else contract.settle
    caps = {cap.up_to: cap.max_leverage for cap in listing.leverage_caps}
    tiers = contract.tiers
    columns = (
        Column(title="tier", cells=[str(k) for k in range(1, len(tiers) + 1)]),
        Column(title="above", unit=unit, cells=aligned([exactly(floor) for floor in floors]), priority=4),
        Column(title="up to", unit=unit, cells=_limits([tier.up_to for tier in tiers])),
        Column(title="maint.", unit="%", cells=aligned([_figure(tier.maintenance_rate) for tier in tiers])),
        Column(title="deduction", unit=contract.settle, cells=_deductions(listing), priority=1),
        Column(title="initial", unit="%", cells=aligned([_least(tier.initial_rate) for tier in tiers]), priority=3),
        Column(title="leverage", unit="x", cells=_leverages([caps.get(tier.up_to) for tier in tiers]), priority=2),
    )
    formula = "maintenance margin = notional x rate - deduction, of the tier that the position is in"
    return [Grid("Tiers", "", columns), *paragraph(formula, options.width, lead=line(INDENT), style="dim")]


def _caps(listing: Listing) -> list[Block]:
    caps = listing.leverage_caps
    if not caps:
        return []
    columns = (
        Column(title="up to", unit=listing.contract.settle, cells=_limits([cap.up_to for cap in caps])),
        Column(title="leverage", unit="x", cells=_leverages([cap.max_leverage for cap in caps])),
    )
    return [Grid("Leverage", "no maintenance rates are published: a position states its own", columns)]


def _limits(borders: Sequence[Decimal | None]) -> list[str]:
    return aligned(["no limit" if border is None else exactly(border) for border in borders])


def _figure(rate: Decimal) -> str:
    """A rate in percent without the sign."""
    return exactly(CONTEXT.multiply(rate, HUNDRED))


def _least(rate: Decimal | None) -> str:
    """The lowest initial rate in percent; what has no end, such as 1/3, is rounded up."""
    return "" if rate is None else exactly(rounded(CONTEXT.multiply(rate, HUNDRED), LEAST_PLACES, Direction.UP))


def _deductions(listing: Listing) -> list[str]:
    """The deductions; none at all where every tier's rate counts on the whole position."""
    deductions = [tier.deduction for tier in listing.contract.tiers]
    return aligned([exactly(one) for one in deductions]) if any(deductions) else [""] * len(deductions)


def _leverages(leverages: Sequence[Decimal | None]) -> list[str]:
    return aligned(["" if one is None else exactly(one) for one in leverages])

