"""``history:`` of a portfolio and the tails of it that margin models read."""

from collections.abc import Container, Mapping, Sequence, Set
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from marginctl.core.exact import ONE
from marginctl.core.model import STEADY, Filling, Grade, MarginModel, Quantile, ReturnSpan, StressedFigure, TailTerms
from marginctl.core.returns import History, ReturnPeriod, Returns, returns_of
from marginctl.document.files import content_of, lies_in
from marginctl.document.parquet import ENDINGS
from marginctl.document.price_history import LARGEST_HISTORY, PriceHistory, price_history
from marginctl.portfolio.format import PortfolioFile
from marginctl.portfolio.reading import Reading, percent, short
from marginctl.venues.model_format import Blend, Decay, GradeEntry, HistoryEntry, ModelEntry, StressedEntry

if TYPE_CHECKING:
    from datetime import date

    from marginctl.document.nodes import Node

HALF = Decimal("0.5")
CONFIDENCE = {MarginModel.VAR: Decimal("0.99"), MarginModel.EXPECTED_SHORTFALL: Decimal("0.975")}


class MovingAssets(NamedTuple):
    """Assets that a history is asked for; ``follows``: what one moves with; ``steady``: what needs no column."""

    assets: Sequence[str]
    follows: Mapping[str, str] = {}
    steady: Set[str] = STEADY

    def leader(self, asset: str, columns: Container[str]) -> str:
        """The asset whose column moves one that has none; empty where no such column is there."""
        led = self.follows.get(asset, "")
        return led if asset not in columns and asset not in self.steady and led in columns else ""


def moves_with(asset: str, led: str, where: str) -> str:
    """What is said of an asset that has no moves of its own."""
    return f"{short(asset)} moves with {short(led)} in the {where}"


def history_terms(
    reading: Reading,
    draft: PortfolioFile,
    settings: ModelEntry,
    model: MarginModel,
    moved: MovingAssets,
    beside: Path,
) -> tuple[History | None, dict[Grade, TailTerms]]:
    """The history of what is moved and its tail for each margin; problems are noted. ``beside``: the file's folder."""
    read = _Tails(reading, draft, settings, model, moved)
    history = read.history(beside)
    return history, {} if history is None else read.tails(history)


def history_file(reading: Reading, row: HistoryEntry, beside: Path) -> PriceHistory | None:
    """What the file of ``history:`` holds; None with what is wrong noted. ``beside``: the portfolio's folder."""
    name, node = row.file, row.at(HistoryEntry.file)
    if not name.endswith((".csv", *ENDINGS)) or not lies_in(beside / name, beside):
        reading.refuse(node, "MC001", f"{short(name)} lies elsewhere", "name a file in the folder of this one")
        return None
    data, problem = content_of(beside / name, name, LARGEST_HISTORY)
    if problem is not None:
        reading.refuse(
            node, "MC001", f"{short(name)} {problem.message}", "name a CSV or a Parquet file beside this one"
        )
        return None
    read, problems = price_history(data, name, are_returns=row.values == "returns")
    reading.problems += problems
    return read


def checked_history(reading: Reading, row: HistoryEntry, read: PriceHistory, moved: MovingAssets) -> History:
    """The history of what is moved, a column for each; one that is missing, and a blank cell where none may be, noted.

    What follows an asset and has no column of its own has that one's.
    """
    columns = dict(read.columns)
    for asset in moved.assets:
        led = moved.leader(asset, read.columns)
        if led:
            columns[asset] = read.columns[led]
            reading.assume(moves_with(asset, led, "history"))
        column = led or asset
        if column not in read.columns:
            if asset not in moved.steady:
                message = f"the history has no column for {short(asset)}"
                reading.refuse(row.at(HistoryEntry.file), "MC022", message, f"add the column {short(asset)}")
            continue
        _check_filled(reading, row, read, column)
    return History(
        file=row.file,
        dates=read.dates,
        days=read.days,
        columns=columns,
        are_returns=row.values == "returns",
        filling=row.missing,
        first=_ordinal(row.first),
        last=_ordinal(row.last),
        window=None if row.window is None else int(row.window),
    )


