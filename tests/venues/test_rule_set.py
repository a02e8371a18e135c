"""What a rule set answers to a portfolio: dates and trust of what is used, assumptions, symbols meant."""

from datetime import date
from decimal import Decimal

import pytest
from tests import builders

from marginctl.core.contract import LONG, HaircutTier
from marginctl.venues import loader
from marginctl.venues.rule_set import INTERVAL_ASSUMED
from marginctl.venues.symbols import spelling_of

D = Decimal
TODAY = date(2026, 11, 22)


def bundled(name):
    return loader.named(name)[0]


def position(rule_set, symbol, **changes):
    return builders.position(rule_set.contract(symbol), LONG, 1, 100, key=symbol, **changes)


def account(rule_set, positions=(), **more):
    return builders.account(*positions, venue=rule_set.name, rules=rule_set.mode().rules, **more)


@pytest.mark.parametrize(
    ("name", "symbols", "overridden", "as_of", "status"),
    [
        ("binance-usdm", ["BTCUSDT"], set(), "2026-05-01", "verified"),
        ("binance-pm", ["BTCUSDT", "BTCUSD_PERP"], set(), "2025-11-04", "partial"),  # the collateral is the oldest
        ("weex", ["PAXGUSDT"], set(), "2026-03-04", "unverified"),
        ("weex", ["PAXGUSDT", "TRBUSDT"], set(), "2023-09-15", "unverified"),  # the oldest table
        ("weex", ["PAXGUSDT", "TRBUSDT"], {"TRBUSDT"}, "2026-03-04", "unverified"),
        ("hyperliquid", ["BTC"], set(), "2026-01-01", "partial"),  # known to the year: counted from its beginning
        ("dydx", ["SOL-USD"], set(), "2024-01-01", "partial"),
        ("dydx", ["BTC-USD"], set(), "2023-09-01", "partial"),
        ("generic", ["BTCUSDT"], set(), None, "verified"),
    ],
)
def test_figures_are_as_old_and_as_sure_as_what_they_rest_on(name, symbols, overridden, as_of, status):
    rule_set = bundled(name)
    used = rule_set.used(rule_set.mode(), symbols, overridden)
    assert (used.venue, used.as_of, used.status) == (name, as_of, status)


def test_a_mode_known_less_well_lowers_the_status():
    rule_set = bundled("binance-usdm")
    assert rule_set.used(rule_set.mode("multi-asset"), ["BTCUSDT"], set()).status == "partial"


def test_only_the_sources_used_are_named():
    rule_set = bundled("weex")
    assert rule_set.used(rule_set.mode(), ["PAXGUSDT"], set()).sources == (
        "position tiers and margin rate, WEEX help 5491591989785, 4417905343129, 24780414317593",
        "tiers of PAXGUSDT and XAUTUSDT (2026-03-04), WEEX help 55660452220953",
        "API client (2026-04-28), public code: JKorf/Weex.Net, commit 305d78ef58a8e7f93817836cadb36f5411cc10e6",
        "observation of an account (2026-09-27), public code, repository not recorded",
    )


def test_haircuts_in_force_name_their_sources_and_samples_do_not():
    rule_set = bundled("mexc")
    multi = rule_set.used(rule_set.mode("multi-asset"), [], set()).sources
    single = rule_set.used(rule_set.mode("single-asset"), [], set()).sources
    assert set(multi) - set(single) == {
        "press on the launch of the Multi-Asset mode (2025-09), bzns.media, finway.com.ua"
    }
    bybit = bundled("bybit")
    assert not any("gocryptotrader" in text for text in bybit.used(bybit.mode(), ["BTCUSDT"], set()).sources)


def test_an_account_without_positions_rests_on_nothing():
    rule_set = bundled("okx")
    assert rule_set.assumptions_for(rule_set.mode(), account(rule_set)) == ()


