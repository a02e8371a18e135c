"""What a server answers for each venue: the recorded answers of an account by the addresses that ccxt asks."""

from typing import Any

from .venue_server import ADDRESS, Reply, enveloped

NOTHING = {"retCode": 0, "retMsg": "OK", "result": {"list": [], "nextPageCursor": ""}, "time": 1759432560944}
ABSENT = Reply(b'{"code": 404, "msg": "not here"}', 404)
MAY_READ = {"enableReading": True, "enableFutures": False, "enableWithdrawals": False}
BYBIT: dict[str, Any] = {
    "GET /v5/user/query-api": {"retCode": 0, "result": {"readOnly": 1}},
    "GET /v5/account/info": "public/bybit.account-info",
    "GET /v5/account/fee-rate": [ABSENT, ABSENT],
    "GET /v5/order/realtime": NOTHING,
    "GET /v5/position/list": [enveloped("bybit/1-sol-cross.position"), NOTHING],
    "GET /v5/account/wallet-balance": enveloped("bybit/1-sol-cross.wallet"),
    "GET /v5/market/risk-limit": ABSENT,
}
BINANCE: dict[str, Any] = {
    "GET /sapi/v1/account/apiRestrictions": MAY_READ,
    "GET /fapi/v1/multiAssetsMargin": {"multiAssetsMargin": False},
    "GET /fapi/v1/symbolConfig": b"[]",
    "GET /fapi/v1/leverageBracket": ABSENT,
    "GET /fapi/v1/openOrders": b"[]",
    "GET /fapi/v1/assetIndex": b"[]",
    "GET /fapi/v3/positionRisk": "binance-usdm/1-fil-testnet-long.positionRisk",
    "GET /fapi/v3/account": "binance-usdm/1-fil-testnet-long.account",
    "GET /fapi/v1/commissionRate": ABSENT,
}
OKX: dict[str, Any] = {
    "GET /api/v5/account/config": {"code": "0", "data": [{"acctLv": "3", "posMode": "net_mode", "perm": "read_only"}]},
    "GET /api/v5/trade/orders-pending": {"code": "0", "msg": "", "data": []},
    "GET /api/v5/account/trade-fee": ABSENT,
    "GET /api/v5/public/instruments": ["okx/1-eth-isolated.instruments", ABSENT],
    "GET /api/v5/account/positions": "okx/1-eth-isolated.positions",
    "GET /api/v5/account/balance": "okx/1-eth-isolated.balance",
    "GET /api/v5/public/position-tiers": ABSENT,
}
TABLES: dict[str, dict[str, Any]] = {
    "binance-usdm": BINANCE,
    "binance-coinm": {
        "GET /sapi/v1/account/apiRestrictions": MAY_READ,
        "GET /dapi/v2/leverageBracket": ABSENT,
        "GET /dapi/v1/positionRisk": "binance-coinm/1-docs-long.positionRisk",
        "GET /dapi/v1/account": "binance-coinm/1-docs-long.account",
    },
    "binance-pm": {
        "GET /sapi/v1/account/apiRestrictions": MAY_READ,
        "GET /sapi/v1/portfolio/collateralRate": ABSENT,
        "GET /papi/v1/account": "binance-pm/2-papi-account-docs.account",
        "GET /papi/v1/um/positionRisk": b"[]",
        "GET /papi/v1/cm/positionRisk": b"[]",
        "GET /papi/v1/balance": "binance-pm/1-papi-balance.balance",
    },
    "bybit": BYBIT,
    "okx": OKX,
    "hyperliquid": {"POST /info": [ABSENT, "hyperliquid/1-hype-isolated.clearinghouseState"]},
    "dydx": {
        "GET /v4/perpetualMarkets": ABSENT,
        f"GET /v4/addresses/{ADDRESS}": "dydx/1-btc-short.subaccount",
    },
    "bingx-usdm": {
        "GET /openApi/swap/v2/user/positions": "bingx/2-xrp-cross.positions",
        "GET /openApi/swap/v3/user/balance": "bingx/2-xrp-cross.balance",
        "GET /openApi/swap/v1/maintMarginRatio": ABSENT,
    },
    "mexc": {
        "GET /api/v1/contract/detail": "public/mexc.detail",
        "GET /api/v1/private/position/open_positions": "mexc/1-btc-isolated-10x.open_positions",
        "GET /api/v1/private/account/assets": "mexc/2-eth-isolated-docs.assets",
        "GET /api/v1/contract/fair_price/BTC_USDT": ABSENT,
    },
    "weex": {
        "GET /capi/v3/account/position/allPosition": "weex/1-btc-cross-docs.allPosition",
        "GET /capi/v3/account/balance": "weex/1-btc-cross-docs.balance",
    },
}
"""By rule set; optional answers are absent where none was recorded beside the account."""
