"""The figures of the whole account: totals, joint liquidation, netting, funding."""

from collections.abc import Callable, Iterable

from marginctl.core.account import MarginMode
from marginctl.core.explain import pools
from marginctl.core.explain.book import Book
from marginctl.core.explain.crossings import ALL_TOGETHER
from marginctl.core.explain.decision import Absent, Candidate, Case, Decision, Nearest, Ranking, Some
from marginctl.core.explain.holdings import balance
from marginctl.core.explain.margins import Stake, initial_margin, maintenance_margin
from marginctl.core.explain.node import (
    FRACTION,
    MULTIPLE,
    Constant,
    Difference,
    Node,
    Product,
    Ratio,
    Sum,
    Unit,
    named,
)
from marginctl.core.explain.prices import money_price, notional, signed_notional, unrealized_pnl
from marginctl.core.explain.requirement import maintenance_margins
from marginctl.core.explain.rows import direction, is_here, joint, joint_nearest, side_figure, size
from marginctl.core.liquidation import PoolState
from marginctl.core.risk import worst_pool


def _added(book: Book, name: str, terms: Iterable[Node]) -> Node:
    path = f"totals.{name}"
    found = tuple(terms)
    return book.once(path, lambda: named(Sum(terms=found), name, "", book.money, path))


def _over_pools(name: str, figure: Callable[[Book, PoolState], Node]) -> Callable[[Book], Node]:
    return lambda book: _added(book, name, (figure(book, state) for state in book.states))


equity = _over_pools("equity", pools.equity)
pool_initial_margin = _over_pools("initial_margin", pools.initial_margin)
order_margin = _over_pools("order_margin", pools.order_margin)
pool_maintenance_margin = _over_pools("maintenance_margin", pools.maintenance_margin)


def gross_collateral(book: Book) -> Node:
    """Balances at price."""
    terms = []
    for state in book.states:
        for holding in state.pool.holdings:
            held = (balance(book, state, holding), *money_price(book, holding.asset))
            terms.append(held[0] if len(held) == 1 else Product(factors=held))
    return _added(book, "gross_collateral", terms)


def pnl(book: Book) -> Node:
    """Unrealized PnL of all positions."""
    return _added(book, "unrealized_pnl", (unrealized_pnl(book, position) for position in book.account.positions))


def haircut(book: Book) -> Node:
    """gross_collateral + unrealized_pnl - equity."""
    before = Sum(terms=(gross_collateral(book), pnl(book)))
    return named(Difference(terms=(before, equity(book))), "haircut", "", book.money, "totals.haircut")


def gross_notional(book: Book) -> Node:
    """The notionals of all positions."""
    return _added(book, "gross_notional", (notional(book, position) for position in book.account.positions))


def net_notional(book: Book) -> Node:
    """The notionals of all positions, shorts negative."""
    return _added(book, "net_notional", (signed_notional(book, position) for position in book.account.positions))


def leverage(book: Book) -> Node:
    """gross_notional / equity."""
    found = Ratio(numerator=gross_notional(book), denominator=equity(book))
    return named(found, "leverage", "", MULTIPLE, "totals.leverage")


def worst(book: Book) -> PoolState:
    """The pool whose figures stand for the account."""
    rows = [(state.pool, state.risk) for state in book.states]
    pool, _ = worst_pool(rows)
    return next(state for state in book.states if state.pool is pool)


def worst_name(book: Book) -> Node:
    """The cross pool with the highest maintenance_ratio, then utilization, then the least buffer; else of all pools."""
    cross = [state for state in book.states if state.pool.margin_mode is MarginMode.CROSS]
    asked = cross if any(state.pool.is_occupied for state in cross) else list(book.states)
    candidates = tuple(
        Candidate(
            state.pool.name,
            (pools.maintenance_ratio(book, state), pools.utilization(book, state)),
            pools.buffer(book, state),
        )
        for state in asked
    )
    return Ranking(candidates=candidates, highest=True, label="worst_pool", figure="totals.worst_pool")


def free_collateral(book: Book) -> Node:
    """That of the worst pool."""
    return _of_worst(book, "free_collateral", pools.free_collateral, book.money)


def utilization(book: Book) -> Node:
    """That of the worst pool."""
    return _of_worst(book, "utilization", pools.utilization, FRACTION)


def _of_worst(book: Book, name: str, figure: Callable[[Book, PoolState], Node], unit: Unit) -> Node:
    state = worst(book)
    found = figure(book, state)
    note = f"of {state.pool.name}, the worst pool"
    if found.value is None:
        why = "its equity is not positive"
        return Absent(label=name, unit=unit, figure=f"totals.{name}", note=why, because=(found,))
    return named(Sum(terms=(found,)), name, "", unit, f"totals.{name}", note)


def buffer(book: Book) -> Node:
    """That of the worst pool."""
    return _of_worst(book, "buffer", pools.buffer, book.money)


def maintenance_ratio(book: Book) -> Node:
    """That of the worst pool."""
    return _of_worst(book, "maintenance_ratio", pools.maintenance_ratio, FRACTION)


def liquidatable(book: Book) -> Node:
    """Whether any pool is."""
    conditions = tuple(pools.liquidatable(book, state) for state in book.states)
    return Some(conditions=conditions, label="liquidatable", figure="totals.liquidatable")


