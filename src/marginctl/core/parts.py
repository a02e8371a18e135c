"""The parts of equity and requirement that are walked along a motion, with names: what an explanation shows."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from marginctl.core.liquidation import Motion, PoolState, moved_by, parts, term_lines
from marginctl.core.piecewise import Piece
from marginctl.core.requirement import Term

STILL = "what does not move"


class NamedPart(NamedTuple):
    """A part of equity or requirement as it is walked, with its name; an asset's value, or a term."""

    name: str
    pieces: Iterable[Piece]
    term: Term | None = None
    asset: str = ""


def named_parts(state: PoolState, motion: Motion, end: Decimal | None) -> tuple[list[NamedPart], list[NamedPart]]:
    """``parts`` with the name of each: of the equity, and of the requirement."""
    pool, moved, found = state.pool, moved_by(state, motion), parts(state, motion, end)
    holdings = [pool.holdings[i] for i in moved.holdings]
    equity = [NamedPart(STILL, found.equity[0])]
    for holding, pieces in zip(holdings, found.equity[1:], strict=True):
        equity.append(NamedPart(f"moved value of {holding.asset}", pieces, None, holding.asset))
    needs: list[tuple[str, Term | None]] = [(STILL, None)]
    needs += [(f"moved loan_margin of {holding.asset}", None) for holding in holdings if holding.loan]
    terms = (pool.maintenance.terms[i] for i in moved.terms)
    needs += [(f"moved maintenance_margin of {term.name or 'orders'}", term) for term in terms]
    pairs = (pool.maintenance.larger_of[i] for i in moved.pairs)
    needs += [(f"moved dearer side of {(*longs, *shorts)[0].name}", None) for longs, shorts in pairs]
    return equity, [
        NamedPart(name, pieces, term) for (name, term), pieces in zip(needs, found.requirement, strict=True)
    ]


def row_at(term: Term, motion: Motion, u: Decimal) -> tuple[Decimal, Decimal]:
    """The rate and the deduction (in units of the settle asset) that a requirement term has at ``u`` of a motion."""
    value, unit = term_lines(term, motion)
    k = term.curve.index(value.at(u), unit.at(u))
    return term.curve.slopes[k], -term.curve.intercepts[k]
