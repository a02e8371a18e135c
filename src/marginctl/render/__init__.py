"""Results -> text. ``pages``: what is shown and in which order; ``formats``: how. Nothing here prints, opens or exits.

Formats for people draw any page; a format for machines is a module with ``render(run, options) -> str``. Only the one
that is asked for is imported.
"""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from marginctl.render.display import Options
from marginctl.results import Run

if TYPE_CHECKING:
    from marginctl.render.page import Page

FORMATS = ("table", "json", "jsonl", "csv", "markdown", "github", "gitlab", "sarif", "junit")
"""The formats of a check, in the order in which help texts list them."""
DRAWN = ("table", "markdown")
"""The formats that draw a page."""
ELSEWHERE = ("json", "jsonl")


def render(form: str, run: Run, options: Options | None = None) -> str:
    """A check in one of ``FORMATS``; empty or ending in a line break."""
    options = options or Options()
    if form == "table":
        from marginctl.render.pages.check import check_page

        return draw(form, check_page(run, options), options)
    if form == "markdown":
        from marginctl.render.pages.comment import comment_page

        return draw(form, comment_page(run, options.manual), options)
    room = __name__ if form in ELSEWHERE else f"{__name__}.formats"
    return cast(str, import_module(f"{room}.{form}").render(run, options))


def shown(
    form: str, options: Options, page: "Callable[[], Page]", document: Callable[[], dict[str, Any]], rows: str = ""
) -> str:
    """A result in one of ``DRAWN``, as ``json``, or as ``csv``: the ``rows`` of its document."""
    if form == "json":
        from marginctl.render.json import text_of

        return text_of(document())
    if form == "csv":
        from marginctl.render.formats.csv import rows_text

        return rows_text(document()[rows])
    return draw(form, page(), options)


def draw(form: str, page: "Page", options: Options) -> str:
    """A page in one of ``DRAWN``."""
    if form == "markdown":
        from marginctl.render.formats import markdown

        return markdown.draw(page)
    from marginctl.render.formats import screen

    return screen.draw(page, options)
