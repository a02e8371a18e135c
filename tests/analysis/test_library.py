"""The library: the same as the commands, from any kind of input, exact in any program."""

import ast
import csv
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from decimal import ROUND_UP, Context, Decimal, getcontext, localcontext
from io import StringIO
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from tests.cli.running import BROKEN, CLEAN, REFUSED, SOURCE, TODAY, run
from tests.render import pages_html

import marginctl
from marginctl.analysis import library
from marginctl.cli.check import CheckFlags
from marginctl.cli.explain import ExplainFlags
from marginctl.cli.headroom import HeadroomFlags
from marginctl.cli.options import Flags, flags_of
from marginctl.cli.stress import StressFlags
from marginctl.cli.what_if import WhatIfFlags
from marginctl.render.json import encoded

ROOT = Path(__file__).parents[2]
PORTFOLIOS = sorted((ROOT / "portfolios").glob("*.yaml"))
DAY = date.fromisoformat(TODAY)
HALF_A_COIN: dict[str, Any] = {
    "prices": {"BTC": 60000},
    "collateral": [{"asset": "USDT", "amount": 10000}],
    "positions": [{"symbol": "BTCUSDT", "side": "long", "quantity": "0.5", "leverage": 10, "maintenance_rate": "0.5%"}],
}
"""30,000 of notional: 3,000 of initial margin, 150 of maintenance margin."""


@pytest.fixture(autouse=True)
def careless_program() -> Iterator[None]:
    """Its decimals have six digits, and are rounded up."""
    with localcontext(Context(prec=6, rounding=ROUND_UP, traps=[])):
        yield


def text_of(tree: dict[str, Any]) -> str:
    """A document as it is written."""
    return msgspec.json.format(encoded(tree), indent=2).decode() + "\n"


def unquoted(table: str) -> list[dict[str, str]]:
    """The rows of a CSV, without the quote in front of what a spreadsheet would compute."""
    rows = csv.DictReader(StringIO(table))
    return [{name: cell.removeprefix("'") for name, cell in row.items()} for row in rows]


