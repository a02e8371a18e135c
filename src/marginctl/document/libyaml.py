"""libyaml's event parser without the rest of PyYAML.

Running ``yaml/__init__`` builds loaders, resolvers and dumpers that an event reader never uses, which takes longer than
reading a portfolio. The extension ``yaml._yaml`` needs the classes of four small modules; the package runs when it is
first asked for anything else. Where that fails, and where ``yaml`` is there already, it is imported as usual; without
libyaml it is PyYAML's parser in Python: the same events, slower, and tabs between words of block style refused.
"""

import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import SimpleNamespace
from typing import Any

LENT = ("error", "events", "nodes", "tokens")
ERRORS = {f"{name.title()}Error": name for name in ("reader", "scanner", "parser", "composer", "constructor")}
ERRORS |= {f"{name.title()}Error": name for name in ("emitter", "serializer", "representer")}
"""Exceptions that the extension takes from large modules as it loads."""


def _light() -> Any:
    """The extension over a package that has not run yet, its exceptions replaced by what they derive from till then."""
    spec = find_spec("yaml")
    package: Any = module_from_spec(spec)  # type: ignore[arg-type]
    sys.modules["yaml"] = package
    for name in LENT:
        import_module(f"yaml.{name}")
    for error, name in ERRORS.items():
        base = package.error.YAMLError if name == "reader" else package.error.MarkedYAMLError
        setattr(package, name, SimpleNamespace(**{error: base}))
    extension = import_module("yaml._yaml")
    for name in ERRORS.values():
        delattr(package, name)

    def run(attribute: str) -> Any:
        del package.__getattr__
        package.__spec__.loader.exec_module(package)
        for error, name in ERRORS.items():
            setattr(extension, error, getattr(getattr(package, name), error))
        return getattr(package, attribute)

    package.__getattr__ = run
    return extension


@cache
def _extension() -> Any:
    """PyYAML's extension module; None where PyYAML was installed without."""
    if "yaml" not in sys.modules:
        try:
            return _light()
        except Exception:  # whatever is wrong, the ordinary import decides
            for name in [name for name in sys.modules if name.partition(".")[0] == "yaml"]:
                del sys.modules[name]
    try:
        return import_module("yaml._yaml")
    except ImportError:
        return None


def events(text: str) -> Any:
    """A stream of a document's events: ``get_event()`` returns the next one or raises ``errors()``."""
    extension = _extension()
    if extension is not None:
        return extension.CParser(text)
    import yaml

    if text.lstrip()[:1] in ("{", "["):  # JSON may be indented by tabs, which PyYAML's own scanner refuses
        text = text.replace("\t", " ")
    return yaml.SafeLoader(text)


def errors() -> type[Exception]:
    """The class of what ``events`` raises."""
    from yaml.error import YAMLError

    return YAMLError
