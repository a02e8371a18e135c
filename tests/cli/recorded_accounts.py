"""Recorded answers of accounts, the facts beside them, and how many of the venue's figures ours meet.

``known``: k/n as it was found beside the answers with a throw-away interpreter of the same fields, at a commit before
resting orders, the tick of a screen and prices beyond 11 times the mark were in the engine, and to the last digit
(``tests/venues/answers/recorded/README.md``). ``why``: what differs from it today.
"""

from pathlib import Path
from typing import NamedTuple

from marginctl.venues.loader import rule_text

RECORDED = Path(__file__).parents[1] / "venues" / "answers" / "recorded"
RULES = Path(__file__).parents[2] / "src" / "marginctl" / "venues" / "data"
DECLARED = """\
contracts:
  LTCUSDT: {base: LTC, quote: USDT, tiers: [{maintenance_rate: 1%, max_leverage: 50}]}
  ADAUSDT: {base: ADA, quote: USDT, tiers: [{maintenance_rate: 0.75%, max_leverage: 50}]}
  FARTCOIN-USDT: {base: FARTCOIN, quote: USDT, tiers: [{maintenance_rate: 1%, max_leverage: 50}]}
  BTCUSDT: {base: BTC, quote: USDT, tiers: [{maintenance_rate: 0.5%, max_leverage: 200}]}
  LTC_USDT: {base: LTC, quote: USDT, contract_size: 0.1, tiers: [{maintenance_rate: 1%, max_leverage: 50}]}
  "flx:CRCL":
    type: linear
    base: CRCL
    quote: USDC
    tiers: [{maintenance_rate: 16.66666666666666666666666667%, max_leverage: 3}]
"""
"""Contracts that no rule set has, with the rates of that day."""


class Recorded(NamedTuple):
    """An account: its files (a glob), the flags, how many of its figures are met, of how many, and not comparable."""

    name: str
    files: str
    flags: str
    met: int
    of: int
    apart: int = 0
    known: str = ""
    why: str = ""


