"""A page of HTML read back: strictly, as a browser does, and what has to hold of every one."""

import itertools
import re
from collections import Counter
from importlib.resources import files
from xml.etree.ElementTree import Element

import html5lib

SPACE = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"
ALLOWED_LINKS = re.compile(r"#|https?://")
RESOURCES = ("src", "srcset", "data", "poster", "background", "action", "formaction", "style")


def parsed(text: str) -> Element:
    """The document. Raises where a browser would have to guess."""
    root = html5lib.HTMLParser(strict=True, tree=html5lib.getTreeBuilder("etree")).parse(text)
    assert isinstance(root, Element)
    return root


def sound(text: str) -> Element:
    """The document, after all that holds of every page was looked at."""
    root = parsed(text)
    names = [each.tag.rpartition("}")[2] for each in root.iter() if isinstance(each.tag, str)]
    ids = Counter(each.get("id") for each in root.iter() if each.get("id"))
    assert not [name for name, count in ids.items() if count > 1]
    assert text.startswith("<!DOCTYPE html>\n")
    assert text.endswith("</html>\n")
    assert names.count("h1") == 1
    assert names.count("main") == 1
    levels = [int(name[1]) for name in names if re.fullmatch("h[1-6]", name)]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    for each in root.iter():
        keys = set(each.attrib)
        assert not keys & set(RESOURCES)
        assert not [key for key in keys if key.startswith("on")]
        assert ALLOWED_LINKS.match(each.get("href", "#"))
        if each.tag == f"{SPACE}a" and each.get("href", "").startswith("#"):
            assert ids[each.get("href", "")[1:]] == 1
    assert "link" not in names
    assert "img" not in names
    assert "iframe" not in names
    own = files("marginctl.render.formats").joinpath("page.js").read_text(encoding="utf-8")
    for script in root.iter(f"{SPACE}script"):
        assert script.get("type") == "application/json" or (script.text == own and not script.attrib)
    for table in root.iter(f"{SPACE}table"):
        assert table.find(f"{SPACE}caption") is not None
        widths = {len(row) for row in table.iter(f"{SPACE}tr")}
        assert len(widths) == 1
    for picture in root.iter(f"{SVG}svg"):
        _inside(picture)
    return root


def _inside(picture: Element) -> None:
    """Every place of a picture lies in its box, and it says in words what it shows."""
    _, _, width, height = map(float, picture.get("viewBox", "").split())
    assert picture.get("role") == "img"
    assert "".join(picture.itertext()).strip()
    assert [child.tag for child in picture][:2] == [f"{SVG}title", f"{SVG}desc"]
    for each in picture.iter():
        for key in ("x", "x1", "x2"):
            assert 0 <= float(each.get(key, "0")) <= width
        for key in ("y", "y1", "y2"):
            assert 0 <= float(each.get(key, "0")) <= height
        for place in each.get("points", "").split():
            x, y = map(float, place.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height


def words(root: Element) -> str:
    """What a reader sees, spaces made one."""
    return " ".join(" ".join(root.itertext()).split())


def table(root: Element, caption: str) -> list[list[str]]:
    """The rows of the first table of a caption, its head first."""
    for one in root.iter(f"{SPACE}table"):
        if "".join(one.find(f"{SPACE}caption").itertext()) == caption:  # type: ignore[union-attr]
            return [["".join(cell.itertext()).strip() for cell in row] for row in one.iter(f"{SPACE}tr")]
    raise AssertionError(f"no table {caption}")
