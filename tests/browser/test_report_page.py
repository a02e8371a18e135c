"""The report in a real browser: alone, silent, readable in every setting, nothing in the way of anybody."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from axe_core_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, Page
from tests.cli.running import TODAY, run

from marginctl.core.exact import exactly
from marginctl.wording import figure, figure_percent

PORTFOLIOS = Path(__file__).parents[2] / "portfolios"
BOOKS = [str(PORTFOLIOS / f"{name}.yaml") for name in ("12-five-positions", "16-scenarios", "17-near-liquidation")]
BLOCKED = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self'"
PICTURES = "What liquidates first", "From collateral to free collateral", "How far to liquidation"
SETTINGS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "scripts off": {"java_script_enabled": False},
    "large text": {"device_scale_factor": 2},
}


@pytest.fixture(scope="module")
def text() -> str:
    """The page of three accounts."""
    return run("report", *BOOKS, "--today", TODAY, "-o", "-").out


@pytest.fixture(scope="module")
def file(text: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(text, encoding="utf-8")
    return path.as_uri()


class Host(BaseHTTPRequestHandler):
    """A CI host that shows a page with scripts and inline styles forbidden."""

    page: ClassVar[bytes] = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", BLOCKED)
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def hosted(text: str) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Host,), {"page": text.encode()}))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/report.html"
    server.shutdown()
    thread.join()
    server.server_close()


def opened(browser: Browser, address: str, **settings: Any) -> tuple[Page, list[str], list[str]]:
    """The page, what it asked for, and what it said on the console."""
    page = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | settings).new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(address)
    return page, asked, said


@pytest.mark.parametrize("setting", SETTINGS)
def test_it_asks_for_nothing_and_says_nothing(setting: str, browser: Browser, file: str) -> None:
    page, asked, said = opened(browser, file, **SETTINGS[setting])
    assert (asked, said) == ([file], [])
    assert page.locator("h1").inner_text() == "3 accounts"
    for title in PICTURES:
        assert page.get_by_role("img", name=title).first.is_visible()
    assert page.locator("p", has_text="A fall of 2.90% liquidates").first.is_visible()
    page.context.close()


def test_a_host_that_forbids_scripts_and_styles_shows_all_of_it(browser: Browser, hosted: str) -> None:
    page, asked, _ = opened(browser, hosted)
    assert [one for one in asked if not one.endswith("favicon.ico")] == [hosted]
    for title in PICTURES:
        assert page.get_by_role("img", name=title).first.is_visible()
    assert page.locator("table").first.is_visible()
    page.context.close()


@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_never_scrolls_sideways(width: int, scheme: Any, browser: Browser, file: str) -> None:
    page, _, _ = opened(browser, file, viewport={"width": width, "height": 800}, color_scheme=scheme)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
    page.context.close()


COLOURS = ["color-contrast", "link-in-text-block"]
"""What of the rules about access depends on colours, which alone are others in the dark."""
TOLD = "({violations, passes}) => ({violations, passes: passes.map(one => one.id)})"


@pytest.mark.parametrize(("scheme", "only"), [("light", None), ("dark", COLOURS)], ids=["light", "dark"])
def test_a_checker_of_access_finds_nothing(scheme: Any, only: list[str] | None, browser: Browser, file: str) -> None:
    page, _, _ = opened(browser, file, color_scheme=scheme, bypass_csp=True)
    page.add_script_tag(path=AXE_FILE_PATH)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    asked = f"only => axe.run(only ? {{runOnly: only}} : {{}}).then({TOLD})"
    found = page.evaluate(asked, only)
    told = [(one["id"], one["help"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found["violations"]]
    assert told == [], json.dumps(told, indent=1)
    assert "color-contrast" in found["passes"]
    assert len(found["passes"]) > (0 if only else 20)
    page.context.close()


def test_the_keyboard_reaches_what_can_be_opened(browser: Browser, file: str) -> None:
    page, _, _ = opened(browser, file)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.tagName"))
    assert {"A", "SUMMARY", "DIV"} <= seen
    page.context.close()


def test_it_prints(browser: Browser, file: str) -> None:
    page, _, _ = opened(browser, file)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".skip").is_hidden()
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.context.close()


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_paper_has_a_margin_and_no_head_of_figures_alone_at_a_foot(paper: str, browser: Browser, file: str) -> None:
    """What keeps together is said by the sheet: heads with what they are of, pictures, rows; tables may go on."""
    page, _, _ = opened(browser, file)
    page.emulate_media(media="print")
    for what, key, value in (
        ("h2", "breakAfter", "avoid"),
        ("summary", "breakAfter", "avoid"),
        ("figcaption", "breakAfter", "avoid"),
        ("figure > svg", "breakInside", "avoid"),
        ("tr", "breakInside", "avoid"),
        ("tbody tr", "breakBefore", "avoid"),
        ("thead", "display", "table-header-group"),
    ):
        assert page.eval_on_selector(what, f"one => getComputedStyle(one).{key}") == value
    assert page.pdf(format=paper, prefer_css_page_size=True).startswith(b"%PDF")
    page.context.close()


FIVE = str(PORTFOLIOS / "12-five-positions.yaml")


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("single") / "report.html"
    path.write_text(run("report", FIVE, "--today", TODAY, "-o", "-").out, encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize(("key", "presses", "move"), [("ArrowLeft", 20, "-10%"), ("ArrowRight", 5, "2.5%")])
def test_the_slider_says_by_keyboard_what_a_shocked_check_says(
    key: str, presses: int, move: str, browser: Browser, single: str
) -> None:
    """Steps of half a percent, all assets but the stablecoin together: what ``--shock '*=-10%'`` computes."""
    page, asked, said = opened(browser, single)
    page.locator("#try-1 input").focus()
    for _ in range(presses):
        page.keyboard.press(key)
    told = page.locator("#try-1 output").inner_text()
    totals = run("check", FIVE, "--today", TODAY, "--shock", f"*={move}", "-f", "json").json()["reports"][0]["totals"]
    sign = "" if move.startswith("-") else "+"
    with exactly():
        equity, free, buffer = (figure(name, totals[name]) for name in ("equity", "free_collateral", "buffer"))
        ratio = figure_percent("maintenance_ratio", totals["maintenance_ratio"])
    expected = f"equity {equity}, free collateral {free}, buffer {buffer}, maintenance ratio {ratio}%"
    assert told == f"{sign}{move}: {expected}"
    assert page.locator("#try-1 input").get_attribute("aria-valuetext") == told
    assert (asked, said) == ([single], [])
    page.context.close()


def test_the_slider_says_where_it_is_liquidated(browser: Browser, single: str) -> None:
    """A fall of 31.31% liquidates: not at 31%, but at 31.5%."""
    page, _, _ = opened(browser, single)
    page.locator("#try-1 input").focus()
    for _ in range(62):
        page.keyboard.press("ArrowLeft")
    assert not page.locator("#try-1 output").inner_text().endswith("liquidated")
    page.keyboard.press("ArrowLeft")
    assert page.locator("#try-1 output").inner_text().endswith(", liquidated")
    page.context.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_the_pointer_over_the_curve_says_what_stands_below_it(width: int, browser: Browser, single: str) -> None:
    """Over the line of today it is 0%; beside the plot, over the names of its lines, nothing changes."""
    page, _, _ = opened(browser, single, viewport={"width": width, "height": 900})
    picture = page.locator("figure", has=page.locator("#try-1")).locator("svg[role=img]")
    picture.scroll_into_view_if_needed()
    box, plot = picture.bounding_box(), picture.locator("svg").evaluate("one => one.width.baseVal.value")
    assert box is not None
    page.mouse.move(box["x"] + plot / 2, box["y"] + 120)
    assert page.locator("#try-1 output").inner_text().startswith("0%: ")
    page.mouse.move(box["x"] + plot * 0.9, box["y"] + 120)
    moved = page.locator("#try-1 output").inner_text()
    assert moved.startswith("+")
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + 120)
    assert page.locator("#try-1 output").inner_text() == moved
    page.context.close()


def test_a_head_sorts_its_table(browser: Browser, single: str) -> None:
    page, _, _ = opened(browser, single)
    table = page.get_by_role("table", name="Positions, USD").first
    button = table.get_by_role("button", name="notional")
    button.focus()
    page.keyboard.press("Enter")
    shown = [one.split("\t")[0] for one in table.locator("tbody").inner_text().splitlines()]
    assert shown[-1] == "BTCUSDT"
    page.keyboard.press("Enter")
    shown = [one.split("\t")[0] for one in table.locator("tbody").inner_text().splitlines()]
    assert shown[0] == "BTCUSDT"
    assert table.locator("th[aria-sort=descending]").count() == 1
    page.context.close()


def test_without_scripts_there_is_no_control(browser: Browser, single: str) -> None:
    page, _, _ = opened(browser, single, java_script_enabled=False)
    assert page.locator("#try-1").is_hidden()
    assert page.locator("th button").count() == 0
    page.context.close()
