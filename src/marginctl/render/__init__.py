"""Report | Findings -> text, one module per format. Nothing here prints, opens or exits.

Every format module has ``render(run, options) -> str``; ``render`` below finds it by the format's name and imports only
that one.
"""

from importlib import import_module
from typing import cast

from marginctl.results import Options, Run

FORMATS = {
    "table": "marginctl.render.table",
    "json": "marginctl.render.json",
    "jsonl": "marginctl.render.jsonl",
    "csv": "marginctl.render.csv",
    "markdown": "marginctl.render.markdown",
    "github": "marginctl.render.github",
    "gitlab": "marginctl.render.gitlab",
    "sarif": "marginctl.render.sarif",
    "junit": "marginctl.render.junit",
}
"""Format name -> module, in the order in which help texts list them."""


def render(form: str, run: Run, options: Options | None = None) -> str:
    """The run in the format ``form``, a key of ``FORMATS`` (else ``KeyError``); empty or ending in a line break."""
    return cast(str, import_module(FORMATS[form]).render(run, options or Options()))