SCREEN_SHOWS_NONE = "a price that the venue shows as none is counted too"
ON_ENTRY = "--set account.venue=on-entry.yaml --set account.taker_fee=0.055% --with declared.yaml"
RATE = "--set positions.{}.maintenance_rate={}"
ACCOUNTS = [
    Recorded("usdm-1-alone", "binance-usdm/1-*.account.json", "", 8, 8, known="8/8"),
    Recorded("usdm-1", "binance-usdm/1-*.json", "", 3, 3, 5, known="3/9", why="figures of two marks are not compared"),
    Recorded("usdm-2", "binance-usdm/2-*.json", "", 2, 3, known="2/3"),
    Recorded("usdm-2-rate", "binance-usdm/2-*.json", RATE.format(0, "2.5%"), 3, 3, known="3/3"),
    Recorded("usdm-3", "binance-usdm/3-*.json", "--wallet USDT=10000", 2, 3, known="2/3"),
    Recorded("usdm-4", "binance-usdm/4-*.json", "--wallet USDT=10000", 2, 3, known="2/3"),
    Recorded("usdm-5", "binance-usdm/5-*.json", "--wallet USDT=10000", 3, 3, known="2/2", why=SCREEN_SHOWS_NONE),
    Recorded("usdm-7", "binance-usdm/7-*.json", "--wallet USDT=10000", 4, 5, known="3/4", why=SCREEN_SHOWS_NONE),
    Recorded(
        "usdm-7-rate",
        "binance-usdm/7-*.json",
        f"--wallet USDT=10000 {RATE.format(0, '0.65%')}",
        *(5, 5),
        known="4/4",
        why=SCREEN_SHOWS_NONE,
    ),
    Recorded("usdm-8", "binance-usdm/8-*.json", "", 1, 3, known="1/3"),
    Recorded("usdm-8-rate", "binance-usdm/8-*.json", RATE.format(0, "0.5%"), 2, 3, known="2/3"),
    Recorded("usdm-9", "binance-usdm/9-*.json", "", 3, 3, known="3/3"),
    Recorded("usdm-10", "binance-usdm/10-*.json", "", 4, 6, known="4/6"),
    Recorded(
        "usdm-10-rate",
        "binance-usdm/10-*.json",
        f"{RATE.format(0, '1.5%')} {RATE.format(1, '1.5%')}",
        *(6, 6),
        known="6/6",
    ),
    Recorded("bybit-1-fee", "bybit/1-*.json", "--set account.taker_fee=0.055%", 2, 10, known="2/10"),
    Recorded(
        "bybit-1",
        "bybit/1-*.json",
        "",
        8,
        10,
        known="7/10",
        why="the fee is worked back; 1e-8 is within two last digits",
    ),
    Recorded(
        "bybit-2",
        "bybit/2-*.json",
        f"{ON_ENTRY} {RATE.format(0, '0.75%')}",
        *(9, 9),
        known="5/9",
        why="resting orders have maintenance margin and fees",
    ),
    Recorded(
        "bybit-3",
        "bybit/3-*.json",
        f"{ON_ENTRY} --wallet USDT=10000",
        *(1, 4),
        known="0/4",
        why="its entry is the one that its profit leaves",
    ),
    Recorded("bybit-4", "bybit/4-*.json", f"{ON_ENTRY} --wallet USDT=10000", 1, 3, known="1/3"),
    Recorded("bybit-5", "bybit/5-*.json", f"{ON_ENTRY} --wallet USDT=10000", 3, 3, known="3/3"),
    Recorded("bybit-7", "bybit/7-*.json", "--set collateral.2.haircut=0%", 6, 6, known="6/6"),
    Recorded(
        "okx-1",
        "okx/1-*.json",
        f"--set account.taker_fee=0.05% {RATE.format(0, '0.4%')}",
        *(3, 3),
        known="2/3",
        why="the screen's price is a tick nearer to the mark",
    ),
    Recorded(
        "okx-3",
        "okx/3-*.json errors/okx-empty.json",
        "",
        *(0, 0, 4),
        known="0/3",
        why="its totals hold spot orders, and its ratio is counted",
    ),
    Recorded("hyperliquid-1", "hyperliquid/1-*.json", "", 8, 8, known="8/8"),
    Recorded("hyperliquid-2", "hyperliquid/2-*.json", "", 7, 8, known="7/8"),
    Recorded(
        "hyperliquid-2-rate",
        "hyperliquid/2-*.json",
        RATE.format(0, "1%"),
        *(8, 8),
        known="7/8",
        why="5e-9 of a price whose tick is not known is within",
    ),
    Recorded("hyperliquid-3", "hyperliquid/3-*.json", "", 8, 10, known="8/10"),
    Recorded(
        "hyperliquid-3-rate",
        "hyperliquid/3-*.json",
        f"{RATE.format(0, '1%')} {RATE.format(1, '1%')}",
        *(10, 10),
        known="9/10",
        why="a price at 166 times the mark is found",
    ),
    Recorded("hyperliquid-4", "hyperliquid/4-*.json", "--with declared.yaml", 8, 8, known="8/8"),
    Recorded("dydx-1", "dydx/1-*.json", "", 3, 3, known="3/3"),
    Recorded("dydx-2", "dydx/2-*.json", "", 2, 2, known="2/2"),
    Recorded(
        "bingx-1",
        "bingx/1-*.json",
        "--with declared.yaml --set account.taker_fee=0.05%",
        *(1, 4),
        known="0/4",
        why="its entry is the one that its profit leaves",
    ),
    Recorded(
        "bingx-2",
        "bingx/2-*.json",
        f"--set account.taker_fee=0.05% {RATE.format(0, '1%')}",
        *(2, 3),
        known="1/2",
        why=SCREEN_SHOWS_NONE,
    ),
    Recorded(
        "mexc-1",
        "mexc/1-*.json",
        "--set positions.0.mark_price=114700 --set positions.0.isolated_margin=1.147441 --set account.taker_fee=0.02%",
        *(0, 1),
        known="0/1",
    ),
    Recorded(
        "gate-1",
        "gate/1-*.json",
        f"--with declared.yaml {RATE.format(0, '1%')}",
        *(2, 3),
        known="2/3",  # (7.435 - 1.49257625) / (0.1 x (1 - 1%)) = 60.0245; 60.07 with 0.075% more, the fee to close
    ),
    Recorded("weex-1", "weex/1-*.json", "--with declared.yaml", 3, 3, known="2/2", why=SCREEN_SHOWS_NONE),
]


def files_of(account: Recorded) -> list[str]:
    """The paths of an account's answers."""
    return [str(path) for pattern in account.files.split() for path in sorted(RECORDED.glob(pattern))]


def lay_out(folder: Path) -> None:
    """The files that flags name: contracts of that day, and a rule set whose margins are on the entry price."""
    (folder / "declared.yaml").write_text(DECLARED)
    text = rule_text("bybit").replace("_basis: {value: mark", "_basis: {value: entry")
    (folder / "on-entry.yaml").write_text(text)
    (folder / "bybit.csv").write_bytes((RULES / "bybit.csv").read_bytes())