def test_assumptions_are_those_that_matter_to_the_account():
    rule_set = bundled("okx")
    held = [position(rule_set, "BTC-USDT-SWAP")]
    texts = rule_set.assumptions_for(rule_set.mode(), account(rule_set, held))
    assert texts == (
        "the fee to close is taker_fee x notional at the mark price",
        (
            "maintenance_margin is what liquidates, the fee to close included; the venue's mmr is without it, and "
            "`expect` compares without it"
        ),
        (
            "a currency driven below zero by losses is counted in full, without the venue's maintenance margin on "
            "borrowing"
        ),
        "futures and swaps of one family are not added up to find the tier",
    )
    contract = rule_set.contract("BTC-USDT-SWAP")
    more = account(
        rule_set, held, orders=(builders.order(contract, LONG, 1, 100, 100),), balances={"USDT": D(-5)}, hedge=True
    )
    assert set(rule_set.assumptions_for(rule_set.mode(), more)) - set(texts) == {
        "a negative currency counts in full; the venue does not say",
        "estimated fees of open orders are not taken off the equity",
        "legs are not netted; the venue does not say",
    }


def test_a_contract_whose_size_is_not_recorded_says_so():
    rule_set = bundled("okx")
    texts = rule_set.assumptions_for(rule_set.mode(), account(rule_set, [position(rule_set, "BNB-USDT-SWAP")]))
    assert [text for text in texts if "BNB" in text and "contract size 0.01 BNB (inferred)" in text]


def test_isolated_positions_have_assumptions_of_their_own():
    rule_set = bundled("dydx")
    held = [position(rule_set, "BTC-USD", isolated_margin=D(10))]
    texts = rule_set.assumptions_for(rule_set.mode(), account(rule_set, held))
    assert "an isolated position stands for a market with a subaccount of its own" in texts
    assert "BTC-USD: the base initial rate; the venue raises it with open interest" in texts


def test_a_contract_that_the_portfolio_describes_itself_carries_no_assumption_of_the_venue():
    from msgspec.structs import replace

    rule_set = bundled("binance-coinm")
    mode = rule_set.mode()
    published = position(rule_set, "ETHUSD_PERP")
    text = "ETHUSD_PERP: contract_size 10 is the usual one, not confirmed for this contract"
    assert rule_set.assumptions_for(mode, account(rule_set, [published])) == (text,)
    own = replace(published, contract=replace(published.contract, contract_size=D(20)))
    assert rule_set.assumptions_for(mode, account(rule_set, [own])) == ()
    assert rule_set.assumptions_for(mode, account(rule_set, [position(rule_set, "BTCUSD_PERP")])) == ()


def test_an_interval_that_the_venue_does_not_state_is_an_assumption():
    for name, symbol, assumed in (("bybit", "BTCUSDT", True), ("mexc", "BTC_USDT", False)):
        rule_set = bundled(name)
        held = [position(rule_set, symbol, funding_rate=D("0.0001"))]
        assert (INTERVAL_ASSUMED in rule_set.assumptions_for(rule_set.mode(), account(rule_set, held))) is assumed


@pytest.mark.parametrize(
    ("name", "symbol", "meant"),
    [
        ("binance-usdm", "BTC-USDT", ["BTCUSDT"]),
        ("binance-usdm", "btcusdt", ["BTCUSDT"]),
        ("binance-usdm", "BTC_USDT", ["BTCUSDT"]),
        ("binance-usdm", "BTC-PERP", ["BTCUSDC", "BTCUSDT"]),
        ("okx", "BTCUSDT", ["BTC-USDT-SWAP", "BTC-USD-SWAP"]),
        ("hyperliquid", "ETH-USDC", ["ETH"]),
        ("dydx", "SOLUSDT", ["SOL-USD"]),
        ("mexc", "BTCUSDT", ["BTC_USDT"]),
        ("binance-usdm", "DOGEUDST", ["DOGEUSDT"]),
        ("dydx", "NOSUCHTHING", []),
        ("okx", "ADA-USDT-SWAP", []),  # spelled like the others, another asset
        ("deribit", "ETH_USDC-PERPETUAL", ["ETH-PERPETUAL"]),
    ],
)
def test_which_contracts_a_mistaken_symbol_may_mean(name, symbol, meant):
    found = bundled(name).close_symbols(symbol, TODAY)
    assert found[: len(meant)] == meant if meant else found == []


