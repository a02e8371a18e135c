"""Margins of one position, or of the part of it that netting leaves, today or along a motion."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import Basis, CloseFee, CloseFeeIn, Position
from marginctl.core.contract import Tier, TiersBy
from marginctl.core.exact import ONE, ZERO
from marginctl.core.explain.book import TODAY, Book, Way, product
from marginctl.core.explain.decision import Absent
from marginctl.core.explain.node import (
    FRACTION,
    MULTIPLE,
    ONE_NODE,
    PLAIN,
    ZERO_NODE,
    Difference,
    Input,
    Larger,
    Node,
    Product,
    Quotient,
    Row,
    Sum,
    Unit,
    Value,
    amount,
    decimal_of,
    line_of,
    named,
)
from marginctl.core.explain.prices import (
    entry_price,
    entry_value,
    given,
    mark_price,
    money_price,
    notional,
    quantity,
    quantity_unit,
    unit_of,
    value_of,
)
from marginctl.core.liquidation import PoolState
from marginctl.core.value import exposure_side


class Stake(Struct, frozen=True):
    """What needs margin: a position, or ``contracts`` of it where netting leaves a part (None: all of it).

    ``hedged``: the share of a leg that the other side covers, where such a share needs its fees alone.
    """

    position: Position
    contracts: Node | None = None
    hedged: Node | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is the position as it stands alone."""
        return self.contracts is None and self.hedged is None

    @property
    def name(self) -> str:
        """The position's key."""
        return self.position.key if self.is_whole else f"{self.position.key} after netting"


def factor(book: Book, state: PoolState, position: Position) -> tuple[Node, ...]:
    """What a unit of margin required in the settle asset counts, where it is not 1."""
    asset = position.contract.settle
    weight = book.terms(state, asset).requirement_factor
    if weight == ONE:
        return ()
    return (Input(label="requirement_factor", of=asset, amount=weight, key=f"collateral.{asset}.requirement_factor"),)


def value(book: Book, stake: Stake, basis: Basis, way: Way) -> Node:
    """Notional at the mark or at the entry price, in currency, after the move."""
    position = stake.position
    at_mark = basis is Basis.MARK
    if stake.contracts is None:
        found = notional(book, position) if at_mark else entry_value(book, position)
    else:
        at = mark_price(book, position) if at_mark else entry_price(book, position)
        label = "notional" if at_mark else "entry_value"
        found = value_of(book, position.contract, stake.contracts, at, label, stake.name)
    ratio = way.driver(position) if at_mark else way.of(position.contract.settle)
    if ratio is None:
        return found
    return Product(factors=(found, ratio), label=f"{way.word} {found.label}", of=stake.name, unit=book.money)


def unit_price(book: Book, position: Position, way: Way) -> Node:
    """The price of the settle asset after the move."""
    asset = position.contract.settle
    ratio = way.of(asset)
    now = unit_of(book, asset)
    if ratio is None:
        return now
    return product(now, ratio, label=f"{way.word} price", of=asset, unit=book.money)


def _row(
    book: Book,
    stake: Stake,
    measured: Node,
    way: Way,
    label: str,
    entry: Callable[[Tier], Value],
    unit: Unit = FRACTION,
) -> Node:
    """An entry of the row of a contract's table: by notional in the settle asset, or by quantity."""
    contract = stake.position.contract
    by_notional = contract.tiers_by is TiersBy.NOTIONAL
    held = stake.contracts or quantity(book, stake.position)
    return Row(
        label=label,
        of=stake.name,
        unit=unit,
        measured=measured if by_notional else held,
        unit_price=unit_price(book, stake.position, way) if by_notional else ONE_NODE,
        up_to=tuple(tier.up_to for tier in contract.tiers[:-1] if tier.up_to is not None),
        column=tuple(entry(tier) for tier in contract.tiers),
        table=f"contracts.{contract.symbol}.tiers",
        measure="notional" if by_notional else "quantity",
        measure_unit=amount(contract.settle) if by_notional else quantity_unit(contract),
        probe=way.probe,
    )


def maintenance_rate(book: Book, stake: Stake, measured: Node, way: Way) -> Node:
    """The position's own rate, or that of its tier."""
    if stake.position.maintenance_rate is not None:
        return given(book, stake.position, "maintenance_rate", FRACTION, is_figure=True)
    return _row(book, stake, measured, way, "maintenance_rate", lambda tier: tier.maintenance_rate)


