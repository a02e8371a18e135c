"""One account with its pools evaluated, and every node of its figures built once."""

from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec import Struct

from marginctl.core.account import Account, AssetTerms, CollateralMode, MarginMode, Position, Rules
from marginctl.core.exact import ZERO
from marginctl.core.explain.node import ONE_NODE, Input, Node, Product, Sum, Unit, Value, amount
from marginctl.core.liquidation import PoolState, pool_state
from marginctl.core.pool import BARE_TERMS, partition
from marginctl.core.report import Report

Stated = Mapping[str, Value]
"""What the user wrote, by the key of the input: it decides whether a price, mark or quantity is given or follows."""


class Way(Struct, frozen=True):
    """How prices move: the node of the price ratio by asset, ``rest`` for all others; None = as today.

    ``symbol``: the contract whose own mark moves by ``mark`` instead of its driver. ``income``: what is added to an
    asset, in currency. ``probe``: a value of the unknown inside the stretch that is looked at, which tells the rows of
    the tables there. ``word``: what figures after the move are called by.
    """

    ratios: dict[str, Node]
    rest: Node | None = None
    symbol: str = ""
    mark: Node | None = None
    income: dict[str, Node] = {}
    word: str = "moved"
    probe: Decimal = ZERO

    def of(self, asset: str) -> Node | None:
        """The ratio of an asset's price."""
        return self.ratios.get(asset, self.rest)

    def driver(self, position: Position) -> Node | None:
        """The ratio of a position's notional."""
        return self.mark if self.symbol == position.contract.symbol else self.of(position.contract.driver)

    def touches(self, position: Position) -> bool:
        """Whether the notional of a position or the price of its settle asset moves."""
        return self.driver(position) is not None or self.of(position.contract.settle) is not None


TODAY = Way({})


def after(node: Node, ratio: Node | None) -> Node:
    """The node times a price ratio; itself where nothing moves."""
    return node if ratio is None else Product(factors=(node, ratio))


class Book:
    """The account, its pools in the order of the report, and the nodes built so far."""

    def __init__(self, account: Account, report: Report, stated: Stated) -> None:
        self.account = account
        self.report = report
        self.stated = stated
        self.states = tuple(pool_state(pool) for pool in partition(account))
        self.money = amount(account.currency)
        self._nodes: dict[str, Node] = {}
        self._pools = {position.key: state for state in self.states for position in state.pool.positions}
        self._holdings = Counter(row.asset for row in report.collateral)

    def once(self, key: str, build: Callable[[], Node]) -> Node:
        """The node of that key, built on first use."""
        if key not in self._nodes:
            self._nodes[key] = build()
        return self._nodes[key]

    def pool_of(self, position: Position) -> PoolState:
        """The pool a position stands in."""
        return self._pools[position.key]

    def terms(self, state: PoolState, asset: str) -> AssetTerms:
        """How an asset counts in a pool: haircuts and factors in a multi-asset one, loan rates in cross pools."""
        if state.pool.margin_mode is MarginMode.ISOLATED:
            return BARE_TERMS
        terms = self.account.terms.get(asset, BARE_TERMS)
        return terms if self.is_multi_asset(state) else AssetTerms(loan_rate=terms.loan_rate)

    def is_multi_asset(self, state: PoolState) -> bool:
        """Whether haircuts and requirement factors count in a pool."""
        multi = self.account.collateral_mode is CollateralMode.MULTI_ASSET
        return multi and state.pool.margin_mode is MarginMode.CROSS

    def rules_key(self, state: PoolState) -> str:
        """Where the rules of a pool are stated."""
        return "isolated_rules" if state.pool.rules is self.account.isolated_rules else "rules"

    def level(self, rules: Rules, key: str) -> Node:
        """The level of the maintenance margin at which a pool is liquidated."""
        return self.once(f"{key}.level", lambda: Input(label="level", amount=rules.level, key=f"{key}.level"))

    def pool_level(self, state: PoolState) -> Node:
        """The level of a pool."""
        return self.level(state.pool.rules, self.rules_key(state))

    def collateral_path(self, asset: str, pool: str) -> str:
        """``collateral.BTC``, with ``@pool`` where several pools hold the asset."""
        return f"collateral.{asset}@{pool}" if self._holdings[asset] > 1 else f"collateral.{asset}"


def in_money(book: Book, asset: str, price: Node) -> tuple[Node, ...]:
    """The price as a factor; nothing for the account's own currency, whose price is 1."""
    return () if asset == book.account.currency else (price,)


def product(*factors: Node, label: str = "", of: str = "", unit: Unit, figure: str = "", note: str = "") -> Node:
    """The factors multiplied, constant ones of the formula left out where something else is there."""
    kept = tuple(factor for factor in factors if factor is not ONE_NODE) or (ONE_NODE,)
    if len(kept) == 1:
        return Sum(terms=kept, label=label, of=of, unit=unit, figure=figure, note=note)
    return Product(factors=kept, label=label, of=of, unit=unit, figure=figure, note=note)
