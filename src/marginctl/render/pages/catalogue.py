"""What is bundled: the rule sets, the limits, the manual of one limit, the scenarios."""

from collections.abc import Callable, Iterable, Sequence

from marginctl.findings import Refusal
from marginctl.render import Options, Verbosity
from marginctl.render.page import (
    Block,
    Column,
    ColumnKind,
    DataTable,
    Facts,
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
from marginctl.results.catalogue import BuiltIn, RuleEntry, RuleList, RuleResult, ScenarioList, SettingList
from marginctl.venues.catalogue import RuleSetEntry, RuleSetList
from marginctl.wording import capitalized, moves_text

STALE_DAYS = 180
"""Days after which a rule set's date is called old: the default of the limit on it."""
STATUS_TONES = {"verified": Tone.GOOD, "partial": Tone.WARN, "unverified": Tone.LOSS}
LIMIT_HINT = "`marginctl rule CODE` shows what a limit checks, why, with an example"
VENUE_HINT = "`marginctl venue NAME` shows one of them"
COMPLETE_HINT = (
    "complete: with margin rates and contract size; haircuts: those known of BTC, ETH, SOL, USDC, - where none counts"
)
SCENARIO_HINT = (
    "Days, not forecasts. `marginctl stress FILE --builtin NAME` runs one of them, `--builtin all` every one; "
    "scenarios of your own stand under `scenarios:` in the file."
)
SETTINGS_HINT = (
    "Flags win over variables, these over the file; policies add up. `marginctl policy check FILE` resolves limits."
)
SOURCES_HINT = "-v adds the sources."


def is_stale(one: RuleSetEntry) -> bool:
    """Whether the date of a rule set is older than ``STALE_DAYS``."""
    return one.age_days is not None and one.age_days > STALE_DAYS


def count_text(count: int | None) -> str:
    """How many contracts; ``any`` where every symbol is read."""
    return "any" if count is None else f"{count:,}"


def complete_text(one: RuleSetEntry) -> str:
    """How many contracts need neither tiers nor a size from the portfolio."""
    return "" if one.complete is None else f"{one.complete:,}"


def haircuts_text(known: Sequence[str] | None) -> str:
    """Which of the usual collateral needs no haircut from the portfolio."""
    return "-" if known is None else " ".join(known) or "none"


def status_column(statuses: Sequence[str]) -> Column:
    """How far each row may be trusted."""
    return texts("status", statuses, priority=1, tones=[STATUS_TONES[status] for status in statuses])


def venues_page(result: RuleSetList, _: Options) -> Page:
    """Every rule set with its modes, one mode to a row, and which of them are old."""
    listed = result.venues
    rows = [(one, mode) for one in listed for mode in one.rule_set.modes]
    modes = [mode for one in listed for mode in one.modes]
    firsts = [mode is one.rule_set.modes[0] for one, mode in rows]
    old = [Tone.WARN if is_stale(one) else Tone.PLAIN for one, _ in rows]

    def first(text: Callable[[RuleSetEntry], str]) -> list[str]:
        return [text(one) if is_first else "" for (one, _), is_first in zip(rows, firsts, strict=True)]

    columns = (
        texts("name", first(lambda one: one.rule_set.name)),
        texts("mode", [mode.collateral_mode.value for _, mode in rows], priority=1),
        status_column([mode.status.value for _, mode in rows]),
        texts("as of", first(lambda one: one.rule_set.as_of or "no date"), priority=2, tones=old),
        numbers("contracts", first(lambda one: count_text(one.contracts)), priority=3),
        numbers("complete", first(complete_text), priority=4),
        texts("haircuts", [haircuts_text(one.haircuts) for one in modes], priority=5),
        names("title", first(lambda one: one.rule_set.title), priority=9),
        names("file", first(lambda one: one.file), priority=8),
    )
    stale = [one.rule_set.name for one in listed if is_stale(one)]
    warning = dim(f"older than {STALE_DAYS} days, compare with the venue's pages: {', '.join(stale)}")
    notes = [dim(COMPLETE_HINT), *([warning] if stale else []), dim(VENUE_HINT)]
    return page([section("Rule sets", DataTable(columns), *notes, note="the first mode of each is its default")])


def bullets(heading: str, items: Iterable[str]) -> Section | None:
    """Texts behind dashes below a heading; nothing without texts."""
    found = tuple(items)
    return section(heading, Items(texts=found, mark="- "), is_prose=True) if found else None


def rules_page(result: RuleList, _: Options) -> Page:
    """Every limit in one table."""
    rules = result.rules
    columns = (
        texts("code", [one.code for one in rules]),
        texts("name", [one.name for one in rules]),
        texts("key in limits:", [one.key for one in rules], priority=8),
        texts("default", [one.default_text for one in rules], priority=1),
        texts("severity", [one.severity or "" for one in rules], priority=1),
        Column(title="what", cells=[one.summary for one in rules], kind=ColumnKind.PROSE),
    )
    return page([section("Limits", DataTable(columns), dim(LIMIT_HINT))])


def rule_page(result: RuleResult, _: Options) -> Page:
    """One limit: its settings, then its manual."""
    rule = result.rule.entry
    head = Section(
        heading=f"{rule.code} {rule.name}",
        blocks=(Sentence(text=rule.summary, tone=Tone.DIM),),
        is_title=True,
        is_prose=True,
    )
    paragraphs = [" ".join(text.split()) for text in rule.manual.strip().split("\n\n")]
    return page([head, Section(blocks=(Facts(rows=_settings(rule)),)), *_manual(paragraphs)])


def _settings(rule: RuleEntry) -> tuple[tuple[str, str], ...]:
    return (
        ("key", f"`limits: {{{rule.key}: ...}}`" if rule.key else "none: it cannot be configured"),
        ("default", _default(rule)),
        ("waivers", "count" if rule.waivable else "do not count"),
    )


def _default(rule: RuleEntry) -> str:
    if rule.severity is None:
        return "off"
    grade = f"{_article(rule.severity)} {rule.severity}"
    if rule.always:
        return f"always {grade}; it cannot be switched off"
    side = {"maximum": " above it", "minimum": " below it"}.get(rule.comparison, "")
    text = f"{rule.default_text}: {grade}{side}" if rule.default_text else grade
    stricter = rule.policy_severity
    return f"{text}; under a policy {_article(stricter)} {stricter}" if stricter else text


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _manual(paragraphs: Sequence[str]) -> Iterable[Section]:
    """A section for every paragraph that begins like ``Why:``; the others are indented below it."""
    for text in paragraphs:
        lead, colon, rest = text.partition(":")
        if not colon or not lead[:1].isupper() or len(lead.split()) > 3:
            yield Section(blocks=(Sentence(text=text, depth=1),), is_prose=True)
        else:
            yield Section(heading=f"{lead}:", blocks=(Sentence(text=capitalized(rest.strip())),), is_prose=True)


def scenarios_page(result: ScenarioList, options: Options) -> Page:
    """The built-in scenarios: what moved, when, and who published it."""
    is_full = options.verbosity is Verbosity.VERBOSE
    hint = SCENARIO_HINT if is_full else f"{SCENARIO_HINT} {SOURCES_HINT}"
    parts = [_scenario(row, is_full=is_full) for row in result.scenarios]
    return page([Section(heading="Built-in scenarios", is_title=True), *parts, Section(blocks=(dim(hint),))])


def _scenario(row: BuiltIn, *, is_full: bool) -> Section:
    blocks: list[Block] = [
        Sentence(text=moves_text(row.scenario), tone=Tone.LABEL),
        Sentence(text=f"{row.title}. {row.note}"),
    ]
    blocks += [dim(source.text) for source in row.sources if is_full]
    return Section(heading=row.name, note=Span(row.date.isoformat(), Tone.DIM), blocks=tuple(blocks))


def refusal_page(result: Refusal, _: Options) -> Page:
    """Why a command did not begin."""
    return (Section(blocks=(Problems(result.problems),)),)


def settings_page(result: SettingList, _: Options) -> Page:
    """Every setting with its value and who says so."""
    rows = result.settings
    columns = (
        texts("setting", [one.name for one in rows]),
        texts("from", [one.place or one.origin for one in rows]),
        texts("flag", [one.flag for one in rows], priority=8),
        texts("variable", [one.variable for one in rows], priority=9),
        Column(title="value", cells=[one.value for one in rows], kind=ColumnKind.PROSE),
    )
    note = result.file or "no marginctl.yaml, and no [tool.marginctl] in a pyproject.toml"
    return page([section("Settings", DataTable(columns), dim(SETTINGS_HINT), note=note)])
