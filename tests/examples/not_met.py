"""Examples that this engine does not compute, each with the reason: by kind, or one entry of a kind that it does."""

KINDS = {
    "weighted_health": "another engine's health: perpetuals and spot orders through token weights, no margins",
    "size_scaled_haircut": "a haircut that grows with the square root of the amount; ours are marginal tiers",
    "pool_scaled_haircut": "a haircut that depends on what all users of a venue have deposited",
    "auto_exchange": "the conversion of a negative balance by the venue is no margin figure",
    "pm_negative_interest": "interest on a debt is no margin figure",
    "portfolio_margin_components": "portfolio margin (margin_model scenario) is reserved",
    "cross_liquidation_price": "a displayed estimate with the maintenance margin kept at today's figure, no crossing",
    "bonus": "trading bonuses are out of scope",
    "standard_margin_rate": "standard futures with a fixed subtraction, another product",
}

ENTRIES = {
    "dydx-019": "a price of 0 is refused before the engine sees it",
    "dydx-024": "an initial rate that follows the open interest of the whole market",
    "dydx-025": "an initial rate that follows the open interest of the whole market",
    "dydx-026": "an initial rate that follows the open interest of the whole market",
    "dydx-035": "the share of one of several positions in the equity: our bankruptcy price is that of the whole pool",
    "dydx-036": "the share of one of several positions in the equity: our bankruptcy price is that of the whole pool",
    "dydx-037": "the share of one of several positions in the equity: our bankruptcy price is that of the whole pool",
    "dydx-040": "a long that cannot go bankrupt has no bankruptcy price; the venue's would be negative",
}
