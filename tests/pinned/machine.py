"""Runs cases of a checkout's console script: what they read lies in one folder, what they wrote is what is compared.

The only thing known of the program is its entry point, from the packaging metadata.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WORKER = HERE / "worker.py"
OUT = "out"
"""The folder that cases write into; each finds it empty, unless it keeps what the one before wrote."""

SOURCES = {
    "portfolios": ROOT / "portfolios",
    "refusals": ROOT / "tests" / "portfolio" / "refusals",
    "limits": ROOT / "tests" / "limits" / "portfolios",
    "accounts": HERE / "accounts",
    "inputs": HERE / "inputs",
}
"""Where what the cases read stands in this repository, by the name that they use. Names stay when folders move."""

DEEP = 200_000
MADE = {
    "open-lists.yaml": "prices: " + "[" * DEEP,
    "lists.yaml": "prices: " + "[" * DEEP + "]" * DEEP,
    "mappings.yaml": "{a: " * DEEP,
    "dashes.yaml": "- " * DEEP,
    "complex-keys.yaml": "? " * DEEP,
    "long-key.yaml": "x" * 1_000_000 + ": 1\n",
    "long-venue.yaml": "account: {venue: " + "x" * 1_000_000 + "}\n",
    "long-number.yaml": f"prices: {{BTC: {'9' * 1_000_000}}}\n",
    "many-lines.yaml": "x" * 40 + "\n" * 100_000 + "- a",
    "many-problems.yaml": "\n".join(f"k{i}: 1" for i in range(20_000)),
    "too-large.yaml": "#" * (16 * 1024 * 1024 + 1),
    "deep.json": "[" * 5000,
}
"""Files too long to keep, made when the folder is."""

ENVIRONMENT = {
    "COLUMNS": "100",
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "NO_COLOR": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONSAFEPATH": "1",
    "PYTHONUTF8": "1",
    "TZ": "UTC",
}


class Case(NamedTuple):
    """A call of the console script."""

    arguments: tuple[str, ...]
    stdin: str = ""
    """The file that standard input is."""
    env: tuple[tuple[str, str], ...] = ()
    keeps: bool = False
    """Finds what the case before has written."""

    @property
    def alone(self) -> bool:
        """Writes or reads files that come and go: in a process that no other case shares."""
        words = [*self.arguments, *(value for _, value in self.env)]
        return self.keeps or "--jobs=2" in words or any(f"{OUT}/" in word for word in words)

    @property
    def title(self) -> str:
        """The call as it is typed."""
        words = [*(f"{name}={shlex.quote(value)}" for name, value in self.env), shlex.join(self.arguments)]
        return " ".join(words) + (f" < {self.stdin}" if self.stdin else "")


class Ran(NamedTuple):
    """What a case did."""

    code: int
    streams: dict[str, bytes]
    """Standard output, standard error, and every file that was written, by name."""


def prepare(folder: Path) -> Path:
    """Fill a folder with what the cases read."""
    for name, source in SOURCES.items():
        shutil.copytree(source, folder / name)
    (folder / "made").mkdir()
    for name, text in MADE.items():
        (folder / "made" / name).write_text(text)
    (folder / OUT).mkdir()
    return folder


class Machine:
    """A process that runs cases of one checkout, in one folder."""

    def __init__(self, folder: Path, checkout: Path = ROOT) -> None:
        self.folder = folder
        self.streams = folder.with_name(f"{folder.name}-streams")
        self.streams.mkdir(exist_ok=True)
        scripts = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
        ((script, entry),) = scripts.items()
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(WORKER), script, entry],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=ENVIRONMENT | {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(checkout / "src")},
        )

    def __enter__(self) -> "Machine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        self.process.wait()

    def run(self, cases: Sequence[Case]) -> list[Ran]:
        """What the cases did, in their order."""
        found: list[Ran] = []
        rest = list(cases)
        while rest:
            count = 1 if rest[0].alone else next((i for i, case in enumerate(rest) if case.alone), len(rest))
            found += self._together(rest[:count])
            del rest[:count]
        return found

    def _together(self, cases: Sequence[Case]) -> list[Ran]:
        if not cases[0].keeps:
            shutil.rmtree(self.folder / OUT)
            (self.folder / OUT).mkdir()
        asked = [self._request(case, number) for number, case in enumerate(cases)]
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        codes = json.loads(self.process.stdout.readline())
        return [self._collect(code, number) for number, code in enumerate(codes)]

    def _request(self, case: Case, number: int) -> dict[str, object]:
        return {
            "arguments": case.arguments,
            "env": dict(case.env),
            "folder": str(self.folder),
            "stdin": str(self.folder / case.stdin) if case.stdin else os.devnull,
            "stdout": str(self.streams / f"{number}.out"),
            "stderr": str(self.streams / f"{number}.err"),
        }

    def _collect(self, code: int, number: int) -> Ran:
        files = [path for path in sorted((self.folder / OUT).rglob("*")) if path.is_file()]
        return Ran(
            code,
            {
                "stdout": (self.streams / f"{number}.out").read_bytes(),
                "stderr": (self.streams / f"{number}.err").read_bytes(),
                **{path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files},
            },
        )
