"""Answers of venues' interfaces, as their documentation shows them, and the bundled tables in that form."""

import csv
import json
from typing import Any

from marginctl.venues import loader
from marginctl.venues.answers import answer_of

NO_LIMIT = 2**63 - 1


def dumped(document: Any) -> bytes:
    return json.dumps(document).encode()


def read(document: Any, name: str = "answer.json"):
    """The answer in a document, which must be readable."""
    answer, problems = answer_of(document if isinstance(document, bytes) else dumped(document), name)
    assert problems == []
    return answer


def rows_of(table: str) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    with (loader.DATA / table).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["symbol"], []).append(row)
    return found


def brackets(table: str, cap: str = "notionalCap", floor: str = "notionalFloor") -> list[dict[str, Any]]:
    """A bundled table as leverage brackets."""
    return [
        {
            "symbol": symbol,
            "brackets": [
                {
                    "bracket": number,
                    "initialLeverage": int(row["max_leverage"]),
                    cap: row["cap"] or NO_LIMIT,
                    floor: row["floor"],
                    "maintMarginRatio": row["maintenance_rate"],
                    "cum": row["deduction"],
                }
                for number, row in enumerate(rows, 1)
            ],
        }
        for symbol, rows in rows_of(table).items()
    ]


def bracket(leverage: int, floor: Any, cap: Any, rate: Any, cum: Any) -> dict[str, Any]:
    return {
        "bracket": 1,
        "initialLeverage": leverage,
        "notionalFloor": floor,
        "notionalCap": cap,
        "maintMarginRatio": rate,
        "cum": cum,
    }


def risk_limits(
    *rows: tuple[str, str, str, str, str, str], category: str = "linear", cursor: str = ""
) -> dict[str, Any]:
    """``(symbol, limit, maintenance rate, initial rate, leverage, deduction)`` per tier; 2026-11-20 12:00 UTC."""
    keys = ("symbol", "riskLimitValue", "maintenanceMargin", "initialMargin", "maxLeverage", "mmDeduction")
    listed = [{"id": number, "isLowestRisk": 0, **dict(zip(keys, row, strict=True))} for number, row in enumerate(rows)]
    return {
        "retCode": 0,
        "retMsg": "OK",
        "result": {"category": category, "list": listed, "nextPageCursor": cursor},
        "retExtInfo": {},
        "time": 1795176000000,
    }


def position_tiers(
    *rows: tuple[str, str, str, str, str], family: str = "BTC-USDT", contract: str = ""
) -> dict[str, Any]:
    """``(smallest, largest size, maintenance rate, initial rate, leverage)`` per tier."""
    return {
        "code": "0",
        "msg": "",
        "data": [
            {
                "baseMaxLoan": "",
                "imr": initial,
                "instFamily": family,
                "instId": contract,
                "maxLever": leverage,
                "maxSz": largest,
                "minSz": smallest,
                "mmr": maintenance,
                "optMgnFactor": "0",
                "quoteMaxLoan": "",
                "tier": str(number),
                "uly": family,
            }
            for number, (smallest, largest, maintenance, initial, leverage) in enumerate(rows, 1)
        ],
    }


def collateral_tiers(**coins: list[tuple[str, str, str]]) -> dict[str, Any]:
    """``(from, to, ratio)`` per tier and coin; 2026-11-20 12:00 UTC."""
    return {
        "retCode": 0,
        "retMsg": "OK",
        "result": {
            "list": [
                {
                    "currency": coin,
                    "collateralRatioList": [
                        {"minQty": low, "maxQty": high, "collateralRatio": ratio} for low, high, ratio in tiers
                    ],
                }
                for coin, tiers in coins.items()
            ]
        },
        "retExtInfo": "{}",
        "time": 1795176000000,
    }


def discounts(rest: str | None = "0", **currencies: list[tuple[str, str, str]]) -> dict[str, Any]:
    """``(from, to, rate)`` per tier and currency."""
    return {
        "code": "0",
        "data": [
            {
                "amt": "0",
                "ccy": currency,
                "collateralRestrict": False,
                "details": [
                    {"discountRate": rate, "liqPenaltyRate": "0.02", "maxAmt": high, "minAmt": low, "tier": str(number)}
                    for number, (low, high, rate) in enumerate(tiers, 1)
                ],
                "discountLv": "1",
                **({} if rest is None else {"minDiscountRate": rest}),
            }
            for currency, tiers in currencies.items()
        ],
        "msg": "",
    }


def asset_index(**buffers: tuple[str, str]) -> list[dict[str, Any]]:
    """``(bid buffer, ask buffer)`` per asset; 2026-11-20 12:00 UTC."""
    return [
        {
            "symbol": f"{asset}USD",
            "time": 1795176000000,
            "index": "1.92957370",
            "bidBuffer": bid,
            "askBuffer": ask,
            "bidRate": "1.73661633",
            "askRate": "2.12253107",
        }
        for asset, (bid, ask) in buffers.items()
    ]


ONE_OF_EACH = {
    "leverage brackets": [{"symbol": "ETHUSDT", "brackets": [bracket(75, 0, 10000, 0.0065, 0.0)]}],
    "risk limits": risk_limits(("BTCUSDT", "2000000", "0.005", "0.01", "100.00", "0")),
    "position tiers": position_tiers(("0", "1000", "0.004", "0.01", "100")),
    "collateral ratios by amount": collateral_tiers(BTC=[("0", "1000000", "0.85"), ("1000000", "", "0")]),
    "discount rates by amount": discounts(BTC=[("0", "20", "0.98"), ("20", "25", "0.9775")]),
    "asset index buffers": asset_index(ADA=("0.10000000", "0.10000000")),
    "collateral ratios": [{"asset": "USDC", "collateralRate": "0.9999"}],
}
