"""Recorded answers of venues: the figures that an account showed, from the figures that it was made of.

A venue's printed figure is met to its last digit: ``near`` allows one unit of it, because venues cut or round and a
requirement is rounded up here.
"""

from decimal import Decimal
from textwrap import dedent

from msgspec.structs import replace
from tests.portfolio.books import TODAY, checked, report, told

from marginctl.analysis.check import Settings, load_portfolio
from marginctl.core.account import Account, Basis
from marginctl.core.assemble import report_of
from marginctl.core.exact import ONE
from marginctl.core.pool import partition
from marginctl.core.report import Report
from marginctl.core.requirement import netted
from marginctl.core.risk import NO_MOVE

D = Decimal

# source: Bybit, stream wallet and position of one account, 2025-10-02 (public code, index file 71646491371).
# USDT is worth usdValue / equity; the fee is worked back from positionIM: 0.055% x 1.18 (the country's tax).
SOL = """
account: {name: sol-cross, venue: bybit, taker_fee: 0.0649%}
prices: {USDT: 1.0006860}
collateral: [{asset: USDT, amount: 11.47724524}]
positions:
  - {symbol: SOLUSDT, side: long, quantity: 0.2, entry_price: 233.02, mark_price: 233.029, leverage: 10}
"""
# source: Bybit, stream wallet, position and order of one account, 2025-01-24 (public code, index file 19042105308).
# USDT counted at totalMarginBalance / totalEquity = 84%; XRPUSDT then had 0.75% and 0.055%.
XRP = """
account: {name: xrp-with-order, venue: bybit, taker_fee: 0.055%}
prices: {USDT: 1.000086}
collateral: [{asset: USDT, amount: 1000.05007561, haircut: 16%}]
positions:
  - {symbol: XRPUSDT, side: long, quantity: 4, entry_price: 2.7862, mark_price: 3.1342, leverage: 10,
     maintenance_rate: 0.75%}
orders: [{symbol: XRPUSDT, side: buy, quantity: 10, price: 2.5293}]
"""
# source: Bybit, GET /v5/position/list in hedge mode, long and short open together, 2023-11-21 (ccxt/ccxt pull request
# 18712, comment). The short leg is recorded; the long one is taken as large.
HEDGED = """
account: {name: hedged, venue: bybit, taker_fee: 0.055%, position_mode: hedge}
collateral: [{asset: USDT, amount: 1000}]
positions:
  - {symbol: BTCUSDT, side: short, quantity: 0.003, entry_price: 37416.5, mark_price: 37414.4, leverage: 10,
     maintenance_rate: 0.5%}
  - {symbol: BTCUSDT, side: long, quantity: 0.003, entry_price: 37416.5, mark_price: 37414.4, leverage: 10,
     maintenance_rate: 0.5%}
"""
# source: OKX, positions and instruments of one account, 2026-08-30 (public code, index file 58545261048).
ETH = """
account: {name: eth-isolated, venue: okx, taker_fee: 0.05%}
collateral: [{asset: USDT, amount: 1700.9737758569347756, haircut: 0}]
contracts:
  ETH-USDT-SWAP: {type: linear, base: ETH, quote: USDT, contract_size: 0.1, tick_size: 0.01}
positions:
  - {symbol: ETH-USDT-SWAP, side: long, quantity: 49.18, entry_price: 1805.5767334669338683, mark_price: 2419.52,
     leverage: 5, maintenance_rate: 0.4%, margin_mode: isolated, isolated_margin: 1700.6075811251431723}
"""
# source: OKX, a live isolated long as its owner reported it.
BIGTIME = """
account: {name: one-tick, venue: okx, taker_fee: 0.05%}
prices: {BIGTIME: 0.01304}
collateral: [{asset: USDT, amount: 20, haircut: 0}]
contracts:
  BIGTIME-USDT-SWAP: {type: linear, base: BIGTIME, quote: USDT, contract_size: 10, tick_size: 0.00001}
positions:
  - {symbol: BIGTIME-USDT-SWAP, side: long, quantity: 613, entry_price: 0.01305, mark_price: 0.01304, leverage: 8,
     maintenance_rate: 2%, margin_mode: isolated, isolated_margin: 9.9995625}
"""
# source: OKX, an isolated short in hedge mode, 2023-02-04 (ccxt/ccxt issue 16737): 50 contracts of 0.001 BTC.
BTC = """
account: {name: btc-short, venue: okx, taker_fee: 0.05%, position_mode: hedge}
collateral: [{asset: USDT, amount: 1000, haircut: 0}]
contracts: {BTC-USDT-SWAP: {contract_size: 0.001, tiers: [{maintenance_rate: 0.4%, max_leverage: 100}]}}
positions:
  - {symbol: BTC-USDT-SWAP, side: short, quantity: 50, entry_price: 23436.6, mark_price: 23436.3, leverage: 3,
     maintenance_rate: 0.4%, margin_mode: isolated, isolated_margin: 390.61}
"""
# source: OKX, balance answer of the documentation, 2024-01-17 (JKorf/OKX.Net, commit 8861159): adjEq as one balance,
# notionalUsd as one position at its entry.
TOTALS = """
account: {name: totals, venue: okx, taker_fee: 0.05%}
collateral: [{asset: USD, amount: 55415.624719833286, haircut: 0}]
contracts: {XUSD: {type: linear, base: X, quote: USD}}
positions: [{symbol: XUSD, side: long, quantity: 85.7068529, mark_price: 1, leverage: 10, maintenance_rate: 0.4%}]
"""


