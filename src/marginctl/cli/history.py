"""``marginctl history``: a venue's daily closes as the CSV that margin models and ``stress --history`` read."""

from pathlib import Path
from typing import Annotated

import typer

from marginctl.analysis.stress import count
from marginctl.cli.app import app
from marginctl.cli.entry import OK
from marginctl.cli.live import candles
from marginctl.cli.options import DateFlags, Read, command, refuse_existing
from marginctl.cli.settings import ConnectionFlags
from marginctl.cli.targets import write_files
from marginctl.cli.terminal import deliver, say
from marginctl.core.contract import Contract
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo, printable
from marginctl.portfolio.prices import REFERENCE_CURRENCY
from marginctl.venues.live.candles import Closes, daily_closes, history_text
from marginctl.venues.loader import named
from marginctl.venues.symbols import spelling_of


class HistoryFlags(ConnectionFlags, DateFlags):
    """Of ``history``."""

    coins: Annotated[
        list[str], typer.Argument(metavar="COIN...", help="Coins, such as BTC ETH, or symbols of their contracts.")
    ]
    live: Annotated[str, typer.Option("--live", metavar="VENUE", help="The venue to ask, without a key.")]
    days: Annotated[int, typer.Option("--days", metavar="N", help="How many days."), Read(count("--days"), 500)]
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file.")] = None
    force: Annotated[bool, typer.Option("--force", help="Let -o replace an existing file.")] = False


@app.command("history")
@command
def history_command(flags: HistoryFlags) -> int:
    """Write a history of daily closes, asked of a venue itself; needs the extra `live`.

    Prices are those of the coins' perpetuals in their quote. A day without a close is blank. Exits 0, or 2 when nothing
    was written.
    """
    if flags.output is not None:
        refuse_existing(str(flags.output), force=flags.force)
    contracts = _contracts(flags.live, flags.coins)
    client, found = candles(flags.live, flags)
    columns = {
        base: daily_closes(client, found, contract, flags.days, flags.day) for base, contract in contracts.items()
    }
    text = history_text(columns)
    _say(contracts, columns)
    if flags.output is None:
        deliver(text)
    else:
        write_files({flags.output: text.encode()})
        say(f"marginctl: wrote {printable(str(flags.output))}\n")
    return OK


def _contracts(venue: str, coins: list[str]) -> dict[str, Contract]:
    """The perpetual of each coin, by its base. Raises FlagError."""
    rule_set, problems = named(venue)
    if rule_set is None:
        raise FlagError(f"--live {echo(venue)} is unknown", problems[0].help if problems else "")
    found: dict[str, Contract] = {}
    for coin in coins:
        spelling = spelling_of(coin if "/" in coin else f"{coin}-PERP", REFERENCE_CURRENCY)
        contract = rule_set.contract(coin) or next(iter(rule_set.meant(spelling, REFERENCE_CURRENCY)), None)
        if contract is None:
            raise FlagError(f"{venue} has no perpetual on {echo(coin)} that is known here", "write its symbol")
        if contract.base in found:
            raise FlagError(f"{contract.base} is named twice", "write each coin once")
        found[contract.base] = contract
    return found


def _say(contracts: dict[str, Contract], columns: dict[str, Closes]) -> None:
    """What each column is, and how much of it, on standard error."""
    whole = {day for closes in columns.values() for day in closes}
    for base, closes in columns.items():
        contract = contracts[base]
        span = f", {min(closes)} to {max(closes)}" if closes else ""
        blank = f", blank days: {len(whole) - len(closes)}" if len(closes) < len(whole) else ""
        text = f"{base}: closes of {contract.symbol} in {contract.quote}: {len(closes)}{span}{blank}"
        say(f"{text}\n")
