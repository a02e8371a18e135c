"""Which known name a wrong one may mean."""

import pytest

from marginctl.document.names import meant, near


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
