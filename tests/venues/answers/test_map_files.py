"""The bundled maps: each form has an answer that shows it, each word of ours is one, nothing private is written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from marginctl.core.report import PoolFigures, PositionFigures, Totals
from marginctl.document.nodes import Mapping, Node, Scalar, Sequence
from marginctl.document.reader import read
from marginctl.venues.answers.answer_map import AnswerForm
from marginctl.venues.answers.map_files import DATA, bundled_maps, forms_of
from marginctl.venues.answers.recognition import AnswerFile, read_answers, sighting
from marginctl.venues.answers.refusal import REASONS

from .published import ONE_OF_EACH, brackets, dumped
from .recordings import ACCOUNTS, SOUND, document_of, name_of

PUBLIC = sorted((Path(__file__).parent / "public").glob("*.json"))
DOCUMENTS = [
    *(path.read_bytes() for path in [*ACCOUNTS, *PUBLIC]),
    *map(dumped, ONE_OF_EACH.values()),
    dumped(brackets("binance-coinm.csv", "qtyCap", "qtyFloor")),
    b'{"data": [{"ccy": "BTC", "discountInfo": []}]}',
]
FORMS = [(one.venue, form) for one in bundled_maps().values() for form in one.answers]
each_form = pytest.mark.parametrize(("venue", "form"), FORMS, ids=[f"{venue}-{form.name}" for venue, form in FORMS])


@pytest.fixture(scope="module")
def shown() -> set[tuple[str, str]]:
    """The forms of all documents."""
    seen = [sighting(AnswerFile("answer.json", data))[0] for data in DOCUMENTS]
    return {(one.map.venue, one.form.name) for found in seen if found is not None for one in found.forms}


@each_form
def test_every_form_has_an_answer_that_shows_it(venue: str, form: AnswerForm, shown: set[tuple[str, str]]) -> None:
    assert (venue, form.name) in shown


@pytest.mark.parametrize("path", PUBLIC, ids=lambda path: path.name)
def test_a_published_answer_has_the_form_of_its_name(path: Path) -> None:
    seen, _ = sighting(AnswerFile(path.name, path.read_bytes()))
    assert seen is not None
    assert {(one.venue, one.form.name) for one in seen.forms if one.venue in seen.own_venues()} == {
        tuple(path.name.split(".")[:2])
    }


def test_a_map_is_called_like_its_rule_set_and_its_answers_have_each_a_name() -> None:
    for name, one in bundled_maps().items():
        assert one.venue == name
        names = [form.name for _, form in forms_of(name) if form in one.answers]
        assert len(names) == len(set(names))
        assert set(one.errors) <= REASONS.keys()


FIGURES = {
    "positions": set(PositionFigures.__struct_fields__),
    "totals": {
        *Totals.__struct_fields__,
        *(f"cross.{name}" for name in PoolFigures.__struct_fields__),
        "initial_margin + order_margin",
    },
}


@each_form
def test_a_figure_that_is_expected_is_one_of_the_report(venue: str, form: AnswerForm) -> None:
    assert set(form.expect) <= FIGURES["totals"]
    if form.positions is not None:
        assert set(form.positions.expect) <= FIGURES["positions"]


SIDES, LEGS = {"long", "short"}, {"long", "short", "one-way", ""}
MEANINGS = {
    "side": {"long", "short", "buy", "sell", ""},
    "leg": LEGS,
    "position_side": LEGS,
    "margin_mode": {"cross", "isolated"},
    "position_mode": {"one-way", "hedge"},
    "collateral_mode": {"single-asset", "multi-asset"},
    "unused": {"true", "false"},
    "type": {"linear", "inverse"},
    "when": {"0", "1"},
    "times": {"1", "-1"},
    "may": {"read", "trade", "withdraw", ""},
}


def entries(node: Node) -> dict[str, Node]:
    return {key.text: value for key, value in node.entries} if isinstance(node, Mapping) else {}


def enumerations(node: Node, key: str = "") -> Iterator[tuple[str, Mapping]]:
    """Every ``map`` of a file, with the key of ours that it stands at."""
    inner = entries(node)
    if set(inner) == {"field", "map"} and isinstance(inner["map"], Mapping):
        yield key, inner["map"]
    for name, one in inner.items():
        yield from enumerations(one, name if name in MEANINGS else key)
    for one in node.items if isinstance(node, Sequence) else []:
        yield from enumerations(one, key)


@pytest.mark.parametrize("name", bundled_maps())
def test_every_enumeration_is_mapped_to_words_of_ours(name: str) -> None:
    _, root, problems = read((DATA / f"{name}.yaml").read_bytes(), name)
    assert problems == []
    assert root is not None
    for key, words in enumerations(root):
        meant = {one.text for _, one in words.entries if isinstance(one, Scalar)}
        assert meant <= MEANINGS.get(key, set()), (key, meant)


def private_values(value: Any, private: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from private_values(one, private)
    for key, one in value.items() if isinstance(value, dict) else ():
        if key in private and isinstance(one, str) and len(one) > 3:
            yield one
        yield from private_values(one, private)


@pytest.mark.parametrize("path", SOUND, ids=name_of)
def test_nothing_private_is_in_what_is_read(path: Path) -> None:
    (answer,), _ = read_answers([AnswerFile("answer.json", path.read_bytes())])
    found = list(private_values(document_of(path), bundled_maps()[answer.venue].private))
    assert not [one for one in found if one in repr(answer)]
