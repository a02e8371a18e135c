"""Mutants without a process of their own to start: pytest collects once, and each mutant is tried in a fork of it.

In the fork the functions of the changed module get the changed code (where it is no function's, all of the engine is
imported anew), then the tests that execute it run until one fails: quick ones first, and those that noticed earlier
mutants of the module. In what is left of the time their properties run again and again with other examples, as in the
deep profile; a seed that fails without the change as well is a finding of its own, and told.
"""

import ast
import gc
import os
import resource
import shutil
import signal
import sys
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from importlib import import_module
from itertools import count
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from hypothesis import Phase, settings
from tests.house.covering import Covering, covering, digest_of, forget, kept, lines_of, silent
from tests.house.mutants import CORE, Mutant, applied

OPTIONS = ("-q", "-n", "0", "-p", "no:cacheprovider", "-p", "no:randomly", "-s", "--assert=plain", "--tb=native")
LEAST, TIMES = 10, 30
"""Seconds of the processor that a test has, and how often its own time; one without end is noticed as well."""
MEMORY = 4 << 30
"""Bytes that a fork may take: a change may make something grow without end."""
KILLS, SAME_NAME = 20, 5
"""How many times quicker a test counts for every mutant of the module that it noticed, and for bearing its name."""
NOTICED, SURVIVED, OUT_OF_TIME, NOT_EXECUTED = range(4)
"""How a mutant ends."""
ROUND = " round "
"""Between the name of a property and the number of its round, from 1 on."""
WORDS = {SURVIVED: "survived", OUT_OF_TIME: "out of time", NOT_EXECUTED: "not executed"}


def changed_code(path: Path, before: str, after: str | ast.Module) -> list[tuple[CodeType, CodeType]] | None:
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


def put_in_place(functions: Sequence[FunctionType], path: Path, before: str, after: str | ast.Module) -> bool:
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


def without_shrinking(items: Iterable[pytest.Item]) -> None:
    """A property ends with the first example that fails: that it fails is all that is asked."""
    short = settings(settings.get_profile("same-every-time"), phases=[Phase.explicit, Phase.generate])
    for item in items:
        if _is_property(item):
            function = _function(item)
            own = function._hypothesis_internal_use_settings
            function._hypothesis_internal_use_settings = settings(own, phases=short.phases, report_multiple_bugs=False)


