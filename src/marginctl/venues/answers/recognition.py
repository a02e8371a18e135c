"""Files of a run -> the answers in them: which venue's and which of its answers each is, told by shape alone."""

from collections.abc import Sequence

from msgspec import Struct

from marginctl.findings import Problem
from marginctl.venues.answers.account import VenueAnswer


class AnswerFile(Struct, frozen=True):
    """A file given: its name, without folders where it is shown, and its bytes."""

    name: str
    data: bytes


def read_answers(
    files: Sequence[AnswerFile], venue: str | None = None
) -> tuple[tuple[VenueAnswer, ...], list[Problem]]:
    """The answers of one account, in the order given; with a problem of any file there may be fewer.

    ``venue`` is a rule set's name: None = the files say it themselves, and all must be of one venue.
    """
    raise NotImplementedError((files, venue))
