"""`venues`, `venue NAME`, `rules`, `rule CODE`: what is listed agrees with the data, and the screens are readable."""

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from marginctl.cli.app import app
from marginctl.limits.rules import RULES
from marginctl.venues import loader

GOLDEN = Path(__file__).parent / "golden"
TODAY = ("--today", "2026-11-22")
LIST_COMMANDS = (
    ("venues", *TODAY),
    ("venue", "binance-usdm", *TODAY),
    ("venue", "okx", "--symbol", "BTC-USDT-SWAP"),
    ("rules",),
    ("rule", "MC102"),
)


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def out(*arguments: str) -> str:
    code, text, errors = run(*arguments)
    assert (code, errors) == (0, "")
    return text


def decimals(text: str) -> dict:
    """A JSON document, its numbers as exact decimals."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def flowing(text: str) -> str:
    """The text without its line breaks and indents."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("venues-80", ("venues", *TODAY, "--width", "80")),
        ("venues-120", ("venues", *TODAY, "--width", "120")),
        ("rules-80", ("rules", "--width", "80")),
        ("rules-120", ("rules", "--width", "120")),
        ("rule-mc102-80", ("rule", "MC102", "--width", "80")),
        ("venue-binance-usdm-btcusdt-80", ("venue", "binance-usdm", "--symbol", "BTCUSDT", "--width", "80")),
        ("venue-okx-80", ("venue", "okx", *TODAY, "--width", "80")),
        ("venue-bybit-120", ("venue", "bybit", *TODAY, "--width", "120")),
    ],
)
def test_screens(name, arguments, golden_file):
    golden_file(GOLDEN / f"{name}.txt", out(*arguments))


@pytest.mark.parametrize("width", ["80", "100", "120"])
@pytest.mark.parametrize("arguments", LIST_COMMANDS, ids=" ".join)
def test_no_screen_is_wider_than_asked_for(arguments, width):
    assert max(map(len, out(*arguments, "--width", width).splitlines())) <= int(width)


@pytest.mark.parametrize("name", loader.bundled())
def test_every_rule_set_fits_80_columns(name):
    lines = out("venue", name, *TODAY, "--width", "80").splitlines()
    assert max(map(len, lines)) <= 80
    assert not any(line.endswith(" ") for line in lines)


@pytest.mark.parametrize("arguments", LIST_COMMANDS, ids=" ".join)
def test_without_a_terminal_there_is_no_colour_unless_it_is_asked_for(arguments):
    assert "\x1b" not in out(*arguments)
    assert "\x1b[1m" in out(*arguments, "--color", "always")


@pytest.mark.parametrize("arguments", LIST_COMMANDS, ids=" ".join)
def test_an_output_that_can_only_show_ascii(arguments):
    result = CliRunner(charset="ascii").invoke(app, [*arguments, "--width", "80"])
    assert result.exit_code == 0
    assert result.stdout.isascii()
    assert "\\u" not in result.stdout


# venues


def test_generic_is_listed_first_and_the_others_by_name():
    names = [one["name"] for one in decimals(out("venues", "--format", "json"))["venues"]]
    assert names == ["generic", *sorted(set(loader.bundled()) - {"generic"})]


