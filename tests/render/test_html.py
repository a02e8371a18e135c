"""HTML: sound for a browser, safe against every text, without a request, and with the figures of the report."""

import json
from base64 import b64encode
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from tests.cli.running import CLEAN, TODAY, run
from tests.render import samples
from tests.render.pages_html import SPACE, SVG, sound, table, words

from marginctl.render import Options, render
from marginctl.render.formats.tree import html_of, name_of, set_apart, tag, told

PORTFOLIOS = Path(__file__).parents[2] / "portfolios"
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<svg onload=alert(1)>",
    "\"'><img src=x onerror=alert(1)>",
    "]]>",
    "<!--",
    "a\u202eb",
    "a\u2028b",
    "a\x00b",
    "x" * 10_000,
    "javascript:alert(1)",
]
COMMANDS = {
    "check": ("check", str(PORTFOLIOS / "12-five-positions.yaml"), "--today", TODAY),
    "stress": ("stress", str(PORTFOLIOS / "16-scenarios.yaml"), "--cascade", "--grid", "BTC,ETH", "--today", TODAY),
    "what-if": ("what-if", str(PORTFOLIOS / "09-two-silos.yaml"), "--deposit", "USDT=1000", "--today", TODAY),
    "headroom": ("headroom", str(PORTFOLIOS / "03-cross-margin.yaml"), "--today", TODAY),
    "explain": ("explain", str(PORTFOLIOS / "05-haircuts.yaml"), "totals.equity"),
    "venues": ("venues", "--today", TODAY),
    "venue": ("venue", "bybit", "--today", TODAY),
    "rules": ("rules",),
    "rule": ("rule", "MC102"),
}


def shown(*outcomes: object) -> str:
    return render("html", samples.run(*outcomes), Options(manual=samples.MANUAL))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_result_is_a_sound_page(name: str) -> None:
    ran = run(*COMMANDS[name], "--format", "html")
    assert ran.code in (0, 1)
    sound(ran.out)
    assert run(*COMMANDS[name], "--format", "html").out == ran.out


def test_a_file_that_cannot_be_checked_shows_where_and_why() -> None:
    text = words(sound(shown(samples.broken())))
    assert "broken.yaml:4:11: MC014 `amount` is not a number: `1_000`" in text
    assert "help: write 1000" in text
    assert "equity" not in text


def test_the_page_has_the_figures_and_findings_of_the_report() -> None:
    root = sound(shown(samples.desk()))
    rows = {row[0]: row[1] for row in table(root, "Account, USDT")}
    assert rows["maintenance margin"] == "1,520.26"
    assert rows["utilization"] == "69.26%"
    assert "deposit 1,793.43 USDT, or close 0.18 of BTCUSDT" in words(root)


def test_nothing_but_its_own_sheet_may_load() -> None:
    root = sound(shown(samples.desk()))
    (sheet,) = root.iter(f"{SPACE}style")
    known = b64encode(sha256((sheet.text or "").encode()).digest()).decode()
    (policy,) = (one.get("content") for one in root.iter(f"{SPACE}meta") if one.get("http-equiv"))
    assert policy == f"default-src 'none'; style-src 'sha256-{known}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in (sheet.text or "")
    assert "@import" not in (sheet.text or "")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_a_text(text: str, tmp_path: Path) -> None:
    """As the account's name, as a symbol, as a reason of a waiver: no element comes of it."""
    quoted = json.dumps(text)
    file = tmp_path / "book.yaml"
    file.write_text(f"account: {{name: {quoted}}}\n{CLEAN}", encoding="utf-8")
    plain = tmp_path / "plain.yaml"
    plain.write_text(f"account: {{name: plain}}\n{CLEAN}", encoding="utf-8")
    drawn, expected = (sound(run("check", str(one), "--today", TODAY, "--format", "html").out) for one in (file, plain))
    assert [each.tag for each in drawn.iter()] == [each.tag for each in expected.iter()] or "MC0" in words(drawn)
    told = {key for each in drawn.iter() for key, value in each.attrib.items() if "alert" in value}
    assert told <= {"title"}


def test_a_long_name_is_cut_in_the_middle_and_whole_in_its_title() -> None:
    made = name_of("a" * 30 + "b" * 30)
    assert html_of(made) == f'<bdi title="{"a" * 30}{"b" * 30}">{"a" * 20}…{"b" * 19}</bdi>'


