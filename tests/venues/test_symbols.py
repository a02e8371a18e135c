"""What a symbol says about base, quote, settlement and last day; nothing is invented."""

import pytest

from marginctl.venues.symbols import SpellingKind, day_of, expiry_of, spelling_of

DECEMBER = "2024-12-27"


@pytest.mark.parametrize(
    ("symbol", "pair", "expiry"),
    [
        ("BTCUSDT", ("BTC", "USDT"), None),
        ("BTC-USDT", ("BTC", "USDT"), None),
        ("BTC_USDT", ("BTC", "USDT"), None),
        ("BTC/USDT:USDT", ("BTC", "USDT"), None),
        ("BTC/USDT", ("BTC", "USDT"), None),
        ("BTC-PERP", ("BTC", "USD"), None),
        ("WBTC-PERP", ("WBTC", "USD"), None),  # not W quoted in BTC
        ("BTC-USDC-PERP", ("BTC", "USDC"), None),
        ("BTC_USDC-PERPETUAL", ("BTC", "USDC"), None),
        ("BTC-USDT-SWAP", ("BTC", "USDT"), None),
        ("BTCUSDT_PERP", ("BTC", "USDT"), None),
        ("PF_ETHUSD", ("ETH", "USD"), None),
        ("ETHBTC", ("ETH", "BTC"), None),
        ("ETH-BTC", ("ETH", "BTC"), None),
        ("EURUSDT", ("EUR", "USDT"), None),
        ("EURUSD", ("EUR", "USD"), None),
        ("USDCUSDT", ("USDC", "USDT"), None),
        ("BTCFDUSD", ("BTC", "FDUSD"), None),
        ("BNBUSD", ("BNB", "USD"), None),  # not BN quoted in BUSD
        ("ETHBUSD", ("ETH", "BUSD"), None),
        ("1000PEPEUSDC", ("1000PEPE", "USDC"), None),
        ("BTCUSDT-27DEC24", ("BTC", "USDT"), DECEMBER),
        ("BTCUSDT_241227", ("BTC", "USDT"), DECEMBER),
        ("BTC-USDT-241227", ("BTC", "USDT"), DECEMBER),
        ("BTC_USDC-27DEC24", ("BTC", "USDC"), DECEMBER),
        ("BTC/USDT:USDT-241227", ("BTC", "USDT"), DECEMBER),
        ("FF_ETHUSD_241227", ("ETH", "USD"), DECEMBER),
    ],
)
def test_linear_contracts(symbol: str, pair: tuple[str, str], expiry: str | None) -> None:
    found = spelling_of(symbol, "USD")
    assert (found.kind, (found.base, found.quote), found.expiry) == (SpellingKind.LINEAR, pair, expiry)


@pytest.mark.parametrize(
    ("symbol", "kind", "pair"),
    [
        ("BTC/USD:BTC", SpellingKind.INVERSE, ("BTC", "USD")),
        ("BTC/USD:BTC-241227", SpellingKind.INVERSE, ("BTC", "USD")),
        ("PI_ETHUSD", SpellingKind.INVERSE, ("ETH", "USD")),
        ("ETH/USD:BTC", SpellingKind.QUANTO, ("ETH", "USD")),
        ("BTC-27DEC24", SpellingKind.UNSETTLED, ("BTC", "")),
        ("BTC-PERPETUAL", SpellingKind.UNSETTLED, ("BTC", "")),
        ("BTC-USD-261225", SpellingKind.UNSETTLED, ("BTC", "USD")),
        ("BTC-USD-SWAP", SpellingKind.UNSETTLED, ("BTC", "USD")),
        ("BTCUSD_PERP", SpellingKind.UNSETTLED, ("BTC", "USD")),
        ("BTCUSD_241227", SpellingKind.UNSETTLED, ("BTC", "USD")),
        ("BTC_USD", SpellingKind.UNSETTLED, ("BTC", "USD")),
        ("WBTC-27DEC24", SpellingKind.UNSETTLED, ("WBTC", "")),
        ("PF_XBTUSD", SpellingKind.ALIASED, ("BTC", "USD")),
        ("XBTUSD", SpellingKind.ALIASED, ("BTC", "USD")),
        ("BTC-27DEC24-60000-C", SpellingKind.OPTION, ("", "")),
        ("BTC-27DEC24-60000-P-USDT", SpellingKind.OPTION, ("", "")),
        ("BTC-USD-241227-60000-C", SpellingKind.OPTION, ("", "")),
        ("C-BTC-85000-290526", SpellingKind.OPTION, ("", "")),
        ("BTC/USDT:USDT-241227-60000-C", SpellingKind.OPTION, ("", "")),
    ],
)
def test_what_needs_a_declaration_or_is_not_modelled(symbol: str, kind: SpellingKind, pair: tuple[str, str]) -> None:
    found = spelling_of(symbol, "USD")
    assert (found.kind, (found.base, found.quote)) == (kind, pair)


