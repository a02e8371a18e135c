"""The one place where ccxt is called: a method that a map names, and the exact text that the venue answered with.

What ccxt makes of an answer is thrown away: it turns numbers into binary floats. What it says of a failure is as well:
its texts hold addresses with signatures.
"""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib import import_module
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from marginctl.document.source import echo
from marginctl.venues.answers.answer_map import LiveMap
from marginctl.venues.answers.contents import WHOLE
from marginctl.venues.answers.recognition import AnswerFile, sighting
from marginctl.venues.answers.refusal import REASONS
from marginctl.venues.live.credentials import LiveError, Masks

NOT_INSTALLED = "--live needs ccxt, which is not installed"
INSTALL = "pip install 'marginctl[live]', or 'ccxt>=4.5,<5' into the same environment"
LONGEST = 60
"""Seconds that all requests of a run may take together."""
PAUSE = 1000
"""Milliseconds before a failed request is repeated."""
WAITS = (418, 429, 503)
"""HTTP statuses whose answer may say how long to wait."""
NETWORK = ("the venue was not reached", "nothing was imported: check the connection and the proxy, and ask again")
WORDS = {
    "PermissionDenied": ("the key may not ask this", REASONS["key"]),
    "AuthenticationError": ("the key is refused", REASONS["key"]),
    "InvalidNonce": ("the clock is off", REASONS["clock"]),
    "RateLimitExceeded": ("too many requests", REASONS["rate"]),
    "DDoSProtection": ("too many requests", REASONS["rate"]),
    "RequestTimeout": ("no answer in time", "nothing was imported: ask again, or give it longer: --timeout 30s"),
    "ExchangeNotAvailable": ("the venue is not available", "nothing was imported: ask again later"),
    "NetworkError": NETWORK,
    "BadSymbol": ("the venue does not know the contract", "check its symbol"),
    "NotSupported": ("ccxt cannot ask this", "leave out --sandbox and --demo; a socks proxy needs the package pysocks"),
}
"""What a class of ccxt's exceptions means, and what to do; the nearest of its classes counts."""
_HOST = re.compile(r"^https?://[^/]+")


class Connection(Struct, frozen=True, kw_only=True):
    """How a venue is reached. ``timeout``: milliseconds of one request. ``address``: a loopback one that stands in."""

    timeout: int = 10_000
    retries: int = 2
    proxy: str = ""
    sandbox: bool = False
    demo: bool = False
    address: str = ""


