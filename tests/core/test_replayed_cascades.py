"""Every step of a cascade, done again by hand: what it closes, at which price, and what the pool has afterwards.

The account of the replay is the engine's struct; what a step does to it and all figures are the naive reading's.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from marginctl.core.account import Account, CloseFee, Position
from marginctl.core.cascade import cascade
from marginctl.core.contract import Contract, TiersBy
from marginctl.core.path import PricePath
from marginctl.core.sequence import Action, CascadeStep, ClosingOrder, LiquidationSequence

from . import naive
from .strategies import accounts, chosen, number

NEAR = Fraction(1, 10**40)
ENDS = {Action.CLOSE, Action.REDUCE, Action.TAKE_OVER, Action.NET_LEGS}
NOTHING = Fraction(0)


def dec(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


@dataclass
class Replay:
    """The account as the steps leave it, at the prices of its file; ``shocks``: where the path goes."""

    account: Account
    shocks: dict[str, Decimal]
    sequence: LiquidationSequence
    taken: str = ""
    """What the first position settles in that the venue took over: there it keeps what is left."""
    over: tuple[str, Decimal] | None = None

    def at(self, step: CascadeStep) -> naive.World:
        ratios = {asset: 1 + naive.frac(shock) * naive.frac(step.move) for asset, shock in self.shocks.items()}
        return naive.moved(self.account, ratios)

    def book(self, name: str) -> naive.Book | None:
        return next((one for one in naive.books(self.account) if one.name == name), None)

    def pay(self, asset: str, units: Fraction) -> None:
        held = self.account.balances.get(asset, Decimal(0))
        self.account = replace(self.account, balances={**self.account.balances, asset: held + dec(units)})

    def put(self, gone: Position, *instead: Position) -> None:
        kept = [other for one in self.account.positions for other in (instead if one is gone else (one,))]
        self.account = replace(self.account, positions=tuple(kept))

    def close(self, step: CascadeStep, world: naive.World, book: naive.Book) -> None:
        """A part of a position, or all of it: its result and its fee go to its settle asset, or into its margin."""
        position = next(one for one in book.positions if one.key == step.position)
        contract, quantity = position.contract, naive.frac(step.quantity or Decimal(0))
        mark, price = world.marks[contract.symbol], world.prices[contract.settle]
        share = quantity / naive.frac(position.quantity)
        free = step.action in {Action.NET_LEGS, Action.TAKE_OVER}
        pnl = naive.pnl(position, mark) * share
        fee = NOTHING if free else naive.base_size(contract, quantity, mark) * naive.frac(self.sequence.fee)
        assert agree(step.pnl, pnl * price)
        assert agree(step.fee, fee * price)
        assert agree(step.price, mark)
        assert (step.symbol, step.side) == (contract.symbol, "long" if position.side > 0 else "short")
        assert step.in_profit is (pnl > 0 and step.action is not Action.NET_LEGS)
        gain = pnl - fee
        margin, left = position.isolated_margin, position.quantity - (step.quantity or Decimal(0))
        assert step.left == left
        if step.action is Action.REDUCE:
            cut_to_a_border(step, contract, world)
        if step.action is Action.TAKE_OVER and self.over != (step.pool, step.move):
            self.taken, self.over = contract.settle, (step.pool, step.move)
        if margin is not None and not left:
            gain = max(gain, -naive.frac(margin))
        self.pay(contract.settle, gain)
        if not left:
            self.put(position)
            return
        given = position.initial_margin
        rest = replace(
            position,
            quantity=left,
            initial_margin=None if given is None else given * left / position.quantity,
            isolated_margin=None if margin is None else margin + dec(gain),
        )
        self.put(position, rest)

    def repay(self, step: CascadeStep, world: naive.World, book: naive.Book) -> None:
        """Debts out of what is held and worth something, pro rata by value on both sides."""
        worths = {asset: units * world.prices[asset] for asset, units in naive.units(book, world).items()}
        owed = {asset: -worth for asset, worth in worths.items() if worth < 0}
        spare = {
            asset: min(book.balances[asset] * world.prices[asset], worth)
            for asset, worth in worths.items()
            if worth > 0 and book.balances[asset] > 0
        }
        paid = min(sum(owed.values()), sum(spare.values()))
        assert agree(step.amount, Fraction(paid))
        for asset, worth in spare.items():
            self.pay(asset, -paid * worth / sum(spare.values()) / world.prices[asset])
        for asset, worth in owed.items():
            self.pay(asset, paid * worth / sum(owed.values()) / world.prices[asset])


def cut_to_a_border(step: CascadeStep, contract: Contract, world: naive.World) -> None:
    """What is left of it is as much as its tier goes to, to the 30 digits that are kept."""
    border, left = contract.tiers[(step.tier or 0) - 1].up_to, naive.frac(step.left or Decimal(0))
    by_notional = contract.tiers_by is TiersBy.NOTIONAL
    size = naive.base_size(contract, left, world.marks[contract.symbol]) if by_notional else left
    assert border is not None
    assert 0 <= 1 - size / naive.frac(border) < Fraction(1, 10**28)


def agree(value: Decimal | None, want: Fraction) -> bool:
    return value is not None and abs(Fraction(value) - want) <= NEAR * (1 + abs(want))


def is_beyond_first_tier(position: Position, world: naive.World) -> bool:
    contract = position.contract
    if position.maintenance_rate is not None or not contract.tiers:
        return False
    size = naive.base_size(contract, naive.frac(position.quantity), world.marks[contract.symbol])
    return naive.tier_of(contract, size, naive.frac(position.quantity)) is not contract.tiers[0]


def chosen_rightly(step: CascadeStep, world: naive.World, book: naive.Book, replay: Replay) -> None:
    """The largest loss goes first: of those beyond their first tier where it is cut, else of all."""
    if step.action not in {Action.CLOSE, Action.REDUCE}:
        return

    def result(one: Position) -> Fraction:
        return naive.pnl(one, world.marks[one.contract.symbol]) * world.prices[one.contract.settle]

    among = book.positions
    if step.action is Action.REDUCE:
        assert replay.sequence.reduces_by_tier
        among = [one for one in book.positions if is_beyond_first_tier(one, world)]
    taken = next(one for one in book.positions if one.key == step.position)
    assert result(taken) <= min(map(result, among)) + NEAR * (1 + abs(result(taken)))


def has_what_it_says(step: CascadeStep, replay: Replay) -> None:
    """Equity and maintenance margin of the pool behind a step; nothing where it has gone with its position."""
    book, world = replay.book(step.pool), replay.at(step)
    assert agree(step.equity, NOTHING if book is None else naive.equity(book, world))
    assert agree(step.maintenance_margin, NOTHING if book is None else naive.maintenance(book, world))


def replayed(step: CascadeStep, replay: Replay) -> None:
    book, world = replay.book(step.pool), replay.at(step)
    if step.action in ENDS:
        assert book is not None
        chosen_rightly(step, world, book, replay)
        replay.close(step, world, book)
    elif step.action is Action.CANCEL_ORDERS:
        assert book is not None
        assert book.orders
        kept = tuple(one for one in replay.account.orders if one not in book.orders)
        replay.account = replace(replay.account, orders=kept)
    elif step.action is Action.REPAY:
        assert book is not None
        replay.repay(step, world, book)
    elif step.action is Action.FORFEIT:
        assert step.amount > 0
        assert step.position is not None or (book is not None and agree(step.amount, naive.equity(book, world)))
        replay.pay(replay.taken, -naive.frac(step.amount) / world.prices[replay.taken])
    elif step.action is Action.BANKRUPT and step.position is None:
        assert book is not None
        assert agree(step.amount, -naive.equity(book, world))
        for asset, units in book.balances.items():
            replay.pay(asset, -units)


@st.composite
def sequences(draw: st.DrawFn) -> LiquidationSequence:
    return LiquidationSequence(
        nets_legs=draw(st.booleans()),
        repays=draw(st.booleans()),
        reduces_by_tier=draw(st.booleans()),
        takes_over=draw(st.booleans()),
        take_over_level=draw(st.sampled_from([None, None, Decimal("0.5")])),
        order=draw(st.sampled_from(ClosingOrder)),
        fee=draw(chosen("0", "0.0125")),
    )


@settings(max_examples=150)
@given(
    account=accounts(with_orders=False, with_given=False, most_contracts=3),
    moves=st.dictionaries(st.sampled_from(("BTC", "ETH", "USDT", "DOGE")), number(-95, 250, 2), min_size=1, max_size=3),
    sequence=sequences(),
    more=chosen("0", "2000", "9000"),
)
def test_every_step_of_a_cascade(
    account: Account, moves: dict[str, Decimal], sequence: LiquidationSequence, more: Decimal
) -> None:
    if CloseFee.BANKRUPTCY in {account.rules.close_fee, (account.isolated_rules or account.rules).close_fee}:
        return  # by the rate at the prices of the file, which the naive reading takes where it is asked
    richer = {**account.balances, "USDT": account.balances["USDT"] + more}
    account = replace(account, bonus={}, balances=richer)
    replay = Replay(account, moves, sequence)
    story = cascade(account, PricePath(moves), sequence)
    for step in story.steps:
        replayed(step, replay)
        has_what_it_says(step, replay)
    assert {one.key: one.quantity for one in story.account.positions} == {
        one.key: one.quantity for one in replay.account.positions
    }
    for asset, units in replay.account.balances.items():
        assert agree(story.account.balances.get(asset), Fraction(units))
