"""What resolving a portfolio works with: the source, the problems found, what was assumed, where things stand."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from marginctl.core.exact import ZERO
from marginctl.document.source import Source, printable
from marginctl.findings import DataFact, Location, Problem

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.document.record import Key, Record

LONGEST_NAME = 40


class Reading(Struct):
    """The notebook of one resolution; the only mutable thing in it."""

    source: Source
    problems: list[Problem] = field(default_factory=list)
    assumptions: dict[str, None] = field(default_factory=dict)
    facts: list[DataFact] = field(default_factory=list)
    locations: dict[str, Location] = field(default_factory=dict)

    def refuse(self, node: "Node", code: str, message: str, help: str = "") -> None:
        """Note a problem at ``node``, once."""
        found = self.source.problem(node, code, printable(message), printable(help))
        if found not in self.problems:
            self.problems.append(found)

    def refuse_row(self, row: "Record", one: "Key[Any]", message: str, help: str) -> None:
        """Note what is wrong with a key of a row: at the key, or at the row that lacks it."""
        self.refuse(row.at(one), "MC016" if one in row else "MC012", message, help)

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
        figure: str = "",
    ) -> None:
        """Note a fact about the data at ``node``."""
        place = self.source.location(node)
        self.facts.append(DataFact(code, subject, printable(message), place, value, limit, figure))


def short(name: str) -> str:
    """A name of the user's for messages, without quotes; a long one loses its end."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."


def separated(value: Decimal) -> str:
    """A number that was given, for a sentence: all its digits, thousands separated."""
    return format(value or ZERO, ",f")


def brief(value: Decimal) -> str:
    """A computed figure for a message: eight significant digits at most, thousands separated, no trailing zeros."""
    digits = max(0, 7 - value.adjusted()) if value != ZERO else 0
    text = format(round(value, digits), ",f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(rate: Decimal) -> str:
    """A rate as a percentage for a message, as ``brief`` shows figures."""
    return f"{brief(rate * 100)}%"
