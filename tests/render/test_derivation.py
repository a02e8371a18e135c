"""Formulas and numbers of derivations as text."""

from decimal import Decimal

import pytest

from marginctl.core.explain.decision import Condition, Every
from marginctl.core.explain.node import (
    DAYS,
    FRACTION,
    MULTIPLE,
    ONE_NODE,
    PLAIN,
    Constant,
    Difference,
    Input,
    Larger,
    Magnitude,
    Negation,
    Node,
    Product,
    Quotient,
    Sum,
    Unit,
    Unknown,
    Value,
    amount,
    price_unit,
)
from marginctl.core.piecewise import Line
from marginctl.render.derivation.formula import numbers, symbols, written
from marginctl.render.derivation.quantity import exact, line, result

USD = amount("USD")


def given(label: str, value: str, unit: Unit = USD, of: str = "X") -> Node:
    """A named input."""
    return Input(label=label, of=of, unit=unit, amount=Decimal(value), key=label)


A, B, C, RATE = given("a", "2"), given("b", "-3"), given("c", "5", of="Y"), given("rate", "0.004", FRACTION)
MOVE = Unknown(label="move", unit=FRACTION)
MOVED = Sum(terms=(ONE_NODE, MOVE))
LINE = Product(factors=(C, MOVED), label="moved c", of="Y")
FALL = Product(factors=(B, MOVE), label="fall", of="X")


@pytest.mark.parametrize(
    ("node", "names", "figures"),
    [
        (Sum(terms=(A, C)), "a + c of Y", "2 + 5"),
        (Sum(terms=(A, B)), "a + b", "2 - 3"),
        (Sum(terms=(B, A)), "b + a", "-3 + 2"),
        (Sum(terms=(A, Negation(term=C))), "a - c of Y", "2 - 5"),
        (Sum(terms=(Negation(term=C), A)), "-c of Y + a", "-5 + 2"),
        (Sum(terms=()), "0", "0"),
        (Sum(terms=(A,) * 7), "the sum of its 7 parts", "the sum of its 7 parts"),
        (Difference(terms=(A, B)), "a - b", "2 - (-3)"),
        (Difference(terms=(A, Sum(terms=(C, C)))), "a - (c of Y + c of Y)", "2 - (5 + 5)"),
        (Difference(terms=(Sum(terms=(A, C)), C)), "a + c of Y - c of Y", "2 + 5 - 5"),
        (Product(factors=(A, B)), "a x b", "2 x (-3)"),
        (Product(factors=(A, Difference(terms=(ONE_NODE, RATE)))), "a x (1 - rate)", "2 x (1 - 0.4%)"),
        (Quotient(numerator=Product(factors=(A, C)), denominator=A), "a x c of Y / a", "2 x 5 / 2"),
        (Quotient(numerator=A, denominator=Product(factors=(A, C))), "a / (a x c of Y)", "2 / (2 x 5)"),
        (Magnitude(term=Difference(terms=(A, C))), "|a - c of Y|", "|2 - 5|"),
        (Larger(options=(A, Sum(terms=(B, C)))), "max(a, b + c of Y)", "max(2, -3 + 5)"),
        (Product(factors=(C, MOVED)), "c of Y x (1 + move)", "5 x (1 + move)"),
        (Sum(terms=(A, LINE)), "a + moved c of Y", "2 + (5 + 5 x move)"),
        (Sum(terms=(LINE, A)), "moved c of Y + a", "(5 + 5 x move) + 2"),
        (Sum(terms=(A, FALL)), "a + fall", "2 - 3 x move"),
        (Product(factors=(A, LINE)), "a x moved c of Y", "2 x (5 + 5 x move)"),
        (Negation(term=LINE), "-moved c of Y", "-(5 + 5 x move)"),
        (
            Every(conditions=(Condition(left=A, relation="<", right=C), Condition(left=B, relation=">", right=A))),
            "a < c of Y and b > a",
            "2 < 5 and -3 > 2",
        ),
    ],
)
def test_a_formula_reads_as_it_is_computed(node: Node, names: str, figures: str) -> None:
    assert written(node, symbols("X")).text == names
    assert written(node, numbers("move", "…")).text == figures


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("1234567.5", "1,234,567.5"),
        ("-1234.50", "-1,234.5"),
        ("1E+3", "1,000"),
        ("0.333333333333", "0.333333333333"),
        ("0.3333333333333", "0.333333333333…"),
        ("0.9090909090909090", "0.909090909090…"),
        ("-2.00000000000001", "-2.000000000000…"),
        ("0.000000000012345678912345", "0.0000000000123456789…"),
        ("1.99999999999999999999999999999999999999999999999999999999999", "2"),
    ],
)
def test_a_number_is_exact_or_says_that_it_goes_on(value: str, text: str) -> None:
    assert exact(Decimal(value), "…") == text


@pytest.mark.parametrize(
    ("at_zero", "slope", "text"),
    [
        ("1000", "250", "1,000 + 250 x day"),
        ("1000", "-250", "1,000 - 250 x day"),
        ("0", "-250", "-250 x day"),
        ("-5", "0", "-5"),
        ("0", "0", "0"),
    ],
)
def test_a_line_is_its_value_and_what_it_gains(at_zero: str, slope: str, text: str) -> None:
    assert line(Line(Decimal(at_zero), Decimal(slope)), "day") == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (Decimal("0.0005"), FRACTION, "0.05%"),
        (Decimal(5), MULTIPLE, "5x"),
        (Decimal(1), DAYS, "1 day"),
        (Decimal("1.5"), DAYS, "1.5 days"),
        (Decimal(240), USD, "240 USD"),
        (Decimal(60000), price_unit("USDT", "BTC"), "60,000 USDT per BTC"),
        (None, USD, "none"),
        (True, PLAIN, "yes"),
        (False, PLAIN, "no"),
        (("A", "B"), PLAIN, "A, B"),
        ((), PLAIN, "none"),
        ("healthy", PLAIN, "healthy"),
        (3, PLAIN, "3"),
    ],
)
def test_a_value_carries_its_unit(value: Value, unit: Unit, text: str) -> None:
    assert result(value, unit) == text


def test_a_constant_without_a_name_is_a_number_of_the_formula() -> None:
    assert written(Sum(terms=(A, Constant(amount=Decimal("0.5")))), symbols("X")).text == "a + 0.5"