def test_a_symbol_without_a_quote_has_no_address_that_asks_for_one():
    """The address names base and quote: no word stands in for what the symbol does not say."""
    assert bundled("okx").unknown_help("BTC-27DEC26", TODAY) == (
        "declare it: `contracts: {BTC-27DEC26: {base: ..., quote: ..., tiers: [...]}}`"
    )
    assert "instFamily=BTC-USD:" in bundled("okx").unknown_help("BTC-USD-261225", TODAY)


def test_an_unknown_contract_is_answered_with_what_to_do():
    assert bundled("generic").unknown_help("NOSUCHTHING", TODAY) == (
        "declare it: `contracts: {NOSUCHTHING: {base: ..., quote: ..., tiers: [...]}}`"
    )
    assert bundled("mexc").unknown_help("BTCUSDT", TODAY) == (
        "did you mean `BTC_USDT`? Otherwise declare it: `contracts: {BTCUSDT: {base: ..., quote: ..., tiers: [...]}}`"
    )


OKX_TIERS = "https://www.okx.com/api/v5/public/position-tiers?instType=SWAP&tdMode=cross&instFamily="
KRAKEN = "https://futures.kraken.com/derivatives/api/v3/instruments"
GATE = "https://api.gateio.ws/api/v4/futures"
BITGET = "https://api.bitget.com/api/v2/mix/market/query-position-lever?"
LIVE, UNDATED = " --live", " --as-of $(date +%F)"
# name, symbol, where its table is, the flags with which `venue refresh` takes it; None = it does not read it
ADDRESSES = [
    ("bybit", "DOGEUSDT", "https://api.bybit.com/v5/market/risk-limit?category=linear&symbol=DOGEUSDT", ""),
    ("bybit", "ADAUSD", "https://api.bybit.com/v5/market/risk-limit?category=inverse&symbol=ADAUSD", ""),
    ("bitget", "ADAUSDT", f"{BITGET}symbol=ADAUSDT&productType=USDT-FUTURES", ""),
    ("kraken", "PF_SOLUSD", KRAKEN, ""),
    ("kraken-inverse", "PI_LTCUSD", KRAKEN, ""),
    # the answer has no date
    ("mexc", "ETH_USDT", "https://contract.mexc.com/api/v1/contract/detail?symbol=ETH_USDT", UNDATED),
    ("dydx", "LINK-USD", "https://indexer.dydx.trade/v4/perpetualMarkets?ticker=LINK-USD", UNDATED),
    # its size stands in another answer: the venue is asked for both
    ("okx", "ADA-USDT-SWAP", f"{OKX_TIERS}ADA-USDT", LIVE),
    ("okx", "ADA-USD-SWAP", f"{OKX_TIERS}ADA-USD", LIVE),
    ("okx", "ADA-USDT-261225", f"{OKX_TIERS.replace('SWAP', 'FUTURES')}ADA-USDT", LIVE),
    ("gate", "SOL_USDT", f"{GATE}/usdt/risk_limit_tiers?contract=SOL_USDT", LIVE),
    ("gate", "SOL_USD", f"{GATE}/btc/risk_limit_tiers?contract=SOL_USD", LIVE),
    # pages of the venues
    ("weex", "BTCUSDT", "https://weexsupport.zendesk.com/hc/en-us/articles/5491591989785", None),
    ("bingx-usdm", "ADA-USDT", "https://bingx.com/en/support/articles/11263312123407", None),
]


