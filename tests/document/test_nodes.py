import pytest

from marginctl.document.nodes import Mapping, Scalar, is_null


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_an_unquoted_null_is_no_value(text):
    assert is_null(Scalar(text, 1, 1, 1, plain=True))


@pytest.mark.parametrize("text", ["", "null"])
def test_a_quoted_null_is_text(text):
    assert not is_null(Scalar(text, 1, 1, 1, plain=False))


@pytest.mark.parametrize("node", [Scalar("NO", 1, 1, 3, plain=True), Mapping([], 1, 1)])
def test_anything_else_is_a_value(node):
    assert not is_null(node)
