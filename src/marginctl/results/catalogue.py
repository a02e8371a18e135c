"""What is bundled and can be listed, as plain values: scenarios and limits, with the documents that list them."""

from datetime import date
from decimal import Decimal
from typing import ClassVar, TypeAlias

from msgspec import Struct

from marginctl.core.path import Scenario
from marginctl.findings import Document, ListSummary

Default: TypeAlias = Decimal | str | bool | None


class Publication(Struct, frozen=True):
    """Where a figure was published; ``date`` is a day, a month or a year."""

    publisher: str
    title: str
    date: str
    reference: str

    @property
    def text(self) -> str:
        """All that is known of it, in a row."""
        return ", ".join(filter(None, (self.publisher, self.title, self.date, self.reference)))


class BuiltIn(Struct, frozen=True, kw_only=True):
    """What a market did on a day. ``note`` says how the figures follow from the sources and what is assumed."""

    shape: ClassVar[str] = "name title date shocks=scenario.shocks funding=scenario.funding note sources"

    scenario: Scenario
    title: str
    date: date
    note: str
    sources: tuple[Publication, ...]

    @property
    def name(self) -> str:
        """How the command line calls it."""
        return self.scenario.name


class ScenarioList(Document, frozen=True, kw_only=True):
    """The built-in scenarios."""

    schema: ClassVar[str] = "marginctl.scenarios/2"
    shape: ClassVar[str] = "schema version scenarios errors=problems summary"
    table: ClassVar[str] = "scenarios"

    scenarios: tuple[BuiltIn, ...]

    @property
    def summary(self) -> ListSummary:
        """Counts."""
        return ListSummary(exit_code=0, count=len(self.scenarios))


class RuleEntry(Struct, frozen=True, kw_only=True):
    """A limit as the catalogue lists it.

    ``default``: what stands in its key when no file says so, None = off, or nothing can be configured;
    ``default_text``: the same with its unit; ``comparison``: what its value does to a limit to break it.
    """

    shape: ClassVar[str] = "code name key~ default unit comparison severity policy_severity always waivable summary"

    code: str
    name: str
    key: str
    default: Default
    default_text: str
    unit: str
    comparison: str
    severity: str | None
    policy_severity: str | None
    always: bool
    waivable: bool
    summary: str
    manual: str


class RuleList(Document, frozen=True, kw_only=True):
    """Every limit."""

    schema: ClassVar[str] = "marginctl.rules/2"
    shape: ClassVar[str] = "schema version rules errors=problems summary"
    table: ClassVar[str] = "rules"

    rules: tuple[RuleEntry, ...]

    @property
    def summary(self) -> ListSummary:
        """Counts."""
        return ListSummary(exit_code=0, count=len(self.rules))


class RuleManual(Struct, frozen=True):
    """A limit with its manual."""

    shape: ClassVar[str] = "*entry manual=entry.manual"
    entry: RuleEntry


class RuleResult(Document, frozen=True, kw_only=True):
    """One limit."""

    schema: ClassVar[str] = "marginctl.rule/1"
    shape: ClassVar[str] = "schema version rule errors=problems summary"
    table: ClassVar[str] = "listed"

    rule: RuleManual

    @property
    def listed(self) -> tuple[RuleManual, ...]:
        """A list of it alone."""
        return (self.rule,)


class SettingEntry(Struct, frozen=True, kw_only=True):
    """A setting as it counts.

    ``value``: as the configuration writes it; ``origin``: flag, variable, file or default; ``place``: the flag, the
    variable, or file and line; ``flag``, ``variable``: where else it may be said.
    """

    shape: ClassVar[str] = "name value origin place flag variable"

    name: str
    value: str
    origin: str
    place: str
    flag: str
    variable: str


class SettingList(Document, frozen=True, kw_only=True):
    """Every setting. ``file``: the configuration that was found; empty where there is none."""

    schema: ClassVar[str] = "marginctl.settings/1"
    shape: ClassVar[str] = "schema version file settings errors=problems summary"
    table: ClassVar[str] = "settings"

    file: str
    settings: tuple[SettingEntry, ...]

    @property
    def summary(self) -> ListSummary:
        """Counts."""
        return ListSummary(exit_code=0, count=len(self.settings))
