"""``marginctl import`` on recorded answers: the file it writes, what reconciles, and what it says is missing."""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from .recorded_accounts import ACCOUNTS, RECORDED, Recorded, files_of, lay_out
from .running import TODAY, Ran, check, run

GOLDEN = Path(__file__).parent / "golden" / "imported"
each_account = pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.name)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path)
    return tmp_path


def imported(account: Recorded, *more: str) -> Ran:
    return run("import", *files_of(account), *account.flags.split(), "--today", TODAY, *more)


def named(*names: str) -> list[str]:
    return [str(RECORDED / name) for name in names]


@each_account
def test_an_account_becomes_the_golden_file(account: Recorded, golden_file: Callable[[Path, str], None]) -> None:
    ran = imported(account)
    assert ran.code == 0
    golden_file(GOLDEN / f"{account.name}.yaml", ran.out)
    assert imported(account).out == ran.out


def test_no_golden_file_is_left_of_an_account_that_is_gone() -> None:
    assert {path.stem for path in GOLDEN.glob("*.yaml")} == {account.name for account in ACCOUNTS}


@each_account
def test_as_many_figures_meet_as_are_known_to(account: Recorded) -> None:
    ran = imported(account, "--reconcile", "--format", "json")
    summary = ran.json()["summary"]
    found = summary["within"], summary["within"] + summary["beyond"], summary["not_comparable"]
    assert found == (account.met, account.of, account.apart)
    assert bool(account.why) == (account.known != f"{account.met}/{account.of}")
    assert ran.code == (0 if account.met == account.of else 1)


@each_account
def test_check_judges_the_written_file_alike(account: Recorded) -> None:
    rows = imported(account, "--reconcile", "--format", "json").json()["reconcile"]
    Path("book.yaml").write_text(imported(account).out)
    ran = check("book.yaml", "--select", "MC209", "--format", "json")
    (report,) = ran.json()["reports"]
    judged = {(one["subject"], one["figure"]): one for one in report["expectations"]}
    compared = [row for row in rows if row["verdict"] != "not comparable"]
    assert len(judged) == len(compared)
    for row in compared:
        one = judged[row["subject"], row["figure"]]
        assert one["status"] == ("fail" if row["verdict"] == "beyond" else "pass")
        assert (one["ours"], one["theirs"], one["difference"]) == (row["ours"], row["venue"], row["difference"])


def reconciled(name: str) -> dict[str, dict[str, Any]]:
    """The rows of an account by subject and figure."""
    account = next(one for one in ACCOUNTS if one.name == name)
    rows = imported(account, "--reconcile", "--format", "json").json()["reconcile"]
    return {f"{row['subject']}.{row['figure']}": row for row in rows}


@pytest.mark.parametrize(
    ("name", "figure", "venue", "verdict"),
    [
        ("usdm-2-rate", "AAPLUSDT.contract_liquidation_price", "305.29503487", "equal"),
        ("usdm-7-rate", "ADAUSDT.maintenance_margin", "0.0800428", "equal"),
        ("usdm-9", "AGIXUSDT.contract_liquidation_price", "0.88566088", "equal"),
        ("usdm-10-rate", "BLURUSDT:long.contract_liquidation_price", "0.54942259", "equal"),
        ("usdm-10-rate", "BLURUSDT:short.contract_liquidation_price", "0.88839917", "equal"),
        ("usdm-1-alone", "totals.equity", "14450.00116565", "equal"),
        ("bybit-2", "totals.maintenance_margin", "0.30525761", "equal"),
        ("okx-1", "ETH-USDT-SWAP.contract_liquidation_price", "1466.3929432660957", "within"),
        ("hyperliquid-3-rate", "cross.maintenance_margin", "38.8818", "equal"),
    ],
)
def test_figures_that_are_known_meet(name: str, figure: str, venue: str, verdict: str) -> None:
    row = reconciled(name)[figure]
    assert (str(row["venue"]), row["verdict"]) == (venue, verdict)


@pytest.mark.parametrize("name", sorted(path.name for path in (RECORDED / "errors").iterdir()))
def test_an_error_is_no_account(name: str) -> None:
    ran = run("import", *named(f"errors/{name}"))
    assert (ran.code, ran.out) == (2, "")
    assert ran.errors
    document = run("import", *named(f"errors/{name}"), "--format", "json").json()
    assert (document["summary"]["exit_code"], document["portfolio"], len(document["errors"])) == (2, None, 1)


