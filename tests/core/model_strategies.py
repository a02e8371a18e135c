"""Random margin models, and accounts under them."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from marginctl.core.account import Account, Equality
from marginctl.core.exact import ONE
from marginctl.core.model import (
    Charge,
    ChargeBase,
    Grade,
    MarginModel,
    ModelTerms,
    Move,
    MoveTable,
    Quantile,
    ReturnSpan,
    ScanPrice,
    Spread,
    SpreadBy,
    SpreadLeg,
    StressedFigure,
    TailMean,
    TailTerms,
    Where,
)
from marginctl.core.returns import Returns

from .strategies import accounts, chosen, number

COLUMNS = ("BTC", "ETH", "DOGE", "EUR", "USDC", "USDT")
SPREADS = (
    ((ONE, "BTC", ""), (-ONE, "ETH", "")),
    ((Decimal(2), "ETH", ""), (-ONE, "BTC", "")),
    ((ONE, "BTC", ""), (ONE, "ETH", ""), (-ONE, "DOGE", "")),
    ((ONE, "", "BTCUSDT"), (-ONE, "", "BTCUSD")),
)


@st.composite
def move_tables(draw: st.DrawFn) -> tuple[MoveTable, ...]:
    """Tables of one length that move every volatile asset."""
    length = draw(st.integers(1, 4))

    def moves() -> tuple[Move, ...]:
        row = st.builds(Move, number(-100, 60, 2), chosen("1", "1", "0.5"))
        return tuple(draw(st.lists(row, min_size=length, max_size=length)))

    groups = draw(
        st.sampled_from(
            [
                ((("*",), None),),
                ((("BTC",), None), (("ETH", "DOGE"), "ALT"), (("*",), None)),
                ((("BTC", "ETH"), None), (("*",), None)),
                ((("USDC",), None), (("EUR",), None), (("*",), "ALL")),
            ]
        )
    )
    return tuple(MoveTable(assets, moves(), unit) for assets, unit in groups)


@st.composite
def charges(draw: st.DrawFn) -> Charge:
    """One add-on, floor or charge on top."""
    on = draw(st.sampled_from(ChargeBase))
    where = Where.ON_TOP if on is ChargeBase.COLLATERAL else draw(st.sampled_from(Where))
    tiers = draw(
        st.sampled_from([(), ((Decimal(50), ONE), (None, Decimal(3))), ((Decimal(500), Decimal(2)), (None, ONE))])
    )
    return Charge(
        name="charge",
        on=on,
        rate=draw(chosen("0.01", "0.05", "0.2")),
        where=where,
        names=draw(st.sampled_from([None, None, ("BTC",), ("ALT",), ("ETH", "USDT")])),
        price=draw(st.sampled_from([None, ScanPrice.INDEX])),
        tiers=tiers,
        grade=draw(st.sampled_from([None, Grade.INITIAL, Grade.MAINTENANCE])) if where is Where.ON_TOP else None,
    )


@st.composite
def spread_lists(draw: st.DrawFn) -> tuple[Spread, ...]:
    """Spreads that draw on an asset either by quantity or by value."""
    by = draw(st.sampled_from(SpreadBy))
    legs = [one for one in SPREADS if by is SpreadBy.QUANTITY or not any(contract for *_, contract in one)]
    return tuple(
        Spread(
            name="spread",
            legs=tuple(SpreadLeg(*leg) for leg in draw(st.sampled_from(legs))),
            by=by,
            credit=draw(chosen("0", "0.4", "1")),
            charge=draw(chosen("0", "2")),
        )
        for _ in range(draw(st.integers(0, 2)))
    )


@st.composite
def returns(draw: st.DrawFn) -> Returns:
    """A few returns of every asset that may move."""
    rows = draw(st.lists(st.tuples(*[number(-40, 40, 2)] * len(COLUMNS)), min_size=5, max_size=9))
    return Returns(COLUMNS, tuple(f"day {j}" for j in range(len(rows))), tuple(rows))


@st.composite
def tails(draw: st.DrawFn) -> TailTerms:
    """How a figure is read out of a history."""
    decay = draw(st.sampled_from([None, None, Decimal("0.8")]))
    stressed = draw(st.sampled_from([None, None, "max", Decimal("0.25")]))
    return TailTerms(
        confidence=draw(chosen("0.6", "0.75", "0.8")),
        returns=draw(returns()),
        span=ReturnSpan(),
        decay=decay,
        quantile=Quantile.INVERTED_CDF if decay is not None else draw(st.sampled_from(Quantile)),
        tail=draw(st.sampled_from(TailMean)),
        stressed=None if stressed is None else StressedFigure(draw(returns()), None if stressed == "max" else stressed),
    )


@st.composite
def models(draw: st.DrawFn, kinds: tuple[MarginModel, ...] | None = None) -> ModelTerms:
    """A margin model of any kind but tiers."""
    model = draw(st.sampled_from(kinds or tuple(one for one in MarginModel if one is not MarginModel.TIERED)))
    scenario = model is MarginModel.SCENARIO
    separate = draw(chosen("1", "1", "0", "0.3") if scenario else chosen("0", "0", "0.2"))
    tail = {} if scenario else {Grade.MAINTENANCE: draw(tails()), Grade.INITIAL: draw(tails())}
    return ModelTerms(
        model=model,
        separate=separate,
        tables=draw(move_tables()) if scenario else (),
        spreads=draw(spread_lists()) if scenario and separate == ONE else (),
        charges=tuple(draw(st.lists(charges(), max_size=3))),
        scan_price=draw(st.sampled_from(ScanPrice)),
        scanned=draw(st.sampled_from([frozenset(), frozenset(), None, frozenset({"BTC", "USDC"})])),
        tails=tail,
        factors={Grade.MAINTENANCE: draw(chosen("1", "0.5", "1.2")), Grade.INITIAL: draw(chosen("1.3", "1"))},
    )


@st.composite
def modelled_accounts(draw: st.DrawFn, **fields: Any) -> Account:
    """A random account without orders and rows taken as given under a random model."""
    account = draw(accounts(most_contracts=3, with_given=False))
    rules = replace(account.rules, equality=Equality.SAFE)
    return replace(account, orders=(), rules=rules, model=draw(models(**fields)))
