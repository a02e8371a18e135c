"""A page of HTML read back: strictly, as a browser does, and what has to hold of every one."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from xml.etree.ElementTree import Element

import html5lib

from marginctl.render.formats.svg_axes import NARROWEST, room_of

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
        if picture.get("role") == "img":
            _inside(picture)
    return root


def _inside(picture: Element) -> None:
    """What is drawn lies in its box, words in the picture and apart at its least width; it says what it shows."""
    assert picture.get("width") == "100%"
    assert [child.tag for child in picture][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert all("".join(child.itertext()).strip() for child in picture[:2])
    drawn = picture.find(f"{SVG}svg")
    assert drawn is not None
    _, _, width, height = map(float, drawn.get("viewBox", "").split())
    for each in drawn.iter():
        corner = [float(each.get(key, "0")) for key in ("x", "y")] if each is not drawn else [0.0, 0.0]
        size = [float(each.get(key, "0")) for key in ("width", "height")] if each is not drawn else [0.0, 0.0]
        assert 0 <= corner[0] <= corner[0] + size[0] <= width + 1
        assert 0 <= corner[1] <= corner[1] + size[1] <= height
        for place in each.get("points", "").split():
            x, y = map(float, place.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height
    boxes = sorted(_boxes(picture, float(NARROWEST)))
    for left, top, right, bottom in boxes:
        assert -0.5 <= left <= right <= float(NARROWEST) + 0.5
        assert 0 <= top <= bottom <= float(picture.get("height", "0"))
    for one, other in itertools.combinations(boxes, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] + 0.1 or other[3] <= one[1] + 0.1


def _boxes(picture: Element, width: float) -> Iterator[tuple[float, float, float, float]]:
    """Left, top, right and bottom of every text, at a width of the picture."""
    for holder in picture.iter(f"{SVG}g"):
        for text in holder.findall(f"{SVG}text"):
            anchor = text.get("text-anchor") or holder.get("text-anchor") or "start"
            shown = (text[-1].tail or "") if len(text) else (text.text or "")
            room, x, y = float(room_of(shown)), text.get("x", "0%"), float(text.get("y", ""))
            at = float(x.removesuffix("%")) / 100 * width + float(text.get("dx", "0"))
            left = at - {"start": 0.0, "middle": room / 2, "end": room}[anchor]
            yield left, y - 11, left + room, y + 3


def words(root: Element) -> str:
    """What a reader sees, spaces made one."""
    return " ".join(" ".join(root.itertext()).split())


def table(root: Element, caption: str) -> list[list[str]]:
    """The rows of the first table of a caption, its head first."""
    for one in root.iter(f"{SPACE}table"):
        if "".join(one.find(f"{SPACE}caption").itertext()) == caption:  # type: ignore[union-attr]
            return [["".join(cell.itertext()).strip() for cell in row] for row in one.iter(f"{SPACE}tr")]
    raise AssertionError(f"no table {caption}")
