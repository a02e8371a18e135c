"""``explain``: the tree of one figure, or the list of all."""

from marginctl.render import Options
from marginctl.render.page import Explanation, Page, Section
from marginctl.results.explanation import ExplainResult


def explain_page(result: ExplainResult, _: Options) -> Page:
    """One block; nothing of a file that cannot be checked."""
    return () if result.problems else (Section(blocks=(Explanation(result),)),)
