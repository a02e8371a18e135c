"""Where batches are computed: in this process, on threads, or in processes of their own where the exact core works."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from signal import SIG_DFL, SIGINT, signal
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from marginctl.books.book_parts import Accounts, BookPart
from marginctl.books.header import BookHeader
from marginctl.books.normalising import BookError
from marginctl.books.running import BatchOutcome, BookPlan, accounts_of, outcome_of
from marginctl.cli.batch import processors

if TYPE_CHECKING:
    from concurrent.futures import Future

EXACT_BATCH = 1_000
"""Accounts that the exact core decides at a time: seconds."""
AHEAD = 3
"""Batches that may be under way beside one for each thread: work for as long as reading and writing take."""
Numbered: TypeAlias = tuple[int, BookPart]
"""A part, and its place in the book."""
Found: TypeAlias = tuple[BookPart, BatchOutcome | BookError]


def local_outcomes(header: BookHeader, plan: BookPlan, parts: Sequence[Numbered], jobs: int) -> Iterator[Found]:
    """Every batch of all parts in their order; a part that cannot be read ends with why."""
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
    from multiprocessing import get_context

    threads = jobs or processors()
    if plan.is_exact:
        plan = replace(plan, batch=min(plan.batch, EXACT_BATCH))
    if threads < 2 or (plan.is_exact and _is_small(parts)):
        yield from _one_by_one(header, plan, parts)
    elif plan.is_exact:
        with ProcessPoolExecutor(threads, get_context("spawn"), _begin, (plan,)) as workers:
            yield from _spread(lambda *one: workers.submit(_work, *one), plan, parts, threads)
    else:
        with ThreadPoolExecutor(threads) as pool:
            yield from _spread(lambda *one: pool.submit(outcome_of, header, plan, *one), plan, parts, threads)


def _is_small(parts: Sequence[Numbered]) -> bool:
    """Whether one process is done before others have begun."""
    sizes = [part.rows for _, part in parts]
    return None not in sizes and sum(size or 0 for size in sizes) <= EXACT_BATCH


_MADE: list[tuple[BookHeader, BookPlan]] = []
"""What this process was begun with."""


def _begin(plan: BookPlan) -> None:
    """A worker compiles the header once, and ends with Ctrl-C at once."""
    signal(SIGINT, SIG_DFL)
    _MADE[:] = [(plan.header(), plan)]


def _work(part: BookPart, number: int, accounts: Accounts) -> BatchOutcome:
    header, plan = _MADE[0]
    return outcome_of(header, plan, part, number, accounts)


def _one_by_one(header: BookHeader, plan: BookPlan, parts: Sequence[Numbered]) -> Iterator[Found]:
    for number, part in parts:
        try:
            for accounts in accounts_of(plan, part):
                yield part, outcome_of(header, plan, part, number, accounts)
        except BookError as error:
            yield part, error


def _spread(
    submit: Callable[..., "Future[BatchOutcome]"], plan: BookPlan, parts: Sequence[Numbered], threads: int
) -> Iterator[Found]:
    waiting: deque[tuple[BookPart, Future[BatchOutcome] | BookError]] = deque()
    for number, part in parts:
        for accounts in _guarded(plan, part):
            if isinstance(accounts, BookError):
                waiting.append((part, accounts))
            else:
                waiting.append((part, submit(part, number, accounts)))
            if len(waiting) >= threads + AHEAD:
                yield _ready(*waiting.popleft())
    while waiting:
        yield _ready(*waiting.popleft())


def _guarded(plan: BookPlan, part: BookPart) -> Iterator[Accounts | BookError]:
    try:
        yield from accounts_of(plan, part)
    except BookError as error:
        yield error


def _ready(part: BookPart, one: "Future[BatchOutcome] | BookError") -> Found:
    return part, one if isinstance(one, BookError) else one.result()