def deduction(book: Book, stake: Stake, measured: Node, way: Way) -> Node:
    """The maintenance deduction in the settle asset: the position's own, or that of its tier."""
    unit = amount(stake.position.contract.settle)
    if stake.position.maintenance_rate is not None:
        own = given(book, stake.position, "maintenance_deduction", unit)
        return replace(own, label="maintenance_deduction given")
    return _row(book, stake, measured, way, "deduction", lambda tier: tier.deduction, unit)


def _measured(book: Book, position: Position) -> Node:
    """What tells the tier of a position as it stands."""
    return value(book, Stake(position), book.pool_of(position).pool.rules.maintenance_basis, TODAY)


def rate_figure(book: Book, position: Position) -> Node:
    """``maintenance_rate`` of the report."""
    path = f"positions.{position.key}.maintenance_rate"

    def build() -> Node:
        return replace(maintenance_rate(book, Stake(position), _measured(book, position), TODAY), figure=path)

    return book.once(path, build)


def deduction_figure(book: Book, position: Position) -> Node:
    """``maintenance_deduction`` of the report, in currency."""
    path = f"positions.{position.key}.maintenance_deduction"

    def build() -> Node:
        own = deduction(book, Stake(position), _measured(book, position), TODAY)
        in_settle = money_price(book, position.contract.settle)
        return product(own, *in_settle, label="maintenance_deduction", of=position.key, unit=book.money, figure=path)

    return book.once(path, build)


def tier(book: Book, position: Position) -> Node:
    """``tier`` of the report: the row of the contract's table, counted from 1."""
    path = f"positions.{position.key}.tier"
    if position.maintenance_rate is not None:
        why = "the position brings its own maintenance_rate"
        own = given(book, position, "maintenance_rate", FRACTION, is_figure=True)
        return Absent(label="tier", of=position.key, figure=path, note=why, because=(own,))
    tiers = position.contract.tiers
    row = _row(book, Stake(position), _measured(book, position), TODAY, "tier", lambda one: tiers.index(one) + 1, PLAIN)
    return replace(row, figure=path)


def initial_rate(book: Book, position: Position) -> Node:
    """``initial_rate`` of the report: the position's own, or max(1 / leverage, the tier's)."""
    path = f"positions.{position.key}.initial_rate"

    def build() -> Node:
        base = value(book, Stake(position), book.pool_of(position).pool.rules.initial_basis, TODAY)
        return _initial_rate(book, Stake(position), base, path)

    return book.once(path, build)


def _initial_rate(book: Book, stake: Stake, measured: Node, figure: str = "") -> Node:
    position = stake.position
    if position.initial_rate is not None:
        return given(book, position, "initial_rate", FRACTION, is_figure=True)
    if position.initial_margin is not None:
        whole = value(book, Stake(position), book.pool_of(position).pool.rules.initial_basis, TODAY)
        rate: Node = Quotient(numerator=margin_given(book, position), denominator=whole)
        return named(rate, "initial_rate", stake.name, FRACTION, figure)
    options: list[Node] = []
    if position.leverage is not None:
        options.append(Quotient(numerator=ONE_NODE, denominator=given(book, position, "leverage", MULTIPLE)))
    if position.contract.tiers:
        options.append(
            _row(book, stake, measured, TODAY, "initial_rate of the tier", lambda one: one.initial_rate or ZERO)
        )
    rate = Larger(options=tuple(options)) if len(options) > 1 else Sum(terms=tuple(options))
    return named(rate, "initial_rate", stake.name, FRACTION, figure)


def margin_given(book: Book, position: Position) -> Node:
    """The initial margin that a position brings, in currency."""
    asset = position.contract.settle
    own = replace(given(book, position, "initial_margin", amount(asset)), label="initial_margin given")
    return product(own, *money_price(book, asset), unit=book.money)


def close_fee(book: Book, state: PoolState, stake: Stake, way: Way) -> tuple[Node, ...]:
    """The fee to close, where the rules count it: on the notional, or on the value at the bare bankruptcy price."""
    rules, position = state.pool.rules, stake.position
    if rules.close_fee is CloseFee.NONE or not position.taker_fee:
        return ()
    fee = Input(label="taker_fee", unit=FRACTION, amount=position.taker_fee, key="account.taker_fee")
    if rules.close_fee is CloseFee.MARK:
        due: Node = Product(factors=(fee, value(book, stake, Basis.MARK, way)))
        return (named(due, "close_fee", stake.name, book.money),)
    terms = (ONE_NODE, initial_rate(book, position))
    share: Node = Difference(terms=terms) if exposure_side(position) > 0 else Sum(terms=terms)
    if decimal_of(share) < ZERO:
        share = Larger(options=(ZERO_NODE, share), probe=way.probe)
    due = Product(factors=(fee, value(book, stake, Basis.ENTRY, way), share))
    note = "on the value at the price where the bare position is bankrupt"
    return (named(due, "close_fee", stake.name, book.money, note=note),)


