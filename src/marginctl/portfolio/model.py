"""``margin_model:``, ``portfolio_margin:`` and ``history:`` -> the terms of a margin model, or what is wrong."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from marginctl.core.account import Account, MarginMode
from marginctl.core.exact import ONE, ZERO
from marginctl.core.exposures import exposures_of
from marginctl.core.model import (
    EVERY_OTHER,
    INITIAL_FACTOR,
    STEADY,
    Charge,
    ChargeBase,
    Filling,
    Grade,
    MarginModel,
    ModelTerms,
    Move,
    MoveTable,
    Quantile,
    Span,
    Spread,
    SpreadBy,
    SpreadLeg,
    Stressed,
    TailTerms,
    Where,
)
from marginctl.core.returns import History, Period, Returns, returns_of
from marginctl.document.price_history import PriceHistory, price_history
from marginctl.portfolio.format import AccountEntry, PortfolioFile
from marginctl.portfolio.model_format import (
    Blend,
    ChargeEntry,
    Decay,
    Decorrelation,
    GradeEntry,
    HistoryEntry,
    ModelEntry,
    SpreadLegEntry,
    StressedEntry,
    UnderlyingEntry,
    WeightedMove,
)
from marginctl.portfolio.reading import Reading, percent, short

if TYPE_CHECKING:
    from marginctl.document.nodes import Node

HALF = Decimal("0.5")
CONFIDENCE = {MarginModel.VAR: Decimal("0.99"), MarginModel.EXPECTED_SHORTFALL: Decimal("0.975")}
PARQUET = (".parquet", ".pq")
SUFFICES = "add a row for it under `underlyings:`, or one for `assets: '*'`"


def model_terms(reading: Reading, draft: PortfolioFile, account: Account, beside: Path) -> ModelTerms | None:
    """The model of the account's cross pools; None for ``tiered``, and with problems. ``beside``: the file's folder."""
    header = draft.account
    if header is None or header.margin_model is MarginModel.TIERED:
        return None
    model, settings = header.margin_model, draft.portfolio_margin
    if settings is None:
        message = f"`margin_model: {model.value}` needs `portfolio_margin:`"
        reading.refuse(header.at(AccountEntry.margin_model), "MC012", message, "add it, or write margin_model: tiered")
        return None
    before = len(reading.problems)
    found = _Terms(reading, draft, settings, account, model).read(beside)
    return found if len(reading.problems) == before else None


class _Terms:
    """Reads one ``portfolio_margin:``."""

    def __init__(
        self, reading: Reading, draft: PortfolioFile, settings: ModelEntry, account: Account, model: MarginModel
    ) -> None:
        self.reading, self.draft, self.settings, self.account, self.model = reading, draft, settings, account, model
        self.scanned = _scanned(settings.scan_collateral)

    def read(self, beside: Path) -> ModelTerms | None:
        """The terms; None where something needed is missing."""
        tables = tuple(self._tables())
        self._check_tables(tables)
        history = self._history(beside) if self.model is not MarginModel.SCENARIO else None
        tails = self._tails(history) if history is not None else {}
        terms = ModelTerms(
            model=self.model,
            separate=self._separate(),
            tables=tables,
            spreads=tuple(self._spreads()),
            charges=tuple(self._charges()),
            scan_price=self.settings.scan_price,
            scanned=self.scanned,
            tails=tails,
            factors={grade: self._factor(grade) for grade in Grade},
            history=history,
        )
        self._check_covered(terms)
        return terms

    def _refuse(self, node: "Node", code: str, message: str, help: str) -> None:
        self.reading.refuse(node, code, message, help)

    def _separate(self) -> Decimal:
        combine = self.settings.combine
        if combine is None:
            return ONE if self.model is MarginModel.SCENARIO else ZERO
        if isinstance(combine, Decorrelation):
            return combine.decorrelation
        return ONE if combine == "sum" else ZERO

    def _factor(self, grade: Grade) -> Decimal:
        own = self.settings.grade(grade)
        if own is not None and own.factor is not None:
            return own.factor
        if grade is Grade.MAINTENANCE or (own is not None and (own.confidence or own.horizon)):
            return ONE
        self.reading.assume("initial margin of the model = 1.3 x its total")
        return INITIAL_FACTOR

    # Scenario.

    def _tables(self) -> Iterator[MoveTable]:
        named: dict[str, int] = {}
        units: dict[str, int] = {}
        for row in self.settings.underlyings:
            for asset in _names(row.assets):
                self._once(row.at(UnderlyingEntry.assets), asset, named, "is named")
            if row.unit is not None:
                self._once(row.at(UnderlyingEntry.unit), row.unit, units, "has a table")
            moves = tuple(self._moves(row.moves))
            if not moves:
                self._refuse(row.node, "MC012", "`moves` is empty", "list at least one, such as -10% and 10%")
            yield MoveTable(tuple(_names(row.assets)), moves, row.unit)

    def _once(self, node: "Node", name: str, seen: dict[str, int], what: str) -> None:
        if name in seen:
            message = f"{short(name)} {what} twice, first on line {seen[name]}"
            self._refuse(node, "MC016", message, "keep one of them: list all its assets and moves there")
        seen.setdefault(name, node.line)

    def _moves(self, items: Sequence[WeightedMove | Decimal]) -> Iterator[Move]:
        for item in items:
            if isinstance(item, Decimal):
                yield Move(item)
                continue
            if item.weight > ONE:
                place, words = item.at(WeightedMove.weight), f"a weight of {percent(item.weight)}"
                self._refuse(place, "MC014", words, "write 100% or less")
            yield Move(item.move, item.weight)

    def _check_tables(self, tables: Sequence[MoveTable]) -> None:
        lengths = {len(table.moves) for table in tables}
        if self.model is MarginModel.SCENARIO and self._separate() < ONE and len(lengths) > 1:
            node = self.settings.at(ModelEntry.underlyings)
            self._refuse(node, "MC016", "tables of different length cannot move row by row", "give all the same rows")
        if self.model is MarginModel.SCENARIO and not tables:
            self._refuse(self.settings.node, "MC012", "`underlyings` is missing", "list what moves how far")

    def _spreads(self) -> Iterator[Spread]:
        rows = self.settings.spreads
        if rows and (self.model is not MarginModel.SCENARIO or self._separate() < ONE):
            node = self.settings.at(ModelEntry.spreads)
            self._refuse(node, "MC016", "spreads only go with `combine: sum`", "remove them")
        drawn: dict[str, SpreadBy] = {}
        for row in rows:
            for leg in row.legs:
                self._check_leg(leg, row.by, drawn)
            legs = tuple(SpreadLeg(leg.ratio, leg.asset or "", leg.contract or "") for leg in row.legs if leg.ratio)
            if len(legs) < 2:
                self._refuse(row.node, "MC012", "a spread has two legs or more", "list them with their ratios")
                continue
            yield Spread(name=row.name, legs=legs, by=row.by, credit=row.credit, charge=row.charge)

    def _check_leg(self, leg: SpreadLegEntry, by: SpreadBy, drawn: dict[str, SpreadBy]) -> None:
        if (leg.asset is None) == (leg.contract is None):
            both = "neither" if leg.asset is None else "both"
            self._refuse(leg.node, "MC016", f"a leg names {both} of asset and contract", "name one of them")
        if by is SpreadBy.VALUE and leg.contract is not None:
            place = leg.at(SpreadLegEntry.contract)
            self._refuse(place, "MC016", "a leg by value names an asset", "write `asset:`")
        if not leg.ratio:
            place = leg.at(SpreadLegEntry.ratio)
            self._refuse(place, "MC014", "a ratio of 0", "write how much of it a spread uses, such as -1")
        if leg.asset is not None and drawn.setdefault(leg.asset, by) is not by:
            message = f"{short(leg.asset)} is drawn on by quantity and by value"
            place = leg.at(SpreadLegEntry.asset)
            self._refuse(place, "MC016", message, "write the same `by:` in all spreads with it")

    def _charges(self) -> Iterator[Charge]:
        for row in self.settings.charges:
            if row.on is ChargeBase.COLLATERAL and row.where is not Where.ON_TOP:
                place = row.at(ChargeEntry.where)
                self._refuse(place, "MC016", "a charge on collateral is on top", "write `where: on-top`")
            if row.margins is not None and row.where is not Where.ON_TOP:
                place = row.at(ChargeEntry.margins)
                self._refuse(place, "MC016", "only a charge on top is of one margin", "remove `in:`")
            tiers = tuple((tier.up_to, tier.factor) for tier in row.tiers)
            self._check_rising(row, tiers)
            yield Charge(
                name=row.name,
                on=row.on,
                rate=row.rate,
                where=row.where,
                names=None if row.assets is None else tuple(_names(row.assets)),
                price=row.price,
                tiers=tiers,
                grade=row.margins,
            )

    def _check_rising(self, row: ChargeEntry, tiers: Sequence[tuple[Decimal | None, Decimal]]) -> None:
        ends = [up_to for up_to, _ in tiers]
        known = [end for end in ends[:-1] if end is not None]
        rise = len(known) == len(ends[:-1]) and all(one < other for one, other in pairwise(known))
        if tiers and (not rise or ends[-1] is not None):
            message = "the tiers do not rise, or the last one has an end"
            self._refuse(row.at(ChargeEntry.tiers), "MC025", message, "sort them by up_to; the last one has none")

    # History.

    def _history(self, beside: Path) -> History | None:
        row = self.draft.history
        if row is None:
            message = f"`margin_model: {self.model.value}` needs a history"
            self._refuse(self.draft.node, "MC012", message, "add `history: {file: history.csv}`, beside this one")
            return None
        read = self._file(row, beside)
        return None if read is None else self._checked(row, read)

    def _file(self, row: HistoryEntry, beside: Path) -> PriceHistory | None:
        name, node = row.file, row.at(HistoryEntry.file)
        if name.endswith(PARQUET):
            self._refuse(node, "MC001", "Parquet needs the extra `parquet`", "pip install 'marginctl[parquet]'")
            return None
        if Path(name).is_absolute() or ".." in Path(name).parts:
            self._refuse(node, "MC001", f"{short(name)} lies elsewhere", "name a file in the folder of this one")
            return None
        try:
            data = (beside / name).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self._refuse(node, "MC001", f"{short(name)} cannot be read: {reason}", "name a CSV beside this file")
            return None
        read, problems = price_history(data, name, are_returns=row.values == "returns")
        self.reading.problems += problems
        return read

    def _checked(self, row: HistoryEntry, read: PriceHistory) -> History | None:
        filling = row.missing
        for asset in self._in_use():
            if asset not in read.columns:
                if asset not in STEADY:
                    message = f"the history has no column for {short(asset)}"
                    self._refuse(row.at(HistoryEntry.file), "MC022", message, f"add the column {short(asset)}")
                continue
            blank = next((k for k, value in enumerate(read.columns[asset]) if value is None), None)
            if blank is not None and (filling is Filling.ERROR or (filling is Filling.CARRY and not blank)):
                self.reading.problems.append(
                    read.source.problem(
                        read.place(blank, asset),
                        "MC022",
                        f"{short(asset)} has no value on {read.dates[blank]}",
                        "fill the cell, or write `missing: drop` or `missing: carry` under `history:`",
                    )
                )
        return History(
            file=row.file,
            dates=read.dates,
            days=read.days,
            columns=read.columns,
            are_returns=row.values == "returns",
            filling=filling,
            first=row.first,
            last=row.last,
            window=None if row.window is None else int(row.window),
        )

    def _in_use(self) -> list[str]:
        """Assets with an exposure in cross pools."""
        account = self.account
        cross = [one for one in account.positions if one.margin_mode is MarginMode.CROSS]
        exposures = exposures_of(cross, account.balances, account.prices, account.currency)
        bare = ModelTerms(model=MarginModel.SCENARIO, scanned=self.scanned, tables=(MoveTable((EVERY_OTHER,), ()),))
        held = [asset for asset in exposures.equities if bare.is_scanned(asset) and account.balances.get(asset)]
        named = [name for one in exposures.contracts.values() for name in (one.contract.base, one.contract.quote)]
        return [asset for asset in dict.fromkeys([*named, *held]) if asset != account.currency]

    def _tails(self, history: History) -> dict[Grade, TailTerms]:
        if self.reading.problems:
            return {}
        assets = [asset for asset in self._in_use() if asset in history.columns]
        found = {}
        for grade in Grade:
            tail = self._tail(grade, history, assets)
            if tail is not None:
                found[grade] = tail
        return found

    def _tail(self, grade: Grade, history: History, assets: Sequence[str]) -> TailTerms | None:
        settings, own = self.settings, self.settings.grade(grade) or GradeEntry()
        span = Span(int(own.horizon or settings.horizon), settings.overlapping)
        confidence = own.confidence or settings.confidence or CONFIDENCE[self.model]
        has_own = own.confidence is not None
        node = own.at(GradeEntry.confidence) if has_own else settings.at(ModelEntry.confidence)
        if not HALF < confidence < ONE:
            self._refuse(node, "MC014", f"a confidence of {percent(confidence)}", "write one between 50% and 100%")
            return None
        tail = TailTerms(
            confidence=confidence,
            returns=returns_of(history, assets, span),
            span=span,
            decay=self._decay(),
            quantile=settings.quantile,
            tail=settings.tail,
            stressed=self._stressed(history, assets, span, confidence),
        )
        self._check_enough(tail.returns, confidence, node, "the history")
        return tail

    def _decay(self) -> Decimal | None:
        weighting = self.settings.weighting
        if not isinstance(weighting, Decay):
            return None
        if weighting.decay > ONE:
            place, words = weighting.at(Decay.decay), f"a decay of {weighting.decay:f}"
            self._refuse(place, "MC014", words, "write one above 0, at most 1")
        if self.settings.quantile is not Quantile.INVERTED_CDF:
            message = "weights that decay only go with `quantile: inverted-cdf`"
            self._refuse(self.settings.at(ModelEntry.quantile), "MC016", message, "remove one of them")
        return weighting.decay

    def _stressed(self, history: History, assets: Sequence[str], span: Span, confidence: Decimal) -> Stressed | None:
        row: StressedEntry | None = self.settings.stress
        if row is None:
            return None
        returns = returns_of(history, assets, span, Period(row.first, row.last))
        self._check_enough(returns, confidence, row.node, "the stressed window")
        return Stressed(returns, row.combine.blend if isinstance(row.combine, Blend) else None)

    def _check_enough(self, returns: Returns, confidence: Decimal, node: "Node", what: str) -> None:
        n, p = len(returns.moves), ONE - confidence
        if n * p >= ONE:
            return
        needed = int((ONE / p).to_integral_value("ROUND_CEILING"))
        message = f"{what} has {n} returns: {percent(confidence)} needs {needed} or more"
        self._refuse(node, "MC025", message, "give a longer history, or a lower confidence")

    def _check_covered(self, terms: ModelTerms) -> None:
        """Every volatile asset in use moves; what stands still is said."""
        for asset in self._in_use():
            if terms.model is MarginModel.SCENARIO and terms.table_of(asset) is None and asset not in STEADY:
                node = self.settings.at(ModelEntry.underlyings)
                self._refuse(node, "MC022", f"nothing says how far {short(asset)} moves", SUFFICES)
            elif asset in STEADY and not terms.takes_part(asset):
                self.reading.assume(f"{short(asset)} stands still in the margin model")


def _names(value: list[str] | str) -> Iterable[str]:
    """One name, or a list of them."""
    return [value] if isinstance(value, str) else value


def _scanned(value: list[str] | str) -> frozenset[str] | None:
    """The coins that count as positions: None = all."""
    names = frozenset(_names(value))
    if names == {"all"}:
        return None
    return frozenset() if names == {"none"} else names
