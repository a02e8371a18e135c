"""One rule set: every rule with its value, trust and source, haircuts, contracts, what is unknown; one contract."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec import Struct

from marginctl.core.contract import ContractType, TiersBy
from marginctl.core.exact import Direction, rounded
from marginctl.render import Options
from marginctl.render.page import (
    Block,
    Column,
    ColumnKind,
    DataTable,
    Facts,
    Items,
    Page,
    Section,
    Sentence,
    Span,
    Tone,
    dim,
    numbers,
    page,
    pointed,
    section,
    texts,
)
from marginctl.render.pages.catalogue import (
    STALE_DAYS,
    STATUS_TONES,
    bullets,
    count_text,
    is_stale,
    status_column,
)
from marginctl.render.pages.model import venue_model
from marginctl.venues.catalogue import ContractResult, RuleSetEntry, RuleSetResult
from marginctl.venues.collateral import Collateral, PublishedTerms, Unlisted
from marginctl.venues.contracts import ContractGroup, Listing
from marginctl.venues.format import SWITCHES, Assumption, Occasion
from marginctl.venues.origin import Origin
from marginctl.venues.rule_set import Mode, RuleSet
from marginctl.wording import exact_percent, exactly, plain

HINTS_ONLY = "sample, superseded: a hint in messages, never used in figures"
OCCASIONS = {
    Occasion.ALWAYS: "",
    Occasion.ORDERS: "with orders",
    Occasion.DEBT: "with debts",
    Occasion.ISOLATED: "isolated positions",
    Occasion.BONUS: "with a bonus",
    Occasion.HEDGE_MODE: "in hedge mode",
    Occasion.BONUS: "with a bonus",
}
LEAST_PLACES = 6
"""Decimals of a lowest initial rate, which may have no end: 1 / 3."""


class RuleRow(Struct, frozen=True):
    """A rule of a rule set; ``applies`` names the mode that has its own, empty = all."""

    name: str
    value: str
    applies: str
    origin: Origin


def venue_page(result: RuleSetResult, _: Options) -> Page:
    """Head, modes, rules, haircuts, contracts, liquidation, then what figures rest on and what is not known."""
    rule_set = result.rule_set
    modes = [block for mode in rule_set.modes for block in _mode(mode, rule_set)]
    sources = tuple((one.id, one.text) for one in rule_set.sources)
    return page(
        [
            _head(result.entry),
            section("Modes", *modes, is_prose=True),
            _rules(rule_set),
            *(_haircuts(mode) for mode in rule_set.modes),
            *(venue_model(mode.portfolio_margin) for mode in rule_set.modes),
            _contracts(result),
            _rates_of_all(rule_set),
            section("Liquidation and fees", Facts(rows=tuple(_liquidation(rule_set)))),
            bullets("Not offered", (one.message for one in rule_set.not_offered)),
            bullets("Figures rest on", _assumptions(rule_set)),
            bullets("Not known", rule_set.unknown),
            section("Sources", Facts(rows=sources)) if sources else None,
        ]
    )


def _head(entry: RuleSetEntry) -> Section:
    rule_set = entry.rule_set
    dated = f"rules of {rule_set.as_of}" if rule_set.as_of else "conventions without a date"
    status = rule_set.status.value
    blocks = [Sentence(text=status, tone=STATUS_TONES[status], lead=(Span(f"{dated}, ", Tone.DIM),))]
    if is_stale(entry):
        text = f"{entry.age_days} days old, more than {STALE_DAYS}: compare with the venue's pages, or "
        text += "bring it up to date (`marginctl venue refresh --help`)"
        blocks.append(Sentence(text=text, tone=Tone.WARN))
    note = Span(rule_set.title)
    return Section(heading=rule_set.name, note=note, blocks=tuple(blocks), is_title=True)


def _mode(mode: Mode, rule_set: RuleSet) -> Iterable[Block]:
    status = mode.status.value
    default = ", the default" if mode is rule_set.modes[0] and len(rule_set.modes) > 1 else ""
    lead = (Span(mode.collateral_mode.value, Tone.LABEL), Span(f"{default}  "))
    yield Sentence(text=status, tone=STATUS_TONES[status], lead=lead)
    offers = [
        "isolated positions" if mode.offers_isolated else "no isolated positions",
        "hedge mode" if mode.offers_hedge else "no hedge mode",
    ]
    if mode.portfolio_margin is not None:
        offers.append("portfolio margin (margin_model: scenario)")
    yield Items(texts=(", ".join(offers), *_collateral_texts(mode.collateral)), depth=1)


def _collateral_texts(collateral: Collateral) -> Iterable[str]:
    yield _unlisted(collateral)
    hint = f" ({collateral.loan_rate_hint})" if collateral.loan_rate_hint else ""
    loan = f"the portfolio states it{hint}" if collateral.loan_rate is None else _percent(collateral.loan_rate)
    yield f"maintenance margin on debts: {loan}"
    if collateral.ask_buffer:
        yield "debts and requirements in an asset count 1 + its haircut"


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


# Rules.


def rule_rows(rule_set: RuleSet) -> list[RuleRow]:
    """Every rule of the default mode, each followed by what differs in another mode or for isolated positions."""
    return [row for name in SWITCHES for row in _rows_of(rule_set, name)]


def _rows_of(rule_set: RuleSet, name: str) -> list[RuleRow]:
    first, *others = [
        RuleRow(name, _word(mode.stated[name].value), mode.collateral_mode.value, mode.stated[name].origin)
        for mode in rule_set.modes
    ]
    rows = [RuleRow(name, first.value, "", first.origin)]
    rows += [row for row in others if (row.value, row.origin) != (first.value, first.origin)]
    isolated = rule_set.modes[0].differing
    return [*rows, RuleRow(name, _word(isolated[name]), "isolated", Origin())] if name in isolated else rows


def _word(value: Decimal | str | None) -> str:
    if value is None:
        return "none"
    return plain(value) if isinstance(value, Decimal) else value


def _rules(rule_set: RuleSet) -> Section | None:
    rows = rule_rows(rule_set)
    columns = (
        texts("rule", [f"{row.name} ({row.applies})" if row.applies else row.name for row in rows]),
        texts("value", [row.value for row in rows]),
        *_origin_columns([row.origin for row in rows])[1:],
        Column(
            title="meaning",
            cells=[SWITCHES[row.name][1] for row in rows],
            kind=ColumnKind.PROSE,
            priority=9,
        ),
    )
    return section("Rules", DataTable(columns))


def _origin_columns(origins: Sequence[Origin], tones: Sequence[Tone] = ()) -> tuple[Column, ...]:
    return (
        texts("as of", [one.as_of or "" for one in origins], priority=5, tones=tones),
        texts("trust", [one.trust.value if one.trust else "" for one in origins], priority=3, tones=tones),
        texts("source", [one.source or "" for one in origins], priority=4, tones=tones),
    )


# Haircuts.


def _haircuts(mode: Mode) -> Section | None:
    """The published haircuts, one row to a tier; what holds for all of them stands in the first row of an asset."""
    known = mode.collateral.assets
    rows = [(asset, terms, k) for asset, terms in known.items() for k in range(len(terms.haircuts))]
    if not rows:
        return None
    tiers = [terms.haircuts[k] for _, terms, k in rows]
    faint = [Tone.PLAIN if terms.origin.enters_figures else Tone.DIM for _, terms, _ in rows]
    origins = [terms.origin if k == 0 else Origin() for _, terms, k in rows]
    columns = (
        texts("asset", [asset if k == 0 else "" for asset, _, k in rows]),
        numbers("up to", [_amount(tier.up_to) for tier in tiers], "units", priority=1),
        numbers("haircut", [_percent(tier.haircut) for tier in tiers]),
        *(numbers(name, cells, priority=2) for name, cells in _terms([(one, k) for _, one, k in rows])),
        *_origin_columns(origins, faint),
    )
    hints = dim(HINTS_ONLY) if Tone.DIM in faint else None
    return section(f"Haircuts, {mode.collateral_mode.value}", DataTable(columns), hints)


def _terms(rows: Sequence[tuple[PublishedTerms, int]]) -> Iterable[tuple[str, list[str]]]:
    """What else is published of an asset, in its first row."""
    yield "opening", [_rate(terms.initial_haircut) if k == 0 else "" for terms, k in rows]
    yield "debt counts", [_times(terms.liability_factor) if k == 0 else "" for terms, k in rows]
    yield "margin counts", [_times(terms.requirement_factor) if k == 0 else "" for terms, k in rows]
    yield "loan rate", [_rate(terms.loan_rate) if k == 0 else "" for terms, k in rows]


def _percent(rate: Decimal) -> str:
    return f"{exact_percent(rate)}%"


def _rate(rate: Decimal | None) -> str:
    return "" if rate is None else _percent(rate)


def _times(factor: Decimal | None) -> str:
    return "" if factor is None else f"x {exactly(factor)}"


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else exactly(amount)


# Contracts, liquidation, what figures rest on.


def _contracts(result: RuleSetResult) -> Section | None:
    rule_set, groups = result.rule_set, result.rule_set.groups
    columns = (
        texts("type", [group.type.value for group in groups]),
        numbers("contracts", [count_text(group.count) for group in groups]),
        texts("size", [_sizes(group) for group in groups], priority=2),
        texts("tiers by", [group.tiers_by.value for group in groups], priority=3),
        texts("deduction", [group.deduction.value for group in groups], priority=4),
        texts("as of", [group.as_of or "" for group in groups], priority=1),
        status_column([group.status.value for group in groups]),
        texts("source", [group.source or "" for group in groups], priority=5),
    )
    symbols = rule_set.symbols()
    if not symbols:
        return section("Contracts", DataTable(columns))
    call = f"`marginctl venue {rule_set.name} --symbol {_example(rule_set, symbols)}`"
    return section("Contracts", DataTable(columns), dim(f"{call} shows a contract's tiers"))


def _rates_of_all(rule_set: RuleSet) -> Section | None:
    """The rates of contracts that have these instead of tiers."""
    listings = [rule_set.listing(symbol) for group in rule_set.groups for symbol in group.rated_without_tiers()]
    rows = [(one.contract.symbol, *(text for _, text in _listed_rates(one))) for one in listings if one is not None]
    if not rows:
        return None
    symbols, initial, maintenance = zip(*rows, strict=True)
    columns = (texts("contract", symbols), texts("initial", initial), texts("maintenance", maintenance))
    return section("Rates without tiers", DataTable(columns))


def _example(rule_set: RuleSet, symbols: Sequence[str]) -> str:
    """A symbol that readers will know, with tiers to show: a short one of BTC where there is one."""
    known = sorted((symbol for symbol in symbols if symbol.startswith("BTC")), key=len)
    with_tiers = (symbol for symbol in known if (contract := rule_set.contract(symbol)) and contract.tiers)
    return next(with_tiers, known[0] if known else symbols[0])


def _sizes(group: ContractGroup) -> str:
    general = "" if group.contract_size is None else exactly(group.contract_size)
    special = [f"{base} {exactly(size)}" for base, size in group.sizes_by_base.items()]
    return ", ".join(filter(None, [general, *special]))


def _liquidation(rule_set: RuleSet) -> Iterable[tuple[str, str]]:
    rules, fee = rule_set.liquidation, rule_set.modes[0].taker_fee
    hint = f" ({rule_set.taker_fee_hint})" if rule_set.taker_fee_hint else ""
    interval = rule_set.published_funding_interval
    yield "sequence", " → ".join(step.value for step in rules.steps) or "not known"
    yield "order", f"{rules.order.value} (of several positions)"
    if rules.take_over_level is not None:
        yield "take-over", f"below {exactly(rules.take_over_level)} x maintenance margin"
    yield "fee", f"{_percent(rules.fee)} of what is liquidated" if rules.fee is not None else "not known"
    yield "taker fee", _percent(fee) if fee is not None else f"the portfolio states it where a rule needs it{hint}"
    yield "funding", f"every {exactly(interval)} h" if interval else "interval not known, or different by contract"
    said = ", ".join(filter(None, [rules.note, rules.source]))
    if said:
        yield "trust", said


def _assumptions(rule_set: RuleSet) -> list[str]:
    found = [_note(note, "") for note in rule_set.notes]
    found += [_note(note, mode.collateral_mode.value) for mode in rule_set.modes for note in mode.notes]
    found += [text for group in rule_set.groups for text in (group.assumption, group.size_assumption) if text]
    return list(dict.fromkeys(found))


def _note(note: Assumption, mode: str) -> str:
    """``multi-asset, with orders: ...``."""
    when = ", ".join(filter(None, [mode, OCCASIONS[note.when]]))
    return f"{when}: {note.text}" if when else note.text


# One contract.


def contract_page(result: ContractResult, _: Options) -> Page:
    """A contract's terms and its margin table, floors and deductions included."""
    rule_set, listing, contract = result.rule_set, result.listing, result.listing.contract
    unit = contract.base if contract.type is ContractType.LINEAR else contract.quote
    by = "number of contracts" if contract.tiers_by is TiersBy.QUANTITY else f"notional in {contract.settle}"
    source = next((one.text for one in rule_set.sources if one.id == listing.source), "")
    size = f"{exactly(contract.contract_size)} {unit}"
    tick = "" if contract.tick_size is None else f"{exactly(contract.tick_size)} {contract.quote} per {contract.base}"
    facts = (
        ("contract", f"{contract.type.value}, {size} each, settled in {contract.settle}"),
        ("tick size", tick),
        ("tiers", f"by {by}" if listing.leverage_caps or contract.tiers else _without_tiers(listing)),
        *_listed_rates(listing),
        ("as of", f"{result.as_of or 'no date'}, {listing.status.value}"),
        ("source", source),
    )
    terms = Facts(rows=tuple(fact for fact in facts if fact[1]))
    head = section(contract.symbol, terms, note=rule_set.name)
    return page([head, _tiers(result), bullets("Figures rest on", listing.assumptions)])


