"""A policy with who asks for what, and the tests of a policy with what differs."""

from collections.abc import Iterator

from marginctl.findings import Location
from marginctl.render import Options, Verbosity
from marginctl.render.page import (
    Column,
    ColumnKind,
    DataTable,
    Items,
    Page,
    Problems,
    Section,
    Sentence,
    Span,
    Tone,
    dim,
    names,
    numbers,
    page,
    section,
    texts,
)
from marginctl.render.pages.head import answered
from marginctl.results import Verdict
from marginctl.results.policy_results import CaseResult, CasesResult, ExpectedFinding, PolicyResult
from marginctl.wording import counted

STANDING_TONES = {"counts": Tone.GOOD, "weaker": Tone.DIM, "off": Tone.WARN}
STANDING_HINT = (
    "counts: the strictest of all files; weaker: holds too, beside a stricter one; instead: of the limit for all in "
    "its own file; off: asks for nothing, and takes nothing from other files. Others have their defaults."
)
RUN_HINT = "- expected and not found, + found and not expected"


def policy_page(result: PolicyResult, _: Options) -> Page:
    """What is wrong with the files, or every limit with its file and line, scenarios, rule sets and waivers."""
    if result.problems:
        count = counted(len(result.problems), "problem")
        return page([answered(Verdict.ERROR, f"no policy: {count}."), Section(blocks=(Problems(result.problems),))])
    sections = [answered(Verdict.PASS, f"{counted(len(result.files), 'file')}, {_content(result)}.")]
    files = Items(texts=result.files, mark="- ") if len(result.files) > 1 else None
    return page([*sections, section("Files, all of them hold", files), _limits(result), *_others(result)])


def _content(result: PolicyResult) -> str:
    return f"{counted(len(result.limits), 'limit')}, {counted(len(result.scenarios), 'scenario')}"


def _limits(result: PolicyResult) -> Section | None:
    rows = result.limits
    if not rows:
        return None
    tones = [STANDING_TONES.get(one.standing, Tone.PLAIN) for one in rows]
    columns = (
        texts("code", [one.code for one in rows]),
        texts("limit", [one.key or one.name for one in rows], priority=8),
        texts("for", [one.subject for one in rows]),
        texts("", [one.standing for one in rows], tones=tones, priority=1),
        names("set by", [_place(one.location) for one in rows]),
        texts("warn", [one.warn for one in rows]),
        Column(title="fail", cells=[one.fail for one in rows], kind=ColumnKind.PROSE),
    )
    return section("Limits", DataTable(columns), dim(STANDING_HINT))


def _place(where: Location) -> str:
    return f"{where.file}:{where.line}" if where.line else where.file


def _others(result: PolicyResult) -> Iterator[Section | None]:
    if result.scenarios:
        found = [(one.name, one.shocks) for one in result.scenarios]
        shown = (names("name", [name for name, _ in found]), texts("moves", [moves for _, moves in found]))
        yield section("Scenarios", DataTable(shown))
    for one in result.venues:
        yield section("Rule sets that count", Sentence(text=", ".join(one.venues) or "none"), note=one.file)
    if result.waivers:
        rows = result.waivers
        columns = (
            texts("code", [one.code for one in rows]),
            names("subject", [one.subject or "all" for one in rows]),
            texts("until", [one.until for one in rows]),
            texts("", ["expired" if one.expired else "" for one in rows], tones=[Tone.WARN] * len(rows)),
            names("set by", [_place(one.location) for one in rows], priority=1),
            Column(title="reason", cells=[one.reason for one in rows], kind=ColumnKind.PROSE),
        )
        yield section("Waivers", DataTable(columns))


def cases_page(result: CasesResult, options: Options) -> Page:
    """The verdict, what differs test by test, and how often each limit was tested."""
    summary = result.summary
    word = {0: Verdict.PASS, 1: Verdict.FAIL}.get(summary.exit_code, Verdict.ERROR)
    more = [f"{count} {what}" for count, what in ((summary.failed, "failed"), (summary.not_run, "not run")) if count]
    tally = ", ".join([f"{summary.passed} of {counted(summary.cases, 'test')} passed", *more])
    unread = f"no test was run, {counted(len(result.problems), 'problem')}"
    head = answered(word, f"{tally if result.cases else unread}.")
    if options.verbosity is Verbosity.QUIET and word is Verdict.PASS:
        return ()
    shown = [one for one in result.cases if not one.passed]
    wrong = Section(blocks=(Problems(result.problems),)) if result.problems else None
    listed = _all(result) if options.verbosity is Verbosity.VERBOSE else None
    sections = [head, wrong, listed, *(_case(one) for one in shown)]
    if shown:
        sections.append(Section(blocks=(dim(RUN_HINT),)))
    return page([*sections, _coverage(result) if options.statistics or not shown else None])


def _all(result: CasesResult) -> Section | None:
    """Every test with what became of it."""
    rows = result.cases
    words = ["passed" if one.passed else "FAILED" if one.is_run else "not run" for one in rows]
    columns = (
        texts("", words, tones=[Tone.GOOD if one.passed else Tone.BAD for one in rows]),
        names("test", [one.name for one in rows]),
        names("at", [_place(one.location) for one in rows], priority=1),
    )
    return section("Tests", DataTable(columns)) if rows else None


def _case(one: CaseResult) -> Section:
    place = _place(one.location)
    blocks = (Problems(one.outcome.problems),) if not one.is_run else (Items(texts=tuple(differences(one))),)
    return Section(heading=one.name, note=Span(f"{place}, {one.portfolio}", Tone.DIM), blocks=blocks)


def differences(one: CaseResult) -> Iterator[str]:
    """What differs, a line each."""
    if one.expected_exit not in (None, one.exit_code):
        yield f"- exit code {one.expected_exit}"
        yield f"+ exit code {one.exit_code}"
    for row in one.missing:
        yield f"- {_row(row)}"
    for row in one.unexpected:
        yield f"+ {_row(row)}"


def _row(row: ExpectedFinding) -> str:
    lead = " ".join(filter(None, (row.code, row.subject, row.severity)))
    return f"{lead}: {row.message}" if row.message else lead


def _coverage(result: CasesResult) -> Section | None:
    """How many tests broke and kept each limit of the policies; those that none broke are not tested."""
    rules = result.rules
    if not rules:
        return None
    columns = (
        texts("code", [one.code for one in rules]),
        names("limit", [one.name for one in rules]),
        numbers("broken", [str(one.broken or "") for one in rules]),
        numbers("kept", [str(one.kept or "") for one in rules]),
        texts("", ["" if one.broken else "no test breaks it" for one in rules], tones=[Tone.WARN] * len(rules)),
    )
    return section("Limits of the policy", DataTable(columns), note="by how many tests each is broken, and kept")
