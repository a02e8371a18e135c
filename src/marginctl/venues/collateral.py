"""How a venue counts assets as collateral."""

from decimal import Decimal
from enum import Enum
from functools import cached_property
from typing import ClassVar

from msgspec import Struct

from marginctl.core.account import STABLECOINS, AssetTerms
from marginctl.core.contract import HaircutTier
from marginctl.core.exact import ONE, ZERO
from marginctl.document.kinds import POSITIVE, RATE, SHARE, TEXT, Choice, MapOf, any_of, members
from marginctl.document.record import Record, key, nested, optional, records
from marginctl.venues.origin import Origin, Trust

NO_HAIRCUT = (HaircutTier(None, ZERO),)


class Unlisted(Enum):
    """What holds for an asset that the rule set has no haircut for.

    REQUIRED: the portfolio states the haircut; REFUSED: it is no collateral here; STABLE_ZERO: no haircut on the
    account's currency and stablecoins, else required; UNUSED: haircuts do not count in this mode.
    """

    REQUIRED = "required"
    REFUSED = "refused"
    STABLE_ZERO = "stable-zero"
    UNUSED = "unused"


class HaircutStep(Record, name="haircut_tier"):
    """A marginal haircut, by amount of the asset."""

    up_to = optional(POSITIVE, "amount of the asset, inclusive; the last tier has none")
    haircut = key(SHARE, "share of the value that does not count")

    @property
    def tier(self) -> HaircutTier:
        """The tier that the engine takes."""
        return HaircutTier(self.up_to, self.haircut)


class PublishedTerms(Record, name="terms"):
    """How an asset counts.

    ``group``: what it has in common with other assets, the origin included.
    """

    haircut = optional(SHARE, "share of the value that does not count")
    haircut_tiers = optional(records(HaircutStep), "marginal haircuts by amount of the asset", default=[])
    initial_haircut = optional(SHARE, "the haircut when opening, where the venue has a second one")
    liability_factor = optional(POSITIVE, "what a unit of debt counts; default 1")
    requirement_factor = optional(POSITIVE, "what a unit of margin required in the asset counts; default 1")
    loan_rate = optional(RATE, "maintenance margin on a debt")

    shape: ClassVar[str] = (
        "haircut_tiers=haircuts initial_haircut liability_factor requirement_factor loan_rate "
        "enters_figures=origin.enters_figures *origin"
    )

    group: "CollateralGroup"

    @property
    def haircuts(self) -> tuple[HaircutTier, ...]:
        """The marginal schedule."""
        if self.haircut is not None:
            return (HaircutTier(None, self.haircut),)
        return tuple(one.tier for one in self.haircut_tiers) or NO_HAIRCUT

    @property
    def origin(self) -> Origin:
        """Who says so."""
        return self.group

    @property
    def assumption(self) -> str:
        """What reports list that use it."""
        return self.group.assumption


class CollateralGroup(Origin, name="collateral_group"):
    """Terms of assets with one origin."""

    trust, source, as_of = Origin.trust, Origin.source, Origin.as_of
    assumption = optional(TEXT, "listed in reports that use one of these", default="")
    assets = key(MapOf(any_of(SHARE, nested(PublishedTerms))), "haircut or terms by asset")

    def terms(self) -> dict[str, PublishedTerms]:
        """The terms of every asset: a haircut alone is all of them."""
        found: dict[str, PublishedTerms] = {}
        for asset, written in self.assets.items():
            found[asset] = written if isinstance(written, PublishedTerms) else PublishedTerms(haircut=written)
            found[asset].group = self
        return found


class ListedTerms(Struct, frozen=True):
    """An asset with what is known of it."""

    shape: ClassVar[str] = "asset *terms"
    asset: str
    terms: PublishedTerms


