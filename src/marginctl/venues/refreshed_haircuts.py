"""The modes of a rule file with new haircuts: those taken in a group of their own, the others as they were."""

from collections.abc import Sequence, Set
from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from marginctl.core.contract import HaircutTier
from marginctl.core.exact import ONE
from marginctl.document.nodes import Mapping, Node, Scalar
from marginctl.document.nodes import Sequence as Items
from marginctl.venues import rule_text as to
from marginctl.venues.answers.account import PublishedHaircuts
from marginctl.venues.assigning import Untaken
from marginctl.venues.collateral import Collateral, Unlisted
from marginctl.venues.refreshed_contracts import Kept
from marginctl.venues.rule_set import Mode, RuleSet

NOT_COUNTED = "haircuts do not count in any mode of this rule set"
CARRIED = ("initial_haircut", "loan_rate")
"""Terms that no answer gives and that stay with an asset."""


class HaircutChange(Struct, frozen=True, kw_only=True):
    """An asset's haircuts in a mode before and after; none before = added, none after = removed.

    ``debt_before`` and ``debt_after``: what a unit of debt counts.
    """

    shape: ClassVar[str] = "mode asset change=kind before after debt_factor_before debt_factor_after"

    mode: str
    asset: str
    before: tuple[HaircutTier, ...] | None
    after: tuple[HaircutTier, ...] | None
    debt_before: Decimal = ONE
    debt_after: Decimal = ONE

    @property
    def kind(self) -> str:
        """``added``, ``removed``, ``changed`` or ``same``."""
        if self.before is None or self.after is None:
            return "added" if self.before is None else "removed"
        same = (self.before, self.debt_before) == (self.after, self.debt_after)
        return "same" if same else "changed"

    @property
    def debt_factor_before(self) -> Decimal | None:
        """What a unit of debt counted; None where the asset was not listed."""
        return None if self.before is None else self.debt_before

    @property
    def debt_factor_after(self) -> Decimal | None:
        """What a unit of debt counts; None where the asset is not listed."""
        return None if self.after is None else self.debt_after


class Haircuts(Struct, frozen=True):
    """The new list of modes, what changed, the dates of what was replaced, and whether that was all of its date."""

    node: Node
    changes: tuple[HaircutChange, ...]
    kept: tuple[Kept, ...]
    dates: tuple[str | None, ...]
    moves: bool
    untaken: list[Untaken]


def refresh_haircuts(
    root: Mapping,
    rules: RuleSet,
    taken: dict[str, PublishedHaircuts],
    untaken: set[str],
    *,
    day: str,
    source: str,
    complete: bool,
) -> Haircuts:
    """The modes in which haircuts count, with those taken."""
    old = to.value_of(root, "modes")
    nodes = [node for node in old.items if isinstance(node, Mapping)] if isinstance(old, Items) else []
    modes = [mode for mode in rules.modes if mode.collateral.unlisted is not Unlisted.UNUSED]
    if not taken or not modes:
        left = [Untaken(asset, NOT_COUNTED) for asset in taken]
        return Haircuts(to.with_items(old, nodes), (), (), (), False, left)
    changes: list[HaircutChange] = []
    kept: list[Kept] = []
    for mode in modes:
        gone = _gone(mode.collateral, taken, untaken) if complete else set()
        changes += _changes(mode, taken, gone)
        kept += _kept(mode.collateral, taken.keys() | gone)
        number = rules.modes.index(mode)
        nodes[number] = _rewritten(nodes[number], mode.collateral, taken, gone, day, source)
    dates = [date for mode in modes for date in _dates(mode.collateral, taken.keys())]
    moves = rules.as_of in dates and all(one.as_of != rules.as_of for one in kept)
    return Haircuts(to.with_items(old, nodes), tuple(changes), tuple(kept), tuple(dates), moves, [])


