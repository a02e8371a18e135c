"""``margin_model:``, ``portfolio_margin:`` and ``history:`` -> the terms of a margin model, or what is wrong."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marginctl.core.account import Account, MarginMode
from marginctl.core.contract import ContractType
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
    ScanPrice,
    Span,
    Spread,
    SpreadBy,
    SpreadLeg,
    Stressed,
    TailMean,
    TailTerms,
    Where,
)
from marginctl.core.returns import History, Period, Returns, returns_of
from marginctl.document.encoding import content_of
from marginctl.document.price_history import LARGEST_HISTORY, PriceHistory, price_history
from marginctl.portfolio.reading import Reading, percent, short

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.document.shape import Draft

HALF = Decimal("0.5")
CONFIDENCE = {MarginModel.VAR: Decimal("0.99"), MarginModel.EXPECTED_SHORTFALL: Decimal("0.975")}
PARQUET = (".parquet", ".pq")
SUFFICES = "add a row for it under `underlyings:`, or one for `assets: '*'`"


def model_terms(reading: Reading, draft: "Draft", account: Account, beside: Path) -> ModelTerms | None:
    """The model of the account's cross pools; None for ``tiered``, and with problems. ``beside``: the file's folder."""
    header = draft.get("account")
    name = header.get("margin_model") if header is not None else None
    model = MarginModel(name or "tiered")
    if model is MarginModel.TIERED:
        return None
    settings = draft.get("portfolio_margin")
    if settings is None:
        message = f"`margin_model: {model.value}` needs `portfolio_margin:`"
        reading.refuse(header.at("margin_model"), "MC012", message, "add it, or write `margin_model: tiered`")
        return None
    before = len(reading.problems)
    found = _Terms(reading, draft, settings, account, model).read(beside)
    return found if len(reading.problems) == before else None


class _Terms:
    """Reads one ``portfolio_margin:``."""

    def __init__(
        self, reading: Reading, draft: "Draft", settings: "Draft", account: Account, model: MarginModel
    ) -> None:
        self.reading, self.draft, self.settings, self.account, self.model = reading, draft, settings, account, model
        self.scanned = _scanned(settings.get("scan_collateral"))

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
            scan_price=ScanPrice(self.settings.get("scan_price") or "mark"),
            scanned=self.scanned,
            tails=tails,
            factors={grade: self._factor(grade) for grade in Grade},
            history=history,
        )
        self._check_covered(terms)
        self._check_units(terms)
        if self.account.orders and not terms.scans_orders:
            self.reading.assume("open orders need what the tiers ask for them, beside the model")
        return terms

    def _refuse(self, node: "Node", code: str, message: str, help: str) -> None:
        """A problem, once where both margins have it."""
        self.reading.refuse(node, code, message, help)
        if self.reading.problems[-1] in self.reading.problems[:-1]:
            self.reading.problems.pop()

    def _separate(self) -> Decimal:
        combine = self.settings.get("combine")
        if combine is None:
            return ONE if self.model is MarginModel.SCENARIO else ZERO
        if isinstance(combine, str):
            return ONE if combine == "sum" else ZERO
        return Decimal(combine.get("decorrelation"))

    def _factor(self, grade: Grade) -> Decimal:
        own = self.settings.get(grade.value)
        if own is not None and "factor" in own:
            return Decimal(own.get("factor"))
        if grade is Grade.MAINTENANCE or (own is not None and ("confidence" in own or "horizon" in own)):
            return ONE
        self.reading.assume("initial margin of the model = 1.3 x its total")
        return INITIAL_FACTOR

    # Scenario.

    def _tables(self) -> Iterator[MoveTable]:
        rows: list[Draft] = self.settings.get("underlyings", [])
        named: dict[str, int] = {}
        units: dict[str, int] = {}
        for row in rows:
            for asset in _names(row.get("assets")):
                self._once(row.at("assets"), asset, named, "is named")
            if "unit" in row:
                self._once(row.at("unit"), row.get("unit"), units, "has a table")
            moves = tuple(self._moves(row.get("moves", [])))
            if not moves:
                self._refuse(row.node, "MC012", "`moves` is empty", "list at least one, such as -10% and 10%")
            yield MoveTable(tuple(_names(row.get("assets"))), moves, row.get("unit"))

    def _once(self, node: "Node", name: str, seen: dict[str, int], what: str) -> None:
        if name in seen:
            message = f"{short(name)} {what} twice, first on line {seen[name]}"
            self._refuse(node, "MC016", message, "keep one of them: list all its assets and moves there")
        seen.setdefault(name, node.line)

    def _moves(self, items: Sequence[Any]) -> Iterator[Move]:
        for item in items:
            value = getattr(item, "value", item)
            if isinstance(value, Decimal):
                yield Move(value)
                continue
            weight = value.get("weight", ONE)
            if weight > ONE:
                self._refuse(value.at("weight"), "MC014", f"a weight of {percent(weight)}", "write 100% or less")
            if value.get("move") is not None:
                yield Move(value.get("move"), weight)

    def _check_tables(self, tables: Sequence[MoveTable]) -> None:
        lengths = {len(table.moves) for table in tables}
        if self.model is MarginModel.SCENARIO and self._separate() < ONE and len(lengths) > 1:
            node = self.settings.at("underlyings")
            self._refuse(node, "MC016", "tables of different length cannot move row by row", "give all the same rows")
        if self.model is MarginModel.SCENARIO and not tables:
            self._refuse(self.settings.node, "MC012", "`underlyings` is missing", "list what moves how far")

    def _spreads(self) -> Iterator[Spread]:
        rows: list[Draft] = self.settings.get("spreads", [])
        if rows and (self.model is not MarginModel.SCENARIO or self._separate() < ONE):
            self._refuse(self.settings.at("spreads"), "MC016", "spreads only go with `combine: sum`", "remove them")
        drawn: dict[str, str] = {}
        for row in rows:
            by, named = row.get("by") or "quantity", dict[str, int]()
            for leg in row.get("legs", []):
                self._check_leg(leg, by, drawn, named)
            legs = tuple(
                SpreadLeg(leg.get("ratio"), leg.get("asset") or "", leg.get("contract") or "")
                for leg in row.get("legs", [])
                if leg.get("ratio")
            )
            if len(legs) < 2:
                self._refuse(row.node, "MC012", "a spread has two legs or more", "list them with their ratios")
                continue
            yield Spread(
                name=row.get("name"),
                legs=legs,
                by=SpreadBy(by),
                credit=row.get("credit", ZERO),
                charge=row.get("charge", ZERO),
            )

    def _check_leg(self, leg: "Draft", by: str, drawn: dict[str, str], named: dict[str, int]) -> None:
        if ("asset" in leg) == ("contract" in leg):
            both = "both" if "asset" in leg else "neither"
            self._refuse(leg.node, "MC016", f"a leg names {both} of asset and contract", "name one of them")
        if by == "value" and "contract" in leg:
            self._refuse(leg.at("contract"), "MC016", "a leg by value names an asset", "write `asset:`")
        if "ratio" in leg and not leg.get("ratio"):
            self._refuse(leg.at("ratio"), "MC014", "a ratio of 0", "write how much of it a spread uses, such as -1")
        for name in filter(None, (leg.get("asset"), leg.get("contract"))):
            if name in named:
                message = f"{short(name)} has two legs, the first on line {named[name]}"
                self._refuse(leg.node, "MC016", message, "write one leg with the sum of both ratios")
            named.setdefault(name, leg.node.line)
        asset = leg.get("asset")
        if asset is not None and drawn.setdefault(asset, by) != by:
            message = f"{short(asset)} is drawn on by quantity and by value"
            self._refuse(leg.at("asset"), "MC016", message, "write the same `by:` in all spreads with it")

    def _charges(self) -> Iterator[Charge]:
        for row in self.settings.get("charges", []):
            on, where, grade = ChargeBase(row.get("on")), Where(row.get("where")), row.get("in") or "both"
            if on is ChargeBase.COLLATERAL and where is not Where.ON_TOP:
                self._refuse(row.at("where"), "MC016", "a charge on collateral is on top", "write `where: on-top`")
            if grade != "both" and where is not Where.ON_TOP:
                self._refuse(row.at("in"), "MC016", "only a charge on top is of one margin", "remove `in:`")
            tiers = tuple((tier.get("up_to"), tier.get("factor")) for tier in row.get("tiers", []))
            self._check_rising(row, tiers)
            yield Charge(
                name=row.get("name"),
                on=on,
                rate=row.get("rate"),
                where=where,
                names=tuple(_names(row.get("assets"))) if "assets" in row else None,
                price=ScanPrice(row.get("price")) if "price" in row else None,
                tiers=tiers,
                grade=None if grade == "both" else Grade(grade),
            )

    def _check_rising(self, row: "Draft", tiers: Sequence[tuple[Decimal | None, Decimal]]) -> None:
        ends = [up_to for up_to, _ in tiers]
        known = [end for end in ends[:-1] if end is not None]
        rise = len(known) == len(ends[:-1]) and all(one < other for one, other in pairwise(known))
        if tiers and (not rise or ends[-1] is not None):
            message = "the tiers do not rise, or the last one has an end"
            self._refuse(row.at("tiers"), "MC025", message, "sort them by up_to; the last one has none")

    # History.

    def _history(self, beside: Path) -> History | None:
        row: Draft | None = self.draft.get("history")
        if row is None or row.get("file") is None:
            place = self.draft.node if row is None else row.node
            message = f"`margin_model: {self.model.value}` needs a history"
            self._refuse(place, "MC012", message, "add `history: {file: history.csv}`, a file beside this one")
            return None
        read = self._file(row, beside)
        return None if read is None else self._checked(row, read)

    def _file(self, row: "Draft", beside: Path) -> PriceHistory | None:
        name, node = row.get("file"), row.at("file")
        if name.endswith(PARQUET):
            self._refuse(node, "MC001", "Parquet needs the extra `parquet`", "pip install 'marginctl[parquet]'")
            return None
        if Path(name).is_absolute() or ".." in Path(name).parts:
            self._refuse(node, "MC001", f"{short(name)} lies elsewhere", "name a file in the folder of this one")
            return None
        data, problem = content_of(beside / name, name, LARGEST_HISTORY)
        if problem is not None:
            self._refuse(node, "MC001", f"{short(name)} {problem.message}", "name a CSV beside this file")
            return None
        read, problems = price_history(data, name, are_returns=row.get("values") == "returns")
        self.reading.problems += problems
        return read

    def _checked(self, row: "Draft", read: PriceHistory) -> History | None:
        filling = Filling(row.get("missing") or "error")
        for asset in self._in_use():
            if asset not in read.columns:
                if asset not in STEADY:
                    message = f"the history has no column for {short(asset)}"
                    self._refuse(row.at("file"), "MC022", message, f"add the column {short(asset)} to the file")
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
            file=row.get("file"),
            dates=read.dates,
            days=read.days,
            columns=read.columns,
            are_returns=row.get("values") == "returns",
            filling=filling,
            first=row.get("from"),
            last=row.get("to"),
            window=None if row.get("window") is None else int(row.get("window")),
        )

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
        if self.model is MarginModel.SCENARIO and self._separate() == ONE and not self.settings.get("spreads", []):
            open_ones += [one.contract for one in account.orders if not one.reduce_only]
        named = [name for contract in open_ones for name in (contract.base, contract.quote)]
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
        own: Draft | None = self.settings.get(grade.value)
        span = Span(int(self._own(own, "horizon", ONE)), self.settings.get("overlapping", True))
        confidence = self._own(own, "confidence", CONFIDENCE[self.model])
        node = self.settings.at("confidence") if own is None or "confidence" not in own else own.at("confidence")
        if not HALF < confidence < ONE:
            self._refuse(node, "MC014", f"a confidence of {percent(confidence)}", "write one between 50% and 100%")
            return None
        quantile = Quantile(self.settings.get("quantile") or "inverted-cdf")
        tail = TailTerms(
            confidence=confidence,
            returns=returns_of(history, assets, span),
            span=span,
            decay=self._decay(quantile),
            quantile=quantile,
            tail=TailMean(self.settings.get("tail") or "exact"),
            stressed=self._stressed(history, assets, span, confidence),
        )
        self._check_enough(tail.returns, confidence, node, "the history")
        return tail

    def _own(self, own: "Draft | None", name: str, default: Decimal) -> Decimal:
        given = own if own is not None and name in own else self.settings
        return Decimal(given.get(name) if name in given else default)

    def _decay(self, quantile: Quantile) -> Decimal | None:
        weighting = self.settings.get("weighting")
        if weighting is None or isinstance(weighting, str):
            return None
        decay = Decimal(weighting.get("decay"))
        if decay > ONE:
            self._refuse(weighting.at("decay"), "MC014", f"a decay of {decay:f}", "write one above 0, at most 1")
        if quantile is not Quantile.INVERTED_CDF:
            message = "weights that decay only go with `quantile: inverted-cdf`"
            self._refuse(self.settings.at("quantile"), "MC016", message, "remove one of them")
        return decay

    def _stressed(self, history: History, assets: Sequence[str], span: Span, confidence: Decimal) -> Stressed | None:
        row: Draft | None = self.settings.get("stress")
        if row is None:
            return None
        returns = returns_of(history, assets, span, Period(row.get("from"), row.get("to")))
        combine = row.get("combine")
        self._check_enough(returns, confidence, row.node, "the stressed window")
        return Stressed(returns, None if combine is None or isinstance(combine, str) else combine.get("blend"))

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
                node = self.settings.at("underlyings")
                self._refuse(node, "MC022", f"nothing says how far {short(asset)} moves", SUFFICES)
            elif asset in STEADY and not terms.takes_part(asset):
                self.reading.assume(f"{short(asset)} stands still in the margin model")

    def _check_units(self, terms: ModelTerms) -> None:
        """A unit has one table, and what a spread credits is the scan of one asset."""
        tables: dict[str, MoveTable] = {}
        for asset in self._in_use() if terms.model is MarginModel.SCENARIO else ():
            table = terms.table_of(asset)
            if table is not None and tables.setdefault(terms.unit_of(asset), table) is not table:
                message = f"the unit {short(terms.unit_of(asset))} has a table twice: {short(asset)} has another one"
                self._refuse(self.settings.at("underlyings"), "MC016", message, "give the unit a name of its own")
        inverse = {one.contract.base for one in self.account.positions if one.contract.type is ContractType.INVERSE}
        by_quantity = {leg.asset for spread in terms.spreads if spread.by is SpreadBy.QUANTITY for leg in spread.legs}
        for asset in sorted(by_quantity & inverse):
            message = f"the base units of inverse contracts on {short(asset)} move with its price"
            self._refuse(self.settings.at("spreads"), "MC016", message, "write `by: value`")
        for asset in {leg.asset: None for spread in terms.spreads for leg in spread.legs if leg.asset}:
            table = terms.table_of(asset)
            if table is not None and table.unit is not None and (len(table.assets) > 1 or EVERY_OTHER in table.assets):
                message = f"{short(asset)} is scanned together with others, as {short(table.unit)}"
                self._refuse(self.settings.at("spreads"), "MC016", message, "give it a table of its own")


def _names(value: Any) -> Iterable[str]:
    """One name, or a list of them."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else [item.value for item in value]


def _scanned(value: Any) -> frozenset[str] | None:
    """The coins that count as positions: None = all."""
    names = frozenset(_names(value))
    if names == {"all"}:
        return None
    return frozenset() if names == {"none"} else names
