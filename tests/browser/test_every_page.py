"""The page of every command in a real browser, and a picture of each to be looked at.

``MARGINCTL_PICTURES=FOLDER`` keeps the pictures: light, dark, print, at 320, 768 and 1280 pixels. CI sets it.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.cli.running import TODAY, run

PORTFOLIOS = Path(__file__).parents[2] / "portfolios"
SIZES: dict[str, dict[str, Any]] = {
    "320-light": {"viewport": {"width": 320, "height": 640}},
    "320-dark": {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"},
    "768-dark": {"viewport": {"width": 768, "height": 900}, "color_scheme": "dark"},
    "1280-light": {"viewport": {"width": 1280, "height": 900}},
    "print": {"viewport": {"width": 794, "height": 1123}},
}
TALLEST = 12_000
"""Pixels of a picture that is kept."""
NASTY = "</script><script>alert(1)</script> \"'><img src=x onerror=alert(1)> a\u202eb \u05d0\u05d1\u05d2 " + "long" * 30
COINS = {"<svg/onload=alert(1)>": "long", "\u6bd4\u7279\u5e01" * 8: "short", "]]><!--": "long"}
HOSTILE = {
    "account": {"name": NASTY},
    "prices": {"BTC": 60000} | dict.fromkeys(COINS, 3),
    "collateral": [{"asset": "USDT", "amount": 5000}],
    "contracts": {f"{coin}USDT": {"base": coin, "quote": "USDT"} for coin in COINS},
    "positions": [
        {"symbol": f"{coin}USDT", "side": side, "quantity": 2000, "entry_price": 2, "leverage": 5}
        | {"maintenance_rate": "1%"}
        for coin, side in COINS.items()
    ],
    "scenarios": [
        {"name": NASTY, "shocks": {coin: "-90%" if side == "long" else "90%" for coin, side in COINS.items()}}
    ],
}
PAGES: dict[str, tuple[str, ...]] = {
    "check": ("check", str(PORTFOLIOS / "12-five-positions.yaml"), "--today", TODAY),
    "stress": ("stress", str(PORTFOLIOS / "16-scenarios.yaml"), "--cascade", "--grid", "BTC,ETH", "--today", TODAY),
    "what-if": ("what-if", str(PORTFOLIOS / "09-two-silos.yaml"), "--deposit", "USDT=1000", "--today", TODAY),
    "headroom": ("headroom", str(PORTFOLIOS / "03-cross-margin.yaml"), "--today", TODAY),
    "compare": ("compare", str(PORTFOLIOS / "12-five-positions.yaml"), "--today", TODAY),
    "explain": ("explain", str(PORTFOLIOS / "05-haircuts.yaml"), "totals.equity"),
    "venue": ("venue", "bybit", "--today", TODAY),
    "rule": ("rule", "MC102"),
    "policy": ("policy", "check", "policy.yaml"),
    "book": ("book", "check", "book/accounts", "--header", "book/header.yaml", "--today", TODAY),
    "hostile": ("report", "hostile.yaml", "--today", TODAY, "-o", "-"),
    "refused": ("report", "refused.yaml", str(PORTFOLIOS / "03-cross-margin.yaml"), "--today", TODAY, "-o", "-"),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The address of the page of a name; its inputs stand beside it."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "policy.yaml").write_text("schema: marginctl.policy/1\nlimits: {max_utilization: 60%, max_leverage: 5}\n")
    (folder / "hostile.yaml").write_text(json.dumps(HOSTILE), encoding="utf-8")
    (folder / "refused.yaml").write_text("account: {name: torn}\npositions: [{symbol: BTCUSDT, levarage: 10}]\n")

    def page(name: str) -> str:
        path = folder / f"{name}.html"
        if not path.exists():
            if name == "book":
                assert run("book", "sample", "40", "-o", str(folder / "book")).code == 0
            words = [str(folder / one) if "/" in one or one.endswith(".yaml") else one for one in PAGES[name]]
            ran = run(*words, *(() if words[0] == "report" else ("--format", "html")))
            assert ran.out.startswith("<!DOCTYPE html>"), ran.errors
            path.write_text(ran.out, encoding="utf-8")
        return path.as_uri()

    return page


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_silent_and_never_wider_than_its_screen(
    name: str, size: str, browser: Browser, written: Callable[[str], str]
) -> None:
    address = written(name)
    page = browser.new_context(**SIZES[size]).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: said.append(request.url) if request.url != address else None)
    page.goto(address)
    if size == "print":
        page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["viewport"]["width"]
    assert page.evaluate(OUTSIDE) == []
    assert said == []
    _kept(page, f"{name}-{size}.png")
    page.context.close()


OUTSIDE = """[...document.querySelectorAll('svg[role=img]')].flatMap(picture => {
  const words = [...picture.querySelectorAll('text')].filter(one => one.getClientRects().length);
  const room = picture.getBoundingClientRect(), boxes = words.map(one => one.getBoundingClientRect());
  const text = (one) => picture.querySelector('title').textContent + ': ' + one.textContent;
  const out = words.filter((one, n) => boxes[n].left < room.left - 1 || boxes[n].right > room.right + 1);
  const met = words.filter((one, n) => boxes.some((other, k) => k < n && boxes[n].left < other.right - 1
    && other.left < boxes[n].right - 1 && boxes[n].top < other.bottom - 4 && other.top < boxes[n].bottom - 4));
  return [...out, ...met].map(text);
})"""
"""Words of a picture that leave it or meet others, as the browser has drawn them."""

FOLDER = os.environ.get("MARGINCTL_PICTURES")


def _kept(page: Page, name: str) -> None:
    if FOLDER:
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
        height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
        width = page.evaluate("window.innerWidth")
        clip: Any = {"x": 0, "y": 0, "width": width, "height": height}
        page.screenshot(path=str(Path(FOLDER) / name), full_page=True, clip=clip)
