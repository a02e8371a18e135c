"""The tree of a page and its text: every word of a page goes in here and comes out as a word, never as mark-up."""

import re
from xml.etree.ElementTree import Element, tostring

from marginctl.document.source import printable

_RUN = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff"
_LEFTWARD = re.compile(f"([{_RUN}](?:[^\n]*[{_RUN}])?)")
_DRAWN = re.compile("></(?:path|rect|polyline)>")
_IMPLIED = re.compile("</(?:td|th|tr|thead|tbody|li|dt|dd)>")
LONGEST = 40
"""Characters of a name that are shown; the whole is its title."""


def tag(name: str, /, *children: "Element | str | None", **attributes: str) -> Element:
    """An element; ``class_`` is class, ``aria_label`` is aria-label. Texts are made printable."""
    made = Element(name, {key.rstrip("_").replace("_", "-"): printable(value) for key, value in attributes.items()})
    for child in children:
        add(made, child)
    return made


def add(parent: Element, child: "Element | str | None") -> None:
    """Append an element, or a text behind what is there already."""
    if isinstance(child, Element):
        parent.append(child)
    elif child:
        _add_text(parent, printable(child))


def _add_text(parent: Element, text: str) -> None:
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def verbatim(name: str, text: str, /, **attributes: str) -> Element:
    """An element whose text stands as it is, line breaks too: a style sheet, a block of data."""
    made = tag(name, **attributes)
    made.text = text
    return made


def name_of(text: str, most: int = LONGEST) -> Element:
    """A name that somebody gave: apart from the direction of what is around it, cut in the middle if it is long."""
    shown = printable(text)
    if len(shown) <= most:
        return tag("bdi", shown)
    half = (most - 1) // 2
    return tag("bdi", f"{shown[: most - 1 - half]}…{shown[-half:]}", title=shown)


def told(text: str) -> list["Element | str"]:
    """A sentence, what runs from right to left in it apart from what is around it, as a name in it may."""
    parts = _LEFTWARD.split(text)
    return [tag("bdi", part) if at % 2 else part for at, part in enumerate(parts) if part]


def html_of(made: Element) -> str:
    """The text of an element as HTML, without the end tags that HTML implies: a table is a fourth of them."""
    return _IMPLIED.sub("", _DRAWN.sub("/>", tostring(made, encoding="unicode", method="html")))
