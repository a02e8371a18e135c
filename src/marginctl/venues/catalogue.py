"""Rule sets as documents: the list of them, one with all that it states, one of its contracts."""

from datetime import date
from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from marginctl.core.contract import Tier
from marginctl.core.exact import ZERO
from marginctl.document.kinds import first_day
from marginctl.findings import Document, ListSummary
from marginctl.venues.contracts import ContractGroup, Listing
from marginctl.venues.rule_set import Completeness, Mode, RuleSet


class ModeStatus(Struct, frozen=True):
    """How well a mode is known."""

    shape: ClassVar[str] = "collateral_mode=mode.collateral_mode status=mode.status haircuts"
    mode: Mode

    @property
    def haircuts(self) -> tuple[str, ...] | None:
        """Which of the usual collateral needs no haircut from the portfolio; None = none counts."""
        return self.mode.haircuts_known()


class RuleSetEntry(Struct, frozen=True):
    """A rule set in the list; ``file``: empty for a bundled one. ``contracts`` None: it reads any symbol."""

    shape: ClassVar[str] = (
        "name=rule_set.name title=rule_set.title as_of=rule_set.as_of age_days status=rule_set.status modes contracts "
        "with_tiers=completeness.with_tiers with_contract_size=completeness.with_contract_size "
        "complete=completeness.complete file~"
    )
    rule_set: RuleSet
    today: date
    file: str = ""

    @property
    def completeness(self) -> Completeness | None:
        """How many contracts need nothing from the portfolio; None: it reads any symbol."""
        return None if self.rule_set.splits_symbols else self.rule_set.completeness()

    @property
    def complete(self) -> int | None:
        """How many need nothing from the portfolio."""
        known = self.completeness
        return None if known is None else known.complete

    @property
    def age_days(self) -> int | None:
        """Days since the first day of its date; None where it does not age."""
        day = self.rule_set.as_of
        return None if day is None else (self.today - date.fromisoformat(first_day(day))).days

    @property
    def modes(self) -> tuple[ModeStatus, ...]:
        """Its modes, the default first."""
        return tuple(map(ModeStatus, self.rule_set.modes))

    @property
    def contracts(self) -> int | None:
        """How many symbols it lists."""
        return None if self.rule_set.splits_symbols else len(self.rule_set.symbols())


class RuleSetList(Document, frozen=True, kw_only=True):
    """Every rule set."""

    schema: ClassVar[str] = "marginctl.venues/2"
    shape: ClassVar[str] = "schema version venues errors=problems summary"
    table: ClassVar[str] = "venues"

    venues: tuple[RuleSetEntry, ...]

    @property
    def summary(self) -> ListSummary:
        """Counts."""
        return ListSummary(exit_code=2 if self.problems else 0, count=len(self.venues))


class RuleSetResult(Document, frozen=True, kw_only=True):
    """One rule set: each rule with its value and origin, haircuts, contracts, liquidation, what is unknown."""

    schema: ClassVar[str] = "marginctl.rule-set/2"
    shape: ClassVar[str] = (
        "schema version name=rule_set.name title=rule_set.title as_of=rule_set.as_of age_days=entry.age_days "
        "status=rule_set.status modes=rule_set.modes contracts=entry.contracts contract_groups=groups "
        "liquidation=rule_set.liquidation taker_fee funding_interval_hours=rule_set.published_funding_interval "
        "not_offered=rule_set.not_offered assumptions=rule_set.notes unknown=rule_set.unknown "
        "sources=rule_set.sources errors=problems summary"
    )
    table: ClassVar[str] = "groups"

    entry: RuleSetEntry

    @property
    def rule_set(self) -> RuleSet:
        """The rule set itself."""
        return self.entry.rule_set

    @property
    def groups(self) -> tuple[ContractGroup, ...]:
        """Its contracts, by what they have in common."""
        return tuple(self.rule_set.groups)

    @property
    def taker_fee(self) -> Decimal | None:
        """That of the default mode."""
        return self.rule_set.modes[0].taker_fee


class ContractTier(Struct, frozen=True):
    """A tier with its number and what it begins above."""

    shape: ClassVar[str] = (
        "tier floor up_to=row.up_to maintenance_rate=row.maintenance_rate maintenance_deduction=row.deduction "
        "initial_rate=row.initial_rate max_leverage"
    )
    tier: int
    floor: Decimal
    row: Tier
    max_leverage: Decimal | None


class ContractResult(Document, frozen=True, kw_only=True):
    """A contract and its tiers; without published maintenance rates only ``leverage_caps`` say something."""

    schema: ClassVar[str] = "marginctl.contract/2"
    shape: ClassVar[str] = (
        "schema version venue=rule_set.name symbol=listing.contract.symbol type=listing.contract.type "
        "base=listing.contract.base quote=listing.contract.quote settle=listing.contract.settle "
        "contract_size=listing.contract.contract_size tick_size=listing.contract.tick_size "
        "tiers_by=listing.contract.tiers_by as_of status=listing.status source=listing.source tiers "
        "leverage_caps=listing.leverage_caps rates?=listing.rates assumptions=listing.assumptions "
        "errors=problems summary"
    )
    table: ClassVar[str] = "tiers"

    rule_set: RuleSet
    listing: Listing

    @property
    def as_of(self) -> str | None:
        """Its own date, else that of the rule set."""
        return self.listing.as_of or self.rule_set.as_of

    @property
    def tiers(self) -> tuple[ContractTier, ...]:
        """The margin table."""
        rows = self.listing.contract.tiers
        caps = {cap.up_to: cap.max_leverage for cap in self.listing.leverage_caps}
        floors = [ZERO, *(row.up_to or ZERO for row in rows)]
        return tuple(ContractTier(k + 1, floors[k], row, caps.get(row.up_to)) for k, row in enumerate(rows))