MISSING = [
    pytest.param(
        ["mexc/1-btc-isolated-10x.open_positions.json"],
        [
            "--set positions.0.mark_price=PRICE",
            "--set positions.0.isolated_margin=...",
            "--set account.taker_fee=...",
        ],
        id="what one fact hides is named as well",
    ),
    pytest.param(
        ["binance-usdm/3-hedge-long-docs.positionRisk.json"],
        ["the wallet answer, or --wallet USDT=AMOUNT"],
        id="cross positions without a wallet",
    ),
    pytest.param(
        ["bybit/1-sol-cross.wallet.json"], ["the positions answer as well"], id="a wallet with margins, no positions"
    ),
    pytest.param(
        ["bybit/7-ccxt-unified-balance.ccxt-balance.json"], ["--set collateral.2.haircut=..."], id="a haircut"
    ),
    pytest.param(
        ["bybit/5-ada-tpsl.position.json"],
        [
            "the wallet answer, or --wallet USDT=AMOUNT",
            (
                "`curl -s 'https://api.bybit.com/v5/market/risk-limit?category=linear&symbol=ADAUSDT' > tables.json` "
                "and give tables.json as well; or --with FILE.yaml with "
                "`contracts: {ADAUSDT: {base: ..., quote: ..., contract_size: ..., tiers: [...]}}`"
            ),
            "--set account.taker_fee=...",
        ],
        id="a contract, with the answer that has it",
    ),
    pytest.param(
        ["binance-pm/1-papi-balance.balance.json"],
        [
            "--set collateral.0.haircut=...",
            "--set prices.ADA=...",
            "--set collateral.1.haircut=...",
            "--set prices.ETH=...",
            "--set collateral.2.haircut=...",
            "--set prices.LTC=...",
            "--set collateral.3.loan_rate=...",
            "--set collateral.4.haircut=...",
        ],
        id="prices, haircuts and the rate of a loan",
    ),
]


@pytest.mark.parametrize(("names", "flags"), MISSING)
def test_all_that_is_missing_is_named_at_once(names: list[str], flags: list[str]) -> None:
    ran = run("import", *named(*names), "--today", TODAY)
    assert (ran.code, ran.out) == (2, "")
    document = run("import", *named(*names), "--today", TODAY, "--format", "json").json()
    assert [one["flag"] for one in document["missing"]] == flags
    for flag in flags:
        assert f"  help: {flag}\n" in ran.errors


@pytest.mark.parametrize(
    ("name", "given"),
    [
        (
            "mexc/1-btc-isolated-10x.open_positions.json",
            ["positions.0.mark_price=114700", "positions.0.isolated_margin=1.147441", "account.taker_fee=0.02%"],
        ),
        ("bybit/7-ccxt-unified-balance.ccxt-balance.json", ["collateral.2.haircut=0%"]),
        (
            "binance-pm/1-papi-balance.balance.json",
            [
                *(f"collateral.{number}.haircut=5%" for number in (0, 1, 2, 4)),
                *(f"prices.{price}" for price in ("ADA=0.5", "ETH=3000", "LTC=80")),
                "collateral.3.loan_rate=10%",
            ],
        ),
    ],
)
def test_the_flags_that_are_named_are_enough(name: str, given: list[str]) -> None:
    flags = [word for one in given for word in ("--set", one)]
    ran = run("import", *named(name), *flags, "--today", TODAY)
    assert ran.code == 0
    Path("book.yaml").write_text(ran.out)
    assert check("book.yaml", "--format", "json").code in (0, 1)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("weex/1-btc-cross-docs.balance.json", "", ""),  # unrealizePnl -34.553
        ("okx/1-eth-isolated.balance.json", "", ""),  # upl 3,019.37
        ("bingx/2-xrp-cross.balance.json", "usedMargin", "0.5"),
        ("bingx/2-xrp-cross.balance.json", "unrealizedProfit", "-0.5"),
        ("mexc/2-eth-isolated-docs.assets.json", "positionMargin", "1"),
        ("mexc/2-eth-isolated-docs.assets.json", "unrealized", "-1"),
        ("binance-usdm/2-aapl-isolated.balance.json", "crossUnPnl", "-0.01"),
        ("binance-pm/1-papi-balance.balance.json", "umUnrealizedPNL", "-0.01"),
        ("binance-pm/1-papi-balance.balance.json", "cmUnrealizedPNL", "-0.01"),
        ("bybit/7-ccxt-unified-balance.ccxt-balance.json", "totalPositionIM", "3"),
    ],
)
def test_a_wallet_that_shows_positions_is_no_account_without_them(name: str, field: str, value: str) -> None:
    said = "missing: the positions: the wallet shows profits or requirements\n"
    (path,) = named(name)
    text = Path(path).read_text(encoding="utf-8")
    Path("balance.json").write_text(re.sub(f'"{field}": [^,\n]*', f'"{field}": "{value}"', text, count=1))
    ran = run("import", "balance.json", "--today", TODAY)
    assert (ran.code, ran.out, said in ran.errors) == (2, "", True)
    assert not field or said not in run("import", path, "--today", TODAY).errors


