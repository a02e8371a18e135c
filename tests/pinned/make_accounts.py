"""How ``accounts/*.yaml`` were made, once: random portfolios of every kind. They are data; nothing runs this again.

``python tests/pinned/make_accounts.py FOLDER`` writes them. Knows the file format and what venues list, nothing of the
program, which is asked once (as a user asks it) which candidates it can check: only those are kept.
"""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

Row = dict[str, Any]

PRICES = {"BTC": 60000, "ETH": 3000, "SOL": 150, "DOGE": 0.2, "XRP": 0.6, "BNB": 600, "PAXG": 2600, "TRB": 60}
RATES = ("0.4%", "0.5%", "0.65%", "1%", "1.5%", "2.5%", "5%")
FUNDING = ("0.01%", "-0.005%", "0.03%", "0.1%", "-0.25%", "0")


class Listing(NamedTuple):
    """A contract: what it is called, on what, in what, and how large one of it is."""

    symbol: str
    base: str
    quote: str
    size: float = 1
    inverse: bool = False


def listings(form: str, quote: str, bases: str, size: float = 1, *, inverse: bool = False) -> list[Listing]:
    """Contracts that differ in their base alone."""
    return [Listing(form.format(base), base, quote, size, inverse) for base in bases.split()]


class Venue(NamedTuple):
    """What portfolios of a venue may have."""

    share: int
    contracts: list[Listing]
    modes: tuple[str, ...]
    coins: tuple[str, ...]
    isolated: tuple[str, ...] = ("single-asset", "multi-asset")
    hedge: bool = True
    fee: tuple[str, ...] = ()
    own_haircuts: str = ""
    """The venue leaves these to the portfolio."""
    own_rates: bool = False
    """The venue publishes no maintenance rates."""


LINEAR = "BTC ETH SOL DOGE XRP"
GENERIC = [
    *listings("{}USDT", "USDT", LINEAR),
    *listings("{}-USDC", "USDC", "BTC ETH"),
    Listing("BTC-PERP", "BTC", "USD"),
    Listing("ETH/BTC:BTC", "ETH", "BTC"),
    Listing("EURUSDT", "EUR", "USDT"),
    Listing("BTCUSD_PERP", "BTC", "USD", 100, inverse=True),
    Listing("ETHUSD_PERP", "ETH", "USD", 10, inverse=True),
    Listing("ABCUSDT", "ABC", "USDT", 10),
]
COIN_M = [
    *listings("{}USD_PERP", "USD", "ETH SOL DOGE XRP", 10, inverse=True),
    *listings("{}USD_PERP", "USD", "BTC", 100, inverse=True),
    *listings("{}USD_261225", "USD", "BTC", 100, inverse=True),
]
USD_M = [*listings("{}USDT", "USDT", LINEAR), *listings("{}USDC", "USDC", "BTC ETH"), Listing("ETHBTC", "ETH", "BTC")]
VENUES = {
    "generic": Venue(92, GENERIC, ("multi-asset", "multi-asset", "single-asset"), ("BTC", "ETH", "SOL")),
    "binance-usdm": Venue(28, USD_M, ("single-asset", "multi-asset"), ("BTC", "ETH"), ("single-asset",)),
    "binance-coinm": Venue(12, COIN_M, ("single-asset",), ("BTC", "ETH", "SOL", "DOGE", "XRP")),
    "binance-pm": Venue(
        10,
        [*USD_M[:5], *COIN_M[:5]],
        ("multi-asset",),
        ("BTC", "ETH", "BNB", "XRP"),
        (),
        own_haircuts="BTC ETH SOL DOGE XRP BNB USDT USDC",
    ),
    "bybit": Venue(
        18,
        [*listings("{}USDT", "USDT", "BTC ETH SOL XRP"), Listing("BTCPERP", "BTC", "USDC")],
        ("multi-asset",),
        ("BTC",),
        fee=("0.055%", "0.1%"),
        own_haircuts="USDC ETH",
    ),
    "bingx-usdm": Venue(
        7,
        listings("{}-USDT", "USDT", "BTC ETH SOL BNB XRP"),
        ("single-asset", "multi-asset"),
        (),
        fee=("0.05%",),
        own_haircuts="USDT",
        own_rates=True,
    ),
    "bingx-coinm": Venue(
        3,
        [Listing("BTC-USD", "BTC", "USD", 100, inverse=True)],
        ("single-asset",),
        ("BTC",),
        fee=("0.05%",),
        own_rates=True,
    ),
    "mexc": Venue(
        6,
        [Listing("BTC_USDT", "BTC", "USDT", 0.0001)],
        ("single-asset", "multi-asset"),
        ("BTC",),
        ("single-asset",),
        fee=("0.02%",),
    ),
    "weex": Venue(4, [Listing("PAXGUSDT", "PAXG", "USDT"), Listing("TRBUSDT", "TRB", "USDT")], ("single-asset",), ()),
    "okx": Venue(
        6,
        [Listing("BTC-USDT-SWAP", "BTC", "USDT", 0.01)],
        ("multi-asset",),
        ("BTC",),
        fee=("0.05%",),
        own_haircuts="USDT",
    ),
    "hyperliquid": Venue(
        10, listings("{}", "USDC", LINEAR), ("single-asset",), (), hedge=False, isolated=("single-asset",)
    ),
    "dydx": Venue(
        4, listings("{}-USD", "USDC", "BTC ETH SOL"), ("single-asset",), (), hedge=False, isolated=("single-asset",)
    ),
}
"""How many portfolios of each, 200 in all."""
OWN_TIERS = ("ABCUSDT", "BTCUSD_PERP", "ETHUSD_PERP")


