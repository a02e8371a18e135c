"""Tutorials: pages that are walked through from top to bottom in a folder of their own, as a reader does.

A block below a line that ends in "`NAME`:" is a file, or more of it where the line has "Add ... to". A `console` block
holds commands and what they print; `[...]` stands for lines that are left out. What is printed is written anew, the
same stretches of it.
"""

import re
import shutil
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.docs.shown import OMITTED, ROOT, ran

TUTORIALS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/tutorials").glob("*.md"))
BLOCK = re.compile(r"(?:(Add [^\n]*to )?`([\w./-]+)`:\n\n)?^```(\w+)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
CODE = "echo $?"


def walked(page: str) -> str:
    """The text of a page with what its commands print today."""
    text = (ROOT / page).read_text(encoding="utf-8")
    with TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "portfolios", Path(folder) / "portfolios")
        with chdir(folder):
            return BLOCK.sub(_done, text)


def _done(block: re.Match[str]) -> str:
    """A block when its file is written, or its commands have run."""
    more, name, language, body = block.groups()
    if name:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        before = Path(name).read_text(encoding="utf-8") if more else ""
        Path(name).write_text(before + body, encoding="utf-8")
    if language != "console":
        return block[0]
    parts, code = [], 0
    for command, shown in re.findall(r"^\$ ([^\n]*)\n((?:(?!\$ )[^\n]*\n)*)", body, flags=re.MULTILINE):
        if command == CODE:
            printed = f"{code}\n"
        else:
            program, _, line = command.partition(" ")
            assert program == "marginctl", command
            printed, code = ran(line)
        parts.append(f"$ {command}\n{again(shown, printed)}")
    return block[0].replace(body, "".join(parts))


def again(shown: str, printed: str) -> str:
    """The stretches that were shown, as they are printed now: each from its first line on, as many lines of it.

    Where nothing is left out, all of it.
    """
    if OMITTED not in shown:
        return printed
    lines, at, parts = printed.splitlines(keepends=True), 0, []
    stretches = [piece.splitlines(keepends=True) for piece in shown.split(f"{OMITTED}\n")]
    for number, stretch in enumerate(stretches):
        if stretch:
            at = next((place for place in range(at, len(lines)) if lines[place] == stretch[0]), at)
        end = len(lines) if number == len(stretches) - 1 and stretch else at + len(stretch)
        parts.append("".join(lines[at:end]))
        at = end
    return f"{OMITTED}\n".join(parts)
