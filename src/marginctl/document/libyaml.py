"""libyaml's event parser without the rest of PyYAML.

``import yaml`` compiles and builds loaders, resolvers and dumpers that an event reader never uses: about 9 ms, more
than reading a portfolio takes. PyYAML's extension module ``yaml._yaml`` needs of its package only the classes that it
hands out, so it is loaded here over a stand-in package that holds lighter ones. The stand-in stays registered as
``yaml`` and turns into the real package, in place, as soon as anybody else uses it.

When anything is not as expected the ordinary ``import yaml`` is used, and without libyaml PyYAML's parser in Python:
the events are the same, only slower.
"""

import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from types import ModuleType, SimpleNamespace
from typing import Any, Protocol

from msgspec import Struct


class Events(Protocol):
    """A stream of PyYAML events. They differ in class by where they come from, but not in class name and attributes."""

    def get_event(self) -> Any: ...


class YAMLError(Exception):
    """What the extension raises as long as the real package is not loaded."""

    def __init__(self, context: str = "", context_mark: Any = None, problem: str = "", problem_mark: Any = None) -> None:
        super().__init__(context, problem)
        self.context = context
        self.context_mark = context_mark
        self.problem = problem
        self.problem_mark = problem_mark


class ReaderError(YAMLError):
    """A character that YAML does not allow."""

    def __init__(self, name: str, position: int, character: int, encoding: str, reason: str) -> None:
        super().__init__("", None, reason)


class StreamStartEvent(Struct, gc=False):
    start_mark: Any
    end_mark: Any
    encoding: str | None = None


class StreamEndEvent(Struct, gc=False):
    start_mark: Any
    end_mark: Any


class DocumentStartEvent(Struct, gc=False):
    start_mark: Any
    end_mark: Any
    explicit: bool
    version: Any
    tags: Any


class DocumentEndEvent(Struct, gc=False):
    start_mark: Any
    end_mark: Any
    explicit: bool


class AliasEvent(Struct, gc=False):
    anchor: str
    start_mark: Any
    end_mark: Any


class ScalarEvent(Struct, gc=False):
    anchor: str | None
    tag: str | None
    implicit: Any
    value: str
    start_mark: Any
    end_mark: Any
    style: str | None


class SequenceStartEvent(Struct, gc=False):
    anchor: str | None
    tag: str | None
    implicit: bool
    start_mark: Any
    end_mark: Any
    flow_style: bool | None


class SequenceEndEvent(Struct, gc=False):
    start_mark: Any
    end_mark: Any


class MappingStartEvent(SequenceStartEvent, gc=False):
    pass


class MappingEndEvent(Struct, gc=False):
    start_mark: Any
    end_mark: Any


class _Unused:
    """Stands for the tokens and nodes, which an event parser never makes."""


_EVENTS: tuple[type, ...] = (
    StreamStartEvent,
    StreamEndEvent,
    DocumentStartEvent,
    DocumentEndEvent,
    AliasEvent,
    ScalarEvent,
    SequenceStartEvent,
    SequenceEndEvent,
    MappingStartEvent,
    MappingEndEvent,
)
_TOKENS = (
    "StreamStart StreamEnd Directive DocumentStart DocumentEnd BlockSequenceStart BlockMappingStart BlockEnd "
    "FlowSequenceStart FlowMappingStart FlowSequenceEnd FlowMappingEnd Key Value BlockEntry FlowEntry Alias Anchor "
    "Tag Scalar"
)
_STAND_INS: dict[str, dict[str, type]] = {
    "error": {"YAMLError": YAMLError},
    "reader": {"ReaderError": ReaderError},
    **{
        name: {f"{name.title()}Error": YAMLError}
        for name in ("scanner", "parser", "composer", "constructor", "emitter", "serializer", "representer")
    },
    "tokens": {f"{name}Token": _Unused for name in _TOKENS.split()},
    "events": {event.__name__: event for event in _EVENTS},
    "nodes": {name: _Unused for name in ("ScalarNode", "SequenceNode", "MappingNode")},
}


class _Deferred(ModuleType):
    """The package ``yaml``, not executed yet: the first use of anything in it, by whomever, makes it the real one."""

    def __getattr__(self, name: str) -> Any:
        _become_real(self)
        return getattr(self, name)


_extension: ModuleType | None = None


def events(text: str) -> Events:
    """The events of a document's text. Getting one can raise ``errors()``."""
    extension = _loaded()
    if extension is not None:
        parser: Events = extension.CParser(text)
        return parser
    import yaml

    if text.lstrip()[:1] in ("{", "["):  # JSON indented by tabs, which PyYAML's own scanner refuses
        text = text.replace("\t", " ")
    return yaml.SafeLoader(text)


def errors() -> type[Exception]:
    """The class of exceptions that events raise; it changes when somebody loads the real package."""
    extension = _loaded()
    if extension is None:
        import yaml

        return yaml.YAMLError
    error: type[Exception] = extension.YAMLError
    return error


def _loaded() -> ModuleType | None:
    """PyYAML's extension module, or nothing where it was installed without."""
    global _extension
    if _extension is None:
        _extension = _light() or _ordinary()
    return _extension


def _ordinary() -> ModuleType | None:
    try:
        from yaml import _yaml
    except ImportError:
        return None
    return _yaml


def _light() -> ModuleType | None:
    """The extension over the stand-in package; nothing when ``yaml`` is already there or not as expected."""
    package = None if "yaml" in sys.modules else PathFinder.find_spec("yaml")
    spec = package and PathFinder.find_spec("yaml._yaml", package.submodule_search_locations)
    if package is None or spec is None or spec.loader is None:
        return None
    sys.modules["yaml"] = stand_in = _stand_in(package)
    try:
        extension = module_from_spec(spec)
        spec.loader.exec_module(extension)
        extension.CParser("").get_event()
    except Exception:  # an extension of another make: the ordinary import decides
        del sys.modules["yaml"]
        return None
    for name in _STAND_INS:
        delattr(stand_in, name)
    return extension


def _stand_in(package: ModuleSpec) -> ModuleType:
    module = module_from_spec(package)
    module.__class__ = _Deferred
    del module.__path__  # importing a submodule asks for it, which is a use of the package
    for name, members in _STAND_INS.items():
        setattr(module, name, SimpleNamespace(**members))
    return module


def _become_real(module: ModuleType) -> None:
    """Executes the package in place and gives the extension the real classes."""
    module.__class__ = ModuleType
    spec = module.__spec__
    if spec is None or spec.loader is None or spec.submodule_search_locations is None:
        raise ImportError("the package yaml cannot be loaded")
    module.__path__ = spec.submodule_search_locations
    spec.loader.exec_module(module)
    for name, members in _STAND_INS.items():
        for member in members if _extension else ():
            setattr(_extension, member, getattr(getattr(module, name), member))
