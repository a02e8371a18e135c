"""What a code host asks of a run: paths as its repository has them, and the summary page of a job's step."""

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import quote, urlsplit

from msgspec.structs import replace

from marginctl.cli.terminal import complain
from marginctl.findings import Location
from marginctl.render import Options, render
from marginctl.render.formats.markdown import text
from marginctl.results import Outcome, Run, Verdict, verdict, worst

ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""Where the hosts say that the repository is checked out."""
LARGEST_SUMMARY = 1_000_000
"""Bytes; the host takes 1 MiB per step, and shows nothing of a page that is larger."""
PAGE = "docs/reference/rules/{code}.md"
ORDER = (Verdict.ERROR, Verdict.FAIL, Verdict.WARN, Verdict.PASS)


def in_repository(run: Run, environment: Mapping[str, str] = os.environ) -> Run:
    """The run with every path relative to the root of the host's repository, from wherever the command was run."""
    root = next((environment[name] for name in ROOTS if environment.get(name)), "")
    if not root:
        return run

    def moved(file: str) -> str:
        return _relative(file, root)

    return replace(run, outcomes=tuple(_relocated(outcome, moved) for outcome in run.outcomes))


def _relative(file: str, root: str) -> str:
    """A path below the root, with forward slashes; another one, and a name that is no path, as it is."""
    if not file or file.startswith("<") or file == "-":
        return file
    try:
        path = os.path.relpath(file, root)
    except ValueError:  # another drive
        return file
    return file if path.startswith(os.pardir) else path.replace(os.sep, "/")


def _relocated(outcome: Outcome, moved: Callable[[str], str]) -> Outcome:
    def there(location: Location) -> Location:
        return replace(location, file=moved(location.file))

    return replace(
        outcome,
        file=moved(outcome.file),
        findings=tuple(replace(finding, location=there(finding.location)) for finding in outcome.findings),
        problems=tuple(replace(problem, location=there(problem.location)) for problem in outcome.problems),
    )


def installed_pages() -> str:
    """The manual of the limits in the repository that the package was installed from; empty where it was from none.

    An installer notes the repository and its commit beside the package (PEP 610), a package of an index its pages.
    """
    try:
        package = distribution("marginctl")
    except PackageNotFoundError:
        return ""
    origin = pages_of(package.read_text("direct_url.json") or "")
    named = (line.partition(", ") for line in package.metadata.get_all("Project-URL") or ())
    return origin or next((address for label, _, address in named if label == "Rules"), "")


def pages_of(origin: str) -> str:
    """The page in a repository that an installer noted; empty for anything that is not one on the web."""
    try:
        noted = json.loads(origin)
        address, commit = urlsplit(str(noted["url"])), str(noted["vcs_info"]["commit_id"])
    except (ValueError, KeyError, TypeError):
        return ""
    if address.scheme != "https" or not address.hostname or not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        return ""
    return f"https://{address.hostname}{quote(address.path.removesuffix('.git'))}/blob/{commit}/{PAGE}"


def append_summary(run: Run, options: Options, path: str) -> None:
    """Append the run to the page of the step; says so where that is not possible, and fails nothing."""
    try:
        taken = Path(path).stat().st_size if Path(path).exists() else 0
        with Path(path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(summary(in_repository(run), options, LARGEST_SUMMARY - taken))
    except OSError as error:
        complain(f"the job summary {path} cannot be written: {error.strerror or error}")


def summary(run: Run, options: Options, room: int = LARGEST_SUMMARY) -> str:
    """The verdict over all files, then file by file, worst first, as many as fit into ``room`` bytes."""
    judged = [(verdict(outcome, run.fail_on), outcome) for outcome in run.outcomes]
    word = worst(each for each, _ in judged).value
    parts = [f"## marginctl: {word}, {len(judged)} {'file' if len(judged) == 1 else 'files'}\n\n"]
    room -= len(parts[0].encode())
    left = sorted(judged, key=lambda pair: ORDER.index(pair[0]))
    while left:
        part = render("markdown", replace(run, outcomes=(left[0][1],)), options) + "\n"
        rest = _not_shown(outcome for _, outcome in left)
        room -= len(part.encode())
        if room < len(rest.encode()):
            return "".join([*parts, rest])
        parts.append(part)
        left.pop(0)
    return "".join(parts)


def _not_shown(outcomes: Iterable[Outcome], most: int = 20) -> str:
    names = [text(outcome.file) for outcome in outcomes]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"Not shown here for lack of room: {', '.join(names[:most])}{more}\n"
