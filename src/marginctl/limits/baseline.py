"""A baseline: the breaches of yesterday, accepted as long as they are no worse.

A ratchet for a book that cannot meet its limits today. An entry is keyed by file, rule and subject, never by line. What
is worse than recorded, or not recorded, counts as ever; what has become better or is gone may be taken out, and never
comes back unnoticed. MC100 and the hygiene of waivers cannot be accepted.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from json import dumps

from msgspec import Struct
from msgspec.structs import replace

from marginctl import __version__
from marginctl.core.exact import Direction, rounded
from marginctl.document.kinds import SIGNED, TEXT, ListOf, words
from marginctl.document.record import Record, key, nested, optional, records
from marginctl.document.source import Source
from marginctl.findings import Check, Finding, Location, Problem, Severity, Status
from marginctl.limits.config import named, unknown_code
from marginctl.limits.engine import Evaluation
from marginctl.limits.rule import Comparison, Rule
from marginctl.limits.rules import BY_CODE, rule_of
from marginctl.wording import amount, trimmed

SCHEMA, FIRST = "marginctl.baseline/2", "marginctl.baseline/1"
"""What is written, and what is read as well: without `version`, `errors` and `summary`."""
UNUSED = "MC901"
MOST_DIGITS = 28
PLACES = 12
"""A figure with more than ``MOST_DIGITS`` digits is recorded with this many decimals, rounded to the worse side."""


class BaselineRow(Record, name="baseline_entry"):
    """A breach that is accepted while it is no worse."""

    file = key(TEXT, "the portfolio, relative to the folder of this file")
    code = key(TEXT, "the limit, such as MC102")
    subject = key(TEXT, "the pool, position, asset or scenario")
    value = optional(SIGNED, "the figure that is accepted; without it, any")
    limit = optional(SIGNED, "what the figure was compared with, where the limit is no threshold")


class BaselineSummary(Record, name="baseline_summary"):
    """What the file comes to."""

    entries = optional(SIGNED, "how many there are")
    exit_code = optional(SIGNED, "0: it was written")


class BaselineFile(Record, name="baseline"):
    """Breaches that are accepted while they are no worse."""

    format = key(words(SCHEMA, FIRST), "the format of this file", name="schema")
    version = optional(TEXT, "the version of marginctl that wrote this")
    entries = key(records(BaselineRow), "by file, code and subject")
    errors = optional(ListOf(TEXT), "none: a baseline is only written whole")
    summary = optional(nested(BaselineSummary), "not read")


class BaselineEntry(Struct, frozen=True):
    """One accepted breach. ``value`` None: the figure did not exist, or there is none."""

    code: str
    subject: str
    value: Decimal | None = None
    limit: Decimal | None = None
    location: Location = Location("")


def entries_of(baseline: BaselineFile, source: Source) -> tuple[dict[str, list[BaselineEntry]], list[Problem]]:
    """The entries of a baseline by file, and what is wrong with them."""
    found: dict[str, list[BaselineEntry]] = {}
    problems: list[Problem] = []
    for one in baseline.entries:
        problems += unknown_code(one.code, one.at(BaselineRow.code), source)
        entry = BaselineEntry(one.code, one.subject, one.value, one.limit, source.location(one.node))
        found.setdefault(one.file, []).append(entry)
    return found, problems


def against(evaluation: Evaluation, entries: Sequence[BaselineEntry]) -> Evaluation:
    """The evaluation with what the baseline accepts waived, what is worse saying so, and unused entries as notes."""
    known = {(entry.code, entry.subject): entry for entry in entries}
    judged = [_judged(finding, known) for finding in evaluation.findings]
    seen = {(finding.code, finding.subject) for finding in evaluation.findings}
    unused = [
        _unused(entry) for key, entry in known.items() if key not in seen and _could_judge(entry.code, evaluation)
    ]
    return _with(evaluation, [*judged, *unused])


def accepted(evaluation: Evaluation) -> Evaluation:
    """The evaluation with everything waived that a baseline can accept."""
    return against(evaluation, [entry_of(finding) for finding in evaluation.findings if is_acceptable(finding)])


def recorded(findings: Iterable[Finding]) -> list[BaselineEntry]:
    """The entries for what a baseline has accepted, at today's figures; of several with one key the worst."""
    worst: dict[tuple[str, str], BaselineEntry] = {}
    for finding in findings:
        if not finding.by_baseline:
            continue
        key, entry = (finding.code, finding.subject), entry_of(finding)
        if key not in worst or is_worse(rule_of(finding.code), finding, worst[key]):
            worst[key] = entry
    return [worst[key] for key in sorted(worst)]


def is_acceptable(finding: Finding) -> bool:
    """Whether a baseline may accept it: a breach that counts, of a limit that can be waived and could be judged."""
    return rule_of(finding.code).waivable and finding.severity is not Severity.NOTE and not finding.waived


