"""``stress`` for machines, ``marginctl.stress/1``: decimals as exact JSON numbers, unknown or non-existent as null.

Rounded like the report: money to 8 decimals, ratios, moves and fractions of a path to 10, each in a cautious direction.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import asdict

from marginctl.core.cascade import Cascade, Comparison, Fate
from marginctl.core.contract import LONG
from marginctl.core.curve import EquityCurve
from marginctl.core.exact import Direction, rounded, rounded_price
from marginctl.core.funding_cases import FundingCase, FundingRow, FundingTable, Rated
from marginctl.core.grid import Grid
from marginctl.core.outcome import PoolOutcome, PositionEffect
from marginctl.core.path import FundingShock
from marginctl.core.sequence import CascadeStep
from marginctl.render.json import encoded, errors_of, report_of
from marginctl.results import BuiltIn, Outcome, ScenarioResult, StressResult

SCHEMA = "marginctl.stress/1"
MONEY_PLACES, RATIO_PLACES = 8, 10


def render(stress: StressResult) -> str:
    """One document, indented by two, ending in a line break; also where the file could not be checked."""
    return msgspec.json.format(encoded(document(stress)), indent=2).decode() + "\n"


def document(stress: StressResult) -> dict[str, Any]:
    """The document as plain dicts and lists, decimals still Decimals."""
    checked = _checked(stress)
    return {
        "schema": SCHEMA,
        "version": stress.version,
        "file": stress.file,
        "account": checked.get("account"),
        "scenarios": [_scenario(told) for told in stress.scenarios],
        "grid": None if stress.grid is None else _grid(stress.grid),
        "curve": [_curve(curve) for curve in stress.curves],
        "funding": None if stress.funding is None else _funding(stress.funding),
        "findings": checked.get("findings", []),
        "assumptions": list(stress.assumptions),
        "rules": checked.get("rules"),
        "errors": errors_of(stress.problems),
        "summary": {
            "scenarios": len(stress.scenarios),
            "not_survived": sum(not told.outcome.survived for told in stress.scenarios),
            "exit_code": stress.exit_code,
        },
    }


def _checked(stress: StressResult) -> dict[str, Any]:
    """Account, findings and rules as the report writes them."""
    if stress.report is None:
        return {}
    outcome = Outcome(file=stress.file, report=stress.report, findings=stress.findings, rules=stress.rules)
    return report_of(outcome)


def _money(value: Decimal | None, direction: Direction = Direction.DOWN) -> Decimal | None:
    return None if value is None else rounded(value, MONEY_PLACES, direction)


def _ratio(value: Decimal | None, direction: Direction = Direction.TOWARD_ZERO) -> Decimal | None:
    return None if value is None else rounded(value, RATIO_PLACES, direction)


def _side(side: int) -> str:
    return "long" if side == LONG else "short"


def _scenario(told: ScenarioResult) -> dict[str, Any]:
    outcome = told.outcome
    return {
        "name": told.name,
        "origin": told.origin.value,
        "title": told.built_in.title if told.built_in else None,
        "date": told.date or None,
        "note": told.built_in.note if told.built_in else None,
        "sources": [asdict(source) for source in told.sources],
        "shocks": told.scenario.shocks,
        "moves": told.moves,
        "untouched": list(told.untouched),
        "funding": None if told.scenario.funding is None else _funding_shock(told.scenario.funding),
        "survived": outcome.survived,
        "crossing": _ratio(outcome.crossing),
        "reach": _ratio(outcome.reach),
        "pool": outcome.pool,
        "bystanders": list(outcome.bystanders),
        "equity": _money(outcome.equity),
        "change": _money(outcome.change),
        "maintenance_margin": _money(outcome.maintenance_margin, Direction.UP),
        "maintenance_ratio": _ratio(outcome.maintenance_ratio, Direction.UP),
        "free_collateral": _money(outcome.free_collateral),
        "worst_pool": outcome.worst_pool,
        "worst_position": None if outcome.worst is None else _effect(outcome.worst),
        "pools": [_pool(pool) for pool in outcome.pools],
        "cascade": None if told.story is None else _cascade(told.story, told.comparison),
    }


def _funding_shock(funding: FundingShock) -> dict[str, Any]:
    return {"rates": funding.rates, "interval_hours": funding.interval, "days": funding.days}


def _effect(effect: PositionEffect) -> dict[str, Any]:
    return {
        "position": effect.key,
        "symbol": effect.symbol,
        "side": _side(effect.side),
        "change": _money(effect.change),
    }


def _pool(pool: PoolOutcome) -> dict[str, Any]:
    return {
        "name": pool.name,
        "crossing": _ratio(pool.crossing),
        "reach": _ratio(pool.reach),
        "equity": _money(pool.equity),
        "maintenance_margin": _money(pool.maintenance_margin, Direction.UP),
        "maintenance_ratio": _ratio(pool.maintenance_ratio, Direction.UP),
        "free_collateral": _money(pool.free_collateral),
        "liquidatable": pool.liquidatable,
    }


def _cascade(story: Cascade, comparison: Comparison | None) -> dict[str, Any]:
    return {
        "steps": [_step(step) for step in story.steps],
        "closed_winners": list(story.closed_winners),
        **_end(story),
        "isolated": None if comparison is None else _comparison(comparison),
    }


def _end(story: Cascade) -> dict[str, Any]:
    """What stands at the end of a story."""
    return {
        "left": [
            {
                "position": position.key,
                "symbol": position.contract.symbol,
                "side": _side(position.side),
                "quantity": _quantity(position.quantity),
            }
            for position in story.account.positions
        ],
        "equity": _money(story.equity),
        "value": _money(story.value),
    }


def _quantity(quantity: Decimal | None) -> Decimal | None:
    """As it was given; one that was cut is rounded to 8 decimals."""
    if quantity is None or int(quantity.as_tuple().exponent) >= -MONEY_PLACES:
        return quantity
    return rounded(quantity, MONEY_PLACES, Direction.NEAREST)


def _step(step: CascadeStep) -> dict[str, Any]:
    return {
        "move": _ratio(step.move),
        "pool": step.pool,
        "action": step.action.value,
        "position": step.position,
        "symbol": step.symbol,
        "side": step.side,
        "quantity": _quantity(step.quantity),
        "left": _quantity(step.left),
        "tier": step.tier,
        "price": None if step.price is None else rounded_price(step.price, Direction.NEAREST),
        "pnl": _money(step.pnl),
        "fee": _money(step.fee, Direction.UP),
        "amount": _money(step.amount, Direction.NEAREST),
        "in_profit": step.in_profit,
        "equity": _money(step.equity),
        "maintenance_margin": _money(step.maintenance_margin, Direction.UP),
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        **_end(comparison.apart),
        "steps": [_step(step) for step in comparison.apart.steps],
        "margins": {asset: _money(amount, Direction.UP) for asset, amount in comparison.aside.items()},
        "collateral_sold": comparison.sold,
        "positions": [
            {
                "position": position.key,
                "symbol": position.contract.symbol,
                "side": _side(position.side),
                "together": _fate(together),
                "isolated": _fate(alone),
            }
            for position, together, alone in comparison.fates
        ],
        "contagion_cost": _money(comparison.contagion_cost, Direction.NEAREST),
        "sharing_saved": _money(comparison.sharing_saved, Direction.NEAREST),
    }


def _fate(fate: Fate) -> dict[str, Any]:
    return {"closed_at": _ratio(fate.closed_at), "reduced": fate.reduced, "result": _money(fate.result)}


def _grid(grid: Grid) -> dict[str, Any]:
    return {
        "across": {"asset": grid.across.asset, "moves": [_ratio(move) for move in grid.across.moves]},
        "down": {"asset": grid.down.asset, "moves": [_ratio(move) for move in grid.down.moves]},
        "maintenance_ratio": [[_ratio(cell.maintenance_ratio, Direction.UP) for cell in row] for row in grid.rows],
        "equity": [[_money(cell.equity) for cell in row] for row in grid.rows],
        "liquidatable": [[cell.liquidatable for cell in row] for row in grid.rows],
    }


def _curve(curve: EquityCurve) -> dict[str, Any]:
    return {
        "pool": curve.pool,
        "points": [
            {
                "move": _ratio(point.move, Direction.NEAREST),
                "equity": _money(point.equity),
                "required": _money(point.required, Direction.UP),
            }
            for point in curve.points
        ],
    }


def _funding(table: FundingTable) -> dict[str, Any]:
    return {
        "horizon_days": table.horizon,
        "quantile": table.quantile,
        "positions": [_row(row) for row in table.rows],
        "cases": [_case(case) for case in table.cases],
    }


def _row(row: FundingRow) -> dict[str, Any]:
    return {
        "position": row.key,
        "symbol": row.symbol,
        "side": _side(row.side),
        "notional": _money(row.notional, Direction.UP),
        "rates": {name: None if rated is None else _rated(rated) for name, rated in row.rated.items()},
    }


def _rated(rated: Rated) -> dict[str, Any]:
    return {
        "rate": rounded(rated.rate, 2 * RATIO_PLACES, Direction.NEAREST),
        "interval_hours": _ratio(rated.interval),
        "per_interval": _money(rated.per_interval),
        "per_day": _money(rated.per_day),
    }


def _case(case: FundingCase) -> dict[str, Any]:
    return {
        "rates": case.name,
        "per_day": _money(case.per_day),
        "runway_days": _ratio(case.runway_days, Direction.DOWN),
        "runway_pool": case.runway_pool,
        "down": _ratio(case.down),
        "up": _ratio(case.up),
        "down_after": _ratio(case.down_after),
        "up_after": _ratio(case.up_after),
        "missing": list(case.missing),
    }


def listing(rows: Iterable[BuiltIn]) -> str:
    """The built-in scenarios, ``marginctl.scenarios/1``."""
    tree = {"schema": "marginctl.scenarios/1", "scenarios": [_built_in(row) for row in rows]}
    return msgspec.json.format(encoded(tree), indent=2).decode() + "\n"


def _built_in(row: BuiltIn) -> dict[str, Any]:
    funding = row.scenario.funding
    return {
        "name": row.name,
        "title": row.title,
        "date": row.date.isoformat(),
        "shocks": row.scenario.shocks,
        "funding": None if funding is None else _funding_shock(funding),
        "note": row.note,
        "sources": [asdict(source) for source in row.sources],
    }
