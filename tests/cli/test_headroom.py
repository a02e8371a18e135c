"""``headroom``: the figures of bundled and small files, both forms, exit codes, and that its ways really pass."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import TODAY, Ran, run
from tests.portfolio.books import TODAY as DAY

from marginctl.analysis.check import Settings, check
from marginctl.analysis.headroom import headroom
from marginctl.analysis.what_if import what_if
from marginctl.cli.what_if import ChangeFlags
from marginctl.findings import Check, Status

PORTFOLIOS = sorted((Path(__file__).parents[2] / "portfolios").glob("*.yaml"))
NEAR = next(path for path in PORTFOLIOS if path.name.startswith("17"))
SILOS = next(path for path in PORTFOLIOS if path.name.startswith("09"))
ORDERS = next(path for path in PORTFOLIOS if path.name.startswith("15"))
STEP = Decimal("1e-8")


def command(*arguments: str, stdin: bytes = b"") -> Ran:
    return run("headroom", "--today", TODAY, *arguments, stdin=stdin)


def shown(*arguments: str) -> dict[str, Any]:
    """The document of a run."""
    return command(*arguments, "--format", "json").json()


def rooms(document: dict[str, Any]) -> dict[tuple[str, str], tuple[Any, str | None]]:
    """Contract and side -> quantity and the name of what stops it."""
    return {
        (room["symbol"], room["side"]): (room["quantity"], (room["stopped_by"] or {}).get("name"))
        for room in document["orders"]
    }


def test_a_file_close_to_liquidation():
    document = shown(str(NEAR))
    # free collateral 8000 - 7500 = 500, at 7.5 a contract; the other way through 0 to 8000 / 7.5 short
    assert rooms(document) == {
        ("SOLUSDT", "buy"): (Decimal("66.66666666"), "free-collateral"),
        ("SOLUSDT", "sell"): (Decimal("2066.66666666"), "free-collateral"),
    }
    (held,) = document["withdrawals"]
    assert (held["asset"], held["amount"], held["held"]) == ("USDT", 500, 20000)
    ways = {(one["code"], one["subject"]): one["ways"] for one in document["broken"]}
    # 7500 / 0.7 - 8000; to 7.5 x = 0.7 x 8000: 746.67 are left
    assert [(way["kind"], way.get("amount", way.get("quantity"))) for way in ways["MC101", "cross"]] == [
        ("deposit", Decimal("2714.285715")), ("reduce", Decimal("253.33333334")),
    ]  # fmt: skip
    # 5 x 8000 = 40000 of 150000; 150000 / 5 - 8000
    assert [(way["kind"], way.get("amount", way.get("quantity"))) for way in ways["MC104", "account"]] == [
        ("deposit", 22000), ("reduce", Decimal("733.33333334")),
    ]  # fmt: skip
    # at 120: 8000 + d - 30 x = 0.025 x 120 x; x = 1000: 25000; d = 0: x = 8000 / 33
    assert [(way["kind"], way.get("amount", way.get("quantity"))) for way in ways["MC102", "cross"]] == [
        ("deposit", 25000), ("reduce", Decimal("757.57575758")),
    ]  # fmt: skip
    assert document["summary"]["exit_code"] == 1


def test_silos_have_their_own_rooms():
    document = shown(str(SILOS))
    # 80% of 8000 are 6400 of margin: 400 more at 6000 a contract; 400 / 0.8 can leave
    assert rooms(document)["BTCUSDT", "buy"] == (Decimal("0.06666666"), "utilization")
    assert rooms(document)["BTCUSDC", "buy"] == (Decimal("2.06666666"), "utilization")
    assert [(one["pool"], one["amount"], one["stopped_by"]["code"]) for one in document["withdrawals"]] == [
        ("cross:USDT", 500, "MC101"), ("cross:USDC", 500, "MC101"),
    ]  # fmt: skip


def test_what_is_not_known_is_said_and_not_taken_for_no_limit():
    document = shown(str(ORDERS))
    room = next(room for room in document["orders"] if room["symbol"] == "ETHUSDT")
    assert (room["quantity"], room["stopped_by"]["name"]) == (None, "no-maintenance-rate")
    assert "unknown" in command(str(ORDERS)).out


def test_a_leverage_for_the_orders(folder):
    text = "prices: {BTC: 100}\ncollateral: [{asset: USDT, amount: 1000}]\npositions:\n"
    row = "  - {symbol: BTCUSDT, side: long, quantity: 10, leverage: 10, maintenance_rate: 1%}\n"
    (folder / "desk.yaml").write_text(text + row)
    assert rooms(shown("desk.yaml"))["BTCUSDT", "buy"] == (90, "free-collateral")
    assert rooms(shown("desk.yaml", "--leverage", "5"))["BTCUSDT", "buy"] == (40, "free-collateral")


def test_limits_that_a_run_does_not_fail_on_count_when_it_does(folder):
    text = "prices: {BTC: 100}\ncollateral: [{asset: USDT, amount: 1000}]\npositions:\n"
    row = "  - {symbol: BTCUSDT, side: long, quantity: 10, leverage: 10, maintenance_rate: 1%, funding_rate: 0%}\n"
    (folder / "desk.yaml").write_text(text + row + "limits: {max_concentration: off}\n")
    # by default: net 3 x 1000 of exposure warn
    assert rooms(shown("desk.yaml"))["BTCUSDT", "buy"] == (90, "free-collateral")
    assert rooms(shown("desk.yaml", "--fail-on", "warning"))["BTCUSDT", "buy"] == (20, "directional-exposure")
    assert rooms(shown("desk.yaml", "--fail-on", "warning", "--ignore", "MC108"))["BTCUSDT", "buy"][0] > 20
    (folder / "policy.yaml").write_text("schema: marginctl.policy/1\nlimits: {max_leverage: 1.5}\n")
    assert rooms(shown("desk.yaml", "--limits", "policy.yaml"))["BTCUSDT", "buy"] == (5, "account-leverage")


@pytest.mark.parametrize("path", PORTFOLIOS, ids=lambda path: path.stem)
def test_the_ways_out_of_every_bundled_portfolio_pass_and_a_step_less_does_not(path):
    text = path.read_text(encoding="utf-8")
    settings = Settings(today=DAY)
    found = headroom(text.encode(), path.name, settings)
    assert found.outcome.findings == check(text.encode(), path.name, settings).findings
    for finding, ways in ((one.finding, one.ways) for one in found.broken):
        for way in ways.deposits:
            if way.pool.startswith("isolated"):
                continue
            for amount, passes in ((way.amount, True), (way.amount - Decimal("1e-6"), False)):
                flags = ChangeFlags.read(deposit=[f"{way.asset}={amount:f}"])
                assert mended(text, path.name, flags, finding) is passes
        if ways.reduction is not None and ways.reduction.left:
            for left, passes in ((ways.reduction.left, True), (ways.reduction.left + Decimal("1e-6"), False)):
                flags = ChangeFlags.read(resize=[f"{ways.reduction.key}={left:f}"])
                assert mended(text, path.name, flags, finding) is passes


def mended(text: str, name: str, flags: ChangeFlags, finding: Any) -> bool:
    """Whether the finding is gone after a change of the file itself."""
    result, _ = what_if(text.encode(), name, flags.changes(), Settings(today=DAY))
    assert result.after is not None
    assert result.after.report is not None
    broken = {(one.code, one.subject) for one in result.after.findings if one.severity is finding.severity}
    return (finding.code, finding.subject) not in broken


@pytest.mark.parametrize("path", PORTFOLIOS, ids=lambda path: path.stem)
def test_the_rooms_of_every_bundled_portfolio_hold_in_its_file(path):
    text = path.read_text(encoding="utf-8")
    settings = Settings(today=DAY)
    found = headroom(text.encode(), path.name, settings)
    for room in found.withdrawals:
        if not room.amount:
            continue
        for more, passes in ((Decimal(0), True), (STEP, False)):
            if room.stop.name == "held" and not passes:
                continue
            flags = ChangeFlags.read(withdraw=[f"{room.asset}={room.amount + more:f}"])
            after = what_if(text.encode(), path.name, flags.changes(), settings)[0].after
            assert after is not None
            assert after.report is not None
            broken = {(c.code, c.subject) for c in after.checks if _is_broken(c, room.stop.limit)}
            if room.stop.code:
                assert ((room.stop.code, room.stop.subject) in broken) is not passes
            else:
                free = min(pool.free_collateral for pool in after.report.pools if pool.margin_mode == "cross")
                assert (free >= 0) is passes


def _is_broken(check: Check, limit: Decimal | None) -> bool:
    return check.status in (Status.FAIL, Status.WARN) and limit in (None, check.limit)


def test_the_screen(folder):
    ran = command(str(NEAR), "--width", "80")
    assert ran.code == 1
    assert max(map(len, ran.out.splitlines())) <= 80
    at = [
        ran.out.index(text)
        for text in (
            "FAIL  17",
            "Broken now",
            "Largest orders",
            "   66.66666666",
            "Largest withdrawals",
            "not kept, as they are",
        )
    ]
    assert at == sorted(at)
    assert "not kept, as they are broken already: MC101 cross, MC102 cross, MC102 SOL,\n" in ran.out
    assert "→ close 253.34 of the SOLUSDT long, 746.66 stay" in ran.out


def test_where_nothing_is_broken_there_is_nothing_to_mend(folder):
    ran = command("clean.yaml")
    assert ran.code == 0
    assert "Broken" not in ran.out
    assert shown("clean.yaml")["broken"] == []


def test_from_standard_input(folder):
    ran = command("-", "--stdin-filename", "desk.yaml", stdin=(folder / "clean.yaml").read_bytes())
    assert (ran.code, ran.out.split()[0]) == (0, "PASS")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.yaml"], "nowhere.yaml: no such file"),
        (["."], "PATH means 4 files, one is needed"),
        (["clean.yaml", "--leverage", "10x"], "--leverage `10x` is not a number"),
        (["clean.yaml", "--leverage", "0"], "--leverage `0` must be more than 0"),
        (["clean.yaml", "--format", "xml"], "write one of table, json, csv, markdown"),
    ],
)
def test_flags_that_cannot_be_meant(arguments, said, folder):
    ran = command(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.errors


def test_a_file_that_cannot_be_checked_has_no_rooms(folder):
    document = shown("refused.yaml")
    assert (document["account"], document["orders"], document["summary"]["exit_code"]) == (None, [], 2)
    assert [error["line"] for error in document["errors"]] == [4]
    (folder / "blind.yaml").write_text((folder / "clean.yaml").read_text().replace("off}", "off, survive: crash}"))
    document = shown("blind.yaml")
    assert (document["orders"], document["withdrawals"], document["summary"]["exit_code"]) == ([], [], 2)
    assert document["errors"][0]["code"] == "MC030"
