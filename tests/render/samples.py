"""Handmade reports: ordinary accounts and those that strain a layout. Figures are chosen, not computed."""

from decimal import Decimal
from typing import Any

from tests.builders import (
    collateral_row,
    decimals,
    header_row,
    pool_row,
    position_row,
    report_row,
    totals_row,
    underlying_row,
)

from marginctl.core.report import (
    AccountHeader,
    AccountLiquidation,
    CollateralFigures,
    FundingFigures,
    Liquidation,
    MaintenanceNetting,
    NettingFigures,
    PoolFigures,
    PositionFigures,
    Report,
    RulesUsed,
    Totals,
)
from marginctl.findings import Check, Finding, Location, Problem, Severity, Status
from marginctl.render import RuleText
from marginctl.results import Outcome, Run

D = Decimal
VERSION = "0.1.0"

MANUAL = {
    "MC100": RuleText("account-liquidatable", "any pool is liquidatable", "What it checks: whether it is too late."),
    "MC101": RuleText("utilization", "initial and order margin over equity", "What it checks: how full.", "fraction"),
    "MC102": RuleText("liquidation-distance", "smallest move that liquidates", "What it checks: how far.", "fraction"),
    "MC103": RuleText("maintenance-ratio", "maintenance margin over equity", "What it checks: how near.", "fraction"),
    "MC104": RuleText("account-leverage", "gross notional over equity", "What it checks: how big.", "multiple"),
    "MC105": RuleText("position-leverage", "leverage of a position", "What it checks: each one.", "multiple"),
    "MC107": RuleText("concentration", "largest share of one underlying", "What it checks: how alike.", "fraction"),
    "MC112": RuleText("funding-runway", "days that funding can be paid", "What it checks: how long.", "days"),
    "MC204": RuleText("assumption", "something was taken for granted", "What it checks: what is not known."),
}


def position(symbol: str, side: str = "long", **figures: Any) -> PositionFigures:
    base = {
        "quantity": "0.5",
        "entry_price": "60000",
        "mark_price": "59500",
        "notional": "29750",
        "unrealized_pnl": "-250",
        "leverage": "10",
        "initial_rate": "0.1",
        "initial_margin": "2975",
        "maintenance_rate": "0.005",
        "maintenance_deduction": "0",
        "tier": 1,
        "maintenance_margin": "148.75",
        "liquidation_price": "38211.123456789",
        "liquidation_side": "below",
        "distance_to_liquidation": "0.357796244424",
        "contract_liquidation_price": "31000.5",
        "bankruptcy_price": "37950.25",
        "key": f"{symbol}:{side}",
    }
    return position_row(symbol, side, **(base | figures))


def balance(asset: str, amount: str, price: str, haircut: str, value: str, **figures: Any) -> CollateralFigures:
    base = {"balance": amount, "equity": amount, "price": price, "haircut": haircut, "value": value}
    return collateral_row(asset, **(base | figures))


def underlying(asset: str, delta: str, net: str, down: str | None, up: str | None, distance: str | None) -> Any:
    figures = {"delta": delta, "net_notional": net, "gross_notional": net.lstrip("-")}
    return underlying_row(asset, liquidation_down=down, liquidation_up=up, distance=distance, **figures)


def pool(name: str, **figures: Any) -> PoolFigures:
    base = {
        "equity": "24800.5",
        "initial_margin": "7475",
        "order_margin": "580",
        "maintenance_margin": "520.25",
        "free_collateral": "16745.5",
        "buffer": "24280.25",
        "utilization": "0.3247918388742",
        "maintenance_ratio": "0.0209774",
        "liquidation": Liquidation(D("-0.4231"), D("1.0521"), D("0.4231"), "down"),
    }
    return pool_row(name, **(base | figures))


def totals(**figures: Any) -> Totals:
    base = {
        "equity": "24800.5",
        "gross_collateral": "26050.5",
        "unrealized_pnl": "-250",
        "haircut": "1000",
        "initial_margin": "7475",
        "order_margin": "580",
        "maintenance_margin": "520.25",
        "gross_notional": "59500",
        "net_notional": "59500",
        "leverage": "2.3991451785246",
        "free_collateral": "16745.5",
        "buffer": "24280.25",
        "utilization": "0.3247918388742",
        "maintenance_ratio": "0.0209774",
    }
    return totals_row(**(base | figures))


def header(name: str = "desk-a", **texts: Any) -> AccountHeader:
    base = {
        "venue": "binance-usdm",
        "currency": "USDT",
        "as_of": "2026-11-22T11:00:00Z",
    }
    return header_row(name, **(base | texts))