def account(text: str) -> Account:
    loaded, problems = load_portfolio(dedent(text).encode(), "book.yaml", Settings(today=TODAY))
    assert loaded is not None, problems
    return loaded.account


def on_entry(text: str) -> Account:
    """The account by the venue's rule until 2025-09: margins on the entry price."""
    book = account(text)
    return replace(
        book, rules=replace(book.rules, initial_basis=Basis.ENTRY, maintenance_basis=Basis.ENTRY), isolated_rules=None
    )


def near(ours: Decimal | None, printed: str) -> bool:
    """Whether a figure is the printed one to its last digit."""
    theirs = D(printed)
    return ours is not None and abs(ours - theirs) <= ONE.scaleb(int(theirs.as_tuple().exponent))


def priced(text: str, usd_value: str, equity: str) -> str:
    """USDT at the exact price that the answer implies, as far as 40 digits go."""
    price = (D(usd_value) / D(equity)).quantize(D(1).scaleb(-40))
    head, _, tail = text.partition("prices: {USDT: ")
    return f"{head}prices: {{USDT: {price}{tail[tail.index('}') :]}"


SOL_EXACT = priced(SOL, "11.48691986", "11.47904524")
XRP_EXACT = priced(XRP, "1001.52819962", "1001.44207561")


def test_a_bybit_position_shows_its_margins_on_the_mark_and_on_the_entry() -> None:
    now, before = report_of(account(SOL_EXACT)), report_of(on_entry(SOL_EXACT))
    assert near(now.totals.equity, "11.48691986")
    assert near(now.totals.unrealized_pnl, "0.00180123")
    assert near(now.totals.initial_margin, "4.69101722")  # totalInitialMarginByMp
    assert near(now.totals.maintenance_margin, "0.26042892")  # totalMaintenanceMarginByMp
    assert near(before.totals.initial_margin, "4.6908371")  # totalInitialMargin
    assert near(before.totals.maintenance_margin, "0.26041992")  # totalMaintenanceMargin
    price = now.totals.equity / D("11.47904524")
    assert near(now.positions[0].initial_margin / price, "4.68780139")  # positionIMByMp
    assert near(now.positions[0].maintenance_margin / price, "0.26025039")  # positionMMByMp


def test_a_bybit_accounts_free_collateral_was_still_on_the_entry_in_october_2025() -> None:
    now, before = report_of(account(SOL_EXACT)), report_of(on_entry(SOL_EXACT))
    assert near(before.totals.free_collateral, "6.79608275")  # totalAvailableBalance
    # today's rule takes margins on the mark: 4.69101722 - 4.6908371 less
    assert near(before.totals.free_collateral - now.totals.free_collateral, "0.00018012")


def test_bybits_screen_keeps_todays_maintenance_margin_and_ours_moves_it() -> None:
    now, before = report_of(account(SOL_EXACT)), report_of(on_entry(SOL_EXACT))
    kept = before.totals.equity - before.totals.maintenance_margin
    # liqPrice: USD taken for USDT, the margin kept at today's; a last digit of the equity is 5e-8 of the price
    assert abs(D("233.029") - kept / D("0.2") - D("176.89650029")) < D("1e-7")
    # the crossing: 11.47724524 + 0.2 (P - 233.02) = 0.2 P 0.5% + 46.604 x 0.9 x 0.0649%, whatever USDT is worth
    crossing = (D("46.604") * (1 + D("0.9") * D("0.000649")) - D("11.47724524")) / (D("0.2") * D("0.995"))
    found = now.positions[0].contract_liquidation_price
    assert found is not None
    assert abs(found - crossing) < D("1e-30")
    assert round(found, 4) == D("176.6531")


