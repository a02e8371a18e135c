"""Answers of venues' own interfaces -> accounts, tables, haircuts: one interpreter, and a map of fields per venue."""

from msgspec.structs import replace

from marginctl.findings import Problem
from marginctl.venues.answers.account import VenueAnswer
from marginctl.venues.answers.expressions import MisfitError
from marginctl.venues.answers.map_files import bundled_maps
from marginctl.venues.answers.reading import answers
from marginctl.venues.answers.recognition import AnswerFile, sighting, unknown
from marginctl.venues.answers.refusal import emptiness

LISTED = "ask for contracts that the venue lists"
PUBLIC = ("tables", "haircuts", "contracts")


def answer_of(data: bytes, name: str, venue: str | None = None) -> tuple[VenueAnswer | None, list[Problem]]:
    """The tables or haircuts in a file, of any venue's form, a venue's own first; None with what is wrong."""
    seen, problems = sighting(AnswerFile(name, data))
    if seen is None:
        return None, problems
    public = [one for one in seen.forms if any(map(one.holds, PUBLIC))]
    if not public:
        empty = emptiness(seen.root.value)
        problem = seen.problem(f"the answer is empty: {empty}", LISTED) if empty else unknown(seen, None)
        return None, [problem if empty else replace(problem, help=f"known: {', '.join(_titles())}")]
    form = next((one for one in public if one.venue == venue), public[0])
    try:
        return answers(form, name)[0], []
    except MisfitError as error:
        return None, [seen.content.problem(error.trail, f"{form.form.title}: {error.message}", error.help)]


def _titles() -> list[str]:
    """How answers with tables or haircuts are called."""
    forms = [form for one in bundled_maps().values() for form in one.answers]
    return list(dict.fromkeys(form.title for form in forms if form.tables is not None or form.haircuts is not None))