RULES = RulesUsed(
    venue="binance-usdm",
    as_of="2026-10-30",
    status="verified",
    sources=("Leverage and margin brackets, 2026-10-30", "Collateral ratios, 2026-10-12"),
)


def report(**parts: Any) -> Report:
    base: dict[str, Any] = {
        "account": header(),
        "totals": totals(),
        "liquidation": AccountLiquidation(D("-0.4231"), D("1.0521"), D("0.4231"), "down", "cross"),
        "pools": (pool("cross"),),
        "positions": (position("BTCUSDT"),),
        "collateral": (balance("USDT", "10000", "1", "0", "10000"),),
        "underlyings": (underlying("BTC", "0.5", "29750", "38211.1234", None, "0.3577"),),
        "funding": FundingFigures(per_day=D(0), runway_days=None, missing=("BTCUSDT",)),
    }
    return report_row(**(base | parts))


def check(code: str, name: str, value: str | None, limit: str | None, status: Status, **more: Any) -> Check:
    texts = decimals({"value": value, "limit": limit} | more)
    return Check(
        code=code, name=name, subject=more.get("subject", "cross"), status=status, **_without(texts, "subject")
    )


def _without(figures: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in figures.items() if key != name}


def finding(code: str, name: str, severity: Severity, message: str, **more: Any) -> Finding:
    file, line, column = more.pop("at", ("desk.yaml", 0, 0))
    return Finding(code, name, severity, message, Location(file, line, column), **decimals(more))


def desk() -> Outcome:
    """An ordinary account: three positions, three coins, something of every severity."""
    return Outcome(
        file="desk.yaml",
        report=report(
            totals=totals(
                equity="11631.99",
                gross_collateral="12990.49",
                unrealized_pnl="-358.5",
                haircut="1000",
                initial_margin="7475.25",
                order_margin="580",
                maintenance_margin="1520.257",
                gross_notional="48750.2",
                net_notional="-10750.2",
                leverage="4.1910457282",
                free_collateral="3576.74",
                buffer="10111.733",
                utilization="0.6925084048",
                maintenance_ratio="0.1306962",
                state="healthy",
            ),
            liquidation=AccountLiquidation(D("-0.213456"), D("0.610211"), D("0.213456"), "down", "cross"),
            positions=(
                position("ETHUSDT", "long", quantity="4", entry_price="3050", mark_price="3000.5", notional="12002",
                         unrealized_pnl="-198", initial_margin="1500.25", leverage="8", maintenance_margin="60.01",
                         liquidation_price="2289.4419", distance_to_liquidation="0.2369798",
                         contract_liquidation_price="1999.3", bankruptcy_price="2240.1", funding_per_day="-3.6006",
                         purpose="speculative"),
                position("BTCUSDT", "short", funding_per_day="8.925", purpose="hedge", tier=2,
                         liquidation_price="76450.0001", liquidation_side="above",
                         distance_to_liquidation="0.28487394", contract_liquidation_price="82000.25",
                         bankruptcy_price="77120.1"),
                position("DOGEUSDT", "long", quantity="40000", entry_price="0.18", mark_price="0.174955",
                         notional="6998.2", unrealized_pnl="-201.8", leverage="20", initial_rate="0.05",
                         initial_margin="349.91", maintenance_rate="0.01", maintenance_margin="69.982",
                         liquidation_price=None, liquidation_side=None, distance_to_liquidation=None,
                         contract_liquidation_price=None, bankruptcy_price=None),
            ),
            collateral=(
                balance("USDT", "10000", "1", "0", "9641.5", unrealized_pnl="-358.5", equity="9641.5"),
                balance("ETH", "0.75", "3000.5", "0.1", "2025.3375"),
                balance("USDC", "-250", "1", "0", "-250"),
            ),
            underlyings=(
                underlying("ETH", "4.75", "12002", "2289.4419", None, "0.2369798"),
                underlying("BTC", "-0.5", "-29750", None, "76450.0001", "0.28487394"),
                underlying("DOGE", "40000", "6998.2", None, None, None),
            ),
            funding=FundingFigures(per_day=D("5.3244"), runway_days=None, missing=("DOGEUSDT",)),
        ),
        checks=(
            check("MC100", "account-liquidatable", None, None, Status.PASS, subject="desk-a"),
            check("MC101", "utilization", "0.6925084048", "0.6", Status.FAIL, headroom="-0.0925084048"),
            check("MC102", "liquidation-distance", "0.213456", "0.2", Status.PASS, headroom="0.013456"),
            check("MC103", "maintenance-ratio", "0.1306962", "0.5", Status.PASS, headroom="0.3693038"),
            check("MC104", "account-leverage", "4.1910457282", "5", Status.PASS, headroom="0.8089542718"),
            check("MC105", "position-leverage", "20", "10", Status.WARN, headroom="-10", subject="DOGEUSDT"),
            check("MC107", "concentration", "0.6102538", "0.6", Status.WAIVED, headroom="-0.0102538", subject="BTC"),
            check("MC112", "funding-runway", None, "30", Status.NOT_EVALUATED),
        ),
        findings=(
            finding("MC204", "assumption", Severity.NOTE, "DOGEUSDT entry_price = mark", subject="DOGEUSDT"),
            finding("MC105", "position-leverage", Severity.WARNING, "DOGEUSDT has a leverage of 20x, above 10x",
                    at=("desk.yaml", 31, 5), subject="DOGEUSDT", value="20", limit="10",
                    remedy="set leverage: 10, which takes 349.91 USDT more margin"),
            finding("MC101", "utilization", Severity.ERROR,
                    "initial and order margin are 69.26% of the equity of cross, above 60%",
                    at=("policy.yaml", 3, 3), subject="cross", value="0.6925084048", limit="0.6",
                    remedy="deposit 1,793.43 USDT, or close 0.18 of BTCUSDT"),
            finding("MC107", "concentration", Severity.WARNING, "BTC is 61.03% of gross notional, above 60%",
                    subject="BTC", value="0.6102538", limit="0.6", waived=True),
        ),
        assumptions=("USDT priced at 1", "USDC priced at 1", "DOGEUSDT entry_price = mark"),
        rules=RULES,
    )  # fmt: skip


