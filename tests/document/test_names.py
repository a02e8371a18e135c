"""Which known name a wrong one may mean."""

import pytest

from marginctl.document.names import GLOSSARY, meant, near, said_as


@pytest.mark.parametrize(
    ("name", "surely", "expected"),
    [
        ("BTCC", True, "BTC"),
        ("btc", True, "BTC"),
        ("BTTC", True, "BTC"),
        ("LTC", True, ""),  # a coin of its own: one letter of three
        ("LTC", False, "BTC"),
        ("DOGE", False, ""),
        ("x" * 100_000, False, ""),
    ],
)
def test_the_name_that_is_most_like_it(name: str, surely: bool, expected: str) -> None:
    assert near(name, ["BTC", "ETH"], surely=surely) == expected


def test_else_those_that_there_are() -> None:
    assert meant("DOGE", ["ETH", "BTC"]) == "known here: BTC, ETH"
    assert meant("DOGE", []) == "known here: none"
    assert meant("Q", [f"C{i}" for i in range(10)], "write") == "write: C0, C1, C2, C3, C4, C5, C6, C7 and 2 more"
    assert meant("BTCC", ["ETH", "BTC"]) == "did you mean `BTC`?"


@pytest.mark.parametrize(
    ("word", "keys"),
    [
        ("balance", ["amount"]),
        ("walletBalance", ["amount"]),
        ("size", ["amount", "quantity", "contract_size"]),
        ("amount", ["quantity"]),
        ("entryPrice", []),  # as alike as any
        ("avg-price", ["entry_price"]),
        ("MMR", ["maintenance_rate"]),
        ("ctVal", ["contract_size"]),
        ("colour", []),
    ],
)
def test_words_of_venues_stand_for_keys(word: str, keys: list[str]) -> None:
    assert said_as(word) == keys


def test_a_key_is_no_other_word_for_itself() -> None:
    assert not [key for key, words in GLOSSARY.items() if key in words.split()]
