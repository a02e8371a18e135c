"""Daily closes of contracts out of a venue's public candles, exactly as it writes them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from marginctl.core.contract import Contract
from marginctl.venues.answers.answer_map import CandleMap
from marginctl.venues.answers.contents import content_of
from marginctl.venues.live.client import Client

MOST_PAGES = 50
Closes = dict[date, str]
"""The text of a close by its day, which begins and ends at midnight in UTC."""


def daily_closes(client: Client, candles: CandleMap, contract: Contract, days: int, today: date) -> Closes:
    """The newest ``days`` closes before today, whose day is not over. Raises LiveError."""
    found: dict[int, str] = {}
    until: dict[str, str | int] = {}
    for _ in range(MOST_PAGES):
        wanted = min(candles.most, days + 1)
        page = dict(_page(client, candles, _parameters(candles, contract, wanted) | until))
        if page.keys() <= found.keys():
            break
        found |= page
        if len(found) > days or len(page) < wanted:
            break
        until = {candles.until: str(min(found))}
    closes = {datetime.fromtimestamp(time / 1000, UTC).date(): found[time] for time in sorted(found)}
    over = [day for day in closes if day < today]
    return {day: closes[day] for day in over[-days:]}


def _parameters(candles: CandleMap, contract: Contract, count: int) -> dict[str, str | int]:
    """What is sent; the count as a number, by which ccxt weighs a request."""
    words = {"{symbol}": contract.symbol, "{type}": contract.type.value, "{count}": count}
    return {name: words.get(text, text) for name, text in candles.parameters.items()}


def _page(client: Client, candles: CandleMap, parameters: Mapping[str, str | int]) -> Iterator[tuple[int, str]]:
    """Time and close of every candle of an answer."""
    file = client.ask(candles.method, parameters, f"{candles.method}.json")
    content, problems = content_of(file.data, file.name)
    rows: Any = content.value if content is not None else None
    for name in candles.rows:
        rows = rows.get(name) if isinstance(rows, dict) else None
    if not isinstance(rows, list):
        raise client.error(f"{candles.method}: {problems[0].message if problems else 'no candles in the answer'}")
    for row in rows:
        if not (isinstance(row, list) and len(row) > candles.close and str(row[0]).isdecimal()):
            raise client.error(f"{candles.method}: a candle without a time and a close")
        yield int(row[0]), str(row[candles.close])


def history_text(columns: Mapping[str, Closes]) -> str:
    """The CSV that margin models read: a line per day of any of the assets, blank where one has no close."""
    days: Sequence[date] = sorted({day for closes in columns.values() for day in closes})
    lines = [",".join(("date", *columns))]
    lines += [",".join((day.isoformat(), *(closes.get(day, "") for closes in columns.values()))) for day in days]
    return "".join(f"{line}\n" for line in lines)
