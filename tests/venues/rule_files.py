"""A small rule file of one's own, and what is wrong with changed versions of it."""

from pathlib import Path

from marginctl.venues import loader

RULES = """\
schema: marginctl.venue/1
name: house
title: House rules
as_of: 2026-10
status: partial
sources:
  - {id: memo, title: Margin memo, reference: memo 12, date: 2026-10-01}
rules:
  level: 1
  equality: {value: liquidated, trust: documented, source: memo}
  netting: none
  underlying_netting: none
  initial_basis: mark
  maintenance_basis: mark
  close_fee: none
  close_fee_in: maintenance
  open_loss: none
  warning_level: none
modes:
  - collateral_mode: multi-asset
    status: partial
    isolated_positions: true
    hedge_mode: true
    collateral:
      unlisted: required
      loan_rate: 0
      ask_buffer: none
      groups:
        - assets:
            BTC: 10%
            ETH: {haircut_tiers: [{up_to: 100, haircut: 10%}, {haircut: 20%}]}
contracts:
  - type: linear
    contract_size: 1
    tiers_by: notional
    deduction: derived
    unlisted: refused
    status: partial
    listed:
      BTCUSDT:
        base: BTC
        quote: USDT
        tiers:
          - {up_to: 50000, maintenance_rate: 0.5%, max_leverage: 50}
          - {up_to: 250000, maintenance_rate: 1%, max_leverage: 25}
          - {maintenance_rate: 1/30, max_leverage: 10}
liquidation: {steps: [cancel-orders, close-positions], order: unknown}
"""

HEADER = "symbol,base,quote,floor,cap,maintenance_rate,deduction,max_leverage\n"
TABLE = HEADER + "AUSDT,A,USDT,0,1000,0.01,0,50\nAUSDT,A,USDT,1000,5000,0.02,10,25\nBUSDT,B,USDT,0,,1/30,0,10\n"


def with_table(text: str = RULES, table: str = "house.csv") -> str:
    """The rule file with a table of given deductions in place of its own contracts."""
    head, _, tail = text.partition("    listed:\n")
    return (
        head.replace("deduction: derived", "deduction: given")
        + f"    table: {table}\n"
        + tail[tail.index("liquidation:") :]
    )


def write(folder: Path, text: str, table: str | bytes | None = None) -> str:
    """The path of the rule file, its table beside it."""
    path = folder / "house.yaml"
    path.write_text(text, encoding="utf-8")
    if table is not None:
        (folder / "house.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    return str(path)


def said(folder: Path, text: str, table: str | bytes | None = None) -> list[str]:
    """What is wrong, one line each: ``file:line:column code message | help``."""
    rule_set, problems = loader.named(write(folder, text, table))
    assert (rule_set is None) == bool(problems)
    return [
        f"{Path(p.location.file).name}:{p.location.line}:{p.location.column} {p.code} {p.message} | {p.help}"
        for p in problems
    ]