def plain(value: float, digits: int = 4) -> str:
    """A number with a few digits, as somebody writes it."""
    text = f"{float(f'{value:.{digits}g}'):.10f}".rstrip("0").rstrip(".")
    return text or "0"


class Maker:
    """One random portfolio."""

    def __init__(self, venue: str, seed: str) -> None:
        self.pick = random.Random(seed)
        self.venue, self.told = venue, VENUES[venue]
        self.generic = venue == "generic"
        self.mode = self.pick.choice(self.told.modes)
        self.hedge = self.told.hedge and self.chance(0.35)
        self.equity = 10 ** self.pick.uniform(3.5, 6)
        self.prices: dict[str, float] = {}
        self.settled: set[str] = set()

    def chance(self, share: float) -> bool:
        return self.pick.random() < share

    def price(self, asset: str) -> float:
        """The price of an asset, drawn when it is first needed."""
        if asset in {"USD", "USDT", "USDC"}:
            return 1
        if asset not in self.prices:
            near = {"EUR": 1.1, "ABC": 2}.get(asset) or PRICES[asset]
            self.prices[asset] = float(plain(near * self.pick.uniform(0.7, 1.4), 5))
        return self.prices[asset]

    def book(self) -> Row:
        contracts = self.pick.sample(self.told.contracts, min(len(self.told.contracts), self.pick.randint(1, 5)))
        positions = [row for contract in contracts[: self.pick.randint(1, 5)] for row in self.rows(contract)]
        orders = self.orders(contracts, positions) if self.chance(0.4) else []
        assets = sorted({self.base_of(row["symbol"]) for row in positions})
        scenarios = self.scenarios(assets) if self.chance(0.5) else []
        return {
            "account": self.account(),
            "prices": {},
            "betas": {self.pick.choice(assets): self.pick.choice(["1.5", "0.7", "2", "0"])} if self.chance(0.2) else {},
            "collateral": self.collateral(positions),
            "contracts": self.contracts({row["symbol"] for row in [*positions, *orders]}),
            "positions": positions,
            "orders": orders,
            "limits": self.limits(positions, assets, scenarios),
            "scenarios": scenarios,
            "waivers": self.waivers(positions) if self.chance(0.25) else [],
            "expect": self.expect(positions) if self.chance(0.15) else {},
        } | {"prices": self.listed_prices()}

    def listed_prices(self) -> Row:
        listed = {asset: plain(price, 6) for asset, price in sorted(self.prices.items())}
        if self.chance(0.15) and "currency" not in self.account_told:
            listed["USDT"] = self.pick.choice(["0.98", "0.9995", "1.002"])
        return listed

    def account(self) -> Row:
        account: Row = {} if self.generic and self.chance(0.5) else {"venue": self.venue}
        if len(self.told.modes) > 1 or self.chance(0.3):
            account["collateral_mode"] = self.mode
        if self.hedge:
            account["position_mode"] = "hedge"
        if self.told.fee:
            account["taker_fee"] = self.pick.choice(self.told.fee)
        if self.generic and self.chance(0.3):
            account["netting"] = self.pick.choice(["none", "larger-leg", "net"])
        if self.generic and self.chance(0.2):
            account["underlying_netting"] = self.pick.choice(["none", "larger-leg"])
        if self.generic and self.chance(0.15):
            account["liquidation_level"] = self.pick.choice(["1.05", "1.5"])
        if self.chance(0.15):
            account["as_of"] = "2026-11-20T11:00:00Z"
        if self.chance(0.1):
            account["currency"] = "USDT"
        self.account_told = account
        return account

    def rows(self, contract: Listing) -> list[Row]:
        side = self.pick.choice(["long", "short"])
        other = {"long": "short", "short": "long"}[side]
        rows = [self.position(contract, side)]
        if self.hedge and self.chance(0.5):
            rows.append(self.position(contract, other))
        elif self.chance(0.1):
            rows.append(rows[0] | {"quantity": self.quantity(contract)})
        if self.mode in self.told.isolated and self.chance(0.25):
            self.isolate(rows[-1], contract)
            if len(rows) > 1 and not self.hedge:
                del rows[0]
        return rows

    def quantity(self, contract: Listing) -> str:
        value = self.equity * 10 ** self.pick.uniform(-1.3, 0.4)
        one = contract.size if contract.inverse else contract.size * self.price(contract.base)
        number = value / one
        return plain(max(1, round(number)) if contract.inverse or contract.size < 1 else number, 3)

    def mark(self, contract: Listing) -> float:
        return self.price(contract.base) / self.price(contract.quote)

    def position(self, contract: Listing, side: str) -> Row:
        row: Row = {"symbol": contract.symbol, "side": side, "quantity": self.quantity(contract)}
        self.settled.add(contract.base if contract.inverse else contract.quote)
        mark = self.mark(contract)
        if self.chance(0.7):
            row["entry_price"] = plain(mark * self.pick.uniform(0.85, 1.15), 5)
        if self.chance(0.25):
            row["mark_price"] = plain(mark * self.pick.uniform(0.98, 1.02), 6)
        elif not contract.inverse and contract.size == 1 and self.chance(0.15):
            row["notional"] = plain(float(row.pop("quantity")) * mark, 4)
        self.rate(row)
        if self.told.own_rates or (self.generic and contract.symbol not in OWN_TIERS):
            row["maintenance_rate"] = self.pick.choice(RATES)
            if self.chance(0.2):
                row["maintenance_deduction"] = plain(self.equity * 0.001, 2)
        if self.chance(0.6):
            row["funding_rate"] = self.pick.choice(FUNDING)
            if self.generic and self.chance(0.3):
                row["funding_interval"] = self.pick.choice(["1h", "4h", "8h"])
        if self.chance(0.35):
            row["purpose"] = self.pick.choice(["hedge", "speculative"])
        return row

    def rate(self, row: Row) -> None:
        kind = self.pick.random()
        if kind < 0.15:
            row["initial_rate"] = self.pick.choice(["10%", "12.5%", "20%", "0.3"])
        elif kind < 0.22:
            row["initial_margin"] = plain(self.equity * 0.05, 3)
            self.drop_coin_margin(row)
        else:
            row["leverage"] = self.pick.choice(["1", "2", "3", "5", "8", "10", "10", "20"])

    def drop_coin_margin(self, row: Row) -> None:
        """An amount in a coin is not known yet: a rate instead."""
        if any(row["symbol"] == one.symbol and (one.inverse or one.quote == "BTC") for one in self.told.contracts):
            del row["initial_margin"]
            row["initial_rate"] = "15%"

    def isolate(self, row: Row, contract: Listing) -> None:
        settle = contract.base if contract.inverse else contract.quote
        row["margin_mode"] = "isolated"
        row["isolated_margin"] = plain(self.equity * self.pick.uniform(0.02, 0.2) / self.price(settle), 3)

    def collateral(self, positions: list[Row]) -> list[Row]:
        """Enough of what the contracts settle in, and other coins beside it."""
        rows: list[Row] = []
        share = self.pick.uniform(0.4, 1.2)
        for asset in sorted(self.settled):
            row: Row = {"asset": asset, "amount": plain(share * self.equity / self.price(asset), 4)}
            if asset in {"USDT", "USDC", "USD"} and self.mode == "multi-asset" and self.chance(0.12):
                row["amount"] = "-" + plain(0.2 * self.equity, 3)
                row["loan_rate"] = self.pick.choice(["0", "2%", "5%"])
            rows.append(row | self.haircut(asset))
        extra = [coin for coin in self.told.coins if coin not in self.settled and self.chance(0.5)]
        if self.mode == "multi-asset" or self.chance(0.3):
            for asset in extra:
                amount = self.equity * self.pick.uniform(0.1, 0.9) / self.price(asset)
                rows.append({"asset": asset, "amount": plain(amount, 3)} | self.haircut(asset))
        if self.mode == "multi-asset" and not self.generic:
            for row in rows:
                row.setdefault("loan_rate", "4%")
        return rows

    def haircut(self, asset: str) -> Row:
        if not self.generic:
            own = self.mode == "multi-asset" and asset in self.told.own_haircuts.split()
            return {"haircut": self.pick.choice(["0", "5%", "10%"])} if own else {}
        if asset in {"USDT", "USDC", "USD"}:
            return {}
        if self.chance(0.4):
            border = plain(self.equity * self.pick.uniform(0.1, 0.5) / self.price(asset), 2)
            return {"haircut_tiers": [{"up_to": border, "haircut": "5%"}, {"haircut": "20%"}]}
        return {"haircut": self.pick.choice(["2.5%", "5%", "10%", "15%"])}

    def contracts(self, symbols: set[str]) -> Row:
        if not self.generic:
            return {}
        found: Row = {}
        for listing in GENERIC:
            if listing.symbol in symbols and listing.symbol in OWN_TIERS:
                found[listing.symbol] = {
                    "type": "inverse" if listing.inverse else "linear",
                    "base": listing.base,
                    "quote": listing.quote,
                    "contract_size": plain(listing.size),
                    **self.tiers(listing),
                }
        return found

    def tiers(self, listing: Listing) -> Row:
        by_quantity = self.chance(0.25)
        one = listing.size if listing.inverse else listing.size * self.price(listing.base)
        unit = one if by_quantity else self.price(listing.base) if listing.inverse else 1
        borders = sorted(self.equity * share / unit for share in (self.pick.uniform(0.1, 0.6), self.pick.uniform(1, 3)))
        whole = self.chance(0.2)
        rows: list[Row] = [
            {"up_to": plain(borders[0], 3), "maintenance_rate": "0.5%", "max_leverage": "50"},
            {"up_to": plain(borders[1], 3), "maintenance_rate": "1%", "initial_rate": "2.5%"},
            {"maintenance_rate": "2.5%", "max_leverage": "10"},
        ]
        if whole:
            rows = [row | {"deduction": "0"} for row in rows]
        return {"tiers_by": "quantity", "tiers": rows} if by_quantity else {"tiers": rows}

    def orders(self, contracts: list[Listing], positions: list[Row]) -> list[Row]:
        crossed = {row["symbol"] for row in positions if row.get("margin_mode") != "isolated"}
        rows = []
        for contract in contracts:
            rate = {} if contract.symbol in crossed else {"leverage": self.pick.choice(["3", "5", "10"])}
            if not rate and self.tierless(contract, positions):
                continue
            for _ in range(self.pick.randint(0, 2)):
                row: Row = {
                    "symbol": contract.symbol,
                    "side": self.pick.choice(["buy", "sell"]),
                    "quantity": self.quantity(contract),
                    "price": plain(self.mark(contract) * self.pick.uniform(0.93, 1.07), 5),
                    **rate,
                }
                if contract.symbol in crossed and self.chance(0.2):
                    row["reduce_only"] = "true"
                if self.hedge:
                    row["position_side"] = self.pick.choice(["long", "short"])
                rows.append(row)
        return rows

    def tierless(self, contract: Listing, positions: list[Row]) -> bool:
        """The position's margin is an amount: an order beside it would have no rate."""
        return any(row["symbol"] == contract.symbol and "initial_margin" in row for row in positions)

    def level(self, warn: str, fail: str) -> Any:
        return self.pick.choice([warn, fail, {"warn": warn, "fail": fail}, {"warn": warn}, "off"])

    def base_of(self, symbol: str) -> str:
        return next(listing.base for listing in self.told.contracts if listing.symbol == symbol)

    def limits(self, positions: list[Row], assets: list[str], scenarios: list[Row]) -> Row:
        possible = {
            "max_utilization": self.level("50%", "70%"),
            "min_liquidation_distance": self.level("30%", "15%"),
            "max_maintenance_ratio": self.level("20%", "50%"),
            "max_leverage": self.level("3", "6"),
            "max_position_leverage": self.level("5", "10"),
            "min_isolated_distance": self.level("20%", "10%"),
            "max_concentration": self.level("50%", "80%"),
            "max_directional_exposure": self.level("1", "2.5"),
            "min_stable_share": self.level("60%", "30%"),
            "max_wrong_way_share": self.level("20%", "50%"),
            "require_purpose": "true",
            "hedges_reduce_risk": self.pick.choice(["true", "false"]),
            "max_rules_age": "365d",
        }
        if scenarios:
            possible["max_contagion"] = self.pick.choice(["0", "1"])
            possible["survive"] = "all"
        if "as_of" in self.account_told:
            possible["max_data_age"] = "36h"
        if all("funding_rate" in row for row in positions):
            possible["min_funding_runway"] = self.level("30d", "7d")
        kept = {key: value for key, value in possible.items() if self.chance(0.3)}
        if self.chance(0.2):
            kept["underlyings"] = {self.pick.choice(assets): {"max_concentration": "40%", "max_leverage": "2"}}
        if self.chance(0.15):
            kept["positions"] = {positions[0]["symbol"]: {"max_leverage": "4", "min_liquidation_distance": "25%"}}
        if self.chance(0.15):
            kept["purposes"] = {"speculative": {"max_leverage": "2"}, "hedge": {"max_position_leverage": "5"}}
        return kept

    def scenarios(self, assets: list[str]) -> list[Row]:
        rows = [{"name": "crash", "shocks": {assets[0]: f"-{self.pick.randint(5, 60)}%", "*": "-40%"}}]
        if self.chance(0.6):
            rows.append({"name": "rally", "shocks": {assets[-1]: f"{self.pick.randint(5, 90)}%"}})
        if self.chance(0.3):
            rows.append({"name": "off-peg", "shocks": {"USDT": f"-{self.pick.randint(1, 20)}%"}})
        return rows

    def waivers(self, positions: list[Row]) -> list[Row]:
        codes = self.pick.sample(["MC101", "MC102", "MC104", "MC105", "MC107", "MC108", "MC109"], 2)
        dates = ["2026-12-31", "2026-11-30", "2026-11-22", "2026-10-01"]
        row = {"code": codes[0], "until": self.pick.choice(dates), "reason": "agreed with the desk"}
        if self.chance(0.4):
            return [row, {"code": "MC105", "subject": positions[0]["symbol"], "until": dates[0], "reason": "hedge leg"}]
        return [row]

    def expect(self, positions: list[Row]) -> Row:
        mine = {positions[0]["symbol"]: {"leverage": positions[0].get("leverage", "5")}}
        single = sum(row["symbol"] == positions[0]["symbol"] for row in positions) == 1
        return {"tolerance": "0.5%", "totals": {"equity": plain(self.equity, 4)}} | (
            {"positions": mine} if single else {}
        )


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return f'"{value}"' if any(mark in value for mark in "[]{},*") else value


