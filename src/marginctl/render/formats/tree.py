"""The tree of a page and its text: every word of a page goes in here and comes out as a word, never as mark-up."""

import re
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, tostring

from marginctl.document.source import printable

_RUN = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff"
_LEFTWARD = re.compile(f"([{_RUN}](?:[^\n]*[{_RUN}])?)")
_DRAWN = re.compile("></(?:path|rect|polyline|line)>")
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


_PLAIN = re.compile(f"[A-Za-z0-9:_./@+ -]{{1,{LONGEST}}}")
_CODE = re.compile("`((?! )[^`]+(?<! ))`")
_KEPT = frozenset(("bdi", "svg", "script", "style", "pre", "code", "button"))


def set_apart(root: Element, names: Iterable[str] = ()) -> None:
    """Make names and words of code of what stands in sentences as such, and set apart what runs from right to left.

    A name is one of ``names``, or known by the ``bdi`` that it has elsewhere on the page; it is set apart where it is
    long or not of plain letters.
    """
    known = {one.get("title") or one.text or "" for one in root.iter("bdi")} | set(map(printable, names))
    odd = sorted((name for name in known if name and not _PLAIN.fullmatch(name)), key=lambda name: (-len(name), name))
    pattern = re.compile(f"({'|'.join(map(re.escape, odd))})") if odd else None
    _split(root, pattern)


def _split(made: Element, odd: "re.Pattern[str] | None") -> None:
    if made.tag in _KEPT:
        return
    children = list(made)
    for child in children:
        _split(child, odd)
    texts = [made.text or "", *(child.tail or "" for child in children)]
    if not any(_LEFTWARD.search(text) or _CODE.search(text) or (odd and odd.search(text)) for text in texts):
        return
    made[:] = []
    made.text = None
    for text, after in zip(texts, [[one] for one in children] + [[]], strict=True):
        for at, piece in enumerate(odd.split(text) if odd else [text]):
            for part in [name_of(piece)] if at % 2 else _worded(piece):
                add(made, part)
        for child in after:
            child.tail = None
            made.append(child)


def _worded(text: str) -> Iterator["Element | str"]:
    """A sentence, what stands in it between backticks as code."""
    for at, piece in enumerate(_CODE.split(text)):
        yield from [tag("code", *told(piece))] if at % 2 else told(piece)


def html_of(made: Element) -> str:
    """The text of an element as HTML, without the end tags that HTML implies: a table is a fourth of them."""
    return _IMPLIED.sub("", _DRAWN.sub("/>", tostring(made, encoding="unicode", method="html")))
