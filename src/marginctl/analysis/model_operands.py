"""What the names of formula lines stand for under a margin model: units, scans, charges, spreads, days of the tail."""

from decimal import Decimal
from functools import partial

from marginctl.analysis.subjects import FRACTION, Book, Named, Subject
from marginctl.core.exact import ONE
from marginctl.core.model import Grade, MarginModel
from marginctl.core.model_contributions import joint_losses
from marginctl.core.model_margin import ChargeAmount, Modelled, ModelMargins, RiskUnit
from marginctl.core.model_orders import UnitOrders
from marginctl.core.model_report import joint_row, tail_days
from marginctl.core.risk import NO_MOVE
from marginctl.results.explanation import Step


def model_step(book: Book, pool: str, asked: ModelMargins, which: str) -> Step | None:
    """The margin of a pool as its model finds it; ``which``: initial or maintenance."""
    grade = Grade(which)
    found: Modelled = getattr(asked, which)
    units = [_unit(book, one) for one in found.units]
    names: Named = {
        "factor": Step(name="factor", of=f"the {which} margin", value=asked.terms.factors[grade]),
        "on_top": [_charge(book, one) for one in found.on_top],
        "units": units,
        "spreads": [
            Step(name=f"spread {one.name}", value=one.amount.at(NO_MOVE), unit=book.money)
            for one in found.spreads
            if one.amount.at(NO_MOVE)
        ],
        "charges": [_charge(book, one) for unit in found.units for one in unit.core_charges],
        "floors": [_charge(book, one) for unit in found.units for one in unit.floors],
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


def order_subject(book: Book, one: UnitOrders) -> Subject:
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


def _unit(book: Book, unit: RiskUnit) -> Subject:
    """One risk unit: its worst row, its charges and floors."""
    net = unit.exposure.at(NO_MOVE)
    losses = [loss.at(NO_MOVE) for loss in unit.losses()]
    row = unit.moves[losses.index(max(losses))] if losses and max(losses) > 0 else None
    names: Named = {
        "net_value": Step(name="net_value", of=unit.name, value=net, unit=book.money),
        "move": Step(name="worst_move", of=unit.name, value=row.move, unit=FRACTION) if row else None,
        "weight": Step(name="weight", of=unit.name, value=row.weight, unit=FRACTION)
        if row and row.weight != ONE
        else None,
        "charges": [_charge(book, one) for one in unit.core_charges],
        "floors": [_charge(book, one) for one in unit.floors],
    }
    values = {"core": unit.core.at(NO_MOVE), "scan": unit.scan.at(NO_MOVE)}
    return Subject(book, ("RiskUnit",), unit.name, values=values, names=names)


def _charge(book: Book, one: ChargeAmount) -> Step | None:
    """A charge: its rate of its base, through its tiers."""
    of, base = f"{one.charge.name} on {one.unit}", one.charge.on.value
    names: Named = {
        "rate": Step(name="rate", of=one.charge.name, value=one.charge.rate, unit=FRACTION),
        "base": Step(name=base, of=one.unit, value=one.base.at(NO_MOVE), unit=book.money),
    }
    return Subject(book, ("Charge",), of, values={"charge": one.amount.at(NO_MOVE)}, names=names).step("charge")


def _losses(book: Book, asked: ModelMargins, grade: Grade) -> list[Step | None]:
    """What is lost in the joint row, unit by unit, or on the days that the tail takes, each with its share."""
    if asked.terms.model is not MarginModel.SCENARIO:
        return [_day(book, *day) for day in tail_days(asked, grade)]
    _, row = joint_row(asked)
    units = [unit for unit in asked.maintenance.units if unit.moves] if row else []
    return [
        Step(name="loss", of=f"{unit.name} in row {row}", value=joint_losses([unit])[(row or 1) - 1], unit=book.money)
        for unit in units
    ]


def _day(book: Book, date: str, share: Decimal, loss: Decimal) -> Step | None:
    """The part of a day's loss that the tail takes."""
    names: Named = {
        "share": Step(name="share", of=date, value=share, unit=FRACTION) if share != ONE else None,
        "loss": Step(name="loss", of=date, value=loss, unit=book.money),
    }
    return Subject(book, ("TailDay",), date, names=names).step("part")
