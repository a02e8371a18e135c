"""The bundled maps: one file for each rule set whose answers are read."""

from functools import cache
from pathlib import Path

from marginctl.venues.answers.answer_map import AnswerForm, AnswerMap, answer_map_of

DATA = Path(__file__).parent.parent / "data" / "answers"


@cache
def bundled_maps() -> dict[str, AnswerMap]:
    """The maps by rule set, in alphabetical order."""
    return {path.stem: _map(path) for path in sorted(DATA.glob("*.yaml"))}


def _map(path: Path) -> AnswerMap:
    found, problems = answer_map_of(path.read_bytes(), path.name)
    if found is None:
        first = problems[0]
        raise RuntimeError(f"bundled map {path.name}, line {first.location.line}: {first.message}")
    return found


@cache
def forms_of(venue: str) -> tuple[tuple[AnswerMap, AnswerForm], ...]:
    """The answers of a rule set: its own, and those it shares with another map."""
    own = bundled_maps()[venue]
    shared = [(bundled_maps()[one.map], name) for one in own.shares for name in one.answers]
    return (
        *((own, form) for form in own.answers),
        *((own, form) for other, name in shared for form in other.answers if form.name == name),
    )


@cache
def is_own(venue: str, form: str) -> bool:
    """Whether a form is written in the rule set's own map."""
    return any(one.name == form for one in bundled_maps()[venue].answers)
