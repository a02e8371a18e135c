"""The fuzz that anyone can run: the same for a seed, it sees what is wrong, and what it once found stays right."""

import json
import random
from itertools import islice
from pathlib import Path

import pytest
from tests.deep import fuzz
from tests.deep.damage import DAMAGES, damaged
from tests.deep.direct import DIRECT, has_kernel

FOUND = sorted((Path(__file__).parent / "found").glob("*.json"))


def test_a_seed_gives_the_same_inputs() -> None:
    first, second = (list(islice(fuzz.inputs(5), 40)) for _ in range(2))
    assert first == second
    assert first != list(islice(fuzz.inputs(6), 40))
    assert {one.kind for one in islice(fuzz.inputs(5), 400)} == {*fuzz.KINDS, *DIRECT} - (
        set() if has_kernel() else {"kernel"}
    )


@pytest.mark.parametrize("number", range(len(DAMAGES)))
@pytest.mark.parametrize("text", [b"", b"a", b"a: 1\nb: [x, 2]\n"])
def test_every_damage_takes_any_text(number: int, text: bytes) -> None:
    for seed in range(50):
        assert isinstance(DAMAGES[number](text, random.Random(seed), [text]), bytes)


def test_a_text_is_damaged() -> None:
    text = b"a: 1\nb: [x, 2]\n"
    assert sum(damaged(text, random.Random(seed), [text]) != text for seed in range(100)) > 80


@pytest.mark.parametrize(
    ("code", "out", "errors", "said"),
    [
        (70, "", "defect", "exit 70"),
        (2, "", "", "exit 2 and not a word"),
        (0, "{", "", "no valid JSON"),
        (0, '{"errors": [], "summary": {"exit_code": 1}}', "", "the document says another exit code"),
        (2, '{"errors": []}', "x", "exit 2 with 0 errors"),
        (2, '{"errors": [{"file": "input.yaml", "line": 3}]}', "x", "a line beyond the end"),
        (0, '{"reports": [{"totals": {"maintenance_margin": -1}}]}', "", "a margin below zero"),
        (0, '{"name": "##[error]x"}', "", "an order to a runner"),
        (0, "{}", "::error::x", "an order to a runner on standard error"),
        (0, '{"a": NaN}', "", "no valid JSON"),
        (0, "{}", "\x1b[31m", "a control character"),
    ],
)
def test_what_is_wrong_is_seen(code: int, out: str, errors: str, said: str) -> None:
    assert said in fuzz.told_wrong(code, out, errors, "json", b"a: 1\nb: 2")


def test_what_is_right_is_let_be() -> None:
    good = {"errors": [], "summary": {"exit_code": 0}, "reports": [{"totals": {"maintenance_margin": 0}}]}
    assert fuzz.told_wrong(0, json.dumps(good), "", "json", b"a: 1") == []


def test_a_short_run_is_clean() -> None:
    tried, kinds, found = fuzz.run(20261122, most=200)
    assert (tried, sum(kinds.values()), dict(found)) == (200, 200, {})


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_what_was_found_stays_right(path: Path, tmp_path: Path) -> None:
    told = json.loads(path.read_text(encoding="utf-8"))
    (file,) = (one for one in path.parent.glob(f"{path.stem}.*") if one != path)
    one = fuzz.Input(told["kind"], file.read_bytes(), file.suffix, tuple(told["words"]))
    assert fuzz.broken(one, tmp_path) == []
