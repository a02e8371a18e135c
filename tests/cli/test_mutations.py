"""No traceback ever: bundled portfolios with words, lines and bytes exchanged, through the whole program."""

import json
import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.portfolio.books import TODAY

from marginctl.analysis.check import Settings, check
from marginctl.render import FORMATS, Options, render
from marginctl.results import Outcome, Run

TEXTS = [path.read_text() for path in sorted((Path(__file__).parents[2] / "portfolios").glob("*.yaml"))]
WORD = re.compile(r"[A-Za-z0-9_.%*/-]+")
TOKENS = sorted(set(WORD.findall("\n".join(TEXTS))))
STRANGE = [
    "0", "-1", "1e9", "99999999999999999999", "0.00000000000000000001", "-100%", "100%", "1000000%", "~", "{}", "[]",
    "true", "BTC", "USDT", "isolated", "hedge", "inverse", "quantity", "net", "none", "single-asset", "multi-asset",
    "binance-usdm", "binance-coinm", "binance-pm", "bybit", "mexc", "okx", "hyperliquid", "USD", "\"*\"", "''",
]  # fmt: skip
BYTES = [
    b"\x00",
    b"\xff",
    b"\t",
    b"\r",
    b"[",
    b"}",
    b"&a",
    b"*a",
    b"!!x ",
    b"<<: ",
    b"\xe2\x80\xae",
    b"---\n",
    b"%",
    b": ",
]
EASY = settings(max_examples=25)


@st.composite
def words_exchanged(draw: st.DrawFn) -> bytes:
    """A portfolio with up to four words replaced by words of other places, or by strange ones."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        words = list(WORD.finditer(text))
        old = words[draw(st.integers(0, len(words) - 1))]
        text = text[: old.start()] + draw(st.sampled_from(STRANGE + TOKENS)) + text[old.end() :]
    return text.encode()


@st.composite
def lines_exchanged(draw: st.DrawFn) -> bytes:
    """Lines left out, doubled, or moved in from another portfolio."""
    lines = draw(st.sampled_from(TEXTS)).splitlines(keepends=True)
    other = draw(st.sampled_from(TEXTS)).splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        lines[at : at + draw(st.integers(0, 2))] = draw(
            st.sampled_from([[], [lines[at]] * 2, [draw(st.sampled_from(other))]])
        )
        lines = lines or ["\n"]
    return "".join(lines).encode()


@st.composite
def bytes_exchanged(draw: st.DrawFn) -> bytes:
    """Bytes cut out or put in."""
    data = draw(st.sampled_from(TEXTS)).encode()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.sampled_from(BYTES)) + data[at + draw(st.integers(0, 30)) :]
    return data


def outcome_of(data: bytes) -> Outcome:
    return check(data, "book.yaml", Settings(today=TODAY))


def hold(data: bytes, form: str) -> None:
    """What is true of every file: it is checked or refused, and every format can say so."""
    outcome = outcome_of(data)
    assert (outcome.report is None) <= bool(outcome.problems)
    for problem in outcome.problems:
        assert problem.code.startswith("MC0")
        assert len(problem.message) < 500
    run = Run(outcomes=(outcome,), exit_code=2 if outcome.problems else 0, version="0")
    text = render(form, run, Options(width=80))
    if form == "json":
        json.loads(text, parse_constant=_no_number, parse_float=_plain)


def _no_number(text: str) -> None:
    raise AssertionError(f"{text} is no number")


def _plain(text: str) -> str:
    assert "e" not in text.lower()
    return text


@EASY
@given(words_exchanged(), st.sampled_from(sorted(FORMATS)))
def test_words(data: bytes, form: str) -> None:
    hold(data, form)


@EASY
@given(lines_exchanged(), st.sampled_from(sorted(FORMATS)))
def test_lines(data: bytes, form: str) -> None:
    hold(data, form)


@EASY
@given(bytes_exchanged(), st.sampled_from(sorted(FORMATS)))
def test_bytes(data: bytes, form: str) -> None:
    hold(data, form)