def test_the_list_says_of_each_rule_set_what_its_file_says():
    listed = {one["name"]: one for one in decimals(out("venues", "--format", "json", *TODAY))["venues"]}
    for name in loader.bundled():
        file = yaml.load((loader.DATA / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        one = listed[name]
        assert (one["title"], one["as_of"], one["status"]) == (file["title"], file.get("as_of"), file["status"])
        assert [(mode["collateral_mode"], mode["status"]) for mode in one["modes"]] == [
            (mode["collateral_mode"], mode["status"]) for mode in file["modes"]
        ]


def test_contracts_are_counted_over_all_groups_and_generic_reads_any():
    counts = {one["name"]: one["contracts"] for one in decimals(out("venues", "--format", "json"))["venues"]}
    assert counts["generic"] is None
    assert (counts["binance-usdm"], counts["binance-coinm"], counts["binance-pm"]) == (716, 35, 716 + 35)
    assert counts["okx"] == 7  # six in the table, one in the file


def test_how_many_contracts_are_complete_and_which_haircuts_are_known_stands_in_every_format():
    found = {one["name"]: one for one in decimals(out("venues", "--format", "json"))["venues"]}
    counts = ("contracts", "with_tiers", "with_contract_size", "complete")
    assert [found["okx"][key] for key in counts] == [7, 6, 3, 2]
    assert [found["generic"][key] for key in counts] == [None] * 4
    assert [mode["haircuts"] for mode in found["binance-usdm"]["modes"]] == [None, ["BTC", "ETH", "USDC"]]
    rows = {row["name"]: row for row in csv.DictReader(out("venues", "--format", "csv").splitlines())}
    assert [rows["okx"][key] for key in counts] == ["7", "6", "3", "2"]
    wide = [line.split() for line in out("venues", "--width", "120").splitlines()]
    assert ["kraken", "multi-asset", "unverified", "2026-09-25", "4", "4", "BTC", "ETH", "SOL"] in wide
    assert ["okx", "multi-asset", "partial", "2026-05-28", "7", "2", "none"] in wide


@pytest.mark.parametrize(
    ("today", "age", "stale"),
    [("2026-10-28", 180, False), ("2026-10-29", 181, True)],  # 2026-05-01 + 30 + 30 + 31 + 31 + 30 + 27 = 180 days
)
def test_a_rule_set_is_called_old_from_the_181st_day_on(today, age, stale):
    one = next(
        one
        for one in decimals(out("venues", "--format", "json", "--today", today))["venues"]
        if one["name"] == "binance-usdm"
    )
    assert one["age_days"] == age
    note = out("venues", "--today", today).partition("older than 180 days")[2]
    assert ("binance-usdm" in note) is stale
    assert ("days old, more than 180" in out("venue", "binance-usdm", "--today", today)) is stale


def test_conventions_do_not_age():
    assert decimals(out("venues", "--format", "json"))["venues"][0]["age_days"] is None
    assert "conventions without a date, verified" in out("venue", "generic", "--today", "2099-01-01")


def own_rules(folder: Path, name: str, **changes: str) -> Path:
    text = (loader.DATA / "generic.yaml").read_text(encoding="utf-8").replace("name: generic", f"name: {name}")
    for old, new in changes.items():
        text = text.replace(old, new)
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_folder_of_own_rule_sets_is_listed_last_with_its_files(tmp_path):
    path = own_rules(tmp_path, "desk-rules")
    listed = decimals(out("venues", "--rules", str(tmp_path), "--format", "json"))["venues"]
    assert [(one["name"], one["file"]) for one in listed[-2:]] == [("weex", None), ("desk-rules", str(path))]


def test_an_own_rule_set_of_a_bundled_name_takes_its_place(tmp_path):
    own_rules(tmp_path, "okx")
    listed = decimals(out("venues", "--rules", str(tmp_path), "--format", "json"))["venues"]
    assert [one["title"] for one in listed if one["name"] == "okx"] == ["Generic cross-margin account"]


def test_a_broken_own_rule_file_is_reported_and_the_others_are_still_listed(tmp_path):
    own_rules(tmp_path, "good")
    own_rules(tmp_path, "bad", **{"equality: {value: safe": "equality: {value: perhaps"})
    code, text, errors = run("venues", "--rules", str(tmp_path), "--width", "80")
    assert code == 2
    assert "good" in text
    assert "bad.yaml:10:21: MC015 `value` must be safe or liquidated" in errors


def test_a_folder_that_is_not_there_is_refused():
    code, text, errors = run("venues", "--rules", "/nowhere/rules")
    assert (code, text) == (2, "")
    assert "`/nowhere/rules`: No such file or directory" in errors


# venue NAME


def test_every_rule_stands_with_its_value_trust_and_source():
    rules = out("venue", "mexc", *TODAY, "--width", "80").partition("\nRules\n")[2].partition("\n\n")[0]
    rows = {line.split()[0]: line.split()[1:] for line in rules.splitlines()[2:-1]}
    assert rows["level"] == ["1", "documented", "liquidation"]
    assert rows["initial_basis"] == ["entry", "verified", "margin"]
    assert rows["underlying_netting"] == ["none", "assumed"]
    assert set(rows) == set(yaml.safe_load((loader.DATA / "mexc.yaml").read_text(encoding="utf-8"))["rules"])


def test_what_differs_for_isolated_positions_has_a_row_of_its_own():
    lines = [" ".join(line.split()) for line in out("venue", "bybit", *TODAY, "--width", "80").splitlines()]
    assert "initial_basis mark verified adjustment" in lines
    assert "initial_basis (isolated) entry" in lines


def test_haircuts_stand_with_their_dates_one_row_to_a_tier():
    text = out("venue", "mexc", *TODAY, "--width", "80").partition("\nHaircuts, multi-asset\n")[2].partition("\n\n")[0]
    rows = [line.split() for line in text.splitlines()[3:]]
    assert rows == [
        ["USDT", "0%", "2025-09", "secondary", "multi-asset"],
        ["USDC", "0%", "2025-09", "secondary", "multi-asset"],
        ["BTC", "1", "2.5%", "2025-09", "secondary", "multi-asset"],
        ["5", "3%"],
        ["10", "3.5%"],
        ["50", "4%"],
        ["100", "15%"],
    ]


def test_liquidation_assumptions_unknowns_and_sources_are_all_there():
    text = flowing(out("venue", "okx", *TODAY, "--width", "80"))
    assert "sequence cancel-orders → reduce-by-tier → close-positions order unknown (of several positions)" in text
    assert "in hedge mode: legs are not netted; the venue does not say" in text
    file = yaml.load((loader.DATA / "okx.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    for unknown in file["unknown"]:
        assert f"- {unknown}" in text
    for source in file["sources"]:
        assert f"{source['id']} {source['title']}" in text


def test_the_json_form_has_every_rule_of_every_mode_with_its_origin():
    document = decimals(out("venue", "okx", "--format", "json", *TODAY))
    rules = document["modes"][0]["rules"]
    assert rules["warning_level"] == {"value": Decimal(3), "trust": "secondary", "source": "restatement", "as_of": None}
    assert rules["close_fee"] == {"value": "mark", "trust": "inferred", "source": "tiers", "as_of": None}
    btc = document["modes"][0]["collateral"]["assets"][0]
    assert (btc["asset"], btc["enters_figures"], btc["as_of"]) == ("BTC", False, "2024-10-25")
    assert btc["haircut_tiers"][1] == {"up_to": Decimal(25), "haircut": Decimal("0.025")}
    assert document["schema"] == "marginctl.rule-set/2"
    isolated = decimals(out("venue", "bybit", "--format", "json"))["modes"][0]["isolated_rules"]
    assert isolated == {"initial_basis": "entry"}


def test_a_rule_set_may_be_given_as_a_path(tmp_path):
    path = own_rules(tmp_path, "desk-rules")
    assert out("venue", str(path)).startswith("desk-rules  Generic cross-margin account\n")
    assert out("venue", "desk-rules", "--rules", str(tmp_path)).startswith("desk-rules  Generic")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("binance-usd", "did you mean `binance-usdm`?"),
        ("hyperliquit", "did you mean `hyperliquid`?"),
        ("./none.yaml", "there is no rule file `./none.yaml`"),
    ],
)
def test_an_unknown_rule_set_exits_2(name, message):
    code, text, errors = run("venue", name)
    assert (code, text) == (2, "")
    assert message in errors


def test_without_a_name_the_help_is_shown():
    code, text, errors = run("venue")
    assert code == 2
    assert "refresh  Bring a rule set up to date" in text + errors


def test_show_is_the_command_that_is_meant_and_options_may_come_first():
    expected = out("venue", "binance-usdm", "--symbol", "BTCUSDT")
    assert out("venue", "show", "binance-usdm", "--symbol", "BTCUSDT") == expected
    assert out("venue", "--symbol", "BTCUSDT", "binance-usdm") == expected
    assert out("venue", "--help").splitlines()[0].endswith("venue [OPTIONS] {NAME}")


# venue NAME --symbol


def table_rows(name: str, symbol: str) -> list[dict[str, str]]:
    with (loader.DATA / name).open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["symbol"] == symbol]


@pytest.mark.parametrize(
    ("venue", "symbol", "table"),
    [
        ("binance-usdm", "ETHUSDT", "binance-usdm.csv"),
        ("binance-coinm", "BTCUSD_PERP", "binance-coinm.csv"),
        ("bybit", "BTCUSDT", "bybit.csv"),
        ("okx", "BTC-USDT-SWAP", "okx.csv"),
    ],
)
def test_the_tiers_of_a_contract_are_those_of_the_table(venue, symbol, table):
    tiers = decimals(out("venue", venue, "--symbol", symbol, "--format", "json"))["tiers"]
    rows = table_rows(table, symbol)
    assert [tier["tier"] for tier in tiers] == list(range(1, len(rows) + 1))
    for tier, row in zip(tiers, rows, strict=True):
        assert tier["floor"] == Decimal(row["floor"])
        assert tier["up_to"] == (Decimal(row["cap"]) if row["cap"] else None)
        assert tier["maintenance_rate"] == Decimal(row["maintenance_rate"])
        assert tier["maintenance_deduction"] == Decimal(row["deduction"])
        assert tier["max_leverage"] == Decimal(row["max_leverage"])


def test_the_screen_shows_the_same_rows():
    text = out("venue", "binance-usdm", "--symbol", "ETHUSDT", "--width", "80")
    shown = [line.replace(",", "").replace("%", "").split() for line in text.splitlines() if line[:6].strip().isdigit()]
    rows = table_rows("binance-usdm.csv", "ETHUSDT")
    assert len(shown) == len(rows)
    for number, (cells, row) in enumerate(zip(shown, rows, strict=True), 1):
        assert cells[:3] == [str(number), row["floor"], row["cap"]]
        assert Decimal(cells[3]) / 100 == Decimal(row["maintenance_rate"])
        assert (cells[4], cells[6]) == (row["deduction"], f"{row['max_leverage']}x")
        assert Decimal(cells[5]) >= 100 / Decimal(row["max_leverage"]) > Decimal(cells[5]) - Decimal("0.0001")


def test_a_rate_without_an_end_is_rounded_up():
    assert "33.3334" in out("venue", "binance-usdm", "--symbol", "BTCUSDT", "--width", "80")
    tiers = decimals(out("venue", "binance-usdm", "--symbol", "BTCUSDT", "--format", "json"))["tiers"]
    assert tiers[9]["initial_rate"] == Decimal("0.3333333334")  # 1 / 3


def test_rates_on_the_whole_position_have_no_deduction_column():
    text = out("venue", "okx", "--symbol", "BTC-USDT-SWAP", "--width", "80")
    assert "deduction" not in text
    assert "maintenance margin = notional x rate, of the tier" in flowing(text)
    assert "number of contracts" in text


def test_position_limits_without_maintenance_rates_say_so():
    text = out("venue", "bingx-usdm", "--symbol", "BTC-USDT", "--width", "80")
    assert "no maintenance rates are published: a position states its own" in text
    assert ["300,000", "150x"] in [line.split() for line in text.splitlines()]


def test_a_contract_without_tiers_says_that_the_position_states_its_rates():
    assert "none: a position states its own rates" in out("venue", "okx", "--symbol", "BTC-USD-SWAP")


@pytest.mark.parametrize(
    ("venue", "symbol", "message"),
    [
        ("binance-usdm", "BTC-USDT", "did you mean `BTCUSDT`?"),
        ("generic", "BTCUSDT", "it reads any symbol as base and quote"),
        (
            "okx",
            "XYZ",
            "it lists BNB-USDT-SWAP, BTC-USDT-SWAP, DOGE-USDT-SWAP, ETH-USDT-SWAP, SOL-USDT-SWAP and 2 more",
        ),
    ],
)
def test_an_unknown_contract_exits_2(venue, symbol, message):
    code, text, errors = run("venue", venue, "--symbol", symbol)
    assert (code, text) == (2, "")
    assert message in errors


# venue NAME --format yaml, --table


@pytest.mark.parametrize("name", loader.bundled())
def test_the_rule_file_itself_is_printed_and_with_its_tables_makes_the_same_rule_set(name, tmp_path):
    copy = tmp_path / f"my-{name}.yaml"
    copy.write_text(out("venue", name, "--format", "yaml"), encoding="utf-8")
    file = (loader.DATA / f"{name}.yaml").read_text(encoding="utf-8")
    assert copy.read_text(encoding="utf-8").endswith(f"\n\n{file}")
    for line in copy.read_text(encoding="utf-8").splitlines():
        if line.startswith("#   marginctl "):  # what the comment says is what one has to do
            arguments, _, target = line.removeprefix("#   marginctl ").partition(" > ")
            (tmp_path / target).write_text(out(*arguments.split()), encoding="utf-8", newline="")
    copied, problems = loader.named(str(copy))
    assert problems == []
    original, _ = loader.named(name)
    assert (copied.modes, copied.symbols()) == (original.modes, original.symbols())


def test_a_table_is_printed_as_it_stands():
    assert out("venue", "bybit", "--table", "bybit.csv") == (loader.DATA / "bybit.csv").read_text(encoding="utf-8")


def test_an_unknown_table_exits_2():
    code, text, errors = run("venue", "bybit", "--table", "okx.csv")
    assert (code, text) == (2, "")
    assert "its tables: `bybit.csv`" in errors


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--format", "yaml", "--symbol", "BTCUSDT"), "leave out --symbol and --table"),
        (("--symbol", "BTCUSDT", "--table", "bybit.csv"), "--symbol and --table show different things"),
    ],
)
def test_flags_that_ask_for_different_things_exit_2(flags, message):
    code, text, errors = run("venue", "bybit", *flags)
    assert (code, text) == (2, "")
    assert message in errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("venues", "--format", "xml"), "--format `xml` is unknown"),
        (("venue", "okx", "--format", "xml"), "write one of table, json, csv, markdown, html, yaml"),
        (("rules", "--color", "blue"), "--color `blue` is unknown"),
        (("venues", "--today", "soon"), "--today `soon` is no date"),
    ],
)
def test_bad_flags_exit_2(arguments, message):
    code, text, errors = run(*arguments)
    assert (code, text) == (2, "")
    assert message in errors