def as_csv(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Rows as the cells of a spreadsheet."""
    words = {None: "", True: "true", False: "false"}

    def cell(value: Any) -> str:
        if isinstance(value, Decimal):
            return format(value, "f")
        return words[value] if value is None or isinstance(value, bool) else str(value)

    return [{name: cell(value) for name, value in row.items()} for row in rows]


SAME: dict[str, tuple[Callable[[Path], Any], tuple[str, ...]]] = {
    "check": (lambda path: marginctl.check(path, today=DAY), ()),
    "check of a shock": (
        lambda path: marginctl.check(path, today=DAY, shocks={"*": Decimal("-0.05")}, fail_on="warning"),
        ("--shock", "*=-5%", "--fail-on", "warning"),
    ),
    "stress": (lambda path: marginctl.stress(path, today=DAY), ()),
    "stress with everything": (
        lambda path: marginctl.stress(
            path,
            today=DAY,
            builtins=["covid-crash"],
            shocks={"*": "-60%"},
            cascade=True,
            fee="0.5%",
            range="40%",
            points=5,
            curve=False,
            quantile="10%",
            horizon="7d",
        ),
        (
            *("--builtin", "covid-crash", "--shock", "*=-60%", "--cascade", "--fee", "0.5%", "--range", "40%"),
            *("--points", "5", "--no-curve", "--quantile", "10%", "--horizon", "7d"),
        ),
    ),
    "what-if": (
        lambda path: marginctl.what_if(path, today=DAY, deposit={"USDT": 1000}, ignore="MC112"),
        ("--deposit", "USDT=1000", "--ignore", "MC112"),
    ),
    "headroom": (lambda path: marginctl.headroom(path, today=DAY, leverage=5), ("--leverage", "5")),
}
CASES = [(name, path) for name in SAME for path in PORTFOLIOS[:: 1 if name.startswith("check") else 4]]
"""Every portfolio is checked, each fourth is put through the rest."""


@pytest.mark.parametrize(("name", "path"), CASES, ids=lambda value: getattr(value, "stem", value))
def test_a_result_is_the_document_and_the_rows_of_the_command(name: str, path: Path) -> None:
    analysis, flags = SAME[name]
    command = (name.split()[0], str(path), "--today", TODAY, *flags)
    ran = run(*command, "--format", "json")
    result = analysis(path)
    assert text_of(result.to_dict()) == ran.out
    assert result.exit_code == ran.code
    table = run(*command, "--format", "csv").out
    assert as_csv(result.rows()) == unquoted(table)


@pytest.mark.parametrize("figure", [None, "positions.BTCUSDT.liquidation_price"])
def test_an_explanation_is_the_document_and_the_rows_of_the_command(figure: str | None) -> None:
    path = ROOT / "portfolios" / "12-five-positions.yaml"
    command = ("explain", str(path), *([figure] if figure else []))
    result = marginctl.explain(path, figure)
    assert text_of(result.to_dict()) == run(*command, "--format", "json").out
    assert as_csv(result.rows()) == unquoted(run(*command, "--format", "csv").out)


def test_the_rows_of_a_what_if_are_the_figures_that_moved() -> None:
    result = marginctl.what_if(HALF_A_COIN, close="BTCUSDT")
    by_figure = {row["figure"]: row for row in result.rows()}
    assert by_figure["totals.initial_margin"] == {
        "figure": "totals.initial_margin",
        "before": Decimal(3000),
        "after": Decimal(0),
        "difference": Decimal(-3000),
        "turn": "better",
    }
    assert [one.path for one in result.changes] == list(by_figure)
    assert result.after.report.positions == ()


def test_the_rows_of_an_explanation_are_figures() -> None:
    assert marginctl.explain(HALF_A_COIN, "totals.utilization").rows() == [
        {"figure": "totals.utilization", "value": Decimal("0.3")}
    ]
    assert {"figure": "totals.maintenance_margin", "value": Decimal(150)} in marginctl.explain(HALF_A_COIN).rows()


def test_figures_are_as_exact_as_the_engine_in_a_program_of_six_digits() -> None:
    """10,000 - 30,000 + 0.5 p = 0.005 x 0.5 p, so p = 20,000 / 0.4975."""
    result = marginctl.check(HALF_A_COIN)
    price = result.report.positions[0].liquidation_price
    with localcontext(Context(prec=90)):
        assert price is not None
        assert abs(price * Decimal("0.4975") - 20000) < Decimal("1e-80")
    assert result.rows()[0]["liquidation_price"] == Decimal("40201.00502513")
    assert getcontext().prec == 6


# What is given.


TEXT = '{"prices": {"BTC": 60000}, "collateral": [{"asset": "USDT", "amount": 10000}]}'


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(TEXT, id="a text in one line, by its brace"),
        pytest.param(
            "prices: {BTC: 60000}\ncollateral: [{asset: USDT, amount: 10000}]\n", id="a text of several lines"
        ),
        pytest.param(TEXT.encode(), id="bytes"),
        pytest.param({"prices": {"BTC": "60000"}, "collateral": [{"asset": "USDT", "amount": 10**4}]}, id="a mapping"),
        pytest.param(library.read(TEXT), id="one that was read"),
    ],
)
def test_a_portfolio_is_given_in_any_form(given: Any) -> None:
    assert marginctl.check(given).report.totals.equity == 10000


def test_a_path_is_a_file_whatever_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("book", "{book}"):
        Path(name).write_text(TEXT)
    assert marginctl.check("book").report.account.name == "book"
    assert marginctl.check(Path("{book}")).report.account.name == "{book}"
    with pytest.raises(marginctl.InputError, match=r"^nothing: MC001 cannot be read: No such file or directory$"):
        marginctl.check("nothing")


def test_a_text_is_called_what_one_likes() -> None:
    assert (marginctl.check(TEXT).file, marginctl.check(HALF_A_COIN).file) == ("<text>", "<mapping>")
    assert marginctl.check(TEXT, name="desk.yaml").report.account.name == "desk"


# Mappings.


def changed(**of_position: Any) -> dict[str, Any]:
    return HALF_A_COIN | {"positions": [HALF_A_COIN["positions"][0] | of_position]}


@pytest.mark.parametrize(
    ("mapping", "key", "message"),
    [
        pytest.param(changed(side="lomg"), "positions.0.side", "`side` must be long or short: `lomg`", id="a word"),
        pytest.param(changed(lev=3), "positions.0.lev", "unknown key `lev`", id="a key"),
        pytest.param(
            changed(leverage="1e1"), "positions.0.leverage", "`leverage` has an exponent: `1e1`", id="a number"
        ),
        pytest.param(changed(quantity=None), "positions.0.quantity", "`quantity` has no value", id="nothing"),
        pytest.param(
            changed(quantity=Decimal("NaN")),
            "positions.0.quantity",
            "`quantity` is not a finite number: `NaN`",
            id="not a number",
        ),
        pytest.param(
            changed(leverage=0.5),
            "positions.0.leverage",
            "`leverage` is a float, not an exact value: `0.5`",
            id="a float",
        ),
        pytest.param(
            HALF_A_COIN | {"collateral": [{"asset": "USDT", "amount": 1}] * 2},
            "collateral.1.asset",
            "USDT is listed twice, first on `collateral.0`",
            id="a row twice",
        ),
    ],
)
def test_what_is_wrong_with_a_mapping_is_placed_by_its_key(mapping: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(marginctl.InputError) as error:
        marginctl.check(mapping)
    (problem,) = error.value.problems
    assert (problem.location.key, problem.location.line, problem.message) == (key, 0, message)
    assert str(error.value).startswith(f"<mapping>:{key}: {problem.code} {message}")


def test_findings_and_origins_of_a_mapping_name_their_keys() -> None:
    book = HALF_A_COIN | {"account": {"name": "desk"}, "limits": {"max_position_leverage": 5}}
    found = {one.code: one.location.key for one in marginctl.check(book).findings}
    assert found["MC105"] == "positions.0"
    origins = marginctl.explain(book, "positions.BTCUSDT.initial_margin").origins
    assert origins["positions.BTCUSDT.leverage"].locations[0].key == "positions.0.leverage"


def test_places_in_a_changed_mapping_are_keys_too() -> None:
    result = marginctl.what_if(HALF_A_COIN, open="BTCUSDT long 0.5", set={"limits.max_position_leverage": 2})
    found = [one.location.key for one in result.after.findings if one.code == "MC105"]
    assert found == ["positions.0"]


# Options.

PLURALS = {"scenario": "scenarios", "builtin": "builtins", "shock": "shocks", "price": "prices"}
OF_THE_COMMAND_ALONE = frozenset(
    (
        *(
            "path",
            "paths",
            "figure",
            "format",
            "output",
            "color",
            "width",
            "quiet",
            "verbose",
            "stdin_filename",
            "depth",
        ),
        *(
            *("statistics", "account"),
            "jobs",
            "write_baseline",
            "watch",
            "notes",
            "sarif_waived",
            "plot",
            "statistics",
            "account",
            "rule_pages",
            *("list_", "exclude", "no_config", "diff"),
            "write",
            "force",
        ),
        *("live", "keys", "timeout", "retries", "proxy", "sandbox", "demo", "laid", "wallet", "rates"),
    )
)
ALWAYS = {"name", "today"}


@pytest.mark.parametrize(
    ("flags", "function"),
    [
        (CheckFlags, marginctl.check),
        (StressFlags, marginctl.stress),
        (WhatIfFlags, marginctl.what_if),
        (HeadroomFlags, marginctl.headroom),
        (ExplainFlags, marginctl.explain),
    ],
)
def test_every_flag_of_an_analysis_is_an_option_of_its_name(flags: type[Flags], function: Callable[..., Any]) -> None:
    named = {PLURALS.get(flag.name, flag.name) for flag in flags_of(flags) if flag.name not in OF_THE_COMMAND_ALONE}
    (options,) = get_args(function.__annotations__["options"])
    assert set(options.__annotations__) == named | ALWAYS


@pytest.mark.parametrize("move", ["-10%", "-0.1", Decimal("-0.1"), Decimal("-1E-1")], ids=repr)
def test_a_move_is_a_percentage_a_fraction_or_a_decimal(move: Any) -> None:
    assert marginctl.check(HALF_A_COIN, shocks={"BTC": move}).report.totals.equity == 7000


def test_policies_and_a_baseline_are_files(tmp_path: Path) -> None:
    policy, accepted = tmp_path / "policy.yaml", tmp_path / "accepted.yaml"
    policy.write_text("schema: marginctl.policy/1\nlimits: {max_utilization: 20%}\n")
    assert marginctl.check(HALF_A_COIN, limits=policy).exit_code == 1
    assert marginctl.check(HALF_A_COIN, limits=[str(policy)], ignore=["MC101"]).exit_code == 0
    book = tmp_path / "book.yaml"
    book.write_text(BROKEN)
    run("check", str(book), "--today", TODAY, "--write-baseline", str(accepted))
    assert (marginctl.check(book).exit_code, marginctl.check(book, baseline=accepted).exit_code) == (1, 0)


def test_a_grid_is_of_two_assets() -> None:
    book = HALF_A_COIN | {"prices": {"BTC": 60000, "USDT": 1}}
    grid = marginctl.stress(book, grid=("BTC", "USDT"), points=3).grid
    assert grid is not None
    assert (grid.down.asset, grid.across.asset, len(grid.down.moves)) == ("BTC", "USDT", 3)


def test_changes_are_made_in_the_order_of_the_flags() -> None:
    result = marginctl.what_if(
        HALF_A_COIN,
        prices={"BTC": 58000},
        withdraw={"USDT": Decimal(500)},
        deposit={"USDT": "1500"},
        resize={"BTCUSDT": "0.2 @ 61000"},
        mode={"BTCUSDT": "isolated"},
    )
    assert result.notes[0] == "closed BTCUSDT long: 0.3 at 61,000, which realises 300 USDT"
    assert [note.split()[0] for note in result.notes] == ["closed", "deposited", "withdrew", "BTC", "BTCUSDT"]


def test_an_unknown_option_is_an_error_of_the_program() -> None:
    with pytest.raises(
        TypeError, match=r"^check\(\) has no option 'shock': it has baseline, fail_on, ignore, limits, "
    ):
        marginctl.check(HALF_A_COIN, shock={"BTC": "-10%"})  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        pytest.param(
            {"shocks": {"BTC": "-200%"}},
            "--shock `BTC=-200%` moves the price to 0 or below; write less, such as -99.9%",
            id="a move",
        ),
        pytest.param(
            {"shocks": {"BTC": -0.1}},
            "--shock `BTC` is a float, not an exact value: `-0.1`; "
            'write it as text, such as "0.1", or as a Decimal of a text',
            id="a float",
        ),
        pytest.param(
            {"fail_on": "note"}, "--fail-on `note` is unknown; write error, warning or never", id="a severity"
        ),
        pytest.param(
            {"select": "MC1"}, "--select: no limit has the code `MC1`; `marginctl rules` lists them", id="a code"
        ),
        pytest.param(
            {"shocks": {"ETH": "-1%"}},
            "<mapping>: MC020 --shock names `ETH`, which nothing in the account has; known here: BTC, BTCUSDT, USDT",
            id="an asset",
        ),
    ],
)
def test_an_option_is_refused_as_its_flag_is(options: Any, text: str) -> None:
    with pytest.raises(marginctl.InputError) as error:
        marginctl.check(HALF_A_COIN, **options)
    assert str(error.value) == text


# Errors.


def test_an_error_says_what_the_command_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("book.yaml").write_text(REFUSED + "levels: 3\n")
    ran = run("check", "book.yaml", "--format", "json")
    with pytest.raises(marginctl.InputError) as error:
        marginctl.check("book.yaml")
    assert f"{error.value}\n" == ran.errors
    assert [(one.code, one.location.line) for one in error.value.problems] == [("MC010", 4), ("MC010", 7)]
    assert pickle.loads(pickle.dumps(error.value)).problems == error.value.problems


@pytest.mark.parametrize("function", [marginctl.check, marginctl.headroom, marginctl.what_if])
def test_a_limit_that_cannot_be_evaluated_is_an_error_unless_it_is_left_out(function: Callable[..., Any]) -> None:
    book = HALF_A_COIN | {"limits": {"min_funding_runway": "30d"}}
    with pytest.raises(marginctl.InputError, match="MC030"):
        function(book)
    assert function(book, ignore="MC112").exit_code == 0


def test_a_change_that_cannot_be_made_is_an_error() -> None:
    with pytest.raises(marginctl.InputError, match="there is no position in `ETHUSDT`"):
        marginctl.what_if(HALF_A_COIN, close="ETHUSDT")


def test_a_figure_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(marginctl.InputError, match=r"no figure `totals\.equty`; did you mean `totals\.equity`"):
        marginctl.explain(HALF_A_COIN, "totals.equty")


# Many of one.


def test_one_that_was_read_gives_what_its_text_gives() -> None:
    book = marginctl.read(CLEAN)
    for shocks, edits in (({}, {}), ({"BTC": "-5%"}, {}), ({"BTC": "5%"}, {"positions.0.leverage": 5}), ({}, {})):
        kept = marginctl.check(book, shocks=shocks, set=edits, today=DAY)
        assert kept == marginctl.check(CLEAN, shocks=shocks, set=edits, today=DAY)


def test_its_text_is_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    resolve = library.resolved_portfolio
    monkeypatch.setattr(library, "resolved_portfolio", lambda *asked: counted.append(1) or resolve(*asked))
    book = marginctl.read(CLEAN)
    for number in range(1, 6):
        marginctl.check(book, shocks={"BTC": f"-{number}%"}, today=DAY)
    marginctl.headroom(book, today=DAY)
    assert len(counted) == 1
    marginctl.check(book, set={"positions.0.leverage": 5}, today=DAY)
    assert len(counted) == 2


# The module.


def in_a_new_process(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE)}, cwd=ROOT, check=True, timeout=120)


def test_a_notebook_shows_the_tables_and_pictures() -> None:
    drawn = marginctl.check(HALF_A_COIN)._repr_html_()
    root = pages_html.parsed(f"<!DOCTYPE html><html><head><title>t</title></head><body>{drawn}</body></html>")
    assert pages_html.table(root, "Account, USD")[3] == ["initial margin", "3,000.00", ""]
    assert "<style" not in drawn
    assert "How far" not in marginctl.stress(HALF_A_COIN, curve=False)._repr_html_()
    assert "How far" in marginctl.stress(HALF_A_COIN)._repr_html_()


def test_importing_it_loads_no_other_module_of_it() -> None:
    in_a_new_process(
        "import sys, marginctl\n"
        "assert [name for name in sys.modules if name.startswith('marginctl.')] == []\n"
        "assert 'check' in dir(marginctl) and not hasattr(marginctl, 'chek')\n"
    )


def test_no_analysis_loads_the_command_line_or_changes_the_decimal_context() -> None:
    in_a_new_process(
        "import sys, decimal\n"
        "decimal.getcontext().prec = 3\n"
        "import marginctl\n"
        "contexts = lambda: (repr(decimal.getcontext()), repr(decimal.DefaultContext))\n"
        "before = contexts()\n"
        "book = marginctl.read('portfolios/12-five-positions.yaml')\n"
        "assert str(marginctl.check(book).rows()[0]['liquidation_price']) == '47194.7236181'\n"
        "for of in (marginctl.check, marginctl.stress, marginctl.what_if, marginctl.headroom, marginctl.explain):\n"
        "    of(book).to_dict(), of(book).rows()\n"
        "try:\n"
        "    marginctl.check({'prices': {'Ä': 'Ö'}})\n"
        "except marginctl.InputError as error:\n"
        "    assert str(error)\n"
        "assert contexts() == before\n"
        "loaded = {'.'.join(name.split('.')[:2]) for name in sys.modules}\n"
        "assert {'marginctl.cli', 'typer', 'rich', 'click'} & loaded == set(), loaded\n"
    )


def test_type_checkers_see_what_it_offers() -> None:
    tree = ast.parse((SOURCE / "marginctl" / "__init__.py").read_text(encoding="utf-8"))
    seen = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert set(marginctl.__all__) <= seen
    assert (SOURCE / "marginctl" / "py.typed").exists()
    assert all(getattr(marginctl, name).__doc__ for name in marginctl.__all__)
