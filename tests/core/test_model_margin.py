"""Margin models: figures against a naive reading in fractions, everywhere along a move; first crossings; properties."""

from decimal import Decimal
from fractions import Fraction as Exact

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from marginctl.core.account import Account, Position
from marginctl.core.assemble import report_of
from marginctl.core.exact import ONE, ZERO
from marginctl.core.liquidation import asset_sides, health, joint_sides, pool_state
from marginctl.core.model import Grade, MarginModel, ModelTerms, Quantile, TailMean
from marginctl.core.model_margin import ModelMargins, ModelPart, tail_figure
from marginctl.core.motion import Stretch, asset_path, joint_path
from marginctl.core.piecewise import first_below
from marginctl.core.pool import Pool, partition
from marginctl.core.requirement import Part
from marginctl.core.risk import pool_risk

from . import naive_model
from .model_strategies import modelled_accounts

NEAR = Exact(1, 10**60)
MOVED = ("BTC", "ETH", "USDT", "EUR")
HISTORIES = (MarginModel.VAR, MarginModel.EXPECTED_SHORTFALL)


def shared(account: Account) -> list[tuple[Pool, ModelMargins]]:
    """Pools under the model, with what it asks of them."""
    return [(pool, pool.asked) for pool in partition(account) if pool.asked is not None]


def agree(found: Decimal, want: Exact) -> bool:
    return abs(Exact(found) - want) <= NEAR * (1 + abs(want))


def model_part(pool: Pool) -> Part:
    return next(part for part in pool.maintenance.parts if isinstance(part, ModelPart))


def ratios_at(stretch: Stretch, u: Decimal) -> dict[str, Decimal]:
    return {asset: line.at(u) for asset, line in stretch.motion.ratios.items()}


@settings(max_examples=38)
@given(
    account=modelled_accounts(),
    moves=st.dictionaries(st.sampled_from(["BTC", "ETH", "USDT", "EUR"]), st.integers(1, 300)),
)
def test_a_model_asks_what_its_definition_says_at_any_prices(account: Account, moves: dict[str, int]) -> None:
    ratios = {asset: Decimal(percent) / 100 for asset, percent in moves.items()}
    for pool, _ in shared(account):
        book = naive_model.Book(account, pool, ratios)
        part = model_part(pool)
        assert agree(part.at(ratios), naive_model.margin(book, Grade.MAINTENANCE))
        assert agree(pool.initial.at(ratios), naive_model.margin(book, Grade.INITIAL))


@settings(max_examples=25)
@given(account=modelled_accounts(), side=st.sampled_from([-1, 1]), places=st.lists(st.integers(1, 299), max_size=6))
def test_the_pieces_along_a_move_are_what_is_asked_there(account: Account, side: int, places: list[int]) -> None:
    for pool, _ in shared(account):
        state, part = pool_state(pool), model_part(pool)
        assets = state.assets[:2]
        for path in [*(asset_path(asset, side) for asset in assets), joint_path(state.assets, account.betas, side)]:
            stretch = path[0]
            end = stretch.length
            pieces = list(part.pieces(stretch.motion, end))
            corners = [piece.start for piece in pieces]
            assert corners == sorted(corners)
            for u in [Decimal(place) / 100 for place in places]:
                if end is not None and u >= end:
                    continue
                at_zero, slope = next((p.at_zero, p.slope) for p in reversed(pieces) if p.start <= u)
                want = Exact(part.at(ratios_at(stretch, u)))
                assert agree(at_zero + slope * u, want) or u in corners


@settings(max_examples=25)
@given(account=modelled_accounts(), side=st.sampled_from([-1, 1]))
def test_the_first_crossing_by_lines_is_the_one_by_all_pieces(account: Account, side: int) -> None:
    for pool, asked in shared(account):
        state = pool_state(pool)
        if state.is_liquidatable or not asked.maintenance.margin.is_convex:
            continue
        for asset in state.assets:
            sides = asset_sides(state, asset)
            found = sides.down if side < 0 else sides.up
            stretch = asset_path(asset, side)[0]
            walked = first_below(health(state, stretch.motion, stretch.length), stretch.length, state.risk.scale)
            assert (found is None) == (walked is None)
            assert found is None or walked is None or agree(found, Exact(walked.u))


