"""How a venue counts assets as collateral."""

from decimal import Decimal
from enum import Enum
from typing import ClassVar

from msgspec import Struct

from marginctl.core.account import STABLECOINS, AssetTerms
from marginctl.core.contract import HaircutTier
from marginctl.core.exact import ONE, ZERO
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


class PublishedTerms(Struct, frozen=True, kw_only=True):
    """What is known of one asset; ``initial_haircut`` where a venue has a second haircut for opening."""

    shape: ClassVar[str] = (
        "haircut_tiers=haircuts initial_haircut liability_factor requirement_factor loan_rate "
        "enters_figures=origin.enters_figures *origin"
    )

    haircuts: tuple[HaircutTier, ...]
    initial_haircut: Decimal | None = None
    liability_factor: Decimal | None = None
    requirement_factor: Decimal | None = None
    loan_rate: Decimal | None = None
    origin: Origin = Origin()
    assumption: str = ""


class ListedTerms(Struct, frozen=True):
    """An asset with what is known of it."""

    shape: ClassVar[str] = "asset *terms"
    asset: str
    terms: PublishedTerms


class Collateral(Struct, frozen=True, kw_only=True):
    """The collateral rules of one mode.

    ``loan_rate``: maintenance margin on debts, None = the portfolio must state it. ``ask_buffer``: whether debts and
    requirements in an asset count 1 + its haircut.
    """

    shape: ClassVar[str] = "unlisted loan_rate ask_buffer=buffer assets=listed"

    unlisted: Unlisted
    loan_rate: Decimal | None
    ask_buffer: bool
    assets: dict[str, PublishedTerms]
    refusal_help: str = ""
    loan_rate_hint: str = ""

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