@pytest.mark.parametrize(
    "symbol",
    [
        *("USDT", "BTC", "ABCXYZ", "-USDT", "/USDT", "BTC-", "BTC/USDT/X", "btcusdt", "", "-", "//:", "BTC/USDT:"),
        *(
            "BTC-XYZ",
            "BTC-32DEC24",
            "BTCUSDTM",
            "XBTZ24",
            "BTC/USDT:USDT--",
            "BTC-USDT-X-Y",
            "BTC USDT",
            "A_B_C",
            "DOTUSD",
        ),
    ],
)
def test_what_is_not_known_is_not_split(symbol: str) -> None:
    assert spelling_of(symbol, "USD").kind is SpellingKind.UNKNOWN


@pytest.mark.parametrize(
    ("known", "kind", "base"),
    [
        (set(), SpellingKind.UNKNOWN, ""),
        ({"DOT", "BTC"}, SpellingKind.LINEAR, "DOT"),
        ({"DO"}, SpellingKind.LINEAR, "DO"),
        ({"DO", "DOT"}, SpellingKind.UNKNOWN, ""),
    ],
)
def test_of_two_ways_to_split_the_one_counts_whose_base_the_file_names(
    known: set[str], kind: SpellingKind, base: str
) -> None:
    found = spelling_of("DOTUSD", "USD", known)  # DOT in USD, or DO in TUSD
    assert (found.kind, found.base) == (kind, base)


def test_an_alias_says_what_it_settles_in_only_where_its_spelling_does() -> None:
    settles = {one: spelling_of(one, "USD").settles for one in ("PF_XBTUSD", "XBTUSD", "XBTUSDT", "PI_XBTUSD")}
    assert list(settles.values()) == [
        SpellingKind.LINEAR,
        SpellingKind.UNSETTLED,
        SpellingKind.LINEAR,
        SpellingKind.INVERSE,
    ]


@pytest.mark.parametrize(
    ("word", "day"),
    [
        ("27DEC24", DECEMBER),
        ("241227", DECEMBER),
        ("20241227", DECEMBER),
        ("7JUN24", "2024-06-07"),
        ("241327", None),
        ("31FEB24", None),
        ("1000", None),
        ("DEC24", None),
        ("2４1227", None),
    ],
)
def test_days(word: str, day: str | None) -> None:
    assert day_of(word) == day


def test_a_symbol_ends_with_its_last_day() -> None:
    assert expiry_of("ETHUSD_260925") == "2026-09-25"
    assert expiry_of("260925") is None
    assert expiry_of("BTCUSDT") is None


@pytest.mark.parametrize(
    ("symbol", "expiry"),
    [
        ("BTCUSDZ26", "2026-12-25"),
        ("XBTZ26", "2026-12-25"),
        ("ETHUSDM20", "2020-06-26"),  # BitMEX, 26 June 2020
        ("XRPUSDTH21", "2021-03-26"),
        ("BTCUSDA26", None),  # no month
        ("BTCUSDZ6", None),
        ("LUNA2USDT", None),
        ("SPELLZ26", None),  # neither a coin that is known nor a pair
        ("Z26", None),
    ],
)
def test_a_month_at_the_end_means_its_last_friday(symbol: str, expiry: str | None) -> None:
    assert expiry_of(symbol) == expiry
