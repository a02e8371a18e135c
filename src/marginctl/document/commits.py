"""Files as a commit of a git repository has them: read, never checked out, and never fetched.

git runs without a shell, without hooks, transports, replacements or filters, and a revision cannot be an option.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOENT
from pathlib import Path
from shutil import which

from msgspec import Struct

from marginctl.document.files import elsewhere
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo

SAFE = (
    *("-c", "protocol.allow=never", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}"),
    *("--no-pager", "--no-optional-locks", "--literal-pathspecs"),
)
QUIET = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
KEPT = ("PATH", "HOME", "SYSTEMROOT", "XDG_CONFIG_HOME", "GIT_CEILING_DIRECTORIES", "GIT_CONFIG_COUNT")
_HASH = re.compile(r"[0-9a-f]{40,64}")
_REVISION = re.compile(r"[^\s:?*\[\\\x00-\x1f\x7f^-][^\s:?*\[\\\x00-\x1f\x7f]*")
ORDINARY = b"100"
"""How git's mode of a file that is no link begins."""
FETCH = "fetch it first; a pipeline's checkout has the last commit alone (actions/checkout: `fetch-depth: 0`)"


class Commit(Struct, frozen=True):
    """A commit of the repository at ``root``. ``revision``: as it was asked for."""

    root: str
    sha: str
    revision: str

    def read(self, path: Path, largest: int) -> bytes | None:
        """The bytes of a file there, one more than ``largest`` at most; None outside of the repository.

        Raises OSError where the commit has no such file.
        """
        name = os.path.relpath(os.path.realpath(path), os.path.realpath(self.root)).replace(os.sep, "/")
        if name.startswith(f"{os.pardir}/") or os.path.isabs(name):  # noqa: PTH117
            return None
        data = _blob(self.root, f"{self.sha}:{name}", largest)
        if data is None:
            raise OSError(ENOENT, os.strerror(ENOENT), str(path))
        return data

    def below(self, folder: str) -> list[str]:
        """The files that it has in a folder, as paths of that folder; none of a folder outside of the repository."""
        inside = os.path.relpath(os.path.realpath(folder), os.path.realpath(self.root)).replace(os.sep, "/")
        if inside == os.pardir or inside.startswith(f"{os.pardir}/"):
            return []
        start = "" if inside == os.curdir else f"{inside}/"
        code, listed, _ = _git(self.root, "ls-tree", "-r", "-z", "--full-tree", self.sha, *filter(None, [start]))
        rows = (row.partition(b"\t") for row in listed.split(b"\0") if row.startswith(ORDINARY))
        return [] if code else [os.fsdecode(name).removeprefix(start) for _, _, name in rows]

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Within it, files of the repository are read as the commit has them."""
        with elsewhere(self.read):
            yield


def commit_of(revision: str, folder: str = os.curdir) -> Commit:
    """The commit that a revision names in the repository of a folder. Raises FlagError."""
    shown = echo(f"git:{revision}")
    if not _REVISION.fullmatch(revision):
        raise FlagError(f"{shown} names no commit", "write a branch, a tag or a hash: git:origin/main")
    code, root, said = _git(folder, "rev-parse", "--show-toplevel")
    if code:
        raise FlagError(f"{shown}: {_reason(said)}", "run it within the repository")
    code, sha, said = _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if code or not _HASH.fullmatch(_line(sha)):
        raise FlagError(f"{shown}: git knows no such commit", FETCH)
    return Commit(_line(root), _line(sha), revision)


def _line(data: bytes) -> str:
    return os.fsdecode(data.removesuffix(b"\n"))


def _reason(said: bytes) -> str:
    """What git has to say, in a line."""
    first = said.decode("utf-8", "replace").strip().splitlines()[:1]
    return "".join(first).removeprefix("fatal: ") or "git did not say why"


def _git(folder: str, *words: str) -> tuple[int, bytes, bytes]:
    """Run git; its exit code and what it wrote. Raises FlagError where there is none."""
    ended = subprocess.run(
        _command(*words), cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return ended.returncode, ended.stdout, ended.stderr


def _blob(folder: str, name: str, largest: int) -> bytes | None:
    """What git has by a name, one byte more than ``largest`` at most; None where it has no file of it."""
    null, pipe = subprocess.DEVNULL, subprocess.PIPE
    words = _command("cat-file", "blob", name)
    with subprocess.Popen(words, cwd=folder, env=_environment(), stdin=null, stdout=pipe, stderr=null) as process:
        data = process.stdout.read(largest + 1) if process.stdout is not None else b""
        if len(data) > largest:
            process.kill()
            return data
        return None if process.wait() else data


def _command(*words: str) -> list[str]:
    program = which("git")
    if program is None:
        raise FlagError("git is not installed here", "install it, or compare with a baseline file")
    return [program, *SAFE, *words]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("GIT_CONFIG_")}
    return kept | QUIET