class Running:
    """In a fork: tests one after the other until one fails or the time is over, which ends the fork."""

    def __init__(self, told: int, most: float, seconds: dict[str, float]) -> None:
        self._told, self._most, self._seconds = told, most, seconds
        self._name = ""
        self._began = time.process_time()

    def noticed(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Ends the fork, from a signal as well."""
        os.write(self._told, self._name.encode())
        os._exit(NOTICED)

    def run(self, session: pytest.Session, names: Sequence[str], *, is_random: bool) -> None:
        """Ends the fork. ``names`` may have a round in it; ``is_random``: properties go on as long as there is time."""
        if session.testsfailed:
            self.noticed()
        signal.signal(signal.SIGPROF, self.noticed)
        self._began = time.process_time()
        by_name = {item.nodeid: item for item in session.items}
        parts = [one.partition(ROUND) for one in names if one.partition(ROUND)[0] in by_name]
        items = [by_name[name] for name, _, _ in parts]
        without_shrinking(items)
        for item, after, (_, _, number) in zip(items, [*items[1:], None], parts, strict=True):
            self._one(session, item, int(number or 0), after)
            if time.process_time() - self._began > self._most:
                os._exit(OUT_OF_TIME)
        properties = [item for item in items if _is_property(item)]
        for number in count(1) if is_random and properties else ():
            for item in properties:
                self._one(session, item, number, None)
                if time.process_time() - self._began > self._most:
                    os._exit(SURVIVED)
        os._exit(SURVIVED)

    def _one(self, session: pytest.Session, item: pytest.Item, number: int, after: pytest.Item | None) -> None:
        self._name = f"{item.nodeid}{ROUND}{number}" if number else item.nodeid
        if number:
            _function(item)._hypothesis_internal_use_seed = zlib.crc32(self._name.encode())
        signal.setitimer(signal.ITIMER_PROF, max(LEAST, TIMES * self._seconds.get(item.nodeid, 0)))
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        signal.setitimer(signal.ITIMER_PROF, 0)
        if session.testsfailed:
            self.noticed()


def _is_property(item: pytest.Item) -> bool:
    return hasattr(getattr(item, "obj", None), "hypothesis")


def _function(item: Any) -> Any:
    return getattr(item.obj, "__func__", item.obj)


class Anew:
    """A plugin of a second run of pytest within a fork."""

    def __init__(self, running: Running, names: Sequence[str]) -> None:
        self._running, self._names = running, names

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running all tests as they come."""
        self._running.run(session, self._names, is_random=True)
        return True


class InPlace:
    """A plugin of pytest that runs no tests but mutants; ``results`` gets each with how it ended."""

    def __init__(
        self, mutants: Sequence[Mutant], source: Path, tests: Sequence[str], map_: Path, *, until: float, seconds: float
    ) -> None:
        self._mutants, self._source, self._tests, self._map = mutants, source, tests, map_
        self._until, self._seconds = until, seconds
        self._copy = map_.parent / f"{map_.name}-{os.getpid()}"
        self._kills: Counter[tuple[Path, str]] = Counter()
        self._sound: dict[str, bool] = {}
        self._functions: list[FunctionType] = []
        self._covering = Covering("", {}, {})
        self.results: list[tuple[Mutant, int]] = []
        self.at_random = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running the tests."""
        modules = [(path, path.relative_to(self._source)) for path in sorted((self._source / CORE).rglob("*.py"))]
        for _, name in modules:
            import_module(".".join(name.with_suffix("").parts))
        gc.unfreeze()  # what the collection froze is not among the objects that are told
        self._functions = functions_of(self._source)
        kept()
        gc.freeze()
        digest = digest_of(self._source, self._tests)
        self._covering = covering(self._map, digest, modules, partial(put_in_place, self._functions), session)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(self._source, self._copy, ignore=ignored)
        try:
            for mutant in self._mutants:
                if time.monotonic() > self._until:
                    break
                self._tell(mutant, self._try(mutant, session))
        finally:
            shutil.rmtree(self._copy)
        return True

    def _tell(self, mutant: Mutant, how: int) -> None:
        self.results.append((mutant, how))
        if how != NOTICED:
            print(f"{WORDS[how]}: {mutant}", flush=True)
        if len(self.results) % 10 == 0:
            noticed = sum(how == NOTICED for _, how in self.results)
            print(f"{noticed} of {len(self.results)} noticed", flush=True)

    def _try(self, mutant: Mutant, session: pytest.Session) -> int:
        """Tests that fail without the change as well are left out from then on."""
        path = self._source / mutant.module
        before = path.read_text(encoding="utf-8")
        after = applied(mutant, before)
        is_here = changed_code(path, before, after) is not None
        names = self._in_order(mutant, before, is_here)
        if not names:
            return NOT_EXECUTED
        (self._copy / mutant.module).write_text(after, encoding="utf-8")
        try:
            while True:
                how, killer = self._forked(session, (path, before, after) if is_here else None, names, is_here=is_here)
                if not killer or self._is_sound(session, killer):
                    self._kills[mutant.module, killer.partition(ROUND)[0]] += 1
                    self.at_random += ROUND in killer
                    return how
                print(f"fails without a change as well: {killer}", flush=True)
                names.remove(killer.partition(ROUND)[0])
        finally:
            (self._copy / mutant.module).write_text(before, encoding="utf-8")

    def _is_sound(self, session: pytest.Session, name: str) -> bool:
        """Whether a test passes by itself where nothing is changed."""
        if name not in self._sound:
            self._sound[name] = self._forked(session, None, [name], is_here=True)[0] == SURVIVED
        return self._sound[name]

    def _forked(
        self, session: pytest.Session, change: tuple[Path, str, str] | None, names: Sequence[str], *, is_here: bool
    ) -> tuple[int, str]:
        """How tests end, and the first that fails."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(reading)
                silent()
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
                running = Running(writing, self._seconds, self._covering.seconds)
                forget()
                if is_here and (change is None or put_in_place(self._functions, *change)):
                    running.run(session, names, is_random=change is not None)
                self._anew(running, names)
            finally:
                os._exit(NOTICED)
        os.close(writing)
        with os.fdopen(reading, "rb") as told:
            killer = told.read().decode()
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else NOTICED, killer

    def _anew(self, running: Running, names: Sequence[str]) -> None:
        """The engine as it stands in the copy, and the tests with it."""
        for name in [name for name in sys.modules if name.partition(".")[0] in ("marginctl", "tests")]:
            if not name.startswith("tests.house") and name != "tests":
                del sys.modules[name]
        sys.path.insert(0, str(self._copy))
        pytest.main([*OPTIONS, "-o", f"pythonpath={self._copy}", *self._tests], plugins=[Anew(running, names)])

    def _in_order(self, mutant: Mutant, text: str, is_here: bool) -> list[str]:
        """The tests that may notice: those that execute what is changed, or for what is executed at the import all."""
        last = mutant.line + mutant.before.count("\n")
        near = self._covering.tests_of(mutant.module, lines_of(text, mutant.line, last) if is_here else None)
        seconds, stem = self._covering.seconds, mutant.module.stem

        def order(name: str) -> tuple[bool, float]:
            factor = (1 + KILLS * self._kills[mutant.module, name]) * (SAME_NAME if f"test_{stem}" in name else 1)
            return name not in near, seconds[name] / factor

        return sorted(near if is_here else seconds, key=order)