def entry_of(finding: Finding) -> BaselineEntry:
    """The entry that accepts a finding as it stands."""
    rule = rule_of(finding.code)
    if rule.comparison is not Comparison.HOLDS:
        worse = Direction.UP if rule.comparison is Comparison.MAXIMUM else Direction.DOWN
        return BaselineEntry(finding.code, finding.subject, _short(finding.value, worse))
    beyond = finding.value is not None and finding.limit is not None and finding.value > finding.limit
    value = _short(finding.value, Direction.UP if beyond else Direction.DOWN)
    return BaselineEntry(finding.code, finding.subject, value, finding.limit)


def _short(value: Decimal | None, worse: Direction) -> Decimal | None:
    if value is None or len(value.as_tuple().digits) <= MOST_DIGITS:
        return value
    return rounded(value, PLACES, worse)


def is_worse(rule: Rule, finding: Finding, entry: BaselineEntry) -> bool:
    """Whether a figure is worse than the one recorded: further beyond, or gone; a fact: further from its own limit."""
    if entry.value is None:
        return False
    if finding.value is None:
        return True
    if rule.comparison is Comparison.MAXIMUM:
        return finding.value > entry.value
    if rule.comparison is Comparison.MINIMUM:
        return finding.value < entry.value
    if finding.limit is None or entry.limit is None:
        return finding.value != entry.value
    return abs(finding.value - finding.limit) > abs(entry.value - entry.limit)


def _judged(finding: Finding, known: dict[tuple[str, str], BaselineEntry]) -> Finding:
    entry = known.get((finding.code, finding.subject))
    if entry is None or not is_acceptable(finding):
        return finding
    rule = rule_of(finding.code)
    figure = "" if entry.value is None else f" with {amount(entry.value, rule.unit.value)}"
    if is_worse(rule, finding, entry):
        return replace(finding, message=f"{finding.message}; worse than in the baseline, which has it{figure}")
    return replace(finding, waived=True, by_baseline=True, reason=f"in the baseline{figure}")


def _could_judge(code: str, evaluation: Evaluation) -> bool:
    return code in evaluation.judged and UNUSED in evaluation.judged


def _unused(entry: BaselineEntry) -> Finding:
    rule = BY_CODE[UNUSED]
    return Finding(
        code=UNUSED,
        name=rule.name,
        severity=Severity.NOTE,
        message=f"the baseline's {entry.code} for {entry.subject} is no breach any more",
        location=entry.location,
        subject=entry.subject,
        remedy="write the baseline anew, so that it cannot come back unnoticed",
    )


def _with(evaluation: Evaluation, findings: list[Finding]) -> Evaluation:
    """The evaluation with these findings, and with the checks and ways that follow from them."""
    kept = {(finding.code, finding.subject) for finding in findings if not finding.waived}
    taken = {(finding.code, finding.subject) for finding in findings if finding.by_baseline} - kept
    return replace(
        evaluation,
        findings=tuple(findings),
        checks=tuple(_checks(evaluation.checks, taken)),
        ways=tuple(way for way in evaluation.ways if (way.code, way.subject) not in taken),
    )


def _checks(checks: Iterable[Check], taken: set[tuple[str, str]]) -> Iterator[Check]:
    for check in checks:
        broken = check.status in (Status.WARN, Status.FAIL)
        yield replace(check, status=Status.BASELINE) if broken and (check.code, check.subject) in taken else check


class Baseline(Struct, frozen=True):
    """The entries of a baseline by portfolio, whose names are relative to the folder of its file."""

    folder: str
    entries: dict[str, list[BaselineEntry]]

    def of(self, file: str) -> list[BaselineEntry]:
        """The entries of one portfolio."""
        return self.entries.get(named(file, self.folder), [])


def baseline_text(entries: dict[str, list[BaselineEntry]]) -> str:
    """One line per entry, by file, code and subject."""
    rows = [
        _row(file, entry)
        for file in sorted(entries)
        for entry in sorted(entries[file], key=lambda entry: (entry.code, entry.subject))
    ]
    lines = ",\n".join(f"    {row}" for row in rows)
    inner = f"\n{lines}\n  " if rows else ""
    head = f'"schema": "{SCHEMA}",\n  "version": "{__version__}"'
    summary = f'{{"entries": {len(rows)}, "exit_code": 0}}'
    return f'{{\n  {head},\n  "entries": [{inner}],\n  "errors": [],\n  "summary": {summary}\n}}\n'


def _row(file: str, entry: BaselineEntry) -> str:
    texts = {"file": file, "code": entry.code, "subject": entry.subject}
    cells = [f'"{name}": {dumps(text, ensure_ascii=False)}' for name, text in texts.items()]
    numbers = {"value": entry.value, "limit": entry.limit}
    cells += [f'"{name}": {trimmed(number)}' for name, number in numbers.items() if number is not None]
    return f"{{{', '.join(cells)}}}"
