"""``--live``: a venue is asked instead of a file, by ``import``, ``check`` and ``venue refresh``."""

import os
from collections.abc import Sequence
from pathlib import Path

from marginctl.cli.settings import ConnectionFlags, LiveFlags, refuse_without_live
from marginctl.cli.targets import write_files
from marginctl.document.scalars import FlagError
from marginctl.document.source import echo
from marginctl.findings import Location, Problem
from marginctl.venues.answers.answer_map import CandleMap, LiveMap
from marginctl.venues.answers.map_files import bundled_maps
from marginctl.venues.live.asking import Asked, account, published
from marginctl.venues.live.client import Client, Connection, loopback
from marginctl.venues.live.credentials import LiveError, credentials_of, neutralised

STAND_IN = "MARGINCTL_LIVE_URL"
PROXIES = ("HTTPS_PROXY", "https_proxy")
NOTHING = Asked(())


def connection(flags: ConnectionFlags) -> Connection:
    """How a venue is reached. Raises LiveError."""
    proxy = flags.proxy or next((os.environ[name] for name in PROXIES if os.environ.get(name)), "")
    if proxy and not proxy.startswith(("http://", "https://", "socks")):
        raise LiveError("the proxy is no address", "write http://HOST:PORT or socks5h://HOST:PORT")
    if flags.sandbox and flags.demo:
        raise LiveError("--sandbox and --demo do not go together", "ask one of the two systems")
    return Connection(
        timeout=flags.timeout * 1000,
        retries=flags.retries,
        proxy=proxy,
        sandbox=flags.sandbox,
        demo=flags.demo,
        address=loopback(os.environ[STAND_IN]) if os.environ.get(STAND_IN) else "",
    )


def answered(flags: LiveFlags, which: str, *, strict: bool = False) -> tuple[Asked, list[Problem]]:
    """The answers about the account of ``--live``, none without it; or why there are none. Raises FlagError.

    ``which``: the account of several that is meant.
    """
    if flags.live is None:
        refuse_without_live(flags)
        return NOTHING, []
    live = _live(flags.live, "calls")
    try:
        client = Client(flags.live, live, credentials_of(live, flags.keys), connection(flags))
        return account(client, which, strict=strict), []
    except LiveError as error:
        return NOTHING, [Problem(Location(flags.live), "MC028", error.message, error.help)]


def tables(venue: str, contracts: Sequence[str], flags: ConnectionFlags) -> Asked:
    """The public tables of a venue, without a key. Raises FlagError."""
    live = _live(venue, "tables")
    return published(Client(venue, live, {}, connection(flags)), contracts)


def candles(venue: str, flags: ConnectionFlags) -> tuple[Client, CandleMap]:
    """Who is asked for a venue's daily prices, without a key, and how. Raises FlagError."""
    live = _live(venue, "candles")
    if live.candles is None:
        raise RuntimeError("a venue without candles was found by them")
    return Client(venue, live, {}, connection(flags)), live.candles


def _live(venue: str, part: str) -> LiveMap:
    """How a venue is asked. Raises FlagError where nobody knows."""
    known = {name: one.live for name, one in bundled_maps().items() if one.live is not None and getattr(one.live, part)}
    if venue not in known:
        raise FlagError(f"--live {echo(venue)} is unknown", f"write one of {', '.join(known)}, or import saved answers")
    return known[venue]


def save(folder: Path, asked: Asked, venue: str | None) -> None:
    """Write the answers, without what belongs to a person. Raises FlagError."""
    if venue is None:
        raise FlagError("--save changes nothing here", "it is for --live")
    private = [key for one in bundled_maps().values() if one.venue == venue for key in one.private]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FlagError(f"--save {echo(str(folder))} cannot be made: {error.strerror or error}") from None
    texts = {folder / file.name: neutralised(file.data.decode(), private, asked.masks) for file in asked.files}
    write_files({path: text.encode() for path, text in texts.items()})
