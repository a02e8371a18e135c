"""Where batches are computed: in this process, on threads, or in processes of their own where the exact core works."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TypeAlias

from marginctl.books.book_parts import Accounts, Part
from marginctl.books.header import BookHeader
from marginctl.books.normalising import BookError
from marginctl.books.running import BatchOutcome, Plan, accounts_of, outcome_of
from marginctl.cli.batch import processors

AHEAD = 2
"""Batches per thread that may be under way."""
Found: TypeAlias = tuple[Part, BatchOutcome | BookError]


def local_outcomes(header: BookHeader, plan: Plan, parts: Sequence[Part], jobs: int) -> Iterator[Found]:
    """Every batch of all parts in their order; a part that cannot be read ends with why."""
    threads = jobs or processors()
    if threads < 2:
        yield from _one_by_one(header, plan, parts)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from _spread(pool, header, plan, parts, threads)


def _one_by_one(header: BookHeader, plan: Plan, parts: Sequence[Part]) -> Iterator[Found]:
    for number, part in enumerate(parts):
        try:
            for accounts in accounts_of(plan, part):
                yield part, outcome_of(header, plan, part, number, accounts)
        except BookError as error:
            yield part, error


def _spread(pool: Executor, header: BookHeader, plan: Plan, parts: Sequence[Part], threads: int) -> Iterator[Found]:
    waiting: deque[tuple[Part, Future[BatchOutcome] | BookError]] = deque()
    for number, part in enumerate(parts):
        for accounts in _guarded(plan, part):
            if isinstance(accounts, BookError):
                waiting.append((part, accounts))
            else:
                waiting.append((part, pool.submit(outcome_of, header, plan, part, number, accounts)))
            if len(waiting) >= threads * AHEAD:
                yield _ready(*waiting.popleft())
    while waiting:
        yield _ready(*waiting.popleft())


def _guarded(plan: Plan, part: Part) -> Iterator[Accounts | BookError]:
    try:
        yield from accounts_of(plan, part)
    except BookError as error:
        yield error


def _ready(part: Part, one: "Future[BatchOutcome] | BookError") -> Found:
    return part, one if isinstance(one, BookError) else one.result()
