"""What of a header the float screen cannot be told, so that the exact core decides every account."""

from marginctl.books.header import BookHeader
from marginctl.books.limit_tables import screen_limits
from marginctl.books.scenario_tables import ways_of
from marginctl.books.screening import screen_terms
from marginctl.core.exact import exactly


def why_exact(header: BookHeader, *, is_stress: bool) -> str | None:
    """In words; None where it is in the rows."""
    with exactly():
        terms = screen_terms(header, header.symbols)
        if terms is None:
            return "margin models"
        if screen_limits(header) is None:
            return "limits of single underlyings, nor waivers of one subject"
        if is_stress and ways_of(terms, header.scenarios.values(), apart=header.is_apart) is None:
            return "scenarios that move one contract by itself, the currency, or a price to 0"
    return None