def initial_margin(book: Book, state: PoolState, stake: Stake) -> Node:
    """initial_rate * notional, plus the fee to close where the rules add it, in currency."""
    if stake.is_whole:
        path = f"positions.{stake.position.key}.initial_margin"
        return book.once(path, lambda: _initial_margin(book, state, stake, path))
    return _initial_margin(book, state, stake, "")


def _initial_margin(book: Book, state: PoolState, stake: Stake, figure: str) -> Node:
    position, rules = stake.position, state.pool.rules
    as_given = position.initial_margin is not None or rules.close_fee_in is CloseFeeIn.MAINTENANCE
    fees = () if as_given else close_fee(book, state, stake, TODAY)
    if position.initial_margin is not None and stake.contracts is None:
        bare = margin_given(book, position)
    else:
        base = value(book, stake, rules.initial_basis, TODAY)
        is_whole = stake.contracts is None or position.initial_margin is not None
        rate = initial_rate(book, position) if is_whole else _initial_rate(book, stake, base)
        bare = Product(factors=(base, rate))
    due = _weighed(bare, _doubled(book, stake, fees), factor(book, state, position))
    return named(due, "initial_margin", stake.name, book.money, figure)


def _doubled(book: Book, stake: Stake, fees: tuple[Node, ...]) -> tuple[Node, ...]:
    """The fees, those of the hedged share twice."""
    if stake.hedged is None:
        return fees
    share = Sum(terms=(ONE_NODE, stake.hedged))
    note = "what the other leg hedges needs twice its fee to close"
    return tuple(named(Product(factors=(share, fee)), fee.label, fee.of, book.money, note=note) for fee in fees)


def _weighed(bare: Node, fees: tuple[Node, ...], weight: tuple[Node, ...]) -> Node:
    """weight * (bare + fees)."""
    due = Sum(terms=(bare, *fees)) if fees else bare
    return Product(factors=(*weight, due)) if weight else due


def maintenance_margin(book: Book, state: PoolState, stake: Stake, way: Way = TODAY) -> Node:
    """max(0, notional * maintenance_rate - deduction), plus the fee to close where the rules add it, in currency."""
    if not way.touches(stake.position):
        way = TODAY
    if way is TODAY and stake.is_whole:
        path = f"positions.{stake.position.key}.maintenance_margin"
        return book.once(path, lambda: _maintenance_margin(book, state, stake, way, path))
    return _maintenance_margin(book, state, stake, way, "")


def _maintenance_margin(book: Book, state: PoolState, stake: Stake, way: Way, figure: str) -> Node:
    position, rules = stake.position, state.pool.rules
    base = value(book, stake, rules.maintenance_basis, way)
    bare = _as_it_stands(book, position, base) if figure else _tiered(book, stake, base, way)
    if line_of(bare).at(way.probe) < 0:
        bare = Larger(options=(ZERO_NODE, bare), probe=way.probe)
    if stake.hedged is not None:
        bare = Product(factors=(Difference(terms=(ONE_NODE, stake.hedged)), bare))
    due = _weighed(bare, _doubled(book, stake, close_fee(book, state, stake, way)), factor(book, state, position))
    label = "maintenance_margin" if way is TODAY else f"{way.word} maintenance_margin"
    return named(due, label, stake.name, book.money, figure)


def _as_it_stands(book: Book, position: Position, base: Node) -> Node:
    """base * rate - deduction, of the figures of the report."""
    return Difference(terms=(Product(factors=(base, rate_figure(book, position))), deduction_figure(book, position)))


def _tiered(book: Book, stake: Stake, base: Node, way: Way) -> Node:
    """base * rate - deduction in the tier of the base; without the deduction where there is none."""
    scaled = Product(factors=(base, maintenance_rate(book, stake, base, way)))
    off = deduction(book, stake, base, way)
    if decimal_of(off) == ZERO:
        return scaled
    return Difference(terms=(scaled, product(off, unit_price(book, stake.position, way), unit=book.money)))
