"""The pages of ``docs/reference`` that there are one of each: rules, venues, commands, formats, pictures."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

from tests.docs.marks import NOTE, code, outside_code, table
from tests.docs.prose import PROSE, Command, Example
from tests.docs.shown import ROOT, commands, printed, screen

from marginctl.cli.html_report import PICTURES
from marginctl.limits.format import NARROWER
from marginctl.limits.rule import Comparison, Rule, Unit
from marginctl.limits.rules import RULES
from marginctl.render import FORMATS
from marginctl.venues.loader import bundled
from marginctl.wording import amount

FOLDER = "docs/reference"
SECTIONS = {"MC1": "Limits", "MC2": "Data", "MC9": "Waivers and baseline"}
LEAD = re.compile(r"^([A-Z][a-z]+(?: [a-z]+){0,2}:) ", flags=re.MULTILINE)
Page = Callable[[], str]
UNDATED = "2000-01-01"
"""A day on which no rule set is old: its age is that of the day on which the page is read."""


def limits_page() -> str:
    """Every rule in a line, with the anchor under which its manual once stood here."""
    parts = ["# Limits, one by one\n", NOTE]
    parts.append("How they are set, for whom, and what waives them: [limits](../limits.md).\n")
    for start, title in SECTIONS.items():
        rules = [rule for rule in RULES if rule.code.startswith(start)]
        heads = ("limit", "what", "key", "not configured")
        rows = ((_anchored(rule), rule.summary, code(rule.key), _default(rule)) for rule in rules)
        parts += [f"## {title}\n", table(heads, rows)]
    return "\n".join(parts)


def _anchored(rule: Rule) -> str:
    return f'<a id="{rule.code.lower()}-{rule.name}"></a>[{rule.code}](rules/{rule.code}.md) {rule.name}'


def _default(rule: Rule) -> str:
    if rule.default_severity is None:
        return "off"
    side = {Comparison.MAXIMUM: "above ", Comparison.MINIMUM: "below ", Comparison.HOLDS: ""}[rule.comparison]
    bound = f" {side}{amount(rule.default, rule.unit.value)}" if rule.default is not None else ""
    return f"{rule.default_severity.value}{bound}"


def rule_page(rule: Rule) -> str:
    """A rule: how it is set, and its manual, with links to the rules that it names."""
    manual = LEAD.sub(r"**\1** ", rule.manual.strip())
    linked = outside_code(manual, rf"\b(?!{rule.code})({'|'.join(one.code for one in RULES)})\b", r"[\1](\1.md)")
    parts = [f"# {rule.code} {rule.name}\n", NOTE, f"{rule.summary[:1].upper()}{rule.summary[1:]}.\n"]
    settings = "".join(f"- {setting}\n" for setting in _settings(rule))
    return "\n".join([*parts, settings, f"{linked}\n"])


def _settings(rule: Rule) -> Iterator[str]:
    said = printed(f"rule {rule.code} --format markdown")
    yield from re.findall(r"^- ((?:key|default|waivers): .*)$", _with_code(said), flags=re.MULTILINE)
    if rule.unit is not Unit.NONE:
        yield f"unit: {rule.unit.value}"
    narrow = [
        f"`{part}: {key}`" for part, keys in NARROWER.items() for key, (codes, _) in keys.items() if rule.code in codes
    ]
    if narrow:
        yield f"[narrower](../../limits.md#for-one-position-purpose-or-underlying): {', '.join(narrow)}"


def venue_page(name: str) -> str:
    """What `marginctl venue NAME` says, as a page."""
    text = printed(f"venue {name} --format markdown --today {UNDATED}")
    heading, title, dated, rest = text.removeprefix("### ").split("\n\n", 3)
    body = re.sub(r"^#### ", "## ", _with_code(rest), flags=re.MULTILINE)
    told = f"{title}: {dated}. The [table of all](../venues.md) says what the words mean.\n"
    return "\n".join([f"# {heading}\n", NOTE, told, body])


def _with_code(said: str) -> str:
    """What the program says in Markdown, which escapes all marks, with its code as code."""
    return re.sub(r"\\`(.+?)\\`", lambda found: "`" + re.sub(r"\\(.)", r"\1", found[1]) + "`", said)


def commands_page() -> str:
    """Every command in a line."""
    rows = ((f"[{name}](commands/{_file(name)})", _first(one)) for name, one in commands().items())
    told = "`marginctl COMMAND --help` says the same. [Exit codes](exit-codes.md) are those of all of them.\n"
    return "\n".join(["# Commands\n", NOTE, told, table(("command", "does"), rows)])


def _file(name: str) -> str:
    return f"{name.replace(' ', '-')}.md"


def _first(command: Any) -> str:
    return " ".join((command.help or "").strip().split("\n\n")[0].split())


def command_page(name: str) -> str:
    """A command: what it does, how it is called, its flags, an example."""
    command = commands()[name]
    context = command.context_class(command, info_name=f"marginctl {name}")
    told = [" ".join(text.split()) for text in (command.help or "").strip().split("\n\n")]
    usage = f"marginctl {name} {' '.join(command.collect_usage_pieces(context))}"
    parts = [f"# marginctl {name}\n", NOTE, *(f"{text}\n" for text in told), f"```text\n{usage}\n```\n"]
    about = PROSE.commands.get(name, Command())
    guides = about.guides or [name] * (ROOT / f"docs/{name}.md").exists()
    if guides:
        parts.append(f"More about it: {', '.join(f'[{_title(one)}](../../{one}.md)' for one in guides)}.\n")
    if about.example:
        parts += ["## Example\n", _screen(about.example)]
    return "\n".join([*parts, *_flags(command, context)])


def _title(guide: str) -> str:
    return (ROOT / f"docs/{guide}.md").read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def _flags(command: Any, context: Any) -> Iterator[str]:
    for title, kind in (("Arguments", "argument"), ("Options", "option")):
        found = [one.get_help_record(context) for one in command.params if one.param_type_name == kind]
        rows = [(_spellings(one[0]), one[1].replace("<", "&lt;")) for one in found if one]
        if rows:
            yield f"## {title}\n"
            yield table((kind, "is" if kind == "argument" else "does"), rows)


def _spellings(flag: str) -> str:
    """The spellings of a flag, the value behind the last."""
    return ", ".join(map(code, re.split(r", (?=-)| / (?=-)", flag)))


def formats_page() -> str:
    """Every format in a line."""
    rows = ((f"[{name}](formats/{name}.md)", one.whom) for name, one in PROSE.formats.items())
    told = (
        "`--format FORMAT` goes to standard output; `check` writes others beside it, each with "
        "`--output FORMAT=FILE`. The exit code never depends on the format.\n"
    )
    return "\n".join(["# Formats\n", NOTE, told, table(("format", "for"), rows)])


def format_page(name: str) -> str:
    """A format: for whom, what it holds, an example."""
    one = PROSE.formats[name]
    whose = ", ".join(f"[{each}](../commands/{_file(each)})" for each in _offering(name))
    parts = [f"# {name}\n", NOTE, f"For {one.whom}. Offered by {whose}.\n", f"{one.holds}\n"]
    return "\n".join([*parts, *([_screen(one.example)] if one.example else [])])


def _offering(form: str) -> Iterator[str]:
    """The commands whose help for `--format` names it."""
    for name, command in commands().items():
        for one in command.params:
            if "--format" in one.opts and re.search(rf"\b{form}\b", one.help or ""):
                yield name


def pictures_page() -> str:
    """Every picture in a line."""
    rows = ((f"[{name}](pictures/{name}.md)", one.shows, one.where) for name, one in PROSE.pictures.items())
    told = (
        "[`marginctl report`](../report.md) and `--format html` draw them, each above a table of its figures. The "
        "terminal draws them too, in blocks, or in ASCII where it has none: `check --plot NAME,...`, and `stress "
        "--plot NAME,...` those of moves as well.\n"
    )
    return "\n".join(["# Pictures\n", NOTE, told, table(("name", "shows", "drawn for"), rows)])


def picture_page(name: str) -> str:
    """A picture: what it shows, how it is read, an example as the terminal draws it."""
    one = PROSE.pictures[name]
    shown = f"Shows {one.shows}. Drawn for: {one.where}.\n"
    parts = [f"# {name}\n", NOTE, shown, "## How to read it\n", f"{one.read}\n", "## Example\n"]
    return "\n".join([*parts, _screen(one.example)])


def _screen(one: Example) -> str:
    return screen(one.line, one.start, one.end, one.most)


def _each(kind: str, names: Iterable[str], page: Callable[[str], str]) -> dict[str, Page]:
    return {f"{FOLDER}/{kind}/{_file(name)}": partial(page, name) for name in names}


class Group(NamedTuple):
    """A section of the site: the page that comes first, what writes it if that is done here, and a page of each."""

    first: str
    index: Page | None
    pages: dict[str, Page]


GROUPS = {
    "Commands": Group("commands.md", commands_page, _each("commands", commands(), command_page)),
    "Limits": Group(
        "limits.md",
        limits_page,
        {f"{FOLDER}/rules/{rule.code}.md": partial(rule_page, rule) for rule in RULES},
    ),
    "Venues": Group("venues.md", None, _each("venues", bundled(), venue_page)),
    "Formats": Group(
        "formats.md", formats_page, _each("formats", [one for one in FORMATS if one in PROSE.formats], format_page)
    ),
    "Pictures": Group("pictures.md", pictures_page, _each("pictures", PICTURES, picture_page)),
}
PAGES = {
    path: page
    for group in GROUPS.values()
    for path, page in {**({f"{FOLDER}/{group.first}": group.index} if group.index else {}), **group.pages}.items()
}


def sections() -> dict[str, list[str]]:
    """The pages by section of the site, in their order."""
    return {title: [f"{FOLDER}/{group.first}", *group.pages] for title, group in GROUPS.items()}
