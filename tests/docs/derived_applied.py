"""Portfolios 10 to 17 and 23 by hand: brackets, orders, scenarios, rows taken as given, in fractions.

Nothing here reads a portfolio or calls the engine: every number is written down from the file and combined with the
definitions of margin trading alone. Health is written as a straight line of the price p, or of the move u, and solved.
"""

from fractions import Fraction
from math import ceil, floor

from .reckoning import (
    HALF_PERCENT,
    NEVER,
    PERCENT,
    Derived,
    above,
    below,
    cents,
    exact,
    rounded,
    share_down,
    share_up,
    whole,
)


def coin_margined() -> Derived:
    # Brackets of BTCUSD_PERP: 5-10 BTC 0.5% - 0.005, 10-25 BTC 1% - 0.055. 600,000 USD at p are 600000 / p BTC.
    held = Fraction(6000 * 100, 60000)
    maintenance = HALF_PERCENT * held - exact("0.005")
    # In BTC: 8 + 600000/60000 - n = 1% n - 0.055, n being the notional at liquidation.
    at_end = (8 + held + exact("0.055")) / (1 + PERCENT)
    assert 10 < at_end <= 25
    price = 600000 / at_end
    fall = 1 - price / 60000
    return Derived(
        exact("480000"),
        held / 5 * 60000,
        maintenance * 60000,
        {"BTCUSD_PERP:long": price},
        down=fall,
        up=NEVER,
        quotes=(
            whole(held),
            whole(8 + held),
            "100",
            below(price),
            share_down(fall),
            "2",
            "0.5%",
            rounded(at_end, 2, round),
            "3",
            "1%",
        ),
        warning=("MC110",),
    )


def multi_assets() -> Derived:
    # Brackets: BTCUSDT up to 300000 0.4%, up to 800000 0.5% - 300; ETHUSDT up to 300000 0.4%. USDT counts 0.9999 as
    # an asset and 1.0001 as a debt or a requirement.
    bid, ask, coin = exact("0.9999"), exact("1.0001"), exact("0.95")
    usdt = 50000 + 6 * (60000 - 59000) + 50 * (3100 - 3000)
    equity = bid * usdt + coin * 30000 + coin * 30000
    initial = ask * (360000 + 150000) / 20
    maintenance = ask * (HALF_PERCENT * 360000 - 300 + exact("0.004") * 150000)
    # BTC at p < 50000: tier 1, and USDT a debt of 6 x 60000 - 61000 - 6 p.
    base = ask * (exact("0.004") * 150000 + 6 * 60000 - usdt) - coin * 30000
    btc = base / (ask * 6 * (1 - exact("0.004")) + coin * exact("0.5"))
    assert btc < 50000
    assert usdt + 6 * (btc - 60000) < 0
    # ETH at p, short 50 within tier 1 up to 6000: USDT a debt of 50 x (p - 3000) - 61000.
    fixed = coin * 30000 + ask * (usdt + 150000 - HALF_PERCENT * 360000 + 300)
    eth = fixed / (ask * 50 * (1 + exact("0.004")) - coin * 10)
    assert Fraction(usdt + 150000, 50) < eth <= 6000
    # Together down by u: coins - 57000 u, USDT - 210000 u and a debt from u = 61000/210000; BTCUSDT in tier 1 from 1/6.
    in_tier_one = exact("0.004") * 510000
    together = (57000 + ask * usdt - ask * in_tier_one) / (57000 + ask * 210000 - ask * in_tier_one)
    assert together > Fraction(usdt, 210000) > Fraction(1, 6)
    return Derived(
        equity,
        initial,
        maintenance,
        {"BTCUSDT:long": btc, "ETHUSDT:short": eth},
        down=together,
        up=NEVER,
        quotes=("95%", "99.99%", cents(equity), cents(initial), cents(maintenance), below(btc), "1"),
        noted=("MC201", "MC203"),
    )