def _check_filled(reading: Reading, row: HistoryEntry, read: PriceHistory, asset: str) -> None:
    """A blank cell where the row allows none is noted."""
    blank = next((k for k, value in enumerate(read.columns[asset]) if value is None), None)
    if blank is None or row.missing is Filling.DROP or (row.missing is Filling.CARRY and blank):
        return
    reading.problems.append(
        read.source.problem(
            read.place(blank, asset),
            "MC022",
            f"{short(asset)} has no value on {read.dates[blank]}",
            "fill the cell, or write `missing: drop` or `missing: carry` under `history:`",
        )
    )


class _Tails:
    """Reads ``history:`` for one ``portfolio_margin:``."""

    def __init__(
        self,
        reading: Reading,
        draft: PortfolioFile,
        settings: ModelEntry,
        model: MarginModel,
        moved: MovingAssets,
    ) -> None:
        self.reading, self.draft, self.settings, self.model, self.moved = reading, draft, settings, model, moved
        self._returns: dict[ReturnSpan, Returns] = {}

    def history(self, beside: Path) -> History | None:
        row = self.draft.history
        if row is None:
            message = f"`margin_model: {self.model.value}` needs a history"
            self.reading.refuse(
                self.draft.node, "MC012", message, "add `history: {file: history.csv}`, beside this one"
            )
            return None
        read = history_file(self.reading, row, beside)
        return None if read is None else checked_history(self.reading, row, read, self.moved)

    def tails(self, history: History) -> dict[Grade, TailTerms]:
        if self.reading.problems:
            return {}
        assets = [asset for asset in self.moved.assets if asset in history.columns]
        found = {}
        for grade in Grade:
            tail = self._tail(grade, history, assets)
            if tail is not None:
                found[grade] = tail
        return found

    def _tail(self, grade: Grade, history: History, assets: Sequence[str]) -> TailTerms | None:
        settings, own = self.settings, self.settings.grade(grade) or GradeEntry()
        span = ReturnSpan(int(settings.horizon if own.horizon is None else own.horizon), settings.overlapping)
        node = settings.at(ModelEntry.confidence)
        confidence = settings.confidence
        if own.confidence is not None:
            node, confidence = own.at(GradeEntry.confidence), own.confidence
        confidence = CONFIDENCE[self.model] if confidence is None else confidence
        if not HALF < confidence < ONE:
            self.reading.refuse(
                node, "MC014", f"a confidence of {percent(confidence)}", "write one between 50% and 100%"
            )
            return None
        if span not in self._returns:
            self._returns[span] = returns_of(history, assets, span)
        tail = TailTerms(
            confidence=confidence,
            returns=self._returns[span],
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
            self.reading.refuse(place, "MC014", words, "write one above 0, at most 1")
        if self.settings.quantile is not Quantile.INVERTED_CDF:
            message = "weights that decay only go with `quantile: inverted-cdf`"
            self.reading.refuse(self.settings.at(ModelEntry.quantile), "MC016", message, "remove one of them")
        return weighting.decay

    def _stressed(
        self, history: History, assets: Sequence[str], span: ReturnSpan, confidence: Decimal
    ) -> StressedFigure | None:
        row: StressedEntry | None = self.settings.stress
        if row is None:
            return None
        returns = returns_of(history, assets, span, ReturnPeriod(row.first.toordinal(), row.last.toordinal()))
        self._check_enough(returns, confidence, row.node, "the stressed window")
        return StressedFigure(returns, row.combine.blend if isinstance(row.combine, Blend) else None)

    def _check_enough(self, returns: Returns, confidence: Decimal, node: "Node", what: str) -> None:
        n, p = len(returns.moves), ONE - confidence
        if n * p >= ONE:
            return
        needed = int((ONE / p).to_integral_value("ROUND_CEILING"))
        message = f"{what} has {n} returns: {percent(confidence)} needs {needed} or more"
        self.reading.refuse(node, "MC025", message, "give a longer history, or a lower confidence")


def _ordinal(day: "date | None") -> int | None:
    return None if day is None else day.toordinal()
