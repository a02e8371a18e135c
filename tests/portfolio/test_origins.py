"""Where the inputs of an account come from, by key."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from marginctl.analysis.check import Settings, load_portfolio
from marginctl.analysis.origins import Origins, origins_of
from marginctl.results.explanation import InputOrigin, OriginKind

BOOK = """\
account: {venue: generic, liquidation_level: 1.2}
prices: {BTC: 60000, ETH: 3000}
betas: {ETH: 1.5}
collateral:
  - {asset: USDT, amount: 90000}
  - {asset: BTC, amount: 3, haircut_tiers: [{up_to: 1, haircut: 5%}, {haircut: 10%}]}
  - {asset: ETH, amount: -2, loan_rate: 3%}
contracts:
  ABCUSDT: {contract_size: 10, tiers: [{up_to: 9, maintenance_rate: 1%}, {maintenance_rate: 2%}]}
positions:
  - {symbol: ABCUSDT, side: long, quantity: 3, mark_price: 12, leverage: 5}
  - {symbol: BTCUSDT, side: short, notional: 3000, leverage: 5, maintenance_rate: 1%, funding_rate: 0.01%}
  - {symbol: BTCUSDT, side: short, notional: 1000, leverage: 5, maintenance_rate: 1%, funding_rate: 0.01%}
orders:
  - {symbol: ABCUSDT, side: buy, quantity: 2, price: 11}
