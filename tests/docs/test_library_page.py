"""The examples on the page of the library, and the one in the README, give what stands below them."""

import doctest
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def blocks(file: str, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```$", (ROOT / file).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def test_the_examples_of_the_page_give_what_they_show() -> None:
    text = "\n".join(blocks("docs/library.md", "pycon"))
    example = doctest.DocTestParser().get_doctest(text, {}, "library.md", None, 0)
    told: list[str] = []
    result = doctest.DocTestRunner().run(example, out=told.append)
    assert (result.attempted >= 20, "".join(told)) == (True, "")


def test_the_example_of_the_readme_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    (code,) = blocks("README.md", "python")
    names: dict[str, Any] = {}
    exec(code, names)
    equities = [line.split()[:2] for line in capsys.readouterr().out.splitlines()]
    assert [(move, equity.partition(".")[0]) for move, equity in equities] == [("-10%", "58000"), ("-20%", "10000")]
    assert names["rows"][0]["name"] == "covid-crash"
