"""How the tests run: the same every time by default, or at random and as long as one likes with ``--deep``.

Golden files are expected texts beside the tests, rewritten by ``pytest --update-golden`` and reviewed like code.
"""

import gc
import os
import secrets
import time
import zlib
from collections.abc import Callable, Iterator
from decimal import setcontext
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.internal.conjecture import providers
from typer import testing

from marginctl.core.exact import CONTEXT

FLAG = "--update-golden"
ROUNDS = 200
"""How often ``--deep`` runs the few examples of a property, each time with others: there is the search."""
SURROUNDINGS = (
    *("CI", "COLUMNS", "FORCE_COLOR", "GITHUB_ACTIONS", "LINES", "NO_COLOR", "TERM"),
    *("GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "CI_PROJECT_DIR"),
)
"""What the program takes from its surroundings; a test that means one of them sets it."""

settings.register_profile(
    "same-every-time",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=25,
    print_blob=True,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
settings.register_profile("deep", settings.get_profile("same-every-time"), derandomize=False)

gc.enable()
setcontext(CONTEXT)  # as a command does before it computes: tests call what commands call
testing._get_command = cache(testing._get_command)  # the tree of commands is the same for every run: made once


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(FLAG, action="store_true", help="rewrite the golden files; review the difference")
    deep = parser.getgroup("deep", "properties with random examples")
    deep.addoption("--deep", action="store_true", help=f"only the properties, {ROUNDS} times their examples at random")
    deep.addoption("--deep-minutes", type=float, metavar="N", help="as --deep, but as many rounds as N minutes take")
    deep.addoption("--deep-seed", type=int, metavar="N", help="the seed that a --deep run has printed")


def pytest_configure(config: pytest.Config) -> None:
    # Hypothesis tries the constants of all modules that are loaded: which ones those are depends on what ran before.
    providers._get_local_constants = lambda: providers._local_constants
    config.addinivalue_line("markers", f"rounds(n): how many rounds a property has under --deep, else {ROUNDS}")
    option = config.option
    option.deep = option.deep or option.deep_minutes is not None or option.deep_seed is not None
    settings.load_profile("deep" if option.deep else "same-every-time")
    if option.deep:
        if option.deep_seed is None:
            given = getattr(config, "workerinput", {}).get("deep_seed")
            option.deep_seed = secrets.randbelow(10**9) if given is None else given
        config.pluginmanager.register(Deep(config), "deep")


class Deep:
    """Runs every property again and again, each round with a seed of its own that a failure names."""

    def __init__(self, config: pytest.Config) -> None:
        self.seed: int = config.option.deep_seed
        self.seconds: float | None = None if config.option.deep_minutes is None else config.option.deep_minutes * 60
        self.began = time.monotonic()
        self.places: dict[str, int] = {}
        self.rounds: list[int] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Every process of a run has the same seed, and so the same order."""
        node.workerinput["deep_seed"] = self.seed

    def pytest_report_header(self) -> str:
        return f"deep: --deep-seed {self.seed}"

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        chosen = sorted((item for item in items if _is_property(item)), key=self._place)
        config.hook.pytest_deselected(items=[item for item in items if not _is_property(item)])
        items[:] = chosen
        self.began = time.monotonic()
        self.places = {item.nodeid: place for place, item in enumerate(chosen)}
        self.rounds = [_rounds(item) for item in chosen]

    def _place(self, item: pytest.Item) -> int:
        """Another order for every seed: where the time is short, others are left out."""
        return zlib.crc32(f"{self.seed} {item.nodeid}".encode())

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        """All rounds of one property; with a time, as many as its share of what is left of it."""
        share = self._share(pyfuncitem)
        if share is not None and share <= 0:
            pytest.skip("the time of --deep-minutes is over")
        arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
        end = None if share is None else time.monotonic() + share
        rounds = _rounds(pyfuncitem)
        number = 0
        while number < rounds if end is None else (number == 0 or time.monotonic() < end):
            self._round(pyfuncitem, number, arguments)
            number += 1
        return True

    def _share(self, item: pytest.Item) -> float | None:
        """Seconds for a property: what is left of the time, divided by rounds among this one and those behind it."""
        if self.seconds is None:
            return None
        left = self.seconds - (time.monotonic() - self.began)
        workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        place = self.places[item.nodeid]
        return left * workers * self.rounds[place] / sum(self.rounds[place:])

    def _round(self, item: pytest.Function, number: int, arguments: dict[str, Any]) -> None:
        chosen = zlib.crc32(f"{self.seed} {item.nodeid} {number}".encode())
        try:
            seed(chosen)(item.obj)(**arguments)
        except Exception as error:
            error.add_note(f"deep: --deep-seed {self.seed}, round {number}: @seed({chosen}) above @given repeats it")
            raise


def _is_property(item: pytest.Item) -> bool:
    return bool(getattr(getattr(item, "obj", None), "is_hypothesis_test", False))


def _rounds(item: pytest.Item) -> int:
    mark = item.get_closest_marker("rounds")
    return mark.args[0] if mark else ROUNDS


@pytest.fixture(autouse=True, scope="session")
def neutral_surroundings() -> Iterator[None]:
    """Nothing of the terminal, the pipeline or the settings of who runs the tests reaches the program."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (*SURROUNDINGS, *(name for name in os.environ if name.startswith("MARGINCTL_"))):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture
def golden_file(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with a golden file, or rewrites it."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption(FLAG):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.exists(), f"{path.name} is not there: look at the screen, then {FLAG}"
        assert text == path.read_bytes().decode("utf-8"), f"{path.name} differs: look at it, then {FLAG}"

    return compare


def pytest_collection_finish() -> None:
    """What the collection has made stays to the end: no collecting of garbage looks through it again, and few do."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