def test_a_resting_bybit_order_needs_maintenance_margin_and_its_fees() -> None:
    before = report_of(on_entry(XRP_EXACT))
    price = D("1001.52819962") / D("1001.44207561")
    # v = 25.293: v/L + v f + v (1 - 1/L) f = 2.5293 + 0.01391115 + 0.012520035
    assert near(before.totals.order_margin / price, "2.55573119")  # totalOrderIM
    assert near(before.positions[0].initial_margin / price, "1.11999668")  # positionIM
    assert near(before.positions[0].maintenance_margin / price, "0.08910268")  # positionMM
    # the order's v r + v f + v (1 - 1/L) f = 0.1896975 + 0.01391115 + 0.012520035 = 0.216128685
    assert near((before.totals.maintenance_margin - before.positions[0].maintenance_margin) / price, "0.21612869")
    assert near(before.totals.maintenance_margin, "0.30525761")  # totalMaintenanceMargin
    assert near(before.totals.initial_margin + before.totals.order_margin, "3.67604398")  # totalInitialMargin
    assert near(before.totals.equity, "841.28368768")  # totalMarginBalance
    assert near(before.totals.free_collateral, "837.6076437")  # totalAvailableBalance
    assert before.netting.maintenance.saving == 0


def test_without_a_fee_bybits_orders_cannot_be_computed() -> None:
    bare = """
    account: {venue: bybit}
    collateral: [{asset: USDT, amount: 1000}]
    orders: [{symbol: XRPUSDT, side: buy, quantity: 10, price: 2.5293, leverage: 10}]
    prices: {XRP: 3}
    """
    assert told(checked(bare)) == [
        "MC022 bybit counts the fees of orders in its margins: the account's fee is missing",
    ]


ALONE = """
account: {venue: bybit, taker_fee: 0.055%}
prices: {BTC: 60000}
collateral: [{asset: BTC, amount: 1, haircut: 5%}]
orders: [{symbol: XBTUSD, side: sell, quantity: 6000, price: 60000, leverage: 10, maintenance_rate: 0.5%}]
contracts: {XBTUSD: {type: inverse, base: BTC, quote: USD}}
"""


def test_an_order_without_a_position_brings_its_own_maintenance_rate() -> None:
    bare = ALONE.replace(", maintenance_rate: 0.5%", "")
    assert told(checked(bare)) == ["MC022 the order on `XBTUSD` has no maintenance margin rate"]
    # 0.1 BTC = 6,000 USD, a short of an inverse contract is bankrupt at price x L / (L - 1): fee on 0.1 x (1 - 1/10)
    found = report(ALONE)["totals"]
    assert found["maintenance_margin"] == D(6000) * (D("0.005") + D("0.00055") + D("0.00055") * D("0.9"))
    assert found["order_margin"] == D(6000) * (D("0.1") + D("0.00055") + D("0.00055") * D("0.9"))
    linear = ALONE.replace("XBTUSD, side", "BTCUSDT, side").replace("6000,", "0.1,")
    assert told(checked(linear.replace("venue: bybit", "venue: generic"))) == [
        "MC016 `maintenance_rate` of an order has no effect here: orders add no maintenance margin"
    ]


def test_resting_orders_are_a_part_of_what_liquidates() -> None:
    resting, alone = (report_of(account(text)) for text in (XRP, XRP[: XRP.index("orders:")]))
    more = resting.totals.maintenance_margin - alone.totals.maintenance_margin
    assert more > 0
    assert resting.totals.buffer == alone.totals.buffer - more
    assert resting.positions[0].maintenance_margin == alone.positions[0].maintenance_margin


def test_what_a_leg_hedges_on_bybit_needs_twice_its_fee_to_close() -> None:
    (pool, *_) = partition(on_entry(HEDGED))
    short, long = netted(pool.legs, pool.rules, {"USDT": ONE, "BTC": D("37414.4")}, {})
    need = {
        side: tuple(sum((term.at(NO_MOVE) for term in terms), D(0)) for terms in (leg.initial, leg.maintenance))
        for side, leg in (("short", short), ("long", long))
    }
    # 112.2495 x 1.1 x 0.055% = 0.0679109475, twice: 0.135821895; and 11.22495 beside it
    assert near(need["short"][1], "0.1358219")  # positionMM
    assert near(need["short"][0], "11.3607719")  # positionIM
    assert need["long"][1] == 2 * D("112.2495") * D("0.9") * D("0.00055")
    counted = report(HEDGED.replace("position_mode: hedge", "position_mode: hedge, netting: none"))
    assert counted["totals"]["maintenance_margin"] > 4 * report(HEDGED)["totals"]["maintenance_margin"]


