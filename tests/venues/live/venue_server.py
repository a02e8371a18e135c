"""A venue on this machine: a server that gives recorded answers to ccxt's own client, and notes what it was asked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct, field

ANSWERS = Path(__file__).parents[1] / "answers"
KEY, SECRET, PASSWORD = "key-of-nobody-4711", "secret-of-nobody-0815", "words-of-nobody-99"
ADDRESS = "0x00000000000000000000000000000000000000ab"
VARIABLES = {
    "KEY": KEY,
    "SECRET": SECRET,
    "PASSWORD": PASSWORD,
    "ADDRESS": ADDRESS,
}
NAMES = ("BINANCE", "BYBIT", "OKX", "HYPERLIQUID", "DYDX", "BINGX", "MEXC", "WEEX")
ENVIRONMENT = {f"MARGINCTL_{name}_{part}": text for name in NAMES for part, text in VARIABLES.items()}


def recorded(name: str) -> bytes:
    """A recorded answer of an account, or a published one: ``bybit/1-sol-cross.wallet``, ``public/bybit.fee-rate``."""
    folder = ANSWERS if name.startswith("public/") else ANSWERS / "recorded"
    return (folder / f"{name}.json").read_bytes()


class Reply(Struct, frozen=True):
    """What the server answers; ``held``: not before the test is over."""

    body: bytes = b"{}"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    held: bool = False
    kind: str = "application/json"


class Question(Struct, frozen=True):
    """What the server was asked."""

    method: str
    path: str
    words: dict[str, str]
    headers: dict[str, str]


class Venue(Struct):
    """The table of a server, (method, path) to replies, the last of which stays; and what it was asked."""

    table: dict[tuple[str, str], list[Reply]]
    asked: list[Question] = field(default_factory=list)
    address: str = ""
    over: Event = field(default_factory=Event)

    def reply(self, question: Question) -> Reply:
        """The next reply; a venue's refusal for what is not in the table."""
        self.asked.append(question)
        found = self.table.get((question.method, question.path))
        if not found:
            return Reply(b'{"code": -1, "msg": "not in the table"}', 404)
        return found.pop(0) if len(found) > 1 else found[0]

    def paths(self) -> list[str]:
        """The paths in the order of asking."""
        return [one.path for one in self.asked]

    def hidden(self) -> set[str]:
        """Everything of the requests that nobody may see: secrets, and the signatures made of them."""
        signed = {"signature", "sign", "x-bapi-sign", "ok-access-sign", "access-sign"}
        found = {text for one in self.asked for name, text in one.words.items() if name.lower() in signed}
        found |= {text for one in self.asked for name, text in one.headers.items() if name.lower() in signed}
        return {*VARIABLES.values(), *found}


def replies(table: dict[str, Any]) -> dict[tuple[str, str], list[Reply]]:
    """``GET /v5/position/list`` to an answer: a recorded name, bytes, a Reply, or a list of them."""
    return {
        tuple(name.split(" ")): [_reply(one) for one in (found if isinstance(found, list) else [found])]  # type: ignore[misc]
        for name, found in table.items()
    }


def _reply(one: Any) -> Reply:
    if isinstance(one, Reply):
        return one
    return Reply(recorded(one) if isinstance(one, str) else one if isinstance(one, bytes) else json.dumps(one).encode())


@contextmanager
def serving(table: dict[str, Any]) -> Iterator[Venue]:
    """A server with a table, while the block runs."""
    venue = Venue(replies(table))

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            sent = dict(parse_qsl(parts.query)) | (json.loads(body) if body.startswith("{") else {})
            reply = venue.reply(Question(self.command, parts.path, sent, dict(self.headers.items())))
            if reply.held:
                venue.over.wait(60)
                return
            self.send_response(reply.status)
            for name, text in (("Content-Type", reply.kind), ("Content-Length", str(len(reply.body))), *reply.headers):
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names of the library

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    venue.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield venue
    finally:
        venue.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def enveloped(name: str) -> bytes:
    """A recorded message of a stream as the answer to a request: its rows under ``result.list``."""
    message = json.loads(recorded(name))
    rows = {"list": message["data"], "nextPageCursor": ""}
    return json.dumps({"retCode": 0, "retMsg": "OK", "result": rows, "time": message["creationTime"]}).encode()
