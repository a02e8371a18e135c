"""A browser of the system: the one that ``MARGINCTL_CHROMIUM`` names, else the first on the path."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMED, IN_CI = os.environ.get("MARGINCTL_CHROMIUM"), bool(os.environ.get("CI"))
"""Read with the tests: while they run nothing of the surroundings is there."""
NAMES = ("chromium", "chromium-browser", "google-chrome")


def executable() -> str | None:
    """Where the browser is; None where there is none."""
    return NAMED or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser, closed at the end. CI installs one, and fails without."""
    path = executable()
    if path is None:
        assert not IN_CI, "no browser: install chromium"
        pytest.skip("no browser: install chromium, or name one in MARGINCTL_CHROMIUM")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()