def test_what_is_not_hedged_on_bybit_needs_its_whole_margin() -> None:
    found = report_of(account(HEDGED.replace("side: long, quantity: 0.003", "side: long, quantity: 0.004")))
    short, long = D("112.2495") * D("1.1") * D("0.00055"), D("149.666") * D("0.9") * D("0.00055")
    # three quarters of the long leg are hedged: a quarter of 0.004 x 37414.4 x 0.5%, and 1.75 fees
    assert found.totals.maintenance_margin == 2 * short + D("1.75") * long + D("0.25") * D("0.748288")
    assert found.netting.maintenance.saving == D("0.75") * D("0.748288") + D("0.561216") - short - D("0.75") * long


def crossing(found: Report) -> Decimal | None:
    return found.positions[0].liquidation_price


def test_okx_shows_the_crossing_one_tick_nearer_to_the_mark() -> None:
    eth, bigtime, btc = (report_of(account(text)) for text in (ETH, BIGTIME, BTC))
    # (quantity x entry - margin) / (quantity x (1 - 0.4% - 0.05%)) = 1466.38294327, a tick of 0.01
    # its answer is a binary float: 13 digits are its own
    assert round(eth.positions[0].contract_liquidation_price, 12) == D("1466.392943266096")
    assert round(D("1466.3929432660957"), 12) == D("1466.392943266096")
    assert round(crossing(eth), 12) == D("1466.382943266096")
    # (79.9965 - 9.9995625) / (6130 x (1 - 2% - 0.05%))
    assert near(bigtime.positions[0].contract_liquidation_price, "0.0116677335375191")
    assert near(crossing(bigtime), "0.0116577335375191")
    # (1171.83 + 390.61) / (0.05 x (1 + 0.4% + 0.05%)), a short: the tick is taken off
    assert near(btc.positions[0].contract_liquidation_price, "31108.71035340966")
    assert near(crossing(btc), "31108.81035340966")
    assert near(btc.pools[1].equity / btc.pools[1].maintenance_margin, "74.07786686085734")  # mgnRatio


def test_without_a_tick_size_the_screen_price_is_the_crossing_and_says_so() -> None:
    text = BIGTIME.replace(", tick_size: 0.00001", "")
    found = report_of(account(text))
    assert found.positions[0].contract_liquidation_price == found.positions[0].liquidation_price
    told_of = [one for one in checked(text).assumptions if "tick size" in one]
    assert [one.partition(",")[0] for one in told_of] == ["BIGTIME-USDT-SWAP: its tick size is not known"]
    assert not [one for one in checked(BIGTIME).assumptions if "tick size" in one]


def test_a_tick_never_passes_the_mark() -> None:
    found = report_of(account(BIGTIME.replace("tick_size: 0.00001", "tick_size: 0.01")))
    assert found.positions[0].contract_liquidation_price == D("0.01304")
    assert near(crossing(found), "0.0116577335375191")


def expecting(text: str, expected: str) -> list[str]:
    """The broken expectations of a portfolio."""
    outcome = checked(dedent(text) + f"expect: {{tolerance: 0.0000001%, {expected}}}\n")
    assert outcome.problems == ()
    return [finding.message for finding in outcome.findings if finding.code == "MC209"]


def test_okxs_mmr_is_without_the_fee_to_close_and_expect_compares_it_so() -> None:
    mmr = (
        "positions: {BIGTIME-USDT-SWAP: {maintenance_margin: 1.598704, contract_liquidation_price: 0.0116677335375191}}"
    )
    assert expecting(BIGTIME, mmr) == []
    assert expecting(ETH, "positions: {ETH-USDT-SWAP: {maintenance_margin: 47.59679744}}") == []
    # what liquidates is with it: 79.9352 x 2.05%
    assert report(BIGTIME)["positions"][0]["maintenance_margin"] == D("1.6386716")
    unknown = BIGTIME.replace(", tick_size: 0.00001", "")
    (message,) = expecting(unknown, "positions: {BIGTIME-USDT-SWAP: {contract_liquidation_price: 0.0116677335375191}}")
    assert "without the tick that the venue's screen adds: give the contract's `tick_size`" in message
    (message,) = expecting(BIGTIME, "positions: {BIGTIME-USDT-SWAP: {maintenance_margin: 1.6386716}}")
    assert "here it is 1.598704 without the fee to close, as the venue shows it" in message


def test_okxs_margin_ratio_is_with_the_fee_to_close() -> None:
    eth, totals = report_of(account(ETH)), report_of(account(TOTALS))
    isolated = eth.pools[1]
    assert near(isolated.equity / isolated.maintenance_margin, "88.14749114412055")  # mgnRatio
    # mgnRatio, a binary float of 17 digits at the venue
    assert round(totals.totals.equity / totals.totals.maintenance_margin, 9) == round(D("143682.59776662575"), 9)
    assert expecting(TOTALS, "totals: {maintenance_margin: 0.3428274116}") == []  # mmr
