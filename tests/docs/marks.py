"""Markdown that the written pages share."""

import re
from collections.abc import Iterable

NOTE = "<!-- Written by tests/docs/generate.py; edit what it reads instead. -->\n"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *(list(row) for row in rows)]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def code(text: str) -> str:
    """A name as it is typed; nothing for nothing."""
    return f"`{text}`" if text else ""


def outside_code(text: str, pattern: str, put: str) -> str:
    """A pattern replaced where the text is no code."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if at % 2 else re.sub(pattern, put, part) for at, part in enumerate(parts))
