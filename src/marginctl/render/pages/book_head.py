"""What pages of books begin with: verdict, counts and facts, then findings and problems."""

from marginctl.findings import Severity
from marginctl.render.page import FindingRow, Findings, Problems, Section, Span, Tone, Words, section
from marginctl.render.pages.head import TONES
from marginctl.results import Verdict
from marginctl.results.book_summary import BookOutcome

WORDS = {Severity.ERROR: Span("FAIL", Tone.BAD), Severity.WARNING: Span("WARN", Tone.WARN)}


def book_head(result: BookOutcome, title: str) -> Section:
    """The verdict, what the accounts come to, and how that was found."""
    word = Verdict(result.verdict)
    errors = result.accounts - result.ok
    title += f", {errors:,} could not be checked." if errors else "."
    facts = [result.header, *([result.rules.venue] if result.rules is not None else [])]
    facts += [f"data of {result.as_of}"] if result.as_of else []
    if result.way == "screen":
        facts.append(f"{result.recomputed:,} decided by the exact core")
    else:
        facts.append("all decided by the exact core")
    facts += [f"{result.wall_ms / 1000:,.1f} s"] if result.wall_ms is not None else []
    lead = Span(word.value, TONES[word])
    return Section(heading=title, lead=lead, is_title=True, blocks=(Words(texts=tuple(facts)),))


def book_findings(result: BookOutcome) -> Section | None:
    """Findings, and what could not be checked."""
    rows = tuple(
        FindingRow(word=WORDS[one.severity], code=one.code, text=one.message, advice=(one.remedy,))
        for one in result.findings
    )
    blocks = (Findings(rows) if rows else None, Problems(result.problems) if result.problems else None)
    return section("Findings", *blocks) if rows or result.problems else None