def silos() -> Outcome:
    """Several pools, one of them isolated; netting; longer names than there is room for."""
    return Outcome(
        file="books/silos.yaml",
        report=report(
            account=header("treasury", venue="generic", collateral_mode="single-asset", position_mode="hedge"),
            totals=totals(worst_pool="cross:BTC", utilization="0.45", maintenance_ratio="0.081234567"),
            liquidation=AccountLiquidation(D("-0.18765432"), None, D("0.18765432"), "down", "cross:BTC"),
            pools=(
                pool("cross:USDT"),
                pool("cross:BTC", equity="5950.125", free_collateral="3272.56", utilization="0.45",
                     maintenance_ratio="0.081234567",
                     liquidation=Liquidation(D("-0.18765432"), None, D("0.18765432"), "down")),
                pool("isolated:SOLUSDT:long", equity="312", initial_margin="300", order_margin="0",
                     maintenance_margin="15", free_collateral="12", buffer="297", utilization="0.961538461538",
                     maintenance_ratio="0.048076923", liquidation=Liquidation(D("-0.0991"), None, D("0.0991"), "down")),
            ),
            positions=(
                position("BTCUSDT", "long", pool="cross:USDT"),
                position("BTCUSDT", "short", pool="cross:USDT", quantity="0.2", notional="11900",
                         unrealized_pnl="100", initial_margin="1190", maintenance_margin="59.5"),
                position("BTCUSD_PERP", "long", pool="cross:BTC", quantity="100", notional="10000",
                         liquidation_price="48334.5678", distance_to_liquidation="0.18765432"),
                position("SOLUSDT", "long", pool="isolated:SOLUSDT:long", quantity="20", entry_price="150",
                         mark_price="150.6", notional="3012", unrealized_pnl="12", margin_mode="isolated",
                         liquidation_price="135.675", distance_to_liquidation="0.0991",
                         contract_liquidation_price="135.675", bankruptcy_price="135"),
            ),
            collateral=(
                balance("USDT", "24000", "1", "0", "24000", pool="cross:USDT"),
                balance("BTC", "0.1", "59500", "0", "5950", pool="cross:BTC"),
                balance("USDT", "300", "1", "0", "312", pool="isolated:SOLUSDT:long",
                        unrealized_pnl="12", equity="312"),
            ),
            netting=NettingFigures(
                gross_initial_margin=D("7165"), initial_margin=D("5975"), saving=D("1190"),
                saving_rate=D(1190) / D(7165),
                maintenance=MaintenanceNetting(gross_maintenance_margin=D("358.25"), maintenance_margin=D("298.75"),
                                               saving=D("59.5"), saving_rate=D("59.5") / D("358.25")),
            ),
        ),
        assumptions=tuple(f"BTCUSDT leg {number} entry_price = mark" for number in range(1, 9)),
        rules=RulesUsed(venue="generic", as_of=None, status="partial", sources=()),
    )  # fmt: skip


