"""Reckons explanations again: every formula from its text and the values of its operands alone."""

import re
from decimal import Decimal
from typing import Any

from marginctl.results.explanation import Step

CLOSE = Decimal("1e-36")


def check_figure(step: Step, reckoned: set[int]) -> None:
    """A figure follows by a formula or a crossing, is an input, or says why it is not there; all below it as well."""
    if isinstance(step.value, Decimal) and step.value:
        assert step.formula or step.solution or step.key, step.figure
    if step.value is None:
        assert step.note or step.solution or step.key, step.figure
    check_formulas(step, reckoned)


def check_formulas(step: Step, reckoned: set[int]) -> None:
    """Reckon every formula below a step again, from its text and the values of its operands alone."""
    if id(step) in reckoned:
        return
    reckoned.add(id(step))
    for operand in step.operands:
        check_formulas(operand, reckoned)
    if step.solution is not None:
        _check_solution(step)
    if not step.formula or not isinstance(step.value, Decimal) or re.search("[a-z]{4}", step.formula):
        return  # a choice in words: of a nearer side, of the worst pool
    found = _reckoned(step.formula, [operand.value for operand in step.operands])
    assert abs(found - step.value) <= CLOSE * max(1, abs(step.value)), (step.name, step.of, step.formula)


def _reckoned(formula: str, values: list[Any]) -> Decimal:
    text = re.sub(r"\|(.+?)\|", r"abs(\1)", formula)
    text = re.sub(r"(?<![{\d.])(\d+(?:\.\d+)?)(?![}\d])", r"D('\1')", text).replace(" x ", " * ").replace(" x-", " * -")
    filled = text.format(*(f"D('{value}')" for value in values))
    return eval(filled, {"D": Decimal, "abs": abs, "max": max})


def _check_solution(step: Step) -> None:
    """Both lines meet at the place, and the named parts add up to them."""
    solution = step.solution
    assert solution is not None
    if solution.place is None:
        return
    have = solution.equity[0] + solution.equity[1] * solution.place
    needed = solution.needed or (Decimal(0), Decimal(0))
    need = needed[0] + needed[1] * solution.place
    scale = max(1, abs(solution.equity[0]), abs(solution.equity[1]))
    if solution.beyond is None:
        assert abs(have - need) <= CLOSE * scale
    else:
        assert have - need > 0 or abs(solution.beyond - need) <= CLOSE * scale
        assert solution.beyond > have
    assert abs(step.operands[0].value - have) <= CLOSE * scale
