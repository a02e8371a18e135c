"""How the answers of a map are asked for: the methods of ccxt that a rule set names, as data."""

from collections.abc import Mapping as Keys

from msgspec import Struct

from marginctl.venues.answers.expressions import Word


class LiveCall(Struct, frozen=True, kw_only=True):
    """One request: the implicit method of ccxt, and the form of this map that its answer has.

    ``parameters`` are sent as they stand; ``filled`` are words of the credentials and, with ``each``, of the symbol of
    every position, so that one is asked for each; where one is not given nothing is asked. ``added`` are sent where
    they are given. ``accounts``: asked for every account that an answer lists, or for the one meant, as the word
    ``account``. ``optional``: without its answer the rest still stands.
    """

    method: str
    answer: str
    parameters: Keys[str, str] = {}
    filled: Keys[str, Word] = {}
    added: Keys[str, Word] = {}
    each: bool = False
    accounts: bool = False
    optional: bool = False


class PermissionMap(Struct, frozen=True, kw_only=True):
    """What a key may do: ``read``, or the first thing that is more. ``may`` is not given where the answer is silent."""

    method: str
    may: Word


class CandleMap(Struct, frozen=True, kw_only=True):
    """Daily candles of a contract, the newest first asked; no key is needed.

    In ``parameters`` {symbol}, {type} and {count} stand for the contract's and for how many are wanted, ``most`` at
    once. ``rows``: the keys down to the list of candles, each of which begins with its time in milliseconds;
    ``close``: where its close stands. ``until``: what asks for older ones, given the oldest time so far.
    """

    method: str
    parameters: Keys[str, str]
    until: str
    close: int
    most: int
    rows: tuple[str, ...] = ()


class LiveMap(Struct, frozen=True, kw_only=True):
    """How a venue is asked. ``exchange``: the class of ccxt.

    ``credentials``: environment names by what ccxt calls them. ``calls``: positions last but one, the wallet last, so
    that both are of nearly one moment, then what is asked for each position. ``tables``: public ones, without a key;
    ``each`` is of every contract of the rule set there. ``candles``: prices, day by day. ``sandbox``, ``demo``: whether
    the venue has such a system.
    """

    exchange: str
    credentials: Keys[str, str] = {}
    calls: tuple[LiveCall, ...] = ()
    tables: tuple[LiveCall, ...] = ()
    permission: PermissionMap | None = None
    candles: CandleMap | None = None
    sandbox: bool = False
    demo: bool = False
