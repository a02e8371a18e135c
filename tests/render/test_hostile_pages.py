"""What a rule file, a policy, a portfolio and a command line say never becomes a link, and a page is always UTF-8."""

import json
import os
import re
import sys
from pathlib import Path

import pytest
from tests.cli.running import CLEAN, TODAY, process, run
from tests.render.pages_html import sound, words

from marginctl.venues import loader

SCRIPT, DATA, AWAY = "javascript:alert(1)", "data:text/html,<b>x", "https://elsewhere.example/?q=[x](y)"
BOOK = {
    "account": {"name": SCRIPT, "venue": "own.yaml", "taker_fee": "0.055%"},
    "prices": {"BTC": 60000},
    "collateral": [{"asset": "USDT", "amount": 10000}],
    "positions": [{"symbol": "BTCUSDT", "side": "long", "quantity": 0.5, "entry_price": 60000, "leverage": 20}],
    "scenarios": [{"name": DATA, "shocks": {"BTC": "-60%"}}],
}
POLICY = {
    "schema": "marginctl.policy/1",
    "limits": {"max_utilization": "1%"},
    "custom": [
        {"code": "ORG001", "name": AWAY, "expression": "totals.equity > 10000000", "message": SCRIPT, "remedy": DATA}
    ],
    "waivers": [{"code": "MC101", "until": "2026-12-31", "reason": f"{SCRIPT} {AWAY}"}],
}
PAGES = {
    "report": ["report", "book.yaml", "--limits", "policy.yaml", "--today", TODAY, "-o", "-"],
    "check": ["check", "book.yaml", "--limits", "policy.yaml", "--today", TODAY, "-v", "-f", "html"],
    "stress": ["stress", "book.yaml", "--today", TODAY, "-f", "html"],
    "venue": ["venue", "own.yaml", "--today", TODAY, "-f", "html"],
    "policy": ["policy", "check", "policy.yaml", "-f", "html"],
}
SAID = {
    "report": [SCRIPT, DATA, AWAY],
    "check": [SCRIPT, DATA, AWAY],
    "stress": [SCRIPT, DATA],
    "venue": [SCRIPT, DATA, AWAY],
    "policy": [SCRIPT, AWAY],
}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A rule file whose sources and titles, a policy whose words, and a portfolio whose names are addresses."""
    monkeypatch.chdir(tmp_path)
    rules = (loader.DATA / "bybit.yaml").read_text(encoding="utf-8").replace("\nname: bybit\n", "\nname: own\n")
    rules = rules.replace("reference: bybit.com/en/help-center", f"reference: {json.dumps(SCRIPT)}")
    rules = rules.replace("title: API documentation", f"title: {json.dumps(DATA)}")
    rules = re.sub(r'reference: "public code: [^"]*"', f"reference: {json.dumps(AWAY)}", rules)
    assert [rules.count(json.dumps(one)) > 0 for one in (SCRIPT, DATA, AWAY)] == [True] * 3
    (tmp_path / "own.yaml").write_text(rules, encoding="utf-8")
    (tmp_path / "bybit.csv").write_bytes((loader.DATA / "bybit.csv").read_bytes())
    (tmp_path / "book.yaml").write_text(json.dumps(BOOK))
    (tmp_path / "policy.yaml").write_text(json.dumps(POLICY))
    return tmp_path


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.usefixtures("desk")
def test_no_address_of_a_file_becomes_a_link(name: str) -> None:
    ran = run(*PAGES[name])
    assert ran.code in (0, 1), ran.errors
    root = sound(ran.out)
    assert {each.get("href") for each in root.iter() if each.get("href") is not None} == {"#content"}
    for said in SAID[name]:
        assert said in words(root)


@pytest.mark.skipif(sys.platform != "linux", reason="file names are not any bytes here")
@pytest.mark.parametrize("ends", ["report", "check"])
def test_half_a_character_in_names_is_written_out(ends: str, desk: Path) -> None:
    """A file name and a title of bytes that are no UTF-8, which Python holds as lone surrogates."""
    name, half = os.fsdecode(b"b\xff.yaml"), os.fsdecode(b"t\xe2\x82")
    (desk / name).write_text(CLEAN)
    flags = {
        "report": ["report", name, "book.yaml", "--today", TODAY, "-o", "out.html", "--title", half],
        "check": ["check", name, "book.yaml", "--today", TODAY, "-q", "-o", "html=out.html"],
    }
    assert process(*flags[ends], folder=desk).returncode == 0
    shown = words(sound((desk / "out.html").read_bytes().decode("utf-8")))
    assert "b\\udcff.yaml" in shown
    assert ("t\\udce2\\udc82" in shown) is (ends == "report")


@pytest.mark.parametrize("half", ["\\ud800", "\\udcff", "\\ud83d"])
def test_half_a_character_in_a_document_is_an_error_on_a_whole_page(half: str, desk: Path) -> None:
    (desk / "half.yaml").write_text(f'account: {{name: "a{half}"}}\n{CLEAN}')
    ran = run("report", "half.yaml", "--today", TODAY, "-o", "out.html")
    assert ran.code == 2
    assert "half.yaml:1:21: MC002" in words(sound((desk / "out.html").read_bytes().decode("utf-8")))


@pytest.mark.parametrize(
    "flags", [["check", "-f", "html", "-q"], ["headroom", "-f", "html"], ["what-if", "-f", "html"]]
)
def test_a_name_that_only_a_sentence_has_stands_apart_and_is_cut(flags: list[str], desk: Path) -> None:
    """40 characters of a scenario's name: the first 20, a sign for what is left out, the last 19."""
    scenario = {"name": f"<b>{'n' * 60}", "shocks": {"BTC": "-60%"}}
    (desk / "book.yaml").write_text(json.dumps(BOOK | {"scenarios": [scenario]}))
    command, *more = flags
    moved = ["--deposit", "USDT=1"] if command == "what-if" else []
    text = run(command, "book.yaml", "--today", TODAY, *moved, *more).out
    sound(text)
    shown = text.partition('<script type="application/json"')[0]
    apart = f'<bdi title="<b&gt;{"n" * 60}">&lt;b&gt;{"n" * 17}…{"n" * 19}</bdi>'
    assert f"scenario {apart} is not survived" in shown
    assert "n" * 60 not in re.sub('(title|aria-label)="[^"]*"|<(title|desc)>[^<]*', "", shown)


def test_a_reason_stands_apart(desk: Path) -> None:
    """Of 160 characters the first 80 and the last 79, the whole on demand."""
    reason = "<i>" + "r" * 177
    waivers = [{"code": "MC101", "until": "2026-12-31", "reason": reason}]
    (desk / "policy.yaml").write_text(json.dumps(POLICY | {"waivers": waivers}))
    text = run("check", "book.yaml", "--limits", "policy.yaml", "--today", TODAY, "-f", "html").out
    sound(text)
    assert f'waived: <bdi title="<i&gt;{"r" * 177}">&lt;i&gt;{"r" * 77}…{"r" * 79}</bdi>' in text