@pytest.mark.parametrize(
    ("names", "old", "new"),
    [
        (["bybit/1-sol-cross.position.json", "bybit/1-sol-cross.wallet.json"], '"bonus": "0"', '"bonus": "5"'),
        (["mexc/2-eth-isolated-docs.assets.json"], '"bonus": 0', '"bonus": 5.5'),
    ],
)
def test_a_bonus_is_named(names: list[str], old: str, new: str) -> None:
    *others, wallet = named(*names)
    text = Path(wallet).read_text(encoding="utf-8")
    said = "a bonus (bonus): nobody publishes whether the balances hold it"
    for content, is_said in ((text, False), (text.replace(old, new), True)):
        Path("wallet.json").write_text(content)
        ran = run("import", *others, "wallet.json", "--today", TODAY)
        assert ran.code == 0
        assert (said in ran.errors, f"# wallet.json: {said}" in ran.out) == (is_said, is_said)


def test_a_contract_whose_table_no_answer_has_is_named_with_its_place() -> None:
    ran = run("import", *named("deribit/2-sol-perpetual.positions.json"), "--wallet", "SOL=3", "--today", TODAY)
    assert ran.code == 2
    place = "the venue shows its table at https://support.deribit.com/hc/en-us/articles/25944738177565\n"
    (line,) = (line for line in ran.errors.splitlines(keepends=True) if "--with FILE.yaml" in line)
    assert line.endswith(f"`; {place}")
    assert "SOL_USDC" not in ran.errors


def test_a_draft_says_in_the_file_what_is_missing() -> None:
    ran = run("import", *named("mexc/1-btc-isolated-10x.open_positions.json"), "--draft")
    assert ran.code == 1
    assert [line for line in ran.out.splitlines() if line.startswith("# missing: ")] == [
        (
            "# missing: no price for BTC, the base of BTC_USDT, which has no mark_price either: "
            "--set positions.0.mark_price=PRICE"
        ),
        "# missing: the isolated position in BTC_USDT has no isolated_margin: --set positions.0.isolated_margin=...",
        (
            "# missing: mexc counts the fee to close in its margins: the account's fee is missing: "
            "--set account.taker_fee=..."
        ),
    ]


HYPE = "hyperliquid/1-hype-isolated.clearinghouseState.json"


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([HYPE], 0),
        (["binance-usdm/9-agix-isolated-short.positionRisk.json"], 1),  # the cross wallet is in no answer
        (["dydx/1-btc-short.subaccount.json"], 1),  # its leverage is assumed
    ],
)
def test_strict_is_about_what_was_left_out_or_assumed(files: list[str], code: int) -> None:
    assert run("import", *named(*files), "--strict").code == code
    assert run("import", *named(*files)).code == 0


def test_a_file_is_written_and_not_over_another() -> None:
    ran = run("import", *named(HYPE), "-o", "book.yaml")
    assert (ran.code, ran.out) == (0, "")
    assert ran.errors.endswith("marginctl: wrote book.yaml\n")
    text = Path("book.yaml").read_text()
    assert text == run("import", *named(HYPE)).out
    again = run("import", *named(HYPE), "-o", "book.yaml")
    assert (again.code, again.errors.splitlines()[0]) == (2, "marginctl: book.yaml exists already")
    assert run("import", *named(HYPE), "-o", "book.yaml", "--force", "--name", "desk").code == 0
    assert "  name: desk\n" in Path("book.yaml").read_text()
    assert run("import", *named(HYPE), "-o", "book.json").code == 2


