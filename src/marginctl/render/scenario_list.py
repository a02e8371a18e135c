"""The built-in scenarios: what moved, when, and who published it."""

from collections.abc import Sequence

from marginctl.render.screen import INDENT, Block, draw, line, paragraph, shower
from marginctl.render.stress_document import moves_text
from marginctl.results import BuiltIn, Options, Verbosity

HINT = (
    "Days, not forecasts. `marginctl stress FILE --builtin NAME` runs one of them, `--builtin all` every one; "
    "scenarios of your own stand under `scenarios:` in the file."
)
SOURCES_HINT = "-v adds the sources."


def render_scenarios(rows: Sequence[BuiltIn], options: Options) -> str:
    """One paragraph per scenario; the sources as well where everything is asked for."""
    blocks: list[Block] = [line("Built-in scenarios", "bold")]
    for row in rows:
        blocks += [line(), *_scenario(row, options)]
    hint = HINT if options.verbosity is Verbosity.VERBOSE else f"{HINT} {SOURCES_HINT}"
    return draw([*blocks, line(), *paragraph(hint, options.width, style="dim")], options)


def _scenario(row: BuiltIn, options: Options) -> list[Block]:
    show = shower(options)
    blocks: list[Block] = [((f"{INDENT}{row.name}", "bold"), (f"  {row.date.isoformat()}  ", "dim"))]
    hang = line(INDENT * 2)
    blocks += paragraph(show(moves_text(row.scenario)), options.width, lead=((INDENT * 2, "cyan"),), style="cyan")
    blocks += paragraph(show(f"{row.title}. {row.note}"), options.width, lead=hang)
    if options.verbosity is Verbosity.VERBOSE:
        for source in row.sources:
            text = ", ".join(filter(None, (source.publisher, source.title, source.date, source.reference)))
            blocks += paragraph(show(text), options.width, lead=hang, style="dim")
    return blocks
