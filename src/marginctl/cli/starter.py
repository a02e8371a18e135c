"""``marginctl init``: a starter portfolio that passes its own limits, with a comment on every choice."""

from pathlib import Path

from marginctl.cli.exits import NOT_CHECKED, OK
from marginctl.cli.terminal import complain, emit
from marginctl.document.source import printable

STARTER = """\
# yaml-language-server: $schema=marginctl-portfolio.schema.json
# (`marginctl schema portfolio > marginctl-portfolio.schema.json` gives the editor completion and checks)
schema: marginctl.portfolio/1

account:
  venue: generic              # `marginctl venues` lists the bundled ones, e.g. binance-usdm
  collateral_mode: multi-asset  # one pool for everything; single-asset: one pool per coin
  currency: USD

# Price of one unit of an asset. Stablecoins count 1 unless a price is given; marks follow from prices.
prices:
  BTC: 60000
  ETH: 3000

# Everything the account holds. A haircut is the share of the value that does not count as collateral.
collateral:
  - {asset: USDT, amount: 10000}
  - {asset: ETH, amount: 1, haircut: 10%}

positions:
  - symbol: BTCUSDT
    side: long
    quantity: 0.05            # or `notional: 3000`
    entry_price: 59000        # left out: the mark, for a position about to be opened
    leverage: 10              # initial margin = notional / leverage
    maintenance_rate: 0.5%    # a venue's tier tables make this line unnecessary
    purpose: speculative
  - symbol: ETHUSDT
    side: short
    quantity: 1               # as much as is held above: what that loses, this wins
    entry_price: 3050
    leverage: 8
    maintenance_rate: 0.5%
    purpose: hedge

# What must hold: a plain value fails the check, {warn: ..., fail: ...} tells the two apart.
limits:
  max_utilization: {warn: 60%, fail: 70%}
  min_liquidation_distance: 20%
  max_leverage: 5
"""


def write_starter(file: str, *, force: bool) -> int:
    """Write the starter to ``file`` (``-``: standard output); an existing file is left alone unless ``force``."""
    if file == "-":
        emit(STARTER)
        return OK
    path = Path(file)
    name = printable(file)
    if path.exists() and not force:
        complain(f"{name} exists already", "choose another name, or add --force to replace it")
        return NOT_CHECKED
    try:
        path.write_text(STARTER, encoding="utf-8", newline="\n")
    except OSError as error:
        complain(f"{name} cannot be written: {error.strerror or error}")
        return NOT_CHECKED
    emit(f"wrote {name}; next: marginctl check {name}\n")
    return OK