def five_positions() -> Derived:
    # Brackets: BTC 300000-800000 0.5% - 300; ETH up to 300000 0.4%; SOL 50000-400000 0.65% - 75;
    # BNB 10000-200000 0.6% - 10; DOGE up to 80000 0.65%.
    pnl = 8 * (60000 - 61500) + 60 * (2900 - 3000) + 600 * (160 - 150) + 100 * (600 - 590) - 300000 * PERCENT
    equity = 120000 + pnl
    sol_rate, bnb_rate, doge_rate, eth_rate = exact("0.0065"), exact("0.006"), exact("0.0065"), exact("0.004")
    btc, eth, sol = HALF_PERCENT * 480000 - 300, eth_rate * 180000, sol_rate * 90000 - 75
    bnb, doge = bnb_rate * 60000 - 10, doge_rate * 60000
    maintenance = btc + eth + sol + bnb + doge
    others = eth + sol + bnb + doge
    # BTC: equity + 8 (p - 60000) = 0.5% x 8 p - 300 + others.
    btc_price = (480000 - equity - 300 + others) / (8 * (1 - HALF_PERCENT))
    forgetful = (480000 - equity - 300) / (8 * (1 - HALF_PERCENT))
    eth_price = (180000 + equity - (maintenance - eth)) / (60 * (1 + eth_rate))
    sol_price = (90000 + equity - (maintenance - sol) + 75) / (600 * (1 + sol_rate))
    assert 8 * btc_price > 300000
    assert 60 * eth_price <= 300000
    assert 600 * sol_price <= 400000
    # Together down by u, every position still in its tier: long 600000, short 270000, margin - 4455 u.
    slope = 480000 * HALF_PERCENT + 180000 * eth_rate + 90000 * sol_rate + 60000 * bnb_rate + 60000 * doge_rate
    together = (equity - maintenance) / (600000 - 270000 - slope)
    assert 480000 * (1 - together) > 300000
    # Together up by u each is in its last tier, at 50% of its notional: equity 330000 u, margin 435000 (1 + u) less the
    # deductions of BTC, ETH, SOL, BNB and DOGE.
    deductions = 421482000 + 280507000 + 66731475 + 25024810 + 33366280
    rise = (equity - 435000 + deductions) / (435000 - (600000 - 270000))
    assert min(480000 / exact("1.2e9"), 180000 / exact("8e8"), 90000 / exact("2e8"), 60000 / exact("1e8")) * rise > 1
    bp = exact("0.0001")
    a_day = 3 * (480000 * bp - 180000 * bp + 90000 * bp / 2 + 60000 * bp + 60000 * 2 * bp)
    return Derived(
        Fraction(equity),
        exact("24000") + 9000 + 9000 + 6000 + 6000,
        maintenance,
        {
            "BTCUSDT:long": btc_price,
            "ETHUSDT:short": eth_price,
            "SOLUSDT:short": sol_price,
            "BNBUSDT:long": NEVER,
            "DOGEUSDT:long": NEVER,
        },
        down=together,
        up=rise,
        quotes=(
            below(btc_price),
            below(forgetful),
            above(eth_price),
            above(sol_price, 3),
            share_down(together),
            cents(a_day),
            rounded((equity - maintenance) / a_day, 1, floor),
        ),
        noted=("MC201",),
    )


def published_example() -> Derived:
    wallet, q, n = exact("1535443.01"), exact("109.488"), exact("3683.979")
    btc_pnl, eth_pnl = q * (exact("31967.27") - exact("32481.98")), n * (exact("1335.18") - exact("1456.84"))
    btc, eth = exact("0.025") * q * exact("31967.27") - 16300, exact("0.1") * n * exact("1335.18") - 135365
    equity = wallet + btc_pnl + eth_pnl
    # wallet + other PnL + q (p - entry) = rate x q p - deduction + other maintenance margin.
    sunk = q * exact("32481.98") - 16300 - wallet - eth_pnl
    btc_price, forgetful = (sunk + eth) / (q * exact("0.975")), sunk / (q * exact("0.975"))
    eth_price = (n * exact("1456.84") - 135365 - wallet - btc_pnl + btc) / (n * exact("0.9"))
    # Together down by u: gross notional x u against margin that shrinks by each rate.
    values = q * exact("31967.27"), n * exact("1335.18")
    together = (equity - btc - eth) / (values[0] * exact("0.975") + values[1] * exact("0.9"))
    return Derived(
        equity,
        (q * exact("31967.27") + n * exact("1335.18")) / 10,
        btc + eth,
        {"BTCUSDT:long": btc_price, "ETHUSDT:long": eth_price},
        down=together,
        up=NEVER,
        quotes=(rounded(btc_price, 2, round), rounded(eth_price, 2, round), rounded(forgetful, 2, round), "10x"),
    )


def currency_hedge() -> Derived:
    counted = exact("0.98") * 110000
    equity = counted - 75000
    maintenance = HALF_PERCENT * 30000 + HALF_PERCENT * 110000
    # EUR down by u: - 107800 u + 110000 u: a gain. Up: - 2200 u and 550 u of margin. BTC: 30000 at most.
    euro_up = (equity - maintenance) / (110000 - counted + HALF_PERCENT * 110000)
    assert equity - 30000 > HALF_PERCENT * 110000
    without_hedge = exact("1.1") * (1 - (equity - HALF_PERCENT * 30000) / counted)
    return Derived(
        equity,
        exact("3000") + Fraction(110000, 50),
        maintenance,
        {"BTCUSDT:long": NEVER, "EURUSDT:short": exact("1.1") * (1 + euro_up)},
        down=NEVER,
        up=NEVER,
        quotes=(below(without_hedge, 5), above(exact("1.1") * (1 + euro_up)), "50x"),
    )


