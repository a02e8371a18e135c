"""Published liquidation steps -> the sequence of a cascade, with everything assumed said."""

from decimal import Decimal

import pytest

from marginctl.core.sequence import ClosingOrder, LiquidationSequence
from marginctl.venues.format import LiquidationStep, PublishedLiquidation, PublishedOrder
from marginctl.venues.loader import bundled, named
from marginctl.venues.sequence import AT_THE_MARK, sequence_of


def liquidation(
    *steps: str,
    order: PublishedOrder = PublishedOrder.LARGEST_LOSS_FIRST,
    fee: str | None = "0",
    take_over_level: Decimal | None = None,
) -> PublishedLiquidation:
    return PublishedLiquidation(
        steps=list(map(LiquidationStep, steps)),
        order=order,
        stated_fee=None if fee is None else Decimal(fee),
        take_over_level=take_over_level,
    )


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        pytest.param(
            liquidation("cancel-orders", "net-legs", "close-positions"),
            LiquidationSequence(cancels_orders=True, nets_legs=True),
            id="orders, legs, then whole positions",
        ),
        pytest.param(
            liquidation("cancel-borrowing-orders", "repay", "reduce-by-tier"),
            LiquidationSequence(cancels_orders=False, repays=True, reduces_by_tier=True),
            id="only orders that borrow: those of positions stay",
        ),
        pytest.param(
            liquidation("cancel-orders", "net-legs", "reduce-by-tier", "take-over", fee="0.01"),
            LiquidationSequence(nets_legs=True, reduces_by_tier=True, takes_over=True, fee=Decimal("0.01")),
            id="a take-over at the end",
        ),
        pytest.param(
            liquidation("close-on-book", "take-over", order=PublishedOrder.ALL_AT_ONCE, take_over_level=Decimal("0.6")),
            LiquidationSequence(
                cancels_orders=False, takes_over=True, take_over_level=Decimal("0.6"), order=ClosingOrder.ALL_AT_ONCE
            ),
            id="a take-over below a level",
        ),
    ],
)
def test_steps_are_followed(published: PublishedLiquidation, expected: LiquidationSequence) -> None:
    found, assumptions = sequence_of(published, "venue")
    assert found == expected
    assert assumptions[-1] == AT_THE_MARK


@pytest.mark.parametrize(
    ("published", "words"),
    [
        pytest.param(liquidation(), "venue publishes no liquidation sequence", id="no sequence"),
        pytest.param(liquidation("close-positions", order=PublishedOrder.UNKNOWN), "the largest loss", id="no order"),
        pytest.param(liquidation("close-positions", order=PublishedOrder.RANDOM), "at random", id="random order"),
        pytest.param(liquidation("reduce-to-level", "close-positions"), "closed whole", id="to the level"),
        pytest.param(liquidation("reduce-by-tier"), "in its first tier is closed whole", id="no ending"),
        pytest.param(liquidation("repay", "close-positions"), "pro rata", id="repayment"),
        pytest.param(liquidation("close-positions", fee=None), "no liquidation fee: venue", id="no fee"),
    ],
)
def test_what_is_not_published_is_said(published: PublishedLiquidation, words: str) -> None:
    found, assumptions = sequence_of(published, "venue")
    assert len(assumptions) == 2
    assert words in assumptions[0]
    assert (found.order, found.fee) == (ClosingOrder.LARGEST_LOSS_FIRST, 0)


def test_a_fee_of_the_user_replaces_what_is_published_or_missing() -> None:
    for fee in ("0.005", None):
        found, assumptions = sequence_of(liquidation("close-positions", fee=fee), "venue", Decimal("0.0125"))
        assert (found.fee, assumptions) == (Decimal("0.0125"), (AT_THE_MARK,))


def test_without_a_published_sequence_orders_are_cancelled_and_positions_closed() -> None:
    assert sequence_of(liquidation(), "venue")[0] == LiquidationSequence()


@pytest.mark.parametrize("name", bundled())
def test_every_bundled_rule_set_has_a_sequence(name: str) -> None:
    rule_set, problems = named(name)
    assert problems == []
    assert rule_set is not None
    found, assumptions = sequence_of(rule_set.liquidation, rule_set.name)
    assert 0 <= found.fee < 1
    assert found.take_over_level is None or 0 < found.take_over_level < 1
    assert all(name in text or text == AT_THE_MARK or "pro rata" in text for text in assumptions)
