"""Results -> text. ``pages``: what is shown and in which order; ``formats``: how. Nothing here prints, opens or exits.

A format is one row of ``FORMATS`` and a function: ``draw(page, options)`` where people read it, or else
``render(result, options)``. A result is one row of ``RESULTS``. Only what is asked for is imported.
"""

from importlib import import_module
from typing import Any, NamedTuple, cast

from marginctl.render.display import Options

FORMATS = {
    "table": "formats.screen.draw",
    "json": "json.render",
    "jsonl": "json.render_lines",
    "csv": "formats.csv.render",
    "markdown": "formats.markdown.draw",
    "github": "formats.github.render",
    "gitlab": "formats.gitlab.render",
    "sarif": "formats.sarif.render",
    "junit": "formats.junit.render",
}
"""Every format and its function, in the order in which help texts list them."""
OF_CHECKS = frozenset(("jsonl", "github", "gitlab", "sarif", "junit"))
"""Formats of findings, which only a check has."""
COMMON = tuple(form for form in FORMATS if form not in OF_CHECKS)
"""The formats of every result."""


class Shown(NamedTuple):
    """A kind of result: its class, the function that makes its page, and that of a comment where it is another one."""

    result: str
    page: str
    comment: str = ""


RESULTS = {
    "report": Shown("results.Run", "check.check_page", "comment.comment_page"),
    "stress": Shown("results.StressResult", "stress.stress_page"),
    "what-if": Shown("results.WhatIfResult", "what_if.what_if_page"),
    "headroom": Shown("results.HeadroomResult", "headroom.headroom_page"),
    "compare": Shown("results.comparison.CompareResult", "compare.compare_page"),
    "explain": Shown("results.explanation.ExplainResult", "explain.explain_page"),
    "scenarios": Shown("results.catalogue.ScenarioList", "catalogue.scenarios_page"),
    "venues": Shown("venues.catalogue.RuleSetList", "catalogue.venues_page"),
    "rule-set": Shown("venues.catalogue.RuleSetResult", "venue.venue_page"),
    "contract": Shown("venues.catalogue.ContractResult", "venue.contract_page"),
    "refresh": Shown("venues.refresh.RefreshResult", "refresh.refresh_page"),
    "import": Shown("reconciliation.ImportResult", "reconcile.reconcile_page"),
    "rules": Shown("results.catalogue.RuleList", "catalogue.rules_page"),
    "rule": Shown("results.catalogue.RuleResult", "catalogue.rule_page"),
    "refusal": Shown("findings.Refusal", "catalogue.refusal_page"),
}
"""By the kind of document, ``marginctl.KIND/1``: what ``marginctl schema`` knows it by."""


def render(form: str, result: Any, options: Options | None = None) -> str:
    """A result in one of ``FORMATS``, other than a check in one of ``COMMON``; empty or ending in a line break."""
    options = options or Options()
    write = found(f"render.{FORMATS[form]}")
    if write.__name__ != "draw":
        return cast(str, write(result, options))
    shown = RESULTS[kind_of(result)]
    path = (shown.comment if form == "markdown" else "") or shown.page
    return cast(str, write(found(f"render.pages.{path}")(result, options), options))


def kind_of(result: Any) -> str:
    """The kind of a result's document."""
    return str(result.schema.removeprefix("marginctl.").partition("/")[0])


def found(path: str) -> Any:
    """What stands at a path in the package."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(f"marginctl.{module}"), name)