class Client:
    """One venue, asked one method at a time until the run's time is over."""

    def __init__(self, venue: str, live: LiveMap, credentials: Mapping[str, str], connection: Connection) -> None:
        """Raises LiveError where ccxt is not installed, or the venue has no such system."""
        self.venue, self.live, self.connection = venue, live, connection
        self.words = dict(credentials)
        self.masks = Masks((*credentials.values(), *_parts_of_a_proxy(connection.proxy)))
        self._ends = time.monotonic() + LONGEST
        self._status, self._date = 0, ""
        self._exchange = self._opened(credentials)

    def _opened(self, credentials: Mapping[str, str]) -> Any:
        exchange = getattr(_library(), self.live.exchange)(_settings(credentials, self.connection))
        if self.connection.sandbox:
            _refuse_without(self.live.sandbox, "--sandbox", self.venue)
            exchange.set_sandbox_mode(True)
        if self.connection.demo:
            _refuse_without(self.live.demo, "--demo", self.venue)
            exchange.enable_demo_trading(True)
        if self.connection.address:
            exchange.urls["api"] = _pointed(exchange.urls["api"], self.connection.address)
        exchange.session.max_redirects = 0  # a redirect to another host would take the key along
        exchange.session.hooks["response"].append(self._seen)
        exchange.logger.disabled = True
        return exchange

    def ask(self, method: str, parameters: Mapping[str, str | int], name: str) -> AnswerFile:
        """The exact text of an answer, under a name. Raises LiveError."""
        self._exchange.timeout = min(self.connection.timeout, self._left() * 1000)
        self._exchange.last_http_response, self._status = None, 0
        failed = self._failure(method, dict(parameters))  # raised here, where no exception of ccxt stands behind it
        text = self._exchange.last_http_response
        if failed is not None or text is None:
            raise failed or LiveError(f"{self.venue} {method}: no answer", NETWORK[1])
        file = AnswerFile(name, text.encode())
        _, problems = sighting(file, self.venue)
        if problems:
            advice = "ask again" if problems[0].help == WHOLE else problems[0].help
            raise self.error(f"{method}: {problems[0].message}", advice)
        return file

    def error(self, message: str, help: str = "") -> LiveError:
        """An error of this venue, masked."""
        return LiveError(self.masks.masked(f"{self.venue} {message}"), self.masks.masked(help))

    def _failure(self, method: str, parameters: dict[str, str | int]) -> LiveError | None:
        try:
            getattr(self._exchange, method)(parameters)
        except LiveError as error:
            return self.error(f"{method}: {error.message}", error.help)
        except Exception as error:
            return self._told(method, type(error))
        return None

    def _told(self, method: str, kind: type[BaseException]) -> LiveError:
        """A failure in our words: of its class, its HTTP status, and what the venue sent."""
        known = (WORDS[one.__name__] for one in kind.__mro__ if one.__name__ in WORDS)
        said, advice = next(known, ("it failed", "ask again; if it stays, save the answers and import the files"))
        if kind.__name__ == "InvalidNonce":
            said += _clock(self._date)
        status = f", HTTP {self._status}" if self._status else ""
        message = f"{method}: {said} ({kind.__name__}{status})"
        body = self._exchange.last_http_response
        _, problems = sighting(AnswerFile(method, body.encode()), self.venue) if body else (None, [])
        for one in problems[:1]:
            message, advice = f"{message}: {one.message}", one.help if " refused: " in one.message else advice
        return self.error(message, advice)

    def _seen(self, response: Any, **_: Any) -> None:
        """Note the status; wait as long as the venue says. Raises LiveError where that is longer than the run."""
        self._status, self._date = response.status_code, response.headers.get("Date", "")
        wait = response.headers.get("Retry-After", "")
        if self._status in WAITS and wait.isdecimal():
            if int(wait) >= self._left():
                raise LiveError(f"the venue says to wait {int(wait)} seconds (HTTP {self._status})", REASONS["rate"])
            time.sleep(int(wait))

    def _left(self) -> int:
        """Whole seconds of the run. Raises LiveError where they are over."""
        left = int(self._ends - time.monotonic())
        if left < 1:
            raise LiveError(f"{self.venue}: {LONGEST} seconds are over", "nothing was imported: ask again later")
        return left


def _library() -> Any:
    """The package ccxt, large and slow to import. Raises LiveError."""
    try:
        return import_module("ccxt")
    except ImportError:
        raise LiveError(NOT_INSTALLED, INSTALL) from None


def _settings(credentials: Mapping[str, str], connection: Connection) -> dict[str, Any]:
    """The settings of a client of ccxt."""
    options = {"maxRetriesOnFailure": connection.retries, "maxRetriesOnFailureDelay": PAUSE}
    proxy = {"socksProxy" if connection.proxy.startswith("socks") else "httpsProxy": connection.proxy}
    wants_proxy = connection.proxy and not connection.address
    return {**credentials, "enableRateLimit": True, "options": options, **(proxy if wants_proxy else {})}


def _refuse_without(has: bool, flag: str, venue: str) -> None:
    if not has:
        raise LiveError(f"{venue} has no system for {flag}", f"leave out {flag}")


def _pointed(urls: Any, address: str) -> Any:
    """Nested addresses with another scheme and host."""
    if isinstance(urls, dict):
        return {key: _pointed(url, address) for key, url in urls.items()}
    return _HOST.sub(address, urls) if isinstance(urls, str) else urls


def loopback(text: str) -> str:
    """An address of this machine as ``http://127.0.0.1:8080``. Raises LiveError for any other."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        is_here = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        is_here, host, port = False, "", None
    if not is_here or parts.scheme not in ("http", "https") or parts.username is not None:
        raise LiveError(f"MARGINCTL_LIVE_URL {echo(text)} is no address of this machine", "keys would go elsewhere")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")


def _parts_of_a_proxy(proxy: str) -> list[str]:
    """The name and password in the address of a proxy."""
    parts = urlsplit(proxy)
    return [one for one in (parts.password, parts.username) if one]


def _clock(date: str) -> str:
    """How far this machine's clock is from the venue's; empty where the answer has no time."""
    try:
        theirs = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return ""
    seconds = round((datetime.now(UTC) - theirs).total_seconds())
    return f" by {abs(seconds)} s, {'ahead of' if seconds > 0 else 'behind'} the venue" if seconds else ""
