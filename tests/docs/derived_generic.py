"""Portfolios 01 to 09 by hand: books in which the file itself gives every rate, in fractions.

Nothing here reads a portfolio or calls the engine: every number is written down from the file and combined with the
definitions of margin trading alone. Health is written as a straight line of the price p, or of the move u, and solved.
"""

from fractions import Fraction

from .reckoning import (
    HALF_PERCENT,
    NEVER,
    PERCENT,
    Derived,
    above,
    below,
    exact,
    share_down,
    share_up,
    whole,
)


def two_underlyings() -> Derived:
    equity = exact("10000")
    initial = exact("500") + 350
    maintenance = HALF_PERCENT * 5000 + HALF_PERCENT * 3000
    # A rise of BTC by u: 10000 - 5000 u = 0.5% x (5000 (1 + u) + 3000).
    btc = (equity - maintenance) / (5000 + HALF_PERCENT * 5000)
    # A fall of ETH costs 3000 at most. Together the book is short 2000 of value and needs 0.5% of 8000 (1 + u).
    together = (equity - maintenance) / (2000 + HALF_PERCENT * 8000)
    price = 50000 * (1 + btc)
    return Derived(
        equity,
        initial,
        maintenance,
        {"BTCUSDT:short": price, "ETHUSDT:long": NEVER},
        down=NEVER,
        up=together,
        quotes=(whole(initial), share_down(initial / equity, 1), whole(equity - initial), above(price)),
    )


def two_legs_netted() -> Derived:
    equity = exact("200000") + 10 * (60000 - 58000) + 5 * (61000 - 60000)
    net, gross = (10 - 5) * 60000, (10 + 5) * 60000
    # 5 BTC net: 225000 + 5 (p - 60000) = 0.5% x 5 p.
    price = (5 * 60000 - equity) / (5 * (1 - HALF_PERCENT))
    return Derived(
        equity,
        Fraction(net, 10),
        HALF_PERCENT * net,
        {"BTCUSDT:long": price, "BTCUSDT:short": price},
        down=1 - price / 60000,
        up=NEVER,
        quotes=(
            whole(Fraction(net, 10)),
            whole(Fraction(gross, 10)),
            whole(HALF_PERCENT * net),
            whole(HALF_PERCENT * gross),
            whole(Fraction(10 * 60000, 10)),
            below(price),
        ),
    )


BTC_ALONE_IN_CROSS = (57000 - (20000 - 3000 + 2000 - HALF_PERCENT * 30000)) / (1 - HALF_PERCENT)


def cross_margin() -> Derived:
    equity = exact("20000") + (57000 - 60000) + 10 * (3000 - 2800)
    maintenance = HALF_PERCENT * 57000 + HALF_PERCENT * 30000
    # ETH alone: equity - 0.5% x 57000 + 10 (p - 3000) = 0.5% x 10 p.
    eth = (30000 - (equity - HALF_PERCENT * 57000)) / (10 * (1 - HALF_PERCENT))
    together = (equity - maintenance) / (87000 * (1 - HALF_PERCENT))
    return Derived(
        equity,
        exact("5700") + 3000,
        maintenance,
        {"BTCUSDT:long": BTC_ALONE_IN_CROSS, "ETHUSDT:long": eth},
        down=together,
        up=NEVER,
        quotes=(below(BTC_ALONE_IN_CROSS), below(eth), share_down(together)),
        failing=("MC116",),
    )


def isolated_margin() -> Derived:
    # Isolated: 9000 + (p - 60000) = 0.5% p. What is left: 11000 + 10 (p - 2800) = 0.5% x 10 p.
    btc = (60000 - exact("9000")) / (1 - HALF_PERCENT)
    eth = (10 * 2800 - exact("11000")) / (10 * (1 - HALF_PERCENT))
    return Derived(
        exact("19000"),
        exact("5700") + 3000,
        HALF_PERCENT * 87000,
        {"BTCUSDT:long": btc, "ETHUSDT:long": eth},
        down=1 - btc / 57000,
        up=NEVER,
        quotes=(below(btc), below(BTC_ALONE_IN_CROSS), whole(exact("20000") - 9000), below(eth)),
    )


def haircuts() -> Derived:
    eth, btc = exact("0.9") * 1000, exact("0.95") * 60000 + exact("0.90") * 2 * 60000
    equity = 10000 + eth + btc
    # BTC falls by u: the pool loses 165000 u and gains 120000 u, 45000 in all at most. BTC rises: it gains.
    return Derived(
        equity,
        Fraction(2 * 60000, 5),
        HALF_PERCENT * 2 * 60000,
        {"BTCUSDT:short": NEVER},
        down=NEVER,
        up=NEVER,
        quotes=(
            whole(exact("0.5") * 2000),
            whole(eth),
            "95%",
            "90%",
            whole(btc),
            whole(exact("180000")),
            whole(exact("191000")),
            whole(equity),
        ),
    )