@pytest.mark.parametrize(("name", "symbol", "address", "flags"), ADDRESSES, ids=[one[1] for one in ADDRESSES])
def test_a_contract_that_is_not_bundled_is_named_with_the_address_of_its_table(name, symbol, address, flags):
    found = bundled(name).unknown_help(symbol, TODAY)
    declare = f"declare it: `contracts: {{{symbol}: {{base: ..., quote: ..., tiers: [...]}}}}`"
    if flags is None:
        assert found.endswith(f"ook for its table at {address} and {declare}")
        return
    refresh = f"| marginctl venue refresh {name} --from -{flags}"
    command, where = f"curl -s '{address}' {refresh} -o {name}.yaml", ""
    if flags == LIVE:
        command = f"marginctl venue refresh {name} --live --symbol {symbol} -o {name}.yaml"
        where = f"its table is at {address}: "
    assert found.removeprefix("did you mean `PI_XBTUSD` or `PI_ETHUSD`? Otherwise ") == (
        f"{where}`{command}` writes rules with its table, to be named by `venue: {name}.yaml`; or {declare}"
    )


@pytest.mark.parametrize(
    ("name", "symbol", "request_line"),
    [
        ("binance-usdm", "ABCUSDT", "GET /fapi/v1/leverageBracket?symbol=ABCUSDT"),
        ("binance-coinm", "ABCUSD_PERP", "GET /dapi/v2/leverageBracket?symbol=ABCUSD_PERP"),
    ],
)
def test_a_table_that_only_an_account_is_told_is_named_with_the_request_and_what_reads_it(name, symbol, request_line):
    command = f"`marginctl venue refresh {name} --from FILE --as-of $(date +%F) -o {name}.yaml`"
    found = bundled(name).unknown_help(symbol, TODAY)
    assert f"{command} takes your account's answer to {request_line}; or look for its table at https://" in found


@pytest.mark.parametrize(("symbol", "dex"), [("ZZZ", ""), ("flx:CRCL", "flx")])
def test_an_address_may_be_asked_with_a_body(symbol, dex):
    command = (
        "`curl -s 'https://api.hyperliquid.xyz/info' -H 'Content-Type: application/json' "
        f"""-d '{{"type": "meta", "dex": "{dex}"}}' | marginctl venue refresh hyperliquid --from - """
        "--as-of $(date +%F) -o hyperliquid.yaml` writes rules with its table"
    )
    assert bundled("hyperliquid").unknown_help(symbol, TODAY).startswith(command)


@pytest.mark.parametrize("name", sorted(set(loader.bundled()) - {"generic"}))
def test_every_venue_says_where_its_tables_are(name):
    assert bundled(name).tables_from("ABCUSDT") is not None


def test_nothing_is_shown_as_a_command_that_a_shell_could_take_for_more_than_a_symbol():
    help_text = bundled("bybit").unknown_help("A$(id)USDT", TODAY)
    assert help_text == "declare it: `contracts: {A$(id)USDT: {base: ..., quote: ..., tiers: [...]}}`"


@pytest.mark.parametrize("name", loader.bundled())
def test_addresses_of_tables_are_complete(name):
    for group in bundled(name).groups:
        if group.tables_from is not None:
            assert "{" not in group.tables_from.request("ABC-USDT")
            address = group.tables_from.place("ABC-USDT")
            assert address.startswith("https://")
            assert not set(address) & set("{}'\"` ")


def test_listings_are_looked_up_once():
    rule_set = bundled("bybit")
    assert rule_set.listing("BTCUSDT") is rule_set.listing("BTCUSDT")


@pytest.mark.parametrize(
    ("name", "mode", "asset", "hint"),
    [
        ("binance-usdm", "multi-asset", "SOL", "; seen: 10% (2021, superseded)"),
        ("bybit", "multi-asset", "BTC", "; seen: 5% up to 1000000, 100% (2026-08, sample)"),
        ("binance-pm", "multi-asset", "USDT", "; seen: 0.01% (sample)"),
        ("bybit", "multi-asset", "ETH", ""),
        ("dydx", "single-asset", "ETH", "; only USDC secures positions"),
    ],
)
def test_hints_about_a_missing_haircut(name, mode, asset, hint):
    assert bundled(name).mode(mode).haircut_hint(asset) == hint