# rules, rule CODE

DEFAULTS = {  # section 4 of the interface
    "MC100": ("always", "error"),
    "MC101": ("60%", "warning"),
    "MC102": ("20%", "warning"),
    "MC103": ("50%", "warning"),
    "MC104": ("5x", "warning"),
    "MC105": ("10x", "warning"),
    "MC106": ("off", ""),
    "MC107": ("60%", "warning"),
    "MC108": ("3x", "warning"),
    "MC109": ("50%", "warning"),
    "MC110": ("30%", "warning"),
    "MC112": ("30 days", "warning"),
    "MC113": ("all", "warning"),
    "MC114": ("true", "warning"),
    "MC115": ("off", ""),
    "MC116": ("off", ""),
    "MC201": ("180 days", "note"),
    "MC202": ("off", ""),
}


def test_the_table_of_limits_has_every_code_with_its_default_and_severity():
    text = out("rules")
    rows = {line.split()[0]: line for line in text.splitlines() if line.strip().startswith("MC")}
    assert list(rows) == [rule.code for rule in RULES]
    for rule in RULES:
        assert f"{rule.name} " in rows[rule.code]
        assert rows[rule.code].endswith(f"  {rule.summary}")
    for code, (default, severity) in DEFAULTS.items():
        cells = rows[code].split("  ")
        assert default in [cell.strip() for cell in cells], code
        assert not severity or severity in [cell.strip() for cell in cells], code


