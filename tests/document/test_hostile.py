"""No input raises, hangs or takes the machine down; what a terminal could obey never reaches a message."""

import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.portfolio.test_format import SAMPLE

from marginctl.document import reader
from marginctl.document.reader import read
from marginctl.document.record import bind
from marginctl.document.source import MOST_PROBLEMS, caret
from marginctl.findings import Problem
from marginctl.limits.format import PolicyFile
from marginctl.portfolio.format import PortfolioFile


def problems_of(data: bytes) -> list[Problem]:
    """Everything said of a file, after checking that it can be shown."""
    source, root, problems = read(data, "book.yaml")
    if root is not None:
        for record in (PortfolioFile, PolicyFile):
            problems = problems + bind(root, record, source)[1]
    for problem in problems:
        assert problem.message.isprintable()
        assert problem.help.isprintable()
        assert problem.excerpt.isprintable()
        assert len(problem.message) < 400
        assert len(problem.excerpt) <= 120
        assert 0 <= caret(problem) <= len(problem.excerpt)
        assert problem.code in {"MC001", "MC002", "MC003", "MC010", "MC011", "MC012", "MC013", "MC014", "MC015"}
        (problem.message + problem.help + problem.excerpt).encode()
    return problems


MEBI = 1024 * 1024


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"[" * 200_000, id="brackets"),
        pytest.param(b"{a: " * 200_000, id="braces"),
        pytest.param(b"- " * 200_000, id="dashes"),
        pytest.param(b"? " * 200_000, id="question marks"),
        pytest.param(b"[\n" * 200_000, id="brackets on lines"),
        pytest.param(b"a: &a [x]\n" + b"b: [*a, *a, *a, *a]\n" * 9, id="alias bomb"),
        pytest.param(b"a: &a {x: 1}\n" + b"".join(b"b%d: {<<: [*a, *a]}\n" % n for n in range(99)), id="merge bomb"),
        pytest.param(b"a: &a [*a]\n", id="alias of itself"),
        pytest.param(b"x" * (20 * MEBI), id="20 MiB"),
        pytest.param(b"\0" * 1000, id="zeros"),
        pytest.param(SAMPLE.encode("utf-16"), id="UTF-16"),
        pytest.param(b"\xff" * 1000, id="no UTF-8"),
        pytest.param(b'"\\e[31m\\a": "\\e]0;x\\a"\n', id="terminal escapes"),
        pytest.param(b'positions: "\\ud83d"\n', id="lone surrogate"),
        pytest.param("\u202e\u2066: \u200b\n".encode(), id="bidi"),
        pytest.param(b"a: " + b"x" * MEBI, id="long value"),
        pytest.param(b"x" * MEBI + b": a", id="long key"),
        pytest.param(b'{"' + b"x" * MEBI + b'": 1}', id="long quoted key"),
        pytest.param(b"prices: {A: " + b"9" * MEBI + b"}", id="long number"),
        pytest.param(b"prices: {A: 1e" + b"9" * 1000 + b"}", id="large exponent"),
        pytest.param(b"prices: {A: 0x" + b"f" * MEBI + b"}", id="long hexadecimal"),
        pytest.param(b"zzz: 1\n" + b"".join(b"key%d: 1\n" % n for n in range(100_000)), id="unknown keys"),
        pytest.param(b"a: 1\n" * 100_000, id="duplicate keys"),
        pytest.param(b"positions: [" + b"{}," * 100_000 + b"]", id="missing keys"),
        pytest.param(b"prices: {" + b"".join(b"A%d: x, " % n for n in range(50_000)) + b"}", id="many on a line"),
        pytest.param(b"a: *x\n" * 100_000, id="aliases"),
        pytest.param(b"---\n" * 100_000, id="documents"),
        pytest.param(b"a: |\n" + b" x\n" * 100_000, id="block text"),
        pytest.param(b"a:" + b"\n" * MEBI + b"b", id="empty lines"),
        pytest.param(b'a: "' + b"\\ud83d\\ude00" * 50_000 + b'"', id="surrogate pairs"),
    ],
)
def test_a_hostile_file_is_refused(data):
    problems = problems_of(data)
    assert problems
    assert len(problems) <= 2 * (MOST_PROBLEMS + 1)


def test_a_file_of_very_many_values_is_refused(monkeypatch):
    monkeypatch.setattr(reader, "MOST_EVENTS", 100)
    (problem,) = problems_of(b"a: [" + b"1, " * 100 + b"1]")
    assert (problem.code, problem.message, problem.location.line) == (
        "MC001",
        "the file holds more than 100 keys and values",
        0,
    )


def test_that_limit_is_far_from_a_large_portfolio(monkeypatch):
    """10,000 positions of 6 keys take 14 events each."""
    assert reader.MOST_EVENTS >= 10 * 10_000 * 14


@given(st.binary(max_size=400))
def test_any_bytes(data):
    problems_of(data)


@given(st.text(st.sampled_from("{}[],:-?&*!|>'\"%@`#~ \n\tab1<"), max_size=120))
def test_any_soup_of_indicators(text):
    problems_of(text.encode())


@given(st.text(max_size=120))
def test_any_text(text):
    problems_of(text.encode("utf-8", "surrogatepass"))


def mutated(seed: int) -> bytes:
    """The sample with a few bytes changed, lines moved or parts repeated."""
    chance = random.Random(seed)
    data = bytearray(SAMPLE.encode())
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(data))
        match chance.randrange(5):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randrange(20)]
            case 2:
                data[at:at] = chance.choice(string.printable).encode() * chance.randrange(1, 4)
            case 3:
                other = chance.randrange(len(data))
                data[at:at] = data[other : other + chance.randrange(60)]
            case _:
                data[at:at] = chance.choice([b"\n", b"\t", b"&a ", b"*a", b"!!x ", b"<<: ", b"\xc3", b"\xe2\x80\xae"])
    return bytes(data)


@settings(max_examples=100)
@given(st.integers(0, 2**32))
def test_any_mutated_portfolio(seed):
    problems_of(mutated(seed))
