"""Portfolios 18 to 22 by hand: margin models of the whole, in fractions.

Nothing here reads a portfolio or calls the engine. A fall of one asset, or of all together, is u, a rise is t.
"""

from fractions import Fraction

from .reckoning import NEVER, PERCENT, Derived, cents, exact, whole

INITIAL = exact("1.3")


def portfolio_margin() -> Derived:
    # Short 5000 of BTC, long 3000 of ETH. Row +10%: 500 - 300 = 200; row -10%: 300 - 500, a gain.
    asked = Fraction(500 - 300)
    # BTC up by t: 10000 - 5000 t = 200 + 500 t. ETH down by u: 10000 - 3000 u against 200 + 300 u, never. ETH up, BTC
    # down: gains. All up: 10000 - 2000 t = 200 + 200 t.
    btc = 60000 * (1 + Fraction(9800, 5500))
    assert 10000 - 3000 > 200 + 300
    return Derived(
        Fraction(10000),
        INITIAL * asked,
        asked,
        {"BTCUSDT:short": btc, "ETHUSDT:long": NEVER},
        down=NEVER,
        up=Fraction(9800, 2200),
        quotes=("500", "350", "850", whole(INITIAL * asked), "10%", "300", whole(asked), "1.3", "40"),
    )


def spreads() -> Derived:
    # Two corn of 17500, one soybean short of 25000, 10% each: 3500 + 2500. All of both is one spread: 55% comes back.
    scans = Fraction(3500 + 2500)
    credit = scans * 55 / 100
    kept = scans - credit
    # Soybeans up by t: 100000 - 25000 t = 0.45 x (3500 + 2500 (1 + t)). Corn down by u: 100000 - 35000 u, never. Up:
    # + 10000 t against 2700 (1 + t), all down: - 10000 u, never.
    soy = 25000 * (1 + (100000 - kept) / (25000 + exact("0.45") * 2500))
    return Derived(
        Fraction(100000),
        kept,
        kept,
        {"CORNUSDT:long": NEVER, "SOYUSDT:short": soy},
        down=NEVER,
        up=NEVER,
        quotes=("10%", "3,500", "2,500", "55%", whole(credit), whole(kept)),
    )


def net_and_hedged() -> Derived:
    # Net 0.1 x 70000; -66% with 24% is 15.84%, +500% with 3.2% is 16% as well, but of a long only falls count.
    net = Fraction(7000)
    scan = 16 * PERCENT * net
    assert 66 * PERCENT * 24 * PERCENT < 16 * PERCENT
    floor_ = 2 * PERCENT * net + PERCENT * 63000
    assert scan > floor_
    # Together both contracts move: 20000 - 7000 u against 560 (1 - u), never; up a gain.
    return Derived(
        Fraction(20000),
        scan,
        scan / 2,
        {"BTC-USD-PERP:long": NEVER, "BTC-USD-DEC:short": NEVER},
        down=NEVER,
        up=NEVER,
        quotes=(
            "0.1",
            "66%",
            "24%",
            "15.84%",
            "16%",
            whole(net),
            whole(scan),
            "2%",
            "1%",
            "0.9",
            "140",
            "630",
            whole(floor_),
            whole(scan / 2),
            "2026",
        ),
    )


def contingencies() -> Derived:
    # 1 ETH of 2000, and 5 - 1 = 4 made by the short from 2005 to 2001. X = 2000 - 2001 = -1: +15% loses 0.15.
    equity = Fraction(2000 + 4)
    core = exact("0.15") + exact("0.025") * 2000
    maintenance = core + exact("0.025") * 2000
    initial = INITIAL * core + exact("0.0325") * 2000
    # Up by t: 2004 + 2000 t - 2001 t = 100.15 (1 + t). Down: a gain of u against less.
    rise = (equity - maintenance) / (1 + maintenance)
    return Derived(
        equity,
        initial,
        maintenance,
        {"ETH-PERP:short": 2001 * (1 + rise)},
        down=NEVER,
        up=rise,
        quotes=("1", "2,000", "2.5%", "3.25%", cents(equity - maintenance), "1,873.805"),
    )


def worst_days() -> Derived:
    # 60000 x (BTC's move - ETH's move) on each day; the worst two of five at 60%.
    days = [("-0.10", "-0.12"), ("-0.04", "-0.01"), ("0.02", "0.03"), ("0.06", "0.04"), ("-0.01", "0.03")]
    made = [60000 * (exact(btc) - exact(eth)) for btc, eth in days]
    assert made == [1200, -1800, -600, 1200, -2400]
    shortfall = Fraction(2400 + 1800, 2)
    alone = 60000 * (exact("0.10") + exact("0.04")) / 2
    # BTC down by u: the worst two stay -2400 + 600 u and -1800 + 2400 u: 5000 - 60000 u = 2100 - 1500 u.
    fall = Fraction(2900, 58500)
    assert -1800 + 2400 * fall < -600 - 1200 * fall
    # ETH up by t: -2400 - 1800 t and -1800 + 600 t: 5000 - 60000 t = 2100 + 600 t.
    rise = Fraction(2900, 60600)
    assert -1800 + 600 * rise < -600 - 1800 * rise
    # Together the values stay equal: 5000 = 2100 (1 + t).
    return Derived(
        Fraction(5000),
        INITIAL * shortfall,
        shortfall,
        {"BTCUSDT:long": 60000 * (1 - fall), "ETHUSDT:short": 3000 * (1 + rise)},
        down=NEVER,
        up=Fraction(2900, 2100),
        quotes=("1,200", "1,800", "600", "2,400", "60%", "2", whole(shortfall), whole(alone), "1.3"),
    )
