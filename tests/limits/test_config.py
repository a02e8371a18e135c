"""limits and waivers of a file: bounds, and what is wrong at which line and column."""

from datetime import date

import pytest

from marginctl.document.reader import read
from marginctl.document.record import bind
from marginctl.findings import Location, Problem, Severity
from marginctl.limits.config import Bound, FileLimits, LimitSource, combined, limits_of
from marginctl.limits.format import PolicyFile
from marginctl.limits.rules import BY_CODE

from .builders import d

ERROR, WARNING = Severity.ERROR, Severity.WARNING


def parsed(text: str, origin: LimitSource = LimitSource.PORTFOLIO) -> tuple[FileLimits, list[Problem]]:
    source, node, problems = read(text.encode(), "desk.yaml")
    assert node is not None
    assert problems == []
    file, problems = bind(node, PolicyFile, source)  # where the limits of a portfolio are the same keys
    return limits_of(file.limits, file.waivers, origin, source) if file is not None else (FileLimits(origin), problems)


def bounds(limits: str, code: str) -> tuple[Bound, ...]:
    found, problems = parsed(f"limits: {{{limits}}}\n")
    assert problems == []
    return found.bounds[code]


def levels(limits: str, code: str) -> list[tuple[Severity, object]]:
    return [(one.severity, one.threshold) for one in bounds(limits, code)]


@pytest.mark.parametrize(
    ("limits", "code", "expected"),
    [
        pytest.param("max_utilization: 70%", "MC101", [(ERROR, "0.7")], id="a threshold fails"),
        pytest.param("max_leverage: 4.5", "MC104", [(ERROR, "4.5")], id="a multiple"),
        pytest.param(
            "max_utilization: {warn: 60%, fail: 0.7}", "MC101", [(WARNING, "0.6"), (ERROR, "0.7")], id="both levels"
        ),
        pytest.param("min_liquidation_distance: {warn: 20%}", "MC102", [(WARNING, "0.2")], id="only a warning"),
        pytest.param(
            "min_liquidation_distance: {warn: 20%, fail: 20%}", "MC102", [(WARNING, "0.2"), (ERROR, "0.2")], id="equal"
        ),
        pytest.param("max_leverage: {warn: 5, fail: 5}", "MC104", [(WARNING, "5"), (ERROR, "5")], id="equal multiples"),
        pytest.param("max_leverage: off", "MC104", [], id="off"),
        pytest.param("max_leverage: {warn: 3, fail: 5}", "MC104", [(WARNING, "3"), (ERROR, "5")], id="multiples"),
        pytest.param("min_funding_runway: 30d", "MC112", [(ERROR, "30")], id="days"),
        pytest.param("min_funding_runway: 36h", "MC112", [(ERROR, "1.5")], id="hours become days"),
        pytest.param("hedges_reduce_risk: true", "MC114", [(ERROR, None)], id="a flag"),
        pytest.param("hedges_reduce_risk: false", "MC114", [], id="a flag that is off"),
        pytest.param(
            "require_purpose: {warn: true, fail: false}", "MC115", [(WARNING, None)], id="a flag as a warning"
        ),
        pytest.param("max_contagion: 0", "MC116", [(ERROR, "0")], id="a count of nothing is not off"),
    ],
)
def test_bounds(limits: str, code: str, expected: list[tuple[Severity, str | None]]) -> None:
    assert levels(limits, code) == [(severity, None if t is None else d(t)) for severity, t in expected]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        pytest.param("survive: all", [(ERROR, None)], id="all"),
        pytest.param("survive: crash", [(ERROR, {"crash"})], id="one name"),
        pytest.param("survive: [crash, rally]", [(ERROR, {"crash", "rally"})], id="names"),
        pytest.param("survive: [crash, all]", [(ERROR, None), (ERROR, {"crash"})], id="all among names"),
        pytest.param("survive: {warn: all, fail: crash}", [(WARNING, None), (ERROR, {"crash"})], id="levels"),
        pytest.param("survive: off", [], id="off"),
    ],
)
def test_scenarios_to_survive(limits: str, expected: list[tuple[Severity, set[str] | None]]) -> None:
    assert [(one.severity, one.subjects) for one in bounds(limits, "MC113")] == expected


@pytest.mark.parametrize("limits", ["survive: []", "survive: {fail: []}", "survive: {warn: all, fail: []}"])
def test_no_scenario_to_survive_is_refused(limits: str) -> None:
    _, problems = parsed(f"limits: {{{limits}}}\n")
    assert [(one.code, one.message, one.help) for one in problems] == [
        ("MC013", "`survive` names no scenario", "write `off`, `all`, or their names")
    ]