def test_the_json_list_has_values_that_a_limits_section_could_hold():
    rules = {one["code"]: one for one in decimals(out("rules", "--format", "json"))["rules"]}
    assert (rules["MC101"]["key"], rules["MC101"]["default"], rules["MC101"]["unit"]) == (
        "max_utilization",
        Decimal("0.6"),
        "fraction",
    )
    assert [rules[code]["default"] for code in ("MC113", "MC114", "MC106", "MC205")] == ["all", True, None, None]
    assert (rules["MC208"]["severity"], rules["MC208"]["policy_severity"]) == ("warning", "error")
    assert (rules["MC100"]["always"], rules["MC100"]["waivable"]) == (True, False)


@pytest.mark.parametrize("word", ["MC102", "mc102", "liquidation-distance", "min_liquidation_distance"])
def test_a_limit_is_found_by_code_name_and_key(word):
    assert out("rule", word).startswith("MC102 liquidation-distance\n")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_whole_manual_of_every_limit_is_shown(rule):
    text = flowing(out("rule", rule.code, "--width", "80")).lower()
    for paragraph in rule.manual.split("\n\n"):
        assert flowing(paragraph).lower() in text
    for lead in ("what it checks:", "why:", "example:", "instead:"):
        assert lead in text, rule.code


def test_the_settings_of_a_limit_in_words():
    assert "default  20%: a warning below it" in out("rule", "MC102")
    assert "default  60%: a warning above it" in out("rule", "MC101")
    assert "default  always an error; it cannot be switched off" in out("rule", "MC100")
    assert "default  a warning; under a policy an error" in out("rule", "MC208")
    assert "default  off" in out("rule", "MC106")
    assert "key      `limits: {min_liquidation_distance: ...}`" in out("rule", "MC102")


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("MC999", "did you mean"),
        ("utilisation", "did you mean `utilization`?"),
        ("zzz", "`marginctl rules` lists them"),
    ],
)
def test_an_unknown_limit_exits_2(word, message):
    code, text, errors = run("rule", word)
    assert (code, text) == (2, "")
    assert message in errors
