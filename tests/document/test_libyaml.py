"""The light loading of libyaml, each case in an interpreter of its own: what is imported stays imported."""
# ruff: noqa: E501 - tables with one case a line

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.portfolio.test_format import SAMPLE

from marginctl.document import libyaml
from marginctl.document.reader import read

from .test_reader import plain_of
from .told import told

SOURCES = Path(libyaml.__file__).parents[2]
READS = "from marginctl.document import libyaml\nevents = libyaml.events('a: [1]')\n"


def output_of(script: str) -> list[str]:
    environment = {"PYTHONPATH": str(SOURCES)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_reading_loads_little_of_the_package():
    """Known of PyYAML 6.0.2 and 6.0.3. With another one that asks for more the whole package is read, 10 ms slower."""
    script = READS + "import sys\nprint(*sorted(name for name in sys.modules if name.startswith('yaml')))"
    loaded = "yaml yaml._yaml yaml.error yaml.events yaml.nodes yaml.tokens"
    assert output_of(script) == [loaded], f"PyYAML {version('pyyaml')}"


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("import yaml\nprint(yaml.safe_load('a: NO'), yaml.__with_libyaml__)", "{'a': False} True"),
        ("import yaml\nprint(yaml.load('a: [1]', yaml.CSafeLoader))", "{'a': [1]}"),
        ("import yaml\nprint(yaml.dump({'a': [1]}, Dumper=yaml.CSafeDumper))", "a:"),
        ("from yaml import *\nprint(safe_load('a: 1'))", "{'a': 1}"),
        ("from yaml.constructor import SafeConstructor as C\nimport yaml\nprint(issubclass(yaml.CSafeLoader, C))", "True"),
        ("from yaml.cyaml import CSafeLoader\nimport yaml\nprint(yaml.load('[1]', CSafeLoader))", "[1]"),
        ("import yaml._yaml as c, yaml\nprint(yaml._yaml is c, c.ScalarNode is yaml.ScalarNode)", "True True"),
        ("import yaml, sys\nprint(len([f for f in sys.meta_path if 'marginctl' in str(f)]))", "0"),
        ("import yaml, inspect\nprint('safe_load' in inspect.getsource(yaml))", "True"),
        ("import importlib.util as u\nu.find_spec('yaml')\nimport yaml\nprint(yaml.load('[1]', yaml.CLoader))", "[1]"),
        ("import yaml.error, yaml\nprint(yaml.YAMLError is yaml.error.YAMLError)", "True"),
        ("import yaml\nprint(isinstance(next(yaml.parse('a', yaml.CLoader)), yaml.StreamStartEvent))", "True"),
        ("import yaml\nprint(type(yaml.compose('a', yaml.CLoader)) is yaml.ScalarNode)", "True"),
        ("import yaml\nprint(hasattr(yaml, 'nothing'))", "False"),
        ("import importlib, yaml\nprint(importlib.reload(yaml).safe_load('1'))", "1"),
        ("import msgspec.yaml\nprint(msgspec.yaml.decode(b'a: 1'))", "{'a': 1}"),
    ],
)  # fmt: skip
def test_a_later_import_of_the_package_gets_the_real_one(use, expected):
    assert output_of(READS + use)[0] == expected


@pytest.mark.parametrize("error", ["yaml.YAMLError", "yaml.scanner.ScannerError", "libyaml.errors()"])
def test_a_later_import_gets_the_real_exceptions(error):
    script = READS + f"import yaml\ntry: yaml.load('a: b: c', yaml.CSafeLoader)\nexcept {error}: print('caught')"
    assert output_of(script) == ["caught"]


def test_reading_goes_on_after_the_real_package_came():
    script = (
        READS
        + "import yaml\nyaml.safe_load('1')\nfrom marginctl.document.reader import read\n"
        + "print(read(b'a: b: c', 'f')[2][0].code, len(read(b'a: [1]', 'f')[1].entries))"
    )
    assert output_of(script) == ["MC002 1"]


def test_a_package_that_is_there_already_is_used():
    script = "import yaml\n" + READS + "print(type(events.get_event()) is yaml.StreamStartEvent)"
    assert output_of(script) == ["True"]


def test_an_extension_that_asks_for_more_gets_the_real_package():
    script = (
        "from marginctl.document import libyaml\n"
        "libyaml.ERRORS.pop('ScannerError')\n"
        "event = libyaml.events('a: [1]').get_event()\n"
        "import yaml\nprint(type(event) is yaml.StreamStartEvent, yaml.load('[1]', yaml.CSafeLoader))"
    )
    assert output_of(script) == ["True [1]"]


def test_without_libyaml_the_parser_in_python_is_used():
    script = (
        "import sys\nsys.modules['yaml._yaml'] = None\n"
        "from importlib.machinery import PathFinder\nfind = PathFinder.find_spec\n"
        "PathFinder.find_spec = lambda name, *rest: None if name == 'yaml._yaml' else find(name, *rest)\n"
        "from marginctl.document import libyaml\n"
        "from marginctl.document.reader import read\n"
        "print(type(libyaml.events('a')).__name__, len(read(b'a: [1]', 'f')[1].entries), read(b'a: b: c', 'f')[2][0].code)"
    )
    assert output_of(script) == ["SafeLoader 1 MC002"]


class TestWithoutLibyaml:
    """The parser in Python gives the same trees and, but for its wording, the same problems."""

    @pytest.fixture(autouse=True)
    def in_python(self, monkeypatch):
        monkeypatch.setattr(libyaml, "_extension", lambda: None)

    @pytest.fixture
    def both(self, monkeypatch):
        def both(text: str):
            in_python = read(text.encode(), "f")
            monkeypatch.undo()
            return in_python, read(text.encode(), "f")

        return both

    @pytest.mark.parametrize(
        "text",
        [
            SAMPLE,
            '{\n\t"a":1,\n\t"b":["\\ud83d\\ude00"]\n}',
            "a: |\n  x\n  y\nb: >\n x\n y\n",
            "%YAML 1.1\n---\na: 1\n...",
        ],
    )
    def test_the_tree_is_the_same(self, both, text):
        in_python, in_c = both(text)
        assert (in_python[1], in_python[2]) == (in_c[1], [])
        assert plain_of(in_python[1])

    @pytest.mark.parametrize(
        "text",
        [
            "a: b: c", "a: 1\n  b: 2\n", "BTC:60000\nETH: 1\n", "a: 1\nBTC:60000\nETH: 1\n", "a:\n    b: 1\n  c: 2\n",
            ": 5\n", "a: 'it's'\n", "a: [1, 2\nb: 3\n", "a: {x: 1\nb: 3\n", "a: [1,, 2]", "a: 'abc\nb: 1\n", "{*: 1}",
            "a: @x\n", "a: - b\n", "a: 1\n...\nb: 2\n", "a: !e!x 5\n", "a:\n\tb: 1\n", "\ta: 1", "a: &x 1\nb: *x\n",
            "<<: 1\n", "a: 1\n---\nb: 2\n", "[" * 40, "? [a]\n: 1\n", "", "a: !!str 1\n", 'a: "\\e"',
        ],
    )  # fmt: skip
    def test_the_problems_are_the_same(self, both, text):
        in_python, in_c = both(text)
        assert told(in_python[2]) == told(in_c[2]) != []
