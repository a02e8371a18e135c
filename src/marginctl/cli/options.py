"""The flags that commands share, with their help."""

from typing import Annotated

import typer

from marginctl.cli.terminal import NARROWEST

Paths = Annotated[
    list[str],
    typer.Argument(metavar="PATH...", help="Portfolio files, directories or globs; - for standard input."),
]
OnePath = Annotated[str, typer.Argument(metavar="PATH", help="A portfolio file; - for standard input.")]
Changes = Annotated[
    list[str] | None,
    typer.Option("--open", metavar="'SYMBOL SIDE QTY [@ PRICE] [xLEVERAGE]'", help="Open, or add to a position."),
]
Format = Annotated[
    str,
    typer.Option("--format", "-f", help="table, json, jsonl, csv, markdown, github, gitlab, sarif or junit."),
]
Outputs = Annotated[
    list[str] | None,
    typer.Option("--output", "-o", metavar="FORMAT=FILE", help="Also write this format to a file; repeatable."),
]
LimitsFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--limits", metavar="FILE", help="A policy of the risk team, repeatable; per rule the strictest holds."
    ),
]
FailOn = Annotated[str, typer.Option("--fail-on", help="The least severity that exits 1: error, warning or never.")]
Codes = Annotated[list[str] | None, typer.Option(metavar="CODE,...")]
Select = Annotated[
    list[str] | None, typer.Option("--select", metavar="CODE,...", help="Only these limits, and MC100; repeatable.")
]
Ignore = Annotated[
    list[str] | None, typer.Option("--ignore", metavar="CODE,...", help="All limits but these; repeatable.")
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Edit the file before reading it: positions.0.leverage=5."),
]
Shocks = Annotated[
    list[str] | None,
    typer.Option("--shock", metavar="ASSET=PERCENT", help="Move a price first, as in BTC=-20%; '*' is all others."),
]
Today = Annotated[str | None, typer.Option("--today", metavar="DATE", help="The date that ages are measured against.")]
StdinName = Annotated[str, typer.Option("--stdin-filename", metavar="NAME", help="What to call standard input.")]
RulesDir = Annotated[str | None, typer.Option("--rules", metavar="DIR", help="A directory of your own rule sets.")]
Color = Annotated[str, typer.Option("--color", help="auto, always or never.")]
Width = Annotated[
    int | None, typer.Option("--width", min=NARROWEST, metavar="N", help="Columns of the text, 80 or more.")
]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", min=0, metavar="N", help="Processes for many files; 0 is as many as pay.")
]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Check again whenever a file is saved, until Ctrl-C.")]
BaselineFile = Annotated[
    str | None,
    typer.Option("--baseline", metavar="FILE", help="Breaches accepted while they are no worse than in this file."),
]
WriteBaseline = Annotated[
    str | None,
    typer.Option("--write-baseline", metavar="FILE", help="Accept today's breaches; with --baseline, only its own."),
]
Notes = Annotated[bool, typer.Option("--notes", help="Give notes to github, gitlab and sarif too.")]
SarifWaived = Annotated[
    bool, typer.Option("--sarif-waived", help="Keep waived findings in sarif, as suppressed results.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Findings and the verdict only.")]
ListFormat = Annotated[str, typer.Option("--format", "-f", help="table, json or markdown.")]
RowFormat = Annotated[str, typer.Option("--format", "-f", help="table, json, csv or markdown.")]
RuleSetName = Annotated[str, typer.Argument(metavar="NAME", help="A rule set (`marginctl venues`) or a rule file.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Every limit, assumption and source.")]
