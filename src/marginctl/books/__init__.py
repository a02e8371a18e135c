"""Books: tables of many accounts that share prices, rules and limits. Nothing here is imported by a plain check."""
