"""A formula line with its operands: what leaves with its operator, signs, rows, choices, and the value of the rest."""

from decimal import Decimal
from typing import Any

import pytest

from marginctl.analysis.formula_lines import FilledLine, Operand, read
from marginctl.results.explanation import Step


class Names:
    """Names with their operands; None where one does not apply."""

    def __init__(self, **operands: Operand) -> None:
        self._operands = operands

    def operand(self, name: str) -> Operand:
        """What the name stands for."""
        return self._operands[name]


def step(name: str, value: Any) -> Step:
    """A step with a number."""
    return Step(name=name, value=None if value is None else Decimal(value))


def filled(line: str, *words: str, **values: Any) -> list[FilledLine]:
    """The lines that apply where names have these values: texts are steps, all else stands for itself."""
    operands = {name: step(name, value) if isinstance(value, str) else value for name, value in values.items()}
    return list(read(line, Names(**operands), frozenset(words)))


def shown(found: FilledLine) -> str:
    """The formula with the names of its operands."""
    return found.formula.format(*(one.name for one in found.operands))


@pytest.mark.parametrize(
    ("line", "values", "text", "value"),
    [
        pytest.param("a x b - c", {"a": "3", "b": "4", "c": "5"}, "a x b - c", "7", id="everything is there"),
        pytest.param("a x b - c", {"a": "3", "b": "4", "c": None}, "a x b", "12", id="nothing is deducted"),
        pytest.param("a x (b + c)", {"a": "3", "b": "4", "c": None}, "a x b", "12", id="a sum of one has no brackets"),
        pytest.param("a x (b + c)", {"a": None, "b": "4", "c": "5"}, "b + c", "9", id="a factor of 1 leaves"),
        pytest.param(
            "a / (b x c)", {"a": "8", "b": "2", "c": "4"}, "a / (b x c)", "1", id="a product below keeps them"
        ),
        pytest.param("a x (1 - c)", {"a": "8", "c": None}, "a", "8", id="1 less nothing is 1"),
        pytest.param("max(1 / a, b)", {"a": None, "b": "4"}, "b", "4", id="a bound that is not there"),
        pytest.param("max(1 / a, b)", {"a": "2", "b": "4"}, "max(1 / a, b)", "4", id="two bounds"),
        pytest.param("max(0, a - b)", {"a": "3", "b": "2"}, "a - b", "1", id="a bound that does not bite"),
        pytest.param("max(0, a - b)", {"a": "2", "b": "3"}, "max(0, a - b)", "0", id="a bound that bites"),
        pytest.param("abs(a - b) / b", {"a": "2", "b": "4"}, "|a - b| / b", "0.5", id="a size"),
        pytest.param("s x (a - b)", {"s": 1, "a": "3", "b": "2"}, "a - b", "1", id="a long"),
        pytest.param("s x (a - b)", {"s": -1, "a": "3", "b": "2"}, "b - a", "-1", id="a short"),
        pytest.param("-s x a x b", {"s": 1, "a": "3", "b": "2"}, "-a x b", "-6", id="a long pays"),
        pytest.param("-s x a x b", {"s": -1, "a": "3", "b": "2"}, "a x b", "6", id="a short receives"),
        pytest.param("1 - s x a", {"s": -1, "a": "3"}, "1 + a", "4", id="less less is more"),
        pytest.param("a - b", {"a": None, "b": "2"}, "-b", "-2", id="nothing less something"),
        pytest.param("a - (b - c)", {"a": "5", "b": "2", "c": "1"}, "a - (b - c)", "4", id="a difference is taken off"),
    ],
)
def test_what_does_not_apply_leaves_with_its_operator(line: str, values: dict[str, Any], text: str, value: str) -> None:
    (found,) = filled(line, **values)
    assert (shown(found), found.value) == (text, Decimal(value))


def rows(*pairs: tuple[int, str]) -> list[Names]:
    """Subjects with a side and an amount."""
    return [Names(side=side, amount=step(f"amount {k}", amount)) for k, (side, amount) in enumerate(pairs)]


def test_rows_are_added_up_with_their_signs() -> None:
    (found,) = filled("sum(rows.side x rows.amount)", rows=rows((1, "5"), (-1, "7"), (1, "1")))
    assert (shown(found), found.value) == ("amount 0 - amount 1 + amount 2", Decimal(-1))
    (first,) = filled("sum(rows.side x rows.amount)", rows=rows((-1, "5"), (1, "7")))
    assert (shown(first), first.value) == ("-amount 0 + amount 1", Decimal(2))
    (shared,) = filled("sum(rows.amount) / price", rows=rows((1, "5"), (1, "7")), price="2")
    assert (shown(shared), shared.value) == ("(amount 0 + amount 1) / price", Decimal(6))
    assert filled("sum(rows.amount) / price", rows=[], price="2") == []


def test_an_amount_of_a_table_stands_as_it_is_a_sign_does_not() -> None:
    (found,) = filled("(top - floor) x a", top=Decimal(1), floor=None, a="7")
    assert (shown(found), found.value) == ("1 x a", Decimal(7))


def test_the_line_of_the_kind_and_the_first_that_gives_the_value_is_taken() -> None:
    line = "linear: a x b or inverse: a / b or a - b"
    both = filled(line, "inverse", a="8", b="2")
    assert [shown(one) for one in both] == ["a / b", "a - b"]
    assert [one.gives(Decimal(6)) for one in both] == [False, True]
    assert [shown(one) for one in filled("given or 1 / a", given=None, a="4")] == ["1 / a"]


def test_a_choice_is_told_in_words_and_needs_no_value() -> None:
    (found,) = filled("the_nearer_of(fall, rise)", fall=step("fall", None), rise="0.2")
    assert (shown(found), found.value) == ("the nearer of fall and rise", None)
    assert found.gives(Decimal("0.2"))
    (alone,) = filled("the_nearest_of(rows.amount)", rows=rows((1, "5")))
    assert shown(alone) == "amount 0"


def test_a_sentence_keeps_its_operands() -> None:
    (found,) = filled("says('the first by a, then b', rows.amount)", rows=rows((1, "5"), (1, "7")))
    assert (found.formula, [one.name for one in found.operands]) == ("the first by a, then b", ["amount 0", "amount 1"])


def test_operands_stand_in_the_order_of_the_text() -> None:
    (found,) = filled("q x (s x (a - b))", q="2", s=-1, a="3", b="5")
    assert (found.formula, [one.name for one in found.operands]) == ("{0} x ({1} - {2})", ["q", "b", "a"])


def test_what_divides_by_nothing_gives_no_figure() -> None:
    (found,) = filled("a / b", a="1", b="0")
    assert found.value is None
    assert not found.gives(Decimal(0))