def account_state(book: Book) -> Node:
    """liquidation > margin-call > restricted > healthy."""
    warned = [node for state in book.states if (node := pools.is_warned(book, state)) is not None]
    cross = [state for state in book.states if state.pool.margin_mode is MarginMode.CROSS]
    cases = [Case(liquidatable(book), Constant(amount="liquidation"))]
    if warned:
        cases.append(Case(Some(conditions=tuple(warned), label="warned"), Constant(amount="margin-call")))
    if cross:
        restricted = Some(conditions=tuple(pools.is_restricted(book, one) for one in cross), label="restricted")
        cases.append(Case(restricted, Constant(amount="restricted")))
    healthy = Constant(amount="healthy")
    return Decision(cases=tuple(cases), otherwise=healthy, label="state", figure="totals.state")


TOTALS: dict[str, Callable[[Book], Node]] = {
    "equity": equity,
    "gross_collateral": gross_collateral,
    "unrealized_pnl": pnl,
    "haircut": haircut,
    "initial_margin": pool_initial_margin,
    "order_margin": order_margin,
    "maintenance_margin": pool_maintenance_margin,
    "gross_notional": gross_notional,
    "net_notional": net_notional,
    "leverage": leverage,
    "free_collateral": free_collateral,
    "buffer": buffer,
    "utilization": utilization,
    "maintenance_ratio": maintenance_ratio,
    "worst_pool": worst_name,
    "liquidatable": liquidatable,
    "state": account_state,
}


def _joint_moves(book: Book, side: int) -> tuple[Node, ...]:
    return tuple(joint(book, state, side) for state in book.states)


def _side(book: Book, name: str, side: int) -> Node:
    moves = tuple(side_figure(book, state, name, side) for state in book.states)
    found = moves[0] if len(moves) == 1 else Nearest(moves=moves)
    return named(found, name, "", FRACTION, f"liquidation.{name}")


def _both(book: Book) -> Node:
    return Nearest(moves=(_side(book, "down", -1), _side(book, "up", 1)), label="move", of=ALL_TOGETHER, unit=FRACTION)


def _direction(book: Book) -> Node:
    moves = _joint_moves(book, -1)
    already = next((move for move in moves if is_here((move,))), None)
    return direction(_side(book, "down", -1), _side(book, "up", 1), already, "", "liquidation.direction")


def _first_pool(book: Book) -> Node:
    candidates = tuple(Candidate(state.pool.name, (joint_nearest(book, state),)) for state in book.states)
    return Ranking(candidates=candidates, highest=False, label="pool", figure="liquidation.pool")


LIQUIDATION: dict[str, Callable[[Book], Node]] = {
    "down": lambda book: _side(book, "down", -1),
    "up": lambda book: _side(book, "up", 1),
    "distance": lambda book: size(_both(book), "distance", "", "liquidation.distance"),
    "direction": _direction,
    "pool": _first_pool,
}


def _alone(book: Book, name: str, figure: Callable[[Book, PoolState, Stake], Node], path: str) -> Node:
    terms = tuple(figure(book, book.pool_of(position), Stake(position)) for position in book.account.positions)
    return named(Sum(terms=terms), name, "", book.money, path, "every position alone")


def gross_initial(book: Book) -> Node:
    """Initial margins of the positions one by one."""
    return _alone(book, "gross_initial_margin", initial_margin, "netting.gross_initial_margin")


def gross_maintenance(book: Book) -> Node:
    """Maintenance margins of the positions one by one."""
    path = "netting.maintenance.gross_maintenance_margin"
    return _alone(book, "gross_maintenance_margin", maintenance_margin, path)


def netted_initial(book: Book) -> Node:
    """Initial margins of the pools."""
    terms = tuple(pools.initial_margin(book, state) for state in book.states)
    return named(Sum(terms=terms), "initial_margin", "", book.money, "netting.initial_margin")


def netted_maintenance(book: Book) -> Node:
    """Maintenance margins of the pools, without loans."""
    terms = tuple(node for state in book.states for node in maintenance_margins(book, state))
    path = "netting.maintenance.maintenance_margin"
    return named(Sum(terms=terms), "maintenance_margin", "", book.money, path, "without debts")


def _saving(book: Book, before: Node, now: Node, path: str) -> Node:
    return named(Difference(terms=(before, now)), "saving", "", book.money, path)


def _saving_rate(book: Book, before: Node, now: Node, path: str) -> Node:
    saved = _saving(book, before, now, path.removesuffix("_rate"))
    return named(Ratio(numerator=saved, denominator=before), "saving_rate", "", FRACTION, path)


NETTING: dict[str, Callable[[Book], Node]] = {
    "gross_initial_margin": gross_initial,
    "initial_margin": netted_initial,
    "saving": lambda book: _saving(book, gross_initial(book), netted_initial(book), "netting.saving"),
    "saving_rate": lambda book: _saving_rate(book, gross_initial(book), netted_initial(book), "netting.saving_rate"),
    "maintenance.gross_maintenance_margin": gross_maintenance,
    "maintenance.maintenance_margin": netted_maintenance,
    "maintenance.saving": lambda book: _saving(
        book, gross_maintenance(book), netted_maintenance(book), "netting.maintenance.saving"
    ),
    "maintenance.saving_rate": lambda book: _saving_rate(
        book, gross_maintenance(book), netted_maintenance(book), "netting.maintenance.saving_rate"
    ),
}