def test_reconcile_shows_the_table_and_writes_only_where_told() -> None:
    ran = run("import", *named(HYPE), "--reconcile")
    assert ran.out.splitlines()[-1] == "8 of 8 figures within tolerance; 0 beyond"
    assert "account:" not in ran.out
    assert run("import", *named(HYPE), "--reconcile", "-o", "book.yaml").out == ran.out
    assert Path("book.yaml").read_text() == run("import", *named(HYPE)).out


def test_a_file_may_come_from_standard_input_and_a_venue_be_named() -> None:
    data = (RECORDED / HYPE).read_bytes()
    ran = run("import", "hyperliquid", "-", stdin=data)
    assert ran.code == 0
    assert "{file: <stdin>" in ran.out or 'file: "<stdin>"' in ran.out
    wrong = run("import", "bybit", "-", stdin=data)
    assert (wrong.code, wrong.out) == (2, "")
    assert run("import", "bybit").errors.splitlines()[0] == "marginctl: `bybit` is a venue, and no file is named"


@pytest.mark.parametrize("name", ["usdm-1", "bybit-2", "okx-1", "hyperliquid-3"])
def test_the_order_of_the_files_changes_nothing(name: str) -> None:
    account = next(one for one in ACCOUNTS if one.name == name)
    files = files_of(account)
    flags = [*account.flags.split(), "--today", TODAY]
    assert run("import", *files[::-1], *flags).out == run("import", *files, *flags).out


def test_a_balance_of_a_file_is_not_given_again() -> None:
    ran = run("import", *named(HYPE), "--wallet", "USDC=5")
    assert (ran.code, ran.errors.splitlines()[0].partition(";")[0]) == (
        2,
        "--wallet: MC016 `USDC` stands in the answers already",
    )


def test_rates_of_the_account_replace_those_of_the_rule_set() -> None:
    """1 / (2 x 50), the highest leverage that the answer prints: 1% instead of the bundled rates."""
    (name,) = (str(path) for path in RECORDED.glob("hyperliquid/3-*.json"))
    ran = run("import", name, "--rates", "account", "--reconcile", "--format", "json")
    assert ran.json()["summary"] == {"figures": 10, "within": 10, "beyond": 0, "not_comparable": 0, "exit_code": 0}


def test_what_is_laid_under_counts_only_where_no_answer_speaks() -> None:
    Path("below.yaml").write_text(
        "account: {taker_fee: 0.05%, position_mode: hedge}\n"
        "prices: {USDT: 0.5, SOL: 230}\n"
        "limits: {max_utilization: 50%}\n"
        "scenarios: [{name: fall, shocks: {SOL: -30%}}]\n"
    )
    ran = run("import", *files_of(next(one for one in ACCOUNTS if one.name == "bybit-1")), "--with", "below.yaml")
    assert ran.code == 0
    for line in ("  taker_fee: 0.05%", "  position_mode: one-way", "  SOL: 230", "  max_utilization: 50%"):
        assert f"{line}\n" in ran.out
    assert "  USDT: 1.000685999561406032057767202 " in ran.out
    assert "remark: `USDT` of an answer counts, not that of --with" in ran.errors
    Path("below.yaml").write_text("positions: []\nlimits: {max: 1}\n")
    wrong = run("import", *named(HYPE), "--with", "below.yaml")
    assert wrong.code == 2
    assert "`positions` cannot be laid under an import" in wrong.errors
    assert "unknown key `max`" in wrong.errors


def test_the_document_has_the_portfolio_as_values() -> None:
    document = run("import", *named(HYPE), "--format", "json").json()
    assert document["portfolio"]["positions"][0]["symbol"] == "HYPE"
    assert document["answers"] == [
        {
            "file": "1-hype-isolated.clearinghouseState.json",
            "answer": "hyperliquid clearinghouseState",
            "title": "POST /info {type: clearinghouseState}; stream webData2",
            "as_of": document["answers"][0]["as_of"],
        }
    ]
    assert (document["missing"], document["reconcile"], document["errors"]) == ([], None, [])


BRACKETS = """[{"symbol": "AAPLUSDT", "brackets": [
  {"bracket": 1, "initialLeverage": 20, "notionalCap": 50000, "notionalFloor": 0, "maintMarginRatio": 0.025, "cum": 0},
  {"bracket": 2, "initialLeverage": 10, "notionalCap": 90000, "notionalFloor": 50000, "maintMarginRatio": 0.05,
   "cum": 1250}]}]"""


