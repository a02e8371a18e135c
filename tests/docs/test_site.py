"""The site: every page is in its navigation, and every link leads somewhere, here and on a code host."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from marginctl.cli.html_report import PICTURES
from marginctl.limits.rules import RULES
from marginctl.render import FORMATS

from . import generate
from .prose import PROSE
from .reference import GROUPS
from .shown import ROOT, commands
from .walk import TUTORIALS, again

DOCS = ROOT / "docs"
SITE = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
PAGES = sorted(DOCS.rglob("*.md"))
TEXTS = [ROOT / "README.md", ROOT / "SECURITY.md", *PAGES]
FENCED = re.compile(r"^```.*?^```$", flags=re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!!)\[(?:[^\]\\]|\\.)*\]\(<?([^)>\s]+)>?\)")
SCHEME = re.compile(r"[a-z]+:")


def entries(nav: Any) -> Iterator[str]:
    """The pages of a navigation, from top to bottom."""
    for one in nav if isinstance(nav, list) else nav.values():
        yield from [one] if isinstance(one, str) else entries(one)


def anchors(page: Path) -> set[str]:
    """Where links into a page may lead: its headings as a code host names them, and anchors that are written."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    found: list[str] = []
    for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        found.append(slug if slug not in found else f"{slug}-{found.count(slug)}")
    return {*found, *re.findall(r'<a id="([^"]+)"', text)}


def links(page: Path) -> list[str]:
    """The links of a page to what is here."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    prose = re.sub(r"`[^`\n]*`", "", text)
    return [target for target in LINK.findall(prose) if not SCHEME.match(target)]


def test_every_page_is_in_the_navigation_once_and_nothing_else() -> None:
    listed = list(entries(SITE["nav"]))
    assert sorted(listed) == sorted(page.relative_to(DOCS).as_posix() for page in PAGES)


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_every_link_leads_to_a_file_and_an_anchor_that_exist(page: Path) -> None:
    for target in links(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target
        assert page not in PAGES or file.is_relative_to(DOCS), f"{target}: the site has no page of it"


def calls(page: Path) -> Iterator[list[str]]:
    """The words behind `marginctl` wherever a page has it, in a line of a block or between marks."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    blocks = "\n".join(re.findall(r"^```(?:sh|console|yaml)\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE))
    marked = re.findall(r"`(marginctl [^`]+)`", FENCED.sub("", text))
    for line in [*blocks.splitlines(), *(" ".join(one.split()) for one in marked)]:
        for call in re.findall(r"(?:^\$ |^|run: |[;|] ?|- )marginctl ([^;|#]+)", line.strip()):
            yield call.split()


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_every_command_on_a_page_has_the_flags_that_it_is_given(page: Path) -> None:
    known = commands()
    for words in calls(page):
        name = next((one for one in (" ".join(words[:2]), words[0]) if one in known), "check")
        flags = {flag for one in known[name].params for flag in (*one.opts, *one.secondary_opts)}
        given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert given - {"--help", "-h", "--version", "--install-completion"} <= flags, " ".join(words)
        assert words[0] in {one.split()[0] for one in known} or not re.fullmatch("[a-z][a-z-]*", words[0]), words


def test_what_is_written_is_all_that_there_is_of_a_kind() -> None:
    for group in GROUPS.values():
        (folder,) = {Path(path).parent for path in group.pages}
        assert sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / folder).iterdir()) == sorted(group.pages)


def test_an_address_of_a_limit_from_before_it_had_a_page_still_leads_to_it() -> None:
    assert {f"{rule.code.lower()}-{rule.name}" for rule in RULES} <= anchors(DOCS / "reference/limits.md")


def test_every_format_picture_and_example_is_one_of_the_program() -> None:
    assert list(PROSE.formats) == list(FORMATS)
    assert list(PROSE.pictures) == list(PICTURES)
    known = commands()
    assert set(PROSE.commands) <= set(known)
    for name, told in PROSE.commands.items():
        assert all((DOCS / f"{guide}.md").exists() for guide in told.guides), name
        assert told.example is None or told.example.line.startswith(name), name


def test_every_tutorial_is_walked_through() -> None:
    assert set(TUTORIALS) <= set(generate.PAGES)


@pytest.mark.parametrize("page", TUTORIALS)
def test_every_number_that_a_tutorial_speaks_of_stands_in_one_of_its_blocks(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    said = re.sub(r"`[^`\n]*`|\]\([^)]*\)|\bMC\d+|\d{4}-\d\d-\d\d", "", FENCED.sub("", text))
    shown = "".join(FENCED.findall(text)).replace(",", "")
    for number in re.findall(r"\d[\d,.]*\d|\d", said):
        assert re.search(rf"(?<![\d.]){re.escape(number.replace(',', ''))}(?![\d]|\.0*[1-9])", shown), number


PRINTED = "one\ntwo\nthree\nfour\nfive\n"


@pytest.mark.parametrize(
    ("shown", "now"),
    [
        pytest.param("one\nold\n[...]\n", "one\ntwo\n[...]\n", id="from its first line on"),
        pytest.param("[...]\nfour\nold\n", "[...]\nfour\nfive\n", id="the end"),
        pytest.param("one\n[...]\nthree\nx\n[...]\n", "one\n[...]\nthree\nfour\n[...]\n", id="two stretches"),
        pytest.param("gone\n[...]\n", "one\n[...]\n", id="a first line that is no more"),
        pytest.param("one\n", PRINTED, id="all of it"),
        pytest.param("", PRINTED, id="where nothing was printed"),
    ],
)
def test_what_is_left_out_stays_left_out(shown: str, now: str) -> None:
    assert again(shown, PRINTED) == now
