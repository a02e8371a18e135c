"""Every limit from the text of a portfolio to the exit code: a file that just passes, one that just fails.

The figures are those of the comment in each file, worked out by hand.
"""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from tests.cli.running import check

from marginctl.limits.rules import RULES

FOLDER = Path(__file__).parent / "portfolios"
CODES = [rule.code for rule in RULES if rule.code < "MC2"]

# code: (value that passes, value that fails), None = the limit has no figure or nothing happens
FIGURES = {
    "MC100": (None, Fraction(100, 99)),
    "MC101": (Fraction(10, 20), Fraction(1000, 1999)),
    "MC102": (Fraction(20, 100), Fraction(1979, 9900)),  # d = (c - 1) / 99
    "MC103": (Fraction(1, 2), Fraction(100, 199)),
    "MC104": (Fraction(5), Fraction(10000, 1999)),
    "MC105": (Fraction(10), Fraction(11)),
    "MC106": (Fraction(10, 100), Fraction(989, 9900)),  # d = (m - 1) / 99
    "MC107": (Fraction(60, 100), Fraction(61, 100)),
    "MC108": (Fraction(3), Fraction(301, 100)),
    "MC109": (Fraction(50, 100), Fraction(49, 100)),
    "MC110": (Fraction(30, 100), Fraction(31, 100)),
    "MC112": (Fraction(30), Fraction(899, 30)),  # 89.9 / 3
    "MC113": (None, Fraction(1979, 1980)),  # (c - 1) / 99 of a fall of 20%
    "MC114": (None, None),
    "MC115": (None, None),
    "MC116": (Fraction(1), Fraction(1)),
    "MC117": (Fraction(40, 100), Fraction(400, 999)),
    "MC118": (Fraction(500, 200), Fraction(500, 200)),
    "MC119": (Fraction(5), Fraction(999, 200)),
    "MC120": (Fraction(100), Fraction(101)),
    "MC121": (Fraction(2), Fraction(201, 100)),
    "MC122": (Fraction(1, 2), Fraction(2000, 3999)),
    "MC123": (Fraction(4, 5), Fraction(100, 124)),
}


def judged(name: str, code: str) -> tuple[int, list[dict[str, object]]]:
    """The exit code of a file, and its checks of one limit."""
    ran = check(str(FOLDER / name), "--select", code, "--format", "json")
    (report,) = ran.json()["reports"]
    return ran.code, [one for one in report["checks"] if one["code"] == code]


def holds(value: object, expected: Fraction | None) -> bool:
    """Whether a figure of the report is the one derived, to the ten decimals that it has."""
    if expected is None:
        return True
    return isinstance(value, Decimal) and abs(Fraction(value) - expected) <= Fraction(1, 10**10)


def test_every_limit_has_its_two_files() -> None:
    names = {path.name for path in FOLDER.glob("*.yaml")}
    assert names == {f"{code.lower()}-{end}.yaml" for code in CODES for end in ("passes", "fails")}
    assert list(FIGURES) == CODES


@pytest.mark.parametrize("code", CODES)
def test_it_passes_up_to_its_limit(code: str) -> None:
    exit_code, checks = judged(f"{code.lower()}-passes.yaml", code)
    assert exit_code == 0
    assert {one["status"] for one in checks} == {"pass"}
    assert any(holds(one["value"], FIGURES[code][0]) for one in checks)


@pytest.mark.parametrize("code", CODES)
def test_it_fails_beyond_its_limit(code: str) -> None:
    exit_code, checks = judged(f"{code.lower()}-fails.yaml", code)
    failed = [one for one in checks if one["status"] == "fail"]
    assert exit_code == 1
    assert any(holds(one["value"], FIGURES[code][1]) for one in failed)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("MC100", "equity 0.99 USD is below the maintenance margin 1.00 USD"),
        ("MC101", "is 50.03%, above the limit 50%: "),
        ("MC102", "is 19.98%, below the limit 20%"),
        ("MC103", "is 50.26%, above the limit 50%: "),
        ("MC104", "is 5.003x, above the limit 5x: "),
        ("MC105", "is 11x, above the limit 10x"),
        ("MC106", "is 9.98%, below the limit 10%"),
        ("MC107", "is 61%, above the limit 60%: "),
        ("MC108", "is 3.01x, above the limit 3x: "),
        ("MC109", "is 49%, below the limit 50%: "),
        ("MC110", "is 31%, above the limit 30%: "),
        ("MC112", "is 29.96 days, below the limit 30 days"),
        ("MC113", "cross is liquidated after 99.94% of it"),  # 1979 / 1980, rounded down
        ("MC114", "it turns the account short in its underlying"),
        ("MC115", "BTCUSDT has no purpose"),
        ("MC116", "is 1, above the limit 0"),
    ],
)
def test_a_message_names_value_limit_and_remedy(code: str, said: str) -> None:
    """Rounded to the cautious side, with as many digits as set a value apart from its limit."""
    ran = check(str(FOLDER / f"{code.lower()}-fails.yaml"), "--select", code, "--format", "json")
    (report,) = ran.json()["reports"]
    found = next(one for one in report["findings"] if one["code"] == code)
    assert said in found["message"]
    assert found["remedy"]
    assert found["severity"] == "error"
