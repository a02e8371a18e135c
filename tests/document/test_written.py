"""A new document: exact numbers, quotes only where they are needed, and text that reads back as the same values."""

from fractions import Fraction

import pytest

from marginctl.document.nodes import Mapping, Node, Scalar, Sequence
from marginctl.document.reader import read
from marginctl.document.written import Written, WrittenLine, WrittenValue, decimal_text, document, simplest

TREE: dict[str, Written] = {
    "account": {
        "name": "a: b",
        "venue": "my rules.yaml",
        "as_of": "2025-10-02T19:16:00.944Z",
        "fee": WrittenValue("5%", "why"),
    },
    "positions": [
        {"symbol": "BTCUSDT", "quantity": WrittenValue("0.10")},
        WrittenLine({"symbol": "dex:X", "n": "1"}, "note"),
    ],
    "expect": {
        "totals": {"initial_margin + order_margin": WrittenLine({"value": "-1.5"})},
        "positions": {"A:long": {}},
    },
    "incomplete": ["3 option positions (BTC-1, x)", "yes", "#"],
}


def plain(node: Node) -> object:
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.text


def test_it_reads_back_as_what_was_written() -> None:
    text = document(["first", "second"], TREE, {"positions": ["a remark\nof two lines"]})
    _, root, problems = read(text.encode(), "new.yaml")
    assert (problems, root is None) == ([], False)
    assert root is not None
    assert plain(root) == {
        "account": {
            "name": "a: b",
            "venue": "my rules.yaml",
            "as_of": "2025-10-02T19:16:00.944Z",
            "fee": "5%",
        },
        "positions": [{"symbol": "BTCUSDT", "quantity": "0.10"}, {"symbol": "dex:X", "n": "1"}],
        "expect": {"totals": {"initial_margin + order_margin": {"value": "-1.5"}}, "positions": {"A:long": {}}},
        "incomplete": ["3 option positions (BTC-1, x)", "yes", "#"],
    }


def test_comments_stand_beside_what_they_explain() -> None:
    assert document(["head"], {"a": {"b": WrittenValue("1", "why")}, "c": ["x"]}, {"c": ["a remark"]}) == (
        "# head\n\na:\n  b: 1  # why\n\n# a remark\nc:\n  - x\n"
    )


@pytest.mark.parametrize(
    ("value", "text", "is_exact"),
    [
        pytest.param(Fraction(1, 8), "0.125", True, id="it ends"),
        pytest.param(Fraction(1, 3), "0.3333333333333333333333333333", False, id="28 digits"),
        pytest.param(Fraction(2, 3), "0.6666666666666666666666666667", False, id="rounded"),
        pytest.param(Fraction(10**7), "10000000", True, id="no exponent"),
        pytest.param(Fraction(-5, 10**9), "-0.000000005", True, id="below nothing"),
        pytest.param(Fraction(1, 2**70), "0.0000000000000000000008470329472543003390683225007", False, id="too long"),
    ],
)
def test_a_number_is_exact_where_it_ends(value: Fraction, text: str, is_exact: bool) -> None:
    assert decimal_text(value) == (text, is_exact)


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        ("0.000648999", "0.000649001", "0.000649"),
        ("0.15999999", "0.16000001", "0.16"),
        ("-0.00000001", "0.00000001", "0"),
        ("0.94", "1.06", "1"),
    ],
)
def test_the_number_with_the_fewest_decimals_is_found(low: str, high: str, found: str) -> None:
    assert simplest(Fraction(low), Fraction(high)) == Fraction(found)
