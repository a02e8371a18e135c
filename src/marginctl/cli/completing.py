"""What a shell may complete: codes of limits, names of rule sets, figures of a portfolio, kinds of schemas.

Nothing here may fail or write: a shell that asks gets less, never an error.
"""

from collections.abc import Iterable
from pathlib import Path

from marginctl.core.exact import exactly
from marginctl.document.files import content_of
from marginctl.document.scalars import today
from marginctl.render import found

Completed = list[str] | list[tuple[str, str]]


def codes(incomplete: str) -> Completed:
    """Codes behind the last comma, each with its name."""
    before, comma, last = incomplete.rpartition(",")
    given = set(before.upper().split(","))
    rules_of = found("limits.rules.RULES")
    fitting = [rule for rule in rules_of if rule.code.startswith(last.upper()) and rule.code not in given]
    return [(f"{before}{comma}{rule.code}", rule.name) for rule in fitting]


def rules(incomplete: str) -> Completed:
    """Codes, and names of limits where a name is begun."""
    known = found("limits.rules.RULES")
    by_code = [(rule.code, rule.name) for rule in known if rule.code.startswith(incomplete.upper())]
    by_name = [(rule.name, rule.code) for rule in known if incomplete and rule.name.startswith(incomplete.lower())]
    return by_code + by_name


def venues(incomplete: str) -> Completed:
    """The bundled rule sets; the shell knows files by itself."""
    return _beginning(found("venues.loader.bundled")(), incomplete)


def scenarios(incomplete: str) -> Completed:
    """The built-in scenarios."""
    return _beginning((*found("scenarios.catalogue.built_in")(), "all"), incomplete)


def kinds(incomplete: str) -> Completed:
    """What ``schema`` knows."""
    return _beginning(found("cli.catalogue.SCHEMAS"), incomplete)


def figures(path: str | None, incomplete: str) -> Completed:
    """The figures of the portfolio that is named before; one part of their paths at a time."""
    try:
        known = _figures(path)
    except Exception:
        return []
    depth = incomplete.count(".") + 1
    fitting = [one for one in known if one.startswith(incomplete)]
    steps = dict.fromkeys(_up_to(one, depth) for one in fitting)
    return list(steps) if len(steps) > 1 else fitting


def _up_to(figure: str, depth: int) -> str:
    """The first parts of a path, with a dot behind them where there are more."""
    parts = figure.split(".")
    return ".".join(parts[:depth]) + ("." if len(parts) > depth else "")


def _figures(path: str | None) -> Iterable[str]:
    name = path or ""
    data, problem = content_of(Path(name), name)
    with exactly():
        settings = found("analysis.check.Settings")(today=today())
        explained = found("analysis.explain.explain")
        return () if problem is not None else explained(data, name, None, settings).figures


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
