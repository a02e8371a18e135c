"""``what-if`` as a document: the result with every figure that moved."""

from typing import Any, ClassVar

from msgspec import Struct

from marginctl.core.plain import as_plain
from marginctl.findings import Problem
from marginctl.render.moved import Moved, Turn, moved
from marginctl.results import WhatIfResult


class WhatIfSummary(Struct, frozen=True):
    """How many figures moved, and where to."""

    changes: int
    worse: int
    better: int
    exit_code: int


class WhatIfDocument(Struct, frozen=True):
    """What ``--format json`` writes."""

    schema: ClassVar[str] = "marginctl.what-if/2"
    shape: ClassVar[str] = (
        "schema version=result.version file=result.file applied=result.notes before=result.before.checked "
        "after=result.after.checked changes written=result.written errors summary"
    )
    result: WhatIfResult
    changes: tuple[Moved, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What is wrong before, with the changes, or afterwards; each once."""
        before, after = self.result.before, self.result.after
        problems = (*before.problems, *self.result.problems, *(after.problems if after else ()))
        return tuple(dict.fromkeys(problems))

    @property
    def summary(self) -> WhatIfSummary:
        """Counts."""
        worse, better = (sum(one.turn is turn for one in self.changes) for turn in (Turn.WORSE, Turn.BETTER))
        return WhatIfSummary(len(self.changes), worse, better, self.result.exit_code)


def document(result: WhatIfResult) -> dict[str, Any]:
    """The document as plain dicts and lists; figures that moved only where both reports are there."""
    before, after = result.before, result.after
    changes = moved(before, after) if before.report and after and after.report else []
    return dict(as_plain(WhatIfDocument(result, tuple(changes))))
