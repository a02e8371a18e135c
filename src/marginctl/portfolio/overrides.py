"""The venue's rules with what `account:` states instead, and whether that is kinder."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from marginctl.core.account import CloseFee, CloseFeeIn, Netting, Position, Rules
from marginctl.core.contract import ContractType
from marginctl.core.exact import ONE, ZERO
from marginctl.core.requirement import leg
from marginctl.document.record import Key
from marginctl.portfolio.format import AccountEntry, CloseFeeEntry
from marginctl.portfolio.reading import Reading, short

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.venues.rule_set import RuleSet

KINDER = {Netting.NONE: 0, Netting.HEDGED_FEES: 1, Netting.LARGER_LEG: 2, Netting.NET: 3}


def overridden(draft: AccountEntry, rules: Rules) -> Rules:
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


def observe_kinder_rules(reading: Reading, draft: AccountEntry, stated: list[Rules], rule_set: "RuleSet") -> None:
    """The file's netting, level or fee to close, where it is kinder than what the venue states, is a fact."""
    if rule_set.is_generic:
        return
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
        if kinder:
            _observe(reading, draft, one, rule_set)


def _is_less_of_a_fee(ours: Rules, theirs: Rules) -> bool:
    """No fee where the venue has one, or in fewer margins."""
    if CloseFee.NONE in (ours.close_fee, theirs.close_fee):
        return ours.close_fee is not theirs.close_fee and ours.close_fee is CloseFee.NONE
    return ours.close_fee_in is not theirs.close_fee_in and ours.close_fee_in is CloseFeeIn.MAINTENANCE


def observe_kinder_bases(
    reading: Reading,
    draft: AccountEntry,
    positions: list[tuple[Position, Rules]],
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
            _observe(reading, draft, one, rule_set)


def refuse_dearer_curves(reading: Reading, positions: list[tuple[Position, Rules, "Node"]]) -> None:
    """The dearer of two sides is found where both are straight: not where a rate grows with what a price moves."""
    for position, rules, place in positions:
        netting = (rules.netting, rules.underlying_netting)
        is_curved = position.maintenance_growth and position.contract.type is ContractType.INVERSE
        if is_curved and Netting.LARGER_LEG in netting and not position.is_isolated:
            message = f"the rate of {short(position.key)} grows with its size in coins, which its price moves"
            reading.refuse(place, "MC015", f"{message}: `larger-leg` cannot be computed", "write `netting: none`")


def _margin(position: Position, rules: Rules, prices: dict[str, Decimal], which: str) -> Decimal:
    """A margin of a position alone, in currency."""
    terms = getattr(leg(position, rules, prices, ONE), which)
    return sum((term.at({}) for term in terms), ZERO)


def _observe(reading: Reading, draft: AccountEntry, one: Key[Any], rule_set: "RuleSet") -> None:
    reading.observe("MC208", "account", f"`{one.name}` is kinder than {rule_set.name}'s rule", draft.at(one))