def _without_tiers(listing: Listing) -> str:
    return "none: a position states its own rates" if listing.rates is None else "none: the rates hold at any size"


def _listed_rates(listing: Listing) -> Iterable[tuple[str, str]]:
    """The rates of a contract without tiers: ``2% + 0.005% for every BTC``."""
    rates = listing.rates
    if rates is None:
        return
    pairs = (
        ("initial rate", rates.initial_rate, rates.initial_growth),
        ("maintenance rate", rates.maintenance_rate, rates.maintenance_growth),
    )
    for name, rate, growth in pairs:
        grows = f" + {_percent(growth)} for every {listing.contract.base}" if growth else ""
        yield name, "" if rate is None else _percent(rate) + grows


def _tiers(result: ContractResult) -> Section | None:
    listing, contract, rows = result.listing, result.listing.contract, result.tiers
    if not rows:
        return _caps(listing)
    tiers = contract.tiers
    unit = "contracts" if contract.tiers_by is TiersBy.QUANTITY else contract.settle
    columns = (
        numbers("tier", [str(row.tier) for row in rows]),
        pointed("above", [exactly(row.floor) for row in rows], unit, priority=4),
        pointed("up to", _borders([tier.up_to for tier in tiers]), unit),
        pointed("maint.", [exact_percent(tier.maintenance_rate) for tier in tiers], "%"),
        pointed("deduction", _deductions(listing), contract.settle, priority=1),
        pointed("initial", [_least(tier.initial_rate) for tier in tiers], "%", priority=3),
        pointed("leverage", [_amount(row.max_leverage) for row in rows], "x", priority=2),
    )
    cut = " - deduction" if any(tier.deduction for tier in tiers) else ""
    formula = f"maintenance margin = notional x rate{cut}, of the tier that the whole position is in"
    return section("Tiers", DataTable(columns), dim(formula))


def _caps(listing: Listing) -> Section | None:
    caps = listing.leverage_caps
    if not caps:
        return None
    columns = (
        pointed("up to", _borders([cap.up_to for cap in caps]), listing.contract.settle),
        pointed("leverage", [_amount(cap.max_leverage) for cap in caps], "x"),
    )
    return section("Leverage", DataTable(columns), note="no maintenance rates are published: a position states its own")


def _borders(borders: Sequence[Decimal | None]) -> list[str]:
    return ["no limit" if border is None else exactly(border) for border in borders]


def _least(rate: Decimal | None) -> str:
    """The lowest initial rate in percent; what has no end, such as 1/3, is rounded up."""
    return "" if rate is None else exact_percent(rounded(rate, LEAST_PLACES, Direction.UP))


def _deductions(listing: Listing) -> list[str]:
    """The deductions; none at all where every tier's rate counts on the whole position."""
    deductions = [tier.deduction for tier in listing.contract.tiers]
    return [exactly(one) for one in deductions] if any(deductions) else [""] * len(deductions)