def test_assets_that_are_no_collateral_are_refused_whatever_the_portfolio_says():
    mode = bundled("hyperliquid").mode()
    assert mode.collateral.refuses("BTC")
    assert not mode.collateral.refuses("USDC")
    assert mode.terms("BTC", "USD", (HaircutTier(None, D("0.1")),)) is None


def test_a_haircut_of_the_portfolio_brings_its_own_ask_buffer():
    mode = bundled("binance-usdm").mode("multi-asset")
    terms = mode.terms("SOL", "USD", (HaircutTier(None, D("0.2")),))
    assert (terms.haircuts[0].haircut, terms.liability_factor) == (D("0.2"), D("1.2"))


@pytest.mark.parametrize(
    ("name", "asset", "texts"),
    [
        ("binance-usdm", "BTC", ()),
        ("binance-usdm", "USDT", ("USDT: haircut of 2021-2022, the current one is not known",)),
        ("binance-usdm", "SOL", ()),
        ("binance-pm", "CAKE", ("CAKE: haircut 25% (2025-05-16, secondary)",)),
        (
            "mexc",
            "BTC",
            ("BTC: haircut 2.5% up to 1, 3% up to 5, 3.5% up to 10, 4% up to 50, 15% up to 100 (2025-09, secondary)",),
        ),
    ],
)
def test_haircuts_that_are_not_the_venues_own_word_are_assumptions(name, asset, texts):
    assert bundled(name).mode("multi-asset").assumptions(asset) == texts


@pytest.mark.parametrize(
    ("name", "symbol", "found"),
    [
        ("binance-usdm", "BTC/USDT:USDT", ["BTCUSDT"]),
        ("okx", "BTC/USDT:USDT", ["BTC-USDT-SWAP"]),
        ("okx", "BTC/USD:BTC", ["BTC-USD-SWAP"]),
        ("gate", "BTC/USDT:USDT", ["BTC_USDT"]),
        ("kraken", "BTC/USD:USD", ["PF_XBTUSD"]),  # its own text calls the base XBT
        ("kraken-inverse", "BTC/USD:BTC", ["PI_XBTUSD"]),
        ("dydx", "BTC/USDC:USDC", ["BTC-USD"]),
        ("bybit", "BTC/USD:BTC", ["BTCUSD"]),  # not BTCUSDZ26, which ends in December
        ("hyperliquid", "BTC/USDT:USDT", []),  # its contracts are in USDC
        ("okx", "BTC/USDT:USDT-261225", []),
        ("hyperliquid", "BTC-PERP", ["BTC"]),
        ("okx", "BTC-PERP", ["BTC-USDT-SWAP", "BTC-USD-SWAP"]),  # linear first
        ("binance-usdm", "ETH-PERP", ["ETHUSDT", "ETHUSDC"]),  # not ETHBTC
        ("binance-coinm", "XBT-PERP", ["BTCUSD_PERP"]),
        ("okx", "BTCUSDT", []),  # another venue's own notation
        ("deribit", "SOL-PERPETUAL", []),  # its own: SOL in USD, not SOL_USDC-PERPETUAL
        ("okx", "BTC-SWAP", []),
    ],
)
def test_what_a_symbol_of_no_venue_means(name, symbol, found):
    spelling = spelling_of(symbol, "USD")
    assert [one.symbol for one in bundled(name).meant(spelling, "USD")] == found


def test_the_quote_of_the_account_comes_first():
    found = bundled("binance-usdm").meant(spelling_of("BTC-PERP", "USDC"), "USDC")
    assert [one.symbol for one in found] == ["BTCUSDC", "BTCUSDT"]
