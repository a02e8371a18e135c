"""A rule file written from its nodes says the same, in the same style and with its comments."""

import pytest
import yaml

from marginctl.document.reader import parse
from marginctl.document.source import Source
from marginctl.venues import loader
from marginctl.venues import rule_text as to


def rewritten(text: str) -> str:
    source = Source("rules.yaml", text)
    root, problems = parse(source)
    assert problems == []
    return to.rule_text(root, source)


@pytest.mark.parametrize("name", loader.bundled())
def test_a_bundled_rule_file_comes_out_as_it_went_in(name):
    text = (loader.DATA / f"{name}.yaml").read_text(encoding="utf-8")
    assert rewritten(text) == text


@pytest.mark.parametrize(
    "text",
    [
        'a: "quoted: text"\n',
        "a: [1, 2]\nb: {c: 1, d: [x, y]}\n",
        "a:\n  - {b: 1}\n  - c: 2\n    d: 3\n",
        "a: ~\nb: null\nc:\n",
        'a: {b: "x, y", c: "[z]"}\n',
        "a: -1\nb: it's\nc: a#b\nd: http://x\n",
        'a: "\\u202e"\n',
        "a:\n  -\n    - 1\n    - {b: 2}\n",
        "a: []\nb: {}\n",
        'a: "🚀"\nb: 🚀\n',
    ],
)
def test_what_is_written_means_what_was_read(text):
    assert yaml.load(rewritten(text), Loader=yaml.BaseLoader) == yaml.load(text, Loader=yaml.BaseLoader)


def test_json_becomes_yaml_with_the_same_values():
    text = '{"schema": "marginctl.venue/1", "rules": {"level": {"value": 1}}, "list": [{"a": "b: c"}]}'
    assert yaml.safe_load(rewritten(text)) == yaml.safe_load(text)


def test_comments_of_their_own_line_stay_above_what_they_stood_above():
    text = "# head\n# second\na: 1\nb:\n  # inner\n  c: 2\n  d: 3\ne:\n  # item\n  - x\n"
    assert rewritten(text) == text


def test_a_new_value_that_would_read_as_none_or_as_something_else_is_quoted():
    source = Source("rules.yaml", "a: 1\n")
    root, _ = parse(source)
    for value in ("null", "~", "- x", "a: b", "x #y", " x", "{x}", "@x", "two words"):
        text = to.rule_text(to.with_value(root, "a", to.scalar(value)), source)
        assert yaml.load(text, Loader=yaml.BaseLoader) == {"a": value}
        assert yaml.safe_load(text) == {"a": value}
