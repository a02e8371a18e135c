"""``margin_model:``, ``portfolio_margin:`` and ``history:`` -> the terms of a margin model, or what is wrong."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from marginctl.core.account import Account, MarginMode
from marginctl.core.contract import ContractType
from marginctl.core.exact import ONE, ZERO
from marginctl.core.exposures import exposures_of
from marginctl.core.model import (
    EVERY_OTHER,
    INITIAL_FACTOR,
    STEADY,
    Charge,
    Grade,
    MarginModel,
    ModelTerms,
    MoveTable,
    Spread,
    SpreadBy,
    SpreadLeg,
    TailTerms,
)
from marginctl.core.model_margin import names_any
from marginctl.core.returns import History
from marginctl.portfolio.format import AccountEntry, PortfolioFile
from marginctl.portfolio.model_history import MovingAssets, history_terms, moves_with
from marginctl.portfolio.reading import Reading, short
from marginctl.venues.model_format import (
    Fault,
    ModelEntry,
    ModelSettings,
    PublishedCharge,
    PublishedModel,
    SpreadLegEntry,
    UnderlyingEntry,
    names_of,
)
from marginctl.venues.symbols import is_dated

if TYPE_CHECKING:
    from marginctl.document.nodes import Node

SUFFICES = "add a row for it under `underlyings:`, or one for `assets: '*'`"


def model_terms(
    reading: Reading, draft: PortfolioFile, account: Account, beside: Path, settings: ModelSettings
) -> ModelTerms | None:
    """The model of the account's cross pools; None for ``tiered``, and with problems. ``beside``: the file's folder."""
    header = draft.account
    if header is None or header.margin_model is MarginModel.TIERED:
        return None
    model = header.margin_model
    if settings.entry is None:
        message = f"`margin_model: {model.value}` needs `portfolio_margin:`"
        reading.refuse(
            header.at(AccountEntry.margin_model), "MC012", message, "add it, or write `margin_model: tiered`"
        )
        return None
    before = len(reading.problems)
    found = _Terms(reading, draft, settings.entry, account, model, settings.published).read(beside)
    return found if len(reading.problems) == before else None


def watched_terms(reading: Reading, draft: PortfolioFile, account: Account, beside: Path) -> ModelTerms | None:
    """The history of a file for a limit alone, where no requirement reads it; None without one, and with problems."""
    if draft.history is None:
        return None
    entry = draft.portfolio_margin or ModelEntry()
    if not entry.places:
        entry.node = draft.history.node
    return _Terms(reading, draft, entry, account, MarginModel.EXPECTED_SHORTFALL, None).watched(beside)


class _Terms:
    """Reads one ``portfolio_margin:``."""

    def __init__(
        self,
        reading: Reading,
        draft: PortfolioFile,
        settings: ModelEntry,
        account: Account,
        model: MarginModel,
        published: PublishedModel | None,
    ) -> None:
        self.reading, self.draft, self.settings, self.account, self.model = reading, draft, settings, account, model
        self.published = published
        self.separate = settings.separate(model)
        self.scanned = _scanned(settings.scan_collateral)
        self.steady = STEADY | {asset for asset in account.prices if not account.drifts(asset)}

    def read(self, beside: Path) -> ModelTerms | None:
        """The terms; None where something needed is missing."""
        tables = tuple(self._tables())
        self._check_tables(tables)
        tables = self._with_followers(tables)
        history, tails = None, dict[Grade, TailTerms]()
        if self.model is not MarginModel.SCENARIO:
            history, tails = self._history(beside)
        terms = ModelTerms(
            model=self.model,
            separate=self.separate,
            tables=tables,
            spreads=tuple(self._spreads()),
            charges=tuple(self._charges()),
            scan_price=self.settings.scan_price,
            scanned=self.scanned,
            tails=tails,
            factors={grade: self._factor(grade) for grade in Grade},
            history=history,
            steady=self.steady,
        )
        self._check_covered(terms)
        self._check_units(terms)
        self._check_published(terms)
        self._tell_unused()
        if self.account.orders and not terms.scans_orders:
            self.reading.assume("open orders need what the tiers ask for them, beside the model")
        return terms

    def watched(self, beside: Path) -> ModelTerms | None:
        """The tails of the history, and what counts as exposed; None with problems."""
        history, tails = self._history(beside)
        if history is None or len(tails) < len(Grade):
            return None
        for asset in self._in_use():
            if asset not in history.columns:
                self.reading.assume(f"{short(asset)} stands still in the history")
        return ModelTerms(
            model=self.model,
            separate=ZERO,
            scan_price=self.settings.scan_price,
            scanned=self.scanned,
            tails=tails,
            history=history,
        )

    def _history(self, beside: Path) -> tuple[History | None, dict[Grade, TailTerms]]:
        """The history of what is in use and its tails."""
        moved = MovingAssets(self._in_use(), self.account.follows, self.steady)
        return history_terms(self.reading, self.draft, self.settings, self.model, moved, beside)

    def _factor(self, grade: Grade) -> Decimal:
        own = self.settings.grade(grade)
        if own is not None and own.factor is not None:
            return own.factor
        if grade is Grade.MAINTENANCE or (own is not None and (own.confidence is not None or own.horizon is not None)):
            return ONE
        self.reading.assume("initial margin of the model = 1.3 x its total")
        return INITIAL_FACTOR

    # Scenario.

    def _tables(self) -> Iterator[MoveTable]:
        named: dict[str, int] = {}
        units: dict[str, int] = {}
        for row in self.settings.underlyings:
            for asset in names_of(row.assets):
                self._once(row.at(UnderlyingEntry.assets), asset, named, "is named")
            if row.unit is not None:
                self._once(row.at(UnderlyingEntry.unit), row.unit, units, "has a table")
            self._refuse_all(row.faults())
            yield row.table()
        if self.published is not None:
            yield from self.published.tables(self.settings)

    def _with_followers(self, tables: tuple[MoveTable, ...]) -> tuple[MoveTable, ...]:
        """The tables, in which what follows an asset moves with it, in its unit, where no row moves it otherwise."""
        found = list(tables)
        named = {name for table in tables for name in table.assets}
        legs = {leg.asset for spread in self.settings.spreads for leg in spread.legs}
        for asset in self._in_use():
            led = self.account.follows.get(asset, "")
            if {asset, EVERY_OTHER} & named or led not in named - legs or asset in self.steady:
                continue
            place = next(place for place, table in enumerate(found) if led in table.assets)
            apart = found[place] if found[place].unit else replace(found[place], assets=(led,), unit=led)
            others = tuple(name for name in found[place].assets if name not in apart.assets)
            rest = [replace(found[place], assets=others)] if others else []
            found[place : place + 1] = [replace(apart, assets=(*apart.assets, asset)), *rest]
            self.reading.assume(moves_with(asset, led, "margin model"))
        return tuple(found)

    def _refuse_all(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            self.reading.refuse(*fault)

    def _once(self, node: "Node", name: str, seen: dict[str, int], what: str) -> None:
        if name in seen:
            message = f"{short(name)} {what} twice, first on line {seen[name]}"
            self.reading.refuse(node, "MC016", message, "keep one of them: list all its assets and moves there")
        seen.setdefault(name, node.line)

    def _check_tables(self, tables: Sequence[MoveTable]) -> None:
        lengths = {len(table.moves) for table in tables}
        if self.model is MarginModel.SCENARIO and self.separate < ONE and len(lengths) > 1:
            node = self.settings.at(ModelEntry.underlyings)
            self.reading.refuse(
                node, "MC016", "tables of different length cannot move row by row", "give all the same rows"
            )
        if self.model is MarginModel.SCENARIO and not tables:
            self.reading.refuse(self.settings.node, "MC012", "`underlyings` is missing", "list what moves how far")

    def _spreads(self) -> Iterator[Spread]:
        rows = self.settings.spreads
        if rows and (self.model is not MarginModel.SCENARIO or self.separate < ONE):
            node = self.settings.at(ModelEntry.spreads)
            self.reading.refuse(node, "MC016", "spreads only go with `combine: sum`", "remove them")
        drawn: dict[str, SpreadBy] = {}
        for row in rows:
            named: dict[str, int] = {}
            for leg in row.legs:
                self._check_leg(leg, row.by, drawn, named)
            legs = tuple(SpreadLeg(leg.ratio, leg.asset or "", leg.contract or "") for leg in row.legs if leg.ratio)
            if len(legs) < 2:
                self.reading.refuse(row.node, "MC012", "a spread has two legs or more", "list them with their ratios")
                continue
            yield Spread(name=row.name, legs=legs, by=row.by, credit=row.credit, charge=row.charge)

    def _check_leg(self, leg: SpreadLegEntry, by: SpreadBy, drawn: dict[str, SpreadBy], named: dict[str, int]) -> None:
        if (leg.asset is None) == (leg.contract is None):
            both = "neither" if leg.asset is None else "both"
            self.reading.refuse(leg.node, "MC016", f"a leg names {both} of asset and contract", "name one of them")
        if by is SpreadBy.VALUE and leg.contract is not None:
            place = leg.at(SpreadLegEntry.contract)
            self.reading.refuse(place, "MC016", "a leg by value names an asset", "write `asset:`")
        if not leg.ratio:
            place = leg.at(SpreadLegEntry.ratio)
            self.reading.refuse(place, "MC014", "a ratio of 0", "write how much of it a spread uses, such as -1")
        for name in filter(None, (leg.asset, leg.contract)):
            if name in named:
                message = f"{short(name)} has two legs, the first on line {named[name]}"
                self.reading.refuse(leg.node, "MC016", message, "write one leg with the sum of both ratios")
            named.setdefault(name, leg.node.line)
        if leg.asset is not None and drawn.setdefault(leg.asset, by) is not by:
            message = f"{short(leg.asset)} is drawn on by quantity and by value"
            place = leg.at(SpreadLegEntry.asset)
            self.reading.refuse(place, "MC016", message, "write the same `by:` in all spreads with it")

    def _charges(self) -> Iterator[Charge]:
        for row in self.settings.charges:
            self._refuse_all(row.faults())
            yield row.charge(twin=self.published.twin(row.name) if self.published is not None else None)
        if self.published is not None:
            yield from self.published.further_charges(self.settings)

    def _in_use(self) -> list[str]:
        """Assets with an exposure in cross pools; opposite legs of one contract that cancel out have none.

        Those of orders too, where they are scanned.
        """
        account = self.account
        cross = [one for one in account.positions if one.margin_mode is MarginMode.CROSS]
        exposures = exposures_of(cross, account.balances, account.prices, account.currency)
        bare = ModelTerms(model=MarginModel.SCENARIO, scanned=self.scanned, tables=(MoveTable((EVERY_OTHER,), ()),))
        scanned = [(asset, form) for asset, form in exposures.equities.items() if bare.is_scanned(asset)]
        held = [asset for asset, form in scanned if any(entry.amount for entry in form.entries)]
        open_ones = [one.contract for one in exposures.contracts.values() if one.quantity]
        if self.settings.scans_orders(self.model):
            open_ones += [one.contract for one in account.orders if not one.reduce_only]
        named = [name for contract in open_ones for name in (contract.base, contract.quote)]
        return [asset for asset in dict.fromkeys([*named, *held]) if asset != account.currency]

    def _check_covered(self, terms: ModelTerms) -> None:
        """Every volatile asset in use moves; what stands still is said."""
        for asset in self._in_use():
            if terms.model is MarginModel.SCENARIO and terms.table_of(asset) is None and asset not in self.steady:
                node = self.settings.at(ModelEntry.underlyings)
                self.reading.refuse(node, "MC022", f"nothing says how far {short(asset)} moves", SUFFICES)
            elif asset in self.steady and not terms.takes_part(asset):
                self.reading.assume(f"{short(asset)} stands still in the margin model")

    def _tell_unused(self) -> None:
        """Assets and contracts that the file's own rows name and the account lacks: a slip, or a larger table."""
        own = self.settings
        known = {*self.account.prices, *(row.unit for row in own.underlyings), *STEADY, EVERY_OTHER, "none", "all"}
        known |= {one.contract.symbol for one in self.account.positions}
        names = [name for row in own.underlyings for name in names_of(row.assets)]
        names += [name for one in own.charges for name in names_of(one.assets or ())]
        names += [*names_of(own.scan_collateral)]
        names += [leg.asset or leg.contract or "" for row in own.spreads for leg in row.legs]
        unused = [short(name) for name in dict.fromkeys(names) if name and name not in known]
        if unused:
            self.reading.assume(f"portfolio_margin names what the account does not have: {', '.join(unused)}")

    def _check_published(self, terms: ModelTerms) -> None:
        """What a venue's own model does not have: rates of an asset, contracts with a last day."""
        published, venue = self.published, self.account.venue
        if published is None:
            return
        contracts = [one.contract for one in self.account.positions if one.margin_mode is MarginMode.CROSS]
        contracts += [one.contract for one in self.account.orders]
        dated = [one.symbol for one in contracts if one.expiry is not None or is_dated(one.symbol)]
        if published.refuses_dated and dated:
            message = f"the portfolio margin of {venue} is known for perpetuals, not for {short(dated[0])}"
            advice = "write `margin_model: tiered`, or describe the account under the generic rules"
            self.reading.refuse(self._header_node(), "MC027", message, advice)
        for asset in dict.fromkeys(one.base for one in contracts):
            for name in published.needed:
                if not any(one.name == name and names_any(one, (asset, terms.unit_of(asset))) for one in terms.charges):
                    self._refuse_rate(name, asset, published.twin(name))
        for text in published.notes:
            self.reading.assume(text)

    def _header_node(self) -> "Node":
        header = self.draft.account
        return self.draft.node if header is None else header.at(AccountEntry.margin_model)

    def _refuse_rate(self, name: str, asset: str, twin: PublishedCharge | None) -> None:
        terms = f"on: {twin.on.value}, where: {twin.where.value}" if twin is not None else "on: ..., where: ..."
        row = f"{{name: {name}, {terms}, rate: ..., assets: [{short(asset)}]}}"
        self.reading.refuse(
            self.settings.at(ModelEntry.charges),
            "MC022",
            f"the rate of {name} of {short(asset)} is not known of {self.account.venue}",
            f"give it: `portfolio_margin: {{charges: [{row}]}}`",
        )

    def _check_units(self, terms: ModelTerms) -> None:
        """A unit has one table, and what a spread credits is the scan of one asset."""
        tables: dict[str, MoveTable] = {}
        for asset in self._in_use() if terms.model is MarginModel.SCENARIO else ():
            table = terms.table_of(asset)
            if table is not None and tables.setdefault(terms.unit_of(asset), table) is not table:
                message = f"the unit {short(terms.unit_of(asset))} has a table twice: {short(asset)} has another one"
                self.reading.refuse(
                    self.settings.at(ModelEntry.underlyings), "MC016", message, "give the unit a name of its own"
                )
        inverse = {one.contract.base for one in self.account.positions if one.contract.type is ContractType.INVERSE}
        by_quantity = {leg.asset for spread in terms.spreads if spread.by is SpreadBy.QUANTITY for leg in spread.legs}
        for asset in sorted(by_quantity & inverse):
            message = f"the base units of inverse contracts on {short(asset)} move with its price"
            self.reading.refuse(self.settings.at(ModelEntry.spreads), "MC016", message, "write `by: value`")
        for asset in {leg.asset: None for spread in terms.spreads for leg in spread.legs if leg.asset}:
            table = terms.table_of(asset)
            if table is not None and table.unit is not None and (len(table.assets) > 1 or EVERY_OTHER in table.assets):
                message = f"{short(asset)} is scanned together with others, as {short(table.unit)}"
                self.reading.refuse(
                    self.settings.at(ModelEntry.spreads), "MC016", message, "give it a table of its own"
                )


def _scanned(value: list[str] | str) -> frozenset[str] | None:
    """The coins that count as positions: None = all."""
    names = frozenset(names_of(value))
    if names == {"all"}:
        return None
    return frozenset() if names == {"none"} else names