def test_a_bound_knows_where_it_is_written() -> None:
    found, _ = parsed(
        "schema: marginctl.policy/1\nlimits:\n  max_leverage: {warn: 3,\n    fail: 5}\n", LimitSource.POLICY
    )
    assert [(one.origin, one.location) for one in found.bounds["MC104"]] == [
        (LimitSource.POLICY, Location("desk.yaml", 3, 24, 25)),
        (LimitSource.POLICY, Location("desk.yaml", 4, 11, 12)),
    ]


@pytest.mark.parametrize(
    ("text", "place", "code", "message", "help"),
    [
        pytest.param(
            "limits:\n  max_utilization: {warn: 80%, fail: 70%}\n",
            (2, 20),
            "MC016",
            "`max_utilization` warns at 80% but fails at 70% already",
            "swap the two, or leave out `warn`",
            id="a maximum warns above where it fails",
        ),
        pytest.param(
            "limits:\n  min_funding_runway: {warn: 5d, fail: 30d}\n",
            (2, 23),
            "MC016",
            "`min_funding_runway` warns at 5 days but fails at 30 days already",
            "swap the two, or leave out `warn`",
            id="a minimum warns below where it fails",
        ),
        pytest.param(
            "limits:\n  max_leverage: {}\n",
            (2, 17),
            "MC013",
            "`max_leverage` has neither `warn` nor `fail`",
            "write one of them, or `off`",
            id="no level",
        ),
        pytest.param(
            "waivers:\n  - {code: MC10l, until: 2026-12-31, reason: known}\n",
            (2, 12),
            "MC015",
            "no limit has the code `MC10l`",
            "`marginctl rules` lists them",
            id="an unknown code",
        ),
        pytest.param(
            "waivers:\n  - {code: MC102, reason: known}\n",
            (2, 5),
            "MC012",
            "`until` is missing",
            "add `until`: a date such as 2026-12-31",
            id="no date",
        ),
        pytest.param(
            "waivers:\n  - {code: MC102, until: 2026-12-31}\n",
            (2, 5),
            "MC012",
            "`reason` is missing",
            "add `reason`: a text",
            id="no reason",
        ),
        pytest.param(
            "waivers:\n  - {code: MC102, until: 2026-12-31, reason: ' '}\n",
            (2, 46),
            "MC015",
            "`reason` is empty",
            "write a text, or remove the key",
            id="a reason of nothing",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    text: str, place: tuple[int, int], code: str, message: str, help: str
) -> None:
    _, (problem,) = parsed(text)
    assert ((problem.location.line, problem.location.column), problem.code) == (place, code)
    assert problem.message == message
    assert problem.help.startswith(help)


def test_waivers() -> None:
    found, problems = parsed(
        "waivers:\n"
        '  - {code: MC102, subject: BTCUSDT, until: 2026-12-31, reason: "hedge leg settles Friday"}\n'
        "  - {code: MC999, until: 2026-12-31, reason: typo}\n"
    )
    first = found.waivers[0]
    assert (first.code, first.subject, first.until) == ("MC102", "BTCUSDT", date(2026, 12, 31))
    assert (first.reason, first.origin) == ("hedge leg settles Friday", LimitSource.PORTFOLIO)
    assert (first.location.line, first.location.column) == (2, 12)
    assert [problem.code for problem in problems] == ["MC015"]


def test_a_file_without_limits_leaves_the_defaults() -> None:
    found, problems = parsed("schema: marginctl.policy/1\n")
    assert (found.bounds, found.waivers, problems) == ({}, (), [])
    assert combined(found).of(BY_CODE["MC101"]) == (Bound(WARNING, d("0.6"), LimitSource.DEFAULT),)


def test_limits_of_both_files_hold_together() -> None:
    own, _ = parsed("limits: {max_leverage: 4, max_utilization: off}\n")
    policy, _ = parsed("schema: marginctl.policy/1\nlimits: {max_leverage: 3}\n", LimitSource.POLICY)
    config = combined(own, policy)
    assert [(one.origin, one.threshold) for one in config.of(BY_CODE["MC104"])] == [
        (LimitSource.POLICY, 3),
        (LimitSource.PORTFOLIO, 4),
    ]
    assert config.of(BY_CODE["MC101"]) == ()
    assert config.of(BY_CODE["MC103"]) == (Bound(WARNING, d("0.5"), LimitSource.DEFAULT),)


def test_limits_that_are_off_by_default_stay_off() -> None:
    assert [code for code in ("MC106", "MC115", "MC116", "MC202") if combined().of(BY_CODE[code])] == []
