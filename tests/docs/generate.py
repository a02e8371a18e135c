"""Writes what can be derived: `docs/reference`, what tutorials print, the navigation of the site, the man page.

``--check`` only says what would change.

python tests/docs/generate.py [--check]
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [path for path in (str(ROOT), str(ROOT / "src")) if path not in sys.path]

from tests.docs import reference  # noqa: E402
from tests.docs.marks import NOTE, code, table  # noqa: E402
from tests.docs.shown import commands  # noqa: E402
from tests.docs.walk import TUTORIALS, walked  # noqa: E402
from typer.main import get_command  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from marginctl import __version__  # noqa: E402
from marginctl.analysis.configuration import ConfigFile  # noqa: E402
from marginctl.analysis.policy_cases import CasesFile  # noqa: E402
from marginctl.books.header_format import BookFile  # noqa: E402
from marginctl.cli import entry as program  # noqa: E402
from marginctl.cli.app import DEFAULT, app  # noqa: E402
from marginctl.document.kinds import AnyOf, Choice, Kind, ListOf, MapOf  # noqa: E402
from marginctl.document.record import Nested, Shape  # noqa: E402
from marginctl.limits.baseline import BaselineFile  # noqa: E402
from marginctl.limits.format import PolicyFile  # noqa: E402
from marginctl.portfolio.assets import Link  # noqa: E402
from marginctl.portfolio.assets import bundled as links  # noqa: E402
from marginctl.portfolio.format import PortfolioFile  # noqa: E402
from marginctl.render.json_schema import report_schema as document_schema  # noqa: E402
from marginctl.venues.loader import bundled  # noqa: E402
from marginctl.venues.origin import TRUST_DOC  # noqa: E402

EXITS = {
    program.OK: "checked; nothing at or above `--fail-on` (default `error`)",
    program.BROKEN_LIMIT: "checked; at least one finding at or above `--fail-on`",
    program.NOT_CHECKED: "not checked: bad flags, a file that cannot be read or is invalid, an unknown venue or "
    "contract, a missing price or rate, a limit that a file sets and that cannot be evaluated; outranks 1 among "
    "several files",
    program.DEFECT: "a defect of marginctl itself; it says where, and asks for a report",
    program.INTERRUPTED: "ended by Ctrl-C before anything was checked",
}


def portfolio_page() -> str:
    """The keys of the files that a user writes."""
    parts = ["# The files, key by key\n", NOTE]
    parts.append(
        "`marginctl schema portfolio` and `marginctl schema policy` print the same as JSON Schemas for "
        "[editors](../editor.md). Numbers are exact; a rate is a percentage (`10%`) or a fraction (`0.1`).\n"
    )
    seen: dict[str, Shape[Any]] = {}
    for title, shape in (
        ("A portfolio", PortfolioFile.layout),
        ("A policy", PolicyFile.layout),
        ("A configuration", ConfigFile.layout),
        ("Tests of a policy", CasesFile.layout),
        ("A baseline", BaselineFile.layout),
        ("The header of a book", BookFile.layout),
    ):
        parts.append(f"## {title}\n")
        parts += _shape(shape)
        for found in _nested(shape):
            if found.name not in seen:
                seen[found.name] = found
                parts.append(f"### {_title(found)}\n")
                parts += _shape(found)
    return "\n".join(parts)


def _title(shape: Shape[Any]) -> str:
    return shape.name.replace("_", " ")


def _shape(shape: Shape[Any]) -> Iterator[str]:
    if shape.doc:
        yield f"{shape.doc}.\n" if not shape.doc.endswith(".") else f"{shape.doc}\n"
    rows = ((code(key.name) + (" \\*" if key.required else ""), _kind(key.kind), key.doc) for key in shape.keys)
    yield table(("key", "value", "is"), rows)
    if any(key.required for key in shape.keys):
        yield "\\* required\n"


def _kind(kind: Kind[Any]) -> str:
    if isinstance(kind, Nested):
        return f"[{_title(kind.shape)}](#{kind.shape.name.replace('_', '-')})"
    if isinstance(kind, ListOf):
        return f"list of {_kind(kind.item)}"
    if isinstance(kind, MapOf):
        return f"name: {_kind(kind.value)}"
    if isinstance(kind, AnyOf):
        return ", or ".join(map(_kind, kind.kinds))
    if isinstance(kind, Choice):
        return ", ".join(map(code, kind.options))
    return kind.expects()


def _nested(shape: Shape[Any]) -> Iterator[Shape[Any]]:
    """The shapes below one, in the order of the keys that lead to them."""
    for key in shape.keys:
        for found in _shapes(key.kind):
            yield found
            yield from _nested(found)


def _shapes(kind: Kind[Any]) -> list[Shape[Any]]:
    if isinstance(kind, Nested):
        return [kind.shape]
    if isinstance(kind, ListOf):
        return _shapes(kind.item)
    if isinstance(kind, MapOf):
        return _shapes(kind.value)
    return [found for one in kind.kinds for found in _shapes(one)] if isinstance(kind, AnyOf) else []


def report_page() -> str:
    """The keys of the JSON report, from its schema."""
    schema = document_schema()
    parts = ["# The JSON report, key by key\n", NOTE]
    parts.append(
        "`--format json` is one document; `jsonl` is one report per line, or a line with `errors` for a file that "
        "could not be checked. All keys always exist unless said otherwise; `null` is unknown or does not exist, never "
        "0. Numbers carry their exact decimal text. `marginctl schema report` prints the schema.\n"
    )
    parts += ["## The document\n", *_object(schema, "")]
    for name, definition in schema["definitions"].items():
        parts += [f"## {name}\n", *_object(definition, "")]
    return "\n".join(parts)


def _object(schema: dict[str, Any], path: str) -> Iterator[str]:
    rows = [(code(path + name), _type(one), one.get("description", "")) for name, one in schema["properties"].items()]
    yield table(("key", "type", "is"), rows)
    for name, one in schema["properties"].items():
        inner = one.get("items", one)
        if "properties" in inner:
            below = f"{path}{name}{'[]' if 'items' in one else ''}."
            yield from _object(inner, below)


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if "const" in schema:
        return code(schema["const"])
    if "enum" in schema:
        return ", ".join(code("null" if value is None else str(value)) for value in schema["enum"])
    if "type" not in schema:
        return "any"
    if schema["type"] == "array":
        return f"list of {_type(schema['items'])}"
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(kinds)


def assets_page() -> str:
    """The bundled list of assets that belong together."""
    parts = ["# Assets that belong together\n", NOTE]
    parts.append("The bundled list; `assets:` in a portfolio stands before it ([assets](../assets.md)).\n")
    rows = (
        (asset, one.follows or "a stablecoin", _ratio(one), one.as_of, one.source) for asset, one in links().items()
    )
    parts.append(table(("asset", "follows", "ratio", "as of", "source"), rows))
    return "\n".join(parts)


def _ratio(link: Link) -> str:
    return f"{link.ratio:f}" if link.ratio is not None else "" if not link.follows else "not fixed"


def exits_page() -> str:
    """What the program ends with."""
    parts = ["# Exit codes\n", NOTE, table(("code", "means"), ((str(number), text) for number, text in EXITS.items()))]
    parts.append(
        "The same in every format. A file that could not be read never looks clean and never prints figures.\n"
    )
    return "\n".join(parts)


def venues_page() -> str:
    """What each bundled rule set states, and the published examples that the engine reproduces."""
    parts = ["# Venues\n", NOTE]
    parts.append(
        "The bundled rule sets; `marginctl venue NAME` shows what its page does. *Partial* and *unverified* are meant: "
        "what is not published is asked for, never guessed.\n"
    )
    heads = ("rule set", "is", "as of", "modes", "contracts")
    parts.append(table(heads, (_venue(_told(name)) for name in bundled())))
    parts += ["What stands behind a figure on their pages:\n"]
    parts += ["".join(f"- {re.sub('^[a-z, ]+', lambda word: f'*{word[0]}*', one)}\n" for one in TRUST_DOC.split("; "))]
    parts += ["## Worked examples\n", *_examples()]
    return "\n".join(parts)


def _told(name: str) -> dict[str, Any]:
    """What the program itself says about a rule set."""
    told = CliRunner().invoke(app, ["venue", name, "--format", "json"])
    return dict(json.loads(told.stdout, parse_float=Decimal))


def _venue(told: dict[str, Any]) -> list[str]:
    return [
        f"[{told['name']}](venues/{told['name']}.md)",
        told["title"],
        code(told["as_of"]) or "-",
        "<br>".join(f"{mode['collateral_mode']}: {mode['status']}" for mode in told["modes"]),
        "any" if told["contracts"] is None else str(told["contracts"]),
    ]


def _examples() -> Iterator[str]:
    from tests.examples.not_met import ENTRIES, KINDS
    from tests.examples.test_examples import ALL, MET

    met = {entry.id for entry in MET}
    counts = {
        venue: Counter(one.id in met for one in ALL if one.venue == venue) for venue in sorted({e.venue for e in ALL})
    }
    yield (
        "Published and recorded figures of venues and engines, each computed in the tests and compared within the "
        "tolerance of its source.\n"
    )
    rows = [(venue, str(count[True]), str(count[False])) for venue, count in counts.items()]
    yield table(("source", "reproduced", "not computed"), [*rows, ("all", str(len(MET)), str(len(ALL) - len(MET)))])
    yield "Not computed, and why:\n"
    reasons = Counter(KINDS.get(one.kind) or ENTRIES[one.id] for one in ALL if one.id not in met)
    yield table(("examples", "reason"), [(str(count), reason) for reason, count in reasons.most_common()])


def man_page() -> str:
    """The manual in roff, from the commands themselves."""
    group = get_command(app)
    parts = [f'.TH MARGINCTL 1 "" "marginctl {__version__}" "User Commands"', ".SH NAME"]
    parts += [r"marginctl \- exact margin of cross-collateralised crypto-futures accounts", ".SH SYNOPSIS"]
    parts += [
        ".B marginctl",
        r"\fICOMMAND\fR [\fIOPTIONS\fR] ...",
        ".SH DESCRIPTION",
        roff(group.help or ""),
        ".SH COMMANDS",
    ]
    for name, command in commands(group).items():
        parts += [*_command(name, command)]
        for below, inner in commands(command).items() if hasattr(command, "list_commands") else ():
            parts += [*_command(f"{name} {below}", inner)] if below != DEFAULT else []
    parts += [".SH EXIT STATUS"]
    for number, text in EXITS.items():
        parts += [".TP", rf"\fB{number}\fR", roff(text.replace("`", ""))]
    parts += [".SH ENVIRONMENT"]
    for name, text in ENVIRONMENT.items():
        parts += [".TP", rf"\fB{roff(name)}\fR", roff(text)]
    parts += [
        ".SH SEE ALSO",
        roff("marginctl COMMAND --help, marginctl rules, marginctl rule CODE, marginctl schema KIND"),
    ]
    return "\n".join(parts) + "\n"


ENVIRONMENT = {
    "NO_COLOR, FORCE_COLOR": "No colour, or colour also where the output is no terminal; --color outranks both.",
    "COLUMNS": "The width of tables at a terminal; --width outranks it.",
    "GITHUB_STEP_SUMMARY": "Where it is set, check appends its tables to the summary page of the job's step.",
    "MARGINCTL_KEY": "The setting KEY of a configuration, such as MARGINCTL_FAIL_ON: marginctl config lists them.",
    "GITHUB_WORKSPACE, CI_PROJECT_DIR": "The root that paths in the formats github, gitlab and sarif are relative to.",
}


def _command(name: str, command: Any) -> Iterator[str]:
    context = command.context_class(command, info_name=f"marginctl {name}")
    pieces = " ".join(command.collect_usage_pieces(context))
    yield from (".SS " + roff(f"marginctl {name} {pieces}"), *map(roff, _paragraphs(command.help or "")))
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record is not None:
            yield from (".TP", rf"\fB{roff(record[0])}\fR", roff(record[1]))


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.strip().split("\n\n")):
        if number:
            yield ".PP"
        yield " ".join(paragraph.split())


def roff(text: str) -> str:
    """Text that roff shows as it is; its own requests begin with a dot and stay."""
    if text == ".PP":
        return text
    shown = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{shown}" if shown[:1] in (".", "'") else shown


def brief_page() -> str:
    """Statements about margin with the lines that answer them."""
    from tests.docs.brief import page

    return page(NOTE)


def site() -> str:
    """The configuration of the site: as it is written down to the mark, then the pages of the reference."""
    above = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition(MARK)[0]
    return above + MARK + "".join(_navigation())


FILES = [f"docs/reference/{name}.md" for name in ("portfolio", "report", "assets", "exit-codes")]
MARK = "  # From here on written by tests/docs/generate.py.\n"


def _navigation() -> Iterator[str]:
    yield "  - Reference:\n"
    for title, pages in {"Files and documents": FILES, **reference.sections()}.items():
        yield f"      - {title}:\n"
        yield from (f"          - {path.removeprefix('docs/')}\n" for path in pages)


PAGES: dict[str, Callable[[], str]] = {
    "docs/brief.md": brief_page,
    "docs/reference/portfolio.md": portfolio_page,
    "docs/reference/report.md": report_page,
    "docs/reference/assets.md": assets_page,
    "docs/reference/exit-codes.md": exits_page,
    "docs/reference/venues.md": venues_page,
    **reference.PAGES,
    **{page: partial(walked, page) for page in TUTORIALS},
    "mkdocs.yml": site,
    "share/man/man1/marginctl.1": man_page,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` name those that are out of date (exit code 1)."""
    stale = [path for path, page in PAGES.items() if _text(ROOT / path) != page()]
    for path in stale:
        sys.stdout.write(f"{'out of date' if '--check' in arguments else 'written'}: {path}\n")
        if "--check" not in arguments:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(PAGES[path](), encoding="utf-8", newline="\n")
    return 1 if stale and "--check" in arguments else 0


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
