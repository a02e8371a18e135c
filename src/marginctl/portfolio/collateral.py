"""`collateral:` -> balances and the terms on which each asset counts; `other:` -> rows that are taken as given."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec.structs import replace

from marginctl.core.account import AssetTerms, CollateralMode, MarginMode, Position
from marginctl.core.contract import HaircutTier, collateral_curve
from marginctl.core.exact import ONE, ZERO
from marginctl.core.opaque import OpaqueRow
from marginctl.document.record import Key
from marginctl.document.source import echo
from marginctl.portfolio.format import CollateralEntry, OtherEntry, PositionEntry
from marginctl.portfolio.prices import Prices
from marginctl.portfolio.reading import Reading, percent, separated, short
from marginctl.venues.collateral import HaircutStep
from marginctl.venues.tiers import haircut_faults

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.venues.rule_set import Mode

NOTHING_CUT = HaircutTier(None, ZERO)
Held: TypeAlias = dict[str, tuple[Decimal, CollateralEntry]]
"""Amount and row by asset."""


def balances(reading: Reading, rows: list[CollateralEntry], prices: Prices) -> tuple[Held, dict[str, Decimal]]:
    """Amount and row by asset, and what of the amount is bonus; an asset listed twice, or unpriced, is a problem.

    A bonus may stand beside the trader's own amount, whose row then says how the asset counts.
    """
    held: Held = {}
    bonus: dict[str, Decimal] = {}
    own: dict[str, CollateralEntry] = {}
    given: dict[str, CollateralEntry] = {}
    for draft in rows:
        asset, amount, listed = draft.asset, draft.amount, given if draft.bonus else own
        if asset in listed:
            _refuse_twice(reading, draft, listed[asset])
            continue
        listed[asset] = draft
        if draft.bonus:
            bonus[asset] = amount
            _check_bonus(reading, draft)
        held[asset] = (amount + (held[asset][0] if asset in held else ZERO), own.get(asset, draft))
        reading.locations[f"collateral.{asset}"] = reading.source.location(held[asset][1].node)
    for asset in own.keys() & given.keys():
        _check_one_says(reading, given[asset])
    for asset, (_, draft) in held.items():
        prices.of(asset, draft.at(CollateralEntry.asset), "which is held as collateral")
    return held, bonus


def _refuse_twice(reading: Reading, draft: CollateralEntry, first: CollateralEntry) -> None:
    reading.refuse(
        draft.at(CollateralEntry.asset),
        "MC016",
        f"{short(draft.asset)} is listed twice, first on {reading.source.place(first.node)}",
        "write one row with the sum of the amounts",
    )


def _check_bonus(reading: Reading, draft: CollateralEntry) -> None:
    """What a bonus does is said; it is no debt."""
    name = short(draft.asset)
    if draft.amount < 0:
        message = f"a bonus of {draft.amount:f} {name} would be a debt"
        reading.refuse(draft.at(CollateralEntry.amount), "MC014", message, "remove `bonus: true`")
    reading.assume(f"the bonus of {separated(draft.amount)} {name} is margin, is lost first and is never withdrawn")


def _check_one_says(reading: Reading, draft: CollateralEntry) -> None:
    """Beside an own row of its asset a bonus says nothing of how the asset counts."""
    for one in (CollateralEntry.haircut, CollateralEntry.haircut_tiers, CollateralEntry.loan_rate):
        if one in draft:
            message = f"`{one.name}` of the bonus: {short(draft.asset)} counts as its other row says"
            reading.refuse(draft.at(one), "MC016", message, "write it in the row without `bonus`")


def terms(
    reading: Reading,
    held: Held,
    settled: dict[str, "Node"],
    mode: "Mode",
    currency: str,
) -> dict[str, AssetTerms]:
    """Terms of every asset held or settled in: the file's haircut before the venue's, loan rate likewise.

    ``settled`` maps the assets that positions and orders of cross pools settle in to the place that says so. What the
    computation needs and nobody states is a problem, never zero: the haircut, where the asset may have positive equity
    in a multi-asset pool or where the haircut also weighs debts and requirements; the loan rate of a debt.
    """
    found: dict[str, AssetTerms] = {}
    for asset in dict.fromkeys([*held, *settled]):
        amount, row = held.get(asset, (ZERO, None))
        given = _given_haircuts(reading, row) if row is not None else None
        published = mode.terms(asset, currency)
        place = settled[asset] if row is None else row.node
        if mode.collateral.refuses(asset):
            reading.refuse(
                place, "MC023", f"{short(asset)} is no collateral of the venue", mode.collateral.refusal_help
            )
        elif given is None and published is None and _counts(asset, amount, settled, mode):
            _refuse_unknown_haircut(reading, asset, place, mode, has_row=row is not None)
        if given is None and published is not None:
            _check_known(reading, asset, amount, place, mode)
            for text in mode.assumptions(asset):
                reading.assume(text)
        if row is not None and given is not None and published is not None:
            _compare(reading, asset, amount, row, given, published.haircuts)
        found[asset] = _with_loan_rate(reading, asset, amount, row, mode, mode.terms(asset, currency, given))
    return found


def _counts(asset: str, amount: Decimal, settled: dict[str, "Node"], mode: "Mode") -> bool:
    """Whether the computation needs the asset's haircut."""
    if mode.collateral_mode is not CollateralMode.MULTI_ASSET:
        return False
    may_be_positive = amount > 0 or asset in settled
    return may_be_positive or (amount < 0 and mode.collateral.ask_buffer)


