"""The file of built-in scenarios, ``marginctl.scenarios/1``."""

from marginctl.document.kinds import Choice, Date, Duration, Field, ListOf, MapOf, Number, Rate, Record, Shape, Text
from marginctl.document.venue_shape import Period

SOURCE = Shape(
    "source",
    (
        Field("publisher", Text(), required=True),
        Field("title", Text(), required=True),
        Field("date", Period(), required=True, doc="when it was published: a day, a month or a year"),
        Field("reference", Text(), doc="where it is found"),
    ),
    "Where a figure was published",
)

FUNDING = Shape(
    "funding",
    (
        Field("rates", MapOf(Rate(minimum=None)), required=True, doc='by base asset, "*" is every other one'),
        Field("interval", Duration(), required=True, doc="what a rate is paid per"),
        Field("days", Number(exclusive_minimum=0), required=True, doc="how long it is paid"),
    ),
    "Funding that is paid at flat prices",
)

SCENARIO = Shape(
    "built-in scenario",
    (
        Field("name", Text(), required=True),
        Field("title", Text(), required=True),
        Field("date", Date(), required=True, doc="the day it happened"),
        Field("shocks", MapOf(Rate(minimum=-1)), doc='relative price move by asset, "*" every other volatile one'),
        Field("funding", Record(FUNDING)),
        Field("note", Text(), required=True, doc="how the figures follow from the sources, and what is assumed"),
        Field("sources", ListOf(Record(SOURCE)), required=True),
    ),
    "What a market did on a day",
)

SCENARIOS = Shape(
    "scenarios",
    (
        Field("schema", Choice(("marginctl.scenarios/1",)), required=True),
        Field("scenarios", ListOf(Record(SCENARIO)), required=True),
    ),
    "Built-in scenarios",
)
