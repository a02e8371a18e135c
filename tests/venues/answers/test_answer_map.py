"""A map is read into classes; what does not fit is named at its line."""

from textwrap import dedent

import pytest

from marginctl.venues.answers.map_files import answer_map_of

GOOD = """
schema: marginctl.answers/1
venue: here
errors: {key: ["1", "2"]}
answers:
  - name: position
    title: GET /positions
    seen: nowhere
    rows: [data, .]
    has: [symbol, size]
    positions:
      symbol: symbol
      side: {sign: size}
      quantity: size
      mark_price: {over: [value, {abs: size}]}
"""


def read(text: str):
    return answer_map_of(dedent(text).encode(), "here.yaml")


def test_keys_become_attributes() -> None:
    found, problems = read(GOOD)
    assert problems == []
    assert found is not None
    (form,) = found.answers
    assert (found.venue, found.currency, found.errors) == ("here", "USD", {"key": ("1", "2")})
    assert form.positions is not None
    assert form.positions.mark_price is not None
    assert form.positions.mark_price.text == "value / |size|"
    assert [path.text for path in form.rows] == ["data", "."]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("errors:", "eror:", 4, "unknown key `eror`"),
        ("      side: {sign: size}\n", "", 12, "`side` is missing"),
        ("{sign: size}", "{sgn: size}", 13, "unknown operator `sgn`"),
        ("{over: [value, {abs: size}]}", "{ovr: [value, size]}", 15, "unknown operator `ovr`"),
        ("{over: [value, {abs: size}]}", "{over: value}", 15, "this must be a list"),
        ("{over: [value, {abs: size}]}", "{over: []}", 15, "`over` has no operands"),
        ("{over: [value, {abs: size}]}", "{const: many}", 15, "`many` is no number"),
        ("{over: [value, {abs: size}]}", "{of: size, places: few}", 15, "`few` is no whole number"),
        ("{over: [value, {abs: size}]}", "{of: size, places: 9000000000}", 15, "`9000000000` has more than 3 digits"),
        ("{over: [value, {abs: size}]}", "{sum_of: {rows: coin}}", 15, "this must have `rows`, `value`"),
        ("{sign: size}", "{spelled: {field: a, pattern: '(', form: b}}", 13, "`(` is no pattern"),
        (
            "{sign: size}",
            "{spelled: {field: a, pattern: 'a{4294967296}', form: b}}",
            13,
            "`a{4294967296}` is no pattern",
        ),
        ("{sign: size}", "{spelled: {field: a, pattern: '(a)', form: '\\o'}}", 13, "`\\o` is no form: bad escape"),
        ("{sign: size}", "{spelled: {field: a, pattern: '(a)', form: '\\2'}}", 13, "`\\2` is no form: invalid group"),
        ("[symbol, size]", "symbol", 10, "this must be a list"),
        ("marginctl.answers/1", "marginctl.answers/9", 2, "`schema` is `marginctl.answers/9`"),
        ("    title: GET /positions", "    title: [a]", 7, "this must be a text"),
        ("    title: GET", "    parts: perhaps\n    title: GET", 7, "this must be true or false"),
        (
            "    title: GET",
            "    tables: {name: a, by: weight, tiers: {sort: b}}\n    title: GET",
            7,
            "`weight` is not known",
        ),
    ],
)
def test_what_is_wrong_is_named_at_its_line(old: str, new: str, line: int, message: str) -> None:
    assert old in GOOD
    found, problems = read(GOOD.replace(old, new))
    assert found is None
    assert message in problems[0].message
    assert (problems[0].location.file, problems[0].location.line) == ("here.yaml", line)


def test_text_that_is_no_yaml_is_refused() -> None:
    found, problems = read("a: [")
    assert found is None
    assert problems != []
