"""``other:`` -> rows that are taken as given: each named, priced where it moves, and said among the assumptions."""

from marginctl.core.account import CollateralMode
from marginctl.core.opaque import OpaqueRow
from marginctl.document.source import echo
from marginctl.portfolio.format import OtherEntry
from marginctl.portfolio.prices import Prices
from marginctl.portfolio.reading import Reading, separated, short


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
        if mode is CollateralMode.SINGLE_ASSET and row.settle is None:
            _refuse_poolless(reading, row, silos)
        if row.settle is not None:
            prices.of(row.settle, row.at(OtherEntry.settle), f"in which {short(row.name)} settles")
        for asset, _, node in row.delta.rows():
            prices.of(asset.text, node, f"which moves {short(row.name)}")
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
