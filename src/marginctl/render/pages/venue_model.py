"""A venue's own margin model: what moves how far, what is added, and who says so."""

from collections.abc import Iterable
from decimal import Decimal

from marginctl.render.page import Items, Section, section
from marginctl.venues.model_format import PublishedCharge, PublishedModel, PublishedUnderlying, names_of
from marginctl.venues.origin import Origin
from marginctl.wording import exact_percent, signed_percent


def venue_model(model: PublishedModel | None) -> Section | None:
    """A line per row of moves and per charge; None where the venue has no model of its own."""
    if model is None:
        return None
    lines = [*map(_moves, model.underlyings), *map(_charge, model.charges)]
    return section("Portfolio margin", Items(texts=tuple(lines), mark="- "))


def _moves(row: PublishedUnderlying) -> str:
    """Every move; one that counts in part with its weight."""
    moves = [
        signed_percent(one)
        if isinstance(one, Decimal)
        else f"{signed_percent(one.move)} of which {exact_percent(one.weight)}% count"
        for one in row.moves
    ]
    return f"{_assets(row.assets)}: {', '.join(moves)}{_told(row)}"


def _charge(row: PublishedCharge) -> str:
    tiers = f", in {len(row.tiers)} tiers" if row.tiers else ""
    terms = f"{exact_percent(row.rate)}% of {row.on.value}, {row.where.value}{tiers}"
    return f"{row.name}, {_assets(row.assets or '*')}: {terms}{_told(row)}"


def _assets(names: Iterable[str]) -> str:
    return ", ".join("all others" if name == "*" else name for name in names_of(names))


def _told(row: Origin) -> str:
    told = ", ".join(filter(None, (row.note, row.source)))
    return f" ({told})" if told else ""