def strange() -> Outcome:
    """Huge and tiny figures, long names, names that try to format themselves."""
    huge = "123456789012.12345678"
    return Outcome(
        file="a/very/long/path/to/some/portfolio/with/many/folders/in/it/strange.yaml",
        report=report(
            account=header("[bold red]desk[/] \x1b[31mred\x1b[0m", as_of=None),
            totals=totals(equity=huge, gross_notional=huge, unrealized_pnl="-" + huge),
            positions=(
                position("1000000BABYDOGEUSDT_260626_LONG_NAME_40CH", quantity="0.000000001", entry_price="0.00000123",
                         mark_price="0.0000012345", notional="0.0000001", liquidation_price="0.00000098765432",
                         contract_liquidation_price=None, bankruptcy_price="0.0000009"),
                position("[bold]BTCUSDT[/bold]", quantity=huge, notional=huge, unrealized_pnl="-" + huge,
                         initial_margin=huge, maintenance_margin=huge),
                position("比特币USDT", quantity="3"),
            ),
            collateral=(balance("USDT", huge, "1", "0", huge), balance("PEPE", "1", "0.00000123", "0.5", "0.0000006")),
            underlyings=(underlying("PEPE", huge, huge, "0.00000098765432", None, "0.2"),),
        ),
        rules=RULES,
    )  # fmt: skip


def ruined() -> Outcome:
    """Equity gone: ratios that do not exist, already liquidatable."""
    gone = Liquidation(D(0), D(0), D(0), None)
    return Outcome(
        file="ruined.yaml",
        report=report(
            account=header("ruined", as_of=None),
            totals=totals(equity="-1200.005", free_collateral="-9255.005", buffer="-1720.255", utilization=None,
                          maintenance_ratio=None, leverage=None, liquidatable=True, state="liquidation"),
            liquidation=AccountLiquidation(D(0), D(0), D(0), None, "cross"),
            pools=(pool("cross", equity="-1200.005", utilization=None, maintenance_ratio=None, liquidatable=True,
                        liquidation=gone),),
            positions=(position("BTCUSDT", liquidation_price="59500", distance_to_liquidation="0"),),
            collateral=(balance("USDT", "-1200.005", "1", "0", "-1200.005"),),
        ),
        checks=(
            check("MC100", "account-liquidatable", None, None, Status.FAIL),
            check("MC101", "utilization", None, "0.6", Status.FAIL),
        ),
        findings=(
            finding("MC100", "account-liquidatable", Severity.ERROR, "cross is liquidatable", subject="cross"),
            finding("MC101", "utilization", Severity.ERROR, "there is no equity that margin could be a share of",
                    subject="cross"),
        ),
        rules=RULES,
    )  # fmt: skip


def empty() -> Outcome:
    """An account that holds a balance and nothing else."""
    return Outcome(
        file="empty.yaml",
        report=report(
            account=header("empty"),
            totals=totals(initial_margin="0", order_margin="0", maintenance_margin="0", utilization="0",
                          maintenance_ratio="0", leverage="0", gross_notional="0", net_notional="0",
                          unrealized_pnl="0", equity="10000", free_collateral="10000", buffer="10000"),
            liquidation=AccountLiquidation(None, None, None, None, None),
            positions=(),
            underlyings=(),
        ),
        rules=RULES,
    )  # fmt: skip


def problem(line: int, column: int, message: str, **more: Any) -> Problem:
    end = more.pop("end", 0)
    return Problem(Location("broken.yaml", line, column, end), more.pop("code", "MC014"), message, **more)


def broken() -> Outcome:
    """A file that could not be read."""
    return Outcome(
        file="broken.yaml",
        problems=(
            problem(4, 11, "`amount` is not a number: `1_000`", end=16, help="write 1000",
                    excerpt="  amount: 1_000  # with\ta tab"),
            problem(9, 3, "unknown key `quantty`", code="MC010", end=10, help="did you mean `quantity`?",
                    excerpt="  quantty: 0.5"),
            problem(0, 0, "the file ends early", code="MC002"),
        ),
    )  # fmt: skip


def run(*outcomes: Outcome, exit_code: int = 1, fail_on: str = "error") -> Run:
    return Run(outcomes=outcomes, exit_code=exit_code, version=VERSION, fail_on=fail_on)
