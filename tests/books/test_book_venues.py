"""Books under every bundled rule set: what the screen decides of the venue's own tables is what the exact core says."""

import json
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from tests.books.one_row import batch_of, header_of

from marginctl.books.batch import check_batch
from marginctl.core.exact import exactly
from marginctl.venues import loader
from marginctl.venues.rule_set import RuleSet

ACCOUNTS, CONTRACTS = 12, 8
SPELT = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
"""For rule sets that read base and quote out of a symbol."""


@pytest.mark.parametrize("venue", loader.bundled())
def test_the_screen_and_the_exact_core_agree_under_the_rules_of_a_venue(venue: str) -> None:
    rules, problems = loader.named(venue)
    assert rules is not None, problems
    draw = Random(venue)
    symbols, prices = _market(rules, draw)
    for mode in rules.modes:
        header = header_of(
            json.dumps(
                {
                    "account": {
                        "venue": venue,
                        "collateral_mode": mode.collateral_mode.value,
                        "position_mode": "hedge" if mode.offers_hedge else "one-way",
                        "taker_fee": "0.05%",
                    },
                    "prices": prices,
                    "collateral": [
                        {"asset": asset, "haircut": "10%", "loan_rate": "5%"}
                        for asset in prices
                        if not mode.collateral.refuses(asset)
                    ],
                }
            )
        )
        batch = batch_of(*(_row(draw, f"a{i}", rules, symbols, prices) for i in range(ACCOUNTS)))
        with exactly():
            (screened, _), (decided, _) = (check_batch(header, batch, exact=exact) for exact in (False, True))
        for one, other in zip(screened.to_pylist(), decided.to_pylist(), strict=True):
            _same(one, other)


def _market(rules: RuleSet, draw: Random) -> tuple[list[str], dict[str, str]]:
    """Some contracts of the venue, and prices of what they are traded and settled in."""
    listed = rules.symbols()
    draw.shuffle(listed)
    known = [symbol for symbol in listed if (found := rules.contract(symbol)) is not None and found.tiers]
    symbols = list(SPELT) if rules.splits_symbols else known[:CONTRACTS]
    prices: dict[str, str] = {}
    for symbol in symbols:
        contract = rules.contract(symbol)
        named = (symbol[:3],) if contract is None else (contract.base, contract.quote, contract.settle)
        for asset in named:
            if asset not in {"USD", "USDT", "USDC"}:
                prices.setdefault(asset, str(Decimal(draw.randrange(1, 10**7)) / 1000))
    return symbols, prices


def _row(draw: Random, name: str, rules: RuleSet, symbols: list[str], prices: dict[str, str]) -> dict[str, Any]:
    positions = []
    for symbol in draw.sample(symbols, min(len(symbols), draw.randrange(1, 5))):
        contract = rules.contract(symbol)
        price = Decimal(prices.get(contract.base if contract is not None else symbol[:3], "1"))
        size = contract.contract_size if contract is not None else Decimal(1)
        worth = Decimal(draw.randrange(100, 300_000))
        inverse = contract is not None and contract.settle == contract.base
        quantity = max((worth / size / (1 if inverse else price)).quantize(Decimal("0.001")), Decimal("0.001"))
        own = {"maintenance_rate": "0.01"} if contract is None or not contract.tiers else {}
        positions.append(
            {
                "symbol": symbol,
                "quantity": str(quantity * draw.choice((1, -1))),
                "entry_price": str(price * draw.randrange(80, 120) / 100),
                "leverage": "10",
                **own,
            }
        )
    held = [{"asset": "USDT", "amount": str(draw.randrange(1000, 200_000))}]
    held += [{"asset": asset, "amount": str(draw.randrange(1, 50))} for asset in prices if draw.random() < 0.4]
    return {"account_id": name, "balances": held, "positions": positions}


def _same(one: dict[str, Any], other: dict[str, Any]) -> None:
    money = 1e-12 * ((other["gross_notional"] or 0) + abs(other["gross_collateral"] or 0)) * 2
    for name, value in other.items():
        if name in {"decided", "error_bound"}:
            continue
        if isinstance(value, float):
            assert one[name] == pytest.approx(value, rel=2e-9, abs=max(money, 1e-9)), (other["account_id"], name)
        else:
            assert one[name] == value, (other["account_id"], name)


def test_rates_of_a_contract_are_those_of_the_exact_core() -> None:
    """6,000 SOL at 200: 7% and 5% of 1,200,000; with leverage 20 (5%) the initial margin is kinder: MC208."""
    header = header_of(
        {
            "account": {"venue": "deribit"},
            "prices": {"SOL": "200"},
            "collateral": [{"asset": "USDC", "haircut": "0%"}],
        }
    )
    held = {"symbol": "SOL_USDC-PERPETUAL", "side": "long", "quantity": "6000"}
    more = {"plain": {}, "own": {"leverage": "20", "maintenance_rate": "0.02"}}
    rows = [
        {"account_id": name, "balances": [{"asset": "USDC", "amount": "1000000"}], "positions": [{**held, **own}]}
        for name, own in more.items()
    ]
    (found, _), (decided, _) = (check_batch(header, batch_of(*rows), exact=exact) for exact in (False, True))
    plain, own = found.to_pylist()
    assert (plain["initial_margin"], plain["maintenance_margin"]) == (84000, 60000)
    assert (own["initial_margin"], own["maintenance_margin"]) == (60000, 24000)
    assert found.to_pylist() == decided.to_pylist()
