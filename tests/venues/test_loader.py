"""Finding rule sets: bundled names, folders and paths, and what is said where there is none."""

import json

import yaml
from hypothesis import given
from hypothesis import strategies as st

from marginctl.document.reader import read
from marginctl.document.record import bind
from marginctl.portfolio.format import AccountEntry, PortfolioFile
from marginctl.venues import loader

from .rule_files import RULES, TABLE, with_table, write

KNOWN = (
    "known: binance-coinm, binance-pm, binance-usdm, bingx-coinm, bingx-usdm, bitget, bybit, deribit, dydx, gate, "
    "generic, hyperliquid, kraken, kraken-inverse, mexc, okx, weex, or the path of a rule file"
)


def only(found):
    rule_set, (problem,) = found
    assert rule_set is None
    return problem


def written(venue):
    """Where a portfolio names a rule set."""
    source, node, problems = read(f"account: {{venue: {venue}}}".encode(), "desk.yaml")
    file, more = bind(node, PortfolioFile, source)
    assert problems + more == []
    return {"name": file.venue, "node": file.account.at(AccountEntry.venue), "source": source}


def test_a_bundled_venue_is_found_by_its_name():
    assert loader.named("generic")[0].name == "generic"
    assert loader.named(**written("okx"))[0].name == "okx"


def test_an_unknown_venue_is_a_problem_where_it_was_written():
    problem = only(loader.named(**written("bibit")))
    assert (problem.location.file, problem.location.line, problem.location.column) == ("desk.yaml", 1, 18)
    assert (problem.code, problem.message) == ("MC024", "there is no rule set `bibit`")
    assert problem.help == f"did you mean `bybit`? {KNOWN}"
    assert problem.excerpt == "account: {venue: bibit}"


def test_a_venue_with_several_products_suggests_them():
    assert only(loader.named("BingX")).help == f"did you mean `bingx-coinm` or `bingx-usdm`? {KNOWN}"


def test_a_name_like_no_other_gets_the_list_alone():
    assert only(loader.named("qqqqqqqq")).help == KNOWN


def test_capitals_are_a_mistake_that_is_understood():
    assert only(loader.named("OKX")).help == f"did you mean `okx`? {KNOWN}"


def test_a_name_never_leaves_the_data_folder():
    for name in ("..", ".", "okx.csv", "data\0", "x" * 5000, ""):
        assert only(loader.named(name)).code == "MC024"


def test_a_path_counts_from_the_folder_of_the_portfolio(tmp_path):
    write(tmp_path, RULES)
    rule_set, problems = loader.named(**written("./house.yaml"), beside=tmp_path)
    assert (rule_set.name, problems) == ("house", [])
    problem = only(loader.named(**written("house.yaml"), beside=tmp_path / "elsewhere"))
    assert (problem.code, problem.message) == ("MC024", "there is no rule file `house.yaml`")
    assert problem.help == "the path counts from the folder of the portfolio"


def test_a_folder_is_no_rule_file(tmp_path):
    (tmp_path / "rules.yaml").mkdir()
    assert only(loader.named("rules.yaml", beside=tmp_path)).code == "MC024"


def test_a_folder_of_own_rules_comes_before_the_bundled_ones(tmp_path):
    write(tmp_path, RULES)
    (tmp_path / "okx.yaml").write_text(RULES.replace("name: house", "name: our-okx"), encoding="utf-8")
    assert loader.named("okx", directory=str(tmp_path))[0].name == "our-okx"
    assert loader.named("house", directory=str(tmp_path))[0].name == "house"
    assert loader.named("bybit", directory=str(tmp_path))[0].name == "bybit"
    assert "did you mean `house`? " in only(loader.named("hous", directory=str(tmp_path))).help


def test_a_folder_of_own_rules_that_is_not_there_is_a_problem(tmp_path):
    problem = only(loader.named("okx", directory=str(tmp_path / "missing")))
    assert problem.location.file == str(tmp_path / "missing")
    assert problem.message == "--rules: cannot be read: No such file or directory"


def test_problems_of_a_rule_file_name_it_as_it_was_named(tmp_path):
    write(tmp_path, RULES.replace("status: partial\nsources", "status: fine\nsources"))
    problem = only(loader.named("house.yaml", beside=tmp_path))
    assert (problem.location.file, problem.location.line, problem.code) == ("house.yaml", 5, "MC015")


def test_problems_of_a_table_name_the_table(tmp_path):
    write(tmp_path, with_table(), TABLE.replace("0.02,10,25", "0.02,11,25"))
    problem = only(loader.named(str(tmp_path / "house.yaml")))
    assert problem.location.file == str(tmp_path / "house.csv")
    assert problem.excerpt == "AUSDT,A,USDT,1000,5000,0.02,11,25"


def test_a_rule_file_may_be_json(tmp_path):
    path = tmp_path / "house.json"
    path.write_text(json.dumps(yaml.load(RULES, Loader=yaml.BaseLoader), indent="\t"), encoding="utf-8")
    assert loader.named(str(path))[0].contract("BTCUSDT").tiers[1].deduction == 250


def test_bundled_text_is_shown_as_it_stands():
    assert loader.rule_text("okx").startswith("schema: marginctl.venue/1\nname: okx\n")


@given(st.data())
def test_no_damaged_rule_file_raises(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damaged")
    text, table = bytearray(with_table().encode()), bytearray(TABLE.encode())
    for target in (text, table):
        for _ in range(data.draw(st.integers(0, 3))):
            at = data.draw(st.integers(0, len(target) - 1))
            target[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=6))
    (folder / "house.csv").write_bytes(bytes(table))
    (folder / "house.yaml").write_bytes(bytes(text))
    rule_set, problems = loader.named(str(folder / "house.yaml"))
    assert (rule_set is None) == bool(problems)
    if rule_set is not None:
        assert all(rule_set.contract(symbol).symbol == symbol for symbol in rule_set.symbols())
