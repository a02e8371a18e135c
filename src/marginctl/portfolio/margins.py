"""What a position's margins are held against: the end of its tier table, the tier's leverage, the venue's own table."""

from decimal import Decimal
from typing import TYPE_CHECKING

from marginctl.core.account import Order, Position, Rules
from marginctl.core.contract import Contract, ContractType, Tier, TiersBy
from marginctl.core.exact import ONE, ZERO, sign
from marginctl.core.requirement import initial_rate, leg
from marginctl.core.value import basis_value, notional
from marginctl.document.record import Record
from marginctl.document.source import echo
from marginctl.portfolio.format import PositionEntry
from marginctl.portfolio.prices import Prices
from marginctl.portfolio.reading import Reading, brief, percent, short

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.venues.rule_set import RuleSet


def check_margins(
    reading: Reading, draft: PositionEntry, position: Position, prices: Prices, rule_set: "RuleSet", rules: Rules
) -> None:
    """Beyond the last tier: a problem. Leverage above the tier's, maintenance above initial, kinder terms: facts.

    ``rules`` are those of the position's pool: they say which price the initial margin is taken on.
    """
    if not position.has_rates:
        return
    contract = position.contract
    value = notional(position, prices.used)
    units = value / prices.used[contract.settle]
    needs_tier = position.maintenance_rate is None or _has_no_initial(position)
    if contract.tiers and needs_tier and beyond_last_tier(contract, units, position.quantity):
        missing = ["`maintenance_rate: ...`"] if position.maintenance_rate is None else []
        missing += ["`leverage: ...`"] if _has_no_initial(position) else []
        refuse_beyond(reading, draft, contract, f"the position in {echo(contract.symbol)}", " and ".join(missing))
        return
    tier = _tier(contract, units, position.quantity)
    initial = initial_rate(position, rules, prices.used)
    _observe_leverage(reading, draft, position, tier)
    if tier is None:
        _observe_cap(reading, draft, position, units, rule_set)
    _observe_order_of_rates(reading, draft, position, tier, initial)
    _observe_no_maintenance(reading, draft, position, prices, rules)
    published = rule_set.contract(contract.symbol)
    if published is not None and published.tiers:
        at_basis = basis_value(position, rules.initial_basis, prices.used) / prices.used[contract.settle]
        opening = _tier(published, at_basis, position.quantity)
        _observe_kinder(reading, draft, position, published, units, rule_set.name)
        _observe_kinder_initial(reading, draft, position, opening, initial, rule_set.name)


def beyond_last_tier(contract: Contract, notional: Decimal, quantity: Decimal) -> bool:
    """Whether a size (notional in the settle asset) lies beyond the contract's last tier."""
    return contract.tier_index(notional, quantity) == len(contract.tiers)


def refuse_beyond(reading: Reading, draft: Record, contract: Contract, what: str, todo: str) -> None:
    """Nothing is known beyond the last tier: a problem. ``todo`` is what the row may state instead."""
    last = contract.tiers[-1].up_to or ZERO
    by_notional = contract.tiers_by is TiersBy.NOTIONAL
    end = f"notional of {last:f} {short(contract.settle)}" if by_notional else f"quantity of {last:f}"
    table = f"`contracts: {{{short(contract.symbol)}: {{tiers: [...]}}}}`"
    reading.refuse(
        draft.node,
        "MC025",
        f"{what} is beyond the last tier of the contract, which ends at a {end}",
        f"add {todo}, or give the tiers up to its size: {table}",
    )


def _has_no_initial(position: Position) -> bool:
    return position.initial_rate is None and position.leverage is None and position.initial_margin is None


def _tier(contract: Contract, units: Decimal, quantity: Decimal) -> Tier | None:
    """The tier of a size, the last one beyond it; None without tiers."""
    if not contract.tiers:
        return None
    return contract.tiers[min(contract.tier_index(units, quantity), len(contract.tiers) - 1)]


def _observe_leverage(reading: Reading, draft: PositionEntry, position: Position, tier: Tier | None) -> None:
    if position.leverage is not None and position.leverage < ONE:
        message = f"leverage {position.leverage:f} of {short(position.key)} is below 1: more margin than its notional"
        reading.observe("MC206", position.key, message, draft.at(PositionEntry.leverage), position.leverage, ONE)
    if tier is None or not tier.initial_rate or position.leverage is None:
        return
    if position.leverage * tier.initial_rate > ONE:
        most = ONE / tier.initial_rate
        reading.observe(
            "MC206",
            position.key,
            f"leverage {position.leverage:f} of {short(position.key)}: its tier allows {brief(most)}, which is used",
            draft.at(PositionEntry.leverage),
            position.leverage,
            most,
        )


