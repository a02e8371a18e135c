"""Mutants without a process of their own to start: pytest collects once, and each mutant is tried in a fork of it.

In the fork the functions of the changed module get the changed code, then the tests run until one fails: first those
that noticed earlier mutants of the module, then those of the same name, then all others, and random ones last.
"""

import ast
import gc
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from tests.house.mutants import Mutant, applied

SECONDS = 120
"""Of the processor, for one test; one that takes longer runs without end, which is noticed as well."""
NOTICED, SURVIVED, NOT_HERE = range(3)
"""How a fork ends; NOT_HERE: what is changed is no function's code, and has to be imported anew."""


def changed_code(path: Path, before: str, after: str) -> list[tuple[CodeType, CodeType]] | None:
    """The code objects that a change makes differ, old and new; None where one is a module's or a class's own."""
    old, new = (compile(text, str(path), "exec") for text in (before, after))
    if ast.dump(ast.parse(before)) == ast.dump(ast.parse(after)):
        return []
    pairs = _pairs(old, new)
    if pairs is None:
        return None
    differing = [(one, other) for one, other in pairs if _own(one) != _own(other)]
    is_function = [bool(one.co_flags & 0x2) for one, _ in differing]  # CO_NEWLOCALS: not of a module or a class
    return differing if all(is_function) else None


def _pairs(old: CodeType, new: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    inner = [[one for one in code.co_consts if isinstance(one, CodeType)] for code in (old, new)]
    if [one.co_qualname for one in inner[0]] != [one.co_qualname for one in inner[1]]:
        return [(old, new)] if old.co_flags & 0x2 else None
    found = [(old, new)]
    for one, other in zip(*inner, strict=True):
        more = _pairs(one, other)
        if more is None:
            return None
        found += more
    return found


def _own(code: CodeType) -> tuple[Any, ...]:
    """What a code object does, without where it stands and what is defined within it."""
    constants = [repr(one) if not isinstance(one, CodeType) else one.co_qualname for one in code.co_consts]
    return code.co_code, tuple(constants), code.co_names, code.co_freevars


def functions_of(folder: Path) -> list[FunctionType]:
    """The functions that live and were written in a folder."""
    inside = os.path.realpath(folder) + os.sep
    every = (one for one in gc.get_objects() if isinstance(one, FunctionType))
    return [one for one in every if os.path.realpath(one.__code__.co_filename).startswith(inside)]


def put_in_place(functions: Sequence[FunctionType], path: Path, before: str, after: str) -> bool:
    """Give the functions that live the changed code; whether that could be done."""
    differing = changed_code(path, before, after)
    if not differing:
        return differing is not None
    old, new = (compile(text, str(path), "exec") for text in (before, after))
    pairs = _pairs(old, new) or []
    real = os.path.realpath(path)
    live = defaultdict(list)
    for one in functions:
        if os.path.realpath(one.__code__.co_filename) == real:
            live[one.__code__.co_qualname, one.__code__.co_firstlineno].append(one)
    placed = 0
    for one, other in _outermost(differing, pairs):
        for function in live[one.co_qualname, one.co_firstlineno]:
            if len(function.__code__.co_freevars) != len(other.co_freevars):
                return False
            function.__code__ = other
            placed += 1
    return placed > 0


def _outermost(
    differing: Sequence[tuple[CodeType, CodeType]], pairs: Sequence[tuple[CodeType, CodeType]]
) -> list[tuple[CodeType, CodeType]]:
    """The functions that hold what differs, and what differs itself: which of them lives is not known from here."""
    found = []
    for one, other in pairs:
        if one.co_flags & 0x2 and any(each == one or _holds(one, each) for each, _ in differing):
            found.append((one, other))
    return found


def _holds(code: CodeType, inner: CodeType) -> bool:
    return any(
        one is inner or one == inner or _holds(one, inner) for one in code.co_consts if isinstance(one, CodeType)
    )


class EndlessError(Exception):
    """A test that runs without end."""


def _end(number: int, frame: FrameType | None) -> None:
    raise EndlessError


class InPlace:
    """A plugin of pytest that runs no tests but mutants; ``results`` gets each with whether it was noticed."""

    def __init__(self, mutants: Sequence[Mutant], source: Path, until: float, seconds: float) -> None:
        self._mutants, self._source, self._until, self._seconds = mutants, source, until, seconds
        self._killers: dict[Path, list[str]] = defaultdict(list)
        self._sound: dict[str, bool] = {}
        self._functions: list[FunctionType] = []
        self.results: list[tuple[Mutant, int]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running the tests."""
        self._functions = functions_of(self._source)
        for mutant in self._mutants:
            if time.monotonic() > self._until:
                break
            how = self._try(mutant, session)
            self.results.append((mutant, how))
            if how == SURVIVED:
                print(f"survived: {mutant}", flush=True)
            if len(self.results) % 10 == 0:
                ended = Counter(how for _, how in self.results)
                print(f"{ended[NOTICED]} of {len(self.results) - ended[NOT_HERE]} noticed", flush=True)
        return True

    def _try(self, mutant: Mutant, session: pytest.Session) -> int:
        """Tests that fail without the change as well are left out from then on."""
        while True:
            how, killer = self._forked(session, mutant, self._in_order(mutant, session.items))
            if not killer:
                return how
            item = next(one for one in session.items if one.nodeid == killer)
            if killer not in self._sound:
                self._sound[killer] = self._forked(session, None, [item])[0] == SURVIVED
            if self._sound[killer]:
                known = self._killers[mutant.module]
                self._killers[mutant.module] = [killer, *(one for one in known if one != killer)][:40]
                return how
            print(f"fails without a change as well: {killer}", flush=True)
            session.items.remove(item)

    def _forked(self, session: pytest.Session, mutant: Mutant | None, items: list[pytest.Item]) -> tuple[int, str]:
        """How tests end, and the first that fails."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._in_the_fork(session, mutant, items, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as told:
            killer = told.read().decode()
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else NOTICED, killer

    def _in_the_fork(self, session: pytest.Session, mutant: Mutant | None, items: list[pytest.Item], told: int) -> None:
        how = NOT_HERE
        try:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - until the fork ends
            if mutant is not None and not self._changed(mutant):
                return
            signal.signal(signal.SIGPROF, _end)
            killer = next(_failing(items, session, self._seconds), "")
            os.write(told, killer.encode())
            how = NOTICED if killer else SURVIVED
        finally:
            os._exit(how)

    def _changed(self, mutant: Mutant) -> bool:
        path = self._source / mutant.module
        text = path.read_text(encoding="utf-8")
        return put_in_place(self._functions, path, text, applied(mutant, text))

    def _in_order(self, mutant: Mutant, items: Sequence[pytest.Item]) -> list[pytest.Item]:
        known = {name: place for place, name in enumerate(self._killers[mutant.module])}
        stem = mutant.module.stem

        def order(item: pytest.Item) -> tuple[int, bool, bool]:
            is_random = hasattr(getattr(item, "obj", None), "hypothesis")
            return known.get(item.nodeid, len(known)), is_random, stem not in item.path.stem

        return sorted(items, key=order)


def _failing(items: Sequence[pytest.Item], session: pytest.Session, seconds: float) -> Iterator[str]:
    began = time.process_time()
    for item, after in zip(items, [*items[1:], None], strict=True):
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        signal.setitimer(signal.ITIMER_PROF, 0)
        if session.testsfailed:
            yield item.nodeid
        if time.process_time() - began > seconds:
            return