def written(book: Row) -> str:
    """A portfolio, a row a line."""
    lines = []
    for key, value in book.items():
        if isinstance(value, list) and value:
            lines += [f"{key}:", *(f"  - {flow(row)}" for row in value)]
        elif key == "contracts" and value:
            lines += [f"{key}:", *(f"  {symbol}: {flow(row)}" for symbol, row in value.items())]
        elif value:
            lines.append(f"{key}: {flow(value)}")
    return "\n".join(lines) + "\n"


def candidates() -> dict[str, str]:
    """Three times as many as are wanted, by name."""
    return {
        f"{venue}-{number:03}": written(Maker(venue, f"{venue} {number}").book())
        for venue, told in VENUES.items()
        for number in range(3 * told.share)
    }


def checkable(texts: dict[str, str]) -> dict[str, str]:
    """Those that can be checked; what is said about the others goes to standard error."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            (Path(folder) / f"{name}.yaml").write_text(text)
        command = [sys.executable, "-m", "marginctl", "check", ".", "--format", "jsonl", "--today", "2026-11-22"]
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    reports = [json.loads(line) for line in ran.stdout.splitlines()]
    for report in reports:
        for error in report.get("errors", []):
            sys.stderr.write(f"{report['file']}: {error['message']}\n")
    kept = {Path(report["file"]).stem for report in reports if "errors" not in report}
    return {name: text for name, text in texts.items() if name in kept}


def main() -> None:
    """Write the portfolios, so many of each venue, numbered."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    good = checkable(candidates())
    for venue, told in VENUES.items():
        mine = [text for name, text in good.items() if name.rpartition("-")[0] == venue]
        sys.stderr.write(f"{venue}: {len(mine)} of {3 * told.share} can be checked, {told.share} wanted\n")
        for number, text in enumerate(mine[: told.share], 1):
            (folder / f"{venue}-{number:02}.yaml").write_text(text)


if __name__ == "__main__":
    main()