def _refuse_unknown_haircut(reading: Reading, asset: str, place: "Node", mode: "Mode", *, has_row: bool) -> None:
    """A missing haircut: in the row of ``collateral:`` where there is one, else in a row to be added."""
    name = short(asset)
    message, todo = f"no haircut for {name}", "add `haircut: ...` to its row under `collateral:`"
    if not has_row:
        message += ", in which this settles"
        todo = f"add `{{asset: {name}, amount: 0, haircut: ...}}` under `collateral:`"
    reading.refuse(place, "MC023", message, todo + mode.haircut_hint(asset))


def _check_known(reading: Reading, asset: str, amount: Decimal, place: "Node", mode: "Mode") -> None:
    """Beyond the last published haircut tier nothing is known: a problem."""
    most = mode.collateral.largest_amount(asset)
    if most is not None and amount > most:
        reading.refuse(
            place,
            "MC025",
            f"the haircut of {short(asset)} is known up to {most:f} only, the account holds {amount:f}",
            "add `haircut_tiers:` to its row, the last one without `up_to`",
        )


def _with_loan_rate(
    reading: Reading, asset: str, amount: Decimal, row: CollateralEntry | None, mode: "Mode", known: AssetTerms | None
) -> AssetTerms:
    """The terms with the file's loan rate before the venue's; a debt whose rate nobody states is a problem."""
    terms = known or AssetTerms()
    if row is None:
        return terms
    required = mode.collateral.requires_loan_rate(asset)
    if row.loan_rate is not None:
        given = row.loan_rate
        if amount < 0 and not required and given < terms.loan_rate:
            _observe_kinder(reading, asset, row, CollateralEntry.loan_rate, given, terms.loan_rate)
        return replace(terms, loan_rate=given)
    if amount < 0 and required:
        hint = f" ({mode.collateral.loan_rate_hint})" if mode.collateral.loan_rate_hint else ""
        reading.refuse(
            row.node,
            "MC022",
            f"no loan rate for the {short(asset)} debt",
            f"add `loan_rate: ...` to its row{hint}; 0% if the venue asks for no maintenance on it",
        )
    return terms


def _given_haircuts(reading: Reading, draft: CollateralEntry) -> tuple[HaircutTier, ...] | None:
    """The haircuts of a row; None where it states none."""
    if CollateralEntry.haircut in draft and CollateralEntry.haircut_tiers in draft:
        reading.refuse(
            draft.at(CollateralEntry.haircut_tiers),
            "MC016",
            "`haircut` and `haircut_tiers` contradict each other",
            "keep one",
        )
    if draft.haircut is not None:
        return (HaircutTier(None, draft.haircut),)
    rows = draft.haircut_tiers
    if rows is None:
        return None
    if not rows:
        reading.refuse(
            draft.at(CollateralEntry.haircut_tiers),
            "MC012",
            "`haircut_tiers` is empty",
            "write `haircut: 0%` if nothing is cut",
        )
        return (NOTHING_CUT,)
    tiers = tuple(row.tier for row in rows)
    for fault in haircut_faults(tiers, open_end=True):
        reading.refuse_row(rows[fault.row], HaircutStep.layout.by_name[fault.column], fault.message, fault.help)
    return tiers


