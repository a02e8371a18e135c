"""libyaml's event parser without the rest of PyYAML.

``import yaml`` compiles and builds loaders, resolvers and dumpers that an event reader never uses: about 9 ms, more
than reading a portfolio takes. PyYAML's extension module ``yaml._yaml`` needs of its package only the classes that it
hands out, so it is loaded here over a stand-in package that lends it lighter ones. The stand-in is gone when that is
done; a finder waits for the first ordinary ``import yaml`` and then gives the extension the real classes.

When anything is not as expected the ordinary ``import yaml`` is used, and without libyaml PyYAML's parser in Python:
the events are the same, only slower, and tabs between words of block style are refused.
"""
# ruff: noqa: D101, ARG002 - classes and arguments are PyYAML's

import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import module_from_spec
from types import ModuleType
from typing import Any

from msgspec import Struct


class YAMLError(Exception):
    """What the extension raises as long as the real package is not loaded, with the real one's attributes."""

    def __init__(self, context: Any = None, context_mark: Any = None, problem: Any = None, problem_mark: Any = None):
        super().__init__(problem)
        self.context = context
        self.context_mark = context_mark
        self.problem = problem
        self.problem_mark = problem_mark


class ReaderError(YAMLError):
    """A character that YAML does not allow."""

    def __init__(self, name: str, position: int, character: int, encoding: str, reason: str):
        super().__init__(problem=reason)
        self.reason = reason


class StreamStartEvent(Struct, gc=False):
    start_mark: Any
    end_mark: Any
    encoding: Any = None


class StreamEndEvent(Struct, gc=False):
    start_mark: Any
    end_mark: Any


class DocumentStartEvent(Struct, gc=False):
    start_mark: Any
    end_mark: Any
    explicit: Any
    version: Any
    tags: Any


class DocumentEndEvent(Struct, gc=False):
    start_mark: Any
    end_mark: Any
    explicit: Any


class AliasEvent(Struct, gc=False):
    anchor: Any
    start_mark: Any
    end_mark: Any


class ScalarEvent(Struct, gc=False):
    anchor: Any
    tag: Any
    implicit: Any
    value: Any
    start_mark: Any
    end_mark: Any
    style: Any


class SequenceStartEvent(Struct, gc=False):
    anchor: Any
    tag: Any
    implicit: Any
    start_mark: Any
    end_mark: Any
    flow_style: Any


class SequenceEndEvent(Struct, gc=False):
    start_mark: Any
    end_mark: Any


class MappingStartEvent(Struct, gc=False):
    anchor: Any
    tag: Any
    implicit: Any
    start_mark: Any
    end_mark: Any
    flow_style: Any


class MappingEndEvent(Struct, gc=False):
    start_mark: Any
    end_mark: Any


class _Unused:
    """Lent for tokens and nodes, which an event parser never makes."""


_CLASSES: dict[str, type] = {
    one.__name__: one
    for one in (
        ReaderError,
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
}


_lent: list[tuple[str, str]] = []
"""Submodule and name of every class that the extension took from the stand-in."""


class _Submodule:
    """Stands for ``yaml.events`` and its like while the extension takes its classes from them."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> type:
        _lent.append((self._name, name))
        return _CLASSES.get(name, YAMLError if name.endswith("Error") else _Unused)


class _StandIn(ModuleType):
    """The package ``yaml`` as the extension sees it while it loads."""

    def __getattr__(self, name: str) -> _Submodule:
        return _Submodule(name)


class _Package(SourceFileLoader):
    """Loads the real package and gives the extension its classes for those that were lent."""

    def exec_module(self, module: ModuleType) -> None:
        sys.meta_path.remove(_PackageFinder)
        super().exec_module(module)
        for submodule, name in _lent:
            setattr(sys.modules["yaml._yaml"], name, getattr(sys.modules[f"yaml.{submodule}"], name))


class _PackageFinder:
    """Waits, first among the finders, for the first import of the real package, which removes it."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        if name != "yaml":
            return None
        spec = PathFinder.find_spec(name)
        if spec is not None and spec.origin is not None:
            spec.loader = _Package(name, spec.origin)
        return spec


def _light() -> ModuleType | None:
    """The extension over the stand-in; None where ``yaml`` is already loaded, has no extension or no source file."""
    package = None if "yaml" in sys.modules else PathFinder.find_spec("yaml")
    if package is None or type(package.loader) is not SourceFileLoader:
        return None
    spec = PathFinder.find_spec("yaml._yaml", package.submodule_search_locations)
    if spec is None or spec.loader is None:
        return None
    sys.modules["yaml"] = _StandIn("yaml")
    try:
        extension = module_from_spec(spec)
        spec.loader.exec_module(extension)
    except Exception:  # whatever is wrong with it, the ordinary import decides
        return None
    finally:
        del sys.modules["yaml"]
        sys.modules.pop("yaml._yaml", None)
    sys.meta_path.insert(0, _PackageFinder)
    return extension


def _is_as_expected(extension: Any) -> bool:
    """Whether the extension makes our events, with the arguments that we know."""
    try:
        parser = extension.CParser("- {a: *b}")
        made = [type(parser.get_event()) for _ in range(10)]
    except (AttributeError, TypeError):
        return False
    return made[:6] == [
        StreamStartEvent,
        DocumentStartEvent,
        SequenceStartEvent,
        MappingStartEvent,
        ScalarEvent,
        AliasEvent,
    ]


def _ordinary() -> ModuleType | None:
    try:
        from yaml import _yaml
    except ImportError:
        return None
    return _yaml


_loaded: list[ModuleType | None] = []


def _extension() -> ModuleType | None:
    """PyYAML's extension module, loaded once; None where PyYAML was installed without."""
    if not _loaded:
        _loaded.append(_light() or _ordinary())
        if _lent and not _is_as_expected(_loaded[0]):
            _ordinary()
    return _loaded[0]


def events(text: str) -> Any:
    """A stream of a document's events: ``get_event()`` returns the next one or raises ``errors()``.

    The classes of events depend on what is loaded; their names and attributes are PyYAML's.
    """
    extension = _extension()
    if extension is not None:
        return extension.CParser(text)
    import yaml

    if text.lstrip()[:1] in ("{", "["):  # JSON may be indented by tabs, which PyYAML's own scanner refuses
        text = text.replace("\t", " ")
    return yaml.SafeLoader(text)


def errors() -> type[Exception]:
    """The class of what ``events`` raises. Ask when it is needed: it changes when the real package gets loaded."""
    extension = _extension()
    if extension is not None:
        error: type[Exception] = extension.YAMLError
        return error
    import yaml

    return yaml.YAMLError
