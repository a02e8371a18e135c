"""`init`: the starter passes its own check, and no file is overwritten unasked."""

from pathlib import Path

import pytest
from tests.cli.running import check, run

from marginctl.cli.catalogue import STARTER


def test_the_starter_passes_its_own_check_without_a_warning(folder: Path) -> None:
    assert run("init").code == 0
    ran = check("portfolio.yaml", "--fail-on", "warning", "-q")
    assert (ran.code, ran.out.splitlines()[-1][:4]) == (0, "PASS")


def test_its_figures_are_those_that_its_comments_promise(folder: Path) -> None:
    run("init", "desk.yaml")
    totals = check("desk.yaml", "--format", "json").json()["reports"][0]["totals"]
    # 10000 + 0.9 x 3000 + 0.05 x (60000 - 59000) + (3050 - 3000)
    assert totals["equity"] == 12800
    # 3000 / 10 + 3000 / 8
    assert totals["initial_margin"] == 675


@pytest.mark.parametrize("name", ["portfolio.yaml", "desk-a.yaml"])
def test_it_says_what_to_do_next(name: str, folder: Path) -> None:
    assert run("init", name).out == f"wrote {name}; next: marginctl check {name}\n"


def test_an_existing_file_is_left_alone_unless_forced(folder: Path) -> None:
    before = (folder / "clean.yaml").read_text()
    ran = run("init", "clean.yaml")
    assert (ran.code, ran.errors.splitlines()[0]) == (2, "marginctl: clean.yaml exists already")
    assert (folder / "clean.yaml").read_text() == before
    assert run("init", "clean.yaml", "--force").code == 0
    assert (folder / "clean.yaml").read_text() == STARTER.read_text()


def test_a_dash_writes_to_standard_output(folder: Path) -> None:
    assert run("init", "-").out == STARTER.read_text()


def test_a_file_that_cannot_be_written_is_told(folder: Path) -> None:
    ran = run("init", "nowhere/x.yaml")
    assert (ran.code, ran.errors) == (2, "marginctl: `nowhere/x.yaml` cannot be written: No such file or directory\n")
