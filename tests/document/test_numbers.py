from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginctl.document.numbers import NumberError, decimal, decimal_or_percentage, rate

NUMBER = "write a decimal number, such as 1000 or 0.5"
RATE = "write a percentage such as 10%, or a fraction such as 0.1"
SIXTY = "123456789012345678901234567890.123456789012345678901234567890"


@pytest.mark.parametrize(
    "text", ["0", "1", "-1", "10", "0.5", "-0.00000001", "1000000", "1.50", "71234.5", SIXTY, "-" + SIXTY]
)
def test_a_number_is_exactly_its_text(text):
    assert format(decimal(text), "f") == text


@pytest.mark.parametrize(("text", "plain"), [("-0", "0"), ("-0.00", "0.00")])
def test_there_is_no_negative_zero(text, plain):
    assert str(decimal(text)) == plain


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("1e5", "has an exponent: `1e5`", "write 100000"),
        ("-2.5E-3", "has an exponent: `-2.5E-3`", "write -0.0025"),
        ("1e999999999", "has an exponent: `1e999999999`", NUMBER),
        ("1_000", "has `_` between its digits: `1_000`", "write 1000"),
        ("1,000", "has a comma: `1,000`", "write 1000, or 1.000 if the comma is a decimal point"),
        ("1,234,567.8", "has a comma: `1,234,567.8`", "write 1234567.8"),
        ("0,5", "has a comma: `0,5`", "write 0.5"),
        ("0,500", "has a comma: `0,500`", "write 0.500"),
        ("1.000,50", "has a comma: `1.000,50`", "write 1000.50"),
        ("12,34,567", "has a comma: `12,34,567`", NUMBER),
        ("1 000", "has a space in it: `1 000`", "write 1000"),
        ("0x1F", "is written in hexadecimal: `0x1F`", "write 31"),
        ("0o17", "is written in octal: `0o17`", "write 15"),
        ("0b101", "is written in binary: `0b101`", "write 5"),
        ("017", "has a leading zero: `017`", "write 17"),
        ("-00.5", "has a leading zero: `-00.5`", "write -0.5"),
        ("1:30", "has colons between its digits: `1:30`", NUMBER),
        ("190:20:30.15", "has colons between its digits: `190:20:30.15`", NUMBER),
        (".inf", "is not a finite number: `.inf`", NUMBER),
        ("-.Inf", "is not a finite number: `-.Inf`", NUMBER),
        ("Infinity", "is not a finite number: `Infinity`", NUMBER),
        (".nan", "is not a finite number: `.nan`", NUMBER),
        ("NaN", "is not a finite number: `NaN`", NUMBER),
        ("１２", "has digits other than 0 to 9: `１２`", "write 12"),
        ("٣.٥", "has digits other than 0 to 9: `٣.٥`", "write 3.5"),
        ("5²", "has digits other than 0 to 9: `5²`", NUMBER),
        ("\u22125", "is not a number: `\u22125`", "write -5"),
        (".5", "has no digit before the dot: `.5`", "write 0.5"),
        ("-.5", "has no digit before the dot: `-.5`", "write -0.5"),
        ("5.", "has no digit after the dot: `5.`", "write 5"),
        ("+5", "has a leading +: `+5`", "write 5"),
        ("5%", "is a percentage where a plain number belongs: `5%`", NUMBER),
        ("10x", "is not a number: `10x`", "write 10"),
        ("$60,000", "has a comma: `$60,000`", "write 60000"),
        ("60000 USDT", "is not a number: `60000 USDT`", "write 60000"),
        ("5k", "is not a number: `5k`", NUMBER),
        ("--5", "is not a number: `--5`", NUMBER),
        ("1.2.3", "is not a number: `1.2.3`", NUMBER),
        ("ten", "is not a number: `ten`", NUMBER),
        (".", "is not a number: `.`", NUMBER),
        ("", "is empty", NUMBER),
        ("5\x1b[31m", r"is not a number: `5\x1b[31m`", NUMBER),
        ("9" * 61, f"has more than 60 digits: `{'9' * 57}...`", "write at most 60 digits"),
        ("0." + "1" * 60, f"has more than 60 digits: `0.{'1' * 55}...`", "write at most 60 digits"),
    ],
)
def test_a_refused_number_says_what_to_write(text, message, help):
    with pytest.raises(NumberError) as refused:
        decimal(text)
    assert (refused.value.message, refused.value.help, refused.value.code) == (message, help, "MC014")


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("10%", "0.10"),
        ("0.01%", "0.0001"),
        ("0.5%", "0.005"),
        ("100%", "1.00"),
        ("250%", "2.50"),
        ("-30%", "-0.30"),
        ("0%", "0.00"),
        ("-0%", "0.00"),
        ("0.1", "0.1"),
        ("-0.05", "-0.05"),
        ("0", "0"),
        ("0.999", "0.999"),
    ],
)
def test_a_rate_is_a_fraction(text, fraction):
    assert str(rate(text)) == fraction


def test_a_percentage_is_exact_at_any_precision():
    with localcontext() as context:
        context.prec = 5
        assert format(rate(SIXTY + "%"), "f") == "1234567890123456789012345678.90123456789012345678901234567890"


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("10", "is a rate of 1 or more without %: `10`", "write 10%, the same as 0.1"),
        ("1.5", "is a rate of 1 or more without %: `1.5`", "write 1.5%, the same as 0.015"),
        ("-30", "is a rate of 1 or more without %: `-30`", "write -30%, the same as -0.3"),
        ("1", "is a rate of 1 or more without %: `1`", "write 100% for the whole, 1% for one hundredth"),
        ("-1.0", "is a rate of 1 or more without %: `-1.0`", "write -100% for the whole, -1% for one hundredth"),
        ("10 %", "has a space in it: `10 %`", "write 10%"),
        ("0,5%", "has a comma: `0,5%`", "write 0.5%"),
        (".5%", "has no digit before the dot: `.5%`", "write 0.5%"),
        ("1e-2", "has an exponent: `1e-2`", "write 0.01"),
        ("%", "is not a number: `%`", RATE),
        ("10%%", "is a percentage where a plain number belongs: `10%%`", RATE),
        ("abc%", "is not a number: `abc%`", RATE),
        ("", "is empty", RATE),
    ],
)
def test_a_refused_rate_says_what_to_write(text, message, help):
    with pytest.raises(NumberError) as refused:
        rate(text)
    assert (refused.value.message, refused.value.help) == (message, help)


@pytest.mark.parametrize(("text", "value"), [("8.5%", "0.085"), ("1.2", "1.2"), ("250", "250")])
def test_a_figure_may_be_a_number_of_any_size_or_a_percentage(text, value):
    assert str(decimal_or_percentage(text)) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=10))
def test_every_plain_decimal_is_itself(value):
    assert decimal(format(value, "f")) == value


@pytest.mark.parametrize("text", ["--0E0", "+-1e5", "1.2.3e4"])
def test_what_only_looks_like_a_power_of_ten_is_refused(text):
    with pytest.raises(NumberError):
        decimal(text)


@given(st.text(max_size=80) | st.text("0123456789.,-+_%eExX: ", max_size=80))
def test_any_other_text_is_refused_with_an_advice_that_is_accepted(text):
    """What a help text tells to write must itself be a number."""
    try:
        value = decimal(text)
    except NumberError as refused:
        advice = refused.help.removeprefix("write ").partition(", or ")[0]
        assert (
            advice in (NUMBER.removeprefix("write ").partition(", or ")[0], "at most 60 digits")
            or decimal(advice).is_finite()
        )
    else:
        assert isinstance(value, Decimal)
        assert value == Decimal(text)