def open_orders() -> Derived:
    held, buys, sells = exact("60000"), exact("0.5") * 58000, exact("2.5") * 62000
    bought, sold = (held + buys) / 10, abs(held - sells) / 10
    on_btc = max(bought, sold) - held / 10
    on_eth = exact("29000") / 5
    # A fall of BTC by u: 20000 - 60000 u = 0.5% x 60000 (1 - u).
    fall = (20000 - HALF_PERCENT * 60000) / (60000 * (1 - HALF_PERCENT))
    return Derived(
        exact("20000"),
        held / 10,
        HALF_PERCENT * held,
        {"BTCUSDT:long": 60000 * (1 - fall)},
        down=fall,
        up=NEVER,
        order_margin=on_btc + on_eth,
        quotes=(
            whole(held / 10),
            whole(held / 10 + on_btc + on_eth),
            share_down((held / 10 + on_btc + on_eth) / 20000, 1),
            whole(bought),
            whole(sells - held),
            whole(sold),
            whole(on_btc),
            whole(exact("29000")),
            "5x",
            whole(on_eth),
            whole(on_btc + on_eth),
        ),
        failing=("MC101",),
    )


def scenarios() -> Derived:
    equity, maintenance = exact("60000"), HALF_PERCENT * 60000 + HALF_PERCENT * 60000 + PERCENT * 30000
    crash = exact("0.30") * 60000 - exact("0.40") * 60000 + exact("0.50") * 30000
    # USDT at 0.9 USD: 60000 count 54000. A mark of N USDT becomes N / 0.9, its PnL in USD N - 0.9 N = 0.1 N per side.
    off_peg = exact("0.1") * 60000 - exact("0.1") * (60000 - 60000 + 30000)
    # ETH runs: - 60% of the short, - 20% and - 40% of the longs; margin 300 (1 - 0.2 u) + 300 (1 + 0.6 u) + 300
    # (1 - 0.4 u) = 900 throughout.
    runs = exact("0.60") * 60000 + exact("0.20") * 60000 + exact("0.40") * 30000
    crossing = (equity - maintenance) / runs
    # Alone: BTC cannot cost more than 60000, of which 0.5% comes back: 59100 = 60000 x 0.995 u. SOL: 30000 at most.
    btc = (equity - maintenance) / (60000 * (1 - HALF_PERCENT))
    eth = (equity - maintenance) / (60000 * (1 + HALF_PERCENT))
    return Derived(
        equity,
        exact("6000") + 6000 + 3000,
        maintenance,
        {"BTCUSDT:long": 60000 * (1 - btc), "ETHUSDT:short": 3000 * (1 + eth), "SOLUSDT:long": NEVER},
        down=NEVER,
        up=NEVER,
        quotes=(whole(crash), whole(equity), whole(off_peg), share_down(crossing, 1)),
        failing=("MC113",),
    )


def near_liquidation() -> Derived:
    equity = exact("20000") + 1000 * (150 - 162)
    maintenance = exact("0.025") * 150000
    # 8000 + 1000 (p - 150) = 2.5% x 1000 p.
    price = (150000 - equity) / (1000 * (1 - exact("0.025")))
    # A deposit D for 20%: at p = 120 equity is 8000 + D - 30000, the margin 3000.
    deposit = 30000 + exact("0.025") * 120000 - equity
    return Derived(
        equity,
        exact("7500"),
        maintenance,
        {"SOLUSDT:long": price},
        down=1 - price / 150,
        up=NEVER,
        quotes=(
            share_up(maintenance / equity),
            f"{rounded(150000 / equity, 2, ceil)}x",
            share_down(1 - price / 150),
            below(price, 3),
            share_up(7500 / equity),
            whole(deposit),
        ),
        failing=("MC101", "MC102", "MC104"),
    )


def taken_as_given() -> Derived:
    lost = exact("0.1") * (61000 - 60000)
    equity = 4000 + 500 - lost - 120
    maintenance = HALF_PERCENT * 6000 + 150
    # Down by u: the long loses 6000 u, the calls gain 0.02 x 60000 u: equity - 4800 u = 30 (1 - u) + 150.
    fall = (equity - maintenance) / (4800 - 30)
    # Without the row: 4400 - 6000 u = 30 (1 - u).
    alone = (4000 + 500 - lost - 30) / (6000 - 30)
    return Derived(
        equity,
        exact("6000") / 5 + 300,
        maintenance,
        {"BTCUSDT:long": 60000 * (1 - fall)},
        down=fall,
        up=NEVER,
        quotes=(
            whole(lost),
            whole(equity),
            whole(equity - (500 - lost)),
            "30",
            share_down(fall),
            below(60000 * (1 - fall)),
            share_down(alone),
        ),
    )
