"""The policy file of a risk team, ``marginctl.policy/1``."""

from marginctl.document.limits_shape import LIMITS, SCENARIO, WAIVER
from marginctl.document.shape import Choice, Field, ListOf, Record, Text, shape

POLICY = shape(
    "policy",
    (
        Field("$schema", Text(), doc="where an editor finds the JSON Schema"),
        Field("schema", Choice(("marginctl.policy/1",)), doc="the format of this file"),
        Field("limits", Record(LIMITS), doc="thresholds; the stricter of policy and portfolio wins"),
        Field("venues", ListOf(Text()), doc="the rule sets that portfolios may use; without it, any"),
        Field("scenarios", ListOf(Record(SCENARIO)), doc="scenarios that every portfolio is put through"),
        Field("waivers", ListOf(Record(WAIVER)), doc="accepted breaches of the policy's limits"),
    ),
    "Limits that portfolios are checked against",
)