def _gone(collateral: Collateral, taken: dict[str, PublishedHaircuts], untaken: set[str]) -> set[str]:
    return {asset for asset in _counting(collateral) if asset not in taken and asset not in untaken}


def _counting(collateral: Collateral) -> list[str]:
    """The assets whose haircuts enter figures."""
    return [asset for asset in collateral.assets if collateral.published(asset) is not None]


def _dates(collateral: Collateral, assets: Set[str]) -> list[str | None]:
    return [collateral.assets[asset].origin.as_of for asset in _counting(collateral) if asset in assets]


def _changes(mode: Mode, taken: dict[str, PublishedHaircuts], gone: set[str]) -> list[HaircutChange]:
    collateral, name = mode.collateral, mode.collateral_mode.value
    changes = []
    for asset in sorted([*taken, *gone]):
        known, new = collateral.published(asset), taken.get(asset)
        debt_before = _debt(collateral, known.haircuts, known.liability_factor) if known else ONE
        changes.append(
            HaircutChange(
                mode=name,
                asset=asset,
                before=known.haircuts if known else None,
                after=new.haircuts if new else None,
                debt_before=debt_before,
                debt_after=_debt(collateral, new.haircuts, new.debt_factor) if new else debt_before,
            )
        )
    return changes


def _debt(collateral: Collateral, haircuts: tuple[HaircutTier, ...], factor: Decimal | None) -> Decimal:
    """What a unit of debt counts: as stated, else by the mode's rule."""
    return factor or (ONE + haircuts[0].haircut if collateral.ask_buffer else ONE)


def _kept(collateral: Collateral, replaced: Set[str]) -> list[Kept]:
    by_date: dict[str | None, list[str]] = {}
    for asset in _counting(collateral):
        if asset not in replaced:
            by_date.setdefault(collateral.assets[asset].origin.as_of, []).append(asset)
    return [Kept("haircuts", date, tuple(assets)) for date, assets in by_date.items()]


def _rewritten(
    mode: Mapping, collateral: Collateral, taken: dict[str, PublishedHaircuts], gone: set[str], day: str, source: str
) -> Mapping:
    """The mode's node with a new first group and without what it replaces."""
    old = to.value_of(mode, "collateral")
    if not isinstance(old, Mapping):
        return mode
    groups = to.value_of(old, "groups")
    items = [node for node in groups.items if isinstance(node, Mapping)] if isinstance(groups, Items) else []
    carried = {asset: _carried(items, asset) for asset in taken}
    others = [node for node in (_less(one, taken.keys() | gone) for one in items) if node is not None]
    assets = [
        (asset, to.terms(one.haircuts, _stated_factor(collateral, one), carried[asset]))
        for asset, one in sorted(taken.items())
    ]
    head = (("as_of", day), ("trust", "documented"), ("source", source))
    new = to.mapping([*((key, to.scalar(value)) for key, value in head), ("assets", to.mapping(assets))])
    return to.with_value(mode, "collateral", to.with_value(old, "groups", to.with_items(groups, [new, *others])))


def _stated_factor(collateral: Collateral, one: PublishedHaircuts) -> Decimal | None:
    """The factor of debts, where the mode's own rule does not give it."""
    return None if one.debt_factor in (None, _debt(collateral, one.haircuts, None)) else one.debt_factor


def _carried(groups: Sequence[Mapping], asset: str) -> list[tuple[str, Node]]:
    found = next((one for group in groups if (one := to.value_of(to.value_of(group, "assets"), asset))), None)
    terms = [(key, to.value_of(found, key)) for key in CARRIED]
    return [(key, to.scalar(value.text)) for key, value in terms if isinstance(value, Scalar)]


def _less(group: Mapping, assets: Set[str]) -> Mapping | None:
    """A group without some assets; None where nothing is left of it."""
    listed = to.value_of(group, "assets")
    if not isinstance(listed, Mapping):
        return group
    others = to.without(listed, assets)
    return to.with_value(group, "assets", others) if others.entries else None
