"""What the names of formula lines stand for under a margin model: units, scans, charges, spreads, days of the tail."""

from decimal import Decimal
from functools import partial
from typing import Any

from marginctl.analysis.subjects import FRACTION, ExplainedAccount, Named, Subject
from marginctl.core.exact import ONE
from marginctl.core.model import Grade, MarginModel, ModelTerms, Move
from marginctl.core.model_contributions import joint_losses
from marginctl.core.model_margin import ChargeAmount, Modelled, ModelMargins, RiskUnit
from marginctl.core.model_orders import UnitOrders
from marginctl.core.model_report import joint_row, tail_days
from marginctl.core.risk import NO_MOVE
from marginctl.results.explanation import Step

KEY = "portfolio_margin"


def margin_subject(book: ExplainedAccount, prefix: str, row: Any) -> Subject:
    """What a margin model finds in a pool: its margins and its worst joint row."""
    asked = _asked(book, row.pool)
    names: Named = {
        **{grade.value: partial(model_step, book, row.pool, asked, grade.value) for grade in Grade},
        "losses": partial(_losses, book, asked, Grade.MAINTENANCE),
    }
    return Subject(book, ("PortfolioMargin",), "the model", prefix, row, names=names)


def tiered_subject(book: ExplainedAccount, prefix: str, row: Any) -> Subject:
    """What the tiers of the same pool's contracts would ask."""
    pool = prefix.split(".")[1]
    names: Named = {
        "positions": lambda: [book.position(one.key) for one in book.report.positions if one.pool == pool],
    }
    return Subject(book, ("TieredFigures",), "the tiers", prefix, row, names=names)


def saving_subject(book: ExplainedAccount, prefix: str, row: Any) -> Subject:
    """What a model asks less than the tiers."""
    whole = prefix.rpartition(".")[0]
    names: Named = {
        "before": partial(book.subject, f"{whole}.tiered"),
        "kept": partial(book.subject, whole),
    }
    return Subject(book, ("ModelSaving",), "", prefix, row, names=names)


def _asked(book: ExplainedAccount, pool: str) -> ModelMargins:
    found = next(one.pool.asked for one in book.states if one.pool.name == pool)
    if found is None:
        raise RuntimeError("a pool without a model has rows of one")
    return found


def model_step(book: ExplainedAccount, pool: str, asked: ModelMargins, which: str) -> Step | None:
    """The margin of a pool as its model finds it; ``which``: initial or maintenance."""
    grade = Grade(which)
    found: Modelled = getattr(asked, which)
    units = [_unit(book, asked.terms, one) for one in found.units]
    charge = partial(_charge, book, asked.terms)
    names: Named = {
        "factor": book.stated("factor", asked.terms.factors[grade], "", f"{KEY}.{which}.factor", f"the {which} margin"),
        "on_top": [charge(one) for one in found.on_top],
        "units": units,
        "spreads": [
            book.stated(f"spread {one.name}", one.amount.at(NO_MOVE), book.money, f"{KEY}.spreads.{k}")
            for k, one in enumerate(found.spreads)
            if one.amount.at(NO_MOVE)
        ],
        "charges": [charge(one) for unit in found.units for one in unit.core_charges],
        "floors": [charge(one) for unit in found.units for one in unit.floors],
        "losses": partial(_losses, book, asked, grade),
    }
    values = {
        "margin": found.margin.at(NO_MOVE),
        "total": found.total.at(NO_MOVE),
        "figure": found.figure.at(NO_MOVE),
    }
    apart = asked.terms.model is MarginModel.SCENARIO and asked.terms.separate == ONE
    words = frozenset({"apart"} if apart else ())
    of = f"the {asked.terms.model.value} model of {pool}"
    return Subject(book, ("Model",), of, words=words, values=values, names=names).step("margin")


def order_subject(book: ExplainedAccount, one: UnitOrders) -> Subject:
    """The orders of one unit: its core as it is, and with the orders of either side filled."""
    of = f"orders on {one.unit}"

    def core(name: str, value: Decimal) -> Step:
        return Step(name="core", of=f"{one.unit} {name}", value=value, unit=book.money)

    names: Named = {
        "factor": Step(name="factor", of="the initial margin", value=one.factor),
        "now": core("as it is", one.now),
        "buys": core("with its buys filled", one.buys),
        "sells": core("with its sells filled", one.sells),
        "maintenance_margin": None,
    }
    return Subject(book, ("UnitOrders",), of, values={"margin": one.margin}, names=names)


def _unit(book: ExplainedAccount, terms: ModelTerms, unit: RiskUnit) -> Subject:
    """One risk unit: its worst row, its charges and floors."""
    net = unit.exposure.at(NO_MOVE)
    losses = [loss.at(NO_MOVE) for loss in unit.losses()]
    row = unit.moves[losses.index(max(losses))] if losses and max(losses) > 0 else None
    names: Named = {
        "net_value": Step(name="net_value", of=unit.name, value=net, unit=book.money),
        "move": book.stated("worst_move", row.move, FRACTION, _move_key(terms, unit, row), unit.name) if row else None,
        "weight": Step(name="weight", of=unit.name, value=row.weight, unit=FRACTION)
        if row and row.weight != ONE
        else None,
        "charges": [_charge(book, terms, one) for one in unit.core_charges],
        "floors": [_charge(book, terms, one) for one in unit.floors],
    }
    values = {"core": unit.core.at(NO_MOVE), "scan": unit.scan.at(NO_MOVE)}
    return Subject(book, ("RiskUnit",), unit.name, values=values, names=names)


def _move_key(terms: ModelTerms, unit: RiskUnit, move: Move) -> str:
    table = terms.table_of(unit.assets[0])
    place = next(k for k, one in enumerate(terms.tables) if one is table)
    return f"{KEY}.underlyings.{place}.moves.{unit.moves.index(move)}"


def _charge(book: ExplainedAccount, terms: ModelTerms, one: ChargeAmount) -> Step | None:
    """A charge: its rate of its base, through its tiers."""
    of, base = f"{one.charge.name} on {one.unit}", one.charge.on.value
    place = next(k for k, other in enumerate(terms.charges) if other is one.charge)
    names: Named = {
        "rate": book.stated("rate", one.charge.rate, FRACTION, f"{KEY}.charges.{place}.rate", one.charge.name),
        "base": Step(name=base, of=one.unit, value=one.base.at(NO_MOVE), unit=book.money),
    }
    return Subject(book, ("Charge",), of, values={"charge": one.amount.at(NO_MOVE)}, names=names).step("charge")


def _losses(book: ExplainedAccount, asked: ModelMargins, grade: Grade) -> list[Step | None]:
    """What is lost in the joint row, unit by unit, or on the days that the tail takes, each with its share."""
    if asked.terms.model is not MarginModel.SCENARIO:
        return [_day(book, *day) for day in tail_days(asked, grade)]
    _, row = joint_row(asked)
    units = [unit for unit in asked.maintenance.units if unit.moves] if row else []
    return [
        Step(name="loss", of=f"{unit.name} in row {row}", value=joint_losses([unit])[(row or 1) - 1], unit=book.money)
        for unit in units
    ]


def _day(book: ExplainedAccount, date: str, share: Decimal, loss: Decimal) -> Step | None:
    """The part of a day's loss that the tail takes."""
    names: Named = {
        "share": Step(name="share", of=date, value=share, unit=FRACTION) if share != ONE else None,
        "loss": book.stated("loss", loss, book.money, f"history.{date}", date),
    }
    return Subject(book, ("TailDay",), date, names=names).step("part")