def test_what_runs_from_right_to_left_stands_apart_in_a_sentence() -> None:
    made = tag("p", *told("pool \u05d0\u05d1 \u05d2: 12% of it"))
    assert html_of(made) == "<p>pool <bdi>\u05d0\u05d1 \u05d2</bdi>: 12% of it</p>"
    assert told("plain") == ["plain"]


def test_what_no_screen_shows_is_written_out() -> None:
    assert html_of(tag("p", "a\u202eb\x00<c>", title='"')) == '<p title="&quot;">a\\u202eb\\x00&lt;c&gt;</p>'


def test_pictures_stand_beside_their_figures() -> None:
    root = sound(run("check", str(PORTFOLIOS / "03-cross-margin.yaml"), "--today", TODAY, "-f", "html").out)
    titles = ["".join(one[0].itertext()) for one in root.iter(f"{SVG}svg") if one.get("role") == "img"]
    assert [one for one in titles if "How far" not in one and "taken along" not in one] == [
        "What liquidates first",
        "From collateral to free collateral",
        "Who uses the margin",
        "What pooling changes",
    ]
    moves = table(root, "What liquidates first: figures")
    assert moves[1][:2] == ["all together", "-21.44%"]
    steps = {
        row[0]: Decimal(row[1].replace(",", ""))
        for row in table(root, "From collateral to free collateral: figures")[1:]
    }
    assert steps["USDT"] + steps["unrealized PnL"] == steps["= equity"] == 19000
    assert steps["= equity"] + steps["BTCUSDT long"] + steps["ETHUSDT long"] == steps["= free collateral"] == 10300
    assert steps["= free collateral"] + steps["back to equity"] + steps["maintenance margin"] == steps["= buffer"]


def test_a_name_in_a_sentence_stands_apart_as_in_its_table() -> None:
    name = "<b>" + "n" * 60
    cut = f"{name[:20]}…{name[-19:]}".replace("<", "&lt;").replace(">", "&gt;")
    made = tag(
        "main", tag("p", f"scenario {name} is ", tag("b", "not"), f" survived, {name}."), tag("p", name_of(name))
    )
    set_apart(made)
    apart = f'<bdi title="<b&gt;{"n" * 60}">{cut}</bdi>'
    assert html_of(made) == f"<main><p>scenario {apart} is <b>not</b> survived, {apart}.</p><p>{apart}</p></main>"


@pytest.mark.parametrize("name", ["12-five-positions", "17-near-liquidation"])
def test_what_lines_are_called_stands_beside_the_plot(name: str) -> None:
    """At the right of it, so that no line crosses a word, a line of the same picture to each."""
    root = sound(run("check", str(PORTFOLIOS / f"{name}.yaml"), "--today", TODAY, "-f", "html").out)
    picture = next(one for one in root.iter(f"{SVG}svg") if (one[0].text or "").startswith("How far"))
    plot = float(picture.find(f"{SVG}svg").get("width", "").removesuffix("%"))  # type: ignore[union-attr]
    names = [one for one in picture.iter(f"{SVG}text") if one.text in ("equity", "buffer", "free", "collateral")]
    assert {one.text for one in names} == {"equity", "buffer", "free", "collateral"}
    assert all(float(one.get("x", "").removesuffix("%")) > plot for one in names)
    leaders = [one for one in picture.iter(f"{SVG}line") if one.get("x1") == f"{plot:g}%"]
    assert len(leaders) == len(list(picture.iter(f"{SVG}polyline"))) == 3


def test_what_stands_between_backticks_is_code_and_a_name_with_backticks_a_name() -> None:
    made = tag("p", "set `max_leverage: 5` for ", tag("b", "a `b`"), " and `c`, `not this; a` b")
    set_apart(made, ["a` b"])
    inner = (
        "set <code>max_leverage: 5</code> for <b>a <code>b</code></b> and <code>c</code>, `not this; <bdi>a` b</bdi>"
    )
    assert html_of(made) == f"<p>{inner}</p>"


def test_a_rule_shows_its_key_as_code() -> None:
    root = sound(run("rule", "MC102", "--format", "html").out)
    assert "limits: {min_liquidation_distance: ...}" in {one.text for one in root.iter(f"{SPACE}code")}
    assert "`" not in words(root.find(f".//{SPACE}main"))  # type: ignore[arg-type]
