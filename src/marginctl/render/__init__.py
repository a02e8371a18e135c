"""Results -> text. ``pages``: what is shown and in which order; ``formats``: how. Nothing here prints, opens or exits.

A format is one row of ``FORMATS`` and a function: ``draw(page, options)`` where people read it, or else
``render(result, options)``. A result is one row of ``RESULTS``. Only what is asked for is imported.
"""

from collections.abc import Mapping
from enum import Enum
from importlib import import_module
from typing import Any, NamedTuple, TypeAlias, cast

from msgspec import Struct, field
from msgspec.structs import replace


class RuleText(Struct, frozen=True):
    """A rule in the words of its manual: ``short`` is one line, ``help`` the whole text.

    unit: what its value and limit are measured in: fraction, multiple, days, or empty for a plain number.
    """

    name: str
    short: str
    help: str
    unit: str = ""


Manual: TypeAlias = Mapping[str, RuleText]
"""Code of a rule -> its text."""


class Verbosity(Enum):
    """QUIET: findings and verdict; NORMAL: what a trader reads; VERBOSE: every limit, assumption and source."""

    QUIET = "quiet"
    NORMAL = "normal"
    VERBOSE = "verbose"


class Options(Struct, frozen=True, kw_only=True):
    """How the text is wanted; formats for machines read ``manual`` and what to leave out only.

    width: columns of the terminal, None = as wide as it gets; ascii: the output cannot show anything else; manual:
    code -> text of its rule. notes: a code host (github, gitlab, sarif) gets notes too; sarif_waived: SARIF gets
    waived findings too. depth: levels of a tree that are open, None = what fits two screens. title: of a page, empty
    = what it is about; data: with its documents; script: with what a reader may do on it; pictures: names of those
    that are wanted, None = all. kind: of the result, for a page without a head; names: that people gave. rule_pages:
    where the pages of the rules stand, see ``paths.rule_page``; empty = nowhere. table: which rows of a check CSV
    has. statistics: how often each rule was broken.
    """

    width: int | None = None
    color: bool = False
    ascii: bool = False
    verbosity: Verbosity = Verbosity.NORMAL
    manual: Manual = field(default_factory=dict)
    notes: bool = False
    sarif_waived: bool = False
    depth: int | None = None
    statistics: bool = False
    title: str = ""
    data: bool = False
    script: bool = False
    pictures: frozenset[str] | None = None
    rule_pages: str = ""
    table: str = ""
    kind: str = ""
    names: frozenset[str] = frozenset()


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
    """A kind of result: its class, the function that makes its page, and those of formats that have another one.

    ``writers``: of formats that draw no page of it, and write another document than that of a check.
    """

    result: str
    page: str
    others: Mapping[str, str] = {}
    writers: Mapping[str, str] = {}


RESULTS = {
    "report": ResultKind(
        "results.Run", "check.check_page", {"markdown": "comment.comment_page", "html": "overview.check_overview"}
    ),
    "stress": ResultKind("results.StressResult", "stress.stress_page", {"html": "stress.stress_pictured"}),
    "what-if": ResultKind("results.WhatIfResult", "what_if.what_if_page"),
    "headroom": ResultKind("results.headroom_result.HeadroomResult", "headroom.headroom_page"),
    "compare": ResultKind("results.comparison.CompareResult", "compare.compare_page", {"html": "compare.pictured"}),
    "book-summary": ResultKind("results.book_summary.BookResult", "book_page.book_page"),
    "book-stress": ResultKind("results.stressed_book.BookStressResult", "book_scenarios.book_scenarios_page"),
    "explain": ResultKind("results.explanation.ExplainResult", "explain.explain_page"),
    "scenarios": ResultKind("results.catalogue.ScenarioList", "catalogue.scenarios_page"),
    "venues": ResultKind("venues.catalogue.RuleSetList", "catalogue.venues_page"),
    "rule-set": ResultKind("venues.catalogue.RuleSetResult", "venue.venue_page"),
    "contract": ResultKind("venues.catalogue.ContractResult", "venue.contract_page"),
    "refresh": ResultKind("venues.refresh.RefreshResult", "refresh.refresh_page"),
    "import": ResultKind("results.reconciliation.ImportResult", "reconcile.reconcile_page"),
    "rules": ResultKind("results.catalogue.RuleList", "catalogue.rules_page"),
    "rule": ResultKind("results.catalogue.RuleResult", "catalogue.rule_page"),
    "resolved-policy": ResultKind("results.policy_results.PolicyResult", "policy.policy_page"),
    "policy-test": ResultKind(
        "results.policy_results.CasesResult", "policy.cases_page", writers={"junit": "formats.junit_cases.render"}
    ),
    "settings": ResultKind("results.catalogue.SettingList", "catalogue.settings_page"),
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
    kind = RESULTS.get(kind_of(result))
    write = found(f"render.{kind.writers.get(form, FORMATS[form]) if kind else FORMATS[form]}")
    if write.__name__ != "draw":
        return cast(str, write(result, options))
    options = replace(options, kind=kind_of(result), names=_names(form, result))
    return cast(str, write(page_of(form, result, options), options))


def fragment(result: Any) -> str:
    """A result as HTML to stand in a page of somebody else's, without a style of its own."""
    options = Options(names=_names("html", result))
    return cast(str, found("render.formats.html.fragment")(page_of("html", result, options), options))


def _names(form: str, result: Any) -> frozenset[str]:
    """Those that a page of HTML sets apart."""
    return cast("frozenset[str]", found("render.given_names.names_of")(result)) if form == "html" else frozenset()


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
