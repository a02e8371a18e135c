"""Results -> text. ``pages``: what is shown and in which order; ``formats``: how. Nothing here prints, opens or exits.

A format is one row of ``FORMATS`` and a function: ``draw(page, options)`` where people read it, or else
``render(result, options)``. A result is one row of ``RESULTS``. Only what is asked for is imported.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple, cast

from msgspec.structs import replace

from marginctl.render.display import Options

FORMATS = {
    "table": "formats.screen.draw",
    "json": "json.render",
    "jsonl": "json.render_lines",
    "csv": "formats.csv.render",
    "markdown": "formats.markdown.draw",
    "html": "formats.html.draw",
    "github": "formats.github.render",
    "gitlab": "formats.gitlab.render",
    "sarif": "formats.sarif.render",
    "junit": "formats.junit.render",
}
"""Every format and its function, in the order in which help texts list them."""
OF_CHECKS = frozenset(("jsonl", "github", "gitlab", "sarif", "junit"))
"""Formats of findings, which only a check has."""
TABLES = ("csv=positions", "csv=accounts", "csv=other", "csv=limits", "csv=findings")
"""What ``csv`` of a check may have as its rows; alone it means the first."""
COMMON = tuple(form for form in FORMATS if form not in OF_CHECKS)
"""The formats of every result."""


class ResultKind(NamedTuple):
    """A kind of result: its class, the function that makes its page, and those of formats that have another one."""

    result: str
    page: str
    others: Mapping[str, str] = {}


RESULTS = {
    "report": ResultKind(
        "results.Run", "check.check_page", {"markdown": "comment.comment_page", "html": "overview.check_overview"}
    ),
    "stress": ResultKind("results.StressResult", "stress.stress_page"),
    "what-if": ResultKind("results.WhatIfResult", "what_if.what_if_page"),
    "headroom": ResultKind("results.headroom_result.HeadroomResult", "headroom.headroom_page"),
    "compare": ResultKind("results.comparison.CompareResult", "compare.compare_page"),
    "explain": ResultKind("results.explanation.ExplainResult", "explain.explain_page"),
    "scenarios": ResultKind("results.catalogue.ScenarioList", "catalogue.scenarios_page"),
    "venues": ResultKind("venues.catalogue.RuleSetList", "catalogue.venues_page"),
    "rule-set": ResultKind("venues.catalogue.RuleSetResult", "venue.venue_page"),
    "contract": ResultKind("venues.catalogue.ContractResult", "venue.contract_page"),
    "refresh": ResultKind("venues.refresh.RefreshResult", "refresh.refresh_page"),
    "import": ResultKind("reconciliation.ImportResult", "reconcile.reconcile_page"),
    "rules": ResultKind("results.catalogue.RuleList", "catalogue.rules_page"),
    "rule": ResultKind("results.catalogue.RuleResult", "catalogue.rule_page"),
    "refusal": ResultKind("findings.Refusal", "catalogue.refusal_page"),
}
"""By the kind of document, ``marginctl.KIND/1``: what ``marginctl schema`` knows it by."""


def render(form: str, result: Any, options: Options | None = None) -> str:
    """A result in one of ``FORMATS``, other than a check in one of ``COMMON``; empty or ending in a line break.

    A check also in one of ``TABLES``.
    """
    options = options or Options()
    form, _, table = form.partition("=")
    if table:
        options = replace(options, table=table)
    write = found(f"render.{FORMATS[form]}")
    if write.__name__ != "draw":
        return cast(str, write(result, options))
    return cast(str, write(page_of(form, result, options), options))


def fragment(result: Any) -> str:
    """A result as HTML to stand in a page of somebody else's, without a style of its own."""
    options = Options()
    return cast(str, found("render.formats.html.fragment")(page_of("html", result, options), options))


def page_of(form: str, result: Any, options: Options) -> Any:
    """The page of a result as a format has it."""
    shown = RESULTS[kind_of(result)]
    path = shown.others.get(form, shown.page)
    return found(f"render.pages.{path}")(result, options)


def kind_of(result: Any) -> str:
    """The kind of a result's document."""
    return str(result.schema.removeprefix("marginctl.").partition("/")[0])


def found(path: str) -> Any:
    """What stands at a path in the package."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(f"marginctl.{module}"), name)
