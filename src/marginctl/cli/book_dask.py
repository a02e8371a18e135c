"""Parts of a book on a Dask cluster: a local one, or one that runs already and sees the same paths.

A task carries the header as text, writes the rows of its part itself and answers with the line of its manifest. A part
whose worker dies is done again by another one; computed twice, it gives the same bytes.
"""

import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from marginctl import __version__
from marginctl.books.header import BookHeader
from marginctl.books.normalising import BookError
from marginctl.books.part_lines import PartLine
from marginctl.books.running import BookPlan
from marginctl.cli.batch import processors
from marginctl.cli.book_engine import Numbered
from marginctl.cli.book_folder import computed_part
from marginctl.cli.targets import TargetError
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo
from marginctl.findings import Problem

NOT_INSTALLED = "--engine dask needs the extra `dask`", "pip install 'marginctl[dask]'"
CONNECT = 10
"""Seconds to reach a cluster."""


def dask_lines(
    plan: BookPlan, parts: Sequence[Numbered], folder: Path | None, address: str
) -> Iterator[PartLine | BookError]:
    """The lines of all parts as they are done; of one that could not be, why. Raises FlagError."""
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise FlagError(*NOT_INSTALLED) from None
    told = pickle.dumps(plan)
    target = None if folder is None else str(folder.resolve())
    with _cluster(address) as client:
        _check_versions(client)
        tasks = {client.submit(done_part, told, part, number, target, pure=False): part for number, part in parts}
        for task in distributed.as_completed(tasks, loop=client.loop):
            try:
                answer = task.result()
            except distributed.KilledWorker:
                message = "its worker died, and so did those that tried it again"
                yield BookError(tasks[task].file, message, "give workers more memory, or store smaller row groups")
                continue
            yield _answered(answer)


@contextmanager
def _cluster(address: str) -> Iterator[Any]:
    """A client of a cluster that runs, or of one of this machine that ends with it."""
    distributed: Any = import_module("distributed")
    if address:
        try:
            client = distributed.Client(address, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError) as error:
            advice = "start it with `dask scheduler` and `dask worker`"
            raise FlagError(f"--engine dask={echo(address)}: no cluster answers there: {error}", advice) from None
        with client:
            yield client
        return
    workers = processors()
    with (
        distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


def version_here() -> str:
    """The version that a worker runs."""
    return __version__


def _check_versions(client: Any) -> None:
    """Refuse workers of another version, which may have other rows. Raises FlagError."""
    try:
        found = client.run(version_here)
    except Exception as error:  # whatever a worker without the package makes of the question
        message = f"the workers cannot run marginctl: {type(error).__name__}"
        raise FlagError(message, f"install marginctl {__version__} with the extra `books` there") from None
    others = {worker: version for worker, version in found.items() if version != __version__}
    if others or not found:
        worker, version = next(iter(others.items()), ("the cluster", "nothing"))
        raise FlagError(f"{worker} runs marginctl {version}, this is {__version__}", "install the same version there")


@lru_cache(maxsize=4)
def _made(told: bytes) -> tuple[BookHeader, BookPlan]:
    """The plan that was sent, its header compiled, once for every worker."""
    plan: BookPlan = pickle.loads(told)  # noqa: S301 - from the client of the same cluster, which runs any code
    return plan.header(), plan


def done_part(told: bytes, part: Any, number: int, folder: str | None) -> tuple[bytes, str]:
    """The work of a worker: the line of a part, or the problem that it has, as JSON."""
    header, plan = _made(told)
    try:
        line = computed_part(header, plan, part, number, None if folder is None else Path(folder))
    except BookError as error:
        return msgspec.json.encode(error.problem), "problem"
    except TargetError as error:
        problem = BookError(folder or "", error.message, error.help).problem
        return msgspec.json.encode(problem), "problem"
    return msgspec.json.encode(line), "line"


def _answered(answer: tuple[bytes, str]) -> PartLine | BookError:
    data, kind = answer
    if kind == "line":
        return msgspec.json.decode(data, type=PartLine)
    problem = msgspec.json.decode(data, type=Problem)
    return BookError(problem.location.file, problem.message, problem.help, problem.code)
