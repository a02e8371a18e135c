"""``docs/brief.md``: every statement is answered by the command beside it."""

import pytest
from tests.docs.brief import STATEMENTS, Statement, answer


def test_there_are_as_many_statements_as_the_brief_makes() -> None:
    assert len(STATEMENTS) == 46
    assert len({one.claim for one in STATEMENTS}) == 46


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda one: one.claim)
def test_a_statement_is_answered(statement: Statement) -> None:
    assert answer(statement)


def test_a_text_that_is_nowhere_is_told() -> None:
    with pytest.raises(ValueError, match="is in no line of `marginctl check"):
        answer(STATEMENTS[0]._replace(lines=("no such line",)))