@settings(max_examples=15)
@given(account=modelled_accounts())
def test_nothing_before_a_first_crossing_is_liquidatable_and_beyond_it_is(account: Account) -> None:
    for pool, _ in shared(account):
        state = pool_state(pool)
        if state.is_liquidatable:
            continue
        sides = joint_sides(state, account.betas)
        for side, crossing in ((-1, sides.down), (1, sides.up)):
            stretch = joint_path(state.assets, account.betas, side)[0]
            reach = crossing if crossing is not None else Decimal(3)
            if stretch.length is not None and reach > stretch.length:
                continue
            before = [reach * k / 10 for k in range(10)]
            assert [pool_risk(pool, ratios_at(stretch, u)).is_liquidatable(pool.rules) for u in before] == [False] * 10


@settings(max_examples=20)
@given(account=modelled_accounts(kinds=HISTORIES))
def test_the_mean_of_the_worst_is_at_least_the_quantile_before_them(account: Account) -> None:
    for pool, asked in shared(account):
        assert account.model is not None
        for tail in asked.terms.tails.values():
            assets = [one for one in asked.exposures.assets(asked.terms) if one in tail.returns.assets]
            plain = replace(tail, quantile=Quantile.INVERTED_CDF)
            at_risk, shortfall = (
                tail_figure(assets, asked.exposures, asked.terms, plain, tail.returns, mean).at({})
                for mean in (None, TailMean.EXACT)
            )
            assert Exact(shortfall) >= Exact(at_risk) - NEAR * (1 + abs(Exact(at_risk))), pool.name


@settings(max_examples=20)
@given(account=modelled_accounts())
def test_contributions_add_up_to_the_figure(account: Account) -> None:
    figures = {pool.name: asked.maintenance.figure.at({}) for pool, asked in shared(account)}
    for found in report_of(account, looks_ahead=False).portfolio_margin:
        added = sum((one.risk for one in found.contributions), ZERO)
        assert agree(added, Exact(figures[found.pool]))


def doubled(account: Account) -> Account:
    """Twice of everything."""
    held = tuple(twice(one) for one in account.positions)
    return replace(account, positions=held, balances={asset: 2 * amount for asset, amount in account.balances.items()})


def twice(position: Position) -> Position:
    margins = {
        name: None if getattr(position, name) is None else 2 * getattr(position, name)
        for name in ("initial_margin", "isolated_margin")
    }
    return replace(position, quantity=2 * position.quantity, **margins)


def smooth(terms: ModelTerms) -> ModelTerms:
    """The model without tiers of charges and charges per spread, which do not grow in proportion."""
    charges = tuple(replace(one, tiers=()) for one in terms.charges)
    return replace(terms, charges=charges)


@settings(max_examples=15)
@given(account=modelled_accounts())
def test_twice_the_book_needs_twice_as_much(account: Account) -> None:
    assert account.model is not None
    one = replace(account, model=smooth(account.model))
    for (pool, _), (other, _) in zip(shared(one), shared(doubled(one)), strict=True):
        assert agree(other.initial.at({}), 2 * Exact(pool.initial.at({})))
        assert agree(model_part(other).at({}), 2 * Exact(model_part(pool).at({})))


@settings(max_examples=15)
@given(account=modelled_accounts(kinds=(MarginModel.SCENARIO,)))
def test_moving_together_asks_no_more_than_moving_apart(account: Account) -> None:
    assert account.model is not None
    plain = replace(account.model, spreads=(), charges=())
    apart, joint = (replace(account, model=replace(plain, separate=share)) for share in (ONE, ZERO))
    for (pool, _), (other, _) in zip(shared(apart), shared(joint), strict=True):
        assert Exact(other.initial.at({})) <= Exact(pool.initial.at({})) * (1 + NEAR)


@settings(max_examples=15)
@given(account=modelled_accounts(kinds=(MarginModel.EXPECTED_SHORTFALL,)))
def test_weights_that_do_not_decay_are_equal(account: Account) -> None:
    assert account.model is not None
    terms = account.model

    def with_decay(decay: Decimal | None) -> Account:
        tails = {grade: replace(one, decay=decay, tail=TailMean.EXACT) for grade, one in terms.tails.items()}
        return replace(account, model=replace(terms, tails=tails))

    for (pool, _), (other, _) in zip(shared(with_decay(None)), shared(with_decay(ONE)), strict=True):
        assert agree(other.initial.at({}), Exact(pool.initial.at({})))
