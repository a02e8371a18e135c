"""What resolving a portfolio works with: the source, the problems found, what was assumed, where things stand."""

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct, field

from marginctl.document.source import Source, printable
from marginctl.findings import DataFact, Location, Problem

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.document.shape import Draft


class Reading(Struct):
    """The notebook of one resolution; the only mutable thing in it."""

    source: Source
    problems: list[Problem] = field(default_factory=list)
    assumptions: dict[str, None] = field(default_factory=dict)
    facts: list[DataFact] = field(default_factory=list)
    locations: dict[str, Location] = field(default_factory=dict)

    def refuse(self, node: "Node", code: str, message: str, help: str = "") -> None:
        """Note a problem at ``node``."""
        self.problems.append(self.source.problem(node, code, printable(message), printable(help)))

    def assume(self, text: str) -> None:
        """Note an assumption, once."""
        self.assumptions[printable(text)] = None

    def observe(
        self,
        code: str,
        subject: str,
        message: str,
        node: "Node",
        value: Decimal | None = None,
        limit: Decimal | None = None,
    ) -> None:
        """Note a fact about the data at ``node``."""
        self.facts.append(DataFact(code, subject, printable(message), self.source.location(node), value, limit))

    def require(self, draft: "Draft", name: str) -> "Node":
        """The node of a key, or of the whole mapping where the key is missing: a place to point at."""
        return draft.at(name) if name in draft else draft.node