def _observe_cap(
    reading: Reading, draft: PositionEntry, position: Position, units: Decimal, rule_set: "RuleSet"
) -> None:
    """Leverage above what a venue allows that publishes this alone, without maintenance rates."""
    listing = rule_set.listing(position.contract.symbol)
    if listing is None or position.leverage is None:
        return
    caps = (cap.max_leverage for cap in listing.leverage_caps if cap.up_to is None or units <= cap.up_to)
    most = next(caps, None)
    if most is not None and position.leverage > most:
        message = (
            f"leverage {position.leverage:f} of {short(position.key)}: {rule_set.name} allows {brief(most)} at its size"
        )
        reading.observe("MC206", position.key, message, draft.at(PositionEntry.leverage), position.leverage, most)


def _observe_order_of_rates(
    reading: Reading, draft: PositionEntry, position: Position, tier: Tier | None, initial: Decimal
) -> None:
    maintenance = position.maintenance_rate
    if maintenance is None and tier is not None:
        maintenance = tier.maintenance_rate
    if maintenance is not None and maintenance > initial:
        reading.observe(
            "MC207",
            position.key,
            f"the maintenance rate of {short(position.key)} is {percent(maintenance)}, "
            f"above its initial rate of {percent(initial)}",
            draft.at(PositionEntry.maintenance_rate),
            maintenance,
            initial,
        )


def _observe_no_maintenance(
    reading: Reading, draft: PositionEntry, position: Position, prices: Prices, rules: Rules
) -> None:
    """A maintenance margin of 0, the fee to close included, on a position that is worth something."""
    if sum((term.at({}) for term in leg(position, rules, prices.used, ONE).maintenance), ZERO) > 0:
        return
    message = f"{short(position.key)} has a maintenance margin of 0: nothing liquidates it"
    reading.observe("MC212", position.key, message, _maintenance_place(draft), ZERO)


def observe_fraction(reading: Reading, place: "Node", subject: str, held: Position | Order) -> None:
    """A quantity that is no multiple of the contract's lot may be meant in coins: a fact that says what it is."""
    contract, quantity, mark = held.contract, held.quantity, held.mark_price
    step = contract.step
    if step is None or quantity % step == 0:
        return
    name, base, quote = short(contract.symbol), short(contract.base), short(contract.quote)
    size, value = quantity * contract.contract_size, quantity * mark
    if contract.type is ContractType.LINEAR:
        made = f"{brief(size)} {base}, {brief(size * mark)} {quote} at the mark"
        meant = quantity / contract.contract_size
    else:
        made, meant = f"{brief(size)} {quote}", value / contract.contract_size
    coins = f"; {quantity:f} {base} would be {brief(meant)} contracts, a notional of {brief(value)} {quote}"
    if contract.third:
        made, coins = f"{brief(size * mark)} {short(contract.third)} at the mark", ""
    parts = "part of a contract" if step == ONE else f"no multiple of the lot of {step:f}"
    reading.observe(
        "MC213",
        subject,
        f"quantity {quantity:f} of {name} is {parts}, {made}{coins}",
        place,
        quantity,
        step,
    )


def _observe_kinder(
    reading: Reading,
    draft: PositionEntry,
    position: Position,
    published: Contract,
    units: Decimal,
    venue: str,
) -> None:
    """A maintenance margin below that of the venue's own table is a fact: an override of the position or contract.

    Compared as rates on the notional. Beyond the end of the venue's table its last tier stands for what is not known.
    """
    theirs = _tier(published, units, position.quantity)
    ours = _tier(position.contract, units, position.quantity)
    if position.maintenance_rate is not None:
        ours = Tier(None, position.maintenance_rate, position.maintenance_deduction)
    if theirs is None or ours is None:
        return
    own, due = _effective(ours, units), _effective(theirs, units)
    if sign(own - due, due) < 0:
        _observe_rate(reading, position, "maintenance", own, due, venue, _maintenance_place(draft))


def _observe_kinder_initial(
    reading: Reading, draft: PositionEntry, position: Position, theirs: Tier | None, initial: Decimal, venue: str
) -> None:
    """The same of the initial margin; ``theirs``: the venue's tier at the price that the initial margin is taken on."""
    if theirs is not None and theirs.initial_rate is not None and sign(initial - theirs.initial_rate, initial) < 0:
        stated = (one for one in (PositionEntry.initial_rate, PositionEntry.initial_margin) if one in draft)
        place = draft.at(next(stated, PositionEntry.symbol))
        _observe_rate(reading, position, "initial", initial, theirs.initial_rate, venue, place)


def _maintenance_place(draft: PositionEntry) -> "Node":
    return draft.at(PositionEntry.maintenance_rate if PositionEntry.maintenance_rate in draft else PositionEntry.symbol)


def _effective(tier: Tier, units: Decimal) -> Decimal:
    """Maintenance margin over notional: max(0, rate - deduction / notional)."""
    return max(ZERO, tier.maintenance_rate - tier.deduction / units)


def _observe_rate(
    reading: Reading, position: Position, which: str, own: Decimal, due: Decimal, venue: str, place: "Node"
) -> None:
    message = (
        f"the {which} margin of {short(position.key)} is {percent(own)} of its notional, kinder than {venue}'s "
        f"{percent(due)}"
    )
    reading.observe("MC208", position.key, message, place, own, due, figure=f"{which}_rate")
