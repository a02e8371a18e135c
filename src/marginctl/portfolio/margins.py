"""What margins follow from and are held against.

The venue's rules with what `account:` states instead; the end of a position's tier table, the leverage of its tier,
the venue's own table.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from marginctl.core.account import CloseFee, CloseFeeIn, MarginRules, Netting, Order, Position
from marginctl.core.contract import Contract, ContractType, Tier, TiersBy
from marginctl.core.exact import ONE, ZERO, sign
from marginctl.core.requirement import initial_rate, leg, tiers_in_force
from marginctl.core.value import basis_value, notional
from marginctl.document.record import Key, Record
from marginctl.document.source import echo
from marginctl.portfolio.format import AccountEntry, CloseFeeEntry, PositionEntry
from marginctl.portfolio.prices import Prices
from marginctl.portfolio.reading import Reading, brief, percent, short

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.venues.rule_set import RuleSet

KINDER = {Netting.NONE: 0, Netting.HEDGED_FEES: 1, Netting.LARGER_LEG: 2, Netting.NET: 3}


def check_margins(
    reading: Reading, draft: PositionEntry, position: Position, prices: Prices, rule_set: "RuleSet", rules: MarginRules
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
    _refuse_dearer_curve(reading, draft, position, rules)
    _observe_leverage(reading, draft, position, tier)
    if tier is None:
        _observe_cap(reading, draft, position, units, rule_set)
    has_own = position.maintenance_rate is not None
    own = tiers_in_force(position, units, position.quantity)[0] if has_own else tier
    _observe_order_of_rates(reading, draft, position, own, initial)
    _observe_no_maintenance(reading, draft, position, prices, rules)
    _observe_kinder_than_listed(reading, draft, position, prices, rule_set, rules)
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


def _refuse_dearer_curve(reading: Reading, draft: PositionEntry, position: Position, rules: MarginRules) -> None:
    """The dearer of two sides is found where both are straight: not where a rate grows with what a price moves."""
    is_curved = position.maintenance_growth and position.contract.type is ContractType.INVERSE
    if is_curved and Netting.LARGER_LEG in (rules.netting, rules.underlying_netting) and not position.is_isolated:
        message = f"the rate of {short(position.key)} grows with its size in coins, which its price moves"
        reading.refuse(
            _maintenance_place(draft),
            "MC015",
            f"{message}: `larger-leg` cannot be computed",
            "write `netting: none`",
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
    maintenance = None if tier is None else tier.maintenance_rate
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
    reading: Reading, draft: PositionEntry, position: Position, prices: Prices, rules: MarginRules
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
        (ours,) = tiers_in_force(position, units, position.quantity)
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


def _observe_kinder_than_listed(
    reading: Reading, draft: PositionEntry, position: Position, prices: Prices, rule_set: "RuleSet", rules: MarginRules
) -> None:
    """The same of a contract whose published rates are no table: those of the position's size."""
    listed = as_published(position, rule_set)
    if listed is position:
        return
    units = notional(position, prices.used) / prices.used[position.contract.settle]
    own, due = (tiers_in_force(one, units, one.quantity)[0] for one in (position, listed))
    if sign(_effective(own, units) - due.maintenance_rate, due.maintenance_rate) < 0:
        pair = _effective(own, units), due.maintenance_rate
        _observe_rate(reading, position, "maintenance", *pair, rule_set.name, _maintenance_place(draft))
    ours, theirs = (initial_rate(one, rules, prices.used) for one in (position, listed))
    opening = Tier(None, due.maintenance_rate, ZERO, theirs)
    _observe_kinder_initial(reading, draft, position, opening, ours, rule_set.name)


def as_published(position: Position, rule_set: "RuleSet") -> Position:
    """A position with the rates of its contract, instead of its own; itself where the venue's file has none."""
    rates = rule_set.rates(position.contract)
    if rates is None:
        return position
    if rates.maintenance_rate is not None:
        held = {"maintenance_rate": rates.maintenance_rate, "maintenance_growth": rates.maintenance_growth}
        position = replace(position, **held, maintenance_deduction=ZERO)
    if rates.initial_rate is None:
        return position
    opening = {"initial_rate": rates.initial_rate, "initial_growth": rates.initial_growth}
    return replace(position, **opening, leverage=None, initial_margin=None)


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