"""
VENUE = """\
account: {venue: binance-usdm, collateral_mode: multi-asset}
prices: {BTC: 60000}
collateral: [{asset: USDT, amount: 1000}]
positions: [{symbol: BTCUSDT, side: long, quantity: 0.01, leverage: 5, funding_rate: 0.01%}]
"""


def origins(text: str = BOOK, **settings: Any) -> Origins:
    """The origins of a portfolio."""
    asked = Settings(today=date(2026, 11, 22), **settings)
    loaded, problems = load_portfolio(text.encode(), "b.yaml", asked)
    assert problems == []
    assert loaded is not None
    return origins_of(loaded, asked)


def places(origin: InputOrigin) -> list[tuple[int, int]]:
    """Line and column of every place."""
    return [(place.line, place.column) for place in origin.locations]


@pytest.mark.parametrize(
    ("key", "line", "value"),
    [
        ("rules.level", 1, "1.2"),
        ("isolated_rules.level", 1, "1.2"),
        ("prices.BTC", 2, "60000"),
        ("betas.ETH", 3, "1.5"),
        ("collateral.USDT.amount", 5, "90000"),
        ("collateral.BTC.asset", 6, "BTC,"),
        ("collateral.BTC.haircut_tiers.0", 6, "{up_to: 1,"),
        ("collateral.BTC.haircut_tiers.1", 6, "{haircut: 10%"),
        ("collateral.ETH.loan_rate", 7, "3%"),
        ("contracts.ABCUSDT.contract_size", 9, "10,"),
        ("contracts.ABCUSDT.tiers.1", 9, "{maintenance_rate: 2%"),
        ("marks.ABCUSDT", 11, "12,"),
        ("positions.ABCUSDT.quantity", 11, "3,"),
        ("positions.BTCUSDT.leverage", 12, "5,"),
        ("orders.0.price", 15, "11}"),
    ],
)
def test_what_the_file_says_is_found_where_it_stands(key: str, line: int, value: str) -> None:
    found = origins().of(key)
    assert found.kind is OriginKind.FILE
    assert places(found) == [(line, column(line, value))]


def column(line: int, value: str) -> int:
    """Where a text stands in a line of the book, counted from 1."""
    return BOOK.splitlines()[line - 1].index(value) + 1


@pytest.mark.parametrize(
    ("key", "kind", "note"),
    [
        ("prices.USDT", OriginKind.ASSUMED, "priced at 1"),
        ("prices.USD", OriginKind.CONVENTION, "the account's currency"),
        ("prices.ABC", OriginKind.DERIVED, "from the mark of a contract"),
        ("marks.BTCUSDT", OriginKind.DERIVED, "price of the base / price of the quote"),
        ("betas.BTC", OriginKind.CONVENTION, "1; stablecoins and fiat currencies 0"),
        ("positions.BTCUSDT.entry_price", OriginKind.ASSUMED, "the mark, as no entry_price is given"),
        ("positions.BTCUSDT.maintenance_deduction", OriginKind.CONVENTION, "0 where none is given"),
        ("positions.ABCUSDT.funding_rate", OriginKind.ASSUMED, "not given"),
        ("collateral.DOGE.amount", OriginKind.CONVENTION, "not listed: none is held"),
        ("account.currency", OriginKind.CONVENTION, "the default"),
        ("account.name", OriginKind.CONVENTION, "the name of the file"),
        ("positions.BTCUSDT.pool", OriginKind.DERIVED, ""),
        ("pools.cross.name", OriginKind.DERIVED, ""),
    ],
)
def test_what_the_file_does_not_say_is_named_for_what_it_is(key: str, kind: OriginKind, note: str) -> None:
    found = origins().of(key)
    assert (found.kind, found.note, found.locations) == (kind, note, ())


def test_a_convention_of_the_generic_rules_is_no_venues_rule() -> None:
    found = origins().of("collateral.USDT.haircut")
    assert (found.kind, found.rule_set, found.as_of) == (OriginKind.CONVENTION, "generic", None)


def test_rows_that_are_one_position_have_all_their_places() -> None:
    found = origins()
    written = [(12, column(12, "3000")), (13, column(13, "1000"))]
    assert places(found.of("positions.BTCUSDT.quantity")) == written
    assert found.of("positions.BTCUSDT.quantity").note == "rows added up"
    assert found.stated["positions.BTCUSDT.notional"] == 4000


def test_a_venues_rules_have_their_date_and_source() -> None:
    found = origins(VENUE)
    tier = found.of("contracts.BTCUSDT.tiers.0")
    assert (tier.kind, tier.rule_set, tier.as_of, tier.trust) == (
        OriginKind.VENUE,
        "binance-usdm",
        "2026-05-01",
        "verified",
    )
    assert tier.source is not None
    assert tier.source.startswith("GET /fapi/v1/leverageBracket (2026-05-01)")
    assert found.of("contracts.BTCUSDT.contract_size").kind is OriginKind.VENUE
    assert found.of("contracts.BTCUSDT.tick_size").kind is OriginKind.VENUE
    haircut = found.of("collateral.USDT.haircut")
    assert (haircut.kind, haircut.trust) == (OriginKind.VENUE, "documented")
    assert "1 + haircut" in found.of("collateral.USDT.requirement_factor").note
    assert found.of("rules.level").kind is OriginKind.VENUE


def test_a_table_in_the_file_wins_over_the_venues() -> None:
    own = VENUE + "contracts: {BTCUSDT: {tiers: [{maintenance_rate: 1%, max_leverage: 20}]}}\n"
    found = origins(own)
    assert places(found.of("contracts.BTCUSDT.tiers.0")) == [(5, 31)]
    assert found.of("contracts.BTCUSDT.contract_size").kind is OriginKind.VENUE


def test_what_flags_change_says_so() -> None:
    edited = origins(sets=(("prices.BTC", "50000"),))
    assert edited.of("prices.BTC") == InputOrigin(kind=OriginKind.FLAG, note="--set")
    shocked = origins(shocks={"BTC": Decimal("-0.1")})
    assert shocked.of("prices.BTC").note == "moved by --shock"
    assert shocked.of("prices.ETH").note == ""
    assert shocked.of("marks.BTCUSDT").note.endswith("moved by --shock")
    quantity = shocked.of("positions.BTCUSDT.quantity")
    assert quantity.note == "from the notional at the mark before --shock, rows added up"