class Collateral(Record, name="venue_collateral"):
    """How assets count as collateral.

    ``loan_rate`` None = the portfolio must state it.
    """

    shape: ClassVar[str] = "unlisted loan_rate ask_buffer=buffer assets=listed"

    unlisted = key(
        members(Unlisted),
        "other assets - required: the portfolio states the haircut; refused: no collateral here; "
        "stable-zero: 0 for the account's currency and stablecoins, else required; unused: haircuts do not count",
    )
    refusal_help = optional(TEXT, "help for an asset that is refused", name="refusal", default="")
    loan_rate = key(any_of(RATE, Choice({"required": None})), "maintenance margin on debts")
    loan_rate_hint = optional(TEXT, "help where the portfolio must state the rate", default="")
    ask_buffer = key(
        Choice({"none": False, "as-haircut": True}),
        "as-haircut: debts and requirements in an asset count 1 + its haircut",
    )
    groups = optional(records(CollateralGroup), "the assets known", default=[])

    @cached_property
    def assets(self) -> dict[str, PublishedTerms]:
        """The terms of the assets of all groups."""
        return {asset: terms for group in self.groups for asset, terms in group.terms().items()}

    @property
    def buffer(self) -> str:
        """The word of a rule file for ``ask_buffer``."""
        return "as-haircut" if self.ask_buffer else "none"

    @property
    def listed(self) -> tuple[ListedTerms, ...]:
        """Every asset with what is known of it."""
        return tuple(ListedTerms(*one) for one in self.assets.items())

    def published(self, asset: str) -> PublishedTerms | None:
        """What is known of the asset and may enter figures."""
        found = self.assets.get(asset)
        return found if found is not None and found.origin.enters_figures else None

    def terms(self, asset: str, currency: str, haircuts: tuple[HaircutTier, ...] | None = None) -> AssetTerms | None:
        """How the asset counts, under the account's own ``haircuts`` where given; None where no haircut is known.

        The loan rate is 0 where the venue's is not known: ``requires_loan_rate`` says so.
        """
        known = self.published(asset)
        schedule = haircuts or (known.haircuts if known else self._default(asset, currency))
        if schedule is None or self.refuses(asset):
            return None
        factor = ONE + schedule[0].haircut if self.ask_buffer else ONE
        return AssetTerms(
            schedule,
            (known and known.liability_factor) or factor,
            (known and known.requirement_factor) or factor,
            self._loan_rate(asset) or ZERO,
        )

    def _default(self, asset: str, currency: str) -> tuple[HaircutTier, ...] | None:
        stable = asset == currency or asset in STABLECOINS
        free = self.unlisted is Unlisted.UNUSED or (self.unlisted is Unlisted.STABLE_ZERO and stable)
        return NO_HAIRCUT if free else None

    def _loan_rate(self, asset: str) -> Decimal | None:
        known = self.published(asset)
        return self.loan_rate if known is None or known.loan_rate is None else known.loan_rate

    def requires_loan_rate(self, asset: str) -> bool:
        """Whether a debt in the asset needs a ``loan_rate`` from the portfolio."""
        return self._loan_rate(asset) is None

    def refuses(self, asset: str) -> bool:
        """Whether the asset is no collateral at all."""
        return self.unlisted is Unlisted.REFUSED and self.published(asset) is None

    def largest_amount(self, asset: str) -> Decimal | None:
        """The amount beyond which no haircut is known; None = no limit."""
        known = self.published(asset)
        return known.haircuts[-1].up_to if known else None

    def haircut_hint(self, asset: str) -> str:
        """What to add to an error about a missing haircut: empty, or ``; ...``."""
        if self.refuses(asset):
            return f"; {self.refusal_help}" if self.refusal_help else ""
        seen = self.assets.get(asset)
        if seen is None or seen.origin.enters_figures:
            return ""
        return f"; seen: {schedule_text(seen.haircuts)} ({seen.origin.note})"

    def assumptions(self, asset: str) -> tuple[str, ...]:
        """What figures rest on when the published haircut of the asset is used."""
        known = self.published(asset)
        if known is None:
            return ()
        if known.assumption:
            return (f"{asset}: {known.assumption}",)
        weak = known.origin.trust in {Trust.SECONDARY, Trust.INFERRED, Trust.ASSUMED}
        return (f"{asset}: haircut {schedule_text(known.haircuts)} ({known.origin.note})",) if weak else ()


def schedule_text(haircuts: tuple[HaircutTier, ...]) -> str:
    """``5%``, or ``2% up to 20, 5%``."""
    return ", ".join(
        f"{_percent(tier.haircut)}" + (f" up to {tier.up_to:f}" if tier.up_to is not None else "") for tier in haircuts
    )


def _percent(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f}%"