def overridden(draft: AccountEntry, rules: MarginRules) -> MarginRules:
    """The venue's rules with the file's netting, level, prices that margins are taken on, and fee to close.

    Where the venue has no fee to close, one that is stated is taken at the mark, in the maintenance margin.
    """
    fee = draft.close_fee or CloseFeeEntry()
    adds = draft.close_fee is not None and rules.close_fee is CloseFee.NONE
    return replace(
        rules,
        netting=draft.netting or rules.netting,
        underlying_netting=draft.underlying_netting or rules.underlying_netting,
        level=draft.liquidation_level or rules.level,
        initial_basis=draft.initial_basis or rules.initial_basis,
        maintenance_basis=draft.maintenance_basis or rules.maintenance_basis,
        close_fee=fee.at_price or (CloseFee.MARK if adds else rules.close_fee),
        close_fee_in=fee.part_of or (CloseFeeIn.MAINTENANCE if adds else rules.close_fee_in),
    )


def closing_rate(reading: Reading, draft: AccountEntry, account_fee: Decimal | None) -> Decimal | None:
    """The rate of the fee to close: its own, else the account's; a fee of which nobody states a rate is a problem."""
    fee = draft.close_fee
    if fee is None:
        return account_fee
    unsaid = account_fee is not None and not account_fee and AccountEntry.taker_fee not in draft
    if fee.rate is None and unsaid and fee.at_price is not CloseFee.NONE:
        advice = "add `rate: ...` to it, or `taker_fee: ...` under `account:`, for example 0.055%"
        reading.refuse(fee.node, "MC012", "`close_fee` has no `rate`", advice)
    if fee.rate is not None and fee.at_price is CloseFee.NONE:
        message = "`rate` and `at: none` of `close_fee` contradict each other"
        reading.refuse(fee.at(CloseFeeEntry.rate), "MC016", message, "keep one of them")
    return account_fee if fee.rate is None else fee.rate


def observe_kinder_rules(reading: Reading, draft: AccountEntry, stated: list[MarginRules], rule_set: "RuleSet") -> None:
    """The file's netting, level or fee to close, where it is kinder than what the venue states, is a fact.

    On generic the level alone: the others are for the file to say.
    """
    pairs = [(overridden(draft, rules), rules) for rules in stated]
    kinds: tuple[tuple[Key[Any], bool], ...] = (
        (AccountEntry.netting, any(KINDER[ours.netting] > KINDER[theirs.netting] for ours, theirs in pairs)),
        (
            AccountEntry.underlying_netting,
            any(KINDER[ours.underlying_netting] > KINDER[theirs.underlying_netting] for ours, theirs in pairs),
        ),
        (AccountEntry.liquidation_level, any(ours.level < theirs.level for ours, theirs in pairs)),
        (AccountEntry.close_fee, any(_is_less_of_a_fee(ours, theirs) for ours, theirs in pairs)),
    )
    for one, kinder in kinds:
        if kinder and (one is AccountEntry.liquidation_level or not rule_set.is_generic):
            _observe_rule(reading, draft, one, rule_set)


def _is_less_of_a_fee(ours: MarginRules, theirs: MarginRules) -> bool:
    """No fee where the venue has one, or in fewer margins."""
    if CloseFee.NONE in (ours.close_fee, theirs.close_fee):
        return ours.close_fee is not theirs.close_fee and ours.close_fee is CloseFee.NONE
    return ours.close_fee_in is not theirs.close_fee_in and ours.close_fee_in is CloseFeeIn.MAINTENANCE


def observe_kinder_bases(
    reading: Reading,
    draft: AccountEntry,
    positions: list[tuple[Position, MarginRules]],
    prices: dict[str, Decimal],
    rule_set: "RuleSet",
) -> None:
    """A price that margins are taken on, where a margin of today is lower than on the venue's, is a fact.

    ``positions``: each with the rules that the venue states for it.
    """
    if rule_set.is_generic:
        return
    places: tuple[tuple[Key[Any], str], ...] = (
        (AccountEntry.initial_basis, "initial"),
        (AccountEntry.maintenance_basis, "maintenance"),
        (AccountEntry.close_fee, "maintenance"),
    )
    for one, which in places:
        if one not in draft:
            continue
        only = AccountEntry(**{one.attribute: draft[one]})
        pairs = [(held, overridden(only, theirs), theirs) for held, theirs in positions]
        known = one is AccountEntry.close_fee and any(_is_less_of_a_fee(ours, theirs) for _, ours, theirs in pairs)
        if not known and any(
            _margin(held, ours, prices, which) < _margin(held, theirs, prices, which) for held, ours, theirs in pairs
        ):
            _observe_rule(reading, draft, one, rule_set)


def _margin(position: Position, rules: MarginRules, prices: dict[str, Decimal], which: str) -> Decimal:
    """A margin of a position alone, in currency."""
    terms = getattr(leg(position, rules, prices, ONE), which)
    return sum((term.at({}) for term in terms), ZERO)


def _observe_rule(reading: Reading, draft: AccountEntry, one: Key[Any], rule_set: "RuleSet") -> None:
    reading.observe("MC208", "account", f"`{one.name}` is kinder than {rule_set.name}'s rule", draft.at(one))
