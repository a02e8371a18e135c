"""One contract of a rule set on the screen: its terms and its margin table."""

from collections.abc import Sequence
from decimal import Decimal

from marginctl.core.contract import ContractType, TiersBy
from marginctl.core.exact import ZERO, Direction, rounded
from marginctl.render.catalogue import PROSE, in_percent, labelled, spaced, texts_below
from marginctl.render.layout import Column
from marginctl.render.numbers import aligned, exactly
from marginctl.render.screen import INDENT, Block, Grid, draw, line, paragraph, shower
from marginctl.results import Options
from marginctl.venues.contracts import Listing
from marginctl.venues.rule_set import RuleSet

LEAST_PLACES = 6
"""Decimals of a lowest initial rate, which may have no end: 1 / 3."""


def render_contract(rule_set: RuleSet, listing: Listing, options: Options) -> str:
    """A contract's terms and its margin table, floors and deductions included."""
    show = shower(options)
    contract, width = listing.contract, options.width or PROSE
    unit = contract.base if contract.type is ContractType.LINEAR else contract.quote
    by = "number of contracts" if contract.tiers_by is TiersBy.QUANTITY else f"notional in {contract.settle}"
    source = next((one.text for one in rule_set.sources if one.id == listing.source), "")
    size = f"{exactly(contract.contract_size)} {unit}"
    tick = "" if contract.tick_size is None else f"{exactly(contract.tick_size)} {contract.quote} per {contract.base}"
    facts = [
        ("contract", f"{contract.type.value}, {size} each, settled in {contract.settle}"),
        ("tick size", tick),
        ("tiers", f"by {by}" if listing.leverage_caps or contract.tiers else "none: a position states its own rates"),
        ("as of", f"{listing.as_of or rule_set.as_of or 'no date'}, {listing.status.value}"),
        ("source", source),
    ]
    head: list[Block] = [((show(contract.symbol), "bold"), (f"  {show(rule_set.name)}", "dim"))]
    head += labelled([(label, show(text)) for label, text in facts if text], width)
    notes = texts_below("Figures rest on", listing.assumptions, width, show)
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
        Column(title="maint.", unit="%", cells=aligned([in_percent(tier.maintenance_rate) for tier in tiers])),
        Column(title="deduction", unit=contract.settle, cells=_deductions(listing), priority=1),
        Column(title="initial", unit="%", cells=aligned([_least(tier.initial_rate) for tier in tiers]), priority=3),
        Column(title="leverage", unit="x", cells=_leverages([caps.get(tier.up_to) for tier in tiers]), priority=2),
    )
    cut = " - deduction" if any(tier.deduction for tier in tiers) else ""
    formula = f"maintenance margin = notional x rate{cut}, of the tier that the whole position is in"
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


def _least(rate: Decimal | None) -> str:
    """The lowest initial rate in percent; what has no end, such as 1/3, is rounded up."""
    return "" if rate is None else in_percent(rounded(rate, LEAST_PLACES, Direction.UP))


def _deductions(listing: Listing) -> list[str]:
    """The deductions; none at all where every tier's rate counts on the whole position."""
    deductions = [tier.deduction for tier in listing.contract.tiers]
    return aligned([exactly(one) for one in deductions]) if any(deductions) else [""] * len(deductions)


def _leverages(leverages: Sequence[Decimal | None]) -> list[str]:
    return aligned(["" if one is None else exactly(one) for one in leverages])
