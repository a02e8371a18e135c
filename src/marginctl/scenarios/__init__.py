"""Built-in scenarios: what markets did, with dates and sources."""
