"""A venue asked for the answers of its map, read-only, through ccxt: the only room that knows ccxt or a secret."""
