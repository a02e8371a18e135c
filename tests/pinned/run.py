"""The pinned corpus by hand.

    python tests/pinned/run.py --update-golden       rewrite it from what this checkout does
    python tests/pinned/run.py                       compare, and name the groups that differ
    python tests/pinned/run.py --diff                the same with every line that differs
    python tests/pinned/run.py --against COMMIT      run another commit's code too: compares everything, in full
    python tests/pinned/run.py --times               the same with what each group takes
    python tests/pinned/run.py ... NAME...           only groups whose name contains one of these

The corpus keeps bulky outputs as hashes; ``--against`` shows what is behind a hash that moved.
"""

import argparse
import difflib
import io
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]

from tests.pinned import corpus  # noqa: E402
from tests.pinned.cases import Group, Kept, groups  # noqa: E402
from tests.pinned.machine import Machine, prepare  # noqa: E402


def main() -> int:
    """Run what was asked for; 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--update-golden", action="store_true")
    parser.add_argument("--diff", action="store_true")
    parser.add_argument("--times", action="store_true")
    parser.add_argument("--against", metavar="COMMIT")
    asked = parser.parse_args()
    chosen = [one for one in groups() if not asked.names or any(name in one.name for name in asked.names)]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        if asked.against:
            differing = _against(chosen, asked.against, Path(folder))
        else:
            differing = _compare(chosen, Path(folder), update=asked.update_golden, whole=asked.diff, timed=asked.times)
    count = sum(len(group.cases) for group in chosen)
    print(f"{count} cases in {len(chosen)} groups, {differing} groups differ; {time.monotonic() - began:.1f} s")
    return 1 if differing and not asked.update_golden else 0


def _compare(chosen: list[Group], folder: Path, *, update: bool, whole: bool, timed: bool) -> int:
    differing = 0
    expected_paths = {corpus.path_of(group) for group in groups()}
    with Machine(prepare(folder / "stage")) as machine:
        for group in chosen:
            began = time.monotonic()
            actual, path = corpus.text_of(group, machine.run(group.cases)), corpus.path_of(group)
            expected = corpus.read(group)
            if timed:
                print(f"{time.monotonic() - began:6.2f} s  {len(group.cases):3} cases  {group.name}")
            if actual == expected:
                continue
            differing += 1
            print(path.relative_to(ROOT))
            if whole:
                _show(expected, actual)
            if update:
                corpus.write(group, actual)
    for path in sorted(set(corpus.CORPUS.rglob("*.txt")) - expected_paths - {corpus.TYPER}):
        print(f"{path.relative_to(ROOT)}: of no group")
        if update:
            path.unlink()
    return differing


def _against(chosen: list[Group], commit: str, folder: Path) -> int:
    other = folder / "checkout"
    archive = subprocess.run(
        ["git", "archive", commit, "src", "pyproject.toml"], cwd=ROOT, capture_output=True, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as packed:
        packed.extractall(other, filter="data")
    stage = prepare(folder / "stage")
    before = dict(_whole(chosen, stage, other))
    differing = 0
    for name, text in _whole(chosen, stage, ROOT):
        if text != before[name]:
            differing += 1
            print(f"==== {name}")
            _show(before[name], text)
    return differing


def _whole(chosen: list[Group], stage: Path, checkout: Path) -> Iterator[tuple[str, str]]:
    with Machine(stage, checkout) as machine:
        for group in chosen:
            full = group._replace(kept=Kept.FULL)
            yield group.name, corpus.text_of(full, machine.run(group.cases))


def _show(before: str, after: str) -> None:
    for line in difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "now", "", "", 3, ""):
        print(line)


if __name__ == "__main__":
    sys.exit(main())
