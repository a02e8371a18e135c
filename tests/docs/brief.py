"""What margin is about, statement by statement, and the lines of the program that answer it: ``docs/brief.md``.

A statement has a command that anybody can repeat in the repository, and for each line a text that stands in it.
"""

from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import NamedTuple

from typer.testing import CliRunner

from marginctl.cli.app import app

ROOT = Path(__file__).parents[2]
SHOWN = ("--today", "2026-11-22", "--width", "100", "--color", "never")
P = "portfolios/"


class Statement(NamedTuple):
    """What is claimed, what to type, and in which lines the answer stands."""

    claim: str
    command: str
    lines: tuple[str, ...]


def check(name: str, *more: str) -> str:
    return " ".join(["check", f"{P}{name}.yaml", *more])


PAIR, LEGS, CUTS = "01-two-underlyings", "02-two-legs-netted", "05-haircuts"
CROSS, ALONE, NEAR = "03-cross-margin", "04-isolated-margin", "17-near-liquidation"
FIVE, CARRY, FALLS = "12-five-positions", "07-delta-neutral", "08-collateral-falls"

SECTIONS: dict[str, tuple[Statement, ...]] = {
    "Requirements": (
        Statement(
            "Positions on two underlyings need the sum of their margins: 500 and 350 are 850.",
            check(PAIR),
            ("initial margin",),
        ),
        Statement(
            "What is left of 10,000 is free, and the used share of the equity is 8.5%.",
            check(PAIR),
            ("utilization", "free collateral   "),
        ),
        Statement(
            "Every position has an initial and a maintenance margin.",
            check(FIVE),
            ("  symbol    side", "  BTCUSDT   long", "  ETHUSDT   short"),
        ),
        Statement(
            "Long 10 and short 5 of one contract need margin on the 5 that remain.",
            check(LEGS),
            ("  margin       each alone", "  initial       "),
        ),
        Statement(
            "Not every venue nets: without netting all 15 need margin.",
            check(LEGS, "--set account.netting=none"),
            ("initial margin",),
        ),
        Statement(
            "Others take the larger leg: 10.", check(LEGS, "--set account.netting=larger-leg"), ("initial margin",)
        ),
        Statement(
            "Rates grow with the position; a tier also caps the leverage.",
            "explain portfolios/06-margin-tiers.yaml positions.ABCUSDT.maintenance_margin",
            ("maintenance_margin = ", "= 300,000 "),
        ),
        Statement(
            "An order needs margin before it fills, of the worse side only.",
            check("15-open-orders"),
            ("  order margin   ", "  FAIL  MC101"),
        ),
        Statement(
            "Limits hold for the account and for each position, on leverage and in money.",
            check(FIVE, "-v --set limits.max_position_notional=400000"),
            ("MC120  position-notional", "MC104  account-leverage", "MC105  position-leverage     BTCUSDT"),
        ),
    ),
    "Collateral": (
        Statement(
            "1,000 of ETH with a haircut of 10% count 900.",
            check(CUTS),
            ("  asset   balance", "  ETH         0.5"),
        ),
        Statement(
            "Haircuts grow with the amount: 3 BTC lose 15,000, and one more would count 54,000 of its 60,000.",
            check(CUTS),
            ("  BTC         3",),
        ),
        Statement("All of it together: gross, lost, counted.", check(CUTS), ("  total  ",)),
        Statement(
            "Debts count in full and need maintenance margin of their own.",
            check(CARRY),
            ("  USDT   -85,000  0.00", "maintenance margin"),
        ),
        Statement(
            "Collateral falls with the market: ETH liquidates an account without any position in ETH.",
            check(FALLS),
            ("of ETH liquidates",),
        ),
        Statement(
            "Collateral in the coin that is held long is no second leg: it is lost with it.",
            check("10-coin-margined"),
            ("  WARN  MC110", "               (default): 480,000"),
        ),
        Statement(
            "A buffer is best held in stablecoins.",
            check(FALLS, "--set limits.min_stable_share=50% --select MC109"),
            ("  FAIL  MC109",),
        ),
        Statement(
            "A stablecoin can lose its peg, which moves every mark quoted in it.",
            check(CARRY),
            ("of USDT liquidates", "  USDT         35,000"),
        ),
        Statement("Currencies are collateral and contracts too.", check("14-currency-hedge"), ("  EUR    100,000",)),
        Statement(
            "A bonus is usable as margin, is lost first, and is no equity of one's own.",
            check(CUTS, "--set collateral.0.bonus=true"),
            ("  bonus  ", "  own equity"),
        ),
    ),
    "Pools": (
        Statement(
            "In one pool positions fall together and take all collateral with them.",
            check(CROSS),
            ("of all assets liquidates",),
        ),
        Statement(
            "An isolated position dies alone, and costs its margin at most.",
            check(ALONE),
            ("largest loss", "  isolated:"),
        ),
        Statement("What is isolated leaves the rest free.", check(ALONE), ("free collateral     ",)),
        Statement(
            "With one pool per asset, a hedge across two pools is none.",
            check("09-two-silos"),
            ("liquidates cross:USDC", "  cross:USDT  8,000", "  cross:USDC  8,000"),
        ),
        Statement(
            "One pool for all of it lasts far longer.",
            check("09-two-silos", "--set account.collateral_mode=multi-asset --select MC101"),
            ("liquidates",),
        ),
        Statement(
            "The risk of the whole needs less than the sum of the parts.",
            check("18-portfolio-margin"),
            ("initial margin", "The portfolio ties up", "  liquidation moves"),
        ),
        Statement(
            "Modes are compared by the capital that they tie up.",
            "compare portfolios/18-portfolio-margin.yaml",
            ("  mode  ", "  isolated  ", "  cross  ", "  portfolio  "),
        ),
    ),
    "Liquidation": (
        Statement(
            "Every position has a liquidation price, of the pool as a whole and exact through tiers.",
            check("06-margin-tiers"),
            ("  symbol ", "  ABCUSDT"),
        ),
        Statement(
            "The maintenance margin of the others counts: BTC goes at 26,316.90, not at 22,977.22 as published.",
            check("13-published-example"),
            ("  BTCUSDT  long",),
        ),
        Statement(
            "The distance is told for all assets together and for each alone.", check(FIVE), ("of BTC liquidates",)
        ),
        Statement(
            "Hedged is not safe: delta 0, and a rise of 70% liquidates.",
            check(CARRY),
            ("  BTC               0", "  BTCUSDT  short"),
        ),
        Statement(
            "A maintenance ratio below half hides how near it is.",
            check(NEAR),
            ("maintenance ratio", "liquidates"),
        ),
    ),
    "Limits": (
        Statement(
            "At 55% used nothing is said.",
            check(PAIR, "--set positions.0.initial_margin=5150"),
            ("PASS  ", "utilization"),
        ),
        Statement(
            "At 65% there is a warning.",
            check(PAIR, "--set positions.0.initial_margin=6150"),
            ("WARN  01", "utilization of cross"),
        ),
        Statement(
            "At 75% it fails.",
            check(PAIR, "--set positions.0.initial_margin=7150"),
            ("FAIL  01", "utilization of cross"),
        ),
        Statement(
            "At 90% a tenth of the equity is all that is left.",
            check(PAIR, "--set positions.0.initial_margin=8650"),
            ("FAIL  01", "free collateral   "),
        ),
        Statement(
            "Longs on several coins are one bet.",
            check(CROSS, "--set limits.max_directional_exposure=3 --select MC108"),
            ("  FAIL  MC108",),
        ),
        Statement(
            "Too much on one underlying is a risk of its own.",
            check(PAIR, "--set limits.max_concentration=60% --select MC107"),
            ("  FAIL  MC107",),
        ),
        Statement("A losing position must not drag winners along.", check(CROSS), ("  FAIL  MC116",)),
        Statement(
            "What fails says what to do: the smallest deposit or the smallest closing that passes.",
            check(NEAR),
            ("Deposit 25,000 USDT",),
        ),
    ),
    "Time and stress": (
        Statement("Funding is paid or received every day.", check(CARRY), ("Funding brings",)),
        Statement("Funding eats the buffer: the days that are left.", check(FIVE), ("Funding costs",)),
        Statement(
            "A crash is survived or not, and where it breaks is told.",
            "stress portfolios/16-scenarios.yaml",
            ("  scenario      outcome", "  crypto-crash", "  eth-runs"),
        ),
        Statement(
            "What a liquidation closes, and what sharing the pool cost.",
            "stress portfolios/03-cross-margin.yaml --cascade",
            ("86.98%  closed", "Left at the end"),
        ),
    ),
    "Before the trade, and afterwards": (
        Statement(
            "A trade is tried before it is made, and fails like the account would.",
            "what-if portfolios/01-two-underlyings.yaml --open 'BTCUSDT short 0.05'",
            ("FAIL  01", "MC107  concentration         BTC"),
        ),
        Statement(
            "How much more an account takes, and how much can leave it.",
            "headroom portfolios/01-two-underlyings.yaml",
            ("  BTCUSDT   sell", "  USDT   8,785"),
        ),
        Statement(
            "Of several accounts the worst comes first.",
            f"check {P}{PAIR}.yaml {P}{ALONE}.yaml {P}{NEAR}.yaml",
            ("FAIL  3 files", "  verdict ", "  FAIL     17", "  PASS     04", "  PASS     01"),
        ),
    ),
}
STATEMENTS = tuple(one for found in SECTIONS.values() for one in found)


