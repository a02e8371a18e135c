"""``report``: one page about many accounts, its exit codes, its file, and that it is the same every time."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from tests.cli.running import BROKEN, CLEAN, REFUSED, TODAY, WARNED, Ran, run
from tests.render.pages_html import SPACE, SVG, sound, table, words

PORTFOLIOS = Path(__file__).parents[2] / "portfolios"
NEAR = str(PORTFOLIOS / "17-near-liquidation.yaml")


def report(*arguments: str, stdin: bytes = b"") -> Ran:
    return run("report", "--today", TODAY, *arguments, stdin=stdin)


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """Four accounts: one passes, one is warned, one fails, one cannot be checked."""
    for name, text in {"clean": CLEAN, "warned": WARNED, "broken": BROKEN, "refused": REFUSED}.items():
        (tmp_path / f"{name}.yaml").write_text(f"account: {{name: {name}}}\n{text}")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "code"), [(CLEAN, 0), (WARNED, 0), (BROKEN, 1), (REFUSED, 2)], ids=["clean", "warned", "broken", "refused"]
)
def test_the_exit_code_is_that_of_check(text: str, code: int) -> None:
    assert report("-", "-o", "-", stdin=text.encode()).code == code
    assert run("check", "-", "--today", TODAY, stdin=text.encode()).code == code


def test_the_worst_account_comes_first_and_links_to_its_section(books: Path) -> None:
    ran = report(str(books), "-o", "-", "--no-data")
    root = sound(ran.out)
    assert ran.code == 2
    _, *rows = table(root, "4 accounts")
    assert [(row[0], row[1].rpartition("/")[2]) for row in rows] == [
        ("ERROR", "refused.yaml"),
        ("FAIL", "broken"),
        ("WARN", "warned"),
        ("PASS", "clean"),
    ]
    links = [one.get("href") for one in root.iter(f"{SPACE}a")]
    assert links == ["#content", "#account-1", "#account-2", "#account-3", "#account-4"]
    assert "refused.yaml:5:72: MC011" in words(root) or "levarage" in words(root)


def test_only_the_worst_have_sections(books: Path) -> None:
    root = sound(report(str(books), "-o", "-", "--detail", "2", "--no-data").out)
    assert [one.get("id") for one in root.iter(f"{SPACE}section") if one.get("id")] == ["account-1", "account-2"]
    assert "2 accounts more: in the overview only." in words(root)


def test_the_documents_of_the_page_are_those_of_check_and_stress() -> None:
    root = sound(report(NEAR, "-o", "-").out)
    found = {
        one.get("data-document"): json.loads(one.text or "", parse_float=Decimal)
        for one in root.iter(f"{SPACE}script")
        if one.get("type")
    }
    checked = run("check", NEAR, "--today", TODAY, "--format", "json").json()
    assert found["report"]["reports"][0]["totals"] == checked["reports"][0]["totals"]
    assert found["stress"]["schema"] == "marginctl.stress/1"


def test_the_page_says_the_verdict_the_distance_and_the_way_out() -> None:
    text = words(sound(report(NEAR, "-o", "-", "--no-data").out))
    assert "FAIL A fall of 2.90% liquidates (SOL at 145.642). Deposit 25,000 USDT or close 757.58" in text
    assert "How to read this" in text


def test_the_page_says_its_day() -> None:
    text = words(sound(report(NEAR, "-o", "-", "--no-data").out))
    assert f"marginctl.stress/1, as of {TODAY}" in text


def test_pictures_are_those_that_are_asked_for() -> None:
    def titles(*more: str) -> list[str]:
        root = sound(report(NEAR, "-o", "-", "--no-data", *more).out)
        return ["".join(one.itertext()) for one in root.iter(f"{SVG}title")]

    assert titles("--pictures", "waterfall") == ["From collateral to free collateral"]
    assert titles("--pictures", "none") == []
    every = titles()
    assert every[:3] == ["What liquidates first", "How far to liquidation", "How far to liquidation: SOL alone"]
    assert "From collateral to free collateral" in every
    assert [one for one in every if one.startswith("Who is taken along")]


def test_check_writes_the_same_page(tmp_path: Path) -> None:
    """The page of ``report`` without flags of its own, whatever the other formats of the run."""
    target = tmp_path / "page.html"
    ran = run("check", NEAR, "--today", TODAY, "--output", f"html={target}")
    assert ran.code == 1
    assert target.read_text(encoding="utf-8") == report(NEAR, "-o", "-").out


def test_no_state_says_healthy_beside_a_failure(books: Path) -> None:
    _, *rows = table(sound(report(str(books), "-o", "-", "--no-data", "--pictures", "none").out), "4 accounts")
    assert all("healthy" not in row for row in rows)


def test_without_its_script_a_page_has_no_control() -> None:
    root = sound(report(NEAR, "-o", "-", "--no-script").out)
    assert not [one for one in root.iter() if one.get("class") in ("try", "sortable")]
    assert all(one.get("type") == "application/json" for one in root.iter(f"{SPACE}script"))


def test_a_page_of_a_book_stays_small() -> None:
    """Five positions and all pictures: 150 kB without data, 200 kB with."""
    book = str(PORTFOLIOS / "12-five-positions.yaml")
    assert len(report(book, "-o", "-", "--no-data").out.encode()) <= 150_000
    assert len(report(book, "-o", "-").out.encode()) <= 200_000


def test_an_unknown_picture_is_refused() -> None:
    ran = report(NEAR, "-o", "-", "--pictures", "pie")
    assert (ran.code, ran.out) == (2, "")
    assert "--pictures `pie` is unknown" in ran.errors


def test_a_file_is_written_whole_and_told(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    ran = report(NEAR, "-o", str(target))
    assert (ran.code, ran.out) == (1, "")
    assert ran.errors == f"{target}: 1 account, with balances and positions\n"
    sound(target.read_text(encoding="utf-8"))
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]


def test_a_target_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    ran = report(NEAR, "-o", str(tmp_path / "none" / "page.html"))
    assert ran.code == 2
    assert "cannot be written" in ran.errors


def test_the_same_run_gives_the_same_bytes() -> None:
    assert report(NEAR, "-o", "-").out == report(NEAR, "-o", "-").out


def test_a_title_is_a_text() -> None:
    root = sound(report(NEAR, "-o", "-", "--title", "<b>Desk & co</b>", "--no-data").out)
    assert "".join(next(root.iter(f"{SPACE}h1")).itertext()) == "<b>Desk & co</b>"
