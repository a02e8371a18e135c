"""What became of an account since a commit: figures that moved, and findings that are new, fixed, worse or better."""

from typing import ClassVar

from msgspec import Struct

from marginctl.core.moved import Moved

NEW, FIXED, WORSE, BETTER, SAME = "new", "fixed", "worse", "better", "same"


class FindingDiff(Struct, frozen=True, kw_only=True):
    """A finding then and now. ``then``, ``now``: its figure in words, empty where there is none on that side."""

    shape: ClassVar[str] = "turn=what code name subject severity then now message"

    what: str
    code: str
    name: str
    subject: str
    severity: str
    then: str = ""
    now: str = ""
    message: str = ""


class AccountDiff(Struct, frozen=True, kw_only=True):
    """One account against the same file at a commit.

    ``state``: ``new`` (no such file there), ``unreadable`` (it could not be checked there), ``changed`` or ``same``.
    ``verdict``: then and now.
    """

    shape: ClassVar[str] = "base since=state verdict_before verdict_after changes findings"

    base: str
    state: str
    verdict_before: str
    verdict_after: str
    changes: tuple[Moved, ...] = ()
    findings: tuple[FindingDiff, ...] = ()

    def count(self, what: str) -> int:
        """How many findings are new, fixed, worse, better or the same."""
        return sum(one.what == what for one in self.findings)