def test_brackets_of_the_account_become_its_contract() -> None:
    """(313.2 x 0.02 - 0.31074682) / (0.02 x (1 - 0.025)) = 305.29503487, where the bundled bracket of 5% is not met."""
    Path("brackets.json").write_text(BRACKETS)
    account = next(one for one in ACCOUNTS if one.name == "usdm-2")
    files = [*files_of(account), "brackets.json"]
    written = run("import", *files, "--today", TODAY).out
    assert "      - {up_to: 50000, maintenance_rate: 0.025, max_leverage: 20, deduction: 0}\n" in written
    assert run("import", *files, "--today", TODAY, "--reconcile", "-f", "json").json()["summary"]["within"] == 3


def test_a_fee_answer_and_open_orders_are_used() -> None:
    account = str(RECORDED / "binance-usdm" / "1-fil-testnet-long.account.json")
    published = RECORDED.parent / "public"
    more = [str(published / f"binance-usdm.{name}.json") for name in ("multiAssetsMargin", "openOrders")]
    ran = run("import", account, *more, "--today", TODAY)
    assert ran.code == 0
    assert "  collateral_mode: multi-asset\n" in ran.out
    assert (
        "  - symbol: BTCUSDT\n    side: buy\n    quantity: 0.6  # origQty - executedQty\n    price: 59000\n" in ran.out
    )
    assert "left out: 1 conditional orders (BTCUSDT)\n" in ran.errors
    okx = next(one for one in ACCOUNTS if one.name == "okx-1")
    fee = str(published / "okx.trade-fee.json")
    rate = ["--set", "positions.0.maintenance_rate=0.4%"]
    ran = run("import", *files_of(okx), fee, *rate, "--today", TODAY, "--reconcile", "-f", "json")
    assert ran.json()["portfolio"]["account"]["taker_fee"] == Decimal("0.0005")
    assert ran.json()["summary"]["within"] == 3


def test_a_rule_file_is_found_from_the_folder_of_the_written_file(folder: Path) -> None:
    (folder / "books").mkdir()
    account = next(one for one in ACCOUNTS if one.name == "bybit-2")
    words = account.flags.replace("on-entry.yaml", "../on-entry.yaml").split()
    ran = run("import", *files_of(account), *words, "--today", TODAY, "-o", "books/book.yaml")
    assert ran.code == 0
    assert check("books/book.yaml", "--select", "MC209").code == 0
    assert run("import", *files_of(account), *words, "--today", TODAY).code == 2


def test_a_leverage_above_the_bracket_is_kept_and_said() -> None:
    Path("risk.json").write_bytes(
        (RECORDED / "binance-usdm/2-aapl-isolated.positionRisk.json").read_bytes().replace(b'"20"', b'"500"')
    )
    ran = run("import", *named("binance-usdm/2-aapl-isolated.balance.json"), "risk.json", "--today", TODAY)
    assert "    leverage: 500\n" in ran.out
    assert "which is used: the bracket is stale, or the account has its own\n" in ran.errors


TIERS = """{"retCode": 0, "retMsg": "OK", "time": 1795176000000, "result": {"category": "linear", "list": [
  {"id": 1, "symbol": "ADAUSDT", "riskLimitValue": "200000", "maintenanceMargin": "0.0075", "initialMargin": "0.015",
   "maxLeverage": "66.67", "mmDeduction": ""}], "nextPageCursor": ""}}"""


def test_the_answer_that_the_command_saves_declares_the_contract() -> None:
    Path("tables.json").write_text(TIERS)
    account = named("bybit/5-ada-tpsl.position.json")
    flags = ("--wallet", "USDT=10000", "--set", "account.taker_fee=0.055%", "--today", TODAY)
    assert run("import", *account, *flags).code == 2
    ran = run("import", *account, "tables.json", *flags)
    assert ran.code == 0
    assert "      - {up_to: 200000, maintenance_rate: 0.0075, max_leverage: 66.67, deduction: 0}\n" in ran.out


def test_a_contract_whose_size_nobody_knows_is_no_contradiction() -> None:
    ran = run("import", *named("gate/1-ltc-isolated.positions.json"), "--today", TODAY)
    assert ran.code == 2
    assert "LTC_USDT is no contract of gate" in ran.errors
    assert "contradicts itself" not in ran.errors
