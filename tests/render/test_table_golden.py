"""Whole screens, compared with files that a person has looked at."""

from collections.abc import Callable

import pytest
from tests.render import samples

from marginctl.render import Options, Verbosity, render
from marginctl.results import Outcome

Golden = Callable[[str, str], None]

SAMPLES: dict[str, Callable[[], Outcome]] = {
    "desk": samples.desk,
    "silos": samples.silos,
    "strange": samples.strange,
    "ruined": samples.ruined,
    "empty": samples.empty,
    "broken": samples.broken,
}


def screen(*names: str, width: int | None, **options: object) -> str:
    run = samples.run(*(SAMPLES[name]() for name in names))
    return render("table", run, Options(width=width, manual=samples.MANUAL, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [80, 100, 120, None])
@pytest.mark.parametrize("name", ["desk", "silos", "strange"])
def test_a_report_at_every_width(name: str, width: int | None, golden: Golden) -> None:
    golden(f"{name}-{width or 'unlimited'}.txt", screen(name, width=width))


@pytest.mark.parametrize("name", ["ruined", "empty", "broken"])
def test_a_special_case(name: str, golden: Golden) -> None:
    golden(f"{name}-80.txt", screen(name, width=80))


@pytest.mark.parametrize("name", ["desk", "strange", "broken"])
def test_an_output_that_can_only_show_ascii(name: str, golden: Golden) -> None:
    text = screen(name, width=80, ascii=True)
    assert text.isascii()
    golden(f"{name}-80-ascii.txt", text)


def test_quiet_shows_findings_and_verdicts_only(golden: Golden) -> None:
    golden("quiet-100.txt", screen("desk", "empty", width=100, verbosity=Verbosity.QUIET))


def test_verbose_shows_every_limit_assumption_and_source(golden: Golden) -> None:
    golden("verbose-100.txt", screen("silos", "desk", width=100, verbosity=Verbosity.VERBOSE))


def test_several_files_end_with_a_line_about_all_of_them(golden: Golden) -> None:
    golden("several-100.txt", screen("broken", "desk", "empty", width=100))


def test_colour(golden: Golden) -> None:
    golden("desk-100-colour.txt", screen("desk", width=100, color=True))