def margin_tiers() -> Derived:
    equity, held = exact("80000"), exact("300000")
    bands = (HALF_PERCENT * 50000, PERCENT * 200000, exact("0.025") * 50000)
    maintenance = sum(bands, Fraction(0))
    deduction = held * exact("0.025") - maintenance
    # In the middle band the margin is 0.5% x 50000 + 1% x (20000 p - 50000) = 200 p - 250; it ends at p = 12.5.
    price = (held - equity - 250) / (20000 - 200)
    assert Fraction(50000, 20000) < price < Fraction(250000, 20000)
    today_throughout = (held - equity - deduction) / (20000 * (1 - exact("0.025")))
    return Derived(
        equity,
        held / 10,
        maintenance,
        {"ABCUSDT:long": price},
        down=1 - price / 15,
        up=NEVER,
        quotes=(
            whole(held),
            whole(exact("200000")),
            *(whole(band) for band in bands),
            whole(maintenance),
            whole(deduction),
            "25x",
            "10x",
            whole(held / 10),
            below(price, 4),
            below(today_throughout, 4),
            "2",
        ),
        warning=("MC206",),
    )


def delta_neutral() -> Derived:
    counted = exact("0.85") * 2 * 60000
    equity = counted - 85000
    loan = exact("0.02") * 85000
    maintenance = HALF_PERCENT * 120000 + loan
    # A rise by u: coins + 102000 u, short - 120000 u (more debt), margin + 600 u and 2% of 120000 u.
    rise = (equity - maintenance) / (120000 - counted + HALF_PERCENT * 120000 + exact("0.02") * 120000)
    assert rise == exact("0.7")
    return Derived(
        equity,
        exact("12000"),
        maintenance,
        {"BTCUSDT:short": 60000 * (1 + rise)},
        down=NEVER,
        up=rise,
        quotes=(
            "85%",
            "100%",
            "0",
            whole(60000 * (1 + rise)),
            whole(loan),
            whole(exact("12000")),
            whole(equity),
            share_up(12000 / equity),
            whole(120000 * exact("0.0001") * 3),
        ),
        failing=("MC101",),
    )


def collateral_falls() -> Derived:
    counted = exact("0.85") * 12 * 3000
    pnl = exact("0.3") * (62000 - 60000) + 120 * (150 - 145)
    debt = 19000 - pnl
    equity = counted - debt
    five = exact("0.05")
    maintenance = HALF_PERCENT * 18000 + PERCENT * 18000 + five * debt
    spare = equity - maintenance
    eth = spare / counted
    # A BTC rise by u: - 18000 u, margin + 0.5% and, as debt grows, + 5%. A SOL fall: - 18000 u, margin - 1% + 5%.
    btc = spare / (18000 * (1 + HALF_PERCENT + five))
    sol = spare / (18000 * (1 - PERCENT + five))
    # Down together: the short pays for the long, the debt stays, both margins shrink.
    together = spare / (counted - HALF_PERCENT * 18000 - PERCENT * 18000)
    return Derived(
        equity,
        exact("3600"),
        maintenance,
        {"BTCUSDT:short": 60000 * (1 + btc), "SOLUSDT:long": 150 * (1 - sol)},
        down=together,
        up=NEVER,
        quotes=(share_up(3600 / equity), below(3000 * (1 - eth)), share_down(eth)),
        failing=("MC102",),
    )


def two_silos() -> Derived:
    fall = (exact("8000") - 300) / (60000 * (1 - HALF_PERCENT))
    rise = (exact("8000") - 300) / (60000 * (1 + HALF_PERCENT))
    return Derived(
        exact("16000"),
        exact("12000"),
        exact("600"),
        {"BTCUSDT:long": 60000 * (1 - fall), "BTCUSDC:short": 60000 * (1 + rise)},
        down=fall,
        up=rise,
        # One pool: 16000 = 0.5% x 2 x 60000 (1 + u). USDC at 1 - u: 68000 (1 - u) - 60000 = 300.
        quotes=(
            "0",
            share_down(rise),
            share_down(fall),
            share_down(Fraction(77, 3)),
            share_down(Fraction(7700, 68000)),
        ),
        failing=("MC102",),
    )
