"""What it checks: whether the file was imported from venue answers that held more than the file does.

`marginctl import` writes what it left out, or could not know, under `origin.incomplete`: options and spot margin,
assets without a price, a cross wallet that is in no answer, totals that contain such things. One finding for each; a
warning.

Why: the figures are right for what the file holds. What is missing may be a debt, a hedge, or the asset that is
liquidated first.

Example: `origin: {incomplete: ["3 option positions (BTC-27DEC24-100000-C, ...)"]}`.

Instead: import again with what is missing (a further answer, `--wallet`, `--set`), or waive it with the reason why it
does not matter.
"""

from marginctl.findings import Severity
from marginctl.limits.rule import Rule, facts_of

CODE = "MC220"

RULE = Rule(
    code=CODE,
    name="import-incomplete",
    summary="something that the venue's answers held and the file does not",
    manual=__doc__ or "",
    measure=facts_of(CODE, "import again with what is missing, or waive it with a reason"),
    default_severity=Severity.WARNING,
)
