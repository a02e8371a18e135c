"""`collateral:` -> balances and the terms on which each asset counts."""

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from marginctl.core.account import AssetTerms, CollateralMode, MarginMode, Position
from marginctl.core.contract import HaircutTier
from marginctl.core.exact import ZERO
from marginctl.portfolio.prices import Prices
from marginctl.portfolio.reading import Reading

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.document.shape import Draft
    from marginctl.venues.rule_set import Mode


def balances(reading: Reading, rows: list["Draft"]) -> dict[str, tuple[Decimal, "Draft"]]:
    """Amount and row by asset; an asset listed twice is a problem."""
    held: dict[str, tuple[Decimal, Draft]] = {}
    for draft in rows:
        asset, amount = draft.get("asset"), draft.get("amount")
        if asset is None or amount is None:
            continue
        if asset in held:
            line = held[asset][1].node.line
            reading.refuse(
                draft.at("asset"), "MC016", f"{asset} is listed twice, first on line {line}", "add the amounts up"
            )
            continue
        held[asset] = (amount, draft)
        reading.locations[f"collateral.{asset}"] = reading.source.location(draft.node)
    return held


def terms(
    reading: Reading,
    held: dict[str, tuple[Decimal, "Draft"]],
    needed: dict[str, "Node"],
    mode: "Mode",
    currency: str,
) -> dict[str, AssetTerms]:
    """Terms of every asset held or settled in: the file's haircut before the venue's, loan rate likewise.

    ``needed`` maps each asset that may have positive equity to the place that makes it so; without a known haircut
    there, in a multi-asset pool, the haircut is missing: a problem, never zero.
    """
    found: dict[str, AssetTerms] = {}
    for asset, place in needed.items():
        draft = held[asset][1] if asset in held else None
        published = mode.terms(asset, currency)
        haircuts = _given_haircuts(reading, draft) if draft is not None else None
        if haircuts is None and published is not None:
            _check_known(reading, asset, place, held, mode)
            for text in mode.assumptions(asset):
                reading.assume(text)
        elif haircuts is not None and published is not None and draft is not None:
            _compare(reading, asset, draft, haircuts, published.haircuts)
        found[asset] = _with_loan_rate(reading, asset, held, mode, mode.terms(asset, currency, haircuts))
        if mode.collateral.refuses(asset) or (
            haircuts is None and published is None and mode.collateral_mode is CollateralMode.MULTI_ASSET
        ):
            reading.refuse(
                place,
                "MC023",
                f"no haircut for {asset}",
                f"add `haircut: ...` to its row under `collateral:`{mode.haircut_hint(asset)}",
            )
    return found


def _check_known(
    reading: Reading, asset: str, place: "Node", held: dict[str, tuple[Decimal, "Draft"]], mode: "Mode"
) -> None:
    """Beyond the last published haircut tier nothing is known: a problem."""
    most = mode.collateral.largest_amount(asset)
    if most is not None and asset in held and held[asset][0] > most:
        reading.refuse(
            place,
            "MC025",
            f"the haircut of {asset} is known up to {most} only, the account holds {held[asset][0]}",
            "add `haircut_tiers:` to its row, the last one without `up_to`",
        )


def _with_loan_rate(
    reading: Reading, asset: str, held: dict[str, tuple[Decimal, "Draft"]], mode: "Mode", known: AssetTerms | None
) -> AssetTerms:
    """The terms with the file's loan rate before the venue's; a debt whose rate nobody states is a problem."""
    terms = known or AssetTerms()
    if asset not in held:
        return terms
    amount, draft = held[asset]
    if "loan_rate" in draft:
        return replace(terms, loan_rate=draft.get("loan_rate"))
    if amount < 0 and mode.collateral.requires_loan_rate(asset):
        hint = f" ({mode.collateral.loan_rate_hint})" if mode.collateral.loan_rate_hint else ""
        reading.refuse(
            draft.node,
            "MC022",
            f"no loan rate for the {asset} debt",
            f"add `loan_rate: ...` to its row{hint}; 0% if the venue asks for no maintenance on it",
        )
    return terms


def _given_haircuts(reading: Reading, draft: "Draft") -> tuple[HaircutTier, ...] | None:
    if "haircut" in draft and "haircut_tiers" in draft:
        reading.refuse(
            draft.at("haircut_tiers"), "MC016", "`haircut` and `haircut_tiers` contradict each other", "keep one"
        )
    if "haircut" in draft:
        return (HaircutTier(None, draft.get("haircut")),)
    if "haircut_tiers" not in draft:
        return None
    rows: list[Draft] = draft.get("haircut_tiers")
    tiers: list[HaircutTier] = []
    floor = ZERO
    for i, row in enumerate(rows):
        up_to: Decimal | None = row.get("up_to")
        last = i == len(rows) - 1
        if last and up_to is not None:
            reading.refuse(
                row.at("up_to"), "MC016", "the last haircut tier has no `up_to`", "add a tier for what is beyond it"
            )
        elif not last and up_to is None:
            reading.refuse(row.node, "MC012", "only the last haircut tier may leave out `up_to`")
        elif up_to is not None and up_to <= floor:
            reading.refuse(row.at("up_to"), "MC016", f"haircut tiers must rise: {up_to} after {floor}")
        floor = up_to if up_to is not None else floor
        haircut = row.get("haircut", ZERO)
        if tiers and haircut < tiers[-1].haircut:
            reading.refuse(row.at("haircut"), "MC016", "a haircut must not fall with the amount")
        tiers.append(HaircutTier(up_to, haircut))
    return tuple(tiers)


def _compare(
    reading: Reading, asset: str, draft: "Draft", given: tuple[HaircutTier, ...], published: tuple[HaircutTier, ...]
) -> None:
    """A haircut kinder than the venue's is a fact; taken at the amount held, tier by tier at the first."""
    if given[0].haircut < published[0].haircut:
        name = "haircut" if "haircut" in draft else "haircut_tiers"
        reading.observe(
            "MC208",
            asset,
            f"the haircut of {asset} is kinder than the venue's",
            draft.at(name),
            given[0].haircut,
            published[0].haircut,
        )


def check_isolated(
    reading: Reading, held: dict[str, tuple[Decimal, "Draft"]], positions: list[tuple[Position, "Draft"]]
) -> None:
    """Isolated margins are set aside out of the collateral: more than is held is a problem."""
    aside: dict[str, Decimal] = {}
    for position, draft in positions:
        if position.margin_mode is not MarginMode.ISOLATED or position.isolated_margin is None:
            continue
        settle = position.contract.settle
        aside[settle] = aside.get(settle, ZERO) + position.isolated_margin
        amount = held[settle][0] if settle in held else ZERO
        if aside[settle] > amount:
            reading.refuse(
                draft.at("isolated_margin"),
                "MC026",
                f"isolated margins of {aside[settle]} {settle} exceed the {amount} {settle} of `collateral:`",
                f"list all {settle} the account holds, isolated margin included",
            )


def check_prices(held: dict[str, tuple[Decimal, "Draft"]], prices: Prices) -> None:
    """Every asset held needs a price."""
    for asset, (_, draft) in held.items():
        prices.of(asset, draft.at("asset"), "which is held as collateral")
