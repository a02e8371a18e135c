"""Findings lead to the page of their rule where the formats of code hosts can take an address."""

import json

import pytest
from tests.render import samples
from tests.render.test_sarif import validator

from marginctl.render import Options, render
from marginctl.render.paths import rule_page

PAGE = "https://docs.example/limits.md"
WITH = Options(manual=samples.MANUAL, rule_pages=PAGE, notes=True)


@pytest.mark.parametrize(
    ("pages", "address"),
    [
        pytest.param(PAGE, f"{PAGE}#mc101-utilization", id="one page with a heading per rule"),
        pytest.param("https://x.example/{code}.html", "https://x.example/MC101.html", id="a page per code"),
        pytest.param("https://x.example/{code}/{name}", "https://x.example/MC101/utilization", id="with the name"),
        pytest.param("", "", id="nowhere"),
    ],
)
def test_a_rule_has_an_address(pages: str, address: str) -> None:
    assert rule_page(pages, "MC101", samples.MANUAL) == address


def test_what_is_no_rule_has_none() -> None:
    assert rule_page(PAGE, "MC010", samples.MANUAL) == ""


def test_sarif_has_it_as_help_uri_of_every_rule_of_the_manual() -> None:
    log = json.loads(render("sarif", samples.run(samples.desk(), samples.broken()), WITH))
    validator().validate(log)
    rules = {rule["id"]: rule.get("helpUri") for rule in log["runs"][0]["tool"]["driver"]["rules"]}
    assert rules["MC101"] == f"{PAGE}#mc101-utilization"
    assert all((address is not None) is (code in samples.MANUAL) for code, address in rules.items())


def test_github_says_it_below_the_remedy_and_gitlab_behind_it() -> None:
    run = samples.run(samples.desk())
    page = f"{PAGE}#mc105-position-leverage"
    (line,) = (one for one in render("github", run, WITH).splitlines() if "MC105" in one)
    assert line.endswith(f"%0A{page}")
    (issue,) = (one for one in json.loads(render("gitlab", run, WITH)) if one["check_name"] == "MC105")
    assert issue["description"].endswith(f" ({page})")
    plain = {one["check_name"]: one for one in json.loads(render("gitlab", run, Options(manual=samples.MANUAL)))}
    assert plain["MC105"]["fingerprint"] == issue["fingerprint"]


def test_markdown_links_the_code() -> None:
    assert f"| [MC105](<{PAGE}#mc105-position-leverage>) |" in render("markdown", samples.run(samples.desk()), WITH)
    assert "](<" not in render("markdown", samples.run(samples.desk()), Options(manual=samples.MANUAL))
