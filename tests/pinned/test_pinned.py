"""Every command in every format writes the bytes that it wrote, through the console script alone.

``pytest tests/pinned --update-golden`` (or ``python tests/pinned/run.py --update-golden``) accepts what is written now.
"""

import ast
import os
from collections.abc import Iterator

import pytest
from tests.pinned import corpus
from tests.pinned.cases import Group, Kept, groups
from tests.pinned.machine import HERE, Case, Machine, Ran, prepare

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="cases are run in forks")

FLAG = "--update-golden"
TYPER = ("help", "flags-refused")
"""Groups with sentences of Typer itself, which differ between its versions."""


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with Machine(prepare(tmp_path_factory.mktemp("pinned") / "stage")) as started:
        yield started


@pytest.mark.parametrize("group", groups(), ids=lambda group: group.name)
def test_nothing_has_drifted(group: Group, machine: Machine, request: pytest.FixtureRequest) -> None:
    if group.name.startswith(TYPER) and version_of_corpus() != corpus.VERSION and not request.config.getoption(FLAG):
        pytest.skip(f"made with Typer {version_of_corpus()}, this is {corpus.VERSION}")
    actual = corpus.text_of(group, machine.run(group.cases))
    if request.config.getoption(FLAG):
        corpus.write(group, actual)
    told = corpus.difference(group, actual, corpus.read(group))
    if told:
        pytest.fail(told, pytrace=False)


def version_of_corpus() -> str:
    """The version of Typer that the help screens were made with."""
    return corpus.TYPER.read_text(encoding="utf-8").strip()


def test_no_expected_text_is_left_of_a_group_that_is_gone() -> None:
    expected = {corpus.path_of(group) for group in groups()} | {corpus.TYPER}
    assert set(corpus.CORPUS.rglob("*.txt")) == expected


def test_the_driver_knows_no_module_of_the_program() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in HERE.glob("*.py")]
    named = {node.module or "" for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    named |= {
        one.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names
    }
    assert {name for name in named if name.partition(".")[0] == "marginctl"} == set()


def test_a_drift_names_the_case_and_shows_the_line() -> None:
    group = Group("example", True, Kept.FULL, (Case(("rules",)), Case(("venues",))))
    before = corpus.text_of(group, [Ran(0, {"stdout": b"a\n"}), Ran(0, {"stdout": b"b\n"})])
    after = corpus.text_of(group, [Ran(0, {"stdout": b"a\n"}), Ran(0, {"stdout": b"c"})])
    told = corpus.difference(group, after, before).splitlines()
    assert told[:2] == ["1 of 2 cases differ from fixed/example.txt:", "venues"]
    assert {"-b", "+c", "+-- stdout, no newline at the end"} <= set(told)
    assert corpus.difference(group, before, before) == ""


def test_a_digest_tells_bytes_apart() -> None:
    group = Group("example", True, Kept.DIGEST, (Case(("rules",)),))
    texts = {
        corpus.text_of(group, [Ran(0, {"stdout": end.join([b"line"] * 200)})]) for end in (b"\n", b"\r\n", b"\n\n")
    }
    assert len(texts) == 3
