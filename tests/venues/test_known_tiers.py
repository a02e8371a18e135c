"""What the bundled tables do in an account: margins worked out by hand, and a refusal beyond what is known."""

from decimal import Decimal

import pytest
from tests.portfolio.books import checked, report, told

from marginctl.venues import loader
from marginctl.venues.contracts import CUT

D = Decimal


def book(
    venue: str, *positions: str, asset: str = "USDT", amount: str = "1000000", fee: str = "", more: str = ""
) -> str:
    rows = "".join(f"  - {{{one}}}\n" for one in positions)
    return (
        f"account: {{venue: {venue}{fee}}}\nprices: {{BTC: 60000, ETH: 2500, DOGE: 0.1}}\n"
        f"collateral: [{{asset: {asset}, amount: {amount}}}]\npositions:\n{rows}{more}"
    )


def of(symbol: str, quantity: str, side: str = "long", rest: str = "") -> str:
    return f"symbol: {symbol}, side: {side}, quantity: {quantity}{rest}"


# (sentence, portfolio, maintenance margin, initial margin), both in USD
CASES = [
    (
        "gate: 416,667 contracts of 0.0001 BTC are 2,500,002: tier 5, 0.5% less 2,500; 1%",
        book("gate", of("BTC_USDT", "416667")),
        "10000.01",
        "25000.02",
    ),
    (
        "gate: 1,000 contracts of 0.01 ETH are 25,000: 0.3%; 0.5%",
        book("gate", of("ETH_USDT", "1000")),
        "75",
        "125",
    ),
    (
        "gate: 60,000 USD are 1 BTC of 60,000: 0.5%; 1%",
        book("gate", of("BTC_USD", "60000"), asset="BTC", amount="2"),
        "300",
        "600",
    ),
    (
        "bitget: 5 BTC are 300,000: 0.5% of all of it; 1 / 100",
        book("bitget", of("BTCUSDT", "5")),
        "1500",
        "3000",
    ),
    (
        "bitget multi-asset: the larger leg, 0.5% and a liquidation fee of 0.06% of 300,000; 1 / 100 of it",
        book(
            "bitget",
            of("BTCUSDT", "5"),
            of("BTCUSDT", "2", side="short"),
            fee=", collateral_mode: multi-asset, position_mode: hedge, taker_fee: 0.06%",
        ),
        "1680",
        "3000",
    ),
    (
        "bybit: 12,000,000 USD are 200 BTC: 1% less 0.75 BTC = 1.25 BTC; at leverage 50",
        book(
            "bybit",
            of("BTCUSD", "12000000", rest=", leverage: 50"),
            asset="BTC",
            amount="100, haircut: 0",
            fee=", taker_fee: 0",
        ),
        "75000",
        "240000",
    ),
    (
        "kraken: long 10 perpetual (600,000: 0.5%), short 10 dated (600,000: 1%): the dearer side",
        book("kraken", of("PF_XBTUSD", "10"), of("FF_XBTUSD_261225", "10", side="short"), asset="USD", amount="100000"),
        "6000",
        "12000",
    ),
    (
        "kraken: 20 BTC are 1,200,000: 1% of all of it; 2%",
        book("kraken", of("PF_XBTUSD", "20"), asset="USD", amount="100000"),
        "12000",
        "24000",
    ),
    (
        "kraken-inverse: 600,000 contracts of 1 USD: 2% of all of it; 4%",
        book("kraken-inverse", of("PI_XBTUSD", "600000"), asset="BTC", amount="10"),
        "12000",
        "24000",
    ),
    (
        "okx: 2,000 contracts of 1,000 DOGE are 200,000: 1%, the fee to close 0.05%; 1 / 40",
        book("okx", of("DOGE-USDT-SWAP", "2000"), amount="1000000, haircut: 0", fee=", taker_fee: 0.05%"),
        "2100",
        "5000",
    ),
    (
        "mexc: 100,000 contracts of 0.0001 BTC are 600,000: 0.4%, a liquidation fee of 0.04%; 0.5%",
        book("mexc", of("BTC_USDT", "100000"), fee=", taker_fee: 0.04%"),
        "2640",
        "3000",
    ),
    (
        "deribit: 25 BTC at 60,000: 1% + 25 x 0.005% = 1.125%; 2.125%",
        book("deribit", of("BTC_USDC-PERPETUAL", "25"), asset="USDC"),
        "16875",
        "31875",
    ),
]


