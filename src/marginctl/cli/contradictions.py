"""Flags of ``check`` that do not go together, or change nothing."""

import os
from typing import TYPE_CHECKING

from marginctl.cli.inputs import STDIN
from marginctl.cli.settings import refuse_without_live
from marginctl.document.scalars import FlagError

if TYPE_CHECKING:
    from marginctl.cli.check import CheckFlags

GIT = "git:"
"""How a baseline begins that is a commit."""
FOR_PEOPLE = ("table",)
"""Formats that begin with what to do."""
HOSTS = ("github", "gitlab", "sarif")
"""Formats of code hosts: they get the paths of the repository, and notes only where asked for."""


def refuse_contradictions(flags: "CheckFlags") -> None:
    """Refuse flags that do not go together. Raises FlagError."""
    if not flags.paths and flags.live is None:
        raise FlagError("nothing names what to check", "add a PATH, or `paths:` to marginctl.yaml")
    if flags.watch and STDIN in (flags.paths or ()):
        raise FlagError("--watch cannot watch standard input", "name a file or a directory")
    if flags.watch and flags.write_baseline is not None:
        raise FlagError("--watch and --write-baseline do not go together", "write the baseline in a run of its own")
    refuse_without_live(flags)
    own = {"--with": flags.laid, "--wallet": flags.wallet, "--account": flags.account}
    for name, given in {**own, "--rates": flags.rates != "venue"}.items():
        if given and flags.live is None:
            raise FlagError(f"{name} changes nothing here", "it is for --live")
    is_git = flags.baseline is not None and flags.baseline.startswith(GIT)
    if flags.diff and not is_git:
        raise FlagError("--diff has nothing to compare with", "add --baseline git:COMMIT, as in git:origin/main")
    if is_git and flags.live is not None:
        raise FlagError("--baseline git: and --live do not go together", "compare with a baseline file")
    shows_page = bool(os.environ.get("GITHUB_STEP_SUMMARY"))
    _used_by("--diff", flags.diff and not shows_page, (*FOR_PEOPLE, "markdown", "json", "jsonl"), flags)
    _used_by("--statistics", flags.statistics, FOR_PEOPLE, flags)
    _used_by("--notes", flags.notes, HOSTS, flags)
    _used_by("--sarif-waived", flags.sarif_waived, ("sarif",), flags)


def _used_by(flag: str, given: bool, forms: tuple[str, ...], flags: "CheckFlags") -> None:
    """Refuse a flag that none of the outputs of this run reads. Raises FlagError."""
    if any(one.setting.switch == flag and one.origin.value != "flag" for one in flags.around.told):
        return
    if given and {flags.format, *(name for name, _ in flags.output)}.isdisjoint(forms):
        raise FlagError(f"{flag} changes nothing here", f"it is for --format or --output {' or '.join(forms)}")