def answer(statement: Statement) -> list[str]:
    """The lines of the screen in which the texts of a statement stand. Raises ValueError for a text that is nowhere."""
    from shlex import split

    with chdir(ROOT):
        shown = SHOWN[2:] if statement.command.startswith("explain") else SHOWN  # which knows no day
        rows = CliRunner().invoke(app, [*split(statement.command), *shown]).stdout.splitlines()
    found = []
    for text in statement.lines:
        row = next((one for one in rows if text in one), None)
        if row is None:
            raise ValueError(f"{statement.claim}: {text!r} is in no line of `marginctl {statement.command}`")
        found.append(row)
    return list(dict.fromkeys(found))


def page(note: str) -> str:
    """The page."""
    return "\n".join(_parts(note))


def _parts(note: str) -> Iterator[str]:
    yield f"# What margin is about\n\n{note}"
    yield (
        f"{len(STATEMENTS)} statements about margin in cross-collateralised accounts, and what the program says to "
        "each: what to type, and the lines of its output that answer. Screens are 100 columns wide, of 2026-11-22.\n"
    )
    number = 0
    for heading, statements in SECTIONS.items():
        yield f"## {heading}\n"
        for one in statements:
            number += 1
            yield f"{number}. {one.claim}\n"
            yield "\n".join(
                ["   ```console", f"   $ marginctl {one.command}", *(f"   {row}" for row in answer(one)), "   ```\n"]
            )