@pytest.mark.parametrize(
    ("text", "maintenance", "initial"), [case[1:] for case in CASES], ids=[one[0] for one in CASES]
)
def test_margins_by_the_known_tiers(text: str, maintenance: str, initial: str) -> None:
    totals = report(text)["totals"]
    assert (totals["maintenance_margin"], totals["initial_margin"]) == (D(maintenance), D(initial))


def beyond(what: str, end: str) -> list[str]:
    return [f"MC025 the position in `{what}` is beyond the last tier of the contract, which ends at a {end}"]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (book("gate", of("BTC_USDT", "500001")), beyond("BTC_USDT", "notional of 3000000 USDT")),
        (book("gate", of("ETH_USDT", "12001")), beyond("ETH_USDT", "notional of 300000 USDT")),
        (
            book("gate", of("BTC_USD", "180001"), asset="BTC", amount="9"),
            beyond("BTC_USD", "notional of 3 BTC"),
        ),
        (book("bitget", of("BTCUSDT", "20001")), beyond("BTCUSDT", "notional of 1200000000 USDT")),
        (
            book("bybit", of("BTCUSD", "18000060"), asset="BTC", amount="9, haircut: 0", fee=", taker_fee: 0"),
            beyond("BTCUSD", "notional of 300 BTC"),
        ),
        (
            book("okx", of("DOGE-USDT-SWAP", "546001"), amount="9, haircut: 0", fee=", taker_fee: 0"),
            beyond("DOGE-USDT-SWAP", "quantity of 546000"),
        ),
        (book("mexc", of("BTC_USDT", "17000001"), fee=", taker_fee: 0"), beyond("BTC_USDT", "quantity of 17000000")),
        (
            book("bitget", of("ETHUSDT", "1", rest=", leverage: 10")),
            ["MC022 the position in `ETHUSDT` has no maintenance margin rate"],
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_beyond_what_is_known_is_an_error(text: str, problems: list[str]) -> None:
    assert told(checked(text)) == problems


@pytest.mark.parametrize(
    ("venue", "symbol", "asset"),
    [("gate", "BTC_USDT", "USDT"), ("gate", "BTC_USD", "BTC"), ("bybit", "BTCUSD", "BTC")],
)
def test_a_table_that_ends_too_early_says_what_it_does_along_a_price_move(venue: str, symbol: str, asset: str) -> None:
    fee = ", taker_fee: 0" if venue == "bybit" else ""
    text = book(venue, of(symbol, "100"), asset=asset, amount="9, haircut: 0" if fee else "9", fee=fee)
    assert f"{symbol}: {CUT}" in report(text)["assumptions"]


# name: contracts, of them with the whole margin table, with a size that is no assumption, with both
@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("binance-usdm", (716, 716, 716, 716)),
        ("binance-coinm", (35, 35, 4, 4)),  # the size of BTC's contracts alone is confirmed
        ("binance-pm", (751, 751, 720, 720)),
        ("bingx-usdm", (6, 0, 6, 0)),  # no maintenance rates
        ("bitget", (5, 2, 5, 2)),
        ("bybit", (8, 6, 8, 6)),  # the inverse tables are cut
        ("deribit", (4, 4, 2, 2)),  # sizes of the inverse ones are not recorded
        ("gate", (5, 0, 3, 0)),  # every table is cut
        ("kraken", (4, 4, 4, 4)),
        ("kraken-inverse", (3, 3, 2, 2)),
        ("mexc", (1, 1, 0, 0)),
        ("okx", (7, 6, 3, 2)),  # sizes of BTC and ETH are recorded; BTC-USD-SWAP has no tiers
    ],
)
def test_how_many_contracts_are_complete(name: str, counts: tuple[int, ...]) -> None:
    rule_set, _ = loader.named(name)
    assert rule_set is not None
    found = rule_set.completeness()
    assert (len(rule_set.symbols()), found.with_tiers, found.with_contract_size, found.complete) == counts


@pytest.mark.parametrize(
    ("name", "mode", "known"),
    [
        ("generic", "multi-asset", ("USDC",)),
        ("binance-usdm", "single-asset", None),
        ("binance-usdm", "multi-asset", ("BTC", "ETH", "USDC")),
        ("hyperliquid", "single-asset", ("USDC",)),
        ("kraken", "multi-asset", ("BTC", "ETH", "SOL")),
        ("okx", "multi-asset", ()),
    ],
)
def test_which_of_the_usual_collateral_has_a_known_haircut(name: str, mode: str, known: tuple[str, ...] | None) -> None:
    rule_set, _ = loader.named(name)
    assert rule_set is not None
    found = rule_set.mode(mode)
    assert found is not None
    assert found.haircuts_known() == known