def _compare(
    reading: Reading,
    asset: str,
    amount: Decimal,
    draft: CollateralEntry,
    given: tuple[HaircutTier, ...],
    published: tuple[HaircutTier, ...],
) -> None:
    """A haircut kinder than the venue's, on the amount held, is a fact."""
    own, venues = _effective(given, amount), _effective(published, amount)
    if own < venues:
        stated = CollateralEntry.haircut if CollateralEntry.haircut in draft else CollateralEntry.haircut_tiers
        _observe_kinder(reading, asset, draft, stated, own, venues)


def _effective(haircuts: tuple[HaircutTier, ...], amount: Decimal) -> Decimal:
    """The share of ``amount`` that the schedule cuts; the first tier's where nothing is held."""
    if amount <= 0:
        return haircuts[0].haircut
    return ONE - collateral_curve(haircuts, ONE).at(amount, ONE) / amount


def _observe_kinder(
    reading: Reading, asset: str, draft: CollateralEntry, stated: Key[Any], own: Decimal, venues: Decimal
) -> None:
    message = f"`{stated.name}` of {short(asset)} is kinder than the venue's: {percent(own)} against {percent(venues)}"
    reading.observe("MC208", asset, message, draft.at(stated), own, venues)


def check_isolated(reading: Reading, held: Held, positions: list[tuple[Position, PositionEntry]]) -> None:
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
                draft.at(PositionEntry.isolated_margin),
                "MC026",
                f"isolated margins of {aside[settle]:f} {settle} exceed the {amount:f} {settle} of `collateral:`",
                f"list all {settle} that the account holds there, isolated margins included",
            )


# What is taken as given.


def others(
    reading: Reading, rows: list[OtherEntry], prices: Prices, mode: CollateralMode, silos: list[str]
) -> tuple[OpaqueRow, ...]:
    """The rows. ``silos``: the assets that have pools where every asset has one."""
    known: dict[str, OtherEntry] = {}
    found = []
    for row in rows:
        if row.name in known:
            first = reading.source.place(known[row.name].node)
            message = f"{echo(row.name)} is listed twice, first on {first}"
            reading.refuse(row.at(OtherEntry.name), "MC016", message, "give every row a name of its own")
        known.setdefault(row.name, row)
        reading.locations[f"other.{row.name}"] = reading.source.location(row.node)
        if mode is CollateralMode.SINGLE_ASSET and row.settle is None:
            _refuse_poolless(reading, row, silos)
        node = row.node if row.settle is None else row.at(OtherEntry.settle)
        prices.of(row.settle or prices.currency, node, f"in which {short(row.name)} settles")
        for asset, _, place in row.delta.rows():
            prices.of(asset.text, place, f"which moves {short(row.name)}")
        found.append(_row(row))
        reading.assume(_said(found[-1], prices.currency))
    return tuple(found)


def _row(row: OtherEntry) -> OpaqueRow:
    return OpaqueRow(
        name=row.name,
        value=row.value,
        delta=dict(row.delta),
        initial_margin=row.initial_margin,
        maintenance_margin=row.maintenance_margin,
        settle=row.settle or "",
    )


def _refuse_poolless(reading: Reading, row: OtherEntry, silos: list[str]) -> None:
    """Where every asset has a pool of its own a row must say whose it is in."""
    advice = f"add `settle: {short(silos[0]) if silos else 'USDT'}`, the asset whose pool secures it"
    reading.refuse(row.node, "MC012", f"nothing says which pool {echo(row.name)} is in", advice)


def _said(row: OpaqueRow, currency: str) -> str:
    moves = " and ".join(f"{separated(units)} {short(asset)}" for asset, units in row.delta.items() if units)
    way = f"moving in a straight line as {moves}" if moves else "moved by no price"
    margins = f"{separated(row.initial_margin)} and {separated(row.maintenance_margin)} {currency}"
    worth = f"worth {separated(row.value)} {currency}, {way}, margins {margins} at every price"
    return f"{short(row.name)} is taken as given: {worth}"
